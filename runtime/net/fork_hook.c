/* SPDX-License-Identifier: MIT */
#include "net/fork_hook.h"

#include <pthread.h>
#include <stddef.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* of the list; taken before any hook's */
static struct larder_fork_hook *hooks;

static void prepare(void)
{
    pthread_mutex_lock(&mutex);
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

static void install(void)
{
    pthread_atfork(prepare, after_in_parent, after_in_child);
}

void larder_fork_hook_add(struct larder_fork_hook *hook)
{
    pthread_once(&once, install);
    pthread_mutex_lock(&mutex);
    hook->next = hooks;
    hook->at = &hooks;
    if (hooks != NULL) {
        hooks->at = &hook->next;
    }
    hooks = hook;
    pthread_mutex_unlock(&mutex);
}

void larder_fork_hook_remove(struct larder_fork_hook *hook)
{
    pthread_mutex_lock(&mutex);
    *hook->at = hook->next;
    if (hook->next != NULL) {
        hook->next->at = hook->at;
    }
    pthread_mutex_unlock(&mutex);
}
