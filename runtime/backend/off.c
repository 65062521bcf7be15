/* SPDX-License-Identifier: MIT */
#include "backend/off.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"

struct off {
    struct larder_backend base;
    struct larder_backend_env env;
};

/* Writes are taken and forgotten; what asks for an entry finds none, and nobody wins a
 * claim, which would be proof of nothing. */
static const enum larder_status answers[] = {
    [LARDER_OP_GET] = LARDER_MISS,   [LARDER_OP_SET] = LARDER_OK,
    [LARDER_OP_ADD] = LARDER_OK,     [LARDER_OP_REPLACE] = LARDER_OK,
    [LARDER_OP_DELETE] = LARDER_OK,  [LARDER_OP_EXISTS] = LARDER_MISS,
    [LARDER_OP_TTL] = LARDER_MISS,   [LARDER_OP_EXPIRE] = LARDER_OK,
    [LARDER_OP_PING] = LARDER_OK,    [LARDER_OP_SCAN] = LARDER_MISS,
    [LARDER_OP_RENEW] = LARDER_MISS, [LARDER_OP_HEAD] = LARDER_MISS,
    [LARDER_OP_CLAIM] = LARDER_MISS, [LARDER_OP_TAKE] = LARDER_MISS,
    [LARDER_OP_FILL] = LARDER_OK,    [LARDER_OP_RELEASE] = LARDER_OK,
    [LARDER_OP_SOFTEN] = LARDER_OK,  [LARDER_OP_BUMP] = LARDER_OK,
    [LARDER_OP_TIME] = LARDER_OK,
};

static int64_t off_now_ms(const struct larder_backend *backend, int64_t *ret_age_ms)
{
    *ret_age_ms = 0;
    return larder_clock_now_ns(((const struct off *)backend)->env.clock) / 1000000;
}

static void off_run(struct larder_backend *backend, struct larder_op *ops, size_t count,
                    int64_t deadline_ns)
{
    int64_t age_ms;
    (void)deadline_ns;
    for (size_t i = 0; i < count; i++) {
        ops[i].number = 0;
        larder_op_answer(&ops[i], answers[ops[i].kind]);
        if (ops[i].kind == LARDER_OP_TIME) {
            ops[i].number = off_now_ms(backend, &age_ms);
        }
    }
}

static void off_health(struct larder_backend *backend, struct larder_health *health)
{
    snprintf(health->backend, sizeof health->backend, "%s", backend->table->name);
}

static void off_free(struct larder_backend *backend)
{
    struct off *off = (struct off *)backend;
    larder_free(off->env.allocator, off);
}

static const struct larder_backend_table table = {
    .name = "off", .run = off_run, .health = off_health, .now_ms = off_now_ms, .free = off_free};

struct larder_backend *larder_off_new(const struct larder_backend_env *env)
{
    struct off *off = larder_alloc_zeroed(env->allocator, 1, sizeof *off);
    if (off == NULL) {
        return NULL;
    }
    off->base.table = &table;
    off->env = *env;
    return &off->base;
}
