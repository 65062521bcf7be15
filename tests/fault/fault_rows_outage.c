/* SPDX-License-Identifier: MIT */
/*
 * Row 45: rows change while a process is cut off.
 *
 * A table of row versions stands for the database. "Mine" is a cache that is cut
 * off now and then, "other" one that never is; both change rows and delete their
 * entries, and both read. One thread does it all, so that at every moment it is
 * known what a read may give:
 *   - mine: the row as it is, always;
 *   - other: the row as it is, or as it was before changes whose deletes had
 *     failed, for at most the entry's lifetime after the first of those.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"

enum {
    ROWS = 64,
    VERSIONS = 4096, /* that are remembered of a row */
    TTL_MS = 600,
    LONGER_TTL_MS = 2500,
    CALM_MS = 200,
    OUTAGE_MS = 1200,
    LONG_OUTAGE_MS = 30000,
    CALL_MS = 50,
    PACE_MS = 1,
    CROWDED = 70000, /* keys: more than a journal has room for */
    CROWDED_AT_ONCE = 1000,
    CROWDED_FROM = 1000000
};

static const int64_t MS_NS = 1000000;

/* One change of a row. */
struct change {
    int64_t at_ns;
    bool failed; /* its delete did not reach the server, for all that is known */
};

struct world {
    struct fault_site site;
    struct fault_row *row;
    struct fault_cache *mine, *other;
    uint64_t random;
    uint64_t versions[ROWS];
    struct change (*changes)[VERSIONS];
    uint64_t changed, undelivered, reads, loads;
    uint64_t journal_most;
    int64_t stale_most_ms;
};

static const struct larder_config_ttl short_life = {.name = "things", .ttl_ms = TTL_MS};

static uint64_t any(struct world *world, uint64_t below)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return world->random % below;
}

static void open_world(struct world *world, struct fault_row *row)
{
    struct larder_config direct = {.backend = "redis", .host = "127.0.0.1", .ttls = &short_life};
    memset(world, 0, sizeof *world);
    world->row = row;
    world->random = row->seed * 2 + 1;
    world->changes = calloc(ROWS, sizeof *world->changes);
    fault_site_prepare(&world->site, row, NULL);
    world->site.config.timeout_ms = world->site.config.connect_timeout_ms = CALL_MS;
    world->site.config.ttls = &short_life;
    world->site.config.ttl_count = direct.ttl_count = 1;
    fault_site_open_cache(&world->site);
    world->mine = world->site.cache;
    direct.port = world->site.server.port;
    if (world->changes == NULL || fault_cache_open(&direct, &world->other) != LARDER_OK) {
        abort();
    }
}

static void close_world(struct world *world)
{
    fault_cache_close(world->other);
    fault_site_close(&world->site);
    free(world->changes);
}

/* ------------------------------------------------------------------- one step */

static void change(struct world *world, struct fault_cache *cache, uint64_t id)
{
    struct change *change = &world->changes[id][++world->versions[id] % VERSIONS];
    change->at_ns = history_now_ns();
    change->failed = fault_thing_cache_delete(cache, id) < 0;
    world->changed++;
    world->undelivered += change->failed;
}

static enum larder_status load_row(struct larder_load *load, void *user, uint64_t id,
                                   struct fault_thing *out)
{
    struct world *world = user;
    (void)load;
    world->loads++;
    *out = (struct fault_thing){
        .id = id, .owner = id, .number = world->versions[id] + 1, .text = "row"};
    return LARDER_OK;
}

/* The version that a cache gives; the loader never fails, and so must not this. */
static uint64_t read_version(struct world *world, struct fault_cache *cache, uint64_t id)
{
    const struct fault_thing *value;
    enum larder_status status = fault_thing_cache_get_or_load(cache, id, load_row, world, &value);
    fault_check(world->row, status == LARDER_OK && value->owner == id, "a read: %s: %s",
                larder_status_name(status), larder_last_error());
    uint64_t version = value != NULL ? value->number - 1 : world->versions[id];
    fault_thing_release(value);
    world->reads++;
    return version;
}

