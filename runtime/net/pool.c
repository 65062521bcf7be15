/* SPDX-License-Identifier: MIT */
#include "net/pool.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "net/cond.h"
#include "net/dial_gate.h"
#include "net/fork_hook.h"

/* A server that hangs up is hardly ever met within this time of the last
 * answer; looking costs a system call. */
static const int64_t LOOK_AFTER_IDLE_NS = 10000000;

enum { WHERE_BYTES = 288 };

struct larder_pool {
    const struct larder_allocator *allocator;
    const struct larder_clock *clock;
    struct larder_pool_options options;
    char where[WHERE_BYTES];
    struct larder_fork_hook hook;
    struct larder_dial_gate dials;
    pthread_mutex_t mutex; /* of all below */
    pthread_cond_t freed;
    struct larder_conn *idle; /* last used first; some may be closed */
    struct larder_conn *all;
    int count; /* of all, and of those that are being made */
    int busy;
    int waiting;
    char server[LARDER_CONN_SERVER_BYTES];
};

/* ------------------------------------------------------------------- fork */

static void hook_prepare(void *user)
{
    struct larder_pool *pool = user;
    larder_dial_gate_hold(&pool->dials);
    pthread_mutex_lock(&pool->mutex);
}

static void hook_parent(void *user)
{
    struct larder_pool *pool = user;
    pthread_mutex_unlock(&pool->mutex);
    larder_dial_gate_let_go(&pool->dials);
}

/* Idle connections are whole and only lose their sockets. Those that another
 * thread was using may be in any state: their sockets are closed, and their
 * memory is left alone for good. */
static void hook_child(void *user)
{
    struct larder_pool *pool = user;
    for (struct larder_conn *conn = pool->all; conn != NULL; conn = conn->next) {
        larder_stream_abandon(&conn->stream);
    }
    pool->all = NULL;
    pool->count = 0;
    for (struct larder_conn *conn = pool->idle; conn != NULL; conn = conn->next_idle) {
        conn->next = pool->all;
        pool->all = conn;
        pool->count++;
    }
    pool->busy = 0;
    pool->waiting = 0;
    larder_cond_init(&pool->freed);
    pthread_mutex_unlock(&pool->mutex);
    larder_dial_gate_child(&pool->dials);
}

/* ------------------------------------------------------------- life cycle */

static bool copy_text(const struct larder_allocator *allocator, const char **text)
{
    if (*text != NULL) {
        *text = larder_strdup(allocator, *text);
        return *text != NULL;
    }
    return true;
}

static bool copy_address(const struct larder_allocator *allocator, struct larder_address *address)
{
    const char **texts[] = {&address->host, &address->unix_path, &address->username,
                            &address->password, &address->client_name};
    bool ok = true;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ok = copy_text(allocator, texts[i]) && ok;
    }
    return ok;
}

static void free_text(const struct larder_allocator *allocator, const char *text)
{
    union {
        const char *ours;
        char *block;
    } copy = {.ours = text};
    larder_free(allocator, copy.block);
}

static void free_address(const struct larder_allocator *allocator,
                         const struct larder_address *address)
{
    free_text(allocator, address->host);
    free_text(allocator, address->unix_path);
    free_text(allocator, address->username);
    free_text(allocator, address->password);
    free_text(allocator, address->client_name);
}

struct larder_pool *larder_pool_new(const struct larder_allocator *allocator,
                                    const struct larder_clock *clock,
                                    const struct larder_pool_options *options)
{
    struct larder_pool *pool = larder_alloc_zeroed(allocator, 1, sizeof *pool);
    if (pool == NULL) {
        return NULL;
    }
    pool->allocator = allocator;
    pool->clock = clock;
    pool->options = *options;
    struct larder_address *address = &pool->options.conn.address;
    if (!copy_address(allocator, address) || !larder_dial_gate_init(&pool->dials, clock) ||
        !larder_cond_init(&pool->freed)) {
        free_address(allocator, address);
        larder_free(allocator, pool);
        return NULL;
    }
    if (address->unix_path != NULL) {
        snprintf(pool->where, sizeof pool->where, "%s", address->unix_path);
    } else {
        snprintf(pool->where, sizeof pool->where, "%s:%d", address->host, address->port);
    }
    pthread_mutex_init(&pool->mutex, NULL);
    pool->hook = (struct larder_fork_hook){
        .prepare = hook_prepare, .parent = hook_parent, .child = hook_child, .user = pool};
    larder_fork_hook_add(&pool->hook);
    return pool;
}

void larder_pool_free(struct larder_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    larder_fork_hook_remove(&pool->hook);
    while (pool->all != NULL) {
        struct larder_conn *conn = pool->all;
        pool->all = conn->next;
        larder_conn_free(conn);
    }
    free_address(pool->allocator, &pool->options.conn.address);
    larder_dial_gate_destroy(&pool->dials);
    pthread_cond_destroy(&pool->freed);
    pthread_mutex_destroy(&pool->mutex);
    larder_free(pool->allocator, pool);
}

/* ---------------------------------------------------------------- lending */

static struct larder_conn *pop_idle(struct larder_pool *pool)
{
    struct larder_conn *conn = pool->idle;
    pool->idle = conn->next_idle;
    conn->next_idle = NULL;
    return conn;
}

static void wake_one(struct larder_pool *pool)
{
    if (pool->waiting > 0) {
        pthread_cond_signal(&pool->freed);
    }
}

/* A place among the connections: an idle one, or *ret_conn NULL for one to be
 * made. False: none came free in time. */
