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

enum { SAMPLE_FIXED = 160, SAMPLE_POSITIONS = 26, SAMPLE_LEAST = 23 };

/* ----------------------------------------------------------------- encode */

static inline bool encode_sample_node(struct larder_writer *w, const struct sample_node *value)
{
    if (!larder_write_room(w, 13) || !larder_write_enter(w)) {
        return larder_write_failed(w, "node");
    }
    larder_write_struct(w, 2);
    larder_write_u64(w, value->id);
    if (!larder_write_list(w, value->children.items, value->children.count, 0, 0, 13)) {
        return larder_write_failed(w, "node.children");
    }
    for (size_t i = 0; i < value->children.count; i++) {
        if (!encode_sample_node(w, &value->children.items[i]) || !larder_write_room(w, 13)) {
            return larder_write_failed(w, "node.children");
        }
    }
    larder_write_leave(w);
    return true;
}

static inline bool encode_sample_dims(struct larder_writer *w, const struct sample_dims *value)
{
    if (!larder_write_room(w, 11)) {
        return larder_write_failed(w, "dims");
    }
    larder_write_struct(w, 2);
    larder_write_u64(w, value->width_mm);
    larder_write_u64(w, value->height_mm);
    return true;
}

static inline bool encode_sample_lists(struct larder_writer *w, const struct sample *value)
{
    if (!larder_write_list(w, value->numbers.items, value->numbers.count, 1000, 5, SAMPLE_FIXED)) {
        return larder_write_failed(w, "numbers");
    }
    for (size_t i = 0; i < value->numbers.count; i++) {
        larder_write_u64(w, value->numbers.items[i]);
    }
    if (!larder_write_list(w, value->labels.items, value->labels.count, 0, 0, SAMPLE_FIXED)) {
        return larder_write_failed(w, "labels");
    }
    for (size_t i = 0; i < value->labels.count; i++) {
        if (value->labels.items[i] == NULL
                ? !larder_write_absent(w, SAMPLE_FIXED)
                : !larder_write_string(w, value->labels.items[i], 0, SAMPLE_FIXED)) {
            return larder_write_failed(w, "labels");
        }
    }
    if (!larder_write_map(w, value->attrs.entries, value->attrs.count,
                          sizeof value->attrs.entries[0], 0, SAMPLE_FIXED)) {
        return larder_write_failed(w, "attrs");
    }
    for (size_t i = 0; i < value->attrs.count; i++) {
        if (!larder_write_string(w, value->attrs.entries[i].key, 0, SAMPLE_FIXED)) {
            return larder_write_failed(w, "attrs");
        }
        larder_write_u64(w, value->attrs.entries[i].value);
    }
    if (!larder_write_list(w, value->tree.items, value->tree.count, 0, 0, SAMPLE_FIXED)) {
        return larder_write_failed(w, "tree");
    }
    for (size_t i = 0; i < value->tree.count; i++) {
        if (!encode_sample_node(w, &value->tree.items[i]) || !larder_write_room(w, SAMPLE_FIXED)) {
            return larder_write_failed(w, "tree");
        }
    }
    return true;
}

static inline bool encode_sample(struct larder_writer *w, const void *from)
{
    const struct sample *value = from;
    if (!larder_write_room(w, SAMPLE_FIXED)) {
        return larder_write_failed(w, "sample");
    }
    larder_write_struct(w, SAMPLE_POSITIONS);
    larder_write_bool(w, value->flag);
    larder_write_u64(w, value->u8);
    larder_write_u64(w, value->u16);
    larder_write_u64(w, value->u32);
    larder_write_u64(w, value->u64);
    larder_write_i64(w, value->i8);
    larder_write_i64(w, value->i16);
    larder_write_i64(w, value->i32);
    larder_write_i64(w, value->i64);
    larder_write_f32(w, value->f32);
    larder_write_f64(w, value->f64);
    if (!larder_write_string(w, value->name, 40, SAMPLE_FIXED)) {
        return larder_write_failed(w, "name");
    }
    if (!larder_write_any(w, value->extra, 0, SAMPLE_FIXED)) {
        return larder_write_failed(w, "extra");
    }
    larder_write_nil(w); /* 14: reserved */
    if (!larder_write_bytes(w, value->blob, 0, SAMPLE_FIXED)) {
        return larder_write_failed(w, "blob");
    }
    larder_write_uuid(w, value->uuid);
    if (!larder_write_enum(w, (uint32_t)value->color, 3)) {
        return larder_write_failed(w, "color");
    }
    if (value->dims != NULL) {
        if (!encode_sample_dims(w, value->dims) || !larder_write_room(w, SAMPLE_FIXED)) {
            return larder_write_failed(w, "dims");
        }
    } else {
        larder_write_nil(w);
    }
    if (value->has_seen) {
        larder_write_i64(w, value->seen);
    } else {
        larder_write_nil(w);
    }
    if (!encode_sample_lists(w, value)) {
        return false;
    }
    larder_write_u64(w, value->late);
    if (value->note == NULL) {
        larder_write_nil(w);
    } else if (!larder_write_string(w, value->note, 0, SAMPLE_FIXED)) {
        return larder_write_failed(w, "note");
    }
    larder_write_nil(w); /* 26: of a schema to come */
    return true;
}

