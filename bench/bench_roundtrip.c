/* SPDX-License-Identifier: MIT */
/*
 * One caller, one call: what the typed cache costs over hiredis by hand, which
 * writes its key, sends the same command with redisCommandArgv, and looks at
 * the reply without decoding it. Over TCP and over a unix socket.
 */
#include <stdio.h>
#include <stdlib.h>

#include "depot.h"
#include "hiredis_peer.h"

enum { SIZE = 500, KEYS = 256, SINGLES = 10000, DELETES = 4000, MANY_MAX = 256 };

struct trip {
    struct depot_cache *cache;
    redisContext *redis;
    size_t many; /* keys of a get_many */
    struct depot_blob_key keys[MANY_MAX];
};

static void expect_ok(enum larder_status status, const char *what)
{
    if (status != LARDER_OK) {
        bench_give_up(what);
    }
}

/* A command of a name and a key. */
static redisReply *ask(const struct trip *trip, const char *name, size_t name_len, uint64_t id,
                       int wanted_type)
{
    char key[DEPOT_KEY_SIZE];
    const char *argv[] = {name, key};
    const size_t lens[] = {name_len, depot_hand_key(key, id)};
    return hiredis_peer_call(trip->redis, 2, argv, lens, wanted_type);
}

static void ask_number(const struct trip *trip, const char *name, size_t name_len, uint64_t id)
{
    redisReply *reply = ask(trip, name, name_len, id, REDIS_REPLY_INTEGER);
    if (reply->integer < 1) {
        bench_give_up(name);
    }
    freeReplyObject(reply);
}

/* ------------------------------------------------------------------ cases */

static void our_get(void *user, size_t n)
{
    const struct trip *trip = user;
    for (size_t i = 0; i < n; i++) {
        depot_get(trip->cache, i % KEYS, SIZE);
    }
}

static void peer_get(void *user, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        redisReply *reply = ask(user, "GET", 3, i % KEYS, REDIS_REPLY_STRING);
        depot_check(reply->str, (size_t)reply->len, SIZE);
        freeReplyObject(reply);
    }
}

static void our_set(void *user, size_t n)
{
    const struct trip *trip = user;
    for (size_t i = 0; i < n; i++) {
        const struct depot_blob blob = depot_blob_of(i % KEYS, SIZE);
        expect_ok(depot_blob_cache_put(trip->cache, &blob), "put");
    }
}

static void peer_set(void *user, size_t n)
{
    const struct trip *trip = user;
    for (size_t i = 0; i < n; i++) {
        hiredis_peer_set(trip->redis, i % KEYS, SIZE);
    }
}

/* What is deleted is there. */
static void refill(void *user, size_t n)
{
    const struct trip *trip = user;
    depot_fill(trip->cache, n, SIZE);
    hiredis_peer_fill(trip->redis, n, SIZE);
}

static void our_delete(void *user, size_t n)
{
    const struct trip *trip = user;
    for (size_t i = 0; i < n; i++) {
        expect_ok(depot_blob_cache_delete(trip->cache, i), "delete");
    }
}

static void peer_delete(void *user, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ask_number(user, "UNLINK", 6, i);
    }
}

static void our_exists(void *user, size_t n)
{
    const struct trip *trip = user;
    for (size_t i = 0; i < n; i++) {
        expect_ok(depot_blob_cache_exists(trip->cache, i % KEYS), "exists");
    }
}

static void peer_exists(void *user, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ask_number(user, "EXISTS", 6, i % KEYS);
    }
}

static void our_ttl(void *user, size_t n)
{
    const struct trip *trip = user;
    int64_t left_ms;
    for (size_t i = 0; i < n; i++) {
        expect_ok(depot_blob_cache_ttl(trip->cache, i % KEYS, &left_ms), "ttl");
    }
}

static void peer_ttl(void *user, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ask_number(user, "PTTL", 4, i % KEYS);
    }
}

