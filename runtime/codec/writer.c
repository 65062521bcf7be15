/* SPDX-License-Identifier: MIT */
#include "codec/block.h"

#include "base/alloc.h"

void larder_writer_init(struct larder_writer *w, const struct larder_allocator *allocator,
                        uint8_t *room, size_t size, size_t max)
{
    *w = (struct larder_writer){
        .p = room,
        .end = room + size,
        .start = room,
        .allocator = allocator,
        .max = max != 0 && max < LARDER_VALUE_MAX ? max : LARDER_VALUE_MAX,
        .status = LARDER_OK,
    };
}

void larder_writer_release(struct larder_writer *w)
{
    if (w->grown) {
        larder_free(w->allocator, w->start);
    }
    w->p = w->end = w->start = NULL;
    w->grown = false;
}

bool larder_writer_fail(struct larder_writer *w, enum larder_status status)
{
    if (w->status == LARDER_OK) {
        w->status = status;
    }
    return false;
}

/* A room of `size` bytes with the `used` ones in it, or NULL. */
static uint8_t *resize(const struct larder_writer *w, size_t used, size_t size)
{
    if (w->grown) {
        return larder_realloc(w->allocator, w->start, size);
    }
    uint8_t *room = larder_alloc(w->allocator, size);
    if (room != NULL && used != 0) {
        memcpy(room, w->start, used);
    }
    return room;
}

/* What is asked for is the worst case, nine bytes for a number that may take
 * one; so only what was written is held against max. */
bool larder_writer_grow(struct larder_writer *w, size_t n)
{
    size_t used = larder_writer_len(w);
    size_t size = (size_t)(w->end - w->start);
    size_t needed;
    if (w->status != LARDER_OK) {
        return false;
    }
    if (used > w->max || __builtin_add_overflow(used, n, &needed)) {
        return larder_writer_fail(w, LARDER_E_TOO_LARGE);
    }
    size = needed < 2 * size ? 2 * size : needed;
    uint8_t *room = resize(w, used, size);
    if (room == NULL) {
        return larder_writer_fail(w, LARDER_E_NOMEM);
    }
    w->start = room;
    w->p = room + used;
    w->end = room + size;
    w->grown = true;
    return true;
}

bool larder_writer_finish(struct larder_writer *w)
{
    if (larder_writer_len(w) > w->max) {
        larder_writer_fail(w, LARDER_E_TOO_LARGE);
    }
    return w->status == LARDER_OK;
}

bool larder_value_encode(struct larder_writer *w, const struct larder_entity *entity,
                         const void *value)
{
    return entity->encode(w, value) && larder_writer_finish(w);
}
