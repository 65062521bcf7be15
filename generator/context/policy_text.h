/* SPDX-License-Identifier: MIT */
/*
 * What an entity asks for beyond a lifetime, in words: for pages and for comments.
 */
#ifndef LARDER_GENERATOR_POLICY_TEXT_H
#define LARDER_GENERATOR_POLICY_TEXT_H

#include "context/value.h"
#include "schema/model.h"

/* A list of `text first`; empty: nothing. Holds no text of the schema. */
struct ctx_value *policy_texts(struct arena *arena, const struct sch_entity *entity);

/* An item of such a list. */
void policy_text_add(struct arena *arena, struct ctx_value *list, const char *text);

#endif
