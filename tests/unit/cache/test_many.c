/* SPDX-License-Identifier: MIT */
/* Many entries at once. */
#include "shelf.h"

#include <stdlib.h>

#include "backend/backend.h"
#include "cache/handle.h"

/* A key of 0 is one that cannot be built, UINT64_MAX one that is too long. */
static const struct larder_entity *build(struct larder_key *key, const void *keys, size_t i)
{
    uint64_t id = ((const uint64_t *)keys)[i];
    larder_key_literal(key, "tea:", 4);
    larder_key_u64(key, id);
    if (id == 0) {
        larder_key_string(key, NULL);
    }
    for (int k = 0; id == UINT64_MAX && k < 1100; k++) {
        larder_key_literal(key, "x", 1);
    }
    return &tea_entity;
}

static enum larder_status get_many(const struct shelf *shelf, const uint64_t *ids, size_t count,
                                   const struct tea **ret_teas, enum larder_status *ret_each)
{
    return larder_stub_get_many(shelf->cache, &tea_entity, build, ids, count, ret_teas, ret_each);
}

static void each_key_has_its_answer_in_order(void **state)
{
    const struct shelf *shelf = *state;
    const uint64_t ids[] = {3, 1, 2, 3};
    const struct tea *teas[4];
    enum larder_status each[4];
    assert_status(shelf_set(shelf, &tea_entity, 1, "one"), LARDER_OK);
    assert_status(shelf_set(shelf, &tea_entity, 3, "three"), LARDER_OK);
    assert_status(get_many(shelf, ids, 4, teas, each), LARDER_OK);
    assert_string_equal(teas[0]->name, "three");
    assert_string_equal(teas[1]->name, "one");
    assert_null(teas[2]);
    assert_int_equal(each[2], LARDER_MISS);
    larder_value_release(teas[0]);
    assert_string_equal(teas[3]->name, "three");
    larder_value_release(teas[3]);
    larder_value_release(teas[1]);
    assert_int_equal(shelf_stats(shelf, &tea_entity).hits, 3);
    assert_int_equal(shelf_stats(shelf, &tea_entity).misses, 1);
}

static void a_key_that_fails_fails_no_other(void **state)
{
    const struct shelf *shelf = *state;
    const uint64_t ids[] = {1, UINT64_MAX, 2, 0};
    const struct tea teas[] = {{1, "a", 1}, {0, "b", 1}, {2, NULL, 1}, {0, "d", 1}};
    const struct tea *read[4];
    enum larder_status each[4];
    assert_status(larder_stub_set_many(shelf->cache, &tea_entity, build, ids, 4, teas, each),
                  LARDER_E_TOO_LARGE);
    assert_non_null(strstr(larder_last_error(), "1024"));
    assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
    assert_int_equal(each[0], LARDER_OK);
    assert_int_equal(each[1], LARDER_E_TOO_LARGE);
    assert_int_equal(each[2], LARDER_E_ARG);
    assert_int_equal(each[3], LARDER_E_ARG);
    assert_status(get_many(shelf, ids, 4, read, each), LARDER_E_TOO_LARGE);
    assert_int_equal(each[0], LARDER_OK);
    assert_string_equal(read[0]->name, "a");
    assert_int_equal(each[1], LARDER_E_TOO_LARGE);
    assert_null(read[1]);
    assert_int_equal(each[2], LARDER_MISS);
    assert_int_equal(each[3], LARDER_E_ARG);
    larder_value_release(read[0]);
    assert_status(larder_stub_delete_many(shelf->cache, build, ids, 4, each), LARDER_E_TOO_LARGE);
    assert_int_equal(each[0], LARDER_OK);
    assert_int_equal(each[2], LARDER_MISS);
}

/* A backend that counts its batches. */
struct counting {
    struct larder_backend base;
    struct larder_backend *real;
    size_t batches;
    size_t operations;
};

static void counting_run(struct larder_backend *backend, struct larder_op *ops, size_t count,
                         int64_t deadline_ns)
{
    struct counting *counting = (struct counting *)backend;
    counting->batches++;
    counting->operations += count;
    counting->real->table->run(counting->real, ops, count, deadline_ns);
}

