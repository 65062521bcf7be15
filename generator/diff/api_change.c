/* SPDX-License-Identifier: MIT */
/*
 * The C that callers compile against: by names of C, whatever the schema calls
 * them, and by the types that are declared for them.
 */
#include <string.h>

#include "context/ctype.h"
#include "diff/comparison.h"

static void add(struct comparison *c, enum dif_rule rule, struct src_pos pos,
                struct src_pos old_pos, const char *text)
{
    finding_add(c, rule, pos, old_pos, (struct sights){0, 0}, "%s", text);
}

static void add_new(struct comparison *c, enum dif_rule rule, struct src_pos pos,
                    struct src_pos old_pos, const char *text)
{
    finding_add_new(c, rule, pos, old_pos, (struct sights){0, 0}, "%s", text);
}

/* "uint32_t" */
static const char *c_type(struct arena *arena, const struct sch_type *type,
                          struct ctype_place place)
{
    const char *text = ctype_declare(arena, type, place);
    size_t len = strlen(text);
    return arena_copy(arena, text, text[len - 1] == ' ' ? len - 1 : len);
}

/* ------------------------------------------------------------------ members */

static const struct sch_field *member_named(const struct sch_decl *decl, const char *c_name)
{
    for (size_t i = 0; i < decl->field_count; i++) {
        if (strcmp(decl->fields[i].c_name, c_name) == 0) {
            return &decl->fields[i];
        }
    }
    return NULL;
}

static const char *member_type(struct arena *arena, const struct sch_decl *decl,
                               const struct sch_field *field)
{
    /* An optional struct is a pointer; that is told as what it is: optional. */
    struct sch_type type = field->type;
    type.optional = false;
    return c_type(arena, &type, (struct ctype_place){decl->c_name, field->name});
}

static void compare_member(struct comparison *c, const struct sch_decl *old,
                           const struct sch_decl *new, const struct sch_field *before,
                           const struct sch_field *now)
{
    const char *was = member_type(c->arena, old, before);
    const char *is = member_type(c->arena, new, now);
    const char *name = arena_printf(c->arena, "'%s' of struct %s", now->c_name, new->c_name);
    if (strcmp(was, is) != 0) {
        add(c, DIF_API_MEMBER_RETYPED, now->pos, before->pos,
            arena_printf(c->arena, "%s was '%s' and is '%s'", name, was, is));
    }
    if (before->type.optional != now->type.optional) {
        bool optional = now->type.optional;
        add(c, optional ? DIF_API_MEMBER_OPTIONAL : DIF_API_MEMBER_REQUIRED, now->pos, before->pos,
            arena_printf(c->arena, "%s %s", name,
                         optional ? "can be absent now" : "can not be absent any more"));
    }
}

static void compare_old_member(struct comparison *c, const struct sch_decl *old,
                               const struct sch_decl *new, const struct sch_field *before)
{
    const struct sch_field *now = member_named(new, before->c_name);
    if (now != NULL) {
        compare_member(c, old, new, before, now);
        return;
    }
    const struct sch_field *renamed = field_successor(old, new, before);
    if (renamed != NULL) {
        add(c, DIF_API_MEMBER_RENAMED, renamed->pos, before->pos,
            arena_printf(c->arena, "'%s' of struct %s is called '%s'", before->c_name, new->c_name,
                         renamed->c_name));
    } else {
        add(c, DIF_API_MEMBER_REMOVED, new->pos, before->pos,
            arena_printf(c->arena, "'%s' of struct %s is gone", before->c_name, new->c_name));
    }
}

static bool was_there(const struct sch_decl *old, const struct sch_decl *new,
                      const struct sch_field *now)
{
    const struct sch_field *there = field_at(old, now->id);
    return member_named(old, now->c_name) != NULL ||
           (there != NULL && member_named(new, there->c_name) == NULL &&
            field_successor(old, new, there) == now);
}

/* Of those that both have, the first that follows another one than before. */
static void compare_order(struct comparison *c, const struct sch_decl *old,
                          const struct sch_decl *new)
{
    const struct sch_field *last = NULL;
    for (size_t i = 0; i < new->field_count; i++) {
        const struct sch_field *before = member_named(old, new->fields[i].c_name);
        if (before != NULL && last != NULL && before < last) {
            add(c, DIF_API_MEMBERS_REORDERED, new->fields[i].pos, before->pos,
                arena_printf(c->arena, "'%s' of struct %s stands at another place",
                             new->fields[i].c_name, new->c_name));
            return;
        }
        last = before != NULL ? before : last;
    }
}

static void compare_members(struct comparison *c, const struct sch_decl *old,
                            const struct sch_decl *new)
{
    for (size_t i = 0; i < old->field_count; i++) {
        compare_old_member(c, old, new, &old->fields[i]);
    }
    for (size_t i = 0; i < new->field_count; i++) {
        const struct sch_field *now = &new->fields[i];
        if (!was_there(old, new, now)) {
            add_new(c, DIF_API_MEMBER_ADDED, now->pos, old->pos,
                    arena_printf(c->arena, "'%s' of struct %s is new", now->c_name, new->c_name));
        }
    }
    compare_order(c, old, new);
}

