/* SPDX-License-Identifier: MIT */
/*
 * One run of a loader, and what it says through its struct larder_load.
 */
#ifndef LARDER_CACHE_LOADER_H
#define LARDER_CACHE_LOADER_H

#include <stddef.h>

#include "cache/handle.h"

enum { LARDER_LOAD_ROOM_BYTES = 1024 };

struct larder_load_block;

struct larder_load {
    const struct larder_allocator *allocator;
    struct larder_load_block *blocks; /* what did not fit into room */
    int64_t ttl_ms;
    bool skip;
    bool is_private; /* for the caller alone: neither stored nor shared */
    bool bad_ttl;
    const void *previous;    /* the value that is to be replaced; borrowed; NULL: none */
    struct larder_tags tags; /* those that the loader adds */
    int64_t cost_ms;         /* how long it ran */
    size_t room_used;
    _Alignas(max_align_t) unsigned char room[LARDER_LOAD_ROOM_BYTES];
};

void larder_load_init(struct larder_load *load, const struct larder_cache *cache,
                      const void *previous);
/* What a loader's answer means: OK and ABSENT, else E_LOADER, noted. */
enum larder_status larder_load_judge(const struct larder_load *load,
                                     const struct larder_entity *entity, enum larder_status status);

/* What it gives is for the caller of this run alone: another's key came out of it. */
void larder_load_private(struct larder_load *load);
/* Gives the loader's memory back. */
void larder_load_release(struct larder_load *load);

/* Runs the loader on a zeroed value with the defaults in, when it is its turn
 * (cache/load_gate.h), and judges what it answers: OK and ABSENT, else E_LOADER or
 * E_NOMEM, noted. *ret_out is of the load's memory. */
enum larder_status larder_load_run(struct larder_load *load, struct larder_cache *cache,
                                   const struct larder_entity *entity, larder_load_fn *run,
                                   const void *call, void **ret_out);

#endif
