/* SPDX-License-Identifier: MIT */
#include "backend/node_guard.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"

/* ------------------------------------------------------------------- fork */

static void hook_prepare(void *user)
{
    struct larder_node_guard *guard = user;
    larder_breaker_hold(&guard->node);
    larder_breaker_hold(&guard->writes);
}

static void hook_parent(void *user)
{
    struct larder_node_guard *guard = user;
    larder_breaker_let_go(&guard->writes);
    larder_breaker_let_go(&guard->node);
}

static void hook_child(void *user)
{
    struct larder_node_guard *guard = user;
    larder_breaker_child(&guard->writes);
    larder_breaker_child(&guard->node);
}

/* -------------------------------------------------------------- life cycle */

void larder_node_guard_init(struct larder_node_guard *guard, const struct larder_backend_env *env,
                            const char *where)
{
    guard->env = env;
    guard->where = where;
    larder_breaker_init(&guard->node, env->clock, &larder_breaker_defaults);
    larder_breaker_init(&guard->writes, env->clock, &larder_breaker_defaults);
    guard->hook = (struct larder_fork_hook){
        .prepare = hook_prepare, .parent = hook_parent, .child = hook_child, .user = guard};
    larder_fork_hook_add(&guard->hook);
}

void larder_node_guard_release(struct larder_node_guard *guard)
{
    larder_fork_hook_remove(&guard->hook);
    larder_breaker_release(&guard->node);
    larder_breaker_release(&guard->writes);
}

/* ---------------------------------------------------------------- logging */

static void log_change(const struct larder_node_guard *guard, enum larder_breaker_change change,
                       const char *opened, const char *shut)
{
    if (change == LARDER_BREAKER_OPENED) {
        larder_log_line(guard->env->log, LARDER_LOG_WARNING, "%s: %s", guard->where, opened);
    } else if (change == LARDER_BREAKER_SHUT) {
        larder_log_line(guard->env->log, LARDER_LOG_INFO, "%s: %s", guard->where, shut);
    }
}

static void log_node(const struct larder_node_guard *guard, enum larder_breaker_change change)
{
    log_change(guard, change,
               "the breaker opened: the server is taken to be away, and calls fail at once",
               "the breaker closed: the server is back");
}

static void log_writes(const struct larder_node_guard *guard, enum larder_breaker_change change)
{
    log_change(guard, change,
               "the breaker of writes opened: the server takes none, and they fail at once",
               "the breaker of writes closed: the server takes them again");
}

/* -------------------------------------------------------------------- use */

static void refuse(struct larder_op *ops, size_t count, enum larder_status status)
{
    for (size_t i = 0; i < count; i++) {
        ops[i].number = 0;
        larder_op_answer(&ops[i], status);
    }
}

static void refuse_all(struct larder_node_guard *guard, struct larder_op *ops, size_t count)
{
    struct larder_breaker_stats stats;
    larder_breaker_stats(&guard->node, &stats);
    larder_error_set(LARDER_E_UNAVAILABLE,
                     "%s: the breaker is %s: the server has been failing for %" PRId64 " ms",
                     guard->where, larder_breaker_state_name(stats.state), stats.failing_ms);
    refuse(ops, count, LARDER_E_UNAVAILABLE);
}

static void refuse_writes(struct larder_node_guard *guard, struct larder_op *ops, size_t count)
{
    larder_error_set(LARDER_E_SERVER,
                     "%s: the breaker of writes is open: the server has been refusing them",
                     guard->where);
    refuse(ops, count, LARDER_E_SERVER);
}

static bool takes_room(const struct larder_op *ops, size_t count)
{
    static const bool kinds[] = {
        [LARDER_OP_SET] = true,   [LARDER_OP_ADD] = true,  [LARDER_OP_REPLACE] = true,
        [LARDER_OP_CLAIM] = true, [LARDER_OP_TAKE] = true, [LARDER_OP_FILL] = true,
        [LARDER_OP_TIME] = false};
    for (size_t i = 0; i < count; i++) {
        if (kinds[ops[i].kind]) {
            return true;
        }
    }
    return false;
}

/* Batches are of one kind, or of writes that stand and fall together: one that
 * takes room is refused as a whole. */
bool larder_node_guard_admit(struct larder_node_guard *guard, struct larder_op *ops, size_t count,
                             struct larder_node_pass *ret_pass)
{
    enum larder_breaker_change change;
    ret_pass->takes_room = takes_room(ops, count);
    ret_pass->node.probe = 0;
    ret_pass->writes.probe = 0;
    if (larder_breaker_is_calm(&guard->node) && larder_breaker_is_calm(&guard->writes)) {
        return true;
    }
    if (!larder_breaker_admit(&guard->node, &ret_pass->node, &change)) {
        refuse_all(guard, ops, count);
        return false;
    }
    if (ret_pass->takes_room && !larder_breaker_admit(&guard->writes, &ret_pass->writes, &change)) {
        larder_breaker_report(&guard->node, ret_pass->node, LARDER_BREAKER_NOTHING);
        refuse_writes(guard, ops, count);
        return false;
    }
    return true;
}

/* What a batch's status says of the node. */
static enum larder_breaker_event event_of(enum larder_status status, bool connected,
                                          unsigned trouble)
{
    if (status == LARDER_OK) {
        return (trouble & larder_trouble(LARDER_BREAKER_YES)) != 0 ? LARDER_BREAKER_FAILURE
                                                                   : LARDER_BREAKER_SUCCESS;
    }
    if (status == LARDER_E_UNAVAILABLE || status == LARDER_E_TIMEOUT ||
        status == LARDER_E_PROTOCOL) {
        return connected ? LARDER_BREAKER_FAILURE : LARDER_BREAKER_CONNECT_FAILURE;
    }
    return LARDER_BREAKER_NOTHING; /* credentials, our own memory */
}

static enum larder_breaker_event write_event_of(enum larder_status status, unsigned trouble)
{
    if (status != LARDER_OK) {
        return LARDER_BREAKER_NOTHING;
    }
    return (trouble & larder_trouble(LARDER_BREAKER_WRITES)) != 0 ? LARDER_BREAKER_FAILURE
                                                                  : LARDER_BREAKER_SUCCESS;
}

void larder_node_guard_report(struct larder_node_guard *guard, const struct larder_node_pass *pass,
                              enum larder_status status, bool connected, unsigned trouble)
{
    if (status == LARDER_OK && trouble == 0 && pass->node.probe == 0 && pass->writes.probe == 0 &&
        larder_breaker_is_calm(&guard->node) && larder_breaker_is_calm(&guard->writes)) {
        return;
    }
    log_node(guard,
             larder_breaker_report(&guard->node, pass->node, event_of(status, connected, trouble)));
    if (pass->takes_room) {
        log_writes(guard, larder_breaker_report(&guard->writes, pass->writes,
                                                write_event_of(status, trouble)));
    }
}

bool larder_node_guard_is_away(const struct larder_node_guard *guard)
{
    return larder_breaker_is_away(&guard->node);
}

void larder_node_guard_health(struct larder_node_guard *guard, struct larder_health *health)
{
    struct larder_breaker_stats stats;
    larder_breaker_stats(&guard->node, &stats);
    snprintf(health->breaker, sizeof health->breaker, "%s", larder_breaker_state_name(stats.state));
    health->breaker_opens = stats.opened;
    health->failing_ms = stats.failing_ms;
    health->degraded |= stats.state != LARDER_CLOSED || larder_breaker_is_away(&guard->writes);
}
