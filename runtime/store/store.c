/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "store/shard.h"

enum {
    SHARDS_MAX = 16,
    SHARD_MIN_BYTES = 16 << 20, /* a smaller store has fewer, so that large values fit */
};

struct larder_store {
    const struct larder_allocator *allocator;
    uint64_t seed;
    size_t shard_count; /* a power of two */
    struct larder_shard *shards;
};

/* ------------------------------------------------------------ life cycle */

static size_t choose_shard_count(size_t max_bytes)
{
    size_t n = max_bytes / SHARD_MIN_BYTES;
    size_t count = 1;
    while (count * 2 <= n && count < SHARDS_MAX) {
        count *= 2;
    }
    return count;
}

struct larder_store *larder_store_new(const struct larder_allocator *allocator, size_t max_bytes)
{
    struct larder_store *store = larder_alloc_zeroed(allocator, 1, sizeof *store);
    if (store == NULL) {
        return NULL;
    }
    size_t share = sizeof *store + LARDER_ALLOCATOR_SHARE;
    size_t count = choose_shard_count(max_bytes);
    bool ok = true;

    store->allocator = allocator;
    store->seed = larder_random64();
    store->shards = larder_alloc_zeroed(allocator, count, sizeof *store->shards);
    if (store->shards == NULL) {
        larder_free(allocator, store);
        return NULL;
    }
    store->shard_count = count;
    for (size_t i = 0; i < count; i++) {
        ok = larder_shard_init(&store->shards[i], allocator,
                               max_bytes > share ? (max_bytes - share) / count : 0) &&
             ok;
    }
    if (!ok) {
        larder_store_free(store);
        return NULL;
    }
    return store;
}

void larder_store_free(struct larder_store *store)
{
    if (store == NULL) {
        return;
    }
    for (size_t i = 0; i < store->shard_count; i++) {
        larder_shard_release(&store->shards[i]);
    }
    larder_free(store->allocator, store->shards);
    larder_free(store->allocator, store);
}

/* ------------------------------------------------------------------- use */

static struct larder_shard *shard_lock(struct larder_store *store, struct larder_lookup *lookup,
                                       const void *key, size_t key_len, int64_t now_ns)
{
    lookup->key = key;
    lookup->key_len = key_len;
    lookup->hash = larder_hash64(key, key_len, store->seed);
    lookup->now_ns = now_ns;
    /* The upper bits choose the shard, the lower ones the chain. */
    struct larder_shard *shard = &store->shards[(lookup->hash >> 56) & (store->shard_count - 1)];
    pthread_mutex_lock(&shard->mutex);
    return shard;
}

enum larder_status larder_store_put(struct larder_store *store, enum larder_store_condition when,
                                    const struct larder_store_item *item, int64_t now_ns)
{
    struct larder_lookup lookup;
    struct larder_shard *shard = shard_lock(store, &lookup, item->key, item->key_len, now_ns);
    enum larder_status status = larder_shard_put(shard, when, item, &lookup);
    pthread_mutex_unlock(&shard->mutex);
    return status;
}

static void count_use(struct larder_entry *entry)
{
    entry->hits = (uint8_t)(entry->hits + (entry->hits < LARDER_ENTRY_HITS_MAX));
}

bool larder_store_get(struct larder_store *store, const void *key, size_t key_len, int64_t now_ns,
                      larder_store_visitor *visit, void *user)
{
    struct larder_lookup lookup;
    struct larder_shard *shard = shard_lock(store, &lookup, key, key_len, now_ns);
    struct larder_entry *entry = larder_shard_find(shard, &lookup);
    if (entry != NULL) {
        count_use(entry);
        visit(user, entry->bytes + entry->key_len, entry->value_len);
    }
    pthread_mutex_unlock(&shard->mutex);
    return entry != NULL;
}

static enum larder_status change_locked(struct larder_shard *shard,
                                        const struct larder_lookup *lookup,
                                        larder_store_changer *change, void *user)
{
    struct larder_store_item item = {.key = lookup->key, .key_len = lookup->key_len};
    struct larder_store_entry seen = {.value = NULL};
    struct larder_entry *entry = larder_shard_find(shard, lookup);
    if (entry != NULL) {
        count_use(entry);
        seen = (struct larder_store_entry){.value = entry->bytes + entry->key_len,
                                           .len = entry->value_len,
                                           .expires_ns = entry->expires_ns};
    }
    switch (change(user, &seen, &item)) {
    case LARDER_STORE_PUT:
        return larder_shard_put(shard, LARDER_STORE_ALWAYS, &item, lookup);
    case LARDER_STORE_DROP:
        if (entry != NULL) {
            larder_shard_drop(shard, entry);
        }
        break;
    case LARDER_STORE_KEEP:
        if (entry != NULL) {
            entry->expires_ns = seen.expires_ns;
        }
        break;
    }
    return LARDER_OK;
}

