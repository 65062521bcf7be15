/* SPDX-License-Identifier: MIT */
#include "base/unicode.h"

#include <string.h>

struct range {
    uint32_t first;
    uint32_t last;
};

static const struct range no_width[] = {
    {0x0300, 0x036F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F},
    {0x2060, 0x2064}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
};

static const struct range double_width[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};

static const struct range not_printable[] = {
    {0x0000, 0x001F}, {0x007F, 0x009F}, {0x061C, 0x061C}, {0x200E, 0x200F}, {0x2028, 0x202E},
    {0x2066, 0x2069}, {0xD800, 0xDFFF}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool is_in(uint32_t code, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count && code >= ranges[i].first; i++) {
        if (code <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* What the first byte says: how long, and which of its bits belong to the code. */
static size_t lead(unsigned char byte, uint32_t *ret_bits)
{
    static const struct {
        unsigned char mask, value;
    } forms[] = {{0x80, 0x00}, {0xE0, 0xC0}, {0xF0, 0xE0}, {0xF8, 0xF0}};
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        if ((byte & forms[i].mask) == forms[i].value) {
            *ret_bits = byte & (unsigned char)~forms[i].mask;
            return i + 1;
        }
    }
    return 0;
}

size_t unicode_decode(const char *data, size_t len, uint32_t *ret_code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)data;
    uint32_t code = 0;
    *ret_code = 0xFFFD;
    size_t size = lead(bytes[0], &code);
    if (!size || size > len) {
        return 0;
    }
    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 0;
        }
        code = code << 6 | (bytes[i] & 0x3F);
    }
    if (code < least[size] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
        return 0;
    }
    *ret_code = code;
    return size;
}

int unicode_width(uint32_t code)
{
    if (is_in(code, no_width, COUNT_OF(no_width))) {
        return 0;
    }
    return is_in(code, double_width, COUNT_OF(double_width)) ? 2 : 1;
}

bool unicode_is_printable(uint32_t code)
{
    return code <= 0x10FFFF && !is_in(code, not_printable, COUNT_OF(not_printable));
}

size_t unicode_bom(const char *data, size_t len)
{
    return len >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}
