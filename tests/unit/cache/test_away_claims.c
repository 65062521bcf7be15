/* SPDX-License-Identifier: MIT */
/*
 * What becomes of claims, fills and versions whose server refuses, or whose
 * invalidations it has not taken: a redis-server that is told what it may do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "backend/redis.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "cache/away.h"
#include "codec/envelope.h"
#include "support/redis_server.h"

enum { CALL_MS = 10000, TTL_MS = 60000 };

static const uint64_t TOKEN = UINT64_C(0xa1a2a3a4a5a6a7a8);
static const char first_version[] = "p:~tea:v:0000000000000001";
static const char second_version[] = "p:~tea:v:0000000000000002";
static const struct larder_version_key both[] = {{first_version, sizeof first_version - 1},
                                                 {second_version, sizeof second_version - 1}};
static const struct larder_op_versions versions = {.clock = {"p:~tea:clock", 12},
                                                   .keys = both,
                                                   .count = 2,
                                                   .ttl_ms = TTL_MS,
                                                   .as_of = UINT64_C(0x700000001)};

static struct redis_server server;
static struct larder_backend *backend;
static int64_t ahead_ns;

static int64_t clock_ahead_ns(void *user)
{
    (void)user;
    return larder_clock_now_ns(&larder_clock_system) + ahead_ns;
}

static const struct larder_clock clock_ahead = {.monotonic_ns = clock_ahead_ns};
static const struct larder_backend_env env = {.allocator = &larder_allocator_libc,
                                              .clock = &clock_ahead};

static int64_t now_ns(void)
{
    return larder_clock_now_ns(&clock_ahead);
}

/* Past the pause after a replay that failed. */
static void after_a_pause(void)
{
    ahead_ns += 1000000000;
}

static int start(size_t fallback_bytes)
{
    const struct larder_away_options away = {.service = "tea",
                                             .journal = larder_journal_defaults,
                                             .owner = {.prefix = "p:"},
                                             .timeout_ms = CALL_MS,
                                             .fallback_bytes = fallback_bytes};
    if (!redis_server_start(&server, REDIS_SERVER_TCP, NULL)) {
        return -1;
    }
    const struct larder_redis_options redis = {
        .address = {.host = "127.0.0.1", .port = server.port, .client_name = "test"},
        .max_connections = 1,
        .connect_timeout_ms = 2000,
        .max_reply_bytes = 4096};
    ahead_ns = 0;
    backend = larder_away_new(&env, larder_redis_new(&env, &redis), &away);
    return backend != NULL ? 0 : -1;
}

static int setup(void **state)
{
    (void)state;
    return start(0);
}

static int setup_fallback(void **state)
{
    (void)state;
    return start(1 << 20);
}

static int teardown(void **state)
{
    (void)state;
    backend->table->free(backend);
    redis_server_stop(&server);
    return 0;
}

static void say(const char *line, const char *want)
{
    char reply[256];
    assert_true(redis_server_say(&server, NULL, line, reply, sizeof reply));
    assert_string_equal(reply, want);
}

static uint64_t journal_entries(void)
{
    struct larder_health health = {0};
    backend->table->health(backend, &health);
    return health.journal_entries;
}

static struct {
    size_t len;
    uint8_t bytes[64];
} seen;

static void look(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    seen.len = len < sizeof seen.bytes ? len : sizeof seen.bytes;
    memcpy(seen.bytes, bytes, seen.len);
    op->status = LARDER_OK;
}

static struct larder_op op_of(enum larder_op_kind kind, const char *key)
{
    static uint8_t claim[LARDER_ENVELOPE_CLAIM_MAX_BYTES];
    bool claims = kind == LARDER_OP_CLAIM || kind == LARDER_OP_TAKE;
    struct larder_op op = {.kind = kind,
                           .key = key,
                           .key_len = strlen(key),
                           .value = (const uint8_t *)"v",
                           .value_len = 1,
                           .ttl_ms = TTL_MS,
                           .token = TOKEN,
                           .sink = look};
    if (claims) {
        op.value = claim;
        op.value_len = larder_envelope_write_claim(claim, 1, 1, TOKEN, INT64_MAX);
    }
    return op;
}

static enum larder_status run(struct larder_op *op)
{
    backend->table->run(backend, op, 1, larder_deadline_after_ms(&clock_ahead, CALL_MS));
    return op->status;
}

static enum larder_status do_op(enum larder_op_kind kind, const char *key)
{
    struct larder_op op = op_of(kind, key);
    return run(&op);
}

static enum larder_status bump(void)
{
    struct larder_op op = op_of(LARDER_OP_BUMP, first_version);
    op.versions = &versions;
    return run(&op);
}

static enum larder_status fill(const char *key, int64_t loaded_ns, bool versioned)
{
    struct larder_op op = op_of(LARDER_OP_FILL, key);
    op.loaded_ns = loaded_ns;
    op.versions = versioned ? &versions : NULL;
    return run(&op);
}

static uint64_t number_of(const char *key)
{
    assert_int_equal(do_op(LARDER_OP_GET, key), LARDER_OK);
    assert_int_equal(seen.len, 9);
    return larder_load64(seen.bytes + 1);
}

