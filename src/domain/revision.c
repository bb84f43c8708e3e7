#include "domain/revision.h"

#include <string.h>

#include "base/str.h"
#include "domain/migration.h"

bool pd_entry_wanted(const char *path, uint64_t size)
{
    if (size > PD_FILE_MAX)
        return false;
    return pd_ends_with(path, ".sql") || strcmp(path, PD_SUMS_FILE) == 0 ||
           strcmp(path, PD_JOURNAL_FILE) == 0;
}

const pd_entry *pd_snapshot_find(const pd_snapshot *snapshot, const char *path)
{
    size_t low = 0;
    size_t high = snapshot->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(snapshot->entries[middle].path, path);
        if (order == 0)
            return &snapshot->entries[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
