/* SPDX-License-Identifier: MIT */
/*
 * The Redis backend when things go wrong: with a real server that is killed,
 * frozen, full or locked, and with a scripted one for what cannot be timed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/redis.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "support/redis_server.h"
#include "support/sanitizers.h"
#include "support/scripted_server.h"

enum { LONG_MS = 10000, SHORT_MS = 200, SLOW_MS = 150 };

#define HELLO SCRIPTED_AWAIT, SCRIPTED_SEND("+OK\r\n$22\r\nredis_version:7.0.15\r\n\r\n")
#define STEPS(steps) steps, sizeof(steps) / sizeof *(steps)

/* ------------------------------------------------------------------ the log */

static struct {
    pthread_mutex_t mutex;
    int lines;
    char last[512];
} journal = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void journal_write(void *user, enum larder_log_level level, const char *text)
{
    (void)user;
    (void)level;
    pthread_mutex_lock(&journal.mutex);
    journal.lines++;
    snprintf(journal.last, sizeof journal.last, "%s", text);
    pthread_mutex_unlock(&journal.mutex);
}

static const struct larder_log journal_log = {.write = journal_write};
static const struct larder_backend_env env = {
    .allocator = &larder_allocator_libc, .clock = &larder_clock_system, .log = &journal_log};

static int journal_clear(void **state)
{
    (void)state;
    journal.lines = 0;
    journal.last[0] = '\0';
    return 0;
}

/* ---------------------------------------------------------------- the words */

static struct larder_redis_options options_for(int port)
{
    return (struct larder_redis_options){
        .address = {.host = "127.0.0.1", .port = port, .client_name = "test"},
        .max_connections = 4,
        .connect_timeout_ms = 2000,
        .max_reply_bytes = 1 << 20};
}

static struct larder_backend *backend_at(int port)
{
    struct larder_redis_options options = options_for(port);
    struct larder_backend *backend = larder_redis_new(&env, &options);
    assert_non_null(backend);
    return backend;
}

static void accept_any(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    op->status = LARDER_OK;
}

static struct larder_op op_of(enum larder_op_kind kind)
{
    return (struct larder_op){.kind = kind,
                              .key = "k",
                              .key_len = 1,
                              .value = (const uint8_t *)"v",
                              .value_len = 1,
                              .sink = accept_any};
}

static struct larder_op do_within(struct larder_backend *backend, enum larder_op_kind kind,
                                  int64_t ms)
{
    struct larder_op op = op_of(kind);
    backend->table->run(backend, &op, 1, larder_deadline_after_ms(&larder_clock_system, ms));
    return op;
}

static enum larder_status do_op(struct larder_backend *backend, enum larder_op_kind kind)
{
    return do_within(backend, kind, LONG_MS).status;
}

static int64_t now_ms(void)
{
    return larder_clock_now_ns(&larder_clock_system) / 1000000;
}

/* Asks until the breaker has closed. */
static bool recovers(struct larder_backend *backend)
{
    int64_t give_up_ms = now_ms() + LONG_MS;
    while (do_op(backend, LARDER_OP_PING) != LARDER_OK || backend->table->is_away(backend)) {
        if (now_ms() >= give_up_ms) {
            return false;
        }
        usleep(1000);
    }
    return true;
}

static void start(struct redis_server *server, const char *const *args)
{
    assert_true(redis_server_start(server, REDIS_SERVER_TCP, args));
}

/* --------------------------------------------------------- a server away */

static void a_server_that_is_away_is_told_at_once_and_logged_once(void **state)
{
    (void)state;
    struct redis_server server;
    start(&server, NULL);
    struct larder_backend *backend = backend_at(server.port);
    redis_server_kill(&server);
    int64_t start_ms = now_ms();
    for (int i = 0; i < 50; i++) {
        struct larder_op op = do_within(backend, LARDER_OP_SET, LONG_MS);
        assert_int_equal(op.status, LARDER_E_UNAVAILABLE);
        assert_int_equal(op.outcome, LARDER_NOT_APPLIED);
    }
    assert_true(now_ms() - start_ms < LONG_MS / 2);
    assert_int_equal(journal.lines, 2); /* that it is refused, that the breaker opened */
    assert_non_null(strstr(journal.last, "127.0.0.1:"));
    assert_non_null(strstr(journal.last, "the breaker opened"));
    assert_non_null(strstr(larder_last_error(), "the breaker is open"));
    assert_true(backend->table->is_away(backend));
    backend->table->free(backend);
    redis_server_stop(&server);
}

