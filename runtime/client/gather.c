/* SPDX-License-Identifier: MIT */
#include "client/gather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "client/secret_file.h"

enum { DESCRIPTION_BYTES = 160 };

/* ------------------------------------------------------------------ failures */

static enum larder_status refuse(const struct larder_said *said,
                                 const struct larder_setting_row *row)
{
    char expected[DESCRIPTION_BYTES];
    larder_setting_describe(row, expected, sizeof expected);
    return larder_error_set(LARDER_E_CONFIG, "%s: must be %s", said->source, expected);
}

static enum larder_status refuse_both(const struct larder_said *a, const struct larder_said *b)
{
    return larder_error_set(LARDER_E_CONFIG, "%s and %s are both set", a->source, b->source);
}

/* ------------------------------------------------------------------- sources */

/* An empty text says something only where emptiness is a value. */
static bool says(const struct larder_setting_row *row, const char *text)
{
    return text != NULL &&
           (*text != '\0' || row->kind == LARDER_KIND_SECRET || row->kind == LARDER_KIND_PREFIX);
}

/* The environment's, or NULL; under <SERVICE>_ where service is not NULL. Its
 * whole name goes to source. */
static const char *environment(const struct larder_service *service, const char *name,
                               size_t name_len, char source[LARDER_SOURCE_BYTES])
{
    int n = snprintf(source, LARDER_SOURCE_BYTES, "%s%s%.*s",
                     service != NULL ? service->env_prefix : "", service != NULL ? "_" : "",
                     (int)name_len, name);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): safe unless a thread calls setenv during open. */
    return n > 0 && n < LARDER_SOURCE_BYTES ? getenv(source) : NULL;
}

/* One name of a setting at one level of the environment. Two names that say
 * different things are an error, for one of them would be ignored. */
static enum larder_status take_variable(const struct larder_setting_row *row,
                                        const struct larder_service *service, const char *name,
                                        size_t name_len, struct larder_said *said)
{
    struct larder_said other = {.is_set = false};
    const char *text = environment(service, name, name_len, other.source);
    if (!says(row, text)) {
        return LARDER_OK;
    }
    if (said->is_set) {
        return strcmp(said->text, text) == 0 ? LARDER_OK : refuse_both(said, &other);
    }
    *said = other;
    said->is_set = true;
    said->text = text;
    return larder_setting_parse(row, text, &said->number) ? LARDER_OK : refuse(said, row);
}

/* The setting's name, then its aliases. */
static enum larder_status take_environment(const struct larder_setting_row *row,
                                           const struct larder_service *service,
                                           struct larder_said *said)
{
    enum larder_status status = take_variable(row, service, row->name, strlen(row->name), said);
    const char *alias = row->aliases;
    while (status == LARDER_OK && *alias != '\0') {
        size_t len = strcspn(alias, " ");
        status = take_variable(row, service, alias, len, said);
        alias += len + (alias[len] == ' ' ? 1 : 0);
    }
    return status;
}

static void member_number(const struct larder_setting_row *row, const struct larder_config *config,
                          struct larder_said *said)
{
    const unsigned char *member = (const unsigned char *)config + row->offset;
    if (row->member == LARDER_MEMBER_BOOL) {
        bool flag;
        memcpy(&flag, member, sizeof flag);
        said->number = flag;
    } else if (row->member == LARDER_MEMBER_INT) {
        int number;
        memcpy(&number, member, sizeof number);
        said->number = number;
    } else {
        memcpy(&said->number, member, sizeof said->number);
    }
}

static enum larder_status take_config(enum larder_setting setting,
                                      const struct larder_config *config, struct larder_said *said)
{
    const struct larder_setting_row *row = &larder_setting_rows[setting];
    if (config == NULL || row->member == LARDER_MEMBER_NONE) {
        return LARDER_OK;
    }
    snprintf(said->source, sizeof said->source, "config.%s", row->member_name);
    if (row->member == LARDER_MEMBER_TEXT) {
        memcpy(&said->text, (const unsigned char *)config + row->offset, sizeof said->text);
        said->is_set = says(row, said->text);
        return !said->is_set || larder_setting_parse(row, said->text, &said->number)
                   ? LARDER_OK
                   : refuse(said, row);
    }
    member_number(row, config, said);
    said->is_set = said->number != 0;
    if (setting == LARDER_SETTING_DB) {
        if (said->is_set && !config->has_db) {
            return larder_error_set(LARDER_E_CONFIG, "config.db: set without config.has_db");
        }
        said->is_set = config->has_db;
    }
    bool fits = said->number >= row->low && said->number <= row->high;
    return !said->is_set || fits ? LARDER_OK : refuse(said, row);
}

