/* SPDX-License-Identifier: MIT */
#include "json_schema.h"

#include <string.h>

#include "context/value.h"
#include "json_form.h"
#include "schema/options.h"

/* DESIGN. A scope of options.def is a definition with its keys as properties;
 * a key's form says what its value looks like (json_form.c), and what the table
 * leaves to the readers has a row in a table there or below. */

/* Keys that a scope or a kind of entity cannot do without, though others can. */
static const struct {
    enum opt_id key;
    unsigned kind;
} needs[] = {
    {OPT_OF, SCH_INDEX},    {OPT_LIMIT, SCH_RATE_LIMIT},   {OPT_WINDOW, SCH_RATE_LIMIT},
    {OPT_MEMBERS, SCH_SET}, {OPT_ENTITY_FIELDS, SCH_HASH},
};

/* Exactly one of those of a scope. */
static const enum opt_id alternatives[] = {OPT_ENTITY_FIELDS, OPT_ENTITY_LIST, OPT_VALUE,
                                           OPT_TYPE_ENUM, OPT_TYPE_FIELDS};

/* The first goes with the second only, and with that value of it. */
static const struct {
    enum opt_id key, other;
    const char *value; /* NULL: any */
} together[] = {
    {OPT_MAX_AGE, OPT_SLIDING, "true"},
    {OPT_BURST, OPT_ALGORITHM, "gcra"},
    {OPT_ENTITY_RESERVED, OPT_ENTITY_FIELDS, NULL},
    {OPT_TYPE_RESERVED, OPT_TYPE_FIELDS, NULL},
};

enum {
    NEED_COUNT = sizeof(needs) / sizeof(needs[0]),
    ALTERNATIVE_COUNT = sizeof(alternatives) / sizeof(alternatives[0]),
    TOGETHER_COUNT = sizeof(together) / sizeof(together[0])
};

/* ------------------------------------------------------- what is said of it */

/* A default of the table is a value, or words about one: those begin with a
 * name in backquotes or have blanks. */
static void set_default(struct arena *arena, struct ctx_value *map, const struct opt *row)
{
    const char *text = row->fallback;
    if (!*text || *text == '`' || strchr(text, ' ') || strchr(text, '\'')) {
        return;
    }
    struct ctx_value *value = ctx_string(arena, text);
    if (strcmp(text, "\"\"") == 0) {
        value = ctx_string(arena, "");
    } else if (row->form == OPT_FLAG) {
        value = ctx_flag(arena, *text == 't');
    } else if (row->form == OPT_INTEGER) {
        value = ctx_number_text(arena, text);
    }
    ctx_set(map, "default", value);
}

static const char *description_of(struct arena *arena, const struct opt *row)
{
    static const char *const today[] = {[OPT_FULL] = "",
                                        [OPT_IGNORED] = " (Read, without effect in this version.)",
                                        [OPT_REFUSED] = " (Refused by this version.)"};
    bool is_said = strchr(row->fallback, ' ') || *row->fallback == '`';
    return arena_printf(arena, "%s%s%s%s", row->help, is_said ? "; default: " : "",
                        is_said ? row->fallback : "", today[row->today]);
}

static struct ctx_value *property(struct arena *arena, enum opt_id id)
{
    struct ctx_value *map = json_form(arena, id);
    ctx_set_string(map, "description", description_of(arena, &opt_table[id]));
    set_default(arena, map, &opt_table[id]);
    return map;
}

/* ------------------------------------------------------------------ scopes */

static struct ctx_value *key_list(struct arena *arena, enum opt_id id)
{
    struct ctx_value *list = ctx_list(arena);
    ctx_add(list, ctx_string(arena, opt_table[id].key));
    return list;
}

static struct ctx_value *requires(struct arena *arena, enum opt_id id)
{
    struct ctx_value *map = ctx_map(arena);
    ctx_set(map, "required", key_list(arena, id));
    return map;
}

