/* Merge bases, by git's own way of painting down to common ancestors. libgit2 1.5 has one as well,
 * but does not know where the history of a shallow clone ends: it fails at the first parent that
 * was not fetched, even when the base lies this side of it. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "git/internal.h"

enum {
    MARK_ONE = 1,    /* reachable from the first commit */
    MARK_OTHER = 2,  /* reachable from one of the others */
    MARK_STALE = 4,  /* reachable from a common ancestor */
    MARK_BASE = 8,   /* a common ancestor that was met on the way */
    MARK_BELOW = 16, /* an ancestor of such a one, for certain */
};

typedef struct node {
    git_oid oid;
    git_time_t time;
    size_t *parents; /* indexes of nodes */
    size_t parent_count;
    bool expanded;
    unsigned marks;
} node;

typedef struct graph {
    pd_git *git;
    pd_arena *arena;
    node *nodes;
    size_t count;
    size_t capacity;
    size_t *slots; /* open addressing: index of a node plus one, 0 is free */
    size_t slot_count;
    pd_git_ends ends;
    bool cut;      /* one of them was reached */
    size_t *queue; /* heap of nodes to look at, the newest first */
    size_t queued;
    size_t queue_capacity;
} graph;

/* Where the object's slot is, or would be. */
static size_t find_slot(const graph *g, const git_oid *oid)
{
    uint64_t hash = 0;
    memcpy(&hash, oid->id, sizeof hash);
    size_t at = (size_t)hash & (g->slot_count - 1);
    while (g->slots[at] != 0 && git_oid_cmp(&g->nodes[g->slots[at] - 1].oid, oid) != 0)
        at = (at + 1) & (g->slot_count - 1);
    return at;
}

static void grow_slots(graph *g)
{
    g->slot_count = g->slot_count == 0 ? 1024 : g->slot_count * 2;
    g->slots = pd_arena_array(g->arena, g->slot_count, sizeof *g->slots);
    for (size_t i = 0; i < g->count; i++)
        g->slots[find_slot(g, &g->nodes[i].oid)] = i + 1;
}

/* Index of the commit's node, made when it is new. */
static size_t intern(graph *g, const git_oid *oid)
{
    if (g->count * 2 >= g->slot_count)
        grow_slots(g);
    size_t at = find_slot(g, oid);
    if (g->slots[at] == 0) {
        git_oid_cpy(&PD_PUSH(g->arena, g->nodes, g->count, g->capacity)->oid, oid);
        g->slots[at] = g->count;
    }
    return g->slots[at] - 1;
}

/* Reads the commit and gives its parents nodes; pointers to nodes are void afterwards. */
static bool expand(graph *g, size_t index, pd_error *err)
{
    if (g->nodes[index].expanded)
        return true;
    PD_AUTO_GIT_HANDLE(git_commit) commit = NULL;
    if (!pd_git_load_commit(g->git, &g->nodes[index].oid, &commit, err))
        return false;
    bool end = pd_git_is_end(&g->ends, git_commit_id(commit));
    size_t count = end ? 0 : git_commit_parentcount(commit);
    size_t *parents = pd_arena_array(g->arena, count, sizeof *parents);
    for (size_t i = 0; i < count; i++)
        parents[i] = intern(g, git_commit_parent_id(commit, (unsigned)i));
    g->nodes[index].time = git_commit_time(commit);
    g->nodes[index].parents = parents;
    g->nodes[index].parent_count = count;
    g->nodes[index].expanded = true;
    g->cut = g->cut || end;
    return true;
}

/* Marks what is reachable from start, itself included. */
static bool paint(graph *g, size_t start, unsigned mark, pd_error *err)
{
    PD_AUTO_ARENA scratch = pd_arena_new();
    size_t *stack = NULL;
    size_t depth = 0;
    size_t capacity = 0;
    *PD_PUSH(scratch, stack, depth, capacity) = start;
    while (depth > 0) {
        size_t index = stack[--depth];
        if ((g->nodes[index].marks & mark) != 0)
            continue;
        g->nodes[index].marks |= mark;
        if (!expand(g, index, err))
            return false;
        for (size_t i = 0; i < g->nodes[index].parent_count; i++)
            *PD_PUSH(scratch, stack, depth, capacity) = g->nodes[index].parents[i];
    }
    return true;
}

static bool is_newer(const graph *g, size_t a, size_t b)
{
    return g->nodes[g->queue[a]].time > g->nodes[g->queue[b]].time;
}

static void swap_queued(graph *g, size_t a, size_t b)
{
    size_t kept = g->queue[a];
    g->queue[a] = g->queue[b];
    g->queue[b] = kept;
}

/* Marks a node and queues it; it is read now, because the queue is ordered by time. */
static bool enqueue(graph *g, size_t index, unsigned marks, pd_error *err)
{
    assert(g->nodes != NULL && index < g->count);
    g->nodes[index].marks |= marks;
    if (!expand(g, index, err))
        return false;
    *PD_PUSH(g->arena, g->queue, g->queued, g->queue_capacity) = index;
    for (size_t at = g->queued - 1; at > 0 && is_newer(g, at, (at - 1) / 2); at = (at - 1) / 2)
        swap_queued(g, at, (at - 1) / 2);
    return true;
}

