/* SPDX-License-Identifier: MIT */
#include "cache/flight.h"

#include <string.h>

#include "base/alloc.h"
#include "codec/block.h"

struct larder_flight {
    struct larder_flight *next; /* in the shard, until landed */
    const struct larder_entity *entity;
    uint64_t hash;
    uintptr_t leader;                /* the thread that loads */
    uint64_t token;                  /* of the claim it holds; 0: none. Under the shard's lock */
    size_t references;               /* the leader and its followers; under the shard's lock */
    bool landed;                     /* under the shard's lock, like what it brought, */
    struct larder_flight *successor; /* and whom they follow who began too late for it */
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

/* -------------------------------------------------------------------- fork */

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

/* Who forks waits for nobody, and the others are not here. */
static void edges_child(void *user)
{
    (void)user;
    edges = NULL;
    pthread_mutex_unlock(&edges_lock);
}

static struct larder_fork_hook edges_hook = {
    .prepare = edges_prepare, .parent = edges_parent, .child = edges_child};

static void hook_edges(void)
{
    larder_fork_hook_add(&edges_hook);
}

static void hook_prepare(void *user)
{
    struct larder_flights *flights = user;
    for (size_t i = 0; i < LARDER_FLIGHT_SHARDS; i++) {
        pthread_mutex_lock(&flights->shards[i].lock);
    }
}

static void hook_parent(void *user)
{
    struct larder_flights *flights = user;
    for (size_t i = 0; i < LARDER_FLIGHT_SHARDS; i++) {
        pthread_mutex_unlock(&flights->shards[i].lock);
    }
}

/* Keeps the flights that this thread leads, for nobody but itself. The others
 * are freed by the release: an allocator's locks may not be whole yet. */
static void forget_others(struct larder_flights *flights, struct larder_flight_shard *shard)
{
    struct larder_flight *flight = shard->first;
    shard->first = NULL;
    while (flight != NULL) {
        struct larder_flight *next = flight->next;
        bool mine = flight->leader == this_thread();
        struct larder_flight **to = mine ? &shard->first : &flights->lost;
        flight->next = *to;
        *to = flight;
        flight->references = 1;
        pthread_cond_init(&flight->on_landing, NULL); /* of the old one's waiters none is here */
        flight = next;
    }
}

static void hook_child(void *user)
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
    flights->allocator = allocator;
    flights->lost = NULL;
    for (size_t i = 0; i < LARDER_FLIGHT_SHARDS; i++) {
        pthread_mutex_init(&flights->shards[i].lock, NULL);
        flights->shards[i].first = NULL;
    }
    for (size_t i = 0; i < LARDER_FLIGHT_MOMENTS; i++) {
        atomic_init(&flights->moments[i], 1);
    }
    flights->hook = (struct larder_fork_hook){
        .prepare = hook_prepare, .parent = hook_parent, .child = hook_child, .user = flights};
    larder_fork_hook_add(&flights->hook);
    pthread_once(&once, hook_edges);
}

static void flight_free(const struct larder_allocator *allocator, struct larder_flight *flight)
{
    larder_value_release(flight->landing.value);
    pthread_cond_destroy(&flight->on_landing);
    larder_free(allocator, flight);
}

void larder_flights_release(struct larder_flights *flights)
{
    larder_fork_hook_remove(&flights->hook);
    while (flights->lost != NULL) {
        struct larder_flight *flight = flights->lost;
        flights->lost = flight->next;
        flight_free(flights->allocator, flight);
    }
    for (size_t i = 0; i < LARDER_FLIGHT_SHARDS; i++) {
        pthread_mutex_destroy(&flights->shards[i].lock);
    }
}

static struct larder_flight_shard *shard_of(struct larder_flights *flights, uint64_t hash)
{
    return &flights->shards[hash % LARDER_FLIGHT_SHARDS];
}

/* The youngest of this key. */
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

/* Drops a reference; the last one frees the flight, its value, and its own reference. */
static void flight_leave(struct larder_flights *flights, struct larder_flight *flight)
{
    while (flight != NULL) {
        struct larder_flight_shard *shard = shard_of(flights, flight->hash);
        pthread_mutex_lock(&shard->lock);
        bool last = --flight->references == 0;
        pthread_mutex_unlock(&shard->lock);
        if (!last) {
            return;
        }
        struct larder_flight *successor = flight->successor;
        flight_free(flights->allocator, flight);
        flight = successor;
    }
}

