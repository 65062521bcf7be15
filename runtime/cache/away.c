/* SPDX-License-Identifier: MIT */
#include "cache/away.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/rule.h"
#include "cache/amends.h"

const struct larder_journal_bounds larder_journal_defaults = {LARDER_JOURNAL_ENTRIES_MAX,
                                                              LARDER_JOURNAL_BYTES_MAX};

/* What a kind of operation means for what is here and on the server. */
struct trait {
    bool tells;       /* its answer depends on what the server has */
    bool reads;       /* ...and the fallback may give it */
    bool changes;     /* the value: a failure leaves one behind that is not right */
    bool renews;      /* whatever was there before: a success leaves nothing of it */
    bool lifetime;    /* op->ttl_ms is one */
    bool invalidates; /* what was loaded before it must not be kept after it */
};

static const struct trait traits[] = {
    [LARDER_OP_GET] = {.tells = true, .reads = true},
    [LARDER_OP_SET] = {.changes = true, .renews = true, .lifetime = true},
    [LARDER_OP_ADD] = {.tells = true, .changes = true, .lifetime = true},
    [LARDER_OP_REPLACE] = {.tells = true, .changes = true, .lifetime = true},
    [LARDER_OP_DELETE] = {.changes = true, .renews = true, .invalidates = true},
    [LARDER_OP_EXISTS] = {.tells = true, .reads = true},
    [LARDER_OP_TTL] = {.tells = true, .reads = true},
    [LARDER_OP_EXPIRE] = {.tells = true, .lifetime = true},
    [LARDER_OP_PING] = {.tells = false},
    [LARDER_OP_SCAN] = {.tells = false},
    [LARDER_OP_RENEW] = {.tells = true, .reads = true, .lifetime = true},
    [LARDER_OP_HEAD] = {.tells = true, .reads = true},
    [LARDER_OP_CLAIM] = {.tells = true, .reads = true},
    [LARDER_OP_TAKE] = {.tells = true, .reads = true},
    /* One that is unknown changes nothing any more once its claim is gone. */
    [LARDER_OP_FILL] = {.renews = true, .lifetime = true},
    [LARDER_OP_RELEASE] = {.tells = false},
    [LARDER_OP_SOFTEN] = {.changes = true, .invalidates = true}, /* what was there stays, stale */
    [LARDER_OP_BUMP] = {.changes = true, .renews = true, .invalidates = true},
    [LARDER_OP_TIME] = {.tells = false},
};

/* ------------------------------------------------------------------- fork */

static void hook_prepare(void *user)
{
    struct larder_away *away = user;
    larder_journal_hold(&away->journal);
    larder_fallback_hold(&away->fallback);
}

static void hook_parent(void *user)
{
    struct larder_away *away = user;
    larder_fallback_let_go(&away->fallback);
    larder_journal_let_go(&away->journal);
}

/* A sweep that another thread was at begins anew. */
static void hook_child(void *user)
{
    struct larder_away *away = user;
    larder_sweep_begin(&away->sweep);
    larder_fallback_let_go(&away->fallback);
    larder_journal_child(&away->journal);
}

/* -------------------------------------------------------------- journalling */

/* Whether a failure of it may leave a value behind that must not be read. */
static bool must_be_written_down(const struct larder_op *op)
{
    if (op->status >= 0 || !traits[op->kind].changes || !LARDER_RULE(what_failed_is_written_down)) {
        return false;
    }
    bool nothing_was = op->kind == LARDER_OP_ADD || op->loaded_ns != 0;
    return !nothing_was || op->outcome == LARDER_UNKNOWN;
}

static void write_key_down(struct larder_away *away, const char *key, size_t len, int64_t now_ns)
{
    if (!larder_journal_add(&away->journal, key, len, now_ns) &&
        !atomic_exchange_explicit(&away->told_overflow, true, memory_order_relaxed)) {
        larder_log_line(away->env.log, LARDER_LOG_WARNING,
                        "%s: more invalidations failed than can be written down: nothing that is "
                        "on the server now will be read",
                        away->service);
    }
}

/* Of a BUMP all versions: each is replayed by itself. */
static void write_down(struct larder_away *away, const struct larder_op *op, int64_t now_ns)
{
    if (op->kind != LARDER_OP_BUMP) {
        write_key_down(away, op->key, op->key_len, now_ns);
        return;
    }
    for (size_t i = 0; i < op->versions->count; i++) {
        const struct larder_version_key *key = &op->versions->keys[i];
        write_key_down(away, key->bytes, key->len, now_ns);
    }
}

