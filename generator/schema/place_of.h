/* SPDX-License-Identifier: MIT */
/*
 * Where a key of an entity stands.
 */
#ifndef LARDER_GENERATOR_PLACE_OF_H
#define LARDER_GENERATOR_PLACE_OF_H

#include "schema/model.h"

/* The place of a key as it was given, "ttl"; of one that was not, the entity's. */
struct src_pos sch_place_of(const struct sch_entity *entity, const char *key);

#endif
