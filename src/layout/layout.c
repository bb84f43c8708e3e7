#include "layout/layout.h"

#include <string.h>

#include "base/str.h"
#include "layout/manifest.h"
#include "layout/pairs.h"
#include "layout/version.h"

#define INSIST "`git config -f " PD_SETTINGS_FILE " migrations.layout %s`"

typedef struct shape {
    bool journal; /* meta/_journal.json, of any kind */
    bool meta;    /* anything in meta/ */
    bool folders; /* NAME/migration.sql */
    bool flat;    /* NAME.sql */
    bool nested;  /* *.sql in a subfolder */
} shape;

static shape shape_of(const pd_snapshot *snapshot)
{
    shape seen = {0};
    for (size_t i = 0; i < snapshot->count; i++) {
        const char *path = snapshot->entries[i].path;
        const char *slash = strchr(path, '/');
        bool sql = pd_is_sql_name(path);
        seen.flat = seen.flat || (sql && slash == NULL);
        seen.nested = seen.nested || (sql && slash != NULL);
        seen.folders = seen.folders || (slash != NULL && strcmp(slash, "/migration.sql") == 0);
        seen.meta = seen.meta || pd_starts_with(path, "meta/");
        seen.journal = seen.journal || strcmp(path, PD_JOURNAL_FILE) == 0;
    }
    return seen;
}

static const char *folder_path(const pd_reader *reader)
{
    const char *folder = reader->snapshot->folder;
    return *folder == '\0' ? NULL : folder;
}

static void report_foreign(pd_reader *reader, const pd_detection *found)
{
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_LAYOUT_UNKNOWN, pd_tree_path(reader, found->shown),
                "the migrations are in the layout of %s, which is not read", found->foreign);
    pd_finding_hint(reader->findings, finding,
                    "Read as plain files, both directions could run one after the other. If "
                    "these are plain NAME.sql files all the same, " INSIST " insists.",
                    "plain");
}

static void report_ambiguous(pd_reader *reader, const pd_detection *found)
{
    const char *kind = pd_layout_name(found->kind);
    const char *other = pd_layout_name(found->other);
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_LAYOUT_AMBIGUOUS,
                found->shown == NULL ? folder_path(reader) : pd_tree_path(reader, found->shown),
                "the migrations fit both %s and %s: %s", kind, other, found->differs);
    pd_finding_hint(reader->findings, finding,
                    "Say which it is, and commit that: " INSIST ", or with %s.", kind, other);
}

static void report_unfit(pd_reader *reader, pd_layout_kind kind, const char *lacks,
                         const char *hint)
{
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_LAYOUT_UNKNOWN, folder_path(reader),
                "the folder does not fit the layout %s: it has no %s", pd_layout_name(kind), lacks);
    pd_finding_hint(reader->findings, finding, "%s", hint);
}

/* Says what a folder that is not empty lacks of its layout. */
static void judge_fit(pd_reader *reader, pd_layout_kind kind, const shape *seen)
{
    bool sql = seen->flat || seen->nested;
    switch (kind) {
    case PD_LAYOUT_DRIZZLE:
        if (!seen->journal && (sql || seen->meta)) {
            report_unfit(reader, kind, PD_JOURNAL_FILE,
                         "drizzle-kit writes it: commit it (is it ignored?), or bring it back "
                         "from the history of the repository. For another layout set "
                         "migrations.layout in " PD_SETTINGS_FILE ".");
        }
        return;
    case PD_LAYOUT_DRIZZLE_FOLDERS:
        if (!seen->folders && (seen->flat || seen->journal)) {
            report_unfit(reader, kind, "NAME/migration.sql",
                         "Bring it to this layout with `drizzle-kit up` of Drizzle 1.0, or set "
                         "migrations.layout in " PD_SETTINGS_FILE " to what the folder has.");
        }
        return;
    case PD_LAYOUT_PLAIN:
        if (!seen->flat && seen->nested) {
            report_unfit(reader, kind, "NAME.sql",
                         "Put the migrations into the folder itself, or set migrations.layout "
                         "in " PD_SETTINGS_FILE " to what the folder has.");
        }
        return;
    case PD_LAYOUT_DETECT:
        if (sql) {
            report_unfit(reader, PD_LAYOUT_PLAIN, "NAME.sql",
                         "It has no " PD_JOURNAL_FILE " and no NAME/migration.sql either. Set "
                         "migrations.path in " PD_SETTINGS_FILE " to the folder that has them.");
        }
        return;
    case PD_LAYOUT_GOLANG_MIGRATE:
    case PD_LAYOUT_SQLX:
    case PD_LAYOUT_DIESEL:
    case PD_LAYOUT_PRISMA:
    case PD_LAYOUT_FLYWAY:
    case PD_LAYOUT_DBMATE:
    case PD_LAYOUT_GOOSE:
    case PD_LAYOUT_CUSTOM:
    case PD_LAYOUT_COUNT:
        return; /* told by the set that was read: judge_set */
    }
}

/* No file of the folder is a migration of its layout, and SQL files are there. */
static void judge_set(pd_reader *reader, const pd_pairs *pairs, const shape *seen)
{
    if (reader->set->count > 0 || reader->set->orphan_count > 0 || !(seen->flat || seen->nested) ||
        pairs->kind == PD_LAYOUT_PLAIN || reader->findings->count > 0) {
        return;
    }
    report_unfit(reader, pairs->kind, pairs->shows,
                 "Name the migrations as this layout has them, or set migrations.layout "
                 "in " PD_SETTINGS_FILE " to what the folder has; [layout] up and rollback there "
                 "take patterns of your own.");
}

