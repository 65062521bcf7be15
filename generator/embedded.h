/* SPDX-License-Identifier: MIT */
/*
 * The templates inside the binary. The build makes the array of everything
 * below templates/; names are paths there: "c/cache.h.mustache".
 */
#ifndef LARDER_GENERATOR_EMBEDDED_H
#define LARDER_GENERATOR_EMBEDDED_H

#include <stddef.h>

struct tpl_embedded {
    const char *name;
    const char *data; /* terminated */
    size_t len;
};

extern const struct tpl_embedded tpl_embedded[];
extern const size_t tpl_embedded_count;

#endif
