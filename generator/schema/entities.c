/* SPDX-License-Identifier: MIT */
/*
 * Entities: their value, key, lifetime and policies.
 */
#include <string.h>

#include "schema/reader.h"

/* One entity while it is read. */
struct job {
    struct reader *reader;
    const struct yml_pair *pair;
    struct sch_entity *entity;
    struct entity_info *info;
    struct opt_values values;
};

static const struct opt_value *given(const struct job *job, enum opt_id id)
{
    return &job->values.of[id];
}

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

static const struct sch_field *find_field(const struct sch_decl *body, const char *name)
{
    for (size_t i = 0; i < body->field_count; i++) {
        if (strcmp(body->fields[i].name, name) == 0) {
            return &body->fields[i];
        }
    }
    return NULL;
}

/* Which parameters are the value's own fields. */
static void match_fields(struct sch_entity *entity)
{
    bool all = entity->shape == SCH_SHAPE_STRUCT && entity->param_count > 0;
    for (size_t i = 0; i < entity->param_count; i++) {
        struct sch_param *param = &entity->params[i];
        const struct sch_field *field = find_field(&entity->body, param->name);
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

static void read_named_ttl(struct job *job, const struct yml_node *node)
{
    const struct symbol *row = symbols_find(&job->reader->ttl_names, node->text, node->len);
    if (row == NULL) {
        size_t count = job->reader->service->ttl_count;
        const char **names = arena_array(job->reader->arena, count + 1, sizeof *names);
        for (size_t i = 0; i < count; i++) {
            names[i] = job->reader->service->ttls[i].name;
        }
        names[count] = "none";
        diag_error(job->reader->diag, node->pos, "unknown-ttl",
                   "'%s' is no name of 'ttl', no duration (500ms 30s 5m 1h 2d) and not 'none'%s",
                   node->text, did_you_mean(job->reader, node->text, names, count + 1));
        return;
    }
    job->entity->ttl_name = job->reader->service->ttls[row->value].name;
}

static void read_ttl(struct job *job)
{
    const struct yml_node *node = given(job, OPT_ENTITY_TTL)->node;
    struct sch_entity *entity = job->entity;
    job->info->ttl_pos = entity->pos;
    entity->ttl_name = "default";
    if (node == NULL || !opt_is_scalar(job->reader, node, "'ttl'")) {
        return;
    }
    job->info->ttl_pos = node->pos;
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

/* ---------------------------------------------------------------- policies */

static void read_near(struct job *job)
{
    struct opt_values values;
    const struct opt_value *near = given(job, OPT_NEAR);
    if (near->node != NULL &&
        opt_read(job->reader, near->node, OPT_SCOPE_NEAR, OPT_ALL_KINDS, near->key->pos, &values)) {
        job->info->near_ttl = values.of[OPT_NEAR_TTL];
    }
}

static void read_stale(struct job *job)
{
    struct opt_values values;
    const struct opt_value *stale = given(job, OPT_STALE);
    if (stale->node != NULL) {
        (void)opt_read(job->reader, stale->node, OPT_SCOPE_STALE, OPT_ALL_KINDS, stale->key->pos,
                       &values);
    }
}

/* compress: { codec: none } asks for nothing. */
static void read_compress(struct job *job)
{
    struct opt_values values;
    struct opt_value *compress = &job->values.of[OPT_COMPRESS];
    if (compress->node == NULL) {
        return;
    }
    bool good = opt_read(job->reader, compress->node, OPT_SCOPE_COMPRESS, OPT_ALL_KINDS,
                         compress->key->pos, &values);
    bool none = values.of[OPT_CODEC].node != NULL && values.of[OPT_CODEC].number == 0;
    if (good && none) {
        compress->key = NULL;
    }
}

static void read_refresh_ahead(struct job *job)
{
    int64_t ppm;
    const struct yml_node *node = given(job, OPT_REFRESH_AHEAD)->node;
    if (node != NULL && node->kind == YML_SCALAR && strcmp(node->text, "xfetch") == 0) {
        return;
    }
    if (node != NULL) {
        (void)opt_number(job->reader, node, OPT_REFRESH_AHEAD, &ppm);
    }
}

static void read_tag(struct job *job, const struct yml_node *item, struct pattern *pattern)
{
    if (!pattern_read_tag(job->reader, item, pattern)) {
        return;
    }
    for (size_t p = 0; p < pattern->param_count; p++) {
        const struct sch_field *field = find_field(&job->entity->body, pattern->params[p].name);
        if (field == NULL) {
            diag_error(job->reader->diag, pattern->params[p].pos, "unknown-field",
                       "'%s' has no field '%s' to build a tag from%s", job->entity->name,
                       pattern->params[p].name,
                       did_you_mean_key(job->reader, pattern->params[p].name,
                                        given(job, OPT_ENTITY_FIELDS)->node));
        }
    }
}

static void read_tags(struct job *job)
{
    struct opt_value *tags = &job->values.of[OPT_TAGS];
    if (tags->node == NULL) {
        return;
    }
    job->info->tags =
        arena_array(job->reader->arena, tags->node->count + 1, sizeof *job->info->tags);
    job->info->tag_count = tags->node->count;
    for (size_t i = 0; i < tags->node->count; i++) {
        read_tag(job, tags->node->items[i], &job->info->tags[i]);
    }
    if (tags->node->count == 0) {
        tags->key = NULL;
    }
}

static void require(struct job *job, enum opt_id id)
{
    if (given(job, id)->key == NULL) {
        diag_error(job->reader->diag, job->entity->pos, "missing-key",
                   "this kind needs the key '%s'", opt_table[id].key);
    }
}

/* One key that only makes sense beside another. */
static void require_beside(struct job *job, enum opt_id id, bool there, const char *other)
{
    if (given(job, id)->key != NULL && !there) {
        diag_error(job->reader->diag, given(job, id)->key->pos, "wrong-type", "'%s' goes with '%s'",
                   opt_table[id].key, other);
    }
}

static void read_kind_keys(struct job *job)
{
    enum sch_entity_kind kind = job->entity->kind;
    if (kind == SCH_INDEX) {
        require(job, OPT_OF);
        job->info->of = given(job, OPT_OF)->node;
    }
    if (kind == SCH_RATE_LIMIT) {
        bool gcra = given(job, OPT_ALGORITHM)->number == 1;
        require(job, OPT_LIMIT);
        require(job, OPT_WINDOW);
        require_beside(job, OPT_BURST, gcra, "algorithm: gcra");
    }
    if (kind == SCH_SET) {
        const struct yml_node *members = given(job, OPT_MEMBERS)->node;
        require(job, OPT_MEMBERS);
        if (members != NULL) {
            (void)type_read_use(job->reader, members, &job->info->members);
        }
    }
    bool sliding = given(job, OPT_SLIDING)->node != NULL && given(job, OPT_SLIDING)->number != 0;
    require_beside(job, OPT_MAX_AGE, sliding, "sliding: true");
}

/* ------------------------------------------------------ not in this version */

/* A key that is there but asks for what would happen anyway. */
static bool asks_for_nothing(const struct job *job, enum opt_id id)
{
    bool is_word = opt_table[id].form == OPT_FLAG || opt_table[id].form == OPT_CHOICE;
    return is_word && given(job, id)->number == 0;
}

static void report_later(struct job *job)
{
    uint32_t allowed = job->reader->allowed | job->info->allowed;
    for (int i = 0; i < OPT_COUNT; i++) {
        const struct opt *row = &opt_table[i];
        const struct opt_value *value = &job->values.of[i];
        if (row->scope != OPT_SCOPE_ENTITY || row->today == OPT_FULL || value->key == NULL ||
            value->node == NULL || asks_for_nothing(job, (enum opt_id)i)) {
            continue;
        }
        if (row->today == OPT_REFUSED) {
            diag_error(job->reader->diag, value->key->pos, "not-in-this-version",
                       "'%s' is not in this version, and leaving it out would be wrong", row->key);
        } else if ((allowed & 1u << WARN_NOT_YET) == 0) {
            diag_warning(job->reader->diag, value->key->pos, warning_names[WARN_NOT_YET],
                         "'%s' is not in this version: it is read, checked and without effect",
                         row->key);
        }
    }
}

static void report_kind(struct job *job)
{
    const struct yml_node *kind = given(job, OPT_KIND)->node;
    if (kind != NULL && job->entity->kind != SCH_OBJECT) {
        diag_error(job->reader->diag, kind->pos, "not-in-this-version",
                   "entities of kind '%s' are not in this version", kind->text);
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

static void read_policies(struct job *job)
{
    struct sch_entity *entity = job->entity;
    entity->jitter_ppm = (uint32_t)given(job, OPT_JITTER)->number;
    entity->version =
        given(job, OPT_VERSION)->node == NULL ? 1 : (uint32_t)given(job, OPT_VERSION)->number;
    entity->max_bytes = (uint64_t)given(job, OPT_MAX_BYTES)->number;
    entity->ttl_only = given(job, OPT_TTL_ONLY)->number != 0;
    read_near(job);
    read_stale(job);
    read_compress(job);
    read_refresh_ahead(job);
    read_tags(job);
    read_kind_keys(job);
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
    read_policies(job);
    report_kind(job);
    report_later(job);
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

/* ------------------------------------------------- across several entities */

static void check_index_params(struct reader *reader, const struct sch_entity *index,
                               const struct sch_entity *of, const struct yml_node *fields)
{
    for (size_t i = 0; i < index->param_count; i++) {
        const struct sch_param *param = &index->params[i];
        const struct sch_field *field = find_field(&of->body, param->name);
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
        diag_note(reader->diag, info->ttl_pos, "which is said here");
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
