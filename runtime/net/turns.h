/* SPDX-License-Identifier: MIT */
/*
 * What is inside a pipeline, for its two halves: pipeline.c finds a place for a
 * call, turns.c leads connections, hands them on and waits for others that do.
 */
#ifndef LARDER_NET_TURNS_H
#define LARDER_NET_TURNS_H

#include <pthread.h>
#include <stdio.h>

#include "net/dial_gate.h"
#include "net/fork_hook.h"
#include "net/link.h"
#include "net/pipeline.h"
#include "net/width.h"

enum { LARDER_WHERE_BYTES = 288 };

struct larder_pipeline {
    const struct larder_allocator *allocator;
    const struct larder_clock *clock;
    struct larder_pipeline_options options;
    char where[LARDER_WHERE_BYTES];
    struct larder_fork_hook hook;
    struct larder_dial_gate dials;
    _Atomic int callers;       /* in flight; what each touches last */
    _Atomic uint64_t failures; /* connections lost */
    pthread_mutex_t mutex;     /* of all below */
    pthread_cond_t freed;
    bool closing;
    int waiting;
    int waiting_for_lane; /* of them */
    int busy;
    struct larder_links links;
    struct larder_width width;
    struct larder_link *spares; /* closed, for other places */
    struct larder_link *stuck;  /* whose leaders have not come back */
    int stuck_count;
    int64_t merges_from_ns; /* reads are not merged before; 0: they may be */
    uint64_t bundles;
    uint64_t combined;
    char server[LARDER_CONN_SERVER_BYTES];
    char refusal[LARDER_WHY_BYTES]; /* of the last dial that failed */
};

/* One call. */
struct larder_pipeline_call {
    struct larder_ticket ticket;
    uint64_t not_before;
    int callers;     /* in flight when it was submitted, with it */
    int connections; /* that callers share, at most */
    bool gathers;    /* on an idle link it lets others join */
    bool connected;  /* see struct larder_pipeline_result */
    bool reused;
};

static inline struct larder_wish larder_pipeline_wish(const struct larder_pipeline *pipeline,
                                                      const struct larder_pipeline_call *call)
{
    return (struct larder_wish){.exchange = call->ticket.exchange,
                                .not_before = call->not_before,
                                .connections = call->connections,
                                .clock = pipeline->clock};
}

static inline enum larder_status larder_pipeline_fail(struct larder_pipeline_call *call,
                                                      enum larder_status status, const char *why)
{
    snprintf(call->ticket.why, sizeof call->ticket.why, "%s", why);
    return status;
}

/* A connection is lost. Before any of its callers learns of it. */
static inline void larder_pipeline_count_failure(struct larder_pipeline *pipeline)
{
    atomic_fetch_add(&pipeline->failures, 1);
}

/* What was collected on the link is the next to be sent. */
void larder_pipeline_turn_locked(struct larder_pipeline *pipeline, struct larder_link *link);

/* All that was under way on the link has ended: sends what is next, and gives
 * the lead away. status: why the connection could not be opened, for those who
 * wait for it; OK: that was not it. The link is no more the caller's. */
void larder_pipeline_move_on(struct larder_pipeline *pipeline, struct larder_link *link,
                             enum larder_status status, const char *why);

/* Waits in a link's bundle, until something is to be done or the deadline has come;
 * answers LEADS, DONE (see the ticket's status) or AGAIN. What is not sent for long
 * goes elsewhere, where it can: AGAIN. */
enum larder_ticket_state larder_pipeline_await(struct larder_pipeline *pipeline,
                                               struct larder_link *link,
                                               struct larder_pipeline_call *call);

/* Reads the replies of the link's current bundle, whose leader this caller is. OK: its
 * own was among them; or the server did not answer it, and its ticket is AGAIN. */
enum larder_status larder_pipeline_lead(struct larder_pipeline *pipeline, struct larder_link *link,
                                        struct larder_pipeline_call *call);

#endif
