/* SPDX-License-Identifier: MIT */
/*
 * Values of bytes and nothing else, so that what is measured is the way to the
 * server: the same bytes through the typed cache and by hand.
 */
#ifndef LARDER_BENCH_DEPOT_H
#define LARDER_BENCH_DEPOT_H

#include "bench_options.h"
#include "depot_cache.h"

enum { DEPOT_SIZE_MAX = 1000 * 1000, DEPOT_TTL_MS = 3600 * 1000, DEPOT_KEY_SIZE = 64 };

/* The cache over TCP or over the server's unix socket, with options->spin_us. */
struct depot_cache *depot_open(const struct bench_options *options, bool over_unix_socket);

/* The bytes every value begins with; up to DEPOT_SIZE_MAX of them. */
const unsigned char *depot_bytes(void);

/* The value of a key, over the bytes above. */
struct depot_blob depot_blob_of(uint64_t id, size_t size);

/* Gives up unless these are a value's: a look at the length and at a byte of
 * each 4 KB, which is what a reader does at least. */
void depot_check(const void *bytes, size_t len, size_t size);

/* Stores keys 0..count-1. */
void depot_fill(struct depot_cache *cache, size_t count, size_t size);

/* One typed get, checked and released. */
void depot_get(struct depot_cache *cache, uint64_t id, size_t size);

/* The key that the peer writes by hand, terminated; its length. */
size_t depot_hand_key(char *key, uint64_t id);

#endif
