/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "render/template.h"

/* One rendering: what goes in and what has come out. */
struct bench {
    struct arena *arena;
    struct diag *diag;
    struct ctx_value *root;
    struct src_file partials[4];
    struct tpl_options options;
    struct text out;
    size_t max;   /* of the output */
    size_t found; /* partials asked for */
};

static const struct src_file *find(void *user, const char *name, size_t len)
{
    struct bench *bench = user;
    bench->found++;
    for (size_t i = 0; i < sizeof(bench->partials) / sizeof(bench->partials[0]); i++)
        if (bench->partials[i].path && strlen(bench->partials[i].path) == len &&
            memcmp(bench->partials[i].path, name, len) == 0)
            return &bench->partials[i];
    return NULL;
}

static int setup(void **state)
{
    struct arena *arena = arena_new();
    struct bench *bench = arena_alloc(arena, sizeof(*bench));
    *bench = (struct bench){.arena = arena, .diag = diag_new(arena), .root = ctx_map(arena)};
    bench->options = (struct tpl_options){.find = find, .user = bench};
    bench->max = 1 << 20;
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    arena_free(bench->arena);
    return 0;
}

static void set_partial(struct bench *bench, const char *name, const char *text)
{
    struct src_file *file = bench->partials;
    while (file->path && strcmp(file->path, name) != 0)
        file++;
    *file = (struct src_file){name, text, strlen(text)};
}

static bool render_len(struct bench *bench, const char *text, size_t len)
{
    struct src_file *file = arena_alloc(bench->arena, sizeof(*file));
    *file = (struct src_file){"main", arena_copy(bench->arena, text, len), len};
    text_init(&bench->out, bench->arena, bench->max);
    return tpl_render(bench->arena, bench->diag, file, bench->root, &bench->options, &bench->out);
}

static void assert_renders(struct bench *bench, const char *text, const char *expected)
{
    bool done = render_len(bench, text, strlen(text));
    if (!done)
        diag_print(bench->diag, stderr, false);
    assert_true(done);
    assert_string_equal(bench->out.data, expected);
}

/* All that was reported, a line each: what the tests of errors compare. */
static const char *reports(const struct bench *bench)
{
    char *text = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);
    diag_print(bench->diag, stream, false);
    fclose(stream);
    struct text kept;
    text_init(&kept, bench->arena, 1 << 20);
    for (const char *line = text; *line;) {
        const char *end = strchr(line, '\n') + 1;
        if (*line != ' ')
            text_append(&kept, line, (size_t)(end - line));
        line = end;
    }
    free(text);
    return kept.data;
}

static void assert_refused(struct bench *bench, const char *text, const char *expected)
{
    bench->diag = diag_new(bench->arena);
    assert_false(render_len(bench, text, strlen(text)));
    assert_string_equal(reports(bench), expected);
}

/* A list of maps {n: 1}, {n: 2} … under a name. */
static struct ctx_value *add_numbered(struct bench *bench, const char *name, long long count)
{
    struct ctx_value *list = ctx_list(bench->arena);
    for (long long i = 1; i <= count; i++) {
        struct ctx_value *item = ctx_map(bench->arena);
        ctx_set_number(item, "n", i);
        ctx_add(list, item);
    }
    ctx_set(bench->root, name, list);
    return list;
}

/* Variables. */

static void variables_show_their_text(void **state)
{
    struct bench *bench = *state;
    ctx_set_string(bench->root, "word", "larder");
    ctx_set_number(bench->root, "number", 7);
    ctx_set_flag(bench->root, "flag", true);
    ctx_set(bench->root, "nothing", ctx_null(bench->arena));
    assert_renders(bench, "", "");
    assert_renders(bench, "no tag", "no tag");
    assert_renders(bench, "{{word}}{{ number }}{{\tflag}}[{{nothing}}]", "larder7true[]");
}

