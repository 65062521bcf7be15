/* SPDX-License-Identifier: MIT */
/* Reads and writes of entities with versions and times, on the memory backend and on a server. */
#include "pantry.h"

#include <stdlib.h>

/* -------------------------------------------------------------------- versions */

static void an_entity_s_version_reaches_all_of_it(void **state)
{
    const struct pantry *pantry = *state;
    uint64_t id = larder_version_of_entity(&pantry->cache->versions, "page");
    assert_reads(pantry, &page_entity, 1, LARDER_MISS);
    for (uint64_t i = 1; i <= 2; i++) {
        assert_status(pantry_store(pantry, &page_entity, i, LARDER_SET_ALWAYS), LARDER_OK);
        assert_reads(pantry, &page_entity, i, LARDER_OK);
    }
    pantry_bump(pantry, id);
    assert_reads(pantry, &page_entity, 1, LARDER_MISS);
    assert_reads(pantry, &page_entity, 2, LARDER_MISS);
    assert_status(pantry_store(pantry, &page_entity, 1, LARDER_SET_ALWAYS), LARDER_OK);
    assert_reads(pantry, &page_entity, 1, LARDER_OK);
    assert_reads(pantry, &page_entity, 2, LARDER_MISS);
}

static void a_group_s_version_reaches_its_keys_only(void **state)
{
    const struct pantry *pantry = *state;
    const struct larder_version_names *names = &pantry->cache->versions;
    for (uint64_t i = 1; i <= 2; i++) {
        assert_status(pantry_store(pantry, &page_entity, i, LARDER_SET_ALWAYS), LARDER_OK);
    }
    pantry_bump(pantry, larder_version_of_group(names, "page", "page:1", 6));
    assert_reads(pantry, &page_entity, 1, LARDER_MISS);
    assert_reads(pantry, &page_entity, 2, LARDER_OK);
}

static void a_tag_s_version_reaches_what_carries_it(void **state)
{
    const struct pantry *pantry = *state;
    const struct tea other = {.id = 2, .name = "ceylon", .grams = 50};
    struct larder_key key = pantry_key(pantry, &goods_entity, 2);
    assert_status(pantry_store(pantry, &goods_entity, 1, LARDER_SET_ALWAYS), LARDER_OK);
    assert_status(larder_stub_set(pantry->cache, &goods_entity, &key, &other, LARDER_SET_ALWAYS, 0),
                  LARDER_OK);
    pantry_bump(pantry, brand_id(pantry, "assam"));
    assert_reads(pantry, &goods_entity, 1, LARDER_MISS);
    assert_reads(pantry, &goods_entity, 2, LARDER_OK);
    pantry_bump(pantry, brand_id(pantry, "50"));
    assert_reads(pantry, &goods_entity, 2, LARDER_MISS);
}

static void a_version_that_was_evicted_is_a_miss(void **state)
{
    const struct pantry *pantry = *state;
    assert_status(pantry_store(pantry, &goods_entity, 1, LARDER_SET_ALWAYS), LARDER_OK);
    assert_status(pantry_store(pantry, &page_entity, 1, LARDER_SET_ALWAYS), LARDER_OK);
    pantry_evict(pantry, brand_id(pantry, "assam"));
    pantry_evict(pantry, larder_version_of_entity(&pantry->cache->versions, "page"));
    assert_reads(pantry, &goods_entity, 1, LARDER_MISS);
    assert_reads(pantry, &page_entity, 1, LARDER_MISS);
    /* Where an add that is denied makes the version anew, with a clock that nobody counted
     * up since, what it was denied for is good again. */
    enum larder_status status = pantry_store(pantry, &goods_entity, 1, LARDER_SET_ADD);
    assert_true(status == LARDER_OK || status == LARDER_DENIED);
    assert_reads(pantry, &goods_entity, 1, LARDER_OK);
    pantry_bump(pantry, brand_id(pantry, "assam"));
    assert_reads(pantry, &goods_entity, 1, LARDER_MISS);
    assert_status(pantry_store(pantry, &goods_entity, 1, LARDER_SET_REPLACE), LARDER_MISS);
    assert_status(pantry_store(pantry, &goods_entity, 1, LARDER_SET_ADD), LARDER_OK);
    assert_status(pantry_store(pantry, &goods_entity, 1, LARDER_SET_ADD), LARDER_DENIED);
    assert_status(pantry_store(pantry, &goods_entity, 1, LARDER_SET_REPLACE), LARDER_OK);
    assert_reads(pantry, &goods_entity, 1, LARDER_OK);
}

