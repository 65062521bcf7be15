/* SPDX-License-Identifier: MIT */
/*
 * larder for people: the types that generated headers build on and the few
 * calls that are not generated.
 *
 * A service includes its generated header (product_cache.h), which includes
 * this one. What can be called on a cache is declared there, with types.
 *
 * Threads: a cache may be used by any thread at any time, except that close
 * must be the last call. Values are immutable and may be read by any thread.
 */
#ifndef LARDER_LARDER_H
#define LARDER_LARDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <larder/config.h>
#include <larder/status.h>

/* major * 10000 + minor * 100 + patch */
#define LARDER_VERSION_NUMBER 100
#define LARDER_VERSION "0.1.0"

/* The contract between generated code and this runtime: code made for stub
 * version N runs on every runtime with LARDER_STUB_OLDEST <= N <=
 * LARDER_STUB_VERSION. Generated headers check it with #error, generated
 * sources once more at link time, through the symbol larder_abi_1. */
#define LARDER_STUB_VERSION 4
#define LARDER_STUB_OLDEST 1

#ifdef __cplusplus
extern "C" {
#endif

/* The linked runtime's LARDER_VERSION_NUMBER. */
LARDER_API int larder_version(void);

/* A run of bytes. `data` may be NULL when `len` is 0. For a field of type
 * `any` the bytes are one MessagePack value. */
struct larder_bytes {
    const unsigned char *data;
    size_t len;
};

/* Whether the bytes are exactly one MessagePack value, in which no more than 32 arrays
 * and maps stand one in the other: what `set` asks of a field of type `any`.
 * <larder/msgpack.h> goes between it and msgpack-c. */
LARDER_API bool larder_any_valid(const unsigned char *data, size_t len);

struct larder_uuid {
    uint8_t bytes[16]; /* in the order they are written in text */
};

/* clang-format off */
/* Lists of the scalar types: `items` has `count` elements, NULL when there are none. */
struct larder_bool_list { const bool *items; size_t count; };
struct larder_u8_list { const uint8_t *items; size_t count; };
struct larder_u16_list { const uint16_t *items; size_t count; };
struct larder_u32_list { const uint32_t *items; size_t count; };
struct larder_u64_list { const uint64_t *items; size_t count; };
struct larder_i8_list { const int8_t *items; size_t count; };
struct larder_i16_list { const int16_t *items; size_t count; };
struct larder_i32_list { const int32_t *items; size_t count; };
struct larder_i64_list { const int64_t *items; size_t count; }; /* also timestamps and durations, in ms */
struct larder_f32_list { const float *items; size_t count; };
struct larder_f64_list { const double *items; size_t count; };
struct larder_string_list { const char *const *items; size_t count; };
struct larder_bytes_list { const struct larder_bytes *items; size_t count; }; /* also of `any` */
struct larder_uuid_list { const struct larder_uuid *items; size_t count; };
/* clang-format on */

/* What was counted since open. Every member only grows. */
struct larder_stats {
#define LARDER_COUNTER(name, text) uint64_t name;
#include <larder/counters.def>
#undef LARDER_COUNTER
};

/* How a cache is doing. Degraded is what lies between well and failing: the
 * server's breaker is not closed, it refuses writes, or invalidations that could
 * not be made are waiting for it. */
struct larder_health {
    enum larder_status status; /* OK: well; E_…: what the last attempt to reach the server met */
    char backend[16];          /* "redis", "memory", "off" */
    char server[64];    /* "redis 7.0.15"; empty where there is no server or it was not reached */
    int64_t latency_us; /* of the ping that was made for this answer; -1: none was answered */
    int connections;    /* open to the server */
    int connections_busy;
    int connections_max;
    int queued;        /* calls that wait to be sent, with others */
    uint64_t bundles;  /* sent so far: commands of several callers, or of one that had to wait */
    uint64_t combined; /* calls whose commands went in them */
    uint64_t entries;  /* held in this process (memory backend) */
    uint64_t bytes;
    bool degraded;            /* calls are answered, but not as they should be */
    char breaker[16];         /* "closed", "open", "half-open"; empty where there is none */
    uint64_t breaker_opens;   /* how often it opened */
    int64_t failing_ms;       /* since the first failure after the last success; 0: well */
    uint64_t journal_entries; /* invalidations that the server has still to take */
    bool journal_overflowed;  /* some were lost; so nothing older than them is read */
};

/*
 * One call of a loader. The loader may use it until it returns.
 */
struct larder_load;

/* Memory that lives until the call that runs the loader returns; not zeroed,
 * aligned for any type. NULL when there is none left or size is 0. */
LARDER_API void *larder_load_alloc(struct larder_load *load, size_t size);

/* Use the loaded value, do not store it. */
LARDER_API void larder_load_skip(struct larder_load *load);

/* Store the loaded value for ttl_ms (1..2^53) instead of the schema's
 * lifetime, without jitter. Another number makes the load fail with E_LOADER. */
LARDER_API void larder_load_ttl(struct larder_load *load, int64_t ttl_ms);

/* One more tag of the loaded value, beside those of the schema: `tag` is spelt as it is
 * there, with its parameters as keys have them. Not copied. More than 8 in all, or NULL,
 * make the load fail with E_LOADER. */
LARDER_API void larder_load_tag(struct larder_load *load, const char *tag);

/* The value that the loaded one will replace, past its lifetime: a const struct X *, lent
 * until the loader returns. NULL where there is none, or it may not be used any more. */
LARDER_API const void *larder_load_previous(const struct larder_load *load);

#ifdef __cplusplus
}
#endif

#endif
