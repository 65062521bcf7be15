/* SPDX-License-Identifier: MIT */
#include "context/policy.h"

#include <inttypes.h>

#include "context/policy_text.h"

/* A line of the table that the runtime reads. */
static void add(struct arena *arena, struct ctx_value *list, const char *member, const char *value)
{
    struct ctx_value *map = ctx_map_for(arena, 2);
    ctx_set_string(map, "member", member);
    ctx_set_string(map, "value", value);
    ctx_add(list, map);
}

static void add_ms(struct arena *arena, struct ctx_value *list, const char *member, int64_t ms)
{
    if (ms != 0) {
        add(arena, list, member, arena_printf(arena, "INT64_C(%" PRId64 ")", ms));
    }
}

static struct ctx_value *members(struct arena *arena, const struct sch_entity *entity)
{
    struct ctx_value *list = ctx_list(arena);
    add_ms(arena, list, "while_revalidate_ms", entity->stale.while_revalidate_ms);
    add_ms(arena, list, "if_error_ms", entity->stale.if_error_ms);
    add_ms(arena, list, "absent_ms", entity->absent_ms);
    add_ms(arena, list, "max_age_ms", entity->max_age_ms);
    add_ms(arena, list, "redelete_after_ms", entity->redelete_after_ms);
    if (entity->refresh.at_ppm != 0) {
        add(arena, list, "refresh_ppm", arena_printf(arena, "%" PRIu32, entity->refresh.at_ppm));
    }
    if (entity->refresh.xfetch) {
        add(arena, list, "xfetch", "true");
    }
    if (entity->sliding) {
        add(arena, list, "sliding", "true");
    }
    return list;
}

/* Whether its registered loader may run when no caller waits for it. */
static bool loads_in_background(const struct sch_entity *entity)
{
    return entity->stale.while_revalidate_ms != 0 || entity->refresh.xfetch ||
           entity->refresh.at_ppm != 0;
}

/* Whether a claim finds room in its values: others read on while one is loaded anew. */
static bool has_claim_slot(const struct sch_entity *entity)
{
    return loads_in_background(entity) || entity->stale.if_error_ms != 0 ||
           (entity->sliding && entity->max_age_ms != 0);
}

static struct ctx_value *strings(struct arena *arena, const struct sch_entity *entity)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < entity->param_count; i++) {
        if (entity->params[i].type.kind == SCH_STRING) {
            struct ctx_value *map = ctx_map_for(arena, 1);
            ctx_set_string(map, "name", entity->params[i].c_name);
            ctx_add(list, map);
        }
    }
    return list;
}

void policy_context(struct arena *arena, struct ctx_value *map, const struct sch_entity *entity)
{
    struct ctx_value *list = members(arena, entity);
    struct ctx_value *policy = ctx_flag(arena, false);
    struct ctx_value *copied = strings(arena, entity);
    if (entity->kind == SCH_OBJECT && ctx_count(list) != 0) {
        policy = ctx_map_for(arena, 5);
        ctx_set(policy, "members", list);
        ctx_set(policy, "texts", policy_texts(arena, entity));
        ctx_set_flag(policy, "gives_stale", entity->stale.while_revalidate_ms != 0);
        ctx_set_flag(policy, "gives_stale_for_error", entity->stale.if_error_ms != 0);
        ctx_set_flag(policy, "gives_absent", entity->absent_ms != 0);
    }
    ctx_set(map, "policy", policy);
    ctx_set_flag(map, "in_background", entity->kind == SCH_OBJECT && loads_in_background(entity));
    ctx_set_flag(map, "is_timed", entity->kind == SCH_OBJECT && has_claim_slot(entity));
    ctx_set(map, "strings", copied);
    ctx_set_number(map, "string_count", (long long)ctx_count(copied));
    ctx_set_flag(map, "has_strings", ctx_count(copied) != 0);
}
