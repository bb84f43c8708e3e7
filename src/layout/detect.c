/* Which layout a folder shows, by its names alone. */
#include <string.h>

#include "base/str.h"
#include "layout/layout.h"
#include "layout/reader.h"

typedef struct signs {
    bool journal;
    bool kit_snapshot;     /* meta/NNNN_snapshot.json: a journal layout that lost its journal */
    bool folder_migration; /* NAME/migration.sql */
    bool folder_snapshot;  /* NAME/snapshot.json behind 14 digits */
    bool prisma_lock;
    bool sql; /* NAME.sql */
    const char *tool;
} signs;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* V1__name.sql, U1__name.sql, B1__name.sql, R__name.sql (Flyway's naming of SQL migrations). */
static bool is_flyway(const char *name)
{
    const char *mark = strstr(name, "__");
    if (mark == NULL || strchr("VUBR", name[0]) == NULL) {
        return false;
    }
    size_t version = strspn(name + 1, "0123456789._");
    const char *behind = name + 1 + version;
    return name[0] == 'R' ? mark == name + 1 : is_digit(name[1]) && mark < behind;
}

static void read_sign(const char *path, signs *out)
{
    const char *slash = strchr(path, '/');
    if (slash == NULL) {
        out->sql = out->sql || pd_is_sql_name(path);
        out->prisma_lock = out->prisma_lock || strcmp(path, "migration_lock.toml") == 0;
        if (pd_ends_with(path, ".up.sql") || pd_ends_with(path, ".down.sql")) {
            out->tool = "golang-migrate";
        } else if (pd_is_sql_name(path) && is_flyway(path)) {
            out->tool = "flyway";
        }
        return;
    }
    out->journal = out->journal || strcmp(path, PD_JOURNAL_FILE) == 0;
    out->kit_snapshot = out->kit_snapshot ||
                        (pd_starts_with(path, "meta/") && pd_ends_with(path, "_snapshot.json"));
    out->folder_migration = out->folder_migration || strcmp(slash, "/migration.sql") == 0;
    out->folder_snapshot = out->folder_snapshot || (strcmp(slash, "/snapshot.json") == 0 &&
                                                    strspn(path, "0123456789") >= 14);
    if (strcmp(slash, "/up.sql") == 0 || strcmp(slash, "/down.sql") == 0) {
        out->tool = "diesel";
    }
}

pd_layout_kind pd_layout_detect(const pd_snapshot *snapshot, const char **foreign)
{
    signs found = {0};
    *foreign = NULL;
    for (size_t i = 0; i < snapshot->count; i++) {
        read_sign(snapshot->entries[i].path, &found);
    }
    if (found.journal) {
        return PD_LAYOUT_DRIZZLE;
    }
    if (found.folder_migration && !found.prisma_lock) {
        return PD_LAYOUT_DRIZZLE_FOLDERS;
    }
    *foreign = found.folder_migration ? "prisma" : found.tool;
    if (*foreign != NULL) {
        return PD_LAYOUT_DETECT;
    }
    if (found.kit_snapshot) {
        return PD_LAYOUT_DRIZZLE;
    }
    if (found.sql) {
        return PD_LAYOUT_PLAIN;
    }
    return found.folder_snapshot ? PD_LAYOUT_DRIZZLE_FOLDERS : PD_LAYOUT_DETECT;
}
