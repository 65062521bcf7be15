/* SPDX-License-Identifier: MIT */
/*
 * The rules of the protocol, one by one. A mutant is the model with one of them 0
 * (`-Drule=0`); tests/model/run holds that spin finds each of those wrong.
 */

/* ---- claims */

/* FILL stores only while the claim of its token stands in the entry. */
#ifndef fill_checks_token
#define fill_checks_token 1
#endif
/* The claim lives in the entry's own key: whoever deletes the key has killed it. */
#ifndef delete_kills_claim
#define delete_kills_claim 1
#endif
/* RELEASE ends only the claim of its token. */
#ifndef release_checks_token
#define release_checks_token 1
#endif
/* TAKE overwrites only what was seen. */
#ifndef take_compares_seen
#define take_compares_seen 1
#endif
/* What was loaded without a claim is not stored. */
#ifndef unclaimed_is_not_filled
#define unclaimed_is_not_filled 1
#endif
/* That a row does not exist is stored under the claim, as a value is. */
#ifndef absent_needs_claim
#define absent_needs_claim 1
#endif
/* A FILL that is LOST for a version ends its claim. */
#ifndef lost_fill_ends_claim
#define lost_fill_ends_claim 1
#endif

/* ---- flights: equal misses in one process */

/* Nobody boards any more once the FILL is sent. */
#ifndef boarding_ends_at_fill
#define boarding_ends_at_fill 1
#endif
/* The value of a LOST fill is its leader's alone. */
#ifndef lost_is_not_shared
#define lost_is_not_shared 1
#endif
/* A fill that was not answered counts as LOST. */
#ifndef unknown_is_not_shared
#define unknown_is_not_shared 1
#endif
/* A value that the leader found is for those who were aboard when it was looked for. */
#ifndef found_is_for_early_boarders
#define found_is_for_early_boarders 1
#endif
/* A value loaded without a claim is for those who were aboard when the loader began. */
#ifndef unclaimed_is_for_early_boarders
#define unclaimed_is_for_early_boarders 1
#endif

/* ---- versions */

/* as_of is what the clock said before the load, not after it. */
#ifndef captured_before_load
#define captured_before_load 1
#endif
/* FILL and SET make a missing version with what the clock says now. */
#ifndef missing_gets_clock
#define missing_gets_clock 1
#endif
/* ...and one of an epoch that is over, too. */
#ifndef old_epoch_is_missing
#define old_epoch_is_missing 1
#endif
/* FILL stores only what no version is younger than. */
#ifndef fill_checks_version
#define fill_checks_version 1
#endif
/* FILL and reads hold only counts of one epoch against each other. */
#ifndef fill_checks_epoch
#define fill_checks_epoch 1
#endif
#ifndef read_checks_epoch
#define read_checks_epoch 1
#endif
/* A clock that is gone is made anew with an epoch of its own, never from as_of. */
#ifndef lost_clock_is_new
#define lost_clock_is_new 1
#endif
/* A clock whose count is at its end begins an epoch. */
#ifndef full_clock_is_new
#define full_clock_is_new 1
#endif
/* A missing version is a miss. */
#ifndef missing_is_miss
#define missing_is_miss 1
#endif
/* as_of of a SET, and the versions it makes, are the clock's at that moment. */
#ifndef set_takes_clock
#define set_takes_clock 1
#endif

/* ---- the journal, when the server cannot be reached */

/* The replay of a BUMP is a BUMP. */
#ifndef replay_bumps
#define replay_bumps 1
#endif
/* What stands in the journal is not read from the server. */
#ifndef journalled_is_not_read
#define journalled_is_not_read 1
#endif
/* ...and not filled. */
#ifndef journalled_is_not_filled
#define journalled_is_not_filled 1
#endif
