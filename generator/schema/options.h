/* SPDX-License-Identifier: MIT */
/*
 * The table of schema keys (options.def) and the one reader that it drives.
 *
 * opt_read looks at one map: every key it does not know, every required one
 * that is missing and every value of the wrong form or range is reported; what
 * is left is in an array that is indexed by the key's id.
 */
#ifndef LARDER_GENERATOR_OPTIONS_H
#define LARDER_GENERATOR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/model.h"
#include "yaml/doc.h"

struct reader;

#define OPT_TEN_YEARS_MS INT64_C(315360000000)

enum opt_scope {
#define SCOPE(id, title, noun, text) OPT_SCOPE_##id,
#define KEY(scope, id, key, form, need, kinds, min, max, choices, fallback, today, help)
#include "schema/options.def"
    OPT_SCOPE_COUNT
};

enum opt_id {
#define SCOPE(id, title, noun, text)
#define KEY(scope, id, key, form, need, kinds, min, max, choices, fallback, today, help) OPT_##id,
#include "schema/options.def"
    OPT_COUNT
};

enum opt_form {
    OPT_FLAG,
    OPT_INTEGER,
    OPT_SIZE,
    OPT_DURATION,
    OPT_PERCENT,
    OPT_CHOICE,
    OPT_TEXT,
    OPT_NAME,
    OPT_TEXTS, /* a list of scalars */
    OPT_LIST,
    OPT_MAP,
    OPT_TYPE,    /* a scalar or a map */
    OPT_PATTERN, /* a scalar */
    OPT_ANY      /* its reader looks */
};

enum opt_today { OPT_FULL, OPT_IGNORED, OPT_REFUSED };

struct opt {
    enum opt_scope scope;
    const char *key;
    enum opt_form form;
    bool required;
    unsigned kinds; /* bits 1 << enum sch_entity_kind */
    int64_t min, max;
    const char *choices; /* "a|b|c" */
    const char *fallback;
    enum opt_today today;
    const char *help;
};

struct opt_scope_row {
    const char *title;
    const char *noun;
    const char *text;
};

#define OPT_ALL_KINDS 0xffu

extern const struct opt opt_table[OPT_COUNT];
extern const struct opt_scope_row opt_scopes[OPT_SCOPE_COUNT];

struct opt_value {
    const struct yml_node *key;  /* NULL: not given */
    const struct yml_node *node; /* its value; NULL: not given, or of the wrong form (reported) */
    int64_t number;              /* FLAG, INTEGER, SIZE, DURATION, PERCENT; CHOICE: which */
};

/* What is read from one map. */
struct opt_values {
    struct opt_value of[OPT_COUNT];
};

/* Reads `map` as `scope`. `owner` is the name of what the map describes:
 * missing keys are reported there. False: it is no map; reported. */
bool opt_read(struct reader *reader, const struct yml_node *map, enum opt_scope scope,
              unsigned kinds, struct src_pos owner, struct opt_values *ret_values);

/* Whether an unknown key of the map was probably meant to be `key`, which
 * then is not missing besides. */
bool opt_is_misspelt(const struct yml_node *map, enum opt_scope scope, const char *key);

/* Converts one scalar by a row's form and range. False: reported. */
bool opt_number(struct reader *reader, const struct yml_node *node, enum opt_id id,
                int64_t *ret_number);

/* A number as it is written in a schema: "64MiB", "3650d". */
const char *opt_number_text(struct arena *arena, enum opt_form form, int64_t number);

/* Whether the node is a map (a list, a scalar) that is not empty by mistake; else reported. */
bool opt_is_map(struct reader *reader, const struct yml_node *node, const char *what);
bool opt_is_list(struct reader *reader, const struct yml_node *node, const char *what);
bool opt_is_scalar(struct reader *reader, const struct yml_node *node, const char *what);

#endif
