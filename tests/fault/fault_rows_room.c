/* SPDX-License-Identifier: MIT */
/* Rows 22 and 24: a server that has no room, in its memory or on its disk. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fault.h"
#include "support/raw_redis.h"

/* As the breakers have it: so many failures open one. */
enum { PATIENT_MS = 2000, FAILURES_MIN = 20 };

static void say(struct fault_site *site, const char *line)
{
    char reply[256];
    bool answered = fault_site_say(site, line, reply, sizeof reply);
    fault_check(site->row, answered && reply[0] != '-', "%s: %s", line, reply);
}

/* For calls of which none may fail, however busy the machine is. */
static void open_patient(struct fault_site *site, struct fault_row *row, const char *const *args)
{
    fault_site_prepare(site, row, args);
    site->config.timeout_ms = PATIENT_MS;
    fault_site_open_cache(site);
}

static struct fault_thing small(uint64_t id, uint64_t number)
{
    return (struct fault_thing){.id = id, .owner = id, .number = number, .text = "small"};
}

/* ------------------------------------------------------------- 22: memory */

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
    refusals.told = fault_site_errors_told(site, word);
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
    open_patient(&site, row, NULL);
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

/* --------------------------------------------------------------- 24: the disk */

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
    open_patient(&site, row, appending);
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
    open_patient(&site, row, saving);
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
