/* SPDX-License-Identifier: MIT */
/*
 * What lines one text has that another has not, as a unified diff.
 *
 * The longest common subsequence, by the table of its lengths (Hunt and
 * McIlroy, 1976), after equal lines at both ends are set aside. The table is
 * bounded: texts that differ in too much are shown as wholly replaced there.
 */
#ifndef LARDER_GENERATOR_LINE_DIFF_H
#define LARDER_GENERATOR_LINE_DIFF_H

#include "base/text.h"

struct line_text {
    const char *data;
    size_t len;
};

/* Appends hunks with three lines of context; nothing when both are equal. The
 * lines "---" and "+++" before them are the caller's. */
void line_diff(struct text *out, struct line_text old, struct line_text new);

#endif
