/* SPDX-License-Identifier: MIT */
/*
 * The anchors (`&name`) of a document. For the room yaml/ only.
 */
#ifndef LARDER_GENERATOR_ANCHORS_H
#define LARDER_GENERATOR_ANCHORS_H

#include "yaml/doc.h"

struct yml_anchors; /* opaque; NULL is an empty set */

/* A name may be given again: from then on it stands for the later node. */
void yml_anchors_add(struct arena *arena, struct yml_anchors **anchors, const char *name,
                     struct yml_node *node);
struct yml_node *yml_anchors_find(const struct yml_anchors *anchors, const char *name);

#endif
