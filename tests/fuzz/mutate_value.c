/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer's mutations for fuzz_value.c: half of them keep to whole items of
 * MessagePack, which are replaced, copied, exchanged, removed. The rest are
 * libFuzzer's own.
 */
#include <stdlib.h>
#include <string.h>

#include "value_types.h"

enum { ITEMS_MAX = 256, ITEM_BYTES_MAX = 64 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

#define ITEM(text)             \
    {                          \
        sizeof(text) - 1, text \
    }

static const struct {
    size_t len;
    const char *bytes;
} items[] = {
    ITEM("\xc0"),
    ITEM("\xc2"),
    ITEM("\xc3"),
    ITEM("\x00"),
    ITEM("\x02"),
    ITEM("\x03"),
    ITEM("\x7f"),
    ITEM("\xff"),
    ITEM("\xe0"),
    ITEM("\xcc\xff"),
    ITEM("\xcd\x01\x00"),
    ITEM("\xce\x00\x01\x00\x00"),
    ITEM("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
    ITEM("\xcf\x00\x00\x00\x00\x00\x00\x00\x01"),
    ITEM("\xd0\x80"),
    ITEM("\xd1\x80\x00"),
    ITEM("\xd2\x80\x00\x00\x00"),
    ITEM("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"),
    ITEM("\xd3\x00\x00\x00\x00\x00\x00\x00\x01"),
    ITEM("\xca\x7f\xa0\x00\x01"),
    ITEM("\xca\x3f\xc0\x00\x00"),
    ITEM("\xcb\x7f\xf0\x00\x00\x00\x00\x00\x01"),
    ITEM("\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00"),
    ITEM("\xa0"),
    ITEM("\xa3tea"),
    ITEM("\xd9\x03tea"),
    ITEM("\xda\x00\x03tea"),
    ITEM("\xdb\x00\x00\x00\x03tea"),
    ITEM("\xa4\xf0\x9f\x8d\xb5"),
    ITEM("\xa3\xed\xa0\x80"),
    ITEM("\xa1\x00"),
    ITEM("\xd9\x25plain ascii and then, at the end, \xc3\xa9"),
    ITEM("\xc4\x00"),
    ITEM("\xc4\x03\x00\xff\x00"),
    ITEM("\xc4\x10                "),
    ITEM("\xc5\x00\x10                "),
    ITEM("\xc6\x00\x00\x00\x02\xc1\xc1"),
    ITEM("\xc7\x00\x05"),
    ITEM("\xd4\x01\x00"),
    ITEM("\xd8\x01                "),
    ITEM("\x90"),
    ITEM("\x92\x01\xc0"),
    ITEM("\xdc\x00\x01\x07"),
    ITEM("\xdd\x00\x00\x00\x01\xa1x"),
    ITEM("\x80"),
    ITEM("\x81\xa1k\x07"),
    ITEM("\x82\xa1k\x07\xd9\x01k\x07"),
    ITEM("\xde\x00\x01\xa1k\xa1v"),
    ITEM("\xdf\x00\x00\x00\x01\xa1k\xc3"),
    ITEM("\x93\x07\xa3oak\x02"),
    ITEM("\x92\x07\xa3oak"),
    ITEM("\x94\xa4twig\xc0\x90\x80"),
    ITEM("\xdd\xff\xff\xff\xff"),
    ITEM("\xdb\xff\xff\xff\xff"),
};

struct piece {
    size_t at, len;
};

/* Items of the body, those in others too. */
static size_t find_items(const uint8_t *data, size_t size, struct piece *found)
{
    size_t count = 0;
    for (size_t at = 1; at < size && count < ITEMS_MAX;) {
        struct span span = span_at(data + at, size - at);
        if (span.len != 0) {
            found[count++] = (struct piece){at, span.len};
        }
        /* Into a container behind its head; over anything else. */
        uint8_t tag = data[at];
        size_t head = tag >= 0xdc && tag <= 0xdf ? (tag & 1U ? 5 : 3) : 1;
        at += span.len != 0 && span.depth == 0 ? span.len : head;
    }
    return count;
}

/* Puts `len` bytes in the place of a piece; the new size. */
static size_t put(uint8_t *data, size_t size, size_t max_size, struct piece piece,
                  const uint8_t *bytes, size_t len)
{
    size_t behind = size - piece.at - piece.len;
    if (piece.at + len + behind > max_size) {
        return size;
    }
    memmove(data + piece.at + len, data + piece.at + piece.len, behind);
    memcpy(data + piece.at, bytes, len);
    return piece.at + len + behind;
}

static size_t mutate_item(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static struct piece found[ITEMS_MAX];
    uint8_t copy[ITEM_BYTES_MAX];
    size_t count = find_items(data, size, found);
    if (count == 0) {
        return size;
    }
    unsigned what = seed % 4;
    unsigned chance = seed / 4;
    struct piece one = found[chance % count], other = found[chance / 256 % count];
    size_t len = other.len < sizeof copy ? other.len : 0;
    memcpy(copy, data + other.at, len);
    if (what < 2) {
        size_t i = chance / 256 % (sizeof items / sizeof items[0]);
        return put(data, size, max_size, one, (const uint8_t *)items[i].bytes, items[i].len);
    }
    if (what == 2) {
        return put(data, size, max_size, one, copy, len);
    }
    /* Inserted: what the container counts is left to libFuzzer. */
    return put(data, size, max_size, (struct piece){one.at, 0}, copy, len);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    if (size > 1 && seed % 2 == 0) {
        size = mutate_item(data, size, max_size, seed / 2);
        return seed / 2 % 8 == 0 ? LLVMFuzzerMutate(data, size, max_size) : size;
    }
    return LLVMFuzzerMutate(data, size, max_size);
}
