/* SPDX-License-Identifier: MIT */
/*
 *     bench_whole PORT ROUNDS table|json
 *
 * Typed calls through the generated code against the same written by hand,
 * one caller, one server, everything on the core that bench/run pinned us to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "count_malloc.h"
#include "goods.h"
#include "hand_written.h"
#include "rounds.h"

enum { SINGLE = 20000, BATCH = GOODS, BATCHES = 500, TTL_S = 3600, COUNTED = 1000 };

struct whole {
    struct stall_cache *cache;
    struct hand *hand;
    struct stall_product_key keys[GOODS];
    uint64_t ids[GOODS];
    uint64_t sum; /* of what was read: must come out as expected */
};

static void give_up(const char *what)
{
    (void)fprintf(stderr, "bench_whole: %s. %s\n", what, larder_last_error());
    exit(EXIT_FAILURE);
}

/* ------------------------------------------------------------------ cases */

static void our_get(void *user, size_t n)
{
    struct whole *w = user;
    for (size_t i = 0; i < n; i++) {
        const struct stall_product *p;
        if (stall_product_cache_get(w->cache, w->ids[i % GOODS], &p) != LARDER_OK) {
            give_up("get");
        }
        w->sum += goods_sum(p);
        stall_product_release(p);
    }
}

static void hand_read(struct whole *w, size_t n,
                      struct stall_product *(*get)(struct hand *hand, uint64_t id))
{
    for (size_t i = 0; i < n; i++) {
        struct stall_product *p = get(w->hand, w->ids[i % GOODS]);
        if (p == NULL) {
            give_up("the peer's get");
        }
        w->sum += goods_sum(p);
        hand_product_free(p);
    }
}

static void peer_get(void *user, size_t n)
{
    hand_read(user, n, hand_get);
}

static void peer_get_argv(void *user, size_t n)
{
    hand_read(user, n, hand_get_argv);
}

static void our_set(void *user, size_t n)
{
    struct whole *w = user;
    for (size_t i = 0; i < n; i++) {
        if (stall_product_cache_put(w->cache, &goods()[i % GOODS]) != LARDER_OK) {
            give_up("put");
        }
    }
}

static void peer_set(void *user, size_t n)
{
    struct whole *w = user;
    for (size_t i = 0; i < n; i++) {
        if (!hand_set(w->hand, &goods()[i % GOODS], TTL_S)) {
            give_up("the peer's set");
        }
    }
}

static void our_get_many(void *user, size_t n)
{
    struct whole *w = user;
    const struct stall_product *values[BATCH];
    enum larder_status each[BATCH];
    for (size_t i = 0; i < n; i++) {
        if (stall_product_cache_get_many(w->cache, w->keys, BATCH, values, each) != LARDER_OK) {
            give_up("get_many");
        }
        for (size_t j = 0; j < BATCH; j++) {
            w->sum += goods_sum(values[j]);
        }
        stall_product_release_many(values, BATCH);
    }
}

static void hand_read_many(struct whole *w, size_t n,
                           bool (*get)(struct hand *hand, const uint64_t *ids, size_t count,
                                       struct stall_product **ret_products))
{
    struct stall_product *values[BATCH];
    for (size_t i = 0; i < n; i++) {
        if (!get(w->hand, w->ids, BATCH, values)) {
            give_up("the peer's get_many");
        }
        for (size_t j = 0; j < BATCH; j++) {
            w->sum += goods_sum(values[j]);
            hand_product_free(values[j]);
        }
    }
}

static void peer_get_many_mget(void *user, size_t n)
{
    hand_read_many(user, n, hand_get_many_mget);
}

static void peer_get_many_pipeline(void *user, size_t n)
{
    hand_read_many(user, n, hand_get_many_pipeline);
}

static void our_set_many(void *user, size_t n)
{
    struct whole *w = user;
    enum larder_status each[BATCH];
    for (size_t i = 0; i < n; i++) {
        if (stall_product_cache_set_many(w->cache, w->keys, BATCH, goods(), each) != LARDER_OK) {
            give_up("set_many");
        }
    }
}

static void peer_set_many(void *user, size_t n)
{
    struct whole *w = user;
    for (size_t i = 0; i < n; i++) {
        if (!hand_set_many_pipeline(w->hand, goods(), BATCH, TTL_S)) {
            give_up("the peer's set_many");
        }
    }
}

/* ------------------------------------------------------------ allocations */

