/* SPDX-License-Identifier: MIT */
/*
 * get_many_or_load: one run of the loader for all that is missing.
 *
 * DESIGN. What get_many does not find is claimed, all of it in one trip (in two, where
 * there is something that is of no use). The loader runs once for what could be claimed,
 * and for what no server could be asked about; what it gives is stored in one trip. No claim is
 * held any more when the rest is waited for, which other callers are loading, or may give
 * stale: each of it as get_or_load does, which only rarely runs the loader again. So two
 * callers that want the same keys in any order never wait for each other.
 *
 * A key that is named several times is one row, the first of them.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/log.h"
#include "cache/fill.h"
#include "cache/index.h"
#include "codec/block.h"
#include "key/key.h"

enum {
    FILLS_MAX = 64, /* in one trip: each has room for its value and its versions' keys */
    KEYS_MAX_BYTES = 1 << 30
};

static const int64_t NS_PER_MS = 1000000;

/* A key that is missing. */
struct row {
    size_t i; /* the caller's element */
    size_t key_at;
    bool loads; /* in the one run */
    struct larder_view view;
    struct larder_sight before; /* what stood in the way of a claim */
};

struct job {
    struct larder_cache *cache;
    const struct larder_entity *entity;
    const struct larder_many_load *many;
    size_t count;
    unsigned char *ret_values; /* pointers, as bytes */
    enum larder_status *ret_each;
    int64_t deadline_ns;
    int64_t begun_ns; /* the loader; never 0 */
    enum larder_outcome outcome;

    struct larder_buffer keys; /* of rows, behind each other */
    size_t row_count;
    struct row *rows;
    size_t *row_of; /* the caller's element -> its row; SIZE_MAX: it needs none */
    size_t load_count;
    unsigned char *load_keys; /* of those that load, in the order of their rows */
    unsigned char *out;
    enum larder_status *each;
};

/* ----------------------------------------------------------------- answers */

static const void *value_of(const struct job *job, size_t i)
{
    const void *value;
    memcpy(&value, job->ret_values + i * sizeof value, sizeof value);
    return value;
}

static void settle(const struct job *job, size_t i, enum larder_status status, const void *value)
{
    memcpy(job->ret_values + i * sizeof value, &value, sizeof value);
    job->ret_each[i] = status;
}

static void worsen(struct job *job, enum larder_outcome outcome)
{
    if (outcome > job->outcome) {
        job->outcome = outcome;
    }
}

/* -------------------------------------------------------------- what is missing */

/* Whether the loader is to be asked: nothing was found, or the cache failed. What is wrong with a
 * key itself stays wrong. */
static bool is_missing(enum larder_status status)
{
    return status == LARDER_MISS ||
           (status < 0 && status != LARDER_E_ARG && status != LARDER_E_TOO_LARGE);
}

static void make_key(const struct job *job, size_t i, struct larder_key *ret_key)
{
    larder_key_init(ret_key, job->cache->prefix, job->cache->prefix_len);
    (void)job->many->build(ret_key, job->many->keys, i);
}

static bool add_row(struct job *job, size_t i)
{
    struct larder_key key;
    struct row *row = &job->rows[job->row_count];
    const struct larder_entity_state *state = larder_state_of(job->cache, job->entity);
    make_key(job, i, &key);
    *row = (struct row){.i = i, .key_at = job->keys.len};
    row->view.key_len = key.len;
    row->view.fingerprint = larder_fingerprint_of(job->cache, job->entity, &key);
    larder_version_ids_of_key(&job->cache->versions, &state->versions, job->entity->name, &key,
                              &row->view.implied);
    job->row_of[i] = job->row_count++;
    return larder_buffer_append(&job->keys, key.bytes, key.len);
}

/* Rows by their keys, and equal ones as the caller has them. */
static int by_key(const void *a, const void *b)
{
    const struct row *const *x = a;
    const struct row *const *y = b;
    const struct larder_view *v = &(*x)->view;
    const struct larder_view *w = &(*y)->view;
    if (v->fingerprint != w->fingerprint) {
        return v->fingerprint < w->fingerprint ? -1 : 1;
    }
    size_t len = v->key_len < w->key_len ? v->key_len : w->key_len;
    int order = memcmp(v->key, w->key, len);
    if (order == 0 && v->key_len != w->key_len) {
        order = v->key_len < w->key_len ? -1 : 1;
    }
    return order != 0 ? order : (*x)->i < (*y)->i ? -1 : 1;
}

