/* SPDX-License-Identifier: MIT */
/*
 * What of the new schema an old thing has become.
 */
#include <string.h>

#include "diff/comparison.h"

const struct sch_field *field_named(const struct sch_decl *decl, const char *name)
{
    for (size_t i = 0; i < decl->field_count; i++) {
        if (strcmp(decl->fields[i].name, name) == 0) {
            return &decl->fields[i];
        }
    }
    return NULL;
}

const struct sch_field *field_at(const struct sch_decl *decl, uint32_t id)
{
    for (size_t i = 0; i < decl->field_count; i++) {
        if (decl->fields[i].id == id) {
            return &decl->fields[i];
        }
    }
    return NULL;
}

bool is_reserved(const struct sch_decl *decl, uint32_t id)
{
    for (size_t i = 0; i < decl->reserved_count; i++) {
        if (decl->reserved[i] == id) {
            return true;
        }
    }
    return false;
}

bool type_alike(const struct sch_type *a, const struct sch_type *b)
{
    while (a->kind == b->kind && a->optional == b->optional && a->item != NULL) {
        a = a->item;
        b = b->item;
    }
    return a->kind == b->kind && a->optional == b->optional;
}

const struct sch_field *field_successor(const struct sch_decl *old, const struct sch_decl *new,
                                        const struct sch_field *field)
{
    const struct sch_field *same = field_named(new, field->name);
    if (same != NULL) {
        return same;
    }
    const struct sch_field *there = field_at(new, field->id);
    bool renamed = there != NULL && field_named(old, there->name) == NULL &&
                   type_alike(&field->type, &there->type);
    return renamed ? there : NULL;
}

static struct symbols names_of(struct arena *arena, const struct sch_decl *decl)
{
    struct symbols names;
    symbols_init(&names, arena);
    for (size_t i = 0; i < decl->enumerator_count; i++) {
        const char *name = decl->enumerators[i].name;
        (void)symbols_add(&names, name, strlen(name), i);
    }
    return names;
}

static const struct symbol *find(const struct symbols *names, const char *name)
{
    return symbols_find(names, name, strlen(name));
}

const size_t *enumerators_map(struct arena *arena, const struct sch_decl *old,
                              const struct sch_decl *new)
{
    struct symbols old_names = names_of(arena, old);
    struct symbols new_names = names_of(arena, new);
    size_t *map = arena_array(arena, old->enumerator_count + 1, sizeof *map);
    for (size_t i = 0; i < old->enumerator_count; i++) {
        const struct symbol *same = find(&new_names, old->enumerators[i].name);
        bool renamed =
            same == NULL &&
            i < new->enumerator_count &&find(&old_names, new->enumerators[i].name) == NULL;
        map[i] = renamed ? i : new->enumerator_count;
        map[i] = same != NULL ? same->value : map[i];
    }
    return map;
}
