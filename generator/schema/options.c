/* SPDX-License-Identifier: MIT */
#include "schema/options.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "schema/quantity.h"
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

/* ----------------------------------------------------------------- numbers */

static enum quantity convert(enum opt_form form, const struct yml_node *node, int64_t *ret_number)
{
    switch (form) {
    case OPT_SIZE:
        return quantity_size(node->text, node->len, ret_number);
    case OPT_DURATION:
        return quantity_duration(node->text, node->len, ret_number);
    case OPT_PERCENT:
        return quantity_percent(node->text, node->len, ret_number);
    case OPT_INTEGER:
    case OPT_FLAG:
    case OPT_CHOICE:
    case OPT_TEXT:
    case OPT_NAME:
    case OPT_TEXTS:
    case OPT_LIST:
    case OPT_MAP:
    case OPT_TYPE:
    case OPT_PATTERN:
    case OPT_ANY:
        break;
    }
    return quantity_integer(node->text, node->len, ret_number);
}

static const char *wanted_text(enum opt_form form)
{
    static const char *const texts[OPT_ANY + 1] = {
        [OPT_INTEGER] = "a whole number in decimal",
        [OPT_SIZE] = "a size such as 512, 64KiB or 1MiB",
        [OPT_DURATION] = "a duration such as 500ms, 30s, 5m, 1h or 2d",
        [OPT_PERCENT] = "a percentage such as 10%",
    };
    return texts[form];
}

const char *opt_number_text(struct arena *arena, enum opt_form form, int64_t number)
{
    static const struct {
        enum opt_form form;
        int64_t factor;
        const char *unit;
    } units[] = {
        {OPT_DURATION, 86400000, "d"}, {OPT_DURATION, 3600000, "h"}, {OPT_DURATION, 60000, "m"},
        {OPT_DURATION, 1000, "s"},     {OPT_DURATION, 1, "ms"},      {OPT_SIZE, 1 << 30, "GiB"},
        {OPT_SIZE, 1 << 20, "MiB"},    {OPT_SIZE, 1 << 10, "KiB"},   {OPT_PERCENT, 10000, "%"},
    };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (units[i].form == form && number % units[i].factor == 0 &&
            (number != 0 || form == OPT_PERCENT)) {
            return arena_printf(arena, "%" PRId64 "%s", number / units[i].factor, units[i].unit);
        }
    }
    return arena_printf(arena, "%" PRId64, number);
}

/* "'ttl'"; of an open map's rows, whose names are the user's, what they are. */
static const char *row_name(struct arena *arena, const struct opt *row)
{
    return row->key[0] == '<' ? "a lifetime" : arena_printf(arena, "'%s'", row->key);
}

static bool report_quantity(struct reader *reader, const struct yml_node *node,
                            const struct opt *row, enum opt_form form, enum quantity result)
{
    const char *name = row_name(reader->arena, row);
    if (result == QUANTITY_OVERFLOW) {
        diag_error(reader->diag, node->pos, "out-of-range", "'%s' is far too large for %s",
                   node->text, name);
    } else if (result == QUANTITY_NO_UNIT) {
        diag_error(reader->diag, node->pos, "bad-value", "%s wants a unit: %s", name,
                   wanted_text(form));
    } else {
        diag_error(reader->diag, node->pos, "bad-value", "%s is %s, not '%s'", name,
                   wanted_text(form), node->text);
    }
    return false;
}

/* true and false only; YAML 1.1's other words get an answer of their own. */
static bool read_flag(struct reader *reader, const struct yml_node *node, const struct opt *row,
                      int64_t *ret_number)
{
    static const char *const words[] = {"no",  "No",  "NO",    "off",   "Off",  "OFF", "n",
                                        "yes", "Yes", "YES",   "on",    "On",   "ON",  "y",
                                        "1",   "0",   "FALSE", "False", "TRUE", "True"};
    if (node->plain && (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0)) {
        *ret_number = node->text[0] == 't';
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(node->text, words[i]) == 0) {
            diag_error(reader->diag, node->pos, "bad-value",
                       "'%s' is true or false, and nothing else: '%s' is only text", row->key,
                       node->text);
            return false;
        }
    }
    diag_error(reader->diag, node->pos, "bad-value", "'%s' is true or false%s", row->key,
               node->plain ? "" : ", without quotes");
    return false;
}

static bool read_choice(struct reader *reader, const struct yml_node *node, const struct opt *row,
                        int64_t *ret_number)
{
    enum { CHOICES_MAX = 16 };
    const char *names[CHOICES_MAX];
    size_t count = 0;
    for (const char *at = row->choices; *at != '\0' && count < CHOICES_MAX; count++) {
        size_t len = strcspn(at, "|");
        names[count] = arena_copy(reader->arena, at, len);
        at += len + (at[len] == '|');
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], node->text) == 0) {
            *ret_number = (int64_t)i;
            return true;
        }
    }
    struct text all;
    text_init(&all, reader->arena, 256);
    for (size_t i = 0; i < count; i++) {
        text_printf(&all, "%s%s", i == 0 ? "" : i + 1 == count ? " or " : ", ", names[i]);
    }
    diag_error(reader->diag, node->pos, "bad-value", "'%s' is %s, not '%s'%s", row->key, all.data,
               node->text, did_you_mean(reader, node->text, names, count));
    return false;
}

static bool read_quantity(struct reader *reader, const struct yml_node *node, const struct opt *row,
                          enum opt_form form, int64_t *ret_number)
{
    if (form == OPT_INTEGER && !node->plain) {
        diag_error(reader->diag, node->pos, "wrong-type", "'%s' is a number: without quotes",
                   row->key);
        return false;
    }
    enum quantity result = convert(form, node, ret_number);
    if (result != QUANTITY_OK) {
        return report_quantity(reader, node, row, form, result);
    }
    if (*ret_number < row->min || *ret_number > row->max) {
        diag_error(reader->diag, node->pos, "out-of-range", "%s is from %s to %s, not %s",
                   row_name(reader->arena, row), opt_number_text(reader->arena, form, row->min),
                   opt_number_text(reader->arena, form, row->max), node->text);
        *ret_number = 0;
        return false;
    }
    return true;
}

/* The language's version says more than a range. */
static bool read_version(struct reader *reader, const struct yml_node *node, const struct opt *row,
                         int64_t *ret_number)
{
    if (node->plain && quantity_integer(node->text, node->len, ret_number) == QUANTITY_OK &&
        *ret_number != row->max) {
        diag_error(reader->diag, node->pos, "out-of-range",
                   "this program reads version %" PRId64 " of the schema language, not %s",
                   row->max, node->text);
        return false;
    }
    return read_quantity(reader, node, row, row->form, ret_number);
}

bool opt_number(struct reader *reader, const struct yml_node *node, enum opt_id id,
                int64_t *ret_number)
{
    const struct opt *row = &opt_table[id];
    *ret_number = 0;
    if (!opt_is_scalar(reader, node, row_name(reader->arena, row))) {
        return false;
    }
    if (id == OPT_LARDER || id == OPT_SHARED_LARDER) {
        return read_version(reader, node, row, ret_number);
    }
    if (row->form == OPT_FLAG) {
        return read_flag(reader, node, row, ret_number);
    }
    if (row->form == OPT_CHOICE) {
        return read_choice(reader, node, row, ret_number);
    }
    /* A lifetime and refresh_ahead look for their words first. */
    enum opt_form form = row->form;
    if (form == OPT_ANY) {
        form = id == OPT_REFRESH_AHEAD ? OPT_PERCENT : OPT_DURATION;
    }
    return read_quantity(reader, node, row, form, ret_number);
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
