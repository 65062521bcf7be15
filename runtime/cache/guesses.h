/* SPDX-License-Identifier: MIT */
/*
 * Which tags a key's value had when it was seen last.
 *
 * DESIGN. A value's tags are known when it has been read, and their versions are
 * wanted in the same trip. So they are guessed: a table of fixed size, direct-mapped by
 * the key's fingerprint, keeps the tags that were seen last. A wrong guess costs a few
 * bytes and a second trip and no more, since the value's own tags decide; therefore
 * nothing is locked, and a slot that two threads write at once may hold a bit of each.
 *
 * Threads: all functions from any thread.
 */
#ifndef LARDER_CACHE_GUESSES_H
#define LARDER_CACHE_GUESSES_H

#include <stdatomic.h>

#include <larder/stub.h>

enum { LARDER_GUESS_SLOTS = 2048 }; /* a power of 2 */

struct larder_guess {
    atomic_uint_fast64_t fingerprint;
    atomic_uint_fast64_t ids[LARDER_TAGS_MAX]; /* up to the first 0 */
};

/* Of one entity; zeroed is empty. */
struct larder_guesses {
    struct larder_guess slots[LARDER_GUESS_SLOTS];
};

/* Writes the ids that are guessed for a key; answers how many. guesses NULL: none. */
size_t larder_guesses_get(const struct larder_guesses *guesses, uint64_t fingerprint,
                          uint64_t ret_ids[LARDER_TAGS_MAX]);
void larder_guesses_put(struct larder_guesses *guesses, uint64_t fingerprint, const uint64_t *ids,
                        size_t count);

#endif
