/* SPDX-License-Identifier: MIT */
/*
 * Values whose type nobody declared: positions to step over, and `any`; numbers
 * that codec.h does not read inline.
 *
 * DESIGN. One table says what follows each tag. A value is walked item by
 * item; what is open is a number (how many items are still to come) or, where
 * depth is bounded, a short stack of numbers. So no input recurses, and each
 * step consumes a byte.
 */
#include <larder/codec.h>

/* What follows a tag of 0xc0..0xdf. */
struct item_form {
    uint8_t fixed; /* bytes that always do */
    uint8_t width; /* bytes of a length or count */
    uint8_t each;  /* items a count: 1 of an array, 2 of a map; 0: it is a length in bytes */
    bool none;     /* there is no such tag */
};

/* clang-format off */
static const struct item_form item_forms[] = {
    [0xc0 - 0xc0] = {0, 0, 0, false}, /* nil */
    [0xc1 - 0xc0] = {0, 0, 0, true},
    [0xc2 - 0xc0] = {0, 0, 0, false}, /* false */
    [0xc3 - 0xc0] = {0, 0, 0, false}, /* true */
    [0xc4 - 0xc0] = {0, 1, 0, false}, /* bin */
    [0xc5 - 0xc0] = {0, 2, 0, false},
    [0xc6 - 0xc0] = {0, 4, 0, false},
    [0xc7 - 0xc0] = {1, 1, 0, false}, /* ext: its type behind the length */
    [0xc8 - 0xc0] = {1, 2, 0, false},
    [0xc9 - 0xc0] = {1, 4, 0, false},
    [0xca - 0xc0] = {4, 0, 0, false}, /* float */
    [0xcb - 0xc0] = {8, 0, 0, false},
    [0xcc - 0xc0] = {1, 0, 0, false}, /* uint */
    [0xcd - 0xc0] = {2, 0, 0, false},
    [0xce - 0xc0] = {4, 0, 0, false},
    [0xcf - 0xc0] = {8, 0, 0, false},
    [0xd0 - 0xc0] = {1, 0, 0, false}, /* int */
    [0xd1 - 0xc0] = {2, 0, 0, false},
    [0xd2 - 0xc0] = {4, 0, 0, false},
    [0xd3 - 0xc0] = {8, 0, 0, false},
    [0xd4 - 0xc0] = {2, 0, 0, false}, /* fixext: type and data */
    [0xd5 - 0xc0] = {3, 0, 0, false},
    [0xd6 - 0xc0] = {5, 0, 0, false},
    [0xd7 - 0xc0] = {9, 0, 0, false},
    [0xd8 - 0xc0] = {17, 0, 0, false},
    [0xd9 - 0xc0] = {0, 1, 0, false}, /* str */
    [0xda - 0xc0] = {0, 2, 0, false},
    [0xdb - 0xc0] = {0, 4, 0, false},
    [0xdc - 0xc0] = {0, 2, 1, false}, /* array */
    [0xdd - 0xc0] = {0, 4, 1, false},
    [0xde - 0xc0] = {0, 2, 2, false}, /* map */
    [0xdf - 0xc0] = {0, 4, 2, false},
};
/* clang-format on */

struct item {
    uint64_t bytes; /* with its tag, without the items in it */
    uint64_t items; /* in it */
    bool container;
};

static uint64_t load_length(const uint8_t *at, size_t width)
{
    return width == 1 ? *at : width == 2 ? larder_load16(at) : width == 4 ? larder_load32(at) : 0;
}

/* The forms that hold their length in the tag. */
static struct item short_item(uint8_t tag)
{
    if (tag >= 0xa0 && tag < 0xc0) {
        return (struct item){.bytes = 1 + (tag & 31U)};
    }
    if (tag >= 0x80 && tag < 0xa0) {
        return (struct item){1, (tag & 15U) * (tag < 0x90 ? 2U : 1U), true};
    }
    return (struct item){.bytes = 1};
}

/* The item at p, whose first byte is (or was) `tag`. False: none, or cut off. */
static bool item_at(const uint8_t *p, const uint8_t *end, uint8_t tag, struct item *ret_item)
{
    uint64_t left = (uint64_t)(end - p);
    *ret_item = (struct item){0};
    if (left == 0) {
        return false;
    }
    if (tag < 0xc0 || tag >= 0xe0) {
        *ret_item = short_item(tag);
        return ret_item->bytes <= left;
    }
    const struct item_form *form = &item_forms[tag - 0xc0];
    if (form->none || left < 1U + form->width) {
        return false;
    }
    uint64_t length = load_length(p + 1, form->width);
    ret_item->container = form->each != 0;
    ret_item->items = length * form->each;
    ret_item->bytes = 1U + form->width + form->fixed + (form->each == 0 ? length : 0);
    return ret_item->bytes <= left;
}

struct larder_at larder_read_skip(const struct larder_reader *r, struct larder_at at)
{
    uint8_t *p = at.p;
    uint8_t tag = at.tag;
    uint64_t pending = 1;
    while (pending != 0) {
        struct item item;
        if (!item_at(p, r->end, tag, &item)) {
            return larder_read_failed();
        }
        p += item.bytes;
        pending += item.items - 1;
        /* Every item still to come takes a byte at the least. */
        if (pending > (uint64_t)(r->end - p)) {
            return larder_read_failed();
        }
        tag = *p;
    }
    return larder_read_next(p);
}

