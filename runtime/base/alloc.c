/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *libc_alloc(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void *libc_resize(void *user, void *block, size_t size)
{
    (void)user;
    return realloc(block, size);
}

static void libc_release(void *user, void *block)
{
    (void)user;
    free(block);
}

const struct larder_allocator larder_allocator_libc = {
    .alloc = libc_alloc,
    .resize = libc_resize,
    .release = libc_release,
};

void *larder_alloc_zeroed(const struct larder_allocator *allocator, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        return NULL;
    }
    void *block = larder_alloc(allocator, total);
    return block != NULL ? memset(block, 0, total) : NULL;
}

void *larder_realloc(const struct larder_allocator *allocator, void *block, size_t size)
{
    if (block == NULL) {
        return larder_alloc(allocator, size);
    }
    return allocator->resize(allocator->user, block, size != 0 ? size : 1);
}

void larder_free(const struct larder_allocator *allocator, void *block)
{
    if (block != NULL) {
        allocator->release(allocator->user, block);
    }
}

char *larder_strdup(const struct larder_allocator *allocator, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = larder_alloc(allocator, size);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}
