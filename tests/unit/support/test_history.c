/* SPDX-License-Identifier: MIT */
/* The checker finds what it is to find, and nothing in what may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/history.h"

static const int64_t MS = 1000000;

static struct history *history;
static struct history_verdict verdict;

static int setup(void **state)
{
    (void)state;
    history = history_new(2);
    return history == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    history_free(history);
    return 0;
}

/* A call of key 1 within [from, to] ms. */
static void call(enum history_op op, uint64_t number, enum larder_outcome outcome, int from, int to)
{
    struct history_call made = {.op = op,
                                .key = 1,
                                .owner = number != 0 ? 1 : 0,
                                .number = number,
                                .outcome = outcome,
                                .start_ns = from * MS,
                                .end_ns = to * MS};
    made.status = outcome == LARDER_APPLIED ? LARDER_OK : LARDER_E_TIMEOUT;
    history_add(history_log(history, 0), &made);
}

static void read(uint64_t number, int from, int to)
{
    call(HISTORY_READ, number, LARDER_APPLIED, from, to);
}

static bool clean(struct history_options options)
{
    return history_check(history, &options, &verdict);
}

static void a_run_in_order_is_clean(void **state)
{
    (void)state;
    read(0, 0, 1);
    call(HISTORY_SET, 5, LARDER_APPLIED, 2, 3);
    read(5, 4, 5);
    call(HISTORY_DELETE, 0, LARDER_APPLIED, 6, 7);
    read(0, 8, 9);
    assert_true(clean((struct history_options){.deadline_ms = 1}));
    assert_int_equal(verdict.calls, 5);
    assert_int_equal(verdict.reads, 1);
}

static void a_lost_write_is_found(void **state)
{
    (void)state;
    call(HISTORY_DELETE, 0, LARDER_APPLIED, 0, 1);
    call(HISTORY_SET, 5, LARDER_APPLIED, 2, 3);
    read(0, 4, 5);
    assert_false(clean((struct history_options){0}));
    assert_int_equal(verdict.lost, 1);
    assert_true(clean((struct history_options){.may_forget = true}));
}

static void a_delete_that_may_have_come_later_excuses_a_miss(void **state)
{
    (void)state;
    call(HISTORY_DELETE, 0, LARDER_UNKNOWN, 0, 1);
    call(HISTORY_SET, 5, LARDER_APPLIED, 2, 3);
    read(0, 4, 5);
    assert_true(clean((struct history_options){0}));
    assert_int_equal(verdict.unknown, 1);
}

/* Key 1 is written, a write of it fails, it is set, and is not there. */
static void a_failed_write_then(enum history_op op, enum larder_outcome outcome)
{
    call(HISTORY_SET, 4, LARDER_APPLIED, 0, 1);
    call(op, 5, outcome, 2, 3);
    call(HISTORY_SET, 6, LARDER_APPLIED, 4, 5);
    read(0, 6, 7);
}

static void what_the_journal_takes_is_counted_and_no_loss(void **state)
{
    (void)state;
    a_failed_write_then(HISTORY_SET, LARDER_NOT_APPLIED);
    assert_true(clean((struct history_options){.journal = true}));
    assert_int_equal(verdict.retaken, 1);
    assert_false(clean((struct history_options){0}));
    assert_int_equal(verdict.lost, 1);
}

static void the_journal_takes_nothing_of_keys_without_a_failure(void **state)
{
    struct history_call other = {
        .op = HISTORY_DELETE, .key = 2, .status = LARDER_E_TIMEOUT, .outcome = LARDER_NOT_APPLIED};
    (void)state;
    call(HISTORY_SET, 4, LARDER_APPLIED, 2, 3);
    history_add(history_log(history, 1), &other);
    read(0, 4, 5);
    assert_false(clean((struct history_options){.journal = true}));
    assert_int_equal(verdict.lost, 1);
}

static void the_journal_takes_nothing_for_a_fill_that_did_not_happen(void **state)
{
    (void)state;
    a_failed_write_then(HISTORY_FILL, LARDER_NOT_APPLIED);
    assert_false(clean((struct history_options){.journal = true}));
    assert_int_equal(verdict.lost, 1);
}

static void the_journal_takes_nothing_after_the_key_was_read(void **state)
{
    (void)state;
    call(HISTORY_DELETE, 0, LARDER_NOT_APPLIED, 0, 1);
    read(0, 2, 3); /* answered: the deletion is over */
    call(HISTORY_SET, 6, LARDER_APPLIED, 4, 5);
    read(0, 6, 7);
    assert_false(clean((struct history_options){.journal = true}));
    assert_int_equal(verdict.lost, 1);
}

static void the_journal_brings_no_older_value_back(void **state)
{
    (void)state;
    call(HISTORY_SET, 4, LARDER_APPLIED, 0, 1);
    call(HISTORY_DELETE, 0, LARDER_NOT_APPLIED, 2, 3);
    call(HISTORY_SET, 6, LARDER_APPLIED, 4, 5);
    read(4, 6, 7);
    assert_false(clean((struct history_options){.journal = true}));
    assert_int_equal(verdict.stale, 1);
}

static void an_unknown_write_may_be_seen_or_not(void **state)
{
    (void)state;
    call(HISTORY_SET, 5, LARDER_APPLIED, 0, 1);
    call(HISTORY_SET, 6, LARDER_UNKNOWN, 2, 3);
    read(5, 4, 5);
    read(6, 6, 7);
    assert_true(clean((struct history_options){0}));
}

