/* SPDX-License-Identifier: MIT */
/*
 * get_or_load: a read that is answered even when the cache cannot.
 */
#include <stddef.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cache/call.h"
#include "codec/envelope.h"

enum { LOAD_ROOM_BYTES = 1024 };

struct load_block {
    struct load_block *next;
    _Alignas(max_align_t) unsigned char bytes[];
};

struct larder_load {
    const struct larder_allocator *allocator;
    struct load_block *blocks; /* what did not fit into room */
    int64_t ttl_ms;
    bool skip;
    bool bad_ttl;
    size_t room_used;
    _Alignas(max_align_t) unsigned char room[LOAD_ROOM_BYTES];
};

/* What one call of get_or_load carries along. */
struct load_call {
    struct larder_cache *cache;
    const struct larder_entity *entity;
    const struct larder_key *key;
    uint64_t fingerprint;
    larder_load_fn *load;
    const void *call;
    int64_t deadline_ns; /* of the cache's part, until the loader runs */
    int64_t loaded_ns;   /* when the loader began; never 0 */
};

static void read_through(struct load_call *c, struct larder_landing *ret_landing);
static enum larder_status look(struct load_call *c, const void **ret_value);
static void load_and_fill(struct load_call *c, struct larder_landing *ret_landing);

/* ---------------------------------------------------------------- the call */

enum larder_status larder_stub_get_or_load(struct larder_cache *cache,
                                           const struct larder_entity *entity,
                                           const struct larder_key *key, larder_load_fn *load,
                                           const void *call, const void **ret_value)
{
    struct larder_landing landing;
    if (ret_value != NULL) {
        *ret_value = NULL;
    }
    enum larder_status status = larder_call_begin(cache, entity);
    if (status != LARDER_OK) {
        return status;
    }
    if (load == NULL || ret_value == NULL) {
        return larder_call_refuse(entity, LARDER_E_ARG, "the loader or the output is NULL");
    }
    status = larder_call_check_key(entity, key);
    if (status != LARDER_OK) {
        return status;
    }
    struct load_call c = {
        .cache = cache,
        .entity = entity,
        .key = key,
        .fingerprint = larder_fingerprint_of(cache, entity, key),
        .load = load,
        .call = call,
        .deadline_ns = larder_call_deadline_ns(cache),
    };
    read_through(&c, &landing);
    larder_outcome_set(landing.outcome);
    if (landing.status == LARDER_OK && landing.outcome == LARDER_APPLIED) {
        larder_error_clear(); /* whatever failed on the way was made good */
    }
    *ret_value = landing.value;
    return landing.status;
}

/* Look, then agree with the others who miss the same key on who loads it. */
static void read_through(struct load_call *c, struct larder_landing *ret_landing)
{
    struct larder_cache *cache = c->cache;
    struct larder_counters *counters = &larder_state_of(cache, c->entity)->counters;
    struct larder_ticket ticket = {
        .flights = &cache->flights, .entity = c->entity, .key = c->key, .hash = c->fingerprint};
    uint64_t seen = larder_flights_seen(&cache->flights, c->fingerprint);
    *ret_landing = (struct larder_landing){LARDER_OK, LARDER_APPLIED, NULL};
    enum larder_status found = look(c, &ret_landing->value);
    if (found == LARDER_OK) {
        larder_counter_add(&counters->hits, 1);
        return;
    }
    enum larder_flight_role role = larder_flight_join(&ticket, seen);
    if (role == LARDER_FLIGHT_FOLLOW) {
        larder_flight_wait(&ticket, ret_landing);
        larder_counter_add(&counters->misses, 1);
        if (ret_landing->value != NULL) {
            larder_counter_add(&counters->coalesced, 1);
        }
        if (ret_landing->status < 0) {
            larder_error_set(ret_landing->status, "%s: the loader of another caller failed",
                             c->entity->pattern);
        }
        return;
    }
    if (found == LARDER_MISS && ticket.look_again && look(c, &ret_landing->value) == LARDER_OK) {
        larder_counter_add(&counters->hits, 1);
    } else {
        larder_counter_add(&counters->misses, 1);
        load_and_fill(c, ret_landing);
    }
    if (role == LARDER_FLIGHT_LEAD) {
        larder_flight_land(&ticket, ret_landing);
    }
}

static enum larder_status look(struct load_call *c, const void **ret_value)
{
    struct larder_op op;
    struct larder_lookup lookup = {
        .cache = c->cache, .entity = c->entity, .fingerprint = c->fingerprint};
    larder_lookup_prepare(&lookup, &op, c->key->bytes, c->key->len);
    c->cache->backend->table->run(c->cache->backend, &op, 1, c->deadline_ns);
    return larder_lookup_finish(&lookup, &op, ret_value);
}

/* ------------------------------------------------------------- load and fill */

/* What a loader answered, as the call answers it. */
static enum larder_status judge_loader(const struct load_call *c, const struct larder_load *load,
                                       enum larder_status status)
{
    const char *pattern = c->entity->pattern;
    if (status == LARDER_OK && load->bad_ttl) {
        return larder_error_set(LARDER_E_LOADER,
                                "%s: the loader asked for a lifetime that is not 1 to 2^53 ms",
                                pattern);
    }
    if (status == LARDER_OK || status == LARDER_ABSENT) {
        return status;
    }
    return larder_error_set(LARDER_E_LOADER, "%s: the loader answered %s", pattern,
                            larder_status_name(status));
}

