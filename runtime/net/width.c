/* SPDX-License-Identifier: MIT */
#include "net/width.h"

#include <limits.h>
#include <string.h>

enum {
    NONE = -1,
    CALLS_A_LOOK = 64,
    WINS = 2, /* in a row: one may be the machine's mood */
    PAUSE_MIN = 4,
    PAUSE_MAX = 256
};

static const int64_t EPOCH_NS = 4 * INT64_C(1000000);
/* Longer ones had pauses in them, in which nobody called. */
static const int64_t EPOCH_MAX_NS = 1000 * INT64_C(1000000);

static const struct larder_width_way ways[LARDER_WIDTH_WAYS] = {
    {8, false}, {4, false}, {2, false}, {1, true}};

/* Up to so many callers, and the way that they begin with: few have a connection
 * each, many are served faster by few connections with larger bundles. */
static const struct {
    int callers_max;
    int way;
} classes[LARDER_WIDTH_CLASSES] = {{1, 0}, {2, 0}, {4, 0}, {8, 0}, {12, 1}, {24, 2}, {INT_MAX, 2}};

static void rest(struct larder_width_class *class)
{
    for (int i = 0; i < LARDER_WIDTH_WAYS; i++) {
        class->others[i].wins = 0;
        class->others[i].pause = PAUSE_MIN;
        class->others[i].left = PAUSE_MIN;
    }
}

void larder_width_init(struct larder_width *width)
{
    memset(width, 0, sizeof *width);
    for (int i = 0; i < LARDER_WIDTH_CLASSES; i++) {
        width->classes[i].way = classes[i].way;
        rest(&width->classes[i]);
    }
    width->class = NONE; /* the first epoch began at no time */
    width->trying = NONE;
    width->way = &ways[0];
    width->look_at = CALLS_A_LOOK;
}

static int class_of(double callers)
{
    int class = 0;
    while (callers >= (double)classes[class].callers_max + 0.5) {
        class ++;
    }
    return class;
}

/* Whether a way is another one for this class: more connections than callers are
 * the same as any number of more. */
static bool differs(int class, int way, int from)
{
    return way != from && (ways[way].gathers || way == classes[class].way ||
                           ways[way].connections < classes[class].callers_max);
}

static void learn(struct larder_width_class *class, int tried, int64_t ns)
{
    if (tried == NONE) {
        class->ns += class->ns == 0 ? ns : (ns - class->ns) / 4;
        return;
    }
    bool wins = ns < class->ns - class->ns / 10;
    class->others[tried].wins = wins ? class->others[tried].wins + 1 : 0;
    if (class->others[tried].wins == WINS) {
        class->way = tried;
        class->ns = ns;
        rest(class);
    } else if (wins) {
        class->others[tried].left = 1;
    } else {
        int64_t pause = class->others[tried].pause * 2;
        class->others[tried].pause = pause < PAUSE_MAX ? pause : PAUSE_MAX;
        class->others[tried].left = class->others[tried].pause;
    }
}

/* The way of the next epoch. After each that tries one comes one that does not,
 * so that what they are held against is of the same time. */
static int next_try(struct larder_width_class *class, int number, bool tried)
{
    int try = NONE;
    for (int i = 0; i < LARDER_WIDTH_WAYS && class->ns != 0 && !tried; i++) {
        if (!differs(number, i, class->way)) {
            continue;
        }
        if (class->others[i].left > 0) {
            class->others[i].left--;
        } else if (try == NONE) {
            try = i;
        }
    }
    return try;
}

void larder_width_look(struct larder_width *width, int64_t now_ns)
{
    int64_t took_ns = now_ns - width->began_ns;
    if (width->class != NONE && took_ns < EPOCH_NS) {
        width->look_at += CALLS_A_LOOK;
        return;
    }
    double callers = (double)width->callers / width->calls;
    int class = class_of(callers);
    bool tried = width->trying != NONE;
    if (class == width->class && took_ns <= EPOCH_MAX_NS) {
        learn(&width->classes[class], width->trying,
              1 + (int64_t)(callers * (double)took_ns / width->calls));
    }
    width->class = class;
    width->trying = next_try(&width->classes[class], class, tried);
    width->way = &ways[width->trying != NONE ? width->trying : width->classes[class].way];
    width->calls = 0;
    width->callers = 0;
    width->look_at = CALLS_A_LOOK;
    width->began_ns = now_ns;
}
