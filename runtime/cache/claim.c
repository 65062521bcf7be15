/* SPDX-License-Identifier: MIT */
/*
 * Who loads an entry: an agreement with other processes, by claims that stand in the
 * entry itself (codec/envelope.h).
 */
#include <time.h>

#include <larder/codec.h>

#include "base/hash.h"
#include "cache/fetch.h"

enum {
    TRIES_MAX = 8,  /* to claim, with no wait in between: an entry that changes as fast as that */
    PAUSE_PART = 8, /* of what was waited so far */
    PAUSE_MIN_MS = 1,
    PAUSE_MAX_MS = 50,
    TOKEN_AT = LARDER_ENVELOPE_TOKEN_AT + 1 /* behind its 0xcf */
};

static const int64_t NS_PER_MS = 1000000;

/* ------------------------------------------------------------------ waiting */

/* For about an eighth of the time waited so far, so that who waits for long asks seldom
 * and is told late by little; at random, so that not all ask at once. False: the call's
 * time is over. */
static bool wait_a_little(const struct larder_fetch *fetch, int64_t since_ns)
{
    int64_t now_ns = larder_clock_now_ns(&fetch->cache->clock);
    int64_t pause_ns = (now_ns - since_ns) / PAUSE_PART;
    if (pause_ns < PAUSE_MIN_MS * NS_PER_MS) {
        pause_ns = PAUSE_MIN_MS * NS_PER_MS;
    }
    if (pause_ns > PAUSE_MAX_MS * NS_PER_MS) {
        pause_ns = PAUSE_MAX_MS * NS_PER_MS;
    }
    pause_ns -= (int64_t)(larder_random64() % (uint64_t)(pause_ns / 2));
    if (now_ns >= fetch->deadline_ns) {
        return false;
    }
    if (pause_ns > fetch->deadline_ns - now_ns) {
        pause_ns = fetch->deadline_ns - now_ns;
    }
    const struct timespec pause = {.tv_sec = 0, .tv_nsec = (long)pause_ns};
    (void)nanosleep(&pause, NULL); /* a signal ends it early, no harm done */
    return true;
}

/* Innermost first. */
static _Thread_local const struct larder_hold *holds;

void larder_hold_begin(struct larder_hold *hold, bool (*has)(const void *user, uint64_t token),
                       const void *user)
{
    *hold = (struct larder_hold){.outer = holds, .has = has, .user = user};
    holds = hold;
}

void larder_hold_end(const struct larder_hold *hold)
{
    holds = hold->outer;
}

static bool is_held_by_this_thread(uint64_t token)
{
    const struct larder_hold *hold = holds;
    while (hold != NULL && !hold->has(hold->user, token)) {
        hold = hold->outer;
    }
    return hold != NULL;
}

/* Whether to wait for the claim that stands is to wait in vain: this thread's loader has it,
 * or in a child of fork(), on a backend that lives in the process, nobody. */
static bool waits_in_vain(const struct larder_fetch *fetch)
{
    const struct larder_sight *sight = &fetch->sight;
    if (sight->seen_len < TOKEN_AT + sizeof(uint64_t)) {
        return false;
    }
    uint64_t token = larder_load64(sight->seen + TOKEN_AT);
    return is_held_by_this_thread(token) || larder_flights_orphaned(&fetch->cache->flights, token);
}

/* ----------------------------------------------------------------- claiming */

/* Whether a look that claims brought neither the claim nor what stands in its way. */
static bool nothing_came_of_it(const struct larder_fetch *fetch)
{
    const struct larder_sight *sight = &fetch->sight;
    return fetch->found == LARDER_OK && !sight->won && !sight->claimed &&
           sight->kind == LARDER_SIGHT_NOTHING && sight->seen_total == 0;
}

/* Claims what was seen. False: it cannot be claimed, there is no cache (CACHE_BACKEND=off). */
static bool claim(struct larder_fetch *fetch)
{
    if (larder_fetch_has_spare(fetch)) {
        larder_fetch_look(fetch, LARDER_LOOK_TAKE_KEEP);
        return true;
    }
    if (fetch->sight.seen_total == 0) {
        larder_fetch_look(fetch, LARDER_LOOK_CLAIM);
        if (!nothing_came_of_it(fetch)) {
            return true;
        }
    }
    /* What is there is of no use, perhaps nothing that can be read at all. */
    larder_fetch_look(fetch, LARDER_LOOK_TAKE);
    return !nothing_came_of_it(fetch);
}

/* The time is over, or the server is gone. */
static enum larder_claim give_up(const struct larder_fetch *fetch)
{
    bool late = larder_clock_now_ns(&fetch->cache->clock) >= fetch->deadline_ns;
    return late && larder_fetch_has_spare(fetch) ? LARDER_CLAIM_SEEN : LARDER_CLAIM_NONE;
}

/* Waits a little for whose claim stands there, and looks again. False: it will not end. */
static bool wait_for_claim(struct larder_fetch *fetch, int64_t since_ns)
{
    struct larder_counters *counters = &larder_state_of(fetch->cache, fetch->entity)->counters;
    if (!fetch->waited) {
        larder_counter_add(&counters->claim_waits, 1);
        fetch->waited = true;
    }
    if (!wait_a_little(fetch, since_ns)) {
        return false;
    }
    larder_fetch_look(fetch, LARDER_LOOK_READ);
    return true;
}

enum larder_claim larder_fetch_claim(struct larder_fetch *fetch)
{
    int64_t since_ns = larder_clock_now_ns(&fetch->cache->clock);
    for (unsigned tries = 0; fetch->found == LARDER_OK && !fetch->sight.won;) {
        if (larder_fetch_is_answered(fetch)) {
            return LARDER_CLAIM_SEEN;
        }
        if (!fetch->sight.claimed) {
            if (++tries > TRIES_MAX || !claim(fetch)) {
                return LARDER_CLAIM_NONE;
            }
            continue;
        }
        if (waits_in_vain(fetch)) {
            return LARDER_CLAIM_NONE;
        }
        tries = 0;
        if (!wait_for_claim(fetch, since_ns)) {
            return give_up(fetch);
        }
    }
    return fetch->sight.won ? LARDER_CLAIM_WON : give_up(fetch);
}

static bool claim_over(struct larder_fetch *fetch)
{
    if (fetch->sight.seen_total == 0) {
        return claim(fetch);
    }
    larder_fetch_look(fetch, LARDER_LOOK_TAKE_KEEP);
    return true;
}

enum larder_claim larder_fetch_claim_anyhow(struct larder_fetch *fetch)
{
    int64_t since_ns = larder_clock_now_ns(&fetch->cache->clock);
    for (unsigned tries = 0; fetch->found == LARDER_OK && !fetch->sight.won;) {
        bool waits = fetch->sight.claimed;
        tries = waits ? 0 : tries + 1;
        if (tries > TRIES_MAX || (waits && waits_in_vain(fetch)) ||
            !(waits ? wait_for_claim(fetch, since_ns) : claim_over(fetch))) {
            return LARDER_CLAIM_NONE;
        }
    }
    return fetch->sight.won ? LARDER_CLAIM_WON : LARDER_CLAIM_NONE;
}
