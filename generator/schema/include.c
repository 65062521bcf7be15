/* SPDX-License-Identifier: MIT */
/*
 * Files of shared types. A file is known by device and inode, so that it
 * counts once whatever the way to it, and a circle is seen.
 */
#include <string.h>
#include <sys/stat.h>

#include "schema/reader.h"

enum { LIMIT_INCLUDE_DEPTH = 16 };

struct known_file {
    dev_t device;
    ino_t inode;
    bool open; /* its includes are being read */
};

static const char *beside(struct arena *arena, const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return name;
    }
    return arena_printf(arena, "%.*s/%s", (int)(slash - path), path, name);
}

static bool is_file(const char *path, struct stat *ret_stat)
{
    return stat(path, ret_stat) == 0 && S_ISREG(ret_stat->st_mode);
}

/* The first that is there: beside the including file, in the include directories. NULL: none. */
static const char *find_path(struct reader *reader, const struct src_file *from, const char *name,
                             struct stat *ret_stat)
{
    const char *path = beside(reader->arena, from->path, name);
    if (is_file(path, ret_stat)) {
        return path;
    }
    for (size_t i = 0; reader->options != NULL && i < reader->options->include_dir_count; i++) {
        path = arena_printf(reader->arena, "%s/%s", reader->options->include_dirs[i], name);
        if (is_file(path, ret_stat)) {
            return path;
        }
    }
    return NULL;
}

static struct known_file *find_known(struct reader *reader, const struct stat *status)
{
    for (size_t i = 0; i < reader->known_count; i++) {
        if (reader->known[i].device == status->st_dev && reader->known[i].inode == status->st_ino) {
            return &reader->known[i];
        }
    }
    return NULL;
}

/* Its index: the array may move. */
static size_t add_known(struct reader *reader, const struct stat *status)
{
    reader->known = room_for_one(reader->arena, reader->known, reader->known_count,
                                 &reader->known_capacity, sizeof *reader->known);
    reader->known[reader->known_count] = (struct known_file){status->st_dev, status->st_ino, true};
    return reader->known_count++;
}

static void add_file(struct reader *reader, const struct src_file *file)
{
    struct sch_service *service = reader->service;
    service->files = room_for_one(reader->arena, service->files, service->file_count,
                                  &reader->file_capacity, sizeof *service->files);
    service->files[service->file_count++] = file;
}

static void include_list(struct reader *reader, const struct yml_node *list,
                         const struct src_file *from, unsigned depth);

/* False: it could not be read; reported. */
static bool include_file(struct reader *reader, const struct yml_node *item, const char *path,
                         unsigned depth)
{
    struct opt_values values;
    const struct src_file *file =
        yml_read_file(reader->arena, reader->diag, path, LIMIT_FILE_BYTES, item->pos);
    if (file == NULL) {
        return false;
    }
    add_file(reader, file);
    struct yml_doc *doc = yml_parse(reader->arena, reader->diag, file, YML_SCHEMA);
    if (doc == NULL ||
        !opt_read(reader, doc->root, OPT_SCOPE_SHARED, OPT_ALL_KINDS, doc->root->pos, &values)) {
        return false;
    }
    include_list(reader, values.of[OPT_SHARED_INCLUDE].node, file, depth + 1);
    decls_collect(reader, values.of[OPT_SHARED_TYPES].node, true);
    return true;
}

static bool include_one(struct reader *reader, const struct yml_node *item,
                        const struct src_file *from, unsigned depth)
{
    struct stat status;
    if (item->text[0] == '/') {
        diag_error(reader->diag, item->pos, "include", "an include is relative, not absolute");
        return false;
    }
    const char *path = find_path(reader, from, item->text, &status);
    if (item->len == 0 || path == NULL) {
        diag_error(reader->diag, item->pos, "include",
                   "no file '%s' beside this one or in the include directories", item->text);
        return false;
    }
    const struct known_file *known = find_known(reader, &status);
    if (known != NULL) {
        if (known->open) {
            diag_error(reader->diag, item->pos, "include-cycle", "'%s' includes itself%s",
                       item->text, depth == 0 ? "" : ", by a detour");
        }
        return !known->open;
    }
    if (reader->known_count >= LIMIT_FILES || depth >= LIMIT_INCLUDE_DEPTH) {
        diag_error(reader->diag, item->pos, "limit", "at most %d included files, %d deep",
                   LIMIT_FILES - 1, LIMIT_INCLUDE_DEPTH);
        return false;
    }
    size_t index = add_known(reader, &status);
    bool good = include_file(reader, item, path, depth);
    reader->known[index].open = false;
    return good;
}

static void include_list(struct reader *reader, const struct yml_node *list,
                         const struct src_file *from, unsigned depth)
{
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        if (!include_one(reader, list->items[i], from, depth)) {
            reader->include_failed = true;
            reader->types_missing = true;
        }
    }
}

void include_all(struct reader *reader, const struct yml_node *list, const struct src_file *file)
{
    struct stat status;
    add_file(reader, file);
    if (stat(file->path, &status) == 0) {
        (void)add_known(reader, &status);
    }
    include_list(reader, list, file, 0);
}
