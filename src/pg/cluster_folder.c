#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "pg/cluster_parts.h"

#define NAME_TEMPLATE "/predeploy-XXXXXX"
#define SOCKET_NAME "/.s.PGSQL.5432"
#define DEPTH_MAX 32
#define SOCKET_PATH_MAX sizeof(((struct sockaddr_un *)NULL)->sun_path)

static bool lets_pass(const char *folder)
{
    struct stat info;
    return stat(folder, &info) == 0 && (info.st_mode & S_IXOTH) != 0;
}

/* Whether a server of another user can come to this folder: it and all above let everyone pass. */
static bool reachable(pd_arena *arena, const char *path)
{
    char *real = realpath(path, NULL);
    bool ok = real != NULL && lets_pass("/") && lets_pass(real);
    for (size_t i = 1; ok && real[i] != '\0'; i++) {
        ok = real[i] != '/' || lets_pass(pd_arena_strndup(arena, real, i));
    }
    free(real);
    return ok;
}

/* The path stands in settings of the server, where quotes and commas have a meaning. */
static bool plain(const char *path)
{
    return *path == '/' && strpbrk(path, "'\"\\,\n") == NULL &&
           pd_utf8_invalid_at(path, strlen(path)) == strlen(path);
}

static const char *choose_parent(pd_arena *arena, const pd_identity *user)
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || !plain(parent) ||
        strlen(parent) + strlen(NAME_TEMPLATE SOCKET_NAME) >= SOCKET_PATH_MAX) {
        return "/tmp";
    }
    return !user->drop || reachable(arena, parent) ? parent : "/tmp";
}

bool pd_cluster_make_folder(pd_arena *arena, const pd_identity *user, const char **folder,
                            pd_error *err)
{
    char *path = pd_arena_printf(arena, "%s%s", choose_parent(arena, user), NAME_TEMPLATE);
    *folder = NULL;
    if (mkdtemp(path) == NULL) {
        (void)pd_fail(err, PD_ERROR_UNREACHABLE, "cannot make a temporary folder");
        (void)pd_error_detail(err, "%s: %s", path, strerror(errno));
        return pd_error_hint(err, "Set TMPDIR to a folder that can be written to.");
    }
    *folder = path;
    if (user->drop && chown(path, user->uid, user->gid) != 0) {
        (void)pd_fail(err, PD_ERROR_UNREACHABLE, "cannot give the temporary folder to user %s",
                      user->name);
        (void)pd_error_detail(err, "%s: %s", path, strerror(errno));
        return pd_error_hint(err, "Set PREDEPLOY_PG_USER to a user that this one may become.");
    }
    return true;
}

static void remove_content(int fd, int depth);

static void remove_entry(int folder, const char *name, int depth)
{
    if (pd_streq(name, ".") || pd_streq(name, "..") || unlinkat(folder, name, 0) == 0) {
        return;
    }
    int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner >= 0) {
        remove_content(inner, depth + 1);
        (void)unlinkat(folder, name, AT_REMOVEDIR);
    }
}

/* Takes the descriptor. */
static void remove_content(int fd, int depth)
{
    DIR *dir = depth > DEPTH_MAX ? NULL : fdopendir(fd);
    if (dir == NULL) {
        (void)close(fd);
        return;
    }
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        remove_entry(fd, entry->d_name, depth);
    }
    (void)closedir(dir);
}

void pd_cluster_remove_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) {
        remove_content(fd, 0);
        (void)rmdir(folder);
    }
}
