/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "render/template.h"
#include "render/template_tree.h"

/*
 * DESIGN. Recursion goes where the template goes: into a section, into a
 * partial. What it carries along lies on the C stack as two linked lists that
 * grow inwards: the scopes that names are looked up in, and the indentation
 * that every line begins with. So nothing is allocated while rendering but the
 * output and messages.
 */

enum {
    MAX_PARTIALS = 100,  /* inside each other */
    MAX_SECTIONS = 2000, /* open at a time, in all of them: each takes some of the C stack */
    MAX_STEPS = 100 * 1000 * 1000,
    MAX_ERRORS = 50,
    MAX_CANDIDATES = 1000, /* for "did you mean" */
    SHOWN_BYTES = 80       /* of a name in a message */
};

/* What names are looked up in: the innermost open section's value first. */
struct scope {
    const struct ctx_value *value;
    const struct scope *outer;
};

struct indent {
    const char *text;
    size_t len;
    const struct indent *outer; /* printed first */
};

/* Where in which template we are. */
struct place {
    const struct tpl_template *tpl;
    const struct scope *scope;
    const struct indent *indent;
    size_t partials; /* inside each other */
    size_t sections; /* open */
};

struct renderer {
    struct arena *arena;
    struct diag *diag;
    const struct tpl_options *options;
    struct tpl_cache *cache;
    struct text *out;
    size_t steps;
    const struct tpl_node *reported[MAX_ERRORS]; /* a tag in a loop is wrong once */
    size_t errors;
    bool stopped;
};

/* Errors. */

static struct src_pos pos_of(const struct place *place, const struct tpl_node *node)
{
    return diag_pos_of_offset(place->tpl->file, node->offset);
}

/* For messages: cut. */
static const char *name_of(struct renderer *r, const char *name, size_t len)
{
    return arena_copy(r->arena, name, len < SHOWN_BYTES ? len : SHOWN_BYTES);
}

/* True: report it. */
static bool is_new_error(struct renderer *r, const struct tpl_node *node)
{
    if (r->stopped) {
        return false;
    }
    for (size_t i = 0; i < r->errors; i++) {
        if (r->reported[i] == node) {
            return false;
        }
    }
    r->reported[r->errors++] = node;
    r->stopped = r->stopped || r->errors == MAX_ERRORS;
    return true;
}

static void stop(struct renderer *r, const struct place *place, const struct tpl_node *node,
                 const char *id, const char *problem)
{
    if (r->stopped) {
        return;
    }
    diag_error(r->diag, pos_of(place, node), id, "%s", problem);
    r->errors++;
    r->stopped = true;
}

static void count_steps(struct renderer *r, const struct place *place, const struct tpl_node *node,
                        size_t count)
{
    r->steps += count;
    if (r->steps > MAX_STEPS) {
        stop(r, place, node, "too-long", "rendering takes more than 100,000,000 steps");
    }
}

static size_t add_names(const struct ctx_value *value, const char **names, size_t count)
{
    if (ctx_kind(value) != CTX_MAP) {
        return count;
    }
    for (size_t i = 0; i < ctx_count(value) && count < MAX_CANDIDATES; i++) {
        names[count++] = ctx_name(value, i);
    }
    return count;
}

static void report_unknown_name(struct renderer *r, const struct place *place,
                                const struct tpl_node *node, const char *name)
{
    const char **names = arena_array(r->arena, MAX_CANDIDATES, sizeof(*names));
    size_t count = 0;
    for (const struct scope *scope = place->scope; scope; scope = scope->outer) {
        count = add_names(scope->value, names, count);
    }
    diag_error(r->diag, pos_of(place, node), "unknown-name", "unknown %s '%s'%s",
               node->kind == TPL_VARIABLE ? "name" : "section", name,
               diag_did_you_mean(r->arena, name, names, count));
}

static const char *kind_name(const struct ctx_value *value)
{
    static const char *const names[] = {
        [CTX_NULL] = "null",       [CTX_FLAG] = "true or false", [CTX_NUMBER] = "a number",
        [CTX_STRING] = "a string", [CTX_LIST] = "a list",        [CTX_MAP] = "a map"};
    return names[ctx_kind(value)];
}

