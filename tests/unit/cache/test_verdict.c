/* SPDX-License-Identifier: MIT */
/* What an entry is worth: every edge of every window, as a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cache/verdict.h"

enum { NOW = 1000000, MINE = 77, THEIRS = 78 };

#define EPOCH (UINT64_C(5) << 32)
#define OTHER_EPOCH (UINT64_C(6) << 32)

#define PLAIN LARDER_META_PLAIN
#define TIMED (LARDER_META_PLAIN | LARDER_META_TIMED)
#define VERSIONED (LARDER_META_PLAIN | LARDER_META_VERSIONED)
#define MARK (LARDER_META_PLAIN | LARDER_META_EMPTY)

#define NOTHING LARDER_SIGHT_NOTHING
#define CLAIMED LARDER_SIGHT_CLAIMED
#define ABSENT LARDER_SIGHT_ABSENT
#define FRESH LARDER_SIGHT_FRESH
#define STALE LARDER_SIGHT_STALE
#define SPARE LARDER_SIGHT_SPARE

static const struct larder_policy none = {0};
static const struct larder_policy both = {.while_revalidate_ms = 100, .if_error_ms = 300};
static const struct larder_policy errors = {.if_error_ms = 300};
static const struct larder_policy long_stale = {.while_revalidate_ms = 300, .if_error_ms = 100};
static const struct larder_policy ahead = {.while_revalidate_ms = 100, .refresh_ppm = 800000};
static const struct larder_policy chance = {.while_revalidate_ms = 100, .xfetch = true};

struct row {
    const char *what;
    const struct larder_policy *policy;
    unsigned meta;
    int64_t now_ms;
    int64_t fresh_ms;
    uint64_t token;
    int64_t until_ms;
    uint32_t cost_ms;
    enum larder_sight_kind kind;
    const char *flags; /* c: claimed, p: paused, e: early */
};

static const struct row rows[] = {
    {"a plain value is fresh while it is there", &none, PLAIN, NOW, 0, 0, 0, 0, FRESH, ""},
    {"of an entity with windows, too", &both, PLAIN, NOW, 0, 0, 0, 0, FRESH, ""},
    {"and without the time", &both, PLAIN, LARDER_NO_TIME, 0, 0, 0, 0, FRESH, ""},
    {"a mark", &none, MARK, NOW, 0, 0, 0, 0, ABSENT, ""},
    {"fresh to its last ms", &both, TIMED, NOW, NOW + 1, 0, 0, 0, FRESH, ""},
    {"and no longer", &both, TIMED, NOW, NOW, 0, 0, 0, STALE, ""},
    {"nor without a window", &none, TIMED, NOW, NOW, 0, 0, 0, NOTHING, ""},
    {"nor without the time", &both, TIMED, LARDER_NO_TIME, NOW + 1, 0, 0, 0, NOTHING, ""},
    {"stale to its last ms", &both, TIMED, NOW, NOW - 99, 0, 0, 0, STALE, ""},
    {"then spare", &both, TIMED, NOW, NOW - 100, 0, 0, 0, SPARE, ""},
    {"spare to its last ms", &both, TIMED, NOW, NOW - 299, 0, 0, 0, SPARE, ""},
    {"then nothing", &both, TIMED, NOW, NOW - 300, 0, 0, 0, NOTHING, ""},
    {"spare at once", &errors, TIMED, NOW, NOW, 0, 0, 0, SPARE, ""},
    {"no window of errors behind that of stale", &long_stale, TIMED, NOW, NOW - 299, 0, 0, 0, STALE,
     ""},
    {"nothing behind both", &long_stale, TIMED, NOW, NOW - 300, 0, 0, 0, NOTHING, ""},
    {"for ever", &both, TIMED, NOW, INT64_C(1) << 53, 0, 0, 0, FRESH, ""},
    {"the greatest number there is", &both, TIMED, NOW, INT64_MAX, 0, 0, 0, FRESH, ""},
    {"softened at the beginning of time", &both, TIMED, NOW, 0, 0, 0, 0, NOTHING, ""},
    {"the clock jumps back", &both, TIMED, 1, NOW, 0, 0, 0, FRESH, ""},
    {"the clock jumps ahead", &both, TIMED, INT64_MAX, NOW, 0, 0, 0, NOTHING, ""},

    {"a claim", &none, LARDER_META_CLAIM, NOW, 0, THEIRS, NOW + 1, 0, CLAIMED, "c"},
    {"a claim that has ended", &none, LARDER_META_CLAIM, NOW, 0, THEIRS, NOW, 0, NOTHING, ""},
    {"a claim, without the time", &none, LARDER_META_CLAIM, LARDER_NO_TIME, 0, THEIRS, 1, 0,
     CLAIMED, "c"},
    {"our claim", &none, LARDER_META_CLAIM, NOW, 0, MINE, NOW + 1, 0, NOTHING, ""},
    {"a claim of nobody", &none, LARDER_META_CLAIM, NOW, 0, 0, NOW + 1, 0, NOTHING, ""},
    {"a pause without a value", &none, LARDER_META_CLAIM, NOW, 0, 1, NOW + 1, 0, NOTHING, "p"},
    {"a stale value that is loaded", &both, TIMED, NOW, NOW, THEIRS, NOW + 1, 0, STALE, "c"},
    {"a stale value that was to be loaded", &both, TIMED, NOW, NOW, THEIRS, NOW, 0, STALE, ""},
    {"a stale value that we load", &both, TIMED, NOW, NOW, MINE, NOW + 1, 0, STALE, ""},
    {"a spare value in a pause", &both, TIMED, NOW, NOW - 100, 1, NOW + 1, 0, SPARE, "p"},
    {"the pause is over", &both, TIMED, NOW, NOW - 100, 1, NOW, 0, SPARE, ""},
    {"a value of no use that is loaded", &none, TIMED, NOW, NOW, THEIRS, NOW + 1, 0, CLAIMED, "c"},

    {"a share before its time", &ahead, TIMED, NOW, NOW + 21, 0, 0, 20, FRESH, ""},
    {"a share from its time on", &ahead, TIMED, NOW, NOW + 20, 0, 0, 20, FRESH, "e"},
    {"a share, and it is loaded", &ahead, TIMED, NOW, NOW + 20, THEIRS, NOW + 9, 20, FRESH, "c"},
    {"a share in a pause", &ahead, TIMED, NOW, NOW + 20, 1, NOW + 9, 20, FRESH, "p"},
    {"a share when it is stale", &ahead, TIMED, NOW, NOW, 0, 0, 20, STALE, ""},
    {"a share of a plain value", &ahead, PLAIN, NOW, 0, 0, 0, 0, FRESH, ""},
    {"no share is asked for", &both, TIMED, NOW, NOW + 20, 0, 0, 20, FRESH, ""},
};

