/* Commands read commits: who has just mended a file, and not committed it, looks for it in vain. */
#include <string.h>

#include "base/printable.h"
#include "base/str.h"
#include "cli/context.h"
#include "git/worktree.h"
#include "layout/layout.h"

typedef struct comparison {
    pd_context *context;
    const char *folder;
    const char *settings; /* see new_settings */
    pd_snapshot tree;     /* the migrations folder of the work tree */
} comparison;

/* Only what HEAD is can be mended by a commit. */
static bool reads_head(pd_context *context)
{
    pd_revision head = {0};
    pd_error none = {0};
    return context->report.revision != NULL && pd_git_workdir(context->git) != NULL &&
           pd_git_resolve(context->git, "HEAD", &head, &none) &&
           pd_streq(head.oid, context->revision.oid);
}

static bool read_tree(comparison *self)
{
    pd_context *context = self->context;
    pd_error none = {0};
    self->folder = context->set.folder == NULL ? "" : context->set.folder;
    if (pd_blank(self->folder) && context->settings.path == NULL &&
        (!pd_find_folder(context, NULL, &context->settings, &self->folder, &none) ||
         pd_blank(self->folder)))
        return false;
    return pd_git_worktree(context->git, self->folder, &self->tree, &none) && !self->tree.too_many;
}

static const char *path_of(const comparison *self, const char *entry)
{
    return pd_arena_printf(self->context->arena, "%s%s%s", self->folder,
                           self->folder[0] == '\0' ? "" : "/", entry);
}

static bool is_left_out(const comparison *self, const char *entry)
{
    bool left_out = false;
    pd_error none = {0};
    return !pd_git_is_left_out(self->context->git, path_of(self, entry), &left_out, &none) ||
           left_out;
}

/* Whether the work tree has the file, and the revision has none of that name. */
static bool is_untracked(const comparison *self, const char *entry)
{
    const pd_entry *there = pd_snapshot_find(&self->tree, entry);
    return there != NULL && there->kind == PD_ENTRY_FILE &&
           pd_snapshot_find(&self->context->snapshot, entry) == NULL && !is_left_out(self, entry);
}

static bool differs(const comparison *self, const pd_entry *there)
{
    const pd_entry *read = pd_snapshot_find(&self->context->snapshot, there->path);
    if (there->data == NULL)
        return false;
    if (read == NULL)
        return !is_left_out(self, there->path);
    return read->data != NULL &&
           (read->size != there->size || memcmp(read->data, there->data, (size_t)read->size) != 0);
}

static void note(comparison *self, const char *entry)
{
    pd_report *report = &self->context->report;
    if (report->uncommitted_count++ == 0)
        report->uncommitted = path_of(self, entry);
}

static void compare(comparison *self)
{
    const pd_snapshot *read = &self->context->snapshot;
    for (size_t i = 0; i < self->tree.count; i++)
        if (differs(self, &self->tree.entries[i]))
            note(self, self->tree.entries[i].path);
    for (size_t i = 0; i < read->count; i++)
        if (read->entries[i].data != NULL &&
            pd_snapshot_find(&self->tree, read->entries[i].path) == NULL)
            note(self, read->entries[i].path);
}

/* The file that a line of SHA256SUMS is about; NULL: there is no such line. */
static const char *listed_at(const pd_set *set, int line)
{
    for (size_t i = 0; i < set->sums_count; i++)
        if (set->sums[i].line == line)
            return set->sums[i].entry;
    return NULL;
}

/* " .predeploy" where the work tree has settings and the revision has none: they belong into the
 * same commit, or the gates are asked without them. */
static const char *new_settings(const comparison *self)
{
    pd_context *context = self->context;
    pd_bytes committed = {0};
    bool uncommitted = false;
    pd_error none = {0};
    bool is_new = pd_git_is_uncommitted(context->git, PD_SETTINGS_FILE, &uncommitted, &none) &&
                  uncommitted &&
                  pd_git_read_file(context->git, context->report.revision, PD_SETTINGS_FILE,
                                   PD_SETTINGS_MAX, &committed, &none) &&
                  committed.data == NULL;
    return is_new ? " " PD_SETTINGS_FILE : "";
}

/* What is only forgotten in a commit is not to be written anew, or searched for. Says whether it
 * is that. */
static bool correct_hint(comparison *self, pd_finding *finding)
{
    pd_context *context = self->context;
    const char *entry = NULL;
    if (finding->rule == PD_RULE_NO_MIGRATIONS && self->tree.count > 0 &&
        pd_layout_holds(&self->tree, &context->settings)) {
        pd_finding_hint(&context->findings, finding,
                        "They stand in the work tree, but are not committed: git add %s%s && git "
                        "commit",
                        pd_shell_word(context->arena, pd_blank(self->folder) ? "." : self->folder),
                        pd_blank(self->folder) ? "" : self->settings);
        return true;
    }
    if (finding->rule == PD_RULE_SUMS_MISSING_FILE)
        entry = listed_at(&context->set, finding->place.line);
    else if (finding->rule == PD_RULE_SUMS_MISSING)
        entry = PD_SUMS_FILE;
    if (entry == NULL)
        return false;
    const char *path = pd_shell_word(context->arena, path_of(self, entry));
    if (!is_untracked(self, entry)) {
        if (finding->rule == PD_RULE_SUMS_MISSING && !pd_blank(self->settings))
            pd_finding_hint(&context->findings, finding,
                            "Make the file and commit it with your settings: predeploy record && "
                            "git add %s%s && git commit",
                            path, self->settings);
        return false;
    }
    pd_finding_hint(&context->findings, finding,
                    "It stands in the work tree, but is not committed: git add %s%s && git "
                    "commit",
                    path, self->settings);
    return true;
}

void pd_context_compare_worktree(pd_context *context)
{
    comparison self = {.context = context};
    bool said = false;
    if (!reads_head(context) || !read_tree(&self))
        return;
    self.settings = context->findings.count > 0 ? new_settings(&self) : "";
    for (size_t i = 0; i < context->findings.count; i++)
        said = correct_hint(&self, &context->findings.items[i]) || said;
    if (!said)
        compare(&self);
}
