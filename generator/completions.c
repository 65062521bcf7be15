/* SPDX-License-Identifier: MIT */
/*
 * Completions for bash, zsh and fish.
 */
#include <string.h>

#include "pages.h"
#include "verbs.h"

/* What may stand at a place, by the name that the tables give it there. */
enum what { WHAT_UNKNOWN, WHAT_FILE, WHAT_DIRECTORY, WHAT_WORDS };

static bool is(const char *name, size_t len, const char *wanted)
{
    return strlen(wanted) == len && memcmp(name, wanted, len) == 0;
}

static enum what what_value(const char *name)
{
    size_t len = strlen(name);
    if (is(name, len, "DIR")) {
        return WHAT_DIRECTORY;
    }
    if (strchr(name, '|')) {
        return WHAT_WORDS;
    }
    return is(name, len, "FILE") ? WHAT_FILE : WHAT_UNKNOWN;
}

/* An operand of a usage: "FILE...", "[NAME]", "export|diff". */
struct operand {
    const char *name;
    size_t len;
    enum what what;
    bool repeated;
};

/* The next one from *at on. False: there is none. */
static bool next_operand(const char **at, struct operand *ret_operand)
{
    const char *start = *at + strspn(*at, " [");
    size_t whole = strcspn(start, " ");
    size_t len = strcspn(start, " ].");
    *at = start + whole;
    if (!len) {
        return false;
    }
    ret_operand->name = start;
    ret_operand->len = len;
    ret_operand->repeated = memmem(start, whole, "...", 3) != NULL;
    ret_operand->what = WHAT_FILE;
    if (is(start, len, "DIR")) {
        ret_operand->what = WHAT_DIRECTORY;
    } else if (memchr(start, '|', len)) {
        ret_operand->what = WHAT_WORDS;
    } else if (is(start, len, "NAME")) {
        ret_operand->what = WHAT_UNKNOWN;
    }
    return true;
}

/* Where the operands begin in a usage. */
static const char *operands_of(const struct verb *verb)
{
    static const char before[] = "[OPTION]...";
    const char *at = strstr(verb->usage, before);
    return at ? at + sizeof(before) - 1 : verb->usage;
}

/* "a|b" as "a b". */
static void put_choices(struct text *out, const char *words, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        text_putc(out, words[i] == '|' ? ' ' : words[i]);
    }
}

/* The inside of single quotes; what is in `special` gets a backslash. */
static void put_quoted(struct text *out, const char *text, const char *special)
{
    for (; *text; text++) {
        if (*text == '\'') {
            text_puts(out, "'\\''");
            continue;
        }
        text_puts(out, strchr(special, *text) ? "\\" : "");
        text_putc(out, *text);
    }
}

/* -------------------------------------------------------------------- bash */

static const char bash_begin[] =
    "# shellcheck shell=bash\n"
    "# SPDX-License-Identifier: MIT\n"
    "# Made from generator/verbs.def and the tables of options. Do not edit.\n"
    "\n";

static const char bash_verbs[] =
    "# Of a verb: its options, those that have a value with what the value is, its operands.\n"
    "_larder_verb() {\n"
    "    case $1 in\n";

static const char bash_end[] =
    "        *) return 1 ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "# What the value of an option is; fails where it has none.\n"
    "_larder_value() {\n"
    "    local row\n"
    "    for row in $values; do\n"
    "        [[ ${row%%=*} == \"$1\" ]] && what=${row#*=} && return\n"
    "    done\n"
    "    return 1\n"
    "}\n"
    "\n"
    "_larder_complete() { # WHAT WORD\n"
    "    local flag\n"
    "    case $1 in\n"
    "        directory) flag=-d ;;\n"
    "        file) flag=-f ;;\n"
    "        unknown) return ;;\n"
    "        *)\n"
    "            mapfile -t COMPREPLY < <(compgen -W \"${1//|/ }\" -- \"$2\")\n"
    "            return\n"
    "            ;;\n"
    "    esac\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    mapfile -t COMPREPLY < <(compgen \"$flag\" -- \"$2\")\n"
    "}\n"
    "\n"
    "_larder() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]-}\n"
    "    local options='' values='' operands='' what='' i count=0\n"
    "    local -a list\n"
    "    COMPREPLY=()\n"
    "    if ((COMP_CWORD == 1)); then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$_larder_verbs\" -- \"$word\")\n"
    "        return\n"
    "    fi\n"
    "    _larder_verb \"$verb\" || return\n"
    "    # Bash makes three words of --option=value.\n"
    "    [[ $word != '=' ]] || word=\n"
    "    local before=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    [[ $before != '=' ]] || before=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    if _larder_value \"$before\"; then\n"
    "        _larder_complete \"$what\" \"$word\"\n"
    "        return\n"
    "    fi\n"
    "    if [[ $word == -* ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
    "        return\n"
    "    fi\n"
    "    for ((i = 2; i < COMP_CWORD; i++)); do\n"
    "        if _larder_value \"${COMP_WORDS[i]}\"; then\n"
    "            [[ ${COMP_WORDS[i + 1]} != '=' ]] || ((i++))\n"
    "            ((i++))\n"
    "        elif [[ ${COMP_WORDS[i]} != -* ]]; then\n"
    "            ((count++))\n"
    "        fi\n"
    "    done\n"
    "    read -r -a list <<<\"$operands\"\n"
    "    what=${list[count]-}\n"
    "    [[ -n $what || ${#list[@]} -eq 0 || ${list[-1]} != *... ]] || what=${list[-1]}\n"
    "    _larder_complete \"${what%...}\" \"$word\"\n"
    "}\n"
    "\n"
    "complete -F _larder larder\n";

