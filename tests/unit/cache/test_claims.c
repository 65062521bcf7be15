/* SPDX-License-Identifier: MIT */
/*
 * get_or_load on a real server: what becomes of a load when its entry is changed at the
 * worst moment, from inside its own loader, and who waits for whom. Two caches of one
 * service in one process know as little of each other as two processes do.
 */
#include "shelf.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "backend/backend.h"
#include "base/clock.h"
#include "cache/handle.h"
#include "cache/versions.h"
#include "support/redis_server.h"

enum { ID = 7, QUICK_MS = 1500 /* less than any claim stands */ };

/* As the shelf's, and one of which a value is past its lifetime at once. */
static const struct larder_policy spares_policy = {.if_error_ms = 100000};
static const struct larder_entity spares_entity = {TEA_ENTITY(5, "spares", "spares:{id:u64}"),
                                                   .ttl_index = -1, .ttl_ms = 1,
                                                   .policy = &spares_policy};
/* One that an event invalidates as a whole. */
static const struct larder_entity all_entity = {TEA_ENTITY(6, "all", "all:{id:u64}"),
                                                .ttl_index = -1, .ttl_ms = 60000, .has_all = true};
static const struct larder_entity *const entities[] = {
    &tea_entity,     &jittered_entity, &forever_entity, &small_entity,
    &pressed_entity, &spares_entity,   &all_entity};
static const struct larder_service service = {.stub_version = LARDER_STUB_VERSION,
                                              .name = "shelf",
                                              .env_prefix = "SHELF",
                                              .db = -1,
                                              .prefix = "",
                                              .ttls = shelf_ttls,
                                              .ttl_count = TTL_COUNT,
                                              .entities = entities,
                                              .entity_count = 7};

struct site {
    struct redis_server server;
    char url[64];
    struct shelf first; /* `shelf.cache` and so on; only the cache is used */
    struct shelf other;
};

static int open_shelf(struct site *site, struct shelf *shelf, int64_t timeout_ms)
{
    shelf_init(shelf);
    shelf->config = (struct larder_config){.backend = "redis",
                                           .url = site->url,
                                           .timeout_ms = timeout_ms,
                                           .allocator = &shelf->memory.allocator};
    return larder_stub_open(&service, &shelf->config, &shelf->cache) == LARDER_OK ? 0 : -1;
}

static int close_shelf(struct shelf *shelf)
{
    larder_stub_close(shelf->cache);
    return shelf->memory.live_blocks == 0 ? 0 : -1;
}

static int set_up(void **state)
{
    static struct site site;
    if (!redis_server_start(&site.server, REDIS_SERVER_TCP, NULL)) {
        return -1;
    }
    snprintf(site.url, sizeof site.url, "redis://127.0.0.1:%d", site.server.port);
    *state = &site;
    return open_shelf(&site, &site.first, 5000) + open_shelf(&site, &site.other, 5000);
}

static int tear_down(void **state)
{
    struct site *site = *state;
    int bad = close_shelf(&site->first) + close_shelf(&site->other);
    redis_server_stop(&site->server);
    return bad;
}

/* Over a connection of its own. */
static void say(const struct site *site, const char *line)
{
    char reply[256];
    assert_true(redis_server_say(&site->server, NULL, line, reply, sizeof reply));
    assert_true(reply[0] != '-');
}

static long long ask_number(const struct site *site, const char *line)
{
    char reply[256];
    assert_true(redis_server_say(&site->server, NULL, line, reply, sizeof reply));
    assert_int_equal(reply[0], ':');
    return strtoll(reply + 1, NULL, 10);
}

static int64_t now_ms(void)
{
    return larder_clock_now_ns(&larder_clock_system) / 1000000;
}

/* ------------------------------------------------------------------- loaders */

struct order;
typedef void disturb_fn(struct order *order);