static struct larder_verdict judge(const struct row *row, uint64_t random)
{
    const struct larder_envelope_head head = {.meta = row->meta,
                                              .token = row->token,
                                              .until_ms = row->until_ms,
                                              .fresh_ms = row->fresh_ms,
                                              .cost_ms = row->cost_ms};
    const struct larder_prospect prospect = {.head = &head,
                                             .policy = row->policy,
                                             .token = MINE,
                                             .now_ms = row->now_ms,
                                             .random = random};
    return larder_verdict_of(&prospect);
}

static void test_times_and_claims(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct larder_verdict verdict = judge(&rows[i], 0);
        bool good = verdict.kind == rows[i].kind &&
                    verdict.claimed == (strchr(rows[i].flags, 'c') != NULL) &&
                    verdict.paused == (strchr(rows[i].flags, 'p') != NULL) &&
                    verdict.early == (strchr(rows[i].flags, 'e') != NULL);
        if (!good) {
            fail_msg("%s: kind %d, claimed %d, paused %d, early %d", rows[i].what,
                     (int)verdict.kind, verdict.claimed, verdict.paused, verdict.early);
        }
    }
}

/* -------------------------------------------------------------------- versions */

struct version_row {
    const char *what;
    bool is_versioned;
    unsigned meta;
    uint64_t as_of;
    size_t count;
    uint64_t versions[2];
    enum larder_sight_kind kind;
};

