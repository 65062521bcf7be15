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
/* Empties it, and clears a failure; keeps at most `keep` bytes of capacity. */
void larder_buffer_clear(struct larder_buffer *buffer, size_t keep);
/* Makes room for n more bytes behind len; false as above. */
bool larder_buffer_reserve(struct larder_buffer *buffer, size_t n);
bool larder_buffer_append(struct larder_buffer *buffer, const void *data, size_t len);

#endif
