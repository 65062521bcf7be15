/* SPDX-License-Identifier: MIT */
/*
 * Was renamed to block.h, because file names are unique in the tree.
 */
#ifndef LARDER_CODEC_VALUE_H
#define LARDER_CODEC_VALUE_H

#include "codec/block.h"

#endif
