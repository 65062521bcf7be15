/* SPDX-License-Identifier: MIT */
#include "depot.h"

#include <inttypes.h>
#include <stdio.h>

enum { LOOK_EVERY = 4096 };

struct depot_cache *depot_open(const struct bench_options *options, bool over_unix_socket)
{
    char url[512];
    struct larder_config config = {.backend = "redis", .url = url, .spin_us = options->spin_us};
    struct depot_cache *cache;
    if (over_unix_socket) {
        (void)snprintf(url, sizeof url, "unix://%s", options->socket);
    } else {
        (void)snprintf(url, sizeof url, "redis://127.0.0.1:%d", options->port);
    }
    if (depot_cache_open(&config, &cache) != LARDER_OK) {
        bench_give_up("open");
    }
    return cache;
}

const unsigned char *depot_bytes(void)
{
    static unsigned char bytes[DEPOT_SIZE_MAX];
    if (bytes[1] == 0) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = (unsigned char)(i * 7 + i / 256);
        }
    }
    return bytes;
}

struct depot_blob depot_blob_of(uint64_t id, size_t size)
{
    return (struct depot_blob){.id = id, .data = {.data = depot_bytes(), .len = size}};
}

void depot_check(const void *bytes, size_t len, size_t size)
{
    const unsigned char *read = bytes;
    const unsigned char *expected = depot_bytes();
    bool right = len == size && read[len - 1] == expected[size - 1];
    for (size_t i = 0; right && i < len; i += LOOK_EVERY) {
        right = read[i] == expected[i];
    }
    if (!right) {
        bench_give_up("what was read is not what was written");
    }
}

void depot_fill(struct depot_cache *cache, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        const struct depot_blob blob = depot_blob_of(i, size);
        if (depot_blob_cache_put(cache, &blob) != LARDER_OK) {
            bench_give_up("put");
        }
    }
}

void depot_get(struct depot_cache *cache, uint64_t id, size_t size)
{
    const struct depot_blob *blob;
    if (depot_blob_cache_get(cache, id, &blob) != LARDER_OK) {
        bench_give_up("get");
    }
    depot_check(blob->data.data, blob->data.len, size);
    depot_blob_release(blob);
}

size_t depot_hand_key(char *key, uint64_t id)
{
    return (size_t)snprintf(key, DEPOT_KEY_SIZE, "hand:blob:%" PRIu64, id);
}
