/* Whether a repository may be opened at all: git refuses one that another user owns, because its
 * configuration is read, unless safe.directory lists it (git-config(1), "safe.directory"). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "git/internal.h"

#define SAFE_KEY "safe.directory"
#define ENV_CONFIG_MAX 1000 /* pairs that are read from GIT_CONFIG_COUNT */

/* libgit2 gives GIT_EOWNER, or, when nobody ever set safe.directory, the error of that look-up. */
static bool is_owner_error(int rc)
{
    const git_error *last = git_error_last();
    return rc == GIT_EOWNER || (rc == GIT_ENOTFOUND && last != NULL && last->message != NULL &&
                                strstr(last->message, SAFE_KEY) != NULL);
}

/* libgit2 refuses to open anything from an environment that has GIT_WORK_TREE, which git sets for
 * its hooks when it was called with --work-tree: it is taken out while the repository is opened. */
static int open_from_environment(git_repository **out)
{
    const char *set = getenv("GIT_WORK_TREE");
    char *workdir = set != NULL ? pd_memory_checked(strdup(set)) : NULL;
    if (workdir != NULL)
        unsetenv("GIT_WORK_TREE");
    int rc = git_repository_open_ext(out, NULL, GIT_REPOSITORY_OPEN_FROM_ENV, NULL);
    if (workdir != NULL) {
        setenv("GIT_WORK_TREE", workdir, 1);
        if (rc == 0)
            rc = git_repository_set_workdir(*out, workdir, 0);
        free(workdir);
    }
    return rc;
}

static int open_any(git_repository **out, const char *path)
{
    if (path == NULL)
        return open_from_environment(out);
    return git_repository_open_ext(out, path, 0, NULL);
}

static int open_unchecked(git_repository **out, const char *path)
{
    int before = 1;
    git_libgit2_opts(GIT_OPT_GET_OWNER_VALIDATION, &before);
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    int rc = open_any(out, path);
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, before);
    return rc;
}

/* What git compares with safe.directory: the work tree, of a bare repository its own folder. */
static const char *safe_path(git_repository *repo)
{
    const char *workdir = git_repository_workdir(repo);
    return workdir != NULL ? workdir : git_repository_path(repo);
}

static size_t length_without_slash(const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    return len;
}

static bool matches(const char *value, const char *path)
{
    size_t path_len = length_without_slash(path);
    size_t len = length_without_slash(value);
    if (strcmp(value, "*") == 0)
        return true;
    if (len >= 2 && strcmp(value + len - 2, "/*") == 0)
        return path_len > len - 1 && strncmp(path, value, len - 1) == 0;
    return len == path_len && strncmp(path, value, len) == 0;
}

/* One value after the other, the last word counts; an empty one forgets those before it. */
static void consider(const char *value, const char *path, bool *safe)
{
    if (value == NULL || value[0] == '\0') {
        *safe = false;
        return;
    }
    const char *home = getenv("HOME");
    PD_AUTO_STRBUF full = pd_strbuf_new(PD_STRBUF_MAX);
    if (pd_starts_with(value, "~/") && home != NULL)
        pd_strbuf_addf(&full, "%s%s", home, value + 1);
    else
        pd_strbuf_adds(&full, value);
    if (matches(full.data, path))
        *safe = true;
}

static void consider_files(const char *path, bool *safe)
{
    PD_AUTO_GIT_HANDLE(git_config) config = NULL;
    PD_AUTO_GIT_HANDLE(git_config_iterator) it = NULL;
    if (git_config_open_default(&config) != 0 ||
        git_config_multivar_iterator_new(&it, config, SAFE_KEY, NULL) != 0)
        return;
    git_config_entry *entry = NULL;
    while (git_config_next(&entry, it) == 0)
        consider(entry->value, path, safe);
}

