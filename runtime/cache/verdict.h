/* SPDX-License-Identifier: MIT */
/*
 * What a stored entry is worth: one pure function of what it says, of the versions that
 * reach it, of its entity's policy and of the server's time.
 *
 *     versions   one is missing, of another epoch, or younger: nothing
 *     time       ... load ... | fresh, to its end | STALE, while_revalidate from there
 *                             |                   | SPARE, if_error from there    | nothing
 */
#ifndef LARDER_CACHE_VERDICT_H
#define LARDER_CACHE_VERDICT_H

#include "cache/sight.h"
#include "codec/envelope.h"

struct larder_prospect {
    const struct larder_envelope_head *head; /* NULL: there is none, or none of ours */
    const struct larder_policy *policy;
    bool is_versioned;        /* a value without as_of is not to be trusted */
    const uint64_t *versions; /* all that reach it, as they were found; 0: missing */
    size_t version_count;
    uint64_t token;  /* of our own claim; LARDER_TOKEN_NONE: we have none */
    int64_t now_ms;  /* of the server, or LARDER_NO_TIME */
    uint64_t random; /* any, for xfetch */
};

struct larder_verdict {
    enum larder_sight_kind kind;
    bool claimed;
    bool paused;
    bool early;
};

/* Without the time what is timed is nothing, but for a claim without value: it is there
 * as long as it stands, more or less. */
struct larder_verdict larder_verdict_of(const struct larder_prospect *prospect);

#endif