static void html_is_escaped_only_in_plain_variables(void **state)
{
    struct bench *bench = *state;
    ctx_set_string(bench->root, "v", "<a href=\"x\">Q&A's</a>");
    assert_renders(bench, "{{v}}", "&lt;a href=&quot;x&quot;&gt;Q&amp;A's&lt;/a&gt;");
    assert_renders(bench, "{{{v}}}|{{&v}}|{{& v }}",
                   "<a href=\"x\">Q&A's</a>|<a href=\"x\">Q&A's</a>|<a href=\"x\">Q&A's</a>");
    bench->options.escape = TPL_ESCAPE_NONE;
    assert_renders(bench, "{{v}}", "<a href=\"x\">Q&A's</a>");
}

static void values_are_not_templates(void **state)
{
    struct bench *bench = *state;
    ctx_set_string(bench->root, "v", "{{v}}{{/x}}");
    assert_renders(bench, "{{{v}}}", "{{v}}{{/x}}");
}

static void dotted_names_look_outwards_first_and_then_inside(void **state)
{
    struct bench *bench = *state;
    struct ctx_value *outer = ctx_map(bench->arena);
    struct ctx_value *inner = ctx_map(bench->arena);
    ctx_set(bench->root, "outer", outer);
    ctx_set(outer, "inner", inner);
    ctx_set_string(outer, "only", "outside");
    ctx_set_string(inner, "word", "deep");
    ctx_set_string(bench->root, "outer.word", "never");
    assert_renders(bench, "{{outer.inner.word}} {{#outer}}{{inner.word}}{{/outer}}", "deep deep");
    bench->options.lenient = true;
    /* `inner` has no `only`; that what is around it has one does not count. */
    assert_renders(bench, "{{#outer}}[{{inner.only}}{{outer.word}}]{{/outer}}", "[]");
}

static void text_may_hold_nuls_and_single_braces(void **state)
{
    struct bench *bench = *state;
    ctx_set(bench->root, "v", ctx_string_len(bench->arena, "x\0y", 3));
    assert_true(render_len(bench, "a\0{{v}}}{\0", 10));
    assert_int_equal(bench->out.len, 8);
    assert_memory_equal(bench->out.data, "a\0x\0y}{\0", 8);
}

/* Sections. */

static void sections_repeat_for_lists_and_open_what_is_true(void **state)
{
    struct bench *bench = *state;
    add_numbered(bench, "some", 3);
    ctx_set(bench->root, "none", ctx_list(bench->arena));
    ctx_set_string(bench->root, "empty", "");
    ctx_set_number(bench->root, "zero", 0);
    ctx_set(bench->root, "hollow", ctx_map(bench->arena));
    ctx_set_flag(bench->root, "off", false);
    assert_renders(bench, "{{#some}}{{n}},{{/some}}{{#none}}x{{/none}}{{#off}}x{{/off}}", "1,2,3,");
    assert_renders(bench, "{{#empty}}1{{/empty}}{{#zero}}2{{/zero}}{{#hollow}}3{{/hollow}}", "123");
    assert_renders(
        bench, "{{^some}}x{{/some}}{{^none}}a{{/none}}{{^off}}b{{/off}}{{^zero}}y{{/zero}}", "ab");
}

static void the_dot_is_the_innermost_value(void **state)
{
    struct bench *bench = *state;
    struct ctx_value *rows = ctx_list(bench->arena);
    for (int row = 0; row < 2; row++) {
        struct ctx_value *cells = ctx_list(bench->arena);
        ctx_add(cells, ctx_number(bench->arena, row));
        ctx_add(cells, ctx_string(bench->arena, "<"));
        ctx_add(rows, cells);
    }
    ctx_set(bench->root, "rows", rows);
    assert_renders(bench, "{{#rows}}[{{#.}}{{.}}{{{.}}} {{/.}}]{{/rows}}",
                   "[00 &lt;< ][11 &lt;< ]");
    bench->root = rows;
    assert_renders(bench, "{{#.}}({{#.}}{{&.}}{{/.}}){{/.}}", "(0<)(1<)");
}

static void inner_names_hide_outer_ones(void **state)
{
    struct bench *bench = *state;
    add_numbered(bench, "list", 2);
    ctx_set_string(bench->root, "n", "out");
    assert_renders(bench, "{{n}}{{#list}}{{n}}{{#list}}.{{/list}}{{/list}}{{n}}", "out1..2..out");
}

