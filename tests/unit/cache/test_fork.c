/* SPDX-License-Identifier: MIT */
/* fork() beside calls of other threads: a child has whole locks, and waits for nobody. */
#include "shelf.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/redis_server.h"

#if defined(__SANITIZE_THREAD__)
#define UNDER_THREAD_SANITIZER 1
#elif defined(__SANITIZE_ADDRESS__)
#define UNDER_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_THREAD_SANITIZER 1
#elif __has_feature(address_sanitizer)
#define UNDER_ADDRESS_SANITIZER 1
#endif
#endif
#if !defined(UNDER_THREAD_SANITIZER)
#define UNDER_THREAD_SANITIZER 0
#endif
#if !defined(UNDER_ADDRESS_SANITIZER)
#define UNDER_ADDRESS_SANITIZER 0
#endif

enum {
    THREADS = 8,
    FORKS = 30,
    CHILD_S = 30, /* a lock that nobody gives back, or a wait for nobody, would hang it */
    KEYS = 8,
    PATIENT_MS = 5000
};

/* Ends the child that calls it with 0 or 1. */
static void end_child(bool good)
{
    if (!good) {
        fprintf(stderr, "child: %s\n", larder_last_error());
    }
    _exit(good ? 0 : 1);
}

static bool ended_well(pid_t pid)
{
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status == 0;
}

/* -------------------------------------------------------------------- loads */

/* A load that lasts until it is told to end, or whose loader forks. */
struct slow {
    const struct shelf *shelf;
    bool forks;
    pid_t child; /* the loader's; 0 in itself */
    atomic_int begun;
    atomic_bool end;
};

static enum larder_status load_slowly(struct larder_load *load, const void *call, void *out)
{
    struct slow *slow = *(struct slow *const *)call;
    struct tea *tea = out;
    (void)load;
    atomic_fetch_add(&slow->begun, 1);
    while (!atomic_load(&slow->end)) {
        sched_yield();
    }
    if (slow->forks) {
        slow->child = fork();
        if (slow->child == 0) {
            alarm(CHILD_S);
        }
    }
    tea->id = 7;
    tea->name = slow->child == 0 && slow->forks ? "child" : "parent";
    return LARDER_OK;
}

/* 'p', 'c': who loaded; '-': nobody. */
static char loaded_by(struct slow *slow)
{
    struct larder_key key = shelf_key(slow->shelf, &tea_entity, 7);
    const void *value;
    enum larder_status status =
        larder_stub_get_or_load(slow->shelf->cache, &tea_entity, &key, load_slowly, &slow, &value);
    char by = status == LARDER_OK ? ((const struct tea *)value)->name[0] : '-';
    larder_value_release(value);
    return by;
}

static void *load_it(void *user)
{
    struct slow *slow = user;
    char by = loaded_by(slow);
    if (slow->forks && slow->child == 0) {
        /* What it stored is there, and the table of loads is whole. */
        bool good = by == 'c' && loaded_by(slow) == 'c';
        larder_stub_close(slow->shelf->cache);
        end_child(good);
    }
    return (void *)(uintptr_t)(unsigned char)by;
}

static void await_loader(const struct slow *slow)
{
    while (atomic_load(&slow->begun) == 0) {
        sched_yield();
    }
}

static void a_child_does_not_wait_for_a_load_of_its_parents_thread(void **state)
{
    const struct shelf *shelf = *state;
    struct slow slow = {.shelf = shelf};
    pthread_t thread;
    void *by;
    assert_int_equal(pthread_create(&thread, NULL, load_it, &slow), 0);
    await_loader(&slow);
    pid_t pid = fork();
    if (pid == 0) {
        struct slow own = {.shelf = shelf, .end = true};
        alarm(CHILD_S);
        bool good = loaded_by(&own) == 'p' && atomic_load(&own.begun) == 1;
        larder_stub_close(shelf->cache);
        end_child(good);
    }
    assert_true(ended_well(pid));
    atomic_store(&slow.end, true);
    pthread_join(thread, &by);
    assert_int_equal((uintptr_t)by, 'p');
    assert_int_equal(atomic_load(&slow.begun), 1);
}

/* Both processes end the load that they find themselves in; who waits for it in
 * the parent is served by the parent. */
