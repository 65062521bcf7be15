/* SPDX-License-Identifier: MIT */
/* What `set` refuses, and that nothing was written when it did. */
#include "conformance.h"

#include <stdlib.h>

#include "samples.h"

static struct kitchen_small plain(void)
{
    return (struct kitchen_small){.id = 1, .name = "n", .colour = KITCHEN_COLOUR_RED};
}

static void refused(void **state, const struct kitchen_small *value, const char *field)
{
    assert_status(kitchen_small_cache_set(cache_of(state), 1, value), LARDER_E_ARG);
    assert_non_null(strstr(larder_last_error(), field));
    assert_status(kitchen_small_cache_exists(cache_of(state), 1), LARDER_MISS);
}

static void a_required_string_that_is_null_is_refused(void **state)
{
    struct kitchen_small value = plain();
    value.name = NULL;
    refused(state, &value, "name");
}

static void a_string_over_its_bound_is_refused_and_one_at_it_is_not(void **state)
{
    struct kitchen_small value = plain();
    value.name = "123456789 123456789 123456789 123";
    refused(state, &value, "name");
    value.name = "123456789 123456789 123456789 12";
    assert_status(kitchen_small_cache_set(cache_of(state), 1, &value), LARDER_OK);
}

static void a_string_that_is_no_utf8_is_refused(void **state)
{
    static const char *const broken[] = {"\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80",
                                         "\xf4\x90\x80\x80"};
    struct kitchen_small value = plain();
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        value.name = broken[i];
        refused(state, &value, "name");
    }
}

static void a_list_over_its_bound_is_refused(void **state)
{
    const uint8_t items[] = {1, 2, 3, 4};
    struct kitchen_small value = plain();
    value.few = (struct larder_u8_list)LIST_OF(items);
    refused(state, &value, "few");
    value.few.count = 3;
    assert_status(kitchen_small_cache_set(cache_of(state), 1, &value), LARDER_OK);
}

static void a_list_without_items_that_counts_some_is_refused(void **state)
{
    struct kitchen_small value = plain();
    value.few.count = 1;
    refused(state, &value, "few");
}

static void a_map_over_its_bound_is_refused(void **state)
{
    const struct kitchen_small_pairs_entry items[] = {{"a", 1}, {"b", 2}, {"c", 3}};
    struct kitchen_small value = plain();
    value.pairs = (struct kitchen_small_pairs_map)LIST_OF(items);
    refused(state, &value, "pairs");
}

static void a_map_with_a_key_twice_is_refused(void **state)
{
    const struct kitchen_small_pairs_entry items[] = {{"a", 1}, {"a", 2}};
    struct kitchen_small value = plain();
    value.pairs = (struct kitchen_small_pairs_map)LIST_OF(items);
    refused(state, &value, "pairs");
}

/* Too many to compare each with each. */
static void a_large_map_with_one_key_twice_is_refused(void **state)
{
    enum { ENTRIES = 3000 };
    static char keys[ENTRIES][8];
    static struct kitchen_counts_of_value_entry items[ENTRIES];
    const struct kitchen_counts_of value = {{items, ENTRIES}};
    for (int i = 0; i < ENTRIES; i++) {
        keys[i][0] = (char)('a' + i % 26);
        keys[i][1] = (char)('a' + i / 26 % 26);
        keys[i][2] = (char)('a' + i / 676);
        items[i] = (struct kitchen_counts_of_value_entry){keys[i], (uint64_t)i};
    }
    assert_status(kitchen_counts_of_cache_set(cache_of(state), 1, &value), LARDER_OK);
    items[ENTRIES - 1].key = keys[1];
    assert_status(kitchen_counts_of_cache_set(cache_of(state), 1, &value), LARDER_E_ARG);
}

static void a_map_key_that_is_null_is_refused(void **state)
{
    const struct kitchen_small_pairs_entry items[] = {{NULL, 1}};
    struct kitchen_small value = plain();
    value.pairs = (struct kitchen_small_pairs_map)LIST_OF(items);
    refused(state, &value, "pairs");
}

static void bytes_over_their_bound_are_refused(void **state)
{
    struct kitchen_small value = plain();
    value.has_raw = true;
    value.raw = (struct larder_bytes)BYTES("0123456789abcdefg");
    refused(state, &value, "raw");
}

