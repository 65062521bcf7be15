/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/diag.h"

static const char *const names[] = {"ttl",         "key",           "fields",  "max_bytes",
                                    "description", "jitter",        "reads",   "near",
                                    "stale",       "refresh_ahead", "absent",  "tags",
                                    "list",        "value",         "version", "ttl_only"};

static const char *suggested(const char *word)
{
    return diag_suggest(word, names, sizeof(names) / sizeof(names[0]));
}

static void near_names_are_suggested(void **state)
{
    (void)state;
    assert_string_equal(suggested("tttl"), "ttl");     /* one too many */
    assert_string_equal(suggested("tl"), "ttl");       /* one missing */
    assert_string_equal(suggested("kez"), "key");      /* another */
    assert_string_equal(suggested("filed"), "fields"); /* two swapped, one missing */
    assert_string_equal(suggested("jitetr"), "jitter");
    assert_string_equal(suggested("discription"), "description");
}

static void case_and_separators_do_not_count(void **state)
{
    (void)state;
    assert_string_equal(suggested("MaxBytes"), "max_bytes");
    assert_string_equal(suggested("max-bytes"), "max_bytes");
    assert_string_equal(suggested("TTL"), "ttl");
    assert_string_equal(suggested("--refreshAhead"), "refresh_ahead");
}

static void the_nearest_wins(void **state)
{
    (void)state;
    static const char *const both[] = {"list_of", "lists"};
    assert_string_equal(diag_suggest("list", both, 2), "lists");
}

static void far_names_are_not_suggested(void **state)
{
    (void)state;
    char longest[200];
    memset(longest, 't', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_null(suggested("lifetime"));
    assert_null(suggested("x"));
    assert_null(suggested(""));
    assert_null(suggested("_"));
    assert_null(suggested(longest));
    assert_null(diag_suggest("ttl", NULL, 0));
}

static void advice_is_a_clause_or_nothing(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_string_equal(diag_did_you_mean(arena, "tttl", names, 2), "; did you mean 'ttl'?");
    assert_string_equal(diag_did_you_mean(arena, "nothing", names, 2), "");
    arena_free(arena);
}

static void what_was_meant_is_read_back(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const char *advice = diag_did_you_mean(arena, "tttl", names, sizeof(names) / sizeof(names[0]));
    assert_string_equal(advice, "; did you mean 'ttl'?");
    assert_string_equal(diag_meant(arena, arena_printf(arena, "unknown%s", advice)), "ttl");
    assert_null(diag_meant(arena, "unknown key 'tttl'"));
    assert_null(diag_meant(arena, "unknown key '; did you mean 'ttl'?', which is no name"));
    assert_string_equal(
        diag_meant(arena, "unknown key '; did you mean 'a'?' in a map; did you mean 'b'?"), "b");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_meant_is_read_back),
        cmocka_unit_test(near_names_are_suggested),
        cmocka_unit_test(case_and_separators_do_not_count),
        cmocka_unit_test(the_nearest_wins),
        cmocka_unit_test(far_names_are_not_suggested),
        cmocka_unit_test(advice_is_a_clause_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
