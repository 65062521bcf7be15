/* SPDX-License-Identifier: MIT */
/*
 * The table of what a server's errors mean, replies.def.
 */
#ifndef LARDER_NET_REPLIES_H
#define LARDER_NET_REPLIES_H

#include <stdbool.h>
#include <stddef.h>

#include <larder/status.h>

enum larder_reply_retry { LARDER_RETRY_NEVER, LARDER_RETRY_LATER, LARDER_RETRY_ELSEWHERE };
enum larder_reply_breaker { LARDER_BREAKER_NO, LARDER_BREAKER_YES, LARDER_BREAKER_WRITES };
enum larder_reply_then { LARDER_THEN_KEEP, LARDER_THEN_CLOSE };

struct larder_reply_class {
    const char *word; /* empty: an error that the table does not know */
    enum larder_status status;
    enum larder_reply_retry retry;
    enum larder_reply_breaker breaker;
    enum larder_reply_then then;
};

/* text: the error without its '-'. Never NULL. */
const struct larder_reply_class *larder_reply_classify(const char *text, size_t len);

/* Whether the class is the row of this word. */
bool larder_reply_is(const struct larder_reply_class *class, const char *word);

/* The error as it may be shown: printable, cut, and without the arguments that
 * servers quote back ("unknown command 'X', with args beginning with: …"),
 * which may be keys, values or a password. ret_text is terminated. */
void larder_reply_quote(const char *text, size_t len, char *ret_text, size_t size);

#endif
