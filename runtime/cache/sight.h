/* SPDX-License-Identifier: MIT */
/*
 * One look at an entry: what is there, and what it is worth.
 *
 * DESIGN. A look is one trip: the entry, the versions that are known to reach it (of
 * its entity and its groups from the key, of its tags as they were last seen), where
 * asked for the service's clock, and where times matter and the server's clock was not
 * asked lately, that. The entry may be claimed by the same trip. What came is judged
 * here and nowhere else; a value whose tags were others than guessed costs a second trip.
 */
#ifndef LARDER_CACHE_SIGHT_H
#define LARDER_CACHE_SIGHT_H

#include "cache/call.h"

enum larder_sight_kind {
    LARDER_SIGHT_NOTHING, /* no entry, or one of no use: invalid, ended, another's */
    LARDER_SIGHT_CLAIMED, /* no value; somebody loads it */
    LARDER_SIGHT_ABSENT,  /* known not to exist */
    LARDER_SIGHT_FRESH,
    LARDER_SIGHT_STALE, /* within while_revalidate */
    LARDER_SIGHT_SPARE  /* within if_error: only for when the loader fails */
};

struct larder_sight {
    enum larder_sight_kind kind;
    const void *value; /* FRESH, STALE, SPARE: with one reference; else NULL */
    bool won;          /* the claim that was asked for is ours */
    bool claimed;      /* somebody else's claim stands, by the server's clock */
    bool paused;       /* nobody's: a loader failed lately (if_error) */
    bool early;        /* FRESH, and due for a reload (refresh_ahead) */
    uint64_t as_of;    /* the clock, where it was asked for (`capture`); 0: it was not */
    /* For LARDER_OP_TAKE: what was seen. */
    size_t seen_len;
    size_t seen_total;
    uint8_t seen[LARDER_HEAD_BYTES];
};

enum larder_look_how {
    LARDER_LOOK_READ,      /* GET, or RENEW of a sliding entity */
    LARDER_LOOK_CLAIM,     /* CLAIM */
    LARDER_LOOK_TAKE,      /* TAKE over what the sight before saw */
    LARDER_LOOK_TAKE_KEEP, /* ...leaving a timed value where it is */
    LARDER_LOOK_HEAD       /* HEAD: as READ, but there is no value and nothing is renewed */
};

struct larder_look {
    struct larder_cache *cache;
    const struct larder_entity *entity;
    const struct larder_key *key;
    uint64_t fingerprint;
    enum larder_look_how how;
    uint64_t token;                    /* not READ: of the claim to be made */
    int64_t lease_ms;                  /* ...and how long it stands */
    bool capture;                      /* the clock, if the entity has versions */
    const struct larder_sight *before; /* TAKE */
    int64_t renew_ms;                  /* READ of a sliding entity: 0: for its own lifetime */
    struct larder_op *along;           /* run in the same trip, behind it; NULL: none */
};

/* Whether an entity's reads have to be looks: its policies ask for it, or a value of such
 * a form was met. Others are plain GETs. */
static inline bool larder_sight_is_needed(const struct larder_cache *cache,
                                          const struct larder_entity *entity)
{
    return atomic_load_explicit(&larder_state_of(cache, entity)->looks, memory_order_relaxed);
}

/* What a read answers to it: OK, STALE, ABSENT or MISS. */
enum larder_status larder_sight_status(enum larder_sight_kind kind);

/* A value was met that a plain read cannot judge. */
void larder_sight_needed(const struct larder_cache *cache, const struct larder_entity *entity);

/* OK: *ret_sight is filled in; a failure, noted: it is NOTHING, without a value, though a
 * claim that was made may stand until its lease ends (`won`). Counts no hit nor miss.
 * as_of is 0 where the clock was of no use: what is loaded then is not to be stored. */
enum larder_status larder_look(const struct larder_look *look, int64_t deadline_ns,
                               struct larder_sight *ret_sight);

/* ------------------------------------------------------------- many at once */

/* One of many entries of an entity that are looked at in one trip. */
struct larder_view {
    /* The caller's; the key's bytes are borrowed. */
    const char *key;
    size_t key_len;
    uint64_t fingerprint;
    struct larder_version_ids implied; /* by its key: larder_version_ids_of_key */
    uint64_t token;
    const struct larder_sight *before;
    /* Answers. */
    enum larder_status status;
    struct larder_sight sight;
    /* sight.c's own. */
    struct larder_lookup lookup;
    struct larder_glance glance;
    uint8_t claim[LARDER_ENVELOPE_CLAIM_MAX_BYTES];
};

/* As larder_look, of all views: cache to capture are the look's, the rest is each view's.
 * Every view has its status and sight, whatever happens; a failure is the view's, noted. */
void larder_look_many(const struct larder_look *look, struct larder_view *views, size_t count,
                      int64_t deadline_ns);

#endif