/* Lines. */

static void lone_tags_take_their_line_with_them(void **state)
{
    struct bench *bench = *state;
    add_numbered(bench, "l", 2);
    assert_renders(bench, "a\n  {{#l}}\n  {{n}}\n\t{{/l}}\nb\n", "a\n  1\n  2\nb\n");
    assert_renders(bench, "{{! x }}\n{{=<@ @>=}}\n<@#l@>\n<@n@>\n<@/l@>", "1\n2\n");
    assert_renders(bench, "a\r\n {{#l}}\r\n{{n}}\r\n {{/l}}\r\nb", "a\r\n1\r\n2\r\nb");
    assert_renders(bench, "a\n {{!\n over\n lines }} \nb", "a\nb");
}

static void blanks_behind_a_lone_tag_go_with_its_line(void **state)
{
    struct bench *bench = *state;
    add_numbered(bench, "l", 2);
    set_partial(bench, "p", "p\n");
    assert_renders(bench, "{{#l}}  \n{{n}}\n {{/l}}\t \nb\n{{! c }} ", "1\n2\nb\n");
    assert_renders(bench, " {{>p}} \t\nb", " p\nb");
}

static void tags_beside_something_leave_their_line(void **state)
{
    struct bench *bench = *state;
    add_numbered(bench, "l", 2);
    set_partial(bench, "p", "p\n");
    assert_renders(bench, " {{#l}}-{{/l}}\n", " --\n");
    assert_renders(bench, " {{! c }}{{! d }}\n{{#l}}{{n}}\n{{/l}}.", " \n1\n2\n.");
    assert_renders(bench, "a {{>p}}\n {{>p}} b\n", "a p\n\n p\n b\n");
}

static void variables_never_stand_alone(void **state)
{
    struct bench *bench = *state;
    ctx_set_string(bench->root, "v", "");
    assert_renders(bench, "a\n {{v}} \n{{{v}}}\n{{&v}}\nb", "a\n  \n\n\nb");
}

static void a_byte_order_mark_is_no_text(void **state)
{
    struct bench *bench = *state;
    assert_renders(bench, "\xEF\xBB\xBF{{! lone }}\na", "a");
}

/* Delimiters. */

static void delimiters_change_where_they_are_set(void **state)
{
    struct bench *bench = *state;
    ctx_set_string(bench->root, "v", "<");
    assert_renders(bench, "{{v}}{{=<@ @>=}}{{v}}<@v@><@{v}@><@&v@><@= | | =@>|v|<@v@>",
                   "&lt;{{v}}&lt;<<&lt;<@v@>");
    assert_renders(bench, "{{=\n[[\t]] =}}[[v]] {{{v}}}", "&lt; {{{v}}}");
}

static void sections_may_close_under_other_delimiters(void **state)
{
    struct bench *bench = *state;
    add_numbered(bench, "l", 2);
    assert_renders(bench, "{{#l}}{{n}}{{=[ ]=}}[n],[/l]{{n}}", "11,22,{{n}}");
}

static void partials_begin_with_the_default_delimiters(void **state)
{
    struct bench *bench = *state;
    ctx_set_string(bench->root, "v", "V");
    set_partial(bench, "p", "{{v}}{{=[ ]=}}[v]");
    assert_renders(bench, "{{=<@ @>=}}<@>p@> <@v@>[v]", "VV V[v]");
}

/* Partials. */

static void partials_are_indented_line_by_line(void **state)
{
    struct bench *bench = *state;
    ctx_set_string(bench->root, "v", "1\n2");
    set_partial(bench, "p", "a\n  b {{v}}\n\n{{v}}");
    assert_renders(bench, "  {{>p}}\nend", "  a\n    b 1\n2\n  \n  1\n2end");
}

static void indentation_adds_up_from_partial_to_partial(void **state)
{
    struct bench *bench = *state;
    set_partial(bench, "p", "p\n\t{{>q}}\np\n");
    set_partial(bench, "q", "q\nq\n");
    assert_renders(bench, "  {{>p}}\n", "  p\n  \tq\n  \tq\n  p\n");
}

