/* SPDX-License-Identifier: MIT */
#include "context/documents.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "context/behaviour.h"
#include "context/c_escape.h"
#include "context/entity.h"
#include "context/md_escape.h"
#include "context/policy_text.h"
#include "schema/options.h"
#include "schema/type_text.h"

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

static const char *type_cell(struct arena *arena, const struct sch_type *type)
{
    return esc_markdown_code(arena, type_text(arena, type), true);
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
        ctx_set_string(map, "type", type_cell(arena, &field->type));
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

static struct ctx_value *tag_texts(struct arena *arena, const struct sch_entity *entity)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < entity->tag_count; i++) {
        policy_text_add(arena, list, esc_markdown_code(arena, entity->tags[i].pattern, true));
    }
    return list;
}

/* Events by name, then its tags, then the row it is made of. */
static struct ctx_value *reached_by(struct arena *arena, const struct sch_entity *entity)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < entity->reached_by_count; i++) {
        const struct sch_event *event = entity->reached_by[i].event;
        bool again = i != 0 && entity->reached_by[i - 1].event == event;
        if (!again) {
            policy_text_add(arena, list, arena_printf(arena, "`%s`", event->name));
        }
    }
    for (size_t i = 0; i < entity->tag_count; i++) {
        const char *pattern = esc_markdown_code(arena, entity->tags[i].pattern, true);
        policy_text_add(arena, list, arena_printf(arena, "tag %s", pattern));
    }
    return list;
}

static const char *value_text(struct arena *arena, const struct sch_entity *entity)
{
    if (entity->kind == SCH_OBJECT) {
        return entity->shape == SCH_SHAPE_STRUCT ? NULL : type_cell(arena, &entity->value);
    }
    if (entity->kind == SCH_INDEX) {
        return arena_printf(arena, "leads to `%s`", entity->of->name);
    }
    return entity->kind == SCH_SET
               ? arena_printf(arena, "a set of %s", type_cell(arena, &entity->members))
               : NULL;
}

static struct ctx_value *entity_list(struct arena *arena, const struct sch_service *service)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < service->entity_count; i++) {
        const struct sch_entity *entity = &service->entities[i];
        struct ctx_value *map = ctx_map_for(arena, 24);
        struct ctx_value *policies = policy_texts(arena, entity);
        struct ctx_value *events = reached_by(arena, entity);
        struct ctx_value *tags = tag_texts(arena, entity);
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
        ctx_set_flag(map, "has_fields", entity->body.field_count != 0);
        ctx_set_string(map, "kind", behaviour_kind_name(entity->kind));
        ctx_set_flag(map, "is_object", entity->kind == SCH_OBJECT);
        ctx_set(map, "tags", tags);
        ctx_set_flag(map, "has_tags", ctx_count(tags) != 0);
        ctx_set(map, "policies", policies);
        ctx_set_flag(map, "has_policies", ctx_count(policies) != 0);
        ctx_set(map, "reached_by", events);
        ctx_set_flag(map, "is_reached", ctx_count(events) != 0);
        ctx_set_flag(map, "has_changed", entity->has_changed);
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
        ctx_set_string(map, "type", type_cell(arena, &event->params[i].type));
        set_more(map, i, event->param_count);
        ctx_add(list, map);
    }
    return list;
}

static const char *target_words(struct arena *arena, const struct sch_event *event,
                                const struct sch_target *target)
{
    const char *code = esc_markdown_code(arena, target_text(arena, event, target), false);
    return target->kind == SCH_TARGET_TAG ? arena_printf(arena, "tag %s", code) : code;
}

/* Whether one of the first n targets is drawn as the same arrow. */
static bool is_drawn_before(const struct sch_event *event, size_t n)
{
    const struct sch_target *target = &event->targets[n];
    for (size_t i = 0; i < n; i++) {
        const struct sch_target *other = &event->targets[i];
        if (other->entity == target->entity && other->tag.form == target->tag.form) {
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
        bool is_tag = target->kind == SCH_TARGET_TAG;
        size_t index = is_tag ? (size_t)(target->tag.form - service->tag_forms)
                              : (size_t)(target->entity - service->entities);
        struct ctx_value *map = ctx_map(arena);
        ctx_set_string(map, "text", target_words(arena, event, target));
        ctx_set_string(map, "to", arena_printf(arena, "%s%zu", is_tag ? "tag" : "entity", index));
        ctx_set_flag(map, "drawn", !is_drawn_before(event, i));
        set_more(map, i, event->target_count);
        ctx_add(list, map);
    }
    return list;
}

/* Tags between who invalidates and who carries them. */
static struct ctx_value *tag_list(struct arena *arena, const struct sch_service *service)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < service->tag_form_count; i++) {
        const struct sch_tag_form *form = &service->tag_forms[i];
        struct ctx_value *map = ctx_map(arena);
        struct ctx_value *carriers = ctx_list(arena);
        for (size_t c = 0; c < form->carrier_count; c++) {
            struct ctx_value *carrier = ctx_map(arena);
            size_t index = (size_t)(form->carriers[c] - service->entities);
            ctx_set_string(carrier, "to", arena_printf(arena, "entity%zu", index));
            ctx_add(carriers, carrier);
        }
        ctx_set_string(map, "node", arena_printf(arena, "tag%zu", i));
        ctx_set_string(map, "label", esc_mermaid(arena, form->form));
        ctx_set(map, "carriers", carriers);
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

static struct ctx_value *lifetime_list(struct arena *arena, const struct sch_service *service)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < service->ttl_count; i++) {
        const struct sch_ttl *ttl = &service->ttls[i];
        struct ctx_value *map = ctx_map(arena);
        ctx_set_string(map, "name", ttl->name);
        ctx_set_string(map, "variable", ttl->variable);
        ctx_set_flag(map, "given", ttl->ms != 0);
        ctx_set_string(map, "text",
                       ttl->ms != 0 ? opt_number_text(arena, OPT_DURATION, ttl->ms) : "1h");
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

struct ctx_value *documents_service(struct arena *arena, const struct sch_service *service,
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
    ctx_set(root, "tags", tag_list(arena, service));
    ctx_set_flag(root, "has_events", service->event_count != 0);
    return root;
}

const struct ctx_value *documents_run(struct arena *arena,
                                      const struct sch_service *const *services,
                                      const char *const *stems, size_t count)
{
    struct ctx_value *root = ctx_map(arena);
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < count; i++) {
        ctx_add(list, documents_service(arena, services[i], stems[i]));
    }
    ctx_set(root, "services", list);
    return root;
}
