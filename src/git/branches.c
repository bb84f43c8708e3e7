/* What stands on a server: its HEAD and its own branches. */
#include <string.h>

#include "base/str.h"
#include "git/history.h"
#include "git/internal.h"

#define BRANCHES "refs/heads/"

static bool describe(pd_git *git, const git_oid *oid, const char *ref, pd_revision *out,
                     pd_error *err)
{
    char hex[PD_OID_HEX];
    PD_AUTO_GIT_HANDLE(git_commit) commit = NULL;
    if (!pd_git_load_commit(git, oid, &commit, err))
        return false;
    git_oid_tostr(hex, sizeof hex, git_commit_id(commit));
    pd_git_describe(git->arena, commit, ref != NULL ? ref : hex, ref, out);
    return true;
}

bool pd_git_head_tip(pd_git *git, pd_revision *out, bool *found, pd_error *err)
{
    PD_AUTO_GIT_HANDLE(git_reference) head = NULL;
    *found = false;
    memset(out, 0, sizeof *out);
    int rc = git_repository_head(&head, git->repo);
    if (rc == GIT_EUNBORNBRANCH)
        return true;
    if (rc != 0) {
        pd_git_fail(err, rc, "cannot read HEAD of %s", git->name);
        return pd_error_hint(err, "Let it name the branch that is published: git symbolic-ref "
                                  "HEAD " BRANCHES "BRANCH");
    }
    const char *name = git_reference_name(head);
    *found = true;
    return describe(git, git_reference_target(head), pd_starts_with(name, "refs/") ? name : NULL,
                    out, err);
}

typedef struct tips {
    pd_arena *arena;
    git_oid *oids; /* the commit that is asked about is the first */
    size_t count;
    size_t capacity;
} tips;

static bool add_branches(pd_git *git, tips *all, pd_error *err)
{
    PD_AUTO_GIT_HANDLE(git_reference_iterator) it = NULL;
    int rc = git_reference_iterator_glob_new(&it, git->repo, BRANCHES "*");
    while (rc == 0) {
        PD_AUTO_GIT_HANDLE(git_reference) ref = NULL;
        rc = git_reference_next(&ref, it);
        /* A symbolic ref repeats another one. */
        const git_oid *target = rc == 0 ? git_reference_target(ref) : NULL;
        if (target != NULL)
            git_oid_cpy(PD_PUSH(all->arena, all->oids, all->count, all->capacity), target);
    }
    return rc == GIT_ITEROVER || pd_git_fail(err, rc, "cannot list the branches of %s", git->name);
}

bool pd_git_branches_share(pd_git *git, const char *oid, pd_revision *out, bool *any, bool *found,
                           pd_error *err)
{
    PD_AUTO_ARENA scratch = pd_arena_new();
    PD_AUTO_GIT_HANDLE(git_commit) commit = NULL;
    tips all = {.arena = scratch};
    git_oid start;
    git_oid base;
    *any = false;
    *found = false;
    memset(out, 0, sizeof *out);
    int rc = git_oid_fromstrp(&start, oid);
    if (rc != 0)
        return pd_git_fail(err, rc, "cannot read '%s' as an object id", oid);
    if (!pd_git_load_commit(git, &start, &commit, err))
        return false;
    git_oid_cpy(PD_PUSH(scratch, all.oids, all.count, all.capacity), git_commit_id(commit));
    if (!add_branches(git, &all, err))
        return false;
    *any = all.count > 1;
    if (!*any)
        return true;
    if (!pd_git_best_base(git, all.oids, all.count, &base, found, err))
        return false;
    return !*found || describe(git, &base, NULL, out, err);
}
