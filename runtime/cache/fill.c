/* SPDX-License-Identifier: MIT */
/*
 * What was loaded, on its way into the entry: under the claim that was made before the
 * loader ran, or not at all.
 */
#include "cache/fill.h"

#include "base/log.h"
#include "base/rule.h"
#include "cache/index.h"
#include "codec/block.h"
#include "codec/envelope.h"

enum { PAUSE_PART = 10, PAUSE_MIN_MS = 1000, PAUSE_MAX_MS = 30000 };

static struct larder_counters *counters_of(const struct larder_fetch *fetch)
{
    return &larder_state_of(fetch->cache, fetch->entity)->counters;
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
static enum larder_status describe(struct larder_fill *fill, const void *out)
{
    const struct larder_fetch *fetch = fill->fetch;
    struct larder_envelope_head *head = &fill->storing.head;
    const struct larder_tags *tags = &fill->load->tags;
    int64_t cost_ms = fill->load->cost_ms < UINT32_MAX ? fill->load->cost_ms : UINT32_MAX;
    larder_storing_begin(fetch->cache, fetch->entity,
                         larder_lifetime_ms(fetch->cache, fetch->entity, fill->load->ttl_ms),
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
static enum larder_status decode(const struct larder_fill *fill, const void **ret_value)
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

static enum larder_status to_value(struct larder_fill *fill, const void *out,
                                   const void **ret_value)
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

/* --------------------------------------------------------------- the operation */

static bool plan(struct larder_fill *fill, enum larder_op_kind kind)
{
    const struct larder_fetch *fetch = fill->fetch;
    fill->op = (struct larder_op){
        .kind = kind, .key = fetch->key->bytes, .key_len = fetch->key->len, .token = fetch->token};
    return true;
}

/* What is in the writer is offered to the entry. */
static bool plan_offer(struct larder_fill *fill)
{
    const struct larder_fetch *fetch = fill->fetch;
    bool fills = fetch->token != 0 || LARDER_RULE(what_is_unclaimed_is_not_stored);
    plan(fill, fills ? LARDER_OP_FILL : LARDER_OP_SET);
    fill->op.value = fill->w.start;
    fill->op.value_len = larder_writer_len(&fill->w);
    fill->op.loaded_ns = fill->begun_ns;
    larder_storing_op(fetch->cache, fetch->entity, fetch->key, &fill->storing, &fill->op);
    return true;
}

/* The claim is given back, if there is one. */
static bool plan_release(struct larder_fill *fill, int64_t pause_ms)
{
    if (fill->fetch->token == 0) {
        return false;
    }
    plan(fill, LARDER_OP_RELEASE);
    fill->op.pause_ms = pause_ms;
    fill->op.loaded_ns = fill->begun_ns;
    return true;
}

/* Without the clock of the moment of the claim nobody could tell what came after it. */
static bool may_store(const struct larder_fill *fill)
{
    const struct larder_fetch *fetch = fill->fetch;
    bool versioned =
        larder_state_of(fetch->cache, fetch->entity)->is_versioned || fill->load->tags.count != 0;
    return fetch->token == 0 || !versioned || fetch->sight.as_of != 0;
}

static bool is_too_large(const struct larder_fill *fill)
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

/* While the server is away, its fallback keeps what is loaded. The token is that of no
 * claim, so that it is not stored there, should the server be back. */
static bool plan_aside(struct larder_fill *fill)
{
    const struct larder_backend *backend = fill->fetch->cache->backend;
    if (backend->table->is_away == NULL || !backend->table->is_away(backend)) {
        return false;
    }
    plan_offer(fill);
    fill->op.token = larder_fetch_new_token();
    return true;
}

static bool plan_value(struct larder_fill *fill)
{
    const struct larder_fetch *fetch = fill->fetch;
    if (fill->load->skip || fill->load->is_private || is_too_large(fill) || !may_store(fill)) {
        return plan_release(fill, 0);
    }
    if (fetch->token == 0 && LARDER_RULE(what_is_unclaimed_is_not_stored)) {
        return plan_aside(fill);
    }
    larder_stored_compress(fetch->cache, fetch->entity, fetch->fingerprint,
                           larder_storing_head(&fill->storing), &fill->w);
    return plan_offer(fill);
}

/* That there is none, as it is stored. */
static void write_mark(struct larder_fill *fill, int64_t absent_ms)
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
static bool plan_absent(struct larder_fill *fill)
{
    const struct larder_fetch *fetch = fill->fetch;
    int64_t absent_ms = larder_state_of(fetch->cache, fetch->entity)->policy->absent_ms;
    if (fetch->token == 0 || fill->load->is_private) {
        return plan_release(fill, 0);
    }
    if (absent_ms != 0 && !fill->load->skip && may_store(fill)) {
        write_mark(fill, absent_ms);
        return plan_offer(fill);
    }
    return fetch->sight.value != NULL ? plan(fill, LARDER_OP_DELETE) : plan_release(fill, 0);
}

/* For so long nobody asks the loader again, where a value may be given without it. */
static int64_t pause_of(const struct larder_fetch *fetch)
{
    int64_t if_error_ms = larder_state_of(fetch->cache, fetch->entity)->policy->if_error_ms;
    int64_t pause_ms = if_error_ms / PAUSE_PART;
    if (fetch->sight.value == NULL || (if_error_ms == 0 && !fetch->in_background)) {
        return 0;
    }
    if (pause_ms < PAUSE_MIN_MS) {
        return PAUSE_MIN_MS;
    }
    return pause_ms < PAUSE_MAX_MS ? pause_ms : PAUSE_MAX_MS;
}

void larder_fill_begin(struct larder_fill *fill, struct larder_fetch *fetch,
                       const struct larder_load *load)
{
    int64_t now_ns = larder_clock_now_ns(&fetch->cache->clock);
    fill->fetch = fetch;
    fill->load = load;
    fill->storing.head.meta = LARDER_META_PLAIN;
    larder_writer_init(&fill->w, &fetch->cache->allocator, fill->room, sizeof fill->room,
                       LARDER_VALUE_MAX);
    fill->begun = larder_fill_moment(fill);
    fill->begun_ns = now_ns != 0 ? now_ns : 1;
    fill->moment = fill->begun;
}

void larder_fill_release(struct larder_fill *fill)
{
    larder_writer_release(&fill->w);
}

bool larder_fill_plan(struct larder_fill *fill, enum larder_status status, const void *out,
                      struct larder_landing *ret_landing)
{
    *ret_landing = (struct larder_landing){
        .status = status, .outcome = LARDER_NOT_APPLIED, .until = fill->begun};
    if (status == LARDER_OK) {
        ret_landing->status = to_value(fill, out, &ret_landing->value);
    }
    if (ret_landing->status < 0) {
        return plan_release(fill, pause_of(fill->fetch));
    }
    return ret_landing->status == LARDER_ABSENT ? plan_absent(fill) : plan_value(fill);
}

/* ------------------------------------------------------------- how it ended */

static void run(const struct larder_fetch *fetch, struct larder_op *op)
{
    fetch->cache->backend->table->run(fetch->cache->backend, op, 1, fetch->deadline_ns);
}

/* Whom what is known to have been good when the loader began is for. */
static uint64_t until_of_load(const struct larder_fill *fill)
{
    return fill->fetch->token != 0 || LARDER_RULE(who_loads_unclaimed_shares_with_earlier)
               ? fill->begun
               : LARDER_MOMENT_ALWAYS;
}

/* Whom what was loaded is for, after the claim was given back: all who began before
 * that, if it still stood then; else the caller alone. Versions are not looked at there,
 * so where there are any, all who began before the loader. */
static uint64_t until_of_release(const struct larder_fill *fill, const struct larder_op *op,
                                 uint64_t moment)
{
    const struct larder_fetch *fetch = fill->fetch;
    if (op->status == LARDER_E_LOST) {
        return LARDER_MOMENT_NEVER;
    }
    bool versioned =
        larder_state_of(fetch->cache, fetch->entity)->is_versioned || fill->load->tags.count != 0;
    return op->status == LARDER_OK && !versioned ? moment : fill->begun;
}

/* Where an offer met an error, the claim still stands, and is given back, so that nobody need wait
 * for its end. */
static void give_back(const struct larder_fill *fill)
{
    struct larder_op op = {.kind = LARDER_OP_RELEASE,
                           .key = fill->op.key,
                           .key_len = fill->op.key_len,
                           .token = fill->fetch->token};
    if (op.token != 0 && fill->op.outcome == LARDER_NOT_APPLIED) {
        run(fill->fetch, &op);
    }
}

static void end_offer(const struct larder_fill *fill, struct larder_landing *landing)
{
    const struct larder_fetch *fetch = fill->fetch;
    const struct larder_op *op = &fill->op;
    struct larder_counters *counters = counters_of(fetch);
    bool aside = fetch->token == 0;
    landing->outcome = op->outcome;
    if (op->status == LARDER_OK) {
        larder_counter_add(&counters->fills, 1);
        larder_counter_add(&counters->written_bytes, op->value_len);
        landing->until = aside ? until_of_load(fill) : fill->moment;
        if (!LARDER_RULE(boarding_ends_before_the_fill)) {
            landing->until = LARDER_MOMENT_ALWAYS;
        }
    } else if (op->status != LARDER_E_LOST) {
        larder_counter_add(&counters->fill_errors, 1);
        give_back(fill);
    } else if (!aside) {
        larder_counter_add(&counters->fills_lost, 1);
        larder_error_set(LARDER_E_LOST, "%s: the entry was changed while it was loaded",
                         fetch->entity->pattern);
        landing->until =
            LARDER_RULE(what_was_lost_is_private) ? LARDER_MOMENT_NEVER : LARDER_MOMENT_ALWAYS;
    }
}

/* The spare value is for those who began before it was seen. */
static void end_failed(struct larder_fetch *fetch, struct larder_landing *landing)
{
    landing->until = LARDER_MOMENT_ALWAYS;
    if (larder_fetch_has_spare(fetch)) {
        larder_fetch_answer(fetch, landing);
        landing->outcome = LARDER_NOT_APPLIED;
    }
}

void larder_fill_end(struct larder_fill *fill, bool planned, struct larder_landing *landing)
{
    struct larder_fetch *fetch = fill->fetch;
    uint64_t until = until_of_load(fill);
    if (planned && fill->op.status < 0 && fill->op.status != LARDER_E_LOST) {
        larder_call_note_failure(fetch->cache, fetch->entity, fill->op.status);
    }
    if (planned && fill->op.kind == LARDER_OP_FILL) {
        end_offer(fill, landing);
        until = landing->until;
    } else if (planned && fill->op.kind == LARDER_OP_RELEASE) {
        until = until_of_release(fill, &fill->op, fill->moment);
    }
    landing->until = until;
    if (landing->status < 0) {
        end_failed(fetch, landing);
    }
    if (fill->load->is_private) {
        landing->until = LARDER_MOMENT_NEVER;
    }
}

/* ------------------------------------------------------------------ one load */

static void run_planned(struct larder_fill *fill, const struct larder_landing *landing)
{
    const struct larder_fetch *fetch = fill->fetch;
    if (fill->op.kind == LARDER_OP_FILL && landing->value != NULL) {
        larder_index_run(fetch->cache, fetch->entity, landing->value, &fill->op,
                         fetch->deadline_ns);
    } else {
        run(fetch, &fill->op);
    }
}

static bool has_token(const void *user, uint64_t token)
{
    return ((const struct larder_fetch *)user)->token == token;
}

void larder_fetch_load(struct larder_fetch *fetch, struct larder_landing *ret_landing)
{
    const struct larder_clock *clock = &fetch->cache->clock;
    struct larder_load load;
    struct larder_fill fill;
    struct larder_hold hold;
    void *out;
    larder_load_init(&load, fetch->cache, fetch->sight.value);
    larder_fill_begin(&fill, fetch, &load);
    int64_t left_ns = fetch->deadline_ns - fill.begun_ns;
    larder_hold_begin(&hold, has_token, fetch);
    enum larder_status status =
        larder_load_run(&load, fetch->cache, fetch->entity, fetch->load, fetch->call, &out);
    larder_hold_end(&hold);
    /* The loader's time is its own: what is left of the deadline is the fill's. */
    fetch->deadline_ns = larder_clock_now_ns(clock) + (left_ns > 0 ? left_ns : 0);
    bool planned = larder_fill_plan(&fill, status, out, ret_landing);
    if (planned) {
        fill.moment = larder_fill_moment(&fill);
        run_planned(&fill, ret_landing);
    }
    larder_fill_end(&fill, planned, ret_landing);
    larder_fill_release(&fill);
    larder_load_release(&load);
}
