/* SPDX-License-Identifier: MIT */
/*
 * What the parts of this room share while one schema is read. Not for others.
 *
 * DESIGN. Names of types are collected first, over the file and what it
 * includes; then bodies, entities and events are read, so that every name
 * resolves on the spot. Whatever is wrong is reported and left out, marked
 * `broken` where something refers to it, so that one mistake gives one error.
 * Identifiers, rules across the whole file and advice come last.
 */
#ifndef LARDER_GENERATOR_READER_H
#define LARDER_GENERATOR_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/model.h"
#include "schema/options.h"
#include "schema/read.h"
#include "schema/symbols.h"
#include "schema/type_text.h"
#include "yaml/doc.h"

enum {
    LIMIT_FILE_BYTES = 1048576,
    LIMIT_FILES = 256, /* this and the included */
    LIMIT_ENTITIES = 10000,
    LIMIT_FIELDS = 512,    /* of a struct */
    LIMIT_HELD = 16384,    /* fields of a struct and of all that it embeds */
    LIMIT_NAME = 63,       /* characters */
    LIMIT_PREFIX = 128,    /* bytes */
    LIMIT_KEY = 1024,      /* bytes; the runtime's LARDER_KEY_MAX */
    LIMIT_POSITION = 1024, /* the largest field id; options.def says the same */
    LIMIT_NESTING = 32,    /* of list<map<…>> */
    LIMIT_TAGS = 8         /* of an entity; the runtime's LARDER_TAGS_MAX */
};

/* Where the lines of a file begin. */
struct line_table {
    const struct src_file *file;
    size_t *starts;
    size_t count;
    struct line_table *next;
    /* The place that was looked for last: the next one is often behind it in the line. */
    struct src_pos last;
    size_t last_at;
};

/* A declared type, and where its body stands. */
struct type_slot {
    struct sch_decl *decl;
    const struct yml_pair *pair;
};

struct pattern {
    struct sch_part *parts;
    size_t part_count;
    struct sch_param *params;
    size_t param_count;
};

/* What is known of an entity besides the model; parallel to service->entities. */
struct entity_info {
    const struct yml_node *node;
    uint32_t allowed; /* bits 1 << enum warning */
    bool broken;      /* its value could not be read */
    bool key_broken;
    bool expires_never;
    const struct yml_node *of; /* of an index */
    struct opt_value near_ttl;
    struct src_pos max_age_pos;
};

/* Something that this version cannot generate. */
struct later {
    struct src_pos pos;
    bool refused; /* else: without effect */
    const char *text;
};

struct reader {
    struct arena *arena;
    struct diag *diag;
    const struct sch_options *options;
    struct sch_service *service;
    struct line_table *lines;
    struct type_slot *slots;
    size_t slot_count, slot_capacity;
    struct symbols type_names; /* -> slot */
    struct symbols ttl_names;
    struct symbols entity_names;
    struct symbols tag_forms;  /* "category:{u64}" -> service->tag_forms */
    struct symbols tag_shapes; /* "category:{}" -> the first of them */
    struct entity_info *infos;
    struct known_file *known; /* include.c */
    size_t known_count, known_capacity;
    bool include_failed;  /* types may be missing: that they are unknown is not reported */
    bool targets_missing; /* an event's target could not be read */
    bool tags_missing;    /* an entity's tag could not be read */
    bool types_missing;   /* a use of a type could not be read: what is unused is not reported */
    uint32_t allowed;     /* by the file */
    size_t file_capacity;
    struct later *later;
    size_t later_count, later_capacity;
    size_t guesses_left; /* comparisons that did-you-mean may still spend */
};

/* -------------------------------------------------------- places (place.c) */

/* The place of a byte of a scalar's text: inside it where it stands in the
 * file as it is (plain or simply quoted, on one line), else where it begins. */
struct src_pos place_inside(struct reader *reader, const struct yml_node *scalar, size_t byte);

/* -------------------------------------------------------- helpers (read.c) */

/* An array with room for one more; may move. */
void *room_for_one(struct arena *arena, void *array, size_t count, size_t *capacity, size_t size);
/* "; did you mean 'x'?" or "". `names` may be long: the work is bounded. */
const char *did_you_mean(struct reader *reader, const char *word, const char *const *names,
                         size_t count);
/* Whether it may still be asked over so many names; else they need not be gathered. */
bool can_guess(const struct reader *reader, size_t count);
/* The keys of a map, as candidates for did_you_mean. */
const char *did_you_mean_key(struct reader *reader, const char *word, const struct yml_node *map);
/* A name as it may stand in a schema; `what`: "a field". False: reported. */
bool name_check(struct reader *reader, const struct yml_node *name, const char *what);
bool name_is_valid(const char *name, size_t len);

