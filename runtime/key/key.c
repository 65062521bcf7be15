/* SPDX-License-Identifier: MIT */
#include "key/key.h"

#include <string.h>

#include "base/hash.h"
#include "key/key_escape.h"

enum { U64_DIGITS = 20, UUID_TEXT = 36, HASH_TEXT = 32 };

static void fail(struct larder_key *key, enum larder_status status)
{
    if (key->status == LARDER_OK) {
        key->status = status;
    }
}

/* n more bytes, or NULL: a failure before this one, or now. */
static char *extend(struct larder_key *key, size_t n)
{
    if (key->status != LARDER_OK) {
        return NULL;
    }
    if (n > sizeof key->bytes - key->len) {
        fail(key, LARDER_E_TOO_LARGE);
        return NULL;
    }
    char *at = key->bytes + key->len;
    key->len += n;
    return at;
}

void larder_key_init(struct larder_key *key, const char *prefix, size_t prefix_len)
{
    key->len = 0;
    key->prefix_len = 0;
    key->status = LARDER_OK;
    if (prefix_len >= sizeof key->bytes) {
        fail(key, LARDER_E_TOO_LARGE);
        return;
    }
    larder_key_literal(key, prefix, prefix_len);
    key->prefix_len = prefix_len;
}

void larder_key_literal(struct larder_key *key, const char *text, size_t len)
{
    char *at = extend(key, len);
    if (at != NULL && len != 0) {
        memcpy(at, text, len);
    }
}

void larder_tag_begin(struct larder_key *text)
{
    larder_key_init(text, NULL, 0);
}

void larder_key_mark(struct larder_key *key, size_t i)
{
    if (i < LARDER_GROUPS_MAX) {
        key->marks[i] = (uint16_t)key->len;
    }
}

/* Two digits a division, from the right. */
static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
                                  "25262728293031323334353637383940414243444546474849"
                                  "50515253545556575859606162636465666768697071727374"
                                  "75767778798081828384858687888990919293949596979899";

/* Writes the digits so that they end at `end`; answers where they begin. */
static char *digits_before(char *end, uint64_t value)
{
    while (value >= 100) {
        end -= 2;
        memcpy(end, digit_pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        end -= 2;
        memcpy(end, digit_pairs + value * 2, 2);
    } else {
        *--end = (char)('0' + value);
    }
    return end;
}

void larder_key_u64(struct larder_key *key, uint64_t value)
{
    char text[U64_DIGITS];
    char *end = text + sizeof text;
    char *start = digits_before(end, value);
    larder_key_literal(key, start, (size_t)(end - start));
}

void larder_key_i64(struct larder_key *key, int64_t value)
{
    char text[1 + U64_DIGITS];
    char *end = text + sizeof text;
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char *start = digits_before(end, magnitude);
    if (value < 0) {
        *--start = '-';
    }
    larder_key_literal(key, start, (size_t)(end - start));
}

void larder_key_bool(struct larder_key *key, bool value)
{
    larder_key_name(key, value ? "true" : "false");
}

void larder_key_uuid(struct larder_key *key, struct larder_uuid value)
{
    char *at = extend(key, UUID_TEXT);
    if (at == NULL) {
        return;
    }
    for (size_t i = 0; i < sizeof value.bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *at++ = '-';
        }
        *at++ = "0123456789abcdef"[value.bytes[i] >> 4];
        *at++ = "0123456789abcdef"[value.bytes[i] & 15];
    }
}

static char *put_escaped(char *at, unsigned char c)
{
    at[0] = '%';
    at[1] = "0123456789ABCDEF"[c >> 4];
    at[2] = "0123456789ABCDEF"[c & 15];
    return at + 3;
}

void larder_key_string(struct larder_key *key, const char *text)
{
    if (text == NULL) {
        fail(key, LARDER_E_ARG);
    } else if (*text == '\0') {
        larder_key_literal(key, "%", 1);
    }
    if (key->status != LARDER_OK) {
        return;
    }
    char *at = key->bytes + key->len;
    const char *end = key->bytes + sizeof key->bytes;
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = larder_key_is_plain(c);
        if (end - at < (plain ? 1 : 3)) {
            fail(key, LARDER_E_TOO_LARGE);
            return;
        }
        if (plain) {
            *at++ = (char)c;
        } else {
            at = put_escaped(at, c);
        }
    }
    key->len = (size_t)(at - key->bytes);
}

void larder_key_name(struct larder_key *key, const char *name)
{
    if (name == NULL) {
        fail(key, LARDER_E_ARG);
        return;
    }
    larder_key_literal(key, name, strlen(name));
}

void larder_key_string_hash(struct larder_key *key, const char *text)
{
    if (text == NULL) {
        fail(key, LARDER_E_ARG);
        return;
    }
    char *at = extend(key, HASH_TEXT);
    if (at != NULL) {
        larder_hash_hex128(text, strlen(text), at);
    }
}

void larder_key_hash_since(struct larder_key *key, size_t mark)
{
    char hex[HASH_TEXT];
    if (key->status != LARDER_OK) {
        return;
    }
    if (mark > key->len) {
        fail(key, LARDER_E_ARG);
        return;
    }
    larder_hash_hex128(key->bytes + mark, key->len - mark, hex);
    key->len = mark;
    larder_key_literal(key, hex, sizeof hex);
}
