/* SPDX-License-Identifier: MIT */
/* What is known not to exist. */
#include "policies.h"

#include <pthread.h>
#include <sched.h>

enum { ABSENT_MS = 5000 };

static const char item_key[] = "item:1:red";

static void loads(struct site *site, struct source *source, enum larder_status status)
{
    const struct shop_item *item;
    assert_status(shop_item_cache_get_or_load(site->cache, 1, "red", load_item, source, &item),
                  status);
    assert_int_equal(item != NULL, status == LARDER_OK);
    shop_item_release(item);
}

static void reads(struct site *site, enum larder_status status)
{
    const struct shop_item *item;
    assert_status(shop_item_cache_get(site->cache, 1, "red", &item), status);
    assert_int_equal(item != NULL, status == LARDER_OK);
    shop_item_release(item);
}

static void it_is_remembered_for_a_while(void **state)
{
    struct site *site = *state;
    struct source source = {.answer = LARDER_ABSENT};
    loads(site, &source, LARDER_ABSENT);
    loads(site, &source, LARDER_ABSENT);
    assert_int_equal(source.calls, 1);
    reads(site, LARDER_ABSENT);
    assert_status(shop_item_cache_exists(site->cache, 1, "red"), LARDER_ABSENT);
    site_approach(site, item_key, ABSENT_MS);
    loads(site, &source, LARDER_ABSENT);
    assert_int_equal(source.calls, 1);
    site_cross(site, item_key);
    reads(site, LARDER_MISS);
    loads(site, &source, LARDER_ABSENT);
    assert_int_equal(source.calls, 2);
}

static void without_the_policy_it_is_asked_again(void **state)
{
    struct site *site = *state;
    struct source source = {.answer = LARDER_ABSENT};
    const struct shop_price *price;
    for (int i = 1; i <= 2; i++) {
        assert_status(shop_price_cache_get_or_load(site->cache, 1, load_price, &source, &price),
                      LARDER_ABSENT);
        assert_null(price);
        assert_int_equal(source.calls, i);
    }
    assert_status(shop_price_cache_get(site->cache, 1, &price), LARDER_MISS);
}

static void a_deletion_ends_it(void **state)
{
    struct site *site = *state;
    struct source source = {.answer = LARDER_ABSENT, .name = "new"};
    loads(site, &source, LARDER_ABSENT);
    assert_status(shop_item_cache_delete(site->cache, 1, "red"), LARDER_MISS);
    reads(site, LARDER_MISS);
    source.answer = LARDER_OK;
    loads(site, &source, LARDER_OK);
}

static void to_every_other_call_it_is_not_there(void **state)
{
    struct site *site = *state;
    struct source source = {.answer = LARDER_ABSENT};
    const struct shop_item item = {.id = 1, .name = "new"};
    int64_t ms;
    loads(site, &source, LARDER_ABSENT);
    assert_status(shop_item_cache_ttl(site->cache, 1, "red", &ms), LARDER_MISS);
    assert_status(shop_item_cache_touch(site->cache, 1, "red"), LARDER_MISS);
    assert_status(shop_item_cache_expire_soft(site->cache, 1, "red"), LARDER_MISS);
    loads(site, &source, LARDER_ABSENT);
    assert_status(shop_item_cache_replace(site->cache, 1, "red", &item), LARDER_MISS);
    assert_status(shop_item_cache_add(site->cache, 1, "red", &item), LARDER_OK);
    reads(site, LARDER_OK);
}

static void a_value_takes_its_place(void **state)
{
    struct site *site = *state;
    struct source source = {.answer = LARDER_ABSENT};
    const struct shop_item item = {.id = 1, .name = "new"};
    loads(site, &source, LARDER_ABSENT);
    assert_status(shop_item_cache_set(site->cache, 1, "red", &item), LARDER_OK);
    reads(site, LARDER_OK);
}

struct under_way {
    struct site *site;
    struct source *source;
    enum larder_status status;
};

static void *load_on_a_thread(void *user)
{
    struct under_way *call = user;
    const struct shop_item *item = NULL;
    call->status =
        shop_item_cache_get_or_load(call->site->cache, 1, "red", load_item, call->source, &item);
    shop_item_release(item);
    return NULL;
}

static void it_never_takes_a_values_place(void **state)
{
    struct site *site = *state;
    struct source source = {.answer = LARDER_ABSENT, .shut = true};
    struct under_way call = {site, &source, LARDER_OK};
    const struct shop_item item = {.id = 1, .name = "new"};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, load_on_a_thread, &call), 0);
    while (atomic_load(&source.waiting) == 0) {
        sched_yield();
    }
    assert_status(shop_item_cache_set(site->cache, 1, "red", &item), LARDER_OK);
    atomic_store(&source.shut, false);
    pthread_join(thread, NULL);
    assert_int_equal(call.status, LARDER_ABSENT); /* what its loader saw */
    reads(site, LARDER_OK);
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(it_is_remembered_for_a_while), SITE_TEST(without_the_policy_it_is_asked_again),
    SITE_TEST(a_deletion_ends_it),           SITE_TEST(to_every_other_call_it_is_not_there),
    SITE_TEST(a_value_takes_its_place),      SITE_TEST(it_never_takes_a_values_place),
};

const struct suite absent_suite = {"absent", tests, sizeof tests / sizeof tests[0], false};
