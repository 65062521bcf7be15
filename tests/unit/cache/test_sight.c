/* SPDX-License-Identifier: MIT */
/* Looks, on the memory backend. */
#include "shelf.h"

#include "cache/sight.h"
#include "key/key.h"

static struct larder_sight look(const struct shelf *shelf, const struct larder_entity *entity,
                                uint64_t id)
{
    struct larder_key key = shelf_key(shelf, entity, id);
    const struct larder_look look = {.cache = shelf->cache,
                                     .entity = entity,
                                     .key = &key,
                                     .fingerprint =
                                         larder_fingerprint_of(shelf->cache, entity, &key)};
    struct larder_sight sight;
    memset(&sight, 0xff, sizeof sight);
    assert_status(larder_look(&look, INT64_MAX, &sight), LARDER_OK);
    return sight;
}

static void nothing_is_seen_of_nothing(void **state)
{
    struct larder_sight sight = look(*state, &tea_entity, 7);
    assert_int_equal(sight.kind, LARDER_SIGHT_NOTHING);
    assert_null(sight.value);
    assert_false(sight.won || sight.claimed || sight.paused || sight.early);
    assert_int_equal(sight.seen_total, 0);
    assert_int_equal(sight.as_of, 0);
}

static void a_plain_value_is_fresh(void **state)
{
    const struct shelf *shelf = *state;
    assert_status(shelf_set(shelf, &tea_entity, 7, "assam"), LARDER_OK);
    struct larder_sight sight = look(shelf, &tea_entity, 7);
    assert_int_equal(sight.kind, LARDER_SIGHT_FRESH);
    assert_string_equal(((const struct tea *)sight.value)->name, "assam");
    assert_int_equal(sight.seen_len, sight.seen_total);
    assert_memory_equal(sight.seen, "\x94\x01\xcf", 3);
    larder_value_release(sight.value);
    assert_int_equal(shelf_stats(shelf, &tea_entity).hits, 0);
}

static void of_a_long_value_the_beginning_is_seen(void **state)
{
    const struct shelf *shelf = *state;
    char name[1001] = "";
    memset(name, 'x', sizeof name - 1);
    assert_status(shelf_set(shelf, &tea_entity, 7, name), LARDER_OK);
    struct larder_sight sight = look(shelf, &tea_entity, 7);
    assert_int_equal(sight.seen_len, LARDER_HEAD_BYTES);
    assert_in_range(sight.seen_total, 1000, 1100);
    larder_value_release(sight.value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELF_TEST(nothing_is_seen_of_nothing),
        SHELF_TEST(a_plain_value_is_fresh),
        SHELF_TEST(of_a_long_value_the_beginning_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