struct order {
    struct site *site;
    const struct shelf *shelf;
    const struct larder_entity *entity; /* NULL: tea */
    const char *name;
    enum larder_status answer;
    bool skip;
    disturb_fn *disturb; /* what happens while it loads; NULL: nothing */
    struct order *inner;
    atomic_int *wait_for; /* lasts until it is so many */
    int wanted;
    atomic_int runs;
};

static enum larder_status load_tea(struct larder_load *load, const void *call, void *out)
{
    struct order *order = *(struct order *const *)call;
    struct tea *tea = out;
    atomic_fetch_add(&order->runs, 1);
    tea->id = ID;
    tea->name = order->name;
    if (order->disturb != NULL) {
        order->disturb(order);
    }
    while (order->wait_for != NULL && atomic_load(order->wait_for) < order->wanted) {
        sched_yield();
    }
    if (order->skip) {
        larder_load_skip(load);
    }
    return order->answer;
}

static enum larder_status run_order(struct order *order, const struct tea **ret_tea)
{
    const struct larder_entity *entity = order->entity != NULL ? order->entity : &tea_entity;
    struct larder_key key = shelf_key(order->shelf, entity, ID);
    const void *value;
    enum larder_status status =
        larder_stub_get_or_load(order->shelf->cache, entity, &key, load_tea, &order, &value);
    *ret_tea = value;
    return status;
}

/* The name that comes of an order; "": none. */
static void expect_order(struct order *order, const char *name, enum larder_outcome outcome)
{
    const struct tea *tea;
    assert_status(run_order(order, &tea), LARDER_OK);
    assert_string_equal(tea->name, name);
    assert_int_equal(larder_outcome(), outcome);
    larder_value_release(tea);
}

/* What another cache finds there: NULL: nothing. */
static void expect_stored_of(struct site *site, const struct larder_entity *entity,
                             const char *name)
{
    const struct tea *tea;
    enum larder_status status = shelf_get(&site->other, entity, ID, &tea);
    assert_status(status, name != NULL ? LARDER_OK : LARDER_MISS);
    if (name != NULL) {
        assert_string_equal(tea->name, name);
    }
    larder_value_release(tea);
}

static void expect_stored(struct site *site, const char *name)
{
    expect_stored_of(site, &tea_entity, name);
}

/* ------------------------------------------------- disturbed from the inside */

static void delete_it(struct order *order)
{
    struct larder_key key = shelf_key(&order->site->other, &tea_entity, ID);
    larder_ignore(larder_stub_delete(order->site->other.cache, &tea_entity, &key));
}

static void delete_it_here(struct order *order)
{
    struct larder_key key = shelf_key(order->shelf, &tea_entity, ID);
    larder_ignore(larder_stub_delete(order->shelf->cache, &tea_entity, &key));
}

static void delete_it_by_hand(struct order *order)
{
    assert_int_equal(ask_number(order->site, "DEL tea:7"), 1);
}

static void overwrite_it_by_hand(struct order *order)
{
    say(order->site, "SET tea:7 rubbish");
}

static void set_it(struct order *order)
{
    assert_status(shelf_set(&order->site->other, &tea_entity, ID, "newer"), LARDER_OK);
}

static void add_it(struct order *order)
{
    const struct tea tea = {.id = ID, .name = "newer"};
    assert_status(
        shelf_put(&order->site->other, &tea_entity, &tea, LARDER_SET_ADD, LARDER_TTL_SCHEMA),
        LARDER_OK);
}

static void flush_all(struct order *order)
{
    say(order->site, "FLUSHALL");
}

static void forget_scripts(struct order *order)
{
    say(order->site, "SCRIPT FLUSH");
}

static void let_the_claim_end(struct order *order)
{
    assert_int_equal(ask_number(order->site, "PEXPIRE tea:7 1"), 1);
    while (ask_number(order->site, "EXISTS tea:7") != 0) {
        sched_yield();
    }
}

static void cut_connections(struct order *order)
{
    assert_true(ask_number(order->site, "CLIENT KILL TYPE normal") > 0);
}

