/* SPDX-License-Identifier: MIT */
/*
 * `larder explain`: what the name behind a message means; without a name, all
 * of them.
 */
#include <string.h>

#include "base/text.h"
#include "rules.h"
#include "verbs.h"

enum { WIDTH = 79, INDENT = 4, MOST_BYTES = 1024 * 1024 };

const struct args_option verb_explain_options[] = {
    {NULL, NULL, false, NULL},
};

/* -------------------------------------------------------------------- text */

/* Words, broken into lines. */
static void put_wrapped(struct text *out, const char *text)
{
    size_t column = 0;
    while (*text) {
        size_t len = strcspn(text, " ");
        if (column && column + 1 + len > WIDTH) {
            text_putc(out, '\n');
            column = 0;
        }
        if (column) {
            text_putc(out, ' ');
            column++;
        }
        text_append(out, text, len);
        column += len;
        text += len + (text[len] == ' ');
    }
    text_putc(out, '\n');
}

static void put_example(struct text *out, const char *title, const char *example)
{
    text_printf(out, "\n%s\n\n", title);
    for (const char *end; (end = strchr(example, '\n')); example = end + 1) {
        text_printf(out, "%*s%.*s\n", INDENT, "", (int)(end - example), example);
    }
}

static void put_rule(struct text *out, const struct rule *rule)
{
    text_printf(out, "%s (%s)\n\n", rule->name, rule->is_warning ? "a warning" : "an error");
    put_wrapped(out, rule->summary);
    text_putc(out, '\n');
    put_wrapped(out, rule->why);
    if (rule->bad) {
        put_example(out, "Wrong:", rule->bad);
        put_example(out, "Right:", rule->good);
    }
}

static void put_line(struct text *out, const struct rule *rule)
{
    text_printf(out, "%-20s  %s\n", rule->name, rule->summary);
}

/* -------------------------------------------------------------------- JSON */

static void put_member(struct text *out, const char *name, const char *value)
{
    text_printf(out, ",\"%s\":", name);
    if (value) {
        text_json_string(out, value, strlen(value));
    } else {
        text_puts(out, "null");
    }
}

static void put_json(struct text *out, const struct rule *rule)
{
    text_printf(out, "{\"severity\":\"%s\"", rule->is_warning ? "warning" : "error");
    put_member(out, "name", rule->name);
    put_member(out, "summary", rule->summary);
    put_member(out, "why", rule->why);
    put_member(out, "bad", rule->bad);
    put_member(out, "good", rule->good);
    text_puts(out, "}\n");
}

/* --------------------------------------------------------------- the whole */

static int report_unknown(struct run *run, const char *name)
{
    const char **names = arena_array(run->arena, rule_count, sizeof(*names));
    for (size_t i = 0; i < rule_count; i++) {
        names[i] = rules[i].name;
    }
    diag_error(run->diag, (struct src_pos){0}, "unknown-rule", "no rule is called '%s'%s", name,
               diag_did_you_mean(run->arena, name, names, rule_count));
    return EXIT_DONE;
}

int verb_explain(struct run *run, const struct args *args)
{
    size_t count;
    struct text out;
    const char *const *names = args_operands(args, &count);
    text_init(&out, run->arena, MOST_BYTES);
    if (count) {
        const struct rule *rule = rule_find(names[0]);
        if (!rule) {
            return report_unknown(run, names[0]);
        }
        (run->json ? put_json : put_rule)(&out, rule);
    }
    for (size_t i = 0; !count && i < rule_count; i++) {
        (run->json ? put_json : put_line)(&out, &rules[i]);
    }
    fwrite(out.data, 1, out.len, stdout);
    return EXIT_DONE;
}
