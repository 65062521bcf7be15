/* SPDX-License-Identifier: MIT */
/* What the registered loader does in the background, and what it does not. */
#include "policies.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/sanitizers.h"

/* Sources are static: what is registered must outlive the cache, which a fixture closes. */

enum {
    LIFETIME_MS = 60000,
    AHEAD_MS = 80000, /* 80 % of 100 s */
    AHEAD_LIFETIME_MS = 100000,
    PAUSE_MS = 3000,
    QUEUE = 64,
    CHILD_S = 30
};

static const char item_key[] = "item:1:red";

static void store(struct site *site, uint64_t id, const char *name)
{
    const struct shop_item item = {.id = id, .name = name};
    assert_status(shop_item_cache_set(site->cache, id, "red", &item), LARDER_OK);
    site->over_ms = 0;
}

static void reads(struct site *site, uint64_t id, enum larder_status status, const char *name)
{
    const struct shop_item *item;
    assert_status(shop_item_cache_get(site->cache, id, "red", &item), status);
    assert_int_equal(item != NULL, name != NULL);
    if (name != NULL) {
        assert_string_equal(item->name, name);
    }
    shop_item_release(item);
}

static void make_stale(struct site *site)
{
    site_approach(site, item_key, LIFETIME_MS);
    site_cross(site, item_key);
}

static void registers(struct site *site, struct source *source)
{
    assert_status(shop_item_cache_on_load(site->cache, load_item, source), LARDER_OK);
}

static bool has_new_item(void *user)
{
    struct site *site = user;
    const struct shop_item *item;
    bool is_new = shop_item_cache_get(site->cache, 1, "red", &item) == LARDER_OK &&
                  strcmp(item->name, "new") == 0;
    shop_item_release(item);
    return is_new;
}

struct awaited {
    atomic_int *counter;
    int least;
};

static bool has_come(void *user)
{
    const struct awaited *awaited = user;
    return atomic_load(awaited->counter) >= awaited->least;
}

static void await_count(atomic_int *counter, int least)
{
    struct awaited awaited = {counter, least};
    site_await(has_come, &awaited);
}

/* ----------------------------------------------------------------------- stale */

static void a_stale_read_reloads_once(void **state)
{
    struct site *site = *state;
    static struct source source;
    source = (struct source){.name = "new", .shut = true};
    registers(site, &source);
    store(site, 1, "old");
    make_stale(site);
    for (int i = 0; i < 100; i++) {
        reads(site, 1, LARDER_STALE, "old"); /* at once: the loader stands still */
    }
    await_count(&source.waiting, 1);
    reads(site, 1, LARDER_STALE, "old");
    atomic_store(&source.shut, false);
    site_await(has_new_item, site);
    assert_int_equal(source.calls, 1);
    assert_string_equal(source.previous, "old");
    assert_int_not_equal(source.thread, (uintptr_t)pthread_self());
    assert_int_equal(site_counters(site).shop_item.reloads, 1);
}

/* A key's texts are the caller's: what the worker has is a copy. */
static void the_key_is_copied(void **state)
{
    struct site *site = *state;
    static struct source source;
    source = (struct source){.name = "new", .shut = true};
    const struct shop_item *item;
    const struct shop_item old = {.id = 1, .name = "old"};
    char colour[] = "dark \xc3\xa9\xc3\xa8 50%";
    const char key[] = "item:1:dark%20%C3%A9%C3%A8%2050%25";
    registers(site, &source);
    assert_status(shop_item_cache_set(site->cache, 1, colour, &old), LARDER_OK);
    site_approach(site, key, LIFETIME_MS);
    site_cross(site, key);
    assert_status(shop_item_cache_get(site->cache, 1, colour, &item), LARDER_STALE);
    shop_item_release(item);
    memset(colour, 'x', sizeof colour - 1);
    atomic_store(&source.shut, false);
    await_count(&source.calls, 1);
    assert_string_equal(source.last_colour, "dark \xc3\xa9\xc3\xa8 50%");
    assert_int_equal(source.last_id, 1);
}

