/* SPDX-License-Identifier: MIT */
/* Rows 5, 6, 12 to 14: replies that are cut, altered, out of step, or hostile. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fault.h"
#include "support/scripted_server.h"

enum { WARM_PINGS = 3 };

enum { CUTS_MAX = 400, SHORT_TIMEOUT_MS = 40, ENVELOPE_BYTES = 12, PATIENT_MS = 2000 };

/* A site with a second cache that goes to the server past the proxy. */
struct bench {
    struct fault_site site;
    struct fault_cache *direct;
    uint64_t numbers;
    int tally[3]; /* by outcome */
    int failed;
    int cuts;
};

static void bench_open(struct bench *bench, struct fault_row *row, int64_t timeout_ms)
{
    memset(bench, 0, sizeof *bench);
    fault_site_prepare(&bench->site, row, NULL);
    bench->site.config.timeout_ms = timeout_ms;
    fault_site_open_cache(&bench->site);
    struct larder_config config = {
        .backend = "redis", .host = "127.0.0.1", .port = bench->site.server.port};
    if (fault_cache_open(&config, &bench->direct) != LARDER_OK) {
        fault_check(row, false, "no second cache: %s", larder_last_error());
    }
}

static void bench_close(struct bench *bench)
{
    fault_cache_close(bench->direct);
    fault_site_close(&bench->site);
}

static struct fault_thing small(uint64_t id, uint64_t number)
{
    return (struct fault_thing){.id = id, .owner = id, .number = number, .text = "small"};
}

static uint64_t faults(struct bench *bench)
{
    struct faultproxy_counts counts;
    faultproxy_counts(bench->site.proxy, &counts);
    return counts.faults;
}

/* The number at a key, as the server has it; 0: nothing. */
static uint64_t stored_number(struct bench *bench, uint64_t id)
{
    const struct fault_thing *value;
    enum larder_status status = fault_thing_cache_get(bench->direct, id, &value);
    uint64_t number = value != NULL ? value->number : 0;
    fault_check(bench->site.row, status >= 0, "the server itself: %s", larder_last_error());
    fault_thing_release(value);
    return number;
}

/* A connection that has served before, and no rule. Each fault makes a call fail,
 * but not so many of all that the breaker would open. */
static void warm(struct bench *bench)
{
    int answered = 0;
    faultproxy_rule(bench->site.proxy, FAULTPROXY_TO_CLIENT, NULL);
    faultproxy_rule(bench->site.proxy, FAULTPROXY_TO_SERVER, NULL);
    /* What an altered call left behind may still end the next one. */
    for (int i = 0; i < 20 && answered < WARM_PINGS; i++) {
        answered += fault_cache_ping(bench->site.cache) == LARDER_OK;
    }
    fault_check(bench->site.row, answered == WARM_PINGS, "no connection after a fault: %s",
                larder_last_error());
}

/* ---------------------------------------------------- 5: reset, 6: the end */

static void judge_write(struct bench *bench, const char *name, int n, enum larder_status status,
                        enum larder_outcome outcome, bool there)
{
    struct fault_row *row = bench->site.row;
    bench->tally[outcome]++;
    bench->failed += status < 0;
    row->unknown += outcome == LARDER_UNKNOWN;
    row->lost += outcome == LARDER_APPLIED && !there;
    row->wrong += outcome == LARDER_NOT_APPLIED && there;
    fault_check(row, (status >= 0) == (outcome == LARDER_APPLIED), "%s cut at %d: %s, outcome %d",
                name, n, larder_status_name(status), (int)outcome);
    fault_check(row, outcome == LARDER_UNKNOWN || there == (outcome == LARDER_APPLIED),
                "%s cut at %d: outcome %d, but the server says %d", name, n, (int)outcome, there);
}

static void cut_set(struct bench *bench, int n)
{
    struct fault_thing value = small(1, ++bench->numbers);
    enum larder_status status = fault_thing_cache_set(bench->site.cache, 1, &value);
    enum larder_outcome outcome = larder_outcome();
    judge_write(bench, "set", n, status, outcome, stored_number(bench, 1) == bench->numbers);
}

