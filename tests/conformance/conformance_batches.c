/* SPDX-License-Identifier: MIT */
/* Many at once: order, duplicates, neighbours of what fails. */
#include "conformance.h"

#include <stdlib.h>

#include "samples.h"

enum { MANY = 3000 };

static void what_is_there_comes_in_the_callers_order(void **state)
{
    const struct kitchen_colour_of_key keys[] = {{3}, {1}, {9}, {3}};
    const struct kitchen_colour_of_key written[] = {{1}, {3}};
    const struct kitchen_colour_of values[] = {{KITCHEN_COLOUR_RED}, {KITCHEN_COLOUR_BLUE}};
    const struct kitchen_colour_of *read[4];
    enum larder_status each[4];
    assert_status(kitchen_colour_of_cache_set_many(cache_of(state), written, 2, values, each),
                  LARDER_OK);
    assert_status(each[0], LARDER_OK);
    assert_status(each[1], LARDER_OK);
    assert_status(kitchen_colour_of_cache_get_many(cache_of(state), keys, 4, read, each),
                  LARDER_OK);
    assert_status(each[0], LARDER_OK);
    assert_int_equal(read[0]->value, KITCHEN_COLOUR_BLUE);
    assert_status(each[1], LARDER_OK);
    assert_int_equal(read[1]->value, KITCHEN_COLOUR_RED);
    assert_status(each[2], LARDER_MISS);
    assert_null(read[2]);
    assert_status(each[3], LARDER_OK);
    assert_int_equal(read[3]->value, KITCHEN_COLOUR_BLUE);
    /* Each element holds a reference of its own. */
    kitchen_colour_of_release(read[0]);
    assert_int_equal(read[3]->value, KITCHEN_COLOUR_BLUE);
    kitchen_colour_of_release(read[3]);
    kitchen_colour_of_release(read[1]);
}

static void thousands_at_once(void **state)
{
    struct kitchen_counts_of_key *keys = calloc(MANY, sizeof *keys);
    struct kitchen_counts_of *values = calloc(MANY, sizeof *values);
    const struct kitchen_counts_of **read = calloc(MANY, sizeof *read);
    enum larder_status *each = calloc(MANY, sizeof *each);
    struct kitchen_counts_of_value_entry *entries = calloc(MANY, sizeof *entries);
    assert_true(keys && values && read && each && entries);
    for (uint32_t i = 0; i < MANY; i++) {
        keys[i].id = i;
        entries[i] = (struct kitchen_counts_of_value_entry){"n", i};
        values[i].value.entries = &entries[i];
        values[i].value.count = 1;
    }
    assert_status(kitchen_counts_of_cache_set_many(cache_of(state), keys, MANY, values, each),
                  LARDER_OK);
    assert_status(kitchen_counts_of_cache_get_many(cache_of(state), keys, MANY, read, each),
                  LARDER_OK);
    for (uint32_t i = 0; i < MANY; i++) {
        assert_status(each[i], LARDER_OK);
        assert_int_equal(read[i]->value.entries[0].value, i);
    }
    kitchen_counts_of_release_many(read, MANY);
    assert_null(read[0]);
    assert_status(kitchen_counts_of_cache_delete_many(cache_of(state), keys, MANY, each),
                  LARDER_OK);
    assert_status(each[0], LARDER_OK);
    assert_status(each[MANY - 1], LARDER_OK);
    assert_status(kitchen_counts_of_cache_get_many(cache_of(state), keys, MANY, read, each),
                  LARDER_OK);
    for (uint32_t i = 0; i < MANY; i++) {
        assert_status(each[i], LARDER_MISS);
        assert_null(read[i]);
    }
    free(keys);
    free(values);
    free(read);
    free(each);
    free(entries);
}

static void a_value_that_is_refused_fails_no_other(void **state)
{
    const struct kitchen_forever_key keys[] = {{1}, {2}, {3}};
    const struct kitchen_forever values[] = {{"a"}, {NULL}, {"c"}};
    enum larder_status each[3];
    assert_true(kitchen_forever_cache_set_many(cache_of(state), keys, 3, values, each) < 0);
    assert_status(each[0], LARDER_OK);
    assert_status(each[1], LARDER_E_ARG);
    assert_status(each[2], LARDER_OK);
    assert_status(kitchen_forever_cache_exists(cache_of(state), 1), LARDER_OK);
    assert_status(kitchen_forever_cache_exists(cache_of(state), 2), LARDER_MISS);
    assert_status(kitchen_forever_cache_exists(cache_of(state), 3), LARDER_OK);
}

static void a_field_that_differs_from_its_key_fails_no_other(void **state)
{
    const struct kitchen_pair_key keys[] = {{1, "a"}, {2, "b"}};
    const struct kitchen_pair values[] = {{.left = 1, .right = "a"}, {.left = 3, .right = "b"}};
    enum larder_status each[2];
    assert_true(kitchen_pair_cache_set_many(cache_of(state), keys, 2, values, each) < 0);
    assert_status(each[0], LARDER_OK);
    assert_status(each[1], LARDER_E_ARG);
    assert_status(kitchen_pair_cache_exists(cache_of(state), 1, "a"), LARDER_OK);
    assert_status(kitchen_pair_cache_exists(cache_of(state), 2, "b"), LARDER_MISS);
}

static void a_key_that_cannot_be_fails_no_other(void **state)
{
    char group[2000];
    memset(group, 'g', sizeof group);
    group[sizeof group - 1] = '\0';
    const struct kitchen_names_key keys[] = {{"a"}, {NULL}, {"b"}, {group}};
    const struct kitchen_names *read[4] = {0};
    enum larder_status each[4];
    assert_status(kitchen_names_cache_set(cache_of(state), "b", &(struct kitchen_names){0}),
                  LARDER_OK);
    assert_true(kitchen_names_cache_get_many(cache_of(state), keys, 4, read, each) < 0);
    assert_status(each[0], LARDER_MISS);
    assert_status(each[1], LARDER_E_ARG);
    assert_status(each[2], LARDER_OK);
    assert_non_null(read[2]);
    assert_status(each[3], LARDER_E_TOO_LARGE);
    kitchen_names_release_many(read, 4);
    assert_true(kitchen_names_cache_delete_many(cache_of(state), keys, 4, each) < 0);
    assert_status(each[0], LARDER_MISS);
    assert_status(each[1], LARDER_E_ARG);
    assert_status(each[2], LARDER_OK);
}

static void none_at_once_is_fine(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    const struct kitchen_names *read[1];
    enum larder_status each[1];
    const struct kitchen_names_key keys[] = {{"a"}};
    const struct kitchen_names values[] = {{0}};
    assert_status(kitchen_names_cache_get_many(cache, keys, 0, read, each), LARDER_OK);
    assert_status(kitchen_names_cache_set_many(cache, keys, 0, values, each), LARDER_OK);
    assert_status(kitchen_names_cache_delete_many(cache, keys, 0, each), LARDER_OK);
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(what_is_there_comes_in_the_callers_order),
    SITE_TEST(thousands_at_once),
    SITE_TEST(a_value_that_is_refused_fails_no_other),
    SITE_TEST(a_field_that_differs_from_its_key_fails_no_other),
    SITE_TEST(a_key_that_cannot_be_fails_no_other),
    SITE_TEST(none_at_once_is_fine),
};
const struct suite batches_suite = {"batches", tests, COUNT_OF(tests), false};
