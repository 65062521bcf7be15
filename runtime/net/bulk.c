/* SPDX-License-Identifier: MIT */
#include "net/bulk.h"

#include <assert.h>
#include <string.h>

enum { DIGITS_MAX = 7 }; /* of LARDER_BULK_MAX_BYTES; no receive buffer holds more */

/* "$<digits>\r\n", no sign and no leading zero. False: something else, or not
 * all of it is there. */
static bool read_header(const char *bytes, size_t len, struct larder_bulk *ret_bulk)
{
    size_t at = 1;
    size_t value = 0;
    if (len < 2 || bytes[0] != '$' || bytes[1] == '0') {
        return false;
    }
    for (; at < len && at <= DIGITS_MAX && bytes[at] >= '0' && bytes[at] <= '9'; at++) {
        value = value * 10 + (size_t)(bytes[at] - '0');
    }
    ret_bulk->head_len = at + 2;
    ret_bulk->len = value;
    return len >= ret_bulk->head_len && memcmp(bytes + at, "\r\n", 2) == 0;
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

enum larder_status larder_bulk_take_whole(const struct larder_reply_reader *reader,
                                          struct larder_exchange *exchange, char *bytes, size_t len,
                                          size_t *ret_used, const char **ret_why)
{
    struct larder_bulk bulk;
    enum larder_status status = LARDER_OK;
    *ret_used = 0;
    if (!larder_reply_reader_is_between(reader)) {
        return LARDER_OK;
    }
    while (status == LARDER_OK && exchange->pending > 0 &&
           exchange->table->elements(exchange) == 0 &&
           read_header(bytes + *ret_used, len - *ret_used, &bulk) &&
           bulk.len < LARDER_BULK_MIN_BYTES && bulk.len <= reader->max_bytes &&
           bulk.head_len + bulk.len + 2 <= len - *ret_used) {
        bulk.place = bytes + *ret_used + bulk.head_len;
        *ret_used += bulk.head_len + bulk.len + 2;
        status = larder_bulk_end(&bulk, exchange, ret_why);
    }
    return status;
}

enum larder_status larder_bulk_end(const struct larder_bulk *bulk, struct larder_exchange *exchange,
                                   const char **ret_why)
{
    const struct larder_reply reply = {
        .kind = LARDER_REPLY_BULK, .text = bulk->place, .len = bulk->len};
    *ret_why = "a reply of a shape that was not asked for";
    if (memcmp(bulk->place + bulk->len, "\r\n", 2) != 0) {
        *ret_why = "a reply longer than it said";
        return LARDER_E_PROTOCOL;
    }
    enum larder_status status = exchange->table->take(exchange, &reply);
    if (status == LARDER_OK) {
        larder_exchange_next(exchange);
    }
    return status;
}
