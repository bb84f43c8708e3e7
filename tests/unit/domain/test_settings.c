#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "domain/settings.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static bool parse(pd_arena *arena, const char *text, pd_settings *out, pd_error *err)
{
    pd_settings_default(out);
    return pd_settings_parse(out, arena, "main:.predeploy", text, strlen(text), err);
}

static void expect_parsed(pd_arena *arena, const char *text, pd_settings *out)
{
    pd_error err = {0};
    if (!parse(arena, text, out, &err)) {
        fail_msg("%s", err.message);
    }
}

static void test_defaults(void **state)
{
    (void)state;
    pd_arena *arena = pd_arena_new();
    pd_settings s;
    expect_parsed(arena, "", &s);
    assert_null(s.path);
    assert_int_equal(s.layout, PD_LAYOUT_DETECT);
    assert_int_equal(s.rollback, PD_ROLLBACK_REQUIRED);
    assert_null(s.rollback_since);
    assert_null(s.base);
    assert_string_equal(s.ledger_schema, "drizzle");
    assert_string_equal(s.ledger_table, "__drizzle_migrations");
    assert_string_equal(s.verify_schema, "public");
    assert_int_equal(s.min_tables, 1);
    assert_int_equal(s.tables, -1);
    assert_int_equal(s.transaction, PD_TRANSACTION_ALL);
    assert_int_equal(s.connect_timeout_ms, 10000);
    assert_int_equal(s.lock_timeout_ms, 5000);
    assert_int_equal(s.statement_timeout_ms, 0);
    assert_int_equal(s.lock_wait_ms, 600000);
    assert_int_equal(s.retries, 5);
    assert_false(s.backup_required);
    assert_int_equal(s.backup_timeout_ms, 1800000);
    for (size_t i = 0; i < PD_RULE_COUNT; i++) {
        assert_int_equal(s.severity_of_rule[i], -1);
    }
    pd_arena_free(arena);
}

/* Every key, none at its default. */
static const char everything[] = "[migrations]\n"
                                 "path = ./db//migrations/ ; folder in the tree\n"
                                 "layout = drizzle-folders\n"
                                 "rollback = warn\n"
                                 "rollbackSince = 0041_orders.sql\n"
                                 "[check]\n"
                                 "base = origin/main\n"
                                 "[LEDGER]\n"
                                 "schema = \"My Schema\"\n"
                                 "TABLE = t\n"
                                 "[verify]\n"
                                 "schema = app\n"
                                 "minTables = 0\n"
                                 "tables = 12\n"
                                 "[deploy]\n"
                                 "transaction = EACH\n"
                                 "lockTimeout = 250ms\n"
                                 "statementtimeout = 1min\n"
                                 "connectTimeout = 3s\n"
                                 "lockWait = 0\n"
                                 "retries = 0\n"
                                 "[backup]\n"
                                 "required\n"
                                 "timeout = 2h\n"
                                 "[rule \"sql-syntax\"]\n"
                                 "[rule \"order-not-numeric\"]\n"
                                 "severity = off\n"
                                 "[rule.dump-running]\n"
                                 "severity = error\n";

static void test_every_key(void **state)
{
    (void)state;
    pd_arena *arena = pd_arena_new();
    pd_settings s;
    expect_parsed(arena, everything, &s);
    assert_string_equal(s.path, "db/migrations");
    assert_int_equal(s.layout, PD_LAYOUT_DRIZZLE_FOLDERS);
    assert_int_equal(s.rollback, PD_ROLLBACK_WARN);
    assert_string_equal(s.rollback_since, "0041_orders");
    assert_string_equal(s.base, "origin/main");
    assert_string_equal(s.ledger_schema, "My Schema");
    assert_string_equal(s.ledger_table, "t");
    assert_string_equal(s.verify_schema, "app");
    assert_int_equal(s.min_tables, 0);
    assert_int_equal(s.tables, 12);
    assert_int_equal(s.transaction, PD_TRANSACTION_EACH);
    assert_int_equal(s.lock_timeout_ms, 250);
    assert_int_equal(s.statement_timeout_ms, 60000);
    assert_int_equal(s.connect_timeout_ms, 3000);
    assert_int_equal(s.lock_wait_ms, 0);
    assert_int_equal(s.retries, 0);
    assert_true(s.backup_required);
    assert_int_equal(s.backup_timeout_ms, 7200000);
    assert_int_equal(s.severity_of_rule[PD_RULE_ORDER_NOT_NUMERIC], PD_SEVERITY_OFF);
    assert_int_equal(s.severity_of_rule[PD_RULE_DUMP_RUNNING], PD_SEVERITY_ERROR);
    assert_int_equal(s.severity_of_rule[PD_RULE_SQL_SYNTAX], -1);
    pd_arena_free(arena);
}

