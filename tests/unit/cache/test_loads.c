/* SPDX-License-Identifier: MIT */
/* get_or_load: what is loaded, what is stored, who waits for whom. */
#include "shelf.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/backend.h"
#include "cache/handle.h"
#include "support/sanitizers.h"

enum { THREADS = 200 };

/* What a loader is to do, and how often it did. */
struct order {
    const struct shelf *shelf;
    uint64_t id;
    const char *name;
    enum larder_status answer;
    bool skip;
    int64_t ttl_ms; /* 0: does not say */
    int64_t takes_ms;
    uint32_t grams_before;
    atomic_int runs;
    /* Nested: load this one first, through the same cache. */
    struct order *inner;
    enum larder_status inner_status;
    /* Lasts until so many callers have begun. */
    atomic_int *begun;
    int wanted;
};

static enum larder_status load_tea(struct larder_load *load, const void *call, void *out);

static enum larder_status get_or_load(const struct order *order, const struct larder_entity *entity,
                                      const struct tea **ret_tea)
{
    struct larder_key key = shelf_key(order->shelf, entity, order->id);
    const void *value = NULL;
    enum larder_status status =
        larder_stub_get_or_load(order->shelf->cache, entity, &key, load_tea, &order, &value);
    *ret_tea = value;
    return status;
}

static enum larder_status load_tea(struct larder_load *load, const void *call, void *out)
{
    struct order *order = *(struct order *const *)call;
    struct tea *tea = out;
    const struct tea *inner = NULL;
    atomic_fetch_add(&order->runs, 1);
    order->grams_before = tea->grams;
    while (order->begun != NULL && atomic_load(order->begun) < order->wanted) {
        sched_yield();
    }
    if (order->inner != NULL && atomic_load(&order->runs) == 1) {
        order->inner_status = get_or_load(order->inner, &tea_entity, &inner);
        larder_value_release(inner);
    }
    if (order->takes_ms != 0) {
        fake_clock_advance_ms((struct fake_clock *)(uintptr_t)&order->shelf->clock,
                              order->takes_ms);
    }
    tea->id = order->id;
    if (order->name != NULL) {
        char *name = larder_load_alloc(load, strlen(order->name) + 1);
        if (name == NULL) {
            return LARDER_E_NOMEM;
        }
        memcpy(name, order->name, strlen(order->name) + 1);
        tea->name = name;
    }
    if (order->skip) {
        larder_load_skip(load);
    }
    if (order->ttl_ms != 0) {
        larder_load_ttl(load, order->ttl_ms);
    }
    return order->answer;
}

/* ----------------------------------------------------------------- one caller */

static void a_miss_is_loaded_once_and_stored(void **state)
{
    const struct shelf *shelf = *state;
    struct order order = {.shelf = shelf, .id = 1, .name = "assam"};
    for (int i = 0; i < 3; i++) {
        const struct tea *tea;
        assert_status(get_or_load(&order, &tea_entity, &tea), LARDER_OK);
        assert_int_equal(larder_outcome(), LARDER_APPLIED);
        assert_string_equal(tea->name, "assam");
        assert_int_equal(tea->grams, 100);
        larder_value_release(tea);
    }
    assert_int_equal(order.runs, 1);
    assert_int_equal(order.grams_before, 100);
    struct larder_stats stats = shelf_stats(shelf, &tea_entity);
    assert_int_equal(stats.loads, 1);
    assert_int_equal(stats.fills, 1);
    assert_int_equal(stats.misses, 1);
    assert_int_equal(stats.hits, 2);
    assert_int_equal(stats.load_errors, 0);
}

static void what_a_loader_answers_is_judged(void **state)
{
    static const struct {
        enum larder_status answer, status;
    } rows[] = {{LARDER_ABSENT, LARDER_ABSENT},
                {LARDER_MISS, LARDER_E_LOADER},
                {LARDER_STALE, LARDER_E_LOADER},
                {LARDER_DENIED, LARDER_E_LOADER},
                {LARDER_E_TIMEOUT, LARDER_E_LOADER},
                {LARDER_E_LOADER, LARDER_E_LOADER},
                {(enum larder_status) - 77, LARDER_E_LOADER}};
    const struct shelf *shelf = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct order order = {.shelf = shelf, .id = 1, .name = "a", .answer = rows[i].answer};
        const struct tea *tea;
        assert_status(get_or_load(&order, &tea_entity, &tea), rows[i].status);
        assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
        assert_null(tea);
        assert_int_equal(order.runs, 1);
        if (rows[i].status < 0) {
            assert_non_null(
                strstr(larder_last_error(), "tea:{id:u64}: the loader answered LARDER_"));
        }
    }
    assert_int_equal(shelf_stats(shelf, &tea_entity).load_errors, 6);
    assert_int_equal(shelf_stats(shelf, &tea_entity).sets, 0);
}

