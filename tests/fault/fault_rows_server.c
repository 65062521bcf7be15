/* SPDX-License-Identifier: MIT */
/* Rows 1 to 4, 7 to 10: the server is gone, still, slow, or the way to it is. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fault.h"

/* While a server is away: those that open the breaker, then its probes. */
enum { DIALS_FIRST = 5, DIALS_A_SECOND_MAX = 10 };

enum { BEFORE_MS = 300, FAULT_MS = 700, AFTER_MS = 500, WRITE_MS = 600 };

static void start(struct fault_load *load, struct fault_site *site)
{
    fault_load_init(load, site);
    fault_load_start(load);
    fault_pause_ms(fault_span_ms(BEFORE_MS));
}

static void finish(struct fault_load *load)
{
    fault_await_recovery(load);
    fault_pause_ms(fault_span_ms(AFTER_MS));
    fault_load_stop(load);
}

static uint64_t times_opened(const struct fault_site *site)
{
    struct larder_health health;
    larder_ignore(fault_cache_health(site->cache, &health));
    return health.breaker_opens;
}

/* ----------------------------------------------------------- 1: the crash */

static void crash(struct fault_row *row, const char *const *args, bool keeps)
{
    struct fault_site site;
    struct fault_load load;
    fault_site_open(&site, row, args);
    fault_load_init(&load, &site);
    load.options.may_forget = load.options.may_return = !keeps;
    fault_load_start(&load);
    fault_pause_ms(fault_span_ms(BEFORE_MS));
    fault_injected(&load);
    redis_server_kill(&site.server);
    fault_pause_ms(fault_span_ms(FAULT_MS));
    fault_check(row, redis_server_again(&site.server), "the server did not come up again");
    fault_repaired(&load);
    finish(&load);
    fault_check(row, times_opened(&site) != 0, "the breaker did not open");
    fault_note(row, "%s: the breaker opened %d times", keeps ? "appendonly" : "nothing is kept",
               (int)times_opened(&site));
    fault_site_close(&site);
}

void fault_row_1(struct fault_row *row)
{
    static const char *const keeping[] = {"--appendonly", "yes", "--appendfsync", "always", NULL};
    crash(row, NULL, false);
    crash(row, keeping, true);
}

static void with_rule(struct fault_row *row, enum faultproxy_direction direction,
                      const struct faultproxy_rule *rule)
{
    struct fault_site site;
    struct fault_load load;
    fault_site_open(&site, row, NULL);
    start(&load, &site);
    fault_injected(&load);
    faultproxy_rule(site.proxy, direction, rule);
    fault_pause_ms(fault_span_ms(FAULT_MS));
    faultproxy_rule(site.proxy, direction, NULL);
    fault_repaired(&load);
    finish(&load);
    fault_site_close(&site);
}

/* ------------------------------------------------------ 2: frozen, 3: slow */

void fault_row_2(struct fault_row *row)
{
    const struct faultproxy_rule late = {.latency_ms = FAULT_TIMEOUT_MS * 5 / 4};
    struct fault_site site;
    struct fault_load load;
    fault_site_open(&site, row, NULL);
    start(&load, &site);
    fault_injected(&load);
    redis_server_freeze(&site.server);
    fault_pause_ms(fault_span_ms(FAULT_MS));
    redis_server_thaw(&site.server);
    fault_repaired(&load);
    finish(&load);
    fault_site_close(&site);
    with_rule(row, FAULTPROXY_TO_CLIENT, &late);
    fault_note(row, "stopped and continued; every reply comes 50 ms after its call's end");
}

/* A command that keeps its own connection waiting. */
struct saying {
    struct fault_site *site;
    const char *line;
};

static void *say(void *user)
{
    struct saying *saying = user;
    char reply[128];
    fault_site_say(saying->site, saying->line, reply, sizeof reply);
    return NULL;
}

/* Says the line, and, if `until` is not NULL, that at the end of the fault. */
static void slow_down(struct fault_row *row, const char *const *args, const char *line,
                      const char *until)
{
    struct fault_site site;
    struct fault_load load;
    struct saying saying = {.site = &site, .line = line};
    pthread_t thread;
    char reply[128];
    fault_site_open(&site, row, args);
    start(&load, &site);
    fault_injected(&load);
    bool started = pthread_create(&thread, NULL, say, &saying) == 0;
    fault_pause_ms(fault_span_ms(FAULT_MS));
    if (until != NULL) {
        fault_site_say(&site, until, reply, sizeof reply);
    }
    if (started) {
        pthread_join(thread, NULL);
    }
    fault_repaired(&load);
    finish(&load);
    fault_site_close(&site);
}

/* Reads go on while writes wait. As many callers as have a connection each: a
 * read that shares one with the paused write waits behind it. */
