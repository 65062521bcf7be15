/* SPDX-License-Identifier: MIT */
/*
 * The schema language as JSON Schema draft-07, for editors: from options.def,
 * so that completion and hover text say what the reader of schemas does.
 *
 * It takes every schema that the reader takes, but for names that are no texts
 * in an editor's YAML (a type called null, an enumerator called true). It refuses what can be seen
 * without understanding names: unknown and missing keys, values of the wrong
 * form, words and numbers out of range, keys that a kind does not know.
 */
#ifndef LARDER_GENERATOR_JSON_SCHEMA_H
#define LARDER_GENERATOR_JSON_SCHEMA_H

#include "base/text.h"

/* Appends the whole document. */
void json_schema_print(struct text *out);

#endif
