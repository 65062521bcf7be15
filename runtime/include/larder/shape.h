/* SPDX-License-Identifier: MIT */
/*
 * What a value looks like in memory, as tables, and what is done by them with
 * values of any type. Generated code makes the tables. Not for people.
 *
 * Encoders and decoders are generated as code, for speed. What runs seldom goes
 * by these tables, which are a fraction of its size.
 */
#ifndef LARDER_SHAPE_H
#define LARDER_SHAPE_H

#include <larder/stub.h>

#ifdef __cplusplus
extern "C" {
#endif

enum larder_kind {
    LARDER_KIND_BOOL,
    LARDER_KIND_U8,
    LARDER_KIND_U16,
    LARDER_KIND_U32,
    LARDER_KIND_U64,
    LARDER_KIND_I8,
    LARDER_KIND_I16,
    LARDER_KIND_I32,
    LARDER_KIND_I64, /* timestamps and durations, too */
    LARDER_KIND_F32,
    LARDER_KIND_F64,
    LARDER_KIND_STRING,
    LARDER_KIND_BYTES,
    LARDER_KIND_UUID,
    LARDER_KIND_ANY,
    LARDER_KIND_ENUM,   /* names, count */
    LARDER_KIND_STRUCT, /* shape */
    LARDER_KIND_LIST,   /* item, stride; {items, count} in memory */
    LARDER_KIND_MAP     /* item, stride, value_at; {entries, count}, each begins with its key */
};

struct larder_shape;

struct larder_type {
    enum larder_kind kind;
    bool optional; /* STRING, STRUCT: a pointer that may be NULL. A STRUCT without it is embedded */
    uint32_t count;    /* enumerators */
    uint32_t stride;   /* bytes from one item or entry to the next */
    uint32_t value_at; /* where in an entry its value is */
    const struct larder_type *item;
    const struct larder_shape *shape;
    const char *const *names; /* of enumerators */
};

/* has_at of what has no has_ member. */
#define LARDER_FIELD_ALWAYS UINT32_MAX

struct larder_field {
    const char *name; /* in the schema */
    uint32_t at;      /* where in the struct */
    uint32_t has_at;  /* where its `bool has_x` is; LARDER_FIELD_ALWAYS: there is none */
    bool secret;
    struct larder_type type;
};

struct larder_shape {
    const struct larder_field *fields;
    uint32_t count;
    uint32_t size;  /* of the struct */
    bool recursive; /* it contains itself: nested LARDER_DEPTH_MAX deep at the most */
};

/* A value of its own, from one that may be the caller's. OK; E_ARG, E_TOO_LARGE: it
 * could not be stored either; E_NOMEM. */
LARDER_API LARDER_MUST_USE enum larder_status larder_value_clone(const struct larder_entity *entity,
                                                                 const struct larder_type *type,
                                                                 const void *value,
                                                                 const void **ret_value);
/* Two NULLs are equal. */
LARDER_API bool larder_value_equal(const struct larder_type *type, const void *a, const void *b);
/* E_TOO_LARGE: *ret_len is what buf needs, without the NUL. */
LARDER_API LARDER_MUST_USE enum larder_status larder_value_to_json(
    const struct larder_entity *entity, const struct larder_type *type, const void *value,
    char *buf, size_t size, size_t *ret_len);

#ifdef __cplusplus
}
#endif

#endif
