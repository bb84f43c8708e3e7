/* The migrations of other commits: what the revision is held against. */
#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "cli/context.h"
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

static bool read_set_at(pd_context *context, const pd_revision *revision, pd_set *out,
                        pd_error *err)
{
    const char *folder = "";
    pd_settings settings = {0};
    pd_snapshot snapshot = {0};
    if (!find_folder_at(context, revision, &settings, &folder, err) ||
        !pd_git_snapshot(context->git, revision, folder, true, &snapshot, err))
        return false;
    bool known = folder[0] != '\0' || settings.path != NULL || context->settings.path != NULL;
    *out = (pd_set){.folder = folder};
    if (!known || snapshot.count == 0)
        return true;
    /* How the revision reads its files must not decide how the published ones are read. */
    if (context->folder_stands)
        settings = context->settings;
    if (context->args.layout != NULL)
        settings.layout = context->settings.layout;
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
    if (!read_set_at(context, revision, set, err))
        return false;
    witnesses->items[witnesses->count++] = (pd_witness){kind, kept, set};
    context->based = true;
    if (kind == PD_WITNESS_BASE && context->report.base == NULL)
        context->report.base = kept;
    if (kind == PD_WITNESS_TIP)
        context->report.base_tip = kept;
    return true;
}

bool pd_context_add_branch(pd_context *context, const pd_revision *tip, bool *related,
                           pd_error *err)
{
    pd_revision base = {0};
    if (!pd_git_merge_base(context->git, context->revision.oid, tip->oid, &base, related, err))
        return false;
    if (!*related)
        return true;
    return pd_context_add_witness(context, PD_WITNESS_BASE, &base, err) &&
           pd_context_add_witness(context, PD_WITNESS_TIP, tip, err);
}

const pd_set *pd_context_base_set(const pd_context *context)
{
    return context->witnesses.count == 0 ? NULL : context->witnesses.items[0].set;
}

bool pd_context_deployed(void *ctx, const char *commit, pd_deployed *out, pd_error *err)
{
    pd_context *context = ctx;
    pd_error cut = {0};
    pd_revision base = {0};
    bool related = false;
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
    const char *oid = context->revision.oid;
    /* History that was not fetched leaves it unknown how the two stand to each other. */
    if (!pd_git_merge_base(context->git, oid, deployed->oid, &base, &related, &cut))
        return true;
    if (strcmp(oid, deployed->oid) == 0)
        out->relation = PD_RELATION_EQUAL;
    else if (related && strcmp(base.oid, deployed->oid) == 0)
        out->relation = PD_RELATION_BEHIND;
    else if (related && strcmp(base.oid, oid) == 0)
        out->relation = PD_RELATION_AHEAD;
    else
        out->relation = PD_RELATION_DIVERGED;
    return true;
}
