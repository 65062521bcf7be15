/* SPDX-License-Identifier: MIT */
/*
 * page.c with the mock in the place of the cache, as somebody else's test has it.
 *
 *     mocked              all of it; passes
 *     mocked wrong N      the N-th of what must fail the test
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "page.h"
#include "shop_cache_mock.h"

static struct shop_cache *cache;

static int open_it(void **state)
{
    (void)state;
    expect_shop_cache_open(LARDER_OK);
    return shop_cache_open(NULL, &cache) == LARDER_OK && cache != NULL ? 0 : -1;
}

static int close_it(void **state)
{
    (void)state;
    shop_cache_close(cache);
    return 0;
}

static void a_hit_is_shown(void **state)
{
    char page[64];
    (void)state;
    expect_shop_item_cache_get(
        42, LARDER_OK, &(struct shop_item){.id = 42, .name = "tea", .colour = SHOP_COLOUR_GREEN});
    page_render(cache, 42, page, sizeof page);
    assert_string_equal(page, "tea (green)");
}

static void without_a_value_it_is_the_database_s(void **state)
{
    char page[64];
    (void)state;
    expect_shop_item_cache_get(42, LARDER_MISS, NULL);
    expect_shop_item_cache_get(43, LARDER_E_UNAVAILABLE, NULL);
    page_render(cache, 42, page, sizeof page);
    assert_string_equal(page, "from the database: LARDER_MISS");
    page_render(cache, 43, page, sizeof page);
    assert_string_equal(page, "from the database: LARDER_E_UNAVAILABLE");
}

static void a_new_name_is_stored_and_told(void **state)
{
    (void)state;
    expect_shop_item_cache_put(&(struct shop_item){.id = 7, .name = "oolong"}, LARDER_OK);
    expect_shop_cache_on_item_changed(7, LARDER_OK);
    assert_int_equal(page_rename(cache, 7, "oolong"), LARDER_OK);
    /* NULL: any value. What could not be stored is not told. */
    expect_shop_item_cache_put(NULL, LARDER_E_TIMEOUT);
    assert_int_equal(page_rename(cache, 7, "sencha"), LARDER_E_TIMEOUT);
}

static void many_are_counted(void **state)
{
    const uint64_t ids[] = {1, 2, 3};
    const struct shop_item_key keys[] = {{1}, {2}, {3}};
    const struct shop_item one = {.id = 1, .name = "a"}, three = {.id = 3, .name = "c"};
    const struct shop_item *values[] = {&one, NULL, &three};
    (void)state;
    expect_shop_item_cache_get_many(keys, 3, LARDER_OK, values);
    assert_int_equal(page_count(cache, ids, 3), 2);
}

static void what_is_past_its_lifetime_can_be_said(void **state)
{
    const struct shop_price old = {.id = 7, .cents = 350}, new = {.id = 7, .cents = 400};
    const struct shop_price *price;
    (void)state;
    expect_shop_price_cache_on_load(LARDER_OK);
    expect_shop_price_cache_get(7, LARDER_STALE, &old);
    expect_shop_price_cache_get(8, LARDER_ABSENT, NULL);
    expect_shop_price_cache_refresh(7, LARDER_OK, &new);
    expect_shop_price_cache_expire_soft(7, LARDER_MISS);
    assert_int_equal(shop_price_cache_on_load(cache, NULL, NULL), LARDER_OK);
    assert_int_equal(shop_price_cache_get(cache, 7, &price), LARDER_STALE);
    assert_int_equal(price->cents, 350);
    shop_price_release(price);
    assert_int_equal(shop_price_cache_get(cache, 8, &price), LARDER_ABSENT);
    assert_null(price);
    assert_int_equal(shop_price_cache_refresh(cache, 7, NULL, NULL, &price), LARDER_OK);
    assert_int_equal(price->cents, 400);
    shop_price_release(price);
    assert_int_equal(shop_price_cache_expire_soft(cache, 7), LARDER_MISS);
}

