/* The pre-receive hook: a push is judged where it arrives, by settings that it cannot bring along
 * (docs/hooks.md). Each ref has an arena and a handle of its own, so that a push of many refs takes
 * no more memory than its largest one. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/printable.h"
#include "base/str.h"
#include "base/watchdog.h"
#include "cli/hook.h"
#include "git/history.h"
#include "git/pushes.h"

#define TIME_MAX_MS ((int64_t)5 * 60 * 1000)
#define FINDINGS_MAX 20 /* of one rule that a report shows */
#define SETTINGS_KEY "predeploy.settings"
#define TIMEOUT_KEY "predeploy.timeout"
#define SETTINGS_HINT "git config " SETTINGS_KEY " FILE"

/* The settings that the server's administrator has set. */
typedef struct server_side {
    const char *file; /* NULL: none, those of the repository stand */
    pd_settings settings;
} server_side;

/* What stands on the server before the push, as far as one of its refs goes. */
typedef struct standing {
    pd_revision old; /* what the ref was */
    bool has_old;
    pd_revision head; /* of HEAD's branch, unless that is the ref itself */
    bool has_head;
    pd_revision shared; /* what the branches have of a new ref, or of a tag */
    bool has_shared;
    bool any; /* there are branches */
} standing;

/* Where the pushed revision itself says that its migrations are. */
typedef struct own_place {
    pd_settings settings;
    bool same; /* as the settings that count have it, or of no account */
    pd_set set;
    pd_findings findings;
} own_place;

/* ---- the server's configuration ---- */

static bool fail_server(pd_error *err, const char *key, const char *file)
{
    err->kind = PD_ERROR_UNREACHABLE;
    return pd_error_hint(err,
                         "This push cannot be judged before an administrator of the server mends "
                         "it: %s in the configuration of git, %s.",
                         key, file);
}

static bool read_settings_file(pd_context *context, const char *path, pd_bytes *text, pd_error *err)
{
    static const char name[] = "the server's settings";
    if (!pd_file_read_regular(path, name, PD_SETTINGS_MAX, context->arena, text, err))
        return false;
    if (text->data != NULL)
        return true;
    pd_fail(err, PD_ERROR_UNREACHABLE, "cannot read %s", name);
    return pd_error_detail(err, "no file is there");
}

static bool read_server(pd_context *context, server_side *out, pd_error *err)
{
    const char *path = NULL;
    pd_bytes text = {0};
    pd_settings_default(&out->settings);
    if (!pd_git_read_config(context->git, SETTINGS_KEY, &path, err))
        return false;
    if (path == NULL)
        return true;
    out->file = path[0] == '/'
                    ? path
                    : pd_arena_printf(context->arena, "%s/%s", pd_git_folder(context->git), path);
    return (read_settings_file(context, out->file, &text, err) &&
            pd_settings_parse(&out->settings, context->arena, "the server's settings", text.data,
                              text.len, err)) ||
           fail_server(err, SETTINGS_KEY, out->file);
}

static bool set_time_limit(pd_context *context, pd_error *err)
{
    const char *text = NULL;
    int64_t ms = TIME_MAX_MS;
    if (!pd_git_read_config(context->git, TIMEOUT_KEY, &text, err))
        return false;
    if (text != NULL && (!pd_parse_duration(text, &ms) || ms == 0)) {
        pd_fail(err, PD_ERROR_UNREACHABLE, "cannot read %s: '%s' is no time", TIMEOUT_KEY, text);
        return fail_server(err, TIMEOUT_KEY, "a duration such as 5min");
    }
    pd_watchdog_start(ms);
    return true;
}

/* ---- what stands ---- */

static bool find_old(pd_context *context, const pd_push *push, standing *out, pd_error *err)
{
    return push->creates ||
           (pd_git_leads_to_commit(context->git, push->remote_oid, &out->has_old, err) &&
            (!out->has_old || pd_git_resolve(context->git, push->remote_oid, &out->old, err)));
}

static bool fail_no_head(pd_error *err)
{
    pd_fail(err, PD_ERROR_UNREACHABLE,
            "cannot tell what is published: the server's HEAD names no branch that is there, and "
            "its branches share nothing with this one");
    return pd_error_hint(err, "An administrator of the server names the branch that is published: "
                              "git symbolic-ref HEAD refs/heads/BRANCH");
}