static bool same_key(const struct row *a, const struct row *b)
{
    return a->view.key_len == b->view.key_len &&
           memcmp(a->view.key, b->view.key, a->view.key_len) == 0;
}

/* Lets each key have one row that loads. */
static bool choose_rows(struct job *job)
{
    const struct larder_allocator *allocator = &job->cache->allocator;
    struct row **sorted = larder_alloc(allocator, job->row_count * sizeof *sorted);
    if (sorted == NULL) {
        return false;
    }
    for (size_t r = 0; r < job->row_count; r++) {
        job->rows[r].view.key = job->keys.data + job->rows[r].key_at;
        sorted[r] = &job->rows[r];
    }
    qsort(sorted, job->row_count, sizeof *sorted, by_key);
    struct row *first = NULL;
    for (size_t r = 0; r < job->row_count; r++) {
        if (first == NULL || !same_key(first, sorted[r])) {
            first = sorted[r];
            first->loads = true;
        } else {
            job->row_of[sorted[r]->i] = (size_t)(first - job->rows);
        }
    }
    larder_free(allocator, sorted);
    return true;
}

static bool collect(struct job *job)
{
    const struct larder_allocator *allocator = &job->cache->allocator;
    size_t missing = 0;
    for (size_t i = 0; i < job->count; i++) {
        missing += is_missing(job->ret_each[i]);
    }
    job->row_of = larder_alloc(allocator, job->count * sizeof *job->row_of);
    job->rows = larder_alloc_zeroed(allocator, missing + 1, sizeof *job->rows);
    bool whole = job->row_of != NULL && job->rows != NULL;
    for (size_t i = 0; whole && i < job->count; i++) {
        job->row_of[i] = SIZE_MAX;
        whole = !is_missing(job->ret_each[i]) || add_row(job, i);
    }
    return whole && choose_rows(job);
}

/* ------------------------------------------------------------------ claims */

typedef bool row_test(const struct row *row);

/* Has an entry that is in the way and of no use: ended, or invalid. */
static bool is_in_the_way(const struct row *row)
{
    const struct larder_sight *sight = &row->view.sight;
    return row->loads && row->view.status >= 0 && !sight->won &&
           sight->kind == LARDER_SIGHT_NOTHING && sight->seen_total != 0 && !sight->claimed;
}

static bool is_to_load(const struct row *row)
{
    return row->loads;
}

/* Looks at those rows in one trip, claiming what is not there. */
static bool claim_rows(struct job *job, enum larder_look_how how, row_test *test)
{
    const struct larder_allocator *allocator = &job->cache->allocator;
    const struct larder_lease *lease = &larder_state_of(job->cache, job->entity)->lease;
    struct larder_view *views = larder_alloc(allocator, job->row_count * sizeof *views);
    const struct larder_look look = {.cache = job->cache,
                                     .entity = job->entity,
                                     .how = how,
                                     .lease_ms = larder_lease_ms(lease),
                                     .capture = true};
    size_t count = 0;
    if (views == NULL) {
        return false;
    }
    for (size_t r = 0; r < job->row_count; r++) {
        struct row *row = &job->rows[r];
        if (test(row)) {
            row->before = row->view.sight;
            row->view.before = how == LARDER_LOOK_CLAIM ? NULL : &row->before;
            row->view.token = larder_fetch_new_token();
            views[count++] = row->view;
        }
    }
    if (count != 0) {
        larder_look_many(&look, views, count, job->deadline_ns);
    }
    count = 0;
    for (size_t r = 0; r < job->row_count; r++) {
        struct row *row = &job->rows[r];
        if (test(row)) {
            row->view = views[count++];
        }
    }
    larder_free(allocator, views);
    return true;
}

/* Neither claimed, nor is there anything that could be waited for: there is no cache. */
static bool is_nowhere(const struct larder_sight *sight)
{
    return sight->kind == LARDER_SIGHT_NOTHING && sight->seen_total == 0 && !sight->claimed;
}

/* What the looks say: who is to be loaded in the one run, and what somebody has stored meanwhile. */
static void sort_out(struct job *job)
{
    for (size_t r = 0; r < job->row_count; r++) {
        struct row *row = &job->rows[r];
        struct larder_sight *sight = &row->view.sight;
        if (!row->loads) {
            continue;
        }
        row->loads = row->view.status < 0 || sight->won || is_nowhere(sight);
        if (!row->loads &&
            (sight->kind == LARDER_SIGHT_FRESH || sight->kind == LARDER_SIGHT_ABSENT)) {
            settle(job, row->i, larder_sight_status(sight->kind), sight->value);
        } else {
            larder_value_release(sight->value);
        }
        sight->value = NULL;
        job->load_count += row->loads;
    }
}

