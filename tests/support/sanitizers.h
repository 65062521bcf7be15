/* SPDX-License-Identifier: MIT */
/*
 * Which sanitizer this was built with: 1 or 0.
 *
 * Address: a child that a process with threads forks may find the sanitizer's own
 * heap locked, by a thread that it does not have, and wait for ever in malloc.
 * Thread: a child of such a process may start no thread.
 */
#ifndef LARDER_TESTS_SANITIZERS_H
#define LARDER_TESTS_SANITIZERS_H

#if defined(__SANITIZE_THREAD__)
#define UNDER_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_THREAD_SANITIZER 1
#endif
#endif
#if !defined(UNDER_THREAD_SANITIZER)
#define UNDER_THREAD_SANITIZER 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ADDRESS_SANITIZER 1
#endif
#endif
#if !defined(UNDER_ADDRESS_SANITIZER)
#define UNDER_ADDRESS_SANITIZER 0
#endif

#endif
