/* SPDX-License-Identifier: MIT */
/*
 * An enum in values, where numbers are stored.
 */
#include <string.h>

#include "diff/comparison.h"

static void compare_one(struct comparison *c, const struct sch_decl *old,
                        const struct sch_decl *new, size_t i)
{
    const struct sch_enumerator *before = &old->enumerators[i];
    const struct sch_enumerator *now = enumerator_successor(old, new, i);
    if (now == NULL) {
        unsigned lost = i < new->enumerator_count ? DIF_WRONG : DIF_MISS;
        finding_add(c, DIF_ENUMERATOR_REMOVED, new->pos, before->pos,
                    (struct sights){DIF_VALUE, DIF_VALUE | lost}, "'%s' of '%s' is gone",
                    before->name, old->name);
    } else if (strcmp(now->name, before->name) != 0) {
        finding_add(c, DIF_ENUMERATOR_RENAMED, now->pos, before->pos,
                    rule_sights(DIF_ENUMERATOR_RENAMED), "'%s' of '%s' is called '%s'",
                    before->name, old->name, now->name);
    }
}

static bool is_successor_of_any(const struct sch_decl *old, const struct sch_decl *new, size_t i)
{
    size_t same = enumerator_named(old, new->enumerators[i].name);
    return same < old->enumerator_count ||
           (i < old->enumerator_count && enumerator_successor(old, new, i) == &new->enumerators[i]);
}

/* Of all that moved, the first is named. */
static void compare_numbers(struct comparison *c, const struct sch_decl *old,
                            const struct sch_decl *new)
{
    size_t moved = 0, first = 0, to = 0;
    for (size_t i = 0; i < old->enumerator_count; i++) {
        const struct sch_enumerator *now = enumerator_successor(old, new, i);
        size_t at = now == NULL ? i : (size_t)(now - new->enumerators);
        if (at != i && moved++ == 0) {
            first = i;
            to = at;
        }
    }
    if (moved == 0) {
        return;
    }
    /* Each as the other reads it: of those that did not move, well. */
    struct sch_type before = {.kind = SCH_ENUM, .decl = old};
    struct sch_type now = {.kind = SCH_ENUM, .decl = new};
    finding_add(c, DIF_ENUMERATOR_MOVED, new->enumerators[to].pos, old->enumerators[first].pos,
                (struct sights){sight_of_type(c, &now, &before), sight_of_type(c, &before, &now)},
                "'%s' of '%s' was %zu and is %zu%s", new->enumerators[to].name, new->name, first,
                to, moved == 1 ? "" : arena_printf(c->arena, ", and %zu more moved", moved - 1));
}

void enum_compare(struct comparison *c, const struct sch_decl *old, const struct sch_decl *new)
{
    for (size_t i = 0; i < old->enumerator_count; i++) {
        compare_one(c, old, new, i);
    }
    compare_numbers(c, old, new);
    for (size_t i = 0; i < new->enumerator_count; i++) {
        if (!is_successor_of_any(old, new, i)) {
            unsigned lost = i < old->enumerator_count ? DIF_WRONG : DIF_MISS;
            finding_add_new(c, DIF_ENUMERATOR_ADDED, new->enumerators[i].pos, old->pos,
                            (struct sights){DIF_VALUE | lost, DIF_VALUE}, "'%s' of '%s' is new",
                            new->enumerators[i].name, new->name);
        }
    }
}
