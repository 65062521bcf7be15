/* SPDX-License-Identifier: MIT */
/* Tags, groups, whole entities, changed rows, batches, delete_all: what each drops, and that it drops nothing else. */
#include "conformance.h"

#include <stdlib.h>

#include "samples.h"

static struct kitchen_ware ware(uint64_t id, uint32_t category)
{
    return (struct kitchen_ware){.id = id,
                                 .name = "tea",
                                 .category = category,
                                 .colour = KITCHEN_COLOUR_GREEN,
                                 .offset = -1};
}

static void put_ware(void **state, const struct kitchen_ware *value)
{
    assert_status(kitchen_ware_cache_put(cache_of(state), value), LARDER_OK);
}

static bool ware_is_there(void **state, uint64_t id)
{
    const struct kitchen_ware *read;
    enum larder_status status = kitchen_ware_cache_get(cache_of(state), id, &read);
    kitchen_ware_release(read);
    assert_true(status == LARDER_OK || status == LARDER_MISS);
    assert_status(kitchen_ware_cache_exists(cache_of(state), id), status);
    return status == LARDER_OK;
}

static void put_small(void **state, uint32_t id)
{
    const struct kitchen_small value = {.id = id, .name = ""};
    assert_status(kitchen_small_cache_put(cache_of(state), &value), LARDER_OK);
}

static bool small_is_there(void **state, uint32_t id)
{
    return kitchen_small_cache_exists(cache_of(state), id) == LARDER_OK;
}

static void put_window(void **state, uint32_t id)
{
    assert_status(kitchen_window_cache_set(cache_of(state), id, &(struct kitchen_window){0}),
                  LARDER_OK);
}

static bool window_is_there(void **state, uint32_t id)
{
    const struct kitchen_window *read;
    enum larder_status status = kitchen_window_cache_get(cache_of(state), id, &read);
    kitchen_window_release(read);
    return status == LARDER_OK;
}

static void put_cell(void **state, const char *area, const char *token, int32_t row)
{
    const struct kitchen_cell value = {.value = 1};
    assert_status(kitchen_cell_cache_set(cache_of(state), area, token, row, 1, &value), LARDER_OK);
}

static bool cell_is_there(void **state, const char *area, const char *token, int32_t row)
{
    const struct kitchen_cell *read;
    enum larder_status status = kitchen_cell_cache_get(cache_of(state), area, token, row, 1, &read);
    kitchen_cell_release(read);
    assert_true(status == LARDER_OK || status == LARDER_MISS);
    return status == LARDER_OK;
}

/* ------------------------------------------------------------------- tags */

static void a_tag_drops_what_carries_it_and_nothing_else(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    const struct kitchen_ware same = ware(1, 7), too = ware(2, 7), other = ware(3, 77);
    put_ware(state, &same);
    put_ware(state, &too);
    put_ware(state, &other);
    put_window(state, 1);
    put_small(state, 7);
    assert_status(kitchen_cache_on_category_gone(cache, 7), LARDER_OK);
    assert_int_equal(larder_outcome(), LARDER_APPLIED);
    assert_false(ware_is_there(state, 1));
    assert_false(ware_is_there(state, 2));
    assert_true(ware_is_there(state, 3));
    assert_true(window_is_there(state, 1));
    assert_true(small_is_there(state, 7));
    /* What is stored after it is good. */
    put_ware(state, &same);
    assert_true(ware_is_there(state, 1));
    assert_false(ware_is_there(state, 2));
}

static void a_tag_that_nobody_carries_is_ok(void **state)
{
    assert_status(kitchen_cache_on_category_gone(cache_of(state), 4711), LARDER_OK);
}

