/* SPDX-License-Identifier: MIT */
/*
 * `larder templates`: for those who put templates of their own before the
 * built-in ones. `export` writes these to begin with, `diff` shows after an
 * upgrade what the own ones do otherwise.
 *
 * A directory need not hold every template: what it has not, the program has.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/line_diff.h"
#include "base/text.h"
#include "embedded.h"
#include "output/files.h"
#include "verbs.h"
#include "yaml/doc.h"

enum { MOST_BYTES = 1024 * 1024, MOST_OUTPUT_BYTES = 64 * 1024 * 1024, DEEPEST = 8 };

static const char suffix[] = ".mustache";

const struct args_option verb_templates_options[] = {
    {"--force", NULL, false, "export: overwrite files that differ"},
    {NULL, NULL, false, NULL},
};

/* ---------------------------------------------------------------- built in */

/* What `init` writes is no template that --templates could replace. */
static bool is_overlaid(const char *name)
{
    return strncmp(name, "init/", 5) != 0;
}

static const struct tpl_embedded *find(const char *name)
{
    for (size_t i = 0; i < tpl_embedded_count; i++) {
        if (is_overlaid(tpl_embedded[i].name) && strcmp(tpl_embedded[i].name, name) == 0) {
            return &tpl_embedded[i];
        }
    }
    return NULL;
}

static bool is_equal(const struct src_file *file, const struct tpl_embedded *template)
{
    return file->len == template->len && memcmp(file->data, template->data, file->len) == 0;
}

/* ------------------------------------------------------------------ export */

enum place { PLACE_FREE, PLACE_EQUAL, PLACE_OTHER, PLACE_UNREADABLE };

static enum place look_at(struct run *run, const char *path, const struct tpl_embedded *template)
{
    struct stat info;
    if (lstat(path, &info) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
        return PLACE_FREE;
    }
    const struct src_file *file =
        yml_read_file(run->arena, run->diag, path, MOST_BYTES, (struct src_pos){0});
    if (!file) {
        return PLACE_UNREADABLE;
    }
    return is_equal(file, template) ? PLACE_EQUAL : PLACE_OTHER;
}

static const char *path_of(struct run *run, const char *directory,
                           const struct tpl_embedded *template)
{
    return arena_printf(run->arena, "%s/%s", directory, template->name);
}

/* All or none: what somebody changed is reported before anything is written. */
static bool may_write(struct run *run, const char *directory)
{
    for (size_t i = 0; i < tpl_embedded_count; i++) {
        const struct tpl_embedded *template = &tpl_embedded[i];
        const char *path = path_of(run, directory, template);
        if (is_overlaid(template->name) && look_at(run, path, template) == PLACE_OTHER) {
            diag_error(run->diag, (struct src_pos){0}, "file",
                       "'%s' is there and differs; --force overwrites it", path);
        }
    }
    return diag_error_count(run->diag) == 0;
}

static int export(struct run *run, const struct args *args, const char *directory)
{
    if (!args_has(args, "--force") && !may_write(run, directory)) {
        return EXIT_DONE;
    }
    for (size_t i = 0; i < tpl_embedded_count; i++) {
        const struct tpl_embedded *template = &tpl_embedded[i];
        const char *path = path_of(run, directory, template);
        if (!is_overlaid(template->name)) {
            continue;
        }
        if (!out_write_one(run->arena, run->diag, path, template->data, template->len, false)) {
            break;
        }
        printf("%s\n", path);
    }
    return EXIT_DONE;
}

/* -------------------------------------------------------------------- diff */

struct names {
    struct run *run;
    const char *directory;
    const char **names; /* "c/cache.h.mustache" */
    size_t count;
    size_t capacity;
};

static void add_name(struct names *names, const char *name)
{
    if (names->count == names->capacity) {
        size_t larger = names->capacity ? names->capacity * 2 : 16;
        names->names =
            arena_grow(names->run->arena, names->names, names->capacity * sizeof(*names->names),
                       larger * sizeof(*names->names));
        names->capacity = larger;
    }
    names->names[names->count++] = name;
}

