/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a template: up to the first NUL the template, behind it the
 * partial `p`. Rendered leniently and strictly on a little data of every kind.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "render/template.h"

enum { MAX_OUTPUT_BYTES = 64 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct src_file *find(void *user, const char *name, size_t len)
{
    return len == 1 && *name == 'p' ? user : NULL;
}

static const struct ctx_value *some_data(struct arena *arena)
{
    struct ctx_value *root = ctx_map(arena);
    struct ctx_value *list = ctx_list(arena);
    struct ctx_value *map = ctx_map(arena);
    ctx_add(list, ctx_string(arena, "<x>\n&y"));
    ctx_add(list, ctx_number(arena, 7));
    ctx_add(list, map);
    ctx_set_string(map, "b", "inner");
    ctx_set(root, "a", list);
    ctx_set(root, "m", map);
    ctx_set_string(root, "s", "two\nlines");
    ctx_set_flag(root, "t", true);
    ctx_set_flag(root, "f", false);
    ctx_set(root, "n", ctx_null(arena));
    return root;
}

static void render(const struct src_file *file, struct src_file *partial, bool lenient)
{
    struct arena *arena = arena_new();
    struct diag *diag = diag_new(arena);
    const struct tpl_options options = {.lenient = lenient, .find = find, .user = partial};
    struct text out;
    text_init(&out, arena, MAX_OUTPUT_BYTES);
    bool done = tpl_render(arena, diag, file, some_data(arena), &options, &out);
    if (done != (diag_error_count(diag) == 0) || out.len > MAX_OUTPUT_BYTES)
        __builtin_trap();
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    const char *text = arena_copy(arena, (const char *)data, size);
    size_t len = strnlen(text, size);
    size_t rest = len < size ? len + 1 : size;
    const struct src_file file = {"template", text, len};
    struct src_file partial = {"partial", text + rest, size - rest};
    render(&file, &partial, true);
    render(&file, &partial, false);
    arena_free(arena);
    return 0;
}
