/* SPDX-License-Identifier: MIT */
/*
 * Keys: whether old and new binaries find each other's entries, and the right
 * ones. Names of parameters are not in a key, types only by their spelling.
 */
#include <string.h>

#include "diff/comparison.h"
#include "schema/meet.h"
#include "schema/type_text.h"

/* The literal text with a byte for each parameter, which no key has. */
static const char *skeleton(struct arena *arena, const struct sch_entity *entity)
{
    struct text out;
    text_init(&out, arena, SIZE_MAX / 4);
    for (size_t i = 0; i < entity->part_count; i++) {
        const struct sch_part *part = &entity->parts[i];
        if (part->literal != NULL) {
            text_append(&out, part->literal, part->literal_len);
        } else {
            text_putc(&out, '\x01');
        }
    }
    return out.data;
}

static bool is_integer(enum sch_kind kind)
{
    return kind >= SCH_U8 && kind <= SCH_I64;
}

static bool share_a_name(struct comparison *c, const struct sch_decl *a, const struct sch_decl *b)
{
    const size_t *map = enumerators_map(c->arena, a, b);
    for (size_t i = 0; i < a->enumerator_count; i++) {
        if (map[i] < b->enumerator_count &&
            strcmp(a->enumerators[i].name, b->enumerators[map[i]].name) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether what both can say looks the same in a key. */
static bool spelled_alike(struct comparison *c, const struct sch_type *a, const struct sch_type *b)
{
    if (a->kind == SCH_ENUM && b->kind == SCH_ENUM) {
        return share_a_name(c, a->decl, b->decl);
    }
    return a->kind == b->kind || (is_integer(a->kind) && is_integer(b->kind)) ||
           a->kind == SCH_STRING || b->kind == SCH_STRING;
}

static const struct sch_param *param_named(const struct sch_entity *entity, const char *name)
{
    for (size_t i = 0; i < entity->param_count; i++) {
        if (strcmp(entity->params[i].name, name) == 0) {
            return &entity->params[i];
        }
    }
    return NULL;
}

static void add(struct comparison *c, enum dif_rule rule, const struct sch_entity *old,
                const struct sch_entity *new)
{
    finding_add(c, rule, new->pattern_pos, old->pattern_pos, rule_sights(rule),
                "the key of '%s' was \"%s\" and is \"%s\"", new->name, old->pattern, new->pattern);
    c->covered = c->covered || dif_rules[rule].new_sees == DIF_MISS;
}

/* ------------------------------------------------------------ another pattern */

static void note_meeting(void *user, size_t one, size_t other)
{
    bool *meet = user;
    *meet = *meet || one != other;
}

static void compare_patterns(struct comparison *c, const struct sch_entity *old,
                             const struct sch_entity *new)
{
    struct net net;
    bool meet = false;
    net_init(&net, c->arena);
    net_add(&net, "", old->parts, old->part_count, old->params, 0);
    net_add(&net, "", new->parts, new->part_count, new->params, 1);
    bool all = net_find(&net, note_meeting, &meet);
    add(c, meet || !all ? DIF_KEY_OVERLAPS : DIF_KEY_CHANGED, old, new);
}

/* ------------------------------------------------- the same literals, in order */

static bool differ_by_hash(const struct sch_entity *old, const struct sch_entity *new)
{
    for (size_t i = 0; i < old->param_count; i++) {
        if (old->params[i].hash != new->params[i].hash) {
            return true;
        }
    }
    return false;
}

static bool differ_by_spelling(struct comparison *c, const struct sch_entity *old,
                               const struct sch_entity *new)
{
    for (size_t i = 0; i < old->param_count; i++) {
        if (!spelled_alike(c, &old->params[i].type, &new->params[i].type)) {
            return true;
        }
    }
    return false;
}

/* A parameter stands where another stood that is still there, or that was there before. */
static bool have_swapped(const struct sch_entity *old, const struct sch_entity *new)
{
    for (size_t i = 0; i < old->param_count; i++) {
        const char *before = old->params[i].name;
        const char *now = new->params[i].name;
        if (strcmp(before, now) != 0 &&
            (param_named(new, before) != NULL || param_named(old, now) != NULL)) {
            return true;
        }
    }
    return false;
}

/* Names in keys: what an enumerator is called matters, its number does not. */
static void compare_enum(struct comparison *c, const struct sch_decl *old,
                         const struct sch_decl *new)
{
    const size_t *map = enumerators_map(c->arena, old, new);
    for (size_t i = 0; i < old->enumerator_count; i++) {
        const struct sch_enumerator *before = &old->enumerators[i];
        const struct sch_enumerator *now =
            map[i] < new->enumerator_count ? &new->enumerators[map[i]] : NULL;
        if (now != NULL && strcmp(now->name, before->name) != 0) {
            finding_add(c, DIF_KEY_ENUMERATOR, now->pos, before->pos,
                        rule_sights(DIF_KEY_ENUMERATOR),
                        "'%s' of '%s', which keys are made of, is called '%s'", before->name,
                        old->name, now->name);
        }
    }
}

static void compare_param(struct comparison *c, const struct sch_param *old,
                          const struct sch_param *new)
{
    if (strcmp(old->name, new->name) != 0) {
        finding_add(c, DIF_KEY_RENAMED, new->pos, old->pos, rule_sights(DIF_KEY_RENAMED),
                    "the parameter '%s' of the key of '%s' is called '%s'", old->name,
                    c->entity->name, new->name);
    }
    if (old->type.kind != new->type.kind) {
        finding_add(c, DIF_KEY_TYPE_CHANGED, new->pos, old->pos, rule_sights(DIF_KEY_TYPE_CHANGED),
                    "the parameter '%s' of the key of '%s' was %s and is %s", new->name,
                    c->entity->name, type_text(c->arena, &old->type),
                    type_text(c->arena, &new->type));
    } else if (old->type.kind == SCH_ENUM) {
        compare_enum(c, old->type.decl, new->type.decl);
    }
}

void key_compare(struct comparison *c, const struct sch_entity *old, const struct sch_entity *new)
{
    if (strcmp(skeleton(c->arena, old), skeleton(c->arena, new)) != 0) {
        compare_patterns(c, old, new);
    } else if (differ_by_hash(old, new)) {
        add(c, DIF_KEY_HASH_CHANGED, old, new);
    } else if (differ_by_spelling(c, old, new)) {
        add(c, DIF_KEY_CHANGED, old, new);
    } else if (have_swapped(old, new)) {
        add(c, DIF_KEY_SWAPPED, old, new);
    } else {
        for (size_t i = 0; i < old->param_count; i++) {
            compare_param(c, &old->params[i], &new->params[i]);
        }
    }
}
