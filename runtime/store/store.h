/* SPDX-License-Identifier: MIT */
/*
 * A bounded map from bytes to bytes, with lifetimes, for many threads.
 *
 * DESIGN. The store is cut into shards by the key's hash (seeded at random, so
 * that nobody can aim at one bucket); a shard is a mutex, a fixed table of
 * chains and two queues of entries. An entry is one allocation:
 *
 *     | struct larder_entry | key bytes | value bytes | spare |
 *
 * The bound covers all of it: entries with their heads, 16 bytes a block for
 * what an allocator adds, the tables and the shards. Room is made before an entry is allocated,
 * so the bound holds at every moment, not only in the end. Tables never grow:
 * there is no pause to rehash, and no moment with two of them.
 *
 * Eviction is S3-FIFO (Yang et al., "FIFO queues are all you need for cache
 * eviction", SOSP 2023) with two changes that keep it from its weak spots:
 *
 *                   +--- small, 1/10 ---+  twice asked for   +---- main ----+
 *     newcomers --> | newest ... oldest | -----------------> |              | --> out,
 *                   +-------------------+                    +--------------+     or round
 *                              | else                               ^             again once
 *                              v                                    |             a hit
 *                       out, remembered --- asked for again --------+
 *                       in `ghost`          (and the oldest of main is cold)
 *
 * Newcomers fill main first, while it has room; small never takes more than its
 * tenth. A newcomer that the ghosts remember enters main only if the oldest
 * entry of main was not asked for; now and then an entry that falls out of
 * small may try the same, so that a main full of dead entries thaws. A scan of
 * keys that nobody asks for again passes through small and leaves main alone.
 * A hit only raises a two-bit count; nothing is moved.
 *
 * Lifetimes: an entry past its time is never given out; it is dropped when it
 * is met, and every insertion looks at two chains for such entries.
 *
 * Threads: all functions from any thread. A value is looked at in place, under
 * its shard's mutex. Around fork() the owner holds it still: a child then has
 * what its parent had, and from then on a store of its own.
 */
#ifndef LARDER_STORE_STORE_H
#define LARDER_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <larder/config.h>
#include <larder/status.h>

#define LARDER_STORE_NEVER INT64_MAX /* no expiry */

struct larder_store;

struct larder_store_stats {
    uint64_t entries; /* some may be past their time, and not yet dropped */
    uint64_t bytes;   /* of the entries, heads and allocator's share included */
};

/* What a put asks of the key. */
enum larder_store_condition {
    LARDER_STORE_ALWAYS,
    LARDER_STORE_IF_ABSENT,
    LARDER_STORE_IF_PRESENT
};

struct larder_store_item {
    const void *key;
    size_t key_len;
    const void *value; /* may be NULL when value_len is 0 */
    size_t value_len;
    int64_t expires_ns; /* a point of the monotonic clock, or LARDER_STORE_NEVER */
};

/* Called with the value in place, under a mutex: must not block, log nor call
 * the store. */
typedef void larder_store_visitor(void *user, const uint8_t *value, size_t len);

/* An entry in the hands of a changer, which may write over its bytes and its end. */
struct larder_store_entry {
    uint8_t *value; /* NULL: there is none */
    size_t len;
    int64_t expires_ns;
};

enum larder_store_then {
    LARDER_STORE_KEEP, /* as it is now, bytes and end */
    LARDER_STORE_PUT,  /* *ret_item in its place: value, value_len and expires_ns */
    LARDER_STORE_DROP
};

/* As a visitor; also called where there is no entry. What it puts must not be the entry's own
 * bytes, and is read until larder_store_change returns. */
typedef enum larder_store_then larder_store_changer(void *user, struct larder_store_entry *entry,
                                                    struct larder_store_item *ret_item);

/* ------------------------------------------------------------ life cycle */

/* max_bytes bounds everything; below some 2 KiB nothing fits. The allocator
 * must outlive the store. NULL: out of memory. */
struct larder_store *larder_store_new(const struct larder_allocator *allocator, size_t max_bytes);

/* NULL is fine. No other call may be under way. */
void larder_store_free(struct larder_store *store);

/* ------------------------------------------------------------------- use */

/* `now_ns` is the monotonic clock's, in all calls. */

/* Stores a copy. OK; DENIED: IF_ABSENT, and there is one; MISS: IF_PRESENT, and
 * there is none; E_TOO_LARGE: over what a shard's main queue can hold (nine
 * tenths of a store below 32 MiB, 14 MiB at the least of a larger one);
 * E_NOMEM: the allocator has none left, then the key holds nothing. After any
 * other failure the key is as it was. */
enum larder_status larder_store_put(struct larder_store *store, enum larder_store_condition when,
                                    const struct larder_store_item *item, int64_t now_ns);

/* Shows the value to `visit`, once; false: there is none. */
bool larder_store_get(struct larder_store *store, const void *key, size_t key_len, int64_t now_ns,
                      larder_store_visitor *visit, void *user);

/* Looks at an entry and changes it by what was seen, in one piece; counts as a use. OK, or
 * what became of the PUT, as above. */
enum larder_status larder_store_change(struct larder_store *store, const void *key, size_t key_len,
                                       int64_t now_ns, larder_store_changer *change, void *user);

/* True: there was one. */
bool larder_store_delete(struct larder_store *store, const void *key, size_t key_len,
                         int64_t now_ns);

/* Tells when the entry ends, without counting as a use; false: there is none. */
bool larder_store_expiry(struct larder_store *store, const void *key, size_t key_len,
                         int64_t now_ns, int64_t *ret_expires_ns);

/* Gives the entry another end; false: there is none. */
bool larder_store_set_expiry(struct larder_store *store, const void *key, size_t key_len,
                             int64_t now_ns, int64_t expires_ns);

/* As a visitor, of an entry with its key. */
typedef void larder_store_walker(void *user, const void *key, size_t key_len, const uint8_t *value,
                                 size_t value_len);

/* Shows some of the entries, `count` of them or a few more, from the place `from` on (0: the
 * first), none of which is past its time; counts as no use. Answers where to go on; 0: that
 * was the last. An entry that is there all the while is shown once. */
uint64_t larder_store_walk(struct larder_store *store, uint64_t from, size_t count, int64_t now_ns,
                           larder_store_walker *visit, void *user);

/* Drops all entries, a shard at a time; what is put meanwhile may stay. */
void larder_store_clear(struct larder_store *store);

/* ------------------------------------------------------------------ fork */

/* Around fork(): before; and after, in both processes. */
void larder_store_hold(struct larder_store *store);
void larder_store_let_go(struct larder_store *store);

/* --------------------------------------------------------------- inspect */

void larder_store_stats(struct larder_store *store, struct larder_store_stats *ret_stats);

#endif
