/* SPDX-License-Identifier: MIT */
/*
 * What each operation says to Redis, and what its answer means.
 *
 * Threads: any; nothing is kept.
 */
#ifndef LARDER_BACKEND_REDIS_COMMAND_H
#define LARDER_BACKEND_REDIS_COMMAND_H

#include "backend/backend.h"
#include "base/bytes.h"
#include "net/exchange.h"

/* Appends an operation's commands; `whole`: a script with its text (redis_eval.h).
 * False: as larder_buffer_append. */
bool larder_redis_append(struct larder_buffer *out, const struct larder_op *op, bool whole);

/* Several GETs of one key each are one MGET. */
extern const struct larder_merge larder_redis_merged_get;

/* How many replies they have, 1 or 2. */
size_t larder_redis_replies(const struct larder_op *op);

/* Answers the operation, from its nth reply, counted from 0, that is no error; of two the last
 * counts. OK; E_PROTOCOL: none that its command can have. */
enum larder_status larder_redis_answer(struct larder_op *op, const struct larder_reply *reply,
                                       size_t nth);

/* Whether an error in place of the nth reply answers nothing: a later one will. */
bool larder_redis_ignores_error(const struct larder_op *op, size_t nth);

/* Whether a key of another type than a string is told as an error, and what it means. */
bool larder_redis_foreign(const struct larder_op *op, enum larder_status *ret_status);

#endif
