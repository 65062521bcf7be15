/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing a cache, and how it is doing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/memory.h"
#include "backend/off.h"
#include "backend/redis.h"
#include "base/alloc.h"
#include "base/log.h"
#include "cache/away.h"
#include "cache/call.h"
#include "cache/delete_all.h"
#include "cache/redelete.h"
#include "cache/refresh.h"
#include "client/settings.h"
#include "codec/envelope.h"
#include "key/key.h"
#include "net/tls.h"

enum {
    REPLY_SLACK_BYTES = 64 * 1024, /* of a reply, besides the value in it */
    CLIENT_NAME_BYTES = 64,
    STUB_COMPRESS = 2, /* the stub version from which on entities say how they are compressed, */
    STUB_POLICY = 4    /* ... and have policies, versions, tags and indexes */
};

static const int64_t TTL_MAX_MS = INT64_C(1) << 53;

/* -------------------------------------------------------------------- open */

/* The tables that a config gives must be whole. */
static enum larder_status take_tables(struct larder_cache *cache,
                                      const struct larder_config *config)
{
    const struct larder_allocator *allocator = config != NULL ? config->allocator : NULL;
    const struct larder_clock *clock = config != NULL ? config->clock : NULL;
    const struct larder_log *log = config != NULL ? config->log : NULL;
    if (allocator != NULL && (!allocator->alloc || !allocator->resize || !allocator->release)) {
        return larder_error_set(LARDER_E_CONFIG, "config.allocator: a function is missing");
    }
    if (clock != NULL && (!clock->monotonic_ns || !clock->wall_ms)) {
        return larder_error_set(LARDER_E_CONFIG, "config.clock: a function is missing");
    }
    if (log != NULL && !log->write) {
        return larder_error_set(LARDER_E_CONFIG, "config.log: the function is missing");
    }
    cache->allocator = allocator != NULL ? *allocator : larder_allocator_libc;
    cache->clock = clock != NULL ? *clock : larder_clock_system;
    cache->log = log != NULL ? *log : (struct larder_log){NULL, NULL};
    cache->env.allocator = &cache->allocator;
    cache->env.clock = &cache->clock;
    cache->env.log = log != NULL ? &cache->log : NULL;
    return LARDER_OK;
}

/* What generated code promises; a table that does not is of another version. */
static bool entity_is_sound(const struct larder_service *service, size_t i)
{
    const struct larder_entity *entity = service->entities[i];
    return entity != NULL && entity->index == i && entity->name != NULL &&
           entity->pattern != NULL && entity->encode != NULL && entity->decode != NULL &&
           entity->defaults != NULL && entity->value_size != 0 && entity->ttl_index >= -1 &&
           (entity->ttl_index == -1 || (size_t)entity->ttl_index < service->ttl_count) &&
           (service->stub_version < STUB_COMPRESS ||
            (unsigned)entity->compress <= LARDER_CODEC_LZ4) &&
           (service->stub_version < STUB_POLICY || entity->group_count <= LARDER_GROUPS_MAX);
}

static bool index_is_sound(const struct larder_service *service, size_t i)
{
    const struct larder_index *index = service->indexes[i];
    return index != NULL && index->pointer != NULL && index->row != NULL && index->leads != NULL &&
           index->append_pointer != NULL && index->append_row != NULL &&
           index->pointer->index < service->entity_count &&
           service->entities[index->pointer->index] == index->pointer &&
           index->row->index < service->entity_count &&
           service->entities[index->row->index] == index->row;
}

static bool indexes_are_sound(const struct larder_service *service)
{
    if (service->stub_version < STUB_POLICY) {
        return true;
    }
    bool sound = service->indexes != NULL || service->index_count == 0;
    for (size_t i = 0; sound && i < service->index_count; i++) {
        sound = index_is_sound(service, i);
    }
    return sound;
}

