/* What a layout's own tool finds in the folder, and the set has not. */
#include <string.h>

#include "base/str.h"
#include "layout/pairs.h"

enum { SHOWN_MAX = 20 }; /* findings of one kind; the last says how many there are */

/* ---- deeper than folders are walked ---- */

typedef struct tally {
    pd_rule rule;
    size_t count;
} tally;

static bool is_folder(const char *path)
{
    return pd_ends_with(path, "/");
}

/* Whether the tool, which searches subfolders, would run the file or look into the folder. */
static bool tool_finds(pd_reader *reader, const pd_pairs *pairs, const char *path)
{
    pd_pair_file file;
    if (pairs == NULL || !pairs->nested) {
        return false;
    }
    return is_folder(path) || pd_pairs_match(reader->arena, pairs, path, &file) ||
           pd_pairs_is_repeatable(reader->arena, pairs, path);
}

static void report_deep(pd_reader *reader, tally *of, const char *path)
{
    if (of->count++ >= SHOWN_MAX) {
        return;
    }
    pd_finding *finding =
        is_folder(path)
            ? pd_find(reader->findings, of->rule, pd_tree_path(reader, path),
                      "%s lies deeper than one folder, and could not be looked into", path)
            : pd_find(reader->findings, of->rule, pd_tree_path(reader, path),
                      "%s lies deeper than one folder: it is neither planned nor recorded", path);
    pd_finding_hint(reader->findings, finding,
                    of->rule == PD_RULE_MIGRATION_UNREAD
                        ? "Flyway would run what is there. Move it up, so that at most one folder "
                          "is between it and the migrations folder."
                        : "Nobody runs it. Move it out of the migrations folder.");
}

static void report_more(pd_reader *reader, const tally *of)
{
    const char *folder = reader->snapshot->folder;
    if (of->count > SHOWN_MAX) {
        (void)pd_find(reader->findings, of->rule, *folder == '\0' ? NULL : folder,
                      "%zu more files lie deeper than one folder", of->count - SHOWN_MAX);
    }
}

static void report_all_deep(pd_reader *reader, const pd_pairs *pairs)
{
    const pd_snapshot *snapshot = reader->snapshot;
    tally found = {.rule = PD_RULE_MIGRATION_UNREAD};
    tally outside = {.rule = PD_RULE_SQL_OUTSIDE_SET};
    for (size_t i = 0; i < snapshot->deep_count; i++) {
        const char *path = snapshot->deep[i];
        if (tool_finds(reader, pairs, path)) {
            report_deep(reader, &found, path);
        } else if (pd_program_kind(path) == NULL) {
            report_deep(reader, &outside, path);
        }
    }
    report_more(reader, &found);
    report_more(reader, &outside);
    if (snapshot->deep_more) {
        bool searched = pairs != NULL && pairs->nested;
        pd_finding *finding = pd_find(reader->findings, searched ? found.rule : outside.rule,
                                      *snapshot->folder == '\0' ? NULL : snapshot->folder,
                                      "there is more in folders within folders than is looked at");
        pd_finding_hint(reader->findings, finding,
                        "Is it the right folder? `git config -f %s migrations.path FOLDER` names "
                        "it.",
                        PD_SETTINGS_FILE);
    }
}

/* ---- names ---- */

/* golang-migrate runs a file of any ending: VERSION_TITLE.up.ANYTHING. */
static bool golang_migrate_runs(pd_arena *arena, const pd_pairs *pairs, const char *name)
{
    size_t digits = strspn(name, "0123456789");
    if (digits == 0 || name[digits] != '_' || !pd_is_top_level(name)) {
        return false;
    }
    const char *title = name + digits + 1;
    const char *version = pd_arena_strndup(arena, name, digits);
    return (strstr(title, ".up.") != NULL || strstr(title, ".down.") != NULL) &&
           pd_version_order_compare(PD_ORDER_NUMERIC, version, pairs->most) <= 0;
}

static void report_endings(pd_reader *reader, const pd_pairs *pairs)
{
    for (size_t i = 0; i < reader->snapshot->count; i++) {
        const pd_entry *entry = &reader->snapshot->entries[i];
        if (reader->taken[i] || !golang_migrate_runs(reader->arena, pairs, entry->path)) {
            continue;
        }
        pd_finding *finding =
            pd_find(reader->findings, PD_RULE_MIGRATION_UNREAD, pd_tree_path(reader, entry->path),
                    "golang-migrate would run %s, whatever its ending: it is no migration here",
                    entry->path);
        pd_finding_hint(reader->findings, finding,
                        "Name it VERSION_TITLE.up.sql or VERSION_TITLE.down.sql, or move it out of "
                        "the migrations folder.");
        pd_take(reader, entry);
    }
}

/* ---- folders ---- */

/* Entries [first, last) stand in the folder `name`. */
static void judge_folder(pd_reader *reader, const pd_pairs *pairs, const char *name, size_t first,
                         size_t last)
{
    const char *file = strchr(pairs->up[0], '/') + 1;
    const char *up = pd_arena_printf(reader->arena, "%s/%s", name, file);
    bool told = true;
    for (size_t i = first; i < last; i++) {
        told = told && reader->taken[i];
    }
    if (told || (pairs->skips_hidden && *name == '.') ||
        pd_snapshot_find(reader->snapshot, up) != NULL) {
        return;
    }
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_FOLDER_EMPTY, pd_tree_path(reader, name),
                "the folder %s has no %s", name, file);
    pd_finding_hint(reader->findings, finding,
                    "Its tool stops at such a folder. Commit its %s (is it ignored?), or remove "
                    "the folder.",
                    file);
}

static void report_folders(pd_reader *reader, const pd_pairs *pairs)
{
    const pd_snapshot *snapshot = reader->snapshot;
    for (size_t i = 0, last = 0; i < snapshot->count; i = last) {
        const char *path = snapshot->entries[i].path;
        const char *slash = strchr(path, '/');
        size_t folder = slash == NULL ? 0 : (size_t)(slash - path) + 1;
        last = i + 1;
        while (folder > 0 && last < snapshot->count &&
               strncmp(snapshot->entries[last].path, path, folder) == 0) {
            last++;
        }
        if (folder > 0) {
            judge_folder(reader, pairs, pd_arena_strndup(reader->arena, path, folder - 1), i, last);
        }
    }
}

void pd_report_unread(pd_reader *reader, const pd_pairs *pairs)
{
    pd_layout_kind kind = reader->set->layout;
    if (kind == PD_LAYOUT_DIESEL || kind == PD_LAYOUT_PRISMA) {
        report_folders(reader, pairs);
    } else if (kind == PD_LAYOUT_GOLANG_MIGRATE) {
        report_endings(reader, pairs);
    }
    report_all_deep(reader, pairs);
}
