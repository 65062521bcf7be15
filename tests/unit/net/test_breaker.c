/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "net/breaker.h"
#include "support/fake_clock.h"

/* A pause is exactly what its number says: no jitter to be had between equals. */
static const struct larder_breaker_options exact = {
    .min_failures = 4,
    .rate_percent = 50,
    .connect_failures_max = 3,
    .probes = 2,
    .successes = 2,
    .probe_ms = 300,
    .pause_first_ms = 1000,
    .pause_max_ms = 1000,
    .pause_min_ms = 1000,
};

struct fixture {
    struct fake_clock clock;
    struct larder_breaker breaker;
    enum larder_breaker_change change;
};

static int setup(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof fixture);
    fake_clock_init(&fixture.clock);
    larder_breaker_init(&fixture.breaker, &fixture.clock.clock, &exact);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    larder_breaker_release(&f->breaker);
    return 0;
}

static bool admit(struct fixture *f, struct larder_breaker_pass *ret_pass)
{
    return larder_breaker_admit(&f->breaker, ret_pass, &f->change);
}

/* One whole call. False: it was not let through. */
static bool call(struct fixture *f, enum larder_breaker_event event)
{
    struct larder_breaker_pass pass;
    if (!admit(f, &pass)) {
        return false;
    }
    f->change = larder_breaker_report(&f->breaker, pass, event);
    return true;
}

static void calls(struct fixture *f, int count, enum larder_breaker_event event)
{
    for (int i = 0; i < count; i++) {
        assert_true(call(f, event));
    }
}

static struct larder_breaker_stats stats(struct fixture *f)
{
    struct larder_breaker_stats stats;
    larder_breaker_stats(&f->breaker, &stats);
    return stats;
}

static void open_it(struct fixture *f)
{
    calls(f, 4, LARDER_BREAKER_FAILURE);
    assert_int_equal(f->change, LARDER_BREAKER_OPENED);
}

static void begins_closed_and_lets_all_pass(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(stats(f).state, LARDER_CLOSED);
    calls(f, 1000, LARDER_BREAKER_SUCCESS);
    assert_false(larder_breaker_is_away(&f->breaker));
    assert_int_equal(stats(f).opened, 0);
}

static void too_few_failures_do_not_open_it(void **state)
{
    struct fixture *f = *state;
    calls(f, 3, LARDER_BREAKER_FAILURE);
    assert_int_equal(stats(f).state, LARDER_CLOSED);
}

static void enough_failures_open_it_and_one_caller_is_told(void **state)
{
    struct fixture *f = *state;
    calls(f, 3, LARDER_BREAKER_FAILURE);
    assert_int_equal(f->change, LARDER_BREAKER_SAME);
    assert_true(call(f, LARDER_BREAKER_FAILURE));
    assert_int_equal(f->change, LARDER_BREAKER_OPENED);
    assert_true(larder_breaker_is_away(&f->breaker));
    assert_false(call(f, LARDER_BREAKER_SUCCESS));
    assert_int_equal(f->change, LARDER_BREAKER_SAME);
    assert_int_equal(stats(f).state, LARDER_OPEN);
    assert_int_equal(stats(f).opened, 1);
}

static void a_low_rate_of_failures_does_not_open_it(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 50; i++) {
        calls(f, 2, LARDER_BREAKER_SUCCESS);
        calls(f, 1, LARDER_BREAKER_FAILURE);
        calls(f, 2, LARDER_BREAKER_SUCCESS);
    }
    assert_int_equal(stats(f).state, LARDER_CLOSED);
}

static void failures_are_forgotten_after_ten_seconds(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 10; i++) {
        calls(f, 3, LARDER_BREAKER_FAILURE);
        fake_clock_advance_ms(&f->clock, 10000);
    }
    assert_int_equal(stats(f).state, LARDER_CLOSED);
}

static void the_window_rolls_on_bucket_by_bucket(void **state)
{
    struct fixture *f = *state;
    calls(f, 2, LARDER_BREAKER_FAILURE);
    fake_clock_advance_ms(&f->clock, 9000);
    calls(f, 1, LARDER_BREAKER_FAILURE);
    fake_clock_advance_ms(&f->clock, 1000); /* the first two are gone, the third is not */
    calls(f, 2, LARDER_BREAKER_FAILURE);
    assert_int_equal(stats(f).state, LARDER_CLOSED);
    assert_true(call(f, LARDER_BREAKER_FAILURE));
    assert_int_equal(stats(f).state, LARDER_OPEN);
}

