/* SPDX-License-Identifier: MIT */
/*
 *     fault [--long] [ROW…]      runs these rows, or all, and prints the table;
 *                                --long: a minute a load, a third of it the fault
 *     fault --one ROW            runs one row in this process, prints its line
 *     fault --random SECONDS     faults at random, with a history an epoch
 *     fault --soak SECONDS       no faults, and nothing may grow
 *     fault --fds                prints how many descriptors it was born with
 * and --seed N: what is drawn at random follows from it.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"
#include "support/sanitizers.h"

enum { EXIT_SKIPPED = 77, FIGURES = 10, LEFT_WAIT_MS = 2000 };

const char *fault_program;

static const struct fault_entry entries[] = {
    {1, "server crash", fault_row_1, FAULT_KIND_THREADS},
    {2, "frozen server", fault_row_2, FAULT_KIND_THREADS},
    {3, "slow server", fault_row_3, FAULT_KIND_THREADS},
    {4, "connections killed", fault_row_4, FAULT_KIND_THREADS},
    {5, "reset mid-reply", fault_row_5, FAULT_KIND_THREADS},
    {6, "end mid-reply", fault_row_6, FAULT_KIND_THREADS},
    {7, "dripping server", fault_row_7, FAULT_KIND_THREADS},
    {8, "black hole", fault_row_8, FAULT_KIND_ALL},
    {9, "black hole on connect", fault_row_9, FAULT_KIND_ALL},
    {10, "connections refused", fault_row_10, FAULT_KIND_ALL},
    {11, "name service dead", fault_row_11, FAULT_KIND_ALL},
    {12, "corrupted byte", fault_row_12, FAULT_KIND_ALL},
    {13, "replies out of step", fault_row_13, FAULT_KIND_ALL},
    {14, "hostile replies", fault_row_14, FAULT_KIND_ALL},
    {15, "signals", fault_row_15, FAULT_KIND_THREADS},
    {16, "SIGPIPE", fault_row_16, FAULT_KIND_THREADS},
    /* gcc 12's AddressSanitizer leaves its heap locked in a threaded process's child. */
    {17, "fork", fault_row_17, FAULT_KIND_PLAIN},
    {18, "no descriptors left", fault_row_18, FAULT_KIND_THREADS},
    {19, "malloc failure", fault_row_19, FAULT_KIND_THREADS},
    {20, "memory cap", fault_row_20, FAULT_KIND_PLAIN},
    {21, "64 threads", fault_row_21, FAULT_KIND_THREADS},
    {22, "server full", fault_row_22, FAULT_KIND_ALL},
    {23, "too many clients", fault_row_23, FAULT_KIND_ALL},
    {24, "disk full", fault_row_24, FAULT_KIND_ALL},
    {25, "server loading", fault_row_25, FAULT_KIND_ALL},
    {36, "credentials", fault_row_36, FAULT_KIND_ALL},
    {38, "scripts lost", fault_row_38, FAULT_KIND_ALL},
    {39, "TLS", fault_row_39, FAULT_KIND_ALL},
    {40, "client clock steps", fault_row_40, FAULT_KIND_ALL},
    {41, "server clock steps", fault_row_41, FAULT_KIND_ALL},
    {42, "client pauses", fault_row_42, FAULT_KIND_ALL},
    {43, "flushed, foreign types", fault_row_43, FAULT_KIND_ALL},
    {44, "poisoned values", fault_row_44, FAULT_KIND_ALL},
    {45, "updates in an outage", fault_row_45, FAULT_KIND_ALL},
    {46, "thundering herd", fault_row_46, FAULT_KIND_ALL},
    {47, "overload", fault_row_47, FAULT_KIND_ALL},
};

static const struct fault_entry *find_entry(int number)
{
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        if (entries[i].number == number) {
            return &entries[i];
        }
    }
    return NULL;
}

/* ---------------------------------------------------------------- one row */

static void print_figure(int64_t figure)
{
    if (figure == FAULT_NONE) {
        printf(" %7s", "-");
    } else {
        printf(" %7" PRId64, figure);
    }
}

static void print_row(const struct fault_entry *entry, const struct fault_row *row, int fds,
                      int threads)
{
    const int64_t figures[] = {row->calls,     row->detect_ms, row->recovery_ms, row->overrun_ms,
                               row->noise_ms,  row->unknown,   row->twice,       row->wrong,
                               row->stale + 0, row->lost,      row->retaken,     row->dials};
    printf("%4d  %-22s %-5s", entry->number, entry->name, row->failed ? "FAIL" : "ok");
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        print_figure(figures[i]);
    }
    printf(" %7.1f %4d %4d\n", (double)fault_peak_rss_kib() / 1024, fds, threads);
    for (const char *at = row->notes; *at != '\0';) {
        size_t len = strcspn(at, "\n");
        printf("      %.*s\n", (int)len, at);
        at += len + 1;
    }
    if (row->failed) {
        printf("      seed %" PRIu64 "\n", row->seed);
    }
    fflush(stdout);
}

/* What is left of descriptors and threads; a thread that has been joined may
 * still be on its way out. */
static void count_left(const struct fault_row *row, int *ret_fds, int *ret_threads)
{
    int64_t end_ns = history_now_ns() + LEFT_WAIT_MS * INT64_C(1000000);
    do {
        *ret_fds = fault_open_fds() - row->fds_before;
        *ret_threads = fault_open_threads() - row->threads_before;
    } while ((*ret_fds > 0 || *ret_threads > 0) && history_now_ns() < end_ns);
}

static void *do_nothing(void *user)
{
    return user;
}

