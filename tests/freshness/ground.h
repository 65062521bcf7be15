/* SPDX-License-Identifier: MIT */
/*
 * What the processes of the checker share: a database whose rows are version
 * numbers, and a record of every read and every change.
 *
 * A subject is something that changes: an entry's row, a group of rows, or everything.
 * To change it is to count its version up and then to invalidate what depends on it. A
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

/* Sorts of entries: the entities of fresh.yaml. */
enum ground_sort {
    GROUND_ITEM,
    GROUND_PAGE,
    GROUND_CARD,
    GROUND_SLIP,
    GROUND_NOTE,
    GROUND_POST,
    GROUND_SORTS
};

enum {
    GROUND_ROWS = 16,  /* a sort: so few that everybody meets */
    GROUND_GROUPS = 4, /* row r is in group r % GROUND_GROUPS */
    GROUND_PROCESSES = 4,
    GROUND_THREADS = 4,                /* a process, */
    GROUND_SLOTS = 1 + GROUND_THREADS, /* and one that the cache itself starts */
    GROUND_RECORDS = 1 << 16,          /* a thread and round */
    GROUND_GONE = 5                    /* a row whose version is a multiple of it does not exist */
};

/* Subjects by number. A soft one has no version of its own: it is what expire_soft says of its
 * row, and binds only reads that were not told that their value is stale. */
enum {
    GROUND_ROW_SUBJECTS = GROUND_SORTS * GROUND_ROWS,
    GROUND_SOFT = GROUND_ROW_SUBJECTS,
    GROUND_GROUP = GROUND_SOFT + GROUND_ROW_SUBJECTS,
    GROUND_ALL = GROUND_GROUP + GROUND_GROUPS,
    GROUND_SUBJECTS
};

static inline unsigned ground_row(enum ground_sort sort, unsigned row)
{
    return (unsigned)sort * GROUND_ROWS + row;
}

/* Of a row's subject, too. */
static inline unsigned ground_group(unsigned row)
{
    return row % GROUND_GROUPS;
}

/* Whether entries of it depend on their group and on everything. */
static inline bool ground_has_group(unsigned subject)
{
    unsigned sort = subject / GROUND_ROWS;
    return sort != GROUND_ITEM && sort != GROUND_NOTE;
}

enum ground_kind {
    GROUND_OK,     /* between start and end a read was given a value that has these versions */
    GROUND_STALE,  /* the same, and told that it is past its lifetime */
    GROUND_ABSENT, /* it was told that there is none; version: the row's at the end */
    GROUND_CHANGE, /* the subject had this version (at least) when an invalidation began that had
                    * returned with success at `end` */
    GROUND_FAILED  /* ...with a failure: it binds its own process */
};

/* Times by the monotonic clock. */
struct ground_record {
    uint8_t kind;
    uint8_t deed;    /* of the worker's */
    uint8_t subject; /* of reads: the row's */
    uint16_t life;   /* of the process */
    uint32_t version;
    uint32_t of_group; /* of reads of what has a group */
    uint32_t of_all;
    int64_t start_ns;
    int64_t end_ns;
};

_Static_assert(GROUND_SUBJECTS <= UINT8_MAX, "a subject's number fits");

/* What a thread counts; only grows. */
struct ground_counts {
    uint64_t loads;
    uint64_t changes;   /* whose invalidation succeeded */
    uint64_t failed;    /* whose did not */
    uint64_t errors;    /* reads that failed, but for the loader */
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
    char mutant[64];  /* the rule that is not to hold; empty: all hold */
    uint32_t timeout_ms;
    uint32_t skips;  /* one in so many loads is not to be stored */
    bool reads_many; /* so that more reads are judged in the same time */
    uint32_t only;   /* the sort of entries that is used, from 1; 0: all */
    bool by_hand;    /* plain cache-aside instead of larder */
    uint64_t seed;
    atomic_uint lives; /* processes that there were */
    atomic_uint versions[GROUND_SUBJECTS];
    struct ground_thread threads[GROUND_PROCESSES][GROUND_SLOTS];
};

/* Makes it, as a file without a name; *ret_fd is inherited by whoever is executed. */
struct ground *ground_make(int *ret_fd);
struct ground *ground_open(int fd);
void ground_drop(struct ground *ground);

int64_t ground_now_ns(void);

/* Keeps a record; false: there is no room for more in this round. */
bool ground_note(struct ground_thread *thread, const struct ground_record *record);

#endif
