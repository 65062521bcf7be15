/* SPDX-License-Identifier: MIT */
/*
 * The table of rules (rules.def): what each name that stands behind a message
 * means, with an input that breaks the rule and the same mended.
 */
#ifndef LARDER_GENERATOR_RULES_H
#define LARDER_GENERATOR_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct rule {
    const char *name;
    bool is_warning;
    const char *summary; /* a sentence */
    const char *why;
    const char *bad; /* files, see rules.def; NULL: none, nor `good` */
    const char *good;
};

extern const struct rule rules[];
extern const size_t rule_count;

/* NULL: there is none of that name. */
const struct rule *rule_find(const char *name);

/* Appends the page docs/rules.md, Markdown. */
void rules_describe(struct text *out);

#endif
