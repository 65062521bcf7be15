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

#include "ground.h"
#include "sorts.h"

#ifdef LARDER_MUTANTS
#include "mutants.h"
#endif

/* ------------------------------------------------------------------- reads */

static uint32_t version_of(const struct worker *worker, unsigned subject)
{
    return atomic_load_explicit(&worker->ground->versions[subject], memory_order_seq_cst);
}

/* What a read that began at start_ns was given of a row. False: no room to write it down. */
static bool saw(struct worker *worker, unsigned subject, int64_t start_ns, const struct seen *seen)
{
    struct ground_counts *counts = &worker->thread->counts;
    struct ground_record record = {.deed = worker->deed,
                                   .subject = (uint8_t)subject,
                                   .life = worker->life,
                                   .version = seen->row.row,
                                   .of_group = seen->row.of_group,
                                   .of_all = seen->row.of_all,
                                   .start_ns = start_ns,
                                   .end_ns = ground_now_ns()};
    if (record.end_ns - start_ns > counts->longest_ns) {
        counts->longest_ns = record.end_ns - start_ns;
    }
    if ((seen->status == LARDER_OK || seen->status == LARDER_STALE) &&
        seen->row.id != subject % GROUND_ROWS) {
        record.version = 0; /* another's value: nothing is older */
    }
    switch ((int)seen->status) {
    case LARDER_OK:
        record.kind = GROUND_OK;
        break;
    case LARDER_STALE:
        record.kind = GROUND_STALE;
        break;
    case LARDER_ABSENT:
        record.kind = GROUND_ABSENT;
        record.version = version_of(worker, subject);
        break;
    default:
        counts->errors += seen->status < 0 && seen->status != LARDER_E_LOADER;
        return true;
    }
    return ground_note(worker->thread, &record);
}

typedef void read_fn(struct worker *worker, unsigned row, struct seen *ret_seen);

static bool read_by(read_fn *read, struct worker *worker, enum ground_sort sort, unsigned row)
{
    struct seen seen;
    int64_t start_ns = ground_now_ns();
    read(worker, row, &seen);
    return saw(worker, ground_row(sort, row), start_ns, &seen);
}

static bool get_or_load(struct worker *worker, enum ground_sort sort, unsigned row)
{
    const struct sort *calls = &sorts[sort];
    return read_by(worker->ground->by_hand ? calls->by_hand : calls->get_or_load, worker, sort,
                   row);
}

static bool get(struct worker *worker, enum ground_sort sort, unsigned row)
{
    return read_by(sorts[sort].get, worker, sort, row);
}

static bool refresh(struct worker *worker, enum ground_sort sort, unsigned row)
{
    return worker->ground->by_hand ? get(worker, sort, row)
                                   : read_by(sorts[sort].refresh, worker, sort, row);
}

static bool read_many(struct worker *worker, enum ground_sort sort, unsigned row, bool loads)
{
    struct seen seen[GROUND_ROWS];
    bool room = true;
    int64_t start_ns = ground_now_ns();
    sorts[sort].get_many(worker, row, loads, seen);
    for (unsigned i = 0; i < GROUND_ROWS; i++) {
        room &= saw(worker, ground_row(sort, (row + i) % GROUND_ROWS), start_ns, &seen[i]);
    }
    return room;
}

static bool get_many(struct worker *worker, enum ground_sort sort, unsigned row)
{
    return read_many(worker, sort, row, false);
}

static bool get_many_or_load(struct worker *worker, enum ground_sort sort, unsigned row)
{
    return read_many(worker, sort, row, !worker->ground->by_hand);
}

/* ----------------------------------------------------------------- changes */

/* What was changed in the database, and is to be invalidated. */
struct change {
    int64_t start_ns;
    unsigned count;
    unsigned subjects[GROUND_SUBJECTS];
    uint32_t versions[GROUND_SUBJECTS];
};

/* `row` is the row that has the version, and the subject, unless expire_soft speaks of it. */
static void count_up(struct worker *worker, struct change *change, unsigned row, unsigned subject)
{
    change->subjects[change->count] = subject;
    change->versions[change->count++] =
        atomic_fetch_add_explicit(&worker->ground->versions[row], 1, memory_order_seq_cst) + 1;
}