/* The clock begins again in another epoch: nothing of the one before is good any more. */
static void a_clock_that_was_evicted_makes_nothing_old_good(void **state)
{
    const struct pantry *pantry = *state;
    const struct larder_version_names *names = &pantry->cache->versions;
    assert_status(pantry_store(pantry, &goods_entity, 1, LARDER_SET_ALWAYS), LARDER_OK);
    struct larder_op op = pantry_run(pantry, (struct larder_op){.kind = LARDER_OP_DELETE,
                                                                .key = names->clock.bytes,
                                                                .key_len = names->clock.len});
    assert_int_equal(op.status, LARDER_OK);
    pantry_bump(pantry, brand_id(pantry, "assam"));
    assert_reads(pantry, &goods_entity, 1, LARDER_MISS);
    assert_status(pantry_store(pantry, &goods_entity, 1, LARDER_SET_ALWAYS), LARDER_OK);
    assert_reads(pantry, &goods_entity, 1, LARDER_OK);
}

static void what_was_stored_before_there_were_versions_is_a_miss(void **state)
{
    const struct pantry *pantry = *state;
    pantry_put(pantry, &page_entity, 1, NULL, "old");
    pantry_put(pantry, &goods_entity, 1, NULL, "old");
    assert_reads(pantry, &page_entity, 1, LARDER_MISS);
    assert_reads(pantry, &goods_entity, 1, LARDER_MISS);
}

static void a_guess_that_was_right_saves_a_trip(void **state)
{
    struct pantry *pantry = *state;
    struct larder_key key = pantry_key(pantry, &goods_entity, 1);
    const struct tea other = {.id = 1, .name = "ceylon", .grams = 50};
    static const struct {
        const char *what;
        size_t trips;
    } reads[] = {{"the first", 2}, {"the second", 1}, {"of other tags", 2}, {"again", 1}};
    assert_status(pantry_store(pantry, &goods_entity, 1, LARDER_SET_ALWAYS), LARDER_OK);
    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
        const void *value;
        if (i == 2) {
            assert_status(
                larder_stub_set(pantry->cache, &goods_entity, &key, &other, LARDER_SET_ALWAYS, 0),
                LARDER_OK);
        }
        pantry->counting.trips = 0;
        assert_status(larder_stub_get(pantry->cache, &goods_entity, &key, &value), LARDER_OK);
        larder_value_release(value);
        if (pantry->counting.trips != reads[i].trips) {
            fail_msg("%s: %zu trips", reads[i].what, pantry->counting.trips);
        }
    }
}

static void versions_of_a_key_come_in_its_trip(void **state)
{
    struct pantry *pantry = *state;
    struct larder_key key = pantry_key(pantry, &page_entity, 1);
    const void *value;
    assert_status(pantry_store(pantry, &page_entity, 1, LARDER_SET_ALWAYS), LARDER_OK);
    pantry->counting.trips = pantry->counting.ops = 0;
    assert_status(larder_stub_get(pantry->cache, &page_entity, &key, &value), LARDER_OK);
    larder_value_release(value);
    assert_int_equal(pantry->counting.trips, 1);
    assert_int_equal(pantry->counting.ops, 3); /* itself, the entity, the group */
}

/* ----------------------------------------------------------------------- times */

static void values_go_from_fresh_to_stale_to_nothing(void **state)
{
    const struct pantry *pantry = *state;
    pantry_put_timed(pantry, &stale_entity, 1, FAR_MS);
    pantry_put_timed(pantry, &stale_entity, 2, -FAR_MS);
    pantry_put_timed(pantry, &stale_entity, 3, -STALE_MS - FAR_MS);
    pantry_put_timed(pantry, &stale_entity, 4, -ERROR_MS - FAR_MS);
    assert_reads(pantry, &stale_entity, 1, LARDER_OK);
    assert_reads(pantry, &stale_entity, 2, LARDER_STALE);
    assert_reads(pantry, &stale_entity, 3, LARDER_MISS); /* spare: for when a loader fails */
    assert_reads(pantry, &stale_entity, 4, LARDER_MISS);
    struct larder_stats stats = shelf_stats(&pantry->shelf, &stale_entity);
    assert_int_equal(stats.hits, 6); /* a get, and two of get_many, of two */
    assert_int_equal(stats.stale, 3);
    assert_int_equal(stats.misses, 6);
    assert_int_equal(stats.decode_errors, 0);
}

static void what_was_stored_before_there_were_windows_is_fresh(void **state)
{
    const struct pantry *pantry = *state;
    pantry_put(pantry, &stale_entity, 1, NULL, "old");
    assert_reads(pantry, &stale_entity, 1, LARDER_OK);
}