enum larder_status larder_store_change(struct larder_store *store, const void *key, size_t key_len,
                                       int64_t now_ns, larder_store_changer *change, void *user)
{
    struct larder_lookup lookup;
    struct larder_shard *shard = shard_lock(store, &lookup, key, key_len, now_ns);
    enum larder_status status = change_locked(shard, &lookup, change, user);
    pthread_mutex_unlock(&shard->mutex);
    return status;
}

bool larder_store_delete(struct larder_store *store, const void *key, size_t key_len,
                         int64_t now_ns)
{
    struct larder_lookup lookup;
    struct larder_shard *shard = shard_lock(store, &lookup, key, key_len, now_ns);
    struct larder_entry *entry = larder_shard_find(shard, &lookup);
    bool found = entry != NULL;
    if (found) {
        larder_shard_drop(shard, entry);
    }
    pthread_mutex_unlock(&shard->mutex);
    return found;
}

bool larder_store_expiry(struct larder_store *store, const void *key, size_t key_len,
                         int64_t now_ns, int64_t *ret_expires_ns)
{
    struct larder_lookup lookup;
    struct larder_shard *shard = shard_lock(store, &lookup, key, key_len, now_ns);
    struct larder_entry *entry = larder_shard_find(shard, &lookup);
    *ret_expires_ns = entry != NULL ? entry->expires_ns : 0;
    pthread_mutex_unlock(&shard->mutex);
    return entry != NULL;
}

bool larder_store_set_expiry(struct larder_store *store, const void *key, size_t key_len,
                             int64_t now_ns, int64_t expires_ns)
{
    struct larder_lookup lookup;
    struct larder_shard *shard = shard_lock(store, &lookup, key, key_len, now_ns);
    struct larder_entry *entry = larder_shard_find(shard, &lookup);
    if (entry != NULL) {
        entry->expires_ns = expires_ns;
    }
    pthread_mutex_unlock(&shard->mutex);
    return entry != NULL;
}

static void drop_all(struct larder_shard *shard, const struct larder_queue *queue)
{
    while (queue->oldest != NULL) {
        larder_shard_drop(shard, queue->oldest);
    }
}

/* A place is a shard and one of its chains; tables never grow, so it stays what it is. */
uint64_t larder_store_walk(struct larder_store *store, uint64_t from, size_t count, int64_t now_ns,
                           larder_store_walker *visit, void *user)
{
    size_t chain = (size_t)(from & UINT32_MAX);
    size_t seen = 0;
    for (size_t i = (size_t)(from >> 32); i < store->shard_count; i++, chain = 0) {
        struct larder_shard *shard = &store->shards[i];
        pthread_mutex_lock(&shard->mutex);
        for (; chain <= shard->chain_mask && seen < count; chain++) {
            seen += larder_shard_show(shard, chain, now_ns, visit, user);
        }
        bool done = chain > shard->chain_mask;
        pthread_mutex_unlock(&shard->mutex);
        if (!done) {
            return (uint64_t)i << 32 | chain;
        }
    }
    return 0;
}

void larder_store_clear(struct larder_store *store)
{
    for (size_t i = 0; i < store->shard_count; i++) {
        struct larder_shard *shard = &store->shards[i];
        pthread_mutex_lock(&shard->mutex);
        drop_all(shard, &shard->small);
        drop_all(shard, &shard->main);
        pthread_mutex_unlock(&shard->mutex);
    }
}

/* ------------------------------------------------------------------ fork */

void larder_store_hold(struct larder_store *store)
{
    for (size_t i = 0; i < store->shard_count; i++) {
        pthread_mutex_lock(&store->shards[i].mutex);
    }
}

void larder_store_let_go(struct larder_store *store)
{
    for (size_t i = 0; i < store->shard_count; i++) {
        pthread_mutex_unlock(&store->shards[i].mutex);
    }
}

/* --------------------------------------------------------------- inspect */

void larder_store_stats(struct larder_store *store, struct larder_store_stats *ret_stats)
{
    *ret_stats = (struct larder_store_stats){0};
    for (size_t i = 0; i < store->shard_count; i++) {
        struct larder_shard *shard = &store->shards[i];
        pthread_mutex_lock(&shard->mutex);
        ret_stats->entries += (uint64_t)shard->small.count + shard->main.count;
        ret_stats->bytes += shard->small.bytes + shard->main.bytes;
        pthread_mutex_unlock(&shard->mutex);
    }
}
