/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a schema file: read, checked and, where nothing is wrong with it,
 * turned into everything that can be made of a schema.
 *
 * Held against: an error is reported exactly where there is no model; errors have
 * places within the file; the JSON of the model is printed; and what is generated
 * of it as C, looked at as a compiler does, is comments, literals and a closed set
 * of characters in balanced brackets. No text of a schema can be more than that.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "context/context.h"
#include "context/documents.h"
#include "overlay.h"
#include "render/template.h"
#include "schema/read.h"

enum { MAX_OUTPUT_BYTES = 64 * 1024 * 1024, MAX_INPUT_BYTES = 64 * 1024, DEPTH_MAX = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *what, const char *at)
{
    (void)fprintf(stderr, "%s at: %.80s\n", what, at);
    __builtin_trap();
}

/* -------------------------------------------------- generated C, by its tokens */

/* Behind a comment, a literal, or one character of code. */
static const char *skip_token(const char *at)
{
    if (at[0] == '/' && at[1] == '*') {
        const char *end = strstr(at + 2, "*/");
        const char *inner = strstr(at + 2, "/*");
        if (end == NULL || (inner != NULL && inner < end)) {
            fail("a comment that does not end, or has another in it", at);
        }
        return end + 2;
    }
    if (*at == '"') {
        for (at++; *at != '"'; at++) {
            if (*at == '\\') {
                at++;
            }
            if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e) {
                fail("a literal that does not end", at);
            }
        }
        return at + 1;
    }
    return at + 1;
}

static bool is_directive(const char *at)
{
    static const char *const known[] = {"include <",    "include \"", "ifndef ", "define ",
                                        "undef ",       "endif",      "ifdef ",  "if LARDER_",
                                        "elif LARDER_", "error \""};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strncmp(at + 1, known[i], strlen(known[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void check_c(const char *text, size_t len)
{
    char open[DEPTH_MAX];
    size_t depth = 0;
    if (strlen(text) != len) {
        fail("a NUL", text);
    }
    for (const char *at = text; *at != '\0';) {
        const char *next = skip_token(at);
        bool code = *at != '"' && !(at[0] == '/' && at[1] == '*');
        if (code && strchr("([{", *at) != NULL && depth < DEPTH_MAX) {
            open[depth++] = *at == '(' ? ')' : *at == '[' ? ']' : '}';
        } else if (code && strchr(")]}", *at) != NULL && (depth == 0 || open[--depth] != *at)) {
            fail("a bracket too many", at);
        } else if (code && *at == '#' && !((at == text || at[-1] == '\n') && is_directive(at))) {
            fail("a directive", at);
        } else if (code && (*at == '`' || *at == '@' || *at == '$' || (unsigned char)*at > 0x7e ||
                            (*at < 0x20 && *at != '\n'))) {
            fail("a character that is none of C", at);
        } else if (at[0] == '?' && at[1] == '?') {
            fail("a trigraph", at);
        } else if (code && at[0] == '\\' && at[1] != '\n' && at[1] != '0') {
            fail("a backslash", at);
        }
        at = next;
    }
    if (depth != 0) {
        fail("a bracket that is not closed", text);
    }
}

/* --------------------------------------------------------------- what is made */

static const struct artefact {
    const char *folder, *name;
    bool is_c, of_run;
} artefacts[] = {{"c", "cache.h", true, false},
                 {"c", "cache.c", true, false},
                 {"mock", "mock.h", true, false},
                 {"mock", "mock.c", true, false},
                 {"docs", "service.md", false, false},
                 {"docs", "index.md", false, true},
                 {"acl", "caches.acl.conf", false, true},
                 {"env", "env.cache", false, true},
                 {"alerts", "caches.rules.yml", false, true}};

/* A line of its own that is neither a comment nor begins with what one of these does. */
static void check_lines(const char *text, const char *const *starts, size_t count)
{
    for (const char *at = text; *at != '\0';) {
        size_t len = strcspn(at, "\n"), i = 0;
        while (i < count && strncmp(at, starts[i], strlen(starts[i])) != 0) {
            i++;
        }
        if (len != 0 && *at != '#' && i == count) {
            fail("a line of a schema's", at);
        }
        at += len + (at[len] == '\n');
    }
}

static void check_acl(const char *text, const char *service)
{
    static const char off[] = "user default off ";
    char user[512];
    snprintf(user, sizeof user, "user %s on resetpass ", service);
    check_lines(text, (const char *const[]){off, user}, 2);
}

/* The C of it only where there is one. */
static void make_all(struct arena *arena, const struct sch_service *service, bool with_c)
{
    struct diag *diag = diag_new(arena);
    struct overlay *overlay = overlay_new(arena, diag, NULL);
    const struct tpl_options options = {.escape = TPL_ESCAPE_NONE,
                                        .find = overlay_find,
                                        .user = overlay,
                                        .cache = tpl_cache_new(arena)};
    const char *stem = "x";
    const struct ctx_value *contexts[] = {ctx_build(arena, service, stem),
                                          documents_service(arena, service, stem),
                                          documents_run(arena, &service, &stem, 1)};
    for (size_t i = 0; i < sizeof artefacts / sizeof *artefacts; i++) {
        const struct artefact *artefact = &artefacts[i];
        struct text out;
        if (artefact->is_c && !with_c) {
            continue;
        }
        text_init(&out, arena, MAX_OUTPUT_BYTES);
        overlay_enter(overlay, artefact->folder);
        const struct src_file *file = overlay_find(overlay, artefact->name, strlen(artefact->name));
        const struct ctx_value *context = contexts[artefact->is_c ? 0 : artefact->of_run ? 2 : 1];
        if (!tpl_render(arena, diag, file, context, &options, &out) || out.full) {
            fail("it is not rendered", artefact->name);
        }
        if (artefact->is_c) {
            check_c(out.data, out.len);
        } else if (strcmp(artefact->folder, "acl") == 0) {
            check_acl(out.data, service->name);
        }
    }
    struct text json;
    text_init(&json, arena, MAX_OUTPUT_BYTES);
    ctx_print_json(contexts[0], &json);
    if (json.len == 0) {
        fail("no JSON", service->name);
    }
}

static FILE *nowhere(void)
{
    static FILE *file;
    if (file == NULL && (file = fopen("/dev/null", "we")) == NULL) {
        fail("no /dev/null", "");
    }
    return file;
}

/* is_for_c: what this version cannot generate is an error too, after everything else. */
static void read_it(const uint8_t *data, size_t size, bool is_for_c)
{
    struct arena *arena = arena_new();
    struct diag *diag = diag_new(arena);
    const struct src_file file = {"x.yaml", arena_copy(arena, (const char *)data, size), size};
    const struct sch_options options = {.is_for_c = is_for_c};
    const struct sch_service *service = sch_read_file(arena, diag, &file, &options);
    bool good = diag_error_count(diag) == 0;
    if ((service == NULL && good) || (service != NULL && !good && !is_for_c)) {
        fail("a model with errors, or none without", file.data);
    }
    if (service != NULL) {
        sch_check_together(arena, diag, &service, 1);
        make_all(arena, service, is_for_c && good);
    }
    diag_print(diag, nowhere(), false);
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size <= MAX_INPUT_BYTES) {
        read_it(data, size, true);
        read_it(data, size, false);
    }
    return 0;
}