static void a_set_says_when_it_ends_and_stays_longer(void **state)
{
    const struct pantry *pantry = *state;
    struct larder_key key = pantry_key(pantry, &stale_entity, 1);
    int64_t ms;
    assert_status(pantry_store(pantry, &stale_entity, 1, LARDER_SET_ALWAYS), LARDER_OK);
    assert_status(larder_stub_ttl(pantry->cache, &stale_entity, &key, &ms), LARDER_OK);
    assert_in_range(ms, TTL_MS + ERROR_MS - FAR_MS, TTL_MS + ERROR_MS);
    const struct larder_look look = {.cache = pantry->cache,
                                     .entity = &stale_entity,
                                     .key = &key,
                                     .fingerprint =
                                         larder_fingerprint_of(pantry->cache, &stale_entity, &key),
                                     .how = LARDER_LOOK_HEAD};
    struct larder_sight sight;
    struct larder_envelope_head head;
    assert_status(larder_look(&look, INT64_MAX, &sight), LARDER_OK);
    assert_null(sight.value);
    assert_int_equal(
        larder_envelope_read_head(sight.seen, sight.seen_len, look.fingerprint, 1, &head),
        LARDER_ENVELOPE_OK);
    int64_t left_ms = head.fresh_ms - pantry_now_ms(pantry);
    assert_in_range(left_ms, TTL_MS - FAR_MS, TTL_MS);
    assert_int_equal(head.token, 0);
    assert_status(larder_stub_expire(pantry->cache, &stale_entity, &key, 5000), LARDER_OK);
    assert_status(larder_stub_ttl(pantry->cache, &stale_entity, &key, &ms), LARDER_OK);
    assert_in_range(ms, ERROR_MS, ERROR_MS + 5000);
}

/* The last fifth of the lifetime, of which the writer put the length down. */
static void a_share_is_put_down_with_the_value(void **state)
{
    const struct pantry *pantry = *state;
    struct larder_key key = pantry_key(pantry, &ahead_entity, 1);
    struct larder_look look = {.cache = pantry->cache,
                               .entity = &ahead_entity,
                               .key = &key,
                               .fingerprint =
                                   larder_fingerprint_of(pantry->cache, &ahead_entity, &key)};
    struct larder_sight sight;
    struct larder_envelope_head head;
    assert_status(pantry_store(pantry, &ahead_entity, 1, LARDER_SET_ALWAYS), LARDER_OK);
    assert_status(larder_look(&look, INT64_MAX, &sight), LARDER_OK);
    assert_int_equal(sight.kind, LARDER_SIGHT_FRESH);
    assert_false(sight.early);
    larder_value_release(sight.value);
    larder_envelope_read_head(sight.seen, sight.seen_len, look.fingerprint, 1, &head);
    assert_int_equal(head.cost_ms, TTL_MS / 5);
    head.fresh_ms = pantry_now_ms(pantry) + TTL_MS / 10;
    pantry_put(pantry, &ahead_entity, 1, &head, "old");
    assert_status(larder_look(&look, INT64_MAX, &sight), LARDER_OK);
    assert_true(sight.early);
    larder_value_release(sight.value);
}

static int64_t ttl_of(const struct pantry *pantry, const struct larder_entity *entity)
{
    struct larder_key key = pantry_key(pantry, entity, 1);
    int64_t ms;
    assert_status(larder_stub_ttl(pantry->cache, entity, &key, &ms), LARDER_OK);
    return ms;
}

static void reads_renew_what_slides(void **state)
{
    const struct pantry *pantry = *state;
    const struct larder_entity *entities[] = {&sliding_entity, &renewed_entity};
    for (size_t i = 0; i < 2; i++) {
        struct larder_key key = pantry_key(pantry, entities[i], 1);
        const struct tea tea = {.id = 1, .name = "assam"};
        assert_status(
            larder_stub_set(pantry->cache, entities[i], &key, &tea, LARDER_SET_ALWAYS, FAR_MS),
            LARDER_OK);
        assert_in_range(ttl_of(pantry, entities[i]), 1, FAR_MS); /* which renews nothing */
        assert_in_range(ttl_of(pantry, entities[i]), 1, FAR_MS);
        assert_reads(pantry, entities[i], 1, LARDER_OK);
        assert_in_range(ttl_of(pantry, entities[i]), TTL_MS - FAR_MS, TTL_MS);
        assert_status(larder_stub_expire(pantry->cache, entities[i], &key, 3 * FAR_MS), LARDER_OK);
        assert_in_range(ttl_of(pantry, entities[i]), 2 * FAR_MS, 3 * FAR_MS);
    }
}

static void what_slides_ends_at_its_greatest_age(void **state)
{
    const struct pantry *pantry = *state;
    pantry_put_timed(pantry, &sliding_entity, 1, FAR_MS);
    pantry_put_timed(pantry, &sliding_entity, 2, -1);
    assert_reads(pantry, &sliding_entity, 1, LARDER_OK);
    assert_reads(pantry, &sliding_entity, 2, LARDER_MISS);
}