/* The few things that a schema says. */
static void take_schema(enum larder_setting setting, const struct larder_service *service,
                        struct larder_said *said)
{
    snprintf(said->source, sizeof said->source, "the schema");
    if (setting == LARDER_SETTING_DB && service->db >= 0) {
        said->is_set = true;
        said->number = service->db;
    } else if (setting == LARDER_SETTING_KEY_PREFIX && *service->prefix != '\0') {
        said->is_set = true;
        said->text = service->prefix;
    } else if (setting == LARDER_SETTING_DEFAULT_TTL) {
        for (size_t i = 0; i < service->ttl_count; i++) {
            if (larder_ttl_is_default(&service->ttls[i])) {
                said->number = service->ttls[i].ttl_ms;
                said->is_set = said->number != 0;
            }
        }
    }
}

static void take_built_in(const struct larder_setting_row *row, struct larder_said *said)
{
    said->is_set = row->built_in != NULL;
    said->text = row->built_in;
    snprintf(said->source, sizeof said->source, "the built-in value");
    if (said->is_set) {
        larder_setting_parse(row, said->text, &said->number);
    }
}

/* ---------------------------------------------------------------- url and co */

/* A URL and what it stands for exclude each other at its level. */
static enum larder_status check_beside_url(const struct larder_gathered *gathered,
                                           enum larder_level level)
{
    const struct larder_url *url = &gathered->urls[level];
    const struct {
        bool said;
        enum larder_setting setting;
    } parts[] = {
        {true, LARDER_SETTING_HOST},
        {true, LARDER_SETTING_PORT},
        {url->tls, LARDER_SETTING_TLS},
        {url->has_db, LARDER_SETTING_DB},
        {url->username != NULL, LARDER_SETTING_USERNAME},
        {url->password != NULL, LARDER_SETTING_PASSWORD},
        {url->password != NULL, LARDER_SETTING_PASSWORD_FILE},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const struct larder_said *part = &gathered->said[parts[i].setting][level];
        if (parts[i].said && part->is_set) {
            return refuse_both(&gathered->said[LARDER_SETTING_URL][level], part);
        }
    }
    return LARDER_OK;
}

static enum larder_status take_url(struct larder_gathered *gathered, enum larder_level level)
{
    const struct larder_said *said = &gathered->said[LARDER_SETTING_URL][level];
    if (!said->is_set) {
        return LARDER_OK;
    }
    gathered->url_texts[level] = larder_strdup(gathered->allocator, said->text);
    if (gathered->url_texts[level] == NULL) {
        return LARDER_E_NOMEM;
    }
    const char *wrong = larder_url_parse(gathered->url_texts[level], &gathered->urls[level]);
    if (wrong != NULL) {
        return larder_error_set(LARDER_E_CONFIG, "%s: %s", said->source, wrong);
    }
    return check_beside_url(gathered, level);
}

static enum larder_status check_level(struct larder_gathered *gathered, enum larder_level level)
{
    const struct larder_said *password = &gathered->said[LARDER_SETTING_PASSWORD][level];
    const struct larder_said *file = &gathered->said[LARDER_SETTING_PASSWORD_FILE][level];
    if (password->is_set && file->is_set) {
        return refuse_both(password, file);
    }
    return take_url(gathered, level);
}

/* ---------------------------------------------------------------------- all */

static enum larder_status gather_setting(struct larder_gathered *gathered,
                                         enum larder_setting setting)
{
    const struct larder_setting_row *row = &larder_setting_rows[setting];
    struct larder_said *said = gathered->said[setting];
    enum larder_status status = take_config(setting, gathered->config, &said[LARDER_LEVEL_CONFIG]);
    if (status == LARDER_OK) {
        status = take_environment(row, gathered->service, &said[LARDER_LEVEL_SERVICE]);
    }
    if (status == LARDER_OK) {
        status = take_environment(row, NULL, &said[LARDER_LEVEL_BARE]);
    }
    take_schema(setting, gathered->service, &said[LARDER_LEVEL_SCHEMA]);
    take_built_in(row, &said[LARDER_LEVEL_BUILT_IN]);
    const struct larder_said *schema = &said[LARDER_LEVEL_SCHEMA];
    int64_t ignored;
    if (status == LARDER_OK && schema->text != NULL &&
        !larder_setting_parse(row, schema->text, &ignored)) {
        status = refuse(schema, row);
    }
    return status;
}

