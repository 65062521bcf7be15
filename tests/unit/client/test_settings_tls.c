/* SPDX-License-Identifier: MIT */
/* Settings of TLS: who asks for it, with which files, and what is wrong with them. */
#include "../cache/shelf.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/settings.h"
#include "net/tls.h"
#include "support/certificates.h"

struct bench {
    struct shelf shelf;
    struct larder_settings settings;
    struct larder_config config;
};

static struct certificates pki;

static const char *file(const char *name)
{
    return certificates_path(&pki, name);
}

static const char *const names[] = {"REDIS_URL",      "REDIS_HOST",     "REDIS_TLS",
                                    "REDIS_TLS_CA",   "REDIS_TLS_CERT", "REDIS_TLS_KEY",
                                    "REDIS_TLS_NAME", "CACHE_BACKEND"};

static void clear_environment(void)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[64];
        snprintf(name, sizeof name, "SHELF_%s", names[i]);
        unsetenv(name);
        unsetenv(names[i]);
    }
}

static int make_pki(void **state)
{
    (void)state;
    bool ok = certificates_begin(&pki) &&
              certificates_issue(&pki, &(struct certificate){.name = "ca", .is_ca = true}) &&
              certificates_issue(&pki, &(struct certificate){.name = "client", .issuer = "ca"});
    return ok ? 0 : -1;
}

static int remove_pki(void **state)
{
    (void)state;
    certificates_end(&pki);
    return 0;
}

static int setup(void **state)
{
    static struct bench bench;
    memset(&bench, 0, sizeof bench);
    shelf_init(&bench.shelf);
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

#define TLS_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static enum larder_status resolve(struct bench *bench)
{
    return larder_settings_resolve(&shelf_service, &bench->config, &bench->shelf.memory.allocator,
                                   &bench->shelf.log, &bench->settings);
}

static void say(const char *name, const char *value)
{
    assert_int_equal(setenv(name, value, 1), 0);
}

static void expect(struct bench *bench, bool tls)
{
    assert_status(resolve(bench), LARDER_OK);
    assert_int_equal(bench->settings.tls != NULL, tls);
    assert_ptr_equal(bench->settings.address.tls, bench->settings.tls);
    larder_settings_release(&bench->settings);
}

static void refused(struct bench *bench, const char *text)
{
    assert_status(resolve(bench), LARDER_E_CONFIG);
    if (strcmp(larder_last_error(), text) != 0) {
        fail_msg("%s, not %s", larder_last_error(), text);
    }
    assert_null(strstr(larder_last_error(), pki.dir));
}

/* ---------------------------------------------------------------- who asks */

static void whoever_asks_first_is_heard(void **state)
{
    struct bench *bench = *state;
    expect(bench, false);
    say("REDIS_TLS", "yes");
    expect(bench, true);
    say("SHELF_REDIS_TLS", "false");
    expect(bench, false);
    bench->config.tls = true;
    expect(bench, true);
}

static void a_url_asks_at_its_level(void **state)
{
    struct bench *bench = *state;
    say("REDIS_URL", "rediss://localhost");
    expect(bench, true);
    say("SHELF_REDIS_TLS", "false");
    expect(bench, false);
    unsetenv("SHELF_REDIS_TLS");
    bench->config.url = "rediss://localhost:7000/1";
    say("REDIS_TLS", "false");
    unsetenv("REDIS_URL");
    expect(bench, true);
    /* It is another address that counts. */
    bench->config.url = NULL;
    unsetenv("REDIS_TLS");
    say("REDIS_URL", "rediss://localhost");
    say("SHELF_REDIS_HOST", "localhost");
    expect(bench, false);
}

static void a_plain_url_turns_nothing_off(void **state)
{
    struct bench *bench = *state;
    say("REDIS_TLS", "true");
    say("REDIS_URL", "redis://localhost");
    expect(bench, true);
    bench->config.url = "redis://localhost";
    expect(bench, true);
}

static void what_a_url_says_is_not_said_twice(void **state)
{
    struct bench *bench = *state;
    say("REDIS_URL", "rediss://localhost");
    say("REDIS_TLS", "true");
    refused(bench, "REDIS_URL and REDIS_TLS are both set");
}

static void a_unix_socket_has_no_tls(void **state)
{
    struct bench *bench = *state;
    say("REDIS_URL", "unix:///run/redis.sock");
    say("REDIS_TLS", "true");
    refused(bench, "REDIS_TLS: TLS does not go with a unix socket");
    say("SHELF_REDIS_TLS", "false");
    expect(bench, false);
}

/* --------------------------------------------------------------------- files */

static void files_without_tls_are_a_mistake(void **state)
{
    static const char *const details[][2] = {{"REDIS_TLS_CA", "ca.pem"},
                                             {"REDIS_TLS_CERT", "client.pem"},
                                             {"REDIS_TLS_KEY", "client.key"},
                                             {"REDIS_TLS_NAME", "redis"}};
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof details / sizeof *details; i++) {
        char text[160];
        say(details[i][0], details[i][1]);
        snprintf(text, sizeof text, "%s: set without TLS (REDIS_TLS, or rediss:// in the URL)",
                 details[i][0]);
        refused(bench, text);
        say("REDIS_TLS", "false"); /* who says so knows */
        expect(bench, false);
        unsetenv("REDIS_TLS");
        unsetenv(details[i][0]);
    }
    bench->config.tls_ca = "ca.pem";
    refused(bench, "config.tls_ca: set without TLS (REDIS_TLS, or rediss:// in the URL)");
    say("CACHE_BACKEND", "memory"); /* where there is no server it does not matter */
    expect(bench, false);
}

