/* SPDX-License-Identifier: MIT */
#include "cache/sight.h"

#include "base/hash.h"
#include "cache/verdict.h"

enum {
    ASKED_MAX = LARDER_VERSIONS_MAX + LARDER_TAGS_MAX, /* implied, guessed, and those it has */
    OPS_MAX = 1 + LARDER_VERSIONS_MAX + 2              /* entry, versions, clock, time */
};

/* So old the server's time may be. It runs as ours does, but it may be set. */
static const int64_t TIME_OLD_MS = 5000;

struct trip {
    struct larder_op ops[OPS_MAX];
    size_t count;
    struct larder_op *time; /* NULL: it is not asked for */
};

struct job {
    const struct larder_look *look;
    struct larder_cache *cache;
    struct larder_entity_state *state;
    struct larder_lookup lookup;
    struct larder_glance glance;
    size_t implied;
    size_t asked;
    uint64_t ids[ASKED_MAX];
    uint64_t found[ASKED_MAX]; /* 0: missing, or not answered yet */
    uint64_t clock;            /* as it was found; 0: it was not */
    uint8_t claim[LARDER_ENVELOPE_CLAIM_MAX_BYTES];
    size_t claim_len;
    uint8_t new_clock[LARDER_VERSION_VALUE_BYTES];
    char keys[ASKED_MAX][LARDER_VERSION_KEY_MAX];
};

void larder_sight_needed(const struct larder_cache *cache, const struct larder_entity *entity)
{
    atomic_store_explicit(&larder_state_of(cache, entity)->looks, true, memory_order_relaxed);
}

/* -------------------------------------------------------------------- time */

static int64_t server_time_ms(const struct job *job, int64_t *ret_age_ms)
{
    const struct larder_backend *backend = job->cache->backend;
    *ret_age_ms = INT64_MAX;
    int64_t now_ms =
        backend->table->now_ms != NULL ? backend->table->now_ms(backend, ret_age_ms) : 0;
    return *ret_age_ms != INT64_MAX ? now_ms : LARDER_NO_TIME;
}

static bool time_is_old(const struct job *job)
{
    int64_t age_ms;
    server_time_ms(job, &age_ms);
    return age_ms > TIME_OLD_MS;
}

/* ----------------------------------------------------------- putting a trip together */

static struct larder_op *add_op(struct trip *trip, enum larder_op_kind kind)
{
    struct larder_op *op = &trip->ops[trip->count++];
    *op = (struct larder_op){.kind = kind};
    return op;
}

static void add_time(struct job *job, struct trip *trip)
{
    if (time_is_old(job)) {
        trip->time = add_op(trip, LARDER_OP_TIME);
        trip->time->key = job->look->key->bytes; /* the node that is asked */
        trip->time->key_len = job->look->key->len;
    }
}

static void take_number(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    uint64_t *ret_value = op->user;
    *ret_value = larder_version_value_read(bytes, len);
    op->status = LARDER_OK;
}

/* Asks for a version, unless it was asked for. */
static void add_version(struct job *job, struct trip *trip, uint64_t id)
{
    size_t i = 0;
    while (i < job->asked && job->ids[i] != id) {
        i++;
    }
    if (i < job->asked || i == ASKED_MAX) {
        return;
    }
    job->ids[i] = id;
    job->found[i] = 0;
    job->asked++;
    struct larder_op *op = add_op(trip, LARDER_OP_GET);
    op->key = job->keys[i];
    op->key_len = larder_version_key_write(&job->cache->versions, id, job->keys[i]);
    op->sink = take_number;
    op->user = &job->found[i];
}

static void add_implied(struct job *job, struct trip *trip)
{
    const struct larder_look *look = job->look;
    struct larder_version_ids ids;
    larder_version_ids_of_key(&job->cache->versions, &job->state->versions, look->entity->name,
                              look->key, &ids);
    for (size_t i = 0; i < ids.count; i++) {
        add_version(job, trip, ids.ids[i]);
    }
    job->implied = job->asked;
}