/* ---------------------------------------------------------------- constants */

static void compare_constant(struct comparison *c, const struct sch_enumerator *before,
                             const struct sch_decl *new, size_t at)
{
    if (at == new->enumerator_count) {
        add(c, DIF_API_CONSTANT_REMOVED, new->pos, before->pos,
            arena_printf(c->arena, "%s is gone", before->c_name));
    } else if (strcmp(new->enumerators[at].c_name, before->c_name) != 0) {
        add(c, DIF_API_CONSTANT_RENAMED, new->enumerators[at].pos, before->pos,
            arena_printf(c->arena, "%s is called %s", before->c_name, new->enumerators[at].c_name));
    }
}

static void compare_constants(struct comparison *c, const struct sch_decl *old,
                              const struct sch_decl *new)
{
    bool *has_come = arena_array(c->arena, new->enumerator_count + 1, sizeof *has_come);
    const size_t *map = enumerators_map(c->arena, old, new);
    bool moved = false;
    for (size_t i = 0; i < old->enumerator_count; i++) {
        has_come[map[i]] = true;
        compare_constant(c, &old->enumerators[i], new, map[i]);
        if (map[i] != new->enumerator_count && map[i] != i && !moved) {
            moved = true;
            add(c, DIF_API_CONSTANTS_MOVED, new->enumerators[map[i]].pos, old->enumerators[i].pos,
                arena_printf(c->arena, "%s was %zu and is %zu", new->enumerators[map[i]].c_name, i,
                             map[i]));
        }
    }
    for (size_t i = 0; i < new->enumerator_count; i++) {
        if (!has_come[i]) {
            add_new(c, DIF_API_CONSTANT_ADDED, new->enumerators[i].pos, old->pos,
                    arena_printf(c->arena, "%s is new", new->enumerators[i].c_name));
        }
    }
}

/* --------------------------------------------------------------------- types */

static void compare_types(struct comparison *c)
{
    struct symbols names;
    symbols_init(&names, c->arena);
    for (size_t i = 0; i < c->new->decl_count; i++) {
        const struct sch_decl *now = c->new->decls[i];
        if (now->used) {
            (void)symbols_add(&names, now->c_name, strlen(now->c_name), i);
        }
    }
    for (size_t i = 0; i < c->old->decl_count; i++) {
        const struct sch_decl *before = c->old->decls[i];
        const struct symbol *found =
            before->used ? symbols_find(&names, before->c_name, strlen(before->c_name)) : NULL;
        const struct sch_decl *now = found == NULL ? NULL : c->new->decls[found->value];
        if (before->used && now == NULL) {
            add(c, DIF_API_TYPE_REMOVED, c->new->pos, before->pos,
                arena_printf(c->arena, "%s %s is gone", before->is_enum ? "enum" : "struct",
                             before->c_name));
        } else if (now != NULL && now->is_enum != before->is_enum) {
            add(c, DIF_API_TYPE_CHANGED, now->pos, before->pos,
                arena_printf(c->arena, "'%s' was %s and is %s", now->c_name,
                             before->is_enum ? "an enum" : "a struct",
                             now->is_enum ? "an enum" : "a struct"));
        } else if (now != NULL && now->is_enum) {
            compare_constants(c, before, now);
        } else if (now != NULL) {
            compare_members(c, before, now);
        }
    }
}

/* ---------------------------------------------------------------- parameters */

/* "(uint64_t, const char *)" */
static const char *types_text(struct arena *arena, const struct sch_param *params, size_t count)
{
    struct text out;
    text_init(&out, arena, SIZE_MAX / 4);
    for (size_t i = 0; i < count; i++) {
        text_printf(&out, "%s%s", i == 0 ? "" : ", ",
                    c_type(arena, &params[i].type, (struct ctype_place){"", ""}));
    }
    return arena_printf(arena, "(%s)", out.data);
}

static const char *names_text(struct arena *arena, const struct sch_param *params, size_t count)
{
    struct text out;
    text_init(&out, arena, SIZE_MAX / 4);
    for (size_t i = 0; i < count; i++) {
        text_printf(&out, "%s%s", i == 0 ? "" : ", ", params[i].c_name);
    }
    return arena_printf(arena, "(%s)", out.data);
}

static void compare_key(struct comparison *c, const struct sch_entity *old,
                        const struct sch_entity *new)
{
    const char *was = types_text(c->arena, old->params, old->param_count);
    const char *is = types_text(c->arena, new->params, new->param_count);
    const char *names = names_text(c->arena, old->params, old->param_count);
    const char *called = names_text(c->arena, new->params, new->param_count);
    if (strcmp(was, is) != 0) {
        add(c, DIF_API_KEY_CHANGED, new->pattern_pos, old->pattern_pos,
            arena_printf(c->arena, "the key of '%s' was %s and is %s", new->name, was, is));
    } else if (strcmp(names, called) != 0) {
        add(c, DIF_API_KEY_RENAMED, new->pattern_pos, old->pattern_pos,
            arena_printf(c->arena, "the parameters of the key of '%s' were %s and are %s",
                         new->name, names, called));
    }
    if (old->params_are_fields != new->params_are_fields) {
        bool added = new->params_are_fields;
        add(c, added ? DIF_API_PUT_ADDED : DIF_API_PUT_REMOVED, new->pattern_pos, old->pattern_pos,
            arena_printf(c->arena, "%s_cache_put is %s", new->c_name, added ? "new" : "gone"));
    }
}

