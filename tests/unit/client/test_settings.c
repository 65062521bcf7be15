/* SPDX-License-Identifier: MIT */
/* Settings: each variable good and bad, its aliases, which level counts. */
#include "../cache/shelf.h"

#include <locale.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/setting.h"
#include "client/settings.h"

/* A shelf whose schema says a database and a prefix. */
static struct larder_service service;

struct bench {
    struct shelf shelf;
    struct larder_settings settings;
    struct larder_config config;
};

static void clear_environment(void)
{
    for (size_t i = 0; i < LARDER_SETTING_COUNT; i++) {
        const struct larder_setting_row *row = &larder_setting_rows[i];
        char name[128];
        const char *alias = row->aliases;
        unsetenv(row->name);
        snprintf(name, sizeof name, "SHELF_%s", row->name);
        unsetenv(name);
        while (*alias != '\0') {
            size_t len = strcspn(alias, " ");
            snprintf(name, sizeof name, "SHELF_%.*s", (int)len, alias);
            unsetenv(name);
            unsetenv(name + strlen("SHELF_"));
            alias += len + (alias[len] == ' ' ? 1 : 0);
        }
    }
    unsetenv("CACHE_TTL_TEAS");
    unsetenv("SHELF_CACHE_TTL_TEAS");
}

static int setup(void **state)
{
    static struct bench bench;
    memset(&bench, 0, sizeof bench);
    shelf_init(&bench.shelf);
    service = shelf_service;
    clear_environment();
    *state = &bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    clear_environment();
    return bench->shelf.memory.live_blocks == 0 ? 0 : -1;
}

#define SETTINGS_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static enum larder_status resolve(struct bench *bench)
{
    return larder_settings_resolve(&service, &bench->config, &bench->shelf.memory.allocator,
                                   &bench->shelf.log, &bench->settings);
}

static void release(struct bench *bench)
{
    larder_settings_release(&bench->settings);
}

static void say(const char *name, const char *value)
{
    assert_int_equal(setenv(name, value, 1), 0);
}

/* Refused, by the name of what is wrong, without the value. */
static void refused(struct bench *bench, const char *name, const char *value)
{
    enum larder_status status = resolve(bench);
    if (status != LARDER_E_CONFIG || strncmp(larder_last_error(), name, strlen(name)) != 0) {
        fail_msg("%s=%s: %s: %s", name, value, larder_status_name(status), larder_last_error());
    }
    if (strlen(value) > 4 && strstr(larder_last_error(), value) != NULL) {
        fail_msg("%s: shows its value: %s", name, larder_last_error());
    }
}

static void built_in_values_hold(void **state)
{
    struct bench *bench = *state;
    assert_status(resolve(bench), LARDER_OK);
    const struct larder_settings *s = &bench->settings;
    assert_int_equal(s->backend, LARDER_BACKEND_REDIS);
    assert_string_equal(s->address.host, "127.0.0.1");
    assert_int_equal(s->address.port, 6379);
    assert_int_equal(s->address.db, 0);
    assert_null(s->address.unix_path);
    assert_null(s->address.username);
    assert_null(s->address.password);
    assert_int_equal(s->max_connections, 16);
    assert_int_equal(s->timeout_ms, 5000);
    assert_int_equal(s->connect_timeout_ms, 5000);
    assert_int_equal(s->memory_bytes, 64 << 20);
    assert_string_equal(s->key_prefix, "");
    assert_int_equal(s->ttls_ms[TTL_DEFAULT], 3600000);
    assert_int_equal(s->ttls_ms[TTL_TEAS], 60000);
    assert_string_equal(bench->shelf.log_text, "");
    release(bench);
}

/* -------------------------------------------------------- what values are read */

struct number_row {
    const char *name;
    const char *value;
    int64_t number; /* -1: refused */
};

static int64_t number_of(const struct larder_settings *s, const char *name)
{
    if (strstr(name, "PORT") != NULL) {
        return s->address.port;
    }
    if (strstr(name, "REDIS_DB") != NULL) {
        return s->address.db;
    }
    if (strstr(name, "CONNECTIONS") != NULL) {
        return s->max_connections;
    }
    if (strstr(name, "CONNECT_TIMEOUT") != NULL) {
        return s->connect_timeout_ms;
    }
    if (strstr(name, "TIMEOUT") != NULL) {
        return s->timeout_ms;
    }
    if (strstr(name, "TEAS") != NULL) {
        return s->ttls_ms[TTL_TEAS];
    }
    if (strstr(name, "TTL") != NULL) {
        return s->ttls_ms[TTL_DEFAULT];
    }
    if (strstr(name, "MEMORY") != NULL) {
        return s->memory_bytes;
    }
    return (int64_t)s->backend;
}

