/* SPDX-License-Identifier: MIT */
/*
 * The peer: the same typed cache as people write it by hand, over hiredis and
 * msgpack-c's object tree. Writing packs into a buffer that is kept; reading
 * unpacks into a tree and copies it, strings with strdup, into a struct that is
 * the caller's to free.
 *
 * It is written with care, checks types, and is given what a careful author
 * would use. It lacks what larder does besides (deadlines, threads, bounds,
 * fingerprints, counters).
 */
#ifndef LARDER_BENCH_HAND_WRITTEN_H
#define LARDER_BENCH_HAND_WRITTEN_H

#include <stdbool.h>

#include "whole_cache.h"

struct hand;

/* NULL: no connection. */
struct hand *hand_new(const char *host, int port);
void hand_free(struct hand *hand);

bool hand_set(struct hand *hand, const struct stall_product *p, long ttl_s);
/* redisCommand with a format, as in hiredis's own example. NULL: not there. */
struct stall_product *hand_get(struct hand *hand, uint64_t id);
/* redisCommandArgv, which spares the format. */
struct stall_product *hand_get_argv(struct hand *hand, uint64_t id);
/* One MGET, or count GETs in a pipeline. */
bool hand_get_many_mget(struct hand *hand, const uint64_t *ids, size_t count,
                        struct stall_product **ret_products);
bool hand_get_many_pipeline(struct hand *hand, const uint64_t *ids, size_t count,
                            struct stall_product **ret_products);
bool hand_set_many_pipeline(struct hand *hand, const struct stall_product *products, size_t count,
                            long ttl_s);
void hand_product_free(struct stall_product *p);

/* Bytes of a product as it stores it. */
size_t hand_size(struct hand *hand, const struct stall_product *p);

#endif
