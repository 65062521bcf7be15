/* SPDX-License-Identifier: MIT */
#include "backend/redis.h"

#include <stdio.h>

#include "backend/log_gate.h"
#include "backend/node_guard.h"
#include "backend/redis_batch.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/inline.h"
#include "base/log.h"
#include "net/pipeline.h"

static const int64_t NS_A_MS = 1000000;

struct redis {
    struct larder_backend base;
    struct larder_backend_env env;
    struct larder_pipeline *pipeline;
    struct larder_node_guard guard;
    struct larder_step_watch watch;
    struct larder_log_gate gates[LARDER_BATCH_NOTE_COUNT];
    struct larder_log_gate failures;
    _Atomic int64_t time_offset_ns;  /* the server's wall clock less our monotonic one */
    _Atomic int64_t time_learned_ns; /* INT64_MIN: never */
};

/* ---------------------------------------------------------------- logging */

/* A batch is logged when it is through with its connection: the log's function is
 * the service's, and may take its time. */
static void log_notes(struct redis *redis, const struct larder_batch *batch)
{
    static const char *const texts[] = {
        [LARDER_BATCH_NOTE_FOREIGN] = "a key holds another type than a string: read as a miss",
        [LARDER_BATCH_NOTE_ERROR] = "the server refused an operation",
    };
    for (size_t i = 0; i < LARDER_BATCH_NOTE_COUNT; i++) {
        if (batch->notes[i][0] != '\0') {
            larder_log_gated(redis->env.log, redis->env.clock, &redis->gates[i], LARDER_LOG_WARNING,
                             "%s: %s: %s", larder_pipeline_where(redis->pipeline), texts[i],
                             batch->notes[i]);
        }
    }
}

static void log_failure(struct redis *redis, enum larder_status status, const char *why)
{
    larder_error_set(status, "%s: %s", larder_pipeline_where(redis->pipeline), why);
    larder_log_gated(redis->env.log, redis->env.clock, &redis->failures, LARDER_LOG_ERROR,
                     "%s: %s (%s)", larder_pipeline_where(redis->pipeline), why,
                     larder_status_name(status));
}

/* ------------------------------------------------------------------- time */

/* The offset between the server's wall clock and our monotonic one. It is taken from when
 * the question was put, not from when the answer was met: whoever was kept from running in
 * between believes that it is later than it is, never earlier. */
static void learn_time(struct redis *redis, const struct larder_op *op, int64_t begun_ns,
                       enum larder_status status)
{
    if (status == LARDER_OK && op->status == LARDER_OK) {
        atomic_store_explicit(&redis->time_offset_ns, op->number * NS_A_MS - begun_ns,
                              memory_order_relaxed);
        atomic_store_explicit(&redis->time_learned_ns, begun_ns, memory_order_relaxed);
    }
}

static int64_t redis_now_ms(const struct larder_backend *backend, int64_t *ret_age_ms)
{
    const struct redis *redis = (const struct redis *)backend;
    int64_t now_ns = larder_clock_now_ns(redis->env.clock);
    int64_t learned_ns = atomic_load_explicit(&redis->time_learned_ns, memory_order_relaxed);
    int64_t offset_ns = atomic_load_explicit(&redis->time_offset_ns, memory_order_relaxed);
    bool known = learned_ns != INT64_MIN;
    *ret_age_ms = known ? (now_ns - learned_ns) / NS_A_MS : INT64_MAX;
    return known ? (now_ns + offset_ns) / NS_A_MS : 0;
}

/* -------------------------------------------------------------------- run */

/* A connection that had served before may have been closed by the server just
 * now; then nothing was answered, and what can be said twice is said again on
 * one that is opened since. */
static enum larder_status run_again(struct redis *redis, struct larder_batch *batch,
                                    int64_t deadline_ns, struct larder_pipeline_result *result)
{
    struct larder_batch again;
    struct larder_pipeline_result second;
    larder_batch_init(&again, batch->ops, batch->count, &redis->watch, batch->whole);
    enum larder_status status =
        larder_pipeline_run(redis->pipeline, &again.base, result->failures, deadline_ns, &second);
    *result = second;
    larder_batch_merge(&again, batch);
    *batch = again;
    return status;
}

/* The connection is closed, or will be before it takes anything more. */
static enum larder_status read_again(struct redis *redis, struct larder_batch *batch,
                                     int64_t deadline_ns, struct larder_pipeline_result *result)
{
    larder_batch_init(batch, batch->ops, batch->count, &redis->watch, batch->whole);
    enum larder_status status =
        larder_pipeline_run(redis->pipeline, &batch->base, 0, deadline_ns, result);
    if (status == LARDER_OK) {
        larder_batch_note_step(batch);
    }
    return status;
}

