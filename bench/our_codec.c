/* SPDX-License-Identifier: MIT */
/*
 * Our side: what a set does before, and a get does after, the network. The same
 * functions the runtime calls, on the entities that the generated code
 * registers with a cache; its backend is the one that keeps nothing.
 *
 * The key's fingerprint was made with the key and is given; comparing it is part
 * of what is measured.
 */
#include <string.h>

#include "cache/call.h"
#include "codec/envelope.h"
#include "codec_side.h"

#include "bench_options.h"

static struct larder_cache *cache;
static const struct larder_allocator *our_allocator;
/* What a call is given by the generated code, and what it made of the key. */
static const struct larder_entity *entities[CODEC_SHAPES];
static uint64_t fingerprints[CODEC_SHAPES];
static uint8_t buffer[CODEC_BUFFER_BYTES];

void codec_ours_allocate_with(const struct larder_allocator *allocator)
{
    our_allocator = allocator;
}

/* The service's handle is larder's own, its entities stand in the schema's order. */
static const void *prepare(const void *value)
{
    if (cache == NULL) {
        const struct larder_config config = {.backend = "off", .allocator = our_allocator};
        struct codec_cache *opened;
        if (codec_cache_open(&config, &opened) != LARDER_OK) {
            bench_give_up("opening the cache");
        }
        cache = (struct larder_cache *)opened;
        for (size_t i = 0; i < CODEC_SHAPES; i++) {
            entities[i] = cache->service->entities[i];
            const char *name = entities[i]->name;
            if (strcmp(name, codec_shapes[i].name) != 0) {
                bench_give_up("the entities are not the shapes");
            }
            fingerprints[i] =
                larder_envelope_fingerprint(cache->states[i].seed, name, strlen(name));
        }
    }
    return value;
}

static size_t encode(enum codec_shape shape, const void *value, const uint8_t **ret_bytes)
{
    const struct larder_entity *entity = entities[shape];
    struct larder_writer w;
    larder_writer_init(&w, &cache->allocator, buffer, sizeof buffer, larder_stored_max(entity));
    if (larder_stored_write(&w, entity, fingerprints[shape], NULL, value) != LARDER_OK) {
        return 0;
    }
    *ret_bytes = w.start;
    return larder_writer_len(&w);
}

static void *decode(enum codec_shape shape, const uint8_t *bytes, size_t len)
{
    const struct larder_entity *entity = entities[shape];
    const void *value = NULL;
    size_t body;
    if (larder_envelope_read(bytes, len, fingerprints[shape], entity->version, &body) ==
        LARDER_ENVELOPE_OK) {
        (void)larder_value_decode(&cache->allocator, entity, &cache->states[shape].hint,
                                  bytes + body, len - body, &value);
    }
    return (void *)(uintptr_t)value;
}

static void release(void *value)
{
    larder_value_release(value);
}

static size_t encode_session(const void *value, const uint8_t **ret_bytes)
{
    return encode(CODEC_SESSION, value, ret_bytes);
}

static size_t encode_product(const void *value, const uint8_t **ret_bytes)
{
    return encode(CODEC_PRODUCT, value, ret_bytes);
}

static size_t encode_catalogue(const void *value, const uint8_t **ret_bytes)
{
    return encode(CODEC_CATALOGUE, value, ret_bytes);
}

static void *decode_session(const uint8_t *bytes, size_t len)
{
    return decode(CODEC_SESSION, bytes, len);
}

static void *decode_product(const uint8_t *bytes, size_t len)
{
    return decode(CODEC_PRODUCT, bytes, len);
}

static void *decode_catalogue(const uint8_t *bytes, size_t len)
{
    return decode(CODEC_CATALOGUE, bytes, len);
}

const struct codec_side codec_ours = {
    .name = "larder",
    .shapes =
        {
            {prepare, encode_session, decode_session, release, codec_sum_session},
            {prepare, encode_product, decode_product, release, codec_sum_product},
            {prepare, encode_catalogue, decode_catalogue, release, codec_sum_catalogue},
        },
};