/* -------------------------------------------------------------- fallback */

/* Whether its key, or a version of its value, was written down since its load began. */
static bool invalidated_since(struct larder_away *away, const struct larder_op *op, int64_t now_ns)
{
    struct larder_journal *journal = &away->journal;
    if (op->loaded_ns == 0 || !larder_journal_is_busy(journal)) {
        return false;
    }
    bool since = larder_journal_at(journal, op->key, op->key_len, now_ns) >= op->loaded_ns;
    size_t count = larder_op_has_versions(op) ? op->versions->count : 0;
    for (size_t i = 0; i < count && !since; i++) {
        const struct larder_version_key *key = &op->versions->keys[i];
        since = larder_journal_at(journal, key->bytes, key->len, now_ns) >= op->loaded_ns;
    }
    return since;
}

/* Whether it brings a value that the server has not taken, and that can be kept here: what
 * versions say of one that has some cannot be told without the server. */
static bool may_be_kept(const struct larder_op *op)
{
    bool brings = op->kind == LARDER_OP_SET || op->kind == LARDER_OP_FILL;
    return brings && op->status < 0 && op->status != LARDER_E_LOST && op->versions == NULL;
}

/* One operation that is over, while the server is away. */
static void fall_back(struct larder_away *away, struct larder_op *op, int64_t now_ns)
{
    struct larder_fallback *fallback = &away->fallback;
    if (traits[op->kind].reads) {
        if (op->status < 0) {
            larder_fallback_answer(fallback, op, now_ns);
        }
    } else if (may_be_kept(op)) {
        larder_fallback_keep(fallback, op, now_ns);
        if (invalidated_since(away, op, now_ns)) {
            larder_fallback_drop(fallback, op, now_ns);
        }
    } else if (traits[op->kind].changes || traits[op->kind].renews ||
               (op->ttl_ms != 0 && op->ttl_ms < LARDER_FALLBACK_MAX_MS)) {
        larder_fallback_drop(fallback, op, now_ns);
    }
}

/* ------------------------------------------------------------------- after */

static bool any_failed(const struct larder_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ops[i].status < 0) {
            return true;
        }
    }
    return false;
}

static void renew_one(struct larder_away *away, const struct larder_op *op, int64_t begun_ns)
{
    if (op->kind != LARDER_OP_BUMP) {
        larder_journal_renewed(&away->journal, op->key, op->key_len,
                               op->loaded_ns != 0 ? op->loaded_ns : begun_ns);
        return;
    }
    for (size_t i = 0; i < op->versions->count; i++) {
        const struct larder_version_key *key = &op->versions->keys[i];
        larder_journal_renewed(&away->journal, key->bytes, key->len, begun_ns);
    }
}

/* What succeeded takes its key out of the journal; a loaded value only if it is
 * younger than the entry. While the fallback is in use nothing does: it looks
 * there for when a key was deleted last. */
static void renew(struct larder_away *away, const struct larder_op *ops, size_t count,
                  int64_t begun_ns)
{
    if (!larder_journal_is_busy(&away->journal) ||
        (away->fallback.store != NULL && larder_away_is_away(away))) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct larder_op *op = &ops[i];
        if (traits[op->kind].renews && op->status >= 0) {
            renew_one(away, op, begun_ns);
        }
    }
}

/* The answers are there: what has failed is written down, and what can be is
 * answered all the same. held NULL: all of them were sent. */
static void settle(struct larder_away *away, struct larder_op *ops, size_t count, const bool *held)
{
    int64_t now_ns = larder_clock_now_ns(away->env.clock);
    bool fallen = away->fallback.store != NULL && larder_away_is_away(away);
    for (size_t i = 0; i < count; i++) {
        struct larder_op *op = &ops[i];
        bool set = op->kind == LARDER_OP_SET;
        bool invalidates = fallen && traits[op->kind].invalidates;
        bool down = (held == NULL || !held[i]) && (must_be_written_down(op) || invalidates);
        /* A DELETE is written down before it drops, and a loaded value is kept
         * before it is looked for there: so one of the two sees the other. */
        if (down && !set) {
            write_down(away, op, now_ns);
        }
        if (fallen) {
            fall_back(away, op, now_ns);
        }
        if (down && set) {
            write_down(away, op, now_ns);
        }
    }
    if (fallen && !any_failed(ops, count)) {
        larder_error_clear();
    }
}

