/* SPDX-License-Identifier: MIT */
#include "codec/block.h"

#include "base/alloc.h"

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

/* -------------------------------------------------------------------- texts */

uint64_t larder_copy_tiny(uint8_t *to, const char *text, size_t len)
{
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

static uint8_t *write_text_head(uint8_t *p, size_t len)
{
    if (len <= UINT8_MAX) {
        p[0] = 0xd9;
        p[1] = (uint8_t)len;
        return p + 2;
    }
    return larder_write_header(p, len, 0, 0, 0xda);
}

/* A string of any length that is not short. */
static __attribute__((noinline)) uint8_t *write_longer(struct larder_writer *w, uint8_t *p,
                                                       const char *text, size_t len, size_t max,
                                                       size_t fixed)
{
    if (max != 0 && len > max) {
        return larder_write_refuse(w, LARDER_E_ARG);
    }
    /* It bounds the sum below, too. */
    if (len > w->max) {
        return larder_write_refuse(w, LARDER_E_TOO_LARGE);
    }
    p = larder_write_room(w, p, LARDER_HEADER_BYTES + len + fixed);
    if (p == NULL) {
        return NULL;
    }
    p = write_text_head(p, len);
    memcpy(p, text, len);
    return larder_utf8_valid(text, len) ? p + len : larder_write_refuse(w, LARDER_E_ARG);
}

enum { PIECE_BYTES = LARDER_SHORT_BYTES - 1 };

/* Plain ASCII of up to twice a short text's bytes, for which there is room, is copied as its
 * first bytes and its last ones, with no registers saved. All else begins again. */
uint8_t *larder_write_long(struct larder_writer *w, uint8_t *p, const char *text, size_t len,
                           size_t max, size_t fixed)
{
    if (LARDER_LIKELY(len <= 2 * (size_t)PIECE_BYTES && (max == 0 || len <= max) &&
                      (size_t)(w->end - p) >=
                          LARDER_HEADER_BYTES + len + fixed + LARDER_WORD_BYTES)) {
        size_t last = len - PIECE_BYTES;
        uint8_t *to = write_text_head(p, len);
        if (LARDER_LIKELY((larder_copy_text(to, text, PIECE_BYTES) |
                           larder_copy_text(to + last, text + last, PIECE_BYTES)) == 0)) {
            return to + len;
        }
    }
    return write_longer(w, p, text, len, max, fixed);
}

/* ----------------------------------------------------------------- numbers */

uint8_t *larder_write_negative(uint8_t *p, int64_t value)
{
    unsigned form = (unsigned)(value < INT8_MIN) + (value < INT16_MIN) + (value < INT32_MIN);
    unsigned width = 1U << form;
    p[0] = (uint8_t)(0xd0 + form);
    larder_store64(p + 1, (uint64_t)value << (64 - 8 * width));
    return p + 1 + width;
}

uint8_t *larder_write_odd_timestamp(uint8_t *p, int64_t value)
{
    return larder_write_i64(p, value);
}
