/* SPDX-License-Identifier: MIT */
/*
 * A Redis that follows a script: scripted_server, spoken to in text.
 *
 *     struct fakeredis *fake = fakeredis_start("GREET\n"
 *                                              "EXPECT GET thing:1\n"
 *                                              "SLEEP 20\n"
 *                                              "SEND -MOVED 1 10.0.0.1:6379\n"
 *                                              "CLOSE\n");
 *     ... fakeredis_port(fake) ...
 *     assert_string_equal(fakeredis_complaint(fake), "");
 *     fakeredis_stop(fake);
 *
 * A line is a step; each connection runs the script from its first line.
 *     GREET          answers what a client says at first: CLIENT SETNAME, INFO
 *     EXPECT WORDS   receives one command, which must begin with these words
 *     SEND TEXT      sends a line of RESP
 *     BULK TEXT      sends a bulk string
 *     SLEEP MS
 *     HOLD           says nothing until the client hangs up
 *     AGAIN          once more from the line behind GREET
 *     CLOSE, RESET   ends the connection, as the end of the script does
 */
#ifndef TESTS_SUPPORT_FAKEREDIS_H
#define TESTS_SUPPORT_FAKEREDIS_H

#include <stddef.h>

struct fakeredis;

/* NULL: a line that is none of these, or no socket, thread or memory. */
struct fakeredis *fakeredis_start(const char *script);
/* NULL is fine. */
void fakeredis_stop(struct fakeredis *fake);

int fakeredis_port(const struct fakeredis *fake);
int fakeredis_connections(const struct fakeredis *fake);
/* How many commands of this name were received, expected or not. */
size_t fakeredis_heard(struct fakeredis *fake, const char *name);
/* The first command that was not the expected one; empty: none. Valid until the next call. */
const char *fakeredis_complaint(struct fakeredis *fake);

#endif