static void lone_sections_in_an_indented_partial_indent_their_lines_once(void **state)
{
    struct bench *bench = *state;
    add_numbered(bench, "l", 2);
    set_partial(bench, "p", "{\n  {{#l}}\n  {{n}};\n  {{/l}}\n}\n");
    assert_renders(bench, "    {{>p}}\nend", "    {\n      1;\n      2;\n    }\nend");
}

static void sections_within_a_line_are_not_indented_again(void **state)
{
    struct bench *bench = *state;
    add_numbered(bench, "l", 3);
    ctx_set(bench->root, "none", ctx_list(bench->arena));
    set_partial(bench, "p", "{{#l}}{{n}},{{/l}}\n{{#none}}x{{/none}}y\n");
    assert_renders(bench, "  {{>p}}\n", "  1,2,3,\n  y\n");
}

static void partials_within_a_line_are_not_indented(void **state)
{
    struct bench *bench = *state;
    set_partial(bench, "p", "a\nb\n");
    set_partial(bench, "q", "[{{>p}}]\n");
    assert_renders(bench, "  {{>q}}\n  {{>p}}.", "  [a\nb\n]\n  a\nb\n.");
}

static void partials_may_include_themselves_as_far_as_data_goes(void **state)
{
    struct bench *bench = *state;
    struct ctx_value *node = ctx_map(bench->arena);
    ctx_set(node, "down", ctx_null(bench->arena));
    for (int depth = 1; depth < 99; depth++) {
        struct ctx_value *above = ctx_map(bench->arena);
        ctx_set(above, "down", node);
        node = above;
    }
    bench->root = node;
    set_partial(bench, "p", "<{{#down}}{{>p}}{{/down}}>");
    assert_true(render_len(bench, "{{>p}}", 6));
    assert_int_equal(bench->out.len, 2 * 99);
}

static void partials_that_include_themselves_for_ever_are_refused(void **state)
{
    struct bench *bench = *state;
    set_partial(bench, "p", "x\n {{>p}}{{>p}}\n");
    const char *expected = "p:2:2: error: partials more than 100 deep; does this one include "
                           "itself for ever? [too-deep]\n";
    assert_refused(bench, "{{>p}}", expected);
    bench->options.lenient = true;
    assert_refused(bench, "{{>p}}", expected);
}

static void the_deepest_templates_fit_on_the_stack(void **state)
{
    struct bench *bench = *state;
    struct text text;
    text_init(&text, bench->arena, 1 << 16);
    for (int i = 0; i < 100; i++)
        text_puts(&text, "{{#v}}");
    text_puts(&text, "{{>p}}");
    for (int i = 0; i < 100; i++)
        text_puts(&text, "{{/v}}");
    set_partial(bench, "p", text.data);
    ctx_set_flag(bench->root, "v", true);
    bench->diag = diag_new(bench->arena);
    assert_false(render_len(bench, "{{>p}}", 6));
    assert_int_equal(diag_error_count(bench->diag), 1);
}

static void a_file_is_parsed_once_a_cache(void **state)
{
    struct bench *bench = *state;
    bench->options.cache = tpl_cache_new(bench->arena);
    char text[] = "one ";
    set_partial(bench, "p", text);
    assert_renders(bench, "{{>p}}{{>p}}", "one one ");
    assert_int_equal(bench->found, 2);
    /* Seen, for texts are borrowed; parsing anew would find a tag. */
    memcpy(text, "{{x}", 4);
    assert_renders(bench, "{{>p}}", "{{x}");
}

static void a_parsed_template_renders_many_times(void **state)
{
    struct bench *bench = *state;
    static const struct src_file file = {"main", "{{n}}{{>p}};", 12};
    set_partial(bench, "p", "!");
    const struct tpl_template *tpl = tpl_parse(bench->arena, bench->diag, &file);
    assert_non_null(tpl);
    text_init(&bench->out, bench->arena, 1 << 20);
    for (long long i = 0; i < 3; i++) {
        ctx_set_number(bench->root, "n", i);
        assert_true(tpl_render_parsed(bench->arena, bench->diag, tpl, bench->root, &bench->options,
                                      &bench->out));
    }
    assert_string_equal(bench->out.data, "0!;1!;2!;");
}