enum warning {
#define WARNING(id, name, text) WARN_##id,
#include "schema/warnings.def"
    WARN_COUNT
};
extern const char *const warning_names[WARN_COUNT];
extern const char *const warning_texts[WARN_COUNT];

/* Reads an allow: list. */
uint32_t allow_read(struct reader *reader, const struct yml_node *list);

/* -------------------------------------------------------- types (types.c) */

/* Reads a type expression. On an error the type is `broken`. */
bool type_read(struct reader *reader, const struct yml_node *scalar, struct sch_type *ret_type);
/* A key's or an event's parameter: a piece of a scalar that names a type. */
bool type_read_param(struct reader *reader, const struct yml_node *scalar, size_t start, size_t len,
                     struct sch_type *ret_type);
/* value: list: members: — a type, or a map of the scope USE. */
bool type_read_use(struct reader *reader, const struct yml_node *node, struct sch_type *ret_type);
/* Puts a checked bound on a type. */
void type_bound(struct reader *reader, const struct opt_value *max, struct sch_type *type);
/* Whether it can stand in a key or a tag: an integer, bool, string, uuid or enum, not optional. */
bool type_fits_key(const struct sch_type *type);
bool type_is_builtin(const char *name, size_t len);
bool type_equal(const struct sch_type *a, const struct sch_type *b);

/* -------------------------------------------------- declarations (fields.c) */

/* Names of one file's types: map. */
void decls_collect(struct reader *reader, const struct yml_node *types, bool included);
/* Bodies of all collected. */
void decls_read(struct reader *reader);
/* fields: and reserved: of a type or an entity. False: not one field could be read. */
bool fields_read(struct reader *reader, const struct yml_node *fields,
                 const struct yml_node *reserved, struct sch_decl *decl);
/* By name; NULL: none. */
const struct sch_field *field_find(const struct sch_decl *body, const char *name);
/* Defaults (defaults.c). */
bool default_read(struct reader *reader, const struct yml_node *node, const struct sch_type *type,
                  struct sch_default *ret_value);

/* The final order of decls, recursion, unused types (order.c). */
void decls_order(struct reader *reader);

/* ------------------------------------------------------ patterns (pattern.c) */

/* A key's pattern. False: reported; *ret_pattern then holds what could be read. */
bool pattern_read(struct reader *reader, const struct yml_node *scalar,
                  struct pattern *ret_pattern);
/* A tag's: parameters are names only. */
bool pattern_read_tag(struct reader *reader, const struct yml_node *scalar,
                      struct pattern *ret_pattern);
/* Whether each parameter's end can be told. False: reported. */
bool pattern_check_ambiguous(struct reader *reader, const struct pattern *pattern);
/* NULL, or the first parameter whose end cannot be told from the literal behind it. */
const struct sch_param *pattern_ambiguous(const struct pattern *pattern);
/* The index of the first byte that may not stand in a key's literal text; len: none. */
size_t pattern_bad_byte(const char *text, size_t len);

/* ------------------------------------- entities (entities.c), events (events.c) */

void entities_read(struct reader *reader, const struct yml_node *map);
void events_read(struct reader *reader, const struct yml_node *map);
/* Indexes, near lifetimes: what needs all entities (crosscheck.c). */
void entities_check(struct reader *reader);
/* The lifetime as the schema knows it; 0: none, or the environment's. */
int64_t entity_lifetime(const struct reader *reader, const struct sch_entity *entity);
const char *did_you_mean_entity(struct reader *reader, const char *word);

/* An event's parameter by name; NULL: none. */
const struct sch_param *event_param(const struct sch_event *event, const char *name, size_t len,
                                    size_t *ret_index);

/* ------------------------------------------------- tags (tags.c), the graph (key_graph.c) */

/* Gives every entity's tag its form: after all entities, before events. */
void tags_collect(struct reader *reader);
/* The target `tag: "…"`, a map, of an event. False: reported. */
bool tag_target_read(struct reader *reader, struct sch_event *event, const struct yml_node *params,
                     const struct yml_node *map);
/* Who makes what stale: after entities_check. */
void graph_build(struct reader *reader);

/* ------------------------------------------------------- the rest of the room */

void include_all(struct reader *reader, const struct yml_node *list, const struct src_file *file);
/* Gives everything its identifier and reports collisions (ident.c, collide.c). */
void ident_assign(struct reader *reader);
void collide_check(struct reader *reader);
void meet_check(struct reader *reader); /* two patterns that make one key, or tag (samekey.c) */
void advise(struct reader *reader);     /* the warnings (advise.c) */
/* Reports what is not in this version (later.c). */
void later_report(struct reader *reader);

#endif
