/* SPDX-License-Identifier: MIT */
/*
 * A struct with a field of every type, with its encoder and decoder as the
 * generator writes them, and values to fill it with.
 */
#ifndef LARDER_TESTS_SAMPLE_H
#define LARDER_TESTS_SAMPLE_H

#include "base/alloc.h"
#include "codec/block.h"

enum sample_color { SAMPLE_RED, SAMPLE_GREEN, SAMPLE_BLUE };

struct sample_dims {
    uint32_t width_mm;
    uint32_t height_mm;
};

struct sample_node;
struct sample_node_list {
    const struct sample_node *items;
    size_t count;
};
struct sample_node {
    uint16_t id;
    struct sample_node_list children;
};

struct sample_attr {
    const char *key;
    uint64_t value;
};
struct sample_attr_map {
    const struct sample_attr *entries;
    size_t count;
};

struct sample {
    bool flag;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    float f32;
    double f64;
    const char *name; /* at most 40 bytes */
    struct larder_bytes extra;
    struct larder_bytes blob;
    struct larder_uuid uuid;
    enum sample_color color;
    const struct sample_dims *dims; /* optional */
    bool has_seen;
    int64_t seen;
    struct larder_u32_list numbers;   /* at most 1000 */
    struct larder_string_list labels; /* of optional strings */
    struct sample_attr_map attrs;
    struct sample_node_list tree;
    uint32_t late;    /* default 7 */
    const char *note; /* optional */
};

enum { SAMPLE_FIXED = 230, SAMPLE_POSITIONS = 26, SAMPLE_LEAST = 23 };

/* ----------------------------------------------------------------- encode */

static inline uint8_t *encode_sample_node(struct larder_writer *w, uint8_t *p,
                                          const struct sample_node *value)
{
    p = larder_write_room(w, p, 13);
    if (p == NULL || !larder_write_enter(w)) {
        return larder_write_failed(w, "node");
    }
    p = larder_write_struct(p, 2);
    p = larder_write_u64(p, value->id);
    p = larder_write_list(w, p, value->children.items, value->children.count, 0, 0, 13);
    if (p == NULL) {
        return larder_write_failed(w, "node.children");
    }
    for (size_t i = 0; i < value->children.count; i++) {
        p = encode_sample_node(w, p, &value->children.items[i]);
        if (p != NULL) {
            p = larder_write_room(w, p, 13);
        }
        if (p == NULL) {
            return larder_write_failed(w, "node.children");
        }
    }
    larder_write_leave(w);
    return p;
}

static inline uint8_t *encode_sample_dims(struct larder_writer *w, uint8_t *p,
                                          const struct sample_dims *value)
{
    p = larder_write_room(w, p, 11);
    if (p == NULL) {
        return larder_write_failed(w, "dims");
    }
    p = larder_write_struct(p, 2);
    p = larder_write_u64(p, value->width_mm);
    return larder_write_u64(p, value->height_mm);
}

static inline uint8_t *encode_sample_labels(struct larder_writer *w, uint8_t *p,
                                            const struct sample *value)
{
    p = larder_write_list(w, p, value->labels.items, value->labels.count, 0, 0, SAMPLE_FIXED);
    for (size_t i = 0; p != NULL && i < value->labels.count; i++) {
        p = value->labels.items[i] == NULL
                ? larder_write_absent(w, p, SAMPLE_FIXED)
                : larder_write_item(w, p, value->labels.items[i], 0, SAMPLE_FIXED);
    }
    return p != NULL ? p : larder_write_failed(w, "labels");
}

static inline uint8_t *encode_sample_attrs(struct larder_writer *w, uint8_t *p,
                                           const struct sample *value)
{
    p = larder_write_map(w, p, value->attrs.entries, value->attrs.count,
                         sizeof value->attrs.entries[0], 0, SAMPLE_FIXED);
    for (size_t i = 0; p != NULL && i < value->attrs.count; i++) {
        p = larder_write_item(w, p, value->attrs.entries[i].key, 0, SAMPLE_FIXED);
        if (p != NULL) {
            p = larder_write_u64(p, value->attrs.entries[i].value);
        }
    }
    return p != NULL ? p : larder_write_failed(w, "attrs");
}

