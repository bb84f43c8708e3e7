/* Which layout a folder shows: by its names, and where both directions stand in one file by its
 * contents. Of two that fit and would be read otherwise neither is chosen. */
#include <string.h>

#include "base/str.h"
#include "layout/layout.h"
#include "layout/pairs.h"
#include "layout/sections.h"

typedef struct signs {
    bool journal;
    bool kit_snapshot;     /* meta/NNNN_snapshot.json: a journal layout that lost its journal */
    bool folder_migration; /* NAME/migration.sql */
    bool folder_snapshot;  /* NAME/snapshot.json behind 14 digits */
    bool folder_up;        /* NAME/up.sql */
    bool prisma_lock;
    bool nested_flyway;      /* as flyway, in a subfolder */
    const char *pair;        /* NAME.up.sql or NAME.down.sql; these and what follows are entries */
    const char *flyway;      /* V1__name.sql, U1__name.sql, B1__name.sql, R__name.sql */
    const char *numbered;    /* 1_name.sql, which is none of these */
    const char *bare;        /* 1__name.sql, 1.2__name.sql */
    const char *other;       /* NAME.sql that is none of all these */
    const char *companion;   /* NAME-rollback.sql */
    const char *not_in_line; /* a bare one that bytes sort otherwise than numbers do */
} signs;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t version_len(const char *text)
{
    return is_digit(*text) ? strspn(text, "0123456789._") : 0;
}

/* Digits, and then two '_' before anything else but '.', '_' and digits. */
static bool is_bare(const char *name)
{
    const char *mark = strstr(name, "__");
    return mark != NULL && mark < name + version_len(name);
}

static bool is_flyway(const char *name)
{
    switch (name[0]) {
    case 'V':
    case 'U':
    case 'B':
        return is_bare(name + 1);
    case 'R':
        return pd_starts_with(name, "R__");
    default:
        return false;
    }
}

static void read_bare(const char *name, signs *out)
{
    const char *before = out->bare;
    out->bare = name;
    if (before != NULL && pd_version_order_compare(PD_ORDER_DOTTED, before, name) > 0) {
        out->not_in_line = name;
    }
}

static void read_name(const char *name, signs *out)
{
    size_t len = strlen(name);
    size_t digits = strspn(name, "0123456789");
    if (strcmp(name, "migration_lock.toml") == 0) {
        out->prisma_lock = true;
    }
    if (!pd_is_sql_name(name)) {
        return;
    }
    if (pd_ends_with(name, ".up.sql") || pd_ends_with(name, ".down.sql")) {
        out->pair = name;
    } else if (pd_is_companion_name(name, len - strlen(".sql"))) {
        out->companion = name;
    } else if (is_flyway(name)) {
        out->flyway = name;
    } else if (is_bare(name)) {
        read_bare(name, out);
    } else if (digits > 0 && name[digits] == '_') {
        out->numbered = name;
    } else {
        out->other = name;
    }
}

static void read_sign(const char *path, signs *out)
{
    const char *slash = strchr(path, '/');
    if (slash == NULL) {
        read_name(path, out);
        return;
    }
    out->journal = out->journal || strcmp(path, PD_JOURNAL_FILE) == 0;
    out->kit_snapshot = out->kit_snapshot ||
                        (pd_starts_with(path, "meta/") && pd_ends_with(path, "_snapshot.json"));
    out->folder_migration = out->folder_migration || strcmp(slash, "/migration.sql") == 0;
    out->folder_snapshot = out->folder_snapshot || (strcmp(slash, "/snapshot.json") == 0 &&
                                                    strspn(path, "0123456789") >= PD_STAMP_LEN);
    out->folder_up = out->folder_up || strcmp(slash, "/up.sql") == 0;
    out->nested_flyway = out->nested_flyway || (pd_is_sql_name(path) && is_flyway(slash + 1));
}

static pd_detection two(pd_layout_kind kind, pd_layout_kind other, const char *shown,
                        const char *differs)
{
    return (pd_detection){.kind = kind, .other = other, .shown = shown, .differs = differs};
}

