#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/printable.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/output.h"
#include "cli/record.h"
#include "gate/gate.h"
#include "git/worktree.h"
#include "layout/scaffold.h"

#define FIRST_FOLDER "migrations"

static bool check_arguments(const pd_context *context, pd_error *err)
{
    bool named = context->args.positional_count > 0;
    if (named != context->args.companions)
        return true;
    pd_fail(err, PD_ERROR_USAGE,
            named ? "--companions takes no name: it writes no migration" : "new needs a name");
    return pd_error_hint(err, "predeploy new add_orders, or predeploy new --companions");
}

/* A project of drizzle-kit has two layouts to choose from, and neither is plain. */
static bool refuse_drizzle_config(pd_context *context, pd_error *err)
{
    static const char *const names[] = {"drizzle.config.ts", "drizzle.config.js",
                                        "drizzle.config.json"};
    struct stat st;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *path =
            pd_arena_printf(context->arena, "%s/%s", pd_git_workdir(context->git), names[i]);
        if (lstat(path, &st) != 0)
            continue;
        pd_fail(err, PD_ERROR_USAGE, "%s stands here, but no migration does: the layout is open",
                names[i]);
        return pd_error_hint(err, "Begin with `drizzle-kit generate`, or say --path and --layout "
                                  "(drizzle, drizzle-folders or plain).");
    }
    return true;
}

/* Where nothing says otherwise the first migration is a plain one in migrations/. */
static bool begin_set(pd_context *context, bool found, pd_error *err)
{
    pd_set *set = &context->set;
    if (!found) {
        set->folder = FIRST_FOLDER;
        if (!pd_git_worktree(context->git, FIRST_FOLDER, &context->snapshot, err))
            return false;
    }
    if (set->count > 0 || set->orphan_count > 0 || set->layout != PD_LAYOUT_DETECT)
        return true;
    set->layout = context->settings.layout;
    if (set->layout != PD_LAYOUT_DETECT)
        return true;
    set->layout = PD_LAYOUT_PLAIN;
    return refuse_drizzle_config(context, err);
}

/* The findings about the set go to the report; with an error among them nothing is written. */
static bool is_sound(pd_context *context)
{
    pd_report *report = &context->report;
    report->set = &context->set;
    pd_report_ask(report, PD_GATE_REVISION, "");
    pd_report_answer(report, PD_GATE_REVISION, "the work tree");
    pd_report_settle(report, &context->settings);
    return pd_findings_of_gate(&context->findings, PD_GATE_REVISION, PD_SEVERITY_ERROR) == 0;
}

static bool read_wanted(pd_context *context, pd_scaffold_input *input, pd_error *err)
{
    pd_scaffold_wanted(context->arena, &context->snapshot, context->set.layout, &input->files,
                       &input->file_count);
    uint64_t bytes = 0;
    for (size_t i = 0; i < input->file_count; i++) {
        pd_entry *file = &input->files[i];
        pd_bytes text = {0};
        if (!pd_file_read_below(pd_git_workdir(context->git), pd_worktree_path(context, file->path),
                                (size_t)PD_FILE_MAX, context->arena, &text, err))
            return false;
        bytes += text.len;
        if (bytes > PD_SET_MAX)
            return pd_fail(err, PD_ERROR_USAGE, "the snapshots of drizzle-kit are too large");
        file->data = text.data;
        file->size = text.len;
    }
    return true;
}

static bool make_files(pd_context *context, pd_scaffold *out, pd_error *err)
{
    char uuid[37];
    pd_uuid(uuid);
    pd_scaffold_input input = {
        .snapshot = &context->snapshot,
        .set = &context->set,
        .settings = &context->settings,
        .now_ms = pd_unix_seconds() * 1000,
        .uuid = uuid,
    };
    if (context->args.companions)
        return pd_scaffold_companions(context->arena, &input, out, err);
    return read_wanted(context, &input, err) &&
           pd_scaffold_migration(context->arena, &input, context->args.positionals[0], out, err);
}

/* All of the files or none: what was made is removed when the next one cannot be. */
static bool write_files(pd_context *context, const pd_scaffold *files, pd_error *err)
{
    const char *root = pd_git_workdir(context->git);
    for (size_t i = 0; i < files->count; i++) {
        const pd_new_file *file = &files->files[i];
        pd_file_how how = file->replaces ? PD_FILE_REPLACE : PD_FILE_NEW;
        if (pd_file_write_below(root, pd_worktree_path(context, file->entry), file->text, how, err))
            continue;
        while (i-- > 0)
            if (!files->files[i].replaces)
                pd_file_remove_below(root, pd_worktree_path(context, files->files[i].entry));
        return false;
    }
    return true;
}

