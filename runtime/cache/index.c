/* SPDX-License-Identifier: MIT */
#include "cache/index.h"

#include <larder/codec.h>

#include "key/key.h"

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
    bool fits = larder_stored_write(&w, index->pointer, fingerprint, &pointer) == LARDER_OK;
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
