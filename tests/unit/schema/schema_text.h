/* SPDX-License-Identifier: MIT */
/*
 * A schema written to a file of its own and read, and what was said about it.
 */
#ifndef LARDER_TEST_SCHEMA_TEXT_H
#define LARDER_TEST_SCHEMA_TEXT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "schema/read.h"
#include "unit/base_generator/printed.h"

#define SCHEMA_HEAD "larder: 1\nservice: shop\nttl: { default: 1h }\n"

struct schema_text {
    struct arena *arena;
    struct diag *diag;
    char directory[32];
    const struct sch_service *service; /* NULL: refused */
    const char *text;                  /* what is printed */
};

static inline struct schema_text schema_begin(void)
{
    struct schema_text schema = {.arena = arena_new(), .directory = "/tmp/larder-schema-XXXXXX"};
    schema.diag = diag_new(schema.arena);
    if (mkdtemp(schema.directory) == NULL) {
        abort();
    }
    return schema;
}

static inline const char *schema_path(const struct schema_text *schema, const char *name)
{
    return arena_printf(schema->arena, "%s/%s", schema->directory, name);
}

/* A file beside the schema; "sub/x.yaml" makes sub. */
static inline void schema_put(struct schema_text *schema, const char *name, const char *text)
{
    const char *slash = strrchr(name, '/');
    if (slash != NULL) {
        const char *sub = arena_copy(schema->arena, name, (size_t)(slash - name));
        (void)mkdir(schema_path(schema, sub), 0700);
    }
    FILE *file = fopen(schema_path(schema, name), "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        abort();
    }
}

static inline void schema_end(struct schema_text *schema, const char *name,
                              const struct sch_options *options)
{
    schema->service = sch_read(schema->arena, schema->diag, schema_path(schema, name), options);
    schema->text = printed(schema->arena, schema->diag);
}

static inline struct schema_text schema_read(const char *text)
{
    struct schema_text schema = schema_begin();
    schema_put(&schema, "schema.yaml", text);
    schema_end(&schema, "schema.yaml", NULL);
    return schema;
}

/* Removes what schema_put made, one folder deep. */
static inline void schema_release(struct schema_text *schema)
{
    const char *command = arena_printf(schema->arena, "%s", schema->directory);
    pid_t child = fork();
    if (child == 0) {
        execlp("rm", "rm", "-r", "--", command, (char *)NULL);
        _exit(127);
    }
    int status;
    (void)waitpid(child, &status, 0);
    arena_free(schema->arena);
}

#endif
