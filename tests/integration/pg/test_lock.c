#include "pg_world.h"

#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "pg_migrations.h"

#define TABLES                                                                                     \
    "SELECT coalesce(string_agg(relname, ',' ORDER BY relname), '') FROM pg_class "                \
    "WHERE relnamespace = to_regnamespace('predeploy') AND relkind = 'r'"

static void one_deployment_at_a_time(void **state)
{
    world *w = *state;
    PD_AUTO_DB first = open_locked(w, PD_LAYOUT_PLAIN);
    PD_AUTO_DB second = open_db(w, PD_LAYOUT_PLAIN);
    assert_false(pd_db_lock(second, false, &w->err));
    expect_error(w, PD_ERROR_LOCKED, "another deployment");
    assert_non_null(strstr(w->err.detail, "of user postgres, application \"predeploy\", since 20"));
    const char *pid = ask(w, "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted");
    assert_non_null(strstr(w->err.detail, pd_arena_printf(w->arena, "process %s ", pid)));
    assert_non_null(strstr(w->err.hint, pid));
    pd_db_close(&first);
    must(w, pd_db_lock(second, true, &w->err));
}

static void waits_no_longer_than_asked(void **state)
{
    world *w = *state;
    PD_AUTO_DB first = open_locked(w, PD_LAYOUT_PLAIN);
    assert_non_null(first);
    PD_AUTO_DB second = open_db(w, PD_LAYOUT_PLAIN);
    w->settings.lock_wait_ms = 400;
    int64_t begun_ms = pd_now_ms();
    assert_false(pd_db_lock(second, true, &w->err));
    expect_error(w, PD_ERROR_LOCKED, "waited 400 ms");
    assert_true(pd_now_ms() - begun_ms >= 400);
}

static void a_signal_ends_the_wait(void **state)
{
    world *w = *state;
    PD_AUTO_DB first = open_locked(w, PD_LAYOUT_PLAIN);
    assert_non_null(first);
    PD_AUTO_DB second = open_db(w, PD_LAYOUT_PLAIN);
    pd_error none = {0};
    assert_true(pd_interrupt_open(&w->interrupt, &none));
    assert_int_equal(kill(getpid(), SIGINT), 0);
    assert_false(pd_db_lock(second, true, &w->err));
    assert_int_equal(w->err.kind, PD_ERROR_INTERRUPTED);
    pd_interrupt_close(&w->interrupt);
}

static void locks_of_other_databases_are_their_own(void **state)
{
    world *w = *state;
    PD_AUTO_DB first = open_locked(w, PD_LAYOUT_PLAIN);
    assert_non_null(first);
    const char *here = w->conninfo;
    w->conninfo = w->server; /* database postgres */
    PD_AUTO_DB other = open_db(w, PD_LAYOUT_PLAIN);
    must(w, pd_db_lock(other, false, &w->err));
    w->conninfo = here;
    pd_conn server = {0};
    world_connect(w, &server, w->server);
    ask_on(w, &server, "DROP SCHEMA predeploy CASCADE");
    pd_conn_close(&server);
}

static void the_ledger_is_made_once(void **state)
{
    world *w = *state;
    PD_AUTO_DB first = open_locked(w, PD_LAYOUT_PLAIN);
    assert_string_equal(ask(w, TABLES), "deployments,migrations,schema_migrations,seal,statements");
    assert_string_equal(ask(w, "SELECT string_agg(name || ' ' || tool_version, ',' ORDER BY name) "
                               "FROM predeploy.schema_migrations"),
                        "0001_ledger " PD_VERSION ",0002_witness " PD_VERSION
                        ",0003_statements " PD_VERSION ",0004_verdict " PD_VERSION);
    assert_string_equal(ask(w, "SELECT hash FROM predeploy.schema_migrations "
                               "WHERE name = '0001_ledger'"),
                        ask(w, pd_arena_printf(w->arena,
                                               "SELECT encode(sha256(pg_read_binary_file('%s')), "
                                               "'hex')",
                                               PD_SOURCE_DIR "/migrations/0001_ledger.sql")));
    const char *oids = "SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_class "
                       "WHERE relnamespace = to_regnamespace('predeploy')";
    const char *before = ask(w, oids);
    pd_db_close(&first);
    PD_AUTO_DB second = open_locked(w, PD_LAYOUT_PLAIN);
    assert_string_equal(ask(w, oids), before);
    /* locked twice is no mistake */
    must(w, pd_db_lock(second, false, &w->err));
}

static void run_file(world *w, const char *path)
{
    FILE *file = fopen(path, "r");
    char text[4096] = "";
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    (void)fclose(file);
    ask(w, text);
}

