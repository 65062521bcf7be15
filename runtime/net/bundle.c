/* SPDX-License-Identifier: MIT */
#include "net/bundle.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { OUT_KEEP_BYTES = 64 * 1024 };

static bool move(struct larder_slot *slot, enum larder_slot_state from, enum larder_slot_state to)
{
    uint32_t expected = from;
    return atomic_compare_exchange_strong_explicit(&slot->state, &expected, to,
                                                   memory_order_acq_rel, memory_order_acquire);
}

static void set(struct larder_slot *slot, enum larder_slot_state state)
{
    atomic_store_explicit(&slot->state, state, memory_order_release);
}

/* The last that is done to a ticket, and to its exchange. */
static void end_ticket(struct larder_ticket *ticket, enum larder_ticket_state state)
{
    atomic_store_explicit(&ticket->state, state, memory_order_release);
}

static void fail_ticket(struct larder_ticket *ticket, enum larder_status status, const char *why)
{
    ticket->status = status;
    snprintf(ticket->why, sizeof ticket->why, "%s", why);
    end_ticket(ticket, LARDER_TICKET_DONE);
}

/* ------------------------------------------------------------- delivering */

/* Whether the caller of the reply that is next is still there; it stays there
 * until the hold is let go. */
static bool hold(struct larder_bundle *bundle)
{
    struct larder_slot *slot = &bundle->slots[bundle->at];
    if (!bundle->holding &&
        atomic_load_explicit(&slot->state, memory_order_relaxed) != LARDER_SLOT_LEADING) {
        bundle->holding = move(slot, LARDER_SLOT_WAITING, LARDER_SLOT_DELIVERING);
        return bundle->holding;
    }
    return true;
}

/* All that the caller of the reply that is next waits for is there. It is held. */
static void end_slot(struct larder_bundle *bundle, enum larder_ticket_state state)
{
    struct larder_slot *slot = &bundle->slots[bundle->at];
    struct larder_ticket *ticket = slot->ticket;
    bundle->holding = false;
    set(slot, LARDER_SLOT_DONE);
    ticket->status = LARDER_OK;
    end_ticket(ticket, state);
}

/* Some bytes came, and all replies in them were taken. */
static void pause_here(struct larder_exchange *base)
{
    struct larder_bundle *bundle = (struct larder_bundle *)base;
    atomic_fetch_add_explicit(bundle->progress, 1, memory_order_relaxed);
    if (bundle->holding) {
        set(&bundle->slots[bundle->at], LARDER_SLOT_WAITING);
        bundle->holding = false;
    }
}

/* Goes on to the next slot that replies are due to. */
static void skip_withdrawn(struct larder_bundle *bundle)
{
    while (bundle->at < bundle->count && bundle->slots[bundle->at].replies == 0) {
        bundle->at++;
    }
}

/* A reply begins, to the slot that is next. */
static void begin_reply(struct larder_bundle *bundle)
{
    skip_withdrawn(bundle);
    bundle->merged_left = bundle->at < bundle->count ? bundle->slots[bundle->at].merged : 0;
    bundle->merging = bundle->merged_left != 0;
}

static bool never_filled(struct larder_exchange *base, struct larder_buffer *out)
{
    (void)base;
    (void)out;
    return false;
}

static size_t elements(const struct larder_exchange *base)
{
    const struct larder_bundle *bundle = (const struct larder_bundle *)base;
    return bundle->merging ? bundle->merged_left : bundle->slots[bundle->at].elements;
}

/* A reply of the slot that is next is whole. */
static void end_reply(struct larder_bundle *bundle)
{
    struct larder_slot *slot = &bundle->slots[bundle->at];
    bool there = hold(bundle);
    slot->replies--;
    if (there) {
        struct larder_exchange *exchange = slot->ticket->exchange;
        exchange->pending--;
        exchange->table->next(exchange);
        bundle->base.close |= exchange->close;
    }
    if (slot->replies > 0) {
        return;
    }
    if (there) {
        end_slot(bundle, LARDER_TICKET_DONE);
    }
    bundle->at++;
    skip_withdrawn(bundle);
}

/* A server's word on a command is none on its parts: each is asked again, by itself. */
static void refuse_merged(struct larder_bundle *bundle)
{
    bundle->refused = true;
    for (; bundle->merged_left > 0; bundle->merged_left--) {
        if (hold(bundle)) {
            bundle->slots[bundle->at].ticket->exchange->merge = NULL;
            end_slot(bundle, LARDER_TICKET_AGAIN);
        }
        bundle->at++;
        skip_withdrawn(bundle);
    }
}

