/* SPDX-License-Identifier: MIT */
/* Enums, structs, lists and maps: what the header declares and what has a codec. */
#ifndef LARDER_GENERATOR_STRUCTS_H
#define LARDER_GENERATOR_STRUCTS_H

#include "context/value.h"
#include "schema/model.h"

/* Sets `enums`, `lists`, `maps`, `entries` and `structs` in root. */
void struct_context(struct arena *arena, const struct sch_service *service, struct ctx_value *root);

/* Whether a zeroed struct lacks defaults of its fields, or of those embedded in it. */
bool struct_has_defaults(const struct sch_decl *decl);

#endif
