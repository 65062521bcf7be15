/* SPDX-License-Identifier: MIT */
/*
 * The judge: after an invalidation has returned, no read that starts later is given a
 * value loaded before it.
 *
 * In terms of records: a read that starts after the end of a CHANGE of a subject that its value
 * depends on has at least its version, and if it was told that there is none, then there
 * was a version since at which there was none. A change that FAILED binds the reads of its own
 * process. That is all; what the cache does to make it so is not looked at.
 */
#ifndef TESTS_FRESHNESS_JUDGE_H
#define TESTS_FRESHNESS_JUDGE_H

#include <stddef.h>

#include "ground.h"

struct judge {
    uint32_t floors[GROUND_SUBJECTS]; /* of rounds before: what every read has at least */
    struct {
        uint16_t life;
        uint32_t floors[GROUND_SUBJECTS]; /* what its own reads have */
    } own[GROUND_PROCESSES];
    uint64_t judged; /* reads, */
    uint64_t stale;  /* of them, those that were told so */
    uint64_t absent;
    uint64_t violations;
    struct ground_record worst; /* one of them, */
    unsigned worst_subject;     /* that was too old in this, */
    uint32_t worst_floor;       /* which had been invalidated up to this version */
    unsigned worst_process;
    bool worst_is_own; /* by an invalidation of its own process that failed */
};

/* Judges a round, in which nothing runs any more, and drops its records. False: no memory. */
bool judge_round(struct judge *judge, struct ground *ground);

#endif