static void good_files_are_taken(void **state)
{
    struct bench *bench = *state;
    say("REDIS_TLS", "true");
    say("REDIS_TLS_CA", file("ca.pem"));
    expect(bench, true);
    say("REDIS_TLS_CERT", file("client.pem"));
    say("SHELF_REDIS_TLS_KEY", file("client.key"));
    say("REDIS_TLS_NAME", "redis.example.com");
    assert_status(resolve(bench), LARDER_OK);
    assert_string_equal(larder_tls_name(bench->settings.tls), "redis.example.com");
    larder_settings_release(&bench->settings);
    assert_string_equal(bench->shelf.log_text, "");
    bench->config.tls_ca = file("ca.pem");
    bench->config.tls_cert = file("client.pem");
    bench->config.tls_key = file("client.key");
    bench->config.tls_name = "10.0.0.7";
    assert_status(resolve(bench), LARDER_OK);
    assert_string_equal(larder_tls_name(bench->settings.tls), "10.0.0.7");
    larder_settings_release(&bench->settings);
}

static void bad_files_are_named_by_who_said_them(void **state)
{
    struct bench *bench = *state;
    bench->config.tls = true;
    say("REDIS_TLS_CA", file("none.pem"));
    refused(bench, "REDIS_TLS_CA: there is no such file");
    say("SHELF_REDIS_TLS_CA", "/dev/null");
    refused(bench, "SHELF_REDIS_TLS_CA: not a regular file");
    bench->config.tls_ca = file("ca.pem");
    bench->config.tls_cert = file("client.pem");
    refused(bench, "config.tls_cert: a certificate without a key (REDIS_TLS_KEY)");
    say("REDIS_TLS_KEY", file("ca.key"));
    assert_status(resolve(bench), LARDER_E_CONFIG);
    assert_non_null(strstr(larder_last_error(), "REDIS_TLS_KEY: not the key of the certificate"));
    bench->config.tls_cert = NULL;
    refused(bench, "REDIS_TLS_KEY: a key without a certificate (REDIS_TLS_CERT)");
    unsetenv("REDIS_TLS_KEY");
    say("REDIS_TLS_NAME", "not a name");
    assert_status(resolve(bench), LARDER_E_CONFIG);
    assert_non_null(strstr(larder_last_error(), "REDIS_TLS_NAME: must be "));
}

static void a_key_that_others_can_read_is_a_line(void **state)
{
    struct bench *bench = *state;
    bench->config.tls = true;
    say("REDIS_TLS_CERT", file("client.pem"));
    say("REDIS_TLS_KEY", file("client.key"));
    assert_int_equal(chmod(file("client.key"), 0644), 0);
    expect(bench, true);
    assert_string_equal(bench->shelf.log_text,
                        "1 shelf: REDIS_TLS_KEY: the file can be read by everybody\n");
    assert_int_equal(chmod(file("client.key"), 0600), 0);
}

static void open_fails_or_takes_it_over(void **state)
{
    struct bench *bench = *state;
    struct larder_cache *cache;
    struct larder_config config = {
        .tls = true, .tls_ca = file("none.pem"), .allocator = &bench->shelf.memory.allocator};
    assert_status(larder_stub_open(&shelf_service, &config, &cache), LARDER_E_CONFIG);
    assert_string_equal(larder_last_error(), "config.tls_ca: there is no such file");
    config.tls_ca = file("ca.pem");
    assert_status(larder_stub_open(&shelf_service, &config, &cache), LARDER_OK);
    larder_stub_close(cache);
    assert_int_equal(bench->shelf.memory.live_blocks, 0);
}

static void memory_may_run_out(void **state)
{
    struct bench *bench = *state;
    struct fail_alloc *memory = &bench->shelf.memory;
    enum larder_status status = LARDER_E_NOMEM;
    const struct larder_config config = {.url = "rediss://localhost",
                                         .tls_ca = file("ca.pem"),
                                         .tls_cert = file("client.pem"),
                                         .tls_key = file("client.key"),
                                         .allocator = &memory->allocator};
    for (memory->fail_at = 1; status != LARDER_OK; memory->fail_at++) {
        struct larder_cache *cache;
        memory->calls = 0;
        status = larder_stub_open(&shelf_service, &config, &cache);
        assert_true(status == LARDER_OK || status == LARDER_E_NOMEM);
        larder_stub_close(cache);
        assert_int_equal(memory->live_blocks, 0);
    }
    memory->fail_at = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TLS_TEST(whoever_asks_first_is_heard),
        TLS_TEST(a_url_asks_at_its_level),
        TLS_TEST(a_plain_url_turns_nothing_off),
        TLS_TEST(what_a_url_says_is_not_said_twice),
        TLS_TEST(a_unix_socket_has_no_tls),
        TLS_TEST(files_without_tls_are_a_mistake),
        TLS_TEST(good_files_are_taken),
        TLS_TEST(bad_files_are_named_by_who_said_them),
        TLS_TEST(a_key_that_others_can_read_is_a_line),
        TLS_TEST(open_fails_or_takes_it_over),
        TLS_TEST(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, make_pki, remove_pki);
}
