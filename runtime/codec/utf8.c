/* SPDX-License-Identifier: MIT */
#include <larder/codec.h>

static bool continues(uint8_t c)
{
    return (c & 0xc0) == 0x80;
}

/* Three bytes: no shorter form would do, and no half of a surrogate pair. */
static bool is_three(const uint8_t *p)
{
    uint32_t point = (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);
    return continues(p[1]) && continues(p[2]) && point >= 0x800 && (point & 0xf800) != 0xd800;
}

static bool is_four(const uint8_t *p)
{
    uint32_t point =
        (p[0] & 0x07U) << 18 | (p[1] & 0x3fU) << 12 | (p[2] & 0x3fU) << 6 | (p[3] & 0x3fU);
    return continues(p[1]) && continues(p[2]) && continues(p[3]) && point >= 0x10000 &&
           point <= 0x10ffff;
}

/* The length of the character at p, 0 where there is none; left >= 1. */
static size_t character(const uint8_t *p, size_t left)
{
    if (p[0] < 0x80) {
        return p[0] != 0 ? 1 : 0;
    }
    if (p[0] < 0xe0) {
        return left >= 2 && p[0] >= 0xc2 && continues(p[1]) ? 2 : 0;
    }
    if (p[0] < 0xf0) {
        return left >= 3 && is_three(p) ? 3 : 0;
    }
    return left >= 4 && p[0] < 0xf8 && is_four(p) ? 4 : 0;
}

/* Whether all is plain ASCII, told in words, of which the last may overlap. */
static bool is_plain(const char *text, size_t len)
{
    uint64_t marks = 0;
    if (len < LARDER_WORD_BYTES) {
        return false;
    }
    size_t last = len - LARDER_WORD_BYTES;
    for (size_t i = 0; i < last; i += LARDER_WORD_BYTES) {
        marks |= larder_word_marks(larder_load_word(text + i));
    }
    return (marks | larder_word_marks(larder_load_word(text + last))) == 0;
}

/* How many of the bytes at p are plain ASCII, told eight at a time. */
static size_t plain_run(const uint8_t *p, size_t left)
{
    size_t i = 0;
    uint64_t word;
    for (; left - i >= sizeof word; i += sizeof word) {
        memcpy(&word, p + i, sizeof word);
        if (larder_word_marks(word) != 0) {
            break;
        }
    }
    return i;
}

bool larder_utf8_valid(const char *text, size_t len)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t i = 0;
    if (LARDER_LIKELY(is_plain(text, len))) {
        return true;
    }
    while (i < len) {
        size_t n = p[i] < 0x80 ? plain_run(p + i, len - i) : 0;
        if (n == 0) {
            n = character(p + i, len - i);
        }
        if (n == 0) {
            return false;
        }
        i += n;
    }
    return true;
}
