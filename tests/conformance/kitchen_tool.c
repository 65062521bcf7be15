/* SPDX-License-Identifier: MIT */
/*
 * Writes and reads entries of kitchen.yaml from the command line, so that a
 * program in another language can look at the bytes between:
 *
 *     REDIS_URL=… kitchen_tool write       stores the full sample at id 1
 *     REDIS_URL=… kitchen_tool read        "same", "different: MEMBER" or the status
 *     REDIS_URL=… kitchen_tool small       stores a small entry at id 1
 *     REDIS_URL=… kitchen_tool read-small  its name, count of `few` and colour, or the status
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kitchen_cache.h"
#include "samples.h"

static int say(enum larder_status status)
{
    printf("%s %s\n", larder_status_name(status), larder_last_error());
    return status < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int write_full(struct kitchen_cache *cache)
{
    return say(kitchen_cache_set(cache, 1, sample_full()));
}

static int read_full(struct kitchen_cache *cache)
{
    const struct kitchen *read;
    enum larder_status status = kitchen_cache_get(cache, 1, &read);
    if (read == NULL) {
        return say(status);
    }
    const char *difference = sample_difference(sample_full(), read);
    printf("%s%s\n",
           difference == NULL ? "same" : "different: ", difference == NULL ? "" : difference);
    kitchen_release(read);
    return EXIT_SUCCESS;
}

static int write_small(struct kitchen_cache *cache)
{
    static const uint8_t few[] = {1, 2};
    const struct kitchen_small value = {
        .id = 1, .name = "small", .few = LIST_OF(few), .colour = KITCHEN_COLOUR_RED};
    return say(kitchen_small_cache_put(cache, &value));
}

static int read_small(struct kitchen_cache *cache)
{
    const struct kitchen_small *read;
    enum larder_status status = kitchen_small_cache_get(cache, 1, &read);
    if (read == NULL) {
        return say(status);
    }
    printf("%s %zu %s\n", read->name, read->few.count, kitchen_colour_name(read->colour));
    kitchen_small_release(read);
    return EXIT_SUCCESS;
}

static const struct verb {
    const char *name;
    int (*run)(struct kitchen_cache *cache);
} verbs[] = {
    {"write", write_full},
    {"read", read_full},
    {"small", write_small},
    {"read-small", read_small},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < COUNT_OF(verbs); i++) {
        if (strcmp(argv[1], verbs[i].name) == 0) {
            struct kitchen_cache *cache;
            enum larder_status status = kitchen_cache_open(NULL, &cache);
            int result = status == LARDER_OK ? verbs[i].run(cache) : say(status);
            kitchen_cache_close(cache);
            return result;
        }
    }
    (void)fprintf(stderr, "usage: kitchen_tool write|read|small|read-small\n");
    return 2;
}
