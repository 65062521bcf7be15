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
    const struct larder_entity *entity; /* NULL: of a version */
    enum larder_op_kind kind;
    size_t key_len;
    const char *key; /* behind it, in its block */
};

/* One operation, and what it points to where it raises a version. Stays where it was made. */
struct repeat {
    struct larder_version_key key;
    struct larder_op_versions versions;
};

static struct larder_op op_of(const struct larder_cache *cache, const struct again *again,
                              struct repeat *repeat)
{
    struct larder_op op = {.kind = again->kind, .key = again->key, .key_len = again->key_len};
    if (again->kind == LARDER_OP_BUMP) {
        repeat->key = (struct larder_version_key){again->key, again->key_len};
        repeat->versions = (struct larder_op_versions){.clock = cache->versions.clock,
                                                       .keys = &repeat->key,
                                                       .count = 1,
                                                       .ttl_ms = cache->version_ttl_ms,
                                                       .as_of = larder_version_begin()};
        op.versions = &repeat->versions;
    }
    return op;
}

static void count_one(const struct larder_cache *cache, const struct again *again,
                      const struct larder_op *op)
{
    if (again->entity != NULL) {
        struct larder_counters *counters = &larder_state_of(cache, again->entity)->counters;
        larder_counter_add(op->status < 0 ? &counters->errors : &counters->redeletes, 1);
    }
}

void larder_redelete_run(struct larder_cache *cache, struct larder_job *const *jobs, size_t count,
                         int64_t deadline_ns)
{
    struct larder_op ops[LARDER_WORKER_BATCH];
    struct repeat repeats[LARDER_WORKER_BATCH];
    for (size_t i = 0; i < count; i++) {
        ops[i] = op_of(cache, (const struct again *)jobs[i], &repeats[i]);
    }
    cache->backend->table->run(cache->backend, ops, count, deadline_ns);
    for (size_t i = 0; i < count; i++) {
        count_one(cache, (const struct again *)jobs[i], &ops[i]);
    }
}

/* There is no room, no thread or no memory for later: then now, which is better than never.
 * What the caller is told is of its own deletion. */
static void make_at_once(struct larder_cache *cache, struct again *again)
{
    struct larder_job *job = &again->job;
    char error[ERROR_BYTES];
    snprintf(error, sizeof error, "%s", larder_last_error());
    larder_redelete_run(cache, &job, 1, larder_call_deadline_ns(cache));
    larder_error_set(LARDER_OK, "%s", error);
}

static struct again *again_new(struct larder_cache *cache, const struct again *of)
{
    struct again *again = larder_alloc(&cache->allocator, sizeof *again + of->key_len);
    if (again != NULL) {
        *again = *of;
        again->key = memcpy(again + 1, of->key, of->key_len);
    }
    return again;
}

static void make_later(struct larder_cache *cache, struct again *of, int64_t after_ms)
{
    of->job.due_ns = larder_deadline_after_ms(&cache->clock, after_ms);
    struct again *again = again_new(cache, of);
    if (again == NULL) {
        make_at_once(cache, of);
        return;
    }
    struct larder_job *left = larder_worker_later(&cache->worker, &again->job);
    if (left != NULL) {
        make_at_once(cache, (struct again *)left);
        larder_free(&cache->allocator, left);
    }
}

void larder_redelete(struct larder_cache *cache, const struct larder_entity *entity,
                     const struct larder_op *op)
{
    int64_t after_ms = larder_state_of(cache, entity)->policy->redelete_after_ms;
    if (after_ms != 0) {
        struct again again = {
            .entity = entity, .kind = op->kind, .key_len = op->key_len, .key = op->key};
        make_later(cache, &again, after_ms);
    }
}

void larder_redelete_version(struct larder_cache *cache, const struct larder_version_key *key)
{
    if (cache->version_redelete_ms != 0) {
        struct again again = {.kind = LARDER_OP_BUMP, .key_len = key->len, .key = key->bytes};
        make_later(cache, &again, cache->version_redelete_ms);
    }
}
