/* SPDX-License-Identifier: MIT */
#include "cache/index.h"

#include <larder/codec.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cache/fetch.h"
#include "cache/loader.h"
#include "codec/envelope.h"
#include "key/key.h"

enum { TRIES_MAX = 3 }; /* of a load by way of pointers that lead astray */

/* ------------------------------------------------------------------ pointers */

/* The pointer to a value, in whose key's text it lies. */
static void point_to(const struct larder_index *index, const void *row, struct larder_key *ret_key,
                     struct larder_pointer *ret_pointer)
{
    larder_key_init(ret_key, "", 0);
    index->append_row(ret_key, row);
    *ret_pointer = (struct larder_pointer){.key = ret_key->bytes};
    if (ret_key->status == LARDER_OK && ret_key->len < sizeof ret_key->bytes) {
        ret_key->bytes[ret_key->len] = '\0';
    } else {
        ret_key->status = LARDER_E_TOO_LARGE;
    }
    for (size_t i = 0; i < index->row->group_count && i < LARDER_GROUPS_MAX; i++) {
        ret_pointer->marks[i] = ret_key->marks[i];
    }
}

/* The key that a pointer leads to. */
static void follow(const struct larder_cache *cache, const struct larder_pointer *pointer,
                   struct larder_key *ret_key)
{
    larder_key_begin(cache, ret_key);
    larder_key_literal(ret_key, pointer->key, strlen(pointer->key));
    for (size_t i = 0; i < LARDER_GROUPS_MAX; i++) {
        ret_key->marks[i] = (uint16_t)(ret_key->prefix_len + pointer->marks[i]);
    }
}

bool larder_index_write(const struct larder_cache *cache, const struct larder_entity *entity,
                        size_t k, const void *value, int64_t ttl_ms,
                        struct larder_pointer_write *ret_write, struct larder_op *ret_op)
{
    const struct larder_index *index = larder_state_of(cache, entity)->indexes[k];
    struct larder_key row;
    struct larder_pointer pointer;
    struct larder_writer w;
    larder_key_begin(cache, &ret_write->key);
    index->append_pointer(&ret_write->key, value);
    point_to(index, value, &row, &pointer);
    if (ret_write->key.status != LARDER_OK || row.status != LARDER_OK) {
        return false;
    }
    larder_writer_init(&w, &cache->allocator, ret_write->bytes, sizeof ret_write->bytes,
                       sizeof ret_write->bytes);
    uint64_t fingerprint = larder_fingerprint_of(cache, index->pointer, &ret_write->key);
    bool fits = larder_stored_write(&w, index->pointer, fingerprint, NULL, &pointer) == LARDER_OK;
    *ret_op = (struct larder_op){.kind = LARDER_OP_SET,
                                 .key = ret_write->key.bytes,
                                 .key_len = ret_write->key.len,
                                 .value = ret_write->bytes,
                                 .value_len = larder_writer_len(&w),
                                 .ttl_ms = ttl_ms};
    larder_writer_release(&w);
    return fits;
}

/* Runs *op, if it is not NULL, and the SETs of the pointers. Without memory they are left out. */
static void run_with_pointers(struct larder_cache *cache, const struct larder_entity *entity,
                              const void *value, int64_t ttl_ms, struct larder_op *op,
                              int64_t deadline_ns)
{
    const struct larder_allocator *allocator = &cache->allocator;
    const struct larder_backend_table *table = cache->backend->table;
    size_t indexes = larder_index_count(cache, entity);
    struct larder_op *ops = larder_alloc(allocator, (indexes + 1) * sizeof *ops);
    struct larder_pointer_write *writes = larder_alloc(allocator, indexes * sizeof *writes);
    size_t count = op != NULL;
    if (ops != NULL && writes != NULL) {
        if (op != NULL) {
            ops[0] = *op;
        }
        for (size_t k = 0; k < indexes; k++) {
            count += larder_index_write(cache, entity, k, value, ttl_ms, &writes[k], &ops[count]);
        }
        table->run(cache->backend, ops, count, deadline_ns);
        if (op != NULL) {
            *op = ops[0];
        }
    } else if (op != NULL) {
        table->run(cache->backend, op, 1, deadline_ns);
    }
    larder_free(allocator, ops);
    larder_free(allocator, writes);
}

