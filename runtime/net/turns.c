/* SPDX-License-Identifier: MIT */
#include "net/turns.h"

#include <sched.h>

#include "base/clock.h"

enum {
    /* So often at most a follower gives the processor away before it sleeps: where
     * the server or the leader is next to run, the answer is there without a wake.
     * Never more often than there are other callers: yields beyond that only keep the
     * leader from the processor (2 callers: 1.45 of a connection each with one yield,
     * 0.93 with three). */
    YIELDS_MAX = 3
};

/* So long what is not sent waits for its link before it looks for another. */
static const int64_t PATIENCE_NS = 25 * INT64_C(1000000);

/* A server that refused merged reads is not given any for so long: it may not allow the
 * command, or a key of it, and each refusal costs all who were in it another turn. */
static const int64_t UNMERGED_NS = 10 * INT64_C(1000000000);

/* ---------------------------------------------------------------- moving on */

static void become_idle_locked(struct larder_pipeline *pipeline, struct larder_link *link)
{
    link->busy = false;
    link->exclusive = false;
    link->lanes = 0;
    link->orphans = 0;
    link->current = NULL;
    pipeline->busy--;
    /* One idle link is one caller's; but not each can take each. */
    if (pipeline->waiting_for_lane > 0) {
        pthread_cond_broadcast(&pipeline->freed);
    } else if (pipeline->waiting > 0) {
        pthread_cond_signal(&pipeline->freed);
    }
}

/* Gives the link's place away; what waits for it goes elsewhere. Its leader
 * closes it, should it come back. Callers of `next` are to be woken. */
static void mark_stuck_locked(struct larder_pipeline *pipeline, struct larder_link *link)
{
    struct larder_links *links = &pipeline->links;
    if (link->stuck || pipeline->stuck_count >= links->max) {
        return;
    }
    for (int i = 0; i < links->used; i++) {
        if (links->places[i] == link) {
            links->places[i] = NULL;
        }
    }
    link->stuck = true;
    link->next_spare = pipeline->stuck;
    pipeline->stuck = link;
    pipeline->stuck_count++;
    larder_bundle_drop(link->next, LARDER_OK, "");
    if (pipeline->waiting > 0) {
        pthread_cond_broadcast(&pipeline->freed);
    }
}

/* The leader of a stuck link is here, at last. */
static void retire(struct larder_pipeline *pipeline, struct larder_link *link)
{
    larder_conn_abort(link->conn);
    pthread_mutex_lock(&pipeline->mutex);
    struct larder_link **at = &pipeline->stuck;
    while (*at != link) {
        at = &(*at)->next_spare;
    }
    *at = link->next_spare;
    pipeline->stuck_count--;
    link->stuck = false;
    link->suspect_since_ns = 0;
    link->next_spare = pipeline->spares;
    pipeline->spares = link;
    become_idle_locked(pipeline, link);
    pthread_mutex_unlock(&pipeline->mutex);
}

/* What would have been sent next cannot be. */
static void end_link(struct larder_pipeline *pipeline, struct larder_link *link,
                     enum larder_status status, const char *why)
{
    struct larder_bundle *next = link->next;
    pthread_mutex_lock(&pipeline->mutex);
    if (pipeline->closing) {
        larder_bundle_drop(next, LARDER_E_UNAVAILABLE, "the cache is being closed");
    } else {
        larder_bundle_drop(next, status, why);
    }
    bool stuck = link->stuck;
    if (!stuck) {
        become_idle_locked(pipeline, link);
    }
    pthread_mutex_unlock(&pipeline->mutex);
    if (stuck) {
        retire(pipeline, link);
    }
    larder_bundle_wake(next);
}

static bool may_merge_locked(struct larder_pipeline *pipeline)
{
    if (pipeline->merges_from_ns != 0 &&
        larder_clock_now_ns(pipeline->clock) >= pipeline->merges_from_ns) {
        pipeline->merges_from_ns = 0;
    }
    return pipeline->merges_from_ns == 0;
}

static void note_refusal(struct larder_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->mutex);
    pipeline->merges_from_ns = larder_clock_now_ns(pipeline->clock) + UNMERGED_NS;
    pthread_mutex_unlock(&pipeline->mutex);
}

void larder_pipeline_turn_locked(struct larder_pipeline *pipeline, struct larder_link *link)
{
    pipeline->bundles++;
    pipeline->combined += link->next->live;
    if (may_merge_locked(pipeline)) {
        larder_bundle_merge(link->next);
    }
    larder_link_turn(link);
    if (pipeline->waiting > 0) { /* there is room again */
        pthread_cond_broadcast(&pipeline->freed);
    }
}