static void add_guessed(struct job *job, struct trip *trip)
{
    uint64_t ids[LARDER_TAGS_MAX];
    size_t count = larder_guesses_get(job->state->guesses, job->look->fingerprint, ids);
    for (size_t i = 0; i < count; i++) {
        add_version(job, trip, ids[i]);
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
}

static void make_claim(struct job *job, struct larder_op *op)
{
    const struct larder_look *look = job->look;
    int64_t age_ms;
    int64_t now_ms = server_time_ms(job, &age_ms);
    int64_t until_ms = now_ms != LARDER_NO_TIME ? now_ms + look->lease_ms : look->lease_ms;
    job->claim_len = larder_envelope_write_claim(job->claim, look->fingerprint,
                                                 look->entity->version, look->token, until_ms);
    op->value = job->claim;
    op->value_len = job->claim_len;
    op->ttl_ms = look->lease_ms;
    op->token = look->token;
    op->large = false;
    if (look->how == LARDER_LOOK_CLAIM) {
        op->kind = LARDER_OP_CLAIM;
        return;
    }
    op->kind = LARDER_OP_TAKE;
    op->keep = look->how == LARDER_LOOK_TAKE_KEEP;
    if (look->before != NULL) {
        op->seen = look->before->seen;
        op->seen_len = look->before->seen_len;
        op->seen_total = look->before->seen_total;
    }
}

static void add_entry(struct job *job, struct trip *trip)
{
    const struct larder_look *look = job->look;
    const struct larder_policy *policy = job->state->policy;
    struct larder_op *op = &trip->ops[trip->count++];
    larder_lookup_prepare(&job->lookup, op, look->key->bytes, look->key->len);
    if (look->how != LARDER_LOOK_READ) {
        make_claim(job, op);
    } else if (policy->sliding) {
        op->kind = LARDER_OP_RENEW;
        op->ttl_ms =
            larder_stay_ms(job->cache, look->entity,
                           larder_lifetime_ms(job->cache, look->entity, LARDER_TTL_SCHEMA));
    }
}

/* ------------------------------------------------------------------- trips */

/* OK, or the first failure, but for the time's: whether that matters is seen later. */
static enum larder_status run_trip(const struct job *job, struct trip *trip, int64_t deadline_ns)
{
    const struct larder_backend_table *table = job->cache->backend->table;
    table->run(job->cache->backend, trip->ops, trip->count, deadline_ns);
    for (size_t i = 0; i < trip->count; i++) {
        if (trip->ops[i].status < 0 && &trip->ops[i] != trip->time) {
            return trip->ops[i].status;
        }
    }
    return LARDER_OK;
}

/* A claim says when it ends, by the server's clock, which is asked once in a process. */
static enum larder_status learn_time(struct job *job, int64_t deadline_ns)
{
    struct trip trip = {.count = 0};
    int64_t age_ms;
    server_time_ms(job, &age_ms);
    if (job->look->how == LARDER_LOOK_READ || age_ms != INT64_MAX) {
        return LARDER_OK;
    }
    add_time(job, &trip);
    run_trip(job, &trip, deadline_ns);
    return trip.time->status;
}

static enum larder_status first_trip(struct job *job, int64_t deadline_ns, bool *ret_won)
{
    struct trip trip;
    trip.count = 0;
    trip.time = NULL;
    add_entry(job, &trip);
    add_implied(job, &trip);
    add_guessed(job, &trip);
    if (job->look->capture && job->state->is_versioned) {
        add_clock(job, &trip);
    }
    if (job->state->is_timed || job->look->how != LARDER_LOOK_READ) {
        add_time(job, &trip);
    }
    enum larder_status status = run_trip(job, &trip, deadline_ns);
    *ret_won =
        job->look->how != LARDER_LOOK_READ && trip.ops[0].status >= 0 && trip.ops[0].number == 1;
    const void *value; /* stays in the lookup */
    if (trip.ops[0].status < 0 || job->lookup.status < 0) {
        return larder_lookup_finish(&job->lookup, &trip.ops[0], &value);
    }
    larder_lookup_finish(&job->lookup, &trip.ops[0], &value);
    if (status < 0) {
        larder_call_note_failure(job->cache, job->look->entity, status);
    }
    for (size_t i = 1; i < trip.count; i++) {
        if (trip.ops[i].user == &job->clock && trip.ops[i].number == 1) {
            job->clock = larder_version_value_read(job->new_clock, sizeof job->new_clock);
        }
    }
    return status;
}

/* What the entry says that could not be known before: tags, and that it is timed. */
static enum larder_status second_trip(struct job *job, int64_t deadline_ns)
{
    const struct larder_envelope_head *head = &job->glance.head;
    struct trip trip;
    trip.count = 0;
    trip.time = NULL;
    for (size_t i = 0; i < head->tag_count; i++) {
        add_version(job, &trip, head->tags[i]);
    }
    if ((head->meta & LARDER_META_TIMED) != 0) {
        add_time(job, &trip);
    }
    if (trip.count == 0) {
        return LARDER_OK;
    }
    enum larder_status status = run_trip(job, &trip, deadline_ns);
    if (status == LARDER_OK && trip.time != NULL && trip.time->status < 0) {
        int64_t age_ms;
        status = server_time_ms(job, &age_ms) != LARDER_NO_TIME ? LARDER_OK : trip.time->status;
    }
    if (status < 0) {
        larder_call_note_failure(job->cache, job->look->entity, status);
    }
    return status;
}

/* ------------------------------------------------------------------- verdict */

static uint64_t found_of(const struct job *job, uint64_t id)
{
    size_t i = 0;
    while (i < job->asked && job->ids[i] != id) {
        i++;
    }
    return i < job->asked ? job->found[i] : 0;
}

static struct larder_verdict judge(const struct job *job)
{
    uint64_t versions[LARDER_VERSIONS_MAX];
    const struct larder_envelope_head *head = &job->glance.head;
    int64_t age_ms;
    struct larder_prospect prospect = {.policy = job->state->policy,
                                       .is_versioned = job->state->is_versioned,
                                       .versions = versions,
                                       .token = job->look->token};
    if (!job->glance.came || job->glance.verdict != LARDER_ENVELOPE_OK) {
        return larder_verdict_of(&prospect);
    }
    prospect.head = head;
    for (size_t i = 0; i < job->implied; i++) {
        versions[prospect.version_count++] = job->found[i];
    }
    for (size_t i = 0; i < head->tag_count; i++) {
        versions[prospect.version_count++] = found_of(job, head->tags[i]);
    }
    prospect.now_ms = server_time_ms(job, &age_ms);
    prospect.random = prospect.policy->xfetch ? larder_random64() : 0;
    return larder_verdict_of(&prospect);
}

static void learn_tags(struct job *job)
{
    const struct larder_envelope_head *head = &job->glance.head;
    if (job->lookup.value != NULL && (head->meta & LARDER_META_VERSIONED) != 0) {
        larder_guesses_put(job->state->guesses, job->look->fingerprint, head->tags,
                           head->tag_count);
    }
}

static void tell(struct job *job, struct larder_sight *ret_sight)
{
    struct larder_verdict verdict = judge(job);
    bool has_value =
        verdict.kind >= LARDER_SIGHT_FRESH && job->lookup.value != NULL; /* not malformed */
    if (verdict.kind >= LARDER_SIGHT_FRESH && !has_value) {
        verdict.kind = LARDER_SIGHT_NOTHING;
    }
    ret_sight->kind = verdict.kind;
    ret_sight->claimed = verdict.claimed;
    ret_sight->paused = verdict.paused;
    ret_sight->early = verdict.early && has_value;
    ret_sight->as_of = job->clock;
    ret_sight->seen_len = job->glance.seen_len;
    ret_sight->seen_total = job->glance.seen_total;
    memcpy(ret_sight->seen, job->glance.seen, job->glance.seen_len);
    if (has_value) {
        ret_sight->value = job->lookup.value;
    } else {
        larder_value_release(job->lookup.value);
    }
}

enum larder_status larder_look(const struct larder_look *look, int64_t deadline_ns,
                               struct larder_sight *ret_sight)
{
    struct job job;
    job.look = look;
    job.cache = look->cache;
    job.state = larder_state_of(look->cache, look->entity);
    job.lookup.cache = look->cache;
    job.lookup.entity = look->entity;
    job.lookup.fingerprint = look->fingerprint;
    job.lookup.glance = &job.glance;
    job.glance.came = false;
    job.glance.head.meta = 0;
    job.glance.head.tag_count = 0;
    job.glance.seen_len = job.glance.seen_total = 0;
    job.implied = job.asked = 0;
    job.clock = 0;
    ret_sight->kind = LARDER_SIGHT_NOTHING;
    ret_sight->value = NULL;
    ret_sight->won = ret_sight->claimed = ret_sight->paused = ret_sight->early = false;
    ret_sight->as_of = 0;
    ret_sight->seen_len = ret_sight->seen_total = 0;

    enum larder_status status = learn_time(&job, deadline_ns);
    if (status < 0) {
        larder_call_note_failure(job.cache, look->entity, status);
        return status;
    }
    status = first_trip(&job, deadline_ns, &ret_sight->won);
    if (status >= 0) {
        learn_tags(&job);
        status = second_trip(&job, deadline_ns);
    }
    if (status < 0) {
        larder_value_release(job.lookup.value);
        return status;
    }
    tell(&job, ret_sight);
    return LARDER_OK;
}
