/* SPDX-License-Identifier: MIT */
/*
 * What is inside an away backend, for its two halves: away.c judges what each
 * operation's answer means and keeps it, amends.c runs operations on the server and
 * makes good there what it missed: replays the journal, and sweeps.
 */
#ifndef LARDER_CACHE_AMENDS_H
#define LARDER_CACHE_AMENDS_H

#include <stdatomic.h>

#include "cache/away.h"
#include "cache/fallback.h"
#include "net/fork_hook.h"

struct larder_away {
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

static inline bool larder_away_is_away(const struct larder_away *away)
{
    return away->inner->table->is_away != NULL && away->inner->table->is_away(away->inner);
}

/* Runs a batch on the server, and once or twice more one that is known not to have
 * been applied because the server is loading, or busy with a script. */
void larder_amends_run(struct larder_away *away, struct larder_op *ops, size_t count,
                       int64_t deadline_ns);

/* A call's share of what is to be made good, while the journal is busy. */
void larder_amends_make(struct larder_away *away, int64_t deadline_ns);

/* The last chance of what is written down: as much as the service's deadline allows. */
void larder_amends_end(struct larder_away *away);

#endif
