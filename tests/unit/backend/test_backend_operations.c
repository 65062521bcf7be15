/* SPDX-License-Identifier: MIT */
/*
 * One suite over the memory backend and over a real redis-server: the same
 * calls, the same answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/memory.h"
#include "backend/off.h"
#include "backend/redis.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "support/redis_server.h"

enum { TIMEOUT_MS = 10000 };

static struct larder_backend *backend;
static struct redis_server server;
static const struct larder_backend_env env = {.allocator = &larder_allocator_libc,
                                              .clock = &larder_clock_system};

/* ---------------------------------------------------------------- the words */

struct seen {
    int calls;
    size_t len;
    uint64_t sum;
    char text[64];
};

static void look(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    struct seen *seen = op->user;
    seen->calls++;
    seen->len = len;
    for (size_t i = 0; i < len; i++) {
        seen->sum = seen->sum * 31 + bytes[i];
    }
    size_t n = len < sizeof seen->text ? len : sizeof seen->text - 1;
    memcpy(seen->text, bytes, n);
    seen->text[n] = '\0';
    op->status = len == 6 && memcmp(bytes, "foreign", 6) == 0 ? LARDER_MISS : LARDER_OK;
}

static void run(struct larder_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ops[i].status = LARDER_E_CLOSED; /* not an answer of any */
        ops[i].number = -77;
    }
    backend->table->run(backend, ops, count,
                        larder_deadline_after_ms(&larder_clock_system, TIMEOUT_MS));
}

static enum larder_status one(enum larder_op_kind kind, const char *key, const char *value,
                              int64_t ttl_ms, struct larder_op *ret_op)
{
    struct seen ignored = {0};
    *ret_op = (struct larder_op){.kind = kind,
                                 .key = key,
                                 .key_len = strlen(key),
                                 .value = (const uint8_t *)value,
                                 .value_len = value != NULL ? strlen(value) : 0,
                                 .ttl_ms = ttl_ms,
                                 .sink = look,
                                 .user = &ignored};
    run(ret_op, 1);
    ret_op->user = NULL;
    return ret_op->status;
}

static enum larder_status do_op(enum larder_op_kind kind, const char *key)
{
    struct larder_op op;
    return one(kind, key, NULL, 0, &op);
}

static enum larder_status put(enum larder_op_kind kind, const char *key, const char *value)
{
    struct larder_op op;
    return one(kind, key, value, 0, &op);
}

static void assert_reads(const char *key, const char *want)
{
    struct seen seen = {0};
    struct larder_op op = {
        .kind = LARDER_OP_GET, .key = key, .key_len = strlen(key), .sink = look, .user = &seen};
    run(&op, 1);
    if (want == NULL) {
        assert_int_equal(op.status, LARDER_MISS);
        assert_int_equal(seen.calls, 0);
        return;
    }
    assert_int_equal(op.status, LARDER_OK);
    assert_int_equal(seen.calls, 1);
    assert_string_equal(seen.text, want);
}

static int64_t ttl_of(const char *key)
{
    struct larder_op op;
    assert_int_equal(one(LARDER_OP_TTL, key, NULL, 0, &op), LARDER_OK);
    return op.number;
}

/* ------------------------------------------------------------------- tests */

static void what_is_set_is_read(void **state)
{
    (void)state;
    assert_reads("set:1", NULL);
    assert_int_equal(put(LARDER_OP_SET, "set:1", "tea"), LARDER_OK);
    assert_reads("set:1", "tea");
    assert_int_equal(put(LARDER_OP_SET, "set:1", ""), LARDER_OK);
    assert_reads("set:1", "");
    assert_int_equal(put(LARDER_OP_SET, "set:1", NULL), LARDER_OK);
    assert_reads("set:1", "");
}

static void the_sink_has_the_last_word(void **state)
{
    (void)state;
    put(LARDER_OP_SET, "sink:1", "foreig");
    assert_int_equal(do_op(LARDER_OP_GET, "sink:1"), LARDER_MISS);
}