/* ---------------------------------------------------------------- the run */

/* Whether it is not sent: nothing may be told of its key, or it would store what was
 * invalidated since it was loaded, or prove that it was not. */
static bool is_held(struct larder_away *away, const struct larder_op *op, int64_t now_ns)
{
    if (op->kind == LARDER_OP_FILL || op->kind == LARDER_OP_RELEASE) {
        return LARDER_RULE(fills_heed_what_is_written_down) && invalidated_since(away, op, now_ns);
    }
    return traits[op->kind].tells && LARDER_RULE(what_is_written_down_is_not_read) &&
           larder_journal_holds(&away->journal, op->key, op->key_len, now_ns);
}

/* With what keeps the server from taking it, where that is known. */
static void answer_held(const struct larder_away *away, struct larder_op *op)
{
    int met = atomic_load_explicit(&away->replay_status, memory_order_relaxed);
    enum larder_status status = met < 0 ? (enum larder_status)met : LARDER_E_UNAVAILABLE;
    op->number = 0;
    if (op->kind == LARDER_OP_FILL || op->kind == LARDER_OP_RELEASE) {
        larder_op_answer(op, LARDER_E_LOST);
        return;
    }
    larder_op_answer(op, larder_error_set(status,
                                          "an invalidation is waiting for the server to "
                                          "take it (%s)",
                                          larder_status_text(status)));
}

/* Some are held: the others go in one piece, and their answers come back. */
static void run_rest(struct larder_away *away, struct larder_op *ops, size_t count,
                     const bool *held, struct larder_op *room, int64_t deadline_ns)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!held[i]) {
            room[n++] = ops[i];
        }
    }
    if (n != 0) {
        larder_amends_run(away, room, n, deadline_ns);
    }
    n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!held[i]) {
            ops[i] = room[n++];
        } else {
            answer_held(away, &ops[i]);
        }
    }
}

static void run_held(struct larder_away *away, struct larder_op *ops, size_t count,
                     int64_t deadline_ns)
{
    const struct larder_allocator *allocator = away->env.allocator;
    int64_t now_ns = larder_clock_now_ns(away->env.clock);
    bool *held = larder_alloc_zeroed(allocator, count, sizeof *held);
    struct larder_op *room = larder_alloc(allocator, count * sizeof *room);
    if (held != NULL && room != NULL) {
        for (size_t i = 0; i < count; i++) {
            held[i] = is_held(away, &ops[i], now_ns);
        }
        run_rest(away, ops, count, held, room, deadline_ns);
    } else {
        for (size_t i = 0; i < count; i++) {
            ops[i].number = 0;
            larder_op_answer(&ops[i], larder_error_set(LARDER_E_NOMEM, "no memory for the batch"));
        }
    }
    settle(away, ops, count, held);
    larder_free(allocator, held);
    larder_free(allocator, room);
}

static bool any_held(struct larder_away *away, const struct larder_op *ops, size_t count)
{
    int64_t now_ns = larder_clock_now_ns(away->env.clock);
    for (size_t i = 0; i < count; i++) {
        if (is_held(away, &ops[i], now_ns)) {
            return true;
        }
    }
    return false;
}

/* Something is, or was, not as it should be. */
static void run_carefully(struct larder_away *away, struct larder_op *ops, size_t count,
                          int64_t deadline_ns)
{
    if (larder_journal_is_busy(&away->journal)) {
        larder_amends_make(away, deadline_ns);
    }
    int64_t begun_ns = larder_clock_now_ns(away->env.clock);
    if (any_held(away, ops, count)) {
        run_held(away, ops, count, deadline_ns);
    } else {
        larder_amends_run(away, ops, count, deadline_ns);
        settle(away, ops, count, NULL);
    }
    renew(away, ops, count, begun_ns);
    if (!larder_away_is_away(away)) {
        larder_fallback_empty(&away->fallback);
    }
}

/* How long what it leaves may be there, in ms, 0: for ever. */
static int64_t lifetime_of(const struct larder_op *op)
{
    return op->kind == LARDER_OP_EXPIRE ? larder_op_stay_ms(op) : op->ttl_ms;
}

