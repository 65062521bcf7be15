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

#include <larder/codec.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cache/fetch.h"
#include "cache/index.h"
#include "cache/loader.h"
#include "cache/storing.h"
#include "codec/block.h"
#include "key/key.h"

enum { FILLS_MAX = 128 }; /* in one trip: each has room for its versions' keys */

/* A key that is missing. */
struct row {
    size_t i; /* the caller's element */
    size_t key_at;
    bool loads;  /* in the one run, */
    bool claimed; /* under a claim of ours */
    struct larder_view view;
    struct larder_sight before;
};

struct job {
    struct larder_cache *cache;
    const struct larder_entity *entity;
    const struct larder_many_load *many;
    size_t count;
    unsigned char *ret_values; /* pointers, as bytes */
    enum larder_status *ret_each;
    int64_t deadline_ns;
    enum larder_outcome outcome;

    struct larder_buffer keys; /* of rows, behind each other */
    size_t row_count;
    struct row *rows;
    size_t *row_of; /* the caller's element -> its row; SIZE_MAX: it needs none */
    size_t load_count;
    unsigned char *load_keys;
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

static struct larder_counters *counters_of(const struct job *job)
{
    return &larder_state_of(job->cache, job->entity)->counters;
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

/* What the looks say: who is to be loaded in the one run, and what somebody has stored meanwhile. */
static void sort_out(struct job *job)
{
    for (size_t r = 0; r < job->row_count; r++) {
        struct row *row = &job->rows[r];
        struct larder_sight *sight = &row->view.sight;
        if (!row->loads) {
            continue;
        }
        row->claimed = row->view.status >= 0 && sight->won;
        row->loads = row->claimed || row->view.status < 0;
        bool fresh = !row->loads && sight->kind == LARDER_SIGHT_FRESH;
        if (fresh || (!row->loads && sight->kind == LARDER_SIGHT_ABSENT)) {
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

/* ----------------------------------------------------------------- storing */

/* One row on its way into its entry. */
struct filling {
    struct row *row;
    const void *out;
    size_t at; /* of its bytes */
    size_t len;
    struct larder_storing storing;
};

/* The fills of one trip. */
struct trip {
    struct job *job;
    const struct larder_load *load;
    int64_t begun_ns;
    size_t count;
    struct larder_buffer bytes;
    struct larder_op *ops;
    struct filling *fillings;
};

static int64_t lifetime_of(const struct job *job, const struct larder_load *load)
{
    return larder_lifetime_ms(job->cache, job->entity, load->ttl_ms);
}

static void plan_release(struct larder_op *op)
{
    *op = (struct larder_op){.kind = LARDER_OP_RELEASE};
}

/* The loader's memory as a block for the caller, by way of the bytes that are stored. */
static enum larder_status to_value(struct trip *trip, struct filling *filling,
                                   struct larder_writer *w, const void **ret_value)
{
    struct job *job = trip->job;
    const struct larder_entity *entity = job->entity;
    const uint64_t fingerprint = filling->row->view.fingerprint;
    struct larder_envelope_head *head = &filling->storing.head;
    larder_storing_begin(job->cache, entity, lifetime_of(job, trip->load),
                         (uint32_t)trip->load->cost_ms, &filling->storing);
    head->as_of = filling->row->view.sight.as_of;
    head->tag_count = trip->load->tags.count;
    memcpy(head->tags, trip->load->tags.ids, head->tag_count * sizeof head->tags[0]);
    enum larder_status status =
        larder_storing_tags(job->cache, entity, filling->out, &filling->storing);
    if (status == LARDER_OK) {
        status = larder_stored_write(w, entity, fingerprint, larder_storing_head(&filling->storing),
                                     filling->out);
    }
    if (status == LARDER_E_ARG) {
        status =
            larder_error_set(LARDER_E_LOADER, "%s, as the loader gave it", larder_last_error());
    }
    return status != LARDER_OK ? status
                               : larder_stored_decode(job->cache, entity, fingerprint,
                                                      larder_storing_head(&filling->storing), w,
                                                      ret_value);
}

/* A loaded value: an answer, and what is to be stored of it. False: nothing is. */
static bool take_value(struct trip *trip, struct filling *filling)
{
    uint8_t room[LARDER_STACK_ROOM_BYTES];
    struct job *job = trip->job;
    const struct row *row = filling->row;
    struct larder_writer w;
    const void *value = NULL;
    larder_writer_init(&w, &job->cache->allocator, room, sizeof room, LARDER_VALUE_MAX);
    enum larder_status status = to_value(trip, filling, &w, &value);
    settle(job, row->i, status, value);
    bool stored = status == LARDER_OK && !trip->load->skip && row->claimed &&
                  larder_writer_len(&w) <= larder_stored_max(job->entity) &&
                  ((filling->storing.head.meta & LARDER_META_VERSIONED) == 0 ||
                   filling->storing.head.as_of != 0);
    if (stored) {
        larder_stored_compress(job->cache, job->entity, row->view.fingerprint,
                               larder_storing_head(&filling->storing), &w);
        filling->at = trip->bytes.len;
        filling->len = larder_writer_len(&w);
        stored = larder_buffer_append(&trip->bytes, w.start, filling->len);
    }
    if (status == LARDER_OK && !stored && !trip->load->skip) {
        larder_counter_add(&counters_of(job)->fill_errors, 1);
    }
    larder_writer_release(&w);
    return stored;
}
