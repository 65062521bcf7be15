/* SPDX-License-Identifier: MIT */
#include "cache/away.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/inline.h"
#include "base/log.h"
#include "cache/fallback.h"
#include "net/fork_hook.h"

enum {
    REPLAY_TRIPS_MAX = 16,    /* of one call */
    REPLAY_RETRY_MS = 50,     /* after one that failed */
    SWEEP_SLICES_MAX = 4,     /* of one call, */
    SWEEP_MS = 5,             /* begun within this time */
    SWEEP_REFUSED_MS = 30000, /* after one that the server would not have */
    LATER_TRIES_MAX = 2,
    LATER_FIRST_MS = 100 /* the most of the first pause; doubled for the second */
};

const struct larder_journal_bounds larder_journal_defaults = {LARDER_JOURNAL_ENTRIES_MAX,
                                                              LARDER_JOURNAL_BYTES_MAX};

struct away {
    struct larder_backend base;
    struct larder_backend_env env;
    struct larder_backend *inner;
    const char *service;
    int64_t timeout_ms;
    struct larder_journal journal;
    struct larder_sweep sweep; /* whose turn it is says the journal, */
    uint64_t sweep_lost;       /* of which loss it is as well */
    struct larder_sweep_owner owner;
    struct larder_fallback fallback;
    struct larder_fork_hook hook;
    atomic_bool told_overflow;
    atomic_int replay_status; /* what the last trip of a replay met: an enum larder_status */
};

/* What a kind of operation means for what is here and on the server. */
struct trait {
    bool tells;    /* its answer depends on what the server has */
    bool reads;    /* ...and the fallback may give it */
    bool changes;  /* the value: a failure leaves one behind that is not right */
    bool renews;   /* whatever was there before: a success leaves nothing of it */
    bool lifetime; /* op->ttl_ms is one */
};

static const struct trait traits[] = {
    [LARDER_OP_GET] = {.tells = true, .reads = true},
    [LARDER_OP_SET] = {.changes = true, .renews = true, .lifetime = true},
    [LARDER_OP_ADD] = {.tells = true, .changes = true, .lifetime = true},
    [LARDER_OP_REPLACE] = {.tells = true, .changes = true, .lifetime = true},
    [LARDER_OP_DELETE] = {.changes = true, .renews = true},
    [LARDER_OP_EXISTS] = {.tells = true, .reads = true},
    [LARDER_OP_TTL] = {.tells = true, .reads = true},
    [LARDER_OP_EXPIRE] = {.tells = true, .lifetime = true},
    [LARDER_OP_PING] = {.tells = false},
    [LARDER_OP_SCAN] = {.tells = false},
};

static bool inner_is_away(const struct away *away)
{
    return away->inner->table->is_away != NULL && away->inner->table->is_away(away->inner);
}

/* ------------------------------------------------------------------- fork */

static void hook_prepare(void *user)
{
    struct away *away = user;
    larder_journal_hold(&away->journal);
    larder_fallback_hold(&away->fallback);
}

static void hook_parent(void *user)
{
    struct away *away = user;
    larder_fallback_let_go(&away->fallback);
    larder_journal_let_go(&away->journal);
}

/* A sweep that another thread was at begins anew. */
static void hook_child(void *user)
{
    struct away *away = user;
    larder_sweep_begin(&away->sweep);
    larder_fallback_let_go(&away->fallback);
    larder_journal_child(&away->journal);
}

/* -------------------------------------------------------------- the server */

/* Whether all of a batch was refused by a server that may take it in a moment. */
static bool all_later(const struct larder_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!ops[i].try_later) {
            return false;
        }
    }
    return count != 0;
}

/* Sleeps for a random part of `most_ms`. False: the deadline would come first. */
static bool wait_a_moment(const struct away *away, int64_t most_ms, int64_t deadline_ns)
{
    int64_t ns = (int64_t)(larder_random64() % (uint64_t)(most_ms * 1000000));
    struct timespec left = {.tv_nsec = (long)ns};
    if (larder_clock_now_ns(away->env.clock) >= deadline_ns - ns) {
        return false;
    }
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
    return true;
}

/* Once or twice more. */
static void run_later(struct away *away, struct larder_op *ops, size_t count, int64_t deadline_ns)
{
    int64_t most_ms = LATER_FIRST_MS;
    for (int i = 0; i < LATER_TRIES_MAX && all_later(ops, count) && !inner_is_away(away) &&
                    wait_a_moment(away, most_ms, deadline_ns);
         i++) {
        larder_error_clear();
        away->inner->table->run(away->inner, ops, count, deadline_ns);
        most_ms *= 2;
    }
}

