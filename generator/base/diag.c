/* SPDX-License-Identifier: MIT */
#include "base/diag.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/excerpt.h"
#include "base/text.h"
#include "base/unicode.h"

enum {
    MOST_SHOWN = 50,    /* of errors, and of warnings */
    MOST_NOTES = 10,    /* a diagnostic */
    LONGEST_HEAD = 400, /* of a message, in bytes, where it must be cut; */
    LONGEST_TAIL = 200  /* the end has the advice, so it stays */
};

struct note {
    struct src_pos pos;
    const char *text;
    struct note *next;
};

struct item {
    enum diag_severity severity;
    struct src_pos pos;
    const char *id;
    const char *text;
    struct note *notes; /* as reported */
    struct note **notes_end;
    size_t note_count;
    size_t file_order; /* 0: no file */
    size_t order;      /* as reported: what makes the sorting stable */
};

struct diag {
    struct arena *arena;
    struct item **items;
    size_t count;
    size_t capacity;
    const struct src_file **files; /* in the order first seen */
    size_t file_count;
    size_t file_capacity;
    bool warnings_are_errors;
};

struct diag *diag_new(struct arena *arena)
{
    struct diag *diag = arena_alloc(arena, sizeof(*diag));
    diag->arena = arena;
    return diag;
}

static bool is_same_file(const struct src_file *a, const struct src_file *b)
{
    return a == b || (a && b && strcmp(a->path, b->path) == 0);
}

static void *room_for_one(struct arena *arena, void *array, size_t count, size_t *capacity)
{
    if (count < *capacity) {
        return array;
    }
    size_t larger = *capacity ? *capacity * 2 : 16;
    array = arena_grow(arena, array, *capacity * sizeof(void *), larger * sizeof(void *));
    *capacity = larger;
    return array;
}

static size_t order_of_file(struct diag *diag, const struct src_file *file)
{
    if (!file) {
        return 0;
    }
    for (size_t i = diag->file_count; i-- > 0;) {
        if (is_same_file(diag->files[i], file)) {
            return i + 1;
        }
    }
    diag->files = room_for_one(diag->arena, diag->files, diag->file_count, &diag->file_capacity);
    diag->files[diag->file_count++] = file;
    return diag->file_count;
}

/* Messages quote what users wrote, which may be a megabyte: the middle goes. */
static const char *cut(struct arena *arena, const char *text)
{
    size_t len = strlen(text);
    if (len <= LONGEST_HEAD + LONGEST_TAIL) {
        return text;
    }
    size_t head = LONGEST_HEAD;
    size_t tail = len - LONGEST_TAIL;
    while (head && ((unsigned char)text[head] & 0xC0) == 0x80) {
        head--;
    }
    while (tail < len && ((unsigned char)text[tail] & 0xC0) == 0x80) {
        tail++;
    }
    return arena_printf(arena, "%.*s \xE2\x80\xA6 %s", (int)head, text, text + tail);
}

__attribute__((format(printf, 2, 0))) static const char *formatted(struct diag *diag,
                                                                   const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    char *text = arena_alloc(diag->arena, len > 0 ? (size_t)len + 1 : 1);
    if (len > 0) {
        vsnprintf(text, (size_t)len + 1, format, again);
    }
    va_end(again);
    return cut(diag->arena, text);
}

static void add(struct diag *diag, enum diag_severity severity, struct src_pos pos, const char *id,
                const char *text)
{
    struct item *item = arena_alloc(diag->arena, sizeof(*item));
    *item = (struct item){.severity = severity,
                          .pos = pos,
                          .id = id,
                          .text = text,
                          .file_order = order_of_file(diag, pos.file),
                          .order = diag->count};
    item->notes_end = &item->notes;
    diag->items = room_for_one(diag->arena, diag->items, diag->count, &diag->capacity);
    diag->items[diag->count++] = item;
}

void diag_error(struct diag *diag, struct src_pos pos, const char *id, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(diag, DIAG_ERROR, pos, id, formatted(diag, format, args));
    va_end(args);
}

void diag_warning(struct diag *diag, struct src_pos pos, const char *id, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(diag, DIAG_WARNING, pos, id, formatted(diag, format, args));
    va_end(args);
}

