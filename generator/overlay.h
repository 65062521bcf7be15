/* SPDX-License-Identifier: MIT */
/*
 * Where templates come from: a directory of the user's, then the binary.
 */
#ifndef LARDER_GENERATOR_OVERLAY_H
#define LARDER_GENERATOR_OVERLAY_H

#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"

struct overlay; /* opaque */

/* `directory` lies over the templates in the binary, file by file
 * (DIR/c/cache.h.mustache); NULL: there is none. NULL result: reported. */
struct overlay *overlay_new(struct arena *arena, struct diag *diag, const char *directory);

/* The folder whose templates are found from now on: the kind of what is made. */
void overlay_enter(struct overlay *overlay, const char *folder);

/* That folder's template "NAME.mustache", read once. NULL: there is none, or it cannot
 * be read, which is reported. The form of a tpl_find: `user` is the overlay. */
const struct src_file *overlay_find(void *user, const char *name, size_t name_len);

/* A template in the binary by its whole name. NULL: there is none. */
const struct src_file *overlay_built_in(struct arena *arena, const char *name);

/* The files read from the directory, for the depfile. */
size_t overlay_count(const struct overlay *overlay);
const char *overlay_path(const struct overlay *overlay, size_t i);

#endif