static void the_breaker_is_told_by_health_and_closes_by_itself(void **state)
{
    (void)state;
    struct redis_server server;
    struct larder_health health = {0};
    start(&server, NULL);
    struct larder_backend *backend = backend_at(server.port);
    backend->table->health(backend, &health);
    assert_string_equal(health.breaker, "closed");
    assert_false(health.degraded);
    redis_server_kill(&server);
    while (!backend->table->is_away(backend)) {
        assert_int_equal(do_op(backend, LARDER_OP_GET), LARDER_E_UNAVAILABLE);
    }
    backend->table->health(backend, &health);
    assert_true(health.degraded);
    assert_int_equal(health.breaker_opens, 1);
    assert_true(redis_server_again(&server));
    assert_true(recovers(backend));
    assert_int_equal(do_op(backend, LARDER_OP_SET), LARDER_OK);
    health.degraded = false;
    backend->table->health(backend, &health);
    assert_string_equal(health.breaker, "closed");
    assert_false(health.degraded);
    assert_int_equal(health.failing_ms, 0);
    assert_non_null(strstr(journal.last, "the breaker closed"));
    backend->table->free(backend);
    redis_server_stop(&server);
}

static void a_frozen_server_costs_few_deadlines_and_then_none(void **state)
{
    (void)state;
    struct redis_server server;
    start(&server, NULL);
    struct larder_backend *backend = backend_at(server.port);
    assert_int_equal(do_op(backend, LARDER_OP_SET), LARDER_OK);
    redis_server_freeze(&server);
    int deadlines = 0;
    while (!backend->table->is_away(backend)) {
        assert_int_equal(do_within(backend, LARDER_OP_GET, 20).status, LARDER_E_TIMEOUT);
        deadlines++;
    }
    assert_in_range(deadlines, 2, 20);
    int64_t start_ms = now_ms();
    assert_int_equal(do_op(backend, LARDER_OP_GET), LARDER_E_UNAVAILABLE);
    assert_true(now_ms() - start_ms < 20);
    redis_server_thaw(&server);
    backend->table->free(backend);
    redis_server_stop(&server);
}

static void a_server_that_comes_back_serves_again(void **state)
{
    (void)state;
    struct redis_server server;
    struct larder_health health = {0};
    start(&server, NULL);
    struct larder_backend *backend = backend_at(server.port);
    assert_int_equal(do_op(backend, LARDER_OP_SET), LARDER_OK);
    backend->table->health(backend, &health);
    assert_string_equal(health.backend, "redis");
    assert_true(strncmp(health.server, "redis ", 6) == 0 ||
                strncmp(health.server, "valkey ", 7) == 0);
    assert_int_equal(health.connections, 1);
    assert_int_equal(health.connections_max, 4);
    redis_server_kill(&server);
    assert_int_equal(do_op(backend, LARDER_OP_GET), LARDER_E_UNAVAILABLE);
    backend->table->health(backend, &health);
    assert_int_equal(health.connections, 0);
    assert_true(redis_server_again(&server));
    assert_int_equal(do_op(backend, LARDER_OP_GET), LARDER_MISS);
    assert_int_equal(do_op(backend, LARDER_OP_ADD), LARDER_OK);
    backend->table->free(backend);
    redis_server_stop(&server);
}

/* The pool's connections are dead, and the calls do not notice. */
static void connections_that_died_idle_are_replaced_silently(void **state)
{
    (void)state;
    struct redis_server server;
    start(&server, NULL);
    struct larder_backend *backend = backend_at(server.port);
    for (int i = 0; i < 20; i++) {
        char reply[64];
        assert_int_equal(do_op(backend, LARDER_OP_SET), LARDER_OK);
        assert_true(redis_server_say(&server, NULL, "CLIENT KILL TYPE normal SKIPME yes", reply,
                                     sizeof reply));
        assert_string_equal(reply, ":1");
        assert_int_equal(do_op(backend, LARDER_OP_GET), LARDER_OK);
    }
    backend->table->free(backend);
    redis_server_stop(&server);
}

static void a_frozen_server_ends_at_the_deadline_and_writes_are_unknown(void **state)
{
    (void)state;
    struct redis_server server;
    start(&server, NULL);
    struct larder_backend *backend = backend_at(server.port);
    assert_int_equal(do_op(backend, LARDER_OP_SET), LARDER_OK);
    redis_server_freeze(&server);
    int64_t start_ms = now_ms();
    struct larder_op op = do_within(backend, LARDER_OP_SET, SHORT_MS);
    assert_in_range(now_ms() - start_ms, SHORT_MS - 1, SHORT_MS + SLOW_MS);
    assert_int_equal(op.status, LARDER_E_TIMEOUT);
    assert_int_equal(op.outcome, LARDER_UNKNOWN);
    op = do_within(backend, LARDER_OP_SET, SHORT_MS); /* its handshake is not answered */
    assert_int_equal(op.status, LARDER_E_TIMEOUT);
    assert_int_equal(op.outcome, LARDER_NOT_APPLIED);
    redis_server_thaw(&server);
    assert_int_equal(do_op(backend, LARDER_OP_GET), LARDER_OK);
    backend->table->free(backend);
    redis_server_stop(&server);
}

/* ------------------------------------------------------------- credentials */

