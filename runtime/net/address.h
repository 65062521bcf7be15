/* SPDX-License-Identifier: MIT */
/*
 * Where a server is and who we are there.
 */
#ifndef LARDER_NET_ADDRESS_H
#define LARDER_NET_ADDRESS_H

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

#endif
