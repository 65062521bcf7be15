/* SPDX-License-Identifier: MIT */
/*
 * The MessagePack writer and reader that generated encoders and decoders are
 * made of. Not for people. Format: the MessagePack specification (2017-08),
 * of which we write the shortest forms and read every form.
 *
 * Writing. A struct's encoder reserves, once, room for all that has a fixed
 * bound in it (`fixed`), a short string in each field of strings included;
 * whatever has none (longer strings, lists) reserves its own and the struct's
 * `fixed` again. So between two reservations stores need no check, and running
 * out of memory can only happen at a reservation.
 *
 * Where the next byte goes is passed by value from one store to the next, and so
 * is where the next item begins: kept in a register, while in memory each store
 * among the bytes could mean that it has changed. NULL is failure.
 *
 * Reading, in place. The payload was copied behind the struct, into the block
 * that the caller will own:
 *
 *     | struct X | slots for lists, maps, optionals | payload ... | 0xc1 ... |
 *
 * Strings stay where they are; each gets its NUL over the tag of the item
 * after it, which was read ahead (`tag`). The LARDER_SLACK_BYTES behind the payload
 * are 0xc1, a tag that no value has: beginning to read past the end is therefore a
 * wrong type, and takes no check of its own. Nor does a number that is cut off: it
 * is made up from the slack and ends in it, where nothing else can begin, and a
 * value that does not end with its payload is refused as a whole.
 *
 * Limits: a list's count is held against the bytes left before its slots are
 * taken, and slots come out of one bounded region, so no input makes us
 * allocate more than a multiple of its length that is known when generating.
 */
#ifndef LARDER_CODEC_H
#define LARDER_CODEC_H

#include <limits.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <larder/stub.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LARDER_LIKELY(x) __builtin_expect(!!(x), 1)
#define LARDER_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Inlined at -O2 as well, where the compiler would rather have it once: a call costs
 * more than most strings' copy. */
#if defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__)
#define LARDER_INLINED static inline __attribute__((always_inline))
#else
#define LARDER_INLINED static inline
#endif

enum {
    LARDER_DEPTH_MAX = 32,   /* of types that contain themselves, and of `any` */
    LARDER_HEADER_BYTES = 5, /* the longest header of a string, list or map */
    LARDER_SHORT_BYTES =
        32, /* a string with a length in its tag takes fewer than that and its tag */
    LARDER_WORD_BYTES = 8,
    LARDER_SLACK_BYTES = 16 /* of 0xc1 behind a payload: what is looked at as a whole ends in it */
};

struct larder_writer {
    uint8_t *p;   /* where the next value goes */
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
    uint8_t *p;                               /* the value to read */
    uint8_t *end;                             /* LARDER_SLACK_BYTES of 0xc1 follow */
    uint8_t *slots;                           /* free slots, aligned to 8, are taken from here on */
    uint8_t *slots_end;                       /* bytes, not aligned, are taken from here back */
    const struct larder_allocator *allocator; /* for work space, given back at once */
    uint32_t depth;
    uint8_t tag;         /* its first byte */
    bool short_of_slots; /* decoding failed because there were too few */
    bool no_memory;      /* decoding failed because there was no work space */
};

/* Where reading has come to. */
struct larder_at {
    uint8_t *p;  /* the item; NULL: what should have been there was not */
    uint8_t tag; /* its first byte; *p may already hold a NUL */
};

/* -------------------------------------------------- not inline, rarely run */

/* Makes room for n more bytes at w->p, which moves. False: status says why. */
LARDER_API bool larder_writer_grow(struct larder_writer *w, size_t n);
/* Notes the first failure; always false. */
LARDER_API bool larder_writer_fail(struct larder_writer *w, enum larder_status status);
/* Whether text is UTF-8 (RFC 3629: no surrogates, shortest forms) without a NUL. */
LARDER_API bool larder_utf8_valid(const char *text, size_t len);
/* A number below -32; a timestamp that takes fewer than 8 bytes, or is negative. */
LARDER_API uint8_t *larder_write_negative(uint8_t *p, int64_t value);
LARDER_API uint8_t *larder_write_odd_timestamp(uint8_t *p, int64_t value);
/* larder_copy_text of texts of fewer than 4 bytes. */
LARDER_API uint64_t larder_copy_tiny(uint8_t *to, const char *text, size_t len);
/* larder_write_string of a string of LARDER_SHORT_BYTES or more. */
LARDER_API uint8_t *larder_write_long(struct larder_writer *w, uint8_t *p, const char *text,
                                      size_t len, size_t max, size_t fixed);