static enum larder_status set_as(const struct redis_server *server, const char *user,
                                 const char *password)
{
    struct larder_redis_options options = options_for(server->port);
    options.address.username = user;
    options.address.password = password;
    struct larder_backend *backend = larder_redis_new(&env, &options);
    assert_non_null(backend);
    struct larder_op op = do_within(backend, LARDER_OP_SET, LONG_MS);
    assert_int_equal(op.outcome, op.status == LARDER_OK ? LARDER_APPLIED : LARDER_NOT_APPLIED);
    assert_null(strstr(larder_last_error(), "guess"));
    assert_null(strstr(journal.last, "guess"));
    backend->table->free(backend);
    return op.status;
}

static void credentials_are_checked_before_anything_else(void **state)
{
    (void)state;
    static const char *const args[] = {
        "--requirepass", "secret", "--user", "shop", "on",       ">shopkey", "~*",
        "+@all",         "--user", "reader", "on",   ">readkey", "~*",       "+get",
        "+mget",         "+ping",  NULL};
    struct redis_server server;
    start(&server, args);
    assert_int_equal(set_as(&server, NULL, "secret"), LARDER_OK);
    assert_int_equal(set_as(&server, "shop", "shopkey"), LARDER_OK);
    assert_int_equal(set_as(&server, NULL, "guess"), LARDER_E_AUTH);
    assert_int_equal(set_as(&server, "shop", "guess"), LARDER_E_AUTH);
    assert_int_equal(set_as(&server, "nobody", "guess"), LARDER_E_AUTH);
    assert_int_equal(set_as(&server, NULL, NULL), LARDER_E_AUTH);
    /* May connect, may not write, nor tell its name. */
    assert_int_equal(set_as(&server, "reader", "readkey"), LARDER_E_AUTH);
    redis_server_stop(&server);
}

static void a_database_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct redis_server server;
    start(&server, NULL);
    struct larder_redis_options options = options_for(server.port);
    options.address.db = 99;
    struct larder_backend *backend = larder_redis_new(&env, &options);
    assert_int_equal(do_op(backend, LARDER_OP_SET), LARDER_E_SERVER);
    assert_non_null(strstr(larder_last_error(), "DB index"));
    backend->table->free(backend);
    redis_server_stop(&server);
}

/* ------------------------------------------------------ errors of a server */

static void another_type_is_a_miss_and_a_warning(void **state)
{
    (void)state;
    struct redis_server server;
    char reply[64];
    start(&server, NULL);
    assert_true(redis_server_say(&server, NULL, "LPUSH k a", reply, sizeof reply));
    struct larder_backend *backend = backend_at(server.port);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(do_op(backend, LARDER_OP_GET), LARDER_MISS);
    }
    assert_int_equal(journal.lines, 1);
    assert_non_null(strstr(journal.last, "WRONGTYPE"));
    /* In a batch: its neighbours have their answers. */
    struct larder_op ops[] = {op_of(LARDER_OP_SET), op_of(LARDER_OP_GET), op_of(LARDER_OP_GET)};
    ops[0].key = "other";
    ops[0].key_len = 5;
    ops[2].key = "other";
    ops[2].key_len = 5;
    backend->table->run(backend, ops, 3, larder_deadline_after_ms(&larder_clock_system, LONG_MS));
    assert_int_equal(ops[0].status, LARDER_OK);
    assert_int_equal(ops[1].status, LARDER_MISS);
    assert_int_equal(ops[2].status, LARDER_OK);
    backend->table->run(backend, ops + 1, 2,
                        larder_deadline_after_ms(&larder_clock_system, LONG_MS));
    assert_int_equal(ops[1].status, LARDER_MISS);
    assert_int_equal(ops[2].status, LARDER_OK);
    /* A SET writes over it. */
    assert_int_equal(do_op(backend, LARDER_OP_SET), LARDER_OK);
    assert_int_equal(do_op(backend, LARDER_OP_GET), LARDER_OK);
    backend->table->free(backend);
    redis_server_stop(&server);
}

static void a_full_server_refuses_writes_and_serves_reads(void **state)
{
    (void)state;
    static const char *const args[] = {"--maxmemory", "1", NULL};
    struct redis_server server;
    start(&server, args);
    struct larder_backend *backend = backend_at(server.port);
    struct larder_op op = do_within(backend, LARDER_OP_SET, LONG_MS);
    assert_int_equal(op.status, LARDER_E_SERVER);
    assert_int_equal(op.outcome, LARDER_NOT_APPLIED);
    assert_non_null(strstr(larder_last_error(), "OOM"));
    assert_int_equal(do_op(backend, LARDER_OP_GET), LARDER_MISS);
    assert_int_equal(do_op(backend, LARDER_OP_DELETE), LARDER_MISS);
    backend->table->free(backend);
    redis_server_stop(&server);
}