static void a_mark_is_not_renewed(void **state)
{
    struct pantry *pantry = *state;
    char reply[32];
    pantry_put_mark(pantry, &renewed_entity, 1);
    assert_reads(pantry, &renewed_entity, 1, LARDER_ABSENT);
    if (pantry_server.port == 0) {
        fake_clock_advance_ms(&pantry->shelf.clock, RAW_TTL_MS - 1);
        assert_reads(pantry, &renewed_entity, 1, LARDER_ABSENT);
        fake_clock_advance_ms(&pantry->shelf.clock, 1);
        assert_reads(pantry, &renewed_entity, 1, LARDER_MISS);
    } else {
        assert_true(
            redis_server_say(&pantry_server, NULL, "PTTL p:renewed:1", reply, sizeof reply));
        assert_in_range(strtol(reply + 1, NULL, 10), TTL_MS + FAR_MS, RAW_TTL_MS);
    }
    pantry_put(pantry, &renewed_entity, 1, NULL, "a value");
    assert_reads(pantry, &renewed_entity, 1, LARDER_OK);
    assert_in_range(ttl_of(pantry, &renewed_entity), 1, TTL_MS);
}

/* ------------------------------------------------------------- claims and marks */

static void to_all_calls_a_claim_is_not_there(void **state)
{
    const struct pantry *pantry = *state;
    const struct larder_entity *entities[] = {&bare_entity, &page_entity, &goods_entity,
                                              &stale_entity, &all_entity};
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
        const struct larder_entity *entity = entities[i];
        struct larder_key key = pantry_key(pantry, entity, 1);
        pantry_put_claim(pantry, entity, 1, FAR_MS);
        assert_reads(pantry, entity, 1, LARDER_MISS);
        assert_status(larder_stub_expire(pantry->cache, entity, &key, 5), LARDER_MISS);
        assert_status(pantry_store(pantry, entity, 1, LARDER_SET_REPLACE), LARDER_MISS);
        assert_reads(pantry, entity, 1, LARDER_MISS);
        assert_status(pantry_store(pantry, entity, 1, LARDER_SET_ADD), LARDER_OK);
        assert_reads(pantry, entity, 1, LARDER_OK);
        assert_status(pantry_store(pantry, entity, 1, LARDER_SET_ADD), LARDER_DENIED);
        pantry_put_claim(pantry, entity, 1, FAR_MS);
        assert_status(larder_stub_delete(pantry->cache, entity, &key), LARDER_MISS);
        assert_int_equal(shelf_stats(&pantry->shelf, entity).decode_errors, 0);
    }
}

static void a_mark_is_told_from_nothing_by_reads_only(void **state)
{
    const struct pantry *pantry = *state;
    const struct larder_entity *entities[] = {&bare_entity, &stale_entity};
    for (size_t i = 0; i < 2; i++) {
        const struct larder_entity *entity = entities[i];
        struct larder_key key = pantry_key(pantry, entity, 1);
        pantry_put_mark(pantry, entity, 1);
        assert_reads(pantry, entity, 1, LARDER_ABSENT);
        assert_int_equal(shelf_stats(&pantry->shelf, entity).absent, 3);
        assert_int_equal(shelf_stats(&pantry->shelf, entity).misses, 0);
        assert_status(larder_stub_expire(pantry->cache, entity, &key, 5), LARDER_MISS);
        assert_status(pantry_store(pantry, entity, 1, LARDER_SET_REPLACE), LARDER_MISS);
        assert_status(pantry_store(pantry, entity, 1, LARDER_SET_ADD), LARDER_OK);
        assert_reads(pantry, entity, 1, LARDER_OK);
    }
}

static void a_mark_is_invalidated_as_a_value_is(void **state)
{
    const struct pantry *pantry = *state;
    struct larder_envelope_head mark = {.meta = LARDER_META_PLAIN | LARDER_META_EMPTY};
    pantry_put(pantry, &page_entity, 1, &mark, NULL);
    assert_reads(pantry, &page_entity, 1, LARDER_MISS); /* of before there were versions */
    assert_status(pantry_store(pantry, &page_entity, 2, LARDER_SET_ALWAYS), LARDER_OK);
    struct larder_key key = pantry_key(pantry, &page_entity, 2);
    const struct larder_look look = {
        .cache = pantry->cache, .entity = &page_entity, .key = &key, .capture = true};
    struct larder_sight sight;
    assert_status(larder_look(&look, INT64_MAX, &sight), LARDER_OK);
    larder_value_release(sight.value);
    mark.meta |= LARDER_META_VERSIONED;
    mark.as_of = sight.as_of;
    pantry_put(pantry, &page_entity, 2, &mark, NULL);
    assert_reads(pantry, &page_entity, 2, LARDER_ABSENT);
    pantry_bump(pantry, larder_version_of_entity(&pantry->cache->versions, "page"));
    assert_reads(pantry, &page_entity, 2, LARDER_MISS);
}

