/* SPDX-License-Identifier: MIT */
/* Rows 22, 23, 25, 36, 38, 43, 44: what Redis refuses, forgets, and holds. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"
#include "support/fakeredis.h"
#include "support/raw_redis.h"

/* As the breakers have it: so many failures open one. */
enum {
    PATIENT_MS = 2000,
    FAILURES_MIN = 20,
    DIALS_FIRST = 8,
    DIALS_A_SECOND_MAX = 10,
    LOADING_MAX = 100
};

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

/* How often the server answered with this error. */
static int64_t errors_told(struct fault_site *site, const char *word)
{
    char wanted[64], line[128];
    struct raw_redis raw;
    raw_redis_open(&raw, site->server.port, 0);
    snprintf(wanted, sizeof wanted, "errorstat_%s:count=", word);
    bool found = raw_redis_info(&raw, "errorstats", wanted, line, sizeof line);
    raw_redis_close(&raw);
    return found ? strtoll(line + strlen(wanted), NULL, 10) : 0;
}

/* Of those, what our own waiting for the server met. */
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

/* ------------------------------------------- 22: the server is full, 24: its disk */

struct refusals {
    int by_server;
    int by_breaker; /* without asking */
    int64_t told;   /* what the server says that it refused */
};

/* Writes that a server refuses for want of room, a read beside each. All are
 * E_SERVER and known not to have been applied; after the first ones the server
 * is asked no more, but for a probe now and then. */
static struct refusals write_and_read(struct fault_site *site, const char *word)
{
    enum { WRITES = 200 };
    struct fault_row *row = site->row;
    struct refusals refusals = {0};
    const struct fault_thing *read;
    char text[FAULT_TEXT_BYTES];
    for (uint64_t id = 0; id < WRITES; id++) {
        struct fault_thing value = fault_value(id, id + 1, text);
        enum larder_status status = fault_thing_cache_set(site->cache, id, &value);
        bool refused = status == LARDER_E_SERVER && larder_outcome() == LARDER_NOT_APPLIED;
        bool asked = strstr(larder_last_error(), word) != NULL;
        bool told = strstr(larder_last_error(), "the breaker of writes is open") != NULL;
        fault_check(row, refused && (asked || told), "a write: %s: %s", larder_status_name(status),
                    larder_last_error());
        refusals.by_server += asked;
        refusals.by_breaker += told;
        status = fault_thing_cache_get(site->cache, 1000 + id, &read);
        fault_check(row, status == LARDER_OK, "a read: %s: %s", larder_status_name(status),
                    larder_last_error());
        fault_thing_release(read);
    }
    refusals.told = errors_told(site, word);
    fault_check(row, refusals.by_server > 0 && refusals.by_breaker > WRITES / 2,
                "%s: %d writes refused by the server, %d by the breaker", word, refusals.by_server,
                refusals.by_breaker);
    /* It is told to those that are asked, and, where it is about deletes too, to what the
     * journal has to say. */
    fault_check(row, refusals.told >= FAILURES_MIN, "%s was told %d times", word,
                (int)refusals.told);
    return refusals;
}

static void fill_up(struct fault_site *site)
{
    char text[FAULT_TEXT_BYTES];
    for (uint64_t id = 1000; id < 1200; id++) {
        struct fault_thing value = fault_value(id, id + 1, text);
        fault_check(site->row, fault_thing_cache_set(site->cache, id, &value) == LARDER_OK,
                    "not stored: %s", larder_last_error());
    }
}

/* Until the breaker of writes lets a probe through, and a second one. */
static void writes_recover(struct fault_site *site)
{
    struct fault_thing value = small(1, 1);
    struct larder_health health = {.degraded = true};
    int64_t from_ns = history_now_ns();
    int64_t end_ns = from_ns + INT64_C(10000000000);
    enum larder_status status = LARDER_E_SERVER;
    while (history_now_ns() < end_ns && (status != LARDER_OK || health.degraded)) {
        status = fault_thing_cache_set(site->cache, 1, &value);
        larder_ignore(fault_cache_health(site->cache, &health));
        fault_pause_ms(1);
    }
    fault_most(&site->row->recovery_ms, (history_now_ns() - from_ns) / 1000000);
    fault_check(site->row, status == LARDER_OK && !health.degraded, "writes did not recover: %s",
                larder_last_error());
    fault_check(site->row, strcmp(health.breaker, "closed") == 0, "the server's breaker is %s",
                health.breaker);
}

