/* SPDX-License-Identifier: MIT */
/*
 * Whether two values are the same, whatever their type.
 *
 * DESIGN. A walk over both by the type's tables. A map is a set of pairs: as long
 * as both hold their keys in the same order, which two readings of one entry do,
 * they are compared in place; from where they part, what is left of both is
 * sorted by key. So the time is that of sorting, whatever the keys.
 */
#include "codec/values.h"

#include "base/alloc.h"

enum { FEW = 16 };

/* One comparison. */
struct scan {
    const struct larder_allocator *allocator; /* of room to sort in */
    uint32_t depth;
};

/* Two values under comparison. */
struct pair {
    const char *a;
    const char *b;
};

/* What a list or a map is in memory. */
struct run {
    const char *items;
    size_t count;
};

static bool same(const struct larder_type *type, struct pair at, struct scan *scan);

/* ----------------------------------------------------------------- scalars */

static bool same_bool(const struct larder_type *type, struct pair at, struct scan *scan)
{
    (void)type;
    (void)scan;
    return *(const bool *)at.a == *(const bool *)at.b;
}

/* By value: 0 and -0 are equal, and so are two NaNs, or no value that holds one would
 * be equal to itself. */
static bool same_real(double a, double b)
{
    return a == b || (a != a && b != b);
}

static bool same_f32(const struct larder_type *type, struct pair at, struct scan *scan)
{
    float a, b;
    (void)type;
    (void)scan;
    memcpy(&a, at.a, sizeof a);
    memcpy(&b, at.b, sizeof b);
    return same_real((double)a, (double)b);
}

static bool same_f64(const struct larder_type *type, struct pair at, struct scan *scan)
{
    double a, b;
    (void)type;
    (void)scan;
    memcpy(&a, at.a, sizeof a);
    memcpy(&b, at.b, sizeof b);
    return same_real(a, b);
}

