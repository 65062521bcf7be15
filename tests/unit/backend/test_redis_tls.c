/* SPDX-License-Identifier: MIT */
/*
 * The Redis backend over TLS, with a real server: what callers see of a
 * certificate that is refused, threads, large values, a fork, a server that
 * comes back with another certificate.
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
#include <sys/wait.h>
#include <unistd.h>

#include "backend/redis.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "net/tls.h"
#include "support/certificates.h"
#include "support/redis_server.h"

enum {
    LONG_MS = 10000,
    LARGE_BYTES = 3 << 20,
    THREADS = 8,
    ROUNDS = 150,
    KEY_BYTES = 32,
    VALUE_BYTES = 40000
};

static const struct larder_backend_env env = {.allocator = &larder_allocator_libc,
                                              .clock = &larder_clock_system};
static struct certificates pki;
static struct redis_server server;
static struct larder_tls *tls;
static struct larder_backend *backend;

static const char *file(const char *name)
{
    return certificates_path(&pki, name);
}

/* ------------------------------------------------------------------ a bench */

static bool make_pki(void)
{
    static const struct certificate all[] = {
        {.name = "ca", .is_ca = true},
        {.name = "other", .is_ca = true},
        {.name = "server", .issuer = "ca", .ip = "127.0.0.1"},
        {.name = "client", .issuer = "ca"},
    };
    bool ok = certificates_begin(&pki);
    for (size_t i = 0; ok && i < sizeof all / sizeof *all; i++) {
        ok = certificates_issue(&pki, &all[i]);
    }
    return ok;
}

static int setup(void **state)
{
    static const char *args[16];
    (void)state;
    if (!make_pki()) {
        return -1;
    }
    const char *const said[] = {"--tls-cert-file",
                                file("server.pem"),
                                "--tls-key-file",
                                file("server.key"),
                                "--tls-ca-cert-file",
                                file("ca.pem"),
                                "--tls-auth-clients",
                                "yes",
                                NULL};
    memcpy(args, said, sizeof said);
    const struct larder_tls_options options = {
        .files = {file("ca.pem"), file("client.pem"), file("client.key")}};
    enum larder_tls_file wrong;
    char why[LARDER_WHY_BYTES];
    if (!redis_server_start(&server, REDIS_SERVER_TLS, args) ||
        larder_tls_new(&larder_allocator_libc, NULL, &options, &tls, &wrong, why) != LARDER_OK) {
        return -1;
    }
    const struct larder_redis_options redis = {.address = {.host = "127.0.0.1",
                                                           .port = server.tls_port,
                                                           .client_name = "test",
                                                           .tls = tls},
                                               .max_connections = 4,
                                               .connect_timeout_ms = LONG_MS,
                                               .max_reply_bytes = 2 * LARGE_BYTES};
    backend = larder_redis_new(&env, &redis);
    return backend != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    backend->table->free(backend);
    larder_tls_free(tls);
    redis_server_stop(&server);
    certificates_end(&pki);
    return 0;
}

/* -------------------------------------------------------------------- words */

struct expected {
    const uint8_t *bytes;
    size_t len;
};

static void compare(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    const struct expected *expected = op->user;
    bool same = len == expected->len && memcmp(bytes, expected->bytes, len) == 0;
    op->status = same ? LARDER_OK : LARDER_E_DECODE;
}

static enum larder_status set(const char *key, const uint8_t *bytes, size_t len)
{
    struct larder_op op = {.kind = LARDER_OP_SET,
                           .key = key,
                           .key_len = strlen(key),
                           .value = bytes,
                           .value_len = len};
    backend->table->run(backend, &op, 1, larder_deadline_after_ms(&larder_clock_system, LONG_MS));
    return op.status;
}

/* OK: exactly these bytes. */
static enum larder_status get(const char *key, const uint8_t *bytes, size_t len)
{
    struct expected expected = {.bytes = bytes, .len = len};
    struct larder_op op = {.kind = LARDER_OP_GET,
                           .key = key,
                           .key_len = strlen(key),
                           .sink = compare,
                           .user = &expected};
    backend->table->run(backend, &op, 1, larder_deadline_after_ms(&larder_clock_system, LONG_MS));
    return op.status;
}

