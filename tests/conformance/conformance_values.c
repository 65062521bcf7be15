/* SPDX-License-Identifier: MIT */
/* Whatever is set comes back equal, of every type and shape, under -fsanitize too. */
#include "conformance.h"

#include <stdlib.h>

#include "samples.h"

static void round_trip(void **state, const struct kitchen *value)
{
    const struct kitchen *read;
    assert_status(kitchen_cache_set(cache_of(state), value->id, value), LARDER_OK);
    assert_status(kitchen_cache_get(cache_of(state), value->id, &read), LARDER_OK);
    assert_non_null(read);
    const char *difference = sample_difference(value, read);
    kitchen_release(read);
    if (difference != NULL) {
        fail_msg("%s differs", difference);
    }
}

static void a_value_of_every_type_comes_back(void **state)
{
    round_trip(state, sample_full());
}

static void an_empty_value_comes_back(void **state)
{
    round_trip(state, sample_bare());
}

static void numbers_at_the_ends_of_their_ranges_come_back(void **state)
{
    round_trip(state, sample_highest());
    round_trip(state, sample_lowest());
}

static void a_second_set_replaces_the_first(void **state)
{
    struct kitchen bare = *sample_bare();
    bare.id = sample_full()->id;
    round_trip(state, sample_full());
    round_trip(state, &bare);
    round_trip(state, sample_full());
}

/* Lengths around each form of a MessagePack header. */
static void strings_and_blobs_of_every_length_class_come_back(void **state)
{
    static const size_t lengths[] = {0, 1, 7, 31, 32, 33, 255, 256, 65535, 65536, 300000};
    char *text = malloc(300001);
    assert_non_null(text);
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        const struct kitchen_forever *read;
        const struct kitchen_blob_of *read_blob;
        struct kitchen_blob_of blob;
        memset(text, 'a' + (int)i, lengths[i]);
        text[lengths[i]] = '\0';
        assert_status(
            kitchen_forever_cache_set(cache_of(state), 1, &(struct kitchen_forever){.value = text}),
            LARDER_OK);
        assert_status(kitchen_forever_cache_get(cache_of(state), 1, &read), LARDER_OK);
        assert_string_equal(read->value, text);
        kitchen_forever_release(read);

        blob.value = (struct larder_bytes){(const unsigned char *)text, lengths[i]};
        assert_status(kitchen_blob_of_cache_set(cache_of(state), 1, &blob), LARDER_OK);
        assert_status(kitchen_blob_of_cache_get(cache_of(state), 1, &read_blob), LARDER_OK);
        assert_int_equal(read_blob->value.len, lengths[i]);
        assert_true(lengths[i] == 0 || memcmp(read_blob->value.data, text, lengths[i]) == 0);
        kitchen_blob_of_release(read_blob);
    }
    free(text);
}

static void lists_of_every_length_class_come_back(void **state)
{
    static const size_t counts[] = {0, 1, 15, 16, 17, 65535, 65536, 70000};
    const char **items = calloc(70000, sizeof *items);
    assert_non_null(items);
    for (size_t i = 0; i < 70000; i++) {
        items[i] = i % 3 == 0 ? "" : "item";
    }
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        const struct kitchen_names *read;
        const struct kitchen_names list = {.items = items, .count = counts[i]};
        assert_status(kitchen_names_cache_set(cache_of(state), "g", &list), LARDER_OK);
        assert_status(kitchen_names_cache_get(cache_of(state), "g", &read), LARDER_OK);
        assert_int_equal(read->count, counts[i]);
        for (size_t j = 0; j < counts[i]; j++) {
            assert_string_equal(read->items[j], items[j]);
        }
        kitchen_names_release(read);
    }
    free(items);
}

static void an_empty_list_is_a_value_and_no_miss(void **state)
{
    const struct kitchen_leaves empty = {0};
    const struct kitchen_leaves *read;
    assert_status(kitchen_leaves_cache_set(cache_of(state), 1, &empty), LARDER_OK);
    assert_status(kitchen_leaves_cache_get(cache_of(state), 1, &read), LARDER_OK);
    assert_non_null(read);
    assert_int_equal(read->count, 0);
    kitchen_leaves_release(read);
}

static void a_list_of_structs_comes_back(void **state)
{
    const struct kitchen_leaf items[] = {{1, "a", KITCHEN_COLOUR_RED},
                                         {2, "b", KITCHEN_COLOUR_BLUE}};
    const struct kitchen_leaves *read;
    assert_status(
        kitchen_leaves_cache_set(cache_of(state), 1, &(struct kitchen_leaves)LIST_OF(items)),
        LARDER_OK);
    assert_status(kitchen_leaves_cache_get(cache_of(state), 1, &read), LARDER_OK);
    assert_int_equal(read->count, 2);
    assert_string_equal(read->items[1].name, "b");
    assert_int_equal(read->items[1].colour, KITCHEN_COLOUR_BLUE);
    kitchen_leaves_release(read);
}

