/* SPDX-License-Identifier: MIT */
/*
 * Claims, timed values, marks and versions: one suite over the memory backend and over a
 * real redis-server, the same operations and the same answers.
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
#include "backend/memory_room.h"
#include "backend/redis.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "codec/envelope.h"
#include "support/redis_server.h"

enum {
    TIMEOUT_MS = 10000,
    LEASE_MS = 5000,
    TTL_MS = 60000,
    VERSIONS_MS = 200000,
    HOUR_MS = 3600000
};

static const uint64_t OURS = UINT64_C(0xa1a2a3a4a5a6a7a8), THEIRS = UINT64_C(0xffeeddccbbaa9988);
static const uint64_t PRINT = UINT64_C(0x8102030405060708);

static struct larder_backend *backend;
static struct redis_server server;
static bool is_redis;
static const struct larder_backend_env env = {.allocator = &larder_allocator_libc,
                                              .clock = &larder_clock_system};

/* ------------------------------------------------------------------ entries */

struct bytes {
    size_t len;
    uint8_t at[512];
};

static struct bytes text(const char *words)
{
    struct bytes bytes = {.len = strlen(words)};
    memcpy(bytes.at, words, bytes.len);
    return bytes;
}

static struct bytes plain(const char *body)
{
    struct bytes bytes;
    bytes.len = larder_envelope_write(bytes.at, PRINT, 1);
    bytes.at[bytes.len++] = (uint8_t)(0xa0 | strlen(body));
    memcpy(bytes.at + bytes.len, body, strlen(body));
    bytes.len += strlen(body);
    return bytes;
}

static struct bytes claim(uint64_t token, int64_t until_ms)
{
    struct bytes bytes;
    bytes.len = larder_envelope_write_claim(bytes.at, PRINT, 1, token, until_ms);
    return bytes;
}

/* [33, fp, token, until, fresh, cost, version, body] */
static struct bytes timed(uint64_t token, int64_t until_ms, int64_t fresh_ms)
{
    struct bytes bytes;
    uint8_t *p = bytes.at;
    *p++ = 0x98;
    *p++ = 0x21;
    p = larder_envelope_put64(p, PRINT);
    p = larder_envelope_put64(p, token);
    p = larder_envelope_put64(p, (uint64_t)until_ms);
    p = larder_envelope_put64(p, (uint64_t)fresh_ms);
    memcpy(p, "\xce\0\0\0\x07\x01\xa3old", 10);
    bytes.len = (size_t)(p + 10 - bytes.at);
    return bytes;
}

static struct bytes mark(bool versioned)
{
    struct bytes bytes;
    uint8_t *p = bytes.at;
    *p++ = versioned ? 0x96 : 0x94;
    *p++ = versioned ? 0x49 : 0x09;
    p = larder_envelope_put64(p, PRINT);
    if (versioned) {
        p = larder_envelope_put64(p, 0);
        *p++ = 0x90;
    }
    *p++ = 0x01;
    *p++ = 0xc0;
    bytes.len = (size_t)(p - bytes.at);
    return bytes;
}

/* [65, fp, as_of, [], version, body] */
enum { AS_OF_AT = 12 };

static struct bytes versioned(uint64_t as_of)
{
    struct bytes bytes;
    uint8_t *p = bytes.at;
    *p++ = 0x96;
    *p++ = 0x41;
    p = larder_envelope_put64(p, PRINT);
    p = larder_envelope_put64(p, as_of);
    memcpy(p, "\x90\x01\xa3new", 6);
    bytes.len = (size_t)(p + 6 - bytes.at);
    return bytes;
}

static struct bytes number(uint64_t value)
{
    struct bytes bytes = {.len = 9};
    larder_envelope_put64(bytes.at, value);
    return bytes;
}

/* --------------------------------------------------------------- operations */

static struct bytes seen; /* by the last sink */
static int sights;

static void look(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    assert_true(len <= sizeof seen.at);
    seen.len = len;
    memcpy(seen.at, bytes, len);
    sights++;
    op->status = LARDER_OK;
}

static void run(struct larder_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ops[i].status = LARDER_E_CLOSED; /* not an answer of any */
        ops[i].number = -77;
        ops[i].sink = look;
    }
    backend->table->run(backend, ops, count,
                        larder_deadline_after_ms(&larder_clock_system, TIMEOUT_MS));
}

static struct larder_op op_of(enum larder_op_kind kind, const char *key, const struct bytes *value)
{
    return (struct larder_op){.kind = kind,
                              .key = key,
                              .key_len = strlen(key),
                              .value = value != NULL ? value->at : NULL,
                              .value_len = value != NULL ? value->len : 0,
                              .ttl_ms = TTL_MS,
                              .token = OURS};
}

static enum larder_status run_one(struct larder_op *op)
{
    run(op, 1);
    return op->status;
}

static enum larder_status do_op(enum larder_op_kind kind, const char *key)
{
    struct larder_op op = op_of(kind, key, NULL);
    return run_one(&op);
}

static void store(const char *key, const struct bytes *value)
{
    struct larder_op op = op_of(LARDER_OP_SET, key, value);
    assert_int_equal(run_one(&op), LARDER_OK);
}

static int64_t server_ms(void)
{
    int64_t age_ms;
    assert_int_equal(do_op(LARDER_OP_TIME, ""), LARDER_OK);
    return backend->table->now_ms(backend, &age_ms);
}

/* False: there is nothing. */
static bool fetch(const char *key, struct bytes *ret_bytes)
{
    struct larder_op op = op_of(LARDER_OP_GET, key, NULL);
    bool there = run_one(&op) == LARDER_OK;
    *ret_bytes = there ? seen : (struct bytes){.len = 0};
    return there;
}

static void assert_is(const char *key, const struct bytes *want)
{
    struct bytes found;
    assert_true(fetch(key, &found));
    assert_int_equal(found.len, want->len);
    assert_memory_equal(found.at, want->at, want->len);
}

static void assert_gone(const char *key)
{
    struct bytes found;
    assert_false(fetch(key, &found));
}

static void assert_claimed(const char *key, uint64_t token)
{
    struct bytes found;
    assert_true(fetch(key, &found));
    assert_int_equal(larder_envelope_form(found.at, found.len), LARDER_ENVELOPE_CLAIM);
    assert_true(larder_envelope_get64(found.at, LARDER_ENVELOPE_TOKEN_AT) == token);
}

/* What is left of any entry, a claim too; -1: it has no end. */
static int64_t left_ms(const char *key)
{
    char line[128], reply[64];
    if (is_redis) {
        snprintf(line, sizeof line, "PTTL %s", key);
        assert_true(redis_server_say(&server, NULL, line, reply, sizeof reply));
        assert_int_equal(reply[0], ':');
        assert_string_not_equal(reply, ":-2");
        return strtoll(reply + 1, NULL, 10);
    }
    struct larder_store *entries = ((struct larder_memory *)backend)->store;
    int64_t now_ns = larder_clock_now_ns(&larder_clock_system), end_ns;
    assert_true(larder_store_expiry(entries, key, strlen(key), now_ns, &end_ns));
    return end_ns == LARDER_STORE_NEVER ? -1 : (end_ns - now_ns) / 1000000;
}

#define assert_ends(key, ms) assert_in_range(left_ms(key), (ms)*9 / 10, (ms))

static void say(const char *line, const char *want)
{
    char reply[256];
    assert_true(redis_server_say(&server, NULL, line, reply, sizeof reply));
    assert_string_equal(reply, want);
}

/* ------------------------------------- what each operation says to each entry */

enum form { NOTHING, EMPTY, PLAIN, TIMED, CLAIMED, OWN, ENDED, MARK, VERSIONED_MARK, FORMS };

/* What is there afterwards. */
enum after { KEPT, GONE, NEW, TAKEN, OTHER };

