/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a stored body: the first says which entity of value.yaml's, what
 * is behind it is decoded by generated code, and by msgpack-c into a tree that
 * an oracle (`expect`) walks by the tables of value_types.c.
 *
 * Both must accept or both refuse. What was accepted is encoded again and must
 * be what the oracle makes of the tree; decoded and encoded once more it stays
 * as it is. Memory in use never exceeds what the entity's slots_per_byte allows.
 *
 * Out of the oracle's reach: values that nest deeper than msgpack-c follows.
 * There only the second half is held.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include <msgpack.h>

#include "codec/block.h"
#include "counted.h"
#include "value_types.h"

#include "value_cache.c" /* NOLINT(bugprone-suspicious-include): its tables are static */

enum {
    TREE_DEPTH = 30,   /* msgpack-c has room for 32 open containers */
    INSIDE_MAX = 32,   /* types in themselves, and `any` */
    BLOCK_BYTES = 128, /* a block's head, terminator, alignment, first slots */
    ENTRY_BYTES = 64,  /* borrowed for each map entry while keys are compared */
    ROOM_BYTES = 256
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ------------------------------------------------------------------ oracle */

struct oracle {
    msgpack_packer to;
    unsigned inside; /* types that contain themselves, around the value */
    bool loose;      /* a form may differ: an `any`, or a NaN that the tree does not keep */
};

static bool expect(struct oracle *oracle, const struct slot *slot, const msgpack_object *value);

/* The character at p of n bytes: its length, 0 where it is none. */
static size_t character(const uint8_t *p, size_t n)
{
    static const uint32_t least[] = {0, 1, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0x80       ? 1
                 : p[0] >> 5 == 6  ? 2
                 : p[0] >> 4 == 14 ? 3
                 : p[0] >> 3 == 30 ? 4
                                   : 0;
    if (len == 0 || len > n) {
        return 0;
    }
    uint32_t point = len == 1 ? p[0] : p[0] & (0xffU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if (p[i] >> 6 != 2) {
            return 0;
        }
        point = point << 6 | (p[i] & 63U);
    }
    bool good = point >= least[len] && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
    return good ? len : 0;
}

static bool is_text(const msgpack_object_str *text)
{
    const uint8_t *p = (const uint8_t *)text->ptr;
    for (size_t at = 0, len = 0; at < text->size; at += len) {
        len = character(p + at, text->size - at);
        if (len == 0) {
            return false;
        }
    }
    return true;
}

static bool expect_text(struct oracle *oracle, uint32_t max, const msgpack_object *value)
{
    const msgpack_object_str *text = &value->via.str;
    return value->type == MSGPACK_OBJECT_STR && (max == 0 || text->size <= max) && is_text(text) &&
           msgpack_pack_str(&oracle->to, text->size) == 0 &&
           msgpack_pack_str_body(&oracle->to, text->ptr, text->size) == 0;
}

static bool expect_bin(struct oracle *oracle, const struct type *type, const msgpack_object *value)
{
    const msgpack_object_bin *bin = &value->via.bin;
    bool fits = type->kind == UUID ? bin->size == 16 : type->max == 0 || bin->size <= type->max;
    return fits && msgpack_pack_bin(&oracle->to, bin->size) == 0 &&
           msgpack_pack_bin_body(&oracle->to, bin->ptr, bin->size) == 0;
}

static bool expect_integer(struct oracle *oracle, const struct type *type,
                           const msgpack_object *value)
{
    if (value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
        return type->kind == SIGNED && value->via.i64 >= INT64_MIN >> (64 - type->bits) &&
               msgpack_pack_int64(&oracle->to, value->via.i64) == 0;
    }
    if (value->type != MSGPACK_OBJECT_POSITIVE_INTEGER) {
        return false;
    }
    unsigned bits = type->bits - (type->kind == SIGNED);
    uint64_t most = type->kind == ENUM ? type->max - 1
                    : bits == 64       ? UINT64_MAX
                                       : ((uint64_t)1 << bits) - 1;
    return value->via.u64 <= most && msgpack_pack_uint64(&oracle->to, value->via.u64) == 0;
}

static bool expect_float(struct oracle *oracle, const struct type *type,
                         const msgpack_object *value)
{
    if (type->kind == F32) {
        bool single = value->type == MSGPACK_OBJECT_FLOAT32 ||
                      (value->type == MSGPACK_OBJECT_FLOAT64 &&
                       (double)(float)value->via.f64 == value->via.f64);
        oracle->loose = oracle->loose || isnan(value->via.f64);
        return single && msgpack_pack_float(&oracle->to, (float)value->via.f64) == 0;
    }
    return (value->type == MSGPACK_OBJECT_FLOAT32 || value->type == MSGPACK_OBJECT_FLOAT64) &&
           msgpack_pack_double(&oracle->to, value->via.f64) == 0;
}

static size_t depth_of(const msgpack_object *value)
{
    size_t deepest = 0, depth = 0;
    if (value->type == MSGPACK_OBJECT_ARRAY) {
        for (uint32_t i = 0; i < value->via.array.size; i++) {
            depth = depth_of(&value->via.array.ptr[i]);
            deepest = depth > deepest ? depth : deepest;
        }
        return deepest + 1;
    }
    if (value->type == MSGPACK_OBJECT_MAP) {
        for (uint32_t i = 0; i < value->via.map.size; i++) {
            depth = depth_of(&value->via.map.ptr[i].key);
            deepest = depth > deepest ? depth : deepest;
            depth = depth_of(&value->via.map.ptr[i].val);
            deepest = depth > deepest ? depth : deepest;
        }
        return deepest + 1;
    }
    return 0;
}

static bool expect_any(struct oracle *oracle, const msgpack_object *value)
{
    oracle->loose = true;
    return depth_of(value) <= INSIDE_MAX && msgpack_pack_object(&oracle->to, *value) == 0;
}

static bool expect_list(struct oracle *oracle, const struct type *type, const msgpack_object *value)
{
    const msgpack_object_array *array = &value->via.array;
    if (value->type != MSGPACK_OBJECT_ARRAY || (type->max != 0 && array->size > type->max) ||
        msgpack_pack_array(&oracle->to, array->size) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < array->size; i++) {
        if (!expect(oracle, type->item, &array->ptr[i])) {
            return false;
        }
    }
    return true;
}

static bool same_key(const msgpack_object *a, const msgpack_object *b)
{
    size_t size = a->via.str.size; /* without bytes there is no ptr */
    return size == b->via.str.size &&
           (size == 0 || memcmp(a->via.str.ptr, b->via.str.ptr, size) == 0);
}

static bool expect_map(struct oracle *oracle, const struct type *type, const msgpack_object *value)
{
    const msgpack_object_map *map = &value->via.map;
    if (value->type != MSGPACK_OBJECT_MAP || (type->max != 0 && map->size > type->max) ||
        msgpack_pack_map(&oracle->to, map->size) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < map->size; i++) {
        if (!expect_text(oracle, 0, &map->ptr[i].key) ||
            !expect(oracle, type->item, &map->ptr[i].val)) {
            return false;
        }
        for (uint32_t k = 0; k < i; k++) {
            if (same_key(&map->ptr[k].key, &map->ptr[i].key)) {
                return false;
            }
        }
    }
    return true;
}

static bool expect_absent(struct oracle *oracle, const struct slot *slot)
{
    if (slot->type == NULL || slot->optional) {
        return msgpack_pack_nil(&oracle->to) == 0;
    }
    return slot->initial != NULL &&
           oracle->to.callback(oracle->to.data, slot->initial, slot->initial_len) == 0;
}

static bool expect_struct(struct oracle *oracle, const struct type *type,
                          const msgpack_object *value)
{
    const msgpack_object_array *array = &value->via.array;
    oracle->inside += type->recursive;
    if (value->type != MSGPACK_OBJECT_ARRAY || oracle->inside > INSIDE_MAX ||
        msgpack_pack_array(&oracle->to, type->count) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < type->count; i++) {
        const struct slot *slot = &type->fields[i];
        bool there = i < array->size && slot->type != NULL;
        bool nil = there && array->ptr[i].type == MSGPACK_OBJECT_NIL &&
                   (slot->optional || slot->initial != NULL);
        if (!(there && !nil ? expect(oracle, slot, &array->ptr[i]) : expect_absent(oracle, slot))) {
            return false;
        }
    }
    oracle->inside -= type->recursive;
    return true;
}

static bool expect(struct oracle *oracle, const struct slot *slot, const msgpack_object *value)
{
    const struct type *type = slot->type;
    if (slot->optional && value->type == MSGPACK_OBJECT_NIL) {
        return msgpack_pack_nil(&oracle->to) == 0;
    }
    switch (type->kind) {
    case BOOL:
        return value->type == MSGPACK_OBJECT_BOOLEAN &&
               (value->via.boolean ? msgpack_pack_true : msgpack_pack_false)(&oracle->to) == 0;
    case UNSIGNED:
    case SIGNED:
    case ENUM:
        return expect_integer(oracle, type, value);
    case F32:
    case F64:
        return expect_float(oracle, type, value);
    case STRING:
        return expect_text(oracle, type->max, value);
    case BYTES:
    case UUID:
        return value->type == MSGPACK_OBJECT_BIN && expect_bin(oracle, type, value);
    case ANY:
        return expect_any(oracle, value);
    case LIST:
        return expect_list(oracle, type, value);
    case MAP:
        return expect_map(oracle, type, value);
    case STRUCT:
        return expect_struct(oracle, type, value);
    }
    return false;
}

/* ----------------------------------------------------------- held together */

/* The same value, in whatever form; one NaN is like another. */
static bool same_object(const msgpack_object *a, const msgpack_object *b)
{
    if (a->type != b->type) {
        return false;
    }
    if (a->type == MSGPACK_OBJECT_ARRAY) {
        bool same = a->via.array.size == b->via.array.size;
        for (uint32_t i = 0; same && i < a->via.array.size; i++) {
            same = same_object(&a->via.array.ptr[i], &b->via.array.ptr[i]);
        }
        return same;
    }
    if (a->type == MSGPACK_OBJECT_MAP) {
        bool same = a->via.map.size == b->via.map.size;
        for (uint32_t i = 0; same && i < a->via.map.size; i++) {
            same = same_object(&a->via.map.ptr[i].key, &b->via.map.ptr[i].key) &&
                   same_object(&a->via.map.ptr[i].val, &b->via.map.ptr[i].val);
        }
        return same;
    }
    if (a->type == MSGPACK_OBJECT_FLOAT32 || a->type == MSGPACK_OBJECT_FLOAT64) {
        /* u64 shares its bits. */
        return a->via.u64 == b->via.u64 || (isnan(a->via.f64) && isnan(b->via.f64));
    }
    return msgpack_object_equal(*a, *b);
}

/* The tree of exactly these bytes. */
static void unpack_all(msgpack_unpacked *tree, const char *bytes, size_t len)
{
    size_t at = 0;
    msgpack_unpacked_init(tree);
    HOLDS(msgpack_unpack_next(tree, bytes, len, &at) == MSGPACK_UNPACK_SUCCESS);
    HOLDS(at == len);
}

static void hold_together(const struct oracle *oracle, const msgpack_sbuffer *expected,
                          const char *bytes, size_t len)
{
    msgpack_unpacked a, b;
    if (!oracle->loose) {
        HOLDS(len == expected->size && memcmp(bytes, expected->data, len) == 0);
        return;
    }
    unpack_all(&a, bytes, len);
    unpack_all(&b, expected->data, expected->size);
    HOLDS(same_object(&a.data, &b.data));
    msgpack_unpacked_destroy(&a);
    msgpack_unpacked_destroy(&b);
}

static void ask_oracle(const struct type *type, const char *body, size_t len, const char *again,
                       size_t again_len)
{
    const struct slot root = {.type = type};
    struct oracle oracle = {.inside = 0};
    msgpack_sbuffer expected;
    msgpack_unpacked tree;
    unpack_all(&tree, body, len);
    msgpack_sbuffer_init(&expected);
    msgpack_packer_init(&oracle.to, &expected, msgpack_sbuffer_write);
    bool accepted = expect(&oracle, &root, &tree.data);
    HOLDS(accepted == (again != NULL));
    if (accepted) {
        hold_together(&oracle, &expected, again, again_len);
    }
    msgpack_sbuffer_destroy(&expected);
    msgpack_unpacked_destroy(&tree);
}

/* Decodes and encodes; the writer holds the bytes. False: no value. */
static bool recode(const struct larder_entity *entity, const uint8_t *body, size_t len,
                   struct larder_writer *ret_writer, uint8_t *room)
{
    static struct larder_value_hint hints[16];
    const void *value;
    size_t before = counted.in_use;
    counted.most = counted.in_use;
    enum larder_status status =
        larder_value_decode(&counting, entity, &hints[entity->index], body, len, &value);
    HOLDS(status == LARDER_OK || status == LARDER_E_DECODE);
    HOLDS((status == LARDER_OK) == (value != NULL));
    HOLDS(counted.most - before <=
          BLOCK_BYTES + entity->value_size + (entity->slots_per_byte + 1 + ENTRY_BYTES) * len);
    larder_writer_init(ret_writer, &counting, room, ROOM_BYTES, 0);
    if (value != NULL) {
        HOLDS(larder_value_encode(ret_writer, entity, value));
        larder_value_release(value);
    }
    return value != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t room[ROOM_BYTES], other_room[ROOM_BYTES];
    struct larder_writer first, second;
    if (size < 2) {
        return 0;
    }
    const struct larder_entity *entity = larder_own_entities[data[0] % value_type_count];
    bool accepted = recode(entity, data + 1, size - 1, &first, room);
    const char *again = accepted ? (const char *)first.start : NULL;
    size_t again_len = larder_writer_len(&first);
    struct span span = span_at(data + 1, size - 1);
    if (span.len != size - 1) {
        HOLDS(!accepted);
    } else if (span.depth <= TREE_DEPTH) {
        ask_oracle(value_types[entity->index], (const char *)data + 1, size - 1, again, again_len);
    }
    if (accepted) {
        HOLDS(recode(entity, first.start, again_len, &second, other_room));
        HOLDS(larder_writer_len(&second) == again_len &&
              memcmp(second.start, again, again_len) == 0);
        larder_writer_release(&second);
    }
    larder_writer_release(&first);
    HOLDS(counted.in_use == 0);
    return 0;
}