static void cut_add(struct bench *bench, int n)
{
    uint64_t id = 1000 + ++bench->numbers;
    struct fault_thing value = small(id, bench->numbers);
    enum larder_status status = fault_thing_cache_add(bench->site.cache, id, &value);
    enum larder_outcome outcome = larder_outcome();
    bench->site.row->twice += status == LARDER_DENIED;
    fault_check(bench->site.row, status != LARDER_DENIED, "add cut at %d was made twice", n);
    judge_write(bench, "add", n, status, outcome, stored_number(bench, id) == bench->numbers);
}

static void cut_delete(struct bench *bench, int n)
{
    struct fault_thing value = small(2, ++bench->numbers);
    larder_ignore(fault_thing_cache_set(bench->direct, 2, &value));
    enum larder_status status = fault_thing_cache_delete(bench->site.cache, 2);
    enum larder_outcome outcome = larder_outcome();
    judge_write(bench, "delete", n, status, outcome, stored_number(bench, 2) == 0);
}

static void cut_get(struct bench *bench, int n)
{
    const struct fault_thing *value;
    enum larder_status status = fault_thing_cache_get(bench->site.cache, 3, &value);
    bool right = value != NULL && value->owner == 3 && value->number == 7;
    bench->failed += status < 0;
    bench->tally[LARDER_APPLIED] += status == LARDER_OK;
    fault_check(bench->site.row, status < 0 || (status == LARDER_OK && right),
                "get cut at %d gave %s", n, larder_status_name(status));
    fault_thing_release(value);
}

/* Every byte of the call's part of the dialogue is once the first that is missing. */
static void cut_everywhere(struct bench *bench, enum faultproxy_end end,
                           enum faultproxy_direction direction,
                           void (*call)(struct bench *bench, int n))
{
    bool fired = true;
    for (int n = 0; fired && n < CUTS_MAX; n++) {
        uint64_t before = faults(bench);
        warm(bench);
        faultproxy_rule(
            bench->site.proxy, direction,
            &(struct faultproxy_rule){.end = end, .after_bytes = (size_t)n, .once = true});
        call(bench, n);
        fired = faults(bench) != before;
        bench->cuts += fired;
    }
    warm(bench);
}

static void cut_all(struct fault_row *row, enum faultproxy_end end)
{
    static const struct {
        const char *name;
        void (*call)(struct bench *bench, int n);
    } calls[] = {{"get", cut_get}, {"set", cut_set}, {"add", cut_add}, {"delete", cut_delete}};
    struct bench bench;
    bench_open(&bench, row, PATIENT_MS);
    struct fault_thing value = small(3, 7);
    larder_ignore(fault_thing_cache_set(bench.direct, 3, &value));
    row->twice = row->wrong = row->lost = row->unknown = row->calls = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        bench.cuts = bench.failed = 0;
        memset(bench.tally, 0, sizeof bench.tally);
        cut_everywhere(&bench, end, FAULTPROXY_TO_CLIENT, calls[i].call);
        int replies = bench.cuts;
        cut_everywhere(&bench, end, FAULTPROXY_TO_SERVER, calls[i].call);
        fault_check(row, replies > 0 && bench.cuts > replies, "%s was never cut", calls[i].name);
        row->calls += bench.cuts;
        fault_note(row,
                   "%-6s cut at %d places of its reply, %d of the command: %d failed; %d "
                   "applied, %d not, %d unknown",
                   calls[i].name, replies, bench.cuts - replies, bench.failed,
                   bench.tally[LARDER_APPLIED], bench.tally[LARDER_NOT_APPLIED],
                   bench.tally[LARDER_UNKNOWN]);
    }
    bench_close(&bench);
}

void fault_row_5(struct fault_row *row)
{
    cut_all(row, FAULTPROXY_END_RESET);
}

void fault_row_6(struct fault_row *row)
{
    cut_all(row, FAULTPROXY_END_HALF_CLOSE);
}

/* ------------------------------------------------------ 12: a bit is flipped */

struct flips {
    int all;
    int errors;
    int misses;
    int unharmed;
    int altered;   /* in the body, which has no checksum */
    int elsewhere; /* altered, and the bit was not in the body */
};

