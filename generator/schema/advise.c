/* SPDX-License-Identifier: MIT */
/*
 * What is legal and probably not meant.
 */
#include <string.h>

#include "schema/reader.h"

/* Entries that live shorter spread by themselves. */
#define LONG_LIVED_MS (INT64_C(6) * 3600 * 1000)

struct advice {
    struct reader *reader;
    const struct sch_entity *entity;
    const struct entity_info *info;
};

static bool is_wanted(const struct advice *advice, enum warning warning)
{
    return ((advice->reader->allowed | advice->info->allowed) & 1u << warning) == 0;
}

static void unreached(const struct advice *advice)
{
    const struct sch_entity *entity = advice->entity;
    if (entity->kind != SCH_OBJECT || entity->shape == SCH_SHAPE_STRUCT || entity->ttl_only ||
        entity->is_reached || advice->reader->targets_missing || advice->reader->tags_missing ||
        !is_wanted(advice, WARN_UNREACHED)) {
        return;
    }
    diag_warning(
        advice->reader->diag, entity->pos, warning_names[WARN_UNREACHED],
        "no event, tag or row change reaches '%s': only time makes it stale; `ttl_only: true` says "
        "that this is meant",
        entity->name);
}

/* Kinds whose entries a loader makes, or that know ttl_only: bits 1 << enum sch_entity_kind. */
enum { LOADED = 1 << SCH_OBJECT | 1 << SCH_RESPONSE, KEPT = LOADED | 1 << SCH_SET | 1 << SCH_HASH };

static bool is_of(const struct sch_entity *entity, unsigned kinds)
{
    return (kinds & 1u << entity->kind) != 0;
}

static void no_expiry(const struct advice *advice)
{
    if (advice->info->expires_never && is_of(advice->entity, KEPT) && !advice->entity->ttl_only &&
        is_wanted(advice, WARN_NO_EXPIRY)) {
        diag_warning(advice->reader->diag, advice->entity->ttl_pos, warning_names[WARN_NO_EXPIRY],
                     "entries of '%s' never expire; `ttl_only: true` says that this is meant",
                     advice->entity->name);
    }
}

/* A lifetime that each read renews has no end that entries could share. */
static void no_jitter(const struct advice *advice)
{
    const struct sch_entity *entity = advice->entity;
    if (is_of(entity, LOADED) && entity->param_count > 0 && entity->jitter_ppm == 0 &&
        !entity->sliding && entity_lifetime(advice->reader, entity) >= LONG_LIVED_MS &&
        is_wanted(advice, WARN_NO_JITTER)) {
        diag_warning(
            advice->reader->diag, entity->pos, warning_names[WARN_NO_JITTER],
            "entries of '%s' that were loaded together expire together: `jitter: 10%%` spreads them",
            entity->name);
    }
}

static const struct sch_field *find_secret(const struct sch_decl *body, const char *name)
{
    const struct sch_field *field = field_find(body, name);
    return field != NULL && field->secret ? field : NULL;
}

static void report_secret(const struct advice *advice, const struct sch_param *param,
                          const struct sch_field *field, const char *text)
{
    if (field != NULL && !param->hash && is_wanted(advice, WARN_SECRET_KEY)) {
        diag_warning(advice->reader->diag, param->pos, warning_names[WARN_SECRET_KEY],
                     "'%s' is secret, and %s", param->name, text);
        diag_note(advice->reader->diag, field->pos, "the secret is here");
    }
}

/* In its key, be it an index, and in its tags, which are keys, too. */
static void secret_in_key(const struct advice *advice)
{
    const struct sch_entity *entity = advice->entity;
    const struct sch_decl *body = entity->of != NULL ? &entity->of->body : &entity->body;
    for (size_t i = 0; i < entity->param_count; i++) {
        const struct sch_param *param = &entity->params[i];
        report_secret(advice, param, find_secret(body, param->name),
                      "keys are seen: `|hash` hides it");
    }
    for (size_t t = 0; t < entity->tag_count; t++) {
        for (size_t i = 0; i < entity->tags[t].param_count; i++) {
            const struct sch_param *param = &entity->tags[t].params[i];
            report_secret(advice, param, find_secret(body, param->name), "tags are seen like keys");
        }
    }
}

void advise(struct reader *reader)
{
    for (size_t i = 0; i < reader->service->entity_count; i++) {
        struct advice advice = {reader, &reader->service->entities[i], &reader->infos[i]};
        if (advice.info->broken) {
            continue;
        }
        unreached(&advice);
        no_expiry(&advice);
        no_jitter(&advice);
        secret_in_key(&advice);
    }
}
