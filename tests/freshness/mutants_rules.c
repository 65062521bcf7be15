/* SPDX-License-Identifier: MIT */
/* What the runtime with LARDER_MUTANTS asks for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/redis_scripts.h"
#include "base/rule.h"
#include "mutants.h"

/* Rules that are in a script: the piece of its text without which, or with another in its
 * place, the rule does not hold. */
static const struct edit {
    const char *rule;
    enum larder_script script;
    const char *from;
    const char *to;
} edits[] = {
    {"fills_need_their_claim", LARDER_SCRIPT_FILL,
     "if not h or not slot(h) or token(h) ~= ARGV[1] then return 0 end ", ""},
    {"marks_need_their_claim", LARDER_SCRIPT_FILL,
     "if not h or not slot(h) or token(h) ~= ARGV[1] then return 0 end ",
     "local mark = bit.band(string.byte(ARGV[2], 2), 8) ~= 0 "
     "if not mark and (not h or not slot(h) or token(h) ~= ARGV[1]) then return 0 end "},
    {"deletions_end_claims", LARDER_SCRIPT_SOFTEN, "if h and not none and slot(h) then ",
     "if none and slot(h) then return 1 end if false then "},
    {"softening_ends_claims", LARDER_SCRIPT_SOFTEN,
     "redis.pcall('SETRANGE', k, 11, '\\207' .. ms(0) .. '\\207' .. ms(0) .. '\\207' .. ms(now()))",
     "redis.pcall('SETRANGE', k, 29, '\\207' .. ms(now()))"},
    {"releases_need_their_claim", LARDER_SCRIPT_RELEASE, "or token(h) ~= ARGV[1] ", ""},
    {"fills_heed_versions", LARDER_SCRIPT_FILL, "<= as_count and holds", ">= 0"},
    {"missing_versions_are_of_the_clock", LARDER_SCRIPT_FILL, "stand(KEYS[i], epoch, count, ",
     "stand(KEYS[i], epoch, as_count, "},
    {"loads_begin_before_their_clock", LARDER_SCRIPT_FILL,
     "local as_epoch, as_count = struct.unpack('>I4I4', ARGV[4]) ",
     "local as_epoch, as_count = number(KEYS[2]) "},
    {"loads_begin_before_their_clock", LARDER_SCRIPT_FILL, "put(k, ARGV[2], ARGV[3]) return 1",
     "put(k, ARGV[2], ARGV[3]) "
     "if #KEYS > 1 then "
     "local epoch, count = number(KEYS[2]) "
     "redis.call('SETRANGE', k, slot(ARGV[2]) and 44 or 12, struct.pack('>I4I4', epoch, count)) "
     "end "
     "return 1"},
    {"bumps_count", LARDER_SCRIPT_BUMP, "as_text(epoch, count + 1)", "as_text(epoch, count)"},
};

static const char *broken = "";
static char *scripts[LARDER_SCRIPT_COUNT]; /* those that are not as they were */

bool larder_rule_holds(const char *name)
{
    return strcmp(name, broken) != 0;
}

const char *larder_rule_script(unsigned which, const char *text)
{
    return scripts[which] != NULL ? scripts[which] : text;
}

static void give_up(const char *what)
{
    fprintf(stderr, "%s: %s\n", broken, what);
    exit(3);
}

static void apply(const struct edit *edit)
{
    size_t len;
    const char *text = larder_script_text(edit->script, &len);
    const char *at = strstr(text, edit->from);
    if (at == NULL || strstr(at + 1, edit->from) != NULL) {
        give_up("its script does not have this piece, or not once");
    }
    size_t size = len - strlen(edit->from) + strlen(edit->to) + 1;
    char *other = malloc(size);
    if (other == NULL) {
        give_up("no memory");
    }
    (void)snprintf(other, size, "%.*s%s%s", (int)(at - text), text, edit->to,
                   at + strlen(edit->from));
    free(scripts[edit->script]);
    scripts[edit->script] = other;
}

void mutants_break(const char *rule)
{
    size_t i = 0;
    broken = rule;
    while (i < mutant_count && strcmp(mutants[i].rule, rule) != 0) {
        i++;
    }
    if (i == mutant_count && rule[0] != '\0') {
        give_up("no such rule");
    }
    for (i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        if (strcmp(edits[i].rule, rule) == 0) {
            apply(&edits[i]);
        }
    }
}
