/* SPDX-License-Identifier: MIT */
/* get_or_load of entities with policies and versions: what it gives, and when it loads. */
#include "shelf.h"

#include "backend/backend.h"
#include "base/clock.h"
#include "cache/fetch.h"
#include "cache/handle.h"
#include "cache/versions.h"

enum { ID = 7, SECOND_MS = 1000, LIFETIME_MS = 60 * SECOND_MS };

static const struct larder_policy waits_policy = {.while_revalidate_ms = 20 * SECOND_MS};
static const struct larder_policy spares_policy = {.if_error_ms = 100 * SECOND_MS};
static const struct larder_policy marks_policy = {.while_revalidate_ms = 20 * SECOND_MS,
                                                  .absent_ms = 5 * SECOND_MS};

static const struct larder_entity plain_entity = {TEA_ENTITY(0, "plain", "plain:{id:u64}"),
                                                  .ttl_index = -1, .ttl_ms = LIFETIME_MS};
static const struct larder_entity waits_entity = {TEA_ENTITY(1, "waits", "waits:{id:u64}"),
                                                  .ttl_index = -1, .ttl_ms = LIFETIME_MS,
                                                  .policy = &waits_policy};
static const struct larder_entity spares_entity = {TEA_ENTITY(2, "spares", "spares:{id:u64}"),
                                                   .ttl_index = -1, .ttl_ms = LIFETIME_MS,
                                                   .policy = &spares_policy};
static const struct larder_entity marks_entity = {TEA_ENTITY(3, "marks", "marks:{id:u64}"),
                                                  .ttl_index = -1, .ttl_ms = LIFETIME_MS,
                                                  .policy = &marks_policy};
static const struct larder_entity all_entity = {
    TEA_ENTITY(4, "all", "all:{id:u64}"), .ttl_index = -1, .ttl_ms = LIFETIME_MS, .has_all = true};

static const struct larder_entity *const entities[] = {&plain_entity, &waits_entity, &spares_entity,
                                                       &marks_entity, &all_entity};

static const struct larder_service service = {.stub_version = LARDER_STUB_VERSION,
                                              .name = "shop",
                                              .env_prefix = "SHOP",
                                              .db = -1,
                                              .prefix = "",
                                              .entities = entities,
                                              .entity_count = 5};

static int set_up(void **state)
{
    static struct shelf shelf;
    shelf_init(&shelf);
    *state = &shelf;
    return larder_stub_open(&service, &shelf.config, &shelf.cache) == LARDER_OK ? 0 : -1;
}

#define SHOP_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, shelf_teardown)

/* ------------------------------------------------------------------- loaders */

struct order;
typedef void disturb_fn(struct order *order);

struct order {
    struct shelf *shelf;
    const struct larder_entity *entity;
    const char *name;
    enum larder_status answer;
    const char *const *tags; /* up to NULL; NULL: none */
    disturb_fn *disturb;
    struct order *inner;
    enum larder_status inner_status;
    char inner_name[16];
    char previous[16]; /* the name of what the loader saw of it */
    int runs;
};

static enum larder_status load_tea(struct larder_load *load, const void *call, void *out)
{
    struct order *order = *(struct order *const *)call;
    struct tea *tea = out;
    const struct tea *previous = larder_load_previous(load);
    order->runs++;
    snprintf(order->previous, sizeof order->previous, "%s",
             previous != NULL ? previous->name : "-");
    for (size_t i = 0; order->tags != NULL && order->tags[i] != NULL; i++) {
        larder_load_tag(load, order->tags[i]);
    }
    if (order->disturb != NULL) {
        order->disturb(order);
    }
    tea->id = ID;
    tea->name = order->name;
    return order->answer;
}

static enum larder_status run_order(struct order *order, const struct tea **ret_tea)
{
    struct larder_key key = shelf_key(order->shelf, order->entity, ID);
    const void *value;
    enum larder_status status =
        larder_stub_get_or_load(order->shelf->cache, order->entity, &key, load_tea, &order, &value);
    *ret_tea = value;
    return status;
}

