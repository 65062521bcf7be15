/* SPDX-License-Identifier: MIT */
/*
 * Many entries at once.
 *
 * DESIGN. The keys are taken in chunks; a chunk is one batch of the backend,
 * that is one round trip, and one deadline covers all. Of a chunk's memory
 * there are two pieces: a row an operation, and the bytes of all keys and
 * values behind each other. Since those move while they grow, rows hold
 * offsets until the chunk is complete. A key that fails (it is too long, its
 * value cannot be encoded) takes no part in the batch.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/log.h"
#include "cache/call.h"
#include "cache/redelete.h"
#include "key/key.h"

enum {
    CHUNK_COUNT = 4096,         /* operations of a batch, at most */
    CHUNK_FULL_BYTES = 4 << 20, /* of keys and values: then a batch is sent */
    ERROR_BYTES = 256
};

/* Never reached: a chunk that is not full, a value and a key. */
#define CHUNK_MAX_BYTES (CHUNK_FULL_BYTES + LARDER_VALUE_MAX + LARDER_KEY_MAX)

/* Whose an operation of the chunk is. */
struct many_row {
    size_t i; /* the caller's element */
    size_t key_at;
    size_t value_at;
    const struct larder_entity *entity;
    struct larder_lookup lookup; /* of a read */
};

struct many {
    struct larder_cache *cache;
    enum larder_op_kind kind;
    const struct larder_entity *entity; /* NULL: the one that `build` names */
    larder_key_fn *build;
    const void *keys;
    size_t count;
    const unsigned char *values;  /* of a write */
    unsigned char *ret_values;    /* of a read: pointers, as bytes */
    enum larder_status *ret_each; /* NULL: nobody asks */
    int64_t deadline_ns;

    enum larder_status status; /* OK, or of the first element that failed */
    size_t failed_i;           /* that element */
    char error[ERROR_BYTES];   /* what was said of it */
    enum larder_outcome outcome;

    size_t chunk_max;
    size_t chunk_count;
    struct larder_op *ops;
    struct many_row *rows;
    struct larder_buffer bytes;
};

/* --------------------------------------------------------------- answers */

/* A pointer is stored as its bytes: the array is one of `const struct X *`,
 * which no `const void **` may alias. */
static void store_value(const struct many *m, size_t i, const void *value)
{
    if (m->ret_values != NULL) {
        memcpy(m->ret_values + i * sizeof value, &value, sizeof value);
    }
}

static void store_status(const struct many *m, size_t i, enum larder_status status)
{
    if (m->ret_each != NULL) {
        m->ret_each[i] = status;
    }
}

/* The element's answer; of failures the first in the caller's order is kept. */
static void settle(struct many *m, size_t i, enum larder_status status)
{
    store_status(m, i, status);
    if (status < 0 && (m->status == LARDER_OK || i < m->failed_i)) {
        m->status = status;
        m->failed_i = i;
        snprintf(m->error, sizeof m->error, "%s", larder_last_error());
    }
}

static void worsen(struct many *m, enum larder_outcome outcome)
{
    if (outcome > m->outcome) {
        m->outcome = outcome;
    }
}

/* The whole call fails, before anything was sent. */
static enum larder_status refuse_all(const struct many *m, enum larder_status status,
                                     const char *what)
{
    for (size_t i = 0; i < m->count; i++) {
        store_status(m, i, status);
    }
    return larder_call_refuse(m->entity, status, what);
}

/* ----------------------------------------------------------------- a chunk */

static void count_write(const struct many *m, const struct larder_op *op,
                        const struct larder_entity *entity)
{
    struct larder_counters *counters = &larder_state_of(m->cache, entity)->counters;
    if (op->status < 0) {
        return;
    }
    if (op->kind == LARDER_OP_DELETE) {
        larder_counter_add(&counters->deletes, 1);
    } else {
        larder_counter_add(&counters->sets, 1);
        larder_counter_add(&counters->written_bytes, op->value_len);
    }
}

