/* SPDX-License-Identifier: MIT */
#include "backend/redis_batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "net/replies.h"

enum {
    FILL_BYTES = 64 * 1024, /* commands are appended until there are so many */
    MGET_KEYS_MAX = 512,
    NUMBER_BYTES = 24,
    WORDS_MAX = 6,
    PATTERN_BYTES = 2 * 255 + 2, /* each byte of a prefix escaped, and the star */
    /* What goes together with the operations of other callers. */
    SHARED_OPS_MAX = 16,
    SHARED_BYTES_MAX = 16 * 1024
};

static const int64_t STEP_QUIET_NS = 1000000000;

/* ------------------------------------------------------------ the commands */

/* A command being put together. */
struct words {
    const char *words[WORDS_MAX];
    size_t lens[WORDS_MAX];
    size_t count;
    char number[NUMBER_BYTES];
};

static void add(struct words *words, const char *word, size_t len)
{
    words->words[words->count] = word;
    words->lens[words->count] = len;
    words->count++;
}

#define ADD_LITERAL(words, literal) add(words, literal, sizeof(literal) - 1)

static void add_number(struct words *words, int64_t number)
{
    int len = snprintf(words->number, sizeof words->number, "%" PRId64, number);
    add(words, words->number, (size_t)len);
}

static bool append(struct larder_buffer *out, const struct words *words)
{
    return larder_command_append(out, words->count, words->words, words->lens);
}

/* A command of two words, a name and the key. The name comes as it is sent: these are
 * the commands that are sent most. */
#define APPEND_KEY_COMMAND(out, name, op) \
    larder_command_append_last(out, name, sizeof(name) - 1, (op)->key, (op)->key_len)

static bool append_get(struct larder_buffer *out, const struct larder_op *op)
{
    return APPEND_KEY_COMMAND(out, "*2\r\n$3\r\nGET\r\n", op);
}

static bool append_set(struct larder_buffer *out, const struct larder_op *op)
{
    struct words words = {.count = 0};
    ADD_LITERAL(&words, "SET");
    add(&words, op->key, op->key_len);
    add(&words, op->value_len != 0 ? (const char *)op->value : "", op->value_len);
    if (op->ttl_ms != 0) {
        ADD_LITERAL(&words, "PX");
        add_number(&words, op->ttl_ms);
    }
    if (op->kind == LARDER_OP_ADD) {
        ADD_LITERAL(&words, "NX");
    } else if (op->kind == LARDER_OP_REPLACE) {
        ADD_LITERAL(&words, "XX");
    }
    return append(out, &words);
}

static bool append_delete(struct larder_buffer *out, const struct larder_op *op)
{
    return APPEND_KEY_COMMAND(out, "*2\r\n$6\r\nUNLINK\r\n", op);
}

static bool append_exists(struct larder_buffer *out, const struct larder_op *op)
{
    return APPEND_KEY_COMMAND(out, "*2\r\n$6\r\nEXISTS\r\n", op);
}

static bool append_ttl(struct larder_buffer *out, const struct larder_op *op)
{
    return APPEND_KEY_COMMAND(out, "*2\r\n$4\r\nPTTL\r\n", op);
}

static bool append_expire(struct larder_buffer *out, const struct larder_op *op)
{
    struct words words = {.count = 0};
    if (op->ttl_ms == 0) { /* PERSIST says 0 also for a key without an expiry */
        return APPEND_KEY_COMMAND(out, "*2\r\n$7\r\nPERSIST\r\n", op) &&
               APPEND_KEY_COMMAND(out, "*2\r\n$6\r\nEXISTS\r\n", op);
    }
    ADD_LITERAL(&words, "PEXPIRE");
    add(&words, op->key, op->key_len);
    add_number(&words, op->ttl_ms);
    return append(out, &words);
}

static bool append_ping(struct larder_buffer *out, const struct larder_op *op)
{
    struct words words = {.count = 0};
    (void)op;
    ADD_LITERAL(&words, "PING");
    return append(out, &words);
}

/* The keys that begin with a prefix, for MATCH; or with a part of it, if it is so long. */
static size_t make_pattern(const char *prefix, size_t len, char ret_pattern[PATTERN_BYTES])
{
    size_t n = 0;
    for (size_t i = 0; i < len && n + 3 <= PATTERN_BYTES; i++) {
        if (strchr("*?[]\\", prefix[i]) != NULL) {
            ret_pattern[n++] = '\\';
        }
        ret_pattern[n++] = prefix[i];
    }
    ret_pattern[n++] = '*';
    return n;
}

