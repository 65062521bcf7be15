/* SPDX-License-Identifier: MIT */
/* Row 11: the name service; and the namespaces that give a process its own. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fault.h"

/* ------------------------------------------------------------- namespaces */

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static bool raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

bool fault_own_namespaces(void)
{
    char users[32], groups[32];
    snprintf(users, sizeof users, "0 %u 1\n", (unsigned)geteuid());
    snprintf(groups, sizeof groups, "0 %u 1\n", (unsigned)getegid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) == 0 &&
           write_file("/proc/self/setgroups", "deny") && write_file("/proc/self/uid_map", users) &&
           write_file("/proc/self/gid_map", groups) &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && raise_loopback();
}

/* Puts a file of this text over one of the system's, for this process alone. */
static bool put_over(const char *path, const char *text)
{
    char mine[] = P_tmpdir "/larder-XXXXXX";
    int fd = mkstemp(mine);
    bool ok = fd >= 0 && write_file(mine, text) && mount(mine, path, NULL, MS_BIND, NULL) == 0;
    if (fd >= 0) {
        close(fd);
        unlink(mine);
    }
    return ok;
}

/* ------------------------------------------------------------ a name server */

enum answer { SILENT, RIGHT, WRONG, NO_NAME, TROUBLE, GARBAGE };

/* Headers and questions as RFC 1035 has them. */
enum { DNS_PORT = 53, HEAD_BYTES = 12, MESSAGE_BYTES = 512, TYPE_A = 1, LIFETIME_S = 0 };

struct name_server {
    int fd;
    pthread_t thread;
    atomic_bool stop;
    atomic_int answer;
    atomic_int delay_ms;
    atomic_int questions;
    atomic_int manner; /* counts changes of the two above; what was asked before is dropped */
};

static void name_server_do(struct name_server *server, enum answer answer, int delay_ms)
{
    uint8_t byte;
    while (recv(server->fd, &byte, 1, MSG_DONTWAIT) >= 0) {
    }
    atomic_store(&server->answer, answer);
    atomic_store(&server->delay_ms, delay_ms);
    atomic_fetch_add(&server->manner, 1);
}

/* The question's length, from behind the head; 0: it is not whole. */
static size_t question_bytes(const uint8_t *message, size_t len)
{
    size_t at = HEAD_BYTES;
    while (at < len && message[at] != 0) {
        at += message[at] + 1U;
    }
    at += 1 + 2 + 2; /* the root, type and class */
    return at <= len ? at - HEAD_BYTES : 0;
}

static size_t add_address(uint8_t *message, size_t at, uint8_t last)
{
    const uint8_t record[] = {0xc0, HEAD_BYTES, 0, TYPE_A, 0,   1, 0, 0,
                              0,    LIFETIME_S, 0, 4,      127, 0, 0, last};
    message[7] = 1; /* one answer */
    memcpy(message + at, record, sizeof record);
    return at + sizeof record;
}

/* Makes the answer in place; its length, 0: none. */
static size_t answer_to(uint8_t message[MESSAGE_BYTES], size_t len, enum answer answer)
{
    static const uint8_t codes[] = {[NO_NAME] = 3, [TROUBLE] = 2, [GARBAGE] = 0};
    size_t question = question_bytes(message, len);
    if (answer == SILENT || question == 0) {
        return 0;
    }
    size_t at = HEAD_BYTES + question;
    bool address = message[at - 3] == TYPE_A;
    message[2] = 0x81; /* a response, recursion desired */
    message[3] = (uint8_t)(0x80 | codes[answer]);
    memset(message + 6, 0, 6);
    if (answer == GARBAGE) {
        memset(message + HEAD_BYTES, 0xff, question);
        message[7] = 9;
    } else if ((answer == RIGHT || answer == WRONG) && address) {
        at = add_address(message, at, answer == RIGHT ? 1 : 9);
    }
    return at;
}

static void serve_name(struct name_server *server)
{
    uint8_t message[MESSAGE_BYTES + 64];
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    int manner = atomic_load(&server->manner);
    ssize_t n =
        recvfrom(server->fd, message, MESSAGE_BYTES, 0, (struct sockaddr *)&from, &from_len);
    if (n < HEAD_BYTES) {
        return;
    }
    atomic_fetch_add(&server->questions, 1);
    int64_t due_ns = history_now_ns() + atomic_load(&server->delay_ms) * INT64_C(1000000);
    while (history_now_ns() < due_ns && manner == atomic_load(&server->manner)) {
        fault_pause_ms(5);
    }
    size_t len = answer_to(message, (size_t)n, (enum answer)atomic_load(&server->answer));
    if (len != 0 && manner == atomic_load(&server->manner)) {
        sendto(server->fd, message, len, MSG_NOSIGNAL, (struct sockaddr *)&from, from_len);
    }
}

static void *serve_names(void *user)
{
    struct name_server *server = user;
    while (!atomic_load(&server->stop)) {
        struct pollfd wait = {.fd = server->fd, .events = POLLIN};
        if (poll(&wait, 1, 10) > 0) {
            serve_name(server);
        }
    }
    return NULL;
}

static bool name_server_start(struct name_server *server)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(DNS_PORT), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    server->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (server->fd >= 0 && bind(server->fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        pthread_create(&server->thread, NULL, serve_names, server) == 0) {
        return true;
    }
    close(server->fd);
    return false;
}