static void a_loader_may_fork(void **state)
{
    const struct shelf *shelf = *state;
    struct slow slow = {.shelf = shelf, .forks = true, .child = -1};
    pthread_t threads[2];
    void *by;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, load_it, &slow), 0);
    }
    await_loader(&slow);
    atomic_store(&slow.end, true);
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], &by);
        assert_int_equal((uintptr_t)by, 'p');
    }
    assert_true(slow.child > 0);
    assert_true(ended_well(slow.child));
}

/* ----------------------------------------------------------------- all calls */

static const struct larder_entity *build(struct larder_key *key, const void *keys, size_t i)
{
    larder_key_literal(key, "tea:", 4);
    larder_key_u64(key, ((const uint64_t *)keys)[i]);
    return &tea_entity;
}

static enum larder_status load_quickly(struct larder_load *load, const void *call, void *out)
{
    struct tea *tea = out;
    (void)load;
    (void)call;
    tea->name = "quick";
    return LARDER_OK;
}

static bool is_fine(enum larder_status status)
{
    return status >= 0;
}

static bool call_many(const struct shelf *shelf, uint64_t id)
{
    const uint64_t ids[] = {id, (id + 1) % KEYS, (id + 2) % KEYS};
    const struct tea teas[] = {{ids[0], "a", 1}, {ids[1], "b", 1}, {ids[2], "c", 1}};
    const struct tea *read[3];
    enum larder_status each[3];
    bool fine = is_fine(larder_stub_get_many(shelf->cache, &tea_entity, build, ids, 3, read, each));
    for (size_t i = 0; i < 3; i++) {
        larder_value_release(read[i]);
    }
    fine =
        is_fine(larder_stub_set_many(shelf->cache, &tea_entity, build, ids, 3, teas, each)) && fine;
    return is_fine(larder_stub_delete_many(shelf->cache, build, ids, 3, each)) && fine;
}

/* Every kind of call, once. */
static bool call_all(const struct shelf *shelf, uint64_t id)
{
    const struct tea tea = {.id = id, .name = "tea", .grams = 1};
    struct larder_key key = shelf_key(shelf, &tea_entity, id);
    struct larder_health health;
    const struct tea *read;
    const void *value;
    int64_t ms;
    bool fine = is_fine(shelf_put(shelf, &tea_entity, &tea, LARDER_SET_ALWAYS, 60000));
    fine = is_fine(shelf_put(shelf, &tea_entity, &tea, LARDER_SET_ADD, 60000)) && fine;
    fine = is_fine(shelf_put(shelf, &tea_entity, &tea, LARDER_SET_REPLACE, 60000)) && fine;
    fine = is_fine(shelf_get(shelf, &tea_entity, id, &read)) && fine;
    larder_value_release(read);
    fine = is_fine(larder_stub_exists(shelf->cache, &tea_entity, &key)) && fine;
    fine = is_fine(larder_stub_ttl(shelf->cache, &tea_entity, &key, &ms)) && fine;
    fine = is_fine(larder_stub_expire(shelf->cache, &tea_entity, &key, 1000)) && fine;
    fine = is_fine(larder_stub_delete(shelf->cache, &tea_entity, &key)) && fine;
    fine = is_fine(larder_stub_get_or_load(shelf->cache, &tea_entity, &key, load_quickly, NULL,
                                           &value)) &&
           fine;
    larder_value_release(value);
    fine = call_many(shelf, id) && fine;
    fine = is_fine(larder_stub_health(shelf->cache, &health)) && fine;
    return is_fine(larder_stub_ping(shelf->cache)) && fine;
}

struct crowd {
    const struct shelf *shelf;
    atomic_uint next;
    atomic_bool stop;
    atomic_int rounds;
    atomic_int failed;
};

static void *call_on_and_on(void *user)
{
    struct crowd *crowd = user;
    while (!atomic_load(&crowd->stop)) {
        bool fine = call_all(crowd->shelf, atomic_fetch_add(&crowd->next, 1) % KEYS);
        atomic_fetch_add(&crowd->failed, !fine);
        atomic_fetch_add(&crowd->rounds, 1);
    }
    return NULL;
}

/* In the child: all calls, on the keys that the parent's threads use, from two
 * threads. (A thread sanitizer lets a child of threads have none.) */