static void set_alternatives(struct arena *arena, struct ctx_value *map, enum opt_scope scope)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < ALTERNATIVE_COUNT; i++) {
        if (opt_table[alternatives[i]].scope == scope) {
            ctx_add(list, requires(arena, alternatives[i]));
        }
    }
    if (ctx_count(list)) {
        ctx_set(map, "oneOf", list);
    }
}

/* {required: [sliding], properties: {sliding: {const: true}}} */
static struct ctx_value *requires_value(struct arena *arena, enum opt_id id, const char *value)
{
    struct ctx_value *map = requires(arena, id);
    struct ctx_value *properties = ctx_map(arena);
    struct ctx_value *form = ctx_map(arena);
    ctx_set(form, "const",
            opt_table[id].form == OPT_FLAG ? ctx_flag(arena, true) : ctx_string(arena, value));
    ctx_set(properties, opt_table[id].key, form);
    ctx_set(map, "properties", properties);
    return map;
}

static void set_dependencies(struct arena *arena, struct ctx_value *map, enum opt_scope scope)
{
    struct ctx_value *pairs = ctx_map(arena);
    for (size_t i = 0; i < TOGETHER_COUNT; i++) {
        if (opt_table[together[i].key].scope == scope) {
            ctx_set(pairs, opt_table[together[i].key].key,
                    together[i].value == NULL
                        ? key_list(arena, together[i].other)
                        : requires_value(arena, together[i].other, together[i].value));
        }
    }
    if (ctx_count(pairs)) {
        ctx_set(map, "dependencies", pairs);
    }
}

static void set_required(struct arena *arena, struct ctx_value *map, enum opt_scope scope)
{
    struct ctx_value *list = ctx_list(arena);
    for (int id = 0; id < OPT_COUNT; id++) {
        if (opt_table[id].scope == scope && opt_table[id].required) {
            ctx_add(list, ctx_string(arena, opt_table[id].key));
        }
    }
    if (ctx_count(list)) {
        ctx_set(map, "required", list);
    }
}

static struct ctx_value *scope_object(struct arena *arena, enum opt_scope scope)
{
    struct ctx_value *map = ctx_map(arena);
    ctx_set_string(map, "type", "object");
    struct ctx_value *properties = ctx_map(arena);
    ctx_set_string(map, "title", opt_scopes[scope].title);
    ctx_set_string(map, "description", opt_scopes[scope].text);
    for (int id = 0; id < OPT_COUNT; id++) {
        if (opt_table[id].scope == scope) {
            ctx_set(properties, opt_table[id].key, property(arena, (enum opt_id)id));
        }
    }
    ctx_set(map, "properties", properties);
    ctx_set(map, "additionalProperties", ctx_flag(arena, false));
    if (scope == OPT_SCOPE_STALE) { /* one of its keys at least */
        ctx_set_number(map, "minProperties", 1);
    }
    set_dependencies(arena, map, scope);
    return map;
}

static struct ctx_value *scope_definition(struct arena *arena, enum opt_scope scope)
{
    struct ctx_value *map = scope_object(arena, scope);
    set_required(arena, map, scope);
    if (scope != OPT_SCOPE_ENTITY) {
        set_alternatives(arena, map, scope);
    }
    return map;
}

/* ------------------------------------------------------------------- kinds */

/* Without `kind` an entity is of the first one. */
static struct ctx_value *is_of_kind(struct arena *arena, const char *name, size_t len, bool first)
{
    struct ctx_value *map = first ? ctx_map(arena) : requires(arena, OPT_KIND);
    struct ctx_value *properties = ctx_map(arena);
    struct ctx_value *word = ctx_map(arena);
    ctx_set(word, "const", ctx_string_len(arena, name, len));
    ctx_set(properties, opt_table[OPT_KIND].key, word);
    ctx_set(map, "properties", properties);
    return map;
}

