/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 512, ERROR_BYTES = 256 };

static _Thread_local char last_error[ERROR_BYTES];
static _Thread_local enum larder_outcome last_outcome;

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Formats one line of at most size - 1 bytes. A cut leaves no half of a UTF-8
 * sequence; text of servers and users shall not steer a terminal. */
__attribute__((format(printf, 3, 0))) static void format_line(char *to, size_t size,
                                                              const char *format, va_list args)
{
    int n = vsnprintf(to, size, format, args);
    if (n < 0) {
        to[0] = '\0';
    }
    if (n >= (int)size) {
        size_t len = size - 1;
        size_t start = len;
        while (start > 0 && start + 3 > len && is_continuation(to[start - 1])) {
            start--;
        }
        bool cut = start > 0 && (unsigned char)to[start - 1] >= 0xc0;
        to[cut ? start - 1 : len] = '\0';
    }
    for (char *c = to; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = '?';
        }
    }
}

void larder_log_line(const struct larder_log *log, enum larder_log_level level, const char *format,
                     ...)
{
    char line[LINE_BYTES];
    va_list args;
    if (log == NULL || log->write == NULL) {
        return;
    }
    va_start(args, format);
    format_line(line, sizeof line, format, args);
    va_end(args);
    log->write(log->user, level, line);
}

enum larder_status larder_error_set(enum larder_status status, const char *format, ...)
{
    /* Not formatted in place: an argument may be the error before this one. */
    char line[ERROR_BYTES];
    va_list args;
    va_start(args, format);
    format_line(line, sizeof line, format, args);
    va_end(args);
    memcpy(last_error, line, strlen(line) + 1);
    return status;
}

void larder_error_clear(void)
{
    last_error[0] = '\0';
}

const char *larder_last_error(void)
{
    return last_error;
}

void larder_outcome_set(enum larder_outcome outcome)
{
    last_outcome = outcome;
}

enum larder_outcome larder_outcome(void)
{
    return last_outcome;
}
