/* SPDX-License-Identifier: MIT */
#include "net/fork_hook.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/hash.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool installed;                                    /* known to be; under `mutex` */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* of the list; taken before any hook's */
static struct larder_fork_hook *hooks;

static void prepare(void)
{
    pthread_mutex_lock(&mutex);
    installed = true;
    for (struct larder_fork_hook *hook = hooks; hook != NULL; hook = hook->next) {
        hook->prepare(hook->user);
    }
}

static void after_in_parent(void)
{
    for (struct larder_fork_hook *hook = hooks; hook != NULL; hook = hook->next) {
        hook->parent(hook->user);
    }
    pthread_mutex_unlock(&mutex);
}

static void after_in_child(void)
{
    for (struct larder_fork_hook *hook = hooks; hook != NULL; hook = hook->next) {
        hook->child(hook->user);
    }
    pthread_mutex_unlock(&mutex);
}

/* In a child whose parent was just here it runs again. The first random number
 * registers a handler of its own, for which a C library may wait until a fork is
 * over: so it is drawn here, where no lock is held that the fork would wait for. */
static void install(void)
{
    (void)larder_random64();
    pthread_mutex_lock(&mutex);
    bool is_installed = installed;
    pthread_mutex_unlock(&mutex);
    if (!is_installed) {
        pthread_atfork(prepare, after_in_parent, after_in_child);
    }
}

void larder_fork_hook_add(struct larder_fork_hook *hook)
{
    pthread_once(&once, install);
    pthread_mutex_lock(&mutex);
    if (hook->at == NULL) { /* not yet, by a pthread_once that a fork cut short */
        hook->next = hooks;
        hook->at = &hooks;
        if (hooks != NULL) {
            hooks->at = &hook->next;
        }
        hooks = hook;
    }
    pthread_mutex_unlock(&mutex);
}

void larder_fork_hook_remove(struct larder_fork_hook *hook)
{
    pthread_mutex_lock(&mutex);
    *hook->at = hook->next;
    if (hook->next != NULL) {
        hook->next->at = hook->at;
    }
    hook->at = NULL;
    pthread_mutex_unlock(&mutex);
}