/* Whether no two of count entries, `stride` bytes apart, begin with equal
 * strings: OK; E_ARG: two do, or a string is NULL; E_NOMEM: no room to tell.
 * Time and room grow with the bytes and the count alone, whatever the strings. */
LARDER_API enum larder_status larder_entries_check(const struct larder_allocator *allocator,
                                                   const void *entries, size_t count,
                                                   size_t stride);
/* The same as a bool; larder_read_unique tells a lack of memory apart. */
LARDER_API bool larder_entries_unique(const struct larder_allocator *allocator, const void *entries,
                                      size_t count, size_t stride);
/* Steps over one value, whatever it is and however deep: no recursion, no more
 * steps than there are bytes. */
LARDER_API struct larder_at larder_read_skip(const struct larder_reader *r, struct larder_at at);
/* A value as it is, not nested deeper than LARDER_DEPTH_MAX. Behind a string, whose
 * NUL took its first byte, it is a copy in the slots. */
LARDER_API struct larder_at larder_read_any(struct larder_reader *r, struct larder_at at,
                                            struct larder_bytes *ret_value);
/* Numbers in signed forms, and what is no number. */
LARDER_API struct larder_at larder_read_odd_u64(const struct larder_reader *r, struct larder_at at,
                                                uint64_t *ret_value);
LARDER_API struct larder_at larder_read_odd_i64(const struct larder_reader *r, struct larder_at at,
                                                int64_t *ret_value);
/* A timestamp in any form but the one of 8 bytes, and what is none. */
LARDER_API struct larder_at larder_read_odd_timestamp(const struct larder_reader *r,
                                                      struct larder_at at, int64_t *ret_value);
/* A string with a length behind its tag, and what is no string. */
LARDER_API struct larder_at larder_read_long(const struct larder_reader *r, struct larder_at at,
                                             size_t max, const char **ret_value);
/* A count behind the tag `wide`, 16 bits, or the one after it, 32; and what is none.
 * Its items may be more than there can be. */
LARDER_API struct larder_at larder_read_wide(const struct larder_reader *r, struct larder_at at,
                                             uint8_t wide, size_t *ret_count);

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
 * Strings are mostly short, and their lengths hard to foresee, so a mistaken
 * branch on a length costs more than the copy. A text is therefore taken as few
 * large words, of which the last may overlap those before: no call, few branches,
 * nothing past the end.
 */

