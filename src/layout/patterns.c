/* Which files each layout has, how they pair, and how their versions sort. */
#include <string.h>

#include "layout/pairs.h"

#define UINT64_TEXT "18446744073709551615"
#define INT64_TEXT "9223372036854775807"

static const pd_pairs table[] = {
    {
        .kind = PD_LAYOUT_DRIZZLE,
        .up = {"{name}.sql"},
        .down = {"{name}" PD_COMPANION_SUFFIX ".sql"},
        .key = PD_KEY_NAME,
        .first = "0000",
    },
    {
        .kind = PD_LAYOUT_DRIZZLE_FOLDERS,
        .up = {"{name}/migration.sql"},
        .down = {"{name}/rollback.sql"},
        .key = PD_KEY_NAME,
        .first = PD_FIRST_STAMP,
        .times = true,
    },
    {
        .kind = PD_LAYOUT_PLAIN,
        .up = {"{name}.sql"},
        .down = {"{name}" PD_COMPANION_SUFFIX ".sql"},
        .key = PD_KEY_NAME,
        .programs = true,
        .shows = "NAME.sql",
        .first = "0001",
    },
    {
        /* ".tx." is go-pg's mark of a file that runs in a transaction. */
        .kind = PD_LAYOUT_GOLANG_MIGRATE,
        .up = {"{version}_{title}.up.sql", "{version}_{title}.tx.up.sql"},
        .down = {"{version}_{title}.down.sql", "{version}_{title}.tx.down.sql"},
        .key = PD_KEY_VERSION,
        .order = PD_ORDER_NUMERIC,
        .most = UINT64_TEXT,
        .shows = "VERSION_TITLE.up.sql",
        .first = PD_FIRST_STAMP,
    },
    {
        .kind = PD_LAYOUT_SQLX,
        .up = {"{version}_{title}.up.sql", "{version}_{title}.sql"},
        .down = {"{version}_{title}.down.sql"},
        .key = PD_KEY_VERSION,
        .order = PD_ORDER_NUMERIC,
        .most = INT64_TEXT,
        .finish = pd_finish_sqlx,
        .shows = "VERSION_TITLE.sql",
        .first = PD_FIRST_STAMP,
    },
    {
        .kind = PD_LAYOUT_DIESEL,
        .up = {"{name}/up.sql"},
        .down = {"{name}/down.sql"},
        .key = PD_KEY_FOLDER,
        .order = PD_ORDER_BYTES,
        .skips_hidden = true,
        .finish = pd_finish_diesel,
        .shows = "NAME/up.sql",
        .first = PD_FIRST_DASHED,
        .times = true,
    },
    {
        .kind = PD_LAYOUT_PRISMA,
        .up = {"{name}/migration.sql"},
        .down = {"{name}/rollback.sql", "{name}/down.sql"},
        .key = PD_KEY_NAME,
        .order = PD_ORDER_BYTES,
        .shows = "NAME/migration.sql",
        .first = PD_FIRST_STAMP,
        .times = true,
    },
    {
        .kind = PD_LAYOUT_FLYWAY,
        .up = {"V{version}__{title}.sql", "V{version}.sql"},
        .down = {"U{version}__{title}.sql", "U{version}.sql"},
        .baseline = "B{version}__{title}.sql",
        .repeatable = "R__{title}.sql",
        .key = PD_KEY_VERSION,
        .order = PD_ORDER_DOTTED,
        .programs = true,
        .skips_hidden = true,
        .nested = true,
        .finish = pd_finish_flyway,
        .shows = "VVERSION__TITLE.sql",
        .first = "1",
    },
    {
        /* flyway.sqlMigrationPrefix may be empty; the other prefixes stay what they are. */
        .kind = PD_LAYOUT_FLYWAY,
        .up = {"{version}__{title}.sql"},
        .down = {"U{version}__{title}.sql"},
        .baseline = "B{version}__{title}.sql",
        .repeatable = "R__{title}.sql",
        .key = PD_KEY_VERSION,
        .order = PD_ORDER_DOTTED,
        .programs = true,
        .skips_hidden = true,
        .nested = true,
        .finish = pd_finish_flyway,
        .shows = "VERSION__TITLE.sql",
        .first = "1",
    },
    {
        .kind = PD_LAYOUT_DBMATE,
        .up = {"{version}{title}.sql"},
        .key = PD_KEY_FILE,
        .order = PD_ORDER_NUMERIC,
        .finish = pd_finish_dbmate,
        .shows = "VERSION_TITLE.sql",
        .first = PD_FIRST_STAMP,
        .fresh = "{version}_{title}.sql",
        .up_mark = "-- migrate:up",
        .down_mark = "-- migrate:down",
    },
    {
        .kind = PD_LAYOUT_GOOSE,
        .up = {"{version}_{title}.sql"},
        .key = PD_KEY_VERSION,
        .order = PD_ORDER_NUMERIC,
        .least = "1",
        .most = INT64_TEXT,
        .programs = true,
        .finish = pd_finish_goose,
        .shows = "VERSION_TITLE.sql",
        .first = PD_FIRST_STAMP,
        .up_mark = "-- +goose Up",
        .down_mark = "-- +goose Down",
    },
};

enum { ROWS = sizeof table / sizeof table[0] };

static bool has_migration(const pd_pairs *pairs, const pd_snapshot *snapshot)
{
    PD_AUTO_ARENA scratch = pd_arena_new();
    for (size_t i = 0; i < snapshot->count; i++) {
        pd_pair_file file;
        if (snapshot->entries[i].kind == PD_ENTRY_FILE &&
            pd_pairs_match(scratch, pairs, snapshot->entries[i].path, &file) && !file.down) {
            return true;
        }
    }
    return false;
}

static void make_custom(const pd_settings *settings, pd_pairs *out)
{
    const char *up = settings->up_pattern;
    bool versions = pd_pattern_has(up, PD_PLACEHOLDER_VERSION);
    *out = (pd_pairs){
        .kind = PD_LAYOUT_CUSTOM,
        .up = {up},
        .down = {settings->rollback_pattern},
        .key = versions ? PD_KEY_VERSION : PD_KEY_NAME,
        .order = versions ? settings->version_order : PD_ORDER_BYTES,
        .programs = versions,
        .shows = up,
        .first = settings->version_order == PD_ORDER_DOTTED ? "1" : "0001",
    };
}

const pd_pairs *pd_pairs_of(pd_layout_kind kind, const pd_snapshot *snapshot,
                            const pd_settings *settings, pd_pairs *custom)
{
    const pd_pairs *found = NULL;
    if (kind == PD_LAYOUT_CUSTOM) {
        if (settings->up_pattern == NULL) {
            return NULL;
        }
        make_custom(settings, custom);
        return custom;
    }
    for (size_t i = 0; i < ROWS; i++) {
        if (table[i].kind == kind && (found == NULL || (!has_migration(found, snapshot) &&
                                                        has_migration(&table[i], snapshot)))) {
            found = &table[i];
        }
    }
    return found;
}
