/* SPDX-License-Identifier: MIT */
/* Machines that are made up, each with a time that a call takes on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/width.h"

static const int64_t SECOND_NS = 1000000000;

struct machine {
    struct larder_width width;
    struct larder_clock clock;
    int64_t now_ns;
    /* What a call takes, with so many callers, on so many connections. */
    int64_t (*call_ns)(int callers, const struct larder_width_way *way);
};

static int64_t tell_ns(void *user)
{
    return ((struct machine *)user)->now_ns;
}

static void boot(struct machine *machine,
                 int64_t (*call_ns)(int callers, const struct larder_width_way *way))
{
    *machine = (struct machine){.call_ns = call_ns, .now_ns = 5 * SECOND_NS};
    machine->clock = (struct larder_clock){.monotonic_ns = tell_ns, .user = machine};
    larder_width_init(&machine->width);
}

/* Callers that call again as soon as they are answered. */
static const struct larder_width_way *run(struct machine *machine, int callers, int64_t ns)
{
    const struct larder_width_way *way = machine->width.way;
    int64_t end_ns = machine->now_ns + ns;
    while (machine->now_ns < end_ns) {
        way = larder_width_count(&machine->width, callers, &machine->clock);
        machine->now_ns += machine->call_ns(callers, way) / callers;
    }
    return way;
}

/* The share of the time that calls go another way than `usual`, in percent. */
static int strays_pct(struct machine *machine, int callers, const struct larder_width_way *usual,
                      int64_t ns)
{
    int64_t end_ns = machine->now_ns + ns, strayed_ns = 0;
    while (machine->now_ns < end_ns) {
        const struct larder_width_way *way =
            larder_width_count(&machine->width, callers, &machine->clock);
        int64_t took_ns = machine->call_ns(callers, way) / callers;
        machine->now_ns += took_ns;
        strayed_ns += way->connections != usual->connections ? took_ns : 0;
    }
    return (int)(strayed_ns * 100 / ns);
}

static int64_t all_the_same(int callers, const struct larder_width_way *way)
{
    (void)way;
    return callers * 10000;
}

/* Each command costs what a send costs, however many go in it. */
static int64_t one_processor(int callers, const struct larder_width_way *way)
{
    int bundles = way->connections < callers ? way->connections : callers;
    return bundles * 18000 + callers * 2000;
}

/* Whoever waits for another's reply waits for a thread to wake up. */
static int64_t far_threads(int callers, const struct larder_width_way *way)
{
    return way->connections < callers ? 60000 : 40000;
}

static void where_nothing_is_better_few_have_a_connection_each(void **state)
{
    (void)state;
    static const struct {
        int callers;
        int connections;
    } rows[] = {{1, 8}, {2, 8}, {8, 8}, {9, 4}, {12, 4}, {13, 2}, {64, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct machine machine;
        boot(&machine, all_the_same);
        run(&machine, rows[i].callers, 2 * SECOND_NS);
        const struct larder_width_way usual = {.connections = rows[i].connections};
        assert_in_range(strays_pct(&machine, rows[i].callers, &usual, 10 * SECOND_NS), 0, 2);
    }
}

static void where_one_connection_is_better_all_go_over_it(void **state)
{
    (void)state;
    static const struct larder_width_way one = {1, true};
    static const int callers[] = {2, 3, 4, 8, 12, 16, 64};
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
        struct machine machine;
        boot(&machine, one_processor);
        run(&machine, callers[i], SECOND_NS / 2);
        assert_in_range(strays_pct(&machine, callers[i], &one, 10 * SECOND_NS), 0, 10);
    }
}

static void where_it_is_worse_it_is_tried_ever_more_rarely(void **state)
{
    (void)state;
    struct machine machine;
    static const struct larder_width_way eight = {8, false};
    boot(&machine, far_threads);
    run(&machine, 4, 5 * SECOND_NS);
    assert_in_range(strays_pct(&machine, 4, &eight, 20 * SECOND_NS), 0, 2);
}

static void what_was_learned_is_unlearned(void **state)
{
    (void)state;
    struct machine machine;
    boot(&machine, one_processor);
    assert_int_equal(run(&machine, 4, 3 * SECOND_NS)->connections, 1);
    machine.call_ns = far_threads;
    static const struct larder_width_way eight = {8, false};
    run(&machine, 4, 10 * SECOND_NS);
    assert_in_range(strays_pct(&machine, 4, &eight, 10 * SECOND_NS), 0, 5);
}

static void each_number_of_callers_has_its_own(void **state)
{
    (void)state;
    struct machine machine;
    boot(&machine, one_processor);
    run(&machine, 8, SECOND_NS);
    machine.call_ns = all_the_same;
    static const struct larder_width_way usual = {.connections = 2};
    run(&machine, 64, SECOND_NS);
    assert_in_range(strays_pct(&machine, 64, &usual, 5 * SECOND_NS), 0, 5);
    machine.call_ns = one_processor;
    static const struct larder_width_way one = {1, true};
    assert_in_range(strays_pct(&machine, 8, &one, SECOND_NS), 0, 10);
}

/* Every tenth epoch is three times as fast, whatever way calls go. */
static int64_t moody_ns;
static int64_t moody(int callers, const struct larder_width_way *way)
{
    (void)way;
    int64_t call_ns = moody_ns / 4000000 % 10 == 0 ? 3000 : 10000;
    moody_ns += call_ns;
    return callers * call_ns;
}

static void a_good_moment_is_no_reason(void **state)
{
    (void)state;
    struct machine machine;
    static const struct larder_width_way eight = {8, false};
    boot(&machine, moody);
    run(&machine, 8, 2 * SECOND_NS);
    assert_in_range(strays_pct(&machine, 8, &eight, 20 * SECOND_NS), 0, 10);
}

/* A pause within an epoch would count as the time of its calls. */
static void a_pause_says_nothing(void **state)
{
    (void)state;
    struct machine machine;
    boot(&machine, all_the_same);
    run(&machine, 4, SECOND_NS);
    int64_t ns = machine.width.classes[2].ns;
    assert_in_range(ns, 39000, 41000);
    for (int i = 0; i < 100; i++) {
        larder_width_count(&machine.width, 4, &machine.clock);
        machine.now_ns += SECOND_NS;
    }
    assert_int_equal(machine.width.classes[2].ns, ns);
}

static void a_lone_caller_tries_nothing(void **state)
{
    (void)state;
    struct machine machine;
    boot(&machine, one_processor);
    static const struct larder_width_way eight = {8, false};
    assert_int_equal(strays_pct(&machine, 1, &eight, 10 * SECOND_NS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nothing_is_better_few_have_a_connection_each),
        cmocka_unit_test(where_one_connection_is_better_all_go_over_it),
        cmocka_unit_test(where_it_is_worse_it_is_tried_ever_more_rarely),
        cmocka_unit_test(what_was_learned_is_unlearned),
        cmocka_unit_test(each_number_of_callers_has_its_own),
        cmocka_unit_test(a_good_moment_is_no_reason),
        cmocka_unit_test(a_pause_says_nothing),
        cmocka_unit_test(a_lone_caller_tries_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
