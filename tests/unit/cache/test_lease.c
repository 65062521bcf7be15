/* SPDX-License-Identifier: MIT */
/* What reads teach: how long claims stand, and whether the next look is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cache/lease.h"

static void a_claim_stands_for_three_loads_within_bounds(void **state)
{
    static const struct {
        int64_t took_ms, lease_ms;
    } rows[] = {{0, 2000},      {1, 2000},      {666, 2000},      {700, 2100},
                {15000, 45000}, {20000, 60000}, {3600000, 60000}, {INT64_MAX, 60000}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct larder_lease lease = {0};
        assert_int_equal(larder_lease_ms(&lease), LARDER_LEASE_MIN_MS);
        larder_lease_loaded(&lease, rows[i].took_ms);
        assert_int_equal(larder_lease_ms(&lease), rows[i].lease_ms);
    }
}

static void a_long_load_is_forgotten_slowly_and_wholly(void **state)
{
    struct larder_lease lease = {0};
    (void)state;
    larder_lease_loaded(&lease, 10000);
    larder_lease_loaded(&lease, 10);
    assert_in_range(larder_lease_ms(&lease), 27000, 29999);
    for (int i = 0; i < 200; i++) {
        larder_lease_loaded(&lease, 10);
    }
    assert_int_equal(lease.longest_ms, 10);
    larder_lease_loaded(&lease, 10000);
    assert_int_equal(larder_lease_ms(&lease), 30000);
}

static void three_misses_in_a_row_let_the_next_one_be_expected(void **state)
{
    struct larder_lease lease = {0};
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_false(larder_lease_expects_miss(&lease));
        larder_lease_looked(&lease, false);
    }
    assert_true(larder_lease_expects_miss(&lease));
    larder_lease_refused(&lease);
    assert_false(larder_lease_expects_miss(&lease));
}

/* A share of misses on one side of a quarter or the other, for long. */
static void expect_after(unsigned misses_in_16, bool expected)
{
    struct larder_lease lease = {0};
    unsigned expects = 0;
    for (unsigned i = 0; i < 1600; i++) {
        larder_lease_looked(&lease, i * misses_in_16 % 16 >= misses_in_16);
        expects += larder_lease_expects_miss(&lease);
    }
    assert_true(expected ? expects > 1500 : expects < 100);
}

static void more_than_a_quarter_of_misses_is_expected_to_go_on(void **state)
{
    (void)state;
    expect_after(0, false);
    expect_after(1, false);
    expect_after(2, false);
    expect_after(6, true);
    expect_after(8, true);
    expect_after(16, true);
}

static void hits_bring_it_to_nothing(void **state)
{
    struct larder_lease lease = {.misses = LARDER_MISSES_ALL};
    (void)state;
    for (int i = 0; i < 100; i++) {
        larder_lease_looked(&lease, true);
    }
    assert_int_equal(lease.misses, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_stands_for_three_loads_within_bounds),
        cmocka_unit_test(a_long_load_is_forgotten_slowly_and_wholly),
        cmocka_unit_test(three_misses_in_a_row_let_the_next_one_be_expected),
        cmocka_unit_test(more_than_a_quarter_of_misses_is_expected_to_go_on),
        cmocka_unit_test(hits_bring_it_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
