/* SPDX-License-Identifier: MIT */
#include "policies.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum { HEAD_TIMED = 32, META_AT = 1, UNTIL_AT = 21, FRESH_AT = 30, ENTRY_BYTES = 4096 };

static struct redis_server *server;
static unsigned opened; /* sites so far: makes prefixes differ */

void site_use(struct redis_server *used)
{
    server = used;
}

static void write_log(void *user, enum larder_log_level level, const char *text)
{
    struct site *site = user;
    size_t len = strlen(site->log);
    (void)level;
    snprintf(site->log + len, sizeof site->log - len, "%s\n", text);
}

int site_setup(void **state)
{
    struct site *site = calloc(1, sizeof *site);
    if (site == NULL) {
        return -1;
    }
    fake_clock_init(&site->clock);
    site->on_redis = server != NULL;
    site->log_table = (struct larder_log){write_log, site};
    (void)snprintf(site->prefix, sizeof site->prefix, "t%u:", ++opened);
    site->config.key_prefix = site->prefix;
    site->config.log = &site->log_table;
    if (site->on_redis) {
        (void)snprintf(site->url, sizeof site->url, "redis://127.0.0.1:%d", server->port);
        site->config.backend = "redis";
        site->config.url = site->url;
    } else {
        site->config.backend = "memory";
        site->config.clock = &site->clock.clock;
    }
    *state = site;
    return shop_cache_open(&site->config, &site->cache) == LARDER_OK ? 0 : -1;
}

int site_teardown(void **state)
{
    struct site *site = *state;
    shop_cache_close(site->cache);
    free(site);
    return 0;
}

/* -------------------------------------------------------------------- time */

static int64_t site_slack_ms(const struct site *site)
{
    return site->on_redis ? 2000 : 0;
}

static void say(const char *verb, const char *key, const char *rest, char *reply, size_t size)
{
    char line[256];
    snprintf(line, sizeof line, "%s %s%s", verb, key, rest);
    assert_true(redis_server_say(server, NULL, line, reply, size));
}

/* An 8-byte number, the highest byte first, that much less; 0 and 1 stay: nobody's. */
static void lessen(unsigned char *at, int64_t by)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++) {
        number = number << 8 | at[i];
    }
    number = number > 1 ? number - (uint64_t)by : number;
    for (int i = 7; i >= 0; i--) {
        at[i] = (unsigned char)number;
        number >>= 8;
    }
}

static void pass_on_redis(const char *key, int64_t ms)
{
    unsigned char bytes[ENTRY_BYTES];
    char reply[64], rest[32];
    struct raw_redis raw;
    say("PTTL", key, "", reply, sizeof reply);
    long long left_ms = strtoll(reply + 1, NULL, 10);
    if (left_ms < 0) {
        return;
    }
    if (left_ms <= ms) {
        say("DEL", key, "", reply, sizeof reply);
        return;
    }
    raw_redis_open(&raw, server->port, 0);
    size_t len = raw_redis_get(&raw, key, bytes, sizeof bytes);
    if ((bytes[META_AT] & HEAD_TIMED) != 0) {
        lessen(bytes + UNTIL_AT, ms);
        lessen(bytes + FRESH_AT, ms);
    }
    raw_redis_set(&raw, key, bytes, len);
    raw_redis_close(&raw);
    snprintf(rest, sizeof rest, " %lld", left_ms - (long long)ms);
    say("PEXPIRE", key, rest, reply, sizeof reply);
}

void site_pass(struct site *site, const char *key, int64_t ms)
{
    char whole[128];
    if (!site->on_redis) {
        fake_clock_advance_ms(&site->clock, ms);
        return;
    }
    snprintf(whole, sizeof whole, "%s%s", site->prefix, key);
    pass_on_redis(whole, ms);
}

/* Edges: the last one lies over_ms back. */
void site_approach(struct site *site, const char *key, int64_t distance_ms)
{
    site_pass(site, key, distance_ms - site->over_ms - site_slack_ms(site) - 1);
}

void site_cross(struct site *site, const char *key)
{
    site_pass(site, key, 2 * site_slack_ms(site) + 1);
    site->over_ms = site_slack_ms(site);
}

bool site_is_there(struct site *site, const char *key)
{
    char whole[128], reply[64];
    snprintf(whole, sizeof whole, "%s%s", site->prefix, key);
    say("EXISTS", whole, "", reply, sizeof reply);
    return strcmp(reply, ":1") == 0;
}

void site_freeze(bool frozen)
{
    if (frozen) {
        redis_server_freeze(server);
    } else {
        redis_server_thaw(server);
    }
}

void site_await(bool (*is_so)(void *user), void *user)
{
    enum { PATIENCE_S = 20 };
    struct timespec begun, now;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    do {
        if (is_so(user)) {
            return;
        }
        sched_yield();
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec - begun.tv_sec < PATIENCE_S);
    fail_msg("it did not become so");
}

struct shop_cache_counters site_counters(struct site *site)
{
    struct shop_cache_counters counters;
    assert_status(shop_cache_stats(site->cache, &counters), LARDER_OK);
    return counters;
}

/* ------------------------------------------------------------------ a database */

/* The common part of all loaders. */
static enum larder_status visit(struct source *source)
{
    source->thread = (uintptr_t)pthread_self();
    atomic_fetch_add(&source->waiting, 1);
    while (atomic_load(&source->shut)) {
        sched_yield();
    }
    atomic_fetch_sub(&source->waiting, 1);
    atomic_fetch_add(&source->calls, 1);
    return source->answer;
}

enum larder_status load_item(struct larder_load *load, void *user, uint64_t id, const char *colour,
                             struct shop_item *out)
{
    struct source *source = user;
    const struct shop_item *previous = larder_load_previous(load);
    snprintf(source->previous, sizeof source->previous, "%s",
             previous != NULL ? previous->name : "");
    snprintf(source->last_colour, sizeof source->last_colour, "%s", colour);
    atomic_store(&source->last_id, (int)id);
    out->id = id;
    out->name = source->name;
    return visit(source);
}

enum larder_status load_price(struct larder_load *load, void *user, uint64_t id,
                              struct shop_price *out)
{
    (void)load;
    out->id = id;
    out->cents = 100;
    return visit(user);
}

enum larder_status load_front(struct larder_load *load, void *user, struct shop_front *out)
{
    struct source *source = user;
    const char **items = larder_load_alloc(load, sizeof *items);
    if (items == NULL) {
        return LARDER_E_NOMEM;
    }
    items[0] = source->name;
    out->items = items;
    out->count = 1;
    return visit(source);
}

enum larder_status load_news(struct larder_load *load, void *user, uint64_t id,
                             struct shop_news *out)
{
    struct source *source = user;
    (void)load;
    (void)id;
    out->value = source->name;
    return visit(source);
}

enum larder_status load_plain(struct larder_load *load, void *user, uint64_t id,
                              struct shop_plain *out)
{
    struct source *source = user;
    (void)load;
    (void)id;
    out->value = source->name;
    return visit(source);
}

void status_is(enum larder_status actual, enum larder_status expected, const char *call,
               const char *file, int line)
{
    if (actual == expected) {
        return;
    }
    print_error("%s\n  gave %s, not %s. %s\n", call, larder_status_name(actual),
                larder_status_name(expected), larder_last_error());
    _fail(file, line);
}
