/* SPDX-License-Identifier: MIT */
/*
 * What <larder/shape.h> does with values, with an allocator to be named, so that
 * a test can fail the n-th allocation. Nothing allocates through more than this one.
 */
#ifndef LARDER_CODEC_VALUES_H
#define LARDER_CODEC_VALUES_H

#include <larder/codec.h>
#include <larder/shape.h>

/* The pointer that lies there: whatever it points to, all are alike. */
static inline const char *larder_pointer_at(const char *at)
{
    const char *pointer;
    memcpy(&pointer, at, sizeof pointer);
    return pointer;
}

/* Allocates only to sort maps that hold their keys in different orders; without
 * memory it is slower, and answers the same. */
bool larder_equal_in(const struct larder_allocator *allocator, const struct larder_type *type,
                     const void *a, const void *b);
/* The value is released with the allocator. */
enum larder_status larder_clone_in(const struct larder_allocator *allocator,
                                   const struct larder_entity *entity,
                                   const struct larder_type *type, const void *value,
                                   const void **ret_value);
/* Allocates only to check maps of many entries for equal keys. */
enum larder_status larder_to_json_in(const struct larder_allocator *allocator,
                                     const struct larder_entity *entity,
                                     const struct larder_type *type, const void *value, char *buf,
                                     size_t size, size_t *ret_len);

#endif
