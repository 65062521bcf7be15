/* SPDX-License-Identifier: MIT */
/*
 * Invalidations that did not reach the server.
 *
 * DESIGN. A delete that failed, or of which nobody knows, leaves a value behind
 * that must not be read any more; so does a set that failed (the value it would
 * have replaced) or is unknown (it may be applied after a later delete). Each
 * such key is written down here, once, before the call returns, and is deleted
 * when the server answers again. Values are never written down: deleting is
 * always right for a cache, storing is not.
 *
 * The rule that keeps the promise: as long as a key stands here, this process
 * takes nothing from the server for it. A read of it is answered as a failure of
 * the server would be, so that get_or_load runs its loader. Keys that do not
 * stand here are read as ever; nobody waits for a replay.
 *
 * Replaying is done by callers, since larder has no threads: of the calls that
 * find the journal not empty, one at a time takes up to LARDER_JOURNAL_BATCH
 * keys along, oldest first, in one trip. A key leaves the journal when its
 * deletion was answered, unless it was written down again meanwhile. It leaves
 * without one when this process has written the key anew: what an acknowledged
 * SET put there, or a DELETE took away, is no older than the entry, if the SET or
 * DELETE (of a loaded value: its loader) began after the entry was made. Only while
 * a deletion is under way nothing leaves: it may still come after the SET, which
 * is then a miss, and until it is answered the key is not read.
 *
 * Memory is bounded, in entries and in bytes. When there is no room, first what
 * is older than any lifetime that this process has seen is dropped: the server
 * has forgotten it too. If that does not help, the key is lost, and the journal
 * overflows: from then on *every* key counts as standing here, until all values of
 * the service that were on the server at the last loss have been deleted there
 * (cache/sweep.h), or have come to the end of their lifetimes. Reads then cost the
 * database what a cold cache would, and are never wrong.
 * What no process can see are lifetimes that another one has given out (set_ttl,
 * CACHE_TTL_<NAME> of its own) and that are longer than any seen here.
 *
 * Threads: all functions from any thread; an empty journal is one relaxed load.
 * Around fork() the caller holds it still; a child has its parent's entries, and
 * replays them as well, which does no harm.
 */
#ifndef LARDER_CACHE_JOURNAL_H
#define LARDER_CACHE_JOURNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <larder/config.h>

enum {
    LARDER_JOURNAL_ENTRIES_MAX = 65536,
    LARDER_JOURNAL_BYTES_MAX = 8 * 1024 * 1024, /* of entries, heads and keys */
    LARDER_JOURNAL_BATCH = 256                  /* keys a trip */
};

struct larder_journal_entry;

struct larder_journal_bounds {
    size_t entries_max;
    size_t bytes_max;
};

/* Caller's storage. Nobody looks inside but journal.c. */
struct larder_journal {
    atomic_bool busy;               /* something stands here, or it has overflowed */
    atomic_int_fast64_t longest_ms; /* of all lifetimes seen; INT64_MAX: for ever */
    const struct larder_allocator *allocator;
    struct larder_journal_bounds bounds;
    pthread_mutex_t mutex;                /* of all below; never held with another */
    struct larder_journal_entry **chains; /* NULL until something is written down */
    struct larder_journal_entry *oldest;
    struct larder_journal_entry *newest;
    size_t entries;
    size_t bytes;
    uint64_t lost;
    int64_t distrust_until_ns; /* INT64_MIN: has not overflowed */
    int64_t next_try_ns;
    int64_t last_since;
    bool replaying;
    bool sweeping;
    int64_t next_sweep_ns;
};

/* What one replayer takes along. The keys are its own copies. */
struct larder_journal_batch {
    char *bytes;
    size_t count;
    struct larder_journal_key {
        const char *key;
        size_t len;
        int64_t since; /* which writing-down this is */
        bool done;     /* the replayer's to set: its deletion was answered */
    } keys[LARDER_JOURNAL_BATCH];
};

/* Empty. The allocator outlives it. */
void larder_journal_init(struct larder_journal *journal, const struct larder_allocator *allocator,
                         struct larder_journal_bounds bounds);
void larder_journal_release(struct larder_journal *journal);

/* Values may be stored for so long, in ms, 0: for ever. */
void larder_journal_lifetime(struct larder_journal *journal, int64_t ttl_ms);

/* Writes a key down. `now_ns` is the monotonic clock's, here and below. False:
 * there was no room, the journal has overflowed (and the promise holds). */
bool larder_journal_add(struct larder_journal *journal, const char *key, size_t len,
                        int64_t now_ns);

/* Whether there is anything to look at: one relaxed load. */
static inline bool larder_journal_is_busy(const struct larder_journal *journal)
{
    return atomic_load_explicit(&journal->busy, memory_order_relaxed);
}

/* When this key was written down last; INT64_MAX: all keys count as if they were
 * just now; INT64_MIN: it does not stand here. */
int64_t larder_journal_at(struct larder_journal *journal, const char *key, size_t len,
                          int64_t now_ns);

/* Whether nothing may be taken from the server for this key. */
static inline bool larder_journal_holds(struct larder_journal *journal, const char *key, size_t len,
                                        int64_t now_ns)
{
    return larder_journal_is_busy(journal) &&
           larder_journal_at(journal, key, len, now_ns) != INT64_MIN;
}

/* The key was written anew, by what began at begun_ns: it leaves, unless it was
 * written down since, or its deletion is under way. */
void larder_journal_renewed(struct larder_journal *journal, const char *key, size_t len,
                            int64_t begun_ns);

/* Makes the caller the one who replays, with the oldest keys in *ret_batch.
 * False: there are none, another does, it is too soon, or there is no memory. */
bool larder_journal_take(struct larder_journal *journal, struct larder_journal_batch *ret_batch,
                         int64_t now_ns);

/* The end of it: what is done leaves; if not all is, nobody tries for retry_ms. */
void larder_journal_give_back(struct larder_journal *journal, struct larder_journal_batch *batch,
                              int64_t now_ns, int64_t retry_ms);

/* Makes the caller the one who sweeps, after an overflow; `lost` tells which.
 * False: there was none, another does, or it is too soon. */
bool larder_journal_sweep_take(struct larder_journal *journal, int64_t now_ns, uint64_t *ret_lost);

/* The end of it. swept: all that was on the server when the journal had lost so
 * many is gone. Nobody tries before next_ns. */
void larder_journal_sweep_give_back(struct larder_journal *journal, bool swept, uint64_t lost,
                                    int64_t next_ns);

/* It is not too soon for the next replay and the next sweep. */
void larder_journal_hurry(struct larder_journal *journal);

struct larder_journal_stats {
    uint64_t entries;
    uint64_t lost;   /* keys that found no room */
    bool overflowed; /* every key counts as standing here */
};

void larder_journal_stats(struct larder_journal *journal, int64_t now_ns,
                          struct larder_journal_stats *ret_stats);

/* Around fork(). */
void larder_journal_hold(struct larder_journal *journal);
void larder_journal_let_go(struct larder_journal *journal);
void larder_journal_child(struct larder_journal *journal);

#endif