static void fill(uint8_t *bytes, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525U + 1013904223U;
        bytes[i] = (uint8_t)(seed >> 24);
    }
}

#define assert_ok(call)                                                                         \
    do {                                                                                        \
        enum larder_status status_got = (call);                                                 \
        if (status_got != LARDER_OK) {                                                          \
            fail_msg("%s: %s: %s", #call, larder_status_name(status_got), larder_last_error()); \
        }                                                                                       \
    } while (0)

/* -------------------------------------------------------------------- cases */

static void large_values_go_both_ways(void **state)
{
    uint8_t *bytes = malloc(LARGE_BYTES);
    (void)state;
    assert_non_null(bytes);
    fill(bytes, LARGE_BYTES, 1);
    for (size_t len = 1; len <= LARGE_BYTES; len = len * 3 + 16383) {
        assert_ok(set("large", bytes, len));
        assert_ok(get("large", bytes, len));
    }
    free(bytes);
}

/* More is sent than both ends' buffers hold before anything is received. */
static void many_at_once_go_both_ways(void **state)
{
    enum { COUNT = 200 };
    static struct larder_op ops[COUNT];
    static struct expected expected[COUNT];
    static char keys[COUNT][KEY_BYTES];
    uint8_t *bytes = malloc(VALUE_BYTES + COUNT);
    (void)state;
    assert_non_null(bytes);
    fill(bytes, VALUE_BYTES + COUNT, 2);
    for (int kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < COUNT; i++) {
            expected[i] = (struct expected){.bytes = bytes + i, .len = VALUE_BYTES};
            snprintf(keys[i], KEY_BYTES, "many:%zu", i);
            ops[i] = (struct larder_op){.kind = kind == 0 ? LARDER_OP_SET : LARDER_OP_GET,
                                        .key = keys[i],
                                        .key_len = strlen(keys[i]),
                                        .value = bytes + i,
                                        .value_len = VALUE_BYTES,
                                        .sink = compare,
                                        .user = &expected[i]};
        }
        backend->table->run(backend, ops, COUNT,
                            larder_deadline_after_ms(&larder_clock_system, LONG_MS));
        for (size_t i = 0; i < COUNT; i++) {
            assert_int_equal(ops[i].status, LARDER_OK);
        }
    }
    free(bytes);
}

static atomic_int wrong_answers;

static void *mix(void *user)
{
    const uint32_t id = *(const uint32_t *)user;
    uint8_t *bytes = malloc(VALUE_BYTES);
    char key[KEY_BYTES];
    for (uint32_t i = 0; bytes != NULL && i < ROUNDS; i++) {
        size_t len = i % 10 == 0 ? VALUE_BYTES : 100;
        fill(bytes, len, id * 1000 + i);
        snprintf(key, sizeof key, "mix:%u:%u", (unsigned)id, (unsigned)(i % 7));
        if (set(key, bytes, len) != LARDER_OK || get(key, bytes, len) != LARDER_OK) {
            atomic_fetch_add(&wrong_answers, 1);
        }
    }
    free(bytes);
    return NULL;
}

struct crew {
    pthread_t threads[THREADS];
    uint32_t ids[THREADS];
};

static void start_crew(struct crew *crew)
{
    atomic_store(&wrong_answers, 0);
    for (uint32_t i = 0; i < THREADS; i++) {
        crew->ids[i] = i;
        assert_int_equal(pthread_create(&crew->threads[i], NULL, mix, &crew->ids[i]), 0);
    }
}

static void join_crew(struct crew *crew)
{
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(crew->threads[i], NULL);
    }
    assert_int_equal(atomic_load(&wrong_answers), 0);
}

static void eight_threads_have_their_own_answers(void **state)
{
    struct crew crew;
    (void)state;
    start_crew(&crew);
    join_crew(&crew);
}

