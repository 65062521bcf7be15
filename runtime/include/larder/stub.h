/* SPDX-License-Identifier: MIT */
/*
 * What generated code calls. Not for people: its generated wrappers are.
 *
 * A service is one static table (struct larder_service), an entity another;
 * generated wrappers build the key in a stack buffer and hand both to the
 * functions below, which know no types. Compatible changes keep
 * LARDER_STUB_VERSION; see larder.h for what a raise means.
 */
#ifndef LARDER_STUB_H
#define LARDER_STUB_H

#include <larder/larder.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Pinned by every generated source: a runtime of another ABI does not link. */
LARDER_API extern const char larder_abi_1;

enum {
    LARDER_KEY_MAX = 1024, /* bytes of a whole key, prefix included */
    LARDER_GROUPS_MAX = 4, /* groups of an entity's keys: leading parts that events name */
    LARDER_TAGS_MAX = 8,   /* tags of a value, a loader's included */
    LARDER_TTL_SCHEMA = 0  /* in place of a lifetime: the schema's, with its jitter */
};

/* 64 MiB: no encoded value is larger, whatever the schema says. */
#define LARDER_VALUE_MAX (64 * 1024 * 1024)

struct larder_cache;
struct larder_entity;
struct larder_writer;
struct larder_reader;

/* ------------------------------------------------------------------ keys */

/* A key under construction: text is appended piece by piece; the first
 * failure stays in `status` and the rest is skipped, so that one check at the
 * end is enough. `bytes` is not zeroed and not terminated. */
struct larder_key {
    size_t len;
    size_t prefix_len;         /* how much of it is the service's prefix */
    enum larder_status status; /* OK, E_ARG (NULL, no such enumerator), E_TOO_LARGE */
    char bytes[LARDER_KEY_MAX];
    /* From stub version 4 on, and only of entities with groups: lengths up to their ends. */
    uint16_t marks[LARDER_GROUPS_MAX];
};

/* Starts a key of this cache: empty but for the service's prefix. A NULL cache
 * makes it E_ARG. */
LARDER_API void larder_key_begin(const struct larder_cache *cache, struct larder_key *key);

LARDER_API void larder_key_literal(struct larder_key *key, const char *text, size_t len);
LARDER_API void larder_key_u64(struct larder_key *key, uint64_t value);
LARDER_API void larder_key_i64(struct larder_key *key, int64_t value);
LARDER_API void larder_key_bool(struct larder_key *key, bool value);
LARDER_API void larder_key_uuid(struct larder_key *key, struct larder_uuid value);
/* Escaped: every byte outside A-Z a-z 0-9 _ . - as %XX, an empty string as %. */
LARDER_API void larder_key_string(struct larder_key *key, const char *text);
/* An enumerator's name as it is; NULL (no such enumerator) is E_ARG. */
LARDER_API void larder_key_name(struct larder_key *key, const char *name);
/* For |hash: the first 128 bits of SHA-256, in hex; of a string, or of what
 * was appended since the key was `mark` bytes long. */
LARDER_API void larder_key_string_hash(struct larder_key *key, const char *text);
LARDER_API void larder_key_hash_since(struct larder_key *key, size_t mark);
/* The i-th group ends here: `history_page(user_id, *, *)` behind user_id's text. From stub version 4 on. */
LARDER_API void larder_key_mark(struct larder_key *key, size_t i);

/* Notes what is wrong with an argument for larder_last_error() and answers
 * E_ARG. `field` names it, NULL: the pattern alone does. */
LARDER_API enum larder_status larder_stub_bad_argument(const struct larder_entity *entity,
                                                       const char *field);

/* ------------------------------------------------- tables of a service */

/* A named lifetime. The first row of a service is always "default". */
struct larder_ttl {
    const char *name;     /* as in the schema */
    const char *variable; /* "CACHE_TTL_PRODUCTS" */
    int64_t ttl_ms;       /* 0: the schema gives none (only for "default") */
};