struct answer {
    enum larder_status status;
    enum after after;
    int64_t number;
};

#define MISS LARDER_MISS
#define OK LARDER_OK

/* clang-format off */
static const struct row {
    enum larder_op_kind kind;
    struct answer answers[FORMS];
} rows[] = {
    {LARDER_OP_GET,     {{MISS, GONE, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}}},
    {LARDER_OP_RENEW,   {{MISS, GONE, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}}},
    {LARDER_OP_HEAD,    {{MISS, GONE, 0}, {MISS, KEPT, 0}, {OK, KEPT, 16}, {OK, KEPT, 48}, {OK, KEPT, 45}, {OK, KEPT, 45}, {OK, KEPT, 45}, {OK, KEPT, 13}, {OK, KEPT, 23}}},
    {LARDER_OP_EXISTS,  {{MISS, GONE, 0}, {MISS, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}, {MISS, KEPT, 0}, {MISS, KEPT, 0}, {MISS, KEPT, 0}, {LARDER_ABSENT, KEPT, 0}, {LARDER_ABSENT, KEPT, 0}}},
    {LARDER_OP_TTL,     {{MISS, GONE, 0}, {MISS, KEPT, 0}, {OK, KEPT, -2}, {OK, KEPT, -2}, {MISS, KEPT, 0}, {MISS, KEPT, 0}, {MISS, KEPT, 0}, {MISS, KEPT, 0}, {MISS, KEPT, 0}}},
    {LARDER_OP_EXPIRE,  {{MISS, GONE, 0}, {MISS, KEPT, 0}, {OK, KEPT, 0}, {OK, OTHER, 0}, {MISS, KEPT, 0}, {MISS, KEPT, 0}, {MISS, KEPT, 0}, {MISS, KEPT, 0}, {MISS, KEPT, 0}}},
    {LARDER_OP_ADD,     {{OK, NEW, 0}, {OK, NEW, 0}, {LARDER_DENIED, KEPT, 16}, {LARDER_DENIED, KEPT, 48}, {OK, NEW, 0}, {OK, NEW, 0}, {OK, NEW, 0}, {OK, NEW, 0}, {OK, NEW, 0}}},
    {LARDER_OP_REPLACE, {{MISS, GONE, 0}, {MISS, KEPT, 0}, {OK, NEW, 0}, {OK, NEW, 0}, {MISS, KEPT, 0}, {MISS, KEPT, 0}, {MISS, KEPT, 0}, {MISS, KEPT, 0}, {MISS, KEPT, 0}}},
    {LARDER_OP_SET,     {{OK, NEW, 0}, {OK, NEW, 0}, {OK, NEW, 0}, {OK, NEW, 0}, {OK, NEW, 0}, {OK, NEW, 0}, {OK, NEW, 0}, {OK, NEW, 0}, {OK, NEW, 0}}},
    {LARDER_OP_DELETE,  {{MISS, GONE, 0}, {OK, GONE, 0}, {OK, GONE, 0}, {OK, GONE, 0}, {MISS, GONE, 0}, {MISS, GONE, 0}, {MISS, GONE, 0}, {MISS, GONE, 0}, {MISS, GONE, 0}}},
    {LARDER_OP_SOFTEN,  {{MISS, GONE, 0}, {OK, GONE, 0}, {OK, GONE, 0}, {OK, OTHER, 0}, {MISS, GONE, 0}, {MISS, GONE, 0}, {MISS, GONE, 0}, {MISS, GONE, 0}, {MISS, GONE, 0}}},
    {LARDER_OP_CLAIM,   {{MISS, TAKEN, 1}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 1}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}}},
    {LARDER_OP_TAKE,    {{MISS, TAKEN, 1}, {MISS, TAKEN, 1}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 0}, {OK, KEPT, 1}, {MISS, TAKEN, 1}, {OK, KEPT, 0}, {OK, KEPT, 0}}},
    {LARDER_OP_FILL,    {{LARDER_E_LOST, GONE, 0}, {LARDER_E_LOST, KEPT, 0}, {LARDER_E_LOST, KEPT, 0}, {LARDER_E_LOST, KEPT, 0}, {LARDER_E_LOST, KEPT, 0}, {OK, NEW, 0}, {LARDER_E_LOST, KEPT, 0}, {LARDER_E_LOST, KEPT, 0}, {LARDER_E_LOST, KEPT, 0}}},
    {LARDER_OP_RELEASE, {{LARDER_E_LOST, GONE, 0}, {LARDER_E_LOST, KEPT, 0}, {LARDER_E_LOST, KEPT, 0}, {LARDER_E_LOST, KEPT, 0}, {LARDER_E_LOST, KEPT, 0}, {OK, GONE, 0}, {LARDER_E_LOST, KEPT, 0}, {LARDER_E_LOST, KEPT, 0}, {LARDER_E_LOST, KEPT, 0}}},
};
/* clang-format on */

static struct bytes entry_of(enum form form, int64_t now_ms)
{
    switch (form) {
    case PLAIN:
        return plain("old");
    case TIMED:
        return timed(0, 0, now_ms + HOUR_MS);
    case CLAIMED:
        return claim(THEIRS, now_ms + HOUR_MS);
    case OWN:
        return claim(OURS, now_ms + HOUR_MS);
    case ENDED:
        return claim(THEIRS, now_ms - 1);
    case MARK:
        return mark(false);
    case VERSIONED_MARK:
        return mark(true);
    case NOTHING:
    case EMPTY:
    case FORMS:
        break;
    }
    return text("");
}

static void assert_after(const char *key, enum after after, const struct bytes *old,
                         const struct bytes *new)
{
    switch (after) {
    case KEPT:
        assert_is(key, old);
        break;
    case GONE:
        assert_gone(key);
        break;
    case NEW:
        assert_is(key, new);
        break;
    case TAKEN:
        assert_claimed(key, OURS);
        assert_ends(key, TTL_MS);
        break;
    case OTHER: /* has a test of its own */
        break;
    }
}

static void try_one(const struct row *row, enum form form, int64_t now_ms)
{
    static const char key[] = "matrix:1";
    const struct answer *want = &row->answers[form];
    bool claims = row->kind == LARDER_OP_CLAIM || row->kind == LARDER_OP_TAKE;
    struct bytes old = entry_of(form, now_ms);
    struct bytes new = claims ? claim(OURS, now_ms + LEASE_MS) : plain("new");
    do_op(LARDER_OP_DELETE, key);
    if (form != NOTHING) {
        store(key, &old);
    }
    struct larder_op op = op_of(row->kind, key, &new);
    enum larder_status status = run_one(&op);
    if (status != want->status || (want->number >= 0 && op.number != want->number)) {
        fail_msg("operation %d of form %d: %s, %lld", (int)row->kind, (int)form,
                 larder_status_name(status), (long long)op.number);
    }
    assert_after(key, want->after, &old, &new);
    if (want->after == NEW) {
        assert_ends(key, TTL_MS);
    }
}

static void every_operation_has_its_answer_to_every_form(void **state)
{
    (void)state;
    int64_t now_ms = server_ms();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int form = 0; form < FORMS; form++) {
            try_one(&rows[i], (enum form)form, now_ms);
        }
    }
}

/* -------------------------------------------------------------------- claims */

static void a_claim_ends_with_its_lease_and_keeps_its_bytes(void **state)
{
    (void)state;
    struct bytes ours = claim(OURS, 42);
    struct larder_op op = op_of(LARDER_OP_CLAIM, "claim:1", &ours);
    op.ttl_ms = LEASE_MS;
    assert_int_equal(run_one(&op), LARDER_MISS);
    assert_int_equal(op.outcome, LARDER_APPLIED);
    assert_is("claim:1", &ours);
    assert_ends("claim:1", LEASE_MS);
}

