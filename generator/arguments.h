/* SPDX-License-Identifier: MIT */
/*
 * A command line, taken apart by one table of options a verb.
 *
 * The same table makes `--help`. Options may stand before, between and behind
 * the operands; `--` ends them; `--depfile F`, `--depfile=F`, `-o DIR` and
 * `-oDIR` all work. Nothing is copied: texts are those of argv.
 *
 *     const struct args_option verb_render_options[] = {
 *         {"--partials", "DIR", false, "take partials from DIR/NAME.mustache"},
 *         {"--lenient", NULL, false, "an unknown name is empty, not an error"},
 *         {NULL, NULL, false, NULL},
 *     };
 *     …
 *     const char *partials = args_text(args, "--partials");
 */
#ifndef LARDER_GENERATOR_ARGUMENTS_H
#define LARDER_GENERATOR_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"

struct args_option {
    const char *name;  /* "--depfile", "-o": one spelling an option; NULL ends the table */
    const char *value; /* what its value is called in the help; NULL: a flag */
    bool many;         /* may be given more than once; else the second time is an error */
    const char *help;  /* one line, no full stop */
};

struct args; /* opaque */

/* Takes argv[0..argc) apart, argv[0] being the first argument behind the verb.
 * NULL: *ret_problem says what is wrong. */
struct args *args_parse(struct arena *arena, const struct args_option *options, int argc,
                        char *const *argv, const char **ret_problem);

/* What was given. An option that is not in the table is our bug: assert. */
bool args_has(const struct args *args, const char *option);
const char *args_text(const struct args *args, const char *option); /* the last; NULL: none */
const char *const *args_texts(const struct args *args, const char *option, size_t *ret_count);
const char *const *args_operands(const struct args *args, size_t *ret_count);

/* The table as lines of a help text. */
void args_print_help(const struct args_option *options, FILE *out);

#endif
