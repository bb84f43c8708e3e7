#include "pg/group.h"

#include <string.h>

#include "base/str.h"
#include "pg/errors.h"

typedef struct asked {
    const pd_request *requests;
    size_t count;
    size_t sent;
    PGresult **results;
} asked;

static bool next_of_group(void *ctx, pd_request *out)
{
    asked *self = ctx;
    if (self->sent == self->count) {
        return false;
    }
    *out = self->requests[self->sent++];
    return true;
}

static bool answer_group(void *ctx, size_t index, PGresult **result)
{
    asked *self = ctx;
    self->results[index] = *result;
    *result = NULL;
    return true;
}

static bool ask_all(pd_conn *conn, asked *self, size_t *failed, pd_error *err)
{
    PD_AUTO_RESULT error = NULL;
    *failed = 0;
    if (self->count == 0) {
        return true;
    }
    pd_pipeline line = {.next = next_of_group,
                        .answer = answer_group,
                        .ctx = self,
                        .undisturbed = self->requests[0].undisturbed};
    memset(self->results, 0, self->count * sizeof *self->results);
    pd_reply reply = pd_conn_pipeline(conn, &line, failed, &error);
    if (reply == PD_REPLY_DONE) {
        return true;
    }
    /* At the Sync all have been answered: what does not come then is the end of the last. */
    *failed = *failed < self->count ? *failed : self->count - 1;
    return pd_pg_fail(err, conn, &self->requests[*failed], reply, error);
}

bool pd_conn_get_all(pd_conn *conn, const pd_request *requests, size_t count, PGresult **results,
                     pd_error *err)
{
    size_t failed = 0;
    asked self = {.requests = requests, .count = count, .results = results};
    return ask_all(conn, &self, &failed, err);
}

size_t pd_group_add(pd_group *self, pd_request request)
{
    *PD_PUSH(self->arena, self->requests, self->count, self->capacity) = request;
    return self->count - 1;
}

size_t pd_group_add_with(pd_group *self, pd_request request, const char *const *values, int count)
{
    const char **kept = pd_arena_array(self->arena, (size_t)count, sizeof *kept);
    for (int i = 0; i < count; i++) {
        kept[i] = values[i];
    }
    request.values = kept;
    request.count = count;
    return pd_group_add(self, request);
}

void pd_group_add_lines(pd_group *self, pd_request request)
{
    for (const char *line = request.sql; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        if (len > 0 && !pd_starts_with(line, "--")) {
            pd_request one = request;
            one.sql = pd_arena_strndup(self->arena, line, len);
            (void)pd_group_add(self, one);
        }
        line += len;
        line += *line == '\n' ? 1 : 0;
    }
}

bool pd_group_ask(pd_group *self, pd_conn *conn, pd_error *err)
{
    self->results = pd_arena_array(self->arena, self->count, sizeof *self->results);
    asked all = {.requests = self->requests, .count = self->count, .results = self->results};
    return ask_all(conn, &all, &self->failed, err);
}

const PGresult *pd_group_result(const pd_group *self, size_t place)
{
    return self->results == NULL || place >= self->count ? NULL : self->results[place];
}

void pd_group_cleanup(pd_group *self)
{
    for (size_t i = 0; self->results != NULL && i < self->count; i++) {
        pd_result_cleanup(&self->results[i]);
    }
    self->results = NULL;
    self->count = 0;
}
