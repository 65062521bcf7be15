/* SPDX-License-Identifier: MIT */
/*
 * What freshness costs, and what it spares, against plain cache-aside by hand:
 * GET, and where there is nothing, load and SET; DEL after a change.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "bench_options.h"
#include "fridge_cache.h"

enum {
    IDS = 64,
    READS = 20000,
    MISSES = 4000,
    PROCESSES = 4,
    CALLERS = 50, /* a process */
    LOAD_MS = 100,
    KEYS = 1000000, /* in the database, */
    TAGGED = 10000, /* of which these carry the tag */
    CHUNK = 1000,
    PAGE = 1000, /* SCAN's COUNT, by hand */
    OUTAGE_MS = 10000,
    OUTAGE_CALLERS = 8,
    PAUSE_MS = 1000, /* a tenth of if_error */
    ROWS = 8,
    RACE_MS = 2000,
    RACERS = 8
};

struct bench {
    const struct bench_options *options;
    struct fridge_cache *cache;
    redisContext *hand;
    uint64_t next_id; /* of entries that were never asked for */
    uint64_t sum;
};

static const char *const labels[] = {"fresh", "cold", "green"};

static struct fridge_shelf shelf_of(uint64_t id)
{
    return (struct fridge_shelf){.id = id,
                                 .name = "a jar of something that keeps for a while",
                                 .price_cents = id * 7,
                                 .shelf = (uint32_t)(id % 16),
                                 .labels = {labels, 3}};
}

static struct fridge_cache *open_cache(const struct bench_options *options)
{
    struct fridge_cache *cache;
    char url[64];
    const struct larder_config config = {.backend = "redis", .url = url, .timeout_ms = 20000};
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%d", options->port);
    if (fridge_cache_open(&config, &cache) != LARDER_OK) {
        bench_give_up("open");
    }
    return cache;
}

static redisContext *open_hand(const struct bench_options *options)
{
    redisContext *hand = redisConnect("127.0.0.1", options->port);
    if (hand == NULL || hand->err != 0) {
        bench_give_up("the peer's connect");
    }
    return hand;
}

/* ------------------------------------------------------------- what a hit costs */

