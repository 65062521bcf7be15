/* SPDX-License-Identifier: MIT */
#include "context/entity.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "context/behaviour.h"
#include "context/c_escape.h"
#include "context/ctype.h"
#include "context/key_parts.h"
#include "context/policy.h"
#include "context/reach.h"
#include "context/shapes.h"
#include "context/steps.h"
#include "context/structs.h"

enum { LIST_MAX = 1024 * 1024 };

/* ------------------------------------------------------------- parameters */

static const char *declare(struct arena *arena, const struct sch_param *param)
{
    struct ctype_place nowhere = {"", ""};
    return arena_printf(arena, "%s%s", ctype_declare(arena, &param->type, nowhere), param->c_name);
}

/* ", uint64_t id, const char *sku": what follows the first parameter of a function. */
static const char *declarations(struct arena *arena, const struct sch_param *params, size_t count)
{
    struct text out;
    text_init(&out, arena, LIST_MAX);
    for (size_t i = 0; i < count; i++) {
        text_printf(&out, ", %s", declare(arena, &params[i]));
    }
    return out.data;
}

/* ", id, sku", each behind `from`: ", keys->id, keys->sku". */
static const char *arguments(struct arena *arena, const struct sch_param *params, size_t count,
                             const char *from)
{
    struct text out;
    text_init(&out, arena, LIST_MAX);
    for (size_t i = 0; i < count; i++) {
        text_printf(&out, ", %s%s", from, params[i].c_name);
    }
    return out.data;
}

/* ", value->id, value->sku": the fields that the parameters are. */
static const char *field_arguments(struct arena *arena, const struct sch_entity *entity)
{
    struct text out;
    text_init(&out, arena, LIST_MAX);
    for (size_t i = 0; i < entity->param_count; i++) {
        text_printf(&out, ", value->%s", entity->params[i].field->c_name);
    }
    return out.data;
}

/* "uint64_t id, const char *sku, ": what stands before other parameters. */
static const char *leading_declarations(struct arena *arena, const struct sch_param *params,
                                        size_t count)
{
    struct text out;
    text_init(&out, arena, LIST_MAX);
    for (size_t i = 0; i < count; i++) {
        text_printf(&out, "%s, ", declare(arena, &params[i]));
    }
    return out.data;
}

/* As what it is compared. */
static void set_param_kind(struct ctx_value *map, enum sch_kind kind)
{
    ctx_set_flag(map, "is_string", kind == SCH_STRING);
    ctx_set_flag(map, "is_uuid", kind == SCH_UUID);
    ctx_set_flag(map, "is_number", kind != SCH_STRING && kind != SCH_UUID);
}

static struct ctx_value *param_list(struct arena *arena, const struct sch_param *params,
                                    size_t count)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < count; i++) {
        struct ctx_value *map = ctx_map(arena);
        ctx_set_string(map, "declaration", declare(arena, &params[i]));
        ctx_set_string(map, "name", params[i].c_name);
        set_param_kind(map, params[i].type.kind);
        ctx_add(list, map);
    }
    return list;
}

/* ------------------------------------------------------------------- keys */

/* How a value's field is held against the key's parameter: an expression that is true when they agree. */
static const char *agreement(struct arena *arena, const struct sch_param *param)
{
    const char *field = param->field->c_name;
    const char *name = param->c_name;
    if (param->type.kind == SCH_STRING) {
        return arena_printf(arena, "larder_same_text(value->%s, %s)", field, name);
    }
    if (param->type.kind == SCH_UUID) {
        return arena_printf(arena, "larder_same_uuid(value->%s, %s)", field, name);
    }
    return arena_printf(arena, "value->%s == %s", field, name);
}

/* Whether each parameter is a field: of the value, or of what an index leads to. */
static bool params_are_fields(const struct sch_entity *entity)
{
    return entity->params_are_fields || entity->kind == SCH_INDEX;
}

