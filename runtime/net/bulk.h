/* SPDX-License-Identifier: MIT */
/*
 * Bulk strings that need not go through the parser.
 *
 * DESIGN. A reply goes through the receive buffer and through the parser's. Two
 * kinds of values go a shorter way. One that lies whole in the receive buffer is
 * taken where it lies; that is the usual one, and the parser and its copy would be a
 * fifth of all instructions of a small get. So is an array of them and of nils, if all of
 * it is there. And when a reply begins with the header
 * of a large bulk string, the exchange may name a place for it (`place`), and what
 * comes is received right there.
 *
 *     in      $50000\r\n xxxx          what came with the header is copied,
 *                         │
 *     place              xxxx xxxxxxxxxxxxxxxx… \r\n        the rest received
 *
 * Where the exchange also expects a length, because the values before had it, the
 * place is asked for before anything is there, and the header is received to right
 * before it, so that all comes with one system call and nothing is copied:
 *
 *              $50000\r\n xxxxxxxxxxxxxxxxxxxx… \r\n
 *                        ^ place
 *
 * What comes instead, if it is no such string or one that the place would be much too large
 * for, is copied to the receive buffer, and is what it is.
 *
 * Only this shape, the plainest of it, is read here. All others, a header that
 * came in pieces among them, are the parser's as ever, as are strings that the
 * exchange has no place for; nothing has another meaning for the way it came.
 *
 * Limits: a place is asked for, hence allocated, before the bytes are there. So
 * there is none for more than LARDER_BULK_MAX_BYTES, whatever is announced.
 */
#ifndef LARDER_NET_BULK_H
#define LARDER_NET_BULK_H

#include <stdbool.h>
#include <stddef.h>

#include "net/reply_reader.h"

enum {
    LARDER_BULK_MIN_BYTES = 16 * 1024, /* below, no gain can be measured */
    LARDER_BULK_MAX_BYTES = 4 * 1024 * 1024,
    /* What is received first where a large reply is expected: the less came with
     * the header, the less is copied. */
    LARDER_BULK_FIRST_BYTES = 4 * 1024,
    /* Of a string that may be expected: with the rest of its reply no more than a
     * receive buffer holds. A longer one comes in pieces anyhow. */
    LARDER_BULK_EXPECTED_MAX_BYTES = 64 * 1024 - 16,
    LARDER_BULK_HEAD_BYTES = 8, /* of a string from 10000 bytes to 99999 */
    LARDER_BULK_WASTE_PART = 16 /* a place may be too large by that part of the string */
};

struct larder_bulk {
    size_t head_len; /* the header's, with its line's end */
    size_t len;      /* of the string */
    char *place;     /* room for len + 2 bytes: its line's end comes with it */
};

/* Hands over the replies, from the next one on, that are bulk strings, not large, or
 * where one is due arrays of such and of nils, and lie whole in these bytes. *ret_used of
 * them were theirs: none while a reply is half read. OK, E_PROTOCOL (with *ret_why), or what `take` said. */
enum larder_status larder_bulk_take_whole(const struct larder_reply_reader *reader,
                                          struct larder_exchange *exchange, char *bytes, size_t len,
                                          size_t *ret_used, const char **ret_why);

/* Whether a reply that begins with these bytes, the next of the exchange, is to
 * be received to a place. Not true while a reply is half read. */
bool larder_bulk_begin(const struct larder_reply_reader *reader, struct larder_exchange *exchange,
                       const char *bytes, size_t len, struct larder_bulk *ret_bulk);

/* The place of the string that is expected next, from which LARDER_BULK_HEAD_BYTES
 * before to exchange->expected + 2 behind is to be received to; NULL: nothing is expected. */
char *larder_bulk_expect(const struct larder_reply_reader *reader,
                         struct larder_exchange *exchange);

/* Whether what was received there, the next bytes of the exchange, is the header and
 * the beginning of such a string, and nothing behind it. */
bool larder_bulk_is_expected(const struct larder_exchange *exchange, char *bytes, size_t len,
                             struct larder_bulk *ret_bulk);

/* Hands it to the exchange, when len + 2 bytes are there. OK, E_PROTOCOL (with
 * *ret_why), or what `take` said. */
enum larder_status larder_bulk_end(const struct larder_bulk *bulk, struct larder_exchange *exchange,
                                   const char **ret_why);

#endif
