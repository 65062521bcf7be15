/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a schema: read, checked, and what is right also made into the
 * context of the templates. What is refused has a message, which is printed.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "context/context.h"
#include "schema/read.h"

enum { MAX_CONTEXT_BYTES = 64 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static FILE *nowhere(void)
{
    static FILE *file;
    if (file == NULL && (file = fopen("/dev/null", "w")) == NULL) {
        __builtin_trap();
    }
    return file;
}

static void build(struct arena *arena, const struct sch_service *service)
{
    struct text out;
    text_init(&out, arena, MAX_CONTEXT_BYTES);
    ctx_print_json(ctx_build(arena, service, "schema"), &out);
    if (out.len == 0) {
        __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct diag *diag = diag_new(arena);
    const struct src_file file = {"schema.yaml", arena_copy(arena, (const char *)data, size), size};
    const struct sch_options options = {.is_for_c = size % 2 == 0};
    const struct sch_service *service = sch_read_file(arena, diag, &file, &options);
    if (service == NULL && diag_error_count(diag) == 0) {
        __builtin_trap();
    }
    if (service != NULL) {
        sch_check_together(arena, diag, &service, 1);
        build(arena, service);
    }
    diag_print(diag, nowhere(), false);
    arena_free(arena);
    return 0;
}
