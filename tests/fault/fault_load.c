/* SPDX-License-Identifier: MIT */
/* Eight threads with mixed calls, each of which is written down. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fault.h"

enum { BATCH = 8, PACE_US = 300, PACE_FAILED_US = 1000, NOISE_QUIET_NS = 5000000 };

/* The longest pause of a breaker, and a call more. */
enum { RECOVERY_MS_MAX = 35000 };

static const int64_t MS_NS = 1000000;
static const uint64_t ADDED_KEYS = UINT64_C(1) << 62;
enum { EPOCH_SHIFT = 48 }; /* numbers are less */

static uint64_t next_random(struct fault_caller *caller)
{
    caller->random ^= caller->random << 13;
    caller->random ^= caller->random >> 7;
    caller->random ^= caller->random << 17;
    return caller->random;
}

static uint64_t some_key(struct fault_caller *caller)
{
    const struct fault_load *load = caller->load;
    return load->epoch * load->keys + next_random(caller) % load->keys;
}

/* ----------------------------------------------------------------- values */

struct fault_thing fault_value(uint64_t id, uint64_t number, char text[FAULT_TEXT_BYTES])
{
    size_t len = number * 2654435761U % (FAULT_TEXT_BYTES - 1);
    for (size_t i = 0; i < len; i++) {
        text[i] = (char)('a' + (number + i) % 26);
    }
    text[len] = '\0';
    return (struct fault_thing){.id = id, .owner = id, .number = number, .text = text};
}

bool fault_is_whole(const struct fault_thing *value)
{
    char text[FAULT_TEXT_BYTES];
    struct fault_thing right = fault_value(value->id, value->number, text);
    return strcmp(right.text, value->text) == 0;
}

/* What a read saw; a value that is not whole is one that nobody wrote. */
static void note_value(struct history_call *call, const struct fault_thing *value)
{
    if (value != NULL) {
        call->owner = value->id == call->key ? value->owner : value->id;
        call->number = fault_is_whole(value) ? value->number : UINT64_MAX;
    }
}

/* ------------------------------------------------------------------ calls */

static enum larder_status do_get(struct fault_caller *caller)
{
    const struct fault_thing *value;
    struct history_call call = {.op = HISTORY_READ, .key = some_key(caller)};
    call.start_ns = history_now_ns();
    call.status = fault_thing_cache_get(caller->load->site->cache, call.key, &value);
    call.end_ns = history_now_ns();
    note_value(&call, value);
    fault_thing_release(value);
    history_add(caller->log, &call);
    return call.status;
}

static enum larder_status do_set(struct fault_caller *caller)
{
    char text[FAULT_TEXT_BYTES];
    struct history_call call = {.op = HISTORY_SET, .key = some_key(caller)};
    call.number = history_number(caller->log);
    struct fault_thing value = fault_value(call.key, call.number, text);
    call.start_ns = history_now_ns();
    call.status = fault_thing_cache_set(caller->load->site->cache, call.key, &value);
    call.end_ns = history_now_ns();
    call.outcome = larder_outcome();
    history_add(caller->log, &call);
    return call.status;
}

static enum larder_status delete_key(struct fault_caller *caller, uint64_t key)
{
    struct history_call call = {.op = HISTORY_DELETE, .key = key};
    call.start_ns = history_now_ns();
    call.status = fault_thing_cache_delete(caller->load->site->cache, call.key);
    call.end_ns = history_now_ns();
    call.outcome = larder_outcome();
    history_add(caller->log, &call);
    return call.status;
}

static enum larder_status do_add(struct fault_caller *caller)
{
    char text[FAULT_TEXT_BYTES];
    struct history_call call = {.op = HISTORY_ADD, .number = history_number(caller->log)};
    call.key = ADDED_KEYS + (caller->load->epoch << EPOCH_SHIFT) + call.number;
    struct fault_thing value = fault_value(call.key, call.number, text);
    call.start_ns = history_now_ns();
    call.status = fault_thing_cache_add(caller->load->site->cache, call.key, &value);
    call.end_ns = history_now_ns();
    call.outcome = larder_outcome();
    history_add(caller->log, &call);
    return call.status == LARDER_OK ? delete_key(caller, call.key) : call.status;
}

static enum larder_status do_delete(struct fault_caller *caller)
{
    return delete_key(caller, some_key(caller));
}