static inline uint8_t *encode_sample_lists(struct larder_writer *w, uint8_t *p,
                                           const struct sample *value)
{
    p = larder_write_list(w, p, value->numbers.items, value->numbers.count, 1000, 5, SAMPLE_FIXED);
    if (p == NULL) {
        return larder_write_failed(w, "numbers");
    }
    for (size_t i = 0; i < value->numbers.count; i++) {
        p = larder_write_u64(p, value->numbers.items[i]);
    }
    p = encode_sample_labels(w, p, value);
    if (p != NULL) {
        p = encode_sample_attrs(w, p, value);
    }
    if (p == NULL) {
        return NULL;
    }
    p = larder_write_list(w, p, value->tree.items, value->tree.count, 0, 0, SAMPLE_FIXED);
    for (size_t i = 0; p != NULL && i < value->tree.count; i++) {
        p = encode_sample_node(w, p, &value->tree.items[i]);
        if (p != NULL) {
            p = larder_write_room(w, p, SAMPLE_FIXED);
        }
    }
    return p != NULL ? p : larder_write_failed(w, "tree");
}

static inline uint8_t *encode_sample_scalars(uint8_t *p, const struct sample *value)
{
    p = larder_write_bool(p, value->flag);
    p = larder_write_u64(p, value->u8);
    p = larder_write_u64(p, value->u16);
    p = larder_write_u64(p, value->u32);
    p = larder_write_u64(p, value->u64);
    p = larder_write_i64(p, value->i8);
    p = larder_write_i64(p, value->i16);
    p = larder_write_i64(p, value->i32);
    p = larder_write_i64(p, value->i64);
    p = larder_write_f32(p, value->f32);
    return larder_write_f64(p, value->f64);
}

static inline uint8_t *encode_sample_texts(struct larder_writer *w, uint8_t *p,
                                           const struct sample *value)
{
    p = larder_write_string(w, p, value->name, 40, SAMPLE_FIXED);
    if (p == NULL) {
        return larder_write_failed(w, "name");
    }
    p = larder_write_any(w, p, value->extra, 0, SAMPLE_FIXED);
    if (p == NULL) {
        return larder_write_failed(w, "extra");
    }
    p = larder_write_nil(p); /* 14: reserved */
    p = larder_write_bytes(w, p, value->blob, 0, SAMPLE_FIXED);
    return p != NULL ? p : larder_write_failed(w, "blob");
}

static inline uint8_t *encode_sample_optionals(struct larder_writer *w, uint8_t *p,
                                               const struct sample *value)
{
    if (value->dims != NULL) {
        p = encode_sample_dims(w, p, value->dims);
        if (p != NULL) {
            p = larder_write_room(w, p, SAMPLE_FIXED);
        }
        if (p == NULL) {
            return larder_write_failed(w, "dims");
        }
    } else {
        p = larder_write_nil(p);
    }
    return value->has_seen ? larder_write_i64(p, value->seen) : larder_write_nil(p);
}

static inline uint8_t *encode_sample_members(struct larder_writer *w, uint8_t *p,
                                             const struct sample *value)
{
    p = larder_write_room(w, p, SAMPLE_FIXED);
    if (p == NULL) {
        return larder_write_failed(w, "sample");
    }
    p = larder_write_struct(p, SAMPLE_POSITIONS);
    p = encode_sample_scalars(p, value);
    p = encode_sample_texts(w, p, value);
    if (p == NULL) {
        return NULL;
    }
    p = larder_write_uuid(p, value->uuid);
    p = larder_write_enum(w, p, (uint32_t)value->color, 3);
    if (p == NULL) {
        return larder_write_failed(w, "color");
    }
    p = encode_sample_optionals(w, p, value);
    if (p != NULL) {
        p = encode_sample_lists(w, p, value);
    }
    if (p == NULL) {
        return NULL;
    }
    p = larder_write_u64(p, value->late);
    p = value->note == NULL ? larder_write_nil(p)
                            : larder_write_string(w, p, value->note, 0, SAMPLE_FIXED);
    if (p == NULL) {
        return larder_write_failed(w, "note");
    }
    return larder_write_nil(p); /* 26: of a schema to come */
}

