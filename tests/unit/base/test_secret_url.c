#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"

static const char *redacted(pd_arena *arena, const char *conninfo, const char *text)
{
    pd_secrets secrets = {.arena = arena};
    pd_secrets_add_url(&secrets, conninfo);
    PD_AUTO_STRBUF buf = pd_strbuf_new(100000);
    pd_strbuf_adds(&buf, text);
    pd_secrets_redact(&secrets, &buf);
    return pd_strbuf_keep(&buf, arena);
}

/* The passwords of this file are made of these pieces; nothing else holds six bytes of them. */
static bool leaks(const char *text)
{
    static const char *const pieces[] = {"S3cr3tPw", "Passw0rd", "More1234"};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        for (size_t k = 0; k + 6 <= strlen(pieces[i]); k++) {
            char six[7] = {0};
            memcpy(six, pieces[i] + k, 6);
            if (strstr(text, six) != NULL)
                return true;
        }
    }
    return false;
}

static const char ordinary[] =
    "connection to server at \"db.example.com\" (192.0.2.7), port 5432 failed: database \"orders\" "
    "of user \"deployer\" does not exist, password authentication failed, sslmode require, "
    "postgres:// postgresql:// host= port= dbname=";

/* What libpq 15 says about malformed connection strings. */
static const struct {
    const char *conninfo;
    const char *message;
    const char *shown;
} messages[] = {
    {"postgres://deployer:S3cr3tPw%zz@db.example.com:5432/orders",
     "invalid percent-encoded token: \"S3cr3tPw%zz\"", "invalid percent-encoded token: \"***\""},
    {"postgres://deployer:S3cr3tPw%00@db.example.com:5432/orders",
     "forbidden value %00 in percent-encoded value: \"S3cr3tPw%00\"",
     "forbidden value %00 in percent-encoded value: \"***\""},
    {"postgres://deployer:S3cr3tPw/Passw0rd@db.example.com:5432/orders",
     "invalid integer value \"S3cr3tPw\" for connection option \"port\"",
     "invalid integer value \"***\" for connection option \"port\""},
    {"postgres://deployer:S3cr3tPw@Passw0rd@db.example.com:5432/orders",
     "could not translate host name \"Passw0rd@db.example.com\" to address",
     "could not translate host name \"***@db.example.com\" to address"},
    {"postgres://deployer:S3cr3tPw@Passw0rd/More1234@db.example.com:5432/orders",
     "could not translate host name \"Passw0rd\" to address: database \"More1234@db\"",
     "could not translate host name \"***\" to address: database \"***@db\""},
    {"postgres://deployer:ab:c/d?Passw0rd&More1234=S3cr3tPw@db.example.com:5432/orders",
     "missing key/value separator \"=\" in URI query parameter: \"Passw0rd\"",
     "missing key/value separator \"=\" in URI query parameter: \"***\""},
    {"postgres://deployer:S3cr3tPw,Passw0rd/x@db.example.com:5432/orders",
     "invalid integer value \"S3cr3tPw\", host name \"Passw0rd\"",
     "invalid integer value \"***\", host name \"***\""},
    {"postgres://deployer:/S3cr3tPw?Passw0rd=x&More1234@db.example.com:5432/orders",
     "invalid URI query parameter: \"Passw0rd\", \"More1234@db.example.com:5432/orders\"",
     "invalid URI query parameter: \"***\", \"***@db.example.com:5432/orders\""},
    {"postgres://deployer:ab/cd:ef?gh@db.example.com:5432/orders",
     "\"ab/cd\" \"cd:ef\" \"cd:ef?gh\" \"ab\"", "\"***\" \"***\" \"***\" \"ab\""},
    {"postgres://deployer:ab/5432@db.example.com:5432/orders", "\"ab/5432\" at port 5432",
     "\"***\" at port 5432"},
    {"postgres://deployer:S3cr3tPw@[db.example.com:5432/orders",
     "looking for matching \"]\" in "
     "\"postgres://deployer:S3cr3tPw@[db.example.com:5432/orders\"",
     "looking for matching \"]\" in \"postgres://deployer:***@[db.example.com:5432/orders\""},
    {"postgres://deployer:[S3cr3tPw/x@db.example.com/orders",
     "invalid integer value \"[S3cr3tPw\" for connection option \"port\"",
     "invalid integer value \"***\" for connection option \"port\""},
    {"postgress://deployer:S3cr3tPw@db.example.com/orders",
     "missing \"=\" after \"postgress://deployer:S3cr3tPw@db.example.com/orders\"",
     "missing \"=\" after \"postgress://deployer:***@db.example.com/orders\""},
    {"postgres:/deployer:S3cr3tPw@db.example.com/orders",
     "missing \"=\" after \"postgres:/deployer:S3cr3tPw@db.example.com/orders\"",
     "missing \"=\" after \"postgres:/deployer:***@db.example.com/orders\""},
    {"postgress:/deployer:S3cr3tPw@db.example.com/orders",
     "missing \"=\" after \"postgress:/deployer:S3cr3tPw@db.example.com/orders\"",
     "missing \"=\" after \"postgress:/deployer:***@db.example.com/orders\""},
    {"postgres:deployer:S3cr3tPw@db.example.com/orders",
     "missing \"=\" after \"postgres:deployer:S3cr3tPw@db.example.com/orders\"",
     "missing \"=\" after \"postgres:deployer:***@db.example.com/orders\""},
    {"postgres//deployer:S3cr3tPw@db.example.com/orders",
     "missing \"=\" after \"postgres//deployer:S3cr3tPw@db.example.com/orders\"",
     "missing \"=\" after \"postgres//deployer:***@db.example.com/orders\""},
    {"deployer:S3cr3tPw@db.example.com/orders", "after \"deployer:S3cr3tPw@db.example.com/orders\"",
     "after \"deployer:***@db.example.com/orders\""},
    {"deployer:/S3cr3tPw@db.example.com", "\"deployer:/S3cr3tPw@db.example.com\"",
     "\"deployer:***@db.example.com\""},
    {"deployer:S3cr3tPw//Passw0rd@db.example.com", "\"S3cr3tPw//Passw0rd\" \"Passw0rd\"",
     "\"***\" \"***\""},
    {"postgres://deployer:S3cr3tPwdb.example.com/warehouse",
     "invalid integer value \"S3cr3tPwdb.example.com\" for connection option \"port\"",
     "invalid integer value \"***\" for connection option \"port\""},
    {"postgres://deployer:S3cr3tPw,Passw0rd/warehouse", "\"S3cr3tPw\" \"Passw0rd\"",
     "\"***\" \"***\""},
    {"postgres://deployer@tenant:S3cr3tPw@db.example.com/orders",
     "invalid integer value \"S3cr3tPw@db.example.com\" for connection option \"port\"",
     "invalid integer value \"***@db.example.com\" for connection option \"port\""},
    {"DATABASE_URL=postgres://deployer:S3cr3tPw@db.example.com/orders",
     "invalid connection option \"DATABASE_URL\" of postgres://deployer:S3cr3tPw@db",
     "invalid connection option \"DATABASE_URL\" of postgres://deployer:***@db"},
    {"postgres://db.example.com:5432/orders?password=S3cr3tPw&Passw0rd",
     "missing key/value separator \"=\" in URI query parameter: \"Passw0rd\"",
     "missing key/value separator \"=\" in URI query parameter: \"***\""},
    {"postgres://db.example.com:5432/orders?password=ab&Passw0rd=More1234&sslmode=require",
     "invalid URI query parameter: \"Passw0rd\", \"More1234\"",
     "invalid URI query parameter: \"***\", \"***\""},
    {"postgres://db.example.com/orders?password=S3cr3tPw%zz&user=deployer",
     "invalid percent-encoded token: \"S3cr3tPw%zz\"", "invalid percent-encoded token: \"***\""},
    {"postgres://db.example.com/orders&password=S3cr3tPw",
     "database \"orders&password=S3cr3tPw\" does not exist",
     "database \"orders&password=***\" does not exist"},
    {"host=db.example.com password=S3cr3tPw Passw0rd dbname=orders",
     "missing \"=\" after \"Passw0rd\" in connection info string",
     "missing \"=\" after \"***\" in connection info string"},
    {"host=db.example.com password='S3cr3tPw'Passw0rd' dbname=orders",
     "missing \"=\" after \"Passw0rd'\" in connection info string",
     "missing \"=\" after \"***'\" in connection info string"},
    {"host=db.example.com password = S3cr3tPw\\ Passw0rd More1234",
     "missing \"=\" after \"More1234\" in \"S3cr3tPw Passw0rd\"",
     "missing \"=\" after \"***\" in \"***\""},
    {"host=db.example.com password = S3cr3tPw More1234=Passw0rd",
     "invalid connection option \"More1234\"", "invalid connection option \"***\""},
    {"host=db.example.com;password=S3cr3tPw;dbname=orders",
     "could not translate host name \"db.example.com;password=S3cr3tPw;dbname=orders\"",
     "could not translate host name \"db.example.com;password=***\""},
    {"host=db.example.com;Pwd=S3cr3tPw;x=1", "\"Pwd=S3cr3tPw;\"", "\"Pwd=***;\""},
};

