#include "git/changes.h"

#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "git/history.h"
#include "git/internal.h"

/* What a commit has at the path. */
typedef struct content {
    bool present; /* a regular file */
    git_oid oid;
} content;

typedef struct point {
    git_oid oid;
    git_time_t time;
    content content;
} point;

/* The folders on the way to the path, as the commit that was read last has them: most commits
 * share all, or all but the first, with their parents, so that no tree needs to be read. */
typedef struct way {
    const char **names;
    size_t count;  /* names */
    git_oid *oids; /* oids[0] is the root, oids[i] the folder names[i - 1] */
    size_t known;  /* of oids */
    content end;
} way;

typedef struct walker {
    pd_git *git;
    pd_arena *arena; /* of the walk */
    const char *path;
    way way;
    pd_git_ends ends;
    size_t commits; /* that were read */
} walker;

static void split(pd_arena *arena, const char *path, way *out)
{
    size_t capacity = 0;
    const char *at = path;
    while (*at != '\0') {
        size_t len = strcspn(at, "/");
        *PD_PUSH(arena, out->names, out->count, capacity) = pd_arena_strndup(arena, at, len);
        at += len;
        at += strspn(at, "/");
    }
    out->oids = pd_arena_array(arena, out->count + 1, sizeof *out->oids);
}

static bool begin(walker *w, pd_error *err)
{
    split(w->arena, pd_git_trim_folder(w->arena, w->path), &w->way);
    return pd_git_read_ends(w->git, w->arena, &w->ends, err);
}

/* Reads the entry that `names[level]` is in the folder of that level. */
static bool step(walker *w, size_t level, git_oid *oid, git_filemode_t *mode, pd_error *err)
{
    PD_AUTO_GIT_HANDLE(git_tree) tree = NULL;
    const git_tree_entry *entry = NULL;
    const char *name = w->way.names[level];
    size_t size = 0;
    *mode = GIT_FILEMODE_UNREADABLE;
    if (!pd_git_load_tree(w->git, oid, w->path, &tree, &size, err))
        return false;
    if (tree == NULL)
        return pd_fail(err, PD_ERROR_UNREACHABLE,
                       "cannot read %s: a folder on its way has a list of %zu bytes", w->path,
                       size);
    if (!pd_git_find_in_tree(tree, name, strlen(name), w->path, &entry, err))
        return false;
    if (entry != NULL) {
        *mode = git_tree_entry_filemode(entry);
        git_oid_cpy(oid, git_tree_entry_id(entry));
    }
    return true;
}

/* What stands at the path in the tree `root`. */
static bool resolve(walker *w, const git_oid *root, content *out, pd_error *err)
{
    way *to = &w->way;
    git_oid oid;
    git_filemode_t mode = GIT_FILEMODE_TREE;
    size_t level = 0;
    git_oid_cpy(&oid, root);
    while (level < to->count && mode == GIT_FILEMODE_TREE) {
        if (level < to->known && git_oid_equal(&to->oids[level], &oid)) {
            *out = to->end;
            return true;
        }
        git_oid_cpy(&to->oids[level], &oid);
        if (!step(w, level, &oid, &mode, err))
            return false;
        level++;
    }
    bool file = mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE;
    out->present = file && level == to->count;
    git_oid_cpy(&out->oid, &oid);
    to->known = level;
    to->end = *out;
    return true;
}

static bool same_content(const content *a, const content *b)
{
    return a->present == b->present && (!a->present || git_oid_equal(&a->oid, &b->oid));
}

static bool read_point(walker *w, const git_oid *oid, git_commit **commit, point *out,
                       pd_error *err)
{
    if (!pd_git_load_commit(w->git, oid, commit, err))
        return false;
    w->commits++;
    git_oid_cpy(&out->oid, git_commit_id(*commit));
    out->time = git_commit_time(*commit);
    return resolve(w, git_commit_tree_id(*commit), &out->content, err);
}

static bool read_start(walker *w, const pd_revision *from, git_commit **commit, point *out,
                       pd_error *err)
{
    git_oid oid;
    int rc = git_oid_fromstrp(&oid, from->oid);
    if (rc != 0)
        return pd_git_fail(err, rc, "cannot read revision %s", from->oid);
    return begin(w, err) && read_point(w, &oid, commit, out, err);
}