static inline bool encode_sample(struct larder_writer *w, const void *from)
{
    const struct sample *value = from;
    return larder_write_end(w, encode_sample_members(w, w->p, value));
}

/* ----------------------------------------------------------------- decode */

static inline struct larder_at decode_sample_node(struct larder_reader *r, struct larder_at at,
                                                  struct sample_node *out);

static inline struct larder_at decode_sample_nodes(struct larder_reader *r, struct larder_at at,
                                                   struct sample_node_list *out)
{
    size_t count;
    at = larder_read_list(r, at, 0, &count);
    if (at.p != NULL && count != 0) {
        struct sample_node *items = larder_read_slots(r, count, sizeof *items);
        if (items == NULL) {
            return larder_read_failed();
        }
        for (size_t i = 0; at.p != NULL && i < count; i++) {
            at = decode_sample_node(r, at, &items[i]);
        }
        *out = (struct sample_node_list){items, count};
    }
    return at;
}

static inline struct larder_at decode_sample_node(struct larder_reader *r, struct larder_at at,
                                                  struct sample_node *out)
{
    size_t count;
    if (!larder_read_enter(r)) {
        return larder_read_failed();
    }
    at = larder_read_struct(r, at, 2, &count);
    if (at.p != NULL) {
        at = larder_read_u16(r, at, &out->id);
    }
    if (at.p != NULL) {
        at = decode_sample_nodes(r, at, &out->children);
    }
    larder_read_leave(r);
    return at.p != NULL ? larder_read_rest(r, at, count, 2) : at;
}

static inline struct larder_at decode_sample_dims(struct larder_reader *r, struct larder_at at,
                                                  struct sample_dims *out)
{
    size_t count;
    at = larder_read_struct(r, at, 2, &count);
    if (at.p != NULL) {
        at = larder_read_u32(r, at, &out->width_mm);
    }
    if (at.p != NULL) {
        at = larder_read_u32(r, at, &out->height_mm);
    }
    return at.p != NULL ? larder_read_rest(r, at, count, 2) : at;
}

static inline struct larder_at decode_sample_numbers(struct larder_reader *r, struct larder_at at,
                                                     struct larder_u32_list *out)
{
    size_t count;
    at = larder_read_list(r, at, 1000, &count);
    if (at.p != NULL && count != 0) {
        uint32_t *items = larder_read_slots(r, count, sizeof *items);
        if (items == NULL) {
            return larder_read_failed();
        }
        for (size_t i = 0; at.p != NULL && i < count; i++) {
            at = larder_read_u32(r, at, &items[i]);
        }
        *out = (struct larder_u32_list){items, count};
    }
    return at;
}

static inline struct larder_at decode_sample_labels(struct larder_reader *r, struct larder_at at,
                                                    struct larder_string_list *out)
{
    size_t count;
    at = larder_read_list(r, at, 0, &count);
    if (at.p != NULL && count != 0) {
        const char **items = larder_read_slots(r, count, sizeof *items);
        if (items == NULL) {
            return larder_read_failed();
        }
        for (size_t i = 0; at.p != NULL && i < count; i++) {
            if (!larder_read_nil(&at)) {
                at = larder_read_string(r, at, 0, &items[i]);
            }
        }
        *out = (struct larder_string_list){items, count};
    }
    return at;
}

