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

static enum larder_status query(struct larder_load *load, struct worker *worker,
                                enum ground_sort sort, uint32_t id, struct fresh_row *out)
{
    const struct ground *ground = worker->ground;
    worker->thread->counts.loads++;
    take_time(worker);
    if (atomic_load_explicit(&ground->outage, memory_order_relaxed)) {
        return LARDER_E_UNAVAILABLE;
    }
    *out = (struct fresh_row){.id = id,
                              .row = version_of(ground, ground_row(sort, id)),
                              .of_group = version_of(ground, GROUND_GROUP + ground_group(id)),
                              .of_all = version_of(ground, GROUND_ALL)};
    if (worker_below(worker, SKIPS) == 0) {
        larder_load_skip(load);
    }
    take_time(worker);
    bool may_be_gone = sort == GROUND_NOTE || sort == GROUND_POST;
    return may_be_gone && out->row % GROUND_GONE == 0 ? LARDER_ABSENT : LARDER_OK;
}

static void finish_card(struct larder_load *load, struct fresh_card *out)
{
    (void)load;
    out->id = out->value.id;
    out->group = ground_group(out->value.id);
}

static void finish_slip(struct larder_load *load, const struct fresh_slip *out)
{
    char tag[32];
    (void)snprintf(tag, sizeof tag, "group:%u", ground_group(out->value.id));
    larder_load_tag(load, tag);
    larder_load_tag(load, "everything");
}

#define NO_FINISH(load, out) ((void)(load), (void)(out))

/* --------------------------------------------------------- one sort's calls */

#define PARAMS_BY_ID uint32_t id
#define KEY_BY_ID row
#define USE_BY_ID (void)0
#define PARAMS_BY_GROUP uint32_t group, uint32_t id
#define KEY_BY_GROUP ground_group(row), row
#define USE_BY_GROUP (void)group

/* NOLINTBEGIN(bugprone-macro-parentheses): names of functions and lists of arguments */
#define SORT(name, number, keyed, finish)                                                          \
    static enum larder_status load_##name(struct larder_load *load, void *user, PARAMS_##keyed,    \
                                          struct fresh_##name *out)                                \
    {                                                                                              \
        USE_##keyed;                                                                               \
        enum larder_status status = query(load, user, number, id, &out->value);                    \
        finish(load, out);                                                                         \
        return status;                                                                             \
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
    static void get_many_##name(struct worker *worker, unsigned first,                             \
                                struct seen ret_seen[GROUND_ROWS])                                 \
    {                                                                                              \
        struct fresh_##name##_key keys[GROUND_ROWS];                                               \
        const struct fresh_##name *values[GROUND_ROWS];                                            \
        enum larder_status each[GROUND_ROWS];                                                      \
        for (unsigned i = 0; i < GROUND_ROWS; i++) {                                               \
            unsigned row = (first + i) % GROUND_ROWS;                                              \
            keys[i] = (struct fresh_##name##_key){KEY_##keyed};                                    \
        }                                                                                          \
        larder_ignore(                                                                             \
            fresh_##name##_cache_get_many(worker->cache, keys, GROUND_ROWS, values, each));        \
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

SORT(item, GROUND_ITEM, BY_ID, NO_FINISH)
SORT(page, GROUND_PAGE, BY_GROUP, NO_FINISH)
SORT(card, GROUND_CARD, BY_ID, finish_card)
SORT(slip, GROUND_SLIP, BY_ID, finish_slip)
SORT(note, GROUND_NOTE, BY_ID, NO_FINISH)
SORT(post, GROUND_POST, BY_GROUP, NO_FINISH)

const struct sort sorts[GROUND_SORTS] = {
    [GROUND_ITEM] = CALLS(item), [GROUND_PAGE] = CALLS(page), [GROUND_CARD] = CALLS(card),
    [GROUND_SLIP] = CALLS(slip), [GROUND_NOTE] = CALLS(note), [GROUND_POST] = CALLS(post),
};

void sorts_register(struct worker *background)
{
    larder_ignore(fresh_note_cache_on_load(background->cache, load_note, background));
    larder_ignore(fresh_post_cache_on_load(background->cache, load_post, background));
}