static void pause_writes(struct fault_row *row)
{
    struct fault_site site;
    struct fault_load load;
    char reply[128];
    uint64_t calls, failed, reads;
    fault_site_prepare(&site, row, NULL);
    site.config.timeout_ms = WRITE_MS;
    fault_site_open_cache(&site);
    fault_load_init(&load, &site);
    load.reads_pct = 100;
    load.threads = FAULT_THREADS - 1;
    fault_load_start(&load);
    fault_pause_ms(BEFORE_MS);
    fault_check(row, fault_site_say(&site, "CLIENT PAUSE 2000 WRITE", reply, sizeof reply),
                "CLIENT PAUSE was not answered");
    int64_t from_ns = history_now_ns();
    struct fault_thing value;
    char text[FAULT_TEXT_BYTES];
    value = fault_value(1, 1, text);
    enum larder_status status = fault_thing_cache_set(site.cache, 1, &value);
    enum larder_outcome outcome = larder_outcome();
    fault_check(row, status == LARDER_E_TIMEOUT && outcome == LARDER_UNKNOWN,
                "a paused write gave %s, outcome %d", larder_status_name(status), (int)outcome);
    int64_t to_ns = history_now_ns();
    atomic_store(&load.stop, true);
    fault_check(row, fault_site_say(&site, "CLIENT UNPAUSE", reply, sizeof reply),
                "CLIENT UNPAUSE was not answered");
    for (unsigned i = 0; i < load.threads; i++) {
        pthread_join(load.callers[i].thread, NULL);
    }
    history_count(load.history, from_ns, to_ns, &calls, &failed, &reads);
    fault_check(row, calls > 0 && failed == 0, "of %d reads beside a paused write %d failed",
                (int)calls, (int)failed);
    pthread_join(load.noise, NULL);
    history_free(load.history);
    fault_site_close(&site);
}

void fault_row_3(struct fault_row *row)
{
    static const char *const debug[] = {"--enable-debug-command", "yes", NULL};
    static const char *const busy[] = {"--busy-reply-threshold", "50", NULL};
    slow_down(row, debug, fault_is_long ? "DEBUG SLEEP 2" : "DEBUG SLEEP 0.7", NULL);
    slow_down(row, NULL, fault_is_long ? "CLIENT PAUSE 2000 ALL" : "CLIENT PAUSE 700 ALL", NULL);
    slow_down(row, busy, "EVAL \"while true do end\" 0", "SCRIPT KILL");
    pause_writes(row);
    fault_note(row, "DEBUG SLEEP, CLIENT PAUSE ALL, a busy script, CLIENT PAUSE WRITE");
}

/* --------------------------------------------- 4: the connections are killed */

void fault_row_4(struct fault_row *row)
{
    struct fault_site site;
    struct fault_load load;
    char reply[128];
    int64_t killed = 0;
    fault_site_open(&site, row, NULL);
    start(&load, &site);
    fault_injected(&load);
    for (int64_t i = 0; i < fault_span_ms(1000) / 50; i++) {
        fault_site_say(&site, "CLIENT KILL TYPE normal", reply, sizeof reply);
        killed += reply[0] == ':' ? strtoll(reply + 1, NULL, 10) : 0;
        fault_pause_ms(50);
    }
    fault_repaired(&load);
    finish(&load);
    fault_check(row, killed > 0, "no connection was killed");
    fault_note(row, "%d connections killed", (int)killed);
    fault_site_close(&site);
}

/* ----------------------------------------- 7: dripping, 8 and 9: black holes */

void fault_row_7(struct fault_row *row)
{
    const struct faultproxy_rule drip = {.slice_bytes = 1, .slice_ms = 50};
    const struct faultproxy_rule slices = {.slice_bytes = 7, .slice_ms = 1};
    const struct faultproxy_rule wander = {.latency_ms = 20, .jitter_ms = 30};
    with_rule(row, FAULTPROXY_TO_CLIENT, &drip);
    with_rule(row, FAULTPROXY_TO_SERVER, &drip);
    with_rule(row, FAULTPROXY_TO_CLIENT, &slices);
    with_rule(row, FAULTPROXY_TO_CLIENT, &wander);
    fault_note(row, "a byte in 50 ms each way, 7 bytes a ms, 20 to 50 ms of latency");
}

void fault_row_8(struct fault_row *row)
{
    const struct faultproxy_rule hole = {.end = FAULTPROXY_END_BLACK_HOLE};
    const struct faultproxy_rule later = {.end = FAULTPROXY_END_BLACK_HOLE, .after_bytes = 2000};
    const struct faultproxy_rule stop = {.end = FAULTPROXY_END_STOP, .after_bytes = 100};
    with_rule(row, FAULTPROXY_TO_SERVER, &hole);
    with_rule(row, FAULTPROXY_TO_CLIENT, &hole);
    with_rule(row, FAULTPROXY_TO_CLIENT, &later);
    with_rule(row, FAULTPROXY_TO_SERVER, &stop);
    fault_note(row, "towards the server, the client, in the middle of replies, a full window");
}

