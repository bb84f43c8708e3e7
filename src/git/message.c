/* Revisions by their message (gitrevisions(7), ":/<text>" and "<rev>^{/<text>}"). libgit2 1.5 can
 * do it but leaks 20 KB for every commit that does not match. */
#include <regex.h>
#include <string.h>

#include "git/internal.h"

#define PATTERN_MAX ((size_t)256)

typedef struct pattern {
    regex_t regex;
    bool compiled;
    bool inverted; /* "!-text": the newest that does not match */
} pattern;

static void pattern_cleanup(pattern *p)
{
    if (p->compiled)
        regfree(&p->regex);
}

static void walk_cleanup(git_revwalk **walk)
{
    git_revwalk_free(*walk);
}

static bool fail_pattern(pd_error *err, const char *text, const char *why)
{
    pd_fail(err, PD_ERROR_UNREACHABLE, "cannot search commit messages for '%s'", text);
    pd_error_detail(err, "%s", why);
    return pd_error_hint(err, "Name the commit by its object id: 'git log --grep' finds it.");
}

/* Back-references and bounded repeats can take a matcher for ever, or all of the memory. */
static bool compile(pattern *out, const char *text, pd_error *err)
{
    const char *body = text;
    if (body[0] == '!') {
        if (body[1] != '!' && body[1] != '-')
            return fail_pattern(err, text, "'!' is followed by neither '!' nor '-'");
        out->inverted = body[1] == '-';
        body += out->inverted ? 2 : 1;
    }
    if (strlen(body) > PATTERN_MAX)
        return fail_pattern(err, text, "the text is too long");
    if (strchr(body, '{') != NULL)
        return fail_pattern(err, text, "repeats with '{' are not supported");
    for (const char *at = strchr(body, '\\'); at != NULL; at = strchr(at + 1, '\\')) {
        if (at[1] >= '0' && at[1] <= '9')
            return fail_pattern(err, text, "back-references are not supported");
    }
    int rc = regcomp(&out->regex, body, REG_EXTENDED | REG_NOSUB);
    if (rc != 0) {
        char why[128];
        regerror(rc, &out->regex, why, sizeof why);
        return fail_pattern(err, text, why);
    }
    out->compiled = true;
    return true;
}

/* From one commit the default order is git's own, newest first, and ends with the first match. From
 * several it is only roughly so; GIT_SORT_TIME sorts strictly, after walking all of the history. */
static int start_walk(git_revwalk *walk, const git_oid *start)
{
    if (start != NULL)
        return git_revwalk_push(walk, start);
    int rc = git_revwalk_sorting(walk, GIT_SORT_TIME);
    if (rc == 0)
        rc = git_revwalk_push_glob(walk, "refs/*");
    if (rc == 0)
        rc = git_revwalk_push_head(walk);
    return rc;
}

bool pd_git_find_message(pd_git *git, const git_oid *start, const char *text, git_oid *out,
                         bool *found, pd_error *err)
{
    PD_CLEANUP(pattern_cleanup) pattern wanted = {0};
    PD_CLEANUP(walk_cleanup) git_revwalk *walk = NULL;
    *found = false;
    if (!compile(&wanted, text, err))
        return false;
    int rc = git_revwalk_new(&walk, git->repo);
    if (rc == 0)
        rc = start_walk(walk, start);
    while (rc == 0 && !*found) {
        PD_AUTO_GIT_HANDLE(git_commit) commit = NULL;
        rc = git_revwalk_next(out, walk);
        if (rc != 0)
            break;
        if (!pd_git_load_commit(git, out, &commit, err))
            return false;
        const char *message = git_commit_message(commit);
        bool matches = regexec(&wanted.regex, message != NULL ? message : "", 0, NULL, 0) == 0;
        *found = matches != wanted.inverted;
    }
    if (rc == 0 || rc == GIT_ITEROVER)
        return true;
    pd_git_fail(err, rc, "cannot search commit messages for '%s'", text);
    return pd_git_missing_hint(git, err);
}