/* --------------------------------------------------- of what other policies stored */

static void any_form_is_read_whatever_is_written(void **state)
{
    struct pantry *pantry = *state;
    struct larder_key key = pantry_key(pantry, &bare_entity, 1);
    const void *value;
    pantry_put_timed(pantry, &bare_entity, 1, FAR_MS);
    pantry_put_timed(pantry, &bare_entity, 2, -1);
    assert_reads(pantry, &bare_entity, 1, LARDER_OK);
    assert_reads(pantry, &bare_entity, 2, LARDER_MISS);
    struct larder_envelope_head head = {.meta = LARDER_META_PLAIN | LARDER_META_VERSIONED,
                                        .as_of = 5,
                                        .tag_count = 1,
                                        .tags = {brand_id(pantry, "assam")}};
    pantry_put(pantry, &bare_entity, 3, &head, "tagged");
    assert_reads(pantry, &bare_entity, 3, LARDER_MISS); /* its tag has no version */
    head.tag_count = 0;
    pantry_put(pantry, &bare_entity, 3, &head, "untagged");
    assert_reads(pantry, &bare_entity, 3, LARDER_OK);
    pantry->counting.trips = 0; /* and by now it is known */
    assert_status(larder_stub_get(pantry->cache, &bare_entity, &key, &value), LARDER_OK);
    larder_value_release(value);
    assert_int_equal(pantry->counting.trips, 1);
}

static void get_many_meets_forms_that_it_did_not_expect(void **state)
{
    const struct pantry *pantry = *state;
    enum { COUNT = 9 };
    struct {
        const struct larder_entity *entity;
        uint64_t id;
    } rows[COUNT];
    static const enum larder_status wanted[COUNT] = {LARDER_OK,   LARDER_MISS,   LARDER_OK,
                                                     LARDER_OK,   LARDER_ABSENT, LARDER_MISS,
                                                     LARDER_MISS, LARDER_MISS,   LARDER_OK};
    const void *values[COUNT];
    enum larder_status each[COUNT];
    for (uint64_t i = 0; i < COUNT; i++) {
        rows[i].entity = &bare_entity;
        rows[i].id = i;
    }
    pantry_put(pantry, &bare_entity, 0, NULL, "plain");
    pantry_put_timed(pantry, &bare_entity, 2, FAR_MS);
    pantry_put(pantry, &bare_entity, 3, NULL, "plain");
    pantry_put_mark(pantry, &bare_entity, 4);
    pantry_put_claim(pantry, &bare_entity, 5, FAR_MS);
    pantry_put_timed(pantry, &bare_entity, 6, -FAR_MS);
    struct larder_key key = pantry_key(pantry, &bare_entity, 7);
    pantry_put_bytes(pantry, &key, (const uint8_t *)"garbage", 7);
    pantry_put_timed(pantry, &bare_entity, 8, FAR_MS);
    for (int round = 0; round < 2; round++) {
        assert_status(larder_stub_get_many(pantry->cache, &bare_entity, pantry_build, rows, COUNT,
                                           values, each),
                      LARDER_OK);
        for (size_t i = 0; i < COUNT; i++) {
            if (each[i] != wanted[i]) {
                fail_msg("round %d, %zu: %s", round, i, larder_status_name(each[i]));
            }
            assert_int_equal(values[i] != NULL, wanted[i] == LARDER_OK);
            if (values[i] != NULL) {
                assert_int_equal(((const struct tea *)values[i])->id, i);
            }
            larder_value_release(values[i]);
        }
    }
    assert_int_equal(shelf_stats(&pantry->shelf, &bare_entity).hits, 8);
    assert_int_equal(shelf_stats(&pantry->shelf, &bare_entity).misses, 8);
    assert_int_equal(shelf_stats(&pantry->shelf, &bare_entity).absent, 2);
    assert_int_equal(shelf_stats(&pantry->shelf, &bare_entity).decode_errors, 2);
}

/* ------------------------------------------------------------------------ many */

