/* SPDX-License-Identifier: MIT */
/*
 * What a collection of diagnostics prints, as text in the arena.
 */
#ifndef LARDER_TEST_PRINTED_H
#define LARDER_TEST_PRINTED_H

#include <stdio.h>
#include <stdlib.h>

#include "base/diag.h"

static inline char *printed_by(struct arena *arena, const struct diag *diag, bool json, bool colour)
{
    char *data = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&data, &len);
    if (!stream)
        abort();
    if (json)
        diag_print_json(diag, stream);
    else
        diag_print(diag, stream, colour);
    fclose(stream);
    char *copy = arena_copy(arena, data, len);
    free(data);
    return copy;
}

static inline char *printed(struct arena *arena, const struct diag *diag)
{
    return printed_by(arena, diag, false, false);
}

#endif
