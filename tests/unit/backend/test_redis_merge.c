/* SPDX-License-Identifier: MIT */
/*
 * Reads of several callers that go as one MGET: who goes with whom, and that nobody has
 * another answer for having been together with others.
 *
 * A caller can be told to stop while it takes its value. It then leads the only
 * connection and does not come back, so that others are collected behind it.
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

#include "backend/redis.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "support/fake_clock.h"
#include "support/fakeredis.h"
#include "support/raw_redis.h"
#include "support/redis_server.h"

enum {
    LONG_MS = 20000,
    SHORT_MS = 300,
    HASTE_MS = 30,
    CROWD = 16,
    TURNS = 300,
    KEYS = 40,
    LONG_VALUE = 40000
};

static const struct larder_backend_env env = {.allocator = &larder_allocator_libc,
                                              .clock = &larder_clock_system};

/* ---------------------------------------------------------------- a caller */

struct caller {
    const char *key;
    enum larder_op_kind kind; /* 0 is GET */
    int64_t ms;               /* 0 is LONG_MS */
    bool stops;               /* in its sink, until it is told to go on */
    _Atomic bool stopped;
    _Atomic bool go_on;
    _Atomic bool done;
    struct larder_backend *backend;
    const struct larder_clock *clock; /* NULL: the system's */
    struct larder_op op;
    char taken[64];
    char error[128];
    pthread_t thread;
};

static void take(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    struct caller *caller = op->user;
    snprintf(caller->taken, sizeof caller->taken, "%.*s", (int)len, (const char *)bytes);
    op->status = LARDER_OK;
    if (caller->stops) {
        atomic_store(&caller->stopped, true);
        while (!atomic_load(&caller->go_on)) {
            sched_yield();
        }
    }
}

static void *call(void *user)
{
    struct caller *caller = user;
    const struct larder_clock *clock = caller->clock != NULL ? caller->clock : &larder_clock_system;
    caller->op = (struct larder_op){.kind = caller->kind,
                                    .key = caller->key,
                                    .key_len = strlen(caller->key),
                                    .sink = take,
                                    .user = caller};
    caller->backend->table->run(
        caller->backend, &caller->op, 1,
        larder_deadline_after_ms(clock, caller->ms != 0 ? caller->ms : LONG_MS));
    if (caller->op.status < 0) {
        snprintf(caller->error, sizeof caller->error, "%s", larder_last_error());
    }
    atomic_store(&caller->done, true);
    return NULL;
}

static int queued(struct larder_backend *backend)
{
    struct larder_health health = {0};
    backend->table->health(backend, &health);
    return health.queued;
}

/* Starts a caller, and waits until it waits: in the queue, or stopped. */
static void begin(struct larder_backend *backend, struct caller *caller)
{
    int before = queued(backend);
    caller->backend = backend;
    assert_int_equal(pthread_create(&caller->thread, NULL, call, caller), 0);
    while (caller->stops ? !atomic_load(&caller->stopped) : queued(backend) <= before) {
        assert_false(atomic_load(&caller->done)); /* nothing stopped it, nor did it wait */
        sched_yield();
    }
}

static void end(struct caller *caller)
{
    pthread_join(caller->thread, NULL);
}

static void assert_taken(const struct caller *caller, const char *text)
{
    assert_string_equal(caller->error, "");
    assert_int_equal(caller->op.status, LARDER_OK);
    assert_string_equal(caller->taken, text);
}

/* They are collected behind one that stops, and sent together. */
static void run_together(struct larder_backend *backend, struct caller *callers, size_t count)
{
    struct caller first = {.key = "first", .stops = true, .clock = callers[0].clock};
    begin(backend, &first);
    for (size_t i = 0; i < count; i++) {
        begin(backend, &callers[i]);
    }
    atomic_store(&first.go_on, true);
    end(&first);
    assert_taken(&first, "first");
    for (size_t i = 0; i < count; i++) {
        end(&callers[i]);
    }
}

#define TOGETHER(backend, callers) \
    run_together(backend, callers, sizeof(callers) / sizeof *(callers))

/* ------------------------------------------------------------- the servers */

static struct larder_backend *backend_with(const struct larder_backend_env *with, int port,
                                           const char *user, const char *password)
{
    struct larder_redis_options options = {.address = {.host = "127.0.0.1",
                                                       .port = port,
                                                       .client_name = "test",
                                                       .username = user,
                                                       .password = password},
                                           .max_connections = 1,
                                           .connect_timeout_ms = LONG_MS,
                                           .max_reply_bytes = 1 << 20};
    struct larder_backend *backend = larder_redis_new(with, &options);
    assert_non_null(backend);
    return backend;
}

