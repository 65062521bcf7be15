/* SPDX-License-Identifier: MIT */
#include "schema/options.h"

#include <string.h>

#include "schema/reader.h"

enum need { OPTIONAL, REQUIRED };

enum {
    ALL = OPT_ALL_KINDS,
    OBJECT = 1 << SCH_OBJECT,
    INDEX = 1 << SCH_INDEX,
    COUNTER = 1 << SCH_COUNTER,
    RATE_LIMIT = 1 << SCH_RATE_LIMIT,
    LOCK = 1 << SCH_LOCK,
    SET = 1 << SCH_SET,
    HASH = 1 << SCH_HASH,
    RESPONSE = 1 << SCH_RESPONSE
};

#define TEN_YEARS_MS OPT_TEN_YEARS_MS

const struct opt opt_table[OPT_COUNT] = {
#define SCOPE(id, title, noun, text)
#define KEY(scope_, id, key_, form_, need_, kinds_, min_, max_, choices_, fallback_, today_, \
            help_)                                                                           \
    [OPT_##id] = {.scope = OPT_SCOPE_##scope_,                                               \
                  .key = key_,                                                               \
                  .form = OPT_##form_,                                                       \
                  .required = need_ == REQUIRED,                                             \
                  .kinds = (unsigned)(kinds_),                                               \
                  .min = min_,                                                               \
                  .max = max_,                                                               \
                  .choices = choices_,                                                       \
                  .fallback = fallback_,                                                     \
                  .today = OPT_##today_,                                                     \
                  .help = help_},
#include "schema/options.def"
};

const struct opt_scope_row opt_scopes[OPT_SCOPE_COUNT] = {
#define SCOPE(id, title_, noun_, text_) [OPT_SCOPE_##id] = {title_, noun_, text_},
#define KEY(scope, id, key, form, need, kinds, min, max, choices, fallback, today, help)
#include "schema/options.def"
};

/* ------------------------------------------------------------------- forms */

static const char *node_text(const struct yml_node *node)
{
    if (node->kind == YML_LIST) {
        return "a list";
    }
    if (node->kind == YML_MAP) {
        return "a map";
    }
    return node->plain && node->len == 0 ? "nothing" : "a single value";
}

static bool is_nothing(const struct yml_node *node)
{
    return node->kind == YML_SCALAR && node->plain && node->len == 0;
}

static void report_form(struct reader *reader, const struct yml_node *node, const char *what,
                        const char *wanted)
{
    diag_error(reader->diag, node->pos, "wrong-type", "%s is %s here, not %s", what, wanted,
               node_text(node));
}

bool opt_is_map(struct reader *reader, const struct yml_node *node, const char *what)
{
    if (node->kind != YML_MAP) {
        report_form(reader, node, what, "a map");
    }
    return node->kind == YML_MAP;
}

bool opt_is_list(struct reader *reader, const struct yml_node *node, const char *what)
{
    if (node->kind != YML_LIST) {
        report_form(reader, node, what, "a list");
    }
    return node->kind == YML_LIST;
}

bool opt_is_scalar(struct reader *reader, const struct yml_node *node, const char *what)
{
    if (node->kind == YML_SCALAR && !is_nothing(node)) {
        return true;
    }
    report_form(reader, node, what, "a single value");
    return false;
}

/* Every item of a list is a scalar. */
static bool are_scalars(struct reader *reader, const struct yml_node *list, const char *what)
{
    bool good = opt_is_list(reader, list, what);
    for (size_t i = 0; good && i < list->count; i++) {
        good = opt_is_scalar(reader, list->items[i],
                             arena_printf(reader->arena, "an item of %s", what));
    }
    return good;
}

/* -------------------------------------------------------------------- maps */

