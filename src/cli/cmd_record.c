#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/printable.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/output.h"
#include "cli/record.h"
#include "git/history.h"
#include "git/worktree.h"
#include "layout/layout.h"
#include "layout/manifest.h"

/* What is published: where HEAD left its base; without remotes nothing. */
static bool read_base(pd_context *context, pd_error *err)
{
    pd_tip tip;
    bool related = false;
    if (pd_git_is_unborn(context->git))
        return true;
    if (!pd_git_resolve(context->git, "HEAD", &context->revision, err) ||
        !pd_context_find_tip(context, &tip, err))
        return false;
    if (tip.source == PD_TIP_NONE)
        return true;
    return pd_context_add_branch(context, &tip.revision, &related, err) &&
           (related || pd_context_add_witness(context, PD_WITNESS_BASE, &tip.revision, err));
}

bool pd_worktree_read(pd_context *context, bool *found, pd_error *err)
{
    const char *folder = "";
    if (!pd_find_folder(context, NULL, &context->settings, &folder, err))
        return false;
    *found = folder[0] != '\0' || context->settings.path != NULL;
    if (!*found)
        return true;
    if (!pd_git_worktree(context->git, folder, &context->snapshot, err))
        return false;
    pd_layout_read(context->arena, &context->snapshot, &context->settings, pd_unix_seconds() * 1000,
                   &context->set, &context->findings);
    context->set.folder = folder;
    return true;
}

/* A set that was not read as a whole would lose lines. A damaged SHA256SUMS is no such case: each
 * line is made anew from the files, and what the base has is kept or refused. */
bool pd_worktree_readable(const pd_context *context, pd_error *err)
{
    for (size_t i = 0; i < context->findings.count; i++) {
        const pd_finding *finding = &context->findings.items[i];
        bool unread = finding->rule == PD_RULE_LAYOUT_UNKNOWN ||
                      finding->rule == PD_RULE_LAYOUT_AMBIGUOUS ||
                      (finding->rule == PD_RULE_ENTRY_TOO_LARGE && context->snapshot.too_many);
        if (!unread)
            continue;
        pd_fail(err, PD_ERROR_USAGE, "%s", finding->message);
        return pd_error_hint(err, "%s", finding->hint);
    }
    return true;
}

static bool has_migrations(pd_context *context, bool found, pd_error *err)
{
    if (!found) {
        if (!pd_elsewhere_refuse(context, err))
            return false;
        pd_fail(err, PD_ERROR_USAGE, "no migrations folder was found in the work tree");
        return pd_error_hint(
            err,
            "`predeploy new NAME` writes the first migration. If they are elsewhere: --path "
            "FOLDER, or git config -f %s migrations.path FOLDER.",
            PD_SETTINGS_FILE);
    }
    if (context->set.count > 0 || context->set.orphan_count > 0)
        return true;
    const char *folder = context->set.folder;
    pd_fail(err, PD_ERROR_USAGE, "there are no migrations in %s",
            folder[0] == '\0' ? "the root" : folder);
    return pd_error_hint(err, "Name the folder with --path, or git config -f %s migrations.path.",
                         PD_SETTINGS_FILE);
}

const char *pd_worktree_path(const pd_context *context, const char *entry)
{
    const char *folder = context->set.folder;
    return pd_arena_printf(context->arena, "%s%s%s", folder, folder[0] == '\0' ? "" : "/", entry);
}

bool pd_worktree_sums_differ(const pd_context *context, const pd_record *record)
{
    const pd_entry *there = pd_snapshot_find(&context->snapshot, PD_SUMS_FILE);
    return there == NULL || !pd_streq(there->data, record->text);
}

bool pd_worktree_record(pd_context *context, pd_record *out, pd_error *err)
{
    if (!read_base(context, err))
        return false;
    pd_record_make(context->arena, &context->set, pd_context_base_set(context), out);
    return true;
}

static bool write_sums(const pd_context *context, const pd_record *record, pd_error *err)
{
    return pd_file_write_below(
        pd_git_workdir(context->git), pd_worktree_path(context, PD_SUMS_FILE),
        (pd_bytes){record->text, strlen(record->text)}, PD_FILE_REPLACE, err);
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
        "Put it back (git checkout %.12s -- %s) and write a new migration for the change. If "
        "it was never published, say what is: --base REV.",
        context->witnesses.items[0].revision->oid,
        pd_shell_word(context->arena,
                      pd_arena_printf(context->arena, "%s%s%s", context->set.folder,
                                      context->set.folder[0] == '\0' ? "" : "/", first->entry)));
}

/* Of a merge that was not ended: the files are recorded as they are, so they must be whole. Markers
 * in SHA256SUMS itself go away with the old file. */
static bool refuse_conflicts(const pd_context *context, pd_error *err)
{
    const char *sums = pd_worktree_path(context, PD_SUMS_FILE);
    for (size_t i = 0; i < context->findings.count; i++) {
        const pd_finding *finding = &context->findings.items[i];
        if (finding->rule != PD_RULE_ENTRY_CONFLICT || pd_streq(finding->place.path, sums))
            continue;
        pd_fail(err, PD_ERROR_USAGE, "%s holds unresolved conflict markers", finding->place.path);
        return pd_error_hint(err, "Resolve the conflict in it, then run predeploy record again.");
    }
    return true;
}

/* A project that has no migrations yet has nothing to record. */
static bool nothing_to_record(const pd_context *context, bool found)
{
    return context->args.check &&
           (!found || (context->snapshot.count == 0 && context->settings.path == NULL));
}

bool pd_cmd_record(pd_context *context, pd_error *err)
{
    bool found = false;
    pd_record record = {0};
    pd_ignored ignored = {0};
    if (!pd_context_open(context, err) || !pd_context_worktree_settings(context, err) ||
        !pd_elsewhere_check_path(context, true, err) || !pd_worktree_read(context, &found, err) ||
        !pd_worktree_readable(context, err))
        return false;
    if (nothing_to_record(context, found)) {
        context->set.folder = found ? context->set.folder : "";
        pd_print_record(context, &record, false);
        return true;
    }
    if (!has_migrations(context, found, err) || !refuse_conflicts(context, err) ||
        !pd_worktree_record(context, &record, err) || !refuse_changes(context, &record, err) ||
        !pd_worktree_ignored(context, &ignored, err))
        return false;
    bool differs = pd_worktree_sums_differ(context, &record);
    if (differs && !context->args.check && !write_sums(context, &record, err))
        return false;
    pd_ignored_warn(context, &ignored);
    pd_print_record(context, &record, differs);
    context->report.status = differs && context->args.check ? 1 : 0;
    return true;
}
