/* SPDX-License-Identifier: MIT */
/*
 * One read, from call to value, and the two smaller questions.
 */
#include "base/log.h"
#include "cache/refresh.h"
#include "cache/sight.h"

/* A value of so many bytes is worth a connection to itself, and to be received
 * apart from its header: below, the system call for that costs what the copy does. */
enum { LARGE_BYTES = 16 * 1024 };

/* Values are alike if they differ by less than that part: so much of a block may be wasted. */
enum { LIKE_PART = 16 };

static const int64_t ALARM_PAUSE_NS = INT64_C(10) * 1000 * 1000 * 1000;

/* Of an entity whose values have versions or times to be judged by. call NULL: of nobody's
 * loader. */
static __attribute__((noinline)) enum larder_status get_by_look(const struct larder_lookup *of,
                                                                const struct larder_key *key,
                                                                const void *call,
                                                                int64_t deadline_ns,
                                                                const void **ret_value)
{
    const struct larder_look look = {
        .cache = of->cache, .entity = of->entity, .key = key, .fingerprint = of->fingerprint};
    struct larder_sight sight;
    enum larder_status status = larder_look(&look, deadline_ns, &sight);
    if (status < 0) {
        return status;
    }
    status = larder_sight_status(sight.kind);
    if (sight.kind == LARDER_SIGHT_SPARE) {
        larder_value_release(sight.value);
        sight.value = NULL;
    }
    if (larder_refresh_is_due(&sight)) {
        (void)larder_refresh_offer(of->cache, of->entity, key, call);
    }
    *ret_value = sight.value;
    larder_lookup_count(of->cache, of->entity, status);
    return status;
}

/* key -> backend -> envelope -> decode -> value: the second half is take_value,
 * which the backend calls with the stored bytes while they are still its own. */
static inline enum larder_status get(struct larder_cache *cache, const struct larder_entity *entity,
                                     const struct larder_key *key, const void *call,
                                     const void **ret_value)
{
    struct larder_op op;
    struct larder_lookup lookup = {.cache = cache, .entity = entity};
    if (ret_value != NULL) {
        *ret_value = NULL;
    }
    enum larder_status status = larder_call_begin(cache, entity);
    if (status != LARDER_OK) {
        return status;
    }
    if (ret_value == NULL) {
        return larder_call_refuse(entity, LARDER_E_ARG, "the output is NULL");
    }
    status = larder_call_check_key(entity, key);
    if (status != LARDER_OK) {
        return status;
    }
    lookup.fingerprint = larder_fingerprint_of(cache, entity, key);
    int64_t deadline_ns = larder_call_deadline_ns(cache);
    if (larder_sight_is_needed(cache, entity)) {
        return get_by_look(&lookup, key, call, deadline_ns, ret_value);
    }
    larder_lookup_prepare(&lookup, &op, key->bytes, key->len);
    cache->backend->table->run(cache->backend, &op, 1, deadline_ns);
    status = larder_lookup_finish(&lookup, &op, ret_value);
    if (LARDER_UNLIKELY(lookup.wants_look) && status == LARDER_MISS) {
        larder_sight_needed(cache, entity);
        return get_by_look(&lookup, key, call, deadline_ns, ret_value);
    }
    larder_lookup_count(cache, entity, status);
    return status;
}

enum larder_status larder_stub_get(struct larder_cache *cache, const struct larder_entity *entity,
                                   const struct larder_key *key, const void **ret_value)
{
    return get(cache, entity, key, NULL, ret_value);
}

enum larder_status larder_stub_get_refreshing(struct larder_cache *cache,
                                              const struct larder_entity *entity,
                                              const struct larder_key *key, const void *call,
                                              const void **ret_value)
{
    return get(cache, entity, key, call, ret_value);
}

/* A value that is to be received right into its block. The room of an attempt that
 * failed, or of a length that it turned out not to have, is of no use any more. */
static uint8_t *place_value(struct larder_op *op, size_t len)
{
    struct larder_lookup *lookup = op->user;
    const struct larder_allocator *allocator = &lookup->cache->allocator;
    larder_value_room_release(allocator, &lookup->room);
    return larder_value_room_make(allocator, lookup->entity, len, &lookup->room);
}

