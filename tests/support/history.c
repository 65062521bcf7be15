/* SPDX-License-Identifier: MIT */
/*
 * DESIGN. Calls are sorted by key. Of one key, two questions are asked of each
 * read, and both are answered by a running maximum over sorted writes, so that
 * a run of millions of calls is checked in seconds:
 *   - among acknowledged writes that ended before the read began, which one
 *     began last? If that was after the end of the write whose value was read,
 *     the value was stale.
 *   - a miss: among acknowledged sets that ended before it, the one that began
 *     last must have a delete that may stand behind it and before the miss.
 * A write whose outcome is unknown may happen at any time after it began: its
 * end counts as never.
 * What the journal deletes is in no call. But while a key stands there no read is
 * answered by the server: the first that was, of those that began after the
 * failed write had ended, ends the time in which the deletion may have been.
 */
#include "support/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t MS_NS = 1000000;

struct history_log {
    struct history_call *calls;
    size_t count;
    size_t capacity;
    uint64_t numbers;
    unsigned thread;
    char pad[64]; /* the next thread's is on another cache line */
};

struct history {
    unsigned threads;
    struct history_log logs[];
};

int64_t history_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 * MS_NS + now.tv_nsec;
}

/* ----------------------------------------------------------------- record */

struct history *history_new(unsigned threads)
{
    struct history *history = calloc(1, sizeof *history + threads * sizeof(struct history_log));
    if (history != NULL) {
        history->threads = threads;
        for (unsigned i = 0; i < threads; i++) {
            history->logs[i].thread = i;
        }
    }
    return history;
}

void history_free(struct history *history)
{
    if (history == NULL) {
        return;
    }
    for (unsigned i = 0; i < history->threads; i++) {
        free(history->logs[i].calls);
    }
    free(history);
}

struct history_log *history_log(struct history *history, unsigned thread)
{
    return &history->logs[thread];
}

uint64_t history_number(struct history_log *log)
{
    return ((uint64_t)log->thread + 1) << 40 | ++log->numbers;
}

void history_add(struct history_log *log, const struct history_call *call)
{
    if (log->count == log->capacity) {
        size_t capacity = log->capacity == 0 ? 1024 : log->capacity * 2;
        struct history_call *grown = realloc(log->calls, capacity * sizeof *grown);
        if (grown == NULL) {
            abort();
        }
        log->calls = grown;
        log->capacity = capacity;
    }
    log->calls[log->count] = *call;
    log->calls[log->count++].thread = log->thread;
}

int64_t history_first(const struct history *history, int64_t from_ns, bool failed)
{
    int64_t first = 0;
    for (unsigned i = 0; i < history->threads; i++) {
        const struct history_log *log = &history->logs[i];
        for (size_t k = 0; k < log->count; k++) {
            const struct history_call *call = &log->calls[k];
            int64_t at_ns = failed ? call->end_ns : call->start_ns;
            if (at_ns >= from_ns && (call->status < 0) == failed &&
                (first == 0 || call->end_ns < first)) {
                first = call->end_ns;
            }
        }
    }
    return first;
}

void history_count(const struct history *history, int64_t from_ns, int64_t to_ns,
                   uint64_t *ret_calls, uint64_t *ret_failed, uint64_t *ret_reads)
{
    *ret_calls = *ret_failed = *ret_reads = 0;
    for (unsigned i = 0; i < history->threads; i++) {
        const struct history_log *log = &history->logs[i];
        for (size_t k = 0; k < log->count; k++) {
            const struct history_call *call = &log->calls[k];
            if (call->start_ns >= from_ns && call->start_ns < to_ns) {
                ++*ret_calls;
                *ret_failed += call->status < 0;
                *ret_reads += call->op <= HISTORY_LOADED && call->number != 0;
            }
        }
    }
}

/* ------------------------------------------------------------------ check */

/* A moment and the latest other one so far, sorted by the first. */
struct mark {
    int64_t at_ns;
    int64_t latest_ns;
};

enum { ROOMS = 5 };

struct checker {
    const struct history_options *options;
    struct history_verdict *verdict;
    struct history_call *all; /* of all threads, by key, then by start */
    size_t count;
    struct history_call *writes; /* by number */
    size_t write_count;
    struct mark *room;    /* for ROOMS times all calls: */
    struct mark *done;    /* of one key: acknowledged writes, by their ends; latest start */
    struct mark *stored;  /* the same of sets alone */
    struct mark *gone;    /* deletes, by their starts; latest end */
    struct mark *retaken; /* the same of what the journal may have deleted */
    struct mark *asked;   /* reads that were answered; both times negated: see first_after */
    size_t done_count, stored_count, gone_count, retaken_count, asked_count;
};

static bool is_write(const struct history_call *call)
{
    return call->op != HISTORY_READ && call->op != HISTORY_LOADED;
}

