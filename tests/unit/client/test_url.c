/* SPDX-License-Identifier: MIT */
/* Addresses as one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/url.h"

#define LONG_50 "0123456789012345678901234567890123456789012345678/"

struct row {
    const char *text;
    struct larder_url url;
};

static const struct row good[] = {
    {"redis://h", {.host = "h", .port = 6379}},
    {"redis://h/", {.host = "h", .port = 6379}},
    {"REDIS://h:1", {.host = "h", .port = 1}},
    {"redis://h:65535/0", {.host = "h", .port = 65535, .has_db = true}},
    {"redis://10.0.0.7:6380/12", {.host = "10.0.0.7", .port = 6380, .db = 12, .has_db = true}},
    {"redis://[::1]", {.host = "::1", .port = 6379}},
    {"redis://[2001:db8::1]:7000/1",
     {.host = "2001:db8::1", .port = 7000, .db = 1, .has_db = true}},
    {"redis://[fe80::1%25eth0]:7000", {.host = "fe80::1%eth0", .port = 7000}},
    {"redis://u:p@h", {.host = "h", .port = 6379, .username = "u", .password = "p"}},
    {"redis://:p@h", {.host = "h", .port = 6379, .password = "p"}},
    {"redis://u@h", {.host = "h", .port = 6379, .username = "u"}},
    {"redis://u:@h", {.host = "h", .port = 6379, .username = "u", .password = ""}},
    {"redis://u:p:q@h", {.host = "h", .port = 6379, .username = "u", .password = "p:q"}},
    {"redis://u%40x:%2f%3A%25%e2%82%ac@h",
     {.host = "h", .port = 6379, .username = "u@x", .password = "/:%\xe2\x82\xac"}},
    {"rediss://h", {.host = "h", .port = 6379, .tls = true}},
    {"REDISS://u:p@[::1]:7000/1",
     {.host = "::1",
      .port = 7000,
      .username = "u",
      .password = "p",
      .db = 1,
      .has_db = true,
      .tls = true}},
    {"redis://h/2147483647", {.host = "h", .port = 6379, .db = 2147483647, .has_db = true}},
    {"unix:///run/redis.sock", {.unix_path = "/run/redis.sock"}},
    {"unix:///run/a%20b@c:d?db=3", {.unix_path = "/run/a b@c:d", .db = 3, .has_db = true}},
    {"unix://u:p@/r", {.unix_path = "/r", .username = "u", .password = "p"}},
};

static const char *const bad[] = {
    "",
    "h",
    "h:6379",
    "//h",
    "redis:h",
    "redis:/h",
    "http://h",
    "rediss://",
    "rediss:/h",
    "redisss://h",
    "redis://",
    "redis:///1",
    "redis://:6379",
    "redis://h:",
    "redis://h:0",
    "redis://h:65536",
    "redis://h:99999999999999999999",
    "redis://h:+1",
    "redis://h: 1",
    "redis://h:1x",
    "redis://h:1:2",
    "redis://h/x",
    "redis://h/-1",
    "redis://h/1/2",
    "redis://h/1/",
    "redis://h/2147483648",
    "redis://h/1?x=1",
    "redis://h?db=1",
    "redis://h#f",
    "redis://h/1#f",
    "redis://u:p@h@h",
    "redis://u:a/b@h",
    "redis://u:%2@h",
    "redis://u:%zz@h",
    "redis://u:%00@h",
    "redis://%@h",
    "redis://h h",
    "redis://h\n",
    "redis://h\x7f",
    "redis://h\xc3\xa4",
    "redis://h%20",
    "redis://a,b",
    "redis://::1",
    "redis://::1:6379",
    "redis://[::1",
    "redis://[::1]x",
    "redis://[h]",
    "redis://[::g]",
    "redis://[::1%25]",
    "redis://[::1%2]",
    "redis://[1:2:3:4:5:6:7:8:9]",
    "unix://",
    "unix://r.sock",
    "unix://u:p@r.sock",
    "unix:///r?x=1",
    "unix:///r?db=",
    "unix:///r?db=1&x=2",
    "unix:///r#f",
    "unix:///r%00",
    "unix:///r%2",
    "unix:///" LONG_50 LONG_50 LONG_50,
};

static void same_text(const char *text, const char *part, const char *got, const char *expected)
{
    if ((got == NULL) != (expected == NULL) || (got != NULL && strcmp(got, expected) != 0)) {
        fail_msg("%s: %s is %s, not %s", text, part, got ? got : "NULL",
                 expected ? expected : "NULL");
    }
}

static void what_is_said_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct larder_url url;
        char *text = strdup(good[i].text);
        const char *wrong = larder_url_parse(text, &url);
        if (wrong != NULL) {
            fail_msg("%s: %s", good[i].text, wrong);
        }
        same_text(good[i].text, "host", url.host, good[i].url.host);
        same_text(good[i].text, "path", url.unix_path, good[i].url.unix_path);
        same_text(good[i].text, "user", url.username, good[i].url.username);
        same_text(good[i].text, "password", url.password, good[i].url.password);
        assert_int_equal(url.port, good[i].url.port);
        assert_int_equal(url.db, good[i].url.db);
        assert_int_equal(url.has_db, good[i].url.has_db);
        assert_int_equal(url.tls, good[i].url.tls);
        free(text);
    }
}

static void everything_else_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct larder_url url;
        char *text = strdup(bad[i]);
        if (larder_url_parse(text, &url) == NULL) {
            fail_msg("accepted: %s", bad[i]);
        }
        free(text);
    }
}

/* In a block that ends with the text, so that a sanitizer sees a step too far. */
static void a_cut_url_never_reads_past_its_end(void **state)
{
    static const char *const whole[] = {"redis://user:pa%20ss@[fe80::1%25e]:6379/12",
                                        "unix://u:p@/a/b%20?db=12"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (size_t len = 0; len <= strlen(whole[i]); len++) {
            struct larder_url url;
            char *text = strndup(whole[i], len);
            (void)larder_url_parse(text, &url);
            free(text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_is_read),
        cmocka_unit_test(everything_else_is_refused),
        cmocka_unit_test(a_cut_url_never_reads_past_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
