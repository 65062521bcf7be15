/* SPDX-License-Identifier: MIT */
/*
 * Two patterns that can produce one key: in one service, and between the
 * services of one run; and two tags that can be one.
 *
 * Every entity's keys are looked at, of whatever kind. Those that the library
 * keeps for itself (versions, tags, fences) need no look: they begin with
 * `<prefix>~<service>:`, and no prefix, no pattern's text and no parameter
 * puts a `~` into a key; the services of a run differ in their names.
 */
#include <string.h>

#include "schema/meet.h"
#include "schema/reader.h"

struct pattern_owner {
    const struct sch_entity *entity;
    const struct sch_service *service;
    bool reported;
};

struct meeting {
    struct diag *diag;
    struct pattern_owner *owners; /* in the order of the schemas and of each file */
    bool across;                  /* only between services: each was checked by itself */
};

static void report(void *user, size_t one, size_t other)
{
    struct meeting *meeting = user;
    struct pattern_owner *first = &meeting->owners[one < other ? one : other];
    struct pattern_owner *second = &meeting->owners[one < other ? other : one];
    if (second->reported || (meeting->across && first->service == second->service)) {
        return;
    }
    second->reported = true;
    if (meeting->across) {
        diag_error(meeting->diag, second->entity->pattern_pos, "same-key",
                   "a key of '%s' can be a key of '%s' of the service '%s', too",
                   second->entity->name, first->entity->name, first->service->name);
    } else {
        diag_error(meeting->diag, second->entity->pattern_pos, "same-key",
                   "a key of '%s' can be a key of '%s', too", second->entity->name,
                   first->entity->name);
    }
    diag_note(meeting->diag, first->entity->pattern_pos, "the other pattern is here");
}

static void find(struct meeting *meeting, const struct net *net, struct src_pos pos)
{
    if (!net_find(net, report, meeting)) {
        diag_error(
            meeting->diag, pos, "limit",
            "the key patterns overlap too much to be told apart: begin each with a text of its own");
    }
}

/* Tags of one form are meant to be equal; those of two would invalidate each other. */
static void report_tags(void *user, size_t one, size_t other)
{
    struct reader *reader = user;
    const struct sch_tag_form *forms = reader->service->tag_forms;
    const struct sch_tag *first = forms[one < other ? one : other].first;
    const struct sch_tag *second = forms[one < other ? other : one].first;
    diag_error(
        reader->diag, second->pos, "same-tag",
        "'%s' can make the same tag as '%s': tags that are meant to be one are written alike",
        second->pattern, first->pattern);
    diag_note(reader->diag, first->pos, "the other tag is here");
}

static void tags_meet(struct reader *reader)
{
    const struct sch_service *service = reader->service;
    struct net net;
    if (service->tag_form_count < 2) {
        return;
    }
    struct arena *arena = arena_new();
    net_init(&net, arena);
    for (size_t i = 0; i < service->tag_form_count; i++) {
        const struct sch_tag *tag = service->tag_forms[i].first;
        net_add(&net, "", tag->parts, tag->part_count, tag->params, i);
    }
    if (!net_find(&net, report_tags, reader)) {
        diag_error(reader->diag, service->pos, "limit",
                   "the tags overlap too much to be told apart: begin each with a text of its own");
    }
    arena_free(arena);
}

void meet_check(struct reader *reader)
{
    const struct sch_service *service = reader->service;
    struct meeting meeting = {.diag = reader->diag};
    struct net net;
    if (service->entity_count == 0) {
        return;
    }
    meeting.owners = arena_array(reader->arena, service->entity_count, sizeof *meeting.owners);
    struct arena *arena = arena_new();
    net_init(&net, arena);
    for (size_t i = 0; i < service->entity_count; i++) {
        const struct sch_entity *entity = &service->entities[i];
        meeting.owners[i].entity = entity;
        if (entity->part_count > 0 && !reader->infos[i].key_broken) {
            net_add(&net, "", entity->parts, entity->part_count, entity->params, i);
        }
    }
    find(&meeting, &net, service->pos);
    arena_free(arena);
    tags_meet(reader);
}

/* -------------------------------------------------------------- one run */

static void check_names(struct arena *arena, struct diag *diag,
                        const struct sch_service *const *services, size_t count)
{
    struct symbols names;
    symbols_init(&names, arena);
    for (size_t i = 0; i < count; i++) {
        const struct symbol *other =
            symbols_add(&names, services[i]->name, strlen(services[i]->name), i);
        if (other != NULL) {
            diag_error(diag, services[i]->pos, "collision", "a second service '%s'",
                       services[i]->name);
            diag_note(diag, services[other->value]->pos, "the first is here");
        }
    }
}

static bool share_db(const struct sch_service *a, const struct sch_service *b)
{
    /* Without db the environment decides, and 0 where it does not. */
    return (a->has_db ? a->db : 0) == (b->has_db ? b->db : 0);
}

/* Each service is held against the first that shares its keys' space. */
static void advise_shared(struct diag *diag, const struct sch_service *const *services,
                          size_t count)
{
    for (size_t i = 1; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (!share_db(services[i], services[k]) ||
                strcmp(services[i]->prefix, services[k]->prefix) != 0) {
                continue;
            }
            if (((services[i]->allowed | services[k]->allowed) & 1u << WARN_SHARED_DB) == 0) {
                diag_warning(diag, services[i]->pos, warning_names[WARN_SHARED_DB],
                             "'%s' and '%s' share a database and a prefix", services[i]->name,
                             services[k]->name);
                diag_note(diag, services[k]->pos, "the other is here");
            }
            break;
        }
    }
}

/* One net of all services of `first`'s database, first being the first of them. */
static void check_database(struct arena *arena, struct diag *diag,
                           const struct sch_service *const *services, size_t count, size_t first)
{
    struct meeting meeting = {.diag = diag, .across = true};
    struct net net;
    size_t entities = 0;
    size_t members = 0;
    for (size_t i = first; i < count; i++) {
        bool in = share_db(services[first], services[i]);
        members += in;
        entities += in ? services[i]->entity_count : 0;
    }
    if (members < 2) {
        return;
    }
    meeting.owners = arena_array(arena, entities + 1, sizeof *meeting.owners);
    net_init(&net, arena);
    entities = 0;
    for (size_t i = first; i < count; i++) {
        const struct sch_service *service = services[i];
        if (!share_db(services[first], service)) {
            continue;
        }
        for (size_t e = 0; e < service->entity_count; e++) {
            const struct sch_entity *entity = &service->entities[e];
            meeting.owners[entities] = (struct pattern_owner){entity, service, false};
            net_add(&net, service->prefix, entity->parts, entity->part_count, entity->params,
                    entities++);
        }
    }
    find(&meeting, &net, services[first]->pos);
}

void sch_check_together(struct arena *arena, struct diag *diag,
                        const struct sch_service *const *services, size_t count)
{
    check_names(arena, diag, services, count);
    advise_shared(diag, services, count);
    for (size_t i = 0; i < count; i++) {
        bool seen = false;
        for (size_t k = 0; k < i; k++) {
            seen |= share_db(services[i], services[k]);
        }
        if (!seen) {
            check_database(arena, diag, services, count, i);
        }
    }
}
