/* SPDX-License-Identifier: MIT */
#include "render/template.h"

#include <string.h>

#include "base/unicode.h"
#include "render/template_tag.h"
#include "render/template_tree.h"

/*
 * DESIGN. The text is read line by line, for two things belong to lines: a tag
 * alone on its line takes the whole line with it, and a partial's indentation
 * goes before every line that remains. So a line is either one standing tag or
 * a TPL_LINE node followed by its texts and tags. A delimiter holds no blanks, so
 * the search for an opening one may end with the line: all in all the text is
 * gone through a bounded number of times.
 */

enum {
    MAX_SECTIONS = 100, /* open at a time */
    MAX_ERRORS = 50,    /* each costs a walk through the file for its line */
    SHOWN_BYTES = 80    /* of a name in a message */
};

struct parser {
    struct arena *arena;
    struct diag *diag;
    struct tpl_template *tpl;
    const char *at;
    const char *end;
    const char *line_end; /* behind the line break of the line `at` is in */
    struct tpl_delimiters delimiters;
    size_t sections[MAX_SECTIONS];
    size_t depth;
    size_t errors;
};

/* Small things. */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static int shown(size_t len)
{
    return len < SHOWN_BYTES ? (int)len : SHOWN_BYTES;
}

static struct src_pos pos_at(const struct parser *p, const char *at)
{
    return diag_pos_of_offset(p->tpl->file, (size_t)(at - p->tpl->file->data));
}

/* What follows cannot be understood. */
static void stop(struct parser *p)
{
    p->depth = 0;
    p->at = p->end;
}

static void count_error(struct parser *p)
{
    if (++p->errors == MAX_ERRORS) {
        stop(p);
    }
}

static bool starts_with(const char *at, const char *end, const char *word, size_t len)
{
    return (size_t)(end - at) >= len && memcmp(at, word, len) == 0;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at)) {
        at++;
    }
    return at;
}

static struct tpl_node *add_node(struct parser *p, enum tpl_kind kind, const char *at)
{
    struct tpl_template *tpl = p->tpl;
    if (tpl->count == tpl->capacity) {
        size_t capacity = tpl->capacity ? tpl->capacity * 2 : 32;
        tpl->nodes = arena_grow(p->arena, tpl->nodes, tpl->capacity * sizeof(*tpl->nodes),
                                capacity * sizeof(*tpl->nodes));
        tpl->capacity = capacity;
    }
    struct tpl_node *node = &tpl->nodes[tpl->count++];
    *node = (struct tpl_node){.kind = kind, .offset = (size_t)(at - tpl->file->data)};
    node->end = tpl->count;
    return node;
}

static void add_text(struct parser *p, const char *from, const char *to)
{
    if (from == to) {
        return;
    }
    struct tpl_node *node = add_node(p, TPL_TEXT, from);
    node->text = from;
    node->len = (size_t)(to - from);
}

static struct tpl_node *add_named(struct parser *p, enum tpl_kind kind, const struct tpl_tag *tag)
{
    struct tpl_node *node = add_node(p, kind, tag->start);
    node->text = arena_copy(p->arena, tag->content, tag->len);
    node->len = tag->len;
    return node;
}

/* The tag at `at`, where the opening delimiter is. */
static bool read_tag(struct parser *p, const char *at, struct tpl_tag *ret_tag)
{
    if (tpl_tag_read(&p->delimiters, at, p->end, ret_tag)) {
        return true;
    }
    diag_error(p->diag, pos_at(p, at), "unclosed-tag", "this tag is never closed by '%.*s'",
               shown(ret_tag->close_len), ret_tag->close);
    count_error(p);
    stop(p);
    return false;
}

static bool check_name(struct parser *p, const struct tpl_tag *tag)
{
    const char *problem = tpl_tag_problem(&p->delimiters, tag);
    if (!problem) {
        return true;
    }
    diag_error(p->diag, pos_at(p, tag->start), "bad-tag", "%s", problem);
    count_error(p);
    return false;
}

/* What each kind of tag does. */

static void apply_comment(struct parser *p, const struct tpl_tag *tag)
{
    (void)p;
    (void)tag;
}

static void apply_variable(struct parser *p, const struct tpl_tag *tag)
{
    if (check_name(p, tag)) {
        add_named(p, TPL_VARIABLE, tag)->escaped = !tag->sigil;
    }
}

static void apply_partial(struct parser *p, const struct tpl_tag *tag)
{
    if (!check_name(p, tag)) {
        return;
    }
    struct tpl_node *node = add_named(p, TPL_PARTIAL, tag);
    node->indent = tag->indent;
    node->indent_len = tag->indent_len;
}

static void apply_open(struct parser *p, const struct tpl_tag *tag)
{
    /* Opened even under a wrong name, so that its closing tag finds it. */
    check_name(p, tag);
    if (p->depth == MAX_SECTIONS) {
        diag_error(p->diag, pos_at(p, tag->start), "too-deep",
                   "more than %d sections inside each other", MAX_SECTIONS);
        count_error(p);
        stop(p);
        return;
    }
    p->sections[p->depth++] = p->tpl->count;
    add_named(p, tag->sigil == '#' ? TPL_SECTION : TPL_INVERTED, tag);
}

static bool is_name_of(const struct tpl_node *node, const struct tpl_tag *tag)
{
    return node->len == tag->len && memcmp(node->text, tag->content, tag->len) == 0;
}

static struct tpl_node *open_section(const struct parser *p, size_t depth)
{
    return &p->tpl->nodes[p->sections[depth]];
}

/* Number of the sections open around the one that the tag closes. p->depth: none does. */
static size_t depth_closed_by(const struct parser *p, const struct tpl_tag *tag)
{
    for (size_t depth = p->depth; depth > 0; depth--) {
        if (is_name_of(open_section(p, depth - 1), tag)) {
            return depth - 1;
        }
    }
    return p->depth;
}