static void a_loaded_value_that_is_not_valid_is_the_loaders_failure(void **state)
{
    struct order order = {.shelf = *state, .id = 1};
    const struct tea *tea;
    assert_status(get_or_load(&order, &tea_entity, &tea), LARDER_E_LOADER);
    assert_string_equal(larder_last_error(),
                        "tea:{id:u64}: field name is not valid, as the loader gave it");
    assert_null(tea);
}

static void a_loader_may_not_store_or_choose_the_lifetime(void **state)
{
    const struct shelf *shelf = *state;
    struct order skip = {.shelf = shelf, .id = 1, .name = "a", .skip = true};
    struct order wrong = {.shelf = shelf, .id = 1, .name = "a", .ttl_ms = -1};
    struct order chosen = {.shelf = shelf, .id = 1, .name = "a", .ttl_ms = 1234};
    struct larder_key key = shelf_key(shelf, &tea_entity, 1);
    const struct tea *tea;
    int64_t ms;
    assert_status(get_or_load(&skip, &tea_entity, &tea), LARDER_OK);
    assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
    larder_value_release(tea);
    assert_status(larder_stub_exists(shelf->cache, &tea_entity, &key), LARDER_MISS);
    assert_status(get_or_load(&wrong, &tea_entity, &tea), LARDER_E_LOADER);
    assert_null(tea);
    assert_status(get_or_load(&chosen, &tea_entity, &tea), LARDER_OK);
    larder_value_release(tea);
    assert_status(larder_stub_ttl(shelf->cache, &tea_entity, &key, &ms), LARDER_OK);
    assert_int_equal(ms, 1234);
}

static void a_value_over_max_bytes_is_given_and_not_stored(void **state)
{
    const struct shelf *shelf = *state;
    struct order order = {.shelf = shelf, .id = 1, .name = "1234567890123456789012345"};
    const struct tea *tea;
    assert_status(get_or_load(&order, &small_entity, &tea), LARDER_OK);
    assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
    assert_non_null(strstr(larder_last_error(), "max_bytes"));
    assert_string_equal(tea->name, order.name);
    larder_value_release(tea);
    assert_int_equal(shelf_stats(shelf, &small_entity).fill_errors, 1);
    assert_int_equal(shelf_stats(shelf, &small_entity).fills, 0);
}

static enum larder_status load_pieces(struct larder_load *load, const void *call, void *out)
{
    struct tea *tea = out;
    unsigned char *last = NULL;
    (void)call;
    for (size_t size = 1; size < 5000; size += 97) {
        unsigned char *piece = larder_load_alloc(load, size);
        if (piece == NULL || (uintptr_t)piece % _Alignof(max_align_t) != 0) {
            return LARDER_E_NOMEM;
        }
        memset(piece, 'p', size);
        last = piece;
    }
    last[4] = '\0';
    tea->name = (const char *)last;
    return larder_load_alloc(load, 0) == NULL && larder_load_alloc(NULL, 1) == NULL ? LARDER_OK
                                                                                    : LARDER_E_ARG;
}

static void memory_of_the_load_is_aligned_and_given_back(void **state)
{
    struct shelf *shelf = *state;
    struct larder_key key = shelf_key(shelf, &tea_entity, 1);
    const void *value;
    assert_status(
        larder_stub_get_or_load(shelf->cache, &tea_entity, &key, load_pieces, NULL, &value),
        LARDER_OK);
    assert_string_equal(((const struct tea *)value)->name, "pppp");
    larder_value_release(value);
}