static void what_libpq_quotes_is_blotted_out(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        assert_string_equal(redacted(arena, messages[i].conninfo, messages[i].message),
                            messages[i].shown);
        assert_false(leaks(redacted(arena, messages[i].conninfo, messages[i].conninfo)));
        assert_string_equal(redacted(arena, messages[i].conninfo, ordinary), ordinary);
    }
}

static void the_password_is_found_and_decoded(void **state)
{
    static const struct {
        const char *conninfo;
        const char *password;
    } rows[] = {
        {"postgres://deployer:S3cr3tPw@db.example.com:5432/orders", "S3cr3tPw"},
        {"postgresql://deployer:S3cr3tPw@/orders?host=/run/postgresql", "S3cr3tPw"},
        {"postgres://deployer:p%40ss%2Fword@db.example.com/orders", "p@ss/word"},
        {"postgres://deployer:p%40ss%2fword@[::1]:5432/orders", "p@ss/word"},
        {"postgres://deployer:p:ss:w@db.example.com/orders", "p:ss:w"},
        {"postgres://:S3cr3tPw@db.example.com/orders", "S3cr3tPw"},
        {"https://deployer:S3cr3tPw@db.example.com/orders", "S3cr3tPw"},
        {"jdbc:postgresql://db.example.com/orders?user=deployer&password=S3cr3tPw", "S3cr3tPw"},
        {"postgres://db.example.com/orders?password=p%40ss%26word&user=deployer", "p@ss&word"},
        {"postgres://db.example.com/orders?user=a@b&password=S3cr3tPw", "S3cr3tPw"},
        {"postgres://db.example.com/orders?sslpassword=S3cr3tPw", "S3cr3tPw"},
        {"postgres://db.example.com/orders?password=two words", "two words"},
        {"password=S3cr3tPw", "S3cr3tPw"},
        {"host=db.example.com password=S3cr3tPw user=deployer", "S3cr3tPw"},
        {"host=db.example.com\npassword\t=\r\nS3cr3tPw\nuser=deployer", "S3cr3tPw"},
        {"password = x1y2z3", "x1y2z3"},
        {"password='it\\'s a secret' host=db.example.com", "it's a secret"},
        {"password='back\\\\slash'", "back\\slash"},
        {"password=it\\'s\\ a\\ secret host=db.example.com", "it's a secret"},
        {"password=ab&cdef host=db.example.com", "ab&cdef"},
        {"password=ab//cd@ef:gh host=db.example.com", "ab//cd@ef:gh"},
        {"password='never closed", "never closed"},
        {"password='host=x port=5432' user=deployer", "host=x port=5432"},
        {"sslpassword=S3cr3tPw host=db.example.com", "S3cr3tPw"},
        {"PASSWORD=S3cr3tPw host=db.example.com", "S3cr3tPw"},
        {"dbname=postgres://deployer:S3cr3tPw@db.example.com/orders sslmode=require", "S3cr3tPw"},
        {"dbname='postgres://deployer:S3cr3tPw@db.example.com:5432' port=5432", "S3cr3tPw"},
        {"password= user=x1y2z3", "user=x1y2z3"}, /* blanks may stand behind the sign */
        {"password=5432 port=5432", "5432"},
    };
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "<%s>", rows[i].password);
        const char *shown = redacted(arena, rows[i].conninfo, text);
        if (strcmp(shown, "<***>") != 0)
            fail_msg("%s: %s", rows[i].conninfo, shown);
        if (strcmp(rows[i].password, "5432") != 0)
            assert_string_equal(redacted(arena, rows[i].conninfo, ordinary), ordinary);
    }
}

