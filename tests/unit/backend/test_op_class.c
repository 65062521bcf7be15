/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/backend.h"

static void reads_and_writes_that_win_may_be_made_again_and_add_may_not(void **state)
{
    (void)state;
    for (int kind = LARDER_OP_GET; kind <= LARDER_OP_SCAN; kind++) {
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
    assert_int_equal(larder_op_class(LARDER_OP_DELETE), LARDER_CLASS_LAST_WINS);
    assert_int_equal(larder_op_class(LARDER_OP_EXPIRE), LARDER_CLASS_LAST_WINS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_that_win_may_be_made_again_and_add_may_not),
        cmocka_unit_test(what_changes_nothing_is_a_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
