/* SPDX-License-Identifier: MIT */
#include "schema/place_of.h"

#include <string.h>

#include "schema/job.h"

void places_note(struct job *job)
{
    struct sch_entity *entity = job->entity;
    size_t count = 0;
    for (size_t i = 0; i < OPT_COUNT; i++) {
        count += opt_table[i].scope == OPT_SCOPE_ENTITY && job->values.of[i].key != NULL;
    }
    entity->places = arena_array(job->reader->arena, count + 1, sizeof *entity->places);
    for (size_t i = 0; i < OPT_COUNT; i++) {
        if (opt_table[i].scope == OPT_SCOPE_ENTITY && job->values.of[i].key != NULL) {
            entity->places[entity->place_count++] =
                (struct sch_place){opt_table[i].key, job->values.of[i].key->pos};
        }
    }
}

struct src_pos sch_place_of(const struct sch_entity *entity, const char *key)
{
    for (size_t i = 0; i < entity->place_count; i++) {
        if (strcmp(entity->places[i].key, key) == 0) {
            return entity->places[i].pos;
        }
    }
    return entity->pos;
}