static size_t allocator_calls;

static void *counted_alloc(void *user, size_t size)
{
    (void)user;
    allocator_calls++;
    return malloc(size);
}

static void *counted_resize(void *user, void *block, size_t size)
{
    (void)user;
    allocator_calls++;
    return realloc(block, size);
}

static void plain_release(void *user, void *block)
{
    (void)user;
    free(block);
}

/* Through larder_config.allocator for ours, the C library's for the peer. */
static void allocations(struct rounds *rounds, struct whole *w)
{
    our_get(w, COUNTED);
    allocator_calls = 0;
    our_get(w, COUNTED);
    const double ours = (double)allocator_calls / COUNTED;
    peer_get(w, COUNTED);
    const size_t before = count_malloc_calls();
    peer_get(w, COUNTED);
    const double peers = (double)(count_malloc_calls() - before) / COUNTED;
    rounds_print(rounds, "allocations of a get", "redisCommand, msgpack-c tree", ours, peers,
                 "calls", ours / peers);
}

/* ------------------------------------------------------------------- main */

static void open_both(struct whole *w, const char *port)
{
    static const struct larder_allocator allocator = {
        .alloc = counted_alloc, .resize = counted_resize, .release = plain_release};
    char url[64];
    const struct larder_config config = {.backend = "redis", .url = url, .allocator = &allocator};
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%s", port);
    if (stall_cache_open(&config, &w->cache) != LARDER_OK) {
        give_up("open");
    }
    w->hand = hand_new("127.0.0.1", (int)strtol(port, NULL, 10));
    if (w->hand == NULL) {
        give_up("the peer's connect");
    }
    for (size_t i = 0; i < GOODS; i++) {
        w->ids[i] = goods()[i].id;
        w->keys[i].id = goods()[i].id;
    }
    our_set(w, GOODS);
    peer_set(w, GOODS);
}

/* Both sides must read the same. */
static void check_sums(struct whole *w)
{
    uint64_t expected = 0;
    for (size_t i = 0; i < GOODS; i++) {
        expected += goods_sum(&goods()[i]);
    }
    w->sum = 0;
    our_get(w, GOODS);
    bool ours = w->sum == expected;
    w->sum = 0;
    peer_get(w, GOODS);
    if (!ours || w->sum != expected) {
        give_up("what was read is not what was written");
    }
}

static double mean_size(struct whole *w)
{
    size_t bytes = 0;
    for (size_t i = 0; i < GOODS; i++) {
        bytes += hand_size(w->hand, &goods()[i]);
    }
    return (double)bytes / GOODS;
}

int main(int argc, char **argv)
{
    static const char plain[] = "redisCommand, msgpack-c tree";
    static const char argv_form[] = "redisCommandArgv, msgpack-c tree";
    static struct whole w;
    if (argc != 4) {
        (void)fprintf(stderr, "usage: bench_whole PORT ROUNDS table|json\n");
        return 2;
    }
    struct rounds rounds = {.table = "whole", .count = (int)strtol(argv[2], NULL, 10)};
    rounds.json = strcmp(argv[3], "json") == 0;
    if (rounds.count < 5 || rounds.count > ROUNDS_MAX) {
        give_up("5 to 99 rounds");
    }
    open_both(&w, argv[1]);
    check_sums(&w);
    if (!rounds.json) {
        printf("%d products of %.0f bytes, one caller, medians of %d rounds\n\n", GOODS,
               mean_size(&w), rounds.count);
    }
    const struct rounds_case cases[] = {
        {"get", plain, our_get, peer_get, &w, SINGLE, NULL},
        {"get", argv_form, our_get, peer_get_argv, &w, SINGLE, NULL},
        {"set", plain, our_set, peer_set, &w, SINGLE, NULL},
        {"get_many of 64", "MGET, msgpack-c tree", our_get_many, peer_get_many_mget, &w, BATCHES,
         NULL},
        {"get_many of 64", "pipelined GET, msgpack-c tree", our_get_many, peer_get_many_pipeline,
         &w, BATCHES, NULL},
        {"set_many of 64", "pipelined SET, msgpack-c", our_set_many, peer_set_many, &w, BATCHES,
         NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rounds_run(&rounds, &cases[i]);
    }
    allocations(&rounds, &w);
    stall_cache_close(w.cache);
    hand_free(w.hand);
    return EXIT_SUCCESS;
}