/* ------------------------------------------------------------------ entities */

static const char *value_type(struct arena *arena, const struct sch_entity *entity)
{
    struct ctype_place place = {entity->c_name, "value"};
    return entity->shape == SCH_SHAPE_LIST
               ? c_type(arena, entity->value.item, ctype_inner(arena, place, &entity->value))
               : c_type(arena, &entity->value, place);
}

static void compare_shape(struct comparison *c, const struct sch_entity *old,
                          const struct sch_entity *new)
{
    static const char *const forms[] = {[SCH_SHAPE_STRUCT] = "a struct of fields",
                                        [SCH_SHAPE_LIST] = "a list",
                                        [SCH_SHAPE_VALUE] = "a value"};
    if (old->shape != new->shape) {
        add(c, DIF_API_SHAPE_CHANGED, new->pos, old->pos,
            arena_printf(c->arena, "struct %s was %s and is %s", new->c_name, forms[old->shape],
                         forms[new->shape]));
        return;
    }
    if (new->shape == SCH_SHAPE_STRUCT) {
        compare_members(c, &old->body, &new->body);
        return;
    }
    const char *was = value_type(c->arena, old);
    const char *is = value_type(c->arena, new);
    if (strcmp(was, is) != 0) {
        add(c, DIF_API_MEMBER_RETYPED, new->value.pos, old->value.pos,
            arena_printf(c->arena, "'%s' of struct %s was '%s' and is '%s'",
                         new->shape == SCH_SHAPE_LIST ? "items" : "value", new->c_name, was, is));
    }
}

void api_compare_entity(struct comparison *c, const struct sch_entity *old,
                        const struct sch_entity *new)
{
    if (strcmp(c->old->name, c->new->name) != 0) {
        return;
    }
    if (strcmp(old->c_name, new->c_name) != 0) {
        add(c, DIF_API_ENTITY_RENAMED, new->pos, old->pos,
            arena_printf(c->arena, "struct %s and %s_cache_... are called %s", old->c_name,
                         old->c_name, new->c_name));
        return;
    }
    compare_key(c, old, new);
    compare_shape(c, old, new);
}

/* -------------------------------------------------------------------- events */

static bool have_swapped(const struct sch_event *old, const struct sch_event *new)
{
    for (size_t i = 0; i < old->param_count; i++) {
        for (size_t k = 0; k < new->param_count; k++) {
            if (k != i && strcmp(old->params[i].name, new->params[k].name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void compare_event(struct comparison *c, const struct sch_event *old,
                          const struct sch_event *new)
{
    const char *was = types_text(c->arena, old->params, old->param_count);
    const char *is = types_text(c->arena, new->params, new->param_count);
    if (strcmp(was, is) != 0) {
        add(c, DIF_API_EVENT_CHANGED, new->pos, old->pos,
            arena_printf(c->arena, "%s took %s and takes %s", new->c_name, was, is));
    } else if (have_swapped(old, new)) {
        add(c, DIF_API_EVENT_SWAPPED, new->pos, old->pos,
            arena_printf(c->arena, "%s took %s and takes %s", new->c_name,
                         names_text(c->arena, old->params, old->param_count),
                         names_text(c->arena, new->params, new->param_count)));
    }
}

static void compare_events(struct comparison *c)
{
    for (size_t i = 0; i < c->old->event_count; i++) {
        const struct sch_event *old = &c->old->events[i];
        const struct sch_event *new = event_of(c, c->new, old->name);
        if (new != NULL) {
            compare_event(c, old, new);
        } else {
            add(c, DIF_API_EVENT_REMOVED, c->new->pos, old->pos,
                arena_printf(c->arena, "%s is gone", old->c_name));
        }
    }
    for (size_t i = 0; i < c->new->event_count; i++) {
        if (event_of(c, c->old, c->new->events[i].name) == NULL) {
            add_new(c, DIF_API_EVENT_ADDED, c->new->events[i].pos, c->old->pos,
                    arena_printf(c->arena, "%s is new", c->new->events[i].c_name));
        }
    }
}

void api_compare(struct comparison *c)
{
    if (strcmp(c->old->name, c->new->name) != 0) {
        add(c, DIF_API_SERVICE_RENAMED, c->new->pos, c->old->pos,
            arena_printf(c->arena, "%s_cache_... is called %s_cache_...", c->old->name,
                         c->new->name));
        return;
    }
    compare_types(c);
    compare_events(c);
}
