/* SPDX-License-Identifier: MIT */
/* Counters: what is counted is what is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "observe/counters.h"

enum { THREADS = 4, ROUNDS = 10000 };

static void every_counter_reaches_its_own_number(void **state)
{
    static struct larder_counters counters;
    struct larder_stats stats = {0};
    uint64_t n = 0;
    (void)state;
#define LARDER_COUNTER(name, text) larder_counter_add(&counters.name, ++n);
#include <larder/counters.def>
#undef LARDER_COUNTER
    larder_counters_add_to(&counters, &stats);
    n = 0;
#define LARDER_COUNTER(name, text) assert_int_equal(stats.name, ++n);
#include <larder/counters.def>
#undef LARDER_COUNTER
    larder_counters_add_to(&counters, &stats);
    assert_int_equal(stats.hits, 2);
}

static void *count(void *user)
{
    struct larder_counters *counters = user;
    for (int i = 0; i < ROUNDS; i++) {
        larder_counter_add(&counters->misses, 2);
    }
    return NULL;
}

static void no_count_is_lost_between_threads(void **state)
{
    static struct larder_counters counters;
    struct larder_stats stats = {0};
    pthread_t threads[THREADS];
    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count, &counters), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    larder_counters_add_to(&counters, &stats);
    assert_int_equal(stats.misses, 2 * THREADS * ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_counter_reaches_its_own_number),
        cmocka_unit_test(no_count_is_lost_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
