/* SPDX-License-Identifier: MIT */
/*
 * Events: parameters, and what they make stale.
 */
#include <string.h>

#include "schema/reader.h"

/* A target while it is read: entity(arg, arg, *). */
struct call {
    struct reader *reader;
    struct sch_event *event;
    const struct yml_node *params; /* the event's map, for suggestions; NULL: none */
    const struct yml_node *scalar;
    size_t name_len;
    struct argument {
        size_t start, len;
    } * arguments;
    size_t argument_count;
};

/* ------------------------------------------------------------------ params */

static void read_param(struct reader *reader, const struct yml_pair *pair, struct sch_event *event)
{
    if (!name_check(reader, pair->key, "a parameter")) {
        reader->types_missing = true;
        return;
    }
    struct sch_param *param = &event->params[event->param_count++];
    param->name = pair->key->text;
    param->pos = pair->key->pos;
    if (!opt_is_scalar(reader, pair->value, "a parameter's type")) {
        param->type = (struct sch_type){.kind = SCH_ANY, .broken = true};
        return;
    }
    (void)type_read_param(reader, pair->value, 0, pair->value->len, &param->type);
}

const struct sch_param *event_param(const struct sch_event *event, const char *name, size_t len,
                                    size_t *ret_index)
{
    for (size_t i = 0; i < event->param_count; i++) {
        if (strlen(event->params[i].name) == len && memcmp(event->params[i].name, name, len) == 0) {
            *ret_index = i;
            return &event->params[i];
        }
    }
    return NULL;
}

/* ----------------------------------------------------------------- parsing */

static bool fail(const struct call *call, size_t at, const char *text)
{
    diag_error(call->reader->diag, place_inside(call->reader, call->scalar, at), "bad-target",
               "%s: a target is entity(parameter, …), entity(*) or tag: \"…\"", text);
    return false;
}

static size_t skip_blanks(const struct yml_node *scalar, size_t at)
{
    while (at < scalar->len && (scalar->text[at] == ' ' || scalar->text[at] == '\n')) {
        at++;
    }
    return at;
}

static size_t word_end(const struct yml_node *scalar, size_t at)
{
    static const char stops[] = " \n(),*";
    while (at < scalar->len && memchr(stops, scalar->text[at], sizeof stops - 1) == NULL) {
        at++;
    }
    return at;
}

/* The arguments behind '('. */
static bool parse_arguments(struct call *call, size_t at)
{
    const struct yml_node *scalar = call->scalar;
    at = skip_blanks(scalar, at);
    if (at < scalar->len && scalar->text[at] == ')') {
        return skip_blanks(scalar, at + 1) == scalar->len ||
               fail(call, at + 1, "too much behind ')'");
    }
    for (;;) {
        size_t end = at < scalar->len && scalar->text[at] == '*' ? at + 1 : word_end(scalar, at);
        if (end == at) {
            return fail(call, at, "a parameter is missing");
        }
        call->arguments[call->argument_count++] = (struct argument){at, end - at};
        at = skip_blanks(scalar, end);
        if (at == scalar->len) {
            return fail(call, at == 0 ? 0 : at - 1, "')' is missing");
        }
        if (scalar->text[at] == ')') {
            return skip_blanks(scalar, at + 1) == scalar->len ||
                   fail(call, at + 1, "too much behind ')'");
        }
        if (scalar->text[at] != ',') {
            return fail(call, at, "',' or ')' is missing");
        }
        at = skip_blanks(scalar, at + 1);
    }
}

static bool parse(struct call *call)
{
    const struct yml_node *scalar = call->scalar;
    call->arguments = arena_array(call->reader->arena, scalar->len + 1, sizeof *call->arguments);
    call->name_len = word_end(scalar, 0);
    size_t at = skip_blanks(scalar, call->name_len);
    if (call->name_len == 0) {
        return fail(call, 0, "an entity's name is missing");
    }
    if (at == scalar->len) {
        return fail(call, 0, "'(' is missing: a single entry is headline()");
    }
    if (scalar->text[at] != '(') {
        return fail(call, at, "'(' is missing");
    }
    return parse_arguments(call, at + 1);
}

/* ---------------------------------------------------------------- checking */

static bool is_star(const struct call *call, size_t i)
{
    return call->scalar->text[call->arguments[i].start] == '*';
}

static struct src_pos argument_pos(const struct call *call, size_t i)
{
    return place_inside(call->reader, call->scalar, call->arguments[i].start);
}

/* One argument against the key's parameter. False: reported. */
static bool check_argument(const struct call *call, size_t i, const struct sch_param *wanted,
                           size_t *ret_index)
{
    struct diag *diag = call->reader->diag;
    const struct argument *argument = &call->arguments[i];
    const char *name =
        arena_copy(call->reader->arena, call->scalar->text + argument->start, argument->len);
    const struct sch_param *param = event_param(call->event, name, argument->len, ret_index);
    if (param == NULL) {
        diag_error(diag, argument_pos(call, i), "unknown-parameter",
                   "the event has no parameter '%s'%s", name,
                   did_you_mean_key(call->reader, name, call->params));
        return false;
    }
    if (param->type.broken || wanted->type.broken) {
        return false;
    }
    if (!type_equal(&param->type, &wanted->type)) {
        diag_error(diag, argument_pos(call, i), "wrong-argument",
                   "'%s' is '%s', and the key's parameter '%s' is '%s'", name,
                   type_text(call->reader->arena, &param->type), wanted->name,
                   type_text(call->reader->arena, &wanted->type));
        diag_note(diag, wanted->pos, "the key's parameter is here");
        return false;
    }
    return true;
}

