/* SPDX-License-Identifier: MIT */
/*
 * larder(1) and larder-schema(5), for scdoc.
 */
#include <inttypes.h>
#include <string.h>

#include "pages.h"
#include "schema/options.h"
#include "schema/reader.h"
#include "verbs.h"

static const struct {
    const char *title;
    const char *text;
} prose[] = {
#define PROSE(title, text) {title, text},
#include "schema/prose.def"
};

static const char made[] = "; Made from generator/verbs.def, the tables of options and "
                           "generator/schema/*.def. Do not edit.\n";

/* ------------------------------------------------------------------- scdoc */

/* Text that means itself. */
static void put_plain(struct text *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        text_puts(out, strchr("_*\\", text[i]) ? "\\" : "");
        text_putc(out, text[i]);
    }
}

/* A line of Markdown as our tables have it: text, and `code`, which is bold here. */
static void put_marked(struct text *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        const char *end = text[i] == '`' ? memchr(text + i + 1, '`', len - i - 1) : NULL;
        if (end) {
            text_putc(out, '*');
            put_plain(out, text + i + 1, (size_t)(end - text) - i - 1);
            text_putc(out, '*');
            i = (size_t)(end - text) + 1;
        } else {
            put_plain(out, text + i, 1);
            i++;
        }
    }
}

static void put_words(struct text *out, const char *text)
{
    put_marked(out, text, strlen(text));
}

static void put_title(struct text *out, const char *title)
{
    text_puts(out, "\n# ");
    for (const char *c = title; *c; c++) {
        text_putc(out, *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c);
    }
    text_puts(out, "\n\n");
}

/* "| a | b | c |": what is explained, and its explanation below it. */
static void put_table_row(struct text *out, const char *line, size_t len)
{
    size_t at = 1;
    for (int cell = 0; at < len; cell++) {
        const char *bar = memchr(line + at, '|', len - at);
        size_t end = bar ? (size_t)(bar - line) : len;
        size_t first = at, last = end;
        while (first < last && line[first] == ' ') {
            first++;
        }
        while (last > first && line[last - 1] == ' ') {
            last--;
        }
        if (last > first) {
            text_puts(out, cell == 0 ? "" : cell == 1 ? "\n\t" : "; ");
            put_marked(out, line + first, last - first);
        }
        at = end + 1;
    }
    text_puts(out, "\n\n");
}

/* A section of prose.def. Of a table the first two lines say nothing here;
 * between fences all is as it stands. */
static void put_markdown(struct text *out, const char *text)
{
    bool fenced = false;
    int row = 0;
    for (size_t len; *text; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        bool is_fence = strncmp(text, "```", 3) == 0;
        if (is_fence || fenced) {
            text_append(out, text, is_fence ? 3 : len);
            text_putc(out, '\n');
            fenced = fenced != is_fence;
        } else if (*text == '|') {
            if (row++ >= 2) {
                put_table_row(out, text, len);
            }
            continue;
        } else {
            put_marked(out, text, len);
            text_putc(out, '\n');
        }
        row = 0;
    }
}

static void put_options(struct text *out, const struct args_option *options)
{
    for (; options->name; options++) {
        text_puts(out, "*");
        put_plain(out, options->name, strlen(options->name));
        text_puts(out, "*");
        if (options->value) {
            text_puts(out, " _");
            put_plain(out, options->value, strlen(options->value));
            text_puts(out, "_");
        }
        text_puts(out, "\n\t");
        put_words(out, options->help);
        text_puts(out, options->many ? "; may be given more than once\n\n" : "\n\n");
    }
}

/* --------------------------------------------------------------- larder(1) */

static void put_verb(struct text *out, const struct verb *verb)
{
    text_printf(out, "## larder %s ", verb->name);
    put_plain(out, verb->usage, strlen(verb->usage));
    text_printf(out, "\n\n%c", verb->summary[0] - 'a' + 'A');
    put_words(out, verb->summary + 1);
    text_puts(out, ".\n\n");
    put_options(out, verb->options);
}

static void put_exits(struct text *out)
{
    put_title(out, "exit status");
    for (size_t i = 0; i < verb_exit_count; i++) {
        text_printf(out, "*%d*\n\t%s\n\n", verb_exits[i].status, verb_exits[i].text);
    }
}

static const char man_end[] =
    "# ENVIRONMENT\n\n"
    "*NO\\_COLOR*\n\twhen it is set and not empty, nothing is coloured; nor is anything that goes "
    "elsewhere than to a terminal, or to one whose *TERM* is _dumb_\n\n"
    "# DIAGNOSTICS\n\n"
    "Results go to the standard output, diagnostics to the standard error:\n\n"
    "```\n"
    "product.yaml:9:5: error: unknown key 'tttl' in an entity; did you mean 'ttl'? [unknown-key]\n"
    "    9 |     tttl: products\n"
    "      |     ^\n"
    "```\n\n"
    "With *--format json* each is an object in a line of its own: _severity_, _path_ (null where "
    "it is no file's), _line_ and _column_ (from 1; 0 where it is a whole file's), _id_, "
    "_message_, _suggestion_ (what was probably meant, or null), and _notes_, a list of _path_, "
    "_line_, _column_ and _message_. What *check* and *templates diff* find are objects of "
    "_finding_ and _file_, on the standard output.\n\n"
    "# EXAMPLES\n\n"
    "```\n"
    "larder init product                      # writes product.yaml, to begin with\n"
    "larder schema >larder.schema.json        # beside it, for editors\n"
    "larder generate -o cache product.yaml    # writes cache/product_cache.h and .c\n"
    "larder check -o cache product.yaml       # are they still what it would write?\n"
    "```\n\n"
    "# SEE ALSO\n\n"
    "*larder-schema*(5)\n";