/* Strictness. */

static void unknown_names_are_errors_with_their_place(void **state)
{
    struct bench *bench = *state;
    struct ctx_value *person = ctx_map(bench->arena);
    ctx_set_string(person, "first_name", "Ada");
    ctx_set_string(person, "nobody", NULL);
    ctx_set(bench->root, "person", person);
    ctx_set_string(bench->root, "lines", "");
    assert_refused(bench,
                   "a\n {{lnies}}{{#persons}}{{^x}}{{/x}}{{/persons}}\n{{person.frist_name}}",
                   "main:2:2: error: unknown name 'lnies'; did you mean 'lines'? [unknown-name]\n"
                   "main:2:11: error: unknown section 'persons'; did you mean 'person'? "
                   "[unknown-name]\n"
                   "main:3:1: error: unknown name 'frist_name' in 'person'; did you mean "
                   "'first_name'? [unknown-name]\n");
    assert_refused(bench, "{{^nope}}{{#person}}{{line}}{{/person}}{{/nope}}",
                   "main:1:1: error: unknown section 'nope' [unknown-name]\n"
                   "main:1:21: error: unknown name 'line'; did you mean 'lines'? [unknown-name]\n");
    assert_refused(bench, "{{person.nobody.x}}",
                   "main:1:1: error: unknown name 'x': 'person.nobody' is null, not a map "
                   "[unknown-name]\n");
}

static void unknown_partials_are_errors_with_their_place(void **state)
{
    struct bench *bench = *state;
    static const char *const names[] = {"header", "footer"};
    bench->options.partials = names;
    bench->options.partial_count = 2;
    set_partial(bench, "header", "x\n{{>foter}}");
    assert_refused(bench, "{{>header}}",
                   "header:2:1: error: unknown partial 'foter'; did you mean 'footer'? "
                   "[unknown-partial]\n");
    bench->options.find = NULL;
    assert_refused(bench, "{{>footer}}",
                   "main:1:1: error: unknown partial 'footer'; did you mean 'footer'? "
                   "[unknown-partial]\n");
}

static void lists_and_maps_have_no_text(void **state)
{
    struct bench *bench = *state;
    add_numbered(bench, "list", 2);
    assert_refused(bench, "{{list}}{{.}}",
                   "main:1:1: error: 'list' is a list and has no text [no-text]\n"
                   "main:1:9: error: '.' is a map and has no text [no-text]\n");
    bench->options.lenient = true;
    assert_renders(bench, "[{{list}}{{.}}]", "[]");
}

static void lenient_means_empty(void **state)
{
    struct bench *bench = *state;
    bench->options.lenient = true;
    ctx_set_string(bench->root, "v", "V");
    assert_renders(bench, "[{{x}}{{{x.y}}}{{v.w}}{{#x}}no{{/x}}{{^x}}yes{{/x}}{{>x}}]", "[yes]");
}

static void an_error_in_a_loop_is_reported_once(void **state)
{
    struct bench *bench = *state;
    add_numbered(bench, "l", 1000);
    assert_refused(bench, "{{#l}}{{x}}{{/l}}",
                   "main:1:7: error: unknown name 'x' [unknown-name]\n");
}

static void errors_end_after_the_fiftieth(void **state)
{
    struct bench *bench = *state;
    struct text text;
    text_init(&text, bench->arena, 1 << 16);
    for (int i = 0; i < 200; i++)
        text_puts(&text, "{{x}}");
    bench->diag = diag_new(bench->arena);
    assert_false(render_len(bench, text.data, text.len));
    assert_int_equal(diag_error_count(bench->diag), 50);
    text_init(&text, bench->arena, 1 << 16);
    for (int i = 0; i < 200; i++)
        text_puts(&text, "{{}}");
    bench->diag = diag_new(bench->arena);
    assert_false(render_len(bench, text.data, text.len));
    assert_int_equal(diag_error_count(bench->diag), 50);
}

/* Templates that are none. */

