/* SPDX-License-Identifier: MIT */
#include "base/line_diff.h"

#include <stdint.h>
#include <string.h>

/* DESIGN. Two arrays of lines become one script: each line of either, in order,
 * marked as kept, removed or added. Hunks are cut from the script. */

enum { CONTEXT = 3, MOST_CELLS = 16 * 1024 * 1024 };

struct lines {
    struct line_text *of;
    size_t count;
};

struct edit {
    char mark; /* ' ', '-' or '+' */
    struct line_text line;
};

struct script {
    struct edit *edits;
    size_t count;
};

static struct lines split(struct arena *arena, struct line_text text)
{
    struct lines lines = {NULL, 0};
    size_t most = 1;
    for (size_t i = 0; i < text.len; i++) {
        most += text.data[i] == '\n';
    }
    lines.of = arena_array(arena, most, sizeof(*lines.of));
    for (size_t at = 0; at < text.len;) {
        const char *end = memchr(text.data + at, '\n', text.len - at);
        size_t len = end ? (size_t)(end - (text.data + at)) + 1 : text.len - at;
        lines.of[lines.count++] = (struct line_text){text.data + at, len};
        at += len;
    }
    return lines;
}

static bool is_same(const struct line_text *a, const struct line_text *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static void add(struct script *script, char mark, struct line_text line)
{
    script->edits[script->count++] = (struct edit){mark, line};
}

static void add_all(struct script *script, char mark, const struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        add(script, mark, lines->of[i]);
    }
}

/* lengths[i][j]: how many lines the rests from i and j have in common. */
static uint32_t *table_of(struct arena *arena, const struct lines *old, const struct lines *new)
{
    size_t width = new->count + 1;
    uint32_t *table = arena_array(arena, (old->count + 1) * width, sizeof(*table));
    for (size_t i = old->count; i-- > 0;) {
        for (size_t j = new->count; j-- > 0;) {
            uint32_t down = table[(i + 1) * width + j], right = table[i * width + j + 1];
            table[i * width + j] = is_same(&old->of[i], &new->of[j])
                                       ? table[(i + 1) * width + j + 1] + 1
                                       : (down > right ? down : right);
        }
    }
    return table;
}

static void walk(struct arena *arena, struct script *script, const struct lines *old,
                 const struct lines *new)
{
    size_t i = 0, j = 0, width = new->count + 1;
    if (old->count && new->count > MOST_CELLS / old->count) {
        add_all(script, '-', old);
        add_all(script, '+', new);
        return;
    }
    const uint32_t *table = table_of(arena, old, new);
    while (i < old->count || j < new->count) {
        if (i < old->count && j < new->count &&is_same(&old->of[i], &new->of[j])) {
            add(script, ' ', old->of[i]);
            i++;
            j++;
        } else if (j == new->count ||
                   (i < old->count && table[(i + 1) * width + j] >= table[i * width + j + 1])) {
            add(script, '-', old->of[i++]);
        } else {
            add(script, '+', new->of[j++]);
        }
    }
}

/* The whole of both, equal ends without the table. */
static struct script compare(struct arena *arena, struct lines old, struct lines new)
{
    struct script script = {arena_array(arena, old.count + new.count + 1, sizeof(struct edit)), 0};
    size_t tail = 0;
    while (old.count && new.count && is_same(&old.of[0], &new.of[0])) {
        add(&script, ' ', old.of[0]);
        old = (struct lines){old.of + 1, old.count - 1};
        new = (struct lines){new.of + 1, new.count - 1};
    }
    while (old.count && new.count && is_same(&old.of[old.count - 1], &new.of[new.count - 1])) {
        old.count--;
        new.count--;
        tail++;
    }
    walk(arena, &script, &old, &new);
    add_all(&script, ' ', &(struct lines){old.of + old.count, tail});
    return script;
}

/* ------------------------------------------------------------------- hunks */

/* The end of the hunk that begins with the change at `first`: changes with at
 * most twice the context between them share one. */
static size_t hunk_end(const struct script *script, size_t first)
{
    size_t last = first;
    for (size_t i = first; i < script->count && i <= last + 2 * CONTEXT + 1; i++) {
        last = script->edits[i].mark != ' ' ? i : last;
    }
    size_t end = last + 1 + CONTEXT;
    return end < script->count ? end : script->count;
}

static size_t count_without(const struct script *script, size_t start, size_t end, char mark)
{
    size_t count = 0;
    for (size_t i = start; i < end; i++) {
        count += script->edits[i].mark != mark;
    }
    return count;
}

/* POSIX diff -u: an empty side is named by the line before it. */
static void put_range(struct text *out, char sign, size_t before, size_t count)
{
    text_printf(out, " %c%zu,%zu", sign, count ? before + 1 : before, count);
}

static void put_hunk(struct text *out, const struct script *script, size_t start, size_t end)
{
    text_puts(out, "@@");
    put_range(out, '-', count_without(script, 0, start, '+'),
              count_without(script, start, end, '+'));
    put_range(out, '+', count_without(script, 0, start, '-'),
              count_without(script, start, end, '-'));
    text_puts(out, " @@\n");
    for (size_t i = start; i < end; i++) {
        const struct line_text *line = &script->edits[i].line;
        text_putc(out, script->edits[i].mark);
        text_append(out, line->data, line->len);
        if (line->data[line->len - 1] != '\n') {
            text_puts(out, "\n\\ No newline at end of file\n");
        }
    }
}

void line_diff(struct text *out, struct line_text old, struct line_text new)
{
    struct script script = compare(out->arena, split(out->arena, old), split(out->arena, new));
    for (size_t i = 0; i < script.count;) {
        if (script.edits[i].mark == ' ') {
            i++;
            continue;
        }
        size_t end = hunk_end(&script, i);
        put_hunk(out, &script, i > CONTEXT ? i - CONTEXT : 0, end);
        i = end;
    }
}
