/* What is published: where the question goes when nobody has named a base. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/context.h"
#include "domain/event.h"
#include "git/history.h"

/* The event of the workflow that this runs in; an empty one outside of workflows. */
static bool read_event(pd_context *context, pd_event *event, pd_error *err)
{
    const char *path = getenv("GITHUB_EVENT_PATH");
    const char *name = getenv("GITHUB_EVENT_NAME");
    pd_bytes text = {0};
    *event = (pd_event){0};
    if (pd_blank(path) || pd_blank(name))
        return true;
    FILE *stream = fopen(path, "re");
    if (stream == NULL) {
        pd_fail(err, PD_ERROR_UNREACHABLE, "cannot read the event file %s", path);
        pd_error_detail(err, "%s", strerror(errno));
        return pd_error_hint(err, "Name the base yourself, --base REV, or unset "
                                  "GITHUB_EVENT_PATH.");
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
    return pd_error_hint(err,
                         "Fetch the remote and its default branch: git fetch %s && git remote "
                         "set-head %s --auto. Or name the base: --base REV, or [check] base in %s.",
                         remote, remote, PD_SETTINGS_FILE);
}

bool pd_context_find_tip(pd_context *context, pd_revision *tip, bool *replaced, bool *found,
                         pd_error *err)
{
    pd_event event = {0};
    const char *remote = NULL;
    *replaced = false;
    *found = true;
    if (context->args.base != NULL)
        return pd_git_resolve(context->git, context->args.base, tip, err);
    if (!read_event(context, &event, err))
        return false;
    if (event.base[0] != '\0') {
        *replaced = pd_streq(getenv("GITHUB_EVENT_NAME"), "push");
        return resolve_event(context, &event, tip, err);
    }
    if (context->settings.base != NULL)
        return pd_git_resolve(context->git, context->settings.base, tip, err);
    if (!pd_git_default_tip(context->git, event.default_branch, tip, found, err))
        return false;
    if (*found)
        return true;
    return pd_git_remote(context->git, &remote, err) &&
           (remote == NULL || fail_no_base(remote, err));
}

bool pd_context_read_base(pd_context *context, pd_error *err)
{
    pd_revision tip = {0};
    bool replaced = false;
    bool found = false;
    bool related = false;
    if (!pd_context_find_tip(context, &tip, &replaced, &found, err))
        return false;
    context->based = true;
    if (!found)
        return true;
    if (replaced)
        return pd_context_add_witness(context, PD_WITNESS_BASE, &tip, err);
    if (!pd_context_add_branch(context, &tip, &related, err))
        return false;
    return related || pd_context_add_witness(context, PD_WITNESS_BASE, &tip, err);
}
