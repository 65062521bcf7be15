/* SPDX-License-Identifier: MIT */
#include "net/reply_reader.h"

#include <string.h>

#include <hiredis/hiredis.h>

enum {
    LINE_BYTES_MAX = 64 * 1024, /* of a status, an error or a header */
    ANNOUNCED_DIGITS_MAX = 20,
    /* The parser's buffer is thrown away when it is empty and has more room than
     * this. What is received at once, doubled, must stay below: by hiredis's own
     * measure of 16 KB a new one would be paid for with every larger reply. */
    KEEP_BYTES = 256 * 1024
};

/* What the parser is given for an object: it only must not be NULL. */
static char token;

/* ------------------------------------------------- in place of hiredis's tree */

static void *refuse(struct larder_reply_reader *reader, enum larder_status status)
{
    reader->refused = status;
    return NULL;
}

static void *hand_over(const redisReadTask *task, const struct larder_reply *reply)
{
    struct larder_reply_reader *reader = task->privdata;
    const struct larder_exchange_table *table = reader->exchange->table;
    if (task->parent == NULL && reply->kind != LARDER_REPLY_ERROR &&
        table->elements(reader->exchange) != 0) {
        return refuse(reader, LARDER_E_PROTOCOL); /* an array was due */
    }
    enum larder_status status = table->take(reader->exchange, reply);
    if (status != LARDER_OK) {
        return refuse(reader, status);
    }
    if (task->parent != NULL && reader->elements_due > 0) {
        reader->elements_due--;
    }
    reader->taken = true;
    return &token;
}

static void *create_string(const redisReadTask *task, char *text, size_t len)
{
    struct larder_reply reply = {.text = text, .len = len};
    switch (task->type) {
    case REDIS_REPLY_STRING:
        reply.kind = LARDER_REPLY_BULK;
        break;
    case REDIS_REPLY_STATUS:
        reply.kind = LARDER_REPLY_STATUS;
        break;
    case REDIS_REPLY_ERROR:
        reply.kind = LARDER_REPLY_ERROR;
        break;
    default: /* a type of RESP3, that we never asked for */
        return refuse(task->privdata, LARDER_E_PROTOCOL);
    }
    return hand_over(task, &reply);
}

static void *create_integer(const redisReadTask *task, long long value)
{
    struct larder_reply reply = {.kind = LARDER_REPLY_INTEGER, .integer = value};
    return hand_over(task, &reply);
}

static void *create_nil(const redisReadTask *task)
{
    struct larder_reply reply = {.kind = LARDER_REPLY_NIL};
    return hand_over(task, &reply);
}

#if HIREDIS_MAJOR >= 1
static void *create_array(const redisReadTask *task, size_t count)
#else
static void *create_array(const redisReadTask *task, int count)
#endif
{
    struct larder_reply_reader *reader = task->privdata;
    size_t due = reader->exchange->table->elements(reader->exchange);
    if (task->type != REDIS_REPLY_ARRAY || task->parent != NULL || due == 0 ||
        (size_t)count != due) {
        return refuse(reader, LARDER_E_PROTOCOL);
    }
    reader->elements_due = due;
    return &token;
}

static void free_object(void *object)
{
    (void)object;
}

static redisReplyObjectFunctions functions = {
    .createString = create_string,
    .createArray = create_array,
    .createInteger = create_integer,
    .createNil = create_nil,
    .freeObject = free_object,
};

/* ------------------------------------------------------------- life cycle */

void larder_reply_reader_init(struct larder_reply_reader *reader, size_t max_bytes)
{
    *reader = (struct larder_reply_reader){.max_bytes = max_bytes};
}

void larder_reply_reader_release(struct larder_reply_reader *reader)
{
    larder_reply_reader_clear(reader);
}

void larder_reply_reader_clear(struct larder_reply_reader *reader)
{
    if (reader->hiredis != NULL) {
        redisReaderFree(reader->hiredis);
    }
    larder_reply_reader_init(reader, reader->max_bytes);
}

bool larder_reply_reader_is_between(const struct larder_reply_reader *reader)
{
    const redisReader *hiredis = reader->hiredis;
    return hiredis == NULL || (hiredis->ridx < 0 && hiredis->pos == hiredis->len);
}

/* ------------------------------------------------------------------- feed */

