/* SPDX-License-Identifier: MIT */
#include "client/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

/* Up to size bytes, or -1. */
static ssize_t read_all(int fd, char *to, size_t size)
{
    size_t len = 0;
    while (len < size) {
        ssize_t n = read(fd, to + len, size - len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -1;
        }
        if (n == 0) {
            break;
        }
        len += (size_t)n;
    }
    return (ssize_t)len;
}

static size_t without_newline(const char *text, size_t len)
{
    if (len > 0 && text[len - 1] == '\n') {
        len--;
        len -= len > 0 && text[len - 1] == '\r' ? 1 : 0;
    }
    return len;
}

/* NULL, or what is wrong with what was read. */
static const char *take_text(int fd, char *secret)
{
    ssize_t n = read_all(fd, secret, LARDER_SECRET_MAX_BYTES + 1);
    if (n < 0) {
        return "the file cannot be read";
    }
    if (n > LARDER_SECRET_MAX_BYTES) {
        return "the file is larger than 64 KiB";
    }
    size_t len = without_newline(secret, (size_t)n);
    secret[len] = '\0';
    return strlen(secret) != len ? "the file holds a NUL" : NULL;
}

static enum larder_status read_secret(const struct larder_allocator *allocator, int fd,
                                      char **ret_secret, bool *ret_open, const char **ret_why)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        *ret_why = "not a regular file";
        return LARDER_E_CONFIG;
    }
    char *secret = larder_alloc_zeroed(allocator, 1, LARDER_SECRET_MAX_BYTES + 2);
    if (secret == NULL) {
        return LARDER_E_NOMEM;
    }
    *ret_open = (info.st_mode & S_IROTH) != 0;
    *ret_why = take_text(fd, secret);
    if (*ret_why != NULL) {
        explicit_bzero(secret, LARDER_SECRET_MAX_BYTES + 1);
        larder_free(allocator, secret);
        return LARDER_E_CONFIG;
    }
    *ret_secret = secret;
    return LARDER_OK;
}

enum larder_status larder_secret_file_read(const struct larder_allocator *allocator,
                                           const char *path, char **ret_secret, bool *ret_open,
                                           const char **ret_why)
{
    *ret_secret = NULL;
    *ret_open = false;
    *ret_why = NULL;
    /* Not blocking: a FIFO nobody writes to is refused, not waited for. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        *ret_why = errno == ENOENT ? "there is no such file" : "the file cannot be opened";
        return LARDER_E_CONFIG;
    }
    enum larder_status status = read_secret(allocator, fd, ret_secret, ret_open, ret_why);
    close(fd);
    return status;
}

void larder_secret_free(const struct larder_allocator *allocator, char *secret)
{
    if (secret != NULL) {
        explicit_bzero(secret, strlen(secret));
        larder_free(allocator, secret);
    }
}
