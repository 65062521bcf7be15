/* SPDX-License-Identifier: MIT */
/*
 * What events make stale.
 */
#include <string.h>

#include "diff/comparison.h"

const struct sch_event *event_named(const struct sch_service *service, const char *name)
{
    for (size_t i = 0; i < service->event_count; i++) {
        if (strcmp(service->events[i].name, name) == 0) {
            return &service->events[i];
        }
    }
    return NULL;
}

/* "product(id)", as in the schema. */
static const char *target_text(struct arena *arena, const struct sch_event *event,
                               const struct sch_target *target)
{
    struct text out;
    text_init(&out, arena, SIZE_MAX / 4);
    text_printf(&out, "%s(", target->entity->name);
    for (size_t i = 0; i < target->arg_count; i++) {
        text_printf(&out, "%s%s", i == 0 ? "" : ", ", event->params[target->args[i]].name);
    }
    text_putc(&out, ')');
    return out.data;
}

/* Whether `event` has a target like this one of `other`. */
static bool has_target(struct comparison *c, const struct sch_event *event,
                       const struct sch_event *other, const struct sch_target *target)
{
    const char *wanted = target_text(c->arena, other, target);
    for (size_t i = 0; i < event->target_count; i++) {
        if (strcmp(target_text(c->arena, event, &event->targets[i]), wanted) == 0) {
            return true;
        }
    }
    return false;
}

static void compare_targets(struct comparison *c, const struct sch_event *old,
                            const struct sch_event *new)
{
    for (size_t i = 0; i < new->target_count; i++) {
        if (!has_target(c, old, new, &new->targets[i])) {
            finding_add_new(c, DIF_INVALIDATES_MORE, new->targets[i].pos, old->pos,
                            rule_sights(DIF_INVALIDATES_MORE), "'%s' makes %s stale, too",
                            new->name, target_text(c->arena, new, &new->targets[i]));
        }
    }
    for (size_t i = 0; i < old->target_count; i++) {
        if (!has_target(c, new, old, &old->targets[i])) {
            finding_add(c, DIF_INVALIDATES_LESS, new->pos, old->targets[i].pos,
                        rule_sights(DIF_INVALIDATES_LESS), "'%s' does not make %s stale any more",
                        new->name, target_text(c->arena, old, &old->targets[i]));
        }
    }
}

void events_compare(struct comparison *c)
{
    for (size_t i = 0; i < c->new->event_count; i++) {
        const struct sch_event *old = event_named(c->old, c->new->events[i].name);
        if (old != NULL) {
            compare_targets(c, old, &c->new->events[i]);
        }
    }
}
