/* SPDX-License-Identifier: MIT */
/*
 * What the value of one key of options.def looks like, in JSON Schema. For
 * json_schema.c only.
 */
#ifndef LARDER_GENERATOR_JSON_FORM_H
#define LARDER_GENERATOR_JSON_FORM_H

#include "context/value.h"
#include "schema/options.h"

/* What the definition of a scope is called. */
extern const char *const json_scope_names[OPT_SCOPE_COUNT];

/* A schema of its value, a map; a scope in it is a reference to its definition. */
struct ctx_value *json_form(struct arena *arena, enum opt_id id);

#endif