static void restart_empty(struct order *order)
{
    redis_server_kill(&order->site->server);
    assert_true(redis_server_again(&order->site->server));
}

/* To every other call a claim is nothing. */
static void look_through_it(struct order *order)
{
    const struct shelf *shelf = &order->site->other;
    struct larder_key key = shelf_key(shelf, &tea_entity, ID);
    const struct tea tea = {.id = ID, .name = "never"};
    int64_t ms;
    expect_stored(order->site, NULL);
    assert_status(larder_stub_exists(shelf->cache, &tea_entity, &key), LARDER_MISS);
    assert_status(larder_stub_ttl(shelf->cache, &tea_entity, &key, &ms), LARDER_MISS);
    assert_status(larder_stub_expire(shelf->cache, &tea_entity, &key, 60000), LARDER_MISS);
    assert_status(shelf_put(shelf, &tea_entity, &tea, LARDER_SET_REPLACE, LARDER_TTL_SCHEMA),
                  LARDER_MISS);
}

/* Somebody else deletes the claim, and loads what is newer. */
static void delete_and_load(struct order *order)
{
    struct order newer = {.site = order->site, .shelf = &order->site->other, .name = "newer"};
    delete_it(order);
    expect_order(&newer, "newer", LARDER_APPLIED);
}

static const struct {
    disturb_fn *disturb;
    bool lost;
    const char *stored;
} disturbances[] = {
    {NULL, false, "loaded"},
    {delete_it, true, NULL},
    {delete_it_here, true, NULL},
    {delete_it_by_hand, true, NULL},
    {overwrite_it_by_hand, true, NULL},
    {set_it, true, "newer"},
    {add_it, true, "newer"},
    {flush_all, true, NULL},
    {let_the_claim_end, true, NULL},
    {restart_empty, true, NULL},
    {delete_and_load, true, "newer"},
    {forget_scripts, false, "loaded"},
    {cut_connections, false, "loaded"},
    {look_through_it, false, "loaded"},
};

/* Whatever happens meanwhile, the caller has what it loaded, and what is stored is not older
 * than what happened. */
static void a_fill_stands_or_falls_with_its_claim(void **state)
{
    struct site *site = *state;
    for (size_t i = 0; i < sizeof disturbances / sizeof disturbances[0]; i++) {
        struct larder_stats before = shelf_stats(&site->first, &tea_entity);
        struct order order = {.site = site,
                              .shelf = &site->first,
                              .name = "loaded",
                              .disturb = disturbances[i].disturb};
        say(site, "FLUSHALL");
        expect_order(&order, "loaded", disturbances[i].lost ? LARDER_NOT_APPLIED : LARDER_APPLIED);
        assert_int_equal(order.runs, 1);
        expect_stored(site, disturbances[i].stored);
        struct larder_stats after = shelf_stats(&site->first, &tea_entity);
        assert_int_equal(after.fills_lost - before.fills_lost, disturbances[i].lost);
        assert_int_equal(after.fills - before.fills, !disturbances[i].lost);
        assert_int_equal(after.misses - before.misses, 1);
    }
}

/* --------------------------------------------------------- and by versions */

static void bump_all(struct order *order)
{
    const struct larder_cache *cache = order->site->other.cache;
    const struct larder_version_ids ids = {
        .count = 1, .ids = {larder_version_of_entity(&cache->versions, "all")}};
    struct larder_version_list list;
    larder_version_list_make(&cache->versions, &ids, 0, larder_version_begin(), &list);
    struct larder_op op = {.kind = LARDER_OP_BUMP,
                           .key = list.keys[0].bytes,
                           .key_len = list.keys[0].len,
                           .versions = &list.op};
    cache->backend->table->run(cache->backend, &op, 1, INT64_MAX);
    assert_status(op.status, LARDER_OK);
}

