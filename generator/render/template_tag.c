/* SPDX-License-Identifier: MIT */
#include "render/template_tag.h"

#include <string.h>

static const char sigils[] = "{&#^/>!=";

static bool is_space(char c)
{
    return c && strchr(" \t\n\r\v\f", c);
}

static bool is_sigil(char c)
{
    return c && strchr(sigils, c);
}

/* Delimiters. */

void tpl_delimiters_set(struct tpl_delimiters *delimiters, struct arena *arena, const char *open,
                        size_t open_len, const char *close, size_t close_len)
{
    char *closes = arena_alloc(arena, (close_len + 1) * 2);
    char *equals = closes + close_len + 1;
    closes[0] = '}';
    memcpy(closes + 1, close, close_len);
    equals[0] = '=';
    memcpy(equals + 1, close, close_len);
    *delimiters = (struct tpl_delimiters){open, open_len, close, close_len, closes, equals};
}

static size_t word_len(const char *at, const char *end)
{
    const char *stop = at;
    while (stop < end && !is_space(*stop)) {
        stop++;
    }
    return (size_t)(stop - at);
}

bool tpl_delimiters_change(struct tpl_delimiters *delimiters, struct arena *arena,
                           const struct tpl_tag *tag)
{
    const char *open = tag->content;
    const char *end = open + tag->len;
    size_t open_len = word_len(open, end);
    const char *close = open + open_len;
    while (close < end && is_space(*close)) {
        close++;
    }
    size_t close_len = word_len(close, end);
    if (!open_len || !close_len || close + close_len != end || memchr(open, '=', tag->len)) {
        return false;
    }
    tpl_delimiters_set(delimiters, arena, open, open_len, close, close_len);
    return true;
}

/* Tags. */

/* memmem in windows that double, for under a sanitizer it looks at all of what
 * it is given. */
const char *tpl_find_word(const char *at, const char *end, const char *word, size_t len)
{
    size_t left = (size_t)(end - at);
    for (size_t window = 256;; window *= 2) {
        size_t size = window < left ? window : left;
        const char *found = memmem(at, size, word, len);
        if (found || size == left) {
            return found;
        }
    }
}

static void trim(struct tpl_tag *tag)
{
    while (tag->len && is_space(tag->content[0])) {
        tag->content++;
        tag->len--;
    }
    while (tag->len && is_space(tag->content[tag->len - 1])) {
        tag->len--;
    }
}

bool tpl_tag_read(const struct tpl_delimiters *delimiters, const char *at, const char *end,
                  struct tpl_tag *ret_tag)
{
    struct tpl_tag tag = {.start = at, .content = at + delimiters->open_len};
    if (tag.content < end && is_sigil(*tag.content)) {
        tag.sigil = *tag.content++;
    }
    tag.close = tag.sigil == '{'   ? delimiters->brace_close
                : tag.sigil == '=' ? delimiters->equals_close
                                   : delimiters->close;
    tag.close_len = delimiters->close_len + (tag.close != delimiters->close);
    const char *found = tpl_find_word(tag.content, end, tag.close, tag.close_len);
    if (found) {
        tag.len = (size_t)(found - tag.content);
        tag.end = found + tag.close_len;
        trim(&tag);
    }
    *ret_tag = tag;
    return found;
}

static bool is_dotted_right(const char *name, size_t len)
{
    return (len == 1 && *name == '.') ||
           (*name != '.' && name[len - 1] != '.' && !memmem(name, len, "..", 2));
}

const char *tpl_tag_problem(const struct tpl_delimiters *delimiters, const struct tpl_tag *tag)
{
    if (!tag->len) {
        return "a tag without a name";
    }
    if (memchr(tag->content, '\n', tag->len) ||
        memmem(tag->content, tag->len, delimiters->open, delimiters->open_len)) {
        return "this tag is not closed before the next line or tag";
    }
    if (!tag->sigil && is_sigil(tag->content[0])) {
        return "blanks between the opening delimiter and what kind of tag it is";
    }
    if (tag->sigil != '>' && !is_dotted_right(tag->content, tag->len)) {
        return "a name with nothing before, behind or between dots";
    }
    return NULL;
}
