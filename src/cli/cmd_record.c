#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "git/history.h"
#include "git/worktree.h"
#include "layout/layout.h"
#include "layout/manifest.h"

/* What is published: --base, where HEAD left its upstream, else all of HEAD. */
static bool read_base(pd_context *context, pd_error *err)
{
    pd_revision base = {0};
    bool found = false;
    if (pd_git_is_unborn(context->git))
        return true;
    if (context->settings.base == NULL &&
        !pd_git_default_base(context->git, NULL, &base, &found, err))
        return false;
    const char *spec = context->settings.base != NULL ? context->settings.base : "HEAD";
    if (!found && !pd_git_resolve(context->git, spec, &base, err))
        return false;
    return pd_context_use_base(context, &base, err);
}

static bool read_tree(pd_context *context, pd_error *err)
{
    const char *folder = "";
    if (!pd_find_folder(context, NULL, &context->settings, &folder, err))
        return false;
    if (folder[0] == '\0' && context->settings.path == NULL) {
        pd_fail(err, PD_ERROR_USAGE, "no migrations folder was found in the work tree");
        return pd_error_hint(err, "Name it with --path, or git config -f %s migrations.path FOLDER",
                             PD_SETTINGS_FILE);
    }
    if (!pd_git_worktree(context->git, folder, &context->snapshot, err))
        return false;
    pd_layout_read(context->arena, &context->snapshot, &context->settings, pd_unix_seconds() * 1000,
                   &context->set, &context->findings);
    context->set.folder = folder;
    return true;
}

/* A set that was not read as a whole would lose lines. A damaged SHA256SUMS is no such case: each
 * line is made anew from the files, and what the base has is kept or refused. */
static bool refuse_unread(const pd_context *context, pd_error *err)
{
    for (size_t i = 0; i < context->findings.count; i++) {
        const pd_finding *finding = &context->findings.items[i];
        bool unread = finding->rule == PD_RULE_LAYOUT_UNKNOWN ||
                      (finding->rule == PD_RULE_ENTRY_TOO_LARGE && context->snapshot.too_many);
        if (!unread)
            continue;
        pd_fail(err, PD_ERROR_USAGE, "%s", finding->message);
        return pd_error_hint(err, "%s", finding->hint);
    }
    return true;
}

static bool has_migrations(const pd_context *context, pd_error *err)
{
    if (context->set.count > 0 || context->set.orphan_count > 0)
        return true;
    const char *folder = context->set.folder;
    pd_fail(err, PD_ERROR_USAGE, "there are no migrations in %s",
            folder[0] == '\0' ? "the root" : folder);
    return pd_error_hint(err, "Name the folder with --path, or git config -f %s migrations.path.",
                         PD_SETTINGS_FILE);
}

static bool write_sums(const pd_context *context, const pd_record *record, bool *written,
                       pd_error *err)
{
    const pd_entry *there = pd_snapshot_find(&context->snapshot, PD_SUMS_FILE);
    *written = there == NULL || !pd_streq(there->data, record->text);
    if (!*written)
        return true;
    const char *path = pd_arena_printf(context->arena, "%s/%s%s%s", pd_git_workdir(context->git),
                                       context->set.folder,
                                       context->set.folder[0] == '\0' ? "" : "/", PD_SUMS_FILE);
    return pd_file_write(path, record->text, strlen(record->text), 0644, err);
}

static bool refuse_changes(const pd_context *context, const pd_record *record, pd_error *err)
{
    if (record->refused == 0)
        return true;
    const pd_record_change *first = record->changes;
    while (first->kind != PD_RECORD_REFUSED_CHANGED && first->kind != PD_RECORD_REFUSED_REMOVED)
        first++;
    bool gone = first->kind == PD_RECORD_REFUSED_REMOVED;
    pd_fail(err, PD_ERROR_USAGE, "%s is published and was %s: its recorded hash stays",
            first->entry, gone ? "removed" : "changed");
    if (record->refused > 1)
        pd_error_detail(err, "%zu published files differ; nothing was written", record->refused);
    return pd_error_hint(
        err,
        "Put it back (git checkout %.12s -- %s%s%s) and write a new migration for the change. If "
        "it was never published, say what is: --base REV.",
        context->base_revision.oid, context->set.folder, context->set.folder[0] == '\0' ? "" : "/",
        first->entry);
}

bool pd_cmd_record(pd_context *context, pd_error *err)
{
    if (!pd_context_open(context, err) || !pd_context_worktree_settings(context, err) ||
        !read_tree(context, err) || !refuse_unread(context, err) || !has_migrations(context, err) ||
        !read_base(context, err))
        return false;
    pd_record record = {0};
    bool written = false;
    pd_record_make(context->arena, &context->set, context->has_base ? &context->base_set : NULL,
                   &record);
    if (!refuse_changes(context, &record, err) || !write_sums(context, &record, &written, err))
        return false;
    pd_print_record(context, &record, written);
    return true;
}
