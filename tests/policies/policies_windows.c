/* SPDX-License-Identifier: MIT */
/* What a value past its lifetime is worth, to whom, and how long. */
#include "policies.h"

#include <pthread.h>
#include <sched.h>

enum { LIFETIME_MS = 60000, REVALIDATE_MS = 10000, IF_ERROR_MS = 30000, PAUSE_MS = 3000 };

static const char item_key[] = "item:1:red";

static void store(struct site *site, const char *name)
{
    const struct shop_item item = {.id = 1, .name = name};
    assert_status(shop_item_cache_set(site->cache, 1, "red", &item), LARDER_OK);
    site->over_ms = 0;
}

/* With the name that was read; NULL: nothing may have been. */
static void reads(struct site *site, enum larder_status status, const char *name)
{
    const struct shop_item *item;
    assert_status(shop_item_cache_get(site->cache, 1, "red", &item), status);
    assert_int_equal(item != NULL, name != NULL);
    if (name != NULL) {
        assert_string_equal(item->name, name);
    }
    shop_item_release(item);
}

static void loads(struct site *site, struct source *source, enum larder_status status,
                  const char *name)
{
    const struct shop_item *item;
    assert_status(shop_item_cache_get_or_load(site->cache, 1, "red", load_item, source, &item),
                  status);
    assert_int_equal(item != NULL, name != NULL);
    if (name != NULL) {
        assert_string_equal(item->name, name);
    }
    shop_item_release(item);
}

/* ----------------------------------------------------------------------- reads */

static void a_read_sees_each_window(void **state)
{
    struct site *site = *state;
    store(site, "old");
    reads(site, LARDER_OK, "old");
    site_approach(site, item_key, LIFETIME_MS);
    reads(site, LARDER_OK, "old");
    site_cross(site, item_key);
    reads(site, LARDER_STALE, "old");
    site_approach(site, item_key, REVALIDATE_MS);
    reads(site, LARDER_STALE, "old");
    site_cross(site, item_key);
    reads(site, LARDER_MISS, NULL);
    assert_int_equal(site_counters(site).shop_item.stale, 2);
}

static void many_are_judged_one_by_one(void **state)
{
    struct site *site = *state;
    const struct shop_item_key keys[] = {{1, "red"}, {2, "red"}, {3, "red"}};
    const struct shop_item new = {.id = 2, .name = "new"};
    const struct shop_item *items[3];
    enum larder_status each[3];
    store(site, "old");
    site_approach(site, item_key, LIFETIME_MS);
    site_cross(site, item_key);
    assert_status(shop_item_cache_set(site->cache, 2, "red", &new), LARDER_OK);
    assert_status(shop_item_cache_get_many(site->cache, keys, 3, items, each), LARDER_OK);
    assert_int_equal(each[0], LARDER_STALE);
    assert_string_equal(items[0]->name, "old");
    assert_int_equal(each[1], LARDER_OK);
    assert_string_equal(items[1]->name, "new");
    assert_int_equal(each[2], LARDER_MISS);
    assert_null(items[2]);
    shop_item_release_many(items, 3);
}

/* The windows count from where the jitter ends the lifetime. */
static void jitter_shortens_the_lifetime_alone(void **state)
{
    struct site *site = *state;
    const struct shop_spread *value;
    const struct shop_spread old = {.value = "old"};
    int64_t stay_ms = 0;
    assert_status(shop_spread_cache_set(site->cache, 1, &old), LARDER_OK);
    assert_status(shop_spread_cache_ttl(site->cache, 1, &stay_ms), LARDER_OK);
    assert_in_range(stay_ms, 59000, 110000);
    site_approach(site, "spread:1", stay_ms - REVALIDATE_MS);
    assert_status(shop_spread_cache_get(site->cache, 1, &value), LARDER_OK);
    shop_spread_release(value);
    site_cross(site, "spread:1");
    assert_status(shop_spread_cache_get(site->cache, 1, &value), LARDER_STALE);
    shop_spread_release(value);
    site_approach(site, "spread:1", REVALIDATE_MS);
    assert_status(shop_spread_cache_get(site->cache, 1, &value), LARDER_STALE);
    shop_spread_release(value);
    site_cross(site, "spread:1");
    assert_status(shop_spread_cache_get(site->cache, 1, &value), LARDER_MISS);
}