static void flip_reply(struct bench *bench, size_t bit, size_t body_from, struct flips *flips)
{
    const struct fault_thing *value;
    enum larder_status status = fault_thing_cache_get(bench->site.cache, 3, &value);
    flips->all++;
    if (status < 0) {
        flips->errors++;
    } else if (value == NULL) {
        flips->misses++;
    } else if (value->id == 3 && value->owner == 3 && value->number == 7 &&
               strcmp(value->text, "small") == 0) {
        flips->unharmed++;
    } else if (bit / 8 >= body_from) {
        flips->altered++;
    } else {
        flips->elsewhere++;
    }
    fault_thing_release(value);
}

static void flip_replies(struct bench *bench)
{
    struct fault_row *row = bench->site.row;
    struct flips flips = {0};
    bool fired = true;
    size_t body_from = strlen("$NN\r\n") + ENVELOPE_BYTES;
    for (size_t bit = 0; fired; bit++) {
        uint64_t before = faults(bench);
        warm(bench);
        faultproxy_rule(bench->site.proxy, FAULTPROXY_TO_CLIENT,
                        &(struct faultproxy_rule){.flip = true, .flip_at = bit, .once = true});
        flip_reply(bench, bit, body_from, &flips);
        fired = faults(bench) != before;
    }
    row->wrong = flips.elsewhere;
    row->calls = flips.all;
    fault_check(row, flips.elsewhere == 0, "a flipped bit of a header gave another value");
    fault_note(row,
               "each bit of a reply: %d errors, %d misses, %d unharmed, %d altered bodies (there "
               "is no checksum of the body)",
               flips.errors, flips.misses, flips.unharmed, flips.altered);
}

/* What a flipped write may leave behind must not be another key's. */
static void flip_commands(struct bench *bench)
{
    struct fault_row *row = bench->site.row;
    const struct fault_thing *value;
    bool fired = true;
    for (size_t at = 0; fired && at < CUTS_MAX; at++) {
        uint64_t before = faults(bench);
        struct fault_thing fresh = small(3, 7);
        /* What the server took for commands may be answered at any time. */
        faultproxy_reset_all(bench->site.proxy);
        warm(bench);
        faultproxy_rule(bench->site.proxy, FAULTPROXY_TO_SERVER,
                        &(struct faultproxy_rule){
                            .flip = true, .flip_at = at * 8 + (row->seed + at) % 8, .once = true});
        larder_ignore(fault_thing_cache_set(bench->site.cache, 3, &fresh));
        fired = faults(bench) != before;
        for (uint64_t id = 0; id < 10; id++) {
            larder_ignore(fault_thing_cache_get(bench->direct, id, &value));
            row->wrong += value != NULL && id != 3;
            fault_check(row, value == NULL || id == 3, "byte %zu: a value under key %d", at,
                        (int)id);
            fault_thing_release(value);
        }
    }
}

void fault_row_12(struct fault_row *row)
{
    struct bench bench;
    bench_open(&bench, row, SHORT_TIMEOUT_MS);
    struct fault_thing value = small(3, 7);
    larder_ignore(fault_thing_cache_set(bench.direct, 3, &value));
    flip_replies(&bench);
    flip_commands(&bench);
    bench_close(&bench);
}

/* ---------------------------------------------------------- 13: out of step */

static void out_of_step(struct fault_row *row, const struct faultproxy_rule *rule)
{
    struct fault_site site;
    struct fault_load load;
    fault_site_open(&site, row, NULL);
    fault_load_init(&load, &site);
    /* A reply that is another's may say anything but give another's value. */
    load.options.may_forget = load.options.may_return = load.options.may_lie = true;
    fault_load_start(&load);
    fault_pause_ms(100);
    fault_injected(&load);
    for (int64_t i = 0; i < fault_span_ms(800) / 40; i++) {
        faultproxy_rule(site.proxy, FAULTPROXY_TO_CLIENT, rule);
        fault_pause_ms(40);
    }
    faultproxy_rule(site.proxy, FAULTPROXY_TO_CLIENT, NULL);
    faultproxy_reset_all(site.proxy);
    fault_repaired(&load);
    fault_pause_ms(200);
    fault_load_stop(&load);
    fault_site_close(&site);
}

