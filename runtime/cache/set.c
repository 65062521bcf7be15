/* SPDX-License-Identifier: MIT */
/*
 * Writes of single entries.
 */
#include "base/log.h"
#include "base/rule.h"
#include "cache/index.h"
#include "cache/redelete.h"
#include "cache/sight.h"
#include "cache/storing.h"

enum { ADD_TRIES = 3 };

static const enum larder_op_kind op_of_mode[] = {
    [LARDER_SET_ALWAYS] = LARDER_OP_SET,
    [LARDER_SET_ADD] = LARDER_OP_ADD,
    [LARDER_SET_REPLACE] = LARDER_OP_REPLACE,
};

/* The checks of a write with a lifetime. */
static enum larder_status begin_write(const struct larder_cache *cache,
                                      const struct larder_entity *entity,
                                      const struct larder_key *key, int64_t ttl_ms)
{
    enum larder_status status = larder_call_begin(cache, entity);
    if (status == LARDER_OK) {
        status = larder_call_check_key(entity, key);
    }
    return status == LARDER_OK ? larder_call_check_ttl(entity, ttl_ms) : status;
}

static void count_set(const struct larder_cache *cache, const struct larder_entity *entity,
                      size_t bytes)
{
    struct larder_counters *counters = &larder_state_of(cache, entity)->counters;
    larder_counter_add(&counters->sets, 1);
    larder_counter_add(&counters->written_bytes, bytes);
}

/* Whether something is there that a read would give, or else, in *ret_sight, what that is. */
static enum larder_status look_for_use(struct larder_cache *cache,
                                       const struct larder_entity *entity,
                                       const struct larder_key *key, uint64_t fingerprint,
                                       int64_t deadline_ns, struct larder_sight *ret_sight)
{
    const struct larder_look look = {.cache = cache,
                                     .entity = entity,
                                     .key = key,
                                     .fingerprint = fingerprint,
                                     .how = LARDER_LOOK_HEAD};
    enum larder_status status = larder_look(&look, deadline_ns, ret_sight);
    if (status < 0) {
        larder_outcome_set(LARDER_NOT_APPLIED);
        return status;
    }
    return larder_sight_status(ret_sight->kind);
}

/* What is there may be of no use: then it is not in the way of an ADD, and nothing that a
 * REPLACE could take the place of. */
static enum larder_status store_if(struct larder_cache *cache, const struct larder_entity *entity,
                                   const struct larder_key *key, uint64_t fingerprint,
                                   struct larder_op *op, int64_t deadline_ns)
{
    struct larder_sight sight;
    enum larder_status status = LARDER_DENIED;
    if (op->kind == LARDER_OP_REPLACE) {
        status = look_for_use(cache, entity, key, fingerprint, deadline_ns, &sight);
        if (status == LARDER_MISS || status == LARDER_ABSENT) {
            larder_outcome_set(LARDER_NOT_APPLIED);
            return LARDER_MISS;
        }
        return status < 0 ? status : larder_call_run(cache, entity, op, deadline_ns);
    }
    for (int i = 0; i < ADD_TRIES && status == LARDER_DENIED; i++) {
        status = larder_call_run(cache, entity, op, deadline_ns);
        if (status != LARDER_DENIED || i == ADD_TRIES - 1) {
            break;
        }
        enum larder_status found =
            look_for_use(cache, entity, key, fingerprint, deadline_ns, &sight);
        if (found < 0) {
            return found;
        }
        if (found != LARDER_MISS && found != LARDER_ABSENT) {
            break;
        }
        op->seen = sight.seen;
        op->seen_len = sight.seen_len;
        op->seen_total = sight.seen_total;
    }
    larder_outcome_set(op->outcome);
    return status;
}

/* Stores a value that was encoded, and what leads to it. */
static enum larder_status store(struct larder_cache *cache, const struct larder_entity *entity,
                                const struct larder_key *key, uint64_t fingerprint,
                                const void *value, struct larder_op *op, int64_t deadline_ns)
{
    if (op->kind == LARDER_OP_SET) {
        larder_index_run(cache, entity, value, op, deadline_ns);
        return larder_call_ran(cache, entity, op);
    }
    enum larder_status status = larder_sight_is_needed(cache, entity)
                                    ? store_if(cache, entity, key, fingerprint, op, deadline_ns)
                                    : larder_call_run(cache, entity, op, deadline_ns);
    if (status == LARDER_OK) {
        larder_index_lead(cache, entity, value, op->ttl_ms, deadline_ns);
    }
    return status;
}

/* A value with what its entity's policies store along. */
static __attribute__((noinline)) enum larder_status set_with_policy(
    struct larder_cache *cache, const struct larder_entity *entity, const struct larder_key *key,
    uint64_t fingerprint, const void *value, struct larder_writer *w, struct larder_op *op)
{
    struct larder_storing storing;
    int64_t deadline_ns = larder_call_deadline_ns(cache);
    enum larder_status status = LARDER_OK;
    if (larder_state_of(cache, entity)->is_timed) {
        status = larder_server_time_learn(cache, entity, key, deadline_ns);
        larder_outcome_set(status < 0 ? LARDER_NOT_APPLIED : LARDER_APPLIED);
    }
    if (status == LARDER_OK) {
        larder_storing_begin(cache, entity, op->ttl_ms, 0, &storing);
        status = larder_storing_tags(cache, entity, value, &storing);
    }
    if (status != LARDER_OK) {
        return status;
    }
    const struct larder_envelope_head *head = larder_storing_head(&storing);
    status = larder_stored_write(w, entity, fingerprint, head, value);
    if (status != LARDER_OK) {
        return status;
    }
    larder_stored_compress(cache, entity, fingerprint, head, w);
    larder_storing_op(cache, entity, key, &storing, op);
    op->value = w->start;
    op->value_len = larder_writer_len(w);
    return store(cache, entity, key, fingerprint, value, op, deadline_ns);
}

