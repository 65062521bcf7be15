/* SPDX-License-Identifier: MIT */
#include "cache/journal.h"

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

static const int64_t NS_A_MS = 1000000;
static const int64_t NOT_OVERFLOWED = INT64_MIN;

enum {
    CHAINS = 8192, /* so few that a small journal stays small: 64 KiB */
    ALLOCATOR_SHARE = 16
};

struct larder_journal_entry {
    struct larder_journal_entry *chain;
    struct larder_journal_entry *newer;
    struct larder_journal_entry *older;
    uint64_t hash;
    int64_t since; /* counts writings-down; later is larger */
    int64_t at_ns;
    bool taken; /* its deletion is under way */
    size_t len;
    char key[];
};

/* --------------------------------------------------------------- life cycle */

void larder_journal_init(struct larder_journal *journal, const struct larder_allocator *allocator,
                         struct larder_journal_bounds bounds)
{
    memset(journal, 0, sizeof *journal);
    atomic_init(&journal->busy, false);
    atomic_init(&journal->longest_ms, 0);
    journal->allocator = allocator;
    journal->bounds = bounds;
    journal->distrust_until_ns = NOT_OVERFLOWED;
    journal->next_try_ns = INT64_MIN;
    journal->next_sweep_ns = INT64_MIN;
    pthread_mutex_init(&journal->mutex, NULL);
}

void larder_journal_release(struct larder_journal *journal)
{
    while (journal->oldest != NULL) {
        struct larder_journal_entry *entry = journal->oldest;
        journal->oldest = entry->newer;
        larder_free(journal->allocator, entry);
    }
    larder_free(journal->allocator, journal->chains);
    pthread_mutex_destroy(&journal->mutex);
}

void larder_journal_hold(struct larder_journal *journal)
{
    pthread_mutex_lock(&journal->mutex);
}

void larder_journal_let_go(struct larder_journal *journal)
{
    pthread_mutex_unlock(&journal->mutex);
}

void larder_journal_child(struct larder_journal *journal)
{
    journal->replaying = false;
    journal->sweeping = false;
    for (struct larder_journal_entry *entry = journal->oldest; entry != NULL;
         entry = entry->newer) {
        entry->taken = false;
    }
    pthread_mutex_unlock(&journal->mutex);
}

/* ---------------------------------------------------------------- lifetimes */

