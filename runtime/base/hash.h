/* SPDX-License-Identifier: MIT */
/*
 * Hashes and random numbers.
 */
#ifndef LARDER_BASE_HASH_H
#define LARDER_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* XXH3, 64 bits with a seed (Yann Collet, https://github.com/Cyan4973/xxHash,
 * xxh3-64 of specification v0.8). Part of the stored format: never changes. */
uint64_t larder_hash64(const void *data, size_t len, uint64_t seed);

/* The same of some pieces, as if they stood behind each other. */
struct larder_hash_piece {
    const void *data;
    size_t len;
};
uint64_t larder_hash64_pieces(const struct larder_hash_piece *pieces, size_t count, uint64_t seed);

/* The same, seed 0, of the text "parent/name". */
uint64_t larder_hash64_path(const char *parent, const char *name);

/* The first 128 bits of SHA-256 (FIPS 180-4), as 32 lower-case hex digits, not terminated. */
void larder_hash_hex128(const void *data, size_t len, char ret_hex[32]);

/* SHA-1 (FIPS 180-4), as 40 lower-case hex digits, not terminated: the name that Redis
 * has for a script. */
void larder_hash_sha1(const void *data, size_t len, char ret_hex[40]);

/* Not for secrets: jitter and the like. xoshiro-class, a state a thread,
 * seeded from the system, anew in a forked child. */
uint64_t larder_random64(void);

#endif