static enum larder_status do_get_many(struct fault_caller *caller)
{
    struct fault_thing_key keys[BATCH];
    const struct fault_thing *values[BATCH];
    enum larder_status each[BATCH];
    struct history_call call = {.op = HISTORY_READ};
    for (size_t i = 0; i < BATCH; i++) {
        keys[i].id = some_key(caller);
    }
    call.start_ns = history_now_ns();
    enum larder_status status =
        fault_thing_cache_get_many(caller->load->site->cache, keys, BATCH, values, each);
    call.end_ns = history_now_ns();
    for (size_t i = 0; i < BATCH; i++) {
        call.key = keys[i].id;
        call.status = each[i];
        call.owner = call.number = 0;
        note_value(&call, values[i]);
        history_add(caller->log, &call);
    }
    fault_thing_release_many(values, BATCH);
    return status;
}

struct loading {
    struct fault_caller *caller;
    struct history_call write;
    bool ran;
};

static enum larder_status load_thing(struct larder_load *load, void *user, uint64_t id,
                                     struct fault_thing *out)
{
    struct loading *loading = user;
    char *text = larder_load_alloc(load, FAULT_TEXT_BYTES);
    if (text == NULL) {
        return LARDER_E_NOMEM;
    }
    loading->ran = true;
    loading->write.start_ns = history_now_ns();
    loading->write.number = history_number(loading->caller->log);
    *out = fault_value(id, loading->write.number, text);
    return LARDER_OK;
}

/* What is lost to somebody else's write, as it must be, has not failed. */
static enum larder_status status_of_fill(enum larder_outcome outcome)
{
    if (outcome == LARDER_APPLIED) {
        return LARDER_OK;
    }
    /* Of one that had to be sent twice nobody knows whether it was lost to itself. */
    return strstr(larder_last_error(), "changed while it was loaded") != NULL
               ? LARDER_DENIED
               : LARDER_E_UNAVAILABLE;
}

static enum larder_status do_load(struct fault_caller *caller)
{
    const struct fault_thing *value;
    struct history_call call = {.op = HISTORY_LOADED, .key = some_key(caller)};
    struct loading loading = {.caller = caller, .write = {.op = HISTORY_FILL, .key = call.key}};
    call.start_ns = history_now_ns();
    call.status = fault_thing_cache_get_or_load(caller->load->site->cache, call.key, load_thing,
                                                &loading, &value);
    call.end_ns = history_now_ns();
    if (loading.ran) {
        loading.write.end_ns = call.end_ns;
        loading.write.outcome = larder_outcome();
        loading.write.status = status_of_fill(loading.write.outcome);
        history_add(caller->log, &loading.write);
    }
    note_value(&call, value);
    fault_thing_release(value);
    history_add(caller->log, &call);
    return loading.ran ? loading.write.status : call.status;
}

static const struct {
    unsigned pct;
    enum larder_status (*call)(struct fault_caller *caller);
} mixture[] = {{40, do_get}, {15, do_get_many}, {20, do_load},
               {13, do_set}, {7, do_delete},    {5, do_add}};

/* ---------------------------------------------------------------- threads */

static void sleep_us(int64_t us)
{
    struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    nanosleep(&pause, NULL);
}

static void *call_on(void *user)
{
    struct fault_caller *caller = user;
    struct fault_load *load = caller->load;
    while (!atomic_load(&load->stop)) {
        unsigned dice = (unsigned)(next_random(caller) % 100);
        size_t i = 0;
        if (load->reads_pct == 100) {
            dice %= mixture[0].pct + mixture[1].pct;
        }
        while (dice >= mixture[i].pct) {
            dice -= mixture[i++].pct;
        }
        bool repaired = atomic_load(&load->repaired_ns) != 0;
        enum larder_status status = mixture[i].call(caller);
        if (repaired && status >= 0) {
            atomic_store(&load->recovered, true);
        }
        sleep_us(status < 0 ? PACE_FAILED_US : PACE_US);
    }
    return NULL;
}

static void note_noise(struct fault_load *load, int64_t due_ns, int64_t late_ns)
{
    if (late_ns > NOISE_QUIET_NS && load->late_count < FAULT_LATE_MAX) {
        load->late[load->late_count++] = (struct history_stop){due_ns, due_ns + late_ns};
    } else if (late_ns > load->noise_ns) {
        load->noise_ns = late_ns;
    }
}

/* Sleeps, and notes how late it comes. */
static void *measure_noise(void *user)
{
    struct fault_load *load = user;
    while (!atomic_load(&load->stop)) {
        int64_t due_ns = history_now_ns() + 2 * MS_NS;
        sleep_us(2000);
        note_noise(load, due_ns, history_now_ns() - due_ns);
    }
    return NULL;
}

