#include "gate/pending.h"

#include "gate/ledger_edit.h"
#include "gate/limits.h"
#include "gate/syntax.h"
#include "sql/parse.h"

/* The rule that found it may have been lowered; what cannot be read cannot be run all the same. */
static bool fail_unreadable(const pd_migration *migration, pd_error *err)
{
    pd_fail(err, PD_ERROR_USAGE, "%s is pending and its file cannot be read", migration->name);
    return pd_error_hint(err, "Leave the rules about %s at severity error, and mend it.",
                         migration->up.path);
}

/* What no lowered severity may run: the text is not what its tool would send. */
static bool fail_unrunnable(const pd_migration *migration, pd_error *err)
{
    pd_fail(err, PD_ERROR_USAGE, "%s is pending and only its own tool can run it: it is %s",
            migration->name, migration->needs_tool);
    return pd_error_hint(err,
                         "Leave the rule %s at severity error. Run the migration with its "
                         "tool, then: predeploy adopt",
                         pd_rule_id(PD_RULE_MIGRATION_NEEDS_TOOL));
}

/* A companion that only says why it cannot run has no statements to judge. */
static bool has_statements(const pd_migration *migration)
{
    return migration->down.data != NULL && !migration->down_empty && migration->needs_tool == NULL;
}

typedef struct queue {
    pd_sql_input *inputs;
    const pd_migration **migrations;
    size_t count;
    size_t ups; /* the first of them are migrations, the rest companions */
    const pd_sql_ledger *ledger;
} queue;

static void add(queue *self, const pd_migration *migration, const pd_sql_file *file,
                bool breakpoints)
{
    bool runs = migration->needs_tool == NULL;
    self->migrations[self->count] = migration;
    self->inputs[self->count++] = (pd_sql_input){
        .text = runs ? pd_sql_text(file) : "",
        .len = runs ? file->len : 0,
        .breakpoints = breakpoints,
        .ledger = self->ledger,
    };
}

/* Texts in the order in which they would run: migrations forward, companions backward. */
static bool fill(queue *self, const pd_set *set, const pd_pending *pending,
                 const pd_settings *settings, pd_error *err)
{
    int tool_severity = settings->severity_of_rule[PD_RULE_MIGRATION_NEEDS_TOOL];
    bool lowered = tool_severity >= 0 && tool_severity < (int)PD_SEVERITY_ERROR;
    bool breakpoints = pd_set_is_drizzle(set);
    for (size_t i = 0; i < set->count; i++) {
        const pd_migration *migration = &set->migrations[i];
        if (pending->states[i] != PD_PENDING)
            continue;
        if (migration->up.data == NULL || migration->up.hash[0] == '\0')
            return fail_unreadable(migration, err);
        if (migration->needs_tool != NULL && lowered)
            return fail_unrunnable(migration, err);
        add(self, migration, &migration->up, breakpoints);
    }
    self->ups = self->count;
    for (size_t i = set->count; i-- > 0;)
        if (pending->states[i] == PD_PENDING && has_statements(&set->migrations[i]))
            add(self, &set->migrations[i], &set->migrations[i].down, breakpoints);
    return true;
}

struct pd_pending_begun {
    queue texts;
    bool unqualified;
    pd_sql_begun *parse;
};

static queue new_queue(pd_arena *arena, const pd_set *set, const pd_pending *pending,
                       const pd_settings *settings)
{
    queue self = {0};
    self.inputs = pd_arena_array(arena, set->count * 2 + 1, sizeof *self.inputs);
    self.migrations = pd_arena_array(arena, set->count * 2 + 1, sizeof *self.migrations);
    self.ledger = pd_ledger_names(arena, set, settings, pending->unqualified);
    return self;
}

static pd_sql_batch batch_of(const queue *texts, const pd_pending *pending,
                             const pd_settings *settings)
{
    return (pd_sql_batch){
        .inputs = texts->inputs,
        .count = texts->count,
        .table_schema = settings->verify_schema,
        .unqualified = pending->unqualified,
    };
}

pd_pending_begun *pd_gate_pending_begin(pd_arena *arena, const pd_set *set,
                                        const pd_pending *foreseen, const pd_settings *settings)
{
    pd_error ignored = {0};
    pd_pending_begun *self = pd_arena_alloc(arena, sizeof *self);
    *self = (pd_pending_begun){
        .texts = new_queue(arena, set, foreseen, settings),
        .unqualified = foreseen->unqualified,
    };
    if (!fill(&self->texts, set, foreseen, settings, &ignored))
        return NULL;
    pd_sql_batch batch = batch_of(&self->texts, foreseen, settings);
    self->parse = pd_sql_parse_begin(arena, &batch);
    return self->parse == NULL ? NULL : self;
}

void pd_gate_pending_drop(pd_pending_begun *begun)
{
    if (begun != NULL)
        pd_sql_parse_drop(begun->parse);
}

/* Of the same set under the same settings: so the same texts mean the same. */
static bool fits(const pd_pending_begun *begun, const queue *texts, bool unqualified)
{
    if (begun->unqualified != unqualified || begun->texts.count != texts->count ||
        begun->texts.ups != texts->ups)
        return false;
    for (size_t i = 0; i < texts->count; i++)
        if (begun->texts.inputs[i].text != texts->inputs[i].text ||
            begun->texts.inputs[i].len != texts->inputs[i].len)
            return false;
    return true;
}

static bool parse(pd_arena *arena, const pd_sql_batch *batch, const queue *texts,
                  pd_pending_begun *begun, pd_script *out, pd_error *err)
{
    if (begun != NULL && fits(begun, texts, batch->unqualified))
        return pd_sql_parse_end(begun->parse, out, err);
    pd_gate_pending_drop(begun);
    return pd_sql_parse(arena, batch, out, err);
}

bool pd_gate_pending(const pd_set *set, const pd_pending *pending, const pd_settings *settings,
                     pd_findings *findings, pd_error *err)
{
    pd_arena *arena = findings->arena;
    queue texts = new_queue(arena, set, pending, settings);
    if (!fill(&texts, set, pending, settings, err)) {
        pd_gate_pending_drop(pending->begun);
        return false;
    }
    pd_script *parsed = pd_arena_array(arena, texts.count + 1, sizeof *parsed);
    pd_sql_batch batch = batch_of(&texts, pending, settings);
    if (!parse(arena, &batch, &texts, pending->begun, parsed, err))
        return false;
    for (size_t i = 0; i < texts.count; i++) {
        const pd_migration *migration = texts.migrations[i];
        size_t before = findings->count;
        pd_gate_syntax(migration, &parsed[i], i >= texts.ups, findings);
        if (i < texts.ups && !pd_gate_runs(settings, findings, before, migration->name, err))
            return false;
        pd_script_unwrap(&parsed[i]);
        pd_gate_lock_limits(i < texts.ups ? &migration->up : &migration->down, &parsed[i],
                            settings->lock_timeout_ms, findings);
        if (i < texts.ups)
            pending->scripts[migration - set->migrations] = &parsed[i];
    }
    return true;
}