/* `inside` has no `name`: it is the part of a dotted name behind `before`. */
static void report_unknown_part(struct renderer *r, const struct place *place,
                                const struct tpl_node *node, const struct ctx_value *inside,
                                const char *before, const char *name)
{
    if (ctx_kind(inside) != CTX_MAP) {
        diag_error(r->diag, pos_of(place, node), "unknown-name",
                   "unknown name '%s': '%s' is %s, not a map", name, before, kind_name(inside));
        return;
    }
    const char **names = arena_array(r->arena, MAX_CANDIDATES, sizeof(*names));
    size_t count = add_names(inside, names, 0);
    diag_error(r->diag, pos_of(place, node), "unknown-name", "unknown name '%s' in '%s'%s", name,
               before, diag_did_you_mean(r->arena, name, names, count));
}

/* Names. */

static const struct ctx_value *look_outwards(struct renderer *r, const struct place *place,
                                             const struct tpl_node *node, size_t len)
{
    const struct ctx_value *found = NULL;
    size_t steps = 0;
    for (const struct scope *scope = place->scope; scope && !found; scope = scope->outer) {
        found = ctx_get(scope->value, node->text, len);
        steps++;
    }
    count_steps(r, place, node, steps);
    return found;
}

static size_t part_len(const char *name, const char *end)
{
    const char *dot = memchr(name, '.', (size_t)(end - name));
    return (size_t)((dot ? dot : end) - name);
}

/* NULL: there is no such value; unless lenient that was reported. */
static const struct ctx_value *find_value(struct renderer *r, const struct place *place,
                                          const struct tpl_node *node)
{
    if (node->len == 1 && *node->text == '.') {
        return place->scope->value;
    }
    const char *name = node->text;
    const char *end = name + node->len;
    size_t len = part_len(name, end);
    const struct ctx_value *inside = NULL;
    const struct ctx_value *value = look_outwards(r, place, node, len);
    while (value && name + len < end) {
        inside = value;
        name += len + 1;
        len = part_len(name, end);
        value = ctx_get(inside, name, len);
    }
    if (value || r->options->lenient || !is_new_error(r, node)) {
        return value;
    }
    if (!inside) {
        report_unknown_name(r, place, node, name_of(r, name, len));
    } else {
        report_unknown_part(r, place, node, inside,
                            name_of(r, node->text, (size_t)(name - node->text) - 1),
                            name_of(r, name, len));
    }
    return NULL;
}

/* Output. */

static void put_indent(struct text *out, const struct indent *indent)
{
    if (!indent) {
        return;
    }
    put_indent(out, indent->outer);
    text_append(out, indent->text, indent->len);
}

static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

static void put_html(struct text *out, const char *text, size_t len)
{
    size_t put = 0;
    for (size_t i = 0; i < len; i++) {
        const char *entity = entity_of(text[i]);
        if (!entity) {
            continue;
        }
        text_append(out, text + put, i - put);
        text_puts(out, entity);
        put = i + 1;
    }
    text_append(out, text + put, len - put);
}

/* What each kind of node does. */

static void render_nodes(struct renderer *r, const struct place *place, size_t from, size_t to);

static void render_line(struct renderer *r, const struct place *place, const struct tpl_node *node)
{
    (void)node;
    put_indent(r->out, place->indent);
}

static void render_text(struct renderer *r, const struct place *place, const struct tpl_node *node)
{
    (void)place;
    text_append(r->out, node->text, node->len);
}

static void render_variable(struct renderer *r, const struct place *place,
                            const struct tpl_node *node)
{
    const struct ctx_value *value = find_value(r, place, node);
    if (!value) {
        return;
    }
    enum ctx_kind kind = ctx_kind(value);
    if ((kind == CTX_LIST || kind == CTX_MAP) && !r->options->lenient && is_new_error(r, node)) {
        diag_error(r->diag, pos_of(place, node), "no-text", "'%s' is %s and has no text",
                   name_of(r, node->text, node->len), kind_name(value));
    }
    size_t len;
    const char *text = ctx_text(value, &len);
    if (node->escaped && r->options->escape == TPL_ESCAPE_HTML) {
        put_html(r->out, text, len);
    } else {
        text_append(r->out, text, len);
    }
}

static void render_inside(struct renderer *r, const struct place *place,
                          const struct tpl_node *node, const struct ctx_value *value)
{
    if (place->sections == MAX_SECTIONS) {
        stop(r, place, node, "too-deep", "more than 2,000 sections inside each other");
        return;
    }
    const struct scope scope = {value, place->scope};
    struct place inside = *place;
    inside.scope = &scope;
    inside.sections++;
    size_t first = (size_t)(node - place->tpl->nodes) + 1;
    count_steps(r, place, node, 1);
    render_nodes(r, &inside, first, node->end);
}

