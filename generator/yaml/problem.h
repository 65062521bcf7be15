/* SPDX-License-Identifier: MIT */
/*
 * What libyaml refuses, as a diagnostic. For the room yaml/ only.
 */
#ifndef LARDER_GENERATOR_PROBLEM_H
#define LARDER_GENERATOR_PROBLEM_H

#include <yaml.h>

#include "base/diag.h"

/* libyaml counts lines and columns from 0, columns in characters, as we do. */
struct src_pos yml_pos(const struct src_file *file, yaml_mark_t mark);

/* Reports why the parser stopped. Its input began behind the byte order mark. */
void yml_report_problem(struct arena *arena, struct diag *diag, const struct src_file *file,
                        const yaml_parser_t *parser);

/* Reports the first byte that is no UTF-8 or no character YAML allows. libyaml
 * takes U+0085, U+2028 and U+2029 for line breaks, editors do not: with
 * `no_odd_breaks` they are refused too. False: reported. */
bool yml_check_characters(struct diag *diag, const struct src_file *file, bool no_odd_breaks);

/* Is there a character in a scalar (from an escape) that text may not hold?
 * Its code, or -1. */
long yml_bad_character(const char *text, size_t len);

#endif