static void unclosed_sections_are_refused_where_they_begin(void **state)
{
    struct bench *bench = *state;
    assert_refused(bench, "a\n  {{#one}}\n{{^two}}\n",
                   "main:2:3: error: the section 'one' is never closed [unclosed-section]\n"
                   "main:3:1: error: the section 'two' is never closed [unclosed-section]\n");
}

static void wrong_closings_are_refused_with_a_note_at_the_opening(void **state)
{
    struct bench *bench = *state;
    assert_refused(bench, "{{#one}}\n {{#two}}\n{{/one}}\nx",
                   "main:3:1: error: 'one' is closed here, but the section that is open is 'two' "
                   "[wrong-close]\n"
                   "main:2:2: note: the section 'two' begins here\n");
    assert_refused(bench, "{{#one}}{{/own}}{{/one}}",
                   "main:1:9: error: 'own' is closed here, but the section that is open is 'one' "
                   "[wrong-close]\n"
                   "main:1:1: note: the section 'one' begins here\n");
    assert_refused(bench, "x{{/one}}",
                   "main:1:2: error: 'one' is closed here, but no section is open [wrong-close]\n");
}

static void unclosed_tags_are_refused_where_they_begin(void **state)
{
    struct bench *bench = *state;
    assert_refused(bench, "a\nb {{name",
                   "main:2:3: error: this tag is never closed by '}}' "
                   "[unclosed-tag]\n");
    assert_refused(bench, "{{{name}}",
                   "main:1:1: error: this tag is never closed by '}}}' "
                   "[unclosed-tag]\n");
    assert_refused(bench, "{{=<@ @>}}",
                   "main:1:1: error: this tag is never closed by '=}}' "
                   "[unclosed-tag]\n");
    assert_refused(bench, "{{",
                   "main:1:1: error: this tag is never closed by '}}' "
                   "[unclosed-tag]\n");
    assert_refused(bench, "{{name }\n{{other}}",
                   "main:1:1: error: this tag is not closed before the next line or tag "
                   "[bad-tag]\n");
    assert_refused(bench, "{{=[ ]=}} [a",
                   "main:1:11: error: this tag is never closed by ']' [unclosed-tag]\n");
}

static void bad_delimiters_are_refused(void **state)
{
    struct bench *bench = *state;
    static const char *const bad[] = {"{{==}}", "{{= =}}", "{{=<@=}}", "{{=a b c=}}",
                                      "{{=a= =b=}}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_refused(bench, bad[i],
                       "main:1:1: error: a set-delimiter tag names two delimiters with blanks "
                       "between them and no '=' in them: {{=<@ @>=}} [bad-delimiters]\n");
}

static void bad_names_are_refused(void **state)
{
    struct bench *bench = *state;
    static const char *const bad[] = {"{{.a}}", "{{a.}}", "{{a..b}}", "{{..}}"};
    assert_refused(bench, "{{}}", "main:1:1: error: a tag without a name [bad-tag]\n");
    assert_refused(bench, "{{> }}", "main:1:1: error: a tag without a name [bad-tag]\n");
    assert_refused(bench, "{{ #a }}",
                   "main:1:1: error: blanks between the opening delimiter and "
                   "what kind of tag it is [bad-tag]\n");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_refused(bench, bad[i],
                       "main:1:1: error: a name with nothing before, behind or "
                       "between dots [bad-tag]\n");
}

static void sections_beyond_a_hundred_deep_are_refused(void **state)
{
    struct bench *bench = *state;
    struct text text;
    text_init(&text, bench->arena, 1 << 16);
    for (int i = 0; i < 101; i++)
        text_puts(&text, "{{#v}}");
    assert_refused(bench, text.data,
                   "main:1:601: error: more than 100 sections inside each other [too-deep]\n");
}

static void errors_in_a_partial_name_the_partial(void **state)
{
    struct bench *bench = *state;
    set_partial(bench, "p", "x\n{{#a}}");
    assert_refused(bench, "{{>p}}{{>p}}",
                   "p:2:1: error: the section 'a' is never closed [unclosed-section]\n");
}

/* Bounds. */

