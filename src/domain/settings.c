#include "domain/settings.h"

#include <string.h>

static const char *const layout_names[PD_LAYOUT_COUNT] = {
    [PD_LAYOUT_DETECT] = "unknown",
    [PD_LAYOUT_DRIZZLE] = "drizzle",
    [PD_LAYOUT_DRIZZLE_FOLDERS] = "drizzle-folders",
    [PD_LAYOUT_PLAIN] = "plain",
    [PD_LAYOUT_GOLANG_MIGRATE] = "golang-migrate",
    [PD_LAYOUT_SQLX] = "sqlx",
    [PD_LAYOUT_DIESEL] = "diesel",
    [PD_LAYOUT_PRISMA] = "prisma",
    [PD_LAYOUT_FLYWAY] = "flyway",
    [PD_LAYOUT_DBMATE] = "dbmate",
    [PD_LAYOUT_GOOSE] = "goose",
    [PD_LAYOUT_CUSTOM] = "custom",
};

const char *pd_layout_name(pd_layout_kind kind)
{
    return kind < PD_LAYOUT_COUNT ? layout_names[kind] : "unknown";
}

bool pd_layout_find(const char *name, pd_layout_kind *out)
{
    for (size_t i = PD_LAYOUT_DETECT + 1; i < PD_LAYOUT_COUNT; i++) {
        if (strcmp(name, layout_names[i]) == 0) {
            *out = (pd_layout_kind)i;
            return true;
        }
    }
    return false;
}

void pd_settings_default(pd_settings *settings)
{
    *settings = (pd_settings){
        .path = NULL,
        .layout = PD_LAYOUT_DETECT,
        .rollback = PD_ROLLBACK_REQUIRED,
        .version_order = PD_ORDER_NUMERIC,
        .arrival = PD_ARRIVAL_STRICT,
        .cosmetic = PD_SEVERITY_ERROR,
        .ledger_schema = "drizzle",
        .ledger_table = "__drizzle_migrations",
        .verify_schema = "public",
        .min_tables = 1,
        .tables = -1,
        .transaction = PD_TRANSACTION_ALL,
        .connect_timeout_ms = 10000,
        .lock_timeout_ms = 5000,
        .statement_timeout_ms = 0,
        .lock_wait_ms = 600000,
        .retries = 5,
        .backup_required = false,
        .backup_timeout_ms = 1800000,
    };
    for (size_t i = 0; i < PD_RULE_COUNT; i++) {
        settings->severity_of_rule[i] = -1;
    }
}

bool pd_settings_tables_met(const pd_settings *settings, int64_t tables)
{
    return settings->tables >= 0 ? tables == settings->tables : tables >= settings->min_tables;
}

const char *pd_settings_tables_text(const pd_settings *settings, pd_arena *arena)
{
    if (settings->tables >= 0)
        return pd_arena_printf(arena, "%lld", (long long)settings->tables);
    return pd_arena_printf(arena, "at least %lld", (long long)settings->min_tables);
}
