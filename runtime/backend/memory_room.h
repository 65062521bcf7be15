/* SPDX-License-Identifier: MIT */
/*
 * What is inside the memory backend, for its parts: memory.c reads and deletes,
 * memory_claims.c stores and claims, memory_versions.c keeps the clock and the versions.
 * Each function is one operation, in one piece by its shard's lock.
 *
 * Versions are several entries, in shards of their own: what changes more than one of them,
 * or stores by what they say, holds `versions`, and takes shards' locks under it, one
 * after the other. The server's time is the cache's own monotonic clock, in ms.
 */
#ifndef LARDER_BACKEND_MEMORY_ROOM_H
#define LARDER_BACKEND_MEMORY_ROOM_H

#include <pthread.h>

#include "backend/backend.h"
#include "net/fork_hook.h"
#include "store/store.h"

struct larder_memory {
    struct larder_backend base;
    struct larder_backend_env env;
    struct larder_store *store;
    pthread_mutex_t versions;
    struct larder_fork_hook hook;
};

enum { LARDER_MEMORY_NS_A_MS = 1000000 };

/* A lifetime too long for the clock (292 years) ends just before "never". */
int64_t larder_memory_expires_ns(int64_t ttl_ms, int64_t now_ns);

typedef enum larder_status larder_memory_op(struct larder_memory *memory, struct larder_op *op,
                                            int64_t now_ns);

/* memory_claims.c */
larder_memory_op larder_memory_store; /* SET, ADD, REPLACE */
larder_memory_op larder_memory_claim;
larder_memory_op larder_memory_take;
larder_memory_op larder_memory_fill;
larder_memory_op larder_memory_release;
larder_memory_op larder_memory_soften;
larder_memory_op larder_memory_expire;

/* memory_versions.c: `versions` is held in all of them. */
larder_memory_op larder_memory_bump;
/* The clock, made if there is none; each version stands. 0 is no clock. */
uint64_t larder_memory_stamp(struct larder_memory *memory, const struct larder_op *op,
                             int64_t now_ns);
/* Whether a FILL's versions still hold; each stands afterwards, if there is a clock. */
bool larder_memory_versions_hold(struct larder_memory *memory, const struct larder_op *op,
                                 int64_t now_ns);

#endif
