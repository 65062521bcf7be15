/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <larder/codec.h>

#include "codec/json.h"

enum { ROOM = 4096 };

static char text[ROOM];

static struct larder_json begin(void)
{
    struct larder_json json;
    larder_json_init(&json, text, sizeof text);
    return json;
}

static void assert_text(struct larder_json *json, const char *expected)
{
    assert_true(larder_json_end(json));
    assert_string_equal(text, expected);
    assert_int_equal(json->len, strlen(expected));
}

static void assert_string(const char *value, const char *expected)
{
    struct larder_json json = begin();
    assert_true(larder_json_string(&json, value));
    assert_text(&json, expected);
}

static void test_escapes_what_json_wants_escaped_and_nothing_else(void **state)
{
    (void)state;
    assert_string("", "\"\"");
    assert_string("tea", "\"tea\"");
    assert_string("\"\\/", "\"\\\"\\\\/\"");
    assert_string("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"");
    assert_string("\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"");
    assert_string("Gr\xc3\xbc\xc3\x9f\x65 \xf0\x9f\x8d\xb5",
                  "\"Gr\xc3\xbc\xc3\x9f\x65 \xf0\x9f\x8d\xb5\"");
}

static void test_refuses_what_is_no_utf8_and_writes_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct larder_json json = begin();
        assert_false(larder_json_string(&json, bad[i]));
        assert_text(&json, "");
    }
}

static void test_bytes_that_are_no_text_become_replacement_characters(void **state)
{
    (void)state;
    struct larder_json json = begin();
    larder_json_text(&json, "a\0\xff\xc3\xbc\xe2\x82\"", 8);
    assert_text(&json, "\"a\\u0000\xef\xbf\xbd\xc3\xbc\xef\xbf\xbd\xef\xbf\xbd\\\"\"");
}

static void test_integers_have_all_their_digits(void **state)
{
    (void)state;
    struct larder_json json = begin();
    larder_json_u64(&json, 0);
    larder_json_raw(&json, " ", 1);
    larder_json_u64(&json, UINT64_MAX);
    larder_json_raw(&json, " ", 1);
    larder_json_i64(&json, INT64_MIN);
    larder_json_raw(&json, " ", 1);
    larder_json_i64(&json, -1);
    assert_text(&json, "0 18446744073709551615 -9223372036854775808 -1");
}

static const struct real {
    double value;
    const char *text;
} reals[] = {
    {0.0, "0.0"},
    {-0.0, "-0.0"},
    {1, "1.0"},
    {-2.5, "-2.5"},
    {0.1, "0.1"},
    {1.0 / 3, "0.3333333333333333"},
    {0.1 + 0.2, "0.30000000000000004"},
    {100, "100.0"},
    {123456789012, "123456789012.0"},
    {9999999999999998, "9999999999999998.0"},
    {1e16, "1e16"},
    {1.5e300, "1.5e300"},
    {0.0001, "0.0001"},
    {0.00001, "1e-5"},
    {0.000123, "0.000123"},
    {DBL_MAX, "1.7976931348623157e308"},
    {DBL_MIN, "2.2250738585072014e-308"},
    {NAN, "null"},
    {INFINITY, "null"},
    {-INFINITY, "null"},
};

static void test_doubles_are_short_and_read_back_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        struct larder_json json = begin();
        larder_json_f64(&json, reals[i].value);
        assert_text(&json, reals[i].text);
    }
}

static void test_floats_have_the_digits_of_a_float(void **state)
{
    (void)state;
    static const struct {
        float value;
        const char *text;
    } rows[] = {{0.1F, "0.1"},
                {16777216.0F, "16777216.0"},
                {FLT_MAX, "3.4028235e38"},
                {1.0F / 3, "0.33333334"},
                {-1e-10F, "-1e-10"},
                {(float)NAN, "null"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct larder_json json = begin();
        larder_json_f32(&json, rows[i].value);
        assert_text(&json, rows[i].text);
    }
}

static void test_every_double_reads_back(void **state)
{
    (void)state;
    uint64_t bits = 1;
    for (int i = 0; i < 20000; i++) {
        double value;
        bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) {
            struct larder_json json = begin();
            larder_json_f64(&json, value);
            assert_true(larder_json_end(&json));
            assert_true(strtod(text, NULL) == value);
        }
    }
}

