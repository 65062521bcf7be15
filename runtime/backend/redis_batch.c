/* SPDX-License-Identifier: MIT */
#include "backend/redis_batch.h"

#include <stdio.h>
#include <string.h>

#include "backend/redis_command.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "net/replies.h"

enum {
    FILL_BYTES = 64 * 1024, /* commands are appended until there are so many */
    MGET_KEYS_MAX = 512,
    /* What goes together with the operations of other callers. */
    SHARED_OPS_MAX = 16,
    SHARED_BYTES_MAX = 16 * 1024
};

static const int64_t STEP_QUIET_NS = 1000000000;

/* ------------------------------------------------------------- the exchange */

static size_t mget_end(const struct larder_batch *batch, size_t from)
{
    return batch->count - from < MGET_KEYS_MAX ? batch->count : from + MGET_KEYS_MAX;
}

static void fill_mget(struct larder_batch *batch, struct larder_buffer *out)
{
    const char *words[MGET_KEYS_MAX + 1] = {"MGET"};
    size_t lens[MGET_KEYS_MAX + 1] = {4};
    size_t end = mget_end(batch, batch->sent);
    size_t n = 1;
    for (; batch->sent < end; batch->sent++, n++) {
        words[n] = batch->ops[batch->sent].key;
        lens[n] = batch->ops[batch->sent].key_len;
    }
    larder_command_append(out, n, words, lens);
    batch->base.pending++;
}

static bool fill(struct larder_exchange *exchange, struct larder_buffer *out)
{
    struct larder_batch *batch = (struct larder_batch *)exchange;
    size_t before = out->len; /* another's commands */
    batch->filled_from = batch->sent;
    while (batch->sent < batch->count && out->len - before < FILL_BYTES &&
           out->status == LARDER_OK) {
        if (batch->reads_only) {
            fill_mget(batch, out);
            continue;
        }
        struct larder_op *op = &batch->ops[batch->sent++];
        larder_redis_append(out, op, batch->whole);
        batch->base.pending += larder_redis_replies(op);
    }
    return batch->sent < batch->count;
}

static size_t elements(const struct larder_exchange *exchange)
{
    const struct larder_batch *batch = (const struct larder_batch *)exchange;
    return batch->reads_only ? batch->reply_ends - batch->answered : 0;
}

/* Sets up for the reply to the op that is next. */
static void begin_reply(struct larder_batch *batch)
{
    if (batch->answered == batch->count) {
        return;
    }
    batch->reply_ends = batch->reads_only ? mget_end(batch, batch->answered) : batch->answered + 1;
    batch->nth = 0;
    batch->replies = larder_redis_replies(&batch->ops[batch->answered]);
    batch->refused = false;
}

static void note(struct larder_batch *batch, enum larder_batch_note which, const char *quote)
{
    snprintf(batch->notes[which], sizeof batch->notes[which], "%s", quote);
}

/* The server has forgotten a script: nothing was done, and it will be told the text. */
static void take_no_script(struct larder_batch *batch, struct larder_op *op)
{
    larder_op_answer(op, LARDER_E_SERVER);
    op->no_script = true;
    batch->no_script = true;
}

/* An error answers its operation, or all that an MGET asked for, and no other. */
static void take_error(struct larder_batch *batch, const struct larder_reply *reply)
{
    char quote[LARDER_BATCH_QUOTE_BYTES];
    struct larder_op *first = &batch->ops[batch->answered];
    const struct larder_reply_class *class = larder_reply_classify(reply->text, reply->len);
    batch->refused = true;
    if (larder_reply_is(class, "NOSCRIPT") && !batch->whole) {
        take_no_script(batch, first);
        return;
    }
    enum larder_status status;
    bool foreign = larder_redis_foreign(first, &status) && larder_reply_is(class, "WRONGTYPE");
    status = foreign ? status : class->status;
    larder_reply_quote(reply->text, reply->len, quote, sizeof quote);
    note(batch, foreign ? LARDER_BATCH_NOTE_FOREIGN : LARDER_BATCH_NOTE_ERROR, quote);
    if (status < 0) {
        batch->error = status;
    }
    batch->base.close |= class->then == LARDER_THEN_CLOSE;
    batch->trouble |= 1U << (unsigned)class->breaker;
    bool later = class->retry == LARDER_RETRY_LATER && class->breaker != LARDER_BREAKER_WRITES;
    for (size_t i = batch->answered; i < batch->reply_ends; i++) {
        batch->ops[i].number = 0;
        larder_op_answer(&batch->ops[i], status);
        batch->ops[i].try_later = later;
    }
}

