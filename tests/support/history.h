/* SPDX-License-Identifier: MIT */
/*
 * What many threads did to a cache, and whether it can have been so.
 *
 *     struct history *history = history_new(8);
 *     struct history_log *log = history_log(history, i);         (one a thread)
 *     struct history_call call = {.op = HISTORY_SET, .key = 7, .number = history_number(log)};
 *     call.start_ns = history_now_ns();
 *     ... the call ...
 *     call.end_ns = history_now_ns();
 *     call.outcome = larder_outcome();
 *     history_add(log, &call);
 *     ... all threads are done ...
 *     history_check(history, &options, &verdict);
 *
 * Each value written has a number of its own, so that a read tells which write
 * it saw. The checker proves of a whole run:
 *   - no value was read under another key than the one it was written to, none
 *     that nobody wrote, and none whose write is known not to have happened;
 *   - no read saw a value that an acknowledged write had replaced before the
 *     read began, and no miss an entry whose write was acknowledged and that
 *     nobody can have deleted; with the option `journal` the cache itself may
 *     have, once, after a write of that very key had failed, and until a read
 *     that began after the failure was answered (see cache/away.h);
 *   - nothing was applied twice;
 *   - no call took longer than its deadline and a little.
 *
 * Threads: a log belongs to one; the rest is for one thread before and after.
 */
#ifndef TESTS_SUPPORT_HISTORY_H
#define TESTS_SUPPORT_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <larder/status.h>

enum history_op {
    HISTORY_READ,   /* number: what was read, 0: nothing, if status says that it was answered */
    HISTORY_LOADED, /* a read that may have been answered by a loader */
    HISTORY_SET,    /* number: what was written */
    HISTORY_DELETE,
    HISTORY_ADD, /* to a key that nobody else uses: DENIED says that it was applied twice */
    HISTORY_FILL /* a SET of what a loader gave */
};

struct history_call {
    enum history_op op;
    unsigned thread;
    uint64_t key;
    uint64_t owner; /* of reads with a number: the key that the value says it is of */
    uint64_t number;
    enum larder_status status;
    enum larder_outcome outcome; /* of writes */
    int64_t start_ns;
    int64_t end_ns;
};

/* The whole process was stopped: a call whose deadline came meanwhile is due
 * at the end of it. */
struct history_stop {
    int64_t from_ns;
    int64_t to_ns;
};

struct history_options {
    int64_t deadline_ms; /* of every call; 0: no matter */
    int64_t slack_ms;    /* what it may take longer */
    const struct history_stop *stops;
    size_t stop_count;
    bool journal;    /* what a write that failed has touched is deleted later */
    bool may_forget; /* the server lost or evicted entries: any read may miss */
    bool may_return; /* the server went back to an older state */
    bool may_lie;    /* replies were not those of their commands: acknowledged means nothing */
};

enum { HISTORY_TEXT_BYTES = 256 };

struct history_verdict {
    uint64_t calls;
    uint64_t reads; /* that gave a value */
    uint64_t failed;
    uint64_t unknown; /* writes */
    uint64_t wrong;   /* values: of another key, of no write, of one that did not happen */
    uint64_t stale;
    uint64_t lost;    /* acknowledged, and missed */
    uint64_t retaken; /* the same, but the journal may have deleted it: not a finding */
    uint64_t twice;
    uint64_t late;
    int64_t overrun_ms;             /* the most; <= 0: all ended in time */
    char first[HISTORY_TEXT_BYTES]; /* the first finding, for people; empty: none */
};

struct history;
struct history_log;

int64_t history_now_ns(void); /* monotonic */

/* NULL: out of memory. */
struct history *history_new(unsigned threads);
void history_free(struct history *history);
struct history_log *history_log(struct history *history, unsigned thread);

/* A number that no other write of this history has; never 0. */
uint64_t history_number(struct history_log *log);
/* Copies the call; sets its thread. Ends the program when there is no memory. */
void history_add(struct history_log *log, const struct history_call *call);

/* When a call first ended with a failure from from_ns on; or, of those that began
 * from then on, first was answered. 0: none. */
int64_t history_first(const struct history *history, int64_t from_ns, bool failed);
/* The calls that started within [from_ns, to_ns): how many in *ret_calls, how
 * many failed in *ret_failed, and reads of a value in *ret_reads. */
void history_count(const struct history *history, int64_t from_ns, int64_t to_ns,
                   uint64_t *ret_calls, uint64_t *ret_failed, uint64_t *ret_reads);

/* True: clean. */
bool history_check(const struct history *history, const struct history_options *options,
                   struct history_verdict *ret_verdict);

#endif
