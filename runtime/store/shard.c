/* SPDX-License-Identifier: MIT */
#include "store/shard.h"

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

enum {
    BYTES_A_CHAIN = 256, /* of bound: the table takes a 32nd */
    CHAINS_MIN = 16,
    SMALL_PART = 10, /* small's share is a tenth */
    HITS_TO_STAY = 2,
    THAW_ODDS = 64,
    SECOND_CHANCES_MAX = 64, /* entries of main sent round again for one eviction */
    SWEEP_CHAINS = 2
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

bool larder_shard_init(struct larder_shard *shard, const struct larder_allocator *allocator,
                       size_t bytes)
{
    size_t chains = power_of_two_below(bytes / BYTES_A_CHAIN + 1);
    chains = chains < CHAINS_MIN ? CHAINS_MIN : chains;
    size_t ghosts = chains / 2;
    size_t fixed = sizeof *shard + chains * sizeof(struct larder_entry *) +
                   ghosts * sizeof(struct larder_ghost) + 3 * LARDER_ALLOCATOR_SHARE;
    size_t room = bytes > fixed ? bytes - fixed : 0;

    shard->allocator = allocator;
    pthread_mutex_init(&shard->mutex, NULL);
    shard->chains = larder_alloc_zeroed(allocator, chains, sizeof(struct larder_entry *));
    shard->ghosts = larder_alloc_zeroed(allocator, ghosts, sizeof(struct larder_ghost));
    shard->chain_mask = chains - 1;
    shard->ghost_mask = ghosts - 1;
    shard->small.max_bytes = room / SMALL_PART;
    shard->main.max_bytes = room - room / SMALL_PART;
    return shard->chains != NULL && shard->ghosts != NULL;
}

static void queue_release(struct larder_queue *queue, const struct larder_allocator *allocator)
{
    struct larder_entry *entry = queue->oldest;
    while (entry != NULL) {
        struct larder_entry *next = entry->newer;
        larder_free(allocator, entry);
        entry = next;
    }
}

void larder_shard_release(struct larder_shard *shard)
{
    queue_release(&shard->small, shard->allocator);
    queue_release(&shard->main, shard->allocator);
    larder_free(shard->allocator, shard->chains);
    larder_free(shard->allocator, shard->ghosts);
    pthread_mutex_destroy(&shard->mutex);
}

/* ---------------------------------------------------------------- queues */

static size_t entry_charge(const struct larder_entry *entry)
{
    return sizeof *entry + entry->room + LARDER_ALLOCATOR_SHARE;
}

static void queue_push(struct larder_queue *queue, struct larder_entry *entry)
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

static void queue_take(struct larder_entry *entry)
{
    struct larder_queue *queue = entry->queue;
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

static bool entry_expired(const struct larder_entry *entry, int64_t now_ns)
{
    return entry->expires_ns <= now_ns;
}

static struct larder_entry **chain_of(struct larder_shard *shard, uint64_t hash)
{
    return &shard->chains[hash & shard->chain_mask];
}

void larder_shard_drop(struct larder_shard *shard, struct larder_entry *entry)
{
    struct larder_entry **at = chain_of(shard, entry->hash);
    while (*at != entry) {
        at = &(*at)->chain;
    }
    *at = entry->chain;
    queue_take(entry);
    larder_free(shard->allocator, entry);
}

struct larder_entry *larder_shard_find(struct larder_shard *shard,
                                       const struct larder_lookup *lookup)
{
    struct larder_entry *entry = *chain_of(shard, lookup->hash);
    while (entry != NULL && !(entry->hash == lookup->hash && entry->key_len == lookup->key_len &&
                              memcmp(entry->bytes, lookup->key, lookup->key_len) == 0)) {
        entry = entry->chain;
    }
    if (entry != NULL && entry_expired(entry, lookup->now_ns)) {
        larder_shard_drop(shard, entry);
        entry = NULL;
    }
    return entry;
}

/* A few chains a call, in turn, so that what nobody asks for goes too. */
static void shard_sweep(struct larder_shard *shard, int64_t now_ns)
{
    for (int i = 0; i < SWEEP_CHAINS; i++) {
        struct larder_entry *entry = shard->chains[shard->sweep_at & shard->chain_mask];
        while (entry != NULL) {
            struct larder_entry *next = entry->chain;
            if (entry_expired(entry, now_ns)) {
                larder_shard_drop(shard, entry);
            }
            entry = next;
        }
        shard->sweep_at++;
    }
}

/* -------------------------------------------------------------- eviction */

static struct larder_ghost *ghost_of(struct larder_shard *shard, uint64_t hash)
{
    return &shard->ghosts[(hash >> 24) & shard->ghost_mask];
}

static uint32_t ghost_mark(uint64_t hash)
{
    return (uint32_t)hash | 1U;
}

static void ghost_remember(struct larder_shard *shard, uint64_t hash)
{
    struct larder_ghost *ghost = ghost_of(shard, hash);
    ghost->mark = ghost_mark(hash);
    ghost->departure = ++shard->departures;
}

/* Whether a key left small within as many departures as main has entries. */
static bool ghost_recall(struct larder_shard *shard, uint64_t hash)
{
    struct larder_ghost *ghost = ghost_of(shard, hash);
    bool found =
        ghost->mark == ghost_mark(hash) && shard->departures - ghost->departure < shard->main.count;
    if (found) {
        ghost->mark = 0;
    }
    return found;
}

/* Sends an entry that was asked for round again, for one of its hits; false: it was not. */
static bool second_chance(struct larder_entry *entry, int64_t now_ns)
{
    if (entry->hits == 0 || entry_expired(entry, now_ns)) {
        return false;
    }
    struct larder_queue *queue = entry->queue;
    entry->hits--;
    queue_take(entry);
    queue_push(queue, entry);
    return true;
}

static void main_make_room(struct larder_shard *shard, size_t bytes, int64_t now_ns)
{
    struct larder_queue *queue = &shard->main;
    int chances = SECOND_CHANCES_MAX;
    while (queue->oldest != NULL && queue->bytes + bytes > queue->max_bytes) {
        if (chances-- > 0 && second_chance(queue->oldest, now_ns)) {
            continue;
        }
        larder_shard_drop(shard, queue->oldest);
    }
}

/* One look at main's oldest: drops it if it was not asked for. */
static bool main_yields(struct larder_shard *shard, int64_t now_ns)
{
    struct larder_entry *oldest = shard->main.oldest;
    if (oldest != NULL && second_chance(oldest, now_ns)) {
        return false;
    }
    if (oldest != NULL) {
        larder_shard_drop(shard, oldest);
    }
    return true;
}

static bool main_has_room(const struct larder_shard *shard, size_t bytes)
{
    return shard->main.bytes + bytes <= shard->main.max_bytes;
}

static void small_evict(struct larder_shard *shard, int64_t now_ns)
{
    struct larder_entry *entry = shard->small.oldest;
    size_t bytes = entry_charge(entry);
    bool keep = !entry_expired(entry, now_ns) &&
                (entry->hits >= HITS_TO_STAY || main_has_room(shard, bytes) ||
                 (larder_random64() % THAW_ODDS == 0 && main_yields(shard, now_ns)));
    if (keep) {
        main_make_room(shard, bytes, now_ns);
        queue_take(entry);
        entry->hits = 0;
        queue_push(&shard->main, entry);
        return;
    }
    ghost_remember(shard, entry->hash);
    larder_shard_drop(shard, entry);
}

/* Chooses a newcomer's queue and makes room in it. What small could not hold
 * enters main. */
static struct larder_queue *shard_admit(struct larder_shard *shard, uint64_t hash, size_t bytes,
                                        int64_t now_ns)
{
    if (main_has_room(shard, bytes) || bytes > shard->small.max_bytes ||
        (ghost_recall(shard, hash) && main_yields(shard, now_ns))) {
        main_make_room(shard, bytes, now_ns);
        return &shard->main;
    }
    while (shard->small.bytes + bytes > shard->small.max_bytes) {
        small_evict(shard, now_ns);
    }
    return &shard->small;
}

/* ------------------------------------------------------------------- use */

static void entry_set_value(struct larder_entry *entry, const struct larder_store_item *item)
{
    if (item->value_len != 0) {
        memcpy(entry->bytes + entry->key_len, item->value, item->value_len);
    }
    entry->value_len = item->value_len;
    entry->expires_ns = item->expires_ns;
}

/* Overwrites where the new value fits and does not waste half of the room. */
static bool entry_overwrite(struct larder_entry *entry, const struct larder_store_item *item)
{
    size_t need = item->key_len + item->value_len;
    if (need > entry->room || need < entry->room / 2) {
        return false;
    }
    entry_set_value(entry, item);
    return true;
}

static enum larder_status shard_insert(struct larder_shard *shard,
                                       const struct larder_store_item *item,
                                       const struct larder_lookup *lookup)
{
    size_t room = item->key_len + item->value_len;
    size_t bytes = sizeof(struct larder_entry) + room + LARDER_ALLOCATOR_SHARE;
    struct larder_queue *queue = shard_admit(shard, lookup->hash, bytes, lookup->now_ns);
    struct larder_entry *entry = larder_alloc(shard->allocator, sizeof *entry + room);
    if (entry == NULL) {
        return LARDER_E_NOMEM;
    }
    struct larder_entry **chain = chain_of(shard, lookup->hash);
    *entry = (struct larder_entry){
        .chain = *chain, .hash = lookup->hash, .room = room, .key_len = (uint32_t)item->key_len};
    if (item->key_len != 0) {
        memcpy(entry->bytes, item->key, item->key_len);
    }
    entry_set_value(entry, item);
    *chain = entry;
    queue_push(queue, entry);
    return LARDER_OK;
}

static bool shard_can_hold(const struct larder_shard *shard, const struct larder_store_item *item)
{
    size_t max = shard->main.max_bytes;
    size_t head = sizeof(struct larder_entry) + LARDER_ALLOCATOR_SHARE;
    return item->key_len <= UINT32_MAX && item->key_len <= max && item->value_len <= max &&
           head + item->key_len + item->value_len <= max;
}

size_t larder_shard_show(const struct larder_shard *shard, size_t chain, int64_t now_ns,
                         larder_store_walker *visit, void *user)
{
    size_t count = 0;
    if (shard->chains == NULL) {
        return 0;
    }
    for (const struct larder_entry *entry = shard->chains[chain]; entry != NULL;
         entry = entry->chain) {
        if (entry->expires_ns > now_ns) {
            visit(user, entry->bytes, entry->key_len, entry->bytes + entry->key_len,
                  entry->value_len);
            count++;
        }
    }
    return count;
}

enum larder_status larder_shard_put(struct larder_shard *shard, enum larder_store_condition when,
                                    const struct larder_store_item *item,
                                    const struct larder_lookup *lookup)
{
    shard_sweep(shard, lookup->now_ns);
    struct larder_entry *entry = larder_shard_find(shard, lookup);
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
        larder_shard_drop(shard, entry); /* the bound has no room for both */
    }
    return shard_insert(shard, item, lookup);
}
