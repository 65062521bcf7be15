/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <larder/codec.h>

#include "support/fail_alloc.h"

struct entry {
    const char *key;
    char text[24];
};

static struct fail_alloc memory;
static struct entry *entries;

enum { MANY = 100000 };

static int begin(void **state)
{
    (void)state;
    fail_alloc_init(&memory);
    entries = calloc(MANY, sizeof *entries);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(entries[i].text, sizeof entries[i].text, "key %zu", i);
        entries[i].key = entries[i].text;
    }
    return entries != NULL ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    free(entries);
    return memory.live_blocks == 0 ? 0 : -1;
}

static enum larder_status check(size_t count)
{
    return larder_entries_check(&memory.allocator, entries, count, sizeof *entries);
}

static void test_different_keys_are_unique_at_every_count(void **state)
{
    (void)state;
    for (size_t count = 0; count < 300; count++) {
        assert_int_equal(check(count), LARDER_OK);
    }
    assert_int_equal(check(MANY), LARDER_OK);
    assert_true(larder_entries_unique(&memory.allocator, entries, MANY, sizeof *entries));
}

static void test_a_key_twice_is_found_wherever_it_is(void **state)
{
    (void)state;
    for (size_t count = 2; count < 40; count++) {
        for (size_t at = 0; at + 1 < count; at++) {
            const char *kept = entries[count - 1].key;
            entries[count - 1].key = entries[at].key;
            assert_int_equal(check(count), LARDER_E_ARG);
            entries[count - 1].key = kept;
        }
    }
    memcpy(entries[MANY - 1].text, "key 0", 6);
    assert_int_equal(check(MANY), LARDER_E_ARG);
    assert_int_equal(check(MANY - 1), LARDER_OK);
}

static void test_no_key_is_no_key(void **state)
{
    (void)state;
    entries[1].key = NULL;
    assert_int_equal(check(3), LARDER_E_ARG);
    assert_int_equal(check(100), LARDER_E_ARG);
}

static void test_few_keys_take_no_memory_and_many_a_stated_amount(void **state)
{
    (void)state;
    assert_int_equal(check(16), LARDER_OK);
    assert_int_equal(memory.calls, 0);
    for (size_t count = 17; count < 3000; count++) {
        memory.peak_bytes = 0;
        assert_int_equal(check(count), LARDER_OK);
        assert_true(memory.peak_bytes <= 64 * count);
    }
    memory.fail_at = memory.calls + 1;
    assert_int_equal(check(17), LARDER_E_NOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_different_keys_are_unique_at_every_count, begin, end),
        cmocka_unit_test_setup_teardown(test_a_key_twice_is_found_wherever_it_is, begin, end),
        cmocka_unit_test_setup_teardown(test_no_key_is_no_key, begin, end),
        cmocka_unit_test_setup_teardown(test_few_keys_take_no_memory_and_many_a_stated_amount,
                                        begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
