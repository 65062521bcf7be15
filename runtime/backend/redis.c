/* SPDX-License-Identifier: MIT */
#include "backend/redis.h"

#include <stdio.h>

#include "backend/log_gate.h"
#include "backend/node_guard.h"
#include "backend/redis_batch.h"
#include "base/alloc.h"
#include "base/log.h"
#include "net/pool.h"

struct redis {
    struct larder_backend base;
    struct larder_backend_env env;
    struct larder_pool *pool;
    struct larder_node_guard guard;
    struct larder_log_gate gates[LARDER_BATCH_NOTE_COUNT];
    struct larder_log_gate failures;
};

/* ---------------------------------------------------------------- logging */

/* A batch is logged when its connection is given back: the log's function is
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
                             "%s: %s: %s", larder_pool_where(redis->pool), texts[i],
                             batch->notes[i]);
        }
    }
}

static void log_failure(struct redis *redis, enum larder_status status, const char *why)
{
    larder_error_set(status, "%s: %s", larder_pool_where(redis->pool), why);
    larder_log_gated(redis->env.log, redis->env.clock, &redis->failures, LARDER_LOG_ERROR,
                     "%s: %s (%s)", larder_pool_where(redis->pool), why,
                     larder_status_name(status));
}

/* -------------------------------------------------------------------- run */

/* Runs a batch on a lent connection. One that has served before may have been
 * closed by the server just now; then nothing was answered, and what can be
 * said twice is said again on a new connection. */
static enum larder_status run_on(struct redis *redis, struct larder_conn *conn, bool reused,
                                 struct larder_batch *batch, int64_t deadline_ns)
{
    enum larder_status status = larder_conn_run(conn, &batch->base, deadline_ns);
    if (status != LARDER_E_UNAVAILABLE || !reused || !larder_batch_may_repeat(batch)) {
        return status;
    }
    struct larder_batch again;
    larder_batch_init(&again, batch->ops, batch->count);
    enum larder_status redialled = larder_pool_redial(redis->pool, conn, deadline_ns);
    if (redialled != LARDER_OK) {
        return redialled; /* the first try says what may have been applied */
    }
    status = larder_conn_run(conn, &again.base, deadline_ns);
    larder_batch_merge(&again, batch);
    *batch = again;
    return status;
}

static void run_batch(struct redis *redis, struct larder_op *ops, size_t count, int64_t deadline_ns)
{
    struct larder_batch batch;
    struct larder_conn *conn;
    struct larder_node_pass pass;
    bool reused;
    char why[LARDER_WHY_BYTES];
    if (!larder_node_guard_admit(&redis->guard, ops, count, &pass)) {
        return;
    }
    larder_batch_init(&batch, ops, count);
    enum larder_status status = larder_pool_acquire(redis->pool, deadline_ns, &conn, &reused, why);
    bool connected = status == LARDER_OK;
    if (connected) {
        status = run_on(redis, conn, reused, &batch, deadline_ns);
        if (status != LARDER_OK) {
            snprintf(why, sizeof why, "%s", conn->why);
        }
        if (batch.close) {
            larder_conn_close(conn);
        }
        larder_pool_release(redis->pool, conn);
    }
    if (status != LARDER_OK) {
        larder_batch_fail_rest(&batch, status);
        log_failure(redis, status, why);
    }
    log_notes(redis, &batch);
    larder_node_guard_report(&redis->guard, &pass, status, connected, batch.trouble);
}

static void redis_run(struct larder_backend *backend, struct larder_op *ops, size_t count,
                      int64_t deadline_ns)
{
    struct redis *redis = (struct redis *)backend;
    bool all_fit = true;
    for (size_t i = 0; i < count; i++) {
        all_fit = larder_batch_fits(&ops[i]) && all_fit;
    }
    if (all_fit && count != 0) {
        run_batch(redis, ops, count, deadline_ns);
        return;
    }
    /* One that no server would take must not fail its neighbours; so rare that
     * each may have its own trip. */
    for (size_t i = 0; i < count; i++) {
        if (larder_batch_fits(&ops[i])) {
            run_batch(redis, &ops[i], 1, deadline_ns);
        } else {
            ops[i].number = 0;
            larder_op_answer(&ops[i], larder_error_set(LARDER_E_TOO_LARGE,
                                                       "more than a server takes in one value"));
        }
    }
}

/* ----------------------------------------------------------------- others */

static void redis_health(struct larder_backend *backend, struct larder_health *health)
{
    struct redis *redis = (struct redis *)backend;
    struct larder_pool_stats stats;
    larder_pool_stats(redis->pool, &stats);
    snprintf(health->backend, sizeof health->backend, "%s", backend->table->name);
    snprintf(health->server, sizeof health->server, "%s", stats.server);
    health->connections = stats.connections;
    health->connections_busy = stats.busy;
    health->connections_max = stats.max;
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
    if (redis->pool != NULL) {
        larder_node_guard_release(&redis->guard);
    }
    larder_pool_free(redis->pool);
    larder_free(redis->env.allocator, redis);
}

static const struct larder_backend_table table = {.name = "redis",
                                                  .run = redis_run,
                                                  .health = redis_health,
                                                  .is_away = redis_is_away,
                                                  .free = redis_free};

struct larder_backend *larder_redis_new(const struct larder_backend_env *env,
                                        const struct larder_redis_options *options)
{
    struct larder_pool_options pool = {
        .conn = {.address = options->address, .max_reply_bytes = options->max_reply_bytes},
        .max_connections = options->max_connections,
        .connect_timeout_ms = options->connect_timeout_ms};
    struct redis *redis = larder_alloc_zeroed(env->allocator, 1, sizeof *redis);
    if (redis == NULL) {
        return NULL;
    }
    redis->base.table = &table;
    redis->env = *env;
    redis->pool = larder_pool_new(env->allocator, env->clock, &pool);
    if (redis->pool == NULL) {
        redis_free(&redis->base);
        return NULL;
    }
    larder_node_guard_init(&redis->guard, &redis->env, larder_pool_where(redis->pool));
    return &redis->base;
}