static void keep(atomic_size_t *number, size_t value)
{
    if (atomic_load_explicit(number, memory_order_relaxed) != value) {
        atomic_store_explicit(number, value, memory_order_relaxed);
    }
}

static bool are_alike(size_t a, size_t b)
{
    return (a > b ? a - b : b - a) <= (a > b ? a : b) / LIKE_PART;
}

/* What the next read of this entity is to expect: as much as the last two, if they were alike. */
static void note_size(struct larder_entity_state *state, size_t len)
{
    size_t last = atomic_load_explicit(&state->last_large, memory_order_relaxed);
    size_t expected = atomic_load_explicit(&state->expected, memory_order_relaxed);
    size_t large = len >= LARGE_BYTES ? len : 0;
    keep(&state->last_large, large);
    if (large != 0 && (len > expected || !are_alike(len, expected))) {
        size_t more = len > last ? len : last;
        keep(&state->expected, are_alike(len, last) ? more : 0);
    }
}

static enum larder_status decode_body(struct larder_lookup *lookup, const uint8_t *bytes,
                                      size_t len, size_t body)
{
    const struct larder_allocator *allocator = &lookup->cache->allocator;
    const struct larder_entity *entity = lookup->entity;
    struct larder_value_hint *hint = &larder_state_of(lookup->cache, entity)->hint;
    if (bytes == lookup->room.bytes) {
        lookup->room.len = len; /* it may be a little less than was expected */
        return larder_value_room_decode(allocator, entity, hint, &lookup->room, body,
                                        &lookup->value);
    }
    return larder_value_decode(allocator, entity, hint, bytes + body, len - body, &lookup->value);
}

/* Decompressed to where it stays, as far as the entity allows that; see larder_value_room. */
static enum larder_status decode_packed(struct larder_lookup *lookup, const uint8_t *bytes,
                                        size_t len, size_t at)
{
    const struct larder_allocator *allocator = &lookup->cache->allocator;
    const struct larder_entity *entity = lookup->entity;
    struct larder_packed packed;
    struct larder_value_room room;
    if (!larder_envelope_read_packed(bytes, len, at, &packed) ||
        !larder_packed_is_credible(&packed, larder_stored_max(entity))) {
        return LARDER_E_DECODE;
    }
    uint8_t *body = larder_value_room_make(allocator, entity, packed.size, &room);
    if (body == NULL) {
        return LARDER_E_NOMEM;
    }
    enum larder_status status = larder_decompress(&lookup->cache->compressor, &packed, body);
    if (status != LARDER_OK) {
        larder_value_room_release(allocator, &room);
        return status;
    }
    return larder_value_room_decode(
        allocator, entity, &larder_state_of(lookup->cache, entity)->hint, &room, 0, &lookup->value);
}

void larder_lookup_glance(struct larder_lookup *lookup, const uint8_t *bytes, size_t len,
                          size_t total)
{
    struct larder_glance *glance = lookup->glance;
    glance->came = true;
    glance->seen_total = total;
    glance->seen_len = len < LARDER_HEAD_BYTES ? len : LARDER_HEAD_BYTES;
    memcpy(glance->seen, bytes, glance->seen_len);
    glance->verdict = larder_envelope_read_head(bytes, len, lookup->fingerprint,
                                                lookup->entity->version, &glance->head);
}

/* An entry of a form that entities without policies do not have. Where there is a value in
 * it, and nobody who could judge it, it is left to a look. */
static __attribute__((noinline)) enum larder_status take_more(struct larder_lookup *lookup,
                                                              const uint8_t *bytes, size_t len)
{
    struct larder_envelope_head head;
    larder_envelope_read_head(bytes, len, lookup->fingerprint, lookup->entity->version, &head);
    if (head.meta == LARDER_META_CLAIM) {
        return LARDER_MISS;
    }
    if (head.meta == (LARDER_META_PLAIN | LARDER_META_EMPTY)) {
        return LARDER_ABSENT;
    }
    if (lookup->glance == NULL) {
        lookup->wants_look = true;
        return LARDER_MISS;
    }
    if ((head.meta & LARDER_META_EMPTY) != 0) {
        return LARDER_ABSENT;
    }
    return (head.meta & LARDER_META_PACKED) != 0 ? decode_packed(lookup, bytes, len, head.body)
                                                 : decode_body(lookup, bytes, len, head.body);
}

