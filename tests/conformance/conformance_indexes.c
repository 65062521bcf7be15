/* SPDX-License-Identifier: MIT */
/* Other ways to a row: what leads where, and that nothing is believed that does not fit. */
#include "conformance.h"

#include "support/raw_redis.h"

static const struct kitchen_titled dune = {.id = 1, .title = "Dune", .shelf = 3, .place = 40};
static const struct kitchen_titled emma = {.id = 2, .title = "Emma", .shelf = 3, .place = 41};

/* The row that a read by title gives; 0: none. */
static uint32_t by_title(void **state, const char *title)
{
    const struct kitchen_titled *row;
    uint32_t id = 0;
    enum larder_status status = kitchen_titled_by_title_cache_get(cache_of(state), title, &row);
    assert_true(status == LARDER_OK || status == LARDER_MISS);
    assert_int_equal(row != NULL, status == LARDER_OK);
    if (row != NULL) {
        assert_string_equal(row->title, title);
        id = row->id;
    }
    kitchen_titled_release(row);
    return id;
}

static uint32_t by_place(void **state, uint16_t shelf, uint32_t place)
{
    const struct kitchen_titled *row;
    larder_ignore(kitchen_titled_by_place_cache_get(cache_of(state), shelf, place, &row));
    uint32_t id = row != NULL ? row->id : 0;
    kitchen_titled_release(row);
    return id;
}

static void put(void **state, const struct kitchen_titled *row)
{
    assert_status(kitchen_titled_cache_put(cache_of(state), row), LARDER_OK);
}

static void what_is_set_is_found_by_each_index(void **state)
{
    assert_int_equal(by_title(state, "Dune"), 0);
    put(state, &dune);
    put(state, &emma);
    assert_int_equal(by_title(state, "Dune"), 1);
    assert_int_equal(by_title(state, "Emma"), 2);
    assert_int_equal(by_place(state, 3, 40), 1);
    assert_int_equal(by_place(state, 3, 41), 2);
    assert_int_equal(by_place(state, 4, 40), 0);
}

static void what_is_set_in_any_other_way_is_found_too(void **state)
{
    const struct kitchen_titled_key keys[] = {{1}, {2}};
    const struct kitchen_titled rows[] = {dune, emma};
    enum larder_status each[2];
    assert_status(kitchen_titled_cache_set_many(cache_of(state), keys, 2, rows, each), LARDER_OK);
    assert_int_equal(by_title(state, "Dune"), 1);
    assert_int_equal(by_place(state, 3, 41), 2);

    struct kitchen_titled third = {.id = 3, .title = "Carrie", .shelf = 1, .place = 1};
    assert_status(kitchen_titled_cache_add(cache_of(state), 3, &third), LARDER_OK);
    assert_int_equal(by_title(state, "Carrie"), 3);
    third.title = "Christine";
    assert_status(kitchen_titled_cache_add(cache_of(state), 3, &third), LARDER_DENIED);
    assert_int_equal(by_title(state, "Christine"), 0);
    assert_int_equal(by_title(state, "Carrie"), 3);
    assert_status(kitchen_titled_cache_replace(cache_of(state), 3, &third), LARDER_OK);
    assert_int_equal(by_title(state, "Christine"), 3);
    assert_int_equal(by_title(state, "Carrie"), 0);
}

static void a_row_is_not_found_by_what_it_no_longer_is(void **state)
{
    struct kitchen_titled renamed = dune;
    put(state, &dune);
    renamed.title = "Dune Messiah";
    put(state, &renamed);
    assert_int_equal(by_title(state, "Dune"), 0);
    assert_int_equal(by_title(state, "Dune Messiah"), 1);
    assert_int_equal(by_place(state, 3, 40), 1);
}

static void a_title_that_moved_leads_to_its_new_row(void **state)
{
    struct kitchen_titled other = emma;
    put(state, &dune);
    other.title = "Dune";
    put(state, &other);
    assert_int_equal(by_title(state, "Dune"), 2);
}

static void a_deleted_row_is_not_found(void **state)
{
    put(state, &dune);
    assert_status(kitchen_titled_cache_delete(cache_of(state), 1), LARDER_OK);
    assert_int_equal(by_title(state, "Dune"), 0);
}

/* ----------------------------------------------------------------- loading */

struct shelf_order {
    const struct kitchen_titled *row; /* NULL: there is none */
    enum larder_status answer;
    int runs;
};

static enum larder_status load_by_title(struct larder_load *load, void *user, const char *title,
                                        struct kitchen_titled *out)
{
    struct shelf_order *order = user;
    (void)load;
    (void)title;
    order->runs++;
    if (order->row == NULL) {
        return order->answer != LARDER_OK ? order->answer : LARDER_ABSENT;
    }
    *out = *order->row;
    return LARDER_OK;
}

static enum larder_status load_title(void **state, const char *title, struct shelf_order *order,
                                     uint32_t *ret_id)
{
    const struct kitchen_titled *row;
    enum larder_status status = kitchen_titled_by_title_cache_get_or_load(
        cache_of(state), title, load_by_title, order, &row);
    assert_int_equal(row != NULL, status == LARDER_OK);
    *ret_id = row != NULL ? row->id : 0;
    if (row != NULL) {
        assert_string_equal(row->title, title);
    }
    kitchen_titled_release(row);
    return status;
}