/* Runs a batch, and again one that is known not to have been applied because the
 * server is loading, or busy with a script. */
static LARDER_INLINE void run_inner(struct away *away, struct larder_op *ops, size_t count,
                                    int64_t deadline_ns)
{
    away->inner->table->run(away->inner, ops, count, deadline_ns);
    if (all_later(ops, count)) {
        run_later(away, ops, count, deadline_ns);
    }
}

/* -------------------------------------------------------------- journalling */

/* Whether a failure of it may leave a value behind that must not be read. */
static bool must_be_written_down(const struct larder_op *op)
{
    if (op->status >= 0 || !traits[op->kind].changes) {
        return false;
    }
    bool nothing_was = op->kind == LARDER_OP_ADD || op->loaded_ns != 0;
    return !nothing_was || op->outcome == LARDER_UNKNOWN;
}

static void write_down(struct away *away, const struct larder_op *op, int64_t now_ns)
{
    if (!larder_journal_add(&away->journal, op->key, op->key_len, now_ns) &&
        !atomic_exchange_explicit(&away->told_overflow, true, memory_order_relaxed)) {
        larder_log_line(away->env.log, LARDER_LOG_WARNING,
                        "%s: more invalidations failed than can be written down: nothing that is "
                        "on the server now will be read",
                        away->service);
    }
}

/* -------------------------------------------------------------- replaying */

/* One trip. False: there was nothing to do, or not all of it could be done. */
static bool replay_batch(struct away *away, int64_t deadline_ns)
{
    struct larder_journal_batch batch;
    int64_t now_ns = larder_clock_now_ns(away->env.clock);
    if (!larder_journal_take(&away->journal, &batch, now_ns)) {
        return false;
    }
    bool all = false;
    enum larder_status met = LARDER_OK;
    struct larder_op *ops = larder_alloc_zeroed(away->env.allocator, batch.count, sizeof *ops);
    if (ops != NULL) {
        for (size_t i = 0; i < batch.count; i++) {
            ops[i] = (struct larder_op){
                .kind = LARDER_OP_DELETE, .key = batch.keys[i].key, .key_len = batch.keys[i].len};
        }
        run_inner(away, ops, batch.count, deadline_ns);
        all = true;
        for (size_t i = 0; i < batch.count; i++) {
            batch.keys[i].done = ops[i].status >= 0;
            all = all && batch.keys[i].done;
            met = ops[i].status < 0 ? ops[i].status : met;
        }
        atomic_store_explicit(&away->replay_status, met, memory_order_relaxed);
        larder_free(away->env.allocator, ops);
    }
    larder_journal_give_back(&away->journal, &batch, larder_clock_now_ns(away->env.clock),
                             REPLAY_RETRY_MS);
    return all;
}

static void replay(struct away *away, int64_t deadline_ns)
{
    for (int i = 0; i < REPLAY_TRIPS_MAX && replay_batch(away, deadline_ns); i++) {
    }
    larder_error_clear();
}

/* --------------------------------------------------------------- sweeping */

static void run_for_sweep(void *user, struct larder_op *ops, size_t count, int64_t deadline_ns)
{
    run_inner(user, ops, count, deadline_ns);
}

static void tell_swept(struct away *away)
{
    larder_log_line(away->env.log, LARDER_LOG_INFO,
                    "%s: all values that were on the server are deleted (%" PRIu64
                    "): it is read again",
                    away->service, away->sweep.deleted);
    atomic_store_explicit(&away->told_overflow, false, memory_order_relaxed);
}

static void tell_refused(struct away *away, enum larder_status status)
{
    larder_log_line(away->env.log, LARDER_LOG_WARNING,
                    "%s: the server does not let its values be looked through (%s): nothing is "
                    "read until all have expired",
                    away->service, larder_status_name(status));
}

/* Slices, for a while. Answers the last one's status. */
static enum larder_status sweep_on(struct away *away, int slices_max, int64_t deadline_ns)
{
    int64_t until_ns = larder_deadline_after_ms(away->env.clock, SWEEP_MS);
    enum larder_status status = LARDER_OK;
    for (int i = 0; i < slices_max && status == LARDER_OK; i++) {
        if (i > 0 && larder_clock_now_ns(away->env.clock) >= until_ns) {
            break;
        }
        status = larder_sweep_slice(&away->sweep, run_for_sweep, away, deadline_ns);
    }
    return status;
}

