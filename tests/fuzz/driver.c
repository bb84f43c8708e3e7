/* Runs a fuzz target over the files of a corpus, where there is no libFuzzer: each argument is a
 * file, or a folder whose files are run. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz.h"

#define INPUT_MAX ((size_t)32 << 20)

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    if (file == NULL || fstat(fileno(file), &info) != 0 || (size_t)info.st_size > INPUT_MAX) {
        perror(path);
        return 1;
    }
    /* Of exactly its size, so that a sanitizer sees a read behind it. */
    size_t len = (size_t)info.st_size;
    uint8_t *data = malloc(len > 0 ? len : 1);
    if (data == NULL || fread(data, 1, len, file) != len) {
        perror(path);
        return 1;
    }
    fclose(file);
    LLVMFuzzerTestOneInput(data, len);
    free(data);
    return 0;
}

static int run_folder(const char *folder, size_t *count)
{
    int failed = 0;
    DIR *handle = opendir(folder);
    if (handle == NULL) {
        perror(folder);
        return 1;
    }
    for (struct dirent *item = readdir(handle); item != NULL; item = readdir(handle)) {
        char path[4096];
        int len = snprintf(path, sizeof path, "%s/%s", folder, item->d_name);
        if (item->d_name[0] == '.' || len < 0 || (size_t)len >= sizeof path) {
            continue;
        }
        failed |= run_file(path);
        *count += 1;
    }
    closedir(handle);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;
    size_t count = 0;
    for (int i = 1; i < argc; i++) {
        struct stat info;
        if (stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode)) {
            failed |= run_folder(argv[i], &count);
        } else {
            failed |= run_file(argv[i]);
            count++;
        }
    }
    printf("%zu inputs\n", count);
    return failed != 0 || count == 0;
}
