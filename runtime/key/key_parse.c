/* SPDX-License-Identifier: MIT */
#include "key/key.h"

#include <string.h>

#include "key/key_escape.h"

enum { NO_DIGIT = 16 };

/* `ten` is the digit after '9': 'A' or 'a'. */
static unsigned hex_digit(char c, char ten)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    return c >= ten && c < ten + 6 ? (unsigned)(c - ten) + 10 : NO_DIGIT;
}

/* The byte that two digits spell; false where one is none. */
static bool hex_byte(const char *text, char ten, unsigned char *ret_byte)
{
    unsigned high = hex_digit(text[0], ten);
    unsigned low = hex_digit(text[1], ten);
    *ret_byte = (unsigned char)(high << 4 | low);
    return high < NO_DIGIT && low < NO_DIGIT;
}

/* One byte from the front of text: how many bytes of text it took, 0 where it
 * is not as larder_key_string writes it. */
static size_t unescape_one(const char *text, size_t len, unsigned char *ret_byte)
{
    *ret_byte = (unsigned char)text[0];
    if (text[0] != '%') {
        return larder_key_is_plain(*ret_byte) ? 1 : 0;
    }
    if (len < 3 || !hex_byte(text + 1, 'A', ret_byte)) {
        return 0;
    }
    return *ret_byte != 0 && !larder_key_is_plain(*ret_byte) ? 3 : 0;
}

enum larder_status larder_key_unescape(const char *text, size_t len, char *buf, size_t size,
                                       size_t *ret_len)
{
    size_t n = 0;
    *ret_len = 0;
    if (len == 0) {
        return LARDER_E_ARG;
    }
    bool empty = len == 1 && text[0] == '%';
    for (size_t i = 0; !empty && i < len; n++) {
        unsigned char byte;
        size_t took = unescape_one(text + i, len - i, &byte);
        if (took == 0) {
            return LARDER_E_ARG;
        }
        if (n < size) {
            buf[n] = (char)byte;
        }
        i += took;
    }
    if (n >= size) {
        return LARDER_E_TOO_LARGE;
    }
    buf[n] = '\0';
    *ret_len = n;
    return LARDER_OK;
}

bool larder_key_parse_u64(const char *text, size_t len, uint64_t *ret_value)
{
    uint64_t value = 0;
    *ret_value = 0;
    if (len == 0 || (text[0] == '0' && len > 1)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned digit = hex_digit(text[i], 'A');
        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            return false;
        }
    }
    *ret_value = value;
    return true;
}

bool larder_key_parse_i64(const char *text, size_t len, int64_t *ret_value)
{
    uint64_t magnitude;
    *ret_value = 0;
    bool negative = len != 0 && text[0] == '-';
    size_t sign = negative ? 1 : 0;
    if (!larder_key_parse_u64(text + sign, len - sign, &magnitude)) {
        return false;
    }
    if (negative ? magnitude == 0 || magnitude > (uint64_t)INT64_MAX + 1 : magnitude > INT64_MAX) {
        return false;
    }
    *ret_value = (int64_t)(negative ? 0 - magnitude : magnitude);
    return true;
}

bool larder_key_parse_bool(const char *text, size_t len, bool *ret_value)
{
    *ret_value = len == 4 && memcmp(text, "true", 4) == 0;
    return *ret_value || (len == 5 && memcmp(text, "false", 5) == 0);
}

bool larder_key_parse_uuid(const char *text, size_t len, struct larder_uuid *ret_value)
{
    struct larder_uuid value;
    memset(ret_value, 0, sizeof *ret_value);
    if (len != 36) {
        return false;
    }
    for (size_t i = 0; i < sizeof value.bytes; i++) {
        bool group = i == 4 || i == 6 || i == 8 || i == 10;
        if (group && *text++ != '-') {
            return false;
        }
        if (!hex_byte(text, 'a', &value.bytes[i])) {
            return false;
        }
        text += 2;
    }
    *ret_value = value;
    return true;
}
