/* SPDX-License-Identifier: MIT */
/*
 * The address of a server as one line.
 *
 *     redis://[user[:password]@]host[:port][/db]
 *     rediss://…                                    the same, and TLS
 *     unix://[user[:password]@]/path[?db=n]
 *
 * Strict: percent-encoding is undone in user, password and path; an IPv6
 * address stands in brackets; whatever this does not read (a query, a
 * fragment, a second @) is an error, so that nothing that somebody
 * wrote is ignored.
 * Threads: no state.
 */
#ifndef LARDER_CLIENT_URL_H
#define LARDER_CLIENT_URL_H

#include <stdbool.h>

enum { LARDER_UNIX_PATH_MAX = 107 }; /* bytes that sun_path takes before its NUL */

/* Pointers into the text that was parsed; NULL, 0 or false: not said. */
struct larder_url {
    const char *host;
    const char *unix_path;
    const char *username;
    const char *password; /* "" when it was said to be empty */
    int port;
    int db;
    bool has_db;
    bool tls;
};

/* Takes the text apart in place. NULL: done; else what is wrong, without a
 * word of the text. */
const char *larder_url_parse(char *text, struct larder_url *ret_url);

#endif