static void read_mine(struct world *world, uint64_t id)
{
    uint64_t version = read_version(world, world->mine, id);
    world->row->stale += version != world->versions[id];
    fault_check(world->row, version == world->versions[id],
                "row %d: the process that was cut off read version %d of %d", (int)id, (int)version,
                (int)world->versions[id]);
}

static void read_other(struct world *world, uint64_t id)
{
    int64_t start_ns = history_now_ns();
    uint64_t version = read_version(world, world->other, id);
    if (version == world->versions[id]) {
        return;
    }
    int64_t stale_ms = (start_ns - world->changes[id][(version + 1) % VERSIONS].at_ns) / MS_NS;
    fault_most(&world->stale_most_ms, stale_ms);
    /* The server lets a millisecond pass before it looks. */
    fault_check(world->row, stale_ms <= TTL_MS + 1,
                "row %d: another process read what was replaced "
                "%d ms before",
                (int)id, (int)stale_ms);
    for (uint64_t v = version + 1; v <= world->versions[id]; v++) {
        fault_check(world->row, world->changes[id][v % VERSIONS].failed,
                    "row %d: read version %d, though the delete of %d was acknowledged", (int)id,
                    (int)version, (int)v);
    }
}

static void step(struct world *world)
{
    uint64_t id = any(world, ROWS);
    switch (any(world, 8)) {
    case 0:
        change(world, world->mine, id);
        break;
    case 1:
        change(world, world->other, id);
        break;
    case 2:
    case 3:
    case 4:
        read_mine(world, id);
        break;
    default:
        read_other(world, id);
        break;
    }
}

static void live(struct world *world, int64_t ms)
{
    struct larder_health health;
    int64_t end_ns = history_now_ns() + ms * MS_NS;
    while (history_now_ns() < end_ns && !world->row->failed) {
        for (int i = 0; i < 10; i++) {
            step(world);
        }
        larder_ignore(fault_cache_health(world->mine, &health));
        if (health.journal_entries > world->journal_most) {
            world->journal_most = health.journal_entries;
        }
        fault_pause_ms(PACE_MS);
    }
}

/* Until the cache that was cut off has nothing left to make good. */
static void live_until_well(struct world *world)
{
    struct larder_health health = {.degraded = true};
    int64_t from_ns = history_now_ns();
    while (health.degraded && history_now_ns() < from_ns + 40000 * MS_NS && !world->row->failed) {
        live(world, 5);
        larder_ignore(fault_cache_health(world->mine, &health));
    }
    fault_most(&world->row->recovery_ms, (history_now_ns() - from_ns) / MS_NS);
    fault_check(world->row, !health.degraded, "it did not recover: breaker %s, %d in the journal",
                health.breaker, (int)health.journal_entries);
}

/* ------------------------------------------------------------------ outages */

static void refuse(struct world *world)
{
    faultproxy_accept(world->site.proxy, FAULTPROXY_ACCEPT_REFUSE);
    faultproxy_reset_all(world->site.proxy);
}

static void serve(struct world *world)
{
    faultproxy_accept(world->site.proxy, FAULTPROXY_ACCEPT_SERVE);
}

static void swallow(struct world *world)
{
    const struct faultproxy_rule hole = {.end = FAULTPROXY_END_BLACK_HOLE};
    faultproxy_rule(world->site.proxy, FAULTPROXY_TO_SERVER, &hole);
}

static void pass_on(struct world *world)
{
    faultproxy_rule(world->site.proxy, FAULTPROXY_TO_SERVER, NULL);
}

static void outage(struct world *world, const char *name, void (*begin)(struct world *world),
                   void (*end)(struct world *world))
{
    world->changed = world->undelivered = world->journal_most = 0;
    world->stale_most_ms = 0;
    live(world, CALM_MS);
    begin(world);
    live(world, fault_is_long ? LONG_OUTAGE_MS : OUTAGE_MS);
    end(world);
    live_until_well(world);
    live(world, TTL_MS);
    fault_check(world->row, world->undelivered > 0 && world->journal_most > 0,
                "%s: no delete failed", name);
    fault_note(world->row,
               "%s: %d changes, %d deletes failed, %d in the journal at most; others read what "
               "was replaced for %d ms at most (lifetime %d ms)",
               name, (int)world->changed, (int)world->undelivered, (int)world->journal_most,
               (int)world->stale_most_ms, TTL_MS);
}

