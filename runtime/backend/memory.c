/* SPDX-License-Identifier: MIT */
#include "backend/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/entry.h"
#include "backend/memory_room.h"
#include "base/alloc.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"

/* ------------------------------------------------------------------- fork */

static void hook_prepare(void *user)
{
    struct larder_memory *memory = user;
    pthread_mutex_lock(&memory->versions);
    larder_store_hold(memory->store);
}

static void hook_after(void *user)
{
    struct larder_memory *memory = user;
    larder_store_let_go(memory->store);
    pthread_mutex_unlock(&memory->versions);
}

/* ------------------------------------------------------------ operations */

int64_t larder_memory_expires_ns(int64_t ttl_ms, int64_t now_ns)
{
    int64_t ns, end_ns;
    if (ttl_ms == 0) {
        return LARDER_STORE_NEVER;
    }
    if (__builtin_mul_overflow(ttl_ms, (int64_t)LARDER_MEMORY_NS_A_MS, &ns) ||
        __builtin_add_overflow(now_ns, ns, &end_ns) || end_ns == LARDER_STORE_NEVER) {
        return LARDER_STORE_NEVER - 1;
    }
    return end_ns;
}

static void show_value(void *user, const uint8_t *value, size_t len)
{
    struct larder_op *op = user;
    op->sink(op, value, len);
}

static enum larder_status run_get(struct larder_memory *memory, struct larder_op *op,
                                  int64_t now_ns)
{
    bool found = larder_store_get(memory->store, op->key, op->key_len, now_ns, show_value, op);
    return found ? op->status : LARDER_MISS;
}

/* A read that sees an entry and its end. */
struct sight {
    struct larder_op *op;
    int64_t now_ns;
    enum larder_status status;
};

static enum larder_store_then renew(void *user, struct larder_store_entry *entry,
                                    struct larder_store_item *ret_item)
{
    struct sight *sight = user;
    struct larder_op *op = sight->op;
    (void)ret_item;
    if (entry->value == NULL) {
        return LARDER_STORE_KEEP;
    }
    if (!op->keep || larder_envelope_form(entry->value, entry->len) == 0) {
        entry->expires_ns = larder_memory_expires_ns(op->ttl_ms, sight->now_ns);
    }
    op->sink(op, entry->value, entry->len);
    sight->status = op->status;
    return LARDER_STORE_KEEP;
}

static enum larder_store_then head(void *user, struct larder_store_entry *entry,
                                   struct larder_store_item *ret_item)
{
    struct sight *sight = user;
    struct larder_op *op = sight->op;
    (void)ret_item;
    if (entry->value != NULL && entry->len != 0) {
        op->number = (int64_t)entry->len;
        op->sink(op, entry->value, entry->len < LARDER_HEAD_BYTES ? entry->len : LARDER_HEAD_BYTES);
        sight->status = op->status;
    }
    return LARDER_STORE_KEEP;
}

static enum larder_store_then delete_entry(void *user, struct larder_store_entry *entry,
                                           struct larder_store_item *ret_item)
{
    struct sight *sight = user;
    (void)ret_item;
    if (entry->value != NULL && larder_envelope_form(entry->value, entry->len) == 0) {
        sight->status = LARDER_OK;
    }
    return LARDER_STORE_DROP;
}

static enum larder_store_then exists(void *user, struct larder_store_entry *entry,
                                     struct larder_store_item *ret_item)
{
    struct sight *sight = user;
    (void)ret_item;
    if (entry->value != NULL && larder_entry_is_one(entry->value, entry->len)) {
        sight->status = LARDER_OK;
    } else if (entry->value != NULL && larder_entry_is_mark(entry->value, entry->len)) {
        sight->status = LARDER_ABSENT;
    }
    return LARDER_STORE_KEEP;
}

/* Rounded up: what is there has time left. */
static enum larder_store_then ttl(void *user, struct larder_store_entry *entry,
                                  struct larder_store_item *ret_item)
{
    struct sight *sight = user;
    int64_t end_ns = entry->expires_ns;
    (void)ret_item;
    if (entry->value != NULL && larder_entry_is_one(entry->value, entry->len)) {
        bool never = end_ns == LARDER_STORE_NEVER;
        sight->op->number = never ? -1 : (end_ns - sight->now_ns - 1) / LARDER_MEMORY_NS_A_MS + 1;
        sight->status = LARDER_OK;
    }
    return LARDER_STORE_KEEP;
}

