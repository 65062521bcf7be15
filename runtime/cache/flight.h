/* SPDX-License-Identifier: MIT */
/*
 * Loads that are under way in this process, so that equal misses share one.
 *
 * DESIGN. A table of flights by key. The first caller that misses a key makes
 * its flight and leads it: it loads, stores, and lands the result. Callers
 * that miss the same key meanwhile follow: they sleep until the landing and
 * share what it brought. A landed flight is out of the table, and its shard's
 * generation has moved on; a new leader that read the generation before its
 * own look into the cache therefore knows whether that look may be older than
 * another's fill, and looks again.
 *
 *     seen = larder_flights_seen(flights, hash);
 *     ... look into the cache: a miss ...
 *     switch (larder_flight_join(&ticket, seen)) {
 *     case LARDER_FLIGHT_LEAD:   load; larder_flight_land(&ticket, &landing); break;
 *     case LARDER_FLIGHT_FOLLOW: larder_flight_wait(&ticket, &landing); break;
 *     case LARDER_FLIGHT_ALONE:  load; break;
 *     }
 *
 * A loader may call into caches again. A thread that leads and would wait for
 * a flight whose leader, in any number of steps, waits for this thread is told
 * to go alone: its own key in the simplest case. What larder cannot see is a
 * loader that waits for another thread by other means.
 * Around fork() all locks are held, and a child forgets the flights of its
 * parent's other threads, which would never land.
 * Threads: all functions from any thread; a ticket belongs to one.
 */
#ifndef LARDER_CACHE_FLIGHT_H
#define LARDER_CACHE_FLIGHT_H

#include <pthread.h>
#include <stdatomic.h>

#include <larder/stub.h>

#include "net/fork_hook.h"

enum { LARDER_FLIGHT_SHARDS = 32 };

struct larder_flight;

struct larder_flight_shard {
    pthread_mutex_t lock;
    struct larder_flight *first;
    atomic_uint_fast64_t generation; /* flights that have landed; moved under the lock */
};

struct larder_flights {
    const struct larder_allocator *allocator;
    struct larder_flight_shard shards[LARDER_FLIGHT_SHARDS];
    struct larder_fork_hook hook;
};

/* What a load brought. A value comes with one reference for its receiver. */
struct larder_landing {
    enum larder_status status;
    enum larder_outcome outcome; /* of the fill */
    const void *value;           /* NULL unless status is OK */
};

enum larder_flight_role { LARDER_FLIGHT_LEAD, LARDER_FLIGHT_FOLLOW, LARDER_FLIGHT_ALONE };

/* "The waiter's thread waits for the leader's": kept only for waiters that lead. */
struct larder_flight_edge {
    struct larder_flight_edge *next;
    uintptr_t waiter;
    uintptr_t leader;
};

/* What a caller asks for: the first four. The rest is the functions' own. */
struct larder_ticket {
    struct larder_flights *flights;
    const struct larder_entity *entity;
    const struct larder_key *key;
    uint64_t hash; /* of the key */
    struct larder_flight *flight;
    struct larder_flight_edge edge;
    bool look_again; /* told to a leader: another flight may have filled this key */
};

/* Stays where it is until it is released. */
void larder_flights_init(struct larder_flights *flights, const struct larder_allocator *allocator);
void larder_flights_release(struct larder_flights *flights);

/* The generation of the hash's shard. */
uint64_t larder_flights_seen(struct larder_flights *flights, uint64_t hash);

/* Leads, follows, or (out of memory, or waiting would never end) goes alone. */
enum larder_flight_role larder_flight_join(struct larder_ticket *ticket, uint64_t seen);
/* A leader must: gives followers references of their own and wakes them. */
void larder_flight_land(struct larder_ticket *ticket, const struct larder_landing *landing);
/* A follower must: blocks until the flight lands, for as long as its loader takes. */
void larder_flight_wait(struct larder_ticket *ticket, struct larder_landing *ret_landing);

#endif
