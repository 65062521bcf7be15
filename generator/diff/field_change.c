/* SPDX-License-Identifier: MIT */
/*
 * The fields of a struct, position by position.
 */
#include <inttypes.h>
#include <string.h>

#include "diff/comparison.h"
#include "schema/type_text.h"

/* Two structs that are one. */
struct both {
    struct comparison *c;
    const struct sch_decl *old, *new;
};

static const char *label(const struct both *b, const struct sch_field *field)
{
    return arena_printf(b->c->arena, "'%s.%s'", b->new->name, field->name);
}

/* ----------------------------------------------------------------- defaults */

enum presence { REQUIRED, DEFAULTED, OPTIONAL };

static enum presence presence_of(const struct sch_field *field)
{
    if (field->type.optional) {
        return OPTIONAL;
    }
    return field->has_default ? DEFAULTED : REQUIRED;
}

static bool is_signed(enum sch_kind kind)
{
    return (kind >= SCH_I8 && kind <= SCH_I64) || kind == SCH_TIMESTAMP || kind == SCH_DURATION;
}

static const char *default_text(struct arena *arena, const struct sch_field *field)
{
    const struct sch_default *value = &field->value;
    enum sch_kind kind = field->type.kind;
    if (kind == SCH_BOOL) {
        return value->flag ? "true" : "false";
    }
    if (kind == SCH_F32 || kind == SCH_F64) {
        return arena_printf(arena, "%.17g", value->real);
    }
    if (is_signed(kind)) {
        return arena_printf(arena, "%" PRId64, value->integer);
    }
    if (kind == SCH_STRING) {
        return arena_printf(arena, "\"%.*s\"", value->len > 60 ? 60 : (int)value->len, value->text);
    }
    return kind == SCH_ENUM ? value->text : arena_printf(arena, "%" PRIu64, value->natural);
}