/* ----------------------------------------------------------------------- loads */

static void what_is_fresh_is_not_loaded(void **state)
{
    struct site *site = *state;
    struct source source = {.name = "new"};
    store(site, "old");
    site_approach(site, item_key, LIFETIME_MS);
    loads(site, &source, LARDER_OK, "old");
    assert_int_equal(source.calls, 0);
    site_cross(site, item_key);
    loads(site, &source, LARDER_OK, "new"); /* nobody else does: this call */
    assert_int_equal(source.calls, 1);
    reads(site, LARDER_OK, "new");
}

struct under_way {
    struct site *site;
    struct source *source;
};

static void *load_on_a_thread(void *user)
{
    const struct under_way *call = user;
    const struct shop_item *item = NULL;
    larder_ignore(
        shop_item_cache_get_or_load(call->site->cache, 1, "red", load_item, call->source, &item));
    shop_item_release(item);
    return NULL;
}

/* Runs `during` while a load of item 1 by another thread is under way. */
static void while_loading(struct site *site, struct source *source,
                          void (*during)(struct site *site))
{
    struct under_way call = {site, source};
    pthread_t thread;
    atomic_store(&source->shut, true);
    assert_int_equal(pthread_create(&thread, NULL, load_on_a_thread, &call), 0);
    while (atomic_load(&source->waiting) == 0) {
        sched_yield();
    }
    during(site);
    atomic_store(&source->shut, false);
    pthread_join(thread, NULL);
}

static void others_read_what_is_stale(struct site *site)
{
    struct source never = {.name = "never"};
    reads(site, LARDER_STALE, "old");
    loads(site, &never, LARDER_STALE, "old");
    assert_int_equal(never.calls, 0);
}

static void while_one_loads_the_others_read_on(void **state)
{
    struct site *site = *state;
    struct source source = {.name = "new"};
    store(site, "old");
    site_approach(site, item_key, LIFETIME_MS);
    site_cross(site, item_key);
    while_loading(site, &source, others_read_what_is_stale);
    assert_int_equal(source.calls, 1);
    reads(site, LARDER_OK, "new");
}

static void delete_it(struct site *site)
{
    assert_status(shop_item_cache_delete(site->cache, 1, "red"), LARDER_OK);
}

static void a_reload_of_what_was_deleted_is_not_stored(void **state)
{
    struct site *site = *state;
    struct source source = {.name = "of before"};
    store(site, "old");
    site_approach(site, item_key, LIFETIME_MS);
    site_cross(site, item_key);
    while_loading(site, &source, delete_it);
    reads(site, LARDER_MISS, NULL);
}

static void soften_it(struct site *site)
{
    assert_status(shop_item_cache_expire_soft(site->cache, 1, "red"), LARDER_OK);
}

static void a_reload_of_what_was_expired_is_not_stored(void **state)
{
    struct site *site = *state;
    struct source source = {.name = "of before"};
    store(site, "old");
    site_approach(site, item_key, LIFETIME_MS);
    site_cross(site, item_key);
    while_loading(site, &source, soften_it);
    reads(site, LARDER_STALE, "old");
}

/* -------------------------------------------------------------------- failures */

static void a_failed_load_falls_back_and_pauses(void **state)
{
    struct site *site = *state;
    struct source source = {.name = "new", .answer = LARDER_E_LOADER};
    store(site, "old");
    site_approach(site, item_key, LIFETIME_MS + REVALIDATE_MS);
    site_cross(site, item_key);
    loads(site, &source, LARDER_STALE, "old");
    assert_int_equal(source.calls, 1);
    loads(site, &source, LARDER_STALE, "old"); /* the pause */
    assert_int_equal(source.calls, 1);
    site->over_ms = 0; /* the pause began just now */
    site_approach(site, item_key, PAUSE_MS);
    loads(site, &source, LARDER_STALE, "old");
    assert_int_equal(source.calls, 1);
    site_cross(site, item_key);
    source.answer = LARDER_OK;
    loads(site, &source, LARDER_OK, "new");
    assert_int_equal(source.calls, 2);
}

