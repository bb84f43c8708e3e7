#include "batches.h"

/* A deployment that ends in one of its ways. */
typedef enum ending {
    ENDS_IDLE,
    ENDS_APPLIED,
    ENDS_APPLIED_TWICE, /* two batches */
    ENDS_ADOPTED,
    ENDS_REVERTED,
    ENDS_FAILED,
    ENDS_UNKNOWN,
    ENDS_KILLED,
    ENDS_KILLED_HALF, /* behind the first of two batches */
    ENDINGS,
} ending;

static pd_ledger read_it(world *w)
{
    pd_ledger ledger;
    PD_AUTO_DB db = open_db(w, PD_LAYOUT_PLAIN);
    must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    return ledger;
}

static void expect_whole(world *w, const char *when)
{
    pd_ledger ledger = read_it(w);
    if (ledger.altered != NULL) {
        fail_msg("%s: %s", when, ledger.altered);
    }
}

static void finish(world *w, trial *t, const char *outcome)
{
    t->deployment.outcome = outcome;
    t->deployment.detail = "a|'reason\\";
    must(w, pd_db_finish_deployment(t->db, &t->deployment, &w->err));
}

static void apply_one(world *w, trial *t, pd_step_kind kind, bool last)
{
    const char *name = pd_arena_printf(w->arena, "m%d_%zu", w->databases++, t->batch.first);
    pd_step *step = add_step(w, t, kind, name, kind == PD_STEP_ADOPT ? NULL : "SELECT 1");
    if (kind == PD_STEP_REVERT) {
        const pd_ledger_row *row = &t->ledger.rows[t->ledger.count - 1];
        step->name = row->name;
        step->hash = row->hash;
        step->seq = row->seq;
    } else {
        step->down_sql = "SELECT '\u00e4';";
        step->down_hash = step->hash;
        step->tokens = step->hash;
    }
    t->batch.last = last;
    must(w, trial_run(w, t));
    assert_false(t->result.ledger_changed);
    t->batch.first += t->batch.count;
    t->batch.count = 0;
}

static void deploy(world *w, ending how)
{
    trial t;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    assert_null(t.ledger.altered);
    expect_whole(w, "while it runs");
    t.deployment.backup_reference = "b'1";
    must(w, pd_db_record_backup(t.db, &t.deployment, &w->err));
    expect_whole(w, "with a backup");
    switch (how) {
    case ENDS_IDLE:
        finish(w, &t, "succeeded");
        break;
    case ENDS_APPLIED:
        apply_one(w, &t, PD_STEP_APPLY, true);
        break;
    case ENDS_APPLIED_TWICE:
    case ENDS_KILLED_HALF:
        apply_one(w, &t, PD_STEP_APPLY, false);
        expect_whole(w, "half done");
        if (how == ENDS_APPLIED_TWICE) {
            apply_one(w, &t, PD_STEP_APPLY, true);
        }
        break;
    case ENDS_ADOPTED:
        apply_one(w, &t, PD_STEP_ADOPT, true);
        break;
    case ENDS_REVERTED:
        if (t.ledger.count > 0) {
            apply_one(w, &t, PD_STEP_REVERT, true);
        }
        break;
    case ENDS_FAILED:
        finish(w, &t, "failed");
        break;
    case ENDS_UNKNOWN:
        finish(w, &t, "unknown");
        break;
    case ENDS_KILLED:
    case ENDINGS:
        break;
    }
    pd_db_close(&t.db);
    expect_whole(w, pd_arena_printf(w->arena, "after way %d to end", (int)how));
}

/* The same numbers at each run. */
static void what_predeploy_does_is_never_an_edit(void **state)
{
    world *w = *state;
    unsigned number = 12345;
    expect_whole(w, "no ledger");
    for (int i = 0; i < 40; i++) {
        number = number * 1103515245U + 12345U;
        deploy(w, (ending)((number >> 16) % ENDINGS));
    }
    for (int i = 0; i < ENDINGS; i++) {
        deploy(w, (ending)i);
    }
    /* no setting of whoever reads, and no move to another server, changes a hash */
    ask(w, pd_arena_printf(w->arena,
                           "ALTER DATABASE %s SET timezone = 'Asia/Kathmandu';"
                           "ALTER DATABASE %s SET datestyle = 'German';"
                           "ALTER DATABASE %s SET bytea_output = 'escape';"
                           "ALTER DATABASE %s SET extra_float_digits = -15",
                           w->dbname, w->dbname, w->dbname, w->dbname));
    expect_whole(w, "other settings");
    ask(w, "CREATE TEMP TABLE d AS TABLE predeploy.deployments;"
           "CREATE TEMP TABLE m AS TABLE predeploy.migrations;"
           "TRUNCATE predeploy.deployments, predeploy.migrations, predeploy.statements;"
           "INSERT INTO predeploy.deployments OVERRIDING SYSTEM VALUE SELECT * FROM d;"
           "INSERT INTO predeploy.migrations OVERRIDING SYSTEM VALUE "
           "SELECT * FROM m ORDER BY random()");
    expect_whole(w, "restored");
}