static void answer(struct many *m, const struct larder_op *op, struct many_row *row)
{
    enum larder_status status = op->status;
    if (op->kind == LARDER_OP_GET) {
        const void *value = NULL;
        status = larder_lookup_finish(&row->lookup, op, &value);
        larder_lookup_count(m->cache, row->entity, status);
        store_value(m, row->i, value);
    } else {
        if (status < 0) {
            larder_call_note_failure(m->cache, row->entity, status);
        }
        count_write(m, op, row->entity);
        worsen(m, op->outcome);
        if (op->kind == LARDER_OP_DELETE) {
            larder_redelete(m->cache, row->entity, op);
        }
    }
    settle(m, row->i, status);
}

/* Runs what was collected, as one batch, and hands out the answers. */
static void send_chunk(struct many *m)
{
    char detail[ERROR_BYTES];
    if (m->chunk_count == 0) {
        return;
    }
    for (size_t k = 0; k < m->chunk_count; k++) {
        m->ops[k].key = m->bytes.data + m->rows[k].key_at;
        m->ops[k].value = (const uint8_t *)m->bytes.data + m->rows[k].value_at;
    }
    larder_error_clear();
    m->cache->backend->table->run(m->cache->backend, m->ops, m->chunk_count, m->deadline_ns);
    snprintf(detail, sizeof detail, "%s", larder_last_error());
    for (size_t k = 0; k < m->chunk_count; k++) {
        if (m->ops[k].status < 0) {
            larder_error_set(m->ops[k].status, "%s", detail);
        }
        answer(m, &m->ops[k], &m->rows[k]);
    }
    m->chunk_count = 0;
    larder_buffer_clear(&m->bytes, CHUNK_FULL_BYTES);
}

/* ------------------------------------------------------------- collecting */

/* Appends the element's value, as it will be stored. */
static enum larder_status append_value(struct many *m, const struct larder_entity *entity,
                                       const struct larder_key *key, size_t i, struct larder_op *op)
{
    uint8_t room[LARDER_STACK_ROOM_BYTES];
    struct larder_writer w;
    larder_writer_init(&w, &m->cache->allocator, room, sizeof room, larder_stored_max(entity));
    uint64_t fingerprint = larder_fingerprint_of(m->cache, entity, key);
    enum larder_status status =
        larder_stored_write(&w, entity, fingerprint, m->values + i * entity->value_size);
    if (status == LARDER_OK) {
        larder_stored_compress(m->cache, entity, fingerprint, &w);
    }
    op->value_len = larder_writer_len(&w);
    op->ttl_ms = larder_lifetime_ms(m->cache, entity, LARDER_TTL_SCHEMA);
    if (status == LARDER_OK && !larder_buffer_append(&m->bytes, w.start, op->value_len)) {
        status = larder_call_refuse(entity, m->bytes.status, "no memory for the batch");
    }
    larder_writer_release(&w);
    return status;
}

static enum larder_status add_element(struct many *m, size_t i)
{
    struct larder_key key;
    struct larder_op *op = &m->ops[m->chunk_count];
    struct many_row *row = &m->rows[m->chunk_count];
    larder_key_init(&key, m->cache->prefix, m->cache->prefix_len);
    const struct larder_entity *named = m->build(&key, m->keys, i);
    const struct larder_entity *entity = m->entity != NULL ? m->entity : named;
    enum larder_status status = larder_call_check_entity(m->cache, entity);
    if (status == LARDER_OK) {
        status = larder_call_check_key(entity, &key);
    }
    if (status != LARDER_OK) {
        return status;
    }
    *row = (struct many_row){.i = i, .entity = entity, .key_at = m->bytes.len};
    if (!larder_buffer_append(&m->bytes, key.bytes, key.len)) {
        return larder_call_refuse(entity, m->bytes.status, "no memory for the batch");
    }
    row->value_at = m->bytes.len;
    *op = (struct larder_op){.kind = m->kind, .key_len = key.len};
    if (m->kind == LARDER_OP_GET) {
        row->lookup = (struct larder_lookup){.cache = m->cache, .entity = entity};
        row->lookup.fingerprint = larder_fingerprint_of(m->cache, entity, &key);
        larder_lookup_prepare(&row->lookup, op, NULL, key.len);
    } else if (m->kind == LARDER_OP_SET) {
        status = append_value(m, entity, &key, i, op);
    }
    m->chunk_count += status == LARDER_OK ? 1 : 0;
    return status;
}