void diag_note(struct diag *diag, struct src_pos pos, const char *format, ...)
{
    assert(diag->count > 0);
    struct item *item = diag->items[diag->count - 1];
    if (item->note_count == MOST_NOTES) {
        return;
    }
    va_list args;
    va_start(args, format);
    struct note *note = arena_alloc(diag->arena, sizeof(*note));
    *note = (struct note){.pos = pos, .text = formatted(diag, format, args)};
    va_end(args);
    *item->notes_end = note;
    item->notes_end = &note->next;
    item->note_count++;
}

void diag_take_errors(struct diag *diag, const struct diag *from)
{
    for (size_t i = 0; i < from->count; i++) {
        if (from->items[i]->severity != DIAG_ERROR) {
            continue;
        }
        struct item *item = from->items[i];
        item->file_order = order_of_file(diag, item->pos.file);
        item->order = diag->count;
        diag->items = room_for_one(diag->arena, diag->items, diag->count, &diag->capacity);
        diag->items[diag->count++] = item;
    }
}

void diag_warnings_are_errors(struct diag *diag)
{
    diag->warnings_are_errors = true;
}

struct src_pos diag_pos_of_offset(const struct src_file *file, size_t offset)
{
    struct src_pos pos = {.file = file, .line = 1, .column = 1};
    if (offset > file->len) {
        offset = file->len;
    }
    for (size_t i = unicode_bom(file->data, file->len); i < offset;) {
        uint32_t code;
        size_t size = unicode_decode(file->data + i, file->len - i, &code);
        size = size ? size : 1;
        if (i + size > offset) { /* inside this character */
            break;
        }
        bool half = code == '\r' && i + 1 < file->len && file->data[i + 1] == '\n';
        if ((code == '\n' || code == '\r') && !half) {
            pos.line++;
            pos.column = 1;
        } else if (!half) {
            pos.column++;
        }
        i += size;
    }
    return pos;
}

static enum diag_severity severity_of(const struct diag *diag, const struct item *item)
{
    return diag->warnings_are_errors ? DIAG_ERROR : item->severity;
}

static size_t count_of(const struct diag *diag, enum diag_severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < diag->count; i++) {
        count += severity_of(diag, diag->items[i]) == severity;
    }
    return count;
}

size_t diag_error_count(const struct diag *diag)
{
    return count_of(diag, DIAG_ERROR);
}

size_t diag_warning_count(const struct diag *diag)
{
    return count_of(diag, DIAG_WARNING);
}

bool diag_has(const struct diag *diag, const char *id)
{
    for (size_t i = 0; i < diag->count; i++) {
        if (strcmp(diag->items[i]->id, id) == 0) {
            return true;
        }
    }
    return false;
}

/* --------------------------------------------------------------- sorting */

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int compare_places(const struct item *a, const struct item *b)
{
    int order = compare_sizes(a->file_order, b->file_order);
    if (!order) {
        order = compare_sizes(a->pos.line, b->pos.line);
    }
    return order ? order : compare_sizes(a->pos.column, b->pos.column);
}

/* Equal ones come to lie side by side, so that the second can be left out. */
static int compare_items(const void *a, const void *b)
{
    const struct item *left = *(const struct item *const *)a;
    const struct item *right = *(const struct item *const *)b;
    int order = compare_places(left, right);
    return order ? order : compare_sizes(left->order, right->order);
}

static bool is_same(const struct item *a, const struct item *b)
{
    return a->severity == b->severity && compare_places(a, b) == 0 && strcmp(a->id, b->id) == 0 &&
           strcmp(a->text, b->text) == 0;
}

/* Is it among those before it at the same place? Looks no further back than
 * is shown, or a place with a hundred thousand errors would take minutes. */
static bool is_repeated(struct item *const *sorted, size_t i)
{
    size_t first = i > MOST_SHOWN ? i - MOST_SHOWN : 0;
    for (size_t j = i; j-- > first && compare_places(sorted[j], sorted[i]) == 0;) {
        if (is_same(sorted[j], sorted[i])) {
            return true;
        }
    }
    return false;
}

static struct item **sorted_items(const struct diag *diag, size_t *ret_count)
{
    struct item **sorted = arena_array(diag->arena, diag->count, sizeof(struct item *));
    size_t count = 0;
    if (diag->count) {
        memcpy(sorted, diag->items, diag->count * sizeof(struct item *));
        qsort(sorted, diag->count, sizeof(struct item *), compare_items);
    }
    for (size_t i = 0; i < diag->count; i++) {
        struct item *item = sorted[i];
        sorted[count] = item;
        count += !is_repeated(sorted, count);
    }
    *ret_count = count;
    return sorted;
}

/* -------------------------------------------------------------- printing */