static bool same_string(const struct larder_type *type, struct pair at, struct scan *scan)
{
    const char *a = larder_pointer_at(at.a);
    const char *b = larder_pointer_at(at.b);
    (void)type;
    (void)scan;
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_bytes(const struct larder_type *type, struct pair at, struct scan *scan)
{
    struct larder_bytes a, b;
    (void)type;
    (void)scan;
    memcpy(&a, at.a, sizeof a);
    memcpy(&b, at.b, sizeof b);
    return a.len == b.len &&
           (a.len == 0 || a.data == b.data ||
            (a.data != NULL && b.data != NULL && memcmp(a.data, b.data, a.len) == 0));
}

/* -------------------------------------------------------------- containers */

static bool same_fields(const struct larder_shape *shape, struct pair at, struct scan *scan)
{
    for (uint32_t i = 0; i < shape->count; i++) {
        const struct larder_field *field = &shape->fields[i];
        if (field->has_at != LARDER_FIELD_ALWAYS) {
            bool has = *(const bool *)(at.a + field->has_at);
            if (has != *(const bool *)(at.b + field->has_at)) {
                return false;
            }
            if (!has) {
                continue;
            }
        }
        struct pair member = {at.a + field->at, at.b + field->at};
        if (!same(&field->type, member, scan)) {
            return false;
        }
    }
    return true;
}

static bool same_struct(const struct larder_type *type, struct pair at, struct scan *scan)
{
    if (type->optional) {
        at = (struct pair){larder_pointer_at(at.a), larder_pointer_at(at.b)};
        if (at.a == NULL || at.b == NULL) {
            return at.a == at.b;
        }
    }
    if (at.a == at.b) {
        return true;
    }
    scan->depth += type->shape->recursive ? 1 : 0;
    bool is_same = scan->depth <= LARDER_DEPTH_MAX && same_fields(type->shape, at, scan);
    scan->depth -= type->shape->recursive ? 1 : 0;
    return is_same;
}

/* How many both have. False: not as many, or an array is missing. */
static bool same_count(struct pair at, struct run *ret_a, struct run *ret_b)
{
    memcpy(ret_a, at.a, sizeof *ret_a);
    memcpy(ret_b, at.b, sizeof *ret_b);
    if (ret_a->count != ret_b->count) {
        return false;
    }
    bool missing = ret_a->items == NULL || ret_b->items == NULL;
    return ret_a->count == 0 || !missing || ret_a->items == ret_b->items;
}

static bool same_list(const struct larder_type *type, struct pair at, struct scan *scan)
{
    struct run a, b;
    if (!same_count(at, &a, &b)) {
        return false;
    }
    for (size_t i = 0; a.items != b.items && i < a.count; i++) {
        struct pair item = {a.items + i * type->stride, b.items + i * type->stride};
        if (!same(type->item, item, scan)) {
            return false;
        }
    }
    return true;
}

/* -------------------------------------------------------------------- maps */

/* Entries by their keys; NULL comes first. */
static int order(const char *a, const char *b)
{
    const char *key_a = larder_pointer_at(a);
    const char *key_b = larder_pointer_at(b);
    if (key_a == NULL || key_b == NULL) {
        return (key_a != NULL) - (key_b != NULL);
    }
    return strcmp(key_a, key_b);
}

static bool same_value(const struct larder_type *type, struct pair entry, struct scan *scan)
{
    struct pair value = {entry.a + type->value_at, entry.b + type->value_at};
    return same(type->item, value, scan);
}

/* Heap sort (J. W. J. Williams, 1964): no memory of its own, no bad case. */
static void sift(const char **heap, size_t at, size_t count)
{
    for (size_t child = 2 * at + 1; child < count; at = child, child = 2 * at + 1) {
        child += child + 1 < count && order(heap[child], heap[child + 1]) < 0 ? 1 : 0;
        if (order(heap[at], heap[child]) >= 0) {
            return;
        }
        const char *lower = heap[at];
        heap[at] = heap[child];
        heap[child] = lower;
    }
}

static void sort(const char **entries, size_t count)
{
    for (size_t i = count / 2; i-- > 0;) {
        sift(entries, i, count);
    }
    for (size_t end = count; end-- > 1;) {
        const char *last = entries[0];
        entries[0] = entries[end];
        entries[end] = last;
        sift(entries, 0, end);
    }
}

/* room: for 2 * count pointers. */
static bool same_sorted(const struct larder_type *type, const char **room, struct run a,
                        struct run b, struct scan *scan)
{
    const char **sorted_a = room;
    const char **sorted_b = room + a.count;
    for (size_t i = 0; i < a.count; i++) {
        sorted_a[i] = a.items + i * type->stride;
        sorted_b[i] = b.items + i * type->stride;
    }
    sort(sorted_a, a.count);
    sort(sorted_b, b.count);
    for (size_t i = 0; i < a.count; i++) {
        struct pair entry = {sorted_a[i], sorted_b[i]};
        if (order(entry.a, entry.b) != 0 || !same_value(type, entry, scan)) {
            return false;
        }
    }
    return true;
}

/* Where there is no room to sort in: every entry of a is looked for in b. The keys
 * of each are different, so that as many found are all. */
static bool same_searched(const struct larder_type *type, struct run a, struct run b,
                          struct scan *scan)
{
    for (size_t i = 0; i < a.count; i++) {
        struct pair entry = {a.items + i * type->stride, b.items};
        size_t j = 0;
        for (; j < b.count && order(entry.a, entry.b) != 0; j++) {
            entry.b += type->stride;
        }
        if (j == b.count || !same_value(type, entry, scan)) {
            return false;
        }
    }
    return true;
}

static bool same_in_any_order(const struct larder_type *type, struct run a, struct run b,
                              struct scan *scan)
{
    const char *few[2 * FEW];
    const char **room = few;
    if (a.count > FEW) {
        bool fits = a.count <= SIZE_MAX / 2 / sizeof *room;
        room = fits ? larder_alloc(scan->allocator, 2 * a.count * sizeof *room) : NULL;
    }
    if (room == NULL) {
        return same_searched(type, a, b, scan);
    }
    bool is_same = same_sorted(type, room, a, b, scan);
    if (room != few) {
        larder_free(scan->allocator, (void *)room);
    }
    return is_same;
}

static bool same_map(const struct larder_type *type, struct pair at, struct scan *scan)
{
    struct run a, b;
    if (!same_count(at, &a, &b)) {
        return false;
    }
    if (a.items == b.items) {
        return true;
    }
    for (; a.count != 0; a.count--, b.count--) {
        struct pair entry = {a.items, b.items};
        if (order(entry.a, entry.b) != 0) {
            return same_in_any_order(type, a, b, scan);
        }
        if (!same_value(type, entry, scan)) {
            return false;
        }
        a.items += type->stride;
        b.items += type->stride;
    }
    return true;
}

/* --------------------------------------------------------------- any type */

/* What is compared as it lies there has a size, all else a function. */
static const struct {
    size_t size;
    bool (*same)(const struct larder_type *type, struct pair at, struct scan *scan);
} kinds[] = {
    [LARDER_KIND_BOOL] = {0, same_bool},     [LARDER_KIND_U8] = {1, NULL},
    [LARDER_KIND_U16] = {2, NULL},           [LARDER_KIND_U32] = {4, NULL},
    [LARDER_KIND_U64] = {8, NULL},           [LARDER_KIND_I8] = {1, NULL},
    [LARDER_KIND_I16] = {2, NULL},           [LARDER_KIND_I32] = {4, NULL},
    [LARDER_KIND_I64] = {8, NULL},           [LARDER_KIND_F32] = {0, same_f32},
    [LARDER_KIND_F64] = {0, same_f64},       [LARDER_KIND_STRING] = {0, same_string},
    [LARDER_KIND_BYTES] = {0, same_bytes},   [LARDER_KIND_UUID] = {16, NULL},
    [LARDER_KIND_ANY] = {0, same_bytes},     [LARDER_KIND_ENUM] = {sizeof(enum larder_kind), NULL},
    [LARDER_KIND_STRUCT] = {0, same_struct}, [LARDER_KIND_LIST] = {0, same_list},
    [LARDER_KIND_MAP] = {0, same_map},
};

static bool same(const struct larder_type *type, struct pair at, struct scan *scan)
{
    size_t size = kinds[type->kind].size;
    return size != 0 ? memcmp(at.a, at.b, size) == 0 : kinds[type->kind].same(type, at, scan);
}

bool larder_equal_in(const struct larder_allocator *allocator, const struct larder_type *type,
                     const void *a, const void *b)
{
    struct pair at = {a, b};
    struct scan scan = {allocator, 0};
    return a == b || (a != NULL && b != NULL && same(type, at, &scan));
}

bool larder_value_equal(const struct larder_type *type, const void *a, const void *b)
{
    return larder_equal_in(&larder_allocator_libc, type, a, b);
}
