/* SPDX-License-Identifier: MIT */
/*
 * From schema files to generated files in memory: what `generate` and `check`
 * have in common.
 */
#ifndef LARDER_GENERATOR_PRODUCE_H
#define LARDER_GENERATOR_PRODUCE_H

#include "output/files.h"
#include "schema/read.h"
#include "verbs.h"

/* What came of it. */
struct product {
    struct out_files *files;
    const char **inputs; /* schemas, included files, overlaid templates */
    size_t input_count;
};

/* EXIT_DONE, also where errors were reported (then *ret_product is of no use),
 * or EXIT_USAGE. */
int produce(struct run *run, const struct args *args, struct product *ret_product);

/* The names alone, without reading anything: "product_cache.h", … */
int produce_names(struct run *run, const struct args *args, struct out_files *files);

/* Reads and checks one schema with the options -I and -Werror, for those who look at it:
 * what this version cannot generate is no error here. NULL: reported. */
const struct sch_service *produce_read(struct run *run, const struct args *args, const char *path);

/* "schemas/product.yaml": "product". NULL: no name for a file of C; reported. */
const char *produce_stem(struct run *run, const char *path);

#endif
