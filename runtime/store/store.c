/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

enum {
    SHARDS_MAX = 16,
    SHARD_MIN_BYTES = 16 << 20, /* a smaller store has fewer, so that large values fit */
    BYTES_A_CHAIN = 256,        /* of bound: the table takes a 32nd */
    CHAINS_MIN = 16,
    ALLOCATOR_SHARE = 16, /* what malloc adds to a block: its size and the rounding */
    SMALL_PART = 10,      /* small's share is a tenth */
    HITS_MAX = 3,
    HITS_TO_STAY = 2,
    THAW_ODDS = 64,
    SECOND_CHANCES_MAX = 64, /* entries of main sent round again for one eviction */
    SWEEP_CHAINS = 2
};

struct queue;

struct entry {
    struct entry *chain;
    struct entry *newer;
    struct entry *older;
    struct queue *queue;
    uint64_t hash;
    int64_t expires_ns;
    size_t value_len;
    size_t room; /* for key and value together */
    uint32_t key_len;
    uint8_t hits;
    unsigned char bytes[];
};

struct queue {
    struct entry *newest;
    struct entry *oldest;
    size_t bytes;
    size_t max_bytes;
    uint32_t count;
};

/* A key that left small not long ago: a part of its hash and when, counted in departures. */
struct ghost {
    uint32_t mark; /* 0: none */
    uint32_t departure;
};

struct shard {
    pthread_mutex_t mutex;
    struct entry **chains;
    struct ghost *ghosts;
    size_t chain_mask;
    size_t ghost_mask;
    size_t sweep_at; /* the chain the next insertion looks at */
    struct queue small;
    struct queue main;
    uint32_t departures;
};

struct larder_store {
    const struct larder_allocator *allocator;
    uint64_t seed;
    size_t shard_count; /* a power of two */
    struct shard *shards;
};

/* A key on its way to its entry. */
struct lookup {
    const void *key;
    size_t key_len;
    uint64_t hash;
    int64_t now_ns;
};

/* ------------------------------------------------------------ life cycle */

static size_t power_of_two_below(size_t n)
{
    size_t power = 1;
    while (power <= n / 2) {
        power *= 2;
    }
    return power;
}

static size_t choose_shard_count(size_t max_bytes)
{
    size_t n = max_bytes / SHARD_MIN_BYTES;
    return n >= SHARDS_MAX ? SHARDS_MAX : n < 1 ? 1 : power_of_two_below(n);
}

static bool shard_init(struct shard *shard, const struct larder_allocator *allocator, size_t bytes)
{
    size_t chains = power_of_two_below(bytes / BYTES_A_CHAIN + 1);
    chains = chains < CHAINS_MIN ? CHAINS_MIN : chains;
    size_t ghosts = chains / 2;
    size_t fixed = sizeof *shard + chains * sizeof(struct entry *) + ghosts * sizeof(struct ghost) +
                   3 * ALLOCATOR_SHARE;
    size_t room = bytes > fixed ? bytes - fixed : 0;

    pthread_mutex_init(&shard->mutex, NULL);
    shard->chains = larder_alloc_zeroed(allocator, chains, sizeof(struct entry *));
    shard->ghosts = larder_alloc_zeroed(allocator, ghosts, sizeof(struct ghost));
    shard->chain_mask = chains - 1;
    shard->ghost_mask = ghosts - 1;
    shard->small.max_bytes = room / SMALL_PART;
    shard->main.max_bytes = room - room / SMALL_PART;
    return shard->chains != NULL && shard->ghosts != NULL;
}

struct larder_store *larder_store_new(const struct larder_allocator *allocator, size_t max_bytes)
{
    struct larder_store *store = larder_alloc_zeroed(allocator, 1, sizeof *store);
    if (store == NULL) {
        return NULL;
    }
    size_t share = sizeof *store + ALLOCATOR_SHARE;
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
        ok = shard_init(&store->shards[i], allocator,
                        max_bytes > share ? (max_bytes - share) / count : 0) &&
             ok;
    }
    if (!ok) {
        larder_store_free(store);
        return NULL;
    }
    return store;
}

static void queue_release(struct queue *queue, const struct larder_allocator *allocator)
{
    struct entry *entry = queue->oldest;
    while (entry != NULL) {
        struct entry *next = entry->newer;
        larder_free(allocator, entry);
        entry = next;
    }
}

