/* SPDX-License-Identifier: MIT */
#include "client/settings.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cache/handle.h"
#include "client/gather.h"
#include "client/secret_file.h"
#include "client/tls_settings.h"
#include "net/tls.h"

static const struct larder_said *said(const struct larder_gathered *gathered,
                                      enum larder_setting setting)
{
    return larder_gathered_said(gathered, setting);
}

static int64_t number_of(const struct larder_gathered *gathered, enum larder_setting setting)
{
    return said(gathered, setting)->number;
}

/* A copy for the settings; false: out of memory. text NULL stays NULL. */
static bool copy_text(struct larder_settings *settings, const char *text, char **ret_copy)
{
    *ret_copy = text != NULL ? larder_strdup(settings->allocator, text) : NULL;
    return text == NULL || *ret_copy != NULL;
}

/* ---------------------------------------------------- not in this version */

/* Whether a value asks for a feature: true, a number, a choice but the first, text. */
static bool asks(const struct larder_setting_row *row, const struct larder_said *value)
{
    bool is_text = row->kind == LARDER_KIND_TEXT;
    return value->is_set && (is_text || value->number != 0);
}

static enum larder_status check_versions(const struct larder_gathered *gathered,
                                         enum larder_backend_kind backend)
{
    for (int i = 0; i < LARDER_SETTING_COUNT; i++) {
        const struct larder_setting_row *row = &larder_setting_rows[i];
        const struct larder_said *value = said(gathered, (enum larder_setting)i);
        /* How to reach a server does not matter where there is none. */
        bool matters =
            backend == LARDER_BACKEND_REDIS || strncmp(row->name, "REDIS_", strlen("REDIS_")) != 0;
        if (row->state == LARDER_STATE_REFUSED && asks(row, value) && matters) {
            return larder_error_set(LARDER_E_CONFIG, "%s: not in this version", value->source);
        }
    }
    return LARDER_OK;
}

/* ------------------------------------------------------------ the address */

/* The level that says where the server is. */
static enum larder_level address_level(const struct larder_gathered *gathered)
{
    enum larder_level url = larder_gathered_level(gathered, LARDER_SETTING_URL);
    enum larder_level host = larder_gathered_level(gathered, LARDER_SETTING_HOST);
    return url < host ? url : host;
}

/* Whether a part of the winning URL beats the setting of its own: the URL's
 * level is above the one that says that. */
static bool url_wins(const struct larder_gathered *gathered, enum larder_level url_level,
                     enum larder_setting setting)
{
    return url_level < larder_gathered_level(gathered, setting);
}

static enum larder_status resolve_place(const struct larder_gathered *gathered,
                                        const struct larder_url *url, enum larder_level level,
                                        struct larder_settings *settings)
{
    bool from_url = gathered->said[LARDER_SETTING_URL][level].is_set;
    const struct larder_said *port = said(gathered, LARDER_SETTING_PORT);
    const struct larder_said *host = &gathered->said[LARDER_SETTING_HOST][level];
    bool url_port = from_url && url_wins(gathered, level, LARDER_SETTING_PORT);
    if (url->unix_path != NULL && !url_port) {
        return larder_error_set(LARDER_E_CONFIG, "%s: does not go with a unix socket",
                                port->source);
    }
    settings->address.port = url_port ? url->port : (int)port->number;
    bool has_db = url->has_db && url_wins(gathered, level, LARDER_SETTING_DB);
    settings->address.db = has_db ? url->db : (int)number_of(gathered, LARDER_SETTING_DB);
    if (!copy_text(settings, from_url ? url->host : host->text, &settings->host) ||
        !copy_text(settings, url->unix_path, &settings->unix_path)) {
        return LARDER_E_NOMEM;
    }
    return LARDER_OK;
}