/* The worst, but for the stops that the row made itself. */
static int64_t noise_ms(const struct fault_load *load)
{
    int64_t most_ns = load->noise_ns;
    for (size_t i = 0; i < load->late_count; i++) {
        const struct history_stop *late = &load->late[i];
        bool wanted = false;
        for (size_t k = 0; k < load->options.stop_count; k++) {
            const struct history_stop *stop = &load->options.stops[k];
            wanted = wanted || (late->from_ns < stop->to_ns && late->to_ns > stop->from_ns);
        }
        if (!wanted && late->to_ns - late->from_ns > most_ns) {
            most_ns = late->to_ns - late->from_ns;
        }
    }
    return most_ns / MS_NS;
}

void fault_load_init(struct fault_load *load, struct fault_site *site)
{
    memset(load, 0, sizeof *load);
    load->site = site;
    load->row = site->row;
    load->threads = FAULT_THREADS;
    load->keys = 128;
    load->options = (struct history_options){
        .deadline_ms = FAULT_TIMEOUT_MS, .slack_ms = FAULT_SLACK_MS, .journal = true};
}

static void start_thread(pthread_t *thread, void *(*run)(void *user), void *user)
{
    if (pthread_create(thread, NULL, run, user) != 0) {
        abort();
    }
}

void fault_load_start(struct fault_load *load)
{
    load->history = history_new(load->threads);
    if (load->history == NULL) {
        abort();
    }
    start_thread(&load->noise, measure_noise, load);
    for (unsigned i = 0; i < load->threads; i++) {
        struct fault_caller *caller = &load->callers[i];
        caller->load = load;
        caller->log = history_log(load->history, i);
        caller->random = (load->row->seed + i) * UINT64_C(0x9e3779b97f4a7c15) | 1;
        start_thread(&caller->thread, call_on, caller);
    }
}

void fault_injected(struct fault_load *load)
{
    load->injected_ns = history_now_ns();
}

void fault_repaired(struct fault_load *load)
{
    atomic_store(&load->repaired_ns, history_now_ns());
}

void fault_await_recovery(struct fault_load *load)
{
    int64_t from_ns = atomic_load(&load->repaired_ns);
    int64_t end_ns = from_ns + RECOVERY_MS_MAX * MS_NS;
    while (from_ns != 0 && !atomic_load(&load->recovered) && history_now_ns() < end_ns) {
        fault_pause_ms(1);
    }
}

/* ---------------------------------------------------------------- figures */

static void add_figures(struct fault_row *row, const struct history_verdict *verdict)
{
    fault_most(&row->overrun_ms, verdict->overrun_ms > 0 ? verdict->overrun_ms : 0);
    int64_t *sums[] = {&row->calls, &row->failures, &row->unknown, &row->twice,
                       &row->wrong, &row->stale,    &row->lost,    &row->retaken};
    const uint64_t more[] = {verdict->calls, verdict->failed, verdict->unknown, verdict->twice,
                             verdict->wrong, verdict->stale,  verdict->lost,    verdict->retaken};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        *sums[i] = (*sums[i] < 0 ? 0 : *sums[i]) + (int64_t)more[i];
    }
}

static void add_times(struct fault_load *load)
{
    struct fault_row *row = load->row;
    int64_t failed_ns =
        load->injected_ns != 0 ? history_first(load->history, load->injected_ns, true) : 0;
    int64_t good_ns =
        load->repaired_ns != 0 ? history_first(load->history, load->repaired_ns, false) : 0;
    if (failed_ns != 0 && (load->repaired_ns == 0 || failed_ns < load->repaired_ns)) {
        fault_most(&row->detect_ms, (failed_ns - load->injected_ns) / MS_NS);
    }
    if (good_ns != 0) {
        fault_most(&row->recovery_ms, (good_ns - load->repaired_ns) / MS_NS);
    }
    fault_check(row, load->repaired_ns == 0 || good_ns != 0, "no call succeeded after the repair");
}

void fault_load_join(struct fault_load *load)
{
    fault_await_recovery(load);
    atomic_store(&load->stop, true);
    for (unsigned i = 0; i < load->threads && !load->joined; i++) {
        pthread_join(load->callers[i].thread, NULL);
    }
    if (!load->joined) {
        pthread_join(load->noise, NULL);
    }
    load->joined = true;
}

void fault_load_stop(struct fault_load *load)
{
    struct history_verdict verdict;
    struct fault_row *row = load->row;
    fault_load_join(load);
    int64_t worst_ms = noise_ms(load);
    fault_most(&row->noise_ms, worst_ms);
    load->options.slack_ms += 2 * worst_ms;
    bool clean = history_check(load->history, &load->options, &verdict);
    fault_check(row, clean, "%s", verdict.first);
    add_figures(row, &verdict);
    add_times(load);
    history_free(load->history);
}
