/* SPDX-License-Identifier: MIT */
/*
 * docs/rules.md is what the table says. LARDER_UPDATE=1 rewrites it.
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
#include "rules.h"

enum { PAGE_MAX = 1 << 20 };

static char *read_page(struct arena *arena, const char *path)
{
    char *data = arena_alloc(arena, PAGE_MAX);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(data, 1, PAGE_MAX - 1, file);
    fclose(file);
    data[len] = '\0';
    return data;
}

static void the_page_is_in_step_with_the_table(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct text page;
    const char *root = getenv("LARDER_SOURCE_DIR");
    const char *path = arena_printf(arena, "%s/docs/rules.md", root == NULL ? "." : root);
    text_init(&page, arena, PAGE_MAX);
    rules_describe(&page);
    assert_false(page.full);
    if (getenv("LARDER_UPDATE") != NULL) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_int_equal(fwrite(page.data, 1, page.len, file), page.len);
        assert_int_equal(fclose(file), 0);
    }
    assert_string_equal(read_page(arena, path), page.data);
    arena_free(arena);
}

static void every_rule_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < rule_count; i++) {
        assert_ptr_equal(rule_find(rules[i].name), &rules[i]);
        assert_int_equal(rules[i].summary[strlen(rules[i].summary) - 1], '.');
        assert_true((rules[i].bad == NULL) == (rules[i].good == NULL));
    }
    assert_null(rule_find("no-rule"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_is_in_step_with_the_table),
        cmocka_unit_test(every_rule_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
