/* SPDX-License-Identifier: MIT */
/*
 * larder render: the template engine alone, with any YAML or JSON as its data.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "context/value.h"
#include "render/template.h"
#include "verbs.h"
#include "yaml/doc.h"

enum { MAX_INPUT_BYTES = 16 * 1024 * 1024, MAX_OUTPUT_BYTES = 256 * 1024 * 1024 };

static const char suffix[] = ".mustache";

const struct args_option verb_render_options[] = {
    {"--partials", "DIR", false, "take the partial NAME from DIR/NAME.mustache"},
    {"--escape", "html|none", false, "how {{name}} is escaped (html)"},
    {"--lenient", NULL, false, "an unknown name or partial is empty, not an error"},
    {NULL, NULL, false, NULL},
};

/* The data. Plain scalars are what they would be in JSON. */

static const char *skip_digits(const char *at)
{
    while (*at >= '0' && *at <= '9') {
        at++;
    }
    return at;
}

/* RFC 8259, section 6. */
static bool is_json_number(const char *text)
{
    text += *text == '-';
    const char *at = skip_digits(text);
    if (at == text || (*text == '0' && at != text + 1)) {
        return false;
    }
    if (*at == '.') {
        const char *fraction = at + 1;
        at = skip_digits(fraction);
        if (at == fraction) {
            return false;
        }
    }
    if (*at == 'e' || *at == 'E') {
        at += at[1] == '+' || at[1] == '-' ? 2 : 1;
        if (*at < '0' || *at > '9') {
            return false;
        }
        at = skip_digits(at);
    }
    return !*at;
}

/* As written but for zeros that say nothing: 1.210 is 1.21, 1.00 is 1.0. The
 * specification's tests want that. */
static struct ctx_value *number_value(struct arena *arena, const char *text, size_t len)
{
    if (strchr(text, '.') && !strpbrk(text, "eE")) {
        while (text[len - 1] == '0' && text[len - 2] != '.') {
            len--;
        }
    }
    return ctx_number_text(arena, arena_copy(arena, text, len));
}

static struct ctx_value *scalar_value(struct arena *arena, const struct yml_node *node)
{
    bool is_typed = node->plain && !node->tagged && strlen(node->text) == node->len;
    if (is_typed && (!node->len || strcmp(node->text, "null") == 0)) {
        return ctx_null(arena);
    }
    if (is_typed && (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0)) {
        return ctx_flag(arena, node->text[0] == 't');
    }
    if (is_typed && is_json_number(node->text)) {
        return number_value(arena, node->text, node->len);
    }
    return ctx_string_view(arena, node->text, node->len);
}

/* As deep and as large as yml_parse lets it be, aliases counted. */
static struct ctx_value *value_of(struct arena *arena, const struct yml_node *node)
{
    if (node->kind == YML_SCALAR) {
        return scalar_value(arena, node);
    }
    struct ctx_value *value = node->kind == YML_LIST ? ctx_list(arena) : ctx_map(arena);
    for (size_t i = 0; i < node->count; i++) {
        if (node->kind == YML_LIST) {
            ctx_add(value, value_of(arena, node->items[i]));
            continue;
        }
        const struct yml_pair *pair = &node->pairs[i];
        ctx_set_len(value, pair->key->text, pair->key->len, value_of(arena, pair->value));
    }
    return value;
}

/* The partials. */

struct partial {
    const char *name;
    size_t len;
    const struct src_file *file; /* NULL: there is none */
    struct partial *next;
};

struct partials {
    struct run *run;
    const char *directory;
    struct partial *first; /* those asked for: each is read once */
    const char **names;    /* those in the directory, sorted, without their suffix */
    size_t count;
    size_t capacity;
};

/* Names no way out of the directory: "a" and "a/b", not "/a", "../a", "a//b". */
static bool is_inside(const char *name, size_t len)
{
    if (!len || strlen(name) != len) {
        return false;
    }
    for (const char *part = name;; part++) {
        size_t part_len = strcspn(part, "/");
        if (!part_len || (part_len <= 2 && strspn(part, ".") >= part_len)) {
            return false;
        }
        part += part_len;
        if (!*part) {
            return true;
        }
    }
}