static void many_are_stored_and_read_with_their_versions(void **state)
{
    struct pantry *pantry = *state;
    enum { COUNT = 500 };
    static struct {
        const struct larder_entity *entity;
        uint64_t id;
    } rows[COUNT];
    static struct tea teas[COUNT];
    static char names[COUNT][16];
    static const void *values[COUNT];
    static enum larder_status each[COUNT];
    for (uint64_t i = 0; i < COUNT; i++) {
        rows[i].entity = &all_entity;
        rows[i].id = i;
        snprintf(names[i], sizeof names[i], "brand%u", (unsigned)(i % 50));
        teas[i] = (struct tea){.id = i, .name = names[i], .grams = 7};
    }
    assert_status(
        larder_stub_set_many(pantry->cache, &all_entity, pantry_build, rows, COUNT, teas, each),
        LARDER_OK);
    pantry_bump(pantry, brand_id(pantry, "brand3"));
    for (int round = 0; round < 2; round++) {
        pantry->counting.trips = 0;
        assert_status(larder_stub_get_many(pantry->cache, &all_entity, pantry_build, rows, COUNT,
                                           values, each),
                      LARDER_OK);
        assert_int_equal(pantry->counting.trips, round == 0 ? 2 : 1); /* tags are guessed then */
        for (size_t i = 0; i < COUNT; i++) {
            assert_int_equal(each[i], i % 50 == 3 ? LARDER_MISS : LARDER_OK);
            assert_true(values[i] == NULL || ((const struct tea *)values[i])->id == i);
            larder_value_release(values[i]);
        }
    }
    pantry_bump(pantry, larder_version_of_entity(&pantry->cache->versions, "all"));
    assert_status(
        larder_stub_get_many(pantry->cache, &all_entity, pantry_build, rows, COUNT, values, each),
        LARDER_OK);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(each[i], LARDER_MISS);
        assert_null(values[i]);
    }
}

static void compressed_values_have_heads_too(void **state)
{
    const struct pantry *pantry = *state;
    char name[1001] = ""; /* and a tag of it */
    memset(name, 'x', sizeof name - 1);
    const struct tea tea = {.id = 1, .name = name, .grams = 7};
    struct larder_key key = pantry_key(pantry, &all_entity, 1);
    const void *value;
    assert_status(larder_stub_set(pantry->cache, &all_entity, &key, &tea, LARDER_SET_ALWAYS, 0),
                  LARDER_OK);
    assert_in_range(shelf_stats(&pantry->shelf, &all_entity).written_bytes, 1, 500);
    assert_status(larder_stub_get(pantry->cache, &all_entity, &key, &value), LARDER_OK);
    assert_string_equal(((const struct tea *)value)->name, name);
    larder_value_release(value);
    assert_reads(pantry, &all_entity, 1, LARDER_OK);
    pantry_bump(pantry, larder_version_of_entity(&pantry->cache->versions, "all"));
    assert_reads(pantry, &all_entity, 1, LARDER_MISS);
}

static void a_tag_that_cannot_be_spelt_stores_nothing(void **state)
{
    const struct pantry *pantry = *state;
    char name[2001] = "";
    memset(name, 'x', sizeof name - 1);
    const struct tea tea = {.id = 1, .name = name, .grams = 7};
    struct larder_key key = pantry_key(pantry, &goods_entity, 1);
    assert_status(larder_stub_set(pantry->cache, &goods_entity, &key, &tea, LARDER_SET_ALWAYS, 0),
                  LARDER_E_ARG);
    assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
    assert_reads(pantry, &goods_entity, 1, LARDER_MISS);
}

static void looking_without_memory_loses_nothing(void **state)
{
    struct pantry *pantry = *state;
    enum { COUNT = 40 };
    struct {
        const struct larder_entity *entity;
        uint64_t id;
    } rows[COUNT];
    struct tea teas[COUNT];
    const void *values[COUNT];
    enum larder_status each[COUNT];
    char names[COUNT][16];
    for (uint64_t i = 0; i < COUNT; i++) {
        rows[i].entity = &all_entity;
        rows[i].id = i;
        snprintf(names[i], sizeof names[i], "brand%u", (unsigned)i);
        teas[i] = (struct tea){.id = i, .name = names[i], .grams = 7};
    }
    assert_status(
        larder_stub_set_many(pantry->cache, &all_entity, pantry_build, rows, COUNT, teas, each),
        LARDER_OK);
    size_t live = pantry->shelf.memory.live_blocks;
    for (size_t nth = 1; nth < 60; nth++) {
        pantry->shelf.memory.calls = 0;
        pantry->shelf.memory.fail_at = nth;
        enum larder_status status = larder_stub_get_many(pantry->cache, &all_entity, pantry_build,
                                                         rows, COUNT, values, each);
        pantry->shelf.memory.fail_at = 0;
        assert_true(status == LARDER_OK || status == LARDER_E_NOMEM);
        for (size_t i = 0; i < COUNT; i++) {
            assert_int_equal(values[i] != NULL, each[i] == LARDER_OK);
            assert_true(each[i] == LARDER_OK || each[i] == LARDER_E_NOMEM);
            larder_value_release(values[i]);
        }
        if (pantry_server.port == 0) {
            assert_int_equal(pantry->shelf.memory.live_blocks, live);
        }
    }
}

/* ------------------------------------------------------------- looks that claim */

