/* SPDX-License-Identifier: MIT */
#include "json_form.h"

#include <string.h>

#include "schema/reader.h"

/* YAML scalars reach an editor typed: what is text for us may be a number or a
 * flag there (`description: 2024`). */

static const char name_pattern[] = "^[A-Za-z][A-Za-z0-9_]{0,62}$";
static const char type_pattern[] = "^ *[A-Za-z][A-Za-z0-9_<>?\\[\\] ]*$";
static const char duration_pattern[] = "^(0|[1-9][0-9]*)(ms|s|m|h|d)$";
static const char size_pattern[] = "^(0|[1-9][0-9]*)(B|KiB|MiB|GiB)$";
static const char percent_pattern[] = "^(0|[1-9][0-9]*)(\\.[0-9]{1,4})?%$";
static const char key_pattern[] = "^[^~*?\\[\\]\\\\\\s]+$";
static const char ttl_pattern[] = "^((0|[1-9][0-9]*)(ms|s|m|h|d)|[A-Za-z][A-Za-z0-9_]*)$";
static const char ahead_pattern[] = "^(xfetch|(0|[1-9][0-9]*)(\\.[0-9]{1,4})?%)$";
static const char call_pattern[] = "^[A-Za-z][A-Za-z0-9_]*\\s*\\([^()]*\\)\\s*$";
static const char include_pattern[] = "^[^/]";

const char *const json_scope_names[OPT_SCOPE_COUNT] = {
#define SCOPE(id, title, noun, text) [OPT_SCOPE_##id] = #id,
#define KEY(scope, id, key, form, need, kinds, min, max, choices, fallback, today, help)
#include "schema/options.def"
};

/* What a value is made of: one item, items under names, or a list of items. An
 * item is a map of a scope, a text of a pattern, or either. */
enum wrap { ONE = 1, NAMED, LIST };

enum { NO_SCOPE = -1 };

static const struct shape {
    enum wrap wrap; /* 0: the form says it all */
    int scope;
    const char *pattern;
    int least;
    const char *examples; /* of an item, by '|' */
} shapes[OPT_COUNT] = {
    [OPT_INCLUDE] = {LIST, NO_SCOPE, include_pattern, 0, "common/money.yaml"},
    [OPT_SHARED_INCLUDE] = {LIST, NO_SCOPE, include_pattern, 0, "money.yaml"},
    [OPT_REDIS] = {ONE, OPT_SCOPE_REDIS, NULL, 0, ""},
    [OPT_TTLS] = {NAMED, NO_SCOPE, duration_pattern, 0, "30s|5m|1h|2d"},
    [OPT_TYPES] = {NAMED, OPT_SCOPE_TYPE, NULL, 0, ""},
    [OPT_SHARED_TYPES] = {NAMED, OPT_SCOPE_TYPE, NULL, 0, ""},
    [OPT_ENTITIES] = {NAMED, OPT_SCOPE_ENTITY, NULL, 1, ""},
    [OPT_EVENTS] = {NAMED, OPT_SCOPE_EVENT, NULL, 0, ""},
    [OPT_TYPE_ENUM] = {LIST, NO_SCOPE, name_pattern, 1, ""},
    [OPT_TYPE_FIELDS] = {NAMED, OPT_SCOPE_FIELD, type_pattern, 1, "u64|string?|list<string>"},
    [OPT_FIELD_TYPE] = {ONE, NO_SCOPE, type_pattern, 0, "u64|string?|list<string>|map<u32>"},
    [OPT_USE_TYPE] = {ONE, NO_SCOPE, type_pattern, 0, "u64|string|list<string>"},
    [OPT_ENTITY_TTL] = {ONE, NO_SCOPE, ttl_pattern, 0, "default|5m|1h|none"},
    [OPT_ENTITY_FIELDS] = {NAMED, OPT_SCOPE_FIELD, type_pattern, 1, "u64|string?|list<string>"},
    [OPT_ENTITY_LIST] = {ONE, OPT_SCOPE_USE, type_pattern, 0, "u64|string"},
    [OPT_VALUE] = {ONE, OPT_SCOPE_USE, type_pattern, 0, "u64|string"},
    [OPT_MEMBERS] = {ONE, OPT_SCOPE_USE, type_pattern, 0, "u64|string"},
    [OPT_NEAR] = {ONE, OPT_SCOPE_NEAR, NULL, 0, ""},
    [OPT_STALE] = {ONE, OPT_SCOPE_STALE, NULL, 0, ""},
    [OPT_COMPRESS] = {ONE, OPT_SCOPE_COMPRESS, NULL, 0, ""},
    [OPT_REFRESH_AHEAD] = {ONE, NO_SCOPE, ahead_pattern, 0, "80%|xfetch"},
    [OPT_PARAMS] = {NAMED, NO_SCOPE, type_pattern, 0, "u64|string|uuid"},
    [OPT_INVALIDATE] = {LIST, OPT_SCOPE_TARGET, call_pattern, 1, "product(id)|headline()"},
};

/* ----------------------------------------------------------------- helpers */

static struct ctx_value *typed(struct arena *arena, const char *type)
{
    struct ctx_value *map = ctx_map(arena);
    ctx_set_string(map, "type", type);
    return map;
}

/* "a|b|c" as a list. */
static struct ctx_value *words(struct arena *arena, const char *text)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t len; *text; text += len + (text[len] == '|')) {
        len = strcspn(text, "|");
        ctx_add(list, ctx_string_len(arena, text, len));
    }
    return list;
}