/* As the service's clock is made. */
static void a_claim_without_an_end_has_none(void **state)
{
    (void)state;
    struct bytes first = number(UINT64_C(0x0000000700000001)), second = number(8);
    struct larder_op op = op_of(LARDER_OP_CLAIM, "~claim:clock", &first);
    op.ttl_ms = 0;
    assert_int_equal(run_one(&op), LARDER_MISS);
    assert_int_equal(op.number, 1);
    assert_int_equal(left_ms("~claim:clock"), -1);
    op = op_of(LARDER_OP_CLAIM, "~claim:clock", &second);
    op.ttl_ms = 0;
    assert_int_equal(run_one(&op), LARDER_OK);
    assert_int_equal(op.number, 0);
    assert_memory_equal(seen.at, first.at, first.len);
}

static struct larder_op take_over(const char *key, const struct bytes *value,
                                  const struct bytes *was)
{
    struct larder_op op = op_of(LARDER_OP_TAKE, key, value);
    op.ttl_ms = LEASE_MS;
    op.seen = was->at;
    op.seen_len = was->len;
    op.seen_total = was->len;
    return op;
}

static void what_was_seen_is_taken_over_and_the_server_says_until_when(void **state)
{
    (void)state;
    struct bytes old = plain("old"), ours = claim(OURS, 1), found;
    store("take:1", &old);
    int64_t before_ms = server_ms();
    struct larder_op op = take_over("take:1", &ours, &old);
    assert_int_equal(run_one(&op), LARDER_MISS);
    assert_int_equal(op.number, 1);
    assert_claimed("take:1", OURS);
    assert_ends("take:1", LEASE_MS);
    assert_true(fetch("take:1", &found));
    int64_t until_ms = (int64_t)larder_envelope_get64(found.at, LARDER_ENVELOPE_UNTIL_AT);
    assert_in_range(until_ms, before_ms - 1000 + LEASE_MS, server_ms() + LEASE_MS);
    assert_int_equal(found.len, ours.len);
}

static void what_is_no_longer_what_was_seen_is_not_taken(void **state)
{
    (void)state;
    struct bytes old = plain("old"), other = plain("odd"), longer = plain("old and more");
    struct bytes ours = claim(OURS, 1);
    store("take:2", &other);
    struct larder_op op = take_over("take:2", &ours, &old);
    assert_int_equal(run_one(&op), LARDER_OK);
    assert_int_equal(op.number, 0);
    assert_memory_equal(seen.at, other.at, other.len);
    store("take:2", &longer);
    op = take_over("take:2", &ours, &old);
    op.seen_len = LARDER_ENVELOPE_VERSION_AT; /* the same so far, but of another length */
    assert_int_equal(run_one(&op), LARDER_OK);
    assert_is("take:2", &longer);
    op.seen_total = longer.len;
    assert_int_equal(run_one(&op), LARDER_MISS);
    assert_claimed("take:2", OURS);
}

/* A whole head is compared, and no more: the length stands for what is behind it. */
static void a_head_tells_a_long_entry(void **state)
{
    (void)state;
    struct bytes old = {.len = 400}, ours = claim(OURS, 1);
    memset(old.at, 'x', old.len);
    store("take:3", &old);
    struct larder_op head = op_of(LARDER_OP_HEAD, "take:3", NULL);
    assert_int_equal(run_one(&head), LARDER_OK);
    assert_int_equal(head.number, 400);
    assert_int_equal(seen.len, LARDER_HEAD_BYTES);
    struct bytes was = seen;
    struct larder_op op = take_over("take:3", &ours, &was);
    assert_int_equal(run_one(&op), LARDER_OK);
    op = take_over("take:3", &ours, &was);
    op.seen_total = 400;
    assert_int_equal(run_one(&op), LARDER_MISS);
    assert_claimed("take:3", OURS);
}

static void of_a_timed_value_that_is_kept_only_the_slot_changes(void **state)
{
    (void)state;
    int64_t now_ms = server_ms();
    struct bytes old = timed(0, 0, now_ms - 5), ours = claim(OURS, 1), found;
    store("keep:1", &old);
    struct larder_op op = take_over("keep:1", &ours, &old);
    op.keep = true;
    assert_int_equal(run_one(&op), LARDER_MISS);
    assert_int_equal(op.number, 1);
    assert_ends("keep:1", TTL_MS);
    assert_true(fetch("keep:1", &found));
    assert_true(larder_envelope_get64(found.at, LARDER_ENVELOPE_TOKEN_AT) == OURS);
    assert_in_range(larder_envelope_get64(found.at, LARDER_ENVELOPE_UNTIL_AT),
                    now_ms - 1000 + LEASE_MS, now_ms + TIMEOUT_MS + LEASE_MS);
    memcpy(found.at + LARDER_ENVELOPE_TOKEN_AT, old.at + LARDER_ENVELOPE_TOKEN_AT, 18);
    assert_int_equal(found.len, old.len);
    assert_memory_equal(found.at, old.at, old.len);
    /* Made again, it finds itself. */
    assert_int_equal(run_one(&op), LARDER_OK);
    assert_int_equal(op.number, 1);
    /* And is filled as any. */
    struct bytes new = plain("new");
    struct larder_op fill = op_of(LARDER_OP_FILL, "keep:1", &new);
    assert_int_equal(run_one(&fill), LARDER_OK);
    assert_is("keep:1", &new);
}

static void what_is_not_timed_is_not_kept(void **state)
{
    (void)state;
    struct bytes old = plain("old"), ours = claim(OURS, 1);
    store("keep:2", &old);
    struct larder_op op = take_over("keep:2", &ours, &old);
    op.keep = true;
    assert_int_equal(run_one(&op), LARDER_MISS);
    assert_claimed("keep:2", OURS);
    assert_ends("keep:2", LEASE_MS);
}

static void add_and_replace_look_through_what_was_seen(void **state)
{
    (void)state;
    struct bytes old = plain("old"), other = plain("odd"), new = plain("new");
    store("seen:1", &old);
    struct larder_op op = take_over("seen:1", &new, &old);
    op.kind = LARDER_OP_REPLACE;
    assert_int_equal(run_one(&op), LARDER_MISS);
    assert_is("seen:1", &old);
    op.kind = LARDER_OP_ADD;
    assert_int_equal(run_one(&op), LARDER_OK);
    assert_is("seen:1", &new);
    store("seen:1", &other);
    sights = 0;
    assert_int_equal(run_one(&op), LARDER_DENIED);
    assert_int_equal(sights, 1);
    assert_memory_equal(seen.at, other.at, other.len);
    op.kind = LARDER_OP_REPLACE;
    assert_int_equal(run_one(&op), LARDER_OK);
    assert_is("seen:1", &new);
}

static void a_claim_dies_with_its_entry(void **state)
{
    (void)state;
    struct bytes ours = claim(OURS, INT64_MAX), new = plain("new");
    struct larder_op op = op_of(LARDER_OP_CLAIM, "die:1", &ours);
    assert_int_equal(run_one(&op), LARDER_MISS);
    assert_int_equal(do_op(LARDER_OP_DELETE, "die:1"), LARDER_MISS);
    struct larder_op fill = op_of(LARDER_OP_FILL, "die:1", &new);
    assert_int_equal(run_one(&fill), LARDER_E_LOST);
    assert_int_equal(fill.outcome, LARDER_NOT_APPLIED);
    assert_gone("die:1");
    /* One that somebody else made since is not ours. */
    struct bytes theirs = claim(THEIRS, INT64_MAX);
    op = op_of(LARDER_OP_CLAIM, "die:1", &theirs);
    assert_int_equal(run_one(&op), LARDER_MISS);
    assert_int_equal(run_one(&fill), LARDER_E_LOST);
    assert_int_equal(do_op(LARDER_OP_RELEASE, "die:1"), LARDER_E_LOST);
    assert_is("die:1", &theirs);
}

