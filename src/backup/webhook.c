#include "backup/webhook.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "backup/body.h"
#include "backup/ca.h"
#include "backup/http.h"
#include "backup/response.h"
#include "backup/sign.h"
#include "backup/tuning.h"
#include "backup/url.h"
#include "base/clock.h"
#include "base/printable.h"
#include "base/str.h"

#define EXCERPT_MAX 400 /* bytes of a foreign text in a message */
#define ID_MAX 64

/* One request for a backup, from the first attempt to its end. */
typedef struct run {
    const pd_webhook *webhook;
    const pd_webhook_tuning *tuning;
    pd_arena *arena;
    const char *id;
    const char *body;
    size_t body_len;
    pd_sign_key key;
    pd_secrets secrets; /* what of the URLs must not be shown */
    pd_url post;
    pd_url poll; /* handle is NULL until the service said where to ask */
    pd_http http;
    int64_t started_ms;
    int64_t deadline_ms; /* -1: none */
    int failures;        /* attempts in a row without an answer that counts */
    int polls;
    bool last_asked;   /* the one request shortly before the deadline was used up */
    const char *word;  /* what is going on, for the progress */
    const char *heard; /* what the service said last of the backup, NULL: nothing */
    char last[512];    /* why the last attempt failed, "" when it did not */
} run;

typedef enum step {
    STEP_DONE,
    STEP_AGAIN,
    STEP_FAILED,
} step;

pd_webhook_tuning pd_webhook_tuning_default(void)
{
    return (pd_webhook_tuning){
        .connect_ms = 10000,
        .request_ms = 30000,
        .retry_ms = 500,
        .retry_max_ms = 30000,
        .poll_ms = 1000,
        .poll_max_ms = 15000,
        .last_ms = 5000,
        .post_attempts = 10,
        .poll_attempts = 60,
    };
}

/* Foreign text for a message: without tokens, on one line, safe to print, and short. */
static const char *shown(const run *self, pd_arena *arena, const char *text)
{
    PD_AUTO_STRBUF raw = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_adds(&raw, text);
    pd_secrets_redact(&self->secrets, &raw);
    const char *clean = pd_printable(arena, raw.data);
    size_t len = strlen(clean);
    if (len <= EXCERPT_MAX)
        return clean;
    size_t cut = EXCERPT_MAX;
    while (cut > 0 && ((unsigned char)clean[cut] & 0xC0U) == 0x80U)
        cut--;
    return pd_arena_printf(arena, "%.*s...", (int)cut, clean);
}

static void tick(void *ctx)
{
    const run *self = ctx;
    if (self->webhook->progress == NULL)
        return;
    pd_progress_say(self->webhook->progress, "waiting for the backup (%s)", self->word);
}

static bool fail_deadline(const run *self, pd_error *err)
{
    PD_AUTO_ARENA scratch = pd_arena_new();
    pd_fail(err, PD_ERROR_BACKUP, "cannot back up the database: %s did not finish within %s",
            self->post.origin, pd_format_duration(scratch, self->webhook->timeout_ms));
    if (self->last[0] != '\0' && self->heard != NULL)
        pd_error_detail(err, "the last answer: %s; the last attempt: %s", self->heard, self->last);
    else if (self->last[0] != '\0')
        pd_error_detail(err, "the last attempt: %s", self->last);
    else
        pd_error_detail(err, "the last answer: %s", self->word);
    return pd_error_hint(err,
                         "The backup may still be running there under the id %s. Give it longer "
                         "with `timeout` in [backup] of .predeploy.",
                         self->id);
}

static int64_t jitter(int64_t ms)
{
    uint32_t random = 0;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return ms;
    return ms / 2 + (ms - ms / 2) * (int64_t)(random >> 16) / 0xFFFF;
}

static int64_t grown(int64_t ms, int64_t max, int times, int64_t mul, int64_t div)
{
    for (int i = 0; i < times && ms < max; i++)
        ms = ms * mul / div;
    return ms < max ? ms : max;
}

/* Waits, at most until the deadline. One wait that would reach it ends a little before, so that
 * a service that asked for patience is asked once more. */
static bool pause_for(run *self, int64_t ms, pd_error *err)
{
    int64_t left = pd_remaining_ms(self->deadline_ms);
    if (left >= 0 && ms >= left) {
        bool ask_once_more = !self->last_asked && left > self->tuning->last_ms;
        ms = ask_once_more ? left - self->tuning->last_ms : left;
        self->last_asked = true;
    }
    return pd_http_pause(&self->http, ms, err);
}

