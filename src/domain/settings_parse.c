#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/printable.h"
#include "base/str.h"
#include "domain/config_text.h"
#include "domain/settings.h"
#include "domain/settings_values.h"

/* A word is stored through int *: the enums of the settings must be of its size. */
_Static_assert(sizeof(pd_layout_kind) == sizeof(int), "enum is no int");
_Static_assert(sizeof(pd_rollback_policy) == sizeof(int), "enum is no int");
_Static_assert(sizeof(pd_transaction_mode) == sizeof(int), "enum is no int");

#define DURATION_MAX INT32_MAX /* of lock_timeout and statement_timeout */
#define COUNT_MAX 1000000000

static const pd_value_word orders[] = {
    {"bytes", PD_ORDER_BYTES},
    {"numeric", PD_ORDER_NUMERIC},
    {"dotted", PD_ORDER_DOTTED},
    {NULL, 0},
};

static const pd_value_word arrivals[] = {
    {"strict", PD_ARRIVAL_STRICT},
    {"late", PD_ARRIVAL_LATE},
    {NULL, 0},
};

static const pd_value_word cosmetics[] = {
    {"error", PD_SEVERITY_ERROR},
    {"warning", PD_SEVERITY_WARNING},
    {NULL, 0},
};

static const pd_value_word policies[] = {
    {"required", PD_ROLLBACK_REQUIRED},
    {"warn", PD_ROLLBACK_WARN},
    {"off", PD_ROLLBACK_OFF},
    {NULL, 0},
};

const pd_value_word pd_transaction_words[] = {
    {"all", PD_TRANSACTION_ALL},
    {"each", PD_TRANSACTION_EACH},
    {NULL, 0},
};

static const pd_value_word severities[] = {
    {"error", PD_SEVERITY_ERROR},
    {"warning", PD_SEVERITY_WARNING},
    {"off", PD_SEVERITY_OFF},
    {NULL, 0},
};

typedef struct setting {
    const char *section;
    const char *key;
    pd_value_spec spec;
    size_t offset;
} setting;

#define FIELD(name) offsetof(pd_settings, name)
#define TEXT(type, name) {PD_VALUE_##type, NULL, 0, 0}, FIELD(name)
#define WORD(words, name) {PD_VALUE_WORD, words, 0, 0}, FIELD(name)
#define COUNT(min, max, name) {PD_VALUE_COUNT, NULL, min, max}, FIELD(name)
#define DURATION(min, name) {PD_VALUE_DURATION, NULL, min, DURATION_MAX}, FIELD(name)

static const setting known[] = {
    {"migrations", "path", TEXT(PATH, path)},
    {"migrations", "layout", WORD(pd_layout_words, layout)},
    {"migrations", "rollback", WORD(policies, rollback)},
    {"migrations", "rollbackSince", TEXT(MIGRATION, rollback_since)},
    {"layout", "up", TEXT(PATTERN, up_pattern)},
    {"layout", "rollback", TEXT(PATTERN, rollback_pattern)},
    {"layout", "order", WORD(orders, version_order)},
    {"check", "base", TEXT(TEXT, base)},
    {"check", "order", WORD(arrivals, arrival)},
    {"check", "cosmetic", WORD(cosmetics, cosmetic)},
    {"ledger", "schema", TEXT(IDENTIFIER, ledger_schema)},
    {"ledger", "table", TEXT(IDENTIFIER, ledger_table)},
    {"verify", "schema", TEXT(IDENTIFIER, verify_schema)},
    {"verify", "minTables", COUNT(0, COUNT_MAX, min_tables)},
    {"verify", "tables", COUNT(0, COUNT_MAX, tables)},
    {"deploy", "transaction", WORD(pd_transaction_words, transaction)},
    {"deploy", "lockTimeout", DURATION(0, lock_timeout_ms)},
    {"deploy", "statementTimeout", DURATION(0, statement_timeout_ms)},
    {"deploy", "connectTimeout", DURATION(1, connect_timeout_ms)},
    {"deploy", "lockWait", DURATION(0, lock_wait_ms)},
    {"deploy", "retries", COUNT(0, 1000, retries)},
    {"deploy", "timeout", DURATION(0, deploy_timeout_ms)},
    {"deploy", "role", TEXT(IDENTIFIER, role)},
    {"backup", "required", TEXT(BOOL, backup_required)},
    {"backup", "timeout", DURATION(1, backup_timeout_ms)},
};

