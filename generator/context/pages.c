/* SPDX-License-Identifier: MIT */
#include "context/pages.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "context/c_escape.h"
#include "context/entity.h"
#include "context/md_escape.h"

enum { TEXT_MAX = 1024 * 1024 };

static const char *yes_or_null(bool yes, const char *text)
{
    return yes ? text : NULL;
}

/* Lists in sentences: every item but the last is followed by something. */
static void set_more(struct ctx_value *map, size_t i, size_t count)
{
    ctx_set_flag(map, "more", i + 1 < count);
}

static void set_description(struct ctx_value *map, struct arena *arena, const char *description)
{
    const char *text = esc_markdown(arena, description);
    ctx_set_string(map, "description", yes_or_null(*text != '\0', text));
}

/* ------------------------------------------------------------------ types */

static void put_type(struct text *out, const struct sch_type *type)
{
    static const char *const names[] = {
        [SCH_BOOL] = "bool",         [SCH_U8] = "u8",     [SCH_U16] = "u16",
        [SCH_U32] = "u32",           [SCH_U64] = "u64",   [SCH_I8] = "i8",
        [SCH_I16] = "i16",           [SCH_I32] = "i32",   [SCH_I64] = "i64",
        [SCH_F32] = "f32",           [SCH_F64] = "f64",   [SCH_STRING] = "string",
        [SCH_BYTES] = "bytes",       [SCH_UUID] = "uuid", [SCH_TIMESTAMP] = "timestamp",
        [SCH_DURATION] = "duration", [SCH_ANY] = "any",
    };
    if (type->kind == SCH_LIST || type->kind == SCH_MAP) {
        text_puts(out, type->kind == SCH_LIST ? "list<" : "map<");
        put_type(out, type->item);
        text_putc(out, '>');
    } else {
        bool named = type->kind == SCH_ENUM || type->kind == SCH_STRUCT;
        text_puts(out, named ? type->decl->name : names[type->kind]);
    }
    text_puts(out, type->optional ? "?" : "");
}

static const char *type_text(struct arena *arena, const struct sch_type *type)
{
    struct text out;
    text_init(&out, arena, TEXT_MAX);
    put_type(&out, type);
    return esc_markdown_code(arena, out.data, true);
}

static const char *default_text(struct arena *arena, const struct sch_field *field)
{
    const struct sch_default *value = &field->value;
    if (!field->has_default) {
        return NULL;
    }
    if (field->type.kind == SCH_STRING || field->type.kind == SCH_ENUM) {
        bool empty = field->type.kind == SCH_STRING && value->len == 0;
        return esc_markdown_code(arena, empty ? "\"\"" : value->text, true);
    }
    if (field->type.kind == SCH_BOOL) {
        return value->flag ? "`true`" : "`false`";
    }
    if (field->type.kind == SCH_F32 || field->type.kind == SCH_F64) {
        return arena_printf(arena, "`%.9g`", value->real);
    }
    bool natural = field->type.kind <= SCH_U64;
    return natural ? arena_printf(arena, "`%" PRIu64 "`", value->natural)
                   : arena_printf(arena, "`%" PRId64 "`", value->integer);
}

static struct ctx_value *field_list(struct arena *arena, const struct sch_decl *decl)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < decl->field_count; i++) {
        const struct sch_field *field = &decl->fields[i];
        struct ctx_value *map = ctx_map(arena);
        ctx_set_string(map, "name", field->name);
        ctx_set_string(map, "type", type_text(arena, &field->type));
        ctx_set_number(map, "position", field->id);
        ctx_set_string(map, "default", default_text(arena, field));
        ctx_set_number(map, "max", (long long)field->type.max);
        ctx_set_flag(map, "bounded", field->type.max != 0);
        ctx_set_flag(map, "secret", field->secret);
        set_description(map, arena, field->description);
        ctx_add(list, map);
    }
    return list;
}

static struct ctx_value *enumerator_list(struct arena *arena, const struct sch_decl *decl)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < decl->enumerator_count; i++) {
        struct ctx_value *map = ctx_map(arena);
        ctx_set_string(map, "name", decl->enumerators[i].name);
        set_more(map, i, decl->enumerator_count);
        ctx_add(list, map);
    }
    return list;
}

static struct ctx_value *type_list(struct arena *arena, const struct sch_service *service)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < service->decl_count; i++) {
        const struct sch_decl *decl = service->decls[i];
        if (decl->used) {
            struct ctx_value *map = ctx_map(arena);
            ctx_set_string(map, "name", decl->name);
            set_description(map, arena, decl->description);
            ctx_set_flag(map, "is_enum", decl->is_enum);
            ctx_set(map, "enumerators", enumerator_list(arena, decl));
            ctx_set(map, "fields", field_list(arena, decl));
            ctx_add(list, map);
        }
    }
    return list;
}

/* --------------------------------------------------------------- entities */