/* Whichever allocation fails: a value, or a status and no value; no leak. */
static void any_allocation_may_fail(void **state)
{
    struct shelf *shelf = *state;
    char name[3000];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    struct larder_key key = shelf_key(shelf, &tea_entity, 1);
    for (size_t n = 1;; n++) {
        struct order order = {.shelf = shelf, .id = 1, .name = name};
        const struct tea *tea;
        larder_ignore(larder_stub_delete(shelf->cache, &tea_entity, &key));
        size_t live = shelf->memory.live_blocks;
        shelf->memory.calls = 0;
        shelf->memory.fail_at = n;
        enum larder_status status = get_or_load(&order, &tea_entity, &tea);
        shelf->memory.fail_at = 0;
        assert_true((status == LARDER_OK) == (tea != NULL));
        larder_value_release(tea);
        larder_ignore(larder_stub_delete(shelf->cache, &tea_entity, &key));
        assert_true(shelf->memory.live_blocks <= live + 1);
        if (shelf->memory.calls < n) {
            assert_true(n > 3);
            break;
        }
    }
}

static void null_arguments_are_refused(void **state)
{
    struct shelf *shelf = *state;
    struct larder_key key = shelf_key(shelf, &tea_entity, 1);
    const void *value = shelf;
    assert_status(larder_stub_get_or_load(NULL, &tea_entity, &key, load_pieces, NULL, &value),
                  LARDER_E_ARG);
    assert_null(value);
    assert_status(larder_stub_get_or_load(shelf->cache, &tea_entity, &key, NULL, NULL, &value),
                  LARDER_E_ARG);
    assert_status(larder_stub_get_or_load(shelf->cache, &tea_entity, &key, load_pieces, NULL, NULL),
                  LARDER_E_ARG);
    assert_status(
        larder_stub_get_or_load(shelf->cache, &tea_entity, NULL, load_pieces, NULL, &value),
        LARDER_E_ARG);
    assert_int_equal(shelf_stats(shelf, NULL).loads, 0);
}

/* ----------------------------------------------------------------- a bad cache */

/* A backend that answers what it is told and notes the deadlines. */
struct broken {
    struct larder_backend base;
    struct larder_backend *real;
    enum larder_status look, fill; /* of GET and CLAIM; of all others */
    int64_t look_deadline_ns, fill_deadline_ns;
    int64_t get_takes_ms;
    struct fake_clock *clock;
};

static void broken_run(struct larder_backend *backend, struct larder_op *ops, size_t count,
                       int64_t deadline_ns)
{
    struct broken *broken = (struct broken *)backend;
    for (size_t i = 0; i < count; i++) {
        bool claims = ops[i].kind == LARDER_OP_CLAIM;
        bool looks = ops[i].kind == LARDER_OP_GET || claims || ops[i].kind == LARDER_OP_TIME;
        *(looks ? &broken->look_deadline_ns : &broken->fill_deadline_ns) = deadline_ns;
        if (ops[i].kind == LARDER_OP_GET) {
            fake_clock_advance_ms(broken->clock, broken->get_takes_ms);
        }
        ops[i].number = claims;
        larder_op_answer(&ops[i], looks ? broken->look : broken->fill);
    }
}

static const struct larder_backend_table broken_table = {.name = "broken", .run = broken_run};

static void break_shelf(struct shelf *shelf, struct broken *broken)
{
    broken->base.table = &broken_table;
    broken->real = shelf->cache->backend;
    broken->clock = &shelf->clock;
    shelf->cache->backend = &broken->base;
}

static void mend_shelf(struct shelf *shelf, struct broken *broken)
{
    shelf->cache->backend = broken->real;
}

static void the_loader_runs_whatever_the_cache_answers(void **state)
{
    static const enum larder_status failures[] = {
        LARDER_E_TIMEOUT, LARDER_E_UNAVAILABLE, LARDER_E_AUTH, LARDER_E_SERVER, LARDER_E_PROTOCOL};
    struct shelf *shelf = *state;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        struct broken broken = {.look = failures[i], .fill = failures[i]};
        struct order order = {.shelf = shelf, .id = 1, .name = "a"};
        const struct tea *tea;
        break_shelf(shelf, &broken);
        enum larder_status status = get_or_load(&order, &tea_entity, &tea);
        mend_shelf(shelf, &broken);
        assert_status(status, LARDER_OK);
        assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
        assert_true(broken.fill_deadline_ns == 0); /* what nobody claimed is not stored */
        assert_string_equal(tea->name, "a");
        larder_value_release(tea);
    }
    assert_int_equal(shelf_stats(shelf, &tea_entity).loads, 5);
    assert_int_equal(shelf_stats(shelf, &tea_entity).fill_errors, 0);
    assert_int_equal(shelf_stats(shelf, &tea_entity).errors, 5);
}