/* How a body is compressed; the numbers are those of stored values. */
enum larder_codec { LARDER_CODEC_NONE, LARDER_CODEC_ZSTD, LARDER_CODEC_LZ4 };

/* What an entity asks for beyond a lifetime; times in ms, 0: not asked for. */
struct larder_policy {
    int64_t while_revalidate_ms; /* both are added to the lifetime */
    int64_t if_error_ms;
    int64_t absent_ms;
    int64_t max_age_ms; /* with sliding */
    int64_t redelete_after_ms;
    uint32_t refresh_ppm; /* of the lifetime: reload from there on */
    bool xfetch;
    bool sliding;
};

/* The tags of a value, as they are collected. */
struct larder_tags {
    size_t count;
    enum larder_status status; /* OK; E_TOO_LARGE: more than LARDER_TAGS_MAX */
    uint64_t seed;             /* of ids */
    uint64_t ids[LARDER_TAGS_MAX];
};

/* Starts the text of a tag: empty, and behind no prefix. */
LARDER_API void larder_tag_begin(struct larder_key *text);
/* Adds the tag that was spelt into *text as keys are, from its prefix_len on. */
LARDER_API void larder_tags_add(struct larder_tags *tags, const struct larder_key *text);

/* What every loader's call begins with; what follows is the key's parameters. */
struct larder_call_head {
    void (*load)(void); /* a typed loader */
    void *user;
};

/* How to keep a loader's call for later. */
struct larder_call_shape {
    size_t size;           /* of all of it */
    const size_t *strings; /* offsets of its const char * members, which are copied */
    size_t string_count;
    /* Of the i-th key of the caller's array; the loader and its user are NULL. NULL: no keys. */
    void (*of_key)(const void *keys, size_t i, void *ret_call);
};

struct larder_entity {
    const char *name;    /* "search_results" */
    const char *pattern; /* "search:{query:string|hash}", for messages */
    uint32_t index;      /* in the service's table */
    uint32_t version;    /* values of other versions are misses */
    int32_t ttl_index;   /* into the service's lifetimes; -1: ttl_ms is the lifetime */
    int64_t ttl_ms;      /* with ttl_index -1; 0: no expiry */
    uint32_t jitter_ppm; /* lifetime * (1 - random * jitter_ppm / 10^6) */
    uint32_t
        max_bytes; /* of an encoded value with its envelope, before it is compressed; 0: LARDER_VALUE_MAX */
    size_t value_size; /* sizeof(struct X) */
    size_t
        slots_per_byte; /* the most bytes of list, map and optional slots that one encoded byte can ask for */
    /* Encodes *value. False: why is in writer->status and writer->field. */
    bool (*encode)(struct larder_writer *writer, const void *value);
    /* Decodes into *value, zeroed. False: malformed, or reader->short_of_slots. */
    bool (*decode)(struct larder_reader *reader, void *value);
    /* Writes the schema's defaults into *value, zeroed. */
    void (*defaults)(void *value);
    /* From stub version 2 on; in services of version 1 there is nothing here. */
    enum larder_codec compress; /* how values are written; every codec is read, whatever it says */
    uint32_t compress_above;    /* only bodies of more bytes than this */
    /* From stub version 4 on. */
    const struct larder_policy *policy; /* NULL: none */
    bool has_all;                       /* an event invalidates all entries at once */
    uint32_t group_count;               /* marks of each key */
    /* Collects the value's tags; NULL: it has none. */
    void (*tags)(const void *value, struct larder_tags *tags);
    const struct larder_call_shape *call; /* of its loaders */
};

/* What stands at the key of an index: the key of what it leads to, behind the prefix. */
struct larder_pointer {
    const char *key;
    uint16_t marks[LARDER_GROUPS_MAX]; /* as of struct larder_key, less the prefix; 0: none */
};

LARDER_API bool larder_pointer_encode(struct larder_writer *writer, const void *value);
LARDER_API bool larder_pointer_decode(struct larder_reader *reader, void *value);
LARDER_API void larder_pointer_defaults(void *value);

