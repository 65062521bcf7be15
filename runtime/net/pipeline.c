/* SPDX-License-Identifier: MIT */
#include "net/pipeline.h"

#include <sched.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/inline.h"
#include "net/cond.h"
#include "net/turns.h"

/* A server that hangs up is hardly ever met within this time of the last
 * answer; looking costs a system call. */
static const int64_t LOOK_AFTER_IDLE_NS = 10000000;

/* ------------------------------------------------------------------- fork */

static void hook_prepare(void *user)
{
    struct larder_pipeline *pipeline = user;
    larder_dial_gate_hold(&pipeline->dials);
    pthread_mutex_lock(&pipeline->mutex);
}

static void hook_parent(void *user)
{
    struct larder_pipeline *pipeline = user;
    pthread_mutex_unlock(&pipeline->mutex);
    larder_dial_gate_let_go(&pipeline->dials);
}

static void close_inherited(struct larder_link *link)
{
    larder_stream_abandon(&link->conn->stream);
}

/* Idle links are whole and only lose their sockets. Those that another thread
 * was using may be in any state: their sockets are closed, and their memory is
 * left alone for good. */
static void hook_child(void *user)
{
    struct larder_pipeline *pipeline = user;
    struct larder_links *links = &pipeline->links;
    for (int i = 0; i < links->used; i++) {
        if (links->places[i] != NULL) {
            close_inherited(links->places[i]);
            if (links->places[i]->busy) {
                links->places[i] = NULL;
            }
        }
    }
    for (struct larder_link *link = pipeline->stuck; link != NULL; link = link->next_spare) {
        close_inherited(link);
    }
    pipeline->stuck = NULL;
    pipeline->stuck_count = 0;
    links->waiting_alone = 0;
    pipeline->busy = 0;
    pipeline->waiting = 0;
    pipeline->waiting_for_lane = 0;
    atomic_store(&pipeline->callers, 0);
    larder_cond_init(&pipeline->freed);
    pthread_mutex_unlock(&pipeline->mutex);
    larder_dial_gate_child(&pipeline->dials);
}

/* ------------------------------------------------------------- life cycle */

struct larder_pipeline *larder_pipeline_new(const struct larder_allocator *allocator,
                                            const struct larder_clock *clock,
                                            const struct larder_pipeline_options *options)
{
    struct larder_pipeline *pipeline = larder_alloc_zeroed(allocator, 1, sizeof *pipeline);
    if (pipeline == NULL) {
        return NULL;
    }
    pipeline->allocator = allocator;
    pipeline->clock = clock;
    pipeline->options = *options;
    pipeline->links.max = options->max_connections;
    larder_width_init(&pipeline->width);
    pipeline->links.places = larder_alloc_zeroed(allocator, (size_t)options->max_connections,
                                                 sizeof *pipeline->links.places);
    struct larder_address *address = &pipeline->options.conn.address;
    bool gated = pipeline->links.places != NULL && larder_dial_gate_init(&pipeline->dials, clock);
    if (!gated || !larder_address_copy(address, allocator)) {
        if (gated) {
            larder_dial_gate_destroy(&pipeline->dials);
        }
        larder_free(allocator, pipeline->links.places);
        larder_free(allocator, pipeline);
        return NULL;
    }
    larder_address_show(address, pipeline->where, sizeof pipeline->where);
    larder_cond_init(&pipeline->freed);
    pthread_mutex_init(&pipeline->mutex, NULL);
    pipeline->hook = (struct larder_fork_hook){
        .prepare = hook_prepare, .parent = hook_parent, .child = hook_child, .user = pipeline};
    larder_fork_hook_add(&pipeline->hook);
    return pipeline;
}

/* Looks again and again: the last caller must not touch what would wake us,
 * which is freed as soon as it is gone. */
static void await_callers(struct larder_pipeline *pipeline)
{
    const struct timespec pause = {.tv_nsec = 200000};
    pthread_mutex_lock(&pipeline->mutex);
    pipeline->closing = true;
    pthread_cond_broadcast(&pipeline->freed);
    pthread_mutex_unlock(&pipeline->mutex);
    while (atomic_load_explicit(&pipeline->callers, memory_order_acquire) != 0) {
        nanosleep(&pause, NULL);
    }
}

static void free_list(struct larder_pipeline *pipeline, struct larder_link *link)
{
    while (link != NULL) {
        struct larder_link *next = link->next_spare;
        larder_link_free(pipeline->allocator, link);
        link = next;
    }
}

