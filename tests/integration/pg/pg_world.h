/* A throwaway PostgreSQL for the tests of a program, a fresh database for each of its tests. */
#ifndef PD_TEST_PG_WORLD_H
#define PD_TEST_PG_WORLD_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/str.h"
#include "pg/cluster.h"
#include "pg/conn.h"
#include "pg/database.h"

typedef struct world {
    pd_arena *arena;
    pd_cluster *cluster;
    const char *server; /* conninfo of its superuser */
    int databases;
    /* of the running test */
    const char *dbname;
    const char *conninfo;
    const char *foreign_table; /* pd_db_options */
    pd_conn admin;             /* superuser, in the test's database */
    pd_settings settings;
    pd_interrupt interrupt;
    pd_progress progress;
    pd_target target;
    pd_error err;
} world;

static inline const char *world_conninfo(const world *w, const char *dbname, const char *user)
{
    return pd_arena_printf(w->arena, "%s dbname=%s user=%s", w->server, dbname, user);
}

static inline void world_connect(world *w, pd_conn *conn, const char *conninfo)
{
    pd_error err = {0};
    conn->progress = &w->progress;
    if (!pd_conn_open(conn, conninfo, "test", 10000, &err)) {
        fail_msg("%s: %s", err.message, err.detail);
    }
}

/* Runs SQL and gives the first value, "" when there is none, "NULL" for NULL. */
static inline const char *ask_on(world *w, pd_conn *conn, const char *sql)
{
    PD_AUTO_RESULT result = NULL;
    pd_error err = {0};
    pd_request request = {.sql = sql,
                          .what = "cannot ask",
                          .kind = PD_ERROR_APPLY,
                          .simple = true,
                          .undisturbed = true,
                          .limit_ms = 20000};
    if (!pd_conn_get(conn, &request, &result, &err)) {
        fail_msg("%s: %s", sql, err.detail);
    }
    if (PQntuples(result) == 0) {
        return "";
    }
    return PQgetisnull(result, 0, 0) != 0 ? "NULL"
                                          : pd_arena_strdup(w->arena, PQgetvalue(result, 0, 0));
}

static inline const char *ask(world *w, const char *sql)
{
    return ask_on(w, &w->admin, sql);
}

static inline int world_open(void **state)
{
    pd_error err = {0};
    world *w = calloc(1, sizeof *w);
    w->arena = pd_arena_new();
    w->interrupt.fd = -1;
    *state = w;
    if (!pd_cluster_start(&w->cluster, w->arena, NULL, &w->progress, &w->server, &err)) {
        (void)fprintf(stderr, "%s: %s (%s)\n", err.message, err.detail, err.hint);
        return -1;
    }
    return 0;
}

static inline int world_close(void **state)
{
    world *w = *state;
    pd_cluster_stop(&w->cluster);
    pd_arena_free(w->arena);
    free(w);
    return 0;
}

static inline int test_open(void **state)
{
    world *w = *state;
    pd_conn server = {0};
    pd_error none = {0};
    pd_interrupt quiet = {.fd = -1};
    w->err = none;
    w->interrupt = quiet;
    pd_settings_default(&w->settings);
    w->settings.lock_timeout_ms = 2000;
    w->settings.lock_wait_ms = 5000;
    w->dbname = pd_arena_printf(w->arena, "t%d", ++w->databases);
    w->conninfo = world_conninfo(w, w->dbname, "postgres");
    world_connect(w, &server, w->server);
    ask_on(w, &server, pd_arena_printf(w->arena, "CREATE DATABASE %s", w->dbname));
    pd_conn_close(&server);
    world_connect(w, &w->admin, w->conninfo);
    return 0;
}

/* The database goes with the cluster: to drop it costs a checkpoint. */
static inline int test_close(void **state)
{
    world *w = *state;
    pd_conn_close(&w->admin);
    return 0;
}

static inline pd_db_options options_of(world *w, pd_layout_kind layout)
{
    pd_db_options options = {.conninfo = w->conninfo,
                             .foreign_table = w->foreign_table,
                             .settings = &w->settings,
                             .layout = layout,
                             .interrupt = &w->interrupt,
                             .progress = &w->progress};
    return options;
}

static inline void must(const world *w, bool ok)
{
    if (!ok) {
        fail_msg("%s: %s [%s] (%s)", w->err.message, w->err.detail, w->err.code, w->err.hint);
    }
}

static inline void expect_error(const world *w, pd_error_kind kind, const char *part)
{
    if (w->err.kind != kind || w->err.hint[0] == '\0' ||
        (strstr(w->err.message, part) == NULL && strstr(w->err.detail, part) == NULL &&
         strstr(w->err.hint, part) == NULL)) {
        fail_msg("expected kind %d and \"%s\", got %d: %s: %s (%s)", (int)kind, part,
                 (int)w->err.kind, w->err.message, w->err.detail, w->err.hint);
    }
}

static inline pd_db *open_db(world *w, pd_layout_kind layout)
{
    pd_db *db = NULL;
    pd_db_options options = options_of(w, layout);
    must(w, pd_db_open(&db, w->arena, &options, &w->target, &w->err));
    return db;
}

static inline pd_db *open_locked(world *w, pd_layout_kind layout)
{
    pd_db *db = open_db(w, layout);
    must(w, pd_db_lock(db, true, &w->err));
    return db;
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, test_open, test_close)

/* A child that signals this process as soon as a statement is in pg_sleep. */
static inline pid_t signal_when_it_sleeps(const world *w, int number)
{
    pid_t child = fork();
    if (child != 0) {
        return child;
    }
    PGconn *own = PQconnectdb(w->conninfo);
    bool sleeps = false;
    while (!sleeps && PQstatus(own) == CONNECTION_OK) {
        PGresult *found =
            PQexec(own, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
        sleeps = PQntuples(found) == 1;
        PQclear(found);
        (void)usleep(10000);
    }
    PQfinish(own);
    (void)kill(getppid(), number);
    _exit(0);
}

#endif
