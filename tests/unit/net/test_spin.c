/* SPDX-License-Identifier: MIT */
/*
 * Spinning switches itself off where it does not pay, and on again where it does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/spin.h"

enum { EXCHANGES = 100000 };

/* How many of so many exchanges look. */
static int looks_in(struct larder_spin *spin, int exchanges, bool paid)
{
    int looks = 0;
    for (int i = 0; i < exchanges; i++) {
        if (larder_spin_begin(spin)) {
            looks++;
            larder_spin_end(spin, paid);
        }
    }
    return looks;
}

static void what_pays_is_done_each_time(void **state)
{
    (void)state;
    struct larder_spin spin = {0};
    assert_int_equal(looks_in(&spin, EXCHANGES, true), EXCHANGES);
}

static void what_does_not_pay_is_tried_once_in_a_thousand(void **state)
{
    (void)state;
    struct larder_spin spin = {0};
    int looks = looks_in(&spin, EXCHANGES, false);
    assert_in_range(looks, EXCHANGES / LARDER_SPIN_PAUSE_MAX,
                    EXCHANGES / LARDER_SPIN_PAUSE_MAX + 11);
}

static void it_comes_back_where_it_pays_again(void **state)
{
    (void)state;
    struct larder_spin spin = {0};
    looks_in(&spin, EXCHANGES, false);
    looks_in(&spin, LARDER_SPIN_PAUSE_MAX + 1, true);
    assert_int_equal(looks_in(&spin, EXCHANGES, true), EXCHANGES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_pays_is_done_each_time),
        cmocka_unit_test(what_does_not_pay_is_tried_once_in_a_thousand),
        cmocka_unit_test(it_comes_back_where_it_pays_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
