/* SPDX-License-Identifier: MIT */
/*
 * One suite over the generated cache of kitchen.yaml and every backend.
 *
 * Each test gets a `struct site` of its own: an open cache whose keys begin
 * with a prefix that no other test has. So tests share a server and never meet.
 */
#ifndef LARDER_TESTS_CONFORMANCE_H
#define LARDER_TESTS_CONFORMANCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kitchen_cache.h"

struct site {
    const char *backend; /* "memory", "redis" */
    int port;            /* of the server; 0: there is none */
    char url[64];
    char prefix[32];
    struct larder_config config; /* what the cache was opened with */
    struct kitchen_cache *cache;
};

/* Fixtures. Which backend is said by site_use, before a group runs. */
void site_use(const char *backend, int port);
/* The caches are from now on on this port, over TLS; raw_redis stays on the other. */
void site_use_tls(int port, const char *ca);
int site_setup(void **state);
int site_teardown(void **state);

static inline struct kitchen_cache *cache_of(void **state)
{
    return ((struct site *)*state)->cache;
}

/* Fails with both names and larder_last_error(). */
void status_is(enum larder_status actual, enum larder_status expected, const char *call,
               const char *file, int line);
#define assert_status(call, expected) status_is((call), (expected), #call, __FILE__, __LINE__)

int64_t site_now_ms(void);
/* A loopback port on which nobody listens. */
int site_closed_port(void);

/* Suites: rows of tests, for cmocka. */
struct suite {
    const char *name;
    const struct CMUnitTest *tests;
    size_t count;
    bool redis_only; /* it looks into the server */
};

extern const struct suite values_suite;
extern const struct suite bounds_suite;
extern const struct suite keys_suite;
extern const struct suite calls_suite;
extern const struct suite lifetimes_suite;
extern const struct suite batches_suite;
extern const struct suite events_suite;
extern const struct suite invalidation_suite;
extern const struct suite loads_suite;
extern const struct suite indexes_suite;
extern const struct suite many_loads_suite;
extern const struct suite arguments_suite;
extern const struct suite memory_suite;
extern const struct suite away_suite;
extern const struct suite foreign_suite;
extern const struct suite large_suite;
extern const struct suite journeys_suite;
extern const struct suite compressed_suite;
extern const struct suite rollouts_suite;

#define SITE_TEST(function) cmocka_unit_test_setup_teardown(function, site_setup, site_teardown)

#endif