static larder_store_changer *const sights[] = {
    [LARDER_OP_RENEW] = renew,   [LARDER_OP_HEAD] = head, [LARDER_OP_DELETE] = delete_entry,
    [LARDER_OP_EXISTS] = exists, [LARDER_OP_TTL] = ttl,
};

static enum larder_status run_sight(struct larder_memory *memory, struct larder_op *op,
                                    int64_t now_ns)
{
    struct sight sight = {.op = op, .now_ns = now_ns, .status = LARDER_MISS};
    larder_store_change(memory->store, op->key, op->key_len, now_ns, sights[op->kind], &sight);
    return sight.status;
}

static enum larder_status run_bump(struct larder_memory *memory, struct larder_op *op,
                                   int64_t now_ns)
{
    pthread_mutex_lock(&memory->versions);
    enum larder_status status = larder_memory_bump(memory, op, now_ns);
    pthread_mutex_unlock(&memory->versions);
    return status;
}

static enum larder_status run_time(struct larder_memory *memory, struct larder_op *op,
                                   int64_t now_ns)
{
    (void)memory;
    op->number = (now_ns - 1) / LARDER_MEMORY_NS_A_MS + 1;
    return LARDER_OK;
}

static enum larder_status run_ping(struct larder_memory *memory, struct larder_op *op,
                                   int64_t now_ns)
{
    (void)memory;
    (void)op;
    (void)now_ns;
    return LARDER_OK;
}

/* ------------------------------------------------------------------- pages */

enum { PAGE_ENTRIES = 250, HEAD_BYTES = 32 }; /* as of a server's pages, cache/sweep.h */

/* A page as the server's script makes it: words, each behind its length in two bytes. */
struct page {
    const struct larder_op *op;
    struct larder_buffer words;
};

static void put_word(struct page *page, const void *word, size_t len)
{
    const uint8_t head[] = {(uint8_t)(len >> 8), (uint8_t)len};
    (void)larder_buffer_append(&page->words, head, sizeof head);
    (void)larder_buffer_append(&page->words, word, len);
}

static void show_head(void *user, const void *key, size_t key_len, const uint8_t *value,
                      size_t value_len)
{
    struct page *page = user;
    const struct larder_op *op = page->op;
    if (key_len >= op->key_len && key_len <= UINT16_MAX && value_len != 0 &&
        memcmp(key, op->key, op->key_len) == 0) {
        put_word(page, key, key_len);
        put_word(page, value, value_len < HEAD_BYTES ? value_len : HEAD_BYTES);
    }
}

/* The cursor is the place in the store, in decimal; the server's id is always the same. */
static enum larder_status run_scan(struct larder_memory *memory, struct larder_op *op,
                                   int64_t now_ns)
{
    static const char run_id[] = "memory";
    struct page entries = {.op = op}, page = {.op = op};
    char cursor[24];
    snprintf(cursor, sizeof cursor, "%.*s", (int)op->value_len, (const char *)op->value);
    larder_buffer_init(&entries.words, memory->env.allocator, SIZE_MAX);
    larder_buffer_init(&page.words, memory->env.allocator, SIZE_MAX);
    uint64_t next = larder_store_walk(memory->store, strtoull(cursor, NULL, 10), PAGE_ENTRIES,
                                      now_ns, show_head, &entries);
    int len = snprintf(cursor, sizeof cursor, "%" PRIu64, next);
    put_word(&page, run_id, sizeof run_id - 1);
    put_word(&page, cursor, (size_t)len);
    if (entries.words.len != 0) {
        (void)larder_buffer_append(&page.words, entries.words.data, entries.words.len);
    }
    enum larder_status status =
        entries.words.status != LARDER_OK ? entries.words.status : page.words.status;
    if (status == LARDER_OK) {
        op->sink(op, (const uint8_t *)page.words.data, page.words.len);
        status = op->status;
    }
    larder_buffer_release(&entries.words);
    larder_buffer_release(&page.words);
    return status;
}

