/* SPDX-License-Identifier: MIT */
/*
 * A server that is killed, frozen, and comes back with what it had: nothing
 * that was invalidated meanwhile may be read again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/redis.h"
#include "base/clock.h"
#include "cache/away.h"
#include "cache/load_gate.h"
#include "shelf.h"
#include "support/redis_server.h"
#include "support/scripted_server.h"

enum { LONG_MS = 10000, CALL_MS = 200 };

struct outage {
    struct redis_server server;
    struct shelf shelf;
};

static int64_t now_ms(void)
{
    return larder_clock_now_ns(&larder_clock_system) / 1000000;
}

/* -------------------------------------------------------------- the server */

static void say(struct outage *o, const char *line, const char *expected)
{
    char reply[64];
    assert_true(redis_server_say(&o->server, NULL, line, reply, sizeof reply));
    assert_string_equal(reply, expected);
}

/* What it has acknowledged it still has after it was killed. */
static const char *const durable[] = {
    "--appendonly", "yes", "--appendfsync", "always", "--appenddirname", "aof", NULL};

static int setup_with(void **state, const char *fallback)
{
    static struct outage outage;
    memset(&outage, 0, sizeof outage);
    if (!redis_server_start(&outage.server, REDIS_SERVER_TCP, durable)) {
        return -1;
    }
    fail_alloc_init(&outage.shelf.memory);
    outage.shelf.log = (struct larder_log){shelf_write_log, &outage.shelf};
    outage.shelf.config = (struct larder_config){
        .backend = "redis",
        .fallback = fallback,
        .port = outage.server.port,
        .timeout_ms = CALL_MS,
        .max_connections = 4,
        .allocator = &outage.shelf.memory.allocator,
    };
    *state = &outage;
    return larder_stub_open(&shelf_service, &outage.shelf.config, &outage.shelf.cache) == LARDER_OK
               ? 0
               : -1;
}

static int setup(void **state)
{
    return setup_with(state, "off");
}

static int setup_fallback(void **state)
{
    return setup_with(state, "memory");
}

