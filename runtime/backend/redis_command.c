/* SPDX-License-Identifier: MIT */
#include "backend/redis_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/entry.h"
#include "backend/redis_eval.h"

enum {
    NUMBER_BYTES = 24,
    WORDS_MAX = 7,
    PATTERN_BYTES = 2 * 255 + 2 /* each byte of a prefix escaped, and the star */
};

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

#define GET_HEAD "*2\r\n$3\r\nGET\r\n"

static bool append_get(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    (void)whole;
    return APPEND_KEY_COMMAND(out, GET_HEAD, op);
}

static size_t mget_head(size_t count, char ret_head[LARDER_MERGE_HEAD_BYTES])
{
    int len = snprintf(ret_head, LARDER_MERGE_HEAD_BYTES, "*%zu\r\n$4\r\nMGET\r\n", count + 1);
    return (size_t)len;
}

const struct larder_merge larder_redis_merged_get = {.head_len = sizeof GET_HEAD - 1,
                                                     .head = mget_head};

static bool append_put(struct larder_buffer *out, const struct larder_op *op)
{
    struct words words = {.count = 0};
    ADD_LITERAL(&words, "SET");
    add(&words, op->key, op->key_len);
    add(&words, op->value_len != 0 ? (const char *)op->value : "", op->value_len);
    if (op->kind == LARDER_OP_CLAIM) {
        ADD_LITERAL(&words, "NX");
        ADD_LITERAL(&words, "GET");
    }
    if (op->ttl_ms != 0) {
        ADD_LITERAL(&words, "PX");
        add_number(&words, op->ttl_ms);
    }
    return append(out, &words);
}

static bool append_set(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    return op->versions != NULL ? larder_redis_eval_store(out, op, whole) : append_put(out, op);
}

static bool append_claim(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    (void)whole;
    return append_put(out, op);
}

/* The first bytes of a string: enough to tell a claim or a mark, or a whole head. */
static bool append_getrange(struct larder_buffer *out, const struct larder_op *op, const char *last)
{
    struct words words = {.count = 0};
    ADD_LITERAL(&words, "GETRANGE");
    add(&words, op->key, op->key_len);
    ADD_LITERAL(&words, "0");
    add(&words, last, strlen(last));
    return append(out, &words);
}

static bool append_delete(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    (void)whole;
    return append_getrange(out, op, "1") && APPEND_KEY_COMMAND(out, "*2\r\n$6\r\nUNLINK\r\n", op);
}

static bool append_exists(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    (void)whole;
    return append_getrange(out, op, "1");
}

static bool append_ttl(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    (void)whole;
    return APPEND_KEY_COMMAND(out, "*2\r\n$4\r\nPTTL\r\n", op) && append_getrange(out, op, "1");
}

static bool append_head(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    char last[NUMBER_BYTES];
    (void)whole;
    snprintf(last, sizeof last, "%d", LARDER_HEAD_BYTES - 1);
    return APPEND_KEY_COMMAND(out, "*2\r\n$6\r\nSTRLEN\r\n", op) && append_getrange(out, op, last);
}

static bool append_renew(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    struct words words = {.count = 0};
    if (op->keep) {
        return larder_redis_eval_renew(out, op, whole);
    }
    ADD_LITERAL(&words, "GETEX");
    add(&words, op->key, op->key_len);
    if (op->ttl_ms == 0) {
        ADD_LITERAL(&words, "PERSIST");
    } else {
        ADD_LITERAL(&words, "PX");
        add_number(&words, op->ttl_ms);
    }
    return append(out, &words);
}