#define NO_SCRIPTS "ACL SETUSER default -evalsha -eval"
#define SCRIPTS "ACL SETUSER default +evalsha +eval"

/* ------------------------------------------------------------------- versions */

static void a_bump_that_failed_holds_its_versions_and_is_made_again(void **state)
{
    (void)state;
    assert_int_equal(bump(), LARDER_OK);
    assert_true(number_of(second_version) == UINT64_C(0x700000001));
    say(NO_SCRIPTS, "+OK");
    assert_int_equal(bump(), LARDER_E_AUTH);
    assert_int_equal(journal_entries(), 2);
    assert_int_equal(do_op(LARDER_OP_GET, first_version), LARDER_E_AUTH);
    assert_int_equal(do_op(LARDER_OP_GET, second_version), LARDER_E_AUTH);
    assert_int_equal(do_op(LARDER_OP_GET, "p:1"), LARDER_MISS);
    say(SCRIPTS, "+OK");
    after_a_pause();
    uint64_t first = number_of(first_version), second = number_of(second_version);
    assert_int_equal(journal_entries(), 0);
    assert_true(first > UINT64_C(0x700000001) && first <= UINT64_C(0x700000003));
    assert_true(second > UINT64_C(0x700000001) && second <= UINT64_C(0x700000003));
    say("EXISTS p:~tea:clock", ":1");
}

static void a_bump_that_succeeds_takes_its_versions_out(void **state)
{
    (void)state;
    assert_int_equal(bump(), LARDER_OK);
    say(NO_SCRIPTS, "+OK");
    assert_int_equal(bump(), LARDER_E_AUTH);
    assert_int_equal(do_op(LARDER_OP_PING, ""), LARDER_OK); /* its replay failed: a pause */
    say(SCRIPTS, "+OK");
    assert_int_equal(journal_entries(), 2);
    ahead_ns += 1; /* later than the entry, but not past the pause */
    assert_int_equal(bump(), LARDER_OK);
    assert_int_equal(journal_entries(), 0);
}

/* ---------------------------------------------------------------------- fills */

static void what_was_loaded_before_an_invalidation_that_failed_is_not_filled(void **state)
{
    (void)state;
    int64_t before_ns = now_ns();
    assert_int_equal(bump(), LARDER_OK);
    assert_int_equal(do_op(LARDER_OP_CLAIM, "p:1"), LARDER_MISS);
    say(NO_SCRIPTS, "+OK");
    assert_int_equal(bump(), LARDER_E_AUTH);
    int64_t after_ns = now_ns() + 1;
    /* One that is sent is refused. */
    assert_int_equal(fill("p:1", before_ns, true), LARDER_E_LOST);
    assert_int_equal(fill("p:1", after_ns, true), LARDER_E_AUTH);
    assert_int_equal(fill("p:1", before_ns, false), LARDER_E_AUTH);
    assert_int_equal(journal_entries(), 2);
}

static void a_fill_takes_its_key_out_if_its_load_began_later(void **state)
{
    (void)state;
    int64_t before_ns = now_ns();
    say("ACL SETUSER default -unlink", "+OK");
    assert_int_equal(do_op(LARDER_OP_DELETE, "p:1"), LARDER_E_AUTH);
    int64_t after_ns = now_ns() + 1;
    say("SET p:1 old", "+OK"); /* somebody's, with the claim that stands: */
    struct larder_op claim = op_of(LARDER_OP_CLAIM, "p:1");
    struct larder_op set = op_of(LARDER_OP_SET, "p:2");
    set.value = claim.value;
    set.value_len = claim.value_len;
    assert_int_equal(run(&set), LARDER_OK);
    say("COPY p:2 p:1 REPLACE", ":1");
    assert_int_equal(fill("p:1", before_ns, false), LARDER_E_LOST);
    assert_int_equal(journal_entries(), 1);
    assert_int_equal(fill("p:1", after_ns, false), LARDER_OK);
    assert_int_equal(journal_entries(), 0);
    assert_int_equal(do_op(LARDER_OP_GET, "p:1"), LARDER_OK);
}

/* A claim that is unknown harms nobody, nor does a fill whose claim is gone. */
static void claims_and_fills_that_fail_are_not_written_down(void **state)
{
    (void)state;
    static const enum larder_op_kind kinds[] = {LARDER_OP_CLAIM, LARDER_OP_TAKE, LARDER_OP_FILL,
                                                LARDER_OP_RELEASE, LARDER_OP_TIME};
    assert_int_equal(fill("p:1", now_ns(), false), LARDER_E_LOST);
    redis_server_kill(&server);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        assert_true(do_op(kinds[i], "p:1") < 0);
    }
    assert_int_equal(journal_entries(), 0);
}

/* ---------------------------------------------------------------------- others */

