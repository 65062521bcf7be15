/* SPDX-License-Identifier: MIT */
#include "cache/flight.h"

#include <string.h>

#include "base/alloc.h"
#include "codec/block.h"

struct larder_flight {
    struct larder_flight *next; /* in the shard, until landed */
    const struct larder_entity *entity;
    uint64_t hash;
    uintptr_t leader;  /* the thread that loads */
    size_t references; /* the leader and its followers; under the shard's lock */
    bool landed;       /* under the shard's lock, like what it brought */
    struct larder_landing landing;
    pthread_cond_t on_landing;
    size_t key_len;
    char key[];
};

/* ------------------------------------------------------ who waits for whom */

/* How many flights this thread leads. Its address names the thread. */
static _Thread_local unsigned flights_led;

/* All threads that lead and wait, of all caches: loaders may call other caches.
 * Innermost lock; rarely taken, since loaders rarely load. */
static pthread_mutex_t edges_lock = PTHREAD_MUTEX_INITIALIZER;
static struct larder_flight_edge *edges;

static uintptr_t this_thread(void)
{
    return (uintptr_t)&flights_led;
}

/* Whom a thread waits for; 0: nobody. */
static uintptr_t waited_for(uintptr_t thread)
{
    for (const struct larder_flight_edge *edge = edges; edge != NULL; edge = edge->next) {
        if (edge->waiter == thread) {
            return edge->leader;
        }
    }
    return 0;
}

/* Notes that this thread waits for `leader`. False: that one waits for this
 * thread already. Every thread on such a circle leads and waits, so all are
 * known, and the one that would close the circle finds it. */
static bool edge_add(struct larder_flight_edge *edge, uintptr_t leader)
{
    uintptr_t thread = leader;
    edge->leader = 0;
    if (flights_led == 0) {
        return true; /* nobody waits for a thread that leads nothing */
    }
    pthread_mutex_lock(&edges_lock);
    while (thread != 0 && thread != this_thread()) {
        thread = waited_for(thread);
    }
    if (thread == 0) {
        *edge = (struct larder_flight_edge){edges, this_thread(), leader};
        edges = edge;
    }
    pthread_mutex_unlock(&edges_lock);
    return thread == 0;
}

static void edge_remove(const struct larder_flight_edge *edge)
{
    if (edge->leader == 0) {
        return;
    }
    pthread_mutex_lock(&edges_lock);
    struct larder_flight_edge **at = &edges;
    while (*at != edge) {
        at = &(*at)->next;
    }
    *at = edge->next;
    pthread_mutex_unlock(&edges_lock);
}

/* ------------------------------------------------------------------- fork */

static void edges_prepare(void *user)
{
    (void)user;
    pthread_mutex_lock(&edges_lock);
}

static void edges_parent(void *user)
{
    (void)user;
    pthread_mutex_unlock(&edges_lock);
}

/* Who waited is not in the child. */
static void edges_child(void *user)
{
    (void)user;
    edges = NULL;
    pthread_mutex_unlock(&edges_lock);
}

static void hook_edges(void)
{
    static struct larder_fork_hook hook = {
        .prepare = edges_prepare, .parent = edges_parent, .child = edges_child};
    larder_fork_hook_add(&hook);
}

static void flights_prepare(void *user)
{
    struct larder_flights *flights = user;
    for (size_t i = 0; i < LARDER_FLIGHT_SHARDS; i++) {
        pthread_mutex_lock(&flights->shards[i].lock);
    }
}

static void flights_parent(void *user)
{
    struct larder_flights *flights = user;
    for (size_t i = 0; i < LARDER_FLIGHT_SHARDS; i++) {
        pthread_mutex_unlock(&flights->shards[i].lock);
    }
}

/* The flights of threads that are not here are freed; one whose loader called
 * fork() lands here too, and nobody follows it. Conditions are not destroyed:
 * that would wait for those who slept on them. */
static void forget_others(struct larder_flights *flights, struct larder_flight_shard *shard)
{
    struct larder_flight **at = &shard->first;
    for (struct larder_flight *flight = *at; flight != NULL; flight = *at) {
        if (flight->leader == this_thread()) {
            flight->references = 1;
            pthread_cond_init(&flight->on_landing, NULL);
            at = &flight->next;
        } else {
            *at = flight->next;
            larder_free(flights->allocator, flight);
        }
    }
}

static void flights_child(void *user)
{
    struct larder_flights *flights = user;
    for (size_t i = 0; i < LARDER_FLIGHT_SHARDS; i++) {
        forget_others(flights, &flights->shards[i]);
        pthread_mutex_unlock(&flights->shards[i].lock);
    }
}

/* ----------------------------------------------------------------- flights */

void larder_flights_init(struct larder_flights *flights, const struct larder_allocator *allocator)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, hook_edges);
    flights->allocator = allocator;
    for (size_t i = 0; i < LARDER_FLIGHT_SHARDS; i++) {
        pthread_mutex_init(&flights->shards[i].lock, NULL);
        flights->shards[i].first = NULL;
        atomic_init(&flights->shards[i].generation, 0);
    }
    flights->hook = (struct larder_fork_hook){.prepare = flights_prepare,
                                              .parent = flights_parent,
                                              .child = flights_child,
                                              .user = flights};
    larder_fork_hook_add(&flights->hook);
}

