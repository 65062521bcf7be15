/* SPDX-License-Identifier: MIT */
/*
 * What was loaded, on its way into the entry: under the claim that was made before the
 * loader ran, or not at all.
 */
#include "base/log.h"
#include "cache/fetch.h"
#include "cache/loader.h"
#include "cache/storing.h"
#include "codec/block.h"
#include "codec/envelope.h"

enum { PAUSE_PART = 10, PAUSE_MIN_MS = 1000, PAUSE_MAX_MS = 30000 };

/* One load, from the loader to the entry. */
struct fill {
    struct larder_fetch *fetch;
    struct larder_load load;
    struct larder_storing storing;
    struct larder_writer w;
    uint64_t begun;   /* the moment at which the loader began */
    int64_t begun_ns; /* never 0 */
    uint8_t room[LARDER_STACK_ROOM_BYTES];
};

static struct larder_counters *counters_of(const struct larder_fetch *fetch)
{
    return &larder_state_of(fetch->cache, fetch->entity)->counters;
}

/* The moment at which what was loaded is offered to the entry: if its claim still stands
 * then, no invalidation that had returned by then came after it. */
static uint64_t offer_moment(const struct larder_fetch *fetch)
{
    return larder_flights_moment(&fetch->cache->flights, fetch->fingerprint);
}

/* ----------------------------------------------------------------- encoding */

/* From the next claim on the clock is asked for. */
static void note_tags(struct larder_entity_state *state)
{
    if (!atomic_load_explicit(&state->tagged, memory_order_relaxed)) {
        atomic_store_explicit(&state->tagged, true, memory_order_relaxed);
    }
}

/* What is stored along with a value: its lifetime by the loader's word or the schema's, the
 * clock of the moment of the claim, the tags that the loader told and those of the schema. */
static enum larder_status describe(struct fill *fill, const void *out)
{
    const struct larder_fetch *fetch = fill->fetch;
    struct larder_envelope_head *head = &fill->storing.head;
    const struct larder_tags *tags = &fill->load.tags;
    int64_t cost_ms = fill->load.cost_ms < UINT32_MAX ? fill->load.cost_ms : UINT32_MAX;
    larder_storing_begin(fetch->cache, fetch->entity,
                         larder_lifetime_ms(fetch->cache, fetch->entity, fill->load.ttl_ms),
                         (uint32_t)cost_ms, &fill->storing);
    head->as_of = fetch->sight.as_of;
    head->tag_count = tags->count;
    if (tags->count != 0) {
        note_tags(larder_state_of(fetch->cache, fetch->entity));
    }
    memcpy(head->tags, tags->ids, tags->count * sizeof tags->ids[0]);
    return larder_storing_tags(fetch->cache, fetch->entity, out, &fill->storing);
}

/* The loader's own memory, as one block for the callers: through the very
 * bytes that are stored, so that what is loaded and what is read are the same. */
static enum larder_status decode(const struct fill *fill, const void **ret_value)
{
    const struct larder_fetch *fetch = fill->fetch;
    const struct larder_entity *entity = fetch->entity;
    const struct larder_writer *w = &fill->w;
    struct larder_envelope_head head;
    larder_envelope_read_head(w->start, larder_writer_len(w), fetch->fingerprint, entity->version,
                              &head);
    enum larder_status status = larder_value_decode(
        &fetch->cache->allocator, entity, &larder_state_of(fetch->cache, entity)->hint,
        w->start + head.body, larder_writer_len(w) - head.body, ret_value);
    if (status != LARDER_OK) {
        larder_error_set(status, "%s: the loaded value: %s", entity->pattern,
                         larder_status_text(status));
    }
    return status;
}

static enum larder_status to_value(struct fill *fill, const void *out, const void **ret_value)
{
    const struct larder_fetch *fetch = fill->fetch;
    enum larder_status status = describe(fill, out);
    if (status == LARDER_OK) {
        status = larder_stored_write(&fill->w, fetch->entity, fetch->fingerprint,
                                     larder_storing_head(&fill->storing), out);
    }
    if (status == LARDER_E_ARG) {
        return larder_error_set(LARDER_E_LOADER, "%s, as the loader gave it", larder_last_error());
    }
    return status == LARDER_OK ? decode(fill, ret_value) : status;
}

/* ---------------------------------------------------------------- the entry */

static enum larder_status run(const struct larder_fetch *fetch, struct larder_op *op)
{
    op->key = fetch->key->bytes;
    op->key_len = fetch->key->len;
    op->token = fetch->token;
    fetch->cache->backend->table->run(fetch->cache->backend, op, 1, fetch->deadline_ns);
    if (op->status < 0 && op->status != LARDER_E_LOST) {
        larder_call_note_failure(fetch->cache, fetch->entity, op->status);
    }
    return op->status;
}

