/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/arena.h"

static bool is_zero(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

static void memory_is_zeroed_and_aligned_in_any_size(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    for (size_t size = 0; size < 300000; size = size * 2 + 1) {
        unsigned char *block = arena_alloc(arena, size);
        assert_int_equal((uintptr_t)block % _Alignof(uint64_t), 0);
        assert_true(is_zero(block, size));
        memset(block, 0xA5, size);
    }
    arena_free(arena);
}

static void the_last_block_grows_where_it_is(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    char *block = arena_alloc(arena, 100);
    memcpy(block, "kept", 5);
    assert_ptr_equal(arena_grow(arena, block, 100, 5000), block);
    assert_string_equal(block, "kept");
    assert_true(is_zero((unsigned char *)block + 100, 4900));
    arena_free(arena);
}

static void another_block_moves_and_keeps_its_bytes(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    char *block = arena_copy(arena, "abc", 3);
    char *after = arena_strdup(arena, "after");
    char *grown = arena_grow(arena, block, 4, 200);
    assert_ptr_not_equal(grown, block);
    assert_string_equal(grown, "abc");
    assert_string_equal(after, "after");
    assert_true(is_zero((unsigned char *)grown + 4, 196));
    arena_free(arena);
}

static void an_array_grows_from_nothing_past_a_chunk(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    size_t *numbers = NULL;
    for (size_t i = 0; i < 10000; i++) {
        numbers = arena_grow(arena, numbers, i * sizeof(*numbers), (i + 1) * sizeof(*numbers));
        numbers[i] = i;
    }
    for (size_t i = 0; i < 10000; i++)
        assert_int_equal(numbers[i], i);
    arena_free(arena);
}

static void shrinking_leaves_a_block_alone(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    char *block = arena_strdup(arena, "text");
    assert_ptr_equal(arena_grow(arena, block, 5, 2), block);
    assert_string_equal(block, "text");
    arena_free(arena);
}

static void printf_makes_text_of_any_length(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_string_equal(arena_printf(arena, "%s:%d", "a", 7), "a:7");
    assert_int_equal(strlen(arena_printf(arena, "%0100000d", 1)), 100000);
    arena_free(arena);
}

static void freeing_nothing_is_allowed(void **state)
{
    (void)state;
    arena_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned_in_any_size),
        cmocka_unit_test(the_last_block_grows_where_it_is),
        cmocka_unit_test(another_block_moves_and_keeps_its_bytes),
        cmocka_unit_test(an_array_grows_from_nothing_past_a_chunk),
        cmocka_unit_test(shrinking_leaves_a_block_alone),
        cmocka_unit_test(printf_makes_text_of_any_length),
        cmocka_unit_test(freeing_nothing_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
