/* SPDX-License-Identifier: MIT */
/*
 * Settings of one cache, for services that do not take them from the
 * environment.
 *
 *     struct larder_config config = { .host = "10.0.0.7", .timeout_ms = 250 };
 *     st = product_cache_open(&config, &cache);
 *
 * A member that is zero or NULL is not set: then <SERVICE>_X of the
 * environment, the schema, X of the environment and the built-in value count,
 * in this order. docs/settings.md lists them all.
 * Ownership: everything is copied by open, the three tables of functions too;
 * their `user` must outlive the cache, the allocator's every value it gave out.
 */
#ifndef LARDER_CONFIG_H
#define LARDER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum larder_log_level { LARDER_LOG_ERROR, LARDER_LOG_WARNING, LARDER_LOG_INFO, LARDER_LOG_DEBUG };

/* Where log lines go; without one they go nowhere. `write` may be called by any
 * thread, also by several at once, never with a lock of larder's held. `text`
 * is one line without its newline, valid during the call. */
struct larder_log {
    void (*write)(void *user, enum larder_log_level level, const char *text);
    void *user;
};

/* Memory; without one the C library's. All three members are needed. They may
 * be called by any thread. `alloc` and `resize` answer NULL when there is none
 * left; larder never asks for 0 bytes. Values given out are returned through
 * `release`, also after close. */
struct larder_allocator {
    void *(*alloc)(void *user, size_t size);
    void *(*resize)(void *user, void *block, size_t size);
    void (*release)(void *user, void *block); /* never NULL */
    void *user;
};

/* Time; without one the system's. Tests give their own. */
struct larder_clock {
    int64_t (*monotonic_ns)(void *user); /* never steps back */
    int64_t (*wall_ms)(void *user);      /* since 1970-01-01 UTC */
    void *user;
};

/* A named lifetime of the schema's ttl: table, as CACHE_TTL_<NAME> sets it. */
struct larder_config_ttl {
    const char *name; /* as the schema spells it */
    int64_t ttl_ms;   /* 1..2^53 */
};

struct larder_config {
    const char *
        url; /* redis://[user[:password]@]host[:port][/db], rediss://…, unix://path[?db=n]; excludes host */
    const char *host;
    int port; /* 1..65535 */
    int db;   /* counts only with has_db, so that 0 can be said */
    bool has_db;
    const char *username;
    const char *password;
    const char *password_file;
    bool tls;             /* also by rediss://; the server's certificate is verified */
    const char *tls_ca;   /* file or directory of trusted certificates; else the system's */
    const char *tls_cert; /* ours, for servers that want one; with tls_key */
    const char *tls_key;
    const char *tls_name;       /* that the server's certificate must have; else the host's */
    int max_connections;        /* 1..10000 */
    int64_t timeout_ms;         /* a whole call, open and close too */
    int64_t connect_timeout_ms; /* of that, at most for one connection's set-up */
    int64_t spin_us;
    const char *backend;  /* "redis", "memory" or "off" */
    const char *fallback; /* "off" or "memory" */
    int64_t memory_bytes; /* bound of the memory backend */
    int64_t default_ttl_ms;
    const struct larder_config_ttl *ttls;
    size_t ttl_count;
    const char *key_prefix;
    const struct larder_log *log;
    const struct larder_allocator *allocator;
    const struct larder_clock *clock;
};

#ifdef __cplusplus
}
#endif

#endif