/* Runs the loader on a zeroed value with the defaults in. */
static enum larder_status run_loader(struct load_call *c, struct larder_load *load, void **ret_out)
{
    struct larder_counters *counters = &larder_state_of(c->cache, c->entity)->counters;
    void *out = larder_load_alloc(load, c->entity->value_size);
    *ret_out = out;
    if (out == NULL) {
        return larder_error_set(LARDER_E_NOMEM, "%s: no memory to load into", c->entity->pattern);
    }
    memset(out, 0, c->entity->value_size);
    c->entity->defaults(out);
    larder_counter_add(&counters->loads, 1);
    bool entered = larder_load_gate_enter(&c->cache->loads, c->cache->backend, &c->cache->clock,
                                          larder_call_deadline_ns(c->cache));
    enum larder_status status = judge_loader(c, load, c->load(load, c->call, out));
    larder_load_gate_leave(&c->cache->loads, entered);
    if (status < 0) {
        larder_counter_add(&counters->load_errors, 1);
    }
    return status;
}

/* The loader's own memory, as one block for the callers: through the very
 * bytes that are stored, so that what is loaded and what is read are the same. */
static enum larder_status to_value(struct load_call *c, struct larder_writer *w, const void *out,
                                   const void **ret_value)
{
    const struct larder_entity *entity = c->entity;
    size_t body;
    enum larder_status status = larder_stored_write(w, entity, c->fingerprint, NULL, out);
    if (status == LARDER_E_ARG) {
        status =
            larder_error_set(LARDER_E_LOADER, "%s, as the loader gave it", larder_last_error());
    }
    if (status != LARDER_OK) {
        return status;
    }
    larder_envelope_read(w->start, larder_writer_len(w), c->fingerprint, entity->version, &body);
    status =
        larder_value_decode(&c->cache->allocator, entity, &larder_state_of(c->cache, entity)->hint,
                            w->start + body, larder_writer_len(w) - body, ret_value);
    if (status != LARDER_OK) {
        larder_error_set(status, "%s: the loaded value: %s", entity->pattern,
                         larder_status_text(status));
    }
    return status;
}

/* Stores what was encoded; the call goes on whatever comes of it. */
static enum larder_outcome fill(struct load_call *c, const struct larder_load *load,
                                struct larder_writer *w, int64_t deadline_ns)
{
    struct larder_counters *counters = &larder_state_of(c->cache, c->entity)->counters;
    if (larder_writer_len(w) > larder_stored_max(c->entity)) {
        larder_call_refuse(c->entity, LARDER_E_TOO_LARGE,
                           "the loaded value is over max_bytes and was not stored");
        larder_counter_add(&counters->fill_errors, 1);
        return LARDER_NOT_APPLIED;
    }
    larder_stored_compress(c->cache, c->entity, c->fingerprint, NULL, w);
    struct larder_op op = {.kind = LARDER_OP_SET,
                           .key = c->key->bytes,
                           .key_len = c->key->len,
                           .value = w->start,
                           .value_len = larder_writer_len(w),
                           .ttl_ms = larder_lifetime_ms(c->cache, c->entity, load->ttl_ms),
                           .loaded_ns = c->loaded_ns};
    if (larder_call_run(c->cache, c->entity, &op, deadline_ns) != LARDER_OK) {
        larder_counter_add(&counters->fill_errors, 1);
        return op.outcome;
    }
    larder_counter_add(&counters->fills, 1);
    larder_counter_add(&counters->written_bytes, op.value_len);
    return LARDER_APPLIED;
}

static void load_release(struct larder_load *load)
{
    while (load->blocks != NULL) {
        struct load_block *block = load->blocks;
        load->blocks = block->next;
        larder_free(load->allocator, block);
    }
}

/* The loader's time is its own: what the look left of the deadline is the fill's. */
static void load_and_fill(struct load_call *c, struct larder_landing *ret_landing)
{
    const struct larder_clock *clock = &c->cache->clock;
    uint8_t room[LARDER_STACK_ROOM_BYTES];
    struct larder_writer w;
    struct larder_load load;
    void *out;
    load.allocator = &c->cache->allocator;
    load.blocks = NULL;
    load.ttl_ms = LARDER_TTL_SCHEMA;
    load.skip = load.bad_ttl = false;
    load.room_used = 0;
    *ret_landing = (struct larder_landing){LARDER_OK, LARDER_NOT_APPLIED, NULL};
    larder_writer_init(&w, load.allocator, room, sizeof room, LARDER_VALUE_MAX);

    int64_t now_ns = larder_clock_now_ns(clock);
    int64_t left_ns = c->deadline_ns - now_ns;
    c->loaded_ns = now_ns != 0 ? now_ns : 1;
    ret_landing->status = run_loader(c, &load, &out);
    if (ret_landing->status == LARDER_OK) {
        ret_landing->status = to_value(c, &w, out, &ret_landing->value);
    }
    if (ret_landing->status == LARDER_OK && !load.skip) {
        int64_t deadline_ns = larder_clock_now_ns(clock) + (left_ns > 0 ? left_ns : 0);
        ret_landing->outcome = fill(c, &load, &w, deadline_ns);
    }
    larder_writer_release(&w);
    load_release(&load);
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
    struct load_block *block = larder_alloc(load->allocator, sizeof *block + size);
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
        load->bad_ttl = ttl_ms < 1 || ttl_ms > INT64_C(1) << 53;
    }
}
