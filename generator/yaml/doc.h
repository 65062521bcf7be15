/* SPDX-License-Identifier: MIT */
/*
 * YAML text as a tree of nodes with positions.
 *
 * Built from libyaml's events, never from its document loader: limits hold
 * while events arrive (libyaml 0.2.5 takes quadratic time on nesting), and
 * duplicate keys, which libyaml does not see, are refused here.
 * Everything lives in the arena. The only room that includes <yaml.h>.
 */
#ifndef LARDER_GENERATOR_DOC_H
#define LARDER_GENERATOR_DOC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"

enum yml_kind { YML_SCALAR, YML_LIST, YML_MAP };

struct yml_pair;

struct yml_node {
    enum yml_kind kind;
    struct src_pos pos; /* its first character or opening quote */
    /* YML_SCALAR */
    const char *text; /* terminated; holds no NUL in schema mode */
    size_t len;
    bool plain;  /* neither quoted nor a block: only these may be numbers, true, null … */
    bool tagged; /* carried a tag (data mode): a string whatever it looks like */
    /* YML_LIST */
    struct yml_node **items;
    /* YML_MAP */
    struct yml_pair *pairs;
    size_t count; /* of items or pairs */
    /* With every alias counted as what it stands for: so whoever walks the tree
     * is bounded by the mode's limits too. */
    size_t weight; /* nodes, this one included; 0 while it is being read */
    size_t height; /* levels of lists and maps: 0 for a scalar */
};

struct yml_pair {
    struct yml_node *key; /* a scalar */
    struct yml_node *value;
};

struct yml_doc {
    const struct src_file *file;
    struct yml_node *root;
};

enum yml_mode {
    YML_SCHEMA, /* anchors, aliases, tags, merge keys, second documents refused; 1 MiB, depth 32, 100,000 nodes */
    YML_DATA /* for `larder render`: any YAML or JSON; aliases share their node; 16 MiB, depth 64, 1,000,000 nodes */
};

/* Reads a regular file. NULL: an error was reported (id "file" when it cannot
 * be read: the caller then exits with 5, not 1). */
const struct src_file *yml_read_file(struct arena *arena, struct diag *diag, const char *path,
                                     size_t max_bytes, struct src_pos asked_at);

/* Parses it. NULL: errors were reported. An empty document is a plain scalar "" at 1:1. */
struct yml_doc *yml_parse(struct arena *arena, struct diag *diag, const struct src_file *file,
                          enum yml_mode mode);

/* The value under a key of a map; NULL. */
struct yml_node *yml_get(const struct yml_node *map, const char *key);

#endif
