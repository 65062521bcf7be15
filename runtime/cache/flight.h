/* SPDX-License-Identifier: MIT */
/*
 * Loads that are under way in this process, so that equal misses share one.
 *
 * DESIGN. A table of flights by key. The first caller that misses a key makes
 * its flight and leads it: it loads, stores, and lands the result. Callers
 * that miss the same key meanwhile follow: they sleep until the landing and
 * share what it brought, if it is for them.
 *
 * Whom it is for is told by moments, a counter that goes on whenever somebody
 * says `now`. A call notes the moment at which it began; a leader makes a new one
 * just before it does what proves its value good, and what it lands is for the
 * calls that began before that moment:
 *
 *     under a claim    before the fill is sent: an invalidation that returned
 *                      before a follower began then made the fill lost
 *     without one      before the loader runs: nothing tells what happened since
 *     found by a look  before that look was sent
 *
 * Who began later starts again. He waits for the landing all the same: he finds the
 * value stored, or with all others who were too late shares the next flight, before
 * whose moment they all began, even if that has landed when they come.
 *
 *     ticket.began = larder_flights_now(flights, hash);
 *     ... look into the cache: a miss ...
 *     switch (larder_flight_join(&ticket, false)) {
 *     case LARDER_FLIGHT_LEAD:   load; larder_flight_land(&ticket, &landing); break;
 *     case LARDER_FLIGHT_FOLLOW: if (!larder_flight_wait(&ticket, &landing)) start again; break;
 *     case LARDER_FLIGHT_ALONE:  load, and share it with nobody; break;
 *     }
 *
 * A loader may call into caches again. A thread that leads and would wait for
 * a flight whose leader, in any number of steps, waits for this thread is told
 * to go alone: its own key in the simplest case. What larder cannot see is a
 * loader that waits for another thread by other means.
 *
 * A child of fork() has none of its parent's other threads, so it forgets the
 * flights that they lead, or its callers would wait for ever; that their claims have
 * no holder here it remembers. Those that the forking thread leads (it forks in a
 * loader) go on in both processes.
 *
 * Threads: all functions from any thread; a ticket belongs to one.
 */
#ifndef LARDER_CACHE_FLIGHT_H
#define LARDER_CACHE_FLIGHT_H

#include <pthread.h>
#include <stdatomic.h>

#include <larder/stub.h>

#include "net/fork_hook.h"

enum {
    LARDER_FLIGHT_SHARDS = 8, /* so few that fork() may hold all their locks */
    LARDER_FLIGHT_MOMENTS = 64
};

#define LARDER_MOMENT_NEVER UINT64_C(0) /* lands for nobody */
#define LARDER_MOMENT_ALWAYS UINT64_MAX /* ...for all who are aboard */

struct larder_flight;

struct larder_flight_shard {
    pthread_mutex_t lock;
    struct larder_flight *first;
};

/* Caller's storage; stays where it is. */
struct larder_flights {
    const struct larder_allocator *allocator;
    struct larder_fork_hook hook;
    struct larder_flight *lost; /* of threads that this child of fork() does not have */
    struct larder_flight_shard shards[LARDER_FLIGHT_SHARDS];
    atomic_uint_fast64_t moments[LARDER_FLIGHT_MOMENTS]; /* by the keys' hashes; from 1 on */
};

/* What a load brought. A value comes with one reference for its receiver. */
struct larder_landing {
    enum larder_status status;
    enum larder_outcome outcome; /* of the fill */
    const void *value;           /* NULL unless status is OK or STALE */
    uint64_t until;              /* it is for those who began before this moment */
};

enum larder_flight_role { LARDER_FLIGHT_LEAD, LARDER_FLIGHT_FOLLOW, LARDER_FLIGHT_ALONE };

/* "The waiter's thread waits for the leader's": kept only for waiters that lead. */
struct larder_flight_edge {
    struct larder_flight_edge *next;
    uintptr_t waiter;
    uintptr_t leader;
};

/* What a caller asks for: the first five. The rest is the functions' own. */
struct larder_ticket {
    struct larder_flights *flights;
    const struct larder_entity *entity;
    const struct larder_key *key;
    uint64_t hash;  /* of the key */
    uint64_t began; /* the moment at which the call did */
    struct larder_flight *flight;
    struct larder_flight *late; /* the last one, which was not for this call; NULL */
    struct larder_flight_edge edge;
};

void larder_flights_init(struct larder_flights *flights, const struct larder_allocator *allocator);
void larder_flights_release(struct larder_flights *flights);

/* The present moment of a hash's keys. */
static inline uint64_t larder_flights_now(struct larder_flights *flights, uint64_t hash)
{
    return atomic_load(&flights->moments[hash % LARDER_FLIGHT_MOMENTS]);
}

/* A new moment: whoever asks for the present one from now on began no earlier. */
static inline uint64_t larder_flights_moment(struct larder_flights *flights, uint64_t hash)
{
    return atomic_fetch_add(&flights->moments[hash % LARDER_FLIGHT_MOMENTS], 1) + 1;
}

/* Leads, follows, or (out of memory, or waiting would never end) goes alone. must_lead:
 * a flight of this key that is in the air does not count; who comes joins the new one. */
enum larder_flight_role larder_flight_join(struct larder_ticket *ticket, bool must_lead);
/* A leader that has claimed the entry says so; for larder_flights_orphaned. */
void larder_flight_claim(struct larder_ticket *ticket, uint64_t token);
/* A leader must: gives followers references of their own and wakes them. */
void larder_flight_land(struct larder_ticket *ticket, const struct larder_landing *landing);
/* A follower must: blocks until the flight lands, for as long as its loader takes. False:
 * what it brought is not for this call; *ret_landing is empty but for `until`. */
bool larder_flight_wait(struct larder_ticket *ticket, struct larder_landing *ret_landing);

/* A call that waited for what was not for it must, unless it joins again. */
void larder_flight_forget(struct larder_ticket *ticket);

/* Whether a claim was made by a thread that this child of fork() does not have. */
bool larder_flights_orphaned(const struct larder_flights *flights, uint64_t token);

#endif
