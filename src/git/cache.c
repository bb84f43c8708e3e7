#include <stdint.h>
#include <string.h>

#include "git/internal.h"

#define SLOTS_FIRST ((size_t)4096) /* a power of two */

/* Where the blob is, or would be. */
static pd_git_blob *find_slot(const pd_git_cache *cache, const git_oid *oid)
{
    uint64_t hash = 0;
    memcpy(&hash, oid->id, sizeof hash);
    size_t at = (size_t)hash & (cache->slot_count - 1);
    while (!git_oid_is_zero(&cache->slots[at].oid) && !git_oid_equal(&cache->slots[at].oid, oid))
        at = (at + 1) & (cache->slot_count - 1);
    return &cache->slots[at];
}

static void grow(pd_git *git)
{
    pd_git_cache old = git->cache;
    pd_git_cache *cache = &git->cache;
    cache->slot_count = old.slot_count == 0 ? SLOTS_FIRST : old.slot_count * 2;
    cache->slots = pd_arena_array(git->arena, cache->slot_count, sizeof *cache->slots);
    for (size_t i = 0; i < old.slot_count; i++) {
        if (!git_oid_is_zero(&old.slots[i].oid))
            *find_slot(cache, &old.slots[i].oid) = old.slots[i];
    }
}

pd_git_blob *pd_git_cached(pd_git *git, const git_oid *oid)
{
    if (git->cache.count * 2 >= git->cache.slot_count)
        grow(git);
    pd_git_blob *blob = find_slot(&git->cache, oid);
    if (git_oid_is_zero(&blob->oid)) {
        git_oid_cpy(&blob->oid, oid);
        git->cache.count++;
    }
    return blob;
}

bool pd_git_find_listed(const pd_git *git, pd_snapshot *out)
{
    for (size_t i = 0; i < git->listed.count; i++) {
        const pd_snapshot *listed = &git->listed.items[i];
        if (strcmp(listed->tree_oid, out->tree_oid) == 0 &&
            strcmp(listed->folder, out->folder) == 0) {
            *out = *listed;
            return true;
        }
    }
    return false;
}

void pd_git_keep_listed(pd_git *git, const pd_snapshot *snapshot)
{
    if (git->listed.count < PD_GIT_LISTED_MAX)
        git->listed.items[git->listed.count++] = *snapshot;
}
