#include "git/worktree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "git/internal.h"

#define DEPTH_LISTED 2

typedef struct walk {
    pd_git *git;
    pd_arena *arena;
    pd_snapshot *out;
    size_t visited;
    uint64_t bytes;
    size_t deep_visited;
} walk;

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
#define AUTO_FD PD_CLEANUP(close_fd) int

static void close_dir(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}
#define AUTO_DIR PD_CLEANUP(close_dir) DIR *

static bool fail_errno(pd_error *err, const char *path)
{
    int saved = errno;
    pd_fail(err, PD_ERROR_USAGE, "cannot read %s", path);
    return pd_error_detail(err, "%s", strerror(saved));
}

/* An entry's path from the root of the work tree. */
static const char *full_path(const walk *w, const char *path)
{
    const char *folder = w->out->folder;
    return folder[0] == '\0' ? path : pd_arena_printf(w->arena, "%s/%s", folder, path);
}

static bool is_git_folder(const char *name)
{
    return strcasecmp(name, ".git") == 0;
}

/* Whether a program of the user's, or an encoding, stands between the file and its blob. libgit2
 * applies neither, and a hash over other bytes than git's would never match. */
static bool check_attributes(walk *w, const char *path, pd_error *err)
{
    const char *names[] = {"filter", "working-tree-encoding"};
    const char *values[] = {NULL, NULL};
    int rc =
        git_attr_get_many(values, w->git->repo, GIT_ATTR_CHECK_FILE_THEN_INDEX, path, 2, names);
    if (rc != 0)
        return pd_git_fail(err, rc, "cannot read the git attributes of %s", path);
    if (git_attr_value(values[1]) == GIT_ATTR_VALUE_STRING && strcasecmp(values[1], "UTF-8") != 0) {
        pd_fail(err, PD_ERROR_USAGE, "cannot hash %s: git re-encodes it from %s", path, values[1]);
        return pd_error_hint(err, "Take working-tree-encoding from it in .gitattributes and keep "
                                  "the file in UTF-8.");
    }
    if (git_attr_value(values[0]) != GIT_ATTR_VALUE_STRING)
        return true;
    const char *clean =
        pd_git_config(w->git, pd_arena_printf(w->arena, "filter.%s.clean", values[0]));
    const char *process =
        pd_git_config(w->git, pd_arena_printf(w->arena, "filter.%s.process", values[0]));
    if ((clean == NULL || clean[0] == '\0') && (process == NULL || process[0] == '\0'))
        return true;
    pd_fail(err, PD_ERROR_USAGE, "cannot hash %s: git passes it through the filter '%s'", path,
            values[0]);
    return pd_error_hint(err, "Migrations must be stored as they are: take the filter from them in "
                              ".gitattributes ('*.sql -filter').");
}

/* The bytes that `git add` would store for the bytes of the file. */
static bool clean(walk *w, const char *path, const pd_strbuf *raw, pd_entry *entry, pd_error *err)
{
    PD_AUTO_GIT_HANDLE(git_filter_list) filters = NULL;
    PD_AUTO_GIT_BUF out = {0};
    if (!check_attributes(w, path, err))
        return false;
    int rc = git_filter_list_load(&filters, w->git->repo, NULL, path, GIT_FILTER_TO_ODB,
                                  GIT_FILTER_ALLOW_UNSAFE);
    if (rc == 0 && filters != NULL)
        rc = git_filter_list_apply_to_buffer(&out, filters, raw->data, raw->len);
    if (rc != 0)
        return pd_git_fail(err, rc, "cannot convert %s as git does", path);
    entry->size = filters != NULL ? out.size : raw->len;
    if (pd_entry_wanted(entry->path, entry->size))
        entry->data =
            pd_arena_strndup(w->arena, filters != NULL ? out.ptr : raw->data, (size_t)entry->size);
    return true;
}

static bool read_all(int fd, pd_strbuf *out)
{
    char chunk[65536];
    while (!out->truncated) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got == 0)
            return true;
        if (got < 0 && errno != EINTR)
            return false;
        if (got > 0)
            pd_strbuf_add(out, chunk, (size_t)got);
    }
    return true;
}

