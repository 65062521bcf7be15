/* SPDX-License-Identifier: MIT */
/*
 * The fault tests: a load on a small generated cache, a fault in the middle of
 * it, and a row of figures.
 *
 * Each row of the table runs in a process of its own: redis-server, the proxy
 * before it, a cache that knows the proxy only, eight threads with mixed calls.
 * The history of all calls is checked afterwards.
 *
 * Time: a call may be late by 20 ms on an idle processor. How late a thread
 * comes here that only sleeps is measured all the while, and allowed on top.
 */
#ifndef LARDER_TESTS_FAULT_H
#define LARDER_TESTS_FAULT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <larder/larder.h>

#include "load_cache.h"
#include "support/certificates.h"
#include "support/faultproxy.h"
#include "support/history.h"
#include "support/redis_server.h"

enum { FAULT_THREADS = 8, FAULT_TIMEOUT_MS = 200, FAULT_SLACK_MS = 20, FAULT_NOTE_BYTES = 2048 };

enum { FAULT_LATE_MAX = 512 };

enum { FAULT_NONE = -1 }; /* a figure that the row does not have */

/* What a row found out. */
struct fault_row {
    int number;
    uint64_t seed;
    bool failed;
    bool skipped;
    char notes[FAULT_NOTE_BYTES]; /* findings and other figures, a line each */
    int64_t detect_ms;
    int64_t recovery_ms;
    int64_t overrun_ms; /* beyond the deadline */
    int64_t noise_ms;   /* how late a sleeping thread came */
    int64_t unknown;    /* writes */
    int64_t twice;
    int64_t wrong;
    int64_t stale;
    int64_t lost;
    int64_t retaken; /* misses of what the journal may have deleted: see history.h */
    int64_t dials;   /* the most within one second */
    int64_t calls;
    int64_t failures;
    int fds_before;
    int threads_before;
};

