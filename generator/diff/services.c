/* SPDX-License-Identifier: MIT */
/*
 * Two services: which entity has become which, and what is compared of them.
 */
#include <string.h>

#include "diff/comparison.h"
#include "schema/place_of.h"
#include "schema/type_text.h"

/* ------------------------------------------------------------- where entries are */

static const char *db_text(struct arena *arena, const struct sch_service *service)
{
    return service->has_db ? arena_printf(arena, "%d", (int)service->db) : "the setting's";
}

static void add_apart(struct comparison *c, enum dif_rule rule, const char *was, const char *is)
{
    bool renamed = rule == DIF_SERVICE_RENAMED;
    finding_add(c, rule, renamed ? c->new->pos : c->new->redis_pos,
                renamed ? c->old->pos : c->old->redis_pos, rule_sights(rule),
                "the %s was %s and is %s",
                renamed ? "service" : (rule == DIF_DB_CHANGED ? "database" : "prefix"), was, is);
    c->apart = true;
}

static void compare_homes(struct comparison *c)
{
    const char *old_db = db_text(c->arena, c->old);
    const char *new_db = db_text(c->arena, c->new);
    if (strcmp(c->old->name, c->new->name) != 0) {
        add_apart(c, DIF_SERVICE_RENAMED, arena_printf(c->arena, "'%s'", c->old->name),
                  arena_printf(c->arena, "'%s'", c->new->name));
    }
    if (strcmp(old_db, new_db) != 0) {
        add_apart(c, DIF_DB_CHANGED, old_db, new_db);
    }
    if (strcmp(c->old->prefix, c->new->prefix) != 0) {
        add_apart(c, DIF_PREFIX_CHANGED, arena_printf(c->arena, "\"%s\"", c->old->prefix),
                  arena_printf(c->arena, "\"%s\"", c->new->prefix));
    }
}

/* -------------------------------------------------------------- who is who */

/* By name; what is left, by key: the same literals and types of parameters. */
struct pairs {
    const struct sch_entity **new_of; /* of each old entity; NULL: gone */
    bool *is_old;                     /* of each new entity: it was there */
};

static const char *key_text(struct arena *arena, const struct sch_entity *entity)
{
    struct text out;
    text_init(&out, arena, SIZE_MAX / 4);
    for (size_t i = 0; i < entity->part_count; i++) {
        const struct sch_part *part = &entity->parts[i];
        if (part->literal != NULL) {
            text_append(&out, part->literal, part->literal_len);
            continue;
        }
        const struct sch_param *param = &entity->params[part->param];
        text_printf(&out, "{%s%s}", type_text(arena, &param->type), param->hash ? "|hash" : "");
    }
    return out.data;
}

static void pair_up(struct comparison *c, struct pairs *pairs,
                    const char *(*text_of)(struct arena *, const struct sch_entity *))
{
    struct symbols texts;
    symbols_init(&texts, c->arena);
    for (size_t i = 0; i < c->new->entity_count; i++) {
        const char *text = text_of(c->arena, &c->new->entities[i]);
        if (!pairs->is_old[i]) {
            (void)symbols_add(&texts, text, strlen(text), i);
        }
    }
    for (size_t i = 0; i < c->old->entity_count; i++) {
        const char *text = text_of(c->arena, &c->old->entities[i]);
        const struct symbol *found =
            pairs->new_of[i] == NULL ? symbols_find(&texts, text, strlen(text)) : NULL;
        if (found != NULL && !pairs->is_old[found->value]) {
            pairs->new_of[i] = &c->new->entities[found->value];
            pairs->is_old[found->value] = true;
        }
    }
}

static const char *name_text(struct arena *arena, const struct sch_entity *entity)
{
    (void)arena;
    return entity->name;
}

/* ---------------------------------------------------------------- an entity */

/* What decides whether values are shared comes first: it covers what comes behind. */
static void compare_entity(struct comparison *c, const struct sch_entity *old,
                           const struct sch_entity *new)
{
    c->entity = new;
    c->entity_number++;
    c->covered = false;
    if (strcmp(old->name, new->name) != 0) {
        finding_add(c, DIF_ENTITY_RENAMED, new->pos, old->pos, rule_sights(DIF_ENTITY_RENAMED),
                    "the entity '%s' is called '%s'", old->name, new->name);
        c->covered = true;
    }
    if (old->kind != new->kind) {
        finding_add(c, DIF_KIND_CHANGED, sch_place_of(new, "kind"), sch_place_of(old, "kind"),
                    rule_sights(DIF_KIND_CHANGED), "'%s' was of the kind %s and is of the kind %s",
                    new->name, choice_text(c->arena, OPT_KIND, old->kind),
                    choice_text(c->arena, OPT_KIND, new->kind));
        c->covered = true;
    }
    key_compare(c, old, new);
    options_compare(c, old, new);
    if (old->kind == new->kind) {
        value_compare(c, old, new);
    }
    api_compare_entity(c, old, new);
    c->entity = NULL;
    c->covered = false;
}

static void report_added(struct comparison *c, const struct sch_entity *entity)
{
    c->entity = entity;
    finding_add_new(c, DIF_ENTITY_ADDED, entity->pos, c->old->pos, (struct sights){0, 0},
                    "the entity '%s' is new", entity->name);
    finding_add_new(c, DIF_API_ENTITY_ADDED, entity->pos, c->old->pos, (struct sights){0, 0},
                    "%s_cache_... is new", entity->c_name);
    c->entity = NULL;
}

static void report_removed(struct comparison *c, const struct sch_entity *entity)
{
    finding_add(c, DIF_ENTITY_REMOVED, c->new->pos, entity->pos, (struct sights){0, 0},
                "the entity '%s' is gone", entity->name);
    finding_add(c, DIF_API_ENTITY_REMOVED, c->new->pos, entity->pos, (struct sights){0, 0},
                "struct %s and %s_cache_... are gone", entity->c_name, entity->c_name);
}

static void compare_entities(struct comparison *c)
{
    struct pairs pairs = {
        .new_of = arena_array(c->arena, c->old->entity_count + 1, sizeof(struct sch_entity *)),
        .is_old = arena_array(c->arena, c->new->entity_count + 1, sizeof(bool)),
    };
    pair_up(c, &pairs, name_text);
    pair_up(c, &pairs, key_text);
    for (size_t i = 0; i < c->old->entity_count; i++) {
        if (pairs.new_of[i] != NULL) {
            compare_entity(c, &c->old->entities[i], pairs.new_of[i]);
        } else {
            report_removed(c, &c->old->entities[i]);
        }
    }
    for (size_t i = 0; i < c->new->entity_count; i++) {
        if (!pairs.is_old[i]) {
            report_added(c, &c->new->entities[i]);
        }
    }
}

struct dif_report *dif_compare(struct arena *arena, const struct sch_service *old,
                               const struct sch_service *new)
{
    struct comparison *c = arena_alloc(arena, sizeof *c);
    c->arena = arena;
    c->old = old;
    c->new = new;
    c->report = arena_alloc(arena, sizeof *c->report);
    c->report->arena = arena;
    symbols_init(&c->known, arena);
    symbols_init(&c->meeting_names, arena);
    compare_homes(c);
    ttls_compare(c);
    compare_entities(c);
    events_compare(c);
    api_compare(c);
    findings_finish(c);
    return c->report;
}
