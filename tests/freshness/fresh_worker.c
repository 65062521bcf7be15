/* SPDX-License-Identifier: MIT */
/*
 * A process of the checker: threads that read, load and change what everybody reads.
 *
 *     fresh_worker FD PROCESS
 *
 * FD is the ground's. It may be killed at any moment.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fresh_cache.h"
#include "ground.h"

struct worker {
    struct ground *ground;
    struct ground_thread *thread;
    struct fresh_cache *cache;
    uint64_t random;
};

/* splitmix64 (Steele, Lea and Flood, 2014). */
static uint64_t next(struct worker *worker)
{
    uint64_t z = worker->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static unsigned below(struct worker *worker, unsigned bound)
{
    return (unsigned)(next(worker) % bound);
}

static uint32_t version_of(const struct ground *ground, unsigned subject)
{
    return atomic_load_explicit(&ground->versions[subject], memory_order_seq_cst);
}

/* ----------------------------------------------------------------- loaders */

/* A query takes its time, on either side of the moment that it sees. */
static void take_time(struct worker *worker)
{
    uint32_t most_us = worker->ground->load_us;
    if (most_us != 0 && below(worker, 4) != 0) {
        usleep(below(worker, most_us));
    }
}

static bool begin_load(struct worker *worker)
{
    worker->thread->counts.loads++;
    take_time(worker);
    return !atomic_load_explicit(&worker->ground->outage, memory_order_relaxed);
}

static enum larder_status load_item(struct larder_load *load, void *user, uint32_t id,
                                    struct fresh_item *out)
{
    struct worker *worker = user;
    (void)load;
    if (!begin_load(worker)) {
        return LARDER_E_UNAVAILABLE;
    }
    *out = (struct fresh_item){.id = id, .row = version_of(worker->ground, id)};
    take_time(worker);
    return LARDER_OK;
}

/* ------------------------------------------------------------------- reads */

struct reading {
    struct worker *worker;
    int64_t start_ns;
    bool full; /* there is no room for records in this round */
};

static struct reading begin_read(struct worker *worker)
{
    return (struct reading){worker, ground_now_ns(), false};
}

static void saw(struct reading *reading, unsigned subject, uint32_t version)
{
    struct ground_thread *thread = reading->worker->thread;
    int64_t now_ns = ground_now_ns();
    reading->full |= !ground_note(thread, GROUND_READ, subject, version, reading->start_ns, now_ns);
    thread->counts.values++;
    if (now_ns - reading->start_ns > thread->counts.longest_ns) {
        thread->counts.longest_ns = now_ns - reading->start_ns;
    }
}

static void saw_item(struct reading *reading, const struct fresh_item *item)
{
    if (item != NULL) {
        saw(reading, item->id, item->row);
    }
    fresh_item_release(item);
}

static bool get_item(struct worker *worker, unsigned row)
{
    const struct fresh_item *item;
    struct reading reading = begin_read(worker);
    larder_ignore(fresh_item_cache_get(worker->cache, row, &item));
    saw_item(&reading, item);
    return !reading.full;
}

static bool get_or_load_item(struct worker *worker, unsigned row)
{
    const struct fresh_item *item;
    struct reading reading = begin_read(worker);
    larder_ignore(fresh_item_cache_get_or_load(worker->cache, row, load_item, worker, &item));
    saw_item(&reading, item);
    return !reading.full;
}

/* As it is written by hand: look, load, store. */
static bool cache_aside_item(struct worker *worker, unsigned row)
{
    const struct fresh_item *item;
    struct fresh_item loaded;
    struct reading reading = begin_read(worker);
    larder_ignore(fresh_item_cache_get(worker->cache, row, &item));
    if (item != NULL) {
        saw_item(&reading, item);
    } else if (load_item(NULL, worker, row, &loaded) == LARDER_OK) {
        larder_ignore(fresh_item_cache_set(worker->cache, row, &loaded));
        saw(&reading, loaded.id, loaded.row);
    }
    return !reading.full;
}

static bool read_item(struct worker *worker, unsigned row)
{
    return worker->ground->by_hand ? cache_aside_item(worker, row) : get_or_load_item(worker, row);
}

static bool get_some_items(struct worker *worker, unsigned row)
{
    enum { SOME = GROUND_ROWS };
    struct fresh_item_key keys[SOME];
    const struct fresh_item *items[SOME];
    enum larder_status each[SOME];
    for (unsigned i = 0; i < SOME; i++) {
        keys[i].id = (row + i) % GROUND_ROWS;
    }
    struct reading reading = begin_read(worker);
    larder_ignore(fresh_item_cache_get_many(worker->cache, keys, SOME, items, each));
    for (unsigned i = 0; i < SOME; i++) {
        saw_item(&reading, items[i]);
    }
    return !reading.full;
}

/* ----------------------------------------------------------------- changes */

static bool changed(struct worker *worker, unsigned subject, uint32_t version, int64_t start_ns,
                    enum larder_status status)
{
    if (status != LARDER_OK && status != LARDER_MISS) {
        worker->thread->counts.failed++;
        return true;
    }
    worker->thread->counts.changes++;
    return ground_note(worker->thread, GROUND_CHANGE, subject, version, start_ns, ground_now_ns());
}

static uint32_t count_up(struct worker *worker, unsigned subject)
{
    return atomic_fetch_add_explicit(&worker->ground->versions[subject], 1, memory_order_seq_cst) +
           1;
}

static bool change_item(struct worker *worker, unsigned row)
{
    uint32_t version = count_up(worker, row);
    int64_t start_ns = ground_now_ns();
    return changed(worker, row, version, start_ns, fresh_item_cache_delete(worker->cache, row));
}

/* -------------------------------------------------------------- the thread */

/* What is done, and how often of 1000 times. */
static const struct deed {
    bool (*run)(struct worker *worker, unsigned row);
    unsigned share;
    bool reads;
} deeds[] = {
    {read_item, 600, true},
    {get_item, 100, true},
    {get_some_items, 240, true},
    {change_item, 60, false},
};

static bool do_something(struct worker *worker)
{
    unsigned dice = below(worker, 1000);
    unsigned row = below(worker, 2) == 0 ? below(worker, GROUND_ROWS) : 0; /* one is hot */
    size_t i = 0;
    while (dice >= deeds[i].share) {
        dice -= deeds[i++].share;
    }
    worker->thread->counts.reads += deeds[i].reads;
    return deeds[i].run(worker, row);
}

static void park(struct worker *worker, unsigned round)
{
    atomic_store_explicit(&worker->thread->parked, round, memory_order_release);
    while (atomic_load_explicit(&worker->ground->round, memory_order_acquire) == round &&
           !atomic_load_explicit(&worker->ground->finish, memory_order_acquire)) {
        usleep(200);
    }
}

static void *run_thread(void *argument)
{
    struct worker *worker = argument;
    struct ground *ground = worker->ground;
    while (!atomic_load_explicit(&ground->finish, memory_order_acquire)) {
        unsigned round = atomic_load_explicit(&ground->round, memory_order_acquire);
        bool room = true;
        while (room && !atomic_load_explicit(&ground->halt, memory_order_acquire)) {
            room = do_something(worker);
        }
        park(worker, round);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static struct worker workers[GROUND_THREADS];
    pthread_t threads[GROUND_THREADS];
    struct fresh_cache *cache;
    char url[64];
    if (argc != 3) {
        fprintf(stderr, "usage: fresh_worker FD PROCESS\n");
        return 2;
    }
    struct ground *ground = ground_open(atoi(argv[1]));
    unsigned process = (unsigned)atoi(argv[2]) % GROUND_PROCESSES;
    snprintf(url, sizeof url, "redis://127.0.0.1:%d", ground->port);
    struct larder_config config = {.url = url, .timeout_ms = 2000};
    if (fresh_cache_open(&config, &cache) != LARDER_OK) {
        fprintf(stderr, "fresh_worker: %s\n", larder_last_error());
        return 2;
    }
    for (unsigned i = 0; i < GROUND_THREADS; i++) {
        workers[i] = (struct worker){.ground = ground,
                                     .thread = &ground->threads[process][i],
                                     .cache = cache,
                                     .random = ground->seed ^ (uint64_t)getpid() << 8 ^ i};
        pthread_create(&threads[i], NULL, run_thread, &workers[i]);
    }
    for (unsigned i = 0; i < GROUND_THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    fresh_cache_close(cache);
    return 0;
}
