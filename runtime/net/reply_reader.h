/* SPDX-License-Identifier: MIT */
/*
 * hiredis's parser, with limits.
 *
 * DESIGN. The parser is given functions of ours in place of those that build a
 * tree: a string goes from its buffer to the exchange's `take`, and nothing is
 * built. What the exchange does not expect is refused at its header: an array
 * where none is due or of another length (so `*2147483647` allocates nothing),
 * an array in an array, a bulk string longer than the limit, a line without
 * end. So its buffer holds at most one reply string and what was received
 * behind it.
 */
#ifndef LARDER_NET_REPLY_READER_H
#define LARDER_NET_REPLY_READER_H

#include <stddef.h>

#include "net/exchange.h"

struct redisReader;

struct larder_reply_reader {
    struct redisReader *hiredis; /* NULL until it is first fed */
    struct larder_exchange *exchange;
    size_t max_bytes; /* of one reply string */
    size_t elements_due;
    bool taken;                 /* something of the current reply reached the exchange */
    enum larder_status refused; /* why a function of ours stopped the parser */
};

void larder_reply_reader_init(struct larder_reply_reader *reader, size_t max_bytes);
void larder_reply_reader_release(struct larder_reply_reader *reader);
/* Forgets half a reply. */
void larder_reply_reader_clear(struct larder_reply_reader *reader);

/* Whether no reply has begun that is not yet whole. */
bool larder_reply_reader_is_between(const struct larder_reply_reader *reader);

/* Hands the replies in these bytes, and in what came before them, to the
 * exchange. OK: also when a reply is not yet whole. E_PROTOCOL, E_NOMEM, or
 * what `take` said: the reader must be cleared. *ret_why is a constant text, set
 * when the failure is the reader's. */
enum larder_status larder_reply_reader_feed(struct larder_reply_reader *reader,
                                            struct larder_exchange *exchange, const char *bytes,
                                            size_t len, const char **ret_why);

#endif
