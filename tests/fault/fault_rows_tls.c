/* SPDX-License-Identifier: MIT */
/* Row 39: certificates that are not to be trusted, and TLS on a bad day. */
#include <stdio.h>
#include <string.h>

#include "fault.h"

enum { BEFORE_MS = 200, FAULT_MS = 700, AFTER_MS = 200, PATIENT_MS = 2000, PAUSE_MS = 50 };

static const char *path(struct fault_site *site, const char *file)
{
    return certificates_path(&site->pki, file);
}

static void issue(struct fault_site *site, const struct certificate *certificate)
{
    fault_check(site->row, certificates_issue(&site->pki, certificate), "%s was not issued",
                certificate->name);
}

/* The server shows another certificate to whoever connects from now on. */
static void show(struct fault_site *site, const char *name)
{
    char pem[64], key[64], line[512], reply[128];
    snprintf(pem, sizeof pem, "%s.pem", name);
    snprintf(key, sizeof key, "%s.key", name);
    snprintf(line, sizeof line, "CONFIG SET tls-cert-file %s tls-key-file %s", path(site, pem),
             path(site, key));
    bool said = fault_site_say(site, line, reply, sizeof reply);
    fault_check(site->row, said && reply[0] == '+', "%s: %s", line, reply);
}

/* A cache that has not met this server, and one call of it. */
static enum larder_status first_call(const struct larder_config *config, int64_t *ret_took_ms)
{
    struct fault_cache *cache;
    const struct fault_thing *read;
    *ret_took_ms = 0;
    if (fault_cache_open(config, &cache) != LARDER_OK) {
        return LARDER_E_CONFIG;
    }
    int64_t start_ns = history_now_ns();
    enum larder_status status = fault_thing_cache_get(cache, 1, &read);
    *ret_took_ms = (history_now_ns() - start_ns) / 1000000;
    fault_thing_release(read);
    fault_cache_close(cache);
    return status;
}

/* The fastest of three: the machine may be busy. */
static void expect_first(struct fault_site *site, const char *name, enum larder_status right)
{
    int64_t limit_ms = site->config.timeout_ms, took_ms = INT64_MAX;
    enum larder_status status = right;
    for (int i = 0; i < 3 && took_ms > limit_ms + FAULT_SLACK_MS; i++) {
        status = first_call(&site->config, &took_ms);
        fault_check(site->row, status == right, "%s: %s, not %s: %s", name,
                    larder_status_name(status), larder_status_name(right), larder_last_error());
    }
    fault_most(&site->row->overrun_ms, took_ms > limit_ms ? took_ms - limit_ms : 0);
    fault_check(site->row, took_ms <= limit_ms + FAULT_SLACK_MS, "%s: took %d ms", name,
                (int)took_ms);
    fault_note(site->row, "%-24s %4d ms  %s", name, (int)took_ms, larder_status_name(status));
}

/* -------------------------------------------------------- what is not trusted */

static void meet_certificates(struct fault_site *site)
{
    static const struct {
        const char *name;
        struct certificate certificate;
        enum larder_status right;
    } servers[] = {
        {"right", {.name = "good", .issuer = "ca", .ip = "127.0.0.1"}, LARDER_MISS},
        {"expired",
         {.name = "old", .issuer = "ca", .ip = "127.0.0.1", .has_expired = true},
         LARDER_E_AUTH},
        {"of another host", {.name = "else", .issuer = "ca", .dns = "else.test"}, LARDER_E_AUTH},
        {"of another authority",
         {.name = "stranger", .issuer = "other", .ip = "127.0.0.1"},
         LARDER_E_AUTH},
        {"signed by itself", {.name = "self", .ip = "127.0.0.1"}, LARDER_E_AUTH},
    };
    issue(site, &(struct certificate){.name = "other", .is_ca = true});
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
        issue(site, &servers[i].certificate);
        show(site, servers[i].certificate.name);
        expect_first(site, servers[i].name, servers[i].right);
    }
    show(site, "server");
}

/* The server asks for ours. What it does not like it may say behind the
 * handshake, so that a first call may also find the connection closed. */
static void show_ours(struct fault_site *site)
{
    static const struct {
        const char *name, *file;
        struct certificate certificate;
    } ours[] = {
        {"without our certificate", NULL, {.name = NULL}},
        {"with a stranger's", "mine", {.name = "mine", .issuer = "other"}},
        {"with one that expired", "late", {.name = "late", .issuer = "ca", .has_expired = true}},
    };
    char pem[32], key[32];
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        struct larder_config config = site->config;
        int64_t took_ms;
        config.tls_cert = config.tls_key = NULL;
        if (ours[i].file != NULL) {
            issue(site, &ours[i].certificate);
            snprintf(pem, sizeof pem, "%s.pem", ours[i].file);
            snprintf(key, sizeof key, "%s.key", ours[i].file);
            config.tls_cert = path(site, pem);
            config.tls_key = path(site, key);
        }
        enum larder_status status = first_call(&config, &took_ms);
        fault_check(site->row, status == LARDER_E_AUTH || status == LARDER_E_UNAVAILABLE,
                    "%s: %s: %s", ours[i].name, larder_status_name(status), larder_last_error());
        fault_note(site->row, "%-24s %4d ms  %s", ours[i].name, (int)took_ms,
                   larder_status_name(status));
    }
}

