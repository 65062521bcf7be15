/* SPDX-License-Identifier: MIT */
/* How a key, a leading part of one, or a tag is spelt: statements for templates. */
#ifndef LARDER_GENERATOR_KEY_PARTS_H
#define LARDER_GENERATOR_KEY_PARTS_H

#include "context/value.h"
#include "schema/model.h"

struct key_spelling {
    const struct sch_part *parts;
    size_t part_count;
    const struct sch_param *params;
    const char *const *expressions; /* the C of each parameter: "id", "p->id", "value->id" */
    const size_t *groups;           /* behind so many parameters a group ends; ascending */
    size_t group_count;
};

/* The parts in their order: a list of maps {literal, length, argument, call, enum,
 * enumerators, hash, before, marked, mark}. */
struct ctx_value *key_parts(struct arena *arena, const struct key_spelling *spelling);

/* How many parts there are up to the end of the count-th parameter. */
size_t key_parts_leading(const struct sch_entity *entity, size_t count);

/* `from` before each parameter's name: {"keys->id", "keys->sku"}. */
const char *const *key_expressions(struct arena *arena, const struct sch_param *params,
                                   size_t count, const char *from);

/* The fields that the parameters are: {"value->id"}. */
const char *const *key_field_expressions(struct arena *arena, const struct sch_param *params,
                                         size_t count);

#endif
