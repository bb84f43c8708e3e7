/* Snapshots of a migrations folder, made in memory or read from a plain folder on disk. */
#ifndef PD_TEST_SNAPSHOT_H
#define PD_TEST_SNAPSHOT_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "domain/revision.h"

static inline int snapshot_compare(const void *left, const void *right)
{
    return strcmp(((const pd_entry *)left)->path, ((const pd_entry *)right)->path);
}

/* Adds or replaces an entry and keeps the order. */
static inline pd_entry *snapshot_put_bytes(pd_arena *arena, pd_snapshot *snapshot, const char *path,
                                           const char *data, size_t len)
{
    pd_entry *entry = NULL;
    for (size_t i = 0; i < snapshot->count; i++) {
        if (strcmp(snapshot->entries[i].path, path) == 0) {
            entry = &snapshot->entries[i];
        }
    }
    if (entry == NULL) {
        entry = PD_PUSH(arena, snapshot->entries, snapshot->count, snapshot->capacity);
    }
    *entry = (pd_entry){.path = pd_arena_strdup(arena, path), .kind = PD_ENTRY_FILE, .size = len};
    entry->data = pd_entry_wanted(path, len) ? pd_arena_strndup(arena, data, len) : NULL;
    const char *key = entry->path;
    qsort(snapshot->entries, snapshot->count, sizeof *snapshot->entries, snapshot_compare);
    for (size_t i = 0; i < snapshot->count; i++) {
        if (snapshot->entries[i].path == key) {
            entry = &snapshot->entries[i];
        }
    }
    return entry;
}

static inline pd_entry *snapshot_put(pd_arena *arena, pd_snapshot *snapshot, const char *path,
                                     const char *text)
{
    return snapshot_put_bytes(arena, snapshot, path, text, strlen(text));
}

static inline void snapshot_drop(pd_snapshot *snapshot, const char *path)
{
    size_t kept = 0;
    for (size_t i = 0; i < snapshot->count; i++) {
        if (strcmp(snapshot->entries[i].path, path) != 0) {
            snapshot->entries[kept++] = snapshot->entries[i];
        }
    }
    snapshot->count = kept;
}

/* Bytes of a file, NUL-terminated; exits the test when it cannot be read. */
static inline char *snapshot_read_file(pd_arena *arena, const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    char *data = pd_arena_alloc(arena, ((size_t)1 << 20) + 1);
    *len = fread(data, 1, (size_t)1 << 20, file);
    fclose(file);
    return data;
}

/* Loads a folder two levels deep; `prefix` is "" at first. */
static inline void snapshot_load(pd_arena *arena, pd_snapshot *snapshot, const char *dir,
                                 const char *prefix)
{
    DIR *handle = opendir(dir);
    if (handle == NULL) {
        perror(dir);
        exit(1);
    }
    for (struct dirent *item = readdir(handle); item != NULL; item = readdir(handle)) {
        const char *path = pd_arena_printf(arena, "%s%s", prefix, item->d_name);
        const char *full = pd_arena_printf(arena, "%s/%s", dir, item->d_name);
        size_t len = 0;
        if (item->d_name[0] == '.') {
            continue;
        }
        if (item->d_type == DT_DIR) {
            snapshot_load(arena, snapshot, full, pd_arena_printf(arena, "%s/", path));
            continue;
        }
        const char *data = snapshot_read_file(arena, full, &len);
        snapshot_put_bytes(arena, snapshot, path, data, len);
    }
    closedir(handle);
}

#endif
