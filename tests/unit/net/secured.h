/* SPDX-License-Identifier: MIT */
/*
 * For the tests of TLS: certificates of every kind, and a word with a server
 * over a stream.
 */
#ifndef TESTS_UNIT_NET_SECURED_H
#define TESTS_UNIT_NET_SECURED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "net/stream.h"
#include "net/tls.h"
#include "support/certificates.h"

enum {
    LONG_MS = 10000,
    DEADLINE_MS = 200,
    OVERRUN_MS = 20, /* what may pass beyond a deadline */
    SLOW_MS = 150    /* a machine that is busy with something else */
};

static struct certificates pki;

static inline const char *file(const char *name)
{
    return certificates_path(&pki, name);
}

static inline int make_pki(void **state)
{
    static const struct certificate all[] = {
        {.name = "ca", .is_ca = true},
        {.name = "other", .is_ca = true},
        {.name = "server", .issuer = "ca", .dns = "localhost", .ip = "127.0.0.1"},
        {.name = "expired", .issuer = "ca", .ip = "127.0.0.1", .has_expired = true},
        {.name = "elsewhere", .issuer = "ca", .dns = "elsewhere.example", .ip = "127.0.0.2"},
        {.name = "self", .dns = "localhost", .ip = "127.0.0.1"},
        {.name = "wild", .issuer = "ca", .dns = "*.example.com"},
        {.name = "partial", .issuer = "ca", .dns = "r*.example.com"},
        {.name = "client", .issuer = "ca"},
        {.name = "stranger", .issuer = "other"},
    };
    (void)state;
    bool ok = certificates_begin(&pki);
    for (size_t i = 0; ok && i < sizeof all / sizeof *all; i++) {
        ok = certificates_issue(&pki, &all[i]);
    }
    return ok ? 0 : -1;
}

static inline int remove_pki(void **state)
{
    (void)state;
    certificates_end(&pki);
    return 0;
}

static inline int64_t deadline_after(int64_t ms)
{
    return larder_deadline_after_ms(&larder_clock_system, ms);
}

static inline int64_t now_ms(void)
{
    return larder_clock_now_ns(&larder_clock_system) / 1000000;
}

/* Names of files of the pki, or NULL. */
static inline struct larder_tls *make_tls(const char *ca, const char *cert, const char *key,
                                          const char *name, const struct larder_log *log)
{
    struct larder_tls *tls;
    enum larder_tls_file wrong;
    char why[LARDER_WHY_BYTES];
    struct larder_tls_options options = {.name = name};
    const char *const names[] = {ca, cert, key};
    for (int i = 0; i < LARDER_TLS_FILE_COUNT; i++) {
        options.files[i] = names[i] != NULL ? file(names[i]) : NULL;
    }
    enum larder_status status =
        larder_tls_new(&larder_allocator_libc, log, &options, &tls, &wrong, why);
    if (status != LARDER_OK) {
        fail_msg("%s: %s", larder_status_name(status), why);
    }
    return tls;
}

static inline enum larder_status dial(struct larder_stream *stream, int port,
                                      struct larder_tls *tls, int64_t ms,
                                      char why[LARDER_WHY_BYTES])
{
    const struct larder_address address = {.host = "127.0.0.1", .port = port, .tls = tls};
    *stream = LARDER_STREAM_CLOSED;
    return larder_stream_open(stream, &address, &larder_clock_system, deadline_after(ms), why);
}

/* Sends all; OK, or what broke. */
static inline enum larder_status say(struct larder_stream *stream, const char *text, int64_t ms,
                                     char why[LARDER_WHY_BYTES])
{
    size_t len = strlen(text);
    while (len != 0) {
        short events;
        ssize_t n = larder_stream_send(stream, text, len);
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        } else if (errno != EAGAIN && errno != EINTR) {
            return larder_stream_fail(stream, "send", why);
        } else if (larder_stream_wait(stream, POLLOUT, &larder_clock_system, deadline_after(ms),
                                      &events) != LARDER_OK) {
            return LARDER_E_TIMEOUT;
        }
    }
    return LARDER_OK;
}

/* Receives until `size` - 1 bytes are there, or a newline. */
static inline enum larder_status hear(struct larder_stream *stream, char *text, size_t size,
                                      int64_t ms, char why[LARDER_WHY_BYTES])
{
    const int64_t deadline_ns = deadline_after(ms);
    size_t len = 0;
    text[0] = '\0';
    while (len + 1 < size && strchr(text, '\n') == NULL) {
        short events;
        ssize_t n = larder_stream_recv(stream, text + len, size - 1 - len, false);
        if (n > 0) {
            len += (size_t)n;
            text[len] = '\0';
            continue;
        }
        if (n == 0) {
            snprintf(why, LARDER_WHY_BYTES, "the end");
            return LARDER_E_UNAVAILABLE;
        }
        if (errno != EAGAIN && errno != EINTR) {
            return larder_stream_fail(stream, "recv", why);
        }
        if (larder_stream_wait(stream, POLLIN, &larder_clock_system, deadline_ns, &events) !=
            LARDER_OK) {
            return LARDER_E_TIMEOUT;
        }
    }
    return LARDER_OK;
}

static inline enum larder_status ping(struct larder_stream *stream, char why[LARDER_WHY_BYTES])
{
    char reply[64];
    enum larder_status status = say(stream, "PING\r\n", LONG_MS, why);
    enum larder_status heard = hear(stream, reply, sizeof reply, LONG_MS, why);
    if (heard == LARDER_OK) {
        assert_string_equal(reply, "+PONG\r\n");
    }
    return heard != LARDER_OK ? heard : status;
}

#endif