static struct larder_sight look(const struct pantry *pantry, const struct larder_entity *entity,
                                enum larder_look_how how, uint64_t token,
                                const struct larder_sight *before)
{
    struct larder_key key = pantry_key(pantry, entity, 1);
    const struct larder_look asked = {.cache = pantry->cache,
                                      .entity = entity,
                                      .key = &key,
                                      .fingerprint =
                                          larder_fingerprint_of(pantry->cache, entity, &key),
                                      .how = how,
                                      .token = token,
                                      .lease_ms = FAR_MS,
                                      .capture = true,
                                      .before = before};
    struct larder_sight sight;
    assert_status(larder_look(&asked, INT64_MAX, &sight), LARDER_OK);
    return sight;
}

static void one_look_claims_and_the_next_one_sees_it(void **state)
{
    const struct pantry *pantry = *state;
    struct larder_sight first = look(pantry, &page_entity, LARDER_LOOK_CLAIM, 77, NULL);
    assert_true(first.won);
    assert_false(first.claimed);
    assert_int_equal(first.kind, LARDER_SIGHT_NOTHING);
    assert_int_not_equal(first.as_of, 0);
    struct larder_sight second = look(pantry, &page_entity, LARDER_LOOK_CLAIM, 78, NULL);
    assert_false(second.won);
    assert_true(second.claimed);
    assert_int_equal(second.kind, LARDER_SIGHT_CLAIMED);
    assert_int_equal(second.as_of, first.as_of);
    struct larder_sight again = look(pantry, &page_entity, LARDER_LOOK_CLAIM, 77, NULL);
    assert_true(again.won); /* it is ours already */
    assert_int_equal(look(pantry, &page_entity, LARDER_LOOK_READ, 0, NULL).kind,
                     LARDER_SIGHT_CLAIMED);
}

static void the_clock_is_captured_as_it_is(void **state)
{
    const struct pantry *pantry = *state;
    struct larder_sight before = look(pantry, &page_entity, LARDER_LOOK_READ, 0, NULL);
    pantry_bump(pantry, 7);
    struct larder_sight after = look(pantry, &page_entity, LARDER_LOOK_READ, 0, NULL);
    assert_int_equal(after.as_of, before.as_of + 1);
    assert_int_equal(look(pantry, &bare_entity, LARDER_LOOK_READ, 0, NULL).as_of, 0);
}

static void a_stale_value_is_taken_and_stays(void **state)
{
    const struct pantry *pantry = *state;
    pantry_put_timed(pantry, &stale_entity, 1, -FAR_MS);
    struct larder_sight before = look(pantry, &stale_entity, LARDER_LOOK_READ, 0, NULL);
    assert_int_equal(before.kind, LARDER_SIGHT_STALE);
    assert_false(before.claimed);
    struct larder_sight taken = look(pantry, &stale_entity, LARDER_LOOK_TAKE_KEEP, 77, &before);
    assert_true(taken.won);
    larder_value_release(taken.value);
    struct larder_sight other = look(pantry, &stale_entity, LARDER_LOOK_READ, 0, NULL);
    assert_int_equal(other.kind, LARDER_SIGHT_STALE);
    assert_true(other.claimed);
    struct larder_sight late = look(pantry, &stale_entity, LARDER_LOOK_TAKE_KEEP, 78, &before);
    assert_false(late.won);
    assert_true(late.claimed);
    larder_value_release(late.value);
    larder_value_release(other.value);
    larder_value_release(before.value);
}

static void what_is_of_no_use_is_taken_over(void **state)
{
    const struct pantry *pantry = *state;
    struct larder_key key = pantry_key(pantry, &page_entity, 1);
    pantry_put_bytes(pantry, &key, (const uint8_t *)"garbage", 7);
    struct larder_sight before = look(pantry, &page_entity, LARDER_LOOK_CLAIM, 77, NULL);
    assert_false(before.won);
    assert_int_equal(before.kind, LARDER_SIGHT_NOTHING);
    assert_int_equal(before.seen_total, 7);
    struct larder_sight taken = look(pantry, &page_entity, LARDER_LOOK_TAKE, 77, &before);
    assert_true(taken.won);
    assert_int_equal(look(pantry, &page_entity, LARDER_LOOK_READ, 0, NULL).kind,
                     LARDER_SIGHT_CLAIMED);
}

static void a_claim_that_has_ended_is_no_claim(void **state)
{
    const struct pantry *pantry = *state;
    pantry_put_claim(pantry, &stale_entity, 1, -1);
    struct larder_sight before = look(pantry, &stale_entity, LARDER_LOOK_READ, 0, NULL);
    assert_int_equal(before.kind, LARDER_SIGHT_NOTHING);
    assert_true(look(pantry, &stale_entity, LARDER_LOOK_TAKE, 77, &before).won);
}

/* -------------------------------------------------------------------- tables */

