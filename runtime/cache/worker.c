/* SPDX-License-Identifier: MIT */
#include "cache/worker.h"

#include <signal.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "net/cond.h"

/* ------------------------------------------------------------------- fork */

static void hook_prepare(void *user)
{
    larder_worker_lock(user);
}

static void hook_parent(void *user)
{
    larder_worker_unlock(user);
}

static void lose(struct larder_worker *worker, struct larder_job *job)
{
    job->next = worker->lost;
    worker->lost = job;
}

/* Nothing is freed here: another thread of the parent may have been in the heap. */
static void hook_child(void *user)
{
    struct larder_worker *worker = user;
    while (worker->first != NULL) {
        struct larder_job *job = worker->first;
        worker->first = job->next;
        lose(worker, job);
    }
    while (worker->timed != 0) {
        lose(worker, worker->heap[--worker->timed]);
    }
    worker->last = NULL;
    worker->queued = 0;
    /* One at work is its thread's; that is this one if a job forked, else lost. */
    if (worker->at_work != NULL && !pthread_equal(worker->thread, pthread_self())) {
        lose(worker, worker->at_work);
    }
    worker->at_work = NULL;
    worker->started = false;
    worker->generation++;
    larder_cond_init(&worker->wake);
    larder_worker_unlock(worker);
}

/* -------------------------------------------------------------- the heap */

static void swap(struct larder_job **heap, size_t a, size_t b)
{
    struct larder_job *job = heap[a];
    heap[a] = heap[b];
    heap[b] = job;
}

static void push(struct larder_worker *worker, struct larder_job *job)
{
    struct larder_job **heap = worker->heap;
    size_t i = worker->timed++;
    heap[i] = job;
    for (; i != 0 && heap[i]->due_ns < heap[(i - 1) / 2]->due_ns; i = (i - 1) / 2) {
        swap(heap, i, (i - 1) / 2);
    }
}

static struct larder_job *pop(struct larder_worker *worker)
{
    struct larder_job **heap = worker->heap;
    struct larder_job *first = heap[0];
    heap[0] = heap[--worker->timed];
    for (size_t i = 0, child = 1; child < worker->timed; child = 2 * i + 1) {
        if (child + 1 < worker->timed && heap[child + 1]->due_ns < heap[child]->due_ns) {
            child++;
        }
        if (heap[i]->due_ns <= heap[child]->due_ns) {
            break;
        }
        swap(heap, i, child);
        i = child;
    }
    return first;
}

/* -------------------------------------------------------------- the thread */

static void free_jobs(struct larder_worker *worker, struct larder_job *job)
{
    while (job != NULL) {
        struct larder_job *next = job->next;
        larder_free(worker->allocator, job);
        job = next;
    }
}

/* Up to a batch of those that are due by then; their number. */
static size_t take_due(struct larder_worker *worker, int64_t until_ns, struct larder_job **ret_jobs)
{
    size_t count = 0;
    while (count < LARDER_WORKER_BATCH && worker->timed != 0 &&
           worker->heap[0]->due_ns <= until_ns) {
        ret_jobs[count++] = pop(worker);
    }
    return count;
}

static void do_due(struct larder_worker *worker, struct larder_job **jobs, size_t count,
                   int64_t deadline_ns)
{
    worker->table->run_due(worker->user, jobs, count, deadline_ns);
    for (size_t i = 0; i < count; i++) {
        larder_free(worker->allocator, jobs[i]);
    }
}

/* With the lock, which it gives back meanwhile. */
static bool run_due(struct larder_worker *worker)
{
    struct larder_job *jobs[LARDER_WORKER_BATCH];
    size_t count = take_due(worker, larder_clock_now_ns(worker->clock), jobs);
    if (count == 0) {
        return false;
    }
    larder_worker_unlock(worker);
    do_due(worker, jobs, count, larder_deadline_after_ms(worker->clock, worker->timeout_ms));
    larder_worker_lock(worker);
    return true;
}

static bool run_first(struct larder_worker *worker)
{
    struct larder_job *job = worker->first;
    if (job == NULL) {
        return false;
    }
    worker->first = job->next;
    worker->last = worker->first != NULL ? worker->last : NULL;
    worker->queued--;
    worker->at_work = job;
    larder_worker_unlock(worker);
    worker->table->run(worker->user, job);
    larder_worker_lock(worker);
    worker->at_work = NULL; /* others look at it until then */
    larder_worker_unlock(worker);
    larder_free(worker->allocator, job);
    larder_worker_lock(worker);
    return true;
}

static void *work(void *user)
{
    struct larder_worker *worker = user;
    larder_worker_lock(worker);
    unsigned generation = worker->generation;
    while (!worker->stopping && worker->generation == generation) {
        if (!run_due(worker) && !run_first(worker)) {
            int64_t until_ns = worker->timed != 0 ? worker->heap[0]->due_ns : INT64_MAX;
            larder_cond_wait(&worker->wake, &worker->mutex, worker->clock, until_ns);
        }
    }
    larder_worker_unlock(worker);
    return NULL;
}