static inline uint64_t larder_load_word(const void *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline uint32_t larder_load_half(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* The top bits of bytes that are not ASCII. */
#define LARDER_NOT_ASCII UINT64_C(0x8080808080808080)

/* Copies a text of fewer than 32 bytes; nonzero: it is not plain ASCII. */
static inline uint64_t larder_copy_text(uint8_t *to, const char *text, size_t len)
{
    if (len >= 16) {
        const char *last = text + len - 16;
#if defined(__SSE2__)
        const __m128i a = _mm_loadu_si128((const __m128i *)(const void *)text);
        const __m128i b = _mm_loadu_si128((const __m128i *)(const void *)last);
        _mm_storeu_si128((__m128i *)(void *)to, a);
        _mm_storeu_si128((__m128i *)(void *)(to + len - 16), b);
        return (unsigned)_mm_movemask_epi8(_mm_or_si128(a, b));
#else
        uint64_t a = larder_load_word(text), b = larder_load_word(text + 8);
        uint64_t c = larder_load_word(last), d = larder_load_word(last + 8);
        memcpy(to, &a, 8);
        memcpy(to + 8, &b, 8);
        memcpy(to + len - 16, &c, 8);
        memcpy(to + len - 8, &d, 8);
        return (a | b | c | d) & LARDER_NOT_ASCII;
#endif
    }
    if (LARDER_LIKELY(len >= 4)) {
        /* Four pieces; up to 7 bytes are two, each taken twice. */
        size_t second = (len & 8) / 2, third = len - 4 - second;
        uint32_t a = larder_load_half(text), b = larder_load_half(text + second);
        uint32_t c = larder_load_half(text + third), d = larder_load_half(text + len - 4);
        memcpy(to, &a, 4);
        memcpy(to + second, &b, 4);
        memcpy(to + third, &c, 4);
        memcpy(to + len - 4, &d, 4);
        return (a | b | c | d) & (uint32_t)LARDER_NOT_ASCII;
    }
    return larder_copy_tiny(to, text, len);
}

/* The same as larder_utf8_valid, of fewer than 32 bytes with LARDER_SLACK_BYTES behind
 * them that may be read: plain ASCII is told in one look, whatever its length. */
static inline bool larder_text_ok(const char *text, size_t len)
{
#if defined(__SSE2__)
    /* The first 16 bytes and the last; fewer than 16 are twice the first ones. A bit
     * for each that is above 0 as a signed number: neither NUL nor beyond ASCII. */
    const char *last = text + (len > 16 ? len - 16 : 0);
    const __m128i zero = _mm_setzero_si128();
    const __m128i a = _mm_loadu_si128((const __m128i *)(const void *)text);
    const __m128i b = _mm_loadu_si128((const __m128i *)(const void *)last);
    const __m128i plain = _mm_and_si128(_mm_cmpgt_epi8(a, zero), _mm_cmpgt_epi8(b, zero));
    const uint32_t odd = ~(uint32_t)_mm_movemask_epi8(plain) & 0xffff;
    if (LARDER_LIKELY((odd & ((UINT32_C(1) << len) - 1)) == 0)) {
        return true;
    }
#endif
    return larder_utf8_valid(text, len);
}

/* ---------------------------------------------------------------- writing */

/* Makes sure that n bytes can be stored at p, which may move, and that what is
 * stored as a whole word may reach beyond them. */
static inline uint8_t *larder_write_room(struct larder_writer *w, uint8_t *p, size_t n)
{
    if (LARDER_LIKELY((size_t)(w->end - p) >= n + LARDER_WORD_BYTES)) {
        if (p == NULL) {
            __builtin_unreachable(); /* there is room: callers need not ask */
        }
        return p;
    }
    w->p = p;
    return larder_writer_grow(w, n + LARDER_WORD_BYTES) ? w->p : NULL;
}

/* Notes a failure; always NULL. */
static inline uint8_t *larder_write_refuse(struct larder_writer *w, enum larder_status status)
{
    larder_writer_fail(w, status);
    return NULL;
}

/* Names the place of a failure, innermost first; always NULL. */
static inline uint8_t *larder_write_failed(struct larder_writer *w, const char *field)
{
    if (w->field == NULL) {
        w->field = field;
    }
    return NULL;
}

/* After a value: it ends at p, or failed. */
static inline bool larder_write_end(struct larder_writer *w, uint8_t *p)
{
    if (p == NULL) {
        return false;
    }
    w->p = p;
    return true;
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

/* The stores below need room: at most 9 bytes a number, 5 a header. Each answers
 * where the next byte goes. */

static inline uint8_t *larder_write_nil(uint8_t *p)
{
    *p = 0xc0;
    return p + 1;
}

/* A nil among items that reserve their own room. Leaves room for `fixed` more bytes. */
static inline uint8_t *larder_write_absent(struct larder_writer *w, uint8_t *p, size_t fixed)
{
    p = larder_write_room(w, p, 1 + fixed);
    return p != NULL ? larder_write_nil(p) : NULL;
}

static inline uint8_t *larder_write_bool(uint8_t *p, bool value)
{
    *p = value ? 0xc3 : 0xc2;
    return p + 1;
}

/* Which width a number has takes no branch: it is shifted to the top of a word,
 * which is stored whole. */
static inline uint8_t *larder_write_wide(uint8_t *p, uint64_t value)
{
    unsigned form = (unsigned)(value > UINT8_MAX) + (value > UINT16_MAX) + (value > UINT32_MAX);
    unsigned width = 1U << form;
    p[0] = (uint8_t)(0xcc + form);
    larder_store64(p + 1, value << (64 - 8 * width));
    return p + 1 + width;
}

static inline uint8_t *larder_write_u64(uint8_t *p, uint64_t value)
{
    if (value < 0x80) {
        p[0] = (uint8_t)value;
        return p + 1;
    }
    return larder_write_wide(p, value);
}

static inline uint8_t *larder_write_i64(uint8_t *p, int64_t value)
{
    if (value >= -32 && value < 0x80) {
        p[0] = (uint8_t)value;
        return p + 1;
    }
    return LARDER_LIKELY(value >= 0) ? larder_write_wide(p, (uint64_t)value)
                                     : larder_write_negative(p, value);
}

/* As larder_read_timestamp: 8 bytes are foreseen. */
static inline uint8_t *larder_write_timestamp(uint8_t *p, int64_t value)
{
    if (LARDER_UNLIKELY(value <= UINT32_MAX)) {
        return larder_write_odd_timestamp(p, value);
    }
    p[0] = 0xcf;
    larder_store64(p + 1, (uint64_t)value);
    return p + 9;
}

static inline uint8_t *larder_write_f32(uint8_t *p, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    p[0] = 0xca;
    larder_store32(p + 1, bits);
    return p + 5;
}

static inline uint8_t *larder_write_f64(uint8_t *p, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    p[0] = 0xcb;
    larder_store64(p + 1, bits);
    return p + 9;
}

/* 18 bytes of room. */
static inline uint8_t *larder_write_uuid(uint8_t *p, struct larder_uuid value)
{
    p[0] = 0xc4;
    p[1] = sizeof value.bytes;
    memcpy(p + 2, value.bytes, sizeof value.bytes);
    return p + 2 + sizeof value.bytes;
}

/* An enumerator by its number; `count` of them are declared. */
static inline uint8_t *larder_write_enum(struct larder_writer *w, uint8_t *p, uint32_t value,
                                         uint32_t count)
{
    if (LARDER_UNLIKELY(value >= count)) {
        return larder_write_refuse(w, LARDER_E_ARG);
    }
    return larder_write_u64(p, value);
}

/* A header: `fix` is the tag of the short form for fewer than fix_count items,
 * `wide` the one with 16 bits of count, followed by the one with 32. */
static inline uint8_t *larder_write_header(uint8_t *p, size_t count, uint8_t fix, size_t fix_count,
                                           uint8_t wide)
{
    if (LARDER_LIKELY(count < fix_count)) {
        p[0] = (uint8_t)(fix | count);
        return p + 1;
    }
    if (count <= UINT16_MAX) {
        p[0] = wide;
        larder_store16(p + 1, (uint16_t)count);
        return p + 3;
    }
    p[0] = (uint8_t)(wide + 1);
    larder_store32(p + 1, (uint32_t)count);
    return p + 5;
}

/* The head of a struct, which is an array of its positions. */
static inline uint8_t *larder_write_struct(uint8_t *p, uint32_t positions)
{
    return larder_write_header(p, positions, 0x90, 16, 0xdc);
}

/* Room for a list's or map's head and for its items: `each` bytes an item where
 * all are of bounded size, else 0: then each reserves its own, absent ones too
 * (larder_write_absent). items NULL with a count is E_ARG, more than max (0: no
 * bound) as well. */
static inline uint8_t *larder_write_count(struct larder_writer *w, uint8_t *p, const void *items,
                                          size_t count, size_t max, size_t each, size_t fixed)
{
    if (LARDER_UNLIKELY((items == NULL && count != 0) || (max != 0 && count > max))) {
        return larder_write_refuse(w, LARDER_E_ARG);
    }
    /* An item takes a byte at the least. It bounds the product below, too. */
    if (LARDER_UNLIKELY(count > w->max)) {
        return larder_write_refuse(w, LARDER_E_TOO_LARGE);
    }
    return larder_write_room(w, p, LARDER_HEADER_BYTES + count * each + fixed);
}

static inline uint8_t *larder_write_list(struct larder_writer *w, uint8_t *p, const void *items,
                                         size_t count, size_t max, size_t each, size_t fixed)
{
    p = larder_write_count(w, p, items, count, max, each, fixed);
    return p != NULL ? larder_write_header(p, count, 0x90, 16, 0xdc) : NULL;
}

static inline uint8_t *larder_write_map(struct larder_writer *w, uint8_t *p, const void *entries,
                                        size_t count, size_t stride, size_t max, size_t fixed)
{
    p = larder_write_count(w, p, entries, count, max, 0, fixed);
    if (p == NULL) {
        return NULL;
    }
    p = larder_write_header(p, count, 0x80, 16, 0xde);
    if (count < 2) {
        return p;
    }
    enum larder_status status = larder_entries_check(w->allocator, entries, count, stride);
    return status == LARDER_OK ? p : larder_write_refuse(w, status);
}

/* A string of at most max bytes (0: no bound); NULL, a longer one or one that
 * is no UTF-8 is E_ARG. A short one needs LARDER_SHORT_BYTES of room; a longer one
 * reserves, and leaves room for `fixed` more bytes. */
LARDER_INLINED uint8_t *larder_write_string(struct larder_writer *w, uint8_t *p, const char *text,
                                            size_t max, size_t fixed)
{
    if (LARDER_UNLIKELY(text == NULL)) {
        return larder_write_refuse(w, LARDER_E_ARG);
    }
    size_t len = strlen(text);
    if (LARDER_UNLIKELY(len >= LARDER_SHORT_BYTES)) {
        return larder_write_long(w, p, text, len, max, fixed);
    }
    *p++ = (uint8_t)(0xa0 | len);
    if (LARDER_UNLIKELY((max != 0 && len > max) ||
                        (larder_copy_text(p, text, len) != 0 && !larder_utf8_valid(text, len)))) {
        return larder_write_refuse(w, LARDER_E_ARG);
    }
    return p + len;
}

/* The same of a list's or map's, of which there may be any number: it reserves its own. */
static inline uint8_t *larder_write_item(struct larder_writer *w, uint8_t *p, const char *text,
                                         size_t max, size_t fixed)
{
    p = larder_write_room(w, p, LARDER_SHORT_BYTES + fixed);
    return p != NULL ? larder_write_string(w, p, text, max, fixed) : NULL;
}

static inline uint8_t *larder_write_bytes(struct larder_writer *w, uint8_t *p,
                                          struct larder_bytes value, size_t max, size_t fixed)
{
    p = larder_write_count(w, p, value.data, value.len, max, 1, fixed);
    if (p == NULL) {
        return NULL;
    }
    if (value.len <= UINT8_MAX) {
        p[0] = 0xc4;
        p[1] = (uint8_t)value.len;
        p += 2;
    } else {
        p = larder_write_header(p, value.len, 0, 0, 0xc5);
    }
    if (value.len != 0) {
        memcpy(p, value.data, value.len);
    }
    return p + value.len;
}

/* A ready MessagePack value; anything else is E_ARG. */
static inline uint8_t *larder_write_any(struct larder_writer *w, uint8_t *p,
                                        struct larder_bytes value, size_t max, size_t fixed)
{
    p = larder_write_count(w, p, value.data, value.len, max, 1, fixed);
    if (p == NULL) {
        return NULL;
    }
    if (!larder_any_valid(value.data, value.len)) {
        return larder_write_refuse(w, LARDER_E_ARG);
    }
    memcpy(p, value.data, value.len);
    return p + value.len;
}

/* The same where nil means absent, and so is no value. */
static inline uint8_t *larder_write_present_any(struct larder_writer *w, uint8_t *p,
                                                struct larder_bytes value, size_t max, size_t fixed)
{
    if (value.len == 1 && value.data != NULL && value.data[0] == 0xc0) {
        return larder_write_refuse(w, LARDER_E_ARG);
    }
    return larder_write_any(w, p, value, max, fixed);
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

/* Where a value's reading begins, and after it: it ends at `at`, or failed. */
static inline struct larder_at larder_read_begin(const struct larder_reader *r)
{
    struct larder_at at = {r->p, r->tag};
    return at;
}

static inline bool larder_read_end(struct larder_reader *r, struct larder_at at)
{
    if (at.p == NULL) {
        return false;
    }
    r->p = at.p;
    r->tag = at.tag;
    return true;
}

static inline struct larder_at larder_read_failed(void)
{
    struct larder_at nowhere = {NULL, 0};
    return nowhere;
}

/* The payload bytes behind the item's tag. Only to be asked once the tag is
 * known to be a value's: at the end there is none to be behind of. */
static inline size_t larder_read_left(const struct larder_reader *r, struct larder_at at)
{
    return (size_t)(r->end - at.p) - 1;
}

/* The item at p, which is at most the end. */
static inline struct larder_at larder_read_next(uint8_t *p)
{
    struct larder_at at = {p, *p};
    return at;
}

static inline bool larder_read_enter(struct larder_reader *r)
{
    return ++r->depth <= LARDER_DEPTH_MAX;
}

static inline void larder_read_leave(struct larder_reader *r)
{
    r->depth--;
}

/* Whether there is a nil, which is then stepped over. */
static inline bool larder_read_nil(struct larder_at *at)
{
    if (at->tag != 0xc0) {
        return false;
    }
    *at = larder_read_next(at->p + 1);
    return true;
}

static inline struct larder_at larder_read_bool(const struct larder_reader *r, struct larder_at at,
                                                bool *ret_value)
{
    (void)r;
    if (LARDER_UNLIKELY((at.tag & 0xfe) != 0xc2)) {
        return larder_read_failed();
    }
    *ret_value = (at.tag & 1) != 0;
    return larder_read_next(at.p + 1);
}

/* The number that eight bits in two's complement are. */
static inline int64_t larder_sign8(uint8_t bits)
{
    return (int64_t)(bits ^ 0x80U) - 0x80;
}

/* The forms with a tag byte are 0xcc..0xcf, a number of 1, 2, 4 or 8 bytes, and
 * 0xd0..0xd3, the same signed. A whole word is loaded, and the number is what is left
 * of it after a shift: which width it has takes no branch. */

static inline struct larder_at larder_read_u64(const struct larder_reader *r, struct larder_at at,
                                               uint64_t *ret_value)
{
    if (at.tag < 0x80) {
        *ret_value = at.tag;
        return larder_read_next(at.p + 1);
    }
    unsigned form = (unsigned)at.tag - 0xccU;
    if (LARDER_UNLIKELY(form > 3)) {
        return larder_read_odd_u64(r, at, ret_value);
    }
    *ret_value = larder_load64(at.p + 1) >> (64 - (8U << form));
    return larder_read_next(at.p + 1 + ((size_t)1 << form));
}

static inline struct larder_at larder_read_i64(const struct larder_reader *r, struct larder_at at,
                                               int64_t *ret_value)
{
    if (at.tag < 0x80 || at.tag >= 0xe0) {
        *ret_value = larder_sign8(at.tag);
        return larder_read_next(at.p + 1);
    }
    unsigned form = (unsigned)at.tag - 0xccU;
    if (LARDER_UNLIKELY(form > 3)) {
        return larder_read_odd_i64(r, at, ret_value);
    }
    uint64_t value = larder_load64(at.p + 1) >> (64 - (8U << form));
    *ret_value = (int64_t)value;
    return LARDER_LIKELY(value <= INT64_MAX) ? larder_read_next(at.p + 1 + ((size_t)1 << form))
                                             : larder_read_failed();
}

/* Milliseconds since 1970. Each since February of that year has 8 bytes: where that is
 * foreseen, the item behind it needs not wait for the tag. */
static inline struct larder_at larder_read_timestamp(const struct larder_reader *r,
                                                     struct larder_at at, int64_t *ret_value)
{
    if (LARDER_UNLIKELY(at.tag != 0xcf)) {
        return larder_read_odd_timestamp(r, at, ret_value);
    }
    uint64_t value = larder_load64(at.p + 1);
    *ret_value = (int64_t)value;
    return LARDER_LIKELY(value <= INT64_MAX) ? larder_read_next(at.p + 9) : larder_read_failed();
}

/* The narrower numbers: the wide read, then the range. */
#define LARDER_READ_NARROW(name, type, wide, wide_name, low, high)                          \
    static inline struct larder_at larder_read_##name(const struct larder_reader *r,        \
                                                      struct larder_at at, type *ret_value) \
    {                                                                                       \
        wide value = 0;                                                                     \
        at = larder_read_##wide_name(r, at, &value);                                        \
        *ret_value = (type)value;                                                           \
        return LARDER_UNLIKELY(value > (high) || (low)) ? larder_read_failed() : at;        \
    }
LARDER_READ_NARROW(u8, uint8_t, uint64_t, u64, false, UINT8_MAX)
LARDER_READ_NARROW(u16, uint16_t, uint64_t, u64, false, UINT16_MAX)
LARDER_READ_NARROW(u32, uint32_t, uint64_t, u64, false, UINT32_MAX)
LARDER_READ_NARROW(i8, int8_t, int64_t, i64, value < INT8_MIN, INT8_MAX)
LARDER_READ_NARROW(i16, int16_t, int64_t, i64, value < INT16_MIN, INT16_MAX)
LARDER_READ_NARROW(i32, int32_t, int64_t, i64, value < INT32_MIN, INT32_MAX)
#undef LARDER_READ_NARROW

/* A float 64 that is also a float 32: what a newer schema writes whose field is wider. */
static inline struct larder_at larder_read_narrowed(struct larder_at at, float *ret_value)
{
    double wide;
    if (at.tag != 0xcb) {
        return larder_read_failed();
    }
    uint64_t bits = larder_load64(at.p + 1);
    memcpy(&wide, &bits, sizeof wide);
    float narrow = (float)wide;
    if ((double)narrow != wide) {
        return larder_read_failed();
    }
    *ret_value = narrow;
    return larder_read_next(at.p + 9);
}

static inline struct larder_at larder_read_f32(const struct larder_reader *r, struct larder_at at,
                                               float *ret_value)
{
    (void)r;
    if (LARDER_UNLIKELY(at.tag != 0xca)) {
        return larder_read_narrowed(at, ret_value);
    }
    uint32_t bits = larder_load32(at.p + 1);
    memcpy(ret_value, &bits, sizeof bits);
    return larder_read_next(at.p + 5);
}

static inline struct larder_at larder_read_f64(const struct larder_reader *r, struct larder_at at,
                                               double *ret_value)
{
    if (LARDER_UNLIKELY(at.tag != 0xcb)) {
        float narrow = 0;
        at = larder_read_f32(r, at, &narrow);
        *ret_value = (double)narrow;
        return at;
    }
    uint64_t bits = larder_load64(at.p + 1);
    memcpy(ret_value, &bits, sizeof bits);
    return larder_read_next(at.p + 9);
}

/* An enumerator's number; one that is not declared here is malformed. */
static inline struct larder_at larder_read_enum(const struct larder_reader *r, struct larder_at at,
                                                uint32_t count, uint32_t *ret_value)
{
    at = larder_read_u32(r, at, ret_value);
    return LARDER_LIKELY(*ret_value < count) ? at : larder_read_failed();
}

/* A length behind a tag: of `width` (1, 2, 4) bytes. */
static inline bool larder_read_length(const struct larder_reader *r, struct larder_at at,
                                      size_t width, size_t *ret_len)
{
    if (larder_read_left(r, at) < width) {
        return false;
    }
    const uint8_t *p = at.p + 1;
    *ret_len = width == 1 ? *p : width == 2 ? larder_load16(p) : larder_load32(p);
    return true;
}

/* A string of at most max bytes (0: no bound), terminated where it stands. */
LARDER_INLINED struct larder_at larder_read_string(const struct larder_reader *r,
                                                   struct larder_at at, size_t max,
                                                   const char **ret_value)
{
    if (LARDER_UNLIKELY((at.tag & 0xe0) != 0xa0)) {
        return larder_read_long(r, at, max, ret_value);
    }
    size_t len = at.tag & 31U;
    char *text = (char *)at.p + 1;
    if (LARDER_UNLIKELY(len > larder_read_left(r, at) || (max != 0 && len > max) ||
                        !larder_text_ok(text, len))) {
        return larder_read_failed();
    }
    *ret_value = text;
    at = larder_read_next(at.p + 1 + len);
    *at.p = 0;
    return at;
}

static inline struct larder_at larder_read_bytes(const struct larder_reader *r, struct larder_at at,
                                                 size_t max, struct larder_bytes *ret_value)
{
    size_t len;
    unsigned form = (unsigned)at.tag - 0xc4U;
    if (LARDER_UNLIKELY(form > 2 || !larder_read_length(r, at, (size_t)1 << form, &len))) {
        return larder_read_failed();
    }
    size_t head = 1 + ((size_t)1 << form);
    if (LARDER_UNLIKELY(len > (size_t)(r->end - at.p) - head || (max != 0 && len > max))) {
        return larder_read_failed();
    }
    ret_value->data = at.p + head;
    ret_value->len = len;
    return larder_read_next(at.p + head + len);
}

static inline struct larder_at larder_read_uuid(const struct larder_reader *r, struct larder_at at,
                                                struct larder_uuid *ret_value)
{
    struct larder_bytes bytes = {NULL, 0};
    at = larder_read_bytes(r, at, 0, &bytes);
    if (LARDER_UNLIKELY(bytes.len != sizeof ret_value->bytes)) {
        return larder_read_failed();
    }
    memcpy(ret_value->bytes, bytes.data, sizeof ret_value->bytes);
    return at;
}

/* A list's or map's head: how many items, each of which has `least` bytes at
 * the least. */
static inline struct larder_at larder_read_count(const struct larder_reader *r, struct larder_at at,
                                                 uint8_t fix, uint8_t wide, size_t least,
                                                 size_t max, size_t *ret_count)
{
    if (LARDER_LIKELY((at.tag & 0xf0) == fix)) {
        *ret_count = at.tag & 15U;
        at = larder_read_next(at.p + 1);
    } else {
        at = larder_read_wide(r, at, wide, ret_count);
        if (at.p == NULL) {
            return at;
        }
    }
    if (LARDER_UNLIKELY(*ret_count > (size_t)(r->end - at.p) / least ||
                        (max != 0 && *ret_count > max))) {
        return larder_read_failed();
    }
    return at;
}

static inline struct larder_at larder_read_list(const struct larder_reader *r, struct larder_at at,
                                                size_t max, size_t *ret_count)
{
    return larder_read_count(r, at, 0x90, 0xdc, 1, max, ret_count);
}

static inline struct larder_at larder_read_map(const struct larder_reader *r, struct larder_at at,
                                               size_t max, size_t *ret_count)
{
    return larder_read_count(r, at, 0x80, 0xde, 2, max, ret_count);
}

/* A struct's head: how many positions were written, `least` of which must be there.
 * Nothing is taken for them beforehand, so they are not held against what is left. */
static inline struct larder_at larder_read_struct(const struct larder_reader *r,
                                                  struct larder_at at, size_t least,
                                                  size_t *ret_count)
{
    if (least < 16 && LARDER_LIKELY((at.tag & 0xf0) == 0x90)) {
        *ret_count = at.tag & 15U;
        at = larder_read_next(at.p + 1);
    } else if (LARDER_LIKELY(at.tag == 0xdc)) {
        *ret_count = larder_load16(at.p + 1);
        at = larder_read_next(at.p + 3);
    } else {
        at = larder_read_wide(r, at, 0xdc, ret_count);
    }
    return LARDER_LIKELY(*ret_count >= least) ? at : larder_read_failed();
}

/* Steps over the positions that this binary does not know. */
static inline struct larder_at larder_read_rest(const struct larder_reader *r, struct larder_at at,
                                                size_t count, size_t known)
{
    for (; LARDER_UNLIKELY(count > known) && at.p != NULL; count--) {
        at = larder_read_skip(r, at);
    }
    return at;
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
