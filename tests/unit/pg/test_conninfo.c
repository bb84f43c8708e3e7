#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pg/conn.h"

typedef struct pd_case {
    const char *conninfo;
    bool usable;
} pd_case;

static void check(const pd_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pd_conninfo_usable(cases[i].conninfo) != cases[i].usable) {
            fail_msg("%s: expected %s", cases[i].conninfo == NULL ? "NULL" : cases[i].conninfo,
                     cases[i].usable ? "usable" : "not usable");
        }
    }
}

static void well_formed_strings_are_usable(void **state)
{
    (void)state;
    static const pd_case cases[] = {
        {NULL, true},
        {"", true},
        {"postgresql://", true},
        {"postgresql://h/db", true},
        {"postgres://u:p@h:5432/db?sslmode=require", true},
        {"postgres://u:p%40w%2F@h:5432/db", true},
        {"postgres://u:pa?ss@h/db", true},
        {"postgres://h1:5432,h2:5433/db", true},
        {"postgres://%2Ftmp%2Fsocket/db", true},
        {"postgres://u@[::1]:5432/db", true},
        {"postgres://u@h/db?options=-c%20search_path%3Da%40b", true},
        {"host=/tmp/a@b dbname=x", true},
        {"host=@abstract dbname=x", true},
        {"host=h port=5432 dbname=x user=u password='p@/ w'", true},
        {"host=a,b port=,5433 dbname=x", true},
    };
    check(cases, sizeof cases / sizeof *cases);
}

static void slipped_pieces_are_not_usable(void **state)
{
    (void)state;
    static const pd_case cases[] = {
        {"postgres://u:S3cr/et@h:5432/db", false},    /* '/' in the password: a port */
        {"postgres://u:123/S3cret@h:5432/db", false}, /* the same, and the port is a number */
        {"postgres://u:S3c@ret@h:5432/db", false},    /* '@': a host */
        {"postgres://u:S3c%zzret@h/db", false},
        {"postgres://u:[S3cret", false},
        {"postgre://u:S3cret@h/db", false},
        {"postgres:/u:S3cret@h/db", false},
        {"u:S3cret@h/db", false},
        {"S3cret", false},
        {"host=h port=S3cret", false},
        {"host=h port=65536", false},
        {"host=h port=0", false},
        {"host=u:S3cret@h", false},
        {"host='h", false},
        {"password", false},
        {"nosuchkey=S3cret", false},
        {"postgres://u:p@h/db?nosuchkey=S3cret", false},
    };
    check(cases, sizeof cases / sizeof *cases);
}

/* What the hint says, and "S3cret" never. */
static void hints_name_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *conninfo;
        const char *said;
    } cases[] = {
        {"postgres://u:S3cret@h/db?x-migrations-table=foo", "parameter x-migrations-table,"},
        {"postgres://u:S3cret@h/db?sslmode=disable&pool_timeout=S3cret&port=5432",
         "parameter pool_timeout,"},
        {"postgres://u:S3c?ret@h/db?pgbouncer=true", "parameter pgbouncer,"},
        {"postgresql://u:S3cret@h/db?search_path=public", "options=-csearch_path%3DSCHEMA"},
        {"postgres://u:S3cret@h/db?x%20y=1", "percent-encode"},
        {"postgres://u:S3cret@h/db?x-a=1&port=S3cret", "percent-encode"},
        {"postgres://u:S3c?x/S3cret=1@h/db", "percent-encode"},
        {"postgres://u:a/?S3cret=1&b@h/db", "percent-encode"},
        {"postgres://u@h@S3cret/db?x-a=1", "percent-encode"},
        {"pgx://u:S3cret@h/db", "write postgresql:// in its place"},
        {"pgx5://u:S3cret@h/db?x-a=1", "write postgresql:// in its place"},
        {"postgresql+asyncpg://u:S3cret@h/db", "write postgresql:// in its place"},
        {"jdbc:postgresql://h/db?password=S3cret", "write postgresql:// in its place"},
        {"mysql://u:S3cret@h/db", "PostgreSQL only"},
        {"'postgres://u:S3cret@h/db'", "quotation marks"},
        {"S3cret", "percent-encode"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pd_error err = {0};
        assert_false(pd_conninfo_usable(cases[i].conninfo));
        assert_false(pd_conninfo_hint(cases[i].conninfo, &err));
        if (strstr(err.hint, cases[i].said) == NULL || strstr(err.hint, "S3c") != NULL) {
            fail_msg("%s: %s", cases[i].conninfo, err.hint);
        }
    }
}

static void which_database(void **state)
{
    (void)state;
    static const struct {
        const char *conninfo;
        const char *variable; /* set for this one */
        bool named;
    } cases[] = {
        {"postgresql://u@h:6411/", NULL, false},
        {"postgresql://u@h", NULL, false},
        {"host=h user=u", NULL, false},
        {"", NULL, false},
        {NULL, NULL, false},
        {"postgresql://u@h/shop", NULL, true},
        {"postgresql://u@h?dbname=shop", NULL, true},
        {"host=h dbname=shop", NULL, true},
        {"service=shop", NULL, true},
        {"postgresql://u@h/", "PGDATABASE", true},
        {NULL, "PGSERVICE", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsetenv("PGDATABASE");
        unsetenv("PGSERVICE");
        if (cases[i].variable != NULL) {
            setenv(cases[i].variable, "shop", 1);
        }
        assert_int_equal(pd_conninfo_names_database(cases[i].conninfo), cases[i].named);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_strings_are_usable),
        cmocka_unit_test(slipped_pieces_are_not_usable),
        cmocka_unit_test(hints_name_what_is_wrong),
        cmocka_unit_test(which_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