static bool find_standing(pd_context *context, const pd_push *push, standing *out, pd_error *err)
{
    pd_git *git = context->git;
    if (!find_old(context, push, out, err) ||
        !pd_git_head_tip(git, &out->head, &out->has_head, err))
        return false;
    if (out->has_old && pd_streq(out->head.ref, push->local_ref))
        out->has_head = false;
    if (out->has_old && !pd_starts_with(push->local_ref, "refs/tags/"))
        return true;
    if (!pd_git_branches_share(git, push->local_oid, &out->shared, &out->any, &out->has_shared,
                               err))
        return false;
    if (out->has_old || out->has_head)
        return true;
    /* HEAD's branch is not there yet. */
    out->has_old = out->has_shared;
    out->old = out->shared;
    return out->has_old || !out->any || fail_no_head(err);
}

/* A repository that is empty has no settings yet: only where migrations lie is taken from the
 * push, nothing that would make a gate weaker. */
static void copy_place(pd_settings *to, const pd_settings *from)
{
    to->path = from->path;
    to->layout = from->layout;
    to->up_pattern = from->up_pattern;
    to->rollback_pattern = from->rollback_pattern;
    to->version_order = from->version_order;
}

static bool choose_settings(pd_context *context, const server_side *server, const standing *stands,
                            const pd_settings *own, pd_settings *out, pd_error *err)
{
    *out = server->settings;
    if (server->file != NULL)
        return true;
    pd_settings_default(out);
    const pd_revision *from = stands->has_old    ? &stands->old
                              : stands->has_head ? &stands->head
                                                 : NULL;
    if (from == NULL)
        copy_place(out, own);
    if (from == NULL || pd_context_settings_at(context, from, out, err))
        return true;
    if (err->kind != PD_ERROR_USAGE)
        return false;
    /* Weaker or stronger, nobody can say: the push that mends them needs somebody to decide. */
    err->kind = PD_ERROR_UNREACHABLE;
    return pd_error_hint(err, "The settings that stand on the server are broken. An administrator "
                              "gives it settings of its own: " SETTINGS_HINT);
}

/* ---- the pushed revision under its own settings ---- */

static bool is_same_place(const pd_context *context, const pd_settings *own, const char *folder)
{
    const pd_settings *counts = &context->settings;
    bool own_known = own->path != NULL || folder[0] != '\0';
    bool known = counts->path != NULL || context->set.folder[0] != '\0';
    return own_known == known && strcmp(folder, context->set.folder) == 0 &&
           own->layout == counts->layout && own->version_order == counts->version_order &&
           pd_streq(own->up_pattern, counts->up_pattern) &&
           pd_streq(own->rollback_pattern, counts->rollback_pattern);
}

/* The next push would be judged by the settings of this one: what is published must be there, too,
 * unless the server says for good where it is. */
static bool read_own_place(pd_context *context, own_place *own, pd_error *err)
{
    const char *folder = "";
    pd_snapshot snapshot = {0};
    own->findings.arena = context->arena;
    own->same = true;
    if (context->folder_stands)
        return true;
    if (!pd_find_folder(context, &context->revision, &own->settings, &folder, err))
        return false;
    own->same = is_same_place(context, &own->settings, folder);
    own->set.folder = folder;
    if (own->same || (own->settings.path == NULL && folder[0] == '\0'))
        return true;
    if (!pd_git_snapshot(context->git, &context->revision, folder, true, &snapshot, err))
        return false;
    pd_context_layout(context, &snapshot, &own->settings, &own->set, &own->findings);
    own->set.folder = folder;
    return true;
}

static void judge_own_place(pd_context *context, own_place *own)
{
    pd_arena *arena = context->arena;
    pd_findings *findings = &context->findings;
    pd_gate_history(&own->set, &context->witnesses, context->settings.arrival, &own->findings);
    for (size_t i = 0; i < own->findings.count; i++) {
        pd_finding *finding = PD_PUSH(arena, findings->items, findings->count, findings->capacity);
        *finding = own->findings.items[i];
        finding->message =
            pd_arena_printf(arena, "by the pushed %s: %s", PD_SETTINGS_FILE, finding->message);
        pd_finding_hint(findings, finding,
                        "Where that file says that migrations are, all that is published must be, "
                        "too. Or an administrator gives the server settings of its own: "
                        "%s",
                        SETTINGS_HINT);
    }
}

