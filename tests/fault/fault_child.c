/* SPDX-License-Identifier: MIT */
/* Processes beside the one of a row: this program, executed anew. */
#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"

static const struct {
    const char *name;
    int (*run)(const struct larder_config *config, int64_t number);
} children[] = {
    {"crowd", fault_child_crowd}, {"die", fault_child_die}, {"reconnect", fault_child_reconnect}};

pid_t fault_child_start(const char *name, const char *url, int64_t number, int input)
{
    char program[4096], child[32], link[64], number_text[32];
    char *const argv[] = {program, child, link, number_text, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    snprintf(program, sizeof program, "%s", fault_program);
    snprintf(child, sizeof child, "--child=%s", name);
    snprintf(link, sizeof link, "%s", url);
    snprintf(number_text, sizeof number_text, "%" PRId64, number);
    posix_spawn_file_actions_init(&actions);
    if (input != STDIN_FILENO) {
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    }
    if (posix_spawn(&pid, program, &actions, NULL, argv, environ) != 0) {
        abort();
    }
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

int fault_child_end(pid_t pid)
{
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

int fault_child_run(const char *name, const char *url, const char *number)
{
    struct larder_config config = fault_config(url);
    for (size_t i = 0; i < sizeof children / sizeof *children; i++) {
        if (strcmp(name, children[i].name) == 0) {
            return children[i].run(&config, strtoll(number, NULL, 10));
        }
    }
    fprintf(stderr, "fault: there is no child %s\n", name);
    return EXIT_FAILURE;
}
