/* SPDX-License-Identifier: MIT */
/* Rows 23, 25, 36, 38, 43, 44: what Redis refuses, forgets, and holds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "support/fakeredis.h"
#include "support/raw_redis.h"

enum { PATIENT_MS = 2000, DIALS_FIRST = 8, DIALS_A_SECOND_MAX = 10 };

static void say(struct fault_site *site, const char *line)
{
    char reply[256];
    bool answered = fault_site_say(site, line, reply, sizeof reply);
    fault_check(site->row, answered && reply[0] != '-', "%s: %s", line, reply);
}

/* For calls of which none may fail, however busy the machine is. */
static void open_patient(struct fault_site *site, struct fault_row *row)
{
    fault_site_prepare(site, row, NULL);
    site->config.timeout_ms = PATIENT_MS;
    fault_site_open_cache(site);
}

static struct fault_thing small(uint64_t id, uint64_t number)
{
    return (struct fault_thing){.id = id, .owner = id, .number = number, .text = "small"};
}

/* --------------------------------------------------------- 23: maxclients */

enum { CROWD = 16, CROWD_MS = 800, CROWD_AFTER_MS = 10000, CROWD_GOOD = 20 };

/* Calls until, after the limit is gone, so many in a row were good.
 * 0: and from the first good one on all were. */
int fault_child_crowd(const struct larder_config *config, int64_t good_from_ns)
{
    struct fault_cache *cache;
    const struct fault_thing *read;
    int64_t end_ns = good_from_ns + CROWD_AFTER_MS * INT64_C(1000000);
    int good = 0;
    if (fault_cache_open(config, &cache) != LARDER_OK) {
        return 1;
    }
    while (good < CROWD_GOOD && history_now_ns() < end_ns) {
        int64_t start_ns = history_now_ns();
        enum larder_status status = fault_thing_cache_get(cache, 1, &read);
        fault_thing_release(read);
        if (status < 0 && status != LARDER_E_UNAVAILABLE && status != LARDER_E_TIMEOUT) {
            return 2;
        }
        if (status < 0 && good > 0) {
            return 3;
        }
        good += status >= 0 && start_ns > good_from_ns;
        fault_pause_ms(1);
    }
    fault_cache_close(cache);
    return good < CROWD_GOOD ? 4 : 0;
}

void fault_row_23(struct fault_row *row)
{
    struct fault_site site;
    struct faultproxy_counts before;
    pid_t pids[CROWD];
    const char *const more[] = {"CONFIG", "SET", "maxclients", "1000"};
    struct raw_redis raw; /* has its place before the crowd comes */
    fault_site_prepare(&site, row, NULL);
    raw_redis_open(&raw, site.server.port, 0);
    say(&site, "CONFIG SET maxclients 4");
    int64_t crowd_ms = fault_span_ms(CROWD_MS);
    int64_t good_from_ns = history_now_ns() + (crowd_ms + 200) * INT64_C(1000000);
    for (size_t i = 0; i < CROWD; i++) {
        pids[i] = fault_child_start("crowd", site.url, good_from_ns, STDIN_FILENO);
    }
    fault_pause_ms(crowd_ms);
    faultproxy_counts(site.proxy, &before);
    raw_redis_run(&raw, more, 4);
    raw_redis_close(&raw);
    int64_t raised_ns = history_now_ns();
    for (size_t i = 0; i < CROWD; i++) {
        int status = fault_child_end(pids[i]);
        fault_check(row, status == 0, "a process ended with %x", (unsigned)status);
    }
    row->recovery_ms = (history_now_ns() - raised_ns) / 1000000;
    fault_check(row,
                (int64_t)before.connections <=
                    CROWD * (DIALS_FIRST + DIALS_A_SECOND_MAX * (crowd_ms + 999) / 1000),
                "%d dials in %d ms", (int)before.connections, (int)crowd_ms);
    fault_site_close(&site);
    fault_note(row, "16 processes, 4 clients: %d dials in %d ms of all of them together",
               (int)before.connections, (int)crowd_ms);
}

