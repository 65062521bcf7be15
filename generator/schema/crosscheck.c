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

static void check_index_params(struct reader *reader, const struct sch_entity *index,
                               const struct sch_entity *of, const struct yml_node *fields)
{
    for (size_t i = 0; i < index->param_count; i++) {
        const struct sch_param *param = &index->params[i];
        const struct sch_field *field = field_find(&of->body, param->name);
        if (field == NULL) {
            diag_error(reader->diag, param->pos, "unknown-field",
                       "'%s' is no field of '%s', which the index leads to%s", param->name,
                       of->name, did_you_mean_key(reader, param->name, fields));
        } else if (!field->type.broken && !param->type.broken &&
                   !type_equal(&field->type, &param->type)) {
            diag_error(reader->diag, param->pos, "wrong-argument",
                       "the field '%s' of '%s' is '%s', not '%s'", param->name, of->name,
                       type_text(reader->arena, &field->type),
                       type_text(reader->arena, &param->type));
            diag_note(reader->diag, field->pos, "the field is here");
        }
    }
}

static void check_index(struct reader *reader, const struct sch_entity *index,
                        const struct yml_node *name)
{
    const struct sch_service *service = reader->service;
    const struct symbol *symbol = symbols_find(&reader->entity_names, name->text, name->len);
    if (symbol == NULL) {
        diag_error(reader->diag, name->pos, "unknown-entity", "no entity is called '%s'%s",
                   name->text, did_you_mean_entity(reader, name->text));
        return;
    }
    const struct sch_entity *of = &service->entities[symbol->value];
    const struct entity_info *info = &reader->infos[symbol->value];
    if (info->broken) {
        return;
    }
    if (of->kind != SCH_OBJECT || of->shape != SCH_SHAPE_STRUCT) {
        diag_error(reader->diag, name->pos, "wrong-argument",
                   "an index leads to an object with 'fields', and '%s' is none", of->name);
        return;
    }
    check_index_params(reader, index, of, yml_get(info->node, "fields"));
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

const char *did_you_mean_entity(struct reader *reader, const char *word)
{
    const struct sch_service *service = reader->service;
    if (service->entity_count > reader->guesses_left) {
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
        const struct sch_entity *entity = &reader->service->entities[i];
        if (reader->infos[i].of != NULL) {
            check_index(reader, entity, reader->infos[i].of);
        }
        check_near(reader, entity, &reader->infos[i]);
    }
}
