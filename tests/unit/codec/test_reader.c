/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include <larder/codec.h>

enum { SLOTS = 256 };

/* A payload in memory of exactly its size, so that a sanitizer sees a byte too far. */
static uint8_t *payload;
static _Alignas(8) uint8_t slots[SLOTS];
static struct larder_reader r;

static void start(const void *bytes, size_t len)
{
    free(payload);
    payload = malloc(len + LARDER_SLACK_BYTES);
    assert_non_null(payload);
    if (len != 0) {
        memcpy(payload, bytes, len);
    }
    memset(payload + len, 0xc1, LARDER_SLACK_BYTES);
    r = (struct larder_reader){
        .p = payload,
        .end = payload + len,
        .slots = slots,
        .slots_end = slots + SLOTS,
        .allocator = &larder_allocator_libc,
        .tag = payload[0],
    };
}

#define START(text) start(text, sizeof text - 1)

static int end(void **state)
{
    (void)state;
    free(payload);
    payload = NULL;
    return 0;
}

/* Goes on behind what was read. A number that was cut off ends behind the end, where
 * nothing begins, and no value does. */
static bool took(struct larder_at at)
{
    return larder_read_end(&r, at) && r.p <= r.end;
}

static bool took_nil(void)
{
    struct larder_at at = larder_read_begin(&r);
    return larder_read_nil(&at) && took(at);
}

static bool at_end(void)
{
    return r.p == r.end && r.tag == 0xc1;
}

static void test_unsigned_numbers_are_read_from_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } sevens[] = {{"\x07", 1},
                  {"\xcc\x07", 2},
                  {"\xcd\0\x07", 3},
                  {"\xce\0\0\0\x07", 5},
                  {"\xcf\0\0\0\0\0\0\0\x07", 9},
                  {"\xd0\x07", 2},
                  {"\xd1\0\x07", 3},
                  {"\xd2\0\0\0\x07", 5},
                  {"\xd3\0\0\0\0\0\0\0\x07", 9}};
    for (size_t i = 0; i < sizeof sevens / sizeof sevens[0]; i++) {
        uint64_t natural = 0;
        int64_t integer = 0;
        uint8_t narrow = 0;
        start(sevens[i].bytes, sevens[i].len);
        assert_true(took(larder_read_u64(&r, larder_read_begin(&r), &natural)) && natural == 7 &&
                    at_end());
        start(sevens[i].bytes, sevens[i].len);
        assert_true(took(larder_read_i64(&r, larder_read_begin(&r), &integer)) && integer == 7 &&
                    at_end());
        start(sevens[i].bytes, sevens[i].len);
        assert_true(took(larder_read_u8(&r, larder_read_begin(&r), &narrow)) && narrow == 7 &&
                    at_end());
        for (size_t len = 0; len < sevens[i].len; len++) {
            start(sevens[i].bytes, len);
            assert_false(took(larder_read_u64(&r, larder_read_begin(&r), &natural)));
            start(sevens[i].bytes, len);
            assert_false(took(larder_read_i64(&r, larder_read_begin(&r), &integer)));
        }
    }
}

/* Nothing goes on behind a number that is cut off, whatever is asked for. */
static void test_nothing_begins_behind_a_number_that_is_cut_off(void **state)
{
    (void)state;
    static const uint8_t tags[] = {0xcc, 0xcd, 0xce, 0xcf};
    for (size_t i = 0; i < sizeof tags; i++) {
        for (size_t len = 1; len < 1 + ((size_t)1 << i); len++) {
            uint8_t bytes[9] = {tags[i]};
            uint64_t natural = 0;
            int64_t integer = 0;
            double real = 0;
            bool flag = false;
            size_t count = 0;
            const char *text = NULL;
            struct larder_bytes any = {NULL, 0};
            start(bytes, len);
            struct larder_at at = larder_read_u64(&r, larder_read_begin(&r), &natural);
            assert_true(at.p > r.end && at.tag == 0xc1);
            assert_null(larder_read_u64(&r, at, &natural).p);
            assert_null(larder_read_i64(&r, at, &integer).p);
            assert_null(larder_read_timestamp(&r, at, &integer).p);
            assert_null(larder_read_f64(&r, at, &real).p);
            assert_null(larder_read_bool(&r, at, &flag).p);
            assert_null(larder_read_string(&r, at, 0, &text).p);
            assert_null(larder_read_bytes(&r, at, 0, &any).p);
            assert_null(larder_read_any(&r, at, &any).p);
            assert_null(larder_read_list(&r, at, 0, &count).p);
            assert_null(larder_read_map(&r, at, 0, &count).p);
            assert_null(larder_read_struct(&r, at, 0, &count).p);
            assert_null(larder_read_skip(&r, at).p);
            assert_null(larder_read_rest(&r, at, 2, 1).p);
            assert_false(larder_read_nil(&at));
        }
    }
}

