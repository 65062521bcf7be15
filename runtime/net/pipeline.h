/* SPDX-License-Identifier: MIT */
/*
 * The connections to one server, and how many callers share them.
 *
 * DESIGN. There is no thread of our own and no pool to run dry. Who calls and
 * finds a connection idle does its own I/O on it at once, so a single caller pays
 * for one send, one recv and a lock. Who finds all busy appends its commands to
 * what the first free connection will send next, and sleeps. When the reader
 * ("leader") of a connection has taken all its replies, it sends the next
 * bundle at once, makes one of that bundle's callers its leader, and only then
 * wakes those whose replies it took: the server never waits for a thread to wake up.
 *
 *               nothing to send next            own replies taken, more to send
 *            ┌──────────────────────┐         ┌───────────────────────────────┐
 *            ▼                      │         ▼                               │
 *     ┌──▶ IDLE ──one caller──▶ BUSY: own exchange ──send ahead──▶ BUSY: a bundle,
 *     │                             │                               led by one of it
 *     │                             │ error, end, protocol                 │
 *     │                             ▼                                      │ its deadline:
 *     └──────next use dials──── CLOSED ◀────nobody has time left───────────┤ the lead goes on
 *                                   ▲                                      │ to one with time
 *                                   │ when its leader comes back           │
 *                                STUCK ◀──no progress for a deadline───────┘
 *
 * A server that refuses reads which went as one command (bundle.h) answers each by itself
 * then, and is given no such command for 10 s.
 *
 * Over how many connections callers spread is found by trying (width.h). They
 * begin with up to 8, which are then as good as their own; more than 8 in flight
 * concentrate on 4, more than 12 on 2, where bundles grow; or on one, and who
 * finds that idle yields the processor before it sends, and leads a bundle with
 * all who came by then. Connections beyond that stay open. What does not share
 * (large commands, long batches) has a connection to itself, up to the maximum, and
 * is waited for.
 *
 * Nobody waits behind what is slow if that can be helped. A connection that has been
 * at one exchange for 20 ms (its server is far, or keeps it waiting) is passed by, and
 * what waits for it and is not sent leaves it, while there are others or room for
 * them. Reads do not go behind writes, which a server may hold up on purpose.
 *
 * Order. Writes whose exchanges name the same lane (redis: by the first key that
 * is written) go over one connection while any of them is under way, and that
 * is a stream: a later one never overtakes an earlier one, though the earlier
 * one's caller gave up. It holds until that connection is closed or stuck. One that
 * writes several keys keeps behind those of any of them whose callers gave up, and they
 * behind it; what others still wait for is at the same time as it, and has no order.
 *
 * Deadlines. A caller that gives up leaves its slot behind, and its replies are
 * dropped by their place in the row (bundle.h); what was not sent yet is taken
 * out again, and known not to be applied. A leader whose deadline comes hands
 * the connection on. A leader that does not come back (a stopped thread) blocks
 * nobody: its followers end at their own deadlines, the connection is stuck:
 * out of use, its place is another's, and the leader closes it should it return.
 * What waited to be sent on a connection that is lost is submitted to another.
 *
 * Around fork() the pipeline is held still; the child closes what it inherited
 * (never shuts it down: that would end the parent's connections too) and dials
 * for itself.
 *
 * Threads: all functions from any thread. One lock, never held during I/O, in
 * `take`, or while anybody is woken; `fill` of sharing exchanges runs under it.
 */
#ifndef LARDER_NET_PIPELINE_H
#define LARDER_NET_PIPELINE_H

#include "net/conn.h"

struct larder_pipeline_options {
    struct larder_conn_options conn; /* strings are copied */
    int max_connections;             /* >= 1 */
    int64_t connect_timeout_ms;
};

struct larder_pipeline;

struct larder_pipeline_stats {
    int connections;
    int busy;
    int max;
    int queued;                            /* exchanges that wait to be sent */
    uint64_t bundles;                      /* sent */
    uint64_t combined;                     /* exchanges that went in them */
    char server[LARDER_CONN_SERVER_BYTES]; /* of the last handshake */
};

/* What is known of a run; `failures` and `why` of a failed one. */
struct larder_pipeline_result {
    bool connected;             /* it had an open connection; else only a wait or a dial failed */
    bool reused;                /* the connection had served before: it may have been lost idle */
    uint64_t failures;          /* so many connections were lost before; see below */
    char why[LARDER_WHY_BYTES]; /* for people; empty: it was OK */
};

/* Dials nothing yet. NULL: out of memory. */
struct larder_pipeline *larder_pipeline_new(const struct larder_allocator *allocator,
                                            const struct larder_clock *clock,
                                            const struct larder_pipeline_options *options);
/* NULL is fine. Calls that run may end what they sent; what waits fails
 * (E_UNAVAILABLE). Returns when all have. No call may begin. */
void larder_pipeline_free(struct larder_pipeline *pipeline);

/* Runs an exchange. OK: every reply was taken. E_TIMEOUT (also when it could not
 * be sent in time), E_UNAVAILABLE, E_AUTH, E_SERVER, E_PROTOCOL, E_NOMEM; the
 * exchange's pending, fill_sent and any_received tell how far it came.
 * not_before: 0; or the `failures` of a failed run: only a connection that was
 * opened since will do. */
enum larder_status larder_pipeline_run(struct larder_pipeline *pipeline,
                                       struct larder_exchange *exchange, uint64_t not_before,
                                       int64_t deadline_ns,
                                       struct larder_pipeline_result *ret_result);

/* "10.0.0.7:6379" or the path of the socket, for people. */
const char *larder_pipeline_where(const struct larder_pipeline *pipeline);

void larder_pipeline_stats(struct larder_pipeline *pipeline,
                           struct larder_pipeline_stats *ret_stats);

#endif
