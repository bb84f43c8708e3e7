/* The pre-push hook: what would be published is judged where it comes from. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/hook.h"
#include "git/history.h"
#include "git/pushes.h"

/* What the remote has of the pushed ref: its old tip, all of which the push replaces; for a new
 * ref what any branch of the remote shares with it. */
static bool find_base(pd_context *context, const pd_push *push, const char *remote,
                      pd_revision *base, bool *found, pd_error *err)
{
    pd_git *git = context->git;
    *found = false;
    if (push->creates)
        return pd_git_published(git, remote, push->local_oid, base, found, err) &&
               (*found || remote == NULL ||
                pd_git_published(git, NULL, push->local_oid, base, found, err));
    if (!pd_git_has_commit(git, push->remote_oid)) {
        pd_fail(err, PD_ERROR_UNREACHABLE, "the remote's %s is at %.12s, which this clone lacks",
                push->remote_ref, push->remote_oid);
        return pd_error_hint(err,
                             "Fetch it first, so that what is published is known: git fetch %s",
                             remote == NULL ? "" : remote);
    }
    *found = true;
    return pd_git_resolve(git, push->remote_oid, base, err);
}

/* Besides the ref's own past, the default branch: what is new must fit behind it, too. A branch
 * that shares no history with the remote but has migrations is held against all of it. */
static bool add_default_branch(pd_context *context, const char *remote, pd_error *err)
{
    pd_revision tip = {0};
    bool related = false;
    bool found = false;
    if ((remote != NULL && !pd_git_remote_tip(context->git, remote, &tip, &found, err)) ||
        (!found && !pd_git_remote_tip(context->git, "origin", &tip, &found, err)))
        return false;
    if (!found)
        return true;
    if (!pd_context_add_branch(context, &tip, &related, err))
        return false;
    return related || context->based || context->set.count == 0 ||
           pd_context_add_witness(context, PD_WITNESS_BASE, &tip, err);
}

static bool check_against(pd_context *context, const pd_revision *base, const char *remote,
                          pd_error *err)
{
    if ((base != NULL && !pd_context_add_witness(context, PD_WITNESS_BASE, base, err)) ||
        !add_default_branch(context, remote, err))
        return false;
    if (pd_hook_never_had_migrations(context)) {
        pd_hook_nothing_to_do(context);
        return true;
    }
    return pd_hook_judge(context, err);
}

static bool check_push(pd_context *context, const pd_push *push, const char *remote, pd_error *err)
{
    pd_revision base = {0};
    bool has_base = false;
    bool unchanged = false;
    if (!pd_context_read(context, push->local_oid, err))
        return false;
    context->revision.spec = push->local_ref;
    if (!find_base(context, push, remote, &base, &has_base, err) ||
        (has_base && !pd_hook_is_unchanged(context, &base, &unchanged, err)))
        return false;
    if (unchanged) {
        pd_hook_nothing_to_do(context);
        return true;
    }
    return check_against(context, has_base ? &base : NULL, remote, err);
}

/* Checks one pushed ref and prints its report when there is something to say. *status gets the
 * worst of all refs. */
static bool handle_push(pd_context *context, const pd_push *push, const char *remote, int *status,
                        pd_error *err)
{
    /* A tag of a tree or a file carries no migration set. */
    bool other_object = pd_starts_with(push->local_ref, "refs/tags/") &&
                        !pd_git_has_commit(context->git, push->local_oid);
    if (push->deletes || other_object)
        return true;
    pd_hook_begin(context, "pre-push", push->local_ref);
    if (!check_push(context, push, remote, err)) {
        pd_error_prefix(err, "%s", push->local_ref);
        return false;
    }
    return pd_hook_report(context, SIZE_MAX, status, err);
}

/* git names a remote by its URL when it has no name: such a one has no tracking refs. */
static const char *remote_name(const pd_context *context)
{
    const char *remote = context->args.positional_count > 1 ? context->args.positionals[1] : NULL;
    const char *url = context->args.positional_count > 2 ? context->args.positionals[2] : NULL;
    return remote == NULL || pd_streq(remote, url) ? NULL : remote;
}

bool pd_push_hook(pd_context *context, pd_error *err)
{
    pd_bytes lines = {0};
    pd_pushes pushes = {0};
    if (!pd_context_open(context, err) ||
        !pd_file_slurp(stdin, "standard input", PD_HOOK_LINES_MAX, context->arena, &lines, err) ||
        !pd_pushes_parse(context->arena, lines.data, lines.len, &pushes, err))
        return false;
    int status = 0;
    for (size_t i = 0; i < pushes.count; i++) {
        /* A commit that is pushed to several refs from the same base is judged once. */
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = strcmp(pushes.items[j].local_oid, pushes.items[i].local_oid) == 0 &&
                   strcmp(pushes.items[j].remote_oid, pushes.items[i].remote_oid) == 0;
        if (!seen && !handle_push(context, &pushes.items[i], remote_name(context), &status, err))
            return false;
    }
    context->printed = true;
    context->report.status = status;
    return true;
}
