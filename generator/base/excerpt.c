/* SPDX-License-Identifier: MIT */
#include "base/excerpt.h"

#include <string.h>

#include "base/unicode.h"

/* A line longer than MOST_COLUMNS is cut to BEFORE and AFTER characters around the caret. */
enum { MOST_COLUMNS = 160, BEFORE = 60, AFTER = 60 };

static const char ellipsis[] = "\xE2\x80\xA6";
static const char replacement[] = "\xEF\xBF\xBD";

static void append_escaped(struct text *out, uint32_t code, const char *bytes, size_t size)
{
    if (code == '\n') {
        text_puts(out, "\\n");
    } else if (size <= 1) {
        text_printf(out, "\\x%02x", (unsigned)(unsigned char)*bytes);
    } else {
        text_printf(out, "\\u%04x", (unsigned)code);
    }
}

void excerpt_safe(struct text *out, const char *data, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t code;
        size_t size = unicode_decode(data + i, len - i, &code);
        if (size && unicode_is_printable(code)) {
            text_append(out, data + i, size);
        } else {
            append_escaped(out, code, data + i, size);
        }
        i += size ? size : 1;
    }
}

struct line {
    const char *data;
    size_t len;
};

static size_t break_length(const char *data, size_t len)
{
    if (len > 1 && data[0] == '\r' && data[1] == '\n') {
        return 2;
    }
    return data[0] == '\n' || data[0] == '\r';
}

static bool find_line(const struct src_file *file, uint32_t number, struct line *ret_line)
{
    size_t start = unicode_bom(file->data, file->len);
    for (size_t i = start; i < file->len && number > 1;) {
        size_t size = break_length(file->data + i, file->len - i);
        i += size ? size : 1;
        if (size) {
            start = i;
            number--;
        }
    }
    size_t end = start;
    while (end < file->len && file->data[end] != '\n' && file->data[end] != '\r') {
        end++;
    }
    *ret_line = (struct line){file->data + start, end - start};
    return number == 1;
}

static size_t count_chars(const struct line *line)
{
    size_t count = 0;
    uint32_t code;
    for (size_t i = 0; i < line->len; count++) {
        size_t size = unicode_decode(line->data + i, line->len - i, &code);
        i += size ? size : 1;
    }
    return count;
}

/* The characters of a line that are shown: [first, end), counted from 0. */
struct window {
    size_t first;
    size_t end;
    bool cut_before;
    bool cut_after;
};

static struct window window_around(size_t chars, size_t caret)
{
    struct window window = {.end = chars};
    if (chars <= MOST_COLUMNS) {
        return window;
    }
    if (caret > BEFORE) {
        window.first = caret - BEFORE;
        window.cut_before = true;
    }
    if (chars - window.first > BEFORE + AFTER) {
        window.end = window.first + BEFORE + AFTER;
        window.cut_after = true;
    }
    return window;
}

static void append_char(struct text *out, uint32_t code, const char *bytes, size_t size)
{
    if (size && (code == '\t' || unicode_is_printable(code))) {
        text_append(out, bytes, size);
    } else {
        text_puts(out, replacement);
    }
}

/* What stands above the caret's padding: a tab for a tab, else blanks as wide. */
static void append_padding(struct text *out, uint32_t code, size_t size)
{
    if (code == '\t') {
        text_putc(out, '\t');
        return;
    }
    int width = size && unicode_is_printable(code) ? unicode_width(code) : 1;
    while (width-- > 0) {
        text_putc(out, ' ');
    }
}

static void append_window(struct text *source, struct text *padding, const struct line *line,
                          const struct window *window, size_t caret)
{
    size_t column = 0;
    for (size_t i = 0; i < line->len && column < window->end; column++) {
        uint32_t code;
        size_t size = unicode_decode(line->data + i, line->len - i, &code);
        if (column >= window->first) {
            append_char(source, code, line->data + i, size);
        }
        if (column >= window->first && column < caret) {
            append_padding(padding, code, size);
        }
        i += size ? size : 1;
    }
}

void excerpt_append(struct text *out, struct src_pos pos, const char *caret, const char *plain)
{
    struct line line;
    struct text padding;
    if (!pos.file || !pos.line || !find_line(pos.file, pos.line, &line)) {
        return;
    }
    size_t chars = count_chars(&line);
    size_t column = pos.column ? pos.column - 1 : 0;
    if (column > chars) {
        column = chars;
    }
    struct window window = window_around(chars, column);
    text_init(&padding, out->arena, (MOST_COLUMNS + 1) * 2);
    text_puts(&padding, window.cut_before ? " " : "");
    text_printf(out, "%5u | %s", pos.line, window.cut_before ? ellipsis : "");
    append_window(out, &padding, &line, &window, column);
    text_printf(out, "%s\n      | %s%s^%s\n", window.cut_after ? ellipsis : "", padding.data, caret,
                plain);
}