static struct ctx_value *patterned(struct arena *arena, const char *pattern, const char *examples)
{
    struct ctx_value *map = typed(arena, "string");
    ctx_set_string(map, "pattern", pattern);
    if (*examples) {
        ctx_set(map, "examples", words(arena, examples));
    }
    return map;
}

/* What is text to us. */
static struct ctx_value *scalar(struct arena *arena)
{
    struct ctx_value *map = ctx_map(arena);
    ctx_set(map, "type", words(arena, "string|number|boolean"));
    return map;
}

static struct ctx_value *either(struct arena *arena, struct ctx_value *a, struct ctx_value *b)
{
    struct ctx_value *map = ctx_map(arena);
    struct ctx_value *list = ctx_list(arena);
    ctx_add(list, a);
    ctx_add(list, b);
    ctx_set(map, "anyOf", list);
    return map;
}

/* What stands beside a `$ref` counts for nothing, so it stands alone. */
static struct ctx_value *reference(struct arena *arena, int scope)
{
    struct ctx_value *map = ctx_map(arena);
    struct ctx_value *list = ctx_list(arena);
    struct ctx_value *target = ctx_map(arena);
    ctx_set_string(target, "$ref",
                   arena_printf(arena, "#/definitions/%s", json_scope_names[scope]));
    ctx_add(list, target);
    ctx_set(map, "allOf", list);
    return map;
}

static struct ctx_value *ranged(struct arena *arena, const struct opt *row)
{
    struct ctx_value *map = typed(arena, "integer");
    ctx_set_number(map, "minimum", row->min);
    ctx_set_number(map, "maximum", row->max);
    return map;
}

/* ------------------------------------------------------------------ values */

static struct ctx_value *item_of(struct arena *arena, const struct shape *shape)
{
    if (shape->scope == NO_SCOPE) {
        return patterned(arena, shape->pattern, shape->examples);
    }
    struct ctx_value *map = reference(arena, shape->scope);
    return shape->pattern ? either(arena, patterned(arena, shape->pattern, shape->examples), map)
                          : map;
}

static struct ctx_value *list_of(struct arena *arena, struct ctx_value *item, int least)
{
    struct ctx_value *map = typed(arena, "array");
    ctx_set(map, "items", item);
    if (least) {
        ctx_set_number(map, "minItems", least);
    }
    return map;
}

static struct ctx_value *named(struct arena *arena, struct ctx_value *item, int least)
{
    struct ctx_value *map = typed(arena, "object");
    struct ctx_value *name = ctx_map(arena);
    ctx_set_string(name, "pattern", name_pattern);
    ctx_set(map, "propertyNames", name);
    ctx_set(map, "additionalProperties", item);
    if (least) {
        ctx_set_number(map, "minProperties", least);
    }
    return map;
}

static struct ctx_value *shaped(struct arena *arena, const struct shape *shape)
{
    struct ctx_value *item = item_of(arena, shape);
    if (shape->wrap == LIST) {
        return list_of(arena, item, shape->least);
    }
    return shape->wrap == NAMED ? named(arena, item, shape->least) : item;
}

static struct ctx_value *warnings(struct arena *arena)
{
    struct ctx_value *item = ctx_map(arena);
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < WARN_COUNT; i++) {
        ctx_add(list, ctx_string(arena, warning_names[i]));
    }
    ctx_set(item, "enum", list);
    return list_of(arena, item, 0);
}

static struct ctx_value *positions(struct arena *arena)
{
    struct ctx_value *item = typed(arena, "integer");
    ctx_set_number(item, "minimum", 1);
    ctx_set_number(item, "maximum", LIMIT_POSITION);
    return list_of(arena, item, 0);
}

/* By the form alone. */
static struct ctx_value *formed(struct arena *arena, const struct opt *row)
{
    struct ctx_value *map = ctx_map(arena);
    switch (row->form) {
    case OPT_FLAG:
        return typed(arena, "boolean");
    case OPT_INTEGER:
        return ranged(arena, row);
    case OPT_SIZE:
        return either(arena, patterned(arena, size_pattern, "1KiB|1MiB|64MiB"), ranged(arena, row));
    case OPT_DURATION:
        return patterned(arena, duration_pattern, "500ms|30s|5m|1h|2d");
    case OPT_PERCENT:
        return patterned(arena, percent_pattern, "10%|2.5%");
    case OPT_CHOICE:
        ctx_set(map, "enum", words(arena, row->choices));
        return map;
    case OPT_TEXTS:
        return list_of(arena, scalar(arena), 0);
    case OPT_LIST:
        return typed(arena, "array");
    case OPT_MAP:
        return typed(arena, "object");
    case OPT_NAME:
        return patterned(arena, name_pattern, "");
    case OPT_PATTERN:
        return patterned(arena, key_pattern, "product:{id:u64}|search:{query:string}");
    case OPT_TEXT:
    case OPT_TYPE:
    case OPT_ANY:
        break;
    }
    return scalar(arena);
}

struct ctx_value *json_form(struct arena *arena, enum opt_id id)
{
    if (id == OPT_ALLOW || id == OPT_ENTITY_ALLOW) {
        return warnings(arena);
    }
    if (id == OPT_TYPE_RESERVED || id == OPT_ENTITY_RESERVED) {
        return positions(arena);
    }
    return shapes[id].wrap ? shaped(arena, &shapes[id]) : formed(arena, &opt_table[id]);
}