/* git-config(1), "ENVIRONMENT": GIT_CONFIG_COUNT pairs, over all files. */
static void consider_environment(const char *path, bool *safe)
{
    const char *text = getenv("GIT_CONFIG_COUNT");
    uint64_t count = 0;
    if (text == NULL || !pd_parse_uint(text, ENV_CONFIG_MAX, &count))
        return;
    for (unsigned i = 0; i < (unsigned)count; i++) {
        char name[40];
        snprintf(name, sizeof name, "GIT_CONFIG_KEY_%u", i);
        const char *key = getenv(name);
        snprintf(name, sizeof name, "GIT_CONFIG_VALUE_%u", i);
        const char *value = getenv(name);
        if (key != NULL && value != NULL && strcasecmp(key, SAFE_KEY) == 0)
            consider(value, path, safe);
    }
}

static bool listed_as_safe(git_repository *repo)
{
    bool safe = false;
    consider_files(safe_path(repo), &safe);
    consider_environment(safe_path(repo), &safe);
    return safe;
}

/* Quotes for sh where that is needed, so that the command of a hint can be pasted. */
static void add_quoted(pd_strbuf *out, const char *text, size_t len)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "/._-+:@,=";
    if (len > 0 && strspn(text, plain) >= len) {
        pd_strbuf_add(out, text, len);
        return;
    }
    pd_strbuf_addc(out, '\'');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\'')
            pd_strbuf_adds(out, "'\\''");
        else
            pd_strbuf_addc(out, text[i]);
    }
    pd_strbuf_addc(out, '\'');
}

static bool fail_foreign(git_repository *repo, pd_error *err)
{
    const char *name = safe_path(repo);
    int len = (int)length_without_slash(name);
    const char *places[] = {name, git_repository_path(repo)};
    pd_fail(err, PD_ERROR_UNREACHABLE, "cannot open repository %.*s: another user owns it", len,
            name);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct stat st;
        if (lstat(places[i], &st) == 0 && st.st_uid != geteuid()) {
            pd_error_detail(err, "%s belongs to user id %lu, predeploy runs as user id %lu",
                            places[i], (unsigned long)st.st_uid, (unsigned long)geteuid());
            break;
        }
    }
    PD_AUTO_STRBUF quoted = pd_strbuf_new(PD_STRBUF_MAX);
    add_quoted(&quoted, name, (size_t)len);
    pd_error_hint(err, "If you trust it: git config --global --add safe.directory %s", quoted.data);
    pd_error_code(err, "git -36");
    return false;
}

static bool fail_open(const char *path, int rc, pd_error *err)
{
    const git_error *last = git_error_last();
    const char *said = last != NULL && last->message != NULL ? last->message : "";
    const char *set = getenv("GIT_DIR");
    const char *where = path != NULL ? path : set != NULL ? set : "the current folder";
    if (strstr(said, "objectformat") != NULL || strstr(said, "object format") != NULL) {
        pd_git_fail(err, rc, "cannot read the repository at %s: its objects are named by SHA-256",
                    where);
        return pd_error_hint(err, "predeploy reads repositories with SHA-1 objects, which is what "
                                  "'git init' makes unless told otherwise.");
    }
    if (rc == GIT_ENOTFOUND) {
        pd_git_fail(err, rc, "cannot find a git repository at %s", where);
        return pd_error_hint(err, "Go into the repository, or name it with --repo PATH.");
    }
    pd_git_fail(err, rc, "cannot open the git repository at %s", where);
    if (strstr(said, "GIT_COMMON_DIR") != NULL)
        return pd_error_hint(err, "Unset GIT_COMMON_DIR, or name the repository with --repo PATH.");
    return pd_error_hint(err, "'git -C %s status' may say more.", path != NULL ? path : ".");
}

bool pd_git_open_owned(git_repository **out, const char *path, pd_error *err)
{
    int rc = open_any(out, path);
    if (rc == 0)
        return true;
    if (!is_owner_error(rc))
        return fail_open(path, rc, err);
    rc = open_unchecked(out, path);
    if (rc != 0)
        return fail_open(path, rc, err);
    if (listed_as_safe(*out))
        return true;
    fail_foreign(*out, err);
    git_repository_free(*out);
    *out = NULL;
    return false;
}
