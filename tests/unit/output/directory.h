/* SPDX-License-Identifier: MIT */
/*
 * A directory of its own for each test, which is entered, and files in it.
 */
#ifndef LARDER_TEST_DIRECTORY_H
#define LARDER_TEST_DIRECTORY_H

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory_path[64];

static inline int directory_enter(void **state)
{
    (void)state;
    snprintf(directory_path, sizeof(directory_path), "/tmp/larder-output-XXXXXX");
    return mkdtemp(directory_path) && chdir(directory_path) == 0 ? 0 : -1;
}

static inline int directory_remove(const char *path, const struct stat *info, int type,
                                   struct FTW *place)
{
    (void)info;
    (void)type;
    (void)place;
    return remove(path);
}

static inline int directory_leave(void **state)
{
    (void)state;
    return chdir("/") == 0 ? nftw(directory_path, directory_remove, 8, FTW_DEPTH | FTW_PHYS) : -1;
}

static inline void file_write(const char *path, const char *data)
{
    FILE *file = fopen(path, "w");
    if (!file || fputs(data, file) < 0 || fclose(file) != 0)
        abort();
}

/* Up to 4095 bytes, in a buffer that the next call uses again. */
static inline const char *file_read(const char *path)
{
    static char data[4096];
    FILE *file = fopen(path, "r");
    size_t len = file ? fread(data, 1, sizeof(data) - 1, file) : 0;
    data[len] = '\0';
    if (file)
        fclose(file);
    return file ? data : "(no file)";
}

/* All that a directory holds, hidden files too. */
static inline int file_count(const char *path)
{
    int count = -2; /* . and .. */
    DIR *stream = opendir(path);
    while (stream && readdir(stream))
        count++;
    if (stream)
        closedir(stream);
    return count;
}

#endif
