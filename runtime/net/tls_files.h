/* SPDX-License-Identifier: MIT */
/*
 * What a TLS context is made of: PEM files of trusted certificates, a chain and
 * its key.
 *
 * We open them ourselves: OpenSSL does so without O_CLOEXEC, and a process that the
 * service starts just then would inherit a key that it may not read. A directory of
 * certificates, and the system's, OpenSSL opens, now and at each handshake; what is
 * in them is no secret.
 */
#ifndef LARDER_NET_TLS_FILES_H
#define LARDER_NET_TLS_FILES_H

#include <openssl/ssl.h>

#include "net/tls.h"

/* OK; E_CONFIG, with the file in *ret_file and why, which names no path; E_NOMEM. */
enum larder_status larder_tls_files_load(SSL_CTX *context, char *const *files,
                                         enum larder_tls_file *ret_file,
                                         char ret_why[LARDER_WHY_BYTES]);

/* E_CONFIG, with `what` and the first thing that went wrong, of those that OpenSSL noted;
 * forgets these. */
enum larder_status larder_tls_refuse(const char *what, char ret_why[LARDER_WHY_BYTES]);

#endif