static void test_timestamps_are_read_from_every_form_of_a_number(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        int64_t value;
    } moments[] = {{"\x07", 1, 7},
                   {"\xf9", 1, -7},
                   {"\xcc\xff", 2, 255},
                   {"\xce\xff\xff\xff\xff", 5, UINT32_MAX},
                   {"\xcf\0\0\x01\0\0\0\0\0", 9, INT64_C(1) << 40},
                   {"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", 9, INT64_MAX},
                   {"\xd3\0\0\x01\0\0\0\0\0", 9, INT64_C(1) << 40},
                   {"\xd1\xff\xf9", 3, -7}};
    int64_t value = 0;
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        start(moments[i].bytes, moments[i].len);
        assert_true(took(larder_read_timestamp(&r, larder_read_begin(&r), &value)) &&
                    value == moments[i].value && at_end());
        for (size_t len = 0; len < moments[i].len; len++) {
            start(moments[i].bytes, len);
            assert_false(took(larder_read_timestamp(&r, larder_read_begin(&r), &value)));
        }
    }
    START("\xcf\x80\0\0\0\0\0\0\0");
    assert_false(took(larder_read_timestamp(&r, larder_read_begin(&r), &value)));
    START("\xcb\0\0\0\0\0\0\0\0");
    assert_false(took(larder_read_timestamp(&r, larder_read_begin(&r), &value)));
}

static void test_negative_numbers_are_read_from_every_form(void **state)
{
    (void)state;
    int64_t value = 0;
    uint64_t natural;
    START("\xf9");
    assert_true(took(larder_read_i64(&r, larder_read_begin(&r), &value)) && value == -7 &&
                at_end());
    START("\xd0\xf9");
    assert_true(took(larder_read_i64(&r, larder_read_begin(&r), &value)) && value == -7 &&
                at_end());
    START("\xd1\xff\xf9");
    assert_true(took(larder_read_i64(&r, larder_read_begin(&r), &value)) && value == -7 &&
                at_end());
    START("\xd2\xff\xff\xff\xf9");
    assert_true(took(larder_read_i64(&r, larder_read_begin(&r), &value)) && value == -7 &&
                at_end());
    START("\xd3\xff\xff\xff\xff\xff\xff\xff\xf9");
    assert_true(took(larder_read_i64(&r, larder_read_begin(&r), &value)) && value == -7 &&
                at_end());
    START("\xf9");
    assert_false(took(larder_read_u64(&r, larder_read_begin(&r), &natural)));
    START("\xd3\xff\xff\xff\xff\xff\xff\xff\xf9");
    assert_false(took(larder_read_u64(&r, larder_read_begin(&r), &natural)));
    START("\xcf\x80\0\0\0\0\0\0\0");
    assert_false(took(larder_read_i64(&r, larder_read_begin(&r), &value)));
}

