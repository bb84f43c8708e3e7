#include <string.h>

#include "base/file.h"
#include "base/printable.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/init.h"
#include "cli/output.h"
#include "cli/record.h"
#include "domain/settings_edit.h"
#include "gate/gate.h"
#include "git/hooks.h"
#include "git/worktree.h"
#include "hook_scripts.h"

#define HOOK "pre-push"

/* ---- .predeploy ---- */

static bool fail_conflict(const char *key, pd_error *err)
{
    pd_fail(err, PD_ERROR_USAGE, "%s has another %s than the command line", PD_SETTINGS_FILE, key);
    return pd_error_hint(err, "What stands there is kept. To change it: git config -f %s %s VALUE",
                         PD_SETTINGS_FILE, key);
}

/* What `.predeploy` is to say in the end; NULL and PD_LAYOUT_DETECT: nothing. */
typedef struct wanted {
    const char *path;
    pd_layout_kind layout;
} wanted;

/* What the file says by itself must be what was read with the command line over it, and what it
 * lacks is allowed before it is edited only. */
static bool check_settings(pd_context *context, pd_bytes text, const wanted *meant, bool edited,
                           pd_error *err)
{
    pd_settings alone;
    pd_settings_default(&alone);
    if (text.data != NULL &&
        !pd_settings_parse(&alone, context->arena, PD_SETTINGS_FILE, text.data, text.len, err))
        return false;
    if ((edited || alone.path != NULL) && !pd_streq(alone.path, meant->path))
        return fail_conflict("migrations.path", err);
    if ((edited || alone.layout != PD_LAYOUT_DETECT) && alone.layout != meant->layout)
        return fail_conflict("migrations.layout", err);
    return pd_streq(alone.rollback_since, context->settings.rollback_since) ||
           fail_conflict("migrations.rollbackSince", err);
}

/* One that does nothing, and does not say why, undoes nothing either; one that is not committed yet
 * can still be written. */
static bool has_companion(pd_context *context, const pd_migration *migration)
{
    const pd_sql_file *down = &migration->down;
    bool says_why = migration->irreversible && !pd_blank(migration->irreversible_reason);
    bool uncommitted = false;
    pd_error unknown = {0};
    if (down->data == NULL || !migration->down_empty || says_why)
        return down->data != NULL;
    return pd_git_is_uncommitted(context->git, down->path, &uncommitted, &unknown) && uncommitted;
}

/* Old migrations need no companion; what comes behind the newest one does. */
static const char *choose_since(pd_context *context, pd_init *init)
{
    const pd_set *set = &context->set;
    pd_read_companions(context->arena, &context->set);
    for (size_t i = 0; i < set->count; i++)
        init->without_companion += !has_companion(context, &set->migrations[i]);
    bool needed = init->without_companion > 0 && context->settings.rollback_since == NULL &&
                  context->settings.rollback != PD_ROLLBACK_OFF;
    return needed ? set->migrations[set->count - 1].name : NULL;
}

static void show_lines(const pd_settings_lines *section, pd_strbuf *out)
{
    for (size_t i = 0; i < section->count; i++)
        if (section->items[i].added)
            pd_strbuf_addf(out, "%s.%s = %s\n", section->section, section->items[i].key,
                           section->items[i].value);
}

/* The sections one behind the other; the last has no name. */
static bool add_lines(pd_context *context, pd_bytes old, const pd_settings_lines *sections,
                      const char **text, pd_error *err)
{
    *text = old.data;
    for (; sections->section != NULL; sections++) {
        if (!pd_settings_add(context->arena, old, sections, text, err))
            return false;
        old = (pd_bytes){*text, strlen(*text)};
    }
    return true;
}

/* What an earlier run wrote may still wait for its commit. */
static bool keep(pd_context *context, pd_init *init, const char *path, const char *why,
                 pd_error *err)
{
    bool uncommitted = false;
    if (!pd_git_is_uncommitted(context->git, path, &uncommitted, err))
        return false;
    if (uncommitted)
        why = pd_arena_printf(context->arena, "%s, and not committed", why);
    pd_init_add(init, PD_INIT_KEEP, path, why, "")->commits = uncommitted;
    return true;
}

