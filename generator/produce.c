/* SPDX-License-Identifier: MIT */
#include "produce.h"

#include <string.h>

#include "context/context.h"
#include "overlay.h"
#include "render/template.h"

enum { MOST_OUTPUT_BYTES = 256 * 1024 * 1024 };

/* What one schema becomes: each template, and what is put behind the stem. */
static const struct artefact {
    const char *template;
    const char *suffix;
} artefacts[] = {
    {"cache.h", "_cache.h"},
    {"cache.c", "_cache.c"},
};

enum { ARTEFACT_COUNT = sizeof(artefacts) / sizeof(artefacts[0]) };

/* ------------------------------------------------------------------- names */

const char *produce_stem(struct run *run, const char *path)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    const char *stem = arena_copy(run->arena, name, dot ? (size_t)(dot - name) : strlen(name));
    if (*stem && *stem != '.' && *stem != '-' && stem[strspn(stem, allowed)] == '\0') {
        return stem;
    }
    diag_error(run->diag, (struct src_pos){0}, "file-name",
               "'%s': generated files are named after the schema, and '%s' is no name for one",
               path, stem);
    return NULL;
}

/* `c`, or `c,c`: the other artefacts are for later versions. */
static int check_emit(const struct run *run, const char *list)
{
    for (const char *name = list; name; name = strchr(name, ',')) {
        name += *name == ',';
        size_t len = strcspn(name, ",");
        if (len != 1 || *name != 'c') {
            return run_usage(run, "--emit %.*s is not in this version: there is c", (int)len, name);
        }
    }
    return EXIT_DONE;
}

static const char *output_name(struct run *run, const char *stem, const struct artefact *artefact)
{
    return arena_printf(run->arena, "%s%s", stem, artefact->suffix);
}

int produce_names(struct run *run, const struct args *args, struct out_files *files)
{
    size_t count;
    const char *const *paths = args_operands(args, &count);
    int status = check_emit(run, args_text(args, "--emit"));
    for (size_t i = 0; status == EXIT_DONE && i < count; i++) {
        const char *stem = produce_stem(run, paths[i]);
        for (size_t j = 0; stem && j < ARTEFACT_COUNT; j++) {
            out_add(files, run->diag, output_name(run, stem, &artefacts[j]), "", 0);
        }
    }
    return status;
}

/* ----------------------------------------------------------------- schemas */

static const struct sch_service *read_one(struct run *run, const struct args *args,
                                          const char *path, bool is_for_c)
{
    struct sch_options options = {.is_for_c = is_for_c};
    options.include_dirs = args_texts(args, "-I", &options.include_dir_count);
    if (args_has(args, "-Werror")) {
        diag_warnings_are_errors(run->diag);
    }
    return sch_read(run->arena, run->diag, path, &options);
}

const struct sch_service *produce_read(struct run *run, const struct args *args, const char *path)
{
    return read_one(run, args, path, false);
}

/* Reads all, so that one run shows what is wrong in any. */
static const struct sch_service **read_all(struct run *run, const struct args *args,
                                           size_t *ret_count)
{
    const char *const *paths = args_operands(args, ret_count);
    const struct sch_service **services =
        arena_array(run->arena, *ret_count, sizeof(struct sch_service *));
    bool whole = true;
    for (size_t i = 0; i < *ret_count; i++) {
        services[i] = read_one(run, args, paths[i], true);
        whole = whole && services[i];
    }
    if (whole) {
        sch_check_together(run->arena, run->diag, services, *ret_count);
    }
    return services;
}

/* --------------------------------------------------------------- rendering */

static void render_one(struct run *run, const struct tpl_options *options,
                       const struct ctx_value *context, const struct artefact *artefact,
                       struct out_files *files, const char *name)
{
    const struct src_file *file =
        options->find(options->user, artefact->template, strlen(artefact->template));
    struct text text;
    text_init(&text, run->arena, MOST_OUTPUT_BYTES);
    if (!file) {
        diag_error(run->diag, (struct src_pos){0}, "file", "there is no template '%s'",
                   artefact->template);
        return;
    }
    if (!tpl_render(run->arena, run->diag, file, context, options, &text)) {
        return;
    }
    if (text.full) {
        diag_error(run->diag, (struct src_pos){.file = file}, "too-large",
                   "what it makes is larger than %d bytes", MOST_OUTPUT_BYTES);
    } else {
        out_add(files, run->diag, name, text.data, text.len);
    }
}

static void render_service(struct run *run, const struct tpl_options *options,
                           const struct sch_service *service, const char *path,
                           struct out_files *files)
{
    const char *stem = produce_stem(run, path);
    if (!stem) {
        return;
    }
    const struct ctx_value *context = ctx_build(run->arena, service, stem);
    for (size_t i = 0; i < ARTEFACT_COUNT; i++) {
        render_one(run, options, context, &artefacts[i], files,
                   output_name(run, stem, &artefacts[i]));
    }
}

static void list_inputs(struct run *run, const struct overlay *overlay,
                        const struct sch_service *const *services, size_t count,
                        struct product *product)
{
    size_t most = overlay_count(overlay);
    for (size_t i = 0; i < count; i++) {
        most += services[i]->file_count;
    }
    product->inputs = arena_array(run->arena, most, sizeof(char *));
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < services[i]->file_count; j++) {
            product->inputs[product->input_count++] = services[i]->files[j]->path;
        }
    }
    for (size_t i = 0; i < overlay_count(overlay); i++) {
        product->inputs[product->input_count++] = overlay_path(overlay, i);
    }
}

int produce(struct run *run, const struct args *args, struct product *ret_product)
{
    size_t count;
    const char *const *paths = args_operands(args, &count);
    *ret_product = (struct product){.files = out_new(run->arena)};
    /* Two schemas of one name would be in each other's way all along: that comes first. */
    int status = produce_names(run, args, out_new(run->arena));
    if (status != EXIT_DONE || diag_error_count(run->diag)) {
        return status;
    }
    struct overlay *overlay = overlay_new(run->arena, run->diag, args_text(args, "--templates"));
    const struct sch_service **services = read_all(run, args, &count);
    if (!overlay || diag_error_count(run->diag)) {
        return EXIT_DONE;
    }
    const struct tpl_options options = {.escape = TPL_ESCAPE_NONE,
                                        .find = overlay_find,
                                        .user = overlay,
                                        .cache = tpl_cache_new(run->arena)};
    for (size_t i = 0; i < count; i++) {
        render_service(run, &options, services[i], paths[i], ret_product->files);
    }
    list_inputs(run, overlay, services, count, ret_product);
    return EXIT_DONE;
}