static void the_breaker_of_writes_leaves_reads_and_deletes_alone(void **state)
{
    (void)state;
    static const char *const args[] = {"--maxmemory", "1", NULL};
    struct redis_server server;
    struct larder_health health = {0};
    start(&server, args);
    struct larder_backend *backend = backend_at(server.port);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(do_op(backend, LARDER_OP_SET), LARDER_E_SERVER);
        assert_int_equal(do_op(backend, LARDER_OP_GET), LARDER_MISS);
    }
    assert_int_equal(do_op(backend, LARDER_OP_SET), LARDER_E_SERVER);
    assert_non_null(strstr(larder_last_error(), "the breaker of writes is open"));
    assert_int_equal(do_op(backend, LARDER_OP_GET), LARDER_MISS);
    assert_int_equal(do_op(backend, LARDER_OP_DELETE), LARDER_MISS);
    assert_int_equal(do_op(backend, LARDER_OP_EXPIRE), LARDER_MISS);
    assert_false(backend->table->is_away(backend));
    backend->table->health(backend, &health);
    assert_string_equal(health.breaker, "closed");
    assert_true(health.degraded);
    backend->table->free(backend);
    redis_server_stop(&server);
}

static void a_server_with_too_many_clients_is_unavailable(void **state)
{
    (void)state;
    static const char *const args[] = {"--maxclients", "1", NULL};
    struct redis_server server;
    start(&server, args);
    struct larder_backend *first = backend_at(server.port);
    struct larder_backend *second = backend_at(server.port);
    assert_int_equal(do_op(first, LARDER_OP_SET), LARDER_OK);
    assert_int_equal(do_op(second, LARDER_OP_SET), LARDER_E_UNAVAILABLE);
    assert_int_equal(do_op(first, LARDER_OP_GET), LARDER_OK);
    first->table->free(first);
    second->table->free(second);
    redis_server_stop(&server);
}

static void a_value_over_the_limit_closes_the_connection_only(void **state)
{
    (void)state;
    struct redis_server server;
    struct larder_health health = {0};
    start(&server, NULL);
    struct larder_backend *backend = backend_at(server.port);
    struct larder_op op = op_of(LARDER_OP_SET);
    op.value_len = (1 << 20) + 1;
    op.value = calloc(1, op.value_len);
    assert_non_null(op.value);
    backend->table->run(backend, &op, 1, larder_deadline_after_ms(&larder_clock_system, LONG_MS));
    assert_int_equal(op.status, LARDER_OK);
    assert_int_equal(do_op(backend, LARDER_OP_GET), LARDER_E_PROTOCOL);
    backend->table->health(backend, &health);
    assert_int_equal(health.connections, 0);
    assert_int_equal(do_op(backend, LARDER_OP_DELETE), LARDER_OK);
    free((void *)(uintptr_t)op.value);
    backend->table->free(backend);
    redis_server_stop(&server);
}

/* The limit is of one value: what a batch reads together may be more. */
static void a_batch_may_read_more_than_the_limit_of_one_value(void **state)
{
    (void)state;
    enum { VALUES = 8 };
    struct redis_server server;
    struct larder_op ops[VALUES];
    uint8_t *value = calloc(1, 900000);
    start(&server, NULL);
    struct larder_backend *backend = backend_at(server.port);
    struct larder_op set = op_of(LARDER_OP_SET);
    set.value = value;
    set.value_len = 900000;
    backend->table->run(backend, &set, 1, larder_deadline_after_ms(&larder_clock_system, LONG_MS));
    for (int i = 0; i < VALUES; i++) {
        ops[i] = op_of(LARDER_OP_GET);
    }
    backend->table->run(backend, ops, VALUES,
                        larder_deadline_after_ms(&larder_clock_system, LONG_MS));
    for (int i = 0; i < VALUES; i++) {
        assert_int_equal(ops[i].status, LARDER_OK);
    }
    free(value);
    backend->table->free(backend);
    redis_server_stop(&server);
}

static void what_no_server_takes_fails_alone(void **state)
{
    (void)state;
    struct redis_server server;
    start(&server, NULL);
    struct larder_backend *backend = backend_at(server.port);
    struct larder_op ops[] = {op_of(LARDER_OP_SET), op_of(LARDER_OP_SET), op_of(LARDER_OP_GET)};
    ops[1].value_len = SIZE_MAX / 2; /* never looked at */
    backend->table->run(backend, ops, 3, larder_deadline_after_ms(&larder_clock_system, LONG_MS));
    assert_int_equal(ops[0].status, LARDER_OK);
    assert_int_equal(ops[1].status, LARDER_E_TOO_LARGE);
    assert_int_equal(ops[1].outcome, LARDER_NOT_APPLIED);
    assert_int_equal(ops[2].status, LARDER_OK);
    backend->table->free(backend);
    redis_server_stop(&server);
}

/* ------------------------------------------------- retries, by a scripted one */

/* One connection that serves once and hangs up at the next command. */
static const struct scripted_step serves_once[] = {HELLO, SCRIPTED_AWAIT, SCRIPTED_SEND("$-1\r\n"),
                                                   SCRIPTED_AWAIT};
static const struct scripted_step serves_once_and_resets[] = {
    HELLO, SCRIPTED_AWAIT, SCRIPTED_SEND("$-1\r\n"), SCRIPTED_AWAIT, SCRIPTED_RESET};
