/* SPDX-License-Identifier: MIT */
/*
 * A shard of the store: a table of chains, two queues, the ghosts. What the
 * drawing in store.h shows happens here.
 *
 * Threads: the caller holds the shard's mutex, but for init and release.
 */
#ifndef LARDER_STORE_SHARD_H
#define LARDER_STORE_SHARD_H

#include <pthread.h>

#include "store/store.h"

enum {
    LARDER_ENTRY_HITS_MAX = 3,
    LARDER_ALLOCATOR_SHARE = 16 /* what malloc adds to a block: its size and the rounding */
};

struct larder_queue;

struct larder_entry {
    struct larder_entry *chain;
    struct larder_entry *newer;
    struct larder_entry *older;
    struct larder_queue *queue;
    uint64_t hash;
    int64_t expires_ns;
    size_t value_len;
    size_t room; /* for key and value together */
    uint32_t key_len;
    uint8_t hits;
    unsigned char bytes[];
};

struct larder_queue {
    struct larder_entry *newest;
    struct larder_entry *oldest;
    size_t bytes;
    size_t max_bytes;
    uint32_t count;
};

/* A key that left small not long ago: a part of its hash and when, counted in departures. */
struct larder_ghost {
    uint32_t mark; /* 0: none */
    uint32_t departure;
};

struct larder_shard {
    pthread_mutex_t mutex;
    const struct larder_allocator *allocator;
    struct larder_entry **chains;
    struct larder_ghost *ghosts;
    size_t chain_mask;
    size_t ghost_mask;
    size_t sweep_at; /* the chain the next insertion looks at */
    struct larder_queue small;
    struct larder_queue main;
    uint32_t departures;
};

/* A key on its way to its entry. */
struct larder_lookup {
    const void *key;
    size_t key_len;
    uint64_t hash;
    int64_t now_ns;
};

/* bytes bounds all of it, itself included. False: out of memory; release it all the same. */
bool larder_shard_init(struct larder_shard *shard, const struct larder_allocator *allocator,
                       size_t bytes);
void larder_shard_release(struct larder_shard *shard);

/* The entry of a key, NULL when there is none; one past its time is dropped. */
struct larder_entry *larder_shard_find(struct larder_shard *shard,
                                       const struct larder_lookup *lookup);
void larder_shard_drop(struct larder_shard *shard, struct larder_entry *entry);

/* Shows a chain's entries that are not past their time; answers how many. */
size_t larder_shard_show(const struct larder_shard *shard, size_t chain, int64_t now_ns,
                         larder_store_walker *visit, void *user);

/* As larder_store_put. */
enum larder_status larder_shard_put(struct larder_shard *shard, enum larder_store_condition when,
                                    const struct larder_store_item *item,
                                    const struct larder_lookup *lookup);

#endif