/* What one commit's parents have at the path. */
typedef struct parent_list {
    point *items;
    size_t count;
    size_t capacity;
    const point *same; /* the first that has what the commit has */
    bool ends;         /* a shallow clone's end, or the walk's: not all parents were read */
} parent_list;

/* Stops at the first parent of the same content, unless all are asked for. */
static bool read_parents(walker *w, const git_commit *commit, const point *child, bool all,
                         parent_list *out, pd_error *err)
{
    *out = (parent_list){.ends = pd_git_is_end(&w->ends, &child->oid)};
    unsigned count = out->ends ? 0 : git_commit_parentcount(commit);
    size_t same = count;
    for (unsigned i = 0; i < count && (all || same == count); i++) {
        PD_AUTO_GIT_HANDLE(git_commit) parent = NULL;
        out->ends = w->commits >= PD_WALK_MAX;
        if (out->ends)
            break;
        point *next = PD_PUSH(w->arena, out->items, out->count, out->capacity);
        if (!read_point(w, git_commit_parent_id(commit, i), &parent, next, err))
            return false;
        if (same == count && same_content(&next->content, &child->content))
            same = i;
    }
    out->same = same < count ? &out->items[same] : NULL;
    return true;
}

static bool any_present(const parent_list *parents)
{
    for (size_t i = 0; i < parents->count; i++) {
        if (parents->items[i].content.present)
            return true;
    }
    return false;
}

static void describe(pd_git *git, git_commit *commit, pd_git_change *out)
{
    pd_revision revision;
    pd_git_describe(git->arena, commit, "", NULL, &revision);
    memcpy(out->oid, revision.oid, sizeof out->oid);
    out->author = revision.author;
    out->subject = revision.subject;
    out->time = revision.time;
}

bool pd_git_last_change(pd_git *git, const pd_revision *from, const char *path, pd_git_change *out,
                        bool *found, pd_error *err)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    walker w = {.git = git, .arena = arena, .path = path};
    PD_AUTO_GIT_HANDLE(git_commit) commit = NULL;
    point here = {0};
    *found = false;
    *out = (pd_git_change){.author = "", .subject = ""};
    if (!read_start(&w, from, &commit, &here, err))
        return false;
    for (;;) {
        parent_list parents;
        if (!read_parents(&w, commit, &here, false, &parents, err))
            return false;
        if (parents.same == NULL) {
            out->bounded = parents.ends;
            bool had = any_present(&parents);
            out->added = !parents.ends && !had;
            *found = !parents.ends && (here.content.present || had);
            break;
        }
        here = *parents.same;
        git_commit_free(commit);
        commit = NULL;
        if (!pd_git_load_commit(git, &here.oid, &commit, err))
            return false;
    }
    if (*found)
        describe(git, commit, out);
    return true;
}

/* The search for one content of the path. */
typedef struct search {
    walker walker;
    const char *sha256;
    git_oid hashed[PD_VERSIONS_MAX];
    size_t hashed_count;
    point *pending; /* commits whose parents are to be read */
    size_t count;
    size_t capacity;
    pd_git_version *out;
} search;

static bool is_hashed(const search *s, const git_oid *oid)
{
    for (size_t i = 0; i < s->hashed_count; i++) {
        if (git_oid_equal(&s->hashed[i], oid))
            return true;
    }
    return false;
}

static bool fail_object(search *s, int rc, pd_error *err)
{
    pd_git_fail(err, rc, "cannot read an older version of %s", s->walker.path);
    return pd_git_missing_hint(s->walker.git, err);
}