/* One element of a reply to merged reads; or an error, instead. */
static enum larder_status take_merged(struct larder_bundle *bundle,
                                      const struct larder_reply *reply)
{
    enum larder_status status = LARDER_OK;
    if (reply->kind == LARDER_REPLY_ERROR) {
        refuse_merged(bundle);
    }
    if (bundle->merged_left == 0) { /* the rest of an array, behind an error in it */
        return LARDER_OK;
    }
    bundle->merged_left--;
    if (hold(bundle)) {
        struct larder_exchange *exchange = bundle->slots[bundle->at].ticket->exchange;
        exchange->any_received = true;
        status = exchange->table->take(exchange, reply);
    }
    if (status == LARDER_OK) {
        end_reply(bundle);
    }
    return status;
}

static enum larder_status take(struct larder_exchange *base, const struct larder_reply *reply)
{
    struct larder_bundle *bundle = (struct larder_bundle *)base;
    if (bundle->merging) {
        return take_merged(bundle, reply);
    }
    if (!hold(bundle)) {
        return LARDER_OK;
    }
    struct larder_exchange *exchange = bundle->slots[bundle->at].ticket->exchange;
    exchange->any_received = true;
    return exchange->table->take(exchange, reply);
}

static void next(struct larder_exchange *base)
{
    struct larder_bundle *bundle = (struct larder_bundle *)base;
    if (!bundle->merging) { /* else each was ended with its element */
        end_reply(bundle);
    }
    begin_reply(bundle);
}

static const struct larder_exchange_table table = {
    .fill = never_filled, .elements = elements, .take = take, .next = next, .pause = pause_here};

/* ------------------------------------------------------------- collecting */

void larder_bundle_init(struct larder_bundle *bundle, const struct larder_allocator *allocator,
                        size_t max_bytes, _Atomic uint32_t *progress)
{
    bundle->base = (struct larder_exchange){.table = &table};
    larder_buffer_init(&bundle->out, allocator, max_bytes);
    bundle->progress = progress;
    larder_bundle_clear(bundle);
}

void larder_bundle_release(struct larder_bundle *bundle)
{
    larder_buffer_release(&bundle->out);
}

void larder_bundle_clear(struct larder_bundle *bundle)
{
    larder_buffer_clear(&bundle->out, OUT_KEEP_BYTES);
    bundle->base = (struct larder_exchange){.table = &table};
    bundle->count = 0;
    bundle->live = 0;
    bundle->at = 0;
    bundle->lanes = 0;
    bundle->holding = false;
    bundle->merged_left = 0;
    bundle->merging = false;
    bundle->refused = false;
}

enum larder_status larder_bundle_add(struct larder_bundle *bundle, struct larder_ticket *ticket)
{
    struct larder_exchange *exchange = ticket->exchange;
    struct larder_slot *slot = &bundle->slots[bundle->count];
    size_t begin = bundle->out.len;
    exchange->pending = 0;
    exchange->fill_sent = false;
    exchange->any_received = false;
    bool more = exchange->table->fill(exchange, &bundle->out);
    enum larder_status status = bundle->out.status;
    if (status != LARDER_OK) {
        bundle->out.len = begin;
        bundle->out.status = LARDER_OK;
        return status;
    }
    assert(!more && exchange->pending > 0);
    (void)more;
    *slot = (struct larder_slot){.ticket = ticket,
                                 .state = LARDER_SLOT_WAITING,
                                 .begin = begin,
                                 .end = bundle->out.len,
                                 .replies = exchange->pending,
                                 .elements = exchange->table->elements(exchange),
                                 .merge = exchange->merge,
                                 .deadline_ns = ticket->deadline_ns};
    bundle->base.pending += exchange->pending;
    bundle->lanes |= exchange->lane;
    ticket->dropped = false;
    ticket->bundle = bundle;
    ticket->slot = bundle->count++;
    bundle->live++;
    return LARDER_OK;
}

void larder_bundle_lead(struct larder_bundle *bundle, const struct larder_ticket *ticket)
{
    set(&bundle->slots[ticket->slot], LARDER_SLOT_LEADING);
}

void larder_bundle_withdraw(struct larder_bundle *bundle, const struct larder_ticket *ticket)
{
    struct larder_slot *slot = &bundle->slots[ticket->slot];
    size_t len = slot->end - slot->begin;
    memmove(bundle->out.data + slot->begin, bundle->out.data + slot->end,
            bundle->out.len - slot->end);
    bundle->out.len -= len;
    bundle->base.pending -= slot->replies;
    slot->end = slot->begin;
    slot->replies = 0;
    set(slot, LARDER_SLOT_ABANDONED);
    bundle->live--;
    for (size_t i = ticket->slot + 1; i < bundle->count; i++) {
        bundle->slots[i].begin -= len;
        bundle->slots[i].end -= len;
    }
    skip_withdrawn(bundle);
    if (bundle->live == 0) {
        larder_bundle_clear(bundle);
    }
}