/* How many bytes the value at p takes; 0: it is none, or too deep. */
static size_t any_length(const uint8_t *p, const uint8_t *end, uint8_t tag)
{
    uint64_t open[LARDER_DEPTH_MAX]; /* items still to come in each container around p */
    size_t depth = 0;
    const uint8_t *start = p;
    for (;;) {
        struct item item;
        if (!item_at(p, end, tag, &item) || (item.container && depth == LARDER_DEPTH_MAX)) {
            return 0;
        }
        p += item.bytes;
        if (item.items != 0) {
            open[depth++] = item.items;
        } else {
            while (depth != 0 && --open[depth - 1] == 0) {
                depth--;
            }
        }
        if (depth == 0) {
            return (size_t)(p - start);
        }
        if (p == end) {
            return 0;
        }
        tag = *p;
    }
}

bool larder_any_valid(const uint8_t *data, size_t len)
{
    return len != 0 && any_length(data, data + len, data[0]) == len;
}

struct larder_at larder_read_any(struct larder_reader *r, struct larder_at at,
                                 struct larder_bytes *ret_value)
{
    uint8_t *data = at.p;
    size_t len = any_length(data, r->end, at.tag);
    *ret_value = (struct larder_bytes){NULL, 0};
    if (len == 0) {
        return larder_read_failed();
    }
    if (*data != at.tag) {
        if (len > (size_t)(r->slots_end - r->slots)) {
            r->short_of_slots = true;
            return larder_read_failed();
        }
        r->slots_end -= len;
        data = memcpy(r->slots_end, data, len);
        data[0] = at.tag;
    }
    *ret_value = (struct larder_bytes){data, len};
    return larder_read_next(at.p + len);
}

/* ----------------------------------------------------------------- numbers */

/* The number behind one of the tags 0xcc..0xd3 (0xcc..0xcf unsigned), and where it
 * ends; NULL: no such tag, or cut off. */
static uint8_t *wide_number(const struct larder_reader *r, struct larder_at at, uint64_t *ret_bits)
{
    unsigned form = (unsigned)at.tag - 0xccU;
    size_t width = (size_t)1 << (form & 3);
    if (form > 7 || larder_read_left(r, at) < width) {
        return NULL;
    }
    const uint8_t *p = at.p + 1;
    *ret_bits = width == 8 ? larder_load64(p) : load_length(p, width);
    if (form >= 4 && width < 8) {
        uint64_t sign = UINT64_C(1) << (8 * width - 1);
        *ret_bits = (*ret_bits ^ sign) - sign;
    }
    return at.p + 1 + width;
}

struct larder_at larder_read_odd_u64(const struct larder_reader *r, struct larder_at at,
                                     uint64_t *ret_value)
{
    uint64_t bits = 0;
    uint8_t *end = wide_number(r, at, &bits);
    *ret_value = bits;
    /* Others may write a positive number in a signed form. */
    bool negative = at.tag >= 0xd0 && bits > INT64_MAX;
    return end != NULL && !negative ? larder_read_next(end) : larder_read_failed();
}

struct larder_at larder_read_odd_i64(const struct larder_reader *r, struct larder_at at,
                                     int64_t *ret_value)
{
    uint64_t bits = 0;
    uint8_t *end = wide_number(r, at, &bits);
    *ret_value = (int64_t)bits;
    bool too_large = at.tag < 0xd0 && bits > INT64_MAX;
    return end != NULL && !too_large ? larder_read_next(end) : larder_read_failed();
}

struct larder_at larder_read_odd_timestamp(const struct larder_reader *r, struct larder_at at,
                                           int64_t *ret_value)
{
    return larder_read_i64(r, at, ret_value);
}

/* ------------------------------------------------------------------- heads */

struct larder_at larder_read_wide(const struct larder_reader *r, struct larder_at at, uint8_t wide,
                                  size_t *ret_count)
{
    size_t width = at.tag == wide ? 2 : at.tag == wide + 1 ? 4 : 0;
    *ret_count = 0;
    if (width == 0 || !larder_read_length(r, at, width, ret_count)) {
        return larder_read_failed();
    }
    return larder_read_next(at.p + 1 + width);
}

struct larder_at larder_read_long(const struct larder_reader *r, struct larder_at at, size_t max,
                                  const char **ret_value)
{
    size_t len;
    unsigned form = (unsigned)at.tag - 0xd9U;
    size_t width = (size_t)1 << (form & 3);
    if (form > 2 || !larder_read_length(r, at, width, &len) ||
        len > larder_read_left(r, at) - width || (max != 0 && len > max)) {
        return larder_read_failed();
    }
    char *text = (char *)at.p + 1 + width;
    if (!larder_utf8_valid(text, len)) {
        return larder_read_failed();
    }
    *ret_value = text;
    at = larder_read_next((uint8_t *)text + len);
    *at.p = 0;
    return at;
}
