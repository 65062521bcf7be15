/* SPDX-License-Identifier: MIT */
/*
 * Tags: what an entity's values carry, and what an event invalidates by it.
 *
 * DESIGN. Two tags are the same when their texts are, whoever made them. So all
 * tags of one text with the same types at the same places are one form,
 * "category:{u64}", found by that text; and samekey.c sees to it that tags of
 * different forms never make the same one.
 */
#include <string.h>

#include "base/text.h"
#include "schema/job.h"

enum { FORM_MAX = 128 * 1024 };

/* ----------------------------------------------------------- of an entity */

/* The field that a tag's parameter names. NULL: reported. */
static const struct sch_field *tag_field(struct job *job, const struct sch_param *param)
{
    struct diag *diag = job->reader->diag;
    const struct sch_entity *entity = job->entity;
    const struct sch_field *field = field_find(&entity->body, param->name);
    if (field == NULL && entity->body.field_count == 0) {
        diag_error(diag, param->pos, "unknown-field", "'%s' has no fields to build a tag from",
                   entity->name);
    } else if (field == NULL) {
        diag_error(diag, param->pos, "unknown-field",
                   "'%s' has no field '%s' to build a tag from%s", entity->name, param->name,
                   did_you_mean_key(job->reader, param->name, given(job, OPT_ENTITY_FIELDS)->node));
    } else if (!field->type.broken && !type_fits_key(&field->type)) {
        diag_error(diag, param->pos, "bad-type",
                   "a tag is built from integers, bool, string, uuid and enums, and '%s' is '%s'",
                   field->name, type_text(job->reader->arena, &field->type));
        diag_note(diag, field->pos, "the field is here");
        return NULL;
    }
    return field != NULL && !field->type.broken ? field : NULL;
}

static bool bind_fields(struct job *job, struct pattern *pattern)
{
    bool good = true;
    for (size_t p = 0; p < pattern->param_count; p++) {
        struct sch_param *param = &pattern->params[p];
        param->field = tag_field(job, param);
        good &= param->field != NULL;
        if (param->field != NULL) {
            param->type = param->field->type;
        }
    }
    return good && pattern_check_ambiguous(job->reader, pattern);
}

static struct sch_tag tag_of(const struct yml_node *scalar, const struct pattern *pattern)
{
    return (struct sch_tag){
        .pattern = scalar->text,
        .pos = scalar->pos,
        .parts = pattern->parts,
        .part_count = pattern->part_count,
        .params = pattern->params,
        .param_count = pattern->param_count,
    };
}

static void read_tag(struct job *job, const struct yml_node *item)
{
    struct sch_entity *entity = job->entity;
    struct pattern pattern;
    if (!pattern_read_tag(job->reader, item, &pattern) || !bind_fields(job, &pattern)) {
        job->reader->tags_missing = true;
        return;
    }
    for (size_t i = 0; i < entity->tag_count; i++) {
        if (strcmp(entity->tags[i].pattern, item->text) == 0) {
            diag_error(job->reader->diag, item->pos, "duplicate-tag", "a second tag '%s'",
                       item->text);
            diag_note(job->reader->diag, entity->tags[i].pos, "the first is here");
            return;
        }
    }
    entity->tags[entity->tag_count++] = tag_of(item, &pattern);
}

void tags_read(struct job *job)
{
    const struct yml_node *list = given(job, OPT_TAGS)->node;
    if (list == NULL) {
        job->reader->tags_missing |= given(job, OPT_TAGS)->key != NULL;
        return;
    }
    if (list->count > LIMIT_TAGS) {
        diag_error(job->reader->diag, list->items[LIMIT_TAGS]->pos, "limit",
                   "more than %d tags of an entity: each is looked up with every read", LIMIT_TAGS);
        job->reader->tags_missing = true;
        return;
    }
    job->entity->tags = arena_array(job->reader->arena, list->count + 1, sizeof *job->entity->tags);
    for (size_t i = 0; i < list->count; i++) {
        read_tag(job, list->items[i]);
    }
}

/* ------------------------------------------------------------------- forms */

/* "category:{u64}"; without types "category:{}". */
static const char *form_text(struct arena *arena, const struct sch_tag *tag, bool typed)
{
    struct text out;
    text_init(&out, arena, FORM_MAX);
    for (size_t i = 0; i < tag->part_count; i++) {
        const struct sch_part *part = &tag->parts[i];
        if (part->literal != NULL) {
            text_append(&out, part->literal, part->literal_len);
        } else {
            text_printf(&out, "{%s}",
                        typed ? type_text(arena, &tag->params[part->param].type) : "");
        }
    }
    return out.data;
}

static void add_to_form(struct reader *reader, struct sch_tag *tag)
{
    struct sch_service *service = reader->service;
    const char *form = form_text(reader->arena, tag, true);
    const struct symbol *known =
        symbols_add(&reader->tag_forms, form, strlen(form), service->tag_form_count);
    if (known == NULL) {
        const char *shape = form_text(reader->arena, tag, false);
        (void)symbols_add(&reader->tag_shapes, shape, strlen(shape), service->tag_form_count);
        service->tag_forms[service->tag_form_count] =
            (struct sch_tag_form){.form = form, .first = tag};
    }
    struct sch_tag_form *found =
        &service->tag_forms[known == NULL ? service->tag_form_count++ : known->value];
    found->carrier_count++; /* at most: one that carries it twice counts once in the end */
    tag->form = found;
}

static void add_carrier(struct sch_tag_form *form, const struct sch_entity *entity)
{
    if (form->carrier_count == 0 || form->carriers[form->carrier_count - 1] != entity) {
        form->carriers[form->carrier_count++] = entity;
    }
}