static void what_is_stale_anyhow_is_no_reason_to_fail(void **state)
{
    struct site *site = *state;
    struct source source = {.name = "new", .answer = LARDER_E_LOADER};
    store(site, "old");
    site_approach(site, item_key, LIFETIME_MS);
    site_cross(site, item_key);
    loads(site, &source, LARDER_STALE, "old");
    loads(site, &source, LARDER_STALE, "old");
    assert_int_equal(source.calls, 1);
}

static void behind_all_windows_a_failure_is_one(void **state)
{
    struct site *site = *state;
    struct source source = {.name = "new", .answer = LARDER_E_LOADER};
    store(site, "old");
    site_approach(site, item_key, LIFETIME_MS + IF_ERROR_MS);
    loads(site, &source, LARDER_STALE, "old");
    site_cross(site, item_key);
    loads(site, &source, LARDER_E_LOADER, NULL);
    assert_int_equal(source.calls, 2);
}

/* The database is away for as long as the window lasts: one load a pause. */
static void an_outage_costs_a_load_a_pause(void **state)
{
    enum { STEP_MS = 100 };
    struct site *site = *state;
    struct source source = {.name = "new", .answer = LARDER_E_UNAVAILABLE};
    const int64_t outage_ms = 10000;
    store(site, "old");
    site_approach(site, item_key, LIFETIME_MS);
    site_cross(site, item_key);
    for (int64_t ms = 0; ms < outage_ms; ms += STEP_MS) {
        loads(site, &source, LARDER_STALE, "old");
        site_pass(site, item_key, STEP_MS);
    }
    assert_in_range(source.calls, 1, (outage_ms + PAUSE_MS - 1) / PAUSE_MS);
}

static void without_a_window_to_revalidate_it_is_for_errors_only(void **state)
{
    struct site *site = *state;
    struct source source = {.answer = LARDER_E_LOADER};
    const struct shop_price *price, old = {.id = 1, .cents = 90};
    assert_status(shop_price_cache_set(site->cache, 1, &old), LARDER_OK);
    site_approach(site, "price:1", LIFETIME_MS);
    site_cross(site, "price:1");
    assert_status(shop_price_cache_get(site->cache, 1, &price), LARDER_MISS);
    assert_null(price);
    assert_status(shop_price_cache_exists(site->cache, 1), LARDER_MISS);
    assert_status(shop_price_cache_get_or_load(site->cache, 1, load_price, &source, &price),
                  LARDER_STALE);
    assert_int_equal(price->cents, 90);
    shop_price_release(price);
    assert_status(shop_price_cache_get(site->cache, 1, &price), LARDER_MISS);
}

/* ------------------------------------------------------------ refresh, expire_soft */

static void refreshes(struct site *site, struct source *source, enum larder_status status,
                      const char *name)
{
    const struct shop_item *item;
    assert_status(shop_item_cache_refresh(site->cache, 1, "red", load_item, source, &item), status);
    assert_int_equal(item != NULL, name != NULL);
    if (name != NULL) {
        assert_string_equal(item->name, name);
    }
    shop_item_release(item);
}

static void refresh_loads_whatever_is_there(void **state)
{
    struct site *site = *state;
    struct source source = {.name = "new"};
    refreshes(site, &source, LARDER_OK, "new");
    reads(site, LARDER_OK, "new");
    source.name = "newer";
    refreshes(site, &source, LARDER_OK, "newer");
    reads(site, LARDER_OK, "newer");
    assert_int_equal(source.calls, 2);
    source.answer = LARDER_E_LOADER;
    refreshes(site, &source, LARDER_E_LOADER, NULL);
    reads(site, LARDER_OK, "newer"); /* it is fresh all the same */
}

/* Whatever is there is then known to be wrong. */
static void a_refresh_may_find_that_there_is_none(void **state)
{
    struct site *site = *state;
    struct source source = {.answer = LARDER_ABSENT};
    const struct shop_price *price, old = {.id = 1, .cents = 90};
    store(site, "old");
    refreshes(site, &source, LARDER_ABSENT, NULL);
    reads(site, LARDER_ABSENT, NULL);
    assert_status(shop_price_cache_set(site->cache, 1, &old), LARDER_OK);
    assert_status(shop_price_cache_refresh(site->cache, 1, load_price, &source, &price),
                  LARDER_ABSENT);
    assert_status(shop_price_cache_get(site->cache, 1, &price), LARDER_MISS);
}

