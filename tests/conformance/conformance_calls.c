/* SPDX-License-Identifier: MIT */
/* Each call of one entry, in each of its outcomes; counters; ping and health. */
#include "conformance.h"

#include "samples.h"

static const struct kitchen_pair left = {.left = 1, .right = "r", .weight = 1};
static const struct kitchen_pair heavier = {.left = 1, .right = "r", .weight = 2};

static void weighs(void **state, float weight)
{
    const struct kitchen_pair *read;
    assert_status(kitchen_pair_cache_get(cache_of(state), 1, "r", &read), LARDER_OK);
    assert_true(read->weight == weight);
    kitchen_pair_release(read);
}

static void get_of_nothing_is_a_miss_with_null(void **state)
{
    const struct kitchen_pair *read = &left;
    assert_status(kitchen_pair_cache_get(cache_of(state), 1, "r", &read), LARDER_MISS);
    assert_null(read);
    kitchen_pair_release(read);
}

static void put_finds_the_key_in_the_value(void **state)
{
    assert_status(kitchen_pair_cache_put(cache_of(state), &left), LARDER_OK);
    assert_int_equal(larder_outcome(), LARDER_APPLIED);
    weighs(state, 1);
}

static void add_stores_only_where_nothing_is(void **state)
{
    assert_status(kitchen_pair_cache_add(cache_of(state), 1, "r", &left), LARDER_OK);
    assert_status(kitchen_pair_cache_add(cache_of(state), 1, "r", &heavier), LARDER_DENIED);
    weighs(state, 1);
}

static void replace_stores_only_where_something_is(void **state)
{
    assert_status(kitchen_pair_cache_replace(cache_of(state), 1, "r", &left), LARDER_MISS);
    assert_status(kitchen_pair_cache_exists(cache_of(state), 1, "r"), LARDER_MISS);
    assert_status(kitchen_pair_cache_put(cache_of(state), &left), LARDER_OK);
    assert_status(kitchen_pair_cache_replace(cache_of(state), 1, "r", &heavier), LARDER_OK);
    weighs(state, 2);
}

static void delete_tells_whether_it_was_there(void **state)
{
    const struct kitchen_pair *read;
    assert_status(kitchen_pair_cache_delete(cache_of(state), 1, "r"), LARDER_MISS);
    assert_status(kitchen_pair_cache_put(cache_of(state), &left), LARDER_OK);
    assert_status(kitchen_pair_cache_delete(cache_of(state), 1, "r"), LARDER_OK);
    assert_status(kitchen_pair_cache_get(cache_of(state), 1, "r", &read), LARDER_MISS);
    assert_status(kitchen_pair_cache_delete(cache_of(state), 1, "r"), LARDER_MISS);
}

static void exists_tells_whether_it_is_there(void **state)
{
    assert_status(kitchen_pair_cache_exists(cache_of(state), 1, "r"), LARDER_MISS);
    assert_status(kitchen_pair_cache_put(cache_of(state), &left), LARDER_OK);
    assert_status(kitchen_pair_cache_exists(cache_of(state), 1, "r"), LARDER_OK);
    assert_status(kitchen_pair_cache_exists(cache_of(state), 1, "s"), LARDER_MISS);
}

static void two_caches_of_one_service_share_a_server(void **state)
{
    struct site *site = *state;
    struct kitchen_cache *other;
    if (site->port == 0) {
        return; /* a memory store belongs to one handle */
    }
    assert_status(kitchen_cache_open(&site->config, &other), LARDER_OK);
    assert_status(kitchen_pair_cache_put(other, &left), LARDER_OK);
    weighs(state, 1);
    kitchen_cache_close(other);
}

static void ping_and_health_say_that_all_is_well(void **state)
{
    const struct site *site = *state;
    struct larder_health health;
    assert_status(kitchen_cache_ping(cache_of(state)), LARDER_OK);
    assert_status(kitchen_cache_health(cache_of(state), &health), LARDER_OK);
    assert_int_equal(health.status, LARDER_OK);
    assert_string_equal(health.backend, site->backend);
    assert_true(health.latency_us >= 0);
    if (site->port != 0) {
        assert_true(health.connections >= 1);
        assert_true(health.connections_max >= health.connections);
    }
}

static void health_of_the_memory_backend_counts_what_it_holds(void **state)
{
    const struct site *site = *state;
    struct larder_health health;
    if (site->port != 0) {
        return; /* entries and bytes are the server's */
    }
    assert_status(kitchen_pair_cache_put(cache_of(state), &left), LARDER_OK);
    assert_status(kitchen_cache_health(cache_of(state), &health), LARDER_OK);
    assert_int_equal(health.entries, 1);
    assert_true(health.bytes > 0);
}

static void what_happens_is_counted_for_its_entity(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    struct kitchen_cache_counters counters;
    const struct kitchen_pair *read;
    assert_status(kitchen_pair_cache_get(cache, 1, "r", &read), LARDER_MISS);
    assert_status(kitchen_pair_cache_put(cache, &left), LARDER_OK);
    weighs(state, 1);
    weighs(state, 1);
    assert_status(kitchen_pair_cache_delete(cache, 1, "r"), LARDER_OK);
    assert_status(kitchen_colour_of_cache_set(cache, 1, &(struct kitchen_colour_of){0}), LARDER_OK);
    assert_status(kitchen_cache_stats(cache, &counters), LARDER_OK);
    assert_int_equal(counters.kitchen_pair.misses, 1);
    assert_int_equal(counters.kitchen_pair.sets, 1);
    assert_int_equal(counters.kitchen_pair.hits, 2);
    assert_int_equal(counters.kitchen_pair.deletes, 1);
    assert_int_equal(counters.kitchen_pair.errors, 0);
    assert_int_equal(counters.kitchen_pair.read_bytes, 2 * counters.kitchen_pair.written_bytes);
    assert_int_equal(counters.kitchen_colour_of.sets, 1);
    assert_int_equal(counters.total.sets, 2);
    assert_int_equal(counters.total.hits, 2);
}

static void enumerators_have_names(void **state)
{
    (void)state;
    assert_string_equal(kitchen_colour_name(KITCHEN_COLOUR_GREEN), "green");
    assert_string_equal(kitchen_colour_name((enum kitchen_colour)17), "?");
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(get_of_nothing_is_a_miss_with_null),
    SITE_TEST(put_finds_the_key_in_the_value),
    SITE_TEST(add_stores_only_where_nothing_is),
    SITE_TEST(replace_stores_only_where_something_is),
    SITE_TEST(delete_tells_whether_it_was_there),
    SITE_TEST(exists_tells_whether_it_is_there),
    SITE_TEST(two_caches_of_one_service_share_a_server),
    SITE_TEST(ping_and_health_say_that_all_is_well),
    SITE_TEST(health_of_the_memory_backend_counts_what_it_holds),
    SITE_TEST(what_happens_is_counted_for_its_entity),
    SITE_TEST(enumerators_have_names),
};
const struct suite calls_suite = {"calls", tests, COUNT_OF(tests), false};