/* Whether this sight of another key's value is to close the connection. */
static bool may_close(struct larder_step_watch *watch)
{
    int64_t now_ns = larder_clock_now_ns(watch->clock);
    int64_t until_ns = atomic_load_explicit(&watch->quiet_until_ns, memory_order_relaxed);
    return (until_ns == 0 || now_ns >= until_ns) &&
           atomic_compare_exchange_strong_explicit(&watch->quiet_until_ns, &until_ns,
                                                   now_ns + STEP_QUIET_NS, memory_order_relaxed,
                                                   memory_order_relaxed);
}

static void take_foreign_key(struct larder_batch *batch)
{
    batch->foreign_key = true;
    if (!batch->out_of_step && may_close(batch->watch)) {
        batch->out_of_step = true;
        batch->base.close = true;
    }
}

static enum larder_status take(struct larder_exchange *exchange, const struct larder_reply *reply)
{
    struct larder_batch *batch = (struct larder_batch *)exchange;
    struct larder_op *op = &batch->ops[batch->answered];
    if (reply->kind == LARDER_REPLY_ERROR) {
        if (!larder_redis_ignores_error(op, batch->nth)) {
            take_error(batch, reply);
        }
        return LARDER_OK;
    }
    if (batch->refused) {
        return LARDER_OK; /* the second of two, whose first was an error */
    }
    if (batch->reads_only && elements(exchange) == 0) {
        return LARDER_E_PROTOCOL;
    }
    enum larder_status status = larder_redis_answer(op, reply, batch->nth);
    if (op->foreign_key) {
        take_foreign_key(batch);
    }
    if (status == LARDER_OK && batch->reads_only) {
        batch->answered++;
    }
    return status;
}

/* One whose answer is the value, and which may be large. */
static bool is_whole_read(const struct larder_op *op)
{
    return op->kind == LARDER_OP_GET || op->kind == LARDER_OP_RENEW;
}

static char *place(struct larder_exchange *exchange, size_t len)
{
    struct larder_batch *batch = (struct larder_batch *)exchange;
    struct larder_op *op = &batch->ops[batch->answered];
    bool wanted = is_whole_read(op) && op->place != NULL && !batch->reads_only;
    return wanted ? (char *)op->place(op, len) : NULL;
}

static void next(struct larder_exchange *exchange)
{
    struct larder_batch *batch = (struct larder_batch *)exchange;
    batch->nth++;
    if (batch->nth < batch->replies) {
        return;
    }
    batch->answered = batch->reply_ends;
    begin_reply(batch);
}

static void rewind_fill(struct larder_exchange *exchange)
{
    struct larder_batch *batch = (struct larder_batch *)exchange;
    batch->sent = 0;
    batch->filled_from = 0;
}

static const struct larder_exchange_table table = {.fill = fill,
                                                   .elements = elements,
                                                   .take = take,
                                                   .place = place,
                                                   .next = next,
                                                   .rewind = rewind_fill};

/* -------------------------------------------------------------- the batch */

static uint64_t lane_of(const struct larder_op *op)
{
    return UINT64_C(1) << (larder_hash64(op->key, op->key_len, 0) % 64);
}

/* What its versions' keys add to a batch. */
static size_t version_bytes(const struct larder_op *op)
{
    size_t bytes = 0;
    if (larder_op_has_versions(op)) {
        for (size_t i = 0; i < op->versions->count; i++) {
            bytes += op->versions->keys[i].len;
        }
    }
    return bytes;
}

