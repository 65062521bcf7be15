/* SPDX-License-Identifier: MIT */
#include "cache/redelete.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cache/call.h"

enum { ERROR_BYTES = 256 };

struct again {
    struct larder_job job;
    const struct larder_entity *entity;
    enum larder_op_kind kind;
    size_t key_len;
    char key[];
};

static struct larder_op op_of(const struct again *again)
{
    return (struct larder_op){.kind = again->kind, .key = again->key, .key_len = again->key_len};
}

void larder_redelete_run(struct larder_cache *cache, struct larder_job *const *jobs, size_t count,
                         int64_t deadline_ns)
{
    struct larder_op ops[LARDER_WORKER_BATCH];
    for (size_t i = 0; i < count; i++) {
        ops[i] = op_of((const struct again *)jobs[i]);
    }
    cache->backend->table->run(cache->backend, ops, count, deadline_ns);
    for (size_t i = 0; i < count; i++) {
        const struct again *again = (const struct again *)jobs[i];
        struct larder_counters *counters = &larder_state_of(cache, again->entity)->counters;
        larder_counter_add(ops[i].status < 0 ? &counters->errors : &counters->redeletes, 1);
    }
}

/* There is no room, no thread or no memory for later: then now, which is better than never.
 * What the caller is told is of its own deletion. */
static void make_at_once(struct larder_cache *cache, const struct larder_entity *entity,
                         const struct larder_op *op)
{
    struct larder_counters *counters = &larder_state_of(cache, entity)->counters;
    struct larder_op again = {.kind = op->kind, .key = op->key, .key_len = op->key_len};
    char error[ERROR_BYTES];
    snprintf(error, sizeof error, "%s", larder_last_error());
    cache->backend->table->run(cache->backend, &again, 1, larder_call_deadline_ns(cache));
    larder_counter_add(again.status < 0 ? &counters->errors : &counters->redeletes, 1);
    larder_error_set(LARDER_OK, "%s", error);
}

static struct again *again_new(struct larder_cache *cache, const struct larder_entity *entity,
                               const struct larder_op *op, int64_t after_ms)
{
    struct again *again = larder_alloc(&cache->allocator, sizeof *again + op->key_len);
    if (again != NULL) {
        *again = (struct again){.entity = entity, .kind = op->kind, .key_len = op->key_len};
        again->job.due_ns = larder_deadline_after_ms(&cache->clock, after_ms);
        memcpy(again->key, op->key, op->key_len);
    }
    return again;
}

void larder_redelete(struct larder_cache *cache, const struct larder_entity *entity,
                     const struct larder_op *op)
{
    int64_t after_ms = larder_state_of(cache, entity)->policy->redelete_after_ms;
    if (after_ms == 0) {
        return;
    }
    struct again *again = again_new(cache, entity, op, after_ms);
    if (again == NULL) {
        make_at_once(cache, entity, op);
        return;
    }
    struct larder_job *left = larder_worker_later(&cache->worker, &again->job);
    if (left != NULL) {
        const struct again *next = (const struct again *)left;
        const struct larder_op its_op = op_of(next);
        make_at_once(cache, next->entity, &its_op);
        larder_free(&cache->allocator, left);
    }
}