static enum larder_status check_service(const struct larder_service *service)
{
    if (service == NULL) {
        return larder_error_set(LARDER_E_ARG, "the service is NULL");
    }
    if (service->stub_version < LARDER_STUB_OLDEST || service->stub_version > LARDER_STUB_VERSION) {
        return larder_error_set(
            LARDER_E_UNSUPPORTED, "generated for stub version %u, this runtime has %d to %d",
            (unsigned)service->stub_version, LARDER_STUB_OLDEST, LARDER_STUB_VERSION);
    }
    bool sound = service->name != NULL && service->env_prefix != NULL && service->prefix != NULL &&
                 (service->ttls != NULL || service->ttl_count == 0) &&
                 (service->entities != NULL || service->entity_count == 0);
    for (size_t i = 0; sound && i < service->entity_count; i++) {
        sound = entity_is_sound(service, i);
    }
    sound = sound && indexes_are_sound(service);
    return sound ? LARDER_OK : larder_error_set(LARDER_E_ARG, "the service's table is not whole");
}

/* What an entity's values are compressed with, if the service knows of that at all. */
static void resolve_compress(const struct larder_cache *cache, const struct larder_entity *entity,
                             const struct larder_settings *settings,
                             struct larder_entity_state *state)
{
    state->compress = LARDER_CODEC_NONE;
    if (cache->service->stub_version >= STUB_COMPRESS && settings->compress) {
        state->compress = entity->compress;
        state->compress_above = entity->compress_above;
    }
}

/* Each entity's indexes, which stand behind each other in the service's. */
static void resolve_indexes(const struct larder_cache *cache)
{
    const struct larder_service *service = cache->service;
    for (size_t i = 0; service->stub_version >= STUB_POLICY && i < service->index_count; i++) {
        struct larder_entity_state *state = larder_state_of(cache, service->indexes[i]->row);
        if (state->index_count == 0) {
            state->indexes = &service->indexes[i];
        }
        state->index_count++;
    }
}

/* What an entity asks for beyond a lifetime, if the service knows of that at all. */
static enum larder_status resolve_policy(const struct larder_cache *cache,
                                         const struct larder_entity *entity,
                                         struct larder_entity_state *state)
{
    static const struct larder_policy none = {0};
    state->policy = &none;
    if (cache->service->stub_version < STUB_POLICY) {
        return LARDER_OK;
    }
    if (entity->policy != NULL) {
        state->policy = entity->policy;
    }
    const struct larder_policy *policy = state->policy;
    state->versions.has_all = entity->has_all;
    state->versions.group_count = entity->group_count;
    state->versions.all_id =
        entity->has_all ? larder_version_of_entity(&cache->versions, entity->name) : 0;
    state->tags = entity->tags;
    state->is_versioned = larder_entity_versions_any(&state->versions) || entity->tags != NULL;
    state->is_timed = policy->while_revalidate_ms != 0 || policy->if_error_ms != 0 ||
                      policy->refresh_ppm != 0 || policy->xfetch ||
                      (policy->sliding && policy->max_age_ms != 0);
    atomic_init(&state->looks, state->is_versioned || state->is_timed || policy->sliding);
    if (entity->tags != NULL) {
        state->guesses = larder_alloc_zeroed(&cache->allocator, 1, sizeof *state->guesses);
        return state->guesses != NULL ? LARDER_OK : LARDER_E_NOMEM;
    }
    return LARDER_OK;
}

/* What the schema promises of its own lifetimes, of those that the settings gave. */
static enum larder_status check_lifetime(const struct larder_cache *cache,
                                         const struct larder_entity *entity,
                                         const struct larder_entity_state *state)
{
    if (state->policy->max_age_ms == 0 || state->ttl_ms <= state->policy->max_age_ms) {
        return LARDER_OK;
    }
    const struct larder_ttl *ttl =
        entity->ttl_index >= 0 ? &cache->service->ttls[entity->ttl_index] : NULL;
    return larder_error_set(LARDER_E_CONFIG,
                            "%s: the lifetime of '%s', %" PRId64 " ms, is longer than its max_age "
                            "of %" PRId64 " ms",
                            ttl != NULL ? ttl->variable : entity->pattern, entity->name,
                            state->ttl_ms, state->policy->max_age_ms);
}

/* Twice as long as anything that carries versions stays: what goes before, is at most a miss.
 * What is stored for longer than the schema says makes its versions stay longer, too. */