static enum larder_status read_password_file(const struct larder_gathered *gathered,
                                             const struct larder_said *file,
                                             const struct larder_log *log,
                                             struct larder_settings *settings)
{
    bool readable;
    const char *why;
    enum larder_status status = larder_secret_file_read(settings->allocator, file->text,
                                                        &settings->password, &readable, &why);
    if (status == LARDER_E_CONFIG) {
        return larder_error_set(status, "%s: %s", file->source, why);
    }
    if (status == LARDER_OK && readable) {
        larder_log_line(log, LARDER_LOG_WARNING, "%s: %s: the file can be read by everybody",
                        gathered->service->name, file->source);
    }
    return status;
}

/* The password that counts: of the winning URL, of its setting or of its file,
 * whichever level is the highest. */
static enum larder_status resolve_password(const struct larder_gathered *gathered,
                                           const struct larder_url *url, enum larder_level level,
                                           const struct larder_log *log,
                                           struct larder_settings *settings)
{
    enum larder_level text_level = larder_gathered_level(gathered, LARDER_SETTING_PASSWORD);
    enum larder_level file_level = larder_gathered_level(gathered, LARDER_SETTING_PASSWORD_FILE);
    if (url->password != NULL && level < text_level && level < file_level) {
        return copy_text(settings, url->password, &settings->password) ? LARDER_OK : LARDER_E_NOMEM;
    }
    if (file_level < text_level) {
        return read_password_file(
            gathered, &gathered->said[LARDER_SETTING_PASSWORD_FILE][file_level], log, settings);
    }
    if (text_level == LARDER_LEVEL_COUNT) {
        return LARDER_OK;
    }
    const char *text = gathered->said[LARDER_SETTING_PASSWORD][text_level].text;
    return copy_text(settings, text, &settings->password) ? LARDER_OK : LARDER_E_NOMEM;
}

static enum larder_status resolve_user(const struct larder_gathered *gathered,
                                       const struct larder_url *url, enum larder_level level,
                                       struct larder_settings *settings)
{
    const struct larder_said *setting = said(gathered, LARDER_SETTING_USERNAME);
    bool from_url = url->username != NULL && url_wins(gathered, level, LARDER_SETTING_USERNAME);
    const char *username = from_url ? url->username : setting->text;
    if (username == NULL) {
        /* An empty password alone is none. */
        if (settings->password != NULL && *settings->password == '\0') {
            larder_secret_free(settings->allocator, settings->password);
            settings->password = NULL;
        }
        return LARDER_OK;
    }
    if (settings->password == NULL) {
        return larder_error_set(LARDER_E_CONFIG, "%s: a user without a password",
                                from_url ? gathered->said[LARDER_SETTING_URL][level].source
                                         : setting->source);
    }
    return copy_text(settings, username, &settings->username) ? LARDER_OK : LARDER_E_NOMEM;
}

static enum larder_status resolve_address(const struct larder_gathered *gathered,
                                          const struct larder_log *log,
                                          struct larder_settings *settings)
{
    enum larder_level level = address_level(gathered);
    const struct larder_url *url = &gathered->urls[level];
    enum larder_status status = resolve_place(gathered, url, level, settings);
    if (status == LARDER_OK) {
        status = resolve_password(gathered, url, level, log, settings);
    }
    if (status == LARDER_OK) {
        status = resolve_user(gathered, url, level, settings);
    }
    settings->address.host = settings->host;
    settings->address.unix_path = settings->unix_path;
    settings->address.username = settings->username;
    settings->address.password = settings->password;
    return status;
}

/* --------------------------------------------------------------------- TLS */

