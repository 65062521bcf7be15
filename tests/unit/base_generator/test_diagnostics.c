/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "unit/base_generator/printed.h"

static struct arena *arena;
static struct diag *diag;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    diag = diag_new(arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct src_file *file_of(const char *path, const char *data)
{
    struct src_file *file = arena_alloc(arena, sizeof(*file));
    *file = (struct src_file){path, data, strlen(data)};
    return file;
}

static struct src_pos at(const struct src_file *file, uint32_t line, uint32_t column)
{
    return (struct src_pos){file, line, column};
}

static void the_form_is_the_one_documented(void **state)
{
    (void)state;
    const struct src_file *file = file_of("schemas/product.yaml", "a:\n  b:\n      tttl: 5m\n");
    diag_error(diag, at(file, 3, 7), "unknown-key", "unknown key '%s'", "tttl");
    diag_note(diag, at(file, 2, 3), "the entity begins here");
    assert_string_equal(printed(arena, diag),
                        "schemas/product.yaml:3:7: error: unknown key 'tttl' [unknown-key]\n"
                        "    3 |       tttl: 5m\n"
                        "      |       ^\n"
                        "schemas/product.yaml:2:3: note: the entity begins here\n"
                        "    2 |   b:\n"
                        "      |   ^\n");
}

static void a_place_may_be_a_whole_file_or_nothing(void **state)
{
    (void)state;
    diag_error(diag, at(file_of("a.yaml", "x"), 0, 0), "file", "cannot be read");
    diag_error(diag, (struct src_pos){0}, "file", "no directory");
    assert_string_equal(printed(arena, diag), "larder: error: no directory [file]\n"
                                              "a.yaml: error: cannot be read [file]\n");
}

static void they_are_sorted_by_place_and_files_stay_in_order(void **state)
{
    (void)state;
    const struct src_file *z = file_of("z", ""), *a = file_of("a", "");
    diag_warning(diag, at(z, 2, 1), "w", "third");
    diag_error(diag, at(a, 1, 1), "e", "fourth");
    diag_error(diag, at(z, 1, 9), "e", "second");
    diag_error(diag, at(z, 1, 2), "e", "first");
    const char *text = printed(arena, diag);
    const char *first = strstr(text, "first"), *second = strstr(text, "second");
    const char *third = strstr(text, "third"), *fourth = strstr(text, "fourth");
    assert_true(first < second && second < third && third < fourth);
}

static void the_same_twice_is_printed_once(void **state)
{
    (void)state;
    const struct src_file *file = file_of("a", "x");
    for (int i = 0; i < 3; i++) {
        diag_error(diag, at(file, 1, 1), "e", "same");
        diag_error(diag, at(file, 1, 1), "e", "other");
    }
    assert_string_equal(printed(arena, diag), "a:1:1: error: same [e]\n    1 | x\n      | ^\n"
                                              "a:1:1: error: other [e]\n    1 | x\n      | ^\n");
}

static void after_fifty_the_rest_is_counted(void **state)
{
    (void)state;
    const struct src_file *file = file_of("a", "");
    for (uint32_t i = 1; i <= 73; i++)
        diag_error(diag, at(file, i, 1), "e", "number %u", i);
    const char *text = printed(arena, diag);
    assert_non_null(strstr(text, "number 50 "));
    assert_null(strstr(text, "number 51 "));
    assert_non_null(strstr(text, "larder: 23 more not shown\n"));
    assert_int_equal(diag_error_count(diag), 73);
}

static void tabs_and_wide_characters_keep_the_caret_in_place(void **state)
{
    (void)state;
    /* tab, a double-width character, e with a combining acute, x */
    const struct src_file *file = file_of("a", "\t\xE4\xBD\xA0"
                                               "e\xCC\x81x\n");
    diag_error(diag, at(file, 1, 5), "e", "here");
    assert_non_null(strstr(printed(arena, diag), "      | \t   ^\n"));
}

static void nothing_reaches_the_terminal_raw(void **state)
{
    (void)state;
    const struct src_file *file = file_of("a\x1b[1m\n", "x\x1b[31m\xFF \xE2\x80\xAE y\n");
    diag_error(diag, at(file, 1, 1), "e", "got '%s'", "\x1b]0;title\x07\n\xC2\x9B\xFE");
    const char *text = printed(arena, diag);
    assert_null(strchr(text, '\x1b'));
    assert_null(strchr(text, '\x07'));
    assert_null(strstr(text, "\xE2\x80\xAE"));
    assert_null(strstr(text, "\xC2\x9B"));
    assert_null(strchr(text, '\xFE'));
    assert_non_null(
        strstr(text, "a\\x1b[1m\\n:1:1: error: got '\\x1b]0;title\\x07\\n\\u009b\\xfe'"));
}

static void a_long_line_is_cut_around_the_caret(void **state)
{
    (void)state;
    char *line = arena_alloc(arena, 300002);
    memset(line, '[', 300000);
    line[149999] = '!';
    const struct src_file *file = file_of("a", line);
    diag_error(diag, at(file, 1, 150000), "e", "here");
    const char *text = printed(arena, diag);
    assert_true(strlen(text) < 400);
    const char *source = strchr(strstr(text, "| "), ' ') + 1;
    const char *caret = strchr(strstr(source, "| "), ' ') + 1;
    /* The cut mark is one column of three bytes. */
    assert_int_equal(strchr(source, '!') - source - 2, strchr(caret, '^') - caret);
}

static void a_long_message_loses_its_middle(void **state)
{
    (void)state;
    char *name = arena_alloc(arena, 300001);
    memset(name, 'n', 300000);
    diag_error(diag, (struct src_pos){0}, "e", "unknown '%s'; did you mean 'x'?", name);
    const char *text = printed(arena, diag);
    assert_true(strlen(text) < 800);
    assert_non_null(strstr(text, "unknown 'nnn"));
    assert_non_null(strstr(text, "nnn'; did you mean 'x'? [e]\n"));
}

static void a_place_outside_of_the_text_does_no_harm(void **state)
{
    (void)state;
    const struct src_file *file = file_of("a", "x\n");
    diag_error(diag, at(file, 9, 1), "e", "line");
    diag_error(diag, at(file, 1, 99), "e", "column");
    assert_string_equal(printed(arena, diag), "a:1:99: error: column [e]\n    1 | x\n      |  ^\n"
                                              "a:9:1: error: line [e]\n");
}

static void lines_end_with_any_break_and_a_mark_is_no_column(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        size_t offset;
        uint32_t line, column;
    } rows[] = {
        {"ab\ncd", 4, 2, 2},
        {"ab\r\ncd", 5, 2, 2},
        {"ab\rcd", 4, 2, 2},
        {"ab\n", 3, 2, 1},
        {"ab", 99, 1, 3},
        {"", 0, 1, 1},
        {"\xEF\xBB\xBF"
         "ab",
         4, 1, 2},
        {"\xC3\xA9\xC3\xA9x", 4, 1, 3},
        {"\xC3\xA9", 1, 1, 1},
        {"\xFF\xFFx", 2, 1, 3},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct src_pos pos = diag_pos_of_offset(file_of("a", rows[i].data), rows[i].offset);
        assert_int_equal(pos.line, rows[i].line);
        assert_int_equal(pos.column, rows[i].column);
    }
}

