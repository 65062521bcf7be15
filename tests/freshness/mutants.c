/* SPDX-License-Identifier: MIT */
#include "mutants.h"

#include "ground.h"

const struct mutant mutants[] = {
    /* Claims. */
    {"fills_need_their_claim", "none", 1000, 0, 0},
    {"marks_need_their_claim", "none", 1000, 0, 0},
    {"deletions_end_claims", "none", 1000, 0, 0},
    {"softening_ends_claims", "none", 1000, 0, 0},
    {"releases_need_their_claim", "none", 3000, 2, 1 + GROUND_ITEM},
    {"what_is_unclaimed_is_not_stored", "reconnect", 1000, 0, 0},
    /* Versions. */
    {"fills_heed_versions", "none", 1000, 0, 0},
    {"missing_versions_are_of_the_clock", "vanish", 1000, 0, 1 + GROUND_PAGE},
    {"loads_begin_before_their_clock", "none", 1000, 0, 0},
    {"bumps_count", "none", 1000, 0, 0},
    {"reads_heed_versions", "none", 0, 0, 0},
    {"reads_heed_tags", "none", 0, 0, 0},
    {"what_lacks_a_version_is_a_miss", "vanish", 0, 0, 0},
    {"only_one_epoch_counts", "vanish", 0, 0, 0},
    /* Flights. */
    {"boarding_ends_before_the_fill", "none", 100, 0, 1 + GROUND_ITEM},
    {"what_was_lost_is_private", "none", 1000, 0, 0},
    {"who_looked_shares_with_earlier", "none", 0, 0, 1 + GROUND_ITEM},
    {"who_loads_unclaimed_shares_with_earlier", "timeout", 1000, 0, 0},
    /* The journal. */
    {"what_failed_is_written_down", "timeout", 1000, 0, 0},
    {"what_is_written_down_is_not_read", "timeout", 1000, 0, 0},
    {"fills_heed_what_is_written_down", "refuse", 20000, 0, 1 + GROUND_ITEM},
};

const size_t mutant_count = sizeof mutants / sizeof mutants[0];
