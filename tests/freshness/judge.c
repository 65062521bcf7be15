/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include <stdlib.h>
#include <string.h>

/* A change, for whom, and the highest version up to it. */
struct change {
    uint32_t whom; /* everybody, or one process and life */
    uint32_t subject;
    uint32_t version;
    int64_t end_ns;
};

enum { EVERYBODY };

struct sitting {
    struct judge *judge;
    struct change *changes; /* by whom, subject, end */
    size_t count;
    size_t public_count;                /* those for everybody: the first */
    size_t starts[GROUND_SUBJECTS + 1]; /* of them, by subject; the last is where all end */
};

static uint32_t whom_of(unsigned process, const struct ground_record *record)
{
    return (process + 1) << 16 | record->life;
}

static int compare(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int by_whom_subject_and_end(const void *a, const void *b)
{
    const struct change *x = a;
    const struct change *y = b;
    int order = compare(x->whom, y->whom);
    order = order != 0 ? order : compare(x->subject, y->subject);
    return order != 0 ? order : compare(x->end_ns, y->end_ns);
}

typedef void each_record(struct sitting *sitting, unsigned process,
                         const struct ground_record *record);

static void for_each(struct sitting *sitting, struct ground *ground, each_record *visit)
{
    for (unsigned p = 0; p < GROUND_PROCESSES; p++) {
        for (unsigned t = 0; t < GROUND_SLOTS; t++) {
            struct ground_thread *thread = &ground->threads[p][t];
            unsigned used = atomic_load_explicit(&thread->used, memory_order_acquire);
            for (unsigned r = 0; r < used; r++) {
                visit(sitting, p, &thread->records[r]);
            }
        }
    }
}

/* ----------------------------------------------------------------- changes */

static bool is_change(const struct ground_record *record)
{
    return record->kind == GROUND_CHANGE || record->kind == GROUND_FAILED;
}

static void count_change(struct sitting *sitting, unsigned process,
                         const struct ground_record *record)
{
    (void)process;
    sitting->count += is_change(record);
    sitting->public_count += record->kind == GROUND_CHANGE;
}

static void collect_change(struct sitting *sitting, unsigned process,
                           const struct ground_record *record)
{
    if (is_change(record)) {
        sitting->changes[sitting->count++] = (struct change){
            .whom = record->kind == GROUND_CHANGE ? EVERYBODY : whom_of(process, record),
            .subject = record->subject,
            .version = record->version,
            .end_ns = record->end_ns};
    }
}

/* What a subject had been invalidated up to before this round. */
static uint32_t floor_before(const struct judge *judge, uint32_t whom, unsigned subject)
{
    if (whom == EVERYBODY) {
        return judge->floors[subject];
    }
    unsigned process = (whom >> 16) - 1;
    return judge->own[process].life == (uint16_t)whom ? judge->own[process].floors[subject] : 0;
}

/* Makes each change's version the highest of those that had ended with it, or before. */
static void raise_versions(struct sitting *sitting)
{
    for (size_t i = 0; i < sitting->count; i++) {
        struct change *change = &sitting->changes[i];
        bool first =
            i == 0 || change[-1].whom != change->whom || change[-1].subject != change->subject;
        uint32_t before = first ? floor_before(sitting->judge, change->whom, change->subject)
                                : change[-1].version;
        change->version = change->version > before ? change->version : before;
    }
}

static void index_changes(struct sitting *sitting)
{
    size_t at = 0;
    for (unsigned subject = 0; subject <= GROUND_SUBJECTS; subject++) {
        while (at < sitting->public_count && sitting->changes[at].subject < subject) {
            at++;
        }
        sitting->starts[subject] = at;
    }
}

/* ------------------------------------------------------------------- reads */

/* The last change before `start_ns` among those from low to high, which are of one subject
 * for one whom; NULL: none. */
static const struct change *last_before(const struct sitting *sitting, size_t low, size_t high,
                                        int64_t start_ns)
{
    size_t first = low;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sitting->changes[middle].end_ns < start_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == first ? NULL : &sitting->changes[low - 1];
}

static uint32_t public_floor(const struct sitting *sitting, unsigned subject, int64_t start_ns)
{
    const struct change *last =
        last_before(sitting, sitting->starts[subject], sitting->starts[subject + 1], start_ns);
    return last != NULL ? last->version : sitting->judge->floors[subject];
}

/* Few rounds have any. */
static uint32_t own_floor(const struct sitting *sitting, uint32_t whom, unsigned subject,
                          int64_t start_ns)
{
    uint32_t floor = floor_before(sitting->judge, whom, subject);
    for (size_t i = sitting->public_count; i < sitting->count; i++) {
        const struct change *change = &sitting->changes[i];
        if (change->whom == whom && change->subject == subject && change->end_ns < start_ns) {
            floor = change->version;
        }
    }
    return floor;
}

/* Whether a read of a subject that gave this version is in order. */
static bool fits(const struct ground_record *read, uint32_t version, uint32_t floor)
{
    if (read->kind == GROUND_ABSENT) {
        return version / GROUND_GONE * GROUND_GONE >= floor;
    }
    return version >= floor;
}

static bool judge_subject(const struct sitting *sitting, unsigned process,
                          const struct ground_record *read, unsigned subject, uint32_t version)
{
    struct judge *judge = sitting->judge;
    uint32_t floor = public_floor(sitting, subject, read->start_ns);
    bool own = fits(read, version, floor);
    if (own) {
        floor = own_floor(sitting, whom_of(process, read), subject, read->start_ns);
        if (fits(read, version, floor)) {
            return true;
        }
    }
    judge->worst = *read;
    judge->worst_subject = subject;
    judge->worst_floor = floor;
    judge->worst_process = process;
    judge->worst_is_own = own;
    return false;
}

static void judge_read(struct sitting *sitting, unsigned process,
                       const struct ground_record *record)
{
    struct judge *judge = sitting->judge;
    if (is_change(record)) {
        return;
    }
    unsigned subject = record->subject;
    bool good = judge_subject(sitting, process, record, subject, record->version);
    if (record->kind != GROUND_STALE) {
        good &= judge_subject(sitting, process, record, GROUND_SOFT + subject, record->version);
    }
    if (record->kind != GROUND_ABSENT && ground_has_group(subject)) {
        good &= judge_subject(sitting, process, record, GROUND_GROUP + ground_group(subject),
                              record->of_group);
        good &= judge_subject(sitting, process, record, GROUND_ALL, record->of_all);
    }
    judge->judged++;
    judge->stale += record->kind == GROUND_STALE;
    judge->absent += record->kind == GROUND_ABSENT;
    judge->violations += !good;
}

/* ------------------------------------------------------------------ a round */

/* For the reads of the rounds to come. */
static void keep_floors(struct sitting *sitting)
{
    struct judge *judge = sitting->judge;
    for (size_t i = 0; i < sitting->count; i++) {
        const struct change *change = &sitting->changes[i];
        if (change->whom == EVERYBODY) {
            judge->floors[change->subject] = change->version;
            continue;
        }
        unsigned process = (change->whom >> 16) - 1;
        if (judge->own[process].life != (uint16_t)change->whom) {
            memset(&judge->own[process], 0, sizeof judge->own[process]);
            judge->own[process].life = (uint16_t)change->whom;
        }
        judge->own[process].floors[change->subject] = change->version;
    }
}

static void drop_records(struct ground *ground)
{
    for (unsigned p = 0; p < GROUND_PROCESSES; p++) {
        for (unsigned t = 0; t < GROUND_SLOTS; t++) {
            atomic_store_explicit(&ground->threads[p][t].used, 0, memory_order_release);
        }
    }
}

bool judge_round(struct judge *judge, struct ground *ground)
{
    struct sitting sitting = {.judge = judge};
    for_each(&sitting, ground, count_change);
    sitting.changes = malloc((sitting.count + 1) * sizeof *sitting.changes);
    if (sitting.changes == NULL) {
        return false;
    }
    sitting.count = 0;
    for_each(&sitting, ground, collect_change);
    qsort(sitting.changes, sitting.count, sizeof *sitting.changes, by_whom_subject_and_end);
    raise_versions(&sitting);
    index_changes(&sitting);
    for_each(&sitting, ground, judge_read);
    keep_floors(&sitting);
    free(sitting.changes);
    drop_records(ground);
    return true;
}
