/* SPDX-License-Identifier: MIT */
/*
 * A set of files against a directory: what `larder check` says.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/atomic.h"
#include "output/set.h"

struct names {
    struct arena *arena;
    const char **names;
    size_t count;
    size_t capacity;
};

static void add_name(struct names *names, const char *name, size_t len)
{
    if (names->count == names->capacity) {
        size_t larger = names->capacity ? names->capacity * 2 : 16;
        names->names = arena_grow(names->arena, names->names, names->capacity * sizeof(char *),
                                  larger * sizeof(char *));
        names->capacity = larger;
    }
    names->names[names->count++] = arena_copy(names->arena, name, len);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_one(const struct out_entry *entry, const struct atomic_existing *existing,
                       struct text *report)
{
    if (existing->state == ATOMIC_FILE && existing->len == entry->len &&
        memcmp(existing->data, entry->data, entry->len) == 0) {
        return 0;
    }
    text_printf(report, "%s: %s\n", existing->state == ATOMIC_NOTHING ? "missing" : "different",
                entry->name);
    return 1;
}

/* Names that may be orphans: those a manifest lists. No manifest yet is an
 * empty one. Paths are not ours, whoever wrote them there. */
static void list_manifest(struct names *names, const char *path)
{
    struct atomic_existing manifest = atomic_look(names->arena, AT_FDCWD, path);
    const char *line = manifest.data;
    for (const char *end; (end = strchr(line, '\n')); line = end + 1) {
        if (end > line && *line != '.' && !memchr(line, '/', (size_t)(end - line))) {
            add_name(names, line, (size_t)(end - line));
        }
    }
}

static bool list_directory(struct names *names, int dir)
{
    int copy = fcntl(dir, F_DUPFD_CLOEXEC, 0);
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    if (!stream) {
        if (copy >= 0) {
            close(copy);
        }
        return false;
    }
    errno = 0;
    for (const struct dirent *entry; (entry = readdir(stream)); errno = 0) {
        if (entry->d_name[0] != '.') {
            add_name(names, entry->d_name, strlen(entry->d_name));
        }
    }
    int error = errno;
    closedir(stream);
    return error == 0;
}

static int report_orphans(const struct out_files *files, struct names *names, int dir,
                          struct text *report)
{
    int found = 0;
    if (names->count) {
        qsort(names->names, names->count, sizeof(char *), compare_names);
    }
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->names[i];
        if (out_has(files, name) || (i && strcmp(names->names[i - 1], name) == 0)) {
            continue;
        }
        struct atomic_existing existing = atomic_look(files->arena, dir, name);
        if (existing.state != ATOMIC_FILE || !out_has_marker(existing.data, existing.len)) {
            continue;
        }
        text_printf(report, "orphaned: %s\n", name);
        found++;
    }
    return found;
}

static int compare_all(const struct out_files *files, int dir, const char *manifest,
                       struct text *report)
{
    struct names names = {.arena = files->arena};
    int differences = 0;
    for (size_t i = 0; i < files->count; i++) {
        struct atomic_existing existing = atomic_look(files->arena, dir, files->entries[i].name);
        differences += compare_one(&files->entries[i], &existing, report);
    }
    if (manifest) {
        list_manifest(&names, manifest);
    } else if (!list_directory(&names, dir)) {
        return -1;
    }
    return differences + report_orphans(files, &names, dir, report);
}

static int all_missing(const struct out_files *files, struct text *report)
{
    for (size_t i = 0; i < files->count; i++) {
        text_printf(report, "missing: %s\n", files->entries[i].name);
    }
    return (int)files->count;
}

int out_check(const struct out_files *files, struct diag *diag, const char *directory,
              const char *manifest, struct text *report)
{
    int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 && errno == ENOENT) {
        return all_missing(files, report);
    }
    int differences = dir < 0 ? -1 : compare_all(files, dir, manifest, report);
    if (differences < 0) {
        diag_error(diag, (struct src_pos){0}, "file", "cannot read the directory '%s': %s",
                   directory, strerror(errno));
    }
    if (dir >= 0) {
        close(dir);
    }
    return differences;
}