/* name NULL: no value. runs: of the loader, in this call. */
static void expect_order(struct order *order, enum larder_status expected, const char *name,
                         int runs)
{
    const struct tea *tea;
    int before = order->runs;
    assert_status(run_order(order, &tea), expected);
    assert_int_equal(tea != NULL, name != NULL);
    if (name != NULL) {
        assert_string_equal(tea->name, name);
    }
    larder_value_release(tea);
    assert_int_equal(order->runs - before, runs);
}

static void expect_get(struct shelf *shelf, const struct larder_entity *entity,
                       enum larder_status expected)
{
    const struct tea *tea;
    assert_status(shelf_get(shelf, entity, ID, &tea), expected);
    larder_value_release(tea);
}

static void later(struct shelf *shelf, int64_t seconds)
{
    fake_clock_advance_ms(&shelf->clock, seconds * SECOND_MS);
}

static void call_inner(struct order *order)
{
    const struct tea *tea;
    order->inner_status = run_order(order->inner, &tea);
    snprintf(order->inner_name, sizeof order->inner_name, "%s", tea != NULL ? tea->name : "-");
    larder_value_release(tea);
}

/* --------------------------------------------------------------------- stale */

static void one_caller_loads_what_is_stale_and_all_others_read_on(void **state)
{
    struct order inner = {.shelf = *state, .entity = &waits_entity, .name = "inner"};
    struct order order = {.shelf = *state, .entity = &waits_entity, .name = "old"};
    expect_order(&order, LARDER_OK, "old", 1);
    assert_string_equal(order.previous, "-");
    later(*state, 59);
    expect_order(&order, LARDER_OK, "old", 0);
    later(*state, 2);
    order.name = "new";
    order.disturb = call_inner;
    order.inner = &inner;
    expect_order(&order, LARDER_OK, "new", 1);
    assert_string_equal(order.previous, "old");
    assert_int_equal(order.inner_status, LARDER_STALE);
    assert_string_equal(order.inner_name, "old");
    assert_int_equal(inner.runs, 0);
    expect_order(&order, LARDER_OK, "new", 0);
    struct larder_stats stats = shelf_stats(*state, &waits_entity);
    assert_int_equal(stats.stale, 1);
    assert_int_equal(stats.fills, 2);
    assert_int_equal(stats.claim_waits, 0);
}

static void beyond_its_window_nothing_is_given(void **state)
{
    struct order order = {.shelf = *state, .entity = &waits_entity, .name = "old"};
    expect_order(&order, LARDER_OK, "old", 1);
    later(*state, 81);
    order.answer = LARDER_E_UNAVAILABLE;
    expect_order(&order, LARDER_E_LOADER, NULL, 1);
    assert_string_equal(order.previous, "-");
}

/* The window in which it may be given is open: so a failure gives it, too. */
static void what_may_be_stale_is_given_where_the_loader_fails(void **state)
{
    struct order order = {.shelf = *state, .entity = &waits_entity, .name = "old"};
    expect_order(&order, LARDER_OK, "old", 1);
    later(*state, 61);
    order.answer = LARDER_E_UNAVAILABLE;
    expect_order(&order, LARDER_STALE, "old", 1);
    assert_non_null(strstr(larder_last_error(), "the loader answered"));
    assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
    expect_order(&order, LARDER_STALE, "old", 1); /* without if_error no pause */
    order.answer = LARDER_OK;
    order.name = "new";
    expect_order(&order, LARDER_OK, "new", 1);
}

/* 100 s of if_error: a pause of 10 s. */
static void a_loader_that_failed_is_left_alone_for_a_while(void **state)
{
    struct order order = {.shelf = *state, .entity = &spares_entity, .name = "old"};
    expect_order(&order, LARDER_OK, "old", 1);
    later(*state, 61);
    expect_get(*state, &spares_entity, LARDER_MISS);
    order.answer = LARDER_E_UNAVAILABLE;
    for (int i = 0; i < 3; i++) {
        expect_order(&order, LARDER_STALE, "old", 1);
        expect_order(&order, LARDER_STALE, "old", 0);
        later(*state, 9);
        expect_order(&order, LARDER_STALE, "old", 0);
        later(*state, 2);
    }
    order.answer = LARDER_OK;
    order.name = "new";
    expect_order(&order, LARDER_OK, "new", 1);
    assert_string_equal(order.previous, "old");
    later(*state, 161);
    order.answer = LARDER_E_UNAVAILABLE;
    expect_order(&order, LARDER_E_LOADER, NULL, 1);
}

