/* SPDX-License-Identifier: MIT */
#include "hiredis_peer.h"

#include <stdio.h>

#include "depot.h"

/* The format form. Nothing else may use it; people do, so the peer does. */
static void *(*const format_command)(redisContext *, const char *, ...) = redisCommand;

redisContext *hiredis_peer_open(const struct bench_options *options, bool over_unix_socket)
{
    redisContext *redis = over_unix_socket ? redisConnectUnix(options->socket)
                                           : redisConnect("127.0.0.1", options->port);
    if (redis == NULL || redis->err != 0) {
        bench_give_up("hiredis cannot connect");
    }
    return redis;
}

static redisReply *checked(redisReply *reply, int wanted_type)
{
    if (reply == NULL || reply->type != wanted_type) {
        bench_give_up("hiredis: no such reply");
    }
    return reply;
}

redisReply *hiredis_peer_call(redisContext *redis, int argc, const char **argv, const size_t *lens,
                              int wanted_type)
{
    return checked(redisCommandArgv(redis, argc, argv, lens), wanted_type);
}

redisReply *hiredis_peer_get_format(redisContext *redis, unsigned long long id)
{
    return checked(format_command(redis, "GET hand:blob:%llu", id), REDIS_REPLY_STRING);
}

void hiredis_peer_set(redisContext *redis, uint64_t id, size_t size)
{
    char key[DEPOT_KEY_SIZE];
    char ttl[24];
    const size_t ttl_len = (size_t)snprintf(ttl, sizeof ttl, "%d", DEPOT_TTL_MS);
    const char *argv[] = {"SET", key, (const char *)depot_bytes(), "PX", ttl};
    const size_t lens[] = {3, depot_hand_key(key, id), size, 2, ttl_len};
    freeReplyObject(hiredis_peer_call(redis, 5, argv, lens, REDIS_REPLY_STATUS));
}

void hiredis_peer_fill(redisContext *redis, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        hiredis_peer_set(redis, i, size);
    }
}