/* One attempt without a usable answer; `why` says what happened. */
static step retry(run *self, pd_arena *scratch, int64_t retry_after_ms, const pd_error *why,
                  pd_error *err)
{
    const pd_webhook_tuning *tuning = self->tuning;
    bool polling = self->poll.handle != NULL;
    int limit = polling ? tuning->poll_attempts : tuning->post_attempts;
    const char *last = shown(self, scratch, why->detail[0] != '\0' ? why->detail : why->message);
    snprintf(self->last, sizeof self->last, "%s", last);
    int64_t wait = jitter(grown(tuning->retry_ms, tuning->retry_max_ms, self->failures, 2, 1));
    self->failures++;
    if (self->failures >= limit) {
        *err = *why;
        pd_error_detail(err, "%d attempts, the last one: %s", self->failures, last);
        return STEP_FAILED;
    }
    if (retry_after_ms >= 0)
        wait = retry_after_ms > tuning->retry_ms ? retry_after_ms : tuning->retry_ms;
    if (pd_remaining_ms(self->deadline_ms) == 0)
        return STEP_AGAIN; /* which finds the deadline passed */
    if (self->webhook->progress != NULL)
        pd_progress_note(self->webhook->progress, "backup: %s: %s; attempt %d of %d in %s",
                         self->post.origin, last, self->failures + 1, limit,
                         pd_format_duration(scratch, wait));
    self->word = "no answer yet";
    return pause_for(self, wait, err) ? STEP_AGAIN : STEP_FAILED;
}

static step fail_foreign_url(const run *self, const pd_url *url, pd_error *err)
{
    if (url->origin == NULL) {
        pd_fail(err, PD_ERROR_BACKUP,
                "cannot back up the database: %s gave a status URL that is not a web address",
                self->post.origin);
    } else {
        pd_fail(err, PD_ERROR_BACKUP,
                "cannot back up the database: %s gave a status URL at another place, %s",
                self->post.origin, url->origin);
    }
    pd_error_hint(err, "Signed requests never go to another scheme, host or port: the backup "
                       "service must report its progress where it was asked.");
    return STEP_FAILED;
}

/* The service works on it: takes over the URL that it gave, waits, asks again. */
static step follow(run *self, const pd_answer *answer, pd_error *err)
{
    bool polling = self->poll.handle != NULL;
    if (answer->url != NULL) {
        const pd_url *base = polling ? &self->poll : &self->post;
        PD_AUTO_URL next = PD_URL_EMPTY;
        if (!pd_url_resolve(&next, self->arena, base, answer->url)) {
            next.origin = NULL;
            return fail_foreign_url(self, &next, err);
        }
        if (!pd_url_same_origin(&next, &self->post))
            return fail_foreign_url(self, &next, err);
        pd_url_add_secrets(&next, &self->secrets);
        pd_url moved = self->poll;
        self->poll = next;
        next = moved;
    } else if (!polling) {
        pd_fail(err, PD_ERROR_BACKUP,
                "cannot back up the database: %s accepted it, but does not say where to ask for "
                "the result",
                self->post.origin);
        pd_error_hint(err, "The answer needs a Location header or a status_url.");
        return STEP_FAILED;
    }
    const pd_webhook_tuning *tuning = self->tuning;
    int64_t wait = grown(tuning->poll_ms, tuning->poll_max_ms, self->polls, 3, 2);
    if (answer->retry_after_ms >= 0)
        wait = answer->retry_after_ms > tuning->poll_ms ? answer->retry_after_ms : tuning->poll_ms;
    self->polls++;
    self->failures = 0;
    self->last[0] = '\0';
    self->word = pd_streq(answer->word, "running") ? "running" : "pending";
    self->heard = self->word;
    return pause_for(self, wait, err) ? STEP_AGAIN : STEP_FAILED;
}

static step fail_redirect(const run *self, pd_arena *scratch, const pd_answer *answer,
                          pd_error *err)
{
    PD_AUTO_URL target = PD_URL_EMPTY;
    const char *where = "nowhere";
    const pd_url *asked = self->poll.handle != NULL ? &self->poll : &self->post;
    if (answer->url != NULL)
        where = pd_url_resolve(&target, scratch, asked, answer->url) ? target.origin
                                                                     : "an unknown place";
    pd_fail(err, PD_ERROR_BACKUP, "cannot back up the database: %s redirects to %s (HTTP %ld)",
            self->post.origin, where, answer->status);
    pd_error_hint(err, "Redirects are never followed. Let PREDEPLOY_BACKUP_URL name the final "
                       "address.");
    return STEP_FAILED;
}

