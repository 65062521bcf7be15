/* SPDX-License-Identifier: MIT */
/*
 * What Redis does for us in one piece: Lua, by its name.
 *
 * DESIGN. What looks at an entry and changes it by what it saw is a script, sent as
 * EVALSHA with the SHA-1 of its text. A server that has not got the text (it was
 * restarted, told to forget it, or is another) says NOSCRIPT and has done nothing; the
 * text is then sent, once, by EVAL, and is known from there on. No script loops over more
 * than the keys it is given, and every key that it touches is among its KEYS.
 *
 * Where numbers stand in an entry comes from codec/envelope.h. Those of 64 bits are
 * handled in halves, since Lua's are doubles; times in ms are below 2^53.
 *
 * Threads: all functions from any thread.
 */
#ifndef LARDER_BACKEND_REDIS_SCRIPTS_H
#define LARDER_BACKEND_REDIS_SCRIPTS_H

#include <stddef.h>

enum larder_script {
    LARDER_SCRIPT_STORE, /* SET with versions, ADD, REPLACE */
    LARDER_SCRIPT_TAKE,
    LARDER_SCRIPT_FILL,
    LARDER_SCRIPT_RELEASE,
    LARDER_SCRIPT_SOFTEN,
    LARDER_SCRIPT_EXPIRE,
    LARDER_SCRIPT_BUMP,
    LARDER_SCRIPT_RENEW,
    LARDER_SCRIPT_TIME,
    LARDER_SCRIPT_COUNT
};

enum { LARDER_SCRIPT_NAME_BYTES = 40 };

/* Its text, terminated. */
const char *larder_script_text(enum larder_script which, size_t *ret_len);

/* Its name, LARDER_SCRIPT_NAME_BYTES of lower-case hex, not terminated. */
const char *larder_script_name(enum larder_script which);

#endif