/* ------------------------------------------------------------ 25: loading */

/* Of the errors that a server told, what our own waiting for it met. */
static int64_t pings_rejected(struct fault_site *site)
{
    char line[256];
    struct raw_redis raw;
    raw_redis_open(&raw, site->server.port, 0);
    bool found = raw_redis_info(&raw, "commandstats", "cmdstat_ping:", line, sizeof line);
    raw_redis_close(&raw);
    const char *rejected = found ? strstr(line, "rejected_calls=") : NULL;
    return rejected != NULL ? strtoll(rejected + strlen("rejected_calls="), NULL, 10) : 0;
}

void fault_row_25(struct fault_row *row)
{
    static const char *const args[] = {"--enable-debug-command",
                                       "yes",
                                       "--key-load-delay",
                                       "300",
                                       "--loading-process-events-interval-bytes",
                                       "1024",
                                       NULL};
    struct fault_site site;
    struct fault_load load;
    uint64_t calls, failed, reads;
    fault_site_open(&site, row, args);
    say(&site, "DEBUG POPULATE 2000 filler 20");
    say(&site, "SAVE");
    fault_load_init(&load, &site);
    load.options.may_forget = load.options.may_return = true;
    fault_load_start(&load);
    fault_pause_ms(fault_span_ms(200));
    fault_injected(&load);
    redis_server_kill(&site.server);
    fault_check(row, redis_server_begin(&site.server), "the server was not started again");
    fault_check(row, redis_server_await(&site.server), "the server did not come up again");
    int64_t told = fault_site_errors_told(&site, "LOADING") - pings_rejected(&site);
    fault_repaired(&load);
    fault_await_recovery(&load);
    fault_pause_ms(fault_span_ms(300));
    fault_load_join(&load);
    history_count(load.history, load.injected_ns, load.repaired_ns, &calls, &failed, &reads);
    fault_load_stop(&load);
    /* Those that opened the breaker, unless refused dials already had, then probes, if one
     * came meanwhile; one that replays the journal asks for up to as many keys as the load has. */
    fault_check(row, told >= 0 && failed > 0 && (uint64_t)told < failed / 8,
                "%d calls failed, and LOADING was told %d times", (int)failed, (int)told);
    fault_site_close(&site);
    fault_note(row, "%d ms of loading: %d calls failed, LOADING was told %d times",
               (int)((load.repaired_ns - load.injected_ns) / 1000000), (int)failed, (int)told);
}

/* -------------------------------------------------------- 36: credentials */

static enum larder_status get_as(struct fault_site *site, const char *user, const char *password)
{
    struct fault_cache *cache;
    const struct fault_thing *read;
    struct larder_config config = site->config;
    config.username = user;
    config.password = password;
    if (fault_cache_open(&config, &cache) != LARDER_OK) {
        return LARDER_E_CONFIG;
    }
    enum larder_status status = fault_thing_cache_get(cache, 1, &read);
    fault_thing_release(read);
    fault_cache_close(cache);
    return status;
}

static void is_status(struct fault_row *row, const char *when, enum larder_status status,
                      enum larder_status right)
{
    fault_check(row, status == right, "%s: %s, not %s", when, larder_status_name(status),
                larder_status_name(right));
}

/* Nothing of ours is said to a server that refused us, even if it would listen. */
static void refused_and_silent(struct fault_row *row)
{
    struct fault_site site;
    struct fakeredis *fake = fakeredis_start("EXPECT AUTH\nSEND -WRONGPASS no\nHOLD\n");
    char url[64];
    if (fake == NULL) {
        fault_check(row, false, "no fake");
        return;
    }
    memset(&site, 0, sizeof site);
    snprintf(url, sizeof url, "redis://127.0.0.1:%d", fakeredis_port(fake));
    site.config = (struct larder_config){.backend = "redis", .url = url, .timeout_ms = 500};
    is_status(row, "refused", get_as(&site, "app", "wrong"), LARDER_E_AUTH);
    size_t gets = fakeredis_heard(fake, "GET"), names = fakeredis_heard(fake, "CLIENT");
    size_t infos = fakeredis_heard(fake, "INFO");
    fault_check(row, gets + names + infos == 0,
                "behind a refused AUTH were sent: %zu GET, %zu CLIENT, %zu INFO", gets, names,
                infos);
    fault_note(row, "behind a refused AUTH were sent: %zu commands", gets + names + infos);
    fakeredis_stop(fake);
}

