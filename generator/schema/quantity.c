/* SPDX-License-Identifier: MIT */
#include "schema/quantity.h"

#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit durations[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
};
static const struct unit sizes[] = {
    {"", 1}, {"B", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824},
};

static size_t digits_of(const char *text, size_t len)
{
    size_t count = 0;
    while (count < len && text[count] >= '0' && text[count] <= '9') {
        count++;
    }
    return count;
}

/* All of text is digits, at least one, no leading zero. */
static enum quantity decimal(const char *text, size_t len, uint64_t *ret_value)
{
    uint64_t value = 0;
    *ret_value = 0;
    if (len == 0 || digits_of(text, len) != len || (len > 1 && text[0] == '0')) {
        return QUANTITY_MALFORMED;
    }
    for (size_t i = 0; i < len; i++) {
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return QUANTITY_OVERFLOW;
        }
        value = value * 10 + digit;
    }
    *ret_value = value;
    return QUANTITY_OK;
}

/* A number and a unit of `units`. */
static enum quantity with_unit(const char *text, size_t len, const struct unit *units,
                               size_t unit_count, int64_t *ret_value)
{
    uint64_t number;
    size_t digits = digits_of(text, len);
    enum quantity result = decimal(text, digits, &number);
    if (result != QUANTITY_OK) {
        return result;
    }
    for (size_t i = 0; i < unit_count; i++) {
        if (strlen(units[i].name) == len - digits &&
            memcmp(units[i].name, text + digits, len - digits) == 0) {
            if (number > (uint64_t)(INT64_MAX / units[i].factor)) {
                return QUANTITY_OVERFLOW;
            }
            *ret_value = (int64_t)number * units[i].factor;
            return QUANTITY_OK;
        }
    }
    return digits == len ? QUANTITY_NO_UNIT : QUANTITY_UNKNOWN_UNIT;
}

enum quantity quantity_duration(const char *text, size_t len, int64_t *ret_ms)
{
    bool negative = len > 0 && text[0] == '-';
    *ret_ms = 0;
    enum quantity result = with_unit(text + negative, len - negative, durations,
                                     sizeof durations / sizeof *durations, ret_ms);
    if (negative) {
        *ret_ms = -*ret_ms;
    }
    return result;
}

enum quantity quantity_size(const char *text, size_t len, int64_t *ret_bytes)
{
    *ret_bytes = 0;
    return with_unit(text, len, sizes, sizeof sizes / sizeof *sizes, ret_bytes);
}

enum quantity quantity_percent(const char *text, size_t len, int64_t *ret_ppm)
{
    uint64_t whole;
    size_t digits = digits_of(text, len);
    *ret_ppm = 0;
    enum quantity result = decimal(text, digits, &whole);
    if (result != QUANTITY_OK) {
        return result;
    }
    if (digits == len) {
        return QUANTITY_NO_UNIT;
    }
    uint64_t decimals = 0;
    size_t at = digits;
    if (text[at] == '.') {
        size_t count = digits_of(text + at + 1, len - at - 1);
        if (count == 0 || count > 4) {
            return QUANTITY_MALFORMED;
        }
        for (size_t i = 0; i < 4; i++) {
            decimals = decimals * 10 + (i < count ? (uint64_t)(text[at + 1 + i] - '0') : 0);
        }
        at += 1 + count;
    }
    if (len - at != 1 || text[at] != '%') {
        return at == len ? QUANTITY_NO_UNIT : QUANTITY_UNKNOWN_UNIT;
    }
    if (whole > 1000000) {
        return QUANTITY_OVERFLOW;
    }
    *ret_ppm = (int64_t)(whole * 10000 + decimals);
    return QUANTITY_OK;
}

enum quantity quantity_natural(const char *text, size_t len, uint64_t *ret_natural)
{
    return decimal(text, len, ret_natural);
}

enum quantity quantity_integer(const char *text, size_t len, int64_t *ret_integer)
{
    uint64_t magnitude;
    bool negative = len > 0 && text[0] == '-';
    *ret_integer = 0;
    enum quantity result = decimal(text + negative, len - negative, &magnitude);
    if (result != QUANTITY_OK) {
        return result;
    }
    if (magnitude > (uint64_t)INT64_MAX + (negative ? 1u : 0u)) {
        return QUANTITY_OVERFLOW;
    }
    *ret_integer =
        negative ? -(int64_t)(magnitude - (magnitude != 0)) - (magnitude != 0) : (int64_t)magnitude;
    return QUANTITY_OK;
}

/* [-] digits [. digits] [e [+-] digits]: what JSON calls a number. */
static bool is_real(const char *text, size_t len)
{
    size_t at = len > 0 && text[0] == '-' ? 1 : 0;
    size_t digits = digits_of(text + at, len - at);
    if (digits == 0 || (digits > 1 && text[at] == '0')) {
        return false;
    }
    at += digits;
    if (at < len && text[at] == '.') {
        digits = digits_of(text + at + 1, len - at - 1);
        at += 1 + digits;
        if (digits == 0) {
            return false;
        }
    }
    if (at < len && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        at += at < len && (text[at] == '+' || text[at] == '-') ? 1 : 0;
        digits = digits_of(text + at, len - at);
        at += digits;
        if (digits == 0) {
            return false;
        }
    }
    return at == len;
}

enum quantity quantity_real(const char *text, size_t len, double *ret_real)
{
    enum { TEXT_MAX = 400 };
    char copy[TEXT_MAX + 1];
    *ret_real = 0;
    if (len > TEXT_MAX || !is_real(text, len)) {
        return QUANTITY_MALFORMED;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    /* strtod reads the locale's decimal point: this is a program, but also a library of tests. */
    locale_t c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0) {
        return QUANTITY_MALFORMED;
    }
    double value = strtod_l(copy, NULL, c_locale);
    freelocale(c_locale);
    if (!isfinite(value)) {
        return QUANTITY_OVERFLOW;
    }
    *ret_real = value;
    return QUANTITY_OK;
}
