/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/alloc.h"
#include "support/fail_alloc.h"

static void test_asks_for_a_byte_where_none_is_wanted(void **state)
{
    (void)state;
    struct fail_alloc memory;
    fail_alloc_init(&memory); /* aborts when asked for 0 */
    void *block = larder_alloc(&memory.allocator, 0);
    assert_non_null(block);
    block = larder_realloc(&memory.allocator, block, 0);
    assert_non_null(block);
    larder_free(&memory.allocator, block);
    assert_int_equal(memory.live_blocks, 0);
}

static void test_zeroes_and_refuses_sizes_that_overflow(void **state)
{
    (void)state;
    static const char zeroes[24];
    void *block = larder_alloc_zeroed(&larder_allocator_libc, 3, 8);
    assert_memory_equal(block, zeroes, sizeof zeroes);
    larder_free(&larder_allocator_libc, block);
    assert_null(larder_alloc_zeroed(&larder_allocator_libc, SIZE_MAX / 2, 3));
}

static void test_realloc_of_null_allocates_and_keeps_bytes(void **state)
{
    (void)state;
    struct fail_alloc memory;
    fail_alloc_init(&memory);
    char *block = larder_realloc(&memory.allocator, NULL, 4);
    memcpy(block, "tea", 4);
    block = larder_realloc(&memory.allocator, block, 4000);
    assert_string_equal(block, "tea");
    larder_free(&memory.allocator, block);
    assert_int_equal(memory.live_blocks, 0);
}

static void test_a_failed_realloc_leaves_the_old_block(void **state)
{
    (void)state;
    struct fail_alloc memory;
    fail_alloc_init(&memory);
    char *block = larder_strdup(&memory.allocator, "tea");
    memory.fail_at = 2;
    assert_null(larder_realloc(&memory.allocator, block, 4000));
    assert_string_equal(block, "tea");
    larder_free(&memory.allocator, block);
    assert_int_equal(memory.live_blocks, 0);
}

static void test_without_memory_everything_answers_null(void **state)
{
    (void)state;
    struct fail_alloc memory;
    fail_alloc_init(&memory);
    memory.fail_at = 1;
    memory.fail_after = true;
    assert_null(larder_alloc(&memory.allocator, 1));
    assert_null(larder_alloc_zeroed(&memory.allocator, 1, 1));
    assert_null(larder_realloc(&memory.allocator, NULL, 1));
    assert_null(larder_strdup(&memory.allocator, ""));
    larder_free(&memory.allocator, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asks_for_a_byte_where_none_is_wanted),
        cmocka_unit_test(test_zeroes_and_refuses_sizes_that_overflow),
        cmocka_unit_test(test_realloc_of_null_allocates_and_keeps_bytes),
        cmocka_unit_test(test_a_failed_realloc_leaves_the_old_block),
        cmocka_unit_test(test_without_memory_everything_answers_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
