/* SPDX-License-Identifier: MIT */
/*
 * The source line under a diagnostic, with its caret.
 */
#ifndef LARDER_GENERATOR_EXCERPT_H
#define LARDER_GENERATOR_EXCERPT_H

#include "base/diag.h"
#include "base/text.h"

/* Appends text that may hold anything as something a terminal can be shown:
 * controls as \n, \x1b or \u0085, bytes that are no UTF-8 as \xff. */
void excerpt_safe(struct text *out, const char *data, size_t len);

/* Appends the line with its number, and the caret below it; nothing when the
 * place has no line. A long line is cut on both sides of the caret. `caret`
 * and `plain` go around the caret: escape sequences, or "". */
void excerpt_append(struct text *out, struct src_pos pos, const char *caret, const char *plain);

#endif