static void the_companions_take_the_ledger_out(void **state)
{
    world *w = *state;
    PD_AUTO_DB db = open_locked(w, PD_LAYOUT_PLAIN);
    assert_non_null(db);
    run_file(w, PD_SOURCE_DIR "/migrations/0003_statements-rollback.sql");
    run_file(w, PD_SOURCE_DIR "/migrations/0002_witness-rollback.sql");
    run_file(w, PD_SOURCE_DIR "/migrations/0001_ledger-rollback.sql");
    assert_string_equal(ask(w, "SELECT to_regnamespace('predeploy')"), "NULL");
}

static void an_older_ledger_is_read_and_upgraded(void **state)
{
    world *w = *state;
    PD_AUTO_DB first = open_locked(w, PD_LAYOUT_PLAIN);
    pd_db_close(&first);
    run_file(w, PD_SOURCE_DIR "/migrations/0004_verdict-rollback.sql");
    run_file(w, PD_SOURCE_DIR "/migrations/0003_statements-rollback.sql");
    run_file(w, PD_SOURCE_DIR "/migrations/0002_witness-rollback.sql");
    ask(w, "DELETE FROM predeploy.schema_migrations WHERE name > '0001_ledger';"
           "INSERT INTO predeploy.deployments (id, kind, commit, actor, tool_version, started_at, "
           "finished_at, outcome) VALUES ('00000000-0000-4000-8000-000000000001', 'deploy', 'c', "
           "'ada', '0.1.0', now(), now(), 'succeeded');"
           "INSERT INTO predeploy.migrations (name, hash, adopted, deployment, duration_ms) VALUES "
           "('0001_a', repeat('0', 64), false, '00000000-0000-4000-8000-000000000001', 1)");
    PD_AUTO_DB second = open_db(w, PD_LAYOUT_PLAIN);
    pd_ledger ledger = {0};
    must(w, pd_db_read_ledger(second, w->arena, &ledger, &w->err));
    assert_int_equal(ledger.count, 1);
    assert_null(ledger.rows[0].tokens);
    must(w, pd_db_lock(second, true, &w->err));
    ask(w, "UPDATE predeploy.migrations SET tokens = repeat('a', 64)");
    must(w, pd_db_read_ledger(second, w->arena, &ledger, &w->err));
    assert_int_equal(strlen(ledger.rows[0].tokens), 64);
}

static void a_newer_ledger_is_left_alone(void **state)
{
    world *w = *state;
    PD_AUTO_DB first = open_locked(w, PD_LAYOUT_PLAIN);
    pd_db_close(&first);
    ask(w, "INSERT INTO predeploy.schema_migrations (name, hash, tool_version) "
           "VALUES ('9999_future', repeat('0', 64), '99.0.0')");
    PD_AUTO_DB second = open_db(w, PD_LAYOUT_PLAIN);
    assert_false(pd_db_lock(second, true, &w->err));
    expect_error(w, PD_ERROR_UNREACHABLE, "9999_future");
    expect_error(w, PD_ERROR_UNREACHABLE, "Upgrade predeploy");
    pd_db_close(&second);
    ask(w, "DELETE FROM predeploy.schema_migrations WHERE name = '9999_future';"
           "UPDATE predeploy.schema_migrations SET hash = repeat('0', 64)");
    PD_AUTO_DB third = open_db(w, PD_LAYOUT_PLAIN);
    assert_false(pd_db_lock(third, true, &w->err));
    expect_error(w, PD_ERROR_UNREACHABLE, "another hash");
}

static void what_never_finished_was_interrupted(void **state)
{
    world *w = *state;
    PD_AUTO_DB first = open_locked(w, PD_LAYOUT_PLAIN);
    pd_deployment deployment = {.id = "0f2c1f0e-8d3b-4f57-9f5e-2d6f6c1f8a11",
                                .kind = "deploy",
                                .commit = "9f1c2e7a9f1c2e7a",
                                .actor = "somebody",
                                .tool_version = PD_VERSION,
                                .started_at = "2026-01-02T03:04:05Z",
                                .tables_before = -1,
                                .tables_after = -1};
    must(w, pd_db_begin_deployment(first, &deployment, &w->err));
    assert_string_equal(ask(w, "SELECT outcome FROM predeploy.deployments"), "running");
    assert_string_equal(ask(w, "SELECT application_name FROM pg_stat_activity "
                               "WHERE application_name LIKE 'predeploy/%'"),
                        "predeploy/9f1c2e7a9f1c");
    pd_db_close(&first);
    PD_AUTO_DB second = open_locked(w, PD_LAYOUT_PLAIN);
    assert_non_null(second);
    assert_string_equal(ask(w, "SELECT outcome FROM predeploy.deployments "
                               "WHERE finished_at IS NOT NULL AND detail IS NOT NULL"),
                        "interrupted");
}

