#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "git/internal.h"

/* What one listing has taken up so far, against the limits of domain/revision.h. */
typedef struct walk {
    pd_git *git;
    pd_arena *arena;
    bool contents;
    pd_snapshot *out;
    size_t visited;      /* entries of all trees, listed or not */
    uint64_t bytes;      /* trees, paths and contents */
    size_t deep_visited; /* the same of what lies deeper */
    uint64_t deep_bytes;
    pd_sha256 hash; /* of contents */
} walk;

static bool fail_object(pd_git *git, const char *path, int rc, pd_error *err)
{
    pd_git_fail(err, rc, "cannot read %s", path[0] != '\0' ? path : "the root of the tree");
    return pd_git_missing_hint(git, err);
}

bool pd_git_load_tree(pd_git *git, const git_oid *oid, const char *path, git_tree **out,
                      size_t *size, pd_error *err)
{
    git_object_t type = GIT_OBJECT_INVALID;
    int rc = git_odb_read_header(size, &type, git->odb, oid);
    if (rc != 0)
        return fail_object(git, path, rc, err);
    if (type != GIT_OBJECT_TREE) {
        pd_fail(err, PD_ERROR_UNREACHABLE, "cannot read folder '%s': its object is no tree", path);
        return pd_git_missing_hint(git, err);
    }
    if (*size > PD_OBJECT_MAX)
        return true;
    rc = git_tree_lookup(out, git->repo, oid);
    return rc == 0 || fail_object(git, path, rc, err);
}

/* Looks through all entries, because git's binary search misses names in a tree that is not
 * sorted, and because a tree that was made by hand can hold a name twice. */
bool pd_git_find_in_tree(const git_tree *tree, const char *name, size_t len, const char *path,
                         const git_tree_entry **out, pd_error *err)
{
    *out = NULL;
    for (size_t i = 0; i < git_tree_entrycount(tree); i++) {
        const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
        const char *other = git_tree_entry_name(entry);
        if (strlen(other) != len || memcmp(other, name, len) != 0)
            continue;
        if (*out != NULL) {
            pd_fail(err, PD_ERROR_UNREACHABLE, "cannot read %s: its folder lists '%.*s' twice",
                    path, (int)len, name);
            return pd_error_hint(err, "git never writes such a tree: 'git fsck' lists what is "
                                      "wrong with the repository.");
        }
        *out = entry;
    }
    return true;
}

typedef struct found {
    bool present;
    git_filemode_t mode;
    git_oid oid;
} found;

/* Walks from the commit's root to path; "" is the root itself. */
static bool find_path(pd_git *git, const pd_revision *revision, const char *path, found *out,
                      pd_error *err)
{
    git_oid commit_oid;
    PD_AUTO_GIT_HANDLE(git_commit) commit = NULL;
    memset(out, 0, sizeof *out);
    int rc = git_oid_fromstrp(&commit_oid, revision->oid);
    if (rc != 0)
        return pd_git_fail(err, rc, "cannot read revision %s", revision->oid);
    if (!pd_git_load_commit(git, &commit_oid, &commit, err))
        return false;
    out->present = true;
    out->mode = GIT_FILEMODE_TREE;
    git_oid_cpy(&out->oid, git_commit_tree_id(commit));
    const char *rest = path;
    while (out->present && rest[0] != '\0') {
        size_t len = strcspn(rest, "/");
        PD_AUTO_GIT_HANDLE(git_tree) tree = NULL;
        size_t size = 0;
        const git_tree_entry *entry = NULL;
        if (out->mode != GIT_FILEMODE_TREE) {
            out->present = false;
            return true;
        }
        if (!pd_git_load_tree(git, &out->oid, path, &tree, &size, err))
            return false;
        if (tree == NULL)
            return pd_fail(err, PD_ERROR_UNREACHABLE,
                           "cannot read %s: a folder on its way has a list of %zu bytes", path,
                           size);
        if (!pd_git_find_in_tree(tree, rest, len, path, &entry, err))
            return false;
        out->present = entry != NULL;
        if (entry != NULL) {
            out->mode = git_tree_entry_filemode(entry);
            git_oid_cpy(&out->oid, git_tree_entry_id(entry));
        }
        rest += len + (rest[len] == '/' ? 1 : 0);
    }
    return true;
}

static const char *mode_name(git_filemode_t mode)
{
    switch (mode) {
    case GIT_FILEMODE_TREE:
        return "a folder";
    case GIT_FILEMODE_LINK:
        return "a symbolic link";
    case GIT_FILEMODE_COMMIT:
        return "a submodule";
    case GIT_FILEMODE_BLOB:
    case GIT_FILEMODE_BLOB_EXECUTABLE:
        return "a file";
    case GIT_FILEMODE_UNREADABLE:
        break;
    }
    return "of an unknown kind";
}

