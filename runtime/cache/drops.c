/* SPDX-License-Identifier: MIT */
#include "cache/drops.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"
#include "cache/call.h"
#include "cache/redelete.h"

enum {
    FIRST_ITEMS = 16,
    CHUNK_KEYS = 4096,     /* deleted by one trip, at most */
    CHUNK_VERSIONS = 1000, /* raised by one operation, at most: each is an argument of a script */
    ID_DIGITS = 16,        /* at the end of a version's key */
    ERROR_BYTES = 256
};

/* ------------------------------------------------------------- life cycle */

void larder_drops_init(struct larder_drops *drops, struct larder_cache *cache)
{
    *drops = (struct larder_drops){.cache = cache};
    larder_buffer_init(&drops->bytes, &cache->allocator, LARDER_DROPS_BYTES_MAX);
}

void larder_drops_release(struct larder_drops *drops)
{
    larder_free(&drops->cache->allocator, drops->items);
    larder_free(&drops->cache->allocator, drops->slots);
    larder_buffer_release(&drops->bytes);
}

/* ------------------------------------------------------------------ the set */

static bool is_version(const struct larder_drops_item *item)
{
    return item->entity == LARDER_DROPS_VERSION;
}

static const char *key_of(const struct larder_drops *drops, const struct larder_drops_item *item)
{
    return drops->bytes.data + item->at;
}

static uint64_t hash_of(const struct larder_drops *drops, const struct larder_drops_item *item)
{
    return is_version(item) ? item->at : larder_hash64(key_of(drops, item), item->len, 0);
}

static bool same(const struct larder_drops *drops, const struct larder_drops_item *a,
                 const struct larder_drops_item *b)
{
    if (is_version(a) || is_version(b)) {
        return is_version(a) && is_version(b) && a->at == b->at;
    }
    return a->len == b->len && memcmp(key_of(drops, a), key_of(drops, b), a->len) == 0;
}

