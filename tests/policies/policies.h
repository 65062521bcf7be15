/* SPDX-License-Identifier: MIT */
/*
 * The cache of shop.yaml, on a backend whose time a test can move.
 *
 * In memory the clock is a fake one. On Redis time is the server's own and goes on; what
 * moves is an entry: the times that are stored in it, and its expiry (site_pass).
 */
#ifndef LARDER_TESTS_POLICIES_H
#define LARDER_TESTS_POLICIES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "shop_cache.h"
#include "support/fake_clock.h"
#include "support/raw_redis.h"
#include "support/redis_server.h"

struct site {
    bool on_redis;
    struct fake_clock clock; /* in memory: the cache's */
    char url[64];
    char prefix[32];
    int64_t over_ms; /* see site_cross */
    char log[4096];
    struct larder_log log_table;
    struct larder_config config;
    struct shop_cache *cache;
};

/* Fixtures. NULL: memory. */
void site_use(struct redis_server *server);
int site_setup(void **state);
int site_teardown(void **state);

/* The entry at this key (without the prefix), if there is one, is `ms` older. */
void site_pass(struct site *site, const char *key, int64_t ms);
/* Goes on until just before what happens to it distance_ms behind the last edge; and past
 * that. In memory both are exact to a millisecond, a server is left two seconds. */
void site_approach(struct site *site, const char *key, int64_t distance_ms);
void site_cross(struct site *site, const char *key);
/* Only on Redis. */
bool site_is_there(struct site *site, const char *key);

/* The server is silent from now on, or speaks again. */
void site_freeze(bool frozen);

/* Calls it until it is true; fails the test if it does not become so in 20 s. */
void site_await(bool (*is_so)(void *user), void *user);

struct shop_cache_counters site_counters(struct site *site);

/* ------------------------------------------------------------------ a database */

/* What loaders read. */
struct source {
    enum larder_status answer; /* LARDER_OK to begin with */
    const char *name;          /* of what there is */
    atomic_int calls;
    atomic_int last_id;
    char last_colour[32]; /* of the last call, */
    char previous[32];    /* and of the value that it would replace */
    atomic_bool shut;     /* a call waits while it is so */
    atomic_int waiting;
    uintptr_t thread; /* that the last call ran on */
};

enum larder_status load_item(struct larder_load *load, void *user, uint64_t id, const char *colour,
                             struct shop_item *out);
enum larder_status load_price(struct larder_load *load, void *user, uint64_t id,
                              struct shop_price *out);
enum larder_status load_front(struct larder_load *load, void *user, struct shop_front *out);
enum larder_status load_news(struct larder_load *load, void *user, uint64_t id,
                             struct shop_news *out);

enum larder_status load_plain(struct larder_load *load, void *user, uint64_t id,
                              struct shop_plain *out);

/* Fails with both names and larder_last_error(). */
void status_is(enum larder_status actual, enum larder_status expected, const char *call,
               const char *file, int line);
#define assert_status(call, expected) status_is((call), (expected), #call, __FILE__, __LINE__)

#define SITE_TEST(function) cmocka_unit_test_setup_teardown(function, site_setup, site_teardown)

struct suite {
    const char *name;
    const struct CMUnitTest *tests;
    size_t count;
    bool redis_only;
};

extern const struct suite windows_suite;
extern const struct suite reloads_suite;
extern const struct suite absent_suite;
extern const struct suite sliding_suite;
extern const struct suite redelete_suite;
extern const struct suite redelete_end_suite; /* what is on the server afterwards */

#endif
