/* SPDX-License-Identifier: MIT */
/*
 * The checker of freshness: see --help.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fresh.h"

static int usage(FILE *out)
{
    fprintf(
        out,
        "usage: freshness [--reads N] [--seed N] [--load-us N] [--fault NAME] [--by-hand] [--many]\n"
        "Runs %d processes of %d threads that read, load and change the same %d entries, judges\n"
        "every read by what had been invalidated before it started, and prints a line a fault.\n"
        "  --reads N     judged reads a fault (default 200000)\n"
        "  --seed N      of what is done when\n"
        "  --load-us N   a loader takes up to twice so long (default 2000)\n"
        "  --fault NAME  only this one\n"
        "  --by-hand     plain cache-aside instead of larder: GET, load, SET; DEL\n"
        "  --many        half of what is done is get_many: more reads in the same time\n"
        "Exit status: 0 no violation, 1 violations or a call that hung, 77 no server.\n",
        GROUND_PROCESSES, GROUND_THREADS, GROUND_ROW_SUBJECTS);
    return out == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"reads", required_argument, NULL, 'r'},   {"seed", required_argument, NULL, 's'},
        {"load-us", required_argument, NULL, 'l'}, {"fault", required_argument, NULL, 'f'},
        {"by-hand", no_argument, NULL, 'b'},       {"help", no_argument, NULL, 'h'},
        {"many", no_argument, NULL, 'm'},          {NULL, 0, NULL, 0},
    };
    struct plan plan = {.program = FRESH_WORKER,
                        .reads = 200000,
                        .seed = (uint64_t)ground_now_ns() >> 10,
                        .load_us = 2000};
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
            plan.reads_many = true;
            break;
        default:
            return usage(option == 'h' ? stdout : stderr);
        }
    }
    bool good = true;
    uint64_t judged = 0;
    uint64_t violations = 0;
    printf("seed %" PRIu64 "\n%-10s %10s %8s %8s %8s %8s %7s %7s %6s %8s %10s\n", plan.seed,
           "fault", "judged", "stale", "absent", "loads", "changes", "failed", "errors", "faults",
           "longest", "violations");
    for (unsigned i = 0; i < fault_count; i++) {
        struct judge judge;
        if (plan.only == NULL || strcmp(plan.only, faults[i].name) == 0) {
            good &= crew_run(&plan, &faults[i], &judge);
            judged += judge.judged;
            violations += judge.violations;
        }
    }
    printf("judged %" PRIu64 " reads: %" PRIu64 " violations\n", judged, violations);
    return good ? 0 : 1;
}
