/* SPDX-License-Identifier: MIT */
#include "cache/call.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"
#include "codec/envelope.h"

enum {
    GAIN_PART = 8, /* compression must take off an eighth */
    HEAD_GROWTH = LARDER_ENVELOPE_PACKED_MAX_BYTES - LARDER_ENVELOPE_MAX_BYTES
};

static const int64_t TTL_MAX_MS = INT64_C(1) << 53;

enum larder_status larder_call_check_entity(const struct larder_cache *cache,
                                            const struct larder_entity *entity)
{
    if (entity == NULL) {
        return larder_call_refuse(NULL, LARDER_E_ARG, "the entity is NULL");
    }
    if (entity->index >= cache->service->entity_count ||
        cache->service->entities[entity->index] != entity) {
        return larder_call_refuse(entity, LARDER_E_ARG, "not an entity of this cache");
    }
    return LARDER_OK;
}

enum larder_status larder_call_begin_many(const struct larder_cache *cache,
                                          const struct larder_entity *entity)
{
    larder_error_clear();
    larder_outcome_set(LARDER_APPLIED);
    if (cache == NULL) {
        return larder_call_refuse(entity, LARDER_E_ARG, "the cache is NULL");
    }
    return entity != NULL ? larder_call_check_entity(cache, entity) : LARDER_OK;
}

enum larder_status larder_call_begin(const struct larder_cache *cache,
                                     const struct larder_entity *entity)
{
    enum larder_status status = larder_call_begin_many(cache, entity);
    return status == LARDER_OK && entity == NULL ? larder_call_check_entity(cache, NULL) : status;
}

enum larder_status larder_call_refuse(const struct larder_entity *entity, enum larder_status status,
                                      const char *what)
{
    larder_outcome_set(LARDER_NOT_APPLIED);
    if (entity == NULL) {
        return larder_error_set(status, "%s", what);
    }
    return larder_error_set(status, "%s: %s", entity->pattern, what);
}

enum larder_status larder_stub_bad_argument(const struct larder_entity *entity, const char *field)
{
    larder_error_clear();
    larder_outcome_set(LARDER_NOT_APPLIED);
    if (entity == NULL) {
        return larder_error_set(LARDER_E_ARG, "%s is not valid",
                                field != NULL ? field : "an argument");
    }
    if (field == NULL) {
        return larder_error_set(LARDER_E_ARG, "%s: an argument is not valid", entity->pattern);
    }
    return larder_error_set(LARDER_E_ARG, "%s: %s is not valid", entity->pattern, field);
}

enum larder_status larder_call_check_key(const struct larder_entity *entity,
                                         const struct larder_key *key)
{
    if (key == NULL) {
        return larder_call_refuse(entity, LARDER_E_ARG, "the key is NULL");
    }
    if (key->status == LARDER_OK) {
        return LARDER_OK;
    }
    if (key->status == LARDER_E_TOO_LARGE) {
        return larder_call_refuse(entity, LARDER_E_TOO_LARGE, "the key is longer than 1024 bytes");
    }
    return larder_call_refuse(entity, key->status,
                              "a parameter of the key is NULL, no enumerator, or not the value's");
}

enum larder_status larder_call_check_ttl(const struct larder_entity *entity, int64_t ttl_ms)
{
    if (ttl_ms == LARDER_TTL_SCHEMA || (ttl_ms >= 1 && ttl_ms <= TTL_MAX_MS)) {
        return LARDER_OK;
    }
    return larder_call_refuse(entity, LARDER_E_ARG, "a lifetime is 1 to 2^53 ms");
}

void larder_call_note_failure(const struct larder_cache *cache, const struct larder_entity *entity,
                              enum larder_status status)
{
    const char *detail = larder_last_error();
    larder_counter_add(&larder_state_of(cache, entity)->counters.errors, 1);
    larder_error_set(status, "%s: %s", entity->pattern,
                     *detail != '\0' ? detail : larder_status_text(status));
}

enum larder_status larder_call_ran(const struct larder_cache *cache,
                                   const struct larder_entity *entity, const struct larder_op *op)
{
    if (op->status < 0) {
        larder_call_note_failure(cache, entity, op->status);
    }
    if (larder_op_class(op->kind) != LARDER_CLASS_READ) {
        larder_outcome_set(op->outcome);
    }
    return op->status;
}

enum larder_status larder_call_run(struct larder_cache *cache, const struct larder_entity *entity,
                                   struct larder_op *op, int64_t deadline_ns)
{
    cache->backend->table->run(cache->backend, op, 1, deadline_ns);
    return larder_call_ran(cache, entity, op);
}

int64_t larder_lifetime_ms(const struct larder_cache *cache, const struct larder_entity *entity,
                           int64_t ttl_ms)
{
    if (ttl_ms != LARDER_TTL_SCHEMA) {
        return ttl_ms;
    }
    int64_t lifetime_ms = larder_state_of(cache, entity)->ttl_ms;
    if (lifetime_ms == 0 || entity->jitter_ppm == 0) {
        return lifetime_ms;
    }
    /* 53 random bits as a fraction below 1: a double holds them, and any lifetime, exactly. */
    double random = (double)(larder_random64() >> 11) / (double)(INT64_C(1) << 53);
    double less = random * ((double)entity->jitter_ppm / 1e6) * (double)lifetime_ms;
    lifetime_ms -= (int64_t)less;
    return lifetime_ms >= 1 ? lifetime_ms : 1;
}

