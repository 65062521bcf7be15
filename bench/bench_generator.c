/* SPDX-License-Identifier: MIT */
/*
 *     bench_generator LARDER WORK-DIR ROUNDS table|json SCHEMA…
 *
 * Wall time and peak memory of `larder generate`, of the schemas given and of
 * one made up with 1,000 entities; time to refuse a 300 KB line of `[`. The
 * peer is the goal. Starting the program counts, as a build pays for it too.
 *
 * Each run writes everything into a new folder of WORK-DIR, which is removed
 * before the next; WORK-DIR should be in memory, or it is the disk that is
 * measured. Medians of ROUNDS runs, 9 at least, after one that does not count.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rounds.h"

enum { PATH_SIZE = 512, ARGS_MAX = 64, MADE_ENTITIES = 1000, BRACKETS = 300 * 1000, RUNS_MIN = 9 };

struct run {
    double ms;
    double mib;
    int exit_status;
};

static void give_up(const char *what, const char *path)
{
    (void)fprintf(stderr, "bench_generator: %s %s: %s\n", what, path, strerror(errno));
    exit(EXIT_FAILURE);
}

/* Runs a program to its end, silently, and tells what it took. */
static struct run run_program(char *const *args)
{
    struct rusage usage;
    int status = 0;
    const int64_t started_ns = rounds_now_ns();
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execv(args[0], args);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
        give_up("cannot run", args[0]);
    }
    return (struct run){
        .ms = (double)(rounds_now_ns() - started_ns) / 1e6,
        .mib = (double)usage.ru_maxrss / 1024,
        .exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
    };
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

/* One run over `count` schemas, into a folder that is new and gone afterwards. */
static struct run generate(const char *larder, const char *dir, char *const *schemas, size_t count)
{
    static unsigned folders;
    char out[PATH_SIZE];
    char verb[] = "generate";
    char flag[] = "-o";
    char program[PATH_SIZE];
    char *args[ARGS_MAX] = {program, verb, flag, out};
    (void)snprintf(program, sizeof program, "%s", larder);
    (void)snprintf(out, sizeof out, "%s/out%u", dir, folders++);
    for (size_t i = 0; i < count && i + 5 < ARGS_MAX; i++) {
        args[4 + i] = schemas[i];
    }
    const struct run run = run_program(args);
    if (nftw(out, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT) {
        give_up("cannot remove", out);
    }
    return run;
}

/* The medians of rounds->count runs; the exit status of the last. */
static struct run measure(const char *larder, const char *dir, char *const *schemas, size_t count,
                          const struct rounds *rounds)
{
    double ms[ROUNDS_MAX];
    double mib[ROUNDS_MAX];
    struct run run = generate(larder, dir, schemas, count);
    for (int i = 0; i < rounds->count; i++) {
        run = generate(larder, dir, schemas, count);
        ms[i] = run.ms;
        mib[i] = run.mib;
    }
    run.ms = rounds_median(ms, (size_t)rounds->count);
    run.mib = rounds_median(mib, (size_t)rounds->count);
    return run;
}

static FILE *create(char *path, size_t size, const char *dir, const char *name)
{
    (void)snprintf(path, size, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        give_up("cannot write", path);
    }
    return file;
}

static void make_large_schema(char *path, size_t size, const char *dir)
{
    FILE *file = create(path, size, dir, "large.yaml");
    (void)fputs("larder: 1\nservice: large\ntypes:\n  Part:\n    fields:\n      name: string\n"
                "      amount: i64\nentities:\n",
                file);
    for (int i = 0; i < MADE_ENTITIES; i++) {
        (void)fprintf(file,
                      "  thing_%d:\n    key: \"thing%d:{id:u64}\"\n    fields:\n      id: u64\n"
                      "      name: { type: string, max: 200 }\n      parts: list<Part>\n"
                      "      labels: map<string>\n      main: Part?\n      seen_at: timestamp\n",
                      i, i);
    }
    if (fclose(file) != 0) {
        give_up("cannot write", path);
    }
}

static void make_brackets(char *path, size_t size, const char *dir)
{
    FILE *file = create(path, size, dir, "brackets.yaml");
    for (int i = 0; i < BRACKETS; i++) {
        (void)fputc('[', file);
    }
    (void)fputc('\n', file);
    if (fclose(file) != 0) {
        give_up("cannot write", path);
    }
}

static void print(struct rounds *rounds, const char *name, double ours, double goal,
                  const char *unit)
{
    rounds_print(rounds, name, "goal", ours, goal, unit, ours / goal);
}

static void expect(const struct run *run, int exit_status, const char *what)
{
    if (run->exit_status != exit_status) {
        (void)fprintf(stderr, "bench_generator: %s: exit status %d, not %d\n", what,
                      run->exit_status, exit_status);
        exit(EXIT_FAILURE);
    }
}

int main(int argc, char **argv)
{
    char path[PATH_SIZE];
    char *made[] = {path};
    char name[64];
    if (argc < 6) {
        (void)fprintf(stderr, "usage: bench_generator LARDER WORK-DIR ROUNDS table|json SCHEMA…\n");
        return 2;
    }
    struct rounds rounds = {.table = "generator", .count = (int)strtol(argv[3], NULL, 10)};
    rounds.json = strcmp(argv[4], "json") == 0;

    if (rounds.count < 5 || rounds.count > ROUNDS_MAX) {
        (void)fprintf(stderr, "bench_generator: 5 to %d rounds\n", ROUNDS_MAX);
        return 2;
    }
    rounds.count = rounds.count < RUNS_MIN ? RUNS_MIN : rounds.count;

    const size_t count = (size_t)argc - 5;
    struct run run = measure(argv[1], argv[2], argv + 5, count, &rounds);
    expect(&run, 0, "the services' schemas");
    (void)snprintf(name, sizeof name, "generate %zu services", count);
    print(&rounds, name, run.ms, 20, "ms");
    (void)snprintf(name, sizeof name, "generate %zu services, memory", count);
    print(&rounds, name, run.mib, 100, "MiB");

    make_large_schema(path, sizeof path, argv[2]);
    run = measure(argv[1], argv[2], made, 1, &rounds);
    expect(&run, 0, "1,000 entities");
    print(&rounds, "generate 1,000 entities", run.ms, 500, "ms");
    print(&rounds, "generate 1,000 entities, memory", run.mib, 64, "MiB");

    make_brackets(path, sizeof path, argv[2]);
    run = measure(argv[1], argv[2], made, 1, &rounds);
    expect(&run, 1, "a line of brackets");
    print(&rounds, "refuse 300 KB of [", run.ms, 10, "ms");
    print(&rounds, "refuse 300 KB of [, memory", run.mib, 100, "MiB");
    return EXIT_SUCCESS;
}
