/* SPDX-License-Identifier: MIT */
/*
 *     conformance          every suite on the memory backend, then on a Redis of its own,
 *                          then on one that is spoken to over TLS
 *     conformance memory   one of them
 */
#include "conformance.h"

#include <stdio.h>
#include <stdlib.h>

#include "samples.h"
#include "support/certificates.h"
#include "support/redis_server.h"

static const struct suite *const suites[] = {
    &values_suite,     &bounds_suite,    &keys_suite,       &calls_suite,        &lifetimes_suite,
    &batches_suite,    &events_suite,    &loads_suite,      &invalidation_suite, &indexes_suite,
    &many_loads_suite, &arguments_suite, &memory_suite,     &away_suite,         &foreign_suite,
    &large_suite,      &journeys_suite,  &compressed_suite, &rollouts_suite,
};

/* What the caller has set must not reach the caches under test. */
static void forget_settings(void)
{
    static const char *const names[] = {
        "REDIS_URL",        "REDIS_HOST",
        "REDIS_PORT",       "REDIS_DB",
        "REDIS_TIMEOUT",    "REDIS_PASSWORD",
        "CACHE_KEY_PREFIX", "CACHE_BACKEND",
        "REDIS_TLS",        "REDIS_TLS_CA",
        "REDIS_TLS_CERT",   "REDIS_TLS_KEY",
        "REDIS_TLS_NAME",   "CACHE_ENABLE_COMPRESSION",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        unsetenv(names[i]);
    }
}

static int run_on(const char *backend, int port)
{
    int failed = 0;
    site_use(backend, port);
    for (size_t i = 0; i < COUNT_OF(suites); i++) {
        if (port != 0 || !suites[i]->redis_only) {
            char name[64];
            (void)snprintf(name, sizeof name, "%s, %s", suites[i]->name, backend);
            failed += _cmocka_run_group_tests(name, suites[i]->tests, suites[i]->count, NULL, NULL);
        }
    }
    return failed;
}

static int run_on_redis(void)
{
    struct redis_server server;
    if (!redis_server_start(&server, REDIS_SERVER_TCP, NULL)) {
        (void)fprintf(stderr, "no redis-server could be started\n");
        return 1;
    }
    int failed = run_on("redis", server.port);
    redis_server_stop(&server);
    return failed;
}

static int run_on_server_with(struct certificates *pki)
{
    struct redis_server server;
    const struct certificate ca = {.name = "ca", .is_ca = true};
    const struct certificate own = {.name = "server", .issuer = "ca", .ip = "127.0.0.1"};
    const char *const args[] = {"--tls-cert-file",
                                certificates_path(pki, "server.pem"),
                                "--tls-key-file",
                                certificates_path(pki, "server.key"),
                                "--tls-ca-cert-file",
                                certificates_path(pki, "ca.pem"),
                                "--tls-auth-clients",
                                "no",
                                NULL};
    if (!certificates_issue(pki, &ca) || !certificates_issue(pki, &own) ||
        !redis_server_start(&server, REDIS_SERVER_TLS, args)) {
        (void)fprintf(stderr, "no redis-server with TLS could be started\n");
        return 1;
    }
    site_use_tls(server.tls_port, certificates_path(pki, "ca.pem"));
    int failed = run_on("redis", server.port);
    redis_server_stop(&server);
    return failed;
}

static int run_on_tls(void)
{
    struct certificates pki;
    if (!certificates_begin(&pki)) {
        return 1;
    }
    int failed = run_on_server_with(&pki);
    certificates_end(&pki);
    return failed;
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : NULL;
    int failed = 0;
    forget_settings();
    if (only == NULL || strcmp(only, "memory") == 0) {
        failed += run_on("memory", 0);
    }
    if (only == NULL || strcmp(only, "redis") == 0) {
        failed += run_on_redis();
    }
    if (only == NULL || strcmp(only, "tls") == 0) {
        failed += run_on_tls();
    }
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
