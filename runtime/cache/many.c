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
 *
 * Entries whose values have versions or times are looked at (cache/sight.h), a chunk
 * in one trip, too; each version is asked for once. Of a write the versions stand in an
 * array of their own.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/log.h"
#include "cache/index.h"
#include "cache/redelete.h"
#include "cache/refresh.h"
#include "cache/storing.h"
#include "key/key.h"

enum {
    CHUNK_COUNT = 4096,         /* operations of a batch, at most */
    CHUNK_FULL_BYTES = 4 << 20, /* of keys and values: then a batch is sent */
    ERROR_BYTES = 256
};

/* Never reached: a chunk that is not full, a value and a key. */
#define CHUNK_MAX_BYTES (CHUNK_FULL_BYTES + LARDER_VALUE_MAX + LARDER_KEY_MAX)

#define NOBODY SIZE_MAX /* in place of an element: an operation that nobody asked for */

/* Whose an operation of the chunk is. */
struct many_row {
    size_t i; /* the caller's element, or NOBODY */
    size_t key_at;
    size_t value_at;
    const struct larder_entity *entity;
    struct larder_lookup lookup; /* of a read */
};

/* The versions of a value that is written. */
struct many_versions {
    struct larder_version_ids ids;
    struct larder_op_versions op;
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

