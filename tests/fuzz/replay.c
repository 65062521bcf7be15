/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target over the files of folders, without a fuzzer:
 *
 *     fuzz_value_replay FOLDER…
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { INPUT_MAX = 64 * 1024, LEAST_FILES = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool run_file(const char *folder, const char *name)
{
    static uint8_t room[INPUT_MAX];
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return false;
    }
    size_t size = fread(room, 1, sizeof room, file);
    (void)fclose(file);
    /* In a block of its size, so that a sanitizer sees its end. */
    uint8_t *data = malloc(size + (size == 0));
    if (data == NULL) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        data[i] = room[i];
    }
    (void)printf("%s\n", name);
    (void)fflush(stdout);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return true;
}

/* -1: it cannot be read, or one of its files cannot. */
static int run_folder(const char *name)
{
    DIR *folder = opendir(name);
    int files = 0;
    bool good = folder != NULL;
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.' && entry->d_type != DT_DIR) {
            good = run_file(name, entry->d_name) && good;
            files++;
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    return good ? files : -1;
}

int main(int argc, char **argv)
{
    int files = 0;
    bool good = true;
    if (argc < 2) {
        (void)fprintf(stderr, "usage: %s FOLDER...\n", argv[0]);
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        int some = run_folder(argv[i]);
        good = some >= 0 && good;
        files += some > 0 ? some : 0;
    }
    (void)printf("%d inputs\n", files);
    return good && files >= LEAST_FILES ? EXIT_SUCCESS : EXIT_FAILURE;
}
