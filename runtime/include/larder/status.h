/* SPDX-License-Identifier: MIT */
/*
 * What a call can answer.
 *
 * 0 is done, a positive status an ordinary outcome (nothing is wrong), a
 * negative one a failure of the cache. The three are never blended: a service
 * treats `st < 0` as "the cache could not help" and goes on without it.
 */
#ifndef LARDER_STATUS_H
#define LARDER_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LARDER_MUST_USE __attribute__((warn_unused_result))
#define LARDER_API __attribute__((visibility("default")))
#else
#define LARDER_MUST_USE
#define LARDER_API
#endif

enum larder_status {
#define LARDER_STATUS(name, value, text) LARDER_##name = (value),
#include <larder/status.def>
#undef LARDER_STATUS
};

/* What became of a write on the server, see larder_outcome(). */
enum larder_outcome {
    LARDER_APPLIED = 0,     /* acknowledged by the server */
    LARDER_NOT_APPLIED = 1, /* known not to have happened */
    LARDER_UNKNOWN = 2      /* sent, but the answer never came */
};

/* The constant's name, "LARDER_MISS"; "LARDER_?" for a number that is none. Never NULL. */
LARDER_API const char *larder_status_name(enum larder_status status);

/* A sentence for people. Never NULL. */
LARDER_API const char *larder_status_text(enum larder_status status);

/* Detail of this thread's last failed call: the key's pattern, a field, the
 * server's text; never a secret. Empty when there is none, never NULL; valid
 * until this thread's next call into larder. */
LARDER_API const char *larder_last_error(void);

/* What this thread's last call did to the server. After get_or_load it tells
 * whether the loaded value was stored. */
LARDER_API enum larder_outcome larder_outcome(void);

/* Drop a status on purpose, where the compiler insists that it is looked at. */
static inline void larder_ignore(enum larder_status status)
{
    (void)status;
}

#ifdef __cplusplus
}
#endif

#endif
