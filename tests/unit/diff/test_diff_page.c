/* SPDX-License-Identifier: MIT */
/*
 * docs/diff.md holds the table of rules as rules.def has it. LARDER_UPDATE=1 rewrites it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "diff/report.h"

enum { PAGE_MAX = 1 << 20 };

static const char begin[] = "<!-- rules: made from generator/diff/changes.def -->\n";
static const char end[] = "<!-- end of the rules -->";

static const char *page_path(struct arena *arena)
{
    const char *root = getenv("LARDER_SOURCE_DIR");
    return arena_printf(arena, "%s/docs/diff.md", root == NULL ? "." : root);
}

static char *read_page(struct arena *arena)
{
    char *data = arena_alloc(arena, PAGE_MAX);
    FILE *file = fopen(page_path(arena), "r");
    assert_non_null(file);
    size_t len = fread(data, 1, PAGE_MAX - 1, file);
    fclose(file);
    data[len] = '\0';
    return data;
}

static void write_page(struct arena *arena, const char *page)
{
    FILE *file = fopen(page_path(arena), "w");
    assert_non_null(file);
    assert_true(fputs(page, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* The page with the table as it must be. */
static const char *in_step(struct arena *arena, const char *page)
{
    struct text out;
    const char *table = strstr(page, begin);
    const char *rest = strstr(page, end);
    assert_non_null(table);
    assert_non_null(rest);
    text_init(&out, arena, PAGE_MAX);
    text_append(&out, page, (size_t)(table - page));
    text_puts(&out, begin);
    dif_describe(&out);
    text_putc(&out, '\n');
    text_puts(&out, rest);
    return out.data;
}

static void the_page_is_in_step_with_the_rules(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    if (getenv("LARDER_UPDATE") != NULL) {
        write_page(arena, in_step(arena, read_page(arena)));
    }
    assert_string_equal(read_page(arena), in_step(arena, read_page(arena)));
    arena_free(arena);
}

static void a_rules_name_says_its_class_and_is_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < DIF_RULE_COUNT; i++) {
        const struct dif_row *rule = &dif_rules[i];
        bool is_wire = strncmp(rule->name, "wire-", 5) == 0;
        assert_true(is_wire || strncmp(rule->name, "api-", 4) == 0);
        assert_int_equal(rule->class, is_wire ? DIF_WIRE : DIF_API);
        assert_int_equal(dif_find_rule(rule->name), i);
        assert_true(strlen(rule->what) > 5 && strlen(rule->advice) > 5);
    }
    assert_int_equal(dif_find_rule("wire-nothing"), DIF_RULE_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_is_in_step_with_the_rules),
        cmocka_unit_test(a_rules_name_says_its_class_and_is_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
