/* SPDX-License-Identifier: MIT */
#include "sorts.h"

#include <stdio.h>
#include <unistd.h>

/* splitmix64 (Steele, Lea and Flood, 2014). */
uint64_t worker_random(struct worker *worker)
{
    uint64_t z = worker->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

unsigned worker_below(struct worker *worker, unsigned bound)
{
    return (unsigned)(worker_random(worker) % bound);
}

/* ----------------------------------------------------------------- loaders */

enum { SKIPS = 20 }; /* one in so many loads is not to be stored */

static uint32_t version_of(const struct ground *ground, unsigned subject)
{
    return atomic_load_explicit(&ground->versions[subject], memory_order_seq_cst);
}

/* A query takes its time, on either side of the moment that it sees. */
static void take_time(struct worker *worker)
{
    uint32_t most_us = worker->ground->load_us;
    if (most_us != 0 && worker_below(worker, 4) != 0) {
        usleep(worker_below(worker, most_us));
    }
}

/* False: the database is out. */
static bool begin_query(struct larder_load *load, struct worker *worker)
{
    worker->thread->counts.loads++;
    take_time(worker);
    if (worker_below(worker, SKIPS) == 0) {
        larder_load_skip(load);
    }
    return !atomic_load_explicit(&worker->ground->outage, memory_order_relaxed);
}

static enum larder_status read_row(const struct worker *worker, enum ground_sort sort, uint32_t id,
                                   struct fresh_row *out)
{
    const struct ground *ground = worker->ground;
    bool may_be_gone = sort == GROUND_NOTE || sort == GROUND_POST;
    *out = (struct fresh_row){.id = id,
                              .row = version_of(ground, ground_row(sort, id)),
                              .of_group = version_of(ground, GROUND_GROUP + ground_group(id)),
                              .of_all = version_of(ground, GROUND_ALL)};
    return may_be_gone && out->row % GROUND_GONE == 0 ? LARDER_ABSENT : LARDER_OK;
}

static enum larder_status query(struct larder_load *load, struct worker *worker,
                                enum ground_sort sort, uint32_t id, struct fresh_row *out)
{
    if (!begin_query(load, worker)) {
        return LARDER_E_UNAVAILABLE;
    }
    enum larder_status status = read_row(worker, sort, id, out);
    take_time(worker);
    return status;
}

/* What the values of a sort need besides their row; what a loader of many says is for all. */
static void finish_card(struct fresh_card *out)
{
    out->id = out->value.id;
    out->group = ground_group(out->value.id);
}

#define finish_item(out) ((void)(out))
#define finish_page(out) ((void)(out))
#define finish_slip(out) ((void)(out))
#define finish_note(out) ((void)(out))
#define finish_post(out) ((void)(out))

static void tag(enum ground_sort sort, struct larder_load *load, unsigned first, unsigned count)
{
    static const char *const groups[GROUND_GROUPS] = {"group:0", "group:1", "group:2", "group:3"};
    if (sort != GROUND_SLIP) {
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        larder_load_tag(load, groups[first + i]);
    }
    larder_load_tag(load, "everything");
}

/* --------------------------------------------------------- one sort's calls */

#define PARAMS_BY_ID uint32_t id
#define KEY_BY_ID row
#define USE_BY_ID (void)0
#define PARAMS_BY_GROUP uint32_t group, uint32_t id
#define KEY_BY_GROUP ground_group(row), row
#define USE_BY_GROUP (void)group

/* NOLINTBEGIN(bugprone-macro-parentheses): names of functions and lists of arguments */
#define SORT(name, number, keyed)                                                                  \
    static enum larder_status load_##name(struct larder_load *load, void *user, PARAMS_##keyed,    \
                                          struct fresh_##name *out)                                \
    {                                                                                              \
        USE_##keyed;                                                                               \
        enum larder_status status = query(load, user, number, id, &out->value);                    \
        tag(number, load, ground_group(id), 1);                                                    \
        finish_##name(out);                                                                        \
        return status;                                                                             \
    }                                                                                              \
    static enum larder_status load_many_##name(                                                    \
        struct larder_load *load, void *user, const struct fresh_##name##_key *keys, size_t count, \
        struct fresh_##name *out, enum larder_status *each)                                        \
    {                                                                                              \
        struct worker *worker = user;                                                              \
        if (!begin_query(load, worker)) {                                                          \
            return LARDER_E_UNAVAILABLE;                                                           \
        }                                                                                          \
        for (size_t i = 0; i < count; i++) {                                                       \
            each[i] = read_row(worker, number, keys[i].id, &out[i].value);                         \
            finish_##name(&out[i]);                                                                \
        }                                                                                          \
        tag(number, load, 0, GROUND_GROUPS);                                                       \
        take_time(worker);                                                                         \
        return LARDER_OK;                                                                          \
    }                                                                                              \
    static void give_##name(enum larder_status status, const struct fresh_##name *value,           \
                            struct seen *ret_seen)                                                 \
    {                                                                                              \
        *ret_seen = (struct seen){.status = status};                                               \
        if (value != NULL) {                                                                       \
            ret_seen->row = value->value;                                                          \
            fresh_##name##_release(value);                                                         \
        }                                                                                          \
    }                                                                                              \
    static void get_##name(struct worker *worker, unsigned row, struct seen *ret_seen)             \
    {                                                                                              \
        const struct fresh_##name *value;                                                          \
        enum larder_status status = fresh_##name##_cache_get(worker->cache, KEY_##keyed, &value);  \
        give_##name(status, value, ret_seen);                                                      \
    }                                                                                              \
    static void get_or_load_##name(struct worker *worker, unsigned row, struct seen *ret_seen)     \
    {                                                                                              \
        const struct fresh_##name *value;                                                          \
        enum larder_status status = fresh_##name##_cache_get_or_load(worker->cache, KEY_##keyed,   \
                                                                     load_##name, worker, &value); \
        give_##name(status, value, ret_seen);                                                      \
    }                                                                                              \
    static void refresh_##name(struct worker *worker, unsigned row, struct seen *ret_seen)         \
    {                                                                                              \
        const struct fresh_##name *value;                                                          \
        enum larder_status status =                                                                \
            fresh_##name##_cache_refresh(worker->cache, KEY_##keyed, load_##name, worker, &value); \
        give_##name(status, value, ret_seen);                                                      \
    }                                                                                              \
    static void get_many_##name(struct worker *worker, unsigned first, bool loads,                 \
                                struct seen ret_seen[GROUND_ROWS])                                 \
    {                                                                                              \
        struct fresh_##name##_key keys[GROUND_ROWS];                                               \
        const struct fresh_##name *values[GROUND_ROWS];                                            \
        enum larder_status each[GROUND_ROWS];                                                      \
        for (unsigned i = 0; i < GROUND_ROWS; i++) {                                               \
            unsigned row = (first + i) % GROUND_ROWS;                                              \
            keys[i] = (struct fresh_##name##_key){KEY_##keyed};                                    \
        }                                                                                          \
        if (loads) {                                                                               \
            larder_ignore(fresh_##name##_cache_get_many_or_load(                                   \
                worker->cache, keys, GROUND_ROWS, load_many_##name, worker, values, each));        \
        } else {                                                                                   \
            larder_ignore(                                                                         \
                fresh_##name##_cache_get_many(worker->cache, keys, GROUND_ROWS, values, each));    \
        }                                                                                          \
        for (unsigned i = 0; i < GROUND_ROWS; i++) {                                               \
            give_##name(each[i], values[i], &ret_seen[i]);                                         \
        }                                                                                          \
    }                                                                                              \
    static void by_hand_##name(struct worker *worker, unsigned row, struct seen *ret_seen)         \
    {                                                                                              \
        struct fresh_##name loaded = {.value = {0}};                                               \
        get_##name(worker, row, ret_seen);                                                         \
        if (ret_seen->status == LARDER_OK) {                                                       \
            return;                                                                                \
        }                                                                                          \
        ret_seen->status = query(NULL, worker, number, row, &loaded.value);                        \
        ret_seen->row = loaded.value;                                                              \
        if (ret_seen->status == LARDER_OK) {                                                       \
            larder_ignore(fresh_##name##_cache_set(worker->cache, KEY_##keyed, &loaded));          \
        }                                                                                          \
    }                                                                                              \
    static enum larder_status drop_##name(struct worker *worker, unsigned row)                     \
    {                                                                                              \
        return fresh_##name##_cache_delete(worker->cache, KEY_##keyed);                            \
    }                                                                                              \
    static void drop_many_##name(struct worker *worker, unsigned first, unsigned count,            \
                                 enum larder_status ret_each[GROUND_ROWS])                         \
    {                                                                                              \
        struct fresh_##name##_key keys[GROUND_ROWS];                                               \
        for (unsigned i = 0; i < count; i++) {                                                     \
            unsigned row = (first + i) % GROUND_ROWS;                                              \
            keys[i] = (struct fresh_##name##_key){KEY_##keyed};                                    \
        }                                                                                          \
        larder_ignore(fresh_##name##_cache_delete_many(worker->cache, keys, count, ret_each));     \
    }                                                                                              \
    static enum larder_status soften_##name(struct worker *worker, unsigned row)                   \
    {                                                                                              \
        return fresh_##name##_cache_expire_soft(worker->cache, KEY_##keyed);                       \
    }                                                                                              \
    static enum larder_status drop_all_##name(struct worker *worker)                               \
    {                                                                                              \
        return fresh_##name##_cache_delete_all(worker->cache);                                     \
    }                                                                                              \
    static enum larder_status put_in_##name(struct fresh_batch *batch, unsigned row)               \
    {                                                                                              \
        return fresh_##name##_batch_delete(batch, KEY_##keyed);                                    \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

#define CALLS(name)                                                                      \
    {                                                                                    \
        get_##name, get_or_load_##name, refresh_##name, get_many_##name, by_hand_##name, \
            drop_##name, drop_many_##name, soften_##name, drop_all_##name, put_in_##name \
    }

SORT(item, GROUND_ITEM, BY_ID)
SORT(page, GROUND_PAGE, BY_GROUP)
SORT(card, GROUND_CARD, BY_ID)
SORT(slip, GROUND_SLIP, BY_ID)
SORT(note, GROUND_NOTE, BY_ID)
SORT(post, GROUND_POST, BY_GROUP)

const struct sort sorts[GROUND_SORTS] = {
    [GROUND_ITEM] = CALLS(item), [GROUND_PAGE] = CALLS(page), [GROUND_CARD] = CALLS(card),
    [GROUND_SLIP] = CALLS(slip), [GROUND_NOTE] = CALLS(note), [GROUND_POST] = CALLS(post),
};

void sorts_register(struct worker *background)
{
    larder_ignore(fresh_note_cache_on_load(background->cache, load_note, background));
    larder_ignore(fresh_post_cache_on_load(background->cache, load_post, background));
}