static void a_role_needs_create_on_the_database(void **state)
{
    world *w = *state;
    ask(w, "CREATE ROLE lowly LOGIN");
    w->conninfo = world_conninfo(w, w->dbname, "lowly");
    PD_AUTO_DB db = open_db(w, PD_LAYOUT_PLAIN);
    assert_false(pd_db_lock(db, true, &w->err));
    assert_string_equal(w->err.code, "42501");
    expect_error(w, PD_ERROR_UNREACHABLE, "GRANT CREATE ON DATABASE");
    pd_db_close(&db);
    /* nothing more is needed when the schema is there */
    ask(w, "CREATE SCHEMA predeploy AUTHORIZATION lowly");
    PD_AUTO_DB again = open_locked(w, PD_LAYOUT_PLAIN);
    pd_db_close(&again);
    ask(w, "DROP SCHEMA predeploy CASCADE; DROP ROLE lowly");
}

/* Every way in which somebody else's ledger, or one of ours that somebody prepared, could run
 * their code with our rights or be changed behind our back. */
static void hostile_ledgers_are_refused(void **state)
{
    world *w = *state;
    static const char *const tricks[][2] = {
        {"ALTER SCHEMA predeploy OWNER TO mallory", "belongs to role mallory"},
        {"GRANT CREATE ON SCHEMA predeploy TO mallory", "create objects"},
        {"GRANT CREATE ON SCHEMA predeploy TO PUBLIC", "create objects"},
        {"ALTER TABLE predeploy.migrations OWNER TO mallory", "belongs to role mallory"},
        {"GRANT INSERT ON predeploy.migrations TO mallory", "may write"},
        {"GRANT UPDATE (hash) ON predeploy.migrations TO mallory", "may write"},
        {"GRANT TRIGGER ON predeploy.deployments TO PUBLIC", "may write"},
        {"GRANT TRUNCATE ON predeploy.seal TO mallory", "may write"},
        {"GRANT DELETE ON predeploy.statements TO mallory", "may write"},
        {"GRANT REFERENCES ON predeploy.deployments TO PUBLIC", "may write"},
        {"GRANT UPDATE ON SEQUENCE predeploy.migrations_seq_seq TO mallory", "may write"},
        {"GRANT USAGE ON SEQUENCE predeploy.deployments_seq_seq TO PUBLIC", "may write"},
        {"ALTER TABLE predeploy.statements OWNER TO mallory", "belongs to role mallory"},
        {"CREATE TRIGGER t BEFORE INSERT ON predeploy.migrations FOR EACH ROW "
         "EXECUTE FUNCTION public.evil_trigger()",
         "trigger"},
        {"CREATE RULE r AS ON INSERT TO predeploy.deployments DO ALSO SELECT public.evil()",
         "rule"},
        {"ALTER TABLE predeploy.migrations ENABLE ROW LEVEL SECURITY", "row level security"},
        {"ALTER TABLE predeploy.migrations ALTER hash SET DEFAULT public.evil()", "function"},
        {"ALTER TABLE predeploy.migrations ADD CHECK (public.evil() IS NULL)", "function"},
        {"CREATE INDEX ON predeploy.migrations (public.evil(name))", "function"},
        {"ALTER TABLE predeploy.migrations ADD x text GENERATED ALWAYS AS (public.evil(name)) "
         "STORED",
         "function"},
        {"ALTER TABLE predeploy.migrations ADD x public.evil_domain", "type"},
        {"CREATE TABLE public.pupil (d uuid REFERENCES predeploy.deployments ON DELETE CASCADE)",
         "foreign key"},
        {"CREATE TABLE public.teacher (name text PRIMARY KEY);"
         "ALTER TABLE predeploy.migrations ADD FOREIGN KEY (name) REFERENCES public.teacher",
         "foreign key"},
        {"CREATE TABLE public.heir () INHERITS (predeploy.migrations)", "inheritance"},
        {"ALTER TABLE predeploy.migrations RENAME TO real; CREATE VIEW predeploy.migrations AS "
         "SELECT * FROM predeploy.real",
         "ordinary table"},
    };
    ask(w, "CREATE ROLE mallory;"
           "CREATE FUNCTION public.evil() RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT NULL';"
           "CREATE FUNCTION public.evil(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';"
           "CREATE DOMAIN public.evil_domain AS text CHECK (public.evil() IS NULL);"
           "CREATE FUNCTION public.evil_trigger() RETURNS trigger LANGUAGE plpgsql AS "
           "'BEGIN RETURN NEW; END'");
    for (size_t i = 0; i < sizeof tricks / sizeof *tricks; i++) {
        PD_AUTO_DB before = open_locked(w, PD_LAYOUT_PLAIN);
        pd_db_close(&before);
        ask(w, "GRANT SELECT ON ALL TABLES IN SCHEMA predeploy TO mallory");
        PD_AUTO_DB harmless = open_locked(w, PD_LAYOUT_PLAIN);
        pd_db_close(&harmless);
        ask(w, tricks[i][0]);
        PD_AUTO_DB db = open_db(w, PD_LAYOUT_PLAIN);
        if (pd_db_lock(db, true, &w->err)) {
            fail_msg("accepted: %s", tricks[i][0]);
        }
        expect_error(w, PD_ERROR_UNREACHABLE, tricks[i][1]);
        pd_db_close(&db);
        ask(w, "DROP SCHEMA predeploy CASCADE");
    }
    ask(w, "DROP OWNED BY mallory; DROP ROLE mallory");
}

