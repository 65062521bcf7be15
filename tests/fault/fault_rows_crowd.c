/* SPDX-License-Identifier: MIT */
/* Rows 46 and 47: many at once. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"

enum { PATIENT_MS = 2000, PROCESSES = 50, OUTAGE_MS = 600, RECONNECT_MS_MAX = 35000 };

static const int64_t MS_NS = 1000000;

static struct fault_thing small(uint64_t id, uint64_t number)
{
    return (struct fault_thing){.id = id, .owner = id, .number = number, .text = "small"};
}

/* --------------------------------------------- 46: many callers of one key */

enum { HERD = 200 };

struct herd {
    struct fault_cache *cache;
    atomic_int loads;
    atomic_int bad;
    pthread_barrier_t start;
};

static enum larder_status load_slowly(struct larder_load *load, void *user, uint64_t id,
                                      struct fault_thing *out)
{
    struct herd *herd = user;
    (void)load;
    atomic_fetch_add(&herd->loads, 1);
    fault_pause_ms(50);
    *out = small(id, 46);
    return LARDER_OK;
}

static void *join_herd(void *user)
{
    struct herd *herd = user;
    const struct fault_thing *value;
    pthread_barrier_wait(&herd->start);
    enum larder_status status =
        fault_thing_cache_get_or_load(herd->cache, 1, load_slowly, herd, &value);
    if (status != LARDER_OK || value->number != 46) {
        atomic_fetch_add(&herd->bad, 1);
    }
    fault_thing_release(value);
    return NULL;
}

static void gather_herd(struct fault_row *row)
{
    struct fault_site site;
    struct herd herd = {.cache = NULL};
    pthread_t threads[HERD];
    fault_site_prepare(&site, row, NULL);
    site.config.timeout_ms = PATIENT_MS;
    fault_site_open_cache(&site);
    herd.cache = site.cache;
    pthread_barrier_init(&herd.start, NULL, HERD);
    for (size_t i = 0; i < HERD; i++) {
        if (pthread_create(&threads[i], NULL, join_herd, &herd) != 0) {
            abort(); /* the barrier would wait for ever */
        }
    }
    for (size_t i = 0; i < HERD; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&herd.start);
    fault_check(row, atomic_load(&herd.bad) == 0, "%d callers got no value",
                atomic_load(&herd.bad));
    fault_check(row, atomic_load(&herd.loads) == 1, "%d loads", atomic_load(&herd.loads));
    fault_site_close(&site);
    fault_note(row, "200 callers of one key: %d load", atomic_load(&herd.loads));
}

/* ------------------------------------------ 46: many processes that reconnect */

/* Calls until one that began after the repair was answered: when that is, the end
 * of the standard input tells. */
int fault_child_reconnect(const struct larder_config *config, int64_t unused)
{
    struct pollfd told = {.fd = STDIN_FILENO, .events = POLLIN};
    struct fault_cache *cache;
    const struct fault_thing *read;
    (void)unused;
    if (fault_cache_open(config, &cache) != LARDER_OK) {
        return 1;
    }
    for (int64_t repaired_ns = 0;
         repaired_ns == 0 || history_now_ns() < repaired_ns + RECONNECT_MS_MAX * MS_NS;) {
        if (repaired_ns == 0 && poll(&told, 1, 0) > 0) {
            repaired_ns = history_now_ns();
        }
        enum larder_status status = fault_thing_cache_get(cache, 1, &read);
        fault_thing_release(read);
        if (repaired_ns != 0 && status >= 0) {
            fault_cache_close(cache);
            return 0;
        }
        fault_pause_ms(5);
    }
    return 2;
}

static uint64_t connections(const struct fault_site *site)
{
    struct faultproxy_counts counts;
    faultproxy_counts(site->proxy, &counts);
    return counts.connections;
}

/* How many connections come within the busiest tenth of a second, until so many
 * are there; and how long that takes. */
static uint64_t watch_dials(const struct fault_site *site, uint64_t wanted, int64_t *ret_took_ms)
{
    enum { STEP_MS = 10, WINDOW = 10 };
    uint64_t before[WINDOW], from = connections(site), now = from, most = 0;
    int64_t start_ns = history_now_ns();
    for (size_t i = 0; i < WINDOW; i++) {
        before[i] = from;
    }
    *ret_took_ms = 0;
    for (size_t i = 0; now - from < wanted && *ret_took_ms < RECONNECT_MS_MAX; i++) {
        fault_pause_ms(STEP_MS);
        now = connections(site);
        most = now - before[i % WINDOW] > most ? now - before[i % WINDOW] : most;
        before[i % WINDOW] = now;
        *ret_took_ms = (history_now_ns() - start_ns) / MS_NS;
    }
    return most;
}

