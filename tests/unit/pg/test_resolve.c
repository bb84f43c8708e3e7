#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "pg/resolve.h"

static bool known(const char *name, pd_strbuf *out)
{
    if (strcmp(name, "two") == 0) {
        pd_strbuf_adds(out, "::1\n127.0.0.1\n");
    } else if (strcmp(name, "one") == 0 || strcmp(name, "10.0.0.7") == 0) {
        pd_strbuf_adds(out, "10.0.0.7\n");
    } else {
        pd_strbuf_adds(out, "Name or service not known");
        return false;
    }
    return true;
}

static bool silent(const char *name, pd_strbuf *out)
{
    (void)name;
    (void)out;
    (void)pause();
    return false;
}

static bool never(const char *name, pd_strbuf *out)
{
    (void)name;
    pd_strbuf_adds(out, "it was asked");
    return false;
}

typedef struct row {
    const char *conninfo;
    pd_lookup *lookup;
    const char *host; /* NULL: libpq needs no help */
    const char *hostaddr;
    const char *port;
} row;

static void clear_environment(void)
{
    static const char *const names[] = {"PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)unsetenv(names[i]);
    }
}

static void expect_row(const row *expected)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_resolver resolver = {expected->lookup, NULL, 20000};
    pd_hosts hosts;
    pd_error err = {0};
    assert_true(pd_resolve(arena, expected->conninfo, &resolver, &hosts, &err));
    if (expected->host == NULL) {
        assert_null(hosts.host);
        assert_null(hosts.hostaddr);
        assert_null(hosts.port);
        return;
    }
    assert_non_null(hosts.host);
    assert_string_equal(hosts.host, expected->host);
    assert_string_equal(hosts.hostaddr, expected->hostaddr);
    assert_string_equal(hosts.port, expected->port);
}

static void names_become_addresses(void **state)
{
    static const row rows[] = {
        {"host=one", known, "one", "10.0.0.7", "5432"},
        {"postgres://u:p@two:77/db", known, "two,two", "::1,127.0.0.1", "77,77"},
        {"host=one,two port=1,2", known, "one,two,two", "10.0.0.7,::1,127.0.0.1", "1,2,2"},
        {"host=10.0.0.7,one port=6", known, "10.0.0.7,one", "10.0.0.7,10.0.0.7", "6,6"},
        {"host=nowhere,one port=1,2", known, "one", "10.0.0.7", "2"},
    };
    (void)state;
    clear_environment();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        expect_row(&rows[i]);
    }
    assert_int_equal(setenv("PGHOST", "one", 1), 0);
    assert_int_equal(setenv("PGPORT", "9", 1), 0);
    expect_row(&(row){"dbname=x", known, "one", "10.0.0.7", "9"});
    expect_row(&(row){"", known, "one", "10.0.0.7", "9"});
    expect_row(&(row){NULL, known, "one", "10.0.0.7", "9"});
    clear_environment();
}

static void nobody_is_asked_without_need(void **state)
{
    static const row rows[] = {
        {"", never, NULL, NULL, NULL},
        {"host=/tmp", never, NULL, NULL, NULL},
        {"host=@abstract", never, NULL, NULL, NULL},
        {"host=127.0.0.1", never, NULL, NULL, NULL},
        {"host=::1", never, NULL, NULL, NULL},
        {"host=localhost", never, NULL, NULL, NULL},
        {"host=one hostaddr=10.0.0.1", never, NULL, NULL, NULL},
        {"host=one,/tmp", never, NULL, NULL, NULL},
        {"host=one,two port=1,2,3", never, NULL, NULL, NULL},
        {"service=somewhere host=one", never, NULL, NULL, NULL},
    };
    (void)state;
    clear_environment();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        expect_row(&rows[i]);
    }
}

static void an_unknown_name(void **state)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_resolver resolver = {known, NULL, 20000};
    pd_hosts hosts;
    pd_error err = {0};
    (void)state;
    clear_environment();
    assert_false(pd_resolve(arena, "host=nowhere,else", &resolver, &hosts, &err));
    assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
    assert_non_null(strstr(err.detail, "\"nowhere\" to address: Name or service"));
    assert_non_null(strstr(err.hint, "DNS"));
}

static void a_silent_resolver_times_out(void **state)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_resolver resolver = {silent, NULL, 50};
    pd_hosts hosts;
    pd_error err = {0};
    (void)state;
    clear_environment();
    assert_false(pd_resolve(arena, "host=one", &resolver, &hosts, &err));
    assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
    assert_non_null(strstr(err.detail, "no address for host name \"one\" within 50 ms"));
}

static void a_signal_ends_the_wait(void **state)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_interrupt interrupt;
    pd_error err = {0};
    (void)state;
    clear_environment();
    assert_true(pd_interrupt_open(&interrupt, &err));
    assert_int_equal(raise(SIGTERM), 0);
    pd_resolver resolver = {silent, &interrupt, 600000};
    pd_hosts hosts;
    assert_false(pd_resolve(arena, "host=one", &resolver, &hosts, &err));
    assert_int_equal(err.kind, PD_ERROR_INTERRUPTED);
    pd_interrupt_close(&interrupt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_addresses), cmocka_unit_test(nobody_is_asked_without_need),
        cmocka_unit_test(an_unknown_name),        cmocka_unit_test(a_silent_resolver_times_out),
        cmocka_unit_test(a_signal_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
