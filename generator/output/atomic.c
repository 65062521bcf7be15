/* SPDX-License-Identifier: MIT */
#include "output/atomic.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of what is in a place no more is read: nothing we write is as large, so that
 * much tells it apart. */
enum { MOST_TRIES = 1000, MOST_BYTES = 64 * 1024 * 1024 };

static bool read_rest(struct arena *arena, int fd, struct atomic_existing *existing, size_t size)
{
    char *data = arena_alloc(arena, size + 1);
    while (existing->len < size) {
        ssize_t got = read(fd, data + existing->len, size - existing->len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return false;
        }
        if (got == 0) {
            break;
        }
        existing->len += (size_t)got;
    }
    data[existing->len] = '\0';
    existing->data = data;
    return true;
}

static void look_inside(struct arena *arena, int fd, struct atomic_existing *existing)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return;
    }
    if (!S_ISREG(info.st_mode)) {
        existing->state = ATOMIC_OTHER;
        return;
    }
    existing->mode = info.st_mode & 0777;
    if (read_rest(arena, fd, existing,
                  info.st_size < MOST_BYTES ? (size_t)info.st_size : MOST_BYTES)) {
        existing->state = ATOMIC_FILE;
    }
}

struct atomic_existing atomic_look(struct arena *arena, int dir, const char *name)
{
    struct atomic_existing existing = {.state = ATOMIC_FAILED, .mode = 0666, .data = ""};
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT) {
            existing.state = ATOMIC_NOTHING;
        } else if (errno == ELOOP || errno == ENXIO) {
            existing.state = ATOMIC_OTHER;
        }
        return existing;
    }
    look_inside(arena, fd, &existing);
    int error = errno;
    close(fd);
    errno = error;
    return existing;
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t put = write(fd, data, len);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return false;
        }
        data += put;
        len -= (size_t)put;
    }
    /* No fsync: what is lost with the power can be generated again, and sixteen
     * files take three times as long with it (50 ms for 15). */
    return true;
}

static int create_temp(struct arena *arena, int dir, const char **ret_temp)
{
    int fd = -1;
    for (int i = 0; fd < 0 && i < MOST_TRIES; i++) {
        *ret_temp = arena_printf(arena, ".larder-%ld-%d.tmp", (long)getpid(), i);
        fd = openat(dir, *ret_temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST) {
            break;
        }
    }
    return fd;
}

bool atomic_write_temp(struct arena *arena, int dir, const char *data, size_t len, mode_t mode,
                       const char **ret_temp)
{
    int fd = create_temp(arena, dir, ret_temp);
    if (fd < 0) {
        return false;
    }
    bool done = write_all(fd, data, len) && (mode == 0666 || fchmod(fd, mode) == 0);
    int error = errno;
    if (close(fd) != 0 && done) {
        done = false;
        error = errno;
    }
    if (!done) {
        unlinkat(dir, *ret_temp, 0);
    }
    errno = error;
    return done;
}

static bool make_directory(const char *path)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

int atomic_open_directory(struct arena *arena, const char *path)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    int fd = open(path, flags);
    if (fd >= 0 || errno != ENOENT) {
        return fd;
    }
    char *parent = arena_strdup(arena, path);
    for (char *slash = parent + 1; *parent && (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        bool made = make_directory(parent);
        *slash = '/';
        if (!made) {
            return -1;
        }
    }
    return make_directory(path) ? open(path, flags) : -1;
}
