/* SPDX-License-Identifier: MIT */
/*
 * Declared types as a graph: which must stand before which, which contain
 * themselves, which nobody uses. Chains of types may be as long as a file, so
 * nothing here recurses.
 */
#include <string.h>

#include "schema/reader.h"

struct edge {
    size_t to;
    bool by_value; /* embedded: not behind ?, list or map */
    const struct sch_type *type;
};

struct graph {
    struct reader *reader;
    size_t count;
    size_t *first; /* of node i's edges; count + 1 */
    struct edge *edges;
    size_t
        *held; /* by node i: fields, those of embedded structs for each time that they are in it */
};

/* --------------------------------------------------------------- building */

static size_t slot_of(struct reader *reader, const struct sch_decl *decl)
{
    return symbols_find(&reader->type_names, decl->name, strlen(decl->name))->value;
}

/* What a type names in the end, and whether it lies there itself. */
static const struct sch_type *core_of(const struct sch_type *type, bool *ret_by_value)
{
    *ret_by_value = true;
    while (type->item != NULL) {
        *ret_by_value = false;
        type = type->item;
    }
    *ret_by_value = *ret_by_value && !type->optional;
    return type;
}

static void build(struct reader *reader, struct graph *graph)
{
    size_t edges = 0;
    graph->reader = reader;
    graph->count = reader->slot_count;
    graph->first = arena_array(reader->arena, graph->count + 1, sizeof *graph->first);
    for (size_t i = 0; i < graph->count; i++) {
        edges += reader->slots[i].decl->field_count;
    }
    graph->edges = arena_array(reader->arena, edges + 1, sizeof *graph->edges);
    graph->held = arena_array(reader->arena, graph->count + 1, sizeof *graph->held);
    edges = 0;
    for (size_t i = 0; i < graph->count; i++) {
        const struct sch_decl *decl = reader->slots[i].decl;
        graph->first[i] = edges;
        for (size_t f = 0; f < decl->field_count; f++) {
            struct edge *edge = &graph->edges[edges];
            edge->type = core_of(&decl->fields[f].type, &edge->by_value);
            if (edge->type->decl != NULL) {
                edge->to = slot_of(reader, edge->type->decl);
                edges++;
            }
        }
    }
    graph->first[graph->count] = edges;
}

/* ------------------------------------------------- order, endless types */

enum colour { WHITE, GREY, BLACK };

struct visit {
    size_t node;
    size_t edge; /* the next to look at */
};

static void report_endless(const struct graph *graph, const struct edge *edge, size_t from)
{
    const struct sch_decl *decl = graph->reader->slots[edge->to].decl;
    diag_error(graph->reader->diag, edge->type->pos, "endless-type",
               "'%s' contains itself%s: a reference needs '?', list or map somewhere on the way",
               decl->name, edge->to == from ? "" : " through others");
    diag_note(graph->reader->diag, decl->pos, "'%s' begins here", decl->name);
}

/* Each of a chain of types that embeds the next one twice doubles what it holds:
 * some lines of schema are more than a compiler, a stack and we could bear. What is
 * too large counts as nothing further on, so that it is reported once. */
static size_t held_by(const struct graph *graph, const struct sch_decl *decl)
{
    size_t held = 0;
    for (size_t i = 0; i < decl->field_count; i++) {
        const struct sch_type *type = &decl->fields[i].type;
        bool embeds = type->decl != NULL && !type->decl->is_enum && !type->optional;
        held += embeds ? graph->held[slot_of(graph->reader, type->decl)] : 1;
    }
    if (held <= LIMIT_HELD) {
        return held;
    }
    diag_error(graph->reader->diag, decl->pos, "limit",
               "more than %d fields, with those of the structs in it: make some of these optional",
               LIMIT_HELD);
    return 0;
}

static void check_entities(const struct graph *graph)
{
    const struct sch_service *service = graph->reader->service;
    for (size_t i = 0; i < service->entity_count; i++) {
        (void)held_by(graph, &service->entities[i].body);
    }
}