static void a_list_of_lists_comes_back(void **state)
{
    const double row[] = {0.5, -2};
    const struct larder_f64_list rows[] = {LIST_OF(row), {NULL, 0}, LIST_OF(row)};
    const struct kitchen_grids *read;
    assert_status(kitchen_grids_cache_set(cache_of(state), 1, &(struct kitchen_grids)LIST_OF(rows)),
                  LARDER_OK);
    assert_status(kitchen_grids_cache_get(cache_of(state), 1, &read), LARDER_OK);
    assert_int_equal(read->count, 3);
    assert_int_equal(read->items[1].count, 0);
    assert_true(read->items[2].items[1] == -2);
    kitchen_grids_release(read);
}

static void values_that_are_no_struct_come_back(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    const struct kitchen_counts_of_value_entry entries[] = {{"a", UINT64_MAX}, {"b", 0}};
    const struct kitchen_colour_of *colour;
    const struct kitchen_leaf_of *leaf;
    const struct kitchen_counts_of *counts;
    const struct kitchen_any_of *any;
    assert_status(
        kitchen_colour_of_cache_set(cache, 1, &(struct kitchen_colour_of){KITCHEN_COLOUR_BLUE}),
        LARDER_OK);
    assert_status(kitchen_colour_of_cache_get(cache, 1, &colour), LARDER_OK);
    assert_int_equal(colour->value, KITCHEN_COLOUR_BLUE);
    kitchen_colour_of_release(colour);

    assert_status(
        kitchen_leaf_of_cache_set(
            cache, 1, &(struct kitchen_leaf_of){.value = {9, "nine", KITCHEN_COLOUR_RED}}),
        LARDER_OK);
    assert_status(kitchen_leaf_of_cache_get(cache, 1, &leaf), LARDER_OK);
    assert_string_equal(leaf->value.name, "nine");
    kitchen_leaf_of_release(leaf);

    assert_status(
        kitchen_counts_of_cache_set(cache, 1, &(struct kitchen_counts_of){LIST_OF(entries)}),
        LARDER_OK);
    assert_status(kitchen_counts_of_cache_get(cache, 1, &counts), LARDER_OK);
    assert_int_equal(counts->value.count, 2);
    assert_true(counts->value.entries[0].value == UINT64_MAX);
    kitchen_counts_of_release(counts);

    assert_status(kitchen_any_of_cache_set(
                      cache, 1, &(struct kitchen_any_of){.value = BYTES("\x92\xc3\xa1z")}),
                  LARDER_OK);
    assert_status(kitchen_any_of_cache_get(cache, 1, &any), LARDER_OK);
    assert_int_equal(any->value.len, 4);
    assert_memory_equal(any->value.data, "\x92\xc3\xa1z", 4);
    kitchen_any_of_release(any);
}

static void a_single_entry_has_no_parameters(void **state)
{
    const struct kitchen_single *read;
    assert_status(kitchen_single_cache_get(cache_of(state), &read), LARDER_MISS);
    assert_null(read);
    assert_status(kitchen_single_cache_set(cache_of(state),
                                           &(struct kitchen_single){.motd = "hi", .seen = 3}),
                  LARDER_OK);
    assert_status(kitchen_single_cache_get(cache_of(state), &read), LARDER_OK);
    assert_string_equal(read->motd, "hi");
    kitchen_single_release(read);
}

static void values_outlive_what_is_done_to_their_entry(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    const struct kitchen *full = sample_full();
    const struct kitchen *read;
    assert_status(kitchen_cache_set(cache, 1, full), LARDER_OK);
    assert_status(kitchen_cache_get(cache, 1, &read), LARDER_OK);
    assert_status(kitchen_cache_delete(cache, 1), LARDER_OK);
    struct kitchen other = *sample_bare();
    other.id = 1;
    assert_status(kitchen_cache_set(cache, 1, &other), LARDER_OK);
    assert_null(sample_difference(full, read));
    kitchen_release(read);
}

static void values_outlive_their_cache(void **state)
{
    struct site *site = *state;
    struct kitchen_cache *cache;
    const struct kitchen *read;
    assert_status(kitchen_cache_open(&site->config, &cache), LARDER_OK);
    assert_status(kitchen_cache_set(cache, 1, sample_full()), LARDER_OK);
    assert_status(kitchen_cache_get(cache, 1, &read), LARDER_OK);
    kitchen_cache_close(cache);
    assert_null(sample_difference(sample_full(), read));
    kitchen_release(read);
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(a_value_of_every_type_comes_back),
    SITE_TEST(an_empty_value_comes_back),
    SITE_TEST(numbers_at_the_ends_of_their_ranges_come_back),
    SITE_TEST(a_second_set_replaces_the_first),
    SITE_TEST(strings_and_blobs_of_every_length_class_come_back),
    SITE_TEST(lists_of_every_length_class_come_back),
    SITE_TEST(an_empty_list_is_a_value_and_no_miss),
    SITE_TEST(a_list_of_structs_comes_back),
    SITE_TEST(a_list_of_lists_comes_back),
    SITE_TEST(values_that_are_no_struct_come_back),
    SITE_TEST(a_single_entry_has_no_parameters),
    SITE_TEST(values_outlive_what_is_done_to_their_entry),
    SITE_TEST(values_outlive_their_cache),
};
const struct suite values_suite = {"values", tests, COUNT_OF(tests), false};