static void keys_and_values_hold_any_byte(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct larder_op ops[] = {
        {.kind = LARDER_OP_SET,
         .key = "b\0\r\n",
         .key_len = 4,
         .value = (const uint8_t *)"\0\r\n$1",
         .value_len = 5},
        {.kind = LARDER_OP_GET, .key = "b\0\r\n", .key_len = 4, .sink = look, .user = &seen},
        {.kind = LARDER_OP_EXISTS, .key = "b\0\r", .key_len = 3},
    };
    run(ops, 3);
    assert_int_equal(ops[0].status, LARDER_OK);
    assert_int_equal(ops[1].status, LARDER_OK);
    assert_int_equal(seen.len, 5);
    assert_memory_equal(seen.text, "\0\r\n$1", 5);
    assert_int_equal(ops[2].status, LARDER_MISS);
}

static void add_stores_only_what_is_not_there(void **state)
{
    (void)state;
    struct larder_op op;
    assert_int_equal(one(LARDER_OP_ADD, "add:1", "a", 0, &op), LARDER_OK);
    assert_int_equal(op.outcome, LARDER_APPLIED);
    assert_int_equal(one(LARDER_OP_ADD, "add:1", "b", 5000, &op), LARDER_DENIED);
    assert_int_equal(op.outcome, LARDER_NOT_APPLIED);
    assert_reads("add:1", "a");
    assert_int_equal(ttl_of("add:1"), -1);
    assert_int_equal(one(LARDER_OP_ADD, "add:2", "c", 60000, &op), LARDER_OK);
    assert_in_range(ttl_of("add:2"), 50000, 60000);
}

static void replace_stores_only_over_what_is_there(void **state)
{
    (void)state;
    struct larder_op op;
    assert_int_equal(one(LARDER_OP_REPLACE, "rep:1", "a", 0, &op), LARDER_MISS);
    assert_int_equal(op.outcome, LARDER_NOT_APPLIED);
    assert_reads("rep:1", NULL);
    put(LARDER_OP_SET, "rep:1", "b");
    assert_int_equal(one(LARDER_OP_REPLACE, "rep:1", "c", 60000, &op), LARDER_OK);
    assert_int_equal(op.outcome, LARDER_APPLIED);
    assert_reads("rep:1", "c");
    assert_in_range(ttl_of("rep:1"), 50000, 60000);
}

static void delete_tells_whether_it_was_there(void **state)
{
    (void)state;
    struct larder_op op;
    put(LARDER_OP_SET, "del:1", "a");
    assert_int_equal(one(LARDER_OP_DELETE, "del:1", NULL, 0, &op), LARDER_OK);
    assert_int_equal(op.outcome, LARDER_APPLIED);
    assert_int_equal(one(LARDER_OP_DELETE, "del:1", NULL, 0, &op), LARDER_MISS);
    assert_int_equal(op.outcome, LARDER_APPLIED);
    assert_reads("del:1", NULL);
}

static void exists_does_not_need_the_value(void **state)
{
    (void)state;
    assert_int_equal(do_op(LARDER_OP_EXISTS, "ex:1"), LARDER_MISS);
    put(LARDER_OP_SET, "ex:1", "a");
    assert_int_equal(do_op(LARDER_OP_EXISTS, "ex:1"), LARDER_OK);
}

static void ttl_tells_what_is_left(void **state)
{
    (void)state;
    struct larder_op op;
    assert_int_equal(one(LARDER_OP_TTL, "ttl:1", NULL, 0, &op), LARDER_MISS);
    assert_int_equal(op.number, 0);
    put(LARDER_OP_SET, "ttl:1", "a");
    assert_int_equal(ttl_of("ttl:1"), -1);
    assert_int_equal(one(LARDER_OP_SET, "ttl:1", "a", 100000, &op), LARDER_OK);
    assert_in_range(ttl_of("ttl:1"), 90000, 100000);
    put(LARDER_OP_SET, "ttl:1", "a"); /* a plain SET drops the expiry */
    assert_int_equal(ttl_of("ttl:1"), -1);
    assert_int_equal(one(LARDER_OP_SET, "ttl:1", "a", (int64_t)1 << 53, &op), LARDER_OK);
    assert_true(ttl_of("ttl:1") > INT64_C(9000000000000)); /* 285 years */
}