static void a_kept_value_is_released_or_paused(void **state)
{
    (void)state;
    int64_t now_ms = server_ms();
    struct bytes old = timed(OURS, now_ms + LEASE_MS, now_ms - 5), found;
    struct bytes free_again = timed(0, 0, now_ms - 5);
    store("pause:1", &old);
    assert_int_equal(do_op(LARDER_OP_RELEASE, "pause:1"), LARDER_OK);
    assert_is("pause:1", &free_again);
    store("pause:1", &old);
    struct larder_op op = op_of(LARDER_OP_RELEASE, "pause:1", NULL);
    op.pause_ms = 3000;
    assert_int_equal(run_one(&op), LARDER_OK);
    assert_true(fetch("pause:1", &found));
    assert_true(larder_envelope_get64(found.at, LARDER_ENVELOPE_TOKEN_AT) == 1);
    assert_in_range(larder_envelope_get64(found.at, LARDER_ENVELOPE_UNTIL_AT), now_ms + 2000,
                    now_ms + 3000 + TIMEOUT_MS);
    assert_true(larder_envelope_get64(found.at, LARDER_ENVELOPE_FRESH_AT) ==
                (uint64_t)(now_ms - 5));
    assert_ends("pause:1", TTL_MS);
    assert_int_equal(run_one(&op), LARDER_E_LOST);
}

/* --------------------------------------------------------------- timed values */

static void a_softened_value_is_stale_and_its_claim_is_dead(void **state)
{
    (void)state;
    int64_t now_ms = server_ms();
    struct bytes old = timed(OURS, now_ms + LEASE_MS, now_ms + HOUR_MS), new = plain("new"), found;
    store("soft:1", &old);
    assert_int_equal(do_op(LARDER_OP_SOFTEN, "soft:1"), LARDER_OK);
    assert_true(fetch("soft:1", &found));
    assert_int_equal(found.len, old.len);
    assert_true(larder_envelope_get64(found.at, LARDER_ENVELOPE_TOKEN_AT) == 0);
    assert_true(larder_envelope_get64(found.at, LARDER_ENVELOPE_UNTIL_AT) == 0);
    int64_t fresh_ms = (int64_t)larder_envelope_get64(found.at, LARDER_ENVELOPE_FRESH_AT), age_ms;
    assert_in_range(fresh_ms, now_ms - 1000, backend->table->now_ms(backend, &age_ms));
    assert_ends("soft:1", TTL_MS);
    struct larder_op fill = op_of(LARDER_OP_FILL, "soft:1", &new);
    assert_int_equal(run_one(&fill), LARDER_E_LOST);
}

static void expire_makes_a_timed_value_fresh_and_leaves_its_windows(void **state)
{
    (void)state;
    int64_t now_ms = server_ms();
    struct bytes old = timed(OURS, 77, now_ms - 5), found;
    store("fresh:1", &old);
    struct larder_op op = op_of(LARDER_OP_EXPIRE, "fresh:1", NULL);
    op.window_ms = 50000;
    assert_int_equal(run_one(&op), LARDER_OK);
    assert_ends("fresh:1", TTL_MS + 50000);
    assert_true(fetch("fresh:1", &found));
    assert_in_range(larder_envelope_get64(found.at, LARDER_ENVELOPE_FRESH_AT),
                    now_ms - 1000 + TTL_MS, now_ms + TIMEOUT_MS + TTL_MS);
    op.ttl_ms = 0;
    assert_int_equal(run_one(&op), LARDER_OK);
    assert_int_equal(left_ms("fresh:1"), -1);
    assert_true(fetch("fresh:1", &found));
    assert_true(larder_envelope_get64(found.at, LARDER_ENVELOPE_FRESH_AT) ==
                LARDER_ENVELOPE_FOREVER_MS);
    assert_true(larder_envelope_get64(found.at, LARDER_ENVELOPE_TOKEN_AT) == OURS);
    op.ttl_ms = INT64_C(1) << 53;
    assert_int_equal(run_one(&op), LARDER_OK);
    assert_true(fetch("fresh:1", &found));
    assert_true(larder_envelope_get64(found.at, LARDER_ENVELOPE_FRESH_AT) ==
                LARDER_ENVELOPE_FOREVER_MS);
    assert_true(left_ms("fresh:1") > INT64_C(9000000000000));
}

static void a_read_renews_a_value_and_leaves_a_mark_its_end(void **state)
{
    (void)state;
    struct bytes value = plain("old"), none = mark(false);
    struct larder_op op = op_of(LARDER_OP_RENEW, "renew:1", NULL);
    op.ttl_ms = HOUR_MS;
    for (int keep = 0; keep < 2; keep++) {
        op.keep = keep != 0;
        store("renew:1", &value);
        assert_int_equal(run_one(&op), LARDER_OK);
        assert_memory_equal(seen.at, value.at, value.len);
        assert_ends("renew:1", HOUR_MS);
        store("renew:1", &none);
        assert_int_equal(run_one(&op), LARDER_OK);
        assert_memory_equal(seen.at, none.at, none.len);
        assert_ends("renew:1", op.keep ? TTL_MS : HOUR_MS);
        do_op(LARDER_OP_DELETE, "renew:1");
        assert_int_equal(run_one(&op), LARDER_MISS);
        store("renew:1", &value);
        op.ttl_ms = 0;
        assert_int_equal(run_one(&op), LARDER_OK);
        assert_int_equal(left_ms("renew:1"), -1);
        op.ttl_ms = HOUR_MS;
    }
}

/* ------------------------------------------------------------------- versions */

static const char clock_key[] = "~s:clock";
static const char *const version_keys[] = {"~s:v:1", "~s:v:2", "~s:v:3"};

#define EPOCH UINT64_C(0xfedcba98)

static uint64_t at(uint64_t epoch, uint64_t count)
{
    return epoch << 32 | count;
}

/* The clock, and the first `count` versions. */
struct reach {
    struct larder_version_key keys[3];
    struct larder_op_versions versions;
};

static const struct larder_op_versions *reach(struct reach *reach, size_t count, uint64_t as_of)
{
    for (size_t i = 0; i < count; i++) {
        reach->keys[i] = (struct larder_version_key){version_keys[i], strlen(version_keys[i])};
    }
    reach->versions = (struct larder_op_versions){.clock = {clock_key, strlen(clock_key)},
                                                  .keys = reach->keys,
                                                  .count = count,
                                                  .ttl_ms = VERSIONS_MS,
                                                  .as_of = as_of,
                                                  .as_of_at = AS_OF_AT};
    return &reach->versions;
}

static void forget_versions(void)
{
    do_op(LARDER_OP_DELETE, clock_key);
    for (size_t i = 0; i < 3; i++) {
        do_op(LARDER_OP_DELETE, version_keys[i]);
    }
}

static void set_number(const char *key, uint64_t value)
{
    struct bytes bytes = number(value);
    struct larder_op op = op_of(LARDER_OP_SET, key, &bytes);
    op.ttl_ms = 0;
    assert_int_equal(run_one(&op), LARDER_OK);
}

static uint64_t number_of(const char *key)
{
    struct bytes found;
    assert_true(fetch(key, &found));
    assert_int_equal(found.len, 9);
    return larder_envelope_get64(found.at, 0);
}

static void bump(size_t count, uint64_t epoch)
{
    struct reach room;
    struct larder_op op = op_of(LARDER_OP_BUMP, version_keys[0], NULL);
    op.versions = reach(&room, count, at(epoch, 12345));
    assert_int_equal(run_one(&op), LARDER_OK);
    assert_int_equal(op.outcome, LARDER_APPLIED);
}