/* The stored bytes: whoever wrote them, for whatever key, they become a value
 * of this entity and this key, or a miss. */
static void take_value(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    struct larder_lookup *lookup = op->user;
    const struct larder_entity *entity = lookup->entity;
    struct larder_entity_state *state = larder_state_of(lookup->cache, entity);
    size_t body;
    larder_value_release(lookup->value); /* of an attempt that failed after it: another answers */
    lookup->value = NULL;
    larder_counter_add(&state->counters.read_bytes, len);
    note_size(state, len);
    if (lookup->glance != NULL) {
        larder_lookup_glance(lookup, bytes, len, len);
    }

    enum larder_envelope_verdict verdict =
        larder_envelope_read(bytes, len, lookup->fingerprint, entity->version, &body);
    enum larder_status status = LARDER_E_DECODE;
    if (verdict == LARDER_ENVELOPE_OK) {
        status = decode_body(lookup, bytes, len, body);
    } else if (verdict == LARDER_ENVELOPE_PACKED) {
        status = decode_packed(lookup, bytes, len, body);
    } else if (verdict == LARDER_ENVELOPE_MORE) {
        status = take_more(lookup, bytes, len);
    }
    lookup->malformed = status == LARDER_E_DECODE; /* the last sight counts, once */
    if (lookup->malformed) {
        status = LARDER_MISS;
    }
    op->foreign_key = verdict == LARDER_ENVELOPE_KEY;
    lookup->foreign_key |= op->foreign_key;
    lookup->status = status;
    op->status = status == LARDER_OK ? LARDER_OK : LARDER_MISS;
}

void larder_lookup_prepare(struct larder_lookup *lookup, struct larder_op *op, const char *key,
                           size_t key_len)
{
    const struct larder_entity_state *state = larder_state_of(lookup->cache, lookup->entity);
    lookup->value = NULL;
    lookup->room = (struct larder_value_room){.block = NULL};
    lookup->status = LARDER_MISS;
    lookup->malformed = false;
    lookup->foreign_key = false;
    lookup->wants_look = false;
    /* Member by member: clearing all of them at once takes longer than the rest. */
    op->kind = LARDER_OP_GET;
    op->key = key;
    op->key_len = key_len;
    op->value = NULL;
    op->value_len = 0;
    op->ttl_ms = 0;
    op->loaded_ns = 0;
    op->sink = take_value;
    op->place = place_value;
    op->large = atomic_load_explicit(&state->last_large, memory_order_relaxed) != 0;
    op->expected = atomic_load_explicit(&state->expected, memory_order_relaxed);
    op->user = lookup;
    op->versions = NULL;
    op->seen = NULL;
    op->seen_len = 0;
    op->seen_total = 0;
    op->token = 0;
    op->keep = false;
    op->pause_ms = 0;
    op->window_ms = 0;
    op->status = LARDER_OK;
    op->outcome = LARDER_APPLIED;
    op->try_later = false;
    op->foreign_key = false;
    op->number = 0;
}

/* A line for the alarm, not one for every value: where one is wrong, many are. */
static void report_foreign_key(const struct larder_lookup *lookup)
{
    const struct larder_cache *cache = lookup->cache;
    struct larder_entity_state *state = larder_state_of(cache, lookup->entity);
    int64_t now_ns = larder_clock_now_ns(&cache->clock);
    int_fast64_t until_ns = atomic_load_explicit(&state->alarm_ns, memory_order_relaxed);
    if ((until_ns == 0 || now_ns >= until_ns) &&
        atomic_compare_exchange_strong_explicit(&state->alarm_ns, &until_ns,
                                                now_ns + ALARM_PAUSE_NS, memory_order_relaxed,
                                                memory_order_relaxed)) {
        larder_log_line(cache->env.log, LARDER_LOG_WARNING,
                        "%s: %s: found a value of another key or entity, and did not take it",
                        cache->service->name, lookup->entity->pattern);
    }
}

