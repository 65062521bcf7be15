/* SPDX-License-Identifier: MIT */
/*
 * A password in a file of its own, as container platforms hand it out.
 */
#ifndef LARDER_CLIENT_SECRET_FILE_H
#define LARDER_CLIENT_SECRET_FILE_H

#include <larder/larder.h>

enum { LARDER_SECRET_MAX_BYTES = 64 * 1024 };

/* Reads the file without one newline ("\n" or "\r\n") at its end. OK; E_NOMEM;
 * E_CONFIG: *ret_why says why (static text). *ret_secret is the allocator's, to be
 * wiped and freed by the caller; *ret_open: others may read the file. */
enum larder_status larder_secret_file_read(const struct larder_allocator *allocator,
                                           const char *path, char **ret_secret, bool *ret_open,
                                           const char **ret_why);

/* Overwrites and frees; NULL is fine. */
void larder_secret_free(const struct larder_allocator *allocator, char *secret);

#endif
