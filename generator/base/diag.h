/* SPDX-License-Identifier: MIT */
/*
 * Diagnostics: collected, sorted by place, printed together.
 *
 *     schemas/product.yaml:14:7: error: unknown key 'tttl' in an entity; did you mean 'ttl'? [unknown-key]
 *        14 |       tttl: 5m
 *           |       ^
 *     schemas/product.yaml:9:5: note: the entity begins here
 *
 * Lines and columns count from 1, columns in characters, a tab is one.
 */
#ifndef LARDER_GENERATOR_DIAG_H
#define LARDER_GENERATOR_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"

/* A source text, whole in memory. */
struct src_file {
    const char *path; /* as the user named it */
    const char *data; /* terminated, but may hold NULs */
    size_t len;
};

/* A place in it. line 0: the file as a whole; file NULL: no place at all. */
struct src_pos {
    const struct src_file *file;
    uint32_t line;
    uint32_t column;
};

enum diag_severity { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

struct diag; /* a collection */

/* Life cycle. */
struct diag *diag_new(struct arena *arena);

/* Use. `id` is the rule's name, "unknown-key": constant text. */
__attribute__((format(printf, 4, 5))) void diag_error(struct diag *diag, struct src_pos pos,
                                                      const char *id, const char *format, ...);
__attribute__((format(printf, 4, 5))) void diag_warning(struct diag *diag, struct src_pos pos,
                                                        const char *id, const char *format, ...);
/* A second place for the error or warning reported last. */
__attribute__((format(printf, 3, 4))) void diag_note(struct diag *diag, struct src_pos pos,
                                                     const char *format, ...);

/* Takes over the errors that another collection holds, with their notes, and
 * leaves its warnings. Both are of one arena. */
void diag_take_errors(struct diag *diag, const struct diag *from);

/* From now on warnings are errors: those already collected too. */
void diag_warnings_are_errors(struct diag *diag);

/* The place of a byte of a file; past the end: behind the last character. */
struct src_pos diag_pos_of_offset(const struct src_file *file, size_t offset);

/* Inspect. */
size_t diag_error_count(const struct diag *diag);
size_t diag_warning_count(const struct diag *diag);
bool diag_has(const struct diag *diag, const char *id); /* an error or warning with this id */

/* Prints all, sorted by file (in the order first seen), line and column, each
 * once; after 50 errors "N more not shown". colour: escape sequences. */
void diag_print(const struct diag *diag, FILE *out, bool colour);
/* The same as one JSON object a line:
 * {"severity","path","line","column","id","message","suggestion","notes":[{"path","line","column","message"},…]}.
 * All of them; what there is none of is null, or 0. */
void diag_print_json(const struct diag *diag, FILE *out);

/* The candidate that was probably meant, NULL when none is near: equal but for
 * case, '_' and '-', else the least Damerau-Levenshtein distance (optimal
 * string alignment) of at most a third of the longer name. */
const char *diag_suggest(const char *word, const char *const *candidates, size_t count);
/* "; did you mean 'ttl'?" or "". */
const char *diag_did_you_mean(struct arena *arena, const char *word, const char *const *candidates,
                              size_t count);
/* What a message that ends so says was meant; NULL: it does not. */
const char *diag_meant(struct arena *arena, const char *message);

#endif