static void get_or_load_leaves_it_to_the_background(void **state)
{
    struct site *site = *state;
    static struct source source, own;
    source = (struct source){.name = "new"};
    own = (struct source){.name = "own"};
    const struct shop_item *item;
    registers(site, &source);
    store(site, 1, "old");
    make_stale(site);
    assert_status(shop_item_cache_get_or_load(site->cache, 1, "red", load_item, &own, &item),
                  LARDER_STALE);
    assert_string_equal(item->name, "old");
    shop_item_release(item);
    site_await(has_new_item, site);
    assert_int_equal(own.calls, 0);
    assert_int_equal(source.calls, 1);
}

static void many_reads_reload_too(void **state)
{
    struct site *site = *state;
    static struct source source;
    source = (struct source){.name = "new"};
    const struct shop_item_key keys[] = {{1, "red"}};
    const struct shop_item *item;
    enum larder_status each;
    registers(site, &source);
    store(site, 1, "old");
    make_stale(site);
    assert_status(shop_item_cache_get_many(site->cache, keys, 1, &item, &each), LARDER_OK);
    assert_int_equal(each, LARDER_STALE);
    shop_item_release(item);
    await_count(&source.calls, 1);
    site_await(has_new_item, site);
}

static void without_a_loader_nothing_is_reloaded(void **state)
{
    struct site *site = *state;
    static struct source source;
    source = (struct source){.name = "new"};
    store(site, 1, "old");
    make_stale(site);
    reads(site, 1, LARDER_STALE, "old");
    registers(site, &source);
    assert_status(shop_item_cache_on_load(site->cache, NULL, NULL), LARDER_OK);
    reads(site, 1, LARDER_STALE, "old");
    assert_int_equal(site_counters(site).shop_item.reloads, 0);
    registers(site, &source);
    reads(site, 1, LARDER_STALE, "old");
    site_await(has_new_item, site);
    assert_int_equal(source.calls, 1);
}

static void what_is_not_there_is_not_reloaded(void **state)
{
    struct site *site = *state;
    static struct source source;
    source = (struct source){.name = "new"};
    registers(site, &source);
    reads(site, 1, LARDER_MISS, NULL);
    assert_int_equal(site_counters(site).shop_item.reloads, 0);
}

static void a_reload_of_what_was_deleted_is_not_stored(void **state)
{
    struct site *site = *state;
    static struct source source;
    source = (struct source){.name = "of before", .shut = true};
    registers(site, &source);
    store(site, 1, "old");
    make_stale(site);
    reads(site, 1, LARDER_STALE, "old");
    await_count(&source.waiting, 1);
    assert_status(shop_item_cache_delete(site->cache, 1, "red"), LARDER_OK);
    atomic_store(&source.shut, false);
    await_count(&source.calls, 1);
    /* The worker is at it until then. */
    store(site, 2, "other");
    site_approach(site, "item:2:red", LIFETIME_MS);
    site_cross(site, "item:2:red");
    source.name = "new";
    reads(site, 2, LARDER_STALE, "other");
    await_count(&source.calls, 2);
    reads(site, 1, LARDER_MISS, NULL);
}

static void a_failed_reload_pauses(void **state)
{
    struct site *site = *state;
    static struct source source;
    source = (struct source){.name = "new", .answer = LARDER_E_LOADER};
    registers(site, &source);
    store(site, 1, "old");
    make_stale(site);
    reads(site, 1, LARDER_STALE, "old");
    await_count(&source.calls, 1);
    /* Another job behind it: then the pause is there. */
    store(site, 2, "other");
    site_approach(site, "item:2:red", LIFETIME_MS);
    site_cross(site, "item:2:red");
    reads(site, 2, LARDER_STALE, "other");
    await_count(&source.calls, 2);
    if (site->on_redis) { /* in memory the clock is that of both */
        for (int i = 0; i < 20; i++) {
            reads(site, 1, LARDER_STALE, "old");
        }
        assert_int_equal(source.calls, 2);
        site->over_ms = 0;
        source.answer = LARDER_OK;
        site_approach(site, item_key, PAUSE_MS);
        site_cross(site, item_key);
        reads(site, 1, LARDER_STALE, "old");
        site_await(has_new_item, site);
    }
}