static void a_bump_makes_all_its_versions_the_youngest(void **state)
{
    (void)state;
    forget_versions();
    bump(2, EPOCH);
    assert_true(number_of(clock_key) == at(EPOCH, 1));
    assert_true(number_of(version_keys[0]) == at(EPOCH, 1));
    assert_true(number_of(version_keys[1]) == at(EPOCH, 1));
    assert_gone(version_keys[2]);
    assert_int_equal(left_ms(clock_key), -1);
    assert_ends(version_keys[0], VERSIONS_MS);
    assert_ends(version_keys[1], VERSIONS_MS);
    bump(1, 7); /* the epoch is only that of a clock which is not there */
    assert_true(number_of(clock_key) == at(EPOCH, 2));
    assert_true(number_of(version_keys[0]) == at(EPOCH, 2));
    assert_true(number_of(version_keys[1]) == at(EPOCH, 1));
}

static void a_clock_at_its_end_begins_another_epoch(void **state)
{
    (void)state;
    forget_versions();
    set_number(clock_key, at(EPOCH, UINT32_MAX - 1));
    bump(1, 7);
    assert_true(number_of(clock_key) == at(EPOCH, UINT32_MAX));
    bump(1, 7);
    assert_true(number_of(clock_key) == at(7, 1));
    assert_true(number_of(version_keys[0]) == at(7, 1));
    set_number(clock_key, at(EPOCH, UINT32_MAX));
    bump(1, EPOCH);
    assert_true(number_of(clock_key) >> 32 != EPOCH);
    assert_true((uint32_t)number_of(clock_key) == 1);
}

/* What is there is no number: as if nothing were. */
static void nonsense_in_place_of_a_clock_is_another_epoch(void **state)
{
    (void)state;
    struct bytes nonsense = text("nonsense");
    forget_versions();
    store(clock_key, &nonsense);
    store(version_keys[0], &nonsense);
    bump(1, EPOCH);
    assert_true(number_of(clock_key) == at(EPOCH, 1));
    assert_true(number_of(version_keys[0]) == at(EPOCH, 1));
    assert_int_equal(left_ms(clock_key), -1);
}

/* A load that began at as_of: its claim stands, and it is filled with two versions. */
static enum larder_status load_since(uint64_t as_of)
{
    struct reach room;
    struct bytes ours = claim(OURS, INT64_MAX), new = versioned(as_of);
    store("load:1", &ours);
    struct larder_op op = op_of(LARDER_OP_FILL, "load:1", &new);
    op.versions = reach(&room, 2, as_of);
    enum larder_status status = run_one(&op);
    if (status == LARDER_OK) {
        assert_is("load:1", &new);
        assert_ends("load:1", TTL_MS);
    } else {
        assert_gone("load:1"); /* nobody waits for it */
    }
    return status;
}

/* clang-format off */
static const struct fill_row {
    const char *what;
    uint64_t clock, first, second; /* 0: not there */
    uint64_t as_of;
    enum larder_status want;
} fill_rows[] = {
#define E (EPOCH << 32)
#define F (UINT64_C(3) << 32)
    {"all is as it was",                   E + 5, E + 5, E + 2, E + 5, OK},
    {"others were bumped meanwhile",       E + 9, E + 5, E + 2, E + 5, OK},
    {"one was bumped meanwhile",           E + 6, E + 6, E + 2, E + 5, LARDER_E_LOST},
    {"the other was bumped meanwhile",     E + 6, E + 2, E + 6, E + 5, LARDER_E_LOST},
    {"versions are made",                  E + 5, 0,     0,     E + 5, OK},
    {"one is made, and might be younger",  E + 6, 0,     E + 2, E + 5, LARDER_E_LOST},
    {"the clock is gone",                  0,     E + 5, E + 2, E + 5, LARDER_E_LOST},
    {"the clock began anew",               F + 1, E + 5, E + 2, E + 5, LARDER_E_LOST},
    {"the clock began anew and is ahead",  F + 9, F + 9, F + 9, E + 5, LARDER_E_LOST},
    {"...and its versions look old",       F + 9, F + 2, F + 2, E + 5, LARDER_E_LOST},
    {"the clock went back",                E + 4, E + 2, E + 2, E + 5, LARDER_E_LOST},
    {"a version of another epoch is made", E + 5, F + 9, E + 2, E + 5, OK},
    {"...and might be younger",            E + 6, F + 1, E + 2, E + 5, LARDER_E_LOST},
    {"numbers have no sign",               E + UINT32_MAX, E + 1, E + UINT32_MAX - 1, E + UINT32_MAX, OK},
    {"nor has a comparison",               E + 0x80000001, E + 0x80000001, E + 1, E + 0x7fffffff, LARDER_E_LOST},
#undef E
#undef F
};
/* clang-format on */

static void a_fill_holds_only_if_nothing_was_bumped_since_its_load_began(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof fill_rows / sizeof *fill_rows; i++) {
        const struct fill_row *row = &fill_rows[i];
        const char *const keys[] = {clock_key, version_keys[0], version_keys[1]};
        const uint64_t values[] = {row->clock, row->first, row->second};
        forget_versions();
        for (size_t n = 0; n < 3; n++) {
            if (values[n] != 0) {
                set_number(keys[n], values[n]);
            }
        }
        enum larder_status status = load_since(row->as_of);
        if (status != row->want) {
            fail_msg("%s: %s", row->what, larder_status_name(status));
        }
    }
}

/* A kept value is free again, and is as it was else. */
static void a_fill_that_is_lost_ends_its_claim_in_a_slot(void **state)
{
    (void)state;
    struct reach room;
    struct bytes old = timed(OURS, INT64_MAX, 5), free_again = timed(0, 0, 5), new = versioned(0);
    forget_versions();
    bump(1, EPOCH);
    store("slot:1", &old);
    struct larder_op op = op_of(LARDER_OP_FILL, "slot:1", &new);
    op.versions = reach(&room, 1, at(EPOCH, 0));
    op.token = THEIRS;
    assert_int_equal(run_one(&op), LARDER_E_LOST);
    assert_is("slot:1", &old); /* which is not its */
    op.token = OURS;
    assert_int_equal(run_one(&op), LARDER_E_LOST);
    assert_is("slot:1", &free_again);
    assert_ends("slot:1", TTL_MS);
}

/* Lost as it is, it leaves versions behind with which the next one holds. */
static void a_fill_that_is_lost_for_want_of_a_version_makes_it(void **state)
{
    (void)state;
    forget_versions();
    set_number(clock_key, at(EPOCH, 6));
    assert_int_equal(load_since(at(EPOCH, 5)), LARDER_E_LOST);
    assert_true(number_of(version_keys[0]) == at(EPOCH, 6));
    assert_ends(version_keys[0], VERSIONS_MS);
    bump(0, EPOCH); /* of something else */
    assert_int_equal(load_since(at(EPOCH, 6)), LARDER_OK);
}

static void an_evicted_version_that_was_bumped_is_never_taken_for_old(void **state)
{
    (void)state;
    forget_versions();
    bump(2, EPOCH);
    uint64_t as_of = number_of(clock_key);
    bump(1, EPOCH);                           /* while the load goes on, */
    do_op(LARDER_OP_DELETE, version_keys[0]); /* and it is evicted */
    assert_int_equal(load_since(as_of), LARDER_E_LOST);
    assert_int_equal(load_since(number_of(clock_key)), LARDER_OK);
}

