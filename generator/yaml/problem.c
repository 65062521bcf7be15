/* SPDX-License-Identifier: MIT */
#include "yaml/problem.h"

#include <string.h>

#include "base/text.h"
#include "base/unicode.h"

struct src_pos yml_pos(const struct src_file *file, yaml_mark_t mark)
{
    return (struct src_pos){file, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

/* ------------------------------------------------------------- characters */

static bool is_odd_break(uint32_t code)
{
    return code == 0x85 || code == 0x2028 || code == 0x2029;
}

static bool is_yaml_character(uint32_t code)
{
    if (code < 0x20) {
        return code == '\t' || code == '\n' || code == '\r';
    }
    if (code >= 0x7F && code < 0xA0) {
        return code == 0x85;
    }
    return code != 0xFFFE && code != 0xFFFF;
}

static const char *name_of(uint32_t code)
{
    switch (code) {
    case 0:
        return "NUL";
    case 0x85:
        return "U+0085 (next line)";
    case 0x2028:
        return "U+2028 (line separator)";
    case 0x2029:
        return "U+2029 (paragraph separator)";
    default:
        return NULL;
    }
}

static void report_character(struct diag *diag, struct src_pos pos, uint32_t code)
{
    const char *name = name_of(code);
    if (name) {
        diag_error(diag, pos, "bad-character", "%s is not allowed in text", name);
    } else {
        diag_error(diag, pos, "bad-character", "the character U+%04X is not allowed",
                   (unsigned)code);
    }
}

bool yml_check_characters(struct diag *diag, const struct src_file *file, bool no_odd_breaks)
{
    for (size_t i = 0; i < file->len;) {
        uint32_t code;
        size_t size = unicode_decode(file->data + i, file->len - i, &code);
        if (size && is_yaml_character(code) && !(no_odd_breaks && is_odd_break(code))) {
            i += size;
            continue;
        }
        struct src_pos pos = diag_pos_of_offset(file, i);
        if (size) {
            report_character(diag, pos, code);
        } else {
            diag_error(diag, pos, "bad-character", "the byte 0x%02x is no UTF-8",
                       (unsigned)(unsigned char)file->data[i]);
        }
        return false;
    }
    return true;
}

long yml_bad_character(const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t code;
        size_t size = unicode_decode(text + i, len - i, &code);
        if (code == 0 || is_odd_break(code)) {
            return (long)code;
        }
        i += size ? size : 1;
    }
    return -1;
}

/* ------------------------------------------------------------------ hints */

/* Some of libyaml's sentences, and what usually lies behind them. */
static const struct {
    const char *problem;
    const char *hint;
} hints[] = {
    {"mapping values are not allowed", "a text that holds ': ' must be quoted"},
    {"found unexpected end of stream", "is a closing quote missing?"},
    {"did not find expected ',' or '}'",
     "inside of {…} a text with one of , [ ] { } must be quoted"},
    {"did not find expected ',' or ']'",
     "inside of […] a text with one of , [ ] { } must be quoted"},
};

static size_t line_start(const struct src_file *file, size_t number)
{
    size_t i = unicode_bom(file->data, file->len);
    while (number && i < file->len) {
        bool is_half = file->data[i] == '\r' && i + 1 < file->len && file->data[i + 1] == '\n';
        number -= (file->data[i] == '\n' || file->data[i] == '\r') && !is_half;
        i++;
    }
    return i;
}

/* The byte of a mark. */
static size_t offset_of(const struct src_file *file, yaml_mark_t mark)
{
    size_t i = line_start(file, mark.line);
    for (size_t column = 0; i < file->len && column < mark.column; column++) {
        uint32_t code;
        size_t size = unicode_decode(file->data + i, file->len - i, &code);
        i += size ? size : 1;
    }
    return i;
}

static const char *hint_for(const char *problem, char at)
{
    if (at == '\t') {
        return "indent with blanks, not with tabs";
    }
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (strstr(problem, hints[i].problem)) {
            return hints[i].hint;
        }
    }
    return NULL;
}