void larder_index_run(struct larder_cache *cache, const struct larder_entity *entity,
                      const void *value, struct larder_op *op, int64_t deadline_ns)
{
    if (larder_index_count(cache, entity) != 0) {
        run_with_pointers(cache, entity, value, op->ttl_ms, op, deadline_ns);
    } else {
        cache->backend->table->run(cache->backend, op, 1, deadline_ns);
    }
}

void larder_index_lead(struct larder_cache *cache, const struct larder_entity *entity,
                       const void *value, int64_t ttl_ms, int64_t deadline_ns)
{
    if (larder_index_count(cache, entity) != 0) {
        run_with_pointers(cache, entity, value, ttl_ms, NULL, deadline_ns);
    }
}

/* --------------------------------------------------------------------- get */

enum larder_status larder_stub_index_get(struct larder_cache *cache,
                                         const struct larder_index *index,
                                         const struct larder_key *key, const void *call,
                                         const void **ret_value)
{
    struct larder_key row;
    const void *pointer = NULL;
    if (ret_value != NULL) {
        *ret_value = NULL;
    }
    if (index == NULL || ret_value == NULL) {
        return larder_stub_bad_argument(NULL, index == NULL ? "the index" : "the output");
    }
    enum larder_status status = larder_stub_get(cache, index->pointer, key, &pointer);
    if (pointer == NULL) {
        return status;
    }
    follow(cache, pointer, &row);
    larder_value_release(pointer);
    status = larder_stub_get(cache, index->row, &row, ret_value);
    if (*ret_value != NULL && !index->leads(*ret_value, call)) {
        larder_value_release(*ret_value);
        *ret_value = NULL;
        return LARDER_MISS;
    }
    return status;
}

/* --------------------------------------------------------------------- load */

/* A get_or_load through an index, as its loaders are given it. */
struct way {
    struct larder_cache *cache;
    const struct larder_index *index;
    larder_load_fn *load;
    const void *call;
    const struct larder_key *row; /* the key that the pointer leads to; NULL: there is none yet */
    const void *value;            /* loaded without a key: with one reference */
    bool astray;                  /* the pointer leads elsewhere than what was loaded */
};

/* What the index's loader gives for these parameters; not another's. */
static enum larder_status run_loader(const struct way *way, struct larder_load *load, void *out)
{
    enum larder_status status = way->load(load, way->call, out);
    if (status == LARDER_OK && !way->index->leads(out, way->call)) {
        return larder_stub_bad_argument(way->index->pointer, "loaded value: another key's");
    }
    return status;
}

/* The loader's memory as a value of the caller's. */
static enum larder_status keep(struct way *way, const void *out)
{
    uint8_t room[LARDER_STACK_ROOM_BYTES];
    const struct larder_entity *entity = way->index->row;
    struct larder_writer w;
    larder_writer_init(&w, &way->cache->allocator, room, sizeof room, larder_stored_max(entity));
    enum larder_status status = larder_stored_write(&w, entity, 0, NULL, out);
    if (status == LARDER_OK) {
        struct larder_envelope_head head;
        larder_envelope_read_head(w.start, larder_writer_len(&w), 0, entity->version, &head);
        status = larder_value_decode(
            &way->cache->allocator, entity, &larder_state_of(way->cache, entity)->hint,
            w.start + head.body, larder_writer_len(&w) - head.body, &way->value);
    }
    larder_writer_release(&w);
    return status;
}