static const struct number_row numbers[] = {
    {"REDIS_PORT", "1", 1},
    {"REDIS_PORT", "65535", 65535},
    {"REDIS_PORT", "0", -1},
    {"REDIS_PORT", "65536", -1},
    {"REDIS_PORT", "-1", -1},
    {"REDIS_PORT", "+1", -1},
    {"REDIS_PORT", " 1", -1},
    {"REDIS_PORT", "1 ", -1},
    {"REDIS_PORT", "0x10", -1},
    {"REDIS_PORT", "1e3", -1},
    {"REDIS_PORT", "99999999999999999999999", -1},
    {"REDIS_PORT", "tcp://10.0.0.1:6379", -1},
    {"REDIS_DB", "0", 0},
    {"REDIS_DB", "15", 15},
    {"REDIS_DB", "-1", -1},
    {"REDIS_DB", "2147483648", -1},
    {"REDIS_MAX_CONNECTIONS", "1", 1},
    {"REDIS_MAX_CONNECTIONS", "10000", 10000},
    {"REDIS_MAX_CONNECTIONS", "0", -1},
    {"REDIS_MAX_CONNECTIONS", "10001", -1},
    {"REDIS_POOL_MAX_CONNECTIONS", "7", 7},
    {"REDIS_POOL_MAX_CONNECTIONS", "x", -1},
    {"REDIS_TIMEOUT", "1", 1000},
    {"REDIS_TIMEOUT", "0.25", 250},
    {"REDIS_TIMEOUT", "0.001", 1},
    {"REDIS_TIMEOUT", "0.0001", 1},
    {"REDIS_TIMEOUT", "1.0005", 1001},
    {"REDIS_TIMEOUT", "1.0000000000000000000000000000", 1000},
    {"REDIS_TIMEOUT", "86400", 86400000},
    {"REDIS_TIMEOUT", "86400.001", -1},
    {"REDIS_TIMEOUT", "0", -1},
    {"REDIS_TIMEOUT", "0.0", -1},
    {"REDIS_TIMEOUT", "-1", -1},
    {"REDIS_TIMEOUT", "1.", -1},
    {"REDIS_TIMEOUT", ".5", -1},
    {"REDIS_TIMEOUT", "1,5", -1},
    {"REDIS_TIMEOUT", "1.5.5", -1},
    {"REDIS_TIMEOUT", "1e3", -1},
    {"REDIS_TIMEOUT", "inf", -1},
    {"REDIS_TIMEOUT", "nan", -1},
    {"REDIS_TIMEOUT", "5s", -1},
    {"REDIS_TIMEOUT", "9223372036854775807", -1},
    {"REDIS_TIMEOUT", "99999999999999999999", -1},
    {"REDIS_POOL_TIMEOUT", "2.5", 2500},
    {"REDIS_CONNECT_TIMEOUT", "0.5", 500},
    {"REDIS_CONNECT_TIMEOUT", "x", -1},
    {"CACHE_MEMORY_BYTES", "65536", 65536},
    {"CACHE_MEMORY_BYTES", "1MiB", 1 << 20},
    {"CACHE_MEMORY_BYTES", "128KiB", 128 << 10},
    {"CACHE_MEMORY_BYTES", "2GiB", INT64_C(2) << 30},
    {"CACHE_MEMORY_BYTES", "65535", -1},
    {"CACHE_MEMORY_BYTES", "1MB", -1},
    {"CACHE_MEMORY_BYTES", "MiB", -1},
    {"CACHE_MEMORY_BYTES", "99999999999GiB", -1},
    {"CACHE_DEFAULT_TTL", "1", 1000},
    {"CACHE_DEFAULT_TTL", "500ms", 500},
    {"CACHE_DEFAULT_TTL", "30s", 30000},
    {"CACHE_DEFAULT_TTL", "5m", 300000},
    {"CACHE_DEFAULT_TTL", "1h", 3600000},
    {"CACHE_DEFAULT_TTL", "2d", 172800000},
    {"CACHE_DEFAULT_TTL", "9007199254740992ms", INT64_C(1) << 53},
    {"CACHE_DEFAULT_TTL", "9007199254740993ms", -1},
    {"CACHE_DEFAULT_TTL", "9223372036854775807d", -1},
    {"CACHE_DEFAULT_TTL", "0", -1},
    {"CACHE_DEFAULT_TTL", "-5", -1},
    {"CACHE_DEFAULT_TTL", "1.5h", -1},
    {"CACHE_DEFAULT_TTL", "1h30m", -1},
    {"CACHE_DEFAULT_TTL", "1 h", -1},
    {"CACHE_DEFAULT_TTL", "1H", -1},
    {"CACHE_DEFAULT_TTL", "none", -1},
    {"CACHE_TTL_DEFAULT", "10", 10000},
    {"REDIS_DEFAULT_TTL", "20", 20000},
    {"CACHE_TTL_TEAS", "10", 10000},
    {"CACHE_TTL_TEAS", "10m", 600000},
    {"CACHE_TTL_TEAS", "0", -1},
    {"CACHE_TTL_TEAS", "soon", -1},
    {"CACHE_BACKEND", "redis", LARDER_BACKEND_REDIS},
    {"CACHE_BACKEND", "memory", LARDER_BACKEND_MEMORY},
    {"CACHE_BACKEND", "off", LARDER_BACKEND_OFF},
    {"CACHE_BACKEND", "Redis", -1},
    {"CACHE_BACKEND", "redis|off", -1},
    {"CACHE_BACKEND", "mem", -1},
};