static void tags_are_spelt_exactly(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    struct kitchen_ware row = ware(1, 7);
    row.name = "a:b";
    put_ware(state, &row);
    assert_status(kitchen_cache_on_name_gone(cache, KITCHEN_COLOUR_GREEN, "a"), LARDER_OK);
    assert_status(kitchen_cache_on_name_gone(cache, KITCHEN_COLOUR_GREEN, "a%3Ab"), LARDER_OK);
    assert_status(kitchen_cache_on_name_gone(cache, KITCHEN_COLOUR_RED, "a:b"), LARDER_OK);
    assert_status(kitchen_cache_on_name_gone(cache, KITCHEN_COLOUR_GREEN, ""), LARDER_OK);
    assert_true(ware_is_there(state, 1));
    assert_status(kitchen_cache_on_name_gone(cache, KITCHEN_COLOUR_GREEN, "a:b"), LARDER_OK);
    assert_false(ware_is_there(state, 1));

    row.name = "";
    row.uid = (struct larder_uuid){{1, 2, 3}};
    put_ware(state, &row);
    assert_status(kitchen_cache_on_odd_gone(cache, row.uid, true, -1), LARDER_OK);
    assert_status(kitchen_cache_on_odd_gone(cache, row.uid, false, 1), LARDER_OK);
    assert_status(kitchen_cache_on_odd_gone(cache, (struct larder_uuid){{1, 2}}, false, -1),
                  LARDER_OK);
    assert_true(ware_is_there(state, 1));
    assert_status(kitchen_cache_on_odd_gone(cache, row.uid, false, -1), LARDER_OK);
    assert_false(ware_is_there(state, 1));
}

/* Half of them, by one write; the others stay. */
static void ten_thousand_entries_go_by_one_write(void **state)
{
    enum { COUNT = 10000, AT_ONCE = 500 }; /* a slow machine has the time of a call for so many */
    struct kitchen_cache *cache = cache_of(state);
    struct kitchen_ware_key *keys = calloc(COUNT, sizeof *keys);
    struct kitchen_ware *values = calloc(COUNT, sizeof *values);
    const struct kitchen_ware **read = calloc(COUNT, sizeof *read);
    enum larder_status *each = calloc(COUNT, sizeof *each);
    assert_true(keys != NULL && values != NULL && read != NULL && each != NULL);
    for (uint32_t i = 0; i < COUNT; i++) {
        keys[i].id = i;
        values[i] = ware(i, i % 2);
    }
    for (size_t i = 0; i < COUNT; i += AT_ONCE) {
        assert_status(kitchen_ware_cache_set_many(cache, keys + i, AT_ONCE, values + i, each),
                      LARDER_OK);
    }
    assert_status(kitchen_cache_on_category_gone(cache, 1), LARDER_OK);
    for (size_t i = 0; i < COUNT; i += AT_ONCE) {
        assert_status(kitchen_ware_cache_get_many(cache, keys + i, AT_ONCE, read + i, each + i),
                      LARDER_OK);
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_status(each[i], i % 2 == 1 ? LARDER_MISS : LARDER_OK);
    }
    kitchen_ware_release_many(read, COUNT);
    free(keys);
    free(values);
    free(read);
    free(each);
}

/* ---------------------------------------------------------- groups, entities */

static void a_group_is_a_leading_part_of_the_key(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    put_cell(state, "a", "x", 1);
    put_cell(state, "a", "y", 2);
    put_cell(state, "ab", "x", 1);
    put_cell(state, "a:x", "x", 1);
    put_cell(state, "", "x", 1);
    assert_status(kitchen_cache_on_area_gone(cache, "a"), LARDER_OK);
    assert_false(cell_is_there(state, "a", "x", 1));
    assert_false(cell_is_there(state, "a", "y", 2));
    assert_true(cell_is_there(state, "ab", "x", 1));
    assert_true(cell_is_there(state, "a:x", "x", 1));
    assert_true(cell_is_there(state, "", "x", 1));
}

static void a_group_hashes_what_the_key_hashes(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    put_cell(state, "a", "x", 1);
    put_cell(state, "a", "x", -1);
    put_cell(state, "a", "y", 1);
    assert_status(kitchen_cache_on_row_gone(cache, "a", "x", 1), LARDER_OK);
    assert_false(cell_is_there(state, "a", "x", 1));
    assert_true(cell_is_there(state, "a", "x", -1));
    assert_true(cell_is_there(state, "a", "y", 1));
}

static void all_of_an_entity_is_no_other_entity(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    const struct kitchen_ware other = ware(1, 7);
    put_cell(state, "a", "x", 1);
    put_cell(state, "b", "y", 2);
    put_ware(state, &other);
    put_small(state, 1);
    assert_status(kitchen_cache_on_cells_gone(cache, 1), LARDER_OK);
    assert_false(cell_is_there(state, "a", "x", 1));
    assert_false(cell_is_there(state, "b", "y", 2));
    assert_true(ware_is_there(state, 1));
    assert_true(small_is_there(state, 1));
}

