/* SPDX-License-Identifier: MIT */
/*
 *     policies [memory|redis]
 */
#include "policies.h"

#include <stdlib.h>

static const struct suite *const suites[] = {&windows_suite, &reloads_suite,  &absent_suite,
                                             &sliding_suite, &redelete_suite, &redelete_end_suite};

static int run_on(struct redis_server *server)
{
    int failed = 0;
    site_use(server);
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        if (server != NULL || !suites[i]->redis_only) {
            failed += _cmocka_run_group_tests(suites[i]->name, suites[i]->tests, suites[i]->count,
                                              NULL, NULL);
        }
    }
    return failed;
}

int main(int argc, char **argv)
{
    struct redis_server server;
    const char *only = argc > 1 ? argv[1] : "memory";
    int failed;
    if (strcmp(only, "memory") == 0) {
        return run_on(NULL) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    if (!redis_server_start(&server, REDIS_SERVER_TCP, NULL)) {
        fprintf(stderr, "no redis-server\n");
        return EXIT_FAILURE;
    }
    failed = run_on(&server);
    redis_server_stop(&server);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
