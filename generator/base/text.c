/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/unicode.h"

static char empty[1];

void text_init(struct text *text, struct arena *arena, size_t max)
{
    *text = (struct text){.arena = arena, .data = empty, .max = max};
}

/* Room for `more` bytes and the NUL; false: that would be past the maximum. */
static bool reserve(struct text *text, size_t more)
{
    if (text->full || more > text->max - text->len) {
        text->full = true;
        return false;
    }
    size_t needed = text->len + more + 1;
    if (needed <= text->capacity) {
        return true;
    }
    size_t capacity = text->capacity ? text->capacity : 64;
    while (capacity < needed) {
        capacity *= 2;
    }
    text->data =
        arena_grow(text->arena, text->capacity ? text->data : NULL, text->capacity, capacity);
    text->capacity = capacity;
    return true;
}

void text_append(struct text *text, const char *data, size_t len)
{
    if (!len || !reserve(text, len)) {
        return;
    }
    memcpy(text->data + text->len, data, len);
    text->len += len;
    text->data[text->len] = '\0';
}

void text_puts(struct text *text, const char *data)
{
    text_append(text, data, strlen(data));
}

void text_putc(struct text *text, char c)
{
    text_append(text, &c, 1);
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len <= 0 || !reserve(text, (size_t)len)) {
        return;
    }
    va_start(args, format);
    vsnprintf(text->data + text->len, (size_t)len + 1, format, args);
    va_end(args);
    text->len += (size_t)len;
}

/* Controls of both ranges are escaped: the output may end on a terminal. */
static void json_char(struct text *text, uint32_t code, const char *bytes, size_t size)
{
    static const char escaped[] = "\"\\\n\r\t\b\f";
    static const char letters[] = "\"\\nrtbf";
    const char *known = code && code < 0x80 ? strchr(escaped, (int)code) : NULL;
    if (known) {
        text_append(text, (const char[]){'\\', letters[known - escaped]}, 2);
    } else if (code < 0xFFFF && !unicode_is_printable(code)) {
        text_printf(text, "\\u%04x", (unsigned)code);
    } else {
        text_append(text, bytes, size);
    }
}

void text_json_string(struct text *text, const char *data, size_t len)
{
    text_putc(text, '"');
    for (size_t i = 0; i < len;) {
        uint32_t code;
        size_t size = unicode_decode(data + i, len - i, &code);
        if (size) {
            json_char(text, code, data + i, size);
        } else {
            text_puts(text, "\xEF\xBF\xBD");
        }
        i += size ? size : 1;
    }
    text_putc(text, '"');
}