static void an_event_drops_by_every_kind_of_target(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    const struct kitchen_ware one = ware(1, 7), two = ware(2, 8), three = ware(3, 9);
    put_ware(state, &one);
    put_ware(state, &two);
    put_ware(state, &three);
    put_small(state, 1);
    put_small(state, 2);
    put_cell(state, "a", "x", 1);
    put_cell(state, "b", "x", 1);
    assert_status(kitchen_cache_on_much_gone(cache, 1, 2, 8, "b"), LARDER_OK);
    assert_false(ware_is_there(state, 1)); /* the entry */
    assert_false(ware_is_there(state, 2)); /* the tag */
    assert_true(ware_is_there(state, 3));
    assert_true(small_is_there(state, 1));
    assert_false(small_is_there(state, 2));
    assert_true(cell_is_there(state, "a", "x", 1));
    assert_false(cell_is_there(state, "b", "x", 1));
}

/* What can be spelt is dropped all the same. */
static void an_event_refuses_what_cannot_be_spelt(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    const struct kitchen_ware one = ware(1, 7);
    put_ware(state, &one);
    put_small(state, 2);
    assert_status(kitchen_cache_on_much_gone(cache, 1, 2, 8, NULL), LARDER_E_ARG);
    assert_false(ware_is_there(state, 1));
    assert_false(small_is_there(state, 2));
    assert_status(kitchen_cache_on_name_gone(cache, (enum kitchen_colour)99, "a"), LARDER_E_ARG);
    assert_status(kitchen_cache_on_name_gone(cache, KITCHEN_COLOUR_RED, NULL), LARDER_E_ARG);
    assert_status(kitchen_cache_on_category_gone(NULL, 1), LARDER_E_ARG);
}

/* -------------------------------------------------------------------- rows */

static void a_changed_row_drops_its_entry_and_both_its_tags(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    struct kitchen_ware before = ware(1, 7), after = ware(1, 8);
    struct kitchen_ware old = ware(2, 7), new = ware(3, 8), far = ware(4, 9);
    old.name = "b";
    new.name = "c";
    far.name = "d";
    put_ware(state, &before);
    put_ware(state, &old);
    put_ware(state, &new);
    put_window(state, 1);
    put_small(state, 1);
    assert_status(kitchen_ware_cache_changed(cache, &before, &after), LARDER_OK);
    assert_false(ware_is_there(state, 1));
    assert_false(ware_is_there(state, 2));
    assert_false(ware_is_there(state, 3));
    assert_false(window_is_there(state, 1));
    assert_true(small_is_there(state, 1));
    put_window(state, 2);
    put_ware(state, &far);
    assert_true(window_is_there(state, 2));
    assert_true(ware_is_there(state, 4));
}

/* Of the row as it was and as it is; a pointer that is the same is dropped once. */
static void a_changed_row_drops_what_leads_to_it(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    struct kitchen_cache_counters counters;
    const struct kitchen_titled before = {.id = 1, .title = "a", .shelf = 2, .place = 3};
    const struct kitchen_titled after = {.id = 1, .title = "b", .shelf = 2, .place = 3};
    const struct kitchen_titled other = {.id = 2, .title = "c", .shelf = 2, .place = 4};
    const struct kitchen_titled *read;
    assert_status(kitchen_titled_cache_put(cache, &before), LARDER_OK);
    assert_status(kitchen_titled_cache_put(cache, &other), LARDER_OK);
    assert_status(kitchen_titled_cache_changed(cache, &before, &after), LARDER_OK);
    assert_status(kitchen_titled_by_title_cache_get(cache, "a", &read), LARDER_MISS);
    assert_status(kitchen_titled_by_place_cache_get(cache, 2, 3, &read), LARDER_MISS);
    assert_status(kitchen_titled_by_title_cache_get(cache, "c", &read), LARDER_OK);
    kitchen_titled_release(read);
    assert_status(kitchen_cache_stats(cache, &counters), LARDER_OK);
    assert_int_equal(counters.kitchen_titled.deletes, 1);
    assert_int_equal(counters.kitchen_titled_by_title.deletes, 2);
    assert_int_equal(counters.kitchen_titled_by_place.deletes, 1);
}

