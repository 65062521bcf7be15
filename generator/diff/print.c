/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "base/excerpt.h"
#include "diff/report.h"

enum {
    MOST_NAMED = 8,     /* entities, of those that hold a type */
    MOST_EXCERPTS = 500 /* findings with the lines they are about: each is looked for in its file */
};

static const char *const severities[] = {
    [DIF_COMPATIBLE] = "compatible", [DIF_BREAKING] = "breaking"};
static const char *const classes[] = {[DIF_WIRE] = "wire", [DIF_API] = "api"};

/* By whether there was something. */
static const char *const notes[] = {[false] = "it was here", [true] = "it was not here"};

static const struct {
    unsigned sight;
    const char *word, *words;
} sights[] = {
    {DIF_VALUE, "value", "the value"},       {DIF_ABSENT, "absent", "absent"},
    {DIF_DEFAULT, "default", "its default"}, {DIF_MISS, "miss", "a miss"},
    {DIF_WRONG, "wrong", "a wrong value"},
};

enum { SIGHT_COUNT = sizeof sights / sizeof *sights };

static void put_sights(struct text *out, unsigned sees)
{
    const char *between = "";
    for (size_t i = 0; i < SIGHT_COUNT; i++) {
        if ((sees & sights[i].sight) != 0) {
            text_printf(out, "%s%s", between, sights[i].words);
            between = " or ";
        }
    }
}

/* -------------------------------------------------------------------- text */

static void put_place(struct text *out, struct src_pos pos)
{
    excerpt_safe(out, pos.file->path, strlen(pos.file->path));
    text_printf(out, ":%" PRIu32 ":%" PRIu32 ": ", pos.line, pos.column);
}

static void put_sees(struct text *out, const char *who, unsigned sees)
{
    if (sees != 0) {
        text_printf(out, "      = %s: ", who);
        put_sights(out, sees);
        text_putc(out, '\n');
    }
}

static void put_entities(struct text *out, const struct dif_finding *finding)
{
    text_puts(out, "      = in ");
    for (size_t i = 0; i < finding->entity_count && i < MOST_NAMED; i++) {
        text_printf(out, "%s'%s'", i == 0 ? "" : ", ", finding->entities[i]);
    }
    if (finding->entity_count > MOST_NAMED) {
        text_printf(out, " and %zu more", finding->entity_count - MOST_NAMED);
    }
    text_putc(out, '\n');
}

/* Of what is said of a type it is not clear whose values it touches. */
static bool is_about_a_type(const struct dif_finding *finding)
{
    const char *name = finding->entity_count == 0 ? NULL : finding->entities[0];
    return finding->entity_count > 1 || (name != NULL && strstr(finding->text, name) == NULL);
}

static void put_excerpt(struct text *out, struct src_pos pos, bool is_shown)
{
    if (is_shown) {
        excerpt_append(out, pos, "", "");
    }
}

static void put_finding(struct text *out, const struct dif_finding *finding, bool is_shown)
{
    const struct dif_row *rule = &dif_rules[finding->rule];
    put_place(out, finding->pos);
    text_printf(out, "%s: ", severities[dif_severity_of(finding)]);
    excerpt_safe(out, finding->text, strlen(finding->text));
    text_printf(out, " [%s]\n", rule->name);
    put_excerpt(out, finding->pos, is_shown);
    if (is_about_a_type(finding)) {
        put_entities(out, finding);
    }
    put_sees(out, "old binaries see of new entries", finding->old_sees);
    put_sees(out, "new binaries see of old entries", finding->new_sees);
    text_printf(out, "      = %s\n",
                finding->covered ? "neither reads the other's values, so this does no harm"
                                 : rule->advice);
    put_place(out, finding->old_pos);
    text_printf(out, "note: %s\n", notes[finding->is_new]);
    put_excerpt(out, finding->old_pos, is_shown);
}

static size_t count_of(const struct dif_report *report, enum dif_class class)
{
    size_t count = 0;
    for (size_t i = 0; i < report->count; i++) {
        const struct dif_finding *finding = &report->findings[i];
        count +=
            dif_severity_of(finding) == DIF_BREAKING && dif_rules[finding->rule].class == class;
    }
    return count;
}

void dif_print(const struct dif_report *report, FILE *out)
{
    for (size_t i = 0; i < report->count; i++) {
        struct text text;
        text_init(&text, report->arena, SIZE_MAX / 4);
        put_finding(&text, &report->findings[i], i < MOST_EXCERPTS);
        fwrite(text.data, 1, text.len, out);
    }
    if (report->count > 0) {
        fprintf(out, "%zu breaking (%zu wire, %zu api), %zu compatible\n",
                dif_count(report, DIF_BREAKING), count_of(report, DIF_WIRE),
                count_of(report, DIF_API), dif_count(report, DIF_COMPATIBLE));
    }
}

