/* The files that steer the gates: that they changed is nobody's fault, but everybody's business. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "cli/context.h"
#include "domain/settings_diff.h"

static const char *what_happened(const pd_bytes *was, const pd_bytes *is)
{
    return was->data == NULL ? "added" : is->data == NULL ? "removed" : "changed";
}

static bool compare_file(pd_context *context, const pd_revision *base, const char *path, size_t max,
                         pd_error *err)
{
    pd_bytes was = {0};
    pd_bytes is = {0};
    pd_error unreadable = {0};
    /* What stands there at the base and is no file of that kind is as good as none. */
    if (!pd_git_read_file(context->git, base, path, max, &was, &unreadable) &&
        unreadable.kind != PD_ERROR_USAGE) {
        *err = unreadable;
        return false;
    }
    if (!pd_git_read_file(context->git, &context->revision, path, max, &is, err))
        return false;
    bool same = was.data != NULL && is.data != NULL && was.len == is.len &&
                memcmp(was.data, is.data, was.len) == 0;
    if (same || (was.data == NULL && is.data == NULL))
        return true;
    pd_report *report = &context->report;
    *PD_PUSH(context->arena, report->steering, report->steering_count, report->steering_capacity) =
        (pd_steering){
            .path = path,
            .what = what_happened(&was, &is),
            .detail = pd_settings_diff(context->arena, &was, &is),
        };
    return true;
}

static int compare_lines(const void *left, const void *right)
{
    const pd_sums_line *a = left;
    const pd_sums_line *b = right;
    return strcmp(a->entry, b->entry);
}

static pd_sums_line *sorted_lines(pd_arena *arena, const pd_set *set)
{
    pd_sums_line *lines = pd_arena_array(arena, set->sums_count + 1, sizeof *lines);
    if (set->sums_count > 0)
        memcpy(lines, set->sums, set->sums_count * sizeof *lines);
    qsort(lines, set->sums_count, sizeof *lines, compare_lines);
    return lines;
}

/* Counts lines that came, went, or have another hash: the recorded hashes are a witness too. */
static void compare_sums(pd_context *context, const pd_set *base)
{
    pd_arena *arena = context->arena;
    const pd_set *set = &context->set;
    const pd_sums_line *was = sorted_lines(arena, base);
    const pd_sums_line *is = sorted_lines(arena, set);
    size_t added = 0;
    size_t removed = 0;
    size_t changed = 0;
    for (size_t i = 0, j = 0; i < base->sums_count || j < set->sums_count;) {
        int order = i == base->sums_count  ? 1
                    : j == set->sums_count ? -1
                                           : strcmp(was[i].entry, is[j].entry);
        added += order > 0;
        removed += order < 0;
        changed += order == 0 && strcmp(was[i].hash, is[j].hash) != 0;
        i += order <= 0;
        j += order >= 0;
    }
    if (added + removed + changed == 0)
        return;
    pd_report *report = &context->report;
    *PD_PUSH(arena, report->steering, report->steering_count, report->steering_capacity) =
        (pd_steering){
            .path = pd_arena_printf(arena, "%s%s%s", set->folder, set->folder[0] == '\0' ? "" : "/",
                                    PD_SUMS_FILE),
            .what = !base->has_sums  ? "added"
                    : !set->has_sums ? "removed"
                                     : "changed",
            .detail = pd_arena_printf(arena, "lines: %zu new, %zu with another hash, %zu gone",
                                      added, changed, removed),
        };
}

bool pd_context_compare_steering(pd_context *context, pd_error *err)
{
    const pd_witness *base = NULL;
    for (size_t i = 0; i < context->witnesses.count && base == NULL; i++)
        if (strcmp(context->witnesses.items[i].revision->oid, context->revision.oid) != 0)
            base = &context->witnesses.items[i];
    if (base == NULL)
        return true;
    if (!compare_file(context, base->revision, PD_SETTINGS_FILE, PD_SETTINGS_MAX, err))
        return false;
    compare_sums(context, base->set);
    return true;
}
