/* SPDX-License-Identifier: MIT */
/*
 * Where a RESP2 reply, or a command (an array of bulk strings), ends. Shares no
 * code with the runtime's reader.
 */
#ifndef TESTS_SUPPORT_RESP_FRAME_H
#define TESTS_SUPPORT_RESP_FRAME_H

#include <stdbool.h>
#include <stddef.h>

/* How long the frame is that these bytes begin with; 0: it is not whole yet, or
 * there is none. *ret_broken: the bytes are not RESP. */
size_t resp_frame_bytes(const char *bytes, size_t len, bool *ret_broken);

/* The words of a whole command, separated by blanks, terminated, cut to `size`. */
void resp_frame_words(const char *frame, size_t len, char *ret_words, size_t size);

#endif