/* Depth first over embedding edges; enums have none and come first by themselves. */
static void visit_from(const struct graph *graph, size_t root, unsigned char *colours,
                       struct visit *stack)
{
    struct sch_service *service = graph->reader->service;
    size_t depth = 1;
    stack[0] = (struct visit){root, graph->first[root]};
    colours[root] = GREY;
    while (depth > 0) {
        struct visit *top = &stack[depth - 1];
        if (top->edge == graph->first[top->node + 1]) {
            colours[top->node] = BLACK;
            graph->held[top->node] = held_by(graph, graph->reader->slots[top->node].decl);
            service->decls[service->decl_count++] = graph->reader->slots[top->node].decl;
            depth--;
            continue;
        }
        const struct edge *edge = &graph->edges[top->edge++];
        if (!edge->by_value) {
            continue;
        }
        if (colours[edge->to] == GREY) {
            report_endless(graph, edge, top->node);
        } else if (colours[edge->to] == WHITE) {
            colours[edge->to] = GREY;
            stack[depth++] = (struct visit){edge->to, graph->first[edge->to]};
        }
    }
}

static void put_in_order(const struct graph *graph)
{
    struct reader *reader = graph->reader;
    unsigned char *colours = arena_array(reader->arena, graph->count + 1, 1);
    struct visit *stack = arena_array(reader->arena, graph->count + 1, sizeof *stack);
    reader->service->decls =
        arena_array(reader->arena, graph->count + 1, sizeof *reader->service->decls);
    for (int enums = 1; enums >= 0; enums--) {
        for (size_t i = 0; i < graph->count; i++) {
            if (reader->slots[i].decl->is_enum == (enums == 1) && colours[i] == WHITE) {
                visit_from(graph, i, colours, stack);
            }
        }
    }
}

/* -------------------------------------------------------------- recursion */

/* Tarjan's strongly connected components, with the stack made explicit. */
struct tarjan {
    const struct graph *graph;
    size_t next; /* number */
    size_t *number, *low;
    size_t *members; /* not yet in a component */
    size_t member_count;
    bool *is_member;
    struct visit *stack;
};

static void close_component(struct tarjan *t, size_t root)
{
    size_t size = 0;
    do {
        size++;
    } while (t->members[t->member_count - size] != root);
    for (size_t i = 0; i < size; i++) {
        size_t node = t->members[--t->member_count];
        t->is_member[node] = false;
        t->graph->reader->slots[node].decl->recursive |= size > 1;
    }
}

static void enter(struct tarjan *t, size_t node, size_t depth)
{
    t->number[node] = t->low[node] = ++t->next;
    t->members[t->member_count++] = node;
    t->is_member[node] = true;
    t->stack[depth] = (struct visit){node, t->graph->first[node]};
}

static void lower(size_t *low, size_t number)
{
    *low = number < *low ? number : *low;
}

static void components_from(struct tarjan *t, size_t root)
{
    size_t depth = 1;
    enter(t, root, 0);
    while (depth > 0) {
        struct visit *top = &t->stack[depth - 1];
        size_t node = top->node;
        if (top->edge < t->graph->first[node + 1]) {
            size_t to = t->graph->edges[top->edge++].to;
            if (to == node) {
                t->graph->reader->slots[node].decl->recursive = true;
            } else if (t->number[to] == 0) {
                enter(t, to, depth++);
            } else if (t->is_member[to]) {
                lower(&t->low[node], t->number[to]);
            }
            continue;
        }
        if (t->low[node] == t->number[node]) {
            close_component(t, node);
        }
        depth--;
        if (depth > 0) {
            lower(&t->low[t->stack[depth - 1].node], t->low[node]);
        }
    }
}

