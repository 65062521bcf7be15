/* SPDX-License-Identifier: MIT */
/* The cache's own thread: its queue, its heap, its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "cache/worker.h"
#include "support/fail_alloc.h"
#include "support/fake_clock.h"
#include "support/sanitizers.h"

enum { RUNS_MAX = 2 * LARDER_WORKER_TIMED_MAX, CHILD_S = 30 };

struct bench {
    struct fake_clock clock;
    struct fail_alloc memory;
    struct larder_worker worker;
    pthread_mutex_t gate; /* held by a test: jobs wait for it */
    atomic_int begun;
    atomic_int ended;
    atomic_int forked;      /* the child that a job made; in it: 0 */
    uint64_t ran[RUNS_MAX]; /* ids, in their order */
    int64_t deadlines[RUNS_MAX];
    bool forks;
    atomic_bool signals_blocked;
    char thread_name[16];
};

static void note(struct bench *bench, uint64_t id, int64_t deadline_ns)
{
    int n = atomic_load(&bench->ended);
    bench->ran[n] = id;
    bench->deadlines[n] = deadline_ns;
    atomic_store(&bench->ended, n + 1);
}

static void run(void *user, struct larder_job *job)
{
    struct bench *bench = user;
    sigset_t blocked;
    atomic_fetch_add(&bench->begun, 1);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    atomic_store(&bench->signals_blocked, sigismember(&blocked, SIGTERM) == 1);
    pthread_getname_np(pthread_self(), bench->thread_name, sizeof bench->thread_name);
    pthread_mutex_lock(&bench->gate);
    pthread_mutex_unlock(&bench->gate);
    if (bench->forks) {
        int pid = fork();
        if (pid == 0) {
            alarm(CHILD_S);
        }
        atomic_store(&bench->forked, pid);
    }
    note(bench, job->id, 0);
}

static void run_due(void *user, struct larder_job *const *jobs, size_t count, int64_t deadline_ns)
{
    for (size_t i = 0; i < count; i++) {
        note(user, jobs[i]->id, deadline_ns);
    }
}

static const struct larder_worker_table table = {run, run_due};

static int setup(void **state)
{
    static struct bench bench;
    memset(&bench, 0, sizeof bench);
    fake_clock_init(&bench.clock);
    fail_alloc_init(&bench.memory);
    pthread_mutex_init(&bench.gate, NULL);
    *state = &bench;
    return larder_worker_init(&bench.worker, &table, &bench, &bench.memory.allocator,
                              &bench.clock.clock)
               ? 0
               : -1;
}

/* All jobs must have been given back. */
static int teardown(void **state)
{
    struct bench *bench = *state;
    larder_worker_stop(&bench->worker, INT64_MAX);
    larder_worker_release(&bench->worker);
    pthread_mutex_destroy(&bench->gate);
    return bench->memory.live_blocks == 0 ? 0 : -1;
}

#define WORKER_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static struct larder_job *job_new(struct bench *bench, uint64_t id)
{
    struct larder_job *job = larder_alloc(&bench->memory.allocator, sizeof *job);
    assert_non_null(job);
    *job = (struct larder_job){.id = id};
    return job;
}

static enum larder_offer offer(struct bench *bench, uint64_t id)
{
    struct larder_job *job = job_new(bench, id);
    enum larder_offer answer = larder_worker_offer(&bench->worker, job);
    if (answer != LARDER_OFFER_TAKEN) {
        larder_free(&bench->memory.allocator, job);
    }
    return answer;
}

/* 0: it was taken; else the id of what is left to the caller. */
static uint64_t later(struct bench *bench, uint64_t id, int64_t in_ms)
{
    struct larder_job *job = job_new(bench, id);
    job->due_ns = larder_deadline_after_ms(&bench->clock.clock, in_ms);
    struct larder_job *left = larder_worker_later(&bench->worker, job);
    uint64_t left_id = left != NULL ? left->id : 0;
    larder_free(&bench->memory.allocator, left);
    return left_id;
}

static void wait_for(atomic_int *counter, int least)
{
    while (atomic_load(counter) < least) {
        sched_yield();
    }
}

/* How many of the process's threads are called as the worker's. */
static int workers(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        char path[300], name[16] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        FILE *file = fopen(path, "re");
        if (file != NULL) {
            count += fgets(name, sizeof name, file) != NULL && strcmp(name, "larder\n") == 0;
            fclose(file);
        }
    }
    closedir(tasks);
    return count;
}

/* ------------------------------------------------------------------ the queue */

static void it_is_started_by_need(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(larder_worker_wants(&bench->worker, 1), LARDER_OFFER_TAKEN);
    assert_int_equal(workers(), 0);
    assert_int_equal(offer(bench, 1), LARDER_OFFER_TAKEN);
    wait_for(&bench->ended, 1);
    assert_int_equal(workers(), 1);
    assert_string_equal(bench->thread_name, "larder");
    assert_true(atomic_load(&bench->signals_blocked));
}

