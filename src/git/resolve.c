#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "git/history.h"
#include "git/internal.h"

#define TEXT_MAX ((size_t)1024) /* bytes that are kept of a subject or a name */
#define TAG_DEPTH_MAX 64        /* tags of tags that are followed */

static char *copy_text(pd_arena *arena, const char *text)
{
    return text == NULL ? pd_arena_strdup(arena, "")
                        : pd_arena_strndup(arena, text, strnlen(text, TEXT_MAX));
}

void pd_git_describe(pd_arena *arena, git_commit *commit, const char *spec, const char *ref,
                     pd_revision *out)
{
    const git_signature *author = git_commit_author(commit);
    memset(out, 0, sizeof *out);
    git_oid_tostr(out->oid, sizeof out->oid, git_commit_id(commit));
    out->spec = pd_arena_strdup(arena, spec);
    out->ref = ref != NULL ? pd_arena_strdup(arena, ref) : NULL;
    out->subject = copy_text(arena, git_commit_summary(commit));
    out->author = copy_text(arena, author != NULL ? author->name : NULL);
    out->time = git_commit_time(commit);
}

static bool fail_missing(pd_git *git, const git_oid *oid, int rc, pd_error *err)
{
    char hex[PD_OID_HEX];
    git_oid_tostr(hex, sizeof hex, oid);
    pd_git_fail(err, rc, "cannot read object %s", hex);
    return pd_git_missing_hint(git, err);
}

static bool fail_not_a_commit(pd_error *err, const char *name, git_object_t type)
{
    pd_fail(err, PD_ERROR_UNREACHABLE, "cannot use '%s': it names a %s, not a commit", name,
            git_object_type2string(type));
    return pd_error_hint(err, "Name a commit, a tag or a branch; 'git cat-file -t' tells what a "
                              "name stands for.");
}

/* Follows annotated tags to what they name, asking each object's size before it is loaded. */
static bool follow(pd_git *git, const char *name, const git_oid *start, git_oid *out,
                   git_object_t *kind, pd_error *err)
{
    git_oid oid;
    git_oid_cpy(&oid, start);
    for (int depth = 0; depth < TAG_DEPTH_MAX; depth++) {
        size_t size = 0;
        git_object_t type = GIT_OBJECT_INVALID;
        int rc = git_odb_read_header(&size, &type, git->odb, &oid);
        if (rc != 0)
            return fail_missing(git, &oid, rc, err);
        *kind = type;
        if (type != GIT_OBJECT_COMMIT && type != GIT_OBJECT_TAG)
            return true;
        if (size > PD_OBJECT_MAX)
            return pd_fail(err, PD_ERROR_UNREACHABLE,
                           "cannot read '%s': an object of %zu bytes stands for it", name, size);
        git_oid_cpy(out, &oid);
        if (type == GIT_OBJECT_COMMIT)
            return true;
        PD_AUTO_GIT_HANDLE(git_object) object = NULL;
        rc = git_object_lookup(&object, git->repo, &oid, GIT_OBJECT_TAG);
        if (rc != 0)
            return fail_missing(git, &oid, rc, err);
        git_oid_cpy(&oid, git_tag_target_id((const git_tag *)object));
    }
    return pd_fail(err, PD_ERROR_UNREACHABLE, "cannot read '%s': it is a tag of a tag of a tag ...",
                   name);
}

static bool peel(pd_git *git, const char *name, const git_oid *start, git_oid *out, pd_error *err)
{
    git_object_t kind = GIT_OBJECT_INVALID;
    if (!follow(git, name, start, out, &kind, err))
        return false;
    return kind == GIT_OBJECT_COMMIT || fail_not_a_commit(err, name, kind);
}

bool pd_git_leads_to_commit(pd_git *git, const char *oid, bool *leads, pd_error *err)
{
    git_oid start;
    git_oid end;
    git_object_t kind = GIT_OBJECT_INVALID;
    *leads = false;
    int rc = git_oid_fromstrp(&start, oid);
    if (rc != 0)
        return pd_git_fail(err, rc, "cannot read '%s' as an object id", oid);
    if (!follow(git, oid, &start, &end, &kind, err))
        return false;
    *leads = kind == GIT_OBJECT_COMMIT;
    return true;
}

bool pd_git_load_commit(pd_git *git, const git_oid *oid, git_commit **out, pd_error *err)
{
    char hex[PD_OID_HEX];
    git_oid commit;
    git_oid_tostr(hex, sizeof hex, oid);
    if (!peel(git, hex, oid, &commit, err))
        return false;
    int rc = git_commit_lookup(out, git->repo, &commit);
    return rc == 0 || fail_missing(git, &commit, rc, err);
}

static bool fail_unborn(pd_git *git, pd_error *err)
{
    pd_fail(err, PD_ERROR_UNREACHABLE, "cannot use HEAD: %s has no commits yet on this branch",
            git->name);
    return pd_error_hint(err, "Commit something first, or name another revision.");
}

