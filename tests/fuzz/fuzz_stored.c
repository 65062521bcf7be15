/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a stored value, envelope and all, compressed or not: the first says
 * which entity of value.yaml's, what is behind it is put at that entity's key past a
 * cache, which then reads it.
 *
 * stored_form.c says independently whether there is a body. Where there is, the
 * cache must find what the decoder makes of it (fuzz_value.c holds that); where there
 * is none, a miss. Memory in use never exceeds what docs/wire-format.md states.
 *
 * Out of the oracle's reach: LZ4 blocks that end as none may. liblz4 refuses them.
 */
#include <stdint.h>
#include <string.h>

#include "past_cache.h"
#include "stored_form.h"
#include "value_types.h"

#include "value_cache.c" /* NOLINT(bugprone-suspicious-include): its tables are static */

enum { ROOM_BYTES = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct larder_cache *open_cache(void)
{
    static struct fuzz_cache *cache;
    const struct larder_config config = {.backend = "memory", .allocator = &counting};
    if (cache == NULL) {
        HOLDS(fuzz_cache_open(&config, &cache) == LARDER_OK);
    }
    return larder_core(cache);
}

/* What the cache makes smaller it makes whole again. */
static void hold_packing(struct larder_cache *cache, const uint8_t *body, size_t len)
{
    static uint8_t packed[BODY_MAX], again[BODY_MAX];
    for (int codec = LARDER_CODEC_ZSTD; codec <= LARDER_CODEC_LZ4; codec++) {
        struct larder_packed made = {.codec = (uint32_t)codec, .size = len, .bytes = packed};
        made.len = larder_compress(&cache->compressor, &counting, (enum larder_codec)codec, body,
                                   len, packed, len);
        if (made.len != 0) {
            HOLDS(larder_packed_is_credible(&made, len));
            HOLDS(larder_decompress(&cache->compressor, &made, again) == LARDER_OK);
            HOLDS(memcmp(again, body, len) == 0);
        }
    }
}

static void hold_same(const struct larder_entity *entity, const void *a, const void *b)
{
    uint8_t room[ROOM_BYTES], other_room[ROOM_BYTES];
    struct larder_writer first, second;
    larder_writer_init(&first, &counting, room, sizeof room, 0);
    larder_writer_init(&second, &counting, other_room, sizeof other_room, 0);
    HOLDS(larder_value_encode(&first, entity, a));
    HOLDS(larder_value_encode(&second, entity, b));
    HOLDS(larder_writer_len(&first) == larder_writer_len(&second) &&
          memcmp(first.start, second.start, larder_writer_len(&first)) == 0);
    larder_writer_release(&first);
    larder_writer_release(&second);
}

static void hold_together(struct larder_cache *cache, const struct larder_entity *entity,
                          enum stored_verdict verdict, const struct stored_form *form,
                          const void *got)
{
    static struct larder_value_hint hint;
    const void *value = NULL;
    if (verdict == STORED_UNSURE) {
        return;
    }
    if (verdict == STORED_BODY) {
        enum larder_status status =
            larder_value_decode(&counting, entity, &hint, form->body, form->len, &value);
        HOLDS(status == LARDER_OK || status == LARDER_E_DECODE);
    }
    HOLDS(got == NULL || value != NULL);
    HOLDS(got != NULL || value == NULL || form->codec == LARDER_CODEC_LZ4);
    if (got != NULL) {
        hold_same(entity, got, value);
        hold_packing(cache, form->body, form->len);
    }
    larder_value_release(value);
}

uint64_t stored_fingerprint(unsigned index)
{
    return past_cache_fingerprint("fuzz", larder_own_entities[index]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t room[BODY_MAX];
    struct larder_cache *cache = open_cache();
    struct stored_form form;
    size_t cost;
    if (size < 2) {
        return 0;
    }
    unsigned index = (unsigned)(data[0] % value_type_count);
    const struct larder_entity *entity = larder_own_entities[index];
    data++;
    size--;
    enum stored_verdict verdict = stored_open(stored_fingerprint(index), data, size, room, &form);
    if (form.len > BODY_MAX) {
        return 0; /* takes its time; tests/interop/hostile.py has some */
    }
    struct larder_key key = past_cache_put(cache, entity, data, size);
    const void *got = past_cache_get(cache, entity, &key, &cost);
    HOLDS(cost <= past_cache_bound(entity, form.len > size ? form.len : size, form.codec != 0));
    hold_together(cache, entity, verdict, &form, got);
    larder_value_release(got);
    return 0;
}