/* What is made gets the default privileges of who makes it, and may not keep them. */
static void default_privileges_do_not_reach_it(void **state)
{
    world *w = *state;
    ask(w, "CREATE ROLE mallory; CREATE ROLE \"o'dd \"\"one\";"
           "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC, mallory, \"o'dd \"\"one\";"
           "ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO mallory");
    PD_AUTO_DB db = open_locked(w, PD_LAYOUT_PLAIN);
    pd_db_close(&db);
    assert_string_equal(
        ask(w, "SELECT string_agg(DISTINCT a.privilege_type, ',') FROM pg_class c, "
               "aclexplode(c.relacl) a WHERE c.relnamespace = 'predeploy'::regnamespace "
               "AND a.grantee <> c.relowner"),
        "SELECT");
    ask(w, "DROP SCHEMA predeploy CASCADE;"
           "ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM PUBLIC, mallory, \"o'dd \"\"one\";"
           "ALTER DEFAULT PRIVILEGES REVOKE ALL ON SEQUENCES FROM mallory;"
           "DROP ROLE mallory, \"o'dd \"\"one\"");
}

/* Somebody's event trigger sees to it that each new table runs code: found before it is written to,
 * and nothing is committed. */
static void what_was_made_is_looked_at(void **state)
{
    world *w = *state;
    ask(w,
        "CREATE FUNCTION spy() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RAISE EXCEPTION ''it was called''; END';"
        "CREATE FUNCTION add_spy() RETURNS event_trigger LANGUAGE plpgsql AS $$ DECLARE r record; "
        "BEGIN FOR r IN SELECT DISTINCT object_identity AS name FROM "
        "pg_event_trigger_ddl_commands() "
        "WHERE object_type = 'table' LOOP EXECUTE 'CREATE TRIGGER spy BEFORE INSERT ON ' || r.name "
        "|| ' EXECUTE FUNCTION public.spy()'; END LOOP; END $$;"
        "CREATE EVENT TRIGGER spies ON ddl_command_end WHEN TAG IN ('CREATE TABLE') "
        "EXECUTE FUNCTION add_spy()");
    PD_AUTO_DB db = open_db(w, PD_LAYOUT_PLAIN);
    assert_false(pd_db_lock(db, true, &w->err));
    expect_error(w, PD_ERROR_UNREACHABLE, "the ledger is not safe to touch");
    assert_non_null(strstr(w->err.detail, "it has a trigger"));
    assert_string_equal(ask(w, "SELECT count(*) FROM pg_namespace WHERE nspname = 'predeploy'"),
                        "0");
    ask(w, "DROP EVENT TRIGGER spies");
    must(w, pd_db_lock(db, true, &w->err));
}

static void a_foreign_schema_is_refused(void **state)
{
    world *w = *state;
    ask(w, "CREATE ROLE mallory; CREATE SCHEMA predeploy AUTHORIZATION mallory");
    PD_AUTO_DB db = open_db(w, PD_LAYOUT_PLAIN);
    assert_false(pd_db_lock(db, true, &w->err));
    expect_error(w, PD_ERROR_UNREACHABLE, "belongs to role mallory");
    assert_string_equal(ask(w, TABLES), "");
    pd_db_close(&db);
    ask(w, "DROP SCHEMA predeploy; DROP ROLE mallory");
}

