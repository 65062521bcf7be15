/* SPDX-License-Identifier: MIT */
#include "net/breaker.h"

#include <string.h>

#include "base/clock.h"
#include "base/hash.h"

static const int64_t NS_A_MS = 1000000;
static const int64_t NS_A_SECOND = 1000000000;

/* Written under the mutex, read without it. Closed is two modes: in CALM
 * nothing is counted. */
enum mode { CALM = 0, WATCHING, OPEN, HALF_OPEN };

const struct larder_breaker_options larder_breaker_defaults = {
    .min_failures = 20,
    .rate_percent = 50,
    .connect_failures_max = 5,
    .probes = 2,
    .successes = 2,
    .probe_ms = 2000,
    .pause_first_ms = 500,
    .pause_max_ms = 30000,
    .pause_min_ms = 50,
};

const char *larder_breaker_state_name(enum larder_breaker_state state)
{
    static const char *const names[] = {
        [LARDER_CLOSED] = "closed", [LARDER_OPEN] = "open", [LARDER_HALF_OPEN] = "half-open"};
    return names[state];
}

static int mode_of(const struct larder_breaker *breaker)
{
    return atomic_load_explicit(&breaker->mode, memory_order_relaxed);
}

static void set_mode(struct larder_breaker *breaker, int mode)
{
    atomic_store_explicit(&breaker->mode, mode, memory_order_relaxed);
}

/* -------------------------------------------------------------- the window */

static struct larder_breaker_bucket *bucket_at(struct larder_breaker *breaker, int64_t now_ns)
{
    int64_t second = now_ns / NS_A_SECOND;
    struct larder_breaker_bucket *bucket = &breaker->buckets[second % LARDER_BREAKER_BUCKETS];
    if (bucket->second != second) {
        *bucket = (struct larder_breaker_bucket){.second = second};
    }
    return bucket;
}

static void add_up(const struct larder_breaker *breaker, int64_t now_ns, uint64_t *ret_failures,
                   uint64_t *ret_all)
{
    int64_t oldest = now_ns / NS_A_SECOND - LARDER_BREAKER_BUCKETS + 1;
    *ret_failures = *ret_all = 0;
    for (size_t i = 0; i < LARDER_BREAKER_BUCKETS; i++) {
        const struct larder_breaker_bucket *bucket = &breaker->buckets[i];
        if (bucket->second >= oldest) {
            *ret_failures += bucket->failures;
            *ret_all += (uint64_t)bucket->failures + bucket->successes;
        }
    }
}

static void clear_window(struct larder_breaker *breaker)
{
    memset(breaker->buckets, 0, sizeof breaker->buckets);
    breaker->connect_failures = 0;
}

static bool must_open(const struct larder_breaker *breaker, int64_t now_ns)
{
    uint64_t failures, all;
    uint32_t in_a_row = breaker->options.connect_failures_max;
    add_up(breaker, now_ns, &failures, &all);
    return (in_a_row != 0 && breaker->connect_failures >= in_a_row) ||
           (failures >= breaker->options.min_failures &&
            failures * 100 >= all * breaker->options.rate_percent);
}

/* ------------------------------------------------------------- transitions */

/* Full jitter: anything between the least and the doubled. */
static int64_t pause_ns(const struct larder_breaker *breaker)
{
    const struct larder_breaker_options *options = &breaker->options;
    uint32_t doublings = breaker->pauses < 30 ? breaker->pauses : 30;
    int64_t most_ms = options->pause_max_ms;
    if (options->pause_first_ms <= options->pause_max_ms >> doublings) {
        most_ms = options->pause_first_ms << doublings;
    }
    int64_t range_ns = (most_ms - options->pause_min_ms) * NS_A_MS;
    int64_t random_ns = range_ns > 0 ? (int64_t)(larder_random64() % ((uint64_t)range_ns + 1)) : 0;
    return options->pause_min_ms * NS_A_MS + random_ns;
}

static void open_now(struct larder_breaker *breaker, int64_t now_ns)
{
    breaker->open_until_ns = now_ns + pause_ns(breaker);
    breaker->pauses++;
    breaker->probe_successes = 0;
    memset(breaker->probes, 0, sizeof breaker->probes);
    set_mode(breaker, OPEN);
}