/* A row and an operation for each element of a chunk. */
static bool alloc_chunk(struct many *m)
{
    const struct larder_allocator *allocator = &m->cache->allocator;
    m->chunk_max = m->count < CHUNK_COUNT ? m->count : CHUNK_COUNT;
    m->ops = larder_alloc_zeroed(allocator, m->chunk_max, sizeof *m->ops);
    m->rows = larder_alloc_zeroed(allocator, m->chunk_max, sizeof *m->rows);
    larder_buffer_init(&m->bytes, allocator, CHUNK_MAX_BYTES);
    return m->ops != NULL && m->rows != NULL;
}

static void free_chunk(struct many *m)
{
    larder_free(&m->cache->allocator, m->ops);
    larder_free(&m->cache->allocator, m->rows);
    larder_buffer_release(&m->bytes);
}

static void run_chunks(struct many *m)
{
    m->deadline_ns = larder_call_deadline_ns(m->cache);
    for (size_t i = 0; i < m->count; i++) {
        enum larder_status status = add_element(m, i);
        if (status != LARDER_OK) {
            worsen(m, LARDER_NOT_APPLIED);
            settle(m, i, status);
        }
        if (m->bytes.status != LARDER_OK) {
            /* What fitted is sent; the next chunk begins with an empty buffer. */
            send_chunk(m);
            larder_buffer_clear(&m->bytes, 0);
        }
        if (m->chunk_count == m->chunk_max || m->bytes.len >= CHUNK_FULL_BYTES) {
            send_chunk(m);
        }
    }
    send_chunk(m);
}

/* The whole story of a call of this file. */
static enum larder_status run_many(struct many *m, bool keys_needed, bool complete)
{
    for (size_t i = 0; i < m->count; i++) {
        store_value(m, i, NULL);
        store_status(m, i, LARDER_E_ARG);
    }
    enum larder_status status = larder_call_begin_many(m->cache, m->entity);
    if (status != LARDER_OK || m->count == 0) {
        return status;
    }
    if (m->build == NULL || !complete || (keys_needed && m->keys == NULL)) {
        return refuse_all(m, LARDER_E_ARG, "an array is NULL");
    }
    if (!alloc_chunk(m)) {
        free_chunk(m);
        return refuse_all(m, LARDER_E_NOMEM, "no memory for the batch");
    }
    run_chunks(m);
    free_chunk(m);
    larder_outcome_set(m->outcome);
    if (m->status == LARDER_OK) {
        larder_error_clear();
        return LARDER_OK;
    }
    return larder_error_set(m->status, "%s", m->error);
}

/* ------------------------------------------------------------------ calls */

enum larder_status larder_stub_get_many(struct larder_cache *cache,
                                        const struct larder_entity *entity, larder_key_fn *build,
                                        const void *keys, size_t count, void *ret_values,
                                        enum larder_status *ret_each)
{
    struct many m = {.cache = cache,
                     .kind = LARDER_OP_GET,
                     .entity = entity,
                     .build = build,
                     .keys = keys,
                     .count = count,
                     .ret_values = ret_values,
                     .ret_each = ret_each};
    return run_many(&m, true, entity != NULL && ret_values != NULL && ret_each != NULL);
}

enum larder_status larder_stub_set_many(struct larder_cache *cache,
                                        const struct larder_entity *entity, larder_key_fn *build,
                                        const void *keys, size_t count, const void *values,
                                        enum larder_status *ret_each)
{
    struct many m = {.cache = cache,
                     .kind = LARDER_OP_SET,
                     .entity = entity,
                     .build = build,
                     .keys = keys,
                     .count = count,
                     .values = values,
                     .ret_each = ret_each};
    return run_many(&m, true, entity != NULL && values != NULL && ret_each != NULL);
}

enum larder_status larder_stub_delete_many(struct larder_cache *cache, larder_key_fn *build,
                                           const void *keys, size_t count,
                                           enum larder_status *ret_each)
{
    struct many m = {.cache = cache,
                     .kind = LARDER_OP_DELETE,
                     .build = build,
                     .keys = keys,
                     .count = count,
                     .ret_each = ret_each};
    return run_many(&m, true, ret_each != NULL);
}

enum larder_status larder_stub_invalidate(struct larder_cache *cache, larder_key_fn *build,
                                          const void *params, size_t count)
{
    struct many m = {
        .cache = cache, .kind = LARDER_OP_DELETE, .build = build, .keys = params, .count = count};
    return run_many(&m, false, true);
}
