/* SPDX-License-Identifier: MIT */
#include "cache/sight.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/rule.h"
#include "cache/verdict.h"
#include "cache/version_set.h"

enum {
    FEW_OPS = 1 + LARDER_VERSION_SET_FEW + 3, /* an entry, versions, clock, time, and one along */
    DETAIL_BYTES = 256
};

/* So old the server's time may be. It runs as ours does, but it may be set. */
static const int64_t TIME_OLD_MS = 5000;

/* One look, of one view or of many. */
struct job {
    const struct larder_look *look;
    struct larder_cache *cache;
    struct larder_entity_state *state;
    struct larder_view *views;
    size_t count;
    struct larder_version_set set;
    uint64_t clock; /* as it was found; 0: it was not */
    uint8_t new_clock[LARDER_VERSION_VALUE_BYTES];
    char detail[DETAIL_BYTES]; /* of a trip's failure */
};

/* One trip's operations: of entries, of versions from the set's `from` on, of others. */
struct trip {
    struct larder_op *ops;
    char *keys; /* of versions */
    size_t count;
    size_t entries;
    size_t from;
    struct larder_op *clock; /* NULL: it is not asked for */
    struct larder_op *time;
    struct larder_op *along;
};

/* What a look at one entry needs besides: no memory is allocated for it. */
struct few {
    struct larder_op ops[FEW_OPS];
    char keys[LARDER_VERSION_SET_FEW][LARDER_VERSION_KEY_MAX];
};

void larder_sight_needed(const struct larder_cache *cache, const struct larder_entity *entity)
{
    atomic_store_explicit(&larder_state_of(cache, entity)->looks, true, memory_order_relaxed);
}

enum larder_status larder_sight_status(enum larder_sight_kind kind)
{
    static const enum larder_status statuses[] = {
        [LARDER_SIGHT_NOTHING] = LARDER_MISS,  [LARDER_SIGHT_CLAIMED] = LARDER_MISS,
        [LARDER_SIGHT_ABSENT] = LARDER_ABSENT, [LARDER_SIGHT_FRESH] = LARDER_OK,
        [LARDER_SIGHT_STALE] = LARDER_STALE,   [LARDER_SIGHT_SPARE] = LARDER_MISS,
    };
    return statuses[kind];
}

/* ------------------------------------------------------------ the operations */

static struct larder_op *add_op(struct trip *trip, enum larder_op_kind kind)
{
    struct larder_op *op = &trip->ops[trip->count++];
    *op = (struct larder_op){.kind = kind};
    return op;
}

static void take_number(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    uint64_t *ret_value = op->user;
    *ret_value = larder_version_value_read(bytes, len);
    op->status = LARDER_OK;
}

static void take_head(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    struct larder_lookup *lookup = op->user;
    larder_lookup_glance(lookup, bytes, len, (size_t)op->number);
    op->foreign_key = lookup->glance->verdict == LARDER_ENVELOPE_KEY;
    lookup->foreign_key |= op->foreign_key;
    op->status = lookup->status = LARDER_MISS; /* there is no value */
}

static void make_claim(const struct job *job, struct larder_view *view, struct larder_op *op)
{
    const struct larder_look *look = job->look;
    int64_t age_ms;
    int64_t now_ms = larder_server_time_ms(job->cache, &age_ms);
    op->kind = look->how == LARDER_LOOK_CLAIM ? LARDER_OP_CLAIM : LARDER_OP_TAKE;
    op->keep = look->how == LARDER_LOOK_TAKE_KEEP;
    op->value = view->claim;
    op->value_len = larder_envelope_write_claim(
        view->claim, view->fingerprint, look->entity->version, view->token,
        now_ms != LARDER_NO_TIME ? now_ms + look->lease_ms : look->lease_ms);
    op->ttl_ms = look->lease_ms;
    op->token = view->token;
    op->large = false;
    if (look->how != LARDER_LOOK_CLAIM && view->before != NULL) {
        op->seen = view->before->seen;
        op->seen_len = view->before->seen_len;
        op->seen_total = view->before->seen_total;
    }
}