static bool claim(struct job *job)
{
    bool whole = claim_rows(job, LARDER_LOOK_CLAIM, is_to_load) &&
                 claim_rows(job, LARDER_LOOK_TAKE, is_in_the_way);
    if (whole) {
        sort_out(job);
    }
    return whole;
}

/* ----------------------------------------------------------------- the run */

static bool make_run(struct job *job)
{
    const struct larder_allocator *allocator = &job->cache->allocator;
    const size_t key_size = job->many->key_size;
    size_t n = 0;
    job->load_keys = larder_alloc(allocator, job->load_count * key_size);
    job->out = larder_alloc_zeroed(allocator, job->load_count, job->entity->value_size);
    job->each = larder_alloc(allocator, job->load_count * sizeof *job->each);
    if (job->load_keys == NULL || job->out == NULL || job->each == NULL) {
        return false;
    }
    for (size_t r = 0; r < job->row_count; r++) {
        const struct row *row = &job->rows[r];
        if (row->loads) {
            memcpy(job->load_keys + n * key_size,
                   (const unsigned char *)job->many->keys + row->i * key_size, key_size);
            job->entity->defaults(job->out + n * job->entity->value_size);
            job->each[n++] = LARDER_ABSENT;
        }
    }
    return true;
}

static bool has_token(const void *user, uint64_t token)
{
    const struct job *job = user;
    size_t r = 0;
    while (r < job->row_count && !(job->rows[r].loads && job->rows[r].view.sight.won &&
                                   job->rows[r].view.token == token)) {
        r++;
    }
    return r < job->row_count;
}

/* The loader's turn, and its answer: OK, or what it means for all that it was asked for. */
static enum larder_status run_loader(struct job *job, struct larder_load *load)
{
    const struct larder_many_load *many = job->many;
    const struct larder_clock *clock = &job->cache->clock;
    struct larder_entity_state *state = larder_state_of(job->cache, job->entity);
    struct larder_hold hold;
    larder_counter_add(&state->counters.loads, 1);
    bool entered = larder_load_gate_enter(&job->cache->loads, job->cache->backend, clock,
                                          larder_call_deadline_ns(job->cache));
    int64_t begun_ns = larder_clock_now_ns(clock);
    larder_hold_begin(&hold, has_token, job);
    enum larder_status status =
        many->load(load, many->call, job->load_keys, job->load_count, job->out, job->each);
    larder_hold_end(&hold);
    load->cost_ms = (larder_clock_now_ns(clock) - begun_ns) / NS_PER_MS;
    larder_load_gate_leave(&job->cache->loads, entered);
    larder_lease_loaded(&state->lease, load->cost_ms);
    status = larder_load_judge(load, job->entity, status);
    status = status == LARDER_ABSENT ? LARDER_OK : status; /* each says so for itself */
    if (status < 0) {
        larder_counter_add(&state->counters.load_errors, 1);
    }
    return status;
}

/* ----------------------------------------------------------------- storing */

/* One that was loaded, on its way into its entry. */
struct filling {
    struct row *row;
    struct larder_key key;
    struct larder_fetch fetch;
    struct larder_fill fill;
    struct larder_landing landing;
    bool planned;
};

/* As if its own get_or_load had claimed it. */
static void begin_filling(struct job *job, struct row *row, struct filling *filling)
{
    filling->row = row;
    make_key(job, row->i, &filling->key);
    larder_fetch_begin(&filling->fetch, job->cache, job->entity, &filling->key);
    filling->fetch.deadline_ns = job->deadline_ns;
    filling->fetch.token = row->view.status >= 0 && row->view.sight.won ? row->view.token : 0;
    filling->fetch.sight.as_of = row->view.sight.as_of;
}

static void end_filling(struct job *job, struct filling *filling)
{
    larder_fill_end(&filling->fill, filling->planned, &filling->landing);
    larder_fill_release(&filling->fill);
    worsen(job, filling->landing.outcome);
    settle(job, filling->row->i, filling->landing.status, filling->landing.value);
}

/* What a trip needs room for: an operation a row, and those of its pointers. */
struct trip {
    struct filling *fillings;
    struct larder_op *ops;
    struct larder_pointer_write *writes;
};

