/* SPDX-License-Identifier: MIT */
/*
 * The MessagePack writer and reader that generated encoders and decoders are
 * made of. Not for people. Format: the MessagePack specification (2017-08),
 * of which we write the shortest forms and read every form.
 *
 * Writing. A struct's encoder reserves, once, room for all that has a fixed
 * bound in it (`fixed`); whatever has none (strings, lists) reserves its own
 * and the struct's `fixed` again. So between two reservations stores need no
 * check, and running out of memory can only happen at a reservation.
 *
 * Reading, in place. The payload was copied behind the struct, into the block
 * that the caller will own:
 *
 *     | struct X | slots for lists, maps, optionals | payload ... | 0xc1 |
 *
 * Strings stay where they are; each gets its NUL over the tag of the item
 * after it, which the reader has read ahead (`tag`). The byte behind the
 * payload is 0xc1, a tag that no value has: reading past the end is therefore
 * a wrong type, and takes no check of its own.
 *
 * Limits: a list's count is held against the bytes left before its slots are
 * taken, and slots come out of one bounded region, so no input makes us
 * allocate more than a multiple of its length that is known when generating.
 */
#ifndef LARDER_CODEC_H
#define LARDER_CODEC_H

#include <limits.h>
#include <string.h>

#include <larder/stub.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LARDER_LIKELY(x) __builtin_expect(!!(x), 1)
#define LARDER_UNLIKELY(x) __builtin_expect(!!(x), 0)

enum {
    LARDER_DEPTH_MAX = 32,  /* of types that contain themselves, and of `any` */
    LARDER_HEADER_BYTES = 5 /* the longest header of a string, list or map */
};

struct larder_writer {
    uint8_t *p;   /* where the next byte goes */
    uint8_t *end; /* end of the room */
    uint8_t *start;
    const struct larder_allocator *allocator; /* of grown rooms */
    size_t max;                               /* the writer's bound in bytes */
    bool grown;                               /* `start` is the allocator's, not the caller's */
    uint32_t depth;
    enum larder_status status; /* the first failure: E_ARG, E_TOO_LARGE, E_NOMEM */
    const char *field;         /* where it happened */
};

struct larder_reader {
    uint8_t *p;                               /* the current item */
    uint8_t *end;                             /* *end is 0xc1 */
    uint8_t *slots;                           /* free slots, aligned to 8, are taken from here on */
    uint8_t *slots_end;                       /* bytes, not aligned, are taken from here back */
    const struct larder_allocator *allocator; /* for work space, given back at once */
    uint32_t depth;
    uint8_t tag;         /* the current item's first byte; *p may already hold a NUL */
    bool short_of_slots; /* decoding failed because there were too few */
    bool no_memory;      /* decoding failed because there was no work space */
};

/* -------------------------------------------------- not inline, rarely run */

/* Makes room for n more bytes. False: status says why. */
LARDER_API bool larder_writer_grow(struct larder_writer *w, size_t n);
/* Notes the first failure; always false. */
LARDER_API bool larder_writer_fail(struct larder_writer *w, enum larder_status status);
/* Whether text is UTF-8 (RFC 3629: no surrogates, shortest forms) without a NUL. */
LARDER_API bool larder_utf8_valid(const char *text, size_t len);
/* Whether no two of count entries, `stride` bytes apart, begin with equal
 * strings: OK; E_ARG: two do, or a string is NULL; E_NOMEM: no room to tell.
 * Time and room grow with the bytes and the count alone, whatever the strings. */
LARDER_API enum larder_status larder_entries_check(const struct larder_allocator *allocator,
                                                   const void *entries, size_t count,
                                                   size_t stride);
/* The same as a bool; larder_read_unique tells a lack of memory apart. */
LARDER_API bool larder_entries_unique(const struct larder_allocator *allocator, const void *entries,
                                      size_t count, size_t stride);