static bool has_form(struct reader *reader, const struct yml_node *node, enum opt_id id,
                     int64_t *ret_number)
{
    const struct opt *row = &opt_table[id];
    const char *what = arena_printf(reader->arena, "'%s'", row->key);
    switch (row->form) {
    case OPT_FLAG:
    case OPT_INTEGER:
    case OPT_SIZE:
    case OPT_DURATION:
    case OPT_PERCENT:
    case OPT_CHOICE:
        return opt_number(reader, node, id, ret_number);
    case OPT_TEXT:
    case OPT_NAME:
    case OPT_PATTERN:
        return opt_is_scalar(reader, node, what);
    case OPT_TEXTS:
        return are_scalars(reader, node, what);
    case OPT_LIST:
        return opt_is_list(reader, node, what);
    case OPT_MAP:
        return opt_is_map(reader, node, what);
    case OPT_TYPE:
        return node->kind == YML_MAP || opt_is_scalar(reader, node, what);
    case OPT_ANY:
        break;
    }
    return true;
}

/* The row of a key in a scope, whatever the kind; OPT_COUNT: none. */
static enum opt_id find_row(enum opt_scope scope, const char *key)
{
    for (int i = 0; i < OPT_COUNT; i++) {
        if (opt_table[i].scope == scope && strcmp(opt_table[i].key, key) == 0) {
            return (enum opt_id)i;
        }
    }
    return OPT_COUNT;
}

static void report_unknown(struct reader *reader, const struct yml_node *key, enum opt_scope scope,
                           unsigned kinds)
{
    const char *names[OPT_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < OPT_COUNT; i++) {
        if (opt_table[i].scope == scope && (opt_table[i].kinds & kinds) != 0) {
            names[count++] = opt_table[i].key;
        }
    }
    diag_error(reader->diag, key->pos, "unknown-key", "unknown key '%s' in %s%s", key->text,
               opt_scopes[scope].noun, did_you_mean(reader, key->text, names, count));
}

/* Of one kind's bit: its place among the choices of `kind`. */
static const char *kind_name(struct arena *arena, unsigned kinds)
{
    const char *at = opt_table[OPT_KIND].choices;
    for (; kinds > 1; kinds >>= 1) {
        at += strcspn(at, "|") + 1;
    }
    return arena_copy(arena, at, strcspn(at, "|"));
}

static void read_pair(struct reader *reader, const struct yml_pair *pair, enum opt_scope scope,
                      unsigned kinds, struct opt_values *values)
{
    enum opt_id id = find_row(scope, pair->key->text);
    if (id == OPT_COUNT) {
        report_unknown(reader, pair->key, scope, kinds);
        return;
    }
    struct opt_value *value = &values->of[id];
    value->key = pair->key;
    if ((opt_table[id].kinds & kinds) == 0) {
        diag_error(reader->diag, pair->key->pos, "not-for-kind",
                   "'%s' has no meaning for an entity of kind '%s'", pair->key->text,
                   kind_name(reader->arena, kinds));
        return;
    }
    if (has_form(reader, pair->value, id, &value->number)) {
        value->node = pair->value;
    }
}

bool opt_is_misspelt(const struct yml_node *map, enum opt_scope scope, const char *key)
{
    for (size_t i = 0; i < map->count; i++) {
        const char *other = map->pairs[i].key->text;
        if (find_row(scope, other) == OPT_COUNT && diag_suggest(other, &key, 1) != NULL) {
            return true;
        }
    }
    return false;
}

bool opt_read(struct reader *reader, const struct yml_node *map, enum opt_scope scope,
              unsigned kinds, struct src_pos owner, struct opt_values *ret_values)
{
    memset(ret_values, 0, sizeof *ret_values);
    if (!opt_is_map(reader, map, opt_scopes[scope].noun)) {
        return false;
    }
    for (size_t i = 0; i < map->count; i++) {
        read_pair(reader, &map->pairs[i], scope, kinds, ret_values);
    }
    for (size_t i = 0; i < OPT_COUNT; i++) {
        if (opt_table[i].scope == scope && opt_table[i].required && ret_values->of[i].key == NULL &&
            !opt_is_misspelt(map, scope, opt_table[i].key)) {
            diag_error(reader->diag, owner, "missing-key", "%s needs the key '%s'",
                       opt_scopes[scope].noun, opt_table[i].key);
        }
    }
    return true;
}