void larder_store_free(struct larder_store *store)
{
    if (store == NULL) {
        return;
    }
    for (size_t i = 0; i < store->shard_count; i++) {
        struct shard *shard = &store->shards[i];
        queue_release(&shard->small, store->allocator);
        queue_release(&shard->main, store->allocator);
        larder_free(store->allocator, shard->chains);
        larder_free(store->allocator, shard->ghosts);
        pthread_mutex_destroy(&shard->mutex);
    }
    larder_free(store->allocator, store->shards);
    larder_free(store->allocator, store);
}

/* ---------------------------------------------------------------- queues */

static size_t entry_charge(const struct entry *entry)
{
    return sizeof *entry + entry->room + ALLOCATOR_SHARE;
}

static void queue_push(struct queue *queue, struct entry *entry)
{
    entry->queue = queue;
    entry->newer = NULL;
    entry->older = queue->newest;
    if (queue->newest != NULL) {
        queue->newest->newer = entry;
    } else {
        queue->oldest = entry;
    }
    queue->newest = entry;
    queue->bytes += entry_charge(entry);
    queue->count++;
}

static void queue_take(struct entry *entry)
{
    struct queue *queue = entry->queue;
    if (entry->newer != NULL) {
        entry->newer->older = entry->older;
    } else {
        queue->newest = entry->older;
    }
    if (entry->older != NULL) {
        entry->older->newer = entry->newer;
    } else {
        queue->oldest = entry->newer;
    }
    queue->bytes -= entry_charge(entry);
    queue->count--;
}

/* ---------------------------------------------------------------- chains */

static bool entry_expired(const struct entry *entry, int64_t now_ns)
{
    return entry->expires_ns <= now_ns;
}

static struct entry **chain_of(struct shard *shard, uint64_t hash)
{
    return &shard->chains[hash & shard->chain_mask];
}

static void entry_drop(struct larder_store *store, struct shard *shard, struct entry *entry)
{
    struct entry **at = chain_of(shard, entry->hash);
    while (*at != entry) {
        at = &(*at)->chain;
    }
    *at = entry->chain;
    queue_take(entry);
    larder_free(store->allocator, entry);
}

/* The entry of a key, NULL when there is none; one past its time is dropped. */
static struct entry *entry_find(struct larder_store *store, struct shard *shard,
                                const struct lookup *lookup)
{
    struct entry *entry = *chain_of(shard, lookup->hash);
    while (entry != NULL && !(entry->hash == lookup->hash && entry->key_len == lookup->key_len &&
                              memcmp(entry->bytes, lookup->key, lookup->key_len) == 0)) {
        entry = entry->chain;
    }
    if (entry != NULL && entry_expired(entry, lookup->now_ns)) {
        entry_drop(store, shard, entry);
        entry = NULL;
    }
    return entry;
}

/* A few chains a call, in turn, so that what nobody asks for goes too. */
static void shard_sweep(struct larder_store *store, struct shard *shard, int64_t now_ns)
{
    for (int i = 0; i < SWEEP_CHAINS; i++) {
        struct entry *entry = shard->chains[shard->sweep_at & shard->chain_mask];
        while (entry != NULL) {
            struct entry *next = entry->chain;
            if (entry_expired(entry, now_ns)) {
                entry_drop(store, shard, entry);
            }
            entry = next;
        }
        shard->sweep_at++;
    }
}

/* -------------------------------------------------------------- eviction */

static struct ghost *ghost_of(struct shard *shard, uint64_t hash)
{
    return &shard->ghosts[(hash >> 24) & shard->ghost_mask];
}

static uint32_t ghost_mark(uint64_t hash)
{
    return (uint32_t)hash | 1U;
}

static void ghost_remember(struct shard *shard, uint64_t hash)
{
    struct ghost *ghost = ghost_of(shard, hash);
    ghost->mark = ghost_mark(hash);
    ghost->departure = ++shard->departures;
}

/* Whether a key left small within as many departures as main has entries. */
static bool ghost_recall(struct shard *shard, uint64_t hash)
{
    struct ghost *ghost = ghost_of(shard, hash);
    bool found =
        ghost->mark == ghost_mark(hash) && shard->departures - ghost->departure < shard->main.count;
    if (found) {
        ghost->mark = 0;
    }
    return found;
}

/* Sends an entry that was asked for round again, for one of its hits; false: it was not. */
static bool second_chance(struct entry *entry, int64_t now_ns)
{
    if (entry->hits == 0 || entry_expired(entry, now_ns)) {
        return false;
    }
    struct queue *queue = entry->queue;
    entry->hits--;
    queue_take(entry);
    queue_push(queue, entry);
    return true;
}