static enum larder_status stop(enum larder_status status, const char *why, const char **ret_why)
{
    *ret_why = why;
    return status;
}

/* The length that a bulk string's header announces; SIZE_MAX: a number too
 * large, or none (then hiredis will say so). */
static size_t announced_bytes(const char *digits, size_t len)
{
    size_t value = 0;
    if (len > ANNOUNCED_DIGITS_MAX) {
        return SIZE_MAX;
    }
    for (size_t i = 0; i < len && digits[i] >= '0' && digits[i] <= '9'; i++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (size_t)(digits[i] - '0'), &value)) {
            return SIZE_MAX;
        }
    }
    return value;
}

/* What the parser left over is the beginning of a line, or a bulk string's
 * header (behind its '$') and a part of its bytes: only the latter holds a
 * line's end. */
static enum larder_status check_rest(const struct larder_reply_reader *reader, const char **ret_why)
{
    const redisReader *hiredis = reader->hiredis;
    const char *rest = hiredis->buf + hiredis->pos;
    size_t len = hiredis->len - hiredis->pos;
    const char *end = memmem(rest, len < LINE_BYTES_MAX ? len : LINE_BYTES_MAX, "\r\n", 2);
    if (end == NULL) {
        return len < LINE_BYTES_MAX ? LARDER_OK
                                    : stop(LARDER_E_PROTOCOL, "a line without end", ret_why);
    }
    if (announced_bytes(rest, (size_t)(end - rest)) > reader->max_bytes) {
        return stop(LARDER_E_PROTOCOL, "a reply longer than the limit", ret_why);
    }
    return LARDER_OK;
}

static bool reader_start(struct larder_reply_reader *reader)
{
    if (reader->hiredis == NULL) {
        reader->hiredis = redisReaderCreateWithFunctions(&functions);
        if (reader->hiredis != NULL) {
            reader->hiredis->privdata = reader;
            reader->hiredis->maxbuf = KEEP_BYTES;
        }
    }
    return reader->hiredis != NULL;
}

/* The parser has failed: by our word, or by its own. */
static enum larder_status parser_failure(const struct larder_reply_reader *reader,
                                         const char **ret_why)
{
    if (reader->refused != LARDER_OK) {
        return stop(reader->refused, "a reply of a shape that was not asked for", ret_why);
    }
    if (reader->hiredis->err == REDIS_ERR_OOM) {
        return stop(LARDER_E_NOMEM, "no memory for a reply", ret_why);
    }
    return stop(LARDER_E_PROTOCOL, "bytes that are not the protocol's", ret_why);
}

/* One whole reply. OK with *ret_whole false: its end is still to come. */
static enum larder_status read_one(struct larder_reply_reader *reader, bool *ret_whole,
                                   const char **ret_why)
{
    struct larder_exchange *exchange = reader->exchange;
    void *object = NULL;
    *ret_whole = false;
    if (redisReaderGetReply(reader->hiredis, &object) != REDIS_OK) {
        return parser_failure(reader, ret_why);
    }
    if (object == NULL) {
        return check_rest(reader, ret_why);
    }
    if (!reader->taken || reader->elements_due != 0) {
        return stop(LARDER_E_PROTOCOL, "a reply of a kind that was not asked for", ret_why);
    }
    reader->taken = false;
    larder_exchange_next(exchange);
    *ret_whole = true;
    return LARDER_OK;
}

enum larder_status larder_reply_reader_feed(struct larder_reply_reader *reader,
                                            struct larder_exchange *exchange, const char *bytes,
                                            size_t len, const char **ret_why)
{
    enum larder_status status = LARDER_OK;
    bool whole = true;
    *ret_why = "";
    if (!reader_start(reader) || redisReaderFeed(reader->hiredis, bytes, len) != REDIS_OK) {
        return stop(LARDER_E_NOMEM, "no memory for a reply", ret_why);
    }
    reader->exchange = exchange;
    while (status == LARDER_OK && whole && exchange->pending > 0) {
        status = read_one(reader, &whole, ret_why);
    }
    if (status == LARDER_OK && whole && reader->hiredis->pos != reader->hiredis->len) {
        return stop(LARDER_E_PROTOCOL, "more replies than commands", ret_why);
    }
    return status;
}
