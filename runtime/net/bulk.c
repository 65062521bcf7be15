/* SPDX-License-Identifier: MIT */
#include "net/bulk.h"

#include <assert.h>
#include <string.h>

#include "base/inline.h"

enum { DIGITS_MAX = 7 }; /* of LARDER_BULK_MAX_BYTES; no receive buffer holds more */

/* "$<digits>\r\n", or with a '*', no sign and no leading zero. False: something else,
 * or not all of it is there. */
static LARDER_INLINE bool read_number(char kind, const char *bytes, size_t len,
                                      struct larder_bulk *ret_bulk)
{
    size_t at = 1;
    size_t value = 0;
    if (len < 2 || bytes[0] != kind || bytes[1] == '0') {
        return false;
    }
    for (; at < len && at <= DIGITS_MAX && bytes[at] >= '0' && bytes[at] <= '9'; at++) {
        value = value * 10 + (size_t)(bytes[at] - '0');
    }
    ret_bulk->head_len = at + 2;
    ret_bulk->len = value;
    return len >= ret_bulk->head_len && memcmp(bytes + at, "\r\n", 2) == 0;
}

static bool read_header(const char *bytes, size_t len, struct larder_bulk *ret_bulk)
{
    return read_number('$', bytes, len, ret_bulk);
}

bool larder_bulk_begin(const struct larder_reply_reader *reader, struct larder_exchange *exchange,
                       const char *bytes, size_t len, struct larder_bulk *ret_bulk)
{
    const struct larder_exchange_table *table = exchange->table;
    if (table->place == NULL || exchange->pending == 0 || !read_header(bytes, len, ret_bulk) ||
        ret_bulk->len < LARDER_BULK_MIN_BYTES || ret_bulk->len > LARDER_BULK_MAX_BYTES ||
        ret_bulk->len > reader->max_bytes || !larder_reply_reader_is_between(reader) ||
        table->elements(exchange) != 0) {
        return false;
    }
    ret_bulk->place = table->place(exchange, ret_bulk->len);
    return ret_bulk->place != NULL;
}

char *larder_bulk_expect(const struct larder_reply_reader *reader, struct larder_exchange *exchange)
{
    const struct larder_exchange_table *table = exchange->table;
    size_t len = exchange->expected;
    if (len < LARDER_BULK_MIN_BYTES || len > LARDER_BULK_EXPECTED_MAX_BYTES ||
        len > reader->max_bytes || table->place == NULL || exchange->pending != 1 ||
        !larder_reply_reader_is_between(reader) || table->elements(exchange) != 0) {
        return NULL;
    }
    return table->place(exchange, len);
}

bool larder_bulk_is_expected(const struct larder_exchange *exchange, char *bytes, size_t len,
                             struct larder_bulk *ret_bulk)
{
    size_t most = exchange->expected;
    if (!read_header(bytes, len, ret_bulk) || ret_bulk->len < LARDER_BULK_MIN_BYTES ||
        ret_bulk->len > most || most - ret_bulk->len > most / LARDER_BULK_WASTE_PART ||
        ret_bulk->head_len + ret_bulk->len + 2 < len) {
        return false;
    }
    assert(ret_bulk->head_len == LARDER_BULK_HEAD_BYTES);
    ret_bulk->place = bytes + LARDER_BULK_HEAD_BYTES;
    return true;
}

/* How long a string is that begins with these bytes, if it is not large and all of it is
 * there; with its header and its line's end. 0: it is something else. */
static size_t look_at_string(const struct larder_reply_reader *reader, char *bytes, size_t len,
                             struct larder_bulk *ret_bulk)
{
    if (!read_header(bytes, len, ret_bulk) || ret_bulk->len >= LARDER_BULK_MIN_BYTES ||
        ret_bulk->len > reader->max_bytes || ret_bulk->head_len + ret_bulk->len + 2 > len) {
        return 0;
    }
    ret_bulk->place = bytes + ret_bulk->head_len;
    return ret_bulk->head_len + ret_bulk->len + 2;
}