static void delete_it(struct order *order)
{
    struct larder_key key = shelf_key(order->shelf, order->entity, ID);
    larder_ignore(larder_stub_delete(order->shelf->cache, order->entity, &key));
}

/* Deleted while it loads: the spare is for this caller, and for nobody after him. */
static void a_spare_value_that_was_deleted_is_gone(void **state)
{
    struct order order = {.shelf = *state, .entity = &spares_entity, .name = "old"};
    expect_order(&order, LARDER_OK, "old", 1);
    later(*state, 61);
    order.answer = LARDER_E_UNAVAILABLE;
    order.disturb = delete_it;
    expect_order(&order, LARDER_STALE, "old", 1);
    order.disturb = NULL;
    expect_order(&order, LARDER_E_LOADER, NULL, 1);
}

/* The claim over it came later, and nobody has looked since. */
static void a_spare_value_is_for_those_who_began_before_it_was_seen(void **state)
{
    struct order order = {.shelf = *state, .entity = &spares_entity, .name = "old"};
    struct larder_key key = shelf_key(order.shelf, order.entity, ID);
    struct larder_fetch fetch;
    struct larder_landing landing;
    expect_order(&order, LARDER_OK, "old", 1);
    later(*state, 61);
    larder_fetch_begin(&fetch, order.shelf->cache, order.entity, &key);
    larder_fetch_look(&fetch, LARDER_LOOK_READ);
    uint64_t looked = fetch.looked;
    larder_fetch_look(&fetch, LARDER_LOOK_TAKE_KEEP);
    assert_true(fetch.sight.won);
    larder_fetch_answer(&fetch, &landing);
    assert_status(landing.status, LARDER_STALE);
    assert_true(landing.until == looked);
    larder_value_release(landing.value);
}

/* Loaders of the runtime's own are called with what no other thread could copy. */
static void a_call_of_the_runtimes_own_offers_no_reload(void **state)
{
    struct order order = {.shelf = *state, .entity = &waits_entity, .name = "old"};
    const struct order *call = &order;
    struct larder_key key = shelf_key(order.shelf, order.entity, ID);
    const void *value;
    expect_order(&order, LARDER_OK, "old", 1);
    later(*state, 61);
    order.name = "new";
    atomic_store(&larder_state_of(order.shelf->cache, order.entity)->reloads, true);
    assert_status(
        larder_fetch_through(order.shelf->cache, order.entity, &key, load_tea, &call, &value),
        LARDER_OK);
    assert_string_equal(((const struct tea *)value)->name, "new");
    larder_value_release(value);
    assert_int_equal(order.runs, 2);
}

/* -------------------------------------------------------------------- absent */

static void what_does_not_exist_is_remembered(void **state)
{
    struct order order = {.shelf = *state, .entity = &marks_entity, .answer = LARDER_ABSENT};
    expect_order(&order, LARDER_ABSENT, NULL, 1);
    assert_int_equal(larder_outcome(), LARDER_APPLIED);
    expect_order(&order, LARDER_ABSENT, NULL, 0);
    expect_get(*state, &marks_entity, LARDER_ABSENT);
    later(*state, 6);
    expect_order(&order, LARDER_ABSENT, NULL, 1);
    delete_it(&order);
    order.answer = LARDER_OK;
    order.name = "there";
    expect_order(&order, LARDER_OK, "there", 1);
    assert_int_equal(shelf_stats(*state, &marks_entity).absent, 2);
}

/* What is stale, and is gone where it came from, is not given any longer. */
static void what_has_gone_meanwhile_is_not_kept(void **state)
{
    const struct larder_entity *const rows[] = {&marks_entity, &waits_entity};
    static const enum larder_status left[] = {LARDER_ABSENT, LARDER_MISS};
    for (size_t i = 0; i < 2; i++) {
        struct order order = {.shelf = *state, .entity = rows[i], .name = "old"};
        expect_order(&order, LARDER_OK, "old", 1);
        later(*state, 61);
        expect_get(*state, rows[i], LARDER_STALE);
        order.answer = LARDER_ABSENT;
        expect_order(&order, LARDER_ABSENT, NULL, 1);
        expect_get(*state, rows[i], left[i]);
    }
}