static void the_timeout_bounds_the_caches_part_alone(void **state)
{
    const int64_t ms = 1000000;
    struct shelf *shelf = *state;
    struct broken broken = {.look = LARDER_MISS, .fill = LARDER_OK, .get_takes_ms = 2000};
    struct order order = {.shelf = shelf, .id = 1, .name = "a", .takes_ms = 60000};
    const struct tea *tea;
    int64_t start_ns = shelf->clock.now_ns;
    break_shelf(shelf, &broken);
    enum larder_status status = get_or_load(&order, &tea_entity, &tea);
    mend_shelf(shelf, &broken);
    assert_status(status, LARDER_OK);
    larder_value_release(tea);
    assert_int_equal(broken.look_deadline_ns, start_ns + 5000 * ms);
    /* 2 of 5 s went by before the loader, which took a minute. */
    assert_int_equal(broken.fill_deadline_ns, start_ns + (2000 + 60000 + 3000) * ms);
}

/* A backend in which another caller loads and fills between a look and its answer. */
struct overtaken {
    struct larder_backend base;
    struct larder_backend *real;
    struct order *other;
    bool done;
};

static void overtaken_run(struct larder_backend *backend, struct larder_op *ops, size_t count,
                          int64_t deadline_ns)
{
    struct overtaken *overtaken = (struct overtaken *)backend;
    const struct tea *tea;
    overtaken->real->table->run(overtaken->real, ops, count, deadline_ns);
    if (!overtaken->done) {
        overtaken->done = true;
        assert_status(get_or_load(overtaken->other, &tea_entity, &tea), LARDER_OK);
        larder_value_release(tea);
    }
}

static void who_missed_just_before_a_fill_does_not_load_again(void **state)
{
    static const struct larder_backend_table table = {.name = "overtaken", .run = overtaken_run};
    struct shelf *shelf = *state;
    struct order first = {.shelf = shelf, .id = 1, .name = "filled"};
    struct order late = {.shelf = shelf, .id = 1, .name = "late"};
    struct overtaken overtaken = {{&table}, shelf->cache->backend, &first, false};
    const struct tea *tea;
    shelf->cache->backend = &overtaken.base;
    enum larder_status status = get_or_load(&late, &tea_entity, &tea);
    shelf->cache->backend = overtaken.real;
    assert_status(status, LARDER_OK);
    assert_string_equal(tea->name, "filled");
    larder_value_release(tea);
    assert_int_equal(first.runs, 1);
    assert_int_equal(late.runs, 0);
    assert_int_equal(shelf_stats(shelf, &tea_entity).hits, 1);
    assert_int_equal(shelf_stats(shelf, &tea_entity).misses, 1);
}

/* ------------------------------------------------------- what is for whom */

struct caller {
    struct order order;
    char name[16];
};

static void *call_and_note(void *user)
{
    struct caller *caller = user;
    const struct tea *tea;
    larder_ignore(get_or_load(&caller->order, &tea_entity, &tea));
    snprintf(caller->name, sizeof caller->name, "%s", tea != NULL ? tea->name : "-");
    larder_value_release(tea);
    return NULL;
}

/* A backend in which a value is stored between a caller's look and his claim, and deleted while
 * the answer to that is on its way; then another caller comes. */
struct late_answer {
    struct larder_backend base;
    struct larder_backend *real;
    struct shelf *shelf;
    struct caller *follower;
    pthread_t thread;
    atomic_int looks, claims;
};

static void yield_often(void)
{
    for (int i = 0; i < 10000; i++) {
        sched_yield();
    }
}

static void late_run(struct larder_backend *backend, struct larder_op *ops, size_t count,
                     int64_t deadline_ns)
{
    struct late_answer *late = (struct late_answer *)backend;
    struct larder_key key = shelf_key(late->shelf, &tea_entity, 1);
    enum larder_op_kind kind = ops[0].kind;
    late->real->table->run(late->real, ops, count, deadline_ns);
    if (kind == LARDER_OP_GET && atomic_fetch_add(&late->looks, 1) == 0) {
        assert_status(shelf_set(late->shelf, &tea_entity, 1, "old"), LARDER_OK);
    }
    if (kind == LARDER_OP_CLAIM && atomic_fetch_add(&late->claims, 1) == 0) {
        assert_status(larder_stub_delete(late->shelf->cache, &tea_entity, &key), LARDER_OK);
        assert_int_equal(pthread_create(&late->thread, NULL, call_and_note, late->follower), 0);
        while (atomic_load(&late->looks) < 2) {
            sched_yield();
        }
        yield_often(); /* he comes aboard, most likely */
    }
}