/* A page of SCAN with the first bytes of each string, in one plain reply: each
 * word behind its length in two bytes. The server's run_id comes first, then the
 * next cursor, then keys and heads in turn. */
static const char scan_script[] =
    "local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', 250) "
    "local out = {} "
    "local function put(text) out[#out + 1] = struct.pack('>H', #text) .. text end "
    "local info = redis.pcall('INFO', 'server') "
    "put(type(info) == 'string' and string.match(info, 'run_id:(%x+)') or '-') "
    "put(page[1]) "
    "for _, key in ipairs(page[2]) do "
    "local head = #key <= 2048 and redis.pcall('GETRANGE', key, 0, 31) "
    "if type(head) == 'string' and head ~= '' then put(key) put(head) end "
    "end "
    "return table.concat(out)";

static bool append_scan(struct larder_buffer *out, const struct larder_op *op)
{
    struct words words = {.count = 0};
    char pattern[PATTERN_BYTES];
    ADD_LITERAL(&words, "EVAL");
    ADD_LITERAL(&words, scan_script);
    ADD_LITERAL(&words, "0");
    add(&words, (const char *)op->value, op->value_len);
    add(&words, pattern, make_pattern(op->key, op->key_len, pattern));
    return append(out, &words);
}

/* -------------------------------------------------------------- the answers */

/* Each: OK when the reply is one that the command can have. */

static enum larder_status answer_get(struct larder_op *op, const struct larder_reply *reply)
{
    if (reply->kind == LARDER_REPLY_NIL) {
        larder_op_answer(op, LARDER_MISS);
        return LARDER_OK;
    }
    if (reply->kind != LARDER_REPLY_BULK) {
        return LARDER_E_PROTOCOL;
    }
    op->sink(op, (const uint8_t *)reply->text, reply->len);
    larder_op_answer(op, op->status);
    return LARDER_OK;
}

static enum larder_status answer_set(struct larder_op *op, const struct larder_reply *reply)
{
    bool conditional = op->kind != LARDER_OP_SET;
    if (reply->kind == LARDER_REPLY_STATUS) {
        larder_op_answer(op, LARDER_OK);
    } else if (reply->kind == LARDER_REPLY_NIL && conditional) {
        larder_op_answer(op, op->kind == LARDER_OP_ADD ? LARDER_DENIED : LARDER_MISS);
    } else {
        return LARDER_E_PROTOCOL;
    }
    return LARDER_OK;
}

static enum larder_status answer_count(struct larder_op *op, const struct larder_reply *reply)
{
    if (reply->kind != LARDER_REPLY_INTEGER || reply->integer < 0 || reply->integer > 1) {
        return LARDER_E_PROTOCOL;
    }
    larder_op_answer(op, reply->integer == 1 ? LARDER_OK : LARDER_MISS);
    return LARDER_OK;
}

static enum larder_status answer_ttl(struct larder_op *op, const struct larder_reply *reply)
{
    if (reply->kind != LARDER_REPLY_INTEGER || reply->integer < -2) {
        return LARDER_E_PROTOCOL;
    }
    bool there = reply->integer != -2;
    op->number = there ? reply->integer : 0;
    larder_op_answer(op, there ? LARDER_OK : LARDER_MISS);
    return LARDER_OK;
}

static enum larder_status answer_ping(struct larder_op *op, const struct larder_reply *reply)
{
    if (reply->kind != LARDER_REPLY_STATUS) {
        return LARDER_E_PROTOCOL;
    }
    larder_op_answer(op, LARDER_OK);
    return LARDER_OK;
}

static enum larder_status answer_scan(struct larder_op *op, const struct larder_reply *reply)
{
    return reply->kind == LARDER_REPLY_BULK ? answer_get(op, reply) : LARDER_E_PROTOCOL;
}

struct command {
    bool (*append)(struct larder_buffer *out, const struct larder_op *op);
    enum larder_status (*answer)(struct larder_op *op, const struct larder_reply *reply);
};

