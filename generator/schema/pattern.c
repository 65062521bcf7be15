/* SPDX-License-Identifier: MIT */
/*
 * Key patterns: literal text and {name}, {name:type}, {name:type|hash} parts;
 * {{…}} puts a part inside a Cluster hash tag, whose braces become literal text.
 */
#include "schema/pattern.h"

#include <string.h>

#include "base/text.h"
#include "schema/reader.h"

struct cursor {
    struct reader *reader;
    const struct yml_node *scalar;
    size_t at;
    bool names_only; /* a tag's pattern */
    bool tagged;     /* a hash tag has been */
    struct text literal;
    struct pattern *out;
    size_t part_capacity, param_capacity;
};

/* -------------------------------------------------------------- characters */

/* Literal text holds nothing that SCAN's globs, our own keys (~) or a reader would trip over. */
static bool is_bad_byte(const char *text, size_t len, size_t i)
{
    unsigned char byte = (unsigned char)text[i];
    if (byte <= 0x20 || byte == 0x7f || strchr("~*?[]\\", text[i]) != NULL) {
        return true;
    }
    /* U+0080 to U+009F: control characters, too. */
    return byte == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] < 0xa0;
}

size_t pattern_bad_byte(const char *text, size_t len)
{
    size_t i = 0;
    while (i < len && !is_bad_byte(text, len, i)) {
        i++;
    }
    return i;
}

static bool fail(const struct cursor *c, size_t at, const char *text)
{
    diag_error(c->reader->diag, place_inside(c->reader, c->scalar, at), "bad-pattern", "%s", text);
    return false;
}

/* ------------------------------------------------------------------- parts */

static struct sch_part *add_part(struct cursor *c)
{
    struct pattern *out = c->out;
    out->parts = room_for_one(c->reader->arena, out->parts, out->part_count, &c->part_capacity,
                              sizeof *out->parts);
    return &out->parts[out->part_count++];
}

static void flush_literal(struct cursor *c)
{
    if (c->literal.len == 0) {
        return;
    }
    struct sch_part *part = add_part(c);
    part->literal = arena_copy(c->reader->arena, c->literal.data, c->literal.len);
    part->literal_len = c->literal.len;
    text_init(&c->literal, c->reader->arena, c->scalar->len + 2);
}

static size_t count_braces(const struct yml_node *scalar)
{
    size_t count = 0;
    for (size_t i = 0; i < scalar->len; i++) {
        count += scalar->text[i] == '{';
    }
    return count;
}

static bool read_modifier(struct cursor *c, size_t start, size_t end, struct sch_param *param)
{
    if (end - start == 4 && memcmp(c->scalar->text + start, "hash", 4) == 0) {
        param->hash = true;
        return true;
    }
    return fail(c, start, "'|hash' is the only thing that stands behind '|'");
}

static bool read_name(struct cursor *c, size_t start, size_t end, struct sch_param *param)
{
    param->name = arena_copy(c->reader->arena, c->scalar->text + start, end - start);
    param->pos = place_inside(c->reader, c->scalar, start);
    if (!name_is_valid(param->name, end - start)) {
        diag_error(
            c->reader->diag, param->pos, "bad-name",
            "'%s' is no parameter's name: it begins with a letter and holds letters, digits and '_', "
            "at most %d",
            param->name, LIMIT_NAME);
        return false;
    }
    for (size_t i = 0; i < c->out->param_count; i++) {
        if (strcmp(c->out->params[i].name, param->name) == 0) {
            diag_error(c->reader->diag, param->pos, "duplicate-parameter",
                       "a second parameter '%s'", param->name);
            diag_note(c->reader->diag, c->out->params[i].pos, "the first is here");
            return false;
        }
    }
    return true;
}

static size_t find(const struct cursor *c, size_t start, size_t end, char byte)
{
    const char *at = memchr(c->scalar->text + start, byte, end - start);
    return at == NULL ? end : (size_t)(at - c->scalar->text);
}

/* name[:type][|hash] from start to end. */
static bool read_param(struct cursor *c, size_t start, size_t end)
{
    size_t bar = find(c, start, end, '|');
    size_t colon = find(c, start, bar, ':');
    struct sch_param *param = &c->out->params[c->out->param_count];
    *param = (struct sch_param){.type = {.kind = SCH_STRING}};
    if (!read_name(c, start, colon, param)) {
        return false;
    }
    param->type.pos = param->pos;
    bool good = true;
    if (c->names_only && (colon != end || bar != end)) {
        return fail(c, start, "a tag's parameters are names only: {name}");
    }
    if (bar < end) {
        good = read_modifier(c, bar + 1, end, param);
    }
    if (colon < bar) {
        good &= type_read_param(c->reader, c->scalar, colon + 1, bar - colon - 1, &param->type);
    }
    struct sch_part *part = add_part(c);
    part->literal = NULL;
    part->param = c->out->param_count++;
    return good;
}

/* {…} or {{…}} at c->at. */
static bool read_braces(struct cursor *c)
{
    const char *text = c->scalar->text;
    size_t len = c->scalar->len;
    size_t open = c->at;
    bool tag = open + 1 < len && text[open + 1] == '{';
    size_t start = open + (tag ? 2 : 1);
    size_t end = find(c, start, len, '}');
    if (end == len || (tag && (end + 1 == len || text[end + 1] != '}'))) {
        c->at = len;
        return fail(c, open,
                    tag ? "'}}' is missing: {{name}} is a part inside a hash tag"
                        : "'}' is missing");
    }
    c->at = end + (tag ? 2 : 1);
    if (memchr(text + start, '{', end - start) != NULL) {
        return fail(c, open, "'{' inside a part: '}' is missing before it");
    }
    if (tag && c->tagged) {
        return fail(c, open, "a second hash tag: Redis looks at the first one only");
    }
    if (tag) {
        text_putc(&c->literal, '{');
        c->tagged = true;
    }
    flush_literal(c);
    bool good = read_param(c, start, end);
    if (tag) {
        text_putc(&c->literal, '}');
    }
    return good;
}

