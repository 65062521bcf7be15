/* SPDX-License-Identifier: MIT */
/*
 * What an encoder and a decoder do, type by type, as nodes for templates.
 *
 * A node stands for one value in C (`expr`). Exactly one of its sections
 * `scalar text any enum struct list map` is set; `optional` wraps it where the
 * value may be absent. templates/README.md lists what each holds.
 */
#ifndef LARDER_GENERATOR_STEPS_H
#define LARDER_GENERATOR_STEPS_H

#include "context/ctype.h"
#include "context/value.h"

/* What the nodes of one struct have in common. */
struct steps_owner {
    struct arena *arena;
    size_t fixed; /* the struct's bytes of bounded size, see steps_fixed */
};

/* The bytes that a value of this type takes of its struct's reservation. */
size_t steps_fixed(const struct sch_type *type);

/* A node for `expr`, a value or (of an optional pointer) the pointer. `label`
 * names it in messages; `depth` numbers loop variables. */
struct ctx_value *steps_node(const struct steps_owner *owner, const struct sch_type *type,
                             struct ctype_place place, const char *expr, const char *label,
                             int depth);

/* The positions of a struct in their order, holes included: a list of maps
 * {position, hole, required, defaulted, optional, …} with the nodes `write`
 * and `read` of each. *ret_least: how many positions a value must have. */
struct ctx_value *steps_positions(struct arena *arena, const struct sch_decl *decl, size_t fixed,
                                  uint32_t *ret_least);

/* The most bytes of slots that one byte of the entity's encoding can ask for: a C
 * expression over sizeof. */
const char *steps_slots(struct arena *arena, const struct sch_entity *entity);

/* A C expression of the field's default. */
const char *steps_default(struct arena *arena, const struct sch_field *field);

#endif
