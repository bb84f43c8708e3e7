/* Which statements name a ledger in order to change it. */
#include "scripts.h"

static const pd_sql_ledger apart = {"drizzle", "__drizzle_migrations", false};
static const pd_sql_ledger in_public = {"public", "migrations", true};

/* Whether the last statement of the text has the trait, and no other of it. */
static bool changes(const char *text, const pd_sql_ledger *ledger)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_sql_input input = {.text = text, .len = strlen(text), .ledger = ledger};
    pd_script script = {.state = PD_SCRIPT_TOO_DEEP};
    pd_error err = {0};
    if (!pd_sql_parse(arena, &(pd_sql_batch){&input, 1, "public", true}, &script, &err))
        fail_msg("%s: %s", err.message, err.detail);
    if (script.state != PD_SCRIPT_OK || script.count == 0)
        fail_msg("%s: %s", text, script.error);
    for (size_t i = 0; i + 1 < script.count; i++)
        assert_int_equal(script.statements[i].traits & PD_TRAIT_LEDGER, 0);
    return (script.statements[script.count - 1].traits & PD_TRAIT_LEDGER) != 0;
}

static const char *const edits[] = {
    "SELECT 1; INSERT INTO predeploy.migrations (name) VALUES ('x')",
    "UPDATE predeploy.migrations SET drizzle_id = NULL",
    "UPDATE ONLY predeploy.deployments AS d SET detail = 'x'",
    "DELETE FROM predeploy.migrations WHERE seq = 1",
    "MERGE INTO predeploy.migrations m USING t ON t.id = m.seq WHEN MATCHED THEN DELETE",
    "WITH gone AS (DELETE FROM predeploy.migrations RETURNING *) SELECT * FROM gone",
    "INSERT INTO t WITH gone AS (DELETE FROM predeploy.seal RETURNING *) SELECT * FROM gone",
    "TRUNCATE t, predeploy.migrations CASCADE",
    "LOCK TABLE predeploy.migrations",
    "COPY predeploy.migrations FROM '/tmp/x'",
    "COPY predeploy.migrations (name) FROM STDIN",
    "ALTER TABLE predeploy.migrations ADD COLUMN x int",
    "ALTER TABLE IF EXISTS predeploy.migrations RENAME TO old",
    "ALTER TABLE predeploy.migrations RENAME COLUMN hash TO x",
    "ALTER TABLE predeploy.migrations SET SCHEMA public",
    "ALTER TABLE predeploy.migrations OWNER TO app",
    "ALTER TABLE predeploy.migrations DISABLE TRIGGER ALL",
    "ALTER INDEX predeploy.migrations_pkey RENAME TO x",
    "ALTER SEQUENCE predeploy.migrations_seq_seq RESTART",
    "ALTER SCHEMA predeploy RENAME TO old",
    "ALTER SCHEMA predeploy OWNER TO app",
    "ALTER TABLE t ADD FOREIGN KEY (d) REFERENCES predeploy.deployments",
    "CREATE TABLE t (d uuid REFERENCES predeploy.deployments)",
    "CREATE TABLE t () INHERITS (predeploy.migrations)",
    "CREATE TABLE predeploy.mine (a int)",
    "CREATE TABLE predeploy.copy AS SELECT 1",
    "SELECT * INTO predeploy.copy FROM t",
    "CREATE INDEX ON predeploy.migrations (f(name))",
    "CREATE TRIGGER t BEFORE INSERT ON predeploy.migrations FOR EACH ROW EXECUTE FUNCTION f()",
    "CREATE RULE r AS ON INSERT TO predeploy.migrations DO INSTEAD NOTHING",
    "CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM predeploy.migrations",
    "CREATE POLICY p ON predeploy.migrations USING (false)",
    "CREATE FUNCTION f() RETURNS void BEGIN ATOMIC DELETE FROM predeploy.migrations; END",
    "PREPARE x AS DELETE FROM predeploy.migrations",
    "EXPLAIN ANALYZE DELETE FROM predeploy.migrations",
    "DROP TABLE t, predeploy.migrations",
    "DROP TABLE IF EXISTS db.predeploy.migrations CASCADE",
    "DROP INDEX predeploy.migrations_pkey",
    "DROP SEQUENCE predeploy.migrations_seq_seq CASCADE",
    "DROP TRIGGER t ON predeploy.migrations",
    "DROP RULE r ON predeploy.migrations",
    "DROP POLICY p ON predeploy.migrations",
    "DROP SCHEMA a, predeploy CASCADE",
    "GRANT ALL ON predeploy.migrations TO app",
    "GRANT SELECT, INSERT ON predeploy.migrations TO app",
    "GRANT SELECT (name), UPDATE (name) ON predeploy.migrations TO app",
    "GRANT CREATE ON SCHEMA predeploy TO app",
    "GRANT ALL ON ALL TABLES IN SCHEMA public, predeploy TO app",
    "REVOKE SELECT ON predeploy.migrations FROM app",
    "REVOKE USAGE ON SCHEMA predeploy FROM app",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA predeploy GRANT INSERT ON TABLES TO app",
};