static void reconnect_all(struct fault_row *row)
{
    struct fault_site site;
    pid_t pids[PROCESSES];
    int64_t took_ms;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        abort();
    }
    fault_site_prepare(&site, row, NULL);
    for (size_t i = 0; i < PROCESSES; i++) {
        pids[i] = fault_child_start("reconnect", site.url, 0, ends[0]);
    }
    close(ends[0]);
    while (connections(&site) < PROCESSES) {
        fault_pause_ms(1);
    }
    faultproxy_accept(site.proxy, FAULTPROXY_ACCEPT_REFUSE);
    faultproxy_reset_all(site.proxy);
    fault_pause_ms(fault_span_ms(OUTAGE_MS));
    faultproxy_accept(site.proxy, FAULTPROXY_ACCEPT_SERVE);
    close(ends[1]);
    uint64_t most = watch_dials(&site, PROCESSES, &took_ms);
    for (size_t i = 0; i < PROCESSES; i++) {
        int status = fault_child_end(pids[i]);
        fault_check(row, status == 0, "a process ended with %x", (unsigned)status);
    }
    fault_most(&row->recovery_ms, took_ms);
    fault_check(row, most <= PROCESSES / 2, "%d of %d dials within 100 ms", (int)most, PROCESSES);
    fault_site_close(&site);
    fault_note(row, "%d processes reconnected within %d ms, at most %d of them within 100 ms",
               PROCESSES, (int)took_ms, (int)most);
}

void fault_row_46(struct fault_row *row)
{
    gather_herd(row);
    reconnect_all(row);
}

/* --------------------------------------------------------------- 47: overload */

/* Twice what the way to the client carries. Callers come at set times, whatever
 * became of those before: each of so many threads has one call a period, which is
 * longer than a call may take. */
enum {
    CALLERS = 100,
    PERIOD_MS = 250, /* 400 calls a second... */
    TEXT_BYTES = 900,
    SLICE_BYTES = 100,
    SLICE_MS = 1, /* ...and some 100 values a second on each of two connections */
    CALLS_MAX = 256,
    RSS_SLACK_KIB = 4096
};

struct overload {
    struct fault_site site;
    int64_t start_ns;
    int64_t periods;
    int64_t (*took_us)[CALLS_MAX]; /* of each caller; only its first calls */
    atomic_uint_least64_t good;
    atomic_uint_least64_t shed; /* refused at once */
    atomic_uint_least64_t late; /* at the deadline */
    atomic_uint_least64_t wrong;
    atomic_int_least64_t overrun_us;
    atomic_int_least64_t noise_us; /* how late the callers themselves came */
};

struct overload_caller {
    struct overload *overload;
    size_t place;
};

static void raise_to(atomic_int_least64_t *figure, int64_t value)
{
    int_least64_t seen = atomic_load(figure);
    while (value > seen && !atomic_compare_exchange_weak(figure, &seen, value)) {
    }
}

static void sleep_until(int64_t due_ns)
{
    struct timespec due = {.tv_sec = due_ns / (1000 * MS_NS), .tv_nsec = due_ns % (1000 * MS_NS)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) != 0) {
    }
}

static void call_once(struct overload *overload, int64_t *ret_took_us)
{
    const struct fault_thing *read;
    int64_t start_ns = history_now_ns();
    enum larder_status status = fault_thing_cache_get(overload->site.cache, 1, &read);
    *ret_took_us = (history_now_ns() - start_ns) / 1000;
    raise_to(&overload->overrun_us, *ret_took_us - FAULT_TIMEOUT_MS * 1000);
    atomic_fetch_add(status == LARDER_OK          ? &overload->good
                     : status == LARDER_E_TIMEOUT ? &overload->late
                                                  : &overload->shed,
                     1);
    if (status == LARDER_MISS || (read != NULL && read->number != 47)) {
        atomic_fetch_add(&overload->wrong, 1);
    }
    fault_thing_release(read);
}

static void *call_in_time(void *user)
{
    struct overload_caller *caller = user;
    struct overload *overload = caller->overload;
    int64_t offset_ns = (int64_t)caller->place * PERIOD_MS * MS_NS / CALLERS;
    for (int64_t i = 0; i < overload->periods; i++) {
        int64_t took_us, due_ns = overload->start_ns + offset_ns + i * PERIOD_MS * MS_NS;
        sleep_until(due_ns);
        raise_to(&overload->noise_us, (history_now_ns() - due_ns) / 1000);
        call_once(overload, &took_us);
        if (i < CALLS_MAX) {
            overload->took_us[caller->place][i] = took_us;
        }
    }
    return NULL;
}

