#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "gate/evidence.h"
#include "gate/gate.h"

static int compare_lines(const void *left, const void *right)
{
    const pd_sums_line *const *a = left;
    const pd_sums_line *const *b = right;
    return strcmp((*a)->entry, (*b)->entry);
}

/* The recorded lines in order of their entry, so that each file is found at once. */
static const pd_sums_line **sorted_lines(pd_arena *arena, const pd_set *set)
{
    const pd_sums_line **lines = pd_arena_array(arena, set->sums_count + 1, sizeof *lines);
    for (size_t i = 0; i < set->sums_count; i++)
        lines[i] = &set->sums[i];
    qsort(lines, set->sums_count, sizeof *lines, compare_lines);
    return lines;
}

static ptrdiff_t find_line(const pd_sums_line **lines, size_t count, const char *entry)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(lines[middle]->entry, entry);
        if (order == 0)
            return (ptrdiff_t)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

typedef struct check {
    const pd_set *set;
    const pd_snapshot *snapshot;
    const char *sums_path;
    const pd_sums_line **lines;
    bool *seen; /* by index of lines */
    pd_findings *findings;
} check;

/* Whether it holds SQL, so that an edit of it can be explained. */
static void check_file(check *self, const pd_sql_file *file, bool sql)
{
    if (file->data == NULL)
        return;
    ptrdiff_t at = find_line(self->lines, self->set->sums_count, file->entry);
    if (at < 0) {
        pd_finding *finding = pd_find(self->findings, PD_RULE_SUMS_UNLISTED, file->path,
                                      "%s is not listed in %s", file->entry, PD_SUMS_FILE);
        pd_finding_hint(self->findings, finding,
                        "Record it and commit the result: predeploy record && git add %s",
                        pd_shell_word(self->findings->arena, self->sums_path));
        return;
    }
    self->seen[at] = true;
    bool unread = file->hash[0] == '\0';
    if (unread || strcmp(self->lines[at]->hash, file->hash) == 0)
        return;
    pd_finding *finding = pd_find(
        self->findings, PD_RULE_HASH_MISMATCH, file->path,
        "%s is not what was recorded: it hashes to %.12s…, line %d of %s says %.12s…", file->entry,
        file->hash, self->lines[at]->line, PD_SUMS_FILE, self->lines[at]->hash);
    pd_finding_hint(self->findings, finding,
                    "If it was never published, record it again: predeploy record. Otherwise put "
                    "the recorded version back and write a new migration for the change.");
    pd_give_evidence(self->findings, finding,
                     (pd_evidence){.is = sql ? file : NULL, .was_hash = self->lines[at]->hash});
}

static const char *shell_path(const check *self, const char *entry)
{
    pd_arena *arena = self->findings->arena;
    const char *folder = self->set->folder;
    return pd_shell_word(
        arena, pd_arena_printf(arena, "%s%s%s", folder, folder[0] == '\0' ? "" : "/", entry));
}

static void check_missing(check *self)
{
    for (size_t i = 0; i < self->set->sums_count; i++) {
        if (self->seen[i] ||
            (i > 0 && strcmp(self->lines[i - 1]->entry, self->lines[i]->entry) == 0))
            continue;
        const pd_sums_line *line = self->lines[i];
        if (pd_snapshot_find(self->snapshot, line->entry) != NULL)
            continue;
        pd_finding *finding = pd_find(self->findings, PD_RULE_SUMS_MISSING_FILE, self->sums_path,
                                      "%s is listed, but it is not there", line->entry);
        finding->place.line = line->line;
        pd_finding_hint(
            self->findings, finding,
            "Bring the file back (git log -- %s shows where it went), or, if it was never "
            "published, remove the line: predeploy record",
            shell_path(self, line->entry));
    }
}

void pd_gate_integrity(const pd_set *set, const pd_snapshot *snapshot, pd_findings *findings)
{
    pd_arena *arena = findings->arena;
    const char *sums_path = pd_arena_printf(arena, "%s%s%s", set->folder,
                                            set->folder[0] == '\0' ? "" : "/", PD_SUMS_FILE);
    if (set->count == 0 && set->orphan_count == 0 && set->sums_count == 0)
        return;
    if (!set->has_sums) {
        pd_finding *finding = pd_find(findings, PD_RULE_SUMS_MISSING, sums_path,
                                      "no hashes are recorded for these migrations");
        pd_finding_hint(findings, finding,
                        "Make the file and commit it: predeploy record && git add %s (in a "
                        "repository that is new to the gate: predeploy init)",
                        pd_shell_word(arena, sums_path));
        return;
    }
    check self = {
        .set = set,
        .snapshot = snapshot,
        .sums_path = sums_path,
        .lines = sorted_lines(arena, set),
        .seen = pd_arena_array(arena, set->sums_count + 1, sizeof(bool)),
        .findings = findings,
    };
    for (size_t i = 0; i < set->count; i++) {
        check_file(&self, &set->migrations[i].up, true);
        if (!set->migrations[i].one_file)
            check_file(&self, &set->migrations[i].down, true);
        check_file(&self, &set->migrations[i].config, false);
    }
    for (size_t i = 0; i < set->orphan_count; i++)
        check_file(&self, &set->orphans[i], true);
    check_missing(&self);
}