static void test_last_value_wins(void **state)
{
    (void)state;
    pd_arena *arena = pd_arena_new();
    pd_settings s;
    expect_parsed(arena, "[deploy]\nretries = 1\n[backup]\nrequired\n[deploy]\nretries = 2\n", &s);
    assert_int_equal(s.retries, 2);
    expect_parsed(arena, "[backup]\nrequired\nrequired =\n", &s);
    assert_false(s.backup_required);
    pd_arena_free(arena);
}

typedef struct path_row {
    const char *written;
    const char *read; /* NULL: refused */
} path_row;

static void test_paths(void **state)
{
    (void)state;
    static const path_row rows[] = {
        {"migrations", "migrations"},
        {"a/b/c", "a/b/c"},
        {"./a/./b//c/", "a/b/c"},
        {".", ""},
        {"./", ""},
        {"a..b", "a..b"},
        {"...", "..."},
        {"/abs", NULL},
        {"..", NULL},
        {"a/../b", NULL},
        {"a/..", NULL},
        {"\\\"a\\tb\\\"", NULL},
    };
    pd_arena *arena = pd_arena_new();
    for (size_t i = 0; i < LENGTH(rows); i++) {
        pd_settings s;
        pd_error err = {0};
        const char *text = pd_arena_printf(arena, "[migrations]\npath = \"%s\"\n", rows[i].written);
        bool parsed = parse(arena, text, &s, &err);
        assert_int_equal(parsed, rows[i].read != NULL);
        if (parsed) {
            assert_string_equal(s.path, rows[i].read);
        } else {
            assert_null(s.path);
        }
    }
    pd_arena_free(arena);
}

typedef struct refusal {
    const char *text;
    const char *message; /* whole when it ends with '|', else its beginning */
    const char *hint;
} refusal;

