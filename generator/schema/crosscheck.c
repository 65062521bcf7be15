/* SPDX-License-Identifier: MIT */
/*
 * What can be checked of an entity only when all have been read.
 */
#include <string.h>

#include "schema/reader.h"

const struct sch_field *field_find(const struct sch_decl *body, const char *name)
{
    for (size_t i = 0; i < body->field_count; i++) {
        if (strcmp(body->fields[i].name, name) == 0) {
            return &body->fields[i];
        }
    }
    return NULL;
}

static void check_index_param(struct reader *reader, struct sch_param *param,
                              const struct sch_entity *of, const struct yml_node *fields)
{
    const struct sch_field *field = field_find(&of->body, param->name);
    param->field = field;
    if (field == NULL) {
        diag_error(reader->diag, param->pos, "unknown-field",
                   "'%s' is no field of '%s', which the index leads to%s", param->name, of->name,
                   did_you_mean_key(reader, param->name, fields));
    } else if (!field->type.broken && !param->type.broken &&
               !type_equal(&field->type, &param->type)) {
        diag_error(reader->diag, param->pos, "wrong-argument",
                   "the field '%s' of '%s' is '%s', not '%s'", param->name, of->name,
                   type_text(reader->arena, &field->type), type_text(reader->arena, &param->type));
        diag_note(reader->diag, field->pos, "the field is here");
    }
}

/* What an index leads to; NULL: reported, or not to be judged. */
static const struct sch_entity *index_object(struct reader *reader, const struct yml_node *name)
{
    const struct symbol *symbol = symbols_find(&reader->entity_names, name->text, name->len);
    if (symbol == NULL) {
        diag_error(reader->diag, name->pos, "unknown-entity", "no entity is called '%s'%s",
                   name->text, did_you_mean_entity(reader, name->text));
        return NULL;
    }
    const struct sch_entity *of = &reader->service->entities[symbol->value];
    const struct entity_info *info = &reader->infos[symbol->value];
    if (info->broken || info->key_broken) {
        return NULL;
    }
    if (of->kind != SCH_OBJECT || of->shape != SCH_SHAPE_STRUCT) {
        diag_error(reader->diag, name->pos, "wrong-argument",
                   "an index leads to an object with 'fields', and '%s' is none", of->name);
        return NULL;
    }
    if (!of->params_are_fields) {
        diag_error(reader->diag, name->pos, "wrong-argument",
                   "an index leads to an object whose key is made of its fields, and that of '%s' "
                   "is not",
                   of->name);
        diag_note(reader->diag, of->pattern_pos, "the key is here");
        return NULL;
    }
    return of;
}

static void check_index(struct reader *reader, struct sch_entity *index,
                        const struct entity_info *info)
{
    const struct sch_entity *of = index_object(reader, info->of);
    if (of == NULL || info->key_broken) {
        return;
    }
    index->of = of;
    const struct yml_node *fields =
        yml_get(reader->infos[of - reader->service->entities].node, "fields");
    for (size_t i = 0; i < index->param_count; i++) {
        check_index_param(reader, &index->params[i], of, fields);
    }
    if (index->param_count == 0 && index->part_count > 0) {
        diag_error(
            reader->diag, index->pattern_pos, "bad-pattern",
            "an index's key has at least one part in braces: the field that '%s' is found by",
            of->name);
    }
}

/* The entity's lifetime as the schema knows it; 0: none, or the environment's. */
int64_t entity_lifetime(const struct reader *reader, const struct sch_entity *entity)
{
    if (entity->ttl_name == NULL) {
        return entity->ttl_ms;
    }
    const struct symbol *row =
        symbols_find(&reader->ttl_names, entity->ttl_name, strlen(entity->ttl_name));
    return row == NULL ? 0 : reader->service->ttls[row->value].ms;
}

static void check_near(struct reader *reader, const struct sch_entity *entity,
                       const struct entity_info *info)
{
    int64_t lifetime = entity_lifetime(reader, entity);
    if (info->near_ttl.node != NULL && lifetime > 0 && info->near_ttl.number > lifetime) {
        diag_error(reader->diag, info->near_ttl.node->pos, "near-over-ttl",
                   "'%s' is longer than the entity's lifetime of %s", info->near_ttl.node->text,
                   opt_number_text(reader->arena, OPT_DURATION, lifetime));
        diag_note(reader->diag, entity->ttl_pos, "which is said here");
    }
}

static void check_max_age(struct reader *reader, const struct sch_entity *entity,
                          const struct entity_info *info)
{
    int64_t lifetime = entity_lifetime(reader, entity);
    if (entity->max_age_ms > 0 && entity->max_age_ms < lifetime) {
        diag_error(reader->diag, info->max_age_pos, "max-age-under-ttl",
                   "'max_age' is shorter than the lifetime of %s, which no read could renew",
                   opt_number_text(reader->arena, OPT_DURATION, lifetime));
        diag_note(reader->diag, entity->ttl_pos, "which is said here");
    }
}

const char *did_you_mean_entity(struct reader *reader, const char *word)
{
    const struct sch_service *service = reader->service;
    if (!can_guess(reader, service->entity_count)) {
        return "";
    }
    const char **names = arena_array(reader->arena, service->entity_count + 1, sizeof *names);
    for (size_t i = 0; i < service->entity_count; i++) {
        names[i] = service->entities[i].name;
    }
    return did_you_mean(reader, word, names, service->entity_count);
}

void entities_check(struct reader *reader)
{
    for (size_t i = 0; i < reader->service->entity_count; i++) {
        struct sch_entity *entity = &reader->service->entities[i];
        const struct entity_info *info = &reader->infos[i];
        if (info->of != NULL) {
            check_index(reader, entity, info);
        }
        check_near(reader, entity, info);
        check_max_age(reader, entity, info);
    }
}