/* Of a service of before there were policies nobody looks at what an entity has behind them. */
static void tables_of_older_stubs_have_no_policies(void **state)
{
    static struct pantry old;
    static struct larder_entity entity;
    static const struct larder_entity *entities[1];
    struct larder_service service = pantry_service;
    (void)state;
    entity = all_entity;
    entity.index = 0;
    entity.policy = (const struct larder_policy *)(uintptr_t)1;
    entity.group_count = 99;
    entities[0] = &entity;
    service.stub_version = 3;
    service.entities = entities;
    service.entity_count = 1;
    memset(&old, 0, sizeof old);
    assert_int_equal(pantry_open(&old, &service), 0);
    assert_false(larder_sight_is_needed(old.cache, &entity));
    assert_status(pantry_store(&old, &entity, 1, LARDER_SET_ALWAYS), LARDER_OK);
    assert_reads(&old, &entity, 1, LARDER_OK);
    larder_stub_close(old.cache);
    assert_int_equal(old.shelf.memory.live_blocks, 0);
}

static void a_service_with_more_groups_than_a_key_has_marks_is_refused(void **state)
{
    static struct pantry pantry;
    static struct larder_entity entity;
    static const struct larder_entity *entities[1];
    struct larder_service service = pantry_service;
    (void)state;
    entity = page_entity;
    entity.index = 0;
    entity.group_count = LARDER_GROUPS_MAX + 1;
    entities[0] = &entity;
    service.entities = entities;
    service.entity_count = 1;
    assert_int_equal(pantry_open(&pantry, &service), -1);
}

#define ALL_TESTS                                                                              \
    PANTRY_TEST(an_entity_s_version_reaches_all_of_it),                                        \
        PANTRY_TEST(a_group_s_version_reaches_its_keys_only),                                  \
        PANTRY_TEST(a_tag_s_version_reaches_what_carries_it),                                  \
        PANTRY_TEST(a_version_that_was_evicted_is_a_miss),                                     \
        PANTRY_TEST(a_clock_that_was_evicted_makes_nothing_old_good),                          \
        PANTRY_TEST(what_was_stored_before_there_were_versions_is_a_miss),                     \
        PANTRY_TEST(a_guess_that_was_right_saves_a_trip),                                      \
        PANTRY_TEST(versions_of_a_key_come_in_its_trip),                                       \
        PANTRY_TEST(values_go_from_fresh_to_stale_to_nothing),                                 \
        PANTRY_TEST(what_was_stored_before_there_were_windows_is_fresh),                       \
        PANTRY_TEST(a_set_says_when_it_ends_and_stays_longer),                                 \
        PANTRY_TEST(a_share_is_put_down_with_the_value), PANTRY_TEST(reads_renew_what_slides), \
        PANTRY_TEST(what_slides_ends_at_its_greatest_age), PANTRY_TEST(a_mark_is_not_renewed), \
        PANTRY_TEST(to_all_calls_a_claim_is_not_there),                                        \
        PANTRY_TEST(a_mark_is_told_from_nothing_by_reads_only),                                \
        PANTRY_TEST(a_mark_is_invalidated_as_a_value_is),                                      \
        PANTRY_TEST(any_form_is_read_whatever_is_written),                                     \
        PANTRY_TEST(get_many_meets_forms_that_it_did_not_expect),                              \
        PANTRY_TEST(many_are_stored_and_read_with_their_versions),                             \
        PANTRY_TEST(compressed_values_have_heads_too),                                         \
        PANTRY_TEST(a_tag_that_cannot_be_spelt_stores_nothing),                                \
        PANTRY_TEST(looking_without_memory_loses_nothing),                                     \
        PANTRY_TEST(one_look_claims_and_the_next_one_sees_it),                                 \
        PANTRY_TEST(the_clock_is_captured_as_it_is),                                           \
        PANTRY_TEST(a_stale_value_is_taken_and_stays),                                         \
        PANTRY_TEST(what_is_of_no_use_is_taken_over),                                          \
        PANTRY_TEST(a_claim_that_has_ended_is_no_claim),                                       \
        cmocka_unit_test(tables_of_older_stubs_have_no_policies),                              \
        cmocka_unit_test(a_service_with_more_groups_than_a_key_has_marks_is_refused)

int main(void)
{
    const struct CMUnitTest in_memory[] = {ALL_TESTS};
    const struct CMUnitTest on_a_server[] = {ALL_TESTS};
    int failed = cmocka_run_group_tests_name("memory", in_memory, NULL, NULL);
    if (!redis_server_start(&pantry_server, REDIS_SERVER_TCP, NULL)) {
        return failed != 0 ? failed : 77;
    }
    failed += cmocka_run_group_tests_name("redis", on_a_server, NULL, NULL);
    redis_server_stop(&pantry_server);
    return failed;
}