/* Another way to an entity's values. */
struct larder_index {
    const struct larder_entity *pointer; /* its values are struct larder_pointer */
    const struct larder_entity *row;     /* what it leads to */
    /* Whether a value of `row` is what `call` asks the index for. */
    bool (*leads)(const void *row, const void *call);
    /* Append the keys that such a value has: of the index, and its own. */
    void (*append_pointer)(struct larder_key *key, const void *row);
    void (*append_row)(struct larder_key *key, const void *row);
};

struct larder_service {
    uint32_t stub_version;
    const char *name;       /* "product" */
    const char *env_prefix; /* "PRODUCT" */
    int32_t db;             /* -1: the schema gives none */
    const char *prefix;     /* "" when there is none */
    const struct larder_ttl *ttls;
    size_t ttl_count;
    const struct larder_entity *const *entities;
    size_t entity_count;
    /* From stub version 4 on; those of one entity stand behind each other. */
    const struct larder_index *const *indexes;
    size_t index_count;
};

/* ---------------------------------------------------------- life cycle */

LARDER_API LARDER_MUST_USE enum larder_status larder_stub_open(const struct larder_service *service,
                                                               const struct larder_config *config,
                                                               struct larder_cache **ret_cache);
LARDER_API void larder_stub_close(struct larder_cache *cache);
LARDER_API enum larder_status larder_stub_ping(struct larder_cache *cache);
LARDER_API enum larder_status larder_stub_health(struct larder_cache *cache,
                                                 struct larder_health *ret_health);
/* entity NULL: the sum over all. */
LARDER_API enum larder_status larder_stub_stats(struct larder_cache *cache,
                                                const struct larder_entity *entity,
                                                struct larder_stats *ret_stats);

/* -------------------------------------------------------- single entries */

enum larder_set_mode { LARDER_SET_ALWAYS, LARDER_SET_ADD, LARDER_SET_REPLACE };

/* *ret_value is a counted value with OK, and with STALE (past its lifetime, within
 * while_revalidate); else NULL: MISS, ABSENT (known not to exist), a failure. A NULL ret_value is
 * E_ARG everywhere. Of an entity whose entries many at once can be invalidated (has_all, groups,
 * tags) a value is a MISS when it was, or when nobody can tell any more. What is only a
 * claim, or only of use when a loader fails, is a MISS, too. */
LARDER_API LARDER_MUST_USE enum larder_status larder_stub_get(struct larder_cache *cache,
                                                              const struct larder_entity *entity,
                                                              const struct larder_key *key,
                                                              const void **ret_value);
/* ttl_ms: LARDER_TTL_SCHEMA or 1..2^53; the entry stays for the windows of `stale` longer.
 * ADD is DENIED, and REPLACE no MISS, only by what a get would give. */
LARDER_API enum larder_status larder_stub_set(struct larder_cache *cache,
                                              const struct larder_entity *entity,
                                              const struct larder_key *key, const void *value,
                                              enum larder_set_mode mode, int64_t ttl_ms);
LARDER_API enum larder_status larder_stub_delete(struct larder_cache *cache,
                                                 const struct larder_entity *entity,
                                                 const struct larder_key *key);
/* OK, MISS, ABSENT; what a get would say, without a value. Renews nothing. */
LARDER_API enum larder_status larder_stub_exists(struct larder_cache *cache,
                                                 const struct larder_entity *entity,
                                                 const struct larder_key *key);
/* The whole time left, windows included; -1: no expiry. MISS also where it is ABSENT. */
LARDER_API enum larder_status larder_stub_ttl(struct larder_cache *cache,
                                              const struct larder_entity *entity,
                                              const struct larder_key *key, int64_t *ret_ms);
/* OK, MISS. Of a sliding entity it is the read that renews for so long. */
LARDER_API enum larder_status larder_stub_expire(struct larder_cache *cache,
                                                 const struct larder_entity *entity,
                                                 const struct larder_key *key, int64_t ttl_ms);
