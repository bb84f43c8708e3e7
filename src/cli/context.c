#include "cli/context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "git/history.h"
#include "git/worktree.h"
#include "layout/layout.h"

bool pd_context_open(pd_context *context, pd_error *err)
{
    return pd_git_open(&context->git, context->arena, context->args.repo, err);
}

static bool choose_layout(pd_settings *settings, const char *name, pd_error *err)
{
    if (pd_layout_find(name, &settings->layout))
        return true;
    pd_fail(err, PD_ERROR_USAGE, "unknown layout %s", name);
    return pd_error_hint(err, "--layout takes drizzle, drizzle-folders, plain, golang-migrate, "
                              "sqlx, diesel, prisma, flyway, dbmate, goose or custom.");
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
    if (args->base != NULL)
        settings->base = args->base;
    if (args->transaction != NULL) {
        if (strcmp(args->transaction, "all") == 0) {
            settings->transaction = PD_TRANSACTION_ALL;
        } else if (strcmp(args->transaction, "each") == 0) {
            settings->transaction = PD_TRANSACTION_EACH;
        } else {
            pd_fail(err, PD_ERROR_USAGE, "unknown transaction mode %s", args->transaction);
            return pd_error_hint(err, "--transaction takes all or each.");
        }
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

static bool read_settings_of(pd_context *context, const pd_revision *revision,
                             pd_settings *settings, pd_error *err)
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
    return read_settings_of(context, &context->revision, &context->settings, err) &&
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
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno != ENOENT) {
        pd_fail(err, PD_ERROR_USAGE, "cannot read %s", path);
        return pd_error_detail(err, "%s", strerror(errno));
    }
    if (fd >= 0) {
        pd_bytes text = {0};
        FILE *stream = fdopen(fd, "r");
        if (stream == NULL) {
            close(fd);
            return pd_fail(err, PD_ERROR_USAGE, "cannot read %s", path);
        }
        bool done = pd_file_slurp(stream, path, PD_SETTINGS_MAX, context->arena, &text, err);
        fclose(stream);
        if (!done || !pd_settings_parse(&context->settings, context->arena, PD_SETTINGS_FILE,
                                        text.data, text.len, err))
            return false;
    }
    return apply_arguments(context, err);
}

static void find_no_migrations(pd_context *context, const char *folder)
{
    if (context->set.count > 0 || context->set.orphan_count > 0 || context->args.allow_empty ||
        pd_findings_count(&context->findings, PD_SEVERITY_ERROR) > 0)
        return;
    pd_finding *finding =
        folder[0] == '\0' && context->settings.path == NULL
            ? pd_find(&context->findings, PD_RULE_NO_MIGRATIONS, NULL,
                      "no migrations folder was found in this revision")
            : pd_find(&context->findings, PD_RULE_NO_MIGRATIONS, folder,
                      "there are no migrations in %s", folder[0] == '\0' ? "the root" : folder);
    pd_finding_hint(&context->findings, finding,
                    "Name the folder: git config -f %s migrations.path FOLDER, committed, or "
                    "--path FOLDER. If none are meant to be there: --allow-empty.",
                    PD_SETTINGS_FILE);
}

static void read_set(pd_context *context, const pd_snapshot *snapshot, const pd_settings *settings,
                     pd_set *out, pd_findings *findings)
{
    pd_layout_read(context->arena, snapshot, settings, pd_unix_seconds() * 1000, out, findings);
    pd_read_companions(context->arena, out);
}

bool pd_context_read(pd_context *context, const char *spec, pd_error *err)
{
    if (!pd_git_resolve(context->git, spec, &context->revision, err))
        return false;
    context->report.revision = &context->revision;
    const char *folder = "";
    if (!read_settings(context, err) ||
        !pd_find_folder(context, &context->revision, &context->settings, &folder, err))
        return false;
    bool found = folder[0] != '\0' || context->settings.path != NULL;
    if (found &&
        !pd_git_snapshot(context->git, &context->revision, folder, true, &context->snapshot, err))
        return false;
    if (found)
        read_set(context, &context->snapshot, &context->settings, &context->set,
                 &context->findings);
    context->set.folder = folder;
    context->report.set = &context->set;
    find_no_migrations(context, folder);
    return true;
}