/* Four deployments with two migrations, the last of them idle. */
static void small_history(world *w)
{
    deploy(w, ENDS_APPLIED);
    deploy(w, ENDS_FAILED);
    deploy(w, ENDS_APPLIED);
    deploy(w, ENDS_IDLE);
}

#define NTH(n) "(SELECT seq FROM predeploy.deployments ORDER BY seq LIMIT 1 OFFSET " #n ")"
#define NEW_ROW                                                                                    \
    "INSERT INTO predeploy.deployments (id, seq, kind, commit, actor, tool_version, started_at, "  \
    "finished_at, outcome) OVERRIDING SYSTEM VALUE SELECT gen_random_uuid(), %s, 'deploy', 'c', "  \
    "'a', '0', now(), now(), 'succeeded'"

static const char *const edits[] = {
    "UPDATE predeploy.migrations SET name = name || 'x' WHERE seq = 1",
    "UPDATE predeploy.migrations SET hash = repeat('0', 64) WHERE seq = 1",
    "UPDATE predeploy.migrations SET tokens = NULL WHERE seq = 2",
    "UPDATE predeploy.migrations SET down_sql = down_sql || ' '",
    "UPDATE predeploy.migrations SET down_sql = NULL, down_hash = NULL",
    "UPDATE predeploy.migrations SET down_hash = repeat('0', 64)",
    "UPDATE predeploy.migrations SET adopted = true",
    "UPDATE predeploy.migrations SET drizzle_id = 0",
    "UPDATE predeploy.migrations SET drizzle_created_at = 0",
    "UPDATE predeploy.migrations SET deployment = (SELECT id FROM predeploy.deployments "
    "WHERE seq = " NTH(1) ")",
    "UPDATE predeploy.migrations SET applied_at = applied_at + interval '1 microsecond'",
    "UPDATE predeploy.migrations SET duration_ms = duration_ms + 1",
    "ALTER TABLE predeploy.migrations ALTER seq SET GENERATED BY DEFAULT;"
    "UPDATE predeploy.migrations SET seq = seq + 1000",
    "DELETE FROM predeploy.migrations WHERE seq = 2",
    "DELETE FROM predeploy.migrations",
    "TRUNCATE predeploy.migrations",
    "INSERT INTO predeploy.migrations (name, hash, adopted, deployment, duration_ms) "
    "SELECT 'new', hash, false, deployment, 0 FROM predeploy.migrations WHERE seq = 1",
    /* everything goes at once */
    "TRUNCATE predeploy.deployments, predeploy.migrations CASCADE",
    "DELETE FROM predeploy.migrations; DELETE FROM predeploy.deployments",
    /* any column of any deployment */
    "UPDATE predeploy.deployments SET kind = 'adopt' WHERE seq = " NTH(0),
    "UPDATE predeploy.deployments SET commit = 'x' WHERE seq = " NTH(0),
    "UPDATE predeploy.deployments SET ref = 'x' WHERE seq = " NTH(1),
    "UPDATE predeploy.deployments SET actor = 'x' WHERE seq = " NTH(2),
    "UPDATE predeploy.deployments SET tool_version = 'x' WHERE seq = " NTH(3),
    "UPDATE predeploy.deployments SET started_at = now() WHERE seq = " NTH(1),
    "UPDATE predeploy.deployments SET finished_at = now() WHERE seq = " NTH(2),
    "UPDATE predeploy.deployments SET outcome = 'succeeded' WHERE seq = " NTH(1),
    "UPDATE predeploy.deployments SET detail = NULL WHERE seq = " NTH(1),
    "UPDATE predeploy.deployments SET detail = 'x' WHERE seq = " NTH(3),
    "UPDATE predeploy.deployments SET backup_reference = NULL WHERE seq = " NTH(3),
    "UPDATE predeploy.deployments SET tables_before = 9 WHERE seq = " NTH(0),
    "UPDATE predeploy.deployments SET tables_after = NULL WHERE seq = " NTH(2),
    "UPDATE predeploy.deployments SET migrations = '{}' WHERE seq = " NTH(0),
    "UPDATE predeploy.deployments SET previous = NULL WHERE seq = " NTH(3),
    "UPDATE predeploy.deployments SET previous = NULL WHERE seq = " NTH(2),
    "UPDATE predeploy.deployments SET previous = repeat('0', 64) WHERE seq = " NTH(0),
    "UPDATE predeploy.deployments SET state = repeat('0', 64) WHERE seq = " NTH(3),
    "UPDATE predeploy.deployments SET state = NULL WHERE seq = " NTH(1),
    "UPDATE predeploy.deployments SET hash = repeat('0', 64) WHERE seq = " NTH(3),
    "UPDATE predeploy.deployments SET hash = NULL WHERE seq = " NTH(3),
    "UPDATE predeploy.deployments SET id = gen_random_uuid() WHERE seq = " NTH(1),
    "UPDATE predeploy.deployments SET outcome = 'running', finished_at = NULL WHERE seq = " NTH(3),
    "UPDATE predeploy.deployments SET outcome = 'running', finished_at = NULL WHERE seq = " NTH(1),
    /* rows that go, come, and change places */
    "DELETE FROM predeploy.deployments WHERE seq = " NTH(1),
    "ALTER TABLE predeploy.deployments ALTER seq SET GENERATED BY DEFAULT;"
    "UPDATE predeploy.deployments SET seq = 1000 WHERE seq = " NTH(3),
    "ALTER TABLE predeploy.deployments ALTER seq SET GENERATED BY DEFAULT;"
    "UPDATE predeploy.deployments SET seq = 1000 WHERE seq = " NTH(1),
    "ALTER TABLE predeploy.deployments ALTER seq SET GENERATED BY DEFAULT;"
    "UPDATE predeploy.deployments SET seq = 0 WHERE seq = " NTH(2),
    "INSERT INTO predeploy.deployments (id, seq, kind, commit, actor, tool_version, started_at, "
    "finished_at, outcome) OVERRIDING SYSTEM VALUE SELECT gen_random_uuid(), 1000, 'deploy', 'c', "
    "'a', '0', now(), now(), 'succeeded'",
    "INSERT INTO predeploy.deployments (id, seq, kind, commit, actor, tool_version, started_at, "
    "finished_at, outcome) OVERRIDING SYSTEM VALUE SELECT gen_random_uuid(), 0, 'deploy', 'c', "
    "'a', '0', now(), now(), 'succeeded'",
};

