/* SPDX-License-Identifier: MIT */
#include "ground.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct ground *ground_open(int fd)
{
    void *at = mmap(NULL, sizeof(struct ground), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        perror("mmap");
        exit(2);
    }
    return at;
}

struct ground *ground_make(int *ret_fd)
{
    *ret_fd = memfd_create("ground", 0);
    if (*ret_fd < 0 || ftruncate(*ret_fd, sizeof(struct ground)) != 0) {
        perror("memfd");
        exit(2);
    }
    return ground_open(*ret_fd);
}

void ground_drop(struct ground *ground)
{
    (void)munmap(ground, sizeof *ground);
}

int64_t ground_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

bool ground_note(struct ground_thread *thread, const struct ground_record *record)
{
    unsigned used = atomic_load_explicit(&thread->used, memory_order_relaxed);
    if (used == GROUND_RECORDS) {
        return false;
    }
    thread->records[used] = *record;
    atomic_store_explicit(&thread->used, used + 1, memory_order_release);
    return true;
}
