/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "net/exchange.h"

enum { HEAD_BYTES_MAX = 24 }; /* a letter, 20 digits, CR LF */

static char *write_head(char *to, char letter, size_t number)
{
    char digits[20];
    size_t n = 0;
    *to++ = letter;
    for (; number >= 10; number /= 10) {
        digits[n++] = (char)('0' + number % 10);
    }
    *to++ = (char)('0' + number);
    while (n > 0) {
        *to++ = digits[--n];
    }
    *to++ = '\r';
    *to++ = '\n';
    return to;
}

bool larder_command_append(struct larder_buffer *out, size_t argc, const char *const *argv,
                           const size_t *lens)
{
    size_t need = HEAD_BYTES_MAX;
    for (size_t i = 0; i < argc; i++) {
        need += HEAD_BYTES_MAX + lens[i] + 2;
    }
    if (!larder_buffer_reserve(out, need)) {
        return false;
    }
    char *to = write_head(out->data + out->len, '*', argc);
    for (size_t i = 0; i < argc; i++) {
        to = write_head(to, '$', lens[i]);
        memcpy(to, argv[i], lens[i]);
        to += lens[i];
        *to++ = '\r';
        *to++ = '\n';
    }
    out->len = (size_t)(to - out->data);
    return true;
}