static const struct command commands[] = {
    [LARDER_OP_GET] = {append_get, answer_get},
    [LARDER_OP_SET] = {append_set, answer_set},
    [LARDER_OP_ADD] = {append_set, answer_set},
    [LARDER_OP_REPLACE] = {append_set, answer_set},
    [LARDER_OP_DELETE] = {append_delete, answer_count},
    [LARDER_OP_EXISTS] = {append_exists, answer_count},
    [LARDER_OP_TTL] = {append_ttl, answer_ttl},
    [LARDER_OP_EXPIRE] = {append_expire, answer_count},
    [LARDER_OP_PING] = {append_ping, answer_ping},
    [LARDER_OP_SCAN] = {append_scan, answer_scan},
};

static size_t replies_of(const struct larder_op *op)
{
    return op->kind == LARDER_OP_EXPIRE && op->ttl_ms == 0 ? 2 : 1;
}

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
        commands[op->kind].append(out, op);
        batch->base.pending += replies_of(op);
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
    batch->replies_left = replies_of(&batch->ops[batch->answered]) - 1;
    batch->refused = false;
}

static void note(struct larder_batch *batch, enum larder_batch_note which, const char *quote)
{
    snprintf(batch->notes[which], sizeof batch->notes[which], "%s", quote);
}

/* An error answers its operation, or all that an MGET asked for, and no other. */
static void take_error(struct larder_batch *batch, const struct larder_reply *reply)
{
    char quote[LARDER_BATCH_QUOTE_BYTES];
    const struct larder_reply_class *class = larder_reply_classify(reply->text, reply->len);
    bool foreign =
        batch->ops[batch->answered].kind == LARDER_OP_GET && larder_reply_is(class, "WRONGTYPE");
    enum larder_status status = foreign ? LARDER_MISS : class->status;
    larder_reply_quote(reply->text, reply->len, quote, sizeof quote);
    note(batch, foreign ? LARDER_BATCH_NOTE_FOREIGN : LARDER_BATCH_NOTE_ERROR, quote);
    if (status < 0) {
        batch->error = status;
    }
    batch->base.close |= class->then == LARDER_THEN_CLOSE;
    batch->trouble |= 1U << (unsigned)class->breaker;
    batch->refused = true;
    bool later = class->retry == LARDER_RETRY_LATER && class->breaker != LARDER_BREAKER_WRITES;
    for (size_t i = batch->answered; i < batch->reply_ends; i++) {
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
        take_error(batch, reply);
        return LARDER_OK;
    }
    if (batch->refused) {
        return LARDER_OK; /* the second of two, whose first was an error */
    }
    if (batch->reads_only && elements(exchange) == 0) {
        return LARDER_E_PROTOCOL;
    }
    enum larder_status status = commands[op->kind].answer(op, reply);
    if (op->foreign_key) {
        take_foreign_key(batch);
    }
    if (status == LARDER_OK && batch->reads_only) {
        batch->answered++;
    }
    return status;
}

static char *place(struct larder_exchange *exchange, size_t len)
{
    struct larder_batch *batch = (struct larder_batch *)exchange;
    struct larder_op *op = &batch->ops[batch->answered];
    bool wanted = op->kind == LARDER_OP_GET && op->place != NULL && !batch->reads_only;
    return wanted ? (char *)op->place(op, len) : NULL;
}

static void next(struct larder_exchange *exchange)
{
    struct larder_batch *batch = (struct larder_batch *)exchange;
    if (batch->replies_left > 0) {
        batch->replies_left--;
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

void larder_batch_init(struct larder_batch *batch, struct larder_op *ops, size_t count,
                       struct larder_step_watch *watch)
{
    /* Member by member: clearing all of them at once takes longer than the rest. */
    batch->base.table = &table;
    batch->base.pending = 0;
    batch->base.fill_sent = false;
    batch->base.any_received = false;
    batch->base.close = false;
    batch->base.lane = 0;
    batch->watch = watch;
    batch->ops = ops;
    batch->count = count;
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
        batch->reads_only &= ops[i].kind == LARDER_OP_GET;
        bytes += ops[i].key_len + ops[i].value_len;
        pages |= ops[i].kind == LARDER_OP_SCAN;
        if (batch->base.lane == 0 && larder_op_class(ops[i].kind) != LARDER_CLASS_READ) {
            batch->base.lane = lane_of(&ops[i]);
        }
    }
    batch->base.large = count == 1 && ops[0].kind == LARDER_OP_GET && ops[0].large;
    batch->base.shares =
        count <= SHARED_OPS_MAX && bytes <= SHARED_BYTES_MAX && !batch->base.large && !pages;
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
