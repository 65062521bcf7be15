/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "cache/journal.h"
#include "support/fail_alloc.h"

enum { SECOND = 1000000000 };

static struct fail_alloc memory;
static struct larder_journal journal;

static void make(size_t entries_max, size_t bytes_max)
{
    const struct larder_journal_bounds bounds = {entries_max, bytes_max};
    fail_alloc_init(&memory);
    larder_journal_init(&journal, &memory.allocator, bounds);
    larder_journal_lifetime(&journal, 60000);
}

static int setup(void **state)
{
    (void)state;
    make(4, 100000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    larder_journal_release(&journal);
    return memory.live_blocks == 0 ? 0 : -1;
}

static bool add(const char *key, int64_t now_ns)
{
    return larder_journal_add(&journal, key, strlen(key), now_ns);
}

static bool holds(const char *key, int64_t now_ns)
{
    return larder_journal_holds(&journal, key, strlen(key), now_ns);
}

static struct larder_journal_stats stats(int64_t now_ns)
{
    struct larder_journal_stats stats;
    larder_journal_stats(&journal, now_ns, &stats);
    return stats;
}

static bool take(struct larder_journal_batch *batch, int64_t now_ns)
{
    return larder_journal_take(&journal, batch, now_ns);
}

static void begins_empty_and_holds_nothing(void **state)
{
    struct larder_journal_batch batch;
    (void)state;
    assert_false(larder_journal_is_busy(&journal));
    assert_false(holds("a", 0));
    assert_false(take(&batch, 0));
    assert_int_equal(memory.live_blocks, 0);
}

static void a_key_stands_there_once(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_true(add("a", i));
    }
    assert_true(add("b", 10));
    assert_true(larder_journal_is_busy(&journal));
    assert_true(holds("a", 11));
    assert_true(holds("b", 11));
    assert_false(holds("c", 11));
    assert_int_equal(stats(11).entries, 2);
    assert_int_equal(larder_journal_at(&journal, "a", 1, 11), 9);
}

static void what_was_replayed_is_gone(void **state)
{
    struct larder_journal_batch batch;
    (void)state;
    add("a", 0);
    add("bb", 1);
    assert_true(take(&batch, 2));
    assert_int_equal(batch.count, 2);
    assert_memory_equal(batch.keys[0].key, "a", 1);
    assert_int_equal(batch.keys[1].len, 2);
    assert_true(holds("a", 2)); /* until its deletion was answered */
    batch.keys[0].done = batch.keys[1].done = true;
    larder_journal_give_back(&journal, &batch, 3, 50);
    assert_false(larder_journal_is_busy(&journal));
    assert_false(holds("a", 3));
}

static void one_replays_at_a_time(void **state)
{
    struct larder_journal_batch batch, other;
    (void)state;
    add("a", 0);
    assert_true(take(&batch, 0));
    assert_false(take(&other, 0));
    larder_journal_give_back(&journal, &batch, 0, 0);
    assert_true(take(&other, 0));
    larder_journal_give_back(&journal, &other, 0, 0);
}

static void what_failed_stays_and_is_not_tried_at_once(void **state)
{
    struct larder_journal_batch batch;
    (void)state;
    add("a", 0);
    add("b", 0);
    assert_true(take(&batch, 0));
    batch.keys[1].done = true;
    larder_journal_give_back(&journal, &batch, 0, 50);
    assert_true(holds("a", 0));
    assert_false(holds("b", 0));
    assert_false(take(&batch, 49 * 1000000));
    assert_true(take(&batch, 50 * 1000000));
    assert_int_equal(batch.count, 1);
    larder_journal_give_back(&journal, &batch, 0, 0);
}

static void what_is_written_down_again_meanwhile_stays(void **state)
{
    struct larder_journal_batch batch;
    (void)state;
    add("a", 0);
    assert_true(take(&batch, 0));
    add("a", 1);
    batch.keys[0].done = true;
    larder_journal_give_back(&journal, &batch, 2, 0);
    assert_true(holds("a", 2));
}