/* Runs a program, its stderr included, in silence. False: it failed, or is not there. */
static bool run(const char *const *words)
{
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    bool ran = posix_spawnp(&child, words[0], &actions, NULL, (char *const *)(uintptr_t)words,
                            environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return ran && waitpid(child, &status, 0) == child && status == 0;
}

/* In Germany the decimal point is a comma, in Afghanistan it takes two bytes. Both are made
 * here, where the machine has what they are made of (Debian's package locales). */
static void test_the_locale_changes_no_number(void **state)
{
    static const char *const names[] = {"de_DE", "ps_AF"};
    char folder[] = "/tmp/larder-locale-XXXXXX";
    size_t tried = 0;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(setenv("LOCPATH", folder, 1), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[32], path[64];
        snprintf(name, sizeof name, "%s.UTF-8", names[i]);
        snprintf(path, sizeof path, "%s/%s", folder, name);
        const char *const make[] = {"localedef", "-i", names[i], "-f", "UTF-8", path, NULL};
        if (run(make) && setlocale(LC_NUMERIC, name) != NULL) {
            tried++;
            assert_string_not_equal(localeconv()->decimal_point, ".");
            test_doubles_are_short_and_read_back_the_same(state);
            test_floats_have_the_digits_of_a_float(state);
        }
        setlocale(LC_NUMERIC, "C");
    }
    const char *const clean_up[] = {"rm", "-r", folder, NULL};
    assert_true(run(clean_up));
    unsetenv("LOCPATH");
    if (tried == 0) {
        skip();
    }
}

static void test_bytes_are_base64(void **state)
{
    (void)state;
    static const char *const rows[] = {"\"\"",         "\"Zg==\"",     "\"Zm8=\"",    "\"Zm9v\"",
                                       "\"Zm9vYg==\"", "\"Zm9vYmE=\"", "\"Zm9vYmFy\""};
    for (size_t len = 0; len <= 6; len++) {
        struct larder_json json = begin();
        larder_json_bytes(&json, (struct larder_bytes){(const unsigned char *)"foobar", len});
        assert_text(&json, rows[len]);
    }
    struct larder_json json = begin();
    larder_json_bytes(&json, (struct larder_bytes){(const unsigned char *)"\xfb\xff\xbf", 3});
    assert_text(&json, "\"+/+/\"");
}

static void test_a_uuid_is_its_text(void **state)
{
    (void)state;
    struct larder_uuid uuid = {{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
                                0xbb, 0xcc, 0xdd, 0xee, 0xff}};
    struct larder_json json = begin();
    larder_json_uuid(&json, uuid);
    assert_text(&json, "\"00112233-4455-6677-8899-aabbccddeeff\"");
}

/* -------------------------------------------------------------------- any */

#define BYTES(literal)                                        \
    {                                                         \
        (const unsigned char *)(literal), sizeof(literal) - 1 \
    }

static const struct {
    struct larder_bytes any;
    const char *text;
} anys[] = {
    {BYTES("\xc0"), "null"},
    {BYTES("\xc2"), "false"},
    {BYTES("\xc3"), "true"},
    {BYTES("\x7f"), "127"},
    {BYTES("\xe0"), "-32"},
    {BYTES("\xcc\xff"), "255"},
    {BYTES("\xcd\xff\xfe"), "65534"},
    {BYTES("\xce\xff\xff\xff\xff"), "4294967295"},
    {BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615"},
    {BYTES("\xd0\x80"), "-128"},
    {BYTES("\xd1\x80\x00"), "-32768"},
    {BYTES("\xd2\x80\x00\x00\x00"), "-2147483648"},
    {BYTES("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), "-9223372036854775808"},
    {BYTES("\xd0\x05"), "5"},
    {BYTES("\xca\x3d\xcc\xcc\xcd"), "0.1"},
    {BYTES("\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"), "0.1"},
    {BYTES("\xca\x7f\xc0\x00\x00"), "null"},
    {BYTES("\xa2hi"), "\"hi\""},
    {BYTES("\xd9\x02hi"), "\"hi\""},
    {BYTES("\xda\x00\x02hi"), "\"hi\""},
    {BYTES("\xdb\x00\x00\x00\x02hi"), "\"hi\""},
    {BYTES("\xa3\xff\x00z"), "\"\xef\xbf\xbd\\u0000z\""},
    {BYTES("\xc4\x03\x66oo"), "\"Zm9v\""},
    {BYTES("\xc5\x00\x01\x66"), "\"Zg==\""},
    {BYTES("\xc6\x00\x00\x00\x00"), "\"\""},
    {BYTES("\xd4\x05\x66"), "{\"ext\":5,\"data\":\"Zg==\"}"},
    {BYTES("\xd5\xff\x66o"), "{\"ext\":-1,\"data\":\"Zm8=\"}"},
    {BYTES("\xd6\x01\x00\x00\x00\x00"), "{\"ext\":1,\"data\":\"AAAAAA==\"}"},
    {BYTES("\xd7\x01\x00\x00\x00\x00\x00\x00\x00\x00"), "{\"ext\":1,\"data\":\"AAAAAAAAAAA=\"}"},
    {BYTES("\xd8\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
     "{\"ext\":1,\"data\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}"},
    {BYTES("\xc7\x00\x80"), "{\"ext\":-128,\"data\":\"\"}"},
    {BYTES("\xc8\x00\x01\x7f\x66"), "{\"ext\":127,\"data\":\"Zg==\"}"},
    {BYTES("\xc9\x00\x00\x00\x01\x07\x66"), "{\"ext\":7,\"data\":\"Zg==\"}"},
    {BYTES("\x90"), "[]"},
    {BYTES("\x93\x01\x92\xc0\xc3\x80"), "[1,[null,true],{}]"},
    {BYTES("\xdc\x00\x01\x90"), "[[]]"},
    {BYTES("\xdd\x00\x00\x00\x02\x01\x02"), "[1,2]"},
    {BYTES("\x82\xa1\x61\x81\xa1\x62\x91\x02\xa1\x63\xc0"), "{\"a\":{\"b\":[2]},\"c\":null}"},
    {BYTES("\xde\x00\x01\xd9\x01\x61\x01"), "{\"a\":1}"},
    {BYTES("\xdf\x00\x00\x00\x01\xa1\x61\x01"), "{\"a\":1}"},
    {BYTES("\x82\x01\xa1\x61\xa1\x62\x02"), "[[1,\"a\"],[\"b\",2]]"},
    {BYTES("\x81\x92\x01\x02\x81\xc0\xc0"), "[[[1,2],[[null,null]]]]"},
    /* What looks like a key is in a value. */
    {BYTES("\x82\xa1\x61\xd4\x01\xa1\xa1\x62\xc4\x02\x01\x02"),
     "{\"a\":{\"ext\":1,\"data\":\"oQ==\"},\"b\":\"AQI=\"}"},
    {BYTES("\x82\xa1\x61\x82\xa1\x62\x01\xa1\x63\x02\xa1\x64\xc0"),
     "{\"a\":{\"b\":1,\"c\":2},\"d\":null}"},
};

static void test_messagepack_becomes_what_json_has_for_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof anys / sizeof anys[0]; i++) {
        struct larder_json json = begin();
        assert_true(larder_json_any(&json, anys[i].any));
        assert_text(&json, anys[i].text);
    }
}

static void test_what_is_no_messagepack_writes_nothing(void **state)
{
    (void)state;
    unsigned char deep[LARDER_DEPTH_MAX + 2];
    memset(deep, 0x91, sizeof deep);
    deep[LARDER_DEPTH_MAX + 1] = 0x01;
    const struct larder_bytes bad[] = {
        {NULL, 0},           {NULL, 5},     BYTES(""),        BYTES("\xc1"),
        BYTES("\x92\1"),     BYTES("\1\2"), BYTES("\xa5xyz"), BYTES("\xdd\xff\xff\xff\xff"),
        {deep, sizeof deep},
    };
    struct larder_json json;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        json = begin();
        assert_false(larder_json_any(&json, bad[i]));
        assert_text(&json, "");
    }
    json = begin();
    assert_true(larder_json_any(&json, (struct larder_bytes){deep + 1, LARDER_DEPTH_MAX + 1}));
    assert_true(larder_json_end(&json));
}

/* ------------------------------------------------------------------- room */

static void test_in_every_room_the_length_is_the_same_and_nothing_is_written_behind(void **state)
{
    (void)state;
    const struct larder_bytes any = BYTES("\x82\xa1\x61\xa3\xff\"\n\xa1\x62\xca\x3d\xcc\xcc\xcd");
    static const char whole[] = "{\"a\":\"\xef\xbf\xbd\\\"\\n\",\"b\":0.1}";
    const size_t needed = sizeof whole - 1;
    for (size_t size = 0; size <= needed + 3; size++) {
        struct larder_json json;
        char *room = malloc(size != 0 ? size : 1);
        assert_non_null(room);
        larder_json_init(&json, size != 0 ? room : NULL, size);
        assert_true(larder_json_any(&json, any));
        assert_int_equal(json.len, needed);
        bool fits = larder_json_end(&json);
        assert_true(fits == (size > needed));
        if (size != 0) {
            assert_string_equal(room, fits ? whole : "");
        }
        free(room);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escapes_what_json_wants_escaped_and_nothing_else),
        cmocka_unit_test(test_refuses_what_is_no_utf8_and_writes_nothing),
        cmocka_unit_test(test_bytes_that_are_no_text_become_replacement_characters),
        cmocka_unit_test(test_integers_have_all_their_digits),
        cmocka_unit_test(test_doubles_are_short_and_read_back_the_same),
        cmocka_unit_test(test_floats_have_the_digits_of_a_float),
        cmocka_unit_test(test_every_double_reads_back),
        cmocka_unit_test(test_the_locale_changes_no_number),
        cmocka_unit_test(test_bytes_are_base64),
        cmocka_unit_test(test_a_uuid_is_its_text),
        cmocka_unit_test(test_messagepack_becomes_what_json_has_for_it),
        cmocka_unit_test(test_what_is_no_messagepack_writes_nothing),
        cmocka_unit_test(test_in_every_room_the_length_is_the_same_and_nothing_is_written_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