/* Whether the bytes are exactly one MessagePack value, not nested deeper than LARDER_DEPTH_MAX. */
LARDER_API bool larder_any_valid(const uint8_t *data, size_t len);
/* Steps over one value, whatever it is and however deep: no recursion, no more
 * steps than there are bytes. */
LARDER_API bool larder_read_skip(struct larder_reader *r);
/* A value as it is, not nested deeper than LARDER_DEPTH_MAX. Behind a string, whose
 * NUL took its first byte, it is a copy in the slots. */
LARDER_API bool larder_read_any(struct larder_reader *r, struct larder_bytes *ret_value);

/* ------------------------------------------------------------------ bytes */

/* MessagePack is big-endian. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LARDER_BIG16(v) __builtin_bswap16(v)
#define LARDER_BIG32(v) __builtin_bswap32(v)
#define LARDER_BIG64(v) __builtin_bswap64(v)
#else
#define LARDER_BIG16(v) (v)
#define LARDER_BIG32(v) (v)
#define LARDER_BIG64(v) (v)
#endif

static inline uint16_t larder_load16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return LARDER_BIG16(v);
}

static inline uint32_t larder_load32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return LARDER_BIG32(v);
}

static inline uint64_t larder_load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return LARDER_BIG64(v);
}

static inline void larder_store16(uint8_t *p, uint16_t v)
{
    v = LARDER_BIG16(v);
    memcpy(p, &v, sizeof v);
}

static inline void larder_store32(uint8_t *p, uint32_t v)
{
    v = LARDER_BIG32(v);
    memcpy(p, &v, sizeof v);
}

static inline void larder_store64(uint8_t *p, uint64_t v)
{
    v = LARDER_BIG64(v);
    memcpy(p, &v, sizeof v);
}

/* Nonzero unless all eight bytes are in 0x01..0x7f: a byte with its top bit set
 * shows in v itself, a zero byte in the borrow of v - 1. */