static void a_full_queue_drops_and_counts(void **state)
{
    enum { MORE = 5 };
    struct site *site = *state;
    static struct source source;
    source = (struct source){.name = "new", .shut = true};
    char key[32];
    registers(site, &source);
    for (uint64_t id = 1; id <= 1 + QUEUE + MORE; id++) {
        store(site, id, "old");
    }
    for (uint64_t id = 1; id <= 1 + QUEUE + MORE; id++) {
        (void)snprintf(key, sizeof key, "item:%d:red", (int)id);
        if (site->on_redis || id == 1) {
            site->over_ms = 0;
            site_approach(site, key, LIFETIME_MS);
            site_cross(site, key);
        }
    }
    reads(site, 1, LARDER_STALE, "old");
    await_count(&source.waiting, 1);
    for (uint64_t id = 2; id <= 1 + QUEUE + MORE; id++) {
        reads(site, id, LARDER_STALE, "old");
    }
    assert_int_equal(site_counters(site).shop_item.reloads_dropped, MORE);
    atomic_store(&source.shut, false);
    await_count(&source.calls, 1 + QUEUE);
    reads(site, 1 + QUEUE + 1, LARDER_STALE, "old"); /* now there is room */
    await_count(&source.calls, 1 + QUEUE + 1);
}

/* ------------------------------------------------------------------------ ahead */

static bool has_new_front(void *user)
{
    struct site *site = user;
    const struct shop_front *front;
    bool is_new = shop_front_cache_get(site->cache, &front) == LARDER_OK &&
                  strcmp(front->items[0], "new") == 0;
    shop_front_release(front);
    return is_new;
}

static void store_front(struct site *site)
{
    const char *const items[] = {"old"};
    assert_status(shop_front_cache_set(site->cache, &(struct shop_front){items, 1}), LARDER_OK);
    site->over_ms = 0;
}

static void reads_front(struct site *site)
{
    const struct shop_front *front;
    assert_status(shop_front_cache_get(site->cache, &front), LARDER_OK);
    shop_front_release(front);
}

static void what_will_end_is_reloaded_ahead(void **state)
{
    struct site *site = *state;
    static struct source source;
    source = (struct source){.name = "new"};
    assert_status(shop_front_cache_on_load(site->cache, load_front, &source), LARDER_OK);
    store_front(site);
    site_approach(site, "front", AHEAD_MS);
    reads_front(site);
    assert_int_equal(site_counters(site).shop_front.reloads, 0);
    site_cross(site, "front");
    reads_front(site); /* fresh, and due */
    site_await(has_new_front, site);
    assert_int_equal(source.calls, 1);
    site->over_ms = 0;
    site_approach(site, "front", AHEAD_LIFETIME_MS);
    reads_front(site); /* the new one's lifetime is its own */
}

struct reading {
    struct site *site;
    struct source *source;
    int calls;
};

static bool front_is_tried(void *user)
{
    struct reading *reading = user;
    reads_front(reading->site);
    return atomic_load(&reading->source->calls) >= reading->calls;
}

/* Without `stale` it makes a pause, too: nobody waits for it, so it need not try at once. */
static void what_fails_ahead_pauses(void **state)
{
    enum { LEAST_PAUSE_MS = 1000, BEFORE_MS = 15000 };
    struct site *site = *state;
    static struct source source, behind;
    source = (struct source){.name = "new", .answer = LARDER_E_LOADER};
    behind = (struct source){.name = "new"};
    struct reading reading = {site, &source, 1};
    if (site->on_redis) {
        skip(); /* its time goes on */
    }
    assert_status(shop_front_cache_on_load(site->cache, load_front, &source), LARDER_OK);
    store_front(site);
    site_pass(site, "front", BEFORE_MS);
    registers(site, &behind);
    store(site, 1, "old");
    site_approach(site, "front", AHEAD_MS - BEFORE_MS);
    site_cross(site, "front");
    site_await(front_is_tried, &reading);
    reads(site, 1, LARDER_STALE, "old"); /* the job behind it: then the first is over */
    site_await(has_new_item, site);
    site_pass(site, "front", LEAST_PAUSE_MS - 1);
    for (int i = 0; i < 100; i++) {
        reads_front(site);
    }
    assert_int_equal(source.calls, 1);
    site_pass(site, "front", 1);
    reading.calls = 2;
    site_await(front_is_tried, &reading);
    assert_int_equal(site_counters(site).shop_front.load_errors, 2);
}

static void without_a_reader_nothing_is_reloaded(void **state)
{
    struct site *site = *state;
    static struct source source;
    source = (struct source){.name = "new"};
    const struct shop_front *front;
    assert_status(shop_front_cache_on_load(site->cache, load_front, &source), LARDER_OK);
    store_front(site);
    site_approach(site, "front", AHEAD_LIFETIME_MS);
    site_cross(site, "front");
    assert_status(shop_front_cache_get(site->cache, &front), LARDER_MISS);
    assert_int_equal(source.calls, 0);
}

