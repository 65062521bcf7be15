/* SPDX-License-Identifier: MIT */
/*
 * From names of the schema to identifiers of C. The rules are ident.def's rows
 * and these functions; collide.c holds what is made against itself.
 */
#ifndef LARDER_GENERATOR_IDENT_H
#define LARDER_GENERATOR_IDENT_H

#include <stdbool.h>

#include "base/arena.h"

/* "ProductSummary" -> "product_summary", "HTTPHeader" -> "http_header". */
const char *ident_snake(struct arena *arena, const char *name);
/* The same in capitals. */
const char *ident_upper(struct arena *arena, const char *name);
/* S and a snake-case name: "product_money"; a name that is S or begins with
 * it and '_' as it is. */
const char *ident_prefixed(struct arena *arena, const char *service, const char *snake);
/* Keywords and macros get a '_'. */
const char *ident_finish(struct arena *arena, const char *name);
/* A parameter of a key or event: keywords, macros, fixed parameters, ret_… and larder_…
 * (which would hide what generated code calls) get a '_'. */
const char *ident_param(struct arena *arena, const char *name);

#endif