/* Every key that the pattern can make: parameters are stars. */
static const char *glob_of(struct arena *arena, const char *prefix, const struct sch_entity *entity)
{
    struct text out;
    text_init(&out, arena, TEXT_MAX);
    esc_config(&out, prefix, strlen(prefix));
    for (size_t i = 0; i < entity->part_count; i++) {
        const struct sch_part *part = &entity->parts[i];
        if (part->literal != NULL) {
            esc_config(&out, part->literal, part->literal_len);
        } else {
            text_putc(&out, '*');
        }
    }
    return out.data;
}

/* `~<service>:` and what stands before it. */
static const char *internal_glob(struct arena *arena, const struct sch_service *service)
{
    struct text out;
    text_init(&out, arena, TEXT_MAX);
    esc_config(&out, service->prefix, strlen(service->prefix));
    text_printf(&out, "~%s:*", service->name);
    return out.data;
}

/* An item of a list within a line. */
static void add_text(struct arena *arena, struct ctx_value *list, const char *text)
{
    struct ctx_value *map = ctx_map(arena);
    ctx_set_string(map, "text", text);
    ctx_set_flag(map, "first", ctx_count(list) == 0);
    ctx_add(list, map);
}

static struct ctx_value *policy_list(struct arena *arena, const struct sch_entity *entity)
{
    static const char *const codecs[] = {
        [SCH_CODEC_NONE] = "", [SCH_CODEC_ZSTD] = "zstd", [SCH_CODEC_LZ4] = "LZ4"};
    struct ctx_value *list = ctx_list(arena);
    if (entity->version != 1) {
        add_text(arena, list, arena_printf(arena, "version %" PRIu32, entity->version));
    }
    if (entity->compress != SCH_CODEC_NONE) {
        add_text(arena, list,
                 arena_printf(arena, "%s above %" PRIu64 " bytes", codecs[entity->compress],
                              entity->compress_above));
    }
    if (entity->max_bytes != 0) {
        add_text(arena, list, arena_printf(arena, "at most %" PRIu64 " bytes", entity->max_bytes));
    }
    if (entity->ttl_only) {
        add_text(arena, list, "only time makes it stale");
    }
    return list;
}

static bool reaches(const struct sch_event *event, const struct sch_entity *entity)
{
    for (size_t i = 0; i < event->target_count; i++) {
        if (event->targets[i].entity == entity) {
            return true;
        }
    }
    return false;
}

static struct ctx_value *reached_by(struct arena *arena, const struct sch_service *service,
                                    const struct sch_entity *entity)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < service->event_count; i++) {
        if (reaches(&service->events[i], entity)) {
            add_text(arena, list, service->events[i].name);
        }
    }
    return list;
}

static const char *value_text(struct arena *arena, const struct sch_entity *entity)
{
    return entity->shape == SCH_SHAPE_STRUCT ? NULL : type_text(arena, &entity->value);
}

static struct ctx_value *entity_list(struct arena *arena, const struct sch_service *service)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < service->entity_count; i++) {
        const struct sch_entity *entity = &service->entities[i];
        struct ctx_value *map = ctx_map_for(arena, 16);
        struct ctx_value *policies = policy_list(arena, entity);
        struct ctx_value *events = reached_by(arena, service, entity);
        ctx_set_string(map, "name", entity->name);
        ctx_set_string(map, "x", entity->c_name);
        ctx_set_string(map, "node", arena_printf(arena, "entity%zu", i));
        ctx_set_string(map, "pattern", esc_markdown_code(arena, entity->pattern, false));
        ctx_set_string(map, "pattern_cell", esc_markdown_code(arena, entity->pattern, true));
        ctx_set_string(map, "glob", glob_of(arena, service->prefix, entity));
        ctx_set_string(map, "lifetime",
                       esc_markdown(arena, entity_lifetime_text(arena, service, entity)));
        ctx_set_string(map, "value", value_text(arena, entity));
        ctx_set(map, "fields", field_list(arena, &entity->body));
        ctx_set_flag(map, "has_fields", entity->shape == SCH_SHAPE_STRUCT);
        ctx_set(map, "policies", policies);
        ctx_set_flag(map, "has_policies", ctx_count(policies) != 0);
        ctx_set(map, "reached_by", events);
        ctx_set_flag(map, "is_reached", ctx_count(events) != 0);
        set_description(map, arena, entity->description);
        ctx_add(list, map);
    }
    return list;
}

/* ----------------------------------------------------------------- events */

static struct ctx_value *param_list(struct arena *arena, const struct sch_event *event)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < event->param_count; i++) {
        struct ctx_value *map = ctx_map(arena);
        ctx_set_string(map, "name", event->params[i].name);
        ctx_set_string(map, "type", type_text(arena, &event->params[i].type));
        set_more(map, i, event->param_count);
        ctx_add(list, map);
    }
    return list;
}