static const struct src_file *read_partial(struct partials *partials, const char *name, size_t len)
{
    struct stat info;
    if (!is_inside(name, len)) {
        return NULL;
    }
    const char *path =
        arena_printf(partials->run->arena, "%s/%s%s", partials->directory, name, suffix);
    if (stat(path, &info) != 0 && (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG)) {
        return NULL;
    }
    return yml_read_file(partials->run->arena, partials->run->diag, path, MAX_INPUT_BYTES,
                         (struct src_pos){0});
}

static const struct src_file *find_partial(void *user, const char *name, size_t name_len)
{
    struct partials *partials = user;
    for (const struct partial *known = partials->first; known; known = known->next) {
        if (known->len == name_len && memcmp(known->name, name, name_len) == 0) {
            return known->file;
        }
    }
    struct partial *added = arena_alloc(partials->run->arena, sizeof(*added));
    added->name = name;
    added->len = name_len;
    added->file = read_partial(partials, name, name_len);
    added->next = partials->first;
    partials->first = added;
    return added->file;
}

static void add_partial_name(struct partials *partials, const char *file_name)
{
    size_t len = strlen(file_name);
    if (len < sizeof(suffix) || strcmp(file_name + len - (sizeof(suffix) - 1), suffix) != 0) {
        return;
    }
    if (partials->count == partials->capacity) {
        size_t capacity = partials->capacity ? partials->capacity * 2 : 16;
        partials->names =
            arena_grow(partials->run->arena, partials->names, partials->capacity * sizeof(char *),
                       capacity * sizeof(char *));
        partials->capacity = capacity;
    }
    partials->names[partials->count++] =
        arena_copy(partials->run->arena, file_name, len - (sizeof(suffix) - 1));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Learns what is there, for "did you mean". */
static bool list_partials(struct partials *partials)
{
    DIR *directory = opendir(partials->directory);
    if (!directory) {
        diag_error(partials->run->diag, (struct src_pos){0}, "file",
                   "cannot read the directory '%s': %s", partials->directory, strerror(errno));
        return false;
    }
    for (const struct dirent *entry; (entry = readdir(directory));) {
        add_partial_name(partials, entry->d_name);
    }
    closedir(directory);
    if (partials->count) {
        qsort(partials->names, partials->count, sizeof(*partials->names), by_name);
    }
    return true;
}

/* The verb. */

static bool escape_of(const char *word, enum tpl_escape *ret_escape)
{
    *ret_escape = word && strcmp(word, "none") == 0 ? TPL_ESCAPE_NONE : TPL_ESCAPE_HTML;
    return !word || strcmp(word, "html") == 0 || strcmp(word, "none") == 0;
}

static const struct ctx_value *read_data(struct run *run, const char *path)
{
    const struct src_file *file =
        yml_read_file(run->arena, run->diag, path, MAX_INPUT_BYTES, (struct src_pos){0});
    const struct yml_doc *doc = file ? yml_parse(run->arena, run->diag, file, YML_DATA) : NULL;
    return doc ? value_of(run->arena, doc->root) : NULL;
}

int verb_render(struct run *run, const struct args *args)
{
    size_t count;
    const char *const *operands = args_operands(args, &count);
    struct partials partials = {.run = run, .directory = args_text(args, "--partials")};
    struct tpl_options options = {.lenient = args_has(args, "--lenient"), .user = &partials};
    if (!escape_of(args_text(args, "--escape"), &options.escape)) {
        return run_usage(run, "--escape is html or none, not '%s'", args_text(args, "--escape"));
    }
    if (partials.directory) {
        if (!list_partials(&partials)) {
            return EXIT_DONE;
        }
        options.find = find_partial;
        options.partials = partials.names;
        options.partial_count = partials.count;
    }
    const struct src_file *file =
        yml_read_file(run->arena, run->diag, operands[0], MAX_INPUT_BYTES, (struct src_pos){0});
    const struct ctx_value *data = read_data(run, operands[1]);
    struct text out;
    text_init(&out, run->arena, MAX_OUTPUT_BYTES);
    if (file && data && tpl_render(run->arena, run->diag, file, data, &options, &out)) {
        fwrite(out.data, 1, out.len, stdout); /* main sees whether it went well */
    }
    return EXIT_DONE;
}