static void test_narrow_numbers_refuse_wider_ones(void **state)
{
    (void)state;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32, number;
    int8_t i8;
    int16_t i16;
    int32_t i32;
    START("\xcd\x01\0");
    assert_false(took(larder_read_u8(&r, larder_read_begin(&r), &u8)));
    START("\xce\0\1\0\0");
    assert_false(took(larder_read_u16(&r, larder_read_begin(&r), &u16)));
    START("\xcf\0\0\0\1\0\0\0\0");
    assert_false(took(larder_read_u32(&r, larder_read_begin(&r), &u32)));
    START("\xcc\x80");
    assert_false(took(larder_read_i8(&r, larder_read_begin(&r), &i8)));
    START("\xd1\xff\x7f");
    assert_false(took(larder_read_i8(&r, larder_read_begin(&r), &i8)));
    START("\xd2\xff\xff\x7f\xff");
    assert_false(took(larder_read_i16(&r, larder_read_begin(&r), &i16)));
    START("\xce\x80\0\0\0");
    assert_false(took(larder_read_i32(&r, larder_read_begin(&r), &i32)));
    START("\x03");
    assert_false(took(larder_read_enum(&r, larder_read_begin(&r), 3, &number)));
    START("\x02");
    assert_true(took(larder_read_enum(&r, larder_read_begin(&r), 3, &number)) && number == 2);
}

static void test_floats_widen_and_narrow_to_the_same_number_only(void **state)
{
    (void)state;
    float narrow = 0;
    double wide = 0;
    START("\xca\x3f\xc0\0\0");
    assert_true(took(larder_read_f32(&r, larder_read_begin(&r), &narrow)) && at_end());
    assert_memory_equal(&narrow, &(float){1.5F}, sizeof narrow);
    START("\xca\x3f\xc0\0\0");
    assert_true(took(larder_read_f64(&r, larder_read_begin(&r), &wide)) && at_end());
    assert_memory_equal(&wide, &(double){1.5}, sizeof wide);
    START("\xcb\x3f\xf8\0\0\0\0\0\0");
    assert_true(took(larder_read_f64(&r, larder_read_begin(&r), &wide)) && at_end());
    START("\xcb\xbf\xf8\0\0\0\0\0\0");
    assert_true(took(larder_read_f32(&r, larder_read_begin(&r), &narrow)) && at_end());
    assert_memory_equal(&narrow, &(float){-1.5F}, sizeof narrow);
    START("\xcb\x7f\xf0\0\0\0\0\0\0");
    assert_true(took(larder_read_f32(&r, larder_read_begin(&r), &narrow)) && at_end() &&
                narrow > FLT_MAX);
    START("\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"); /* 0.1 */
    assert_false(took(larder_read_f32(&r, larder_read_begin(&r), &narrow)));
    START("\xcb\x7f\xef\xff\xff\xff\xff\xff\xff"); /* over all */
    assert_false(took(larder_read_f32(&r, larder_read_begin(&r), &narrow)));
    START("\xcb\x36\x80\0\0\0\0\0\0"); /* under all */
    assert_false(took(larder_read_f32(&r, larder_read_begin(&r), &narrow)));
    START("\xcb\x7f\xf8\0\0\0\0\0\0"); /* NaN */
    assert_false(took(larder_read_f32(&r, larder_read_begin(&r), &narrow)));
    START("\xcb\x3f\xf8\0\0\0\0\0");
    assert_false(took(larder_read_f32(&r, larder_read_begin(&r), &narrow)));
    START("\xcb\x3f\xf8\0\0\0\0\0");
    assert_false(took(larder_read_f64(&r, larder_read_begin(&r), &wide)));
    START("\xca\x3f\xc0\0");
    assert_false(took(larder_read_f64(&r, larder_read_begin(&r), &wide)));
}

