/* SPDX-License-Identifier: MIT */
/*
 * Names to addresses, before a deadline.
 *
 * DESIGN. getaddrinfo cannot be told when to give up, so names are looked up by
 * a thread of their own, and whoever's deadline comes leaves it behind. Equal
 * questions share one thread, so a name server that is silent holds one thread
 * a name, however many calls give up. Addresses in figures need none of this.
 */
#ifndef LARDER_NET_RESOLVE_H
#define LARDER_NET_RESOLVE_H

#include <netdb.h>
#include <stdint.h>

#include <larder/config.h>
#include <larder/status.h>

struct larder_resolved;

/* OK; E_UNAVAILABLE: no such name, or none can tell; E_TIMEOUT; E_NOMEM.
 * *ret_why is a constant text on failure. Release what is given. */
enum larder_status larder_resolve(const char *host, int port, const struct larder_clock *clock,
                                  int64_t deadline_ns, struct larder_resolved **ret_resolved,
                                  const char **ret_why);
/* NULL is fine. */
void larder_resolved_release(struct larder_resolved *resolved);

/* At least one; lives until the release. */
const struct addrinfo *larder_resolved_list(const struct larder_resolved *resolved);

#endif
