/* SPDX-License-Identifier: MIT */
#include "net/resolve.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "net/cond.h"
#include "net/fork_hook.h"

enum { HOST_BYTES = 256 };

struct larder_resolved {
    struct larder_resolved *next; /* of those under way */
    char host[HOST_BYTES];
    char port[8];
    int references;
    bool done;
    int error; /* getaddrinfo's */
    struct addrinfo *list;
};

/* All of the above and the list are under `mutex`, but what is done never
 * changes any more. The memory is the C library's: a thread that was left
 * behind may outlive the cache and its allocator. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered;
static struct larder_resolved *under_way;

/* ------------------------------------------------------------------- fork */

static void hook_prepare(void *user)
{
    (void)user;
    pthread_mutex_lock(&mutex);
}

static void hook_parent(void *user)
{
    (void)user;
    pthread_mutex_unlock(&mutex);
}

/* The threads that would have answered are not in the child. */
static void hook_child(void *user)
{
    (void)user;
    under_way = NULL;
    larder_cond_init(&answered);
    pthread_mutex_unlock(&mutex);
}

static struct larder_fork_hook hook = {
    .prepare = hook_prepare, .parent = hook_parent, .child = hook_child};

static void start(void)
{
    larder_cond_init(&answered);
    larder_fork_hook_add(&hook);
}

/* -------------------------------------------------------------- questions */

static struct larder_resolved *question_new(const char *host, int port)
{
    struct larder_resolved *question =
        larder_alloc_zeroed(&larder_allocator_libc, 1, sizeof *question);
    if (question != NULL) {
        snprintf(question->host, sizeof question->host, "%s", host);
        snprintf(question->port, sizeof question->port, "%d", port);
        question->references = 1;
    }
    return question;
}

static void question_free(struct larder_resolved *question)
{
    if (question->list != NULL) {
        freeaddrinfo(question->list);
    }
    larder_free(&larder_allocator_libc, question);
}

static int look_up(struct larder_resolved *question, int flags, struct addrinfo **ret_list)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    *ret_list = NULL;
    return getaddrinfo(question->host, question->port, &hints, ret_list);
}

static void release_locked(struct larder_resolved *question)
{
    if (--question->references == 0) {
        question_free(question);
    }
}

static void leave_locked(struct larder_resolved *question)
{
    for (struct larder_resolved **at = &under_way; *at != NULL; at = &(*at)->next) {
        if (*at == question) {
            *at = question->next;
            return;
        }
    }
}

static void *answer(void *user)
{
    struct larder_resolved *question = user;
    struct addrinfo *list;
    int error = look_up(question, AI_ADDRCONFIG, &list);
    if (error == EAI_NONAME) {
        error = look_up(question, 0, &list); /* a machine with nothing but loopback */
    }
    pthread_mutex_lock(&mutex);
    question->error = error;
    question->list = list;
    question->done = true;
    leave_locked(question);
    pthread_cond_broadcast(&answered);
    release_locked(question);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

/* The thread takes no signals: those are the service's. */
static bool start_thread(struct larder_resolved *question)
{
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&thread, &attributes, answer, question) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return ok;
}

/* Joins an equal question, or asks; NULL: no memory or no thread. */
static struct larder_resolved *ask_locked(const char *host, int port)
{
    struct larder_resolved *question = question_new(host, port);
    if (question == NULL) {
        return NULL;
    }
    for (struct larder_resolved *other = under_way; other != NULL; other = other->next) {
        if (strcmp(other->host, question->host) == 0 && strcmp(other->port, question->port) == 0) {
            question_free(question);
            other->references++;
            return other;
        }
    }
    question->references++; /* the thread's */
    if (!start_thread(question)) {
        question_free(question);
        return NULL;
    }
    question->next = under_way;
    under_way = question;
    return question;
}

/* Without a thread: an address in figures. NULL: it is none. */
static struct larder_resolved *resolve_figures(const char *host, int port)
{
    struct larder_resolved *question = question_new(host, port);
    if (question != NULL && look_up(question, AI_NUMERICHOST, &question->list) != 0) {
        question_free(question);
        question = NULL;
    }
    return question;
}

/* -------------------------------------------------------------------- use */

enum larder_status larder_resolve(const char *host, int port, const struct larder_clock *clock,
                                  int64_t deadline_ns, struct larder_resolved **ret_resolved,
                                  const char **ret_why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    *ret_resolved = NULL;
    *ret_why = "";
    if (strlen(host) >= HOST_BYTES) {
        *ret_why = "the host name is too long";
        return LARDER_E_UNAVAILABLE;
    }
    *ret_resolved = resolve_figures(host, port);
    if (*ret_resolved != NULL) {
        return LARDER_OK;
    }
    pthread_once(&once, start);
    enum larder_status status = LARDER_OK;
    pthread_mutex_lock(&mutex);
    struct larder_resolved *question = ask_locked(host, port);
    while (question != NULL && !question->done && status == LARDER_OK) {
        if (!larder_cond_wait(&answered, &mutex, clock, deadline_ns)) {
            *ret_why = "the host name was not resolved in time";
            status = LARDER_E_TIMEOUT;
        }
    }
    if (question == NULL) {
        *ret_why = "no memory or thread to resolve the host name with";
        status = LARDER_E_NOMEM;
    } else if (status == LARDER_OK && question->error != 0) {
        *ret_why = gai_strerror(question->error);
        status = LARDER_E_UNAVAILABLE;
    }
    if (question != NULL && status != LARDER_OK) {
        release_locked(question);
        question = NULL;
    }
    pthread_mutex_unlock(&mutex);
    *ret_resolved = question;
    return status;
}

void larder_resolved_release(struct larder_resolved *resolved)
{
    if (resolved != NULL) {
        pthread_mutex_lock(&mutex);
        release_locked(resolved);
        pthread_mutex_unlock(&mutex);
    }
}

const struct addrinfo *larder_resolved_list(const struct larder_resolved *resolved)
{
    return resolved->list;
}