static inline struct larder_at decode_sample_attrs(struct larder_reader *r, struct larder_at at,
                                                   struct sample_attr_map *out)
{
    size_t count;
    at = larder_read_map(r, at, 0, &count);
    if (at.p != NULL && count != 0) {
        struct sample_attr *entries = larder_read_slots(r, count, sizeof *entries);
        if (entries == NULL) {
            return larder_read_failed();
        }
        for (size_t i = 0; at.p != NULL && i < count; i++) {
            at = larder_read_string(r, at, 0, &entries[i].key);
            if (at.p != NULL) {
                at = larder_read_u64(r, at, &entries[i].value);
            }
        }
        if (at.p == NULL || !larder_read_unique(r, entries, count, sizeof *entries)) {
            return larder_read_failed();
        }
        *out = (struct sample_attr_map){entries, count};
    }
    return at;
}

/* Goes on only where what was before is there. */
#define SAMPLE_READ(at, ...) ((at) = (__VA_ARGS__), (at).p != NULL)

static inline struct larder_at decode_sample_scalars(struct larder_reader *r, struct larder_at at,
                                                     struct sample *out)
{
    bool ok = SAMPLE_READ(at, larder_read_bool(r, at, &out->flag)) &&
              SAMPLE_READ(at, larder_read_u8(r, at, &out->u8)) &&
              SAMPLE_READ(at, larder_read_u16(r, at, &out->u16)) &&
              SAMPLE_READ(at, larder_read_u32(r, at, &out->u32)) &&
              SAMPLE_READ(at, larder_read_u64(r, at, &out->u64)) &&
              SAMPLE_READ(at, larder_read_i8(r, at, &out->i8)) &&
              SAMPLE_READ(at, larder_read_i16(r, at, &out->i16)) &&
              SAMPLE_READ(at, larder_read_i32(r, at, &out->i32)) &&
              SAMPLE_READ(at, larder_read_i64(r, at, &out->i64)) &&
              SAMPLE_READ(at, larder_read_f32(r, at, &out->f32)) &&
              SAMPLE_READ(at, larder_read_f64(r, at, &out->f64));
    return ok ? at : larder_read_failed();
}

static inline struct larder_at decode_sample_optionals(struct larder_reader *r, struct larder_at at,
                                                       struct sample *out)
{
    if (!larder_read_nil(&at)) {
        struct sample_dims *part = larder_read_slots(r, 1, sizeof *part);
        if (part == NULL || !SAMPLE_READ(at, decode_sample_dims(r, at, part))) {
            return larder_read_failed();
        }
        out->dims = part;
    }
    if (!larder_read_nil(&at)) {
        at = larder_read_i64(r, at, &out->seen);
        out->has_seen = true;
    }
    return at;
}

static inline struct larder_at decode_sample_rest(struct larder_reader *r, struct larder_at at,
                                                  size_t count, struct sample *out)
{
    if (count < 24 || larder_read_nil(&at)) {
        out->late = 7;
    } else if (!SAMPLE_READ(at, larder_read_u32(r, at, &out->late))) {
        return at;
    }
    if (count >= 25 && !larder_read_nil(&at) &&
        !SAMPLE_READ(at, larder_read_string(r, at, 0, &out->note))) {
        return at;
    }
    return larder_read_rest(r, at, count, 25);
}

static inline bool decode_sample(struct larder_reader *r, void *to)
{
    struct sample *out = to;
    struct larder_at at = larder_read_begin(r);
    size_t count;
    uint32_t number;
    if (!SAMPLE_READ(at, larder_read_struct(r, at, SAMPLE_LEAST, &count)) ||
        !SAMPLE_READ(at, decode_sample_scalars(r, at, out)) ||
        !SAMPLE_READ(at, larder_read_string(r, at, 40, &out->name)) ||
        !SAMPLE_READ(at, larder_read_any(r, at, &out->extra)) ||
        !SAMPLE_READ(at, larder_read_skip(r, at)) ||
        !SAMPLE_READ(at, larder_read_bytes(r, at, 0, &out->blob)) ||
        !SAMPLE_READ(at, larder_read_uuid(r, at, &out->uuid)) ||
        !SAMPLE_READ(at, larder_read_enum(r, at, 3, &number))) {
        return false;
    }
    out->color = (enum sample_color)number;
    if (!SAMPLE_READ(at, decode_sample_optionals(r, at, out)) ||
        !SAMPLE_READ(at, decode_sample_numbers(r, at, &out->numbers)) ||
        !SAMPLE_READ(at, decode_sample_labels(r, at, &out->labels)) ||
        !SAMPLE_READ(at, decode_sample_attrs(r, at, &out->attrs)) ||
        !SAMPLE_READ(at, decode_sample_nodes(r, at, &out->tree))) {
        return false;
    }
    return larder_read_end(r, decode_sample_rest(r, at, count, out));
}

