/* SPDX-License-Identifier: MIT */
#include "backend/redis_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    NUMBER_BYTES = 24,
    WORDS_MAX = 6,
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

static bool append_get(struct larder_buffer *out, const struct larder_op *op)
{
    return APPEND_KEY_COMMAND(out, GET_HEAD, op);
}

static size_t mget_head(size_t count, char ret_head[LARDER_MERGE_HEAD_BYTES])
{
    int len = snprintf(ret_head, LARDER_MERGE_HEAD_BYTES, "*%zu\r\n$4\r\nMGET\r\n", count + 1);
    return (size_t)len;
}

const struct larder_merge larder_redis_merged_get = {.head_len = sizeof GET_HEAD - 1,
                                                     .head = mget_head};

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

bool larder_redis_append(struct larder_buffer *out, const struct larder_op *op)
{
    return commands[op->kind].append(out, op);
}

enum larder_status larder_redis_answer(struct larder_op *op, const struct larder_reply *reply)
{
    return commands[op->kind].answer(op, reply);
}

size_t larder_redis_replies(const struct larder_op *op)
{
    return op->kind == LARDER_OP_EXPIRE && op->ttl_ms == 0 ? 2 : 1;
}
