/* SPDX-License-Identifier: MIT */
/*
 * A unified diff is right when patch(1) makes the new text from the old one;
 * that is done here by hand, for random texts, hunk by hunk.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/line_diff.h"

enum { MOST = 1 << 20 };

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const char *diff_of(const char *old, const char *new)
{
    struct text out;
    text_init(&out, arena, MOST);
    line_diff(&out, (struct line_text){old, strlen(old)}, (struct line_text){new, strlen(new)});
    return out.data;
}

static void equal_texts_have_no_hunks(void **state)
{
    (void)state;
    assert_string_equal(diff_of("", ""), "");
    assert_string_equal(diff_of("a\nb\n", "a\nb\n"), "");
}

static void a_hunk_has_three_lines_around_it(void **state)
{
    (void)state;
    assert_string_equal(diff_of("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
                        "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

static void changes_far_apart_are_two_hunks_and_near_ones_one(void **state)
{
    (void)state;
    assert_string_equal(diff_of("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n"),
                        "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n"
                        "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
    assert_string_equal(diff_of("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n"),
                        "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
}

static void an_empty_side_is_named_by_the_line_before_it(void **state)
{
    (void)state;
    assert_string_equal(diff_of("", "a\n"), "@@ -0,0 +1,1 @@\n+a\n");
    assert_string_equal(diff_of("a\n", ""), "@@ -1,1 +0,0 @@\n-a\n");
}

static void a_missing_newline_at_the_end_is_said(void **state)
{
    (void)state;
    assert_string_equal(diff_of("a", "a\n"),
                        "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n");
}

static void texts_that_differ_in_too_much_are_replaced(void **state)
{
    (void)state;
    struct text old, new;
    text_init(&old, arena, MOST);
    text_init(&new, arena, MOST);
    for (int i = 0; i < 5000; i++) {
        text_printf(&old, "a%d\n", i);
        text_printf(&new, "b%d\n", i);
    }
    assert_non_null(strstr(diff_of(old.data, new.data), "@@ -1,5000 +1,5000 @@\n-a0\n-a1\n"));
}

/* The lines of one side, in the order of the hunks, the rest from `old`. */
static void apply(const char *old, const char *patch, struct text *out)
{
    size_t line = 1;
    while (*patch) {
        size_t start, count;
        int used;
        assert_int_equal(sscanf(patch, "@@ -%zu,%zu +%*u,%*u @@%n", &start, &count, &used), 2);
        for (start += count == 0; line < start; line++) {
            size_t len = strcspn(old, "\n") + 1;
            text_append(out, old, len);
            old += len;
        }
        for (patch += used + 1; *patch && *patch != '@'; patch += strcspn(patch, "\n") + 1) {
            size_t len = strcspn(patch, "\n");
            if (*patch != '+') {
                assert_memory_equal(patch + 1, old, len);
                old += len;
                line++;
            }
            if (*patch != '-') {
                text_append(out, patch + 1, len);
            }
        }
    }
    text_puts(out, old);
}

static void a_diff_makes_the_new_text_from_the_old(void **state)
{
    (void)state;
    srand(7);
    for (int i = 0; i < 2000; i++) {
        struct text old, new, made;
        text_init(&old, arena, MOST);
        text_init(&new, arena, MOST);
        text_init(&made, arena, MOST);
        for (int n = rand() % 40; n > 0; n--) {
            char letter = (char)('a' + rand() % 5);
            if (rand() % 6) {
                text_printf(&old, "%c\n", letter);
            }
            if (rand() % 6) {
                text_printf(&new, "%c\n", letter);
            }
        }
        apply(old.data, diff_of(old.data, new.data), &made);
        assert_string_equal(made.data, new.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(equal_texts_have_no_hunks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hunk_has_three_lines_around_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(changes_far_apart_are_two_hunks_and_near_ones_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_empty_side_is_named_by_the_line_before_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_missing_newline_at_the_end_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(texts_that_differ_in_too_much_are_replaced, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_diff_makes_the_new_text_from_the_old, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
