/* SPDX-License-Identifier: MIT */
/*
 * The value of an entity, and the type of any place in it.
 */
#include <string.h>

#include "diff/comparison.h"
#include "schema/type_text.h"

/* ------------------------------------------------------------ declared types */

/* The index of their meeting; a new one is at the end, to be compared later:
 * chains of types may be as long as a file. */
static size_t meeting_of(struct comparison *c, const struct sch_decl *old,
                         const struct sch_decl *new)
{
    const char *name = arena_printf(c->arena, "%p %p", (const void *)old, (const void *)new);
    const struct symbol *known =
        symbols_add(&c->meeting_names, name, strlen(name), c->meeting_count);
    if (known != NULL) {
        return known->value;
    }
    if (c->meeting_count == c->meeting_capacity) {
        size_t capacity = c->meeting_capacity == 0 ? 16 : c->meeting_capacity * 2;
        c->meetings = arena_grow(c->arena, c->meetings, c->meeting_capacity * sizeof *c->meetings,
                                 capacity * sizeof *c->meetings);
        c->meeting_capacity = capacity;
    }
    c->meetings[c->meeting_count] = (struct meeting){.old = old, .new = new};
    return c->meeting_count++;
}

/* What is met while this one is compared goes behind all; the array may move. */
static void compare_meeting(struct comparison *c, size_t index)
{
    struct meeting meeting = c->meetings[index];
    struct met inner = {0};
    c->meeting = index + 1;
    c->met = &inner;
    if (meeting.old->is_enum) {
        enum_compare(c, meeting.old, meeting.new);
    } else {
        fields_compare(c, meeting.old, meeting.new);
    }
    c->meetings[index].inner = inner;
    c->meeting = 0;
    c->met = NULL;
}

static void append(struct comparison *c, struct index_list *list, const struct index_list *more)
{
    for (size_t i = 0; i < more->count; i++) {
        index_list_add(c->arena, list, more->at[i]);
    }
}

/* All that an entity leads to, once each: what was found there is of it. What
 * each of its entries holds comes first; there, a finding needs no entry
 * without it. */
static void attach_all(struct comparison *c, const struct met *met)
{
    struct index_list always = {0}, sometimes = {0};
    append(c, &always, &met->always);
    append(c, &sometimes, &met->sometimes);
    for (size_t i = 0; i < always.count + sometimes.count; i++) {
        bool is_always = i < always.count;
        struct meeting *meeting =
            &c->meetings[is_always ? always.at[i] : sometimes.at[i - always.count]];
        if (meeting->seen_by == c->entity_number) {
            continue;
        }
        meeting->seen_by = c->entity_number;
        for (size_t k = 0; k < meeting->findings.count; k++) {
            finding_attach(c, meeting->findings.at[k], is_always);
        }
        append(c, is_always ? &always : &sometimes, &meeting->inner.always);
        append(c, &sometimes, &meeting->inner.sometimes);
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
    struct sights gaps; /* what each sees where nothing was written */
    bool inside;        /* of a list or map, which may be empty */
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
    } else {
        sights.old |= spot->gaps.old;
        sights.new |= spot->gaps.new;
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
            bool always = !spot.inside && !(old->optional || new->optional);
            struct index_list *met = always ? &c->met->always : &c->met->sometimes;
            index_list_add(c->arena, met, meeting_of(c, old->decl, new->decl));
        }
        if (old->item == NULL) {
            return;
        }
        if (!spot.inside) {
            spot.what = arena_printf(c->arena, "what is in %s", spot.what);
        }
    }
}

void field_type_compare(struct comparison *c, const struct sch_field *old,
                        const struct sch_field *new, const char *what)
{
    struct spot spot = {.pos = new->pos, .old_pos = old->pos, .what = what};
    spot.gaps.old = new->type.optional ? sight_of_nothing(old) : 0;
    spot.gaps.new = old->type.optional ? sight_of_nothing(new) : 0;
    compare_at(c, spot, &old->type, &new->type);
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
    struct spot spot = {.pos = now.pos, .old_pos = before.pos};
    spot.what = arena_printf(c->arena, "the value of '%s'", new->name);
    compare_at(c, spot, &before, &now);
}

void value_compare(struct comparison *c, const struct sch_entity *old, const struct sch_entity *new)
{
    struct met met = {0};
    size_t first_new = c->meeting_count;
    c->met = &met;
    compare_value(c, old, new);
    for (size_t i = first_new; i < c->meeting_count; i++) {
        compare_meeting(c, i);
    }
    attach_all(c, &met);
    c->met = NULL;
}
