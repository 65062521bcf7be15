/* SPDX-License-Identifier: MIT */
#include "raw_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void raw_peer_open(struct raw_peer *peer, const struct bench_options *options)
{
    const int on = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->filled = 0;
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (peer->fd < 0 || connect(peer->fd, (const struct sockaddr *)&to, sizeof to) != 0 ||
        setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
        bench_give_up("a raw socket cannot connect");
    }
}

void raw_peer_close(struct raw_peer *peer)
{
    (void)close(peer->fd);
}

size_t raw_peer_format_get(char *command, size_t size, const char *key)
{
    return (size_t)snprintf(command, size, "*2\r\n$3\r\nGET\r\n$%zu\r\n%s\r\n", strlen(key), key);
}

static void send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            bench_give_up("send");
        }
        bytes += sent;
        len -= (size_t)sent;
    }
}

/* The string in the buffer; NULL: not all of it is there. */
static const char *whole_string(const struct raw_peer *peer, size_t *ret_len)
{
    const char *line_end = memchr(peer->buffer, '\n', peer->filled);
    size_t len = 0;
    if (line_end == NULL) {
        return NULL;
    }
    if (peer->buffer[0] != '$') {
        bench_give_up("not a bulk string");
    }
    for (const char *digit = peer->buffer + 1; *digit >= '0' && *digit <= '9'; digit++) {
        len = len * 10 + (size_t)(*digit - '0');
    }
    const char *string = line_end + 1;
    *ret_len = len;
    return (size_t)(string - peer->buffer) + len + 2 <= peer->filled ? string : NULL;
}

const char *raw_peer_call(struct raw_peer *peer, const char *command, size_t len, size_t *ret_len)
{
    const char *string = NULL;
    send_all(peer->fd, command, len);
    peer->filled = 0;
    while (string == NULL) {
        const ssize_t got =
            recv(peer->fd, peer->buffer + peer->filled, sizeof peer->buffer - peer->filled, 0);
        if (got <= 0) {
            bench_give_up("recv");
        }
        peer->filled += (size_t)got;
        string = whole_string(peer, ret_len);
    }
    return string;
}