/* The same of an element, which may be nil: then there is no place. */
static size_t look_at_element(const struct larder_reply_reader *reader, char *bytes, size_t len,
                              struct larder_bulk *ret_bulk)
{
    static const char nil[] = "$-1\r\n";
    if (len >= sizeof nil - 1 && memcmp(bytes, nil, sizeof nil - 1) == 0) {
        ret_bulk->place = NULL;
        return sizeof nil - 1;
    }
    return look_at_string(reader, bytes, len, ret_bulk);
}

/* The same of an array of so many. The parser could not go on in the middle of one. */
static size_t look_at_array(const struct larder_reply_reader *reader, size_t due, char *bytes,
                            size_t len)
{
    struct larder_bulk bulk;
    if (!read_number('*', bytes, len, &bulk) || bulk.len != due) {
        return 0;
    }
    size_t used = bulk.head_len;
    for (size_t i = 0; i < due; i++) {
        size_t n = look_at_element(reader, bytes + used, len - used, &bulk);
        if (n == 0) {
            return 0;
        }
        used += n;
    }
    return used;
}

static LARDER_INLINE enum larder_status take_string(const struct larder_bulk *bulk,
                                                    struct larder_exchange *exchange,
                                                    const char **ret_why)
{
    const struct larder_reply nil = {.kind = LARDER_REPLY_NIL};
    const struct larder_reply reply = {
        .kind = LARDER_REPLY_BULK, .text = bulk->place, .len = bulk->len};
    *ret_why = "a reply of a shape that was not asked for";
    if (bulk->place == NULL) {
        return exchange->table->take(exchange, &nil);
    }
    if (memcmp(bulk->place + bulk->len, "\r\n", 2) != 0) {
        *ret_why = "a reply longer than it said";
        return LARDER_E_PROTOCOL;
    }
    return exchange->table->take(exchange, &reply);
}

/* One reply, if it is such a string or an array of them. *ret_used 0: it is not. */
static enum larder_status take_array(const struct larder_reply_reader *reader,
                                     struct larder_exchange *exchange, size_t due, char *bytes,
                                     size_t len, size_t *ret_used, const char **ret_why)
{
    struct larder_bulk bulk = {.place = NULL};
    enum larder_status status = LARDER_OK;
    *ret_used = look_at_array(reader, due, bytes, len);
    if (*ret_used == 0) {
        return LARDER_OK;
    }
    char *at = (char *)memchr(bytes, '\n', *ret_used) + 1;
    for (size_t i = 0; i < due && status == LARDER_OK; i++) {
        at += look_at_element(reader, at, (size_t)(bytes + *ret_used - at), &bulk);
        status = take_string(&bulk, exchange, ret_why);
    }
    if (status == LARDER_OK) {
        larder_exchange_next(exchange);
    }
    return status;
}

static enum larder_status take_whole(const struct larder_reply_reader *reader,
                                     struct larder_exchange *exchange, char *bytes, size_t len,
                                     size_t *ret_used, const char **ret_why)
{
    struct larder_bulk bulk;
    size_t due = exchange->table->elements(exchange);
    if (due != 0) {
        return take_array(reader, exchange, due, bytes, len, ret_used, ret_why);
    }
    *ret_used = look_at_string(reader, bytes, len, &bulk);
    return *ret_used != 0 ? larder_bulk_end(&bulk, exchange, ret_why) : LARDER_OK;
}

enum larder_status larder_bulk_take_whole(const struct larder_reply_reader *reader,
                                          struct larder_exchange *exchange, char *bytes, size_t len,
                                          size_t *ret_used, const char **ret_why)
{
    enum larder_status status = LARDER_OK;
    size_t used = 1;
    *ret_used = 0;
    if (!larder_reply_reader_is_between(reader)) {
        return LARDER_OK;
    }
    while (status == LARDER_OK && exchange->pending > 0 && used > 0) {
        status = take_whole(reader, exchange, bytes + *ret_used, len - *ret_used, &used, ret_why);
        *ret_used += used;
    }
    return status;
}

enum larder_status larder_bulk_end(const struct larder_bulk *bulk, struct larder_exchange *exchange,
                                   const char **ret_why)
{
    enum larder_status status = take_string(bulk, exchange, ret_why);
    if (status == LARDER_OK) {
        larder_exchange_next(exchange);
    }
    return status;
}