static void name_server_stop(struct name_server *server)
{
    atomic_store(&server->stop, true);
    pthread_join(server->thread, NULL);
    close(server->fd);
}

/* ----------------------------------------------------------------- 11: names */

static const struct {
    const char *name;
    enum answer answer;
    int delay_ms;
    bool served; /* else: E_UNAVAILABLE or E_TIMEOUT */
} services[] = {
    {"right", RIGHT, 0, true},           {"slow", RIGHT, 30, true},
    {"too slow", RIGHT, 400, false},     {"dead", SILENT, 0, false},
    {"no such name", NO_NAME, 0, false}, {"in trouble", TROUBLE, 0, false},
    {"garbage", GARBAGE, 0, false},      {"wrong", WRONG, 0, false},
};

/* A call, and how far it went beyond its deadline. */
static void ask_once(struct fault_row *row, struct fault_cache *cache, size_t i, bool is_first,
                     int64_t *ret_over_ms)
{
    const struct fault_thing *value;
    int64_t start_ns = history_now_ns();
    enum larder_status status = fault_thing_cache_get(cache, 1, &value);
    int64_t took_ms = (history_now_ns() - start_ns) / 1000000;
    fault_thing_release(value);
    bool right = services[i].served ? status == LARDER_MISS
                                    : status == LARDER_E_UNAVAILABLE || status == LARDER_E_TIMEOUT;
    fault_check(row, right, "%s: %s: %s", services[i].name, larder_status_name(status),
                larder_last_error());
    if (is_first) {
        fault_note(row, "%-13s %4d ms  %s", services[i].name, (int)took_ms,
                   larder_status_name(status));
    }
    *ret_over_ms = took_ms > FAULT_TIMEOUT_MS ? took_ms - FAULT_TIMEOUT_MS : 0;
}

/* Two calls or three of a cache that nothing is known to yet; the fastest counts,
 * the machine may be busy. Each service by another name: who asks for one that is
 * asked for already waits for the answer to that. */
static void ask_by_name(struct fault_row *row, const struct fault_site *site, size_t i)
{
    struct fault_cache *cache;
    char host[32];
    int64_t over_ms, least_ms = INT64_MAX;
    snprintf(host, sizeof host, "cache%zu.test", i);
    struct larder_config config = {.backend = "redis",
                                   .host = host,
                                   .port = site->server.port,
                                   .timeout_ms = FAULT_TIMEOUT_MS};
    if (fault_cache_open(&config, &cache) != LARDER_OK) {
        fault_check(row, false, "%s: not opened: %s", services[i].name, larder_last_error());
        return;
    }
    for (int k = 0; k < 3 && (k < 2 || least_ms > FAULT_SLACK_MS); k++) {
        ask_once(row, cache, i, k == 0, &over_ms);
        least_ms = over_ms < least_ms ? over_ms : least_ms;
    }
    fault_most(&row->overrun_ms, least_ms);
    fault_cache_close(cache);
}

/* The dead service answers again: the same cache is served. */
static void name_comes_back(struct fault_row *row, const struct fault_site *site,
                            struct name_server *names)
{
    struct fault_cache *cache;
    const struct fault_thing *value;
    enum larder_status status = LARDER_E_TIMEOUT;
    struct larder_config config = {.backend = "redis",
                                   .host = "cache.test",
                                   .port = site->server.port,
                                   .timeout_ms = FAULT_TIMEOUT_MS};
    name_server_do(names, SILENT, 0);
    if (fault_cache_open(&config, &cache) != LARDER_OK) {
        fault_check(row, false, "not opened: %s", larder_last_error());
        return;
    }
    for (int i = 0; i < 8; i++) {
        larder_ignore(fault_thing_cache_get(cache, 1, &value));
    }
    name_server_do(names, RIGHT, 0);
    int64_t from_ns = history_now_ns();
    while (status < 0 && history_now_ns() < from_ns + INT64_C(20000000000)) {
        status = fault_thing_cache_get(cache, 1, &value);
        fault_pause_ms(1);
    }
    row->recovery_ms = (history_now_ns() - from_ns) / 1000000;
    fault_check(row, status == LARDER_MISS, "not served again: %s", larder_last_error());
    fault_cache_close(cache);
}

void fault_row_11(struct fault_row *row)
{
    struct name_server names = {.fd = -1};
    struct fault_site site;
    if (!fault_own_namespaces() ||
        !put_over("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n") ||
        !put_over("/etc/nsswitch.conf", "hosts: dns\n") || !name_server_start(&names)) {
        fault_skip(row, "no namespaces of users, mounts and networks to be had: %s",
                   strerror(errno));
        return;
    }
    fault_site_prepare(&site, row, NULL);
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        name_server_do(&names, services[i].answer, services[i].delay_ms);
        ask_by_name(row, &site, i);
    }
    name_comes_back(row, &site, &names);
    fault_check(row, row->overrun_ms <= FAULT_SLACK_MS, "%d ms late", (int)row->overrun_ms);
    fault_check(row, atomic_load(&names.questions) > 0, "nobody asked");
    fault_site_close(&site);
    name_server_stop(&names);
}