static struct ctx_value *keys_of_kind(struct arena *arena, unsigned kind)
{
    struct ctx_value *names = ctx_map(arena);
    struct ctx_value *list = ctx_list(arena);
    for (size_t id = 0; id < OPT_COUNT; id++) {
        if (opt_table[id].scope == OPT_SCOPE_ENTITY && opt_table[id].kinds & 1u << kind) {
            ctx_add(list, ctx_string(arena, opt_table[id].key));
        }
    }
    ctx_set(names, "enum", list);
    return names;
}

static struct ctx_value *rules_of_kind(struct arena *arena, unsigned kind)
{
    struct ctx_value *map = ctx_map(arena);
    struct ctx_value *required = ctx_list(arena);
    ctx_set(map, "propertyNames", keys_of_kind(arena, kind));
    for (size_t i = 0; i < NEED_COUNT; i++) {
        if (needs[i].kind == kind) {
            ctx_add(required, ctx_string(arena, opt_table[needs[i].key].key));
        }
    }
    ctx_set(map, "required", required);
    if (kind == SCH_OBJECT) {
        set_alternatives(arena, map, OPT_SCOPE_ENTITY);
    }
    return map;
}

static struct ctx_value *entity_definition(struct arena *arena)
{
    struct ctx_value *map = scope_definition(arena, OPT_SCOPE_ENTITY);
    struct ctx_value *all = ctx_list(arena);
    const char *name = opt_table[OPT_KIND].choices;
    for (unsigned kind = 0; *name; kind++) {
        size_t len = strcspn(name, "|");
        struct ctx_value *rule = ctx_map(arena);
        ctx_set(rule, "if", is_of_kind(arena, name, len, kind == SCH_OBJECT));
        ctx_set(rule, "then", rules_of_kind(arena, kind));
        ctx_add(all, rule);
        name += len + (name[len] == '|');
    }
    ctx_set(map, "allOf", all);
    return map;
}

/* -------------------------------------------------------------------- root */

static bool is_shared_key(const char *key)
{
    for (size_t id = 0; id < OPT_COUNT; id++) {
        if (opt_table[id].scope == OPT_SCOPE_SHARED && strcmp(opt_table[id].key, key) == 0) {
            return true;
        }
    }
    return false;
}

/* A file with any key that an included one does not know is a service's. */
static void set_kinds_of_file(struct arena *arena, struct ctx_value *map)
{
    struct ctx_value *any = ctx_list(arena);
    struct ctx_value *condition = ctx_map(arena);
    struct ctx_value *service = ctx_map(arena);
    for (int id = 0; id < OPT_COUNT; id++) {
        if (opt_table[id].scope == OPT_SCOPE_FILE && !is_shared_key(opt_table[id].key)) {
            ctx_add(any, requires(arena, (enum opt_id)id));
        }
    }
    ctx_set(condition, "anyOf", any);
    ctx_set(map, "if", condition);
    set_required(arena, service, OPT_SCOPE_FILE);
    ctx_set(map, "then", service);
    set_required(arena, map, OPT_SCOPE_SHARED);
}

void json_schema_print(struct text *out)
{
    struct arena *arena = out->arena;
    struct ctx_value *definitions = ctx_map(arena);
    struct ctx_value *root = scope_object(arena, OPT_SCOPE_FILE);
    ctx_set_string(root, "$schema", "http://json-schema.org/draft-07/schema#");
    set_kinds_of_file(arena, root);
    for (int scope = 0; scope < OPT_SCOPE_COUNT; scope++) {
        if (scope == OPT_SCOPE_ENTITY) {
            ctx_set(definitions, json_scope_names[scope], entity_definition(arena));
        } else if (scope != OPT_SCOPE_FILE && scope != OPT_SCOPE_SHARED && scope != OPT_SCOPE_TTL) {
            ctx_set(definitions, json_scope_names[scope],
                    scope_definition(arena, (enum opt_scope)scope));
        }
    }
    ctx_set(root, "definitions", definitions);
    ctx_print_json(root, out);
    text_putc(out, '\n');
}