static void resolve_version_ttl(struct larder_cache *cache)
{
    bool for_ever = false;
    int64_t longest_ms = 0;
    for (size_t i = 0; i < cache->service->entity_count; i++) {
        const struct larder_entity_state *state = &cache->states[i];
        const struct larder_policy *policy = state->policy;
        int64_t window_ms = policy->while_revalidate_ms > policy->if_error_ms
                                ? policy->while_revalidate_ms
                                : policy->if_error_ms;
        if (state->is_versioned && policy->redelete_after_ms > cache->version_redelete_ms) {
            cache->version_redelete_ms = policy->redelete_after_ms;
        }
        if (state->is_versioned) {
            for_ever |= state->ttl_ms == 0;
            longest_ms =
                state->ttl_ms + window_ms > longest_ms ? state->ttl_ms + window_ms : longest_ms;
        }
    }
    cache->version_ttl_ms = for_ever || longest_ms > TTL_MAX_MS / 2 ? 0 : 2 * longest_ms;
}

/* The states, on cache lines, each with what its entity resolved to. */
static enum larder_status make_states(struct larder_cache *cache,
                                      const struct larder_settings *settings)
{
    const struct larder_service *service = cache->service;
    const size_t line = LARDER_CACHE_LINE_BYTES;
    cache->states_block = larder_alloc_zeroed(&cache->allocator, 1,
                                              service->entity_count * sizeof *cache->states + line);
    if (cache->states_block == NULL) {
        return LARDER_E_NOMEM;
    }
    uintptr_t at = ((uintptr_t)cache->states_block + line - 1) / line * line;
    cache->states = (struct larder_entity_state *)at;
    enum larder_status status = LARDER_OK;
    for (size_t i = 0; status == LARDER_OK && i < service->entity_count; i++) {
        const struct larder_entity *entity = service->entities[i];
        struct larder_entity_state *state = &cache->states[i];
        state->seed = larder_envelope_seed(service->name, entity->name);
        state->ttl_ms =
            entity->ttl_index >= 0 ? settings->ttls_ms[entity->ttl_index] : entity->ttl_ms;
        resolve_compress(cache, entity, settings, state);
        status = resolve_policy(cache, entity, state);
        status = status == LARDER_OK ? check_lifetime(cache, entity, state) : status;
    }
    if (status == LARDER_OK) {
        resolve_version_ttl(cache);
    }
    resolve_indexes(cache);
    return status;
}

static struct larder_backend *new_server(const struct larder_cache *cache,
                                         const struct larder_settings *settings)
{
    char name[CLIENT_NAME_BYTES];
    struct larder_redis_options options = {
        .address = settings->address,
        .max_connections = settings->max_connections,
        .connect_timeout_ms = settings->connect_timeout_ms,
        .spin_us = settings->spin_us,
        .max_reply_bytes = (size_t)LARDER_VALUE_MAX + REPLY_SLACK_BYTES,
    };
    snprintf(name, sizeof name, "larder:%s", cache->service->name);
    options.address.client_name = name;
    return larder_redis_new(&cache->env, &options);
}

/* Whether an entry, a claim or a mark included, is one that an entity of this cache stored
 * at this key, of whatever version. */
static bool owns(const void *user, const char *key, size_t key_len, const uint8_t *head,
                 size_t head_len)
{
    const struct larder_cache *cache = user;
    if (key_len < cache->prefix_len || memcmp(key, cache->prefix, cache->prefix_len) != 0) {
        return false;
    }
    for (size_t i = 0; i < cache->service->entity_count; i++) {
        uint64_t fingerprint = larder_envelope_fingerprint(
            cache->states[i].seed, key + cache->prefix_len, key_len - cache->prefix_len);
        if (larder_envelope_is_of(head, head_len, fingerprint)) {
            return true;
        }
    }
    return false;
}

/* A server, and what is done while it is away. */
static struct larder_backend *new_redis(const struct larder_cache *cache,
                                        const struct larder_settings *settings)
{
    const struct larder_away_options options = {
        .service = cache->service->name,
        .journal = larder_journal_defaults,
        .owner = {.prefix = cache->prefix, .owns = owns, .user = cache},
        .timeout_ms = settings->timeout_ms,
        .fallback_bytes = settings->fallback ? (size_t)settings->memory_bytes : 0,
    };
    struct larder_backend *server = new_server(cache, settings);
    if (server == NULL) {
        return NULL;
    }
    struct larder_backend *away = larder_away_new(&cache->env, server, &options);
    if (away == NULL) {
        server->table->free(server);
        return NULL;
    }
    for (size_t i = 0; i < cache->service->entity_count; i++) {
        larder_away_lifetime(away, cache->states[i].ttl_ms);
    }
    return away;
}