static void every_other_call_can_be_said(void **state)
{
    const struct larder_uuid device = {{1, 2, 3}};
    const struct shop_token token = {.user_id = 9};
    const struct shop_token_key keys[] = {{"a", device, SHOP_COLOUR_RED}};
    const struct shop_token values[] = {{.user_id = 9}};
    const struct shop_token *read;
    enum larder_status each[1];
    int64_t ms;
    size_t len;
    char key[32];
    struct larder_health health;
    struct shop_cache_counters counters;
    (void)state;
    expect_shop_token_cache_get_or_load("a", device, SHOP_COLOUR_RED, LARDER_OK, &token);
    assert_int_equal(
        shop_token_cache_get_or_load(cache, "a", device, SHOP_COLOUR_RED, NULL, NULL, &read),
        LARDER_OK);
    assert_true(shop_token_equal(read, &token));
    shop_token_release(read);
    expect_shop_token_cache_set("a", device, SHOP_COLOUR_RED, &token, LARDER_OK);
    assert_int_equal(shop_token_cache_set(cache, "a", device, SHOP_COLOUR_RED, &token), LARDER_OK);
    expect_shop_token_cache_set_ttl("a", device, SHOP_COLOUR_RED, &token, 500, LARDER_OK);
    assert_int_equal(shop_token_cache_set_ttl(cache, "a", device, SHOP_COLOUR_RED, &token, 500),
                     LARDER_OK);
    expect_shop_token_cache_add("a", device, SHOP_COLOUR_RED, &token, LARDER_DENIED);
    assert_int_equal(shop_token_cache_add(cache, "a", device, SHOP_COLOUR_RED, &token),
                     LARDER_DENIED);
    expect_shop_token_cache_replace("a", device, SHOP_COLOUR_RED, &token, LARDER_MISS);
    assert_int_equal(shop_token_cache_replace(cache, "a", device, SHOP_COLOUR_RED, &token),
                     LARDER_MISS);
    expect_shop_token_cache_delete("a", device, SHOP_COLOUR_RED, LARDER_OK);
    assert_int_equal(shop_token_cache_delete(cache, "a", device, SHOP_COLOUR_RED), LARDER_OK);
    expect_shop_token_cache_exists("a", device, SHOP_COLOUR_RED, LARDER_MISS);
    assert_int_equal(shop_token_cache_exists(cache, "a", device, SHOP_COLOUR_RED), LARDER_MISS);
    expect_shop_token_cache_ttl("a", device, SHOP_COLOUR_RED, LARDER_OK, 77);
    assert_int_equal(shop_token_cache_ttl(cache, "a", device, SHOP_COLOUR_RED, &ms), LARDER_OK);
    assert_int_equal(ms, 77);
    expect_shop_token_cache_expire("a", device, SHOP_COLOUR_RED, 5, LARDER_OK);
    assert_int_equal(shop_token_cache_expire(cache, "a", device, SHOP_COLOUR_RED, 5), LARDER_OK);
    expect_shop_token_cache_touch("a", device, SHOP_COLOUR_RED, LARDER_OK);
    assert_int_equal(shop_token_cache_touch(cache, "a", device, SHOP_COLOUR_RED), LARDER_OK);
    expect_shop_token_cache_key("a", device, SHOP_COLOUR_RED, LARDER_OK, "token:a");
    assert_int_equal(
        shop_token_cache_key(cache, "a", device, SHOP_COLOUR_RED, key, sizeof key, &len),
        LARDER_OK);
    assert_string_equal(key, "token:a");
    expect_shop_token_cache_set_many(keys, 1, values, LARDER_OK);
    assert_int_equal(shop_token_cache_set_many(cache, keys, 1, values, each), LARDER_OK);
    expect_shop_token_cache_delete_many(keys, 1, LARDER_MISS);
    assert_int_equal(shop_token_cache_delete_many(cache, keys, 1, each), LARDER_MISS);
    assert_int_equal(each[0], LARDER_MISS);
    expect_shop_cache_on_signed_out(NULL, device, SHOP_COLOUR_RED, LARDER_E_ARG);
    assert_int_equal(shop_cache_on_signed_out(cache, NULL, device, SHOP_COLOUR_RED), LARDER_E_ARG);
    expect_shop_cache_ping(LARDER_E_TIMEOUT);
    assert_int_equal(shop_cache_ping(cache), LARDER_E_TIMEOUT);
    expect_shop_cache_health(LARDER_OK, &(struct larder_health){.connections = 3});
    assert_int_equal(shop_cache_health(cache, &health), LARDER_OK);
    assert_int_equal(health.connections, 3);
    expect_shop_cache_stats(LARDER_OK, NULL);
    assert_int_equal(shop_cache_stats(cache, &counters), LARDER_OK);
    assert_int_equal(counters.total.hits, 0);
    expect_shop_front_cache_delete(LARDER_OK);
    assert_int_equal(shop_front_cache_delete(cache), LARDER_OK);
}

