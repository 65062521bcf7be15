/* SPDX-License-Identifier: MIT */
/* Entities and events: keys, lifetimes, and the calls that are made of them. */
#ifndef LARDER_GENERATOR_ENTITY_H
#define LARDER_GENERATOR_ENTITY_H

#include "context/value.h"
#include "schema/model.h"

struct ctx_value *entity_context(struct arena *arena, const struct sch_service *service);
/* The indexes of all objects, those of one behind each other. */
struct ctx_value *index_context(struct arena *arena, const struct sch_service *service);
struct ctx_value *event_context(struct arena *arena, const struct sch_service *service);

/* "90 min" */
const char *entity_duration_text(struct arena *arena, int64_t ms);

/* "1 h ('products', CACHE_TTL_PRODUCTS), at random up to 10 % less" */
const char *entity_lifetime_text(struct arena *arena, const struct sch_service *service,
                                 const struct sch_entity *entity);

#endif
