/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/text.h"
#include "unit/yaml/parsed.h"

static char *repeated(struct arena *arena, const char *piece, size_t count, const char *tail)
{
    struct text text;
    text_init(&text, arena, SIZE_MAX / 4);
    for (size_t i = 0; i < count; i++)
        text_puts(&text, piece);
    text_puts(&text, tail);
    return text.data;
}

static void check(const char *text, enum yml_mode mode, const char *expected)
{
    struct parsed parsed = parse(text, mode);
    if (expected) {
        assert_null(parsed.root);
        assert_non_null(strstr(parsed.text, expected));
    } else {
        assert_string_equal(parsed.text, "");
        assert_non_null(parsed.root);
    }
    parsed_release(&parsed);
}

static void depth_is_limited(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    check(repeated(arena, "[", 32, repeated(arena, "]", 32, "")), YML_SCHEMA, NULL);
    check(repeated(arena, "[", 33, repeated(arena, "]", 33, "")), YML_SCHEMA, ":1:33: error:");
    check(repeated(arena, "[", 64, repeated(arena, "]", 64, "")), YML_DATA, NULL);
    check(repeated(arena, "[", 65, repeated(arena, "]", 65, "")), YML_DATA, "[too-deep]");
    check(repeated(arena, "- ", 33, "x"), YML_SCHEMA, "[too-deep]");
    check(repeated(arena, "{a: ", 33, ""), YML_SCHEMA, "[too-deep]");
    arena_free(arena);
}

static double processor_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* libyaml alone takes minutes for the first; the bound leaves room for sanitizers. */
static void a_bomb_is_refused_before_it_costs_anything(void **state)
{
    (void)state;
    static const char *const pieces[] = {"[", "{", "- ", "? ", "{a: ", "[[{x: "};
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        double start = processor_seconds();
        struct parsed parsed =
            parse(repeated(arena, pieces[i], 300000 / strlen(pieces[i]), ""), YML_SCHEMA);
        assert_null(parsed.root);
        assert_true(strlen(parsed.text) < 1000);
        parsed_release(&parsed);
        assert_true(processor_seconds() - start < 0.5);
    }
    arena_free(arena);
}

static void size_is_limited(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    check(repeated(arena, "#", 1024 * 1024, ""), YML_SCHEMA, NULL);
    check(repeated(arena, "#", 1024 * 1024 + 1, ""), YML_SCHEMA, "[too-large]");
    check(repeated(arena, "#", 1024 * 1024 + 1, ""), YML_DATA, NULL);
    arena_free(arena);
}

static void the_number_of_nodes_is_limited(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    check(repeated(arena, "- x\n", 99999, ""), YML_SCHEMA, NULL);
    check(repeated(arena, "- x\n", 100000, ""), YML_SCHEMA, ":100000:3: error:");
    check(repeated(arena, "- x\n", 100000, ""), YML_DATA, NULL);
    arena_free(arena);
}

static void a_hundred_thousand_keys_are_compared_quickly(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct text text;
    text_init(&text, arena, SIZE_MAX / 4);
    for (int i = 0; i < 100000; i++)
        text_printf(&text, "k%d: 1\n", i);
    text_puts(&text, "k5: 2\n");
    double start = processor_seconds();
    check(text.data, YML_DATA, ":100001:1: error: duplicate key 'k5'");
    assert_true(processor_seconds() - start < 5);
    arena_free(arena);
}

/* Each level has ten of the one before: 10^12 nodes from a kilobyte. */
static void aliases_count_as_what_they_stand_for(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct text text;
    text_init(&text, arena, SIZE_MAX / 4);
    text_puts(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 12; i++) {
        text_printf(&text, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++)
            text_printf(&text, "%s*a%d", j ? "," : "", i - 1);
        text_puts(&text, "]\n");
    }
    check(text.data, YML_DATA, "[too-many-nodes]");
    arena_free(arena);
}

static void aliases_are_as_deep_as_what_they_stand_for(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const char *open = repeated(arena, "[", 40, ""), *close = repeated(arena, "]", 40, "");
    check(arena_printf(arena, "a: &a %sx%s\nb: %s*a%s\n", open, close, open, close), YML_DATA,
          "[too-deep]");
    check(arena_printf(arena, "a: &a %sx%s\nb: [*a]\n", open, close), YML_DATA, NULL);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(a_bomb_is_refused_before_it_costs_anything),
        cmocka_unit_test(size_is_limited),
        cmocka_unit_test(the_number_of_nodes_is_limited),
        cmocka_unit_test(a_hundred_thousand_keys_are_compared_quickly),
        cmocka_unit_test(aliases_count_as_what_they_stand_for),
        cmocka_unit_test(aliases_are_as_deep_as_what_they_stand_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
