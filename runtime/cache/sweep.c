/* SPDX-License-Identifier: MIT */
#include "cache/sweep.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

/* A page is some 100 KiB at most, but for keys of strangers. */
static const size_t KEYS_MAX_BYTES = (size_t)8 << 20;

/* ------------------------------------------------------------- life cycle */

void larder_sweep_init(struct larder_sweep *sweep, const struct larder_allocator *allocator,
                       const struct larder_sweep_owner *owner)
{
    sweep->allocator = allocator;
    sweep->owner = owner;
    larder_sweep_begin(sweep);
}

void larder_sweep_begin(struct larder_sweep *sweep)
{
    snprintf(sweep->cursor, sizeof sweep->cursor, "0");
    sweep->run_id[0] = '\0';
    sweep->deleted = 0;
}

/* -------------------------------------------------------------------- look */

/* What the look found. The server's bytes are only lent, so keys are copied. */
struct page {
    const struct larder_sweep *sweep;
    struct larder_buffer keys; /* one behind the other: its length as a size_t, its bytes */
    size_t count;
    char run_id[LARDER_SWEEP_WORD_BYTES];
    char cursor[LARDER_SWEEP_WORD_BYTES];
};

/* The words of a page, each behind its length in two bytes. */
struct words {
    const uint8_t *at;
    size_t left;
};

static bool next_word(struct words *words, const uint8_t **ret_word, size_t *ret_len)
{
    if (words->left < 2) {
        return false;
    }
    size_t len = (size_t)words->at[0] << 8 | words->at[1];
    if (words->left - 2 < len) {
        return false;
    }
    *ret_word = words->at + 2;
    *ret_len = len;
    words->at += 2 + len;
    words->left -= 2 + len;
    return true;
}

static bool next_text(struct words *words, char ret_text[LARDER_SWEEP_WORD_BYTES])
{
    const uint8_t *word;
    size_t len;
    if (!next_word(words, &word, &len) || len == 0 || len >= LARDER_SWEEP_WORD_BYTES) {
        return false;
    }
    memcpy(ret_text, word, len);
    ret_text[len] = '\0';
    return true;
}

static void keep_key(struct page *page, const uint8_t *key, size_t len)
{
    if (larder_buffer_append(&page->keys, &len, sizeof len) &&
        larder_buffer_append(&page->keys, key, len)) {
        page->count++;
    }
}

/* False: it is no page. */
static bool read_page(struct page *page, struct words *words)
{
    const struct larder_sweep_owner *owner = page->sweep->owner;
    const uint8_t *key, *head;
    size_t key_len, head_len;
    if (!next_text(words, page->run_id) || !next_text(words, page->cursor)) {
        return false;
    }
    while (words->left > 0) {
        if (!next_word(words, &key, &key_len) || !next_word(words, &head, &head_len)) {
            return false;
        }
        if (owner->owns(owner->user, (const char *)key, key_len, head, head_len)) {
            keep_key(page, key, key_len);
        }
    }
    return true;
}

static void take_page(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    struct page *page = op->user;
    struct words words = {bytes, len};
    page->count = 0;
    larder_buffer_clear(&page->keys, SIZE_MAX);
    bool good = read_page(page, &words);
    op->status = !good ? LARDER_E_PROTOCOL : page->keys.status;
}

/* ------------------------------------------------------------------ delete */

static void point_at_keys(const struct page *page, struct larder_op *ops)
{
    const char *at = page->keys.data;
    for (size_t i = 0; i < page->count; i++) {
        size_t len;
        memcpy(&len, at, sizeof len);
        ops[i] =
            (struct larder_op){.kind = LARDER_OP_DELETE, .key = at + sizeof len, .key_len = len};
        at += sizeof len + len;
    }
}

static enum larder_status delete_keys(struct larder_sweep *sweep, const struct page *page,
                                      larder_sweep_run *run, void *user, int64_t deadline_ns)
{
    enum larder_status status = LARDER_OK;
    if (page->count == 0) {
        return LARDER_OK;
    }
    struct larder_op *ops = larder_alloc_zeroed(sweep->allocator, page->count, sizeof *ops);
    if (ops == NULL) {
        return LARDER_E_NOMEM;
    }
    point_at_keys(page, ops);
    run(user, ops, page->count, deadline_ns);
    for (size_t i = 0; i < page->count; i++) {
        sweep->deleted += ops[i].status == LARDER_OK;
        status = ops[i].status < 0 ? ops[i].status : status;
    }
    larder_free(sweep->allocator, ops);
    return status;
}

/* ------------------------------------------------------------------- slice */

static enum larder_status turn_page(struct larder_sweep *sweep, const struct page *page)
{
    if (sweep->run_id[0] != '\0' && strcmp(sweep->run_id, page->run_id) != 0) {
        larder_sweep_begin(sweep); /* another server orders its keys otherwise */
        return LARDER_OK;
    }
    memcpy(sweep->run_id, page->run_id, sizeof sweep->run_id);
    memcpy(sweep->cursor, page->cursor, sizeof sweep->cursor);
    return strcmp(sweep->cursor, "0") == 0 ? LARDER_MISS : LARDER_OK;
}

enum larder_status larder_sweep_slice(struct larder_sweep *sweep, larder_sweep_run *run, void *user,
                                      int64_t deadline_ns)
{
    struct page page = {.sweep = sweep};
    struct larder_op op = {.kind = LARDER_OP_SCAN,
                           .key = sweep->owner->prefix,
                           .key_len = strlen(sweep->owner->prefix),
                           .value = (const uint8_t *)sweep->cursor,
                           .value_len = strlen(sweep->cursor),
                           .sink = take_page,
                           .user = &page};
    larder_buffer_init(&page.keys, sweep->allocator, KEYS_MAX_BYTES);
    run(user, &op, 1, deadline_ns);
    enum larder_status status = op.status;
    if (status == LARDER_OK) {
        status = delete_keys(sweep, &page, run, user, deadline_ns);
    }
    larder_buffer_release(&page.keys);
    return status == LARDER_OK ? turn_page(sweep, &page) : status;
}
