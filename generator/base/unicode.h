/* SPDX-License-Identifier: MIT */
/*
 * As much of Unicode as diagnostics and YAML text need.
 */
#ifndef LARDER_GENERATOR_UNICODE_H
#define LARDER_GENERATOR_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the character that `data` begins with (len > 0): its length in bytes,
 * 1 to 4, as RFC 3629 has it. 0: no UTF-8 (also overlong forms, surrogates);
 * *ret_code is then U+FFFD. */
size_t unicode_decode(const char *data, size_t len, uint32_t *ret_code);

/* Columns it takes on a terminal: 0, 1 or 2. A rough table. */
int unicode_width(uint32_t code);

/* May it reach a terminal? No: controls (tab included), line and paragraph
 * separators, and what turns the direction of the text around it. */
bool unicode_is_printable(uint32_t code);

/* Length of the byte order mark at the start of a file: 3 or 0. */
size_t unicode_bom(const char *data, size_t len);

#endif