static enum larder_status resolve_tls(const struct larder_gathered *gathered,
                                      const struct larder_log *log,
                                      struct larder_settings *settings)
{
    enum larder_level level = address_level(gathered);
    bool from_url = gathered->urls[level].tls && url_wins(gathered, level, LARDER_SETTING_TLS);
    const char *source = from_url ? gathered->said[LARDER_SETTING_URL][level].source
                                  : said(gathered, LARDER_SETTING_TLS)->source;
    if (!from_url && number_of(gathered, LARDER_SETTING_TLS) == 0) {
        return larder_tls_settings_check_unused(gathered);
    }
    if (settings->unix_path != NULL) {
        return larder_error_set(LARDER_E_CONFIG, "%s: TLS does not go with a unix socket", source);
    }
    enum larder_status status = larder_tls_settings_make(gathered, source, log, &settings->tls);
    settings->address.tls = settings->tls;
    return status;
}

/* --------------------------------------------------------------- lifetimes */

/* Names in config.ttls that the schema does not have would be ignored. */
static enum larder_status check_config_ttls(const struct larder_service *service,
                                            const struct larder_config *config)
{
    if (config == NULL || config->ttl_count == 0) {
        return LARDER_OK;
    }
    if (config->ttls == NULL) {
        return larder_error_set(LARDER_E_CONFIG, "config.ttls: NULL with a count");
    }
    for (size_t i = 0; i < config->ttl_count; i++) {
        const char *name = config->ttls[i].name;
        size_t k = 0;
        while (name != NULL && k < service->ttl_count && strcmp(service->ttls[k].name, name) != 0) {
            k++;
        }
        if (name == NULL || k == service->ttl_count) {
            return larder_error_set(LARDER_E_CONFIG, "config.ttls: the schema has no lifetime %s",
                                    name != NULL ? name : "NULL");
        }
        if (larder_ttl_is_default(&service->ttls[k]) && config->default_ttl_ms != 0) {
            return larder_error_set(LARDER_E_CONFIG,
                                    "config.ttls: default and config.default_ttl_ms are both set");
        }
    }
    return LARDER_OK;
}

/* The default's variables are its setting's; only config.ttls may say it too. */
static enum larder_status resolve_ttl(const struct larder_gathered *gathered,
                                      const struct larder_ttl *ttl, int64_t *ret_ttl_ms)
{
    int64_t said_ms;
    enum larder_status status = larder_gather_ttl(gathered, ttl, &said_ms);
    if (said_ms != 0) {
        *ret_ttl_ms = said_ms;
    } else if (larder_ttl_is_default(ttl)) {
        *ret_ttl_ms = number_of(gathered, LARDER_SETTING_DEFAULT_TTL);
    } else {
        *ret_ttl_ms = ttl->ttl_ms;
    }
    return status;
}

static enum larder_status resolve_ttls(const struct larder_gathered *gathered,
                                       struct larder_settings *settings)
{
    const struct larder_service *service = gathered->service;
    enum larder_status status = check_config_ttls(service, gathered->config);
    if (status != LARDER_OK) {
        return status;
    }
    settings->ttls_ms =
        larder_alloc_zeroed(settings->allocator, service->ttl_count, sizeof(int64_t));
    if (settings->ttls_ms == NULL) {
        return LARDER_E_NOMEM;
    }
    for (size_t i = 0; status == LARDER_OK && i < service->ttl_count; i++) {
        status = resolve_ttl(gathered, &service->ttls[i], &settings->ttls_ms[i]);
    }
    return status;
}

/* ----------------------------------------------------- unknown variables */

