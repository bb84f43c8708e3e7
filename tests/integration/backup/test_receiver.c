/* The backup webhook against the example receiver, which has a mind and a TLS of its own. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "backup/http.h"
#include "backup/sign.h"
#include "certs.h"
#include "world.h"

#define RECEIVER PD_SOURCE_DIR "/docs/examples/backup-receiver.py"

typedef struct receiver {
    pid_t pid;
    unsigned port;
} receiver;

/* Starts the example with these options (NULL-terminated) and reads its port. */
static receiver receiver_start(const char *secret, const char *const *options)
{
    const char *argv[16] = {"python3", RECEIVER, "--port", "0", "--quiet"};
    size_t count = 5;
    while (*options != NULL && count < 15)
        argv[count++] = *options++;
    int out[2];
    receiver self = {0};
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    self.pid = fork();
    assert_true(self.pid >= 0);
    if (self.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test must not leave it behind */
        dup2(out[1], STDOUT_FILENO);
        if (secret != NULL)
            setenv("PREDEPLOY_BACKUP_SECRET", secret, 1);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(out[1]);
    FILE *stream = fdopen(out[0], "r");
    assert_non_null(stream);
    assert_int_equal(fscanf(stream, "%u", &self.port), 1);
    fclose(stream);
    return self;
}

static void receiver_stop(const receiver *self)
{
    kill(self->pid, SIGTERM);
    waitpid(self->pid, NULL, 0);
}

/* A world whose URL is the receiver's. */
static void open_at(world *self, const receiver *service, const char *base)
{
    world_open(self);
    close(self->server.fd);
    close(self->server.stop_fd);
    close(self->other.fd);
    close(self->other.stop_fd);
    self->webhook.url = pd_arena_printf(self->arena, "%s:%u/backup", base, service->port);
}

static void the_receiver_accepts_the_signature(void **state)
{
    (void)state;
    static const char *const secrets[] = {SECRET, "any other text, taken as it is"};
    for (size_t i = 0; i < 2; i++) {
        static const char *const options[] = {NULL};
        receiver service = receiver_start(secrets[i], options);
        world self;
        open_at(&self, &service, "http://127.0.0.1");
        self.webhook.secret = secrets[i];
        if (!world_ask(&self))
            fail_msg("%s: %s", self.err.message, self.err.detail);
        assert_true(pd_starts_with(self.reference, "shop-"));
        world_close(&self);
        receiver_stop(&service);
    }
}

/* Polls are signed too, and asking twice under one id makes one backup. */
static void the_receiver_takes_its_time(void **state)
{
    (void)state;
    static const char *const options[] = {"--delay", "0.05", NULL};
    receiver service = receiver_start(SECRET, options);
    world self;
    open_at(&self, &service, "http://127.0.0.1");
    if (!world_ask(&self))
        fail_msg("%s: %s", self.err.message, self.err.detail);
    const char *first = self.reference;
    assert_true(pd_starts_with(first, "shop-"));
    assert_true(world_ask(&self));
    assert_string_equal(self.reference, first);
    world_close(&self);
    receiver_stop(&service);
}

static void the_receiver_fails(void **state)
{
    (void)state;
    static const char *const options[] = {"--fail", "the disk is full", NULL};
    receiver service = receiver_start(SECRET, options);
    world self;
    open_at(&self, &service, "http://127.0.0.1");
    assert_false(world_ask(&self));
    assert_int_equal(self.err.kind, PD_ERROR_BACKUP);
    assert_string_equal(self.err.detail, "the disk is full");
    world_close(&self);
    receiver_stop(&service);
}

static void the_receiver_refuses_a_wrong_signature(void **state)
{
    (void)state;
    static const char *const secrets[] = {"whsec_AAAA", NULL};
    static const char *const hints[] = {"Check PREDEPLOY_BACKUP_SECRET",
                                        "set PREDEPLOY_BACKUP_SECRET"};
    static const char *const options[] = {NULL};
    receiver service = receiver_start(SECRET, options);
    for (size_t i = 0; i < 2; i++) {
        world self;
        open_at(&self, &service, "http://127.0.0.1");
        self.webhook.secret = secrets[i];
        assert_false(world_ask(&self));
        assert_int_equal(self.err.kind, PD_ERROR_BACKUP);
        assert_non_null(strstr(self.err.message, "HTTP 401"));
        assert_non_null(strstr(self.err.hint, hints[i]));
        world_close(&self);
    }
    receiver_stop(&service);
}

/* The status of a POST that is well signed, for a moment `age` seconds ago. */
static long post_signed_at(const world *self, int64_t age)
{
    static const char body[] = "{\"event\":\"predeploy.backup\"}";
    pd_error err;
    pd_sign_key key;
    pd_reply reply;
    PD_AUTO_HTTP http = PD_HTTP_EMPTY;
    PD_AUTO_URL url = PD_URL_EMPTY;
    assert_true(pd_sign_key_read(&key, self->arena, SECRET, &err));
    assert_true(pd_url_parse(&url, self->arena, self->webhook.url, &err));
    assert_true(pd_http_open(&http, NULL, &err));
    int64_t at = pd_unix_seconds() - age;
    const char *headers[] = {
        "webhook-id: " DEPLOYMENT,
        pd_arena_printf(self->arena, "webhook-timestamp: %lld", (long long)at),
        pd_arena_printf(self->arena, "webhook-signature: %s",
                        pd_sign(self->arena, &key, DEPLOYMENT, at, body, strlen(body))),
        NULL};
    pd_http_request request = {&url, body, strlen(body), headers, 5000, 20000};
    assert_int_equal(pd_http_exchange(&http, &request, self->arena, &reply, &err), PD_HTTP_REPLY);
    return reply.status;
}

static void the_receiver_refuses_stale_signatures(void **state)
{
    (void)state;
    static const char *const options[] = {NULL};
    receiver service = receiver_start(SECRET, options);
    world self;
    open_at(&self, &service, "http://127.0.0.1");
    assert_int_equal(post_signed_at(&self, 0), 200);
    assert_int_equal(post_signed_at(&self, 200), 200);
    assert_int_equal(post_signed_at(&self, 400), 401);
    assert_int_equal(post_signed_at(&self, -400), 401);
    world_close(&self);
    receiver_stop(&service);
}

typedef struct tls {
    char folder[32];
    char ca[64];
    char stranger[64];
    char cert[64];
    char key[64];
} tls;

/* A CA, a stranger's CA, and a server's certificate for `name`. */
static void tls_make(tls *self, const char *name)
{
    snprintf(self->folder, sizeof self->folder, "/tmp/pd_tls_XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    snprintf(self->ca, sizeof self->ca, "%s/ca.pem", self->folder);
    snprintf(self->stranger, sizeof self->stranger, "%s/stranger.pem", self->folder);
    snprintf(self->cert, sizeof self->cert, "%s/cert.pem", self->folder);
    snprintf(self->key, sizeof self->key, "%s/key.pem", self->folder);
    certs_pair ca = certs_make("", NULL);
    certs_pair stranger = certs_make("", NULL);
    certs_pair server = certs_make(name, &ca);
    certs_write(&ca, self->ca, NULL);
    certs_write(&stranger, self->stranger, NULL);
    certs_write(&server, self->cert, self->key);
    certs_free(&ca);
    certs_free(&stranger);
    certs_free(&server);
}

static void tls_remove(const tls *self)
{
    unlink(self->ca);
    unlink(self->stranger);
    unlink(self->cert);
    unlink(self->key);
    rmdir(self->folder);
}

static void certificates_are_verified(void **state)
{
    (void)state;
    enum ca { NO_CA, RIGHT_CA, STRANGER };
    static const struct {
        const char *name; /* whom the certificate names */
        const char *base; /* how the service is addressed */
        enum ca ca;
        const char *detail; /* NULL: accepted */
    } table[] = {
        {"IP:127.0.0.1", "https://127.0.0.1", RIGHT_CA, NULL},
        {"DNS:localhost", "https://localhost", RIGHT_CA, NULL},
        {"IP:127.0.0.1", "https://127.0.0.1", NO_CA, "certificate"},
        {"IP:127.0.0.1", "https://127.0.0.1", STRANGER, "error:"},
        {"DNS:backup.example.org", "https://127.0.0.1", RIGHT_CA, "127.0.0.1"},
        {"DNS:localhost.example.org", "https://localhost", RIGHT_CA, "localhost"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        tls files;
        tls_make(&files, table[i].name);
        const char *const options[] = {"--cert", files.cert, "--key", files.key, NULL};
        const char *const cas[] = {NULL, files.ca, files.stranger};
        receiver service = receiver_start(SECRET, options);
        world self;
        char *said = NULL;
        size_t said_len = 0;
        pd_progress progress = {.stream = open_memstream(&said, &said_len)};
        open_at(&self, &service, table[i].base);
        self.webhook.ca_file = cas[table[i].ca];
        self.webhook.progress = &progress;
        bool done = world_ask(&self);
        fclose(progress.stream);
        if (done != (table[i].detail == NULL))
            fail_msg("%zu: %s (%s)", i, done ? "accepted" : self.err.message, self.err.detail);
        if (!done) {
            assert_int_equal(self.err.kind, PD_ERROR_BACKUP);
            if (strstr(self.err.message, "cannot be trusted") == NULL ||
                strstr(self.err.detail, table[i].detail) == NULL)
                fail_msg("%zu: %s (%s)", i, self.err.message, self.err.detail);
            assert_non_null(strstr(self.err.hint, "PREDEPLOY_BACKUP_CA"));
            assert_null(strstr(said, "attempt")); /* not tried again */
        }
        free(said);
        world_close(&self);
        receiver_stop(&service);
        tls_remove(&files);
    }
}

static void https_where_http_is_spoken_is_not_tried_again(void **state)
{
    (void)state;
    static const char *const options[] = {NULL};
    receiver service = receiver_start(SECRET, options);
    world self;
    open_at(&self, &service, "https://127.0.0.1");
    assert_false(world_ask(&self));
    assert_int_equal(self.err.kind, PD_ERROR_BACKUP);
    assert_non_null(strstr(self.err.message, "the exchange with https://127.0.0.1:"));
    assert_null(strstr(self.err.detail, "attempts"));
    world_close(&self);
    receiver_stop(&service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_receiver_accepts_the_signature),
        cmocka_unit_test(the_receiver_takes_its_time),
        cmocka_unit_test(the_receiver_fails),
        cmocka_unit_test(the_receiver_refuses_a_wrong_signature),
        cmocka_unit_test(the_receiver_refuses_stale_signatures),
        cmocka_unit_test(certificates_are_verified),
        cmocka_unit_test(https_where_http_is_spoken_is_not_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