static void put_bash_what(struct text *out, enum what what, const char *words, size_t len)
{
    static const char *const names[] = {
        [WHAT_UNKNOWN] = "unknown", [WHAT_FILE] = "file", [WHAT_DIRECTORY] = "directory"};
    if (what == WHAT_WORDS) {
        text_append(out, words, len);
    } else {
        text_puts(out, names[what]);
    }
}

static void put_bash_verb(struct text *out, const struct verb *verb)
{
    const struct args_option *options = verb_options(out->arena, verb);
    const char *between = "", *at = operands_of(verb);
    struct operand operand;
    text_printf(out, "        %s)\n            options='", verb->name);
    for (const struct args_option *option = options; option->name; option++) {
        text_printf(out, "%s%s", option == options ? "" : " ", option->name);
    }
    text_puts(out, "'\n            values='");
    for (const struct args_option *option = options; option->name; option++) {
        if (option->value) {
            text_printf(out, "%s%s=", between, option->name);
            put_bash_what(out, what_value(option->value), option->value, strlen(option->value));
            between = " ";
        }
    }
    text_puts(out, "'\n            operands='");
    for (between = ""; next_operand(&at, &operand); between = " ") {
        text_puts(out, between);
        put_bash_what(out, operand.what, operand.name, operand.len);
        text_puts(out, operand.repeated ? "..." : "");
    }
    text_puts(out, "'\n            ;;\n");
}

void page_bash(struct text *out)
{
    text_puts(out, bash_begin);
    text_puts(out, "_larder_verbs='");
    for (size_t i = 0; i < verb_count; i++) {
        text_printf(out, "%s ", verb_table[i].name);
    }
    text_puts(out, "--help --version'\n\n");
    text_puts(out, bash_verbs);
    for (size_t i = 0; i < verb_count; i++) {
        put_bash_verb(out, &verb_table[i]);
    }
    text_puts(out, bash_end);
}

/* --------------------------------------------------------------------- zsh */

static void put_zsh_what(struct text *out, enum what what, const char *words, size_t len)
{
    static const char *const actions[] = {
        [WHAT_UNKNOWN] = " ", [WHAT_FILE] = "_files", [WHAT_DIRECTORY] = "_files -/"};
    if (what == WHAT_WORDS) {
        text_putc(out, '(');
        put_choices(out, words, len);
        text_putc(out, ')');
    } else {
        text_puts(out, actions[what]);
    }
}

static void put_zsh_option(struct text *out, const struct args_option *option)
{
    bool is_letter = strlen(option->name) == 2;
    text_puts(out, " \\\n                '");
    text_printf(out, "%s%s%s[", option->many ? "*" : "", option->name,
                option->value ? (is_letter ? "+" : "=") : "");
    put_quoted(out, option->help, "[]\\");
    text_putc(out, ']');
    if (option->value) {
        text_putc(out, ':');
        put_choices(out, option->value, strlen(option->value));
        text_putc(out, ':');
        put_zsh_what(out, what_value(option->value), option->value, strlen(option->value));
    }
    text_putc(out, '\'');
}