static void close_now(struct larder_breaker *breaker)
{
    clear_window(breaker);
    breaker->pauses = 0;
    breaker->failing_since_ns = 0;
    memset(breaker->probes, 0, sizeof breaker->probes);
    set_mode(breaker, CALM);
}

static void note_failure(struct larder_breaker *breaker, int64_t now_ns)
{
    if (breaker->failing_since_ns == 0) {
        breaker->failing_since_ns = now_ns != 0 ? now_ns : 1;
    }
}

/* ------------------------------------------------------------------ probes */

/* A probe past its deadline failed, and with it the attempt. */
static bool any_probe_expired(const struct larder_breaker *breaker, int64_t now_ns)
{
    for (size_t i = 0; i < breaker->options.probes; i++) {
        if (breaker->probes[i].id != 0 && now_ns >= breaker->probes[i].deadline_ns) {
            return true;
        }
    }
    return false;
}

static bool start_probe(struct larder_breaker *breaker, int64_t now_ns,
                        struct larder_breaker_pass *ret_pass)
{
    for (size_t i = 0; i < breaker->options.probes; i++) {
        struct larder_breaker_probe *probe = &breaker->probes[i];
        if (probe->id == 0) {
            breaker->last_probe += breaker->last_probe == UINT32_MAX ? 2 : 1; /* never 0 */
            probe->id = breaker->last_probe;
            probe->deadline_ns = now_ns + breaker->options.probe_ms * NS_A_MS;
            ret_pass->probe = probe->id;
            return true;
        }
    }
    return false;
}

/* Frees the probe's place. False: it is none of those under way. */
static bool end_probe(struct larder_breaker *breaker, uint32_t id)
{
    for (size_t i = 0; i < breaker->options.probes; i++) {
        if (breaker->probes[i].id == id) {
            breaker->probes[i].id = 0;
            return true;
        }
    }
    return false;
}

/* --------------------------------------------------------------- life cycle */

void larder_breaker_init(struct larder_breaker *breaker, const struct larder_clock *clock,
                         const struct larder_breaker_options *options)
{
    memset(breaker, 0, sizeof *breaker);
    atomic_init(&breaker->mode, CALM);
    breaker->clock = clock;
    breaker->options = *options;
    pthread_mutex_init(&breaker->mutex, NULL);
}

void larder_breaker_release(struct larder_breaker *breaker)
{
    pthread_mutex_destroy(&breaker->mutex);
}

void larder_breaker_hold(struct larder_breaker *breaker)
{
    pthread_mutex_lock(&breaker->mutex);
}

void larder_breaker_let_go(struct larder_breaker *breaker)
{
    pthread_mutex_unlock(&breaker->mutex);
}

void larder_breaker_child(struct larder_breaker *breaker)
{
    memset(breaker->probes, 0, sizeof breaker->probes);
    pthread_mutex_unlock(&breaker->mutex);
}

/* --------------------------------------------------------------------- use */

static bool admit_locked(struct larder_breaker *breaker, struct larder_breaker_pass *ret_pass,
                         enum larder_breaker_change *ret_change)
{
    int64_t now_ns = larder_clock_now_ns(breaker->clock);
    int mode = mode_of(breaker);
    if (mode == CALM || mode == WATCHING) {
        return true;
    }
    if (mode == HALF_OPEN && any_probe_expired(breaker, now_ns)) {
        open_now(breaker, now_ns);
        *ret_change = LARDER_BREAKER_REOPENED;
        return false;
    }
    if (mode == OPEN) {
        if (now_ns < breaker->open_until_ns) {
            return false;
        }
        set_mode(breaker, HALF_OPEN);
    }
    return start_probe(breaker, now_ns, ret_pass);
}

bool larder_breaker_admit(struct larder_breaker *breaker, struct larder_breaker_pass *ret_pass,
                          enum larder_breaker_change *ret_change)
{
    ret_pass->probe = 0;
    *ret_change = LARDER_BREAKER_SAME;
    if (larder_breaker_is_calm(breaker)) {
        return true;
    }
    pthread_mutex_lock(&breaker->mutex);
    bool may = admit_locked(breaker, ret_pass, ret_change);
    pthread_mutex_unlock(&breaker->mutex);
    return may;
}