static void expire_sets_and_takes_away_the_end(void **state)
{
    (void)state;
    struct larder_op op;
    assert_int_equal(one(LARDER_OP_EXPIRE, "exp:1", NULL, 1000, &op), LARDER_MISS);
    assert_int_equal(one(LARDER_OP_EXPIRE, "exp:1", NULL, 0, &op), LARDER_MISS);
    put(LARDER_OP_SET, "exp:1", "a");
    assert_int_equal(one(LARDER_OP_EXPIRE, "exp:1", NULL, 50000, &op), LARDER_OK);
    assert_int_equal(op.outcome, LARDER_APPLIED);
    assert_in_range(ttl_of("exp:1"), 40000, 50000);
    assert_int_equal(one(LARDER_OP_EXPIRE, "exp:1", NULL, 0, &op), LARDER_OK);
    assert_int_equal(ttl_of("exp:1"), -1);
    assert_int_equal(one(LARDER_OP_EXPIRE, "exp:1", NULL, 0, &op), LARDER_OK);
    assert_reads("exp:1", "a");
}

/* Polls the answer, never the clock: the entry goes by itself. */
static void an_entry_ends(void **state)
{
    (void)state;
    struct larder_op op;
    int64_t end = larder_deadline_after_ms(&larder_clock_system, TIMEOUT_MS);
    assert_int_equal(one(LARDER_OP_SET, "end:1", "a", 20, &op), LARDER_OK);
    while (do_op(LARDER_OP_EXISTS, "end:1") == LARDER_OK &&
           larder_clock_now_ns(&larder_clock_system) < end) {
    }
    assert_reads("end:1", NULL);
    assert_int_equal(one(LARDER_OP_TTL, "end:1", NULL, 0, &op), LARDER_MISS);
}

static void a_mixed_batch_answers_each_in_order(void **state)
{
    (void)state;
    struct seen seen[2] = {{0}, {0}};
    const uint8_t *value = (const uint8_t *)"v";
    struct larder_op ops[] = {
        {.kind = LARDER_OP_PING},
        {.kind = LARDER_OP_SET, .key = "mix", .key_len = 3, .value = value, .value_len = 1},
        {.kind = LARDER_OP_ADD, .key = "mix", .key_len = 3, .value = value, .value_len = 1},
        {.kind = LARDER_OP_GET, .key = "mix", .key_len = 3, .sink = look, .user = &seen[0]},
        {.kind = LARDER_OP_EXPIRE, .key = "mix", .key_len = 3, .ttl_ms = 9000},
        {.kind = LARDER_OP_EXPIRE, .key = "mix", .key_len = 3},
        {.kind = LARDER_OP_TTL, .key = "mix", .key_len = 3},
        {.kind = LARDER_OP_DELETE, .key = "mix", .key_len = 3},
        {.kind = LARDER_OP_GET, .key = "mix", .key_len = 3, .sink = look, .user = &seen[1]},
        {.kind = LARDER_OP_REPLACE, .key = "mix", .key_len = 3, .value = value, .value_len = 1},
    };
    static const enum larder_status want[] = {LARDER_OK,   LARDER_OK,  LARDER_DENIED, LARDER_OK,
                                              LARDER_OK,   LARDER_OK,  LARDER_OK,     LARDER_OK,
                                              LARDER_MISS, LARDER_MISS};
    run(ops, sizeof ops / sizeof *ops);
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        assert_int_equal(ops[i].status, want[i]);
    }
    assert_int_equal(ops[6].number, -1);
    assert_int_equal(ops[0].number, 0);
    assert_int_equal(seen[0].calls, 1);
    assert_int_equal(seen[1].calls, 0);
}

enum { MANY = 1300 }; /* more than two MGETs */

