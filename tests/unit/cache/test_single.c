/* SPDX-License-Identifier: MIT */
/* Calls on single entries. */
#include "shelf.h"

#include "cache/handle.h"

static int64_t ttl_of(const struct shelf *shelf, const struct larder_entity *entity, uint64_t id)
{
    struct larder_key key = shelf_key(shelf, entity, id);
    int64_t ms;
    assert_status(larder_stub_ttl(shelf->cache, entity, &key, &ms), LARDER_OK);
    return ms;
}

static void what_was_set_is_read(void **state)
{
    const struct shelf *shelf = *state;
    const struct tea *tea;
    assert_status(shelf_get(shelf, &tea_entity, 7, &tea), LARDER_MISS);
    assert_null(tea);
    assert_status(shelf_set(shelf, &tea_entity, 7, "assam"), LARDER_OK);
    assert_int_equal(larder_outcome(), LARDER_APPLIED);
    assert_status(shelf_get(shelf, &tea_entity, 7, &tea), LARDER_OK);
    assert_int_equal(tea->id, 7);
    assert_string_equal(tea->name, "assam");
    assert_int_equal(tea->grams, 50);
    larder_value_release(tea);
}

static void a_read_value_outlives_entry_and_cache(void **state)
{
    struct shelf *shelf = *state;
    const struct tea *tea;
    assert_status(shelf_set(shelf, &tea_entity, 1, "assam"), LARDER_OK);
    assert_status(shelf_get(shelf, &tea_entity, 1, &tea), LARDER_OK);
    assert_status(shelf_set(shelf, &tea_entity, 1, "darjeeling"), LARDER_OK);
    larder_stub_close(shelf->cache);
    shelf->cache = NULL;
    assert_int_equal(shelf->memory.live_blocks, 1);
    assert_string_equal(tea->name, "assam");
    larder_value_release(tea);
}

static void values_of_many_sizes_come_back(void **state)
{
    const struct shelf *shelf = *state;
    char name[4001];
    memset(name, 'x', sizeof name);
    for (size_t len = 0; len < sizeof name; len += len < 300 ? 1 : 371) {
        const struct tea *tea;
        name[len] = '\0';
        assert_status(shelf_set(shelf, &tea_entity, 1, name), LARDER_OK);
        assert_status(shelf_get(shelf, &tea_entity, 1, &tea), LARDER_OK);
        assert_string_equal(tea->name, name);
        larder_value_release(tea);
        name[len] = 'x';
    }
}

static void one_read_is_one_allocation(void **state)
{
    struct shelf *shelf = *state;
    const struct tea *tea;
    assert_status(shelf_set(shelf, &tea_entity, 1, "assam"), LARDER_OK);
    shelf->memory.calls = 0;
    assert_status(shelf_get(shelf, &tea_entity, 1, &tea), LARDER_OK);
    assert_int_equal(shelf->memory.calls, 1);
    larder_value_release(tea);
}

static void entries_end_with_their_lifetime(void **state)
{
    struct shelf *shelf = *state;
    const struct tea *tea;
    assert_status(shelf_set(shelf, &tea_entity, 1, "assam"), LARDER_OK);
    assert_int_equal(ttl_of(shelf, &tea_entity, 1), 60000);
    fake_clock_advance_ms(&shelf->clock, 59999);
    assert_int_equal(ttl_of(shelf, &tea_entity, 1), 1);
    fake_clock_advance_ms(&shelf->clock, 1);
    assert_status(shelf_get(shelf, &tea_entity, 1, &tea), LARDER_MISS);
}

