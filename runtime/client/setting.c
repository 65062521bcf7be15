/* SPDX-License-Identifier: MIT */
#include "client/setting.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <larder/codec.h>

/* clang-format off */
#define TEXT_MEMBER(name) LARDER_MEMBER_TEXT, offsetof(struct larder_config, name), #name
#define BOOL_MEMBER(name) LARDER_MEMBER_BOOL, offsetof(struct larder_config, name), #name
#define INT_MEMBER(name) LARDER_MEMBER_INT, offsetof(struct larder_config, name), #name
#define INT64_MEMBER(name) LARDER_MEMBER_INT64, offsetof(struct larder_config, name), #name
#define NO_MEMBER LARDER_MEMBER_NONE, 0, NULL

const struct larder_setting_row larder_setting_rows[LARDER_SETTING_COUNT] = {
#define LARDER_SETTING(id, name, aliases, kind, member, built_in, low, high, choices, state, help) \
    {name, aliases, LARDER_KIND_##kind, member, built_in, low, high, choices, LARDER_STATE_##state, help},
#include "client/settings.def"
#undef LARDER_SETTING
};
/* clang-format on */

/* --------------------------------------------------------------------- names */

/* Whether a word of a list with one separator is text; *ret_place counts them. */
static bool list_has(const char *list, char separator, const char *text, size_t len,
                     int64_t *ret_place)
{
    *ret_place = 0;
    while (*list != '\0') {
        const char *end = strchrnul(list, separator);
        if ((size_t)(end - list) == len && memcmp(list, text, len) == 0) {
            return true;
        }
        list = *end != '\0' ? end + 1 : end;
        ++*ret_place;
    }
    return false;
}

bool larder_setting_is_named(const struct larder_setting_row *row, const char *text, size_t len)
{
    int64_t place;
    return (strlen(row->name) == len && memcmp(row->name, text, len) == 0) ||
           list_has(row->aliases, ' ', text, len, &place);
}

/* ------------------------------------------------------------------- numbers */

struct unit {
    const char *suffix;
    int64_t factor;
};

static const struct unit durations[] = {{"ms", 1},          {"s", 1000},         {"m", 60 * 1000},
                                        {"h", 3600 * 1000}, {"d", 86400 * 1000}, {"", 1000}};
static const struct unit sizes[] = {{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"", 1}};

bool larder_parse_digits(const char *text, size_t len, int64_t *ret_number)
{
    int64_t number = 0;
    *ret_number = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text[i] - '0', &number)) {
            return false;
        }
    }
    *ret_number = number;
    return len != 0;
}

/* Digits and a unit of the table. */
static bool parse_with_unit(const char *text, const struct unit *units, size_t count,
                            int64_t *ret_number)
{
    size_t digits = strspn(text, "0123456789");
    if (!larder_parse_digits(text, digits, ret_number)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text + digits, units[i].suffix) == 0) {
            return !__builtin_mul_overflow(*ret_number, units[i].factor, ret_number);
        }
    }
    return false;
}

/* Thousandths of a number with decimals; what is finer counts as one more. */
static bool parse_seconds(const char *text, int64_t *ret_ms)
{
    size_t whole = strspn(text, "0123456789");
    if (!larder_parse_digits(text, whole, ret_ms) ||
        __builtin_mul_overflow(*ret_ms, 1000, ret_ms)) {
        return false;
    }
    if (text[whole] == '\0') {
        return true;
    }
    const char *decimals = text + whole + 1;
    size_t count = strspn(decimals, "0123456789");
    if (text[whole] != '.' || count == 0 || decimals[count] != '\0') {
        return false;
    }
    int64_t ms = 0;
    for (size_t i = 0; i < 3; i++) {
        ms = ms * 10 + (i < count ? decimals[i] - '0' : 0);
    }
    ms += count > 3 && strspn(decimals + 3, "0") < count - 3 ? 1 : 0;
    return !__builtin_add_overflow(*ret_ms, ms, ret_ms);
}

static bool parse_boolean(const char *text, int64_t *ret_number)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(text, words[i]) == 0) {
            *ret_number = (int64_t)(i % 2);
            return true;
        }
    }
    return false;
}

/* --------------------------------------------------------------------- texts */

static bool is_plain_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_prefix(const char *text)
{
    return is_plain_text(text) && strpbrk(text, " ~*?[]\\") == NULL &&
           larder_utf8_valid(text, strlen(text));
}

