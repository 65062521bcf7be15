/* SPDX-License-Identifier: MIT */
#include "context/behaviour.h"

#include "context/c_escape.h"
#include "context/ctype.h"
#include "context/reach.h"

static const char *const kind_names[SCH_RESPONSE + 1] = {
    [SCH_OBJECT] = "object",   [SCH_INDEX] = "index",
    [SCH_COUNTER] = "counter", [SCH_RATE_LIMIT] = "rate_limit",
    [SCH_LOCK] = "lock",       [SCH_SET] = "set",
    [SCH_HASH] = "hash",       [SCH_RESPONSE] = "response",
};

static const char *const target_names[] = {
    [SCH_TARGET_ENTRY] = "entry",
    [SCH_TARGET_GROUP] = "group",
    [SCH_TARGET_ALL] = "all",
    [SCH_TARGET_TAG] = "tag",
};

const char *behaviour_kind_name(enum sch_entity_kind kind)
{
    return kind_names[kind];
}

void behaviour_kinds_init(struct arena *arena, struct behaviour_kinds *ret_kinds)
{
    for (int kind = 0; kind <= SCH_RESPONSE; kind++) {
        struct ctx_value *map = ctx_map_for(arena, SCH_RESPONSE + 1);
        for (int other = 0; other <= SCH_RESPONSE; other++) {
            ctx_set_flag(map, kind_names[other], other == kind);
        }
        ret_kinds->flags[kind] = map;
    }
}

/* ---------------------------------------------------------------- policies */

static struct ctx_value *near_of(struct arena *arena, const struct sch_near *near)
{
    if (!near->is_on) {
        return ctx_flag(arena, false);
    }
    struct ctx_value *map = ctx_map_for(arena, 3);
    ctx_set_number(map, "entries", (long long)near->entries);
    ctx_set_number(map, "bytes", (long long)near->bytes);
    ctx_set_number(map, "ttl_ms", near->ttl_ms);
    return map;
}

static struct ctx_value *stale_of(struct arena *arena, const struct sch_stale *stale)
{
    if (stale->while_revalidate_ms == 0 && stale->if_error_ms == 0) {
        return ctx_flag(arena, false);
    }
    struct ctx_value *map = ctx_map_for(arena, 2);
    ctx_set_number(map, "while_revalidate_ms", stale->while_revalidate_ms);
    ctx_set_number(map, "if_error_ms", stale->if_error_ms);
    return map;
}

static struct ctx_value *refresh_of(struct arena *arena, const struct sch_refresh *refresh)
{
    if (!refresh->xfetch && refresh->at_ppm == 0) {
        return ctx_flag(arena, false);
    }
    struct ctx_value *map = ctx_map_for(arena, 2);
    ctx_set_number(map, "at_ppm", refresh->at_ppm);
    ctx_set_flag(map, "xfetch", refresh->xfetch);
    return map;
}

static struct ctx_value *rate_of(struct arena *arena, const struct sch_entity *entity)
{
    if (entity->kind != SCH_RATE_LIMIT) {
        return ctx_flag(arena, false);
    }
    struct ctx_value *map = ctx_map_for(arena, 5);
    ctx_set_number(map, "limit", entity->limit);
    ctx_set_number(map, "window_ms", entity->window_ms);
    ctx_set_flag(map, "gcra", entity->algorithm == SCH_GCRA);
    ctx_set_number(map, "burst", entity->burst);
    ctx_set_flag(map, "deny_on_error", entity->deny_on_error);
    return map;
}

static void set_policies(struct arena *arena, struct ctx_value *map,
                         const struct sch_entity *entity)
{
    ctx_set_flag(map, "ttl_only", entity->ttl_only);
    ctx_set_flag(map, "replica_ok", entity->replica_ok);
    ctx_set_flag(map, "sliding", entity->sliding);
    ctx_set_number(map, "max_age_ms", entity->max_age_ms);
    ctx_set_number(map, "absent_ms", entity->absent_ms);
    ctx_set_number(map, "redelete_after_ms", entity->redelete_after_ms);
    ctx_set(map, "near", near_of(arena, &entity->near));
    ctx_set(map, "stale", stale_of(arena, &entity->stale));
    ctx_set(map, "refresh_ahead", refresh_of(arena, &entity->refresh));
    ctx_set(map, "rate", rate_of(arena, entity));
}

