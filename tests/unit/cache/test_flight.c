/* SPDX-License-Identifier: MIT */
/* Flights: who shares what a load brought, and who began too late for it. */
#include "shelf.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cache/flight.h"
#include "support/sanitizers.h"

enum { HASH = 7, THREADS = 8, CALLS = 3000, CHILD_S = 20 };

struct air {
    struct fail_alloc memory;
    struct larder_flights flights;
    struct larder_key key;
};

static int take_off(void **state)
{
    static struct air air;
    memset(&air, 0, sizeof air);
    fail_alloc_init(&air.memory);
    larder_flights_init(&air.flights, &air.memory.allocator);
    larder_key_literal(&air.key, "tea:1", 5);
    *state = &air;
    return 0;
}

static int clear_air(void **state)
{
    struct air *air = *state;
    larder_flights_release(&air->flights);
    return air->memory.live_blocks == 0 ? 0 : -1;
}

static struct larder_ticket ticket_of(struct air *air)
{
    return (struct larder_ticket){.flights = &air->flights,
                                  .entity = &tea_entity,
                                  .key = &air->key,
                                  .hash = HASH,
                                  .began = larder_flights_now(&air->flights, HASH)};
}

/* A call that follows, on a thread of its own. */
struct follower {
    struct air *air;
    struct larder_ticket ticket;
    atomic_bool aboard;
    bool shares;
    struct larder_landing landing;
};

static void *follow(void *user)
{
    struct follower *follower = user;
    assert_int_equal(larder_flight_join(&follower->ticket, false), LARDER_FLIGHT_FOLLOW);
    atomic_store(&follower->aboard, true);
    follower->shares = larder_flight_wait(&follower->ticket, &follower->landing);
    return NULL;
}

static void await_aboard(struct follower *follower)
{
    while (!atomic_load(&follower->aboard)) {
        sched_yield();
    }
}

/* ----------------------------------------------------------------- who shares */

enum { THE_MOMENT = 1 }; /* as `until`: the one that was taken */

static void land_for_two(void **state, uint64_t until, bool early_shares, bool late_shares)
{
    struct air *air = *state;
    struct larder_ticket lead = ticket_of(air);
    struct follower early = {.air = air, .ticket = ticket_of(air)};
    pthread_t threads[2];
    assert_int_equal(larder_flight_join(&lead, false), LARDER_FLIGHT_LEAD);
    uint64_t moment = larder_flights_moment(&air->flights, HASH);
    struct follower late = {.air = air, .ticket = ticket_of(air)};
    /* When they board does not matter. */
    assert_int_equal(pthread_create(&threads[0], NULL, follow, &late), 0);
    await_aboard(&late);
    assert_int_equal(pthread_create(&threads[1], NULL, follow, &early), 0);
    await_aboard(&early);
    const struct larder_landing landing = {.status = LARDER_ABSENT,
                                           .outcome = LARDER_APPLIED,
                                           .until = until == THE_MOMENT ? moment : until};
    larder_flight_land(&lead, &landing);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(early.shares, early_shares);
    assert_int_equal(late.shares, late_shares);
    assert_int_equal(early.landing.status, early_shares ? LARDER_ABSENT : LARDER_OK);
    assert_true(early.landing.until == landing.until && late.landing.until == landing.until);
    larder_flight_forget(&late.ticket);
}

static void who_began_before_the_moment_shares(void **state)
{
    land_for_two(state, THE_MOMENT, true, false);
}

static void what_is_for_nobody_is_shared_by_nobody(void **state)
{
    land_for_two(state, LARDER_MOMENT_NEVER, false, false);
}

static void what_is_for_all_is_shared_by_all(void **state)
{
    land_for_two(state, LARDER_MOMENT_ALWAYS, true, true);
}

/* All who were too late for one flight share the next, also when it has landed before
 * they come. */
static void who_was_too_late_shares_the_next_flight(void **state)
{
    struct air *air = *state;
    struct larder_ticket lead = ticket_of(air);
    pthread_t threads[2];
    struct larder_landing landing;
    assert_int_equal(larder_flight_join(&lead, false), LARDER_FLIGHT_LEAD);
    uint64_t moment = larder_flights_moment(&air->flights, HASH);
    struct follower late[2] = {{.air = air, .ticket = ticket_of(air)},
                               {.air = air, .ticket = ticket_of(air)}};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, follow, &late[i]), 0);
        await_aboard(&late[i]);
    }
    larder_flight_land(&lead, &(struct larder_landing){.until = moment});
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(larder_flight_join(&late[0].ticket, false), LARDER_FLIGHT_LEAD);
    moment = larder_flights_moment(&air->flights, HASH);
    larder_flight_land(&late[0].ticket,
                       &(struct larder_landing){.status = LARDER_ABSENT, .until = moment});
    assert_int_equal(larder_flight_join(&late[1].ticket, false), LARDER_FLIGHT_FOLLOW);
    assert_true(larder_flight_wait(&late[1].ticket, &landing));
    assert_int_equal(landing.status, LARDER_ABSENT);
    /* Nobody else does. */
    struct larder_ticket other = ticket_of(air);
    assert_int_equal(larder_flight_join(&other, false), LARDER_FLIGHT_LEAD);
    larder_flight_land(&other, &landing);
}

