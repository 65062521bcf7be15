/* SPDX-License-Identifier: MIT */
/* How long entries live, and that they end. */
#include "conformance.h"

#include <sched.h>

#include "samples.h"

enum { HOUR_MS = 3600 * 1000, PATIENCE_MS = 10000 };

static const struct kitchen_colour_of blue = {KITCHEN_COLOUR_BLUE};

static void lives(int64_t ms, int64_t at_most)
{
    assert_in_range(ms, at_most - PATIENCE_MS, at_most);
}

static void set_gives_the_lifetime_of_the_schema(void **state)
{
    int64_t ms;
    const struct kitchen_defaulted minute = {.id = 1, .text = ""};
    assert_status(kitchen_colour_of_cache_set(cache_of(state), 1, &blue), LARDER_OK);
    assert_status(kitchen_colour_of_cache_ttl(cache_of(state), 1, &ms), LARDER_OK);
    lives(ms, HOUR_MS);
    assert_status(kitchen_defaulted_cache_put(cache_of(state), &minute), LARDER_OK);
    assert_status(kitchen_defaulted_cache_ttl(cache_of(state), 1, &ms), LARDER_OK);
    lives(ms, 60000);
}

static void none_means_no_end(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    const struct kitchen_forever value = {"x"};
    int64_t ms = 0;
    assert_status(kitchen_forever_cache_set(cache, 1, &value), LARDER_OK);
    assert_status(kitchen_forever_cache_ttl(cache, 1, &ms), LARDER_OK);
    assert_int_equal(ms, -1);
    assert_status(kitchen_forever_cache_expire(cache, 1, 50000), LARDER_OK);
    assert_status(kitchen_forever_cache_ttl(cache, 1, &ms), LARDER_OK);
    lives(ms, 50000);
    assert_status(kitchen_forever_cache_touch(cache, 1), LARDER_OK);
    assert_status(kitchen_forever_cache_ttl(cache, 1, &ms), LARDER_OK);
    assert_int_equal(ms, -1);
}

static void set_ttl_is_taken_as_it_is(void **state)
{
    int64_t ms;
    for (uint32_t i = 0; i < 20; i++) {
        assert_status(kitchen_jittered_cache_set_ttl(cache_of(state), i,
                                                     &(struct kitchen_jittered){1}, 80000),
                      LARDER_OK);
        assert_status(kitchen_jittered_cache_ttl(cache_of(state), i, &ms), LARDER_OK);
        lives(ms, 80000);
    }
}

static void jitter_shortens_and_scatters(void **state)
{
    int64_t shortest = INT64_MAX;
    int64_t longest = 0;
    int64_t ms;
    for (uint32_t i = 0; i < 60; i++) {
        assert_status(kitchen_jittered_cache_set(cache_of(state), i, &(struct kitchen_jittered){1}),
                      LARDER_OK);
        assert_status(kitchen_jittered_cache_ttl(cache_of(state), i, &ms), LARDER_OK);
        assert_in_range(ms, 50000 - PATIENCE_MS, 100000);
        shortest = ms < shortest ? ms : shortest;
        longest = ms > longest ? ms : longest;
    }
    /* 60 of an even spread over 50 s all within 15 s: not in this universe's life. */
    assert_true(longest - shortest > 15000);
}

static void expire_and_touch_need_an_entry(void **state)
{
    int64_t ms = 77;
    assert_status(kitchen_colour_of_cache_expire(cache_of(state), 1, 1000), LARDER_MISS);
    assert_status(kitchen_colour_of_cache_touch(cache_of(state), 1), LARDER_MISS);
    assert_status(kitchen_colour_of_cache_ttl(cache_of(state), 1, &ms), LARDER_MISS);
    assert_int_equal(ms, 0);
}

static void expire_sets_and_touch_renews(void **state)
{
    int64_t ms;
    assert_status(kitchen_colour_of_cache_set(cache_of(state), 1, &blue), LARDER_OK);
    assert_status(kitchen_colour_of_cache_expire(cache_of(state), 1, 20000), LARDER_OK);
    assert_status(kitchen_colour_of_cache_ttl(cache_of(state), 1, &ms), LARDER_OK);
    lives(ms, 20000);
    assert_status(kitchen_colour_of_cache_touch(cache_of(state), 1), LARDER_OK);
    assert_status(kitchen_colour_of_cache_ttl(cache_of(state), 1, &ms), LARDER_OK);
    lives(ms, HOUR_MS);
}

