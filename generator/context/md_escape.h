/* SPDX-License-Identifier: MIT */
/*
 * Text of a schema in Markdown and in a server's configuration: what means
 * something there is written as what it is not read as.
 */
#ifndef LARDER_GENERATOR_MD_ESCAPE_H
#define LARDER_GENERATOR_MD_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "context/value.h"

/* As one line: letters, digits, blanks and a little punctuation as they are,
 * everything else of ASCII as a character reference (&#42;), which Markdown never
 * reads as markup, not even in a table or inside <code>. Newlines become blanks,
 * control and bidirectional formatting characters '?'. NULL: "". */
const char *esc_markdown(struct arena *arena, const char *text);

/* The same as code: between backquotes where that can be, else in <code>. In a
 * table's cell a '|' has a backslash before it, by GitHub's rule also in code. */
const char *esc_markdown_code(struct arena *arena, const char *text, bool cell);

/* A label inside the double quotes of a Mermaid node, by its own references (#42;). */
const char *esc_mermaid(struct arena *arena, const char *text);

/* Bytes inside the double quotes of a line of redis.conf: everything but
 * printable ASCII, and the quote and the backslash, as \xHH. */
void esc_config(struct text *out, const char *text, size_t len);

#endif
