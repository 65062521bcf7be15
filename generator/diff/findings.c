/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "diff/comparison.h"

enum { LONGEST_TEXT = 1000 };

/* The words of rules.def. */
enum {
    NONE = 0,
    VALUE = DIF_VALUE,
    ABSENT = DIF_ABSENT,
    DEFAULT = DIF_DEFAULT,
    MISS = DIF_MISS,
    WRONG = DIF_WRONG
};

const struct dif_row dif_rules[DIF_RULE_COUNT] = {
#define RULE(class, id, name, severity, old, new, what, advice) \
    {name, DIF_##class, DIF_##severity, old, new, what, advice},
#include "diff/rules.def"
};

enum dif_rule dif_find_rule(const char *name)
{
    size_t i = 0;
    while (i < DIF_RULE_COUNT && strcmp(dif_rules[i].name, name) != 0) {
        i++;
    }
    return (enum dif_rule)i;
}

struct sights rule_sights(enum dif_rule rule)
{
    return (struct sights){dif_rules[rule].old_sees, dif_rules[rule].new_sees};
}

/* ------------------------------------------------------------------ adding */

static const char *place_text(struct arena *arena, struct src_pos pos)
{
    return arena_printf(arena, "%s:%" PRIu32 ":%" PRIu32, pos.file != NULL ? pos.file->path : "",
                        pos.line, pos.column);
}

static void add_entity(struct comparison *c, struct dif_finding *finding)
{
    const char *name = c->entity->name;
    if (finding->entity_count > 0 &&
        strcmp(finding->entities[finding->entity_count - 1], name) == 0) {
        return;
    }
    size_t size = sizeof *finding->entities;
    finding->entities = arena_grow(c->arena, finding->entities, finding->entity_count * size,
                                   (finding->entity_count + 1) * size);
    finding->entities[finding->entity_count++] = name;
}

/* A finding of this rule, these places and words: there already, or anew. */
static struct dif_finding *find_or_add(struct comparison *c, const struct dif_finding *wanted,
                                       bool *ret_is_new)
{
    struct dif_report *report = c->report;
    const char *name =
        arena_printf(c->arena, "%d %s %s %s", (int)wanted->rule, place_text(c->arena, wanted->pos),
                     place_text(c->arena, wanted->old_pos), wanted->text);
    const struct symbol *known = symbols_add(&c->known, name, strlen(name), report->count);
    *ret_is_new = known == NULL;
    if (known != NULL) {
        return &report->findings[known->value];
    }
    if (report->count == report->capacity) {
        size_t capacity = report->capacity == 0 ? 16 : report->capacity * 2;
        report->findings =
            arena_grow(c->arena, report->findings, report->capacity * sizeof *report->findings,
                       capacity * sizeof *report->findings);
        report->capacity = capacity;
    }
    report->findings[report->count] = *wanted;
    report->findings[report->count].order = report->count;
    return &report->findings[report->count++];
}

static bool is_covered(const struct comparison *c, enum dif_rule rule)
{
    return dif_rules[rule].class == DIF_WIRE && c->entity != NULL && (c->apart || c->covered);
}

/* Once for a covered entity and once for one that is not: the latter counts. */
static void merge(struct comparison *c, struct dif_finding *finding,
                  const struct dif_finding *again)
{
    if (finding->covered && !again->covered) {
        finding->covered = false;
        finding->old_sees = again->old_sees;
        finding->new_sees = again->new_sees;
        finding->entities = NULL;
        finding->entity_count = 0;
    }
    if (finding->covered == again->covered && c->entity != NULL) {
        add_entity(c, finding);
    }
}

__attribute__((format(printf, 2, 0))) static const char *formatted(struct arena *arena,
                                                                   const char *format, va_list args)
{
    char text[LONGEST_TEXT];
    vsnprintf(text, sizeof text, format, args);
    return arena_strdup(arena, text);
}

static void add(struct comparison *c, struct dif_finding finding)
{
    bool is_new;
    assert((finding.old_sees & ~dif_rules[finding.rule].old_sees) == 0);
    assert((finding.new_sees & ~dif_rules[finding.rule].new_sees) == 0);
    c->tries++;
    finding.covered = is_covered(c, finding.rule);
    if (finding.covered) {
        finding.old_sees = finding.new_sees = DIF_MISS;
    }
    struct dif_finding *there = find_or_add(c, &finding, &is_new);
    if (!is_new) {
        merge(c, there, &finding);
    } else if (c->entity != NULL) {
        add_entity(c, there);
    }
}

void finding_add(struct comparison *c, enum dif_rule rule, struct src_pos pos,
                 struct src_pos old_pos, struct sights sights, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = formatted(c->arena, format, args);
    va_end(args);
    add(c, (struct dif_finding){.rule = rule,
                                .pos = pos,
                                .old_pos = old_pos,
                                .text = text,
                                .old_sees = sights.old,
                                .new_sees = sights.new});
}

void finding_add_new(struct comparison *c, enum dif_rule rule, struct src_pos pos,
                     struct src_pos old_pos, struct sights sights, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = formatted(c->arena, format, args);
    va_end(args);
    add(c, (struct dif_finding){.rule = rule,
                                .pos = pos,
                                .old_pos = old_pos,
                                .is_new = true,
                                .text = text,
                                .old_sees = sights.old,
                                .new_sees = sights.new});
}

/* ----------------------------------------------------------------- sorting */

struct keyed {
    size_t file;
    struct dif_finding finding;
};

static size_t file_index(const struct comparison *c, const struct src_file *file)
{
    size_t i = 0;
    while (i < c->new->file_count && c->new->files[i] != file) {
        i++;
    }
    return i;
}

static int compare_numbers(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int by_place(const void *a, const void *b)
{
    const struct keyed *left = a;
    const struct keyed *right = b;
    int order = compare_numbers(left->file, right->file);
    if (order == 0) {
        order = compare_numbers(left->finding.pos.line, right->finding.pos.line);
    }
    if (order == 0) {
        order = compare_numbers(left->finding.pos.column, right->finding.pos.column);
    }
    return order != 0 ? order : compare_numbers(left->finding.order, right->finding.order);
}

void findings_sort(struct comparison *c)
{
    struct dif_report *report = c->report;
    struct keyed *keyed = arena_array(c->arena, report->count + 1, sizeof *keyed);
    for (size_t i = 0; i < report->count; i++) {
        keyed[i] = (struct keyed){file_index(c, report->findings[i].pos.file), report->findings[i]};
    }
    qsort(keyed, report->count, sizeof *keyed, by_place);
    for (size_t i = 0; i < report->count; i++) {
        report->findings[i] = keyed[i].finding;
    }
}

/* --------------------------------------------------------------- selecting */

static void drop(struct dif_report *report, bool (*is_dropped)(const struct dif_finding *, int),
                 int what)
{
    size_t kept = 0;
    for (size_t i = 0; i < report->count; i++) {
        if (!is_dropped(&report->findings[i], what)) {
            report->findings[kept++] = report->findings[i];
        }
    }
    report->count = kept;
}

static bool is_of_other_class(const struct dif_finding *finding, int class)
{
    return (int)dif_rules[finding->rule].class != class;
}

static bool is_of_rule(const struct dif_finding *finding, int rule)
{
    return (int)finding->rule == rule;
}

void dif_keep_class(struct dif_report *report, enum dif_class class)
{
    drop(report, is_of_other_class, (int)class);
}

void dif_drop_rule(struct dif_report *report, enum dif_rule rule)
{
    drop(report, is_of_rule, (int)rule);
}

enum dif_severity dif_severity_of(const struct dif_finding *finding)
{
    return finding->covered ? DIF_COMPATIBLE : dif_rules[finding->rule].severity;
}

size_t dif_count(const struct dif_report *report, enum dif_severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < report->count; i++) {
        count += dif_severity_of(&report->findings[i]) == severity;
    }
    return count;
}