static bool has_pointers(const struct filling *filling)
{
    return filling->planned && filling->fill.op.kind == LARDER_OP_FILL &&
           filling->landing.value != NULL;
}

/* The operations of all, whose answers go back to their fillings, and then those of pointers. */
static void run_trip(const struct job *job, struct trip *trip, size_t count)
{
    struct filling *fillings = trip->fillings;
    size_t indexes = larder_index_count(job->cache, job->entity);
    size_t n = 0;
    size_t w = 0;
    for (size_t k = 0; k < count; k++) {
        if (fillings[k].planned) {
            fillings[k].fill.moment = larder_fill_moment(&fillings[k].fill);
            trip->ops[n++] = fillings[k].fill.op;
        }
    }
    for (size_t k = 0; k < count; k++) {
        for (size_t i = 0; i < indexes && has_pointers(&fillings[k]); i++) {
            n += larder_index_write(job->cache, job->entity, i, fillings[k].landing.value,
                                    fillings[k].fill.op.ttl_ms, &trip->writes[w++], &trip->ops[n]);
        }
    }
    if (n != 0) {
        job->cache->backend->table->run(job->cache->backend, trip->ops, n, job->deadline_ns);
    }
    n = 0;
    for (size_t k = 0; k < count; k++) {
        if (fillings[k].planned) {
            fillings[k].fill.op = trip->ops[n++];
        }
    }
}

/* What the run gave for some rows, into their entries, in one trip. */
static void fill_rows(struct job *job, const struct larder_load *load, enum larder_status status,
                      struct trip *trip, size_t from, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        struct filling *filling = &trip->fillings[k];
        enum larder_status each =
            status < 0 ? status : larder_load_judge(load, job->entity, job->each[from + k]);
        larder_fill_begin(&filling->fill, &filling->fetch, load);
        filling->fill.begun_ns = job->begun_ns;
        filling->planned =
            larder_fill_plan(&filling->fill, each, job->out + (from + k) * job->entity->value_size,
                             &filling->landing);
    }
    run_trip(job, trip, count);
    for (size_t k = 0; k < count; k++) {
        end_filling(job, &trip->fillings[k]);
    }
}

static bool fill_all(struct job *job, const struct larder_load *load, enum larder_status status)
{
    const struct larder_allocator *allocator = &job->cache->allocator;
    size_t room = job->load_count < FILLS_MAX ? job->load_count : FILLS_MAX;
    size_t indexes = larder_index_count(job->cache, job->entity);
    struct trip trip = {
        .fillings = larder_alloc(allocator, room * sizeof *trip.fillings),
        .ops = larder_alloc(allocator, room * (1 + indexes) * sizeof *trip.ops),
        .writes = larder_alloc(allocator, (room * indexes + 1) * sizeof *trip.writes),
    };
    bool whole = trip.fillings != NULL && trip.ops != NULL && trip.writes != NULL;
    size_t from = 0;
    size_t count = 0;
    for (size_t r = 0; whole && r < job->row_count; r++) {
        if (!job->rows[r].loads) {
            continue;
        }
        begin_filling(job, &job->rows[r], &trip.fillings[count++]);
        if (count == room || from + count == job->load_count) {
            fill_rows(job, load, status, &trip, from, count);
            from += count;
            count = 0;
        }
    }
    larder_free(allocator, trip.fillings);
    larder_free(allocator, trip.ops);
    larder_free(allocator, trip.writes);
    return whole;
}

/* Loads what is ours to load, and stores it. */
static bool load_rows(struct job *job)
{
    struct larder_load load;
    if (job->load_count == 0) {
        return true;
    }
    if (!make_run(job)) {
        return false;
    }
    int64_t now_ns = larder_clock_now_ns(&job->cache->clock);
    int64_t left_ns = job->deadline_ns - now_ns;
    job->begun_ns = now_ns != 0 ? now_ns : 1;
    larder_load_init(&load, job->cache, NULL);
    enum larder_status status = run_loader(job, &load);
    /* The loader's time is its own. */
    job->deadline_ns = larder_clock_now_ns(&job->cache->clock) + (left_ns > 0 ? left_ns : 0);
    bool whole = fill_all(job, &load, status);
    larder_load_release(&load);
    return whole;
}

/* ------------------------------------------------------------- one by one */

/* A key for itself, of a loader of many. */
struct single {
    const struct job *job;
    size_t i;
};

