/* SPDX-License-Identifier: MIT */
/*
 * What the operations that are scripts say to Redis (backend/redis_scripts.h). What their
 * answers mean is in redis_command.c, as for all others.
 *
 * `whole`: with the script's text, where the server has not got it; else with its name.
 * Threads: any; nothing is kept. False: as larder_buffer_append.
 */
#ifndef LARDER_BACKEND_REDIS_EVAL_H
#define LARDER_BACKEND_REDIS_EVAL_H

#include "backend/backend.h"
#include "base/bytes.h"

bool larder_redis_eval_store(struct larder_buffer *out, const struct larder_op *op, bool whole);
bool larder_redis_eval_take(struct larder_buffer *out, const struct larder_op *op, bool whole);
bool larder_redis_eval_fill(struct larder_buffer *out, const struct larder_op *op, bool whole);
bool larder_redis_eval_release(struct larder_buffer *out, const struct larder_op *op, bool whole);
bool larder_redis_eval_soften(struct larder_buffer *out, const struct larder_op *op, bool whole);
bool larder_redis_eval_expire(struct larder_buffer *out, const struct larder_op *op, bool whole);
bool larder_redis_eval_bump(struct larder_buffer *out, const struct larder_op *op, bool whole);
bool larder_redis_eval_renew(struct larder_buffer *out, const struct larder_op *op, bool whole);
bool larder_redis_eval_time(struct larder_buffer *out, const struct larder_op *op, bool whole);

#endif