static const struct scripted_step serves_half[] = {HELLO, SCRIPTED_AWAIT, SCRIPTED_SEND("$-1\r\n"),
                                                   SCRIPTED_AWAIT, SCRIPTED_SEND("+O")};
static const struct scripted_step says_ok[] = {HELLO, SCRIPTED_AWAIT, SCRIPTED_SEND("+OK\r\n"),
                                               SCRIPTED_HOLD};

static const struct scripted_step says_one[] = {HELLO, SCRIPTED_AWAIT, SCRIPTED_SEND(":1\r\n"),
                                                SCRIPTED_HOLD};

struct retry {
    const struct scripted_step *first;
    size_t count;
    enum larder_op_kind kind;
    enum larder_status want;
    enum larder_outcome outcome;
    int connections;
};

static const struct retry retries[] = {
    {STEPS(serves_once), LARDER_OP_SET, LARDER_OK, LARDER_APPLIED, 2},
    {STEPS(serves_once), LARDER_OP_PING, LARDER_OK, LARDER_APPLIED, 2},
    {STEPS(serves_once_and_resets), LARDER_OP_REPLACE, LARDER_OK, LARDER_APPLIED, 2},
    /* An ADD made twice would say DENIED of its own work. */
    {STEPS(serves_once), LARDER_OP_ADD, LARDER_E_UNAVAILABLE, LARDER_UNKNOWN, 1},
    /* A byte of the reply came. */
    {STEPS(serves_half), LARDER_OP_SET, LARDER_E_UNAVAILABLE, LARDER_UNKNOWN, 1},
};

static void only_what_can_be_said_twice_is_retried_on_a_new_connection(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof retries / sizeof *retries; i++) {
        const struct retry *retry = &retries[i];
        struct scripted_server *server = scripted_server_start(retry->first, retry->count);
        if (retry->kind == LARDER_OP_REPLACE) { /* a script */
            scripted_server_next(server, 1, STEPS(says_one));
        } else {
            scripted_server_next(server, 1, STEPS(says_ok));
        }
        struct larder_backend *backend = backend_at(scripted_server_port(server));
        assert_int_equal(do_op(backend, LARDER_OP_GET), LARDER_MISS);
        struct larder_op op = do_within(backend, retry->kind, LONG_MS);
        assert_int_equal(op.status, retry->want);
        assert_int_equal(op.outcome, retry->outcome);
        assert_int_equal(scripted_server_connections(server), retry->connections);
        backend->table->free(backend);
        scripted_server_stop(server);
    }
}

static void a_new_connection_that_fails_is_not_retried(void **state)
{
    (void)state;
    static const struct scripted_step hangs_up[] = {HELLO, SCRIPTED_AWAIT};
    struct scripted_server *server = scripted_server_start(STEPS(hangs_up));
    struct larder_backend *backend = backend_at(scripted_server_port(server));
    struct larder_op op = do_within(backend, LARDER_OP_SET, LONG_MS);
    assert_int_equal(op.status, LARDER_E_UNAVAILABLE);
    assert_int_equal(op.outcome, LARDER_UNKNOWN);
    assert_int_equal(scripted_server_connections(server), 1);
    backend->table->free(backend);
    scripted_server_stop(server);
}

/* What was answered before the end is answered; the rest is not. */
static void a_batch_that_is_cut_keeps_the_answers_it_has(void **state)
{
    (void)state;
    static const struct scripted_step cut[] = {
        HELLO, SCRIPTED_AWAIT, SCRIPTED_SEND("+OK\r\n-OOM full\r\n$1\r\nv\r\n$5\r\nab")};
    struct scripted_server *server = scripted_server_start(STEPS(cut));
    struct larder_backend *backend = backend_at(scripted_server_port(server));
    struct larder_op ops[] = {op_of(LARDER_OP_SET), op_of(LARDER_OP_SET), op_of(LARDER_OP_GET),
                              op_of(LARDER_OP_GET), op_of(LARDER_OP_DELETE)};
    backend->table->run(backend, ops, 5, larder_deadline_after_ms(&larder_clock_system, LONG_MS));
    assert_int_equal(ops[0].status, LARDER_OK);
    assert_int_equal(ops[0].outcome, LARDER_APPLIED);
    assert_int_equal(ops[1].status, LARDER_E_SERVER);
    assert_int_equal(ops[1].outcome, LARDER_NOT_APPLIED);
    assert_int_equal(ops[2].status, LARDER_OK);
    assert_int_equal(ops[3].status, LARDER_E_UNAVAILABLE);
    assert_int_equal(ops[4].status, LARDER_E_UNAVAILABLE);
    assert_int_equal(ops[4].outcome, LARDER_UNKNOWN);
    backend->table->free(backend);
    scripted_server_stop(server);
}