/* A port whose queue of connections is full: a SYN to it stays unanswered. */
struct full_port {
    int listener;
    int queued[8];
    int port;
};

static bool full_port_open(struct full_port *full)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    full->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = full->listener >= 0 && bind(full->listener, (struct sockaddr *)&address, len) == 0 &&
              listen(full->listener, 0) == 0 &&
              getsockname(full->listener, (struct sockaddr *)&address, &len) == 0;
    full->port = ntohs(address.sin_port);
    for (size_t i = 0; i < sizeof full->queued / sizeof *full->queued; i++) {
        full->queued[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int pending = connect(full->queued[i], (struct sockaddr *)&address, len);
        (void)pending; /* the first succeeds, the others hang */
    }
    return ok;
}

static void full_port_close(struct full_port *full)
{
    close(full->listener);
    for (size_t i = 0; i < sizeof full->queued / sizeof *full->queued; i++) {
        close(full->queued[i]);
    }
}

/* The fastest of three: the machine may be busy. Of a key that no load uses. With
 * no time at all it may be a probe's turn, which may take longer and time out. */
static void expect_timely(struct fault_row *row, struct fault_cache *cache, int64_t limit_ms,
                          enum larder_status right)
{
    const struct fault_thing *value;
    int64_t took_ms = INT64_MAX;
    for (int i = 0; i < 3 && took_ms > limit_ms + FAULT_SLACK_MS; i++) {
        int64_t start_ns = history_now_ns();
        enum larder_status status = fault_thing_cache_get(cache, UINT64_C(1) << 40, &value);
        took_ms = (history_now_ns() - start_ns) / 1000000;
        fault_thing_release(value);
        bool probe = limit_ms == 0 && status == LARDER_E_TIMEOUT;
        fault_check(row, status == right || probe, "gave %s: %s", larder_status_name(status),
                    larder_last_error());
    }
    fault_most(&row->overrun_ms, took_ms > limit_ms ? took_ms - limit_ms : 0);
    fault_check(row, took_ms <= limit_ms + FAULT_SLACK_MS, "took %d ms", (int)took_ms);
}

void fault_row_9(struct fault_row *row)
{
    struct full_port full;
    struct fault_cache *cache;
    struct larder_config config = {
        .backend = "redis", .host = "127.0.0.1", .timeout_ms = 1000, .connect_timeout_ms = 150};
    struct fault_site site;
    struct fault_load load;
    fault_check(row, full_port_open(&full), "no port");
    config.port = full.port;
    if (fault_cache_open(&config, &cache) == LARDER_OK) {
        expect_timely(row, cache, 150, LARDER_E_UNAVAILABLE);
        fault_cache_close(cache);
    }
    full_port_close(&full);

    fault_site_open(&site, row, NULL);
    start(&load, &site);
    fault_injected(&load);
    faultproxy_accept(site.proxy, FAULTPROXY_ACCEPT_HANG);
    faultproxy_reset_all(site.proxy);
    fault_pause_ms(fault_span_ms(FAULT_MS));
    faultproxy_accept(site.proxy, FAULTPROXY_ACCEPT_SERVE);
    fault_repaired(&load);
    finish(&load);
    fault_site_close(&site);
    fault_note(row, "a SYN without answer, a handshake without answer; one address");
}

/* ------------------------------------------------------------- 10: refused */

static uint64_t dials(const struct fault_site *site)
{
    struct faultproxy_counts counts;
    faultproxy_counts(site->proxy, &counts);
    return counts.connections;
}

static void refuse(struct fault_row *row, enum faultproxy_accept accept)
{
    struct fault_site site;
    struct fault_load load;
    fault_site_open(&site, row, NULL);
    start(&load, &site);
    fault_injected(&load);
    faultproxy_accept(site.proxy, accept);
    faultproxy_reset_all(site.proxy);
    uint64_t before = dials(&site);
    fault_pause_ms(BEFORE_MS);
    expect_timely(row, site.cache, 0, LARDER_E_UNAVAILABLE);
    fault_pause_ms(fault_span_ms(FAULT_MS));
    int64_t took_ms = (history_now_ns() - load.injected_ns) / 1000000;
    int64_t refused = (int64_t)(dials(&site) - before);
    faultproxy_accept(site.proxy, FAULTPROXY_ACCEPT_SERVE);
    fault_repaired(&load);
    finish(&load);
    fault_site_close(&site);
    fault_check(row, refused <= DIALS_FIRST + DIALS_A_SECOND_MAX * (took_ms + 999) / 1000,
                "%d dials in %d ms", (int)refused, (int)took_ms);
    if (accept != FAULTPROXY_ACCEPT_REFUSE) {
        fault_note(row, "reset at once: %d dials in %d ms", (int)refused, (int)took_ms);
    }
}

void fault_row_10(struct fault_row *row)
{
    refuse(row, FAULTPROXY_ACCEPT_REFUSE);
    refuse(row, FAULTPROXY_ACCEPT_RESET);
}