static void a_batch_of_reads_answers_each_key(void **state)
{
    (void)state;
    static struct larder_op ops[MANY];
    static struct seen seen[MANY];
    static char keys[MANY][24], values[MANY][24];
    for (int i = 0; i < MANY; i++) {
        snprintf(keys[i], sizeof keys[i], "many:%d", i);
        snprintf(values[i], sizeof values[i], "value %d", i);
        ops[i] = (struct larder_op){.kind = i % 3 == 0 ? LARDER_OP_DELETE : LARDER_OP_SET,
                                    .key = keys[i],
                                    .key_len = strlen(keys[i]),
                                    .value = (const uint8_t *)values[i],
                                    .value_len = strlen(values[i]),
                                    .ttl_ms = 60000};
    }
    run(ops, MANY);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(ops[i].status, i % 3 == 0 ? LARDER_MISS : LARDER_OK);
        ops[i].kind = LARDER_OP_GET;
        ops[i].sink = look;
        ops[i].user = &seen[i];
        memset(&seen[i], 0, sizeof seen[i]);
    }
    run(ops, MANY);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(ops[i].status, i % 3 == 0 ? LARDER_MISS : LARDER_OK);
        assert_string_equal(seen[i].text, i % 3 == 0 ? "" : values[i]);
    }
}

/* Larger than every buffer on the way, in a batch with its neighbours. */
static void large_values_pass_whole(void **state)
{
    (void)state;
    enum { BYTES = 3000000, COPIES = 4 };
    uint8_t *value = malloc(BYTES);
    struct seen seen[COPIES] = {{0}};
    struct larder_op ops[COPIES];
    uint64_t sum = 0;
    char keys[COPIES][24];
    assert_non_null(value);
    for (size_t i = 0; i < BYTES; i++) {
        value[i] = (uint8_t)(i * 7 + i / 251);
        sum = sum * 31 + value[i];
    }
    for (int i = 0; i < COPIES; i++) {
        snprintf(keys[i], sizeof keys[i], "large:%d", i);
        ops[i] = (struct larder_op){.kind = LARDER_OP_SET,
                                    .key = keys[i],
                                    .key_len = strlen(keys[i]),
                                    .value = value,
                                    .value_len = BYTES};
    }
    run(ops, COPIES);
    for (int i = 0; i < COPIES; i++) {
        assert_int_equal(ops[i].status, LARDER_OK);
        ops[i].kind = LARDER_OP_GET;
        ops[i].sink = look;
        ops[i].user = &seen[i];
    }
    run(ops, COPIES);
    for (int i = 0; i < COPIES; i++) {
        assert_int_equal(ops[i].status, LARDER_OK);
        assert_int_equal(seen[i].len, BYTES);
        assert_true(seen[i].sum == sum);
        ops[i].kind = LARDER_OP_DELETE;
    }
    run(ops, COPIES);
    free(value);
}

static void an_empty_batch_is_fine(void **state)
{
    (void)state;
    run(NULL, 0);
}

/* ------------------------------------------------------------------ threads */

enum { THREADS = 8, TURNS = 1500 };

struct worker {
    int id;
    atomic_int *wrong;
    pthread_t thread;
};

static void check(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    /* The value names its key. */
    bool right = len == op->key_len && memcmp(bytes, op->key, len) == 0;
    op->status = right ? LARDER_OK : LARDER_E_DECODE;
}

static void *work(void *user)
{
    struct worker *worker = user;
    char key[32];
    for (int i = 0; i < TURNS; i++) {
        int n = snprintf(key, sizeof key, "thread:%d", (i * 7 + worker->id) % 50);
        struct larder_op op = {.kind = i % 4 == 0 ? LARDER_OP_SET : LARDER_OP_GET,
                               .key = key,
                               .key_len = (size_t)n,
                               .value = (const uint8_t *)key,
                               .value_len = (size_t)n,
                               .sink = check};
        backend->table->run(backend, &op, 1,
                            larder_deadline_after_ms(&larder_clock_system, TIMEOUT_MS));
        if (op.status != LARDER_OK && op.status != LARDER_MISS) {
            atomic_fetch_add(worker->wrong, 1);
        }
    }
    return NULL;
}

