/* SPDX-License-Identifier: MIT */
/*
 * How often a node may be dialled.
 *
 * DESIGN. A server that is coming up, or that has no room for clients, must not
 * be met by every thread of every process at once. So of this process no more
 * than two dials of a node are under way at a time; after a failed one nobody
 * dials for a while, drawn at random up to a bound that doubles with each
 * failure in a row (full jitter); and a bucket of tokens caps the dials a
 * second, for connections that are lost as fast as they are made.
 *
 *     status = larder_dial_gate_acquire(gate, deadline_ns);
 *     if (status == LARDER_OK) {
 *         ... dial, shake hands ...
 *         larder_dial_gate_release(gate, status);
 *     }
 *
 * It makes callers wait: how long a node that does not answer is worth waiting
 * for is the breaker's to say. Only what waiting does not mend is repeated at
 * once, during the pause: that the credentials or the database were refused.
 * Time is the injected clock's.
 * Around fork() the caller holds it still (larder_dial_gate_hold and so on).
 *
 * Threads: all functions from any thread.
 */
#ifndef LARDER_NET_DIAL_GATE_H
#define LARDER_NET_DIAL_GATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <larder/config.h>
#include <larder/status.h>

enum {
    LARDER_DIALS_AT_ONCE = 2,
    LARDER_DIALS_A_SECOND = 100, /* and as many at once from rest */
    LARDER_DIAL_PAUSE_FIRST_MS = 50,
    LARDER_DIAL_PAUSE_MAX_MS = 2000
};

/* Caller's storage. Nobody looks inside but dial_gate.c. */
struct larder_dial_gate {
    const struct larder_clock *clock;
    pthread_mutex_t mutex; /* of all below; never held with another */
    pthread_cond_t freed;
    int in_flight;
    int waiting;
    enum larder_status last; /* how the last dial ended */
    uint32_t failures;       /* in a row */
    int64_t not_before_ns;   /* the pause after a failure */
    int64_t tokens_from_ns;  /* the bucket holds what has flowed in since then */
    uint64_t dials;
};

/* False: no memory. The clock outlives it. */
bool larder_dial_gate_init(struct larder_dial_gate *gate, const struct larder_clock *clock);
void larder_dial_gate_destroy(struct larder_dial_gate *gate);

/* Waits for a turn. OK: dial, and release; E_TIMEOUT: the deadline came first;
 * E_AUTH, E_SERVER: so the node answered the last dial, just now. */
enum larder_status larder_dial_gate_acquire(struct larder_dial_gate *gate, int64_t deadline_ns);

/* The dial is over, its handshake too. */
void larder_dial_gate_release(struct larder_dial_gate *gate, enum larder_status status);

/* How many turns were given. */
uint64_t larder_dial_gate_dials(struct larder_dial_gate *gate);

/* Around fork(). A child has no dials under way, and no waiters. */
void larder_dial_gate_hold(struct larder_dial_gate *gate);
void larder_dial_gate_let_go(struct larder_dial_gate *gate);
void larder_dial_gate_child(struct larder_dial_gate *gate);

#endif
