/* SPDX-License-Identifier: MIT */
#include "codec/block.h"

#include "base/alloc.h"

const struct larder_number_form larder_number_forms[8] = {
    {0xcc, 56, 2}, {0xcd, 48, 3}, {0xce, 32, 5}, {0xce, 32, 5},
    {0xcf, 0, 9},  {0xcf, 0, 9},  {0xcf, 0, 9},  {0xcf, 0, 9},
};

void larder_writer_init(struct larder_writer *w, const struct larder_allocator *allocator,
                        uint8_t *room, size_t size, size_t max)
{
    *w = (struct larder_writer){
        .p = room,
        .end = room != NULL ? room + size : NULL,
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

/* -------------------------------------------------------------------- texts */

uint64_t larder_copy_tiny(uint8_t *to, const char *text, size_t len)
{
    if (len >= 4) {
        uint32_t head, tail;
        memcpy(&head, text, sizeof head);
        memcpy(&tail, text + len - 4, sizeof tail);
        memcpy(to, &head, sizeof head);
        memcpy(to + len - 4, &tail, sizeof tail);
        return (head | tail) & LARDER_NOT_ASCII;
    }
    if (len == 0) {
        return 0;
    }
    uint8_t first = (uint8_t)text[0], middle = (uint8_t)text[len / 2];
    uint8_t last = (uint8_t)text[len - 1];
    to[0] = first;
    to[len / 2] = middle;
    to[len - 1] = last;
    return (first | middle | last) & LARDER_NOT_ASCII;
}

static uint64_t copy16(uint8_t *to, const char *text)
{
    uint64_t a = larder_load_word(text), b = larder_load_word(text + 8);
    memcpy(to, &a, sizeof a);
    memcpy(to + 8, &b, sizeof b);
    return a | b;
}

uint8_t *larder_write_long(uint8_t *p, const char *text, size_t len)
{
    if (len <= UINT8_MAX) {
        p[0] = 0xd9;
        p[1] = (uint8_t)len;
        p += 2;
    } else {
        p = larder_write_header(p, len, 0, 0, 0xda);
    }
    if (len <= 64) {
        uint64_t bits = copy16(p, text) | copy16(p + 16, text + 16) |
                        copy16(p + len - 32, text + len - 32) |
                        copy16(p + len - 16, text + len - 16);
        return (bits & LARDER_NOT_ASCII) == 0 || larder_utf8_valid(text, len) ? p + len : NULL;
    }
    memcpy(p, text, len);
    return larder_utf8_valid(text, len) ? p + len : NULL;
}
