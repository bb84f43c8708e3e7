#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "pg/alone.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "pg_statements.h"

#define ORPHAN_MS 30000 /* for a session to end that was told to */
#define ORPHAN_POLL_MS 100
#define ERROR_MAX 1000

static const char *number_of(const pd_alone *self, size_t index)
{
    return pd_query_number(self->apply->arena, (int64_t)index + 1);
}

static pd_request own_request(const pd_alone *self, const char *sql, const char *const *values,
                              int count)
{
    pd_request request = pd_apply_request(self->apply, sql, "cannot write the ledger");
    request.values = values;
    request.count = count;
    return request;
}

static bool fail_rows(const pd_alone *self, pd_error *err)
{
    (void)pd_fail(err, PD_ERROR_APPLY,
                  "cannot record %s: predeploy.statements has other rows than were written",
                  self->step->name);
    return pd_error_hint(err, "Somebody changed that table meanwhile, or a statement of the "
                              "migration did. See what is in: predeploy status; then run "
                              "predeploy again.");
}

/* A row that a trigger or somebody's hand took away is not there to go on from. */
static bool check_rows(const pd_alone *self, const PGresult *result, size_t expected, pd_error *err)
{
    return (size_t)PQntuples(result) == expected || fail_rows(self, err);
}

/* A failure that left nothing is no more than a note: it is as if it had not been begun. */
static void fill_row(pd_arena *arena, const PGresult *result, int at, pd_alone_row *row)
{
    row->done = pd_streq(PQgetvalue(result, at, 2), "done");
    row->before = pd_value_text(arena, result, at, 4);
    row->there = row->done || row->before != NULL;
    if (!row->there) {
        return;
    }
    row->digest = pd_value_text(arena, result, at, 1);
    row->object = pd_value_text(arena, result, at, 3);
    row->pid = pd_value_text(arena, result, at, 5);
}

bool pd_alone_read(pd_alone *self, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_apply *apply = self->apply;
    size_t count = self->step->script->count;
    const char *values[] = {self->step->name, self->direction};
    pd_request request = pd_db_request(apply->db, pd_query_alone_rows, "cannot read the ledger");
    request.values = values;
    request.count = 2;
    self->rows = pd_arena_array(apply->arena, count, sizeof *self->rows);
    self->half = false;
    if (!pd_conn_get(&apply->db->control, &request, &result, err)) {
        return false;
    }
    for (int i = 0; i < PQntuples(result); i++) {
        int64_t number = 0;
        if (pd_value_number(result, i, 0, &number) && number >= 1 && (size_t)number <= count) {
            fill_row(apply->arena, result, i, &self->rows[number - 1]);
        }
        self->half = true;
    }
    return true;
}

static bool is_alive(pd_alone *self, size_t index, bool *alive, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    const char *values[] = {self->step->name, self->direction, number_of(self, index)};
    pd_request request =
        pd_db_request(self->apply->db, pd_query_alone_orphan, "cannot look for an old session");
    request.values = values;
    request.count = 3;
    if (!pd_conn_get(&self->apply->db->control, &request, &result, err)) {
        return false;
    }
    *alive = !pd_streq(PQgetvalue(result, 0, 0), "0");
    return true;
}

static void tell_to_end(pd_alone *self, size_t index)
{
    PD_AUTO_RESULT ignored = NULL;
    pd_db *db = self->apply->db;
    const char *values[] = {self->step->name, self->direction, number_of(self, index)};
    pd_request request = pd_db_request(db, pd_query_alone_end, "");
    request.values = values;
    request.count = 3;
    pd_progress_say(db->options.progress, "ending a broken attempt at %s: process %s",
                    self->step->name, self->rows[index].pid);
    (void)pd_conn_ask(&db->control, &request, &ignored);
}

static bool fail_orphan(const pd_alone *self, const char *pid, pd_error *err)
{
    (void)pd_fail(err, PD_ERROR_LOCKED, "a broken attempt at %s is still at work",
                  self->step->name);
    (void)pd_error_detail(err, "process %s of the server was told to end, and has not", pid);
    return pd_error_hint(err,
                         "Wait until it has ended, or have it ended by its owner or a "
                         "superuser: SELECT pg_terminate_backend(%s); then run predeploy "
                         "again.",
                         pid);
}

static bool end_orphan(pd_alone *self, size_t index, pd_error *err)
{
    pd_interrupt *interrupt = self->apply->db->options.interrupt;
    int64_t deadline_ms = pd_now_ms() + ORPHAN_MS;
    bool alive = false;
    for (bool told = false;; told = true) {
        if (!is_alive(self, index, &alive, err)) {
            return false;
        }
        if (!alive) {
            return true;
        }
        if (pd_remaining_ms(deadline_ms) == 0) {
            return fail_orphan(self, self->rows[index].pid, err);
        }
        if (!told) {
            tell_to_end(self, index);
        }
        if (pd_wait_fd(interrupt, -1, 0, pd_now_ms() + ORPHAN_POLL_MS) == PD_WAIT_SIGNAL) {
            return pd_fail_interrupted(err, interrupt);
        }
    }
}