static void evict(struct fault_site *site)
{
    struct fault_load load;
    fault_load_init(&load, site);
    load.options.may_forget = true;
    load.options.deadline_ms = PATIENT_MS;
    say(site, "FLUSHALL");
    say(site, "CONFIG SET maxmemory 2mb");
    say(site, "CONFIG SET maxmemory-policy allkeys-lru");
    fault_load_start(&load);
    fault_pause_ms(fault_span_ms(500));
    fault_load_stop(&load);
    fault_check(site->row, site->row->failures == 0, "%d calls failed beside evictions",
                (int)site->row->failures);
}

void fault_row_22(struct fault_row *row)
{
    struct fault_site site;
    open_patient(&site, row);
    fill_up(&site);
    say(&site, "CONFIG SET maxmemory 100kb");
    struct refusals refusals = write_and_read(&site, "OOM");
    fault_check(row, fault_thing_cache_delete(site.cache, 1001) == LARDER_OK,
                "a delete was refused: %s", larder_last_error());
    say(&site, "CONFIG SET maxmemory 0");
    writes_recover(&site);
    evict(&site);
    fault_site_close(&site);
    fault_note(row,
               "noeviction: %d writes refused by the server (OOM told %d times), then %d by the "
               "breaker of writes; all reads and a delete went on; then allkeys-lru",
               refusals.by_server, (int)refusals.told, refusals.by_breaker);
}

/* The files that the server may write become so small that a child of it that
 * saves fails, as it would on a full disk. */
static bool let_save_fail(struct fault_site *site, rlim_t most_bytes)
{
    const struct rlimit limit = {.rlim_cur = most_bytes, .rlim_max = RLIM_INFINITY};
    return prlimit(site->server.pid, RLIMIT_FSIZE, &limit, NULL) == 0;
}

/* Saves in the background, and waits for the end of it. */
static bool save(struct fault_site *site)
{
    struct raw_redis raw;
    char line[128] = "";
    raw_redis_open(&raw, site->server.port, 0);
    say(site, "BGSAVE");
    bool busy = true;
    for (int i = 0; i < 5000 && busy; i++) {
        busy = raw_redis_info(&raw, "persistence", "rdb_bgsave_in_progress:1", line, sizeof line);
        fault_pause_ms(1);
    }
    bool ok = raw_redis_info(&raw, "persistence", "rdb_last_bgsave_status:ok", line, sizeof line);
    raw_redis_close(&raw);
    return ok && !busy;
}

/* Fills what is left of it; what it returns is to be unlinked. */
static void fill_disk(const char *path)
{
    char block[4096] = "";
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (fd >= 0 && write(fd, block, sizeof block) > 0) {
    }
    while (fd >= 0 && write(fd, block, 1) > 0) {
    }
    if (fd >= 0) {
        close(fd);
    }
}

/* The append-only file on a disk of half a MiB that something else fills. */
static void append_to_full_disk(struct fault_row *row, const char *dir)
{
    static const char *const appending[] = {"--appendonly", "yes", "--appendfsync", "everysec",
                                            NULL};
    struct fault_site site;
    char filler[64];
    enum larder_status status = LARDER_OK;
    struct fault_thing value = small(5000, 1);
    snprintf(filler, sizeof filler, "%s/filler", dir);
    fault_site_prepare(&site, row, appending);
    site.config.timeout_ms = PATIENT_MS;
    fault_site_open_cache(&site);
    fill_up(&site);
    fill_disk(filler);
    for (int i = 0; i < 5000 && status == LARDER_OK; i++) { /* until it has met the end */
        status = fault_thing_cache_set(site.cache, value.id, &value);
    }
    struct refusals refusals = write_and_read(&site, "MISCONF");
    unlink(filler);
    writes_recover(&site);
    fault_site_close(&site);
    fault_note(row,
               "an append-only file on a full disk: %d writes refused by the server (MISCONF told "
               "%d times), then %d by the breaker of writes; all reads went on",
               refusals.by_server, (int)refusals.told, refusals.by_breaker);
}