enum larder_status larder_gather(struct larder_gathered *gathered)
{
    for (int setting = 0; setting < LARDER_SETTING_COUNT; setting++) {
        enum larder_status status = gather_setting(gathered, (enum larder_setting)setting);
        if (status != LARDER_OK) {
            return status;
        }
    }
    for (int level = 0; level < LARDER_LEVEL_COUNT; level++) {
        enum larder_status status = check_level(gathered, (enum larder_level)level);
        if (status != LARDER_OK) {
            return status;
        }
    }
    return LARDER_OK;
}

void larder_gathered_release(struct larder_gathered *gathered)
{
    for (int level = 0; level < LARDER_LEVEL_COUNT; level++) {
        const struct larder_said *said = &gathered->said[LARDER_SETTING_URL][level];
        if (gathered->url_texts[level] != NULL) {
            /* Taken apart by NULs: its length is the original's. */
            explicit_bzero(gathered->url_texts[level], strlen(said->text));
            larder_free(gathered->allocator, gathered->url_texts[level]);
        }
    }
}

enum larder_level larder_gathered_level(const struct larder_gathered *gathered,
                                        enum larder_setting setting)
{
    /* An environment's lifetime is there to beat the schema's. */
    static const enum larder_level orders[2][LARDER_LEVEL_COUNT] = {
        {LARDER_LEVEL_CONFIG, LARDER_LEVEL_SERVICE, LARDER_LEVEL_SCHEMA, LARDER_LEVEL_BARE,
         LARDER_LEVEL_BUILT_IN},
        {LARDER_LEVEL_CONFIG, LARDER_LEVEL_SERVICE, LARDER_LEVEL_BARE, LARDER_LEVEL_SCHEMA,
         LARDER_LEVEL_BUILT_IN}};
    const enum larder_level *order =
        orders[larder_setting_rows[setting].kind == LARDER_KIND_DURATION ? 1 : 0];
    for (size_t i = 0; i < LARDER_LEVEL_COUNT; i++) {
        if (gathered->said[setting][order[i]].is_set) {
            return order[i];
        }
    }
    return LARDER_LEVEL_COUNT;
}

const struct larder_said *larder_gathered_said(const struct larder_gathered *gathered,
                                               enum larder_setting setting)
{
    enum larder_level level = larder_gathered_level(gathered, setting);
    static const struct larder_said nothing = {.is_set = false};
    return level < LARDER_LEVEL_COUNT ? &gathered->said[setting][level] : &nothing;
}

/* ----------------------------------------------------------------- lifetimes */

/* config.ttls: the one of this name; twice is an error. */
static enum larder_status config_ttl(const struct larder_config *config, const char *name,
                                     int64_t *ret_ttl_ms)
{
    const struct larder_setting_row *row = &larder_setting_rows[LARDER_SETTING_DEFAULT_TTL];
    struct larder_said said = {.is_set = false};
    for (size_t i = 0; config != NULL && i < config->ttl_count; i++) {
        const struct larder_config_ttl *ttl = &config->ttls[i];
        if (ttl->name == NULL || strcmp(ttl->name, name) != 0) {
            continue;
        }
        snprintf(said.source, sizeof said.source, "config.ttls: %s", name);
        if (ttl->ttl_ms < row->low || ttl->ttl_ms > row->high) {
            return refuse(&said, row);
        }
        if (said.is_set) {
            return larder_error_set(LARDER_E_CONFIG, "%s: is there twice", said.source);
        }
        said.is_set = true;
        *ret_ttl_ms = ttl->ttl_ms;
    }
    return LARDER_OK;
}

enum larder_status larder_gather_ttl(const struct larder_gathered *gathered,
                                     const struct larder_ttl *ttl, int64_t *ret_ttl_ms)
{
    const struct larder_setting_row *row = &larder_setting_rows[LARDER_SETTING_DEFAULT_TTL];
    const struct larder_service *prefixes[] = {gathered->service, NULL};
    *ret_ttl_ms = 0;
    enum larder_status status = config_ttl(gathered->config, ttl->name, ret_ttl_ms);
    size_t count = larder_ttl_is_default(ttl) ? 0 : 2;
    for (size_t i = 0; status == LARDER_OK && i < count; i++) {
        struct larder_said said = {.is_set = false};
        status = take_variable(row, prefixes[i], ttl->variable, strlen(ttl->variable), &said);
        if (said.is_set && *ret_ttl_ms == 0) {
            *ret_ttl_ms = said.number;
        }
    }
    return status;
}
