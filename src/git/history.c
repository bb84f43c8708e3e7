#include "git/history.h"

#include <string.h>

#include "base/str.h"
#include "git/internal.h"

#define TRACKING "refs/remotes/"
#define BRANCHES "refs/heads/"

/* The question of every function here: the best merge base of a commit with some others. */
typedef struct query {
    pd_git *git;
    pd_arena *arena;
    git_oid *oids; /* the commit itself is the first */
    size_t count;
    size_t capacity;
} query;

static void query_add(query *q, const git_oid *oid)
{
    git_oid_cpy(PD_PUSH(q->arena, q->oids, q->count, q->capacity), oid);
}

/* Adds the commit that hex names; an annotated tag is followed. */
static bool query_add_named(query *q, const char *hex, pd_error *err)
{
    git_oid oid;
    PD_AUTO_GIT_HANDLE(git_commit) commit = NULL;
    int rc = git_oid_fromstrp(&oid, hex);
    if (rc != 0)
        return pd_git_fail(err, rc, "cannot read '%s' as an object id", hex);
    if (!pd_git_load_commit(q->git, &oid, &commit, err))
        return false;
    query_add(q, git_commit_id(commit));
    return true;
}

static bool describe(const query *q, const git_oid *oid, const char *ref, pd_revision *out,
                     pd_error *err)
{
    char hex[PD_OID_HEX];
    PD_AUTO_GIT_HANDLE(git_commit) commit = NULL;
    if (!pd_git_load_commit(q->git, oid, &commit, err))
        return false;
    git_oid_tostr(hex, sizeof hex, oid);
    pd_git_describe(q->arena, commit, hex, ref, out);
    return true;
}

static bool query_run(const query *q, const char *ref, pd_revision *out, bool *found, pd_error *err)
{
    *found = false;
    if (q->count < 2)
        return true;
    git_oid base;
    if (!pd_git_best_base(q->git, q->oids, q->count, &base, found, err))
        return false;
    if (!*found)
        return true;
    return describe(q, &base, ref, out, err);
}

bool pd_git_merge_base(pd_git *git, const char *oid_a, const char *oid_b, pd_revision *out,
                       bool *found, pd_error *err)
{
    query q = {.git = git, .arena = git->arena};
    *found = false;
    memset(out, 0, sizeof *out);
    return query_add_named(&q, oid_a, err) && query_add_named(&q, oid_b, err) &&
           query_run(&q, NULL, out, found, err);
}

bool pd_git_merge_bases(pd_git *git, const char *oid_a, const char *oid_b,
                        pd_revision out[PD_BASES_MAX], size_t *count, pd_error *err)
{
    query q = {.git = git, .arena = git->arena};
    pd_git_bases bases = {0};
    *count = 0;
    if (!query_add_named(&q, oid_a, err) || !query_add_named(&q, oid_b, err) ||
        !pd_git_find_bases(git, q.oids, q.count, &bases, err))
        return false;
    if (bases.count > PD_BASES_MAX) {
        pd_fail(err, PD_ERROR_UNREACHABLE, "%.12s and %.12s have %zu merge bases", oid_a, oid_b,
                bases.count);
        return pd_error_hint(err, "Merge one into the other first, so that they have one.");
    }
    for (size_t i = 0; i < bases.count; i++)
        if (!describe(&q, &bases.oids[i], NULL, &out[i], err))
            return false;
    *count = bases.count;
    return true;
}

/* Adds a tracking ref's commit. Symbolic refs repeat another one; what is no commit (a tool's own
 * notes) has no history. */
static bool add_tracking(query *q, const git_reference *ref, pd_error *err)
{
    const git_oid *target = git_reference_target(ref);
    if (target == NULL)
        return true;
    size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    int rc = git_odb_read_header(&size, &type, q->git->odb, target);
    if (rc != 0) {
        pd_git_fail(err, rc, "cannot read %s", git_reference_name(ref));
        return pd_git_missing_hint(q->git, err);
    }
    if (type == GIT_OBJECT_COMMIT)
        query_add(q, target);
    return true;
}

