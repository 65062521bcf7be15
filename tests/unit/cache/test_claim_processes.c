/* SPDX-License-Identifier: MIT */
/* Several processes that miss the same key. They are forked before anything else runs. */
#include "shelf.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache/handle.h"
#include "support/redis_server.h"

enum { PROCESSES = 4, THREADS = 50, CALLERS = PROCESSES * THREADS, ID = 7, CHILD_S = 60 };

/* What all processes see. */
struct common {
    atomic_int loads;
    atomic_int begun;
    atomic_int good;
    atomic_int open; /* caches */
    int wanted;      /* the loader lasts until so many have begun */
};

struct site {
    struct redis_server server;
    char url[64];
    struct common *common;
};

static int set_up(void **state)
{
    static struct site site;
    if (!redis_server_start(&site.server, REDIS_SERVER_TCP, NULL)) {
        return -1;
    }
    snprintf(site.url, sizeof site.url, "redis://127.0.0.1:%d", site.server.port);
    site.common =
        mmap(NULL, sizeof *site.common, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *state = &site;
    return site.common != MAP_FAILED ? 0 : -1;
}

static int tear_down(void **state)
{
    struct site *site = *state;
    redis_server_stop(&site->server);
    return munmap(site->common, sizeof *site->common);
}

static enum larder_status load_tea(struct larder_load *load, const void *call, void *out)
{
    struct common *common = *(struct common *const *)call;
    struct tea *tea = out;
    (void)load;
    atomic_fetch_add(&common->loads, 1);
    while (atomic_load(&common->begun) < common->wanted) {
        sched_yield();
    }
    tea->name = "shared";
    return LARDER_OK;
}

/* A cache of this process. Its claims stand for long: the machine may be slow. */
static struct larder_cache *open_cache(const struct site *site)
{
    const struct larder_config config = {
        .backend = "redis", .url = site->url, .timeout_ms = CHILD_S * 1000};
    struct larder_cache *cache = NULL;
    if (larder_stub_open(&shelf_service, &config, &cache) == LARDER_OK) {
        larder_state_of(cache, &tea_entity)->lease.longest_ms = LARDER_LEASE_MAX_MS;
    }
    return cache;
}

static bool call_once(struct larder_cache *cache, struct common *common)
{
    struct larder_key key;
    const void *value = NULL;
    larder_key_begin(cache, &key);
    larder_key_literal(&key, "tea:7", 5);
    enum larder_status status =
        larder_stub_get_or_load(cache, &tea_entity, &key, load_tea, &common, &value);
    bool good = status == LARDER_OK && strcmp(((const struct tea *)value)->name, "shared") == 0;
    larder_value_release(value);
    return good;
}

struct caller {
    struct larder_cache *cache;
    struct common *common;
};

static void *call_it(void *user)
{
    struct caller *caller = user;
    atomic_fetch_add(&caller->common->begun, 1);
    atomic_fetch_add(&caller->common->good, call_once(caller->cache, caller->common));
    return NULL;
}

/* One process of callers. All wait until all processes are ready. */
static void be_a_crowd(const struct site *site, bool claims_first)
{
    struct caller caller = {.cache = open_cache(site), .common = site->common};
    pthread_t threads[THREADS];
    alarm(CHILD_S);
    if (claims_first && caller.cache != NULL) {
        larder_state_of(caller.cache, &tea_entity)->lease.misses = LARDER_MISSES_ALL;
    }
    atomic_fetch_add(&site->common->open, 1);
    while (atomic_load(&site->common->open) < PROCESSES) {
        sched_yield();
    }
    for (size_t i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, call_it, &caller) != 0) {
            _exit(1);
        }
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    larder_stub_close(caller.cache);
    _exit(0);
}

static void load_once(struct site *site, bool claims_first)
{
    pid_t pids[PROCESSES];
    *site->common = (struct common){.wanted = CALLERS};
    for (size_t i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            be_a_crowd(site, claims_first);
        }
    }
    for (size_t i = 0; i < PROCESSES; i++) {
        int status = -1;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(atomic_load(&site->common->good), CALLERS);
    assert_int_equal(atomic_load(&site->common->loads), 1);
}

static void two_hundred_callers_in_four_processes_load_once(void **state)
{
    struct site *site = *state;
    char reply[64];
    load_once(site, false);
    assert_true(redis_server_say(&site->server, NULL, "FLUSHALL", reply, sizeof reply));
    load_once(site, true);
}

/* The one that loads is killed; when its claim ends, another takes over. */
static void a_process_that_dies_inside_its_loader_is_replaced(void **state)
{
    struct site *site = *state;
    struct common *common = site->common;
    char reply[64];
    *common = (struct common){.wanted = 1};
    pid_t pid = fork();
    if (pid == 0) {
        alarm(CHILD_S);
        call_once(open_cache(site), common);
        _exit(1);
    }
    while (atomic_load(&common->loads) == 0) {
        sched_yield();
    }
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    atomic_store(&common->begun, 1);
    assert_true(redis_server_say(&site->server, NULL, "PEXPIRE tea:7 300", reply, sizeof reply));
    assert_string_equal(reply, ":1");
    struct larder_cache *cache = open_cache(site);
    struct larder_stats stats;
    assert_true(call_once(cache, common));
    assert_int_equal(atomic_load(&common->loads), 2);
    assert_status(larder_stub_stats(cache, &tea_entity, &stats), LARDER_OK);
    assert_int_equal(stats.fills, 1);
    larder_stub_close(cache);
}

#define SITE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(two_hundred_callers_in_four_processes_load_once),
        SITE_TEST(a_process_that_dies_inside_its_loader_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
