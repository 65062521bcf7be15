/* SPDX-License-Identifier: MIT */
/* The peer that is hiredis: a connection, and a call that gives up on any trouble. */
#ifndef LARDER_BENCH_HIREDIS_PEER_H
#define LARDER_BENCH_HIREDIS_PEER_H

#include <hiredis/hiredis.h>

#include "bench_options.h"

/* To the server's TCP port or its unix socket; hiredis sets TCP_NODELAY itself. */
redisContext *hiredis_peer_open(const struct bench_options *options, bool over_unix_socket);

/* redisCommandArgv. The reply, of the type wanted, is freed by freeReplyObject. */
redisReply *hiredis_peer_call(redisContext *redis, int argc, const char **argv, const size_t *lens,
                              int wanted_type);

/* redisCommand, the form with a format: as in hiredis's own example. */
redisReply *hiredis_peer_get_format(redisContext *redis, unsigned long long id);

/* SET of depot's bytes under the key by hand, with depot's lifetime in ms. */
void hiredis_peer_set(redisContext *redis, uint64_t id, size_t size);

/* Sets keys 0..count-1. */
void hiredis_peer_fill(redisContext *redis, size_t count, size_t size);

#endif