static void of_what_cannot_be_stale_refresh_loads_too(void **state)
{
    struct site *site = *state;
    struct source source = {.name = "new"};
    const struct shop_plain *plain, old = {.value = "old"};
    assert_status(shop_plain_cache_set(site->cache, 1, &old), LARDER_OK);
    assert_status(shop_plain_cache_refresh(site->cache, 1, load_plain, &source, &plain), LARDER_OK);
    assert_string_equal(plain->value, "new");
    shop_plain_release(plain);
    assert_status(shop_plain_cache_get(site->cache, 1, &plain), LARDER_OK);
    assert_string_equal(plain->value, "new");
    shop_plain_release(plain);
}

static void *refresh_on_a_thread(void *user)
{
    const struct under_way *call = user;
    const struct shop_item *item = NULL;
    larder_ignore(
        shop_item_cache_refresh(call->site->cache, 1, "red", load_item, call->source, &item));
    shop_item_release(item);
    return NULL;
}

static void others_read_on_while_one_refreshes(void **state)
{
    struct site *site = *state;
    struct source source = {.name = "new"}, never = {.name = "never"};
    struct under_way call = {site, &source};
    pthread_t thread;
    store(site, "old");
    atomic_store(&source.shut, true);
    assert_int_equal(pthread_create(&thread, NULL, refresh_on_a_thread, &call), 0);
    while (atomic_load(&source.waiting) == 0) {
        sched_yield();
    }
    reads(site, LARDER_OK, "old");
    loads(site, &never, LARDER_OK, "old");
    assert_int_equal(never.calls, 0);
    atomic_store(&source.shut, false);
    pthread_join(thread, NULL);
    reads(site, LARDER_OK, "new");
}

static void what_was_expired_softly_is_stale(void **state)
{
    struct site *site = *state;
    struct source source = {.name = "new"};
    assert_status(shop_item_cache_expire_soft(site->cache, 1, "red"), LARDER_MISS);
    store(site, "old");
    assert_status(shop_item_cache_expire_soft(site->cache, 1, "red"), LARDER_OK);
    reads(site, LARDER_STALE, "old");
    loads(site, &source, LARDER_OK, "new");
}

static void without_stale_it_is_gone(void **state)
{
    struct site *site = *state;
    const struct shop_plain *value, old = {.value = "old"};
    assert_status(shop_plain_cache_set(site->cache, 1, &old), LARDER_OK);
    assert_status(shop_plain_cache_expire_soft(site->cache, 1), LARDER_OK);
    assert_status(shop_plain_cache_get(site->cache, 1, &value), LARDER_MISS);
    assert_status(shop_plain_cache_expire_soft(site->cache, 1), LARDER_MISS);
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(a_read_sees_each_window),
    SITE_TEST(many_are_judged_one_by_one),
    SITE_TEST(jitter_shortens_the_lifetime_alone),
    SITE_TEST(what_is_fresh_is_not_loaded),
    SITE_TEST(while_one_loads_the_others_read_on),
    SITE_TEST(a_reload_of_what_was_deleted_is_not_stored),
    SITE_TEST(a_reload_of_what_was_expired_is_not_stored),
    SITE_TEST(a_failed_load_falls_back_and_pauses),
    SITE_TEST(what_is_stale_anyhow_is_no_reason_to_fail),
    SITE_TEST(behind_all_windows_a_failure_is_one),
    SITE_TEST(an_outage_costs_a_load_a_pause),
    SITE_TEST(without_a_window_to_revalidate_it_is_for_errors_only),
    SITE_TEST(refresh_loads_whatever_is_there),
    SITE_TEST(a_refresh_may_find_that_there_is_none),
    SITE_TEST(of_what_cannot_be_stale_refresh_loads_too),
    SITE_TEST(others_read_on_while_one_refreshes),
    SITE_TEST(what_was_expired_softly_is_stale),
    SITE_TEST(without_stale_it_is_gone),
};

const struct suite windows_suite = {"windows", tests, sizeof tests / sizeof tests[0], false};
