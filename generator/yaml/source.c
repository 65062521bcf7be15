/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "yaml/doc.h"

/* Where a complaint about a file goes: to the include that asks for it, or to
 * the file as a whole. */
static struct src_pos place(struct arena *arena, const char *path, struct src_pos asked_at)
{
    if (asked_at.file) {
        return asked_at;
    }
    struct src_file *file = arena_alloc(arena, sizeof(*file));
    *file = (struct src_file){.path = path, .data = "", .len = 0};
    return (struct src_pos){.file = file};
}

/* A pipe that whoever started us has opened: what `<(command)` and `| larder` make. */
static bool is_given_pipe(const char *path, mode_t mode)
{
    return S_ISFIFO(mode) && (strncmp(path, "/dev/fd/", 8) == 0 || strcmp(path, "/dev/stdin") == 0);
}

/* Opens what can be read to its end: no directory, device or other pipe (opening
 * one of those must not wait for its other end either). Else -1 and the reason. */
static int open_regular(const char *path, const char **ret_reason)
{
    struct stat info;
    *ret_reason = NULL;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        *ret_reason = strerror(errno);
    } else if (S_ISDIR(info.st_mode)) {
        *ret_reason = "it is a directory";
    } else if (is_given_pipe(path, info.st_mode)) {
        (void)fcntl(fd, F_SETFL, 0); /* reading waits for what is being written */
    } else if (!S_ISREG(info.st_mode)) {
        *ret_reason = "it is no regular file";
    }
    if (*ret_reason && fd >= 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Reads up to max + 1 bytes: one more than allowed shows that it is too large. */
static bool read_all(struct arena *arena, int fd, size_t max, struct src_file *file)
{
    size_t capacity = 16 * 1024;
    char *data = arena_alloc(arena, capacity + 1);
    size_t len = 0;
    while (len <= max) {
        if (len == capacity) {
            data = arena_grow(arena, data, capacity + 1, capacity * 2 + 1);
            capacity *= 2;
        }
        ssize_t got = read(fd, data + len, capacity - len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return false;
        }
        if (got == 0) {
            break;
        }
        len += (size_t)got;
    }
    data[len] = '\0';
    file->data = data;
    file->len = len;
    return true;
}

const struct src_file *yml_read_file(struct arena *arena, struct diag *diag, const char *path,
                                     size_t max_bytes, struct src_pos asked_at)
{
    const char *reason;
    struct src_file *file = arena_alloc(arena, sizeof(*file));
    file->path = arena_strdup(arena, path);
    file->data = "";
    int fd = open_regular(path, &reason);
    if (fd >= 0) {
        if (!read_all(arena, fd, max_bytes, file)) {
            reason = strerror(errno);
        }
        close(fd);
    }
    if (reason) {
        diag_error(diag, place(arena, file->path, asked_at), "file", "cannot read '%s': %s", path,
                   reason);
        return NULL;
    }
    if (file->len > max_bytes) {
        diag_error(diag, place(arena, file->path, asked_at), "too-large",
                   "'%s' is larger than %zu bytes", path, max_bytes);
        return NULL;
    }
    return file;
}
