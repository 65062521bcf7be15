/* SPDX-License-Identifier: MIT */
/*
 * The settings REDIS_TLS_…: what they say together, and what is in the files.
 */
#ifndef LARDER_CLIENT_TLS_SETTINGS_H
#define LARDER_CLIENT_TLS_SETTINGS_H

#include "client/gather.h"

struct larder_tls;

/* Where TLS is asked for; `source` is what asks for it. The gathered allocator
 * and the log outlive the result. OK; E_CONFIG, noted; E_NOMEM. */
enum larder_status larder_tls_settings_make(const struct larder_gathered *gathered,
                                            const char *source, const struct larder_log *log,
                                            struct larder_tls **ret_tls);

/* Where it is not: somebody who names certificates and forgets to ask for TLS
 * must not be left without; who says false knows. OK; E_CONFIG, noted. */
enum larder_status larder_tls_settings_check_unused(const struct larder_gathered *gathered);

#endif
