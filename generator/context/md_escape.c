/* SPDX-License-Identifier: MIT */
#include "context/md_escape.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "base/unicode.h"

enum { ESCAPED_MAX = 8 * 1024 * 1024 };

/* An underscore within a word is no emphasis. */
static bool is_plain(const char *text, size_t i, size_t len)
{
    unsigned char c = (unsigned char)text[i];
    if (c == '_') {
        return i != 0 && i + 1 < len && isalnum((unsigned char)text[i - 1]) &&
               isalnum((unsigned char)text[i + 1]);
    }
    return isalnum(c) || strchr(" ,;:/%()'.-", c) != NULL;
}

const char *esc_markdown(struct arena *arena, const char *text)
{
    struct text out;
    size_t len = text == NULL ? 0 : strlen(text);
    text_init(&out, arena, ESCAPED_MAX);
    while (len != 0 && text[len - 1] == '\n') {
        len--;
    }
    for (size_t i = 0; i < len;) {
        uint32_t code;
        size_t size = unicode_decode(text + i, len - i, &code);
        if (code == '\n') {
            text_putc(&out, ' ');
        } else if (size == 0 || !unicode_is_printable(code)) {
            text_putc(&out, '?');
        } else if (size > 1 || is_plain(text, i, len)) {
            text_append(&out, text + i, size);
        } else {
            text_printf(&out, "&#%u;", (unsigned)code);
        }
        i += size == 0 ? 1 : size;
    }
    return out.data;
}

static bool is_printable_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < 0x20 || *text > 0x7e) {
            return false;
        }
    }
    return true;
}

const char *esc_markdown_code(struct arena *arena, const char *text, bool cell)
{
    struct text out;
    if (*text == '\0' || *text == ' ' || strchr(text, '`') != NULL || !is_printable_ascii(text)) {
        return arena_printf(arena, "<code>%s</code>", esc_markdown(arena, text));
    }
    text_init(&out, arena, ESCAPED_MAX);
    text_putc(&out, '`');
    for (const char *c = text; *c != '\0'; c++) {
        text_puts(&out, *c == '|' && cell ? "\\" : "");
        text_putc(&out, *c);
    }
    text_putc(&out, '`');
    return out.data;
}

const char *esc_mermaid(struct arena *arena, const char *text)
{
    struct text out;
    size_t len = strlen(text);
    text_init(&out, arena, ESCAPED_MAX);
    for (size_t i = 0; i < len;) {
        uint32_t code;
        size_t size = unicode_decode(text + i, len - i, &code);
        if (size == 0 || !unicode_is_printable(code)) {
            text_putc(&out, '?');
        } else if (isalnum((unsigned char)text[i]) || strchr(" :_.-{}", text[i]) != NULL) {
            text_putc(&out, text[i]);
        } else {
            text_printf(&out, "#%u;", (unsigned)code);
        }
        i += size == 0 ? 1 : size;
    }
    return out.data;
}

void esc_config(struct text *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c > 0x20 && c < 0x7f && c != '"' && c != '\\') {
            text_putc(out, (char)c);
        } else {
            text_printf(out, "\\x%02x", c);
        }
    }
}