typedef struct blob {
    const git_oid *oid;
    const char *folder; /* and path: for messages */
    const char *path;
    size_t size; /* known and allowed */
} blob;

/* A path from the root of the tree. */
static const char *join(pd_git *git, const char *folder, const char *path)
{
    return folder[0] == '\0' ? path : pd_arena_printf(git->arena, "%s/%s", folder, path);
}

static bool read_blob(pd_git *git, pd_arena *arena, blob wanted, const char **data, pd_error *err)
{
    PD_AUTO_GIT_HANDLE(git_odb_object) object = NULL;
    int rc = git_odb_read(&object, git->odb, wanted.oid);
    if (rc != 0)
        return fail_object(git, join(git, wanted.folder, wanted.path), rc, err);
    if (git_odb_object_size(object) != wanted.size ||
        git_odb_object_type(object) != GIT_OBJECT_BLOB) {
        pd_fail(err, PD_ERROR_UNREACHABLE, "cannot read %s: its object is not what it said",
                join(git, wanted.folder, wanted.path));
        return pd_git_missing_hint(git, err);
    }
    *data = pd_arena_strndup(arena, git_odb_object_data(object), wanted.size);
    return true;
}

/* An entry's path from the root of the tree. */
static const char *full_path(const walk *w, const char *path)
{
    return join(w->git, w->out->folder, path);
}

/* Looks up a blob's size, which stays unknown when it is missing and not wanted. */
static bool measure(walk *w, const pd_entry *entry, pd_git_blob *cached, pd_error *err)
{
    git_object_t type = GIT_OBJECT_INVALID;
    if (cached->known)
        return true;
    int rc = git_odb_read_header(&cached->size, &type, w->git->odb, &cached->oid);
    if (rc != 0 && !pd_entry_wanted(entry->path, 0))
        return true;
    if (rc != 0)
        return fail_object(w->git, full_path(w, entry->path), rc, err);
    if (type != GIT_OBJECT_BLOB) {
        pd_fail(err, PD_ERROR_UNREACHABLE, "cannot read %s: its object is no file",
                full_path(w, entry->path));
        return pd_git_missing_hint(w->git, err);
    }
    cached->known = true;
    return true;
}

/* Size and, where it is wanted, content of a file. An object that is missing is an error only
 * when its content could be wanted: partial clones leave the others out. */
static bool load_file(walk *w, const git_oid *oid, pd_entry *entry, pd_error *err)
{
    pd_git_blob *cached = pd_git_cached(w->git, oid);
    if (!measure(w, entry, cached, err))
        return false;
    if (!cached->known)
        return true;
    entry->size = cached->size;
    if (!w->contents || !pd_entry_wanted(entry->path, entry->size))
        return true;
    if (w->bytes + entry->size > PD_SET_MAX) {
        w->out->too_many = true;
        return true;
    }
    w->bytes += entry->size;
    blob wanted = {oid, w->out->folder, entry->path, cached->size};
    if (cached->data == NULL) {
        if (!read_blob(w->git, w->arena, wanted, &cached->data, err))
            return false;
        cached->sha256 = pd_arena_alloc(w->arena, PD_SHA256_HEX);
        pd_sha256_add(&w->hash, cached->data, cached->size);
        pd_sha256_take(&w->hash, cached->sha256);
    }
    entry->data = cached->data;
    entry->sha256 = cached->sha256;
    return true;
}

static bool add_entry(walk *w, const char *path, git_filemode_t mode, const git_oid *oid,
                      pd_error *err)
{
    pd_entry *entry = PD_PUSH(w->arena, w->out->entries, w->out->count, w->out->capacity);
    entry->path = path;
    git_oid_tostr(entry->oid, sizeof entry->oid, oid);
    switch (mode) {
    case GIT_FILEMODE_LINK:
        entry->kind = PD_ENTRY_SYMLINK;
        return true;
    case GIT_FILEMODE_COMMIT:
        entry->kind = PD_ENTRY_SUBMODULE;
        return true;
    case GIT_FILEMODE_BLOB:
    case GIT_FILEMODE_BLOB_EXECUTABLE:
        entry->kind = PD_ENTRY_FILE;
        return load_file(w, oid, entry, err);
    case GIT_FILEMODE_TREE:
    case GIT_FILEMODE_UNREADABLE:
        break;
    }
    return pd_fail(err, PD_ERROR_UNREACHABLE, "cannot read %s: its mode is unknown",
                   full_path(w, path));
}

