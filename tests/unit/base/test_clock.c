/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>

#include "base/clock.h"
#include "support/fake_clock.h"

static const int64_t NS = 1000 * 1000;

static void test_the_system_clock_goes_forward_and_knows_the_year(void **state)
{
    (void)state;
    int64_t first = larder_clock_now_ns(&larder_clock_system);
    assert_true(larder_clock_now_ns(&larder_clock_system) >= first);
    assert_true(larder_clock_wall_ms(&larder_clock_system) > INT64_C(1600000000000));
}

static void test_a_deadline_is_now_and_the_milliseconds(void **state)
{
    (void)state;
    struct fake_clock fake;
    fake_clock_init(&fake);
    assert_int_equal(larder_deadline_after_ms(&fake.clock, 250), fake.now_ns + 250 * NS);
    assert_int_equal(larder_deadline_after_ms(&fake.clock, 0), fake.now_ns);
}

static void test_a_deadline_beyond_time_is_never(void **state)
{
    (void)state;
    struct fake_clock fake;
    fake_clock_init(&fake);
    assert_int_equal(larder_deadline_after_ms(&fake.clock, INT64_MAX), INT64_MAX);
    assert_int_equal(larder_deadline_after_ms(&fake.clock, INT64_MAX / NS), INT64_MAX);
    assert_int_equal(larder_deadline_after_ms(&fake.clock, INT64_MIN), INT64_MIN);
    assert_int_equal(larder_deadline_poll_ms(&fake.clock, INT64_MAX), INT_MAX);
}

static void test_poll_never_wakes_before_the_deadline(void **state)
{
    (void)state;
    struct fake_clock fake;
    fake_clock_init(&fake);
    int64_t now = fake.now_ns;
    assert_int_equal(larder_deadline_poll_ms(&fake.clock, now), 0);
    assert_int_equal(larder_deadline_poll_ms(&fake.clock, now - 1), 0);
    assert_int_equal(larder_deadline_poll_ms(&fake.clock, now + 1), 1);
    assert_int_equal(larder_deadline_poll_ms(&fake.clock, now + NS), 1);
    assert_int_equal(larder_deadline_poll_ms(&fake.clock, now + NS + 1), 2);
    assert_int_equal(larder_deadline_poll_ms(&fake.clock, now + INT_MAX * NS), INT_MAX);
}

static void test_poll_bears_any_two_points_of_time(void **state)
{
    (void)state;
    struct fake_clock fake;
    fake_clock_init(&fake);
    fake.now_ns = INT64_MIN;
    assert_int_equal(larder_deadline_poll_ms(&fake.clock, INT64_MAX), INT_MAX);
    fake.now_ns = INT64_MAX;
    assert_int_equal(larder_deadline_poll_ms(&fake.clock, INT64_MIN), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_system_clock_goes_forward_and_knows_the_year),
        cmocka_unit_test(test_a_deadline_is_now_and_the_milliseconds),
        cmocka_unit_test(test_a_deadline_beyond_time_is_never),
        cmocka_unit_test(test_poll_never_wakes_before_the_deadline),
        cmocka_unit_test(test_poll_bears_any_two_points_of_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
