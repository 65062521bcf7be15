/* SPDX-License-Identifier: MIT */
/*
 * The checker of freshness: see --help.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fresh.h"
#include "judge.h"

enum { ROUND_MS = 400, PARK_MAX_MS = 30000, TIMEOUT_MS = 2000 };

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
        execl(FRESH_WORKER, FRESH_WORKER, fd, number, (char *)NULL);
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

void crew_dismiss(struct crew *crew)
{
    atomic_store(&crew->ground->finish, true);
    for (unsigned i = 0; i < GROUND_PROCESSES; i++) {
        int status;
        if (waitpid(crew->pids[i], &status, 0) == crew->pids[i] && status != 0) {
            fprintf(stderr, "process %u ended with status %d\n", i, status);
        }
    }
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

struct plan {
    uint64_t reads; /* judged, a fault */
    uint64_t seed;
    uint32_t load_us;
    const char *mutant; /* a rule's name; NULL: all hold */
    const char *only;   /* one fault's name; NULL: all */
    bool by_hand;
    bool stop_at_first;
};

static void print_violation(const struct judge *judge)
{
    static const char *const kinds[] = {"a value", "a stale value", "absence"};
    printf("           e.g. subject %u: a read of %u from %" PRId64 " to %" PRId64
           " ns in process %u was given %s, version %u (%u, %u), and %u had been invalidated "
           "before%s\n",
           judge->worst_subject, judge->worst.subject, judge->worst.start_ns, judge->worst.end_ns,
           judge->worst_process, kinds[judge->worst.kind], judge->worst.version,
           judge->worst.of_group, judge->worst.of_all, judge->worst_floor,
           judge->worst_is_own ? ", by itself, in vain" : "");
}

static void print_row(const struct fault *fault, const struct judge *judge,
                      const struct ground_counts *sum, const struct crew *crew)
{
    printf("%-10s %10" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %7" PRIu64
           " %7" PRIu64 " %6" PRIu64 " %8.1f %10" PRIu64 "   %s\n",
           fault->name, judge->judged, judge->stale, judge->absent, sum->loads, sum->changes,
           sum->failed, sum->errors, crew->faults, (double)sum->longest_ns / 1e6,
           judge->violations, fault->what);
    if (judge->violations != 0) {
        print_violation(judge);
    }
    (void)fflush(stdout);
}

/* One fault, from an empty server on. */
static bool run_fault(const struct plan *plan, const struct fault *fault, struct judge *ret_judge)
{
    struct crew crew = {.random = plan->seed * 2 + 1};
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
    for (unsigned i = 0; i < GROUND_PROCESSES; i++) {
        crew_hire(&crew, i);
    }
    bool whole = true;
    for (unsigned round = 1; whole && judge.judged < plan->reads; round++) {
        whole = run_round(&crew, fault, round) && judge_round(&judge, crew.ground);
        if (plan->stop_at_first && judge.violations != 0) {
            break;
        }
    }
    struct ground_counts sum = sum_up(crew.ground);
    if (whole) {
        crew_dismiss(&crew);
    } else {
        printf("%-10s a call did not return within %d ms\n", fault->name, PARK_MAX_MS);
        for (unsigned i = 0; i < GROUND_PROCESSES; i++) {
            kill(crew.pids[i], SIGKILL);
            waitpid(crew.pids[i], NULL, 0);
        }
    }
    redis_server_stop(&crew.server);
    close(crew.fd);
    print_row(fault, &judge, &sum, &crew);
    *ret_judge = judge;
    if (fault->is_calm && sum.errors + sum.failed != 0) {
        printf("           nothing of this may make a call fail\n");
        whole = false;
    }
    return whole && judge.violations == 0;
}

static int usage(FILE *out)
{
    fprintf(
        out,
        "usage: freshness [--reads N] [--seed N] [--load-us N] [--fault NAME] [--by-hand]\n"
        "Runs %d processes of %d threads that read, load and change the same %d entries, judges\n"
        "every read by what had been invalidated before it started, and prints a line a fault.\n"
        "  --reads N     judged reads a fault (default 200000)\n"
        "  --seed N      of what is done when\n"
        "  --load-us N   a loader takes up to twice so long (default 2000)\n"
        "  --fault NAME  only this one\n"
        "  --by-hand     plain cache-aside instead of larder: GET, load, SET; DEL\n"
        "Exit status: 0 no violation, 1 violations or a call that hung, 77 no server.\n",
        GROUND_PROCESSES, GROUND_THREADS, GROUND_ROW_SUBJECTS);
    return out == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"reads", required_argument, NULL, 'r'},   {"seed", required_argument, NULL, 's'},
        {"load-us", required_argument, NULL, 'l'}, {"fault", required_argument, NULL, 'f'},
        {"mutant", required_argument, NULL, 'm'},  {"by-hand", no_argument, NULL, 'b'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    struct plan plan = {.reads = 200000, .seed = (uint64_t)ground_now_ns() >> 10, .load_us = 2000};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'r':
            plan.reads = strtoull(optarg, NULL, 10);
            break;
        case 's':
            plan.seed = strtoull(optarg, NULL, 10);
            break;
        case 'l':
            plan.load_us = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'f':
            plan.only = optarg;
            break;
        case 'b':
            plan.by_hand = true;
            break;
        case 'm':
            plan.mutant = optarg;
            plan.stop_at_first = true;
            break;
        default:
            return usage(option == 'h' ? stdout : stderr);
        }
    }
    bool good = true;
    uint64_t judged = 0;
    uint64_t violations = 0;
    printf("seed %" PRIu64 "\n%-10s %10s %8s %8s %8s %8s %7s %7s %6s %8s %10s\n", plan.seed, "fault",
           "judged", "stale", "absent", "loads", "changes", "failed", "errors", "faults", "longest",
           "violations");
    for (unsigned i = 0; i < fault_count; i++) {
        struct judge judge;
        if (plan.only == NULL || strcmp(plan.only, faults[i].name) == 0) {
            good &= run_fault(&plan, &faults[i], &judge);
            judged += judge.judged;
            violations += judge.violations;
        }
    }
    printf("judged %" PRIu64 " reads: %" PRIu64 " violations\n", judged, violations);
    return good ? 0 : 1;
}
