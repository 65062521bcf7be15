/* SPDX-License-Identifier: MIT */
/*
 * The connections to one server.
 *
 * DESIGN. A call takes a connection to itself: the one that was used last, so
 * that few callers keep few connections warm; a new one while there are fewer
 * than the maximum; else it waits for one, until its deadline. A connection on
 * which anything failed is closed and never lent again. One that was idle for a
 * while is looked at first: the server may have hung up.
 *
 * Around fork() the pool is held still; the child closes what it inherited
 * (never shuts it down: that would end the parent's connections too) and dials
 * for itself.
 *
 * Threads: all functions from any thread.
 */
#ifndef LARDER_NET_POOL_H
#define LARDER_NET_POOL_H

#include "net/conn.h"

struct larder_pool_options {
    struct larder_conn_options conn; /* strings are copied */
    int max_connections;             /* >= 1 */
    int64_t connect_timeout_ms;
};

struct larder_pool;

struct larder_pool_stats {
    int connections;
    int busy;
    int max;
    char server[LARDER_CONN_SERVER_BYTES]; /* of the last handshake */
};

/* Dials nothing yet. NULL: out of memory. */
struct larder_pool *larder_pool_new(const struct larder_allocator *allocator,
                                    const struct larder_clock *clock,
                                    const struct larder_pool_options *options);
/* NULL is fine. No connection may be lent. */
void larder_pool_free(struct larder_pool *pool);

/* Lends an open connection. *ret_reused: it has served before, so it may fail at
 * once for no other reason. Else E_TIMEOUT (also when all were busy),
 * E_UNAVAILABLE, E_AUTH, E_SERVER, E_PROTOCOL, E_NOMEM, with a text in ret_why. */
enum larder_status larder_pool_acquire(struct larder_pool *pool, int64_t deadline_ns,
                                       struct larder_conn **ret_conn, bool *ret_reused,
                                       char ret_why[LARDER_WHY_BYTES]);

/* Opens a lent connection anew. After a failure it is still lent, and closed. */
enum larder_status larder_pool_redial(struct larder_pool *pool, struct larder_conn *conn,
                                      int64_t deadline_ns);

/* Gives it back, open or closed. */
void larder_pool_release(struct larder_pool *pool, struct larder_conn *conn);

/* "10.0.0.7:6379" or the path of the socket, for people. */
const char *larder_pool_where(const struct larder_pool *pool);

void larder_pool_stats(struct larder_pool *pool, struct larder_pool_stats *ret_stats);

#endif
