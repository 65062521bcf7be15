/* SPDX-License-Identifier: MIT */
/*
 * Typed get of one large field of bytes against redisCommand, whose reply is
 * looked at and freed, not copied: both hand out one block that holds the value.
 */
#include <stdio.h>
#include <stdlib.h>

#include "depot.h"
#include "hiredis_peer.h"

enum { KEYS = 8 };

struct large {
    struct depot_cache *cache;
    redisContext *redis;
    size_t size;
};

static void our_get(void *user, size_t n)
{
    const struct large *large = user;
    for (size_t i = 0; i < n; i++) {
        depot_get(large->cache, i % KEYS, large->size);
    }
}

static void peer_get(void *user, size_t n)
{
    const struct large *large = user;
    for (size_t i = 0; i < n; i++) {
        redisReply *reply = hiredis_peer_get_format(large->redis, i % KEYS);
        depot_check(reply->str, (size_t)reply->len, large->size);
        freeReplyObject(reply);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        size_t size;
        size_t n;
    } sizes[] = {
        {"get of 5 KB", 5000, 5000},
        {"get of 50 KB", 50 * 1000, 1000},
        {"get of 1 MB", DEPOT_SIZE_MAX, 100},
    };
    struct bench_options options;
    bench_options_read(argc, argv, &options);
    struct large large = {.cache = depot_open(&options, false),
                          .redis = hiredis_peer_open(&options, false)};
    if (!options.rounds.json) {
        printf("one field of bytes, one caller, TCP, %s, medians of %d rounds\n\n",
               options.placement, options.rounds.count);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const struct rounds_case a_case = {
            sizes[i].name, "redisCommand, not copied", our_get, peer_get, &large, sizes[i].n, NULL};
        large.size = sizes[i].size;
        depot_fill(large.cache, KEYS, large.size);
        hiredis_peer_fill(large.redis, KEYS, large.size);
        rounds_run(&options.rounds, &a_case);
    }
    depot_cache_close(large.cache);
    redisFree(large.redis);
    return EXIT_SUCCESS;
}
