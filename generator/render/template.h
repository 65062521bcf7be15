/* SPDX-License-Identifier: MIT */
/*
 * A Mustache engine: the core of the specification v1.4 (comments, delimiters,
 * interpolation, inverted sections, partials, sections), strict where the
 * specification leaves names that do not exist empty.
 *
 * Knows neither YAML nor caches.
 */
#ifndef LARDER_GENERATOR_TEMPLATE_H
#define LARDER_GENERATOR_TEMPLATE_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/text.h"
#include "context/value.h"

enum tpl_escape {
    TPL_ESCAPE_HTML, /* & < > " as entities in {{name}}, as the specification has it */
    TPL_ESCAPE_NONE  /* {{name}} as it is: for C, whose context values come escaped */
};

/* Finds the template `name` for a partial; NULL: there is none. */
typedef const struct src_file *tpl_find(void *user, const char *name, size_t name_len);

struct tpl_options {
    enum tpl_escape escape;
    bool lenient; /* an unknown name or partial is empty, not an error */
    tpl_find *find;
    void *user;
};

/* Renders `file` with `root` onto `out`. False: errors were reported, each with
 * the template's file, line and column; `out` is then of no use.
 * Bounds: partials and sections 100 deep, output as `out` allows. */
bool tpl_render(struct arena *arena, struct diag *diag, const struct src_file *file,
                const struct ctx_value *root, const struct tpl_options *options, struct text *out);

#endif