static void threads_get_their_own_answers(void **state)
{
    (void)state;
    struct worker workers[THREADS];
    struct larder_health health = {0};
    atomic_int wrong = 0;
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.id = i, .wrong = &wrong};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    assert_int_equal(atomic_load(&wrong), 0);
    backend->table->health(backend, &health);
    assert_int_equal(health.connections_busy, 0);
    assert_true(health.connections <= health.connections_max);
}

/* ---------------------------------------------------------- life and memory */

static void the_backend_that_is_off_finds_nothing(void **state)
{
    (void)state;
    struct larder_backend *before = backend;
    struct larder_health health = {0};
    backend = larder_off_new(&env);
    assert_non_null(backend);
    assert_int_equal(put(LARDER_OP_SET, "k", "v"), LARDER_OK);
    assert_int_equal(put(LARDER_OP_ADD, "k", "v"), LARDER_OK);
    assert_reads("k", NULL);
    assert_int_equal(do_op(LARDER_OP_EXISTS, "k"), LARDER_MISS);
    assert_int_equal(do_op(LARDER_OP_TTL, "k"), LARDER_MISS);
    assert_int_equal(do_op(LARDER_OP_DELETE, "k"), LARDER_OK);
    assert_int_equal(do_op(LARDER_OP_PING, "k"), LARDER_OK);
    backend->table->health(backend, &health);
    assert_string_equal(health.backend, "off");
    backend->table->free(backend);
    backend = before;
}

/* The clock of a test: a lifetime passes without waiting. */
static int64_t fake_now_ns;
static int64_t fake_monotonic(void *user)
{
    (void)user;
    return fake_now_ns;
}

static void the_memory_backend_goes_by_the_clock_it_is_given(void **state)
{
    (void)state;
    struct larder_backend *before = backend;
    struct larder_clock clock = {.monotonic_ns = fake_monotonic};
    struct larder_backend_env fake = {.allocator = &larder_allocator_libc, .clock = &clock};
    struct larder_op op;
    fake_now_ns = 5000000000;
    backend = larder_memory_new(&fake, 1 << 20);
    assert_int_equal(one(LARDER_OP_SET, "k", "v", 1000, &op), LARDER_OK);
    fake_now_ns += 999999999;
    assert_int_equal(ttl_of("k"), 1);
    assert_reads("k", "v");
    fake_now_ns += 1;
    assert_reads("k", NULL);
    assert_int_equal(one(LARDER_OP_EXPIRE, "k", NULL, 0, &op), LARDER_MISS);
    backend->table->free(backend);
    backend = before;
}

static void a_value_that_memory_cannot_hold_is_refused(void **state)
{
    (void)state;
    struct larder_backend *before = backend;
    static uint8_t value[2 << 20];
    struct larder_op op = {
        .kind = LARDER_OP_SET, .key = "k", .key_len = 1, .value = value, .value_len = sizeof value};
    backend = larder_memory_new(&env, 1 << 20);
    run(&op, 1);
    assert_int_equal(op.status, LARDER_E_TOO_LARGE);
    assert_int_equal(op.outcome, LARDER_NOT_APPLIED);
    backend->table->free(backend);
    backend = before;
}

static int start_memory(void **state)
{
    (void)state;
    backend = larder_memory_new(&env, 64 << 20);
    return backend != NULL ? 0 : -1;
}

static int start_redis(enum redis_server_kind kind)
{
    if (!redis_server_start(&server, kind, NULL)) {
        return -1;
    }
    struct larder_redis_options options = {
        .address = {.host = "127.0.0.1", .port = server.port, .client_name = "test", .db = 3},
        .max_connections = 4,
        .connect_timeout_ms = 2000,
        .max_reply_bytes = 16 << 20};
    if (kind == REDIS_SERVER_UNIX) {
        options.address.host = NULL;
        options.address.unix_path = server.socket_path;
    }
    backend = larder_redis_new(&env, &options);
    return backend != NULL ? 0 : -1;
}

