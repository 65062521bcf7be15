/* SPDX-License-Identifier: MIT */
/*
 * What stands before the connections of one node: may this batch go there, and
 * what did it meet?
 *
 * DESIGN. Two breakers (net/breaker.h). One for the node: while it is open every
 * batch is answered E_UNAVAILABLE at once. One for writes that take room: a
 * server that is out of memory, cannot save or lacks replicas still serves
 * reads, so while that one is open only SET, ADD, REPLACE, CLAIM, TAKE and FILL are
 * answered E_SERVER at once; reads go on, and so do DELETE, EXPIRE, SOFTEN, RELEASE
 * and BUMP, which such a server may still take. What counts for which is in net/replies.def.
 *
 *     if (!larder_node_guard_admit(guard, ops, count, &pass)) {
 *         return;                                  every operation has its answer
 *     }
 *     ... run ...
 *     larder_node_guard_report(guard, &pass, status, dialled, trouble);
 *
 * An open, and a close after it, are one line in the log each.
 * Threads: all functions from any thread.
 */
#ifndef LARDER_BACKEND_NODE_GUARD_H
#define LARDER_BACKEND_NODE_GUARD_H

#include "backend/backend.h"
#include "net/breaker.h"
#include "net/fork_hook.h"
#include "net/replies.h"

struct larder_node_guard {
    const struct larder_backend_env *env;
    const char *where; /* the node, for people */
    struct larder_breaker node;
    struct larder_breaker writes;
    struct larder_fork_hook hook;
};

/* One batch on its way. */
struct larder_node_pass {
    struct larder_breaker_pass node;
    struct larder_breaker_pass writes;
    bool takes_room; /* a write that does is among it */
};

/* The errors that a batch met, as a set: bits of larder_reply_breaker. */
static inline unsigned larder_trouble(enum larder_reply_breaker breaker)
{
    return 1U << (unsigned)breaker;
}

/* Caller's storage. env and where outlive it; it stays where it is. */
void larder_node_guard_init(struct larder_node_guard *guard, const struct larder_backend_env *env,
                            const char *where);
void larder_node_guard_release(struct larder_node_guard *guard);

/* False: every operation was answered, with a text in larder_last_error(). */
bool larder_node_guard_admit(struct larder_node_guard *guard, struct larder_op *ops, size_t count,
                             struct larder_node_pass *ret_pass);

/* status: of the batch as a whole. connected: it had a connection at some time.
 * trouble: the set of what the server's errors say. */
void larder_node_guard_report(struct larder_node_guard *guard, const struct larder_node_pass *pass,
                              enum larder_status status, bool connected, unsigned trouble);

/* Whether the node's breaker is other than closed. */
bool larder_node_guard_is_away(const struct larder_node_guard *guard);

/* Fills in breaker, breaker_opens, failing_ms and degraded. */
void larder_node_guard_health(struct larder_node_guard *guard, struct larder_health *health);

#endif