struct look {
    const char *word;
    const char *colour;
};

static const struct look looks[] = {
    [DIAG_ERROR] = {"error", "\x1b[1;31m"},
    [DIAG_WARNING] = {"warning", "\x1b[1;35m"},
    [DIAG_NOTE] = {"note", "\x1b[1;36m"},
};

static void append_place(struct text *out, struct src_pos pos)
{
    if (!pos.file) {
        text_puts(out, "larder: ");
        return;
    }
    excerpt_safe(out, pos.file->path, strlen(pos.file->path));
    text_putc(out, ':');
    if (pos.line) {
        text_printf(out, "%" PRIu32 ":%" PRIu32 ":", pos.line, pos.column);
    }
    text_putc(out, ' ');
}

static void append_one(struct text *out, enum diag_severity severity, struct src_pos pos,
                       const char *id, const char *message, bool colour)
{
    const char *plain = colour ? "\x1b[0m" : "";
    text_puts(out, colour ? "\x1b[1m" : "");
    append_place(out, pos);
    text_printf(out, "%s%s%s:%s ", plain, colour ? looks[severity].colour : "",
                looks[severity].word, plain);
    excerpt_safe(out, message, strlen(message));
    if (id) {
        text_printf(out, " [%s]", id);
    }
    text_putc(out, '\n');
    excerpt_append(out, pos, colour ? "\x1b[1;32m" : "", plain);
}

static void print_item(const struct diag *diag, const struct item *item, FILE *out, bool colour)
{
    struct text text;
    text_init(&text, diag->arena, SIZE_MAX / 4);
    append_one(&text, severity_of(diag, item), item->pos, item->id, item->text, colour);
    for (const struct note *note = item->notes; note; note = note->next) {
        append_one(&text, DIAG_NOTE, note->pos, NULL, note->text, colour);
    }
    fwrite(text.data, 1, text.len, out);
}

void diag_print(const struct diag *diag, FILE *out, bool colour)
{
    size_t shown[] = {[DIAG_ERROR] = 0, [DIAG_WARNING] = 0};
    size_t count, hidden = 0;
    struct item **sorted = sorted_items(diag, &count);
    for (size_t i = 0; i < count; i++) {
        enum diag_severity severity = severity_of(diag, sorted[i]);
        if (shown[severity] == MOST_SHOWN) {
            hidden++;
            continue;
        }
        shown[severity]++;
        print_item(diag, sorted[i], out, colour);
    }
    if (hidden) {
        fprintf(out, "larder: %zu more not shown\n", hidden);
    }
}

/* ------------------------------------------------------------------ JSON */

static void json_text(struct text *out, const char *name, const char *value)
{
    text_printf(out, "\"%s\":", name);
    text_json_string(out, value, strlen(value));
}

static void json_place(struct text *out, struct src_pos pos)
{
    if (pos.file) {
        json_text(out, "path", pos.file->path);
    } else {
        text_puts(out, "\"path\":null");
    }
    text_printf(out, ",\"line\":%" PRIu32 ",\"column\":%" PRIu32 ",", pos.line, pos.column);
}

static void json_suggestion(struct text *out, const char *message)
{
    const char *meant = diag_meant(out->arena, message);
    text_puts(out, ",\"suggestion\":");
    if (meant) {
        text_json_string(out, meant, strlen(meant));
    } else {
        text_puts(out, "null");
    }
}

static void json_notes(struct text *out, const struct note *note)
{
    text_puts(out, ",\"notes\":[");
    for (const char *comma = ""; note; note = note->next, comma = ",") {
        text_printf(out, "%s{", comma);
        json_place(out, note->pos);
        json_text(out, "message", note->text);
        text_putc(out, '}');
    }
    text_puts(out, "]}\n");
}

void diag_print_json(const struct diag *diag, FILE *out)
{
    size_t count;
    struct item **sorted = sorted_items(diag, &count);
    for (size_t i = 0; i < count; i++) {
        struct text text;
        text_init(&text, diag->arena, SIZE_MAX / 4);
        text_printf(&text, "{\"severity\":\"%s\",", looks[severity_of(diag, sorted[i])].word);
        json_place(&text, sorted[i]->pos);
        json_text(&text, "id", sorted[i]->id);
        text_putc(&text, ',');
        json_text(&text, "message", sorted[i]->text);
        json_suggestion(&text, sorted[i]->text);
        json_notes(&text, sorted[i]->notes);
        fwrite(text.data, 1, text.len, out);
    }
}