static void jobs_are_run_in_their_order(void **state)
{
    struct bench *bench = *state;
    pthread_mutex_lock(&bench->gate);
    for (uint64_t id = 1; id <= 10; id++) {
        assert_int_equal(offer(bench, id), LARDER_OFFER_TAKEN);
    }
    pthread_mutex_unlock(&bench->gate);
    wait_for(&bench->ended, 10);
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal(bench->ran[i], i + 1);
    }
}

static void one_of_a_key_is_enough(void **state)
{
    struct bench *bench = *state;
    pthread_mutex_lock(&bench->gate);
    assert_int_equal(offer(bench, 1), LARDER_OFFER_TAKEN);
    wait_for(&bench->begun, 1);
    assert_int_equal(offer(bench, 2), LARDER_OFFER_TAKEN);
    assert_int_equal(offer(bench, 1), LARDER_OFFER_DOUBLE); /* at work */
    assert_int_equal(offer(bench, 2), LARDER_OFFER_DOUBLE); /* in the queue */
    assert_int_equal(larder_worker_wants(&bench->worker, 2), LARDER_OFFER_DOUBLE);
    pthread_mutex_unlock(&bench->gate);
    wait_for(&bench->ended, 2);
    while (offer(bench, 2) != LARDER_OFFER_TAKEN) { /* done is done */
        sched_yield();
    }
    wait_for(&bench->ended, 3);
}

static void a_full_queue_takes_no_more(void **state)
{
    struct bench *bench = *state;
    pthread_mutex_lock(&bench->gate);
    assert_int_equal(offer(bench, 1000), LARDER_OFFER_TAKEN);
    wait_for(&bench->begun, 1);
    for (uint64_t id = 1; id <= LARDER_WORKER_QUEUE_MAX; id++) {
        assert_int_equal(offer(bench, id), LARDER_OFFER_TAKEN);
    }
    assert_int_equal(offer(bench, 2000), LARDER_OFFER_FULL);
    assert_int_equal(offer(bench, 5), LARDER_OFFER_DOUBLE);
    pthread_mutex_unlock(&bench->gate);
    wait_for(&bench->ended, LARDER_WORKER_QUEUE_MAX + 1);
    assert_int_equal(offer(bench, 2000), LARDER_OFFER_TAKEN);
    wait_for(&bench->ended, LARDER_WORKER_QUEUE_MAX + 2);
}

/* --------------------------------------------------------------- what is timed */

static void what_is_timed_is_run_when_it_is_due(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(later(bench, 30, 30), 0);
    assert_int_equal(later(bench, 10, 10), 0);
    assert_int_equal(later(bench, 20, 20), 0);
    fake_clock_advance_ms(&bench->clock, 20);
    assert_int_equal(offer(bench, 1), LARDER_OFFER_TAKEN); /* wakes it; what is due goes first */
    wait_for(&bench->ended, 3);
    assert_int_equal(bench->ran[0], 10);
    assert_int_equal(bench->ran[1], 20);
    assert_int_equal(bench->ran[2], 1);
    fake_clock_advance_ms(&bench->clock, 10);
    wait_for(&bench->ended, 4); /* it looks by itself, too */
    assert_int_equal(bench->ran[3], 30);
}

/* Another due time for each, neither ascending nor descending. */
static int64_t due_in_ms(uint64_t id)
{
    return 1000000 + (int64_t)(id * 1001 % LARDER_WORKER_TIMED_MAX);
}

static void a_full_heap_gives_back_what_is_due_next(void **state)
{
    struct bench *bench = *state;
    for (uint64_t id = 1; id <= LARDER_WORKER_TIMED_MAX; id++) {
        assert_int_equal(later(bench, id, due_in_ms(id)), 0);
    }
    assert_int_equal(later(bench, 9001, 2000000), LARDER_WORKER_TIMED_MAX); /* due in 1000000 */
    uint64_t next = later(bench, 9002, 2000001);
    assert_int_equal(due_in_ms(next), 1000001);
    larder_worker_stop(&bench->worker, 77);
    assert_int_equal(atomic_load(&bench->ended), LARDER_WORKER_TIMED_MAX);
    for (int i = 0; i < LARDER_WORKER_TIMED_MAX - 2; i++) {
        assert_int_equal(due_in_ms(bench->ran[i]), 1000002 + i);
        assert_int_equal(bench->deadlines[i], 77);
    }
    assert_int_equal(bench->ran[LARDER_WORKER_TIMED_MAX - 2], 9001);
    assert_int_equal(bench->ran[LARDER_WORKER_TIMED_MAX - 1], 9002);
}

