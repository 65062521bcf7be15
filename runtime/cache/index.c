/* SPDX-License-Identifier: MIT */
#include "cache/index.h"

#include <larder/codec.h>

#include "base/alloc.h"
#include "base/log.h"
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

static bool make_write(const struct larder_cache *cache, const struct larder_index *index,
                       const void *value, struct larder_pointer_write *write)
{
    struct larder_key row;
    struct larder_pointer pointer;
    struct larder_writer w;
    larder_key_begin(cache, &write->key);
    index->append_pointer(&write->key, value);
    point_to(index, value, &row, &pointer);
    if (write->key.status != LARDER_OK || row.status != LARDER_OK) {
        return false;
    }
    larder_writer_init(&w, &cache->allocator, write->bytes, sizeof write->bytes,
                       sizeof write->bytes);
    uint64_t fingerprint = larder_fingerprint_of(cache, index->pointer, &write->key);
    bool fits = larder_stored_write(&w, index->pointer, fingerprint, NULL, &pointer) == LARDER_OK;
    write->len = larder_writer_len(&w);
    larder_writer_release(&w);
    return fits;
}

size_t larder_index_writes(const struct larder_cache *cache, const struct larder_entity *entity,
                           const void *value, int64_t ttl_ms, struct larder_op *ops,
                           struct larder_pointer_write *writes)
{
    const struct larder_entity_state *state = larder_state_of(cache, entity);
    size_t n = 0;
    for (size_t i = 0; i < state->index_count; i++) {
        if (!make_write(cache, state->indexes[i], value, &writes[n])) {
            continue;
        }
        ops[n] = (struct larder_op){.kind = LARDER_OP_SET,
                                    .key = writes[n].key.bytes,
                                    .key_len = writes[n].key.len,
                                    .value = writes[n].bytes,
                                    .value_len = writes[n].len,
                                    .ttl_ms = ttl_ms};
        n++;
    }
    return n;
}

/* Room for an entity's pointers, and for one operation more; NULL: out of memory. */
struct room {
    struct larder_op *ops;
    struct larder_pointer_write *writes;
};

static bool room_make(const struct larder_cache *cache, const struct larder_entity *entity,
                      struct room *ret_room)
{
    size_t count = larder_index_count(cache, entity);
    ret_room->ops = larder_alloc(&cache->allocator, (count + 1) * sizeof *ret_room->ops);
    ret_room->writes = larder_alloc(&cache->allocator, count * sizeof *ret_room->writes);
    return ret_room->ops != NULL && ret_room->writes != NULL;
}

static void room_release(const struct larder_cache *cache, const struct room *room)
{
    larder_free(&cache->allocator, room->ops);
    larder_free(&cache->allocator, room->writes);
}

enum larder_status larder_index_set(struct larder_cache *cache, const struct larder_entity *entity,
                                    const void *value, struct larder_op *op, int64_t deadline_ns)
{
    struct room room;
    if (larder_index_count(cache, entity) == 0) {
        return larder_call_run(cache, entity, op, deadline_ns);
    }
    if (room_make(cache, entity, &room)) {
        room.ops[0] = *op;
        size_t count = 1 + larder_index_writes(cache, entity, value, op->ttl_ms, room.ops + 1,
                                               room.writes);
        cache->backend->table->run(cache->backend, room.ops, count, deadline_ns);
        *op = room.ops[0];
        if (op->status < 0) {
            larder_call_note_failure(cache, entity, op->status);
        }
        larder_outcome_set(op->outcome);
    } else {
        larder_call_run(cache, entity, op, deadline_ns);
    }
    room_release(cache, &room);
    return op->status;
}

void larder_index_lead(struct larder_cache *cache, const struct larder_entity *entity,
                       const void *value, int64_t ttl_ms, int64_t deadline_ns)
{
    struct room room;
    if (larder_index_count(cache, entity) == 0) {
        return;
    }
    if (room_make(cache, entity, &room)) {
        size_t count =
            larder_index_writes(cache, entity, value, ttl_ms, room.ops, room.writes);
        if (count != 0) {
            cache->backend->table->run(cache->backend, room.ops, count, deadline_ns);
        }
    }
    room_release(cache, &room);
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
        status = larder_value_decode(&way->cache->allocator, entity,
                                     &larder_state_of(way->cache, entity)->hint,
                                     w.start + head.body, larder_writer_len(&w) - head.body,
                                     &way->value);
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
        way->astray = key.status != LARDER_OK ||
                      key.len != way->row->len - way->row->prefix_len ||
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
    *ret_status = larder_stub_get_or_load(way->cache, way->index->pointer, key, load_pointer, &call,
                                          &pointer);
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
        larder_stub_get_or_load(way->cache, way->index->row, &row, load_row, &call, ret_value);
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
                                                 const struct larder_key *key,
                                                 larder_load_fn *load, const void *call,
                                                 const void **ret_value)
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
