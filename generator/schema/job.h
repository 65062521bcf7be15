/* SPDX-License-Identifier: MIT */
/*
 * One entity while it is read: what entities.c, policies.c, tags.c and later.c share.
 */
#ifndef LARDER_GENERATOR_JOB_H
#define LARDER_GENERATOR_JOB_H

#include "schema/reader.h"

struct job {
    struct reader *reader;
    const struct yml_pair *pair;
    struct sch_entity *entity;
    struct entity_info *info;
    struct opt_values values;
};

static inline const struct opt_value *given(const struct job *job, enum opt_id id)
{
    return &job->values.of[id];
}

/* All keys that say how an entity behaves. */
void policies_read(struct job *job);
/* Its tags (tags.c). */
void tags_read(struct job *job);
/* Notes what of it is not in this version (later.c). */
void later_note(struct job *job);
/* Where each key of the entity stands: sch_place_of's (place_of.c). */
void places_note(struct job *job);

#endif
