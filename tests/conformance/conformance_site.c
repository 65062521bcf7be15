/* SPDX-License-Identifier: MIT */
#include "conformance.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char *used_backend = "memory";
static int used_port;
static int used_tls_port; /* 0: plain */
static const char *used_ca;
static unsigned opened; /* sites so far: makes prefixes differ */

void site_use(const char *backend, int port)
{
    used_backend = backend;
    used_port = port;
}

void site_use_tls(int port, const char *ca)
{
    used_tls_port = port;
    used_ca = ca;
}

int site_setup(void **state)
{
    struct site *site = calloc(1, sizeof *site);
    if (site == NULL) {
        return -1;
    }
    site->backend = used_backend;
    site->port = used_port;
    (void)snprintf(site->url, sizeof site->url, "%s://127.0.0.1:%d",
                   used_tls_port != 0 ? "rediss" : "redis",
                   used_tls_port != 0 ? used_tls_port : used_port);
    site->config.tls_ca = used_ca;
    (void)snprintf(site->prefix, sizeof site->prefix, "t%u:", ++opened);
    site->config.backend = site->backend;
    site->config.url = used_port == 0 ? NULL : site->url;
    site->config.key_prefix = site->prefix;
    *state = site;
    return kitchen_cache_open(&site->config, &site->cache) == LARDER_OK ? 0 : -1;
}

int site_teardown(void **state)
{
    struct site *site = *state;
    kitchen_cache_close(site->cache);
    free(site);
    return 0;
}

void status_is(enum larder_status actual, enum larder_status expected, const char *call,
               const char *file, int line)
{
    if (actual == expected) {
        return;
    }
    print_error("%s\n  gave %s, not %s. %s\n", call, larder_status_name(actual),
                larder_status_name(expected), larder_last_error());
    _fail(file, line);
}

int64_t site_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

int site_closed_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}
