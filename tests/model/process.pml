/* SPDX-License-Identifier: MIT */
/*
 * A process: two threads that read through the cache, and the flight in which their
 * equal misses meet. Every step of a thread is one thing that others can see; between
 * two steps anything may happen.
 */

byte flight[2];       /* of each process: its leader, as thread + 1; 0: none that can be boarded */
bool alive[2] = true; /* no crash yet */

/* Of each thread: whether it is aboard the flight of its mate. */
#define ASHORE 0
#define LATE 1  /* it boarded after the leader's last look was sent, or its loader begun */
#define EARLY 2 /* ...before */
byte aboard[4];

/* Of each thread that was aboard: what it is given at the landing. */
#define AGAIN 14
#define FAILED 13
#define UNGIVEN 12
byte given[4] = UNGIVEN;

/* A fill that its sender has given up waiting for, on its way. token 0: none. */
byte late_token;
byte late_value;
byte late_as_of;

#define home (me >> 1)
#define mate (me ^ 1)
#define new_token (1 + me * 4 + claims)

/* The server answers: it can be reached, and nothing of this process waits for its replay. */
#define answers(p, rule) (!cut[p] && (!(rule) || !journal[p]))

#define is_good (seen_value != NOTHING && is_valid(seen_as_of))
#define is_held is_claimed(seen_token, seen_ended)

inline see()
{
    seen_value = entry_value;
    seen_token = entry_token;
    seen_ended = entry_ended;
    seen_as_of = entry_as_of
}

/* Whoever is aboard now boarded before what comes next. */
inline count_boarders()
{
    if
    :: aboard[mate] != ASHORE -> aboard[mate] = EARLY
    :: else
    fi
}

inline end_boarding()
{
    if
    :: flight[home] == me + 1 -> flight[home] = 0
    :: else
    fi
}

/* The flight is over. `shared`: whom its value is for. */
#define WITH_NONE 3
inline land(the_value, shared)
{
    end_boarding();
    if
    :: aboard[mate] == ASHORE
    :: aboard[mate] != ASHORE && the_value == FAILED -> given[mate] = FAILED
    :: aboard[mate] != ASHORE && the_value != FAILED && aboard[mate] >= shared -> given[mate] = the_value
    :: else -> given[mate] = AGAIN
    fi;
    aboard[mate] = ASHORE
}

inline forget_seen()
{
    seen_value = 0;
    seen_token = 0;
    seen_ended = false;
    seen_as_of = 0
}

inline forget()
{
    forget_seen();
    value = 0;
    token = 0;
    as_of = 0;
    stored = false
}

/* A value is handed to the caller: the promise. */
inline answer()
{
    assert(value >= need);
    forget();
    need = 0;
    restarts = 0
}