static const struct larder_backend_table counting_table = {.name = "counting", .run = counting_run};

static void a_batch_is_one_trip_and_a_huge_one_a_few(void **state)
{
    enum { COUNT = 10000 };
    struct shelf *shelf = *state;
    struct counting counting = {{&counting_table}, shelf->cache->backend, 0, 0};
    uint64_t *ids = calloc(COUNT, sizeof *ids);
    struct tea *teas = calloc(COUNT, sizeof *teas);
    const struct tea **read = calloc(COUNT, sizeof *read);
    enum larder_status *each = calloc(COUNT, sizeof *each);
    assert_true(ids && teas && read && each);
    for (size_t i = 0; i < COUNT; i++) {
        ids[i] = i + 1;
        teas[i] = (struct tea){.id = i + 1, .name = "many", .grams = (uint32_t)i};
    }
    shelf->cache->backend = &counting.base;
    assert_status(larder_stub_set_many(shelf->cache, &tea_entity, build, ids, 1000, teas, each),
                  LARDER_OK);
    assert_int_equal(counting.batches, 1);
    assert_status(larder_stub_set_many(shelf->cache, &tea_entity, build, ids, COUNT, teas, each),
                  LARDER_OK);
    assert_int_equal(counting.batches, 4);
    assert_int_equal(counting.operations, 1000 + COUNT);
    assert_status(get_many(shelf, ids, COUNT, read, each), LARDER_OK);
    shelf->cache->backend = counting.real;
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(each[i], LARDER_OK);
        assert_int_equal(read[i]->grams, i);
        larder_value_release(read[i]);
    }
    free(ids);
    free(teas);
    free(read);
    free(each);
}

static void large_values_are_sent_in_pieces(void **state)
{
    enum { COUNT = 3000, LEN = 3500 };
    struct shelf *shelf = *state;
    struct counting counting = {{&counting_table}, shelf->cache->backend, 0, 0};
    char name[LEN + 1];
    memset(name, 'n', LEN);
    name[LEN] = '\0';
    uint64_t *ids = calloc(COUNT, sizeof *ids);
    struct tea *teas = calloc(COUNT, sizeof *teas);
    enum larder_status *each = calloc(COUNT, sizeof *each);
    assert_true(ids && teas && each);
    for (size_t i = 0; i < COUNT; i++) {
        ids[i] = i + 1;
        teas[i] = (struct tea){.id = i + 1, .name = name};
    }
    shelf->cache->backend = &counting.base;
    shelf->memory.peak_bytes = (size_t)shelf->memory.live_bytes;
    size_t before = shelf->memory.live_bytes;
    assert_status(larder_stub_set_many(shelf->cache, &tea_entity, build, ids, COUNT, teas, each),
                  LARDER_OK);
    shelf->cache->backend = counting.real;
    assert_int_equal(counting.batches, 3);
    /* What the store holds now, and a chunk; not all values twice. */
    assert_true(shelf->memory.peak_bytes - before < 2 * COUNT * LEN);
    free(ids);
    free(teas);
    free(each);
}

static void events_delete_whatever_they_name(void **state)
{
    struct shelf *shelf = *state;
    const uint64_t ids[] = {1, 2, 3};
    const struct tea *tea;
    assert_status(shelf_set(shelf, &tea_entity, 2, "a"), LARDER_OK);
    assert_status(larder_stub_invalidate(shelf->cache, build, ids, 3), LARDER_OK);
    assert_int_equal(larder_outcome(), LARDER_APPLIED);
    assert_status(shelf_get(shelf, &tea_entity, 2, &tea), LARDER_MISS);
    assert_int_equal(shelf_stats(shelf, &tea_entity).deletes, 3);
    assert_status(larder_stub_invalidate(shelf->cache, build, NULL, 0), LARDER_OK);
}

