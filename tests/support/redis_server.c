/* SPDX-License-Identifier: MIT */
#include "support/redis_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_ATTEMPTS = 5, START_MS = 10000, REPLY_MS = 5000, FTW_OPEN_MAX = 8 };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A port that nobody listens on now; somebody else may be faster, so the start is tried again. */
static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int port = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
        port = ntohs(address.sin_port);
    }
    if (fd >= 0) {
        close(fd);
    }
    return port;
}

/* ------------------------------------------------------------- a dialogue */

static int dial(const struct redis_server *server)
{
    struct sockaddr_in tcp = {.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)server->port),
                              .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    bool is_tcp = server->kind != REDIS_SERVER_UNIX;
    snprintf(local.sun_path, sizeof local.sun_path, "%s", server->socket_path);
    int fd = socket(is_tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr *address =
        is_tcp ? (const struct sockaddr *)&tcp : (const struct sockaddr *)&local;
    if (fd >= 0 && connect(fd, address, is_tcp ? sizeof tcp : sizeof local) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Reads one line, byte by byte: what follows is left unread. */
static bool read_line(int fd, char *ret_line, size_t size)
{
    size_t len = 0;
    char c;
    int64_t end = now_ms() + REPLY_MS;
    ret_line[0] = '\0';
    while (len + 1 < size) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left = end - now_ms();
        if (left <= 0 || poll(&wait, 1, (int)left) <= 0 || recv(fd, &c, 1, 0) != 1) {
            return false;
        }
        if (c == '\n') {
            return true;
        }
        if (c != '\r') {
            ret_line[len++] = c;
            ret_line[len] = '\0';
        }
    }
    return true;
}

static bool ask(int fd, const char *line, char *ret_reply, size_t size)
{
    char command[1024];
    int n = snprintf(command, sizeof command, "%s\r\n", line);
    return n > 0 && n < (int)sizeof command && send(fd, command, (size_t)n, MSG_NOSIGNAL) == n &&
           read_line(fd, ret_reply, size);
}

bool redis_server_say(const struct redis_server *server, const char *password, const char *line,
                      char *ret_reply, size_t size)
{
    char auth[256];
    int fd = dial(server);
    ret_reply[0] = '\0';
    if (fd < 0) {
        return false;
    }
    bool ok = true;
    if (password != NULL) {
        snprintf(auth, sizeof auth, "AUTH %s", password);
        ok = ask(fd, auth, ret_reply, size);
    }
    ok = ok && ask(fd, line, ret_reply, size);
    close(fd);
    return ok;
}

/* Any answer but "still loading" says that it is up; with a password that is -NOAUTH. */
static bool wait_until_up(struct redis_server *server)
{
    int64_t end = now_ms() + START_MS;
    char reply[128];
    while (now_ms() < end) {
        struct timespec pause = {.tv_nsec = 2000000};
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid) {
            server->pid = 0; /* the port was taken, or no such program */
            return false;
        }
        if (redis_server_say(server, NULL, "PING", reply, sizeof reply) &&
            strncmp(reply, "-LOADING", 8) != 0) {
            return true;
        }
        nanosleep(&pause, NULL);
    }
    redis_server_kill(server);
    return false;
}

/* ------------------------------------------------------------- life cycle */

static void run_program(const struct redis_server *server, pid_t parent)
{
    char port[16], tls_port[16];
    const char *program = getenv("LARDER_REDIS_SERVER");
    const char *argv[32 + REDIS_SERVER_ARGS_MAX];
    size_t n = 0;
    snprintf(port, sizeof port, "%d", server->port);
    program = program != NULL ? program : "redis-server";
    const char *fixed[] = {
        program,     "--port",       port, "--bind",      "127.0.0.1", "--save",    "", "--dir",
        server->dir, "--appendonly", "no", "--daemonize", "no",        "--logfile", ""};
    for (; n < sizeof fixed / sizeof *fixed; n++) {
        argv[n] = fixed[n];
    }
    if (server->kind == REDIS_SERVER_TLS) {
        snprintf(tls_port, sizeof tls_port, "%d", server->tls_port);
        argv[n++] = "--tls-port";
        argv[n++] = tls_port;
    }
    if (server->kind == REDIS_SERVER_UNIX) {
        argv[n++] = "--unixsocket";
        argv[n++] = server->socket_path;
    }
    for (size_t i = 0; server->args[i] != NULL; i++) {
        argv[n++] = server->args[i];
    }
    argv[n] = NULL;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(1); /* the parent died before prctl */
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    char *words[sizeof argv / sizeof *argv];
    memcpy(words, argv, sizeof words); /* execvp wants them without const, and leaves them alone */
    execvp(program, words);
    _exit(127);
}

bool redis_server_begin(struct redis_server *server)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        run_program(server, parent);
    }
    if (pid < 0) {
        return false;
    }
    server->pid = pid;
    return true;
}

bool redis_server_await(struct redis_server *server)
{
    return wait_until_up(server);
}

bool redis_server_again(struct redis_server *server)
{
    return redis_server_begin(server) && redis_server_await(server);
}

static bool make_dir(struct redis_server *server)
{
    const char *base = getenv("TMPDIR");
    base = base != NULL && strlen(base) < 40 ? base : P_tmpdir;
    snprintf(server->dir, sizeof server->dir, "%s/larder-XXXXXX", base);
    return mkdtemp(server->dir) != NULL;
}

bool redis_server_start(struct redis_server *server, enum redis_server_kind kind,
                        const char *const *args)
{
    memset(server, 0, sizeof *server);
    server->kind = kind;
    for (size_t i = 0; args != NULL && args[i] != NULL && i < REDIS_SERVER_ARGS_MAX; i++) {
        server->args[i] = args[i];
    }
    if (!make_dir(server)) {
        return false;
    }
    if (kind == REDIS_SERVER_UNIX) {
        snprintf(server->socket_path, sizeof server->socket_path, "%s/socket", server->dir);
    }
    for (int i = 0; i < START_ATTEMPTS; i++) {
        server->port = kind != REDIS_SERVER_UNIX ? free_port() : 0;
        server->tls_port = kind == REDIS_SERVER_TLS ? free_port() : 0;
        if (redis_server_again(server)) {
            return true;
        }
    }
    redis_server_stop(server);
    return false;
}

void redis_server_kill(struct redis_server *server)
{
    if (server->pid > 0) {
        kill(server->pid, SIGKILL);
        while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        server->pid = 0;
    }
    if (server->socket_path[0] != '\0') {
        unlink(server->socket_path);
    }
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *place)
{
    (void)about;
    (void)type;
    (void)place;
    remove(path);
    return 0;
}

void redis_server_stop(struct redis_server *server)
{
    redis_server_kill(server);
    if (server->dir[0] != '\0') {
        nftw(server->dir, remove_one, FTW_OPEN_MAX, FTW_DEPTH | FTW_PHYS);
        server->dir[0] = '\0';
    }
}

void redis_server_freeze(struct redis_server *server)
{
    if (server->pid > 0) {
        kill(server->pid, SIGSTOP);
    }
}

void redis_server_thaw(struct redis_server *server)
{
    if (server->pid > 0) {
        kill(server->pid, SIGCONT);
    }
}
