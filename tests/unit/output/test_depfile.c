/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <setjmp.h>

#include <cmocka.h>

#include "output/files.h"
#include "unit/base_generator/printed.h"
#include "unit/output/directory.h"

static struct arena *arena;
static struct diag *diag;

static int set_up(void **state)
{
    arena = arena_new();
    diag = diag_new(arena);
    return directory_enter(state);
}

static int tear_down(void **state)
{
    arena_free(arena);
    return directory_leave(state);
}

static void it_is_a_rule_with_absolute_paths(void **state)
{
    (void)state;
    const char *const deps[] = {"./schemas/a.yaml", "/abs/b.yaml"};
    assert_true(out_write_depfile(arena, diag, "x.d", "x.stamp", deps, 2));
    assert_string_equal(file_read("x.d"),
                        arena_printf(arena,
                                     "%s/x.stamp: \\\n  %s/schemas/a.yaml \\\n  /abs/b.yaml\n",
                                     directory_path, directory_path));
}

static void what_make_would_read_otherwise_is_escaped(void **state)
{
    (void)state;
    const char *const deps[] = {"/a b\tc", "/#1", "/$(touch x)", "/c:d"};
    assert_true(out_write_depfile(arena, diag, "x.d", "/t t", deps, 4));
    assert_string_equal(file_read("x.d"), "/t\\ t: \\\n  /a\\ b\\\tc \\\n  /\\#1 \\\n"
                                          "  /$$(touch\\ x) \\\n  /c\\:d\n");
}

static void a_file_is_named_once(void **state)
{
    (void)state;
    const char *const deps[] = {"/a", "/b", "/a"};
    assert_true(out_write_depfile(arena, diag, "x.d", "/t", deps, 3));
    assert_string_equal(file_read("x.d"), "/t: \\\n  /a \\\n  /b\n");
}

static void a_newline_cannot_be_written(void **state)
{
    (void)state;
    const char *const deps[] = {"/a\nall: evil"};
    assert_false(out_write_depfile(arena, diag, "x.d", "/t", deps, 1));
    assert_true(diag_has(diag, "file"));
    assert_int_equal(file_count("."), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_a_rule_with_absolute_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_make_would_read_otherwise_is_escaped, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_is_named_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_newline_cannot_be_written, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