static enum larder_status load_single(struct larder_load *load, const void *call, void *out)
{
    const struct single *single = call;
    const struct larder_many_load *many = single->job->many;
    enum larder_status each = LARDER_ABSENT;
    enum larder_status status =
        many->load(load, many->call, (const unsigned char *)many->keys + single->i * many->key_size,
                   1, out, &each);
    return status == LARDER_OK ? each : status;
}

/* What others are loading, or what is stale: as get_or_load has it. */
static void load_the_rest(struct job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        struct larder_key key;
        const void *value = NULL;
        bool waits = job->row_of[i] != SIZE_MAX && job->rows[job->row_of[i]].i == i &&
                     is_missing(job->ret_each[i]) && !job->rows[job->row_of[i]].loads;
        if (!waits) {
            continue;
        }
        const struct single single = {job, i};
        make_key(job, i, &key);
        enum larder_status status =
            larder_fetch_through(job->cache, job->entity, &key, load_single, &single, &value);
        worsen(job, larder_outcome());
        settle(job, i, status, value);
    }
}

/* Keys that were named before have what their first has. */
static void answer_twins(const struct job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        if (job->row_of[i] == SIZE_MAX || job->rows[job->row_of[i]].i == i) {
            continue;
        }
        size_t first = job->rows[job->row_of[i]].i;
        const void *value = value_of(job, first);
        settle(job, i, job->ret_each[first], value != NULL ? larder_value_acquire(value) : NULL);
    }
}

/* ---------------------------------------------------------------- the call */

static void free_job(struct job *job)
{
    const struct larder_allocator *allocator = &job->cache->allocator;
    larder_buffer_release(&job->keys);
    larder_free(allocator, job->rows);
    larder_free(allocator, job->row_of);
    larder_free(allocator, job->load_keys);
    larder_free(allocator, job->out);
    larder_free(allocator, job->each);
}

/* The first failure in the caller's order, if there is one. */
static enum larder_status sum_up(const struct job *job)
{
    larder_outcome_set(job->outcome);
    for (size_t i = 0; i < job->count; i++) {
        if (job->ret_each[i] < 0) {
            return larder_error_set(job->ret_each[i], "%s: key %zu of %zu: %s",
                                    job->entity->pattern, i, job->count,
                                    larder_status_text(job->ret_each[i]));
        }
    }
    larder_error_clear();
    return LARDER_OK;
}

/* No memory: what was found stays found. */
static enum larder_status give_up(const struct job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        if (is_missing(job->ret_each[i])) {
            settle(job, i, LARDER_E_NOMEM, NULL);
        }
    }
    return larder_call_refuse(job->entity, LARDER_E_NOMEM, "no memory for the batch");
}

static enum larder_status refuse(const struct larder_entity *entity, size_t count, void *ret_values,
                                 enum larder_status *ret_each)
{
    for (size_t i = 0; i < count; i++) {
        const void *none = NULL;
        if (ret_values != NULL) {
            memcpy((unsigned char *)ret_values + i * sizeof none, &none, sizeof none);
        }
        if (ret_each != NULL) {
            ret_each[i] = LARDER_E_ARG;
        }
    }
    return larder_stub_bad_argument(entity, "the loader");
}

enum larder_status larder_stub_get_many_or_load(struct larder_cache *cache,
                                                const struct larder_entity *entity,
                                                const struct larder_many_load *many, size_t count,
                                                void *ret_values, enum larder_status *ret_each)
{
    if (many == NULL || many->load == NULL) {
        return refuse(entity, count, ret_values, ret_each);
    }
    enum larder_status status =
        larder_stub_get_many(cache, entity, many->build, many->keys, count, ret_values, ret_each);
    if (cache == NULL || entity == NULL || ret_values == NULL || ret_each == NULL ||
        many->keys == NULL || count == 0) {
        return status;
    }
    struct job job = {.cache = cache,
                      .entity = entity,
                      .many = many,
                      .count = count,
                      .ret_values = ret_values,
                      .ret_each = ret_each,
                      .deadline_ns = larder_call_deadline_ns(cache)};
    larder_buffer_init(&job.keys, &cache->allocator, KEYS_MAX_BYTES);
    bool whole = collect(&job) && (job.row_count == 0 || (claim(&job) && load_rows(&job)));
    if (whole) {
        load_the_rest(&job);
        answer_twins(&job);
    }
    status = whole ? sum_up(&job) : give_up(&job);
    free_job(&job);
    return status;
}
