/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON (RFC 8259), piece by piece, into the caller's room.
 *
 *     struct larder_json json;
 *     larder_json_init(&json, buf, sizeof buf);
 *     larder_json_raw(&json, "{\"id\":", 6);
 *     larder_json_u64(&json, 42);
 *     larder_json_raw(&json, "}", 1);
 *     if (!larder_json_end(&json)) … json.len bytes and a NUL would not fit
 *
 * What finds no room is counted and dropped, so that `len` tells how long the text
 * is in any case. Where commas and braces go is the caller's to know. Depends on no
 * locale.
 */
#ifndef LARDER_CODEC_JSON_H
#define LARDER_CODEC_JSON_H

#include <larder/larder.h>

struct larder_json {
    char *buf;
    size_t size;
    size_t len; /* of the whole text; more than `size` when it did not fit */
};

/* buf may be NULL when size is 0. */
void larder_json_init(struct larder_json *json, char *buf, size_t size);
/* Terminates the text. False: it did not fit; then buf holds an empty string. */
bool larder_json_end(struct larder_json *json);

/* Bytes as they are: braces, names that need no escape. */
void larder_json_raw(struct larder_json *json, const char *text, size_t len);
/* A terminated text, quoted. False: it is no UTF-8, and nothing was written. */
bool larder_json_string(struct larder_json *json, const char *text);
/* The same of any bytes: U+FFFD stands for those that are no UTF-8. NUL is \u0000. */
void larder_json_text(struct larder_json *json, const char *text, size_t len);
void larder_json_u64(struct larder_json *json, uint64_t value);
void larder_json_i64(struct larder_json *json, int64_t value);
/* The fewest digits, of 15 to 17 (f32: 6 to 9), that read back as the same number, without
 * their last zeros; always with a point or an exponent. NaN and infinity are null. */
void larder_json_f64(struct larder_json *json, double value);
void larder_json_f32(struct larder_json *json, float value);
/* In base64 (RFC 4648, section 4, with padding), quoted. */
void larder_json_bytes(struct larder_json *json, struct larder_bytes value);
void larder_json_uuid(struct larder_json *json, struct larder_uuid value);
/*
 * One MessagePack value: nil, booleans, numbers, strings and arrays as JSON has them;
 * bin in base64; an extension as {"ext":type,"data":base64}; a map whose keys are all
 * strings as an object, any other as an array of [key,value]. False: it is none, and
 * nothing was written.
 */
bool larder_json_any(struct larder_json *json, struct larder_bytes value);

#endif
