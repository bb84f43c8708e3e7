/* Files of the user's tree, reached name by name: no link leads out of it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/strbuf.h"

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
#define AUTO_FD PD_CLEANUP(close_fd) int

typedef struct place {
    int folder;              /* that holds the file; -1: a folder on the way is missing */
    char name[NAME_MAX + 1]; /* of the file in it */
} place;

static void close_place(place *at)
{
    close_fd(&at->folder);
}
#define AUTO_PLACE PD_CLEANUP(close_place) place

static bool fail_errno(pd_error *err, const char *what, const char *path)
{
    int saved = errno;
    pd_fail(err, PD_ERROR_USAGE, "cannot %s %s", what, path);
    return pd_error_detail(err, "%s", strerror(saved));
}

static bool fail_link(pd_error *err, const char *path)
{
    pd_fail(err, PD_ERROR_USAGE, "cannot use %s: a symbolic link or a file is in the way", path);
    return pd_error_hint(err,
                         "Every folder of its path must be a folder of the repository itself.");
}

static bool is_name(const char *name)
{
    return name[0] != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           strcasecmp(name, ".git") != 0;
}

/* Steps from at->folder into `name`; made when it is missing and `make` is set. */
static bool enter(place *at, const char *name, const char *path, bool make, pd_error *err)
{
    int inner = openat(at->folder, name, FOLDER_FLAGS);
    if (inner < 0 && errno == ENOENT && make) {
        if (mkdirat(at->folder, name, 0777) != 0 && errno != EEXIST)
            return fail_errno(err, "make the folder of", path);
        inner = openat(at->folder, name, FOLDER_FLAGS);
    }
    if (inner < 0 && (errno == ELOOP || errno == ENOTDIR))
        return fail_link(err, path);
    if (inner < 0 && (errno != ENOENT || make))
        return fail_errno(err, "open the folder of", path);
    close_fd(&at->folder);
    at->folder = inner;
    return true;
}

static bool find_place(const char *root, const char *path, bool make, place *at, pd_error *err)
{
    at->folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at->folder < 0)
        return fail_errno(err, "open", root);
    for (const char *rest = path; at->folder >= 0;) {
        size_t len = strcspn(rest, "/");
        if (len >= sizeof at->name)
            return pd_fail(err, PD_ERROR_USAGE, "cannot use %s: a name in it is too long", path);
        memcpy(at->name, rest, len);
        at->name[len] = '\0';
        if (!is_name(at->name))
            return pd_fail(err, PD_ERROR_USAGE, "cannot use %s: it is no path of a file in %s",
                           path, root);
        if (rest[len] == '\0')
            return true;
        if (!enter(at, at->name, path, make, err))
            return false;
        rest += len + 1;
    }
    return true;
}

/* Nothing may stand there. A file system without hard links still tells whether something does. */
static bool give_name(const place *at, const char *temporary, const char *path, pd_error *err)
{
    struct stat st;
    if (linkat(at->folder, temporary, at->folder, at->name, 0) == 0)
        return true;
    if (errno == EEXIST || fstatat(at->folder, at->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return pd_fail(err, PD_ERROR_USAGE, "cannot write %s: it is there already", path);
    return (errno == ENOENT && renameat(at->folder, temporary, at->folder, at->name) == 0) ||
           fail_errno(err, "write", path);
}

/* Whether the temporary file may take the place; *mode is what it gets. */
static bool look_at_old(const place *at, const char *path, mode_t *mode, pd_error *err)
{
    struct stat st;
    if (fstatat(at->folder, at->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || fail_errno(err, "write", path);
    if (!S_ISREG(st.st_mode))
        return fail_link(err, path);
    *mode = st.st_mode & 0777;
    return true;
}

static bool fill_and_name(const place *at, const char *temporary, const char *path, pd_bytes text,
                          pd_file_how how, pd_error *err)
{
    mode_t mode = 0;
    if (how == PD_FILE_REPLACE && !look_at_old(at, path, &mode, err))
        return false;
    AUTO_FD fd = openat(at->folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 || !pd_file_put(fd, text) || (mode != 0 && fchmod(fd, mode) != 0) || fsync(fd) != 0)
        return fail_errno(err, "write", path);
    if (how == PD_FILE_NEW)
        return give_name(at, temporary, path, err);
    return renameat(at->folder, temporary, at->folder, at->name) == 0 ||
           fail_errno(err, "write", path);
}

/* Some file systems cannot sync a folder; the file itself is safe by then. */
static bool sync_folder(const place *at)
{
    return fsync(at->folder) == 0 || errno == EINVAL;
}

/* The name was given, and may not last. */
static void take_back(const place *at, const char *old, bool was_there)
{
    if (was_there)
        renameat(at->folder, old, at->folder, at->name);
    else
        unlinkat(at->folder, at->name, 0);
}

bool pd_file_write_below(const char *root, const char *path, pd_bytes text, pd_file_how how,
                         pd_error *err)
{
    AUTO_PLACE at = {.folder = -1};
    if (!find_place(root, path, true, &at, err))
        return false;
    char unique[37];
    char temporary[64];
    char old[64]; /* a second name of what is replaced */
    pd_uuid(unique);
    snprintf(temporary, sizeof temporary, ".predeploy-%s", unique);
    snprintf(old, sizeof old, ".predeploy-%s.old", unique);
    bool was_there = how == PD_FILE_REPLACE &&
                     (linkat(at.folder, at.name, at.folder, old, 0) == 0 || errno != ENOENT);
    bool done = fill_and_name(&at, temporary, path, text, how, err);
    if (done && !sync_folder(&at)) {
        done = fail_errno(err, "write", path);
        take_back(&at, old, was_there);
    }
    /* Where they were renamed there is nothing left to remove. */
    unlinkat(at.folder, temporary, 0);
    if (was_there)
        unlinkat(at.folder, old, 0);
    return done;
}

bool pd_file_read_below(const char *root, const char *path, size_t max, pd_arena *arena,
                        pd_bytes *out, pd_error *err)
{
    AUTO_PLACE at = {.folder = -1};
    *out = (pd_bytes){0};
    if (!find_place(root, path, false, &at, err))
        return false;
    if (at.folder < 0)
        return true;
    FILE *stream = NULL;
    if (!pd_file_open_regular(at.folder, at.name, path, &stream, err))
        return false;
    if (stream == NULL)
        return true;
    bool done = pd_file_slurp(stream, path, max, arena, out, err);
    fclose(stream);
    return done;
}

void pd_file_remove_below(const char *root, const char *path)
{
    pd_error ignored = {0};
    AUTO_PLACE at = {.folder = -1};
    if (find_place(root, path, false, &at, &ignored) && at.folder >= 0)
        unlinkat(at.folder, at.name, 0);
}