/* Whether it leaves its key in the journal: as in cache/away.h. */
static bool is_journalled(const struct history_call *write)
{
    bool nothing_was = write->op == HISTORY_ADD || write->op == HISTORY_FILL;
    return write->status < 0 && (write->outcome == LARDER_UNKNOWN || !nothing_was);
}

static int64_t effective_end(const struct history_call *write)
{
    return write->outcome == LARDER_UNKNOWN ? INT64_MAX : write->end_ns;
}

static void find(struct checker *checker, uint64_t *counter, const char *what,
                 const struct history_call *call)
{
    struct history_verdict *verdict = checker->verdict;
    ++*counter;
    if (verdict->first[0] == '\0') {
        snprintf(verdict->first, sizeof verdict->first,
                 "%s: thread %u, op %d, key %" PRIu64 ", owner %" PRIu64 ", number %" PRIx64
                 ", %s, %" PRId64 "..%" PRId64 " us",
                 what, call->thread, (int)call->op, call->key, call->owner, call->number,
                 larder_status_name(call->status), call->start_ns / 1000, call->end_ns / 1000);
    }
}

static int by_key(const void *left, const void *right)
{
    const struct history_call *a = left, *b = right;
    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    return (a->start_ns > b->start_ns) - (a->start_ns < b->start_ns);
}

static int by_number(const void *left, const void *right)
{
    const struct history_call *a = left, *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

static int by_time(const void *left, const void *right)
{
    const struct mark *a = left, *b = right;
    return (a->at_ns > b->at_ns) - (a->at_ns < b->at_ns);
}

static void sort_marks(struct mark *marks, size_t count)
{
    if (count != 0) {
        qsort(marks, count, sizeof *marks, by_time);
    }
    for (size_t i = 1; i < count; i++) {
        if (marks[i].latest_ns < marks[i - 1].latest_ns) {
            marks[i].latest_ns = marks[i - 1].latest_ns;
        }
    }
}

/* The latest among the marks before a moment; INT64_MIN: there is none. */
static int64_t latest_before(const struct mark *marks, size_t count, int64_t at_ns)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (marks[middle].at_ns < at_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? INT64_MIN : marks[low - 1].latest_ns;
}

/* The earliest end of what began at that moment or later; INT64_MAX: there is
 * none. The marks' times are negated, so that the last is the first. */
static int64_t first_after(const struct mark *negated, size_t count, int64_t at_ns)
{
    int64_t latest = latest_before(negated, count, -at_ns + 1);
    return latest == INT64_MIN ? INT64_MAX : -latest;
}

static void check_value(struct checker *checker, const struct history_call *read)
{
    const struct history_call *write = checker->write_count == 0
                                           ? NULL
                                           : bsearch(read, checker->writes, checker->write_count,
                                                     sizeof *checker->writes, by_number);
    if (read->owner != read->key) {
        find(checker, &checker->verdict->wrong, "a value under another key", read);
    } else if (write == NULL) {
        find(checker, &checker->verdict->wrong, "a value that nobody wrote", read);
    } else if (write->key != read->key || write->start_ns > read->end_ns) {
        find(checker, &checker->verdict->wrong, "a value of another key's or time's write", read);
    } else if (read->op == HISTORY_READ && write->outcome == LARDER_NOT_APPLIED &&
               !checker->options->may_lie) {
        find(checker, &checker->verdict->wrong, "a value whose write did not happen", read);
    } else if (!checker->options->may_return &&
               latest_before(checker->done, checker->done_count, read->start_ns) >
                   effective_end(write)) {
        find(checker, &checker->verdict->stale, "a value that was replaced before", read);
    }
}

static void check_miss(struct checker *checker, const struct history_call *read)
{
    int64_t stored = latest_before(checker->stored, checker->stored_count, read->start_ns);
    int64_t gone = latest_before(checker->gone, checker->gone_count, read->end_ns);
    int64_t retaken = latest_before(checker->retaken, checker->retaken_count, read->end_ns);
    if (checker->options->may_forget || stored == INT64_MIN || gone >= stored) {
        return;
    }
    if (checker->options->journal && retaken >= stored) {
        checker->verdict->retaken++;
    } else {
        find(checker, &checker->verdict->lost, "an acknowledged value is not there", read);
    }
}

static void mark_write(struct checker *checker, const struct history_call *call)
{
    struct mark done = {.at_ns = call->end_ns, .latest_ns = call->start_ns};
    if (call->op == HISTORY_DELETE && call->outcome != LARDER_NOT_APPLIED) {
        checker->gone[checker->gone_count++] =
            (struct mark){.at_ns = call->start_ns, .latest_ns = effective_end(call)};
    }
    if (call->outcome == LARDER_APPLIED) {
        checker->done[checker->done_count++] = done;
        if (call->op != HISTORY_DELETE) {
            checker->stored[checker->stored_count++] = done;
        }
    }
}

/* From when to when the journal may have deleted what these failed to write. */
static void mark_journalled(struct checker *checker, const struct history_call *calls, size_t count)
{
    checker->asked_count = checker->retaken_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (calls[i].op == HISTORY_READ && calls[i].status >= 0) {
            checker->asked[checker->asked_count++] =
                (struct mark){.at_ns = -calls[i].start_ns, .latest_ns = -calls[i].end_ns};
        }
    }
    sort_marks(checker->asked, checker->asked_count);
    for (size_t i = 0; i < count; i++) {
        if (is_write(&calls[i]) && is_journalled(&calls[i])) {
            checker->retaken[checker->retaken_count++] = (struct mark){
                .at_ns = calls[i].start_ns,
                .latest_ns = first_after(checker->asked, checker->asked_count, calls[i].end_ns)};
        }
    }
    sort_marks(checker->retaken, checker->retaken_count);
}