static void lifetimes_come_from_the_schema_or_the_caller(void **state)
{
    const struct shelf *shelf = *state;
    const struct tea tea = {.id = 1, .name = "assam"};
    assert_status(shelf_set(shelf, &forever_entity, 1, "a"), LARDER_OK);
    assert_int_equal(ttl_of(shelf, &forever_entity, 1), -1);
    assert_status(shelf_set(shelf, &small_entity, 1, "a"), LARDER_OK);
    assert_int_equal(ttl_of(shelf, &small_entity, 1), 3600000);
    assert_status(shelf_put(shelf, &tea_entity, &tea, LARDER_SET_ALWAYS, 5), LARDER_OK);
    assert_int_equal(ttl_of(shelf, &tea_entity, 1), 5);
    assert_status(shelf_put(shelf, &tea_entity, &tea, LARDER_SET_ALWAYS, INT64_C(1) << 53),
                  LARDER_OK);
    assert_status(shelf_put(shelf, &tea_entity, &tea, LARDER_SET_ALWAYS, (INT64_C(1) << 53) + 1),
                  LARDER_E_ARG);
    assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
    assert_status(shelf_put(shelf, &tea_entity, &tea, LARDER_SET_ALWAYS, -1), LARDER_E_ARG);
}

static void jitter_only_shortens_and_not_below_its_share(void **state)
{
    const struct shelf *shelf = *state;
    int64_t shortest = INT64_MAX;
    int64_t longest = 0;
    for (uint64_t i = 0; i < 300; i++) {
        assert_status(shelf_set(shelf, &jittered_entity, i, "a"), LARDER_OK);
        int64_t ms = ttl_of(shelf, &jittered_entity, i);
        shortest = ms < shortest ? ms : shortest;
        longest = ms > longest ? ms : longest;
    }
    assert_in_range(shortest, 50000, 60000);
    assert_in_range(longest, 90000, 100000);
}

static void a_chosen_lifetime_has_no_jitter(void **state)
{
    const struct shelf *shelf = *state;
    const struct tea tea = {.id = 1, .name = "assam"};
    for (int i = 0; i < 20; i++) {
        assert_status(shelf_put(shelf, &jittered_entity, &tea, LARDER_SET_ALWAYS, 70000),
                      LARDER_OK);
        assert_int_equal(ttl_of(shelf, &jittered_entity, 1), 70000);
    }
}

static void add_and_replace_mind_what_is_there(void **state)
{
    const struct shelf *shelf = *state;
    const struct tea first = {.id = 1, .name = "first"};
    const struct tea second = {.id = 1, .name = "second"};
    const struct tea *tea;
    assert_status(shelf_put(shelf, &tea_entity, &first, LARDER_SET_REPLACE, 0), LARDER_MISS);
    assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
    assert_status(shelf_put(shelf, &tea_entity, &first, LARDER_SET_ADD, 0), LARDER_OK);
    assert_status(shelf_put(shelf, &tea_entity, &second, LARDER_SET_ADD, 0), LARDER_DENIED);
    assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
    assert_status(shelf_get(shelf, &tea_entity, 1, &tea), LARDER_OK);
    assert_string_equal(tea->name, "first");
    larder_value_release(tea);
    assert_status(shelf_put(shelf, &tea_entity, &second, LARDER_SET_REPLACE, 0), LARDER_OK);
    assert_int_equal(shelf_stats(shelf, &tea_entity).sets, 2);
}

static void delete_exists_and_expire_tell_whether_it_was_there(void **state)
{
    struct shelf *shelf = *state;
    struct larder_key key = shelf_key(shelf, &tea_entity, 1);
    int64_t ms = 7;
    assert_status(larder_stub_exists(shelf->cache, &tea_entity, &key), LARDER_MISS);
    assert_status(larder_stub_delete(shelf->cache, &tea_entity, &key), LARDER_MISS);
    assert_status(larder_stub_expire(shelf->cache, &tea_entity, &key, 10), LARDER_MISS);
    assert_status(larder_stub_ttl(shelf->cache, &tea_entity, &key, &ms), LARDER_MISS);
    assert_int_equal(ms, 0);
    assert_status(shelf_set(shelf, &tea_entity, 1, "a"), LARDER_OK);
    assert_status(larder_stub_exists(shelf->cache, &tea_entity, &key), LARDER_OK);
    assert_status(larder_stub_expire(shelf->cache, &tea_entity, &key, 10), LARDER_OK);
    assert_int_equal(ttl_of(shelf, &tea_entity, 1), 10);
    assert_status(larder_stub_expire(shelf->cache, &tea_entity, &key, LARDER_TTL_SCHEMA),
                  LARDER_OK);
    assert_int_equal(ttl_of(shelf, &tea_entity, 1), 60000);
    assert_status(larder_stub_delete(shelf->cache, &tea_entity, &key), LARDER_OK);
    assert_status(larder_stub_exists(shelf->cache, &tea_entity, &key), LARDER_MISS);
}