/* A sanitizer's own thread starts with the first of ours: before we count. */
static void start_sanitizer(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, do_nothing, NULL) == 0) {
        pthread_join(thread, NULL);
    }
}

static int run_one(int number, uint64_t seed)
{
    int fds, threads;
    struct fault_row row = {.number = number,
                            .seed = seed,
                            .detect_ms = FAULT_NONE,
                            .recovery_ms = FAULT_NONE,
                            .overrun_ms = FAULT_NONE,
                            .noise_ms = FAULT_NONE,
                            .unknown = FAULT_NONE,
                            .twice = FAULT_NONE,
                            .wrong = FAULT_NONE,
                            .stale = FAULT_NONE,
                            .lost = FAULT_NONE,
                            .retaken = FAULT_NONE,
                            .dials = FAULT_NONE,
                            .calls = FAULT_NONE};
    const struct fault_entry *entry = find_entry(number);
    if (entry == NULL) {
        fprintf(stderr, "fault: there is no row %d\n", number);
        return EXIT_FAILURE;
    }
    bool skipped = (UNDER_THREAD_SANITIZER && entry->kind != FAULT_KIND_THREADS) ||
                   (UNDER_ADDRESS_SANITIZER && entry->kind == FAULT_KIND_PLAIN);
    if (skipped) {
        printf("%4d  %-22s not under this sanitizer\n", number, entry->name);
        return EXIT_SKIPPED;
    }
    start_sanitizer();
    row.fds_before = fault_open_fds();
    row.threads_before = fault_open_threads();
    entry->run(&row);
    if (row.skipped && !row.failed) {
        printf("%4d  %-22s skipped: %s", number, entry->name, row.notes);
        return EXIT_SKIPPED;
    }
    count_left(&row, &fds, &threads);
    fault_check(&row, fds <= 0, "descriptors were left open");
    fault_check(&row, threads <= 0, "threads were left");
    print_row(entry, &row, fds, threads);
    return row.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* -------------------------------------------------------------- the table */

static void print_head(uint64_t seed)
{
    static const char *const heads[] = {"calls", "detect",  "recover", "overrun",
                                        "noise", "unknown", "twice",   "wrong",
                                        "stale", "lost",    "retaken", "dials/s"};
    printf("seed %" PRIu64 "; times in ms, of each row's worst run; RSS in MiB\n", seed);
    printf("%4s  %-22s %-5s", "row", "fault", "");
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        printf(" %7s", heads[i]);
    }
    printf(" %7s %4s %4s\n", "RSS", "fds", "thr");
    fflush(stdout);
}

/* 0: passed or skipped. */
static int run_apart(const struct fault_entry *entry, uint64_t seed)
{
    char row[16], number_text[32];
    int status = 0;
    snprintf(row, sizeof row, "%d", entry->number);
    snprintf(number_text, sizeof number_text, "%" PRIu64, seed);
    pid_t pid = fork();
    if (pid == 0) {
        execl(fault_program, fault_program, "--seed", number_text, "--one", row,
              fault_is_long ? "--long" : (char *)NULL, (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (pid < 0 || WIFSIGNALED(status)) {
        printf("%4d  %-22s CRASH, signal %d, seed %" PRIu64 "\n", entry->number, entry->name,
               WTERMSIG(status), seed);
        return 1;
    }
    return WEXITSTATUS(status) == EXIT_SUCCESS || WEXITSTATUS(status) == EXIT_SKIPPED ? 0 : 1;
}

static bool is_wanted(int number, int count, char **rows)
{
    for (int i = 0; i < count; i++) {
        if (strtol(rows[i], NULL, 10) == number) {
            return true;
        }
    }
    return count == 0;
}

static int run_table(int count, char **rows, uint64_t seed)
{
    int failed = 0;
    print_head(seed);
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        failed += is_wanted(entries[i].number, count, rows) ? run_apart(&entries[i], seed) : 0;
    }
    printf("%d failed\n", failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void know_oneself(void)
{
    static char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    self[len > 0 ? len : 0] = '\0';
    fault_program = self;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"seed", required_argument, NULL, 's'},   {"one", required_argument, NULL, 'o'},
        {"random", required_argument, NULL, 'r'}, {"soak", required_argument, NULL, 'k'},
        {"child", required_argument, NULL, 'c'},  {"long", no_argument, NULL, 'l'},
        {"fds", no_argument, NULL, 'f'},          {NULL, 0, NULL, 0}};
    int (*storm)(uint64_t seed, int64_t seconds) = NULL;
    uint64_t seed = (uint64_t)history_now_ns() % 1000000;
    int64_t seconds = 0;
    const char *child = NULL;
    int one = 0;
    know_oneself();
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'f') {
            printf("%d\n", fault_open_fds());
            return EXIT_SUCCESS;
        }
        if (option == '?') {
            return EXIT_FAILURE;
        }
        seed = option == 's' ? strtoull(optarg, NULL, 10) : seed;
        one = option == 'o' ? (int)strtol(optarg, NULL, 10) : one;
        if (option == 'r' || option == 'k') {
            storm = option == 'r' ? fault_random : fault_soak;
            seconds = strtoll(optarg, NULL, 10);
        }
        child = option == 'c' ? optarg : child;
        fault_is_long |= option == 'l';
    }
    if (child != NULL && argc - optind == 2) {
        return fault_child_run(child, argv[optind], argv[optind + 1]);
    }
    if (one != 0) {
        return run_one(one, seed);
    }
    return storm != NULL ? storm(seed, seconds) : run_table(argc - optind, argv + optind, seed);
}