/* Where the item stands, or the free slot that it would take. */
static size_t slot_of(const struct larder_drops *drops, const struct larder_drops_item *item)
{
    size_t mask = drops->slot_count - 1;
    size_t slot = (size_t)hash_of(drops, item) & mask;
    while (drops->slots[slot] != 0 && !same(drops, &drops->items[drops->slots[slot] - 1], item)) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

static bool grow(struct larder_drops *drops)
{
    const struct larder_allocator *allocator = &drops->cache->allocator;
    size_t capacity = drops->capacity == 0 ? FIRST_ITEMS : 2 * drops->capacity;
    struct larder_drops_item *items =
        larder_realloc(allocator, drops->items, capacity * sizeof *items);
    if (items == NULL) {
        return false;
    }
    drops->items = items;
    uint32_t *slots = larder_alloc_zeroed(allocator, 2 * capacity, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    larder_free(allocator, drops->slots);
    drops->slots = slots;
    drops->slot_count = 2 * capacity;
    drops->capacity = capacity;
    for (size_t i = 0; i < drops->count; i++) {
        drops->slots[slot_of(drops, &items[i])] = (uint32_t)i + 1;
    }
    return true;
}

static enum larder_status refuse(enum larder_status status)
{
    return larder_call_refuse(NULL, status,
                              status == LARDER_E_TOO_LARGE ? "the batch is full"
                                                           : "no memory for the batch");
}

/* Adds the item, unless it is there. */
static enum larder_status add(struct larder_drops *drops, const struct larder_drops_item *item,
                              bool *ret_added)
{
    *ret_added = false;
    if (drops->count == drops->capacity && !grow(drops)) {
        return refuse(LARDER_E_NOMEM);
    }
    size_t slot = slot_of(drops, item);
    if (drops->slots[slot] != 0) {
        return LARDER_OK;
    }
    if (drops->count == LARDER_DROPS_ITEMS_MAX) {
        return refuse(LARDER_E_TOO_LARGE);
    }
    drops->items[drops->count++] = *item;
    drops->slots[slot] = (uint32_t)drops->count;
    drops->version_count += is_version(item);
    *ret_added = true;
    return LARDER_OK;
}

enum larder_status larder_drops_add_key(struct larder_drops *drops,
                                        const struct larder_entity *entity,
                                        const struct larder_key *key)
{
    bool added;
    struct larder_drops_item item = {drops->bytes.len, (uint32_t)key->len, entity->index};
    if (!larder_buffer_append(&drops->bytes, key->bytes, key->len)) {
        enum larder_status why = drops->bytes.status;
        drops->bytes.status = LARDER_OK; /* what is in stays good */
        return refuse(why);
    }
    enum larder_status status = add(drops, &item, &added);
    if (!added) {
        drops->bytes.len = item.at;
    }
    return status;
}

enum larder_status larder_drops_add_version(struct larder_drops *drops, uint64_t id)
{
    bool added;
    struct larder_drops_item item = {id, 0, LARDER_DROPS_VERSION};
    return add(drops, &item, &added);
}

void larder_drops_cut(struct larder_drops *drops, size_t count)
{
    while (drops->count > count) {
        /* No item that is left was placed behind this one: none went past its slot. */
        const struct larder_drops_item *last = &drops->items[drops->count - 1];
        drops->slots[slot_of(drops, last)] = 0;
        if (is_version(last)) {
            drops->version_count--;
        } else {
            drops->bytes.len = last->at;
        }
        drops->count--;
    }
}

/* -------------------------------------------------------------------- sending */

/* Operations of one trip: at most CHUNK_KEYS keys, and one for all their versions. */
struct sending {
    struct larder_drops *drops;
    int64_t deadline_ns;
    struct larder_op *ops;
    uint32_t *whose;                 /* the entity of each, or LARDER_DROPS_VERSION */
    struct larder_version_key *keys; /* of versions */
    char *texts;
    size_t op_count;
    size_t version_count;
    enum larder_status status; /* OK, or of the first operation that failed */
    enum larder_outcome outcome;
    char error[ERROR_BYTES];
};

static size_t text_bytes(const struct larder_drops *drops)
{
    return drops->cache->versions.stem_len + ID_DIGITS;
}

static size_t at_most(size_t count, size_t max)
{
    return count < max ? count : max;
}

static bool alloc_sending(struct sending *s)
{
    const struct larder_drops *drops = s->drops;
    const struct larder_allocator *allocator = &drops->cache->allocator;
    size_t keys = at_most(drops->count - drops->version_count, CHUNK_KEYS);
    size_t versions = at_most(drops->version_count, CHUNK_VERSIONS);
    s->ops = larder_alloc_zeroed(allocator, keys + 1, sizeof *s->ops);
    s->whose = larder_alloc_zeroed(allocator, keys + 1, sizeof *s->whose);
    s->keys = larder_alloc_zeroed(allocator, versions, sizeof *s->keys);
    s->texts = larder_alloc(allocator, versions * text_bytes(drops));
    return s->ops != NULL && s->whose != NULL && s->keys != NULL && s->texts != NULL;
}

static void free_sending(const struct sending *s)
{
    const struct larder_allocator *allocator = &s->drops->cache->allocator;
    larder_free(allocator, s->ops);
    larder_free(allocator, s->whose);
    larder_free(allocator, s->keys);
    larder_free(allocator, s->texts);
}

static void put_version(struct sending *s, uint64_t id)
{
    char text[LARDER_VERSION_KEY_MAX];
    size_t len = larder_version_key_write(&s->drops->cache->versions, id, text);
    char *at = s->texts + s->version_count * len;
    memcpy(at, text, len);
    s->keys[s->version_count++] = (struct larder_version_key){at, len};
}

static void put_key(struct sending *s, const struct larder_drops_item *item)
{
    s->whose[s->op_count] = item->entity;
    s->ops[s->op_count++] = (struct larder_op){
        .kind = LARDER_OP_DELETE, .key = key_of(s->drops, item), .key_len = item->len};
}

static void note_failure(struct sending *s, const struct larder_op *op, uint32_t whose,
                         const char *detail)
{
    const struct larder_cache *cache = s->drops->cache;
    larder_error_set(op->status, "%s", *detail != '\0' ? detail : larder_status_text(op->status));
    if (whose != LARDER_DROPS_VERSION) {
        larder_call_note_failure(cache, cache->service->entities[whose], op->status);
    }
    if (s->status == LARDER_OK) {
        s->status = op->status;
        snprintf(s->error, sizeof s->error, "%s", larder_last_error());
    }
}

static void note(struct sending *s, const struct larder_op *op, uint32_t whose, const char *detail)
{
    if (op->outcome > s->outcome) {
        s->outcome = op->outcome;
    }
    if (op->status < 0) {
        note_failure(s, op, whose, detail);
    } else if (whose != LARDER_DROPS_VERSION) {
        larder_counter_add(&s->drops->cache->states[whose].counters.deletes, 1);
    }
}

/* Where the schema asks for it: keys by their entity, a version if any entity that has
 * versions does. */
static void drop_again(const struct sending *s)
{
    struct larder_cache *cache = s->drops->cache;
    for (size_t i = 0; i < s->op_count; i++) {
        if (s->whose[i] != LARDER_DROPS_VERSION) {
            larder_redelete(cache, cache->service->entities[s->whose[i]], &s->ops[i]);
        }
    }
    for (size_t i = 0; i < s->version_count; i++) {
        larder_redelete_version(cache, &s->keys[i]);
    }
}

static void send_chunk(struct sending *s)
{
    char detail[ERROR_BYTES];
    struct larder_cache *cache = s->drops->cache;
    const struct larder_op_versions versions = {
        .clock = cache->versions.clock,
        .keys = s->keys,
        .count = s->version_count,
        .ttl_ms = cache->version_ttl_ms,
        .as_of = larder_version_begin(),
    };
    if (s->version_count != 0) {
        s->whose[s->op_count] = LARDER_DROPS_VERSION;
        s->ops[s->op_count++] = (struct larder_op){.kind = LARDER_OP_BUMP,
                                                   .key = s->keys[0].bytes,
                                                   .key_len = s->keys[0].len,
                                                   .versions = &versions};
    }
    if (s->op_count == 0) {
        return;
    }
    larder_error_clear();
    cache->backend->table->run(cache->backend, s->ops, s->op_count, s->deadline_ns);
    snprintf(detail, sizeof detail, "%s", larder_last_error());
    for (size_t i = 0; i < s->op_count; i++) {
        note(s, &s->ops[i], s->whose[i], detail);
    }
    drop_again(s);
    s->op_count = 0;
    s->version_count = 0;
}

enum larder_status larder_drops_send(struct larder_drops *drops)
{
    struct sending s = {.drops = drops,
                        .deadline_ns = larder_call_deadline_ns(drops->cache),
                        .outcome = LARDER_APPLIED};
    if (drops->count == 0) {
        return LARDER_OK;
    }
    if (!alloc_sending(&s)) {
        free_sending(&s);
        return refuse(LARDER_E_NOMEM);
    }
    for (size_t i = 0; i < drops->count; i++) {
        const struct larder_drops_item *item = &drops->items[i];
        if (is_version(item)) {
            put_version(&s, item->at);
        } else {
            put_key(&s, item);
        }
        if (s.op_count == CHUNK_KEYS || s.version_count == CHUNK_VERSIONS) {
            send_chunk(&s);
        }
    }
    send_chunk(&s);
    free_sending(&s);
    larder_outcome_set(s.outcome);
    if (s.status == LARDER_OK) {
        larder_error_clear();
        return LARDER_OK;
    }
    return larder_error_set(s.status, "%s", s.error);
}