/* ------------------------------------------------------------- what hangs */

static void stall(struct fault_site *site)
{
    const struct faultproxy_rule stop = {.end = FAULTPROXY_END_BLACK_HOLE, .after_bytes = 100};
    const struct faultproxy_rule drip = {.slice_bytes = 1, .slice_ms = PAUSE_MS};
    struct larder_config usual = site->config;
    site->config.timeout_ms = site->config.connect_timeout_ms = FAULT_TIMEOUT_MS;
    faultproxy_accept(site->proxy, FAULTPROXY_ACCEPT_HANG);
    expect_first(site, "silent from the start", LARDER_E_TIMEOUT);
    faultproxy_accept(site->proxy, FAULTPROXY_ACCEPT_SERVE);
    faultproxy_rule(site->proxy, FAULTPROXY_TO_CLIENT, &stop);
    expect_first(site, "silent in the handshake", LARDER_E_TIMEOUT);
    faultproxy_rule(site->proxy, FAULTPROXY_TO_CLIENT, &drip);
    expect_first(site, "dripping handshake", LARDER_E_TIMEOUT);
    faultproxy_rule(site->proxy, FAULTPROXY_TO_CLIENT, NULL);
    site->config = usual;
}

/* ------------------------------------------------- another certificate, later */

static enum larder_status get_until(struct fault_site *site, enum larder_status wanted)
{
    const struct fault_thing *read;
    int64_t end_ns = history_now_ns() + INT64_C(10000000000);
    enum larder_status status;
    do {
        status = fault_thing_cache_get(site->cache, 1, &read);
        fault_thing_release(read);
    } while (status != wanted && history_now_ns() < end_ns);
    return status;
}

static void replace(struct fault_site *site)
{
    struct fault_row *row = site->row;
    const struct fault_thing *read;
    fault_site_open_cache(site);
    fault_check(row, get_until(site, LARDER_MISS) == LARDER_MISS, "no connection: %s",
                larder_last_error());
    show(site, "stranger");
    fault_check(row, fault_thing_cache_get(site->cache, 1, &read) == LARDER_MISS,
                "the connection that was there: %s", larder_last_error());
    faultproxy_reset_all(site->proxy);
    fault_check(row, get_until(site, LARDER_E_AUTH) == LARDER_E_AUTH, "a stranger: %s",
                larder_last_error());
    for (int i = 0; i < 3; i++) {
        fault_check(row, fault_thing_cache_get(site->cache, 1, &read) == LARDER_E_AUTH,
                    "a stranger, again: %s", larder_last_error());
    }
    issue(site, &(struct certificate){.name = "server", .issuer = "ca", .ip = "127.0.0.1"});
    show(site, "server");
    fault_check(row, get_until(site, LARDER_MISS) == LARDER_MISS, "renewed: %s",
                larder_last_error());
    fault_cache_close(site->cache);
    site->cache = NULL;
}

/* -------------------------------------------------------------- under load */

static void lose_connections(struct fault_site *site)
{
    struct fault_load load;
    char reply[128];
    fault_site_open_cache(site);
    fault_load_init(&load, site);
    load.options.deadline_ms = site->config.timeout_ms;
    /* All shake hands at once, and a step of that is not cut short. */
    load.options.slack_ms += fault_crowd_slack_ms(FAULT_THREADS);
    fault_load_start(&load);
    fault_pause_ms(fault_span_ms(BEFORE_MS));
    fault_injected(&load);
    for (int64_t i = 0; i < fault_span_ms(FAULT_MS) / PAUSE_MS; i++) {
        if (i % 2 == 0) {
            fault_site_say(site, "CLIENT KILL TYPE normal", reply, sizeof reply);
        } else {
            faultproxy_reset_all(site->proxy);
        }
        fault_pause_ms(PAUSE_MS);
    }
    fault_repaired(&load);
    fault_await_recovery(&load);
    fault_pause_ms(fault_span_ms(AFTER_MS));
    fault_load_stop(&load);
}

void fault_row_39(struct fault_row *row)
{
    struct fault_site site;
    fault_site_prepare_tls(&site, row);
    site.config.timeout_ms = site.config.connect_timeout_ms = PATIENT_MS;
    meet_certificates(&site);
    show_ours(&site);
    stall(&site);
    replace(&site);
    site.config.timeout_ms = site.config.connect_timeout_ms = FAULT_TIMEOUT_MS;
    lose_connections(&site);
    fault_site_close(&site);
    fault_note(row, "then a load whose connections are killed and reset every %d ms", PAUSE_MS);
}
