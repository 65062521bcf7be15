/* SPDX-License-Identifier: MIT */
/*
 * What main and the verbs have in common.
 *
 * A verb `v` of verbs.def is one file that defines two things:
 *
 *     const struct args_option verb_v_options[];                    its options
 *     int verb_v(struct run *run, const struct args *args);         what it does
 *
 * main has parsed the arguments and counted the operands when it calls; it
 * adds --help and --format to every verb; and when the verb returns it prints
 * run->diag on stderr and flushes stdout. A verb returns an exit status; from
 * 0 (EXIT_DONE) main goes on to 1 or 5 when errors were reported, so most
 * verbs say `return EXIT_DONE;` wherever they stop.
 */
#ifndef LARDER_GENERATOR_VERBS_H
#define LARDER_GENERATOR_VERBS_H

#include <stdbool.h>
#include <stdint.h>

#include "arguments.h"
#include "base/arena.h"
#include "base/diag.h"

enum exit_status {
    EXIT_DONE = 0,
    EXIT_FINDINGS = 1, /* the input has errors */
    EXIT_USAGE = 2,
    EXIT_STALE = 3,    /* generated files are not what they would be now */
    EXIT_BREAKING = 4, /* stored values could not be read any more */
    EXIT_FILES = 5,    /* something could not be read or written: errors with the id "file" */
    EXIT_BUG = 70
};

/* One run of the program. */
struct run {
    struct arena *arena;
    struct diag *diag;
    const char *verb;
    bool json; /* --format json */
};

/* Prints "larder VERB: error: TEXT" and where help is on stderr; returns EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) int run_usage(const struct run *run, const char *format, ...);

#define VERB(name, least, most, usage, summary)              \
    extern const struct args_option verb_##name##_options[]; \
    int verb_##name(struct run *run, const struct args *args);
#include "verbs.def"
#undef VERB

#define VERB_ANY SIZE_MAX /* operands */

/* The verbs as a table: what main, the help, the man pages and the completions go by. */
struct verb {
    const char *name;
    size_t least; /* operands */
    size_t most;
    const char *usage;
    const char *summary;
    const struct args_option *options; /* its own */
    int (*run)(struct run *run, const struct args *args);
};

extern const struct verb verb_table[];
extern const size_t verb_count;

/* What every verb understands behind its own options, and `larder` without a verb. */
extern const struct args_option verb_common_options[];
extern const struct args_option verb_global_options[];

/* Every exit status, in words. */
struct verb_exit {
    enum exit_status status;
    const char *text;
};

extern const struct verb_exit verb_exits[];
extern const size_t verb_exit_count;

/* All options of a verb: its own and those that every verb has. */
const struct args_option *verb_options(struct arena *arena, const struct verb *verb);

#endif