static const char *refusal_hint(const run *self, long status)
{
    if (status == 401 || status == 403)
        return self->key.data == NULL
                   ? "The service wants a signature: set PREDEPLOY_BACKUP_SECRET."
                   : "Check PREDEPLOY_BACKUP_SECRET, and this machine's clock: old timestamps are "
                     "refused.";
    if (status == 404 || status == 405 || status == 410)
        return "Check the path of PREDEPLOY_BACKUP_URL: the service does not know it.";
    return "What a backup service must answer: docs/backup-webhook.md.";
}

static step fail_refused(const run *self, pd_arena *scratch, const pd_answer *answer, pd_error *err)
{
    const char *text = shown(self, scratch, answer->text);
    const char *why = shown(self, scratch, answer->why);
    pd_fail(err, PD_ERROR_BACKUP,
            "cannot back up the database: the answer of %s is not that of a backup (HTTP %ld)",
            self->post.origin, answer->status);
    bool both = why[0] != '\0' && text[0] != '\0';
    pd_error_detail(err, "%s%s%s%s", why, both ? ": " : "", text[0] != '\0' ? "it begins " : "",
                    text);
    pd_error_hint(err, "%s", refusal_hint(self, answer->status));
    return STEP_FAILED;
}

static step fail_failed(const run *self, pd_arena *scratch, const pd_answer *answer, pd_error *err)
{
    pd_fail(err, PD_ERROR_BACKUP, "cannot back up the database: %s says that the backup failed",
            self->post.origin);
    pd_error_detail(err, "%s", shown(self, scratch, answer->text));
    pd_error_hint(err, "Look for the id %s in the log of the backup service.", self->id);
    return STEP_FAILED;
}

static step retry_status(run *self, pd_arena *scratch, const pd_answer *answer, pd_error *err)
{
    pd_error why;
    const char *text = shown(self, scratch, answer->text);
    pd_fail(&why, PD_ERROR_BACKUP, "cannot back up the database: %s keeps answering HTTP %ld",
            self->post.origin, answer->status);
    pd_error_detail(&why, "HTTP %ld%s%s", answer->status, text[0] != '\0' ? ": " : "", text);
    pd_error_hint(&why, "Look for the id %s in the log of the backup service.", self->id);
    return retry(self, scratch, answer->retry_after_ms, &why, err);
}

static step act(run *self, pd_arena *scratch, const pd_answer *answer, const char **reference,
                pd_error *err)
{
    switch (answer->kind) {
    case PD_ANSWER_COMPLETED:
        *reference = pd_arena_strdup(self->arena, answer->reference);
        return STEP_DONE;
    case PD_ANSWER_PENDING:
        return follow(self, answer, err);
    case PD_ANSWER_FAILED:
        return fail_failed(self, scratch, answer, err);
    case PD_ANSWER_RETRY:
        return retry_status(self, scratch, answer, err);
    case PD_ANSWER_REDIRECT:
        return fail_redirect(self, scratch, answer, err);
    case PD_ANSWER_REFUSED:
        break;
    }
    return fail_refused(self, scratch, answer, err);
}

/* Sends one request, for the backup or for its status, signed at this moment. */
static pd_http_result send_request(run *self, pd_arena *scratch, int64_t now, pd_reply *reply,
                                   pd_error *err)
{
    bool polling = self->poll.handle != NULL;
    const char *body = polling ? "" : self->body;
    size_t body_len = polling ? 0 : self->body_len;
    const char *headers[6] = {"Accept: application/json"};
    size_t count = 1;
    if (!polling)
        headers[count++] = "Content-Type: application/json";
    headers[count++] = pd_arena_printf(scratch, "webhook-id: %s", self->id);
    headers[count++] = pd_arena_printf(scratch, "webhook-timestamp: %" PRId64, now);
    if (self->key.data != NULL)
        headers[count++] =
            pd_arena_printf(scratch, "webhook-signature: %s",
                            pd_sign(scratch, &self->key, self->id, now, body, body_len));
    int64_t left = pd_remaining_ms(self->deadline_ms);
    int64_t total = self->tuning->request_ms;
    if (left >= 0 && left < total)
        total = left > 0 ? left : 1; /* libcurl takes 0 for no limit */
    pd_http_request request = {
        .url = polling ? &self->poll : &self->post,
        .body = polling ? NULL : body,
        .body_len = body_len,
        .headers = headers,
        .connect_ms = self->tuning->connect_ms < total ? self->tuning->connect_ms : total,
        .total_ms = total,
    };
    return pd_http_exchange(&self->http, &request, scratch, reply, err);
}