static int64_t late_now_ms(const struct larder_backend *backend, int64_t *ret_age_ms)
{
    const struct larder_backend *real = ((const struct late_answer *)backend)->real;
    return real->table->now_ms(real, ret_age_ms);
}

static void what_was_found_is_not_for_who_came_after_it_was_asked_for(void **state)
{
    static const struct larder_backend_table table = {
        .name = "late", .run = late_run, .now_ms = late_now_ms};
    struct shelf *shelf = *state;
    struct caller follower = {.order = {.shelf = shelf, .id = 1, .name = "new"}};
    struct order first = {.shelf = shelf, .id = 1, .name = "first"};
    struct late_answer late = {
        .base = {&table}, .real = shelf->cache->backend, .shelf = shelf, .follower = &follower};
    const struct tea *tea;
    shelf->cache->backend = &late.base;
    assert_status(get_or_load(&first, &tea_entity, &tea), LARDER_OK);
    assert_int_equal(pthread_join(late.thread, NULL), 0);
    shelf->cache->backend = late.real;
    assert_string_equal(tea->name, "old");
    larder_value_release(tea);
    assert_int_equal(first.runs, 0);
    assert_string_equal(follower.name, "new");
}

/* A loader that has begun may have read what was there before the others came. */
static void what_nobody_claimed_is_not_for_who_came_after_its_loader_began(void **state)
{
    struct shelf *shelf = *state;
    struct broken broken = {.look = LARDER_E_UNAVAILABLE, .fill = LARDER_E_UNAVAILABLE};
    atomic_int begun = 0;
    struct caller leader = {
        .order = {.shelf = shelf, .id = 1, .name = "old", .begun = &begun, .wanted = 1}};
    struct caller follower = {.order = {.shelf = shelf, .id = 1, .name = "new"}};
    pthread_t threads[2];
    break_shelf(shelf, &broken);
    assert_int_equal(pthread_create(&threads[0], NULL, call_and_note, &leader), 0);
    while (atomic_load(&leader.order.runs) == 0) {
        sched_yield();
    }
    assert_int_equal(pthread_create(&threads[1], NULL, call_and_note, &follower), 0);
    yield_often();
    atomic_store(&begun, 1);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    mend_shelf(shelf, &broken);
    assert_string_equal(leader.name, "old");
    assert_string_equal(follower.name, "new");
    assert_int_equal(follower.order.runs, 1);
}

/* ---------------------------------------------------------------- many callers */

struct crowd {
    struct order order;
    const struct larder_entity *entity;
    atomic_int begun;
    atomic_int good;
};

static void *one_of_a_crowd(void *user)
{
    struct crowd *crowd = user;
    const struct tea *tea;
    atomic_fetch_add(&crowd->begun, 1);
    enum larder_status status = get_or_load(&crowd->order, crowd->entity, &tea);
    bool good = crowd->order.answer < 0
                    ? status == LARDER_E_LOADER && tea == NULL && *larder_last_error() != '\0'
                    : status == LARDER_OK && strcmp(tea->name, "shared") == 0;
    atomic_fetch_add(&crowd->good, good ? 1 : 0);
    larder_value_release(tea);
    return NULL;
}

static void run_crowd(struct crowd *crowd)
{
    pthread_t threads[THREADS];
    crowd->order.begun = &crowd->begun;
    crowd->order.wanted = THREADS;
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, one_of_a_crowd, crowd), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(crowd->good, THREADS);
}

static void two_hundred_equal_misses_load_once(void **state)
{
    const struct shelf *shelf = *state;
    struct crowd crowd = {.order = {.shelf = shelf, .id = 9, .name = "shared"},
                          .entity = &tea_entity};
    run_crowd(&crowd);
    assert_int_equal(crowd.order.runs, 1);
    struct larder_stats stats = shelf_stats(shelf, &tea_entity);
    assert_int_equal(stats.loads, 1);
    assert_int_equal(stats.hits + stats.misses, THREADS);
    assert_int_equal(stats.coalesced, stats.misses - 1);
}

