/* SPDX-License-Identifier: MIT */
/*
 * The value of an entity, and the type of any place in it.
 */
#include <string.h>

#include "diff/comparison.h"
#include "schema/type_text.h"

/* ------------------------------------------------------------ declared types */

/* To be looked at after what is being looked at. */
static void meet(struct comparison *c, const struct sch_decl *old, const struct sch_decl *new)
{
    const char *name = arena_printf(c->arena, "%p %p", (const void *)old, (const void *)new);
    if (symbols_find(&c->clean_names, name, strlen(name)) != NULL ||
        symbols_add(&c->met_names, name, strlen(name), 0) != NULL) {
        return;
    }
    if (c->met_count == c->met_capacity) {
        size_t capacity = c->met_capacity == 0 ? 16 : c->met_capacity * 2;
        c->met = arena_grow(c->arena, c->met, c->met_capacity * sizeof *c->met,
                            capacity * sizeof *c->met);
        c->met_capacity = capacity;
    }
    c->met[c->met_count++] = (struct decl_pair){.old = old, .new = new};
}

static void look_at_all_met(struct comparison *c)
{
    for (size_t i = 0; i < c->met_count; i++) {
        struct decl_pair pair = c->met[i];
        if (pair.old->is_enum) {
            enum_compare(c, pair.old, pair.new);
        } else {
            fields_compare(c, pair.old, pair.new);
        }
    }
}

/* -------------------------------------------------------------------- types */

static const char *bound_text(struct arena *arena, uint64_t max)
{
    return max == 0 ? "none" : arena_printf(arena, "%llu", (unsigned long long)max);
}

/* Where it is told: the places and the words for it. */
struct spot {
    struct src_pos pos, old_pos;
    const char *what;
    bool inside; /* of a list or map, which may be empty */
};

static void add(struct comparison *c, const struct spot *spot, enum dif_rule rule,
                struct sights sights, const char *before, const char *now)
{
    if (spot->inside) {
        sights.old |= DIF_VALUE;
        sights.new |= DIF_VALUE;
    }
    finding_add(c, rule, spot->pos, spot->old_pos, sights, "%s was %s and is %s", spot->what,
                before, now);
}

static void compare_max(struct comparison *c, const struct spot *spot, const struct sch_type *old,
                        const struct sch_type *new)
{
    if (old->max == new->max) {
        return;
    }
    bool lower = new->max != 0 && (old->max == 0 || new->max < old->max);
    enum dif_rule rule = lower ? DIF_MAX_NARROWED : DIF_MAX_WIDENED;
    finding_add(c, rule, spot->pos, spot->old_pos, rule_sights(rule),
                "'max' of %s was %s and is %s", spot->what, bound_text(c->arena, old->max),
                bound_text(c->arena, new->max));
}

static bool is_number(enum sch_kind kind)
{
    return kind >= SCH_U8 && kind <= SCH_F64;
}

/* Where the name says too little, what it is, too. */
static const char *kind_text(struct arena *arena, const struct sch_type *type,
                             const struct sch_type *other)
{
    const char *text = type_text(arena, type);
    bool alike = type->decl != NULL && other->decl != NULL &&
                 strcmp(type->decl->name, other->decl->name) == 0;
    return alike ? arena_printf(arena, "the %s %s", type_kind_name(type->kind), text) : text;
}

static void compare_kinds(struct comparison *c, const struct spot *spot, const struct sch_type *old,
                          const struct sch_type *new)
{
    struct sights sights = {sight_of_type(c, new, old), sight_of_type(c, old, new)};
    bool numbers = is_number(old->kind) && is_number(new->kind);
    enum dif_rule rule = DIF_TYPE_CHANGED;
    if (numbers && sights.new == DIF_VALUE) {
        rule = DIF_TYPE_WIDENED;
    } else if (numbers && sights.old == DIF_VALUE) {
        rule = DIF_TYPE_NARROWED;
    }
    add(c, spot, rule, sights, kind_text(c->arena, old, new), kind_text(c->arena, new, old));
}

static void compare_at(struct comparison *c, struct spot spot, const struct sch_type *old,
                       const struct sch_type *new)
{
    for (;; spot.inside = true, old = old->item, new = new->item) {
        if (spot.inside && old->optional != new->optional) {
            enum dif_rule rule = new->optional ? DIF_ITEMS_OPTIONAL : DIF_ITEMS_REQUIRED;
            add(c, &spot, rule, rule_sights(rule), type_text(c->arena, old),
                type_text(c->arena, new));
        }
        if (old->kind != new->kind) {
            compare_kinds(c, &spot, old, new);
            return;
        }
        compare_max(c, &spot, old, new);
        if (old->decl != NULL) {
            meet(c, old->decl, new->decl);
        }
        if (old->item == NULL) {
            return;
        }
        if (!spot.inside) {
            spot.what = arena_printf(c->arena, "what is in %s", spot.what);
        }
    }
}

void type_compare(struct comparison *c, const struct sch_type *old, const struct sch_type *new,
                  struct src_pos pos, struct src_pos old_pos, const char *what)
{
    compare_at(c, (struct spot){pos, old_pos, what, false}, old, new);
}

/* ------------------------------------------------------------------- values */

static const char *shape_text(enum sch_shape shape)
{
    static const char *const words[] = {
        [SCH_SHAPE_STRUCT] = "fields", [SCH_SHAPE_LIST] = "list", [SCH_SHAPE_VALUE] = "value"};
    return words[shape];
}

static struct sch_type type_of(const struct sch_entity *entity)
{
    return entity->shape == SCH_SHAPE_STRUCT
               ? (struct sch_type){.kind = SCH_STRUCT, .pos = entity->pos, .decl = &entity->body}
               : entity->value;
}

static void compare_value(struct comparison *c, const struct sch_entity *old,
                          const struct sch_entity *new)
{
    struct sch_type before = type_of(old);
    struct sch_type now = type_of(new);
    if (old->shape != new->shape) {
        struct sights sights = {sight_of_type(c, &now, &before), sight_of_type(c, &before, &now)};
        finding_add(c, DIF_SHAPE_CHANGED, now.pos, before.pos, sights,
                    "the value of '%s' was a '%s' and is a '%s'", new->name, shape_text(old->shape),
                    shape_text(new->shape));
        return;
    }
    type_compare(c, &before, &now, now.pos, before.pos,
                 arena_printf(c->arena, "the value of '%s'", new->name));
}

/* Types in which an entity finds nothing need not be looked at for the next. */
static void note_clean(struct comparison *c)
{
    for (size_t i = 0; i < c->met_count; i++) {
        const char *name = arena_printf(c->arena, "%p %p", (const void *)c->met[i].old,
                                        (const void *)c->met[i].new);
        (void)symbols_add(&c->clean_names, name, strlen(name), 0);
    }
}

void value_compare(struct comparison *c, const struct sch_entity *old, const struct sch_entity *new)
{
    size_t tries = c->tries;
    c->met_count = 0;
    symbols_init(&c->met_names, c->arena);
    compare_value(c, old, new);
    look_at_all_met(c);
    if (c->tries == tries) {
        note_clean(c);
    }
}