static void connect_failures_in_a_row_open_it_sooner(void **state)
{
    struct fixture *f = *state;
    calls(f, 2, LARDER_BREAKER_CONNECT_FAILURE);
    calls(f, 1, LARDER_BREAKER_SUCCESS); /* not in a row */
    fake_clock_advance_ms(&f->clock, 20000);
    calls(f, 2, LARDER_BREAKER_CONNECT_FAILURE);
    assert_int_equal(stats(f).state, LARDER_CLOSED);
    calls(f, 1, LARDER_BREAKER_CONNECT_FAILURE);
    assert_int_equal(stats(f).state, LARDER_OPEN);
}

static void what_says_nothing_counts_for_nothing(void **state)
{
    struct fixture *f = *state;
    calls(f, 100, LARDER_BREAKER_NOTHING);
    assert_int_equal(stats(f).state, LARDER_CLOSED);
    assert_int_equal(stats(f).failing_ms, 0);
}

static void a_pause_later_a_few_probes_may_pass(void **state)
{
    struct fixture *f = *state;
    struct larder_breaker_pass a, b, c;
    open_it(f);
    assert_int_equal(stats(f).retry_in_ms, 1000);
    fake_clock_advance_ms(&f->clock, 999);
    assert_false(admit(f, &a));
    fake_clock_advance_ms(&f->clock, 1);
    assert_true(admit(f, &a));
    assert_true(admit(f, &b));
    assert_false(admit(f, &c));
    assert_int_not_equal(a.probe, 0);
    assert_int_not_equal(a.probe, b.probe);
    assert_int_equal(stats(f).state, LARDER_HALF_OPEN);
    assert_true(larder_breaker_is_away(&f->breaker));
}

static void probes_that_succeed_close_it(void **state)
{
    struct fixture *f = *state;
    open_it(f);
    fake_clock_advance_ms(&f->clock, 1000);
    calls(f, 1, LARDER_BREAKER_SUCCESS);
    assert_int_equal(f->change, LARDER_BREAKER_SAME);
    assert_int_equal(stats(f).state, LARDER_HALF_OPEN);
    calls(f, 1, LARDER_BREAKER_SUCCESS);
    assert_int_equal(f->change, LARDER_BREAKER_SHUT);
    assert_int_equal(stats(f).state, LARDER_CLOSED);
    assert_int_equal(stats(f).failing_ms, 0);
    /* The failures of before are forgotten. */
    calls(f, 3, LARDER_BREAKER_FAILURE);
    assert_int_equal(stats(f).state, LARDER_CLOSED);
}

static void a_probe_that_fails_opens_it_again(void **state)
{
    struct fixture *f = *state;
    open_it(f);
    fake_clock_advance_ms(&f->clock, 1000);
    calls(f, 1, LARDER_BREAKER_SUCCESS);
    calls(f, 1, LARDER_BREAKER_FAILURE);
    assert_int_equal(f->change, LARDER_BREAKER_REOPENED);
    assert_false(call(f, LARDER_BREAKER_SUCCESS));
    assert_int_equal(stats(f).opened, 1); /* still the same outage */
    /* The success of before does not help the next attempt. */
    fake_clock_advance_ms(&f->clock, 1000);
    calls(f, 1, LARDER_BREAKER_SUCCESS);
    assert_int_equal(stats(f).state, LARDER_HALF_OPEN);
}

static void a_probe_that_never_ends_has_failed(void **state)
{
    struct fixture *f = *state;
    struct larder_breaker_pass lost, next;
    open_it(f);
    fake_clock_advance_ms(&f->clock, 1000);
    assert_true(admit(f, &lost));
    fake_clock_advance_ms(&f->clock, 300);
    assert_false(admit(f, &next));
    assert_int_equal(f->change, LARDER_BREAKER_REOPENED);
    assert_int_equal(stats(f).state, LARDER_OPEN);
    fake_clock_advance_ms(&f->clock, 1000);
    assert_true(admit(f, &next));
    /* Its late success is none of this attempt's. */
    assert_int_equal(larder_breaker_report(&f->breaker, lost, LARDER_BREAKER_SUCCESS),
                     LARDER_BREAKER_SAME);
    assert_int_equal(larder_breaker_report(&f->breaker, next, LARDER_BREAKER_SUCCESS),
                     LARDER_BREAKER_SAME);
    assert_int_equal(stats(f).state, LARDER_HALF_OPEN);
}

static void a_probe_that_says_nothing_makes_room_for_another(void **state)
{
    struct fixture *f = *state;
    open_it(f);
    fake_clock_advance_ms(&f->clock, 1000);
    calls(f, 10, LARDER_BREAKER_NOTHING);
    assert_int_equal(stats(f).state, LARDER_HALF_OPEN);
}