/* Loads what has no key yet: the pointer is made of it. */
static enum larder_status load_pointer(struct larder_load *load, const void *call, void *out)
{
    struct way *way = *(struct way *const *)call;
    const struct larder_entity *entity = way->index->row;
    struct larder_key *key = larder_load_alloc(load, sizeof *key);
    void *row = larder_load_alloc(load, entity->value_size);
    if (key == NULL || row == NULL) {
        return LARDER_E_NOMEM;
    }
    memset(row, 0, entity->value_size);
    entity->defaults(row);
    enum larder_status status = run_loader(way, load, row);
    if (status != LARDER_OK) {
        return status;
    }
    point_to(way->index, row, key, out);
    if (key->status != LARDER_OK) {
        return larder_stub_bad_argument(entity, "loaded value: its key");
    }
    larder_value_release(way->value); /* of a run before this one */
    way->value = NULL;
    return keep(way, row);
}

/* Loads what the pointer leads to; if it turns out to be something else, it is the caller's alone. */
static enum larder_status load_row(struct larder_load *load, const void *call, void *out)
{
    struct way *way = *(struct way *const *)call;
    struct larder_key key;
    struct larder_pointer pointer;
    enum larder_status status = run_loader(way, load, out);
    if (status == LARDER_OK) {
        point_to(way->index, out, &key, &pointer);
        way->astray = key.status != LARDER_OK || key.len != way->row->len - way->row->prefix_len ||
                      memcmp(key.bytes, way->row->bytes + way->row->prefix_len, key.len) != 0;
    } else {
        way->astray = status == LARDER_ABSENT; /* of these parameters, not of that row */
    }
    if (way->astray) {
        larder_load_private(load);
    }
    return status;
}

static enum larder_status load_for_caller(struct larder_load *load, const void *call, void *out)
{
    const struct way *way = *(struct way *const *)call;
    return run_loader(way, load, out);
}

/* Past the cache: rows move faster than they can be found. */
static enum larder_status load_alone(struct way *way, const void **ret_value)
{
    struct larder_load load;
    const struct way *const call = way;
    void *out;
    larder_load_init(&load, way->cache, NULL);
    enum larder_status status =
        larder_load_run(&load, way->cache, way->index->row, load_for_caller, &call, &out);
    if (status == LARDER_OK) {
        status = keep(way, out);
    }
    larder_load_release(&load);
    larder_outcome_set(LARDER_NOT_APPLIED);
    *ret_value = way->value;
    return status;
}

/* One try. False: the pointer led astray, and is gone now. */
static bool go(struct way *way, const struct larder_key *key, enum larder_status *ret_status,
               const void **ret_value)
{
    struct larder_key row;
    const void *pointer = NULL;
    const struct way *const call = way;
    *ret_status =
        larder_fetch_through(way->cache, way->index->pointer, key, load_pointer, &call, &pointer);
    if (way->value != NULL) {
        *ret_value = way->value;
        way->value = NULL;
        larder_value_release(pointer);
        *ret_status = LARDER_OK; /* whatever became of the pointer */
        return true;
    }
    if (pointer == NULL) {
        return true;
    }
    follow(way->cache, pointer, &row);
    larder_value_release(pointer);
    way->row = &row;
    way->astray = false;
    *ret_status =
        larder_fetch_through(way->cache, way->index->row, &row, load_row, &call, ret_value);
    way->row = NULL;
    bool leads = *ret_value == NULL || way->index->leads(*ret_value, way->call);
    if (!leads || way->astray) {
        larder_ignore(larder_stub_delete(way->cache, way->index->pointer, key));
    }
    if (!leads) {
        larder_value_release(*ret_value);
        *ret_value = NULL;
    }
    return leads;
}

enum larder_status larder_stub_index_get_or_load(struct larder_cache *cache,
                                                 const struct larder_index *index,
                                                 const struct larder_key *key, larder_load_fn *load,
                                                 const void *call, const void **ret_value)
{
    struct way way = {.cache = cache, .index = index, .load = load, .call = call};
    enum larder_status status = LARDER_MISS;
    if (ret_value != NULL) {
        *ret_value = NULL;
    }
    if (index == NULL || load == NULL || ret_value == NULL) {
        return larder_stub_bad_argument(NULL, "the index, the loader or the output");
    }
    for (int i = 0; i < TRIES_MAX; i++) {
        if (go(&way, key, &status, ret_value)) {
            return status;
        }
    }
    return load_alone(&way, ret_value);
}
