/* SPDX-License-Identifier: MIT */
/*
 * What values look like in memory, as rows of the tables of <larder/shape.h>.
 */
#ifndef LARDER_GENERATOR_SHAPES_H
#define LARDER_GENERATOR_SHAPES_H

#include "context/ctype.h"
#include "context/value.h"

/* An initializer of struct larder_type, on one line. */
const char *shape_type(struct arena *arena, const struct sch_type *type, struct ctype_place place);

/* The fields of a struct, a list of {name, member, has, secret, type}. */
struct ctx_value *shape_fields(struct arena *arena, const struct sch_decl *decl);

#endif