bool pd_git_published(pd_git *git, const char *remote, const char *oid, pd_revision *out,
                      bool *found, pd_error *err)
{
    query q = {.git = git, .arena = git->arena};
    PD_AUTO_GIT_HANDLE(git_reference_iterator) it = NULL;
    const char *prefix =
        remote != NULL ? pd_arena_printf(git->arena, TRACKING "%s/", remote) : TRACKING;
    *found = false;
    memset(out, 0, sizeof *out);
    if (!query_add_named(&q, oid, err))
        return false;
    int rc = git_reference_iterator_new(&it, git->repo);
    while (rc == 0) {
        PD_AUTO_GIT_HANDLE(git_reference) ref = NULL;
        rc = git_reference_next(&ref, it);
        if (rc == 0 && pd_starts_with(git_reference_name(ref), prefix) &&
            !add_tracking(&q, ref, err))
            return false;
    }
    if (rc != GIT_ITEROVER)
        return pd_git_fail(err, rc, "cannot list the refs of %s", git->name);
    return query_run(&q, NULL, out, found, err);
}

/* The tracking ref of a remote's branch, by the remote's fetch refspecs; NULL when it is not
 * fetched. */
static const char *tracking_of(query *q, git_config *config, const char *remote, const char *branch)
{
    PD_AUTO_GIT_HANDLE(git_config_iterator) it = NULL;
    git_config_entry *entry = NULL;
    const char *key = pd_arena_printf(q->arena, "remote.%s.fetch", remote);
    if (git_config_multivar_iterator_new(&it, config, key, NULL) != 0)
        return NULL;
    while (git_config_next(&entry, it) == 0) {
        PD_AUTO_GIT_HANDLE(git_refspec) spec = NULL;
        PD_AUTO_GIT_BUF name = {0};
        if (git_refspec_parse(&spec, entry->value, 1) == 0 &&
            git_refspec_src_matches(spec, branch) == 1 &&
            git_refspec_transform(&name, spec, branch) == 0)
            return pd_arena_strndup(q->arena, name.ptr, name.size);
    }
    return NULL;
}

/* The upstream of a branch as git-config(1) has it, "branch.<name>.merge"; NULL when there is none.
 * git_branch_upstream of libgit2 1.5 leaks memory for every key of the configuration. */
static const char *upstream_of(query *q, const char *head)
{
    PD_AUTO_GIT_HANDLE(git_config) config = NULL;
    if (!pd_starts_with(head, BRANCHES) ||
        git_repository_config_snapshot(&config, q->git->repo) != 0)
        return NULL;
    const char *name = head + strlen(BRANCHES);
    const char *remote = pd_git_config(q->git, pd_arena_printf(q->arena, "branch.%s.remote", name));
    const char *branch = pd_git_config(q->git, pd_arena_printf(q->arena, "branch.%s.merge", name));
    if (remote == NULL || branch == NULL)
        return NULL;
    return strcmp(remote, ".") == 0 ? branch : tracking_of(q, config, remote, branch);
}

/* The first ref of these names that is there; NULL when none is. */
static git_reference *find_ref(pd_git *git, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        git_reference *ref = NULL;
        if (names[i] != NULL && git_reference_lookup(&ref, git->repo, names[i]) == 0)
            return ref;
    }
    return NULL;
}

static bool read_tip(pd_git *git, git_reference *named, pd_revision *out, bool *found,
                     pd_error *err)
{
    PD_AUTO_GIT_HANDLE(git_reference) tip = NULL;
    char hex[PD_OID_HEX];
    if (git_reference_resolve(&tip, named) != 0)
        return true;
    git_oid_tostr(hex, sizeof hex, git_reference_target(tip));
    *found = true;
    if (!pd_git_resolve(git, hex, out, err))
        return false;
    out->ref = pd_arena_strdup(git->arena, git_reference_name(tip));
    out->spec = out->ref;
    return true;
}

bool pd_git_default_tip(pd_git *git, const char *default_branch, pd_revision *out, bool *found,
                        pd_error *err)
{
    query q = {.git = git, .arena = git->arena};
    PD_AUTO_GIT_HANDLE(git_reference) head = NULL;
    PD_AUTO_GIT_HANDLE(git_reference) named = NULL;
    *found = false;
    memset(out, 0, sizeof *out);
    int rc = git_repository_head(&head, git->repo);
    if (rc == GIT_EUNBORNBRANCH || rc == GIT_ENOTFOUND)
        return true;
    if (rc != 0)
        return pd_git_fail(err, rc, "cannot read HEAD of %s", git->name);
    const char *const names[] = {
        upstream_of(&q, git_reference_name(head)),
        TRACKING "origin/HEAD",
        default_branch == NULL ? NULL
                               : pd_arena_printf(git->arena, TRACKING "origin/%s", default_branch),
        git_repository_is_bare(git->repo) ? git_reference_name(head) : NULL,
    };
    named = find_ref(git, names, sizeof names / sizeof *names);
    return named == NULL || read_tip(git, named, out, found, err);
}

