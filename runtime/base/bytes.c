/* SPDX-License-Identifier: MIT */
#include "base/bytes.h"

#include <string.h>

#include "base/alloc.h"

enum { FIRST_CAPACITY = 64 };

void larder_buffer_init(struct larder_buffer *buffer, const struct larder_allocator *allocator,
                        size_t max)
{
    *buffer = (struct larder_buffer){.max = max, .allocator = allocator};
}

void larder_buffer_release(struct larder_buffer *buffer)
{
    larder_buffer_clear(buffer, 0);
}

void larder_buffer_shrink(struct larder_buffer *buffer)
{
    larder_free(buffer->allocator, buffer->data);
    buffer->data = NULL;
    buffer->capacity = 0;
}

/* Twice what it was, at least `needed`, at most max; needed <= max. */
static size_t next_capacity(const struct larder_buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity > buffer->max / 2 ? buffer->max : buffer->capacity * 2;
    if (capacity < FIRST_CAPACITY) {
        capacity = buffer->max < FIRST_CAPACITY ? buffer->max : FIRST_CAPACITY;
    }
    return capacity < needed ? needed : capacity;
}

bool larder_buffer_grow(struct larder_buffer *buffer, size_t n)
{
    if (buffer->status != LARDER_OK) {
        return false;
    }
    if (n > buffer->max - buffer->len) {
        buffer->status = LARDER_E_TOO_LARGE;
        return false;
    }
    size_t capacity = next_capacity(buffer, buffer->len + n);
    char *data = larder_realloc(buffer->allocator, buffer->data, capacity);
    if (data == NULL) {
        buffer->status = LARDER_E_NOMEM;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool larder_buffer_append(struct larder_buffer *buffer, const void *data, size_t len)
{
    if (!larder_buffer_reserve(buffer, len)) {
        return false;
    }
    if (len != 0) {
        memcpy(buffer->data + buffer->len, data, len);
        buffer->len += len;
    }
    return true;
}