void fault_row_36(struct fault_row *row)
{
    struct fault_site site;
    const struct fault_thing *read;
    struct fault_cache *cache;
    fault_site_prepare(&site, row, NULL);
    site.config.timeout_ms = PATIENT_MS;
    say(&site, "ACL SETUSER app on >one ~* +@all");
    is_status(row, "the right password", get_as(&site, "app", "one"), LARDER_MISS);
    is_status(row, "a wrong password", get_as(&site, "app", "two"), LARDER_E_AUTH);
    is_status(row, "nobody", get_as(&site, "nobody", "one"), LARDER_E_AUTH);

    struct larder_config config = site.config;
    config.username = "app";
    config.password = "one";
    if (fault_cache_open(&config, &cache) == LARDER_OK) {
        is_status(row, "before", fault_thing_cache_get(cache, 1, &read), LARDER_MISS);
        say(&site, "ACL SETUSER app resetpass >two");
        is_status(row, "rotated, connected", fault_thing_cache_get(cache, 1, &read), LARDER_MISS);
        faultproxy_reset_all(site.proxy);
        is_status(row, "rotated, anew", fault_thing_cache_get(cache, 1, &read), LARDER_E_AUTH);
        say(&site, "ACL SETUSER app resetpass >one");
        enum larder_status status = LARDER_E_AUTH;
        for (int i = 0; i < 500 && status == LARDER_E_AUTH; i++) { /* until it dials again */
            status = fault_thing_cache_get(cache, 1, &read);
            fault_pause_ms(10);
        }
        is_status(row, "rotated back", status, LARDER_MISS);
        say(&site, "ACL SETUSER app -get");
        is_status(row, "no right", fault_thing_cache_get(cache, 1, &read), LARDER_E_AUTH);
        say(&site, "ACL DELUSER app");
        is_status(row, "deleted", fault_thing_cache_get(cache, 1, &read), LARDER_E_AUTH);
        fault_cache_close(cache);
    }
    refused_and_silent(row);
    fault_site_close(&site);
}

/* --------------------------------------------------------- 38: scripts lost */

void fault_row_38(struct fault_row *row)
{
    struct fault_site site;
    struct fault_load load;
    open_patient(&site, row);
    fault_load_init(&load, &site);
    load.options.deadline_ms = PATIENT_MS;
    fault_load_start(&load);
    for (int64_t i = 0; i < fault_span_ms(500) / 20; i++) {
        say(&site, "SCRIPT FLUSH");
        say(&site, "FUNCTION FLUSH");
        fault_pause_ms(20);
    }
    fault_load_stop(&load);
    fault_check(row, row->failures == 0, "%d calls failed beside flushes", (int)row->failures);
    fault_site_close(&site);
    fault_note(row, "flushed under load; this version sends no scripts");
}

/* ------------------------------------------- 43: flushed, and foreign types */

void fault_row_43(struct fault_row *row)
{
    struct fault_site site;
    struct fault_load load;
    const struct fault_thing *read;
    open_patient(&site, row);
    fault_load_init(&load, &site);
    load.options.may_forget = true;
    load.options.deadline_ms = PATIENT_MS;
    fault_load_start(&load);
    for (int64_t i = 0; i < fault_span_ms(500) / 50; i++) {
        fault_pause_ms(50);
        say(&site, i % 2 == 0 ? "FLUSHALL" : "FLUSHDB");
    }
    fault_load_stop(&load);
    fault_check(row, row->failures == 0, "%d calls failed beside flushes", (int)row->failures);

    struct fault_thing value = small(5, 5);
    say(&site, "FLUSHALL");
    say(&site, "LPUSH thing:5 stranger");
    is_status(row, "a list", fault_thing_cache_get(site.cache, 5, &read), LARDER_MISS);
    is_status(row, "set over it", fault_thing_cache_set(site.cache, 5, &value), LARDER_OK);
    is_status(row, "and read", fault_thing_cache_get(site.cache, 5, &read), LARDER_OK);
    fault_thing_release(read);
    fault_site_close(&site);
}