/* Adds a line to the notes. */
void fault_note(struct fault_row *row, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same, and the row has failed, unless `holds`. */
void fault_check(struct fault_row *row, bool holds, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The row cannot be run here; the line says why. It returns. */
void fault_skip(struct fault_row *row, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A figure that only grows over a row's several runs. */
void fault_most(int64_t *figure, int64_t value);

/* How long a row's three parts take (before the fault, the fault, after it): as
 * given, or 20 s each in the long table. */
extern bool fault_is_long;
int64_t fault_span_ms(int64_t short_ms);

void fault_pause_ms(int64_t ms);
int fault_open_fds(void);
int fault_open_threads(void);
int64_t fault_rss_kib(void);      /* now */
int64_t fault_peak_rss_kib(void); /* since the process began, or the last reset */
void fault_reset_peak_rss(void);
/* When so many threads wake at one moment, one that holds a lock may lose its
 * processor to each of the others. (With processors of their own they are 1 ms
 * late, not more.) A sanitizer makes each of them slower. */
int64_t fault_crowd_slack_ms(int threads);
/* What a sanitizer's own memory may add. */
int64_t fault_rss_slack_kib(void);

/* ------------------------------------------------------------------- site */

struct fault_site {
    struct fault_row *row;
    struct redis_server server;
    struct faultproxy *proxy;
    char url[64]; /* of the proxy */
    struct larder_config config;
    struct fault_cache *cache;
    struct certificates pki; /* of fault_site_prepare_tls */
    const char *tls_args[16];
};

/* Starts a server with these arguments, a proxy and a cache; ends the process
 * where it cannot. */
void fault_site_open(struct fault_site *site, struct fault_row *row, const char *const *args);
/* The same without a cache: site->config may be changed first. */
void fault_site_prepare(struct fault_site *site, struct fault_row *row, const char *const *args);
/* The same over TLS, with certificates of its own: "ca" has issued "server", of
 * 127.0.0.1, and "client", which the server insists on. */
void fault_site_prepare_tls(struct fault_site *site, struct fault_row *row);
void fault_site_open_cache(struct fault_site *site);
void fault_site_close(struct fault_site *site);
/* An inline command past the proxy; false: no reply. */
bool fault_site_say(struct fault_site *site, const char *line, char *ret_reply, size_t size);
/* How often the server has answered with the error of this first word. */
int64_t fault_site_errors_told(struct fault_site *site, const char *word);

/* What a cache at this address is opened with, which must live as long. */
struct larder_config fault_config(const char *url);

/* The value of a number, its text in `text`. */
enum { FAULT_TEXT_BYTES = 2048 };
struct fault_thing fault_value(uint64_t id, uint64_t number, char text[FAULT_TEXT_BYTES]);
/* Is it whole: the text what the number says? */
bool fault_is_whole(const struct fault_thing *value);

/* ------------------------------------------------------------------- load */

struct fault_load {
    struct fault_site *site;
    struct fault_row *row;
    struct history *history;
    struct history_options options;
    unsigned threads;
    uint64_t keys; /* as many are used by all threads, from epoch * keys on */
    uint64_t epoch;
    unsigned reads_pct; /* 0: the usual mixture; 100: nothing but reads */
    atomic_bool stop;
    atomic_bool recovered; /* a call that began after the repair was answered */
    int64_t injected_ns;
    atomic_int_least64_t repaired_ns;
    /* Of the thread that only sleeps: the worst of what is hardly late, and all
     * that is more. */
    int64_t noise_ns;
    struct history_stop late[FAULT_LATE_MAX];
    size_t late_count;
    struct fault_caller {
        struct fault_load *load;
        struct history_log *log;
        pthread_t thread;
        uint64_t random;
        uint64_t added;
    } callers[64];
    pthread_t noise;
    bool joined;
};

/* Zeroes, and sets what is usual; members may be changed before the start. */
void fault_load_init(struct fault_load *load, struct fault_site *site);
void fault_load_start(struct fault_load *load);
/* Marks now as the moment of the fault, of its end. */
void fault_injected(struct fault_load *load);
void fault_repaired(struct fault_load *load);
/* Waits until a call that began after the repair has been answered; not for ever.
 * A breaker's pause comes first, and nobody knows how long it is. */
void fault_await_recovery(struct fault_load *load);
/* Waits for that too, and ends the threads: the history may be looked at. */
void fault_load_join(struct fault_load *load);
/* Does that if it was not done, checks the history and adds its figures to the row. */
void fault_load_stop(struct fault_load *load);

/* ------------------------------------------------------------------ spaces */

/* Namespaces of its own for this process, of users, mounts and networks, with
 * the loopback up. While it has one thread and no server. False: not to be had. */
bool fault_own_namespaces(void);

/* --------------------------------------------------------------- processes */

/* A process of its own that runs what has this name in fault_child.c, with a cache
 * at `url` and `input` as its standard input. It is this program, executed: what a
 * process with threads only forks may find a sanitizer's heap locked for ever. */
pid_t fault_child_start(const char *name, const char *url, int64_t number, int input);
/* Waits for its end; what waitpid() says of it. */
int fault_child_end(pid_t pid);
/* In the child; its exit status. */
int fault_child_run(const char *name, const char *url, const char *number);

int fault_child_crowd(const struct larder_config *config, int64_t good_from_ns);
int fault_child_die(const struct larder_config *config, int64_t id);
int fault_child_reconnect(const struct larder_config *config, int64_t unused);

/* ----------------------------------------------------------------- random */

/* Faults at random for so long, an epoch of some seconds after the other, each
 * with a history of its own; prints a line each. The exit status. */
int fault_random(uint64_t seed, int64_t seconds);
/* The same load without a fault: no call may fail, and what the process has of
 * memory, descriptors and threads may not grow once it is warm. */
int fault_soak(uint64_t seed, int64_t seconds);

/* ------------------------------------------------------------------- rows */

enum fault_kind {
    FAULT_KIND_ALL,     /* is run everywhere */
    FAULT_KIND_THREADS, /* also under ThreadSanitizer */
    FAULT_KIND_PLAIN    /* not under a sanitizer */
};

struct fault_entry {
    int number;
    const char *name;
    void (*run)(struct fault_row *row);
    enum fault_kind kind;
};

#define FAULT_ROW(number) void fault_row_##number(struct fault_row *row);
FAULT_ROW(1)
FAULT_ROW(2)
FAULT_ROW(3)
FAULT_ROW(4)
FAULT_ROW(5)
FAULT_ROW(6)
FAULT_ROW(7)
FAULT_ROW(8)
FAULT_ROW(9)
FAULT_ROW(10)
FAULT_ROW(11)
FAULT_ROW(12)
FAULT_ROW(13)
FAULT_ROW(14)
FAULT_ROW(15)
FAULT_ROW(16)
FAULT_ROW(17)
FAULT_ROW(18)
FAULT_ROW(19)
FAULT_ROW(20)
FAULT_ROW(21)
FAULT_ROW(22)
FAULT_ROW(23)
FAULT_ROW(24)
FAULT_ROW(25)
FAULT_ROW(36)
FAULT_ROW(38)
FAULT_ROW(39)
FAULT_ROW(40)
FAULT_ROW(41)
FAULT_ROW(42)
FAULT_ROW(43)
FAULT_ROW(44)
FAULT_ROW(45)
FAULT_ROW(46)
FAULT_ROW(47)
#undef FAULT_ROW

/* The program's own file, to be executed again. */
extern const char *fault_program;

#endif
