/* SPDX-License-Identifier: MIT */
/* Rows 40 to 42: the client's clock, the server's, and no time passing at all. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"
#include "support/raw_redis.h"

enum { AFTER_MS = 300, PATIENT_MS = 2000 };

/* -------------------------------------------------- 40: the client's clock */

static _Atomic int64_t wall_offset_ms;

static int64_t monotonic_ns(void *user)
{
    (void)user;
    return history_now_ns();
}

static int64_t wall_ms(void *user)
{
    struct timespec now;
    (void)user;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000 + atomic_load(&wall_offset_ms);
}

void fault_row_40(struct fault_row *row)
{
    static const struct larder_clock clock = {monotonic_ns, wall_ms, NULL};
    struct fault_site site;
    struct fault_load load;
    fault_site_prepare(&site, row, NULL);
    site.config.clock = &clock;
    site.config.timeout_ms = PATIENT_MS;
    fault_site_open_cache(&site);
    fault_load_init(&load, &site);
    load.options.deadline_ms = PATIENT_MS;
    fault_load_start(&load);
    for (int64_t i = 0; i < fault_span_ms(600) / 30; i++) {
        atomic_store(&wall_offset_ms, i % 2 == 0 ? 3600 * 1000 : -3600 * 1000);
        fault_pause_ms(30);
    }
    fault_pause_ms(AFTER_MS);
    fault_load_stop(&load);
    fault_check(row, row->failures == 0, "%d calls failed", (int)row->failures);
    fault_site_close(&site);
    fault_note(row, "the wall clock jumped 20 times by an hour and more");
}

/* ------------------------------------------------------ 41: the server's clock */

/* The server has tests/fault/shifted_clock.c before it. (libfaketime does not get
 * along with a server whose allocator asks for the time.) */
struct server_clock {
    char path[64];
    atomic_int_least64_t *ahead_s; /* in the file of this path */
    struct raw_redis raw;
};

/* What the server's clock is ahead of ours, as it says. */
static int64_t ahead_s(struct server_clock *clock)
{
    static const char begins[] = "server_time_usec:";
    char line[128];
    if (!raw_redis_info(&clock->raw, "server", begins, line, sizeof line)) {
        return INT64_MAX;
    }
    return strtoll(line + strlen(begins), NULL, 10) / 1000000 - (int64_t)time(NULL);
}

