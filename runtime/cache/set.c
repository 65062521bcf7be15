/* SPDX-License-Identifier: MIT */
/*
 * Writes of single entries.
 */
#include "cache/call.h"
#include "cache/redelete.h"

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
    status = larder_stored_write(&w, entity, fingerprint, value);
    if (status == LARDER_OK) {
        larder_stored_compress(cache, entity, fingerprint, &w);
        struct larder_op op = {.kind = op_of_mode[mode],
                               .key = key->bytes,
                               .key_len = key->len,
                               .value = w.start,
                               .value_len = larder_writer_len(&w),
                               .ttl_ms = larder_lifetime_ms(cache, entity, ttl_ms)};
        status = larder_call_run(cache, entity, &op, larder_call_deadline_ns(cache));
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
    struct larder_op op = {.kind = LARDER_OP_DELETE, .key = key->bytes, .key_len = key->len};
    status = larder_call_run(cache, entity, &op, larder_call_deadline_ns(cache));
    if (status >= 0) {
        larder_counter_add(&larder_state_of(cache, entity)->counters.deletes, 1);
    }
    larder_redelete(cache, entity, &op);
    return status;
}

enum larder_status larder_stub_expire(struct larder_cache *cache,
                                      const struct larder_entity *entity,
                                      const struct larder_key *key, int64_t ttl_ms)
{
    enum larder_status status = begin_write(cache, entity, key, ttl_ms);
    if (status != LARDER_OK) {
        return status;
    }
    struct larder_op op = {.kind = LARDER_OP_EXPIRE,
                           .key = key->bytes,
                           .key_len = key->len,
                           .ttl_ms = larder_lifetime_ms(cache, entity, ttl_ms)};
    return larder_call_run(cache, entity, &op, larder_call_deadline_ns(cache));
}