static bool load_file(walk *w, int folder, const char *name, pd_entry *entry, pd_error *err)
{
    if (!pd_entry_wanted(entry->path, entry->size))
        return true;
    const char *path = full_path(w, entry->path);
    struct stat st;
    AUTO_FD fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        return fail_errno(err, path);
    if (!S_ISREG(st.st_mode))
        return pd_fail(err, PD_ERROR_USAGE, "cannot read %s: it changed while it was read", path);
    PD_AUTO_STRBUF raw = pd_strbuf_new((size_t)PD_FILE_MAX);
    if (!read_all(fd, &raw))
        return fail_errno(err, path);
    if (raw.truncated)
        return pd_fail(err, PD_ERROR_USAGE, "cannot read %s: it grew while it was read", path);
    if (w->bytes + raw.len > PD_SET_MAX) {
        w->out->too_many = true;
        return true;
    }
    w->bytes += raw.len;
    return clean(w, path, &raw, entry, err);
}

static bool add_entry(walk *w, int folder, const char *name, const char *path,
                      const struct stat *st, pd_error *err)
{
    pd_entry *entry = PD_PUSH(w->arena, w->out->entries, w->out->count, w->out->capacity);
    entry->path = path;
    if (S_ISDIR(st->st_mode)) {
        entry->kind = PD_ENTRY_SUBMODULE;
        return true;
    }
    if (S_ISLNK(st->st_mode)) {
        entry->kind = PD_ENTRY_SYMLINK;
        return true;
    }
    if (!S_ISREG(st->st_mode))
        return pd_fail(err, PD_ERROR_USAGE, "cannot read %s: it is no regular file",
                       full_path(w, path));
    entry->kind = PD_ENTRY_FILE;
    entry->size = (uint64_t)st->st_size;
    return load_file(w, folder, name, entry, err);
}

static DIR *open_list(int folder)
{
    int copy = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    if (dir == NULL && copy >= 0)
        close(copy);
    return dir;
}

static bool is_listed(const char *name)
{
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !is_git_folder(name);
}

static void look_deeper(walk *w, int folder, const char *prefix, int depth);

/* One name in a folder that is not listed. */
static void look_at(walk *w, int folder, const char *name, const char *prefix, int depth)
{
    struct stat st;
    const char *path = pd_arena_printf(w->arena, "%s%s", prefix, name);
    bool known = fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (!known || !S_ISDIR(st.st_mode)) {
        if (pd_entry_noted(name))
            pd_git_note_deep(w->arena, w->out, path);
        return;
    }
    AUTO_FD inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    look_deeper(w, inner, pd_arena_printf(w->arena, "%s/", path), depth + 1);
}

/* Names what lies in a folder that is not listed; one that cannot be looked into is named itself,
 * and so is a submodule. */
static void look_deeper(walk *w, int folder, const char *prefix, int depth)
{
    struct stat git;
    bool submodule = folder >= 0 && fstatat(folder, ".git", &git, AT_SYMLINK_NOFOLLOW) == 0;
    AUTO_DIR dir =
        folder < 0 || submodule || depth > PD_DEEP_FOLDERS_MAX ? NULL : open_list(folder);
    if (dir == NULL) {
        pd_git_note_deep(w->arena, w->out, prefix);
        return;
    }
    const struct dirent *item = NULL;
    while (!w->out->deep_more && (item = readdir(dir)) != NULL) {
        if (!is_listed(item->d_name))
            continue;
        if (w->deep_visited++ == PD_DEEP_ENTRIES_MAX)
            w->out->deep_more = true;
        else
            look_at(w, folder, item->d_name, prefix, depth);
    }
}

static bool list(walk *w, int folder, const char *prefix, pd_error *err);

/* One name in a folder: a folder with a repository of its own is a submodule to git. */
static bool visit(walk *w, int folder, const char *name, const char *prefix, pd_error *err)
{
    struct stat st;
    const char *path = pd_arena_printf(w->arena, "%s%s", prefix, name);
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return fail_errno(err, full_path(w, path));
    if (!S_ISDIR(st.st_mode))
        return add_entry(w, folder, name, path, &st, err);
    AUTO_FD inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner < 0)
        return fail_errno(err, full_path(w, path));
    struct stat git;
    if (fstatat(inner, ".git", &git, AT_SYMLINK_NOFOLLOW) == 0)
        return add_entry(w, folder, name, path, &st, err);
    if (prefix[0] != '\0') {
        look_deeper(w, inner, pd_arena_printf(w->arena, "%s/", path), DEPTH_LISTED + 1);
        return true;
    }
    return list(w, inner, pd_arena_printf(w->arena, "%s/", path), err);
}

