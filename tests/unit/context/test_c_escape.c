/* SPDX-License-Identifier: MIT */
/* Nothing of a schema's text becomes code: it is a literal or a comment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "context/c_escape.h"

static struct arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int free_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void literal_keeps_plain_text_and_writes_all_else_in_octal(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        const char *literal;
    } rows[] = {
        {"product:", 8, "product:"},
        {"a\"b\\c", 5, "a\\042b\\134c"},
        {"\?\?/", 3, "\\077\\077/"},
        {"\n\t\r", 3, "\\012\\011\\015"},
        {"\x7f\xc3\xa9", 3, "\\177\\303\\251"},
        {"a\0b", 3, "a\\000b"},
        {"%s{{x}}", 7, "%s{{x}}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(esc_literal(arena, rows[i].text, rows[i].len), rows[i].literal);
    }
}

static void a_digit_behind_an_escape_does_not_join_it(void **state)
{
    (void)state;
    /* Octal escapes end after three digits; hexadecimal ones would not. */
    assert_string_equal(esc_literal(arena,
                                    "\x01"
                                    "7",
                                    2),
                        "\\0017");
}

/* The lines of a comment, each followed by '|'. */
static const char *lines_of(const char *text, size_t width)
{
    const struct ctx_value *lines = esc_comment(arena, text, width);
    const char *joined = "";
    for (size_t i = 0; i < ctx_count(lines); i++) {
        size_t len;
        const char *line = ctx_text(ctx_get(ctx_item(lines, i), "line", 4), &len);
        joined = arena_printf(arena, "%s%s|", joined, line);
    }
    return joined;
}

static void a_comment_cannot_be_closed_or_opened(void **state)
{
    (void)state;
    assert_string_equal(lines_of("*/ int pwned; /*", 80), "* / int pwned; / *|");
    assert_string_equal(lines_of("a **/ b", 80), "a ** / b|");
    assert_string_equal(lines_of("/*/ b", 80), "/ * / b|");
    assert_string_equal(lines_of("\?\?/", 80), "? ?/|");
}

static void a_line_of_a_comment_cannot_swallow_the_next(void **state)
{
    (void)state;
    assert_string_equal(lines_of("C:\\", 80), "C:\\.|");
    assert_string_equal(lines_of("one\\\ntwo", 80), "one\\.|two|");
}

static void controls_and_reordering_characters_are_shown_as_question_marks(void **state)
{
    (void)state;
    assert_string_equal(lines_of("a\x1b[31mb", 80), "a?[31mb|");
    assert_string_equal(lines_of("a\xe2\x80\xae"
                                 "b",
                                 80),
                        "a?b|");
    assert_string_equal(lines_of("caf\xc3\xa9", 80), "caf\xc3\xa9|");
}

static void text_wraps_at_blanks(void **state)
{
    (void)state;
    assert_string_equal(lines_of("one two three", 8), "one two|three|");
    assert_string_equal(lines_of("unbreakable text", 4), "unbreakable|text|");
    assert_string_equal(lines_of("", 8), "");
    assert_string_equal(lines_of(NULL, 8), "");
}

static void one_line_joins_lines_and_drops_trailing_blanks(void **state)
{
    (void)state;
    assert_string_equal(esc_comment_line(arena, "one\ntwo\n"), "one two");
    assert_string_equal(esc_comment_line(arena, "a*/b"), "a* /b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literal_keeps_plain_text_and_writes_all_else_in_octal),
        cmocka_unit_test(a_digit_behind_an_escape_does_not_join_it),
        cmocka_unit_test(a_comment_cannot_be_closed_or_opened),
        cmocka_unit_test(a_line_of_a_comment_cannot_swallow_the_next),
        cmocka_unit_test(controls_and_reordering_characters_are_shown_as_question_marks),
        cmocka_unit_test(text_wraps_at_blanks),
        cmocka_unit_test(one_line_joins_lines_and_drops_trailing_blanks),
    };
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
