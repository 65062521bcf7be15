/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fresh.h"

enum { ROUND_MS = 400, PARK_MAX_MS = 30000, TIMEOUT_MS = 2000, SKIPS = 20 };

/* ------------------------------------------------------------------- crew */

unsigned crew_below(struct crew *crew, unsigned bound)
{
    crew->random = crew->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(crew->random >> 33) % bound;
}

void crew_hire(struct crew *crew, unsigned process)
{
    char fd[16];
    char number[16];
    snprintf(fd, sizeof fd, "%d", crew->fd);
    snprintf(number, sizeof number, "%u", process);
    pid_t pid = fork();
    if (pid == 0) {
        execl(crew->program, crew->program, fd, number, (char *)NULL);
        _exit(127);
    }
    crew->pids[process] = pid;
}

void crew_replace(struct crew *crew, unsigned process)
{
    kill(crew->pids[process], SIGKILL);
    waitpid(crew->pids[process], NULL, 0);
    crew_hire(crew, process);
}

bool crew_dismiss(struct crew *crew)
{
    bool good = true;
    atomic_store(&crew->ground->finish, true);
    for (unsigned i = 0; i < GROUND_PROCESSES; i++) {
        int status;
        if (waitpid(crew->pids[i], &status, 0) == crew->pids[i] && status != 0) {
            fprintf(stderr, "process %u ended with status %d\n", i, status);
            good = false;
        }
    }
    return good;
}

/* ----------------------------------------------------------------- rounds */

static bool all_parked(const struct crew *crew, unsigned round)
{
    for (unsigned p = 0; p < GROUND_PROCESSES; p++) {
        for (unsigned t = 0; t < GROUND_THREADS; t++) {
            const struct ground_thread *thread = &crew->ground->threads[p][t];
            if (atomic_load_explicit(&thread->parked, memory_order_acquire) != round) {
                return false;
            }
        }
    }
    return true;
}

/* Lets a round go on for a while with its fault, and ends it. False: somebody hangs. */
static bool run_round(struct crew *crew, const struct fault *fault, unsigned round)
{
    struct ground *ground = crew->ground;
    int64_t end_ns = ground_now_ns() + ROUND_MS * INT64_C(1000000);
    atomic_store(&ground->halt, false);
    atomic_store(&ground->round, round);
    while (ground_now_ns() < end_ns && !all_parked(crew, round)) {
        usleep((useconds_t)fault->pause_ms * 1000);
        fault->strike(crew);
    }
    atomic_store(&ground->halt, true);
    int64_t late_ns = ground_now_ns() + PARK_MAX_MS * INT64_C(1000000);
    while (!all_parked(crew, round)) {
        if (ground_now_ns() > late_ns) {
            return false;
        }
        usleep(500);
    }
    return true;
}

static struct ground_counts sum_up(const struct ground *ground)
{
    struct ground_counts sum = {0};
    for (unsigned p = 0; p < GROUND_PROCESSES; p++) {
        for (unsigned t = 0; t < GROUND_SLOTS; t++) {
            const struct ground_counts *one = &ground->threads[p][t].counts;
            sum.loads += one->loads;
            sum.changes += one->changes;
            sum.failed += one->failed;
            sum.errors += one->errors;
            sum.longest_ns = one->longest_ns > sum.longest_ns ? one->longest_ns : sum.longest_ns;
        }
    }
    return sum;
}

static void print_violation(const struct judge *judge)
{
    static const char *const kinds[] = {"a value", "a stale value", "absence"};
    printf(
        "           e.g. subject %u: a read of %u from %" PRId64 " to %" PRId64
        " ns (deed %u) in process %u was given %s, version %u (%u, %u), and %u had been invalidated "
        "before%s\n",
        judge->worst_subject, judge->worst.subject, judge->worst.start_ns, judge->worst.end_ns,
        judge->worst.deed, judge->worst_process, kinds[judge->worst.kind], judge->worst.version,
        judge->worst.of_group, judge->worst.of_all, judge->worst_floor,
        judge->worst_is_own ? ", by itself, in vain" : "");
}

static void print_row(const struct fault *fault, const struct judge *judge,
                      const struct ground_counts *sum, const struct crew *crew)
{
    printf("%-10s %10" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %7" PRIu64
           " %7" PRIu64 " %6" PRIu64 " %8.1f %10" PRIu64 "   %s\n",
           fault->name, judge->judged, judge->stale, judge->absent, sum->loads, sum->changes,
           sum->failed, sum->errors, crew->faults, (double)sum->longest_ns / 1e6, judge->violations,
           fault->what);
    if (judge->violations != 0) {
        print_violation(judge);
    }
    (void)fflush(stdout);
}

/* One fault, from an empty server on. */
bool crew_run(const struct plan *plan, const struct fault *fault, struct judge *ret_judge)
{
    struct crew crew = {.random = plan->seed * 2 + 1, .program = plan->program};
    struct judge judge = {.judged = 0};
    crew.ground = ground_make(&crew.fd);
    if (!redis_server_start(&crew.server, REDIS_SERVER_TCP, fault->server_args)) {
        fprintf(stderr, "no redis-server\n");
        exit(77);
    }
    crew.ground->port = crew.server.port;
    crew.ground->seed = plan->seed;
    crew.ground->load_us = plan->load_us;
    crew.ground->timeout_ms = fault->timeout_ms != 0 ? fault->timeout_ms : TIMEOUT_MS;
    (void)snprintf(crew.ground->mutant, sizeof crew.ground->mutant, "%s",
                   plan->mutant != NULL ? plan->mutant : "");
    crew.ground->by_hand = plan->by_hand;
    crew.ground->reads_many = plan->reads_many;
    crew.ground->skips = plan->skips != 0 ? plan->skips : SKIPS;
    crew.ground->only = plan->only_sort;
    for (unsigned i = 0; i < GROUND_PROCESSES; i++) {
        crew_hire(&crew, i);
    }
    bool whole = true;
    for (unsigned round = 1; whole && judge.judged < plan->reads / fault->part; round++) {
        whole = run_round(&crew, fault, round) && judge_round(&judge, crew.ground);
        if (plan->stop_at_first && judge.violations != 0) {
            break;
        }
    }
    struct ground_counts sum = sum_up(crew.ground);
    if (whole) {
        whole = crew_dismiss(&crew);
    } else {
        fprintf(stderr, "%s: a call did not return within %d ms\n", fault->name, PARK_MAX_MS);
        for (unsigned i = 0; i < GROUND_PROCESSES; i++) {
            kill(crew.pids[i], SIGKILL);
            waitpid(crew.pids[i], NULL, 0);
        }
    }
    redis_server_stop(&crew.server);
    ground_drop(crew.ground);
    close(crew.fd);
    if (!plan->quiet) {
        print_row(fault, &judge, &sum, &crew);
    }
    *ret_judge = judge;
    if (fault->is_calm && sum.errors + sum.failed != 0) {
        fprintf(stderr, "%s: calls failed, and none of them may\n", fault->name);
        whole = false;
    }
    return whole && judge.violations == 0;
}