static void a_reply_of_another_kind_is_a_protocol_error(void **state)
{
    (void)state;
    static const struct scripted_step wrong[] = {HELLO, SCRIPTED_AWAIT, SCRIPTED_SEND(":1\r\n"),
                                                 SCRIPTED_HOLD};
    static const enum larder_op_kind kinds[] = {LARDER_OP_GET, LARDER_OP_SET, LARDER_OP_PING};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct scripted_server *server = scripted_server_start(STEPS(wrong));
        struct larder_backend *backend = backend_at(scripted_server_port(server));
        assert_int_equal(do_op(backend, kinds[i]), LARDER_E_PROTOCOL);
        backend->table->free(backend);
        scripted_server_stop(server);
    }
}

static void a_servers_text_is_shown_in_part_and_without_arguments(void **state)
{
    (void)state;
    static const struct scripted_step quotes[] = {
        HELLO, SCRIPTED_AWAIT,
        SCRIPTED_SEND("-ERR bad\x01 thing 'GET', with args beginning with: 'personal'\r\n"),
        SCRIPTED_HOLD};
    struct scripted_server *server = scripted_server_start(STEPS(quotes));
    struct larder_backend *backend = backend_at(scripted_server_port(server));
    assert_int_equal(do_op(backend, LARDER_OP_GET), LARDER_E_SERVER);
    assert_string_equal(larder_last_error(), "ERR bad? thing 'GET'");
    assert_null(strstr(journal.last, "personal"));
    backend->table->free(backend);
    scripted_server_stop(server);
}

/* ---------------------------------------------------------------- the pool */

struct caller {
    struct larder_backend *backend;
    int64_t ms;
    struct larder_op op;
    pthread_t thread;
};

static void *call(void *user)
{
    struct caller *caller = user;
    caller->op = do_within(caller->backend, LARDER_OP_PING, caller->ms);
    return NULL;
}

static void a_caller_that_finds_all_busy_waits_until_its_deadline(void **state)
{
    (void)state;
    struct redis_server server;
    start(&server, NULL);
    struct larder_redis_options options = options_for(server.port);
    options.max_connections = 1;
    struct larder_backend *backend = larder_redis_new(&env, &options);
    struct larder_health health = {0};
    assert_int_equal(do_op(backend, LARDER_OP_PING), LARDER_OK);
    redis_server_freeze(&server);
    struct caller patient = {.backend = backend, .ms = LONG_MS};
    assert_int_equal(pthread_create(&patient.thread, NULL, call, &patient), 0);
    do {
        backend->table->health(backend, &health);
    } while (health.connections_busy == 0);
    int64_t start_ms = now_ms();
    struct larder_op op = do_within(backend, LARDER_OP_SET, SHORT_MS);
    int64_t took_ms = now_ms() - start_ms;
    redis_server_thaw(&server);
    pthread_join(patient.thread, NULL);
    assert_int_equal(op.status, LARDER_E_TIMEOUT);
    assert_int_equal(op.outcome, LARDER_NOT_APPLIED);
    assert_in_range(took_ms, SHORT_MS - 1, SHORT_MS + SLOW_MS);
    assert_non_null(strstr(larder_last_error(), "busy"));
    assert_int_equal(patient.op.status, LARDER_OK);
    backend->table->health(backend, &health);
    assert_int_equal(health.connections, 0); /* it had cost somebody a whole deadline */
    assert_int_equal(health.connections_busy, 0);
    assert_int_equal(do_op(backend, LARDER_OP_PING), LARDER_OK);
    backend->table->free(backend);
    redis_server_stop(&server);
}

/* The child dials for itself, and the parent's connection lives on. */
static void a_forked_child_has_connections_of_its_own(void **state)
{
    (void)state;
    struct redis_server server;
    int status = -1;
    start(&server, NULL);
    struct larder_backend *backend = backend_at(server.port);
    assert_int_equal(do_op(backend, LARDER_OP_SET), LARDER_OK);
    pid_t pid = fork();
    if (pid == 0) {
        int bad = 0;
        for (int i = 0; i < 100; i++) {
            bad += do_op(backend, LARDER_OP_GET) != LARDER_OK;
        }
        backend->table->free(backend);
        _exit(bad);
    }
    for (int i = 0; i < 100; i++) {
        assert_int_equal(do_op(backend, LARDER_OP_GET), LARDER_OK);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(do_op(backend, LARDER_OP_GET), LARDER_OK);
    backend->table->free(backend);
    redis_server_stop(&server);
}

enum { THREADS = 8 };

struct crowd {
    struct larder_backend *backend;
    atomic_bool stop;
    atomic_int odd;
    atomic_int good;
};

static void *press(void *user)
{
    struct crowd *crowd = user;
    while (!atomic_load(&crowd->stop)) {
        enum larder_status status = do_within(crowd->backend, LARDER_OP_GET, 1000).status;
        atomic_fetch_add(&crowd->good, status >= 0);
        atomic_fetch_add(&crowd->odd, status < 0 && status != LARDER_E_UNAVAILABLE &&
                                          status != LARDER_E_TIMEOUT);
    }
    return NULL;
}

static void threads_outlive_servers_that_come_and_go(void **state)
{
    (void)state;
    struct redis_server server;
    pthread_t threads[THREADS];
    struct larder_health health = {0};
    start(&server, NULL);
    struct crowd crowd = {.backend = backend_at(server.port)};
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, press, &crowd), 0);
    }
    bool up = true;
    for (int i = 0; i < 4 && up; i++) {
        int before = atomic_load(&crowd.good);
        int64_t end_ms = now_ms() + LONG_MS;
        while (atomic_load(&crowd.good) < before + 200 && now_ms() < end_ms) {
        }
        redis_server_kill(&server);
        up = redis_server_again(&server);
    }
    atomic_store(&crowd.stop, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_true(up);
    assert_int_equal(atomic_load(&crowd.odd), 0);
    crowd.backend->table->health(crowd.backend, &health);
    assert_int_equal(health.connections_busy, 0);
    assert_in_range(health.connections, 0, 4);
    assert_true(recovers(crowd.backend));
    crowd.backend->table->free(crowd.backend);
    redis_server_stop(&server);
}