static enum larder_breaker_change report_probe(struct larder_breaker *breaker, uint32_t id,
                                               enum larder_breaker_event event, int64_t now_ns)
{
    if (mode_of(breaker) != HALF_OPEN || !end_probe(breaker, id)) {
        return LARDER_BREAKER_SAME;
    }
    if (event == LARDER_BREAKER_NOTHING) {
        return LARDER_BREAKER_SAME;
    }
    if (event != LARDER_BREAKER_SUCCESS) {
        open_now(breaker, now_ns);
        return LARDER_BREAKER_REOPENED;
    }
    breaker->probe_successes++;
    if (breaker->probe_successes < breaker->options.successes) {
        return LARDER_BREAKER_SAME;
    }
    close_now(breaker);
    return LARDER_BREAKER_SHUT;
}

static enum larder_breaker_change report_failure(struct larder_breaker *breaker,
                                                 enum larder_breaker_event event, int64_t now_ns)
{
    note_failure(breaker, now_ns);
    bucket_at(breaker, now_ns)->failures++;
    breaker->connect_failures += event == LARDER_BREAKER_CONNECT_FAILURE;
    if (!must_open(breaker, now_ns)) {
        set_mode(breaker, WATCHING);
        return LARDER_BREAKER_SAME;
    }
    breaker->opened++;
    open_now(breaker, now_ns);
    return LARDER_BREAKER_OPENED;
}

static void report_success(struct larder_breaker *breaker, int64_t now_ns)
{
    uint64_t failures, all;
    bucket_at(breaker, now_ns)->successes++;
    breaker->connect_failures = 0;
    breaker->failing_since_ns = 0;
    add_up(breaker, now_ns, &failures, &all);
    if (failures == 0) {
        clear_window(breaker);
        set_mode(breaker, CALM);
    }
}

static enum larder_breaker_change report_locked(struct larder_breaker *breaker, uint32_t probe,
                                                enum larder_breaker_event event)
{
    int64_t now_ns = larder_clock_now_ns(breaker->clock);
    int mode = mode_of(breaker);
    if (probe != 0) {
        return report_probe(breaker, probe, event, now_ns);
    }
    if (mode == OPEN || mode == HALF_OPEN || event == LARDER_BREAKER_NOTHING) {
        return LARDER_BREAKER_SAME;
    }
    if (event == LARDER_BREAKER_SUCCESS) {
        report_success(breaker, now_ns);
        return LARDER_BREAKER_SAME;
    }
    return report_failure(breaker, event, now_ns);
}

enum larder_breaker_change larder_breaker_report(struct larder_breaker *breaker,
                                                 struct larder_breaker_pass pass,
                                                 enum larder_breaker_event event)
{
    if (event == LARDER_BREAKER_SUCCESS && pass.probe == 0 && larder_breaker_is_calm(breaker)) {
        return LARDER_BREAKER_SAME;
    }
    pthread_mutex_lock(&breaker->mutex);
    enum larder_breaker_change change = report_locked(breaker, pass.probe, event);
    pthread_mutex_unlock(&breaker->mutex);
    return change;
}

/* ----------------------------------------------------------------- inspect */

bool larder_breaker_is_away(const struct larder_breaker *breaker)
{
    return mode_of(breaker) >= OPEN;
}

void larder_breaker_stats(struct larder_breaker *breaker, struct larder_breaker_stats *ret_stats)
{
    static const enum larder_breaker_state states[] = {[CALM] = LARDER_CLOSED,
                                                       [WATCHING] = LARDER_CLOSED,
                                                       [OPEN] = LARDER_OPEN,
                                                       [HALF_OPEN] = LARDER_HALF_OPEN};
    pthread_mutex_lock(&breaker->mutex);
    int64_t now_ns = larder_clock_now_ns(breaker->clock);
    int64_t left_ns = mode_of(breaker) == OPEN ? breaker->open_until_ns - now_ns : 0;
    int64_t since_ns = breaker->failing_since_ns;
    *ret_stats = (struct larder_breaker_stats){
        .state = states[mode_of(breaker)],
        .opened = breaker->opened,
        .failing_ms = since_ns != 0 ? (now_ns - since_ns) / NS_A_MS : 0,
        .retry_in_ms = left_ns > 0 ? (left_ns - 1) / NS_A_MS + 1 : 0,
    };
    pthread_mutex_unlock(&breaker->mutex);
}
