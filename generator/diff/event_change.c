/* SPDX-License-Identifier: MIT */
/*
 * What events make stale.
 */
#include <string.h>

#include "diff/comparison.h"
#include "schema/type_text.h"

const struct sch_event *event_of(const struct comparison *c, const struct sch_service *service,
                                 const char *name)
{
    const struct symbols *names = service == c->old ? &c->old_events : &c->new_events;
    const struct symbol *found = symbols_find(names, name, strlen(name));
    return found == NULL ? NULL : &service->events[found->value];
}

static void index_events(struct comparison *c, const struct sch_service *service,
                         struct symbols *names)
{
    symbols_init(names, c->arena);
    for (size_t i = 0; i < service->event_count; i++) {
        const char *name = service->events[i].name;
        (void)symbols_add(names, name, strlen(name), i);
    }
}

static struct symbols targets_of(struct comparison *c, const struct sch_event *event)
{
    struct symbols targets;
    symbols_init(&targets, c->arena);
    for (size_t i = 0; i < event->target_count; i++) {
        const char *text = target_text(c->arena, event, &event->targets[i]);
        (void)symbols_add(&targets, text, strlen(text), i);
    }
    return targets;
}

static void compare_targets(struct comparison *c, const struct sch_event *old,
                            const struct sch_event *new)
{
    struct symbols before = targets_of(c, old);
    struct symbols now = targets_of(c, new);
    for (size_t i = 0; i < new->target_count; i++) {
        const char *text = target_text(c->arena, new, &new->targets[i]);
        if (symbols_find(&before, text, strlen(text)) == NULL) {
            finding_add_new(c, DIF_INVALIDATES_MORE, new->targets[i].pos, old->pos,
                            rule_sights(DIF_INVALIDATES_MORE), "'%s' makes %s stale, too",
                            new->name, text);
        }
    }
    for (size_t i = 0; i < old->target_count; i++) {
        const char *text = target_text(c->arena, old, &old->targets[i]);
        if (symbols_find(&now, text, strlen(text)) == NULL) {
            finding_add(c, DIF_INVALIDATES_LESS, new->pos, old->targets[i].pos,
                        rule_sights(DIF_INVALIDATES_LESS), "'%s' does not make %s stale any more",
                        new->name, text);
        }
    }
}

void events_compare(struct comparison *c)
{
    index_events(c, c->old, &c->old_events);
    index_events(c, c->new, &c->new_events);
    for (size_t i = 0; i < c->new->event_count; i++) {
        const struct sch_event *old = event_of(c, c->old, c->new->events[i].name);
        if (old != NULL) {
            compare_targets(c, old, &c->new->events[i]);
        }
    }
}
