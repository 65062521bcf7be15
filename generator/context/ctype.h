/* SPDX-License-Identifier: MIT */
/*
 * The C of each type of the schema.
 *
 * Lists and maps are named structs. Those of declared types and of scalars are
 * shared, all others carry the name of the place that needs them.
 */
#ifndef LARDER_GENERATOR_CTYPE_H
#define LARDER_GENERATOR_CTYPE_H

#include "schema/model.h"

struct arena;

/* Where a type is used: names what has no name of its own. */
struct ctype_place {
    const char *owner; /* "product" */
    const char *path;  /* "attrs", "attrs_value" */
};

/* The place of a list's items or a map's values. */
struct ctype_place ctype_inner(struct arena *arena, struct ctype_place place,
                               const struct sch_type *type);

/* "uint64_t", "struct product_money", "struct larder_string_list"; of an
 * optional that is a pointer "const struct product_money *". A blank follows
 * unless it ends in '*', so that a name can be put right behind. */
const char *ctype_declare(struct arena *arena, const struct sch_type *type,
                          struct ctype_place place);

/* The struct's tag of a list, a map and a map's entry. */
const char *ctype_list(struct arena *arena, const struct sch_type *type, struct ctype_place place);
const char *ctype_map(struct arena *arena, struct ctype_place place);
const char *ctype_entry(struct arena *arena, struct ctype_place place);

/* Whether the list's struct is larder's own (of scalars and strings). */
bool ctype_list_is_builtin(const struct sch_type *list);
/* Whether its struct belongs to the declared type of its items. */
bool ctype_list_is_shared(const struct sch_type *list);
/* Whether an optional of this type is a pointer in C, NULL when absent. */
bool ctype_is_pointer(const struct sch_type *type);

/* What follows larder_write_ and larder_read_ in the name of its writer and reader. */
const char *ctype_writer(enum sch_kind kind);
const char *ctype_reader(enum sch_kind kind);
/* The most bytes that a scalar's encoding takes; 0 for what has no bound. */
size_t ctype_bound(enum sch_kind kind);
bool ctype_is_scalar(enum sch_kind kind); /* numbers, BOOL, UUID, TIMESTAMP, DURATION */

#endif