static void strings_without_a_password_hide_nothing(void **state)
{
    static const char *const rows[] = {
        "",
        "orders",
        "postgres://",
        "postgres:///orders",
        "postgres://db.example.com",
        "postgres://db.example.com:5432/orders",
        "postgres://deployer@db.example.com:5432/orders",
        "postgres://deployer@db.example.com:5432,192.0.2.7:5432/orders",
        "postgres://db.example.com:5432,192.0.2.7,db.example.com:5432/orders?sslmode=require",
        "postgres://[::1]:5432/orders",
        "postgres://[::1]/orders",
        "postgres://[::1",
        "postgres://deployer@[::1]:5432,[::2]:5432/orders",
        "postgres://deployer:@db.example.com:5432/orders",
        "postgres://db.example.com:/orders",
        "postgres://db.example.com:5432/orders?application_name=deployer@db.example.com",
        "postgres://db.example.com:5432/orders?user=deployer&options=-c%20x=require",
        "postgres://deployer@db.example.com/orders?password=",
        "postgres://deployer@db.example.com/orders?passfile=/home/deployer/.pgpass",
        "dbname='postgres://db.example.com:5432' port=5432",
        "dbname='postgres://deployer@db.example.com:5432",
        "host=db.example.com port=5432 user=deployer dbname=orders",
        "host=::1 user=deployer dbname=orders",
        "user=deployer@db.example.com host=db.example.com:5432",
        "host=/var/run//postgresql dbname=orders",
        "user=password host=db.example.com",
        "host=db.example.com password='' user=deployer",
        "password",
        "password ",
        "password=",
        "password='",
        "password=\\",
        "=",
        "://",
        ":@",
        "//",
        "@",
    };
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(redacted(arena, rows[i], ordinary), ordinary);
        assert_string_equal(redacted(arena, rows[i], rows[i]), rows[i]);
    }
    pd_secrets secrets = {.arena = arena};
    pd_secrets_add_url(&secrets, NULL);
    assert_int_equal(secrets.count, 0);
}