static void a_row_may_be_new_or_gone(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    const struct kitchen_ware row = ware(1, 7);
    const struct kitchen_defaulted plain = {.id = 1, .text = ""}, moved = {.id = 2, .text = ""};
    put_window(state, 1);
    assert_status(kitchen_ware_cache_changed(cache, NULL, &row), LARDER_OK);
    assert_false(window_is_there(state, 1));
    put_window(state, 1);
    put_ware(state, &row);
    assert_status(kitchen_ware_cache_changed(cache, &row, NULL), LARDER_OK);
    assert_false(window_is_there(state, 1));
    assert_false(ware_is_there(state, 1));
    /* A row whose key changed drops the entries of both. */
    assert_status(kitchen_defaulted_cache_put(cache, &plain), LARDER_OK);
    assert_status(kitchen_defaulted_cache_put(cache, &moved), LARDER_OK);
    assert_status(kitchen_defaulted_cache_changed(cache, &plain, &moved), LARDER_OK);
    assert_status(kitchen_defaulted_cache_exists(cache, 1), LARDER_MISS);
    assert_status(kitchen_defaulted_cache_exists(cache, 2), LARDER_MISS);
}

static void changed_refuses_what_is_no_row(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    struct kitchen_ware row = ware(1, 7);
    put_ware(state, &row);
    assert_status(kitchen_ware_cache_changed(cache, NULL, NULL), LARDER_E_ARG);
    assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
    assert_status(kitchen_ware_cache_changed(NULL, &row, &row), LARDER_E_ARG);
    assert_true(ware_is_there(state, 1));
    /* A tag that cannot be spelt: its entry goes all the same. */
    row.name = NULL;
    assert_status(kitchen_ware_cache_changed(cache, &row, &row), LARDER_E_ARG);
    assert_non_null(strstr(larder_last_error(), "ware:{id:u64}"));
    assert_false(ware_is_there(state, 1));
}

static void a_single_entry_has_rows_too(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    const struct kitchen_single row = {.motd = ""};
    assert_status(kitchen_single_cache_set(cache, &row), LARDER_OK);
    assert_status(kitchen_single_cache_changed(cache, &row, NULL), LARDER_OK);
    assert_status(kitchen_single_cache_exists(cache), LARDER_MISS);
}

/* ----------------------------------------------------------------- batches */

static void a_batch_drops_nothing_before_its_commit(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    const struct kitchen_ware one = ware(1, 7), two = ware(2, 8);
    struct kitchen_batch *batch;
    put_ware(state, &one);
    put_ware(state, &two);
    put_small(state, 1);
    put_small(state, 2);
    put_cell(state, "a", "x", 1);
    assert_status(kitchen_cache_batch_begin(cache, &batch), LARDER_OK);
    assert_non_null(batch);
    assert_status(kitchen_small_batch_delete(batch, 1), LARDER_OK);
    assert_status(kitchen_batch_on_cells_gone(batch, 1), LARDER_OK);
    assert_status(kitchen_batch_on_category_gone(batch, 8), LARDER_OK);
    assert_status(kitchen_ware_batch_changed(batch, &one, NULL), LARDER_OK);
    assert_true(ware_is_there(state, 1));
    assert_true(ware_is_there(state, 2));
    assert_true(small_is_there(state, 1));
    assert_true(cell_is_there(state, "a", "x", 1));
    assert_status(kitchen_batch_commit(batch), LARDER_OK);
    assert_int_equal(larder_outcome(), LARDER_APPLIED);
    assert_false(ware_is_there(state, 1));
    assert_false(ware_is_there(state, 2));
    assert_false(small_is_there(state, 1));
    assert_true(small_is_there(state, 2));
    assert_false(cell_is_there(state, "a", "x", 1));
}

static void a_batch_can_be_discarded(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    struct kitchen_batch *batch;
    put_small(state, 1);
    assert_status(kitchen_cache_batch_begin(cache, &batch), LARDER_OK);
    assert_status(kitchen_small_batch_delete(batch, 1), LARDER_OK);
    kitchen_batch_discard(batch);
    assert_true(small_is_there(state, 1));
    kitchen_batch_discard(NULL);
}