bool pd_alone_end_orphans(pd_alone *self, pd_error *err)
{
    const pd_db *db = self->apply->db;
    const char *own = pd_conn_usable(&db->worker)
                          ? pd_query_number(self->apply->arena, PQbackendPID(db->worker.pg))
                          : NULL;
    for (size_t i = 0; i < self->step->script->count; i++) {
        const pd_alone_row *row = &self->rows[i];
        if (row->there && !row->done && !pd_streq(row->pid, own) && !end_orphan(self, i, err)) {
            return false;
        }
    }
    return true;
}

bool pd_alone_begun(pd_alone *self, size_t index, const pd_probe *now, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_apply *apply = self->apply;
    const pd_statement *statement = &self->step->script->statements[index];
    pd_alone_row *row = &self->rows[index];
    char digest[PD_SHA256_HEX];
    pd_statement_digest(self->step->text, statement, digest);
    if (!row->there) {
        row->object = now->object;
        row->before = now->state;
    }
    const char *values[] = {self->step->name, self->direction, number_of(self, index),
                            self->step->hash, digest,          statement->verb,
                            row->object,      row->before,     apply->batch->deployment->id};
    pd_request request = own_request(self, pd_query_alone_begun, values, 9);
    if (!pd_conn_get(&apply->db->worker, &request, &result, err) ||
        !check_rows(self, result, 1, err)) {
        return false;
    }
    row->there = true;
    return true;
}

bool pd_alone_part_done(pd_alone *self, size_t first, size_t count, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_apply *apply = self->apply;
    const char **numbers = pd_arena_array(apply->arena, count, sizeof *numbers);
    const char **digests = pd_arena_array(apply->arena, count, sizeof *digests);
    const char **kinds = pd_arena_array(apply->arena, count, sizeof *kinds);
    size_t sent = 0;
    for (size_t i = first; i < first + count; i++) {
        const pd_statement *statement = &self->step->script->statements[i];
        char digest[PD_SHA256_HEX];
        pd_statement_digest(self->step->text, statement, digest);
        numbers[sent] = number_of(self, i);
        digests[sent] = pd_arena_strdup(apply->arena, digest);
        kinds[sent++] = statement->verb;
    }
    const char *values[] = {self->step->name,
                            self->direction,
                            self->step->hash,
                            apply->batch->deployment->id,
                            pd_query_array(apply->arena, numbers, sent),
                            pd_query_array(apply->arena, digests, sent),
                            pd_query_array(apply->arena, kinds, sent)};
    pd_request request = own_request(self, pd_query_alone_part_done, values, 7);
    return pd_conn_get(&apply->db->worker, &request, &result, err) &&
           check_rows(self, result, sent, err);
}

/* A procedure can take rows away where no transaction of ours compares them. */
bool pd_alone_clear(pd_alone *self, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    const char *values[] = {self->step->name, self->direction};
    pd_request request = own_request(self, pd_query_alone_clear, values, 2);
    if (!pd_conn_get(&self->apply->db->worker, &request, &result, err)) {
        return false;
    }
    size_t count = self->step->script->count;
    size_t expected = 0;
    size_t done = 0;
    for (size_t i = 0; i < count; i++) {
        expected += self->rows[i].done ? 1 : 0;
    }
    for (int i = 0; i < PQntuples(result); i++) {
        int64_t number = 0;
        bool known =
            pd_value_number(result, i, 0, &number) && number >= 1 && (uint64_t)number <= count;
        done += known && pd_streq(PQgetvalue(result, i, 1), "done") ? 1 : 0;
    }
    return done == expected || fail_rows(self, err);
}

bool pd_alone_done(pd_alone *self, size_t index, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    const char *values[] = {self->step->name, self->direction, number_of(self, index)};
    /* It has run: that is written down whatever signals say. */
    pd_request request =
        pd_db_last_request(self->apply->db, pd_query_alone_done, "cannot write the ledger");
    request.kind = PD_ERROR_APPLY;
    request.values = values;
    request.count = 3;
    if (!pd_conn_get(&self->apply->db->control, &request, &result, err) ||
        !check_rows(self, result, 1, err)) {
        return false;
    }
    self->rows[index].done = true;
    return true;
}

static void note(pd_alone *self, pd_request *request)
{
    PD_AUTO_RESULT ignored = NULL;
    const pd_interrupt *interrupt = self->apply->db->options.interrupt;
    request->undisturbed = true;
    request->limit_ms = pd_interrupt_grace_ms(interrupt, PD_ALONE_HURRY_MS);
    (void)pd_conn_ask(&self->apply->db->control, request, &ignored);
}

void pd_alone_failed(pd_alone *self, size_t index, const char *error, bool doubt)
{
    const char *text = pd_arena_strndup(self->apply->arena, error,
                                        pd_utf8_invalid_at(error, strnlen(error, ERROR_MAX)));
    const char *values[] = {self->step->name, self->direction, number_of(self, index), text,
                            pd_query_bool(doubt)};
    pd_request request = own_request(self, pd_query_alone_failed, values, 5);
    note(self, &request);
}

void pd_alone_forget(pd_alone *self, size_t index)
{
    const char *values[] = {self->step->name, self->direction, number_of(self, index)};
    pd_request request = own_request(self, pd_query_alone_forget, values, 3);
    note(self, &request);
}

bool pd_alone_any_done(const pd_alone *self)
{
    for (size_t i = 0; i < self->step->script->count; i++) {
        if (self->rows[i].there && self->rows[i].done) {
            return true;
        }
    }
    return false;
}