static bool is_same_default(struct arena *arena, const struct sch_field *old,
                            const struct sch_field *new)
{
    const struct sch_default *a = &old->value;
    const struct sch_default *b = &new->value;
    if (old->type.kind == SCH_STRING && new->type.kind == SCH_STRING) {
        return a->len == b->len && (a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
    }
    if (old->type.kind == SCH_ENUM && new->type.kind == SCH_ENUM) {
        return a->natural == b->natural;
    }
    return strcmp(default_text(arena, old), default_text(arena, new)) == 0;
}

static const char *presence_text(struct arena *arena, const struct sch_field *field)
{
    static const char *const words[] = {[REQUIRED] = "required", [OPTIONAL] = "optional"};
    enum presence presence = presence_of(field);
    return presence == DEFAULTED ? arena_printf(arena, "%s by default", default_text(arena, field))
                                 : words[presence];
}

static void compare_presence(const struct both *b, const struct sch_field *old,
                             const struct sch_field *new)
{
    static const enum dif_rule rules[][3] = {
        [REQUIRED] = {DIF_RULE_COUNT, DIF_DEFAULT_ADDED, DIF_FIELD_OPTIONAL},
        [DEFAULTED] = {DIF_DEFAULT_REMOVED, DIF_DEFAULT_CHANGED, DIF_DEFAULT_TO_OPTIONAL},
        [OPTIONAL] = {DIF_FIELD_REQUIRED, DIF_OPTIONAL_TO_DEFAULT, DIF_RULE_COUNT},
    };
    enum dif_rule rule = rules[presence_of(old)][presence_of(new)];
    if (rule == DIF_RULE_COUNT ||
        (rule == DIF_DEFAULT_CHANGED && is_same_default(b->c->arena, old, new))) {
        return;
    }
    finding_add(b->c, rule, new->pos, old->pos, rule_sights(rule), "%s was %s and is %s",
                label(b, new), presence_text(b->c->arena, old), presence_text(b->c->arena, new));
}

/* ----------------------------------------------------- a field that is still there */

static void compare_field(const struct both *b, const struct sch_field *old,
                          const struct sch_field *new)
{
    if (strcmp(old->name, new->name) != 0) {
        finding_add(b->c, DIF_FIELD_RENAMED, new->pos, old->pos, rule_sights(DIF_FIELD_RENAMED),
                    "'%s.%s' is called '%s'", b->old->name, old->name, new->name);
    }
    field_type_compare(b->c, old, new, label(b, new));
    compare_presence(b, old, new);
    if (old->secret != new->secret) {
        finding_add(b->c, DIF_SECRET_CHANGED, new->pos, old->pos, rule_sights(DIF_SECRET_CHANGED),
                    "%s is %s secret", label(b, new), new->secret ? "now" : "no longer");
    }
}

/* --------------------------------------------------------------- other positions */

/* What stands at the position that each looks at. */
static struct sights sights_of(const struct both *b, const struct sch_field *old,
                               const struct sch_field *new)
{
    struct sights sights = {DIF_VALUE, DIF_VALUE};
    if (old != NULL) {
        sights.old = sight_of_other(b->c, b->new, field_at(b->new, old->id), old);
    }
    if (new != NULL) {
        sights.new = sight_of_other(b->c, b->old, field_at(b->old, new->id), new);
    }
    return sights;
}

static void report_moved(const struct both *b, const struct sch_field *old,
                         const struct sch_field *new)
{
    finding_add(b->c, DIF_FIELD_MOVED, new->pos, old->pos, sights_of(b, old, new),
                "%s had the position %" PRIu32 " and has %" PRIu32, label(b, new), old->id,
                new->id);
}

static void report_reused(const struct both *b, const struct sch_field *old,
                          const struct sch_field *new)
{
    finding_add(b->c, DIF_POSITION_REUSED, new->pos, old->pos, sights_of(b, old, new),
                "%s has the position %" PRIu32 ", where '%s' was", label(b, new), new->id,
                old->name);
}

static void report_removed(const struct both *b, const struct sch_field *old)
{
    const struct sch_field *there = field_at(b->new, old->id);
    bool is_free = there == NULL && !is_reserved(b->new, old->id);
    const char *position = is_free ? "is not reserved" : "is reserved";
    if (there != NULL) {
        position = arena_printf(b->c->arena, "is that of '%s'", there->name);
    }
    finding_add(b->c, is_free ? DIF_FIELD_UNRESERVED : DIF_FIELD_REMOVED, b->new->pos, old->pos,
                sights_of(b, old, NULL), "'%s.%s' is gone, its position %" PRIu32 " %s",
                b->old->name, old->name, old->id, position);
}

static void report_added(const struct both *b, const struct sch_field *new)
{
    static const enum dif_rule rules[] = {[REQUIRED] = DIF_FIELD_ADDED_REQUIRED,
                                          [DEFAULTED] = DIF_FIELD_ADDED_DEFAULT,
                                          [OPTIONAL] = DIF_FIELD_ADDED_OPTIONAL};
    struct sights sights = sights_of(b, NULL, new);
    if (is_reserved(b->old, new->id)) {
        sights.new |= DIF_WRONG;
        finding_add_new(b->c, DIF_RESERVED_REUSED, new->pos, b->old->pos, sights,
                        "%s has the position %" PRIu32 ", which was reserved", label(b, new),
                        new->id);
        return;
    }
    finding_add_new(b->c, rules[presence_of(new)], new->pos, b->old->pos, sights, "%s is new, %s",
                    label(b, new), presence_text(b->c->arena, new));
}

/* ------------------------------------------------------------------- the whole */

static void compare_old(const struct both *b, const struct sch_field *old)
{
    const struct sch_field *new = field_successor(b->old, b->new, old);
    if (new != NULL &&new->id == old->id) {
        compare_field(b, old, new);
        return;
    }
    if (new != NULL) {
        report_moved(b, old, new);
        return;
    }
    const struct sch_field *there = field_at(b->new, old->id);
    if (there == NULL || field_named(b->old, there->name) != NULL) {
        report_removed(b, old);
    }
}

static void compare_new(const struct both *b, const struct sch_field *new)
{
    const struct sch_field *there = field_at(b->old, new->id);
    if (field_named(b->old, new->name) != NULL) {
        return;
    }
    if (there == NULL) {
        report_added(b, new);
    } else if (field_successor(b->old, b->new, there) != new) {
        report_reused(b, there, new);
    }
}

static void compare_reserved(const struct both *b)
{
    for (size_t i = 0; i < b->old->reserved_count; i++) {
        uint32_t id = b->old->reserved[i];
        if (!is_reserved(b->new, id) && field_at(b->new, id) == NULL) {
            finding_add(b->c, DIF_RESERVED_DROPPED, b->new->pos, b->old->pos,
                        rule_sights(DIF_RESERVED_DROPPED),
                        "the position %" PRIu32 " of '%s' is not reserved any more", id,
                        b->new->name);
        }
    }
}

void fields_compare(struct comparison *c, const struct sch_decl *old, const struct sch_decl *new)
{
    struct both b = {c, old, new};
    for (size_t i = 0; i < old->field_count; i++) {
        compare_old(&b, &old->fields[i]);
    }
    for (size_t i = 0; i < new->field_count; i++) {
        compare_new(&b, &new->fields[i]);
    }
    compare_reserved(&b);
}
