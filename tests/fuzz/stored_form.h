/* SPDX-License-Identifier: MIT */
/*
 * A stored value taken apart and put together as docs/wire-format.md has it, with
 * msgpack-c, libzstd's streams and an LZ4 of our own: for fuzz_stored.c and its
 * mutator.
 */
#ifndef TESTS_FUZZ_STORED_FORM_H
#define TESTS_FUZZ_STORED_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BODY_MAX = 256 * 1024, /* of a body; those that say they are larger are not tried */
    DEPTH_MAX = 30         /* msgpack-c has room for 32 open containers */
};

enum stored_verdict {
    STORED_BODY,  /* this is the body */
    STORED_NONE,  /* there is none */
    STORED_UNSURE /* too deep, too large, or for a window that a stream does not take */
};

struct stored_form {
    unsigned codec; /* 0: plain, 1: zstd, 2: LZ4 */
    const uint8_t *body;
    size_t len;
};

/* Of the entity with this number, at its key; of version 1, as all. In fuzz_stored.c. */
uint64_t stored_fingerprint(unsigned index);

/* The body lies in data, or in room of BODY_MAX bytes. */
enum stored_verdict stored_open(uint64_t fingerprint, const uint8_t *data, size_t size,
                                uint8_t *room, struct stored_form *ret_form);

/* Writes the body, with form->codec, into at most `room` bytes; answers how many, 0: they
 * do not fit. */
size_t stored_seal(uint64_t fingerprint, const struct stored_form *form, uint8_t *to, size_t room);

#endif