/* False: there was nothing to do, or no more of it can be done for now. */
static bool sweep(struct away *away, int slices_max, int64_t deadline_ns)
{
    uint64_t lost;
    if (away->owner.owns == NULL ||
        !larder_journal_sweep_take(&away->journal, larder_clock_now_ns(away->env.clock), &lost)) {
        return false;
    }
    if (lost != away->sweep_lost) { /* since it began: what was swept may be old again */
        larder_sweep_begin(&away->sweep);
        away->sweep_lost = lost;
    }
    enum larder_status status = sweep_on(away, slices_max, deadline_ns);
    bool refused = status == LARDER_E_AUTH || status == LARDER_E_SERVER;
    int64_t next_ns = status >= 0
                          ? INT64_MIN
                          : larder_deadline_after_ms(away->env.clock,
                                                     refused ? SWEEP_REFUSED_MS : REPLAY_RETRY_MS);
    if (status == LARDER_MISS) {
        tell_swept(away);
    } else if (refused) {
        tell_refused(away, status);
    }
    larder_journal_sweep_give_back(&away->journal, status == LARDER_MISS, lost, next_ns);
    larder_error_clear();
    return status == LARDER_OK;
}

/* -------------------------------------------------------------- fallback */

static bool invalidated_since(struct away *away, const struct larder_op *op, int64_t now_ns)
{
    return op->loaded_ns != 0 && larder_journal_is_busy(&away->journal) &&
           larder_journal_at(&away->journal, op->key, op->key_len, now_ns) >= op->loaded_ns;
}

