#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_strings_are_usable),
        cmocka_unit_test(slipped_pieces_are_not_usable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
