/* What stands where in a line of requests. */
#include <strings.h>

#include "pg/line.h"

#define EACH_MAX 128 /* statements of a line of which each is answered by itself */
#define GROUP 32     /* steps that are answered together in a longer one */
#define LOCK_WORD "advisory"

bool pd_line_is_whole(const pd_step *step)
{
    return step->script == NULL || step->script->state != PD_SCRIPT_OK;
}

static size_t statements_of(const pd_step *step)
{
    return pd_line_is_whole(step) ? 1 : step->script->count;
}

/* Requests in front of the statements. */
static size_t lead_of(const pd_line *self, size_t step)
{
    return (step == self->first ? 1U : 0U) + (*self->role_sql != '\0' ? 1U : 0U);
}

static size_t parts_of(const pd_line *self, size_t step)
{
    if (self->steps[step].kind == PD_STEP_ADOPT) {
        return 0;
    }
    return lead_of(self, step) + statements_of(&self->steps[step]) + self->apply->reset.count +
           (self->locks[step] ? 2 : 1);
}

bool pd_line_seek(const pd_line *self, pd_line_place *at)
{
    while (at->step < self->count && at->part >= parts_of(self, at->step)) {
        at->step++;
        at->part = 0;
    }
    return at->step < self->count;
}

const pd_statement *pd_line_statement(const pd_step *step, size_t index)
{
    return pd_line_is_whole(step) ? NULL : &step->script->statements[index];
}

pd_bytes pd_line_text(const pd_step *step, size_t index)
{
    const pd_statement *statement = pd_line_statement(step, index);
    return statement == NULL ? (pd_bytes){step->text, step->len}
                             : (pd_bytes){step->text + statement->offset, statement->len};
}

pd_line_kind pd_line_kind_of(const pd_line *self, const pd_line_place *at, size_t *index)
{
    size_t lead = lead_of(self, at->step);
    size_t statements = statements_of(&self->steps[at->step]);
    *index = 0;
    if (at->part < lead) {
        return at->part == 0 && at->step == self->first ? PD_LINE_PATH : PD_LINE_ROLE;
    }
    *index = at->part - lead;
    if (*index < statements) {
        return at->limits ? PD_LINE_LIMITS : PD_LINE_STATEMENT;
    }
    *index -= statements;
    if (*index < self->apply->reset.count) {
        return PD_LINE_RESET;
    }
    bool unlocks = self->locks[at->step] && *index == self->apply->reset.count;
    return unlocks ? PD_LINE_UNLOCK : PD_LINE_GUARD;
}

void pd_line_go_on(const pd_line *self, pd_line_place *at)
{
    size_t index = 0;
    const pd_statement *statement = pd_line_kind_of(self, at, &index) == PD_LINE_STATEMENT
                                        ? pd_line_statement(&self->steps[at->step], index)
                                        : NULL;
    at->limits = statement != NULL && (statement->traits & PD_TRAIT_LIMITS_BACK) != 0;
    at->part += at->limits ? 0 : 1;
}

pd_step_result *pd_line_result(const pd_line *self, size_t step)
{
    return self->results == NULL ? NULL : &self->results[step];
}

bool pd_line_live(const pd_line *self, const pd_line_place *at)
{
    size_t index = 0;
    pd_line_kind what = pd_line_kind_of(self, at, &index);
    if (what == PD_LINE_GUARD) { /* who watches is to know that the next step has begun */
        return self->each || at->step == self->first || at->step % GROUP == 0;
    }
    return what == PD_LINE_STATEMENT && self->each;
}

/* A lock of a session that is taken without its name in the text goes with the batch. */
static bool names_locks(const pd_step *step)
{
    const size_t len = sizeof LOCK_WORD - 1;
    for (size_t at = 0; at + len <= step->len; at++) {
        if ((step->text[at] | 0x20) == *LOCK_WORD &&
            strncasecmp(step->text + at, LOCK_WORD, len) == 0) {
            return true;
        }
    }
    return false;
}

void pd_line_plan(pd_line *self)
{
    size_t statements = 0;
    bool *locks = pd_arena_array(self->apply->arena, self->count, sizeof *locks);
    while (self->first < self->count && self->steps[self->first].kind == PD_STEP_ADOPT) {
        self->first++;
    }
    for (size_t i = 0; i < self->count; i++) {
        if (self->steps[i].kind != PD_STEP_ADOPT) {
            statements += statements_of(&self->steps[i]);
            locks[i] = names_locks(&self->steps[i]);
        }
    }
    self->locks = locks;
    self->each = statements <= EACH_MAX;
}