static void evict_version(struct order *order)
{
    const struct larder_version_names *names = &order->site->other.cache->versions;
    char line[LARDER_VERSION_KEY_MAX + 8] = "DEL ";
    size_t len = larder_version_key_write(names, larder_version_of_entity(names, "all"), line + 4);
    line[4 + len] = '\0';
    (void)ask_number(order->site, line); /* the first load makes it at its end */
}

static void evict_clock(struct order *order)
{
    assert_int_equal(ask_number(order->site, "DEL ~shelf:clock"), 1);
}

static void bump_and_evict_version(struct order *order)
{
    bump_all(order);
    evict_version(order);
}

static void bump_and_evict_clock(struct order *order)
{
    bump_all(order);
    evict_clock(order);
}

static void bump_over_a_new_clock(struct order *order)
{
    evict_clock(order);
    bump_all(order);
}

/* Who only evicts changes nothing, but a clock that is gone cannot be asked any more. */
static void a_fill_stands_or_falls_with_its_versions(void **state)
{
    static const struct {
        disturb_fn *disturb;
        bool lost;
    } rows[] = {{NULL, false},
                {forget_scripts, false},
                {cut_connections, false},
                {evict_version, false},
                {bump_all, true},
                {evict_clock, true},
                {bump_and_evict_version, true},
                {bump_and_evict_clock, true},
                {bump_over_a_new_clock, true},
                {flush_all, true},
                {restart_empty, true}};
    struct site *site = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int warm = 0; warm < 2; warm++) {
            struct order order = {
                .site = site, .shelf = &site->first, .entity = &all_entity, .name = "loaded"};
            say(site, "FLUSHALL");
            if (warm) { /* clock and version are there already */
                expect_order(&order, "loaded", LARDER_APPLIED);
                bump_all(&order);
            }
            order.disturb = rows[i].disturb;
            expect_order(&order, "loaded", rows[i].lost ? LARDER_NOT_APPLIED : LARDER_APPLIED);
            expect_stored_of(site, &all_entity, rows[i].lost ? NULL : "loaded");
            int64_t start_ms = now_ms();
            order.disturb = NULL;
            expect_order(&order, "loaded", LARDER_APPLIED);
            assert_true(now_ms() - start_ms < QUICK_MS); /* no claim was left standing */
        }
    }
}

static void a_server_that_dies_meanwhile_costs_the_fill_alone(void **state)
{
    struct site *site = *state;
    struct order order = {.site = site, .shelf = &site->first, .name = "loaded"};
    say(site, "FLUSHALL");
    redis_server_kill(&site->server);
    expect_order(&order, "loaded", LARDER_NOT_APPLIED);
    assert_int_equal(order.runs, 1);
    assert_true(redis_server_again(&site->server));
    expect_stored(site, NULL);
}

static void kill_server(struct order *order)
{
    redis_server_kill(&order->site->server);
}

static void a_server_that_dies_inside_the_loader_costs_the_fill_alone(void **state)
{
    struct site *site = *state;
    struct order order = {
        .site = site, .shelf = &site->first, .name = "loaded", .disturb = kill_server};
    const struct tea *tea;
    assert_status(run_order(&order, &tea), LARDER_OK);
    assert_true(larder_outcome() != LARDER_APPLIED);
    larder_value_release(tea);
    assert_true(redis_server_again(&site->server));
    expect_stored(site, NULL);
}

/* ------------------------------------------------------- what is not stored */

static void expect_free(struct site *site)
{
    assert_int_equal(ask_number(site, "EXISTS tea:7"), 0);
}

static void a_load_that_stores_nothing_leaves_no_claim(void **state)
{
    struct site *site = *state;
    struct order rows[] = {{.name = "skipped", .skip = true},
                           {.name = "failed", .answer = LARDER_E_UNAVAILABLE},
                           {.name = NULL},
                           {.name = "absent", .answer = LARDER_ABSENT}};
    static const enum larder_status statuses[] = {LARDER_OK, LARDER_E_LOADER, LARDER_E_LOADER,
                                                  LARDER_ABSENT};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct tea *tea;
        rows[i].site = site;
        rows[i].shelf = &site->first;
        assert_status(run_order(&rows[i], &tea), statuses[i]);
        assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
        larder_value_release(tea);
        expect_free(site);
    }
}

