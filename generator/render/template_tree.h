/* SPDX-License-Identifier: MIT */
/*
 * A parsed template: what template_parse.c makes and template_render.c walks.
 *
 * The tree lies flat in one array in the order of the text. A section's nodes
 * follow it up to `end`; for any other node `end` is the next one, so walking
 * on from a node is always `i = nodes[i].end`, and going in is `i + 1`.
 *
 *     {{#a}}x{{b}}{{/a}}y        SECTION a (end 3) · TEXT x · VARIABLE b · TEXT y
 */
#ifndef LARDER_GENERATOR_TEMPLATE_TREE_H
#define LARDER_GENERATOR_TEMPLATE_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

enum tpl_kind {
    TPL_LINE,     /* a line begins: the place for a partial's indentation */
    TPL_TEXT,     /* as it is */
    TPL_VARIABLE, /* {{name}}, {{{name}}}, {{&name}} */
    TPL_SECTION,  /* {{#name}} */
    TPL_INVERTED, /* {{^name}} */
    TPL_PARTIAL   /* {{>name}} */
};

struct tpl_node {
    enum tpl_kind kind;
    bool escaped;     /* TPL_VARIABLE: {{name}} */
    const char *text; /* TPL_TEXT: borrowed from the file; else the name, terminated */
    size_t len;
    size_t offset;      /* of the tag in the file */
    size_t end;         /* the node behind it and all it holds */
    const char *indent; /* TPL_PARTIAL alone on its line: what stands before it */
    size_t indent_len;
};

struct tpl_template {
    const struct src_file *file;
    struct tpl_node *nodes;
    size_t count;
    size_t capacity;
};

struct tpl_cache;

/* Parses the file unless the cache has it. NULL: errors were reported. */
const struct tpl_template *tpl_cache_get(struct tpl_cache *cache, struct diag *diag,
                                         const struct src_file *file);

#endif
