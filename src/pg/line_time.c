/* How long what a line sends has taken, and what runs now. */
#include <string.h>

#include "base/clock.h"
#include "pg/line.h"
#include "pg/query.h"

#define CUT_MIN 90     /* bytes: the server cuts what it shows, but not shorter */
#define CLOCK_COLUMN 2 /* of batch_guard.sql */

static void say(const pd_line *self, const pd_line_place *at, size_t index)
{
    const pd_step *step = &self->steps[at->step];
    pd_apply_saying(self->apply, step, pd_line_statement(step, index), self->number + at->step);
}

/* What stands between two statements is answered together with the second one. */
void pd_line_say_next(pd_line *self)
{
    size_t index = 0;
    pd_line_place at = self->answered;
    bool more = pd_line_seek(self, &at);
    while (more && pd_line_kind_of(self, &at, &index) != PD_LINE_STATEMENT) {
        pd_line_go_on(self, &at);
        more = pd_line_seek(self, &at);
    }
    if (more) {
        say(self, &at, index);
    }
}

static bool is_text(const pd_line *self, const pd_line_place *at, size_t index, const char *text)
{
    size_t len = strlen(text);
    pd_bytes sent = pd_line_text(&self->steps[at->step], index);
    return (len == sent.len || (len < sent.len && len >= CUT_MIN)) &&
           memcmp(sent.data, text, len) == 0;
}

void pd_line_say_running(void *ctx, const char *text, int64_t age_ms)
{
    const pd_line *self = ctx;
    size_t index = 0;
    pd_line_place at = self->answered;
    if (self->each) {
        return;
    }
    while (pd_line_seek(self, &at) && (at.step < self->fed.step || at.part < self->fed.part)) {
        if (pd_line_kind_of(self, &at, &index) == PD_LINE_STATEMENT &&
            is_text(self, &at, index, text)) {
            const pd_step *step = &self->steps[at.step];
            pd_apply_running(self->apply, step, pd_line_statement(step, index),
                             self->number + at.step, age_ms);
            return;
        }
        pd_line_go_on(self, &at);
    }
}

static pd_statement_result *statement_result(const pd_line *self, size_t index)
{
    pd_step_result *result = pd_line_result(self, self->answered.step);
    bool kept = result != NULL && result->statements != NULL && index < result->statement_count;
    return kept ? &result->statements[index] : NULL;
}

/* Of one that is answered together with others it is not known how long it ran. */
void pd_line_note_statement(pd_line *self, size_t index, pd_step_state state)
{
    pd_step_result *step = pd_line_result(self, self->answered.step);
    pd_statement_result *statement = statement_result(self, index);
    int64_t now_ms = pd_now_ms();
    if (step != NULL) {
        step->ms = now_ms - self->begun_ms;
    }
    if (statement != NULL) {
        statement->ms = self->each ? now_ms - self->arrived_ms : -1;
        statement->state = state;
    }
    self->arrived_ms = now_ms;
}

/* How long the step took by the server's clock, which may be set meanwhile; -1: not known. */
static int64_t took_ms(pd_line *self, const PGresult *guard, int64_t now_ms)
{
    int64_t before_ms = self->clock_ms;
    self->clock_ms = 0;
    if (self->each || !pd_value_number(guard, 0, CLOCK_COLUMN, &self->clock_ms) || before_ms == 0) {
        return -1;
    }
    int64_t longest_ms = now_ms - self->started_ms;
    int64_t ms = self->clock_ms > before_ms ? self->clock_ms - before_ms : 0;
    return ms < longest_ms ? ms : longest_ms;
}

/* An answer that waits for others does not come when the step ends. */
void pd_line_note_step(pd_line *self, const PGresult *guard)
{
    pd_step_result *result = pd_line_result(self, self->answered.step);
    int64_t now_ms = pd_now_ms();
    int64_t ms = took_ms(self, guard, now_ms);
    int64_t ended_ms = now_ms;
    if (ms >= 0 && !pd_line_live(self, &self->answered) && self->begun_ms + ms < now_ms) {
        ended_ms = self->begun_ms + ms;
    }
    if (result != NULL) {
        result->ms = ms >= 0 ? ms : result->ms;
        if (ms >= 0 && result->statements != NULL && result->statement_count == 1) {
            result->statements->ms = ms;
        }
        result->state = PD_STEP_DONE;
        self->apply->ended_ms[result - self->apply->result->steps] = ended_ms;
    }
    self->begun_ms = ended_ms;
    self->arrived_ms = ended_ms;
}
