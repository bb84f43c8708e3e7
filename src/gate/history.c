#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "gate/gate.h"

/* Two versions of one file are equal when their hashes are; a base that was listed without
 * content is compared by object id. */
static bool same_file(const pd_sql_file *a, const pd_sql_file *b)
{
    if (a->oid[0] != '\0' && b->oid[0] != '\0')
        return strcmp(a->oid, b->oid) == 0;
    return strcmp(a->hash, b->hash) == 0;
}

static bool is_there(const pd_sql_file *file)
{
    return file->data != NULL || file->oid[0] != '\0' || file->hash[0] != '\0';
}

typedef struct names {
    const char *name;
    size_t index;
} names;

static int compare_names(const void *left, const void *right)
{
    const names *a = left;
    const names *b = right;
    return strcmp(a->name, b->name);
}

static names *sorted_names(pd_arena *arena, const pd_set *set)
{
    names *sorted = pd_arena_array(arena, set->count + 1, sizeof *sorted);
    for (size_t i = 0; i < set->count; i++)
        sorted[i] = (names){.name = set->migrations[i].name, .index = i};
    qsort(sorted, set->count, sizeof *sorted, compare_names);
    return sorted;
}

static ptrdiff_t find_name(const names *sorted, size_t count, const char *name)
{
    names key = {.name = name};
    const names *found =
        count == 0 ? NULL : bsearch(&key, sorted, count, sizeof key, compare_names);
    return found == NULL ? -1 : (ptrdiff_t)found->index;
}

static void check_gone(const pd_set *set, const names *base_names, const pd_set *base,
                       const pd_migration *published, pd_findings *findings)
{
    for (size_t i = 0; i < set->count; i++) {
        const pd_migration *candidate = &set->migrations[i];
        bool is_new = find_name(base_names, base->count, candidate->name) < 0;
        if (!is_new || !same_file(&candidate->up, &published->up))
            continue;
        pd_finding *finding = pd_find(findings, PD_RULE_HISTORY_RENAMED, candidate->up.path,
                                      "the published migration %s was renamed to %s",
                                      published->name, candidate->name);
        pd_finding_hint(findings, finding,
                        "Databases know it by its old name. Put it back: git mv %s %s",
                        candidate->up.path, published->up.path);
        return;
    }
    pd_finding *finding = pd_find(findings, PD_RULE_HISTORY_REMOVED, published->up.path,
                                  "the published migration %s was removed", published->name);
    pd_finding_hint(findings, finding,
                    "Bring it back, and undo what it did with a new migration. "
                    "git log -- %s shows the commit that removed it.",
                    published->up.path);
}

static void check_kept(const pd_migration *published, const pd_migration *now,
                       pd_findings *findings)
{
    pd_finding *finding = NULL;
    if (!same_file(&published->up, &now->up)) {
        finding = pd_find(findings, PD_RULE_HISTORY_EDITED, now->up.path,
                          "the published migration %s was edited", now->name);
        pd_finding_hint(findings, finding,
                        "Put the published version back and write a new migration for the "
                        "change. git log -p -- %s shows what changed.",
                        now->up.path);
    }
    if (is_there(&published->down) &&
        (!is_there(&now->down) || !same_file(&published->down, &now->down))) {
        finding = pd_find(findings, PD_RULE_HISTORY_COMPANION, published->down.path,
                          "the published companion of %s was %s", now->name,
                          is_there(&now->down) ? "edited" : "removed");
        pd_finding_hint(findings, finding,
                        "Put the published version back. Databases that have the migration keep "
                        "the companion it came with.");
    }
    if (published->has_when && now->has_when && published->when != now->when &&
        now->journal_line > 0) {
        finding = pd_find(findings, PD_RULE_HISTORY_RESTAMPED, now->up.path,
                          "the published journal entry %s had when = %lld, now it has %lld",
                          now->name, (long long)published->when, (long long)now->when);
        pd_finding_hint(findings, finding,
                        "Put the old value back: by it Drizzle knows that the migration is "
                        "applied, and would run it again or skip others.");
    }
}

/* The last published migration, by position in `set`, in front of which something new stands. */
static void check_order(const pd_set *set, const pd_set *base, const names *base_names,
                        pd_findings *findings)
{
    ptrdiff_t last_published = -1;
    ptrdiff_t highest = -1;
    for (size_t i = 0; i < set->count; i++) {
        ptrdiff_t at = find_name(base_names, base->count, set->migrations[i].name);
        if (at < 0)
            continue;
        last_published = (ptrdiff_t)i;
        if (at < highest) {
            pd_finding *finding =
                pd_find(findings, PD_RULE_HISTORY_REORDERED, set->migrations[i].up.path,
                        "the published migration %s now comes after %s", set->migrations[i].name,
                        base->migrations[highest].name);
            pd_finding_hint(findings, finding, "Put the published order back.");
        } else {
            highest = at;
        }
    }
    for (ptrdiff_t i = 0; i < last_published; i++) {
        const pd_migration *migration = &set->migrations[i];
        if (find_name(base_names, base->count, migration->name) >= 0)
            continue;
        pd_finding *finding =
            pd_find(findings, PD_RULE_HISTORY_INSERTED, migration->up.path,
                    "the new migration %s stands in front of %s, which is published",
                    migration->name, set->migrations[last_published].name);
        pd_finding_hint(findings, finding,
                        "Databases that have the later one may never run it. Make it the last "
                        "one: %s",
                        set->layout == PD_LAYOUT_PLAIN
                            ? "give it a name that sorts behind."
                            : "drop it and generate it again with drizzle-kit.");
    }
}

void pd_gate_history(const pd_set *set, const pd_set *base, pd_findings *findings)
{
    names *set_names = sorted_names(findings->arena, set);
    names *base_names = sorted_names(findings->arena, base);
    for (size_t i = 0; i < base->count; i++) {
        const pd_migration *published = &base->migrations[i];
        ptrdiff_t at = find_name(set_names, set->count, published->name);
        if (at < 0)
            check_gone(set, base_names, base, published, findings);
        else
            check_kept(published, &set->migrations[at], findings);
    }
    check_order(set, base, base_names, findings);
}