static void be_a_child(const struct shelf *shelf, bool must_work)
{
    const bool may_start = !UNDER_THREAD_SANITIZER;
    struct crowd crowd = {.shelf = shelf};
    pthread_t thread;
    bool fine = true;
    alarm(CHILD_S);
    bool started = may_start && pthread_create(&thread, NULL, call_on_and_on, &crowd) == 0;
    for (uint64_t id = 0; id < KEYS; id++) {
        fine = call_all(shelf, id) && fine;
    }
    atomic_store(&crowd.stop, true);
    if (started) {
        pthread_join(thread, NULL);
    }
    fine = fine && started == may_start && atomic_load(&crowd.failed) == 0;
    larder_stub_close(shelf->cache);
    end_child(fine || !must_work);
}

/* Forks again and again beside threads that call. Answers how many calls of the
 * parent's failed. (The address sanitizer of gcc 12 does not hold its own allocator
 * still around fork(): a child may find that locked for good.) */
static int fork_under_load(const struct shelf *shelf, bool must_work)
{
    struct crowd crowd = {.shelf = shelf};
    pthread_t threads[THREADS];
    int bad = 0;
    if (UNDER_ADDRESS_SANITIZER) {
        return 0;
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, call_on_and_on, &crowd), 0);
    }
    for (int i = 0; i < FORKS; i++) {
        int before = atomic_load(&crowd.rounds);
        pid_t pid = fork();
        if (pid == 0) {
            be_a_child(shelf, must_work);
        }
        bad += !ended_well(pid);
        while (atomic_load(&crowd.rounds) == before) {
            sched_yield(); /* the parent's threads go on */
        }
    }
    atomic_store(&crowd.stop, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(bad, 0);
    return atomic_load(&crowd.failed);
}

/* ------------------------------------------------------------------ a memory */

static void a_child_has_its_parents_values_and_then_its_own(void **state)
{
    const struct shelf *shelf = *state;
    const struct tea *tea;
    assert_status(shelf_set(shelf, &tea_entity, 1, "before"), LARDER_OK);
    pid_t pid = fork();
    if (pid == 0) {
        bool good = shelf_get(shelf, &tea_entity, 1, &tea) == LARDER_OK &&
                    strcmp(tea->name, "before") == 0 &&
                    shelf_set(shelf, &tea_entity, 1, "child") == LARDER_OK;
        larder_value_release(tea);
        end_child(good);
    }
    assert_true(ended_well(pid));
    assert_status(shelf_get(shelf, &tea_entity, 1, &tea), LARDER_OK);
    assert_string_equal(tea->name, "before");
    larder_value_release(tea);
}

/* Entries are allocated under their shard's lock: so it is held when others run. */
static void *alloc_and_yield(void *user, size_t size)
{
    static atomic_uint calls;
    const struct larder_allocator *inner = user;
    if (atomic_fetch_add(&calls, 1) % 16 == 0) { /* on a busy machine each may take long */
        sched_yield();
    }
    return inner->alloc(inner->user, size);
}

static void *resize_inner(void *user, void *block, size_t size)
{
    const struct larder_allocator *inner = user;
    return inner->resize(inner->user, block, size);
}

static void release_inner(void *user, void *block)
{
    const struct larder_allocator *inner = user;
    inner->release(inner->user, block);
}

static void forks_under_load_on_memory(void **state)
{
    struct shelf shelf;
    (void)state;
    shelf_init(&shelf);
    const struct larder_allocator yielding = {alloc_and_yield, resize_inner, release_inner,
                                              &shelf.memory.allocator};
    shelf.config.allocator = &yielding;
    assert_status(larder_stub_open(&shelf_service, &shelf.config, &shelf.cache), LARDER_OK);
    assert_int_equal(fork_under_load(&shelf, true), 0);
    larder_stub_close(shelf.cache);
    assert_int_equal(shelf.memory.live_blocks, 0);
}

/* ------------------------------------------------------------------ a server */

/* A shelf of a server, on the system's clock. */
static void open_server(struct shelf *shelf, int port)
{
    shelf_init(shelf);
    shelf->config.backend = "redis";
    shelf->config.host = "127.0.0.1";
    shelf->config.port = port;
    shelf->config.clock = NULL;
    shelf->config.timeout_ms = PATIENT_MS;
}

