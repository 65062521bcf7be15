/* SPDX-License-Identifier: MIT */
#include "support/fakeredis.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/scripted_server.h"

enum { STEPS_MAX = 64, TEXT_BYTES = 16 * 1024, COMPLAINT_BYTES = 512 };

struct fakeredis {
    struct scripted_server *server;
    struct scripted_step steps[STEPS_MAX];
    size_t count;
    size_t greeted; /* steps of GREET */
    char text[TEXT_BYTES];
    size_t text_len;
    char complaint[COMPLAINT_BYTES];
};

static const char *keep(struct fakeredis *fake, const char *before, const char *text, size_t len,
                        const char *behind, size_t *ret_len)
{
    char *at = fake->text + fake->text_len;
    size_t room = sizeof fake->text - fake->text_len;
    int n = snprintf(at, room, "%s%.*s%s", before, (int)len, text, behind);
    if (n < 0 || (size_t)n >= room) {
        return NULL;
    }
    *ret_len = (size_t)n;
    fake->text_len += (size_t)n;
    return at;
}

static bool add(struct fakeredis *fake, enum scripted_act act, const char *bytes, size_t len)
{
    if (fake->count == STEPS_MAX || bytes == NULL) {
        return false;
    }
    fake->steps[fake->count++] = (struct scripted_step){.act = act, .bytes = bytes, .len = len};
    return true;
}

static bool add_text(struct fakeredis *fake, enum scripted_act act, const char *before,
                     const char *text, size_t len, const char *behind)
{
    size_t kept_len = 0;
    const char *kept = keep(fake, before, text, len, behind, &kept_len);
    return add(fake, act, kept, kept_len);
}

/* ------------------------------------------------------------------ lines */

static bool line_greet(struct fakeredis *fake, const char *text, size_t len)
{
    static const char set_name[] = "CLIENT SETNAME", info[] = "INFO", ok[] = "+OK\r\n";
    static const char about[] = "$22\r\nredis_version:7.0.15\r\n\r\n";
    (void)text;
    (void)len;
    bool fits = add(fake, SCRIPTED_ACT_EXPECT, set_name, sizeof set_name - 1) &&
                add(fake, SCRIPTED_ACT_EXPECT, info, sizeof info - 1) &&
                add(fake, SCRIPTED_ACT_SEND, ok, sizeof ok - 1) &&
                add(fake, SCRIPTED_ACT_SEND, about, sizeof about - 1);
    fake->greeted = fake->count;
    return fits;
}

static bool line_expect(struct fakeredis *fake, const char *text, size_t len)
{
    return add_text(fake, SCRIPTED_ACT_EXPECT, "", text, len, "");
}

static bool line_send(struct fakeredis *fake, const char *text, size_t len)
{
    return add_text(fake, SCRIPTED_ACT_SEND, "", text, len, "\r\n");
}

static bool line_bulk(struct fakeredis *fake, const char *text, size_t len)
{
    char head[32];
    snprintf(head, sizeof head, "$%zu\r\n", len);
    return add_text(fake, SCRIPTED_ACT_SEND, head, text, len, "\r\n");
}

static bool line_sleep(struct fakeredis *fake, const char *text, size_t len)
{
    bool fits = add(fake, SCRIPTED_ACT_SLEEP, text, len);
    fake->steps[fake->count - 1].interval_ms = (int)strtol(text, NULL, 10);
    return fits;
}

static bool line_hold(struct fakeredis *fake, const char *text, size_t len)
{
    return add(fake, SCRIPTED_ACT_HOLD, text, len);
}

static bool line_again(struct fakeredis *fake, const char *text, size_t len)
{
    (void)len;
    return add(fake, SCRIPTED_ACT_AGAIN, text, fake->greeted);
}

static bool line_close(struct fakeredis *fake, const char *text, size_t len)
{
    return add(fake, SCRIPTED_ACT_END, text, len);
}

static bool line_reset(struct fakeredis *fake, const char *text, size_t len)
{
    return add(fake, SCRIPTED_ACT_RESET, text, len);
}

static const struct {
    const char *word;
    bool (*line)(struct fakeredis *fake, const char *text, size_t len);
} words[] = {
    {"GREET", line_greet}, {"EXPECT", line_expect}, {"SEND", line_send},
    {"BULK", line_bulk},   {"SLEEP", line_sleep},   {"HOLD", line_hold},
    {"AGAIN", line_again}, {"CLOSE", line_close},   {"RESET", line_reset},
};

static bool read_line(struct fakeredis *fake, const char *line, size_t len)
{
    size_t word_len = strcspn(line, " \n");
    word_len = word_len < len ? word_len : len;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i].word) == word_len && memcmp(words[i].word, line, word_len) == 0) {
            size_t from = word_len < len ? word_len + 1 : len;
            return words[i].line(fake, line + from, len - from);
        }
    }
    return len == 0;
}

static bool read_script(struct fakeredis *fake, const char *script)
{
    bool ok = true;
    while (ok && *script != '\0') {
        size_t len = strcspn(script, "\n");
        ok = read_line(fake, script, len);
        script += len + (script[len] != '\0');
    }
    return ok;
}

/* ------------------------------------------------------------- life cycle */

struct fakeredis *fakeredis_start(const char *script)
{
    struct fakeredis *fake = calloc(1, sizeof *fake);
    if (fake != NULL && read_script(fake, script)) {
        fake->server = scripted_server_start(fake->steps, fake->count);
    }
    if (fake != NULL && fake->server == NULL) {
        free(fake);
        return NULL;
    }
    return fake;
}

void fakeredis_stop(struct fakeredis *fake)
{
    if (fake != NULL) {
        scripted_server_stop(fake->server);
        free(fake);
    }
}

int fakeredis_port(const struct fakeredis *fake)
{
    return scripted_server_port(fake->server);
}

int fakeredis_connections(const struct fakeredis *fake)
{
    return scripted_server_connections(fake->server);
}

size_t fakeredis_heard(struct fakeredis *fake, const char *name)
{
    char word[64];
    int n = snprintf(word, sizeof word, "$%zu\r\n%s\r\n", strlen(name), name);
    return scripted_server_heard(fake->server, word, (size_t)n);
}

const char *fakeredis_complaint(struct fakeredis *fake)
{
    scripted_server_unexpected(fake->server, fake->complaint, sizeof fake->complaint);
    return fake->complaint;
}
