/* SPDX-License-Identifier: MIT */
/* An entity's policies as the C that hands them to the runtime. */
#ifndef LARDER_GENERATOR_POLICY_H
#define LARDER_GENERATOR_POLICY_H

#include "context/value.h"
#include "schema/model.h"

/* Sets an object's `policy`, `in_background`, `is_timed` and `strings`. */
void policy_context(struct arena *arena, struct ctx_value *map, const struct sch_entity *entity);

#endif