static step attempt(run *self, const char **reference, pd_error *err)
{
    PD_AUTO_ARENA scratch = pd_arena_new();
    int64_t now = pd_unix_seconds();
    pd_reply reply;
    pd_error why;
    switch (send_request(self, scratch, now, &reply, &why)) {
    case PD_HTTP_REPLY:
        break;
    case PD_HTTP_AGAIN:
        return retry(self, scratch, -1, &why, err);
    case PD_HTTP_FAILED:
        *err = why;
        return STEP_FAILED;
    }
    pd_answer answer = pd_answer_read(scratch, &reply, now);
    return act(self, scratch, &answer, reference, err);
}

/* What must hold before anything is sent; fills key, post and secrets. */
static bool prepare(run *self, pd_error *err)
{
    const pd_webhook *webhook = self->webhook;
    if (!pd_url_parse(&self->post, self->arena, webhook->url, err))
        return false;
    if (!self->post.https && !self->post.loopback && !webhook->allow_http) {
        pd_fail(err, PD_ERROR_USAGE,
                "cannot use the backup URL %s: plain http is for loopback only", self->post.origin);
        return pd_error_hint(err, "Use https, or --allow-http-backup when the network in between "
                                  "is trusted.");
    }
    pd_url_add_secrets(&self->post, &self->secrets);
    return pd_sign_key_read(&self->key, self->arena, webhook->secret, err);
}

static void run_free(run *self)
{
    pd_http_close(&self->http);
    pd_url_free(&self->post);
    pd_url_free(&self->poll);
}

bool pd_webhook_check(const pd_webhook *webhook, pd_error *err)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    PD_CLEANUP(run_free) run self = {.webhook = webhook, .arena = arena};
    self.secrets.arena = arena;
    const char *data = NULL;
    size_t len = 0;
    return prepare(&self, err) && (webhook->ca_file == NULL ||
                                   pd_ca_bundle(arena, NULL, webhook->ca_file, &data, &len, err));
}

bool pd_webhook_run(const pd_webhook *webhook, const pd_webhook_tuning *tuning, pd_arena *arena,
                    const pd_backup_request *request, const char **reference, pd_error *err)
{
    PD_CLEANUP(run_free)
    run self = {
        .webhook = webhook,
        .tuning = tuning,
        .arena = arena,
        .id = request->deployment,
        .started_ms = pd_now_ms(),
        .deadline_ms = -1,
        .word = "asked",
    };
    self.secrets.arena = arena;
    /* it goes into a header and is made by ourselves */
    assert(strlen(self.id) <= ID_MAX &&
           strspn(self.id, "0123456789abcdefABCDEF-") == strlen(self.id));
    if (webhook->timeout_ms > 0)
        self.deadline_ms = self.started_ms + webhook->timeout_ms;
    if (!prepare(&self, err) || !pd_http_open(&self.http, webhook->ca_file, err))
        return false;
    self.http.interrupt = webhook->interrupt;
    self.http.tick = tick;
    self.http.tick_ctx = &self;
    if (webhook->progress != NULL)
        pd_progress_begin(webhook->progress);
    self.body = pd_backup_body(arena, request, pd_unix_seconds(), &self.body_len);
    step outcome = STEP_AGAIN;
    while (outcome == STEP_AGAIN) {
        if (pd_interrupted(webhook->interrupt))
            return pd_fail_interrupted(err, webhook->interrupt);
        if (pd_remaining_ms(self.deadline_ms) == 0)
            return fail_deadline(&self, err);
        outcome = attempt(&self, reference, err);
    }
    return outcome == STEP_DONE;
}

bool pd_webhook_backup(const pd_webhook *webhook, pd_arena *arena, const pd_backup_request *request,
                       const char **reference, pd_error *err)
{
    pd_webhook_tuning tuning = pd_webhook_tuning_default();
    return pd_webhook_run(webhook, &tuning, arena, request, reference, err);
}