static void test_strings_end_in_a_nul_where_they_stand(void **state)
{
    (void)state;
    const char *first, *second, *third, *last;
    uint64_t number = 0;
    START("\xa3"
          "abc\xd9\x02"
          "de\xda\0\1"
          "f\x05\xdb\0\0\0\2"
          "gh");
    assert_true(took(larder_read_string(&r, larder_read_begin(&r), 0, &first)) &&
                took(larder_read_string(&r, larder_read_begin(&r), 0, &second)) &&
                took(larder_read_string(&r, larder_read_begin(&r), 0, &third)) &&
                took(larder_read_u64(&r, larder_read_begin(&r), &number)) &&
                took(larder_read_string(&r, larder_read_begin(&r), 0, &last)) && at_end());
    assert_string_equal(first, "abc");
    assert_string_equal(second, "de");
    assert_string_equal(third, "f");
    assert_int_equal(number, 5);
    assert_string_equal(last, "gh");
    /* Behind the end, whose mark is gone, there is nothing of any type. */
    assert_false(took_nil() || took(larder_read_u64(&r, larder_read_begin(&r), &number)) ||
                 took(larder_read_string(&r, larder_read_begin(&r), 0, &last)) ||
                 took(larder_read_skip(&r, larder_read_begin(&r))));
    struct larder_bytes any;
    size_t count;
    assert_false(took(larder_read_any(&r, larder_read_begin(&r), &any)) ||
                 took(larder_read_bytes(&r, larder_read_begin(&r), 0, &any)) ||
                 took(larder_read_list(&r, larder_read_begin(&r), 0, &count)) ||
                 took(larder_read_map(&r, larder_read_begin(&r), 0, &count)));
}

static void test_bad_strings_are_refused(void **state)
{
    (void)state;
    const char *text;
    START("\xa3"
          "ab");
    assert_false(took(larder_read_string(&r, larder_read_begin(&r), 0, &text)));
    START("\xdb\xff\xff\xff\xff");
    assert_false(took(larder_read_string(&r, larder_read_begin(&r), 0, &text)));
    START("\xd9");
    assert_false(took(larder_read_string(&r, larder_read_begin(&r), 0, &text)));
    START("\xa2\xff"
          "a");
    assert_false(took(larder_read_string(&r, larder_read_begin(&r), 0, &text)));
    START("\xa2"
          "a\0");
    assert_false(took(larder_read_string(&r, larder_read_begin(&r), 0, &text)));
    START("\xa3"
          "abc");
    assert_false(took(larder_read_string(&r, larder_read_begin(&r), 2, &text)));
    START("\xc4\1a");
    assert_false(took(larder_read_string(&r, larder_read_begin(&r), 0, &text)));
}

static void test_bytes_and_uuids_are_read_from_every_form(void **state)
{
    (void)state;
    struct larder_bytes value;
    struct larder_uuid uuid;
    START("\xc4\2ab");
    assert_true(took(larder_read_bytes(&r, larder_read_begin(&r), 2, &value)) && value.len == 2 &&
                at_end());
    START("\xc5\0\2ab");
    assert_true(took(larder_read_bytes(&r, larder_read_begin(&r), 0, &value)) && value.len == 2 &&
                at_end());
    START("\xc6\0\0\0\2ab");
    assert_true(took(larder_read_bytes(&r, larder_read_begin(&r), 0, &value)) && value.len == 2 &&
                at_end());
    assert_memory_equal(value.data, "ab", 2);
    START("\xc4\2ab");
    assert_false(took(larder_read_bytes(&r, larder_read_begin(&r), 1, &value)));
    START("\xc4\3ab");
    assert_false(took(larder_read_bytes(&r, larder_read_begin(&r), 0, &value)));
    START("\xc5\0\x10"
          "0123456789abcdef");
    assert_true(took(larder_read_uuid(&r, larder_read_begin(&r), &uuid)) && at_end());
    assert_memory_equal(uuid.bytes, "0123456789abcdef", 16);
    START("\xc4\x0f"
          "0123456789abcde");
    assert_false(took(larder_read_uuid(&r, larder_read_begin(&r), &uuid)));
}