/* Gives the claim back. Whom what was loaded is for: all who began before it was given
 * back, if it still stood then; else the caller alone. Versions are not looked at here,
 * so where there are any, all who began before the loader. */
static uint64_t release(const struct fill *fill, int64_t pause_ms)
{
    const struct larder_fetch *fetch = fill->fetch;
    struct larder_op op = {.kind = LARDER_OP_RELEASE, .pause_ms = pause_ms};
    if (fetch->token == 0) {
        return fill->begun;
    }
    uint64_t moment = offer_moment(fetch);
    enum larder_status status = run(fetch, &op);
    if (status == LARDER_E_LOST) {
        return LARDER_MOMENT_NEVER;
    }
    bool versioned = larder_state_of(fetch->cache, fetch->entity)->is_versioned;
    return status == LARDER_OK && !versioned ? moment : fill->begun;
}

/* How an offer to the entry ended, for the landing. A claim that may still stand is given
 * back, so that nobody need wait for its end: it does where a version was too young. */
static void note_fill(const struct fill *fill, const struct larder_op *op, uint64_t moment,
                      struct larder_landing *landing)
{
    const struct larder_fetch *fetch = fill->fetch;
    struct larder_counters *counters = counters_of(fetch);
    landing->outcome = op->outcome;
    if (op->status == LARDER_OK) {
        larder_counter_add(&counters->fills, 1);
        larder_counter_add(&counters->written_bytes, op->value_len);
        landing->until = moment;
        return;
    }
    bool lost = op->status == LARDER_E_LOST;
    larder_counter_add(lost ? &counters->fills_lost : &counters->fill_errors, 1);
    if (op->outcome == LARDER_NOT_APPLIED && (!lost || op->versions != NULL)) {
        release(fill, 0);
    }
    if (lost) {
        larder_error_set(LARDER_E_LOST, "%s: the entry was changed while it was loaded",
                         fetch->entity->pattern);
        landing->until = LARDER_MOMENT_NEVER;
    }
}

/* The operation that offers what is in the writer; the call goes on whatever comes of it. */
static void make_offer(struct fill *fill, struct larder_op *ret_op)
{
    const struct larder_fetch *fetch = fill->fetch;
    *ret_op = (struct larder_op){.kind = LARDER_OP_FILL,
                                 .value = fill->w.start,
                                 .value_len = larder_writer_len(&fill->w),
                                 .loaded_ns = fill->begun_ns};
    larder_storing_op(fetch->cache, fetch->entity, fetch->key, &fill->storing, ret_op);
}

static void store(struct fill *fill, struct larder_landing *landing)
{
    struct larder_op op;
    make_offer(fill, &op);
    uint64_t moment = offer_moment(fill->fetch);
    run(fill->fetch, &op);
    note_fill(fill, &op, moment, landing);
}

/* Without the clock of the moment of the claim nobody could tell what came after it. */
static bool may_store(const struct fill *fill)
{
    const struct larder_fetch *fetch = fill->fetch;
    bool versioned =
        larder_state_of(fetch->cache, fetch->entity)->is_versioned || fill->load.tags.count != 0;
    return fetch->token == 0 || !versioned || fetch->sight.as_of != 0;
}

static bool is_too_large(const struct fill *fill)
{
    const struct larder_entity *entity = fill->fetch->entity;
    if (larder_writer_len(&fill->w) <= larder_stored_max(entity)) {
        return false;
    }
    larder_call_refuse(entity, LARDER_E_TOO_LARGE,
                       "the loaded value is over max_bytes and was not stored");
    larder_counter_add(&counters_of(fill->fetch)->fill_errors, 1);
    return true;
}

static void store_value(struct fill *fill, struct larder_landing *landing)
{
    const struct larder_fetch *fetch = fill->fetch;
    larder_stored_compress(fetch->cache, fetch->entity, fetch->fingerprint,
                           larder_storing_head(&fill->storing), &fill->w);
    store(fill, landing);
}

/* While the server is away, its fallback keeps what is loaded. The token is that of no
 * claim, so that it is not stored there, should the server be back. */
static void keep_aside(struct fill *fill, struct larder_landing *landing)
{
    struct larder_fetch *fetch = fill->fetch;
    const struct larder_backend *backend = fetch->cache->backend;
    struct larder_op op;
    if (backend->table->is_away == NULL || !backend->table->is_away(backend)) {
        return;
    }
    make_offer(fill, &op);
    fetch->token = larder_fetch_new_token();
    enum larder_status status = run(fetch, &op);
    fetch->token = 0;
    landing->outcome = op.outcome;
    if (status != LARDER_E_LOST) {
        struct larder_counters *counters = counters_of(fetch);
        larder_counter_add(status == LARDER_OK ? &counters->fills : &counters->fill_errors, 1);
    }
}

/* ------------------------------------------------------- how a load may end */

