/* SPDX-License-Identifier: MIT */
/*
 * What is inside an away backend, for its two halves: away.c judges what each
 * operation's answer means and keeps it, amends.c runs operations on the server and
 * makes good there what it missed: replays the journal, and sweeps.
 */
#ifndef LARDER_CACHE_AMENDS_H
#define LARDER_CACHE_AMENDS_H

#include <stdatomic.h>

#include "base/inline.h"
#include "cache/away.h"
#include "cache/fallback.h"
#include "net/fork_hook.h"

struct larder_away {
    struct larder_backend base;
    struct larder_backend_env env;
    struct larder_backend *inner;
    const char *service;
    char *versions_prefix; /* what keys of versions begin with: they are bumped, not deleted */
    size_t versions_prefix_len;
    struct larder_version_key clock;
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

static inline bool larder_away_is_away(const struct larder_away *away)
{
    return away->inner->table->is_away != NULL && away->inner->table->is_away(away->inner);
}

/* Whether all of a batch was refused by a server that may take it in a moment. */
static inline bool larder_amends_all_later(const struct larder_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!ops[i].try_later) {
            return false;
        }
    }
    return count != 0;
}

/* Once or twice more, after a moment each. */
void larder_amends_run_later(struct larder_away *away, struct larder_op *ops, size_t count,
                             int64_t deadline_ns);

/* Runs a batch on the server, and again one that is known not to have been applied
 * because the server is loading, or busy with a script. */
static LARDER_INLINE void larder_amends_run(struct larder_away *away, struct larder_op *ops,
                                            size_t count, int64_t deadline_ns)
{
    away->inner->table->run(away->inner, ops, count, deadline_ns);
    if (larder_amends_all_later(ops, count)) {
        larder_amends_run_later(away, ops, count, deadline_ns);
    }
}

/* A call's share of what is to be made good, while the journal is busy. */
void larder_amends_make(struct larder_away *away, int64_t deadline_ns);

/* The last chance of what is written down: as much as the service's deadline allows. */
void larder_amends_end(struct larder_away *away);

#endif