static void a_value_that_is_not_valid_is_refused_by_field(void **state)
{
    const struct shelf *shelf = *state;
    const struct tea *tea;
    assert_status(shelf_set(shelf, &tea_entity, 1, NULL), LARDER_E_ARG);
    assert_string_equal(larder_last_error(), "tea:{id:u64}: field name is not valid");
    assert_status(shelf_set(shelf, &tea_entity, 1, "\xff"), LARDER_E_ARG);
    assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
    assert_status(shelf_get(shelf, &tea_entity, 1, &tea), LARDER_MISS);
    assert_string_equal(larder_last_error(), "");
}

static void max_bytes_bounds_the_stored_value_exactly(void **state)
{
    const struct shelf *shelf = *state;
    /* 12 of envelope, 1 of array, 1 of id, 1 of length, the name, 1 of grams. */
    assert_status(shelf_set(shelf, &small_entity, 1, "123456789012345678901234"), LARDER_OK);
    assert_int_equal(shelf_stats(shelf, &small_entity).written_bytes, 40);
    assert_status(shelf_set(shelf, &small_entity, 1, "1234567890123456789012345"),
                  LARDER_E_TOO_LARGE);
    assert_non_null(strstr(larder_last_error(), "40 bytes"));
}

/* Stores another entity's or version's bytes where a tea should be. */
static void foreign_values_are_misses_with_one_line(void **state)
{
    struct shelf *shelf = *state;
    struct larder_key key = shelf_key(shelf, &tea_entity, 1);
    struct larder_key other = shelf_key(shelf, &tea_entity, 2);
    uint8_t stored[64];
    const struct tea *tea;
    for (int i = 0; i < 3; i++) {
        /* Another entity's value at this key. */
        const struct tea value = {.id = 1, .name = "a"};
        assert_status(
            larder_stub_set(shelf->cache, &forever_entity, &key, &value, LARDER_SET_ALWAYS, 0),
            LARDER_OK);
        assert_status(shelf_get(shelf, &tea_entity, 1, &tea), LARDER_MISS);
        assert_null(tea);
    }
    assert_string_equal(shelf->log_text,
                        "1 shelf: tea:{id:u64}: found a value of another key or entity, and did "
                        "not take it\n");
    fake_clock_advance_ms(&shelf->clock, 10000);
    assert_status(shelf_get(shelf, &tea_entity, 1, &tea), LARDER_MISS);
    assert_int_equal(strlen(shelf->log_text), 2 * strlen(strchr(shelf->log_text, '\n') + 1));

    struct larder_op op = {.kind = LARDER_OP_SET,
                           .key = other.bytes,
                           .key_len = other.len,
                           .value = stored,
                           .value_len = sizeof stored};
    memset(stored, 0x94, sizeof stored);
    shelf->cache->backend->table->run(shelf->cache->backend, &op, 1, INT64_MAX);
    assert_status(shelf_get(shelf, &tea_entity, 2, &tea), LARDER_MISS);

    struct larder_stats stats = shelf_stats(shelf, &tea_entity);
    assert_int_equal(stats.decode_errors, 5);
    assert_int_equal(stats.misses, 5);
    assert_int_equal(stats.hits, 0);
    assert_int_equal(stats.errors, 0);
}

