/* SPDX-License-Identifier: MIT */
/*
 * All memory of the runtime goes through here, so that a service can give its
 * own allocator and a test can fail the n-th allocation.
 *
 * Every function takes the allocator that open resolved; it is never NULL.
 */
#ifndef LARDER_BASE_ALLOC_H
#define LARDER_BASE_ALLOC_H

#include <larder/config.h>

/* malloc, realloc and free. */
extern const struct larder_allocator larder_allocator_libc;

/* NULL: out of memory. A size of 0 is taken as 1. */
static inline void *larder_alloc(const struct larder_allocator *allocator, size_t size)
{
    return allocator->alloc(allocator->user, size != 0 ? size : 1);
}
void *larder_alloc_zeroed(const struct larder_allocator *allocator, size_t count, size_t size);
/* block NULL allocates. On NULL the old block stays valid. */
void *larder_realloc(const struct larder_allocator *allocator, void *block, size_t size);
void larder_free(const struct larder_allocator *allocator, void *block);
char *larder_strdup(const struct larder_allocator *allocator, const char *text);

#endif
