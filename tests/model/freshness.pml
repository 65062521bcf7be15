/* SPDX-License-Identifier: MIT */
/*
 * The promise: after an invalidation has returned, no read that starts later, in any
 * process, is given a value loaded before it. What is modelled, and how far, is in README.md;
 * the sizes below are set by tests/model/run.
 */
#include "rules.pml"

#ifndef VERSIONED
#define VERSIONED 0 /* a version reaches the entry, and writers bump that; else they delete the key */
#endif
#ifndef READS
#define READS 1 /* of each thread */
#endif
#ifndef CLAIMS
#define CLAIMS 2 /* that a thread may win in all */
#endif
#ifndef RESTARTS
#define RESTARTS 0 /* of a follower that was not given the value */
#endif
#ifndef CHANGES
#define CHANGES 1 /* of the database, by writers that invalidate */
#endif
#ifndef CUTS
#define CUTS 0 /* times that process 0 cannot reach the server */
#endif
#ifndef SETS
#define SETS 0 /* by writers that set the value instead */
#endif
#ifndef NEIGHBOURS
#define NEIGHBOURS 0 /* sets of another key that the same version reaches */
#endif
#ifndef EPOCHS
#define EPOCHS 0 /* the clock may be evicted until so many were begun */
#endif
#ifndef EVICTS
#define EVICTS 1 /* entries and versions may go at any moment */
#endif
#ifndef REFRESH
#define REFRESH 0 /* good values may be loaded anew, under a claim beside them */
#endif
#ifndef CRASHES
#define CRASHES 0 /* process 0 may crash */
#endif
#ifndef LATES
#define LATES 0 /* a fill may be given up by its sender, and arrive at any time after */
#endif
#ifndef FAILS
#define FAILS 0 /* loaders may fail */
#endif
#ifndef A
#define A 2 /* threads of process 0 */
#endif
#ifndef B
#define B 1 /* threads of process 1 */
#endif
#ifndef TOGETHER
#define TOGETHER atomic /* entry and version are seen at once; nothing: one after the other */
#endif

byte database; /* the version of the row; 0: there is none */
byte busy;     /* callers and writers that are not done */

/* Ghosts: the database when the last invalidation was made that returned with success, and for
 * each process the same of one that failed and stands in its journal. */
byte floor;
byte own_floor[2];

bool cut[2];     /* the process cannot reach the server */
bool journal[2]; /* an invalidation of the process waits for its replay */

#include "redis.pml"
#include "process.pml"

/* Changes the database, then invalidates. */
proctype writer(byte me)
{
    byte changes;
    {
        do
        :: changes < CHANGES ->
            atomic {
                database++;
                changes++
            }
            if
            :: d_step {
                   !cut[home] ->
                   do_invalidate();
                   floor = database
               }
            :: d_step {
                   cut[home] ->
                   journal[home] = true;
                   own_floor[home] = database
               }
            fi
        :: changes == CHANGES -> break
        od
    } unless {
        !alive[home]
    };
    busy--
}

/* Changes the database and sets the value, holding the row's lock over both; or sets another
 * key's. It is in process 1. as_of: what a set would take that asked the clock before. */
proctype setter()
{
    byte sets, neighbours, as_of;
    do
    :: sets < SETS ->
        d_step {
            as_of = clock;
            sets++
        }
        d_step {
            database++;
            do_set(true, database, as_of);
            floor = database;
            as_of = 0
        }
    :: neighbours < NEIGHBOURS ->
        d_step {
            as_of = clock;
            neighbours++
        }
        d_step {
            do_set(false, 0, as_of);
            as_of = 0
        }
    :: sets == SETS && neighbours == NEIGHBOURS -> break
    od;
    busy--
}

/* Everything that may happen by itself, at any moment. */
proctype world()
{
    byte cuts;
    bool stored;
end_quiet:
    do
    :: d_step { EVICTS && !is_nothing -> clear_entry() } /* value or claim: expired, evicted, server restarted empty */
    :: d_step {
           entry_token != 0 && entry_value != NOTHING && !entry_ended ->
           entry_ended = true;
           granted = 0
       }
    :: d_step { EVICTS && version != 0 -> version = 0 }
    :: d_step { clock != 0 && epochs < EPOCHS -> clock = 0 }
    :: d_step {
           late_token != 0 -> /* a fill arrives that nobody waits for; it need not */
           do_fill(late_token, late_value, late_as_of, stored);
           stored = false;
           late_token = 0;
           late_value = 0;
           late_as_of = 0
       }
    :: cuts < CUTS && !cut[0] ->
        atomic {
            cut[0] = true;
            cuts++
        }
    :: cut[0] -> cut[0] = false
    :: d_step {
           journal[0] && !cut[0] -> /* a call of the process begins with the replay */
           if
           :: VERSIONED && !replay_bumps -> version = 0
           :: else -> do_invalidate()
           fi;
           journal[0] = false
       }
    :: d_step {
           CRASHES && alive[0] ->
           alive[0] = false;
           journal[0] = false;
           flight[0] = 0;
           aboard[0] = ASHORE;
           aboard[1] = ASHORE;
           given[0] = UNGIVEN;
           given[1] = UNGIVEN
       }
    od
}

/* When all are done, and nothing happens any more, the cache still caches. */
proctype calm()
{
    byte as_of, token;
    bool stored;
end_waits:
    d_step {
        busy == 0 ->
        if
        :: journal[0] -> do_invalidate()
        :: else
        fi;
        if
        :: entry_token != 0 && entry_value == NOTHING -> clear_entry()
        :: else
        fi;
        if
        :: entry_value != NOTHING && is_valid(entry_as_of) -> assert(entry_value >= floor)
        :: else ->
            clear_entry();
            do_claim(99, token);
            do_capture(as_of);
            do_fill(token, database, as_of, stored);
            assert(stored);
            assert(is_valid(entry_as_of))
        fi
    }
}

init
{
    byte i;
    atomic {
        do
        :: i < 4 ->
            if
            :: i < A || (i >= 2 && i - 2 < B) ->
                run caller(i);
                busy++
            :: else
            fi;
            i++
        :: else -> break
        od;
        i = 0;
        run writer(0);
        busy++;
        if
        :: SETS > 0 || NEIGHBOURS > 0 ->
            run setter();
            busy++
        :: else
        fi;
        run world();
        run calm()
    }
}
