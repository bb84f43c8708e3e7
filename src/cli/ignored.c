#include "base/printable.h"
#include "cli/output.h"
#include "cli/record.h"
#include "git/worktree.h"

enum { WARNED_MAX = 10 };

bool pd_ignored_add(pd_context *context, const char *path, pd_ignored *out, pd_error *err)
{
    bool ignored = false;
    if (!pd_git_is_left_out(context->git, path, &ignored, err))
        return false;
    if (ignored)
        *PD_PUSH(context->arena, out->paths, out->count, out->capacity) = path;
    return true;
}

static bool add_file(pd_context *context, const pd_sql_file *file, pd_ignored *out, pd_error *err)
{
    return file->data == NULL || pd_ignored_add(context, file->path, out, err);
}

bool pd_worktree_ignored(pd_context *context, pd_ignored *out, pd_error *err)
{
    const pd_set *set = &context->set;
    if (!pd_ignored_add(context, pd_worktree_path(context, PD_SUMS_FILE), out, err) ||
        (set->layout == PD_LAYOUT_DRIZZLE &&
         !pd_ignored_add(context, pd_worktree_path(context, PD_JOURNAL_FILE), out, err)))
        return false;
    for (size_t i = 0; i < set->count; i++) {
        const pd_migration *migration = &set->migrations[i];
        if (!add_file(context, &migration->up, out, err) ||
            (!migration->one_file && !add_file(context, &migration->down, out, err)) ||
            !add_file(context, &migration->config, out, err))
            return false;
    }
    return true;
}

void pd_ignored_show(pd_arena *arena, const pd_ignored *ignored, const char *lead, pd_strbuf *out)
{
    for (size_t i = 0; i < ignored->count && i < WARNED_MAX; i++)
        pd_strbuf_addf(out, "%sgit ignores %s: a commit will not have it\n", lead,
                       pd_printable(arena, ignored->paths[i]));
    if (ignored->count > WARNED_MAX)
        pd_strbuf_addf(out, "%sand %zu more files\n", lead, ignored->count - WARNED_MAX);
    if (ignored->count > 0)
        pd_strbuf_addf(out,
                       "%shint: `git check-ignore -v %s` shows why; `git add -f` adds it all the "
                       "same\n",
                       lead, pd_shell_word(arena, pd_printable(arena, ignored->paths[0])));
}

void pd_ignored_warn(pd_context *context, const pd_ignored *ignored)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_ignored_show(context->arena, ignored, "predeploy: warning: ", &out);
    if (out.len > 0)
        (void)pd_output_text(context, stderr, out.data);
}