static void put_zsh_verb(struct text *out, const struct verb *verb)
{
    const struct args_option *option = verb_options(out->arena, verb);
    const char *at = operands_of(verb);
    struct operand operand;
    text_printf(out, "        %s)\n            _arguments", verb->name);
    for (; option->name; option++) {
        put_zsh_option(out, option);
    }
    for (int i = 1; next_operand(&at, &operand); i++) {
        text_puts(out, " \\\n                '");
        text_puts(out, operand.repeated ? "*:" : arena_printf(out->arena, "%d:", i));
        put_choices(out, operand.name, operand.len);
        text_putc(out, ':');
        put_zsh_what(out, operand.what, operand.name, operand.len);
        text_putc(out, '\'');
    }
    text_puts(out, "\n            ;;\n");
}

void page_zsh(struct text *out)
{
    text_puts(out, "#compdef larder\n"
                   "# SPDX-License-Identifier: MIT\n"
                   "# Made from generator/verbs.def and the tables of options. Do not edit.\n"
                   "\n"
                   "_larder() {\n"
                   "    local -a verbs=(\n");
    for (size_t i = 0; i < verb_count; i++) {
        text_printf(out, "        '%s:", verb_table[i].name);
        put_quoted(out, verb_table[i].summary, "\\");
        text_puts(out, "'\n");
    }
    text_puts(out, "    )\n"
                   "    if ((CURRENT == 2)); then\n"
                   "        _describe verb verbs\n"
                   "        compadd -- --help --version\n"
                   "        return\n"
                   "    fi\n"
                   "    shift words\n"
                   "    ((CURRENT--))\n"
                   "    case $words[1] in\n");
    for (size_t i = 0; i < verb_count; i++) {
        put_zsh_verb(out, &verb_table[i]);
    }
    text_puts(out, "    esac\n}\n\n_larder \"$@\"\n");
}

/* -------------------------------------------------------------------- fish */

static void put_fish_what(struct text *out, enum what what, const char *words, size_t len)
{
    static const char *const actions[] = {[WHAT_UNKNOWN] = "",
                                          [WHAT_FILE] = " -F",
                                          [WHAT_DIRECTORY] = " -a '(__fish_complete_directories)'"};
    if (what == WHAT_WORDS) {
        text_puts(out, " -a '");
        put_choices(out, words, len);
        text_putc(out, '\'');
    } else {
        text_puts(out, actions[what]);
    }
}

/* -o: a letter; --depfile: a long one; -Werror: long with one dash. */
static const char *fish_spelling(struct arena *arena, const char *name)
{
    if (strncmp(name, "--", 2) == 0) {
        return arena_printf(arena, "-l %s", name + 2);
    }
    return arena_printf(arena, "-%c %s", strlen(name) == 2 ? 's' : 'o', name + 1);
}

static void put_fish_option(struct text *out, const char *condition,
                            const struct args_option *option)
{
    text_printf(out, "complete -c larder -n '%s' %s", condition,
                fish_spelling(out->arena, option->name));
    if (option->value) {
        text_puts(out, what_value(option->value) == WHAT_FILE ? " -r" : " -x");
        put_fish_what(out, what_value(option->value), option->value, strlen(option->value));
    }
    text_puts(out, " -d '");
    put_quoted(out, option->help, "\\");
    text_puts(out, "'\n");
}

static void put_fish_verb(struct text *out, const struct verb *verb)
{
    const char *condition = arena_printf(out->arena, "__fish_seen_subcommand_from %s", verb->name);
    const char *at = operands_of(verb);
    struct operand operand;
    text_printf(out, "\ncomplete -c larder -n __fish_use_subcommand -a %s -d '", verb->name);
    put_quoted(out, verb->summary, "\\");
    text_puts(out, "'\n");
    for (const struct args_option *option = verb_options(out->arena, verb); option->name;
         option++) {
        put_fish_option(out, condition, option);
    }
    for (bool files = false; next_operand(&at, &operand);) {
        bool is_said = operand.what == WHAT_UNKNOWN || (operand.what == WHAT_FILE && files);
        files = files || operand.what == WHAT_FILE;
        if (!is_said) {
            text_printf(out, "complete -c larder -n '%s'", condition);
            put_fish_what(out, operand.what, operand.name, operand.len);
            text_putc(out, '\n');
        }
    }
}

void page_fish(struct text *out)
{
    text_puts(out, "# SPDX-License-Identifier: MIT\n"
                   "# Made from generator/verbs.def and the tables of options. Do not edit.\n"
                   "complete -c larder -f\n");
    for (const struct args_option *option = verb_global_options; option->name; option++) {
        put_fish_option(out, "__fish_use_subcommand", option);
    }
    for (size_t i = 0; i < verb_count; i++) {
        put_fish_verb(out, &verb_table[i]);
    }
}
