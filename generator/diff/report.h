/* SPDX-License-Identifier: MIT */
/*
 * What two versions of a schema mean to each other: `larder diff`.
 *
 *     struct dif_report *report = dif_compare(arena, old, new);
 *     dif_print(report, stdout);
 *
 * Compared is what both mean, not how they are written: a field by its
 * position, a type by what it holds. Everything is in the arena.
 */
#ifndef LARDER_GENERATOR_DIFF_REPORT_H
#define LARDER_GENERATOR_DIFF_REPORT_H

#include <stdio.h>

#include "base/text.h"
#include "schema/model.h"

enum dif_rule {
#define RULE(class, id, name, severity, old, new, what, advice) DIF_##id,
#include "diff/changes.def"
    DIF_RULE_COUNT
};

enum dif_class { DIF_WIRE, DIF_API };

enum dif_severity { DIF_COMPATIBLE, DIF_BREAKING };

/* What can become of an entry in the other binary's hands: a set. */
enum dif_sight {
    DIF_VALUE = 1,   /* read as it was written */
    DIF_ABSENT = 2,  /* something that is not there */
    DIF_DEFAULT = 4, /* a default in its place */
    DIF_MISS = 8,    /* loaded anew */
    DIF_WRONG = 16   /* another value than was written */
};

struct dif_row {
    const char *name; /* "wire-field-removed" */
    enum dif_class class;
    enum dif_severity severity;
    unsigned old_sees, new_sees; /* the most: sets of enum dif_sight */
    const char *what;
    const char *advice;
};

extern const struct dif_row dif_rules[DIF_RULE_COUNT];

struct dif_finding {
    enum dif_rule rule;
    struct src_pos pos;     /* in the new schema: what is there, or where it would be */
    struct src_pos old_pos; /* in the old one: what was there, or where it would have been */
    bool is_new;            /* there was nothing at old_pos */
    const char *text;
    unsigned old_sees;     /* old binaries, entries of new ones; 0: not a question */
    unsigned new_sees;     /* new binaries, entries of old ones */
    const char **entities; /* whose keys and values it touches, in the new schema */
    size_t entity_count, entity_capacity;
    bool covered; /* neither reads the other's values of these entities, so it does no harm */
    size_t order; /* as found */
};

struct dif_report {
    struct arena *arena;
    struct dif_finding *findings; /* by place */
    size_t count, capacity;
};

/* Compares all. */
struct dif_report *dif_compare(struct arena *arena, const struct sch_service *old,
                               const struct sch_service *new);

/* The rule of this name; DIF_RULE_COUNT: there is none. */
enum dif_rule dif_find_rule(const char *name);

/* A finding's own: BREAKING only if the rule is and it is not covered. */
enum dif_severity dif_severity_of(const struct dif_finding *finding);
/* Takes out what is of the other class. */
void dif_keep_class(struct dif_report *report, enum dif_class class);
/* Takes out all findings of a rule. */
void dif_drop_rule(struct dif_report *report, enum dif_rule rule);
size_t dif_count(const struct dif_report *report, enum dif_severity severity);

/* As text with places and excerpts, and a last line that counts; nothing if nothing was found. */
void dif_print(const struct dif_report *report, FILE *out);
/* The same as one JSON object a line. */
void dif_print_json(const struct dif_report *report, FILE *out);
/* The table of rules, Markdown. */
void dif_describe(struct text *out);

#endif