static struct fakeredis *fake;

static struct larder_backend *backend_on_script_at(const struct larder_clock *clock,
                                                   const char *script)
{
    struct larder_backend_env with = {.allocator = env.allocator, .clock = clock};
    fake = fakeredis_start(script);
    assert_non_null(fake);
    return backend_with(&with, fakeredis_port(fake), NULL, NULL);
}

static struct larder_backend *backend_on_script(const char *script)
{
    return backend_on_script_at(&larder_clock_system, script);
}

static void end_script(struct larder_backend *backend)
{
    backend->table->free(backend);
    assert_string_equal(fakeredis_complaint(fake), "");
    fakeredis_stop(fake);
}

static struct redis_server server;
static struct raw_redis raw;

/* Each of these keys holds its own name. */
static void start(const char *const *args)
{
    static const char *const keys[] = {"first", "a", "b", "c", "d", "e"};
    assert_true(redis_server_start(&server, REDIS_SERVER_TCP, args));
    raw_redis_open(&raw, server.port, 0);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        raw_redis_set(&raw, keys[i], keys[i], strlen(keys[i]));
    }
}

static void stop(struct larder_backend *backend)
{
    backend->table->free(backend);
    raw_redis_close(&raw);
    redis_server_stop(&server);
}

/* How often a command was called, of those that were not refused. */
static int calls(const char *command)
{
    char begins[64], line[256];
    snprintf(begins, sizeof begins, "cmdstat_%s:calls=", command);
    return raw_redis_info(&raw, "commandstats", begins, line, sizeof line)
               ? (int)strtol(line + strlen(begins), NULL, 10)
               : 0;
}

/* --------------------------------------------------------------- together */

static void reads_of_several_callers_are_one_command(void **state)
{
    (void)state;
    struct larder_backend *backend = backend_on_script("GREET\n"
                                                       "EXPECT GET first\n"
                                                       "BULK first\n"
                                                       "EXPECT MGET a b nowhere c\n"
                                                       "SEND *4\n"
                                                       "BULK A\n"
                                                       "BULK B\n"
                                                       "SEND $-1\n"
                                                       "BULK C\n"
                                                       "HOLD\n");
    struct caller callers[] = {{.key = "a"}, {.key = "b"}, {.key = "nowhere"}, {.key = "c"}};
    TOGETHER(backend, callers);
    assert_taken(&callers[0], "A");
    assert_taken(&callers[1], "B");
    assert_int_equal(callers[2].op.status, LARDER_MISS);
    assert_taken(&callers[3], "C");
    end_script(backend);
}

static void other_commands_stay_between_them(void **state)
{
    (void)state;
    struct larder_backend *backend = backend_on_script("GREET\n"
                                                       "EXPECT GET first\n"
                                                       "BULK first\n"
                                                       "EXPECT PTTL x\n"
                                                       "EXPECT GETRANGE x 0 1\n"
                                                       "EXPECT MGET a b\n"
                                                       "EXPECT GETRANGE x 0 1\n"
                                                       "EXPECT GET c\n"
                                                       "EXPECT PTTL y\n"
                                                       "EXPECT GETRANGE y 0 1\n"
                                                       "EXPECT MGET d e\n"
                                                       "SEND :5\n"
                                                       "BULK v!\n"
                                                       "SEND *2\n"
                                                       "BULK A\n"
                                                       "BULK B\n"
                                                       "BULK v!\n"
                                                       "BULK C\n"
                                                       "SEND :7\n"
                                                       "BULK v!\n"
                                                       "SEND *2\n"
                                                       "BULK D\n"
                                                       "BULK E\n"
                                                       "HOLD\n");
    struct caller callers[] = {{.key = "x", .kind = LARDER_OP_TTL},
                               {.key = "a"},
                               {.key = "b"},
                               {.key = "x", .kind = LARDER_OP_EXISTS},
                               {.key = "c"},
                               {.key = "y", .kind = LARDER_OP_TTL},
                               {.key = "d"},
                               {.key = "e"}};
    TOGETHER(backend, callers);
    assert_int_equal(callers[0].op.number, 5);
    assert_taken(&callers[1], "A");
    assert_taken(&callers[2], "B");
    assert_int_equal(callers[3].op.status, LARDER_OK);
    assert_taken(&callers[4], "C");
    assert_int_equal(callers[5].op.number, 7);
    assert_taken(&callers[6], "D");
    assert_taken(&callers[7], "E");
    end_script(backend);
}