static void null_arguments_are_refused(void **state)
{
    struct shelf *shelf = *state;
    struct larder_cache *cache = shelf->cache;
    struct larder_key key = shelf_key(shelf, &tea_entity, 1);
    const void *value = &key;
    int64_t ms = 7;
    assert_status(larder_stub_get(NULL, &tea_entity, &key, &value), LARDER_E_ARG);
    assert_null(value);
    assert_status(larder_stub_get(cache, NULL, &key, &value), LARDER_E_ARG);
    assert_status(larder_stub_get(cache, &tea_entity, NULL, &value), LARDER_E_ARG);
    assert_status(larder_stub_get(cache, &tea_entity, &key, NULL), LARDER_E_ARG);
    assert_status(larder_stub_get(cache, &stranger_entity, &key, &value), LARDER_E_ARG);
    assert_status(larder_stub_set(cache, &tea_entity, &key, NULL, LARDER_SET_ALWAYS, 0),
                  LARDER_E_ARG);
    assert_status(larder_stub_set(cache, &tea_entity, NULL, &key, LARDER_SET_ALWAYS, 0),
                  LARDER_E_ARG);
    assert_status(larder_stub_set(NULL, &tea_entity, &key, &key, LARDER_SET_ALWAYS, 0),
                  LARDER_E_ARG);
    assert_status(larder_stub_delete(cache, &tea_entity, NULL), LARDER_E_ARG);
    assert_status(larder_stub_exists(cache, &tea_entity, NULL), LARDER_E_ARG);
    assert_status(larder_stub_expire(cache, &tea_entity, NULL, 1), LARDER_E_ARG);
    assert_status(larder_stub_ttl(cache, &tea_entity, &key, NULL), LARDER_E_ARG);
    assert_status(larder_stub_ttl(NULL, &tea_entity, &key, &ms), LARDER_E_ARG);
    assert_int_equal(ms, 0);
    larder_key_begin(NULL, &key);
    assert_status(larder_stub_get(cache, &tea_entity, &key, &value), LARDER_E_ARG);
    assert_non_null(strstr(larder_last_error(), "tea:{id:u64}"));
}

static void a_key_that_failed_fails_the_call(void **state)
{
    struct shelf *shelf = *state;
    struct larder_key key = shelf_key(shelf, &tea_entity, 1);
    const void *value;
    char text[2000];
    memset(text, 'k', sizeof text);
    text[sizeof text - 1] = '\0';
    larder_key_string(&key, text);
    assert_status(larder_stub_get(shelf->cache, &tea_entity, &key, &value), LARDER_E_TOO_LARGE);
    key = shelf_key(shelf, &tea_entity, 1);
    larder_key_string(&key, NULL);
    assert_status(larder_stub_delete(shelf->cache, &tea_entity, &key), LARDER_E_ARG);
}

static void no_memory_is_told_and_nothing_leaks(void **state)
{
    struct shelf *shelf = *state;
    const struct tea *tea;
    assert_status(shelf_set(shelf, &tea_entity, 1, "assam"), LARDER_OK);
    size_t live = shelf->memory.live_blocks;
    shelf->memory.calls = 0;
    shelf->memory.fail_at = 1;
    assert_status(shelf_get(shelf, &tea_entity, 1, &tea), LARDER_E_NOMEM);
    assert_null(tea);
    assert_int_equal(shelf_stats(shelf, &tea_entity).errors, 1);
    assert_int_equal(shelf->memory.live_blocks, live);
    shelf->memory.calls = 0;
    assert_status(shelf_set(shelf, &tea_entity, 2, "assam"), LARDER_E_NOMEM);
    shelf->memory.fail_at = 0;
    assert_status(shelf_get(shelf, &tea_entity, 1, &tea), LARDER_OK);
    larder_value_release(tea);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELF_TEST(what_was_set_is_read),
        SHELF_TEST(a_read_value_outlives_entry_and_cache),
        SHELF_TEST(values_of_many_sizes_come_back),
        SHELF_TEST(one_read_is_one_allocation),
        SHELF_TEST(entries_end_with_their_lifetime),
        SHELF_TEST(lifetimes_come_from_the_schema_or_the_caller),
        SHELF_TEST(jitter_only_shortens_and_not_below_its_share),
        SHELF_TEST(a_chosen_lifetime_has_no_jitter),
        SHELF_TEST(add_and_replace_mind_what_is_there),
        SHELF_TEST(delete_exists_and_expire_tell_whether_it_was_there),
        SHELF_TEST(a_value_that_is_not_valid_is_refused_by_field),
        SHELF_TEST(max_bytes_bounds_the_stored_value_exactly),
        SHELF_TEST(foreign_values_are_misses_with_one_line),
        SHELF_TEST(null_arguments_are_refused),
        SHELF_TEST(a_key_that_failed_fails_the_call),
        SHELF_TEST(no_memory_is_told_and_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