/* ------------------------------------------------------------ 44: poisoned */

struct poison {
    struct fault_site site;
    struct raw_redis raw;
    uint64_t random;
    int accepted;
    int tried;
};

static uint8_t random_byte(struct poison *poison)
{
    poison->random ^= poison->random << 13;
    poison->random ^= poison->random >> 7;
    poison->random ^= poison->random << 17;
    return (uint8_t)(poison->random >> 32);
}

static void try_value(struct poison *poison, const unsigned char *bytes, size_t len)
{
    const struct fault_thing *read;
    raw_redis_set(&poison->raw, "thing:1", bytes, len);
    enum larder_status status = fault_thing_cache_get(poison->site.cache, 1, &read);
    poison->tried++;
    poison->accepted += read != NULL;
    fault_check(poison->site.row, status == LARDER_MISS, "a poisoned value of %zu bytes gave %s",
                len, larder_status_name(status));
    fault_thing_release(read);
}

static void try_all(struct poison *poison)
{
    static const char *const bombs[] = {"\xdd\xff\xff\xff\xff", "\xdf\xff\xff\xff\xff",
                                        "\xc6\xff\xff\xff\xff", "\xdb\xff\xff\xff\xff", "\xc1"};
    unsigned char good[512], bad[1024];
    struct fault_thing value = small(1, 1);
    larder_ignore(fault_thing_cache_set(poison->site.cache, 1, &value));
    size_t len = raw_redis_get(&poison->raw, "thing:1", good, sizeof good);
    for (size_t cut = 0; cut < len; cut++) {
        try_value(poison, good, cut);
    }
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        size_t bomb = i == 4 ? 1 : 5;
        try_value(poison, (const unsigned char *)bombs[i], bomb);
        memcpy(bad, good, 12); /* behind a head that is right */
        memcpy(bad + 12, bombs[i], bomb);
        try_value(poison, bad, 12 + bomb);
    }
    memset(bad, 0x91, sizeof bad); /* arrays in arrays */
    try_value(poison, bad, sizeof bad);
    memcpy(bad, good, 12);
    try_value(poison, bad, sizeof bad);
    memcpy(bad, good, len);
    bad[len] = 0xc0; /* one too many */
    try_value(poison, bad, len + 1);
    for (int i = 0; i < 500; i++) {
        size_t size = random_byte(poison);
        for (size_t k = 0; k < size; k++) {
            bad[k] = random_byte(poison);
        }
        try_value(poison, bad, size);
    }
}

void fault_row_44(struct fault_row *row)
{
    struct poison poison = {.random = row->seed * 2 + 1};
    struct fault_cache_counters counters = {0};
    fault_site_open(&poison.site, row, NULL);
    raw_redis_open(&poison.raw, poison.site.server.port, 0);
    const struct fault_thing *read;
    larder_ignore(fault_thing_cache_get(poison.site.cache, 1, &read));
    fault_reset_peak_rss();
    int64_t rss_kib = fault_rss_kib();
    try_all(&poison);
    int64_t grown_kib = fault_peak_rss_kib() - rss_kib;
    fault_check(row, grown_kib < 1024 + fault_rss_slack_kib(), "%d KiB more", (int)grown_kib);
    larder_ignore(fault_cache_stats(poison.site.cache, &counters));
    fault_check(row, counters.total.decode_errors == (uint64_t)poison.tried,
                "%d of %d counted as decode errors", (int)counters.total.decode_errors,
                poison.tried);
    row->wrong = poison.accepted;
    row->calls = poison.tried;
    raw_redis_close(&poison.raw);
    fault_site_close(&poison.site);
    fault_note(row, "%d values; %d KiB more at most", poison.tried, (int)grown_kib);
}
