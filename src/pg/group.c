#include "pg/group.h"

#include <string.h>

#include "base/str.h"
#include "pg/errors.h"

typedef struct asked {
    const pd_group *group;
    size_t sent;
} asked;

static bool next_of_group(void *ctx, pd_request *out)
{
    asked *self = ctx;
    if (self->sent == self->group->count) {
        return false;
    }
    *out = self->group->requests[self->sent++];
    return true;
}

static bool answer_group(void *ctx, size_t index, PGresult **result)
{
    const asked *self = ctx;
    self->group->results[index] = *result;
    *result = NULL;
    return true;
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

/* The server said that something is wrong, and then the connection ended. A signal explains both;
 * without one both are told. */
static bool fail_and_lost(pd_error *err, const pd_conn *conn, const pd_pipeline *line,
                          const pd_request *request, const PGresult *result)
{
    if (!line->undisturbed && pd_interrupted(conn->interrupt)) {
        return pd_fail_interrupted(err, conn->interrupt);
    }
    (void)pd_pg_fail(err, conn, request, PD_REPLY_ERROR, result);
    PD_AUTO_ARENA scratch = pd_arena_new();
    const char *said = pd_arena_strdup(scratch, err->detail);
    return pd_error_detail(err, "%s%sthen the connection was lost", said,
                           *said == '\0' ? "" : "\n");
}

bool pd_group_ask(pd_group *self, pd_conn *conn, pd_error *err)
{
    PD_AUTO_RESULT error = NULL;
    self->failed = 0;
    self->results = pd_arena_array(self->arena, self->count, sizeof *self->results);
    if (self->count == 0) {
        return true;
    }
    asked all = {.group = self};
    pd_pipeline line = {.next = next_of_group,
                        .answer = answer_group,
                        .ctx = &all,
                        .undisturbed = self->requests[0].undisturbed};
    pd_reply reply = pd_conn_pipeline(conn, &line, &self->failed, &error);
    if (reply == PD_REPLY_DONE) {
        return true;
    }
    /* At the Sync all have been answered: what does not come then is the end of the last. */
    self->failed = self->failed < self->count ? self->failed : self->count - 1;
    const pd_request *request = &self->requests[self->failed];
    return reply == PD_REPLY_ERROR && !pd_conn_usable(conn)
               ? fail_and_lost(err, conn, &line, request, error)
               : pd_pg_fail(err, conn, request, reply, error);
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