static int by_size(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Times are of the first calls, in the long table as well. */
static void note_percentiles(struct fault_row *row, const struct overload *overload)
{
    static const double parts[] = {0.5, 0.99, 0.999};
    int64_t periods = overload->periods < CALLS_MAX ? overload->periods : CALLS_MAX;
    size_t count = (size_t)periods * CALLERS;
    int64_t *all = malloc(count * sizeof *all), of[3];
    if (all == NULL) {
        abort();
    }
    for (size_t i = 0; i < CALLERS; i++) {
        memcpy(all + i * (size_t)periods, overload->took_us[i], (size_t)periods * sizeof *all);
    }
    qsort(all, count, sizeof *all, by_size);
    for (size_t i = 0; i < 3; i++) {
        of[i] = all[(size_t)(parts[i] * (double)(count - 1))];
    }
    fault_note(row, "p50 %d.%03d ms, p99 %d.%03d ms, p99.9 %d.%03d ms", (int)(of[0] / 1000),
               (int)(of[0] % 1000), (int)(of[1] / 1000), (int)(of[1] % 1000), (int)(of[2] / 1000),
               (int)(of[2] % 1000));
    free(all);
}

/* While the callers call: the longest queue; and what the process grew by since
 * the first quarter was over. */
static void watch_queue(struct overload *overload, int *ret_queued, int64_t *ret_grown_kib)
{
    struct larder_health health;
    int64_t end_ns = overload->start_ns + overload->periods * PERIOD_MS * MS_NS;
    int64_t settled_ns = overload->start_ns + (end_ns - overload->start_ns) / 4;
    int64_t rss_kib = 0;
    *ret_queued = 0;
    for (int64_t now_ns; (now_ns = history_now_ns()) < end_ns;) {
        larder_ignore(fault_cache_health(overload->site.cache, &health));
        *ret_queued = health.queued > *ret_queued ? health.queued : *ret_queued;
        rss_kib = rss_kib == 0 && now_ns > settled_ns ? fault_rss_kib() : rss_kib;
        fault_pause_ms(20);
    }
    *ret_grown_kib = fault_rss_kib() - rss_kib;
}

static void judge_overload(struct fault_row *row, const struct overload *overload, int queued,
                           int64_t grown_kib)
{
    int64_t seconds = overload->periods * PERIOD_MS / 1000;
    row->calls = overload->periods * CALLERS;
    row->failures = (int64_t)(overload->shed + overload->late);
    row->wrong = (int64_t)overload->wrong;
    row->noise_ms = overload->noise_us / 1000;
    row->overrun_ms = overload->overrun_us > 0 ? overload->overrun_us / 1000 : 0;
    int64_t slack_ms = FAULT_SLACK_MS + 2 * row->noise_ms + fault_crowd_slack_ms(CALLERS);
    fault_check(row, overload->overrun_us <= slack_ms * 1000, "%d us beyond the deadline",
                (int)overload->overrun_us);
    fault_check(row, overload->wrong == 0, "%d wrong values", (int)overload->wrong);
    fault_check(row, overload->shed + overload->late > 0, "it was no overload");
    fault_check(row, (int64_t)overload->good > seconds, "only %d calls were answered",
                (int)overload->good);
    fault_check(row, queued <= CALLERS, "%d calls queued", queued);
    fault_check(row, grown_kib < RSS_SLACK_KIB + fault_rss_slack_kib(), "RSS grew by %d KiB",
                (int)grown_kib);
    fault_note(row,
               "%d calls a second for %d s: %d answered, %d refused at once, %d at their deadline; "
               "%d queued at most; RSS %+d KiB",
               CALLERS * 1000 / PERIOD_MS, (int)seconds, (int)overload->good, (int)overload->shed,
               (int)overload->late, queued, (int)grown_kib);
}

static void call_all(struct overload *overload, int *ret_queued, int64_t *ret_grown_kib)
{
    pthread_t threads[CALLERS];
    struct overload_caller callers[CALLERS];
    overload->start_ns = history_now_ns() + 20 * MS_NS;
    for (size_t i = 0; i < CALLERS; i++) {
        callers[i] = (struct overload_caller){overload, i};
        if (pthread_create(&threads[i], NULL, call_in_time, &callers[i]) != 0) {
            abort();
        }
    }
    watch_queue(overload, ret_queued, ret_grown_kib);
    for (size_t i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
    }
}

void fault_row_47(struct fault_row *row)
{
    const struct faultproxy_rule narrow = {.slice_bytes = SLICE_BYTES, .slice_ms = SLICE_MS};
    struct overload overload = {.periods = fault_is_long ? 60000 / PERIOD_MS : 10};
    static char text[TEXT_BYTES];
    int queued;
    int64_t grown_kib;
    overload.took_us = calloc(CALLERS, sizeof *overload.took_us);
    if (overload.took_us == NULL) {
        abort();
    }
    fault_site_prepare(&overload.site, row, NULL);
    overload.site.config.max_connections = 2;
    fault_site_open_cache(&overload.site);
    memset(text, 'x', sizeof text - 1);
    struct fault_thing value = {.id = 1, .owner = 1, .number = 47, .text = text};
    fault_check(row, fault_thing_cache_set(overload.site.cache, 1, &value) == LARDER_OK,
                "not stored: %s", larder_last_error());
    faultproxy_rule(overload.site.proxy, FAULTPROXY_TO_CLIENT, &narrow);
    call_all(&overload, &queued, &grown_kib);
    judge_overload(row, &overload, queued, grown_kib);
    note_percentiles(row, &overload);
    fault_site_close(&overload.site);
    free(overload.took_us);
}
