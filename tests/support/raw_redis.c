/* SPDX-License-Identifier: MIT */
#include "support/raw_redis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void send_all(const struct raw_redis *redis, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len != 0) {
        ssize_t n = send(redis->fd, at, len, MSG_NOSIGNAL);
        assert_true(n > 0);
        at += n;
        len -= (size_t)n;
    }
}

static void send_word(const struct raw_redis *redis, const void *bytes, size_t len)
{
    char head[32];
    int n = snprintf(head, sizeof head, "$%zu\r\n", len);
    send_all(redis, head, (size_t)n);
    send_all(redis, bytes, len);
    send_all(redis, "\r\n", 2);
}

static void send_head(const struct raw_redis *redis, size_t words)
{
    char head[32];
    int n = snprintf(head, sizeof head, "*%zu\r\n", words);
    send_all(redis, head, (size_t)n);
}

static void receive(const struct raw_redis *redis, unsigned char *buf, size_t len)
{
    while (len != 0) {
        ssize_t n = recv(redis->fd, buf, len, 0);
        assert_true(n > 0);
        buf += n;
        len -= (size_t)n;
    }
}

/* One line without its end. */
static void receive_line(const struct raw_redis *redis, char *line, size_t size)
{
    size_t len = 0;
    while (len < 2 || line[len - 2] != '\r' || line[len - 1] != '\n') {
        assert_true(len + 1 < size);
        receive(redis, (unsigned char *)line + len, 1);
        len++;
    }
    line[len - 2] = '\0';
}

void raw_redis_run(struct raw_redis *redis, const char *const *words, size_t count)
{
    char line[512];
    send_head(redis, count);
    for (size_t i = 0; i < count; i++) {
        send_word(redis, words[i], strlen(words[i]));
    }
    receive_line(redis, line, sizeof line);
    assert_true(line[0] == '+' || line[0] == ':');
}

void raw_redis_open(struct raw_redis *redis, int port, int db)
{
    char number[16];
    const char *const select[] = {"SELECT", number};
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    redis->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(redis->fd >= 0);
    const int at_once = 1;
    assert_int_equal(
        setsockopt(redis->fd, IPPROTO_TCP, TCP_NODELAY, &at_once, (socklen_t)sizeof at_once), 0);
    assert_int_equal(connect(redis->fd, (const struct sockaddr *)&address, sizeof address), 0);
    (void)snprintf(number, sizeof number, "%d", db);
    raw_redis_run(redis, select, 2);
}

void raw_redis_close(struct raw_redis *redis)
{
    close(redis->fd);
}

void raw_redis_set(struct raw_redis *redis, const char *key, const void *bytes, size_t len)
{
    char line[512];
    send_head(redis, 3);
    send_word(redis, "SET", 3);
    send_word(redis, key, strlen(key));
    send_word(redis, bytes, len);
    receive_line(redis, line, sizeof line);
    assert_string_equal(line, "+OK");
}

size_t raw_redis_get(struct raw_redis *redis, const char *key, unsigned char *buf, size_t size)
{
    char line[512];
    unsigned char end[2];
    send_head(redis, 2);
    send_word(redis, "GET", 3);
    send_word(redis, key, strlen(key));
    receive_line(redis, line, sizeof line);
    assert_int_equal(line[0], '$');
    long len = strtol(line + 1, NULL, 10);
    assert_true(len >= 0 && (size_t)len <= size);
    receive(redis, buf, (size_t)len);
    receive(redis, end, sizeof end);
    return (size_t)len;
}

bool raw_redis_info(struct raw_redis *redis, const char *section, const char *begins,
                    char *ret_line, size_t size)
{
    char head[64], line[512];
    bool found = false;
    send_head(redis, 2);
    send_word(redis, "INFO", 4);
    send_word(redis, section, strlen(section));
    receive_line(redis, head, sizeof head);
    assert_int_equal(head[0], '$');
    long left = strtol(head + 1, NULL, 10) + 2; /* the end of the whole is one more */
    while (left > 0) {
        receive_line(redis, line, sizeof line);
        left -= (long)strlen(line) + 2;
        if (strncmp(line, begins, strlen(begins)) == 0) {
            (void)snprintf(ret_line, size, "%s", line);
            found = true;
        }
    }
    return found;
}
