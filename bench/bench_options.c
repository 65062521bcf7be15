/* SPDX-License-Identifier: MIT */
#include "bench_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <larder/larder.h>

enum {
    ROUND_MS = 300,
    ROUND_MS_MAX = 60000,
    SPIN_US_MAX = 1000000,
    CALLERS_ALL = 0,
    CALLERS_ONLY_MAX = 64,
    PORT_MAX = 65535,
    CODE_BYTES_MAX = 1000000
};

_Noreturn void bench_give_up(const char *what)
{
    const int saved = errno;
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s: %s (larder: %s; system: %s)\n", program_invocation_short_name, what,
                  larder_last_error(), strerror(saved));
    exit(EXIT_FAILURE);
}

_Noreturn static void refuse(const char *name)
{
    (void)fprintf(stderr, "%s: --%s is missing or wrong\n", program_invocation_short_name, name);
    exit(2);
}

static int number(const char *name, const char *text, int lowest, int highest)
{
    char *end;
    const long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < lowest || value > highest) {
        refuse(name);
    }
    return (int)value;
}

static void take(struct bench_options *options, const char *name, int which, const char *text)
{
    switch (which) {
    case 't':
        options->rounds.table = text;
        break;
    case 'r':
        options->rounds.count = number(name, text, 5, ROUNDS_MAX);
        break;
    case 'f':
        options->rounds.json = strcmp(text, "json") == 0;
        break;
    case 'p':
        options->port = number(name, text, 1, PORT_MAX);
        break;
    case 's':
        options->socket = text;
        break;
    case 'm':
        options->round_ms = number(name, text, 1, ROUND_MS_MAX);
        break;
    case 'u':
        options->spin_us = number(name, text, 0, SPIN_US_MAX);
        break;
    case 'n':
        options->callers = number(name, text, CALLERS_ALL, CALLERS_ONLY_MAX);
        break;
    case 'c':
        options->child = text;
        break;
    case 'a':
        options->child_arg = text;
        break;
    case 'w':
        options->placement = text;
        break;
    case 'e':
        options->encoder_bytes = number(name, text, 1, CODE_BYTES_MAX);
        break;
    case 'd':
        options->decoder_bytes = number(name, text, 1, CODE_BYTES_MAX);
        break;
    default:
        exit(2); /* getopt said it */
    }
}

void bench_options_read(int argc, char **argv, struct bench_options *ret_options)
{
    static const struct option known[] = {
        {"table", required_argument, NULL, 't'},
        {"rounds", required_argument, NULL, 'r'},
        {"form", required_argument, NULL, 'f'},
        {"port", required_argument, NULL, 'p'},
        {"socket", required_argument, NULL, 's'},
        {"round-ms", required_argument, NULL, 'm'},
        {"spin-us", required_argument, NULL, 'u'},
        {"callers", required_argument, NULL, 'n'},
        {"child", required_argument, NULL, 'c'},
        {"child-arg", required_argument, NULL, 'a'},
        {"placement", required_argument, NULL, 'w'},
        {"encoder-bytes", required_argument, NULL, 'e'},
        {"decoder-bytes", required_argument, NULL, 'd'},
        {NULL, 0, NULL, 0},
    };
    *ret_options = (struct bench_options){.round_ms = ROUND_MS, .placement = "placement unknown"};
    int index = 0;
    int which;
    while ((which = getopt_long(argc, argv, "", known, &index)) != -1) {
        take(ret_options, known[index].name, which, optarg);
    }
    if (ret_options->rounds.table == NULL || ret_options->rounds.count == 0) {
        refuse("table or --rounds");
    }
    if ((ret_options->port == 0) != (ret_options->socket == NULL)) {
        refuse("port or --socket");
    }
}