static void without_memory_what_is_timed_is_left_to_the_caller(void **state)
{
    struct bench *bench = *state;
    struct larder_job *job = job_new(bench, 1);
    bench->memory.fail_at = atomic_load(&bench->memory.calls) + 1;
    assert_ptr_equal(larder_worker_later(&bench->worker, job), job);
    larder_free(&bench->memory.allocator, job);
}

/* -------------------------------------------------------------------- the end */

static void *stop(void *user)
{
    struct bench *bench = user;
    larder_worker_stop(&bench->worker, 77);
    return NULL;
}

static void the_end_waits_for_the_job_that_runs(void **state)
{
    struct bench *bench = *state;
    pthread_t stopper;
    pthread_mutex_lock(&bench->gate);
    assert_int_equal(offer(bench, 1), LARDER_OFFER_TAKEN);
    wait_for(&bench->begun, 1);
    assert_int_equal(offer(bench, 2), LARDER_OFFER_TAKEN);
    assert_int_equal(later(bench, 3, 1000000), 0);
    assert_int_equal(pthread_create(&stopper, NULL, stop, bench), 0);
    while (larder_worker_wants(&bench->worker, 4) != LARDER_OFFER_FULL) { /* stopping */
        sched_yield();
    }
    assert_int_equal(atomic_load(&bench->ended), 0);
    pthread_mutex_unlock(&bench->gate);
    pthread_join(stopper, NULL);
    assert_int_equal(atomic_load(&bench->ended), 2);
    assert_int_equal(bench->ran[0], 1);
    assert_int_equal(bench->ran[1], 3); /* not due, and done; what was queued is dropped */
    assert_int_equal(bench->deadlines[1], 77);
    assert_int_equal(offer(bench, 5), LARDER_OFFER_FULL);
    assert_int_equal(later(bench, 6, 1), 6);
}

/* ----------------------------------------------------------------------- fork */

static bool ended_well(pid_t pid)
{
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status == 0;
}

/* In the child, whose parent has one job at work, one queued, one timed. */
static bool child_begins_anew(struct bench *bench)
{
    pthread_mutex_init(&bench->gate, NULL);
    if (larder_worker_wants(&bench->worker, 1) != LARDER_OFFER_TAKEN ||
        larder_worker_wants(&bench->worker, 2) != LARDER_OFFER_TAKEN) {
        return false;
    }
    if (!UNDER_THREAD_SANITIZER && !UNDER_ADDRESS_SANITIZER) {
        if (offer(bench, 4) != LARDER_OFFER_TAKEN) {
            return false;
        }
        wait_for(&bench->ended, 1);
    }
    larder_worker_stop(&bench->worker, INT64_MAX);
    return atomic_load(&bench->ended) == 0 || bench->ran[0] == 4;
}

static void a_childs_jobs_are_its_own(void **state)
{
    struct bench *bench = *state;
    pthread_mutex_lock(&bench->gate);
    assert_int_equal(offer(bench, 1), LARDER_OFFER_TAKEN);
    wait_for(&bench->begun, 1);
    assert_int_equal(offer(bench, 2), LARDER_OFFER_TAKEN);
    assert_int_equal(later(bench, 3, 1000000), 0);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(CHILD_S);
        _exit(child_begins_anew(bench) ? 0 : 1);
    }
    assert_true(ended_well(pid));
    pthread_mutex_unlock(&bench->gate);
    wait_for(&bench->ended, 2);
    larder_worker_stop(&bench->worker, INT64_MAX);
    assert_int_equal(atomic_load(&bench->ended), 3);
}

/* It returns in the child, too, where its thread then ends: the child's last. */
static void a_job_that_forks_ends_its_thread_in_the_child(void **state)
{
    struct bench *bench = *state;
    if (UNDER_ADDRESS_SANITIZER) {
        skip(); /* it looks for leaks at the child's end, too, and has lost its owner's */
    }
    bench->forks = true;
    assert_int_equal(offer(bench, 1), LARDER_OFFER_TAKEN);
    wait_for(&bench->ended, 1);
    assert_true(atomic_load(&bench->forked) > 0);
    assert_true(ended_well(atomic_load(&bench->forked)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORKER_TEST(it_is_started_by_need),
        WORKER_TEST(jobs_are_run_in_their_order),
        WORKER_TEST(one_of_a_key_is_enough),
        WORKER_TEST(a_full_queue_takes_no_more),
        WORKER_TEST(what_is_timed_is_run_when_it_is_due),
        WORKER_TEST(a_full_heap_gives_back_what_is_due_next),
        WORKER_TEST(without_memory_what_is_timed_is_left_to_the_caller),
        WORKER_TEST(the_end_waits_for_the_job_that_runs),
        WORKER_TEST(a_childs_jobs_are_its_own),
        WORKER_TEST(a_job_that_forks_ends_its_thread_in_the_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