static void values_longer_than_what_is_received_at_once(void **state)
{
    (void)state;
    static char text[LONG_VALUE];
    start(NULL);
    memset(text, 'x', sizeof text);
    raw_redis_set(&raw, "long", text, sizeof text);
    struct larder_backend *backend = backend_with(&env, server.port, NULL, NULL);
    struct caller callers[] = {{.key = "a"}, {.key = "long"}, {.key = "b"},
                               {.key = "c"}, {.key = "long"}, {.key = "d"}};
    TOGETHER(backend, callers);
    assert_int_equal(calls("mget"), 1);
    assert_taken(&callers[0], "a");
    assert_taken(&callers[2], "b");
    assert_taken(&callers[3], "c");
    assert_taken(&callers[5], "d");
    assert_memory_equal(callers[1].taken, text, 10);
    assert_memory_equal(callers[4].taken, text, 10);
    stop(backend);
}

static void another_type_is_a_miss_to_its_caller_alone(void **state)
{
    (void)state;
    static const char *const push[] = {"LPUSH", "list", "x"};
    start(NULL);
    raw_redis_run(&raw, push, 3);
    struct larder_backend *backend = backend_with(&env, server.port, NULL, NULL);
    struct caller callers[] = {{.key = "a"}, {.key = "list"}, {.key = "b"}};
    TOGETHER(backend, callers);
    assert_int_equal(calls("mget"), 1);
    assert_taken(&callers[0], "a");
    assert_int_equal(callers[1].op.status, LARDER_MISS);
    assert_taken(&callers[2], "b");
    stop(backend);
}

/* ---------------------------------------------------------------- giving up */

/* Of four that wait for the first, two give up: sooner than the connection is taken to be
 * stuck. */
static void two_give_up_before_it_is_sent(const char *script, const char *due_a, const char *due_b)
{
    struct fake_clock clock;
    fake_clock_init(&clock);
    struct larder_backend *backend = backend_on_script_at(&clock.clock, script);
    struct caller first = {.key = "first", .stops = true, .clock = &clock.clock};
    struct caller x = {.key = "x", .ms = HASTE_MS, .clock = &clock.clock};
    struct caller y = {.key = "y", .kind = LARDER_OP_EXISTS, .ms = HASTE_MS, .clock = &clock.clock};
    struct caller a = {.key = "a", .clock = &clock.clock};
    struct caller b = {.key = "b", .clock = &clock.clock};
    begin(backend, &first);
    begin(backend, &x);
    begin(backend, &a);
    begin(backend, &y);
    begin(backend, &b);
    fake_clock_advance_ms(&clock, HASTE_MS);
    end(&x);
    end(&y);
    assert_int_equal(x.op.status, LARDER_E_TIMEOUT);
    assert_int_equal(y.op.status, LARDER_E_TIMEOUT);
    atomic_store(&first.go_on, true);
    end(&first);
    end(&a);
    end(&b);
    assert_taken(&a, due_a);
    assert_taken(&b, due_b);
    end_script(backend);
}

static void who_gives_up_before_it_is_sent_is_not_among_them(void **state)
{
    (void)state;
    two_give_up_before_it_is_sent("GREET\n"
                                  "EXPECT GET first\n"
                                  "BULK first\n"
                                  "EXPECT MGET a b\n"
                                  "SEND *2\n"
                                  "BULK A\n"
                                  "BULK B\n"
                                  "HOLD\n",
                                  "A", "B");
}

static void nor_among_those_that_are_refused(void **state)
{
    (void)state;
    two_give_up_before_it_is_sent("GREET\n"
                                  "EXPECT GET first\n"
                                  "BULK first\n"
                                  "EXPECT MGET a b\n"
                                  "SEND -ERR no\n"
                                  "EXPECT GET\n"
                                  "BULK same\n"
                                  "EXPECT GET\n"
                                  "BULK same\n"
                                  "HOLD\n",
                                  "same", "same");
}

/* The one that leads, and one in the middle. */
static void who_gives_up_under_way_leaves_the_others_theirs(void **state)
{
    (void)state;
    start(NULL);
    struct larder_backend *backend = backend_with(&env, server.port, NULL, NULL);
    struct caller first = {.key = "first", .stops = true};
    struct caller a = {.key = "a", .ms = SHORT_MS}, b = {.key = "b"};
    struct caller c = {.key = "c", .ms = SHORT_MS}, d = {.key = "d"};
    begin(backend, &first);
    begin(backend, &a);
    begin(backend, &b);
    begin(backend, &c);
    begin(backend, &d);
    redis_server_freeze(&server);
    atomic_store(&first.go_on, true);
    end(&first);
    end(&a);
    end(&c);
    redis_server_thaw(&server);
    end(&b);
    end(&d);
    assert_int_equal(a.op.status, LARDER_E_TIMEOUT);
    assert_int_equal(c.op.status, LARDER_E_TIMEOUT);
    assert_non_null(strstr(c.error, "did not answer"));
    assert_taken(&b, "b");
    assert_taken(&d, "d");
    assert_int_equal(calls("mget"), 1);
    assert_int_equal(calls("get"), 1); /* nobody's was made again */
    stop(backend);
}

