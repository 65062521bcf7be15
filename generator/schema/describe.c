/* SPDX-License-Identifier: MIT */
#include "schema/describe.h"

#include <inttypes.h>

#include "schema/options.h"
#include "schema/reader.h"

static const struct {
    const char *title;
    const char *text;
} prose[] = {
#define PROSE(title, text) {title, text},
#include "schema/prose.def"
};

static const struct {
    unsigned kind;
    const char *name;
} kinds[] = {
    {SCH_OBJECT, "object"},   {SCH_INDEX, "index"},
    {SCH_COUNTER, "counter"}, {SCH_RATE_LIMIT, "rate_limit"},
    {SCH_LOCK, "lock"},       {SCH_SET, "set"},
    {SCH_HASH, "hash"},       {SCH_RESPONSE, "response"},
};

/* Cells must not end early. */
static void put_cell(struct text *out, const char *text)
{
    for (; *text != '\0'; text++) {
        text_puts(out, *text == '|' ? "\\|" : "");
        if (*text != '|') {
            text_putc(out, *text);
        }
    }
}

static void put_choices(struct text *out, const char *choices)
{
    text_putc(out, '`');
    for (; *choices != '\0'; choices++) {
        if (*choices == '|') {
            text_puts(out, "`, `");
        } else {
            text_putc(out, *choices);
        }
    }
    text_putc(out, '`');
}

static void put_form(struct text *out, const struct opt *row)
{
    static const char *const names[OPT_ANY + 1] = {
        [OPT_FLAG] = "`true` or `false`",
        [OPT_INTEGER] = "whole number",
        [OPT_SIZE] = "size",
        [OPT_DURATION] = "duration",
        [OPT_PERCENT] = "percentage",
        [OPT_TEXT] = "text",
        [OPT_NAME] = "name",
        [OPT_TEXTS] = "list of texts",
        [OPT_LIST] = "list",
        [OPT_MAP] = "map",
        [OPT_TYPE] = "type",
        [OPT_PATTERN] = "key pattern",
        [OPT_ANY] = "value",
    };
    if (row->form == OPT_CHOICE) {
        put_choices(out, row->choices);
        return;
    }
    text_puts(out, names[row->form]);
    if (row->min < row->max && row->form != OPT_ANY) {
        text_printf(out, ", %s to %s", opt_number_text(out->arena, row->form, row->min),
                    opt_number_text(out->arena, row->form, row->max));
    } else if (row->form == OPT_INTEGER) {
        text_printf(out, ", %s", opt_number_text(out->arena, row->form, row->min));
    }
}

static void put_default(struct text *out, const struct opt *row)
{
    if (row->required) {
        text_puts(out, "*required*");
    } else if (row->fallback[0] == '`' || row->fallback[0] == '\0' || row->fallback[0] == 't') {
        put_cell(out, row->fallback);
    } else {
        text_printf(out, "`%s`", row->fallback);
    }
}

static void put_kinds(struct text *out, unsigned mask)
{
    const char *between = "";
    if (mask == OPT_ALL_KINDS) {
        text_puts(out, "all");
        return;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if ((mask & 1u << kinds[i].kind) != 0) {
            text_printf(out, "%s%s", between, kinds[i].name);
            between = ", ";
        }
    }
}

static void put_row(struct text *out, const struct opt *row)
{
    static const char *const today[] = {[OPT_FULL] = "",
                                        [OPT_IGNORED] = " *(read, without effect)*",
                                        [OPT_REFUSED] = " *(refused)*"};
    text_printf(out, "| `%s` | ", row->key);
    put_form(out, row);
    text_puts(out, " | ");
    put_default(out, row);
    text_puts(out, " | ");
    if (row->scope == OPT_SCOPE_ENTITY) {
        put_kinds(out, row->kinds);
        text_puts(out, " | ");
    }
    put_cell(out, row->help);
    text_printf(out, "%s |\n", today[row->today]);
}

static void put_scope(struct text *out, enum opt_scope scope)
{
    bool entity = scope == OPT_SCOPE_ENTITY;
    text_printf(out, "\n## %s\n\n%s\n\n", opt_scopes[scope].title, opt_scopes[scope].text);
    text_puts(out, entity ? "| key | value | default | kinds | meaning |\n|---|---|---|---|---|\n"
                          : "| key | value | default | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < OPT_COUNT; i++) {
        if (opt_table[i].scope == scope) {
            put_row(out, &opt_table[i]);
        }
    }
}

static void put_warnings(struct text *out)
{
    text_puts(out,
              "\n## Warnings\n\nEach can be allowed by name, in a file's or an entity's `allow`. "
              "With `-Werror` they are errors.\n\n| name | is given for |\n|---|---|\n");
    for (size_t i = 0; i < WARN_COUNT; i++) {
        text_printf(out, "| `%s` | ", warning_names[i]);
        put_cell(out, warning_texts[i]);
        text_puts(out, " |\n");
    }
}

void sch_describe(struct text *out)
{
    text_puts(
        out,
        "<!-- Made from generator/schema/options.def, warnings.def and prose.def. Do not edit. -->\n"
        "# The schema language, key by key\n\n"
        "Every key that a schema may have. A key that is not here is an error.\n");
    for (int scope = 0; scope < OPT_SCOPE_COUNT; scope++) {
        put_scope(out, (enum opt_scope)scope);
    }
    for (size_t i = 0; i < sizeof prose / sizeof *prose; i++) {
        text_printf(out, "\n## %s\n\n%s\n", prose[i].title, prose[i].text);
    }
    put_warnings(out);
}
