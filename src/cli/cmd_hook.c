#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/printable.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "git/history.h"
#include "git/hooks.h"
#include "git/pushes.h"
#include "hook_scripts.h"

#define PUSH_LINES_MAX ((size_t)8 << 20)

/* The tip of the default branch of the remote, or of origin, for a push that shares no history
 * with what is published. */
static bool find_tip(pd_context *context, const char *remote, pd_revision *base, bool *found)
{
    static const char *const branches[] = {"HEAD", "main", "master"};
    const char *const remotes[] = {remote == NULL ? "origin" : remote, "origin"};
    pd_error ignored = {0};
    *found = false;
    for (size_t i = 0; i < 6 && !*found; i++) {
        const char *ref =
            pd_arena_printf(context->arena, "refs/remotes/%s/%s", remotes[i / 3], branches[i % 3]);
        *found = pd_git_resolve(context->git, ref, base, &ignored);
    }
    return true;
}

/* A ref that is new to the remote: what any known remote shares with it is published; a branch
 * that shares nothing but has migrations is held against the default branch. */
static bool find_base_of_new(pd_context *context, const pd_push *push, const char *remote,
                             pd_revision *base, bool *found, pd_error *err)
{
    pd_git *git = context->git;
    if (!pd_git_published(git, remote, push->local_oid, base, found, err))
        return false;
    if (!*found && remote != NULL &&
        !pd_git_published(git, NULL, push->local_oid, base, found, err))
        return false;
    return *found || context->set.count == 0 || find_tip(context, remote, base, found);
}

/* What the remote has of the pushed ref: its old tip, else what is known to be published. */
static bool find_base(pd_context *context, const pd_push *push, const char *remote,
                      pd_revision *base, bool *found, pd_error *err)
{
    *found = false;
    if (push->creates)
        return find_base_of_new(context, push, remote, base, found, err);
    if (!pd_git_has_commit(context->git, push->remote_oid)) {
        pd_fail(err, PD_ERROR_UNREACHABLE, "the remote's %s is at %.12s, which this clone lacks",
                push->remote_ref, push->remote_oid);
        return pd_error_hint(err,
                             "Fetch it first, so that what is published is known: git fetch %s",
                             remote == NULL ? "" : remote);
    }
    *found = true;
    return pd_git_resolve(context->git, push->remote_oid, base, err);
}

/* Whether the folder and the settings are, byte for byte, what the base has. */
static bool is_unchanged(pd_context *context, const pd_revision *base, bool *unchanged,
                         pd_error *err)
{
    pd_snapshot published = {0};
    pd_bytes now = {0};
    pd_bytes then = {0};
    pd_git *git = context->git;
    if (!pd_git_snapshot(git, base, context->set.folder, false, &published, err) ||
        !pd_git_read_file(git, &context->revision, PD_SETTINGS_FILE, PD_SETTINGS_MAX, &now, err) ||
        !pd_git_read_file(git, base, PD_SETTINGS_FILE, PD_SETTINGS_MAX, &then, err))
        return false;
    *unchanged = strcmp(published.tree_oid, context->snapshot.tree_oid) == 0 &&
                 pd_streq(now.data, then.data);
    return true;
}

/* A branch that never had migrations (pages, documentation) is none of our business. */
static bool never_had_migrations(const pd_context *context)
{
    return context->set.count == 0 && context->set.orphan_count == 0 &&
           context->base_set.count == 0 && context->findings.count == 1 &&
           context->findings.items[0].rule == PD_RULE_NO_MIGRATIONS;
}

static bool check_against(pd_context *context, const pd_revision *base, pd_error *err)
{
    if (base != NULL && !pd_context_use_base(context, base, err))
        return false;
    if (never_had_migrations(context)) {
        context->findings.count = 0;
        context->report.nothing_to_do = true;
        return true;
    }
    if (!pd_context_run(context, err) || !pd_check_set(&context->run, err))
        return false;
    if (pd_findings_of_gate(&context->findings, PD_GATE_REVISION, PD_SEVERITY_ERROR) > 0)
        return true;
    return pd_check_unpublished(&context->run, err);
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
        (has_base && !is_unchanged(context, &base, &unchanged, err)))
        return false;
    if (unchanged) {
        context->findings.count = 0;
        context->report.nothing_to_do = true;
        context->report.base = NULL;
        return true;
    }
    return check_against(context, has_base ? &base : NULL, err);
}

static void ask_gates(pd_report *report)
{
    pd_report_ask(report, PD_GATE_REVISION, "");
    pd_report_ask(report, PD_GATE_INTEGRITY, "");
    pd_report_ask(report, PD_GATE_ROLLBACK, "");
    pd_report_ask(report, PD_GATE_HISTORY, "the remote has nothing of it yet");
    pd_report_ask(report, PD_GATE_SYNTAX, "not asked: another gate is closed");
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
    pd_context_reset(context);
    context->report.command = pd_arena_printf(context->arena, "pre-push %s", push->local_ref);
    ask_gates(&context->report);
    if (!check_push(context, push, remote, err)) {
        pd_error_prefix(err, "%s", push->local_ref);
        return false;
    }
    if (context->report.nothing_to_do) {
        pd_progress_detail(&context->progress, "predeploy: %s brings no change of migrations",
                           push->local_ref);
        return true;
    }
    pd_report_settle(&context->report, &context->settings);
    context->report.status = pd_report_closed(&context->report) ? 1 : 0;
    if (context->report.status > *status)
        *status = context->report.status;
    if (!pd_output_report(context))
        return pd_fail(err, PD_ERROR_UNREACHABLE, "cannot write the report");
    return true;
}

/* git names a remote by its URL when it has no name: such a one has no tracking refs. */
static const char *remote_name(const pd_context *context)
{
    const char *remote = context->args.positional_count > 1 ? context->args.positionals[1] : NULL;
    const char *url = context->args.positional_count > 2 ? context->args.positionals[2] : NULL;
    return remote == NULL || pd_streq(remote, url) ? NULL : remote;
}

static bool pre_push(pd_context *context, pd_error *err)
{
    pd_bytes lines = {0};
    pd_pushes pushes = {0};
    if (!pd_context_open(context, err) ||
        !pd_file_slurp(stdin, "standard input", PUSH_LINES_MAX, context->arena, &lines, err) ||
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

static bool install(pd_context *context, pd_error *err)
{
    const char *path = NULL;
    pd_hook_state state = PD_HOOK_PRESENT;
    if (!pd_context_open(context, err) ||
        !pd_hook_install(context->git, "pre-push", pd_hook_pre_push, &path, &state, err))
        return false;
    static const char *const words[] = {
        [PD_HOOK_INSTALLED] = "installed",
        [PD_HOOK_CHAINED] = "installed; the one that was there is now pre-push.local",
        [PD_HOOK_UPDATED] = "updated",
        [PD_HOOK_PRESENT] = "already installed",
    };
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addf(&out, "%s: %s\n", pd_printable(context->arena, path), words[state]);
    (void)pd_output_text(context, stdout, out.data);
    return true;
}

bool pd_cmd_hook(pd_context *context, pd_error *err)
{
    const char *name = context->args.positional_count > 0 ? context->args.positionals[0] : "";
    if (strcmp(name, "pre-push") == 0)
        return pre_push(context, err);
    if (strcmp(name, "install") == 0 && context->args.positional_count == 1)
        return install(context, err);
    pd_fail(err, PD_ERROR_USAGE, "unknown hook %s", name[0] == '\0' ? "(none)" : name);
    return pd_error_hint(err, "predeploy hook install, or predeploy hook pre-push REMOTE URL");
}