static void find_recursion(const struct graph *graph)
{
    struct arena *arena = graph->reader->arena;
    struct tarjan t = {.graph = graph};
    t.number = arena_array(arena, graph->count + 1, sizeof *t.number);
    t.low = arena_array(arena, graph->count + 1, sizeof *t.low);
    t.members = arena_array(arena, graph->count + 1, sizeof *t.members);
    t.is_member = arena_array(arena, graph->count + 1, sizeof *t.is_member);
    t.stack = arena_array(arena, graph->count + 1, sizeof *t.stack);
    for (size_t i = 0; i < graph->count; i++) {
        if (t.number[i] == 0) {
            components_from(&t, i);
        }
    }
}

/* -------------------------------------------------------------------- use */

struct reach {
    const struct graph *graph;
    bool *seen;
    size_t *queue;
    size_t count;
};

static void reach_node(struct reach *reach, size_t node)
{
    if (!reach->seen[node]) {
        reach->seen[node] = true;
        reach->queue[reach->count++] = node;
    }
}

static void reach_type(struct reach *reach, const struct sch_type *type)
{
    bool by_value;
    const struct sch_type *core = core_of(type, &by_value);
    if (core->decl != NULL) {
        reach_node(reach, slot_of(reach->graph->reader, core->decl));
    }
}

/* Everything that what has been reached contains. */
static void reach_on(struct reach *reach)
{
    while (reach->count > 0) {
        size_t node = reach->queue[--reach->count];
        for (size_t e = reach->graph->first[node]; e < reach->graph->first[node + 1]; e++) {
            reach_node(reach, reach->graph->edges[e].to);
        }
    }
}

static void reach_entities(struct reach *reach)
{
    const struct sch_service *service = reach->graph->reader->service;
    for (size_t i = 0; i < service->entity_count; i++) {
        const struct sch_entity *entity = &service->entities[i];
        for (size_t f = 0; f < entity->body.field_count; f++) {
            reach_type(reach, &entity->body.fields[f].type);
        }
        for (size_t p = 0; p < entity->param_count; p++) {
            reach_type(reach, &entity->params[p].type);
        }
        reach_type(reach, &entity->value);
        reach_type(reach, &entity->members);
    }
    for (size_t i = 0; i < service->event_count; i++) {
        for (size_t p = 0; p < service->events[i].param_count; p++) {
            reach_type(reach, &service->events[i].params[p].type);
        }
    }
}

/* Of types that are used only by unused types, the outermost is named: those
 * first that no other type refers to, then one of each circle. */
static void report_unused(struct reach *reach)
{
    const struct graph *graph = reach->graph;
    struct reader *reader = graph->reader;
    bool *referred = arena_array(reader->arena, graph->count + 1, sizeof *referred);
    for (size_t i = 0; i < graph->count; i++) {
        for (size_t e = graph->first[i]; e < graph->first[i + 1]; e++) {
            referred[graph->edges[e].to] |= graph->edges[e].to != i;
        }
    }
    for (int circles = 0; circles <= 1; circles++) {
        for (size_t i = 0; i < graph->count; i++) {
            const struct sch_decl *decl = reader->slots[i].decl;
            if (decl->included || reach->seen[i] || (circles == 0 && referred[i])) {
                continue;
            }
            diag_error(reader->diag, decl->pos, "unused-type", "nothing uses the type '%s'",
                       decl->name);
            reach_node(reach, i);
            reach_on(reach);
        }
    }
}

static void find_use(const struct graph *graph)
{
    struct reader *reader = graph->reader;
    struct reach reach = {.graph = graph};
    reach.seen = arena_array(reader->arena, graph->count + 1, sizeof *reach.seen);
    reach.queue = arena_array(reader->arena, graph->count + 1, sizeof *reach.queue);
    reach_entities(&reach);
    reach_on(&reach);
    for (size_t i = 0; i < graph->count; i++) {
        reader->slots[i].decl->used = reach.seen[i];
    }
    /* A type that could not be read may have been the one that uses it. */
    if (!reader->types_missing) {
        report_unused(&reach);
    }
}

void decls_order(struct reader *reader)
{
    struct graph graph = {0};
    build(reader, &graph);
    put_in_order(&graph);
    check_entities(&graph);
    find_recursion(&graph);
    find_use(&graph);
}