static void check_key(struct checker *checker, const struct history_call *calls, size_t count)
{
    checker->done_count = checker->stored_count = checker->gone_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_write(&calls[i])) {
            mark_write(checker, &calls[i]);
        }
    }
    mark_journalled(checker, calls, count);
    sort_marks(checker->done, checker->done_count);
    sort_marks(checker->stored, checker->stored_count);
    sort_marks(checker->gone, checker->gone_count);
    for (size_t i = 0; i < count; i++) {
        if (!is_write(&calls[i]) && calls[i].status >= 0) {
            if (calls[i].number != 0) {
                check_value(checker, &calls[i]);
            } else {
                check_miss(checker, &calls[i]);
            }
        }
    }
}

static int64_t due_ns(const struct history_options *options, const struct history_call *call)
{
    int64_t due_ns = call->start_ns + options->deadline_ms * MS_NS;
    for (size_t i = 0; i < options->stop_count; i++) {
        const struct history_stop *stop = &options->stops[i];
        if (call->start_ns < stop->to_ns && due_ns >= stop->from_ns && due_ns < stop->to_ns) {
            due_ns = stop->to_ns;
        }
    }
    return due_ns;
}

static void check_call(struct checker *checker, const struct history_call *call)
{
    struct history_verdict *verdict = checker->verdict;
    int64_t deadline_ms = checker->options->deadline_ms;
    int64_t overrun_ms = (call->end_ns - due_ns(checker->options, call)) / MS_NS;
    verdict->calls++;
    verdict->reads += !is_write(call) && call->number != 0;
    verdict->failed += call->status < 0;
    verdict->unknown += is_write(call) && call->outcome == LARDER_UNKNOWN;
    if (call->op == HISTORY_ADD && call->status == LARDER_DENIED && !checker->options->may_lie) {
        find(checker, &verdict->twice, "applied twice", call);
    }
    if (deadline_ms != 0 && overrun_ms > verdict->overrun_ms) {
        verdict->overrun_ms = overrun_ms;
    }
    if (deadline_ms != 0 && overrun_ms > checker->options->slack_ms) {
        find(checker, &verdict->late, "longer than its deadline", call);
    }
}

static bool gather(struct checker *checker, const struct history *history)
{
    size_t total = 1;
    for (unsigned i = 0; i < history->threads; i++) {
        total += history->logs[i].count;
    }
    checker->all = calloc(total, sizeof *checker->all);
    checker->writes = calloc(total, sizeof *checker->writes);
    checker->room = calloc(total, ROOMS * sizeof *checker->room);
    if (checker->all == NULL || checker->writes == NULL || checker->room == NULL) {
        return false;
    }
    struct mark **rooms[ROOMS] = {&checker->done, &checker->stored, &checker->gone,
                                  &checker->retaken, &checker->asked};
    for (size_t i = 0; i < ROOMS; i++) {
        *rooms[i] = checker->room + i * total;
    }
    for (unsigned i = 0; i < history->threads; i++) {
        const struct history_log *log = &history->logs[i];
        for (size_t k = 0; k < log->count; k++) {
            checker->all[checker->count++] = log->calls[k];
            if (is_write(&log->calls[k]) && log->calls[k].op != HISTORY_DELETE) {
                checker->writes[checker->write_count++] = log->calls[k];
            }
        }
    }
    qsort(checker->all, checker->count, sizeof *checker->all, by_key);
    qsort(checker->writes, checker->write_count, sizeof *checker->writes, by_number);
    return true;
}

bool history_check(const struct history *history, const struct history_options *options,
                   struct history_verdict *ret_verdict)
{
    struct checker checker = {.options = options, .verdict = ret_verdict};
    *ret_verdict = (struct history_verdict){.overrun_ms = INT64_MIN};
    bool ok = gather(&checker, history);
    for (size_t from = 0, to; ok && from < checker.count; from = to) {
        for (to = from; to < checker.count && checker.all[to].key == checker.all[from].key; to++) {
            check_call(&checker, &checker.all[to]);
        }
        check_key(&checker, &checker.all[from], to - from);
    }
    free(checker.all);
    free(checker.writes);
    free(checker.room);
    const struct history_verdict *v = ret_verdict;
    return ok && v->wrong + v->stale + v->lost + v->twice + v->late == 0;
}