static void xfetch_goes_by_what_a_load_costs(void **state)
{
    struct site *site = *state;
    static struct source quick, source;
    quick = (struct source){.name = "quick"};
    source = (struct source){.name = "new"};
    const struct shop_news *news;
    assert_status(shop_news_cache_get_or_load(site->cache, 1, load_news, &quick, &news), LARDER_OK);
    shop_news_release(news);
    assert_status(shop_news_cache_on_load(site->cache, load_news, &source), LARDER_OK);
    site->over_ms = 0;
    /* A load of some ms is due some ms before the end, not seconds. */
    site_approach(site, "news:1", AHEAD_LIFETIME_MS - 5000);
    for (int i = 0; i < 100; i++) {
        assert_status(shop_news_cache_get(site->cache, 1, &news), LARDER_OK);
        shop_news_release(news);
    }
    assert_int_equal(site_counters(site).shop_news.reloads, 0);
}

/* ------------------------------------------------------------------ end, fork */

static void the_end_does_not_wait_for_the_queue(void **state)
{
    struct site *site = *state;
    static struct source source;
    source = (struct source){.name = "new", .shut = true};
    registers(site, &source);
    store(site, 1, "old");
    store(site, 2, "old");
    make_stale(site);
    if (site->on_redis) {
        site->over_ms = 0;
        site_approach(site, "item:2:red", LIFETIME_MS);
        site_cross(site, "item:2:red");
    }
    reads(site, 1, LARDER_STALE, "old");
    await_count(&source.waiting, 1);
    reads(site, 2, LARDER_STALE, "old");
    atomic_store(&source.shut, false);
    shop_cache_close(site->cache);
    site->cache = NULL;
    assert_int_equal(source.waiting, 0); /* no loader runs any more */
    assert_in_range(source.calls, 1, 2);
}

static bool ended_well(pid_t pid)
{
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status == 0;
}

/* It may start its own thread: not where a sanitizer forbids it. */
static void a_child_reloads_by_itself(void **state)
{
    struct site *site = *state;
    static struct source source;
    source = (struct source){.name = "new", .shut = true};
    if (UNDER_ADDRESS_SANITIZER || UNDER_THREAD_SANITIZER) {
        skip();
    }
    registers(site, &source);
    store(site, 1, "old");
    make_stale(site);
    reads(site, 1, LARDER_STALE, "old");
    await_count(&source.waiting, 1);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(CHILD_S);
        atomic_store(&source.shut, false);
        atomic_store(&source.waiting, 0);
        store(site, 2, "old");
        site_approach(site, "item:2:red", LIFETIME_MS);
        site_cross(site, "item:2:red");
        reads(site, 2, LARDER_STALE, "old");
        await_count(&source.calls, 1);
        shop_cache_close(site->cache);
        _exit(atomic_load(&source.last_id) == 2 ? 0 : 1);
    }
    assert_true(ended_well(pid));
    atomic_store(&source.shut, false);
    site_await(has_new_item, site);
    assert_int_equal(source.calls, 1);
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(a_stale_read_reloads_once),
    SITE_TEST(the_key_is_copied),
    SITE_TEST(get_or_load_leaves_it_to_the_background),
    SITE_TEST(many_reads_reload_too),
    SITE_TEST(without_a_loader_nothing_is_reloaded),
    SITE_TEST(what_is_not_there_is_not_reloaded),
    SITE_TEST(a_reload_of_what_was_deleted_is_not_stored),
    SITE_TEST(a_failed_reload_pauses),
    SITE_TEST(a_full_queue_drops_and_counts),
    SITE_TEST(what_will_end_is_reloaded_ahead),
    SITE_TEST(what_fails_ahead_pauses),
    SITE_TEST(without_a_reader_nothing_is_reloaded),
    SITE_TEST(xfetch_goes_by_what_a_load_costs),
    SITE_TEST(the_end_does_not_wait_for_the_queue),
    SITE_TEST(a_child_reloads_by_itself),
};

const struct suite reloads_suite = {"reloads", tests, sizeof tests / sizeof tests[0], false};
