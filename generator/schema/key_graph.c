/* SPDX-License-Identifier: MIT */
/*
 * The key graph: what makes which entries stale.
 *
 * DESIGN. Edges are kept where there are few of them: from an event to the
 * entities and tag forms that it names, from a form to its carriers, from an
 * object to its indexes. Who wants all events of an entity goes through the
 * forms; written out they could be events times entities.
 */
#include "schema/reader.h"

struct graph_job {
    struct arena *arena;
    struct diag *diag;
    struct sch_service *service;
};

static size_t index_of(const struct sch_service *service, const struct sch_entity *entity)
{
    return (size_t)(entity - service->entities);
}

/* ----------------------------------------------------------------- indexes */

static void link_indexes(const struct graph_job *job)
{
    struct sch_service *service = job->service;
    for (size_t i = 0; i < service->entity_count; i++) {
        const struct sch_entity *of = service->entities[i].of;
        if (of != NULL) {
            service->entities[index_of(service, of)].index_count++;
        }
    }
    for (size_t i = 0; i < service->entity_count; i++) {
        struct sch_entity *entity = &service->entities[i];
        entity->indexes = entity->index_count == 0
                              ? NULL
                              : arena_array(job->arena, entity->index_count, sizeof(void *));
        entity->index_count = 0;
    }
    for (size_t i = 0; i < service->entity_count; i++) {
        const struct sch_entity *of = service->entities[i].of;
        if (of != NULL) {
            struct sch_entity *object = &service->entities[index_of(service, of)];
            object->indexes[object->index_count++] = &service->entities[i];
        }
    }
}

/* ------------------------------------------------------------------ events */

typedef void each_target(const struct graph_job *job, const struct sch_event *event,
                         const struct sch_target *target);

static void for_targets(const struct graph_job *job, each_target *each)
{
    for (size_t i = 0; i < job->service->event_count; i++) {
        const struct sch_event *event = &job->service->events[i];
        for (size_t t = 0; t < event->target_count; t++) {
            each(job, event, &event->targets[t]);
        }
    }
}

static struct sch_tag_form *form_of(const struct graph_job *job, const struct sch_target *target)
{
    return &job->service->tag_forms[target->tag.form - job->service->tag_forms];
}

static struct sch_entity *entity_of(const struct graph_job *job, const struct sch_target *target)
{
    return &job->service->entities[index_of(job->service, target->entity)];
}

static void count_target(const struct graph_job *job, const struct sch_event *event,
                         const struct sch_target *target)
{
    (void)event;
    if (target->kind == SCH_TARGET_TAG) {
        form_of(job, target)->event_count++;
    } else {
        entity_of(job, target)->reached_by_count++;
    }
}

/* Keeps the entity's groups in order. Each is a version that is read with every entry. */
static void add_group(const struct graph_job *job, struct sch_entity *entity,
                      const struct sch_target *target)
{
    size_t i = 0;
    while (i < entity->group_count && entity->groups[i] < target->arg_count) {
        i++;
    }
    if (i < entity->group_count && entity->groups[i] == target->arg_count) {
        return;
    }
    if (entity->group_count == SCH_GROUPS_MAX) {
        diag_error(job->diag, target->pos, "limit",
                   "more than %d groups of one entity by different numbers of parameters: each is "
                   "looked up with every read",
                   SCH_GROUPS_MAX);
        return;
    }
    for (size_t k = entity->group_count++; k > i; k--) {
        entity->groups[k] = entity->groups[k - 1];
    }
    entity->groups[i] = target->arg_count;
}

static void link_target(const struct graph_job *job, const struct sch_event *event,
                        const struct sch_target *target)
{
    if (target->kind == SCH_TARGET_TAG) {
        struct sch_tag_form *form = form_of(job, target);
        if (form->event_count == 0 || form->events[form->event_count - 1] != event) {
            form->events[form->event_count++] = event;
        }
    } else {
        struct sch_entity *entity = entity_of(job, target);
        entity->reached_by[entity->reached_by_count++] = (struct sch_reach){event, target};
        entity->has_all |= target->kind == SCH_TARGET_ALL;
        if (target->kind == SCH_TARGET_GROUP) {
            add_group(job, entity, target);
        }
    }
}

static void link_events(const struct graph_job *job)
{
    struct sch_service *service = job->service;
    for_targets(job, count_target);
    for (size_t i = 0; i < service->entity_count; i++) {
        struct sch_entity *entity = &service->entities[i];
        if (entity->reached_by_count > 0) {
            entity->reached_by =
                arena_array(job->arena, entity->reached_by_count, sizeof *entity->reached_by);
            entity->reached_by_count = 0;
        }
    }
    for (size_t i = 0; i < service->tag_form_count; i++) {
        struct sch_tag_form *form = &service->tag_forms[i];
        form->events = arena_array(job->arena, form->event_count + 1, sizeof(void *));
        form->event_count = 0;
    }
    for_targets(job, link_target);
}

/* ----------------------------------------------------------------- changes */

/* Indexes and tags are built from fields or were refused; what is left is the key. */
static bool has_changed(const struct sch_entity *entity)
{
    return entity->kind == SCH_OBJECT && entity->shape == SCH_SHAPE_STRUCT &&
           (entity->params_are_fields || entity->param_count == 0);
}

static void mark_changes(const struct graph_job *job)
{
    struct sch_service *service = job->service;
    for (size_t i = 0; i < service->entity_count; i++) {
        struct sch_entity *entity = &service->entities[i];
        entity->has_changed = has_changed(entity);
        for (size_t t = 0; entity->has_changed && t < entity->tag_count; t++) {
            service->tag_forms[entity->tags[t].form - service->tag_forms].changed = true;
        }
    }
}

static bool is_reached(const struct sch_entity *entity)
{
    bool reached = entity->has_changed || entity->reached_by_count > 0;
    for (size_t t = 0; t < entity->tag_count; t++) {
        const struct sch_tag_form *form = entity->tags[t].form;
        reached |= form->changed || form->event_count > 0;
    }
    return reached;
}

static void mark_reached(const struct graph_job *job)
{
    struct sch_service *service = job->service;
    for (size_t i = 0; i < service->entity_count; i++) {
        service->entities[i].is_reached = is_reached(&service->entities[i]);
    }
    for (size_t i = 0; i < service->entity_count; i++) {
        struct sch_entity *index = &service->entities[i];
        index->is_reached |= index->of != NULL && index->of->is_reached;
    }
}

void graph_build(struct reader *reader)
{
    struct graph_job job = {reader->arena, reader->diag, reader->service};
    link_indexes(&job);
    link_events(&job);
    mark_changes(&job);
    mark_reached(&job);
}
