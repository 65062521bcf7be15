/* SPDX-License-Identifier: MIT */
/*
 * The server: one entry, one version that reaches it, the service's clock; and what
 * each operation does with them, at once, as a script or a single command does.
 */

#define NOTHING 15 /* no value; else the version of the database that it was loaded from */

/* The entry. There is none if it has neither value nor claim. */
byte entry_value = NOTHING;
byte entry_token; /* of the claim that stands in it; 0: none */
bool entry_ended; /* ...whose time is over, but nobody has taken it yet */
byte entry_as_of;

/* Clock and version: epoch and count in one number, as they are stored. 0: missing. */
#ifndef COUNT_END
#define COUNT_END 7 /* what a count can come to */
#endif
#define stamp(epoch, count) (((epoch) << 3) | (count))
#define epoch_of(stamp) ((stamp) >> 3)
#define count_of(stamp) ((stamp) & 7)
byte clock;
byte version;
byte epochs; /* begun so far: a random epoch is one that never was */

/* Ghost: the claim that the server has granted and that nothing has ended since. */
byte granted;

#define is_nothing (entry_value == NOTHING && entry_token == 0)
#define is_claimed(token, ended) ((token) != 0 && !(ended))

/* Whether `a` is no younger than `b`. */
#define no_younger(a, b, checks_epoch) \
    ((!(checks_epoch) && count_of(a) <= count_of(b)) || (epoch_of(a) == epoch_of(b) && (a) <= (b)))
/* Whether the version says nothing against what was loaded as of `as_of`. */
#define is_valid(as_of) \
    (!VERSIONED || (version == 0 && !missing_is_miss) || \
     (version != 0 && no_younger(version, as_of, read_checks_epoch)))

inline clear_entry()
{
    entry_value = NOTHING;
    entry_token = 0;
    entry_ended = false;
    entry_as_of = 0;
    granted = 0
}

inline new_epoch()
{
    epochs++;
    clock = stamp(epochs, 1)
}

/* The clock as a load begins. */
inline do_capture(ret_as_of)
{
    if
    :: clock == 0 -> new_epoch()
    :: else
    fi;
    ret_as_of = clock
}

inline put_claim(a_token)
{
    assert(granted == 0); /* no claim is taken from one who holds it: no stampede */
    granted = a_token;
    entry_token = a_token;
    entry_ended = false
}

/* SET NX GET: a claim where there is nothing. ret_won: 0 or the token. */
inline do_claim(its_token, ret_won)
{
    if
    :: is_nothing ->
        put_claim(its_token);
        ret_won = its_token
    :: else
    fi
}

/* A claim over what was seen, if it is still that. A good value stays (`keep`). */
inline do_take(its_token, ret_won)
{
    if
    :: !take_compares_seen || (entry_value == seen_value && entry_token == seen_token &&
                               entry_ended == seen_ended && entry_as_of == seen_as_of &&
                               !is_nothing) ->
        put_claim(its_token);
        if
        :: !is_valid(entry_as_of) ->
            entry_value = NOTHING;
            entry_as_of = 0
        :: else
        fi;
        ret_won = its_token
    :: else
    fi
}

/* The claim is over; the value that it was over, if any, stays. */
inline end_claim()
{
    entry_token = 0;
    entry_ended = false;
    granted = 0
}

/* A version that is missing, or of another epoch than the clock's, is made anew. */
inline make_version(by_clock, from)
{
    if
    :: version == 0 || (old_epoch_is_missing && epoch_of(version) != epoch_of(clock)) ->
        if
        :: by_clock -> version = clock
        :: else -> version = from
        fi
    :: else
    fi
}

inline store(its_value, its_as_of)
{
    entry_value = its_value;
    entry_as_of = its_as_of;
    end_claim()
}

/* FILL. ret_stored: whether it did, else LOST. */
inline do_fill(the_token, the_value, the_as_of, ret_stored)
{
    ret_stored = false;
    if
    :: fill_checks_token && entry_token != the_token
    :: !fill_checks_token || entry_token == the_token ->
        if
        :: !VERSIONED -> ret_stored = true
        :: VERSIONED ->
            if
            :: clock == 0 && !lost_clock_is_new -> clock = the_as_of
            :: else
            fi;
            if
            :: clock != 0 && no_younger(the_as_of, clock, fill_checks_epoch) ->
                make_version(missing_gets_clock, the_as_of);
                ret_stored = !fill_checks_version || no_younger(version, the_as_of, fill_checks_epoch)
            :: else
            fi
        fi;
        if
        :: ret_stored -> store(the_value, the_as_of)
        :: !ret_stored && lost_fill_ends_claim -> end_claim()
        :: else
        fi
    fi
}

/* RELEASE, after a loader failed. */
inline do_release(its_token)
{
    if
    :: !release_checks_token || entry_token == its_token ->
        if
        :: granted == its_token -> granted = 0
        :: else
        fi;
        entry_token = 0;
        entry_ended = false
    :: else
    fi
}

inline do_bump()
{
    if
    :: clock == 0 || (count_of(clock) == COUNT_END && full_clock_is_new) -> new_epoch()
    :: count_of(clock) == COUNT_END && !full_clock_is_new -> clock = stamp(epoch_of(clock), 0)
    :: else -> clock++
    fi;
    version = clock
}

inline do_delete()
{
    if
    :: delete_kills_claim -> clear_entry()
    :: else ->
        entry_value = NOTHING;
        entry_as_of = 0
    fi
}

/* What a writer's call does: DELETE of the key, or BUMP of the version. */
inline do_invalidate()
{
    if
    :: VERSIONED -> do_bump()
    :: else -> do_delete()
    fi
}

/* SET of this key (`here`) or of another one that the same version reaches. */
inline do_set(here, the_value, the_as_of)
{
    if
    :: clock == 0 -> new_epoch()
    :: else
    fi;
    make_version(set_takes_clock, the_as_of);
    if
    :: here && set_takes_clock -> store(the_value, clock)
    :: here && !set_takes_clock -> store(the_value, the_as_of)
    :: else
    fi
}
