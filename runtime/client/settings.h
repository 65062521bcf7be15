/* SPDX-License-Identifier: MIT */
/*
 * Every setting of a cache, resolved: which of config, <SERVICE>_X of the
 * environment, the schema, X of the environment and the built-in value counts.
 *
 * DESIGN. settings.def has a row for every setting. Each is gathered from each
 * level and parsed there, so that a wrong value is found wherever it stands;
 * then the first level that says one wins, setting by setting:
 *
 *     config > <SERVICE>_X > schema > X > built-in
 *     config > <SERVICE>_X > X > schema > built-in     (lifetimes)
 *
 * Three settings say more than one thing, or one thing together. A URL says
 * host, port and, where they are in it, user, password and db, at its own
 * level, where the settings it stands for must then not be. A password and a
 * file that holds it are one setting. An empty variable is not set, except
 * that an empty password and an empty prefix are what they say.
 *
 * What is wrong is told through larder_last_error(): the variable or member,
 * and what is wrong with it, never its value.
 * Threads: reads the environment; no thread may change that meanwhile.
 */
#ifndef LARDER_CLIENT_SETTINGS_H
#define LARDER_CLIENT_SETTINGS_H

#include <larder/stub.h>

#include "net/address.h"

enum larder_backend_kind { LARDER_BACKEND_REDIS, LARDER_BACKEND_MEMORY, LARDER_BACKEND_OFF };

struct larder_settings {
    const struct larder_allocator *allocator; /* of the strings and ttls_ms */
    enum larder_backend_kind backend;
    bool fallback;                 /* to memory */
    bool compress;                 /* where the schema says so */
    struct larder_address address; /* all but client_name, which is NULL */
    int max_connections;
    int64_t timeout_ms;
    int64_t connect_timeout_ms;
    int64_t spin_us;
    int64_t memory_bytes;
    char *key_prefix;
    int64_t *ttls_ms; /* service->ttl_count, each 1..2^53 */
    char *host;       /* what address points at */
    char *unix_path;
    char *username;
    char *password;
    struct larder_tls *tls; /* the same; whoever takes it over sets it to NULL */
};

/* Resolves all, and reads the files of TLS; config may be NULL, log too: it gets
 * the warnings (of unknown CACHE_… variables, of a secret's file that others can read). The allocator and the log
 * outlive what is resolved. OK; E_CONFIG; E_NOMEM. On failure there is nothing to release. */
enum larder_status larder_settings_resolve(const struct larder_service *service,
                                           const struct larder_config *config,
                                           const struct larder_allocator *allocator,
                                           const struct larder_log *log,
                                           struct larder_settings *ret_settings);
/* Wipes the password. */
void larder_settings_release(struct larder_settings *settings);

#endif