static void render_section(struct renderer *r, const struct place *place,
                           const struct tpl_node *node)
{
    const struct ctx_value *value = find_value(r, place, node);
    if (!value || !ctx_is_true(value)) {
        return;
    }
    if (ctx_kind(value) != CTX_LIST) {
        render_inside(r, place, node, value);
        return;
    }
    for (size_t i = 0; i < ctx_count(value) && !r->stopped; i++) {
        render_inside(r, place, node, ctx_item(value, i));
    }
}

/* What is in scope stays: the same value once more. */
static void render_inverted(struct renderer *r, const struct place *place,
                            const struct tpl_node *node)
{
    const struct ctx_value *value = find_value(r, place, node);
    if (!value || !ctx_is_true(value)) {
        render_inside(r, place, node, place->scope->value);
    }
}

/* Partials. */

static const struct tpl_template *find_partial(struct renderer *r, const struct place *place,
                                               const struct tpl_node *node)
{
    const struct tpl_options *options = r->options;
    size_t errors = diag_error_count(r->diag);
    const struct src_file *file =
        options->find ? options->find(options->user, node->text, node->len) : NULL;
    const struct tpl_template *tpl = file ? tpl_cache_get(r->cache, r->diag, file) : NULL;
    if (diag_error_count(r->diag) != errors) {
        r->errors++;
        r->stopped = true;
    } else if (!file && !options->lenient && is_new_error(r, node)) {
        const char *name = name_of(r, node->text, node->len);
        diag_error(r->diag, pos_of(place, node), "unknown-partial", "unknown partial '%s'%s", name,
                   diag_did_you_mean(r->arena, name, options->partials, options->partial_count));
    }
    return tpl;
}

static void render_partial(struct renderer *r, const struct place *place,
                           const struct tpl_node *node)
{
    if (place->partials == MAX_PARTIALS) {
        stop(r, place, node, "too-deep",
             "partials more than 100 deep; does this one include itself for ever?");
        return;
    }
    const struct tpl_template *tpl = find_partial(r, place, node);
    if (!tpl || r->stopped) {
        return;
    }
    /* A partial among other text is no line of its own: it begins without indentation. */
    const struct indent indent = {node->indent, node->indent_len, place->indent};
    struct place inside = *place;
    inside.tpl = tpl;
    inside.indent = node->indent ? &indent : NULL;
    inside.partials++;
    render_nodes(r, &inside, 0, tpl->count);
}

static void render_nodes(struct renderer *r, const struct place *place, size_t from, size_t to)
{
    static void (*const renderers[])(struct renderer * r, const struct place *place,
                                     const struct tpl_node *node) = {
        [TPL_LINE] = render_line,         [TPL_TEXT] = render_text,
        [TPL_VARIABLE] = render_variable, [TPL_SECTION] = render_section,
        [TPL_INVERTED] = render_inverted, [TPL_PARTIAL] = render_partial};
    const struct tpl_node *nodes = place->tpl->nodes;
    for (size_t i = from; i < to && !r->stopped; i = nodes[i].end) {
        renderers[nodes[i].kind](r, place, &nodes[i]);
        count_steps(r, place, &nodes[i], 1);
        if (r->out->full) {
            stop(r, place, &nodes[i], "too-long", "the output is longer than it may be");
        }
    }
}

/* The ways in. */

static struct renderer renderer_of(struct arena *arena, struct diag *diag,
                                   const struct tpl_options *options, struct text *out)
{
    struct tpl_cache *cache = options->cache ? options->cache : tpl_cache_new(arena);
    return (struct renderer){
        .arena = arena, .diag = diag, .options = options, .cache = cache, .out = out};
}

static bool render_root(struct renderer *r, const struct tpl_template *tpl,
                        const struct ctx_value *root)
{
    const struct scope scope = {root, NULL};
    const struct place place = {.tpl = tpl, .scope = &scope};
    render_nodes(r, &place, 0, tpl->count);
    return r->errors == 0;
}

bool tpl_render_parsed(struct arena *arena, struct diag *diag, const struct tpl_template *tpl,
                       const struct ctx_value *root, const struct tpl_options *options,
                       struct text *out)
{
    struct renderer r = renderer_of(arena, diag, options, out);
    return render_root(&r, tpl, root);
}

bool tpl_render(struct arena *arena, struct diag *diag, const struct src_file *file,
                const struct ctx_value *root, const struct tpl_options *options, struct text *out)
{
    struct renderer r = renderer_of(arena, diag, options, out);
    const struct tpl_template *tpl = tpl_cache_get(r.cache, diag, file);
    return tpl && render_root(&r, tpl, root);
}