/* True: some are to be run again, with their scripts' texts. */
static LARDER_INLINE bool run_batch(struct redis *redis, struct larder_op *ops, size_t count,
                                    bool whole, int64_t deadline_ns)
{
    struct larder_batch batch;
    struct larder_pipeline_result result;
    struct larder_node_pass pass;
    if (!larder_node_guard_admit(&redis->guard, ops, count, &pass)) {
        return false;
    }
    larder_batch_init(&batch, ops, count, &redis->watch, whole);
    int64_t begun_ns = batch.time != NULL ? larder_clock_now_ns(redis->env.clock) : 0;
    enum larder_status status =
        larder_pipeline_run(redis->pipeline, &batch.base, 0, deadline_ns, &result);
    if (status == LARDER_E_UNAVAILABLE && result.reused && larder_batch_may_repeat(&batch)) {
        status = run_again(redis, &batch, deadline_ns, &result);
    }
    /* It may have met the reply that is one too many in the same breath. */
    if (batch.out_of_step && (status == LARDER_OK || status == LARDER_E_PROTOCOL)) {
        status = read_again(redis, &batch, deadline_ns, &result);
    }
    if (batch.time != NULL) {
        learn_time(redis, batch.time, begun_ns, status);
    }
    larder_batch_tell(&batch);
    if (status != LARDER_OK) {
        larder_batch_fail_rest(&batch, status);
        log_failure(redis, status, result.why);
    }
    log_notes(redis, &batch);
    larder_node_guard_report(&redis->guard, &pass, status, result.connected, batch.trouble);
    return batch.no_script;
}

/* The server did nothing of those whose script it has not got: they are run once more, each
 * with what stands beside it, and what was answered is left alone. */
static void run_whole(struct redis *redis, struct larder_op *ops, size_t count, int64_t deadline_ns)
{
    size_t i = 0;
    while (i < count) {
        size_t end = i;
        while (end < count && ops[end].no_script) {
            end++;
        }
        if (end != i) {
            run_batch(redis, ops + i, end - i, true, deadline_ns);
        }
        i = end + 1;
    }
}

static LARDER_INLINE void run_fitting(struct redis *redis, struct larder_op *ops, size_t count,
                                      int64_t deadline_ns)
{
    if (run_batch(redis, ops, count, false, deadline_ns)) {
        run_whole(redis, ops, count, deadline_ns);
    }
}

/* One that no server would take must not fail its neighbours; so rare that each may
 * have its own trip. */
static void run_each(struct redis *redis, struct larder_op *ops, size_t count, int64_t deadline_ns)
{
    for (size_t i = 0; i < count; i++) {
        if (larder_batch_fits(&ops[i])) {
            run_fitting(redis, &ops[i], 1, deadline_ns);
        } else {
            ops[i].number = 0;
            larder_op_answer(&ops[i], larder_error_set(LARDER_E_TOO_LARGE,
                                                       "more than a server takes in one value"));
        }
    }
}

static void redis_run(struct larder_backend *backend, struct larder_op *ops, size_t count,
                      int64_t deadline_ns)
{
    struct redis *redis = (struct redis *)backend;
    bool all_fit = count != 0;
    for (size_t i = 0; i < count; i++) {
        all_fit &= larder_batch_fits(&ops[i]);
    }
    if (all_fit) {
        run_fitting(redis, ops, count, deadline_ns);
    } else {
        run_each(redis, ops, count, deadline_ns);
    }
}

/* ----------------------------------------------------------------- others */

static void redis_health(struct larder_backend *backend, struct larder_health *health)
{
    struct redis *redis = (struct redis *)backend;
    struct larder_pipeline_stats stats;
    larder_pipeline_stats(redis->pipeline, &stats);
    snprintf(health->backend, sizeof health->backend, "%s", backend->table->name);
    snprintf(health->server, sizeof health->server, "%s", stats.server);
    health->connections = stats.connections;
    health->connections_busy = stats.busy;
    health->connections_max = stats.max;
    health->queued = stats.queued;
    health->bundles = stats.bundles;
    health->combined = stats.combined;
    larder_node_guard_health(&redis->guard, health);
}

static bool redis_is_away(const struct larder_backend *backend)
{
    return larder_node_guard_is_away(&((const struct redis *)backend)->guard);
}

static void redis_free(struct larder_backend *backend)
{
    struct redis *redis = (struct redis *)backend;
    if (redis == NULL) {
        return;
    }
    if (redis->pipeline != NULL) {
        larder_node_guard_release(&redis->guard);
    }
    larder_pipeline_free(redis->pipeline);
    larder_free(redis->env.allocator, redis);
}

static const struct larder_backend_table table = {.name = "redis",
                                                  .run = redis_run,
                                                  .health = redis_health,
                                                  .is_away = redis_is_away,
                                                  .now_ms = redis_now_ms,
                                                  .free = redis_free};

struct larder_backend *larder_redis_new(const struct larder_backend_env *env,
                                        const struct larder_redis_options *options)
{
    struct larder_pipeline_options pipeline = {.conn = {.address = options->address,
                                                        .max_reply_bytes = options->max_reply_bytes,
                                                        .spin_ns = options->spin_us * 1000},
                                               .max_connections = options->max_connections,
                                               .connect_timeout_ms = options->connect_timeout_ms};
    struct redis *redis = larder_alloc_zeroed(env->allocator, 1, sizeof *redis);
    if (redis == NULL) {
        return NULL;
    }
    redis->base.table = &table;
    redis->env = *env;
    redis->watch.clock = env->clock;
    atomic_init(&redis->time_learned_ns, INT64_MIN);
    redis->pipeline = larder_pipeline_new(env->allocator, env->clock, &pipeline);
    if (redis->pipeline == NULL) {
        redis_free(&redis->base);
        return NULL;
    }
    larder_node_guard_init(&redis->guard, &redis->env, larder_pipeline_where(redis->pipeline));
    return &redis->base;
}