/* No file system could hold it, and no report should. */
static bool fail_name(const walk *w, const char *name, pd_error *err)
{
    return pd_fail(err, PD_ERROR_UNREACHABLE, "cannot read %s: a name in it has %zu bytes",
                   w->out->folder[0] != '\0' ? w->out->folder : "the root of the tree",
                   strlen(name));
}

/* The path of an entry from the folder on; one that is a folder itself ends with a slash. */
static const char *path_below(pd_arena *arena, const char *prefix, const char *name, bool folder)
{
    size_t before = strlen(prefix);
    size_t len = strlen(name);
    char *path = pd_arena_alloc(arena, before + len + 2);
    memcpy(path, prefix, before);
    memcpy(path + before, name, len);
    if (folder)
        path[before + len] = '/';
    return path;
}

/* Names what lies in a folder that is not listed. What cannot be looked into is named itself, so
 * that objects which a partial clone lacks are no error. */
static void look_deeper(walk *w, const git_oid *oid, const char *prefix, int depth)
{
    PD_AUTO_GIT_HANDLE(git_tree) tree = NULL;
    pd_error unread = {0};
    size_t size = 0;
    if (depth > PD_DEEP_FOLDERS_MAX ||
        !pd_git_load_tree(w->git, oid, prefix, &tree, &size, &unread) || tree == NULL) {
        pd_git_note_deep(w->arena, w->out, prefix);
        return;
    }
    w->deep_bytes += size;
    for (size_t i = 0; i < git_tree_entrycount(tree) && !w->out->deep_more; i++) {
        const git_tree_entry *item = git_tree_entry_byindex(tree, i);
        const char *name = git_tree_entry_name(item);
        git_filemode_t mode = git_tree_entry_filemode(item);
        bool folder = mode == GIT_FILEMODE_TREE || mode == GIT_FILEMODE_COMMIT;
        w->deep_bytes += strlen(prefix) + strlen(name);
        if (w->deep_visited++ == PD_DEEP_ENTRIES_MAX || w->deep_bytes > PD_SET_MAX ||
            strlen(name) > PD_NAME_MAX) {
            w->out->deep_more = true;
            return;
        }
        if (!folder && !pd_entry_noted(name))
            continue;
        const char *path = path_below(w->arena, prefix, name, folder);
        if (mode == GIT_FILEMODE_TREE)
            look_deeper(w, git_tree_entry_id(item), path, depth + 1);
        else
            pd_git_note_deep(w->arena, w->out, path);
    }
}

/* One level of the listing. Recursion ends at depth 2. */
static bool list(walk *w, const git_oid *oid, const char *prefix, int depth, pd_error *err)
{
    PD_AUTO_GIT_HANDLE(git_tree) tree = NULL;
    size_t size = 0;
    const char *name_of_tree = prefix[0] != '\0' ? full_path(w, prefix) : w->out->folder;
    if (!pd_git_load_tree(w->git, oid, name_of_tree, &tree, &size, err))
        return false;
    w->bytes += size;
    if (tree == NULL || w->bytes > PD_SET_MAX) {
        w->out->too_many = true;
        return true;
    }
    for (size_t i = 0; i < git_tree_entrycount(tree); i++) {
        const git_tree_entry *item = git_tree_entry_byindex(tree, i);
        const char *name = git_tree_entry_name(item);
        git_filemode_t mode = git_tree_entry_filemode(item);
        if (strlen(name) > PD_NAME_MAX)
            return fail_name(w, name, err);
        w->bytes += strlen(prefix) + strlen(name);
        if (w->visited == PD_ENTRIES_MAX || w->bytes > PD_SET_MAX)
            w->out->too_many = true;
        if (w->out->too_many)
            return true;
        w->visited++;
        bool folder = mode == GIT_FILEMODE_TREE;
        const char *path = path_below(w->arena, prefix, name, folder);
        const git_oid *id = git_tree_entry_id(item);
        if (folder && depth == 2) {
            look_deeper(w, id, path, depth + 1);
            continue;
        }
        if (!(folder ? list(w, id, path, depth + 1, err) : add_entry(w, path, mode, id, err)))
            return false;
    }
    return true;
}

static int by_path(const void *a, const void *b)
{
    const pd_entry *one = a;
    const pd_entry *other = b;
    int order = strcmp(one->path, other->path);
    return order != 0 ? order : strcmp(one->oid, other->oid);
}

static int by_text(const void *a, const void *b)
{
    const char *const *one = a;
    const char *const *other = b;
    return strcmp(*one, *other);
}

/* As git itself lists them, in nearly every tree. */
static bool is_sorted(const pd_snapshot *snapshot)
{
    for (size_t i = 1; i < snapshot->count; i++)
        if (by_path(&snapshot->entries[i - 1], &snapshot->entries[i]) > 0)
            return false;
    return true;
}