enum larder_status larder_stub_set(struct larder_cache *cache, const struct larder_entity *entity,
                                   const struct larder_key *key, const void *value,
                                   enum larder_set_mode mode, int64_t ttl_ms)
{
    uint8_t room[LARDER_STACK_ROOM_BYTES];
    struct larder_writer w;
    enum larder_status status = begin_write(cache, entity, key, ttl_ms);
    if (status != LARDER_OK) {
        return status;
    }
    if (value == NULL) {
        return larder_call_refuse(entity, LARDER_E_ARG, "the value is NULL");
    }
    if ((unsigned)mode >= sizeof op_of_mode / sizeof op_of_mode[0]) {
        return larder_call_refuse(entity, LARDER_E_ARG, "no such mode of set");
    }
    larder_writer_init(&w, &cache->allocator, room, sizeof room, larder_stored_max(entity));
    uint64_t fingerprint = larder_fingerprint_of(cache, entity, key);
    struct larder_op op = {.kind = op_of_mode[mode],
                           .key = key->bytes,
                           .key_len = key->len,
                           .ttl_ms = larder_lifetime_ms(cache, entity, ttl_ms)};
    if (!larder_storing_is_plain(cache, entity)) {
        status = set_with_policy(cache, entity, key, fingerprint, value, &w, &op);
    } else {
        status = larder_stored_write(&w, entity, fingerprint, NULL, value);
        if (status == LARDER_OK) {
            larder_stored_compress(cache, entity, fingerprint, NULL, &w);
            op.value = w.start;
            op.value_len = larder_writer_len(&w);
            status =
                store(cache, entity, key, fingerprint, value, &op, larder_call_deadline_ns(cache));
        }
    }
    if (status == LARDER_OK) {
        count_set(cache, entity, larder_writer_len(&w));
    }
    larder_writer_release(&w);
    return status;
}

enum larder_status larder_stub_delete(struct larder_cache *cache,
                                      const struct larder_entity *entity,
                                      const struct larder_key *key)
{
    enum larder_status status = begin_write(cache, entity, key, LARDER_TTL_SCHEMA);
    if (status != LARDER_OK) {
        return status;
    }
    struct larder_op op = {.kind = LARDER_RULE(deletions_end_claims) ? LARDER_OP_DELETE
                                                                     : LARDER_OP_SOFTEN,
                           .key = key->bytes,
                           .key_len = key->len};
    status = larder_call_run(cache, entity, &op, larder_call_deadline_ns(cache));
    if (status >= 0) {
        larder_counter_add(&larder_state_of(cache, entity)->counters.deletes, 1);
    }
    larder_redelete(cache, entity, &op);
    return status;
}

/* What reads renew has its end in no place but its expiry, and its greatest age stays. */
static enum larder_status renew(struct larder_cache *cache, const struct larder_look *look)
{
    struct larder_sight sight;
    enum larder_status status = larder_look(look, larder_call_deadline_ns(cache), &sight);
    if (status < 0) {
        larder_outcome_set(LARDER_UNKNOWN);
        return status;
    }
    larder_value_release(sight.value);
    status = larder_sight_status(sight.kind);
    bool there = status == LARDER_OK || status == LARDER_STALE;
    larder_outcome_set(there ? LARDER_APPLIED : LARDER_NOT_APPLIED);
    return there ? LARDER_OK : LARDER_MISS;
}

/* Of an entity whose values have versions or times to be judged by. */
static enum larder_status expire_by_look(struct larder_cache *cache,
                                         const struct larder_entity *entity,
                                         const struct larder_key *key, struct larder_op *op)
{
    struct larder_sight sight;
    struct larder_look look = {.cache = cache,
                               .entity = entity,
                               .key = key,
                               .fingerprint = larder_fingerprint_of(cache, entity, key)};
    if (larder_state_of(cache, entity)->policy->sliding) {
        look.renew_ms = op->ttl_ms;
        return renew(cache, &look);
    }
    int64_t stay_ms = larder_stay_ms(cache, entity, op->ttl_ms);
    op->window_ms = stay_ms != 0 ? stay_ms - op->ttl_ms : 0;
    look.how = LARDER_LOOK_HEAD;
    look.along = op;
    enum larder_status status = larder_look(&look, larder_call_deadline_ns(cache), &sight);
    larder_outcome_set(op->outcome);
    if (op->status < 0 || status < 0) {
        return op->status < 0 ? op->status : status;
    }
    status = larder_sight_status(sight.kind);
    return status == LARDER_OK || status == LARDER_STALE ? op->status : LARDER_MISS;
}

enum larder_status larder_stub_expire(struct larder_cache *cache,
                                      const struct larder_entity *entity,
                                      const struct larder_key *key, int64_t ttl_ms)
{
    enum larder_status status = begin_write(cache, entity, key, ttl_ms);
    if (status != LARDER_OK) {
        return status;
    }
    int64_t lifetime_ms = larder_lifetime_ms(cache, entity, ttl_ms);
    struct larder_op op = {
        .kind = LARDER_OP_EXPIRE, .key = key->bytes, .key_len = key->len, .ttl_ms = lifetime_ms};
    if (!larder_sight_is_needed(cache, entity)) {
        return larder_call_run(cache, entity, &op, larder_call_deadline_ns(cache));
    }
    return expire_by_look(cache, entity, key, &op);
}
