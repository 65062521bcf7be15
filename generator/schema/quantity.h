/* SPDX-License-Identifier: MIT */
/*
 * Durations, sizes, percentages and whole numbers from text. No locale, no
 * leniency: decimal digits, the unit behind them, nothing else.
 */
#ifndef LARDER_GENERATOR_QUANTITY_H
#define LARDER_GENERATOR_QUANTITY_H

#include <stddef.h>
#include <stdint.h>

enum quantity {
    QUANTITY_OK,
    QUANTITY_MALFORMED,
    QUANTITY_NO_UNIT, /* a bare number */
    QUANTITY_UNKNOWN_UNIT,
    QUANTITY_OVERFLOW
};

/* "500ms" "30s" "5m" "1h" "2d" -> ms. A leading '-' is taken. */
enum quantity quantity_duration(const char *text, size_t len, int64_t *ret_ms);
/* "64MiB" "1KiB" "2GiB" "17B" "17" -> bytes. */
enum quantity quantity_size(const char *text, size_t len, int64_t *ret_bytes);
/* "10%" "2.5%" -> millionths; at most four decimals. */
enum quantity quantity_percent(const char *text, size_t len, int64_t *ret_ppm);
/* "-17": decimal, no leading zero, no '+', no '_'. */
enum quantity quantity_integer(const char *text, size_t len, int64_t *ret_integer);
enum quantity quantity_natural(const char *text, size_t len, uint64_t *ret_natural);
/* "1", "-2.5", "1e9": finite. */
enum quantity quantity_real(const char *text, size_t len, double *ret_real);

#endif
