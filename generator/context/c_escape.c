/* SPDX-License-Identifier: MIT */
#include "context/c_escape.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

enum { ESCAPED_MAX = 8 * 1024 * 1024, COMMENT_WIDTH = 84 };

const char *esc_literal(struct arena *arena, const char *text, size_t len)
{
    struct text out;
    text_init(&out, arena, ESCAPED_MAX);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '?') {
            text_putc(&out, (char)c);
        } else {
            text_printf(&out, "\\%03o", c);
        }
    }
    return out.data;
}

/* The code point at text, and its length in bytes; a byte that begins none is itself. */
static uint32_t code_point(const unsigned char *text, size_t *ret_len)
{
    static const unsigned char lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t len = text[0] < 0x80 ? 1 : text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    uint32_t point = text[0] & lead_mask[len];
    for (size_t i = 1; i < len; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            *ret_len = 1;
            return text[0];
        }
        point = point << 6 | (text[i] & 0x3fU);
    }
    *ret_len = len;
    return point;
}

/* Characters that reorder or hide what a reader of the source sees (CVE-2021-42574). */
static bool is_unsafe(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) ||
           (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x206f) || point == 0xfeff || point == 0x061c;
}

/* Whether `next` after `last` would begin or end a comment, or a trigraph. */
static bool is_mark(char last, char next)
{
    return (last == '*' && next == '/') || (last == '/' && next == '*') ||
           (last == '?' && next == '?');
}

/* One line (up to a newline) without anything that means something in a comment. */
static const char *safe_line(struct arena *arena, const char *line, size_t len)
{
    struct text out;
    text_init(&out, arena, ESCAPED_MAX);
    for (size_t i = 0; i < len;) {
        size_t size;
        uint32_t point = code_point((const unsigned char *)line + i, &size);
        char last = out.len == 0 ? '\0' : out.data[out.len - 1];
        if (size > len - i || is_unsafe(point)) {
            text_putc(&out, point == '\t' ? ' ' : '?');
        } else {
            if (is_mark(last, line[i])) {
                text_putc(&out, ' ');
            }
            text_append(&out, line + i, size);
        }
        i += size;
    }
    /* A backslash before the newline would join the next line. */
    if (out.len != 0 && out.data[out.len - 1] == '\\') {
        text_putc(&out, '.');
    }
    return out.data;
}

/* The length of what fits into width, cut at a blank; at least one word. */
static size_t fitting(const char *text, size_t len, size_t width)
{
    size_t cut = 0;
    if (len <= width) {
        return len;
    }
    for (size_t i = 0; i < len && (i <= width || cut == 0); i++) {
        if (text[i] == ' ' && i != 0) {
            cut = i;
        }
    }
    return cut == 0 ? len : cut;
}

static void add_line(struct arena *arena, struct ctx_value *lines, const char *line, size_t len)
{
    struct ctx_value *map = ctx_map(arena);
    ctx_set(map, "line", ctx_string(arena, safe_line(arena, line, len)));
    ctx_add(lines, map);
}

struct ctx_value *esc_comment(struct arena *arena, const char *text, size_t width)
{
    if (text == NULL || *text == '\0') { /* most things have no description */
        return ctx_no_list();
    }
    struct ctx_value *lines = ctx_list(arena);
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        for (size_t at = 0; at < len;) {
            size_t cut = fitting(text + at, len - at, width);
            add_line(arena, lines, text + at, cut);
            at += cut;
            at += strspn(text + at, " ");
        }
        text += len + (text[len] == '\n' ? 1U : 0U);
    }
    return lines;
}

void ctx_doc(struct ctx_value *map, struct arena *arena, const char *description)
{
    struct ctx_value *lines = esc_comment(arena, description, COMMENT_WIDTH);
    ctx_set(map, "doc", lines);
    ctx_set_flag(map, "has_doc", ctx_count(lines) != 0);
}

const char *esc_comment_line(struct arena *arena, const char *text)
{
    char *line = arena_strdup(arena, text);
    for (char *c = line; *c != '\0'; c++) {
        *c = *c == '\n' ? ' ' : *c;
    }
    size_t len = strlen(line);
    while (len != 0 && line[len - 1] == ' ') {
        len--;
    }
    return safe_line(arena, line, len);
}
