/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "key/key.h"

static struct larder_key key;

static void begin(void)
{
    larder_key_init(&key, "", 0);
}

/* A text of up to `most` bytes, rich in what needs escaping. */
static void random_text(char *to, size_t most)
{
    static const char favourites[] = "%:a0A.-_ /%2%";
    size_t len = (size_t)(larder_random64() % (most + 1));
    for (size_t i = 0; i < len; i++) {
        uint64_t number = larder_random64();
        char any = (char)(number >> 32 & 0xff);
        to[i] = number % 2 != 0 || any == '\0' ? favourites[number / 2 % 13] : any;
    }
    to[len] = '\0';
}

static void test_every_string_comes_back(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[64], back[64];
        size_t len;
        random_text(text, sizeof text - 1);
        begin();
        larder_key_string(&key, text);
        assert_int_equal(larder_key_unescape(key.bytes, key.len, back, sizeof back, &len),
                         LARDER_OK);
        assert_int_equal(len, strlen(text));
        assert_string_equal(back, text);
    }
}

struct made {
    char bytes[64];
    char first[8], second[8];
};

static int compare_made(const void *a, const void *b)
{
    const struct made *left = a, *right = b;
    return strcmp(left->bytes, right->bytes);
}

static void test_different_parameters_never_share_a_key(void **state)
{
    (void)state;
    enum { COUNT = 50000 };
    struct made *made = calloc(COUNT, sizeof *made);
    assert_non_null(made);
    for (size_t i = 0; i < COUNT; i++) {
        random_text(made[i].first, 3);
        random_text(made[i].second, 3);
        begin();
        larder_key_string(&key, made[i].first);
        larder_key_literal(&key, ":", 1);
        larder_key_string(&key, made[i].second);
        memcpy(made[i].bytes, key.bytes, key.len);
    }
    qsort(made, COUNT, sizeof *made, compare_made);
    for (size_t i = 1; i < COUNT; i++) {
        if (strcmp(made[i - 1].bytes, made[i].bytes) == 0) {
            assert_string_equal(made[i - 1].first, made[i].first);
            assert_string_equal(made[i - 1].second, made[i].second);
        }
    }
    free(made);
}

static void test_only_the_one_spelling_is_read_back(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "",    "%a", "%0",  "%00", "%zz",   "%2f", "%41", "%%",   "a b", "a:b",  "a%",
        "a%2", "%2", "%5F", "/",   "a%25%", "%GF", "%2:", "\xff", "%2E", "%2D*", "%2a"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        char back[16];
        size_t len = 99;
        assert_int_equal(
            larder_key_unescape(refused[i], strlen(refused[i]), back, sizeof back, &len),
            LARDER_E_ARG);
        assert_int_equal(len, 0);
    }
}

static void test_unescape_never_cuts(void **state)
{
    (void)state;
    char back[4];
    size_t len;
    assert_int_equal(larder_key_unescape("a%20b", 5, back, 4, &len), LARDER_OK);
    assert_string_equal(back, "a b");
    assert_int_equal(larder_key_unescape("a%20b", 5, back, 3, &len), LARDER_E_TOO_LARGE);
    assert_int_equal(len, 0);
    assert_int_equal(larder_key_unescape("%", 1, back, 0, &len), LARDER_E_TOO_LARGE);
    assert_int_equal(larder_key_unescape("%", 1, back, 1, &len), LARDER_OK);
    assert_string_equal(back, "");
}

static void test_integers_come_back(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint64_t value = larder_random64() >> (i % 64);
        uint64_t natural;
        int64_t integer;
        begin();
        larder_key_u64(&key, value);
        assert_true(larder_key_parse_u64(key.bytes, key.len, &natural));
        assert_int_equal(natural, value);
        begin();
        larder_key_i64(&key, (int64_t)value);
        assert_true(larder_key_parse_i64(key.bytes, key.len, &integer));
        assert_int_equal(integer, (int64_t)value);
    }
}

static bool reads_u64(const char *text)
{
    uint64_t value;
    return larder_key_parse_u64(text, strlen(text), &value);
}

static bool reads_i64(const char *text)
{
    int64_t value;
    return larder_key_parse_i64(text, strlen(text), &value);
}

static void test_integers_have_one_spelling(void **state)
{
    (void)state;
    static const char *const refused[] = {"", "-", "00", "01", "+1", " 1", "1 ", "0x1", "1a", "A"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_false(reads_u64(refused[i]));
        assert_false(reads_i64(refused[i]));
    }
    assert_false(reads_u64("-1"));
    assert_false(reads_i64("-0"));
    assert_false(reads_i64("--1"));
    assert_true(reads_u64("18446744073709551615"));
    assert_false(reads_u64("18446744073709551616"));
    assert_false(reads_u64("99999999999999999999"));
    assert_true(reads_i64("9223372036854775807"));
    assert_false(reads_i64("9223372036854775808"));
    assert_true(reads_i64("-9223372036854775808"));
    assert_false(reads_i64("-9223372036854775809"));
}

static void test_bools_and_uuids_come_back(void **state)
{
    (void)state;
    static const struct larder_uuid uuid = {{0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10, 0x01,
                                             0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}};
    struct larder_uuid back;
    bool truth;
    assert_true(larder_key_parse_bool("true", 4, &truth) && truth);
    assert_true(larder_key_parse_bool("false", 5, &truth) && !truth);
    assert_false(larder_key_parse_bool("True", 4, &truth));
    assert_false(larder_key_parse_bool("", 0, &truth));
    begin();
    larder_key_uuid(&key, uuid);
    assert_true(larder_key_parse_uuid(key.bytes, key.len, &back));
    assert_memory_equal(&back, &uuid, sizeof uuid);
    assert_false(larder_key_parse_uuid("FEdcba98-7654-3210-0123-456789abcdef", 36, &back));
    assert_false(larder_key_parse_uuid("fedcba98-7654-3210-0123-456789abcdeg", 36, &back));
    assert_false(larder_key_parse_uuid("fedcba98+7654-3210-0123-456789abcdef", 36, &back));
    assert_false(larder_key_parse_uuid("fedcba98-7654-3210-0123-456789abcde", 35, &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_string_comes_back),
        cmocka_unit_test(test_different_parameters_never_share_a_key),
        cmocka_unit_test(test_only_the_one_spelling_is_read_back),
        cmocka_unit_test(test_unescape_never_cuts),
        cmocka_unit_test(test_integers_come_back),
        cmocka_unit_test(test_integers_have_one_spelling),
        cmocka_unit_test(test_bools_and_uuids_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