/* A shallow clone often has one branch only: the history of that one does not bring another. */
static bool hint_shallow(const char *spec, pd_error *err)
{
    static const char origin[] = "origin/";
    const char *branch = spec + strlen(origin);
    if (!pd_starts_with(spec, origin) || branch[strcspn(branch, "~^@:{ '\"\\$`")] != '\0')
        return pd_git_shallow_hint(err);
    return pd_error_hint(err,
                         "This clone is shallow and may have one branch only: git fetch "
                         "--unshallow origin '+refs/heads/%s:refs/remotes/origin/%s' (in GitHub "
                         "Actions: actions/checkout with fetch-depth: 0).",
                         branch, branch);
}

static bool fail_revparse(pd_git *git, const char *spec, int rc, pd_error *err)
{
    if (rc == GIT_EAMBIGUOUS) {
        pd_git_fail(err, rc, "cannot tell which object '%s' means: it is ambiguous", spec);
        return pd_error_hint(err, "Give more digits of the object's name; 'git rev-parse "
                                  "--disambiguate=PREFIX' lists the candidates.");
    }
    if (rc == GIT_EINVALIDSPEC) {
        pd_git_fail(err, rc, "cannot read '%s' as a revision", spec);
        return pd_error_hint(err,
                             "One commit is wanted (not a range, not a date): a branch, a tag, "
                             "an object id or an expression of gitrevisions(7).");
    }
    if (rc != GIT_ENOTFOUND) {
        pd_git_fail(err, rc, "cannot resolve revision '%s'", spec);
        return pd_error_hint(err, "'git rev-parse --verify' may say more.");
    }
    pd_git_fail(err, rc, "cannot find revision '%s' in %s", spec, git->name);
    if (pd_git_is_shallow(git))
        return hint_shallow(spec, err);
    return pd_error_hint(err, "'git rev-parse --verify' with the same name says how git reads it, "
                              "'git branch -a' and 'git tag' list what is there, 'git fetch' may "
                              "bring it.");
}

/* What stands in "@{...}": a number, or the upstream. libgit2 1.5 takes anything else for a date,
 * "push" too, and reads dates in a way of its own. */
static bool at_is_known(const char *inside)
{
    size_t len = strcspn(inside, "}");
    size_t sign = inside[0] == '-' ? 1 : 0;
    if (inside[len] != '}')
        return false;
    if ((len == 1 && strncasecmp(inside, "u", len) == 0) ||
        (len == 8 && strncasecmp(inside, "upstream", len) == 0))
        return true;
    return len > sign && strspn(inside + sign, "0123456789") == len - sign;
}

/* Expressions that libgit2 1.5 reads in a way of its own, or where git gives a set of commits. */
static bool is_foreign(const char *spec)
{
    for (const char *at = strstr(spec, "@{"); at != NULL; at = strstr(at + 2, "@{")) {
        if (!at_is_known(at + 2))
            return true;
    }
    return strstr(spec, "^@") != NULL || strstr(spec, "^!") != NULL || strstr(spec, "^-") != NULL;
}

/* Whether the expression starts from HEAD: "HEAD...", "@" alone or with an operator behind. */
static bool starts_at_head(const char *spec)
{
    if (pd_starts_with(spec, "HEAD"))
        return spec[4] == '\0' || strchr("~^@:", spec[4]) != NULL;
    return spec[0] == '@' && strchr("~^@:", spec[1]) != NULL;
}

/* What one resolution works with; `whole` is the expression as the user wrote it. */
typedef struct lookup {
    pd_git *git;
    pd_arena *arena;
    const char *whole;
    git_reference *ref; /* what it named, when that was a ref */
} lookup;

static void lookup_cleanup(lookup *l)
{
    git_reference_free(l->ref);
}

static void reflog_cleanup(git_reflog **log)
{
    git_reflog_free(*log);
}

/* libgit2 1.5 knows "@" only alone. */
static const char *spell_out_head(pd_arena *arena, const char *spec)
{
    if (spec[0] != '@' || strchr("~^:", spec[1]) == NULL)
        return spec;
    return pd_arena_printf(arena, "HEAD%s", spec + 1);
}

/* libgit2 1.5 takes HEAD@{N} from the log of the branch, git from HEAD's own. *rest is what stands
 * behind the brace. */
static bool find_in_head_log(lookup *l, const char *spec, git_oid *out, const char **rest,
                             pd_error *err)
{
    PD_CLEANUP(reflog_cleanup) git_reflog *log = NULL;
    uint64_t n = 0;
    const char *digits = spec + strlen("HEAD@{");
    size_t len = strspn(digits, "0123456789");
    *rest = digits + len + 1;
    bool parsed = pd_parse_uint(pd_arena_strndup(l->arena, digits, len), UINT32_MAX, &n);
    int rc = git_reflog_read(&log, l->git->repo, "HEAD");
    const git_reflog_entry *entry =
        rc == 0 && parsed ? git_reflog_entry_byindex(log, (size_t)n) : NULL;
    if (entry == NULL)
        return fail_revparse(l->git, l->whole, rc != 0 ? rc : GIT_ENOTFOUND, err);
    git_oid_cpy(out, git_reflog_entry_id_new(entry));
    return true;
}