static void invalidations_can_be_said(void **state)
{
    const struct larder_uuid device = {{1, 2, 3}};
    const struct shop_item was = {.id = 7, .name = "oolong"}, is = {.id = 7, .name = "sencha"};
    struct shop_batch *batch = NULL;
    (void)state;
    expect_shop_item_cache_changed(&was, &is, LARDER_OK);
    assert_int_equal(shop_item_cache_changed(cache, &was, &is), LARDER_OK);
    expect_shop_item_cache_changed(NULL, &is, LARDER_E_TIMEOUT);
    assert_int_equal(shop_item_cache_changed(cache, NULL, &is), LARDER_E_TIMEOUT);
    expect_shop_front_cache_delete_all(LARDER_OK);
    assert_int_equal(shop_front_cache_delete_all(cache), LARDER_OK);
    expect_shop_cache_batch_begin(LARDER_OK);
    expect_shop_item_batch_changed(&was, NULL, LARDER_OK);
    expect_shop_token_batch_delete("a", device, SHOP_COLOUR_RED, LARDER_OK);
    expect_shop_batch_on_item_changed(7, LARDER_OK);
    expect_shop_batch_commit(LARDER_OK);
    assert_int_equal(shop_cache_batch_begin(cache, &batch), LARDER_OK);
    assert_int_equal(shop_item_batch_changed(batch, &was, NULL), LARDER_OK);
    assert_int_equal(shop_token_batch_delete(batch, "a", device, SHOP_COLOUR_RED), LARDER_OK);
    assert_int_equal(shop_batch_on_item_changed(batch, 7), LARDER_OK);
    assert_int_equal(shop_batch_commit(batch), LARDER_OK);
    expect_shop_cache_batch_begin(LARDER_OK);
    expect_shop_batch_discard();
    assert_int_equal(shop_cache_batch_begin(cache, &batch), LARDER_OK);
    shop_batch_discard(batch);
}

/* ------------------------------------------------ what must not pass */

static void another_key(void **state)
{
    char page[64];
    (void)state;
    expect_shop_item_cache_get(42, LARDER_MISS, NULL);
    page_render(cache, 43, page, sizeof page);
}

static void not_expected(void **state)
{
    char page[64];
    (void)state;
    page_render(cache, 42, page, sizeof page);
}

static void expected_and_not_made(void **state)
{
    (void)state;
    expect_shop_item_cache_delete(42, LARDER_OK);
}

static void another_value(void **state)
{
    (void)state;
    expect_shop_item_cache_put(&(struct shop_item){.id = 7, .name = "oolong"}, LARDER_OK);
    larder_ignore(page_rename(cache, 7, "assam"));
}

static void another_text(void **state)
{
    const struct larder_uuid device = {{1}};
    (void)state;
    expect_shop_token_cache_delete("a", device, SHOP_COLOUR_RED, LARDER_OK);
    larder_ignore(shop_token_cache_delete(cache, "b", device, SHOP_COLOUR_RED));
}

static void another_uuid(void **state)
{
    (void)state;
    expect_shop_token_cache_delete("a", (struct larder_uuid){{1}}, SHOP_COLOUR_RED, LARDER_OK);
    larder_ignore(shop_token_cache_delete(cache, "a", (struct larder_uuid){{2}}, SHOP_COLOUR_RED));
}

static void one_of_many_keys(void **state)
{
    const uint64_t ids[] = {1, 4};
    const struct shop_item_key keys[] = {{1}, {2}};
    const struct shop_item *values[] = {NULL, NULL};
    (void)state;
    expect_shop_item_cache_get_many(keys, 2, LARDER_OK, values);
    (void)page_count(cache, ids, 2);
}

static void an_invalid_value(void **state)
{
    (void)state;
    expect_shop_item_cache_get(42, LARDER_OK, &(struct shop_item){.id = 42}); /* no name */
}

static void a_row_where_none_was(void **state)
{
    const struct shop_item row = {.id = 7, .name = "oolong"};
    (void)state;
    expect_shop_item_cache_changed(NULL, &row, LARDER_OK);
    larder_ignore(shop_item_cache_changed(cache, &row, &row));
}

static void a_release_is_missing(void **state)
{
    (void)state;
    expect_shop_item_cache_get(42, LARDER_OK, &(struct shop_item){.id = 42, .name = "tea"});
    page_leak(cache, 42);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest right[] = {
        cmocka_unit_test(a_hit_is_shown),
        cmocka_unit_test(without_a_value_it_is_the_database_s),
        cmocka_unit_test(a_new_name_is_stored_and_told),
        cmocka_unit_test(many_are_counted),
        cmocka_unit_test(what_is_past_its_lifetime_can_be_said),
        cmocka_unit_test(every_other_call_can_be_said),
        cmocka_unit_test(invalidations_can_be_said),
    };
    const struct CMUnitTest wrong[] = {
        cmocka_unit_test(another_key),           cmocka_unit_test(not_expected),
        cmocka_unit_test(expected_and_not_made), cmocka_unit_test(another_value),
        cmocka_unit_test(another_text),          cmocka_unit_test(another_uuid),
        cmocka_unit_test(one_of_many_keys),      cmocka_unit_test(an_invalid_value),
        cmocka_unit_test(a_row_where_none_was),  cmocka_unit_test(a_release_is_missing),
    };
    const size_t which = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    if (argc > 2 && which < sizeof wrong / sizeof *wrong) {
        const struct CMUnitTest one[] = {wrong[which]};
        return cmocka_run_group_tests(one, open_it, close_it);
    }
    return argc > 1 ? 77 : cmocka_run_group_tests(right, open_it, close_it);
}