void larder_pipeline_free(struct larder_pipeline *pipeline)
{
    if (pipeline == NULL) {
        return;
    }
    await_callers(pipeline);
    larder_fork_hook_remove(&pipeline->hook);
    for (int i = 0; i < pipeline->links.used; i++) {
        larder_link_free(pipeline->allocator, pipeline->links.places[i]);
    }
    free_list(pipeline, pipeline->spares);
    free_list(pipeline, pipeline->stuck);
    larder_address_release(&pipeline->options.conn.address, pipeline->allocator);
    larder_dial_gate_destroy(&pipeline->dials);
    pthread_cond_destroy(&pipeline->freed);
    pthread_mutex_destroy(&pipeline->mutex);
    larder_free(pipeline->allocator, pipeline->links.places);
    larder_free(pipeline->allocator, pipeline);
}

/* ------------------------------------------------------------------ running */

/* Why the gate keeps a dial back: the deadline, or that the server refused the
 * last one, which is told in its words. */
static void tell_no_dial(struct larder_pipeline *pipeline, enum larder_status status,
                         struct larder_conn *conn)
{
    if (status == LARDER_E_TIMEOUT) {
        snprintf(conn->why, sizeof conn->why, "no turn to connect came before the deadline");
        return;
    }
    pthread_mutex_lock(&pipeline->mutex);
    memcpy(conn->why, pipeline->refusal, sizeof conn->why);
    pthread_mutex_unlock(&pipeline->mutex);
}

static void note_dial(struct larder_pipeline *pipeline, enum larder_status status,
                      const struct larder_conn *conn)
{
    pthread_mutex_lock(&pipeline->mutex);
    if (status != LARDER_OK) {
        memcpy(pipeline->refusal, conn->why, sizeof pipeline->refusal);
    } else if (conn->server[0] != '\0') {
        memcpy(pipeline->server, conn->server, sizeof pipeline->server);
    }
    pthread_mutex_unlock(&pipeline->mutex);
}

static enum larder_status dial(struct larder_pipeline *pipeline, struct larder_link *link,
                               int64_t deadline_ns)
{
    struct larder_conn *conn = link->conn;
    int64_t connect_ns =
        larder_deadline_after_ms(pipeline->clock, pipeline->options.connect_timeout_ms);
    bool shorter = connect_ns < deadline_ns;
    int64_t until_ns = shorter ? connect_ns : deadline_ns;
    enum larder_status status = larder_dial_gate_acquire(&pipeline->dials, until_ns);
    if (status == LARDER_OK) {
        status = larder_conn_open(conn, until_ns);
        note_dial(pipeline, status, conn); /* before others may be told of it */
        larder_dial_gate_release(&pipeline->dials, status);
    } else {
        tell_no_dial(pipeline, status, conn);
    }
    if (status == LARDER_E_TIMEOUT && shorter) {
        status = LARDER_E_UNAVAILABLE; /* the call itself had time left */
    }
    return status;
}

/* Gives the others a moment to join. True: some did, and the caller leads a bundle
 * of theirs and its own. */
static bool gather(struct larder_pipeline *pipeline, struct larder_link *link,
                   struct larder_pipeline_call *call)
{
    sched_yield();
    pthread_mutex_lock(&pipeline->mutex);
    struct larder_bundle *next = link->next;
    bool together = next->live > 0 && !link->stuck && larder_bundle_has_room(next);
    if (together && larder_bundle_add(next, &call->ticket) != LARDER_OK) {
        call->ticket.exchange->table->rewind(call->ticket.exchange); /* no memory: it goes alone */
        together = false;
    }
    if (together) {
        larder_bundle_lead(next, &call->ticket);
        larder_pipeline_turn_locked(pipeline, link);
    }
    pthread_mutex_unlock(&pipeline->mutex);
    return together;
}

/* Runs the caller's exchange on a link that was idle: by itself, or with those who
 * come just then. */
static LARDER_INLINE enum larder_status run_own(struct larder_pipeline *pipeline,
                                                struct larder_link *link,
                                                struct larder_pipeline_call *call)
{
    struct larder_conn *conn = link->conn;
    struct larder_exchange *exchange = call->ticket.exchange;
    int64_t deadline_ns = call->ticket.deadline_ns;
    enum larder_status status = LARDER_OK, dialled = LARDER_OK;
    int64_t now_ns = larder_clock_now_ns(pipeline->clock);
    if (conn->stream.fd >= 0 && now_ns - conn->now_ns > LOOK_AFTER_IDLE_NS &&
        !larder_stream_is_quiet(&conn->stream)) {
        larder_conn_close(conn);
    }
    conn->now_ns = now_ns;
    larder_link_begin(link, now_ns);
    call->reused = conn->stream.fd >= 0;
    if (now_ns >= deadline_ns) { /* nothing is sent that nobody waits for */
        larder_pipeline_move_on(pipeline, link, LARDER_OK, "");
        return larder_pipeline_fail(call, LARDER_E_TIMEOUT,
                                    "the deadline had passed before anything was sent");
    }
    if (!call->reused) {
        dialled = dial(pipeline, link, deadline_ns);
        status = dialled;
    }
    call->connected = status == LARDER_OK;
    if (call->connected && call->gathers && gather(pipeline, link, call)) {
        larder_conn_push(conn, &link->current->base);
        return larder_pipeline_lead(pipeline, link, call);
    }
    if (call->connected) {
        status = larder_conn_run(conn, exchange, deadline_ns);
    }
    if (status != LARDER_OK) {
        larder_pipeline_fail(call, status, conn->why);
        larder_pipeline_count_failure(pipeline);
    }
    if (exchange->close) {
        larder_conn_close(conn);
    }
    /* Who waits for a dial has its failure, unless that is this caller's haste. */
    larder_pipeline_move_on(pipeline, link, dialled == LARDER_E_TIMEOUT ? LARDER_OK : dialled,
                            call->ticket.why);
    return status;
}

