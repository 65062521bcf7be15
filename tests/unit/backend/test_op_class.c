/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "backend/redis_batch.h"
#include "base/clock.h"

static void reads_and_writes_that_win_may_be_made_again_and_add_may_not(void **state)
{
    (void)state;
    for (int kind = LARDER_OP_GET; kind <= LARDER_OP_TIME; kind++) {
        bool repeats = larder_class_repeats(larder_op_class((enum larder_op_kind)kind));
        assert_true(repeats == (kind != LARDER_OP_ADD));
    }
    assert_true(larder_class_repeats(LARDER_CLASS_CHECKED));
    assert_false(larder_class_repeats(LARDER_CLASS_ACCUMULATING));
}

static void what_changes_nothing_is_a_read(void **state)
{
    (void)state;
    assert_int_equal(larder_op_class(LARDER_OP_GET), LARDER_CLASS_READ);
    assert_int_equal(larder_op_class(LARDER_OP_EXISTS), LARDER_CLASS_READ);
    assert_int_equal(larder_op_class(LARDER_OP_TTL), LARDER_CLASS_READ);
    assert_int_equal(larder_op_class(LARDER_OP_RENEW), LARDER_CLASS_READ);
    assert_int_equal(larder_op_class(LARDER_OP_HEAD), LARDER_CLASS_READ);
    assert_int_equal(larder_op_class(LARDER_OP_TIME), LARDER_CLASS_READ);
    assert_int_equal(larder_op_class(LARDER_OP_CLAIM), LARDER_CLASS_CHECKED);
    assert_int_equal(larder_op_class(LARDER_OP_FILL), LARDER_CLASS_CHECKED);
    assert_int_equal(larder_op_class(LARDER_OP_BUMP), LARDER_CLASS_LAST_WINS);
    assert_int_equal(larder_op_class(LARDER_OP_DELETE), LARDER_CLASS_LAST_WINS);
    assert_int_equal(larder_op_class(LARDER_OP_EXPIRE), LARDER_CLASS_LAST_WINS);
}

static uint64_t lanes_of(struct larder_op *ops, size_t count, uint64_t *ret_lane)
{
    struct larder_step_watch watch = {.clock = &larder_clock_system};
    struct larder_batch batch;
    larder_batch_init(&batch, ops, count, &watch, false);
    *ret_lane = batch.base.lane;
    return batch.base.lanes;
}

static void a_batch_has_the_lanes_of_all_keys_that_it_writes(void **state)
{
    (void)state;
    static const struct {
        enum larder_op_kind kind;
        const char *key;
    } rows[] = {{LARDER_OP_GET, "read"},   {LARDER_OP_SET, "p:1"},      {LARDER_OP_DELETE, "p:2"},
                {LARDER_OP_EXPIRE, "p:3"}, {LARDER_OP_EXISTS, "asked"}, {LARDER_OP_SET, "p:4"}};
    enum { COUNT = sizeof rows / sizeof *rows };
    struct larder_op ops[COUNT];
    uint64_t lane, first = 0, all = 0;
    for (size_t i = 0; i < COUNT; i++) {
        ops[i] = (struct larder_op){
            .kind = rows[i].kind, .key = rows[i].key, .key_len = strlen(rows[i].key)};
        uint64_t its = lanes_of(&ops[i], 1, &lane);
        bool writes = rows[i].kind != LARDER_OP_GET && rows[i].kind != LARDER_OP_EXISTS;
        assert_true(its == lane); /* of one key */
        assert_int_equal(__builtin_popcountll(its), writes);
        first = first != 0 ? first : its;
        all |= its;
    }
    assert_in_range(__builtin_popcountll(all), 2, 4); /* two keys may have one lane; not all */
    assert_true(lanes_of(ops, COUNT, &lane) == all);
    assert_true(lane == first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_that_win_may_be_made_again_and_add_may_not),
        cmocka_unit_test(what_changes_nothing_is_a_read),
        cmocka_unit_test(a_batch_has_the_lanes_of_all_keys_that_it_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
