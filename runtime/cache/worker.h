/* SPDX-License-Identifier: MIT */
/*
 * The one thread that a cache may have of its own: reloads that no caller waits
 * for, and deletions that are made once more.
 *
 * DESIGN. It is started by the first job, so a cache that asks for neither has none.
 * Jobs wait in a short queue, one a key: a service that finds more to reload than
 * one thread can do is told so by a counter, and not by memory that grows. What is to
 * be done at a time waits in a heap, and comes before the queue when it is due: it is a
 * round trip, where a job of the queue takes as long as somebody's loader does. So what is
 * due comes at its time or later, never earlier but when the cache closes.
 *
 *     offer ──▶ queue (64, one a key) ──▶ run, one at a time
 *     later ──▶ heap (4096, by time)  ──▶ run_due, up to 64 at a time; at the end all of it
 *
 * What runs on it holds no lock. It takes no signals: those are the service's.
 *
 * Around fork() its lock is held. A child has no such thread and none of its parent's
 * jobs, which stay the parent's; it starts its own when it has need of it. A job that
 * forks and returns in the child ends that thread.
 *
 * Threads: all functions from any thread but stop, which comes last.
 */
#ifndef LARDER_CACHE_WORKER_H
#define LARDER_CACHE_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <larder/config.h>

#include "net/fork_hook.h"

enum {
    LARDER_WORKER_QUEUE_MAX = 64,
    LARDER_WORKER_TIMED_MAX = 4096,
    LARDER_WORKER_BATCH = 64 /* timed jobs that are run at once */
};

/* What every job begins with, in one block of the worker's allocator, which frees it. */
struct larder_job {
    struct larder_job *next;
    uint64_t id;    /* of two with the same, one is enough; only in the queue */
    int64_t due_ns; /* (monotonic); only of timed ones */
};

struct larder_worker_table {
    void (*run)(void *user, struct larder_job *job);
    void (*run_due)(void *user, struct larder_job *const *jobs, size_t count, int64_t deadline_ns);
};

/* Caller's storage; stays where it is. */
struct larder_worker {
    const struct larder_worker_table *table;
    void *user;
    const struct larder_allocator *allocator;
    const struct larder_clock *clock;
    int64_t timeout_ms; /* of a batch of timed jobs; may be set until the first comes */
    struct larder_fork_hook hook;
    pthread_mutex_t mutex; /* of all below; no other is taken under it */
    pthread_cond_t wake;
    pthread_t thread;
    bool started;
    bool stopping;
    unsigned generation; /* how many forks away from where it was made */
    size_t queued;
    struct larder_job *first;
    struct larder_job *last;
    struct larder_job *at_work;
    struct larder_job *lost; /* of this child's parent */
    size_t timed;
    struct larder_job **heap; /* by due_ns; NULL until something is timed */
};

/* False: no memory. allocator and clock outlive it. */
bool larder_worker_init(struct larder_worker *worker, const struct larder_worker_table *table,
                        void *user, const struct larder_allocator *allocator,
                        const struct larder_clock *clock);

/* Ends the thread, once the job that it is at returns; drops the queue; does what is
 * timed, due or not, on this thread, until deadline_ns is up: then it is given to
 * run_due all the same, with that deadline. */
void larder_worker_stop(struct larder_worker *worker, int64_t deadline_ns);
void larder_worker_release(struct larder_worker *worker);

enum larder_offer {
    LARDER_OFFER_TAKEN,
    LARDER_OFFER_DOUBLE, /* there is one of this id, or it is at it */
    LARDER_OFFER_FULL    /* or there is no thread to be had, or it is stopping */
};

/* Whether a job of this id would be taken now. */
enum larder_offer larder_worker_wants(struct larder_worker *worker, uint64_t id);

/* Not TAKEN: the job is still the caller's. */
enum larder_offer larder_worker_offer(struct larder_worker *worker, struct larder_job *job);

/* Takes the job, to be run at its due_ns. NULL; or a job that the caller is to do
 * at once, and to free: the next that would have been due, if there is no room for both,
 * or this one, if there is no thread or no memory to be had. */
struct larder_job *larder_worker_later(struct larder_worker *worker, struct larder_job *job);

/* Guards what jobs read (cache/refresh.h), and is fork()'s to hold. */
void larder_worker_lock(struct larder_worker *worker);
void larder_worker_unlock(struct larder_worker *worker);

#endif