static void remove_files(const char *dir)
{
    char path[512];
    DIR *files = opendir(dir);
    for (struct dirent *file; files != NULL && (file = readdir(files)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", dir, file->d_name);
        unlink(path); /* "." and ".." are none */
    }
    if (files != NULL) {
        closedir(files);
    }
    rmdir(dir);
}

static int teardown(void **state)
{
    char dir[128];
    struct outage *o = *state;
    larder_stub_close(o->shelf.cache);
    redis_server_kill(&o->server);
    snprintf(dir, sizeof dir, "%s/aof", o->server.dir);
    remove_files(dir);
    redis_server_stop(&o->server);
    return o->shelf.memory.live_blocks == 0 ? 0 : -1;
}

static struct larder_health health(struct outage *o)
{
    struct larder_health health;
    assert_status(larder_stub_health(o->shelf.cache, &health), LARDER_OK);
    return health;
}

/* Reads until the server answers; no answer on the way may be a value. */
static enum larder_status read_until_back(struct outage *o, uint64_t id)
{
    const struct tea *tea;
    int64_t end_ms = now_ms() + LONG_MS;
    enum larder_status status;
    do {
        status = shelf_get(&o->shelf, &tea_entity, id, &tea);
        assert_null(tea);
    } while (status < 0 && now_ms() < end_ms);
    return status;
}

static enum larder_status delete_tea(struct outage *o, uint64_t id)
{
    struct larder_key key = shelf_key(&o->shelf, &tea_entity, id);
    return larder_stub_delete(o->shelf.cache, &tea_entity, &key);
}

static void value_is(struct outage *o, uint64_t id, const char *name)
{
    const struct tea *tea;
    assert_status(shelf_get(&o->shelf, &tea_entity, id, &tea), LARDER_OK);
    assert_string_equal(tea->name, name);
    larder_value_release(tea);
}

static enum larder_status load_tea(struct larder_load *load, const void *call, void *out)
{
    struct tea *tea = out;
    (void)load;
    ++**(int *const *)call;
    tea->name = "loaded";
    return LARDER_OK;
}

static void load(struct outage *o, uint64_t id, int *loads)
{
    struct larder_key key = shelf_key(&o->shelf, &tea_entity, id);
    const void *value;
    assert_status(
        larder_stub_get_or_load(o->shelf.cache, &tea_entity, &key, load_tea, &loads, &value),
        LARDER_OK);
    larder_value_release(value);
}

/* ------------------------------------------------------- invalidations stay */

static void a_delete_during_an_outage_is_not_undone(void **state)
{
    struct outage *o = *state;
    assert_status(shelf_set(&o->shelf, &tea_entity, 1, "v1"), LARDER_OK);
    assert_false(health(o).degraded);
    redis_server_kill(&o->server);
    assert_status(delete_tea(o, 1), LARDER_E_UNAVAILABLE);
    assert_int_not_equal(larder_outcome(), LARDER_APPLIED);
    assert_int_equal(health(o).journal_entries, 1);
    assert_true(health(o).degraded);
    assert_true(redis_server_again(&o->server));
    say(o, "EXISTS tea:1", ":1"); /* it still has the old value */
    assert_int_equal(read_until_back(o, 1), LARDER_MISS);
    say(o, "EXISTS tea:1", ":0");
    assert_int_equal(health(o).journal_entries, 0);
    assert_false(health(o).journal_overflowed);
}

static void a_set_during_an_outage_does_not_leave_the_old_value(void **state)
{
    struct outage *o = *state;
    assert_status(shelf_set(&o->shelf, &tea_entity, 1, "v1"), LARDER_OK);
    redis_server_kill(&o->server);
    assert_status(shelf_set(&o->shelf, &tea_entity, 1, "v2"), LARDER_E_UNAVAILABLE);
    assert_true(redis_server_again(&o->server));
    assert_int_equal(read_until_back(o, 1), LARDER_MISS);
    assert_status(shelf_set(&o->shelf, &tea_entity, 1, "v3"), LARDER_OK);
    value_is(o, 1, "v3");
}

static void nothing_that_a_frozen_server_took_comes_back(void **state)
{
    struct outage *o = *state;
    assert_status(shelf_set(&o->shelf, &tea_entity, 1, "v1"), LARDER_OK);
    redis_server_freeze(&o->server);
    assert_status(shelf_set(&o->shelf, &tea_entity, 1, "v2"), LARDER_E_TIMEOUT);
    assert_int_equal(larder_outcome(), LARDER_UNKNOWN);
    assert_status(delete_tea(o, 1), LARDER_E_TIMEOUT);
    redis_server_thaw(&o->server);
    assert_int_equal(read_until_back(o, 1), LARDER_MISS);
}

static const struct larder_entity *nth_tea(struct larder_key *key, const void *keys, size_t i)
{
    (void)keys;
    larder_key_literal(key, "tea:", 4);
    larder_key_u64(key, i + 1);
    return &tea_entity;
}

static void many_and_events_are_written_down_too(void **state)
{
    struct outage *o = *state;
    enum larder_status each[3];
    for (uint64_t id = 1; id <= 6; id++) {
        assert_status(shelf_set(&o->shelf, &tea_entity, id, "v1"), LARDER_OK);
    }
    redis_server_kill(&o->server);
    assert_status(larder_stub_delete_many(o->shelf.cache, nth_tea, each, 3, each),
                  LARDER_E_UNAVAILABLE);
    assert_status(larder_stub_invalidate(o->shelf.cache, nth_tea, NULL, 5), LARDER_E_UNAVAILABLE);
    assert_int_equal(health(o).journal_entries, 5);
    assert_true(redis_server_again(&o->server));
    for (uint64_t id = 1; id <= 5; id++) {
        assert_int_equal(read_until_back(o, id), LARDER_MISS);
    }
    say(o, "DBSIZE", ":1");
    value_is(o, 6, "v1");
}

/* What was never stored leaves nothing stale: an outage of reads fills no journal. */
static void loads_during_an_outage_write_nothing_down(void **state)
{
    struct outage *o = *state;
    int loads = 0;
    redis_server_kill(&o->server);
    for (uint64_t id = 1; id <= 100; id++) {
        load(o, id, &loads);
    }
    assert_int_equal(loads, 100);
    assert_int_equal(health(o).journal_entries, 0);
}

static void a_key_that_cannot_be_deleted_is_loaded_and_others_are_read(void **state)
{
    struct outage *o = *state;
    const struct tea *tea;
    int loads = 0;
    const void *values[3];
    enum larder_status each[3];
    for (uint64_t id = 1; id <= 3; id++) {
        assert_status(shelf_set(&o->shelf, &tea_entity, id, "v1"), LARDER_OK);
    }
    say(o, "ACL SETUSER default -unlink", "+OK");
    assert_status(delete_tea(o, 2), LARDER_E_AUTH);
    assert_status(shelf_get(&o->shelf, &tea_entity, 2, &tea), LARDER_E_AUTH);
    assert_non_null(strstr(larder_last_error(), "waiting for the server"));
    value_is(o, 1, "v1");
    assert_status(larder_stub_get_many(o->shelf.cache, &tea_entity, nth_tea, each, 3, values, each),
                  LARDER_E_AUTH);
    assert_int_equal(each[0], LARDER_OK);
    assert_int_equal(each[1], LARDER_E_AUTH);
    assert_int_equal(each[2], LARDER_OK);
    larder_value_release(values[0]);
    larder_value_release(values[2]);
    /* Nobody can claim what may not be read: it is loaded, and not stored. */
    load(o, 2, &loads);
    load(o, 2, &loads);
    assert_int_equal(loads, 2);
    assert_int_equal(health(o).journal_entries, 1);
    load(o, 4, &loads);
    load(o, 4, &loads);
    assert_int_equal(loads, 3);
}

/* The server takes what is set and nothing that is to be deleted. */
static void what_is_set_anew_is_read_and_not_deleted_later(void **state)
{
    struct outage *o = *state;
    assert_status(shelf_set(&o->shelf, &tea_entity, 1, "v1"), LARDER_OK);
    assert_status(shelf_set(&o->shelf, &tea_entity, 2, "v1"), LARDER_OK);
    say(o, "ACL SETUSER default -unlink", "+OK");
    assert_status(delete_tea(o, 1), LARDER_E_AUTH);
    assert_status(delete_tea(o, 2), LARDER_E_AUTH);
    assert_status(shelf_set(&o->shelf, &tea_entity, 1, "v2"), LARDER_OK);
    assert_int_equal(health(o).journal_entries, 1);
    value_is(o, 1, "v2");
    say(o, "ACL SETUSER default +unlink", "+OK");
    assert_int_equal(read_until_back(o, 2), LARDER_MISS);
    value_is(o, 1, "v2");
}

static void close_replays_what_it_can(void **state)
{
    struct outage *o = *state;
    assert_status(shelf_set(&o->shelf, &tea_entity, 1, "v1"), LARDER_OK);
    redis_server_kill(&o->server);
    assert_status(delete_tea(o, 1), LARDER_E_UNAVAILABLE);
    assert_true(redis_server_again(&o->server));
    usleep(60000); /* no trip is made within 50 ms of one that failed */
    larder_stub_close(o->shelf.cache);
    o->shelf.cache = NULL;
    say(o, "EXISTS tea:1", ":0");
}

static void close_says_what_it_could_not_replay(void **state)
{
    struct outage *o = *state;
    struct larder_config config = o->shelf.config;
    larder_stub_close(o->shelf.cache);
    o->shelf.cache = NULL;
    config.log = &o->shelf.log;
    assert_status(larder_stub_open(&shelf_service, &config, &o->shelf.cache), LARDER_OK);
    redis_server_kill(&o->server);
    assert_status(delete_tea(o, 1), LARDER_E_UNAVAILABLE);
    larder_stub_close(o->shelf.cache);
    o->shelf.cache = NULL;
    assert_non_null(strstr(o->shelf.log_text, "closed with 1 invalidations"));
}

/* ----------------------------------------------------- below the cache's calls */

/* The backend alone, with room for two keys, on a clock that can be put forward. */
struct bare {
    struct larder_clock clock;
    int64_t ahead_ns;
    struct larder_backend_env env;
    struct larder_backend *backend;
};

static int64_t clock_ahead_ns(void *user)
{
    return larder_clock_now_ns(&larder_clock_system) + ((struct bare *)user)->ahead_ns;
}

static void put_forward_ms(struct bare *bare, int64_t ms)
{
    bare->ahead_ns += ms * 1000000;
}

static void bare_open(struct bare *bare, struct outage *o)
{
    const struct larder_redis_options redis = {
        .address = {.host = "127.0.0.1", .port = o->server.port, .client_name = "bare"},
        .max_connections = 1,
        .connect_timeout_ms = 1000,
        .max_reply_bytes = 4096,
    };
    const struct larder_away_options away = {
        .service = "bare", .journal = {2, 10000}, .timeout_ms = 100};
    bare->clock = (struct larder_clock){.monotonic_ns = clock_ahead_ns, .user = bare};
    bare->ahead_ns = 0;
    bare->env =
        (struct larder_backend_env){.allocator = &o->shelf.memory.allocator, .clock = &bare->clock};
    bare->backend = larder_away_new(&bare->env, larder_redis_new(&bare->env, &redis), &away);
    assert_non_null(bare->backend);
    larder_away_lifetime(bare->backend, 60000);
}

static void take_any(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    op->status = LARDER_OK;
}

static struct larder_op bare_do(struct bare *bare, enum larder_op_kind kind, const char *key)
{
    struct larder_op op = {.kind = kind,
                           .key = key,
                           .key_len = strlen(key),
                           .value = (const uint8_t *)"v",
                           .value_len = 1,
                           .ttl_ms = 60000,
                           .sink = take_any};
    bare->backend->table->run(bare->backend, &op, 1, larder_deadline_after_ms(&bare->clock, 200));
    return op;
}

/* Past the pauses of the journal, the dials and the breaker: asks until it is answered. */
static enum larder_status bare_ask(struct bare *bare, enum larder_op_kind kind, const char *key)
{
    for (int i = 0; i < 100; i++) {
        struct larder_op op = bare_do(bare, kind, key);
        if (op.status >= 0) {
            return op.status;
        }
        put_forward_ms(bare, 100);
    }
    return LARDER_E_UNAVAILABLE;
}

static struct larder_health bare_health(struct bare *bare)
{
    struct larder_health health = {0};
    bare->backend->table->health(bare->backend, &health);
    return health;
}

static void an_overflow_reads_nothing_that_may_be_old(void **state)
{
    struct outage *o = *state;
    struct bare bare;
    bare_open(&bare, o);
    for (int i = 0; i < 4; i++) {
        const char *const keys[] = {"a", "b", "c", "d"};
        assert_int_equal(bare_ask(&bare, LARDER_OP_SET, keys[i]), LARDER_OK);
    }
    redis_server_kill(&o->server);
    assert_true(bare_do(&bare, LARDER_OP_DELETE, "a").status < 0);
    assert_true(bare_do(&bare, LARDER_OP_DELETE, "b").status < 0);
    assert_false(bare_health(&bare).journal_overflowed);
    assert_true(bare_do(&bare, LARDER_OP_DELETE, "c").status < 0);
    assert_true(bare_health(&bare).journal_overflowed);
    assert_true(redis_server_again(&o->server));
    put_forward_ms(&bare, 100); /* it is not too soon for a replay */
    assert_int_equal(bare_ask(&bare, LARDER_OP_PING, ""), LARDER_OK);
    say(o, "EXISTS a b c d", ":2");
    /* c was lost, so neither it nor anything else is read; writes go on. */
    assert_int_equal(bare_do(&bare, LARDER_OP_GET, "c").status, LARDER_E_UNAVAILABLE);
    assert_int_equal(bare_do(&bare, LARDER_OP_GET, "d").status, LARDER_E_UNAVAILABLE);
    assert_int_equal(bare_do(&bare, LARDER_OP_EXPIRE, "c").status, LARDER_E_UNAVAILABLE);
    assert_int_equal(bare_do(&bare, LARDER_OP_SET, "e").status, LARDER_OK);
    assert_int_equal(bare_do(&bare, LARDER_OP_DELETE, "d").status, LARDER_OK);
    /* A minute later all that may be old has expired. */
    put_forward_ms(&bare, 60000);
    assert_int_equal(bare_do(&bare, LARDER_OP_GET, "d").status, LARDER_MISS);
    assert_int_equal(bare_do(&bare, LARDER_OP_GET, "e").status, LARDER_OK);
    assert_false(bare_health(&bare).journal_overflowed);
    bare.backend->table->free(bare.backend);
}

/* Whatever is out of memory: an invalidation that failed is never forgotten. */
static void without_memory_nothing_old_is_read(void **state)
{
    struct outage *o = *state;
    for (size_t n = 1; n < 6; n++) {
        struct bare bare;
        bare_open(&bare, o);
        assert_int_equal(bare_ask(&bare, LARDER_OP_SET, "a"), LARDER_OK);
        redis_server_freeze(&o->server);
        o->shelf.memory.fail_at = atomic_load(&o->shelf.memory.calls) + n;
        o->shelf.memory.fail_after = true;
        assert_true(bare_do(&bare, LARDER_OP_DELETE, "a").status < 0);
        redis_server_thaw(&o->server);
        for (int i = 0; i < 10; i++) {
            assert_int_not_equal(bare_do(&bare, LARDER_OP_GET, "a").status, LARDER_OK);
            put_forward_ms(&bare, 20);
            o->shelf.memory.fail_after = i < 5;
            o->shelf.memory.fail_at = i < 5 ? 1 : 0;
        }
        bare.backend->table->free(bare.backend);
    }
}

/* ------------------------------------------------------- refused for a moment */

#define HELLO SCRIPTED_AWAIT, SCRIPTED_SEND("+OK\r\n$22\r\nredis_version:7.0.15\r\n\r\n")
#define REFUSED(text) SCRIPTED_AWAIT, SCRIPTED_SEND("-" text "\r\n")

static const struct scripted_step loading[] = {
    HELLO,          REFUSED("LOADING it is"), REFUSED("BUSY too"),
    SCRIPTED_AWAIT, SCRIPTED_SEND("$-1\r\n"), SCRIPTED_HOLD};
static const struct scripted_step full[] = {HELLO, REFUSED("OOM it is"), REFUSED("OOM again"),
                                            SCRIPTED_HOLD};

static void what_is_refused_for_a_moment_is_sent_again(void **state)
{
    struct outage *o = *state;
    const struct tea *tea;
    struct scripted_server *server =
        scripted_server_start(loading, sizeof loading / sizeof *loading);
    assert_non_null(server);
    larder_stub_close(o->shelf.cache);
    o->shelf.config.port = scripted_server_port(server);
    o->shelf.config.timeout_ms = LONG_MS;
    assert_status(larder_stub_open(&shelf_service, &o->shelf.config, &o->shelf.cache), LARDER_OK);
    assert_status(shelf_get(&o->shelf, &tea_entity, 1, &tea), LARDER_MISS);
    assert_string_equal(larder_last_error(), "");
    assert_int_equal(scripted_server_connections(server), 1);
    larder_stub_close(o->shelf.cache);
    o->shelf.cache = NULL;
    scripted_server_stop(server);
}

static void what_is_refused_for_longer_is_not(void **state)
{
    struct outage *o = *state;
    const struct tea *tea;
    struct scripted_server *server = scripted_server_start(full, sizeof full / sizeof *full);
    assert_non_null(server);
    larder_stub_close(o->shelf.cache);
    o->shelf.config.port = scripted_server_port(server);
    assert_status(larder_stub_open(&shelf_service, &o->shelf.config, &o->shelf.cache), LARDER_OK);
    assert_status(shelf_get(&o->shelf, &tea_entity, 1, &tea), LARDER_E_SERVER);
    assert_non_null(strstr(larder_last_error(), "OOM it is"));
    larder_stub_close(o->shelf.cache);
    o->shelf.cache = NULL;
    scripted_server_stop(server);
}

/* -------------------------------------------------------------- the fallback */

static void make_it_away(struct outage *o)
{
    const struct tea *tea;
    redis_server_kill(&o->server);
    while (strcmp(health(o).breaker, "closed") == 0) {
        larder_ignore(shelf_get(&o->shelf, &tea_entity, 999, &tea));
    }
}

static void what_is_set_while_it_is_away_is_read_here(void **state)
{
    struct outage *o = *state;
    int loads = 0;
    struct larder_key key = shelf_key(&o->shelf, &tea_entity, 1);
    int64_t ttl_ms;
    assert_status(shelf_set(&o->shelf, &tea_entity, 1, "v1"), LARDER_OK);
    make_it_away(o);
    assert_true(shelf_set(&o->shelf, &tea_entity, 1, "v2") < 0);
    value_is(o, 1, "v2");
    assert_string_equal(larder_last_error(), "");
    assert_status(larder_stub_ttl(o->shelf.cache, &tea_entity, &key, &ttl_ms), LARDER_OK);
    assert_in_range(ttl_ms, 1, 30000);
    load(o, 2, &loads);
    load(o, 2, &loads);
    assert_int_equal(loads, 1);
    assert_int_equal(health(o).entries, 2);
    assert_true(delete_tea(o, 1) < 0);
    assert_int_equal(health(o).entries, 1);
    assert_true(redis_server_again(&o->server));
    assert_int_equal(read_until_back(o, 1), LARDER_MISS);
    while (strcmp(health(o).breaker, "closed") != 0) {
    }
    assert_int_equal(health(o).entries, 0);
    assert_status(larder_stub_exists(o->shelf.cache, &tea_entity, &key), LARDER_MISS);
}

/* The row changes, and its key is deleted, while the loader has the old one. */
static enum larder_status load_what_is_deleted(struct larder_load *load, const void *call,
                                               void *out)
{
    struct outage *o = *(struct outage *const *)call;
    struct tea *tea = out;
    (void)load;
    assert_true(delete_tea(o, 1) < 0);
    tea->name = "old";
    return LARDER_OK;
}

static void what_was_loaded_before_a_delete_is_not_kept(void **state)
{
    struct outage *o = *state;
    struct larder_key key = shelf_key(&o->shelf, &tea_entity, 1);
    const struct tea *tea;
    const void *value;
    make_it_away(o);
    assert_status(larder_stub_get_or_load(o->shelf.cache, &tea_entity, &key, load_what_is_deleted,
                                          &o, &value),
                  LARDER_OK);
    larder_value_release(value);
    assert_true(shelf_get(&o->shelf, &tea_entity, 1, &tea) < 0);
    assert_null(tea);
}

static void without_a_fallback_nothing_is_kept(void **state)
{
    struct outage *o = *state;
    const struct tea *tea;
    make_it_away(o);
    assert_true(shelf_set(&o->shelf, &tea_entity, 1, "v1") < 0);
    assert_status(shelf_get(&o->shelf, &tea_entity, 1, &tea), LARDER_E_UNAVAILABLE);
    assert_int_equal(health(o).entries, 0);
}

/* ------------------------------------------------------------------- loads */

enum { LOADERS = LARDER_LOADS_WHILE_AWAY + 16 };

static struct {
    atomic_int running, most;
    atomic_bool go_on;
} loads;

static enum larder_status load_slowly(struct larder_load *load, const void *call, void *out)
{
    struct tea *tea = out;
    (void)load;
    (void)call;
    int now = atomic_fetch_add(&loads.running, 1) + 1;
    int most = atomic_load(&loads.most);
    while (now > most && !atomic_compare_exchange_weak(&loads.most, &most, now)) {
    }
    while (!atomic_load(&loads.go_on)) {
        usleep(1000);
    }
    atomic_fetch_sub(&loads.running, 1);
    tea->name = "loaded";
    return LARDER_OK;
}

struct loader {
    struct outage *outage;
    uint64_t id;
    enum larder_status status;
};

static void *run_loader(void *user)
{
    struct loader *loader = user;
    struct larder_key key = shelf_key(&loader->outage->shelf, &tea_entity, loader->id);
    const void *value;
    loader->status = larder_stub_get_or_load(loader->outage->shelf.cache, &tea_entity, &key,
                                             load_slowly, NULL, &value);
    larder_value_release(value);
    return NULL;
}

static void run_loaders(struct outage *o, int go_on_after_ms)
{
    static pthread_t threads[LOADERS];
    static struct loader loaders[LOADERS];
    atomic_store(&loads.most, 0);
    atomic_store(&loads.go_on, false);
    for (size_t i = 0; i < LOADERS; i++) {
        loaders[i] = (struct loader){.outage = o, .id = i + 1};
        assert_int_equal(pthread_create(&threads[i], NULL, run_loader, &loaders[i]), 0);
    }
    int64_t end_ms = now_ms() + LONG_MS;
    while (atomic_load(&loads.running) < LARDER_LOADS_WHILE_AWAY && now_ms() < end_ms) {
        usleep(1000);
    }
    usleep((useconds_t)go_on_after_ms * 1000);
    atomic_store(&loads.go_on, true);
    for (size_t i = 0; i < LOADERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(loaders[i].status, LARDER_OK);
    }
}

static void loads_while_it_is_away_are_bounded(void **state)
{
    struct outage *o = *state;
    larder_stub_close(o->shelf.cache);
    o->shelf.config.timeout_ms = LONG_MS;
    assert_status(larder_stub_open(&shelf_service, &o->shelf.config, &o->shelf.cache), LARDER_OK);
    make_it_away(o);
    run_loaders(o, CALL_MS);
    assert_int_equal(atomic_load(&loads.most), LARDER_LOADS_WHILE_AWAY);
}

static void no_load_is_refused_nor_waits_longer_than_a_call(void **state)
{
    struct outage *o = *state;
    make_it_away(o);
    run_loaders(o, 5 * CALL_MS);
    assert_int_equal(atomic_load(&loads.most), LOADERS);
}

static void while_it_is_there_loads_are_not_counted(void **state)
{
    struct outage *o = *state;
    run_loaders(o, CALL_MS);
    assert_int_equal(atomic_load(&loads.most), LOADERS);
}

/* ---------------------------------------------------------------- threads */

enum { WRITERS = 4 };

struct writer {
    struct outage *outage;
    atomic_bool *stop;
    uint64_t id;
    int old; /* values that were read after they had been replaced */
    int read;
};

/* Its key is its own: no read may give what was before its last set or delete. */
static void *write_and_read(void *user)
{
    struct writer *w = user;
    for (unsigned n = 1; !atomic_load(w->stop); n++) {
        char name[16];
        const struct tea *tea;
        snprintf(name, sizeof name, "%u", n);
        if (n % 3 == 0) {
            larder_ignore(delete_tea(w->outage, w->id));
        } else {
            larder_ignore(shelf_set(&w->outage->shelf, &tea_entity, w->id, name));
        }
        for (int i = 0; i < 3; i++) {
            larder_ignore(shelf_get(&w->outage->shelf, &tea_entity, w->id, &tea));
            if (tea != NULL) {
                w->read++;
                w->old += n % 3 == 0 || strcmp(tea->name, name) != 0;
            }
            larder_value_release(tea);
        }
    }
    return NULL;
}

static void come_and_go(struct outage *o)
{
    for (int i = 0; i < 3; i++) {
        usleep(100000);
        redis_server_freeze(&o->server);
        usleep(300000);
        redis_server_thaw(&o->server);
        usleep(100000);
        redis_server_kill(&o->server);
        usleep(50000);
        redis_server_again(&o->server);
    }
    usleep(500000);
}

static void nobody_reads_what_it_replaced(void **state)
{
    struct outage *o = *state;
    pthread_t threads[WRITERS];
    struct writer writers[WRITERS];
    atomic_bool stop = false;
    for (size_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.outage = o, .stop = &stop, .id = i + 1};
        assert_int_equal(pthread_create(&threads[i], NULL, write_and_read, &writers[i]), 0);
    }
    come_and_go(o);
    atomic_store(&stop, true);
    for (size_t i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(writers[i].old, 0);
        assert_true(writers[i].read > 0);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
#define FALLBACK_TEST(function) cmocka_unit_test_setup_teardown(function, setup_fallback, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_delete_during_an_outage_is_not_undone),
        TEST(a_set_during_an_outage_does_not_leave_the_old_value),
        TEST(nothing_that_a_frozen_server_took_comes_back),
        TEST(many_and_events_are_written_down_too),
        TEST(loads_during_an_outage_write_nothing_down),
        TEST(a_key_that_cannot_be_deleted_is_loaded_and_others_are_read),
        TEST(what_is_set_anew_is_read_and_not_deleted_later),
        TEST(close_replays_what_it_can),
        TEST(close_says_what_it_could_not_replay),
        TEST(what_is_refused_for_a_moment_is_sent_again),
        TEST(what_is_refused_for_longer_is_not),
        TEST(an_overflow_reads_nothing_that_may_be_old),
        TEST(without_memory_nothing_old_is_read),
        FALLBACK_TEST(what_is_set_while_it_is_away_is_read_here),
        FALLBACK_TEST(what_was_loaded_before_a_delete_is_not_kept),
        TEST(without_a_fallback_nothing_is_kept),
        TEST(loads_while_it_is_away_are_bounded),
        TEST(no_load_is_refused_nor_waits_longer_than_a_call),
        TEST(while_it_is_there_loads_are_not_counted),
        TEST(nobody_reads_what_it_replaced),
        FALLBACK_TEST(nobody_reads_what_it_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