static void make_renewal(const struct job *job, struct larder_op *op)
{
    const struct larder_look *look = job->look;
    int64_t lifetime_ms = larder_lifetime_ms(
        job->cache, look->entity, look->renew_ms != 0 ? look->renew_ms : LARDER_TTL_SCHEMA);
    op->kind = LARDER_OP_RENEW;
    op->ttl_ms = larder_stay_ms(job->cache, look->entity, lifetime_ms);
    op->keep = job->state->policy->absent_ms != 0; /* a mark is not renewed */
}

static void add_entry(const struct job *job, struct larder_view *view, struct trip *trip)
{
    struct larder_op *op = &trip->ops[trip->count++];
    larder_lookup_prepare(&view->lookup, op, view->key, view->key_len);
    switch (job->look->how) {
    case LARDER_LOOK_READ:
        if (job->state->policy->sliding) {
            make_renewal(job, op);
        }
        break;
    case LARDER_LOOK_HEAD:
        op->kind = LARDER_OP_HEAD;
        op->sink = take_head;
        op->large = false;
        break;
    case LARDER_LOOK_CLAIM:
    case LARDER_LOOK_TAKE:
    case LARDER_LOOK_TAKE_KEEP:
        make_claim(job, view, op);
        break;
    }
}

/* The clock as it is, or as it begins now if there is none. */
static void add_clock(struct job *job, struct trip *trip)
{
    struct larder_op *op = add_op(trip, LARDER_OP_CLAIM);
    larder_version_value_write(job->new_clock, larder_version_begin());
    op->key = job->cache->versions.clock.bytes;
    op->key_len = job->cache->versions.clock.len;
    op->value = job->new_clock;
    op->value_len = sizeof job->new_clock;
    op->sink = take_number;
    op->user = &job->clock;
    trip->clock = op;
}

static void add_time(const struct job *job, struct trip *trip)
{
    int64_t age_ms;
    larder_server_time_ms(job->cache, &age_ms);
    if (age_ms > TIME_OLD_MS) {
        trip->time = add_op(trip, LARDER_OP_TIME);
        trip->time->key = job->views[0].key; /* the node that is asked */
        trip->time->key_len = job->views[0].key_len;
    }
}

static void add_versions(struct job *job, struct trip *trip)
{
    const struct larder_version_names *names = &job->cache->versions;
    char *key = trip->keys;
    for (size_t i = trip->from; i < job->set.count; i++) {
        struct larder_op *op = add_op(trip, LARDER_OP_GET);
        op->key = key;
        op->key_len = larder_version_key_write(names, job->set.seen[i].id, key);
        op->sink = take_number;
        op->user = &job->set.seen[i].value;
        key += op->key_len;
    }
}

/* ------------------------------------------------------------------- a trip */

static void init_trip(const struct job *job, struct trip *trip)
{
    *trip = (struct trip){.from = job->set.count};
}

/* Room for what the set and the entries need; `few` is enough for one. */
static bool make_room(const struct job *job, struct trip *trip, size_t entries, struct few *few)
{
    size_t versions = job->set.count - trip->from;
    if (entries <= 1 && versions <= LARDER_VERSION_SET_FEW) {
        trip->ops = few->ops;
        trip->keys = few->keys[0];
        return true;
    }
    const size_t key_bytes = larder_version_key_len(&job->cache->versions);
    trip->ops = larder_alloc(&job->cache->allocator, (entries + versions + 3) * sizeof *trip->ops);
    trip->keys = larder_alloc(&job->cache->allocator, versions * key_bytes);
    return trip->ops != NULL && trip->keys != NULL;
}

static void free_room(const struct job *job, struct trip *trip, const struct few *few)
{
    if (trip->ops != few->ops) {
        larder_free(&job->cache->allocator, trip->ops);
        larder_free(&job->cache->allocator, trip->keys);
    }
}

