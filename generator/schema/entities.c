/* SPDX-License-Identifier: MIT */
/*
 * Entities: their value, key and lifetime.
 */
#include <string.h>

#include "schema/job.h"

/* ------------------------------------------------------------------- value */

static const enum opt_id shape_keys[] = {OPT_ENTITY_FIELDS, OPT_ENTITY_LIST, OPT_VALUE};

static bool has_misspelt_shape(const struct job *job)
{
    for (size_t i = 0; i < sizeof shape_keys / sizeof *shape_keys; i++) {
        if (opt_is_misspelt(job->pair->value, OPT_SCOPE_ENTITY, opt_table[shape_keys[i]].key)) {
            return true;
        }
    }
    return false;
}

/* Exactly one of the three. */
static const struct opt_value *find_shape(struct job *job)
{
    const struct opt_value *shape = NULL;
    for (size_t i = 0; i < sizeof shape_keys / sizeof *shape_keys; i++) {
        const struct opt_value *value = given(job, shape_keys[i]);
        if (value->key == NULL) {
            continue;
        }
        if (shape != NULL) {
            bool later = value->key->pos.line > shape->key->pos.line ||
                         (value->key->pos.line == shape->key->pos.line &&
                          value->key->pos.column > shape->key->pos.column);
            const struct opt_value *second = later ? value : shape;
            const struct opt_value *first = later ? shape : value;
            diag_error(job->reader->diag, second->key->pos, "wrong-type",
                       "an entity has one of 'fields', 'list' and 'value', not '%s' beside '%s'",
                       second->key->text, first->key->text);
            diag_note(job->reader->diag, first->key->pos, "the first is here");
            return NULL;
        }
        shape = value;
    }
    if (shape == NULL && !has_misspelt_shape(job)) {
        diag_error(job->reader->diag, job->entity->pos, "missing-key",
                   "an entity needs one of the keys 'fields', 'list' and 'value'");
    }
    return shape;
}

static void read_list(struct job *job, const struct yml_node *node)
{
    struct sch_entity *entity = job->entity;
    struct sch_type *item = arena_alloc(job->reader->arena, sizeof *item);
    entity->shape = SCH_SHAPE_LIST;
    (void)type_read_use(job->reader, node, item);
    entity->value =
        (struct sch_type){.kind = SCH_LIST, .pos = item->pos, .item = item, .broken = item->broken};
    if (item->optional && item->kind != SCH_STRING && item->kind != SCH_STRUCT) {
        diag_error(job->reader->diag, item->pos, "bad-type",
                   "'%s': inside a list only strings and structs may have '?'",
                   type_text(job->reader->arena, item));
    }
}

static void read_value(struct job *job, const struct yml_node *node)
{
    struct sch_entity *entity = job->entity;
    entity->shape = SCH_SHAPE_VALUE;
    (void)type_read_use(job->reader, node, &entity->value);
    if (entity->value.optional) {
        diag_error(job->reader->diag, entity->value.pos, "bad-type",
                   "an entity's value is there or is missed: without '?'");
    }
    if (entity->value.kind == SCH_LIST) {
        entity->shape = SCH_SHAPE_LIST;
    }
}

/* Its fields are written one at a time: an entry may hold any of them. */
static void check_hash_fields(struct job *job)
{
    const struct sch_decl *body = &job->entity->body;
    for (size_t i = 0; i < body->field_count; i++) {
        const struct sch_field *field = &body->fields[i];
        if (!field->type.broken && !field->type.optional && !field->has_default) {
            diag_error(job->reader->diag, field->type.pos, "bad-type",
                       "a hash's fields are written one at a time, so that '%s' may be missing: "
                       "it needs '?' or a default",
                       field->name);
        }
    }
}