LARDER_API enum larder_status larder_stub_key(struct larder_cache *cache,
                                              const struct larder_key *key, char *buf, size_t size,
                                              size_t *ret_len);

/* Runs the typed loader: `call` holds it with its user and the key's parameters. */
typedef enum larder_status larder_load_fn(struct larder_load *load, const void *call, void *out);

LARDER_API LARDER_MUST_USE enum larder_status larder_stub_get_or_load(
    struct larder_cache *cache, const struct larder_entity *entity, const struct larder_key *key,
    larder_load_fn *load, const void *call, const void **ret_value);

/* As get, and where the value is due for a reload, hands `call`, whose loader need not be
 * there, to the one that was registered. From stub version 4 on, as are those below. */
LARDER_API LARDER_MUST_USE enum larder_status larder_stub_get_refreshing(
    struct larder_cache *cache, const struct larder_entity *entity, const struct larder_key *key,
    const void *call, const void **ret_value);
/* Loads, whatever is there. */
LARDER_API LARDER_MUST_USE enum larder_status larder_stub_refresh(
    struct larder_cache *cache, const struct larder_entity *entity, const struct larder_key *key,
    larder_load_fn *load, const void *call, const void **ret_value);
/* Registers what reloads in the background: `call` with its loader and user; load NULL: nothing. */
LARDER_API enum larder_status larder_stub_on_load(struct larder_cache *cache,
                                                  const struct larder_entity *entity,
                                                  larder_load_fn *load, const void *call);
LARDER_API enum larder_status larder_stub_expire_soft(struct larder_cache *cache,
                                                      const struct larder_entity *entity,
                                                      const struct larder_key *key);
/* Through an index: `key` is the index's, `call` holds its parameters, and the loader with
 * its user; the value is one of index->row. */
LARDER_API LARDER_MUST_USE enum larder_status larder_stub_index_get(
    struct larder_cache *cache, const struct larder_index *index, const struct larder_key *key,
    const void *call, const void **ret_value);
LARDER_API LARDER_MUST_USE enum larder_status larder_stub_index_get_or_load(
    struct larder_cache *cache, const struct larder_index *index, const struct larder_key *key,
    larder_load_fn *load, const void *call, const void **ret_value);

/* ---------------------------------------------------------- many at once */

/* Appends the i-th key of the caller's array to *key, which has been begun,
 * and tells whose entry it names. May set key->status. */
typedef const struct larder_entity *larder_key_fn(struct larder_key *key, const void *keys,
                                                  size_t i);

/* ret_values: an array of count pointers to values. Every element of both
 * arrays is set, whatever happens; each as larder_stub_get has it. */
LARDER_API LARDER_MUST_USE enum larder_status larder_stub_get_many(
    struct larder_cache *cache, const struct larder_entity *entity, larder_key_fn *build,
    const void *keys, size_t count, void *ret_values, enum larder_status *ret_each);
/* Runs the typed loader of many: `keys` are count of the caller's, `out` as many values of
 * entity->value_size bytes. */
typedef enum larder_status larder_load_many_fn(struct larder_load *load, const void *call,
                                               const void *keys, size_t count, void *out,
                                               enum larder_status *each);

struct larder_many_load {
    larder_key_fn *build;
    const void *keys; /* the caller's array */
    size_t key_size;  /* of an element */
    larder_load_many_fn *load;
    const void *call;
};

LARDER_API LARDER_MUST_USE enum larder_status larder_stub_get_many_or_load(
    struct larder_cache *cache, const struct larder_entity *entity,
    const struct larder_many_load *many, size_t count, void *ret_values,
    enum larder_status *ret_each);
/* values: an array of count structs of entity->value_size bytes. */
LARDER_API enum larder_status larder_stub_set_many(struct larder_cache *cache,
                                                   const struct larder_entity *entity,
                                                   larder_key_fn *build, const void *keys,
                                                   size_t count, const void *values,
                                                   enum larder_status *ret_each);
LARDER_API enum larder_status larder_stub_delete_many(struct larder_cache *cache,
                                                      larder_key_fn *build, const void *keys,
                                                      size_t count, enum larder_status *ret_each);
