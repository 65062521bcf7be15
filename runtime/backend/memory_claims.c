/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "backend/entry.h"
#include "backend/memory_room.h"
#include "base/alloc.h"

/* One operation on its way to its entry. */
struct change {
    struct larder_op *op;
    int64_t now_ns;
    enum larder_status status; /* its answer, where the entry decides it */
    const uint8_t *value;      /* what is to be stored */
    uint8_t claim[LARDER_ENVELOPE_CLAIM_MAX_BYTES];
};

static int64_t now_ms(const struct change *change)
{
    return change->now_ns / LARDER_MEMORY_NS_A_MS;
}

/* Runs it. What cannot be stored is the answer. */
static enum larder_status run(struct larder_memory *memory, struct change *change,
                              larder_store_changer *changer)
{
    enum larder_status status = larder_store_change(
        memory->store, change->op->key, change->op->key_len, change->now_ns, changer, change);
    return status == LARDER_OK ? change->status : status;
}

static enum larder_store_then put(const struct change *change, struct larder_store_item *ret_item)
{
    ret_item->value = change->value;
    ret_item->value_len = change->op->value_len;
    ret_item->expires_ns = larder_memory_expires_ns(change->op->ttl_ms, change->now_ns);
    return LARDER_STORE_PUT;
}

/* Whether the entry is still what was found, and was of no use. */
static bool is_seen(const struct larder_op *op, const struct larder_store_entry *entry)
{
    return op->seen != NULL && op->seen_len != 0 && entry->len == op->seen_total &&
           entry->len >= op->seen_len && memcmp(entry->value, op->seen, op->seen_len) == 0;
}

/* -------------------------------------------------------- SET, ADD, REPLACE */

static void show_head(struct larder_op *op, const struct larder_store_entry *entry)
{
    size_t len = entry->len < LARDER_HEAD_BYTES ? entry->len : LARDER_HEAD_BYTES;
    op->number = (int64_t)entry->len;
    if (op->sink != NULL) {
        op->sink(op, entry->value, len);
    }
}

static enum larder_store_then store(void *user, struct larder_store_entry *entry,
                                    struct larder_store_item *ret_item)
{
    struct change *change = user;
    struct larder_op *op = change->op;
    bool one = entry->value != NULL && larder_entry_is_one(entry->value, entry->len) &&
               !is_seen(op, entry);
    if (op->kind == LARDER_OP_ADD && one) {
        show_head(op, entry);
        change->status = LARDER_DENIED;
        return LARDER_STORE_KEEP;
    }
    if (op->kind == LARDER_OP_REPLACE && !one) {
        change->status = LARDER_MISS;
        return LARDER_STORE_KEEP;
    }
    return put(change, ret_item);
}

/* With the clock in the value. */
static enum larder_status store_stamped(struct larder_memory *memory, struct change *change)
{
    struct larder_op *op = change->op;
    uint8_t *copy = larder_alloc(memory->env.allocator, op->value_len);
    if (copy == NULL) {
        return LARDER_E_NOMEM;
    }
    memcpy(copy, op->value, op->value_len);
    pthread_mutex_lock(&memory->versions);
    larder_store64(copy + op->versions->as_of_at, larder_memory_stamp(memory, op, change->now_ns));
    change->value = copy;
    enum larder_status status = run(memory, change, store);
    pthread_mutex_unlock(&memory->versions);
    larder_free(memory->env.allocator, copy);
    return status;
}

enum larder_status larder_memory_store(struct larder_memory *memory, struct larder_op *op,
                                       int64_t now_ns)
{
    struct change change = {.op = op, .now_ns = now_ns, .status = LARDER_OK, .value = op->value};
    return op->versions != NULL ? store_stamped(memory, &change) : run(memory, &change, store);
}

/* -------------------------------------------------------------- CLAIM, TAKE */