int64_t larder_stay_ms(const struct larder_cache *cache, const struct larder_entity *entity,
                       int64_t lifetime_ms)
{
    const struct larder_policy *policy = larder_state_of(cache, entity)->policy;
    int64_t window_ms = policy->while_revalidate_ms > policy->if_error_ms
                            ? policy->while_revalidate_ms
                            : policy->if_error_ms;
    if (lifetime_ms == 0) {
        return 0;
    }
    return lifetime_ms < TTL_MAX_MS - window_ms ? lifetime_ms + window_ms : TTL_MAX_MS;
}

int64_t larder_server_time_ms(const struct larder_cache *cache, int64_t *ret_age_ms)
{
    const struct larder_backend *backend = cache->backend;
    *ret_age_ms = INT64_MAX;
    int64_t now_ms =
        backend->table->now_ms != NULL ? backend->table->now_ms(backend, ret_age_ms) : 0;
    return *ret_age_ms != INT64_MAX ? now_ms : LARDER_NO_TIME;
}

enum larder_status larder_server_time_learn(struct larder_cache *cache,
                                            const struct larder_entity *entity,
                                            const struct larder_key *key, int64_t deadline_ns)
{
    int64_t age_ms;
    if (larder_server_time_ms(cache, &age_ms) != LARDER_NO_TIME) {
        return LARDER_OK;
    }
    struct larder_op op = {.kind = LARDER_OP_TIME,
                           .key = key != NULL ? key->bytes : cache->versions.clock.bytes,
                           .key_len = key != NULL ? key->len : cache->versions.clock.len};
    return larder_call_run(cache, entity, &op, deadline_ns);
}

/* ------------------------------------------------------------- stored values */

uint64_t larder_fingerprint_of(const struct larder_cache *cache, const struct larder_entity *entity,
                               const struct larder_key *key)
{
    return larder_envelope_fingerprint(larder_state_of(cache, entity)->seed,
                                       key->bytes + key->prefix_len, key->len - key->prefix_len);
}

/* Apart, so that writing needs no registers saved for it. */
static __attribute__((noinline)) enum larder_status note_encode_failure(
    const struct larder_writer *w, const struct larder_entity *entity)
{
    enum larder_status status = w->status != LARDER_OK ? w->status : LARDER_E_ARG;
    larder_outcome_set(LARDER_NOT_APPLIED);
    if (status == LARDER_E_TOO_LARGE) {
        return larder_error_set(status, "%s: the value is larger than %zu bytes", entity->pattern,
                                w->max);
    }
    if (status == LARDER_E_NOMEM) {
        return larder_error_set(status, "%s: no memory to encode the value", entity->pattern);
    }
    return larder_error_set(status, "%s: %s%s is not valid", entity->pattern,
                            w->field != NULL ? "field " : "the value",
                            w->field != NULL ? w->field : "");
}

static inline size_t write_head(uint8_t *to, const struct larder_entity *entity,
                                uint64_t fingerprint, const struct larder_envelope_head *head)
{
    if (head == NULL) {
        return larder_envelope_write(to, fingerprint, entity->version);
    }
    return larder_envelope_write_head(to, fingerprint, entity->version, head, NULL);
}

enum larder_status larder_stored_write(struct larder_writer *w, const struct larder_entity *entity,
                                       uint64_t fingerprint,
                                       const struct larder_envelope_head *head, const void *value)
{
    uint8_t *p = larder_write_room(
        w, w->p, head == NULL ? LARDER_ENVELOPE_MAX_BYTES : LARDER_ENVELOPE_HEAD_MAX_BYTES);
    if (p == NULL) {
        return note_encode_failure(w, entity);
    }
    w->p = p + write_head(p, entity, fingerprint, head);
    if (!larder_value_encode(w, entity, value)) {
        return note_encode_failure(w, entity);
    }
    return LARDER_OK;
}

void larder_stored_compress(struct larder_cache *cache, const struct larder_entity *entity,
                            uint64_t fingerprint, const struct larder_envelope_head *head,
                            struct larder_writer *w)
{
    static const struct larder_envelope_head plain = {.meta = LARDER_META_PLAIN};
    const struct larder_entity_state *state = larder_state_of(cache, entity);
    uint8_t written[LARDER_ENVELOPE_HEAD_MAX_BYTES];
    if (state->compress == LARDER_CODEC_NONE) {
        return;
    }
    size_t at = write_head(written, entity, fingerprint, head);
    size_t len = larder_writer_len(w) - at;
    /* The head grows by some bytes: what comes out must in any case fit where it was. */
    size_t gain = len / GAIN_PART > HEAD_GROWTH ? len / GAIN_PART : HEAD_GROWTH;
    if (len <= state->compress_above || len <= gain) {
        return;
    }
    uint8_t *scratch = larder_alloc(&cache->allocator, len - gain);
    if (scratch == NULL) {
        return;
    }
    struct larder_packed packed = {.codec = state->compress, .size = len, .bytes = scratch};
    packed.len = larder_compress(&cache->compressor, &cache->allocator, state->compress,
                                 w->start + at, len, scratch, len - gain);
    if (packed.len != 0) {
        w->p = w->start + larder_envelope_write_head(w->start, fingerprint, entity->version,
                                                     head != NULL ? head : &plain, &packed);
        memcpy(w->p, packed.bytes, packed.len);
        w->p += packed.len;
    }
    larder_free(&cache->allocator, scratch);
}
