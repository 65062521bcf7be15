/* SPDX-License-Identifier: MIT */
/*
 * docs/settings.md is made of settings.def. With LARDER_UPDATE=1 in the
 * environment this writes it anew; without, it must be as it would be written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/setting.h"

static const char head[] =
    "# Settings\n"
    "\n"
    "<!-- Made of runtime/client/settings.def; LARDER_UPDATE=1 rewrites it, see\n"
    "     tests/unit/client/test_settings_page.c. -->\n"
    "\n"
    "A cache takes its settings once, at open, from `struct larder_config` and the environment. For\n"
    "each setting the first of these that says it counts:\n"
    "\n"
    "1. the member of `struct larder_config` (zero or NULL: not set);\n"
    "2. the variable with the service's name before it: `PRODUCT_REDIS_TIMEOUT`;\n"
    "3. the schema (`redis.db`, `redis.prefix`, `ttl`);\n"
    "4. the variable: `REDIS_TIMEOUT`;\n"
    "5. the built-in value.\n"
    "\n"
    "Lifetimes are there to be overridden: for them the variable comes before the schema.\n"
    "\n"
    "Every value is checked at every level, also where another one counts. One that does not parse\n"
    "makes open fail with `LARDER_E_CONFIG`, and `larder_last_error()` names the variable or the\n"
    "member and what is wrong with it, never its value. An empty variable is not set, except that an\n"
    "empty password means none and an empty prefix none. Two names of one setting at one level must\n"
    "agree. Unknown variables that begin with `CACHE_` (or `<SERVICE>_CACHE_`) are logged once at open.\n"
    "No thread may change the environment while another opens a cache.\n"
    "\n"
    "The address is that of the highest level that says a URL or a host. A URL brings its port, user,\n"
    "password and database along, at its own level and only where it is the address that counts;\n"
    "beside it, at the same level, what it says may not be said again. `rediss://` says `REDIS_TLS`;\n"
    "`redis://` says nothing about TLS, so that it never turns off what another level asked for.\n"
    "\n";

static const char tail[] =
    "## Files of TLS\n"
    "\n"
    "The files are read at open, where one that cannot be used is `LARDER_E_CONFIG`, and again when a\n"
    "connection is set up and one of them has changed. Files that cannot be used then are a line in the\n"
    "log, and the last good ones stay in use. Connections that are open go on with what they began\n"
    "with. Naming a file or a name without asking for TLS is an error, unless `REDIS_TLS` says false.\n"
    "\n"
    "The certificate must lead to a trusted one and carry the host's name (a whole label may be `*`)\n"
    "or address; no setting turns that off, and nothing is ever sent in the clear instead. A\n"
    "certificate that is refused, on either side, is `LARDER_E_AUTH` with the reason.\n"
    "\n"
    "## Lifetimes of the schema\n"
    "\n"
    "Each name in the schema's `ttl:` has a variable of its own, `CACHE_TTL_<NAME>`, and a row in\n"
    "`config.ttls`: seconds, or a duration like 500ms 30s 5m 1h 2d, from 1ms to 2^53 ms (in config:\n"
    "milliseconds). `default` is the setting CACHE_DEFAULT_TTL.\n";

static const char *const groups[LARDER_STATE_REFUSED + 1][2] = {
    [LARDER_STATE_HERE] = {"In this version", ""},
    [LARDER_STATE_REFUSED] = {"Refused",
                              "Not in this version, and wrong to ignore: asking for one is "
                              "`LARDER_E_CONFIG`. Those\nof a server may be asked for where "
                              "`CACHE_BACKEND` is not `redis`.\n\n"},
};

static void print_aliases(FILE *page, const char *aliases)
{
    const char *before = "- Also";
    while (*aliases != '\0') {
        size_t len = strcspn(aliases, " ");
        fprintf(page, "%s `%.*s`", before, (int)len, aliases);
        before = ",";
        aliases += len + (aliases[len] == ' ' ? 1 : 0);
    }
    fprintf(page, "\n");
}

static void print_row(FILE *page, const struct larder_setting_row *row)
{
    char expected[200];
    larder_setting_describe(row, expected, sizeof expected);
    fprintf(page, "### `%s`\n\n%s\n\n", row->name, row->help);
    if (row->member_name != NULL) {
        fprintf(page, "- Member: `%s`\n", row->member_name);
    }
    fprintf(page, "- Value: %s\n", expected);
    if (row->built_in != NULL && *row->built_in != '\0') {
        fprintf(page, "- Built-in: `%s`\n", row->built_in);
    }
    if (*row->aliases != '\0') {
        print_aliases(page, row->aliases);
    }
    fprintf(page, "\n");
}

static void print_page(FILE *page)
{
    fprintf(page, "%s", head);
    for (int state = 0; state <= LARDER_STATE_REFUSED; state++) {
        fprintf(page, "## %s\n\n%s", groups[state][0], groups[state][1]);
        for (size_t i = 0; i < LARDER_SETTING_COUNT; i++) {
            if ((int)larder_setting_rows[i].state == state) {
                print_row(page, &larder_setting_rows[i]);
            }
        }
    }
    fprintf(page, "%s", tail);
}

/* The page's path: beside the sources that this was built from. */
static void page_path(char *buf, size_t size)
{
    const char *root = getenv("LARDER_SOURCE_DIR");
    snprintf(buf, size, "%s/docs/settings.md", root != NULL ? root : ".");
}

static char *read_page(const char *path)
{
    size_t max = 1 << 20;
    char *text = calloc(1, max);
    FILE *file = fopen(path, "r");
    assert_non_null(text);
    if (file != NULL) {
        assert_true(fread(text, 1, max - 1, file) < max - 1);
        fclose(file);
    }
    return text;
}

static void the_page_is_what_the_table_says(void **state)
{
    char path[4096];
    char *expected;
    size_t len;
    (void)state;
    FILE *page = open_memstream(&expected, &len);
    assert_non_null(page);
    print_page(page);
    assert_int_equal(fclose(page), 0);
    page_path(path, sizeof path);
    if (getenv("LARDER_UPDATE") != NULL) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_int_equal(fwrite(expected, 1, len, file), len);
        assert_int_equal(fclose(file), 0);
    }
    char *found = read_page(path);
    if (strcmp(found, expected) != 0) {
        fail_msg("%s is not what settings.def says; LARDER_UPDATE=1 rewrites it", path);
    }
    free(found);
    free(expected);
}

static void every_built_in_value_is_a_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < LARDER_SETTING_COUNT; i++) {
        const struct larder_setting_row *row = &larder_setting_rows[i];
        int64_t number;
        if (row->built_in != NULL && !larder_setting_parse(row, row->built_in, &number)) {
            fail_msg("%s: %s", row->name, row->built_in);
        }
    }
}

static void no_name_stands_for_two_settings(void **state)
{
    (void)state;
    for (size_t i = 0; i < LARDER_SETTING_COUNT; i++) {
        size_t named = 0;
        const char *name = larder_setting_rows[i].name;
        for (size_t k = 0; k < LARDER_SETTING_COUNT; k++) {
            named += larder_setting_is_named(&larder_setting_rows[k], name, strlen(name)) ? 1 : 0;
        }
        assert_int_equal(named, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_is_what_the_table_says),
        cmocka_unit_test(every_built_in_value_is_a_value),
        cmocka_unit_test(no_name_stands_for_two_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
