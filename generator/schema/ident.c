/* SPDX-License-Identifier: MIT */
#include "schema/ident.h"

#include <string.h>

#include "schema/reader.h"

static const char *const reserved[] = {
#define RESERVED(word) #word,
#define TAG(word)
#define PARAMETER(word)
#define SERVICE_NAME(suffix)
#define ENTITY_NAME(suffix)
#define EVENT_NAME(middle)
#include "schema/ident.def"
};

static const char *const tags[] = {
#define RESERVED(word)
#define TAG(word) #word,
#define PARAMETER(word)
#define SERVICE_NAME(suffix)
#define ENTITY_NAME(suffix)
#define EVENT_NAME(middle)
#include "schema/ident.def"
};

static const char *const parameters[] = {
#define RESERVED(word)
#define TAG(word)
#define PARAMETER(word) #word,
#define SERVICE_NAME(suffix)
#define ENTITY_NAME(suffix)
#define EVENT_NAME(middle)
#include "schema/ident.def"
};

static bool is_among(const char *name, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* A word begins at a capital behind a small letter, and at the last of several
 * capitals (or of a digit and a capital) before a small one. */
static bool begins_word(const char *name, size_t i)
{
    if (i == 0 || !is_upper(name[i]) || name[i - 1] == '_') {
        return false;
    }
    return is_lower(name[i - 1]) || is_lower(name[i + 1]);
}

const char *ident_snake(struct arena *arena, const char *name)
{
    char *snake = arena_alloc(arena, 2 * strlen(name) + 1);
    size_t len = 0;
    for (size_t i = 0; name[i] != '\0'; i++) {
        if (begins_word(name, i)) {
            snake[len++] = '_';
        }
        snake[len++] = is_upper(name[i]) ? (char)(name[i] - 'A' + 'a') : name[i];
    }
    return snake;
}

const char *ident_upper(struct arena *arena, const char *name)
{
    char *upper = arena_strdup(arena, ident_snake(arena, name));
    for (char *c = upper; *c != '\0'; c++) {
        *c = is_lower(*c) ? (char)(*c - 'a' + 'A') : *c;
    }
    return upper;
}

const char *ident_prefixed(struct arena *arena, const char *service, const char *snake)
{
    size_t len = strlen(service);
    if (strncmp(snake, service, len) == 0 && (snake[len] == '\0' || snake[len] == '_')) {
        return snake;
    }
    return arena_printf(arena, "%s_%s", service, snake);
}

const char *ident_finish(struct arena *arena, const char *name)
{
    bool is_taken = is_among(name, reserved, sizeof reserved / sizeof *reserved);
    return is_taken ? arena_printf(arena, "%s_", name) : name;
}

const char *ident_param(struct arena *arena, const char *name)
{
    if (is_among(name, parameters, sizeof parameters / sizeof *parameters) ||
        strncmp(name, "ret_", strlen("ret_")) == 0 ||
        strncmp(name, "larder_", strlen("larder_")) == 0) {
        return arena_printf(arena, "%s_", name);
    }
    return ident_finish(arena, name);
}

/* -------------------------------------------------------------- the model's */

/* Strings and structs are pointers, NULL when absent; all else says so apart. */
static bool has_flag(const struct sch_type *type)
{
    return type->optional && type->kind != SCH_STRING && type->kind != SCH_STRUCT;
}

static void name_fields(struct arena *arena, struct sch_decl *decl)
{
    for (size_t i = 0; i < decl->field_count; i++) {
        struct sch_field *field = &decl->fields[i];
        const char *snake = ident_snake(arena, field->name);
        field->c_name = ident_finish(arena, snake);
        field->c_has = has_flag(&field->type) ? arena_printf(arena, "has_%s", snake) : NULL;
    }
}

static void name_params(struct arena *arena, struct sch_param *params, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        params[i].c_name = ident_param(arena, ident_snake(arena, params[i].name));
    }
}

static const char *finished(struct reader *reader, const char *name)
{
    const char *snake = ident_snake(reader->arena, name);
    const char *tag = ident_prefixed(reader->arena, reader->service->name, snake);
    if (is_among(tag, tags, sizeof tags / sizeof *tags)) {
        return arena_printf(reader->arena, "%s_", tag);
    }
    return ident_finish(reader->arena, tag);
}

static void name_decl(struct reader *reader, struct sch_decl *decl)
{
    decl->c_name = finished(reader, decl->name);
    const char *upper = ident_upper(reader->arena, decl->c_name);
    for (size_t i = 0; i < decl->enumerator_count; i++) {
        struct sch_enumerator *enumerator = &decl->enumerators[i];
        const char *constant = arena_printf(reader->arena, "%s_%s", upper,
                                            ident_upper(reader->arena, enumerator->name));
        enumerator->c_name = ident_finish(reader->arena, constant);
    }
    name_fields(reader->arena, decl);
}

void ident_assign(struct reader *reader)
{
    struct sch_service *service = reader->service;
    for (size_t i = 0; i < service->decl_count; i++) {
        name_decl(reader, service->decls[i]);
    }
    for (size_t i = 0; i < service->entity_count; i++) {
        struct sch_entity *entity = &service->entities[i];
        entity->c_name = finished(reader, entity->name);
        entity->body.c_name = entity->c_name;
        name_fields(reader->arena, &entity->body);
        name_params(reader->arena, entity->params, entity->param_count);
    }
    for (size_t i = 0; i < service->event_count; i++) {
        struct sch_event *event = &service->events[i];
        event->c_name = arena_printf(reader->arena, "%s_cache_on_%s", service->name,
                                     ident_snake(reader->arena, event->name));
        event->c_batch_name = arena_printf(reader->arena, "%s_batch_on_%s", service->name,
                                           ident_snake(reader->arena, event->name));
        name_params(reader->arena, event->params, event->param_count);
    }
}