void larder_batch_init(struct larder_batch *batch, struct larder_op *ops, size_t count,
                       struct larder_step_watch *watch, bool whole)
{
    /* Member by member: clearing all of them at once takes longer than the rest. */
    batch->base.table = &table;
    batch->base.pending = 0;
    batch->base.fill_sent = false;
    batch->base.any_received = false;
    batch->base.close = false;
    batch->base.lane = 0;
    batch->base.lanes = 0;
    batch->base.merge =
        count == 1 && ops[0].kind == LARDER_OP_GET ? &larder_redis_merged_get : NULL;
    batch->watch = watch;
    batch->ops = ops;
    batch->count = count;
    batch->whole = whole;
    batch->no_script = false;
    batch->time = NULL;
    batch->reads_only = count > 1;
    batch->trouble = 0;
    batch->sent = 0;
    batch->filled_from = 0;
    batch->answered = 0;
    batch->foreign_key = false;
    batch->out_of_step = false;
    batch->error = LARDER_OK;
    for (size_t i = 0; i < LARDER_BATCH_NOTE_COUNT; i++) {
        batch->notes[i][0] = '\0';
    }
    size_t bytes = 0;
    bool pages = false;
    for (size_t i = 0; i < count; i++) {
        ops[i].number = 0;
        ops[i].foreign_key = false;
        ops[i].no_script = false;
        batch->reads_only &= ops[i].kind == LARDER_OP_GET;
        batch->time = ops[i].kind == LARDER_OP_TIME ? &ops[i] : batch->time;
        bytes += ops[i].key_len + ops[i].value_len + version_bytes(&ops[i]);
        pages |= ops[i].kind == LARDER_OP_SCAN;
        if (larder_op_class(ops[i].kind) != LARDER_CLASS_READ) {
            uint64_t lane = lane_of(&ops[i]);
            batch->base.lane = batch->base.lane != 0 ? batch->base.lane : lane;
            batch->base.lanes |= lane;
        }
    }
    batch->base.large = count == 1 && is_whole_read(&ops[0]) && ops[0].large;
    batch->base.expected = batch->base.large ? ops[0].expected : 0;
    batch->base.shares = count <= SHARED_OPS_MAX && bytes <= SHARED_BYTES_MAX &&
                         !batch->base.large && !pages && !whole;
    begin_reply(batch);
}

void larder_batch_tell(const struct larder_batch *batch)
{
    if (batch->error != LARDER_OK) {
        larder_error_set(batch->error, "%s", batch->notes[LARDER_BATCH_NOTE_ERROR]);
    }
}

static bool was_sent(const struct larder_batch *batch, size_t i)
{
    return i < batch->filled_from || (i < batch->sent && batch->base.fill_sent);
}

bool larder_batch_may_repeat(const struct larder_batch *batch)
{
    if (batch->base.any_received) {
        return false;
    }
    for (size_t i = 0; i < batch->count && was_sent(batch, i); i++) {
        if (!larder_class_repeats(larder_op_class(batch->ops[i].kind))) {
            return false;
        }
    }
    return true;
}

void larder_batch_note_step(const struct larder_batch *again)
{
    if (!again->foreign_key) {
        atomic_store_explicit(&again->watch->quiet_until_ns, 0, memory_order_relaxed);
    }
}

void larder_batch_merge(struct larder_batch *again, const struct larder_batch *first)
{
    if (first->base.fill_sent && first->sent > again->filled_from) {
        again->filled_from = first->sent;
    }
    for (size_t i = 0; i < again->answered && was_sent(first, i); i++) {
        if (again->ops[i].status == LARDER_E_LOST) {
            again->ops[i].outcome = LARDER_UNKNOWN; /* perhaps to itself, the first time */
        }
    }
}

void larder_batch_fail_rest(struct larder_batch *batch, enum larder_status status)
{
    for (size_t i = batch->answered; i < batch->count; i++) {
        struct larder_op *op = &batch->ops[i];
        larder_op_answer(op, status);
        if (larder_op_class(op->kind) != LARDER_CLASS_READ && was_sent(batch, i)) {
            op->outcome = LARDER_UNKNOWN;
        }
    }
}