static void a_role_may_own_it_through_a_group(void **state)
{
    world *w = *state;
    ask(w, "CREATE ROLE release; CREATE ROLE runner LOGIN IN ROLE release;"
           "CREATE SCHEMA predeploy AUTHORIZATION release");
    w->conninfo = world_conninfo(w, w->dbname, "runner");
    PD_AUTO_DB db = open_locked(w, PD_LAYOUT_PLAIN);
    pd_db_close(&db);
    ask(w, "DROP SCHEMA predeploy CASCADE; DROP ROLE runner; DROP ROLE release");
}

/* A group is as trustworthy as whoever can become it. */
static void a_group_with_others_in_it_is_refused(void **state)
{
    world *w = *state;
    static const struct {
        const char *sql;
        const char *part; /* NULL: it is fine */
    } cases[] = {
        {"SELECT 1", NULL},
        {"GRANT release TO team", NULL},
        {"GRANT release TO root", NULL},
        {"GRANT team TO runner", NULL},
        {"GRANT release TO mallory", "belongs to role release"},
        {"REVOKE release FROM mallory; GRANT team TO mallory", "belongs to role release"},
        {"REVOKE release FROM team", NULL},
        {"ALTER ROLE release LOGIN", "belongs to role release"},
        {"ALTER ROLE release NOLOGIN; GRANT INSERT ON predeploy.migrations TO team", "may write"},
        {"REVOKE team FROM mallory", NULL},
        {"ALTER SCHEMA predeploy OWNER TO runner; GRANT CREATE ON SCHEMA predeploy TO mallory",
         "create objects"},
    };
    ask(w,
        "CREATE ROLE release; CREATE ROLE team; CREATE ROLE mallory LOGIN; CREATE ROLE root LOGIN "
        "SUPERUSER; CREATE ROLE runner LOGIN IN ROLE release;"
        "CREATE SCHEMA predeploy AUTHORIZATION release");
    w->conninfo = world_conninfo(w, w->dbname, "runner");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ask(w, cases[i].sql);
        PD_AUTO_DB db = open_db(w, PD_LAYOUT_PLAIN);
        bool ok = pd_db_lock(db, true, &w->err);
        if (ok != (cases[i].part == NULL)) {
            fail_msg("%s: %s", cases[i].sql, ok ? "accepted" : w->err.detail);
        }
        if (!ok) {
            expect_error(w, PD_ERROR_UNREACHABLE, cases[i].part);
        }
    }
    ask(w, "DROP SCHEMA predeploy CASCADE; DROP ROLE runner, mallory, root, team, release");
}

/* SET ROLE by the connection's own settings: the session's role counts, too. */
static void the_role_that_was_set_owns_it(void **state)
{
    world *w = *state;
    ask(w, "CREATE ROLE release; CREATE ROLE runner LOGIN IN ROLE release;"
           "CREATE ROLE other LOGIN IN ROLE release; ALTER ROLE runner SET role = release;"
           "CREATE SCHEMA predeploy AUTHORIZATION release");
    w->conninfo = world_conninfo(w, w->dbname, "runner");
    PD_AUTO_DB db = open_locked(w, PD_LAYOUT_PLAIN);
    pd_db_close(&db);
    ask(w, "ALTER SCHEMA predeploy OWNER TO runner");
    PD_AUTO_DB again = open_db(w, PD_LAYOUT_PLAIN);
    assert_false(pd_db_lock(again, true, &w->err));
    pd_db_close(&again);
    ask(w, "GRANT USAGE ON SCHEMA predeploy TO release");
    PD_AUTO_DB granted = open_locked(w, PD_LAYOUT_PLAIN);
    pd_db_close(&granted);
    ask(w, "DROP SCHEMA predeploy CASCADE; DROP ROLE other, runner, release");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(one_deployment_at_a_time),
        WORLD_TEST(waits_no_longer_than_asked),
        WORLD_TEST(a_signal_ends_the_wait),
        WORLD_TEST(locks_of_other_databases_are_their_own),
        WORLD_TEST(the_ledger_is_made_once),
        WORLD_TEST(an_older_ledger_is_read_and_upgraded),
        WORLD_TEST(the_companions_take_the_ledger_out),
        WORLD_TEST(a_newer_ledger_is_left_alone),
        WORLD_TEST(what_never_finished_was_interrupted),
        WORLD_TEST(a_role_needs_create_on_the_database),
        WORLD_TEST(hostile_ledgers_are_refused),
        WORLD_TEST(default_privileges_do_not_reach_it),
        WORLD_TEST(what_was_made_is_looked_at),
        WORLD_TEST(a_foreign_schema_is_refused),
        WORLD_TEST(a_role_may_own_it_through_a_group),
        WORLD_TEST(a_group_with_others_in_it_is_refused),
        WORLD_TEST(the_role_that_was_set_owns_it),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