static larder_memory_op *const runs[] = {
    [LARDER_OP_GET] = run_get,
    [LARDER_OP_SET] = larder_memory_store,
    [LARDER_OP_ADD] = larder_memory_store,
    [LARDER_OP_REPLACE] = larder_memory_store,
    [LARDER_OP_DELETE] = run_sight,
    [LARDER_OP_EXISTS] = run_sight,
    [LARDER_OP_TTL] = run_sight,
    [LARDER_OP_EXPIRE] = larder_memory_expire,
    [LARDER_OP_PING] = run_ping,
    [LARDER_OP_SCAN] = run_scan,
    [LARDER_OP_RENEW] = run_sight,
    [LARDER_OP_HEAD] = run_sight,
    [LARDER_OP_CLAIM] = larder_memory_claim,
    [LARDER_OP_TAKE] = larder_memory_take,
    [LARDER_OP_FILL] = larder_memory_fill,
    [LARDER_OP_RELEASE] = larder_memory_release,
    [LARDER_OP_SOFTEN] = larder_memory_soften,
    [LARDER_OP_BUMP] = run_bump,
    [LARDER_OP_TIME] = run_time,
};

/* ----------------------------------------------------------------- table */

static void memory_run(struct larder_backend *backend, struct larder_op *ops, size_t count,
                       int64_t deadline_ns)
{
    struct larder_memory *memory = (struct larder_memory *)backend;
    int64_t now_ns = larder_clock_now_ns(memory->env.clock);
    (void)deadline_ns; /* nothing here waits */
    for (size_t i = 0; i < count; i++) {
        struct larder_op *op = &ops[i];
        op->number = 0;
        larder_op_answer(op, runs[op->kind](memory, op, now_ns));
        if (op->status == LARDER_E_TOO_LARGE) {
            larder_error_set(op->status, "the value is larger than the memory backend can hold");
        }
    }
}

static void memory_health(struct larder_backend *backend, struct larder_health *health)
{
    struct larder_memory *memory = (struct larder_memory *)backend;
    struct larder_store_stats stats;
    larder_store_stats(memory->store, &stats);
    snprintf(health->backend, sizeof health->backend, "%s", backend->table->name);
    health->entries = stats.entries;
    health->bytes = stats.bytes;
}

static int64_t memory_now_ms(const struct larder_backend *backend, int64_t *ret_age_ms)
{
    const struct larder_memory *memory = (const struct larder_memory *)backend;
    *ret_age_ms = 0;
    return larder_clock_now_ns(memory->env.clock) / LARDER_MEMORY_NS_A_MS;
}

static void memory_free(struct larder_backend *backend)
{
    struct larder_memory *memory = (struct larder_memory *)backend;
    if (memory == NULL) {
        return;
    }
    if (memory->store != NULL) {
        larder_fork_hook_remove(&memory->hook);
    }
    larder_store_free(memory->store);
    pthread_mutex_destroy(&memory->versions);
    larder_free(memory->env.allocator, memory);
}

static const struct larder_backend_table table = {.name = "memory",
                                                  .run = memory_run,
                                                  .health = memory_health,
                                                  .now_ms = memory_now_ms,
                                                  .free = memory_free};

struct larder_backend *larder_memory_new(const struct larder_backend_env *env, size_t max_bytes)
{
    struct larder_memory *memory = larder_alloc_zeroed(env->allocator, 1, sizeof *memory);
    if (memory == NULL) {
        return NULL;
    }
    memory->base.table = &table;
    memory->env = *env;
    pthread_mutex_init(&memory->versions, NULL);
    memory->store = larder_store_new(env->allocator, max_bytes);
    if (memory->store == NULL) {
        memory_free(&memory->base);
        return NULL;
    }
    memory->hook = (struct larder_fork_hook){
        .prepare = hook_prepare, .parent = hook_after, .child = hook_after, .user = memory};
    larder_fork_hook_add(&memory->hook);
    return &memory->base;
}