static void every_edit_is_noticed(void **state)
{
    world *w = *state;
    small_history(w);
    ask(w, "CREATE TABLE public.d AS TABLE predeploy.deployments;"
           "CREATE TABLE public.m AS TABLE predeploy.migrations;"
           "ALTER TABLE predeploy.migrations DROP CONSTRAINT migrations_deployment_fkey");
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        ask(w, pd_arena_printf(w->arena, "BEGIN; %s; COMMIT", edits[i]));
        pd_ledger ledger = read_it(w);
        if (ledger.altered == NULL) {
            fail_msg("not noticed: %s", edits[i]);
        }
        /* nor is it forgotten once a next run has closed what seems to run */
        PD_AUTO_DB db = open_locked(w, PD_LAYOUT_PLAIN);
        must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
        if (ledger.altered == NULL) {
            fail_msg("forgotten under the lock: %s", edits[i]);
        }
        pd_db_close(&db);
        ask(w, "ALTER TABLE predeploy.deployments ALTER seq SET GENERATED ALWAYS;"
               "ALTER TABLE predeploy.migrations ALTER seq SET GENERATED ALWAYS;"
               "TRUNCATE predeploy.deployments, predeploy.migrations, predeploy.statements;"
               "INSERT INTO predeploy.deployments OVERRIDING SYSTEM VALUE TABLE public.d;"
               "INSERT INTO predeploy.migrations OVERRIDING SYSTEM VALUE TABLE public.m");
        expect_whole(w, "put back");
    }
}