static void with_small_disk(struct fault_row *row)
{
    char dir[] = P_tmpdir "/larder-XXXXXX";
    if (mkdtemp(dir) == NULL) {
        fault_check(row, false, "no directory");
        return;
    }
    if (!fault_own_namespaces() || mount("tmpfs", dir, "tmpfs", 0, "size=512k") != 0) {
        fault_note(row, "no disk of its own here: an append-only file was not tried");
    } else {
        setenv("TMPDIR", dir, 1);
        append_to_full_disk(row, dir);
        unsetenv("TMPDIR");
        umount(dir);
    }
    rmdir(dir);
}

void fault_row_24(struct fault_row *row)
{
    static const char *const saving[] = {"--save", "3600 1000000", "--rdbcompression", "no", NULL};
    struct fault_site site;
    fault_site_prepare(&site, row, saving);
    site.config.timeout_ms = PATIENT_MS;
    fault_site_open_cache(&site);
    fill_up(&site);
    fault_check(row, let_save_fail(&site, 4096) && !save(&site), "the save did not fail");
    struct refusals refusals = write_and_read(&site, "MISCONF");
    fault_check(row, let_save_fail(&site, RLIM_INFINITY) && save(&site), "the save failed");
    writes_recover(&site);
    fault_site_close(&site);
    fault_note(row,
               "a save without room: %d writes refused by the server (MISCONF told %d times), then "
               "%d by the breaker of writes; all reads went on",
               refusals.by_server, (int)refusals.told, refusals.by_breaker);
    with_small_disk(row);
}

/* --------------------------------------------------------- 23: maxclients */

enum { CROWD = 16, CROWD_MS = 800, CROWD_AFTER_MS = 10000, CROWD_GOOD = 20 };

/* In a child: calls until, after the limit is gone, so many in a row were good.
 * 0: and from the first good one on all were. */
static int crowd(const struct larder_config *config, int64_t good_from_ns)
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
    int status;
    const char *const more[] = {"CONFIG", "SET", "maxclients", "1000"};
    struct raw_redis raw; /* has its place before the crowd comes */
    fault_site_prepare(&site, row, NULL);
    raw_redis_open(&raw, site.server.port, 0);
    say(&site, "CONFIG SET maxclients 4");
    int64_t crowd_ms = fault_span_ms(CROWD_MS);
    int64_t good_from_ns = history_now_ns() + (crowd_ms + 200) * INT64_C(1000000);
    for (size_t i = 0; i < CROWD; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            _exit(crowd(&site.config, good_from_ns));
        }
    }
    fault_pause_ms(crowd_ms);
    faultproxy_counts(site.proxy, &before);
    raw_redis_run(&raw, more, 4);
    raw_redis_close(&raw);
    int64_t raised_ns = history_now_ns();
    for (size_t i = 0; i < CROWD; i++) {
        while (waitpid(pids[i], &status, 0) < 0 && errno == EINTR) {
        }
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
    int64_t told = errors_told(&site, "LOADING") - pings_rejected(&site);
    fault_repaired(&load);
    fault_await_recovery(&load);
    fault_pause_ms(fault_span_ms(300));
    fault_load_join(&load);
    history_count(load.history, load.injected_ns, load.repaired_ns, &calls, &failed, &reads);
    fault_load_stop(&load);
    /* Those that opened the breaker, then probes; one that replays the journal asks for up to
     * as many keys as the load has. */
    fault_check(row, told > 0 && (uint64_t)told < failed / 8,
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
