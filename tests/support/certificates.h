/* SPDX-License-Identifier: MIT */
/*
 * Certificates and keys for a test, made when it runs: none is kept anywhere.
 *
 *     struct certificates certificates;
 *     certificates_begin(&certificates);
 *     certificates_issue(&certificates, &(struct certificate){.name = "ca", .is_ca = true});
 *     certificates_issue(&certificates,
 *         &(struct certificate){.name = "server", .issuer = "ca", .dns = "localhost"});
 *     ... certificates_path(&certificates, "server.pem") ...
 *     certificates_end(&certificates);
 *
 * Every certificate is two files in a directory of its own, NAME.pem and
 * NAME.key; issuing a name again replaces both, each in one step.
 * Threads: one.
 */
#ifndef TESTS_SUPPORT_CERTIFICATES_H
#define TESTS_SUPPORT_CERTIFICATES_H

#include <stdbool.h>

enum { CERTIFICATES_MAX = 32, CERTIFICATES_PATH_BYTES = 192 };

struct certificates {
    char dir[64];
    int count;
    char paths[CERTIFICATES_MAX][CERTIFICATES_PATH_BYTES]; /* of all files there */
    long serial;
};

struct certificate {
    const char *name;   /* of its files, and its subject's common name */
    const char *issuer; /* the name of another one; NULL: it signs itself */
    const char *dns;    /* a subject alternative name, or NULL */
    const char *ip;     /* one that is an address, or NULL */
    bool is_ca;
    bool has_expired; /* yesterday; else it is valid for a day */
};

bool certificates_begin(struct certificates *certificates);
bool certificates_issue(struct certificates *certificates, const struct certificate *certificate);
/* The path of a file there, which need not be; kept until the end. */
const char *certificates_path(struct certificates *certificates, const char *file);
/* Removes the files that have a path. */
void certificates_end(struct certificates *certificates);

#endif
