/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fresh.h"

static void say(struct crew *crew, const char *line)
{
    char reply[128];
    (void)redis_server_say(&crew->server, NULL, line, reply, sizeof reply);
    crew->faults++;
}

static void none(struct crew *crew)
{
    (void)crew;
}

static void kill_one(struct crew *crew)
{
    crew_replace(crew, crew_below(crew, GROUND_PROCESSES));
    crew->faults++;
}

static void pause_one(struct crew *crew)
{
    pid_t pid = crew->pids[crew_below(crew, GROUND_PROCESSES)];
    kill(pid, SIGSTOP);
    usleep(5000 + crew_below(crew, 60000));
    kill(pid, SIGCONT);
    crew->faults++;
}

static void pause_server(struct crew *crew)
{
    redis_server_freeze(&crew->server);
    usleep(5000 + crew_below(crew, 60000));
    redis_server_thaw(&crew->server);
    crew->faults++;
}

static void drop_connections(struct crew *crew)
{
    say(crew, "CLIENT KILL TYPE normal");
}

static void forget_scripts(struct crew *crew)
{
    say(crew, "SCRIPT FLUSH");
}

static void forget_all(struct crew *crew)
{
    say(crew, "FLUSHALL");
}

/* Keys that nobody reads, so that those that are read are evicted. */
static void crowd_out(struct crew *crew)
{
    char line[64];
    for (int i = 0; i < 40; i++) {
        snprintf(line, sizeof line, "SETRANGE junk:%u 8000 x", crew_below(crew, 1000));
        say(crew, line);
    }
}

/* Any key, wherever it is: an entry, a claim, a version, the clock. */
static void evict_one(struct crew *crew)
{
    char key[128];
    char line[160];
    if (redis_server_say(&crew->server, NULL, "RANDOMKEY", key, sizeof key) && key[0] == '$') {
        say(crew, "EVAL \"local k = redis.call('RANDOMKEY') if k then redis.call('DEL', k) end "
                  "return 1\" 0");
    }
    snprintf(line, sizeof line, "DEL ~fresh:clock");
    if (crew_below(crew, 8) == 0) {
        say(crew, line);
    }
}

static void restart_server(struct crew *crew)
{
    redis_server_kill(&crew->server);
    if (!redis_server_again(&crew->server)) {
        fprintf(stderr, "the server did not come back\n");
        exit(2);
    }
    crew->faults++;
}

static void lose_database(struct crew *crew)
{
    atomic_store(&crew->ground->outage, true);
    usleep(20000 + crew_below(crew, 50000));
    atomic_store(&crew->ground->outage, false);
    crew->faults++;
}

/* Deletions, and the clock's going on. */
static void refuse(struct crew *crew)
{
    say(crew, "ACL SETUSER default -unlink resetkeys %R~~fresh:clock ~~fresh:v:* ~item:* ~page:* "
              "~card:* ~slip:* ~note:* ~post:*");
    usleep(2000 + crew_below(crew, 20000));
    say(crew, "ACL SETUSER default +unlink allkeys");
}

static void anything(struct crew *crew)
{
    static void (*const all[])(struct crew *) = {
        kill_one,       pause_one,  pause_server, drop_connections,
        forget_scripts, forget_all, evict_one,    lose_database,
    };
    all[crew_below(crew, sizeof all / sizeof all[0])](crew);
}

static const char *const little_memory[] = {"--maxmemory", "3mb", "--maxmemory-policy",
                                            "allkeys-lru", NULL};

const struct fault faults[] = {
    {"none", "nothing goes wrong", NULL, 50, 0, 1, true, none},
    {"kill", "a process is killed and another takes its place", NULL, 300, 0, 4, false, kill_one},
    {"pause", "a process stands still for up to 65 ms", NULL, 20, 0, 1, true, pause_one},
    {"freeze", "the server stands still for up to 65 ms", NULL, 30, 0, 1, true, pause_server},
    {"timeout", "...which is longer than calls wait", NULL, 60, 20, 1, false, pause_server},
    {"reconnect", "the server drops all connections", NULL, 15, 0, 1, false, drop_connections},
    {"scripts", "the server forgets its scripts", NULL, 3, 0, 1, true, forget_scripts},
    {"flush", "the server forgets everything", NULL, 15, 0, 1, true, forget_all},
    {"evict", "allkeys-lru with too little memory", little_memory, 2, 0, 1, true, crowd_out},
    {"vanish", "keys vanish one by one, the clock among them", NULL, 2, 0, 1, true, evict_one},
    {"restart", "the server is killed and starts empty", NULL, 150, 0, 1, false, restart_server},
    {"refuse", "the server takes no invalidations for up to 22 ms", NULL, 200, 0, 4, false, refuse},
    {"outage", "the database fails for up to 70 ms", NULL, 40, 0, 1, true, lose_database},
    {"random", "any of these", NULL, 15, 0, 1, false, anything},
};

const unsigned fault_count = sizeof faults / sizeof faults[0];
