/* SPDX-License-Identifier: MIT */
#include "support/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/resp_frame.h"

enum { IN_BYTES = 64 * 1024, WORDS_BYTES = 512 };

struct script {
    const struct scripted_step *steps;
    size_t count;
};

struct scripted_server {
    int listener;
    int stop; /* an eventfd that turns readable */
    int port;
    atomic_int connections;
    pthread_mutex_t mutex; /* of what follows */
    struct script first;
    struct script then;
    int then_from;
    char heard[IN_BYTES];
    size_t heard_len;
    char unexpected[WORDS_BYTES];
    pthread_t thread; /* alone has what follows */
    char in[IN_BYTES];
    size_t in_len;
};

/* Waits for events on fd. False: the server is to stop, or the time is over. */
static bool await(struct scripted_server *server, int fd, short events, int timeout_ms)
{
    struct pollfd waits[] = {{.fd = server->stop, .events = POLLIN}, {.fd = fd, .events = events}};
    int n;
    do {
        n = poll(waits, 2, timeout_ms);
    } while (n < 0);
    return n > 0 && waits[0].revents == 0;
}

/* Receives what there is, notes it, and gives how much. 0: the client is gone, or no room. */
static size_t take(struct scripted_server *server, int fd, char *bytes, size_t size)
{
    ssize_t n = await(server, fd, POLLIN, -1) ? recv(fd, bytes, size, 0) : 0;
    if (n <= 0) {
        return 0;
    }
    pthread_mutex_lock(&server->mutex);
    size_t room = sizeof server->heard - server->heard_len;
    size_t len = (size_t)n < room ? (size_t)n : room;
    memcpy(server->heard + server->heard_len, bytes, len);
    server->heard_len += len;
    pthread_mutex_unlock(&server->mutex);
    return (size_t)n;
}

static bool take_all(struct scripted_server *server, int fd)
{
    char bytes[65536];
    server->in_len = 0;
    return take(server, fd, bytes, sizeof bytes) > 0;
}

static void note_unexpected(struct scripted_server *server, const char *words)
{
    pthread_mutex_lock(&server->mutex);
    if (server->unexpected[0] == '\0') {
        snprintf(server->unexpected, sizeof server->unexpected, "%s", words);
    }
    pthread_mutex_unlock(&server->mutex);
}

static bool expect(struct scripted_server *server, int fd, const struct scripted_step *step)
{
    char words[WORDS_BYTES];
    bool broken = false;
    size_t frame;
    while ((frame = resp_frame_bytes(server->in, server->in_len, &broken)) == 0) {
        size_t n = take(server, fd, server->in + server->in_len, IN_BYTES - server->in_len);
        if (broken || n == 0) {
            return false;
        }
        server->in_len += n;
    }
    resp_frame_words(server->in, frame, words, sizeof words);
    server->in_len -= frame;
    memmove(server->in, server->in + frame, server->in_len);
    if (strlen(words) < step->len || memcmp(words, step->bytes, step->len) != 0) {
        note_unexpected(server, words);
        return false;
    }
    return true;
}