enum { KNOWN = sizeof known / sizeof known[0] };

static const pd_value_spec severity_spec = {PD_VALUE_WORD, severities, 0, 0};

/* What people try to keep here, and what must not be committed. */
static bool is_secret(const pd_config_item *item)
{
    static const char *const words[] = {"url", "uri", "dsn", "secret", "token", "password"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (item->key != NULL && strcasestr(item->key, words[i]) != NULL) {
            return true;
        }
    }
    return strcmp(item->section, "database") == 0;
}

static bool hint_secret(pd_error *err)
{
    return pd_error_hint(err, "Where the database and the backup are, and their secrets, comes "
                              "from the environment alone: DATABASE_URL, PREDEPLOY_BACKUP_URL, "
                              "PREDEPLOY_BACKUP_SECRET. Remove the line, and change a secret that "
                              "was committed.");
}

static const char *did_you_mean(pd_arena *arena, const char *near)
{
    return near == NULL ? "" : pd_arena_printf(arena, " (did you mean '%s'?)", near);
}

static bool fail_section(const char *name, const pd_config_item *item, pd_arena *arena,
                         pd_error *err)
{
    const char *sections[KNOWN + 2] = {"rule"};
    for (size_t i = 0; i < KNOWN; i++) {
        sections[i + 1] = known[i].section;
    }
    if (strcmp(item->section, "include") == 0 || strcmp(item->section, "includeif") == 0) {
        pd_fail(err, PD_ERROR_USAGE, "%s:%d: settings include no other file", name, item->line);
        return pd_error_hint(err, "Write the settings into " PD_SETTINGS_FILE " itself: what "
                                  "gates a revision must stand in that revision.");
    }
    pd_fail(err, PD_ERROR_USAGE, "%s:%d: unknown section [%s]%s", name, item->line, item->section,
            did_you_mean(arena, pd_did_you_mean(item->section, sections)));
    if (is_secret(item)) {
        return hint_secret(err);
    }
    return pd_error_hint(err, "The sections are migrations, layout, check, ledger, verify, deploy, "
                              "backup and rule \"ID\".");
}

static bool fail_key(const char *name, const pd_config_item *item, pd_arena *arena, pd_error *err)
{
    const char *keys[KNOWN + 1] = {NULL};
    PD_AUTO_STRBUF list = pd_strbuf_new(PD_STRBUF_MAX);
    size_t count = 0;
    for (size_t i = 0; i < KNOWN; i++) {
        if (strcmp(known[i].section, item->section) == 0) {
            pd_strbuf_addf(&list, "%s%s", count > 0 ? ", " : "", known[i].key);
            keys[count++] = known[i].key;
        }
    }
    pd_fail(err, PD_ERROR_USAGE, "%s:%d: unknown key '%s' in [%s]%s", name, item->line, item->key,
            item->section, did_you_mean(arena, pd_did_you_mean(item->key, keys)));
    if (is_secret(item)) {
        return hint_secret(err);
    }
    return pd_error_hint(err, "The keys of [%s] are %s.", item->section, list.data);
}

static bool apply_rule(pd_settings *settings, pd_arena *arena, const char *name,
                       const pd_config_item *item, pd_error *err)
{
    pd_rule rule = PD_RULE_COUNT;
    if (item->subsection == NULL) {
        pd_fail(err, PD_ERROR_USAGE, "%s:%d: [rule] does not say which rule", name, item->line);
        return pd_error_hint(err, "Write [rule \"ID\"] with a rule's id, such as [rule \"%s\"].",
                             pd_rule_id(PD_RULE_ORDER_NOT_NUMERIC));
    }
    if (!pd_rule_find(item->subsection, &rule)) {
        const char *ids[PD_RULE_COUNT + 1] = {NULL};
        for (size_t i = 0; i < PD_RULE_COUNT; i++) {
            ids[i] = pd_rule_id((pd_rule)i);
        }
        pd_fail(err, PD_ERROR_USAGE, "%s:%d: unknown rule '%s'%s", name, item->line,
                pd_printable(arena, item->subsection),
                did_you_mean(arena, pd_did_you_mean(item->subsection, ids)));
        return pd_error_hint(err, "A finding shows the id of its rule, and `predeploy check "
                                  "--format json` has it as `rule`.");
    }
    if (item->key == NULL) {
        return true;
    }
    if (strcasecmp(item->key, "severity") != 0) {
        pd_fail(err, PD_ERROR_USAGE, "%s:%d: unknown key '%s' in [rule \"%s\"]", name, item->line,
                item->key, item->subsection);
        return pd_error_hint(err, "The only key of a rule is severity.");
    }
    const char *label =
        pd_arena_printf(arena, "%s:%d: rule.%s.severity", name, item->line, pd_rule_id(rule));
    int *severity = &settings->severity_of_rule[rule];
    if (!pd_value_read(&severity_spec, label, item->value, arena, severity, err)) {
        return false;
    }
    /* What closes the gate by default may be lowered, never silenced: it stays to be seen. */
    if (*severity != PD_SEVERITY_OFF || pd_rule_severity(rule) != PD_SEVERITY_ERROR) {
        return true;
    }
    pd_fail(err, PD_ERROR_USAGE, "%s cannot be off: the rule closes the gate", label);
    return pd_error_hint(err, "severity = warning opens the gate and keeps the finding visible.");
}