static void test_counts_are_held_against_the_bytes_left(void **state)
{
    (void)state;
    size_t count = 0;
    START("\x93\1\2\3");
    assert_true(took(larder_read_list(&r, larder_read_begin(&r), 0, &count)) && count == 3);
    START("\xdd\0\0\0\3\1\2\3");
    assert_true(took(larder_read_list(&r, larder_read_begin(&r), 3, &count)) && count == 3);
    START("\x93\1\2\3");
    assert_false(took(larder_read_list(&r, larder_read_begin(&r), 2, &count)));
    START("\x94\1\2\3");
    assert_false(took(larder_read_list(&r, larder_read_begin(&r), 0, &count)));
    START("\x81\1");
    assert_false(took(larder_read_map(&r, larder_read_begin(&r), 0, &count)));
    START("\xde\0\1\1\2");
    assert_true(took(larder_read_map(&r, larder_read_begin(&r), 0, &count)) && count == 1);
    START("\x92\1\2");
    assert_false(took(larder_read_struct(&r, larder_read_begin(&r), 3, &count)));
}

static void test_slots_are_zeroed_bounded_and_aligned(void **state)
{
    (void)state;
    START("\xc0");
    memset(slots, 0xff, sizeof slots);
    char *first = larder_read_slots(&r, 3, 1);
    uint64_t *second = larder_read_slots(&r, 2, sizeof *second);
    assert_non_null(first);
    assert_ptr_equal(second, slots + 8);
    assert_int_equal(first[2], 0);
    assert_int_equal(second[1], 0);
    assert_null(larder_read_slots(&r, SLOTS - 23, 1));
    assert_true(r.short_of_slots);
    assert_null(larder_read_slots(&r, SIZE_MAX, 1));
    assert_null(larder_read_slots(&r, SIZE_MAX / 2 + 1, 2));
    assert_null(larder_read_slots(&r, SIZE_MAX / 8, 16));
    assert_non_null(larder_read_slots(&r, SLOTS - 24, 1));
}

static void test_any_gets_back_the_byte_that_a_string_took(void **state)
{
    (void)state;
    const char *text;
    struct larder_bytes first, second;
    START("\xa1"
          "a\x92\xa1"
          "b\xc3\xcc\xff");
    assert_true(took(larder_read_string(&r, larder_read_begin(&r), 0, &text)) &&
                took(larder_read_any(&r, larder_read_begin(&r), &first)) &&
                took(larder_read_any(&r, larder_read_begin(&r), &second)) && at_end());
    assert_string_equal(text, "a");
    assert_int_equal(first.len, 4);
    assert_memory_equal(first.data,
                        "\x92\xa1"
                        "b\xc3",
                        4);
    assert_memory_equal(second.data, "\xcc\xff", 2);
    assert_ptr_equal(second.data, payload + 6); /* in place */
    START("\xa1"
          "a\x92\xa1"
          "b\xc3");
    r.slots_end = r.slots + 3;
    assert_true(took(larder_read_string(&r, larder_read_begin(&r), 0, &text)));
    assert_false(took(larder_read_any(&r, larder_read_begin(&r), &first)));
    assert_true(r.short_of_slots);
}

static const struct {
    const char *bytes;
    size_t len;
} wholes[] = {{"\0", 1},
              {"\xff", 1},
              {"\xc0", 1},
              {"\xc2", 1},
              {"\xa2"
               "ab",
               3},
              {"\xc4\1a", 3},
              {"\xc5\0\1a", 4},
              {"\xc6\0\0\0\1a", 6},
              {"\xc7\1\5a", 4},
              {"\xc8\0\1\5a", 5},
              {"\xc9\0\0\0\1\5a", 7},
              {"\xca\0\0\0\0", 5},
              {"\xcb\0\0\0\0\0\0\0\0", 9},
              {"\xcc\0", 2},
              {"\xcd\0\0", 3},
              {"\xce\0\0\0\0", 5},
              {"\xcf\0\0\0\0\0\0\0\0", 9},
              {"\xd0\0", 2},
              {"\xd1\0\0", 3},
              {"\xd2\0\0\0\0", 5},
              {"\xd3\0\0\0\0\0\0\0\0", 9},
              {"\xd4\1a", 3},
              {"\xd5\1ab", 4},
              {"\xd6\1abcd", 6},
              {"\xd7\1abcdefgh", 10},
              {"\xd8\1abcdefghabcdefgh", 18},
              {"\xd9\1a", 3},
              {"\xda\0\1a", 4},
              {"\xdb\0\0\0\1a", 6},
              {"\x80", 1},
              {"\x90", 1},
              {"\x81\1\2", 3},
              {"\x92\1\xdc\0\1\xdd\0\0\0\1\xde\0\1\1\xdf\0\0\0\1\1\2", 21}};

