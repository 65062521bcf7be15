/* SPDX-License-Identifier: MIT */
#include "schema/meet.h"

#include <string.h>

#include "schema/reader.h"

/* Pairs of states: 8 bytes each in the set of those seen. */
enum { PAIRS_MAX = 4 << 20, PAIRS_FIRST = 1024 };

struct net_state {
    uint32_t edge;  /* the first; 0: none */
    uint32_t param; /* the first parameter that begins here; 0: none */
    uint32_t end;   /* the first pattern that ends here; 0: none */
};

struct net_edge {
    unsigned char first, last; /* bytes; first > last: none is needed */
    uint32_t to;
    uint32_t next;
};

struct net_param {
    enum sch_kind kind;
    const struct sch_decl *decl;
    bool hash;
    uint32_t exit;
    uint32_t next;
};

struct net_end {
    size_t owner;
    uint32_t next;
};

/* --------------------------------------------------------------- building */

static uint32_t add_state(struct net *net)
{
    net->states = room_for_one(net->arena, net->states, net->state_count, &net->state_capacity,
                               sizeof *net->states);
    net->states[net->state_count] = (struct net_state){0};
    return (uint32_t)net->state_count++;
}

static void add_edge(struct net *net, uint32_t from, char first, char last, uint32_t to)
{
    net->edges = room_for_one(net->arena, net->edges, net->edge_count, &net->edge_capacity,
                              sizeof *net->edges);
    net->edges[net->edge_count] =
        (struct net_edge){(unsigned char)first, (unsigned char)last, to, net->states[from].edge};
    net->states[from].edge = (uint32_t)net->edge_count++;
}

static void add_free_edge(struct net *net, uint32_t from, uint32_t to)
{
    add_edge(net, from, 1, 0, to);
}

void net_init(struct net *net, struct arena *arena)
{
    *net = (struct net){.arena = arena};
    (void)add_state(net);      /* the root */
    add_edge(net, 0, 1, 0, 0); /* index 0 means none */
    net->states[0].edge = 0;
    net->params = room_for_one(arena, NULL, 0, &net->param_capacity, sizeof *net->params);
    net->ends = room_for_one(arena, NULL, 0, &net->end_capacity, sizeof *net->ends);
    net->param_count = net->end_count = 1;
}

/* Down the tree by one byte of literal text. */
static uint32_t step(struct net *net, uint32_t from, char byte)
{
    for (uint32_t e = net->states[from].edge; e != 0; e = net->edges[e].next) {
        if (net->edges[e].first == (unsigned char)byte &&
            net->edges[e].last == (unsigned char)byte) {
            return net->edges[e].to;
        }
    }
    uint32_t to = add_state(net);
    add_edge(net, from, byte, byte, to);
    return to;
}

static uint32_t step_text(struct net *net, uint32_t from, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        from = step(net, from, text[i]);
    }
    return from;
}

static void add_hex(struct net *net, uint32_t from, uint32_t to)
{
    add_edge(net, from, '0', '9', to);
    add_edge(net, from, 'a', 'f', to);
}

/* "-" stands for itself, anything else for a hex digit. */
static void build_hex(struct net *net, uint32_t entry, uint32_t exit, const char *form)
{
    uint32_t at = entry;
    for (; *form != '\0'; form++) {
        uint32_t to = form[1] == '\0' ? exit : add_state(net);
        if (*form == '-') {
            add_edge(net, at, '-', '-', to);
        } else {
            add_hex(net, at, to);
        }
        at = to;
    }
}