static struct ctx_value *agreements(struct arena *arena, const struct sch_entity *entity)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; params_are_fields(entity) && i < entity->param_count; i++) {
        struct ctx_value *map = ctx_map(arena);
        ctx_set_string(map, "test", agreement(arena, &entity->params[i]));
        ctx_set_flag(map, "more", i + 1 < entity->param_count);
        ctx_add(list, map);
    }
    return list;
}

/* -------------------------------------------------------------- lifetimes */

const char *entity_duration_text(struct arena *arena, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}, {1, "ms"}};
    size_t i = 0;
    while (ms % units[i].ms != 0) {
        i++;
    }
    return arena_printf(arena, "%" PRId64 " %s", ms / units[i].ms, units[i].unit);
}

static int ttl_index(const struct sch_service *service, const char *name)
{
    for (size_t i = 0; name != NULL && i < service->ttl_count; i++) {
        if (strcmp(service->ttls[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

const char *entity_lifetime_text(struct arena *arena, const struct sch_service *service,
                                 const struct sch_entity *entity)
{
    if (entity->kind == SCH_INDEX || entity->kind == SCH_RATE_LIMIT) {
        return entity->of == NULL ? entity_duration_text(arena, entity->window_ms)
                                  : arena_printf(arena, "that of '%s'", entity->of->name);
    }
    struct text out;
    int index = ttl_index(service, entity->ttl_name);
    int64_t ms = index < 0 ? entity->ttl_ms : service->ttls[index].ms;
    text_init(&out, arena, LIST_MAX);
    if (ms != 0) {
        text_puts(&out, entity_duration_text(arena, ms));
    } else {
        text_puts(&out, index < 0 ? "none: kept until deleted or evicted" : "the setting's");
    }
    if (index >= 0) {
        text_printf(&out, " ('%s', %s)", service->ttls[index].name, service->ttls[index].variable);
    }
    if (entity->jitter_ppm != 0) {
        text_printf(&out, ", at random up to %g %% less", (double)entity->jitter_ppm / 10000);
    }
    return out.data;
}

/* --------------------------------------------------------------- entities */

/* What the entity's struct is as a value: of a list or a single value, what is in it,
 * which lies where the struct does. */
static const char *shape_of(struct arena *arena, const struct sch_entity *entity)
{
    const struct sch_type body = {.kind = SCH_STRUCT, .decl = &entity->body};
    const char *path = entity->shape == SCH_SHAPE_LIST ? "items" : "value";
    return shape_type(arena, entity->shape == SCH_SHAPE_STRUCT ? &body : &entity->value,
                      (struct ctype_place){entity->c_name, path});
}

/* Lists and values: their struct, and the codec of what is in it. */
static void set_shape(struct arena *arena, struct ctx_value *map, const struct sch_entity *entity)
{
    const struct sch_type *type = &entity->value;
    bool is_list = entity->shape == SCH_SHAPE_LIST;
    struct ctype_place place = {entity->c_name, is_list ? "items" : "value"};
    ctx_set_flag(map, "is_struct", entity->body.field_count > 0);
    if (entity->shape == SCH_SHAPE_STRUCT) {
        ctx_set(map, "list", ctx_flag(arena, false));
        ctx_set(map, "single", ctx_flag(arena, false));
        ctx_set_flag(map, "has_defaults", struct_has_defaults(&entity->body));
        ctx_set_string(map, "embedded", NULL);
        return;
    }
    struct steps_owner owner = {arena, steps_fixed(type)};
    struct ctx_value *shape = ctx_map(arena);
    const char *item = is_list ? ctype_declare(arena, type->item, ctype_inner(arena, place, type))
                               : ctype_declare(arena, type, place);
    bool pointer = item[strlen(item) - 1] == '*';
    ctx_set_string(shape, "items",
                   pointer ? arena_printf(arena, "%sconst *", item)
                           : arena_printf(arena, "const %s*", item));
    ctx_set_string(shape, "declaration", item);
    ctx_set_number(shape, "fixed", (long long)owner.fixed);
    ctx_set(
        shape, "write",
        steps_node(&owner, type, place, is_list ? "(*value)" : "value->value", entity->name, 0));
    ctx_set(shape, "read",
            steps_node(&owner, type, place, is_list ? "(*out)" : "out->value", entity->name, 0));
    ctx_set(map, "list", is_list ? shape : ctx_flag(arena, false));
    ctx_set(map, "single", is_list ? ctx_flag(arena, false) : shape);
    bool has_defaults = type->kind == SCH_STRUCT && struct_has_defaults(type->decl);
    ctx_set_flag(map, "has_defaults", has_defaults);
    ctx_set_string(map, "embedded", has_defaults ? type->decl->c_name : NULL);
}

static struct ctx_value *entity_parts(struct arena *arena, const struct sch_entity *entity)
{
    const struct key_spelling spelling = {
        .parts = entity->parts,
        .part_count = entity->part_count,
        .params = entity->params,
        .expressions = key_expressions(arena, entity->params, entity->param_count, ""),
        .groups = entity->groups,
        .group_count = entity->group_count,
    };
    return key_parts(arena, &spelling);
}

static void set_key(struct arena *arena, struct ctx_value *map, const struct sch_entity *entity)
{
    size_t count = entity->param_count;
    ctx_set_string(map, "pattern", esc_comment_line(arena, entity->pattern));
    ctx_set_string(map, "pattern_literal",
                   esc_literal(arena, entity->pattern, strlen(entity->pattern)));
    ctx_set(map, "parts", entity_parts(arena, entity));
    ctx_set_flag(map, "keyed", count != 0);
    ctx_set(map, "params", param_list(arena, entity->params, count));
    ctx_set_string(map, "declarations", declarations(arena, entity->params, count));
    ctx_set_string(map, "params_first", leading_declarations(arena, entity->params, count));
    ctx_set_string(map, "arguments", arguments(arena, entity->params, count, ""));
    ctx_set_string(map, "key_arguments", arguments(arena, entity->params, count, "k->"));
    ctx_set_string(map, "each_arguments", arguments(arena, entity->params, count, "k[i]."));
    ctx_set_string(map, "call_arguments", arguments(arena, entity->params, count, "c->"));
    ctx_set_flag(map, "agrees", entity->params_are_fields);
    ctx_set(map, "agreements", agreements(arena, entity));
    ctx_set_string(map, "field_arguments",
                   params_are_fields(entity) ? field_arguments(arena, entity) : NULL);
}

static void set_compress(struct arena *arena, struct ctx_value *map,
                         const struct sch_entity *entity)
{
    static const char *const codecs[] = {
        [SCH_CODEC_NONE] = "LARDER_CODEC_NONE",
        [SCH_CODEC_ZSTD] = "LARDER_CODEC_ZSTD",
        [SCH_CODEC_LZ4] = "LARDER_CODEC_LZ4",
    };
    if (entity->compress == SCH_CODEC_NONE) {
        ctx_set(map, "compress", ctx_flag(arena, false));
        return;
    }
    struct ctx_value *compress = ctx_map_for(arena, 2);
    ctx_set_string(compress, "codec", codecs[entity->compress]);
    ctx_set_number(compress, "above", (long long)entity->compress_above);
    ctx_set(map, "compress", compress);
}

/* What a read gives: the entity's own struct, or what an index leads to. */
static void set_row(struct arena *arena, struct ctx_value *map, const struct sch_entity *entity)
{
    const struct sch_entity *row = entity->of;
    ctx_set_string(map, "value", row == NULL ? entity->c_name : row->c_name);
    ctx_set_string(map, "row", row == NULL ? NULL : row->c_name);
    ctx_set_string(map, "row_arguments", row == NULL ? NULL : field_arguments(arena, row));
}

static struct ctx_value *make_entity(struct arena *arena, const struct sch_service *service,
                                     const struct behaviour_kinds *kinds, size_t index)
{
    const struct sch_entity *entity = &service->entities[index];
    const struct sch_entity *lives = entity->of != NULL ? entity->of : entity;
    struct ctx_value *map = ctx_map_for(arena, 86);
    ctx_set_flag(map, "is_object", entity->kind == SCH_OBJECT);
    ctx_set_flag(map, "is_index", entity->kind == SCH_INDEX);
    ctx_set_string(map, "name", entity->name);
    ctx_set_string(map, "x", entity->c_name);
    ctx_set_string(map, "counter",
                   strcmp(entity->c_name, "total") == 0 ? "total_" : entity->c_name);
    ctx_doc(map, arena, entity->description);
    ctx_set_number(map, "index", (long long)index);
    ctx_set_flag(map, "more", index + 1 < service->entity_count);
    ctx_set_string(map, "lifetime", entity_lifetime_text(arena, service, entity));
    ctx_set_number(map, "ttl_index", ttl_index(service, lives->ttl_name));
    ctx_set_number(map, "ttl_ms", lives->ttl_ms);
    ctx_set_number(map, "jitter_ppm", entity->jitter_ppm);
    ctx_set_number(map, "version", entity->version);
    ctx_set_number(map, "max_bytes", (long long)entity->max_bytes);
    set_compress(arena, map, entity);
    policy_context(arena, map, entity);
    set_key(arena, map, entity);
    set_row(arena, map, entity);
    if (entity->kind == SCH_OBJECT) {
        ctx_set_string(map, "slots", steps_slots(arena, entity));
        set_shape(arena, map, entity);
        ctx_set_string(map, "type", shape_of(arena, entity));
    }
    behaviour_entity(arena, kinds, map, entity);
    reach_entity(arena, map, entity);
    return map;
}

/* Each with its object, and those of one object behind each other. */
struct ctx_value *index_context(struct arena *arena, const struct sch_service *service)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < service->entity_count; i++) {
        const struct sch_entity *entity = &service->entities[i];
        for (size_t k = 0; k < entity->index_count; k++) {
            struct ctx_value *map = ctx_map_for(arena, 1);
            ctx_set_string(map, "index", entity->indexes[k]->c_name);
            ctx_add(list, map);
        }
    }
    return list;
}

struct ctx_value *entity_context(struct arena *arena, const struct sch_service *service)
{
    struct ctx_value *list = ctx_list(arena);
    struct behaviour_kinds kinds;
    behaviour_kinds_init(arena, &kinds);
    for (size_t i = 0; i < service->entity_count; i++) {
        ctx_add(list, make_entity(arena, service, &kinds, i));
    }
    return list;
}

/* ----------------------------------------------------------------- events */

struct ctx_value *event_context(struct arena *arena, const struct sch_service *service)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < service->event_count; i++) {
        const struct sch_event *event = &service->events[i];
        struct ctx_value *map = ctx_map(arena);
        ctx_set_string(map, "name", event->name);
        ctx_set_string(map, "function", event->c_name);
        ctx_set_string(map, "batch_function", event->c_batch_name);
        ctx_doc(map, arena, event->description);
        ctx_set_flag(map, "has_params", event->param_count != 0);
        ctx_set(map, "params", param_list(arena, event->params, event->param_count));
        ctx_set_string(map, "declarations", declarations(arena, event->params, event->param_count));
        ctx_set_string(map, "params_first",
                       leading_declarations(arena, event->params, event->param_count));
        const char *all = arguments(arena, event->params, event->param_count, "");
        ctx_set_string(map, "initials", *all == '\0' ? all : all + strlen(", "));
        reach_event(arena, map, event);
        ctx_set(map, "reaches", behaviour_event(arena, event));
        ctx_add(list, map);
    }
    return list;
}