/* ----------------------------------------------------------------- merging */

/* How many slots, from this one on, go as one command; *ret_end is behind the last. */
static size_t find_run(const struct larder_bundle *bundle, size_t from, size_t *ret_end)
{
    const struct larder_merge *merge = bundle->slots[from].merge;
    size_t count = 1;
    size_t i = from + 1;
    for (; merge != NULL && i < bundle->count; i++) {
        const struct larder_slot *slot = &bundle->slots[i];
        if (slot->replies != 0 && slot->merge != merge) {
            break;
        }
        count += slot->replies != 0;
    }
    *ret_end = i;
    return count;
}

/* Moves a slot's command, but for its first bytes. Answers where it ends. */
static size_t move_command(struct larder_bundle *bundle, struct larder_slot *slot, size_t skip,
                           size_t to)
{
    size_t len = slot->end - slot->begin - skip;
    memmove(bundle->out.data + to, bundle->out.data + slot->begin + skip, len);
    slot->begin = to;
    slot->end = to + len;
    return slot->end;
}

/*
 *     head key head key head key          head: of a command of one key each
 *     HEAD key key key                    HEAD is no longer than two of them
 */
static size_t merge_run(struct larder_bundle *bundle, size_t from, size_t end, size_t count,
                        size_t to)
{
    char head[LARDER_MERGE_HEAD_BYTES];
    const struct larder_merge *merge = bundle->slots[from].merge;
    size_t head_len = merge->head(count, head);
    size_t at = to + head_len;
    assert(head_len <= 2 * merge->head_len);
    for (size_t i = from; i < end; i++) {
        struct larder_slot *slot = &bundle->slots[i];
        if (slot->replies != 0) {
            at = move_command(bundle, slot, merge->head_len, at);
            slot->begin = to; /* its command is all of it */
        }
    }
    memcpy(bundle->out.data + to, head, head_len); /* the first key is no more there */
    bundle->slots[from].merged = count;
    bundle->base.pending -= count - 1;
    return at;
}

void larder_bundle_merge(struct larder_bundle *bundle)
{
    size_t to = 0;
    size_t end;
    for (size_t i = 0; i < bundle->count; i = end) {
        size_t count = 0;
        end = i + 1;
        if (bundle->slots[i].replies != 0) {
            count = find_run(bundle, i, &end);
        }
        if (count > 1) {
            to = merge_run(bundle, i, end, count, to);
        } else if (count == 1) {
            to = move_command(bundle, &bundle->slots[i], 0, to);
        }
    }
    bundle->out.len = to;
    begin_reply(bundle);
}

/* --------------------------------------------------------------- being sent */

bool larder_bundle_abandon(struct larder_bundle *bundle, const struct larder_ticket *ticket)
{
    return move(&bundle->slots[ticket->slot], LARDER_SLOT_WAITING, LARDER_SLOT_ABANDONED);
}

bool larder_bundle_promote(struct larder_bundle *bundle, int64_t now_ns)
{
    for (size_t i = bundle->at; i < bundle->count; i++) {
        struct larder_slot *slot = &bundle->slots[i];
        if (slot->deadline_ns >= now_ns && move(slot, LARDER_SLOT_WAITING, LARDER_SLOT_LEADING)) {
            atomic_store_explicit(&slot->ticket->state, LARDER_TICKET_LEADS, memory_order_release);
            larder_wake_all(i == 0 ? &bundle->lead : &bundle->followers);
            return true;
        }
    }
    return false;
}

void larder_bundle_fail(struct larder_bundle *bundle, size_t sent, enum larder_status status,
                        const char *why)
{
    for (size_t i = bundle->at; i < bundle->count; i++) {
        struct larder_slot *slot = &bundle->slots[i];
        if (move(slot, LARDER_SLOT_WAITING, LARDER_SLOT_DELIVERING)) {
            slot->ticket->exchange->fill_sent = slot->begin < sent;
            set(slot, LARDER_SLOT_DONE);
            fail_ticket(slot->ticket, status, why);
        }
    }
}

void larder_bundle_drop(struct larder_bundle *bundle, enum larder_status status, const char *why)
{
    for (size_t i = 0; i < bundle->count; i++) {
        struct larder_slot *slot = &bundle->slots[i];
        if (move(slot, LARDER_SLOT_WAITING, LARDER_SLOT_DONE)) {
            if (status == LARDER_OK) {
                end_ticket(slot->ticket, LARDER_TICKET_AGAIN);
            } else {
                slot->ticket->dropped = true;
                fail_ticket(slot->ticket, status, why);
            }
        }
    }
    larder_bundle_clear(bundle);
}

void larder_bundle_wake(struct larder_bundle *bundle)
{
    larder_wake_all(&bundle->lead);
    larder_wake_all(&bundle->followers);
}
