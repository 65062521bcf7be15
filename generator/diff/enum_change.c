/* SPDX-License-Identifier: MIT */
/*
 * An enum in values, where numbers are stored.
 */
#include <string.h>

#include "diff/comparison.h"

/* Two enums that are one. */
struct both {
    struct comparison *c;
    const struct sch_decl *old, *new;
    const size_t *map; /* enumerators_map */
};

static void compare_one(const struct both *b, size_t i)
{
    const struct sch_enumerator *before = &b->old->enumerators[i];
    if (b->map[i] == b->new->enumerator_count) {
        unsigned lost = i < b->new->enumerator_count ? DIF_WRONG : DIF_MISS;
        finding_add(b->c, DIF_ENUMERATOR_REMOVED, b->new->pos, before->pos,
                    (struct sights){DIF_VALUE, DIF_VALUE | lost}, "'%s' of '%s' is gone",
                    before->name, b->old->name);
        return;
    }
    const struct sch_enumerator *now = &b->new->enumerators[b->map[i]];
    if (strcmp(now->name, before->name) != 0) {
        finding_add(b->c, DIF_ENUMERATOR_RENAMED, now->pos, before->pos,
                    rule_sights(DIF_ENUMERATOR_RENAMED), "'%s' of '%s' is called '%s'",
                    before->name, b->old->name, now->name);
    }
}

/* Of all that moved, the first is named. */
static void compare_numbers(const struct both *b)
{
    size_t moved = 0, first = 0;
    for (size_t i = 0; i < b->old->enumerator_count; i++) {
        bool has_moved = b->map[i] != i && b->map[i] != b->new->enumerator_count;
        first = has_moved && moved == 0 ? i : first;
        moved += has_moved;
    }
    if (moved == 0) {
        return;
    }
    /* Each as the other reads it: those that did not move, well. */
    struct comparison *c = b->c;
    struct sch_type before = {.kind = SCH_ENUM, .decl = b->old};
    struct sch_type now = {.kind = SCH_ENUM, .decl = b->new};
    const struct sch_enumerator *to = &b->new->enumerators[b->map[first]];
    finding_add(c, DIF_ENUMERATOR_MOVED, to->pos, b->old->enumerators[first].pos,
                (struct sights){sight_of_type(c, &now, &before), sight_of_type(c, &before, &now)},
                "'%s' of '%s' was %zu and is %zu%s", to->name, b->new->name, first, b->map[first],
                moved == 1 ? "" : arena_printf(c->arena, ", and %zu more moved", moved - 1));
}

static void report_new(const struct both *b)
{
    bool *was_there = arena_array(b->c->arena, b->new->enumerator_count + 1, sizeof *was_there);
    for (size_t i = 0; i < b->old->enumerator_count; i++) {
        was_there[b->map[i]] = true;
    }
    for (size_t i = 0; i < b->new->enumerator_count; i++) {
        unsigned lost = i < b->old->enumerator_count ? DIF_WRONG : DIF_MISS;
        if (!was_there[i]) {
            finding_add_new(b->c, DIF_ENUMERATOR_ADDED, b->new->enumerators[i].pos, b->old->pos,
                            (struct sights){DIF_VALUE | lost, DIF_VALUE}, "'%s' of '%s' is new",
                            b->new->enumerators[i].name, b->new->name);
        }
    }
}

void enum_compare(struct comparison *c, const struct sch_decl *old, const struct sch_decl *new)
{
    struct both b = {c, old, new, enumerators_map(c->arena, old, new)};
    for (size_t i = 0; i < old->enumerator_count; i++) {
        compare_one(&b, i);
    }
    compare_numbers(&b);
    report_new(&b);
}
