/* SPDX-License-Identifier: MIT */
/*
 * Values kept in this process while the server is away; see cache/away.h.
 *
 * Threads: all functions from any thread. Emptied is one relaxed load.
 */
#ifndef LARDER_CACHE_FALLBACK_H
#define LARDER_CACHE_FALLBACK_H

#include <stdatomic.h>

#include "backend/backend.h"
#include "store/store.h"

/* Caller's storage; zeroed: there is none. */
struct larder_fallback {
    struct larder_store *store; /* NULL: none */
    atomic_bool used;           /* there may be something in it */
};

/* False: out of memory. */
bool larder_fallback_init(struct larder_fallback *fallback,
                          const struct larder_allocator *allocator, size_t max_bytes);
void larder_fallback_release(struct larder_fallback *fallback);

static inline bool larder_fallback_is_used(const struct larder_fallback *fallback)
{
    return atomic_load_explicit(&fallback->used, memory_order_relaxed);
}

/* Keeps the value of a SET or FILL, for its lifetime but no longer than the bound. */
void larder_fallback_keep(struct larder_fallback *fallback, const struct larder_op *op,
                          int64_t now_ns);
void larder_fallback_drop(struct larder_fallback *fallback, const struct larder_op *op,
                          int64_t now_ns);
/* Answers what reads: GET RENEW HEAD CLAIM TAKE EXISTS TTL. False: there is nothing, its answer
 * stands. */
bool larder_fallback_answer(struct larder_fallback *fallback, struct larder_op *op, int64_t now_ns);
/* Drops all. */
void larder_fallback_empty(struct larder_fallback *fallback);

/* Around fork(), as the store's; without a fallback nothing. */
void larder_fallback_hold(struct larder_fallback *fallback);
void larder_fallback_let_go(struct larder_fallback *fallback);

#endif