/* The first load makes the index, the second the row, under its own claim. */
static void a_load_through_an_index_makes_the_index_and_then_the_row(void **state)
{
    struct shelf_order order = {.row = &dune};
    uint32_t id;
    assert_status(load_title(state, "Dune", &order, &id), LARDER_OK);
    assert_int_equal(id, 1);
    assert_int_equal(order.runs, 1);
    assert_status(kitchen_titled_cache_exists(cache_of(state), 1), LARDER_MISS);
    assert_status(load_title(state, "Dune", &order, &id), LARDER_OK);
    assert_int_equal(id, 1);
    assert_int_equal(order.runs, 2);
    assert_status(kitchen_titled_cache_exists(cache_of(state), 1), LARDER_OK);
    assert_status(load_title(state, "Dune", &order, &id), LARDER_OK);
    assert_int_equal(order.runs, 2);
    assert_int_equal(by_title(state, "Dune"), 1);
    assert_int_equal(by_place(state, 3, 40), 1); /* written with the row */
}

static void a_loaded_row_of_other_fields_is_refused(void **state)
{
    struct shelf_order order = {.row = &emma};
    uint32_t id;
    assert_status(load_title(state, "Dune", &order, &id), LARDER_E_LOADER);
    assert_int_equal(by_title(state, "Dune"), 0);
    assert_int_equal(by_title(state, "Emma"), 0);
}

static void loaders_of_an_index_may_find_nothing_or_fail(void **state)
{
    struct shelf_order order = {.row = NULL};
    uint32_t id;
    assert_status(load_title(state, "Dune", &order, &id), LARDER_ABSENT);
    order.answer = LARDER_E_UNAVAILABLE;
    assert_status(load_title(state, "Dune", &order, &id), LARDER_E_LOADER);
    assert_int_equal(order.runs, 2);
}

/* The title has moved to a row that is not there, and the index still leads to the old one. */
static void a_load_that_brings_another_row_mends_the_index(void **state)
{
    struct kitchen_titled moved = emma;
    struct shelf_order order = {.row = &moved};
    uint32_t id;
    moved.title = "Dune";
    put(state, &dune);
    assert_status(kitchen_titled_cache_delete(cache_of(state), 1), LARDER_OK);
    assert_status(load_title(state, "Dune", &order, &id), LARDER_OK);
    assert_int_equal(id, 2);
    assert_status(kitchen_titled_cache_exists(cache_of(state), 1), LARDER_MISS);
    put(state, &moved);
    assert_int_equal(by_title(state, "Dune"), 2);
}

/* It leads to a row that is there, of another title. */
static void an_index_that_leads_astray_is_loaded_anew(void **state)
{
    struct kitchen_titled renamed = dune;
    struct kitchen_titled moved = emma;
    struct shelf_order order = {.row = &moved};
    uint32_t id;
    put(state, &dune);
    renamed.title = "Other";
    put(state, &renamed);
    moved.title = "Dune";
    assert_status(load_title(state, "Dune", &order, &id), LARDER_OK);
    assert_int_equal(id, 2);
    assert_int_equal(by_title(state, "Other"), 1);
}

static void no_row_is_absent_because_an_index_finds_none(void **state)
{
    struct shelf_order order = {.row = NULL};
    uint32_t id;
    put(state, &dune);
    assert_status(kitchen_titled_cache_delete(cache_of(state), 1), LARDER_OK);
    assert_status(load_title(state, "Dune", &order, &id), LARDER_ABSENT);
    assert_status(kitchen_titled_cache_exists(cache_of(state), 1), LARDER_MISS);
}

/* --------------------------------------------------------------- arguments */

static void outputs_are_set_and_arguments_checked(void **state)
{
    const struct kitchen_titled *row = &dune;
    struct shelf_order order = {.row = &dune};
    assert_status(kitchen_titled_by_title_cache_get(cache_of(state), NULL, &row), LARDER_E_ARG);
    assert_null(row);
    row = &dune;
    assert_status(kitchen_titled_by_title_cache_get(NULL, "Dune", &row), LARDER_E_ARG);
    assert_null(row);
    assert_status(kitchen_titled_by_title_cache_get(cache_of(state), "Dune", NULL), LARDER_E_ARG);
    row = &dune;
    assert_status(
        kitchen_titled_by_title_cache_get_or_load(cache_of(state), "Dune", NULL, NULL, &row),
        LARDER_E_ARG);
    assert_null(row);
    assert_status(kitchen_titled_by_title_cache_get_or_load(cache_of(state), "Dune", load_by_title,
                                                            &order, NULL),
                  LARDER_E_ARG);
    row = &dune;
    assert_status(kitchen_titled_by_title_cache_get_or_load(cache_of(state), NULL, load_by_title,
                                                            &order, &row),
                  LARDER_E_ARG);
    assert_null(row);
    assert_int_equal(order.runs, 0);
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(what_is_set_is_found_by_each_index),
    SITE_TEST(what_is_set_in_any_other_way_is_found_too),
    SITE_TEST(a_row_is_not_found_by_what_it_no_longer_is),
    SITE_TEST(a_title_that_moved_leads_to_its_new_row),
    SITE_TEST(a_deleted_row_is_not_found),
    SITE_TEST(a_load_through_an_index_makes_the_index_and_then_the_row),
    SITE_TEST(a_loaded_row_of_other_fields_is_refused),
    SITE_TEST(loaders_of_an_index_may_find_nothing_or_fail),
    SITE_TEST(a_load_that_brings_another_row_mends_the_index),
    SITE_TEST(an_index_that_leads_astray_is_loaded_anew),
    SITE_TEST(no_row_is_absent_because_an_index_finds_none),
    SITE_TEST(outputs_are_set_and_arguments_checked),
};

const struct suite indexes_suite = {"indexes", tests, sizeof tests / sizeof tests[0], false};