static const char *const drizzle_edits[] = {
    "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('h', 1)",
    "UPDATE drizzle.__drizzle_migrations SET hash = 'h'",
    "DELETE FROM drizzle.__drizzle_migrations",
    "DELETE FROM drizzle.\"__drizzle_migrations\" USING t WHERE t.a = id",
    "TRUNCATE drizzle.__drizzle_migrations",
    "DROP TABLE drizzle.__drizzle_migrations",
    "DROP SCHEMA drizzle CASCADE",
    "ALTER SCHEMA drizzle RENAME TO old",
    "ALTER TABLE drizzle.__drizzle_migrations ADD COLUMN name text",
    "ALTER SEQUENCE drizzle.__drizzle_migrations_id_seq RESTART",
    "DROP INDEX drizzle.__drizzle_migrations_pkey",
    "LOCK TABLE drizzle.__drizzle_migrations",
    "COPY drizzle.__drizzle_migrations FROM '/tmp/x'",
};

static const char *const fine[] = {
    "SELECT * FROM predeploy.migrations m JOIN predeploy.deployments d ON d.id = m.deployment",
    "SELECT * FROM predeploy.migrations FOR SHARE OF migrations",
    "WITH a AS (SELECT 1 FROM predeploy.migrations) SELECT * FROM a, predeploy.seal",
    "SELECT (SELECT count(*) FROM predeploy.migrations TABLESAMPLE SYSTEM (10))",
    "INSERT INTO t SELECT name FROM predeploy.migrations",
    "UPDATE t SET a = m.name FROM predeploy.migrations m",
    "DELETE FROM t USING predeploy.migrations m WHERE m.name = t.a",
    "DELETE FROM t USING a LEFT JOIN predeploy.migrations m ON true",
    "MERGE INTO t USING predeploy.migrations m ON t.id = m.seq WHEN MATCHED THEN DELETE",
    "COPY predeploy.migrations TO '/tmp/x'",
    "COPY (SELECT * FROM predeploy.migrations) TO '/tmp/x'",
    "CREATE VIEW v AS SELECT * FROM predeploy.migrations",
    "CREATE TABLE t (LIKE predeploy.migrations)",
    "CREATE TABLE t AS TABLE predeploy.migrations",
    "VACUUM predeploy.migrations",
    "REINDEX TABLE predeploy.migrations",
    "COMMENT ON TABLE predeploy.migrations IS 'x'",
    "GRANT SELECT ON predeploy.migrations TO reader",
    "GRANT USAGE ON SCHEMA predeploy TO reader",
    "GRANT SELECT ON ALL TABLES IN SCHEMA predeploy TO reader",
    "DELETE FROM predeploy",
    "DELETE FROM public.migrations",
    "DROP TABLE migrations",
    "DROP FUNCTION f(int)",
    "DROP SCHEMA other",
    "SELECT 'DELETE FROM predeploy.migrations'",
    "DO $$ BEGIN DELETE FROM predeploy.migrations; END $$",
    "CREATE SCHEMA drizzle",
    "CREATE TABLE IF NOT EXISTS drizzle.__drizzle_migrations (id serial)",
    "CREATE TABLE drizzle.__drizzle_migrations (id serial)",
    "GRANT ALL ON drizzle.__drizzle_migrations TO app",
    "SELECT * FROM drizzle.__drizzle_migrations",
    "DELETE FROM drizzle.other",
    "DELETE FROM other.__drizzle_migrations",
    "DELETE FROM __drizzle_migrations",
    "DROP TABLE drizzle.__drizzle_migrations_old",
};

static void predeploys_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(edits); i++) {
        if (!changes(edits[i], NULL) || !changes(edits[i], &apart))
            fail_msg("not seen: %s", edits[i]);
    }
}

static void drizzles(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(drizzle_edits); i++) {
        if (!changes(drizzle_edits[i], &apart))
            fail_msg("not seen: %s", drizzle_edits[i]);
        if (changes(drizzle_edits[i], NULL) || changes(drizzle_edits[i], &in_public))
            fail_msg("of no interest: %s", drizzle_edits[i]);
    }
}

static void what_is_no_edit(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(fine); i++) {
        if (changes(fine[i], &apart) || changes(fine[i], NULL))
            fail_msg("no edit: %s", fine[i]);
    }
}

static void names_without_a_schema(void **state)
{
    (void)state;
    assert_true(changes("DELETE FROM migrations", &in_public));
    assert_true(changes("DROP TABLE migrations", &in_public));
    assert_true(changes("DELETE FROM public.migrations", &in_public));
    assert_false(changes("DELETE FROM app.migrations", &in_public));
    assert_false(changes("GRANT ALL ON ALL TABLES IN SCHEMA public TO app", &in_public));
    assert_false(changes("ALTER SCHEMA public OWNER TO app", &in_public));
    assert_true(changes("DROP SCHEMA public CASCADE", &in_public));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predeploys_own),
        cmocka_unit_test(drizzles),
        cmocka_unit_test(what_is_no_edit),
        cmocka_unit_test(names_without_a_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
