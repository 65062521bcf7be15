/* SPDX-License-Identifier: MIT */
/* The tags that are guessed, and the set of versions that are asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "cache/guesses.h"
#include "cache/version_set.h"
#include "support/fail_alloc.h"

static void test_what_was_put_is_guessed(void **state)
{
    static struct larder_guesses guesses;
    uint64_t ids[LARDER_TAGS_MAX] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint64_t found[LARDER_TAGS_MAX];
    (void)state;
    assert_int_equal(larder_guesses_get(&guesses, 5, found), 0);
    larder_guesses_put(&guesses, 5, ids, 8);
    assert_int_equal(larder_guesses_get(&guesses, 5, found), 8);
    assert_int_equal(found[7], 8);
    larder_guesses_put(&guesses, 5, ids, 2);
    assert_int_equal(larder_guesses_get(&guesses, 5, found), 2);
    assert_int_equal(larder_guesses_get(&guesses, 5 + LARDER_GUESS_SLOTS, found), 0);
    larder_guesses_put(&guesses, 5 + LARDER_GUESS_SLOTS, ids, 1); /* the same slot */
    assert_int_equal(larder_guesses_get(&guesses, 5, found), 0);
    assert_int_equal(larder_guesses_get(NULL, 5, found), 0);
    larder_guesses_put(NULL, 5, ids, 1);
}

static void test_a_set_has_each_id_once(void **state)
{
    struct larder_version_set set;
    (void)state;
    larder_version_set_init(&set, &larder_allocator_libc);
    for (int round = 0; round < 2; round++) {
        for (uint64_t id = 1; id <= 5000; id++) {
            assert_true(larder_version_set_add(&set, id << 20)); /* alike below */
        }
    }
    assert_int_equal(set.count, 5000);
    for (uint64_t id = 1; id <= 5000; id++) {
        struct larder_version_seen *seen = larder_version_set_find(&set, id << 20);
        assert_non_null(seen);
        assert_int_equal(seen->id, id << 20);
        assert_int_equal(seen - set.seen, id - 1); /* in their order */
    }
    assert_null(larder_version_set_find(&set, 7));
    larder_version_set_release(&set);
}

static void test_a_few_take_no_memory(void **state)
{
    struct larder_version_set set;
    struct fail_alloc memory;
    (void)state;
    fail_alloc_init(&memory);
    larder_version_set_init(&set, &memory.allocator);
    for (uint64_t id = 1; id <= LARDER_VERSION_SET_FEW; id++) {
        assert_true(larder_version_set_add(&set, id));
    }
    assert_int_equal(memory.calls, 0);
    larder_version_set_release(&set);
}

static void test_a_set_without_memory_stays_as_it_is(void **state)
{
    struct larder_version_set set;
    struct fail_alloc memory;
    (void)state;
    for (size_t nth = 1; nth <= 2; nth++) {
        fail_alloc_init(&memory);
        larder_version_set_init(&set, &memory.allocator);
        for (uint64_t id = 1; id <= LARDER_VERSION_SET_FEW; id++) {
            assert_true(larder_version_set_add(&set, id));
        }
        memory.fail_at = nth;
        assert_false(larder_version_set_add(&set, 99));
        assert_int_equal(set.count, LARDER_VERSION_SET_FEW);
        assert_non_null(larder_version_set_find(&set, 1));
        larder_version_set_release(&set);
        assert_int_equal(memory.live_blocks, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_put_is_guessed),
        cmocka_unit_test(test_a_set_has_each_id_once),
        cmocka_unit_test(test_a_few_take_no_memory),
        cmocka_unit_test(test_a_set_without_memory_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
