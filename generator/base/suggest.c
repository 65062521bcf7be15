/* SPDX-License-Identifier: MIT */
/*
 * "Did you mean": which known name a misspelt one stands for.
 */
#include <string.h>

#include "base/diag.h"

enum { LONGEST = 64 };

/* A file of nothing but misspelt names must not take for ever: so many
 * comparisons of letters a run, then no more advice. */
static size_t comparisons_left = 100 * 1000 * 1000;

static char folded(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c - 'A' + 'a');
    }
    return c == '-' ? '_' : c;
}

static bool is_separator(char c)
{
    return c == '_' || c == '-';
}

/* Equal but for case and separators: "maxBytes", "max-bytes", "max_bytes". */
static bool is_same_name(const char *a, const char *b)
{
    for (;;) {
        while (is_separator(*a)) {
            a++;
        }
        while (is_separator(*b)) {
            b++;
        }
        if (folded(*a) != folded(*b)) {
            return false;
        }
        if (!*a) {
            return true;
        }
        a++;
        b++;
    }
}

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, replace, swap two neighbours, one
 * each, over the last three rows of the table. Both at most LONGEST long. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++) {
        above[j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t replace = above[j - 1] + (folded(a[i - 1]) != folded(b[j - 1]));
            row[j] = least_of(replace, least_of(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least_of(row[j], before[j - 2] + 1);
            }
        }
        size_t *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b_len];
}

/* The distance if it is near enough to be meant, else `worse`. */
static size_t near_distance(const char *word, size_t word_len, const char *name, size_t worse)
{
    size_t len = strlen(name);
    size_t longer = len > word_len ? len : word_len;
    size_t limit = longer / 3;
    if (len > LONGEST || longer - least_of(len, word_len) > limit ||
        comparisons_left < len * word_len) {
        return worse;
    }
    comparisons_left -= len * word_len;
    size_t found = distance(word, word_len, name, len);
    return found <= limit ? found : worse;
}

const char *diag_suggest(const char *word, const char *const *candidates, size_t count)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    size_t len = strlen(word);
    if (len == 0 || len > LONGEST) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_same_name(word, candidates[i])) {
            return candidates[i];
        }
        size_t found = near_distance(word, len, candidates[i], SIZE_MAX);
        if (found < best_distance) {
            best_distance = found;
            best = candidates[i];
        }
    }
    return best;
}

static const char advice_begin[] = "; did you mean '";
static const char advice_end[] = "'?";

const char *diag_did_you_mean(struct arena *arena, const char *word, const char *const *candidates,
                              size_t count)
{
    const char *name = diag_suggest(word, candidates, count);
    return name ? arena_printf(arena, "%s%s%s", advice_begin, name, advice_end) : "";
}

/* The last one: what stands before it may quote anything. */
const char *diag_meant(struct arena *arena, const char *message)
{
    const char *name = NULL;
    for (const char *at = message; (at = strstr(at, advice_begin)) != NULL;) {
        at += sizeof(advice_begin) - 1;
        name = at;
    }
    size_t len = name ? strlen(name) : 0;
    size_t end = sizeof(advice_end) - 1;
    bool is_advice = len > end && strcmp(name + len - end, advice_end) == 0;
    return is_advice ? arena_copy(arena, name, len - end) : NULL;
}