static void a_replaced_value_is_stale(void **state)
{
    (void)state;
    call(HISTORY_SET, 5, LARDER_APPLIED, 0, 1);
    call(HISTORY_SET, 6, LARDER_APPLIED, 2, 3);
    read(5, 4, 5);
    assert_false(clean((struct history_options){0}));
    assert_int_equal(verdict.stale, 1);
    assert_true(clean((struct history_options){.may_return = true}));
}

static void a_concurrent_write_replaces_nothing_yet(void **state)
{
    (void)state;
    call(HISTORY_SET, 5, LARDER_APPLIED, 0, 3);
    call(HISTORY_SET, 6, LARDER_APPLIED, 2, 4);
    read(5, 5, 6);
    read(6, 5, 6);
    assert_true(clean((struct history_options){0}));
}

static void values_of_nobody_and_of_refused_writes_are_wrong(void **state)
{
    (void)state;
    call(HISTORY_SET, 5, LARDER_NOT_APPLIED, 0, 1);
    read(5, 2, 3);
    read(9, 2, 3);
    assert_false(clean((struct history_options){0}));
    assert_int_equal(verdict.wrong, 2);
    assert_int_equal(verdict.failed, 1);
}

static void a_value_under_another_key_is_wrong(void **state)
{
    struct history_call other = {.op = HISTORY_READ, .key = 2, .owner = 1, .number = 5};
    (void)state;
    call(HISTORY_SET, 5, LARDER_APPLIED, 0, 1);
    history_add(history_log(history, 1), &other);
    assert_false(clean((struct history_options){0}));
    assert_int_equal(verdict.wrong, 1);
    assert_string_not_equal(verdict.first, "");
}

static void an_add_of_ones_own_that_is_denied_was_applied_twice(void **state)
{
    struct history_call add = {.op = HISTORY_ADD, .key = 3, .number = 7, .status = LARDER_DENIED};
    (void)state;
    history_add(history_log(history, 0), &add);
    assert_false(clean((struct history_options){0}));
    assert_int_equal(verdict.twice, 1);
}

static void calls_past_their_deadline_are_late(void **state)
{
    (void)state;
    read(0, 0, 219);
    assert_true(clean((struct history_options){.deadline_ms = 200, .slack_ms = 20}));
    assert_int_equal(verdict.overrun_ms, 19);
    read(0, 300, 521);
    assert_false(clean((struct history_options){.deadline_ms = 200, .slack_ms = 20}));
    assert_int_equal(verdict.late, 1);
}

static void who_was_stopped_is_due_when_it_goes_on(void **state)
{
    const struct history_stop stop = {100 * MS, 500 * MS};
    const struct history_options options = {
        .deadline_ms = 200, .slack_ms = 20, .stops = &stop, .stop_count = 1};
    (void)state;
    read(0, 50, 519);
    assert_true(clean(options));
    assert_int_equal(verdict.overrun_ms, 19);
    read(0, 50, 521); /* it still waited for what had run out */
    assert_false(clean(options));
}

static void numbers_differ_and_moments_are_found(void **state)
{
    uint64_t calls, failed, reads;
    (void)state;
    assert_true(history_number(history_log(history, 0)) != history_number(history_log(history, 1)));
    call(HISTORY_SET, 5, LARDER_APPLIED, 0, 1);
    call(HISTORY_SET, 6, LARDER_UNKNOWN, 2, 3);
    read(5, 4, 6);
    assert_int_equal(history_first(history, 1 * MS, true), 3 * MS);
    assert_int_equal(history_first(history, 1 * MS, false), 6 * MS);
    assert_int_equal(history_first(history, 7 * MS, false), 0);
    history_count(history, 1 * MS, 9 * MS, &calls, &failed, &reads);
    assert_int_equal(calls, 2);
    assert_int_equal(failed, 1);
    assert_int_equal(reads, 1);
}

#define HISTORY_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HISTORY_TEST(a_run_in_order_is_clean),
        HISTORY_TEST(a_lost_write_is_found),
        HISTORY_TEST(a_delete_that_may_have_come_later_excuses_a_miss),
        HISTORY_TEST(what_the_journal_takes_is_counted_and_no_loss),
        HISTORY_TEST(the_journal_takes_nothing_of_keys_without_a_failure),
        HISTORY_TEST(the_journal_takes_nothing_for_a_fill_that_did_not_happen),
        HISTORY_TEST(the_journal_takes_nothing_after_the_key_was_read),
        HISTORY_TEST(the_journal_brings_no_older_value_back),
        HISTORY_TEST(an_unknown_write_may_be_seen_or_not),
        HISTORY_TEST(a_replaced_value_is_stale),
        HISTORY_TEST(a_concurrent_write_replaces_nothing_yet),
        HISTORY_TEST(values_of_nobody_and_of_refused_writes_are_wrong),
        HISTORY_TEST(a_value_under_another_key_is_wrong),
        HISTORY_TEST(an_add_of_ones_own_that_is_denied_was_applied_twice),
        HISTORY_TEST(calls_past_their_deadline_are_late),
        HISTORY_TEST(who_was_stopped_is_due_when_it_goes_on),
        HISTORY_TEST(numbers_differ_and_moments_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
