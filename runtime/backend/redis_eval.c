/* SPDX-License-Identifier: MIT */
#include "backend/redis_eval.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/redis_scripts.h"
#include "codec/envelope.h"
#include "net/exchange.h"

enum { NUMBER_BYTES = 24 };

/* ------------------------------------------------------------------- words */

static void word(struct larder_buffer *out, const void *bytes, size_t len)
{
    larder_command_word(out, bytes, len);
}

static void text(struct larder_buffer *out, const char *bytes)
{
    word(out, bytes, strlen(bytes));
}

static void number(struct larder_buffer *out, int64_t value)
{
    char digits[NUMBER_BYTES];
    word(out, digits, (size_t)snprintf(digits, sizeof digits, "%" PRId64, value));
}

/* As it is stored: 8 bytes. */
static void number64(struct larder_buffer *out, uint64_t value)
{
    uint8_t bytes[8];
    larder_store64(bytes, value);
    word(out, bytes, sizeof bytes);
}

/* Up to the number of its keys; they and `args` arguments are to follow. */
static void begin(struct larder_buffer *out, enum larder_script script, bool whole, size_t keys,
                  size_t args)
{
    larder_command_begin(out, 3 + keys + args);
    if (whole) {
        size_t len;
        const char *lua = larder_script_text(script, &len);
        text(out, "EVAL");
        word(out, lua, len);
    } else {
        text(out, "EVALSHA");
        word(out, larder_script_name(script), LARDER_SCRIPT_NAME_BYTES);
    }
    number(out, (int64_t)keys);
}

static void key(struct larder_buffer *out, const struct larder_op *op)
{
    word(out, op->key, op->key_len);
}

static size_t version_keys(const struct larder_op *op)
{
    return op->versions != NULL ? 1 + op->versions->count : 0;
}

/* The clock and the versions, if there are some. */
static void add_version_keys(struct larder_buffer *out, const struct larder_op *op)
{
    const struct larder_op_versions *versions = op->versions;
    if (versions == NULL) {
        return;
    }
    word(out, versions->clock.bytes, versions->clock.len);
    for (size_t i = 0; i < versions->count; i++) {
        word(out, versions->keys[i].bytes, versions->keys[i].len);
    }
}

/* Versions live as long as the entry, at least. */
static int64_t versions_ms(const struct larder_op *op)
{
    const struct larder_op_versions *versions = op->versions;
    if (versions == NULL || versions->ttl_ms == 0 || op->ttl_ms == 0) {
        return 0;
    }
    return versions->ttl_ms > op->ttl_ms ? versions->ttl_ms : op->ttl_ms;
}

static uint32_t epoch_of(const struct larder_op *op)
{
    return op->versions != NULL ? (uint32_t)(op->versions->as_of >> 32) : 0;
}

static void add_seen(struct larder_buffer *out, const struct larder_op *op)
{
    word(out, op->seen, op->seen != NULL ? op->seen_len : 0);
    number(out, op->seen != NULL ? (int64_t)op->seen_total : 0);
}

static bool done(const struct larder_buffer *out)
{
    return out->status == LARDER_OK;
}

/* -------------------------------------------------------------- the scripts */

bool larder_redis_eval_store(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    static const char *const modes[] = {
        [LARDER_OP_SET] = "SET", [LARDER_OP_ADD] = "ADD", [LARDER_OP_REPLACE] = "REPLACE"};
    begin(out, LARDER_SCRIPT_STORE, whole, 1 + version_keys(op), 8);
    key(out, op);
    add_version_keys(out, op);
    text(out, modes[op->kind]);
    word(out, op->value, op->value_len);
    number(out, op->ttl_ms);
    add_seen(out, op);
    number(out, op->versions != NULL ? (int64_t)op->versions->as_of_at : 0);
    number(out, epoch_of(op));
    number(out, versions_ms(op));
    return done(out);
}

bool larder_redis_eval_take(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    begin(out, LARDER_SCRIPT_TAKE, whole, 1, 5);
    key(out, op);
    word(out, op->value, op->value_len);
    number(out, op->ttl_ms);
    text(out, op->keep ? "KEEP" : "");
    add_seen(out, op);
    return done(out);
}

bool larder_redis_eval_fill(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    begin(out, LARDER_SCRIPT_FILL, whole, 1 + version_keys(op), 5);
    key(out, op);
    add_version_keys(out, op);
    number64(out, op->token);
    word(out, op->value, op->value_len);
    number(out, op->ttl_ms);
    number64(out, op->versions != NULL ? op->versions->as_of : 0);
    number(out, versions_ms(op));
    return done(out);
}

bool larder_redis_eval_release(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    begin(out, LARDER_SCRIPT_RELEASE, whole, 1, 2);
    key(out, op);
    number64(out, op->token);
    number(out, op->pause_ms);
    return done(out);
}

bool larder_redis_eval_soften(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    begin(out, LARDER_SCRIPT_SOFTEN, whole, 1, 0);
    key(out, op);
    return done(out);
}

bool larder_redis_eval_expire(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    int64_t stay_ms = larder_op_stay_ms(op);
    begin(out, LARDER_SCRIPT_EXPIRE, whole, 1, 2);
    key(out, op);
    number(out, stay_ms);
    number(out, op->ttl_ms);
    return done(out);
}

bool larder_redis_eval_bump(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    begin(out, LARDER_SCRIPT_BUMP, whole, version_keys(op), 2);
    add_version_keys(out, op);
    number(out, epoch_of(op));
    number(out, op->versions->ttl_ms);
    return done(out);
}

bool larder_redis_eval_renew(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    begin(out, LARDER_SCRIPT_RENEW, whole, 1, 1);
    key(out, op);
    number(out, op->ttl_ms);
    return done(out);
}

bool larder_redis_eval_time(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    (void)op;
    begin(out, LARDER_SCRIPT_TIME, whole, 0, 0);
    return done(out);
}
