/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include <larder/stub.h>

static char seen[2048];
static enum larder_log_level seen_level;

static void keep(void *user, enum larder_log_level level, const char *text)
{
    assert_ptr_equal(user, seen);
    seen_level = level;
    snprintf(seen, sizeof seen, "%s", text);
}

static const struct larder_log log_to_seen = {keep, seen};

static void test_a_line_arrives_with_its_level(void **state)
{
    (void)state;
    larder_log_line(&log_to_seen, LARDER_LOG_WARNING, "%s: %d", "product", 7);
    assert_string_equal(seen, "product: 7");
    assert_int_equal(seen_level, LARDER_LOG_WARNING);
    larder_log_line(NULL, LARDER_LOG_ERROR, "dropped");
    assert_string_equal(seen, "product: 7");
}

static void test_control_characters_do_not_reach_a_terminal(void **state)
{
    (void)state;
    larder_log_line(&log_to_seen, LARDER_LOG_INFO, "a\nb\033[31m\x7f%s", "caf\xc3\xa9");
    assert_string_equal(seen, "a?b?[31m?caf\xc3\xa9");
}

static void test_a_line_is_cut_between_characters(void **state)
{
    (void)state;
    char text[1024];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    larder_log_line(&log_to_seen, LARDER_LOG_INFO, "%s", text);
    assert_int_equal(strlen(seen), 511);
    memcpy(text + 509, "\xe2\x82\xac", 3);
    larder_log_line(&log_to_seen, LARDER_LOG_INFO, "%s", text);
    assert_int_equal(strlen(seen), 509);
}

static void test_the_last_error_is_kept_and_cleared(void **state)
{
    (void)state;
    assert_string_equal(larder_last_error(), "");
    assert_int_equal(larder_error_set(LARDER_E_SERVER, "said %s", "no\r\n"), LARDER_E_SERVER);
    assert_string_equal(larder_last_error(), "said no??");
    larder_error_set(LARDER_E_SERVER, "again: %s", larder_last_error());
    assert_string_equal(larder_last_error(), "again: said no??");
    larder_error_clear();
    assert_string_equal(larder_last_error(), "");
}

static void *look_from_another_thread(void *arg)
{
    *(bool *)arg = larder_last_error()[0] == '\0' && larder_outcome() == LARDER_APPLIED;
    larder_error_set(LARDER_E_ARG, "theirs");
    return NULL;
}

static void test_errors_and_outcomes_are_a_threads_own(void **state)
{
    (void)state;
    pthread_t thread;
    bool fresh = false;
    larder_error_set(LARDER_E_ARG, "mine");
    larder_outcome_set(LARDER_UNKNOWN);
    assert_int_equal(pthread_create(&thread, NULL, look_from_another_thread, &fresh), 0);
    pthread_join(thread, NULL);
    assert_true(fresh);
    assert_string_equal(larder_last_error(), "mine");
    assert_int_equal(larder_outcome(), LARDER_UNKNOWN);
}

static void test_every_status_has_a_name_and_a_sentence(void **state)
{
    (void)state;
    assert_string_equal(larder_status_name(LARDER_OK), "LARDER_OK");
    assert_string_equal(larder_status_name(LARDER_E_UNSUPPORTED), "LARDER_E_UNSUPPORTED");
    assert_string_equal(larder_status_text(LARDER_MISS), "not in the cache");
    for (int i = LARDER_E_UNSUPPORTED; i <= LARDER_DENIED; i++) {
        assert_string_not_equal(larder_status_name((enum larder_status)i), "LARDER_?");
        assert_true(strlen(larder_status_text((enum larder_status)i)) > 3);
    }
    assert_string_equal(larder_status_name((enum larder_status)99), "LARDER_?");
    assert_non_null(larder_status_text((enum larder_status) - 99));
}

static void test_the_runtime_tells_its_version(void **state)
{
    (void)state;
    assert_int_equal(larder_version(), LARDER_VERSION_NUMBER);
    assert_int_equal(larder_abi_1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_arrives_with_its_level),
        cmocka_unit_test(test_control_characters_do_not_reach_a_terminal),
        cmocka_unit_test(test_a_line_is_cut_between_characters),
        cmocka_unit_test(test_the_last_error_is_kept_and_cleared),
        cmocka_unit_test(test_errors_and_outcomes_are_a_threads_own),
        cmocka_unit_test(test_every_status_has_a_name_and_a_sentence),
        cmocka_unit_test(test_the_runtime_tells_its_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