static enum larder_status make_backend(struct larder_cache *cache,
                                       const struct larder_settings *settings)
{
    switch (settings->backend) {
    case LARDER_BACKEND_MEMORY:
        cache->backend = larder_memory_new(&cache->env, (size_t)settings->memory_bytes);
        break;
    case LARDER_BACKEND_OFF:
        cache->backend = larder_off_new(&cache->env);
        break;
    case LARDER_BACKEND_REDIS:
        cache->backend = new_redis(cache, settings);
        break;
    }
    return cache->backend != NULL ? LARDER_OK : LARDER_E_NOMEM;
}

static enum larder_status set_up(struct larder_cache *cache, const struct larder_config *config)
{
    struct larder_settings settings;
    enum larder_status status = larder_settings_resolve(cache->service, config, &cache->allocator,
                                                        cache->env.log, &settings);
    if (status != LARDER_OK) {
        return status;
    }
    cache->timeout_ms = settings.timeout_ms;
    cache->worker.timeout_ms = settings.timeout_ms;
    cache->prefix_len = strlen(settings.key_prefix);
    memcpy(cache->prefix, settings.key_prefix, cache->prefix_len + 1);
    if (!larder_version_names_init(&cache->versions, cache->prefix, cache->service->name)) {
        status = larder_error_set(LARDER_E_CONFIG, "%s: prefix and name are too long for keys",
                                  cache->service->name);
    }
    if (status == LARDER_OK) {
        status = make_states(cache, &settings);
    }
    if (status == LARDER_OK) {
        status = make_backend(cache, &settings);
    }
    cache->tls = settings.tls;
    settings.tls = NULL;
    larder_settings_release(&settings);
    return status;
}

/* ------------------------------------------------------ the cache's own thread */

static void run_job(void *user, struct larder_job *job)
{
    larder_refresh_run(user, job);
}

static void run_due_jobs(void *user, struct larder_job *const *jobs, size_t count,
                         int64_t deadline_ns)
{
    larder_redelete_run(user, jobs, count, deadline_ns);
}

static const struct larder_worker_table worker_table = {run_job, run_due_jobs};

/* What has locks that fork() must know of. */
static bool begin(struct larder_cache *cache)
{
    if (!larder_load_gate_init(&cache->loads)) {
        return false;
    }
    if (!larder_worker_init(&cache->worker, &worker_table, cache, &cache->allocator,
                            &cache->clock)) {
        larder_load_gate_release(&cache->loads);
        return false;
    }
    return true;
}

enum larder_status larder_stub_open(const struct larder_service *service,
                                    const struct larder_config *config,
                                    struct larder_cache **ret_cache)
{
    struct larder_cache half = {.service = service};
    larder_error_clear();
    larder_outcome_set(LARDER_APPLIED);
    if (ret_cache == NULL) {
        return larder_error_set(LARDER_E_ARG, "the output is NULL");
    }
    *ret_cache = NULL;
    enum larder_status status = check_service(service);
    if (status == LARDER_OK) {
        status = take_tables(&half, config);
    }
    if (status != LARDER_OK) {
        return status;
    }
    struct larder_cache *cache = larder_alloc_zeroed(&half.allocator, 1, sizeof *cache);
    if (cache == NULL) {
        return larder_error_set(LARDER_E_NOMEM, "%s: no memory to open the cache", service->name);
    }
    cache->service = service;
    if (!begin(cache)) {
        larder_free(&half.allocator, cache);
        return larder_error_set(LARDER_E_NOMEM, "%s: no memory to open the cache", service->name);
    }
    larder_flights_init(&cache->flights, &cache->allocator);
    larder_compressor_init(&cache->compressor);
    status = take_tables(cache, config);
    if (status == LARDER_OK) {
        status = set_up(cache, config);
    }
    if (status == LARDER_E_NOMEM) {
        larder_error_set(status, "%s: no memory to open the cache", service->name);
    }
    if (status != LARDER_OK) {
        larder_stub_close(cache);
        return status;
    }
    *ret_cache = cache;
    return LARDER_OK;
}