static int start_redis_tcp(void **state)
{
    (void)state;
    return start_redis(REDIS_SERVER_TCP);
}

static int start_redis_unix(void **state)
{
    (void)state;
    return start_redis(REDIS_SERVER_UNIX);
}

static int stop(void **state)
{
    (void)state;
    backend->table->free(backend);
    backend = NULL;
    if (server.pid != 0) {
        redis_server_stop(&server);
    }
    return 0;
}

/* --------------------------------------------------------------- redis alone */

enum { LARGE_BYTES = 50000, PLACES = 4, READERS = 8, ROUNDS = 50, BEFORE = 8 };

/* A reader that offers a place. */
struct offer {
    uint8_t *block;
    uint8_t *place; /* behind BEFORE bytes */
    int placed;
    bool there; /* the value came to it */
    size_t len;
    uint8_t first;
    uint8_t last;
};

static uint8_t *offer_place(struct larder_op *op, size_t len)
{
    struct offer *offer = op->user;
    offer->placed++;
    larder_free(&larder_allocator_libc, offer->block);
    offer->block = larder_alloc(&larder_allocator_libc, BEFORE + len + 2);
    assert_non_null(offer->block);
    memset(offer->block, 0, BEFORE);
    offer->place = offer->block + BEFORE;
    return offer->place;
}

static void see_offer(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    struct offer *offer = op->user;
    offer->there = bytes == offer->place;
    offer->len = len;
    offer->first = bytes[0];
    offer->last = bytes[len - 1];
    op->status = LARDER_OK;
}

static struct larder_op offering_op(const char *key, bool large, struct offer *offer)
{
    return (struct larder_op){.kind = LARDER_OP_GET,
                              .key = key,
                              .key_len = strlen(key),
                              .sink = see_offer,
                              .place = offer_place,
                              .large = large,
                              .user = offer};
}

/* Entries "large:0" and so on, of LARGE_BYTES and one more each. */
static void put_large(void)
{
    static uint8_t bytes[LARGE_BYTES + PLACES];
    for (size_t i = 0; i < PLACES; i++) {
        char key[] = "large:0";
        key[6] = (char)('0' + i);
        memset(bytes, (int)('a' + i), sizeof bytes);
        struct larder_op op = {.kind = LARDER_OP_SET,
                               .key = key,
                               .key_len = strlen(key),
                               .value = bytes,
                               .value_len = LARGE_BYTES + i};
        run(&op, 1);
        assert_int_equal(op.status, LARDER_OK);
    }
}

static void a_lone_large_value_comes_to_its_place(void **state)
{
    (void)state;
    put_large();
    for (int large = 0; large < 2; large++) {
        struct offer offer = {0};
        struct larder_op op = offering_op("large:2", large != 0, &offer);
        run(&op, 1);
        assert_int_equal(op.status, LARDER_OK);
        assert_int_equal(offer.placed, 1);
        assert_true(offer.there);
        assert_int_equal(offer.len, LARGE_BYTES + 2);
        assert_int_equal(offer.first, 'c');
        assert_int_equal(offer.last, 'c');
        op = offering_op("large:not there", large != 0, &offer);
        run(&op, 1);
        assert_int_equal(op.status, LARDER_MISS);
        assert_int_equal(offer.placed, 1);
        larder_free(&larder_allocator_libc, offer.block);
    }
}

/* As long as was expected, a little less, and more. */
static void one_whose_length_was_guessed_comes_to_its_place(void **state)
{
    (void)state;
    static const size_t guesses[] = {LARGE_BYTES + 2, LARGE_BYTES + 100, LARGE_BYTES};
    put_large();
    for (size_t i = 0; i < sizeof guesses / sizeof *guesses; i++) {
        struct offer offer = {0};
        struct larder_op op = offering_op("large:2", true, &offer);
        op.expected = guesses[i];
        run(&op, 1);
        assert_int_equal(op.status, LARDER_OK);
        assert_int_equal(offer.placed, i < 2 ? 1 : 2);
        assert_true(offer.there);
        assert_int_equal(offer.block[0] == '$', i < 2); /* its header came with it */
        assert_int_equal(offer.len, LARGE_BYTES + 2);
        assert_int_equal(offer.first, 'c');
        assert_int_equal(offer.last, 'c');
        larder_free(&larder_allocator_libc, offer.block);
    }
}

