/* SPDX-License-Identifier: MIT */
#include "net/dial_gate.h"

#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "net/cond.h"

static const int64_t NS_A_MS = 1000000;
static const int64_t NS_A_SECOND = 1000000000;
#define NS_A_TOKEN (NS_A_SECOND / LARDER_DIALS_A_SECOND)

/* --------------------------------------------------------------- life cycle */

bool larder_dial_gate_init(struct larder_dial_gate *gate, const struct larder_clock *clock)
{
    memset(gate, 0, sizeof *gate);
    gate->clock = clock;
    gate->tokens_from_ns = INT64_MIN; /* full */
    if (!larder_cond_init(&gate->freed)) {
        return false;
    }
    pthread_mutex_init(&gate->mutex, NULL);
    return true;
}

void larder_dial_gate_destroy(struct larder_dial_gate *gate)
{
    pthread_cond_destroy(&gate->freed);
    pthread_mutex_destroy(&gate->mutex);
}

void larder_dial_gate_hold(struct larder_dial_gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
}

void larder_dial_gate_let_go(struct larder_dial_gate *gate)
{
    pthread_mutex_unlock(&gate->mutex);
}

void larder_dial_gate_child(struct larder_dial_gate *gate)
{
    gate->in_flight = 0;
    gate->waiting = 0;
    larder_cond_init(&gate->freed);
    pthread_mutex_unlock(&gate->mutex);
}

/* ------------------------------------------------------------------- turns */

/* When the bucket has a token: now, if not later. A full bucket is one second old. */
static int64_t token_at_ns(const struct larder_dial_gate *gate, int64_t now_ns)
{
    int64_t from_ns = gate->tokens_from_ns;
    if (from_ns < now_ns - NS_A_SECOND) {
        from_ns = now_ns - NS_A_SECOND;
    }
    return from_ns + NS_A_TOKEN;
}

static void take_turn(struct larder_dial_gate *gate, int64_t now_ns)
{
    gate->tokens_from_ns = token_at_ns(gate, now_ns);
    gate->in_flight++;
    gate->dials++;
}

/* When to look again: a turn that ends wakes one waiter sooner. */
static int64_t turn_at_ns(const struct larder_dial_gate *gate, int64_t now_ns)
{
    int64_t at_ns = token_at_ns(gate, now_ns);
    if (gate->in_flight >= LARDER_DIALS_AT_ONCE) {
        return INT64_MAX;
    }
    return at_ns > gate->not_before_ns ? at_ns : gate->not_before_ns;
}

static bool was_refused(const struct larder_dial_gate *gate)
{
    return gate->last == LARDER_E_AUTH || gate->last == LARDER_E_SERVER;
}

static enum larder_status acquire_locked(struct larder_dial_gate *gate, int64_t deadline_ns)
{
    for (;;) {
        int64_t now_ns = larder_clock_now_ns(gate->clock);
        int64_t at_ns = turn_at_ns(gate, now_ns);
        if (at_ns <= now_ns) {
            take_turn(gate, now_ns);
            return LARDER_OK;
        }
        if (was_refused(gate) && now_ns < gate->not_before_ns) {
            return gate->last;
        }
        if (now_ns >= deadline_ns) {
            return LARDER_E_TIMEOUT;
        }
        gate->waiting++;
        larder_cond_wait(&gate->freed, &gate->mutex, gate->clock,
                         at_ns < deadline_ns ? at_ns : deadline_ns);
        gate->waiting--;
    }
}

enum larder_status larder_dial_gate_acquire(struct larder_dial_gate *gate, int64_t deadline_ns)
{
    pthread_mutex_lock(&gate->mutex);
    enum larder_status status = acquire_locked(gate, deadline_ns);
    /* Two may have been woken for one place; whoever leaves passes it on. */
    if (gate->waiting > 0 && gate->in_flight < LARDER_DIALS_AT_ONCE) {
        pthread_cond_signal(&gate->freed);
    }
    pthread_mutex_unlock(&gate->mutex);
    return status;
}

static int64_t pause_ns(uint32_t failures)
{
    uint32_t doublings = failures - 1 < 10 ? failures - 1 : 10;
    int64_t most_ms = (int64_t)LARDER_DIAL_PAUSE_FIRST_MS << doublings;
    if (most_ms > LARDER_DIAL_PAUSE_MAX_MS) {
        most_ms = LARDER_DIAL_PAUSE_MAX_MS;
    }
    return (int64_t)(larder_random64() % (uint64_t)(most_ms * NS_A_MS));
}

void larder_dial_gate_release(struct larder_dial_gate *gate, enum larder_status status)
{
    pthread_mutex_lock(&gate->mutex);
    gate->in_flight--;
    gate->last = status;
    if (status == LARDER_OK) {
        gate->failures = 0;
        gate->not_before_ns = 0;
    } else {
        gate->failures += gate->failures < UINT32_MAX;
        gate->not_before_ns = larder_clock_now_ns(gate->clock) + pause_ns(gate->failures);
    }
    if (gate->waiting > 0) {
        pthread_cond_signal(&gate->freed);
    }
    pthread_mutex_unlock(&gate->mutex);
}

uint64_t larder_dial_gate_dials(struct larder_dial_gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    uint64_t dials = gate->dials;
    pthread_mutex_unlock(&gate->mutex);
    return dials;
}
