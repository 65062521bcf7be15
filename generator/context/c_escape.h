/* SPDX-License-Identifier: MIT */
/*
 * The only ways by which text of a schema reaches generated C: as a string
 * literal or as a comment. Neither lets any of it become code.
 */
#ifndef LARDER_GENERATOR_C_ESCAPE_H
#define LARDER_GENERATOR_C_ESCAPE_H

#include <stddef.h>

#include "context/value.h"

/* The inside of a string literal: printable ASCII as it is, everything else,
 * and the quote, the backslash and '?' (trigraphs), as three octal digits. */
const char *esc_literal(struct arena *arena, const char *text, size_t len);

/* Text as the lines of a comment, wrapped at `width` characters: a list of
 * maps {line}. Comment marks and trigraphs are broken up by a blank, a
 * backslash at a line's end gets one after it, control and bidirectional
 * formatting characters become '?'. NULL or blank text: an empty list. */
struct ctx_value *esc_comment(struct arena *arena, const char *text, size_t width);

/* Sets `doc`, the lines of a description, and the flag `has_doc`. */
void ctx_doc(struct ctx_value *map, struct arena *arena, const char *description);

/* The same as one line: newlines become blanks. */
const char *esc_comment_line(struct arena *arena, const char *text);

#endif
