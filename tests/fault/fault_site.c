/* SPDX-License-Identifier: MIT */
/* The place of a row: server, proxy, cache; and what the process holds. */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"
#include "support/raw_redis.h"
#include "support/sanitizers.h"

enum { EXIT_UNABLE = 3 };

/* -------------------------------------------------------------------- row */

static void add_note(struct fault_row *row, const char *format, va_list list)
    __attribute__((format(printf, 2, 0)));

static void add_note(struct fault_row *row, const char *format, va_list list)
{
    size_t len = strlen(row->notes);
    size_t room = sizeof row->notes - len;
    if (room < 2) {
        return;
    }
    int n = vsnprintf(row->notes + len, room - 1, format, list);
    len += n < 0 ? 0 : (size_t)n < room - 1 ? (size_t)n : room - 2;
    row->notes[len] = '\n';
    row->notes[len + 1] = '\0';
}

void fault_note(struct fault_row *row, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    add_note(row, format, list);
    va_end(list);
}

void fault_check(struct fault_row *row, bool holds, const char *format, ...)
{
    va_list list;
    if (holds) {
        return;
    }
    row->failed = true;
    va_start(list, format);
    add_note(row, format, list);
    va_end(list);
}

void fault_skip(struct fault_row *row, const char *format, ...)
{
    va_list list;
    row->skipped = true;
    va_start(list, format);
    add_note(row, format, list);
    va_end(list);
}

void fault_most(int64_t *figure, int64_t value)
{
    if (value > *figure) {
        *figure = value;
    }
}

/* ---------------------------------------------------------------- process */

bool fault_is_long;

int64_t fault_span_ms(int64_t short_ms)
{
    enum { LONG_SPAN_MS = 20000 };
    return fault_is_long ? LONG_SPAN_MS : short_ms;
}

void fault_pause_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0) {
    }
}

static int count_entries(const char *folder)
{
    int count = 0;
    DIR *dir = opendir(folder);
    while (dir != NULL && readdir(dir) != NULL) {
        count++;
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return count - 2; /* . and .. */
}

int fault_open_fds(void)
{
    return count_entries("/proc/self/fd") - 1; /* the folder's own */
}

int fault_open_threads(void)
{
    return count_entries("/proc/self/task");
}

static int64_t status_kib(const char *label)
{
    char line[256];
    int64_t kib = FAULT_NONE;
    FILE *file = fopen("/proc/self/status", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, label, strlen(label)) == 0) {
            kib = strtoll(line + strlen(label), NULL, 10);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return kib;
}

int64_t fault_rss_kib(void)
{
    return status_kib("VmRSS:");
}

int64_t fault_peak_rss_kib(void)
{
    return status_kib("VmHWM:");
}

void fault_reset_peak_rss(void)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t ignored = write(fd, "5", 1);
        (void)ignored;
        close(fd);
    }
}

int64_t fault_rss_slack_kib(void)
{
    return UNDER_ADDRESS_SANITIZER || UNDER_THREAD_SANITIZER ? 64 * 1024 : 0;
}

int64_t fault_crowd_slack_ms(int threads)
{
    enum { TIME_SLICE_MS = 8, SANITIZED = 3 };
    cpu_set_t set;
    int processors = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    int64_t slower = fault_rss_slack_kib() != 0 ? SANITIZED : 1;
    return threads * TIME_SLICE_MS * slower / processors;
}

/* ------------------------------------------------------------------- site */

static void unable(const char *what)
{
    fprintf(stderr, "fault: %s\n", what);
    exit(EXIT_UNABLE);
}

struct larder_config fault_config(const char *url)
{
    return (struct larder_config){.backend = "redis",
                                  .url = url,
                                  .timeout_ms = FAULT_TIMEOUT_MS,
                                  .connect_timeout_ms = FAULT_TIMEOUT_MS};
}

static void prepare(struct fault_site *site, struct fault_row *row, enum redis_server_kind kind,
                    const char *const *args)
{
    site->row = row;
    if (!redis_server_start(&site->server, kind, args)) {
        unable("redis-server did not start");
    }
    bool tls = kind == REDIS_SERVER_TLS;
    site->proxy = faultproxy_start(tls ? site->server.tls_port : site->server.port, row->seed);
    if (site->proxy == NULL) {
        unable("no proxy");
    }
    snprintf(site->url, sizeof site->url, "%s://127.0.0.1:%d", tls ? "rediss" : "redis",
             faultproxy_port(site->proxy));
    site->config = fault_config(site->url);
}

void fault_site_prepare(struct fault_site *site, struct fault_row *row, const char *const *args)
{
    memset(site, 0, sizeof *site);
    prepare(site, row, REDIS_SERVER_TCP, args);
}

void fault_site_prepare_tls(struct fault_site *site, struct fault_row *row)
{
    static const struct certificate all[] = {{.name = "ca", .is_ca = true},
                                             {.name = "server", .issuer = "ca", .ip = "127.0.0.1"},
                                             {.name = "client", .issuer = "ca"}};
    memset(site, 0, sizeof *site);
    struct certificates *pki = &site->pki;
    bool ok = certificates_begin(pki);
    for (size_t i = 0; ok && i < sizeof all / sizeof *all; i++) {
        ok = certificates_issue(pki, &all[i]);
    }
    if (!ok) {
        unable("no certificates");
    }
    const char *const args[] = {"--tls-cert-file",
                                certificates_path(pki, "server.pem"),
                                "--tls-key-file",
                                certificates_path(pki, "server.key"),
                                "--tls-ca-cert-file",
                                certificates_path(pki, "ca.pem"),
                                "--tls-auth-clients",
                                "yes",
                                NULL};
    memcpy(site->tls_args, args, sizeof args);
    prepare(site, row, REDIS_SERVER_TLS, site->tls_args);
    site->config.tls_ca = certificates_path(pki, "ca.pem");
    site->config.tls_cert = certificates_path(pki, "client.pem");
    site->config.tls_key = certificates_path(pki, "client.key");
}

void fault_site_open_cache(struct fault_site *site)
{
    if (fault_cache_open(&site->config, &site->cache) != LARDER_OK) {
        unable(larder_last_error());
    }
}

void fault_site_open(struct fault_site *site, struct fault_row *row, const char *const *args)
{
    fault_site_prepare(site, row, args);
    fault_site_open_cache(site);
}

void fault_site_close(struct fault_site *site)
{
    struct faultproxy_counts counts;
    faultproxy_counts(site->proxy, &counts);
    fault_most(&site->row->dials, (int64_t)counts.peak_dials);
    fault_cache_close(site->cache);
    faultproxy_stop(site->proxy);
    redis_server_stop(&site->server);
    if (site->pki.count != 0) {
        certificates_end(&site->pki);
    }
}

bool fault_site_say(struct fault_site *site, const char *line, char *ret_reply, size_t size)
{
    return redis_server_say(&site->server, NULL, line, ret_reply, size);
}

int64_t fault_site_errors_told(struct fault_site *site, const char *word)
{
    char wanted[64], line[128];
    struct raw_redis raw;
    raw_redis_open(&raw, site->server.port, 0);
    snprintf(wanted, sizeof wanted, "errorstat_%s:count=", word);
    bool found = raw_redis_info(&raw, "errorstats", wanted, line, sizeof line);
    raw_redis_close(&raw);
    return found ? strtoll(line + strlen(wanted), NULL, 10) : 0;
}