static void begin(struct worker *worker, struct change *change)
{
    (void)worker;
    change->count = 0;
    change->start_ns = ground_now_ns();
}

static bool end_one(struct worker *worker, const struct change *change, unsigned i,
                    enum larder_status status)
{
    bool good = status == LARDER_OK || status == LARDER_MISS || status == LARDER_ABSENT;
    struct ground_record record = {.kind = good ? GROUND_CHANGE : GROUND_FAILED,
                                   .deed = worker->deed,
                                   .subject = (uint8_t)change->subjects[i],
                                   .life = worker->life,
                                   .version = change->versions[i],
                                   .start_ns = change->start_ns,
                                   .end_ns = ground_now_ns()};
    worker->thread->counts.changes += good;
    worker->thread->counts.failed += !good;
    return ground_note(worker->thread, &record);
}

static bool end(struct worker *worker, const struct change *change, enum larder_status status)
{
    bool room = true;
    for (unsigned i = 0; i < change->count; i++) {
        room &= end_one(worker, change, i, status);
    }
    return room;
}

static void change_row(struct worker *worker, struct change *change, enum ground_sort sort,
                       unsigned row)
{
    count_up(worker, change, ground_row(sort, row), ground_row(sort, row));
}

static bool drop(struct worker *worker, enum ground_sort sort, unsigned row)
{
    struct change change;
    begin(worker, &change);
    change_row(worker, &change, sort, row);
    return end(worker, &change, sorts[sort].drop(worker, row));
}

static bool drop_many(struct worker *worker, enum ground_sort sort, unsigned row)
{
    enum larder_status each[GROUND_ROWS];
    unsigned count = 1 + worker_below(worker, GROUND_ROWS);
    struct change change;
    bool room = true;
    begin(worker, &change);
    for (unsigned i = 0; i < count; i++) {
        change_row(worker, &change, sort, (row + i) % GROUND_ROWS);
    }
    sorts[sort].drop_many(worker, row, count, each);
    for (unsigned i = 0; i < count; i++) {
        room &= end_one(worker, &change, i, each[i]);
    }
    return room;
}

static bool soften(struct worker *worker, enum ground_sort sort, unsigned row)
{
    struct change change;
    bool soft = sort == GROUND_NOTE || sort == GROUND_POST;
    unsigned subject = ground_row(sort, row);
    begin(worker, &change);
    count_up(worker, &change, subject, soft ? GROUND_SOFT + subject : subject);
    return end(worker, &change, sorts[sort].soften(worker, row));
}

/* A deletion of all that its deadline kept from its end has deleted some, and nothing is
 * written down where no version is: who calls is told, and calls again. */
static bool drop_all(struct worker *worker, enum ground_sort sort, unsigned row)
{
    struct change change;
    (void)row;
    begin(worker, &change);
    for (unsigned i = 0; i < GROUND_ROWS; i++) {
        change_row(worker, &change, sort, i);
    }
    enum larder_status status = sorts[sort].drop_all(worker);
    bool swept = sort != GROUND_PAGE && sort != GROUND_POST;
    return (status < 0 && swept) || end(worker, &change, status);
}

static bool row_event(struct worker *worker, enum ground_sort sort, unsigned row)
{
    struct change change;
    (void)sort;
    begin(worker, &change);
    for (unsigned i = 0; i < GROUND_SORTS; i++) {
        change_row(worker, &change, i, row);
    }
    return end(worker, &change, fresh_cache_on_row_changed(worker->cache, ground_group(row), row));
}

static bool group_event(struct worker *worker, enum ground_sort sort, unsigned row)
{
    struct change change;
    unsigned subject = GROUND_GROUP + ground_group(row);
    (void)sort;
    begin(worker, &change);
    count_up(worker, &change, subject, subject);
    return end(worker, &change, fresh_cache_on_group_changed(worker->cache, ground_group(row)));
}

static bool all_event(struct worker *worker, enum ground_sort sort, unsigned row)
{
    struct change change;
    (void)sort;
    (void)row;
    begin(worker, &change);
    count_up(worker, &change, GROUND_ALL, GROUND_ALL);
    return end(worker, &change, fresh_cache_on_all_changed(worker->cache));
}