static bool take_place(struct larder_pool *pool, int64_t deadline_ns, struct larder_conn **ret_conn)
{
    bool ok = true;
    *ret_conn = NULL;
    pthread_mutex_lock(&pool->mutex);
    while (pool->idle == NULL && pool->count >= pool->options.max_connections && ok) {
        pool->waiting++;
        ok = larder_cond_wait(&pool->freed, &pool->mutex, pool->clock, deadline_ns);
        pool->waiting--;
    }
    if (pool->idle != NULL) {
        *ret_conn = pop_idle(pool);
        ok = true;
    } else if (ok) {
        pool->count++;
    }
    pool->busy += ok;
    pthread_mutex_unlock(&pool->mutex);
    return ok;
}

/* Fills a place with a new, closed connection. */
static struct larder_conn *make_conn(struct larder_pool *pool)
{
    struct larder_conn *conn = larder_conn_new(pool->allocator, pool->clock, &pool->options.conn);
    pthread_mutex_lock(&pool->mutex);
    if (conn != NULL) {
        conn->next = pool->all;
        pool->all = conn;
    } else {
        pool->count--;
        pool->busy--;
        wake_one(pool);
    }
    pthread_mutex_unlock(&pool->mutex);
    return conn;
}

enum larder_status larder_pool_redial(struct larder_pool *pool, struct larder_conn *conn,
                                      int64_t deadline_ns)
{
    int64_t connect_ns = larder_deadline_after_ms(pool->clock, pool->options.connect_timeout_ms);
    bool shorter = connect_ns < deadline_ns;
    enum larder_status status =
        larder_dial_gate_acquire(&pool->dials, shorter ? connect_ns : deadline_ns);
    if (status == LARDER_OK) {
        status = larder_conn_open(conn, shorter ? connect_ns : deadline_ns);
        larder_dial_gate_release(&pool->dials, status);
    } else {
        snprintf(conn->why, sizeof conn->why, "%s",
                 status == LARDER_E_TIMEOUT ? "no turn to connect came before the deadline"
                                            : "the server refused the last connection just now");
    }
    if (status == LARDER_E_TIMEOUT && shorter) {
        status = LARDER_E_UNAVAILABLE; /* the call itself had time left */
    }
    if (status == LARDER_OK && conn->server[0] != '\0') {
        pthread_mutex_lock(&pool->mutex);
        memcpy(pool->server, conn->server, sizeof pool->server);
        pthread_mutex_unlock(&pool->mutex);
    }
    return status;
}

static enum larder_status fail(enum larder_status status, const char *why, char *ret_why)
{
    snprintf(ret_why, LARDER_WHY_BYTES, "%s", why);
    return status;
}

enum larder_status larder_pool_acquire(struct larder_pool *pool, int64_t deadline_ns,
                                       struct larder_conn **ret_conn, bool *ret_reused,
                                       char ret_why[LARDER_WHY_BYTES])
{
    struct larder_conn *conn;
    *ret_conn = NULL;
    *ret_reused = false;
    ret_why[0] = '\0';
    if (!take_place(pool, deadline_ns, &conn)) {
        return fail(LARDER_E_TIMEOUT, "all connections were busy until the deadline", ret_why);
    }
    if (conn == NULL && (conn = make_conn(pool)) == NULL) {
        return fail(LARDER_E_NOMEM, "no memory for a connection", ret_why);
    }
    int64_t now_ns = larder_clock_now_ns(pool->clock);
    if (conn->stream.fd >= 0 && now_ns - conn->now_ns > LOOK_AFTER_IDLE_NS &&
        !larder_stream_is_quiet(&conn->stream)) {
        larder_conn_close(conn);
    }
    conn->now_ns = now_ns;
    *ret_reused = conn->stream.fd >= 0;
    if (now_ns >= deadline_ns) { /* nothing is sent that nobody waits for */
        larder_pool_release(pool, conn);
        return fail(LARDER_E_TIMEOUT, "the deadline had passed before anything was sent", ret_why);
    }
    enum larder_status status =
        *ret_reused ? LARDER_OK : larder_pool_redial(pool, conn, deadline_ns);
    if (status != LARDER_OK) {
        fail(status, conn->why, ret_why);
        larder_pool_release(pool, conn);
        return status;
    }
    *ret_conn = conn;
    return LARDER_OK;
}

static void leave_locked(struct larder_pool *pool, struct larder_conn *conn)
{
    struct larder_conn **at = &pool->all;
    while (*at != conn) {
        at = &(*at)->next;
    }
    *at = conn->next;
    pool->count--;
}

void larder_pool_release(struct larder_pool *pool, struct larder_conn *conn)
{
    bool closed = conn->stream.fd < 0;
    pthread_mutex_lock(&pool->mutex);
    pool->busy--;
    if (closed) {
        leave_locked(pool, conn);
    } else {
        conn->next_idle = pool->idle;
        pool->idle = conn;
    }
    wake_one(pool);
    pthread_mutex_unlock(&pool->mutex);
    if (closed) {
        larder_conn_free(conn);
    }
}

/* ---------------------------------------------------------------- inspect */

const char *larder_pool_where(const struct larder_pool *pool)
{
    return pool->where;
}

void larder_pool_stats(struct larder_pool *pool, struct larder_pool_stats *ret_stats)
{
    pthread_mutex_lock(&pool->mutex);
    *ret_stats = (struct larder_pool_stats){
        .connections = pool->count, .busy = pool->busy, .max = pool->options.max_connections};
    memcpy(ret_stats->server, pool->server, sizeof ret_stats->server);
    pthread_mutex_unlock(&pool->mutex);
}
