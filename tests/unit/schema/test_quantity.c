/* SPDX-License-Identifier: MIT */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "schema/quantity.h"

static void assert_duration(const char *text, enum quantity expected, int64_t expected_ms)
{
    int64_t ms = -1;
    assert_int_equal(quantity_duration(text, strlen(text), &ms), expected);
    assert_int_equal(ms, expected_ms);
}

static void durations_have_a_unit(void **state)
{
    (void)state;
    assert_duration("500ms", QUANTITY_OK, 500);
    assert_duration("30s", QUANTITY_OK, 30000);
    assert_duration("5m", QUANTITY_OK, 300000);
    assert_duration("1h", QUANTITY_OK, 3600000);
    assert_duration("2d", QUANTITY_OK, 172800000);
    assert_duration("0s", QUANTITY_OK, 0);
    assert_duration("-5m", QUANTITY_OK, -300000);
    assert_duration("90", QUANTITY_NO_UNIT, 0);
    assert_duration("5min", QUANTITY_UNKNOWN_UNIT, 0);
    assert_duration("1w", QUANTITY_UNKNOWN_UNIT, 0);
    assert_duration("5M", QUANTITY_UNKNOWN_UNIT, 0);
}

static void durations_of_another_form_are_refused(void **state)
{
    (void)state;
    const char *const bad[] = {"", "-", "ms", "h", " 5m", "+5m", "05m", "--5m"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_duration(bad[i], QUANTITY_MALFORMED, 0);
    }
    assert_duration("5 m", QUANTITY_UNKNOWN_UNIT, 0);
    assert_duration("1.5h", QUANTITY_UNKNOWN_UNIT, 0);
    assert_duration("1h30m", QUANTITY_UNKNOWN_UNIT, 0);
}

static void durations_never_wrap(void **state)
{
    (void)state;
    assert_duration("9223372036854775807ms", QUANTITY_OK, INT64_MAX);
    assert_duration("9223372036854775808ms", QUANTITY_OVERFLOW, 0);
    assert_duration("106751991167d", QUANTITY_OK, INT64_C(106751991167) * 86400000);
    assert_duration("106751991168d", QUANTITY_OVERFLOW, 0);
    assert_duration("18446744073709551616s", QUANTITY_OVERFLOW, 0);
}

static void assert_size(const char *text, enum quantity expected, int64_t expected_bytes)
{
    int64_t bytes = -1;
    assert_int_equal(quantity_size(text, strlen(text), &bytes), expected);
    assert_int_equal(bytes, expected_bytes);
}

static void sizes_are_bytes_or_have_a_binary_unit(void **state)
{
    (void)state;
    assert_size("512", QUANTITY_OK, 512);
    assert_size("17B", QUANTITY_OK, 17);
    assert_size("1KiB", QUANTITY_OK, 1024);
    assert_size("64MiB", QUANTITY_OK, 67108864);
    assert_size("2GiB", QUANTITY_OK, INT64_C(2147483648));
    assert_size("64KB", QUANTITY_UNKNOWN_UNIT, 0);
    assert_size("64M", QUANTITY_UNKNOWN_UNIT, 0);
    assert_size("-1", QUANTITY_MALFORMED, 0);
    assert_size("8589934592GiB", QUANTITY_OVERFLOW, 0);
}

static void assert_percent(const char *text, enum quantity expected, int64_t expected_ppm)
{
    int64_t ppm = -1;
    assert_int_equal(quantity_percent(text, strlen(text), &ppm), expected);
    assert_int_equal(ppm, expected_ppm);
}

static void percentages_become_millionths(void **state)
{
    (void)state;
    assert_percent("10%", QUANTITY_OK, 100000);
    assert_percent("2.5%", QUANTITY_OK, 25000);
    assert_percent("0.0001%", QUANTITY_OK, 1);
    assert_percent("0%", QUANTITY_OK, 0);
    assert_percent("10", QUANTITY_NO_UNIT, 0);
    assert_percent("2.5", QUANTITY_NO_UNIT, 0);
    assert_percent("0.00001%", QUANTITY_MALFORMED, 0);
    assert_percent("2.%", QUANTITY_MALFORMED, 0);
    assert_percent("10%%", QUANTITY_UNKNOWN_UNIT, 0);
    assert_percent("1000001%", QUANTITY_OVERFLOW, 0);
    assert_percent("-1%", QUANTITY_MALFORMED, 0);
}

static void integers_are_decimal_to_the_last_one(void **state)
{
    (void)state;
    int64_t number;
    uint64_t natural;
    assert_int_equal(quantity_integer("-9223372036854775808", 20, &number), QUANTITY_OK);
    assert_true(number == INT64_MIN);
    assert_int_equal(quantity_integer("9223372036854775807", 19, &number), QUANTITY_OK);
    assert_true(number == INT64_MAX);
    assert_int_equal(quantity_integer("9223372036854775808", 19, &number), QUANTITY_OVERFLOW);
    assert_int_equal(quantity_integer("-9223372036854775809", 20, &number), QUANTITY_OVERFLOW);
    assert_int_equal(quantity_integer("-0", 2, &number), QUANTITY_OK);
    assert_int_equal(number, 0);
    assert_int_equal(quantity_natural("18446744073709551615", 20, &natural), QUANTITY_OK);
    assert_true(natural == UINT64_MAX);
    assert_int_equal(quantity_natural("18446744073709551616", 20, &natural), QUANTITY_OVERFLOW);
    const char *const bad[] = {"", "010", "0x10", "1_000", "1e3", "+1", "0o17", "1.0", " 1", "1 "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(quantity_integer(bad[i], strlen(bad[i]), &number), QUANTITY_MALFORMED);
    }
}

static void reals_do_not_depend_on_the_locale(void **state)
{
    (void)state;
    double real;
    /* Where a locale with a decimal comma is installed, it must not matter. */
    (void)setlocale(LC_ALL, "de_DE.UTF-8");
    assert_int_equal(quantity_real("-2.5", 4, &real), QUANTITY_OK);
    assert_true(real == -2.5);
    assert_int_equal(quantity_real("2,5", 3, &real), QUANTITY_MALFORMED);
    assert_int_equal(quantity_real("1e9", 3, &real), QUANTITY_OK);
    assert_true(real == 1e9);
    assert_int_equal(quantity_real("1e999", 5, &real), QUANTITY_OVERFLOW);
    (void)setlocale(LC_ALL, "C");
    const char *const bad[] = {"", ".5", "5.", "1e", "nan", "inf", "0x1p3", "1e+", "--1", "01"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(quantity_real(bad[i], strlen(bad[i]), &real), QUANTITY_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_have_a_unit),
        cmocka_unit_test(durations_of_another_form_are_refused),
        cmocka_unit_test(durations_never_wrap),
        cmocka_unit_test(sizes_are_bytes_or_have_a_binary_unit),
        cmocka_unit_test(percentages_become_millionths),
        cmocka_unit_test(integers_are_decimal_to_the_last_one),
        cmocka_unit_test(reals_do_not_depend_on_the_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
