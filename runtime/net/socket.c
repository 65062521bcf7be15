/* SPDX-License-Identifier: MIT */
#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/resolve.h"

/* A peer that vanished without a word is noticed within about a minute when
 * idle, and within 20 s when it owes an answer to what was sent. */
enum {
    KEEPALIVE_IDLE_S = 30,
    KEEPALIVE_INTERVAL_S = 10,
    KEEPALIVE_PROBES = 3,
    USER_TIMEOUT_MS = 20000
};

enum larder_status larder_socket_wait(int fd, short events, const struct larder_clock *clock,
                                      int64_t deadline_ns, short *ret_events)
{
    struct pollfd wait = {.fd = fd, .events = events};
    *ret_events = 0;
    for (;;) {
        int left_ms = larder_deadline_poll_ms(clock, deadline_ns);
        if (left_ms == 0) {
            return LARDER_E_TIMEOUT;
        }
        /* An error but EINTR is met again, and named, by the send or recv that follows. */
        int n = poll(&wait, 1, left_ms);
        if (n > 0 || (n < 0 && errno != EINTR)) {
            *ret_events = n > 0 ? wait.revents : events;
            return LARDER_OK;
        }
    }
}

bool larder_socket_is_quiet(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

/* ------------------------------------------------------------------- open */

static enum larder_status fail(char *ret_why, const char *what, int error)
{
    char text[96];
    const char *reason = strerror_r(error, text, sizeof text);
    snprintf(ret_why, LARDER_WHY_BYTES, "%s: %s", what, reason);
    return error == ENOMEM || error == ENOBUFS ? LARDER_E_NOMEM : LARDER_E_UNAVAILABLE;
}

static void set_number(int fd, int level, int option, int value)
{
    /* An option that the system refuses is one that it does without. */
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

static bool is_tcp(int family)
{
    return family == AF_INET || family == AF_INET6;
}

static void set_tcp_options(int fd)
{
    set_number(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_number(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_number(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    set_number(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
    set_number(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
    set_number(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
}

/* Connected: from now on a recv may block, for one slice. */
static bool set_blocking(int fd)
{
    struct timeval slice = {.tv_usec = LARDER_SOCKET_SLICE_MS * 1000};
    int flags = fcntl(fd, F_GETFL);
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof slice) == 0 && flags >= 0 &&
           fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0;
}

/* A connection to a port of this machine that nobody listens on can, by chance,
 * be given that very port as its own, and then talks to itself. */
static bool is_own_echo(int fd, int family)
{
    struct sockaddr_storage mine = {0}, theirs = {0};
    socklen_t mine_len = sizeof mine, theirs_len = sizeof theirs;
    return is_tcp(family) && getsockname(fd, (struct sockaddr *)&mine, &mine_len) == 0 &&
           getpeername(fd, (struct sockaddr *)&theirs, &theirs_len) == 0 &&
           mine_len == theirs_len && memcmp(&mine, &theirs, mine_len) == 0;
}

static enum larder_status finish_connect(int fd, const struct larder_clock *clock,
                                         int64_t deadline_ns, char *ret_why)
{
    short events;
    int error = 0;
    socklen_t len = sizeof error;
    enum larder_status status = larder_socket_wait(fd, POLLOUT, clock, deadline_ns, &events);
    if (status != LARDER_OK) {
        snprintf(ret_why, LARDER_WHY_BYTES, "connect: not answered in time");
        return status;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
        error = errno;
    }
    return error == 0 ? LARDER_OK : fail(ret_why, "connect", error);
}

static enum larder_status connect_socket(int fd, const struct sockaddr *address, socklen_t len,
                                         const struct larder_clock *clock, int64_t deadline_ns,
                                         char *ret_why)
{
    enum larder_status status = LARDER_OK;
    if (connect(fd, address, len) != 0) {
        if (errno != EINPROGRESS && errno != EINTR) {
            return fail(ret_why, "connect", errno);
        }
        status = finish_connect(fd, clock, deadline_ns, ret_why);
    }
    if (status == LARDER_OK && is_own_echo(fd, address->sa_family)) {
        return fail(ret_why, "connect", ECONNREFUSED);
    }
    if (status == LARDER_OK && !set_blocking(fd)) {
        return fail(ret_why, "fcntl", errno);
    }
    return status;
}

static enum larder_status open_one(const struct sockaddr *address, socklen_t len,
                                   const struct larder_clock *clock, int64_t deadline_ns,
                                   int *ret_fd, char *ret_why)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return fail(ret_why, "socket", errno);
    }
    *ret_fd = fd; /* from now on a fork's child finds it, and closes its own */
    if (is_tcp(address->sa_family)) {
        set_tcp_options(fd);
    }
    enum larder_status status = connect_socket(fd, address, len, clock, deadline_ns, ret_why);
    if (status != LARDER_OK) {
        *ret_fd = -1;
        close(fd);
    }
    return status;
}

/* The next address's share of the time that is left. */
static int64_t share_of_time(const struct larder_clock *clock, int64_t deadline_ns,
                             const struct addrinfo *address)
{
    int64_t now_ns = larder_clock_now_ns(clock);
    int64_t count = 0;
    for (; address != NULL; address = address->ai_next) {
        count++;
    }
    return deadline_ns > now_ns && now_ns > 0 ? now_ns + (deadline_ns - now_ns) / count
                                              : deadline_ns;
}

static enum larder_status open_tcp(const struct larder_address *address,
                                   const struct larder_clock *clock, int64_t deadline_ns,
                                   int *ret_fd, char *ret_why)
{
    struct larder_resolved *resolved;
    const char *why;
    enum larder_status status =
        larder_resolve(address->host, address->port, clock, deadline_ns, &resolved, &why);
    if (status != LARDER_OK) {
        snprintf(ret_why, LARDER_WHY_BYTES, "%s", why);
        return status;
    }
    status = LARDER_E_UNAVAILABLE;
    for (const struct addrinfo *at = larder_resolved_list(resolved);
         at != NULL && status != LARDER_OK; at = at->ai_next) {
        status = open_one(at->ai_addr, at->ai_addrlen, clock, share_of_time(clock, deadline_ns, at),
                          ret_fd, ret_why);
    }
    larder_resolved_release(resolved);
    return status;
}

static enum larder_status open_unix(const struct larder_address *address,
                                    const struct larder_clock *clock, int64_t deadline_ns,
                                    int *ret_fd, char *ret_why)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    size_t len = strlen(address->unix_path);
    if (len >= sizeof local.sun_path) {
        snprintf(ret_why, LARDER_WHY_BYTES, "the path of the unix socket is longer than %zu bytes",
                 sizeof local.sun_path - 1);
        return LARDER_E_UNAVAILABLE;
    }
    memcpy(local.sun_path, address->unix_path, len + 1);
    return open_one((const struct sockaddr *)&local, sizeof local, clock, deadline_ns, ret_fd,
                    ret_why);
}

enum larder_status larder_socket_open(const struct larder_address *address,
                                      const struct larder_clock *clock, int64_t deadline_ns,
                                      int *ret_fd, char ret_why[LARDER_WHY_BYTES])
{
    *ret_fd = -1;
    ret_why[0] = '\0';
    return address->unix_path != NULL ? open_unix(address, clock, deadline_ns, ret_fd, ret_why)
                                      : open_tcp(address, clock, deadline_ns, ret_fd, ret_why);
}
