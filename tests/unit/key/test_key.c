/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "key/key.h"

static struct larder_key key;

static int begin(void **state)
{
    (void)state;
    larder_key_init(&key, "", 0);
    return 0;
}

static void assert_key(const char *expected)
{
    assert_int_equal(key.status, LARDER_OK);
    assert_int_equal(key.len, strlen(expected));
    assert_memory_equal(key.bytes, expected, key.len);
}

static void test_a_key_is_prefix_and_parts(void **state)
{
    (void)state;
    static const struct larder_uuid uuid = {{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
                                             0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}};
    larder_key_init(&key, "shop:", 5);
    assert_int_equal(key.prefix_len, 5);
    larder_key_literal(&key, "p:", 2);
    larder_key_u64(&key, 42);
    larder_key_literal(&key, ":", 1);
    larder_key_i64(&key, -7);
    larder_key_literal(&key, ":", 1);
    larder_key_bool(&key, true);
    larder_key_bool(&key, false);
    larder_key_literal(&key, ":", 1);
    larder_key_name(&key, "in_stock");
    larder_key_literal(&key, ":", 1);
    larder_key_uuid(&key, uuid);
    assert_key("shop:p:42:-7:truefalse:in_stock:00112233-4455-6677-8899-aabbccddeeff");
}

static void check_integer(uint64_t value)
{
    char expected[32];
    larder_key_init(&key, "", 0);
    larder_key_u64(&key, value);
    snprintf(expected, sizeof expected, "%" PRIu64, value);
    assert_key(expected);
    larder_key_init(&key, "", 0);
    larder_key_i64(&key, (int64_t)value);
    snprintf(expected, sizeof expected, "%" PRId64, (int64_t)value);
    assert_key(expected);
}

static void test_integers_are_decimal_at_every_length(void **state)
{
    (void)state;
    check_integer(0);
    check_integer(UINT64_MAX);
    check_integer((uint64_t)INT64_MIN);
    for (uint64_t power = 1;; power *= 10) {
        for (uint64_t near = 0; near < 3; near++) {
            check_integer(power - 1 + near);
            check_integer(0 - (power - 1 + near));
        }
        if (power > UINT64_MAX / 10) {
            break;
        }
    }
    for (int i = 0; i < 10000; i++) {
        check_integer(larder_random64() >> (i % 64));
    }
}

static void test_strings_are_escaped_byte_by_byte(void **state)
{
    (void)state;
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    for (int c = 1; c < 256; c++) {
        char text[] = {(char)c, '\0'};
        char expected[8];
        snprintf(expected, sizeof expected, strchr(plain, c) != NULL ? "%c" : "%%%02X", c);
        larder_key_init(&key, "", 0);
        larder_key_string(&key, text);
        assert_key(expected);
    }
}

static void test_an_empty_string_is_a_percent_sign(void **state)
{
    (void)state;
    larder_key_string(&key, "");
    larder_key_literal(&key, ":", 1);
    larder_key_string(&key, "%");
    assert_key("%:%25");
}

static void test_any_bytes_make_a_key_but_null_does_not(void **state)
{
    (void)state;
    larder_key_string(&key, "\xff\xfe caf\xc3\xa9");
    assert_key("%FF%FE%20caf%C3%A9");
    larder_key_string(&key, NULL);
    assert_int_equal(key.status, LARDER_E_ARG);
}

static void test_an_unknown_enumerator_is_a_bad_argument(void **state)
{
    (void)state;
    larder_key_name(&key, NULL);
    assert_int_equal(key.status, LARDER_E_ARG);
    begin(NULL);
    larder_key_string_hash(&key, NULL);
    assert_int_equal(key.status, LARDER_E_ARG);
    begin(NULL);
    larder_key_hash_since(&key, 1);
    assert_int_equal(key.status, LARDER_E_ARG);
}

