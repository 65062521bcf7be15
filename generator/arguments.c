/* SPDX-License-Identifier: MIT */
#include "arguments.h"

#include <assert.h>
#include <string.h>

#include "base/diag.h"

struct values {
    const char **texts;
    size_t count;
};

struct args {
    struct arena *arena;
    const struct args_option *options;
    size_t option_count;
    struct values *given; /* by option; a flag has "" for each time */
    struct values operands;
};

/* Where the parsing stands. */
struct cursor {
    struct args *args;
    int argc;
    char *const *argv;
    int next;
    const char *problem;
};

static size_t count_options(const struct args_option *options)
{
    size_t count = 0;
    while (options[count].name) {
        count++;
    }
    return count;
}

static void add_value(struct args *args, struct values *values, const char *text)
{
    size_t size = sizeof(values->texts[0]);
    values->texts =
        arena_grow(args->arena, values->texts, values->count * size, (values->count + 1) * size);
    values->texts[values->count++] = text;
}

/* ----------------------------------------------------------------- parsing */

/* How an argument names an option. */
struct match {
    size_t option;
    const char *value; /* behind '=' or stuck to a letter; NULL: none */
};

static bool matches(const struct args_option *option, const char *text, const char **ret_value)
{
    size_t len = strlen(option->name);
    bool is_letter = len == 2 && option->value;
    *ret_value = NULL;
    if (strncmp(text, option->name, len) != 0) {
        return false;
    }
    if (text[len] == '=' && !is_letter) {
        *ret_value = text + len + 1;
    } else if (text[len] && is_letter) {
        *ret_value = text + len;
    }
    return !text[len] || *ret_value;
}

static bool find_option(const struct args *args, const char *text, struct match *ret_match)
{
    for (size_t i = 0; i < args->option_count; i++) {
        ret_match->option = i;
        if (matches(&args->options[i], text, &ret_match->value)) {
            return true;
        }
    }
    return false;
}

static const char *unknown_option(const struct args *args, const char *text)
{
    const char **names = arena_array(args->arena, args->option_count, sizeof(char *));
    const char *name = arena_copy(args->arena, text, strcspn(text, "="));
    for (size_t i = 0; i < args->option_count; i++) {
        names[i] = args->options[i].name;
    }
    return arena_printf(args->arena, "unknown option '%s'%s", name,
                        diag_did_you_mean(args->arena, name, names, args->option_count));
}

static void take_option(struct cursor *cursor, const char *text)
{
    struct args *args = cursor->args;
    struct match match;
    if (!find_option(args, text, &match)) {
        cursor->problem = unknown_option(args, text);
        return;
    }
    const struct args_option *option = &args->options[match.option];
    if (!option->value && match.value) {
        cursor->problem = arena_printf(args->arena, "'%s' takes no value", option->name);
    } else if (option->value && !match.value && cursor->next == cursor->argc) {
        cursor->problem =
            arena_printf(args->arena, "'%s' needs a value: %s", option->name, option->value);
    } else if (args->given[match.option].count && !option->many && option->value) {
        cursor->problem = arena_printf(args->arena, "'%s' is given twice", option->name);
    }
    if (cursor->problem) {
        return;
    }
    if (option->value && !match.value) {
        match.value = cursor->argv[cursor->next++];
    }
    add_value(args, &args->given[match.option], match.value ? match.value : "");
}

static void take_all(struct cursor *cursor)
{
    bool options_end = false;
    while (!cursor->problem && cursor->next < cursor->argc) {
        const char *text = cursor->argv[cursor->next++];
        if (!options_end && strcmp(text, "--") == 0) {
            options_end = true;
        } else if (!options_end && text[0] == '-' && text[1]) {
            take_option(cursor, text);
        } else {
            add_value(cursor->args, &cursor->args->operands, text);
        }
    }
}

struct args *args_parse(struct arena *arena, const struct args_option *options, int argc,
                        char *const *argv, const char **ret_problem)
{
    struct args *args = arena_alloc(arena, sizeof(*args));
    *args =
        (struct args){.arena = arena, .options = options, .option_count = count_options(options)};
    args->given = arena_array(arena, args->option_count, sizeof(*args->given));
    struct cursor cursor = {.args = args, .argc = argc, .argv = argv};
    take_all(&cursor);
    *ret_problem = cursor.problem;
    return cursor.problem ? NULL : args;
}

/* --------------------------------------------------------------- what came */

static const struct values *values_of(const struct args *args, const char *name)
{
    size_t i = 0;
    while (i < args->option_count && strcmp(args->options[i].name, name) != 0) {
        i++;
    }
    assert(i < args->option_count);
    return &args->given[i];
}

bool args_has(const struct args *args, const char *option)
{
    return values_of(args, option)->count > 0;
}

const char *args_text(const struct args *args, const char *option)
{
    const struct values *values = values_of(args, option);
    return values->count ? values->texts[values->count - 1] : NULL;
}

const char *const *args_texts(const struct args *args, const char *option, size_t *ret_count)
{
    const struct values *values = values_of(args, option);
    *ret_count = values->count;
    return values->texts;
}

const char *const *args_operands(const struct args *args, size_t *ret_count)
{
    *ret_count = args->operands.count;
    return args->operands.texts;
}

/* -------------------------------------------------------------------- help */

static size_t name_width(const struct args_option *option)
{
    return strlen(option->name) + (option->value ? 1 + strlen(option->value) : 0);
}

void args_print_help(const struct args_option *options, FILE *out)
{
    size_t width = 0;
    for (const struct args_option *option = options; option->name; option++) {
        if (name_width(option) > width) {
            width = name_width(option);
        }
    }
    for (const struct args_option *option = options; option->name; option++) {
        fprintf(out, "  %s%s%s%*s  %s\n", option->name, option->value ? " " : "",
                option->value ? option->value : "", (int)(width - name_width(option)), "",
                option->help);
    }
}
