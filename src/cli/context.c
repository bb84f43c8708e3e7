#include "cli/context.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/printable.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "cli/elsewhere.h"
#include "cli/values.h"
#include "git/worktree.h"
#include "layout/layout.h"

bool pd_context_open(pd_context *context, pd_error *err)
{
    return context->git != NULL ||
           pd_git_open(&context->git, context->arena, context->args.repo, err);
}

static bool choose_layout(pd_settings *settings, const char *name, pd_error *err)
{
    if (pd_layout_find(name, &settings->layout)) {
        if (settings->layout != PD_LAYOUT_CUSTOM || settings->up_pattern != NULL)
            return true;
        pd_fail(err, PD_ERROR_USAGE, "the layout custom has no patterns");
        return pd_error_hint(err,
                             "Say how migrations are named: git config -f %s layout.up "
                             "'{version}_{title}.up.sql', and commit it.",
                             PD_SETTINGS_FILE);
    }
    pd_fail(err, PD_ERROR_USAGE, "unknown layout %s", name);
    return pd_value_hint(err, "layout", "LAYOUT");
}

/* "./drizzle/" and "drizzle" are one folder. */
static const char *normal_path(pd_arena *arena, const char *path)
{
    while (pd_starts_with(path, "./"))
        path += 2 + strspn(path + 2, "/");
    size_t len = strlen(path);
    while (len > 0 && path[len - 1] == '/')
        len--;
    const char *normal = pd_arena_strndup(arena, path, len);
    return strcmp(normal, ".") == 0 ? "" : normal;
}

static bool apply_arguments(pd_context *context, pd_error *err)
{
    const pd_args *args = &context->args;
    pd_settings *settings = &context->settings;
    if (args->path != NULL)
        settings->path = normal_path(context->arena, args->path);
    if (args->layout != NULL && !choose_layout(settings, args->layout, err))
        return false;
    if (args->transaction != NULL) {
        int mode = 0;
        if (!pd_value_find("MODE", args->transaction, &mode)) {
            pd_fail(err, PD_ERROR_USAGE, "unknown transaction mode %s", args->transaction);
            return pd_value_hint(err, "transaction", "MODE");
        }
        settings->transaction = (pd_transaction_mode)mode;
    }
    const char *asked = context->environment.backup_before_migrate;
    bool backup = false;
    if (!pd_blank(asked) && !pd_parse_bool(asked, &backup)) {
        pd_fail(err, PD_ERROR_USAGE, "DB_BACKUP_BEFORE_MIGRATE is neither true nor false");
        return pd_error_hint(err, "Set it to true to back up before a deployment.");
    }
    settings->backup_required = settings->backup_required || backup || args->backup;
    return true;
}

bool pd_context_settings_at(pd_context *context, const pd_revision *revision, pd_settings *settings,
                            pd_error *err)
{
    pd_bytes text = {0};
    if (!pd_git_read_file(context->git, revision, PD_SETTINGS_FILE, PD_SETTINGS_MAX, &text, err))
        return false;
    const char *name = pd_arena_printf(context->arena, "%s:%s", revision->spec, PD_SETTINGS_FILE);
    return text.data == NULL ||
           pd_settings_parse(settings, context->arena, name, text.data, text.len, err);
}

static bool read_settings(pd_context *context, pd_error *err)
{
    pd_settings_default(&context->settings);
    return pd_context_settings_at(context, &context->revision, &context->settings, err) &&
           apply_arguments(context, err);
}

bool pd_context_worktree_settings(pd_context *context, pd_error *err)
{
    pd_settings_default(&context->settings);
    const char *root = pd_git_workdir(context->git);
    if (root == NULL) {
        pd_fail(err, PD_ERROR_USAGE, "this repository has no work tree");
        return pd_error_hint(err, "Run the command in a clone that has one.");
    }
    const char *path = pd_arena_printf(context->arena, "%s/%s", root, PD_SETTINGS_FILE);
    pd_bytes text = {0};
    if (!pd_file_read_regular(path, path, PD_SETTINGS_MAX, context->arena, &text, err) ||
        (text.data != NULL && !pd_settings_parse(&context->settings, context->arena,
                                                 PD_SETTINGS_FILE, text.data, text.len, err)))
        return false;
    return apply_arguments(context, err);
}

