/* SPDX-License-Identifier: MIT */
/*
 * What TLS needs besides a connection: whom we trust, and who we are.
 *
 * DESIGN. One context serves all connections of a cache. Each dial looks at the
 * files that it came from (device, inode, size, time of change) and makes it
 * anew when one is another. Files that cannot be used, which is what one meets
 * in the middle of an exchange of certificate and key, change nothing: the last
 * good context stays, a line is logged, and the next change is looked at again.
 *
 * There is no setting that turns verification off. TLS 1.2 at least; the chain
 * must lead to a trusted certificate and name the host we wanted.
 *
 * Memory of OpenSSL's own comes from OpenSSL's allocator, not from larder's.
 * Threads: larder_tls_free alone; the others from any thread.
 */
#ifndef LARDER_NET_TLS_H
#define LARDER_NET_TLS_H

#include <larder/config.h>
#include <larder/status.h>

#include "net/socket.h"

enum larder_tls_file { LARDER_TLS_CA, LARDER_TLS_CERT, LARDER_TLS_KEY, LARDER_TLS_FILE_COUNT };

struct larder_tls_options {
    /* PEM files; the one of CA may be a directory of them, named by hash. NULL:
     * the certificates that the system trusts; no certificate of our own.
     * CERT and KEY are given together. */
    const char *files[LARDER_TLS_FILE_COUNT];
    const char *name; /* that the server's certificate must have; NULL: the host we dial */
};

struct larder_tls;

/* Reads the files; copies the options. `log` may be NULL; it and the allocator
 * outlive the result. OK; E_NOMEM; E_CONFIG: *ret_file is which of them is
 * wrong and ret_why says how, without a path. */
enum larder_status larder_tls_new(const struct larder_allocator *allocator,
                                  const struct larder_log *log,
                                  const struct larder_tls_options *options,
                                  struct larder_tls **ret_tls, enum larder_tls_file *ret_file,
                                  char ret_why[LARDER_WHY_BYTES]);
/* NULL is fine. Connections that are open may stay so. */
void larder_tls_free(struct larder_tls *tls);

/* The name that a server's certificate must have; NULL: its host's. */
const char *larder_tls_name(const struct larder_tls *tls);

/* The context for one handshake, looked after as above; NULL: out of memory, or
 * a fork's child cannot read the files.
 * Given back when the handshake is over: it is what a fork's child may not
 * touch while a thread of its parent does. */
struct ssl_ctx_st *larder_tls_acquire(struct larder_tls *tls);
void larder_tls_release(struct larder_tls *tls, struct ssl_ctx_st *context);

#endif