static const refusal refusals[] = {
    {"[deploy]\nlockTimeot = 5s\n",
     "main:.predeploy:2: unknown key 'lockTimeot' in [deploy] (did you mean 'lockTimeout'?)|",
     "transaction, lockTimeout, statementTimeout"},
    {"[deploy]\nxyzzyxyzzy = 5s\n", "main:.predeploy:2: unknown key 'xyzzyxyzzy' in [deploy]|",
     "The keys of [deploy]"},
    {"\n\n[deplyo]\nretries = 5\n",
     "main:.predeploy:3: unknown section [deplyo] (did you mean 'deploy'?)|", "The sections are"},
    {"[deploy \"prod\"]\nretries = 5\n", "main:.predeploy:1: [deploy] has no subsections|",
     "Write [deploy] alone"},
    {"[migrations]\nlayout = drizle\n",
     "main:.predeploy:2: migrations.layout: 'drizle' is no value of this key (did you mean "
     "'drizzle'?)|",
     "drizzle, drizzle-folders, plain"},
    {"[migrations]\nrollback\n", "main:.predeploy:2: migrations.rollback: the key has no value|",
     "KEY = VALUE"},
    {"[migrations]\npath =\n", "main:.predeploy:2: migrations.path: the value is empty|",
     "remove the line"},
    {"[migrations]\npath = ../x\n", "main:.predeploy:2: migrations.path: '../x' is no path",
     "without '..'"},
    {"[migrations]\nrollbackSince = drizzle/0001_a\n",
     "main:.predeploy:2: migrations.rollbackSince: 'drizzle/0001_a' is a path", "without folder"},
    {"[migrations]\nrollbackSince = \"a\\nb\"\n",
     "main:.predeploy:2: migrations.rollbackSince: 'a\\x0Ab' holds a control character|", ""},
    {"[deploy]\nlockTimeout = 5 parsecs\n",
     "main:.predeploy:2: deploy.lockTimeout: '5 parsecs' is no duration|", "'30min'"},
    {"[deploy]\nlockTimeout = -1\n", "main:.predeploy:2: deploy.lockTimeout: '-1' is no duration|",
     ""},
    {"[deploy]\nconnectTimeout = 0\n",
     "main:.predeploy:2: deploy.connectTimeout: '0' is out of range|", "from 1 to 2147483647 ms"},
    {"[deploy]\nretries = many\n", "main:.predeploy:2: deploy.retries: 'many' is no number|",
     "0 to 1000"},
    {"[deploy]\nretries = 1001\n", "main:.predeploy:2: deploy.retries: '1001' is out of range|",
     "0 to 1000"},
    {"[deploy]\nretries = 99999999999999999999\n",
     "main:.predeploy:2: deploy.retries: '99999999999999999999' is no number|", ""},
    {"[verify]\ntables = -1\n", "main:.predeploy:2: verify.tables: '-1' is no number|", ""},
    {"[backup]\nrequired = maybe\n",
     "main:.predeploy:2: backup.required: 'maybe' is neither true nor false|", "true or false"},
    {"[ledger]\nschema = a23456789b123456789c123456789d123456789e123456789f123456789g1234\n",
     "main:.predeploy:2: ledger.schema: 'a23456789", "63|"},
    {"[rule \"order-not-numerik\"]\nseverity = off\n",
     "main:.predeploy:1: unknown rule 'order-not-numerik' (did you mean 'order-not-numeric'?)|",
     "id of its rule"},
    {"[rule]\nseverity = off\n", "main:.predeploy:1: [rule] does not say which rule|", "[rule \""},
    {"[rule \"sql-empty\"]\nseverty = off\n",
     "main:.predeploy:2: unknown key 'severty' in [rule \"sql-empty\"]|", "severity"},
    {"[rule \"sql-empty\"]\nseverity = none\n",
     "main:.predeploy:2: rule.sql-empty.severity: 'none' is no value of this key",
     "error, warning, off"},
    {"[include]\npath = other\n", "main:.predeploy:1: settings include no other file|", "itself"},
    {"[includeIf \"gitdir:/x\"]\npath = other\n",
     "main:.predeploy:1: settings include no other file|", "itself"},
    {"[backup]\nurl = https://u:hunter2@h/\n", "main:.predeploy:2: unknown key 'url' in [backup]|",
     "environment alone"},
    {"[backup]\nsecret = hunter2\n", "main:.predeploy:2: unknown key 'secret' in [backup]",
     "PREDEPLOY_BACKUP_SECRET"},
    {"[database]\nurl = postgres://u:hunter2@h/\n", "main:.predeploy:1: unknown section [database]",
     "DATABASE_URL"},
    {"[depl]", "main:.predeploy:1: unknown section [depl] (did you mean 'deploy'?)|", ""},
    {"retries = 5\n", "main:.predeploy:1: a key stands in front of the first [section]|", "git"},
    {"[deploy]\nretries 5\n", "main:.predeploy:2: a key must be followed by '='|", "git config"},
    {"[deploy]\n= 5\n", "main:.predeploy:2: neither a [section] nor a key|", ""},
    {"[deploy\nretries = 5\n", "main:.predeploy:1: the section's ']' is missing|", ""},
    {"[dep loy]\n", "main:.predeploy:1: a subsection must stand in double quotes|", ""},
    {"[rule \"a\n\"]\n", "main:.predeploy:1: the subsection's name is not closed|", ""},
    {"[rule \"a\"x]\n", "main:.predeploy:1: the section's ']' is missing|", ""},
    {"[]\n", "main:.predeploy:1: the section has no name|", ""},
    {"[de_ploy]\n", "main:.predeploy:1: a section's name has letters", ""},
    {"[check]\n\nbase = \"main\n", "main:.predeploy:3: the value's closing quote is missing|", ""},
    {"[check]\nbase = a\\q\n", "main:.predeploy:2: a value knows the escapes", ""},
    {"# \n[check]\nbase = \xff\n", "main:.predeploy:3: the file is not UTF-8|", ""},
    {"[layout]\nup = {title}.sql\n",
     "main:.predeploy:2: layout.up: '{title}.sql' has neither {name} nor {version}|", "{name}"},
    {"[layout]\nup = {nam}.sql\n",
     "main:.predeploy:2: layout.up: '{nam}.sql' has an unknown placeholder|", ""},
    {"[layout]\nup = {name}_{name}.sql\n",
     "main:.predeploy:2: layout.up: '{name}_{name}.sql' has a placeholder twice|", ""},
    {"[layout]\nup = {version}{title}.sql\n",
     "main:.predeploy:2: layout.up: '{version}{title}.sql' has two placeholders with nothing", ""},
    {"[layout]\nup = {name}.txt\n",
     "main:.predeploy:2: layout.up: '{name}.txt' does not end in .sql|", ""},
    {"[layout]\nup = /{name}.sql\n",
     "main:.predeploy:2: layout.up: '/{name}.sql' is no path of the migrations folder", ""},
    {"[layout]\nup = a/b/{name}.sql\n",
     "main:.predeploy:2: layout.up: 'a/b/{name}.sql' is no path of the migrations folder", ""},
    {"[layout]\nup = {name}.up.sql\nrollback = {x}.sql\n",
     "main:.predeploy:3: layout.rollback: '{x}.sql' has an unknown placeholder|", ""},
    {"[layout]\nrollback = {name}.sql\n", "main:.predeploy: [layout] has no up|", "layout.up"},
    {"[migrations]\nlayout = custom\n", "main:.predeploy: [layout] has no up|", "layout.up"},
    {"[migrations]\nlayout = goose\n[layout]\nup = {name}.sql\n",
     "main:.predeploy: [layout] up is set, and migrations.layout is goose|", "custom"},
    {"[layout]\nup = {name}.sql\nrollback = {name}.sql\n",
     "main:.predeploy: [layout] up and rollback do not make pairs|", "two patterns"},
    {"[layout]\nup = {version}.sql\nrollback = {name}-down.sql\n",
     "main:.predeploy: [layout] up and rollback do not make pairs|", "both have {version}"},
    {"<<<<<<< HEAD\n", "main:.predeploy:1: neither a [section] nor a key|", ""},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(refusals); i++) {
        pd_arena *arena = pd_arena_new();
        const refusal *r = &refusals[i];
        pd_settings s;
        pd_error err = {0};
        size_t len = strcspn(r->message, "|");
        assert_false(parse(arena, r->text, &s, &err));
        assert_int_equal(err.kind, PD_ERROR_USAGE);
        if (strncmp(err.message, r->message, len) != 0 ||
            (r->message[len] == '|' && err.message[len] != '\0')) {
            fail_msg("expected: %s\ngot:      %s", r->message, err.message);
        }
        const char *hint = pd_arena_strndup(arena, r->hint, strcspn(r->hint, "|"));
        if (err.hint[0] == '\0' || (*hint != '\0' && strstr(err.hint, hint) == NULL &&
                                    strstr(err.message, hint) == NULL)) {
            fail_msg("hint of \"%s\" lacks \"%s\": %s", err.message, hint, err.hint);
        }
        assert_null(strstr(err.message, "hunter2"));
        assert_null(strstr(err.hint, "hunter2"));
        pd_arena_free(arena);
    }
}

