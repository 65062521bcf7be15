/* SPDX-License-Identifier: MIT */
/* delete_all of an entity without a version: page by page, in the time of a call. */
#include "shelf.h"

#include <pthread.h>

enum { MANY = 4000 }; /* some sixteen pages */

/* Goes on by itself, so that a call has time for a few pages and no more. */
static int64_t hurried_ns(void *user)
{
    struct fake_clock *fake = user;
    return atomic_fetch_add(&fake->now_ns, INT64_C(300000000));
}

static int64_t wall_ms(void *user)
{
    struct fake_clock *fake = user;
    return fake->now_wall_ms;
}

static void fill(const struct shelf *shelf, const struct larder_entity *entity)
{
    for (uint64_t i = 0; i < MANY; i++) {
        assert_status(shelf_set(shelf, entity, i, "tea"), LARDER_OK);
    }
}

static size_t count(const struct shelf *shelf, const struct larder_entity *entity)
{
    size_t there = 0;
    for (uint64_t i = 0; i < MANY; i++) {
        const struct tea *tea;
        there += shelf_get(shelf, entity, i, &tea) == LARDER_OK;
        larder_value_release(tea);
    }
    return there;
}

static int hurried_setup(void **state)
{
    static struct shelf shelf;
    static struct larder_clock clock;
    shelf_init(&shelf);
    clock = (struct larder_clock){.monotonic_ns = hurried_ns, .wall_ms = wall_ms, &shelf.clock};
    shelf.config.clock = &clock;
    *state = &shelf;
    return larder_stub_open(&shelf_service, &shelf.config, &shelf.cache) == LARDER_OK ? 0 : -1;
}

#define HURRIED_TEST(function) \
    cmocka_unit_test_setup_teardown(function, hurried_setup, shelf_teardown)

/* Were it to begin anew, the first pages, all another entity's, would take all its time. */
static void the_next_call_goes_on_where_one_ran_out_of_time(void **state)
{
    struct shelf *shelf = *state;
    size_t calls = 1;
    fill(shelf, &forever_entity);
    fill(shelf, &pressed_entity);
    assert_status(larder_stub_delete_all(shelf->cache, &pressed_entity), LARDER_E_TIMEOUT);
    assert_non_null(strstr(larder_last_error(), "pressed:{id:u64}"));
    for (; calls < 100 && larder_stub_delete_all(shelf->cache, &pressed_entity) != LARDER_OK;
         calls++) {
    }
    assert_in_range(calls, 1, 50);
    assert_int_equal(count(shelf, &pressed_entity), 0);
    assert_int_equal(count(shelf, &forever_entity), MANY);
}

/* Another entity's call in between begins at its own beginning. */
static void only_what_was_begun_goes_on(void **state)
{
    struct shelf *shelf = *state;
    fill(shelf, &forever_entity);
    assert_status(larder_stub_delete_all(shelf->cache, &pressed_entity), LARDER_E_TIMEOUT);
    for (int calls = 0;
         calls < 100 && larder_stub_delete_all(shelf->cache, &forever_entity) != LARDER_OK;
         calls++) {
    }
    assert_int_equal(count(shelf, &forever_entity), 0);
}

static void *clear_elsewhere(void *user)
{
    struct shelf *shelf = user;
    static enum larder_status status;
    status = larder_stub_delete_all(shelf->cache, &pressed_entity);
    return &status;
}

/* Of another thread nobody knows whether it means the same change. */
static void another_thread_begins_anew(void **state)
{
    struct shelf *shelf = *state;
    pthread_t thread;
    void *status;
    fill(shelf, &forever_entity);
    for (int calls = 0; calls < 100; calls++) {
        assert_status(larder_stub_delete_all(shelf->cache, &pressed_entity), LARDER_E_TIMEOUT);
        assert_int_equal(pthread_create(&thread, NULL, clear_elsewhere, shelf), 0);
        assert_int_equal(pthread_join(thread, &status), 0);
        assert_int_equal(*(enum larder_status *)status, LARDER_E_TIMEOUT);
    }
}

static void an_unfinished_one_is_given_back_at_close(void **state)
{
    struct shelf *shelf = *state;
    fill(shelf, &forever_entity);
    assert_status(larder_stub_delete_all(shelf->cache, &forever_entity), LARDER_E_TIMEOUT);
}

static void arguments_and_memory(void **state)
{
    struct shelf *shelf = *state;
    assert_status(larder_stub_delete_all(NULL, &tea_entity), LARDER_E_ARG);
    assert_status(larder_stub_delete_all(shelf->cache, NULL), LARDER_E_ARG);
    assert_status(larder_stub_delete_all(shelf->cache, &stranger_entity), LARDER_E_ARG);
    assert_status(shelf_set(shelf, &tea_entity, 1, "tea"), LARDER_OK);
    for (size_t fail_at = 1;; fail_at++) {
        shelf->memory.calls = 0;
        shelf->memory.fail_at = fail_at;
        enum larder_status status = larder_stub_delete_all(shelf->cache, &tea_entity);
        shelf->memory.fail_at = 0;
        if (status == LARDER_OK) {
            break;
        }
        assert_status(status, LARDER_E_NOMEM);
        assert_true(fail_at < 20);
    }
    const struct tea *tea;
    assert_status(shelf_get(shelf, &tea_entity, 1, &tea), LARDER_MISS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HURRIED_TEST(the_next_call_goes_on_where_one_ran_out_of_time),
        HURRIED_TEST(only_what_was_begun_goes_on),
        HURRIED_TEST(another_thread_begins_anew),
        HURRIED_TEST(an_unfinished_one_is_given_back_at_close),
        SHELF_TEST(arguments_and_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
