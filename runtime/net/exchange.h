/* SPDX-License-Identifier: MIT */
/*
 * One exchange on a connection: commands out, replies in, in order.
 *
 * The connection asks for commands when it has room to send, and hands over
 * each reply where it stands in the receive buffer. So a batch of any length
 * needs one round trip and a bounded buffer, and a value is never copied into a
 * reply object. A large one may be received to a place of its own (net/bulk.h).
 */
#ifndef LARDER_NET_EXCHANGE_H
#define LARDER_NET_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <larder/status.h>

#include "base/bytes.h"

enum larder_reply_kind {
    LARDER_REPLY_STATUS,
    LARDER_REPLY_ERROR,
    LARDER_REPLY_INTEGER,
    LARDER_REPLY_BULK,
    LARDER_REPLY_NIL
};

/* A reply, or one element of a reply that is an array. */
struct larder_reply {
    enum larder_reply_kind kind;
    const char *text; /* STATUS, ERROR, BULK: borrowed during the call, not terminated */
    size_t len;
    int64_t integer;
};

struct larder_exchange;

struct larder_exchange_table {
    /* Appends commands (larder_command_append), at least one, and adds how many
     * replies they will have to `pending`. False: these were the last. What
     * fails to be appended fails the exchange, by out->status. */
    bool (*fill)(struct larder_exchange *exchange, struct larder_buffer *out);
    /* How many elements the next reply has if it is an array; 0: it must be none. */
    size_t (*elements)(const struct larder_exchange *exchange);
    /* Takes a reply, or an element. Not OK: the connection is given up. */
    enum larder_status (*take)(struct larder_exchange *exchange, const struct larder_reply *reply);
    /* Where the next reply, a bulk string of so many bytes, is to be received to:
     * room for two more and, before it, for LARDER_BULK_HEAD_BYTES that are of no use
     * yet; there until `take` was given it, `place` was asked again or the exchange
     * failed. NULL: nowhere. May be NULL, and must be in an exchange that another thread
     * may resume, or whose caller may leave meanwhile. */
    char *(*place)(struct larder_exchange *exchange, size_t len);
    /* The reply is whole; the next one begins. */
    void (*next)(struct larder_exchange *exchange);
    /* All that was received has been taken; more may be to come. May be NULL. */
    void (*pause)(struct larder_exchange *exchange);
    /* Forgets what was filled, of which nothing was sent: fill begins anew. May
     * be NULL in an exchange that shares with none. */
    void (*rewind)(struct larder_exchange *exchange);
};

enum { LARDER_MERGE_HEAD_BYTES = 32 };

/* How reads of one key each go as one command that reads several, which is less work for
 * the server. Of the same kind are those that name the same of these. */
struct larder_merge {
    size_t head_len; /* of each one's own command: all of it before the word that is its key */
    /* Writes what stands before the keys of so many (2 or more). Answers how many bytes, at
     * most twice head_len. */
    size_t (*head)(size_t count, char ret_head[LARDER_MERGE_HEAD_BYTES]);
};

struct larder_exchange {
    const struct larder_exchange_table *table;
    size_t pending;    /* replies still to come for what was filled */
    bool fill_sent;    /* some byte of the last fill was sent */
    bool any_received; /* some byte of a reply came */
    bool close;        /* set by `take`: after these replies the connection must go */
    bool large;        /* its reply is expected to be one that `place` is asked for */
    size_t expected;   /* how long a string its reply seems to be, then `large`; 0: no idea */
    /* It may go together with others: its commands are small and one fill, its
     * replies are few or one array, and small as far as can be known; `take` may run
     * on another thread, while this one waits. */
    bool shares;
    /* It shares, and is one read of one key, which may become an element of a command that
     * reads several: `take` is given the element. NULL: it may not, or no more, since a
     * server has refused such a command. */
    const struct larder_merge *merge;
    /* One bit, by the key that it writes; 0: it writes none. What has a bit in
     * common goes over one connection while it is under way. */
    uint64_t lane;
    /* The same of each key that it writes. Where there are several, it keeps behind what has
     * one in common and whose caller gave up while it was under way, and that behind it. */
    uint64_t lanes;
};

/* After a reply was taken whole. */
static inline void larder_exchange_next(struct larder_exchange *exchange)
{
    exchange->pending--;
    exchange->table->next(exchange);
}

/* Appends one command, its words with explicit lengths; no word is NULL. False:
 * as larder_buffer_append. Ours and not hiredis's, which formats each length
 * with sprintf into a block of its own: 5 % of the time of a small GET. */
bool larder_command_append(struct larder_buffer *out, size_t argc, const char *const *argv,
                           const size_t *lens);

/* The same piece by piece: how many words there will be, and then each. */
bool larder_command_begin(struct larder_buffer *out, size_t argc);
bool larder_command_word(struct larder_buffer *out, const void *word, size_t len);

/* The same where all words but the last are known beforehand: `head` is what the
 * protocol makes of them, from the '*' on. */
bool larder_command_append_last(struct larder_buffer *out, const char *head, size_t head_len,
                                const char *word, size_t len);

#endif