/* The holder of a claim leads, whoever is in the air. */
static void who_must_lead_is_followed_from_then_on(void **state)
{
    struct air *air = *state;
    struct larder_ticket first = ticket_of(air), second = ticket_of(air);
    struct follower follower = {.air = air, .ticket = ticket_of(air)};
    const struct larder_landing mine = {.status = LARDER_ABSENT, .until = LARDER_MOMENT_ALWAYS};
    pthread_t thread;
    assert_int_equal(larder_flight_join(&first, false), LARDER_FLIGHT_LEAD);
    assert_int_equal(larder_flight_join(&second, true), LARDER_FLIGHT_LEAD);
    assert_int_equal(pthread_create(&thread, NULL, follow, &follower), 0);
    await_aboard(&follower);
    larder_flight_land(&second, &mine);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(follower.landing.status, LARDER_ABSENT);
    larder_flight_land(&first, &(struct larder_landing){.status = LARDER_OK});
    assert_int_equal(larder_flight_join(&first, false), LARDER_FLIGHT_LEAD);
    larder_flight_land(&first, &mine);
}

static void without_memory_a_call_goes_alone(void **state)
{
    struct air *air = *state;
    struct larder_ticket ticket = ticket_of(air);
    air->memory.fail_at = 1;
    assert_int_equal(larder_flight_join(&ticket, false), LARDER_FLIGHT_ALONE);
    air->memory.fail_at = 0;
}

static void who_would_wait_for_himself_goes_alone(void **state)
{
    struct larder_ticket outer = ticket_of(*state), inner = ticket_of(*state);
    assert_int_equal(larder_flight_join(&outer, false), LARDER_FLIGHT_LEAD);
    assert_int_equal(larder_flight_join(&inner, false), LARDER_FLIGHT_ALONE);
    larder_flight_land(&outer, &(struct larder_landing){.status = LARDER_OK});
}

/* ----------------------------------------------------------------------- fork */

struct holder {
    struct air *air;
    atomic_bool holds;
    atomic_bool end;
};

static void *hold(void *user)
{
    struct holder *holder = user;
    struct larder_ticket ticket = ticket_of(holder->air);
    assert_int_equal(larder_flight_join(&ticket, false), LARDER_FLIGHT_LEAD);
    larder_flight_claim(&ticket, 4711);
    atomic_store(&holder->holds, true);
    while (!atomic_load(&holder->end)) {
        sched_yield();
    }
    larder_flight_land(&ticket, &(struct larder_landing){.status = LARDER_OK});
    return NULL;
}

static void a_child_knows_claims_that_nobody_holds_there(void **state)
{
    if (UNDER_ADDRESS_SANITIZER) {
        skip(); /* see support/sanitizers.h */
    }
    struct air *air = *state;
    struct holder holder = {.air = air};
    pthread_t thread;
    int result = -1;
    assert_int_equal(pthread_create(&thread, NULL, hold, &holder), 0);
    while (!atomic_load(&holder.holds)) {
        sched_yield();
    }
    pid_t pid = fork();
    if (pid == 0) {
        alarm(CHILD_S);
        _exit(larder_flights_orphaned(&air->flights, 4711) &&
                      !larder_flights_orphaned(&air->flights, 4712) &&
                      !larder_flights_orphaned(&air->flights, 0)
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(pid, &result, 0), pid);
    assert_int_equal(result, 0);
    assert_false(larder_flights_orphaned(&air->flights, 4711));
    atomic_store(&holder.end, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* -------------------------------------------------------------- all at once */

/* A number that only grows, loaded without claims: nobody is given one that is lower than
 * it was when his call began. */
struct sea {
    struct air *air;
    atomic_llong level;
    atomic_int shared;
    atomic_int wrong;
};

static long long take_level(struct sea *sea)
{
    struct larder_ticket ticket = ticket_of(sea->air);
    for (;;) {
        struct larder_landing landing = {.status = LARDER_ABSENT};
        switch (larder_flight_join(&ticket, false)) {
        case LARDER_FLIGHT_FOLLOW:
            if (larder_flight_wait(&ticket, &landing)) {
                atomic_fetch_add(&sea->shared, 1);
                return landing.outcome;
            }
            break;
        case LARDER_FLIGHT_LEAD:
            landing.until = larder_flights_moment(&sea->air->flights, HASH);
            landing.outcome = (enum larder_outcome)atomic_load(&sea->level);
            sched_yield(); /* so that others come aboard meanwhile */
            larder_flight_land(&ticket, &landing);
            return landing.outcome;
        case LARDER_FLIGHT_ALONE:
            return atomic_load(&sea->level);
        }
    }
}

static void *swim(void *user)
{
    struct sea *sea = user;
    for (int i = 0; i < CALLS; i++) {
        long long before = atomic_fetch_add(&sea->level, 1) + 1;
        atomic_fetch_add(&sea->wrong, take_level(sea) < before);
    }
    return NULL;
}

static void nobody_is_given_what_was_loaded_before_a_change_that_he_followed(void **state)
{
    struct sea sea = {.air = *state};
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, swim, &sea), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(sea.wrong, 0);
    assert_true(sea.shared > 0);
}

#define AIR_TEST(function) cmocka_unit_test_setup_teardown(function, take_off, clear_air)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AIR_TEST(who_began_before_the_moment_shares),
        AIR_TEST(what_is_for_nobody_is_shared_by_nobody),
        AIR_TEST(what_is_for_all_is_shared_by_all),
        AIR_TEST(who_was_too_late_shares_the_next_flight),
        AIR_TEST(who_must_lead_is_followed_from_then_on),
        AIR_TEST(without_memory_a_call_goes_alone),
        AIR_TEST(who_would_wait_for_himself_goes_alone),
        AIR_TEST(a_child_knows_claims_that_nobody_holds_there),
        AIR_TEST(nobody_is_given_what_was_loaded_before_a_change_that_he_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