static void output_beyond_its_maximum_is_refused(void **state)
{
    struct bench *bench = *state;
    add_numbered(bench, "l", 100);
    bench->max = 50;
    assert_refused(bench, "{{#l}}x{{/l}}",
                   "main:1:7: error: the output is longer than it may be [too-long]\n");
}

static void endless_work_without_output_is_refused(void **state)
{
    struct bench *bench = *state;
    struct text text;
    text_init(&text, bench->arena, 1 << 16);
    add_numbered(bench, "l", 1000);
    for (int i = 0; i < 10; i++)
        text_puts(&text, "{{#l}}");
    for (int i = 0; i < 10; i++)
        text_puts(&text, "{{/l}}");
    bench->diag = diag_new(bench->arena);
    assert_false(render_len(bench, text.data, text.len));
    assert_int_equal(diag_error_count(bench->diag), 1);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Ten times the tags on one line take ten times as long, not a hundred. */
static double seconds_for(struct bench *bench, size_t tags)
{
    struct text text;
    text_init(&text, bench->arena, 64 << 20);
    for (size_t i = 0; i < tags; i++)
        text_puts(&text, "{{#v}}x {{v}}{{/v}}");
    double start = seconds();
    assert_true(render_len(bench, text.data, text.len));
    return seconds() - start;
}

static void time_grows_with_the_template_not_faster(void **state)
{
    struct bench *bench = *state;
    ctx_set_flag(bench->root, "v", true);
    bench->max = 64 << 20;
    double small = seconds_for(bench, 20 * 1000);
    double large = seconds_for(bench, 200 * 1000);
    /* Quadratic would be 100 times; the bound is loose for busy machines. */
    assert_true(large < small * 60 + 0.5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(variables_show_their_text),
        TEST(html_is_escaped_only_in_plain_variables),
        TEST(values_are_not_templates),
        TEST(dotted_names_look_outwards_first_and_then_inside),
        TEST(text_may_hold_nuls_and_single_braces),
        TEST(sections_repeat_for_lists_and_open_what_is_true),
        TEST(the_dot_is_the_innermost_value),
        TEST(inner_names_hide_outer_ones),
        TEST(lone_tags_take_their_line_with_them),
        TEST(blanks_behind_a_lone_tag_go_with_its_line),
        TEST(tags_beside_something_leave_their_line),
        TEST(variables_never_stand_alone),
        TEST(a_byte_order_mark_is_no_text),
        TEST(delimiters_change_where_they_are_set),
        TEST(sections_may_close_under_other_delimiters),
        TEST(partials_begin_with_the_default_delimiters),
        TEST(partials_are_indented_line_by_line),
        TEST(indentation_adds_up_from_partial_to_partial),
        TEST(lone_sections_in_an_indented_partial_indent_their_lines_once),
        TEST(sections_within_a_line_are_not_indented_again),
        TEST(partials_within_a_line_are_not_indented),
        TEST(partials_may_include_themselves_as_far_as_data_goes),
        TEST(partials_that_include_themselves_for_ever_are_refused),
        TEST(the_deepest_templates_fit_on_the_stack),
        TEST(a_file_is_parsed_once_a_cache),
        TEST(a_parsed_template_renders_many_times),
        TEST(unknown_names_are_errors_with_their_place),
        TEST(unknown_partials_are_errors_with_their_place),
        TEST(lists_and_maps_have_no_text),
        TEST(lenient_means_empty),
        TEST(an_error_in_a_loop_is_reported_once),
        TEST(errors_end_after_the_fiftieth),
        TEST(unclosed_sections_are_refused_where_they_begin),
        TEST(wrong_closings_are_refused_with_a_note_at_the_opening),
        TEST(unclosed_tags_are_refused_where_they_begin),
        TEST(bad_delimiters_are_refused),
        TEST(bad_names_are_refused),
        TEST(sections_beyond_a_hundred_deep_are_refused),
        TEST(errors_in_a_partial_name_the_partial),
        TEST(output_beyond_its_maximum_is_refused),
        TEST(endless_work_without_output_is_refused),
        TEST(time_grows_with_the_template_not_faster),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
