/* SPDX-License-Identifier: MIT */
/*
 * A Mustache engine: the core of the specification v1.4 (comments, delimiters,
 * interpolation, inverted sections, partials, sections), strict where the
 * specification leaves names that do not exist empty.
 *
 * Knows neither YAML nor caches.
 *
 * What the specification leaves open is settled so:
 * - false are null, false and the empty list; 0, "" and the empty map are true;
 * - a list or map has no text: naming it as a variable is an error, if lenient empty;
 * - `a.b` looks for `a` outwards through the open sections and for `b` strictly inside it;
 * - a tag stands alone on its line if only blanks and tabs are beside it, before or behind;
 * - the indentation of a partial goes before every line of its text that is not
 *   such a tag's own, not into the values it shows; it adds up from partial to partial;
 * - a byte order mark at the start of a template is not part of it;
 * - names may hold blanks, no line breaks.
 */
#ifndef LARDER_GENERATOR_TEMPLATE_H
#define LARDER_GENERATOR_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/text.h"
#include "context/value.h"

enum tpl_escape {
    TPL_ESCAPE_HTML, /* & < > " as entities in {{name}}, as the specification has it */
    TPL_ESCAPE_NONE  /* {{name}} as it is: for C, whose context values come escaped */
};

struct tpl_template; /* a parsed file */
struct tpl_cache;    /* parsed files by their src_file */

/* Finds the template `name` for a partial; NULL: there is none, or an error was
 * reported. The same name must give the same src_file, not a copy of it.
 * `name` is terminated at name_len, but may hold NULs. */
typedef const struct src_file *tpl_find(void *user, const char *name, size_t name_len);

struct tpl_options {
    enum tpl_escape escape;
    bool lenient;   /* an unknown name or partial is empty, not an error */
    tpl_find *find; /* NULL: there are no partials */
    void *user;     /* for find */
    struct tpl_cache
        *cache; /* keeps what was parsed from one call to the next; NULL: this call's own */
    const char *const *partials; /* what find knows, for "did you mean"; may be NULL */
    size_t partial_count;
};

/* Life cycle. Both live in the arena. */
struct tpl_cache *tpl_cache_new(struct arena *arena);
/* NULL: errors were reported, each with the file, line and column of the tag.
 * The file is borrowed. */
struct tpl_template *tpl_parse(struct arena *arena, struct diag *diag, const struct src_file *file);

/* Use. */

/* Renders `file` with `root` onto `out`. False: errors were reported, each with
 * the template's file, line and column; `out` is then of no use.
 * Bounds: partials 100 deep, sections 100 deep in one template and 2,000 in
 * all, 50 errors, 100,000,000 steps (tags, pieces of text and scopes looked
 * through for a name, each as often as it is done), output as `out` allows.
 * A file is parsed once a cache. */
bool tpl_render(struct arena *arena, struct diag *diag, const struct src_file *file,
                const struct ctx_value *root, const struct tpl_options *options, struct text *out);

/* The same for what is parsed already. */
bool tpl_render_parsed(struct arena *arena, struct diag *diag, const struct tpl_template *tpl,
                       const struct ctx_value *root, const struct tpl_options *options,
                       struct text *out);

#endif
