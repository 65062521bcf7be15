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

/* Appends an operation's commands. False: as larder_buffer_append. */
bool larder_redis_append(struct larder_buffer *out, const struct larder_op *op);

/* Several GETs of one key each are one MGET. */
extern const struct larder_merge larder_redis_merged_get;

/* How many replies they have, 1 or 2. */
size_t larder_redis_replies(const struct larder_op *op);

/* Answers the operation, from a reply that is no error; of two the last counts. OK;
 * E_PROTOCOL: none that its command can have. */
enum larder_status larder_redis_answer(struct larder_op *op, const struct larder_reply *reply);

#endif
