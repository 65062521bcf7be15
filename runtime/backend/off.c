/* SPDX-License-Identifier: MIT */
#include "backend/off.h"

#include <stdio.h>

#include "base/alloc.h"

struct off {
    struct larder_backend base;
    const struct larder_allocator *allocator;
};

/* Writes are taken and forgotten; what asks for an entry finds none. */
static const enum larder_status answers[] = {
    [LARDER_OP_GET] = LARDER_MISS,  [LARDER_OP_SET] = LARDER_OK,
    [LARDER_OP_ADD] = LARDER_OK,    [LARDER_OP_REPLACE] = LARDER_OK,
    [LARDER_OP_DELETE] = LARDER_OK, [LARDER_OP_EXISTS] = LARDER_MISS,
    [LARDER_OP_TTL] = LARDER_MISS,  [LARDER_OP_EXPIRE] = LARDER_OK,
    [LARDER_OP_PING] = LARDER_OK,   [LARDER_OP_SCAN] = LARDER_MISS,
};

static void off_run(struct larder_backend *backend, struct larder_op *ops, size_t count,
                    int64_t deadline_ns)
{
    (void)backend;
    (void)deadline_ns;
    for (size_t i = 0; i < count; i++) {
        ops[i].number = 0;
        larder_op_answer(&ops[i], answers[ops[i].kind]);
    }
}

static void off_health(struct larder_backend *backend, struct larder_health *health)
{
    snprintf(health->backend, sizeof health->backend, "%s", backend->table->name);
}

static void off_free(struct larder_backend *backend)
{
    struct off *off = (struct off *)backend;
    larder_free(off->allocator, off);
}

static const struct larder_backend_table table = {
    .name = "off", .run = off_run, .health = off_health, .free = off_free};

struct larder_backend *larder_off_new(const struct larder_backend_env *env)
{
    struct off *off = larder_alloc_zeroed(env->allocator, 1, sizeof *off);
    if (off == NULL) {
        return NULL;
    }
    off->base.table = &table;
    off->allocator = env->allocator;
    return &off->base;
}