static void main_make_room(struct larder_store *store, struct shard *shard, size_t bytes,
                           int64_t now_ns)
{
    struct queue *queue = &shard->main;
    int chances = SECOND_CHANCES_MAX;
    while (queue->oldest != NULL && queue->bytes + bytes > queue->max_bytes) {
        if (chances-- > 0 && second_chance(queue->oldest, now_ns)) {
            continue;
        }
        entry_drop(store, shard, queue->oldest);
    }
}

/* One look at main's oldest: drops it if it was not asked for. */
static bool main_yields(struct larder_store *store, struct shard *shard, int64_t now_ns)
{
    struct entry *oldest = shard->main.oldest;
    if (oldest != NULL && second_chance(oldest, now_ns)) {
        return false;
    }
    if (oldest != NULL) {
        entry_drop(store, shard, oldest);
    }
    return true;
}

static bool main_has_room(const struct shard *shard, size_t bytes)
{
    return shard->main.bytes + bytes <= shard->main.max_bytes;
}

static void small_evict(struct larder_store *store, struct shard *shard, int64_t now_ns)
{
    struct entry *entry = shard->small.oldest;
    size_t bytes = entry_charge(entry);
    bool keep = !entry_expired(entry, now_ns) &&
                (entry->hits >= HITS_TO_STAY || main_has_room(shard, bytes) ||
                 (larder_random64() % THAW_ODDS == 0 && main_yields(store, shard, now_ns)));
    if (keep) {
        main_make_room(store, shard, bytes, now_ns);
        queue_take(entry);
        entry->hits = 0;
        queue_push(&shard->main, entry);
        return;
    }
    ghost_remember(shard, entry->hash);
    entry_drop(store, shard, entry);
}

/* Chooses a newcomer's queue and makes room in it. What small could not hold
 * enters main. */
static struct queue *shard_admit(struct larder_store *store, struct shard *shard, uint64_t hash,
                                 size_t bytes, int64_t now_ns)
{
    if (main_has_room(shard, bytes) || bytes > shard->small.max_bytes ||
        (ghost_recall(shard, hash) && main_yields(store, shard, now_ns))) {
        main_make_room(store, shard, bytes, now_ns);
        return &shard->main;
    }
    while (shard->small.bytes + bytes > shard->small.max_bytes) {
        small_evict(store, shard, now_ns);
    }
    return &shard->small;
}

/* ------------------------------------------------------------------- use */

static struct shard *shard_lock(struct larder_store *store, struct lookup *lookup, const void *key,
                                size_t key_len, int64_t now_ns)
{
    lookup->key = key;
    lookup->key_len = key_len;
    lookup->hash = larder_hash64(key, key_len, store->seed);
    lookup->now_ns = now_ns;
    /* The upper bits choose the shard, the lower ones the chain. */
    struct shard *shard = &store->shards[(lookup->hash >> 56) & (store->shard_count - 1)];
    pthread_mutex_lock(&shard->mutex);
    return shard;
}

static void entry_set_value(struct entry *entry, const struct larder_store_item *item)
{
    if (item->value_len != 0) {
        memcpy(entry->bytes + entry->key_len, item->value, item->value_len);
    }
    entry->value_len = item->value_len;
    entry->expires_ns = item->expires_ns;
}

/* Overwrites where the new value fits and does not waste half of the room. */
static bool entry_overwrite(struct entry *entry, const struct larder_store_item *item)
{
    size_t need = item->key_len + item->value_len;
    if (need > entry->room || need < entry->room / 2) {
        return false;
    }
    entry_set_value(entry, item);
    return true;
}

static enum larder_status shard_insert(struct larder_store *store, struct shard *shard,
                                       const struct larder_store_item *item,
                                       const struct lookup *lookup)
{
    size_t room = item->key_len + item->value_len;
    size_t bytes = sizeof(struct entry) + room + ALLOCATOR_SHARE;
    struct queue *queue = shard_admit(store, shard, lookup->hash, bytes, lookup->now_ns);
    struct entry *entry = larder_alloc(store->allocator, sizeof *entry + room);
    if (entry == NULL) {
        return LARDER_E_NOMEM;
    }
    struct entry **chain = chain_of(shard, lookup->hash);
    *entry = (struct entry){
        .chain = *chain, .hash = lookup->hash, .room = room, .key_len = (uint32_t)item->key_len};
    if (item->key_len != 0) {
        memcpy(entry->bytes, item->key, item->key_len);
    }
    entry_set_value(entry, item);
    *chain = entry;
    queue_push(queue, entry);
    return LARDER_OK;
}