/* ----------------------------------------------------------------- decode */

static inline bool decode_sample_node(struct larder_reader *r, struct sample_node *out);

static inline bool decode_sample_nodes(struct larder_reader *r, struct sample_node_list *out)
{
    size_t count;
    if (!larder_read_list(r, 0, &count)) {
        return false;
    }
    if (count != 0) {
        struct sample_node *items = larder_read_slots(r, count, sizeof *items);
        if (items == NULL) {
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            if (!decode_sample_node(r, &items[i])) {
                return false;
            }
        }
        out->items = items;
        out->count = count;
    }
    return true;
}

static inline bool decode_sample_node(struct larder_reader *r, struct sample_node *out)
{
    size_t count;
    if (!larder_read_enter(r) || !larder_read_struct(r, 2, &count) ||
        !larder_read_u16(r, &out->id) || !decode_sample_nodes(r, &out->children)) {
        return false;
    }
    larder_read_leave(r);
    return larder_read_rest(r, count, 2);
}

static inline bool decode_sample_dims(struct larder_reader *r, struct sample_dims *out)
{
    size_t count;
    return larder_read_struct(r, 2, &count) && larder_read_u32(r, &out->width_mm) &&
           larder_read_u32(r, &out->height_mm) && larder_read_rest(r, count, 2);
}

static inline bool decode_sample_numbers(struct larder_reader *r, struct larder_u32_list *out)
{
    size_t count;
    if (!larder_read_list(r, 1000, &count)) {
        return false;
    }
    if (count != 0) {
        uint32_t *items = larder_read_slots(r, count, sizeof *items);
        if (items == NULL) {
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            if (!larder_read_u32(r, &items[i])) {
                return false;
            }
        }
        *out = (struct larder_u32_list){items, count};
    }
    return true;
}

static inline bool decode_sample_labels(struct larder_reader *r, struct larder_string_list *out)
{
    size_t count;
    if (!larder_read_list(r, 0, &count)) {
        return false;
    }
    if (count != 0) {
        const char **items = larder_read_slots(r, count, sizeof *items);
        if (items == NULL) {
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            if (!larder_read_nil(r) && !larder_read_string(r, 0, &items[i])) {
                return false;
            }
        }
        out->items = items;
        out->count = count;
    }
    return true;
}

static inline bool decode_sample_attrs(struct larder_reader *r, struct sample_attr_map *out)
{
    size_t count;
    if (!larder_read_map(r, 0, &count)) {
        return false;
    }
    if (count != 0) {
        struct sample_attr *entries = larder_read_slots(r, count, sizeof *entries);
        if (entries == NULL) {
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            if (!larder_read_string(r, 0, &entries[i].key) ||
                !larder_read_u64(r, &entries[i].value)) {
                return false;
            }
        }
        if (!larder_read_unique(r, entries, count, sizeof *entries)) {
            return false;
        }
        *out = (struct sample_attr_map){entries, count};
    }
    return true;
}

static inline bool decode_sample_scalars(struct larder_reader *r, struct sample *out)
{
    return larder_read_bool(r, &out->flag) && larder_read_u8(r, &out->u8) &&
           larder_read_u16(r, &out->u16) && larder_read_u32(r, &out->u32) &&
           larder_read_u64(r, &out->u64) && larder_read_i8(r, &out->i8) &&
           larder_read_i16(r, &out->i16) && larder_read_i32(r, &out->i32) &&
           larder_read_i64(r, &out->i64) && larder_read_f32(r, &out->f32) &&
           larder_read_f64(r, &out->f64);
}

static inline bool decode_sample_dims_slot(struct larder_reader *r, const struct sample_dims **out)
{
    struct sample_dims *part = larder_read_slots(r, 1, sizeof *part);
    if (part == NULL || !decode_sample_dims(r, part)) {
        return false;
    }
    *out = part;
    return true;
}

static inline bool decode_sample(struct larder_reader *r, void *to)
{
    struct sample *out = to;
    size_t count;
    uint32_t number;
    if (!larder_read_struct(r, SAMPLE_LEAST, &count) || !decode_sample_scalars(r, out) ||
        !larder_read_string(r, 40, &out->name) || !larder_read_any(r, &out->extra) ||
        !larder_read_skip(r) || !larder_read_bytes(r, 0, &out->blob) ||
        !larder_read_uuid(r, &out->uuid) || !larder_read_enum(r, 3, &number)) {
        return false;
    }
    out->color = (enum sample_color)number;
    if (!larder_read_nil(r) && !decode_sample_dims_slot(r, &out->dims)) {
        return false;
    }
    if (!larder_read_nil(r)) {
        if (!larder_read_i64(r, &out->seen)) {
            return false;
        }
        out->has_seen = true;
    }
    if (!decode_sample_numbers(r, &out->numbers) || !decode_sample_labels(r, &out->labels) ||
        !decode_sample_attrs(r, &out->attrs) || !decode_sample_nodes(r, &out->tree)) {
        return false;
    }
    if (count < 24 || larder_read_nil(r)) {
        out->late = 7;
    } else if (!larder_read_u32(r, &out->late)) {
        return false;
    }
    if (count >= 25 && !larder_read_nil(r) && !larder_read_string(r, 0, &out->note)) {
        return false;
    }
    return larder_read_rest(r, count, 25);
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
