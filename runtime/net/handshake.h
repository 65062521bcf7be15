/* SPDX-License-Identifier: MIT */
/*
 * What a new connection says first.
 */
#ifndef LARDER_NET_HANDSHAKE_H
#define LARDER_NET_HANDSHAKE_H

#include "net/conn.h"

/* AUTH, where there are credentials: nothing is sent before it is answered, nor
 * behind a refusal. Then SELECT, CLIENT SETNAME and INFO server in one round
 * trip, each reply checked. Only the last two may be refused: a name and a
 * version are for people. Fills conn->server. Statuses as larder_conn_open. */
enum larder_status larder_handshake(struct larder_conn *conn, int64_t deadline_ns);

#endif
