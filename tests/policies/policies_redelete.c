/* SPDX-License-Identifier: MIT */
/* Deletions that are made once more. */
#include "policies.h"

#include <errno.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/sanitizers.h"

enum { AFTER_MS = 20, CHILD_S = 30 };

/* What a loader that lagged behind stores again. */
static void store_stock(struct site *site)
{
    assert_status(shop_stock_cache_set(site->cache, 1, &(struct shop_stock){.value = 7}),
                  LARDER_OK);
}

static bool is_gone(void *user)
{
    struct site *site = user;
    return shop_stock_cache_exists(site->cache, 1) == LARDER_MISS;
}

static bool is_counted(void *user)
{
    return site_counters(user).shop_stock.redeletes == 1;
}

/* In memory time stands still until then, so nothing can be early. */
static void is_deleted_again(struct site *site)
{
    store_stock(site);
    if (!site->on_redis) {
        assert_false(is_gone(site));
        site_pass(site, "stock:1", AFTER_MS);
    }
    site_await(is_gone, site);
    site_await(is_counted, site);
}

static void a_deletion_is_made_twice(void **state)
{
    struct site *site = *state;
    store_stock(site);
    assert_status(shop_stock_cache_delete(site->cache, 1), LARDER_OK);
    is_deleted_again(site);
    store_stock(site); /* and not a third time: nothing is left to do */
    assert_false(is_gone(site));
}

static void one_of_many_too(void **state)
{
    struct site *site = *state;
    const struct shop_stock_key keys[] = {{1}};
    enum larder_status each;
    store_stock(site);
    assert_status(shop_stock_cache_delete_many(site->cache, keys, 1, &each), LARDER_OK);
    is_deleted_again(site);
}

static void an_events_too(void **state)
{
    struct site *site = *state;
    store_stock(site);
    assert_status(shop_cache_on_counted(site->cache, 1), LARDER_OK);
    is_deleted_again(site);
}

static void store_shelf(struct site *site)
{
    assert_status(shop_shelf_cache_set(site->cache, 1, &(struct shop_shelf){.id = 1, .room = 5}),
                  LARDER_OK);
}

static bool shelf_is_gone(void *user)
{
    struct site *site = user;
    return shop_shelf_cache_exists(site->cache, 1) == LARDER_MISS;
}

/* What a tag reaches is not deleted: its version is raised, and raised again. */
static void a_tags_too(void **state)
{
    struct site *site = *state;
    store_shelf(site);
    assert_status(shop_cache_on_emptied(site->cache, 5), LARDER_OK);
    assert_true(shelf_is_gone(site));
    store_shelf(site);
    if (!site->on_redis) {
        assert_false(shelf_is_gone(site));
        site_pass(site, "shelf:1", AFTER_MS);
    }
    site_await(shelf_is_gone, site);
    store_shelf(site);
    assert_false(shelf_is_gone(site));
}

static void others_are_deleted_once(void **state)
{
    struct site *site = *state;
    assert_status(shop_plain_cache_delete(site->cache, 1), LARDER_MISS);
    assert_int_equal(site_counters(site).total.redeletes, 0);
}

/* ------------------------------------------------------------------- the end */

static void delete_a_lot(struct site *site)
{
    assert_status(shop_lot_cache_delete(site->cache, 1), LARDER_MISS);
    assert_status(shop_lot_cache_set(site->cache, 1, &(struct shop_lot){.value = 7}), LARDER_OK);
}

static void what_is_left_is_done_at_the_end(void **state)
{
    struct site *site = *state;
    delete_a_lot(site);
    assert_true(site_is_there(site, "lot:1"));
    shop_cache_close(site->cache);
    site->cache = NULL;
    assert_false(site_is_there(site, "lot:1"));
}

/* The server is there and silent: the end has its time, and tells what it could not do. */
static void the_end_is_not_held_up(void **state)
{
    enum { TIMEOUT_MS = 300, PATIENCE_S = 5 };
    struct site *site = *state;
    struct larder_config config = site->config;
    struct timespec begun, now;
    shop_cache_close(site->cache);
    config.timeout_ms = TIMEOUT_MS;
    assert_status(shop_cache_open(&config, &site->cache), LARDER_OK);
    delete_a_lot(site);
    site_freeze(true);
    clock_gettime(CLOCK_MONOTONIC, &begun);
    shop_cache_close(site->cache);
    site->cache = NULL;
    clock_gettime(CLOCK_MONOTONIC, &now);
    site_freeze(false);
    assert_in_range(now.tv_sec - begun.tv_sec, 0, PATIENCE_S);
    assert_non_null(strstr(site->log, "closed with 1 invalidations"));
}

static bool ended_well(pid_t pid)
{
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status == 0;
}

static void a_child_leaves_it_to_its_parent(void **state)
{
    struct site *site = *state;
    if (UNDER_ADDRESS_SANITIZER) {
        skip();
    }
    delete_a_lot(site);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(CHILD_S);
        shop_cache_close(site->cache);
        _exit(0);
    }
    assert_true(ended_well(pid));
    assert_true(site_is_there(site, "lot:1"));
    shop_cache_close(site->cache);
    site->cache = NULL;
    assert_false(site_is_there(site, "lot:1"));
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(a_deletion_is_made_twice),
    SITE_TEST(one_of_many_too),
    SITE_TEST(an_events_too),
    SITE_TEST(a_tags_too),
    SITE_TEST(others_are_deleted_once),
};

static const struct CMUnitTest end_tests[] = {
    SITE_TEST(what_is_left_is_done_at_the_end),
    SITE_TEST(the_end_is_not_held_up),
    SITE_TEST(a_child_leaves_it_to_its_parent),
};

const struct suite redelete_suite = {"redelete", tests, sizeof tests / sizeof tests[0], false};
const struct suite redelete_end_suite = {"the end of it", end_tests,
                                         sizeof end_tests / sizeof end_tests[0], true};
