#include "domain/settings.h"

#include <string.h>

#include "domain/settings_values.h"

const pd_value_word pd_layout_words[] = {
    {"drizzle", PD_LAYOUT_DRIZZLE}, {"drizzle-folders", PD_LAYOUT_DRIZZLE_FOLDERS},
    {"plain", PD_LAYOUT_PLAIN},     {"golang-migrate", PD_LAYOUT_GOLANG_MIGRATE},
    {"sqlx", PD_LAYOUT_SQLX},       {"diesel", PD_LAYOUT_DIESEL},
    {"prisma", PD_LAYOUT_PRISMA},   {"flyway", PD_LAYOUT_FLYWAY},
    {"dbmate", PD_LAYOUT_DBMATE},   {"goose", PD_LAYOUT_GOOSE},
    {"custom", PD_LAYOUT_CUSTOM},   {NULL, 0},
};

_Static_assert(sizeof pd_layout_words / sizeof pd_layout_words[0] == PD_LAYOUT_COUNT,
               "a layout has no name");

const char *pd_layout_name(pd_layout_kind kind)
{
    for (const pd_value_word *at = pd_layout_words; at->word != NULL; at++) {
        if (at->value == (int)kind) {
            return at->word;
        }
    }
    return "unknown";
}

bool pd_layout_find(const char *name, pd_layout_kind *out)
{
    for (const pd_value_word *at = pd_layout_words; at->word != NULL; at++) {
        if (strcmp(name, at->word) == 0) {
            *out = (pd_layout_kind)at->value;
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
        .deploy_timeout_ms = 14400000,
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
