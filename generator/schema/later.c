/* SPDX-License-Identifier: MIT */
/*
 * What of the language this version does not generate. It is noted while
 * reading and reported at the end, and only to those who generate: a schema
 * that is ahead of its program can still be looked at whole.
 */
#include "schema/job.h"

static void add(struct reader *reader, struct src_pos pos, bool refused, const char *text)
{
    reader->later = room_for_one(reader->arena, reader->later, reader->later_count,
                                 &reader->later_capacity, sizeof *reader->later);
    reader->later[reader->later_count++] = (struct later){pos, refused, text};
}

/* A key that is there but asks for what would happen anyway. */
static bool asks_for_nothing(const struct job *job, enum opt_id id)
{
    bool is_word = opt_table[id].form == OPT_FLAG || opt_table[id].form == OPT_CHOICE;
    return is_word && given(job, id)->number == 0;
}

static void note_key(struct job *job, enum opt_id id)
{
    struct reader *reader = job->reader;
    const struct opt *row = &opt_table[id];
    uint32_t allowed = reader->allowed | job->info->allowed;
    struct src_pos pos = given(job, id)->key->pos;
    if (row->today == OPT_REFUSED) {
        add(reader, pos, true,
            arena_printf(reader->arena,
                         "'%s' is not in this version, and leaving it out would be wrong",
                         row->key));
    } else if ((allowed & 1u << WARN_NOT_YET) == 0) {
        add(reader, pos, false,
            arena_printf(reader->arena,
                         "'%s' is not in this version: it is read, checked and without effect",
                         row->key));
    }
}

void later_note(struct job *job)
{
    const struct yml_node *kind = given(job, OPT_KIND)->node;
    if (job->entity->kind != SCH_OBJECT && job->entity->kind != SCH_INDEX) {
        add(job->reader, kind->pos, true,
            arena_printf(job->reader->arena, "entities of kind '%s' are not in this version",
                         kind->text));
        return; /* what else it asks for goes with it */
    }
    for (int i = 0; i < OPT_COUNT; i++) {
        const struct opt *row = &opt_table[i];
        const struct opt_value *value = &job->values.of[i];
        if (row->scope == OPT_SCOPE_ENTITY && row->today != OPT_FULL && value->key != NULL &&
            value->node != NULL && !asks_for_nothing(job, (enum opt_id)i)) {
            note_key(job, (enum opt_id)i);
        }
    }
}

void later_report(struct reader *reader)
{
    for (size_t i = 0; i < reader->later_count; i++) {
        const struct later *later = &reader->later[i];
        if (later->refused) {
            diag_error(reader->diag, later->pos, "not-in-this-version", "%s", later->text);
        } else {
            diag_warning(reader->diag, later->pos, warning_names[WARN_NOT_YET], "%s", later->text);
        }
    }
}