/* An expression without ":/" and "^{/". Whole object ids and refs are not handed to libgit2's
 * parser, which would load the object, whatever its size. */
static bool find_plain(lookup *l, const char *spec, git_oid *out, pd_error *err)
{
    if (git_oid_fromstrp(out, spec) == 0 && git_odb_exists(l->git->odb, out) == 1)
        return true;
    git_error_clear();
    PD_AUTO_GIT_HANDLE(git_object) object = NULL;
    git_reference_free(l->ref);
    l->ref = NULL;
    spec = spell_out_head(l->arena, spec);
    if (git_reference_dwim(&l->ref, l->git->repo, spec) == 0 &&
        git_reference_target(l->ref) != NULL) {
        git_oid_cpy(out, git_reference_target(l->ref));
        return true;
    }
    git_reference_free(l->ref);
    l->ref = NULL;
    git_error_clear();
    if (pd_starts_with(spec, "HEAD@{") && spec[6] >= '0' && spec[6] <= '9') {
        char hex[PD_OID_HEX];
        const char *rest = NULL;
        if (!find_in_head_log(l, spec, out, &rest, err))
            return false;
        git_oid_tostr(hex, sizeof hex, out);
        spec = pd_arena_printf(l->arena, "%s%s", hex, rest);
    }
    int rc = git_revparse_ext(&object, &l->ref, l->git->repo, spec);
    if (rc != 0)
        return fail_revparse(l->git, l->whole, rc, err);
    git_oid_cpy(out, git_object_id(object));
    return true;
}

static bool search(lookup *l, const git_oid *start, const char *text, git_oid *out, pd_error *err)
{
    bool found = false;
    if (!pd_git_find_message(l->git, start, text, out, &found, err))
        return false;
    git_error_clear();
    return found || fail_revparse(l->git, l->whole, GIT_ENOTFOUND, err);
}

/* Replaces each "<rev>^{/<text>}" in front by the object id of what it means, until none is left.
 */
static bool find_object(lookup *l, git_oid *out, pd_error *err)
{
    const char *spec = l->whole;
    if (pd_starts_with(spec, ":/"))
        return search(l, NULL, spec + 2, out, err);
    for (const char *at = strstr(spec, "^{/"); at != NULL; at = strstr(spec, "^{/")) {
        git_oid base;
        git_oid start;
        char hex[PD_OID_HEX];
        const char *text = at + 3;
        const char *end = strchr(text, '}');
        git_error_clear();
        if (end == NULL)
            return fail_revparse(l->git, l->whole, GIT_EINVALIDSPEC, err);
        const char *name = pd_arena_strndup(l->arena, spec, (size_t)(at - spec));
        text = pd_arena_strndup(l->arena, text, (size_t)(end - text));
        if (!find_plain(l, name, &base, err) || !peel(l->git, name, &base, &start, err) ||
            !search(l, &start, text, &base, err))
            return false;
        git_oid_tostr(hex, sizeof hex, &base);
        spec = pd_arena_printf(l->arena, "%s%s", hex, end + 1);
        git_reference_free(l->ref);
        l->ref = NULL;
    }
    return find_plain(l, spec, out, err);
}

bool pd_git_resolve(pd_git *git, const char *spec, pd_revision *out, pd_error *err)
{
    memset(out, 0, sizeof *out);
    if (spec[0] == '\0')
        return pd_fail(err, PD_ERROR_UNREACHABLE, "cannot use an empty revision");
    if (strlen(spec) > PD_SPEC_MAX)
        return pd_fail(err, PD_ERROR_UNREACHABLE, "cannot use a revision of more than %d bytes",
                       PD_SPEC_MAX);
    if (starts_at_head(spec) && git_repository_head_unborn(git->repo) == 1)
        return fail_unborn(git, err);
    git_error_clear();
    if (is_foreign(spec))
        return fail_revparse(git, spec, GIT_EINVALIDSPEC, err);
    PD_CLEANUP(lookup_cleanup) lookup look = {.git = git, .arena = git->arena, .whole = spec};
    PD_AUTO_GIT_HANDLE(git_commit) commit = NULL;
    git_oid named;
    git_oid oid;
    if (!find_object(&look, &named, err) || !peel(git, spec, &named, &oid, err))
        return false;
    int rc = git_commit_lookup(&commit, git->repo, &oid);
    if (rc != 0)
        return fail_missing(git, &oid, rc, err);
    /* A detached HEAD is a ref to libgit2 but names nothing that a person would know. */
    const char *name = look.ref != NULL ? git_reference_name(look.ref) : NULL;
    pd_git_describe(git->arena, commit, spec,
                    name != NULL && pd_starts_with(name, "refs/") ? name : NULL, out);
    return true;
}
