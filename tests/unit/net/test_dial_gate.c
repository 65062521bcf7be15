/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "net/dial_gate.h"
#include "support/fake_clock.h"

static struct fake_clock fake;
static struct larder_dial_gate gate;

static int setup(void **state)
{
    (void)state;
    fake_clock_init(&fake);
    return larder_dial_gate_init(&gate, &fake.clock) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    larder_dial_gate_destroy(&gate);
    return 0;
}

/* Whether there is a turn right now. */
static bool turn(void)
{
    return larder_dial_gate_acquire(&gate, atomic_load(&fake.now_ns)) == LARDER_OK;
}

static void two_dials_may_be_under_way(void **state)
{
    (void)state;
    assert_true(turn());
    assert_true(turn());
    assert_false(turn());
    larder_dial_gate_release(&gate, LARDER_OK);
    assert_true(turn());
    assert_false(turn());
    assert_int_equal(larder_dial_gate_dials(&gate), 3);
}

static void a_failed_dial_is_followed_by_a_pause_that_grows(void **state)
{
    (void)state;
    int64_t longest_ms = 0;
    assert_true(turn());
    for (int i = 0; i < 100; i++) {
        int64_t most_ms = i < 5 ? 50 << i : 2000, waited_ms = 0;
        larder_dial_gate_release(&gate, LARDER_E_UNAVAILABLE);
        while (!turn()) {
            fake_clock_advance_ms(&fake, 1);
            waited_ms++;
        }
        assert_true(waited_ms <= most_ms);
        longest_ms = waited_ms > longest_ms ? waited_ms : longest_ms;
    }
    assert_true(longest_ms > 1000);
}

static void a_dial_that_worked_ends_the_pause(void **state)
{
    (void)state;
    assert_true(turn());
    assert_true(turn());
    larder_dial_gate_release(&gate, LARDER_E_UNAVAILABLE);
    larder_dial_gate_release(&gate, LARDER_OK);
    assert_true(turn());
}

static void refused_credentials_are_told_at_once_until_it_is_time_to_try_again(void **state)
{
    (void)state;
    int refused = 0;
    assert_true(turn());
    for (int i = 0; i < 20; i++) {
        larder_dial_gate_release(&gate, LARDER_E_AUTH);
        enum larder_status status;
        while ((status = larder_dial_gate_acquire(&gate, INT64_MAX)) != LARDER_OK) {
            assert_int_equal(status, LARDER_E_AUTH);
            refused++;
            fake_clock_advance_ms(&fake, 1);
        }
    }
    assert_true(refused > 0);
}

static void dials_a_second_are_capped(void **state)
{
    (void)state;
    int dials = 0;
    for (int ms = 0; ms < 10000; ms++) {
        while (turn()) {
            larder_dial_gate_release(&gate, LARDER_OK);
            dials++;
        }
        fake_clock_advance_ms(&fake, 1);
    }
    assert_in_range(dials, 11 * LARDER_DIALS_A_SECOND - 2, 11 * LARDER_DIALS_A_SECOND);
}

static void a_child_has_no_dials_under_way(void **state)
{
    (void)state;
    assert_true(turn());
    assert_true(turn());
    larder_dial_gate_hold(&gate);
    larder_dial_gate_child(&gate);
    assert_true(turn());
}

/* On the real clock: whoever has to wait gets its turn, and never three at once. */
static atomic_int under_way, most, turns;

static void *dial(void *user)
{
    (void)user;
    for (int i = 0; i < 10; i++) {
        int64_t deadline_ns = larder_deadline_after_ms(&larder_clock_system, 20000);
        if (larder_dial_gate_acquire(&gate, deadline_ns) != LARDER_OK) {
            continue;
        }
        int now = atomic_fetch_add(&under_way, 1) + 1;
        if (now > atomic_load(&most)) {
            atomic_store(&most, now);
        }
        atomic_fetch_add(&turns, 1);
        atomic_fetch_sub(&under_way, 1);
        larder_dial_gate_release(&gate, LARDER_OK);
    }
    return NULL;
}

static void everybody_who_waits_gets_a_turn(void **state)
{
    (void)state;
    pthread_t threads[8];
    larder_dial_gate_destroy(&gate);
    assert_true(larder_dial_gate_init(&gate, &larder_clock_system));
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, dial, NULL), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&turns), 80);
    assert_in_range(atomic_load(&most), 1, LARDER_DIALS_AT_ONCE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_dials_may_be_under_way),
        TEST(a_failed_dial_is_followed_by_a_pause_that_grows),
        TEST(a_dial_that_worked_ends_the_pause),
        TEST(refused_credentials_are_told_at_once_until_it_is_time_to_try_again),
        TEST(dials_a_second_are_capped),
        TEST(a_child_has_no_dials_under_way),
        TEST(everybody_who_waits_gets_a_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