/* Whether a finding closes the gate that the settings have not made a warning. */
static bool is_closed(const pd_context *context)
{
    for (size_t i = 0; i < context->findings.count; i++) {
        const pd_finding *finding = &context->findings.items[i];
        int severity = context->settings.severity_of_rule[finding->rule];
        if ((severity < 0 ? (int)finding->severity : severity) == (int)PD_SEVERITY_ERROR)
            return true;
    }
    return false;
}

/* Where they are instead, when the work tree tells. */
static const char *where_instead(pd_context *context, const char *folder)
{
    if (folder[0] == '\0' && context->settings.path == NULL)
        return pd_elsewhere_hint(context);
    const char *meant = context->args.path == NULL ? NULL : pd_elsewhere_from_here(context, folder);
    return meant == NULL
               ? NULL
               : pd_arena_printf(context->arena, "Paths begin at the root of the tree: --path %s",
                                 pd_shell_word(context->arena, meant));
}

static void find_no_migrations(pd_context *context, const char *folder)
{
    if (context->set.count > 0 || context->set.orphan_count > 0 || context->args.allow_empty ||
        is_closed(context))
        return;
    pd_finding *finding =
        folder[0] == '\0' && context->settings.path == NULL
            ? pd_find(&context->findings, PD_RULE_NO_MIGRATIONS, NULL,
                      "no migrations folder was found in this revision")
            : pd_find(&context->findings, PD_RULE_NO_MIGRATIONS, folder,
                      "there are no migrations in %s", folder[0] == '\0' ? "the root" : folder);
    const char *instead = where_instead(context, folder);
    if (instead != NULL) {
        pd_finding_hint(&context->findings, finding, "%s", instead);
        return;
    }
    pd_finding_hint(&context->findings, finding,
                    "`predeploy new NAME` writes the first one; commit it. If they are elsewhere: "
                    "git config -f %s migrations.path FOLDER, committed, or --path FOLDER. If none "
                    "are meant to be there: --allow-empty.",
                    PD_SETTINGS_FILE);
}

void pd_context_layout(pd_context *context, const pd_snapshot *snapshot,
                       const pd_settings *settings, pd_set *out, pd_findings *findings)
{
    pd_layout_read(context->arena, snapshot, settings, pd_unix_seconds() * 1000, out, findings);
    pd_read_companions(context->arena, out);
}

/* Reads the set as the settings say that were read before. */
static bool read_set(pd_context *context, pd_error *err)
{
    const char *folder = "";
    if (!pd_find_folder(context, &context->revision, &context->settings, &folder, err))
        return false;
    bool found = folder[0] != '\0' || context->settings.path != NULL;
    if (found &&
        !pd_git_snapshot(context->git, &context->revision, folder, true, &context->snapshot, err))
        return false;
    if (found)
        pd_context_layout(context, &context->snapshot, &context->settings, &context->set,
                          &context->findings);
    context->set.folder = folder;
    context->report.set = &context->set;
    find_no_migrations(context, folder);
    return true;
}

static bool resolve(pd_context *context, const char *spec, pd_error *err)
{
    if (!pd_git_resolve(context->git, spec, &context->revision, err))
        return false;
    context->report.revision = &context->revision;
    return true;
}

bool pd_context_read_settings(pd_context *context, const char *spec, pd_error *err)
{
    return resolve(context, spec, err) && read_settings(context, err);
}

bool pd_context_read(pd_context *context, const char *spec, pd_error *err)
{
    return pd_context_read_settings(context, spec, err) && read_set(context, err);
}

bool pd_context_read_under(pd_context *context, const char *spec, const pd_settings *settings,
                           pd_error *err)
{
    context->settings = *settings;
    return resolve(context, spec, err) && apply_arguments(context, err) && read_set(context, err);
}

void pd_context_reset(pd_context *context)
{
    context->findings = (pd_findings){.arena = context->arena};
    context->set = (pd_set){0};
    context->snapshot = (pd_snapshot){0};
    context->witnesses = (pd_witnesses){0};
    context->based = false;
    context->report = (pd_report){
        .command = context->report.command,
        .findings = &context->findings,
        .tables_before = -1,
        .tables_after = -1,
    };
}

void pd_context_close(pd_context *context)
{
    pd_db_close(&context->begun);
    pd_db_close(&context->db);
    pd_cluster_stop(&context->cluster);
    pd_git_close(&context->git);
    if (context->interrupt.fd >= 0)
        pd_interrupt_close(&context->interrupt);
}
