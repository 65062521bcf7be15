/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/bytes.h"
#include "support/fail_alloc.h"

static struct fail_alloc memory;

static int begin(void **state)
{
    (void)state;
    fail_alloc_init(&memory);
    return 0;
}

static void test_grows_to_what_is_appended(void **state)
{
    (void)state;
    struct larder_buffer buffer;
    larder_buffer_init(&buffer, &memory.allocator, 100000);
    assert_null(buffer.data);
    for (int i = 0; i < 10000; i++) {
        char pair[] = {(char)('a' + i % 26), '.'};
        assert_true(larder_buffer_append(&buffer, pair, 2));
    }
    assert_int_equal(buffer.len, 20000);
    for (size_t i = 0; i < 10000; i++) {
        assert_int_equal(buffer.data[2 * i], (char)('a' + i % 26));
    }
    assert_true(memory.calls < 20);
    larder_buffer_release(&buffer);
    assert_int_equal(memory.live_blocks, 0);
}

static void test_holds_exactly_its_maximum(void **state)
{
    (void)state;
    struct larder_buffer buffer;
    larder_buffer_init(&buffer, &memory.allocator, 5);
    assert_true(larder_buffer_append(&buffer, "abcde", 5));
    assert_false(larder_buffer_append(&buffer, "f", 1));
    assert_int_equal(buffer.status, LARDER_E_TOO_LARGE);
    assert_int_equal(buffer.len, 5);
    assert_memory_equal(buffer.data, "abcde", 5);
    assert_true(buffer.capacity <= 5);
    larder_buffer_release(&buffer);
}

static void test_a_length_near_the_end_of_size_t_is_too_large(void **state)
{
    (void)state;
    struct larder_buffer buffer;
    larder_buffer_init(&buffer, &memory.allocator, SIZE_MAX);
    assert_true(larder_buffer_append(&buffer, "a", 1));
    assert_false(larder_buffer_reserve(&buffer, SIZE_MAX));
    assert_int_equal(buffer.status, LARDER_E_TOO_LARGE);
    larder_buffer_release(&buffer);
}

static void test_the_first_failure_sticks(void **state)
{
    (void)state;
    struct larder_buffer buffer;
    larder_buffer_init(&buffer, &memory.allocator, 1000);
    assert_true(larder_buffer_append(&buffer, "a", 1));
    memory.fail_at = memory.calls + 1;
    assert_false(larder_buffer_reserve(&buffer, 500));
    assert_int_equal(buffer.status, LARDER_E_NOMEM);
    assert_false(larder_buffer_append(&buffer, "b", 1));
    assert_int_equal(buffer.status, LARDER_E_NOMEM);
    assert_int_equal(buffer.len, 1);
    assert_int_equal(buffer.data[0], 'a');
    larder_buffer_release(&buffer);
    assert_int_equal(memory.live_blocks, 0);
}

static void test_clear_forgives_and_keeps_no_more_than_told(void **state)
{
    (void)state;
    struct larder_buffer buffer;
    larder_buffer_init(&buffer, &memory.allocator, 100);
    assert_true(larder_buffer_append(&buffer, "abc", 3));
    assert_false(larder_buffer_reserve(&buffer, 101));
    larder_buffer_clear(&buffer, 100);
    assert_int_equal(buffer.len, 0);
    assert_int_equal(memory.live_blocks, 1);
    assert_true(larder_buffer_append(&buffer, NULL, 0));
    larder_buffer_clear(&buffer, 8);
    assert_int_equal(memory.live_blocks, 0);
    assert_true(larder_buffer_append(&buffer, "abc", 3));
    larder_buffer_release(&buffer);
    assert_int_equal(memory.live_blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_grows_to_what_is_appended, begin),
        cmocka_unit_test_setup(test_holds_exactly_its_maximum, begin),
        cmocka_unit_test_setup(test_a_length_near_the_end_of_size_t_is_too_large, begin),
        cmocka_unit_test_setup(test_the_first_failure_sticks, begin),
        cmocka_unit_test_setup(test_clear_forgives_and_keeps_no_more_than_told, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