static enum larder_store_then found(struct change *change, const struct larder_store_entry *entry)
{
    larder_entry_found(change->op, entry->value, entry->len);
    change->status = change->op->status;
    return LARDER_STORE_KEEP;
}

static enum larder_store_then win(struct change *change)
{
    change->op->number = 1;
    change->status = LARDER_MISS;
    return LARDER_STORE_KEEP;
}

static enum larder_store_then claim(void *user, struct larder_store_entry *entry,
                                    struct larder_store_item *ret_item)
{
    struct change *change = user;
    if (entry->value != NULL) {
        return found(change, entry);
    }
    win(change);
    return put(change, ret_item);
}

enum larder_status larder_memory_claim(struct larder_memory *memory, struct larder_op *op,
                                       int64_t now_ns)
{
    struct change change = {.op = op, .now_ns = now_ns, .value = op->value};
    return run(memory, &change, claim);
}

static bool is_claim(const struct larder_store_entry *entry)
{
    return entry->value != NULL && larder_envelope_has_slot(entry->value, entry->len) &&
           larder_envelope_form(entry->value, entry->len) == LARDER_ENVELOPE_CLAIM;
}

static bool has_timed_value(const struct larder_store_entry *entry)
{
    return entry->value != NULL && larder_envelope_has_slot(entry->value, entry->len) &&
           !is_claim(entry);
}

static bool may_take(const struct change *change, const struct larder_store_entry *entry)
{
    bool ended = is_claim(entry) && larder_envelope_get64(entry->value, LARDER_ENVELOPE_UNTIL_AT) <=
                                        (uint64_t)now_ms(change);
    return entry->value == NULL || entry->len == 0 || ended || is_seen(change->op, entry);
}

static enum larder_store_then take(void *user, struct larder_store_entry *entry,
                                   struct larder_store_item *ret_item)
{
    struct change *change = user;
    const struct larder_op *op = change->op;
    bool own = entry->value != NULL && larder_entry_has_own_claim(op, entry->value, entry->len);
    if (own || !may_take(change, entry)) {
        return found(change, entry);
    }
    win(change);
    if (op->keep && has_timed_value(entry)) {
        memcpy(entry->value + LARDER_ENVELOPE_TOKEN_AT, change->claim + LARDER_ENVELOPE_TOKEN_AT,
               LARDER_ENVELOPE_FRESH_AT - LARDER_ENVELOPE_TOKEN_AT);
        return LARDER_STORE_KEEP;
    }
    return put(change, ret_item);
}

enum larder_status larder_memory_take(struct larder_memory *memory, struct larder_op *op,
                                      int64_t now_ns)
{
    struct change change = {.op = op, .now_ns = now_ns};
    if (op->value_len > sizeof change.claim) {
        return LARDER_E_ARG;
    }
    memcpy(change.claim, op->value, op->value_len);
    larder_envelope_put64(change.claim + LARDER_ENVELOPE_UNTIL_AT,
                          (uint64_t)(now_ms(&change) + op->ttl_ms));
    change.value = change.claim;
    return run(memory, &change, take);
}

/* ------------------------------------------------------------ FILL, RELEASE */

static bool has_token(const struct larder_op *op, const struct larder_store_entry *entry)
{
    return entry->value != NULL && larder_envelope_has_slot(entry->value, entry->len) &&
           larder_envelope_get64(entry->value, LARDER_ENVELOPE_TOKEN_AT) == op->token;
}

static enum larder_store_then fill(void *user, struct larder_store_entry *entry,
                                   struct larder_store_item *ret_item)
{
    struct change *change = user;
    if (!has_token(change->op, entry)) {
        change->status = LARDER_E_LOST;
        return LARDER_STORE_KEEP;
    }
    return put(change, ret_item);
}

static void write_slot(const struct larder_store_entry *entry, uint64_t token, int64_t until_ms)
{
    larder_envelope_put64(entry->value + LARDER_ENVELOPE_TOKEN_AT, token);
    larder_envelope_put64(entry->value + LARDER_ENVELOPE_UNTIL_AT, (uint64_t)until_ms);
}

