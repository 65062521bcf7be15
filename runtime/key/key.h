/* SPDX-License-Identifier: MIT */
/*
 * The text of keys: what larder_key_* of <larder/stub.h> write, read back.
 *
 *     search:{query}:{page:u32}  with "a b", 7  ->  search:a%20b:7
 *
 * Every parameter has exactly one spelling, and nothing else is read back: two
 * different parameters never share a key, and a key that was not made here is
 * told from one that was.
 * Threads: all functions from any thread.
 */
#ifndef LARDER_KEY_KEY_H
#define LARDER_KEY_KEY_H

#include <larder/stub.h>

/* An empty key behind a prefix of prefix_len bytes. A prefix that is no
 * shorter than LARDER_KEY_MAX makes it E_TOO_LARGE. */
void larder_key_init(struct larder_key *key, const char *prefix, size_t prefix_len);

/* Reads what larder_key_string wrote; size counts the NUL that is put behind
 * it. OK; E_ARG: no such text; E_TOO_LARGE: size is too small. */
enum larder_status larder_key_unescape(const char *text, size_t len, char *buf, size_t size,
                                       size_t *ret_len);

/* Read what the function of the same ending wrote; false: it did not write this. */
bool larder_key_parse_u64(const char *text, size_t len, uint64_t *ret_value);
bool larder_key_parse_i64(const char *text, size_t len, int64_t *ret_value);
bool larder_key_parse_bool(const char *text, size_t len, bool *ret_value);
bool larder_key_parse_uuid(const char *text, size_t len, struct larder_uuid *ret_value);

#endif
