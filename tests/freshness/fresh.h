/* SPDX-License-Identifier: MIT */
/* The checker's own process: the crew, what is done to it and to its server. */
#ifndef TESTS_FRESHNESS_FRESH_H
#define TESTS_FRESHNESS_FRESH_H

#include <sys/types.h>

#include "ground.h"
#include "judge.h"
#include "support/redis_server.h"

struct crew {
    const char *program; /* fresh_worker */
    struct ground *ground;
    int fd; /* the ground's */
    struct redis_server server;
    pid_t pids[GROUND_PROCESSES];
    uint64_t random;
    uint64_t faults; /* done so far */
};

void crew_hire(struct crew *crew, unsigned process);
/* SIGKILL, wherever it is, and another in its place. */
void crew_replace(struct crew *crew, unsigned process);
/* False: one of them did not end well. */
bool crew_dismiss(struct crew *crew);
unsigned crew_below(struct crew *crew, unsigned bound);

/* One thing that goes wrong, again and again while a round runs. */
struct fault {
    const char *name;
    const char *what;
    const char *const *server_args; /* more of them; NULL: none */
    int pause_ms;                   /* between two */
    uint32_t timeout_ms;            /* of a call; 0: as ever */
    unsigned part; /* it is judged for so little a part of the reads: calls wait for seconds */
    bool is_calm;  /* no call may fail of it */
    void (*strike)(struct crew *crew);
};

extern const struct fault faults[];
extern const unsigned fault_count;

struct plan {
    const char *program; /* fresh_worker */
    uint64_t reads;      /* judged, a fault */
    uint64_t seed;
    uint32_t load_us;
    uint32_t skips;     /* one in so many loads is not stored; 0: as ever */
    uint32_t only_sort; /* from 1; 0: all */
    const char *mutant; /* a rule's name; NULL: all hold */
    const char *only;   /* one fault's name; NULL: all */
    bool by_hand;
    bool reads_many; /* half of what is done is get_many */
    bool stop_at_first;
    bool quiet;
};

/* One fault, from an empty server on. True: no violation, no call that hung, and none that
 * failed without a reason. Ends the program with 77 where there is no server. */
bool crew_run(const struct plan *plan, const struct fault *fault, struct judge *ret_judge);

#endif