/* Puts a link into a free place. */
static struct larder_link *make_link_locked(struct larder_pipeline *pipeline, int place)
{
    struct larder_links *links = &pipeline->links;
    struct larder_link *link = pipeline->spares;
    if (link != NULL) {
        pipeline->spares = link->next_spare;
    } else {
        link = larder_link_new(pipeline->allocator, pipeline->clock, &pipeline->options.conn);
    }
    if (link != NULL) {
        links->places[place] = link;
        links->used = place < links->used ? links->used : place + 1;
    }
    return link;
}

static void own_locked(struct larder_pipeline *pipeline, struct larder_link *link,
                       const struct larder_pipeline_call *call, bool *ret_stale)
{
    const struct larder_exchange *exchange = call->ticket.exchange;
    *ret_stale = link->failures < call->not_before;
    link->busy = true;
    link->exclusive = !exchange->shares;
    link->lanes = exchange->lane;
    link->current = NULL;
    link->suspect_since_ns = 0;
    atomic_store_explicit(&link->began_ns, INT64_MAX, memory_order_relaxed);
    atomic_fetch_add_explicit(&link->progress, 1, memory_order_relaxed);
    if (*ret_stale || link->conn->stream.fd < 0) {
        link->failures = atomic_load(&pipeline->failures);
    }
    pipeline->busy++;
}

/* Waits for a link that `choice` could not be. False: the deadline has passed. */
static bool wait_locked(struct larder_pipeline *pipeline, const struct larder_pipeline_call *call,
                        const struct larder_choice *choice)
{
    bool alone = !call->ticket.exchange->shares || call->not_before != 0;
    bool lane = choice->link != NULL;
    pipeline->waiting++;
    pipeline->waiting_for_lane += lane;
    pipeline->links.waiting_alone += alone;
    bool in_time = larder_cond_wait(&pipeline->freed, &pipeline->mutex, pipeline->clock,
                                    call->ticket.deadline_ns);
    pipeline->links.waiting_alone -= alone;
    pipeline->waiting_for_lane -= lane;
    pipeline->waiting--;
    return in_time;
}

/* Where a call was put. */
struct berth {
    struct larder_link *link;
    bool own;   /* to itself; else it is in the link's next bundle */
    bool stale; /* what is open there is to be closed first */
};

static enum larder_status take_place_locked(struct larder_pipeline *pipeline,
                                            struct larder_pipeline_call *call,
                                            const struct larder_choice *choice,
                                            struct berth *ret_berth)
{
    *ret_berth = (struct berth){.link = choice->link, .own = choice->kind != LARDER_CHOICE_JOIN};
    if (!ret_berth->own) {
        enum larder_status status = larder_bundle_add(choice->link->next, &call->ticket);
        return status == LARDER_OK
                   ? LARDER_OK
                   : larder_pipeline_fail(call, status, "the commands do not fit into memory");
    }
    if (choice->kind == LARDER_CHOICE_NEW) {
        ret_berth->link = make_link_locked(pipeline, choice->place);
    }
    if (ret_berth->link == NULL) {
        return larder_pipeline_fail(call, LARDER_E_NOMEM, "no memory for a connection");
    }
    own_locked(pipeline, ret_berth->link, call, &ret_berth->stale);
    return LARDER_OK;
}

/* Finds a place for the call. Not OK: there was none in time, or no memory. */
static enum larder_status find_place_locked(struct larder_pipeline *pipeline,
                                            struct larder_pipeline_call *call,
                                            struct berth *ret_berth)
{
    call->callers = atomic_load_explicit(&pipeline->callers, memory_order_relaxed);
    const struct larder_width_way *way =
        larder_width_count(&pipeline->width, call->callers, pipeline->clock);
    call->connections = way->connections;
    struct larder_wish wish = larder_pipeline_wish(pipeline, call);
    call->gathers = way->gathers && call->callers > 1 && call->ticket.exchange->shares;
    for (;;) {
        if (pipeline->closing) {
            return larder_pipeline_fail(call, LARDER_E_UNAVAILABLE, "the cache is being closed");
        }
        wish.now_ns = 0;
        struct larder_choice choice = larder_links_choose(&pipeline->links, &wish);
        if (choice.kind != LARDER_CHOICE_WAIT) {
            return take_place_locked(pipeline, call, &choice, ret_berth);
        }
        if (!wait_locked(pipeline, call, &choice)) {
            return larder_pipeline_fail(call, LARDER_E_TIMEOUT,
                                        "all connections were busy until the deadline");
        }
    }
}