/* Asks until the entry is gone. */
static void ends_soon(void **state, uint32_t id)
{
    const int64_t give_up_ms = site_now_ms() + PATIENCE_MS;
    const struct kitchen_colour_of *read;
    enum larder_status status = kitchen_colour_of_cache_get(cache_of(state), id, &read);
    while (status == LARDER_OK && site_now_ms() < give_up_ms) {
        kitchen_colour_of_release(read);
        sched_yield();
        status = kitchen_colour_of_cache_get(cache_of(state), id, &read);
    }
    assert_status(status, LARDER_MISS);
    assert_null(read);
}

static void entries_end(void **state)
{
    assert_status(kitchen_colour_of_cache_set_ttl(cache_of(state), 1, &blue, 30), LARDER_OK);
    ends_soon(state, 1);
    assert_status(kitchen_colour_of_cache_exists(cache_of(state), 1), LARDER_MISS);
    assert_status(kitchen_colour_of_cache_delete(cache_of(state), 1), LARDER_MISS);
    assert_status(kitchen_colour_of_cache_add(cache_of(state), 1, &blue), LARDER_OK);
    assert_status(kitchen_colour_of_cache_expire(cache_of(state), 1, 1), LARDER_OK);
    ends_soon(state, 1);
}

static void set_starts_a_new_life(void **state)
{
    int64_t ms;
    assert_status(kitchen_colour_of_cache_set_ttl(cache_of(state), 1, &blue, 20000), LARDER_OK);
    assert_status(kitchen_colour_of_cache_set(cache_of(state), 1, &blue), LARDER_OK);
    assert_status(kitchen_colour_of_cache_ttl(cache_of(state), 1, &ms), LARDER_OK);
    lives(ms, HOUR_MS);
}

static void lifetimes_out_of_range_are_refused(void **state)
{
    static const int64_t wrong[] = {0, -1, INT64_MIN, INT64_MAX, (INT64_C(1) << 53) + 1};
    struct kitchen_cache *cache = cache_of(state);
    assert_status(kitchen_colour_of_cache_set(cache, 1, &blue), LARDER_OK);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_status(kitchen_colour_of_cache_set_ttl(cache, 1, &blue, wrong[i]), LARDER_E_ARG);
        assert_status(kitchen_colour_of_cache_expire(cache, 1, wrong[i]), LARDER_E_ARG);
    }
    assert_status(kitchen_colour_of_cache_exists(cache, 1), LARDER_OK);
    assert_status(kitchen_colour_of_cache_set_ttl(cache, 1, &blue, INT64_C(1) << 53), LARDER_OK);
    assert_status(kitchen_colour_of_cache_expire(cache, 1, INT64_C(1) << 53), LARDER_OK);
    assert_status(kitchen_colour_of_cache_exists(cache, 1), LARDER_OK);
}

static void a_setting_beats_the_schemas_lifetime(void **state)
{
    const struct site *site = *state;
    struct larder_config config = site->config;
    const struct larder_config_ttl rows[] = {{"short", 7000}};
    const struct kitchen_defaulted value = {.id = 1, .text = ""};
    struct kitchen_cache *cache;
    int64_t ms;
    config.ttls = rows;
    config.ttl_count = 1;
    assert_status(kitchen_cache_open(&config, &cache), LARDER_OK);
    assert_status(kitchen_defaulted_cache_put(cache, &value), LARDER_OK);
    assert_status(kitchen_defaulted_cache_ttl(cache, 1, &ms), LARDER_OK);
    assert_in_range(ms, 1, 7000);
    kitchen_cache_close(cache);
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(set_gives_the_lifetime_of_the_schema),
    SITE_TEST(none_means_no_end),
    SITE_TEST(set_ttl_is_taken_as_it_is),
    SITE_TEST(jitter_shortens_and_scatters),
    SITE_TEST(expire_and_touch_need_an_entry),
    SITE_TEST(expire_sets_and_touch_renews),
    SITE_TEST(entries_end),
    SITE_TEST(set_starts_a_new_life),
    SITE_TEST(lifetimes_out_of_range_are_refused),
    SITE_TEST(a_setting_beats_the_schemas_lifetime),
};
const struct suite lifetimes_suite = {"lifetimes", tests, COUNT_OF(tests), false};
