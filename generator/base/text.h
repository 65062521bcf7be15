/* SPDX-License-Identifier: MIT */
/*
 * A growing text in the arena, born with a maximum.
 *
 * Past its maximum it stays as it is and `full` is set; whoever fills it with
 * something that a user controls looks at that.
 */
#ifndef LARDER_GENERATOR_TEXT_H
#define LARDER_GENERATOR_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct text {
    struct arena *arena;
    char *data; /* always terminated; "" when empty */
    size_t len;
    size_t capacity;
    size_t max;
    bool full;
};

void text_init(struct text *text, struct arena *arena, size_t max);
void text_append(struct text *text, const char *data, size_t len);
void text_puts(struct text *text, const char *data);
void text_putc(struct text *text, char c);
__attribute__((format(printf, 2, 3))) void text_printf(struct text *text, const char *format, ...);
/* Appends as a JSON string with its quotes; bytes that are no UTF-8 as U+FFFD. */
void text_json_string(struct text *text, const char *data, size_t len);

#endif
