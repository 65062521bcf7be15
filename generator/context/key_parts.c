/* SPDX-License-Identifier: MIT */
#include "context/key_parts.h"

#include "context/c_escape.h"

/* What appends a parameter to a key: by its value, or, of |hash, by its text. */
static const char *key_call(const struct sch_param *param)
{
    enum sch_kind kind = param->type.kind;
    if (kind == SCH_STRING) {
        return param->hash ? "larder_key_string_hash" : "larder_key_string";
    }
    if (kind == SCH_BOOL || kind == SCH_UUID) {
        return kind == SCH_BOOL ? "larder_key_bool" : "larder_key_uuid";
    }
    return kind >= SCH_I8 ? "larder_key_i64" : "larder_key_u64";
}

/* Which group ends behind this part: its number, or group_count. */
static size_t group_behind(const struct key_spelling *spelling, const struct sch_part *part)
{
    size_t i = 0;
    while (i < spelling->group_count &&
           (part->literal != NULL || spelling->groups[i] != part->param + 1)) {
        i++;
    }
    return i;
}

static struct ctx_value *key_part(struct arena *arena, const struct key_spelling *spelling,
                                  const struct sch_part *part)
{
    struct ctx_value *map = ctx_map_for(arena, 10);
    bool literal = part->literal != NULL;
    const struct sch_param *param = literal ? NULL : &spelling->params[part->param];
    bool is_enum = !literal && param->type.kind == SCH_ENUM;
    size_t group = group_behind(spelling, part);
    ctx_set_string(map, "literal",
                   literal ? esc_literal(arena, part->literal, part->literal_len) : NULL);
    ctx_set_number(map, "length", (long long)part->literal_len);
    ctx_set_string(map, "argument", literal ? NULL : spelling->expressions[part->param]);
    ctx_set_string(map, "call", literal || is_enum ? NULL : key_call(param));
    ctx_set_string(map, "enum", is_enum ? param->type.decl->c_name : NULL);
    ctx_set_number(map, "enumerators", is_enum ? (long long)param->type.decl->enumerator_count : 0);
    ctx_set_flag(map, "hash", !literal && param->hash && param->type.kind != SCH_STRING);
    ctx_set_string(map, "before",
                   literal ? NULL : arena_printf(arena, "larder_before_%s", param->c_name));
    ctx_set_flag(map, "marked", group < spelling->group_count);
    ctx_set_number(map, "mark", (long long)group);
    return map;
}

struct ctx_value *key_parts(struct arena *arena, const struct key_spelling *spelling)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < spelling->part_count; i++) {
        ctx_add(list, key_part(arena, spelling, &spelling->parts[i]));
    }
    return list;
}

size_t key_parts_leading(const struct sch_entity *entity, size_t count)
{
    size_t i = 0;
    while (i < entity->part_count &&
           (entity->parts[i].literal != NULL || entity->parts[i].param + 1 != count)) {
        i++;
    }
    return i < entity->part_count ? i + 1 : i;
}

const char *const *key_expressions(struct arena *arena, const struct sch_param *params,
                                   size_t count, const char *from)
{
    const char **list = arena_array(arena, count + 1, sizeof *list);
    for (size_t i = 0; i < count; i++) {
        list[i] = arena_printf(arena, "%s%s", from, params[i].c_name);
    }
    return list;
}

const char *const *key_field_expressions(struct arena *arena, const struct sch_param *params,
                                         size_t count)
{
    const char **list = arena_array(arena, count + 1, sizeof *list);
    for (size_t i = 0; i < count; i++) {
        list[i] = arena_printf(arena, "value->%s", params[i].field->c_name);
    }
    return list;
}
