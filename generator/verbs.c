/* SPDX-License-Identifier: MIT */
#include "verbs.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct verb verb_table[] = {
#define VERB(name, least, most, usage, summary) \
    {#name, least, most, usage, summary, verb_##name##_options, verb_##name},
#include "verbs.def"
#undef VERB
};

const size_t verb_count = sizeof(verb_table) / sizeof(verb_table[0]);

const struct args_option verb_common_options[] = {
    {"--format", "text|json", false, "how diagnostics are printed: as text (the default) or json"},
    {"--help", NULL, false, "print this help"},
    {NULL, NULL, false, NULL},
};

const struct args_option verb_global_options[] = {
    {"--help", NULL, false, "print this help; `larder VERB --help` that of a verb"},
    {"--version", NULL, false, "print the version"},
    {NULL, NULL, false, NULL},
};

const struct verb_exit verb_exits[] = {
    {EXIT_DONE, "done"},
    {EXIT_FINDINGS, "the input has errors, or differences were found"},
    {EXIT_USAGE, "wrong usage"},
    {EXIT_STALE, "generated files are not what they would be now"},
    {EXIT_BREAKING, "a change that stored values or callers do not survive"},
    {EXIT_FILES, "a file cannot be read or written"},
    {EXIT_BUG, "a bug of larder, or no memory"},
};

const size_t verb_exit_count = sizeof(verb_exits) / sizeof(verb_exits[0]);

static size_t count_of(const struct args_option *options)
{
    size_t count = 0;
    while (options[count].name) {
        count++;
    }
    return count;
}

const struct args_option *verb_options(struct arena *arena, const struct verb *verb)
{
    size_t own = count_of(verb->options);
    size_t common = count_of(verb_common_options);
    struct args_option *options = arena_array(arena, own + common + 1, sizeof(*options));
    memcpy(options, verb->options, own * sizeof(*options));
    memcpy(options + own, verb_common_options, common * sizeof(*options));
    return options;
}

int run_usage(const struct run *run, const char *format, ...)
{
    const char *blank = run->verb ? " " : "";
    const char *verb = run->verb ? run->verb : "";
    va_list args;
    fprintf(stderr, "larder%s%s: error: ", blank, verb);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nTry 'larder%s%s --help'.\n", blank, verb);
    return EXIT_USAGE;
}