void larder_stub_close(struct larder_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    struct larder_allocator allocator = cache->allocator;
    /* The other half is the journal's, which may come to hold what fails here. */
    larder_worker_stop(&cache->worker,
                       larder_deadline_after_ms(&cache->clock, cache->timeout_ms / 2));
    if (cache->backend != NULL) {
        cache->backend->table->free(cache->backend);
    }
    larder_tls_free(cache->tls);
    larder_flights_release(&cache->flights);
    larder_load_gate_release(&cache->loads);
    larder_worker_release(&cache->worker);
    larder_compressor_release(&cache->compressor);
    larder_clearing_free(cache);
    for (size_t i = 0; cache->states != NULL && i < cache->service->entity_count; i++) {
        larder_free(&allocator, cache->states[i].guesses);
    }
    larder_free(&allocator, cache->states_block);
    larder_free(&allocator, cache);
}

/* -------------------------------------------------------------------- keys */

void larder_key_begin(const struct larder_cache *cache, struct larder_key *key)
{
    if (cache == NULL) {
        larder_key_init(key, NULL, 0);
        key->status = LARDER_E_ARG;
        return;
    }
    larder_key_init(key, cache->prefix, cache->prefix_len);
}

enum larder_status larder_stub_key(struct larder_cache *cache, const struct larder_key *key,
                                   char *buf, size_t size, size_t *ret_len)
{
    if (ret_len != NULL) {
        *ret_len = 0;
    }
    enum larder_status status = larder_call_begin_many(cache, NULL);
    if (status != LARDER_OK) {
        return status;
    }
    if (ret_len == NULL || (buf == NULL && size != 0)) {
        return larder_call_refuse(NULL, LARDER_E_ARG, "an output is NULL");
    }
    status = larder_call_check_key(NULL, key);
    if (status != LARDER_OK) {
        return status;
    }
    *ret_len = key->len;
    if (size <= key->len) {
        return larder_call_refuse(NULL, LARDER_E_TOO_LARGE, "the buffer is too small for the key");
    }
    memcpy(buf, key->bytes, key->len);
    buf[key->len] = '\0';
    return LARDER_OK;
}

/* ------------------------------------------------------------------ health */

static enum larder_status ping(struct larder_cache *cache)
{
    struct larder_op op = {.kind = LARDER_OP_PING};
    cache->backend->table->run(cache->backend, &op, 1, larder_call_deadline_ns(cache));
    if (op.status < 0) {
        larder_outcome_set(LARDER_NOT_APPLIED);
        if (*larder_last_error() == '\0') {
            larder_error_set(op.status, "%s", larder_status_text(op.status));
        }
    }
    return op.status;
}

enum larder_status larder_stub_ping(struct larder_cache *cache)
{
    enum larder_status status = larder_call_begin_many(cache, NULL);
    return status != LARDER_OK ? status : ping(cache);
}

enum larder_status larder_stub_health(struct larder_cache *cache, struct larder_health *ret_health)
{
    if (ret_health != NULL) {
        *ret_health = (struct larder_health){.status = LARDER_E_ARG, .latency_us = -1};
    }
    enum larder_status status = larder_call_begin_many(cache, NULL);
    if (status != LARDER_OK) {
        return status;
    }
    if (ret_health == NULL) {
        return larder_call_refuse(NULL, LARDER_E_ARG, "the output is NULL");
    }
    int64_t before_ns = larder_clock_now_ns(&cache->clock);
    ret_health->status = ping(cache);
    if (ret_health->status == LARDER_OK) {
        ret_health->latency_us = (larder_clock_now_ns(&cache->clock) - before_ns) / 1000;
    }
    cache->backend->table->health(cache->backend, ret_health);
    ret_health->degraded |= ret_health->status < 0;
    return LARDER_OK;
}

enum larder_status larder_stub_stats(struct larder_cache *cache, const struct larder_entity *entity,
                                     struct larder_stats *ret_stats)
{
    if (ret_stats != NULL) {
        *ret_stats = (struct larder_stats){0};
    }
    enum larder_status status = larder_call_begin_many(cache, entity);
    if (status != LARDER_OK) {
        return status;
    }
    if (ret_stats == NULL) {
        return larder_call_refuse(entity, LARDER_E_ARG, "the output is NULL");
    }
    for (size_t i = 0; i < cache->service->entity_count; i++) {
        if (entity == NULL || entity->index == i) {
            larder_counters_add_to(&cache->states[i].counters, ret_stats);
        }
    }
    return LARDER_OK;
}