static bool shard_can_hold(const struct shard *shard, const struct larder_store_item *item)
{
    size_t max = shard->main.max_bytes;
    size_t head = sizeof(struct entry) + ALLOCATOR_SHARE;
    return item->key_len <= UINT32_MAX && item->key_len <= max && item->value_len <= max &&
           head + item->key_len + item->value_len <= max;
}

static enum larder_status shard_put(struct larder_store *store, struct shard *shard,
                                    enum larder_store_condition when,
                                    const struct larder_store_item *item,
                                    const struct lookup *lookup)
{
    struct entry *entry = entry_find(store, shard, lookup);
    if (entry != NULL && when == LARDER_STORE_IF_ABSENT) {
        return LARDER_DENIED;
    }
    if (entry == NULL && when == LARDER_STORE_IF_PRESENT) {
        return LARDER_MISS;
    }
    if (!shard_can_hold(shard, item)) {
        return LARDER_E_TOO_LARGE;
    }
    if (entry != NULL && entry_overwrite(entry, item)) {
        return LARDER_OK;
    }
    if (entry != NULL) {
        entry_drop(store, shard, entry); /* the bound has no room for both */
    }
    return shard_insert(store, shard, item, lookup);
}

enum larder_status larder_store_put(struct larder_store *store, enum larder_store_condition when,
                                    const struct larder_store_item *item, int64_t now_ns)
{
    struct lookup lookup;
    struct shard *shard = shard_lock(store, &lookup, item->key, item->key_len, now_ns);
    shard_sweep(store, shard, now_ns);
    enum larder_status status = shard_put(store, shard, when, item, &lookup);
    pthread_mutex_unlock(&shard->mutex);
    return status;
}

bool larder_store_get(struct larder_store *store, const void *key, size_t key_len, int64_t now_ns,
                      larder_store_visitor *visit, void *user)
{
    struct lookup lookup;
    struct shard *shard = shard_lock(store, &lookup, key, key_len, now_ns);
    struct entry *entry = entry_find(store, shard, &lookup);
    if (entry != NULL) {
        entry->hits = (uint8_t)(entry->hits + (entry->hits < HITS_MAX));
        visit(user, entry->bytes + entry->key_len, entry->value_len);
    }
    pthread_mutex_unlock(&shard->mutex);
    return entry != NULL;
}

bool larder_store_delete(struct larder_store *store, const void *key, size_t key_len,
                         int64_t now_ns)
{
    struct lookup lookup;
    struct shard *shard = shard_lock(store, &lookup, key, key_len, now_ns);
    struct entry *entry = entry_find(store, shard, &lookup);
    bool found = entry != NULL;
    if (found) {
        entry_drop(store, shard, entry);
    }
    pthread_mutex_unlock(&shard->mutex);
    return found;
}

bool larder_store_expiry(struct larder_store *store, const void *key, size_t key_len,
                         int64_t now_ns, int64_t *ret_expires_ns)
{
    struct lookup lookup;
    struct shard *shard = shard_lock(store, &lookup, key, key_len, now_ns);
    struct entry *entry = entry_find(store, shard, &lookup);
    *ret_expires_ns = entry != NULL ? entry->expires_ns : 0;
    pthread_mutex_unlock(&shard->mutex);
    return entry != NULL;
}

bool larder_store_set_expiry(struct larder_store *store, const void *key, size_t key_len,
                             int64_t now_ns, int64_t expires_ns)
{
    struct lookup lookup;
    struct shard *shard = shard_lock(store, &lookup, key, key_len, now_ns);
    struct entry *entry = entry_find(store, shard, &lookup);
    if (entry != NULL) {
        entry->expires_ns = expires_ns;
    }
    pthread_mutex_unlock(&shard->mutex);
    return entry != NULL;
}

/* --------------------------------------------------------------- inspect */

void larder_store_stats(struct larder_store *store, struct larder_store_stats *ret_stats)
{
    *ret_stats = (struct larder_store_stats){0};
    for (size_t i = 0; i < store->shard_count; i++) {
        struct shard *shard = &store->shards[i];
        pthread_mutex_lock(&shard->mutex);
        ret_stats->entries += (uint64_t)shard->small.count + shard->main.count;
        ret_stats->bytes += shard->small.bytes + shard->main.bytes;
        pthread_mutex_unlock(&shard->mutex);
    }
}