static void what_is_written_anew_leaves_unless_it_is_younger_or_under_way(void **state)
{
    struct larder_journal_batch batch;
    (void)state;
    add("a", 5);
    larder_journal_renewed(&journal, "a", 1, 5); /* began before the entry was made */
    assert_true(holds("a", 6));
    larder_journal_renewed(&journal, "b", 1, 6);
    assert_true(take(&batch, 6));
    larder_journal_renewed(&journal, "a", 1, 6); /* its deletion may come after it */
    assert_true(holds("a", 6));
    larder_journal_give_back(&journal, &batch, 7, 0);
    larder_journal_renewed(&journal, "a", 1, 6);
    assert_false(holds("a", 7));
    assert_false(larder_journal_is_busy(&journal));
}

/* Two that failed may come to the lock in either order. */
static void the_later_of_two_failures_counts(void **state)
{
    (void)state;
    add("a", 9);
    add("a", 7);
    larder_journal_renewed(&journal, "a", 1, 8);
    assert_true(holds("a", 10));
    assert_int_equal(larder_journal_at(&journal, "a", 1, 10), 9);
}

static void without_room_the_dead_make_way(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        assert_true(add(key, i * (int64_t)SECOND));
    }
    assert_true(add("new", 61 * (int64_t)SECOND)); /* k0 and k1 are over a minute old */
    assert_false(holds("k0", 61 * (int64_t)SECOND));
    assert_true(holds("k1", 61 * (int64_t)SECOND));
    assert_int_equal(stats(61 * (int64_t)SECOND).entries, 4);
    assert_false(stats(61 * (int64_t)SECOND).overflowed);
}

static void an_overflow_holds_every_key_until_all_lifetimes_have_passed(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        assert_true(add(key, 0) == (i < 4));
    }
    assert_true(stats(0).overflowed);
    assert_int_equal(stats(0).lost, 1);
    assert_true(holds("k4", 0));
    assert_true(holds("another", 60 * (int64_t)SECOND - 1));
    assert_false(holds("another", 60 * (int64_t)SECOND));
    assert_false(stats(60 * (int64_t)SECOND).overflowed);
    assert_true(holds("k0", 60 * (int64_t)SECOND));
}

/* One at a time, not too soon, and not if more was lost since. */
static void a_sweep_ends_an_overflow(void **state)
{
    uint64_t lost, none;
    (void)state;
    assert_false(larder_journal_sweep_take(&journal, 0, &none));
    for (int i = 0; i < 5; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        add(key, 0);
    }
    assert_true(larder_journal_sweep_take(&journal, 0, &lost));
    assert_int_equal(lost, 1);
    assert_false(larder_journal_sweep_take(&journal, 0, &none));
    larder_journal_sweep_give_back(&journal, false, lost, SECOND);
    assert_false(larder_journal_sweep_take(&journal, SECOND - 1, &none));
    assert_true(larder_journal_sweep_take(&journal, SECOND, &lost));
    assert_false(add("another", SECOND));
    larder_journal_sweep_give_back(&journal, true, lost, INT64_MIN);
    assert_true(holds("x", SECOND));
    assert_true(larder_journal_sweep_take(&journal, SECOND, &lost));
    assert_int_equal(lost, 2);
    larder_journal_sweep_give_back(&journal, true, lost, INT64_MIN);
    assert_false(holds("x", SECOND));
    assert_true(holds("k0", SECOND)); /* what stands in the journal does */
    assert_false(larder_journal_sweep_take(&journal, SECOND, &none));
}

static void the_last_loss_counts_and_the_longest_lifetime(void **state)
{
    const int64_t minute = 60 * (int64_t)SECOND;
    (void)state;
    for (int i = 0; i < 4; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        add(key, 0);
    }
    larder_journal_lifetime(&journal, 120000);
    larder_journal_lifetime(&journal, 1000); /* a shorter one changes nothing */
    assert_false(add("x", 0));
    assert_false(add("y", minute));
    assert_true(holds("x", 2 * minute));
    assert_false(holds("x", 3 * minute));
}