static bool warn_of_ignored(pd_context *context, const pd_scaffold *files, pd_error *err)
{
    pd_ignored ignored = {0};
    for (size_t i = 0; i < files->count; i++)
        if (!pd_ignored_add(context, pd_worktree_path(context, files->files[i].entry), &ignored,
                            err))
            return false;
    pd_ignored_warn(context, &ignored);
    return true;
}

static void print_json(const pd_context *context, const pd_scaffold *files, pd_strbuf *out)
{
    PD_AUTO_JSON root = json_object();
    json_t *list = json_array();
    json_t *passed = json_array();
    for (size_t i = 0; i < files->count; i++) {
        json_t *file = json_object();
        const char *path = pd_worktree_path(context, files->files[i].entry);
        json_object_set_new(file, "path", pd_json_text(path));
        json_object_set_new(file, "action",
                            json_string(files->files[i].replaces ? "changed" : "created"));
        json_array_append_new(list, file);
    }
    for (size_t i = 0; i < files->passed_count; i++)
        json_array_append_new(passed, pd_json_text(files->passed[i]));
    json_object_set_new(root, "schema", json_string("predeploy-new/1"));
    json_object_set_new(root, "folder", pd_json_text(context->set.folder));
    json_object_set_new(root, "layout", json_string(pd_layout_name(context->set.layout)));
    json_object_set_new(root, "name", pd_json_text(files->name));
    json_object_set_new(root, "files", list);
    json_object_set_new(root, "passed", passed);
    pd_json_write(out, root, true);
    pd_strbuf_addc(out, '\n');
}

/* Companions that are there, and were not written yet. */
static void print_unwritten(pd_context *context, pd_strbuf *out)
{
    pd_set *set = &context->set;
    const char *since = context->settings.rollback_since;
    size_t count = 0;
    const char *first = NULL;
    pd_read_companions(context->arena, set);
    for (size_t i = (size_t)((since == NULL ? -1 : pd_set_find(set, since)) + 1); i < set->count;
         i++) {
        const pd_migration *migration = &set->migrations[i];
        if (migration->down.data == NULL || !migration->down_empty || migration->irreversible)
            continue;
        count++;
        first = first == NULL ? migration->down.path : first;
    }
    if (count == 0)
        pd_strbuf_adds(out, "nothing to write: every migration has the companion it needs\n");
    else if (count == 1)
        pd_strbuf_addf(out, "nothing to write, but %s has no statement yet\n",
                       pd_printable(context->arena, first));
    else
        pd_strbuf_addf(out, "nothing to write, but %zu companions have no statement yet: %s, ...\n",
                       count, pd_printable(context->arena, first));
}

static void print_human(pd_context *context, const pd_scaffold *files, pd_strbuf *out)
{
    for (size_t i = 0; i < files->count; i++)
        pd_strbuf_addf(
            out, "%s  %s\n", files->files[i].replaces ? "changed" : "created",
            pd_printable(context->arena, pd_worktree_path(context, files->files[i].entry)));
    for (size_t i = 0; i < files->passed_count; i++)
        pd_strbuf_addf(out, "left     %s: write its way down into the file itself\n",
                       pd_printable(context->arena, files->passed[i]));
    if (context->args.quiet)
        return;
    if (files->count > 0)
        pd_strbuf_adds(out, "write the SQL, then: predeploy record, git add, git commit\n");
    else if (files->passed_count == 0)
        print_unwritten(context, out);
}

bool pd_cmd_new(pd_context *context, pd_error *err)
{
    bool found = false;
    pd_scaffold files = {0};
    const char *title = "";
    if (!check_arguments(context, err) ||
        (!context->args.companions &&
         !pd_scaffold_title(context->arena, context->args.positionals[0], &title, err)) ||
        !pd_context_open(context, err) || !pd_context_worktree_settings(context, err) ||
        !pd_elsewhere_check_path(context, true, err) || !pd_worktree_read(context, &found, err) ||
        !pd_worktree_readable(context, err) || (!found && !pd_elsewhere_refuse(context, err)) ||
        !begin_set(context, found, err))
        return false;
    if (!is_sound(context))
        return true;
    if (!make_files(context, &files, err) || !write_files(context, &files, err) ||
        !warn_of_ignored(context, &files, err))
        return false;
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    if (pd_streq(context->args.format, "json"))
        print_json(context, &files, &out);
    else
        print_human(context, &files, &out);
    context->report.status = 0;
    (void)pd_output_text(context, stdout, out.data);
    return true;
}