static bool is_template(const char *name)
{
    size_t len = strlen(name);
    return len > sizeof(suffix) - 1 && strcmp(name + len - (sizeof(suffix) - 1), suffix) == 0;
}

/* Whatever a folder holds, `below` being "" or "c/": folders are looked into,
 * hidden names and other suffixes are not ours. */
static void collect(struct names *names, const char *below, int depth)
{
    struct arena *arena = names->run->arena;
    const char *path = arena_printf(arena, "%s/%s", names->directory, below);
    DIR *stream = opendir(path);
    struct stat info;
    if (!stream) {
        diag_error(names->run->diag, (struct src_pos){0}, "file",
                   "cannot read the directory '%s%s%s': %s", names->directory, *below ? "/" : "",
                   below, strerror(errno));
        return;
    }
    for (const struct dirent *entry; (entry = readdir(stream));) {
        const char *name = arena_printf(arena, "%s%s", below, entry->d_name);
        if (entry->d_name[0] == '.' ||
            stat(arena_printf(arena, "%s/%s", names->directory, name), &info) != 0) {
            continue;
        }
        if (S_ISDIR(info.st_mode) && depth < DEEPEST) {
            collect(names, arena_printf(arena, "%s/", name), depth + 1);
        } else if (S_ISREG(info.st_mode) && is_template(name)) {
            add_name(names, name);
        }
    }
    closedir(stream);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_finding(struct run *run, const char *finding, const char *name)
{
    struct text text;
    text_init(&text, run->arena, MOST_BYTES);
    if (run->json) {
        text_printf(&text, "{\"finding\":\"%s\",\"file\":", finding);
        text_json_string(&text, name, strlen(name));
        text_puts(&text, "}\n");
    } else {
        text_printf(&text, "%s: %s\n", finding, name);
    }
    fwrite(text.data, 1, text.len, stdout);
}

static void print_difference(struct run *run, const struct tpl_embedded *template,
                             const struct src_file *file)
{
    struct text text;
    text_init(&text, run->arena, MOST_OUTPUT_BYTES);
    print_finding(run, "different", template->name);
    if (!run->json) {
        text_printf(&text, "--- built in/%s\n+++ %s\n", template->name, file->path);
        line_diff(&text, (struct line_text){template->data, template->len},
                  (struct line_text){file->data, file->len});
        fwrite(text.data, 1, text.len, stdout);
    }
}

/* True: there was something to say. */
static bool compare_one(const struct names *names, const char *name)
{
    struct run *run = names->run;
    const struct tpl_embedded *template = find(name);
    if (!template) {
        print_finding(run, "unknown", name);
        return true;
    }
    const char *path = path_of(run, names->directory, template);
    const struct src_file *file =
        yml_read_file(run->arena, run->diag, path, MOST_BYTES, (struct src_pos){0});
    if (!file || is_equal(file, template)) {
        return false;
    }
    print_difference(run, template, file);
    return true;
}

static int diff(struct run *run, const char *directory)
{
    struct names names = {.run = run, .directory = directory};
    bool found = false;
    collect(&names, "", 0);
    if (names.count) {
        qsort(names.names, names.count, sizeof(*names.names), compare_names);
    }
    for (size_t i = 0; i < names.count; i++) {
        found = compare_one(&names, names.names[i]) || found;
    }
    return found && !diag_error_count(run->diag) ? EXIT_FINDINGS : EXIT_DONE;
}

int verb_templates(struct run *run, const struct args *args)
{
    size_t count;
    const char *const *operands = args_operands(args, &count);
    if (strcmp(operands[0], "export") == 0) {
        return export(run, args, operands[1]);
    }
    if (strcmp(operands[0], "diff") == 0) {
        return diff(run, operands[1]);
    }
    return run_usage(run, "there are export and diff, not '%s'", operands[0]);
}
