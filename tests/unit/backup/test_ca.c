/* One's own CA is trusted besides the system's, and a file that is none is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backup/ca.h"
#include "certs.h"

typedef struct world {
    char folder[32];
    char ca[64];
    char system[64];
    char other[64];
} world;

static int setup(void **state)
{
    world *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -1;
    snprintf(self->folder, sizeof self->folder, "/tmp/pd_ca_XXXXXX");
    if (mkdtemp(self->folder) == NULL)
        return -1;
    snprintf(self->ca, sizeof self->ca, "%s/ca.pem", self->folder);
    snprintf(self->system, sizeof self->system, "%s/system.pem", self->folder);
    snprintf(self->other, sizeof self->other, "%s/other.pem", self->folder);
    certs_pair ca = certs_make("", NULL);
    certs_pair system_ca = certs_make("", NULL);
    certs_write(&ca, self->ca, NULL);
    certs_write(&system_ca, self->system, NULL);
    certs_free(&ca);
    certs_free(&system_ca);
    *state = self;
    return 0;
}

static int teardown(void **state)
{
    world *self = *state;
    unlink(self->ca);
    unlink(self->system);
    unlink(self->other);
    rmdir(self->folder);
    free(self);
    return 0;
}

static void write_other(const world *self, const char *text)
{
    FILE *stream = fopen(self->other, "we");
    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
}

static size_t certificates(const char *text)
{
    size_t count = 0;
    for (const char *at = strstr(text, "-----BEGIN CERT"); at != NULL;
         at = strstr(at + 1, "-----BEGIN CERT"))
        count++;
    return count;
}

static void joins_with_the_system(void **state)
{
    const world *self = *state;
    PD_AUTO_ARENA arena = pd_arena_new();
    const char *data = NULL;
    size_t len = 0;
    pd_error err;
    assert_true(pd_ca_bundle(arena, self->system, self->ca, &data, &len, &err));
    assert_int_equal(len, strlen(data));
    assert_int_equal(certificates(data), 2);
    assert_true(pd_ca_bundle(arena, "/nowhere/system.pem", self->ca, &data, &len, &err));
    assert_int_equal(certificates(data), 1);
    assert_true(pd_ca_bundle(arena, NULL, self->ca, &data, &len, &err));
    assert_int_equal(certificates(data), 1);
}

static void refuses_what_is_no_certificate(void **state)
{
    const world *self = *state;
    static const char *const texts[] = {
        "",
        "no PEM at all\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        const char *data = NULL;
        size_t len = 0;
        pd_error err;
        write_other(self, texts[i]);
        assert_false(pd_ca_bundle(arena, self->system, self->other, &data, &len, &err));
        assert_int_equal(err.kind, PD_ERROR_USAGE);
        assert_non_null(strstr(err.message, self->other));
    }
}

static void refuses_what_cannot_be_read(void **state)
{
    const world *self = *state;
    static const char *const paths[] = {"/nowhere/ca.pem", "/tmp", "/dev/zero"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        const char *data = NULL;
        size_t len = 0;
        pd_error err;
        assert_false(pd_ca_bundle(arena, self->system, paths[i], &data, &len, &err));
        assert_int_equal(err.kind, PD_ERROR_USAGE);
        assert_non_null(strstr(err.message, paths[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(joins_with_the_system, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_certificate, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_what_cannot_be_read, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