/* The number of arguments that are names; the rest are stars. SIZE_MAX: reported. */
static size_t count_names(const struct call *call)
{
    size_t names = 0;
    while (names < call->argument_count && !is_star(call, names)) {
        names++;
    }
    for (size_t i = names; i < call->argument_count; i++) {
        if (!is_star(call, i)) {
            diag_error(call->reader->diag, argument_pos(call, i), "bad-target",
                       "behind '*' only '*' can stand: a group is a leading part of the key");
            return SIZE_MAX;
        }
    }
    return names;
}

static bool check_count(const struct call *call, const struct sch_entity *entity, size_t names)
{
    bool everything = names == 0 && call->argument_count == 1;
    if (everything || call->argument_count == entity->param_count) {
        return true;
    }
    diag_error(call->reader->diag, call->scalar->pos, "wrong-argument",
               "the key of '%s' has %zu parameter%s, not %zu", entity->name, entity->param_count,
               entity->param_count == 1 ? "" : "s", call->argument_count);
    diag_note(call->reader->diag, entity->pattern_pos, "the key is here");
    return false;
}

static bool check_kind(const struct call *call, const struct sch_entity *entity)
{
    if (entity->kind != SCH_INDEX && entity->kind != SCH_LOCK && entity->kind != SCH_RATE_LIMIT) {
        return true;
    }
    diag_error(call->reader->diag, call->scalar->pos, "wrong-argument",
               "'%s' holds no values that an event could make stale", entity->name);
    return false;
}

/* False: reported, or the entity is not to be judged. */
static bool check_call(struct call *call, const struct sch_entity *entity,
                       const struct entity_info *info)
{
    if (info->broken || info->key_broken || !check_kind(call, entity)) {
        return false;
    }
    size_t names = count_names(call);
    if (names == SIZE_MAX || !check_count(call, entity, names)) {
        return false;
    }
    bool good = true;
    size_t *args = arena_array(call->reader->arena, names + 1, sizeof *args);
    for (size_t i = 0; i < names; i++) {
        good &= check_argument(call, i, &entity->params[i], &args[i]);
    }
    enum sch_target_kind kind = names == entity->param_count ? SCH_TARGET_ENTRY
                                : names == 0                 ? SCH_TARGET_ALL
                                                             : SCH_TARGET_GROUP;
    if (good) {
        call->event->targets[call->event->target_count++] =
            (struct sch_target){.pos = call->scalar->pos,
                                .kind = kind,
                                .entity = entity,
                                .args = args,
                                .arg_count = names};
    }
    return good;
}

static bool read_call(struct reader *reader, struct sch_event *event, const struct yml_node *params,
                      const struct yml_node *scalar)
{
    struct call call = {.reader = reader, .event = event, .params = params, .scalar = scalar};
    if (!parse(&call)) {
        return false;
    }
    const struct symbol *symbol = symbols_find(&reader->entity_names, scalar->text, call.name_len);
    if (symbol == NULL) {
        const char *name = arena_copy(reader->arena, scalar->text, call.name_len);
        diag_error(reader->diag, scalar->pos, "unknown-entity", "no entity is called '%s'%s", name,
                   did_you_mean_entity(reader, name));
        return false;
    }
    return check_call(&call, &reader->service->entities[symbol->value],
                      &reader->infos[symbol->value]);
}

/* --------------------------------------------------------------- the whole */

static void read_targets(struct reader *reader, struct sch_event *event,
                         const struct yml_node *params, const struct yml_node *list)
{
    event->targets = arena_array(reader->arena, list->count + 1, sizeof *event->targets);
    if (list->count == 0) {
        diag_error(reader->diag, list->pos, "out-of-range", "at least one target is needed");
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct yml_node *item = list->items[i];
        bool good = item->kind == YML_MAP ? tag_target_read(reader, event, params, item)
                                          : opt_is_scalar(reader, item, "a target") &&
                                                read_call(reader, event, params, item);
        reader->targets_missing |= !good;
    }
}

static void read_event(struct reader *reader, const struct yml_pair *pair, struct sch_event *event)
{
    struct opt_values values;
    event->name = pair->key->text;
    event->pos = pair->key->pos;
    if (!opt_read(reader, pair->value, OPT_SCOPE_EVENT, OPT_ALL_KINDS, event->pos, &values)) {
        reader->targets_missing = true;
        return;
    }
    const struct yml_node *params = values.of[OPT_PARAMS].node;
    const struct yml_node *targets = values.of[OPT_INVALIDATE].node;
    if (values.of[OPT_EVENT_DESCRIPTION].node != NULL) {
        event->description = values.of[OPT_EVENT_DESCRIPTION].node->text;
    }
    if (params != NULL) {
        event->params = arena_array(reader->arena, params->count + 1, sizeof *event->params);
    }
    for (size_t i = 0; params != NULL && i < params->count; i++) {
        read_param(reader, &params->pairs[i], event);
    }
    reader->targets_missing |= targets == NULL;
    if (targets != NULL) {
        read_targets(reader, event, params, targets);
    }
}

void events_read(struct reader *reader, const struct yml_node *map)
{
    struct sch_service *service = reader->service;
    if (map == NULL) {
        return;
    }
    service->events = arena_array(reader->arena, map->count + 1, sizeof *service->events);
    for (size_t i = 0; i < map->count; i++) {
        if (name_check(reader, map->pairs[i].key, "an event")) {
            read_event(reader, &map->pairs[i], &service->events[service->event_count++]);
        }
    }
}
