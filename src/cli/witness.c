/* The migrations of other commits: what the revision is held against. */
#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "cli/context.h"
#include "git/changes.h"
#include "git/history.h"

/* Whether a folder of a revision has anything, and recorded hashes. */
static bool look_into(pd_context *context, const pd_revision *revision, const char *folder,
                      bool *there, bool *recorded, pd_error *err)
{
    pd_snapshot snapshot = {0};
    *there = false;
    *recorded = false;
    if (folder[0] != '\0' &&
        !pd_git_snapshot(context->git, revision, folder, false, &snapshot, err))
        return false;
    *there = snapshot.count > 0;
    *recorded = pd_snapshot_find(&snapshot, PD_SUMS_FILE) != NULL;
    return true;
}

/* Where a commit kept its migrations: the server says, where it does and has it there; else its own
 * settings, else --path when it was there, else
 * the folder that is found and has recorded hashes, else the folder of today. One that moved must
 * not look like an empty base, nor one that nobody used like the published one. */
static bool find_folder_at(pd_context *context, const pd_revision *revision, pd_settings *settings,
                           const char **folder, pd_error *err)
{
    pd_error broken = {0};
    pd_settings_default(settings);
    if (!pd_context_settings_at(context, revision, settings, &broken)) {
        *err = broken;
        if (broken.kind != PD_ERROR_USAGE)
            return false;
        /* The revision that mends the base's settings must get through. */
        *err = (pd_error){0};
        pd_settings_default(settings);
    }
    bool there = false;
    bool recorded = false;
    *folder = context->set.folder;
    if (context->folder_stands &&
        (!look_into(context, revision, *folder, &there, &recorded, err) || there))
        return there;
    *folder = settings->path != NULL ? settings->path : context->set.folder;
    if (settings->path != NULL || !look_into(context, revision, *folder, &there, &recorded, err))
        return settings->path != NULL;
    const char *found = "";
    pd_error several = {0};
    if (there && context->args.path != NULL)
        return true;
    if (!pd_find_folder(context, revision, settings, &found, &several)) {
        *err = several.kind == PD_ERROR_USAGE ? (pd_error){0} : several;
        return several.kind == PD_ERROR_USAGE;
    }
    if (!look_into(context, revision, found, &there, &recorded, err))
        return false;
    if (recorded || (*folder)[0] == '\0')
        *folder = found;
    return true;
}

static bool reads_alike(const pd_settings *a, const pd_settings *b)
{
    return a->layout == b->layout && a->version_order == b->version_order &&
           pd_streq(a->up_pattern, b->up_pattern) &&
           pd_streq(a->rollback_pattern, b->rollback_pattern);
}

/* Whether the folder has the very tree there that the revision has, and is read in the same way:
 * the set is the same then. */
static bool is_same_set(pd_context *context, const pd_revision *revision, const char *folder,
                        const pd_settings *settings, bool *same, pd_error *err)
{
    char oid[PD_OID_HEX] = "";
    *same = false;
    if (context->snapshot.count == 0 || strcmp(folder, context->set.folder) != 0 ||
        !reads_alike(settings, &context->settings))
        return true;
    if (!pd_git_folder_oid(context->git, revision, folder, oid, err))
        return false;
    *same = strcmp(oid, context->snapshot.tree_oid) == 0;
    return true;
}

static bool read_set_at(pd_context *context, const pd_revision *revision, pd_set *out,
                        pd_error *err)
{
    const char *folder = "";
    bool same = false;
    pd_settings settings = {0};
    pd_snapshot snapshot = {0};
    if (!find_folder_at(context, revision, &settings, &folder, err))
        return false;
    /* How the revision reads its files must not decide how the published ones are read. */
    if (context->folder_stands)
        settings = context->settings;
    if (context->args.layout != NULL)
        settings.layout = context->settings.layout;
    if (!is_same_set(context, revision, folder, &settings, &same, err))
        return false;
    if (same) {
        *out = context->set;
        return true;
    }
    if (!pd_git_snapshot(context->git, revision, folder, true, &snapshot, err))
        return false;
    bool known = folder[0] != '\0' || settings.path != NULL || context->settings.path != NULL;
    *out = (pd_set){.folder = folder};
    if (!known || snapshot.count == 0)
        return true;
    /* What was wrong with that commit is not this revision's fault. */
    pd_findings ignored = {.arena = context->arena};
    pd_context_layout(context, &snapshot, &settings, out, &ignored);
    if (out->layout == PD_LAYOUT_DETECT) {
        settings = context->settings;
        settings.layout = context->set.layout;
        pd_context_layout(context, &snapshot, &settings, out, &ignored);
    }
    return true;
}