    size_t element_ops; /* at most, of an element */
    size_t chunk_max;
    size_t chunk_count;
    struct larder_op *ops;
    struct many_row *rows;
    struct larder_buffer bytes;
    struct larder_view *views;      /* of a read whose entries are looked at; else NULL */
    struct many_versions *versions; /* of a write whose values have versions; else NULL */
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
    if (row->i == NOBODY) {
        return;
    }
    if (op->kind == LARDER_OP_GET) {
        const void *value = NULL;
        status = larder_lookup_finish(&row->lookup, op, &value);
        row->lookup.wants_look &= status == LARDER_MISS;
        if (LARDER_UNLIKELY(row->lookup.wants_look)) {
            return; /* its answer is look_again's */
        }
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

static void run_ops(struct many *m)
{
    char detail[ERROR_BYTES];
    larder_error_clear();
    m->cache->backend->table->run(m->cache->backend, m->ops, m->chunk_count, m->deadline_ns);
    snprintf(detail, sizeof detail, "%s", larder_last_error());
    for (size_t k = 0; k < m->chunk_count; k++) {
        if (m->ops[k].status < 0) {
            larder_error_set(m->ops[k].status, "%s", detail);
        }
        answer(m, &m->ops[k], &m->rows[k]);
    }
}

/* ------------------------------------------------------------------ a chunk of looks */

static void answer_view(struct many *m, struct larder_view *view, const struct many_row *row)
{
    struct larder_sight *sight = &view->sight;
    enum larder_status status = view->status;
    if (status >= 0) {
        status = larder_sight_status(sight->kind);
        larder_lookup_count(m->cache, row->entity, status);
    }
    if (status != LARDER_OK && status != LARDER_STALE) {
        larder_value_release(sight->value);
        sight->value = NULL;
    }
    if (status >= 0 && larder_refresh_is_due(sight)) {
        larder_refresh_offer_of(m->cache, row->entity, m->build, m->keys, row->i);
    }
    store_value(m, row->i, sight->value);
    settle(m, row->i, status);
}

static void look_at(struct many *m, struct larder_view *views, const size_t *which, size_t count)
{
    const struct larder_look look = {.cache = m->cache, .entity = m->entity};
    larder_error_clear();
    larder_look_many(&look, views, count, m->deadline_ns);
    for (size_t k = 0; k < count; k++) {
        answer_view(m, &views[k], &m->rows[which != NULL ? which[k] : k]);
    }
}

/* Values that only a look can judge were met among plain ones: these are looked at now, and
 * those of the next call at once. */
static void look_again(struct many *m)
{
    const struct larder_allocator *allocator = &m->cache->allocator;
    size_t count = 0;
    for (size_t k = 0; k < m->chunk_count; k++) {
        count += m->rows[k].lookup.wants_look;
    }
    if (count == 0) {
        return;
    }
    struct larder_view *views = larder_alloc(allocator, count * sizeof *views);
    size_t *which = larder_alloc(allocator, count * sizeof *which);
    larder_sight_needed(m->cache, m->entity);
    count = 0;
    for (size_t k = 0; k < m->chunk_count; k++) {
        const struct many_row *row = &m->rows[k];
        if (!row->lookup.wants_look) {
            continue;
        }
        if (views == NULL || which == NULL) {
            settle(m, row->i,
                   larder_call_refuse(row->entity, LARDER_E_NOMEM, "no memory for the batch"));
            continue;
        }
        views[count].key = m->bytes.data + row->key_at;
        views[count].key_len = row->value_at - row->key_at;
        views[count].fingerprint = row->lookup.fingerprint;
        views[count].implied.count = 0;
        views[count].token = 0;
        which[count++] = k;
    }
    if (count != 0) {
        look_at(m, views, which, count);
    }
    larder_free(allocator, views);
    larder_free(allocator, which);
}

/* ----------------------------------------------------------- versions of a chunk */

/* The keys of all versions, behind each other. They live until the chunk was sent. */
struct many_keys {
    struct larder_version_key *keys;
    char *texts;
};

static bool make_version_keys(struct many *m, struct many_keys *ret_keys)
{
    const struct larder_allocator *allocator = &m->cache->allocator;
    const struct larder_version_names *names = &m->cache->versions;
    size_t count = 0;
    *ret_keys = (struct many_keys){.keys = NULL};
    for (size_t k = 0; m->versions != NULL && k < m->chunk_count; k++) {
        count += m->versions[k].ids.count;
    }
    if (count == 0) {
        return true;
    }
    ret_keys->keys = larder_alloc(allocator, count * sizeof *ret_keys->keys);
    ret_keys->texts = larder_alloc(allocator, count * larder_version_key_len(names));
    if (ret_keys->keys == NULL || ret_keys->texts == NULL) {
        return false;
    }
    struct larder_version_key *key = ret_keys->keys;
    char *text = ret_keys->texts;
    for (size_t k = 0; k < m->chunk_count; k++) {
        struct many_versions *versions = &m->versions[k];
        versions->op.keys = key;
        versions->op.count = versions->ids.count;
        for (size_t i = 0; i < versions->ids.count; i++, key++) {
            *key = (struct larder_version_key){
                text, larder_version_key_write(names, versions->ids.ids[i], text)};
            text += key->len;
        }
        m->ops[k].versions = versions->ids.count != 0 ? &versions->op : NULL;
    }
    return true;
}

static void refuse_chunk(struct many *m)
{
    for (size_t k = 0; k < m->chunk_count; k++) {
        if (m->rows[k].i == NOBODY) {
            continue;
        }
        worsen(m, LARDER_NOT_APPLIED);
        settle(m, m->rows[k].i,
               larder_call_refuse(m->rows[k].entity, LARDER_E_NOMEM, "no memory for the versions"));
    }
}

/* Runs what was collected, as one batch, and hands out the answers. */
static void send_chunk(struct many *m)
{
    struct many_keys keys;
    if (m->chunk_count == 0) {
        return;
    }
    for (size_t k = 0; k < m->chunk_count; k++) {
        m->ops[k].key = m->bytes.data + m->rows[k].key_at;
        m->ops[k].value = (const uint8_t *)m->bytes.data + m->rows[k].value_at;
        if (m->views != NULL) {
            m->views[k].key = m->ops[k].key;
        }
    }
    if (m->views != NULL) {
        look_at(m, m->views, NULL, m->chunk_count);
    } else if (make_version_keys(m, &keys)) {
        run_ops(m);
        look_again(m);
        larder_free(&m->cache->allocator, keys.keys);
        larder_free(&m->cache->allocator, keys.texts);
    } else {
        refuse_chunk(m);
        larder_free(&m->cache->allocator, keys.keys);
        larder_free(&m->cache->allocator, keys.texts);
    }
    m->chunk_count = 0;
    larder_buffer_clear(&m->bytes, CHUNK_FULL_BYTES);
}

/* ------------------------------------------------------------- collecting */

/* What is stored along with a value, and the versions that reach it. */
static enum larder_status plan_value(struct many *m, const struct larder_entity *entity,
                                     const struct larder_key *key, const void *value,
                                     struct larder_op *op, struct larder_storing *storing)
{
    larder_storing_begin(m->cache, entity, op->ttl_ms, 0, storing);
    enum larder_status status = larder_storing_tags(m->cache, entity, value, storing);
    op->ttl_ms = storing->stay_ms;
    if (status == LARDER_OK && m->versions != NULL) {
        struct many_versions *versions = &m->versions[m->chunk_count];
        larder_storing_ids(m->cache, entity, key, storing, &versions->ids);
        versions->op =
            (struct larder_op_versions){.clock = m->cache->versions.clock,
                                        .ttl_ms = storing->stay_ms,
                                        .as_of = larder_version_begin(),
                                        .as_of_at = larder_envelope_as_of_at(storing->head.meta)};
    }
    return status;
}

/* Appends the element's value, as it will be stored. */
static enum larder_status append_value(struct many *m, const struct larder_entity *entity,
                                       const struct larder_key *key, size_t i, struct larder_op *op)
{
    uint8_t room[LARDER_STACK_ROOM_BYTES];
    struct larder_writer w;
    larder_writer_init(&w, &m->cache->allocator, room, sizeof room, larder_stored_max(entity));
    uint64_t fingerprint = larder_fingerprint_of(m->cache, entity, key);
    const void *value = m->values + i * entity->value_size;
    struct larder_storing storing;
    const struct larder_envelope_head *head = NULL;
    enum larder_status status = LARDER_OK;
    op->ttl_ms = larder_lifetime_ms(m->cache, entity, LARDER_TTL_SCHEMA);
    if (!larder_storing_is_plain(m->cache, entity)) {
        status = plan_value(m, entity, key, value, op, &storing);
        head = larder_storing_head(&storing);
    }
    if (status == LARDER_OK) {
        status = larder_stored_write(&w, entity, fingerprint, head, value);
    }
    if (status == LARDER_OK) {
        larder_stored_compress(m->cache, entity, fingerprint, head, &w);
    }
    op->value_len = larder_writer_len(&w);
    if (status == LARDER_OK && !larder_buffer_append(&m->bytes, w.start, op->value_len)) {
        status = larder_call_refuse(entity, m->bytes.status, "no memory for the batch");
    }
    larder_writer_release(&w);
    return status;
}

/* The pointers to the element's value, which was appended; as many as there is memory for. */
static void append_pointers(struct many *m, const struct larder_entity *entity, const void *value)
{
    struct larder_pointer_write write;
    const int64_t ttl_ms = m->ops[m->chunk_count - 1].ttl_ms;
    for (size_t k = 0; k < larder_index_count(m->cache, entity); k++) {
        struct larder_op *op = &m->ops[m->chunk_count];
        struct many_row *row = &m->rows[m->chunk_count];
        if (!larder_index_write(m->cache, entity, k, value, ttl_ms, &write, op)) {
            continue;
        }
        *row = (struct many_row){.i = NOBODY, .entity = entity, .key_at = m->bytes.len};
        row->value_at = row->key_at + op->key_len;
        if (m->versions != NULL) {
            m->versions[m->chunk_count].ids.count = 0;
        }
        if (!larder_buffer_append(&m->bytes, op->key, op->key_len) ||
            !larder_buffer_append(&m->bytes, (const char *)op->value, op->value_len)) {
            return;
        }
        m->chunk_count++;
    }
}

static void add_view(struct many *m, const struct larder_entity *entity,
                     const struct larder_key *key)
{
    struct larder_view *view = &m->views[m->chunk_count];
    view->key_len = key->len;
    view->fingerprint = larder_fingerprint_of(m->cache, entity, key);
    view->token = 0;
    larder_version_ids_of_key(&m->cache->versions, &larder_state_of(m->cache, entity)->versions,
                              entity->name, key, &view->implied);
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
    if (m->views != NULL) {
        add_view(m, entity, &key);
    } else if (m->kind == LARDER_OP_GET) {
        row->lookup = (struct larder_lookup){.cache = m->cache, .entity = entity};
        row->lookup.fingerprint = larder_fingerprint_of(m->cache, entity, &key);
        larder_lookup_prepare(&row->lookup, op, NULL, key.len);
    } else if (m->kind == LARDER_OP_SET) {
        status = append_value(m, entity, &key, i, op);
    }
    m->chunk_count += status == LARDER_OK ? 1 : 0;
    if (status == LARDER_OK && m->kind == LARDER_OP_SET) {
        append_pointers(m, entity, m->values + i * entity->value_size);
    }
    return status;
}

/* A row and an operation for each element of a chunk, and what its entity asks for. */
static bool alloc_chunk(struct many *m)
{
    const struct larder_allocator *allocator = &m->cache->allocator;
    m->element_ops = 1 + (m->kind == LARDER_OP_SET ? larder_index_count(m->cache, m->entity) : 0);
    m->chunk_max = m->count < CHUNK_COUNT ? m->count : CHUNK_COUNT;
    m->chunk_max *= m->element_ops;
    larder_buffer_init(&m->bytes, allocator, CHUNK_MAX_BYTES);
    if (m->kind == LARDER_OP_GET && larder_sight_is_needed(m->cache, m->entity)) {
        m->views = larder_alloc(allocator, m->chunk_max * sizeof *m->views);
        if (m->views == NULL) {
            return false;
        }
    }
    if (m->kind == LARDER_OP_SET && larder_state_of(m->cache, m->entity)->is_versioned) {
        m->versions = larder_alloc(allocator, m->chunk_max * sizeof *m->versions);
        if (m->versions == NULL) {
            return false;
        }
    }
    m->ops = larder_alloc_zeroed(allocator, m->chunk_max, sizeof *m->ops);
    m->rows = larder_alloc_zeroed(allocator, m->chunk_max, sizeof *m->rows);
    return m->ops != NULL && m->rows != NULL;
}

static void free_chunk(struct many *m)
{
    larder_free(&m->cache->allocator, m->ops);
    larder_free(&m->cache->allocator, m->rows);
    larder_free(&m->cache->allocator, m->views);
    larder_free(&m->cache->allocator, m->versions);
    larder_buffer_release(&m->bytes);
}

/* What is timed is stored with the server's time. False: it could not be had. */
static bool learn_time(struct many *m)
{
    enum larder_status status = LARDER_OK;
    if (m->kind == LARDER_OP_SET && larder_state_of(m->cache, m->entity)->is_timed) {
        status = larder_server_time_learn(m->cache, m->entity, NULL, m->deadline_ns);
    }
    for (size_t i = 0; status < 0 && i < m->count; i++) {
        worsen(m, LARDER_NOT_APPLIED);
        settle(m, i, status);
    }
    return status >= 0;
}

static void run_chunks(struct many *m)
{
    m->deadline_ns = larder_call_deadline_ns(m->cache);
    if (!learn_time(m)) {
        return;
    }
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
        if (m->chunk_max - m->chunk_count < m->element_ops || m->bytes.len >= CHUNK_FULL_BYTES) {
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
