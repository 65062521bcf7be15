/* SPDX-License-Identifier: MIT */
/*
 * The schema reference, docs/schema-reference.md, from options.def,
 * warnings.def and prose.def.
 */
#ifndef LARDER_GENERATOR_DESCRIBE_H
#define LARDER_GENERATOR_DESCRIBE_H

#include "base/text.h"

/* Appends the whole page, Markdown. */
void sch_describe(struct text *out);

#endif
