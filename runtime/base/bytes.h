/* SPDX-License-Identifier: MIT */
/*
 * A growing run of bytes, born with a maximum.
 *
 * A failed append leaves the contents as they were and sticks: `status` tells
 * E_NOMEM or E_TOO_LARGE, later appends do nothing, so that a sequence of
 * appends is checked once, at its end.
 */
#ifndef LARDER_BASE_BYTES_H
#define LARDER_BASE_BYTES_H

#include <larder/config.h>
#include <larder/status.h>

struct larder_buffer {
    char *data; /* NULL while empty */
    size_t len;
    size_t capacity;
    size_t max;
    enum larder_status status;
    const struct larder_allocator *allocator;
};

void larder_buffer_init(struct larder_buffer *buffer, const struct larder_allocator *allocator,
                        size_t max);
void larder_buffer_release(struct larder_buffer *buffer);
/* Gives the block of an empty one back. */
void larder_buffer_shrink(struct larder_buffer *buffer);
/* What reserve does where it does not fit. */
bool larder_buffer_grow(struct larder_buffer *buffer, size_t n);
/* Empties it, and clears a failure; keeps at most `keep` bytes of capacity. */
static inline void larder_buffer_clear(struct larder_buffer *buffer, size_t keep)
{
    buffer->len = 0;
    buffer->status = LARDER_OK;
    if (buffer->capacity > keep) {
        larder_buffer_shrink(buffer);
    }
}
/* Makes room for n more bytes behind len; false as above. */
static inline bool larder_buffer_reserve(struct larder_buffer *buffer, size_t n)
{
    bool there = buffer->status == LARDER_OK && n <= buffer->capacity - buffer->len;
    return there || larder_buffer_grow(buffer, n);
}
bool larder_buffer_append(struct larder_buffer *buffer, const void *data, size_t len);

#endif
