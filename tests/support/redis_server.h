/* SPDX-License-Identifier: MIT */
/*
 * A real redis-server for one test program.
 *
 *     struct redis_server server;
 *     if (!redis_server_start(&server, REDIS_SERVER_TCP, NULL)) { skip(); }
 *     ... server.port ...
 *     redis_server_stop(&server);
 *
 * It listens on a free port of the loopback address, or on a unix socket in a
 * directory of its own, keeps nothing on disk unless its arguments say so, and dies with the thread that
 * started it. The program is found by $LARDER_REDIS_SERVER, else as
 * "redis-server" on the PATH, so that the same tests run against Valkey.
 * Threads: one a server.
 */
#ifndef TESTS_SUPPORT_REDIS_SERVER_H
#define TESTS_SUPPORT_REDIS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* TLS: as TCP, and on a port of its own; `args` say the certificates. */
enum redis_server_kind { REDIS_SERVER_TCP, REDIS_SERVER_UNIX, REDIS_SERVER_TLS };

enum { REDIS_SERVER_ARGS_MAX = 32 };

struct redis_server {
    enum redis_server_kind kind;
    pid_t pid;    /* 0: not running */
    int port;     /* 0 with REDIS_SERVER_UNIX */
    int tls_port; /* 0 but with REDIS_SERVER_TLS */
    char dir[64];
    char socket_path[96]; /* empty with REDIS_SERVER_TCP */
    const char *args[REDIS_SERVER_ARGS_MAX + 1];
};

/* Starts one and waits until it answers. `args` are more arguments of its
 * command line, ended by NULL, or NULL; they must outlive the server. False:
 * there is no such program, or it did not come up in 10 s. */
bool redis_server_start(struct redis_server *server, enum redis_server_kind kind,
                        const char *const *args);

/* Kills it (by its pid) and removes its directory. Fine when it is not running. */
void redis_server_stop(struct redis_server *server);

/* Kills it; redis_server_again starts it on the same port, with what is on disk. */
void redis_server_kill(struct redis_server *server);
bool redis_server_again(struct redis_server *server);
/* The two halves of it: the process is started; it answers, and not with
 * -LOADING. */
bool redis_server_begin(struct redis_server *server);
bool redis_server_await(struct redis_server *server);

/* Stops and continues the process: a server that is there and silent. */
void redis_server_freeze(struct redis_server *server);
void redis_server_thaw(struct redis_server *server);

/* Sends one line in the inline form ("LPUSH list a") over a connection of its
 * own, after `AUTH password` when that is not NULL, and gives the first line of
 * the reply, without its end. False: no reply. */
bool redis_server_say(const struct redis_server *server, const char *password, const char *line,
                      char *ret_reply, size_t size);

#endif