static void away_run(struct larder_backend *backend, struct larder_op *ops, size_t count,
                     int64_t deadline_ns)
{
    struct larder_away *away = (struct larder_away *)backend;
    for (size_t i = 0; i < count; i++) {
        if (traits[ops[i].kind].lifetime) {
            larder_journal_lifetime(&away->journal, lifetime_of(&ops[i]));
        }
    }
    if (larder_journal_is_busy(&away->journal) || larder_fallback_is_used(&away->fallback)) {
        run_carefully(away, ops, count, deadline_ns);
        return;
    }
    larder_amends_run(away, ops, count, deadline_ns);
    if (any_failed(ops, count) || (away->fallback.store != NULL && larder_away_is_away(away))) {
        settle(away, ops, count, NULL);
    }
}

/* ----------------------------------------------------------------- others */

static void away_health(struct larder_backend *backend, struct larder_health *health)
{
    struct larder_away *away = (struct larder_away *)backend;
    struct larder_journal_stats stats;
    away->inner->table->health(away->inner, health);
    larder_journal_stats(&away->journal, larder_clock_now_ns(away->env.clock), &stats);
    health->journal_entries = stats.entries;
    health->journal_overflowed = stats.overflowed;
    health->degraded |= stats.entries != 0 || stats.overflowed;
    if (away->fallback.store != NULL) {
        struct larder_store_stats kept;
        larder_store_stats(away->fallback.store, &kept);
        health->entries = kept.entries;
        health->bytes = kept.bytes;
    }
}

static bool away_is_away(const struct larder_backend *backend)
{
    return larder_away_is_away((const struct larder_away *)backend);
}

static int64_t away_now_ms(const struct larder_backend *backend, int64_t *ret_age_ms)
{
    const struct larder_away *away = (const struct larder_away *)backend;
    return away->inner->table->now_ms(away->inner, ret_age_ms);
}

static void away_free(struct larder_backend *backend)
{
    struct larder_away *away = (struct larder_away *)backend;
    larder_fork_hook_remove(&away->hook);
    if (larder_journal_is_busy(&away->journal)) {
        larder_amends_end(away);
    }
    away->inner->table->free(away->inner);
    larder_journal_release(&away->journal);
    larder_fallback_release(&away->fallback);
    larder_free(away->env.allocator, away->versions_prefix);
    larder_free(away->env.allocator, away);
}

static const struct larder_backend_table table = {.name = "away",
                                                  .run = away_run,
                                                  .health = away_health,
                                                  .is_away = away_is_away,
                                                  .now_ms = away_now_ms,
                                                  .free = away_free};

/* "<prefix>~<service>:v:" and, behind its end, "<prefix>~<service>:clock". */
static bool name_versions(struct larder_away *away, const struct larder_away_options *options)
{
    const char *prefix = options->owner.prefix != NULL ? options->owner.prefix : "";
    size_t len = strlen(prefix) + strlen(options->service) + sizeof "~:v:";
    size_t clock_len = len + sizeof "clock";
    char *text = larder_alloc(away->env.allocator, len + clock_len);
    if (text == NULL) {
        return false;
    }
    snprintf(text, len, "%s~%s:v:", prefix, options->service);
    snprintf(text + len, clock_len, "%s~%s:clock", prefix, options->service);
    away->versions_prefix = text;
    away->versions_prefix_len = len - 1;
    away->clock = (struct larder_version_key){text + len, strlen(text + len)};
    return true;
}

struct larder_backend *larder_away_new(const struct larder_backend_env *env,
                                       struct larder_backend *inner,
                                       const struct larder_away_options *options)
{
    struct larder_away *away = larder_alloc_zeroed(env->allocator, 1, sizeof *away);
    if (away == NULL) {
        return NULL;
    }
    away->base.table = &table;
    away->env = *env;
    if (!name_versions(away, options) ||
        (options->fallback_bytes != 0 &&
         !larder_fallback_init(&away->fallback, env->allocator, options->fallback_bytes))) {
        larder_free(env->allocator, away->versions_prefix);
        larder_free(env->allocator, away);
        return NULL;
    }
    away->inner = inner;
    away->service = options->service;
    away->timeout_ms = options->timeout_ms;
    larder_journal_init(&away->journal, env->allocator, options->journal);
    away->owner = options->owner;
    larder_sweep_init(&away->sweep, env->allocator, &away->owner);
    away->hook = (struct larder_fork_hook){
        .prepare = hook_prepare, .parent = hook_parent, .child = hook_child, .user = away};
    larder_fork_hook_add(&away->hook);
    return &away->base;
}

void larder_away_lifetime(struct larder_backend *backend, int64_t ttl_ms)
{
    larder_journal_lifetime(&((struct larder_away *)backend)->journal, ttl_ms);
}
