/* SPDX-License-Identifier: MIT */
/*
 * The man pages and completions that are committed are what the tables say.
 * LARDER_UPDATE=1 rewrites them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pages.h"
#include "schema/options.h"
#include "verbs.h"

enum { PAGE_MAX = 1 << 20 };

static const struct page {
    const char *path;
    void (*print)(struct text *out);
} pages[] = {
    {"docs/man/larder.1.scd", page_man_larder},  {"docs/man/larder-schema.5.scd", page_man_schema},
    {"docs/completions/larder.bash", page_bash}, {"docs/completions/_larder", page_zsh},
    {"docs/completions/larder.fish", page_fish},
};

enum { PAGE_COUNT = sizeof(pages) / sizeof(pages[0]) };

static struct text printed(struct arena *arena, const struct page *page)
{
    struct text text;
    text_init(&text, arena, PAGE_MAX);
    page->print(&text);
    assert_false(text.full);
    return text;
}

static FILE *open_page(struct arena *arena, const struct page *page, const char *mode)
{
    const char *root = getenv("LARDER_SOURCE_DIR");
    FILE *file = fopen(arena_printf(arena, "%s/%s", root ? root : ".", page->path), mode);
    assert_non_null(file);
    return file;
}

static void the_pages_are_in_step_with_the_tables(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    for (size_t i = 0; i < PAGE_COUNT; i++) {
        struct text text = printed(arena, &pages[i]);
        if (getenv("LARDER_UPDATE")) {
            FILE *file = open_page(arena, &pages[i], "w");
            assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
            assert_int_equal(fclose(file), 0);
        }
        char *there = arena_alloc(arena, PAGE_MAX);
        FILE *file = open_page(arena, &pages[i], "r");
        (void)fread(there, 1, PAGE_MAX - 1, file);
        fclose(file);
        assert_string_equal(there, text.data);
    }
    arena_free(arena);
}

static void every_page_of_the_program_has_every_verb_and_option(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    for (size_t i = 0; i < PAGE_COUNT; i++) {
        struct text text = printed(arena, &pages[i]);
        for (size_t v = 0; pages[i].print != page_man_schema && v < verb_count; v++) {
            assert_non_null(strstr(text.data, verb_table[v].name));
            const struct args_option *option = verb_options(arena, &verb_table[v]);
            for (; option->name; option++) {
                assert_non_null(strstr(text.data, option->name + strspn(option->name, "-")));
            }
        }
    }
    arena_free(arena);
}

static void the_page_of_the_language_has_every_key(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct text text;
    text_init(&text, arena, PAGE_MAX);
    page_man_schema(&text);
    for (size_t i = 0; i < OPT_COUNT; i++) {
        const char *key = opt_table[i].key;
        assert_non_null(strstr(text.data, arena_copy(arena, key, strcspn(key, "_"))));
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pages_are_in_step_with_the_tables),
        cmocka_unit_test(every_page_of_the_program_has_every_verb_and_option),
        cmocka_unit_test(the_page_of_the_language_has_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
