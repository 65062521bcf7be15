/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cache/call.h"
#include "codec/block.h"
#include "support/fail_alloc.h"
#include "unit/codec/sample.h"

static uint8_t room[64];
static struct fail_alloc memory;
static struct larder_writer w;

static int begin(void **state)
{
    (void)state;
    fail_alloc_init(&memory);
    larder_writer_init(&w, &memory.allocator, room, sizeof room, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    larder_writer_release(&w);
    return memory.live_blocks == 0 ? 0 : -1;
}

static void assert_written(const char *expected, size_t len)
{
    assert_int_equal(larder_writer_len(&w), len);
    assert_memory_equal(w.start, expected, len);
    w.p = w.start;
}

#define ASSERT_WRITTEN(text) assert_written(text, sizeof text - 1)

static void test_numbers_take_their_shortest_form(void **state)
{
    (void)state;
    w.p = larder_write_u64(w.p, 0);
    w.p = larder_write_u64(w.p, 127);
    ASSERT_WRITTEN("\x00\x7f");
    w.p = larder_write_u64(w.p, 128);
    w.p = larder_write_u64(w.p, 255);
    ASSERT_WRITTEN("\xcc\x80\xcc\xff");
    w.p = larder_write_u64(w.p, 256);
    w.p = larder_write_u64(w.p, 65535);
    ASSERT_WRITTEN("\xcd\x01\x00\xcd\xff\xff");
    w.p = larder_write_u64(w.p, 65536);
    w.p = larder_write_u64(w.p, UINT32_MAX);
    ASSERT_WRITTEN("\xce\x00\x01\x00\x00\xce\xff\xff\xff\xff");
    w.p = larder_write_u64(w.p, (uint64_t)UINT32_MAX + 1);
    ASSERT_WRITTEN("\xcf\x00\x00\x00\x01\x00\x00\x00\x00");
    w.p = larder_write_i64(w.p, -1);
    w.p = larder_write_i64(w.p, -32);
    w.p = larder_write_i64(w.p, -33);
    w.p = larder_write_i64(w.p, -128);
    ASSERT_WRITTEN("\xff\xe0\xd0\xdf\xd0\x80");
    w.p = larder_write_i64(w.p, -129);
    w.p = larder_write_i64(w.p, -32768);
    ASSERT_WRITTEN("\xd1\xff\x7f\xd1\x80\x00");
    w.p = larder_write_i64(w.p, -32769);
    w.p = larder_write_i64(w.p, INT32_MIN);
    ASSERT_WRITTEN("\xd2\xff\xff\x7f\xff\xd2\x80\x00\x00\x00");
    w.p = larder_write_i64(w.p, (int64_t)INT32_MIN - 1);
    ASSERT_WRITTEN("\xd3\xff\xff\xff\xff\x7f\xff\xff\xff");
    static const int64_t moments[] = {0,         -33,      UINT32_MAX, (int64_t)UINT32_MAX + 1,
                                      INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        char number[9];
        size_t len = (size_t)(larder_write_i64(w.p, moments[i]) - w.p);
        memcpy(number, w.p, len);
        w.p = larder_write_timestamp(w.p, moments[i]);
        assert_written(number, len);
    }
    w.p = larder_write_i64(w.p, 128);
    w.p = larder_write_f32(w.p, 1.5F);
    w.p = larder_write_f64(w.p, -1.5);
    ASSERT_WRITTEN("\xcc\x80\xca\x3f\xc0\x00\x00\xcb\xbf\xf8\x00\x00\x00\x00\x00\x00");
}

static void check_string(size_t len, const char *head, size_t head_len)
{
    /* Volatile: how long it is stays unknown, as it is where codecs are used. */
    volatile size_t size = len + 1;
    char *text = malloc(size);
    assert_non_null(text);
    for (size_t i = 0; i < len; i++) {
        text[i] = (char)('a' + i % 26);
    }
    text[len] = '\0';
    assert_true(larder_write_end(&w, larder_write_item(&w, w.p, text, 0, 0)));
    assert_int_equal(larder_writer_len(&w), head_len + len);
    assert_memory_equal(w.start, head, head_len);
    assert_memory_equal(w.start + head_len, text, len);
    w.p = w.start;
    free(text);
}

static void test_strings_of_every_length_are_copied_whole(void **state)
{
    (void)state;
    for (size_t len = 0; len < 32; len++) {
        char head = (char)(0xa0 | len);
        check_string(len, &head, 1);
    }
    for (size_t len = 32; len < 256; len++) {
        char head[] = {(char)0xd9, (char)len};
        check_string(len, head, 2);
    }
    check_string(256, "\xda\x01\x00", 3);
    check_string(65535, "\xda\xff\xff", 3);
    check_string(65536, "\xdb\x00\x01\x00\x00", 5);
}

static void test_a_byte_that_is_no_character_is_found_wherever_it_is(void **state)
{
    (void)state;
    for (size_t len = 1; len < 140; len++) {
        for (size_t at = 0; at < len; at++) {
            char text[140];
            memset(text, 'x', len);
            text[len] = '\0';
            text[at] = '\x80';
            assert_null(larder_write_string(&w, w.p, text, 0, 0));
            assert_int_equal(w.status, LARDER_E_ARG);
            w.status = LARDER_OK;
        }
    }
}

static void test_characters_beyond_ascii_are_copied_whole(void **state)
{
    (void)state;
    enum { MOST = 140 };
    for (size_t len = 3; len < MOST; len++) {
        for (size_t at = 0; at + 3 <= len; at++) {
            char text[MOST];
            memset(text, 'x', len);
            text[len] = '\0';
            memcpy(text + at, "\xe2\x82\xac", 3);
            assert_true(larder_write_end(&w, larder_write_item(&w, w.p, text, 0, 0)));
            size_t head_len = len < 32 ? 1 : 2;
            assert_int_equal(larder_writer_len(&w), head_len + len);
            assert_memory_equal(w.start + head_len, text, len);
            w.p = w.start;
        }
    }
}

static void test_a_string_that_does_not_fit_is_not_tried(void **state)
{
    (void)state;
    char text[102];
    memset(text, 'x', sizeof text);
    text[101] = '\0';
    larder_writer_init(&w, &memory.allocator, room, sizeof room, 100);
    assert_null(larder_write_string(&w, w.p, text, 0, 0));
    assert_int_equal(w.status, LARDER_E_TOO_LARGE);
    assert_int_equal(memory.calls, 0);
}

static void test_heads_take_their_shortest_form(void **state)
{
    (void)state;
    static const char item;
    static const unsigned char blob[70000];
    assert_true(larder_write_end(&w, larder_write_list(&w, w.p, NULL, 0, 0, 0, 0)));
    assert_true(larder_write_end(&w, larder_write_list(&w, w.p, &item, 15, 0, 0, 0)));
    assert_true(larder_write_end(&w, larder_write_list(&w, w.p, &item, 16, 0, 0, 0)));
    assert_true(larder_write_end(&w, larder_write_list(&w, w.p, &item, 65536, 0, 0, 0)));
    ASSERT_WRITTEN("\x90\x9f\xdc\x00\x10\xdd\x00\x01\x00\x00");
    w.p = larder_write_struct(w.p, 15);
    w.p = larder_write_struct(w.p, 16);
    assert_true(larder_write_end(&w, larder_write_map(&w, w.p, NULL, 0, 8, 0, 0)));
    ASSERT_WRITTEN("\x9f\xdc\x00\x10\x80");
    assert_true(
        larder_write_end(&w, larder_write_bytes(&w, w.p, (struct larder_bytes){NULL, 0}, 0, 0)));
    ASSERT_WRITTEN("\xc4\x00");
    assert_true(
        larder_write_end(&w, larder_write_bytes(&w, w.p, (struct larder_bytes){blob, 256}, 0, 0)));
    assert_memory_equal(w.start, "\xc5\x01\x00\x00", 4);
    w.p = w.start;
    assert_true(larder_write_end(
        &w, larder_write_bytes(&w, w.p, (struct larder_bytes){blob, 65536}, 0, 0)));
    assert_memory_equal(w.start, "\xc6\x00\x01\x00\x00\x00", 6);
    assert_int_equal(larder_writer_len(&w), 5 + 65536);
}

/* Encodes a full sample with one thing wrong. */
static void assert_refused(const struct sample *value, const char *field)
{
    larder_writer_release(&w);
    larder_writer_init(&w, &memory.allocator, room, sizeof room, 0);
    assert_false(larder_value_encode(&w, &sample_entity, value));
    assert_int_equal(w.status, LARDER_E_ARG);
    assert_string_equal(w.field, field);
}

static void test_each_wrong_member_is_named(void **state)
{
    (void)state;
    static const char *const bad_label[] = {"ok", "not utf-8: \xff"};
    static const struct sample_attr twice[] = {{"a", 1}, {"b", 2}, {"a", 3}};
    static const struct sample_attr no_key[] = {{"a", 1}, {NULL, 2}};
    static const uint32_t many[1001];
    static const unsigned char half_a_string[] = {0xa3, 'a'};
    struct sample value = sample_full();
    value.name = NULL;
    assert_refused(&value, "name");
    value.name = "a name of forty-one bytes, one too many..";
    assert_refused(&value, "name");
    value = sample_full();
    value.color = (enum sample_color)3;
    assert_refused(&value, "color");
    value = sample_full();
    value.extra = (struct larder_bytes){NULL, 0};
    assert_refused(&value, "extra");
    value.extra = (struct larder_bytes){half_a_string, 2};
    assert_refused(&value, "extra");
    value = sample_full();
    value.blob.data = NULL;
    assert_refused(&value, "blob");
    value = sample_full();
    value.numbers = (struct larder_u32_list){many, 1001};
    assert_refused(&value, "numbers");
    value.numbers = (struct larder_u32_list){NULL, 1};
    assert_refused(&value, "numbers");
    value = sample_full();
    value.labels = (struct larder_string_list){bad_label, 2};
    assert_refused(&value, "labels");
    value = sample_full();
    value.attrs = (struct sample_attr_map){twice, 3};
    assert_refused(&value, "attrs");
    value.attrs = (struct sample_attr_map){no_key, 2};
    assert_refused(&value, "attrs");
}

static void test_a_value_that_holds_itself_ends(void **state)
{
    (void)state;
    struct sample_node node = {.id = 1};
    node.children = (struct sample_node_list){&node, 1};
    struct sample value = sample_full();
    value.tree = node.children;
    assert_false(larder_value_encode(&w, &sample_entity, &value));
    assert_int_equal(w.status, LARDER_E_TOO_LARGE);
}

static void test_absent_items_have_room_behind_a_long_one(void **state)
{
    (void)state;
    /* The long one takes what the head reserved; the absent ones need their own. */
    static char text[3000];
    static const char *labels[400];
    struct sample value = sample_full();
    memset(text, 'x', sizeof text - 1);
    for (size_t i = 0; i < 400; i += 101) {
        labels[i] = text;
    }
    value.labels = (struct larder_string_list){labels, 400};
    assert_true(larder_value_encode(&w, &sample_entity, &value));
}

static void test_the_bound_is_held_against_what_was_written(void **state)
{
    (void)state;
    static const uint32_t small[1000];
    struct sample value = sample_small();
    value.numbers = (struct larder_u32_list){small, 1000};
    /* A thousand zeroes may take 5000 bytes, and take 1000. */
    assert_true(larder_value_encode(&w, &sample_entity, &value));
    size_t exact = larder_writer_len(&w);
    assert_true(exact < 1200);
    larder_writer_release(&w);
    larder_writer_init(&w, &memory.allocator, room, sizeof room, exact);
    assert_true(larder_value_encode(&w, &sample_entity, &value));
    larder_writer_release(&w);
    larder_writer_init(&w, &memory.allocator, room, sizeof room, exact - 1);
    assert_false(larder_value_encode(&w, &sample_entity, &value));
    assert_int_equal(w.status, LARDER_E_TOO_LARGE);
}

static void test_lengths_beyond_the_bound_are_not_even_tried(void **state)
{
    (void)state;
    static const char item;
    larder_writer_init(&w, &memory.allocator, room, sizeof room, 100);
    assert_false(larder_write_end(&w, larder_write_list(&w, w.p, &item, 101, 0, 1, 0)));
    assert_int_equal(w.status, LARDER_E_TOO_LARGE);
    assert_int_equal(memory.calls, 0);
    larder_writer_init(&w, &memory.allocator, room, sizeof room, 100);
    assert_false(larder_write_end(&w, larder_write_list(&w, w.p, &item, SIZE_MAX, 0, 9, 0)));
    assert_int_equal(w.status, LARDER_E_TOO_LARGE);
    larder_writer_init(&w, &memory.allocator, room, sizeof room, 100);
    w.p = larder_write_nil(w.p);
    assert_false(larder_writer_grow(&w, SIZE_MAX));
    assert_int_equal(w.status, LARDER_E_TOO_LARGE);
    assert_int_equal(larder_writer_len(&w), 1);
}

/* Numbers are stored as whole words, which reach beyond them but not beyond the room. */
static void test_nothing_is_stored_behind_the_room(void **state)
{
    (void)state;
    enum { MOST = 64, BEHIND = 16 };
    static const uint8_t item = 200;
    uint8_t untouched[BEHIND];
    memset(untouched, 0xff, sizeof untouched);
    for (size_t size = 0; size < MOST; size++) {
        uint8_t *own = malloc(size + BEHIND);
        assert_non_null(own);
        memset(own, 0xff, size + BEHIND);
        larder_writer_release(&w);
        larder_writer_init(&w, &memory.allocator, own, size, 0);
        uint8_t *p = larder_write_list(&w, w.p, &item, 1, 0, 2, 0);
        assert_non_null(p);
        if (p != NULL) { /* for compilers that do not know assert_non_null */
            assert_true(larder_write_end(&w, larder_write_u64(p, item)));
        }
        assert_int_equal(larder_writer_len(&w), 3);
        assert_memory_equal(w.start, "\x91\xcc\xc8", 3);
        assert_memory_equal(own + size, untouched, BEHIND);
        larder_writer_release(&w);
        free(own);
    }
}

/* So are strings, as few large words of which some overlap. */
static void test_no_string_is_stored_behind_the_room(void **state)
{
    (void)state;
    enum { MOST = 100, BEHIND = 64 };
    uint8_t untouched[BEHIND];
    memset(untouched, 0xff, sizeof untouched);
    for (size_t len = 0; len < MOST; len++) {
        char text[MOST];
        memset(text, 'x', len);
        text[len] = '\0';
        for (size_t size = 0; size < MOST; size++) {
            uint8_t own[MOST + BEHIND];
            memset(own, 0xff, sizeof own);
            larder_writer_release(&w);
            larder_writer_init(&w, &memory.allocator, own, size, 0);
            assert_true(larder_write_end(&w, larder_write_item(&w, w.p, text, 0, 0)));
            assert_int_equal(larder_writer_len(&w), (len < 32 ? 1 : 2) + len);
            assert_memory_equal(own + size, untouched, BEHIND);
        }
    }
    larder_writer_release(&w);
}

/* Whatever room there is, the stored bytes are the same, and none lie behind it. */
static void test_a_stored_value_needs_no_room_beforehand(void **state)
{
    (void)state;
    enum { MOST = 64, BEHIND = 16 };
    static uint8_t large[4096];
    struct sample value = sample_full();
    struct larder_writer expected;
    uint8_t untouched[BEHIND];
    memset(untouched, 0xff, sizeof untouched);
    larder_writer_init(&expected, &memory.allocator, large, sizeof large, 0);
    assert_int_equal(larder_stored_write(&expected, &sample_entity, 7, NULL, &value), LARDER_OK);
    for (size_t size = 0; size < MOST; size++) {
        uint8_t own[MOST + BEHIND];
        memset(own, 0xff, sizeof own);
        larder_writer_init(&w, &memory.allocator, own, size, 0);
        assert_int_equal(larder_stored_write(&w, &sample_entity, 7, NULL, &value), LARDER_OK);
        assert_int_equal(larder_writer_len(&w), larder_writer_len(&expected));
        assert_memory_equal(w.start, expected.start, larder_writer_len(&expected));
        assert_memory_equal(own + size, untouched, BEHIND);
        larder_writer_release(&w);
    }
    larder_writer_release(&expected);
    memory.fail_at = memory.calls + 1;
    larder_writer_init(&w, &memory.allocator, NULL, 0, 0);
    assert_int_equal(larder_stored_write(&w, &sample_entity, 7, NULL, &value), LARDER_E_NOMEM);
}

static void test_any_allocation_may_fail(void **state)
{
    (void)state;
    struct sample value = sample_full();
    size_t failures = 0;
    for (memory.fail_at = 1;; memory.fail_at++) {
        memory.calls = 0;
        larder_writer_init(&w, &memory.allocator, room, 1, 0);
        bool done = larder_value_encode(&w, &sample_entity, &value);
        bool reached = memory.calls >= memory.fail_at;
        assert_int_equal(done, !reached);
        assert_int_equal(w.status, reached ? LARDER_E_NOMEM : LARDER_OK);
        larder_writer_release(&w);
        assert_int_equal(memory.live_blocks, 0);
        if (!reached) {
            break;
        }
        failures++;
    }
    assert_true(failures >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_numbers_take_their_shortest_form, begin, end),
        cmocka_unit_test_setup_teardown(test_strings_of_every_length_are_copied_whole, begin, end),
        cmocka_unit_test_setup_teardown(test_characters_beyond_ascii_are_copied_whole, begin, end),
        cmocka_unit_test_setup_teardown(test_a_byte_that_is_no_character_is_found_wherever_it_is,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_a_string_that_does_not_fit_is_not_tried, begin, end),
        cmocka_unit_test_setup_teardown(test_heads_take_their_shortest_form, begin, end),
        cmocka_unit_test_setup_teardown(test_each_wrong_member_is_named, begin, end),
        cmocka_unit_test_setup_teardown(test_a_value_that_holds_itself_ends, begin, end),
        cmocka_unit_test_setup_teardown(test_absent_items_have_room_behind_a_long_one, begin, end),
        cmocka_unit_test_setup_teardown(test_the_bound_is_held_against_what_was_written, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_lengths_beyond_the_bound_are_not_even_tried, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_nothing_is_stored_behind_the_room, begin, end),
        cmocka_unit_test_setup_teardown(test_no_string_is_stored_behind_the_room, begin, end),
        cmocka_unit_test_setup_teardown(test_a_stored_value_needs_no_room_beforehand, begin, end),
        cmocka_unit_test_setup_teardown(test_any_allocation_may_fail, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
