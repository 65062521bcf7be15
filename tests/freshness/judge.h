/* SPDX-License-Identifier: MIT */
/*
 * The judge: after an invalidation has returned, no read that starts later is given a
 * value loaded before it.
 *
 * In terms of records: a READ that starts after the end of a CHANGE of the same
 * subject has at least its version. That is all; what the cache does to make it so is not
 * looked at.
 */
#ifndef TESTS_FRESHNESS_JUDGE_H
#define TESTS_FRESHNESS_JUDGE_H

#include <stddef.h>

#include "ground.h"

struct judge {
    uint32_t floors[GROUND_SUBJECTS]; /* of rounds before: what every read has at least */
    uint64_t judged;                  /* reads of a subject */
    uint64_t violations;
    struct ground_record worst; /* one of them */
    uint32_t worst_floor;
};

/* Judges a round, in which nothing runs any more, and drops its records. False: no memory. */
bool judge_round(struct judge *judge, struct ground *ground);

#endif
