/* SPDX-License-Identifier: MIT */
/*
 * The program `larder`: finds the verb, takes the arguments apart, prints what
 * was found. What a verb does is in the file of its name.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verbs.h"

#ifndef LARDER_VERSION
#define LARDER_VERSION "unknown"
#endif

/* ------------------------------------------------------------------- usage */

static void print_help(FILE *out)
{
    fputs("Usage: larder VERB [OPTION]... [FILE]...\n"
          "Typed caches for C from schema files.\n\nVerbs:\n",
          out);
    for (size_t i = 0; i < verb_count; i++) {
        fprintf(out, "  %-10s  %s\n", verb_table[i].name, verb_table[i].summary);
    }
    fputs("\nOptions:\n", out);
    args_print_help(verb_global_options, out);
    fputs("\nExit status:\n", out);
    for (size_t i = 0; i < verb_exit_count; i++) {
        fprintf(out, "  %-2d  %s\n", verb_exits[i].status, verb_exits[i].text);
    }
}

static void print_verb_help(const struct verb *verb, const struct args_option *options)
{
    printf("Usage: larder %s %s\n", verb->name, verb->usage);
    printf("%c%s.\n\nOptions:\n", verb->summary[0] - 'a' + 'A', verb->summary + 1);
    args_print_help(options, stdout);
}

/* ------------------------------------------------------------------ a verb */

static bool set_format(struct run *run, const char *format)
{
    run->json = format && strcmp(format, "json") == 0;
    return !format || run->json || strcmp(format, "text") == 0;
}

static bool wants_colour(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

/* Results that did not reach their file are no results. */
static int finish(const struct run *run, int status)
{
    if (run->json) {
        diag_print_json(run->diag, stderr);
    } else {
        diag_print(run->diag, stderr, wants_colour());
    }
    if (status == EXIT_DONE && diag_error_count(run->diag)) {
        status = diag_has(run->diag, "file") ? EXIT_FILES : EXIT_FINDINGS;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("larder: error: cannot write to the standard output\n", stderr);
        status = EXIT_FILES;
    }
    return status;
}

static int run_verb(struct run *run, const struct verb *verb, int argc, char *const *argv)
{
    const struct args_option *options = verb_options(run->arena, verb);
    const char *problem;
    size_t count;
    const struct args *args = args_parse(run->arena, options, argc, argv, &problem);
    if (!args) {
        return run_usage(run, "%s", problem);
    }
    if (args_has(args, "--help")) {
        print_verb_help(verb, options);
        return finish(run, EXIT_DONE);
    }
    args_operands(args, &count);
    if (!set_format(run, args_text(args, "--format"))) {
        return run_usage(run, "unknown format '%s': there are text and json",
                         args_text(args, "--format"));
    }
    if (count < verb->least || count > verb->most) {
        return run_usage(run, "too %s operands; usage: larder %s %s",
                         count < verb->least ? "few" : "many", verb->name, verb->usage);
    }
    return finish(run, verb->run(run, args));
}

/* -------------------------------------------------------------------- main */

static int unknown_word(struct run *run, const char *word)
{
    const char **names = arena_array(run->arena, verb_count + 2, sizeof(*names));
    size_t count = 0;
    for (; count < verb_count; count++) {
        names[count] = verb_table[count].name;
    }
    names[count++] = "--help";
    names[count++] = "--version";
    return run_usage(run, "unknown %s '%s'%s", word[0] == '-' ? "option" : "verb", word,
                     diag_did_you_mean(run->arena, word, names, count));
}

static int dispatch(struct run *run, int argc, char *const *argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0) {
        print_help(stdout);
        return finish(run, EXIT_DONE);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("larder %s\n", LARDER_VERSION);
        return finish(run, EXIT_DONE);
    }
    for (size_t i = 0; i < verb_count; i++) {
        if (strcmp(argv[1], verb_table[i].name) != 0) {
            continue;
        }
        run->verb = verb_table[i].name;
        return run_verb(run, &verb_table[i], argc - 2, argv + 2);
    }
    return unknown_word(run, argv[1]);
}

int main(int argc, char **argv)
{
    struct run run = {.arena = arena_new()};
    run.diag = diag_new(run.arena);
    int status = dispatch(&run, argc, argv);
    arena_free(run.arena);
    return status;
}