/* Rounded up, one container of each kind a byte. */
enum {
    SAMPLE_SLOTS = sizeof(struct sample_dims) + 8 + sizeof(uint32_t) + 8 + sizeof(char *) + 8 +
                   sizeof(struct sample_attr) + 8 + sizeof(struct sample_node) + 8 + 8
};

static const struct larder_entity sample_entity = {
    .name = "sample",
    .pattern = "sample:{id:u64}",
    .version = 1,
    .ttl_index = -1,
    .value_size = sizeof(struct sample),
    .slots_per_byte = SAMPLE_SLOTS,
    .encode = encode_sample,
    .decode = decode_sample,
};

/* ----------------------------------------------------------------- values */

/* As small as a sample can be. */
static inline struct sample sample_small(void)
{
    static const unsigned char nil[] = {0xc0};
    return (struct sample){.name = "", .extra = {nil, 1}};
}

/* Encodes into `to`; answers the length, 0 where it fails or does not fit. */
static inline size_t sample_bytes(const struct sample *value, uint8_t *to, size_t size)
{
    struct larder_writer w;
    larder_writer_init(&w, &larder_allocator_libc, to, size, size);
    bool done = larder_value_encode(&w, &sample_entity, value) && !w.grown;
    size_t len = done ? larder_writer_len(&w) : 0;
    larder_writer_release(&w);
    return len;
}

/* Every member set, every list filled. */
static inline struct sample sample_full(void)
{
    static const struct sample_dims dims = {1200, 70000};
    static const uint32_t numbers[] = {0, 127, 128, 255, 256, 65535, 65536, UINT32_MAX};
    static const char *const labels[] = {"new", NULL, "caf\xc3\xa9", "",
                                         "a label that is longer than thirty-one bytes"};
    static const struct sample_attr attrs[] = {{"color", 1}, {"", UINT64_MAX}, {"size", 300}};
    static const struct sample_node leaves[] = {{2, {NULL, 0}}, {3, {NULL, 0}}};
    static const struct sample_node nodes[] = {{1, {leaves, 2}}, {65535, {NULL, 0}}};
    /* {"k": [1, ext 5 "x", -1.5]} */
    static const unsigned char any[] = {0x81, 0xa1, 'k', 0x93, 0x01, 0xd4, 5, 'x', 0xcb,
                                        0xbf, 0xf8, 0,   0,    0,    0,    0, 0};
    static const unsigned char blob[] = {0, 1, 2, 0xc1, 0xff};
    return (struct sample){
        .flag = true,
        .u8 = 200,
        .u16 = 60000,
        .u32 = 4000000000,
        .u64 = UINT64_MAX,
        .i8 = -128,
        .i16 = -32768,
        .i32 = INT32_MIN,
        .i64 = INT64_MIN,
        .f32 = 1.5F,
        .f64 = -0.1,
        .name = "Earl Grey, loose",
        .extra = {any, sizeof any},
        .blob = {blob, sizeof blob},
        .uuid = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
        .color = SAMPLE_BLUE,
        .dims = &dims,
        .has_seen = true,
        .seen = INT64_C(1700000000000),
        .numbers = {numbers, 8},
        .labels = {labels, 5},
        .attrs = {attrs, 3},
        .tree = {nodes, 2},
        .late = 12,
        .note = "fragile",
    };
}

#endif