/* What starts next has another clock. */
static void begin_shifting(struct server_clock *clock)
{
    int64_t zero = 0;
    snprintf(clock->path, sizeof clock->path, "%s/larder-XXXXXX", P_tmpdir);
    int fd = mkstemp(clock->path);
    void *mapped = fd >= 0 && write(fd, &zero, sizeof zero) == (ssize_t)sizeof zero
                       ? mmap(NULL, sizeof zero, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                       : MAP_FAILED;
    if (mapped == MAP_FAILED) {
        abort();
    }
    close(fd);
    clock->ahead_s = mapped;
    setenv("LD_PRELOAD", FAULT_SHIFTED_CLOCK, 1);
    setenv("SHIFTED_CLOCK", clock->path, 1);
}

static void end_shifting(void)
{
    unsetenv("LD_PRELOAD");
    unsetenv("SHIFTED_CLOCK");
}

static void step_under_load(struct fault_site *site, struct server_clock *clock)
{
    static const int steps_s[] = {3600, 0, -3600, 0, 10, -10, 10, 0};
    struct fault_row *row = site->row;
    struct fault_load load;
    int64_t each_ms = fault_span_ms(560) / (int64_t)(sizeof steps_s / sizeof *steps_s);
    fault_load_init(&load, site);
    load.options.deadline_ms = PATIENT_MS;
    load.options.may_forget = true; /* entries go early */
    fault_load_start(&load);
    for (size_t i = 0; i < sizeof steps_s / sizeof *steps_s; i++) {
        atomic_store(clock->ahead_s, steps_s[i]);
        fault_pause_ms(each_ms);
        int64_t off_s = ahead_s(clock) - steps_s[i];
        fault_check(row, off_s >= -2 && off_s <= 2, "the server's clock is not %+d s ahead",
                    steps_s[i]);
    }
    fault_load_stop(&load);
    fault_check(row, row->failures == 0, "%d calls failed", (int)row->failures);
}

/* An entry of ten minutes goes when the hour has passed by the server's clock; one
 * that is set then stays when that goes back. */
static void step_an_entry(struct fault_site *site, struct server_clock *clock)
{
    const struct fault_thing *read;
    struct fault_thing value = {.id = 900, .owner = 900, .number = 41, .text = "small"};
    fault_check(site->row, fault_thing_cache_set(site->cache, 900, &value) == LARDER_OK, "no set");
    atomic_store(clock->ahead_s, 3600);
    fault_check(site->row, fault_thing_cache_get(site->cache, 900, &read) == LARDER_MISS,
                "it outlived its hour");
    fault_check(site->row, fault_thing_cache_set(site->cache, 900, &value) == LARDER_OK, "no set");
    atomic_store(clock->ahead_s, 0);
    fault_check(site->row,
                fault_thing_cache_get(site->cache, 900, &read) == LARDER_OK && read->number == 41,
                "it went early");
    fault_thing_release(read);
}

void fault_row_41(struct fault_row *row)
{
    struct server_clock clock;
    struct fault_site site;
    begin_shifting(&clock);
    fault_site_prepare(&site, row, NULL);
    end_shifting();
    site.config.timeout_ms = PATIENT_MS;
    fault_site_open_cache(&site);
    raw_redis_open(&clock.raw, site.server.port, 0);
    step_under_load(&site, &clock);
    step_an_entry(&site, &clock);
    raw_redis_close(&clock.raw);
    munmap(clock.ahead_s, sizeof *clock.ahead_s);
    unlink(clock.path);
    fault_site_close(&site);
    fault_note(row, "steps of an hour and of ten seconds, both ways: entries go early or late; "
                    "no limits and locks yet");
}

/* ------------------------------------------------------- 42: the client pauses */

enum { STOPS = 4, STOP_MS = FAULT_TIMEOUT_MS * 9 / 4, BETWEEN_MS = 150 };

/* In a child: stops its parent and lets it go on, and tells when. */
static void stop_parent(int fd, pid_t parent, int64_t stop_ms)
{
    struct history_stop stops[STOPS];
    for (size_t i = 0; i < STOPS; i++) {
        fault_pause_ms(BETWEEN_MS);
        stops[i].from_ns = history_now_ns();
        kill(parent, SIGSTOP);
        fault_pause_ms(stop_ms);
        stops[i].to_ns = history_now_ns();
        kill(parent, SIGCONT);
    }
    _exit(write(fd, stops, sizeof stops) == (ssize_t)sizeof stops ? 0 : 1);
}

void fault_row_42(struct fault_row *row)
{
    struct fault_site site;
    struct fault_load load;
    struct history_stop stops[STOPS];
    int ends[2], status = -1;
    fault_site_prepare(&site, row, NULL);
    /* Past the proxy, which would be stopped too: what comes meanwhile is to be read. */
    snprintf(site.url, sizeof site.url, "redis://127.0.0.1:%d", site.server.port);
    fault_site_open_cache(&site);
    fault_load_init(&load, &site);
    if (pipe(ends) != 0) {
        abort();
    }
    fault_load_start(&load);
    fault_injected(&load);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        stop_parent(ends[1], parent, fault_is_long ? 5000 : STOP_MS);
    }
    close(ends[1]);
    bool told = read(ends[0], stops, sizeof stops) == (ssize_t)sizeof stops;
    close(ends[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    fault_check(row, told && status == 0, "it was not stopped");
    fault_repaired(&load);
    fault_await_recovery(&load);
    fault_pause_ms(AFTER_MS);
    load.options.stops = stops;
    load.options.stop_count = told ? STOPS : 0;
    fault_load_stop(&load);
    fault_site_close(&site);
    fault_note(row, "stopped %d times for more than a call may take; overrun: since it went on",
               STOPS);
}