static bool append_ping(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    struct words words = {.count = 0};
    (void)op;
    (void)whole;
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

static bool append_scan(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    struct words words = {.count = 0};
    char pattern[PATTERN_BYTES];
    (void)whole;
    ADD_LITERAL(&words, "EVAL");
    ADD_LITERAL(&words, scan_script);
    ADD_LITERAL(&words, "0");
    add(&words, (const char *)op->value, op->value_len);
    add(&words, pattern, make_pattern(op->key, op->key_len, pattern));
    return append(out, &words);
}

/* -------------------------------------------------------------- the answers */

/* Each: OK when the reply is one that the command can have. `nth`: of its replies, from 0. */

static enum larder_status answer_get(struct larder_op *op, const struct larder_reply *reply,
                                     size_t nth)
{
    (void)nth;
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

/* A script's 1 or 0. */
static enum larder_status answer_flag(struct larder_op *op, const struct larder_reply *reply,
                                      enum larder_status if_not)
{
    if (reply->kind != LARDER_REPLY_INTEGER || reply->integer < 0 || reply->integer > 1) {
        return LARDER_E_PROTOCOL;
    }
    larder_op_answer(op, reply->integer == 1 ? LARDER_OK : if_not);
    return LARDER_OK;
}

static enum larder_status answer_one_or_miss(struct larder_op *op, const struct larder_reply *reply,
                                             size_t nth)
{
    (void)nth;
    return answer_flag(op, reply, LARDER_MISS);
}

static enum larder_status answer_one_or_lost(struct larder_op *op, const struct larder_reply *reply,
                                             size_t nth)
{
    (void)nth;
    return answer_flag(op, reply, LARDER_E_LOST);
}

static enum larder_status answer_status(struct larder_op *op, const struct larder_reply *reply,
                                        size_t nth)
{
    (void)nth;
    if (reply->kind != LARDER_REPLY_STATUS) {
        return LARDER_E_PROTOCOL;
    }
    larder_op_answer(op, LARDER_OK);
    return LARDER_OK;
}

static enum larder_status answer_set(struct larder_op *op, const struct larder_reply *reply,
                                     size_t nth)
{
    return op->versions != NULL ? answer_one_or_miss(op, reply, nth)
                                : answer_status(op, reply, nth);
}

/* What is there: its length in 4 bytes, and its head. */
static enum larder_status answer_add(struct larder_op *op, const struct larder_reply *reply,
                                     size_t nth)
{
    enum { LENGTH_BYTES = 4 };
    if (reply->kind != LARDER_REPLY_BULK) {
        return answer_one_or_miss(op, reply, nth);
    }
    if (reply->len < LENGTH_BYTES) {
        return LARDER_E_PROTOCOL;
    }
    const uint8_t *bytes = (const uint8_t *)reply->text;
    for (size_t i = 0; i < LENGTH_BYTES; i++) {
        op->number = op->number << 8 | bytes[i];
    }
    if (op->sink != NULL) {
        op->sink(op, bytes + LENGTH_BYTES, reply->len - LENGTH_BYTES);
    }
    larder_op_answer(op, LARDER_DENIED);
    return LARDER_OK;
}

/* Nothing was there, or what was there has been taken over. */
static enum larder_status answer_claim(struct larder_op *op, const struct larder_reply *reply,
                                       size_t nth)
{
    enum larder_reply_kind won =
        op->kind == LARDER_OP_CLAIM ? LARDER_REPLY_NIL : LARDER_REPLY_STATUS;
    if (reply->kind == won) {
        larder_op_win(op);
        return LARDER_OK;
    }
    if (reply->kind != LARDER_REPLY_BULK) {
        return answer_get(op, reply, nth);
    }
    larder_entry_found(op, (const uint8_t *)reply->text, reply->len);
    return LARDER_OK;
}

/* First what is there, then whether it was. Meanwhile `number` tells that it is no entry. */
static enum larder_status answer_delete(struct larder_op *op, const struct larder_reply *reply,
                                        size_t nth)
{
    if (nth == 0) {
        op->number = larder_envelope_form((const uint8_t *)reply->text, reply->len) != 0;
        return reply->kind == LARDER_REPLY_BULK ? LARDER_OK : LARDER_E_PROTOCOL;
    }
    bool none = op->number != 0;
    op->number = 0;
    enum larder_status status = answer_flag(op, reply, LARDER_MISS);
    if (status == LARDER_OK && none) {
        larder_op_answer(op, LARDER_MISS);
    }
    return status;
}

static enum larder_status answer_exists(struct larder_op *op, const struct larder_reply *reply,
                                        size_t nth)
{
    const uint8_t *bytes = (const uint8_t *)reply->text;
    (void)nth;
    if (reply->kind != LARDER_REPLY_BULK) {
        return LARDER_E_PROTOCOL;
    }
    bool mark = larder_entry_is_mark(bytes, reply->len);
    enum larder_status none = mark ? LARDER_ABSENT : LARDER_MISS;
    larder_op_answer(op, larder_entry_is_one(bytes, reply->len) ? LARDER_OK : none);
    return LARDER_OK;
}

/* First how long, then whether it is an entry at all. */
static enum larder_status answer_ttl(struct larder_op *op, const struct larder_reply *reply,
                                     size_t nth)
{
    if (nth == 0) {
        op->number = reply->integer;
        bool sound = reply->kind == LARDER_REPLY_INTEGER && reply->integer >= -2;
        return sound ? LARDER_OK : LARDER_E_PROTOCOL;
    }
    if (reply->kind != LARDER_REPLY_BULK) {
        return LARDER_E_PROTOCOL;
    }
    bool there = op->number != -2 && larder_entry_is_one((const uint8_t *)reply->text, reply->len);
    op->number = there ? op->number : 0;
    larder_op_answer(op, there ? LARDER_OK : LARDER_MISS);
    return LARDER_OK;
}

/* First the whole length, which the sink may want to know, then the head. */
static enum larder_status answer_head(struct larder_op *op, const struct larder_reply *reply,
                                      size_t nth)
{
    if (nth == 0) {
        op->number = reply->integer;
        bool sound = reply->kind == LARDER_REPLY_INTEGER && reply->integer >= 0;
        return sound ? LARDER_OK : LARDER_E_PROTOCOL;
    }
    if (reply->kind != LARDER_REPLY_BULK) {
        return LARDER_E_PROTOCOL;
    }
    if (reply->len == 0) {
        op->number = 0;
        larder_op_answer(op, LARDER_MISS);
        return LARDER_OK;
    }
    /* Another may have stored a longer one in between. */
    op->number = op->number < (int64_t)reply->len ? (int64_t)reply->len : op->number;
    return answer_get(op, reply, nth);
}

static enum larder_status answer_time(struct larder_op *op, const struct larder_reply *reply,
                                      size_t nth)
{
    (void)nth;
    if (reply->kind != LARDER_REPLY_INTEGER || reply->integer <= 0 ||
        reply->integer >= LARDER_ENVELOPE_FOREVER_MS) {
        return LARDER_E_PROTOCOL;
    }
    op->number = reply->integer;
    larder_op_answer(op, LARDER_OK);
    return LARDER_OK;
}

static enum larder_status answer_scan(struct larder_op *op, const struct larder_reply *reply,
                                      size_t nth)
{
    return reply->kind == LARDER_REPLY_BULK ? answer_get(op, reply, nth) : LARDER_E_PROTOCOL;
}

/* What a key of another type than a string answers. */
enum foreign {
    FOREIGN_NEVER, /* its commands do not ask for the type, or see to it themselves */
    FOREIGN_MISS,
    FOREIGN_DENIED
};

struct command {
    bool (*append)(struct larder_buffer *out, const struct larder_op *op, bool whole);
    enum larder_status (*answer)(struct larder_op *op, const struct larder_reply *reply,
                                 size_t nth);
    size_t replies;
    enum foreign foreign;
    bool last_counts; /* an error in place of the first of two replies says nothing */
};

static const struct command commands[] = {
    [LARDER_OP_GET] = {append_get, answer_get, 1, FOREIGN_MISS, false},
    [LARDER_OP_SET] = {append_set, answer_set, 1, FOREIGN_NEVER, false},
    [LARDER_OP_ADD] = {larder_redis_eval_store, answer_add, 1, FOREIGN_DENIED, false},
    [LARDER_OP_REPLACE] = {larder_redis_eval_store, answer_one_or_miss, 1, FOREIGN_NEVER, false},
    [LARDER_OP_DELETE] = {append_delete, answer_delete, 2, FOREIGN_NEVER, true},
    [LARDER_OP_EXISTS] = {append_exists, answer_exists, 1, FOREIGN_MISS, false},
    [LARDER_OP_TTL] = {append_ttl, answer_ttl, 2, FOREIGN_MISS, false},
    [LARDER_OP_EXPIRE] = {larder_redis_eval_expire, answer_one_or_miss, 1, FOREIGN_NEVER, false},
    [LARDER_OP_PING] = {append_ping, answer_status, 1, FOREIGN_NEVER, false},
    [LARDER_OP_SCAN] = {append_scan, answer_scan, 1, FOREIGN_NEVER, false},
    [LARDER_OP_RENEW] = {append_renew, answer_get, 1, FOREIGN_MISS, false},
    [LARDER_OP_HEAD] = {append_head, answer_head, 2, FOREIGN_MISS, false},
    [LARDER_OP_CLAIM] = {append_claim, answer_claim, 1, FOREIGN_MISS, false},
    [LARDER_OP_TAKE] = {larder_redis_eval_take, answer_claim, 1, FOREIGN_MISS, false},
    [LARDER_OP_FILL] = {larder_redis_eval_fill, answer_one_or_lost, 1, FOREIGN_NEVER, false},
    [LARDER_OP_RELEASE] = {larder_redis_eval_release, answer_one_or_lost, 1, FOREIGN_NEVER, false},
    [LARDER_OP_SOFTEN] = {larder_redis_eval_soften, answer_one_or_miss, 1, FOREIGN_NEVER, false},
    [LARDER_OP_BUMP] = {larder_redis_eval_bump, answer_one_or_miss, 1, FOREIGN_NEVER, false},
    [LARDER_OP_TIME] = {larder_redis_eval_time, answer_time, 1, FOREIGN_NEVER, false},
};

bool larder_redis_append(struct larder_buffer *out, const struct larder_op *op, bool whole)
{
    return commands[op->kind].append(out, op, whole);
}

enum larder_status larder_redis_answer(struct larder_op *op, const struct larder_reply *reply,
                                       size_t nth)
{
    return commands[op->kind].answer(op, reply, nth);
}

size_t larder_redis_replies(const struct larder_op *op)
{
    return commands[op->kind].replies;
}

bool larder_redis_ignores_error(const struct larder_op *op, size_t nth)
{
    return commands[op->kind].last_counts && nth + 1 < commands[op->kind].replies;
}

bool larder_redis_foreign(const struct larder_op *op, enum larder_status *ret_status)
{
    enum foreign foreign = commands[op->kind].foreign;
    *ret_status = foreign == FOREIGN_DENIED ? LARDER_DENIED : LARDER_MISS;
    return foreign != FOREIGN_NEVER;
}
