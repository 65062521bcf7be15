/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <larder/codec.h>

#include "base/hash.h"

static bool valid(const char *text, size_t len)
{
    bool exact = larder_utf8_valid(text, len);
    /* Nor does it matter what lies in the slack behind a short one. */
    if (len < LARDER_SHORT_BYTES) {
        char more[LARDER_SHORT_BYTES + LARDER_SLACK_BYTES];
        memset(more, len % 2 == 0 ? '\xff' : 'x', sizeof more);
        memcpy(more, text, len);
        assert_int_equal(larder_text_ok(more, len), exact);
    }
    return exact;
}

/* Every code point, with a byte more and a byte less. */
static void test_exactly_the_code_points_of_unicode_are_valid(void **state)
{
    (void)state;
    for (uint32_t point = 0; point < 0x200000; point++) {
        char text[8] = {0};
        size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        static const unsigned heads[] = {0, 0, 0xc0, 0xe0, 0xf0};
        for (size_t i = len; i > 1; i--) {
            text[i - 1] = (char)(0x80 | (point >> (6 * (len - i)) & 0x3f));
        }
        text[0] = (char)(heads[len] | point >> (6 * (len - 1)));
        bool is_one = point != 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
        assert_int_equal(valid(text, len), is_one);
        if (len > 1) {
            assert_false(valid(text, len - 1));
        }
    }
}

static void test_longer_forms_than_needed_are_not_valid(void **state)
{
    (void)state;
    static const char *const texts[] = {"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",
                                        "\xc0\xaf", "\xe0\x80\xaf", "\xf8\x88\x80\x80\x80",
                                        "\xfe",     "\xff",         "\x80",
                                        "\xbf",     "\xc2\x41",     "\xe2\x82\x41"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_false(valid(texts[i], strlen(texts[i])));
    }
    assert_false(valid("\xc0\x80", 2));
    assert_false(valid("a\0b", 3));
    assert_true(valid("", 0));
}

static void test_a_fault_is_found_wherever_it_is(void **state)
{
    (void)state;
    static const char faults[] = {'\0', '\x80', '\xff', '\xc3'};
    for (size_t len = 1; len < 40; len++) {
        for (size_t at = 0; at < len; at++) {
            char text[40];
            memset(text, 'x', sizeof text);
            assert_true(valid(text, len));
            for (size_t i = 0; i < sizeof faults; i++) {
                text[at] = faults[i];
                assert_false(valid(text, len));
            }
        }
    }
}

static void test_characters_mix_at_any_offset(void **state)
{
    (void)state;
    static const char *const characters[] = {
        "a",           "\x7f", "\xc3\xa9", "\xe4\xb8\xad", "\xf0\x9f\x8d\xb5", "\xed\x9f\xbf",
        "\xee\x80\x80"};
    for (int round = 0; round < 20000; round++) {
        char text[128];
        size_t len = 0;
        for (uint64_t n = larder_random64() % 30; n > 0; n--) {
            const char *character = characters[larder_random64() % 7];
            memcpy(text + len, character, strlen(character));
            len += strlen(character);
        }
        assert_true(valid(text, len));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exactly_the_code_points_of_unicode_are_valid),
        cmocka_unit_test(test_longer_forms_than_needed_are_not_valid),
        cmocka_unit_test(test_a_fault_is_found_wherever_it_is),
        cmocka_unit_test(test_characters_mix_at_any_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
