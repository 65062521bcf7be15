/* SPDX-License-Identifier: MIT */
/*
 * One tag of a template: its delimiters, its kind, its name. For template_parse.c.
 */
#ifndef LARDER_GENERATOR_TEMPLATE_TAG_H
#define LARDER_GENERATOR_TEMPLATE_TAG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* Those in force. A tag {{{x}}} ends with "}" and the closing one, {{=| |=}} with "=" and it. */
struct tpl_delimiters {
    const char *open; /* borrowed from the template; not terminated, like the others */
    size_t open_len;
    const char *close;
    size_t close_len;
    const char *brace_close;  /* "}" and close */
    const char *equals_close; /* "=" and close */
};

struct tpl_tag {
    char sigil;          /* which kind: one of {&#^/>!= or '\0', a variable */
    const char *start;   /* the opening delimiter */
    const char *content; /* behind the sigil, without blanks around it */
    size_t len;
    const char *close; /* what ends it, or should */
    size_t close_len;
    const char *end;    /* behind that */
    const char *indent; /* for the parser: the blanks before a tag alone on its line */
    size_t indent_len;
};

void tpl_delimiters_set(struct tpl_delimiters *delimiters, struct arena *arena, const char *open,
                        size_t open_len, const char *close, size_t close_len);
/* Sets those that a tag {{=| |=}} names. False: it does not name two. */
bool tpl_delimiters_change(struct tpl_delimiters *delimiters, struct arena *arena,
                           const struct tpl_tag *tag);

/* Finds `word` in [at, end) in the time it takes to get there; NULL. */
const char *tpl_find_word(const char *at, const char *end, const char *word, size_t len);

/* Reads the tag at `at`, where the opening delimiter stands. False: it is never
 * closed; start and close are set all the same. */
bool tpl_tag_read(const struct tpl_delimiters *delimiters, const char *at, const char *end,
                  struct tpl_tag *ret_tag);
/* What is wrong with the name in it; NULL: nothing. */
const char *tpl_tag_problem(const struct tpl_delimiters *delimiters, const struct tpl_tag *tag);

#endif