/* Makes the next bundle the current one. False: there is none, or the link is
 * no longer to be used; *ret_idle tells. */
static bool turn(struct larder_pipeline *pipeline, struct larder_link *link, bool *ret_idle)
{
    pthread_mutex_lock(&pipeline->mutex);
    bool usable = link->conn->stream.fd >= 0 && !link->stuck && !pipeline->closing;
    bool more = link->next->live > 0;
    *ret_idle = !more && !link->stuck;
    if (*ret_idle) {
        become_idle_locked(pipeline, link);
    } else if (usable) {
        larder_pipeline_turn_locked(pipeline, link);
    }
    pthread_mutex_unlock(&pipeline->mutex);
    return usable && more;
}

void larder_pipeline_move_on(struct larder_pipeline *pipeline, struct larder_link *link,
                             enum larder_status status, const char *why)
{
    bool idle;
    while (turn(pipeline, link, &idle)) {
        struct larder_bundle *bundle = link->current;
        larder_conn_push(link->conn, &bundle->base);
        if (larder_bundle_promote(bundle, INT64_MIN)) {
            return;
        }
        /* All of them have given up, just now. */
        larder_conn_abort(link->conn);
        larder_pipeline_count_failure(pipeline);
    }
    if (!idle) {
        end_link(pipeline, link, status, why);
    }
}

/* ------------------------------------------------------------------ leading */

/* The leader's deadline has come. True: another leads on. */
static bool hand_over(struct larder_pipeline *pipeline, struct larder_link *link,
                      const struct larder_exchange *exchange, bool progress)
{
    struct larder_bundle *next = link->next;
    pthread_mutex_lock(&pipeline->mutex);
    link->orphans |= exchange->lanes;
    if (!progress) {
        mark_stuck_locked(pipeline, link);
    }
    pthread_mutex_unlock(&pipeline->mutex);
    if (!progress) {
        larder_bundle_wake(next);
    }
    return larder_bundle_promote(link->current, larder_clock_now_ns(pipeline->clock));
}

/* The leader's own answer, where the connection failed or its time is up. */
static enum larder_status leader_status(struct larder_link *link, struct larder_pipeline_call *call,
                                        enum larder_status status)
{
    struct larder_ticket *ticket = &call->ticket;
    struct larder_slot *slot = &ticket->bundle->slots[ticket->slot];
    uint32_t state = atomic_load_explicit(&ticket->state, memory_order_relaxed);
    if (state == LARDER_TICKET_DONE || state == LARDER_TICKET_AGAIN) {
        return LARDER_OK;
    }
    ticket->exchange->fill_sent = slot->begin < link->conn->out_sent;
    atomic_store_explicit(&slot->state, LARDER_SLOT_ABANDONED, memory_order_release);
    return larder_pipeline_fail(call, status, link->conn->why);
}

enum larder_status larder_pipeline_lead(struct larder_pipeline *pipeline, struct larder_link *link,
                                        struct larder_pipeline_call *call)
{
    struct larder_bundle *bundle = link->current;
    struct larder_conn *conn = link->conn;
    uint32_t before = atomic_load_explicit(&link->progress, memory_order_relaxed);
    conn->now_ns = larder_clock_now_ns(pipeline->clock);
    larder_link_begin(link, conn->now_ns);
    enum larder_status status = larder_conn_resume(conn, &bundle->base, call->ticket.deadline_ns);
    if (bundle->refused) {
        note_refusal(pipeline);
    }
    if (status == LARDER_OK) {
        if (bundle->base.close) {
            larder_conn_close(conn);
        }
        larder_pipeline_move_on(pipeline, link, LARDER_OK, "");
        larder_bundle_wake(bundle);
        return LARDER_OK;
    }
    enum larder_status own = leader_status(link, call, status);
    if (status == LARDER_E_TIMEOUT &&
        hand_over(pipeline, link, call->ticket.exchange,
                  before != atomic_load_explicit(&link->progress, memory_order_relaxed))) {
        return own;
    }
    size_t sent = conn->out_sent;
    larder_pipeline_count_failure(pipeline);
    larder_conn_abort(conn);
    larder_bundle_fail(bundle, sent, status, conn->why);
    larder_pipeline_move_on(pipeline, link, LARDER_OK, "");
    larder_bundle_wake(bundle);
    return own;
}