static void test_every_form_is_stepped_over_and_none_half(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++) {
        const uint8_t *bytes = (const uint8_t *)wholes[i].bytes;
        start(bytes, wholes[i].len);
        assert_true(took(larder_read_skip(&r, larder_read_begin(&r))) && at_end());
        assert_true(larder_any_valid(bytes, wholes[i].len));
        for (size_t len = 0; len < wholes[i].len; len++) {
            start(bytes, len);
            assert_false(took(larder_read_skip(&r, larder_read_begin(&r))));
            assert_ptr_equal(r.p, payload);
            assert_false(larder_any_valid(payload, len));
        }
    }
    assert_false(larder_any_valid((const uint8_t *)"\xc1", 1));
    assert_false(larder_any_valid((const uint8_t *)"\1\1", 2));
    assert_false(larder_any_valid(NULL, 0));
}

static void test_hostile_counts_end_at_once(void **state)
{
    (void)state;
    START("\xdd\xff\xff\xff\xff\xdd\xff\xff\xff\xff\xdf\xff\xff\xff\xff");
    assert_false(took(larder_read_skip(&r, larder_read_begin(&r))));
    START("\xdf\xff\xff\xff\xff\1\1\1\1");
    assert_false(took(larder_read_skip(&r, larder_read_begin(&r))));
    START("\xc6\xff\xff\xff\xff");
    assert_false(took(larder_read_skip(&r, larder_read_begin(&r))));
    START("\xc9\xff\xff\xff\xff");
    assert_false(took(larder_read_skip(&r, larder_read_begin(&r))));
}

static void test_skip_is_deep_without_recursion_and_any_is_not_deep(void **state)
{
    (void)state;
    enum { DEEP = 4 * 1024 * 1024 };
    uint8_t *deep = malloc(DEEP);
    assert_non_null(deep);
    memset(deep, 0x91, DEEP);
    deep[DEEP - 1] = 0x90;
    start(deep, DEEP);
    assert_true(took(larder_read_skip(&r, larder_read_begin(&r))) && at_end());
    assert_false(larder_any_valid(deep, DEEP));
    assert_true(larder_any_valid(deep + DEEP - LARDER_DEPTH_MAX, LARDER_DEPTH_MAX));
    assert_false(larder_any_valid(deep + DEEP - LARDER_DEPTH_MAX - 1, LARDER_DEPTH_MAX + 1));
    free(deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_unsigned_numbers_are_read_from_every_form, end),
        cmocka_unit_test_teardown(test_nothing_begins_behind_a_number_that_is_cut_off, end),
        cmocka_unit_test_teardown(test_timestamps_are_read_from_every_form_of_a_number, end),
        cmocka_unit_test_teardown(test_negative_numbers_are_read_from_every_form, end),
        cmocka_unit_test_teardown(test_narrow_numbers_refuse_wider_ones, end),
        cmocka_unit_test_teardown(test_floats_widen_and_narrow_to_the_same_number_only, end),
        cmocka_unit_test_teardown(test_strings_end_in_a_nul_where_they_stand, end),
        cmocka_unit_test_teardown(test_bad_strings_are_refused, end),
        cmocka_unit_test_teardown(test_bytes_and_uuids_are_read_from_every_form, end),
        cmocka_unit_test_teardown(test_counts_are_held_against_the_bytes_left, end),
        cmocka_unit_test_teardown(test_slots_are_zeroed_bounded_and_aligned, end),
        cmocka_unit_test_teardown(test_any_gets_back_the_byte_that_a_string_took, end),
        cmocka_unit_test_teardown(test_every_form_is_stepped_over_and_none_half, end),
        cmocka_unit_test_teardown(test_hostile_counts_end_at_once, end),
        cmocka_unit_test_teardown(test_skip_is_deep_without_recursion_and_any_is_not_deep, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