/* --------------------------------------------------------------- no room left */

/* What is older than any lifetime makes way, so there is one of seconds, and the
 * calls are few. */
static void crowd_journal(struct world *world)
{
    static struct fault_thing_key keys[CROWDED_AT_ONCE];
    static enum larder_status each[CROWDED_AT_ONCE];
    for (uint64_t from = 0; from < CROWDED; from += CROWDED_AT_ONCE) {
        for (uint64_t i = 0; i < CROWDED_AT_ONCE; i++) {
            keys[i].id = CROWDED_FROM + from + i;
        }
        larder_ignore(fault_thing_cache_delete_many(world->mine, keys, CROWDED_AT_ONCE, each));
    }
}

static void overflow(struct world *world)
{
    struct fault_row *row = world->row;
    struct larder_health health = {.journal_overflowed = false};
    struct fault_thing longer = {.id = ROWS, .text = "lives longer"};
    larder_ignore(fault_thing_cache_set_ttl(world->mine, ROWS, &longer, LONGER_TTL_MS));
    refuse(world);
    for (int i = 0; i < 10 && !health.journal_overflowed; i++) {
        read_other(world, 1); /* is on the server, and right */
        crowd_journal(world);
        change(world, world->mine, 1);
        larder_ignore(fault_cache_health(world->mine, &health));
    }
    fault_check(row, health.journal_overflowed, "%d keys did not overflow the journal", CROWDED);
    serve(world);
    uint64_t loads = world->loads, reads = world->reads;
    live_until_well(world);
    fault_check(row, world->loads > loads, "nothing was loaded");
    fault_note(row,
               "%d deletes failed, which is more than the journal holds: %d of %d reads were "
               "loaded until it was well again",
               CROWDED, (int)(world->loads - loads), (int)(world->reads - reads));
    loads = world->loads;
    read_mine(world, 1);
    read_mine(world, 1);
    fault_check(row, world->loads <= loads + 1, "it still trusts nothing");
}

/* ------------------------------------------------- the process does not survive */

/* Its delete fails, and then it is no more: nobody replays that. */
int fault_child_die(const struct larder_config *config, int64_t id)
{
    struct fault_cache *cache;
    if (fault_cache_open(config, &cache) == LARDER_OK &&
        fault_thing_cache_delete(cache, (uint64_t)id) < 0) {
        kill(getpid(), SIGKILL);
    }
    return EXIT_FAILURE;
}

static void die(struct world *world)
{
    struct fault_row *row = world->row;
    uint64_t version = 0;
    change(world, world->other, 2);
    read_other(world, 2);
    struct change *change = &world->changes[2][++world->versions[2] % VERSIONS];
    *change = (struct change){.at_ns = history_now_ns(), .failed = true};
    /* Nobody is at this port. */
    int status = fault_child_end(fault_child_start("die", "redis://127.0.0.1:1", 2, STDIN_FILENO));
    fault_check(row, WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it ended with %x",
                (unsigned)status);
    world->stale_most_ms = 0;
    while (version != world->versions[2] && !row->failed) {
        read_other(world, 2);
        version = read_version(world, world->other, 2);
        fault_pause_ms(1);
    }
    fault_note(row, "killed before it could replay: others read what was replaced for %d ms",
               (int)world->stale_most_ms);
}

void fault_row_45(struct fault_row *row)
{
    struct world world;
    open_world(&world, row);
    row->stale = 0;
    outage(&world, "refused", refuse, serve);
    outage(&world, "swallowed", swallow, pass_on);
    overflow(&world);
    die(&world);
    row->calls = (int64_t)world.reads;
    close_world(&world);
}