static void report_wrong_close(struct parser *p, const struct tpl_tag *tag)
{
    if (!p->depth) {
        diag_error(p->diag, pos_at(p, tag->start), "wrong-close",
                   "'%.*s' is closed here, but no section is open", shown(tag->len), tag->content);
        return;
    }
    const struct tpl_node *inner = open_section(p, p->depth - 1);
    diag_error(p->diag, pos_at(p, tag->start), "wrong-close",
               "'%.*s' is closed here, but the section that is open is '%.*s'", shown(tag->len),
               tag->content, shown(inner->len), inner->text);
    diag_note(p->diag, diag_pos_of_offset(p->tpl->file, inner->offset),
              "the section '%.*s' begins here", shown(inner->len), inner->text);
}

static void apply_close(struct parser *p, const struct tpl_tag *tag)
{
    size_t closed = depth_closed_by(p, tag);
    if (closed + 1 != p->depth) {
        report_wrong_close(p, tag);
        count_error(p);
    }
    /* A name that some outer section has closes that, lest one slip makes many errors. */
    while (p->depth > closed) {
        open_section(p, --p->depth)->end = p->tpl->count;
    }
}

static void apply_delimiters(struct parser *p, const struct tpl_tag *tag)
{
    if (tpl_delimiters_change(&p->delimiters, p->arena, tag)) {
        return;
    }
    diag_error(p->diag, pos_at(p, tag->start), "bad-delimiters",
               "a set-delimiter tag names two delimiters with blanks between them and no '=' "
               "in them: {{=<@ @>=}}");
    count_error(p);
    stop(p);
}

/* `lone`: such a tag may stand alone on its line. */
static const struct kind_of_tag {
    char sigil;
    bool lone;
    void (*apply)(struct parser *p, const struct tpl_tag *tag);
} kinds[] = {
    {'\0', false, apply_variable}, {'{', false, apply_variable}, {'&', false, apply_variable},
    {'#', true, apply_open},       {'^', true, apply_open},      {'/', true, apply_close},
    {'>', true, apply_partial},    {'!', true, apply_comment},   {'=', true, apply_delimiters},
};

static const struct kind_of_tag *kind_of(const struct tpl_tag *tag)
{
    size_t i = 0;
    while (kinds[i].sigil != tag->sigil) {
        i++;
    }
    return &kinds[i];
}

/* Lines. */

/* Behind the blanks and the line break at `at`; NULL: something else is there. */
static const char *skip_rest_of_line(const struct parser *p, const char *at)
{
    at = skip_blanks(at, p->end);
    if (at == p->end) {
        return at;
    }
    if (starts_with(at, p->end, "\r\n", 2)) {
        return at + 2;
    }
    return *at == '\n' ? at + 1 : NULL;
}

/* Takes the line if all it has is one tag that may stand alone. */
static bool parse_lone_tag(struct parser *p)
{
    struct tpl_tag tag;
    const char *start = skip_blanks(p->at, p->end);
    if (!starts_with(start, p->end, p->delimiters.open, p->delimiters.open_len)) {
        return false;
    }
    if (!read_tag(p, start, &tag)) {
        return true;
    }
    const struct kind_of_tag *kind = kind_of(&tag);
    const char *next = kind->lone ? skip_rest_of_line(p, tag.end) : NULL;
    if (!next) {
        return false;
    }
    tag.indent = p->at;
    tag.indent_len = (size_t)(start - p->at);
    p->at = next;
    kind->apply(p, &tag);
    return true;
}

/* A tag may reach into a later line. */
static void find_line_end(struct parser *p)
{
    if (p->line_end > p->at) {
        return;
    }
    const char *newline = memchr(p->at, '\n', (size_t)(p->end - p->at));
    p->line_end = newline ? newline + 1 : p->end;
}

/* Text up to the next tag and that tag, or up to the line's end: false. */
static bool parse_piece(struct parser *p)
{
    struct tpl_tag tag;
    find_line_end(p);
    const char *start =
        tpl_find_word(p->at, p->line_end, p->delimiters.open, p->delimiters.open_len);
    add_text(p, p->at, start ? start : p->line_end);
    p->at = start ? start : p->line_end;
    if (!start || !read_tag(p, start, &tag)) {
        return false;
    }
    p->at = tag.end;
    kind_of(&tag)->apply(p, &tag);
    return p->at < p->end;
}

static void parse_line(struct parser *p)
{
    if (parse_lone_tag(p)) {
        return;
    }
    add_node(p, TPL_LINE, p->at);
    while (parse_piece(p)) {
        ;
    }
}

static void report_open_sections(struct parser *p)
{
    while (p->depth) {
        const struct tpl_node *node = open_section(p, --p->depth);
        diag_error(p->diag, diag_pos_of_offset(p->tpl->file, node->offset), "unclosed-section",
                   "the section '%.*s' is never closed", shown(node->len), node->text);
        p->errors++;
    }
}

struct tpl_template *tpl_parse(struct arena *arena, struct diag *diag, const struct src_file *file)
{
    struct tpl_template *tpl = arena_alloc(arena, sizeof(*tpl));
    tpl->file = file;
    struct parser p = {.arena = arena, .diag = diag, .tpl = tpl};
    p.at = file->data + unicode_bom(file->data, file->len);
    p.end = file->data + file->len;
    p.line_end = p.at;
    tpl_delimiters_set(&p.delimiters, arena, "{{", 2, "}}", 2);
    while (p.at < p.end) {
        parse_line(&p);
    }
    report_open_sections(&p);
    return p.errors ? NULL : tpl;
}