/* Whether a folder of a revision has anything, and recorded hashes. */
static bool look_into(pd_context *context, const pd_revision *revision, const char *folder,
                      bool *there, bool *recorded, pd_error *err)
{
    pd_snapshot snapshot = {0};
    *there = false;
    *recorded = false;
    if (folder[0] != '\0' &&
        !pd_git_snapshot(context->git, revision, folder, false, &snapshot, err))
        return false;
    *there = snapshot.count > 0;
    *recorded = pd_snapshot_find(&snapshot, PD_SUMS_FILE) != NULL;
    return true;
}

/* Where the base kept its migrations: its own settings say, else --path when it was there, else
 * the folder that is found and has recorded hashes, else the folder of today. One that moved must
 * not look like an empty base, nor one that nobody used like the published one. */
static bool find_base_folder(pd_context *context, const pd_revision *base, pd_settings *settings,
                             const char **folder, pd_error *err)
{
    pd_error broken = {0};
    pd_settings_default(settings);
    if (!read_settings_of(context, base, settings, &broken)) {
        *err = broken;
        if (broken.kind != PD_ERROR_USAGE)
            return false;
        /* The revision that mends the base's settings must get through. */
        *err = (pd_error){0};
        pd_settings_default(settings);
    }
    bool there = false;
    bool recorded = false;
    *folder = settings->path != NULL ? settings->path : context->set.folder;
    if (settings->path != NULL || !look_into(context, base, *folder, &there, &recorded, err))
        return settings->path != NULL;
    const char *found = "";
    pd_error several = {0};
    if (there && context->args.path != NULL)
        return true;
    if (!pd_find_folder(context, base, settings, &found, &several)) {
        *err = several.kind == PD_ERROR_USAGE ? (pd_error){0} : several;
        return several.kind == PD_ERROR_USAGE;
    }
    if (!look_into(context, base, found, &there, &recorded, err))
        return false;
    if (recorded || (*folder)[0] == '\0')
        *folder = found;
    return true;
}

bool pd_context_use_base(pd_context *context, const pd_revision *base, pd_error *err)
{
    context->base_revision = *base;
    context->report.base = &context->base_revision;
    context->has_base = true;
    const char *folder = "";
    pd_settings settings = {0};
    pd_snapshot snapshot = {0};
    if (!find_base_folder(context, base, &settings, &folder, err) ||
        !pd_git_snapshot(context->git, base, folder, true, &snapshot, err))
        return false;
    bool moved = strcmp(folder, context->set.folder) != 0;
    if (!moved) {
        settings = context->settings;
        settings.layout = context->set.layout;
    }
    /* What was wrong with the base is not this revision's fault. */
    pd_findings ignored = {.arena = context->arena};
    context->base_set = (pd_set){.folder = folder};
    bool known = folder[0] != '\0' || settings.path != NULL || context->settings.path != NULL;
    if (known && snapshot.count > 0)
        read_set(context, &snapshot, &settings, &context->base_set, &ignored);
    return true;
}

bool pd_context_read_base(pd_context *context, pd_error *err)
{
    pd_revision base = {0};
    bool found = false;
    if (context->settings.base == NULL) {
        if (!pd_git_default_base(context->git, context->revision.oid, &base, &found, err))
            return false;
        return !found || pd_context_use_base(context, &base, err);
    }
    pd_revision named = {0};
    if (!pd_git_resolve(context->git, context->settings.base, &named, err) ||
        !pd_git_merge_base(context->git, context->revision.oid, named.oid, &base, &found, err))
        return false;
    return pd_context_use_base(context, found ? &base : &named, err);
}

void pd_context_reset(pd_context *context)
{
    context->findings = (pd_findings){.arena = context->arena};
    context->set = (pd_set){0};
    context->base_set = (pd_set){0};
    context->snapshot = (pd_snapshot){0};
    context->has_base = false;
    context->report = (pd_report){
        .command = context->report.command,
        .findings = &context->findings,
        .tables_before = -1,
        .tables_after = -1,
    };
}

void pd_context_close(pd_context *context)
{
    pd_db_close(&context->db);
    pd_cluster_stop(&context->cluster);
    pd_git_close(&context->git);
    if (context->interrupt.fd >= 0)
        pd_interrupt_close(&context->interrupt);
}
