/* SPDX-License-Identifier: MIT */
/*
 * What is said of the program elsewhere than in it: man pages (in the language
 * of scdoc(1), which makes roff of them) and completions for shells. All are
 * made from the tables that the program itself goes by.
 *
 * They are committed, and a test holds them against the tables; no verb prints
 * them, so they are no part of the program.
 */
#ifndef LARDER_GENERATOR_PAGES_H
#define LARDER_GENERATOR_PAGES_H

#include "base/text.h"

/* Each appends a whole file. */
void page_man_larder(struct text *out); /* larder(1) */
void page_man_schema(struct text *out); /* larder-schema(5) */
void page_bash(struct text *out);
void page_zsh(struct text *out);
void page_fish(struct text *out);

#endif