static bool plan_settings(pd_context *context, pd_init *init, const wanted *meant, pd_error *err)
{
    pd_bytes old = {0};
    const char *text = "";
    bool has_layout = meant->layout != PD_LAYOUT_DETECT;
    if (!pd_file_read_below(pd_git_workdir(context->git), PD_SETTINGS_FILE, PD_SETTINGS_MAX,
                            context->arena, &old, err) ||
        !check_settings(context, old, meant, false, err))
        return false;
    const char *since = choose_since(context, init);
    pd_settings_line lines[] = {
        {.key = "path", .value = pd_streq(meant->path, "") ? "." : meant->path},
        {.key = "layout", .value = has_layout ? pd_layout_name(meant->layout) : NULL},
        {.key = "rollbackSince", .value = since},
    };
    pd_settings_line ledger[] = {{.key = "schema"}, {.key = "table"}};
    const pd_settings_lines sections[] = {
        {"migrations", lines, sizeof lines / sizeof lines[0]},
        {"ledger", ledger, sizeof ledger / sizeof ledger[0]},
        {0},
    };
    pd_drizzle_said said = {0};
    if ((meant->layout == PD_LAYOUT_DRIZZLE || meant->layout == PD_LAYOUT_DRIZZLE_FOLDERS) &&
        !pd_init_read_drizzle(context, meant->path, &said, err))
        return false;
    ledger[0].value = said.schema;
    ledger[1].value = said.table;
    if (!add_lines(context, old, sections, &text, err))
        return false;
    pd_init_tell_drizzle(context, init, &said, &sections[1]);
    if (since != NULL)
        context->settings.rollback_since = since;
    if (!check_settings(context, (pd_bytes){text, strlen(text)}, meant, true, err))
        return false;
    PD_AUTO_STRBUF shown = pd_strbuf_new(PD_STRBUF_MAX);
    show_lines(&sections[0], &shown);
    show_lines(&sections[1], &shown);
    if (shown.len == 0) {
        return old.data == NULL ||
               keep(context, init, PD_SETTINGS_FILE, "it has all that is needed", err);
    }
    init->settings = text;
    pd_init_add(init, old.data == NULL ? PD_INIT_CREATE : PD_INIT_CHANGE, PD_SETTINGS_FILE,
                since == NULL ? "where the migrations are, and how they lie there"
                              : "where the migrations are, how they lie there, and that companions "
                                "are required from the next one on",
                pd_strbuf_keep(&shown, context->arena));
    return true;
}

/* ---- SHA256SUMS ---- */

static bool plan_sums(pd_context *context, pd_init *init, pd_error *err)
{
    pd_record record = {0};
    const char *path = pd_worktree_path(context, PD_SUMS_FILE);
    const pd_entry *there = pd_snapshot_find(&context->snapshot, PD_SUMS_FILE);
    if (!pd_worktree_record(context, &record, err))
        return false;
    if (there != NULL && there->kind != PD_ENTRY_FILE) {
        pd_init_add(init, PD_INIT_KEEP, path, "it is no regular file: replace it by hand", "");
        return true;
    }
    if (record.refused > 0) {
        pd_init_add(init, PD_INIT_KEEP, path,
                    "published files are not what it says: `predeploy record` names them", "");
        return true;
    }
    if (!pd_worktree_sums_differ(context, &record)) {
        return keep(context, init, path, "it is up to date", err);
    }
    init->sums = record.text;
    pd_init_add(init, there == NULL ? PD_INIT_CREATE : PD_INIT_CHANGE, path,
                "the hash of each migration and companion, as in `predeploy record`",
                pd_arena_printf(context->arena, "%zu line%s%s\n", record.count,
                                record.count == 1 ? "" : "s",
                                there == NULL ? "" : " added, changed or removed"));
    return true;
}

/* ---- the hook ---- */

static const char *short_path(const pd_context *context, const char *path)
{
    const char *root = pd_git_workdir(context->git);
    size_t len = strlen(root);
    return strncmp(path, root, len) == 0 && path[len] == '/' ? path + len + 1 : path;
}

/* A hook in the work tree that git does not ignore is everybody's; else each clone installs its
 * own. */
static bool is_shared(pd_context *context, const char *shown, bool *out, pd_error *err)
{
    bool left_out = true;
    if (shown[0] != '/' && !pd_starts_with(shown, ".git/") &&
        !pd_git_is_left_out(context->git, shown, &left_out, err))
        return false;
    *out = !left_out;
    return true;
}

static bool add_hook(pd_context *context, pd_init *init, const pd_hook_plan *hook, pd_error *err)
{
    static const struct {
        pd_init_action action;
        const char *why;
    } steps[] = {
        [PD_HOOK_INSTALLED] = {PD_INIT_CREATE, "git push asks the gates"},
        [PD_HOOK_CHAINED] = {PD_INIT_CHANGE, "git push asks the gates; the hook that is there goes "
                                             "on as " HOOK ".local and is asked first"},
        [PD_HOOK_UPDATED] = {PD_INIT_CHANGE,
                             "git push asks the gates; an older hook of predeploy is replaced"},
        [PD_HOOK_PRESENT] = {PD_INIT_KEEP, "it is installed already"},
        [PD_HOOK_JOINED] = {PD_INIT_CHANGE, "git push asks the gates, then what stands there: "
                                            "husky runs this file"},
    };
    bool shared = false;
    const char *shown = short_path(context, hook->path);
    if (!is_shared(context, shown, &shared, err))
        return false;
    init->hook = hook->state != PD_HOOK_PRESENT;
    pd_init_step *step = pd_init_add(init, steps[hook->state].action, shown, steps[hook->state].why,
                                     init->hook ? hook->shown : "");
    step->commits = init->hook && shared;
    if (hook->local != NULL && shared)
        pd_init_add(init, PD_INIT_CREATE, short_path(context, hook->local),
                    "the hook that was there", "");
    return true;
}

