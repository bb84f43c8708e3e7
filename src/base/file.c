#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"

static bool fail_errno(pd_error *err, const char *path)
{
    int saved = errno;
    pd_fail(err, PD_ERROR_USAGE, "cannot write %s", path);
    return pd_error_detail(err, "%s", strerror(saved));
}

bool pd_file_put(int fd, pd_bytes text)
{
    for (size_t at = 0; at < text.len;) {
        ssize_t written = write(fd, text.data + at, text.len - at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += (size_t)written;
    }
    return true;
}

static bool sync_folder_of(const char *path)
{
    PD_AUTO_STRBUF folder = pd_strbuf_new(PD_STRBUF_MAX);
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        pd_strbuf_addc(&folder, '.');
    else
        pd_strbuf_add(&folder, path, slash == path ? 1 : (size_t)(slash - path));
    int fd = open(folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    /* Some file systems cannot sync a folder; the file itself is safe by then. */
    bool done = fsync(fd) == 0 || errno == EINVAL;
    int saved = errno;
    close(fd);
    errno = saved;
    return done;
}

bool pd_file_write(const char *path, const char *data, size_t len, mode_t mode, pd_error *err)
{
    PD_AUTO_STRBUF temporary = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addf(&temporary, "%s.XXXXXX", path);
    int fd = mkostemp(temporary.data, O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, path);
    bool written =
        pd_file_put(fd, (pd_bytes){data, len}) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    if (close(fd) != 0)
        written = false;
    if (!written || rename(temporary.data, path) != 0) {
        fail_errno(err, path);
        unlink(temporary.data);
        return false;
    }
    return sync_folder_of(path) || fail_errno(err, path);
}

bool pd_file_can_write(const char *path, pd_error *err)
{
    struct stat found = {0};
    if (lstat(path, &found) == 0 && !S_ISREG(found.st_mode)) {
        pd_fail(err, PD_ERROR_UNREACHABLE, "cannot write %s", path);
        return pd_error_detail(err, "it is there, and is not a regular file");
    }
    PD_AUTO_STRBUF temporary = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addf(&temporary, "%s.XXXXXX", path);
    int fd = path[0] == '\0' ? -1 : mkostemp(temporary.data, O_CLOEXEC);
    if (fd < 0) {
        int saved = path[0] == '\0' ? ENOENT : errno;
        pd_fail(err, PD_ERROR_UNREACHABLE, "cannot write %s", path);
        return pd_error_detail(err, "%s", strerror(saved));
    }
    close(fd);
    unlink(temporary.data);
    return true;
}

bool pd_file_append(const char *path, const char *data, size_t len, pd_error *err)
{
    struct stat found = {0};
    /* A pipe without a reader is an error here, not a wait. */
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
    if (fd < 0)
        return fail_errno(err, path);
    errno = EINVAL;
    bool written =
        fstat(fd, &found) == 0 && S_ISREG(found.st_mode) && pd_file_put(fd, (pd_bytes){data, len});
    int saved = errno;
    close(fd);
    errno = saved;
    return written || fail_errno(err, path);
}

bool pd_file_slurp(FILE *stream, const char *name, size_t max, pd_arena *arena, pd_bytes *out,
                   pd_error *err)
{
    PD_AUTO_STRBUF buf = pd_strbuf_new(max);
    char chunk[65536];
    size_t got = 0;
    while (!buf.truncated && (got = fread(chunk, 1, sizeof chunk, stream)) > 0)
        pd_strbuf_add(&buf, chunk, got);
    int saved = errno;
    if (ferror(stream)) {
        pd_fail(err, PD_ERROR_USAGE, "cannot read %s", name);
        return pd_error_detail(err, "%s", strerror(saved));
    }
    if (buf.truncated)
        return pd_fail(err, PD_ERROR_USAGE, "%s is larger than %zu bytes", name, max);
    *out = (pd_bytes){.data = pd_strbuf_keep(&buf, arena), .len = buf.len};
    return true;
}

static bool fail_read(pd_error *err, const char *name, const char *why)
{
    pd_fail(err, PD_ERROR_USAGE, "cannot read %s", name);
    return pd_error_detail(err, "%s", why);
}

bool pd_file_open_regular(int folder, const char *path, const char *name, FILE **out, pd_error *err)
{
    struct stat st;
    *out = NULL;
    int fd = openat(folder, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return true;
    if (fd < 0)
        return fail_read(err, name, errno == ELOOP ? "it is a symbolic link" : strerror(errno));
    bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    *out = regular ? fdopen(fd, "r") : NULL;
    if (*out != NULL)
        return true;
    fail_read(err, name, regular ? strerror(errno) : "it is no regular file");
    close(fd);
    return false;
}

bool pd_file_read_regular(const char *path, const char *name, size_t max, pd_arena *arena,
                          pd_bytes *out, pd_error *err)
{
    FILE *stream = NULL;
    *out = (pd_bytes){0};
    if (!pd_file_open_regular(AT_FDCWD, path, name, &stream, err))
        return false;
    if (stream == NULL)
        return true;
    bool done = pd_file_slurp(stream, name, max, arena, out, err);
    fclose(stream);
    return done;
}
