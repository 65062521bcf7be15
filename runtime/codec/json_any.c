/* SPDX-License-Identifier: MIT */
/*
 * MessagePack as JSON. The value was found whole and not too deep before, so that
 * what walks over it needs no check of its own.
 */
#include <larder/codec.h>

#include "codec/json.h"

enum form { NIL, FALSE, TRUE, BIN, EXT, FIXEXT, F32, F64, NATURAL, INTEGER, STR, ARRAY, MAP };

/* The tags from 0xc0 to 0xdf: what comes, and how many bytes its length, its count or
 * the number itself takes. (0xc1 is nobody's.) */
static const struct row {
    uint8_t form;
    uint8_t width;
} rows[32] = {
    {NIL, 0},     {NIL, 0},     {FALSE, 0},   {TRUE, 0},    {BIN, 1},     {BIN, 2},
    {BIN, 4},     {EXT, 1},     {EXT, 2},     {EXT, 4},     {F32, 4},     {F64, 8},
    {NATURAL, 1}, {NATURAL, 2}, {NATURAL, 4}, {NATURAL, 8}, {INTEGER, 1}, {INTEGER, 2},
    {INTEGER, 4}, {INTEGER, 8}, {FIXEXT, 1},  {FIXEXT, 2},  {FIXEXT, 4},  {FIXEXT, 8},
    {FIXEXT, 16}, {STR, 1},     {STR, 2},     {STR, 4},     {ARRAY, 2},   {ARRAY, 4},
    {MAP, 2},     {MAP, 4},
};

/* One item's head. */
struct head {
    enum form form;
    uint64_t number;     /* a number's bits, a length, a count */
    const uint8_t *body; /* behind it */
};

static uint64_t load(const uint8_t *p, size_t width)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < width; i++) {
        bits = bits << 8 | p[i];
    }
    return bits;
}

static uint64_t sign_extend(uint64_t bits, size_t width)
{
    uint64_t sign = UINT64_C(1) << ((8 * width - 1) & 63);
    return (bits ^ sign) - sign;
}

static struct head head_at(const uint8_t *p)
{
    uint8_t tag = *p++;
    if (tag < 0x80) {
        return (struct head){NATURAL, tag, p};
    }
    if (tag < 0xa0) {
        return (struct head){tag < 0x90 ? MAP : ARRAY, tag & 15U, p};
    }
    if (tag < 0xc0) {
        return (struct head){STR, tag & 31U, p};
    }
    if (tag >= 0xe0) {
        return (struct head){INTEGER, sign_extend(tag, 1), p};
    }
    const struct row *row = &rows[tag - 0xc0];
    if (row->form == FIXEXT) {
        return (struct head){EXT, row->width, p};
    }
    uint64_t bits = load(p, row->width);
    if (row->form == INTEGER) {
        bits = sign_extend(bits, row->width);
    }
    return (struct head){(enum form)row->form, bits, p + row->width};
}

/* Where the value at p ends. */
static const uint8_t *skip(const uint8_t *p)
{
    for (uint64_t pending = 1; pending != 0; pending--) {
        struct head head = head_at(p);
        p = head.body;
        if (head.form == BIN || head.form == STR || head.form == EXT) {
            p += head.number + (head.form == EXT ? 1 : 0);
        } else if (head.form == ARRAY || head.form == MAP) {
            pending += head.number * (head.form == MAP ? 2 : 1);
        }
    }
    return p;
}

static const uint8_t *put_value(struct larder_json *json, const uint8_t *p);

static void put_text(struct larder_json *json, const char *text)
{
    larder_json_raw(json, text, strlen(text));
}

static void put_real(struct larder_json *json, const struct head *head)
{
    if (head->form == F32) {
        uint32_t bits = (uint32_t)head->number;
        float narrow;
        memcpy(&narrow, &bits, sizeof narrow);
        larder_json_f32(json, narrow);
    } else {
        double wide;
        memcpy(&wide, &head->number, sizeof wide);
        larder_json_f64(json, wide);
    }
}

static const uint8_t *put_ext(struct larder_json *json, const struct head *head)
{
    struct larder_bytes data = {head->body + 1, (size_t)head->number};
    put_text(json, "{\"ext\":");
    larder_json_i64(json, (int64_t)sign_extend(head->body[0], 1));
    put_text(json, ",\"data\":");
    larder_json_bytes(json, data);
    put_text(json, "}");
    return data.data + data.len;
}

static const uint8_t *put_array(struct larder_json *json, const struct head *head)
{
    const uint8_t *p = head->body;
    put_text(json, "[");
    for (uint64_t i = 0; i < head->number; i++) {
        put_text(json, i != 0 ? "," : "");
        p = put_value(json, p);
    }
    put_text(json, "]");
    return p;
}

static bool has_string_keys(const struct head *head)
{
    const uint8_t *p = head->body;
    for (uint64_t i = 0; i < head->number; i++) {
        if (head_at(p).form != STR) {
            return false;
        }
        p = skip(skip(p));
    }
    return true;
}

static const uint8_t *put_map(struct larder_json *json, const struct head *head)
{
    const uint8_t *p = head->body;
    bool object = has_string_keys(head);
    put_text(json, object ? "{" : "[");
    for (uint64_t i = 0; i < head->number; i++) {
        put_text(json, i != 0 ? "," : "");
        put_text(json, object ? "" : "[");
        p = put_value(json, p);
        put_text(json, object ? ":" : ",");
        p = put_value(json, p);
        put_text(json, object ? "" : "]");
    }
    put_text(json, object ? "}" : "]");
    return p;
}

/* Recursive, LARDER_DEPTH_MAX deep at the most. */
static const uint8_t *put_value(struct larder_json *json, const uint8_t *p)
{
    static const char *const words[] = {[NIL] = "null", [FALSE] = "false", [TRUE] = "true"};
    struct head head = head_at(p);
    size_t len = (size_t)head.number;
    switch (head.form) {
    case NIL:
    case FALSE:
    case TRUE:
        put_text(json, words[head.form]);
        return head.body;
    case F32:
    case F64:
        put_real(json, &head);
        return head.body;
    case NATURAL:
        larder_json_u64(json, head.number);
        return head.body;
    case INTEGER:
        larder_json_i64(json, (int64_t)head.number);
        return head.body;
    case BIN:
        larder_json_bytes(json, (struct larder_bytes){head.body, len});
        return head.body + len;
    case STR:
        larder_json_text(json, (const char *)head.body, len);
        return head.body + len;
    case ARRAY:
        return put_array(json, &head);
    case MAP:
        return put_map(json, &head);
    case EXT:
    case FIXEXT:
        break;
    }
    return put_ext(json, &head);
}

bool larder_json_any(struct larder_json *json, struct larder_bytes value)
{
    if (value.data == NULL || !larder_any_valid(value.data, value.len)) {
        return false;
    }
    put_value(json, value.data);
    return true;
}
