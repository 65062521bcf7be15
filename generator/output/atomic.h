/* SPDX-License-Identifier: MIT */
/*
 * Putting one file into an opened directory so that a reader sees the old
 * bytes or the new ones. For the room output/ only.
 */
#ifndef LARDER_GENERATOR_ATOMIC_H
#define LARDER_GENERATOR_ATOMIC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"

/* What stands at a name now. */
enum atomic_state {
    ATOMIC_NOTHING,
    ATOMIC_FILE,  /* a regular file: its bytes are there */
    ATOMIC_OTHER, /* a link, directory, device: never touched */
    ATOMIC_FAILED /* errno */
};

struct atomic_existing {
    enum atomic_state state;
    mode_t mode;
    const char *data;
    size_t len;
};

/* Reads a file; links are not followed. */
struct atomic_existing atomic_look(struct arena *arena, int dir, const char *name);

/* Writes the bytes under a name nobody has (`ret_temp`), down to the disk.
 * False: errno; nothing is left behind. */
bool atomic_write_temp(struct arena *arena, int dir, const char *data, size_t len, mode_t mode,
                       const char **ret_temp);

/* Opens a directory, making it and its parents where they are missing. -1: errno. */
int atomic_open_directory(struct arena *arena, const char *path);

#endif