/* ------------------------------------------------------------------ waiting */

/* The deadline has come. Answers what the caller is to do. */
static enum larder_ticket_state give_up(struct larder_pipeline *pipeline, struct larder_link *link,
                                        struct larder_pipeline_call *call, uint32_t seen,
                                        int64_t since_ns)
{
    struct larder_ticket *ticket = &call->ticket;
    struct larder_bundle *next = NULL;
    uint32_t state;
    pthread_mutex_lock(&pipeline->mutex);
    while ((state = atomic_load_explicit(&ticket->state, memory_order_acquire)) ==
           LARDER_TICKET_WAITS) {
        bool unsent = ticket->bundle == link->next;
        if (unsent) {
            larder_bundle_withdraw(ticket->bundle, ticket);
        }
        if (unsent || larder_bundle_abandon(ticket->bundle, ticket)) {
            ticket->exchange->fill_sent = !unsent;
            link->orphans |= unsent ? 0 : ticket->exchange->lanes;
            ticket->status = LARDER_E_TIMEOUT;
            larder_pipeline_fail(call, LARDER_E_TIMEOUT,
                                 unsent ? "all connections were busy until the deadline"
                                        : "the server did not answer in time");
            state = LARDER_TICKET_DONE;
            int64_t now_ns = larder_clock_now_ns(pipeline->clock);
            if (larder_link_suspect(link, seen, since_ns, now_ns)) {
                next = link->next;
                mark_stuck_locked(pipeline, link);
            }
            break;
        }
        pthread_mutex_unlock(&pipeline->mutex); /* a delivery is at work */
        sched_yield();
        pthread_mutex_lock(&pipeline->mutex);
    }
    pthread_mutex_unlock(&pipeline->mutex);
    if (next != NULL) {
        larder_bundle_wake(next);
    }
    return (enum larder_ticket_state)state;
}

/* Takes a call out of a bundle that is not sent yet, if it could go over another link. */
static bool leave(struct larder_pipeline *pipeline, struct larder_link *link,
                  struct larder_pipeline_call *call)
{
    struct larder_ticket *ticket = &call->ticket;
    struct larder_wish wish = larder_pipeline_wish(pipeline, call);
    pthread_mutex_lock(&pipeline->mutex);
    bool leaves =
        atomic_load_explicit(&ticket->state, memory_order_acquire) == LARDER_TICKET_WAITS &&
        ticket->bundle == link->next;
    if (leaves) {
        struct larder_choice choice = larder_links_choose(&pipeline->links, &wish);
        leaves = choice.kind != LARDER_CHOICE_WAIT && choice.link != link;
    }
    if (leaves) {
        larder_bundle_withdraw(ticket->bundle, ticket);
    }
    pthread_mutex_unlock(&pipeline->mutex);
    return leaves;
}

enum larder_ticket_state larder_pipeline_await(struct larder_pipeline *pipeline,
                                               struct larder_link *link,
                                               struct larder_pipeline_call *call)
{
    struct larder_ticket *ticket = &call->ticket;
    struct larder_bundle *bundle = ticket->bundle;
    struct larder_wake *wake = ticket->slot == 0 ? &bundle->lead : &bundle->followers;
    uint32_t state;
    for (int i = 0; i < YIELDS_MAX && i < call->callers - 1; i++) {
        state = atomic_load_explicit(&ticket->state, memory_order_acquire);
        if (state != LARDER_TICKET_WAITS) {
            return (enum larder_ticket_state)state;
        }
        sched_yield();
    }
    uint32_t progress = atomic_load_explicit(&link->progress, memory_order_relaxed);
    int64_t since_ns = larder_clock_now_ns(pipeline->clock);
    int64_t until_ns = since_ns + PATIENCE_NS;
    for (;;) {
        uint32_t seen = larder_wake_read(wake);
        state = atomic_load_explicit(&ticket->state, memory_order_acquire);
        if (state != LARDER_TICKET_WAITS) {
            return (enum larder_ticket_state)state;
        }
        until_ns = until_ns < ticket->deadline_ns ? until_ns : ticket->deadline_ns;
        if (larder_wake_wait(wake, seen, pipeline->clock, until_ns)) {
            continue;
        }
        if (until_ns >= ticket->deadline_ns) {
            return give_up(pipeline, link, call, progress, since_ns);
        }
        if (leave(pipeline, link, call)) {
            return LARDER_TICKET_AGAIN;
        }
        until_ns = INT64_MAX; /* it is sent, or has nowhere to go */
    }
}
