/* SPDX-License-Identifier: MIT */
#include "support/resp_frame.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 64 * 1024, COUNT_MAX = 1 << 20 };

/* Behind the line's end; 0: it is still to come. */
static size_t line_end(const char *bytes, size_t len, size_t from)
{
    const char *end = len > from ? memmem(bytes + from, len - from, "\r\n", 2) : NULL;
    return end != NULL ? (size_t)(end - bytes) + 2 : 0;
}

/* The number between a header's first byte and its line's end at `end`. */
static long header_number(const char *bytes, size_t at, size_t end, bool *ret_broken)
{
    char digits[24];
    char *stop;
    size_t len = end - 2 - (at + 1);
    if (len == 0 || len >= sizeof digits) {
        *ret_broken = true;
        return -1;
    }
    memcpy(digits, bytes + at + 1, len);
    digits[len] = '\0';
    long number = strtol(digits, &stop, 10);
    *ret_broken |= *stop != '\0' || number < -1;
    return number;
}

/* Steps over one header line and what belongs to it, elements of an array
 * excepted: those are added to *due. 0: not whole, or broken. */
static size_t step(const char *bytes, size_t len, size_t at, size_t *due, bool *ret_broken)
{
    size_t end = line_end(bytes, len, at);
    if (at >= len) {
        return 0;
    }
    if (strchr("+-:$*", bytes[at]) == NULL || bytes[at] == '\0' ||
        (end == 0 && len - at > LINE_MAX_BYTES)) {
        *ret_broken = true;
        return 0;
    }
    if (end == 0 || strchr("+-:", bytes[at]) != NULL) {
        return end;
    }
    long number = header_number(bytes, at, end, ret_broken);
    if (*ret_broken || number < 0) {
        return *ret_broken ? 0 : end;
    }
    if (bytes[at] == '*') {
        *ret_broken |= number > COUNT_MAX;
        *due += (size_t)number;
        return end;
    }
    return len - end >= (size_t)number + 2 ? end + (size_t)number + 2 : 0;
}

size_t resp_frame_bytes(const char *bytes, size_t len, bool *ret_broken)
{
    size_t at = 0;
    *ret_broken = false;
    for (size_t due = 1; due > 0; due--) {
        at = step(bytes, len, at, &due, ret_broken);
        if (at == 0 || *ret_broken) {
            return 0;
        }
    }
    return at;
}

void resp_frame_words(const char *frame, size_t len, char *ret_words, size_t size)
{
    size_t n = 0;
    bool broken = false;
    size_t at = line_end(frame, len, 0);
    while (at != 0 && at < len && !broken) {
        size_t body = line_end(frame, len, at);
        long number = body != 0 ? header_number(frame, at, body, &broken) : -1;
        if (number < 0 || (size_t)number > len - body) {
            break;
        }
        for (long i = 0; i < number && n + 2 < size; i++) {
            ret_words[n++] = frame[body + (size_t)i];
        }
        at = body + (size_t)number + 2;
        if (at < len && n + 2 < size) {
            ret_words[n++] = ' ';
        }
    }
    ret_words[n] = '\0';
}
