/* SPDX-License-Identifier: MIT */
/*
 * Stands before glibc's allocator by defining its names; glibc offers the
 * others for just this. One caller at a time: the count is no atomic.
 */
#include "count_malloc.h"

#include <stdlib.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

static size_t calls;

size_t count_malloc_calls(void)
{
    return calls;
}

void *malloc(size_t size)
{
    calls++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    calls++;
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    calls++;
    return __libc_realloc(block, size);
}