static void in_a_batch_of_reads_there_is_no_place(void **state)
{
    (void)state;
    struct offer offers[2] = {{0}, {0}};
    put_large();
    struct larder_op ops[] = {offering_op("large:0", true, &offers[0]),
                              offering_op("large:1", true, &offers[1])};
    run(ops, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ops[i].status, LARDER_OK);
        assert_int_equal(offers[i].len, LARGE_BYTES + i);
        assert_int_equal(offers[i].placed, 0);
    }
}

static void *read_large(void *user)
{
    size_t *wrong = user;
    struct offer offer = {0};
    for (size_t i = 0; i < ROUNDS; i++) {
        char key[] = "large:0";
        size_t n = (i * 7 + i / 3) % PLACES;
        key[6] = (char)('0' + n);
        struct larder_op op = offering_op(key, i % 3 != 0, &offer);
        op.expected = i % 4 == 0 ? 0 : LARGE_BYTES + i % 4;
        run(&op, 1);
        *wrong += op.status != LARDER_OK || offer.len != LARGE_BYTES + n ||
                  offer.first != 'a' + n || offer.last != 'a' + n;
    }
    larder_free(&larder_allocator_libc, offer.block);
    return NULL;
}

/* More of them than connections: some wait, some go together. */
static void threads_get_their_own_large_values(void **state)
{
    (void)state;
    pthread_t threads[READERS];
    size_t wrong[READERS] = {0};
    put_large();
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, read_large, &wrong[i]), 0);
    }
    for (size_t i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(wrong[i], 0);
    }
}

#define OPERATION_TESTS                                                                        \
    cmocka_unit_test(what_is_set_is_read), cmocka_unit_test(the_sink_has_the_last_word),       \
        cmocka_unit_test(keys_and_values_hold_any_byte),                                       \
        cmocka_unit_test(add_stores_only_what_is_not_there),                                   \
        cmocka_unit_test(replace_stores_only_over_what_is_there),                              \
        cmocka_unit_test(delete_tells_whether_it_was_there),                                   \
        cmocka_unit_test(exists_does_not_need_the_value),                                      \
        cmocka_unit_test(ttl_tells_what_is_left),                                              \
        cmocka_unit_test(expire_sets_and_takes_away_the_end), cmocka_unit_test(an_entry_ends), \
        cmocka_unit_test(a_mixed_batch_answers_each_in_order),                                 \
        cmocka_unit_test(a_batch_of_reads_answers_each_key),                                   \
        cmocka_unit_test(large_values_pass_whole), cmocka_unit_test(an_empty_batch_is_fine),   \
        cmocka_unit_test(threads_get_their_own_answers)

int main(void)
{
    const struct CMUnitTest memory[] = {
        OPERATION_TESTS,
        cmocka_unit_test(the_backend_that_is_off_finds_nothing),
        cmocka_unit_test(the_memory_backend_goes_by_the_clock_it_is_given),
        cmocka_unit_test(a_value_that_memory_cannot_hold_is_refused),
    };
    const struct CMUnitTest redis[] = {
        OPERATION_TESTS,
        cmocka_unit_test(a_lone_large_value_comes_to_its_place),
        cmocka_unit_test(one_whose_length_was_guessed_comes_to_its_place),
        cmocka_unit_test(in_a_batch_of_reads_there_is_no_place),
        cmocka_unit_test(threads_get_their_own_large_values),
    };
    return cmocka_run_group_tests_name("memory", memory, start_memory, stop) +
           cmocka_run_group_tests_name("redis over TCP", redis, start_redis_tcp, stop) +
           cmocka_run_group_tests_name("redis over a unix socket", redis, start_redis_unix, stop);
}
