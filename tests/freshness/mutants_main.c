/* SPDX-License-Identifier: MIT */
/*
 * Takes away one rule after the other, and wants the checker to find each of them gone.
 *
 *     mutants [RULE]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fresh.h"
#include "mutants.h"

enum { READS_MAX = 2000000, INTACT_READS = 30000, LOAD_US = 1000 };

static const struct fault *fault_of(const char *name)
{
    unsigned i = 0;
    while (i < fault_count && strcmp(faults[i].name, name) != 0) {
        i++;
    }
    if (i == fault_count) {
        fprintf(stderr, "no fault %s\n", name);
        exit(2);
    }
    return &faults[i];
}

static bool is_caught(const struct mutant *mutant)
{
    struct judge judge;
    struct plan plan = {.program = FRESH_WORKER,
                        .reads = READS_MAX,
                        .seed = (uint64_t)ground_now_ns() >> 10,
                        .load_us = mutant->load_us,
                        .skips = mutant->skips,
                        .only_sort = mutant->only_sort,
                        .mutant = mutant->rule,
                        .stop_at_first = true,
                        .quiet = true};
    int64_t start_ns = ground_now_ns();
    (void)crew_run(&plan, fault_of(mutant->fault), &judge);
    double seconds = (double)(ground_now_ns() - start_ns) / 1e9;
    printf("%-40s %-10s %8" PRIu64 " %6.1f  %s\n", mutant->rule, mutant->fault, judge.judged,
           seconds, judge.violations != 0 ? "caught" : "SURVIVES");
    (void)fflush(stdout);
    return judge.violations != 0;
}

/* With all its rules, this runtime keeps the promise, too: so it is a rule that is missed. */
static bool is_intact(void)
{
    struct judge judge;
    const struct plan plan = {.program = FRESH_WORKER,
                              .reads = INTACT_READS,
                              .seed = (uint64_t)ground_now_ns() >> 10,
                              .load_us = LOAD_US,
                              .quiet = true};
    bool good = crew_run(&plan, fault_of("none"), &judge);
    printf("%-40s %-10s %8" PRIu64 " %6s  %s\n", "(all rules hold)", "none", judge.judged, "",
           good ? "no violation" : "VIOLATIONS");
    return good;
}

int main(int argc, char **argv)
{
    bool all = true;
    printf("%-40s %-10s %8s %6s\n", "without the rule", "fault", "judged", "s");
    for (size_t i = 0; i < mutant_count; i++) {
        if (argc < 2 || strcmp(argv[1], mutants[i].rule) == 0) {
            all &= is_caught(&mutants[i]);
        }
    }
    all &= is_intact();
    return all ? 0 : 1;
}
