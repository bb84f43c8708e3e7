/* [deploy] role, and what other people's objects can do to predeploy's own statements. */
#include "batches.h"

/* deployer connects, migrations run as owner; both are this test's own. */
static void make_roles(world *w)
{
    ask(w, pd_arena_printf(w->arena,
                           "CREATE ROLE owner; CREATE ROLE deployer LOGIN IN ROLE owner;"
                           "GRANT CREATE ON DATABASE %s TO deployer;"
                           "GRANT CREATE ON SCHEMA public TO owner",
                           w->dbname));
    w->conninfo = world_conninfo(w, w->dbname, "deployer");
    w->settings.role = "owner";
}

static void drop_roles(world *w)
{
    ask(w, "DROP OWNED BY owner, deployer CASCADE; DROP ROLE deployer; DROP ROLE owner");
}

static const char *owner_of(world *w, const char *name)
{
    return ask(w, pd_arena_printf(w->arena,
                                  "SELECT pg_get_userbyid(relowner) FROM pg_class "
                                  "WHERE oid = '%s'::regclass",
                                  name));
}

static void migrations_run_as_the_role(void **state)
{
    world *w = *state;
    trial t;
    make_roles(w);
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    assert_string_equal(t.ledger.current_schema, "public");
    add_step(w, &t, PD_STEP_APPLY, "0001_a",
             "CREATE TABLE a AS SELECT current_user::text AS u, session_user::text AS s;;"
             "RESET ROLE");
    add_step(w, &t, PD_STEP_APPLY, "0002_b",
             "CREATE TABLE b AS SELECT current_user::text AS u;;SET ROLE deployer");
    add_step(w, &t, PD_STEP_APPLY, "0003_c", "CREATE TABLE c ();; SET SESSION ROLE none");
    must(w, trial_run(w, &t));
    assert_false(t.result.ledger_changed);
    assert_string_equal(ask(w, "SELECT u || ' ' || s FROM a"), "owner deployer");
    assert_string_equal(ask(w, "SELECT u FROM b"), "owner");
    assert_string_equal(owner_of(w, "public.a"), "owner");
    assert_string_equal(owner_of(w, "public.c"), "owner");
    assert_string_equal(owner_of(w, "predeploy.migrations"), "deployer");
    assert_string_equal(ask(w, "SELECT count(*) FROM predeploy.migrations"), "3");
    pd_db_close(&t.db);
    drop_roles(w);
}

static void it_may_not_write_to_the_ledger(void **state)
{
    world *w = *state;
    static const char *const texts[] = {
        "DELETE FROM predeploy.migrations",
        "DO $$ BEGIN DELETE FROM predeploy.deployments; END $$",
        "SELECT count(*) FROM predeploy.migrations",
        "CREATE TABLE predeploy.x ()",
        "DROP SCHEMA predeploy CASCADE",
    };
    make_roles(w);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        trial t;
        trial_open(w, &t, PD_LAYOUT_PLAIN);
        add_step(w, &t, PD_STEP_APPLY, "0001_a", texts[i]);
        if (trial_run(w, &t)) {
            fail_msg("allowed: %s", texts[i]);
        }
        assert_string_equal(w->err.code, "42501");
        pd_db_close(&t.db);
    }
    drop_roles(w);
}

/* What is left to the end of the transaction is the role's doing, too. */
static void deferred_triggers_run_as_the_role(void **state)
{
    world *w = *state;
    trial t;
    make_roles(w);
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_step(w, &t, PD_STEP_APPLY, "0001_a",
             "CREATE TABLE a (u text);; CREATE TABLE seen (u text);;"
             "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS "
             "'BEGIN INSERT INTO seen VALUES (current_user); RETURN NULL; END';;"
             "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON a DEFERRABLE INITIALLY DEFERRED "
             "FOR EACH ROW EXECUTE FUNCTION f();;"
             "INSERT INTO a VALUES ('x')");
    must(w, trial_run(w, &t));
    assert_string_equal(ask(w, "SELECT string_agg(u, ',') FROM seen"), "owner");
    pd_db_close(&t.db);
    drop_roles(w);
}

static void the_roles_own_schema(void **state)
{
    world *w = *state;
    make_roles(w);
    ask(w,
        "CREATE SCHEMA owner AUTHORIZATION owner; CREATE SCHEMA deployer AUTHORIZATION deployer");
    PD_AUTO_DB db = open_locked(w, PD_LAYOUT_PLAIN);
    pd_ledger ledger;
    must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    assert_string_equal(ledger.current_schema, "owner");
    w->settings.role = NULL;
    must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    assert_string_equal(ledger.current_schema, "deployer");
    pd_db_close(&db);
    drop_roles(w);
}

