/* SPDX-License-Identifier: MIT */
/* Rows 15 to 21: what happens to the process that calls. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"
#include "support/fail_alloc.h"

enum {
    BEFORE_MS = 200,
    FAULT_MS = 700,
    AFTER_MS = 300,
    FAIL_AT_MAX = 2000,
    PATIENT_MS = 2000,
    CHILDREN = 20,
    CROWD = 64,
    SLOW_LOAD_MS = 200
};

static void begin(struct fault_load *load, struct fault_site *site, struct fault_row *row)
{
    fault_site_open(site, row, NULL);
    fault_load_init(load, site);
    fault_load_start(load);
    fault_pause_ms(fault_span_ms(BEFORE_MS));
}

static void end(struct fault_load *load, struct fault_site *site)
{
    fault_await_recovery(load);
    fault_pause_ms(fault_span_ms(AFTER_MS));
    fault_load_stop(load);
    fault_site_close(site);
}

/* ------------------------------------------------------------- 15: signals */

static atomic_int alarms;

static void on_signal(int number)
{
    (void)number;
    atomic_fetch_add(&alarms, 1);
}

static void ring(int64_t interval_us)
{
    struct itimerval often = {.it_interval.tv_usec = interval_us, .it_value.tv_usec = interval_us};
    setitimer(ITIMER_REAL, &often, NULL);
}

/* The system would give them all to the first thread, which calls nothing. */
static void leave_signals_to_others(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGALRM);
    sigaddset(&signals, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

/* A child that ends at once, for its SIGCHLD. */
static void have_child_end(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

/* A child that stops and continues this process a few times. */
static void be_stopped(void)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 4; i++) {
            kill(parent, SIGSTOP);
            fault_pause_ms(40);
            kill(parent, SIGCONT);
            fault_pause_ms(20);
        }
        _exit(0);
    }
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

void fault_row_15(struct fault_row *row)
{
    struct fault_site site;
    struct fault_load load;
    struct faultproxy_counts counts;
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: EINTR everywhere */
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGCHLD, &action, NULL);
    begin(&load, &site, row);
    leave_signals_to_others();
    ring(1000);
    for (int i = 0; i < 20; i++) {
        have_child_end();
        fault_pause_ms(5);
    }
    /* A call that a signal ends would have closed its connection. */
    faultproxy_counts(site.proxy, &counts);
    fault_check(row, counts.connections <= 2 * FAULT_THREADS, "signals cost %d connections",
                (int)counts.connections);
    fault_injected(&load);
    redis_server_freeze(&site.server); /* calls wait, and are woken all the while */
    fault_pause_ms(fault_span_ms(FAULT_MS));
    redis_server_thaw(&site.server);
    ring(0);
    fault_repaired(&load);
    end(&load, &site);
    fault_check(row, atomic_load(&alarms) > 200, "only %d signals came", atomic_load(&alarms));

    begin(&load, &site, row);
    be_stopped();
    fault_repaired(&load);
    end(&load, &site);
    fault_note(row, "%d signals, a frozen server among them; stopped and continued four times",
               atomic_load(&alarms));
}

/* ------------------------------------------------------------- 16: SIGPIPE */

static void lose_connections(struct fault_site *site)
{
    struct fault_load load;
    char reply[128];
    fault_site_open_cache(site);
    fault_load_init(&load, site);
    /* All shake hands at once, and a step of that is not cut short. */
    load.options.slack_ms += site->config.tls_ca != NULL ? fault_crowd_slack_ms(FAULT_THREADS) : 0;
    fault_load_start(&load);
    fault_pause_ms(fault_span_ms(BEFORE_MS));
    fault_injected(&load);
    for (int64_t i = 0; i < fault_span_ms(300) / 5; i++) {
        if (i % 2 == 0) { /* an end and then a reset: the next send meets EPIPE */
            fault_site_say(site, "CLIENT KILL TYPE normal", reply, sizeof reply);
        }
        faultproxy_reset_all(site->proxy);
        fault_pause_ms(5);
    }
    fault_repaired(&load);
    end(&load, site);
}

void fault_row_16(struct fault_row *row)
{
    struct fault_site site;
    struct sigaction action;
    fault_site_prepare(&site, row, NULL);
    lose_connections(&site);
    fault_site_prepare_tls(&site, row);
    lose_connections(&site);
    sigaction(SIGPIPE, NULL, &action);
    fault_check(row, action.sa_handler == SIG_DFL, "SIGPIPE's disposition was changed");
    fault_note(row, "all connections reset every 5 ms, SIGPIPE at its default, plain and TLS");
}