static void a_number_that_is_no_enumerator_is_refused(void **state)
{
    struct kitchen_small value = plain();
    value.colour = (enum kitchen_colour)3;
    refused(state, &value, "colour");
}

static void a_field_that_differs_from_the_key_is_refused(void **state)
{
    struct kitchen_small value = plain();
    value.id = 2;
    refused(state, &value, "key");

    const struct kitchen_pair pair = {.left = 1, .right = "right", .weight = 1};
    assert_status(kitchen_pair_cache_set(cache_of(state), 1, "right", &pair), LARDER_OK);
    assert_status(kitchen_pair_cache_set(cache_of(state), 2, "right", &pair), LARDER_E_ARG);
    assert_status(kitchen_pair_cache_set(cache_of(state), 1, "left", &pair), LARDER_E_ARG);
}

static void any_must_be_one_messagepack_value(void **state)
{
    static const struct larder_bytes broken[] = {
        {NULL, 0},
        BYTES("\xc1"),
        BYTES("\x92\x01"),
        BYTES("\x01\x02"),
        BYTES("\xdd\xff\xff\xff\xff"),
    };
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        const struct kitchen_any_of value = {broken[i]};
        assert_status(kitchen_any_of_cache_set(cache_of(state), 1, &value), LARDER_E_ARG);
    }
}

static void nil_is_no_value_where_it_means_absent(void **state)
{
    struct kitchen value = *sample_full();
    assert_true(value.has_maybe_extra);
    value.maybe_extra = (struct larder_bytes)BYTES("\xc0");
    assert_status(kitchen_cache_put(cache_of(state), &value), LARDER_E_ARG);
    value.has_maybe_extra = false;
    assert_status(kitchen_cache_put(cache_of(state), &value), LARDER_OK);
}

static void a_value_over_max_bytes_is_too_large(void **state)
{
    const size_t size = 2 * 1024 * 1024;
    unsigned char *data = calloc(1, size);
    assert_non_null(data);
    const struct kitchen_blob_of value = {{data, size}};
    assert_status(kitchen_blob_of_cache_set(cache_of(state), 1, &value), LARDER_E_TOO_LARGE);
    assert_status(kitchen_blob_of_cache_exists(cache_of(state), 1), LARDER_MISS);
    free(data);
}

static void a_value_nested_too_deep_is_too_large(void **state)
{
    static struct kitchen_branch chain[100];
    struct kitchen value = *sample_bare();
    for (size_t i = 0; i < COUNT_OF(chain); i++) {
        chain[i] = (struct kitchen_branch){.name = "", .only = i == 0 ? NULL : &chain[i - 1]};
    }
    value.tree = &chain[COUNT_OF(chain) - 1];
    assert_status(kitchen_cache_set(cache_of(state), 0, &value), LARDER_E_TOO_LARGE);
    value.tree = &chain[9];
    assert_status(kitchen_cache_set(cache_of(state), 0, &value), LARDER_OK);
}

static void a_refusal_never_shows_a_secret(void **state)
{
    struct kitchen_small value = plain();
    value.pin = "sesame open";
    refused(state, &value, "pin");
    assert_null(strstr(larder_last_error(), "sesame"));
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(a_required_string_that_is_null_is_refused),
    SITE_TEST(a_string_over_its_bound_is_refused_and_one_at_it_is_not),
    SITE_TEST(a_string_that_is_no_utf8_is_refused),
    SITE_TEST(a_list_over_its_bound_is_refused),
    SITE_TEST(a_list_without_items_that_counts_some_is_refused),
    SITE_TEST(a_map_over_its_bound_is_refused),
    SITE_TEST(a_map_with_a_key_twice_is_refused),
    SITE_TEST(a_large_map_with_one_key_twice_is_refused),
    SITE_TEST(a_map_key_that_is_null_is_refused),
    SITE_TEST(bytes_over_their_bound_are_refused),
    SITE_TEST(a_number_that_is_no_enumerator_is_refused),
    SITE_TEST(a_field_that_differs_from_the_key_is_refused),
    SITE_TEST(any_must_be_one_messagepack_value),
    SITE_TEST(nil_is_no_value_where_it_means_absent),
    SITE_TEST(a_value_over_max_bytes_is_too_large),
    SITE_TEST(a_value_nested_too_deep_is_too_large),
    SITE_TEST(a_refusal_never_shows_a_secret),
};
const struct suite bounds_suite = {"bounds", tests, COUNT_OF(tests), false};
