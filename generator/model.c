/* SPDX-License-Identifier: MIT */
/*
 * `larder model`: what templates may name for a schema, as JSON.
 */
#include "base/text.h"
#include "context/context.h"
#include "produce.h"

enum { MOST_JSON_BYTES = 256 * 1024 * 1024 };

const struct args_option verb_model_options[] = {
    {"-I", "DIR", true, "where include: looks after the file's own directory"},
    {"-Werror", NULL, false, "warnings are errors"},
    {NULL, NULL, false, NULL},
};

int verb_model(struct run *run, const struct args *args)
{
    size_t count;
    const char *path = args_operands(args, &count)[0];
    const char *stem = produce_stem(run, path);
    const struct sch_service *service = produce_read(run, args, path);
    if (!stem || !service || diag_error_count(run->diag)) {
        return EXIT_DONE;
    }
    struct text text;
    text_init(&text, run->arena, MOST_JSON_BYTES);
    ctx_print_json(ctx_build(run->arena, service, stem), &text);
    if (text.len && text.data[text.len - 1] != '\n') {
        text_putc(&text, '\n');
    }
    if (text.full) {
        diag_error(run->diag, (struct src_pos){.file = service->file}, "too-large",
                   "the context is larger than %d bytes", MOST_JSON_BYTES);
    } else {
        fwrite(text.data, 1, text.len, stdout);
    }
    return EXIT_DONE;
}