static void run_trip(struct job *job, struct trip *trip, int64_t deadline_ns)
{
    const struct larder_backend_table *table = job->cache->backend->table;
    size_t ids = job->set.count - trip->from;
    table->run(job->cache->backend, trip->ops, trip->count, deadline_ns);
    bool failed = false;
    for (size_t i = 0; i < trip->count; i++) {
        failed |= trip->ops[i].status < 0;
    }
    if (failed) {
        snprintf(job->detail, sizeof job->detail, "%s", larder_last_error());
    }
    for (size_t i = 0; i < ids; i++) {
        job->set.seen[trip->from + i].status = trip->ops[trip->entries + i].status;
    }
}

/* Fails a view, as larder_call_note_failure has it of single calls. */
static void fail_view(const struct job *job, struct larder_view *view, enum larder_status status)
{
    if (view->status < 0) {
        return;
    }
    larder_error_set(status, "%s", job->detail);
    larder_call_note_failure(job->cache, job->look->entity, status);
    view->status = status;
}

static void fail_all(struct job *job, enum larder_status status, const char *why)
{
    snprintf(job->detail, sizeof job->detail, "%s", why);
    for (size_t i = 0; i < job->count; i++) {
        fail_view(job, &job->views[i], status);
    }
}

/* ------------------------------------------------------------- the first trip */

static bool collect_versions(struct job *job)
{
    uint64_t guessed[LARDER_TAGS_MAX];
    bool good = true;
    for (size_t i = 0; i < job->count; i++) {
        const struct larder_view *view = &job->views[i];
        for (size_t k = 0; k < view->implied.count; k++) {
            good &= larder_version_set_add(&job->set, view->implied.ids[k]);
        }
        size_t count = larder_guesses_get(job->state->guesses, view->fingerprint, guessed);
        for (size_t k = 0; k < count; k++) {
            good &= larder_version_set_add(&job->set, guessed[k]);
        }
    }
    return good;
}

static void settle_entry(const struct job *job, struct larder_view *view, struct larder_op *op)
{
    const void *value; /* stays in the lookup */
    bool claims = job->look->how != LARDER_LOOK_READ && job->look->how != LARDER_LOOK_HEAD;
    view->sight.won = claims && op->status >= 0 && op->number == 1;
    if (op->status < 0) {
        larder_error_set(op->status, "%s", job->detail);
    }
    enum larder_status status = larder_lookup_finish(&view->lookup, op, &value);
    view->status = status < 0 ? status : LARDER_OK;
}

/* By its loaders alone. */
static bool is_tagged(const struct job *job)
{
    return atomic_load_explicit(&job->state->tagged, memory_order_relaxed);
}

static void first_trip(struct job *job, struct few *few, int64_t deadline_ns)
{
    const struct larder_look *look = job->look;
    struct trip trip;
    init_trip(job, &trip);
    if (!collect_versions(job) || !make_room(job, &trip, job->count, few)) {
        fail_all(job, LARDER_E_NOMEM, "no memory to look");
        free_room(job, &trip, few);
        return;
    }
    for (size_t i = 0; i < job->count; i++) {
        add_entry(job, &job->views[i], &trip);
    }
    trip.entries = job->count;
    add_versions(job, &trip);
    if (look->capture && (job->state->is_versioned || is_tagged(job))) {
        add_clock(job, &trip);
    }
    if (job->state->is_timed || (look->how != LARDER_LOOK_READ && look->how != LARDER_LOOK_HEAD)) {
        add_time(job, &trip);
    }
    if (look->along != NULL) {
        trip.along = &trip.ops[trip.count++];
        *trip.along = *look->along;
    }
    run_trip(job, &trip, deadline_ns);
    for (size_t i = 0; i < job->count; i++) {
        settle_entry(job, &job->views[i], &trip.ops[i]);
    }
    if (trip.clock != NULL && trip.clock->status < 0) {
        for (size_t i = 0; i < job->count; i++) {
            fail_view(job, &job->views[i], trip.clock->status);
        }
    } else if (trip.clock != NULL && trip.clock->number == 1) {
        job->clock = larder_version_value_read(job->new_clock, sizeof job->new_clock);
    }
    if (look->along != NULL && trip.along != NULL) {
        *look->along = *trip.along;
    }
    free_room(job, &trip, few);
}

