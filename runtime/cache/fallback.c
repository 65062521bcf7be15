/* SPDX-License-Identifier: MIT */
#include "cache/fallback.h"

#include "backend/entry.h"
#include "cache/away.h"

static const int64_t NS_A_MS = 1000000;

bool larder_fallback_init(struct larder_fallback *fallback,
                          const struct larder_allocator *allocator, size_t max_bytes)
{
    fallback->store = larder_store_new(allocator, max_bytes);
    return fallback->store != NULL;
}

void larder_fallback_release(struct larder_fallback *fallback)
{
    if (fallback->store != NULL) {
        larder_store_free(fallback->store);
    }
}

void larder_fallback_keep(struct larder_fallback *fallback, const struct larder_op *op,
                          int64_t now_ns)
{
    bool shorter = op->ttl_ms != 0 && op->ttl_ms < LARDER_FALLBACK_MAX_MS;
    int64_t ttl_ms = shorter ? op->ttl_ms : LARDER_FALLBACK_MAX_MS;
    const struct larder_store_item item = {.key = op->key,
                                           .key_len = op->key_len,
                                           .value = op->value,
                                           .value_len = op->value_len,
                                           .expires_ns = now_ns + ttl_ms * NS_A_MS};
    if (larder_store_put(fallback->store, LARDER_STORE_ALWAYS, &item, now_ns) != LARDER_OK) {
        larder_fallback_drop(fallback, op, now_ns); /* what it would have replaced */
    }
    atomic_store_explicit(&fallback->used, true, memory_order_relaxed);
}

void larder_fallback_drop(struct larder_fallback *fallback, const struct larder_op *op,
                          int64_t now_ns)
{
    larder_store_delete(fallback->store, op->key, op->key_len, now_ns);
}

static void show_value(void *user, const uint8_t *value, size_t len)
{
    struct larder_op *op = user;
    bool head = op->kind == LARDER_OP_HEAD;
    op->number = head ? (int64_t)len : 0;
    op->sink(op, value, head && len > LARDER_HEAD_BYTES ? LARDER_HEAD_BYTES : len);
    larder_op_answer(op, op->status);
}

static void show_what_it_is(void *user, const uint8_t *value, size_t len)
{
    struct larder_op *op = user;
    larder_op_answer(op, larder_entry_is_mark(value, len) ? LARDER_ABSENT : LARDER_OK);
}

bool larder_fallback_answer(struct larder_fallback *fallback, struct larder_op *op, int64_t now_ns)
{
    int64_t end_ns;
    bool asks = op->kind == LARDER_OP_EXISTS || op->kind == LARDER_OP_TTL;
    if (!larder_store_get(fallback->store, op->key, op->key_len, now_ns,
                          asks ? show_what_it_is : show_value, op)) {
        return false;
    }
    if (op->kind == LARDER_OP_TTL) {
        bool there = op->status == LARDER_OK &&
                     larder_store_expiry(fallback->store, op->key, op->key_len, now_ns, &end_ns);
        op->number = there ? (end_ns - now_ns - 1) / NS_A_MS + 1 : 0;
        larder_op_answer(op, there ? LARDER_OK : LARDER_MISS);
    }
    return true;
}

void larder_fallback_empty(struct larder_fallback *fallback)
{
    if (atomic_exchange_explicit(&fallback->used, false, memory_order_relaxed)) {
        larder_store_clear(fallback->store);
    }
}

void larder_fallback_hold(struct larder_fallback *fallback)
{
    if (fallback->store != NULL) {
        larder_store_hold(fallback->store);
    }
}

void larder_fallback_let_go(struct larder_fallback *fallback)
{
    if (fallback->store != NULL) {
        larder_store_let_go(fallback->store);
    }
}