static void a_softening_that_failed_is_replayed_as_a_deletion(void **state)
{
    (void)state;
    assert_int_equal(do_op(LARDER_OP_SET, "p:1"), LARDER_OK);
    say(NO_SCRIPTS, "+OK");
    assert_int_equal(do_op(LARDER_OP_SOFTEN, "p:1"), LARDER_E_AUTH);
    assert_int_equal(journal_entries(), 1);
    after_a_pause();
    assert_int_equal(do_op(LARDER_OP_GET, "p:1"), LARDER_MISS);
    assert_int_equal(journal_entries(), 0);
}

/* It leaves what was to be deleted, as something stale. */
static void a_softening_that_succeeds_takes_nothing_out(void **state)
{
    (void)state;
    say("ACL SETUSER default -unlink", "+OK");
    assert_int_equal(do_op(LARDER_OP_DELETE, "p:1"), LARDER_E_AUTH);
    assert_int_equal(do_op(LARDER_OP_PING, ""), LARDER_OK); /* its replay failed: a pause */
    say("ACL SETUSER default +unlink", "+OK");
    ahead_ns += 1; /* later than the entry, but not past the pause */
    assert_true(do_op(LARDER_OP_SOFTEN, "p:1") >= 0);
    assert_int_equal(journal_entries(), 1);
    after_a_pause();
    assert_int_equal(do_op(LARDER_OP_GET, "p:1"), LARDER_MISS);
    assert_int_equal(journal_entries(), 0);
}

/* That a claim still stands would prove that nothing was invalidated. */
static void no_claim_is_given_back_over_an_invalidation_that_failed(void **state)
{
    (void)state;
    assert_int_equal(do_op(LARDER_OP_CLAIM, "p:1"), LARDER_MISS);
    struct larder_op release = op_of(LARDER_OP_RELEASE, "p:1");
    release.loaded_ns = now_ns();
    say("ACL SETUSER default -unlink", "+OK");
    assert_int_equal(do_op(LARDER_OP_DELETE, "p:1"), LARDER_E_AUTH);
    assert_int_equal(run(&release), LARDER_E_LOST);
}

static void what_would_tell_of_a_key_that_is_written_down_is_not_sent(void **state)
{
    (void)state;
    static const enum larder_op_kind kinds[] = {
        LARDER_OP_GET,    LARDER_OP_RENEW, LARDER_OP_HEAD, LARDER_OP_CLAIM,  LARDER_OP_TAKE,
        LARDER_OP_EXISTS, LARDER_OP_TTL,   LARDER_OP_ADD,  LARDER_OP_REPLACE};
    assert_int_equal(do_op(LARDER_OP_SET, "p:1"), LARDER_OK);
    say("ACL SETUSER default -unlink", "+OK");
    assert_int_equal(do_op(LARDER_OP_DELETE, "p:1"), LARDER_E_AUTH);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        seen.len = 0;
        assert_int_equal(do_op(kinds[i], "p:1"), LARDER_E_AUTH);
        assert_int_equal(seen.len, 0);
    }
    say("GET p:1", "$1");
}

/* Nobody could tell whether its versions hold. */
static void a_value_with_versions_is_not_kept_while_the_server_is_away(void **state)
{
    (void)state;
    redis_server_kill(&server);
    while (!backend->table->is_away(backend)) {
        do_op(LARDER_OP_PING, "");
    }
    assert_true(fill("p:1", now_ns(), true) < 0);
    assert_true(fill("p:2", now_ns(), false) < 0);
    assert_true(do_op(LARDER_OP_GET, "p:1") < 0);
    assert_int_equal(do_op(LARDER_OP_GET, "p:2"), LARDER_OK);
    assert_int_equal(do_op(LARDER_OP_RENEW, "p:2"), LARDER_OK);
    assert_int_equal(do_op(LARDER_OP_CLAIM, "p:2"), LARDER_OK);
    /* An invalidation is written down, and what was loaded before it is not kept. */
    int64_t before_ns = now_ns();
    assert_true(do_op(LARDER_OP_SOFTEN, "p:2") < 0);
    assert_true(do_op(LARDER_OP_GET, "p:2") < 0);
    assert_int_equal(fill("p:2", before_ns, false), LARDER_E_LOST);
    assert_true(do_op(LARDER_OP_GET, "p:2") < 0);
}

#define AWAY_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AWAY_TEST(a_bump_that_failed_holds_its_versions_and_is_made_again),
        AWAY_TEST(a_bump_that_succeeds_takes_its_versions_out),
        AWAY_TEST(what_was_loaded_before_an_invalidation_that_failed_is_not_filled),
        AWAY_TEST(a_fill_takes_its_key_out_if_its_load_began_later),
        AWAY_TEST(claims_and_fills_that_fail_are_not_written_down),
        AWAY_TEST(a_softening_that_failed_is_replayed_as_a_deletion),
        AWAY_TEST(a_softening_that_succeeds_takes_nothing_out),
        AWAY_TEST(no_claim_is_given_back_over_an_invalidation_that_failed),
        AWAY_TEST(what_would_tell_of_a_key_that_is_written_down_is_not_sent),
        cmocka_unit_test_setup_teardown(a_value_with_versions_is_not_kept_while_the_server_is_away,
                                        setup_fallback, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
