/* SPDX-License-Identifier: MIT */
/*
 * Sleeping and waking: no wake is lost between the look and the sleep.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "base/clock.h"
#include "net/wake.h"

enum { LONG_MS = 20000, SHORT_MS = 30, SLOW_MS = 1000, ROUNDS = 20000 };

static int64_t deadline_after(int64_t ms)
{
    return larder_deadline_after_ms(&larder_clock_system, ms);
}

static int64_t now_ms(void)
{
    return larder_clock_now_ns(&larder_clock_system) / 1000000;
}

static void nobody_wakes_it_until_its_deadline(void **state)
{
    (void)state;
    struct larder_wake wake = {0};
    int64_t start_ms = now_ms(), deadline_ns = deadline_after(SHORT_MS);
    while (larder_wake_wait(&wake, larder_wake_read(&wake), &larder_clock_system, deadline_ns)) {
    }
    assert_in_range(now_ms() - start_ms, SHORT_MS - 1, SHORT_MS + SLOW_MS);
    assert_int_equal(atomic_load(&wake.sleepers), 0);
}

/* A sleeper that lost the processor between its look and its sleep, for so long
 * that the word moved on twice, or many times. */
static void who_was_lapped_does_not_sleep(void **state)
{
    (void)state;
    static const int laps[] = {1, 2, 63, 64, 65, 1000};
    struct larder_wake wake = {0};
    for (size_t i = 0; i < sizeof laps / sizeof *laps; i++) {
        uint32_t seen = larder_wake_read(&wake);
        int64_t start_ms = now_ms();
        for (int lap = 0; lap < laps[i]; lap++) {
            larder_wake_all(&wake);
        }
        assert_true(larder_wake_wait(&wake, seen, &larder_clock_system, deadline_after(LONG_MS)));
        assert_true(now_ms() - start_ms < SLOW_MS);
    }
}

static void the_word_may_pass_its_largest_value(void **state)
{
    (void)state;
    struct larder_wake wake = {.word = UINT32_MAX};
    uint32_t seen = larder_wake_read(&wake);
    larder_wake_all(&wake);
    assert_int_equal(larder_wake_read(&wake), 0);
    assert_true(larder_wake_wait(&wake, seen, &larder_clock_system, deadline_after(LONG_MS)));
}

/* Two threads hand one ball to and fro; one lost wake would end it for good. */
struct rally {
    struct larder_wake wake;
    _Atomic int ball;
    _Atomic int late;
};

struct player {
    struct rally *rally;
    int me;
};

static void *play(void *user)
{
    const struct player *player = user;
    struct rally *rally = player->rally;
    for (int i = 0; i < ROUNDS; i++) {
        int64_t deadline_ns = deadline_after(LONG_MS);
        for (;;) {
            uint32_t seen = larder_wake_read(&rally->wake);
            if (atomic_load(&rally->ball) == player->me) {
                break;
            }
            if (!larder_wake_wait(&rally->wake, seen, &larder_clock_system, deadline_ns)) {
                atomic_fetch_add(&rally->late, 1);
                break;
            }
        }
        atomic_store(&rally->ball, 1 - player->me);
        larder_wake_all(&rally->wake);
    }
    return NULL;
}

static void no_wake_is_lost_in_many(void **state)
{
    (void)state;
    static struct rally rally;
    struct player players[] = {{&rally, 0}, {&rally, 1}};
    pthread_t other;
    assert_int_equal(pthread_create(&other, NULL, play, &players[1]), 0);
    play(&players[0]);
    pthread_join(other, NULL);
    assert_int_equal(atomic_load(&rally.late), 0);
    assert_int_equal(atomic_load(&rally.wake.sleepers), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_wakes_it_until_its_deadline),
        cmocka_unit_test(who_was_lapped_does_not_sleep),
        cmocka_unit_test(the_word_may_pass_its_largest_value),
        cmocka_unit_test(no_wake_is_lost_in_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