static void one_number(struct bench *bench, const struct number_row *row, const char *prefix)
{
    char name[128];
    snprintf(name, sizeof name, "%s%s", prefix, row->name);
    say(name, row->value);
    if (row->number < 0) {
        refused(bench, name, row->value);
    } else {
        assert_status(resolve(bench), LARDER_OK);
        if (number_of(&bench->settings, row->name) != row->number) {
            fail_msg("%s=%s gave %lld", name, row->value,
                     (long long)number_of(&bench->settings, row->name));
        }
        release(bench);
    }
    unsetenv(name);
}

static void values_are_read_or_named(void **state)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        one_number(*state, &numbers[i], "");
        one_number(*state, &numbers[i], "SHELF_");
    }
}

static void the_locale_has_no_say(void **state)
{
    static const char *const commas[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    for (size_t i = 0; i < 3 && setlocale(LC_NUMERIC, commas[i]) == NULL; i++) {
    }
    one_number(*state, &(struct number_row){"REDIS_TIMEOUT", "0.25", 250}, "");
    one_number(*state, &(struct number_row){"REDIS_TIMEOUT", "0,25", -1}, "");
    setlocale(LC_NUMERIC, "C");
}

static void texts_are_checked(void **state)
{
    static const struct {
        const char *name, *value;
        bool good;
    } rows[] = {
        {"REDIS_HOST", "redis.internal", true},
        {"REDIS_HOST", "10.0.0.1", true},
        {"REDIS_HOST", "::1", true},
        {"REDIS_HOST", "fe80::1%eth0", true},
        {"REDIS_HOST", "host:6379", false},
        {"REDIS_HOST", "redis://host", false},
        {"REDIS_HOST", "/run/redis.sock", false},
        {"REDIS_HOST", "a b", false},
        {"REDIS_HOST", "[::1]", false},
        {"CACHE_KEY_PREFIX", "shop:", true},
        {"CACHE_KEY_PREFIX",
         "l\xc3\xa4"
         "den:",
         true},
        {"CACHE_KEY_PREFIX", "{shop}:", true},
        {"CACHE_KEY_PREFIX", "a b", false},
        {"CACHE_KEY_PREFIX", "a\tb", false},
        {"CACHE_KEY_PREFIX", "a\x7f", false},
        {"CACHE_KEY_PREFIX", "~a", false},
        {"CACHE_KEY_PREFIX", "a*", false},
        {"CACHE_KEY_PREFIX", "a?", false},
        {"CACHE_KEY_PREFIX", "a[", false},
        {"CACHE_KEY_PREFIX", "a]", false},
        {"CACHE_KEY_PREFIX", "a\\", false},
        {"CACHE_KEY_PREFIX", "\xff", false},
        {"CACHE_PREFIX", "a*", false},
        {"REDIS_URL", "redis://h:70000", false},
        {"REDIS_URL", "h:6379", false},
        {"REDIS_USERNAME", "a\nb", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench *bench = *state;
        say(rows[i].name, rows[i].value);
        if (rows[i].good) {
            assert_status(resolve(bench), LARDER_OK);
            release(bench);
        } else {
            refused(bench, rows[i].name, rows[i].value);
        }
        unsetenv(rows[i].name);
    }
}

static void texts_have_a_length_limit(void **state)
{
    struct bench *bench = *state;
    char text[300];
    memset(text, 'p', sizeof text);
    text[255] = '\0';
    say("CACHE_KEY_PREFIX", text);
    assert_status(resolve(bench), LARDER_OK);
    assert_int_equal(strlen(bench->settings.key_prefix), 255);
    release(bench);
    text[255] = 'p';
    text[256] = '\0';
    say("CACHE_KEY_PREFIX", text);
    refused(bench, "CACHE_KEY_PREFIX", text);
    unsetenv("CACHE_KEY_PREFIX");
    service.prefix = text;
    refused(bench, "the schema", text);
}

static void an_empty_variable_is_not_set(void **state)
{
    struct bench *bench = *state;
    for (size_t i = 0; i < LARDER_SETTING_COUNT; i++) {
        say(larder_setting_rows[i].name, "");
    }
    say("CACHE_TTL_TEAS", "");
    say("REDIS_PASSWORD", "");
    assert_status(resolve(bench), LARDER_OK);
    assert_int_equal(bench->settings.timeout_ms, 5000);
    assert_int_equal(bench->settings.ttls_ms[TTL_TEAS], 60000);
    assert_null(bench->settings.address.password);
    release(bench);
}

/* -------------------------------------------------------------------- levels */

static void levels_count_in_their_order(void **state)
{
    struct bench *bench = *state;
    service.db = 3;
    service.prefix = "schema:";
    say("REDIS_DB", "4");
    say("CACHE_KEY_PREFIX", "bare:");
    assert_status(resolve(bench), LARDER_OK);
    assert_int_equal(bench->settings.address.db, 3);
    assert_string_equal(bench->settings.key_prefix, "schema:");
    release(bench);
    say("SHELF_REDIS_DB", "5");
    say("SHELF_CACHE_KEY_PREFIX", "service:");
    assert_status(resolve(bench), LARDER_OK);
    assert_int_equal(bench->settings.address.db, 5);
    assert_string_equal(bench->settings.key_prefix, "service:");
    release(bench);
    bench->config.has_db = true;
    bench->config.key_prefix = "";
    assert_status(resolve(bench), LARDER_OK);
    assert_int_equal(bench->settings.address.db, 0);
    assert_string_equal(bench->settings.key_prefix, "");
    release(bench);
    service.db = -1;
    bench->config.has_db = false;
    unsetenv("SHELF_REDIS_DB");
    assert_status(resolve(bench), LARDER_OK);
    assert_int_equal(bench->settings.address.db, 4);
    release(bench);
}

static void lifetimes_of_the_environment_beat_the_schemas(void **state)
{
    static const struct larder_config_ttl ttls[] = {{"teas", 7}, {"default", 8}};
    struct bench *bench = *state;
    say("CACHE_TTL_TEAS", "1");
    say("CACHE_DEFAULT_TTL", "2");
    assert_status(resolve(bench), LARDER_OK);
    assert_int_equal(bench->settings.ttls_ms[TTL_TEAS], 1000);
    assert_int_equal(bench->settings.ttls_ms[TTL_DEFAULT], 2000);
    release(bench);
    say("SHELF_CACHE_TTL_TEAS", "3");
    say("SHELF_CACHE_TTL_DEFAULT", "4");
    assert_status(resolve(bench), LARDER_OK);
    assert_int_equal(bench->settings.ttls_ms[TTL_TEAS], 3000);
    assert_int_equal(bench->settings.ttls_ms[TTL_DEFAULT], 4000);
    release(bench);
    bench->config.ttls = ttls;
    bench->config.ttl_count = 2;
    assert_status(resolve(bench), LARDER_OK);
    assert_int_equal(bench->settings.ttls_ms[TTL_TEAS], 7);
    assert_int_equal(bench->settings.ttls_ms[TTL_DEFAULT], 8);
    release(bench);
    bench->config.default_ttl_ms = 9;
    refused(bench, "config.ttls", "");
    bench->config.ttl_count = 1;
    assert_status(resolve(bench), LARDER_OK);
    assert_int_equal(bench->settings.ttls_ms[TTL_DEFAULT], 9);
    release(bench);
}

static void config_is_checked_like_the_environment(void **state)
{
    static const struct larder_config_ttl unknown[] = {{"coffees", 1}};
    static const struct larder_config_ttl zero[] = {{"teas", 0}};
    static const struct larder_config_ttl twice[] = {{"teas", 1}, {"teas", 1}};
    static const struct {
        const char *name;
        struct larder_config config;
    } rows[] = {
        {"config.port", {.port = -1}},
        {"config.port", {.port = 65536}},
        {"config.db", {.db = -1, .has_db = true}},
        {"config.db", {.db = 1}},
        {"config.max_connections", {.max_connections = -5}},
        {"config.timeout_ms", {.timeout_ms = -5}},
        {"config.timeout_ms", {.timeout_ms = 86400001}},
        {"config.connect_timeout_ms", {.connect_timeout_ms = INT64_MAX}},
        {"config.backend", {.backend = "redsi"}},
        {"config.fallback", {.fallback = "disk"}},
        {"config.memory_bytes", {.memory_bytes = 1}},
        {"config.default_ttl_ms", {.default_ttl_ms = -1}},
        {"config.key_prefix", {.key_prefix = "a*"}},
        {"config.host", {.host = "a:1"}},
        {"config.url", {.url = "a:1"}},
        {"config.url", {.url = "redis://a", .host = "b"}},
        {"config.url", {.url = "redis://a", .port = 1}},
        {"config.password and config.password_file",
         {.password = "abcdefgh", .password_file = "/x"}},
        {"config.username", {.username = "user"}},
        {"config.password_file", {.password_file = "/nonexistent/file"}},
        {"config.ttls", {.ttl_count = 1}},
        {"config.ttls", {.ttls = unknown, .ttl_count = 1}},
        {"config.ttls", {.ttls = zero, .ttl_count = 1}},
        {"config.ttls", {.ttls = twice, .ttl_count = 2}},
    };
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench->config = rows[i].config;
        refused(bench, rows[i].name, "abcdefgh");
    }
}

static void two_names_of_one_setting_must_agree(void **state)
{
    struct bench *bench = *state;
    say("CACHE_DEFAULT_TTL", "1h");
    say("REDIS_DEFAULT_TTL", "1h");
    assert_status(resolve(bench), LARDER_OK);
    release(bench);
    say("REDIS_DEFAULT_TTL", "2h");
    refused(bench, "CACHE_DEFAULT_TTL and REDIS_DEFAULT_TTL", "");
    /* At another level it is another word. */
    unsetenv("REDIS_DEFAULT_TTL");
    say("SHELF_REDIS_DEFAULT_TTL", "2h");
    assert_status(resolve(bench), LARDER_OK);
    assert_int_equal(bench->settings.ttls_ms[TTL_DEFAULT], 7200000);
    release(bench);
}

static void a_wrong_value_is_found_where_it_does_not_count(void **state)
{
    struct bench *bench = *state;
    bench->config.port = 7000;
    say("REDIS_PORT", "seven");
    refused(bench, "REDIS_PORT", "seven");
    unsetenv("REDIS_PORT");
    bench->config.port = 0;
    bench->config.host = "h";
    say("REDIS_URL", "nonsense");
    refused(bench, "REDIS_URL", "nonsense");
}

/* ------------------------------------------------------------------- address */

static void a_url_says_all_of_the_address(void **state)
{
    struct bench *bench = *state;
    say("REDIS_URL", "redis://user:p%40ss@host:7000/3");
    assert_status(resolve(bench), LARDER_OK);
    const struct larder_address *address = &bench->settings.address;
    assert_string_equal(address->host, "host");
    assert_int_equal(address->port, 7000);
    assert_int_equal(address->db, 3);
    assert_string_equal(address->username, "user");
    assert_string_equal(address->password, "p@ss");
    release(bench);
    say("REDIS_URL", "unix:///run/r.sock?db=2");
    assert_status(resolve(bench), LARDER_OK);
    assert_null(bench->settings.address.host);
    assert_string_equal(bench->settings.address.unix_path, "/run/r.sock");
    assert_int_equal(bench->settings.address.db, 2);
    release(bench);
}

static void a_url_excludes_what_it_says_at_its_level(void **state)
{
    static const struct {
        const char *url, *name, *value;
        bool good;
    } rows[] = {
        {"redis://h", "REDIS_HOST", "h", false},
        {"redis://h", "REDIS_PORT", "6379", false},
        {"redis://h/1", "REDIS_DB", "1", false},
        {"redis://u:p@h", "REDIS_USERNAME", "u", false},
        {"redis://u:secret@h", "REDIS_PASSWORD", "secret", false},
        {"redis://u:p@h", "REDIS_PASSWORD_FILE", "/x", false},
        {"unix:///r", "REDIS_PORT", "1", false},
        {"redis://h", "REDIS_DB", "1", true},
        {"redis://h", "REDIS_PASSWORD", "secret", true},
        {"redis://u@h", "REDIS_PASSWORD", "secret", true},
        {"redis://h", "SHELF_REDIS_HOST", "h", true},
        {"redis://h", "SHELF_REDIS_PORT", "1", true},
        {"unix:///r", "SHELF_REDIS_HOST", "h", true},
    };
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        say("REDIS_URL", rows[i].url);
        say(rows[i].name, rows[i].value);
        if (rows[i].good) {
            assert_status(resolve(bench), LARDER_OK);
            release(bench);
        } else {
            refused(bench, "REDIS_URL", "secret");
            assert_non_null(strstr(larder_last_error(), rows[i].name));
        }
        unsetenv(rows[i].name);
    }
    say("REDIS_URL", "unix:///r");
    say("SHELF_REDIS_PORT", "1");
    refused(bench, "SHELF_REDIS_PORT", "");
}