static void read_shape(struct job *job)
{
    const struct opt_value *reserved = given(job, OPT_ENTITY_RESERVED);
    const struct opt_value *fields = given(job, OPT_ENTITY_FIELDS);
    struct sch_entity *entity = job->entity;
    if (entity->kind != SCH_OBJECT && entity->kind != SCH_HASH) {
        return;
    }
    const struct opt_value *shape = fields;
    if (entity->kind == SCH_OBJECT) {
        shape = find_shape(job);
    } else if (fields->key == NULL) {
        diag_error(job->reader->diag, entity->pos, "missing-key", "a hash needs the key 'fields'");
    }
    job->info->broken |= shape == NULL || shape->node == NULL;
    if (shape == NULL || shape->node == NULL) {
        job->reader->types_missing = true;
        return;
    }
    if (shape == fields) {
        entity->shape = SCH_SHAPE_STRUCT;
        job->info->broken |= !fields_read(job->reader, fields->node, reserved->node, &entity->body);
        if (entity->kind == SCH_HASH) {
            check_hash_fields(job);
        }
    } else if (reserved->key != NULL) {
        diag_error(job->reader->diag, reserved->key->pos, "wrong-type",
                   "'reserved' goes with 'fields'");
    }
    if (shape == given(job, OPT_ENTITY_LIST)) {
        read_list(job, shape->node);
    } else if (shape == given(job, OPT_VALUE)) {
        read_value(job, shape->node);
    }
}

/* --------------------------------------------------------------------- key */

/* Which parameters are the value's own fields. */
static void match_fields(struct sch_entity *entity)
{
    bool all = entity->shape == SCH_SHAPE_STRUCT && entity->param_count > 0;
    for (size_t i = 0; i < entity->param_count; i++) {
        struct sch_param *param = &entity->params[i];
        const struct sch_field *field = field_find(&entity->body, param->name);
        bool same = field != NULL && !field->type.broken && type_equal(&field->type, &param->type);
        param->field = same ? field : NULL;
        all = all && same;
    }
    entity->params_are_fields = all;
}

static void check_length(struct job *job)
{
    const struct sch_entity *entity = job->entity;
    size_t least = strlen(job->reader->service->prefix);
    for (size_t i = 0; i < entity->part_count; i++) {
        least += entity->parts[i].literal != NULL ? entity->parts[i].literal_len : 1;
    }
    if (least > LIMIT_KEY) {
        diag_error(job->reader->diag, entity->pattern_pos, "out-of-range",
                   "every key would be over %d bytes", LIMIT_KEY);
    }
}

static void read_key(struct job *job)
{
    const struct yml_node *node = given(job, OPT_KEY)->node;
    struct sch_entity *entity = job->entity;
    struct pattern pattern;
    if (node == NULL) {
        job->info->broken = true;
        entity->pattern = "";
        return;
    }
    entity->pattern = node->text;
    entity->pattern_pos = node->pos;
    job->info->key_broken = !pattern_read(job->reader, node, &pattern);
    entity->parts = pattern.parts;
    entity->part_count = pattern.part_count;
    entity->params = pattern.params;
    entity->param_count = pattern.param_count;
    match_fields(entity);
    check_length(job);
}

/* ---------------------------------------------------------------- lifetime */

static const char *did_you_mean_ttl(struct reader *reader, const char *word)
{
    size_t count = reader->service->ttl_count;
    if (!can_guess(reader, count + 1)) {
        return "";
    }
    const char **names = arena_array(reader->arena, count + 1, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        names[i] = reader->service->ttls[i].name;
    }
    names[count] = "none";
    return did_you_mean(reader, word, names, count + 1);
}

static void read_named_ttl(struct job *job, const struct yml_node *node)
{
    const struct symbol *row = symbols_find(&job->reader->ttl_names, node->text, node->len);
    if (row == NULL) {
        diag_error(job->reader->diag, node->pos, "unknown-ttl",
                   "'%s' is no name of 'ttl', no duration (500ms 30s 5m 1h 2d) and not 'none'%s",
                   node->text, did_you_mean_ttl(job->reader, node->text));
        return;
    }
    job->entity->ttl_name = job->reader->service->ttls[row->value].name;
}

