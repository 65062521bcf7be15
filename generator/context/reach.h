/* SPDX-License-Identifier: MIT */
/* What makes entries stale, as generated code says it: targets of events, keys and tags of rows. */
#ifndef LARDER_GENERATOR_REACH_H
#define LARDER_GENERATOR_REACH_H

#include "context/value.h"
#include "schema/model.h"

/* An event's targets, in their order; sets `targets`, `count` and what of its arguments they use. */
void reach_event(struct arena *arena, struct ctx_value *map, const struct sch_event *event);

/* Sets what an entity's versions are made of (`has_all`, `group_count`, `has_tags`, …), and
 * `row_keys`: of a row, the keys of its own entry and of its indexes. */
void reach_entity(struct arena *arena, struct ctx_value *map, const struct sch_entity *entity);

/* How the tag is spelt from the fields of `value`. */
struct ctx_value *reach_tag_parts(struct arena *arena, const struct sch_tag *tag);

#endif
