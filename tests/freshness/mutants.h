/* SPDX-License-Identifier: MIT */
/*
 * Rules that can be broken (base/rule.h), and what shows each of them to be gone.
 *
 * Threads: mutants_break before any cache is opened.
 */
#ifndef TESTS_FRESHNESS_MUTANTS_H
#define TESTS_FRESHNESS_MUTANTS_H

#include <stddef.h>
#include <stdint.h>

struct mutant {
    const char *rule;
    const char *fault;  /* with which it is caught, */
    uint32_t load_us;   /* loads that take up to twice so long, */
    uint32_t skips;     /* of which one in so many is not stored; 0: as ever */
    uint32_t only_sort; /* and one sort of entries, from 1; 0: all */
};

extern const struct mutant mutants[];
extern const size_t mutant_count;

/* In a process that runs the runtime with LARDER_MUTANTS: from now on this rule does not hold.
 * Ends the process if there is no such rule; "": all hold. */
void mutants_break(const char *rule);

#endif
