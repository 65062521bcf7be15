/* SPDX-License-Identifier: MIT */
/*
 * One connection to a server: dial, handshake, exchanges.
 *
 * DESIGN. The deadline is looked at between system calls, and no call blocks
 * past it by more than a slice of 10 ms. The usual exchange is two calls: a
 * send that does not block, and a recv that does, for a slice (SO_RCVTIMEO is
 * set once). Only when a reply takes longer than that, or the deadline is
 * nearer, does poll wait until the deadline, exactly. A server that drips bytes
 * is looked at after each of them.
 *
 * What failed stays failed: after any status but OK the connection is closed
 * and may be opened anew. The exception is the lower half, for exchanges that
 * several callers take turns at: start, push and resume leave it to them.
 *
 * Threads: one at a time.
 */
#ifndef LARDER_NET_CONN_H
#define LARDER_NET_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "net/address.h"
#include "net/exchange.h"
#include "net/reply_reader.h"
#include "net/spin.h"
#include "net/stream.h"

enum { LARDER_CONN_SERVER_BYTES = 64 };

struct larder_conn_options {
    struct larder_address address; /* strings outlive the connection */
    size_t max_reply_bytes;
    int64_t spin_ns; /* how long to look for a reply before sleeping, where that pays */
};

struct larder_conn {
    struct larder_stream stream;
    const struct larder_allocator *allocator;
    const struct larder_clock *clock;
    const struct larder_conn_options *options;
    struct larder_reply_reader reader;
    struct larder_buffer out;
    size_t out_sent;
    struct larder_spin spin;
    int64_t now_ns;                        /* the clock, when last looked at */
    char *in;                              /* what recv fills; IN_BYTES */
    char server[LARDER_CONN_SERVER_BYTES]; /* "redis 7.0.15"; empty: it does not tell */
    char why[LARDER_WHY_BYTES];            /* the last failure, for people */
};

/* Closed at first. options outlive it. NULL: out of memory. */
struct larder_conn *larder_conn_new(const struct larder_allocator *allocator,
                                    const struct larder_clock *clock,
                                    const struct larder_conn_options *options);
/* NULL is fine. */
void larder_conn_free(struct larder_conn *conn);

/* Dials, and verifies the handshake (AUTH, SELECT, name) before it says OK.
 * E_UNAVAILABLE, E_TIMEOUT, E_AUTH, E_SERVER, E_PROTOCOL, E_NOMEM. */
enum larder_status larder_conn_open(struct larder_conn *conn, int64_t deadline_ns);

/* Runs an exchange on an open connection. OK: every reply was taken. Else the
 * connection is closed; exchange->pending, fill_sent and any_received tell how
 * far it came. */
enum larder_status larder_conn_run(struct larder_conn *conn, struct larder_exchange *exchange,
                                   int64_t deadline_ns);

/* Makes *commands (emptied) what is to be sent next, for an exchange whose
 * `pending` is set. Nothing may be under way. */
void larder_conn_start(struct larder_conn *conn, struct larder_exchange *exchange,
                       struct larder_buffer *commands);
/* Sends as much of it as is taken at once. What fails is met again by resume. */
void larder_conn_push(struct larder_conn *conn, struct larder_exchange *exchange);
/* Sends the rest, and takes the replies. OK: all were taken. E_TIMEOUT: it may be
 * resumed, by anyone. Else it must be closed; conn->out_sent tells how much was sent. */
enum larder_status larder_conn_resume(struct larder_conn *conn, struct larder_exchange *exchange,
                                      int64_t deadline_ns);

void larder_conn_close(struct larder_conn *conn);

/* The same in the middle of an exchange: what was not sent yet never is, so that a
 * write of unknown outcome does not come after a later one over another connection.
 * What the server has received it takes in the order in which it came. */
void larder_conn_abort(struct larder_conn *conn);

#endif
