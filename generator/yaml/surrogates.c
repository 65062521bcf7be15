/* SPDX-License-Identifier: MIT */
#include "yaml/surrogates.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/unicode.h"

enum { ESCAPE = 6, PAIR = 2 * ESCAPE }; /* characters of \ud83d, and of two */

/* In other YAML a backslash outside of double quotes is just itself. */
static bool is_json(const struct src_file *file)
{
    size_t start = unicode_bom(file->data, file->len);
    start += strspn(file->data + start, " \t\r\n");
    return start < file->len && strchr("{[\"", file->data[start]);
}

/* The code unit of an escape, or 0. */
static unsigned long unit_at(const char *text)
{
    char digits[5] = {0};
    if (text[0] != '\\' || text[1] != 'u' || strspn(text + 2, "0123456789abcdefABCDEF") < 4) {
        return 0;
    }
    memcpy(digits, text + 2, 4);
    return strtoul(digits, NULL, 16);
}

static bool pair_at(const char *text, unsigned long *ret_code)
{
    unsigned long high = unit_at(text);
    unsigned long low = high >= 0xD800 && high < 0xDC00 ? unit_at(text + ESCAPE) : 0;
    *ret_code = 0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF);
    return low >= 0xDC00 && low < 0xE000;
}

struct src_file yml_join_surrogates(struct arena *arena, const struct src_file *file)
{
    struct text text;
    size_t done = 0;
    unsigned long code;
    if (!is_json(file)) {
        return *file;
    }
    text_init(&text, arena, file->len);
    for (const char *at = file->data; (at = strchr(at, '\\'));) {
        if (!pair_at(at, &code)) {
            at += at[1] ? 2 : 1; /* an escaped backslash begins no escape */
            continue;
        }
        text_append(&text, file->data + done, (size_t)(at - file->data) - done);
        text_printf(&text, "\\U%08lx", code);
        at += PAIR;
        done = (size_t)(at - file->data);
    }
    if (!done) {
        return *file;
    }
    text_append(&text, file->data + done, file->len - done);
    return (struct src_file){file->path, text.data, text.len};
}