enum larder_status larder_lookup_finish(struct larder_lookup *lookup, const struct larder_op *op,
                                        const void **ret_value)
{
    const struct larder_entity *entity = lookup->entity;
    larder_value_room_release(&lookup->cache->allocator, &lookup->room);
    if (lookup->foreign_key) {
        report_foreign_key(lookup);
    }
    if (op->status < 0) {
        /* The value may have come before the rest of the answer failed. */
        larder_value_release(lookup->value);
        lookup->value = NULL;
        larder_call_note_failure(lookup->cache, entity, op->status);
        return op->status;
    }
    if (lookup->status < 0) {
        larder_error_set(lookup->status, "no memory for the value");
        larder_call_note_failure(lookup->cache, entity, lookup->status);
        return lookup->status;
    }
    if (lookup->malformed) {
        larder_counter_add(&larder_state_of(lookup->cache, entity)->counters.decode_errors, 1);
    }
    if (op->status != LARDER_OK) {
        /* It came with an answer that was then asked for again, and is gone. */
        larder_value_release(lookup->value);
        lookup->value = NULL;
    }
    *ret_value = lookup->value;
    if (lookup->value != NULL) {
        return LARDER_OK;
    }
    return lookup->status == LARDER_ABSENT ? LARDER_ABSENT : LARDER_MISS;
}

void larder_lookup_count(const struct larder_cache *cache, const struct larder_entity *entity,
                         enum larder_status status)
{
    struct larder_counters *counters = &larder_state_of(cache, entity)->counters;
    if (status == LARDER_OK || status == LARDER_STALE) {
        larder_counter_add(&counters->hits, 1);
    } else if (status == LARDER_MISS) {
        larder_counter_add(&counters->misses, 1);
    }
    if (status == LARDER_STALE) {
        larder_counter_add(&counters->stale, 1);
    } else if (status == LARDER_ABSENT) {
        larder_counter_add(&counters->absent, 1);
    }
}

/* -------------------------------------------------- is it there, how long */

/* Of an entity whose values have versions or times to be judged by: *op is run along. */
static enum larder_status ask_by_look(struct larder_cache *cache,
                                      const struct larder_entity *entity,
                                      const struct larder_key *key, struct larder_op *op)
{
    struct larder_sight sight;
    const struct larder_look look = {.cache = cache,
                                     .entity = entity,
                                     .key = key,
                                     .fingerprint = larder_fingerprint_of(cache, entity, key),
                                     .how = LARDER_LOOK_HEAD,
                                     .along = op->kind != LARDER_OP_EXISTS ? op : NULL};
    enum larder_status status = larder_look(&look, larder_call_deadline_ns(cache), &sight);
    if (status < 0) {
        return status;
    }
    status = larder_sight_status(sight.kind);
    return status == LARDER_STALE ? LARDER_OK : status;
}

static enum larder_status ask(struct larder_cache *cache, const struct larder_entity *entity,
                              const struct larder_key *key, struct larder_op *op)
{
    enum larder_status status = larder_call_check_key(entity, key);
    if (status != LARDER_OK) {
        return status;
    }
    op->key = key->bytes;
    op->key_len = key->len;
    if (larder_sight_is_needed(cache, entity)) {
        return ask_by_look(cache, entity, key, op);
    }
    return larder_call_run(cache, entity, op, larder_call_deadline_ns(cache));
}

enum larder_status larder_stub_exists(struct larder_cache *cache,
                                      const struct larder_entity *entity,
                                      const struct larder_key *key)
{
    struct larder_op op = {.kind = LARDER_OP_EXISTS};
    enum larder_status status = larder_call_begin(cache, entity);
    return status != LARDER_OK ? status : ask(cache, entity, key, &op);
}

enum larder_status larder_stub_ttl(struct larder_cache *cache, const struct larder_entity *entity,
                                   const struct larder_key *key, int64_t *ret_ms)
{
    struct larder_op op = {.kind = LARDER_OP_TTL};
    if (ret_ms != NULL) {
        *ret_ms = 0;
    }
    enum larder_status status = larder_call_begin(cache, entity);
    if (status != LARDER_OK) {
        return status;
    }
    if (ret_ms == NULL) {
        return larder_call_refuse(entity, LARDER_E_ARG, "the output is NULL");
    }
    status = ask(cache, entity, key, &op);
    if (status == LARDER_ABSENT || (status == LARDER_OK && op.status == LARDER_MISS)) {
        return LARDER_MISS;
    }
    if (status == LARDER_OK) {
        *ret_ms = op.number;
    }
    return status;
}