static void test_hashes_are_of_the_bytes_as_given(void **state)
{
    (void)state;
    larder_key_literal(&key, "q:", 2);
    larder_key_string_hash(&key, "abc");
    larder_key_literal(&key, ":", 1);
    larder_key_string_hash(&key, "");
    assert_key("q:ba7816bf8f01cfea414140de5dae2223:e3b0c44298fc1c149afbf4c8996fb924");
}

static void test_what_was_appended_can_be_hashed(void **state)
{
    (void)state;
    /* SHA-256 of "42" */
    larder_key_literal(&key, "q:", 2);
    larder_key_u64(&key, 42);
    larder_key_hash_since(&key, 2);
    assert_key("q:73475cb40a568e8da8a045ced110137e");
}

static void fill_but(size_t room)
{
    static const char text[LARDER_KEY_MAX];
    larder_key_init(&key, "", 0);
    larder_key_literal(&key, text, LARDER_KEY_MAX - room);
}

/* Appends with exactly the room that is needed, then with one byte less. */
#define CHECK_LIMIT(needed, append)                       \
    do {                                                  \
        fill_but(needed);                                 \
        append;                                           \
        assert_int_equal(key.status, LARDER_OK);          \
        assert_int_equal(key.len, LARDER_KEY_MAX);        \
        fill_but((needed)-1);                             \
        append;                                           \
        assert_int_equal(key.status, LARDER_E_TOO_LARGE); \
    } while (0)

static void test_too_long_is_refused_never_cut(void **state)
{
    (void)state;
    static const struct larder_uuid uuid;
    CHECK_LIMIT(3, larder_key_literal(&key, "abc", 3));
    CHECK_LIMIT(20, larder_key_u64(&key, UINT64_MAX));
    CHECK_LIMIT(20, larder_key_i64(&key, INT64_MIN));
    CHECK_LIMIT(5, larder_key_bool(&key, false));
    CHECK_LIMIT(36, larder_key_uuid(&key, uuid));
    CHECK_LIMIT(1, larder_key_string(&key, ""));
    CHECK_LIMIT(5, larder_key_string(&key, "a b"));
    CHECK_LIMIT(5, larder_key_name(&key, "stock"));
    CHECK_LIMIT(32, larder_key_string_hash(&key, "a b"));
}

static void test_the_first_failure_sticks(void **state)
{
    (void)state;
    larder_key_name(&key, NULL);
    larder_key_u64(&key, 1);
    larder_key_string(&key, "a");
    larder_key_string(&key, "");
    larder_key_string_hash(&key, "a");
    larder_key_hash_since(&key, 0);
    larder_key_literal(&key, "a", 1);
    assert_int_equal(key.status, LARDER_E_ARG);
    assert_int_equal(key.len, 0);
}

static void test_a_prefix_leaves_room_for_a_key(void **state)
{
    (void)state;
    static const char prefix[LARDER_KEY_MAX];
    larder_key_init(&key, prefix, sizeof prefix - 1);
    assert_int_equal(key.status, LARDER_OK);
    larder_key_init(&key, prefix, sizeof prefix);
    assert_int_equal(key.status, LARDER_E_TOO_LARGE);
    assert_int_equal(key.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_key_is_prefix_and_parts, begin),
        cmocka_unit_test_setup(test_integers_are_decimal_at_every_length, begin),
        cmocka_unit_test_setup(test_strings_are_escaped_byte_by_byte, begin),
        cmocka_unit_test_setup(test_an_empty_string_is_a_percent_sign, begin),
        cmocka_unit_test_setup(test_any_bytes_make_a_key_but_null_does_not, begin),
        cmocka_unit_test_setup(test_an_unknown_enumerator_is_a_bad_argument, begin),
        cmocka_unit_test_setup(test_hashes_are_of_the_bytes_as_given, begin),
        cmocka_unit_test_setup(test_what_was_appended_can_be_hashed, begin),
        cmocka_unit_test_setup(test_too_long_is_refused_never_cut, begin),
        cmocka_unit_test_setup(test_the_first_failure_sticks, begin),
        cmocka_unit_test_setup(test_a_prefix_leaves_room_for_a_key, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