/* 0, or a first digit that is none and up to `digits` in all. */
static void build_integer(struct net *net, uint32_t entry, uint32_t exit, enum sch_kind kind)
{
    static const int digits[SCH_MAP + 1] = {
        [SCH_U8] = 3, [SCH_U16] = 5, [SCH_U32] = 10, [SCH_U64] = 20,
        [SCH_I8] = 3, [SCH_I16] = 5, [SCH_I32] = 10, [SCH_I64] = 19,
    };
    uint32_t at = add_state(net);
    add_edge(net, entry, '0', '0', exit);
    add_edge(net, entry, '1', '9', at);
    if (kind >= SCH_I8) {
        uint32_t minus = add_state(net);
        add_edge(net, entry, '-', '-', minus);
        add_edge(net, minus, '1', '9', at);
    }
    for (int i = 1; i < digits[kind]; i++) {
        uint32_t to = add_state(net);
        add_free_edge(net, at, exit);
        add_edge(net, at, '0', '9', to);
        at = to;
    }
    add_free_edge(net, at, exit);
}

/* Safe bytes and %XX, at least one; or '%' alone, which is the empty string. */
static void build_string(struct net *net, uint32_t entry, uint32_t exit)
{
    static const char safe[][2] = {{'A', 'Z'}, {'a', 'z'}, {'0', '9'},
                                   {'_', '_'}, {'.', '.'}, {'-', '-'}};
    uint32_t some = add_state(net);
    uint32_t escape = add_state(net);
    uint32_t half = add_state(net);
    const uint32_t from[] = {entry, some};
    for (size_t i = 0; i < 2; i++) {
        for (size_t s = 0; s < sizeof safe / sizeof *safe; s++) {
            add_edge(net, from[i], safe[s][0], safe[s][1], some);
        }
        add_edge(net, from[i], '%', '%', escape);
    }
    add_edge(net, escape, '0', '9', half);
    add_edge(net, escape, 'A', 'F', half);
    add_edge(net, half, '0', '9', some);
    add_edge(net, half, 'A', 'F', some);
    add_edge(net, entry, '%', '%', exit);
    add_free_edge(net, some, exit);
}

static void build_word(struct net *net, uint32_t entry, uint32_t exit, const char *word)
{
    add_free_edge(net, step_text(net, entry, word, strlen(word)), exit);
}