/* One operation that is over, while the server is away. */
static void fall_back(struct away *away, struct larder_op *op, int64_t now_ns)
{
    struct larder_fallback *fallback = &away->fallback;
    if (traits[op->kind].reads) {
        if (op->status < 0) {
            larder_fallback_answer(fallback, op, now_ns);
        }
    } else if (op->kind == LARDER_OP_SET && op->status < 0) {
        larder_fallback_keep(fallback, op, now_ns);
        if (invalidated_since(away, op, now_ns)) {
            larder_fallback_drop(fallback, op, now_ns);
        }
    } else if (traits[op->kind].changes ||
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

/* What succeeded takes its key out of the journal; a loaded value only if it is
 * younger than the entry. While the fallback is in use nothing does: it looks
 * there for when a key was deleted last. */
static void renew(struct away *away, const struct larder_op *ops, size_t count, int64_t begun_ns)
{
    if (!larder_journal_is_busy(&away->journal) ||
        (away->fallback.store != NULL && inner_is_away(away))) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct larder_op *op = &ops[i];
        if (traits[op->kind].renews && op->status >= 0) {
            larder_journal_renewed(&away->journal, op->key, op->key_len,
                                   op->loaded_ns != 0 ? op->loaded_ns : begun_ns);
        }
    }
}

/* The answers are there: what has failed is written down, and what can be is
 * answered all the same. held NULL: all of them were sent. */
static void settle(struct away *away, struct larder_op *ops, size_t count, const bool *held)
{
    int64_t now_ns = larder_clock_now_ns(away->env.clock);
    bool fallen = away->fallback.store != NULL && inner_is_away(away);
    for (size_t i = 0; i < count; i++) {
        struct larder_op *op = &ops[i];
        bool set = op->kind == LARDER_OP_SET;
        bool down = (held == NULL || !held[i]) &&
                    (must_be_written_down(op) || (fallen && op->kind == LARDER_OP_DELETE));
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

static bool is_held(struct away *away, const struct larder_op *op, int64_t now_ns)
{
    return traits[op->kind].tells &&
           larder_journal_holds(&away->journal, op->key, op->key_len, now_ns);
}

/* With what keeps the server from taking it, where that is known. */
static void answer_held(const struct away *away, struct larder_op *op)
{
    int met = atomic_load_explicit(&away->replay_status, memory_order_relaxed);
    enum larder_status status = met < 0 ? (enum larder_status)met : LARDER_E_UNAVAILABLE;
    op->number = 0;
    larder_op_answer(op, larder_error_set(status,
                                          "an invalidation is waiting for the server to "
                                          "take it (%s)",
                                          larder_status_text(status)));
}

/* Some are held: the others go in one piece, and their answers come back. */
static void run_rest(struct away *away, struct larder_op *ops, size_t count, const bool *held,
                     struct larder_op *room, int64_t deadline_ns)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!held[i]) {
            room[n++] = ops[i];
        }
    }
    if (n != 0) {
        run_inner(away, room, n, deadline_ns);
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

static void run_held(struct away *away, struct larder_op *ops, size_t count, int64_t deadline_ns)
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

static bool any_held(struct away *away, const struct larder_op *ops, size_t count)
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
static void run_carefully(struct away *away, struct larder_op *ops, size_t count,
                          int64_t deadline_ns)
{
    if (larder_journal_is_busy(&away->journal)) {
        replay(away, deadline_ns);
        sweep(away, SWEEP_SLICES_MAX, deadline_ns);
    }
    int64_t begun_ns = larder_clock_now_ns(away->env.clock);
    if (any_held(away, ops, count)) {
        run_held(away, ops, count, deadline_ns);
    } else {
        run_inner(away, ops, count, deadline_ns);
        settle(away, ops, count, NULL);
    }
    renew(away, ops, count, begun_ns);
    if (!inner_is_away(away)) {
        larder_fallback_empty(&away->fallback);
    }
}

static void away_run(struct larder_backend *backend, struct larder_op *ops, size_t count,
                     int64_t deadline_ns)
{
    struct away *away = (struct away *)backend;
    for (size_t i = 0; i < count; i++) {
        if (traits[ops[i].kind].lifetime) {
            larder_journal_lifetime(&away->journal, ops[i].ttl_ms);
        }
    }
    if (larder_journal_is_busy(&away->journal) || larder_fallback_is_used(&away->fallback)) {
        run_carefully(away, ops, count, deadline_ns);
        return;
    }
    run_inner(away, ops, count, deadline_ns);
    if (any_failed(ops, count) || (away->fallback.store != NULL && inner_is_away(away))) {
        settle(away, ops, count, NULL);
    }
}

/* ----------------------------------------------------------------- others */

static void away_health(struct larder_backend *backend, struct larder_health *health)
{
    struct away *away = (struct away *)backend;
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
    return inner_is_away((const struct away *)backend);
}

/* The last chance of what is written down. */
static void replay_at_the_end(struct away *away)
{
    struct larder_journal_stats stats;
    int64_t deadline_ns = larder_deadline_after_ms(away->env.clock, away->timeout_ms);
    larder_journal_hurry(&away->journal);
    while (replay_batch(away, deadline_ns)) {
    }
    while (larder_clock_now_ns(away->env.clock) < deadline_ns && sweep(away, 1, deadline_ns)) {
    }
    larder_journal_stats(&away->journal, larder_clock_now_ns(away->env.clock), &stats);
    uint64_t lost = stats.overflowed ? stats.lost : 0;
    if (stats.entries + lost != 0) {
        larder_log_line(away->env.log, LARDER_LOG_WARNING,
                        "%s: closed with %" PRIu64
                        " invalidations that the server has not taken: other processes may read "
                        "what they were for until it expires",
                        away->service, stats.entries + lost);
    }
}

static void away_free(struct larder_backend *backend)
{
    struct away *away = (struct away *)backend;
    larder_fork_hook_remove(&away->hook);
    if (larder_journal_is_busy(&away->journal)) {
        replay_at_the_end(away);
    }
    away->inner->table->free(away->inner);
    larder_journal_release(&away->journal);
    larder_fallback_release(&away->fallback);
    larder_free(away->env.allocator, away);
}

static const struct larder_backend_table table = {.name = "away",
                                                  .run = away_run,
                                                  .health = away_health,
                                                  .is_away = away_is_away,
                                                  .free = away_free};

struct larder_backend *larder_away_new(const struct larder_backend_env *env,
                                       struct larder_backend *inner,
                                       const struct larder_away_options *options)
{
    struct away *away = larder_alloc_zeroed(env->allocator, 1, sizeof *away);
    if (away == NULL) {
        return NULL;
    }
    if (options->fallback_bytes != 0 &&
        !larder_fallback_init(&away->fallback, env->allocator, options->fallback_bytes)) {
        larder_free(env->allocator, away);
        return NULL;
    }
    away->base.table = &table;
    away->env = *env;
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
    larder_journal_lifetime(&((struct away *)backend)->journal, ttl_ms);
}