/* Receives nothing meanwhile: what the client sends next is for an AWAIT. */
static bool send_all(struct scripted_server *server, int fd, const char *bytes, size_t len)
{
    while (len != 0) {
        if (!await(server, fd, POLLOUT, -1)) {
            return false;
        }
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) {
            return false;
        }
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static bool stopping(struct scripted_server *server)
{
    struct pollfd wait = {.fd = server->stop, .events = POLLIN};
    return poll(&wait, 1, 0) != 0;
}

static bool drip(struct scripted_server *server, int fd, const struct scripted_step *step)
{
    for (size_t i = 0; i < step->len; i++) {
        if (!send_all(server, fd, step->bytes + i, 1)) {
            return false;
        }
        /* POLLRDHUP: the client hung up; otherwise the interval passes. */
        if (await(server, fd, POLLRDHUP, step->interval_ms) || stopping(server)) {
            return false;
        }
    }
    return true;
}

static bool repeat(struct scripted_server *server, int fd, const struct scripted_step *step)
{
    while (send_all(server, fd, step->bytes, step->len)) {
    }
    return false;
}

static bool hold(struct scripted_server *server, int fd)
{
    while (take_all(server, fd)) {
    }
    return false;
}

static void reset(int fd)
{
    struct linger now = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static bool run_step(struct scripted_server *server, int fd, const struct scripted_step *step)
{
    switch (step->act) {
    case SCRIPTED_ACT_END:
        return false;
    case SCRIPTED_ACT_AWAIT:
        return take_all(server, fd);
    case SCRIPTED_ACT_SEND:
        return send_all(server, fd, step->bytes, step->len);
    case SCRIPTED_ACT_DRIP:
        return drip(server, fd, step);
    case SCRIPTED_ACT_REPEAT:
        return repeat(server, fd, step);
    case SCRIPTED_ACT_HOLD:
        return hold(server, fd);
    case SCRIPTED_ACT_RESET:
        reset(fd);
        return false;
    case SCRIPTED_ACT_EXPECT:
        return expect(server, fd, step);
    case SCRIPTED_ACT_SLEEP:
        return !await(server, fd, POLLRDHUP, step->interval_ms) && !stopping(server);
    case SCRIPTED_ACT_AGAIN:
        return true; /* see run_script */
    }
    return false;
}

static void run_script(struct scripted_server *server, int fd, const struct script *script)
{
    server->in_len = 0;
    for (size_t i = 0; i < script->count && run_step(server, fd, &script->steps[i]); i++) {
        if (script->steps[i].act == SCRIPTED_ACT_AGAIN) {
            i = script->steps[i].len - 1; /* and on from there */
        }
    }
}

static void *serve(void *user)
{
    struct scripted_server *server = user;
    while (await(server, server->listener, POLLIN, -1)) {
        int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) {
            continue;
        }
        int n = atomic_fetch_add(&server->connections, 1);
        pthread_mutex_lock(&server->mutex);
        struct script script =
            server->then.steps != NULL && n >= server->then_from ? server->then : server->first;
        pthread_mutex_unlock(&server->mutex);
        run_script(server, fd, &script);
        close(fd);
    }
    return NULL;
}

static bool listen_somewhere(struct scripted_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 ||
        bind(server->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(server->listener, 16) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &len) != 0) {
        return false;
    }
    server->port = ntohs(address.sin_port);
    return true;
}

static void release(struct scripted_server *server)
{
    if (server->listener >= 0) {
        close(server->listener);
    }
    if (server->stop >= 0) {
        close(server->stop);
    }
    pthread_mutex_destroy(&server->mutex);
    free(server);
}

struct scripted_server *scripted_server_start(const struct scripted_step *steps, size_t count)
{
    struct scripted_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return NULL;
    }
    server->listener = -1;
    server->first = (struct script){.steps = steps, .count = count};
    pthread_mutex_init(&server->mutex, NULL);
    server->stop = eventfd(0, EFD_CLOEXEC);
    if (server->stop < 0 || !listen_somewhere(server) ||
        pthread_create(&server->thread, NULL, serve, server) != 0) {
        release(server);
        return NULL;
    }
    return server;
}

void scripted_server_stop(struct scripted_server *server)
{
    if (server == NULL) {
        return;
    }
    eventfd_write(server->stop, 1);
    pthread_join(server->thread, NULL);
    release(server);
}

void scripted_server_next(struct scripted_server *server, int n, const struct scripted_step *steps,
                          size_t count)
{
    pthread_mutex_lock(&server->mutex);
    server->then = (struct script){.steps = steps, .count = count};
    server->then_from = n;
    pthread_mutex_unlock(&server->mutex);
}

int scripted_server_port(const struct scripted_server *server)
{
    return server->port;
}

int scripted_server_connections(const struct scripted_server *server)
{
    return atomic_load(&server->connections);
}

size_t scripted_server_heard(struct scripted_server *server, const char *bytes, size_t len)
{
    size_t count = 0;
    pthread_mutex_lock(&server->mutex);
    const char *at = server->heard, *end = server->heard + server->heard_len;
    while (at < end && (at = memmem(at, (size_t)(end - at), bytes, len)) != NULL) {
        at += len;
        count++;
    }
    pthread_mutex_unlock(&server->mutex);
    return count;
}

void scripted_server_unexpected(struct scripted_server *server, char *ret_words, size_t size)
{
    pthread_mutex_lock(&server->mutex);
    snprintf(ret_words, size, "%s", server->unexpected);
    pthread_mutex_unlock(&server->mutex);
}