#define HITS(entity)                                                                   \
    static void get_##entity(void *user, size_t n)                                     \
    {                                                                                  \
        struct bench *b = user;                                                        \
        for (size_t i = 0; i < n; i++) {                                               \
            const struct fridge_##entity *value;                                       \
            if (fridge_##entity##_cache_get(b->cache, i % IDS, &value) != LARDER_OK) { \
                bench_give_up("get of " #entity);                                      \
            }                                                                          \
            b->sum += value->value.price_cents;                                        \
            fridge_##entity##_release(value);                                          \
        }                                                                              \
    }                                                                                  \
    static void fill_##entity(struct bench *b)                                         \
    {                                                                                  \
        for (uint64_t id = 0; id < IDS; id++) {                                        \
            const struct fridge_##entity value = {.value = shelf_of(id)};              \
            if (fridge_##entity##_cache_set(b->cache, id, &value) != LARDER_OK) {      \
                bench_give_up("set of " #entity);                                      \
            }                                                                          \
        }                                                                              \
    }

HITS(plain)
HITS(polished)
HITS(versioned)
HITS(ruled)

static struct fridge_tagged tagged_of(uint64_t id, uint32_t shelf)
{
    const struct fridge_shelf value = shelf_of(id);
    return (struct fridge_tagged){.id = id,
                                  .name = value.name,
                                  .price_cents = value.price_cents,
                                  .shelf = shelf,
                                  .labels = value.labels};
}

static void get_tagged(void *user, size_t n)
{
    struct bench *b = user;
    for (size_t i = 0; i < n; i++) {
        const struct fridge_tagged *value;
        if (fridge_tagged_cache_get(b->cache, i % IDS, &value) != LARDER_OK) {
            bench_give_up("get of tagged");
        }
        b->sum += value->price_cents;
        fridge_tagged_release(value);
    }
}

static void run_hits(struct rounds *rounds, struct bench *b)
{
    fill_plain(b);
    fill_polished(b);
    fill_versioned(b);
    fill_ruled(b);
    for (uint64_t id = 0; id < IDS; id++) {
        const struct fridge_tagged value = tagged_of(id, 1);
        if (fridge_tagged_cache_put(b->cache, &value) != LARDER_OK) {
            bench_give_up("put of tagged");
        }
    }
    const struct rounds_case cases[] = {
        {"get, every policy", "get, none", get_polished, get_plain, b, READS, NULL, false},
        {"get, every policy and versions", "get, versions", get_ruled, get_versioned, b, READS,
         NULL, false},
        {"get, versions", "get, none", get_versioned, get_plain, b, READS, NULL, false},
        {"get, a tag", "get, none", get_tagged, get_plain, b, READS, NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rounds_run(rounds, &cases[i]);
    }
}

/* ------------------------------------------------------------ what a miss costs */

static enum larder_status load_plain(struct larder_load *load, void *user, uint64_t id,
                                     struct fridge_plain *out)
{
    (void)load;
    (void)user;
    out->value = shelf_of(id);
    return LARDER_OK;
}

static void miss_and_fill(void *user, size_t n)
{
    struct bench *b = user;
    for (size_t i = 0; i < n; i++) {
        const struct fridge_plain *value;
        if (fridge_plain_cache_get_or_load(b->cache, b->next_id++, load_plain, NULL, &value) !=
                LARDER_OK ||
            larder_outcome() != LARDER_APPLIED) {
            bench_give_up("get_or_load");
        }
        fridge_plain_release(value);
    }
}

static void miss_only(void *user, size_t n)
{
    struct bench *b = user;
    for (size_t i = 0; i < n; i++) {
        const struct fridge_plain *value;
        if (fridge_plain_cache_get(b->cache, b->next_id++, &value) != LARDER_MISS) {
            bench_give_up("get of nothing");
        }
    }
}

/* ----------------------------------------------------------------- a stampede */

/* What the processes of a stampede share. */
struct stampede {
    atomic_int ready;
    atomic_bool go;
    atomic_int loads;
    atomic_llong slowest_ns;
    bool by_hand;
    uint64_t id;
};

struct caller {
    struct stampede *stampede;
    struct fridge_cache *cache;
};

static enum larder_status load_slowly(struct larder_load *load, void *user, uint64_t id,
                                      struct fridge_plain *out)
{
    struct stampede *stampede = user;
    atomic_fetch_add(&stampede->loads, 1);
    usleep(LOAD_MS * 1000);
    return load_plain(load, NULL, id, out);
}

static void read_by_hand(const struct caller *caller)
{
    struct stampede *stampede = caller->stampede;
    const struct fridge_plain *value;
    struct fridge_plain loaded;
    if (fridge_plain_cache_get(caller->cache, stampede->id, &value) == LARDER_MISS) {
        larder_ignore(load_slowly(NULL, stampede, stampede->id, &loaded));
        larder_ignore(fridge_plain_cache_set(caller->cache, stampede->id, &loaded));
    }
    fridge_plain_release(value);
}

static void *call_once(void *argument)
{
    const struct caller *caller = argument;
    struct stampede *stampede = caller->stampede;
    const struct fridge_plain *value = NULL;
    atomic_fetch_add(&stampede->ready, 1);
    while (!atomic_load(&stampede->go)) {
        usleep(100);
    }
    int64_t begun_ns = rounds_now_ns();
    if (stampede->by_hand) {
        read_by_hand(caller);
    } else if (fridge_plain_cache_get_or_load(caller->cache, stampede->id, load_slowly, stampede,
                                              &value) != LARDER_OK) {
        bench_give_up("get_or_load");
    }
    long long took_ns = rounds_now_ns() - begun_ns;
    long long slowest_ns = atomic_load(&stampede->slowest_ns);
    while (took_ns > slowest_ns &&
           !atomic_compare_exchange_weak(&stampede->slowest_ns, &slowest_ns, took_ns)) {
    }
    fridge_plain_release(value);
    return NULL;
}

static void run_callers(const struct bench *b, struct stampede *stampede)
{
    pthread_t threads[CALLERS];
    struct caller caller = {stampede, open_cache(b->options)};
    larder_ignore(fridge_cache_ping(caller.cache));
    for (size_t i = 0; i < CALLERS; i++) {
        if (pthread_create(&threads[i], NULL, call_once, &caller) != 0) {
            bench_give_up("a thread");
        }
    }
    for (size_t i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
    }
    fridge_cache_close(caller.cache);
}

/* Everybody asks for one key that is not there, at once. */
static void stampede(const struct bench *b, uint64_t id, bool by_hand, double *ret_loads,
                     double *ret_slowest)
{
    struct stampede *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pids[PROCESSES];
    if (shared == MAP_FAILED) {
        bench_give_up("shared memory");
    }
    shared->by_hand = by_hand;
    shared->id = id;
    for (size_t i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            run_callers(b, shared);
            _exit(0);
        }
    }
    while (atomic_load(&shared->ready) < PROCESSES * CALLERS) {
        usleep(1000);
    }
    atomic_store(&shared->go, true);
    for (size_t i = 0; i < PROCESSES; i++) {
        int status = 0;
        if (pids[i] < 0 || waitpid(pids[i], &status, 0) != pids[i] || status != 0) {
            bench_give_up("a process of the stampede");
        }
    }
    *ret_loads = atomic_load(&shared->loads);
    *ret_slowest = (double)atomic_load(&shared->slowest_ns) / 1e6;
    (void)munmap(shared, sizeof *shared);
}

static void run_stampede(struct rounds *rounds, const struct bench *b)
{
    double loads[ROUNDS_MAX], hand_loads[ROUNDS_MAX];
    double slowest[ROUNDS_MAX], load_ms[ROUNDS_MAX];
    double unused;
    for (int i = 0; i < rounds->count; i++) {
        stampede(b, UINT64_C(1) << 40 | (uint64_t)i, false, &loads[i], &slowest[i]);
        stampede(b, UINT64_C(1) << 41 | (uint64_t)i, true, &hand_loads[i], &unused);
        load_ms[i] = LOAD_MS;
    }
    rounds_report(rounds, "200 callers, 4 processes: loads", "cache-aside by hand", loads,
                  hand_loads, "loads");
    rounds_report(rounds, "200 callers, 4 processes: slowest", "the loader itself", slowest,
                  load_ms, "ms");
}

/* ------------------------------------------------------- many entries at once */

static void fill_database(struct bench *b)
{
    struct fridge_tagged_key keys[CHUNK];
    struct fridge_tagged values[CHUNK];
    enum larder_status each[CHUNK];
    char others[16];
    (void)snprintf(others, sizeof others, "%d", KEYS - TAGGED);
    const char *words[] = {
        "EVAL",
        "for i = 1, tonumber(ARGV[1]) do redis.call('SET', 'other:' .. i, 'some value') end", "0",
        others};
    redisReply *reply = redisCommandArgv(b->hand, 4, words, NULL);
    if (reply == NULL || reply->type == REDIS_REPLY_ERROR) {
        bench_give_up("filling the database");
    }
    freeReplyObject(reply);
    for (uint64_t first = 0; first < TAGGED; first += CHUNK) {
        for (uint64_t i = 0; i < CHUNK; i++) {
            keys[i].id = first + i;
            values[i] = tagged_of(first + i, 1);
        }
        if (fridge_tagged_cache_set_many(b->cache, keys, CHUNK, values, each) != LARDER_OK) {
            bench_give_up("set_many");
        }
    }
}

static void restock(void *user, size_t n)
{
    struct bench *b = user;
    for (size_t i = 0; i < n; i++) {
        if (fridge_cache_on_restocked(b->cache, 1) != LARDER_OK) {
            bench_give_up("the event");
        }
    }
}

static void unlink_all(redisContext *hand, const redisReply *keys)
{
    static const char *words[PAGE * 4 + 1] = {"UNLINK"};
    if (keys->elements == 0 || keys->elements > PAGE * 4) {
        return;
    }
    for (size_t i = 0; i < keys->elements; i++) {
        words[i + 1] = keys->element[i]->str;
    }
    redisReply *reply = redisCommandArgv(hand, (int)keys->elements + 1, words, NULL);
    if (reply == NULL || reply->type != REDIS_REPLY_INTEGER) {
        bench_give_up("UNLINK by hand");
    }
    freeReplyObject(reply);
}

static void sweep_by_hand(redisContext *hand)
{
    char cursor[32] = "0";
    char size[16];
    (void)snprintf(size, sizeof size, "%d", PAGE);
    const char *words[] = {"SCAN", cursor, "MATCH", "tagged:*", "COUNT", size};
    do {
        redisReply *page = redisCommandArgv(hand, 6, words, NULL);
        if (page == NULL || page->type != REDIS_REPLY_ARRAY) {
            bench_give_up("SCAN by hand");
        }
        (void)snprintf(cursor, sizeof cursor, "%s", page->element[0]->str);
        unlink_all(hand, page->element[1]);
        freeReplyObject(page);
    } while (strcmp(cursor, "0") != 0);
}

static void run_invalidation(struct rounds *rounds, struct bench *b)
{
    double ours[ROUNDS_MAX], hand[ROUNDS_MAX];
    for (int i = 0; i < rounds->count; i++) {
        if (i == 0) {
            fill_database(b);
        }
        ours[i] = rounds_time_us(restock, b, 200);
        const struct fridge_tagged *value;
        if (fridge_tagged_cache_get(b->cache, 7, &value) != LARDER_MISS) {
            bench_give_up("what was invalidated is still there");
        }
        int64_t begun_ns = rounds_now_ns();
        sweep_by_hand(b->hand);
        hand[i] = (double)(rounds_now_ns() - begun_ns) / 1e3;
        /* For the next round: what was deleted. */
        for (uint64_t id = 0; id < TAGGED; id += CHUNK) {
            struct fridge_tagged_key keys[CHUNK];
            struct fridge_tagged values[CHUNK];
            enum larder_status each[CHUNK];
            for (uint64_t k = 0; k < CHUNK; k++) {
                keys[k].id = id + k;
                values[k] = tagged_of(id + k, 1);
            }
            larder_ignore(fridge_tagged_cache_set_many(b->cache, keys, CHUNK, values, each));
        }
    }
    rounds_report(rounds, "10,000 of 1,000,000 entries", "SCAN and UNLINK", ours, hand, "us");
    const char *flush = "FLUSHALL";
    freeReplyObject(redisCommandArgv(b->hand, 1, &flush, NULL));
}

/* -------------------------------------------------------------------- outage */

struct outage {
    struct bench *b;
    atomic_bool end;
    atomic_int loads;
    atomic_int answers;
};

static enum larder_status load_in_vain(struct larder_load *load, void *user, uint64_t id,
                                       struct fridge_polished *out)
{
    struct outage *outage = user;
    (void)load;
    (void)id;
    (void)out;
    atomic_fetch_add(&outage->loads, 1);
    return LARDER_E_UNAVAILABLE;
}

static void *read_on(void *argument)
{
    struct outage *outage = argument;
    while (!atomic_load(&outage->end)) {
        const struct fridge_polished *value;
        larder_ignore(
            fridge_polished_cache_get_or_load(outage->b->cache, 1, load_in_vain, outage, &value));
        atomic_fetch_add(&outage->answers, value != NULL);
        fridge_polished_release(value);
        usleep(1000);
    }
    return NULL;
}

/* The database fails for 10 s while everybody wants one entry that is past its lifetime. */
static void run_outage(struct rounds *rounds, struct bench *b)
{
    struct outage outage = {.b = b};
    pthread_t threads[OUTAGE_CALLERS];
    const struct fridge_polished value = {.value = shelf_of(1)};
    if (fridge_polished_cache_set_ttl(b->cache, 1, &value, 1) != LARDER_OK) {
        bench_give_up("set_ttl");
    }
    usleep(5000);
    if (fridge_polished_cache_expire_soft(b->cache, 1) < 0) {
        bench_give_up("expire_soft");
    }
    for (size_t i = 0; i < OUTAGE_CALLERS; i++) {
        if (pthread_create(&threads[i], NULL, read_on, &outage) != 0) {
            bench_give_up("a thread");
        }
    }
    usleep(OUTAGE_MS * 1000);
    atomic_store(&outage.end, true);
    for (size_t i = 0; i < OUTAGE_CALLERS; i++) {
        pthread_join(threads[i], NULL);
    }
    const double pauses = (double)OUTAGE_MS / PAUSE_MS + 1;
    rounds_print(rounds, "loads in an outage of 10 s", "one a pause", atomic_load(&outage.loads),
                 pauses, "loads", atomic_load(&outage.loads) / pauses);
    if (!rounds->json) {
        printf("    meanwhile %d reads were given the old value\n", atomic_load(&outage.answers));
    }
}

/* -------------------------------------------------------------- stale reads */

/* Rows that are versions; an invalidation that has returned leaves its version in `floors`. */
struct race {
    struct bench *b;
    bool by_hand;
    atomic_bool end;
    atomic_uint versions[ROWS];
    atomic_uint floors[ROWS];
    atomic_int reads;
    atomic_int stale;
    atomic_int loads;
};

static enum larder_status load_row(struct larder_load *load, void *user, uint64_t id,
                                   struct fridge_plain *out)
{
    struct race *race = user;
    (void)load;
    atomic_fetch_add(&race->loads, 1);
    out->value = shelf_of(id);
    out->value.price_cents = atomic_load(&race->versions[id % ROWS]);
    usleep(1000); /* what is left of the query */
    return LARDER_OK;
}

/* The version that a read was given. */
static uint64_t read_row(struct race *race, uint64_t id)
{
    struct fridge_cache *cache = race->b->cache;
    const struct fridge_plain *value = NULL;
    struct fridge_plain loaded = {.value = {.id = 0}};
    if (!race->by_hand) {
        larder_ignore(fridge_plain_cache_get_or_load(cache, id, load_row, race, &value));
    } else if (fridge_plain_cache_get(cache, id, &value) == LARDER_MISS) {
        larder_ignore(load_row(NULL, race, id, &loaded));
        larder_ignore(fridge_plain_cache_set(cache, id, &loaded));
    }
    uint64_t version = value != NULL ? value->value.price_cents : loaded.value.price_cents;
    fridge_plain_release(value);
    return version;
}

static void *race_on(void *argument)
{
    struct race *race = argument;
    unsigned turn = (unsigned)(uintptr_t)&turn;
    while (!atomic_load(&race->end)) {
        turn = turn * 1103515245 + 12345;
        uint64_t id = (turn >> 16) % ROWS;
        if ((turn >> 24) % 16 == 0) {
            unsigned version = atomic_fetch_add(&race->versions[id], 1) + 1;
            if (fridge_plain_cache_delete(race->b->cache, id) >= 0) {
                unsigned floor = atomic_load(&race->floors[id]);
                while (floor < version &&
                       !atomic_compare_exchange_weak(&race->floors[id], &floor, version)) {
                }
            }
            continue;
        }
        unsigned floor = atomic_load(&race->floors[id]);
        atomic_fetch_add(&race->stale, read_row(race, id) < floor);
        atomic_fetch_add(&race->reads, 1);
    }
    return NULL;
}

static double race_once(struct bench *b, bool by_hand)
{
    struct race race = {.b = b, .by_hand = by_hand};
    pthread_t threads[RACERS];
    for (uint64_t id = 0; id < ROWS; id++) {
        larder_ignore(fridge_plain_cache_delete(b->cache, id));
    }
    for (size_t i = 0; i < RACERS; i++) {
        if (pthread_create(&threads[i], NULL, race_on, &race) != 0) {
            bench_give_up("a thread");
        }
    }
    usleep(RACE_MS * 1000);
    atomic_store(&race.end, true);
    for (size_t i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
    }
    return 1e6 * atomic_load(&race.stale) / (atomic_load(&race.reads) + 1);
}

static void run_race(struct rounds *rounds, struct bench *b)
{
    double ours[ROUNDS_MAX], hand[ROUNDS_MAX];
    for (int i = 0; i < rounds->count; i++) {
        ours[i] = race_once(b, false);
        hand[i] = race_once(b, true);
    }
    rounds_report(rounds, "stale reads in a million", "cache-aside by hand", ours, hand, "reads");
}

/* ---------------------------------------------------------------------- main */

int main(int argc, char **argv)
{
    struct bench_options options;
    bench_options_read(argc, argv, &options);
    struct bench b = {.options = &options, .next_id = UINT64_C(1) << 32};
    b.cache = open_cache(&options);
    b.hand = open_hand(&options);
    if (!options.rounds.json) {
        printf("values of about 100 bytes, medians of %d rounds, %s\n\n", options.rounds.count,
               options.placement);
    }
    run_hits(&options.rounds, &b);
    const struct rounds_case miss = {"miss, claim, load, fill",
                                     "a get that misses",
                                     miss_and_fill,
                                     miss_only,
                                     &b,
                                     MISSES,
                                     NULL,
                                     false};
    rounds_run(&options.rounds, &miss);
    run_stampede(&options.rounds, &b);
    run_race(&options.rounds, &b);
    run_outage(&options.rounds, &b);
    run_invalidation(&options.rounds, &b);
    fridge_cache_close(b.cache);
    redisFree(b.hand);
    return EXIT_SUCCESS;
}