void tags_collect(struct reader *reader)
{
    struct sch_service *service = reader->service;
    size_t count = 0;
    for (size_t i = 0; i < service->entity_count; i++) {
        count += service->entities[i].tag_count;
    }
    service->tag_forms = arena_array(reader->arena, count + 1, sizeof *service->tag_forms);
    for (size_t i = 0; i < service->entity_count; i++) {
        for (size_t t = 0; t < service->entities[i].tag_count; t++) {
            add_to_form(reader, &service->entities[i].tags[t]);
        }
    }
    for (size_t i = 0; i < service->tag_form_count; i++) {
        struct sch_tag_form *form = &service->tag_forms[i];
        form->carriers = arena_array(reader->arena, form->carrier_count, sizeof(void *));
        form->carrier_count = 0;
    }
    for (size_t i = 0; i < service->entity_count; i++) {
        for (size_t t = 0; t < service->entities[i].tag_count; t++) {
            size_t form = (size_t)(service->entities[i].tags[t].form - service->tag_forms);
            add_carrier(&service->tag_forms[form], &service->entities[i]);
        }
    }
}

/* ------------------------------------------------------------ of an event */

struct aim {
    struct reader *reader;
    struct sch_event *event;
    const struct yml_node *params; /* the event's map, for suggestions; NULL: none */
    const struct yml_node *scalar;
    struct sch_target target;
};

/* Each of the tag's names is a parameter of the event. False: reported, or not to be judged. */
static bool bind_params(struct aim *aim, struct pattern *pattern)
{
    bool good = true;
    aim->target.args =
        arena_array(aim->reader->arena, pattern->param_count + 1, sizeof *aim->target.args);
    aim->target.arg_count = pattern->param_count;
    for (size_t i = 0; i < pattern->param_count; i++) {
        struct sch_param *param = &pattern->params[i];
        const struct sch_param *of =
            event_param(aim->event, param->name, strlen(param->name), &aim->target.args[i]);
        if (of == NULL) {
            diag_error(aim->reader->diag, param->pos, "unknown-parameter",
                       "the event has no parameter '%s'%s", param->name,
                       did_you_mean_key(aim->reader, param->name, aim->params));
        }
        good &= of != NULL && !of->type.broken;
        if (of != NULL) {
            param->type = of->type;
        }
    }
    return good;
}

/* The text is that of a form, a type is not. */
static void report_type(const struct aim *aim, const struct sch_tag *wanted)
{
    struct reader *reader = aim->reader;
    for (size_t i = 0; i < wanted->param_count; i++) {
        const struct sch_param *param = &aim->target.tag.params[i];
        if (!type_equal(&param->type, &wanted->params[i].type)) {
            diag_error(reader->diag, param->pos, "wrong-argument",
                       "'%s' is '%s', and the tag's '%s' is '%s'", param->name,
                       type_text(reader->arena, &param->type), wanted->params[i].name,
                       type_text(reader->arena, &wanted->params[i].type));
            diag_note(reader->diag, wanted->params[i].pos, "the tag is here");
            return;
        }
    }
}

static const char *did_you_mean_tag(struct reader *reader, const char *text)
{
    size_t count = reader->service->tag_form_count;
    if (!can_guess(reader, count)) {
        return "";
    }
    const char **names = arena_array(reader->arena, count + 1, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        names[i] = reader->service->tag_forms[i].first->pattern;
    }
    return did_you_mean(reader, text, names, count);
}

static void report_unknown(const struct aim *aim)
{
    if (!aim->reader->tags_missing) {
        diag_error(aim->reader->diag, aim->scalar->pos, "unknown-tag",
                   "no entity carries a tag of this form%s",
                   did_you_mean_tag(aim->reader, aim->scalar->text));
    }
}

static bool find_form(struct aim *aim)
{
    struct reader *reader = aim->reader;
    struct sch_tag *tag = &aim->target.tag;
    const char *form = form_text(reader->arena, tag, true);
    const char *shape = form_text(reader->arena, tag, false);
    const struct symbol *known = symbols_find(&reader->tag_forms, form, strlen(form));
    const struct symbol *alike = symbols_find(&reader->tag_shapes, shape, strlen(shape));
    if (known != NULL) {
        tag->form = &reader->service->tag_forms[known->value];
    } else if (alike != NULL) {
        report_type(aim, reader->service->tag_forms[alike->value].first);
    } else {
        report_unknown(aim);
    }
    return known != NULL;
}

/* The tag's text as it stands in the target. NULL: reported. */
static const struct yml_node *tag_scalar(struct reader *reader, const struct yml_node *map)
{
    struct opt_values values;
    if (!opt_read(reader, map, OPT_SCOPE_TARGET, OPT_ALL_KINDS, map->pos, &values)) {
        return NULL;
    }
    return values.of[OPT_TARGET_TAG].node;
}

bool tag_target_read(struct reader *reader, struct sch_event *event, const struct yml_node *params,
                     const struct yml_node *map)
{
    struct pattern pattern;
    struct aim aim = {.reader = reader, .event = event, .params = params};
    aim.scalar = tag_scalar(reader, map);
    if (aim.scalar == NULL || !pattern_read_tag(reader, aim.scalar, &pattern) ||
        !bind_params(&aim, &pattern)) {
        return false;
    }
    aim.target.kind = SCH_TARGET_TAG;
    aim.target.pos = aim.scalar->pos;
    aim.target.tag = tag_of(aim.scalar, &pattern);
    if (!find_form(&aim)) {
        return false;
    }
    event->targets[event->target_count++] = aim.target;
    return true;
}