/* The C of a set's member. */
static const char *members_of(struct arena *arena, const struct sch_entity *entity)
{
    struct ctype_place place = {entity->c_name, "member"};
    return entity->kind == SCH_SET ? ctype_declare(arena, &entity->members, place) : NULL;
}

/* ------------------------------------------------------------------- graph */

/* Names of a schema need no escaping: sch_read has looked at each. */
static struct ctx_value *names(struct arena *arena, const struct sch_entity *const *entities,
                               size_t count)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < count; i++) {
        ctx_add(list, ctx_string(arena, entities[i]->name));
    }
    return list;
}

static struct ctx_value *tags_of(struct arena *arena, const struct sch_entity *entity)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < entity->tag_count; i++) {
        struct ctx_value *map = ctx_map_for(arena, 3);
        ctx_set(map, "parts", reach_tag_parts(arena, &entity->tags[i]));
        ctx_set_string(map, "pattern", esc_comment_line(arena, entity->tags[i].pattern));
        ctx_set_string(map, "form", esc_comment_line(arena, entity->tags[i].form->form));
        ctx_add(list, map);
    }
    return list;
}

static struct ctx_value *reached_by(struct arena *arena, const struct sch_entity *entity)
{
    struct ctx_value *map = ctx_map_for(arena, 3);
    struct ctx_value *events = ctx_list(arena);
    struct ctx_value *tags = ctx_list(arena);
    for (size_t i = 0; i < entity->reached_by_count; i++) {
        struct ctx_value *event = ctx_map_for(arena, 2);
        ctx_set_string(event, "event", entity->reached_by[i].event->name);
        ctx_set_string(event, "how", target_names[entity->reached_by[i].target->kind]);
        ctx_add(events, event);
    }
    for (size_t i = 0; i < entity->tag_count; i++) {
        ctx_add(tags, ctx_string(arena, esc_comment_line(arena, entity->tags[i].form->form)));
    }
    ctx_set(map, "events", events);
    ctx_set(map, "tags", tags);
    ctx_set_flag(map, "changed",
                 entity->has_changed || (entity->of != NULL && entity->of->has_changed));
    return map;
}

void behaviour_entity(struct arena *arena, const struct behaviour_kinds *kinds,
                      struct ctx_value *map, const struct sch_entity *entity)
{
    ctx_set_string(map, "kind", kind_names[entity->kind]);
    ctx_set(map, "is", kinds->flags[entity->kind]);
    ctx_set_string(map, "of", entity->of == NULL ? NULL : entity->of->name);
    ctx_set_string(map, "members", members_of(arena, entity));
    set_policies(arena, map, entity);
    ctx_set(map, "tags", tags_of(arena, entity));
    ctx_set(map, "indexes", names(arena, entity->indexes, entity->index_count));
    ctx_set_flag(map, "has_changed", entity->has_changed);
    ctx_set_flag(map, "is_reached", entity->is_reached);
    ctx_set(map, "reached_by", reached_by(arena, entity));
}

struct ctx_value *behaviour_event(struct arena *arena, const struct sch_event *event)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < event->target_count; i++) {
        const struct sch_target *target = &event->targets[i];
        struct ctx_value *map = ctx_map_for(arena, 3);
        bool is_tag = target->kind == SCH_TARGET_TAG;
        ctx_set_string(map, "how", target_names[target->kind]);
        ctx_set_string(map, "entity", is_tag ? NULL : target->entity->name);
        ctx_set_string(map, "tag", is_tag ? esc_comment_line(arena, target->tag.form->form) : NULL);
        ctx_add(list, map);
    }
    return list;
}

struct ctx_value *behaviour_tags(struct arena *arena, const struct sch_service *service)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < service->tag_form_count; i++) {
        const struct sch_tag_form *form = &service->tag_forms[i];
        struct ctx_value *map = ctx_map_for(arena, 4);
        struct ctx_value *events = ctx_list(arena);
        for (size_t e = 0; e < form->event_count; e++) {
            ctx_add(events, ctx_string(arena, form->events[e]->name));
        }
        ctx_set_string(map, "form", esc_comment_line(arena, form->form));
        ctx_set(map, "carriers", names(arena, form->carriers, form->carrier_count));
        ctx_set(map, "events", events);
        ctx_set_flag(map, "changed", form->changed);
        ctx_add(list, map);
    }
    return list;
}
