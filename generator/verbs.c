/* SPDX-License-Identifier: MIT */
#include "verbs.h"

#include <string.h>

const struct verb verb_table[] = {
#define VERB(name, least, most, usage, summary) \
    {#name, least, most, usage, summary, verb_##name##_options, verb_##name},
#include "verbs.def"
#undef VERB
};

const size_t verb_count = sizeof(verb_table) / sizeof(verb_table[0]);

/* What every verb understands, behind its own. */
static const struct args_option common_options[] = {
    {"--format", "text|json", false, "how diagnostics are printed: as text (the default) or json"},
    {"--help", NULL, false, "print this help"},
};

enum { COMMON_COUNT = sizeof(common_options) / sizeof(common_options[0]) };

const struct args_option verb_global_options[] = {
    {"--help", NULL, false, "print this help; `larder VERB --help` that of a verb"},
    {"--version", NULL, false, "print the version"},
    {NULL, NULL, false, NULL},
};

const struct args_option *verb_options(struct arena *arena, const struct verb *verb)
{
    size_t count = 0;
    while (verb->options[count].name) {
        count++;
    }
    struct args_option *options = arena_array(arena, count + COMMON_COUNT + 1, sizeof(*options));
    memcpy(options, verb->options, count * sizeof(*options));
    memcpy(options + count, common_options, sizeof(common_options));
    return options;
}
