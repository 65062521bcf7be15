/* SPDX-License-Identifier: MIT */
/*
 * What happens while the server is away: a backend around another.
 *
 * DESIGN. All that a cache does with its server goes through here, and as long
 * as nothing fails it costs two relaxed loads. What fails is taken care of:
 *
 *     DELETE failed or unknown            its key goes into the journal
 *     SET, REPLACE failed or unknown      its key goes into the journal
 *     ADD unknown                         its key goes into the journal
 *     SET of a loaded value, unknown      its key goes into the journal; if it is
 *                                         known not to have happened nothing is:
 *                                         what was there is as fresh as before
 *     SOFTEN failed or unknown            its key goes into the journal
 *     BUMP failed or unknown              its versions' keys go into the journal
 *     EXPIRE failed                       nothing: the value is what it was
 *     CLAIM TAKE FILL RELEASE             nothing: what comes late finds its claim gone
 *
 * What the server refused for a moment only (it is loading, or busy with a
 * script) is known not to have been applied, and is sent again up to two times,
 * after a pause, within the deadline and while its breaker is closed.
 *
 * The call answers its error all the same, never OK. While a key stands in the
 * journal (cache/journal.h), every operation that would tell what the server
 * has for it (GET RENEW HEAD CLAIM TAKE EXISTS TTL ADD REPLACE EXPIRE) is answered
 * E_UNAVAILABLE, or what the replay met, without asking; SET, FILL, DELETE and SOFTEN go
 * through, BUMP for its versions, and when they succeed take their key out of the
 * journal. A FILL whose key or versions were written down since its load began is
 * E_LOST, and is not sent. Keys of versions are replayed as BUMPs, all others as DELETEs. Each call first replays some of it,
 * and so does the end, within the timeout that it is given. A journal that has
 * overflowed is made good by a sweep (cache/sweep.h): each call does some of it,
 * and until it is over no key is read from the server.
 *
 * With a fallback (CACHE_FALLBACK=memory), while the server's breaker is not
 * closed, what is set or loaded here is also kept in a bounded store of this
 * process, for LARDER_FALLBACK_MAX_MS at most, and reads that the server cannot
 * answer are answered from it; but not values with versions, of which nobody could say
 * whether they hold. Any other write drops its key there, and a DELETE, SOFTEN or BUMP,
 * whatever came of it, is written down, so that a value is not kept whose
 * loader began before its key was invalidated. When the server is back the store
 * is emptied. What other processes change meanwhile is not seen until then.
 *
 * Threads: all functions from any thread.
 */
#ifndef LARDER_CACHE_AWAY_H
#define LARDER_CACHE_AWAY_H

#include "backend/backend.h"
#include "cache/journal.h"
#include "cache/sweep.h"

enum { LARDER_FALLBACK_MAX_MS = 30000 };

struct larder_away_options {
    const char *service; /* for the log; outlives it */
    struct larder_journal_bounds journal;
    struct larder_sweep_owner owner; /* owns NULL: nothing is swept */
    int64_t timeout_ms;              /* of the last replay */
    size_t fallback_bytes;           /* 0: no fallback */
};

extern const struct larder_journal_bounds larder_journal_defaults;

/* Takes `inner` over. NULL: out of memory, and inner is still the caller's. */
struct larder_backend *larder_away_new(const struct larder_backend_env *env,
                                       struct larder_backend *inner,
                                       const struct larder_away_options *options);

/* Values of this service may be stored for so long, in ms, 0: for ever. */
void larder_away_lifetime(struct larder_backend *backend, int64_t ttl_ms);

#endif