static void read_ttl(struct job *job)
{
    const struct yml_node *node = given(job, OPT_ENTITY_TTL)->node;
    struct sch_entity *entity = job->entity;
    bool has_one = (opt_table[OPT_ENTITY_TTL].kinds & 1u << entity->kind) != 0;
    entity->ttl_pos = entity->pos;
    entity->ttl_name = has_one ? "default" : NULL;
    if (node == NULL || !opt_is_scalar(job->reader, node, "'ttl'")) {
        return;
    }
    entity->ttl_pos = node->pos;
    if (strcmp(node->text, "none") == 0) {
        entity->ttl_name = NULL;
        job->info->expires_never = true;
    } else if ((node->text[0] >= '0' && node->text[0] <= '9') || node->text[0] == '-') {
        entity->ttl_name = NULL;
        (void)opt_number(job->reader, node, OPT_ENTITY_TTL, &entity->ttl_ms);
    } else {
        read_named_ttl(job, node);
    }
}

/* --------------------------------------------------------------- the whole */

/* The kind decides which keys are known, so it is looked at first; one that is
 * wrong (reported later, with the others) knows all. */
static unsigned peek_kinds(const struct yml_node *map)
{
    const struct yml_node *node =
        map->kind == YML_MAP ? yml_get(map, opt_table[OPT_KIND].key) : NULL;
    if (node == NULL) {
        return 1u << SCH_OBJECT;
    }
    unsigned kind = 0;
    for (const char *at = opt_table[OPT_KIND].choices; *at != '\0'; kind++) {
        size_t len = strcspn(at, "|");
        if (node->kind == YML_SCALAR && node->len == len && memcmp(node->text, at, len) == 0) {
            return 1u << kind;
        }
        at += len + (at[len] == '|');
    }
    return OPT_ALL_KINDS;
}

static void read_entity(struct job *job)
{
    struct sch_entity *entity = job->entity;
    unsigned kinds = peek_kinds(job->pair->value);
    entity->name = job->pair->key->text;
    entity->pos = job->pair->key->pos;
    entity->body.name = entity->name;
    entity->body.pos = entity->pos;
    entity->body.used = true;
    entity->pattern = "";
    job->info->node = job->pair->value;
    if (!opt_read(job->reader, job->pair->value, OPT_SCOPE_ENTITY, kinds, entity->pos,
                  &job->values)) {
        job->info->broken = true;
        job->reader->types_missing = true;
        return;
    }
    entity->kind = (enum sch_entity_kind)given(job, OPT_KIND)->number;
    entity->kind_pos =
        given(job, OPT_KIND)->node == NULL ? entity->pos : given(job, OPT_KIND)->node->pos;
    job->info->allowed = allow_read(job->reader, given(job, OPT_ENTITY_ALLOW)->node);
    if (given(job, OPT_ENTITY_DESCRIPTION)->node != NULL) {
        entity->description = given(job, OPT_ENTITY_DESCRIPTION)->node->text;
        entity->body.description = entity->description;
    }
    if (kinds == OPT_ALL_KINDS) {
        job->info->broken = true; /* reported; what it would need is not known */
        return;
    }
    read_shape(job);
    read_key(job);
    read_ttl(job);
    policies_read(job);
}

void entities_read(struct reader *reader, const struct yml_node *map)
{
    struct sch_service *service = reader->service;
    struct job *job = arena_alloc(reader->arena, sizeof *job);
    if (map == NULL) {
        reader->types_missing = true;
        return;
    }
    if (map->count == 0) {
        diag_error(reader->diag, map->pos, "out-of-range", "at least one entity is needed");
        return;
    }
    if (map->count > LIMIT_ENTITIES) {
        diag_error(reader->diag, map->pairs[LIMIT_ENTITIES].key->pos, "limit",
                   "more than %d entities", LIMIT_ENTITIES);
        return;
    }
    service->entities = arena_array(reader->arena, map->count, sizeof *service->entities);
    reader->infos = arena_array(reader->arena, map->count, sizeof *reader->infos);
    for (size_t i = 0; i < map->count; i++) {
        const struct yml_node *name = map->pairs[i].key;
        if (!name_check(reader, name, "an entity")) {
            reader->types_missing = true;
            continue;
        }
        (void)symbols_add(&reader->entity_names, name->text, name->len, service->entity_count);
        *job = (struct job){.reader = reader,
                            .pair = &map->pairs[i],
                            .entity = &service->entities[service->entity_count],
                            .info = &reader->infos[service->entity_count]};
        service->entity_count++;
        read_entity(job);
    }
}
