/* SPDX-License-Identifier: MIT */
/*
 * docs/schema-reference.md is what the tables say. LARDER_UPDATE=1 rewrites it.
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
#include "schema/describe.h"
#include "schema/options.h"

enum { PAGE_MAX = 1 << 20 };

static struct text described(struct arena *arena)
{
    struct text page;
    text_init(&page, arena, PAGE_MAX);
    sch_describe(&page);
    assert_false(page.full);
    return page;
}

static const char *page_path(struct arena *arena)
{
    const char *root = getenv("LARDER_SOURCE_DIR");
    return arena_printf(arena, "%s/docs/schema-reference.md", root == NULL ? "." : root);
}

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

static void the_reference_is_in_step_with_the_tables(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct text page = described(arena);
    if (getenv("LARDER_UPDATE") != NULL) {
        FILE *file = fopen(page_path(arena), "w");
        assert_non_null(file);
        assert_int_equal(fwrite(page.data, 1, page.len, file), page.len);
        assert_int_equal(fclose(file), 0);
    }
    assert_string_equal(read_page(arena, page_path(arena)), page.data);
    arena_free(arena);
}

static void every_key_has_a_row_and_words(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct text page = described(arena);
    for (size_t i = 0; i < OPT_COUNT; i++) {
        assert_true(strlen(opt_table[i].help) > 5);
        assert_non_null(strstr(page.data, arena_printf(arena, "| `%s` | ", opt_table[i].key)));
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_is_in_step_with_the_tables),
        cmocka_unit_test(every_key_has_a_row_and_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