/* ------------------------------------------------------------ the second trip */

/* What entries say that could not be known before: tags, and that they are timed. */
static void second_trip(struct job *job, struct few *few, int64_t deadline_ns)
{
    struct trip trip;
    bool timed = false;
    bool good = true;
    init_trip(job, &trip);
    for (size_t i = 0; i < job->count; i++) {
        const struct larder_envelope_head *head = &job->views[i].glance.head;
        timed |= (head->meta & LARDER_META_TIMED) != 0;
        for (size_t k = 0; k < head->tag_count; k++) {
            good &= larder_version_set_add(&job->set, head->tags[k]);
        }
    }
    if (!good || !make_room(job, &trip, 0, few)) {
        fail_all(job, LARDER_E_NOMEM, "no memory to look");
        free_room(job, &trip, few);
        return;
    }
    add_versions(job, &trip);
    if (timed) {
        add_time(job, &trip);
    }
    if (trip.count != 0) {
        run_trip(job, &trip, deadline_ns);
    }
    int64_t age_ms;
    if (trip.time != NULL && trip.time->status < 0 &&
        larder_server_time_ms(job->cache, &age_ms) == LARDER_NO_TIME) {
        for (size_t i = 0; i < job->count; i++) {
            if ((job->views[i].glance.head.meta & LARDER_META_TIMED) != 0) {
                fail_view(job, &job->views[i], trip.time->status);
            }
        }
    }
    free_room(job, &trip, few);
}

/* ------------------------------------------------------------------- verdict */

/* The version of an id, as it was found; fails the view where it could not be asked for. */
static uint64_t version_of(const struct job *job, struct larder_view *view, uint64_t id)
{
    const struct larder_version_seen *seen = larder_version_set_find(&job->set, id);
    if (seen != NULL && seen->status < 0) {
        fail_view(job, view, seen->status);
    }
    return seen != NULL ? seen->value : 0;
}

static struct larder_verdict judge(const struct job *job, struct larder_view *view)
{
    uint64_t versions[LARDER_VERSIONS_MAX];
    const struct larder_envelope_head *head = &view->glance.head;
    int64_t age_ms;
    struct larder_prospect prospect = {.policy = job->state->policy,
                                       .is_versioned = job->state->is_versioned,
                                       .versions = versions,
                                       .token = view->token};
    if (!view->glance.came || view->glance.verdict != LARDER_ENVELOPE_OK) {
        return larder_verdict_of(&prospect);
    }
    prospect.head = head;
    for (size_t i = 0; i < view->implied.count; i++) {
        versions[prospect.version_count++] = version_of(job, view, view->implied.ids[i]);
    }
    for (size_t i = 0; i < head->tag_count && LARDER_RULE(reads_heed_tags); i++) {
        versions[prospect.version_count++] = version_of(job, view, head->tags[i]);
    }
    prospect.now_ms = larder_server_time_ms(job->cache, &age_ms);
    prospect.random = prospect.policy->xfetch ? larder_random64() : 0;
    return larder_verdict_of(&prospect);
}

/* What came, by its verdict; of a view that failed, nothing. */
static void tell(const struct job *job, struct larder_view *view)
{
    struct larder_sight *sight = &view->sight;
    struct larder_verdict verdict = {.kind = LARDER_SIGHT_NOTHING};
    if (view->status >= 0) {
        verdict = judge(job, view);
    }
    bool has_value = view->lookup.value != NULL || job->look->how == LARDER_LOOK_HEAD;
    if (view->status < 0 || (verdict.kind >= LARDER_SIGHT_FRESH && !has_value)) {
        verdict = (struct larder_verdict){.kind = LARDER_SIGHT_NOTHING}; /* or it is malformed */
    }
    sight->kind = verdict.kind;
    sight->claimed = verdict.claimed;
    sight->paused = verdict.paused;
    sight->early = verdict.early;
    sight->as_of = job->clock;
    sight->seen_len = view->glance.seen_len;
    sight->seen_total = view->glance.seen_total;
    if (verdict.kind >= LARDER_SIGHT_FRESH) {
        sight->value = view->lookup.value;
    } else {
        larder_value_release(view->lookup.value);
    }
}

