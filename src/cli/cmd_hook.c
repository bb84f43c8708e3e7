#include <stdio.h>
#include <string.h>

#include "base/printable.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/hook.h"
#include "cli/output.h"
#include "git/hooks.h"
#include "hook_scripts.h"

typedef struct hook {
    const char *name;
    const char *script;
    pd_command_function *run;
} hook;

static const hook hooks[] = {
    {"pre-push", pd_hook_pre_push, pd_push_hook},
    {"pre-receive", pd_hook_pre_receive, pd_receive_hook},
};

static const hook *find_hook(const char *name)
{
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++)
        if (strcmp(hooks[i].name, name) == 0)
            return &hooks[i];
    return NULL;
}

static bool fail_unknown(const char *name, pd_error *err)
{
    if (name[0] == '\0')
        pd_fail(err, PD_ERROR_USAGE, "hook needs a name");
    else
        pd_fail(err, PD_ERROR_USAGE, "unknown hook %s", name);
    return pd_error_hint(err, "predeploy hook install [pre-push | pre-receive], predeploy hook "
                              "pre-push REMOTE URL, or predeploy hook pre-receive");
}

/* Pushes go out of a work tree and into a bare repository, unless a hook is named. */
static const hook *wanted_hook(pd_context *context)
{
    if (context->args.positional_count > 1)
        return find_hook(context->args.positionals[1]);
    return find_hook(pd_git_workdir(context->git) == NULL ? "pre-receive" : "pre-push");
}

static const char *state_text(pd_context *context, pd_hook_state state, const char *name)
{
    switch (state) {
    case PD_HOOK_INSTALLED:
        return "installed";
    case PD_HOOK_CHAINED:
        return pd_arena_printf(context->arena, "installed; the one that was there is now %s.local",
                               name);
    case PD_HOOK_UPDATED:
        return "updated";
    case PD_HOOK_JOINED:
        return "changed; it asks the gates first";
    case PD_HOOK_MANAGED:
    case PD_HOOK_PRESENT:
        break;
    }
    return "already installed";
}

static bool install(pd_context *context, pd_error *err)
{
    const char *path = NULL;
    pd_hook_state state = PD_HOOK_PRESENT;
    if (!pd_context_open(context, err))
        return false;
    const hook *wanted = wanted_hook(context);
    if (wanted == NULL)
        return fail_unknown(context->args.positionals[1], err);
    if (!pd_hook_install(context->git, wanted->name, wanted->script, &path, &state, err))
        return false;
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addf(&out, "%s: %s\n", pd_printable(context->arena, path),
                   state_text(context, state, wanted->name));
    (void)pd_output_text(context, stdout, out.data);
    return true;
}

bool pd_hook_judges(const pd_command *command, const pd_args *args)
{
    return command->run == pd_cmd_hook && args->positional_count > 0 &&
           find_hook(args->positionals[0]) != NULL;
}

bool pd_cmd_hook(pd_context *context, pd_error *err)
{
    const char *name = context->args.positional_count > 0 ? context->args.positionals[0] : "";
    const hook *called = find_hook(name);
    if (called != NULL)
        return called->run(context, err);
    if (strcmp(name, "install") == 0 && context->args.positional_count <= 2)
        return install(context, err);
    return fail_unknown(name, err);
}