static bool is_known(const struct larder_service *service, const char *name, size_t len)
{
    for (size_t i = 0; i < LARDER_SETTING_COUNT; i++) {
        if (larder_setting_is_named(&larder_setting_rows[i], name, len)) {
            return true;
        }
    }
    for (size_t i = 0; i < service->ttl_count; i++) {
        const char *variable = service->ttls[i].variable;
        if (strlen(variable) == len && memcmp(variable, name, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Behind <SERVICE>_, or all of it. */
static const char *without_service(const struct larder_service *service, const char *variable)
{
    size_t len = strlen(service->env_prefix);
    bool has = strncmp(variable, service->env_prefix, len) == 0 && variable[len] == '_' &&
               strncmp(variable + len + 1, "CACHE_", strlen("CACHE_")) == 0;
    return has ? variable + len + 1 : variable;
}

/* A line for each CACHE_… that means nothing: probably a misspelt one. */
static void report_unknown(const struct larder_service *service, const struct larder_log *log)
{
    for (char **variable = environ; variable != NULL && *variable != NULL; variable++) {
        const char *name = without_service(service, *variable);
        size_t len = strcspn(name, "=");
        if (strncmp(name, "CACHE_", strlen("CACHE_")) == 0 && !is_known(service, name, len)) {
            larder_log_line(log, LARDER_LOG_WARNING, "%s: unknown setting %.*s", service->name,
                            (int)strcspn(*variable, "="), *variable);
        }
    }
}

/* ---------------------------------------------------------------------- all */

static enum larder_status resolve(const struct larder_gathered *gathered,
                                  const struct larder_log *log, struct larder_settings *settings)
{
    settings->backend = (enum larder_backend_kind)number_of(gathered, LARDER_SETTING_BACKEND);
    settings->fallback = number_of(gathered, LARDER_SETTING_FALLBACK) != 0;
    settings->compress = number_of(gathered, LARDER_SETTING_ENABLE_COMPRESSION) != 0;
    settings->max_connections = (int)number_of(gathered, LARDER_SETTING_MAX_CONNECTIONS);
    settings->timeout_ms = number_of(gathered, LARDER_SETTING_TIMEOUT);
    settings->connect_timeout_ms = number_of(gathered, LARDER_SETTING_CONNECT_TIMEOUT);
    settings->spin_us = number_of(gathered, LARDER_SETTING_SPIN_US);
    settings->memory_bytes = number_of(gathered, LARDER_SETTING_MEMORY_BYTES);
    enum larder_status status = check_versions(gathered, settings->backend);
    if (status == LARDER_OK && !copy_text(settings, said(gathered, LARDER_SETTING_KEY_PREFIX)->text,
                                          &settings->key_prefix)) {
        status = LARDER_E_NOMEM;
    }
    if (status == LARDER_OK) {
        status = resolve_ttls(gathered, settings);
    }
    if (status == LARDER_OK && settings->backend == LARDER_BACKEND_REDIS) {
        status = resolve_address(gathered, log, settings);
        if (status == LARDER_OK) {
            status = resolve_tls(gathered, log, settings);
        }
    }
    return status;
}

enum larder_status larder_settings_resolve(const struct larder_service *service,
                                           const struct larder_config *config,
                                           const struct larder_allocator *allocator,
                                           const struct larder_log *log,
                                           struct larder_settings *ret_settings)
{
    *ret_settings = (struct larder_settings){.allocator = allocator};
    struct larder_gathered *gathered = larder_alloc_zeroed(allocator, 1, sizeof *gathered);
    if (gathered == NULL) {
        return LARDER_E_NOMEM;
    }
    gathered->service = service;
    gathered->config = config;
    gathered->allocator = allocator;
    enum larder_status status = larder_gather(gathered);
    if (status == LARDER_OK) {
        status = resolve(gathered, log, ret_settings);
    }
    if (status == LARDER_OK) {
        report_unknown(service, log);
    } else {
        larder_settings_release(ret_settings);
    }
    larder_gathered_release(gathered);
    larder_free(allocator, gathered);
    return status;
}

void larder_settings_release(struct larder_settings *settings)
{
    const struct larder_allocator *allocator = settings->allocator;
    larder_tls_free(settings->tls);
    larder_secret_free(allocator, settings->password);
    larder_free(allocator, settings->key_prefix);
    larder_free(allocator, settings->ttls_ms);
    larder_free(allocator, settings->host);
    larder_free(allocator, settings->unix_path);
    larder_free(allocator, settings->username);
    *settings = (struct larder_settings){.allocator = allocator};
}
