/* SPDX-License-Identifier: MIT */
#include "codec/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <larder/codec.h>

void larder_json_init(struct larder_json *json, char *buf, size_t size)
{
    *json = (struct larder_json){.buf = buf, .size = size};
}

bool larder_json_end(struct larder_json *json)
{
    bool fits = json->len < json->size;
    if (json->size != 0) {
        json->buf[fits ? json->len : 0] = '\0';
    }
    return fits;
}

void larder_json_raw(struct larder_json *json, const char *text, size_t len)
{
    if (json->len < json->size) {
        size_t left = json->size - json->len;
        memcpy(json->buf + json->len, text, len < left ? len : left);
    }
    json->len += len;
}

static void put(struct larder_json *json, char c)
{
    larder_json_raw(json, &c, 1);
}

/* ------------------------------------------------------------------- texts */

/* What stands behind the backslash; 0: \u00XX. */
static const char short_escapes[0x20] = {
    ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};

static bool needs_escape(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

static void put_escaped(struct larder_json *json, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    char text[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
    bool is_short = c >= 0x20 || short_escapes[c] != 0;
    if (is_short) {
        text[1] = c >= 0x20 ? (char)c : short_escapes[c];
    }
    larder_json_raw(json, text, is_short ? 2 : sizeof text);
}

/* The inside of a string; the text is UTF-8, but for NULs. */
static void put_text(struct larder_json *json, const char *text, size_t len)
{
    size_t from = 0;
    for (size_t i = 0; i < len; i++) {
        if (needs_escape((unsigned char)text[i])) {
            larder_json_raw(json, text + from, i - from);
            put_escaped(json, (unsigned char)text[i]);
            from = i + 1;
        }
    }
    larder_json_raw(json, text + from, len - from);
}

bool larder_json_string(struct larder_json *json, const char *text)
{
    size_t len = strlen(text);
    if (!larder_utf8_valid(text, len)) {
        return false;
    }
    put(json, '"');
    put_text(json, text, len);
    put(json, '"');
    return true;
}

/* The length of the character at text, 0 where there is none; len >= 1. */
static size_t character(const char *text, size_t len)
{
    if (*text == '\0') {
        return 1;
    }
    for (size_t n = 1; n <= 4 && n <= len; n++) {
        if (larder_utf8_valid(text, n)) {
            return n;
        }
    }
    return 0;
}

void larder_json_text(struct larder_json *json, const char *text, size_t len)
{
    static const char unknown[] = "\xef\xbf\xbd"; /* U+FFFD */
    put(json, '"');
    if (larder_utf8_valid(text, len)) {
        put_text(json, text, len);
        len = 0;
    }
    for (size_t i = 0; i < len;) {
        size_t n = character(text + i, len - i);
        put_text(json, n != 0 ? text + i : unknown, n != 0 ? n : sizeof unknown - 1);
        i += n != 0 ? n : 1;
    }
    put(json, '"');
}

void larder_json_bytes(struct larder_json *json, struct larder_bytes value)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    put(json, '"');
    for (size_t i = 0; i < value.len; i += 3) {
        size_t n = value.len - i < 3 ? value.len - i : 3;
        uint32_t bits = 0;
        for (size_t j = 0; j < 3; j++) {
            bits = bits << 8 | (j < n ? value.data[i + j] : 0U);
        }
        char text[4] = {digits[bits >> 18], digits[bits >> 12 & 63], digits[bits >> 6 & 63],
                        digits[bits & 63]};
        memset(text + n + 1, '=', 3 - n);
        larder_json_raw(json, text, sizeof text);
    }
    put(json, '"');
}

void larder_json_uuid(struct larder_json *json, struct larder_uuid value)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * sizeof value.bytes + 6];
    size_t len = 0;
    text[len++] = '"';
    for (size_t i = 0; i < sizeof value.bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text[len++] = '-';
        }
        text[len++] = digits[value.bytes[i] >> 4];
        text[len++] = digits[value.bytes[i] & 15];
    }
    text[len++] = '"';
    larder_json_raw(json, text, len);
}

/* ----------------------------------------------------------------- numbers */

void larder_json_u64(struct larder_json *json, uint64_t value)
{
    char text[20];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    larder_json_raw(json, text + at, sizeof text - at);
}

void larder_json_i64(struct larder_json *json, int64_t value)
{
    if (value < 0) {
        put(json, '-');
    }
    larder_json_u64(json, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

enum { MOST_DIGITS = 17, REAL_TEXT = 64 };

/* A number as 0.d1d2d3… * 10^point. */
struct decimal {
    bool negative;
    char digits[MOST_DIGITS + 1];
    int count; /* 1 or more; the last one is no 0, unless it is alone */
    int point;
};

/* From what printf makes of it, in which the decimal point is the locale's, of one byte
 * or several. */
static void take_apart(const char *text, struct decimal *ret_decimal)
{
    const char *exponent = strrchr(text, 'e');
    struct decimal d = {.negative = text[0] == '-'};
    for (const char *c = text; c < exponent; c++) {
        if (*c >= '0' && *c <= '9') {
            d.digits[d.count++] = *c;
        }
    }
    while (d.count > 1 && d.digits[d.count - 1] == '0') {
        d.count--;
    }
    d.point = (int)strtol(exponent + 1, NULL, 10) + 1;
    *ret_decimal = d;
}

static void put_zeros(struct larder_json *json, int count)
{
    for (int i = 0; i < count; i++) {
        put(json, '0');
    }
}

/* 0.001 to 9999999999999999.0 are written out, the others with an exponent. */
static void put_decimal(struct larder_json *json, const struct decimal *d)
{
    bool plain = d->point > -4 && d->point <= 16;
    int whole = plain ? d->point : 1; /* digits before the point */
    int before = whole < 0 ? 0 : whole < d->count ? whole : d->count;
    if (d->negative) {
        put(json, '-');
    }
    larder_json_raw(json, d->digits, (size_t)before);
    put_zeros(json, whole > 0 ? whole - before : 1);
    if (plain || d->count > 1) {
        put(json, '.');
        put_zeros(json, whole < 0 ? -whole : 0);
        larder_json_raw(json, d->digits + before, (size_t)(d->count - before));
        put_zeros(json, d->count == before ? 1 : 0);
    }
    if (!plain) {
        put(json, 'e');
        larder_json_i64(json, d->point - 1);
    }
}

void larder_json_f64(struct larder_json *json, double value)
{
    char text[REAL_TEXT];
    struct decimal decimal;
    if (!isfinite(value)) {
        larder_json_raw(json, "null", 4);
        return;
    }
    /* What 15 digits say of a number comes back from it, so none with fewer is missed
     * but among those near zero. */
    for (int digits = 15; digits <= MOST_DIGITS; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    take_apart(text, &decimal);
    put_decimal(json, &decimal);
}

void larder_json_f32(struct larder_json *json, float value)
{
    char text[REAL_TEXT];
    struct decimal decimal;
    if (!isfinite(value)) {
        larder_json_raw(json, "null", 4);
        return;
    }
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, (double)value);
        if (strtof(text, NULL) == value) {
            break;
        }
    }
    take_apart(text, &decimal);
    put_decimal(json, &decimal);
}
