/* SPDX-License-Identifier: MIT */
/*
 * A schema file, read and checked: what the stages after it work on.
 *
 * Read-only once sch_read has returned it. Everything carries the place it
 * came from, and the C identifier it becomes (`c_name`: escaped, prefixed,
 * checked for collisions by ident.c). Everything lives in the arena.
 */
#ifndef LARDER_GENERATOR_MODEL_H
#define LARDER_GENERATOR_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"

/* ------------------------------------------------------------------ types */

enum sch_kind {
    SCH_BOOL,
    SCH_U8,
    SCH_U16,
    SCH_U32,
    SCH_U64,
    SCH_I8,
    SCH_I16,
    SCH_I32,
    SCH_I64,
    SCH_F32,
    SCH_F64,
    SCH_STRING,
    SCH_BYTES,
    SCH_UUID,
    SCH_TIMESTAMP,
    SCH_DURATION,
    SCH_ANY,
    SCH_ENUM,   /* decl */
    SCH_STRUCT, /* decl */
    SCH_LIST,   /* item */
    SCH_MAP     /* item; keys are strings */
};

struct sch_decl;

/* One use of a type: list<Dimensions?> is a LIST whose item is an optional STRUCT. */
struct sch_type {
    enum sch_kind kind;
    bool optional;
    struct src_pos pos;
    const struct sch_decl *decl;
    const struct sch_type *item;
    uint64_t max; /* STRING, BYTES: bytes; LIST, MAP: items; 0: no bound */
    bool broken;  /* only while reading: an error was reported */
};

/* A default value, in the form its type calls for. */
struct sch_default {
    const char *text; /* STRING: the bytes, no NUL; ENUM: the enumerator's name */
    size_t len;
    bool flag;        /* BOOL */
    int64_t integer;  /* I8..I64, TIMESTAMP, DURATION (ms) */
    uint64_t natural; /* U8..U64; ENUM: the number */
    double real;      /* F32, F64: finite */
};

struct sch_field {
    const char *name; /* as in the schema */
    const char *c_name;
    const char *c_has; /* "has_x" where optional and not a pointer in C; else NULL */
    struct src_pos pos;
    const char *description; /* NULL: none; may hold any text */
    struct sch_type type;
    uint32_t id; /* position, from 1 */
    bool has_default;
    struct sch_default value;
    bool secret;
};

struct sch_enumerator {
    const char *name;
    const char *c_name; /* PRODUCT_AVAILABILITY_IN_STOCK */
    struct src_pos pos;
};

/* A declared type, or the fields of an entity. */
struct sch_decl {
    const char *name;   /* "Dimensions"; of an entity: its name */
    const char *c_name; /* "product_dimensions" */
    struct src_pos pos;
    const char *description;
    const struct src_file *file; /* where it was declared */
    bool is_enum;
    bool included;  /* declared in an included file */
    bool used;      /* by an entity of this service, directly or through others */
    bool recursive; /* contains itself, through ?, list or map */
    struct sch_enumerator *enumerators;
    size_t enumerator_count;
    struct sch_field *fields; /* in the schema's order */
    size_t field_count;
    uint32_t *reserved; /* positions, ascending */
    size_t reserved_count;
};

/* ------------------------------------------------------------------- keys */

struct sch_param {
    const char *name;
    const char *c_name;
    struct src_pos pos;
    struct sch_type type; /* integers, BOOL, STRING, UUID, ENUM; never optional */
    bool hash;
    const struct sch_field
        *field; /* of a key: the entity's required field of the same name and type; else NULL */
};

/* A piece of a pattern: literal text, or a parameter. */
struct sch_part {
    const char *literal; /* NULL: a parameter */
    size_t literal_len;
    size_t param; /* its index */
};

/* ------------------------------------------------------------------- tags */

/* A tag: of an entity, over fields of its value; of an event, over its parameters. */
struct sch_tag {
    const char *pattern; /* as written */
    struct src_pos pos;
    struct sch_part *parts;
    size_t part_count;
    struct sch_param *params; /* of an entity: `field` is set, and the type is the field's */
    size_t param_count;
    const struct sch_tag_form *form; /* NULL only while reading */
};

struct sch_entity;
struct sch_event;

/* All tags that can be one and the same: equal text, equal types at equal places. Tags of
 * different forms never make the same text. */
struct sch_tag_form {
    const char *form;                   /* "category:{u64}" */
    const struct sch_tag *first;        /* of its first carrier */
    const struct sch_entity **carriers; /* entities that carry it, in the schema's order */
    size_t carrier_count;
    const struct sch_event **events; /* events that invalidate it */
    size_t event_count;
    bool changed; /* a row change of a carrier invalidates it (sch_entity.has_changed) */
};

/* --------------------------------------------------------------- policies */

/* All times in ms, 0: not asked for. */
struct sch_near {
    bool is_on;
    struct src_pos pos;
    uint64_t entries; /* 0: no bound of its own */
    uint64_t bytes;   /* the same */
    int64_t ttl_ms;   /* 0: the entity's lifetime */
};

struct sch_stale {
    struct src_pos pos;
    int64_t while_revalidate_ms; /* both are added to the lifetime */
    int64_t if_error_ms;
};

struct sch_refresh {
    struct src_pos pos;
    uint32_t at_ppm; /* of the lifetime, millionths; 0: not at a fixed part of it */
    bool xfetch;
};

/* In the order of the schema's words. */
enum sch_codec { SCH_CODEC_NONE, SCH_CODEC_ZSTD, SCH_CODEC_LZ4 };
enum sch_algorithm { SCH_FIXED_WINDOW, SCH_GCRA };

/* --------------------------------------------------------------- entities */