/* -------------------------------------------------------------------- JSON */

static void json_text(struct text *out, const char *name, const char *value)
{
    text_printf(out, "\"%s\":", name);
    text_json_string(out, value, strlen(value));
}

static void json_place(struct text *out, struct src_pos pos)
{
    json_text(out, "path", pos.file->path);
    text_printf(out, ",\"line\":%" PRIu32 ",\"column\":%" PRIu32, pos.line, pos.column);
}

static void json_sees(struct text *out, const char *name, unsigned sees)
{
    const char *between = "";
    text_printf(out, ",\"%s\":[", name);
    for (size_t i = 0; i < SIGHT_COUNT; i++) {
        if ((sees & sights[i].sight) != 0) {
            text_printf(out, "%s\"%s\"", between, sights[i].word);
            between = ",";
        }
    }
    text_putc(out, ']');
}

static void json_entities(struct text *out, const struct dif_finding *finding)
{
    text_puts(out, ",\"entities\":[");
    for (size_t i = 0; i < finding->entity_count; i++) {
        text_puts(out, i == 0 ? "" : ",");
        text_json_string(out, finding->entities[i], strlen(finding->entities[i]));
    }
    text_putc(out, ']');
}

/* The keys that diagnostics have, and more. */
static void json_finding(struct text *out, const struct dif_finding *finding)
{
    const struct dif_row *rule = &dif_rules[finding->rule];
    text_printf(out, "{\"severity\":\"%s\",", severities[dif_severity_of(finding)]);
    json_place(out, finding->pos);
    text_putc(out, ',');
    json_text(out, "id", rule->name);
    text_putc(out, ',');
    json_text(out, "message", finding->text);
    text_puts(out, ",\"notes\":[{");
    json_place(out, finding->old_pos);
    text_putc(out, ',');
    json_text(out, "message", notes[finding->is_new]);
    text_printf(out, "}],\"class\":\"%s\"", classes[rule->class]);
    json_sees(out, "old_sees", finding->old_sees);
    json_sees(out, "new_sees", finding->new_sees);
    json_entities(out, finding);
    text_printf(out, ",\"covered\":%s,", finding->covered ? "true" : "false");
    json_text(out, "advice", rule->advice);
    text_puts(out, "}\n");
}

void dif_print_json(const struct dif_report *report, FILE *out)
{
    for (size_t i = 0; i < report->count; i++) {
        struct text text;
        text_init(&text, report->arena, SIZE_MAX / 4);
        json_finding(&text, &report->findings[i]);
        fwrite(text.data, 1, text.len, out);
    }
}

/* ---------------------------------------------------------------- the page */

static void put_cell(struct text *out, const char *text)
{
    for (; *text != '\0'; text++) {
        text_puts(out, *text == '|' ? "\\" : "");
        text_putc(out, *text);
    }
}

static void put_seen(struct text *out, unsigned sees)
{
    text_puts(out, " | ");
    put_sights(out, sees);
}

static void put_rule(struct text *out, const struct dif_row *rule)
{
    bool breaks = rule->severity == DIF_BREAKING;
    text_printf(out, "| `%s` | ", rule->name);
    put_cell(out, rule->what);
    text_printf(out, " | %s", breaks ? "**breaking**" : "compatible");
    if (rule->class == DIF_WIRE) {
        put_seen(out, rule->old_sees);
        put_seen(out, rule->new_sees);
    }
    text_puts(out, " | ");
    put_cell(out, rule->advice);
    text_puts(out, " |\n");
}

void dif_describe(struct text *out)
{
    static const char *const heads[] = {
        [DIF_WIRE] = "\n## Wire rules\n\n"
                     "| rule | finds | severity | old binaries see of new entries | "
                     "new binaries see of old entries | what to know |\n"
                     "|---|---|---|---|---|---|\n",
        [DIF_API] = "\n## C API rules\n\n"
                    "| rule | finds | severity | what to know |\n|---|---|---|---|\n"};
    for (int class = DIF_WIRE; class <= DIF_API; class ++) {
        text_puts(out, heads[class]);
        for (size_t i = 0; i < DIF_RULE_COUNT; i++) {
            if ((int)dif_rules[i].class == class) {
                put_rule(out, &dif_rules[i]);
            }
        }
    }
}
