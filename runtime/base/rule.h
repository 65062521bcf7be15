/* SPDX-License-Identifier: MIT */
/*
 * The rules that keep the promise of freshness, by name where they are in the code.
 *
 *     moment = LARDER_RULE(boarding_ends_before_the_fill) ? moment : LARDER_MOMENT_ALWAYS;
 *
 * They hold: LARDER_RULE is true, and scripts are what they are. Only where tests/freshness
 * builds the runtime once more, with LARDER_MUTANTS, can it take one away at run time, to
 * see that its checker finds out.
 */
#ifndef LARDER_BASE_RULE_H
#define LARDER_BASE_RULE_H

#include <stdbool.h>

#ifdef LARDER_MUTANTS

bool larder_rule_holds(const char *name);
/* The text of a script, by its number (backend/redis_scripts.h), without the rule that is broken. */
const char *larder_rule_script(unsigned which, const char *text);
#define LARDER_RULE(name) larder_rule_holds(#name)

#else

#define larder_rule_script(which, text) (text)
#define LARDER_RULE(name) true

#endif

#endif