static void versions_live_as_long_as_what_they_are_of(void **state)
{
    (void)state;
    struct reach room;
    forget_versions();
    bump(3, EPOCH);
    struct larder_op op = op_of(LARDER_OP_EXPIRE, version_keys[0], NULL);
    op.ttl_ms = TTL_MS / 2;
    assert_int_equal(run_one(&op), LARDER_OK);
    op.key = version_keys[1];
    op.ttl_ms = TTL_MS * 2;
    assert_int_equal(run_one(&op), LARDER_OK);
    assert_int_equal(load_since(at(EPOCH, 1)), LARDER_OK);
    assert_ends(version_keys[0], VERSIONS_MS); /* it would have ended before */
    assert_ends(version_keys[1], TTL_MS * 2);
    struct bytes value = versioned(0);
    struct larder_op set = op_of(LARDER_OP_SET, "long:1", &value);
    set.versions = reach(&room, 2, at(EPOCH, 0));
    set.ttl_ms = VERSIONS_MS * 2;
    assert_int_equal(run_one(&set), LARDER_OK);
    assert_ends(version_keys[0], VERSIONS_MS * 2); /* never less than the entry */
    set.ttl_ms = 0;
    assert_int_equal(run_one(&set), LARDER_OK);
    assert_int_equal(left_ms(version_keys[0]), -1);
    assert_int_equal(left_ms(version_keys[1]), -1);
    assert_ends(version_keys[2], VERSIONS_MS);
}

static void a_set_is_stamped_with_the_clock(void **state)
{
    (void)state;
    static const enum larder_op_kind kinds[] = {LARDER_OP_ADD, LARDER_OP_SET, LARDER_OP_REPLACE};
    struct reach room;
    struct bytes value = versioned(0);
    forget_versions();
    do_op(LARDER_OP_DELETE, "stamp:1");
    for (size_t i = 0; i < 3; i++) {
        struct larder_op op = op_of(kinds[i], "stamp:1", &value);
        op.versions = reach(&room, 2, at(EPOCH, 99));
        assert_int_equal(run_one(&op), LARDER_OK);
        struct bytes want = versioned(at(EPOCH, 1 + i)); /* the clock was not there at first */
        assert_is("stamp:1", &want);
        assert_ends("stamp:1", TTL_MS);
        assert_true(number_of(clock_key) == at(EPOCH, 1 + i));
        assert_true(number_of(version_keys[0]) <= at(EPOCH, 1 + i));
        assert_ends(version_keys[1], VERSIONS_MS);
        bump(1, EPOCH);
    }
    assert_true(number_of(version_keys[1]) == at(EPOCH, 1));
    struct larder_op op = op_of(LARDER_OP_ADD, "stamp:1", &value);
    op.versions = reach(&room, 2, at(EPOCH, 99));
    assert_int_equal(run_one(&op), LARDER_DENIED);
}

/* ----------------------------------------------------------------- the clock */

static void the_servers_clock_is_known_once_it_was_asked(void **state)
{
    (void)state;
    int64_t age_ms;
    struct larder_op op = op_of(LARDER_OP_TIME, "", NULL);
    assert_int_equal(run_one(&op), LARDER_OK);
    int64_t now_ms = backend->table->now_ms(backend, &age_ms);
    assert_in_range(age_ms, 0, TIMEOUT_MS);
    assert_in_range(now_ms, op.number - 1, op.number + TIMEOUT_MS);
    if (is_redis) {
        int64_t wall_ms = larder_clock_wall_ms(&larder_clock_system);
        assert_in_range(now_ms, wall_ms - 1000, wall_ms + TIMEOUT_MS);
    }
}

/* -------------------------------------------------------------------- batches */

static void a_mixed_batch_answers_each_in_order(void **state)
{
    (void)state;
    struct reach room;
    struct bytes ours = claim(OURS, INT64_MAX), new = versioned(at(EPOCH, 1)), old = plain("old");
    forget_versions();
    bump(1, EPOCH);
    do_op(LARDER_OP_DELETE, "batch:1");
    store("batch:2", &old);
    struct larder_op ops[] = {
        op_of(LARDER_OP_CLAIM, "batch:1", &ours),
        op_of(LARDER_OP_HEAD, "batch:2", NULL),
        op_of(LARDER_OP_TIME, "", NULL),
        op_of(LARDER_OP_GET, version_keys[0], NULL),
        op_of(LARDER_OP_FILL, "batch:1", &new),
        op_of(LARDER_OP_TTL, "batch:2", NULL),
        op_of(LARDER_OP_DELETE, "batch:2", NULL),
        op_of(LARDER_OP_EXISTS, "batch:1", NULL),
        op_of(LARDER_OP_BUMP, version_keys[0], NULL),
        op_of(LARDER_OP_GET, "batch:2", NULL),
        op_of(LARDER_OP_RELEASE, "batch:1", NULL),
        op_of(LARDER_OP_RENEW, "batch:1", NULL),
    };
    static const enum larder_status want[] = {MISS,          OK, OK, OK, OK, OK, OK, OK, OK, MISS,
                                              LARDER_E_LOST, OK};
    ops[4].versions = ops[8].versions = reach(&room, 1, at(EPOCH, 1));
    run(ops, sizeof ops / sizeof *ops);
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        assert_int_equal(ops[i].status, want[i]);
    }
    assert_int_equal(ops[0].number, 1);
    assert_int_equal(ops[1].number, (int64_t)old.len);
    assert_memory_equal(seen.at, new.at, new.len);
    assert_true(number_of(version_keys[0]) == at(EPOCH, 2));
}

/* -------------------------------------------------------------------- threads */

enum { THREADS = 4, TURNS = 500, TURNS_IN_MEMORY = 100000, BODY_AT = 23 };

/* A database of one number, and its cache. */
static struct {
    atomic_uint row;
    atomic_uint invalidated; /* what the row was at least when the last invalidation returned */
    atomic_uint hits, fills, old;
} shop;

struct glance {
    struct bytes entry;
    bool there;
};

static void glance(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    struct glance *glance = op->user;
    assert_true(len <= sizeof glance->entry.at);
    glance->there = true;
    glance->entry.len = len;
    memcpy(glance->entry.at, bytes, len);
    op->status = LARDER_OK;
}

static void run_at(struct larder_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ops[i].sink = glance;
    }
    backend->table->run(backend, ops, count,
                        larder_deadline_after_ms(&larder_clock_system, TIMEOUT_MS));
}

static uint64_t number_in(const struct glance *glance, uint64_t otherwise)
{
    return glance->there ? larder_envelope_get64(glance->entry.at, 0) : otherwise;
}

static void read_row(void)
{
    unsigned floor = atomic_load(&shop.invalidated);
    struct glance found[2] = {{.there = false}, {.there = false}};
    struct larder_op ops[] = {op_of(LARDER_OP_GET, "row:1", NULL),
                              op_of(LARDER_OP_GET, version_keys[0], NULL)};
    ops[0].user = &found[0];
    ops[1].user = &found[1];
    run_at(ops, 2);
    if (!found[0].there || !found[1].there || found[0].entry.at[1] != 0x41) {
        return;
    }
    uint64_t as_of = larder_envelope_get64(found[0].entry.at, LARDER_ENVELOPE_TOKEN_AT);
    uint64_t version = number_in(&found[1], 0);
    if (as_of >> 32 == version >> 32 && (uint32_t)version <= (uint32_t)as_of) {
        uint32_t row;
        memcpy(&row, found[0].entry.at + BODY_AT, sizeof row);
        atomic_fetch_add(&shop.hits, 1);
        atomic_fetch_add(&shop.old, row < floor);
    }
}