/* The refs of a remote that are branches; *name is the last of them. */
static bool count_branches(pd_git *git, const char *prefix, size_t *count, const char **name,
                           pd_error *err)
{
    PD_AUTO_GIT_HANDLE(git_reference_iterator) it = NULL;
    *count = 0;
    int rc = git_reference_iterator_new(&it, git->repo);
    while (rc == 0) {
        PD_AUTO_GIT_HANDLE(git_reference) ref = NULL;
        rc = git_reference_next(&ref, it);
        if (rc != 0 || !pd_starts_with(git_reference_name(ref), prefix) ||
            git_reference_type(ref) == GIT_REFERENCE_SYMBOLIC)
            continue;
        (*count)++;
        *name = pd_arena_strdup(git->arena, git_reference_name(ref));
    }
    return rc == GIT_ITEROVER || pd_git_fail(err, rc, "cannot list the refs of %s", git->name);
}

bool pd_git_remote_tip(pd_git *git, const char *remote, pd_revision *out, bool *found,
                       pd_error *err)
{
    PD_AUTO_GIT_HANDLE(git_reference) named = NULL;
    const char *prefix = pd_arena_printf(git->arena, TRACKING "%s/", remote);
    const char *names[] = {
        pd_arena_printf(git->arena, "%sHEAD", prefix),
        pd_arena_printf(git->arena, "%smain", prefix),
        pd_arena_printf(git->arena, "%smaster", prefix),
        NULL,
    };
    size_t count = 0;
    *found = false;
    memset(out, 0, sizeof *out);
    if (!count_branches(git, prefix, &count, &names[3], err))
        return false;
    if (count > 1)
        names[3] = NULL;
    named = find_ref(git, names, sizeof names / sizeof *names);
    if (named != NULL)
        return read_tip(git, named, out, found, err);
    if (count == 0)
        return true;
    pd_fail(err, PD_ERROR_UNREACHABLE, "cannot tell which branch of %s is the default one", remote);
    return pd_error_hint(err, "Ask the remote: git remote set-head %s --auto", remote);
}

/* The name in "remote.NAME.url", or NULL. */
static const char *remote_of_key(pd_git *git, const char *key)
{
    static const char head[] = "remote.";
    static const char tail[] = ".url";
    size_t len = strlen(key);
    if (len < sizeof head + sizeof tail - 1 || !pd_starts_with(key, head) ||
        !pd_ends_with(key, tail))
        return NULL;
    return pd_arena_strndup(git->arena, key + strlen(head), len - strlen(head) - strlen(tail));
}

/* git_remote_list of libgit2 1.5 leaks memory for every key of the configuration. */
bool pd_git_remote(pd_git *git, const char **name, pd_error *err)
{
    PD_AUTO_GIT_HANDLE(git_config) config = NULL;
    PD_AUTO_GIT_HANDLE(git_config_iterator) it = NULL;
    git_config_entry *entry = NULL;
    *name = NULL;
    int rc = git_repository_config_snapshot(&config, git->repo);
    if (rc == 0)
        rc = git_config_iterator_new(&it, config);
    while (rc == 0 && (rc = git_config_next(&entry, it)) == 0) {
        const char *remote = remote_of_key(git, entry->name);
        if (remote != NULL && (*name == NULL || strcmp(remote, "origin") == 0))
            *name = remote;
    }
    if (rc != GIT_ITEROVER)
        return pd_git_fail(err, rc, "cannot list the remotes of %s", git->name);
    return true;
}

bool pd_git_has_commit(pd_git *git, const char *oid)
{
    git_oid id;
    pd_error ignored;
    PD_AUTO_GIT_HANDLE(git_commit) commit = NULL;
    return git_oid_fromstrp(&id, oid) == 0 && pd_git_load_commit(git, &id, &commit, &ignored);
}