static bool plan_hook(pd_context *context, pd_init *init, pd_error *err)
{
    pd_hook_plan hook = {0};
    if (context->args.no_hook)
        return true;
    if (!pd_hook_look(context->git, HOOK, pd_hook_pre_push, &hook, err))
        return false;
    const char *shown = short_path(context, hook.path);
    if (!hook.inside) {
        pd_init_add(init, PD_INIT_KEEP, shown,
                    "core.hooksPath leads out of this repository: `predeploy hook install` "
                    "writes there",
                    "");
        return true;
    }
    if (hook.state != PD_HOOK_MANAGED)
        return add_hook(context, init, &hook, err);
    bool lefthook = pd_streq(hook.manager, "lefthook");
    pd_init_add(init, PD_INIT_KEEP, shown,
                lefthook ? "lefthook writes this file: add to lefthook.yml what follows, or git "
                           "push does not ask the gates"
                         : "it is no regular file: let it call the gate, or git push does not ask "
                           "it",
                hook.shown);
    return true;
}

/* ---- the whole ---- */

static bool plan(pd_context *context, pd_init *init, bool found, pd_error *err)
{
    const pd_set *set = &context->set;
    bool there = found && (set->count > 0 || set->orphan_count > 0);
    wanted meant = {context->settings.path, context->settings.layout};
    if (there)
        meant = (wanted){set->folder, set->layout};
    if (!plan_settings(context, init, &meant, err))
        return false;
    if (!pd_ignored_add(context, PD_SETTINGS_FILE, &init->ignored, err))
        return false;
    if (there &&
        (!plan_sums(context, init, err) || !pd_worktree_ignored(context, &init->ignored, err) ||
         !pd_gate_rollback(set, &context->settings, &context->findings, err)))
        return false;
    pd_findings_settle(&context->findings, context->settings.severity_of_rule);
    return plan_hook(context, init, err);
}

static bool write_below(const pd_context *context, const char *path, const char *text,
                        pd_error *err)
{
    return text == NULL ||
           pd_file_write_below(pd_git_workdir(context->git), path, (pd_bytes){text, strlen(text)},
                               PD_FILE_REPLACE, err);
}

static bool write_all(pd_context *context, const pd_init *init, pd_error *err)
{
    const char *path = NULL;
    pd_hook_state state = PD_HOOK_PRESENT;
    return write_below(context, PD_SETTINGS_FILE, init->settings, err) &&
           write_below(context, pd_worktree_path(context, PD_SUMS_FILE), init->sums, err) &&
           (!init->hook ||
            pd_hook_install(context->git, HOOK, pd_hook_pre_push, &path, &state, err));
}

static bool open_worktree(pd_context *context, pd_error *err)
{
    if (pd_context_open(context, err))
        return true;
    if (pd_git_is_missing(err))
        pd_error_hint(err, "`git init` makes a repository here; --repo PATH names another one.");
    return false;
}

bool pd_cmd_init(pd_context *context, pd_error *err)
{
    bool found = false;
    pd_init init = {0};
    bool json = pd_streq(context->args.format, "json");
    PD_AUTO_STRBUF shown = pd_strbuf_new(PD_STRBUF_MAX);
    PD_AUTO_STRBUF done = pd_strbuf_new(PD_STRBUF_MAX);
    context->set.folder = "";
    if (!open_worktree(context, err) || !pd_context_worktree_settings(context, err) ||
        !pd_elsewhere_check_path(context, false, err) || !pd_worktree_read(context, &found, err) ||
        !pd_worktree_readable(context, err) || (!found && !pd_elsewhere_refuse(context, err)) ||
        !plan(context, &init, found, err))
        return false;
    if (!json) {
        pd_init_show(context, &init, &shown);
        if (!pd_output_text(context, stdout, shown.data))
            return true;
    }
    if (!context->args.dry_run && !write_all(context, &init, err))
        return false;
    if (json)
        pd_init_json(context, &init, &done);
    else
        pd_init_done(context, &init, &done);
    context->report.status = 0;
    (void)pd_output_text(context, stdout, done.data);
    return true;
}