/* ------------------------------------------------------------------ refused */

static void who_may_not_say_mget_has_its_answers(void **state)
{
    (void)state;
    static const char *const args[] = {"--user", "reader",  "on",    ">readkey", "~*",
                                       "+get",   "+client", "+info", "+ping",    NULL};
    start(args);
    struct larder_backend *backend = backend_with(&env, server.port, "reader", "readkey");
    struct caller callers[] = {{.key = "a"}, {.key = "nowhere"}, {.key = "b"}};
    struct caller more[] = {{.key = "c"}, {.key = "d"}};
    char line[256];
    TOGETHER(backend, callers);
    assert_taken(&callers[0], "a");
    assert_int_equal(callers[1].op.status, LARDER_MISS);
    assert_taken(&callers[2], "b");
    TOGETHER(backend, more); /* which is not tried at once again */
    assert_taken(&more[0], "c");
    assert_taken(&more[1], "d");
    assert_true(raw_redis_info(&raw, "commandstats", "cmdstat_mget:calls=0", line, sizeof line));
    assert_non_null(strstr(line, "rejected_calls=1,"));
    stop(backend);
}

static void who_may_not_read_a_key_is_told_so_alone(void **state)
{
    (void)state;
    static const char *const args[] = {"--user", "reader", "on",    ">readkey", "~a",
                                       "~b",     "~first", "+@all", NULL};
    start(args);
    struct larder_backend *backend = backend_with(&env, server.port, "reader", "readkey");
    struct caller callers[] = {{.key = "a"}, {.key = "c"}, {.key = "b"}};
    TOGETHER(backend, callers);
    assert_taken(&callers[0], "a");
    assert_int_equal(callers[1].op.status, LARDER_E_AUTH);
    assert_non_null(strstr(callers[1].error, "NOPERM"));
    assert_taken(&callers[2], "b");
    stop(backend);
}

static void after_a_while_it_is_tried_again(void **state)
{
    (void)state;
    struct fake_clock clock;
    fake_clock_init(&clock);
    struct larder_backend *backend =
        backend_on_script_at(&clock.clock, "GREET\n"
                                           "EXPECT GET first\n"
                                           "BULK first\n"
                                           "EXPECT MGET a b\n"
                                           "SEND -LOADING Redis is loading the dataset in memory\n"
                                           "EXPECT GET\n" /* whose thread is faster */
                                           "BULK same\n"
                                           "EXPECT GET\n"
                                           "BULK same\n"
                                           "EXPECT GET first\n"
                                           "BULK first\n"
                                           "EXPECT GET c\n"
                                           "EXPECT GET d\n"
                                           "BULK C\n"
                                           "BULK D\n"
                                           "EXPECT GET first\n"
                                           "BULK first\n"
                                           "EXPECT MGET e f\n"
                                           "SEND *2\n"
                                           "BULK E\n"
                                           "BULK F\n"
                                           "HOLD\n");
    struct caller one[] = {{.key = "a", .clock = &clock.clock},
                           {.key = "b", .clock = &clock.clock}};
    struct caller two[] = {{.key = "c", .clock = &clock.clock},
                           {.key = "d", .clock = &clock.clock}};
    struct caller three[] = {{.key = "e", .clock = &clock.clock},
                             {.key = "f", .clock = &clock.clock}};
    TOGETHER(backend, one);
    assert_taken(&one[0], "same");
    assert_taken(&one[1], "same");
    fake_clock_advance_ms(&clock, 9900);
    TOGETHER(backend, two);
    assert_taken(&two[0], "C");
    assert_taken(&two[1], "D");
    fake_clock_advance_ms(&clock, 100);
    TOGETHER(backend, three);
    assert_taken(&three[0], "E");
    assert_taken(&three[1], "F");
    end_script(backend);
}

