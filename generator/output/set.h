/* SPDX-License-Identifier: MIT */
/*
 * The insides of a set of files. For the room output/ only.
 */
#ifndef LARDER_GENERATOR_SET_H
#define LARDER_GENERATOR_SET_H

#include <sys/types.h>

#include "output/files.h"

enum { MARKER_WITHIN = 1024 }; /* bytes from the start of a file */

struct out_entry {
    const char *name;
    const char *data;
    size_t len;
};

struct out_files {
    struct arena *arena;
    struct out_entry *entries; /* sorted by name */
    size_t count;
    size_t capacity;
};

/* A file whose bytes change, on its way. */
struct out_change {
    const struct out_entry *entry;
    mode_t mode;
    const char *temp; /* NULL: not there (any more) */
    bool existed;
    bool swapped; /* the temporary holds the old bytes */
    bool created;
};

/* One call of out_write. */
struct out_files_write {
    struct arena *arena;
    struct diag *diag;
    const char *directory;
    int dir;
    struct out_change *changes;
    size_t count;
};

bool out_has(const struct out_files *files, const char *name);
bool out_has_marker(const char *data, size_t len);

#endif