void pd_git_sort_entries(pd_snapshot *snapshot)
{
    if (!is_sorted(snapshot))
        qsort(snapshot->entries, snapshot->count, sizeof *snapshot->entries, by_path);
    if (snapshot->deep_count > 1)
        qsort(snapshot->deep, snapshot->deep_count, sizeof *snapshot->deep, by_text);
}

void pd_git_note_deep(pd_arena *arena, pd_snapshot *snapshot, const char *path)
{
    if (snapshot->deep_count == PD_DEEP_MAX)
        snapshot->deep_more = true;
    else
        *PD_PUSH(arena, snapshot->deep, snapshot->deep_count, snapshot->deep_capacity) = path;
}

const char *pd_git_trim_folder(pd_arena *arena, const char *folder)
{
    char *out = pd_arena_strdup(arena, folder);
    size_t len = 0;
    for (const char *at = folder; *at != '\0';) {
        size_t part = strcspn(at, "/");
        if (part > 0 && !(part == 1 && at[0] == '.')) {
            if (len > 0)
                out[len++] = '/';
            memmove(out + len, at, part);
            len += part;
        }
        at += part;
        at += strspn(at, "/");
    }
    out[len] = '\0';
    return out;
}

static bool list_without_contents(pd_git *git, const git_oid *oid, pd_snapshot *out, pd_error *err)
{
    walk w = {.git = git, .arena = git->arena, .out = out};
    if (pd_git_find_listed(git, out))
        return true;
    if (!list(&w, oid, "", 1, err))
        return false;
    pd_git_sort_entries(out);
    pd_git_keep_listed(git, out);
    return true;
}

static bool list_with_contents(pd_git *git, const git_oid *oid, pd_snapshot *out, pd_error *err)
{
    char unused[PD_SHA256_HEX];
    walk w = {.git = git, .arena = git->arena, .contents = true, .out = out};
    w.hash = pd_sha256_start();
    bool done = list(&w, oid, "", 1, err);
    pd_sha256_end(&w.hash, unused);
    if (done)
        pd_git_sort_entries(out);
    return done;
}

bool pd_git_snapshot(pd_git *git, const pd_revision *revision, const char *folder, bool contents,
                     pd_snapshot *out, pd_error *err)
{
    memset(out, 0, sizeof *out);
    out->folder = pd_git_trim_folder(git->arena, folder);
    found place;
    if (!find_path(git, revision, out->folder, &place, err))
        return false;
    if (!place.present)
        return true;
    if (place.mode != GIT_FILEMODE_TREE) {
        pd_fail(err, PD_ERROR_USAGE, "cannot read migrations from %s: it is %s", out->folder,
                mode_name(place.mode));
        return pd_error_hint(err, "The migrations folder must be a folder of the repository itself "
                                  "(setting migrations.path).");
    }
    git_oid_tostr(out->tree_oid, sizeof out->tree_oid, &place.oid);
    return contents ? list_with_contents(git, &place.oid, out, err)
                    : list_without_contents(git, &place.oid, out, err);
}

bool pd_git_folder_oid(pd_git *git, const pd_revision *revision, const char *folder,
                       char out[PD_OID_HEX], pd_error *err)
{
    found place;
    out[0] = '\0';
    if (!find_path(git, revision, pd_git_trim_folder(git->arena, folder), &place, err))
        return false;
    if (place.present && place.mode == GIT_FILEMODE_TREE)
        git_oid_tostr(out, PD_OID_HEX, &place.oid);
    return true;
}

bool pd_git_read_file(pd_git *git, const pd_revision *revision, const char *path, size_t max,
                      pd_bytes *out, pd_error *err)
{
    *out = (pd_bytes){0};
    found place;
    if (!find_path(git, revision, pd_git_trim_folder(git->arena, path), &place, err))
        return false;
    if (!place.present)
        return true;
    if (place.mode != GIT_FILEMODE_BLOB && place.mode != GIT_FILEMODE_BLOB_EXECUTABLE)
        return pd_fail(err, PD_ERROR_USAGE, "cannot read %s: it is %s, not a file", path,
                       mode_name(place.mode));
    git_object_t type = GIT_OBJECT_INVALID;
    int rc = git_odb_read_header(&out->len, &type, git->odb, &place.oid);
    if (rc != 0)
        return fail_object(git, path, rc, err);
    if (out->len > max)
        return pd_fail(err, PD_ERROR_USAGE, "cannot read %s: it has %zu bytes, more than %zu", path,
                       out->len, max);
    return read_blob(git, git->arena, (blob){&place.oid, "", path, out->len}, &out->data, err);
}
