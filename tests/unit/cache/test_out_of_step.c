/* SPDX-License-Identifier: MIT */
/* A value of another key: replies out of step, or really stored there. */
#include "shelf.h"

#include <time.h>

#include "backend/backend.h"
#include "cache/handle.h"
#include "support/faultproxy.h"
#include "support/redis_server.h"

enum { READS = 200, PATIENT_MS = 5000 };

/* A cache that reaches its server through a proxy. */
struct line {
    struct redis_server server;
    struct faultproxy *proxy;
    struct shelf shelf;
};

static int line_setup(void **state)
{
    static struct line line;
    memset(&line, 0, sizeof line);
    if (!redis_server_start(&line.server, REDIS_SERVER_TCP, NULL)) {
        return -1;
    }
    line.proxy = faultproxy_start(line.server.port, 1);
    shelf_init(&line.shelf);
    line.shelf.config.backend = "redis";
    line.shelf.config.host = "127.0.0.1";
    line.shelf.config.port = faultproxy_port(line.proxy);
    line.shelf.config.clock = NULL;
    line.shelf.config.timeout_ms = PATIENT_MS;
    *state = &line;
    return larder_stub_open(&shelf_service, &line.shelf.config, &line.shelf.cache);
}

static int line_teardown(void **state)
{
    struct line *line = *state;
    larder_stub_close(line->shelf.cache);
    faultproxy_stop(line->proxy);
    redis_server_stop(&line->server);
    return line->shelf.memory.live_blocks == 0 ? 0 : -1;
}

#define LINE_TEST(function) cmocka_unit_test_setup_teardown(function, line_setup, line_teardown)

static uint64_t connections(const struct line *line)
{
    struct faultproxy_counts counts;
    faultproxy_counts(line->proxy, &counts);
    return counts.connections;
}

static void fill(const struct line *line)
{
    for (uint64_t id = 0; id < READS; id++) {
        assert_status(shelf_set(&line->shelf, &tea_entity, id, "tea"), LARDER_OK);
    }
}

static enum larder_status read_one(const struct line *line, uint64_t id)
{
    const struct tea *tea;
    enum larder_status status = shelf_get(&line->shelf, &tea_entity, id, &tea);
    assert_true(tea == NULL || tea->id == id);
    larder_value_release(tea);
    return status;
}

static void a_reply_that_is_anothers_costs_its_connection_and_no_read(void **state)
{
    struct line *line = *state;
    fill(line);
    for (uint64_t id = 1; id < 20; id++) {
        /* Each is met at once: the read after it showed that the last one was right to go. */
        uint64_t before = connections(line);
        assert_status(read_one(line, id - 1), LARDER_OK);
        faultproxy_rule(line->proxy, FAULTPROXY_TO_CLIENT,
                        &(struct faultproxy_rule){.replay_frame = 1, .once = true});
        assert_status(read_one(line, id), LARDER_OK);
        assert_int_equal(connections(line), before + 1);
    }
    assert_non_null(strstr(line->shelf.log_text, "found a value of another key"));
}

static const struct larder_entity *build(struct larder_key *key, const void *keys, size_t i)
{
    larder_key_literal(key, "tea:", 4);
    larder_key_u64(key, ((const uint64_t *)keys)[i]);
    return &tea_entity;
}

static void many_that_are_anothers_are_read_again(void **state)
{
    struct line *line = *state;
    fill(line);
    for (uint64_t id = 0; id < 30; id += 3) {
        const uint64_t ids[] = {id, id + 1, id + 2};
        const struct tea *teas[3];
        enum larder_status each[3];
        if (id == 15) {
            faultproxy_rule(line->proxy, FAULTPROXY_TO_CLIENT,
                            &(struct faultproxy_rule){.replay_frame = 1, .once = true});
        }
        assert_status(
            larder_stub_get_many(line->shelf.cache, &tea_entity, build, ids, 3, teas, each),
            LARDER_OK);
        for (size_t i = 0; i < 3; i++) {
            assert_non_null(teas[i]);
            assert_int_equal(teas[i]->id, ids[i]);
            larder_value_release(teas[i]);
        }
    }
}

/* Before, every later read on that connection was a miss. */
static void a_late_duplicate_makes_nothing_a_miss(void **state)
{
    struct line *line = *state;
    int failed = 0;
    fill(line);
    assert_status(read_one(line, 0), LARDER_OK);
    faultproxy_rule(
        line->proxy, FAULTPROXY_TO_CLIENT,
        &(struct faultproxy_rule){.duplicate_frame = 1, .duplicate_ms = 1, .once = true});
    for (uint64_t id = 0; id < READS; id++) {
        enum larder_status status = read_one(line, id);
        /* Two replies at once to one command are a failure of the protocol. */
        assert_true(status == LARDER_OK || status == LARDER_E_PROTOCOL);
        failed += status != LARDER_OK;
    }
    assert_in_range(failed, 0, 1);
}

static int64_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static void a_poisoned_key_is_a_miss_that_costs_a_connection_a_second(void **state)
{
    struct line *line = *state;
    char reply[64];
    fill(line);
    assert_true(
        redis_server_say(&line->server, NULL, "COPY tea:1 tea:2 REPLACE", reply, sizeof reply));
    assert_string_equal(reply, ":1");
    uint64_t before = connections(line);
    int64_t start_s = now_s();
    for (uint64_t i = 0; i < 2000; i++) {
        assert_status(read_one(line, 2), LARDER_MISS);
        assert_status(read_one(line, 3), LARDER_OK);
    }
    uint64_t closed = connections(line) - before;
    assert_in_range(closed, 1, 2 + (uint64_t)(now_s() - start_s));
    assert_int_equal(shelf_stats(&line->shelf, &tea_entity).misses, 2000);
    assert_true(shelf_stats(&line->shelf, &tea_entity).decode_errors >= 2000);
}

/* ------------------------------------------------------- two sights of a value */

/* Shows the value, and answers then that there is none: as a second reply may. */
struct undecided {
    struct larder_backend base;
    struct larder_backend *real;
};

static void undecided_run(struct larder_backend *backend, struct larder_op *ops, size_t count,
                          int64_t deadline_ns)
{
    struct larder_backend *real = ((struct undecided *)backend)->real;
    real->table->run(real, ops, count, deadline_ns);
    assert_int_equal(ops[0].status, LARDER_OK);
    larder_op_answer(&ops[0], LARDER_MISS);
}

static void what_is_gone_at_the_second_look_is_a_miss(void **state)
{
    static const struct larder_backend_table table = {.name = "undecided", .run = undecided_run};
    struct shelf *shelf = *state;
    struct undecided undecided = {{&table}, shelf->cache->backend};
    const struct tea *tea;
    assert_status(shelf_set(shelf, &tea_entity, 1, "tea"), LARDER_OK);
    shelf->cache->backend = &undecided.base;
    enum larder_status status = shelf_get(shelf, &tea_entity, 1, &tea);
    shelf->cache->backend = undecided.real;
    assert_status(status, LARDER_MISS);
    assert_null(tea);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINE_TEST(a_reply_that_is_anothers_costs_its_connection_and_no_read),
        LINE_TEST(many_that_are_anothers_are_read_again),
        LINE_TEST(a_late_duplicate_makes_nothing_a_miss),
        LINE_TEST(a_poisoned_key_is_a_miss_that_costs_a_connection_a_second),
        SHELF_TEST(what_is_gone_at_the_second_look_is_a_miss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