/* It must be submitted anew where its ticket is AGAIN after this. */
static LARDER_INLINE enum larder_status submit(struct larder_pipeline *pipeline,
                                               struct larder_pipeline_call *call)
{
    struct berth berth;
    atomic_store_explicit(&call->ticket.state, LARDER_TICKET_WAITS, memory_order_relaxed);
    pthread_mutex_lock(&pipeline->mutex);
    enum larder_status status = find_place_locked(pipeline, call, &berth);
    pthread_mutex_unlock(&pipeline->mutex);
    if (status != LARDER_OK) {
        return status;
    }
    if (berth.own) {
        if (berth.stale) {
            larder_conn_close(berth.link->conn);
        }
        return run_own(pipeline, berth.link, call);
    }
    switch (larder_pipeline_await(pipeline, berth.link, call)) {
    case LARDER_TICKET_LEADS:
        call->connected = true;
        call->reused = true;
        return larder_pipeline_lead(pipeline, berth.link, call);
    case LARDER_TICKET_AGAIN:
        atomic_store_explicit(&call->ticket.state, LARDER_TICKET_AGAIN, memory_order_relaxed);
        return LARDER_OK;
    case LARDER_TICKET_WAITS:
    case LARDER_TICKET_DONE:
        break;
    }
    call->reused = !call->ticket.dropped;
    call->connected = call->reused &&
                      (call->ticket.status != LARDER_E_TIMEOUT || call->ticket.exchange->fill_sent);
    return call->ticket.status;
}

/* Whether a call that was submitted must be once more; then it is made ready for that. */
static bool is_again(struct larder_pipeline_call *call)
{
    struct larder_exchange *exchange = call->ticket.exchange;
    bool again =
        atomic_load_explicit(&call->ticket.state, memory_order_relaxed) == LARDER_TICKET_AGAIN;
    if (again) {
        exchange->table->rewind(exchange);
    }
    return again;
}

enum larder_status larder_pipeline_run(struct larder_pipeline *pipeline,
                                       struct larder_exchange *exchange, uint64_t not_before,
                                       int64_t deadline_ns,
                                       struct larder_pipeline_result *ret_result)
{
    struct larder_pipeline_call call;
    call.ticket.exchange = exchange;
    call.ticket.deadline_ns = deadline_ns;
    call.ticket.why[0] = '\0';
    call.not_before = not_before;
    call.connected = false;
    call.reused = false;
    exchange->pending = 0;
    exchange->fill_sent = false;
    exchange->any_received = false;
    exchange->close = false;
    atomic_fetch_add_explicit(&pipeline->callers, 1, memory_order_relaxed);
    enum larder_status status;
    do {
        status = submit(pipeline, &call);
    } while (is_again(&call));
    ret_result->connected = call.connected;
    ret_result->reused = call.reused;
    ret_result->why[0] = '\0';
    if (status != LARDER_OK) {
        ret_result->failures = atomic_load(&pipeline->failures);
        memcpy(ret_result->why, call.ticket.why, sizeof ret_result->why);
    }
    atomic_fetch_sub_explicit(&pipeline->callers, 1, memory_order_release);
    return status;
}

/* ---------------------------------------------------------------- inspect */

const char *larder_pipeline_where(const struct larder_pipeline *pipeline)
{
    return pipeline->where;
}

void larder_pipeline_stats(struct larder_pipeline *pipeline,
                           struct larder_pipeline_stats *ret_stats)
{
    const struct larder_links *links = &pipeline->links;
    pthread_mutex_lock(&pipeline->mutex);
    *ret_stats = (struct larder_pipeline_stats){.busy = pipeline->busy,
                                                .max = links->max,
                                                .bundles = pipeline->bundles,
                                                .combined = pipeline->combined};
    for (int i = 0; i < links->used; i++) {
        const struct larder_link *link = links->places[i];
        ret_stats->connections += link != NULL && (link->busy || link->conn->stream.fd >= 0);
        ret_stats->queued += link != NULL ? (int)link->next->live : 0;
    }
    memcpy(ret_stats->server, pipeline->server, sizeof ret_stats->server);
    pthread_mutex_unlock(&pipeline->mutex);
}
