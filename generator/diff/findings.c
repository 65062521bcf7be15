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
#include "diff/changes.def"
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

void index_list_add(struct arena *arena, struct index_list *list, size_t index)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
        list->at = arena_grow(arena, list->at, list->capacity * sizeof *list->at,
                              capacity * sizeof *list->at);
        list->capacity = capacity;
    }
    list->at[list->count++] = index;
}

static void add_entity(struct comparison *c, struct dif_finding *finding)
{
    const char *name = c->entity->name;
    if (finding->entity_count > 0 && finding->entities[finding->entity_count - 1] == name) {
        return;
    }
    if (finding->entity_count == finding->entity_capacity) {
        size_t size = sizeof *finding->entities;
        size_t capacity = finding->entity_capacity == 0 ? 1 : finding->entity_capacity * 2;
        finding->entities = arena_grow(c->arena, finding->entities, finding->entity_capacity * size,
                                       capacity * size);
        finding->entity_capacity = capacity;
    }
    finding->entities[finding->entity_count++] = name;
}

/* A finding of this rule, these places and words: there already, or anew. */
static size_t find_or_add(struct comparison *c, const struct dif_finding *wanted)
{
    struct dif_report *report = c->report;
    const char *name =
        arena_printf(c->arena, "%d %s %s %s", (int)wanted->rule, place_text(c->arena, wanted->pos),
                     place_text(c->arena, wanted->old_pos), wanted->text);
    const struct symbol *known = symbols_add(&c->known, name, strlen(name), report->count);
    if (known != NULL) {
        return known->value;
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
    return report->count++;
}

/* Of a covered entity and of one that is not: the latter counts. */
void finding_attach(struct comparison *c, size_t index, bool always)
{
    struct dif_finding *finding = &c->report->findings[index];
    bool is_question = finding->old_sees != 0;
    bool covered = dif_rules[finding->rule].class == DIF_WIRE && (c->apart || c->covered);
    if (finding->entity_count == 0 || (finding->covered && !covered)) {
        finding->covered = covered;
        finding->entity_count = 0;
    }
    if (finding->covered == covered) {
        add_entity(c, finding);
    }
    if (is_question && !covered && !always) {
        finding->old_sees |= DIF_VALUE;
        finding->new_sees |= DIF_VALUE;
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
    assert((finding.old_sees & ~dif_rules[finding.rule].old_sees) == 0);
    assert((finding.new_sees & ~dif_rules[finding.rule].new_sees) == 0);
    size_t index = find_or_add(c, &finding);
    if (c->meeting != 0) {
        index_list_add(c->arena, &c->meetings[c->meeting - 1].findings, index);
    } else if (c->entity != NULL) {
        finding_attach(c, index, true);
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

/* What neither reads of the other is a miss to it. */
static void cover(struct dif_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        if (report->findings[i].covered) {
            report->findings[i].old_sees = report->findings[i].new_sees = DIF_MISS;
        }
    }
}

void findings_finish(struct comparison *c)
{
    struct dif_report *report = c->report;
    cover(report);
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