/* Both of Drizzle's layouts at once: read what the files are in, and pass over the other. */
static pd_layout_kind settle_halves(pd_reader *reader, const shape *seen)
{
    pd_finding *finding = pd_find(
        reader->findings, PD_RULE_LAYOUT_HALF_UPGRADED, pd_tree_path(reader, PD_JOURNAL_FILE),
        "%s stands beside folders with migration.sql: no version of Drizzle reads both",
        PD_JOURNAL_FILE);
    pd_finding_hint(reader->findings, finding, "%s",
                    seen->flat ? "Finish the upgrade with `drizzle-kit up` of Drizzle 1.0 and "
                                 "commit all that it does, or remove the folders."
                               : "All migrations are in folders already: remove meta/ (`git rm -r "
                                 "meta`); an older drizzle-kit makes an empty journal anew.");
    for (size_t i = 0; i < reader->snapshot->count; i++) {
        if (pd_is_top_level(reader->snapshot->entries[i].path) != seen->flat) {
            reader->taken[i] = true;
        }
    }
    return seen->flat ? PD_LAYOUT_DRIZZLE : PD_LAYOUT_DRIZZLE_FOLDERS;
}

static void read_sums(pd_reader *reader)
{
    const pd_entry *entry = pd_find_file(reader, PD_SUMS_FILE);
    if (entry == NULL) {
        return;
    }
    reader->set->has_sums = true;
    if (entry->data == NULL) {
        return;
    }
    /* What is wrong with the file as a whole has its finding: its lines are not told one by one. */
    pd_findings unheard = {.arena = reader->arena};
    bool unsound = reader->unsound[pd_entry_index(reader, entry)];
    pd_manifest_parse(reader->arena, pd_tree_path(reader, PD_SUMS_FILE), entry->data,
                      (size_t)entry->size, reader->set, unsound ? &unheard : reader->findings);
}

static void read_layout(pd_reader *reader, pd_layout_kind kind, const pd_settings *settings,
                        const shape *seen)
{
    pd_pairs custom;
    const pd_pairs *pairs = pd_pairs_of(kind, reader->snapshot, settings, &custom);
    if (kind == PD_LAYOUT_DRIZZLE) {
        pd_read_drizzle(reader);
        pd_report_unread(reader, pairs);
    } else if (kind == PD_LAYOUT_DRIZZLE_FOLDERS) {
        pd_read_drizzle_folders(reader);
        pd_report_unread(reader, pairs);
    } else if (pairs != NULL) {
        pd_read_pairs(reader, pairs);
        judge_set(reader, pairs, seen);
        pd_report_unread(reader, pairs);
        pd_report_leftovers(reader, PD_RULE_SQL_OUTSIDE_SET);
    }
}

bool pd_layout_holds(const pd_snapshot *snapshot, const pd_settings *settings)
{
    PD_AUTO_ARENA scratch = pd_arena_new();
    pd_pairs custom;
    pd_layout_kind kind = settings->layout == PD_LAYOUT_DETECT && settings->up_pattern != NULL
                              ? PD_LAYOUT_CUSTOM
                              : settings->layout;
    const pd_pairs *pairs = pd_pairs_of(kind, snapshot, settings, &custom);
    if (pd_layout_detect(snapshot) != PD_LAYOUT_DETECT) {
        return true;
    }
    bool drizzle = kind == PD_LAYOUT_DRIZZLE || kind == PD_LAYOUT_DRIZZLE_FOLDERS;
    for (size_t i = 0; pairs != NULL && !drizzle && i < snapshot->count; i++) {
        const char *path = snapshot->entries[i].path;
        pd_pair_file file;
        /* A subfolder that Flyway would search may be a folder of migrations of its own. */
        bool looked_at = !pairs->nested || pd_is_top_level(path);
        if (looked_at && pd_pairs_match(scratch, pairs, path, &file)) {
            return true;
        }
    }
    return false;
}

void pd_layout_read(pd_arena *arena, const pd_snapshot *snapshot, const pd_settings *settings,
                    int64_t now_ms, pd_set *out, pd_findings *findings)
{
    pd_detection found = {.kind = settings->layout};
    *out = (pd_set){.folder = snapshot->folder};
    pd_reader reader = {
        .arena = arena,
        .snapshot = snapshot,
        .now_ms = now_ms,
        .set = out,
        .findings = findings,
        .taken = pd_arena_array(arena, snapshot->count + 1, sizeof(bool)),
        .unsound = pd_arena_array(arena, snapshot->count + 1, sizeof(bool)),
    };
    if (settings->layout == PD_LAYOUT_DETECT) {
        found = settings->up_pattern != NULL ? (pd_detection){.kind = PD_LAYOUT_CUSTOM}
                                             : pd_detect(snapshot);
    }
    shape seen = shape_of(snapshot);
    pd_check_entries(&reader);
    read_sums(&reader);
    if (found.foreign != NULL) {
        report_foreign(&reader, &found);
        return;
    }
    /* Neither is read: even where the finding is made a warning, nothing is guessed. */
    if (found.other != PD_LAYOUT_DETECT) {
        report_ambiguous(&reader, &found);
        return;
    }
    bool drizzle = found.kind == PD_LAYOUT_DRIZZLE || found.kind == PD_LAYOUT_DRIZZLE_FOLDERS;
    if (drizzle && seen.journal && seen.folders) {
        found.kind = settle_halves(&reader, &seen);
    } else {
        judge_fit(&reader, found.kind, &seen);
    }
    out->layout = found.kind;
    read_layout(&reader, found.kind, settings, &seen);
    pd_number_migrations(arena, out);
    pd_check_numbers(&reader);
}