static void end_loaded(struct fill *fill, struct larder_landing *landing)
{
    if (fill->load.skip || is_too_large(fill) || !may_store(fill)) {
        landing->until = release(fill, 0);
    } else if (fill->fetch->token != 0) {
        store_value(fill, landing);
    } else {
        keep_aside(fill, landing);
    }
}

/* That there is none, as it is stored. */
static void write_mark(struct fill *fill, int64_t absent_ms)
{
    const struct larder_fetch *fetch = fill->fetch;
    struct larder_envelope_head *head = &fill->storing.head;
    bool versioned = larder_state_of(fetch->cache, fetch->entity)->is_versioned;
    *head = (struct larder_envelope_head){.meta = LARDER_META_PLAIN | LARDER_META_EMPTY |
                                                  (versioned ? LARDER_META_VERSIONED : 0),
                                          .as_of = fetch->sight.as_of};
    fill->storing.stay_ms = absent_ms;
    fill->w.p += larder_envelope_write_head(fill->w.p, fetch->fingerprint, fetch->entity->version,
                                            head, NULL);
}

/* There is none: that is remembered where the schema asks for it, and what stood there is
 * known to be wrong. */
static void end_absent(struct fill *fill, struct larder_landing *landing)
{
    struct larder_fetch *fetch = fill->fetch;
    int64_t absent_ms = larder_state_of(fetch->cache, fetch->entity)->policy->absent_ms;
    if (fetch->token == 0) {
        return;
    }
    if (absent_ms != 0 && !fill->load.skip && may_store(fill)) {
        write_mark(fill, absent_ms);
        store(fill, landing);
    } else if (fetch->sight.value != NULL) {
        struct larder_op op = {.kind = LARDER_OP_DELETE};
        run(fetch, &op);
    } else {
        landing->until = release(fill, 0);
    }
}

/* For so long nobody asks the loader again, where a value may be given without it. */
static int64_t pause_of(const struct larder_fetch *fetch)
{
    int64_t if_error_ms = larder_state_of(fetch->cache, fetch->entity)->policy->if_error_ms;
    int64_t pause_ms = if_error_ms / PAUSE_PART;
    if (if_error_ms == 0 || fetch->sight.value == NULL) {
        return 0;
    }
    if (pause_ms < PAUSE_MIN_MS) {
        return PAUSE_MIN_MS;
    }
    return pause_ms < PAUSE_MAX_MS ? pause_ms : PAUSE_MAX_MS;
}

/* The spare value is for those who began before it was seen, and where the claim stood to
 * the end, so that nothing was invalidated, for all who began before that. */
static void end_failed(struct fill *fill, struct larder_landing *landing)
{
    struct larder_fetch *fetch = fill->fetch;
    uint64_t until = release(fill, pause_of(fetch));
    landing->until = LARDER_MOMENT_ALWAYS;
    if (larder_fetch_has_spare(fetch)) {
        bool stood = until != LARDER_MOMENT_NEVER && until != fill->begun;
        larder_fetch_answer(fetch, landing);
        landing->outcome = LARDER_NOT_APPLIED;
        landing->until = stood ? until : landing->until;
    }
}

void larder_fetch_load(struct larder_fetch *fetch, struct larder_landing *ret_landing)
{
    const struct larder_clock *clock = &fetch->cache->clock;
    struct fill fill;
    void *out;
    fill.fetch = fetch;
    larder_load_init(&fill.load, fetch->cache,
                     larder_fetch_has_spare(fetch) ? fetch->sight.value : NULL);
    larder_writer_init(&fill.w, &fetch->cache->allocator, fill.room, sizeof fill.room,
                       LARDER_VALUE_MAX);
    fill.begun = offer_moment(fetch);
    int64_t now_ns = larder_clock_now_ns(clock);
    int64_t left_ns = fetch->deadline_ns - now_ns;
    fill.begun_ns = now_ns != 0 ? now_ns : 1;
    *ret_landing = (struct larder_landing){.outcome = LARDER_NOT_APPLIED, .until = fill.begun};

    ret_landing->status =
        larder_load_run(&fill.load, fetch->cache, fetch->entity, fetch->load, fetch->call, &out);
    /* The loader's time is its own: what is left of the deadline is the fill's. */
    fetch->deadline_ns = larder_clock_now_ns(clock) + (left_ns > 0 ? left_ns : 0);
    if (ret_landing->status == LARDER_OK) {
        ret_landing->status = to_value(&fill, out, &ret_landing->value);
    }
    if (ret_landing->status < 0) {
        end_failed(&fill, ret_landing);
    } else if (ret_landing->status == LARDER_ABSENT) {
        end_absent(&fill, ret_landing);
    } else {
        end_loaded(&fill, ret_landing);
    }
    larder_writer_release(&fill.w);
    larder_load_release(&fill.load);
}