/* Looks whether a commit's content is the one, unless it was seen already. */
static bool look(search *s, const point *at, pd_error *err)
{
    pd_git *git = s->walker.git;
    size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    if (!at->content.present || s->out->found || s->hashed_count == PD_VERSIONS_MAX ||
        is_hashed(s, &at->content.oid))
        return true;
    git_oid_cpy(&s->hashed[s->hashed_count++], &at->content.oid);
    int rc = git_odb_read_header(&size, &type, git->odb, &at->content.oid);
    if (rc != 0)
        return fail_object(s, rc, err);
    if (type != GIT_OBJECT_BLOB || size > PD_FILE_MAX)
        return true;
    PD_AUTO_GIT_HANDLE(git_odb_object) object = NULL;
    char sha256[PD_SHA256_HEX];
    rc = git_odb_read(&object, git->odb, &at->content.oid);
    if (rc != 0)
        return fail_object(s, rc, err);
    size = git_odb_object_size(object);
    pd_sha256_hex(git_odb_object_data(object), size, sha256);
    if (strcasecmp(sha256, s->sha256) != 0)
        return true;
    s->out->found = true;
    git_oid_tostr(s->out->commit, sizeof s->out->commit, &at->oid);
    s->out->text =
        (pd_bytes){pd_arena_strndup(git->arena, git_odb_object_data(object), size), size};
    return true;
}

/* Queues a commit once; of many lines of history that differ at every merge, only so many. */
static void queue(search *s, const point *at)
{
    for (size_t i = 0; i < s->count; i++) {
        if (git_oid_equal(&s->pending[i].oid, &at->oid))
            return;
    }
    if (s->count < PD_VERSIONS_MAX)
        *PD_PUSH(s->walker.arena, s->pending, s->count, s->capacity) = *at;
}

static point take_newest(search *s)
{
    size_t newest = 0;
    for (size_t i = 1; i < s->count; i++) {
        if (s->pending[i].time > s->pending[newest].time)
            newest = i;
    }
    point out = s->pending[newest];
    s->pending[newest] = s->pending[--s->count];
    return out;
}

/* Parents that a merge passed over are looked at as well, though not what lies behind them. */
static bool go_back(search *s, const git_commit *commit, const point *at, pd_error *err)
{
    parent_list parents;
    if (!read_parents(&s->walker, commit, at, true, &parents, err))
        return false;
    for (size_t i = 0; i < parents.count; i++) {
        if (!look(s, &parents.items[i], err))
            return false;
        if (parents.same == NULL || parents.same == &parents.items[i])
            queue(s, &parents.items[i]);
    }
    return true;
}

static bool walk_back(search *s, pd_error *err)
{
    while (!s->out->found && s->count > 0 && s->walker.commits < PD_WALK_MAX &&
           s->hashed_count < PD_VERSIONS_MAX) {
        PD_AUTO_GIT_HANDLE(git_commit) commit = NULL;
        point at = take_newest(s);
        if (!pd_git_load_commit(s->walker.git, &at.oid, &commit, err) ||
            !go_back(s, commit, &at, err))
            return false;
    }
    return true;
}

bool pd_git_find_version(pd_git *git, const pd_revision *from, const char *path, const char *sha256,
                         pd_git_version *out, pd_error *err)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    search s = {.walker = {.git = git, .arena = arena, .path = path}, .sha256 = sha256, .out = out};
    PD_AUTO_GIT_HANDLE(git_commit) first = NULL;
    point start = {0};
    *out = (pd_git_version){0};
    if (!read_start(&s.walker, from, &first, &start, err) || !look(&s, &start, err))
        return false;
    queue(&s, &start);
    return walk_back(&s, err);
}

bool pd_git_is_ancestor(pd_git *git, const char *ancestor, const char *descendant, bool *is,
                        bool *known, pd_error *err)
{
    git_oid oids[2];
    const char *const names[] = {ancestor, descendant};
    *is = false;
    *known = false;
    for (size_t i = 0; i < 2; i++) {
        PD_AUTO_GIT_HANDLE(git_commit) commit = NULL;
        if (!pd_git_has_commit(git, names[i]))
            return true;
        if (git_oid_fromstrp(&oids[i], names[i]) != 0)
            return true;
        if (!pd_git_load_commit(git, &oids[i], &commit, err))
            return false;
        git_oid_cpy(&oids[i], git_commit_id(commit));
    }
    return pd_git_reaches(git, &oids[1], &oids[0], is, known, err);
}