bool pd_context_add_witness(pd_context *context, pd_witness_kind kind, const pd_revision *revision,
                            pd_error *err)
{
    pd_witnesses *witnesses = &context->witnesses;
    for (size_t i = 0; i < witnesses->count; i++)
        if (strcmp(witnesses->items[i].revision->oid, revision->oid) == 0)
            return true;
    assert(witnesses->count < PD_WITNESSES_MAX);
    pd_set *set = pd_arena_alloc(context->arena, sizeof *set);
    pd_revision *kept = pd_arena_alloc(context->arena, sizeof *kept);
    *kept = *revision;
    if (!context->outline && !read_set_at(context, revision, set, err))
        return false;
    witnesses->items[witnesses->count++] = (pd_witness){kind, kept, set};
    context->based = true;
    if (kind == PD_WITNESS_BASE && context->report.base == NULL)
        context->report.base = kept;
    if (kind == PD_WITNESS_TIP)
        context->report.base_tip = kept;
    return true;
}

bool pd_context_add_merge_bases(pd_context *context, const pd_revision *tip, bool *related,
                                pd_error *err)
{
    pd_revision bases[PD_BASES_MAX];
    size_t count = 0;
    if (!pd_git_merge_bases(context->git, context->revision.oid, tip->oid, bases, &count, err))
        return false;
    *related = count > 0;
    for (size_t i = 0; i < count; i++)
        if (!pd_context_add_witness(context, PD_WITNESS_BASE, &bases[i], err))
            return false;
    return true;
}

bool pd_context_add_branch(pd_context *context, const pd_revision *tip, bool *related,
                           pd_error *err)
{
    return pd_context_add_merge_bases(context, tip, related, err) &&
           (!*related || pd_context_add_witness(context, PD_WITNESS_TIP, tip, err));
}

const pd_set *pd_context_base_set(const pd_context *context)
{
    return context->witnesses.count == 0 ? NULL : context->witnesses.items[0].set;
}

/* Where a commit stands to the revision; unknown when too little of the history was fetched. */
static bool relate(pd_context *context, const char *deployed, pd_relation *out, pd_error *err)
{
    const char *oid = context->revision.oid;
    bool behind = false;
    bool ahead = false;
    bool known = false;
    *out = PD_RELATION_UNKNOWN;
    if (strcmp(oid, deployed) == 0) {
        *out = PD_RELATION_EQUAL;
        return true;
    }
    if (!pd_git_is_ancestor(context->git, deployed, oid, &behind, &known, err))
        return false;
    if (known && !behind && !pd_git_is_ancestor(context->git, oid, deployed, &ahead, &known, err))
        return false;
    if (known)
        *out = behind ? PD_RELATION_BEHIND : ahead ? PD_RELATION_AHEAD : PD_RELATION_DIVERGED;
    return true;
}

bool pd_context_deployed(void *ctx, const char *commit, pd_deployed *out, pd_error *err)
{
    pd_context *context = ctx;
    *out = (pd_deployed){.relation = PD_RELATION_UNKNOWN};
    if (!pd_git_has_commit(context->git, commit))
        return true;
    pd_revision *deployed = pd_arena_alloc(context->arena, sizeof *deployed);
    pd_set *set = pd_arena_alloc(context->arena, sizeof *set);
    if (!pd_git_resolve(context->git, commit, deployed, err) ||
        !read_set_at(context, deployed, set, err))
        return false;
    out->revision = deployed;
    out->set = set;
    return relate(context, deployed->oid, &out->relation, err);
}
