/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "output/files.h"

enum { MOST_BYTES = 16 * 1024 * 1024 };

static const char *absolute(struct arena *arena, const char *path)
{
    char directory[4096];
    if (*path == '/' || !getcwd(directory, sizeof(directory))) {
        return path;
    }
    while (path[0] == '.' && path[1] == '/') {
        path += 2;
    }
    return arena_printf(arena, "%s/%s", strcmp(directory, "/") == 0 ? "" : directory, path);
}

/* Make's and Ninja's common ground: a backslash before a blank, # and :, a
 * second dollar for a dollar. */
static void append_path(struct text *out, const char *path)
{
    for (; *path; path++) {
        if (*path == '$') {
            text_putc(out, '$');
        } else if (strchr(" \t#:", *path)) {
            text_putc(out, '\\');
        }
        text_putc(out, *path);
    }
}

static bool is_listed(const char *const *deps, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(deps[i], path) == 0) {
            return true;
        }
    }
    return false;
}

/* A newline cannot be written in a depfile at all. */
static bool check_path(struct diag *diag, const char *path)
{
    if (!strchr(path, '\n')) {
        return true;
    }
    diag_error(diag, (struct src_pos){0}, "file",
               "a path with a newline cannot stand in a depfile: '%s'", path);
    return false;
}

bool out_write_depfile(struct arena *arena, struct diag *diag, const char *path, const char *target,
                       const char *const *deps, size_t count)
{
    struct text text;
    text_init(&text, arena, MOST_BYTES);
    if (!check_path(diag, target)) {
        return false;
    }
    append_path(&text, absolute(arena, target));
    text_putc(&text, ':');
    for (size_t i = 0; i < count; i++) {
        if (is_listed(deps, i, deps[i])) {
            continue;
        }
        if (!check_path(diag, deps[i])) {
            return false;
        }
        text_puts(&text, " \\\n  ");
        append_path(&text, absolute(arena, deps[i]));
    }
    text_putc(&text, '\n');
    return out_write_one(arena, diag, path, text.data, text.len, true);
}