static bool read_literal(struct cursor *c)
{
    const char *text = c->scalar->text;
    size_t at = c->at++;
    if (text[at] == '}') {
        return fail(c, at, "'}' without '{'");
    }
    if (is_bad_byte(text, c->scalar->len, at)) {
        while (c->at < c->scalar->len && ((unsigned char)text[c->at] & 0xc0u) == 0x80u) {
            c->at++;
        }
        return fail(c, at,
                    "a key's text holds none of ~ * ? [ ] \\, no space and no control character");
    }
    text_putc(&c->literal, text[at]);
    return true;
}

static bool read_all(struct cursor *c)
{
    bool good = true;
    size_t params = count_braces(c->scalar);
    *c->out = (struct pattern){0};
    c->out->params = arena_array(c->reader->arena, params + 1, sizeof *c->out->params);
    text_init(&c->literal, c->reader->arena, c->scalar->len + 2);
    if (c->scalar->len > LIMIT_KEY) {
        return fail(c, 0,
                    arena_printf(c->reader->arena, "a pattern has at most %d bytes", LIMIT_KEY));
    }
    if (c->scalar->len == 0) {
        diag_error(c->reader->diag, c->scalar->pos, "bad-pattern", "an empty pattern");
        return false;
    }
    while (c->at < c->scalar->len) {
        good &= c->scalar->text[c->at] == '{' ? read_braces(c) : read_literal(c);
    }
    flush_literal(c);
    return good;
}

bool pattern_read_tag(struct reader *reader, const struct yml_node *scalar,
                      struct pattern *ret_pattern)
{
    struct cursor c = {.reader = reader, .scalar = scalar, .names_only = true, .out = ret_pattern};
    return read_all(&c);
}

bool pattern_read(struct reader *reader, const struct yml_node *scalar, struct pattern *ret_pattern)
{
    struct cursor c = {.reader = reader, .scalar = scalar, .out = ret_pattern};
    return read_all(&c) && pattern_check_ambiguous(reader, ret_pattern);
}

bool pattern_check_ambiguous(struct reader *reader, const struct pattern *pattern)
{
    const struct sch_param *param = pattern_ambiguous(pattern);
    if (param != NULL) {
        diag_error(
            reader->diag, param->pos, "ambiguous-key",
            "where '%s' ends cannot be told: the text before the next part must hold a character "
            "that '%s' cannot, such as ':'",
            param->name, param->name);
    }
    return param == NULL;
}

/* ------------------------------------------------------------ injectivity */

static void add_range(struct byte_set *set, unsigned char first, unsigned char last)
{
    for (unsigned byte = first; byte <= last; byte++) {
        set->has[byte] = true;
    }
}

static void add_text(struct byte_set *set, const char *text)
{
    for (; *text != '\0'; text++) {
        set->has[(unsigned char)*text] = true;
    }
}

void param_bytes(const struct sch_param *param, struct byte_set *ret_set)
{
    memset(ret_set, 0, sizeof *ret_set);
    if (param->hash) {
        add_text(ret_set, "0123456789abcdef");
    } else if (param->type.kind == SCH_STRING) {
        add_range(ret_set, 'A', 'Z');
        add_range(ret_set, 'a', 'z');
        add_text(ret_set, "0123456789_.-%");
    } else if (param->type.kind == SCH_UUID) {
        add_text(ret_set, "0123456789abcdef-");
    } else if (param->type.kind == SCH_BOOL) {
        add_text(ret_set, "truefalse");
    } else if (param->type.kind == SCH_ENUM) {
        for (size_t i = 0; i < param->type.decl->enumerator_count; i++) {
            add_text(ret_set, param->type.decl->enumerators[i].name);
        }
    } else {
        bool is_signed = param->type.kind >= SCH_I8 && param->type.kind <= SCH_I64;
        add_text(ret_set, is_signed ? "-0123456789" : "0123456789");
    }
}

/*
 * DESIGN. A key is read from the left. Where the literal behind a parameter
 * holds a byte that the parameter cannot, the first such byte after the
 * parameter's start stands at one known offset of that literal; so the
 * parameter's end is known, and the rest follows in the same way. The last
 * parameter ends where the fixed text behind it begins.
 */
const struct sch_param *pattern_ambiguous(const struct pattern *pattern)
{
    struct byte_set set;
    for (size_t i = 0; i < pattern->part_count; i++) {
        if (pattern->parts[i].literal != NULL) {
            continue;
        }
        const struct sch_param *param = &pattern->params[pattern->parts[i].param];
        if (param->type.broken || param->type.kind == SCH_ANY) {
            continue;
        }
        param_bytes(param, &set);
        bool told = false;
        size_t next = i + 1;
        for (; next < pattern->part_count && pattern->parts[next].literal != NULL; next++) {
            for (size_t b = 0; b < pattern->parts[next].literal_len; b++) {
                told |= !set.has[(unsigned char)pattern->parts[next].literal[b]];
            }
        }
        if (!told && next < pattern->part_count) {
            return param;
        }
    }
    return NULL;
}
