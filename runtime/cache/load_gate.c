/* SPDX-License-Identifier: MIT */
#include "cache/load_gate.h"

#include "net/cond.h"

/* Turns that this thread holds, of any cache. */
static _Thread_local int held;

/* ------------------------------------------------------------------- fork */

static void hook_prepare(void *user)
{
    pthread_mutex_lock(&((struct larder_load_gate *)user)->mutex);
}

static void hook_parent(void *user)
{
    pthread_mutex_unlock(&((struct larder_load_gate *)user)->mutex);
}

/* The loaders of other threads do not run here; this thread's own may. */
static void hook_child(void *user)
{
    struct larder_load_gate *gate = user;
    gate->running = gate->running != 0 && held != 0 ? 1 : 0;
    gate->waiting = 0;
    larder_cond_init(&gate->freed);
    pthread_mutex_unlock(&gate->mutex);
}

/* --------------------------------------------------------------- life cycle */

bool larder_load_gate_init(struct larder_load_gate *gate)
{
    if (!larder_cond_init(&gate->freed)) {
        return false;
    }
    pthread_mutex_init(&gate->mutex, NULL);
    gate->hook = (struct larder_fork_hook){
        .prepare = hook_prepare, .parent = hook_parent, .child = hook_child, .user = gate};
    larder_fork_hook_add(&gate->hook);
    return true;
}

void larder_load_gate_release(struct larder_load_gate *gate)
{
    larder_fork_hook_remove(&gate->hook);
    pthread_cond_destroy(&gate->freed);
    pthread_mutex_destroy(&gate->mutex);
}

/* --------------------------------------------------------------------- use */

bool larder_load_gate_enter(struct larder_load_gate *gate, const struct larder_backend *backend,
                            const struct larder_clock *clock, int64_t deadline_ns)
{
    bool in_time = true;
    if (held != 0 || backend->table->is_away == NULL || !backend->table->is_away(backend)) {
        return false;
    }
    pthread_mutex_lock(&gate->mutex);
    while (gate->running >= LARDER_LOADS_WHILE_AWAY && in_time) {
        gate->waiting++;
        in_time = larder_cond_wait(&gate->freed, &gate->mutex, clock, deadline_ns);
        gate->waiting--;
    }
    gate->running++;
    pthread_mutex_unlock(&gate->mutex);
    held++;
    return true;
}

void larder_load_gate_leave(struct larder_load_gate *gate, bool entered)
{
    if (!entered) {
        return;
    }
    held--;
    pthread_mutex_lock(&gate->mutex);
    gate->running--;
    if (gate->waiting > 0) {
        pthread_cond_signal(&gate->freed);
    }
    pthread_mutex_unlock(&gate->mutex);
}
