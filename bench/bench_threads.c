/* SPDX-License-Identifier: MIT */
/*
 * GET of 500 bytes by 1 to 64 threads: one typed cache that all share, against
 * a hiredis connection a thread, a pool of 10 under a mutex, and a raw socket a
 * thread. All four take their turn in every round.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callers.h"
#include "depot.h"
#include "hiredis_peer.h"
#include "raw_peer.h"

enum { KEYS = 1000, SIZE = 500, POOL = 10, COMMAND_SIZE = 128, SIDES = 4 };

/* What people write around hiredis when threads outnumber connections. */
struct pool {
    pthread_mutex_t lock;
    pthread_cond_t returned;
    redisContext *idle[POOL];
    size_t idle_count;
};

/* A caller's own. */
struct desk {
    _Alignas(64) redisContext *redis;
    struct raw_peer raw;
    unsigned char value[SIZE];
};

struct threads {
    struct depot_cache *cache;
    struct pool pool;
    struct desk desks[CALLERS_MAX];
    char commands[KEYS][COMMAND_SIZE]; /* of the raw sockets */
    size_t command_lens[KEYS];
};

/* ------------------------------------------------------------------ sides */

static void our_get(void *user, size_t caller, uint32_t turn)
{
    const struct threads *t = user;
    (void)caller;
    depot_get(t->cache, turn % KEYS, SIZE);
}

/* A peer's caller is handed a copy that it owns, as ours is. */
static void take(struct desk *desk, const char *bytes, size_t len)
{
    if (len != SIZE) {
        bench_give_up("what was read is not what was written");
    }
    memcpy(desk->value, bytes, len);
    depot_check(desk->value, len, SIZE);
}

static void hiredis_get(redisContext *redis, struct desk *desk, uint32_t turn)
{
    char key[DEPOT_KEY_SIZE];
    const char *argv[] = {"GET", key};
    const size_t lens[] = {3, depot_hand_key(key, turn % KEYS)};
    redisReply *reply = hiredis_peer_call(redis, 2, argv, lens, REDIS_REPLY_STRING);
    take(desk, reply->str, (size_t)reply->len);
    freeReplyObject(reply);
}

static void own_connection_get(void *user, size_t caller, uint32_t turn)
{
    struct threads *t = user;
    hiredis_get(t->desks[caller].redis, &t->desks[caller], turn);
}

static void pool_get(void *user, size_t caller, uint32_t turn)
{
    struct threads *t = user;
    struct pool *pool = &t->pool;
    (void)pthread_mutex_lock(&pool->lock);
    while (pool->idle_count == 0) {
        (void)pthread_cond_wait(&pool->returned, &pool->lock);
    }
    redisContext *redis = pool->idle[--pool->idle_count];
    (void)pthread_mutex_unlock(&pool->lock);

    hiredis_get(redis, &t->desks[caller], turn);

    (void)pthread_mutex_lock(&pool->lock);
    pool->idle[pool->idle_count++] = redis;
    (void)pthread_cond_signal(&pool->returned);
    (void)pthread_mutex_unlock(&pool->lock);
}

static void raw_get(void *user, size_t caller, uint32_t turn)
{
    struct threads *t = user;
    size_t len;
    const char *bytes = raw_peer_call(&t->desks[caller].raw, t->commands[turn % KEYS],
                                      t->command_lens[turn % KEYS], &len);
    take(&t->desks[caller], bytes, len);
}

/* Ours first. */
static const struct side {
    const char *name;
    callers_fn *get;
} sides[SIDES] = {
    {"larder", our_get},
    {"hiredis a thread", own_connection_get},
    {"pool of 10", pool_get},
    {"raw socket a thread", raw_get},
};

/* ------------------------------------------------------------------ rounds */

struct measured {
    double k_per_s[SIDES][ROUNDS_MAX];
    double p99_us[SIDES][ROUNDS_MAX];
};

static void measure(struct threads *t, size_t count, const struct bench_options *options,
                    struct measured *ret_measured)
{
    struct callers_result result;
    for (size_t side = 0; side < SIDES; side++) {
        callers_run(sides[side].get, t, count, options->round_ms / 4 + 1, &result);
    }
    for (size_t i = 0; i < (size_t)options->rounds.count; i++) {
        for (size_t j = 0; j < SIDES; j++) {
            const size_t side = (i + j) % SIDES; /* who goes first changes */
            callers_run(sides[side].get, t, count, options->round_ms, &result);
            ret_measured->k_per_s[side][i] = result.calls_per_s / 1000;
            ret_measured->p99_us[side][i] = result.p99_us;
        }
    }
}

static void report(struct rounds *rounds, size_t count, const struct measured *m)
{
    char name[64];
    const char *many = count == 1 ? "" : "s";
    for (size_t side = 1; side < SIDES; side++) {
        (void)snprintf(name, sizeof name, "%zu thread%s", count, many);
        rounds_report(rounds, name, sides[side].name, m->k_per_s[0], m->k_per_s[side], "k/s");
        (void)snprintf(name, sizeof name, "%zu thread%s, p99", count, many);
        rounds_report(rounds, name, sides[side].name, m->p99_us[0], m->p99_us[side], "us");
    }
}

/* ------------------------------------------------------------------- main */

static void open_all(struct threads *t, const struct bench_options *options)
{
    char key[DEPOT_KEY_SIZE];
    (void)pthread_mutex_init(&t->pool.lock, NULL);
    (void)pthread_cond_init(&t->pool.returned, NULL);
    for (t->pool.idle_count = 0; t->pool.idle_count < POOL; t->pool.idle_count++) {
        t->pool.idle[t->pool.idle_count] = hiredis_peer_open(options, false);
    }
    for (size_t i = 0; i < CALLERS_MAX; i++) {
        t->desks[i].redis = hiredis_peer_open(options, false);
        raw_peer_open(&t->desks[i].raw, options);
    }
    for (size_t i = 0; i < KEYS; i++) {
        (void)depot_hand_key(key, i);
        t->command_lens[i] = raw_peer_format_get(t->commands[i], COMMAND_SIZE, key);
    }
    t->cache = depot_open(options, false);
    depot_fill(t->cache, KEYS, SIZE);
    hiredis_peer_fill(t->desks[0].redis, KEYS, SIZE);
}

static void close_all(struct threads *t)
{
    depot_cache_close(t->cache);
    for (size_t i = 0; i < CALLERS_MAX; i++) {
        redisFree(t->desks[i].redis);
        raw_peer_close(&t->desks[i].raw);
    }
    for (size_t i = 0; i < POOL; i++) {
        redisFree(t->pool.idle[i]);
    }
    (void)pthread_cond_destroy(&t->pool.returned);
    (void)pthread_mutex_destroy(&t->pool.lock);
}

int main(int argc, char **argv)
{
    static const size_t counts[] = {1, 2, 4, 8, 16, 32, 64};
    static struct threads t;
    static struct measured measured;
    struct bench_options options;
    bench_options_read(argc, argv, &options);
    open_all(&t, &options);
    if (!options.rounds.json) {
        printf("GET of %d bytes, %s, REDIS_SPIN_US %d, medians of %d rounds of %d ms\n\n", SIZE,
               options.placement, options.spin_us, options.rounds.count, options.round_ms);
    }
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        if (options.callers == 0 || (size_t)options.callers == counts[i]) {
            measure(&t, counts[i], &options, &measured);
            report(&options.rounds, counts[i], &measured);
        }
    }
    close_all(&t);
    return EXIT_SUCCESS;
}
