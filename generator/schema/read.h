/* SPDX-License-Identifier: MIT */
/*
 * From a tree of nodes to a checked model.
 */
#ifndef LARDER_GENERATOR_READ_H
#define LARDER_GENERATOR_READ_H

#include "schema/model.h"

struct sch_options {
    const char *const *include_dirs; /* searched after the including file's own directory */
    size_t include_dir_count;
    bool is_for_c; /* report also what the language has and this version cannot generate */
};

/* Reads and checks one schema file. NULL: errors were reported to diag;
 * warnings may have been reported either way, and with is_for_c errors, too, of
 * what is right and cannot be generated. */
const struct sch_service *sch_read(struct arena *arena, struct diag *diag, const char *path,
                                   const struct sch_options *options);

/* The same of a file that is in memory; its path says where included ones are looked for. */
const struct sch_service *sch_read_file(struct arena *arena, struct diag *diag,
                                        const struct src_file *file,
                                        const struct sch_options *options);

/* Whether a service may be called so. */
bool sch_is_service_name(struct arena *arena, const char *name);

/* Checks that hold between the services of one run: patterns that can meet in
 * one DB and prefix, the same service twice, shared databases. */
void sch_check_together(struct arena *arena, struct diag *diag,
                        const struct sch_service *const *services, size_t count);

#endif