static void a_failing_load_ends_for_all(void **state)
{
    struct crowd crowd = {
        .order = {.shelf = *state, .id = 9, .name = "shared", .answer = LARDER_E_UNAVAILABLE},
        .entity = &tea_entity};
    run_crowd(&crowd);
    assert_true(crowd.order.runs >= 1);
}

static void what_cannot_be_stored_is_shared_all_the_same(void **state)
{
    struct crowd crowd = {.order = {.shelf = *state, .id = 9, .name = "shared", .skip = true},
                          .entity = &tea_entity};
    run_crowd(&crowd);
    assert_true(crowd.order.runs >= 1);
}

/* ------------------------------------------------------------- loading loaders */

static void a_loader_that_loads_its_own_key_goes_alone(void **state)
{
    struct order order = {.shelf = *state, .id = 1, .name = "a"};
    const struct tea *tea;
    order.inner = &order;
    assert_status(get_or_load(&order, &tea_entity, &tea), LARDER_OK);
    assert_status(order.inner_status, LARDER_OK);
    assert_int_equal(order.runs, 2);
    larder_value_release(tea);
}

static void *run_order(void *user)
{
    const struct tea *tea;
    enum larder_status status = get_or_load(user, &tea_entity, &tea);
    larder_value_release(tea);
    return (void *)(uintptr_t)(status == LARDER_OK && tea != NULL);
}

/* ----------------------------------------------------------------------- fork */

/* In a child: the flight that the parent's thread leads, and that another one
 * of it waits for, never lands here. */
static bool child_loads(const struct shelf *shelf, uint64_t id)
{
    struct order own = {.shelf = shelf, .id = id, .name = "child's"};
    alarm(20);
    return run_order(&own) != NULL && atomic_load(&own.runs) == 1;
}

static void a_child_loads_what_its_parent_was_loading(void **state)
{
    if (UNDER_ADDRESS_SANITIZER) {
        skip(); /* see support/sanitizers.h */
    }
    atomic_int begun = 0;
    struct order slow = {
        .shelf = *state, .id = 1, .name = "parent's", .begun = &begun, .wanted = 1};
    pthread_t leader, follower;
    int result = -1;
    void *good;
    assert_int_equal(pthread_create(&leader, NULL, run_order, &slow), 0);
    while (atomic_load(&slow.runs) == 0) {
        sched_yield();
    }
    assert_int_equal(pthread_create(&follower, NULL, run_order, &slow), 0);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(child_loads(*state, 1) ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &result, 0), pid);
    atomic_store(&begun, 1);
    assert_int_equal(pthread_join(leader, &good), 0);
    assert_non_null(good);
    assert_int_equal(pthread_join(follower, &good), 0);
    assert_non_null(good);
    assert_int_equal(result, 0);
}

/* The loader forks: in the child it goes on, and its flight lands there too. */
static enum larder_status load_and_fork(struct larder_load *load, const void *call, void *out)
{
    static char name[] = "both's";
    pid_t *pid = *(pid_t *const *)call;
    struct tea *tea = out;
    (void)load;
    *pid = fork();
    tea->id = 1;
    tea->name = name;
    return LARDER_OK;
}

static void a_loader_may_fork(void **state)
{
    const struct shelf *shelf = *state;
    struct larder_key key = shelf_key(shelf, &tea_entity, 1);
    const void *value;
    pid_t pid = -1, *call = &pid;
    int result = -1;
    enum larder_status status =
        larder_stub_get_or_load(shelf->cache, &tea_entity, &key, load_and_fork, &call, &value);
    if (pid == 0) {
        _exit(status == LARDER_OK && child_loads(shelf, 2) ? 0 : 1);
    }
    assert_status(status, LARDER_OK);
    larder_value_release(value);
    assert_int_equal(waitpid(pid, &result, 0), pid);
    assert_int_equal(result, 0);
}

/* Two threads, each of which leads what the other's loader asks for: neither
 * may wait for ever. `begun` holds both until both lead. */
struct both {
    struct order *order;
    atomic_int *leading;
};