static void what_is_none_of_ours_is_loaded_over(void **state)
{
    struct site *site = *state;
    static const char *const lines[] = {"SET tea:7 rubbish", "LPUSH tea:7 rubbish",
                                        "SET tea:7 \"\""};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct order order = {.site = site, .shelf = &site->first, .name = "loaded"};
        say(site, "FLUSHALL");
        say(site, lines[i]);
        expect_order(&order, "loaded", LARDER_APPLIED);
        expect_stored(site, "loaded");
    }
}

/* ------------------------------------------------------------- who waits */

struct caller {
    struct order *order;
    char name[16];
    bool good;
};

static void *call_it(void *user)
{
    struct caller *caller = user;
    const struct tea *tea;
    caller->good = run_order(caller->order, &tea) == LARDER_OK;
    if (tea != NULL) {
        snprintf(caller->name, sizeof caller->name, "%s", tea->name);
    }
    larder_value_release(tea);
    return NULL;
}

static void await(const atomic_int *number, int wanted)
{
    while (atomic_load(number) < wanted) {
        sched_yield();
    }
}

static void another_process_waits_and_takes_what_was_loaded(void **state)
{
    struct site *site = *state;
    atomic_int end = 0;
    struct order slow = {
        .site = site, .shelf = &site->first, .name = "first", .wait_for = &end, .wanted = 1};
    struct order late = {.site = site, .shelf = &site->other, .name = "other"};
    struct caller leader = {.order = &slow}, waiter = {.order = &late};
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, call_it, &leader);
    await(&slow.runs, 1);
    pthread_create(&threads[1], NULL, call_it, &waiter);
    while (shelf_stats(&site->other, &tea_entity).claim_waits == 0) {
        sched_yield();
    }
    atomic_store(&end, 1);
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_string_equal(leader.name, "first");
    assert_string_equal(waiter.name, "first");
    assert_int_equal(late.runs, 0);
    struct larder_stats stats = shelf_stats(&site->other, &tea_entity);
    assert_int_equal(stats.claim_waits, 1);
    assert_int_equal(stats.misses, 1);
    assert_int_equal(stats.loads, 0);
}

/* While it loads: its claim ends, as a dead process's does. */
static void a_claim_that_ends_is_taken_over(void **state)
{
    struct site *site = *state;
    atomic_int end = 0;
    struct order slow = {
        .site = site, .shelf = &site->first, .name = "dead", .wait_for = &end, .wanted = 1};
    struct order late = {.site = site, .shelf = &site->other, .name = "other"};
    struct caller leader = {.order = &slow}, waiter = {.order = &late};
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, call_it, &leader);
    await(&slow.runs, 1);
    pthread_create(&threads[1], NULL, call_it, &waiter);
    while (shelf_stats(&site->other, &tea_entity).claim_waits == 0) {
        sched_yield();
    }
    assert_int_equal(ask_number(site, "PEXPIRE tea:7 1"), 1);
    pthread_join(threads[1], NULL);
    assert_string_equal(waiter.name, "other");
    expect_stored(site, "other");
    atomic_store(&end, 1);
    pthread_join(threads[0], NULL);
    assert_string_equal(leader.name, "dead");
    expect_stored(site, "other");
    assert_int_equal(shelf_stats(&site->first, &tea_entity).fills_lost, 1);
}