/* Who moves the folder is told how. */
static void explain_move(pd_context *context, const own_place *own, const server_side *server)
{
    static const char *const alone =
        "push a copy in the new folder with the new setting, and remove the old folder with the "
        "next push; or ";
    const pd_set *before = pd_context_base_set(context);
    const char *path = own->settings.path;
    const char *stands =
        context->set.folder[0] != '\0' || before == NULL ? context->set.folder : before->folder;
    pd_findings *findings = &context->findings;
    if (path == NULL || strcmp(path, stands) == 0)
        return;
    for (size_t i = 0; i < findings->count; i++) {
        pd_finding *finding = &findings->items[i];
        if (finding->rule != PD_RULE_HISTORY_REMOVED && finding->rule != PD_RULE_NO_MIGRATIONS)
            continue;
        pd_finding_hint(findings, finding,
                        "The pushed %s names the folder %s, but what is published stands in %s. To "
                        "move it, %slet an administrator change the server's settings first: %s",
                        PD_SETTINGS_FILE, path, stands, server->file != NULL ? "" : alone,
                        server->file != NULL ? SETTINGS_KEY : SETTINGS_HINT);
        return;
    }
}

/* ---- one ref ---- */

static bool add_witnesses(pd_context *context, const standing *stands, const own_place *own,
                          pd_error *err)
{
    bool related = false;
    if (stands->has_old && !pd_context_add_witness(context, PD_WITNESS_BASE, &stands->old, err))
        return false;
    if (!stands->has_head)
        return true;
    if (!pd_context_add_branch(context, &stands->head, &related, err))
        return false;
    /* A branch that shares nothing with HEAD's goes on alone when it had migrations of its own
     * before; the first that it gets are held against HEAD's. */
    const pd_set *before = stands->has_old ? pd_context_base_set(context) : NULL;
    return related || (before != NULL && before->count > 0) ||
           context->set.count + own->set.count == 0 ||
           pd_context_add_witness(context, PD_WITNESS_BASE, &stands->head, err);
}

/* Without its journal a Drizzle folder looks like a plain one, and the next push could bring
 * another journal: only the upgrade to folders takes it away. */
static bool check_journal(pd_context *context, pd_error *err)
{
    pd_snapshot snapshot = {0};
    const pd_set *before = pd_context_base_set(context);
    if (before == NULL || before->count == 0 || before->folder[0] == '\0' ||
        context->set.layout == PD_LAYOUT_DRIZZLE_FOLDERS ||
        pd_snapshot_find(&context->snapshot, PD_JOURNAL_FILE) != NULL)
        return true;
    const pd_revision *base = context->witnesses.items[0].revision;
    if (!pd_git_snapshot(context->git, base, before->folder, false, &snapshot, err))
        return false;
    if (pd_snapshot_find(&snapshot, PD_JOURNAL_FILE) == NULL)
        return true;
    const char *path = pd_arena_printf(context->arena, "%s/%s", before->folder, PD_JOURNAL_FILE);
    pd_finding *finding = pd_find(&context->findings, PD_RULE_HISTORY_RESTAMPED, path,
                                  "the published journal was removed");
    pd_finding_hint(&context->findings, finding,
                    "By it Drizzle knows what is applied. Bring it back: git checkout %.12s -- %s",
                    base->oid, pd_shell_word(context->arena, path));
    return true;
}

/* Whether a branch has this commit, or the same folder and settings. */
static bool is_known(pd_context *context, const standing *stands, const own_place *own, bool *known,
                     pd_error *err)
{
    const pd_revision *base = stands->has_shared ? &stands->shared
                              : stands->has_old  ? &stands->old
                                                 : NULL;
    *known = stands->has_shared && strcmp(stands->shared.oid, context->revision.oid) == 0;
    return *known || base == NULL || !own->same || pd_hook_is_unchanged(context, base, known, err);
}