static void our_get_many(void *user, size_t n)
{
    const struct trip *trip = user;
    const struct depot_blob *values[MANY_MAX];
    enum larder_status each[MANY_MAX];
    for (size_t i = 0; i < n; i++) {
        expect_ok(depot_blob_cache_get_many(trip->cache, trip->keys, trip->many, values, each),
                  "get_many");
        for (size_t j = 0; j < trip->many; j++) {
            expect_ok(each[j], "get_many");
            depot_check(values[j]->data.data, values[j]->data.len, SIZE);
        }
        depot_blob_release_many(values, trip->many);
    }
}

static void mget(const struct trip *trip)
{
    char keys[MANY_MAX][DEPOT_KEY_SIZE];
    const char *argv[MANY_MAX + 1] = {"MGET"};
    size_t lens[MANY_MAX + 1] = {4};
    for (size_t i = 0; i < trip->many; i++) {
        argv[i + 1] = keys[i];
        lens[i + 1] = depot_hand_key(keys[i], i);
    }
    redisReply *reply =
        hiredis_peer_call(trip->redis, (int)trip->many + 1, argv, lens, REDIS_REPLY_ARRAY);
    for (size_t i = 0; i < reply->elements; i++) {
        depot_check(reply->element[i]->str, (size_t)reply->element[i]->len, SIZE);
    }
    freeReplyObject(reply);
}

static void peer_get_many(void *user, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        mget(user);
    }
}

/* ------------------------------------------------------------------- main */

static void run_case(struct bench_options *options, const struct rounds_case *a_case,
                     const char *over)
{
    char name[64];
    struct rounds_case named = *a_case;
    (void)snprintf(name, sizeof name, "%s, %s", a_case->name, over);
    named.name = name;
    rounds_run(&options->rounds, &named);
}

static void run_singles(struct bench_options *options, struct trip *trip, const char *over)
{
    const struct rounds_case cases[] = {
        {"get", "GET by Argv, not decoded", our_get, peer_get, trip, SINGLES, NULL},
        {"set", "SET PX by Argv", our_set, peer_set, trip, SINGLES, NULL},
        {"exists", "EXISTS by Argv", our_exists, peer_exists, trip, SINGLES, NULL},
        {"ttl", "PTTL by Argv", our_ttl, peer_ttl, trip, SINGLES, NULL},
        {"delete", "UNLINK by Argv", our_delete, peer_delete, trip, DELETES, refill},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run_case(options, &cases[i], over);
    }
}

static void run_many(struct bench_options *options, struct trip *trip, const char *over)
{
    static const size_t sizes[] = {1, 16, 64, MANY_MAX};
    char name[32];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        trip->many = sizes[i];
        (void)snprintf(name, sizeof name, "get_many of %zu", sizes[i]);
        const struct rounds_case a_case = {
            name, "MGET by Argv, not decoded",       our_get_many, peer_get_many,
            trip, SINGLES / (sizes[i] / 4 + 1) + 50, NULL};
        run_case(options, &a_case, over);
    }
}

static void run_over(struct bench_options *options, bool over_unix_socket)
{
    const char *over = over_unix_socket ? "unix socket" : "TCP";
    struct trip trip = {.cache = depot_open(options, over_unix_socket),
                        .redis = hiredis_peer_open(options, over_unix_socket)};
    for (size_t i = 0; i < MANY_MAX; i++) {
        trip.keys[i].id = i;
    }
    refill(&trip, KEYS);
    run_singles(options, &trip, over);
    refill(&trip, KEYS);
    run_many(options, &trip, over);
    depot_cache_close(trip.cache);
    redisFree(trip.redis);
}

int main(int argc, char **argv)
{
    struct bench_options options;
    bench_options_read(argc, argv, &options);
    if (!options.rounds.json) {
        printf("values of %d bytes, one caller, %s, medians of %d rounds\n\n", SIZE,
               options.placement, options.rounds.count);
    }
    run_over(&options, false);
    run_over(&options, true);
    return EXIT_SUCCESS;
}