static void an_empty_batch_is_committed_at_once(void **state)
{
    struct kitchen_batch *batch;
    assert_status(kitchen_cache_batch_begin(cache_of(state), &batch), LARDER_OK);
    assert_status(kitchen_batch_commit(batch), LARDER_OK);
}

static void a_batch_sends_what_was_put_in_twice_once(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    struct kitchen_cache_counters counters;
    struct kitchen_batch *batch;
    put_small(state, 1);
    assert_status(kitchen_cache_batch_begin(cache, &batch), LARDER_OK);
    for (int i = 0; i < 1000; i++) {
        assert_status(kitchen_small_batch_delete(batch, 1), LARDER_OK);
        assert_status(kitchen_batch_on_category_gone(batch, 1), LARDER_OK);
    }
    assert_status(kitchen_batch_commit(batch), LARDER_OK);
    assert_status(kitchen_cache_stats(cache, &counters), LARDER_OK);
    assert_int_equal(counters.kitchen_small.deletes, 1);
}

/* More than go in one trip, of both kinds. */
static void a_large_batch_goes_whole(void **state)
{
    enum { KEYS = 9000, TAGS = 2500 };
    struct kitchen_cache *cache = cache_of(state);
    struct kitchen_batch *batch;
    const struct kitchen_ware first = ware(1, 0), last = ware(2, TAGS - 1), other = ware(3, TAGS);
    put_small(state, 0);
    put_small(state, KEYS - 1);
    put_small(state, KEYS);
    put_ware(state, &first);
    put_ware(state, &last);
    put_ware(state, &other);
    assert_status(kitchen_cache_batch_begin(cache, &batch), LARDER_OK);
    for (uint32_t i = 0; i < KEYS; i++) {
        assert_status(kitchen_small_batch_delete(batch, i), LARDER_OK);
        if (i < TAGS) {
            assert_status(kitchen_batch_on_category_gone(batch, i), LARDER_OK);
        }
    }
    assert_status(kitchen_batch_commit(batch), LARDER_OK);
    assert_false(small_is_there(state, 0));
    assert_false(small_is_there(state, KEYS - 1));
    assert_true(small_is_there(state, KEYS));
    assert_false(ware_is_there(state, 1));
    assert_false(ware_is_there(state, 2));
    assert_true(ware_is_there(state, 3));
}

static void a_batch_refuses_what_calls_refuse(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    struct kitchen_batch *batch = (struct kitchen_batch *)(void *)cache; /* something */
    assert_status(kitchen_cache_batch_begin(NULL, &batch), LARDER_E_ARG);
    assert_null(batch);
    assert_status(kitchen_cache_batch_begin(cache, NULL), LARDER_E_ARG);
    assert_status(kitchen_small_batch_delete(NULL, 1), LARDER_E_ARG);
    assert_status(kitchen_ware_batch_changed(NULL, NULL, NULL), LARDER_E_ARG);
    assert_status(kitchen_batch_on_cells_gone(NULL, 1), LARDER_E_ARG);
    assert_status(kitchen_batch_commit(NULL), LARDER_E_ARG);
    assert_status(kitchen_cache_batch_begin(cache, &batch), LARDER_OK);
    assert_status(kitchen_names_batch_delete(batch, NULL), LARDER_E_ARG);
    assert_status(kitchen_ware_batch_changed(batch, NULL, NULL), LARDER_E_ARG);
    assert_status(kitchen_batch_on_token_used(batch, NULL, 1), LARDER_E_ARG);
    assert_status(kitchen_batch_commit(batch), LARDER_OK);
}

/* -------------------------------------------------------------- delete_all */