/* Forks while other threads are in the middle of calls. */
static void a_child_of_busy_threads_is_served(void **state)
{
    (void)state;
    struct redis_server server;
    pthread_t threads[THREADS];
    int bad = 0;
    if (UNDER_ADDRESS_SANITIZER) {
        skip(); /* see support/sanitizers.h */
    }
    start(&server, NULL);
    struct crowd crowd = {.backend = backend_at(server.port)};
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, press, &crowd), 0);
    }
    for (int i = 0; i < 10; i++) {
        int status = -1;
        pid_t pid = fork();
        if (pid == 0) {
            alarm(30); /* a lock that nobody gives back would hang it */
            _exit(do_op(crowd.backend, LARDER_OP_SET) != LARDER_OK ||
                  do_op(crowd.backend, LARDER_OP_GET) != LARDER_OK);
        }
        waitpid(pid, &status, 0);
        bad += status != 0;
    }
    atomic_store(&crowd.stop, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(bad, 0);
    assert_int_equal(atomic_load(&crowd.odd), 0);
    crowd.backend->table->free(crowd.backend);
    redis_server_stop(&server);
}

static void a_call_whose_time_is_over_sends_nothing(void **state)
{
    (void)state;
    struct redis_server server;
    start(&server, NULL);
    struct larder_backend *backend = backend_at(server.port);
    assert_int_equal(do_op(backend, LARDER_OP_PING), LARDER_OK);
    struct larder_op op = do_within(backend, LARDER_OP_SET, -1);
    assert_int_equal(op.status, LARDER_E_TIMEOUT);
    assert_int_equal(op.outcome, LARDER_NOT_APPLIED);
    assert_int_equal(do_op(backend, LARDER_OP_GET), LARDER_MISS);
    backend->table->free(backend);
    redis_server_stop(&server);
}

/* --------------------------------------------------------- failing memory */

static atomic_int fail_in;

static void *failing_alloc(void *user, size_t size)
{
    (void)user;
    return atomic_fetch_sub(&fail_in, 1) == 1 ? NULL : malloc(size);
}

static void *failing_resize(void *user, void *block, size_t size)
{
    (void)user;
    return atomic_fetch_sub(&fail_in, 1) == 1 ? NULL : realloc(block, size);
}

static void failing_release(void *user, void *block)
{
    (void)user;
    free(block);
}

static void every_failed_allocation_is_a_status(void **state)
{
    (void)state;
    static const struct larder_allocator failing = {
        .alloc = failing_alloc, .resize = failing_resize, .release = failing_release};
    struct larder_backend_env poor = {.allocator = &failing, .clock = &larder_clock_system};
    struct redis_server server;
    int failures = 0;
    start(&server, NULL);
    struct larder_redis_options options = options_for(server.port);
    for (int n = 1; n < 20; n++) {
        atomic_store(&fail_in, n);
        struct larder_backend *backend = larder_redis_new(&poor, &options);
        if (backend == NULL) {
            failures++;
            continue;
        }
        enum larder_status status = do_op(backend, LARDER_OP_SET);
        failures += status == LARDER_E_NOMEM;
        assert_true(status == LARDER_OK || status == LARDER_E_NOMEM);
        assert_int_equal(do_op(backend, LARDER_OP_SET), LARDER_OK);
        backend->table->free(backend);
    }
    assert_in_range(failures, 5, 19);
    redis_server_stop(&server);
}

#define FAULT_TEST(f) cmocka_unit_test_setup(f, journal_clear)

/* ------------------------------------------------- lost together with others */

/* A sink that stops its caller, which then leads the connection. */
struct gate {
    atomic_bool reached;
    atomic_bool open;
};

static void stop_at_gate(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    struct gate *gate = op->user;
    accept_any(op, bytes, len);
    atomic_store(&gate->reached, true);
    while (!atomic_load(&gate->open)) {
        sched_yield();
    }
}

static void await_queued(struct larder_backend *backend, int calls)
{
    struct larder_health health = {0};
    while (health.queued < calls) {
        backend->table->health(backend, &health);
        sched_yield();
    }
}