/* A value that is another key's says that replies are out of step: the connection
 * goes, and another one tells. */
static void foreign_value(struct fault_row *row)
{
    struct bench bench;
    struct faultproxy_counts before, after;
    const struct fault_thing *value;
    bench_open(&bench, row, PATIENT_MS);
    for (uint64_t id = 1; id <= 2; id++) {
        struct fault_thing fresh = small(id, id);
        larder_ignore(fault_thing_cache_set(bench.direct, id, &fresh));
    }
    warm(&bench);
    larder_ignore(fault_thing_cache_get(bench.site.cache, 1, &value));
    fault_thing_release(value);
    faultproxy_rule(bench.site.proxy, FAULTPROXY_TO_CLIENT,
                    &(struct faultproxy_rule){.replay_frame = 1, .once = true});
    faultproxy_counts(bench.site.proxy, &before);
    enum larder_status status = fault_thing_cache_get(bench.site.cache, 2, &value);
    fault_check(row, status == LARDER_OK && value->owner == 2,
                "%s in place of a value whose first reply was another key's",
                larder_status_name(status));
    fault_thing_release(value);
    faultproxy_counts(bench.site.proxy, &after);
    fault_check(row, after.connections > before.connections,
                "after another key's value the connection was kept");
    bench_close(&bench);
}

/* A reply that nobody asked for comes when its connection is idle for a moment:
 * every later reply would be the one before. */
static void late_duplicate(struct fault_row *row)
{
    enum { READS = 200 };
    struct bench bench;
    const struct fault_thing *value;
    int missed = 0, wrong = 0;
    bench_open(&bench, row, PATIENT_MS);
    for (uint64_t id = 0; id < READS; id++) {
        struct fault_thing fresh = small(id, id + 1);
        larder_ignore(fault_thing_cache_set(bench.direct, id, &fresh));
    }
    warm(&bench);
    faultproxy_rule(
        bench.site.proxy, FAULTPROXY_TO_CLIENT,
        &(struct faultproxy_rule){.duplicate_frame = 1, .duplicate_ms = 1, .once = true});
    for (uint64_t id = 0; id < READS; id++) {
        enum larder_status status = fault_thing_cache_get(bench.site.cache, id, &value);
        missed += status == LARDER_MISS;
        wrong += value != NULL && value->owner != id;
        fault_thing_release(value);
    }
    row->wrong += wrong;
    fault_check(row, wrong == 0, "%d values under other keys", wrong);
    fault_check(row, missed == 0, "%d of %d reads around a late duplicate missed what is there",
                missed, READS);
    bench_close(&bench);
}

void fault_row_13(struct fault_row *row)
{
    out_of_step(row, &(struct faultproxy_rule){.drop_frame = 3});
    out_of_step(row, &(struct faultproxy_rule){.duplicate_frame = 3});
    out_of_step(row, &(struct faultproxy_rule){.duplicate_frame = 3, .duplicate_ms = 2});
    out_of_step(row, &(struct faultproxy_rule){.replay_frame = 3});
    foreign_value(row);
    late_duplicate(row);
}

/* -------------------------------------------------------------- 14: hostile */

#define GREETING                                                \
    SCRIPTED_EXPECT("CLIENT SETNAME"), SCRIPTED_EXPECT("INFO"), \
        SCRIPTED_SEND("+OK\r\n$0\r\n\r\n"), SCRIPTED_EXPECT("GET")

enum { HOSTILE_STEPS = 6, HOSTILE_TIMEOUT_MS = 1000 };

