/* Who is found to be in the way of a plan. */
#include "pg_world.h"

typedef struct scenario {
    const char *what;
    const char *application;
    const char *sql;      /* of the session that stands there */
    const char *relation; /* of the only wish, NULL: there is none */
    const char *mode;
    bool concurrent;
    bool young; /* nothing is old enough */
    size_t count;
    bool dump;
} scenario;

#define AE "AccessExclusiveLock"

static const scenario scenarios[] = {
    {"a reader", "app", "BEGIN; SELECT 'S3cret' FROM a", "a", AE, false, false, 1, false},
    {"by its full name", "app", "BEGIN; SELECT 1 FROM a", "public.a", AE, false, false, 1, false},
    {"in another schema of the path", "app", "BEGIN; SELECT 1 FROM s.b", "b", AE, false, false, 1,
     false},
    {"a name that wants quotes", "app", "BEGIN; SELECT 1 FROM \"O'x\"", "O'x", AE, false, false, 1,
     false},
    {"another table", "app", "BEGIN; SELECT 1 FROM s.b", "a", AE, false, false, 0, false},
    {"not open for long", "app", "BEGIN; SELECT 1 FROM a", "a", AE, false, true, 0, false},
    {"no transaction", "app", "SELECT 1 FROM a", "a", AE, false, false, 0, false},
    {"readers are in nobody's way who adds an index", "app", "BEGIN; SELECT 1 FROM a", "a",
     "ShareLock", false, false, 0, false},
    {"writers are", "app", "BEGIN; INSERT INTO a VALUES (1)", "a", "ShareLock", false, false, 1,
     false},
    {"and not in that of writers", "app", "BEGIN; INSERT INTO a VALUES (1)", "a",
     "RowExclusiveLock", false, false, 0, false},
    {"who locked it", "app", "BEGIN; LOCK a IN SHARE MODE", "a", "RowExclusiveLock", false, false,
     1, false},
    {"vacuum", "app", "BEGIN; LOCK a IN SHARE UPDATE EXCLUSIVE MODE", "a",
     "ShareUpdateExclusiveLock", false, false, 1, false},
    {"a trigger", "app", "BEGIN; INSERT INTO a VALUES (1)", "a", "ShareRowExclusiveLock", false,
     false, 1, false},
    {"a dump of any age", "pg_dump", "BEGIN; LOCK a IN ACCESS SHARE MODE", "a", AE, false, true, 1,
     true},
    {"a dump of other tables", "pg_dump", "BEGIN; LOCK s.b IN ACCESS SHARE MODE", "a", AE, false,
     true, 0, false},
    {"a concurrent build waits for every snapshot", "app",
     "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM s.b", NULL, NULL, true, false, 1, false},
    {"not for those without", "app", "BEGIN; SELECT 1 FROM s.b", NULL, NULL, true, false, 0, false},
};

static void look(world *w, const scenario *s, pd_db *db, pd_obstacles *out)
{
    pd_lock_wish wish = {.relation = s->relation, .mode = s->mode};
    pd_preflight asked = {.wishes = &wish,
                          .count = s->relation == NULL ? 0 : 1,
                          .concurrent = s->concurrent ? &wish : NULL,
                          .old_ms = s->young ? 3600000 : 0};
    pd_db_find_obstacles(db, w->arena, &asked, out);
}

static void those_in_the_way_are_found(void **state)
{
    world *w = *state;
    pd_db *db = NULL;
    pd_db_options options = options_of(w, PD_LAYOUT_PLAIN);
    ask(w, "CREATE TABLE a (i int); CREATE SCHEMA s; CREATE TABLE s.b (i int); CREATE TABLE "
           "\"O'x\" (i int)");
    ask(w, pd_arena_printf(w->arena, "ALTER DATABASE %s SET search_path = \"$user\", public, s",
                           w->dbname));
    options.read_only = true;
    must(w, pd_db_open(&db, w->arena, &options, &w->target, &w->err));
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario *s = &scenarios[i];
        pd_conn other = {0};
        pd_obstacles found;
        print_message("%s\n", s->what);
        world_connect(w, &other, w->conninfo);
        ask_on(w, &other, pd_arena_printf(w->arena, "SET application_name = %s", s->application));
        ask_on(w, &other, s->sql);
        look(w, s, db, &found);
        assert_int_equal(found.count, s->count);
        if (s->count > 0) {
            const pd_blocker *who = &found.items[0].who;
            assert_int_equal(who->pid, PQbackendPID(other.pg));
            assert_string_equal(who->user, "postgres");
            assert_true(who->age_ms >= 0);
            assert_true(found.items[0].dump == s->dump);
            assert_int_equal(found.items[0].wish, s->relation == NULL ? -1 : 0);
            assert_null(who->prepared);
            assert_true(who->query == NULL || strstr(who->query, "S3cret") == NULL);
            assert_true((who->held != NULL) == (s->relation != NULL));
        }
        ask_on(w, &other,
               strstr(s->sql, "PREPARE") != NULL ? "ROLLBACK PREPARED 'tx'" : "ROLLBACK");
        pd_conn_close(&other);
    }
    pd_db_close(&db);
}

/* Many statements over many tables, and names that are none. */
static void any_names_are_looked_up(void **state)
{
    world *w = *state;
    pd_db *db = NULL;
    pd_db_options options = options_of(w, PD_LAYOUT_PLAIN);
    pd_conn other = {0};
    pd_obstacles found;
    static const char *const names[] = {"",   ".", "a.b.c.d", "\"", "'",    "{}",
                                        "\\", ",", "NULL",    "\n", "東京", "t1"};
    pd_preflight asked = {.old_ms = 0};
    ask(w, "DO $$ BEGIN FOR i IN 1..200 LOOP EXECUTE format('CREATE TABLE t%s (i int)', i); END "
           "LOOP; END $$");
    for (int i = 0; i < 10000; i++) {
        pd_lock_wish wish = {.relation = pd_arena_printf(w->arena, "t%d", 200 - i % 200),
                             .mode = AE};
        if (i < 12) {
            wish.relation = names[i];
        }
        *PD_PUSH(w->arena, asked.wishes, asked.count, asked.capacity) = wish;
    }
    must(w, pd_db_open(&db, w->arena, &options, &w->target, &w->err));
    world_connect(w, &other, w->conninfo);
    ask_on(w, &other, "BEGIN; SELECT 1 FROM t1, t2, t3");
    pd_db_find_obstacles(db, w->arena, &asked, &found);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.items[0].wish, 11);
    assert_int_equal(found.items[0].relations, 3);
    assert_string_equal(found.items[0].who.relation, "t1");
    pd_conn_close(&other);
    pd_db_close(&db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(those_in_the_way_are_found),
        WORLD_TEST(any_names_are_looked_up),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
