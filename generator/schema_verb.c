/* SPDX-License-Identifier: MIT */
/*
 * `larder schema`: what editors complete and check schemas by.
 */
#include "json_schema.h"
#include "verbs.h"

enum { MOST_BYTES = 1024 * 1024 };

const struct args_option verb_schema_options[] = {
    {NULL, NULL, false, NULL},
};

int verb_schema(struct run *run, const struct args *args)
{
    struct text text;
    (void)args;
    text_init(&text, run->arena, MOST_BYTES);
    json_schema_print(&text);
    fwrite(text.data, 1, text.len, stdout);
    return EXIT_DONE;
}