static void who_waited_for_as_long_as_a_call_may_take_loads_for_himself(void **state)
{
    struct site *site = *state;
    struct shelf hasty;
    atomic_int end = 0;
    struct order slow = {
        .site = site, .shelf = &site->first, .name = "first", .wait_for = &end, .wanted = 1};
    struct order late = {.site = site, .shelf = &hasty, .name = "hasty"};
    struct caller leader = {.order = &slow};
    pthread_t thread;
    assert_int_equal(open_shelf(site, &hasty, 200), 0);
    pthread_create(&thread, NULL, call_it, &leader);
    await(&slow.runs, 1);
    expect_order(&late, "hasty", LARDER_NOT_APPLIED);
    assert_int_equal(shelf_stats(&hasty, &tea_entity).claim_waits, 1);
    expect_stored(site, NULL);
    atomic_store(&end, 1);
    pthread_join(thread, NULL);
    expect_stored(site, "first");
    assert_int_equal(close_shelf(&hasty), 0);
}

/* Of the spare value's lifetime, as this cache knows the server's time. */
static void await_end(const struct shelf *shelf)
{
    const struct tea *tea;
    while (shelf_get(shelf, &spares_entity, ID, &tea) == LARDER_OK) {
        larder_value_release(tea);
    }
}

/* Of a value that is only for when the loader fails: others wait while it runs, those who
 * may not wait any longer are given it. */
static void a_spare_value_is_given_to_who_cannot_wait(void **state)
{
    struct site *site = *state;
    struct shelf hasty;
    atomic_int end = 0;
    struct order old = {
        .site = site, .shelf = &site->first, .entity = &spares_entity, .name = "old"};
    struct order slow = {.site = site,
                         .shelf = &site->first,
                         .entity = &spares_entity,
                         .name = "new",
                         .wait_for = &end,
                         .wanted = 1};
    struct order late = {.site = site, .shelf = &hasty, .entity = &spares_entity, .name = "late"};
    struct order calm = {
        .site = site, .shelf = &site->other, .entity = &spares_entity, .name = "calm"};
    struct caller leader = {.order = &slow}, waiter = {.order = &calm};
    const struct tea *tea;
    pthread_t threads[2];
    assert_int_equal(open_shelf(site, &hasty, 200), 0);
    expect_order(&old, "old", LARDER_APPLIED);
    await_end(&site->first);
    await_end(&site->other);
    await_end(&hasty);
    pthread_create(&threads[0], NULL, call_it, &leader);
    await(&slow.runs, 1);
    pthread_create(&threads[1], NULL, call_it, &waiter);
    while (shelf_stats(&site->other, &spares_entity).claim_waits == 0) {
        sched_yield();
    }
    assert_status(run_order(&late, &tea), LARDER_STALE);
    assert_string_equal(tea->name, "old");
    larder_value_release(tea);
    assert_int_equal(late.runs, 0);
    atomic_store(&end, 1);
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_string_equal(leader.name, "new");
    /* He waited; the new one's lifetime may be over again when he sees it. */
    assert_true(strcmp(waiter.name, "new") == 0 || strcmp(waiter.name, "calm") == 0);
    assert_int_equal(close_shelf(&hasty), 0);
}

/* ---------------------------------------------------------- in one process */

/* Those who waited for a load that was lost are given what is newer. */
static void who_waited_for_a_lost_load_starts_again(void **state)
{
    struct site *site = *state;
    atomic_int end = 0;
    struct order old = {
        .site = site, .shelf = &site->first, .name = "old", .wait_for = &end, .wanted = 1};
    struct order newer = {.site = site, .shelf = &site->first, .name = "new"};
    struct caller leader = {.order = &old};
    struct caller followers[4];
    pthread_t threads[5];
    pthread_create(&threads[4], NULL, call_it, &leader);
    await(&old.runs, 1);
    for (size_t i = 0; i < 4; i++) {
        followers[i] = (struct caller){.order = &newer};
        pthread_create(&threads[i], NULL, call_it, &followers[i]);
    }
    delete_it_by_hand(&old);
    atomic_store(&end, 1);
    for (size_t i = 0; i < 5; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_string_equal(leader.name, "old");
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(followers[i].name, "new");
    }
    expect_stored(site, "new");
}

