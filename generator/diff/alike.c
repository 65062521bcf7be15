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

size_t enumerator_named(const struct sch_decl *decl, const char *name)
{
    size_t i = 0;
    while (i < decl->enumerator_count && strcmp(decl->enumerators[i].name, name) != 0) {
        i++;
    }
    return i;
}

const struct sch_enumerator *enumerator_successor(const struct sch_decl *old,
                                                  const struct sch_decl *new, size_t index)
{
    size_t same = enumerator_named(new, old->enumerators[index].name);
    if (same < new->enumerator_count) {
        return &new->enumerators[same];
    }
    bool renamed =
        index < new->enumerator_count &&enumerator_named(old, new->enumerators[index].name) ==
        old->enumerator_count;
    return renamed ? &new->enumerators[index] : NULL;
}