static const struct {
    const char *name;
    struct scripted_step steps[HOSTILE_STEPS];
} hostile[] = {
    {"*2147483647", {GREETING, SCRIPTED_SEND("*2147483647\r\n"), SCRIPTED_HOLD}},
    {"*1 nested without end", {GREETING, SCRIPTED_REPEAT("*1\r\n*1\r\n*1\r\n*1\r\n")}},
    {"$9e18", {GREETING, SCRIPTED_SEND("$9223372036854775807\r\n"), SCRIPTED_HOLD}},
    {"$99999999999999999999",
     {GREETING, SCRIPTED_SEND("$99999999999999999999\r\n"), SCRIPTED_HOLD}},
    {"$-2", {GREETING, SCRIPTED_SEND("$-2\r\n"), SCRIPTED_HOLD}},
    {"$1e1", {GREETING, SCRIPTED_SEND("$1e1\r\n0123456789\r\n"), SCRIPTED_HOLD}},
    {"a map", {GREETING, SCRIPTED_SEND("%1\r\n+a\r\n+b\r\n"), SCRIPTED_HOLD}},
    {"a push", {GREETING, SCRIPTED_SEND(">1\r\n+a\r\n"), SCRIPTED_HOLD}},
    {"a line without end",
     {GREETING, SCRIPTED_REPEAT("+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")}},
    {"an integer without end", {GREETING, SCRIPTED_REPEAT(":1111111111111111111111111")}},
    {"no protocol", {GREETING, SCRIPTED_SEND("HTTP/1.1 400 Bad Request\r\n\r\n"), SCRIPTED_HOLD}},
    {"NUL bytes", {GREETING, SCRIPTED_REPEAT("\0\0\0\0\0\0\0\0")}},
    {"replies without end", {GREETING, SCRIPTED_REPEAT("$-1\r\n$-1\r\n$-1\r\n")}},
};

struct meeting {
    enum larder_status status;
    int64_t took_ms;
    int64_t cpu_ms; /* of the thread that calls: the machine may be busy */
    int64_t grown_kib;
};

static int64_t thread_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static struct meeting read_once(struct fault_cache *cache, struct fault_row *row)
{
    const struct fault_thing *value;
    struct meeting met = {.status = LARDER_OK};
    fault_reset_peak_rss();
    int64_t rss_kib = fault_rss_kib();
    int64_t start_ns = history_now_ns(), start_cpu_ns = thread_ns();
    met.status = fault_thing_cache_get(cache, 1, &value);
    met.took_ms = (history_now_ns() - start_ns) / 1000000;
    met.cpu_ms = (thread_ns() - start_cpu_ns) / 1000000;
    met.grown_kib = fault_peak_rss_kib() - rss_kib;
    row->wrong += value != NULL;
    fault_thing_release(value);
    return met;
}

/* The fastest of three. */
static void meet(struct fault_row *row, size_t i)
{
    struct fault_cache *cache;
    struct scripted_server *server = scripted_server_start(hostile[i].steps, HOSTILE_STEPS);
    struct larder_config config = {
        .backend = "redis", .host = "127.0.0.1", .timeout_ms = HOSTILE_TIMEOUT_MS};
    struct meeting met = {.took_ms = INT64_MAX};
    config.port = server != NULL ? scripted_server_port(server) : 0;
    if (server == NULL || fault_cache_open(&config, &cache) != LARDER_OK) {
        fault_check(row, false, "no server or no cache");
        scripted_server_stop(server);
        return;
    }
    for (int k = 0; k < 3 && met.took_ms >= 50; k++) {
        met = read_once(cache, row);
    }
    /* The first of replies without end may well be taken for the one asked for. */
    fault_check(row,
                met.status == LARDER_E_PROTOCOL ||
                    (met.status == LARDER_MISS && strstr(hostile[i].name, "replies") != NULL),
                "%s: %s", hostile[i].name, larder_status_name(met.status));
    fault_check(row, met.cpu_ms < 50 && met.took_ms < HOSTILE_TIMEOUT_MS, "%s: took %d ms",
                hostile[i].name, (int)met.took_ms);
    fault_check(row, met.grown_kib < 1024 + fault_rss_slack_kib(), "%s: %d KiB more",
                hostile[i].name, (int)met.grown_kib);
    fault_most(&row->detect_ms, met.took_ms);
    fault_cache_close(cache);
    scripted_server_stop(server);
}

void fault_row_14(struct fault_row *row)
{
    row->wrong = 0;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        meet(row, i);
    }
    fault_note(row, "%zu kinds of replies", sizeof hostile / sizeof *hostile);
}