static bool start(struct larder_worker *worker)
{
    sigset_t all, before;
    if (worker->stopping || worker->started) {
        return worker->started && !worker->stopping;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    worker->started = pthread_create(&worker->thread, NULL, work, worker) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (worker->started) {
        pthread_setname_np(worker->thread, "larder");
    }
    return worker->started;
}

/* --------------------------------------------------------------- life cycle */

bool larder_worker_init(struct larder_worker *worker, const struct larder_worker_table *table,
                        void *user, const struct larder_allocator *allocator,
                        const struct larder_clock *clock)
{
    *worker = (struct larder_worker){
        .table = table, .user = user, .allocator = allocator, .clock = clock};
    if (!larder_cond_init(&worker->wake)) {
        return false;
    }
    pthread_mutex_init(&worker->mutex, NULL);
    worker->hook = (struct larder_fork_hook){
        .prepare = hook_prepare, .parent = hook_parent, .child = hook_child, .user = worker};
    larder_fork_hook_add(&worker->hook);
    return true;
}

void larder_worker_stop(struct larder_worker *worker, int64_t deadline_ns)
{
    struct larder_job *jobs[LARDER_WORKER_BATCH];
    larder_worker_lock(worker);
    worker->stopping = true;
    bool started = worker->started;
    worker->started = false;
    struct larder_job *queue = worker->first;
    worker->first = worker->last = NULL;
    worker->queued = 0;
    pthread_cond_signal(&worker->wake);
    larder_worker_unlock(worker);
    if (started) {
        pthread_join(worker->thread, NULL);
    }
    free_jobs(worker, queue);
    size_t count;
    while ((count = take_due(worker, INT64_MAX, jobs)) != 0) {
        do_due(worker, jobs, count, deadline_ns);
    }
}

void larder_worker_release(struct larder_worker *worker)
{
    larder_fork_hook_remove(&worker->hook);
    free_jobs(worker, worker->lost);
    larder_free(worker->allocator, worker->heap);
    pthread_cond_destroy(&worker->wake);
    pthread_mutex_destroy(&worker->mutex);
}

/* --------------------------------------------------------------------- use */

static enum larder_offer judge(const struct larder_worker *worker, uint64_t id)
{
    if (worker->at_work != NULL && worker->at_work->id == id) {
        return LARDER_OFFER_DOUBLE;
    }
    for (const struct larder_job *job = worker->first; job != NULL; job = job->next) {
        if (job->id == id) {
            return LARDER_OFFER_DOUBLE;
        }
    }
    return worker->stopping || worker->queued == LARDER_WORKER_QUEUE_MAX ? LARDER_OFFER_FULL
                                                                         : LARDER_OFFER_TAKEN;
}

enum larder_offer larder_worker_wants(struct larder_worker *worker, uint64_t id)
{
    larder_worker_lock(worker);
    enum larder_offer offer = judge(worker, id);
    larder_worker_unlock(worker);
    return offer;
}

enum larder_offer larder_worker_offer(struct larder_worker *worker, struct larder_job *job)
{
    larder_worker_lock(worker);
    enum larder_offer offer = judge(worker, job->id);
    if (offer == LARDER_OFFER_TAKEN && !start(worker)) {
        offer = LARDER_OFFER_FULL;
    }
    if (offer == LARDER_OFFER_TAKEN) {
        job->next = NULL;
        *(worker->last != NULL ? &worker->last->next : &worker->first) = job;
        worker->last = job;
        worker->queued++;
        pthread_cond_signal(&worker->wake);
    }
    larder_worker_unlock(worker);
    return offer;
}

static bool has_heap(struct larder_worker *worker)
{
    if (worker->heap == NULL) {
        worker->heap =
            larder_alloc(worker->allocator, LARDER_WORKER_TIMED_MAX * sizeof(worker->heap[0]));
    }
    return worker->heap != NULL;
}

struct larder_job *larder_worker_later(struct larder_worker *worker, struct larder_job *job)
{
    struct larder_job *now = job;
    larder_worker_lock(worker);
    if (has_heap(worker) && start(worker)) {
        now = worker->timed == LARDER_WORKER_TIMED_MAX ? pop(worker) : NULL;
        push(worker, job);
        pthread_cond_signal(&worker->wake);
    }
    larder_worker_unlock(worker);
    return now;
}

void larder_worker_lock(struct larder_worker *worker)
{
    pthread_mutex_lock(&worker->mutex);
}

void larder_worker_unlock(struct larder_worker *worker)
{
    pthread_mutex_unlock(&worker->mutex);
}
