/* SPDX-License-Identifier: MIT */
/*
 * A connection to Redis that shares no code with larder: for tests that put
 * bytes at a key, or look at those that are there. Blocking; a failure of the
 * connection fails the test.
 */
#ifndef TESTS_SUPPORT_RAW_REDIS_H
#define TESTS_SUPPORT_RAW_REDIS_H

#include <stdbool.h>
#include <stddef.h>

struct raw_redis {
    int fd;
};

void raw_redis_open(struct raw_redis *redis, int port, int db);
void raw_redis_close(struct raw_redis *redis);

void raw_redis_set(struct raw_redis *redis, const char *key, const void *bytes, size_t len);
/* At most size bytes; the key must be there. Answers how many. */
size_t raw_redis_get(struct raw_redis *redis, const char *key, unsigned char *buf, size_t size);
/* Any command of words whose answer is one line, which must not be an error. */
void raw_redis_run(struct raw_redis *redis, const char *const *words, size_t count);
/* Of a section of INFO, the line that begins so, without its end. False: there is none. */
bool raw_redis_info(struct raw_redis *redis, const char *section, const char *begins,
                    char *ret_line, size_t size);

#endif