static enum larder_store_then release(void *user, struct larder_store_entry *entry,
                                      struct larder_store_item *ret_item)
{
    struct change *change = user;
    int64_t pause_ms = change->op->kind == LARDER_OP_RELEASE ? change->op->pause_ms : 0;
    (void)ret_item;
    if (!has_token(change->op, entry)) {
        change->status = LARDER_E_LOST;
        return LARDER_STORE_KEEP;
    }
    if (is_claim(entry)) {
        return LARDER_STORE_DROP;
    }
    write_slot(entry, pause_ms != 0, pause_ms != 0 ? now_ms(change) + pause_ms : 0);
    return LARDER_STORE_KEEP;
}

enum larder_status larder_memory_release(struct larder_memory *memory, struct larder_op *op,
                                         int64_t now_ns)
{
    struct change change = {.op = op, .now_ns = now_ns, .status = LARDER_OK};
    return run(memory, &change, release);
}

/* What its versions refuse is lost, and its claim is over: nobody is to wait for it. */
enum larder_status larder_memory_fill(struct larder_memory *memory, struct larder_op *op,
                                      int64_t now_ns)
{
    struct change change = {.op = op, .now_ns = now_ns, .status = LARDER_OK, .value = op->value};
    if (op->versions == NULL) {
        return run(memory, &change, fill);
    }
    pthread_mutex_lock(&memory->versions);
    bool hold = larder_memory_versions_hold(memory, op, now_ns);
    enum larder_status status = run(memory, &change, hold ? fill : release);
    pthread_mutex_unlock(&memory->versions);
    return hold ? status : LARDER_E_LOST;
}

/* ---------------------------------------------------------- SOFTEN, EXPIRE */

static enum larder_store_then soften(void *user, struct larder_store_entry *entry,
                                     struct larder_store_item *ret_item)
{
    struct change *change = user;
    (void)ret_item;
    if (has_timed_value(entry)) {
        write_slot(entry, 0, 0);
        larder_envelope_put64(entry->value + LARDER_ENVELOPE_FRESH_AT, (uint64_t)now_ms(change));
        return LARDER_STORE_KEEP;
    }
    bool none = entry->value == NULL || larder_envelope_form(entry->value, entry->len) != 0;
    change->status = none ? LARDER_MISS : LARDER_OK;
    return LARDER_STORE_DROP;
}

enum larder_status larder_memory_soften(struct larder_memory *memory, struct larder_op *op,
                                        int64_t now_ns)
{
    struct change change = {.op = op, .now_ns = now_ns, .status = LARDER_OK};
    return run(memory, &change, soften);
}

static enum larder_store_then expire(void *user, struct larder_store_entry *entry,
                                     struct larder_store_item *ret_item)
{
    struct change *change = user;
    const struct larder_op *op = change->op;
    (void)ret_item;
    if (entry->value == NULL || !larder_entry_is_one(entry->value, entry->len)) {
        change->status = LARDER_MISS;
        return LARDER_STORE_KEEP;
    }
    if (has_timed_value(entry)) {
        int64_t fresh_ms = now_ms(change) + op->ttl_ms;
        bool forever = op->ttl_ms == 0 || fresh_ms > LARDER_ENVELOPE_FOREVER_MS;
        larder_envelope_put64(entry->value + LARDER_ENVELOPE_FRESH_AT,
                              (uint64_t)(forever ? LARDER_ENVELOPE_FOREVER_MS : fresh_ms));
    }
    entry->expires_ns = larder_memory_expires_ns(larder_op_stay_ms(op), change->now_ns);
    return LARDER_STORE_KEEP;
}

enum larder_status larder_memory_expire(struct larder_memory *memory, struct larder_op *op,
                                        int64_t now_ns)
{
    struct change change = {.op = op, .now_ns = now_ns, .status = LARDER_OK};
    return run(memory, &change, expire);
}
