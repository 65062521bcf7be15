/* SPDX-License-Identifier: MIT */
#include "schema/reader.h"

#include <string.h>

#include "base/arena.h"

/* LF, CR LF and CR end a line, as in YAML. */
static bool ends_line(const char *data, size_t len, size_t i)
{
    return data[i] == '\n' || (data[i] == '\r' && (i + 1 == len || data[i + 1] != '\n'));
}

static struct line_table *lines_of(struct reader *reader, const struct src_file *file)
{
    for (struct line_table *table = reader->lines; table != NULL; table = table->next) {
        if (table->file == file) {
            return table;
        }
    }
    struct line_table *table = arena_alloc(reader->arena, sizeof *table);
    size_t count = 1;
    for (size_t i = 0; i < file->len; i++) {
        count += ends_line(file->data, file->len, i);
    }
    *table = (struct line_table){.file = file, .next = reader->lines};
    table->starts = arena_array(reader->arena, count, sizeof *table->starts);
    table->count = 1; /* the first begins at 0 */
    for (size_t i = 0; i < file->len; i++) {
        if (ends_line(file->data, file->len, i)) {
            table->starts[table->count++] = i + 1;
        }
    }
    reader->lines = table;
    return table;
}

static bool begins_character(char byte)
{
    return ((unsigned char)byte & 0xc0u) != 0x80u;
}

/* The byte at which a place stands; file->len when there is none such. */
static size_t offset_of(struct reader *reader, struct src_pos pos)
{
    const struct src_file *file = pos.file;
    struct line_table *table = lines_of(reader, file);
    uint32_t column = 1;
    if (pos.line == 0 || pos.line > table->count) {
        return file->len;
    }
    size_t at = table->starts[pos.line - 1];
    if (pos.line == 1 && file->len >= 3 && memcmp(file->data, "\xef\xbb\xbf", 3) == 0) {
        at = 3;
    }
    if (table->last.line == pos.line && table->last.column <= pos.column) {
        at = table->last_at;
        column = table->last.column;
    }
    for (; column < pos.column && at < file->len; column++) {
        at++;
        while (at < file->len && !begins_character(file->data[at])) {
            at++;
        }
    }
    table->last = (struct src_pos){.line = pos.line, .column = column};
    table->last_at = at;
    return at;
}

struct src_pos place_inside(struct reader *reader, const struct yml_node *scalar, size_t byte)
{
    struct src_pos pos = scalar->pos;
    const struct src_file *file = pos.file;
    if (file == NULL || byte > scalar->len) {
        return pos;
    }
    size_t at = offset_of(reader, pos);
    if (at < file->len && !scalar->plain && (file->data[at] == '"' || file->data[at] == '\'')) {
        at++;
        pos.column++;
    }
    if (file->len - at < scalar->len || memcmp(file->data + at, scalar->text, scalar->len) != 0) {
        return scalar->pos;
    }
    for (size_t i = 0; i < byte; i++) {
        pos.column += begins_character(scalar->text[i]) ? 1u : 0u;
    }
    return pos;
}