static void the_address_comes_from_the_highest_level_that_says_one(void **state)
{
    struct bench *bench = *state;
    say("REDIS_URL", "redis://far:secret@far:7000/7");
    say("SHELF_REDIS_HOST", "near");
    assert_status(resolve(bench), LARDER_OK);
    assert_string_equal(bench->settings.address.host, "near");
    /* Nothing of a URL that does not count: least of all its password. */
    assert_int_equal(bench->settings.address.port, 6379);
    assert_int_equal(bench->settings.address.db, 0);
    assert_null(bench->settings.address.username);
    assert_null(bench->settings.address.password);
    release(bench);
    bench->config.url = "redis://top";
    say("SHELF_REDIS_PORT", "7001");
    assert_status(resolve(bench), LARDER_OK);
    assert_string_equal(bench->settings.address.host, "top");
    assert_int_equal(bench->settings.address.port, 6379);
    release(bench);
}

static void the_urls_database_counts_at_its_own_level(void **state)
{
    struct bench *bench = *state;
    service.db = 1;
    say("REDIS_URL", "redis://h/7");
    assert_status(resolve(bench), LARDER_OK);
    assert_string_equal(bench->settings.address.host, "h");
    assert_int_equal(bench->settings.address.db, 1);
    release(bench);
    unsetenv("REDIS_URL");
    say("SHELF_REDIS_URL", "redis://h/7");
    assert_status(resolve(bench), LARDER_OK);
    assert_int_equal(bench->settings.address.db, 7);
    release(bench);
}