void larder_journal_lifetime(struct larder_journal *journal, int64_t ttl_ms)
{
    int_fast64_t seen_ms = atomic_load_explicit(&journal->longest_ms, memory_order_relaxed);
    int_fast64_t this_ms = ttl_ms != 0 ? ttl_ms : INT64_MAX;
    while (this_ms > seen_ms &&
           !atomic_compare_exchange_weak_explicit(&journal->longest_ms, &seen_ms, this_ms,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
}

/* When all that is on the server now has gone; INT64_MAX: never. */
static int64_t all_gone_ns(const struct larder_journal *journal, int64_t now_ns)
{
    int64_t ns, end_ns;
    int64_t longest_ms = atomic_load_explicit(&journal->longest_ms, memory_order_relaxed);
    if (longest_ms == INT64_MAX || __builtin_mul_overflow(longest_ms, NS_A_MS, &ns) ||
        __builtin_add_overflow(now_ns, ns, &end_ns)) {
        return INT64_MAX;
    }
    return end_ns;
}

/* ------------------------------------------------------------------ entries */

static struct larder_journal_entry **chain_of(const struct larder_journal *journal, uint64_t hash)
{
    return &journal->chains[hash & (CHAINS - 1)];
}

static struct larder_journal_entry *find(const struct larder_journal *journal, const char *key,
                                         size_t len, uint64_t hash)
{
    if (journal->chains == NULL) {
        return NULL;
    }
    struct larder_journal_entry *entry = *chain_of(journal, hash);
    while (entry != NULL &&
           (entry->hash != hash || entry->len != len || memcmp(entry->key, key, len) != 0)) {
        entry = entry->chain;
    }
    return entry;
}

static size_t bytes_of(size_t len)
{
    return sizeof(struct larder_journal_entry) + len + ALLOCATOR_SHARE;
}

static void leave_order(struct larder_journal *journal, const struct larder_journal_entry *entry)
{
    *(entry->older != NULL ? &entry->older->newer : &journal->oldest) = entry->newer;
    *(entry->newer != NULL ? &entry->newer->older : &journal->newest) = entry->older;
}

static void join_order(struct larder_journal *journal, struct larder_journal_entry *entry)
{
    entry->newer = NULL;
    entry->older = journal->newest;
    *(journal->newest != NULL ? &journal->newest->newer : &journal->oldest) = entry;
    journal->newest = entry;
}

static void drop(struct larder_journal *journal, struct larder_journal_entry *entry)
{
    struct larder_journal_entry **at = chain_of(journal, entry->hash);
    while (*at != entry) {
        at = &(*at)->chain;
    }
    *at = entry->chain;
    leave_order(journal, entry);
    journal->entries--;
    journal->bytes -= bytes_of(entry->len);
    larder_free(journal->allocator, entry);
}

static bool fits(const struct larder_journal *journal, size_t len)
{
    return journal->entries < journal->bounds.entries_max &&
           bytes_of(len) <= journal->bounds.bytes_max &&
           journal->bytes <= journal->bounds.bytes_max - bytes_of(len);
}

/* The oldest that nothing on the server can belong to any more. */
static void make_room(struct larder_journal *journal, size_t len, int64_t now_ns)
{
    while (!fits(journal, len) && journal->oldest != NULL &&
           all_gone_ns(journal, journal->oldest->at_ns) <= now_ns) {
        drop(journal, journal->oldest);
    }
}

static struct larder_journal_entry *make_entry(struct larder_journal *journal, const char *key,
                                               size_t len, uint64_t hash)
{
    if (journal->chains == NULL) {
        journal->chains = larder_alloc_zeroed(journal->allocator, CHAINS, sizeof(void *));
    }
    struct larder_journal_entry *entry =
        journal->chains != NULL ? larder_alloc(journal->allocator, sizeof *entry + len) : NULL;
    if (entry == NULL) {
        return NULL;
    }
    entry->hash = hash;
    entry->at_ns = INT64_MIN;
    entry->taken = false;
    entry->len = len;
    memcpy(entry->key, key, len);
    struct larder_journal_entry **at = chain_of(journal, hash);
    entry->chain = *at;
    *at = entry;
    join_order(journal, entry);
    journal->entries++;
    journal->bytes += bytes_of(len);
    return entry;
}

/* ------------------------------------------------------------------ writing */

static void set_busy(struct larder_journal *journal)
{
    bool busy = journal->entries != 0 || journal->distrust_until_ns != NOT_OVERFLOWED;
    atomic_store_explicit(&journal->busy, busy, memory_order_relaxed);
}

static bool add_locked(struct larder_journal *journal, const char *key, size_t len, int64_t now_ns)
{
    uint64_t hash = larder_hash64(key, len, 0);
    struct larder_journal_entry *entry = find(journal, key, len, hash);
    if (entry != NULL) {
        leave_order(journal, entry);
        join_order(journal, entry);
    } else {
        make_room(journal, len, now_ns);
        entry = fits(journal, len) ? make_entry(journal, key, len, hash) : NULL;
    }
    if (entry == NULL) {
        journal->lost++;
        journal->distrust_until_ns = all_gone_ns(journal, now_ns);
        return false;
    }
    entry->since = ++journal->last_since;
    entry->at_ns = now_ns > entry->at_ns ? now_ns : entry->at_ns; /* they may come out of order */
    return true;
}

bool larder_journal_add(struct larder_journal *journal, const char *key, size_t len, int64_t now_ns)
{
    pthread_mutex_lock(&journal->mutex);
    bool ok = add_locked(journal, key, len, now_ns);
    set_busy(journal);
    pthread_mutex_unlock(&journal->mutex);
    return ok;
}

void larder_journal_renewed(struct larder_journal *journal, const char *key, size_t len,
                            int64_t begun_ns)
{
    pthread_mutex_lock(&journal->mutex);
    struct larder_journal_entry *entry = find(journal, key, len, larder_hash64(key, len, 0));
    if (entry != NULL && !entry->taken && entry->at_ns < begun_ns) {
        drop(journal, entry);
        set_busy(journal);
    }
    pthread_mutex_unlock(&journal->mutex);
}

/* ------------------------------------------------------------------ reading */

static bool distrusts(struct larder_journal *journal, int64_t now_ns)
{
    if (journal->distrust_until_ns != NOT_OVERFLOWED && now_ns >= journal->distrust_until_ns &&
        journal->distrust_until_ns != INT64_MAX) {
        journal->distrust_until_ns = NOT_OVERFLOWED;
        set_busy(journal);
    }
    return journal->distrust_until_ns != NOT_OVERFLOWED;
}

int64_t larder_journal_at(struct larder_journal *journal, const char *key, size_t len,
                          int64_t now_ns)
{
    uint64_t hash = larder_hash64(key, len, 0);
    pthread_mutex_lock(&journal->mutex);
    const struct larder_journal_entry *entry = find(journal, key, len, hash);
    int64_t at_ns = entry != NULL ? entry->at_ns : INT64_MIN;
    if (distrusts(journal, now_ns)) {
        at_ns = INT64_MAX;
    }
    pthread_mutex_unlock(&journal->mutex);
    return at_ns;
}

void larder_journal_stats(struct larder_journal *journal, int64_t now_ns,
                          struct larder_journal_stats *ret_stats)
{
    pthread_mutex_lock(&journal->mutex);
    *ret_stats = (struct larder_journal_stats){.entries = journal->entries,
                                               .lost = journal->lost,
                                               .overflowed = distrusts(journal, now_ns)};
    pthread_mutex_unlock(&journal->mutex);
}

/* ---------------------------------------------------------------- replaying */

/* Copies the oldest keys out, so that they may be sent without the lock. */
static bool copy_oldest(struct larder_journal *journal, struct larder_journal_batch *batch)
{
    struct larder_journal_entry *entry = journal->oldest;
    size_t bytes = 0, used = 0;
    for (size_t n = 0; n < LARDER_JOURNAL_BATCH && entry != NULL; n++, entry = entry->newer) {
        bytes += entry->len;
    }
    batch->count = 0;
    batch->bytes = larder_alloc(journal->allocator, bytes);
    if (batch->bytes == NULL) {
        return false;
    }
    for (entry = journal->oldest; batch->count < LARDER_JOURNAL_BATCH && entry != NULL;
         entry = entry->newer) {
        memcpy(batch->bytes + used, entry->key, entry->len);
        batch->keys[batch->count].key = batch->bytes + used;
        batch->keys[batch->count].len = entry->len;
        batch->keys[batch->count].since = entry->since;
        batch->keys[batch->count].done = false;
        entry->taken = true;
        used += entry->len;
        batch->count++;
    }
    return true;
}

bool larder_journal_take(struct larder_journal *journal, struct larder_journal_batch *ret_batch,
                         int64_t now_ns)
{
    pthread_mutex_lock(&journal->mutex);
    bool may = !journal->replaying && journal->oldest != NULL && now_ns >= journal->next_try_ns &&
               copy_oldest(journal, ret_batch);
    journal->replaying |= may;
    pthread_mutex_unlock(&journal->mutex);
    return may;
}

void larder_journal_give_back(struct larder_journal *journal, struct larder_journal_batch *batch,
                              int64_t now_ns, int64_t retry_ms)
{
    bool all = true;
    pthread_mutex_lock(&journal->mutex);
    for (size_t i = 0; i < batch->count; i++) {
        const char *key = batch->keys[i].key;
        size_t len = batch->keys[i].len;
        struct larder_journal_entry *entry = find(journal, key, len, larder_hash64(key, len, 0));
        if (entry != NULL) {
            entry->taken = false;
        }
        if (batch->keys[i].done && entry != NULL && entry->since == batch->keys[i].since) {
            drop(journal, entry);
        }
        all = all && batch->keys[i].done;
    }
    journal->replaying = false;
    journal->next_try_ns = all ? INT64_MIN : now_ns + retry_ms * NS_A_MS;
    set_busy(journal);
    pthread_mutex_unlock(&journal->mutex);
    larder_free(journal->allocator, batch->bytes);
}

/* ----------------------------------------------------------------- sweeping */

bool larder_journal_sweep_take(struct larder_journal *journal, int64_t now_ns, uint64_t *ret_lost)
{
    pthread_mutex_lock(&journal->mutex);
    bool may = distrusts(journal, now_ns) && !journal->sweeping && now_ns >= journal->next_sweep_ns;
    journal->sweeping |= may;
    *ret_lost = journal->lost;
    pthread_mutex_unlock(&journal->mutex);
    return may;
}

void larder_journal_sweep_give_back(struct larder_journal *journal, bool swept, uint64_t lost,
                                    int64_t next_ns)
{
    pthread_mutex_lock(&journal->mutex);
    journal->sweeping = false;
    journal->next_sweep_ns = next_ns;
    if (swept && journal->lost == lost) {
        journal->distrust_until_ns = NOT_OVERFLOWED;
        set_busy(journal);
    }
    pthread_mutex_unlock(&journal->mutex);
}

void larder_journal_hurry(struct larder_journal *journal)
{
    pthread_mutex_lock(&journal->mutex);
    journal->next_try_ns = INT64_MIN;
    journal->next_sweep_ns = INT64_MIN;
    pthread_mutex_unlock(&journal->mutex);
}
