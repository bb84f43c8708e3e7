/* A deployment that asks a scripted service for its backup. Include after cmocka.h. */
#ifndef PD_TEST_BACKUP_WORLD_H
#define PD_TEST_BACKUP_WORLD_H

#include <string.h>

#include "backup/tuning.h"
#include "backup/webhook.h"
#include "base/str.h"
#include "httpd.h"

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define DEPLOYMENT "0f2c1f0e-8d3b-4f57-9f5e-2d6f6c1f8a11"
#define TOKEN "T0kenInThePath" /* must not stand in any message */

typedef struct world {
    httpd server; /* where the backup is asked for */
    httpd other;  /* another origin, which nobody may talk to */
    pd_arena *arena;
    pd_webhook webhook;
    pd_webhook_tuning tuning;
    pd_target target;
    pd_backup_request request;
    const char *names[2];
    const char *reference;
    pd_error err;
} world;

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
#define COMPLETED OK_HEAD "{\"status\":\"completed\",\"reference\":\"b-1\"}"
#define RUNNING OK_HEAD "{\"status\":\"running\"}"
#define ACCEPTED "HTTP/1.1 202 Accepted\r\nLocation: /status/1\r\nConnection: close\r\n\r\n"
#define UNAVAILABLE "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n"

#define ANSWER(text)                                                                               \
    {                                                                                              \
        HTTPD_ANSWER, (text), 0                                                                    \
    }

/* Servers are bound, none listens; the pace is a hundred times the usual one. */
static inline void world_open(world *self)
{
    memset(self, 0, sizeof *self);
    httpd_bind(&self->server);
    httpd_bind(&self->other);
    self->server.other = self->other.port;
    self->arena = pd_arena_new();
    self->tuning = (pd_webhook_tuning){
        .connect_ms = 5000,
        .request_ms = 20000,
        .retry_ms = 4,
        .retry_max_ms = 16,
        .poll_ms = 4,
        .poll_max_ms = 16,
        .last_ms = 20,
        .post_attempts = 4,
        .poll_attempts = 4,
    };
    self->names[0] = "0007_orders";
    self->names[1] = "0008_invoices";
    self->target = (pd_target){.host = "db.internal", .port = "5432", .dbname = "shop"};
    self->request = (pd_backup_request){
        .event = "deploy",
        .deployment = DEPLOYMENT,
        .commit = "9f1c2e7a00000000000000000000000000000000",
        .target = &self->target,
        .migrations = self->names,
        .migration_count = 2,
    };
    self->webhook = (pd_webhook){
        .url = pd_arena_printf(self->arena, "http://127.0.0.1:%u/hooks/" TOKEN "?key=" TOKEN,
                               self->server.port),
        .secret = SECRET,
        .timeout_ms = 60000,
    };
}

static inline bool world_ask(world *self)
{
    return pd_webhook_run(&self->webhook, &self->tuning, self->arena, &self->request,
                          &self->reference, &self->err);
}

/* Asks while both servers run; the other answers "completed" to whoever comes. */
static inline bool world_run(world *self, const httpd_step *steps, size_t count)
{
    static const httpd_step trap = {HTTPD_ANSWER, COMPLETED, 0};
    httpd_start(&self->server, steps, count);
    httpd_start(&self->other, &trap, 1);
    bool done = world_ask(self);
    httpd_stop(&self->server);
    httpd_stop(&self->other);
    return done;
}

static inline void world_close(world *self)
{
    httpd_forget(&self->server);
    httpd_forget(&self->other);
    pd_arena_free(self->arena);
}

#endif