static void load_row(uint64_t token)
{
    struct glance found[3] = {{.there = false}};
    struct reach room;
    struct bytes ours = claim(token, INT64_MAX), first = number(at(token >> 32, 1));
    struct larder_op look_first = op_of(LARDER_OP_GET, "row:1", NULL);
    look_first.user = &found[0];
    run_at(&look_first, 1);
    if (larder_envelope_form(found[0].entry.at, found[0].entry.len) != 0 && token >> 32 & 0x3f) {
        return; /* somebody loads it; he may have died, but seldom */
    }
    struct larder_op ops[] = {
        op_of(found[0].there ? LARDER_OP_TAKE : LARDER_OP_CLAIM, "row:1", &ours),
        op_of(LARDER_OP_CLAIM, clock_key, &first)};
    ops[0].user = &found[1];
    ops[0].seen = found[0].entry.at;
    ops[0].seen_len = found[0].there ? found[0].entry.len : 0;
    ops[0].seen_total = ops[0].seen_len;
    ops[1].user = &found[2];
    ops[1].ttl_ms = 0;
    run_at(ops, 2);
    if (ops[0].status != LARDER_MISS || ops[0].number != 1) {
        return;
    }
    uint64_t as_of = number_in(&found[2], at(token >> 32, 1));
    struct bytes value = versioned(as_of);
    uint32_t row = atomic_load(&shop.row);
    memcpy(value.at + BODY_AT, &row, sizeof row);
    value.len = BODY_AT + sizeof row;
    struct larder_op fill = op_of(LARDER_OP_FILL, "row:1", &value);
    fill.token = token;
    fill.versions = reach(&room, 1, as_of);
    run_at(&fill, 1);
    atomic_fetch_add(&shop.fills, fill.status == LARDER_OK);
}

/* By its version, or by its key; now and then a version is evicted. */
static void change_row(uint64_t seed)
{
    struct reach room;
    unsigned turn = (unsigned)(seed >> 40) & 0xffff;
    unsigned row = atomic_fetch_add(&shop.row, 1) + 1;
    struct larder_op op = op_of(turn % 2 == 0 ? LARDER_OP_BUMP : LARDER_OP_DELETE,
                                turn % 2 == 0 ? version_keys[0] : "row:1", NULL);
    op.versions = reach(&room, 1, seed);
    run_at(&op, 1);
    unsigned seen_row = atomic_load(&shop.invalidated);
    while (seen_row < row && !atomic_compare_exchange_weak(&shop.invalidated, &seen_row, row)) {
    }
    if (turn % 7 == 0) {
        struct larder_op evict =
            op_of(LARDER_OP_DELETE, turn % 14 == 0 ? clock_key : version_keys[0], NULL);
        run_at(&evict, 1);
    }
}

static void *trade(void *user)
{
    uint64_t seed = (uint64_t)(uintptr_t)user;
    for (unsigned turn = 0; turn < (is_redis ? TURNS : TURNS_IN_MEMORY); turn++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        switch (seed >> 60) {
        case 0:
            change_row(seed);
            break;
        case 1:
        case 2:
        case 3:
        case 4:
            load_row(seed | 2);
            break;
        default:
            read_row();
        }
    }
    return NULL;
}

static void no_thread_is_given_what_was_invalidated_before_it_asked(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    forget_versions();
    do_op(LARDER_OP_DELETE, "row:1");
    memset(&shop, 0, sizeof shop);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, trade, (void *)(i + 1)), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&shop.old), 0);
    assert_true(atomic_load(&shop.hits) > 0);
    assert_true(atomic_load(&shop.fills) > 0);
}

/* --------------------------------------------------------------- redis alone */

static void scripts_that_the_server_forgot_are_told_again(void **state)
{
    (void)state;
    struct reach room;
    struct bytes ours = claim(OURS, INT64_MAX), new = plain("new"), value = versioned(0);
    forget_versions();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        say("SCRIPT FLUSH", "+OK");
        try_one(&rows[i], OWN, server_ms());
    }
    say("SCRIPT FLUSH", "+OK");
    bump(1, EPOCH);
    say("SCRIPT FLUSH", "+OK");
    struct larder_op set = op_of(LARDER_OP_SET, "forgot:1", &value);
    set.versions = reach(&room, 1, at(EPOCH, 0));
    assert_int_equal(run_one(&set), LARDER_OK);
    say("SCRIPT FLUSH", "+OK");
    struct larder_op renew = op_of(LARDER_OP_RENEW, "forgot:1", NULL);
    renew.keep = true;
    assert_int_equal(run_one(&renew), LARDER_OK);
    say("SCRIPT FLUSH", "+OK");
    /* In the middle of a batch, whose other operations are made once. */
    store("forgot:2", &ours);
    do_op(LARDER_OP_DELETE, "forgot:3");
    do_op(LARDER_OP_FILL, "forgot:3");
    say("SCRIPT FLUSH", "+OK");
    struct larder_op ops[] = {
        op_of(LARDER_OP_SET, "forgot:4", &new),
        op_of(LARDER_OP_FILL, "forgot:2", &new),
        op_of(LARDER_OP_ADD, "forgot:3", &new),
        op_of(LARDER_OP_GET, "forgot:4", NULL),
        op_of(LARDER_OP_TIME, "", NULL),
        op_of(LARDER_OP_CLAIM, "forgot:4", &ours),
        op_of(LARDER_OP_BUMP, version_keys[0], NULL),
    };
    ops[6].versions = reach(&room, 1, at(EPOCH, 0));
    say("CONFIG RESETSTAT", "+OK");
    sights = 0;
    run(ops, sizeof ops / sizeof *ops);
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        assert_int_equal(ops[i].status, OK);
        assert_false(ops[i].no_script);
    }
    assert_int_equal(sights, 2);
    assert_true(number_of(version_keys[0]) == at(EPOCH, 2));
}

static void a_key_of_another_type_is_no_entry(void **state)
{
    (void)state;
    static const struct {
        enum larder_op_kind kind;
        enum larder_status want;
        const char *after;
    } foreign[] = {
        {LARDER_OP_GET, MISS, "+list"},
        {LARDER_OP_RENEW, MISS, "+list"},
        {LARDER_OP_HEAD, MISS, "+list"},
        {LARDER_OP_EXISTS, MISS, "+list"},
        {LARDER_OP_TTL, MISS, "+list"},
        {LARDER_OP_EXPIRE, MISS, "+list"},
        {LARDER_OP_ADD, LARDER_DENIED, "+list"},
        {LARDER_OP_REPLACE, MISS, "+list"},
        {LARDER_OP_CLAIM, MISS, "+list"},
        {LARDER_OP_FILL, LARDER_E_LOST, "+list"},
        {LARDER_OP_RELEASE, LARDER_E_LOST, "+list"},
        {LARDER_OP_SET, OK, "+string"},
        {LARDER_OP_DELETE, OK, "+none"},
        {LARDER_OP_SOFTEN, OK, "+none"},
        {LARDER_OP_TAKE, MISS, "+string"},
    };
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        struct bytes ours = claim(OURS, INT64_MAX);
        do_op(LARDER_OP_DELETE, "list:1");
        say("LPUSH list:1 a", ":1");
        struct larder_op op = op_of(foreign[i].kind, "list:1", &ours);
        assert_int_equal(run_one(&op), foreign[i].want);
        assert_int_equal(op.number, foreign[i].kind == LARDER_OP_TAKE);
        say("TYPE list:1", foreign[i].after);
    }
    /* One that has seen something takes nothing over. */
    struct bytes ours = claim(OURS, INT64_MAX), old = plain("old");
    do_op(LARDER_OP_DELETE, "list:1");
    say("LPUSH list:1 a", ":1");
    struct larder_op op = take_over("list:1", &ours, &old);
    assert_int_equal(run_one(&op), MISS);
    assert_int_equal(op.number, 0);
    say("TYPE list:1", "+list");
    /* Nor are clock and versions. */
    forget_versions();
    say("LPUSH ~s:clock a", ":1");
    say("LPUSH ~s:v:1 a", ":1");
    assert_int_equal(load_since(at(EPOCH, 1)), LARDER_E_LOST);
    bump(1, EPOCH);
    assert_true(number_of(version_keys[0]) == at(EPOCH, 1));
}