static enum larder_status load_other(struct larder_load *load, const void *call, void *out)
{
    const struct both *both = call;
    struct tea *tea = out;
    const struct tea *other;
    (void)load;
    atomic_fetch_add(both->leading, 1);
    while (atomic_load(both->leading) < 2) {
        sched_yield();
    }
    tea->name = "a";
    enum larder_status status = get_or_load(both->order, &tea_entity, &other);
    larder_value_release(other);
    return status;
}

static void *lead_and_ask(void *user)
{
    const struct both *both = user;
    struct order *order = both->order;
    /* Leads the key of its own parity, asks for the other's. */
    struct larder_key key = shelf_key(order->shelf, &tea_entity, 3 - order->id);
    const void *value;
    enum larder_status status =
        larder_stub_get_or_load(order->shelf->cache, &tea_entity, &key, load_other, both, &value);
    larder_value_release(value);
    return (void *)(uintptr_t)(status == LARDER_OK);
}

static void loaders_that_ask_for_each_others_keys_end(void **state)
{
    for (int round = 0; round < 20; round++) {
        const struct shelf *shelf = *state;
        atomic_int leading = 0;
        struct order orders[2] = {{.shelf = shelf, .id = 1, .name = "one"},
                                  {.shelf = shelf, .id = 2, .name = "two"}};
        struct both both[2] = {{&orders[0], &leading}, {&orders[1], &leading}};
        pthread_t threads[2];
        for (size_t i = 0; i < 2; i++) {
            assert_int_equal(pthread_create(&threads[i], NULL, lead_and_ask, &both[i]), 0);
        }
        for (size_t i = 0; i < 2; i++) {
            void *good;
            assert_int_equal(pthread_join(threads[i], &good), 0);
            assert_non_null(good);
        }
        /* The one that would have closed the circle loaded for itself. */
        assert_true(orders[0].runs + orders[1].runs >= 1);
        for (uint64_t id = 1; id <= 2; id++) {
            struct larder_key key = shelf_key(shelf, &tea_entity, id);
            larder_ignore(larder_stub_delete(shelf->cache, &tea_entity, &key));
        }
    }
}

static void a_caller_of_another_key_does_not_wait(void **state)
{
    /* Its loader runs while the first one's is held until it has. */
    atomic_int begun = 0;
    struct order held = {.shelf = *state, .id = 1, .name = "held", .begun = &begun, .wanted = 1};
    struct order free_one = {.shelf = *state, .id = 2, .name = "free"};
    const struct tea *tea;
    pthread_t thread;
    void *good;
    assert_int_equal(pthread_create(&thread, NULL, run_order, &held), 0);
    assert_status(get_or_load(&free_one, &tea_entity, &tea), LARDER_OK);
    larder_value_release(tea);
    atomic_store(&begun, 1);
    assert_int_equal(pthread_join(thread, &good), 0);
    assert_non_null(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELF_TEST(a_miss_is_loaded_once_and_stored),
        SHELF_TEST(what_a_loader_answers_is_judged),
        SHELF_TEST(a_loaded_value_that_is_not_valid_is_the_loaders_failure),
        SHELF_TEST(a_loader_may_not_store_or_choose_the_lifetime),
        SHELF_TEST(a_value_over_max_bytes_is_given_and_not_stored),
        SHELF_TEST(memory_of_the_load_is_aligned_and_given_back),
        SHELF_TEST(any_allocation_may_fail),
        SHELF_TEST(null_arguments_are_refused),
        SHELF_TEST(the_loader_runs_whatever_the_cache_answers),
        SHELF_TEST(the_timeout_bounds_the_caches_part_alone),
        SHELF_TEST(who_missed_just_before_a_fill_does_not_load_again),
        SHELF_TEST(what_was_found_is_not_for_who_came_after_it_was_asked_for),
        SHELF_TEST(what_nobody_claimed_is_not_for_who_came_after_its_loader_began),
        SHELF_TEST(two_hundred_equal_misses_load_once),
        SHELF_TEST(a_failing_load_ends_for_all),
        SHELF_TEST(what_cannot_be_stored_is_shared_all_the_same),
        SHELF_TEST(a_loader_that_loads_its_own_key_goes_alone),
        SHELF_TEST(a_child_loads_what_its_parent_was_loading),
        SHELF_TEST(a_loader_may_fork),
        SHELF_TEST(loaders_that_ask_for_each_others_keys_end),
        SHELF_TEST(a_caller_of_another_key_does_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