static void warnings_can_be_made_errors_at_any_time(void **state)
{
    (void)state;
    diag_warning(diag, (struct src_pos){0}, "no-jitter", "w");
    assert_int_equal(diag_error_count(diag), 0);
    assert_int_equal(diag_warning_count(diag), 1);
    assert_string_equal(printed(arena, diag), "larder: warning: w [no-jitter]\n");
    diag_warnings_are_errors(diag);
    assert_int_equal(diag_error_count(diag), 1);
    assert_int_equal(diag_warning_count(diag), 0);
    assert_string_equal(printed(arena, diag), "larder: error: w [no-jitter]\n");
    assert_true(diag_has(diag, "no-jitter"));
    assert_false(diag_has(diag, "file"));
}

static void errors_can_be_taken_over_from_another_collection(void **state)
{
    (void)state;
    struct diag *from = diag_new(arena);
    const struct src_file *first = file_of("first", "x");
    const struct src_file *second = file_of("second", "x");
    diag_error(diag, at(first, 1, 1), "e", "ours");
    diag_warning(from, at(second, 1, 1), "w", "theirs, of no interest");
    diag_error(from, at(second, 1, 1), "e", "theirs");
    diag_note(from, at(first, 1, 1), "and a note");
    diag_take_errors(diag, from);
    diag_note(diag, at(second, 1, 1), "and one more");
    assert_int_equal(diag_error_count(diag), 2);
    assert_int_equal(diag_warning_count(diag), 0);
    assert_string_equal(printed(arena, diag), "first:1:1: error: ours [e]\n"
                                              "    1 | x\n      | ^\n"
                                              "second:1:1: error: theirs [e]\n"
                                              "    1 | x\n      | ^\n"
                                              "first:1:1: note: and a note\n"
                                              "    1 | x\n      | ^\n"
                                              "second:1:1: note: and one more\n"
                                              "    1 | x\n      | ^\n");
}

static void json_is_an_object_a_line(void **state)
{
    (void)state;
    const struct src_file *file = file_of("a\"b", "x");
    diag_error(diag, at(file, 1, 1), "e", "a\nb");
    diag_note(diag, at(file, 1, 1), "n");
    diag_warning(diag, (struct src_pos){0}, "w", "plain");
    assert_string_equal(
        printed_by(arena, diag, true, false),
        "{\"severity\":\"warning\",\"path\":null,\"line\":0,\"column\":0,\"id\":\"w\","
        "\"message\":\"plain\",\"suggestion\":null,\"notes\":[]}\n"
        "{\"severity\":\"error\",\"path\":\"a\\\"b\",\"line\":1,\"column\":1,\"id\":\"e\","
        "\"message\":\"a\\nb\",\"suggestion\":null,\"notes\":[{\"path\":\"a\\\"b\",\"line\":1,\"column\":1,"
        "\"message\":\"n\"}]}\n");
}

static void colour_adds_nothing_but_escape_sequences(void **state)
{
    (void)state;
    diag_error(diag, at(file_of("a", "x"), 1, 1), "e", "text");
    const char *coloured = printed_by(arena, diag, false, true);
    char *plain = arena_strdup(arena, coloured);
    char *out = plain;
    for (const char *in = coloured; *in; in++) {
        if (*in == '\x1b')
            in = strchr(in, 'm');
        else
            *out++ = *in;
    }
    *out = '\0';
    assert_non_null(strchr(coloured, '\x1b'));
    assert_string_equal(plain, printed(arena, diag));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_form_is_the_one_documented, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_place_may_be_a_whole_file_or_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(they_are_sorted_by_place_and_files_stay_in_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_same_twice_is_printed_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(after_fifty_the_rest_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tabs_and_wide_characters_keep_the_caret_in_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_reaches_the_terminal_raw, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_line_is_cut_around_the_caret, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_message_loses_its_middle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_place_outside_of_the_text_does_no_harm, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(lines_end_with_any_break_and_a_mark_is_no_column, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(warnings_can_be_made_errors_at_any_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_can_be_taken_over_from_another_collection, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(json_is_an_object_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(colour_adds_nothing_but_escape_sequences, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
