/* SPDX-License-Identifier: MIT */
/*
 * Invalidations, collected and then sent together.
 *
 * DESIGN. An event, a changed row and a batch of a transaction are the same thing: a
 * set of keys to delete and of versions to raise, each once. It is collected here
 * first, so that one call is one trip, and what a caller names twice is sent once.
 *
 *     items   in the order they came: a key's place in `bytes` and its entity,
 *             or the id of a version
 *     slots   an open-addressed table of items, by their hash
 *     bytes   the keys, behind each other
 *
 * What one call adds goes in whole or not at all: after a failure the newest items are
 * taken out again, newest first, which an open-addressed table allows without marks.
 *
 * It is sent in chunks of some thousand operations, the versions of a chunk by one of
 * them. What fails is journalled by the backend (cache/away.h), key by key and version
 * by version; so a batch that was sent has nothing left to remember.
 *
 * Threads: one at a time.
 */
#ifndef LARDER_CACHE_DROPS_H
#define LARDER_CACHE_DROPS_H

#include "base/bytes.h"
#include "cache/handle.h"

enum {
    LARDER_DROPS_ITEMS_MAX = 1000000,
    LARDER_DROPS_BYTES_MAX = 256 << 20 /* of keys */
};

#define LARDER_DROPS_VERSION UINT32_MAX /* in place of an entity */

struct larder_drops_item {
    uint64_t at;     /* of a key: where it begins in `bytes`; of a version: its id */
    uint32_t len;    /* of a key */
    uint32_t entity; /* its index, or LARDER_DROPS_VERSION */
};

struct larder_drops {
    struct larder_cache *cache;
    struct larder_buffer bytes;
    struct larder_drops_item *items;
    size_t count;
    size_t capacity;
    uint32_t *slots;   /* item + 1; 0: free */
    size_t slot_count; /* a power of two, at least twice the items; 0: none yet */
    size_t version_count;
};

/* Caller's storage. */
void larder_drops_init(struct larder_drops *drops, struct larder_cache *cache);
void larder_drops_release(struct larder_drops *drops);

/* OK; E_NOMEM, E_TOO_LARGE (it is full), noted: nothing was added. */
enum larder_status larder_drops_add_key(struct larder_drops *drops,
                                        const struct larder_entity *entity,
                                        const struct larder_key *key);
enum larder_status larder_drops_add_version(struct larder_drops *drops, uint64_t id);

/* Takes out all but the first `count` items. */
void larder_drops_cut(struct larder_drops *drops, size_t count);

/* Sends all and notes what came of it: outcome, error, counters. What is in stays. */
enum larder_status larder_drops_send(struct larder_drops *drops);

#endif
