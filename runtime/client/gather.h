/* SPDX-License-Identifier: MIT */
/*
 * What each level says of each setting, read and checked, before anyone asks
 * which level counts.
 *
 * Threads: reads the environment; no thread may change that meanwhile.
 */
#ifndef LARDER_CLIENT_GATHER_H
#define LARDER_CLIENT_GATHER_H

#include <string.h>

#include <larder/stub.h>

#include "client/setting.h"
#include "client/url.h"

/* In the order of precedence, for all but lifetimes. */
enum larder_level {
    LARDER_LEVEL_CONFIG,
    LARDER_LEVEL_SERVICE, /* <SERVICE>_X */
    LARDER_LEVEL_SCHEMA,
    LARDER_LEVEL_BARE, /* X */
    LARDER_LEVEL_BUILT_IN,
    LARDER_LEVEL_COUNT
};

enum { LARDER_SOURCE_BYTES = 112 };

struct larder_said {
    bool is_set;
    const char *text; /* borrowed; NULL where config gave a number */
    int64_t number;
    char source[LARDER_SOURCE_BYTES]; /* "PRODUCT_REDIS_PORT", "config.port", for messages */
};

struct larder_gathered {
    const struct larder_service *service;
    const struct larder_config *config; /* NULL: none */
    const struct larder_allocator *allocator;
    struct larder_said said[LARDER_SETTING_COUNT][LARDER_LEVEL_COUNT];
    struct larder_url urls[LARDER_LEVEL_COUNT]; /* of the levels that said one */
    char *url_texts[LARDER_LEVEL_COUNT];        /* what they point into */
};

/* Fills in a zeroed *gathered, whose first three members are set. OK; E_CONFIG,
 * noted; E_NOMEM. To be released in any case. */
enum larder_status larder_gather(struct larder_gathered *gathered);
void larder_gathered_release(struct larder_gathered *gathered);

/* The level that counts; LARDER_LEVEL_COUNT: none says it. */
enum larder_level larder_gathered_level(const struct larder_gathered *gathered,
                                        enum larder_setting setting);

/* The value that counts; one that is not set where no level says it. */
const struct larder_said *larder_gathered_said(const struct larder_gathered *gathered,
                                               enum larder_setting setting);

/* What config.ttls, <SERVICE>_<variable> and <variable> say of a named lifetime,
 * in this order; of the default one config.ttls alone, for its variables are
 * those of a setting. *ret_ttl_ms 0: nothing. OK; E_CONFIG, noted. */
enum larder_status larder_gather_ttl(const struct larder_gathered *gathered,
                                     const struct larder_ttl *ttl, int64_t *ret_ttl_ms);

static inline bool larder_ttl_is_default(const struct larder_ttl *ttl)
{
    return strcmp(ttl->name, "default") == 0;
}

#endif
