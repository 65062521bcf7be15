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

static char *write_word(char *to, const char *word, size_t len)
{
    to = write_head(to, '$', len);
    if (len != 0) {
        memcpy(to, word, len);
    }
    to += len;
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
        to = write_word(to, argv[i], lens[i]);
    }
    out->len = (size_t)(to - out->data);
    return true;
}

bool larder_command_begin(struct larder_buffer *out, size_t argc)
{
    if (!larder_buffer_reserve(out, HEAD_BYTES_MAX)) {
        return false;
    }
    out->len = (size_t)(write_head(out->data + out->len, '*', argc) - out->data);
    return true;
}

bool larder_command_word(struct larder_buffer *out, const void *word, size_t len)
{
    if (!larder_buffer_reserve(out, HEAD_BYTES_MAX + len + 2)) {
        return false;
    }
    out->len = (size_t)(write_word(out->data + out->len, word, len) - out->data);
    return true;
}

bool larder_command_append_last(struct larder_buffer *out, const char *head, size_t head_len,
                                const char *word, size_t len)
{
    if (!larder_buffer_reserve(out, head_len + HEAD_BYTES_MAX + len + 2)) {
        return false;
    }
    char *to = out->data + out->len;
    memcpy(to, head, head_len);
    to = write_word(to + head_len, word, len);
    out->len = (size_t)(to - out->data);
    return true;
}