/* Whom to follow; under the shard's lock. They who were too late for a flight began before
 * any that came after it: all of them share one, which may have landed meanwhile. */
static struct larder_flight *flight_to_follow(const struct larder_flight_shard *shard,
                                              const struct larder_ticket *ticket)
{
    const struct larder_flight *late = ticket->late;
    return late != NULL && late->successor != NULL ? late->successor : flight_find(shard, ticket);
}

/* Boards, or makes a flight; under the shard's lock. True: it leads. */
static bool board(struct larder_flight_shard *shard, struct larder_ticket *ticket, bool must_lead)
{
    struct larder_flight *flight = must_lead ? NULL : flight_to_follow(shard, ticket);
    bool leads = flight == NULL;
    if (leads && (flight = flight_new(ticket)) != NULL) {
        flight->next = shard->first;
        shard->first = flight;
    } else if (!leads) {
        flight->references++;
    }
    if (flight != NULL && ticket->late != NULL && ticket->late->successor == NULL) {
        flight->references++;
        ticket->late->successor = flight;
    }
    ticket->flight = flight;
    return leads && flight != NULL;
}

enum larder_flight_role larder_flight_join(struct larder_ticket *ticket, bool must_lead)
{
    struct larder_flight_shard *shard = shard_of(ticket->flights, ticket->hash);
    pthread_mutex_lock(&shard->lock);
    bool leads = board(shard, ticket, must_lead);
    bool landed = !leads && ticket->flight != NULL && ticket->flight->landed;
    pthread_mutex_unlock(&shard->lock);

    larder_flight_forget(ticket);
    ticket->edge.leader = 0;
    if (ticket->flight == NULL) {
        return LARDER_FLIGHT_ALONE;
    }
    if (leads) {
        flights_led++;
        return LARDER_FLIGHT_LEAD;
    }
    if (!landed && !edge_add(&ticket->edge, ticket->flight->leader)) {
        flight_leave(ticket->flights, ticket->flight);
        ticket->flight = NULL;
        return LARDER_FLIGHT_ALONE;
    }
    return LARDER_FLIGHT_FOLLOW;
}

void larder_flight_forget(struct larder_ticket *ticket)
{
    flight_leave(ticket->flights, ticket->late);
    ticket->late = NULL;
}

static void unlink_flight(struct larder_flight_shard *shard, const struct larder_flight *flight)
{
    struct larder_flight **at = &shard->first;
    while (*at != flight) {
        at = &(*at)->next;
    }
    *at = flight->next;
}

void larder_flight_claim(struct larder_ticket *ticket, uint64_t token)
{
    struct larder_flight_shard *shard = shard_of(ticket->flights, ticket->hash);
    pthread_mutex_lock(&shard->lock);
    ticket->flight->token = token;
    pthread_mutex_unlock(&shard->lock);
}

/* Written in a child of fork() alone, while it has one thread. */
bool larder_flights_orphaned(const struct larder_flights *flights, uint64_t token)
{
    const struct larder_flight *flight = flights->lost;
    while (flight != NULL && flight->token != token) {
        flight = flight->next;
    }
    return flight != NULL && token != 0;
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
    pthread_cond_broadcast(&flight->on_landing);
    pthread_mutex_unlock(&shard->lock);
    flights_led--;
    flight_leave(ticket->flights, flight);
}

bool larder_flight_wait(struct larder_ticket *ticket, struct larder_landing *ret_landing)
{
    struct larder_flight_shard *shard = shard_of(ticket->flights, ticket->hash);
    struct larder_flight *flight = ticket->flight;
    pthread_mutex_lock(&shard->lock);
    while (!flight->landed) {
        pthread_cond_wait(&flight->on_landing, &shard->lock);
    }
    bool shares = ticket->began < flight->landing.until;
    *ret_landing = flight->landing;
    if (!shares) {
        *ret_landing =
            (struct larder_landing){.outcome = LARDER_NOT_APPLIED, .until = flight->landing.until};
    } else if (ret_landing->value != NULL) {
        larder_value_acquire(ret_landing->value);
    }
    pthread_mutex_unlock(&shard->lock);
    edge_remove(&ticket->edge);
    ticket->flight = NULL;
    if (!shares && ret_landing->until != LARDER_MOMENT_NEVER) {
        ticket->late = flight; /* with its reference */
    } else {
        flight_leave(ticket->flights, flight);
    }
    return shares;
}
