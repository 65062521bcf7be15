/* SPDX-License-Identifier: MIT */
#include "overlay.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "embedded.h"
#include "yaml/doc.h"

enum { MOST_BYTES = 1024 * 1024 };

struct found {
    const char *name;
    const struct src_file *file;
    bool from_directory;
    struct found *next;
};

struct overlay {
    struct arena *arena;
    struct diag *diag;
    const char *directory;
    const char *folder;
    struct found *found;
};

struct overlay *overlay_new(struct arena *arena, struct diag *diag, const char *directory)
{
    struct stat info;
    if (directory && (stat(directory, &info) != 0 || !S_ISDIR(info.st_mode))) {
        diag_error(diag, (struct src_pos){0}, "file", "no directory of templates: '%s'", directory);
        return NULL;
    }
    struct overlay *overlay = arena_alloc(arena, sizeof(*overlay));
    *overlay = (struct overlay){.arena = arena, .diag = diag, .directory = directory};
    return overlay;
}

void overlay_enter(struct overlay *overlay, const char *folder)
{
    overlay->folder = folder;
}

/* A template must not name files elsewhere. */
static bool is_plain_name(const char *name)
{
    return *name && *name != '.' &&
           name[strspn(
               name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")] == '\0';
}

const struct src_file *overlay_built_in(struct arena *arena, const char *name)
{
    for (size_t i = 0; i < tpl_embedded_count; i++) {
        if (strcmp(tpl_embedded[i].name, name) != 0) {
            continue;
        }
        struct src_file *file = arena_alloc(arena, sizeof(*file));
        *file = (struct src_file){.path = arena_printf(arena, "templates/%s", name),
                                  .data = tpl_embedded[i].data,
                                  .len = tpl_embedded[i].len};
        return file;
    }
    return NULL;
}

static void look_up(struct overlay *overlay, struct found *found)
{
    if (overlay->directory) {
        const char *path = arena_printf(overlay->arena, "%s/%s", overlay->directory, found->name);
        found->from_directory = access(path, F_OK) == 0 || errno != ENOENT;
        if (found->from_directory) {
            found->file =
                yml_read_file(overlay->arena, overlay->diag, path, MOST_BYTES, (struct src_pos){0});
        }
    }
    if (!found->from_directory) {
        found->file = overlay_built_in(overlay->arena, found->name);
    }
}

const struct src_file *overlay_find(void *user, const char *name, size_t name_len)
{
    struct overlay *overlay = user;
    const char *plain = arena_copy(overlay->arena, name, name_len);
    if (!is_plain_name(plain) || strlen(plain) != name_len) {
        return NULL;
    }
    const char *path = arena_printf(overlay->arena, "%s/%s.mustache", overlay->folder, plain);
    struct found *found = overlay->found;
    while (found && strcmp(found->name, path) != 0) {
        found = found->next;
    }
    if (found) {
        return found->file;
    }
    found = arena_alloc(overlay->arena, sizeof(*found));
    *found = (struct found){.name = path, .next = overlay->found};
    overlay->found = found;
    look_up(overlay, found);
    return found->file;
}

static const struct found *from_directory(const struct found *found)
{
    while (found && !(found->from_directory && found->file)) {
        found = found->next;
    }
    return found;
}

size_t overlay_count(const struct overlay *overlay)
{
    size_t count = 0;
    for (const struct found *found = from_directory(overlay->found); found;
         found = from_directory(found->next)) {
        count++;
    }
    return count;
}

const char *overlay_path(const struct overlay *overlay, size_t i)
{
    const struct found *found = from_directory(overlay->found);
    while (i-- > 0) {
        found = from_directory(found->next);
    }
    return found->file->path;
}
