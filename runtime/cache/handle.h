/* SPDX-License-Identifier: MIT */
/*
 * What an open cache is. Made and freed by client/, used by cache/.
 *
 * Threads: constant after open, but for what an entity's state counts and
 * learns (atomics), the flights (their own locks) and the backend (its own).
 */
#ifndef LARDER_CACHE_HANDLE_H
#define LARDER_CACHE_HANDLE_H

#include "backend/backend.h"
#include "cache/flight.h"
#include "cache/guesses.h"
#include "cache/lease.h"
#include "cache/load_gate.h"
#include "cache/versions.h"
#include "cache/worker.h"
#include "codec/block.h"
#include "codec/compress.h"
#include "observe/counters.h"

enum { LARDER_PREFIX_MAX = 255 }; /* bytes of the keys' prefix */

/* The resolved and the learned of one entity, at entity->index. */
struct larder_entity_state {
    struct larder_counters counters;
    uint64_t seed;  /* of its envelopes' fingerprints */
    int64_t ttl_ms; /* 1..2^53, 0: no expiry */
    struct larder_value_hint hint;
    const struct larder_index *const *indexes; /* that lead to its values */
    size_t index_count;
    struct larder_lease lease;
    const struct larder_policy *policy; /* never NULL: one of zeroes, where there is none */
    struct larder_entity_versions versions;
    void (*tags)(const void *value, struct larder_tags *tags); /* NULL: values have none */
    bool is_versioned; /* its values carry as_of: something invalidates many of them at once */
    bool is_timed;     /* its values carry until when they are fresh */
    atomic_bool
        tagged; /* a loader has added tags: claims ask for the clock as if it were versioned */
    atomic_bool
        looks; /* reads are looks (cache/sight.h): policies ask for it, or such a value was met */
    struct larder_guesses *guesses; /* of its values' tags; NULL: none are kept */
    enum larder_codec compress;     /* what is written; NONE: as it is */
    size_t compress_above;          /* of bodies of more bytes than this */
    atomic_size_t last_large;       /* bytes of the value that was read last; 0: it was not large */
    atomic_size_t expected;   /* bytes of those that are read, as far as they are alike; else 0 */
    atomic_bool reloads;      /* there is a loader: one load to know */
    larder_load_fn *reloader; /* under the worker's lock, as is the next; NULL: none */
    struct larder_call_head reloader_head;
    atomic_int_fast64_t
        alarm_ns; /* no line about foreign keys before this (monotonic); 0: none yet */
};

struct larder_cache {
    const struct larder_service *service;
    struct larder_allocator allocator; /* copies of config's tables, or the built-in ones */
    struct larder_clock clock;
    struct larder_log log;
    struct larder_backend_env env; /* points at the three; env.log NULL: no log */
    struct larder_backend *backend;
    struct larder_tls *tls; /* of its connections; NULL: none */
    struct larder_flights flights;
    struct larder_load_gate loads;
    struct larder_compressor compressor;
    struct larder_worker worker;
    struct larder_version_names versions;
    int64_t version_ttl_ms;                       /* how long versions stay; 0: for ever */
    int64_t version_redelete_ms;                  /* after which each is raised again; 0: never */
    _Atomic(struct larder_clearing *) unfinished; /* ran out of time (delete_all.h); NULL: none */
    int64_t timeout_ms;
    size_t prefix_len;
    char prefix[LARDER_PREFIX_MAX + 1];
    struct larder_entity_state *states; /* service->entity_count, on cache lines */
    void *states_block;                 /* what they were allocated as */
};

static inline struct larder_entity_state *larder_state_of(const struct larder_cache *cache,
                                                          const struct larder_entity *entity)
{
    return &cache->states[entity->index];
}

#endif