bool larder_host_is_valid(const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];
    char bare[INET6_ADDRSTRLEN];
    if (strchr(text, ':') == NULL) {
        return *text != '\0' && strlen(text) <= 255 &&
               text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789-._")] == '\0';
    }
    size_t len = strcspn(text, "%");
    if (len >= sizeof bare || !is_plain_text(text + len) || strlen(text + len) > 32 ||
        strcmp(text + len, "%") == 0) {
        return false;
    }
    memcpy(bare, text, len);
    bare[len] = '\0';
    return inet_pton(AF_INET6, bare, address) == 1;
}

/* --------------------------------------------------------------------- a row */

static bool parse_text(const struct larder_setting_row *row, const char *text)
{
    switch (row->kind) {
    case LARDER_KIND_HOST:
        return larder_host_is_valid(text);
    case LARDER_KIND_PREFIX:
        return is_prefix(text);
    case LARDER_KIND_TEXT:
        return is_plain_text(text);
    case LARDER_KIND_SECRET:
    case LARDER_KIND_URL:
    case LARDER_KIND_CHOICE:
    case LARDER_KIND_INTEGER:
    case LARDER_KIND_BOOLEAN:
    case LARDER_KIND_SECONDS:
    case LARDER_KIND_DURATION:
    case LARDER_KIND_BYTES:
        break;
    }
    return true;
}

bool larder_setting_parse(const struct larder_setting_row *row, const char *text,
                          int64_t *ret_number)
{
    size_t len = strlen(text);
    bool read = false;
    *ret_number = 0;
    switch (row->kind) {
    case LARDER_KIND_INTEGER:
        read = larder_parse_digits(text, len, ret_number);
        break;
    case LARDER_KIND_SECONDS:
        read = parse_seconds(text, ret_number);
        break;
    case LARDER_KIND_DURATION:
        read = parse_with_unit(text, durations, sizeof durations / sizeof *durations, ret_number);
        break;
    case LARDER_KIND_BYTES:
        read = parse_with_unit(text, sizes, sizeof sizes / sizeof *sizes, ret_number);
        break;
    case LARDER_KIND_BOOLEAN:
        return parse_boolean(text, ret_number);
    case LARDER_KIND_CHOICE:
        return list_has(row->choices, '|', text, len, ret_number);
    case LARDER_KIND_TEXT:
    case LARDER_KIND_SECRET:
    case LARDER_KIND_URL:
    case LARDER_KIND_HOST:
    case LARDER_KIND_PREFIX:
        return len >= (size_t)row->low && len <= (size_t)row->high && parse_text(row, text);
    }
    return read && *ret_number >= row->low && *ret_number <= row->high;
}

void larder_setting_describe(const struct larder_setting_row *row, char *buf, size_t size)
{
    switch (row->kind) {
    case LARDER_KIND_URL:
        snprintf(buf, size, "a redis://, rediss:// or unix:// URL of at most %" PRId64 " bytes",
                 row->high);
        break;
    case LARDER_KIND_SECRET:
        snprintf(buf, size, "text of at most %" PRId64 " bytes", row->high);
        break;
    case LARDER_KIND_TEXT:
        snprintf(buf, size, "text without control characters, at most %" PRId64 " bytes",
                 row->high);
        break;
    case LARDER_KIND_HOST:
        snprintf(buf, size, "a host's name or address, without a port");
        break;
    case LARDER_KIND_PREFIX:
        snprintf(buf, size,
                 "UTF-8 without blanks, control characters and ~ * ? [ ] \\, at most %" PRId64
                 " bytes",
                 row->high);
        break;
    case LARDER_KIND_CHOICE:
        snprintf(buf, size, "one of %s", row->choices);
        break;
    case LARDER_KIND_INTEGER:
        snprintf(buf, size, "a number from %" PRId64 " to %" PRId64, row->low, row->high);
        break;
    case LARDER_KIND_BOOLEAN:
        snprintf(buf, size, "true or false");
        break;
    case LARDER_KIND_SECONDS:
        snprintf(buf, size, "seconds from 0.%03" PRId64 " to %" PRId64 ", decimals allowed",
                 row->low, row->high / 1000);
        break;
    case LARDER_KIND_DURATION:
        snprintf(buf, size, "seconds, or a duration like 500ms 30s 5m 1h 2d, from 1ms to 2^53 ms");
        break;
    case LARDER_KIND_BYTES:
        snprintf(buf, size, "bytes, or KiB MiB GiB, from %" PRId64 " to %" PRId64, row->low,
                 row->high);
        break;
    }
}
