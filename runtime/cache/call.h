/* SPDX-License-Identifier: MIT */
/*
 * What all calls on a cache share: how they begin, how long they may take, how
 * they fail, and what a stored value looks like on the way in and out.
 */
#ifndef LARDER_CACHE_CALL_H
#define LARDER_CACHE_CALL_H

#include "base/clock.h"
#include "cache/handle.h"
#include "codec/envelope.h"

enum {
    LARDER_STACK_ROOM_BYTES = 4096 /* values up to this are encoded without an allocation */
};

/* Every call begins so: forgets this thread's last error and outcome, and
 * answers E_ARG where the cache or the entity is none of this service's. */
enum larder_status larder_call_begin(const struct larder_cache *cache,
                                     const struct larder_entity *entity);

/* The same for calls that learn each element's entity as they go; entity may be NULL. */
enum larder_status larder_call_begin_many(const struct larder_cache *cache,
                                          const struct larder_entity *entity);
enum larder_status larder_call_check_entity(const struct larder_cache *cache,
                                            const struct larder_entity *entity);

/* OK, or what is wrong with a key, noted for larder_last_error(). */
enum larder_status larder_call_check_key(const struct larder_entity *entity,
                                         const struct larder_key *key);

/* OK; E_ARG: no lifetime: neither LARDER_TTL_SCHEMA nor 1..2^53. */
enum larder_status larder_call_check_ttl(const struct larder_entity *entity, int64_t ttl_ms);

/* Notes a failure that happened before anything was sent; answers status. */
enum larder_status larder_call_refuse(const struct larder_entity *entity, enum larder_status status,
                                      const char *what);

/* This call's deadline, of all that it does with the backend. */
static inline int64_t larder_call_deadline_ns(const struct larder_cache *cache)
{
    return larder_deadline_after_ms(&cache->clock, cache->timeout_ms);
}

/* Runs one operation and notes what came of it: outcome, error, the counter of
 * failed calls. Answers op->status. */
enum larder_status larder_call_run(struct larder_cache *cache, const struct larder_entity *entity,
                                   struct larder_op *op, int64_t deadline_ns);

/* Notes what came of an operation that was run; answers op->status. */
enum larder_status larder_call_ran(const struct larder_cache *cache,
                                   const struct larder_entity *entity, const struct larder_op *op);

/* Notes a finished operation's failure, put behind the entity's pattern. */
void larder_call_note_failure(const struct larder_cache *cache, const struct larder_entity *entity,
                              enum larder_status status);

/* The lifetime to store with, in ms, 0: no expiry. LARDER_TTL_SCHEMA is the
 * entity's, shortened by its jitter, but never below 1 ms; any other is as it is. */
int64_t larder_lifetime_ms(const struct larder_cache *cache, const struct larder_entity *entity,
                           int64_t ttl_ms);

/* How long an entry of that lifetime is there: the windows in which it may be read
 * afterwards included. 0: no expiry. */
int64_t larder_stay_ms(const struct larder_cache *cache, const struct larder_entity *entity,
                       int64_t lifetime_ms);

/* The server's wall clock in ms, or LARDER_NO_TIME; *ret_age_ms: how long ago it was asked. */
#define LARDER_NO_TIME INT64_MIN
int64_t larder_server_time_ms(const struct larder_cache *cache, int64_t *ret_age_ms);

/* Asks for it, where nobody did so far; key: of the entry that it is for, NULL: of several.
 * OK, or the failure, noted. */
enum larder_status larder_server_time_learn(struct larder_cache *cache,
                                            const struct larder_entity *entity,
                                            const struct larder_key *key, int64_t deadline_ns);

/* ------------------------------------------------------------- stored values */

/* Of a key of this entity. */
uint64_t larder_fingerprint_of(const struct larder_cache *cache, const struct larder_entity *entity,
                               const struct larder_key *key);

/* Envelope and body, behind what is in the writer (nothing, and its max is
 * what bounds them). head: of what is timed or versioned (cache/storing.h); NULL: a plain
 * one. OK; E_ARG, E_TOO_LARGE, E_NOMEM, noted. */
enum larder_status larder_stored_write(struct larder_writer *w, const struct larder_entity *entity,
                                       uint64_t fingerprint,
                                       const struct larder_envelope_head *head, const void *value);

/* Compresses what larder_stored_write wrote with that head, where the entity wants it and it
 * gains at least an eighth of the body; else, or without memory, it stays as it is. */
void larder_stored_compress(struct larder_cache *cache, const struct larder_entity *entity,
                            uint64_t fingerprint, const struct larder_envelope_head *head,
                            struct larder_writer *w);

/* The most bytes that an entity's values may have, as they are before compression. */
static inline size_t larder_stored_max(const struct larder_entity *entity)
{
    return entity->max_bytes != 0 ? entity->max_bytes : (size_t)LARDER_VALUE_MAX;
}

/* ------------------------------------------------------------------ lookups */

/* What a look wants of an entry besides its value. */
struct larder_glance {
    bool came; /* there is something */
    enum larder_envelope_verdict verdict;
    struct larder_envelope_head head; /* if the verdict is OK, of whatever form */
    size_t seen_len;                  /* how many of the first bytes of it are in `seen`, */
    size_t seen_total;                /* and the length of all */
    uint8_t *seen;                    /* room for LARDER_HEAD_BYTES */
};

/* One read, from stored bytes to a value: the sink's user data. */
struct larder_lookup {
    struct larder_cache *cache;
    const struct larder_entity *entity;
    uint64_t fingerprint;
    const void *value;             /* with one reference, once taken */
    struct larder_value_room room; /* a large value's, while it is received */
    enum larder_status status;     /* OK, MISS, ABSENT or E_NOMEM, once the bytes were seen */
    bool malformed;                /* what came was no value of this entity and key */
    bool foreign_key;              /* another key's value came: an alarm */
    bool wants_look;               /* it is of a form that only a look (cache/sight.h) can judge */
    struct larder_glance *glance;  /* of a look; NULL: this is none */
};

/* Notes in lookup->glance what these bytes, the first of `total`, say. */
void larder_lookup_glance(struct larder_lookup *lookup, const uint8_t *bytes, size_t len,
                          size_t total);

/* Makes *op the GET whose answer fills *lookup in. Cache, entity, fingerprint and glance
 * are there. */
void larder_lookup_prepare(struct larder_lookup *lookup, struct larder_op *op, const char *key,
                           size_t key_len);
/* After it ran: logs and notes what has to be, puts the value (or NULL) into
 * *ret_value. OK, MISS, ABSENT or the failure. Counts no hit nor miss. */
enum larder_status larder_lookup_finish(struct larder_lookup *lookup, const struct larder_op *op,
                                        const void **ret_value);
/* Counts one finished read by what it gave; a failure was counted before. */
void larder_lookup_count(const struct larder_cache *cache, const struct larder_entity *entity,
                         enum larder_status status);

#endif
