/* SPDX-License-Identifier: MIT */
#include "context/reach.h"

#include "base/text.h"
#include "context/c_escape.h"
#include "context/key_parts.h"

enum { ARGUMENTS_MAX = 1024 * 1024 };

/* ", value->id, value->sku": behind a first argument. */
static const char *arguments(struct arena *arena, const char *const *expressions, size_t count)
{
    struct text out;
    text_init(&out, arena, ARGUMENTS_MAX);
    for (size_t i = 0; i < count; i++) {
        text_printf(&out, ", %s", expressions[i]);
    }
    return out.data;
}

/* ----------------------------------------------------------------- targets */

/* "p->user_id": the event's parameters that the target names. */
static const char *const *target_expressions(struct arena *arena, const struct sch_event *event,
                                             const struct sch_target *target)
{
    const char **list = arena_array(arena, target->arg_count + 1, sizeof *list);
    for (size_t i = 0; i < target->arg_count; i++) {
        list[i] = arena_printf(arena, "p->%s", event->params[target->args[i]].c_name);
    }
    return list;
}

/* What of a group or a tag is spelt in place; nothing of the others. */
static struct key_spelling target_spelling(struct arena *arena, const struct sch_event *event,
                                           const struct sch_target *target)
{
    struct key_spelling spelling = {.expressions = target_expressions(arena, event, target)};
    if (target->kind == SCH_TARGET_TAG) {
        spelling.parts = target->tag.parts;
        spelling.part_count = target->tag.part_count;
        spelling.params = target->tag.params;
    } else if (target->kind == SCH_TARGET_GROUP) {
        spelling.parts = target->entity->parts;
        spelling.part_count = key_parts_leading(target->entity, target->arg_count);
        spelling.params = target->entity->params;
    }
    return spelling;
}

/* A hash needs a variable, and so a scope. */
static bool has_hash(const struct key_spelling *spelling)
{
    for (size_t i = 0; i < spelling->part_count; i++) {
        const struct sch_part *part = &spelling->parts[i];
        if (part->literal == NULL && spelling->params[part->param].hash &&
            spelling->params[part->param].type.kind != SCH_STRING) {
            return true;
        }
    }
    return false;
}

static struct ctx_value *make_target(struct arena *arena, const struct sch_event *event, size_t i)
{
    const struct sch_target *target = &event->targets[i];
    struct ctx_value *map = ctx_map_for(arena, 10);
    struct key_spelling spelling = target_spelling(arena, event, target);
    bool is_tag = target->kind == SCH_TARGET_TAG;
    ctx_set_number(map, "index", (long long)i);
    ctx_set_flag(map, "is_entry", target->kind == SCH_TARGET_ENTRY);
    ctx_set_flag(map, "is_group", target->kind == SCH_TARGET_GROUP);
    ctx_set_flag(map, "is_all", target->kind == SCH_TARGET_ALL);
    ctx_set_flag(map, "is_tag", is_tag);
    ctx_set_string(map, "x", is_tag ? NULL : target->entity->c_name);
    ctx_set_string(map, "entity", is_tag ? NULL : target->entity->name);
    ctx_set_string(map, "arguments", arguments(arena, spelling.expressions, target->arg_count));
    ctx_set(map, "parts", key_parts(arena, &spelling));
    ctx_set_flag(map, "scoped", has_hash(&spelling));
    return map;
}

void reach_event(struct arena *arena, struct ctx_value *map, const struct sch_event *event)
{
    struct ctx_value *list = ctx_list(arena);
    bool uses_key = false;
    bool uses_params = false;
    for (size_t i = 0; i < event->target_count; i++) {
        uses_key |= event->targets[i].kind != SCH_TARGET_ALL;
        uses_params |= event->targets[i].arg_count != 0;
        ctx_add(list, make_target(arena, event, i));
    }
    ctx_set(map, "targets", list);
    ctx_set_number(map, "count", (long long)event->target_count);
    ctx_set_flag(map, "uses_key", uses_key);
    ctx_set_flag(map, "uses_params", uses_params);
}

/* ------------------------------------------------------------------- a row */

static struct ctx_value *row_key(struct arena *arena, const struct sch_entity *entity, size_t i)
{
    struct ctx_value *map = ctx_map_for(arena, 4);
    size_t count = entity->param_count;
    const char *const *fields = key_field_expressions(arena, entity->params, count);
    ctx_set_number(map, "index", (long long)i);
    ctx_set_string(map, "x", entity->c_name);
    ctx_set_string(map, "name", entity->name);
    ctx_set_string(map, "arguments", arguments(arena, fields, count));
    return map;
}

/* For comments; NULL: none. */
static const char *tag_patterns(struct arena *arena, const struct sch_entity *entity)
{
    struct text out;
    text_init(&out, arena, ARGUMENTS_MAX);
    for (size_t i = 0; i < entity->tag_count; i++) {
        text_printf(&out, "%s%s", i == 0 ? "" : ", ", entity->tags[i].pattern);
    }
    return entity->tag_count == 0 ? NULL : esc_comment_line(arena, out.data);
}

static const char *index_names(struct arena *arena, const struct sch_entity *entity)
{
    struct text out;
    text_init(&out, arena, ARGUMENTS_MAX);
    for (size_t i = 0; i < entity->index_count; i++) {
        text_printf(&out, "%s%s", i == 0 ? "" : ", ", entity->indexes[i]->name);
    }
    return entity->index_count == 0 ? NULL : out.data;
}

static bool tags_use_fields(const struct sch_entity *entity)
{
    for (size_t i = 0; i < entity->tag_count; i++) {
        if (entity->tags[i].param_count != 0) {
            return true;
        }
    }
    return false;
}

/* Whether a row's keys are read from its fields. */
static bool uses_row(const struct sch_entity *entity)
{
    return entity->param_count != 0 || entity->index_count != 0;
}

void reach_entity(struct arena *arena, struct ctx_value *map, const struct sch_entity *entity)
{
    struct ctx_value *list = ctx_list(arena);
    size_t indexes = entity->has_changed ? entity->index_count : 0;
    if (entity->has_changed) {
        ctx_add(list, row_key(arena, entity, 0));
    }
    for (size_t i = 0; i < indexes; i++) {
        ctx_add(list, row_key(arena, entity->indexes[i], i + 1));
    }
    ctx_set(map, "row_keys", list);
    ctx_set_number(map, "row_key_count", (long long)ctx_count(list));
    ctx_set_flag(map, "row_has_fields", uses_row(entity));
    ctx_set_flag(map, "has_all", entity->has_all);
    ctx_set_flag(map, "has_groups", entity->group_count != 0);
    ctx_set_number(map, "group_count", (long long)entity->group_count);
    ctx_set_flag(map, "has_tags", entity->tag_count != 0);
    ctx_set_flag(map, "tags_use_fields", tags_use_fields(entity));
    ctx_set_string(map, "tag_patterns", tag_patterns(arena, entity));
    ctx_set_string(map, "index_names", index_names(arena, entity));
}

struct ctx_value *reach_tag_parts(struct arena *arena, const struct sch_tag *tag)
{
    const struct key_spelling spelling = {
        .parts = tag->parts,
        .part_count = tag->part_count,
        .params = tag->params,
        .expressions = key_field_expressions(arena, tag->params, tag->param_count),
    };
    return key_parts(arena, &spelling);
}
