/* SPDX-License-Identifier: MIT */
/*
 * `larder init`: a schema to begin with, that generates as it stands.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/excerpt.h"
#include "base/text.h"
#include "context/value.h"
#include "overlay.h"
#include "produce.h"
#include "render/template.h"

enum { MOST_BYTES = 64 * 1024 };

const struct args_option verb_init_options[] = {
    {"-o", "FILE", false, "the file to write, which must not be there yet (NAME.yaml)"},
    {NULL, NULL, false, NULL},
};

/* Without NAME: what the file is called, or else the directory one is in. */
static const char *guess_name(struct run *run, const char *path)
{
    if (!path) {
        char *directory = getcwd(NULL, 0);
        path = directory ? arena_strdup(run->arena, directory) : "";
        free(directory);
    }
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    return arena_copy(run->arena, name, strcspn(name, "."));
}

/* "my-shop": "my_shop"; NULL: that is no name either. */
static const char *mended(struct run *run, const char *name)
{
    char *copy = arena_strdup(run->arena, name);
    for (char *c = copy; *c; c++) {
        *c = strchr("- .", *c) ? '_' : *c;
    }
    return sch_is_service_name(run->arena, copy) ? copy : NULL;
}

static int refuse_name(struct run *run, const char *name)
{
    const char *better = mended(run, name);
    return run_usage(run,
                     "'%s' is no name for a service: it begins with a letter, not with 'larder', "
                     "and holds letters, digits and '_', at most 63%s%s%s",
                     name, better ? "; '" : "", better ? better : "", better ? "' would be" : "");
}

/* A path may hold anything, and what we write of it is a comment of one line. */
static const char *file_text(struct run *run, const char *path)
{
    struct text text;
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    text_init(&text, run->arena, MOST_BYTES);
    excerpt_safe(&text, name, strlen(name));
    return text.data;
}

static bool render(struct run *run, const char *name, const char *path, const char *stem,
                   struct text *out)
{
    const struct src_file *file = overlay_built_in(run->arena, "init/schema.yaml.mustache");
    const struct tpl_options options = {.escape = TPL_ESCAPE_NONE};
    struct ctx_value *root = ctx_map(run->arena);
    assert(file);
    ctx_set_string(root, "service", name);
    ctx_set_string(root, "file", file_text(run, path));
    ctx_set_string(root, "stem", stem);
    text_init(out, run->arena, MOST_BYTES);
    return tpl_render(run->arena, run->diag, file, root, &options, out);
}

int verb_init(struct run *run, const struct args *args)
{
    size_t count;
    struct text text;
    const char *const *operands = args_operands(args, &count);
    const char *path = args_text(args, "-o");
    const char *name = count ? operands[0] : guess_name(run, path);
    if (!sch_is_service_name(run->arena, name)) {
        return refuse_name(run, name);
    }
    path = path ? path : arena_printf(run->arena, "%s.yaml", name);
    const char *stem = produce_stem(run, path);
    if (stem && render(run, name, path, stem, &text) &&
        out_create(run->arena, run->diag, path, text.data, text.len)) {
        printf("%s\n", path);
    }
    return EXIT_DONE;
}
