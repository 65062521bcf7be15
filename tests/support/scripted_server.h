/* SPDX-License-Identifier: MIT */
/*
 * A server that says what a test wants it to say: canned bytes for replies
 * that no honest server gives.
 *
 *     static const struct scripted_step steps[] = {
 *         SCRIPTED_AWAIT,                 (wait until the client has sent something)
 *         SCRIPTED_SEND("+OK\r\n"),
 *         SCRIPTED_DRIP("$400\r\nxxxx", 10),
 *         SCRIPTED_HOLD,                  (until the client hangs up)
 *     };
 *     struct scripted_server *server = scripted_server_start(steps, 4);
 *     ... scripted_server_port(server) ...
 *     scripted_server_stop(server);
 *
 * One thread serves one connection after the other; each runs the script from
 * its start and is closed at its end. scripted_server_next gives later
 * connections another script.
 */
#ifndef TESTS_SUPPORT_SCRIPTED_SERVER_H
#define TESTS_SUPPORT_SCRIPTED_SERVER_H

#include <stddef.h>

enum scripted_act {
    SCRIPTED_ACT_END,   /* of the script; so that rows of a table may have room left */
    SCRIPTED_ACT_AWAIT, /* until something was received; takes all there is */
    SCRIPTED_ACT_SEND,
    SCRIPTED_ACT_DRIP,   /* a byte each interval_ms */
    SCRIPTED_ACT_REPEAT, /* the bytes again and again, until the client hangs up */
    SCRIPTED_ACT_HOLD,   /* says nothing until the client hangs up */
    SCRIPTED_ACT_RESET,  /* closes with RST */
    SCRIPTED_ACT_EXPECT, /* one command whose words begin with these bytes, blank-separated; an
                            end of the script for this connection if it is another */
    SCRIPTED_ACT_SLEEP,  /* for interval_ms */
    SCRIPTED_ACT_AGAIN   /* from step number `len` on */
};

struct scripted_step {
    enum scripted_act act;
    const char *bytes;
    size_t len;
    int interval_ms;
};

/* clang-format off */
#define SCRIPTED_AWAIT {.act = SCRIPTED_ACT_AWAIT}
#define SCRIPTED_SEND(text) {.act = SCRIPTED_ACT_SEND, .bytes = (text), .len = sizeof(text) - 1}
#define SCRIPTED_DRIP(text, ms) {.act = SCRIPTED_ACT_DRIP, .bytes = (text), .len = sizeof(text) - 1, .interval_ms = (ms)}
#define SCRIPTED_REPEAT(text) {.act = SCRIPTED_ACT_REPEAT, .bytes = (text), .len = sizeof(text) - 1}
#define SCRIPTED_HOLD {.act = SCRIPTED_ACT_HOLD}
#define SCRIPTED_RESET {.act = SCRIPTED_ACT_RESET}
#define SCRIPTED_EXPECT(words) {.act = SCRIPTED_ACT_EXPECT, .bytes = (words), .len = sizeof(words) - 1}
/* clang-format on */

struct scripted_server;

/* The steps must outlive the server. NULL: no socket, no thread or no memory. */
struct scripted_server *scripted_server_start(const struct scripted_step *steps, size_t count);
/* NULL is fine. */
void scripted_server_stop(struct scripted_server *server);

/* Another script for connections from the n-th on, counted from 0. */
void scripted_server_next(struct scripted_server *server, int n, const struct scripted_step *steps,
                          size_t count);

int scripted_server_port(const struct scripted_server *server);
/* How many connections were accepted so far. */
int scripted_server_connections(const struct scripted_server *server);
/* How often these bytes were received; of what came first, 64 KiB in all. */
size_t scripted_server_heard(struct scripted_server *server, const char *bytes, size_t len);
/* Copies what was met first in place of what was expected; empty: nothing. */
void scripted_server_unexpected(struct scripted_server *server, char *ret_words, size_t size);

#endif
