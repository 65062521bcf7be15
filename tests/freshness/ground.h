/* SPDX-License-Identifier: MIT */
/*
 * What the processes of the checker share: a database whose rows are version
 * numbers, and a record of every read and every change.
 *
 * A subject is something that changes: a row, a group of rows, or everything. To
 * change it is to count its version up and then to invalidate what depends on it. A
 * value in the cache says of each subject that it depends on which version its loader
 * read. So whether a read was given something too old can be judged afterwards,
 * from the records alone (judge.h).
 *
 * All of it lies in one mapping that processes inherit; a process that is killed leaves
 * its records behind, and whoever takes its place writes on.
 */
#ifndef TESTS_FRESHNESS_GROUND_H
#define TESTS_FRESHNESS_GROUND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    GROUND_ROWS = 24,  /* so few that everybody meets */
    GROUND_GROUPS = 4, /* row r is in group r % GROUND_GROUPS */
    GROUND_SUBJECTS = GROUND_ROWS + GROUND_GROUPS + 1,
    GROUND_PROCESSES = 4,
    GROUND_THREADS = 4,      /* a process */
    GROUND_RECORDS = 1 << 16 /* a thread and round */
};

/* Subjects by number: rows, then groups, then everything. */
static inline unsigned ground_group(unsigned row)
{
    return GROUND_ROWS + row % GROUND_GROUPS;
}

enum { GROUND_ALL = GROUND_SUBJECTS - 1 };

enum ground_kind { GROUND_READ, GROUND_CHANGE };

/* READ: between start and end a read was given a value that has this version of
 * the subject. CHANGE: the subject had this version (at least) when an invalidation
 * began that had returned with success at `end`. Monotonic clock. */
struct ground_record {
    uint32_t kind_and_subject; /* kind << 16 | subject */
    uint32_t version;
    int64_t start_ns;
    int64_t end_ns;
};

/* What a thread counts; only grows. */
struct ground_counts {
    uint64_t reads;
    uint64_t values; /* of them, those that gave one */
    uint64_t loads;
    uint64_t changes;   /* whose invalidation succeeded */
    uint64_t failed;    /* whose did not */
    int64_t longest_ns; /* a read, its loader included */
};

struct ground_thread {
    _Alignas(64) atomic_uint parked; /* the round that it has ended */
    atomic_uint used;                /* records */
    struct ground_counts counts;
    struct ground_record records[GROUND_RECORDS];
};

struct ground {
    atomic_uint round;  /* that is running, from 1 */
    atomic_bool halt;   /* threads are to end it */
    atomic_bool finish; /* processes are to end */
    atomic_bool outage; /* of the database: loaders fail */
    int port;
    uint32_t load_us; /* a loader takes up to so long, on either side of its reading */
    uint32_t mutant;  /* the rule that is not to hold (rules.h); 0: all hold */
    bool by_hand;     /* plain cache-aside instead of larder */
    uint64_t seed;
    atomic_uint versions[GROUND_SUBJECTS];
    struct ground_thread threads[GROUND_PROCESSES][GROUND_THREADS];
};

/* Makes it, as a file without a name; *ret_fd is inherited by whoever is executed. */
struct ground *ground_make(int *ret_fd);
struct ground *ground_open(int fd);

int64_t ground_now_ns(void);

/* Keeps a record; false: there is no room for more in this round. */
bool ground_note(struct ground_thread *thread, enum ground_kind kind, unsigned subject,
                 uint32_t version, int64_t start_ns, int64_t end_ns);

#endif
