/* SPDX-License-Identifier: MIT */
/*
 * What must be done around fork(), so that a child starts with whole locks and
 * without its parent's connections.
 */
#ifndef LARDER_NET_FORK_HOOK_H
#define LARDER_NET_FORK_HOOK_H

/* Caller's storage, zeroed; stays where it is while it is added. */
struct larder_fork_hook {
    void (*prepare)(void *user); /* before: take the locks */
    void (*parent)(void *user);  /* after, in the parent: give them back */
    void (*child)(
        void *user); /* after, in the child, which has one thread: give them back, forget */
    void *user;
    struct larder_fork_hook *next;
    struct larder_fork_hook **at;
};

/* One that is there already stays as it is. */
void larder_fork_hook_add(struct larder_fork_hook *hook);
void larder_fork_hook_remove(struct larder_fork_hook *hook);

#endif
