/* SPDX-License-Identifier: MIT */
/*
 * YAML text parsed in a test, and what was said about it.
 */
#ifndef LARDER_TEST_PARSED_H
#define LARDER_TEST_PARSED_H

#include <string.h>

#include "unit/base_generator/printed.h"
#include "yaml/doc.h"

struct parsed {
    struct arena *arena;
    struct diag *diag;
    struct yml_node *root; /* NULL: refused */
    const char *text;      /* what is printed */
};

static inline struct parsed parse_bytes(const char *data, size_t len, enum yml_mode mode)
{
    struct parsed parsed = {.arena = arena_new()};
    parsed.diag = diag_new(parsed.arena);
    struct src_file *file = arena_alloc(parsed.arena, sizeof(*file));
    *file = (struct src_file){"in.yaml", arena_copy(parsed.arena, data, len), len};
    struct yml_doc *doc = yml_parse(parsed.arena, parsed.diag, file, mode);
    parsed.root = doc ? doc->root : NULL;
    parsed.text = printed(parsed.arena, parsed.diag);
    return parsed;
}

static inline struct parsed parse(const char *text, enum yml_mode mode)
{
    return parse_bytes(text, strlen(text), mode);
}

static inline void parsed_release(struct parsed *parsed)
{
    arena_free(parsed->arena);
}

#endif