/* The client's files change while connections are set up and in use. */
static void new_files_under_load_disturb_nobody(void **state)
{
    struct crew crew;
    (void)state;
    start_crew(&crew);
    for (int i = 0; i < 10; i++) {
        assert_true(
            certificates_issue(&pki, &(struct certificate){.name = "client", .issuer = "ca"}));
        struct ssl_ctx_st *context = larder_tls_acquire(tls);
        assert_non_null(context);
        larder_tls_release(tls, context);
    }
    join_crew(&crew);
}

/* Parent and child have connections of their own. */
static void a_fork_leaves_both_sides_whole(void **state)
{
    static const uint8_t value[] = "whole";
    int result;
    (void)state;
    assert_ok(set("fork", value, sizeof value));
    pid_t pid = fork();
    if (pid == 0) {
        bool ok = get("fork", value, sizeof value) == LARDER_OK &&
                  set("child", value, sizeof value) == LARDER_OK;
        _exit(ok ? 0 : 1);
    }
    for (int i = 0; i < 20; i++) {
        assert_ok(get("fork", value, sizeof value));
    }
    assert_int_equal(waitpid(pid, &result, 0), pid);
    assert_int_equal(result, 0);
    assert_ok(get("child", value, sizeof value));
}

/* What a write comes to: after a failed dial the next ones wait for their turn,
 * and a refusal is repeated meanwhile. */
static enum larder_status set_until(enum larder_status wanted)
{
    static const uint8_t value[] = "v";
    int64_t until_ns = larder_clock_now_ns(&larder_clock_system) + INT64_C(10000000000);
    enum larder_status status;
    do {
        status = set("k", value, sizeof value);
    } while (status != wanted && larder_clock_now_ns(&larder_clock_system) < until_ns);
    return status;
}

/* Renewed, then somebody else's: that one is refused by every call. */
static void a_server_that_comes_back_is_looked_at_again(void **state)
{
    static const uint8_t value[] = "v";
    static const struct certificate renewed = {.name = "server", .issuer = "ca", .ip = "127.0.0.1"};
    static const struct certificate usurped = {
        .name = "server", .issuer = "other", .ip = "127.0.0.1"};
    (void)state;
    assert_ok(set("k", value, sizeof value));
    redis_server_kill(&server);
    assert_int_equal(set("k", value, sizeof value), LARDER_E_UNAVAILABLE);
    assert_true(certificates_issue(&pki, &renewed));
    assert_true(redis_server_again(&server));
    assert_ok(set_until(LARDER_OK));
    redis_server_kill(&server);
    assert_true(certificates_issue(&pki, &usurped));
    assert_true(redis_server_again(&server));
    assert_int_equal(set_until(LARDER_E_AUTH), LARDER_E_AUTH);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(set("k", value, sizeof value), LARDER_E_AUTH);
        assert_non_null(strstr(larder_last_error(), "the server's certificate is refused"));
    }
    redis_server_kill(&server);
    assert_true(certificates_issue(&pki, &renewed));
    assert_true(redis_server_again(&server));
    assert_ok(set_until(LARDER_OK));
}

/* Plain TCP to a port of TLS, and the other way round: refused, not hung. */
static void the_wrong_port_is_told(void **state)
{
    const struct larder_redis_options plain = {
        .address = {.host = "127.0.0.1", .port = server.tls_port, .client_name = "test"},
        .max_connections = 1,
        .connect_timeout_ms = LONG_MS,
        .max_reply_bytes = 1 << 20};
    struct larder_backend *kept = backend;
    static const uint8_t value[] = "v";
    (void)state;
    backend = larder_redis_new(&env, &plain);
    assert_non_null(backend);
    enum larder_status status = set("k", value, sizeof value);
    assert_true(status == LARDER_E_PROTOCOL || status == LARDER_E_UNAVAILABLE);
    backend->table->free(backend);
    backend = kept;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_values_go_both_ways),
        cmocka_unit_test(many_at_once_go_both_ways),
        cmocka_unit_test(eight_threads_have_their_own_answers),
        cmocka_unit_test(new_files_under_load_disturb_nobody),
        cmocka_unit_test(a_fork_leaves_both_sides_whole),
        cmocka_unit_test(a_server_that_comes_back_is_looked_at_again),
        cmocka_unit_test(the_wrong_port_is_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