static const struct version_row version_rows[] = {
    {"no version reaches it", false, VERSIONED, EPOCH | 5, 0, {0}, FRESH},
    {"as old as its load", true, VERSIONED, EPOCH | 5, 1, {EPOCH | 5}, FRESH},
    {"older", true, VERSIONED, EPOCH | 5, 2, {EPOCH | 1, EPOCH | 4}, FRESH},
    {"younger", true, VERSIONED, EPOCH | 5, 1, {EPOCH | 6}, NOTHING},
    {"one of two is younger", true, VERSIONED, EPOCH | 5, 2, {EPOCH | 1, EPOCH | 6}, NOTHING},
    {"evicted", true, VERSIONED, EPOCH | 5, 2, {EPOCH | 1, 0}, NOTHING},
    {"another epoch, and less", true, VERSIONED, EPOCH | 5, 1, {OTHER_EPOCH | 1}, NOTHING},
    {"an epoch before, and less", true, VERSIONED, OTHER_EPOCH | 5, 1, {EPOCH | 1}, NOTHING},
    {"a load of no clock", true, VERSIONED, 0, 1, {EPOCH | 1}, NOTHING},
    {"neither a clock nor a version", true, VERSIONED, 0, 1, {0}, NOTHING},
    {"the last count of an epoch",
     true,
     VERSIONED,
     EPOCH | UINT32_MAX,
     1,
     {EPOCH | UINT32_MAX},
     FRESH},
    {"no as_of, where versions are", true, PLAIN, 0, 1, {EPOCH | 1}, NOTHING},
    {"no as_of, and only tags could reach it", true, PLAIN, 0, 0, {0}, NOTHING},
    {"versions where none are asked for", false, VERSIONED, EPOCH | 5, 1, {EPOCH | 6}, NOTHING},
    {"a mark", true, MARK | VERSIONED, EPOCH | 5, 1, {EPOCH | 5}, ABSENT},
    {"a mark that was invalidated", true, MARK | VERSIONED, EPOCH | 5, 1, {EPOCH | 6}, NOTHING},
    {"a mark without as_of, where versions are", true, MARK, 0, 1, {EPOCH | 1}, NOTHING},
    {"a claim, whatever the versions say", true, LARDER_META_CLAIM, 0, 1, {EPOCH | 6}, CLAIMED},
    {"fresh by time, invalid by version",
     true,
     TIMED | VERSIONED,
     EPOCH | 5,
     1,
     {EPOCH | 6},
     NOTHING},
};

static void test_versions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof version_rows / sizeof version_rows[0]; i++) {
        const struct version_row *row = &version_rows[i];
        const struct larder_envelope_head head = {.meta = row->meta,
                                                  .as_of = row->as_of,
                                                  .token = THEIRS,
                                                  .until_ms = NOW + 9,
                                                  .fresh_ms = NOW + 9};
        const struct larder_prospect prospect = {.head = &head,
                                                 .policy = &none,
                                                 .is_versioned = row->is_versioned,
                                                 .versions = row->versions,
                                                 .version_count = row->count,
                                                 .now_ms = NOW};
        struct larder_verdict verdict = larder_verdict_of(&prospect);
        if (verdict.kind != row->kind || verdict.claimed != (row->kind == CLAIMED)) {
            fail_msg("%s: kind %d, claimed %d", row->what, (int)verdict.kind, verdict.claimed);
        }
    }
}

static void test_nothing_is_nothing(void **state)
{
    const struct larder_prospect prospect = {.policy = &both, .now_ms = NOW};
    (void)state;
    assert_int_equal(larder_verdict_of(&prospect).kind, NOTHING);
}

/* ----------------------------------------------------------------------- chance */

/* -ln(1/2^k) is k * 0.693: so many loads' times before the end it is due. */
static void test_chance_weighs_what_a_load_takes(void **state)
{
    struct row row = {"", &chance, TIMED, NOW, NOW + 693, 0, 0, 1000, FRESH, ""};
    const uint64_t half = UINT64_C(1) << 63;
    (void)state;
    assert_true(judge(&row, half).early);
    assert_false(judge(&row, half + (half >> 3)).early);
    row.fresh_ms = NOW + 694;
    assert_false(judge(&row, half).early);
    assert_true(judge(&row, half >> 1).early);
    row.fresh_ms = NOW + 44000;
    assert_true(judge(&row, 0).early); /* 64 halves: the most there is */
    row.fresh_ms = NOW + 46000;
    assert_false(judge(&row, 0).early);
    row.fresh_ms = NOW + 1;
    assert_false(judge(&row, UINT64_MAX).early); /* -ln(1) is 0 */
    row.cost_ms = 0;
    assert_false(judge(&row, 0).early); /* nobody loaded it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_and_claims),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_nothing_is_nothing),
        cmocka_unit_test(test_chance_weighs_what_a_load_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