/* "product(id)" */
static const char *target_text(struct arena *arena, const struct sch_event *event,
                               const struct sch_target *target)
{
    struct text out;
    text_init(&out, arena, TEXT_MAX);
    text_printf(&out, "%s(", target->entity->name);
    for (size_t i = 0; i < target->arg_count; i++) {
        text_printf(&out, "%s%s", i == 0 ? "" : ", ", event->params[target->args[i]].name);
    }
    text_putc(&out, ')');
    return out.data;
}

/* Whether one of the first n targets is of the n-th one's entity. */
static bool is_named_before(const struct sch_event *event, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (event->targets[i].entity == event->targets[n].entity) {
            return true;
        }
    }
    return false;
}

static struct ctx_value *target_list(struct arena *arena, const struct sch_service *service,
                                     const struct sch_event *event)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < event->target_count; i++) {
        const struct sch_target *target = &event->targets[i];
        size_t index = (size_t)(target->entity - service->entities);
        struct ctx_value *map = ctx_map(arena);
        ctx_set_string(map, "text", target_text(arena, event, target));
        ctx_set_string(map, "to", arena_printf(arena, "entity%zu", index));
        ctx_set_flag(map, "drawn", !is_named_before(event, i));
        set_more(map, i, event->target_count);
        ctx_add(list, map);
    }
    return list;
}

static struct ctx_value *event_list(struct arena *arena, const struct sch_service *service)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < service->event_count; i++) {
        const struct sch_event *event = &service->events[i];
        struct ctx_value *map = ctx_map(arena);
        ctx_set_string(map, "name", event->name);
        ctx_set_string(map, "function", event->c_name);
        ctx_set_string(map, "node", arena_printf(arena, "event%zu", i));
        ctx_set(map, "params", param_list(arena, event));
        ctx_set(map, "targets", target_list(arena, service, event));
        set_description(map, arena, event->description);
        ctx_add(list, map);
    }
    return list;
}

/* --------------------------------------------------------------- services */

/* As a schema or a variable has it: "90m". */
static const char *ttl_setting(struct arena *arena, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    size_t i = 0;
    while (ms % units[i].ms != 0) {
        i++;
    }
    return arena_printf(arena, "%" PRId64 "%s", ms / units[i].ms, units[i].unit);
}

static struct ctx_value *lifetime_list(struct arena *arena, const struct sch_service *service)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < service->ttl_count; i++) {
        const struct sch_ttl *ttl = &service->ttls[i];
        struct ctx_value *map = ctx_map(arena);
        ctx_set_string(map, "name", ttl->name);
        ctx_set_string(map, "variable", ttl->variable);
        ctx_set_flag(map, "given", ttl->ms != 0);
        ctx_set_string(map, "text", ttl->ms != 0 ? ttl_setting(arena, ttl->ms) : "1h");
        ctx_add(list, map);
    }
    return list;
}

/* The schema's file name for a comment of Markdown, which a '>' can end. */
static const char *source_name(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = arena_strdup(arena, esc_comment_line(arena, slash == NULL ? path : slash + 1));
    for (char *c = name; *c != '\0'; c++) {
        *c = *c == '<' || *c == '>' ? '?' : *c;
    }
    return name;
}

struct ctx_value *pages_service(struct arena *arena, const struct sch_service *service,
                                const char *stem)
{
    struct ctx_value *root = ctx_map_for(arena, 16);
    ctx_set_string(root, "service", service->name);
    ctx_set_string(root, "env_prefix", service->env_prefix);
    ctx_set_string(root, "stem", stem);
    ctx_set_string(root, "source", source_name(arena, service->file->path));
    set_description(root, arena, service->description);
    ctx_set_number(root, "db", service->has_db ? service->db : 0);
    ctx_set_flag(root, "has_db", service->has_db);
    ctx_set_string(
        root, "prefix",
        yes_or_null(*service->prefix != '\0', esc_markdown_code(arena, service->prefix, true)));
    ctx_set_string(root, "internal_glob", internal_glob(arena, service));
    ctx_set(root, "ttls", lifetime_list(arena, service));
    struct ctx_value *types = type_list(arena, service);
    ctx_set(root, "types", types);
    ctx_set_flag(root, "has_types", ctx_count(types) != 0);
    ctx_set(root, "entities", entity_list(arena, service));
    ctx_set_number(root, "entity_count", (long long)service->entity_count);
    ctx_set(root, "events", event_list(arena, service));
    ctx_set_flag(root, "has_events", service->event_count != 0);
    return root;
}

const struct ctx_value *pages_run(struct arena *arena, const struct sch_service *const *services,
                                  const char *const *stems, size_t count)
{
    struct ctx_value *root = ctx_map(arena);
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < count; i++) {
        ctx_add(list, pages_service(arena, services[i], stems[i]));
    }
    ctx_set(root, "services", list);
    return root;
}