typedef struct shape {
    const char *before;
    const char *after;
    const char *delimiters; /* where libpq may split what it quotes */
    const char *malformed;  /* a password without one of these is taken whole */
} shape;

static const shape shapes[] = {
    {"postgres://deployer:", "@db.example.com:5432/orders", "/?#@:,[]&=", "/?#@"},
    {"postgres://deployer:", "@db.example.com/orders?sslmode=require", "/?#@:,[]&=", "/?#@"},
    {"postgress://deployer:", "@db.example.com:5432/orders", "/?#@:,[]&=", "/?#@"},
    {"postgres:/deployer:", "@db.example.com:5432/orders", "/?#@:,[]&=", "/?#@"},
    {"postgres://db.example.com:5432/orders?password=", "", "&=", "&="},
    {"postgres://db.example.com/orders?password=", "&sslmode=require", "&=", "&="},
    {"host=db.example.com port=5432 password=", " dbname=orders", " =", " "},
    {"host=db.example.com port=5432 password = '", "' dbname = orders", " ='", "'"},
};

static void expect_no_leak(const shape *where, char one, char two)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    PD_AUTO_STRBUF text = pd_strbuf_new(1000);
    const char *password = pd_arena_printf(arena, "S3cr3tPw%cPassw0rd%cMore1234", one, two);
    const char *conninfo = pd_arena_printf(arena, "%s%s%s", where->before, password, where->after);
    pd_strbuf_addf(&text, "%s \"%s\"", conninfo, password);
    bool malformed = strpbrk(password, where->malformed) != NULL;
    bool first = malformed && strchr(where->delimiters, one) != NULL;
    bool second = malformed && strchr(where->delimiters, two) != NULL;
    if (first)
        pd_strbuf_addf(&text, " \"S3cr3tPw\" \"Passw0rd%cMore1234\"", two);
    if (second)
        pd_strbuf_addf(&text, " \"S3cr3tPw%cPassw0rd\" \"More1234\"", one);
    if (first && second)
        pd_strbuf_adds(&text, " \"Passw0rd\"");
    if (leaks(redacted(arena, conninfo, text.data)))
        fail_msg("%s: %s", conninfo, redacted(arena, conninfo, text.data));
    assert_string_equal(redacted(arena, conninfo, ordinary), ordinary);
}

/* Three pieces joined by each pair of bytes that has a meaning somewhere, in each place where a
 * password can stand. */
static void no_joint_of_pieces_leaks(void **state)
{
    static const char joints[] = "/?#@:,[]&=%+ ;'\"\\!$~|<>{}^`*()";
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (const char *one = joints; *one != '\0'; one++)
            for (const char *two = "/@:?&= %'\\"; *two != '\0'; two++)
                expect_no_leak(&shapes[i], *one, *two);
}

static void endless_strings_end(void **state)
{
    static const char bytes[] = "/@:?&=%' x";
    (void)state;
    for (size_t i = 0; i < strlen(bytes); i++) {
        for (size_t k = 0; k < strlen(bytes); k++) {
            PD_AUTO_ARENA arena = pd_arena_new();
            PD_AUTO_STRBUF conninfo = pd_strbuf_new(PD_STRBUF_MAX);
            pd_strbuf_adds(&conninfo, i % 2 == 0 ? "postgres://a:" : "password=");
            for (size_t n = 0; n < 500; n++)
                pd_strbuf_addf(&conninfo, "%c%zu%c", bytes[i], n % 1000, bytes[k]);
            pd_strbuf_adds(&conninfo, "@host");
            assert_non_null(redacted(arena, conninfo.data, "text"));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_libpq_quotes_is_blotted_out),
        cmocka_unit_test(the_password_is_found_and_decoded),
        cmocka_unit_test(strings_without_a_password_hide_nothing),
        cmocka_unit_test(no_joint_of_pieces_leaks),
        cmocka_unit_test(endless_strings_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
