/* SPDX-License-Identifier: MIT */
/*
 * What moving over from Python buys: get, set and get_many of the products of
 * `whole`, against redis-py with json and with msgpack. The peer runs in a child
 * process (peers.py), which times its own loops; the two take turns.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_options.h"
#include "goods.h"

enum { SINGLES = 1000, BATCHES = 30, LINE_SIZE = 256 };

struct child {
    pid_t pid;
    FILE *to;
    FILE *from;
};

struct peers {
    struct stall_cache *cache;
    struct child child;
    struct stall_product_key keys[GOODS];
    uint64_t sum; /* of what was read last */
};

/* ------------------------------------------------------------------ child */

static void become(const struct bench_options *options, int in, int out)
{
    char port[16];
    (void)snprintf(port, sizeof port, "%d", options->port);
    (void)dup2(in, STDIN_FILENO);
    (void)dup2(out, STDOUT_FILENO);
    (void)execlp(options->child, options->child, options->child_arg, port, (char *)NULL);
    _exit(127);
}

static void child_start(struct child *child, const struct bench_options *options)
{
    int to[2];
    int from[2];
    if (pipe(to) != 0 || pipe(from) != 0) {
        bench_give_up("pipe");
    }
    child->pid = fork();
    if (child->pid == 0) {
        (void)close(to[1]);
        (void)close(from[0]);
        become(options, to[0], from[1]);
    }
    (void)close(to[0]);
    (void)close(from[1]);
    child->to = fdopen(to[1], "w");
    child->from = fdopen(from[0], "r");
    if (child->pid < 0 || child->to == NULL || child->from == NULL) {
        bench_give_up("cannot start the peer");
    }
}

static void child_line(const struct child *child, char line[LINE_SIZE])
{
    if (fgets(line, LINE_SIZE, child->from) == NULL) {
        bench_give_up("the peer says nothing");
    }
    line[strcspn(line, "\n")] = '\0';
}

/* The number of a member of the line. */
static const char *member(const char *line, const char *name)
{
    const char *at = strstr(line, name);
    if (at == NULL) {
        bench_give_up(line);
    }
    return at + strlen(name);
}

/* µs each, by the child's clock. */
static double child_run(const struct child *child, const char *codec, const char *name, size_t n,
                        uint64_t *ret_sum)
{
    char line[LINE_SIZE];
    (void)fprintf(child->to, "%s %s %zu\n", codec, name, n);
    if (fflush(child->to) != 0) {
        bench_give_up("the peer has ended");
    }
    child_line(child, line);
    *ret_sum = strtoull(member(line, "\"sum\": "), NULL, 10);
    return strtod(member(line, "\"us\": "), NULL);
}

static void child_end(const struct child *child)
{
    (void)fclose(child->to);
    (void)fclose(child->from);
    (void)waitpid(child->pid, NULL, 0);
}

/* ------------------------------------------------------------------- ours */

static void our_get(void *user, size_t n)
{
    struct peers *p = user;
    p->sum = 0;
    for (size_t i = 0; i < n; i++) {
        const struct stall_product *product;
        if (stall_product_cache_get(p->cache, p->keys[i % GOODS].id, &product) != LARDER_OK) {
            bench_give_up("get");
        }
        p->sum += i < GOODS ? goods_sum(product) : 0;
        stall_product_release(product);
    }
}

static void our_set(void *user, size_t n)
{
    const struct peers *p = user;
    for (size_t i = 0; i < n; i++) {
        if (stall_product_cache_put(p->cache, &goods()[i % GOODS]) != LARDER_OK) {
            bench_give_up("put");
        }
    }
}

static void our_get_many(void *user, size_t n)
{
    struct peers *p = user;
    const struct stall_product *values[GOODS];
    enum larder_status each[GOODS];
    for (size_t i = 0; i < n; i++) {
        if (stall_product_cache_get_many(p->cache, p->keys, GOODS, values, each) != LARDER_OK) {
            bench_give_up("get_many");
        }
        p->sum = 0;
        for (size_t j = 0; i + 1 == n && j < GOODS; j++) {
            p->sum += goods_sum(values[j]);
        }
        stall_product_release_many(values, GOODS);
    }
}

/* ----------------------------------------------------------------- rounds */

struct peers_case {
    const char *name;
    const char *peers_name; /* the child's */
    rounds_fn *ours;
    size_t n;
    bool reads;
};

/* Warms both up; both must have read the same. */
static void warm_up(struct peers *p, const struct peers_case *a_case, const char *codec)
{
    uint64_t sum;
    const size_t n = a_case->n / 4 > GOODS || a_case->n < GOODS ? a_case->n / 4 + 1 : GOODS;
    (void)child_run(&p->child, codec, a_case->peers_name, n, &sum);
    a_case->ours(p, n);
    if (a_case->reads && p->sum != sum) {
        bench_give_up("the two do not read the same");
    }
}

static void run_case(struct bench_options *options, struct peers *p,
                     const struct peers_case *a_case, const char *codec)
{
    double ours[ROUNDS_MAX];
    double peers[ROUNDS_MAX];
    char name[32];
    uint64_t sum;
    warm_up(p, a_case, codec);
    for (size_t i = 0; i < (size_t)options->rounds.count; i++) {
        if (i % 2 == 0) {
            ours[i] = rounds_time_us(a_case->ours, p, a_case->n);
        }
        peers[i] = child_run(&p->child, codec, a_case->peers_name, a_case->n, &sum);
        if (i % 2 == 1) {
            ours[i] = rounds_time_us(a_case->ours, p, a_case->n);
        }
    }
    (void)snprintf(name, sizeof name, "redis-py + %s", codec);
    rounds_report(&options->rounds, a_case->name, name, ours, peers, "us");
}

/* ------------------------------------------------------------------- main */

static void open_ours(struct peers *p, const struct bench_options *options)
{
    char url[64];
    const struct larder_config config = {.backend = "redis", .url = url};
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%d", options->port);
    if (stall_cache_open(&config, &p->cache) != LARDER_OK) {
        bench_give_up("open");
    }
    for (size_t i = 0; i < GOODS; i++) {
        p->keys[i].id = goods()[i].id;
    }
}

static void open_both(struct peers *p, struct bench_options *options)
{
    char line[LINE_SIZE];
    open_ours(p, options);
    (void)signal(SIGPIPE, SIG_IGN); /* a peer that has ended is an error with words */
    child_start(&p->child, options);
    child_line(&p->child, line);
    if (!options->rounds.json) {
        printf("%d products of about 400 bytes, one caller, %s, medians of %d rounds\n%s\n\n",
               GOODS, options->placement, options->rounds.count, line);
    }
}

int main(int argc, char **argv)
{
    static const char *const codecs[] = {"json", "msgpack"};
    static const struct peers_case cases[] = {
        {"set", "set", our_set, SINGLES, false},
        {"get", "get", our_get, SINGLES, true},
        {"get_many of 64", "mget", our_get_many, BATCHES, true},
    };
    static struct peers p;
    struct bench_options options;
    bench_options_read(argc, argv, &options);
    if (options.child == NULL || options.child_arg == NULL) {
        bench_give_up("--child and --child-arg are needed");
    }
    open_both(&p, &options);
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
        for (size_t j = 0; j < sizeof cases / sizeof *cases; j++) {
            run_case(&options, &p, &cases[j], codecs[i]);
        }
    }
    child_end(&p.child);
    stall_cache_close(p.cache);
    return EXIT_SUCCESS;
}
