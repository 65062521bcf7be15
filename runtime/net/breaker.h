/* SPDX-License-Identifier: MIT */
/*
 * A circuit breaker: whether a node is worth asking at all.
 *
 * DESIGN.
 *
 *              enough failures in the window,
 *              or connect failures in a row            its pause is over
 *     closed ----------------------------------> open ------------------> half-open
 *       ^                                         ^                        |     |
 *       |                                         +------ a probe fails, --+     |
 *       |                                           or does not end in time      |
 *       +------------- as many probes as it takes have succeeded ----------------+
 *
 * Closed, all may pass. Open, none may, and each is told so at once instead of
 * waiting for a server that does not answer. Half-open, a few may: probes. A
 * probe has a deadline of its own, past which it counts as failed, so one that
 * never comes back cannot keep the breaker half-open. The pauses grow from
 * half a second to half a minute, each drawn at random up to that (full jitter),
 * so that processes that lost the same server do not come back in step.
 *
 * The window is a ring of ten buckets of a second. It opens the breaker when it
 * holds at least min_failures, and they are at least rate_percent of what was
 * counted. As long as nothing fails nothing is counted either: the closed
 * breaker of a healthy node is one relaxed load a call, and no line of memory is
 * written. The first failure begins the window; a window without one ends it.
 *
 * Time is the injected clock's. Around fork() the caller holds it still
 * (larder_breaker_hold and so on); a child's breaker forgets probes under way.
 *
 * Threads: all functions from any thread.
 */
#ifndef LARDER_NET_BREAKER_H
#define LARDER_NET_BREAKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <larder/config.h>

enum {
    LARDER_BREAKER_BUCKETS = 10, /* of a second each */
    LARDER_BREAKER_PROBES_MAX = 3
};

enum larder_breaker_state { LARDER_CLOSED, LARDER_OPEN, LARDER_HALF_OPEN };

/* "closed", "open", "half-open". */
const char *larder_breaker_state_name(enum larder_breaker_state state);

struct larder_breaker_options {
    uint32_t min_failures;         /* in the window, before it may open; >= 1 */
    uint32_t rate_percent;         /* failures among what was counted; 1..100 */
    uint32_t connect_failures_max; /* so many in a row open it; 0: they count as any failure */
    uint32_t probes;               /* at once, while half-open; 1..LARDER_BREAKER_PROBES_MAX */
    uint32_t successes;            /* of probes, until it closes; >= 1 */
    int64_t probe_ms;              /* a probe that takes longer has failed */
    int64_t pause_first_ms;        /* the most that the first pause takes; then doubled... */
    int64_t pause_max_ms;          /* ...up to this */
    int64_t pause_min_ms;          /* the least of any */
};

/* What every node gets unless a test says otherwise. */
extern const struct larder_breaker_options larder_breaker_defaults;

/* What one call met. */
enum larder_breaker_event {
    LARDER_BREAKER_SUCCESS,
    LARDER_BREAKER_FAILURE,
    LARDER_BREAKER_CONNECT_FAILURE, /* no connection could be made */
    LARDER_BREAKER_NOTHING          /* says nothing about the node: no memory, our own fault */
};

/* What a report or an admission changed: told to exactly one caller, whose it
 * is to log it. */
enum larder_breaker_change {
    LARDER_BREAKER_SAME,
    LARDER_BREAKER_OPENED,   /* from closed */
    LARDER_BREAKER_REOPENED, /* from half-open */
    LARDER_BREAKER_SHUT      /* closed again */
};

/* A call that was let through. */
struct larder_breaker_pass {
    uint32_t probe; /* 0: an ordinary call */
};

struct larder_breaker_stats {
    enum larder_breaker_state state;
    uint64_t opened;     /* how often it went from closed to open */
    int64_t failing_ms;  /* since the first failure after the last success; 0: none */
    int64_t retry_in_ms; /* until the next probe may pass; 0 unless open */
};

struct larder_breaker_bucket {
    int64_t second; /* which second it counts; others' counts are void */
    uint32_t failures;
    uint32_t successes;
};

struct larder_breaker_probe {
    uint32_t id; /* 0: free */
    int64_t deadline_ns;
};

/* Caller's storage. Nobody looks inside but breaker.c. */
struct larder_breaker {
    atomic_int mode; /* see breaker.c; 0, calm: nothing has failed lately */
    const struct larder_clock *clock;
    struct larder_breaker_options options;
    pthread_mutex_t mutex; /* of all below; never held with another */
    struct larder_breaker_bucket buckets[LARDER_BREAKER_BUCKETS];
    uint32_t connect_failures; /* in a row */
    uint32_t probe_successes;
    uint32_t last_probe;
    uint32_t pauses; /* in a row, without closing in between */
    int64_t open_until_ns;
    int64_t failing_since_ns; /* 0: not */
    uint64_t opened;
    struct larder_breaker_probe probes[LARDER_BREAKER_PROBES_MAX];
};

/* Closed. The clock outlives it. */
void larder_breaker_init(struct larder_breaker *breaker, const struct larder_clock *clock,
                         const struct larder_breaker_options *options);
void larder_breaker_release(struct larder_breaker *breaker);

/* Whether nothing has failed lately: then all may pass, and a success is nothing
 * that need be reported. One relaxed load. */
static inline bool larder_breaker_is_calm(const struct larder_breaker *breaker)
{
    return atomic_load_explicit(&breaker->mode, memory_order_relaxed) == 0;
}

/* Whether a call may go to the node. True: *ret_pass goes with it, and it must
 * be reported. False: it must not be made. *ret_change, in both cases. */
bool larder_breaker_admit(struct larder_breaker *breaker, struct larder_breaker_pass *ret_pass,
                          enum larder_breaker_change *ret_change);

/* How an admitted call went. A probe that comes too late, or a call from before
 * the breaker opened, changes nothing. */
enum larder_breaker_change larder_breaker_report(struct larder_breaker *breaker,
                                                 struct larder_breaker_pass pass,
                                                 enum larder_breaker_event event);

/* Whether it is other than closed: one relaxed load. */
bool larder_breaker_is_away(const struct larder_breaker *breaker);

void larder_breaker_stats(struct larder_breaker *breaker, struct larder_breaker_stats *ret_stats);

/* Around fork(). */
void larder_breaker_hold(struct larder_breaker *breaker);
void larder_breaker_let_go(struct larder_breaker *breaker);
void larder_breaker_child(struct larder_breaker *breaker);

#endif