static bool list(walk *w, int folder, const char *prefix, pd_error *err)
{
    const char *name_of_folder = full_path(w, prefix);
    AUTO_DIR dir = open_list(folder);
    if (dir == NULL)
        return fail_errno(err, name_of_folder);
    for (;;) {
        errno = 0;
        const struct dirent *item = readdir(dir);
        if (item == NULL)
            return errno == 0 || fail_errno(err, name_of_folder);
        if (!is_listed(item->d_name))
            continue;
        if (w->visited == PD_ENTRIES_MAX)
            w->out->too_many = true;
        if (w->out->too_many)
            return true;
        w->visited++;
        if (!visit(w, folder, item->d_name, prefix, err))
            return false;
    }
}

static bool fail_folder(const char *folder, const char *what, pd_error *err)
{
    pd_fail(err, PD_ERROR_USAGE, "cannot read migrations from %s: it is %s", folder, what);
    return pd_error_hint(err, "The migrations folder must be a folder of the repository itself "
                              "(setting migrations.path).");
}

/* Opens one folder below another; *inner is -1 when it is not there. */
static bool enter(int folder, const char *name, const char *whole, int *inner, pd_error *err)
{
    struct stat st;
    if (strcmp(name, "..") == 0 || is_git_folder(name))
        return fail_folder(whole, "outside of what git tracks", err);
    *inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*inner < 0 && errno == ENOENT)
        return true;
    if (*inner < 0 && (errno == ENOTDIR || errno == ELOOP))
        return fail_folder(whole, "not a folder (symbolic links are not followed)", err);
    if (*inner < 0)
        return fail_errno(err, whole);
    if (fstatat(*inner, ".git", &st, AT_SYMLINK_NOFOLLOW) == 0) {
        close(*inner);
        *inner = -1;
        return fail_folder(whole, "in a submodule", err);
    }
    return true;
}

/* Opens the folder, one name after the other; *out is -1 when it is not there. */
static bool open_folder(walk *w, int *out, pd_error *err)
{
    const char *folder = w->out->folder;
    *out = open(w->git->workdir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*out < 0)
        return fail_errno(err, w->git->workdir);
    const char *rest = folder;
    while (*out >= 0 && rest[0] != '\0') {
        size_t len = strcspn(rest, "/");
        int inner = -1;
        bool entered = enter(*out, pd_arena_strndup(w->arena, rest, len), folder, &inner, err);
        close(*out);
        *out = inner;
        if (!entered)
            return false;
        rest += len + (rest[len] == '/' ? 1 : 0);
    }
    return true;
}

bool pd_git_worktree(pd_git *git, const char *folder, pd_snapshot *out, pd_error *err)
{
    walk w = {.git = git, .arena = git->arena, .out = out};
    memset(out, 0, sizeof *out);
    out->folder = pd_git_trim_folder(git->arena, folder);
    if (git->workdir == NULL) {
        pd_fail(err, PD_ERROR_USAGE, "cannot read the work tree: %s is a bare repository",
                git->name);
        return pd_error_hint(err, "Run this in a clone that has the files checked out.");
    }
    AUTO_FD fd = -1;
    if (!open_folder(&w, &fd, err))
        return false;
    if (fd >= 0 && !list(&w, fd, "", err))
        return false;
    pd_git_sort_entries(out);
    return true;
}

bool pd_git_is_left_out(pd_git *git, const char *path, bool *out, pd_error *err)
{
    PD_AUTO_GIT_HANDLE(git_index) index = NULL;
    int ignored = 0;
    *out = false;
    int rc = git_repository_index(&index, git->repo);
    if (rc != 0)
        return pd_git_fail(err, rc, "cannot read git's index");
    if (git_index_get_bypath(index, path, GIT_INDEX_STAGE_NORMAL) != NULL)
        return true;
    rc = git_ignore_path_is_ignored(&ignored, git->repo, path);
    if (rc != 0)
        return pd_git_fail(err, rc, "cannot tell whether git ignores %s", path);
    *out = ignored != 0;
    return true;
}

bool pd_git_is_uncommitted(pd_git *git, const char *path, bool *out, pd_error *err)
{
    const unsigned gone = GIT_STATUS_INDEX_DELETED | GIT_STATUS_WT_DELETED | GIT_STATUS_IGNORED;
    unsigned status = 0;
    *out = false;
    if (git->workdir == NULL)
        return true;
    int rc = git_status_file(&status, git->repo, path);
    if (rc == GIT_ENOTFOUND || rc == GIT_EAMBIGUOUS) /* there is none, or a folder */
        return true;
    if (rc != 0)
        return pd_git_fail(err, rc, "cannot tell whether %s is committed", path);
    *out = status != GIT_STATUS_CURRENT && (status & gone) == 0;
    return true;
}
