/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "unit/yaml/parsed.h"

static struct arena *arena;
static struct diag *diag;
static char directory[] = "/tmp/larder-yaml-XXXXXX";

static int set_up_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int tear_down_directory(void **state)
{
    (void)state;
    return chdir("/") == 0 && rmdir(directory) == 0 ? 0 : -1;
}

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

static void put(const char *path, const char *data, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    fclose(file);
}

static const struct src_file *read_file(const char *path, size_t max)
{
    return yml_read_file(arena, diag, path, max, (struct src_pos){0});
}

static void assert_refused(const char *path, size_t max, const char *expected)
{
    assert_null(read_file(path, max));
    const char *text = printed(arena, diag);
    if (!strstr(text, expected))
        fail_msg("no '%s' in: %s", expected, text);
}

static void a_file_is_read_whole(void **state)
{
    (void)state;
    char data[100000];
    memset(data, 'x', sizeof(data));
    data[50] = '\0';
    put("a.yaml", data, sizeof(data));
    const struct src_file *file = read_file("a.yaml", sizeof(data));
    assert_non_null(file);
    assert_string_equal(file->path, "a.yaml");
    assert_int_equal(file->len, sizeof(data));
    assert_memory_equal(file->data, data, sizeof(data));
    assert_int_equal(file->data[file->len], 0);
    unlink("a.yaml");
}

static void an_empty_file_is_empty_text(void **state)
{
    (void)state;
    put("a.yaml", "", 0);
    const struct src_file *file = read_file("a.yaml", 10);
    assert_non_null(file);
    assert_int_equal(file->len, 0);
    assert_string_equal(file->data, "");
    unlink("a.yaml");
}

static void what_is_too_large_is_refused(void **state)
{
    (void)state;
    put("a.yaml", "0123456789", 10);
    assert_non_null(read_file("a.yaml", 10));
    assert_refused("a.yaml", 9, "a.yaml: error: 'a.yaml' is larger than 9 bytes [too-large]\n");
    unlink("a.yaml");
}

static void what_is_no_regular_file_is_refused_at_once(void **state)
{
    (void)state;
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_refused("pipe", 10, "pipe: error: cannot read 'pipe': it is no regular file [file]\n");
    assert_refused("/dev/zero", 10, "it is no regular file [file]\n");
    assert_refused(".", 10, "it is a directory [file]\n");
    assert_refused("none", 10, "cannot read 'none': No such file or directory [file]\n");
    unlink("pipe");
}

/* Many times what a pipe holds: the reader is often ahead of the writer. */
static void a_pipe_that_is_open_already_is_read_to_its_end(void **state)
{
    enum { BYTES = 1000000 };
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const char *text = arena_alloc(arena, BYTES);
    pid_t child = fork();
    if (child == 0) {
        ssize_t written = write(ends[1], text, BYTES);
        _exit(written == BYTES ? 0 : 1);
    }
    close(ends[1]);
    const struct src_file *file = read_file(arena_printf(arena, "/dev/fd/%d", ends[0]), BYTES);
    close(ends[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_non_null(file);
    assert_int_equal(file->len, BYTES);
}

static void a_file_asked_for_in_another_is_reported_there(void **state)
{
    (void)state;
    const struct src_file asking = {"in.yaml", "include: [x.yaml]\n", 18};
    assert_null(yml_read_file(arena, diag, "x.yaml", 10, (struct src_pos){&asking, 1, 11}));
    assert_string_equal(printed(arena, diag),
                        "in.yaml:1:11: error: cannot read 'x.yaml': No such file or directory "
                        "[file]\n"
                        "    1 | include: [x.yaml]\n"
                        "      |           ^\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_read_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_file_is_empty_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_large_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_regular_file_is_refused_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_pipe_that_is_open_already_is_read_to_its_end, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_asked_for_in_another_is_reported_there, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, set_up_directory, tear_down_directory);
}
