/* SPDX-License-Identifier: MIT */
#include "net/handshake.h"

#include <stdio.h>
#include <string.h>

#include "net/replies.h"

enum step { STEP_AUTH, STEP_SELECT, STEP_NAME, STEP_INFO, STEP_END };

struct handshake {
    struct larder_exchange base;
    struct larder_conn *conn;
    enum step steps[STEP_END]; /* those that are made */
    size_t count;
    size_t at; /* whose reply is next */
};

enum { QUOTE_BYTES = 121, VERSION_BYTES = 32, WORDS_MAX = 3 };

/* ------------------------------------------------------------- what is sent */

static bool append_words(struct larder_buffer *out, size_t count, const char *const *words)
{
    size_t lens[WORDS_MAX];
    for (size_t i = 0; i < count; i++) {
        lens[i] = strlen(words[i]);
    }
    return larder_command_append(out, count, words, lens);
}

static bool append_step(const struct larder_address *address, enum step step,
                        struct larder_buffer *out)
{
    char db[16];
    const char *user = address->username;
    snprintf(db, sizeof db, "%d", address->db);
    const char *const user_auth[] = {"AUTH", user, address->password};
    const char *const auth[] = {"AUTH", address->password};
    const char *const select[] = {"SELECT", db};
    const char *const name[] = {"CLIENT", "SETNAME", address->client_name};
    const char *const info[] = {"INFO", "server"};
    switch (step) {
    case STEP_AUTH:
        return user != NULL ? append_words(out, 3, user_auth) : append_words(out, 2, auth);
    case STEP_SELECT:
        return append_words(out, 2, select);
    case STEP_NAME:
        return append_words(out, 3, name);
    case STEP_INFO:
        return append_words(out, 2, info);
    case STEP_END:
        break;
    }
    return true;
}

static bool fill(struct larder_exchange *exchange, struct larder_buffer *out)
{
    struct handshake *handshake = (struct handshake *)exchange;
    for (size_t i = 0; i < handshake->count; i++) {
        append_step(&handshake->conn->options->address, handshake->steps[i], out);
    }
    exchange->pending = handshake->count;
    return false;
}

static size_t elements(const struct larder_exchange *exchange)
{
    (void)exchange;
    return 0;
}

/* ---------------------------------------------------------- what is answered */

/* Copies the version behind `label` at a line's start; false: there is none. */
static bool find_version(const char *info, size_t len, const char *label, char *ret_version)
{
    size_t label_len = strlen(label);
    const char *at = memmem(info, len, label, label_len);
    size_t n = 0;
    if (at == NULL || (at != info && at[-1] != '\n')) {
        return false;
    }
    at += label_len;
    for (; at + n < info + len && n + 1 < VERSION_BYTES; n++) {
        bool part = (at[n] >= '0' && at[n] <= '9') || (at[n] >= 'a' && at[n] <= 'z') ||
                    at[n] == '.' || at[n] == '-';
        if (!part) {
            break;
        }
        ret_version[n] = at[n];
    }
    ret_version[n] = '\0';
    return n > 0;
}

/* Valkey says both: its own version, and the one of Redis it is compatible with. */
static void read_info(struct larder_conn *conn, const char *info, size_t len)
{
    char version[VERSION_BYTES];
    if (find_version(info, len, "valkey_version:", version)) {
        snprintf(conn->server, sizeof conn->server, "valkey %s", version);
    } else if (find_version(info, len, "redis_version:", version)) {
        snprintf(conn->server, sizeof conn->server, "redis %s", version);
    }
}

static enum larder_status fail(struct larder_conn *conn, enum larder_status status,
                               const char *command, const struct larder_reply *reply)
{
    char quote[QUOTE_BYTES];
    larder_reply_quote(reply->text, reply->len, quote, sizeof quote);
    snprintf(conn->why, sizeof conn->why, "%s: %s", command, quote);
    return status;
}

/* A refused AUTH is never passed over, whatever its words. */
static enum larder_status take_error(struct larder_conn *conn, enum step step,
                                     const struct larder_reply *reply)
{
    static const char *const names[] = {"AUTH", "SELECT", "CLIENT SETNAME", "INFO"};
    const struct larder_reply_class *class = larder_reply_classify(reply->text, reply->len);
    bool optional = step == STEP_NAME || step == STEP_INFO;
    if (optional && class->then == LARDER_THEN_KEEP) {
        return LARDER_OK;
    }
    bool plain = class->word[0] == '\0';
    return fail(conn, step == STEP_AUTH && plain ? LARDER_E_AUTH : class->status, names[step],
                reply);
}

static enum larder_status take(struct larder_exchange *exchange, const struct larder_reply *reply)
{
    struct handshake *handshake = (struct handshake *)exchange;
    enum step step = handshake->steps[handshake->at];
    if (reply->kind == LARDER_REPLY_ERROR) {
        return take_error(handshake->conn, step, reply);
    }
    if (step == STEP_INFO && reply->kind == LARDER_REPLY_BULK) {
        read_info(handshake->conn, reply->text, reply->len);
        return LARDER_OK;
    }
    bool fine = step != STEP_INFO && reply->kind == LARDER_REPLY_STATUS && reply->len == 2 &&
                memcmp(reply->text, "OK", 2) == 0;
    return fine ? LARDER_OK : LARDER_E_PROTOCOL;
}

static void next(struct larder_exchange *exchange)
{
    ((struct handshake *)exchange)->at++;
}

static const struct larder_exchange_table table = {
    .fill = fill, .elements = elements, .take = take, .next = next};

/* One round trip. */
static enum larder_status say(struct larder_conn *conn, struct handshake *handshake,
                              int64_t deadline_ns)
{
    handshake->base.table = &table;
    handshake->conn = conn;
    return larder_conn_run(conn, &handshake->base, deadline_ns);
}

static enum larder_status authenticate(struct larder_conn *conn, int64_t deadline_ns)
{
    struct handshake handshake = {.steps = {STEP_AUTH}, .count = 1};
    return say(conn, &handshake, deadline_ns);
}

/* Who is refused says nothing more, so AUTH has a round trip to itself. */
enum larder_status larder_handshake(struct larder_conn *conn, int64_t deadline_ns)
{
    const struct larder_address *address = &conn->options->address;
    struct handshake handshake = {.count = 0};
    enum larder_status status = LARDER_OK;
    conn->server[0] = '\0';
    if (address->password != NULL) {
        status = authenticate(conn, deadline_ns);
    }
    if (status != LARDER_OK) {
        return status;
    }
    if (address->db != 0) {
        handshake.steps[handshake.count++] = STEP_SELECT;
    }
    handshake.steps[handshake.count++] = STEP_NAME;
    handshake.steps[handshake.count++] = STEP_INFO;
    return say(conn, &handshake, deadline_ns);
}
