/* SPDX-License-Identifier: MIT */
/* Lifetimes that each read renews, and how old a value may grow by that. */
#include "policies.h"

enum { LIFETIME_MS = 30000, MAX_AGE_MS = 60000 };

static void reads_session(struct site *site, enum larder_status status)
{
    const struct shop_session *session;
    assert_status(shop_session_cache_get(site->cache, 1, &session), status);
    shop_session_release(session);
}

static void reads_visit(struct site *site, enum larder_status status)
{
    const struct shop_visit *visit;
    assert_status(shop_visit_cache_get(site->cache, 1, &visit), status);
    shop_visit_release(visit);
}

static void store(struct site *site)
{
    assert_status(shop_session_cache_set(site->cache, 1, &(struct shop_session){.value = "s"}),
                  LARDER_OK);
    assert_status(shop_visit_cache_set(site->cache, 1, &(struct shop_visit){.value = "v"}),
                  LARDER_OK);
}

static void what_nobody_reads_ends(void **state)
{
    struct site *site = *state;
    store(site);
    site_approach(site, "visit:1", LIFETIME_MS);
    assert_status(shop_visit_cache_exists(site->cache, 1), LARDER_OK);
    site_cross(site, "visit:1");
    reads_visit(site, LARDER_MISS);
}

static void each_read_renews_it(void **state)
{
    struct site *site = *state;
    store(site);
    for (int i = 0; i < 10; i++) {
        site_pass(site, "visit:1", LIFETIME_MS * 2 / 3);
        reads_visit(site, LARDER_OK);
    }
}

/* exists and ttl are no reads. */
static void questions_do_not_renew_it(void **state)
{
    struct site *site = *state;
    int64_t ms;
    store(site);
    site_pass(site, "visit:1", LIFETIME_MS * 2 / 3);
    assert_status(shop_visit_cache_exists(site->cache, 1), LARDER_OK);
    assert_status(shop_visit_cache_ttl(site->cache, 1, &ms), LARDER_OK);
    assert_in_range(ms, 1, LIFETIME_MS / 3);
    site_pass(site, "visit:1", LIFETIME_MS * 2 / 3);
    reads_visit(site, LARDER_MISS);
}

static void many_reads_renew_it_too(void **state)
{
    struct site *site = *state;
    const struct shop_visit_key keys[] = {{1}};
    const struct shop_visit *visit;
    enum larder_status each;
    store(site);
    for (int i = 0; i < 3; i++) {
        site_pass(site, "visit:1", LIFETIME_MS * 2 / 3);
        assert_status(shop_visit_cache_get_many(site->cache, keys, 1, &visit, &each), LARDER_OK);
        assert_int_equal(each, LARDER_OK);
        shop_visit_release(visit);
    }
}

static void up_to_an_age(void **state)
{
    struct site *site = *state;
    store(site);
    for (int64_t age_ms = 0; age_ms < MAX_AGE_MS - LIFETIME_MS / 2; age_ms += LIFETIME_MS / 2) {
        reads_session(site, LARDER_OK);
        site_pass(site, "session:1", LIFETIME_MS / 2);
    }
    reads_session(site, LARDER_OK);
    site_approach(site, "session:1", LIFETIME_MS / 2);
    reads_session(site, LARDER_OK);
    site_cross(site, "session:1");
    reads_session(site, LARDER_MISS);
}

static void a_new_value_is_young(void **state)
{
    struct site *site = *state;
    store(site);
    site_pass(site, "session:1", LIFETIME_MS / 2);
    store(site);
    for (int i = 0; i < 3; i++) {
        site_pass(site, "session:1", LIFETIME_MS / 2);
        reads_session(site, LARDER_OK);
    }
}

static void settings_are_held_to_the_age(void **state)
{
    struct site *site = *state;
    struct larder_config config = site->config;
    struct larder_config_ttl ttls[] = {{"sessions", MAX_AGE_MS + 1}};
    struct shop_cache *cache;
    config.ttls = ttls;
    config.ttl_count = 1;
    assert_status(shop_cache_open(&config, &cache), LARDER_E_CONFIG);
    assert_null(cache);
    assert_non_null(strstr(larder_last_error(), "CACHE_TTL_SESSIONS"));
    assert_non_null(strstr(larder_last_error(), "max_age"));
    ttls[0].ttl_ms = MAX_AGE_MS;
    assert_status(shop_cache_open(&config, &cache), LARDER_OK);
    shop_cache_close(cache);
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(what_nobody_reads_ends),
    SITE_TEST(each_read_renews_it),
    SITE_TEST(questions_do_not_renew_it),
    SITE_TEST(many_reads_renew_it_too),
    SITE_TEST(up_to_an_age),
    SITE_TEST(a_new_value_is_young),
    SITE_TEST(settings_are_held_to_the_age),
};

const struct suite sliding_suite = {"sliding", tests, sizeof tests / sizeof tests[0], false};
