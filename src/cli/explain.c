/* Why a finding stands: what changed, and which commit brought it. Asked late, for what was found
 * only: the walk through history costs more than all the gates together. */
#include <string.h>

#include "base/hash.h"
#include "base/printable.h"
#include "base/str.h"
#include "cli/context.h"
#include "git/changes.h"
#include "sql/diff.h"
#include "sql/tokens.h"

/* So many old texts and commits are looked for; the rest say what is at hand without a walk. */
#define OLD_TEXTS_MAX 100
#define COMMITS_MAX 40

typedef struct explainer {
    pd_context *context;
    size_t texts;
    size_t commits;
} explainer;

/* The version that belongs there is in the history: one command brings it back. */
static void offer_old(const explainer *self, pd_finding *finding, const char *commit)
{
    finding->hint = pd_arena_printf(
        self->context->arena,
        "Put that version back (`git checkout %.12s -- %s`) and write a new migration for the "
        "change.%s",
        commit, pd_shell_word(self->context->arena, finding->place.path),
        finding->rule == PD_RULE_HASH_MISMATCH
            ? " If it was never published, record it again: predeploy record."
            : "");
}

/* The old text: of the witness, else the version in the path's history that has the hash. */
static void find_old(explainer *self, pd_finding *finding, pd_bytes *out)
{
    const pd_evidence *evidence = finding->evidence;
    pd_git_version version = {0};
    pd_error unknown = {0};
    *out = (pd_bytes){0};
    if (evidence->was != NULL) {
        *out = (pd_bytes){evidence->was->data, evidence->was->len};
        return;
    }
    if (evidence->was_hash == NULL || finding->place.path == NULL || self->texts >= OLD_TEXTS_MAX)
        return;
    self->texts++;
    if (pd_git_find_version(self->context->git, &self->context->revision, finding->place.path,
                            evidence->was_hash, &version, &unknown) &&
        version.found) {
        *out = version.text;
        offer_old(self, finding, version.commit);
    }
}

/* Only the digest of the old tokens is left: enough to tell an edit of comments. */
static void compare_digests(const pd_evidence *evidence, pd_change *change)
{
    char tokens[PD_SHA256_HEX];
    if (evidence->was_tokens == NULL || evidence->is == NULL || evidence->is->data == NULL)
        return;
    pd_sql_tokens_digest(evidence->is->data, evidence->is->len, tokens);
    change->kind = strcmp(tokens, evidence->was_tokens) == 0 ? PD_CHANGE_COMMENTS : PD_CHANGE_SQL;
}

static void find_commit(explainer *self, const pd_revision *from, const char *path,
                        pd_change *change)
{
    pd_git_change commit = {0};
    pd_error unknown = {0};
    bool found = false;
    change->commit = change->author = change->subject = "";
    if (from == NULL || path == NULL || self->commits >= COMMITS_MAX)
        return;
    self->commits++;
    if (pd_git_last_change(self->context->git, from, path, &commit, &found, &unknown) && found) {
        change->commit = pd_arena_strdup(self->context->arena, commit.oid);
        change->author = commit.author;
        change->subject = commit.subject;
        change->time = commit.time;
    }
}

static const char *signature(pd_arena *arena, const pd_change *change)
{
    return change->commit[0] == '\0'
               ? "an unknown commit"
               : pd_arena_printf(arena, "%.12s by %s", change->commit, change->author);
}

/* Both sides of a collision have a name: the two commits that took one version. */
static void name_both(explainer *self, pd_finding *finding, const pd_change *ours)
{
    pd_arena *arena = self->context->arena;
    const pd_evidence *evidence = finding->evidence;
    pd_change theirs = {0};
    find_commit(self, evidence->was_at, evidence->was->path, &theirs);
    finding->message =
        pd_arena_printf(arena, "%s: here since %s, at the base since %s", finding->message,
                        signature(arena, ours), signature(arena, &theirs));
}

/* A program is no SQL, and what could not be read is nothing at all. */
static bool is_sql(const pd_sql_file *file)
{
    return file != NULL && file->hash[0] != '\0' && pd_program_kind(file->path) == NULL;
}

static void explain(explainer *self, pd_finding *finding)
{
    pd_context *context = self->context;
    const pd_evidence *evidence = finding->evidence;
    pd_change *change = pd_arena_alloc(context->arena, sizeof *change);
    pd_bytes was = {0};
    bool collision = finding->rule == PD_RULE_HISTORY_COLLISION;
    /* Databases go by the name: to rename or remove a file is more than an edit of its comments. */
    bool edited = !collision && is_sql(evidence->is) && finding->rule != PD_RULE_HISTORY_RENAMED;
    *change = (pd_change){.old_excerpt = "", .new_excerpt = ""};
    find_old(self, finding, &was);
    pd_bytes is = {0};
    if (edited) {
        is = (pd_bytes){evidence->is->data, evidence->is->len};
        pd_sql_compare(context->arena, &was, &is, change);
    }
    if (edited && change->kind == PD_CHANGE_UNKNOWN)
        compare_digests(evidence, change);
    find_commit(self, &context->revision, finding->place.path, change);
    if (collision)
        name_both(self, finding, change);
    finding->change = change;
}

void pd_context_explain(void *ctx, pd_findings *findings)
{
    explainer self = {.context = ctx};
    for (size_t i = 0; i < findings->count; i++) {
        pd_finding *finding = &findings->items[i];
        if (finding->evidence != NULL && finding->change == NULL)
            explain(&self, finding);
    }
}