static void test_nul_byte(void **state)
{
    (void)state;
    static const char text[] = "[deploy]\n\nretries = 5\0\n";
    pd_arena *arena = pd_arena_new();
    pd_settings s;
    pd_error err = {0};
    pd_settings_default(&s);
    assert_false(pd_settings_parse(&s, arena, "x", text, sizeof text - 1, &err));
    assert_string_equal(err.message, "x:3: a NUL byte stands in the file");
    pd_arena_free(arena);
}

static void test_too_large(void **state)
{
    (void)state;
    pd_arena *arena = pd_arena_new();
    char *text = pd_arena_alloc(arena, PD_SETTINGS_MAX + 2);
    pd_settings s;
    pd_error err = {0};
    memset(text, '\n', PD_SETTINGS_MAX + 1);
    pd_settings_default(&s);
    assert_true(pd_settings_parse(&s, arena, "x", text, PD_SETTINGS_MAX, &err));
    assert_false(pd_settings_parse(&s, arena, "x", text, PD_SETTINGS_MAX + 1, &err));
    assert_string_equal(err.message, "x: the file is larger than 64 KiB");
    pd_arena_free(arena);
}

static void test_layout_names(void **state)
{
    (void)state;
    assert_string_equal(pd_layout_name(PD_LAYOUT_DRIZZLE), "drizzle");
    assert_string_equal(pd_layout_name(PD_LAYOUT_DRIZZLE_FOLDERS), "drizzle-folders");
    assert_string_equal(pd_layout_name(PD_LAYOUT_PLAIN), "plain");
    assert_string_equal(pd_layout_name(PD_LAYOUT_DETECT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),  cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_paths),     cmocka_unit_test(test_last_value_wins),
        cmocka_unit_test(test_refusals),  cmocka_unit_test(test_nul_byte),
        cmocka_unit_test(test_too_large), cmocka_unit_test(test_layout_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