static void build_param(struct net *net, uint32_t entry, uint32_t exit,
                        const struct sch_param *param)
{
    const struct sch_decl *decl = param->type.decl;
    if (param->hash) {
        build_hex(net, entry, exit, "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh");
    } else if (param->type.kind == SCH_UUID) {
        build_hex(net, entry, exit, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh");
    } else if (param->type.kind == SCH_STRING) {
        build_string(net, entry, exit);
    } else if (param->type.kind == SCH_BOOL) {
        build_word(net, entry, exit, "true");
        build_word(net, entry, exit, "false");
    } else if (param->type.kind == SCH_ENUM) {
        for (size_t i = 0; i < decl->enumerator_count; i++) {
            build_word(net, entry, exit, decl->enumerators[i].name);
        }
    } else {
        build_integer(net, entry, exit, param->type.kind);
    }
}

/* Patterns that go on with the same type share what follows. */
static uint32_t step_param(struct net *net, uint32_t from, const struct sch_param *param)
{
    for (uint32_t p = net->states[from].param; p != 0; p = net->params[p].next) {
        const struct net_param *other = &net->params[p];
        if (other->kind == param->type.kind && other->decl == param->type.decl &&
            other->hash == param->hash) {
            return other->exit;
        }
    }
    uint32_t entry = add_state(net);
    uint32_t exit = add_state(net);
    add_free_edge(net, from, entry);
    build_param(net, entry, exit, param);
    net->params = room_for_one(net->arena, net->params, net->param_count, &net->param_capacity,
                               sizeof *net->params);
    net->params[net->param_count] = (struct net_param){param->type.kind, param->type.decl,
                                                       param->hash, exit, net->states[from].param};
    net->states[from].param = (uint32_t)net->param_count++;
    return exit;
}

void net_add(struct net *net, const char *prefix, const struct sch_part *parts, size_t part_count,
             const struct sch_param *params, size_t owner)
{
    uint32_t at = step_text(net, 0, prefix, strlen(prefix));
    for (size_t i = 0; i < part_count; i++) {
        at = parts[i].literal != NULL ? step_text(net, at, parts[i].literal, parts[i].literal_len)
                                      : step_param(net, at, &params[parts[i].param]);
    }
    net->ends =
        room_for_one(net->arena, net->ends, net->end_count, &net->end_capacity, sizeof *net->ends);
    net->ends[net->end_count] = (struct net_end){owner, net->states[at].end};
    net->states[at].end = (uint32_t)net->end_count++;
}

/* ---------------------------------------------------------------- walking */

struct walk {
    const struct net *net;
    uint64_t *seen; /* open addressing; 0: free */
    size_t seen_capacity;
    uint64_t *queue;
    size_t queue_count, queue_capacity;
    size_t count;
};

static uint64_t *place_of(uint64_t *table, size_t capacity, uint64_t pair)
{
    size_t i = (size_t)((pair * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (capacity - 1);
    while (table[i] != 0 && table[i] != pair) {
        i = (i + 1) & (capacity - 1);
    }
    return &table[i];
}

static void grow_seen(struct walk *walk)
{
    size_t capacity = walk->seen_capacity * 2;
    uint64_t *table = arena_array(walk->net->arena, capacity, sizeof *table);
    for (size_t i = 0; i < walk->seen_capacity; i++) {
        if (walk->seen[i] != 0) {
            *place_of(table, capacity, walk->seen[i]) = walk->seen[i];
        }
    }
    walk->seen = table;
    walk->seen_capacity = capacity;
}

static void push(struct walk *walk, uint32_t a, uint32_t b)
{
    uint64_t pair = a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
    if (walk->count * 2 >= walk->seen_capacity) {
        grow_seen(walk);
    }
    uint64_t *place = place_of(walk->seen, walk->seen_capacity, pair + 1);
    if (*place != 0) {
        return;
    }
    *place = pair + 1;
    walk->count++;
    walk->queue = room_for_one(walk->net->arena, walk->queue, walk->queue_count,
                               &walk->queue_capacity, sizeof *walk->queue);
    walk->queue[walk->queue_count++] = pair;
}

static void visit_ends(const struct net *net, uint32_t a, uint32_t b, net_report *report,
                       void *user)
{
    /* On one state each end meets the first alone: quadratic reports help nobody. */
    for (uint32_t i = net->states[a].end; i != 0; i = net->ends[i].next) {
        for (uint32_t k = net->states[b].end; k != 0; k = net->ends[k].next) {
            bool last = net->ends[k].next == 0;
            if (i != k && (a != b || last)) {
                report(user, net->ends[i].owner, net->ends[k].owner);
            }
        }
    }
}

static void visit(struct walk *walk, uint32_t a, uint32_t b)
{
    const struct net *net = walk->net;
    for (uint32_t e = net->states[a].edge; e != 0; e = net->edges[e].next) {
        const struct net_edge *left = &net->edges[e];
        if (left->first > left->last) {
            push(walk, left->to, b);
            continue;
        }
        for (uint32_t f = net->states[b].edge; f != 0; f = net->edges[f].next) {
            const struct net_edge *right = &net->edges[f];
            if (right->first <= left->last && left->first <= right->last) {
                push(walk, left->to, right->to);
            }
        }
    }
    for (uint32_t f = net->states[b].edge; f != 0; f = net->edges[f].next) {
        if (net->edges[f].first > net->edges[f].last) {
            push(walk, a, net->edges[f].to);
        }
    }
}

bool net_find(const struct net *net, net_report *report, void *user)
{
    struct walk walk = {.net = net, .seen_capacity = PAIRS_FIRST};
    walk.seen = arena_array(net->arena, PAIRS_FIRST, sizeof *walk.seen);
    push(&walk, 0, 0);
    while (walk.queue_count > 0 && walk.count <= PAIRS_MAX) {
        uint64_t pair = walk.queue[--walk.queue_count];
        uint32_t a = (uint32_t)(pair >> 32);
        uint32_t b = (uint32_t)pair;
        visit_ends(net, a, b, report, user);
        visit(&walk, a, b);
    }
    return walk.queue_count == 0;
}
