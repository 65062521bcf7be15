/* SPDX-License-Identifier: MIT */
#include "cache/amends.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"

enum {
    REPLAY_TRIPS_MAX = 16,    /* of one call */
    REPLAY_RETRY_MS = 50,     /* after one that failed */
    SWEEP_SLICES_MAX = 4,     /* of one call, */
    SWEEP_MS = 5,             /* begun within this time */
    SWEEP_REFUSED_MS = 30000, /* after one that the server would not have */
    VERSION_MS = 3600000,     /* of a version that a replay bumps */
    LATER_TRIES_MAX = 2,
    LATER_FIRST_MS = 100 /* the most of the first pause; doubled for the second */
};

/* -------------------------------------------------------------- the server */

/* Sleeps for a random part of `most_ms`. False: the deadline would come first. */
static bool wait_a_moment(const struct larder_away *away, int64_t most_ms, int64_t deadline_ns)
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

void larder_amends_run_later(struct larder_away *away, struct larder_op *ops, size_t count,
                             int64_t deadline_ns)
{
    int64_t most_ms = LATER_FIRST_MS;
    for (int i = 0; i < LATER_TRIES_MAX && larder_amends_all_later(ops, count) &&
                    !larder_away_is_away(away) && wait_a_moment(away, most_ms, deadline_ns);
         i++) {
        larder_error_clear();
        away->inner->table->run(away->inner, ops, count, deadline_ns);
        most_ms *= 2;
    }
}

/* -------------------------------------------------------------- replaying */

/* A key on its way, with what a BUMP of it takes. */
struct amend {
    struct larder_op_versions versions;
    struct larder_version_key key;
};

static bool is_version(const struct larder_away *away, const struct larder_journal_key *key)
{
    return key->len > away->versions_prefix_len &&
           memcmp(key->key, away->versions_prefix, away->versions_prefix_len) == 0;
}

/* What makes good that an invalidation of this key failed. How long a version lives does not
 * matter: without it what it is of is a miss, and what is stored anew makes it live longer. */
static struct larder_op amend(const struct larder_away *away, const struct larder_journal_key *key,
                              struct amend *ret_amend)
{
    struct larder_op op = {.kind = LARDER_OP_DELETE, .key = key->key, .key_len = key->len};
    if (is_version(away, key)) {
        ret_amend->key = (struct larder_version_key){key->key, key->len};
        ret_amend->versions = (struct larder_op_versions){.clock = away->clock,
                                                          .keys = &ret_amend->key,
                                                          .count = 1,
                                                          .ttl_ms = VERSION_MS,
                                                          .as_of = larder_random64()};
        op.kind = LARDER_OP_BUMP;
        op.versions = &ret_amend->versions;
    }
    return op;
}

/* True: all of it could be done. */
static bool run_amends(struct larder_away *away, struct larder_journal_batch *batch,
                       struct larder_op *ops, struct amend *amends, int64_t deadline_ns)
{
    bool all = true;
    enum larder_status met = LARDER_OK;
    for (size_t i = 0; i < batch->count; i++) {
        ops[i] = amend(away, &batch->keys[i], &amends[i]);
    }
    larder_amends_run(away, ops, batch->count, deadline_ns);
    for (size_t i = 0; i < batch->count; i++) {
        batch->keys[i].done = ops[i].status >= 0;
        all = all && batch->keys[i].done;
        met = ops[i].status < 0 ? ops[i].status : met;
    }
    atomic_store_explicit(&away->replay_status, met, memory_order_relaxed);
    return all;
}

/* One trip. False: there was nothing to do, or not all of it could be done. */
static bool replay_batch(struct larder_away *away, int64_t deadline_ns)
{
    const struct larder_allocator *allocator = away->env.allocator;
    struct larder_journal_batch batch;
    int64_t now_ns = larder_clock_now_ns(away->env.clock);
    if (!larder_journal_take(&away->journal, &batch, now_ns)) {
        return false;
    }
    struct larder_op *ops = larder_alloc_zeroed(allocator, batch.count, sizeof *ops);
    struct amend *amends = larder_alloc_zeroed(allocator, batch.count, sizeof *amends);
    bool all = ops != NULL && amends != NULL && run_amends(away, &batch, ops, amends, deadline_ns);
    larder_free(allocator, ops);
    larder_free(allocator, amends);
    larder_journal_give_back(&away->journal, &batch, larder_clock_now_ns(away->env.clock),
                             REPLAY_RETRY_MS);
    return all;
}

static void replay(struct larder_away *away, int64_t deadline_ns)
{
    for (int i = 0; i < REPLAY_TRIPS_MAX && replay_batch(away, deadline_ns); i++) {
    }
    larder_error_clear();
}

/* --------------------------------------------------------------- sweeping */

static void run_for_sweep(void *user, struct larder_op *ops, size_t count, int64_t deadline_ns)
{
    larder_amends_run(user, ops, count, deadline_ns);
}

static void tell_swept(struct larder_away *away)
{
    larder_log_line(away->env.log, LARDER_LOG_INFO,
                    "%s: all values that were on the server are deleted (%" PRIu64
                    "): it is read again",
                    away->service, away->sweep.deleted);
    atomic_store_explicit(&away->told_overflow, false, memory_order_relaxed);
}

static void tell_refused(struct larder_away *away, enum larder_status status)
{
    larder_log_line(away->env.log, LARDER_LOG_WARNING,
                    "%s: the server does not let its values be looked through (%s): nothing is "
                    "read until all have expired",
                    away->service, larder_status_name(status));
}

/* Slices, for a while. Answers the last one's status. */
static enum larder_status sweep_on(struct larder_away *away, int slices_max, int64_t deadline_ns)
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
static bool sweep(struct larder_away *away, int slices_max, int64_t deadline_ns)
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

void larder_amends_make(struct larder_away *away, int64_t deadline_ns)
{
    replay(away, deadline_ns);
    sweep(away, SWEEP_SLICES_MAX, deadline_ns);
}

/* --------------------------------------------------------------- the end */

void larder_amends_end(struct larder_away *away)
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
