/* SPDX-License-Identifier: MIT */
/* How entities behave, and what makes their entries stale. */
#ifndef LARDER_GENERATOR_BEHAVIOUR_H
#define LARDER_GENERATOR_BEHAVIOUR_H

#include "context/value.h"
#include "schema/model.h"

/* Of each kind: {object: true, index: false, …}; indexed by enum sch_entity_kind. */
struct behaviour_kinds {
    struct ctx_value *flags[SCH_RESPONSE + 1];
};

void behaviour_kinds_init(struct arena *arena, struct behaviour_kinds *ret_kinds);

/* Sets an entity's `kind`, `is`, policies, keys of its kind, `tags` and `reached_by`. */
void behaviour_entity(struct arena *arena, const struct behaviour_kinds *kinds,
                      struct ctx_value *map, const struct sch_entity *entity);

/* "rate_limit" */
const char *behaviour_kind_name(enum sch_entity_kind kind);

/* An event's `reaches`. */
struct ctx_value *behaviour_event(struct arena *arena, const struct sch_event *event);

/* The service's `tags`: each form with who carries and who invalidates it. */
struct ctx_value *behaviour_tags(struct arena *arena, const struct sch_service *service);

#endif
