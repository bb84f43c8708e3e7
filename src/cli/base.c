/* What is published: where the question goes when nobody has named a base. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/context.h"
#include "domain/event.h"
#include "git/history.h"

static bool fail_event(const char *path, const char *why, pd_error *err)
{
    pd_fail(err, PD_ERROR_UNREACHABLE, "cannot read the event file %s", path);
    pd_error_detail(err, "%s", why);
    return pd_error_hint(err, "Name the base yourself, --base REV, or unset GITHUB_EVENT_PATH.");
}

/* The event of the workflow that this runs in; an empty one outside of workflows. */
static bool read_event(pd_context *context, pd_event *event, pd_error *err)
{
    const char *path = getenv("GITHUB_EVENT_PATH");
    const char *name = getenv("GITHUB_EVENT_NAME");
    struct stat info;
    pd_bytes text = {0};
    *event = (pd_event){0};
    if (path == NULL || pd_blank(path) || name == NULL || pd_blank(name))
        return true;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail_event(path, strerror(errno), err);
    FILE *stream = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? fdopen(fd, "r") : NULL;
    if (stream == NULL) {
        close(fd);
        return fail_event(path, "it is no regular file", err);
    }
    bool done = pd_file_slurp(stream, path, PD_EVENT_MAX, context->arena, &text, err);
    fclose(stream);
    if (!done)
        err->kind = PD_ERROR_UNREACHABLE;
    return done && pd_event_parse(context->arena, name, text.data, text.len, event, err);
}

static bool resolve_event(pd_context *context, const pd_event *event, pd_revision *tip,
                          pd_error *err)
{
    if (!pd_git_has_commit(context->git, event->base)) {
        pd_fail(err, PD_ERROR_UNREACHABLE, "the event's base %.12s is not in this clone",
                event->base);
        return pd_error_hint(err,
                             "Fetch it: git fetch origin %s. In a workflow, actions/checkout with "
                             "`fetch-depth: 0` brings the history.",
                             event->base);
    }
    return pd_git_resolve(context->git, event->base, tip, err);
}

static bool fail_no_base(const char *remote, pd_error *err)
{
    pd_fail(err, PD_ERROR_UNREACHABLE, "cannot tell what is published: no base was found");
    return pd_error_hint(
        err,
        "Fetch the remote and its default branch: git fetch %s && git remote "
        "set-head %s --auto. If nothing was pushed to it yet: git push -u %s HEAD. "
        "Or name the base: --base REV, or [check] base in %s.",
        remote, remote, remote, PD_SETTINGS_FILE);
}

/* A name that somebody gave: a branch of a remote goes before a tag or a branch of the same name,
 * which anybody may push. */
static bool resolve_named(pd_context *context, const char *spec, pd_revision *tip, pd_error *err)
{
    pd_error no_branch = {0};
    const char *ref = pd_arena_printf(context->arena, "refs/remotes/%s", spec);
    if (strchr(spec, '/') != NULL && pd_git_resolve(context->git, ref, tip, &no_branch)) {
        tip->spec = spec;
        return true;
    }
    return pd_git_resolve(context->git, spec, tip, err);
}

bool pd_context_find_tip(pd_context *context, pd_tip *tip, pd_error *err)
{
    pd_event event = {0};
    const char *remote = NULL;
    *tip = (pd_tip){.source = PD_TIP_NAMED};
    if (context->args.base != NULL)
        return resolve_named(context, context->args.base, &tip->revision, err);
    if (!read_event(context, &event, err))
        return false;
    tip->default_branch = event.default_branch;
    if (event.base[0] != '\0') {
        bool push = event.after[0] != '\0';
        tip->source = push ? PD_TIP_PUSHED : PD_TIP_NAMED;
        tip->replaced = push && strcmp(event.after, context->revision.oid) == 0;
        return resolve_event(context, &event, &tip->revision, err);
    }
    tip->source = PD_TIP_SETTINGS;
    if (context->settings.base != NULL)
        return resolve_named(context, context->settings.base, &tip->revision, err);
    bool found = false;
    if (!pd_git_default_tip(context->git, event.default_branch, &tip->revision, &found, err))
        return false;
    tip->source = found ? PD_TIP_UPSTREAM : PD_TIP_NONE;
    return found || (pd_git_remote(context->git, &remote, err) &&
                     (remote == NULL || fail_no_base(remote, err)));
}

/* The remote's default branch, by the event's word or its own. */
static bool find_default(pd_context *context, const pd_tip *tip, pd_revision *out, bool *found,
                         pd_error *err)
{
    pd_error unknown = {0};
    const char *remote = NULL;
    *found = false;
    if (!pd_git_remote(context->git, &remote, err))
        return false;
    if (remote == NULL)
        return true;
    if (tip->default_branch != NULL) {
        const char *ref =
            pd_arena_printf(context->arena, "refs/remotes/%s/%s", remote, tip->default_branch);
        *found = pd_git_resolve(context->git, ref, out, &unknown);
    }
    return *found || pd_git_remote_tip(context->git, remote, out, found, err);
}

/* What came from the revision's own settings, or is the ref's own past, is not all: a branch that
 * was pushed by itself has published nothing. */
static bool add_default(pd_context *context, const pd_tip *tip, pd_error *err)
{
    pd_revision branch = {0};
    pd_error unknown = {0};
    bool found = false;
    bool related = false;
    if (!find_default(context, tip, &branch, &found, &unknown)) {
        *err = unknown;
        /* A project that names its base may have no default branch. */
        return tip->source == PD_TIP_SETTINGS;
    }
    if (!found)
        return true;
    return tip->source == PD_TIP_SETTINGS
               ? pd_context_add_merge_bases(context, &branch, &related, err)
               : pd_context_add_branch(context, &branch, &related, err);
}

/* A shallow clone of one branch knows nothing but that branch. */
static bool refuse_blind(pd_context *context, const pd_tip *tip, pd_error *err)
{
    pd_revision head = {0};
    pd_error unknown = {0};
    bool itself = context->witnesses.count == 1 &&
                  strcmp(context->witnesses.items[0].revision->oid, context->revision.oid) == 0;
    if (tip->source != PD_TIP_UPSTREAM || !itself || !pd_git_is_shallow(context->git) ||
        tip->default_branch != NULL ||
        pd_git_resolve(context->git, "refs/remotes/origin/HEAD", &head, &unknown))
        return true;
    pd_fail(err, PD_ERROR_UNREACHABLE,
            "cannot tell what is published: this shallow clone knows its own branch only");
    return pd_error_hint(err, "Fetch the default branch and the history: git fetch --unshallow "
                              "origin '+refs/heads/*:refs/remotes/origin/*' && git remote set-head "
                              "origin --auto. Or name the base: --base REV.");
}

bool pd_context_read_base(pd_context *context, pd_error *err)
{
    pd_tip tip;
    bool related = false;
    if (!pd_context_find_tip(context, &tip, err))
        return false;
    context->based = true;
    if (tip.source == PD_TIP_NONE)
        return true;
    if (tip.replaced) {
        if (!pd_context_add_witness(context, PD_WITNESS_BASE, &tip.revision, err))
            return false;
    } else {
        if (!pd_context_add_branch(context, &tip.revision, &related, err) ||
            (!related && !pd_context_add_witness(context, PD_WITNESS_BASE, &tip.revision, err)))
            return false;
    }
    if (tip.source != PD_TIP_NAMED && !add_default(context, &tip, err))
        return false;
    return refuse_blind(context, &tip, err);
}
