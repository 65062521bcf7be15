/* SPDX-License-Identifier: MIT */
/*
 * `larder generate`: renders everything, then writes what changed; on any
 * error nothing is written. The stamp comes last, so that it is never newer
 * than what it stands for.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "produce.h"

enum { MOST_MANIFEST_BYTES = 1024 * 1024 };

const struct args_option verb_generate_options[] = {
#define OPTION(name, value, many, help) {name, value, many, help},
#include "produce.def"
#undef OPTION
    {"--depfile", "FILE", false, "write what was read, as a rule of Make, for the build system"},
    {"--stamp", "FILE", false, "a file that is written last, every time"},
    {"--print-outputs", NULL, false, "print the paths of the generated files and write nothing"},
    {NULL, NULL, false, NULL},
};

static int print_outputs(struct run *run, const struct args *args)
{
    const char *directory = args_text(args, "-o");
    struct out_files *files = out_new(run->arena);
    int status = produce_names(run, args, files);
    if (status != EXIT_DONE || diag_error_count(run->diag)) {
        return status;
    }
    for (size_t i = 0; i < out_count(files); i++) {
        printf("%s%s%s\n", directory ? directory : "", directory ? "/" : "", out_name(files, i));
    }
    return EXIT_DONE;
}

static bool write_manifest(struct run *run, const char *path, const struct out_files *files)
{
    struct text text;
    if (!path) {
        return true;
    }
    text_init(&text, run->arena, MOST_MANIFEST_BYTES);
    for (size_t i = 0; i < out_count(files); i++) {
        text_printf(&text, "%s\n", out_name(files, i));
    }
    return out_write_one(run->arena, run->diag, path, text.data, text.len, false);
}

/* The rule's target is what the build system waits for: the stamp, or else
 * the first file. */
static bool write_depfile(struct run *run, const struct args *args, const struct product *product)
{
    const char *path = args_text(args, "--depfile");
    const char *target = args_text(args, "--stamp");
    if (!path) {
        return true;
    }
    if (!target) {
        target =
            arena_printf(run->arena, "%s/%s", args_text(args, "-o"), out_name(product->files, 0));
    }
    return out_write_depfile(run->arena, run->diag, path, target, product->inputs,
                             product->input_count);
}

static bool write_stamp(struct run *run, const char *path)
{
    return !path || out_write_one(run->arena, run->diag, path, "", 0, true);
}

/* Whether two paths are one file that is there. */
static bool is_same(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

/* A file beside the generated ones is neither what was read nor one of those. */
static bool check_beside(struct run *run, const struct args *args, const struct product *product,
                         const char *option)
{
    const char *path = args_text(args, option), *taken = NULL;
    for (size_t i = 0; path && !taken && i < product->input_count; i++) {
        taken = is_same(path, product->inputs[i]) ? "it was read" : NULL;
    }
    for (size_t i = 0; path && !taken && i < out_count(product->files); i++) {
        const char *output =
            arena_printf(run->arena, "%s/%s", args_text(args, "-o"), out_name(product->files, i));
        taken = strcmp(path, output) == 0 || is_same(path, output) ? "it is generated" : NULL;
    }
    if (taken) {
        diag_error(run->diag, (struct src_pos){0}, "file", "%s cannot be '%s': %s", option, path,
                   taken);
    }
    return !taken;
}

static bool check_all_beside(struct run *run, const struct args *args,
                             const struct product *product)
{
    return check_beside(run, args, product, "--manifest") &&
           check_beside(run, args, product, "--depfile") &&
           check_beside(run, args, product, "--stamp");
}

int verb_generate(struct run *run, const struct args *args)
{
    struct product product;
    const char *directory = args_text(args, "-o");
    if (args_has(args, "--print-outputs")) {
        return print_outputs(run, args);
    }
    if (!directory) {
        return run_usage(run, "-o DIR is missing");
    }
    int status = produce(run, args, &product);
    if (status != EXIT_DONE || diag_error_count(run->diag)) {
        return status;
    }
    /* Once more when those that are generated are there, by whatever path they are meant. */
    if (check_all_beside(run, args, &product) && out_write(product.files, run->diag, directory) &&
        check_all_beside(run, args, &product) &&
        write_manifest(run, args_text(args, "--manifest"), product.files) &&
        write_depfile(run, args, &product)) {
        write_stamp(run, args_text(args, "--stamp"));
    }
    return EXIT_DONE;
}
