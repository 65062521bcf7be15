/* SPDX-License-Identifier: MIT */
/*
 * Log lines and the detail of this thread's last failure.
 *
 * Neither ever carries a value, a key's parameters or a secret: a key is named
 * by its pattern.
 */
#ifndef LARDER_BASE_LOG_H
#define LARDER_BASE_LOG_H

#include <larder/config.h>
#include <larder/status.h>

/* One line to the service's log, cut at 511 bytes, control characters as '?'.
 * log NULL: dropped. */
__attribute__((format(printf, 3, 4))) void larder_log_line(const struct larder_log *log,
                                                           enum larder_log_level level,
                                                           const char *format, ...);

/* Sets what larder_last_error() says, cut at 255 bytes, and answers `status`. */
__attribute__((format(printf, 2, 3))) enum larder_status larder_error_set(enum larder_status status,
                                                                          const char *format, ...);
void larder_error_clear(void);

/* Sets what larder_outcome() says. */
void larder_outcome_set(enum larder_outcome outcome);

#endif