/* Who begins a deployment all the same has looked: the chain begins anew. */
static void a_deployment_accepts_what_it_has_read(void **state)
{
    world *w = *state;
    small_history(w);
    ask(w, "UPDATE predeploy.deployments SET detail = 'x'; DELETE FROM predeploy.migrations "
           "WHERE seq = 2");
    assert_non_null(read_it(w).altered);
    trial t;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    assert_non_null(t.ledger.altered);
    expect_whole(w, "accepted");
    apply_one(w, &t, PD_STEP_APPLY, true);
    pd_db_close(&t.db);
    expect_whole(w, "accepted and done");
    deploy(w, ENDS_APPLIED);
    ask(w, "UPDATE predeploy.deployments SET detail = 'y' WHERE seq = " NTH(4));
    assert_non_null(read_it(w).altered);
}

/* What was read and judged is what the row records, not what somebody does a moment later. */
static void nothing_slips_in_before_it_begins(void **state)
{
    world *w = *state;
    small_history(w);
    pd_ledger ledger;
    PD_AUTO_DB db = open_locked(w, PD_LAYOUT_PLAIN);
    must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    ask(w, "DELETE FROM predeploy.migrations WHERE seq = 2");
    pd_deployment idle = {.id = "00000000-0000-4000-8000-000000000001",
                          .kind = "deploy",
                          .commit = "c",
                          .actor = "a",
                          .tool_version = "0",
                          .outcome = "succeeded",
                          .tables_before = -1,
                          .tables_after = -1};
    must(w, pd_db_begin_deployment(db, &idle, &w->err));
    must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    assert_non_null(ledger.altered);
}

/* A DO block that edits the row of the deployment that runs it. */
static void a_migration_that_edits_its_deployment(void **state)
{
    world *w = *state;
    trial t;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_step(w, &t, PD_STEP_APPLY, "m", "UPDATE predeploy.deployments SET actor = 'x'");
    assert_false(trial_run(w, &t));
    assert_int_equal(w->err.kind, PD_ERROR_APPLY);
    pd_db_close(&t.db);
    expect_whole(w, "rolled back");
}

static void rows_of_an_older_predeploy(void **state)
{
    world *w = *state;
    PD_AUTO_DB db = open_locked(w, PD_LAYOUT_PLAIN);
    pd_db_close(&db);
    ask(w, pd_arena_printf(w->arena,
                           NEW_ROW ";" NEW_ROW "; UPDATE predeploy.deployments SET finished_at = "
                                   "NULL, outcome = 'running' WHERE seq = 2",
                           "1", "2"));
    ask(w, "SELECT setval('predeploy.deployments_seq_seq', 2);"
           "INSERT INTO predeploy.migrations (name, hash, adopted, deployment, duration_ms) "
           "SELECT 'm', repeat('0', 64), false, id, 0 FROM predeploy.deployments WHERE seq = 1");
    expect_whole(w, "old");
    deploy(w, ENDS_APPLIED);
    deploy(w, ENDS_KILLED);
    deploy(w, ENDS_APPLIED);
    ask(w, "UPDATE predeploy.deployments SET detail = 'x' WHERE seq = 2");
    assert_non_null(read_it(w).altered);
}

static void a_long_history(void **state)
{
    world *w = *state;
    for (int i = 0; i < 4; i++) {
        deploy(w, ENDS_APPLIED);
    }
    /* as many again as are looked at, made as predeploy makes them */
    PD_AUTO_DB db = open_locked(w, PD_LAYOUT_PLAIN);
    for (int i = 0; i < 110; i++) {
        pd_deployment idle = {.id = pd_arena_printf(w->arena, "00000000-0000-4000-8000-%012d", i),
                              .kind = "deploy",
                              .commit = "c",
                              .actor = "a",
                              .tool_version = "0",
                              .outcome = "succeeded",
                              .tables_before = -1,
                              .tables_after = -1};
        must(w, pd_db_begin_deployment(db, &idle, &w->err));
    }
    pd_db_close(&db);
    expect_whole(w, "long");
    ask(w, "UPDATE predeploy.deployments SET detail = 'x' WHERE id = "
           "'00000000-0000-4000-8000-000000000020'");
    assert_non_null(read_it(w).altered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(what_predeploy_does_is_never_an_edit),
        WORLD_TEST(every_edit_is_noticed),
        WORLD_TEST(a_deployment_accepts_what_it_has_read),
        WORLD_TEST(nothing_slips_in_before_it_begins),
        WORLD_TEST(a_migration_that_edits_its_deployment),
        WORLD_TEST(rows_of_an_older_predeploy),
        WORLD_TEST(a_long_history),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
