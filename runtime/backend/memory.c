/* SPDX-License-Identifier: MIT */
#include "backend/memory.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/fork_hook.h"
#include "store/store.h"

static const int64_t NS_A_MS = 1000000;

struct memory {
    struct larder_backend base;
    struct larder_backend_env env;
    struct larder_store *store;
    struct larder_fork_hook hook;
};

/* ------------------------------------------------------------------- fork */

static void hook_prepare(void *user)
{
    larder_store_hold(((struct memory *)user)->store);
}

static void hook_after(void *user)
{
    larder_store_let_go(((struct memory *)user)->store);
}

/* ------------------------------------------------------------ operations */

/* A lifetime too long for the clock (292 years) ends just before "never". */
static int64_t expires_ns(int64_t ttl_ms, int64_t now_ns)
{
    int64_t ns, end_ns;
    if (ttl_ms == 0) {
        return LARDER_STORE_NEVER;
    }
    if (__builtin_mul_overflow(ttl_ms, NS_A_MS, &ns) ||
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

static enum larder_status run_get(struct larder_store *store, struct larder_op *op, int64_t now_ns)
{
    bool found = larder_store_get(store, op->key, op->key_len, now_ns, show_value, op);
    return found ? op->status : LARDER_MISS;
}

static enum larder_status put(struct larder_store *store, enum larder_store_condition when,
                              const struct larder_op *op, int64_t now_ns)
{
    struct larder_store_item item = {.key = op->key,
                                     .key_len = op->key_len,
                                     .value = op->value,
                                     .value_len = op->value_len,
                                     .expires_ns = expires_ns(op->ttl_ms, now_ns)};
    return larder_store_put(store, when, &item, now_ns);
}

static enum larder_status run_set(struct larder_store *store, struct larder_op *op, int64_t now_ns)
{
    return put(store, LARDER_STORE_ALWAYS, op, now_ns);
}

static enum larder_status run_add(struct larder_store *store, struct larder_op *op, int64_t now_ns)
{
    return put(store, LARDER_STORE_IF_ABSENT, op, now_ns);
}

static enum larder_status run_replace(struct larder_store *store, struct larder_op *op,
                                      int64_t now_ns)
{
    return put(store, LARDER_STORE_IF_PRESENT, op, now_ns);
}

static enum larder_status found(bool there)
{
    return there ? LARDER_OK : LARDER_MISS;
}

static enum larder_status run_delete(struct larder_store *store, struct larder_op *op,
                                     int64_t now_ns)
{
    return found(larder_store_delete(store, op->key, op->key_len, now_ns));
}

static enum larder_status run_exists(struct larder_store *store, struct larder_op *op,
                                     int64_t now_ns)
{
    int64_t end_ns;
    return found(larder_store_expiry(store, op->key, op->key_len, now_ns, &end_ns));
}

static enum larder_status run_ttl(struct larder_store *store, struct larder_op *op, int64_t now_ns)
{
    int64_t end_ns;
    if (!larder_store_expiry(store, op->key, op->key_len, now_ns, &end_ns)) {
        return LARDER_MISS;
    }
    /* Rounded up: what is there has time left. */
    op->number = end_ns == LARDER_STORE_NEVER ? -1 : (end_ns - now_ns - 1) / NS_A_MS + 1;
    return LARDER_OK;
}

static enum larder_status run_expire(struct larder_store *store, struct larder_op *op,
                                     int64_t now_ns)
{
    return found(larder_store_set_expiry(store, op->key, op->key_len, now_ns,
                                         expires_ns(op->ttl_ms, now_ns)));
}

static enum larder_status run_ping(struct larder_store *store, struct larder_op *op, int64_t now_ns)
{
    (void)store;
    (void)op;
    (void)now_ns;
    return LARDER_OK;
}

/* Nothing is ever swept here: no invalidation can be lost. */
static enum larder_status run_scan(struct larder_store *store, struct larder_op *op, int64_t now_ns)
{
    (void)store;
    (void)op;
    (void)now_ns;
    return LARDER_MISS;
}

static enum larder_status (*const runs[])(struct larder_store *store, struct larder_op *op,
                                          int64_t now_ns) = {
    [LARDER_OP_GET] = run_get,       [LARDER_OP_SET] = run_set,
    [LARDER_OP_ADD] = run_add,       [LARDER_OP_REPLACE] = run_replace,
    [LARDER_OP_DELETE] = run_delete, [LARDER_OP_EXISTS] = run_exists,
    [LARDER_OP_TTL] = run_ttl,       [LARDER_OP_EXPIRE] = run_expire,
    [LARDER_OP_PING] = run_ping,     [LARDER_OP_SCAN] = run_scan,
};

/* ----------------------------------------------------------------- table */

static void memory_run(struct larder_backend *backend, struct larder_op *ops, size_t count,
                       int64_t deadline_ns)
{
    struct memory *memory = (struct memory *)backend;
    int64_t now_ns = larder_clock_now_ns(memory->env.clock);
    (void)deadline_ns; /* nothing here waits */
    for (size_t i = 0; i < count; i++) {
        struct larder_op *op = &ops[i];
        op->number = 0;
        larder_op_answer(op, runs[op->kind](memory->store, op, now_ns));
        if (op->status == LARDER_E_TOO_LARGE) {
            larder_error_set(op->status, "the value is larger than the memory backend can hold");
        }
    }
}

static void memory_health(struct larder_backend *backend, struct larder_health *health)
{
    struct memory *memory = (struct memory *)backend;
    struct larder_store_stats stats;
    larder_store_stats(memory->store, &stats);
    snprintf(health->backend, sizeof health->backend, "%s", backend->table->name);
    health->entries = stats.entries;
    health->bytes = stats.bytes;
}

static void memory_free(struct larder_backend *backend)
{
    struct memory *memory = (struct memory *)backend;
    if (memory == NULL) {
        return;
    }
    if (memory->store != NULL) {
        larder_fork_hook_remove(&memory->hook);
    }
    larder_store_free(memory->store);
    larder_free(memory->env.allocator, memory);
}

static const struct larder_backend_table table = {
    .name = "memory", .run = memory_run, .health = memory_health, .free = memory_free};

struct larder_backend *larder_memory_new(const struct larder_backend_env *env, size_t max_bytes)
{
    struct memory *memory = larder_alloc_zeroed(env->allocator, 1, sizeof *memory);
    if (memory == NULL) {
        return NULL;
    }
    memory->base.table = &table;
    memory->env = *env;
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