static pd_detection one(pd_layout_kind kind)
{
    return (pd_detection){.kind = kind};
}

static pd_detection detect_folders(const signs *found)
{
    pd_layout_kind kind = found->prisma_lock ? PD_LAYOUT_PRISMA : PD_LAYOUT_DRIZZLE_FOLDERS;
    if (found->folder_migration && found->folder_up) {
        return two(found->folder_snapshot ? PD_LAYOUT_DRIZZLE_FOLDERS : PD_LAYOUT_PRISMA,
                   PD_LAYOUT_DIESEL, NULL, "one runs NAME/migration.sql, the other NAME/up.sql");
    }
    if (found->folder_up) {
        return found->pair == NULL ? one(PD_LAYOUT_DIESEL)
                                   : two(PD_LAYOUT_DIESEL, PD_LAYOUT_GOLANG_MIGRATE, found->pair,
                                         "one runs NAME/up.sql, the other VERSION_TITLE.up.sql");
    }
    if (found->prisma_lock == found->folder_snapshot) {
        return two(PD_LAYOUT_DRIZZLE_FOLDERS, PD_LAYOUT_PRISMA, NULL,
                   "the first is recorded in Drizzle's own ledger, too, and goes by 14 digits; "
                   "Drizzle would leave a snapshot.json in each folder, Prisma a "
                   "migration_lock.toml beside them");
    }
    return one(kind);
}

static pd_detection detect_pairs(const signs *found)
{
    if (found->flyway != NULL) {
        return two(PD_LAYOUT_GOLANG_MIGRATE, PD_LAYOUT_FLYWAY, found->flyway,
                   "each would pass over what the other runs");
    }
    const char *alone = found->numbered != NULL ? found->numbered : found->bare;
    if (alone != NULL) {
        return two(PD_LAYOUT_GOLANG_MIGRATE, PD_LAYOUT_SQLX, alone,
                   "sqlx runs files without .up in their name, golang-migrate passes over them");
    }
    return one(PD_LAYOUT_GOLANG_MIGRATE);
}

static pd_detection detect_flyway(const signs *found)
{
    const char *bare = found->numbered != NULL ? found->numbered : found->bare;
    if (bare == NULL) {
        return one(PD_LAYOUT_FLYWAY);
    }
    return two(PD_LAYOUT_FLYWAY, PD_LAYOUT_PLAIN, bare,
               "Flyway passes over names without its prefix, and sorts by number");
}

/* Files of one folder that are no pairs by their names. */
static pd_detection detect_flat(const signs *found)
{
    bool bare = found->bare != NULL && found->numbered == NULL && found->other == NULL &&
                found->companion == NULL;
    if (!bare) {
        return one(PD_LAYOUT_PLAIN);
    }
    if (found->not_in_line == NULL) {
        return one(PD_LAYOUT_FLYWAY);
    }
    return two(PD_LAYOUT_FLYWAY, PD_LAYOUT_PLAIN, found->not_in_line,
               "Flyway sorts versions by number, plain sorts names byte by byte");
}

static pd_detection detect_names(const signs *found)
{
    if (found->journal) {
        return one(PD_LAYOUT_DRIZZLE);
    }
    if (found->folder_migration || found->folder_up) {
        return detect_folders(found);
    }
    if (found->pair != NULL) {
        return detect_pairs(found);
    }
    if (found->flyway != NULL) {
        return detect_flyway(found);
    }
    if (found->kit_snapshot) {
        return one(PD_LAYOUT_DRIZZLE);
    }
    if (found->numbered != NULL || found->bare != NULL || found->other != NULL ||
        found->companion != NULL) {
        return detect_flat(found);
    }
    return one(found->folder_snapshot ? PD_LAYOUT_DRIZZLE_FOLDERS : PD_LAYOUT_DETECT);
}