static void a_role_that_cannot_be_set(void **state)
{
    world *w = *state;
    pd_ledger ledger;
    make_roles(w);
    ask(w, "CREATE ROLE stranger; CREATE ROLE \"Od\"\"d'\"; GRANT \"Od\"\"d'\" TO deployer");
    w->settings.role = "stranger";
    PD_AUTO_DB db = open_locked(w, PD_LAYOUT_PLAIN);
    assert_false(pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    expect_error(w, PD_ERROR_UNREACHABLE, "cannot work as role stranger");
    expect_error(w, PD_ERROR_UNREACHABLE, "GRANT \"stranger\" TO \"deployer\"");
    w->settings.role = "nobody";
    assert_false(pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    expect_error(w, PD_ERROR_UNREACHABLE, "CREATE ROLE \"nobody\"");
    w->settings.role = "no\"body";
    assert_false(pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    expect_error(w, PD_ERROR_UNREACHABLE, "CREATE ROLE \"no\"\"body\"");
    w->settings.role = "Od\"d'";
    must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    pd_db_close(&db);
    /* who only looks need not be a member, but the role must be there */
    pd_db_options options = options_of(w, PD_LAYOUT_PLAIN);
    options.read_only = true;
    PD_AUTO_DB reader = NULL;
    must(w, pd_db_open(&reader, w->arena, &options, &w->target, &w->err));
    w->settings.role = "stranger";
    must(w, pd_db_read_ledger(reader, w->arena, &ledger, &w->err));
    assert_string_equal(ledger.current_schema, "public");
    w->settings.role = "nobody";
    assert_false(pd_db_read_ledger(reader, w->arena, &ledger, &w->err));
    expect_error(w, PD_ERROR_UNREACHABLE, "CREATE ROLE \"nobody\"");
    pd_db_close(&reader);
    ask(w, "DROP ROLE stranger; DROP ROLE \"Od\"\"d'\"");
    drop_roles(w);
}

/* Functions, types and relations of pg_catalog's names; see make_traps. */
static void make_more_traps(world *w)
{
    static const char *const functions[] = {
        "count()",
        "encode(bytea, text)",
        "sha256(bytea)",
        "convert_to(text, name)",
        "set_config(text, text, boolean)",
        "clock_timestamp()",
        "now()",
        "current_schema()",
        "format(text, text)",
        "pg_try_advisory_lock(int, int)",
        "pg_backend_pid()",
        "hashtextextended(text, bigint)",
        "pg_current_xact_id()",
        "unnest(text[])",
        "cardinality(text[])",
        "timezone(text, timestamptz)",
        "floor(numeric)",
        "nextval(regclass)",
        "record_send(record)",
        "has_column_privilege(text, text)",
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        ask(w, pd_arena_printf(w->arena,
                               "CREATE FUNCTION traps.%s RETURNS text LANGUAGE plpgsql AS "
                               "'BEGIN PERFORM traps.hit(); RETURN NULL; END'",
                               functions[i]));
    }
    ask(w, "CREATE DOMAIN traps.text AS pg_catalog.text CHECK (traps.hit() IS NULL);"
           "CREATE DOMAIN traps.bigint AS pg_catalog.int8 CHECK (traps.hit() IS NULL);"
           "CREATE DOMAIN traps.int8 AS pg_catalog.int8 CHECK (traps.hit() IS NULL);"
           "CREATE DOMAIN traps.bool AS pg_catalog.bool CHECK (traps.hit() IS NULL);"
           "CREATE DOMAIN traps.uuid AS pg_catalog.uuid CHECK (traps.hit() IS NULL);"
           "CREATE DOMAIN traps.timestamptz AS pg_catalog.timestamptz CHECK (traps.hit() IS NULL);"
           "CREATE VIEW traps.pg_class AS SELECT traps.hit() AS oid;"
           "CREATE VIEW traps.pg_namespace AS SELECT traps.hit() AS oid;"
           "CREATE VIEW traps.pg_roles AS SELECT traps.hit() AS oid");
}

/* Better matches for what predeploy calls than pg_catalog has, in every schema that an unpinned
 * search_path would find first. Each counts its calls. */
static void make_traps(world *w)
{
    ask(w, pd_arena_printf(
               w->arena,
               "CREATE SCHEMA traps; CREATE SEQUENCE traps.calls MINVALUE 0 START 0;"
               "GRANT USAGE ON SCHEMA traps TO PUBLIC; GRANT ALL ON SEQUENCE traps.calls TO PUBLIC;"
               "CREATE FUNCTION traps.hit() RETURNS bigint LANGUAGE sql AS "
               "'SELECT pg_catalog.nextval(''traps.calls'')';"
               "CREATE FUNCTION traps.equal(a anyelement, b anyelement) RETURNS boolean "
               "LANGUAGE plpgsql AS 'BEGIN PERFORM traps.hit(); RETURN true; END';"
               "CREATE FUNCTION traps.equal_text(a text, b text) RETURNS boolean "
               "LANGUAGE plpgsql AS 'BEGIN PERFORM traps.hit(); RETURN true; END';"
               "CREATE FUNCTION traps.join_text(a text, b text) RETURNS text "
               "LANGUAGE plpgsql AS 'BEGIN PERFORM traps.hit(); RETURN a; END';"
               "ALTER DATABASE %s SET search_path = traps, public, pg_catalog;"
               "ALTER ROLE deployer SET search_path = traps, public, pg_catalog",
               w->dbname));
    static const char *const operators[] = {"=", "<>", ">", "<"};
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        ask(w, pd_arena_printf(
                   w->arena,
                   "CREATE OPERATOR traps.%s (LEFTARG = text, RIGHTARG = text, "
                   "FUNCTION = traps.equal_text);"
                   "CREATE OPERATOR traps.%s (LEFTARG = anyelement, RIGHTARG = anyelement, "
                   "FUNCTION = traps.equal)",
                   operators[i], operators[i]));
    }
    ask(w,
        "CREATE OPERATOR traps.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = traps.join_text)");
    make_more_traps(w);
}

static void expect_untouched(world *w, const char *after)
{
    const char *called = ask(w, "SELECT is_called FROM traps.calls");
    if (strcmp(called, "f") != 0) {
        fail_msg("a trap was sprung %s", after);
    }
}

static void whole_life(world *w, pd_layout_kind layout)
{
    trial t;
    trial_open(w, &t, layout);
    expect_untouched(w, "before it began");
    t.deployment.backup_reference = "b";
    must(w, pd_db_record_backup(t.db, &t.deployment, &w->err));
    pd_step *step = add_step(w, &t, PD_STEP_APPLY, "0001_a", "SET TimeZone = 'UTC'");
    step->has_created_at = true;
    step->created_at = 1700000000000;
    must(w, trial_run(w, &t));
    assert_false(t.result.ledger_changed);
    expect_untouched(w, "by the batch");
    pd_db_close(&t.db);
    trial_open(w, &t, layout);
    const pd_ledger_row *row = &t.ledger.rows[0];
    step = add_step(w, &t, PD_STEP_REVERT, row->name, "SET TimeZone = 'UTC'");
    step->seq = row->seq;
    step->hash = row->hash;
    step->drizzle_id = row->drizzle_id;
    step->has_created_at = row->has_drizzle_created_at;
    step->created_at = row->drizzle_created_at;
    must(w, trial_run(w, &t));
    expect_untouched(w, "by the rollback");
    pd_db_close(&t.db);
    trial_open(w, &t, layout);
    t.deployment.outcome = "failed";
    must(w, pd_db_finish_deployment(t.db, &t.deployment, &w->err));
    assert_null(t.ledger.altered);
    pd_db_close(&t.db);
    trial_open(w, &t, layout); /* and dies */
    pd_db_close(&t.db);
    pd_ledger ledger;
    PD_AUTO_DB db = open_locked(w, layout);
    must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    assert_null(ledger.altered);
    assert_int_equal(ledger.count, 0);
    expect_untouched(w, "by a reading");
}

static void nothing_of_somebody_elses_is_called(void **state)
{
    world *w = *state;
    make_roles(w);
    w->settings.role = NULL;
    make_traps(w);
    whole_life(w, PD_LAYOUT_PLAIN);
    whole_life(w, PD_LAYOUT_DRIZZLE);
    w->settings.role = "owner";
    whole_life(w, PD_LAYOUT_DRIZZLE_FOLDERS);
    /* the traps do work */
    pd_conn conn = {0};
    world_connect(w, &conn, w->conninfo);
    ask_on(w, &conn, "SELECT 'a'::pg_catalog.text = 'b'::pg_catalog.text");
    pd_conn_close(&conn);
    assert_string_equal(ask(w, "SELECT is_called FROM traps.calls"), "t");
    ask(w, "DROP SCHEMA traps CASCADE");
    drop_roles(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(migrations_run_as_the_role),
        WORLD_TEST(it_may_not_write_to_the_ledger),
        WORLD_TEST(deferred_triggers_run_as_the_role),
        WORLD_TEST(the_roles_own_schema),
        WORLD_TEST(a_role_that_cannot_be_set),
        WORLD_TEST(nothing_of_somebody_elses_is_called),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