proctype caller(byte me)
{
    byte need;                                   /* ghost: the least that this read may be given */
    byte value;                                  /* loaded or found */
    byte token;                                  /* of the claim that was won */
    byte as_of;                                  /* captured */
    byte seen_value, seen_token, seen_as_of;     /* by the last look */
    bool seen_ended;
    bool stored;                                 /* FILL answered OK */
    byte reads, claims, restarts;

    {
        skip;
        /* What a read that found nothing has done is nothing: it may as well begin with
         * the look that hits, or with its step into a flight. */
begins:
        atomic {
            if
            :: reads == READS -> goto over
            :: else
            fi;
            reads++;
            if
            :: floor > own_floor[home] -> need = floor
            :: else -> need = own_floor[home]
            fi;
again:
            if
            :: answers(home, journalled_is_not_read) -> goto looks
            :: goto boards
            fi
        }
looks:
        TOGETHER {
            d_step { see() } /* the entry is one reply, whatever comes of its versions */
            if
            :: is_good ->
                value = seen_value;
                answer();
                goto begins
            :: else -> goto boards
            fi
        }
boards:
        atomic {
            forget();
            if
            :: flight[home] == 0 -> flight[home] = me + 1
            :: else ->
                aboard[me] = LATE;
                goto follows
            fi
        }

        /* ---- the leader: claims, or waits for who did; at its deadline it loads all the same */
leads:
        if
        :: TOGETHER {
               d_step {
                   answers(home, journalled_is_not_read) && claims < CLAIMS;
#if found_is_for_early_boarders
                   count_boarders();
#endif
                   see();
                   do_claim(new_token, token)
               }
               if
               :: token != 0 -> goto won
               :: token == 0 && is_good -> goto found
               :: token == 0 && REFRESH && is_good && !is_held -> goto takes
               :: token == 0 && !is_good && !is_held -> goto takes
               :: token == 0 && is_held -> goto waits
               fi
           }
        :: goto loads_unclaimed
        fi;
takes:
        atomic {
            do_take(new_token, token);
            if
            :: token != 0 -> goto won
            :: else -> goto waits
            fi
        }
waits:
        atomic {
            forget();
            goto leads
        }
won:
        atomic {
            claims++;
            forget_seen()
        }
#if VERSIONED && captured_before_load
        d_step { do_capture(as_of) }
#endif
        if
        :: value = database
        :: FAILS -> goto fails
        fi;
#if VERSIONED && !captured_before_load
        d_step { do_capture(as_of) }
#endif
#if boarding_ends_at_fill
        end_boarding();
#endif
        if
        :: d_step {
               answers(home, journalled_is_not_filled);
#if !absent_needs_claim
               if
               :: value == 0 && is_nothing -> store(value, as_of); stored = true
               :: else -> do_fill(token, value, as_of, stored)
               fi;
#else
               do_fill(token, value, as_of, stored);
#endif
               assert(entry_token != token) /* a load that is over leaves no claim */
           }
        :: !answers(home, journalled_is_not_filled) /* it is not sent */
        :: d_step {
               LATES && late_token == 0; /* it is sent, and no answer heard */
               late_token = token;
               late_value = value;
               late_as_of = as_of;
               stored = !unknown_is_not_shared
           }
        fi;
        atomic {
            if
            :: stored || !lost_is_not_shared -> land(value, LATE)
            :: else -> land(value, WITH_NONE)
            fi;
            answer();
            goto begins
        }
found:
        atomic {
#if !found_is_for_early_boarders
            count_boarders();
#endif
            value = seen_value;
            land(value, EARLY);
            answer();
            goto begins
        }
fails:
        atomic { /* the loader did */
            if
            :: answers(home, 0) -> do_release(token)
            :: true /* crossed by a cut; the claim will end by itself */
            fi;
            land(FAILED, LATE);
            forget();
            need = 0;
            restarts = 0;
            goto begins
        }

        /* ---- without a claim: for those who are aboard already, and never stored */
loads_unclaimed:
        atomic {
#if unclaimed_is_for_early_boarders
            count_boarders();
#endif
            value = database
        }
#if !unclaimed_is_not_filled
        d_step {
            answers(home, journalled_is_not_filled);
            store(value, as_of)
        }
#endif
        atomic {
#if !unclaimed_is_for_early_boarders
            count_boarders();
#endif
            land(value, EARLY);
            answer();
            goto begins
        }

        /* ---- the follower: takes what the landing brings, starts again, at last goes alone */
follows:
        atomic {
            given[me] != UNGIVEN ->
            value = given[me];
            given[me] = UNGIVEN;
            if
            :: value == FAILED ->
                forget();
                need = 0;
                restarts = 0;
                goto begins
            :: value == AGAIN && restarts < RESTARTS ->
                forget();
                restarts++;
                goto again
            :: else ->
                if
                :: value == AGAIN -> value = database
                :: else
                fi;
                answer();
                goto begins
            fi
        }
over:
        skip
    } unless {
        !alive[home]
    };
    atomic {
        forget();
        need = 0;
        restarts = 0;
        reads = 0;
        claims = 0;
        busy--
    }
}
