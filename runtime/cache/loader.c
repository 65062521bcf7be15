/* SPDX-License-Identifier: MIT */
#include "cache/loader.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cache/call.h"
#include "key/key.h"

static const int64_t TTL_MAX_MS = INT64_C(1) << 53;
static const int64_t NS_PER_MS = 1000000;

struct larder_load_block {
    struct larder_load_block *next;
    _Alignas(max_align_t) unsigned char bytes[];
};

/* ------------------------------------------------------------------ the run */

void larder_load_init(struct larder_load *load, const struct larder_cache *cache,
                      const void *previous)
{
    /* Member by member: the room stays as it is. */
    load->allocator = &cache->allocator;
    load->blocks = NULL;
    load->ttl_ms = LARDER_TTL_SCHEMA;
    load->skip = load->is_private = load->bad_ttl = false;
    load->previous = previous;
    load->tags.count = 0;
    load->tags.status = LARDER_OK;
    load->tags.seed = cache->versions.seed;
    load->cost_ms = 0;
    load->room_used = 0;
}

void larder_load_private(struct larder_load *load)
{
    load->is_private = true;
}

void larder_load_release(struct larder_load *load)
{
    while (load->blocks != NULL) {
        struct larder_load_block *block = load->blocks;
        load->blocks = block->next;
        larder_free(load->allocator, block);
    }
}

enum larder_status larder_load_judge(const struct larder_load *load,
                                     const struct larder_entity *entity, enum larder_status status)
{
    if (status == LARDER_OK && load->bad_ttl) {
        return larder_error_set(LARDER_E_LOADER,
                                "%s: the loader asked for a lifetime that is not 1 to 2^53 ms",
                                entity->pattern);
    }
    if (status == LARDER_OK && load->tags.status != LARDER_OK) {
        return larder_error_set(LARDER_E_LOADER, "%s: the loader added %s", entity->pattern,
                                load->tags.status == LARDER_E_TOO_LARGE
                                    ? "more tags than a value may have"
                                    : "a tag that is none");
    }
    if (status == LARDER_OK || status == LARDER_ABSENT) {
        return status;
    }
    return larder_error_set(LARDER_E_LOADER, "%s: the loader answered %s", entity->pattern,
                            larder_status_name(status));
}

enum larder_status larder_load_run(struct larder_load *load, struct larder_cache *cache,
                                   const struct larder_entity *entity, larder_load_fn *run,
                                   const void *call, void **ret_out)
{
    struct larder_entity_state *state = larder_state_of(cache, entity);
    void *out = larder_load_alloc(load, entity->value_size);
    *ret_out = out;
    if (out == NULL) {
        return larder_error_set(LARDER_E_NOMEM, "%s: no memory to load into", entity->pattern);
    }
    memset(out, 0, entity->value_size);
    entity->defaults(out);
    larder_counter_add(&state->counters.loads, 1);
    bool entered = larder_load_gate_enter(&cache->loads, cache->backend, &cache->clock,
                                          larder_call_deadline_ns(cache));
    int64_t begun_ns = larder_clock_now_ns(&cache->clock);
    enum larder_status status = larder_load_judge(load, entity, run(load, call, out));
    load->cost_ms = (larder_clock_now_ns(&cache->clock) - begun_ns) / NS_PER_MS;
    larder_load_gate_leave(&cache->loads, entered);
    larder_lease_loaded(&state->lease, load->cost_ms);
    if (status < 0) {
        larder_counter_add(&state->counters.load_errors, 1);
    }
    return status;
}

/* --------------------------------------------------------- what loaders call */

void *larder_load_alloc(struct larder_load *load, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    if (load == NULL || size == 0 || size > SIZE_MAX / 2) {
        return NULL;
    }
    if (size <= sizeof load->room - load->room_used) {
        void *bytes = load->room + load->room_used;
        size_t end = (load->room_used + size + align - 1) / align * align;
        load->room_used = end < sizeof load->room ? end : sizeof load->room;
        return bytes;
    }
    struct larder_load_block *block = larder_alloc(load->allocator, sizeof *block + size);
    if (block == NULL) {
        return NULL;
    }
    block->next = load->blocks;
    load->blocks = block;
    return block->bytes;
}

void larder_load_skip(struct larder_load *load)
{
    if (load != NULL) {
        load->skip = true;
    }
}

void larder_load_ttl(struct larder_load *load, int64_t ttl_ms)
{
    if (load != NULL) {
        load->ttl_ms = ttl_ms;
        load->bad_ttl = ttl_ms < 1 || ttl_ms > TTL_MAX_MS;
    }
}

const void *larder_load_previous(const struct larder_load *load)
{
    return load != NULL ? load->previous : NULL;
}

void larder_load_tag(struct larder_load *load, const char *tag)
{
    struct larder_key text;
    if (load == NULL) {
        return;
    }
    larder_key_init(&text, NULL, 0);
    if (tag == NULL) {
        text.status = LARDER_E_ARG;
    } else {
        larder_key_literal(&text, tag, strlen(tag));
    }
    larder_tags_add(&load->tags, &text);
}