struct rider {
    struct larder_backend *backend;
    struct larder_op op;
    pthread_t thread;
};

static void *ride(void *user)
{
    struct rider *rider = user;
    rider->backend->table->run(rider->backend, &rider->op, 1,
                               larder_deadline_after_ms(&larder_clock_system, LONG_MS));
    return NULL;
}

/* Three calls go in one send, and the connection ends without a word: each ends by its own class. */
static void what_is_lost_together_ends_each_by_its_class(void **state)
{
    (void)state;
    static const struct scripted_step ends[] = {HELLO, SCRIPTED_AWAIT, SCRIPTED_SEND("$1\r\nv\r\n"),
                                                SCRIPTED_AWAIT};
    static const struct scripted_step good[] = {HELLO,
                                                SCRIPTED_AWAIT,
                                                SCRIPTED_SEND("$1\r\nv\r\n"),
                                                SCRIPTED_AWAIT,
                                                SCRIPTED_SEND("$1\r\nv\r\n"),
                                                SCRIPTED_HOLD};
    struct scripted_server *server = scripted_server_start(STEPS(ends));
    scripted_server_next(server, 1, STEPS(good));
    struct larder_redis_options options = options_for(scripted_server_port(server));
    options.max_connections = 1;
    struct larder_backend *backend = larder_redis_new(&env, &options);
    struct gate gate = {.open = false};
    struct rider first = {.backend = backend, .op = op_of(LARDER_OP_GET)};
    struct rider riders[] = {{.backend = backend, .op = op_of(LARDER_OP_GET)},
                             {.backend = backend, .op = op_of(LARDER_OP_ADD)},
                             {.backend = backend, .op = op_of(LARDER_OP_GET)}};
    first.op.sink = stop_at_gate;
    first.op.user = &gate;
    assert_int_equal(pthread_create(&first.thread, NULL, ride, &first), 0);
    while (!atomic_load(&gate.reached)) {
        sched_yield();
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&riders[i].thread, NULL, ride, &riders[i]), 0);
        await_queued(backend, i + 1);
    }
    atomic_store(&gate.open, true);
    pthread_join(first.thread, NULL);
    for (int i = 0; i < 3; i++) {
        pthread_join(riders[i].thread, NULL);
    }
    assert_int_equal(first.op.status, LARDER_OK);
    assert_int_equal(riders[0].op.status, LARDER_OK); /* read again */
    assert_int_equal(riders[2].op.status, LARDER_OK);
    assert_int_equal(riders[1].op.status, LARDER_E_UNAVAILABLE);
    assert_int_equal(riders[1].op.outcome, LARDER_UNKNOWN); /* and not made twice */
    assert_int_equal(scripted_server_connections(server), 2);
    backend->table->free(backend);
    scripted_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULT_TEST(what_is_lost_together_ends_each_by_its_class),
        FAULT_TEST(a_server_that_is_away_is_told_at_once_and_logged_once),
        FAULT_TEST(a_server_that_comes_back_serves_again),
        FAULT_TEST(connections_that_died_idle_are_replaced_silently),
        FAULT_TEST(a_frozen_server_ends_at_the_deadline_and_writes_are_unknown),
        FAULT_TEST(credentials_are_checked_before_anything_else),
        FAULT_TEST(a_database_that_is_not_there_is_an_error),
        FAULT_TEST(another_type_is_a_miss_and_a_warning),
        FAULT_TEST(the_breaker_is_told_by_health_and_closes_by_itself),
        FAULT_TEST(a_frozen_server_costs_few_deadlines_and_then_none),
        FAULT_TEST(a_full_server_refuses_writes_and_serves_reads),
        FAULT_TEST(the_breaker_of_writes_leaves_reads_and_deletes_alone),
        FAULT_TEST(a_server_with_too_many_clients_is_unavailable),
        FAULT_TEST(a_value_over_the_limit_closes_the_connection_only),
        FAULT_TEST(a_batch_may_read_more_than_the_limit_of_one_value),
        FAULT_TEST(what_no_server_takes_fails_alone),
        FAULT_TEST(only_what_can_be_said_twice_is_retried_on_a_new_connection),
        FAULT_TEST(a_new_connection_that_fails_is_not_retried),
        FAULT_TEST(a_batch_that_is_cut_keeps_the_answers_it_has),
        FAULT_TEST(a_reply_of_another_kind_is_a_protocol_error),
        FAULT_TEST(a_servers_text_is_shown_in_part_and_without_arguments),
        FAULT_TEST(a_caller_that_finds_all_busy_waits_until_its_deadline),
        FAULT_TEST(a_forked_child_has_connections_of_its_own),
        FAULT_TEST(threads_outlive_servers_that_come_and_go),
        FAULT_TEST(a_child_of_busy_threads_is_served),
        FAULT_TEST(a_call_whose_time_is_over_sends_nothing),
        FAULT_TEST(every_failed_allocation_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