enum sch_entity_kind {
    SCH_OBJECT, /* fields, list or value */
    SCH_INDEX,
    SCH_COUNTER,
    SCH_RATE_LIMIT,
    SCH_LOCK,
    SCH_SET,
    SCH_HASH,
    SCH_RESPONSE
};

enum sch_shape { SCH_SHAPE_STRUCT, SCH_SHAPE_LIST, SCH_SHAPE_VALUE };

/* A key that an entity has been given, for messages. */
struct sch_place {
    const char *key; /* "ttl" */
    struct src_pos pos;
};

enum { SCH_GROUPS_MAX = 4 }; /* the runtime's LARDER_GROUPS_MAX */

/* Which members count is said by the kind (options.def: what its keys are); the others are zero. */
struct sch_entity {
    const char *name;
    const char *c_name; /* X: "product", "product_search_results" */
    struct src_pos pos;
    const char *description;
    enum sch_entity_kind kind;
    struct src_pos kind_pos; /* without `kind`: pos */
    enum sch_shape shape;    /* of an OBJECT; a HASH is SHAPE_STRUCT */
    struct sch_decl body;    /* SHAPE_STRUCT: the fields; else only its names */
    struct sch_type value;   /* SHAPE_LIST: the LIST; SHAPE_VALUE: the value */
    const char *pattern;     /* as written */
    struct src_pos pattern_pos;
    struct sch_part *parts;
    size_t part_count;
    struct sch_param *params;
    size_t param_count;
    bool
        params_are_fields; /* every parameter is a field (and there is one): put exists, set checks */
    /* Lifetime: ttl_name "products" or "default" names a row of the service; NULL: ttl_ms. */
    const char *ttl_name;
    struct src_pos ttl_pos;
    int64_t ttl_ms;      /* with ttl_name NULL; 0: `none` */
    uint32_t jitter_ppm; /* millionths */
    uint32_t version;    /* from 1 */
    struct src_pos version_pos;
    uint64_t max_bytes; /* 0: the runtime's bound */
    enum sch_codec compress;
    uint64_t compress_above; /* bytes of a body; those of more are compressed */
    bool ttl_only;
    bool replica_ok;
    bool sliding;
    int64_t max_age_ms;
    int64_t absent_ms;
    int64_t redelete_after_ms;
    struct sch_near near;
    struct sch_stale stale;
    struct sch_refresh refresh;
    struct sch_tag *tags;
    size_t tag_count;

    const struct sch_entity *of; /* INDEX: the object; each parameter's `field` is one of that */
    struct sch_type members;     /* SET */
    uint32_t limit;              /* RATE_LIMIT: so many */
    int64_t window_ms;           /* in this time */
    enum sch_algorithm algorithm;
    uint32_t burst; /* with SCH_GCRA: so many at once; 0: `limit` */
    bool deny_on_error;

    /* What makes entries stale (key_graph.c). */
    struct sch_reach *reached_by; /* events that name it */
    size_t reached_by_count;
    bool has_all; /* an event invalidates all its entries at once */
    /* So many leading parameters make a group that an event invalidates; ascending, none twice. */
    size_t groups[SCH_GROUPS_MAX];
    size_t group_count;
    const struct sch_entity **indexes; /* that lead to it */
    size_t index_count;
    bool has_changed; /* every parameter of the key, its indexes and tags is a field: the rows
                       * before and after a change say which entries that makes stale */
    bool is_reached;  /* by an event, a tag that something invalidates, or a row's change */
    struct sch_place *places; /* place_of.h */
    size_t place_count;
};

enum sch_target_kind {
    SCH_TARGET_ENTRY, /* product(id), headline() */
    SCH_TARGET_GROUP, /* history_page(user_id, *, *) */
    SCH_TARGET_ALL,   /* search_results(*) */
    SCH_TARGET_TAG    /* tag: "…" */
};

struct sch_target {
    struct src_pos pos;
    enum sch_target_kind kind;
    const struct sch_entity *entity; /* TAG: NULL */
    size_t *args; /* for each (GROUP: leading) parameter of the entity's key, or each of the tag:
                   * the index of the event's parameter */
    size_t arg_count;
    struct sch_tag tag; /* TAG */
};

/* One way from an event to an entity. */
struct sch_reach {
    const struct sch_event *event;
    const struct sch_target *target;
};

struct sch_event {
    const char *name;
    const char *c_name;       /* "product_cache_on_price_list_imported" */
    const char *c_batch_name; /* "product_batch_on_price_list_imported" */
    struct src_pos pos;
    const char *description;
    struct sch_param *params;
    size_t param_count;
    struct sch_target *targets;
    size_t target_count;
};

struct sch_ttl {
    const char *name;
    const char *variable; /* CACHE_TTL_PRODUCTS */
    struct src_pos pos;
    int64_t ms; /* 0 only for the implicit "default" */
};

/* A service: one schema file with what it includes. */
struct sch_service {
    const struct src_file *file;
    const char *name;       /* S */
    const char *env_prefix; /* PRODUCT */
    struct src_pos pos;
    const char *description;
    struct src_pos redis_pos; /* of redis:, else pos */
    bool has_db;
    int32_t db;
    const char *prefix;   /* never NULL */
    struct sch_ttl *ttls; /* the first is "default", made up where the schema has none */
    size_t ttl_count;
    struct sch_decl *
        *decls; /* declared and included types, each after the types it embeds by value */
    size_t decl_count;
    struct sch_entity *entities;
    size_t entity_count;
    struct sch_event *events;
    size_t event_count;
    struct sch_tag_form *tag_forms; /* in the order of their first carrier */
    size_t tag_form_count;
    uint32_t allowed;              /* warnings that the file allows; this room's own */
    const struct src_file **files; /* this one and the included, for the depfile */
    size_t file_count;
};

#endif