static inline uint64_t larder_word_marks(uint64_t v)
{
    return (v | (v - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080);
}

/*
 * Strings are mostly short. So up to 32 bytes are taken as at most four words,
 * of which the last may overlap those before: no loop, no call, nothing past
 * the end. The same cut serves to look at a text and to copy it.
 */

/* The marks of a text: nonzero unless all its bytes are in 0x01..0x7f. */
static inline uint64_t larder_text_marks(const char *text, size_t len)
{
    uint64_t a, b, c, d, marks;
    if (len >= 8) {
        memcpy(&a, text, 8);
        memcpy(&b, text + len - 8, 8);
        marks = larder_word_marks(a) | larder_word_marks(b);
        if (len > 32) {
            for (size_t i = 8; i + 8 <= len; i += 8) {
                memcpy(&c, text + i, 8);
                marks |= larder_word_marks(c);
            }
        } else if (len > 16) {
            memcpy(&c, text + 8, 8);
            memcpy(&d, text + len - 16, 8);
            marks |= larder_word_marks(c) | larder_word_marks(d);
        }
        return marks;
    }
    if (len >= 4) {
        uint32_t head, tail;
        memcpy(&head, text, 4);
        memcpy(&tail, text + len - 4, 4);
        return larder_word_marks(head | (uint64_t)tail << 32);
    }
    if (len != 0) {
        uint64_t first = (unsigned char)text[0], middle = (unsigned char)text[len / 2];
        uint64_t last = (unsigned char)text[len - 1];
        return larder_word_marks(first | middle << 8 | last << 16 | UINT64_C(0x0101010101000000));
    }
    return 0;
}

/* Copies a text and answers its marks. */
static inline uint64_t larder_copy_marks(uint8_t *to, const char *text, size_t len)
{
    uint64_t a, b, c, d, marks;
    if (len > 32) {
        memcpy(to, text, len);
        return larder_text_marks(text, len);
    }
    if (len >= 8) {
        memcpy(&a, text, 8);
        memcpy(&b, text + len - 8, 8);
        marks = larder_word_marks(a) | larder_word_marks(b);
        if (len > 16) {
            memcpy(&c, text + 8, 8);
            memcpy(&d, text + len - 16, 8);
            marks |= larder_word_marks(c) | larder_word_marks(d);
            memcpy(to + 8, &c, 8);
            memcpy(to + len - 16, &d, 8);
        }
        memcpy(to, &a, 8);
        memcpy(to + len - 8, &b, 8);
        return marks;
    }
    if (len >= 4) {
        uint32_t head, tail;
        memcpy(&head, text, 4);
        memcpy(&tail, text + len - 4, 4);
        memcpy(to, &head, 4);
        memcpy(to + len - 4, &tail, 4);
        return larder_word_marks(head | (uint64_t)tail << 32);
    }
    if (len != 0) {
        char first = text[0], middle = text[len / 2], last = text[len - 1];
        to[0] = (uint8_t)first;
        to[len / 2] = (uint8_t)middle;
        to[len - 1] = (uint8_t)last;
        return larder_text_marks(text, len);
    }
    return 0;
}

/* Whether text may be a string's: UTF-8 without a NUL. Plain ASCII is told here. */
static inline bool larder_text_ok(const char *text, size_t len)
{
    return LARDER_LIKELY(larder_text_marks(text, len) == 0) || larder_utf8_valid(text, len);
}

/* ---------------------------------------------------------------- writing */

/* Makes sure that n bytes can be stored. */
static inline bool larder_write_room(struct larder_writer *w, size_t n)
{
    return LARDER_LIKELY((size_t)(w->end - w->p) >= n) || larder_writer_grow(w, n);
}

/* Names the place of a failure, innermost first; always false. */
static inline bool larder_write_failed(struct larder_writer *w, const char *field)
{
    if (w->field == NULL) {
        w->field = field;
    }
    return false;
}

/* Before and after the members of a type that contains itself. */
static inline bool larder_write_enter(struct larder_writer *w)
{
    return ++w->depth <= LARDER_DEPTH_MAX || larder_writer_fail(w, LARDER_E_TOO_LARGE);
}

static inline void larder_write_leave(struct larder_writer *w)
{
    w->depth--;
}

/* The stores below need room: at most 9 bytes a number, 5 a header. */

static inline void larder_write_nil(struct larder_writer *w)
{
    *w->p++ = 0xc0;
}

/* A nil among items that reserve their own room. Leaves room for `fixed` more bytes. */
static inline bool larder_write_absent(struct larder_writer *w, size_t fixed)
{
    if (!larder_write_room(w, 1 + fixed)) {
        return false;
    }
    larder_write_nil(w);
    return true;
}

static inline void larder_write_bool(struct larder_writer *w, bool value)
{
    *w->p++ = value ? 0xc3 : 0xc2;
}

static inline void larder_write_u64(struct larder_writer *w, uint64_t value)
{
    uint8_t *p = w->p;
    if (value < 0x80) {
        p[0] = (uint8_t)value;
        w->p = p + 1;
    } else if (value <= UINT8_MAX) {
        p[0] = 0xcc;
        p[1] = (uint8_t)value;
        w->p = p + 2;
    } else if (value <= UINT16_MAX) {
        p[0] = 0xcd;
        larder_store16(p + 1, (uint16_t)value);
        w->p = p + 3;
    } else if (value <= UINT32_MAX) {
        p[0] = 0xce;
        larder_store32(p + 1, (uint32_t)value);
        w->p = p + 5;
    } else {
        p[0] = 0xcf;
        larder_store64(p + 1, value);
        w->p = p + 9;
    }
}

static inline void larder_write_i64(struct larder_writer *w, int64_t value)
{
    uint8_t *p = w->p;
    if (LARDER_LIKELY(value >= 0)) {
        larder_write_u64(w, (uint64_t)value);
    } else if (value >= -32) {
        p[0] = (uint8_t)value;
        w->p = p + 1;
    } else if (value >= INT8_MIN) {
        p[0] = 0xd0;
        p[1] = (uint8_t)value;
        w->p = p + 2;
    } else if (value >= INT16_MIN) {
        p[0] = 0xd1;
        larder_store16(p + 1, (uint16_t)value);
        w->p = p + 3;
    } else if (value >= INT32_MIN) {
        p[0] = 0xd2;
        larder_store32(p + 1, (uint32_t)value);
        w->p = p + 5;
    } else {
        p[0] = 0xd3;
        larder_store64(p + 1, (uint64_t)value);
        w->p = p + 9;
    }
}

static inline void larder_write_f32(struct larder_writer *w, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    w->p[0] = 0xca;
    larder_store32(w->p + 1, bits);
    w->p += 5;
}

static inline void larder_write_f64(struct larder_writer *w, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    w->p[0] = 0xcb;
    larder_store64(w->p + 1, bits);
    w->p += 9;
}

/* 18 bytes of room. */
static inline void larder_write_uuid(struct larder_writer *w, struct larder_uuid value)
{
    w->p[0] = 0xc4;
    w->p[1] = sizeof value.bytes;
    memcpy(w->p + 2, value.bytes, sizeof value.bytes);
    w->p += 2 + sizeof value.bytes;
}

/* An enumerator by its number; `count` of them are declared. */
static inline bool larder_write_enum(struct larder_writer *w, uint32_t value, uint32_t count)
{
    if (LARDER_UNLIKELY(value >= count)) {
        return larder_writer_fail(w, LARDER_E_ARG);
    }
    larder_write_u64(w, value);
    return true;
}

/* A header: `fix` is the tag of the short form for fewer than fix_count items,
 * `wide` the one with 16 bits of count, followed by the one with 32. */
static inline void larder_write_header(struct larder_writer *w, size_t count, uint8_t fix,
                                       size_t fix_count, uint8_t wide)
{
    uint8_t *p = w->p;
    if (LARDER_LIKELY(count < fix_count)) {
        p[0] = (uint8_t)(fix | count);
        w->p = p + 1;
    } else if (count <= UINT16_MAX) {
        p[0] = wide;
        larder_store16(p + 1, (uint16_t)count);
        w->p = p + 3;
    } else {
        p[0] = (uint8_t)(wide + 1);
        larder_store32(p + 1, (uint32_t)count);
        w->p = p + 5;
    }
}

/* The head of a struct, which is an array of its positions. */
static inline void larder_write_struct(struct larder_writer *w, uint32_t positions)
{
    larder_write_header(w, positions, 0x90, 16, 0xdc);
}

/* A list's or map's head, and room for its items: `each` bytes an item where
 * all are of bounded size, else 0: then each reserves its own, absent ones too
 * (larder_write_absent). items NULL with a count is E_ARG, more than max (0: no
 * bound) as well. */
static inline bool larder_write_count(struct larder_writer *w, const void *items, size_t count,
                                      size_t max, size_t each, size_t fixed)
{
    if (LARDER_UNLIKELY((items == NULL && count != 0) || (max != 0 && count > max))) {
        return larder_writer_fail(w, LARDER_E_ARG);
    }
    /* An item takes a byte at the least. It bounds the product below, too. */
    if (LARDER_UNLIKELY(count > w->max)) {
        return larder_writer_fail(w, LARDER_E_TOO_LARGE);
    }
    return larder_write_room(w, LARDER_HEADER_BYTES + count * each + fixed);
}

static inline bool larder_write_list(struct larder_writer *w, const void *items, size_t count,
                                     size_t max, size_t each, size_t fixed)
{
    if (!larder_write_count(w, items, count, max, each, fixed)) {
        return false;
    }
    larder_write_header(w, count, 0x90, 16, 0xdc);
    return true;
}

static inline bool larder_write_map(struct larder_writer *w, const void *entries, size_t count,
                                    size_t stride, size_t max, size_t fixed)
{
    if (!larder_write_count(w, entries, count, max, 0, fixed)) {
        return false;
    }
    larder_write_header(w, count, 0x80, 16, 0xde);
    if (count < 2) {
        return true;
    }
    enum larder_status status = larder_entries_check(w->allocator, entries, count, stride);
    return status == LARDER_OK || larder_writer_fail(w, status);
}

/* A string of at most max bytes (0: no bound); NULL, a longer one or one that
 * is no UTF-8 is E_ARG. Leaves room for `fixed` more bytes. */
static inline bool larder_write_string(struct larder_writer *w, const char *text, size_t max,
                                       size_t fixed)
{
    if (LARDER_UNLIKELY(text == NULL)) {
        return larder_writer_fail(w, LARDER_E_ARG);
    }
    size_t len = strlen(text);
    if (LARDER_UNLIKELY(max != 0 && len > max)) {
        return larder_writer_fail(w, LARDER_E_ARG);
    }
    if (LARDER_UNLIKELY(len > w->max)) {
        return larder_writer_fail(w, LARDER_E_TOO_LARGE);
    }
    if (!larder_write_room(w, LARDER_HEADER_BYTES + len + fixed)) {
        return false;
    }
    if (LARDER_LIKELY(len < 32)) {
        *w->p++ = (uint8_t)(0xa0 | len);
    } else if (len <= UINT8_MAX) {
        w->p[0] = 0xd9;
        w->p[1] = (uint8_t)len;
        w->p += 2;
    } else {
        larder_write_header(w, len, 0, 0, 0xda);
    }
    if (LARDER_UNLIKELY(larder_copy_marks(w->p, text, len) != 0) && !larder_utf8_valid(text, len)) {
        return larder_writer_fail(w, LARDER_E_ARG);
    }
    w->p += len;
    return true;
}

static inline bool larder_write_bytes(struct larder_writer *w, struct larder_bytes value,
                                      size_t max, size_t fixed)
{
    if (!larder_write_count(w, value.data, value.len, max, 1, fixed)) {
        return false;
    }
    if (value.len <= UINT8_MAX) {
        w->p[0] = 0xc4;
        w->p[1] = (uint8_t)value.len;
        w->p += 2;
    } else {
        larder_write_header(w, value.len, 0, 0, 0xc5);
    }
    if (value.len != 0) {
        memcpy(w->p, value.data, value.len);
        w->p += value.len;
    }
    return true;
}

/* A ready MessagePack value; anything else is E_ARG. */
static inline bool larder_write_any(struct larder_writer *w, struct larder_bytes value, size_t max,
                                    size_t fixed)
{
    if (!larder_write_count(w, value.data, value.len, max, 1, fixed)) {
        return false;
    }
    if (!larder_any_valid(value.data, value.len)) {
        return larder_writer_fail(w, LARDER_E_ARG);
    }
    memcpy(w->p, value.data, value.len);
    w->p += value.len;
    return true;
}

/* The same where nil means absent, and so is no value. */
static inline bool larder_write_present_any(struct larder_writer *w, struct larder_bytes value,
                                            size_t max, size_t fixed)
{
    if (value.len == 1 && value.data != NULL && value.data[0] == 0xc0) {
        return larder_writer_fail(w, LARDER_E_ARG);
    }
    return larder_write_any(w, value, max, fixed);
}

/* -------------------------------------------------- fields that are in the key */

static inline bool larder_same_text(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static inline bool larder_same_uuid(struct larder_uuid a, struct larder_uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

/* ---------------------------------------------------------------- reading */

/* The payload bytes behind the current item's tag. Only to be asked once the
 * tag is known to be a value's: at the end there is none to be behind of. */
static inline size_t larder_read_left(const struct larder_reader *r)
{
    return (size_t)(r->end - r->p) - 1;
}

/* Steps over the item of n bytes; p + n <= end was checked. */
static inline void larder_read_step(struct larder_reader *r, size_t n)
{
    r->p += n;
    r->tag = *r->p;
}

static inline bool larder_read_enter(struct larder_reader *r)
{
    return ++r->depth <= LARDER_DEPTH_MAX;
}

static inline void larder_read_leave(struct larder_reader *r)
{
    r->depth--;
}

static inline bool larder_read_nil(struct larder_reader *r)
{
    if (r->tag != 0xc0) {
        return false;
    }
    larder_read_step(r, 1);
    return true;
}

static inline bool larder_read_bool(struct larder_reader *r, bool *ret_value)
{
    if (LARDER_UNLIKELY((r->tag & 0xfe) != 0xc2)) {
        return false;
    }
    *ret_value = (r->tag & 1) != 0;
    larder_read_step(r, 1);
    return true;
}

/* The forms with a tag byte: 0xcc..0xcf, a number of 1, 2, 4 or 8 bytes. */
static inline bool larder_read_wide_unsigned(struct larder_reader *r, uint64_t *ret_value)
{
    unsigned form = (unsigned)r->tag - 0xccU;
    if (form > 3 || larder_read_left(r) < (size_t)1 << form) {
        return false;
    }
    const uint8_t *at = r->p + 1;
    *ret_value = form == 0   ? *at
                 : form == 1 ? larder_load16(at)
                 : form == 2 ? larder_load32(at)
                             : larder_load64(at);
    larder_read_step(r, 1 + ((size_t)1 << form));
    return true;
}

/* The number that eight bits in two's complement are. */
static inline int64_t larder_sign8(uint8_t bits)
{
    return (int64_t)(bits ^ 0x80U) - 0x80;
}

/* The same of 0xd0..0xd3, signed numbers. */
static inline bool larder_read_wide_signed(struct larder_reader *r, int64_t *ret_value)
{
    unsigned form = (unsigned)r->tag - 0xd0U;
    if (form > 3 || larder_read_left(r) < (size_t)1 << form) {
        return false;
    }
    const uint8_t *at = r->p + 1;
    *ret_value = form == 0   ? larder_sign8(*at)
                 : form == 1 ? (int16_t)larder_load16(at)
                 : form == 2 ? (int32_t)larder_load32(at)
                             : (int64_t)larder_load64(at);
    larder_read_step(r, 1 + ((size_t)1 << form));
    return true;
}

static inline bool larder_read_u64(struct larder_reader *r, uint64_t *ret_value)
{
    if (LARDER_LIKELY(r->tag < 0x80)) {
        *ret_value = r->tag;
        larder_read_step(r, 1);
        return true;
    }
    if (LARDER_UNLIKELY((r->tag & 0xfcU) == 0xd0)) {
        /* Others may write a positive number in a signed form. */
        int64_t value;
        bool read = larder_read_wide_signed(r, &value) && value >= 0;
        *ret_value = read ? (uint64_t)value : 0;
        return read;
    }
    return larder_read_wide_unsigned(r, ret_value);
}

static inline bool larder_read_i64(struct larder_reader *r, int64_t *ret_value)
{
    if (LARDER_LIKELY(r->tag < 0x80 || r->tag >= 0xe0)) {
        *ret_value = larder_sign8(r->tag);
        larder_read_step(r, 1);
        return true;
    }
    if ((r->tag & 0xfcU) == 0xd0) {
        return larder_read_wide_signed(r, ret_value);
    }
    uint64_t value;
    if (!larder_read_wide_unsigned(r, &value) || value > INT64_MAX) {
        return false;
    }
    *ret_value = (int64_t)value;
    return true;
}

/* The narrower numbers: the wide read, then the range. */
#define LARDER_READ_NARROW(name, type, wide, wide_name, low, high)                             \
    static inline bool larder_read_##name(struct larder_reader *r, type *ret_value)            \
    {                                                                                          \
        wide value;                                                                            \
        if (LARDER_UNLIKELY(!larder_read_##wide_name(r, &value) || value > (high) || (low))) { \
            return false;                                                                      \
        }                                                                                      \
        *ret_value = (type)value;                                                              \
        return true;                                                                           \
    }
LARDER_READ_NARROW(u8, uint8_t, uint64_t, u64, false, UINT8_MAX)
LARDER_READ_NARROW(u16, uint16_t, uint64_t, u64, false, UINT16_MAX)
LARDER_READ_NARROW(u32, uint32_t, uint64_t, u64, false, UINT32_MAX)
LARDER_READ_NARROW(i8, int8_t, int64_t, i64, value < INT8_MIN, INT8_MAX)
LARDER_READ_NARROW(i16, int16_t, int64_t, i64, value < INT16_MIN, INT16_MAX)
LARDER_READ_NARROW(i32, int32_t, int64_t, i64, value < INT32_MIN, INT32_MAX)
#undef LARDER_READ_NARROW

/* A float 64 that is also a float 32: what a newer schema writes whose field is wider. */
static inline bool larder_read_narrowed(struct larder_reader *r, float *ret_value)
{
    double wide;
    if (r->tag != 0xcb || larder_read_left(r) < 8) {
        return false;
    }
    uint64_t bits = larder_load64(r->p + 1);
    memcpy(&wide, &bits, sizeof wide);
    float narrow = (float)wide;
    if ((double)narrow != wide) {
        return false;
    }
    *ret_value = narrow;
    larder_read_step(r, 9);
    return true;
}

static inline bool larder_read_f32(struct larder_reader *r, float *ret_value)
{
    if (LARDER_UNLIKELY(r->tag != 0xca || larder_read_left(r) < 4)) {
        return larder_read_narrowed(r, ret_value);
    }
    uint32_t bits = larder_load32(r->p + 1);
    memcpy(ret_value, &bits, sizeof bits);
    larder_read_step(r, 5);
    return true;
}

static inline bool larder_read_f64(struct larder_reader *r, double *ret_value)
{
    float narrow;
    if (LARDER_UNLIKELY(r->tag != 0xcb || larder_read_left(r) < 8)) {
        if (!larder_read_f32(r, &narrow)) {
            return false;
        }
        *ret_value = (double)narrow;
        return true;
    }
    uint64_t bits = larder_load64(r->p + 1);
    memcpy(ret_value, &bits, sizeof bits);
    larder_read_step(r, 9);
    return true;
}

/* An enumerator's number; one that is not declared here is malformed. */
static inline bool larder_read_enum(struct larder_reader *r, uint32_t count, uint32_t *ret_value)
{
    return larder_read_u32(r, ret_value) && LARDER_LIKELY(*ret_value < count);
}

/* A length behind a tag: of `width` (1, 2, 4) bytes. */
static inline bool larder_read_length(const struct larder_reader *r, size_t width, size_t *ret_len)
{
    if (larder_read_left(r) < width) {
        return false;
    }
    const uint8_t *at = r->p + 1;
    *ret_len = width == 1 ? *at : width == 2 ? larder_load16(at) : larder_load32(at);
    return true;
}

/* A string of at most max bytes (0: no bound), terminated where it stands. */
static inline bool larder_read_string(struct larder_reader *r, size_t max, const char **ret_value)
{
    size_t len;
    size_t head = 1;
    if (LARDER_LIKELY((r->tag & 0xe0) == 0xa0)) {
        len = r->tag & 31U;
    } else {
        unsigned form = (unsigned)r->tag - 0xd9U;
        if (form > 2 || !larder_read_length(r, (size_t)1 << form, &len)) {
            return false;
        }
        head += (size_t)1 << form;
    }
    if (LARDER_UNLIKELY(len > (size_t)(r->end - r->p) - head || (max != 0 && len > max))) {
        return false;
    }
    char *text = (char *)r->p + head;
    if (LARDER_UNLIKELY(!larder_text_ok(text, len))) {
        return false;
    }
    *ret_value = text;
    larder_read_step(r, head + len);
    *r->p = 0;
    return true;
}

static inline bool larder_read_bytes(struct larder_reader *r, size_t max,
                                     struct larder_bytes *ret_value)
{
    size_t len;
    unsigned form = (unsigned)r->tag - 0xc4U;
    if (LARDER_UNLIKELY(form > 2 || !larder_read_length(r, (size_t)1 << form, &len))) {
        return false;
    }
    size_t head = 1 + ((size_t)1 << form);
    if (LARDER_UNLIKELY(len > (size_t)(r->end - r->p) - head || (max != 0 && len > max))) {
        return false;
    }
    ret_value->data = r->p + head;
    ret_value->len = len;
    larder_read_step(r, head + len);
    return true;
}

static inline bool larder_read_uuid(struct larder_reader *r, struct larder_uuid *ret_value)
{
    struct larder_bytes bytes;
    if (LARDER_UNLIKELY(!larder_read_bytes(r, 0, &bytes) || bytes.len != sizeof ret_value->bytes)) {
        return false;
    }
    memcpy(ret_value->bytes, bytes.data, sizeof ret_value->bytes);
    return true;
}

/* A list's or map's head: how many items, each of which has `least` bytes at
 * the least. */
static inline bool larder_read_count(struct larder_reader *r, uint8_t fix, uint8_t wide,
                                     size_t least, size_t max, size_t *ret_count)
{
    size_t count;
    size_t head = 1;
    if (LARDER_LIKELY((r->tag & 0xf0) == fix)) {
        count = r->tag & 15U;
    } else {
        size_t width = r->tag == wide ? 2 : r->tag == wide + 1 ? 4 : 0;
        if (width == 0 || !larder_read_length(r, width, &count)) {
            return false;
        }
        head += width;
    }
    if (LARDER_UNLIKELY(count > ((size_t)(r->end - r->p) - head) / least ||
                        (max != 0 && count > max))) {
        return false;
    }
    *ret_count = count;
    larder_read_step(r, head);
    return true;
}

static inline bool larder_read_list(struct larder_reader *r, size_t max, size_t *ret_count)
{
    return larder_read_count(r, 0x90, 0xdc, 1, max, ret_count);
}

static inline bool larder_read_map(struct larder_reader *r, size_t max, size_t *ret_count)
{
    return larder_read_count(r, 0x80, 0xde, 2, max, ret_count);
}

/* A struct's head: how many positions were written, `least` of which must be there. */
static inline bool larder_read_struct(struct larder_reader *r, size_t least, size_t *ret_count)
{
    return larder_read_count(r, 0x90, 0xdc, 1, 0, ret_count) && LARDER_LIKELY(*ret_count >= least);
}

/* Steps over the positions that this binary does not know. */
static inline bool larder_read_rest(struct larder_reader *r, size_t count, size_t known)
{
    for (; LARDER_UNLIKELY(count > known); count--) {
        if (!larder_read_skip(r)) {
            return false;
        }
    }
    return true;
}

/* Whether the keys of count entries that were read are all different. */
static inline bool larder_read_unique(struct larder_reader *r, const void *entries, size_t count,
                                      size_t stride)
{
    if (count < 2) {
        return true;
    }
    enum larder_status status = larder_entries_check(r->allocator, entries, count, stride);
    r->no_memory = status == LARDER_E_NOMEM;
    return status == LARDER_OK;
}

/* Zeroed slots for count items of `size` bytes. NULL: not enough; see short_of_slots. */
static inline void *larder_read_slots(struct larder_reader *r, size_t count, size_t size)
{
    size_t n;
    if (LARDER_UNLIKELY(__builtin_mul_overflow(count, size, &n) || n > SIZE_MAX - 7 ||
                        (n = (n + 7) & ~(size_t)7) > (size_t)(r->slots_end - r->slots))) {
        r->short_of_slots = true;
        return NULL;
    }
    uint8_t *slots = r->slots;
    r->slots += n;
    return memset(slots, 0, n);
}

#ifdef __cplusplus
}
#endif

#endif
