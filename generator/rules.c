/* SPDX-License-Identifier: MIT */
#include "rules.h"

#include <string.h>

enum severity { ERROR, WARNING };

const struct rule rules[] = {
#define RULE(severity, name, summary, why, bad, good) \
    {name, severity == WARNING, summary, why, bad, good},
#include "rules.def"
};

const size_t rule_count = sizeof(rules) / sizeof(rules[0]);

const struct rule *rule_find(const char *name)
{
    for (size_t i = 0; i < rule_count; i++) {
        if (strcmp(rules[i].name, name) == 0) {
            return &rules[i];
        }
    }
    return NULL;
}

static void put_example(struct text *out, const char *title, const char *example)
{
    bool is_template = strstr(example, ".mustache\n") != NULL;
    text_printf(out, "\n%s\n\n```%s\n%s```\n", title, is_template ? "" : "yaml", example);
}

static void put_rule(struct text *out, const struct rule *rule)
{
    text_printf(out, "\n## %s\n\n%s%s %s\n", rule->name, rule->is_warning ? "*A warning.* " : "",
                rule->summary, rule->why);
    if (rule->bad) {
        put_example(out, "Wrong:", rule->bad);
        put_example(out, "Right:", rule->good);
    }
}

void rules_describe(struct text *out)
{
    text_puts(
        out,
        "<!-- Made from generator/rules.def. Do not edit. -->\n# Rules\n\n"
        "Every name that stands in brackets behind a message of `larder`. `larder explain NAME` "
        "prints the same. Warnings can be allowed by name in a schema's `allow`; with "
        "`-Werror` they are errors. In the examples a line `# file NAME` begins a further "
        "file.\n");
    for (size_t i = 0; i < rule_count; i++) {
        put_rule(out, &rules[i]);
    }
}