static void all_is_deleted_and_nothing_else(void **state)
{
    enum { COUNT = 600 }; /* more than a page */
    struct kitchen_cache *cache = cache_of(state);
    const struct kitchen_ware other = ware(1, 7);
    for (uint32_t i = 0; i < COUNT; i++) {
        put_small(state, i);
    }
    put_ware(state, &other);
    put_window(state, 1);
    assert_status(kitchen_small_cache_delete_all(cache), LARDER_OK);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_false(small_is_there(state, i));
    }
    assert_true(ware_is_there(state, 1));
    assert_true(window_is_there(state, 1));
    /* And again, and anew. */
    put_small(state, 1);
    assert_true(small_is_there(state, 1));
    assert_status(kitchen_small_cache_delete_all(cache), LARDER_OK);
    assert_status(kitchen_small_cache_delete_all(cache), LARDER_OK);
    assert_false(small_is_there(state, 1));
}

static void entities_with_a_version_are_deleted_by_it(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    put_cell(state, "a", "x", 1);
    put_cell(state, "b", "y", 2);
    put_small(state, 1);
    assert_status(kitchen_cell_cache_delete_all(cache), LARDER_OK);
    assert_false(cell_is_there(state, "a", "x", 1));
    assert_false(cell_is_there(state, "b", "y", 2));
    assert_true(small_is_there(state, 1));
    assert_status(kitchen_cell_cache_delete_all(NULL), LARDER_E_ARG);
}

static void a_single_entry_is_all_there_is(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    assert_status(kitchen_single_cache_set(cache, &(struct kitchen_single){.motd = ""}), LARDER_OK);
    assert_status(kitchen_single_cache_delete_all(cache), LARDER_OK);
    assert_status(kitchen_single_cache_exists(cache), LARDER_MISS);
}

/* Another cache of the same service under another prefix keeps its entries. */
static void prefixes_are_kept_apart(void **state)
{
    struct site *site = *state;
    struct larder_config config = site->config;
    struct kitchen_cache *other;
    const struct kitchen_ware row = ware(1, 7);
    const struct kitchen_ware *read;
    if (site->port == 0) {
        return; /* a store of its own */
    }
    config.key_prefix = "another-prefix:";
    assert_status(kitchen_cache_open(&config, &other), LARDER_OK);
    assert_status(kitchen_ware_cache_put(other, &row), LARDER_OK);
    assert_status(kitchen_ware_cache_delete_all(cache_of(state)), LARDER_OK);
    assert_status(kitchen_cache_on_category_gone(cache_of(state), 7), LARDER_OK);
    assert_status(kitchen_ware_cache_get(other, 1, &read), LARDER_OK);
    kitchen_ware_release(read);
    assert_status(kitchen_ware_cache_delete_all(other), LARDER_OK);
    assert_status(kitchen_ware_cache_exists(other, 1), LARDER_MISS);
    kitchen_cache_close(other);
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(a_tag_drops_what_carries_it_and_nothing_else),
    SITE_TEST(a_tag_that_nobody_carries_is_ok),
    SITE_TEST(tags_are_spelt_exactly),
    SITE_TEST(ten_thousand_entries_go_by_one_write),
    SITE_TEST(a_group_is_a_leading_part_of_the_key),
    SITE_TEST(a_group_hashes_what_the_key_hashes),
    SITE_TEST(all_of_an_entity_is_no_other_entity),
    SITE_TEST(an_event_drops_by_every_kind_of_target),
    SITE_TEST(an_event_refuses_what_cannot_be_spelt),
    SITE_TEST(a_changed_row_drops_its_entry_and_both_its_tags),
    SITE_TEST(a_changed_row_drops_what_leads_to_it),
    SITE_TEST(a_row_may_be_new_or_gone),
    SITE_TEST(changed_refuses_what_is_no_row),
    SITE_TEST(a_single_entry_has_rows_too),
    SITE_TEST(a_batch_drops_nothing_before_its_commit),
    SITE_TEST(a_batch_can_be_discarded),
    SITE_TEST(an_empty_batch_is_committed_at_once),
    SITE_TEST(a_batch_sends_what_was_put_in_twice_once),
    SITE_TEST(a_large_batch_goes_whole),
    SITE_TEST(a_batch_refuses_what_calls_refuse),
    SITE_TEST(all_is_deleted_and_nothing_else),
    SITE_TEST(entities_with_a_version_are_deleted_by_it),
    SITE_TEST(a_single_entry_is_all_there_is),
    SITE_TEST(prefixes_are_kept_apart),
};
const struct suite invalidation_suite = {"invalidation", tests, COUNT_OF(tests), false};
