#include "layout/layout.h"

#include <string.h>

#include "base/str.h"
#include "layout/manifest.h"
#include "layout/reader.h"

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

static void report_foreign(pd_reader *reader, const char *tool, const char *path)
{
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_LAYOUT_UNKNOWN, path,
                "the migrations are in the layout of %s, which is not read yet", tool);
    pd_finding_hint(reader->findings, finding,
                    "Read as plain files, both directions could run one after the other. If "
                    "these are plain NAME.sql files all the same, " INSIST " insists.",
                    "plain");
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
        return;
    }
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

static void read_layout(pd_reader *reader, pd_layout_kind kind, bool detected)
{
    size_t index = 0;
    switch (kind) {
    case PD_LAYOUT_DRIZZLE:
        pd_read_drizzle(reader);
        return;
    case PD_LAYOUT_DRIZZLE_FOLDERS:
        pd_read_drizzle_folders(reader);
        return;
    case PD_LAYOUT_PLAIN: {
        pd_read_plain(reader);
        const char *tool = detected ? pd_foreign_content(reader->set, &index) : NULL;
        if (tool != NULL) {
            report_foreign(reader, tool, reader->set->migrations[index].up.path);
        }
        return;
    }
    case PD_LAYOUT_GOLANG_MIGRATE:
    case PD_LAYOUT_SQLX:
    case PD_LAYOUT_DIESEL:
    case PD_LAYOUT_PRISMA:
    case PD_LAYOUT_FLYWAY:
    case PD_LAYOUT_DBMATE:
    case PD_LAYOUT_GOOSE:
    case PD_LAYOUT_CUSTOM:
    case PD_LAYOUT_COUNT:
    case PD_LAYOUT_DETECT:
        return;
    }
}

void pd_layout_read(pd_arena *arena, const pd_snapshot *snapshot, const pd_settings *settings,
                    int64_t now_ms, pd_set *out, pd_findings *findings)
{
    const char *foreign = NULL;
    pd_layout_kind wanted = settings->layout;
    bool detected = wanted == PD_LAYOUT_DETECT;
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
    pd_layout_kind kind = detected ? pd_layout_detect(snapshot, &foreign) : wanted;
    shape seen = shape_of(snapshot);
    pd_check_entries(&reader);
    read_sums(&reader);
    if (foreign != NULL) {
        report_foreign(&reader, foreign, folder_path(&reader));
        return;
    }
    bool drizzle = kind == PD_LAYOUT_DRIZZLE || kind == PD_LAYOUT_DRIZZLE_FOLDERS;
    if (drizzle && seen.journal && seen.folders) {
        kind = settle_halves(&reader, &seen);
    } else {
        judge_fit(&reader, kind, &seen);
    }
    out->layout = kind;
    read_layout(&reader, kind, detected);
}
