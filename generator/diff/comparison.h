/* SPDX-License-Identifier: MIT */
/*
 * What the parts of this room share while two schemas are compared. Not for
 * others.
 *
 * DESIGN. Services first, then entities that belong together, one after the
 * other: where its entries are, its key, its value. Once it is clear that
 * neither binary reads the other's values of an entity (another version, no
 * key in common), what follows about its value is `covered`. Two types that
 * meet are compared once, whoever holds them; what is found there is attached
 * to each entity that leads to them. The C API is a pass of its own, by names of C.
 */
#ifndef LARDER_GENERATOR_DIFF_COMPARISON_H
#define LARDER_GENERATOR_DIFF_COMPARISON_H

#include "diff/report.h"
#include "schema/options.h"
#include "schema/symbols.h"

/* Indices, growing. */
struct index_list {
    size_t *at;
    size_t count, capacity;
};

/* Meetings that one leads to: in each entry, or behind ?, list or map. */
struct met {
    struct index_list always, sometimes;
};

/* Two declared types that stand at one place (value_change.c). */
struct meeting {
    const struct sch_decl *old, *new;
    struct index_list findings; /* of the report */
    struct met inner;           /* of what they hold */
    size_t seen_by;             /* the number of the entity that came by last */
};

/* One type read as another (sights.c). */
struct reading {
    const struct sch_decl *writer, *reader;
    unsigned sight;
};

struct comparison {
    struct arena *arena;
    const struct sch_service *old, *new;
    struct dif_report *report;
    struct symbols known;            /* findings, by rule, places and text */
    const struct sch_entity *entity; /* of the new schema, that is being compared; NULL: none */
    size_t entity_number;            /* from 1 */
    bool apart;                      /* no entry at all is shared */
    bool covered;                    /* nor are this entity's */
    struct meeting *meetings;
    size_t meeting_count, meeting_capacity;
    struct symbols meeting_names;
    struct met *met; /* where what is met now is noted: a meeting's or an entity's */
    size_t meeting;  /* that is being compared, from 1; 0: none */
    struct reading *readings;
    size_t reading_count, reading_capacity;
    unsigned depth;
    struct symbols old_events, new_events;
};

/* What both see. */
struct sights {
    unsigned old, new;
};

/* ---------------------------------------------------- findings (findings.c) */

/* `sights` must lie within the rule's. */
__attribute__((format(printf, 6, 7))) void finding_add(struct comparison *c, enum dif_rule rule,
                                                       struct src_pos pos, struct src_pos old_pos,
                                                       struct sights sights, const char *format,
                                                       ...);
/* The same of something that was not there: `old_pos` is where it would have been. */
__attribute__((format(printf, 6, 7))) void finding_add_new(struct comparison *c, enum dif_rule rule,
                                                           struct src_pos pos,
                                                           struct src_pos old_pos,
                                                           struct sights sights, const char *format,
                                                           ...);
/* All that the rule's row says. */
struct sights rule_sights(enum dif_rule rule);
/* What was found is of the entity that is being compared, too; not `always`: of entries that hold
 * what it is about. */
void finding_attach(struct comparison *c, size_t index, bool always);
/* What is covered does no harm; by place, then as found. */
void findings_finish(struct comparison *c);

void index_list_add(struct arena *arena, struct index_list *list, size_t index);

/* -------------------------------------- what a reader makes of it (sights.c) */

/* Of a value of one type, read as another. */
unsigned sight_of_type(struct comparison *c, const struct sch_type *writer,
                       const struct sch_type *reader);
/* Of what stands at a reader's field: of a field that means the same. */
unsigned sight_of_field(struct comparison *c, const struct sch_field *writer,
                        const struct sch_field *reader);
/* The same, of a field that means something else; NULL: of a gap in `decl`, the writer's struct. */
unsigned sight_of_other(struct comparison *c, const struct sch_decl *decl,
                        const struct sch_field *writer, const struct sch_field *reader);
/* Of what was written as absent, nil. */
unsigned sight_of_nothing(const struct sch_field *reader);
/* Two parts of one value, both needed. */
unsigned sight_both(unsigned one, unsigned other);

/* ----------------------------------------------------- counterparts (alike.c) */

const struct sch_field *field_named(const struct sch_decl *decl, const char *name);
const struct sch_field *field_at(const struct sch_decl *decl, uint32_t id);
bool is_reserved(const struct sch_decl *decl, uint32_t id);
/* The new field that an old one became: of its name; else the one at its position that has a new
 * name and a type of the same kind. NULL: none. */
const struct sch_field *field_successor(const struct sch_decl *old, const struct sch_decl *new,
                                        const struct sch_field *field);
/* Of each old enumerator the index of the new one that it became, as of fields; the count: gone. */
const size_t *enumerators_map(struct arena *arena, const struct sch_decl *old,
                              const struct sch_decl *new);
/* Whether they are written the same way: kinds all the way down, `?` included. */
bool type_alike(const struct sch_type *a, const struct sch_type *b);

/* ------------------------------------------------------------------ the parts */

/* Keys (key_change.c). Sets covered. */
void key_compare(struct comparison *c, const struct sch_entity *old, const struct sch_entity *new);
/* Options of an entity (option_change.c), and the named lifetimes. */
void options_compare(struct comparison *c, const struct sch_entity *old,
                     const struct sch_entity *new);
void ttls_compare(struct comparison *c);
/* The n-th word that may stand at a key: "lz4". */
const char *choice_text(struct arena *arena, enum opt_id id, size_t n);
/* The value (value_change.c). */
void value_compare(struct comparison *c, const struct sch_entity *old,
                   const struct sch_entity *new);
/* A field's type; `what`: "'product.price'". Declared types are noted as met. */
void field_type_compare(struct comparison *c, const struct sch_field *old,
                        const struct sch_field *new, const char *what);
/* The fields of a struct (field_change.c), an enum's names (enum_change.c). */
void fields_compare(struct comparison *c, const struct sch_decl *old, const struct sch_decl *new);
void enum_compare(struct comparison *c, const struct sch_decl *old, const struct sch_decl *new);
/* What events make stale (event_change.c). event_of: by name, of `service`; NULL: none. */
const struct sch_event *event_of(const struct comparison *c, const struct sch_service *service,
                                 const char *name);
void events_compare(struct comparison *c);

/* The C API (api_change.c): what is not of an entity, and an entity that is still there. */
void api_compare(struct comparison *c);
void api_compare_entity(struct comparison *c, const struct sch_entity *old,
                        const struct sch_entity *new);

#endif