static void every_element_is_set_on_failure_too(void **state)
{
    struct shelf *shelf = *state;
    struct larder_cache *cache = shelf->cache;
    const uint64_t ids[] = {1, 2};
    const struct tea teas[2] = {{0}};
    const struct tea *read[2] = {teas, teas};
    enum larder_status each[2] = {LARDER_OK, LARDER_OK};
    assert_status(larder_stub_get_many(cache, &tea_entity, build, NULL, 2, read, each),
                  LARDER_E_ARG);
    assert_null(read[0]);
    assert_null(read[1]);
    assert_int_equal(each[1], LARDER_E_ARG);
    each[1] = LARDER_OK;
    read[1] = teas;
    assert_status(larder_stub_get_many(NULL, &tea_entity, build, ids, 2, read, each), LARDER_E_ARG);
    assert_null(read[1]);
    assert_int_equal(each[1], LARDER_E_ARG);
    assert_status(larder_stub_get_many(cache, NULL, build, ids, 2, read, each), LARDER_E_ARG);
    assert_status(larder_stub_get_many(cache, &tea_entity, build, ids, 2, NULL, each),
                  LARDER_E_ARG);
    assert_status(larder_stub_get_many(cache, &tea_entity, build, ids, 2, read, NULL),
                  LARDER_E_ARG);
    assert_status(larder_stub_get_many(cache, &tea_entity, NULL, ids, 2, read, each), LARDER_E_ARG);
    assert_status(larder_stub_set_many(cache, &tea_entity, build, ids, 2, NULL, each),
                  LARDER_E_ARG);
    assert_status(larder_stub_get_many(cache, &tea_entity, build, NULL, 0, NULL, NULL), LARDER_OK);
    assert_status(larder_stub_delete_many(cache, build, NULL, 0, NULL), LARDER_OK);
}

static void any_allocation_may_fail(void **state)
{
    struct shelf *shelf = *state;
    const uint64_t ids[] = {1, 2, 3};
    const struct tea teas[] = {{1, "a", 1}, {2, "b", 1}, {3, "c", 1}};
    assert_status(shelf_set(shelf, &tea_entity, 1, "a"), LARDER_OK);
    assert_status(shelf_set(shelf, &tea_entity, 3, "c"), LARDER_OK);
    for (size_t n = 1;; n++) {
        const struct tea *read[3];
        enum larder_status each[3];
        size_t live = shelf->memory.live_blocks;
        shelf->memory.calls = 0;
        shelf->memory.fail_at = n;
        enum larder_status status = get_many(shelf, ids, 3, read, each);
        shelf->memory.fail_at = 0;
        bool reached = shelf->memory.calls >= n;
        assert_true(status == (reached ? LARDER_E_NOMEM : LARDER_OK));
        for (size_t i = 0; i < 3; i++) {
            assert_true((each[i] == LARDER_OK) == (read[i] != NULL));
            larder_value_release(read[i]);
        }
        assert_int_equal(shelf->memory.live_blocks, live);
        if (!reached) {
            assert_int_equal(each[0], LARDER_OK);
            assert_int_equal(each[1], LARDER_MISS);
            assert_int_equal(each[2], LARDER_OK);
            break;
        }
    }
    for (size_t n = 1; n < 10; n++) {
        enum larder_status each[3];
        shelf->memory.calls = 0;
        shelf->memory.fail_at = n;
        enum larder_status status =
            larder_stub_set_many(shelf->cache, &tea_entity, build, ids, 3, teas, each);
        shelf->memory.fail_at = 0;
        assert_true(status == LARDER_OK || status == LARDER_E_NOMEM);
        bool all = each[0] == LARDER_OK && each[1] == LARDER_OK && each[2] == LARDER_OK;
        assert_true(all == (status == LARDER_OK));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELF_TEST(each_key_has_its_answer_in_order),
        SHELF_TEST(a_key_that_fails_fails_no_other),
        SHELF_TEST(a_batch_is_one_trip_and_a_huge_one_a_few),
        SHELF_TEST(large_values_are_sent_in_pieces),
        SHELF_TEST(events_delete_whatever_they_name),
        SHELF_TEST(every_element_is_set_on_failure_too),
        SHELF_TEST(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