static void a_user_needs_a_password_which_may_be_empty(void **state)
{
    struct bench *bench = *state;
    say("REDIS_USERNAME", "user");
    refused(bench, "REDIS_USERNAME", "user!");
    say("REDIS_PASSWORD", "");
    assert_status(resolve(bench), LARDER_OK);
    assert_string_equal(bench->settings.address.username, "user");
    assert_string_equal(bench->settings.address.password, "");
    release(bench);
    clear_environment();
    say("SHELF_REDIS_URL", "redis://user@h");
    refused(bench, "SHELF_REDIS_URL", "user@");
}

static void an_empty_password_hides_a_lower_levels(void **state)
{
    struct bench *bench = *state;
    say("REDIS_PASSWORD", "secret");
    assert_status(resolve(bench), LARDER_OK);
    assert_string_equal(bench->settings.address.password, "secret");
    release(bench);
    say("SHELF_REDIS_PASSWORD", "");
    assert_status(resolve(bench), LARDER_OK);
    assert_null(bench->settings.address.password);
    release(bench);
}

/* ------------------------------------------------------------- password files */

static void write_file(char *path, const void *bytes, size_t len, mode_t mode)
{
    snprintf(path, 64, "/tmp/larder_secret_XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void password_is_read(struct bench *bench, const char *bytes, const char *expected)
{
    char path[64];
    write_file(path, bytes, strlen(bytes), 0600);
    say("REDIS_PASSWORD_FILE", path);
    enum larder_status status = resolve(bench);
    unlink(path);
    assert_status(status, LARDER_OK);
    assert_string_equal(bench->settings.address.password, expected);
    assert_string_equal(bench->shelf.log_text, "");
    release(bench);
}

static void a_password_file_loses_one_newline(void **state)
{
    password_is_read(*state, "secret", "secret");
    password_is_read(*state, "secret\n", "secret");
    password_is_read(*state, "secret\r\n", "secret");
    password_is_read(*state, "secret\n\n", "secret\n");
    password_is_read(*state, " secret \n", " secret ");
}

static void a_password_file_that_is_none_is_refused(void **state)
{
    static char large[64 * 1024 + 2];
    struct bench *bench = *state;
    char path[64];
    say("REDIS_PASSWORD_FILE", "/tmp");
    refused(bench, "REDIS_PASSWORD_FILE", "/tmp!");
    say("REDIS_PASSWORD_FILE", "/dev/null");
    refused(bench, "REDIS_PASSWORD_FILE", "/dev/null");
    write_file(path, "se\0cret", 7, 0600);
    say("REDIS_PASSWORD_FILE", path);
    refused(bench, "REDIS_PASSWORD_FILE", "cret!");
    unlink(path);
    refused(bench, "REDIS_PASSWORD_FILE", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    refused(bench, "REDIS_PASSWORD_FILE", path);
    unlink(path);
    memset(large, 'x', sizeof large);
    write_file(path, large, sizeof large, 0600);
    say("REDIS_PASSWORD_FILE", path);
    refused(bench, "REDIS_PASSWORD_FILE", path);
    unlink(path);
}

static void a_password_file_for_all_eyes_is_warned_of(void **state)
{
    struct bench *bench = *state;
    char path[64];
    write_file(path, "secret", 6, 0644);
    say("REDIS_PASSWORD_FILE", path);
    assert_status(resolve(bench), LARDER_OK);
    unlink(path);
    assert_string_equal(bench->shelf.log_text,
                        "1 shelf: REDIS_PASSWORD_FILE: the file can be read by everybody\n");
    release(bench);
}

static void the_higher_of_password_and_file_counts(void **state)
{
    struct bench *bench = *state;
    char path[64];
    write_file(path, "of-the-file", 11, 0600);
    say("REDIS_PASSWORD", "of-the-variable");
    say("REDIS_PASSWORD_FILE", path);
    refused(bench, "REDIS_PASSWORD and REDIS_PASSWORD_FILE", "of-the-variable");
    unsetenv("REDIS_PASSWORD_FILE");
    say("SHELF_REDIS_PASSWORD_FILE", path);
    assert_status(resolve(bench), LARDER_OK);
    assert_string_equal(bench->settings.address.password, "of-the-file");
    release(bench);
    bench->config.password = "of-the-config";
    assert_status(resolve(bench), LARDER_OK);
    assert_string_equal(bench->settings.address.password, "of-the-config");
    release(bench);
    unlink(path);
}

/* ---------------------------------------------------- not in this version, unknown */

static void what_would_be_wrong_to_ignore_is_refused(void **state)
{
    static const char *const rows[][2] = {
        {"REDIS_SENTINELS", "a:26379"},
        {"REDIS_SENTINEL_MASTER", "m"},
        {"REDIS_CLUSTER_NODES", "a:7000"},
        {"SHELF_REDIS_SENTINELS", "a:26379"},
    };
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        say(rows[i][0], rows[i][1]);
        refused(bench, rows[i][0], rows[i][1]);
        assert_non_null(strstr(larder_last_error(), "not in this version"));
        unsetenv(rows[i][0]);
    }
    say("CACHE_FALLBACK", "off");
    assert_status(resolve(bench), LARDER_OK);
    assert_false(bench->settings.fallback);
    release(bench);
    say("CACHE_FALLBACK", "memory");
    assert_status(resolve(bench), LARDER_OK);
    assert_true(bench->settings.fallback);
    release(bench);
    unsetenv("CACHE_FALLBACK");
    /* A server's settings do not matter where there is none. */
    say("REDIS_SENTINELS", "a:26379");
    say("CACHE_BACKEND", "memory");
    assert_status(resolve(bench), LARDER_OK);
    release(bench);
}

static void compression_is_on_until_it_is_turned_off(void **state)
{
    struct bench *bench = *state;
    assert_status(resolve(bench), LARDER_OK);
    assert_true(bench->settings.compress);
    release(bench);
    say("CACHE_ENABLE_COMPRESSION", "false");
    assert_status(resolve(bench), LARDER_OK);
    assert_false(bench->settings.compress);
    assert_string_equal(bench->shelf.log_text, "");
    release(bench);
    say("CACHE_ENABLE_COMPRESSION", "maybe");
    refused(bench, "CACHE_ENABLE_COMPRESSION", "maybe");
}

static void the_spin_is_a_number_of_microseconds(void **state)
{
    struct bench *bench = *state;
    say("REDIS_SPIN_US", "50");
    assert_status(resolve(bench), LARDER_OK);
    assert_int_equal(bench->settings.spin_us, 50);
    assert_string_equal(bench->shelf.log_text, "");
    release(bench);
    say("REDIS_SPIN_US", "many");
    refused(bench, "REDIS_SPIN_US", "many!");
}

static void an_unknown_cache_variable_is_logged_once(void **state)
{
    struct bench *bench = *state;
    say("CACHE_BAKCEND", "memory");
    say("SHELF_CACHE_TTL_COFFEES", "1h");
    say("SHELF_CACHE_BACKEND", "memory");
    say("CACHE_TTL_TEAS", "1h");
    enum larder_status status = resolve(bench);
    unsetenv("CACHE_BAKCEND");
    unsetenv("SHELF_CACHE_TTL_COFFEES");
    assert_status(status, LARDER_OK);
    const char *log = bench->shelf.log_text;
    assert_non_null(strstr(log, "1 shelf: unknown setting CACHE_BAKCEND\n"));
    assert_non_null(strstr(log, "1 shelf: unknown setting SHELF_CACHE_TTL_COFFEES\n"));
    assert_int_equal(strlen(log), strlen("1 shelf: unknown setting CACHE_BAKCEND\n"
                                         "1 shelf: unknown setting SHELF_CACHE_TTL_COFFEES\n"));
    release(bench);
}

static void any_allocation_may_fail(void **state)
{
    struct bench *bench = *state;
    char path[64];
    write_file(path, "secret", 6, 0600);
    say("REDIS_URL", "redis://user@host/3");
    say("REDIS_PASSWORD_FILE", path);
    for (size_t n = 1;; n++) {
        bench->shelf.memory.calls = 0;
        bench->shelf.memory.fail_at = n;
        enum larder_status status = resolve(bench);
        if (bench->shelf.memory.calls < n) {
            assert_status(status, LARDER_OK);
            break;
        }
        assert_status(status, LARDER_E_NOMEM);
        assert_int_equal(bench->shelf.memory.live_blocks, 0);
    }
    bench->shelf.memory.fail_at = 0;
    unlink(path);
    release(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SETTINGS_TEST(built_in_values_hold),
        SETTINGS_TEST(values_are_read_or_named),
        SETTINGS_TEST(the_locale_has_no_say),
        SETTINGS_TEST(texts_are_checked),
        SETTINGS_TEST(texts_have_a_length_limit),
        SETTINGS_TEST(an_empty_variable_is_not_set),
        SETTINGS_TEST(levels_count_in_their_order),
        SETTINGS_TEST(lifetimes_of_the_environment_beat_the_schemas),
        SETTINGS_TEST(config_is_checked_like_the_environment),
        SETTINGS_TEST(two_names_of_one_setting_must_agree),
        SETTINGS_TEST(a_wrong_value_is_found_where_it_does_not_count),
        SETTINGS_TEST(a_url_says_all_of_the_address),
        SETTINGS_TEST(a_url_excludes_what_it_says_at_its_level),
        SETTINGS_TEST(the_address_comes_from_the_highest_level_that_says_one),
        SETTINGS_TEST(the_urls_database_counts_at_its_own_level),
        SETTINGS_TEST(a_user_needs_a_password_which_may_be_empty),
        SETTINGS_TEST(an_empty_password_hides_a_lower_levels),
        SETTINGS_TEST(a_password_file_loses_one_newline),
        SETTINGS_TEST(a_password_file_that_is_none_is_refused),
        SETTINGS_TEST(a_password_file_for_all_eyes_is_warned_of),
        SETTINGS_TEST(the_higher_of_password_and_file_counts),
        SETTINGS_TEST(what_would_be_wrong_to_ignore_is_refused),
        SETTINGS_TEST(the_spin_is_a_number_of_microseconds),
        SETTINGS_TEST(compression_is_on_until_it_is_turned_off),
        SETTINGS_TEST(an_unknown_cache_variable_is_logged_once),
        SETTINGS_TEST(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