static bool apply(pd_settings *settings, pd_arena *arena, const char *name,
                  const pd_config_item *item, pd_error *err)
{
    bool section_known = false;
    if (strcmp(item->section, "rule") == 0) {
        return apply_rule(settings, arena, name, item, err);
    }
    for (size_t i = 0; i < KNOWN; i++) {
        if (strcmp(known[i].section, item->section) != 0) {
            continue;
        }
        section_known = true;
        if (item->subsection != NULL) {
            pd_fail(err, PD_ERROR_USAGE, "%s:%d: [%s] has no subsections", name, item->line,
                    item->section);
            return pd_error_hint(err, "Write [%s] alone.", item->section);
        }
        if (item->key == NULL) {
            return true;
        }
        if (strcasecmp(known[i].key, item->key) == 0) {
            const char *label = pd_arena_printf(arena, "%s:%d: %s.%s", name, item->line,
                                                known[i].section, known[i].key);
            return pd_value_read(&known[i].spec, label, item->value, arena,
                                 (char *)settings + known[i].offset, err);
        }
    }
    return section_known ? fail_key(name, item, arena, err) : fail_section(name, item, arena, err);
}

/* Which of both names pairs its files by: the version when it has one. */
static bool pairs_by_version(const char *pattern)
{
    return strstr(pattern, "{version}") != NULL;
}

/* What only all keys of [layout] together show. */
static bool check_patterns(const pd_settings *settings, const char *name, pd_error *err)
{
    const char *up = settings->up_pattern;
    const char *rollback = settings->rollback_pattern;
    bool custom = settings->layout == PD_LAYOUT_CUSTOM;
    if (up == NULL && (custom || rollback != NULL)) {
        pd_fail(err, PD_ERROR_USAGE, "%s: [layout] has no up", name);
        return pd_error_hint(err,
                             "Say how migrations are named: git config -f %s layout.up "
                             "'{version}_{title}.up.sql'",
                             PD_SETTINGS_FILE);
    }
    if (up != NULL && !custom && settings->layout != PD_LAYOUT_DETECT) {
        pd_fail(err, PD_ERROR_USAGE, "%s: [layout] up is set, and migrations.layout is %s", name,
                pd_layout_name(settings->layout));
        return pd_error_hint(err, "Patterns make a layout of their own: set migrations.layout to "
                                  "custom, or remove them.");
    }
    if (rollback != NULL &&
        (strcmp(up, rollback) == 0 || pairs_by_version(up) != pairs_by_version(rollback))) {
        pd_fail(err, PD_ERROR_USAGE, "%s: [layout] up and rollback do not make pairs", name);
        return pd_error_hint(err, "They are two patterns, and both have {version}, or both have "
                                  "{name} and no {version}.");
    }
    return true;
}

bool pd_settings_parse(pd_settings *settings, pd_arena *arena, const char *name, const char *text,
                       size_t len, pd_error *err)
{
    pd_config_text reader;
    pd_config_item item;
    bool found = false;
    if (len > PD_SETTINGS_MAX) {
        pd_fail(err, PD_ERROR_USAGE, "%s: the file is larger than %zu KiB", name,
                PD_SETTINGS_MAX >> 10);
        return pd_error_hint(err, "Settings take a few lines: is this the right file?");
    }
    pd_config_text_open(&reader, arena, name, text, len);
    do {
        if (!pd_config_text_next(&reader, &item, &found, err) ||
            (found && !apply(settings, arena, name, &item, err))) {
            return false;
        }
    } while (found);
    return check_patterns(settings, name, err);
}