static void forks_under_load_on_a_server(void **state)
{
    struct redis_server server;
    struct shelf shelf;
    (void)state;
    if (!redis_server_start(&server, REDIS_SERVER_TCP, NULL)) {
        skip();
    }
    open_server(&shelf, server.port);
    assert_status(larder_stub_open(&shelf_service, &shelf.config, &shelf.cache), LARDER_OK);
    assert_int_equal(fork_under_load(&shelf, true), 0);
    /* Nothing that the parent had open was ended by its children. */
    struct larder_health health;
    assert_status(larder_stub_health(shelf.cache, &health), LARDER_OK);
    assert_int_equal(health.breaker_opens, 0);
    larder_stub_close(shelf.cache);
    assert_int_equal(shelf.memory.live_blocks, 0);
    redis_server_stop(&server);
}

/* The breaker opens, the journal fills, the fallback serves; all calls may fail,
 * none may hang. */
static void forks_under_load_without_a_server(void **state)
{
    struct redis_server server;
    struct shelf shelf;
    (void)state;
    if (!redis_server_start(&server, REDIS_SERVER_TCP, NULL)) {
        skip();
    }
    open_server(&shelf, server.port);
    redis_server_stop(&server);
    shelf.config.fallback = "memory";
    shelf.config.timeout_ms = 50;
    assert_status(larder_stub_open(&shelf_service, &shelf.config, &shelf.cache), LARDER_OK);
    fork_under_load(&shelf, false);
    larder_stub_close(shelf.cache);
    assert_int_equal(shelf.memory.live_blocks, 0);
}

/* ----------------------------------------------------------------- sockets */

static int count_sockets(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    for (struct dirent *at = readdir(dir); at != NULL; at = readdir(dir)) {
        char kind[7] = "";
        count += readlinkat(dirfd(dir), at->d_name, kind, sizeof kind) > 0 &&
                 memcmp(kind, "socket:", sizeof kind) == 0;
    }
    closedir(dir);
    return count;
}

/* A port whose listener takes nobody any more: a connect to it is not answered. */
struct full_port {
    int listener;
    int fillers[4];
    int port;
};

static void fill_port(struct full_port *full)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    full->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(full->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(full->listener, 0), 0);
    assert_int_equal(getsockname(full->listener, (struct sockaddr *)&at, &len), 0);
    full->port = ntohs(at.sin_port);
    for (size_t i = 0; i < 4; i++) {
        full->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(full->fillers[i], (struct sockaddr *)&at, sizeof at);
    }
}

static void empty_port(const struct full_port *full)
{
    for (size_t i = 0; i < 4; i++) {
        close(full->fillers[i]);
    }
    close(full->listener);
}

static void *get_once(void *user)
{
    const struct tea *tea;
    enum larder_status status = shelf_get(user, &tea_entity, 1, &tea);
    larder_value_release(tea);
    return (void *)(intptr_t)(status == LARDER_E_TIMEOUT || status == LARDER_E_UNAVAILABLE);
}

static void a_child_keeps_no_socket_that_its_parent_is_connecting(void **state)
{
    struct full_port full;
    struct shelf shelf;
    pthread_t thread;
    void *good;
    (void)state;
    fill_port(&full);
    open_server(&shelf, full.port);
    shelf.config.timeout_ms = 1000;
    assert_status(larder_stub_open(&shelf_service, &shelf.config, &shelf.cache), LARDER_OK);
    int before = count_sockets();
    assert_int_equal(pthread_create(&thread, NULL, get_once, &shelf), 0);
    while (count_sockets() == before) {
        sched_yield();
    }
    while (count_sockets() != before) { /* the dial may be over, on a slow machine */
        pid_t pid = fork();
        if (pid == 0) {
            _exit(count_sockets() == before ? 0 : 1);
        }
        assert_true(ended_well(pid));
    }
    pthread_join(thread, &good);
    assert_true((intptr_t)good);
    larder_stub_close(shelf.cache);
    empty_port(&full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELF_TEST(a_child_does_not_wait_for_a_load_of_its_parents_thread),
        SHELF_TEST(a_loader_may_fork),
        SHELF_TEST(a_child_has_its_parents_values_and_then_its_own),
        cmocka_unit_test(forks_under_load_on_memory),
        cmocka_unit_test(forks_under_load_on_a_server),
        cmocka_unit_test(forks_under_load_without_a_server),
        cmocka_unit_test(a_child_keeps_no_socket_that_its_parent_is_connecting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
