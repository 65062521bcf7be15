/* SPDX-License-Identifier: MIT */
/* One server, one cache, and for minutes whatever comes to mind, or nothing. */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"

enum { EPOCH_MS = 10000, FAULT_MS_MAX = 500, CALM_MS_MAX = 300, WRITE_PAUSE_MS = 300 };

/* A soak. */
enum { WARM_EPOCHS = 3, GROWTH_MAX_KIB = 2048, PATIENT_MS = 2000 };

struct storm {
    struct fault_site site;
    struct fault_row row;
    uint64_t random;
    int faults;
};

static uint64_t any(struct storm *storm, uint64_t below)
{
    storm->random ^= storm->random << 13;
    storm->random ^= storm->random >> 7;
    storm->random ^= storm->random << 17;
    return storm->random % below;
}

static void last(struct storm *storm)
{
    fault_pause_ms((int64_t)any(storm, FAULT_MS_MAX));
}

static void crash(struct storm *storm)
{
    redis_server_kill(&storm->site.server);
    last(storm);
    fault_check(&storm->row, redis_server_again(&storm->site.server), "no server any more");
}

static void freeze(struct storm *storm)
{
    redis_server_freeze(&storm->site.server);
    last(storm);
    redis_server_thaw(&storm->site.server);
}

static void kill_clients(struct storm *storm)
{
    char reply[128];
    fault_site_say(&storm->site, "CLIENT KILL TYPE normal", reply, sizeof reply);
}

static void pause_clients(struct storm *storm)
{
    char reply[128];
    fault_site_say(&storm->site,
                   any(storm, 2) == 0 ? "CLIENT PAUSE 300 ALL" : "CLIENT PAUSE 300 WRITE", reply,
                   sizeof reply);
    fault_pause_ms(WRITE_PAUSE_MS);
}

static void reset_connections(struct storm *storm)
{
    faultproxy_reset_all(storm->site.proxy);
}

static void turn_away(struct storm *storm)
{
    static const enum faultproxy_accept ways[] = {FAULTPROXY_ACCEPT_REFUSE, FAULTPROXY_ACCEPT_RESET,
                                                  FAULTPROXY_ACCEPT_HANG};
    faultproxy_accept(storm->site.proxy, ways[any(storm, 3)]);
    faultproxy_reset_all(storm->site.proxy);
    last(storm);
    faultproxy_accept(storm->site.proxy, FAULTPROXY_ACCEPT_SERVE);
}

/* What a network can do without lying. */
static void disturb(struct storm *storm)
{
    struct faultproxy_rule rule = {.after_bytes = any(storm, 5000), .once = any(storm, 2) == 0};
    enum faultproxy_direction direction =
        any(storm, 2) == 0 ? FAULTPROXY_TO_SERVER : FAULTPROXY_TO_CLIENT;
    switch (any(storm, 4)) {
    case 0:
        rule.latency_ms = (int)any(storm, FAULT_TIMEOUT_MS * 3 / 2);
        rule.jitter_ms = (int)any(storm, 20);
        break;
    case 1:
        rule.slice_bytes = 1 + any(storm, 50);
        rule.slice_ms = (int)any(storm, 20);
        break;
    default:
        rule.end = FAULTPROXY_END_STOP + (enum faultproxy_end)any(storm, 4);
        break;
    }
    faultproxy_rule(storm->site.proxy, direction, &rule);
    last(storm);
    faultproxy_rule(storm->site.proxy, direction, NULL);
}

static void (*const kinds[])(struct storm *storm) = {
    crash,     freeze,  kill_clients, pause_clients, reset_connections,
    turn_away, disturb, disturb,      disturb,       disturb};

static void run_epoch(struct storm *storm, uint64_t epoch)
{
    struct fault_load load;
    int64_t end_ns = history_now_ns() + EPOCH_MS * INT64_C(1000000);
    char reply[128];
    fault_load_init(&load, &storm->site);
    load.epoch = epoch;
    fault_load_start(&load);
    while (history_now_ns() < end_ns && !storm->row.failed) {
        kinds[any(storm, sizeof kinds / sizeof *kinds)](storm);
        storm->faults++;
        fault_pause_ms((int64_t)any(storm, CALM_MS_MAX));
    }
    fault_repaired(&load);
    fault_pause_ms(CALM_MS_MAX);
    fault_load_stop(&load);
    fault_site_say(&storm->site, "FLUSHALL", reply, sizeof reply);
}