static void a_script_that_is_refused_changes_nothing(void **state)
{
    (void)state;
    struct bytes old = plain("old"), new = plain("new");
    store("refused:1", &old);
    say("ACL SETUSER default -evalsha", "+OK");
    struct larder_op op = op_of(LARDER_OP_REPLACE, "refused:1", &new);
    assert_int_equal(run_one(&op), LARDER_E_AUTH);
    assert_int_equal(op.outcome, LARDER_NOT_APPLIED);
    say("ACL SETUSER default +evalsha", "+OK");
    assert_is("refused:1", &old);
    /* Nor does one whose text is refused when it is told again. */
    say("ACL SETUSER default -eval", "+OK");
    say("SCRIPT FLUSH", "+OK");
    assert_int_equal(run_one(&op), LARDER_E_AUTH);
    assert_int_equal(op.outcome, LARDER_NOT_APPLIED);
    say("ACL SETUSER default +eval", "+OK");
    assert_is("refused:1", &old);
}

/* Invalidations need no room. */
static void a_server_that_is_full_still_invalidates(void **state)
{
    (void)state;
    int64_t now_ms = server_ms();
    struct bytes old = timed(0, 0, now_ms + HOUR_MS), new = plain("new");
    store("full:1", &old);
    forget_versions();
    bump(2, EPOCH);
    uint64_t as_of = number_of(clock_key);
    say("CONFIG SET maxmemory 1", "+OK");
    struct larder_op op = op_of(LARDER_OP_REPLACE, "full:1", &new);
    assert_int_equal(run_one(&op), LARDER_E_SERVER);
    assert_int_equal(op.outcome, LARDER_NOT_APPLIED);
    assert_int_equal(do_op(LARDER_OP_SOFTEN, "full:1"), LARDER_OK);
    bump(1, EPOCH);
    say("CONFIG SET maxmemory 0", "+OK");
    assert_gone("full:1");
    assert_gone(clock_key);
    assert_gone(version_keys[0]);
    assert_int_equal(load_since(as_of), LARDER_E_LOST);
    bump(0, EPOCH + 1);
    assert_int_equal(load_since(as_of), LARDER_E_LOST);
}

/* A clock whose wall time is of no account, and that may be put forward. */
static int64_t ahead_ns;

static int64_t put_forward(void *user)
{
    (void)user;
    return larder_clock_now_ns(&larder_clock_system) + ahead_ns;
}

static int64_t nonsense_ms(void *user)
{
    (void)user;
    return ahead_ns % 1000 + 5;
}

static struct larder_backend *connect_to_server(const struct larder_backend_env *with);

static void the_servers_clock_goes_on_with_the_monotonic_one(void **state)
{
    (void)state;
    static const struct larder_clock clock = {.monotonic_ns = put_forward, .wall_ms = nonsense_ms};
    static const struct larder_backend_env ahead = {.allocator = &larder_allocator_libc,
                                                    .clock = &clock};
    struct larder_backend *before = backend;
    int64_t age_ms;
    backend = connect_to_server(&ahead);
    assert_int_equal(backend->table->now_ms(backend, &age_ms), 0);
    assert_true(age_ms == INT64_MAX);
    assert_int_equal(do_op(LARDER_OP_PING, ""), LARDER_OK);
    backend->table->now_ms(backend, &age_ms);
    assert_true(age_ms == INT64_MAX);
    int64_t first_ms = server_ms();
    ahead_ns = INT64_C(7000) * 1000000;
    int64_t now_ms = backend->table->now_ms(backend, &age_ms);
    assert_in_range(now_ms, first_ms + 7000, first_ms + 7000 + TIMEOUT_MS);
    assert_in_range(age_ms, 7000, 7000 + TIMEOUT_MS);
    /* Asked again, it is what the server says, and never behind it. */
    int64_t wall_ms = larder_clock_wall_ms(&larder_clock_system);
    assert_in_range(server_ms(), wall_ms, wall_ms + TIMEOUT_MS);
    backend->table->free(backend);
    backend = before;
    ahead_ns = 0;
}

/* -------------------------------------------------------------------- groups */

static int start_memory(void **state)
{
    (void)state;
    is_redis = false;
    backend = larder_memory_new(&env, 64 << 20);
    return backend != NULL ? 0 : -1;
}

static struct larder_backend *connect_to_server(const struct larder_backend_env *with)
{
    struct larder_redis_options options = {
        .address = {.host = "127.0.0.1", .port = server.port, .client_name = "test"},
        .max_connections = 4,
        .connect_timeout_ms = 2000,
        .max_reply_bytes = 16 << 20};
    return larder_redis_new(with, &options);
}

static int start_redis(void **state)
{
    (void)state;
    if (!redis_server_start(&server, REDIS_SERVER_TCP, NULL)) {
        return -1;
    }
    is_redis = true;
    backend = connect_to_server(&env);
    return backend != NULL ? 0 : -1;
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

#define CLAIM_TESTS                                                                     \
    cmocka_unit_test(every_operation_has_its_answer_to_every_form),                     \
        cmocka_unit_test(a_claim_ends_with_its_lease_and_keeps_its_bytes),              \
        cmocka_unit_test(a_claim_without_an_end_has_none),                              \
        cmocka_unit_test(what_was_seen_is_taken_over_and_the_server_says_until_when),   \
        cmocka_unit_test(what_is_no_longer_what_was_seen_is_not_taken),                 \
        cmocka_unit_test(a_head_tells_a_long_entry),                                    \
        cmocka_unit_test(of_a_timed_value_that_is_kept_only_the_slot_changes),          \
        cmocka_unit_test(what_is_not_timed_is_not_kept),                                \
        cmocka_unit_test(add_and_replace_look_through_what_was_seen),                   \
        cmocka_unit_test(a_claim_dies_with_its_entry),                                  \
        cmocka_unit_test(a_kept_value_is_released_or_paused),                           \
        cmocka_unit_test(a_softened_value_is_stale_and_its_claim_is_dead),              \
        cmocka_unit_test(expire_makes_a_timed_value_fresh_and_leaves_its_windows),      \
        cmocka_unit_test(a_read_renews_a_value_and_leaves_a_mark_its_end),              \
        cmocka_unit_test(a_bump_makes_all_its_versions_the_youngest),                   \
        cmocka_unit_test(a_clock_at_its_end_begins_another_epoch),                      \
        cmocka_unit_test(nonsense_in_place_of_a_clock_is_another_epoch),                \
        cmocka_unit_test(a_fill_holds_only_if_nothing_was_bumped_since_its_load_began), \
        cmocka_unit_test(a_fill_that_is_lost_ends_its_claim_in_a_slot),                 \
        cmocka_unit_test(a_fill_that_is_lost_for_want_of_a_version_makes_it),           \
        cmocka_unit_test(an_evicted_version_that_was_bumped_is_never_taken_for_old),    \
        cmocka_unit_test(versions_live_as_long_as_what_they_are_of),                    \
        cmocka_unit_test(a_set_is_stamped_with_the_clock),                              \
        cmocka_unit_test(the_servers_clock_is_known_once_it_was_asked),                 \
        cmocka_unit_test(a_mixed_batch_answers_each_in_order),                          \
        cmocka_unit_test(no_thread_is_given_what_was_invalidated_before_it_asked)

int main(void)
{
    const struct CMUnitTest memory[] = {CLAIM_TESTS};
    const struct CMUnitTest redis[] = {
        CLAIM_TESTS,
        cmocka_unit_test(scripts_that_the_server_forgot_are_told_again),
        cmocka_unit_test(a_key_of_another_type_is_no_entry),
        cmocka_unit_test(a_script_that_is_refused_changes_nothing),
        cmocka_unit_test(the_servers_clock_goes_on_with_the_monotonic_one),
        cmocka_unit_test(a_server_that_is_full_still_invalidates),
    };
    return cmocka_run_group_tests_name("memory", memory, start_memory, stop) +
           cmocka_run_group_tests_name("redis", redis, start_redis, stop);
}
