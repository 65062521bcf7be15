/* SPDX-License-Identifier: MIT */
/*
 * One get_or_load under way, as its parts hand it on: read_through.c tells the story,
 * claim.c agrees with other processes on who loads, fill.c stores what was loaded.
 */
#ifndef LARDER_CACHE_FETCH_H
#define LARDER_CACHE_FETCH_H

#include "cache/call.h"
#include "cache/flight.h"
#include "cache/sight.h"

struct larder_fetch {
    struct larder_cache *cache;
    const struct larder_entity *entity;
    const struct larder_key *key;
    uint64_t fingerprint;
    larder_load_fn *load;
    const void *call;
    const void *reload;  /* the same, if it is of the entity's call shape; else NULL: no reload in
                         * the background can be made of it */
    int64_t deadline_ns; /* of the cache's part: the loader's time is added to it */
    bool waited;         /* for a claim that was not ours */
    bool in_background;  /* no caller waits: a failure always makes a pause */
    unsigned losses;     /* loads of others that were lost to this call */
    uint64_t began;      /* the moment at which the call began */
    enum larder_status found;  /* of the last look: OK, or its failure */
    uint64_t looked;           /* the moment before it */
    uint64_t token;            /* of the claim that is ours; 0: none */
    struct larder_sight sight; /* what was seen last; its value is held */
};

/* With what all calls on one entry need; load and call are the caller's to set. Member by
 * member: what a look fills in need not be cleared before it. */
static inline void larder_fetch_begin(struct larder_fetch *fetch, struct larder_cache *cache,
                                      const struct larder_entity *entity,
                                      const struct larder_key *key)
{
    fetch->cache = cache;
    fetch->entity = entity;
    fetch->key = key;
    fetch->fingerprint = larder_fingerprint_of(cache, entity, key);
    fetch->load = NULL;
    fetch->call = fetch->reload = NULL;
    fetch->deadline_ns = larder_call_deadline_ns(cache);
    fetch->waited = false;
    fetch->in_background = false;
    fetch->losses = 0;
    fetch->found = LARDER_OK;
    fetch->began = larder_flights_now(&cache->flights, fetch->fingerprint);
    fetch->looked = fetch->began;
    fetch->token = 0;
    fetch->sight.kind = LARDER_SIGHT_NOTHING;
    fetch->sight.value = NULL;
    fetch->sight.won = fetch->sight.claimed = fetch->sight.paused = fetch->sight.early = false;
    fetch->sight.as_of = 0;
    fetch->sight.seen_len = fetch->sight.seen_total = 0;
}

/* larder_stub_get_or_load for a loader and a call of the runtime's own: the call is not what
 * the generated code makes, so nothing is offered for a reload in the background. */
enum larder_status larder_fetch_through(struct larder_cache *cache,
                                        const struct larder_entity *entity,
                                        const struct larder_key *key, larder_load_fn *load_fn,
                                        const void *call, const void **ret_value);

/* How a call that may run a loader begins: OK, or what is wrong with its arguments. */
enum larder_status larder_fetch_open(struct larder_fetch *fetch, struct larder_cache *cache,
                                     const struct larder_entity *entity,
                                     const struct larder_key *key, larder_load_fn *load,
                                     const void *call, const void **ret_value);
/* ...and how it ends. */
enum larder_status larder_fetch_close(struct larder_fetch *fetch,
                                      const struct larder_landing *landing, const void **ret_value);

/* ------------------------------------------------------------------- looks */

/* The call's first look, which claims what it does not find where that is likely. */
void larder_fetch_look_first(struct larder_fetch *fetch);
/* Looks, and lets go of what was seen before, unless the look fails. */
void larder_fetch_look(struct larder_fetch *fetch, enum larder_look_how how);

/* Whether what was seen is the answer, with no loader run by this call. Where it is due
 * for a reload, that is offered to the background. */
bool larder_fetch_is_answered(const struct larder_fetch *fetch);

/* What is stale is loaded by one and given to all others, so that nobody waits for anybody:
 * tries to be the one. True: it is not, and what was seen is the answer. */
bool larder_fetch_contend(struct larder_fetch *fetch);

/* The most frequent answer: there is a value, and nothing to be done about it. */
static inline bool larder_fetch_is_hit(const struct larder_fetch *fetch)
{
    return fetch->found == LARDER_OK && fetch->sight.kind == LARDER_SIGHT_FRESH &&
           !fetch->sight.won && !fetch->sight.early;
}

/* What was seen, as the call's answer; takes the value over. */
void larder_fetch_answer(struct larder_fetch *fetch, struct larder_landing *ret_landing);

/* Whether what was seen may be given if nothing better comes of it. */
static inline bool larder_fetch_has_spare(const struct larder_fetch *fetch)
{
    return fetch->sight.kind == LARDER_SIGHT_STALE || fetch->sight.kind == LARDER_SIGHT_SPARE;
}

/* ------------------------------------------------------------------ claims */

enum larder_claim {
    LARDER_CLAIM_WON,  /* load, and fill */
    LARDER_CLAIM_SEEN, /* what was seen is the answer */
    LARDER_CLAIM_NONE  /* load, and store nothing */
};

/* For a claim to be made. */
uint64_t larder_fetch_new_token(void);

/* Goes on from the last look until the entry is ours, or answers, or there is no time
 * left to wait for who has it, or no server to ask. */
enum larder_claim larder_fetch_claim(struct larder_fetch *fetch);
/* The same, but nothing that is there is an answer: WON or NONE. Of a timed value that is
 * there only the claim's slot changes: others read on. */
enum larder_claim larder_fetch_claim_anyhow(struct larder_fetch *fetch);

/* The claims that a thread holds while it runs a loader, which may load again: it does not
 * wait for those. Caller's storage, from begin to end on one thread, one in the other. */
struct larder_hold {
    const struct larder_hold *outer;
    bool (*has)(const void *user, uint64_t token);
    const void *user;
};

void larder_hold_begin(struct larder_hold *hold, bool (*has)(const void *user, uint64_t token),
                       const void *user);
void larder_hold_end(const struct larder_hold *hold);

/* ------------------------------------------------------------ load and fill */

/* Runs the loader and brings what it gave into the entry, if the claim is ours. A spare
 * value is the answer where the loader fails. */
void larder_fetch_load(struct larder_fetch *fetch, struct larder_landing *ret_landing);

#endif