static void load_it_inside(struct order *order)
{
    if (atomic_load(&order->runs) == 1) {
        expect_order(order->inner, "inner", LARDER_NOT_APPLIED);
    }
}

/* It does not wait for its own claim, whether it looks or claims first. */
static void a_loader_that_loads_its_own_key_waits_for_nobody(void **state)
{
    struct site *site = *state;
    for (int round = 0; round < 2; round++) {
        struct order inner = {.site = site, .shelf = &site->first, .name = "inner"};
        struct order outer = {.site = site,
                              .shelf = &site->first,
                              .name = "outer",
                              .disturb = load_it_inside,
                              .inner = &inner};
        int64_t start_ms = now_ms();
        expect_order(&outer, "outer", LARDER_APPLIED);
        assert_true(now_ms() - start_ms < QUICK_MS);
        assert_int_equal(inner.runs, 1);
        expect_stored(site, "outer");
        say(site, "FLUSHALL");
        larder_state_of(site->first.cache, &tea_entity)->lease.misses = LARDER_MISSES_ALL;
    }
}

/* Nor does it where a cache of its own cannot tell it whose the claim is. */
static void a_loader_that_loads_its_own_key_by_another_cache_waits_for_nobody(void **state)
{
    struct site *site = *state;
    struct order inner = {.site = site, .shelf = &site->other, .name = "inner"};
    struct order outer = {.site = site,
                          .shelf = &site->first,
                          .name = "outer",
                          .disturb = load_it_inside,
                          .inner = &inner};
    int64_t start_ms = now_ms();
    expect_order(&outer, "outer", LARDER_APPLIED);
    assert_true(now_ms() - start_ms < QUICK_MS);
    assert_int_equal(inner.runs, 1);
    expect_stored(site, "outer");
}

static const struct larder_entity *build_tea(struct larder_key *key, const void *keys, size_t i)
{
    larder_key_literal(key, "tea:", 4);
    larder_key_u64(key, ((const uint64_t *)keys)[i]);
    return &tea_entity;
}

static enum larder_status load_teas(struct larder_load *load, const void *call, const void *keys,
                                    size_t count, void *out, enum larder_status *each)
{
    struct order *order = *(struct order *const *)call;
    struct tea *teas = out;
    (void)load;
    order->runs++;
    load_it_inside(order);
    for (size_t i = 0; i < count; i++) {
        teas[i].id = ((const uint64_t *)keys)[i];
        teas[i].name = "many";
        each[i] = LARDER_OK;
    }
    return LARDER_OK;
}

/* Nor for one that a loader of many has. */
static void a_loader_of_many_that_loads_one_of_them_waits_for_nobody(void **state)
{
    struct site *site = *state;
    const uint64_t ids[] = {ID - 1, ID, ID + 1};
    struct order inner = {.site = site, .shelf = &site->first, .name = "inner"};
    struct order outer = {.site = site, .inner = &inner}, *call = &outer;
    const struct larder_many_load many = {
        .build = build_tea, .keys = ids, .key_size = sizeof *ids, .load = load_teas, .call = &call};
    const struct tea *teas[3];
    enum larder_status each[3];
    int64_t start_ms = now_ms();
    assert_status(
        larder_stub_get_many_or_load(site->first.cache, &tea_entity, &many, 3, teas, each),
        LARDER_OK);
    assert_true(now_ms() - start_ms < QUICK_MS);
    assert_int_equal(inner.runs, 1);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(teas[i]->name, "many");
        larder_value_release(teas[i]);
    }
    expect_stored(site, "many");
}

/* ------------------------------------------------------------------- trips */

/* A backend that counts how often it is asked. */
struct counted {
    struct larder_backend base;
    struct larder_backend *real;
    int trips;
};

static void counted_run(struct larder_backend *backend, struct larder_op *ops, size_t count,
                        int64_t deadline_ns)
{
    struct counted *counted = (struct counted *)backend;
    counted->trips++;
    counted->real->table->run(counted->real, ops, count, deadline_ns);
}

