/* SPDX-License-Identifier: MIT */
/* The set that invalidations are collected in: each once, in whole calls, within bounds. */
#include "shelf.h"

#include "cache/drops.h"

static void add(struct larder_drops *drops, const struct shelf *shelf, uint64_t id)
{
    const struct larder_key key = shelf_key(shelf, &tea_entity, id);
    assert_status(larder_drops_add_key(drops, &tea_entity, &key), LARDER_OK);
}

static void each_is_in_it_once(void **state)
{
    struct shelf *shelf = *state;
    struct larder_drops drops;
    larder_drops_init(&drops, shelf->cache);
    for (uint64_t i = 0; i < 3000; i++) {
        add(&drops, shelf, i % 1000);
        assert_status(larder_drops_add_version(&drops, i % 500), LARDER_OK);
    }
    assert_int_equal(drops.count, 1500);
    assert_int_equal(drops.version_count, 500);
    larder_drops_release(&drops);
}

/* What is cut off can come again, and what stays is still known. */
static void the_newest_can_be_taken_out(void **state)
{
    struct shelf *shelf = *state;
    struct larder_drops drops;
    larder_drops_init(&drops, shelf->cache);
    for (uint64_t i = 0; i < 100; i++) {
        add(&drops, shelf, i);
        assert_status(larder_drops_add_version(&drops, i), LARDER_OK);
    }
    size_t bytes = drops.bytes.len;
    for (uint64_t i = 100; i < 1000; i++) {
        add(&drops, shelf, i);
        assert_status(larder_drops_add_version(&drops, i), LARDER_OK);
    }
    larder_drops_cut(&drops, 200);
    assert_int_equal(drops.count, 200);
    assert_int_equal(drops.version_count, 100);
    assert_int_equal(drops.bytes.len, bytes);
    for (uint64_t i = 0; i < 150; i++) {
        add(&drops, shelf, i);
        assert_status(larder_drops_add_version(&drops, i), LARDER_OK);
    }
    assert_int_equal(drops.count, 300);
    assert_int_equal(drops.version_count, 150);
    larder_drops_release(&drops);
}

static void a_full_one_takes_nothing_and_loses_nothing(void **state)
{
    struct shelf *shelf = *state;
    struct larder_drops drops;
    const struct larder_key key = shelf_key(shelf, &tea_entity, 1);
    larder_drops_init(&drops, shelf->cache);
    for (uint64_t i = 0; i < LARDER_DROPS_ITEMS_MAX; i++) {
        assert_true(larder_drops_add_version(&drops, i * 7) == LARDER_OK);
    }
    assert_status(larder_drops_add_version(&drops, 1), LARDER_E_TOO_LARGE);
    assert_non_null(strstr(larder_last_error(), "the batch is full"));
    assert_status(larder_drops_add_key(&drops, &tea_entity, &key), LARDER_E_TOO_LARGE);
    assert_int_equal(drops.bytes.len, 0);
    assert_int_equal(drops.count, LARDER_DROPS_ITEMS_MAX);
    assert_status(larder_drops_add_version(&drops, 7), LARDER_OK); /* it is there */
    larder_drops_release(&drops);
}

/* A call that runs out of memory puts in nothing, and what was in is sent all the same. */
static void memory_may_fail_at_any_time(void **state)
{
    struct shelf *shelf = *state;
    enum { BEFORE = 16 }; /* the next one makes it grow */
    for (shelf->memory.fail_at = 1;; shelf->memory.fail_at++) {
        struct larder_drops drops;
        bool failed = false;
        size_t fail_at = shelf->memory.fail_at;
        shelf->memory.fail_at = 0;
        larder_drops_init(&drops, shelf->cache);
        for (uint64_t i = 0; i < BEFORE; i++) {
            assert_status(shelf_set(shelf, &tea_entity, i, "tea"), LARDER_OK);
            add(&drops, shelf, i);
        }
        shelf->memory.calls = 0;
        shelf->memory.fail_at = fail_at;
        for (uint64_t i = 0; i < BEFORE && !failed; i++) {
            const struct larder_key key = shelf_key(shelf, &tea_entity, 1000 + i);
            failed = larder_drops_add_key(&drops, &tea_entity, &key) == LARDER_E_NOMEM;
        }
        enum larder_status status = larder_drops_send(&drops);
        shelf->memory.fail_at = 0;
        assert_true(status == LARDER_OK || status == LARDER_E_NOMEM);
        for (uint64_t i = 0; i < BEFORE; i++) {
            const struct tea *tea;
            assert_status(shelf_get(shelf, &tea_entity, i, &tea),
                          status == LARDER_OK ? LARDER_MISS : LARDER_OK);
            larder_value_release(tea);
        }
        larder_drops_release(&drops);
        if (shelf->memory.calls < fail_at) {
            break;
        }
        shelf->memory.fail_at = fail_at;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELF_TEST(each_is_in_it_once),
        SHELF_TEST(the_newest_can_be_taken_out),
        SHELF_TEST(a_full_one_takes_nothing_and_loses_nothing),
        SHELF_TEST(memory_may_fail_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