static bool card_changed(struct worker *worker, enum ground_sort sort, unsigned row)
{
    struct change change;
    const struct fresh_card card = {.id = row, .group = ground_group(row), .value = {.id = row}};
    (void)sort;
    begin(worker, &change);
    change_row(worker, &change, GROUND_CARD, row);
    return end(worker, &change, fresh_card_cache_changed(worker->cache, &card, &card));
}

/* Some entries and a group, sent in one. */
static bool batch(struct worker *worker, enum ground_sort sort, unsigned row)
{
    struct change change;
    struct fresh_batch *batch;
    unsigned group = ground_group(row);
    if (fresh_cache_batch_begin(worker->cache, &batch) != LARDER_OK) {
        return true;
    }
    begin(worker, &change);
    for (unsigned i = 0; i < 3; i++) {
        unsigned one = (row + i) % GROUND_ROWS;
        change_row(worker, &change, sort, one);
        larder_ignore(sorts[sort].put_in(batch, one));
    }
    count_up(worker, &change, GROUND_GROUP + group, GROUND_GROUP + group);
    larder_ignore(fresh_batch_on_group_changed(batch, group));
    return end(worker, &change, fresh_batch_commit(batch));
}

/* -------------------------------------------------------------- the thread */

/* What is done, and how often of 1000 times. The first is what is done more on request. */
static const struct deed {
    bool (*run)(struct worker *worker, enum ground_sort sort, unsigned row);
    unsigned share;
} deeds[] = {
    {get_many, 25},    {get_or_load, 630}, {get, 130},        {get_many_or_load, 25},
    {refresh, 12},     {drop, 80},         {drop_many, 12},   {soften, 12},
    {drop_all, 3},     {row_event, 24},    {group_event, 20}, {all_event, 6},
    {card_changed, 7}, {batch, 14},
};

static bool do_something(struct worker *worker)
{
    unsigned dice = worker_below(worker, 1000);
    unsigned row = worker_below(worker, 2) == 0 ? worker_below(worker, GROUND_ROWS) : 0;
    size_t i = 0;
    if (worker->ground->reads_many && worker_below(worker, 2) == 0) {
        dice = 0;
    }
    while (dice >= deeds[i].share) {
        dice -= deeds[i++].share;
    }
    worker->deed = (uint8_t)i;
    unsigned only = worker->ground->only;
    unsigned sort = only != 0 ? only - 1 : worker_below(worker, GROUND_SORTS);
    return deeds[i].run(worker, (enum ground_sort)sort, row); /* row 0 is hot */ /* row 0 is hot */
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

static struct fresh_cache *open_cache(const struct ground *ground)
{
    struct fresh_cache *cache;
    char url[64];
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%d", ground->port);
    const struct larder_config config = {.url = url, .timeout_ms = ground->timeout_ms};
    if (fresh_cache_open(&config, &cache) != LARDER_OK) {
        fprintf(stderr, "fresh_worker: %s\n", larder_last_error());
        exit(2);
    }
    return cache;
}

int main(int argc, char **argv)
{
    static struct worker workers[GROUND_SLOTS];
    pthread_t threads[GROUND_THREADS];
    if (argc != 3) {
        fprintf(stderr, "usage: fresh_worker FD PROCESS\n");
        return 2;
    }
    struct ground *ground = ground_open((int)strtol(argv[1], NULL, 10));
    unsigned process = (unsigned)strtoul(argv[2], NULL, 10) % GROUND_PROCESSES;
    uint16_t life = (uint16_t)(atomic_fetch_add(&ground->lives, 1) + 1);
#ifdef LARDER_MUTANTS
    mutants_break(ground->mutant);
#endif
    struct fresh_cache *cache = open_cache(ground);
    for (unsigned i = 0; i < GROUND_SLOTS; i++) {
        workers[i] = (struct worker){.ground = ground,
                                     .thread = &ground->threads[process][i],
                                     .cache = cache,
                                     .life = life,
                                     .random = ground->seed ^ (uint64_t)getpid() << 8 ^ i};
    }
    sorts_register(&workers[GROUND_THREADS]);
    for (unsigned i = 0; i < GROUND_THREADS; i++) {
        pthread_create(&threads[i], NULL, run_thread, &workers[i]);
    }
    for (unsigned i = 0; i < GROUND_THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    fresh_cache_close(cache);
    return 0;
}