/* Events of services before stub version 4: deletes all entries that `build` names, in one
 * trip; OK whether or not they were there. */
LARDER_API enum larder_status larder_stub_invalidate(struct larder_cache *cache,
                                                     larder_key_fn *build, const void *params,
                                                     size_t count);

/* ---------------------------------------------------------- invalidation */

/*
 * All from stub version 4 on. Entries are deleted; what reaches many entries at once
 * (groups, entities, tags) gets a new version instead, one write for all that a call
 * names. Everything goes in one trip. OK whether or not anything was there. What
 * cannot be spelt (E_ARG: NULL, no enumerator; E_TOO_LARGE: a text over 1 KiB) holds
 * up nothing else. A failure is journalled before the call returns; larder_outcome()
 * tells what became of the writes.
 */

/* What an event's target reaches, and what is spelt of it. */
enum larder_aim {
    LARDER_AIM_ENTRY, /* the key */
    LARDER_AIM_GROUP, /* a leading part of a key, up to the end of a parameter */
    LARDER_AIM_ALL,   /* nothing */
    LARDER_AIM_TAG    /* the tag's text; *ret_entity stays NULL */
};

/* Appends what the i-th target of an event needs to *key, which has been begun, and
 * tells whose entries it reaches. May set key->status. */
typedef enum larder_aim larder_target_fn(struct larder_key *key, const void *params, size_t i,
                                         const struct larder_entity **ret_entity);

LARDER_API enum larder_status larder_stub_event(struct larder_cache *cache, larder_target_fn *aim,
                                                const void *params, size_t count);

/* A row before and after a change; one of them may be NULL. `build` makes the keys of
 * a row: its own and those of its indexes. Its tags are the entity's to tell. */
struct larder_change {
    const struct larder_entity *entity;
    const void *before;
    const void *after;
    larder_key_fn *build;
    size_t count;
};

LARDER_API LARDER_MUST_USE enum larder_status larder_stub_changed(
    struct larder_cache *cache, const struct larder_change *change);

/* All entries of an entity: by its version, where it has one; else page by page.
 * E_TIMEOUT: not all was looked at; the same thread's next call goes on. */
LARDER_API enum larder_status larder_stub_delete_all(struct larder_cache *cache,
                                                     const struct larder_entity *entity);

/* Invalidations that are sent together, later. One thread at a time; over before the
 * cache is closed. What is put in twice is sent once. */
struct larder_drops;

LARDER_API LARDER_MUST_USE enum larder_status larder_stub_batch_begin(
    struct larder_cache *cache, struct larder_drops **ret_batch);
/* Starts a key of the batch's cache. A NULL batch makes it E_ARG. */
LARDER_API void larder_stub_batch_key(const struct larder_drops *batch, struct larder_key *key);
/* These put in what the calls above would send. E_NOMEM, and E_TOO_LARGE of a batch that is
 * full: nothing of this call was put in, and what was there before still is. */
LARDER_API enum larder_status larder_stub_batch_delete(struct larder_drops *batch,
                                                       const struct larder_entity *entity,
                                                       const struct larder_key *key);
LARDER_API enum larder_status larder_stub_batch_event(struct larder_drops *batch,
                                                      larder_target_fn *aim, const void *params,
                                                      size_t count);
LARDER_API LARDER_MUST_USE enum larder_status larder_stub_batch_changed(
    struct larder_drops *batch, const struct larder_change *change);
/* Sends all and frees the batch, whatever comes of it. */
LARDER_API LARDER_MUST_USE enum larder_status larder_stub_batch_commit(struct larder_drops *batch);
/* Frees it; NULL is fine. */
LARDER_API void larder_stub_batch_discard(struct larder_drops *batch);

/* ---------------------------------------------------------------- values */

/* Drops one reference; NULL is fine; any thread; also after close. */
LARDER_API void larder_value_release(const void *value);

#ifdef __cplusplus
}
#endif

#endif