static size_t dequeue(graph *g)
{
    size_t first = g->queue[0];
    g->queue[0] = g->queue[--g->queued];
    for (size_t at = 0;;) {
        size_t newest = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < g->queued; child++) {
            if (is_newer(g, child, newest))
                newest = child;
        }
        if (newest == at)
            return first;
        swap_queued(g, at, newest);
        at = newest;
    }
}

/* What is below a common ancestor need not be looked at, nor one that was met already and is queued
 * again. */
static bool has_work(const graph *g)
{
    for (size_t i = 0; i < g->queued; i++) {
        if ((g->nodes[g->queue[i]].marks & (MARK_STALE | MARK_BASE)) == 0)
            return true;
    }
    return false;
}

static bool paint_down(graph *g, pd_error *err)
{
    while (has_work(g)) {
        size_t index = dequeue(g);
        unsigned marks = g->nodes[index].marks & ~(unsigned)MARK_BASE;
        if (marks == (MARK_ONE | MARK_OTHER)) {
            g->nodes[index].marks |= MARK_BASE;
            marks |= MARK_STALE;
        }
        /* Nothing else is left to look at: what lies behind the base is not even read. */
        bool last = (marks & MARK_STALE) != 0 && !has_work(g);
        for (size_t i = 0; i < g->nodes[index].parent_count; i++) {
            size_t parent = g->nodes[index].parents[i];
            if (last)
                g->nodes[parent].marks |= marks;
            else if ((g->nodes[parent].marks & marks) != marks && !enqueue(g, parent, marks, err))
                return false;
        }
    }
    return true;
}

static bool is_base(const node *n)
{
    return (n->marks & MARK_BASE) != 0 && (n->marks & (MARK_STALE | MARK_BELOW)) == 0;
}

static size_t count_bases(const graph *g)
{
    size_t count = 0;
    for (size_t i = 0; i < g->count; i++)
        count += is_base(&g->nodes[i]);
    return count;
}

/* Of several bases, one can be an ancestor of another when clocks were wrong: those are found by
 * walking all the way down. */
static bool settle_bases(graph *g, pd_error *err)
{
    bool several = count_bases(g) > 1;
    for (size_t i = 0; several && i < g->count; i++) {
        for (size_t k = 0; is_base(&g->nodes[i]) && k < g->nodes[i].parent_count; k++) {
            if (!paint(g, g->nodes[i].parents[k], MARK_BELOW, err))
                return false;
        }
    }
    return true;
}

static int by_time(const void *left, const void *right)
{
    const node *const *a = left;
    const node *const *b = right;
    return ((*a)->time < (*b)->time) - ((*a)->time > (*b)->time);
}

/* Paints from oids[0], and from the others, down to what they share. */
static bool paint_all(graph *g, const git_oid *oids, size_t count, pd_error *err)
{
    if (!pd_git_read_ends(g->git, g->arena, &g->ends, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!enqueue(g, intern(g, &oids[i]), i == 0 ? MARK_ONE : MARK_OTHER, err))
            return false;
    }
    return paint_down(g, err);
}

bool pd_git_find_bases(pd_git *git, const git_oid *oids, size_t count, pd_git_bases *out,
                       pd_error *err)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    graph g = {.git = git, .arena = arena};
    const node **bases = NULL;
    size_t capacity = 0;
    out->count = 0;
    if (!paint_all(&g, oids, count, err) || !settle_bases(&g, err))
        return false;
    for (size_t i = 0; i < g.count; i++)
        if (is_base(&g.nodes[i]))
            *PD_PUSH(arena, bases, out->count, capacity) = &g.nodes[i];
    if (out->count == 0 && g.cut) {
        pd_fail(err, PD_ERROR_UNREACHABLE,
                "cannot find the merge base: the history of %s ends too early", git->name);
        return pd_git_shallow_hint(err);
    }
    out->oids = pd_arena_array(git->arena, out->count + 1, sizeof *out->oids);
    if (out->count > 0)
        qsort(bases, out->count, sizeof *bases, by_time);
    for (size_t i = 0; i < out->count; i++)
        git_oid_cpy(&out->oids[i], &bases[i]->oid);
    return true;
}

bool pd_git_best_base(pd_git *git, const git_oid *oids, size_t count, git_oid *out, bool *found,
                      pd_error *err)
{
    pd_git_bases bases = {0};
    *found = false;
    if (!pd_git_find_bases(git, oids, count, &bases, err))
        return false;
    *found = bases.count > 0;
    if (*found)
        git_oid_cpy(out, &bases.oids[0]);
    return true;
}

/* Whether the second commit could have ancestors that were not fetched, and that are not ancestors
 * of the first one as well. */
static bool may_reach_more(const graph *g)
{
    for (size_t i = 0; g->cut && i < g->count; i++) {
        unsigned marks = g->nodes[i].marks & (MARK_OTHER | MARK_STALE | MARK_BASE);
        if (marks == MARK_OTHER && pd_git_is_end(&g->ends, &g->nodes[i].oid))
            return true;
    }
    return false;
}

bool pd_git_reaches(pd_git *git, const git_oid *from, const git_oid *to, bool *is, bool *known,
                    pd_error *err)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    graph g = {.git = git, .arena = arena};
    git_oid oids[2];
    git_oid_cpy(&oids[0], to);
    git_oid_cpy(&oids[1], from);
    *is = false;
    *known = false;
    if (!paint_all(&g, oids, 2, err))
        return false;
    *is = (g.nodes[intern(&g, to)].marks & MARK_OTHER) != 0;
    *known = *is || !may_reach_more(&g);
    return true;
}