/* ---------------------------------------------------------------- 17: fork */

/* In the child: the cache serves it, over a connection of its own. */
static int child_calls(struct fault_cache *cache, uint64_t id)
{
    char text[FAULT_TEXT_BYTES];
    const struct fault_thing *read;
    struct fault_thing value = fault_value(id, id, text);
    for (int i = 0; i < 5; i++) {
        if (fault_thing_cache_set(cache, id, &value) != LARDER_OK ||
            fault_thing_cache_get(cache, id, &read) != LARDER_OK || read->number != id) {
            return 1;
        }
        fault_thing_release(read);
    }
    return 0;
}

static int run_child(struct fault_site *site, uint64_t id)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        _exit(child_calls(site->cache, id));
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

/* How many descriptors a program has that is started while the load runs. By
 * posix_spawn, which runs nobody's fork handlers. */
static int inherited_fds(void)
{
    int ends[2], count = -1;
    char text[16] = "", program[4096], option[] = "--fds";
    char *const argv[] = {program, option, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    snprintf(program, sizeof program, "%s", fault_program);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    bool started = posix_spawn(&pid, program, &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (started && read(ends[0], text, sizeof text - 1) > 0) {
        count = (int)strtol(text, NULL, 10);
    }
    close(ends[0]);
    while (started && waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
    return count;
}

struct slow_load {
    struct fault_cache *cache;
    atomic_bool running;
};

static enum larder_status load_slowly(struct larder_load *load, void *user, uint64_t id,
                                      struct fault_thing *out)
{
    struct slow_load *slow = user;
    (void)load;
    atomic_store(&slow->running, true);
    fault_pause_ms(SLOW_LOAD_MS);
    *out = (struct fault_thing){.id = id, .owner = id, .number = 17, .text = "slow"};
    return LARDER_OK;
}

static void *load_it(void *user)
{
    struct slow_load *slow = user;
    const struct fault_thing *value;
    larder_ignore(fault_thing_cache_get_or_load(slow->cache, 17, load_slowly, slow, &value));
    fault_thing_release(value);
    return NULL;
}

/* The child asks for what a thread of its parent, which it does not have, was
 * loading: it loads that itself. */
static void fork_beside_a_load(struct fault_row *row)
{
    struct fault_site site;
    struct slow_load slow = {.running = false};
    pthread_t thread;
    int status = 0;
    fault_site_open(&site, row, NULL);
    slow.cache = site.cache;
    if (pthread_create(&thread, NULL, load_it, &slow) != 0) {
        abort();
    }
    while (!atomic_load(&slow.running)) {
        fault_pause_ms(1);
    }
    pid_t pid = fork();
    if (pid == 0) {
        alarm(10);
        load_it(&slow);
        _exit(0);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    pthread_join(thread, NULL);
    fault_check(row, status == 0, "a child that asked for what its parent was loading: %x",
                (unsigned)status);
    fault_site_close(&site);
}

void fault_row_17(struct fault_row *row)
{
    struct fault_site site;
    struct fault_load load;
    struct faultproxy_counts counts;
    int failed = 0, most = 0;
    fault_site_prepare(&site, row, NULL);
    site.config.timeout_ms = PATIENT_MS;
    fault_site_open_cache(&site);
    fault_load_init(&load, &site);
    load.options.deadline_ms = PATIENT_MS;
    fault_load_start(&load);
    fault_pause_ms(BEFORE_MS);
    for (int i = 0; i < CHILDREN; i++) {
        failed += run_child(&site, (UINT64_C(1) << 40) + (uint64_t)i) != 0;
    }
    for (int i = 0; i < 5; i++) {
        int fds = inherited_fds();
        most = fds > most ? fds : most;
    }
    fault_repaired(&load);
    faultproxy_counts(site.proxy, &counts);
    end(&load, &site);
    fault_check(row, failed == 0, "%d of %d children were not served", failed, CHILDREN);
    fault_check(row, counts.connections <= FAULT_THREADS + CHILDREN && row->failures == 0,
                "the parent lost connections: %d were made, %d calls failed",
                (int)counts.connections, (int)row->failures);
    fault_check(row, most > 0 && most <= row->fds_before,
                "a program inherited %d descriptors, not %d", most, row->fds_before);
    fork_beside_a_load(row);
    fault_note(row, "20 children that call, 5 that execute a program, one that asks for what its "
                    "parent is loading");
}

/* -------------------------------------------------------- 18: descriptors */

/* The lowest descriptor that is free: everything below is taken. */
static rlim_t first_free_fd(void)
{
    int fd = dup(STDERR_FILENO);
    close(fd);
    return (rlim_t)fd;
}

static void sweep_fds(struct fault_row *row, const struct larder_config *config, rlim_t base,
                      int *ret_failed)
{
    struct rlimit limit;
    struct fault_cache *cache;
    const struct fault_thing *value;
    getrlimit(RLIMIT_NOFILE, &limit);
    for (rlim_t more = 0; more < 6; more++) {
        struct rlimit tight = {.rlim_cur = base + more, .rlim_max = limit.rlim_max};
        setrlimit(RLIMIT_NOFILE, &tight);
        enum larder_status status = fault_cache_open(config, &cache);
        if (status == LARDER_OK) {
            status = fault_thing_cache_get(cache, 1, &value);
            *ret_failed += status < 0;
            fault_check(row,
                        status >= 0 || status == LARDER_E_UNAVAILABLE || status == LARDER_E_NOMEM,
                        "with %d descriptors: %s", (int)more, larder_status_name(status));
            setrlimit(RLIMIT_NOFILE, &limit);
            status = fault_thing_cache_get(cache, 1, &value);
            fault_check(row, status >= 0, "did not recover: %s", larder_last_error());
            fault_cache_close(cache);
        }
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void fault_row_18(struct fault_row *row)
{
    struct fault_site site;
    struct fault_load load;
    struct rlimit limit;
    int failed = 0;
    fault_site_open(&site, row, NULL);
    /* Past the proxy, which would have no descriptors either. */
    struct larder_config direct = {.backend = "redis", .host = "127.0.0.1"};
    direct.port = site.server.port;
    sweep_fds(row, &direct, first_free_fd(), &failed);
    fault_check(row, failed > 0, "no call met the limit");
    fault_site_close(&site);

    begin(&load, &site, row);
    getrlimit(RLIMIT_NOFILE, &limit);
    struct rlimit none = {.rlim_cur = 3, .rlim_max = limit.rlim_max};
    fault_injected(&load);
    faultproxy_accept(site.proxy, FAULTPROXY_ACCEPT_HANG); /* it needs no more descriptors */
    setrlimit(RLIMIT_NOFILE, &none);
    faultproxy_reset_all(site.proxy);
    fault_pause_ms(fault_span_ms(FAULT_MS));
    setrlimit(RLIMIT_NOFILE, &limit);
    faultproxy_accept(site.proxy, FAULTPROXY_ACCEPT_SERVE);
    fault_repaired(&load);
    end(&load, &site);
    fault_note(row, "limits swept over a cache alone; then none left under the load");
}

/* ------------------------------------------------------------- 19: malloc */

static bool is_fine(enum larder_status status)
{
    return status >= 0 || status == LARDER_E_NOMEM;
}

static enum larder_status load_thing(struct larder_load *load, void *user, uint64_t id,
                                     struct fault_thing *out)
{
    (void)load;
    (void)user;
    *out = (struct fault_thing){.id = id, .owner = id, .number = 9, .text = "loaded"};
    return LARDER_OK;
}

static bool calls_survive(struct fault_cache *cache, char text[FAULT_TEXT_BYTES])
{
    const struct fault_thing_key keys[] = {{1}, {2}, {3}};
    const struct fault_thing *read[3];
    enum larder_status each[3];
    struct fault_thing value = fault_value(1, 1, text);
    struct larder_health health;
    bool fine = is_fine(fault_thing_cache_set(cache, 1, &value));
    fine = is_fine(fault_thing_cache_get(cache, 1, &read[0])) && fine;
    fault_thing_release(read[0]);
    fine = is_fine(fault_thing_cache_get_or_load(cache, 2, load_thing, NULL, &read[0])) && fine;
    fault_thing_release(read[0]);
    fine = is_fine(fault_thing_cache_get_many(cache, keys, 3, read, each)) && fine;
    fault_thing_release_many(read, 3);
    fine = is_fine(fault_thing_cache_add(cache, 1, &value)) && fine;
    fine = is_fine(fault_thing_cache_delete_many(cache, keys, 3, each)) && fine;
    fine = is_fine(fault_cache_ping(cache)) && fine;
    return is_fine(fault_cache_health(cache, &health)) && fine;
}

void fault_row_19(struct fault_row *row)
{
    struct fault_site site;
    struct fail_alloc memory;
    char text[FAULT_TEXT_BYTES];
    bool reached = true;
    fault_site_prepare(&site, row, NULL);
    fail_alloc_init(&memory);
    site.config.allocator = &memory.allocator;
    site.config.timeout_ms = 2000;
    for (memory.fail_at = 1; reached && memory.fail_at < FAIL_AT_MAX; memory.fail_at++) {
        memory.calls = 0;
        enum larder_status status = fault_cache_open(&site.config, &site.cache);
        fault_check(row, is_fine(status), "allocation %zu: open gave %s", memory.fail_at,
                    larder_status_name(status));
        if (status == LARDER_OK) {
            fault_check(row, calls_survive(site.cache, text), "allocation %zu: %s", memory.fail_at,
                        larder_last_error());
        }
        fault_cache_close(site.cache);
        site.cache = NULL;
        fault_check(row, memory.live_blocks == 0, "allocation %zu: %zu blocks left", memory.fail_at,
                    (size_t)memory.live_blocks);
        reached = memory.calls >= memory.fail_at;
    }
    fault_note(row,
               "%zu allocations failed once each, 0 blocks left; tests/conformance does every "
               "public call",
               memory.fail_at - 2);
    fault_site_close(&site);
}

/* --------------------------------------------------------------- 20: a cap */

/* In a child: little address space, a value that does not fit. */
static int capped(struct fault_cache *cache, char *text, size_t size)
{
    struct rlimit before;
    const struct fault_thing *read;
    struct fault_thing value = {.id = 1, .owner = 1, .number = 1, .text = text};
    memset(text, 'x', size - 1);
    text[size - 1] = '\0';
    if (fault_thing_cache_set(cache, 1, &value) != LARDER_OK) {
        return 2;
    }
    malloc_trim(0);
    getrlimit(RLIMIT_AS, &before);
    struct rlimit tight = {.rlim_cur = 1, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_AS, &tight); /* not a byte more than there is */
    enum larder_status status = fault_thing_cache_get(cache, 1, &read);
    fault_thing_release(read);
    setrlimit(RLIMIT_AS, &before);
    if (status != LARDER_E_NOMEM) {
        return 16 - (int)status;
    }
    status = fault_thing_cache_get(cache, 1, &read);
    bool right = status == LARDER_OK && read->number == 1 && strlen(read->text) == size - 1;
    fault_thing_release(read);
    return right ? 0 : 4;
}

void fault_row_20(struct fault_row *row)
{
    enum { SIZE = 16 << 20 };
    struct fault_site site;
    int status = -1;
    /* What is freed is not to be had again, and no thread's heap has room in reserve. */
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    mallopt(M_ARENA_MAX, 1);
    char *text = malloc(SIZE);
    fault_site_prepare(&site, row, NULL);
    site.config.timeout_ms = 5000;
    fault_site_open_cache(&site);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(text == NULL ? 1 : capped(site.cache, text, SIZE));
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    fault_check(row, status == 0, "a capped child ended with %x", (unsigned)status);
    fault_note(row, "RLIMIT_AS, a value of 16 MiB: E_NOMEM, and well when the cap is gone");
    free(text);
    fault_site_close(&site);
}

/* ----------------------------------------------------------- 21: 64 threads */

void fault_row_21(struct fault_row *row)
{
    struct fault_site site;
    struct fault_load load;
    fault_site_prepare(&site, row, NULL);
    site.config.max_connections = 4;
    fault_site_open_cache(&site);
    fault_load_init(&load, &site);
    load.threads = CROWD;
    load.options.slack_ms += fault_crowd_slack_ms(CROWD);
    fault_load_start(&load);
    fault_pause_ms(fault_span_ms(FAULT_MS));
    fault_injected(&load);
    redis_server_freeze(&site.server);
    fault_pause_ms(fault_span_ms(FAULT_MS));
    redis_server_thaw(&site.server);
    fault_repaired(&load);
    end(&load, &site);
    fault_note(row, "64 threads, 4 connections, a frozen server in the middle");
}