void page_man_larder(struct text *out)
{
    text_puts(out, "larder(1) \"\" \"larder\"\n");
    text_printf(out, "\n%s", made);
    text_puts(out, "\n# NAME\n\nlarder - typed caches for C from schema files\n"
                   "\n# SYNOPSIS\n\n*larder* _VERB_ [_OPTION_]... [_FILE_]...++\n"
                   "*larder* --help | --version\n"
                   "\n# DESCRIPTION\n\n*larder* turns schema files, described in "
                   "*larder-schema*(5), into C that reads, writes and invalidates the cached "
                   "values they describe. Options may stand before, between and behind the "
                   "operands; *--* ends them.\n"
                   "\n# VERBS\n\n");
    for (size_t i = 0; i < verb_count; i++) {
        put_verb(out, &verb_table[i]);
    }
    text_puts(out, "# OPTIONS\n\nOf every verb:\n\n");
    put_options(out, verb_common_options);
    text_puts(out, "Without a verb:\n\n");
    put_options(out, verb_global_options);
    put_exits(out);
    text_puts(out, man_end);
}

/* -------------------------------------------------------- larder-schema(5) */

static const char *const form_names[OPT_ANY + 1] = {
    [OPT_FLAG] = "*true* or *false*",
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

/* "size, 1B to 64MiB" */
static void put_form(struct text *out, const struct opt *row)
{
    if (row->form == OPT_CHOICE) {
        put_plain(out, row->choices, strlen(row->choices));
        return;
    }
    text_puts(out, form_names[row->form]);
    if (row->min < row->max && row->form != OPT_ANY) {
        text_printf(out, ", %s to %s", opt_number_text(out->arena, row->form, row->min),
                    opt_number_text(out->arena, row->form, row->max));
    }
}

/* The words of `kind` for the bits, in its order. */
static void put_kinds(struct text *out, unsigned kinds)
{
    const char *between = "; for ";
    const char *name = opt_table[OPT_KIND].choices;
    for (unsigned bit = 1; *name && kinds != OPT_ALL_KINDS; bit <<= 1) {
        size_t len = strcspn(name, "|");
        if (kinds & bit) {
            text_puts(out, between);
            put_plain(out, name, len);
            between = ", ";
        }
        name += len + (name[len] == '|');
    }
}

static void put_key(struct text *out, const struct opt *row)
{
    static const char *const today[] = {[OPT_FULL] = "",
                                        [OPT_IGNORED] = " Read, without effect in this version.",
                                        [OPT_REFUSED] = " Refused by this version."};
    text_puts(out, "*");
    put_plain(out, row->key, strlen(row->key));
    text_puts(out, "* (");
    put_form(out, row);
    if (row->required) {
        text_puts(out, "; required");
    } else if (*row->fallback) {
        text_puts(out, "; default ");
        put_words(out, row->fallback);
    }
    put_kinds(out, row->kinds);
    text_puts(out, ")\n\t");
    put_words(out, row->help);
    text_printf(out, ".%s\n\n", today[row->today]);
}

static void put_scope(struct text *out, enum opt_scope scope)
{
    put_title(out, opt_scopes[scope].title);
    put_words(out, opt_scopes[scope].text);
    text_puts(out, "\n\n");
    for (size_t i = 0; i < OPT_COUNT; i++) {
        if (opt_table[i].scope == scope) {
            put_key(out, &opt_table[i]);
        }
    }
}

static void put_warnings(struct text *out)
{
    put_title(out, "warnings");
    put_words(out, "Each can be allowed by name, in a file's or an entity's `allow`. With "
                   "`-Werror` they are errors.\n\n");
    for (size_t i = 0; i < WARN_COUNT; i++) {
        text_puts(out, "*");
        put_plain(out, warning_names[i], strlen(warning_names[i]));
        text_puts(out, "*\n\t");
        put_words(out, warning_texts[i]);
        text_puts(out, "\n\n");
    }
}

void page_man_schema(struct text *out)
{
    text_puts(out, "larder-schema(5) \"\" \"larder\"\n");
    text_printf(out, "\n%s", made);
    text_puts(out, "\n# NAME\n\nlarder-schema - the schema language of larder\n"
                   "\n# DESCRIPTION\n\nA schema says what a service caches: the keys, the types "
                   "of the values, how long they live, and which events make them stale. Every "
                   "key that a schema may have is here; another one is an error. *larder init* "
                   "writes one to begin with.\n");
    for (int scope = 0; scope < OPT_SCOPE_COUNT; scope++) {
        put_scope(out, (enum opt_scope)scope);
    }
    for (size_t i = 0; i < sizeof(prose) / sizeof(prose[0]); i++) {
        put_title(out, prose[i].title);
        put_markdown(out, prose[i].text);
    }
    put_warnings(out);
    text_puts(out, "# SEE ALSO\n\n*larder*(1)\n");
}