static void a_value_that_never_expires_is_never_trusted_after_a_loss(void **state)
{
    (void)state;
    larder_journal_lifetime(&journal, 0);
    for (int i = 0; i < 5; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        add(key, 0);
    }
    assert_true(holds("x", INT64_MAX));
}

static void bytes_are_bounded_too(void **state)
{
    char key[1000];
    (void)state;
    larder_journal_release(&journal);
    make(1000, 5000);
    memset(key, 'k', sizeof key);
    for (int i = 0; i < 10; i++) {
        key[0] = (char)('a' + i);
        assert_true(larder_journal_add(&journal, key, sizeof key, 0) == (i < 4));
    }
    assert_int_equal(stats(0).entries, 4);
}

static void without_memory_it_overflows_and_does_not_forget(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 2; n++) {
        larder_journal_release(&journal);
        make(4, 100000);
        memory.fail_at = n;
        assert_false(add("a", 0));
        assert_true(holds("a", 0));
    }
}

static void batches_are_bounded_and_oldest_first(void **state)
{
    struct larder_journal_batch batch;
    int trips = 0;
    (void)state;
    larder_journal_release(&journal);
    make(10000, 1000000);
    for (int i = 0; i < 1000; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%04d", i);
        add(key, i);
    }
    while (take(&batch, 2000)) {
        char first[16];
        snprintf(first, sizeof first, "k%04d", trips * LARDER_JOURNAL_BATCH);
        assert_memory_equal(batch.keys[0].key, first, 5);
        for (size_t i = 0; i < batch.count; i++) {
            batch.keys[i].done = true;
        }
        larder_journal_give_back(&journal, &batch, 2000, 0);
        trips++;
    }
    assert_int_equal(trips, 4);
    assert_false(larder_journal_is_busy(&journal));
}

/* Writers, readers and replayers at once: in the end nothing stands there. */
static void *work(void *user)
{
    struct larder_journal_batch batch;
    const int *which = user;
    for (int i = 0; i < 5000; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", (i * 7 + *which) % 50);
        add(key, i);
        holds(key, i);
        if (take(&batch, i)) {
            for (size_t k = 0; k < batch.count; k++) {
                batch.keys[k].done = k % 3 != 0;
            }
            larder_journal_give_back(&journal, &batch, i, 0);
        }
    }
    return NULL;
}

static void threads_may_use_it_at_once(void **state)
{
    pthread_t threads[4];
    int numbers[4];
    struct larder_journal_batch batch;
    (void)state;
    larder_journal_release(&journal);
    make(1000, 1000000);
    for (int i = 0; i < 4; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &numbers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    while (take(&batch, INT64_MAX)) {
        for (size_t k = 0; k < batch.count; k++) {
            batch.keys[k].done = true;
        }
        larder_journal_give_back(&journal, &batch, 0, 0);
    }
    assert_int_equal(stats(0).entries, 0);
    assert_int_equal(stats(0).lost, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(begins_empty_and_holds_nothing),
        TEST(a_key_stands_there_once),
        TEST(what_was_replayed_is_gone),
        TEST(one_replays_at_a_time),
        TEST(what_failed_stays_and_is_not_tried_at_once),
        TEST(what_is_written_down_again_meanwhile_stays),
        TEST(what_is_written_anew_leaves_unless_it_is_younger_or_under_way),
        TEST(the_later_of_two_failures_counts),
        TEST(without_room_the_dead_make_way),
        TEST(an_overflow_holds_every_key_until_all_lifetimes_have_passed),
        TEST(a_sweep_ends_an_overflow),
        TEST(the_last_loss_counts_and_the_longest_lifetime),
        TEST(a_value_that_never_expires_is_never_trusted_after_a_loss),
        TEST(bytes_are_bounded_too),
        TEST(without_memory_it_overflows_and_does_not_forget),
        TEST(batches_are_bounded_and_oldest_first),
        TEST(threads_may_use_it_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