static bool read_revision(pd_context *context, const pd_push *push, const server_side *server,
                          const standing *stands, own_place *own, pd_error *err)
{
    pd_settings settings = {0};
    pd_settings_default(&own->settings);
    if (!pd_git_resolve(context->git, push->local_oid, &context->revision, err))
        return false;
    context->revision.spec = push->local_ref;
    if (!pd_context_settings_at(context, &context->revision, &own->settings, err) ||
        !choose_settings(context, server, stands, &own->settings, &settings, err) ||
        !pd_context_read_under(context, push->local_oid, &settings, err))
        return false;
    context->revision.spec = push->local_ref;
    context->folder_stands =
        context->args.path != NULL || (server->file != NULL && server->settings.path != NULL);
    return read_own_place(context, own, err);
}

static bool judge(pd_context *context, const pd_push *push, const server_side *server,
                  pd_error *err)
{
    standing stands = {0};
    own_place own = {0};
    bool commit = false;
    bool known = false;
    if (!pd_git_leads_to_commit(context->git, push->local_oid, &commit, err))
        return false;
    /* A tag of a tree or a file carries no migration set. */
    if (!commit) {
        pd_hook_nothing_to_do(context);
        return true;
    }
    if (!find_standing(context, push, &stands, err) ||
        !read_revision(context, push, server, &stands, &own, err) ||
        !is_known(context, &stands, &own, &known, err))
        return false;
    if (!known && !add_witnesses(context, &stands, &own, err))
        return false;
    if (known || (pd_hook_never_had_migrations(context) && own.set.count == 0)) {
        pd_hook_nothing_to_do(context);
        return true;
    }
    if (!check_journal(context, err) || !pd_hook_judge(context, err))
        return false;
    if (!own.same && !pd_report_closed(&context->report))
        judge_own_place(context, &own);
    explain_move(context, &own, server);
    return true;
}

static bool receive(pd_context *run, const pd_push *push, const server_side *server, int *status,
                    pd_error *err)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_context context = *run;
    context.arena = arena;
    context.git = NULL;
    pd_hook_begin(&context, "pre-receive", push->local_ref);
    bool done = pd_context_open(&context, err) && judge(&context, push, server, err) &&
                pd_hook_report(&context, FINDINGS_MAX, status, err);
    pd_git_close(&context.git);
    if (!done)
        pd_error_prefix(err, "%s", push->local_ref);
    return done;
}

/* ---- all refs ---- */

/* New refs of one commit are one question. */
static bool was_asked(const pd_pushes *pushes, size_t at)
{
    const pd_push *push = &pushes->items[at];
    bool tag = pd_starts_with(push->local_ref, "refs/tags/");
    for (size_t i = 0; push->creates && i < at; i++) {
        const pd_push *other = &pushes->items[i];
        if (other->creates && strcmp(other->local_oid, push->local_oid) == 0 &&
            pd_starts_with(other->local_ref, "refs/tags/") == tag)
            return true;
    }
    return false;
}

static bool check_arguments(const pd_args *args, pd_error *err)
{
    if (args->positional_count > 1) {
        pd_fail(err, PD_ERROR_USAGE, "too many arguments: %s", args->positionals[1]);
        return pd_error_hint(err, "usage: predeploy hook pre-receive [OPTIONS]");
    }
    if (args->output == NULL && (args->format == NULL || strcmp(args->format, "human") == 0))
        return true;
    pd_fail(err, PD_ERROR_USAGE, "pre-receive has no output but the report for people");
    return pd_error_hint(err, "Leave out --format and --output: git shows the report to who "
                              "pushes.");
}

bool pd_receive_hook(pd_context *context, pd_error *err)
{
    pd_bytes lines = {0};
    pd_pushes pushes = {0};
    server_side server = {0};
    int status = 0;
    context->to_stderr = true;
    context->report.command = "pre-receive";
    pd_watchdog_start(TIME_MAX_MS);
    if (!check_arguments(&context->args, err) || !pd_context_open(context, err) ||
        !set_time_limit(context, err) || !read_server(context, &server, err) ||
        !pd_file_slurp(stdin, "standard input", PD_HOOK_LINES_MAX, context->arena, &lines, err) ||
        !pd_received_parse(context->arena, lines.data, lines.len, &pushes, err))
        return false;
    for (size_t i = 0; i < pushes.count; i++) {
        const pd_push *push = &pushes.items[i];
        if (!push->deletes && !was_asked(&pushes, i) &&
            !receive(context, push, &server, &status, err))
            return false;
    }
    pd_watchdog_stop();
    context->printed = true;
    context->report.status = status;
    return true;
}