/* ------------------------------------------------------------------ versions */

static void bump(struct shelf *shelf, uint64_t id)
{
    const struct larder_version_ids ids = {.count = 1, .ids = {id}};
    struct larder_version_list list;
    larder_version_list_make(&shelf->cache->versions, &ids, 0, larder_version_begin(), &list);
    struct larder_op op = {.kind = LARDER_OP_BUMP,
                           .key = list.keys[0].bytes,
                           .key_len = list.keys[0].len,
                           .versions = &list.op};
    shelf->cache->backend->table->run(shelf->cache->backend, &op, 1, INT64_MAX);
    assert_status(op.status, LARDER_OK);
}

static void bump_all(struct order *order)
{
    bump(order->shelf, larder_version_of_entity(&order->shelf->cache->versions, "all"));
}

static void bump_tag(struct order *order)
{
    bump(order->shelf, larder_version_of_tag(&order->shelf->cache->versions, "red", 3));
}

static void what_was_loaded_before_an_invalidation_is_not_stored(void **state)
{
    struct order order = {.shelf = *state, .entity = &all_entity, .name = "old"};
    order.disturb = bump_all;
    expect_order(&order, LARDER_OK, "old", 1);
    assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
    expect_get(*state, &all_entity, LARDER_MISS);
    order.disturb = NULL;
    order.name = "new";
    expect_order(&order, LARDER_OK, "new", 1);
    expect_order(&order, LARDER_OK, "new", 0);
    bump_all(&order);
    order.name = "newer";
    expect_order(&order, LARDER_OK, "newer", 1);
    assert_int_equal(shelf_stats(*state, &all_entity).fills_lost, 1);
}

/* Of an entity with versions, and of one that has none but those: there the first tagged
 * value tells that claims have to ask for the clock. */
static void a_loader_adds_tags(void **state)
{
    static const char *const tags[] = {"blue", "red", NULL};
    static const struct larder_entity *const rows[] = {&all_entity, &plain_entity};
    for (size_t i = 0; i < 2; i++) {
        struct order order = {.shelf = *state, .entity = rows[i], .name = "old", .tags = tags};
        expect_order(&order, LARDER_OK, "old", 1);
        if (rows[i] == &plain_entity) {
            assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
            expect_order(&order, LARDER_OK, "old", 1);
        }
        expect_order(&order, LARDER_OK, "old", 0);
        bump_tag(&order);
        expect_get(*state, rows[i], LARDER_MISS);
        order.disturb = bump_tag;
        expect_order(&order, LARDER_OK, "old", 1);
        assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
        expect_get(*state, rows[i], LARDER_MISS);
    }
}

static void too_many_tags_are_the_loaders_failure(void **state)
{
    static const char *const tags[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9", NULL};
    struct order order = {.shelf = *state, .entity = &all_entity, .name = "old", .tags = tags};
    expect_order(&order, LARDER_E_LOADER, NULL, 1);
    assert_string_equal(larder_last_error(),
                        "all:{id:u64}: the loader added more tags than a value may have");
    order.tags = tags + 1;
    expect_order(&order, LARDER_OK, "old", 1);
    assert_null(larder_load_previous(NULL));
    larder_load_tag(NULL, "nothing happens");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHOP_TEST(one_caller_loads_what_is_stale_and_all_others_read_on),
        SHOP_TEST(beyond_its_window_nothing_is_given),
        SHOP_TEST(what_may_be_stale_is_given_where_the_loader_fails),
        SHOP_TEST(a_loader_that_failed_is_left_alone_for_a_while),
        SHOP_TEST(a_spare_value_that_was_deleted_is_gone),
        SHOP_TEST(a_spare_value_is_for_those_who_began_before_it_was_seen),
        SHOP_TEST(a_call_of_the_runtimes_own_offers_no_reload),
        SHOP_TEST(what_does_not_exist_is_remembered),
        SHOP_TEST(what_has_gone_meanwhile_is_not_kept),
        SHOP_TEST(what_was_loaded_before_an_invalidation_is_not_stored),
        SHOP_TEST(a_loader_adds_tags),
        SHOP_TEST(too_many_tags_are_the_loaders_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