static signs read_signs(const pd_snapshot *snapshot)
{
    signs found = {0};
    for (size_t i = 0; i < snapshot->count; i++) {
        read_sign(snapshot->entries[i].path, &found);
    }
    return found;
}

pd_layout_kind pd_layout_detect(const pd_snapshot *snapshot)
{
    signs found = read_signs(snapshot);
    return detect_names(&found).kind;
}

/* ---- by content ---- */

/* The first entry of each kind among top-level SQL files that plain would run. */
typedef struct markers {
    const char *goose;
    const char *dbmate;
    const char *foreign; /* of another tool, whose name stands behind it */
    const char *foreign_tool;
    const char *unmarked_version; /* begins with digits and has no markers */
} markers;

static const char *const unread = "";

static markers read_markers(const pd_snapshot *snapshot)
{
    markers found = {0};
    for (size_t i = 0; i < snapshot->count; i++) {
        const pd_entry *entry = &snapshot->entries[i];
        if (entry->kind != PD_ENTRY_FILE || !pd_is_top_level(entry->path) ||
            !pd_is_sql_name(entry->path)) {
            continue;
        }
        const char *tool =
            entry->data == NULL ? unread : pd_sections_tool(entry->data, (size_t)entry->size);
        if (tool == NULL) {
            found.unmarked_version = is_digit(*entry->path) ? entry->path : found.unmarked_version;
        } else if (strcmp(tool, "goose") == 0) {
            found.goose = found.goose == NULL ? entry->path : found.goose;
        } else if (strcmp(tool, "dbmate") == 0) {
            found.dbmate = found.dbmate == NULL ? entry->path : found.dbmate;
        } else if (tool != unread && found.foreign == NULL) {
            found.foreign = entry->path;
            found.foreign_tool = tool;
        }
    }
    return found;
}

/* Names that are plain's, or those of Flyway without a prefix. */
static pd_detection detect_markers(const pd_snapshot *snapshot, pd_detection by_names)
{
    markers found = read_markers(snapshot);
    if (found.goose == NULL && found.dbmate == NULL) {
        by_names.foreign = found.foreign_tool;
        by_names.shown = found.foreign == NULL ? by_names.shown : found.foreign;
        return by_names;
    }
    if (found.goose != NULL && found.dbmate != NULL) {
        return two(PD_LAYOUT_GOOSE, PD_LAYOUT_DBMATE, found.dbmate,
                   "each takes the markers of the other for comments");
    }
    pd_layout_kind kind = found.goose != NULL ? PD_LAYOUT_GOOSE : PD_LAYOUT_DBMATE;
    if (found.unmarked_version == NULL) {
        return one(kind);
    }
    return two(kind, PD_LAYOUT_PLAIN, found.unmarked_version,
               "this file has no markers; plain would run both directions of those that have");
}

/* The mark of sqlx is a comment to golang-migrate. */
static bool has_sqlx_mark(const pd_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->count; i++) {
        const pd_entry *entry = &snapshot->entries[i];
        if (entry->data != NULL && pd_ends_with(entry->path, ".up.sql") &&
            pd_starts_with(entry->data, PD_SQLX_MARK)) {
            return true;
        }
    }
    return false;
}

pd_detection pd_detect(const pd_snapshot *snapshot)
{
    signs signs_found = read_signs(snapshot);
    pd_detection found = detect_names(&signs_found);
    bool bare = found.kind == PD_LAYOUT_FLYWAY && signs_found.flyway == NULL;
    if (found.kind == PD_LAYOUT_PLAIN || bare) {
        return detect_markers(snapshot, found);
    }
    if (found.kind == PD_LAYOUT_GOLANG_MIGRATE && found.other == PD_LAYOUT_DETECT &&
        has_sqlx_mark(snapshot)) {
        found.kind = PD_LAYOUT_SQLX;
    }
    if (found.kind == PD_LAYOUT_DETECT && signs_found.nested_flyway) {
        found.kind = PD_LAYOUT_FLYWAY;
    }
    return found;
}
