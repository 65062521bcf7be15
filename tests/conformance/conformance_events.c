/* SPDX-License-Identifier: MIT */
/* Events drop what the schema says, and nothing else. */
#include "conformance.h"

#include "samples.h"

static void small_is_there(void **state, uint32_t id)
{
    const struct kitchen_small value = {.id = id, .name = ""};
    assert_status(kitchen_small_cache_put(cache_of(state), &value), LARDER_OK);
}

static void an_event_drops_its_entry_and_no_other(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    struct kitchen other = *sample_full();
    other.id = 2;
    assert_status(kitchen_cache_put(cache, sample_full()), LARDER_OK);
    assert_status(kitchen_cache_put(cache, &other), LARDER_OK);
    assert_status(kitchen_cache_on_kitchen_changed(cache, 1), LARDER_OK);
    assert_status(kitchen_cache_exists(cache, 1), LARDER_MISS);
    assert_status(kitchen_cache_exists(cache, 2), LARDER_OK);
}

static void an_event_is_ok_where_nothing_is(void **state)
{
    assert_status(kitchen_cache_on_kitchen_changed(cache_of(state), 1), LARDER_OK);
    assert_status(kitchen_cache_on_single_changed(cache_of(state)), LARDER_OK);
}

static void an_event_drops_entries_of_several_entities(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    assert_status(kitchen_cache_put(cache, sample_full()), LARDER_OK);
    small_is_there(state, 10);
    small_is_there(state, 11);
    small_is_there(state, 12);
    assert_status(kitchen_names_cache_set(cache, "g:1", &(struct kitchen_names){0}), LARDER_OK);
    assert_status(kitchen_leaves_cache_set(cache, 10, &(struct kitchen_leaves){0}), LARDER_OK);
    assert_status(kitchen_leaves_cache_set(cache, 11, &(struct kitchen_leaves){0}), LARDER_OK);
    assert_status(kitchen_single_cache_set(cache, &(struct kitchen_single){.motd = ""}), LARDER_OK);

    assert_status(kitchen_cache_on_all_changed(cache, 1, 10, 11, "g:1"), LARDER_OK);
    assert_status(kitchen_cache_exists(cache, 1), LARDER_MISS);
    assert_status(kitchen_small_cache_exists(cache, 10), LARDER_MISS);
    assert_status(kitchen_small_cache_exists(cache, 11), LARDER_MISS);
    assert_status(kitchen_small_cache_exists(cache, 12), LARDER_OK);
    assert_status(kitchen_names_cache_exists(cache, "g:1"), LARDER_MISS);
    assert_status(kitchen_leaves_cache_exists(cache, 10), LARDER_MISS);
    assert_status(kitchen_leaves_cache_exists(cache, 11), LARDER_OK);
    assert_status(kitchen_single_cache_exists(cache), LARDER_MISS);
}

static void an_event_takes_every_type_of_parameter(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    const struct larder_uuid uid = {{1, 2, 3}};
    const struct kitchen_every_param value = {.value = 9};
    assert_status(kitchen_every_param_cache_set(cache, 1, 2, 3, 4, -5, -6, -7, -8, true, "j", uid,
                                                KITCHEN_COLOUR_BLUE, &value),
                  LARDER_OK);
    assert_status(kitchen_cache_on_every_param_changed(cache, 1, 2, 3, 4, -5, -6, -7, -8, false,
                                                       "j", uid, KITCHEN_COLOUR_BLUE),
                  LARDER_OK);
    assert_status(kitchen_every_param_cache_exists(cache, 1, 2, 3, 4, -5, -6, -7, -8, true, "j",
                                                   uid, KITCHEN_COLOUR_BLUE),
                  LARDER_OK);
    assert_status(kitchen_cache_on_every_param_changed(cache, 1, 2, 3, 4, -5, -6, -7, -8, true, "j",
                                                       uid, KITCHEN_COLOUR_BLUE),
                  LARDER_OK);
    assert_status(kitchen_every_param_cache_exists(cache, 1, 2, 3, 4, -5, -6, -7, -8, true, "j",
                                                   uid, KITCHEN_COLOUR_BLUE),
                  LARDER_MISS);
}

static void an_event_hashes_what_the_key_hashes(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    const struct kitchen_hashed value = {.value = "v"};
    assert_status(kitchen_hashed_cache_set(cache, "token", -1, &value), LARDER_OK);
    assert_status(kitchen_cache_on_token_used(cache, "token", 1), LARDER_OK);
    assert_status(kitchen_hashed_cache_exists(cache, "token", -1), LARDER_OK);
    assert_status(kitchen_cache_on_token_used(cache, "token", -1), LARDER_OK);
    assert_status(kitchen_hashed_cache_exists(cache, "token", -1), LARDER_MISS);
}

static void an_event_refuses_what_a_key_refuses(void **state)
{
    assert_status(kitchen_cache_on_token_used(cache_of(state), NULL, 1), LARDER_E_ARG);
    assert_status(kitchen_cache_on_kitchen_changed(NULL, 1), LARDER_E_ARG);
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(an_event_drops_its_entry_and_no_other),
    SITE_TEST(an_event_is_ok_where_nothing_is),
    SITE_TEST(an_event_drops_entries_of_several_entities),
    SITE_TEST(an_event_takes_every_type_of_parameter),
    SITE_TEST(an_event_hashes_what_the_key_hashes),
    SITE_TEST(an_event_refuses_what_a_key_refuses),
};
const struct suite events_suite = {"events", tests, COUNT_OF(tests), false};
