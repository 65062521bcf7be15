/* SPDX-License-Identifier: MIT */
/*
 * Single values by the table: numbers with and without units, flags, choices.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "schema/options.h"
#include "schema/quantity.h"
#include "schema/reader.h"

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
