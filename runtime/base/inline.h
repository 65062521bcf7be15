/* SPDX-License-Identifier: MIT */
/*
 * Functions that are not to be on the stack while a call sleeps.
 *
 * Who sleeps in a system call loses what the processor knew of the way back: each
 * return through a function that was entered before is then guessed wrong. Between a
 * typed get and its recv were sixteen; half of them gone save as much as two looks at
 * the clock. So what lies on that way is one function where it can be, however it
 * reads in parts.
 */
#ifndef LARDER_BASE_INLINE_H
#define LARDER_BASE_INLINE_H

#define LARDER_INLINE inline __attribute__((always_inline))

#endif