void larder_flights_release(struct larder_flights *flights)
{
    larder_fork_hook_remove(&flights->hook);
    for (size_t i = 0; i < LARDER_FLIGHT_SHARDS; i++) {
        pthread_mutex_destroy(&flights->shards[i].lock);
    }
}

static struct larder_flight_shard *shard_of(struct larder_flights *flights, uint64_t hash)
{
    return &flights->shards[hash % LARDER_FLIGHT_SHARDS];
}

uint64_t larder_flights_seen(struct larder_flights *flights, uint64_t hash)
{
    /* Acquire: the look into the cache comes after it. */
    return atomic_load_explicit(&shard_of(flights, hash)->generation, memory_order_acquire);
}

static struct larder_flight *flight_find(const struct larder_flight_shard *shard,
                                         const struct larder_ticket *ticket)
{
    const struct larder_key *key = ticket->key;
    struct larder_flight *flight = shard->first;
    while (flight != NULL &&
           !(flight->hash == ticket->hash && flight->entity == ticket->entity &&
             flight->key_len == key->len && memcmp(flight->key, key->bytes, key->len) == 0)) {
        flight = flight->next;
    }
    return flight;
}

/* NULL: out of memory. */
static struct larder_flight *flight_new(const struct larder_ticket *ticket)
{
    const struct larder_key *key = ticket->key;
    struct larder_flight *flight =
        larder_alloc_zeroed(ticket->flights->allocator, 1, sizeof *flight + key->len);
    if (flight == NULL) {
        return NULL;
    }
    flight->entity = ticket->entity;
    flight->hash = ticket->hash;
    flight->leader = this_thread();
    flight->references = 1;
    flight->key_len = key->len;
    memcpy(flight->key, key->bytes, key->len);
    pthread_cond_init(&flight->on_landing, NULL);
    return flight;
}

/* Drops the ticket's reference; the last one frees the flight and its value. */
static void flight_leave(struct larder_ticket *ticket)
{
    struct larder_flight_shard *shard = shard_of(ticket->flights, ticket->hash);
    struct larder_flight *flight = ticket->flight;
    pthread_mutex_lock(&shard->lock);
    bool last = --flight->references == 0;
    pthread_mutex_unlock(&shard->lock);
    ticket->flight = NULL;
    if (last) {
        larder_value_release(flight->landing.value);
        pthread_cond_destroy(&flight->on_landing);
        larder_free(ticket->flights->allocator, flight);
    }
}

enum larder_flight_role larder_flight_join(struct larder_ticket *ticket, uint64_t seen)
{
    struct larder_flight_shard *shard = shard_of(ticket->flights, ticket->hash);
    bool leads = false;
    pthread_mutex_lock(&shard->lock);
    struct larder_flight *flight = flight_find(shard, ticket);
    if (flight != NULL) {
        flight->references++;
    } else if ((flight = flight_new(ticket)) != NULL) {
        flight->next = shard->first;
        shard->first = flight;
        leads = true;
    }
    ticket->look_again =
        atomic_load_explicit(&shard->generation, memory_order_relaxed) != seen && leads;
    pthread_mutex_unlock(&shard->lock);

    ticket->flight = flight;
    if (flight == NULL) {
        return LARDER_FLIGHT_ALONE;
    }
    if (leads) {
        flights_led++;
        return LARDER_FLIGHT_LEAD;
    }
    if (!edge_add(&ticket->edge, flight->leader)) {
        flight_leave(ticket);
        return LARDER_FLIGHT_ALONE;
    }
    return LARDER_FLIGHT_FOLLOW;
}

static void unlink_flight(struct larder_flight_shard *shard, const struct larder_flight *flight)
{
    struct larder_flight **at = &shard->first;
    while (*at != flight) {
        at = &(*at)->next;
    }
    *at = flight->next;
}

void larder_flight_land(struct larder_ticket *ticket, const struct larder_landing *landing)
{
    struct larder_flight_shard *shard = shard_of(ticket->flights, ticket->hash);
    struct larder_flight *flight = ticket->flight;
    pthread_mutex_lock(&shard->lock);
    unlink_flight(shard, flight);
    flight->landing = *landing;
    if (landing->value != NULL) {
        larder_value_acquire(landing->value);
    }
    flight->landed = true;
    atomic_fetch_add_explicit(&shard->generation, 1, memory_order_release);
    pthread_cond_broadcast(&flight->on_landing);
    pthread_mutex_unlock(&shard->lock);
    flights_led--;
    flight_leave(ticket);
}

void larder_flight_wait(struct larder_ticket *ticket, struct larder_landing *ret_landing)
{
    struct larder_flight_shard *shard = shard_of(ticket->flights, ticket->hash);
    struct larder_flight *flight = ticket->flight;
    pthread_mutex_lock(&shard->lock);
    while (!flight->landed) {
        pthread_cond_wait(&flight->on_landing, &shard->lock);
    }
    *ret_landing = flight->landing;
    if (ret_landing->value != NULL) {
        larder_value_acquire(ret_landing->value);
    }
    pthread_mutex_unlock(&shard->lock);
    edge_remove(&ticket->edge);
    flight_leave(ticket);
}