static void print_epoch(const struct storm *storm, uint64_t epoch)
{
    const struct fault_row *row = &storm->row;
    printf("%4" PRIu64 " %7d %9" PRId64 " %8" PRId64 " %7" PRId64 " %7" PRId64 " %7" PRId64
           " %5" PRId64 " %5" PRId64 " %5" PRId64 " %5" PRId64 " %7.1f %4d %4d\n",
           epoch, storm->faults, row->calls, row->failures, row->unknown, row->overrun_ms,
           row->noise_ms, row->twice, row->wrong, row->stale, row->lost,
           (double)fault_rss_kib() / 1024, fault_open_fds(), fault_open_threads());
    fputs(row->notes, stdout);
    fflush(stdout);
}

static void print_heads(uint64_t seed)
{
    printf("seed %" PRIu64 "\n%4s %7s %9s %8s %7s %7s %7s %5s %5s %5s %5s %7s %4s %4s\n", seed, "",
           "faults", "calls", "failed", "unknown", "overrun", "noise", "twice", "wrong", "stale",
           "lost", "RSS", "fds", "thr");
}

int fault_random(uint64_t seed, int64_t seconds)
{
    static const char *const keeping[] = {"--appendonly", "yes", "--appendfsync", "always", NULL};
    static struct storm storm;
    int64_t end_ns = history_now_ns() + seconds * INT64_C(1000000000);
    storm.random = seed * 2 + 1;
    storm.row.seed = seed;
    fault_site_open(&storm.site, &storm.row, keeping);
    print_heads(seed);
    for (uint64_t epoch = 1; history_now_ns() < end_ns && !storm.row.failed; epoch++) {
        run_epoch(&storm, epoch);
        print_epoch(&storm, epoch);
    }
    fault_site_close(&storm.site);
    return storm.row.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ------------------------------------------------------------------- a soak */

/* What a process has when it has had all that it needs. */
struct level {
    int64_t rss_kib;
    int fds;
    int threads;
};

static void note_level(struct level *level)
{
    malloc_trim(0); /* the history of an epoch is as long as it happens to be */
    fault_most(&level->rss_kib, fault_rss_kib());
    level->fds = fault_open_fds() > level->fds ? fault_open_fds() : level->fds;
    level->threads = fault_open_threads() > level->threads ? fault_open_threads() : level->threads;
}

static void check_level(struct fault_row *row, const struct level *warm)
{
    struct level now = {0};
    note_level(&now);
    fault_check(row, now.rss_kib <= warm->rss_kib + GROWTH_MAX_KIB, "memory grew from %d to %d KiB",
                (int)warm->rss_kib, (int)now.rss_kib);
    fault_check(row, now.fds <= warm->fds, "descriptors grew from %d to %d", warm->fds, now.fds);
    fault_check(row, now.threads <= warm->threads, "threads grew from %d to %d", warm->threads,
                now.threads);
    fault_check(row, row->failures == 0, "%d calls failed", (int)row->failures);
}

int fault_soak(uint64_t seed, int64_t seconds)
{
    static struct storm storm;
    struct level warm = {0};
    /* What histories take is given back when they are freed: this stops the C library
     * from keeping ever larger blocks. */
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    int64_t end_ns = history_now_ns() + seconds * INT64_C(1000000000);
    storm.row.seed = seed;
    fault_site_prepare(&storm.site, &storm.row, NULL);
    storm.site.config.timeout_ms = PATIENT_MS;
    fault_site_open_cache(&storm.site);
    print_heads(seed);
    for (uint64_t epoch = 1; history_now_ns() < end_ns && !storm.row.failed; epoch++) {
        struct fault_load load;
        fault_load_init(&load, &storm.site);
        load.options.deadline_ms = PATIENT_MS;
        load.epoch = epoch;
        fault_load_start(&load);
        fault_pause_ms(EPOCH_MS);
        fault_load_stop(&load);
        if (epoch <= WARM_EPOCHS) {
            note_level(&warm);
        } else {
            check_level(&storm.row, &warm);
        }
        print_epoch(&storm, epoch);
    }
    fault_site_close(&storm.site);
    return storm.row.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