static int64_t counted_now_ms(const struct larder_backend *backend, int64_t *ret_age_ms)
{
    const struct larder_backend *real = ((const struct counted *)backend)->real;
    return real->table->now_ms(real, ret_age_ms);
}

static const struct larder_backend_table counted_table = {
    .name = "counted", .run = counted_run, .now_ms = counted_now_ms};

static void a_load_takes_three_trips_and_an_expected_one_two(void **state)
{
    static const struct {
        uint_fast32_t misses;
        int trips;
    } rows[] = {{0, 3}, {LARDER_MISSES_ALL, 2}};
    struct site *site = *state;
    struct larder_cache *cache = site->first.cache;
    struct order order = {.site = site, .shelf = &site->first, .name = "loaded"};
    expect_order(&order, "loaded", LARDER_APPLIED); /* connects, and asks for the time */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct counted counted = {{&counted_table}, cache->backend, 0};
        say(site, "FLUSHALL");
        larder_state_of(cache, &tea_entity)->lease.misses = rows[i].misses;
        cache->backend = &counted.base;
        expect_order(&order, "loaded", LARDER_APPLIED);
        int trips = counted.trips;
        expect_order(&order, "loaded", LARDER_APPLIED);
        cache->backend = counted.real;
        assert_int_equal(trips, rows[i].trips);
        assert_int_equal(counted.trips, rows[i].trips + 1); /* a hit is one */
    }
}

/* A user who may only read finds what is there, and loads what is not. */
static void who_may_only_read_reads_all_the_same(void **state)
{
    struct site *site = *state;
    struct shelf reader;
    char url[96];
    say(site, "ACL SETUSER reader on >secret ~* -@all +@connection +@read +info");
    snprintf(url, sizeof url, "redis://reader:secret@127.0.0.1:%d", site->server.port);
    shelf_init(&reader);
    reader.config = (struct larder_config){
        .backend = "redis", .url = url, .allocator = &reader.memory.allocator};
    assert_status(larder_stub_open(&service, &reader.config, &reader.cache), LARDER_OK);
    struct order order = {.site = site, .shelf = &reader, .name = "loaded"};
    expect_order(&order, "loaded", LARDER_NOT_APPLIED);
    expect_stored(site, NULL);
    assert_status(shelf_set(&site->other, &tea_entity, ID, "stored"), LARDER_OK);
    larder_state_of(reader.cache, &tea_entity)->lease.misses = LARDER_MISSES_ALL;
    expect_order(&order, "stored", LARDER_APPLIED);
    assert_int_equal(order.runs, 1);
    assert_int_equal(close_shelf(&reader), 0);
}

#define SITE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(a_fill_stands_or_falls_with_its_claim),
        SITE_TEST(a_fill_stands_or_falls_with_its_versions),
        SITE_TEST(a_server_that_dies_meanwhile_costs_the_fill_alone),
        SITE_TEST(a_server_that_dies_inside_the_loader_costs_the_fill_alone),
        SITE_TEST(a_load_that_stores_nothing_leaves_no_claim),
        SITE_TEST(what_is_none_of_ours_is_loaded_over),
        SITE_TEST(another_process_waits_and_takes_what_was_loaded),
        SITE_TEST(a_claim_that_ends_is_taken_over),
        SITE_TEST(who_waited_for_as_long_as_a_call_may_take_loads_for_himself),
        SITE_TEST(a_spare_value_is_given_to_who_cannot_wait),
        SITE_TEST(who_waited_for_a_lost_load_starts_again),
        SITE_TEST(a_loader_that_loads_its_own_key_waits_for_nobody),
        SITE_TEST(a_loader_that_loads_its_own_key_by_another_cache_waits_for_nobody),
        SITE_TEST(a_loader_of_many_that_loads_one_of_them_waits_for_nobody),
        SITE_TEST(a_load_takes_three_trips_and_an_expected_one_two),
        SITE_TEST(who_may_only_read_reads_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