/* Where a value may begin: behind the blanks after ':', '-', '?' or behind '[', ',', '{'. */
static bool begins_value(const char *line, size_t i)
{
    size_t before = i;
    while (before && line[before - 1] == ' ') {
        before--;
    }
    if (!before) {
        return false;
    }
    char c = line[before - 1];
    return c == '[' || c == ',' || (before < i && (c == ':' || c == '-' || c == '?'));
}

/* Are the braces from `i` on closed before `end`? Else the trouble is in them. */
static bool is_closed(const char *line, size_t i, size_t end)
{
    size_t opened = 0, closed = 0;
    for (; i < end; i++) {
        opened += line[i] == '{';
        closed += line[i] == '}';
    }
    return opened == closed;
}

/* The last value on the line that begins with one of YAML's own characters at
 * or before the place where libyaml stopped. */
static bool find_unquoted(const struct src_file *file, yaml_mark_t mark, size_t *ret_offset)
{
    size_t start = line_start(file, mark.line);
    size_t end = offset_of(file, mark);
    const char *line = file->data + start;
    for (size_t i = end - start + 1; i-- > 0;) {
        if (line[i] && strchr("{*&%@`", line[i]) && begins_value(line, i)) {
            *ret_offset = start + i;
            return line[i] != '{' || is_closed(line, i, end - start);
        }
    }
    return false;
}

/* `key: {id}:product`: libyaml complains of the second colon; what is wrong is
 * that the value has no quotes. */
static bool report_unquoted(struct diag *diag, const struct src_file *file,
                            const yaml_parser_t *parser)
{
    size_t offset;
    if (!find_unquoted(file, parser->problem_mark, &offset)) {
        return false;
    }
    diag_error(diag, diag_pos_of_offset(file, offset), "syntax",
               "a text that begins with '%c' must be quoted: YAML gives that character a meaning "
               "of its own",
               file->data[offset]);
    return true;
}

/* ---------------------------------------------------------------- reports */

static void report_syntax(struct arena *arena, struct diag *diag, const struct src_file *file,
                          const yaml_parser_t *parser)
{
    const char *problem = parser->problem ? parser->problem : "no YAML";
    const char *hint = hint_for(problem, file->data[offset_of(file, parser->problem_mark)]);
    if (report_unquoted(diag, file, parser)) {
        return;
    }
    hint = hint ? arena_printf(arena, "; %s", hint) : "";
    diag_error(diag, yml_pos(file, parser->problem_mark), "syntax", "%s%s", problem, hint);
    if (parser->context && (parser->context_mark.line != parser->problem_mark.line ||
                            parser->context_mark.column != parser->problem_mark.column)) {
        diag_note(diag, yml_pos(file, parser->context_mark), "%s", parser->context);
    }
}

void yml_report_problem(struct arena *arena, struct diag *diag, const struct src_file *file,
                        const yaml_parser_t *parser)
{
    struct src_pos pos;
    switch (parser->error) {
    case YAML_SCANNER_ERROR:
    case YAML_PARSER_ERROR:
        report_syntax(arena, diag, file, parser);
        break;
    case YAML_READER_ERROR: /* knows a byte's place only, and not the byte order mark */
        pos = diag_pos_of_offset(file, parser->problem_offset + unicode_bom(file->data, file->len));
        diag_error(diag, pos, "bad-character", "%s", parser->problem ? parser->problem : "no text");
        break;
    case YAML_NO_ERROR:
    case YAML_MEMORY_ERROR:
    case YAML_COMPOSER_ERROR:
    case YAML_WRITER_ERROR:
    case YAML_EMITTER_ERROR:
    default:
        diag_error(diag, (struct src_pos){.file = file}, "syntax", "YAML cannot be read: %s",
                   parser->problem ? parser->problem : "out of memory");
    }
}
