/* SPDX-License-Identifier: MIT */
#include "produce.h"

#include <string.h>

#include "base/text.h"
#include "context/context.h"
#include "context/documents.h"
#include "overlay.h"
#include "render/template.h"

enum { MOST_OUTPUT_BYTES = 256 * 1024 * 1024 };

/* What becomes of schemas: by which kind of --emit, from which template in the
 * folder of that name, from which context, and called what. */
static const struct artefact {
    const char *kind;
    const char *template;
    enum { FOR_C, FOR_DOCUMENTS, FOR_RUN } context; /* FOR_RUN: one file of all schemas together */
    const char *name;                               /* put behind the stem, or, FOR_RUN, alone */
    bool has_calls; /* not of what is in the language and not yet in the runtime */
} artefacts[] = {
    {"c", "cache.h", FOR_C, "_cache.h", true},
    {"c", "cache.c", FOR_C, "_cache.c", true},
    {"mock", "mock.h", FOR_C, "_cache_mock.h", true},
    {"mock", "mock.c", FOR_C, "_cache_mock.c", true},
    {"docs", "service.md", FOR_DOCUMENTS, "_cache.md", false},
    {"docs", "index.md", FOR_RUN, "caches.md", false},
    {"acl", "caches.acl.conf", FOR_RUN, "caches.acl.conf", true},
    {"env", "env.cache", FOR_RUN, ".env.cache", false},
    {"alerts", "caches.rules.yml", FOR_RUN, "caches.rules.yml", false},
};

enum { ARTEFACT_COUNT = sizeof(artefacts) / sizeof(artefacts[0]) };

static const char default_emit[] = "c";

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

static bool is_kind(const char *kind, const char *name, size_t len)
{
    return strlen(kind) == len && memcmp(kind, name, len) == 0;
}

/* Is it in the list of --emit: "c,docs"? */
static bool is_wanted(const struct args *args, const struct artefact *artefact)
{
    const char *list = args_text(args, "--emit");
    for (const char *name = list ? list : default_emit; name; name = strchr(name, ',')) {
        name += *name == ',';
        if (is_kind(artefact->kind, name, strcspn(name, ","))) {
            return true;
        }
    }
    return false;
}

/* Is anything made of calls that this version must be able to make? */
static bool is_for_c(const struct args *args)
{
    for (size_t i = 0; i < ARTEFACT_COUNT; i++) {
        if (artefacts[i].has_calls && is_wanted(args, &artefacts[i])) {
            return true;
        }
    }
    return false;
}

/* "c, docs, acl" */
static const char *kinds_text(struct run *run)
{
    struct text text;
    text_init(&text, run->arena, MOST_OUTPUT_BYTES);
    for (size_t i = 0; i < ARTEFACT_COUNT; i++) {
        if (i == 0 || strcmp(artefacts[i].kind, artefacts[i - 1].kind) != 0) {
            text_printf(&text, "%s%s", i == 0 ? "" : ", ", artefacts[i].kind);
        }
    }
    return text.data;
}

static int check_emit(struct run *run, const char *list)
{
    for (const char *name = list; name; name = strchr(name, ',')) {
        name += *name == ',';
        size_t len = strcspn(name, ","), i = 0;
        while (i < ARTEFACT_COUNT && !is_kind(artefacts[i].kind, name, len)) {
            i++;
        }
        if (i == ARTEFACT_COUNT) {
            return run_usage(run, "--emit %.*s is not in this version: there are %s", (int)len,
                             name, kinds_text(run));
        }
    }
    return EXIT_DONE;
}

static const char *output_name(struct run *run, const char *stem, const struct artefact *artefact)
{
    bool of_all = artefact->context == FOR_RUN;
    return of_all ? artefact->name : arena_printf(run->arena, "%s%s", stem, artefact->name);
}

/* Whether the i-th schema of a run makes it: what is of all, the first one does. */
static bool makes(const struct args *args, const struct artefact *artefact, size_t i)
{
    return is_wanted(args, artefact) && (artefact->context != FOR_RUN || i == 0);
}

int produce_names(struct run *run, const struct args *args, struct out_files *files)
{
    size_t count;
    const char *const *paths = args_operands(args, &count);
    int status = check_emit(run, args_text(args, "--emit"));
    for (size_t i = 0; status == EXIT_DONE && i < count; i++) {
        const char *stem = produce_stem(run, paths[i]);
        for (size_t j = 0; stem && j < ARTEFACT_COUNT; j++) {
            if (makes(args, &artefacts[j], i)) {
                out_add(files, run->diag, output_name(run, stem, &artefacts[j]), "", 0);
            }
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
        services[i] = read_one(run, args, paths[i], is_for_c(args));
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
    overlay_enter(options->user, artefact->kind);
    const struct src_file *file =
        options->find(options->user, artefact->template, strlen(artefact->template));
    struct text text;
    text_init(&text, run->arena, MOST_OUTPUT_BYTES);
    if (!file) {
        diag_error(run->diag, (struct src_pos){0}, "file", "there is no template '%s/%s'",
                   artefact->kind, artefact->template);
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

/* The schemas of a run and what they are called; the contexts as far as they are wanted. */
struct all {
    const struct sch_service *const *services;
    const char **stems;
    size_t count;
    const struct ctx_value *run; /* NULL: not yet */
};

static const struct ctx_value *context_of(struct run *run, struct all *all, size_t i,
                                          const struct artefact *artefact)
{
    if (artefact->context == FOR_C) {
        return ctx_build(run->arena, all->services[i], all->stems[i]);
    }
    if (artefact->context == FOR_DOCUMENTS) {
        return documents_service(run->arena, all->services[i], all->stems[i]);
    }
    if (!all->run) {
        all->run = documents_run(run->arena, all->services, all->stems, all->count);
    }
    return all->run;
}

static void render_service(struct run *run, const struct args *args,
                           const struct tpl_options *options, struct all *all, size_t i,
                           struct out_files *files)
{
    const struct ctx_value *context = NULL;
    const struct artefact *last = NULL;
    for (size_t j = 0; j < ARTEFACT_COUNT; j++) {
        const struct artefact *artefact = &artefacts[j];
        if (!makes(args, artefact, i)) {
            continue;
        }
        if (!last || last->context != artefact->context) {
            context = context_of(run, all, i, artefact);
        }
        last = artefact;
        render_one(run, options, context, artefact, files,
                   output_name(run, all->stems[i], artefact));
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
    struct all all = {services, arena_array(run->arena, count, sizeof(*all.stems)), count, NULL};
    for (size_t i = 0; i < count; i++) {
        all.stems[i] = produce_stem(run, paths[i]);
    }
    for (size_t i = 0; i < count; i++) {
        render_service(run, args, &options, &all, i, ret_product->files);
    }
    list_inputs(run, overlay, services, count, ret_product);
    return EXIT_DONE;
}