static void learn_tags(const struct job *job, const struct larder_view *view)
{
    const struct larder_envelope_head *head = &view->glance.head;
    if ((head->meta & LARDER_META_VERSIONED) != 0) {
        larder_guesses_put(job->state->guesses, view->fingerprint, head->tags, head->tag_count);
    }
}

/* ------------------------------------------------------------------ the looks */

static void init_view(const struct job *job, struct larder_view *view)
{
    view->status = LARDER_OK;
    view->lookup.cache = job->cache;
    view->lookup.entity = job->look->entity;
    view->lookup.fingerprint = view->fingerprint;
    view->lookup.value = NULL;
    view->lookup.glance = &view->glance;
    view->glance.came = false;
    view->glance.head.meta = 0;
    view->glance.head.tag_count = 0;
    view->glance.seen_len = view->glance.seen_total = 0;
    view->glance.seen = view->sight.seen;
    view->sight.value = NULL;
    view->sight.won = false;
}

/* A claim says when it ends, by the server's clock; that is asked for once in a process. */
static enum larder_status learn_time(const struct job *job, int64_t deadline_ns)
{
    int64_t age_ms;
    if (job->look->how == LARDER_LOOK_READ || job->look->how == LARDER_LOOK_HEAD ||
        larder_server_time_ms(job->cache, &age_ms) != LARDER_NO_TIME) {
        return LARDER_OK;
    }
    struct larder_op op = {
        .kind = LARDER_OP_TIME, .key = job->views[0].key, .key_len = job->views[0].key_len};
    job->cache->backend->table->run(job->cache->backend, &op, 1, deadline_ns);
    return op.status;
}

static void run_job(struct job *job, int64_t deadline_ns)
{
    struct few few;
    for (size_t i = 0; i < job->count; i++) {
        init_view(job, &job->views[i]);
    }
    larder_version_set_init(&job->set, &job->cache->allocator);
    enum larder_status status = learn_time(job, deadline_ns);
    if (status < 0) {
        char why[DETAIL_BYTES];
        snprintf(why, sizeof why, "%s", larder_last_error());
        fail_all(job, status, why);
    } else {
        first_trip(job, &few, deadline_ns);
        for (size_t i = 0; i < job->count; i++) {
            learn_tags(job, &job->views[i]);
        }
        second_trip(job, &few, deadline_ns);
    }
    for (size_t i = 0; i < job->count; i++) {
        tell(job, &job->views[i]);
    }
    larder_version_set_release(&job->set);
}

void larder_look_many(const struct larder_look *look, struct larder_view *views, size_t count,
                      int64_t deadline_ns)
{
    struct job job;
    if (count == 0) {
        return;
    }
    job.look = look;
    job.cache = look->cache;
    job.state = larder_state_of(look->cache, look->entity);
    job.views = views;
    job.count = count;
    job.clock = 0;
    job.detail[0] = '\0';
    run_job(&job, deadline_ns);
}

enum larder_status larder_look(const struct larder_look *look, int64_t deadline_ns,
                               struct larder_sight *ret_sight)
{
    struct larder_view view;
    view.key = look->key->bytes;
    view.key_len = look->key->len;
    view.fingerprint = look->fingerprint;
    view.token = look->token;
    view.before = look->before;
    larder_version_ids_of_key(&look->cache->versions,
                              &larder_state_of(look->cache, look->entity)->versions,
                              look->entity->name, look->key, &view.implied);
    larder_look_many(look, &view, 1, deadline_ns);
    memcpy(ret_sight, &view.sight, offsetof(struct larder_sight, seen));
    memcpy(ret_sight->seen, view.sight.seen, view.sight.seen_len);
    return view.status;
}