/* No server that is one gives it. */
static void an_error_in_the_middle_fails_nobody(void **state)
{
    (void)state;
    struct larder_backend *backend = backend_on_script("GREET\n"
                                                       "EXPECT GET first\n"
                                                       "BULK first\n"
                                                       "EXPECT MGET a b c\n"
                                                       "SEND *3\n"
                                                       "BULK A\n"
                                                       "SEND -ERR no\n"
                                                       "BULK wrong\n"
                                                       "EXPECT GET\n"
                                                       "BULK same\n"
                                                       "EXPECT GET\n"
                                                       "BULK same\n"
                                                       "HOLD\n");
    struct caller callers[] = {{.key = "a"}, {.key = "b"}, {.key = "c"}};
    TOGETHER(backend, callers);
    assert_taken(&callers[0], "A");
    assert_taken(&callers[1], "same");
    assert_taken(&callers[2], "same");
    end_script(backend);
}

/* Replies are out of step. */
static void an_array_of_another_length_is_no_answer(void **state)
{
    (void)state;
    struct larder_backend *backend = backend_on_script("GREET\n"
                                                       "EXPECT GET first\n"
                                                       "BULK first\n"
                                                       "EXPECT MGET a b c\n"
                                                       "SEND *2\n"
                                                       "BULK A\n"
                                                       "BULK B\n"
                                                       "HOLD\n");
    struct caller callers[] = {{.key = "a"}, {.key = "b"}, {.key = "c"}};
    TOGETHER(backend, callers);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(callers[i].op.status, LARDER_E_PROTOCOL);
        assert_string_equal(callers[i].taken, "");
    }
    end_script(backend);
}

/* ------------------------------------------------------------------ a crowd */

struct member {
    struct larder_backend *backend;
    uint32_t seed;
    int wrong;
    pthread_t thread;
};

static void *read_at_random(void *user)
{
    struct member *member = user;
    char key[16];
    for (int i = 0; i < TURNS; i++) {
        member->seed = member->seed * 1664525 + 1013904223;
        uint32_t n = (member->seed >> 8) % KEYS;
        snprintf(key, sizeof key, "k%u", n);
        struct caller caller = {.key = key, .backend = member->backend};
        call(&caller);
        bool there = n % 4 != 0; /* each fourth is no key */
        member->wrong += there ? caller.op.status != LARDER_OK || strcmp(caller.taken, key) != 0
                               : caller.op.status != LARDER_MISS;
    }
    return NULL;
}

static void run_crowd(struct larder_backend *backend)
{
    static struct member members[CROWD];
    char key[16];
    for (int i = 0; i < KEYS; i++) {
        snprintf(key, sizeof key, "k%d", i);
        if (i % 4 != 0) {
            raw_redis_set(&raw, key, key, strlen(key));
        }
    }
    for (uint32_t i = 0; i < CROWD; i++) {
        members[i] = (struct member){.backend = backend, .seed = i};
        assert_int_equal(pthread_create(&members[i].thread, NULL, read_at_random, &members[i]), 0);
    }
    for (size_t i = 0; i < CROWD; i++) {
        pthread_join(members[i].thread, NULL);
        assert_int_equal(members[i].wrong, 0);
    }
}

static void in_a_crowd_everybody_has_its_own_value(void **state)
{
    (void)state;
    start(NULL);
    struct larder_backend *backend = backend_with(&env, server.port, NULL, NULL);
    run_crowd(backend);
    assert_true(calls("mget") > 0);
    stop(backend);
}

static void in_a_crowd_that_is_refused_too(void **state)
{
    (void)state;
    static const char *const args[] = {"--user", "reader",  "on",    ">readkey", "~*",
                                       "+get",   "+client", "+info", "+ping",    NULL};
    start(args);
    struct larder_backend *backend = backend_with(&env, server.port, "reader", "readkey");
    run_crowd(backend);
    assert_int_equal(calls("mget"), 0);
    stop(backend);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_of_several_callers_are_one_command),
        cmocka_unit_test(other_commands_stay_between_them),
        cmocka_unit_test(values_longer_than_what_is_received_at_once),
        cmocka_unit_test(another_type_is_a_miss_to_its_caller_alone),
        cmocka_unit_test(who_gives_up_before_it_is_sent_is_not_among_them),
        cmocka_unit_test(nor_among_those_that_are_refused),
        cmocka_unit_test(who_gives_up_under_way_leaves_the_others_theirs),
        cmocka_unit_test(who_may_not_say_mget_has_its_answers),
        cmocka_unit_test(who_may_not_read_a_key_is_told_so_alone),
        cmocka_unit_test(after_a_while_it_is_tried_again),
        cmocka_unit_test(an_error_in_the_middle_fails_nobody),
        cmocka_unit_test(an_array_of_another_length_is_no_answer),
        cmocka_unit_test(in_a_crowd_everybody_has_its_own_value),
        cmocka_unit_test(in_a_crowd_that_is_refused_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
