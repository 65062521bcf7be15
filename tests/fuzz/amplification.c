/* SPDX-License-Identifier: MIT */
/*
 * What reading the worst that one can store takes of memory, against the bound that
 * docs/wire-format.md states ("What a value may take"): bodies of the fewest bytes that
 * ask for the most, plain and as small as either codec makes them. Prints a line each.
 */
#include <stdlib.h>

#include "past_cache.h"
#include "stored_form.h"

#include "worst_cache.c" /* NOLINT(bugprone-suspicious-include): its tables are static */

enum { COUNT = 50000, BODY_BYTES = 8 * COUNT, RATIOS = 3 };

struct worst {
    const char *what;
    const char *entity;
    const char *item; /* as often as it goes */
    size_t item_len;
    uint8_t head; /* 0xdd: an array; 0xdf: a map, with keys that are numbered; 0: the item alone */
};

#define ITEM(text) .item = (text), .item_len = sizeof(text) - 1

static const struct worst worsts[] = {
    {"a flat struct", "flat", ITEM("\x91\x07"), 0},
    {"strings that are not there", "holes", ITEM("\xc0"), 0xdd},
    {"empty strings", "holes", ITEM("\xa0"), 0xdd},
    {"structs without a field", "empties", ITEM("\x90"), 0xdd},
    {"structs of nil", "empties", ITEM("\x99\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0"), 0xdd},
    {"structs with a struct", "empties", ITEM("\x99\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\x90"), 0xdd},
    {"structs behind pointers", "maybes", ITEM("\x90"), 0xdd},
    {"empty lists", "lists", ITEM("\x90"), 0xdd},
    {"lists of an empty list", "lists", ITEM("\x91\x90"), 0xdd},
    {"lists of a list of a number", "lists", ITEM("\x91\x91\x00"), 0xdd},
    {"structs by name", "maps", ITEM("\x90"), 0xdf},
    {"any", "anys", ITEM("\xc0"), 0xdd},
    {"empty bytes", "bytes", ITEM("\xc4\x00"), 0xdd},
};

static const struct larder_entity *entity_of(const char *name)
{
    for (size_t i = 0; i < sizeof larder_own_entities / sizeof larder_own_entities[0]; i++) {
        if (strcmp(larder_own_entities[i]->name, name) == 0) {
            return larder_own_entities[i];
        }
    }
    abort();
}

static size_t make_body(const struct worst *worst, uint8_t *to, uint32_t count)
{
    uint8_t *p = to;
    if (worst->head == 0) {
        memcpy(p, worst->item, worst->item_len);
        return worst->item_len;
    }
    *p++ = worst->head;
    for (int shift = 24; shift >= 0; shift -= 8) {
        *p++ = (uint8_t)(count >> shift);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (worst->head == 0xdf) {
            const uint8_t key[] = {0xa3, (uint8_t)('0' + i / 4096), (uint8_t)('0' + i / 64 % 64),
                                   (uint8_t)('0' + i % 64)};
            memcpy(p, key, sizeof key);
            p += sizeof key;
        }
        if ((size_t)(p - to) + worst->item_len > BODY_BYTES) {
            abort();
        }
        memcpy(p, worst->item, worst->item_len);
        p += worst->item_len;
    }
    return (size_t)(p - to);
}

/* How many times its length a packed body may say that it has: 0, zstd, LZ4. */
static bool is_credible(unsigned codec, size_t stored_len, size_t body_len)
{
    static const size_t ratios[RATIOS] = {1, 1024, 255};
    enum { HEAD_BYTES = 20 };
    return codec == 0 ||
           (stored_len > HEAD_BYTES && body_len <= (stored_len - HEAD_BYTES) * ratios[codec]);
}

static void measure(struct larder_cache *cache, const struct worst *worst, unsigned codec)
{
    static uint8_t body[BODY_BYTES], stored[BODY_BYTES + 64];
    const struct larder_entity *entity = entity_of(worst->entity);
    struct stored_form form = {.codec = codec, .body = body};
    size_t len = 0, cost, again;
    for (uint32_t count =
             COUNT * 8 / 10 / (uint32_t)(worst->item_len + (worst->head == 0xdf ? 4 : 0));
         len == 0; count = count * 9 / 10) {
        form.len = make_body(worst, body, count);
        len = stored_seal(past_cache_fingerprint("worst", entity), &form, stored, sizeof stored);
        len = is_credible(codec, len, form.len) ? len : 0;
        if (count < 2) {
            return; /* nothing to compress */
        }
    }
    struct larder_key key = past_cache_put(cache, entity, stored, len);
    larder_value_release(past_cache_get(cache, entity, &key, &cost));
    const void *value = past_cache_get(cache, entity, &key, &again);
    cost = again > cost ? again : cost;
    size_t bound = past_cache_bound(entity, form.len, codec != 0);
    (void)printf(
        "%-28s %-5s %6zu bytes stored, %6zu of body: %8zu taken, %5.1f a byte of body; bound %5.1f\n",
        worst->what,
        codec == 0   ? "plain"
        : codec == 1 ? "zstd"
                     : "LZ4",
        len, form.len, cost, (double)cost / (double)form.len, (double)bound / (double)form.len);
    HOLDS(value != NULL);
    HOLDS(cost >= form.len && cost <= bound);
    larder_value_release(value);
}

int main(void)
{
    const struct larder_config config = {.backend = "memory", .allocator = &counting};
    struct worst_cache *cache;
    HOLDS(worst_cache_open(&config, &cache) == LARDER_OK);
    for (size_t i = 0; i < sizeof worsts / sizeof worsts[0]; i++) {
        for (unsigned codec = 0; codec < RATIOS; codec++) {
            measure(larder_core(cache), &worsts[i], codec);
        }
    }
    worst_cache_close(cache);
    HOLDS(counted.in_use == 0);
    return EXIT_SUCCESS;
}
