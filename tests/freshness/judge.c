/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include <stdlib.h>
#include <string.h>

/* Changes, in the order of their ends, each with the highest version up to it. */
struct changes {
    struct ground_record *of;
    size_t count;
};

static unsigned subject_of(const struct ground_record *record)
{
    return record->kind_and_subject & 0xffff;
}

static enum ground_kind kind_of(const struct ground_record *record)
{
    return record->kind_and_subject >> 16;
}

static int by_subject_and_end(const void *a, const void *b)
{
    const struct ground_record *x = a;
    const struct ground_record *y = b;
    if (subject_of(x) != subject_of(y)) {
        return subject_of(x) < subject_of(y) ? -1 : 1;
    }
    return x->end_ns < y->end_ns ? -1 : x->end_ns > y->end_ns;
}

typedef void each_record(void *user, const struct ground_record *record);

static void for_each(struct ground *ground, enum ground_kind kind, each_record *visit, void *user)
{
    struct ground_thread *thread = &ground->threads[0][0];
    for (size_t i = 0; i < GROUND_PROCESSES * GROUND_THREADS; i++, thread++) {
        unsigned used = atomic_load_explicit(&thread->used, memory_order_acquire);
        for (unsigned r = 0; r < used; r++) {
            if (kind_of(&thread->records[r]) == kind) {
                visit(user, &thread->records[r]);
            }
        }
    }
}

static void count_one(void *user, const struct ground_record *record)
{
    (void)record;
    ++*(size_t *)user;
}

static void collect_one(void *user, const struct ground_record *record)
{
    struct changes *changes = user;
    changes->of[changes->count++] = *record;
}

/* Where each subject's changes begin; the last element is where the last one's end. */
static void index_changes(const struct changes *changes, size_t starts[GROUND_SUBJECTS + 1])
{
    size_t at = 0;
    for (unsigned subject = 0; subject <= GROUND_SUBJECTS; subject++) {
        while (at < changes->count && subject_of(&changes->of[at]) < subject) {
            at++;
        }
        starts[subject] = at;
    }
}

/* Makes each change's version the highest of those that had ended with it, or before. */
static void raise_versions(const struct judge *judge, struct changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        struct ground_record *change = &changes->of[i];
        bool first = i == 0 || subject_of(change - 1) != subject_of(change);
        uint32_t before = first ? judge->floors[subject_of(change)] : change[-1].version;
        change->version = change->version > before ? change->version : before;
    }
}

struct sitting {
    struct judge *judge;
    const struct changes *changes;
    size_t starts[GROUND_SUBJECTS + 1];
};

/* The highest version that was invalidated before a read started. */
static uint32_t floor_of(const struct sitting *sitting, const struct ground_record *read)
{
    unsigned subject = subject_of(read);
    size_t low = sitting->starts[subject];
    size_t high = sitting->starts[subject + 1];
    size_t first = low;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sitting->changes->of[middle].end_ns < read->start_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == first ? sitting->judge->floors[subject] : sitting->changes->of[low - 1].version;
}

static void judge_one(void *user, const struct ground_record *read)
{
    struct sitting *sitting = user;
    struct judge *judge = sitting->judge;
    uint32_t floor = floor_of(sitting, read);
    judge->judged++;
    if (read->version < floor) {
        judge->violations++;
        judge->worst = *read;
        judge->worst_floor = floor;
    }
}

static void drop_records(struct ground *ground)
{
    struct ground_thread *thread = &ground->threads[0][0];
    for (size_t i = 0; i < GROUND_PROCESSES * GROUND_THREADS; i++, thread++) {
        atomic_store_explicit(&thread->used, 0, memory_order_release);
    }
}

bool judge_round(struct judge *judge, struct ground *ground)
{
    size_t count = 0;
    struct changes changes = {.count = 0};
    struct sitting sitting = {.judge = judge, .changes = &changes};
    for_each(ground, GROUND_CHANGE, count_one, &count);
    changes.of = malloc((count + 1) * sizeof *changes.of);
    if (changes.of == NULL) {
        return false;
    }
    for_each(ground, GROUND_CHANGE, collect_one, &changes);
    qsort(changes.of, changes.count, sizeof *changes.of, by_subject_and_end);
    raise_versions(judge, &changes);
    index_changes(&changes, sitting.starts);
    for_each(ground, GROUND_READ, judge_one, &sitting);
    for (unsigned subject = 0; subject < GROUND_SUBJECTS; subject++) {
        if (sitting.starts[subject + 1] > sitting.starts[subject]) {
            judge->floors[subject] = changes.of[sitting.starts[subject + 1] - 1].version;
        }
    }
    free(changes.of);
    drop_records(ground);
    return true;
}
