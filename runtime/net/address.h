/* SPDX-License-Identifier: MIT */
/*
 * Where a server is and who we are there.
 */
#ifndef LARDER_NET_ADDRESS_H
#define LARDER_NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include <larder/config.h>

struct larder_tls;

struct larder_address {
    const char *host;        /* name or address; NULL with unix_path */
    int port;                /* 1..65535 */
    const char *unix_path;   /* NULL with host; below 108 bytes */
    const char *username;    /* NULL: the default user */
    const char *password;    /* NULL: no AUTH */
    const char *client_name; /* for CLIENT SETNAME; never NULL */
    int db;                  /* >= 0 */
    struct larder_tls *tls;  /* NULL: plain; outlives the connections */
};

/* Gives it copies of its strings. False: out of memory, and it has none. */
bool larder_address_copy(struct larder_address *address, const struct larder_allocator *allocator);
/* Frees those. */
void larder_address_release(const struct larder_address *address,
                            const struct larder_allocator *allocator);

/* "10.0.0.7:6379" or the path of the socket, for people. */
void larder_address_show(const struct larder_address *address, char *ret_text, size_t size);

#endif
