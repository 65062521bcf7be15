/* SPDX-License-Identifier: MIT */
/*
 * Types and targets of events in words.
 */
#ifndef LARDER_GENERATOR_TYPE_TEXT_H
#define LARDER_GENERATOR_TYPE_TEXT_H

#include "schema/model.h"

const char *type_kind_name(enum sch_kind kind);
/* As it is written in a schema: "list<Money?>". */
const char *type_text(struct arena *arena, const struct sch_type *type);
/* "product(id)", "history_page(user_id, *, *)", "search_results(*)"; of a tag its pattern. */
const char *target_text(struct arena *arena, const struct sch_event *event,
                        const struct sch_target *target);

#endif