static void calls_from_before_it_opened_change_nothing(void **state)
{
    struct fixture *f = *state;
    struct larder_breaker_pass early[2];
    assert_true(admit(f, &early[0]));
    assert_true(admit(f, &early[1]));
    open_it(f);
    larder_breaker_report(&f->breaker, early[0], LARDER_BREAKER_SUCCESS);
    assert_int_equal(stats(f).state, LARDER_OPEN);
    larder_breaker_report(&f->breaker, early[1], LARDER_BREAKER_FAILURE);
    assert_int_equal(stats(f).retry_in_ms, 1000);
}

static void pauses_grow_with_full_jitter_up_to_their_bound(void **state)
{
    struct fixture *f = *state;
    struct larder_breaker_options options = larder_breaker_defaults;
    int64_t longest_ms = 0, shortest_ms = INT64_MAX;
    larder_breaker_init(&f->breaker, &f->clock.clock, &options);
    calls(f, 5, LARDER_BREAKER_CONNECT_FAILURE);
    for (int i = 0; i < 200; i++) {
        int64_t most_ms = i < 6 ? 500 << i : 30000;
        int64_t pause_ms = stats(f).retry_in_ms;
        assert_in_range(pause_ms, 50, most_ms);
        longest_ms = pause_ms > longest_ms ? pause_ms : longest_ms;
        shortest_ms = pause_ms < shortest_ms ? pause_ms : shortest_ms;
        fake_clock_advance_ms(&f->clock, pause_ms);
        assert_true(call(f, LARDER_BREAKER_CONNECT_FAILURE));
    }
    assert_true(longest_ms > 20000);
    assert_true(shortest_ms < 5000);
}

static void failing_is_told_since_the_first_failure_after_a_success(void **state)
{
    struct fixture *f = *state;
    calls(f, 1, LARDER_BREAKER_FAILURE);
    fake_clock_advance_ms(&f->clock, 700);
    calls(f, 1, LARDER_BREAKER_FAILURE);
    assert_int_equal(stats(f).failing_ms, 700);
    calls(f, 1, LARDER_BREAKER_SUCCESS);
    assert_int_equal(stats(f).failing_ms, 0);
}

static void a_child_starts_without_its_parents_probes(void **state)
{
    struct fixture *f = *state;
    struct larder_breaker_pass pass;
    open_it(f);
    fake_clock_advance_ms(&f->clock, 1000);
    assert_true(admit(f, &pass));
    assert_true(admit(f, &pass));
    larder_breaker_hold(&f->breaker);
    larder_breaker_child(&f->breaker);
    assert_true(admit(f, &pass));
}

/* Many threads, a node that comes and goes: nothing is lost, nobody hangs. */
static void *hammer(void *user)
{
    struct fixture *f = user;
    for (int i = 0; i < 20000; i++) {
        struct larder_breaker_pass pass;
        enum larder_breaker_change change;
        if (larder_breaker_admit(&f->breaker, &pass, &change)) {
            bool bad = i / 100 % 3 == 1;
            larder_breaker_report(&f->breaker, pass,
                                  bad ? LARDER_BREAKER_FAILURE : LARDER_BREAKER_SUCCESS);
        } else {
            fake_clock_advance_ms(&f->clock, 1);
        }
    }
    return NULL;
}

static void threads_may_use_it_at_once(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, f), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_true(stats(f).opened > 0);
    fake_clock_advance_ms(&f->clock, 1000);
    for (int i = 0; i < 4; i++) {
        call(f, LARDER_BREAKER_SUCCESS);
    }
    assert_int_equal(stats(f).state, LARDER_CLOSED);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(begins_closed_and_lets_all_pass),
        TEST(too_few_failures_do_not_open_it),
        TEST(enough_failures_open_it_and_one_caller_is_told),
        TEST(a_low_rate_of_failures_does_not_open_it),
        TEST(failures_are_forgotten_after_ten_seconds),
        TEST(the_window_rolls_on_bucket_by_bucket),
        TEST(connect_failures_in_a_row_open_it_sooner),
        TEST(what_says_nothing_counts_for_nothing),
        TEST(a_pause_later_a_few_probes_may_pass),
        TEST(probes_that_succeed_close_it),
        TEST(a_probe_that_fails_opens_it_again),
        TEST(a_probe_that_never_ends_has_failed),
        TEST(a_probe_that_says_nothing_makes_room_for_another),
        TEST(calls_from_before_it_opened_change_nothing),
        TEST(pauses_grow_with_full_jitter_up_to_their_bound),
        TEST(failing_is_told_since_the_first_failure_after_a_success),
        TEST(a_child_starts_without_its_parents_probes),
        TEST(threads_may_use_it_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
