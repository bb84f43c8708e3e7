#include "deploy/plan.h"

#include <string.h>

#include "base/str.h"
#include "gate/evidence.h"
#include "gate/names.h"

static void add_step(pd_arena *arena, pd_plan *plan, pd_step_kind kind,
                     const pd_migration *migration, const pd_script *script)
{
    pd_step *step = PD_PUSH(arena, plan->steps, plan->count, plan->capacity);
    *step = (pd_step){
        .kind = kind,
        .name = migration->name,
        .path = migration->up.path,
        .hash = migration->up.hash,
        .tokens = migration->needs_tool == NULL ? pd_tokens_of(arena, &migration->up) : NULL,
        .text = kind == PD_STEP_APPLY ? pd_sql_text(&migration->up) : NULL,
        .len = kind == PD_STEP_APPLY ? migration->up.len : 0,
        .script = script,
        .down_sql = pd_sql_text(&migration->down),
        .down_hash = migration->down.data == NULL ? NULL : migration->down.hash,
        .has_created_at = migration->has_when,
        .created_at = migration->when,
        .v1_name = migration->v1_name,
    };
}

void pd_plan_alone(pd_step *step, bool asked)
{
    const pd_script *script = step->script;
    /* A text that nobody could divide is sent as it is, or not at all. */
    bool divided = script != NULL && script->state == PD_SCRIPT_OK && script->count > 0;
    step->unbound = divided && asked;
    step->alone = divided && (asked || pd_script_has(script, PD_TRAIT_NO_TRANSACTION));
}

/* What is kept of Drizzle's row is what stands there, so that a rollback finds it again. */
static void add_adoption(pd_arena *arena, pd_plan *plan, const pd_migration *migration,
                         const pd_drizzle_row *row)
{
    add_step(arena, plan, PD_STEP_ADOPT, migration, NULL);
    pd_step *step = &plan->steps[plan->count - 1];
    step->drizzle_id = row->id;
    step->has_created_at = row->has_created_at;
    step->created_at = row->created_at;
}

static void count_tables(pd_plan *plan, const pd_script *script)
{
    if (script == NULL || script->state != PD_SCRIPT_OK) {
        plan->tables_known = false;
        return;
    }
    for (size_t i = 0; i < script->count; i++) {
        if ((script->statements[i].traits & PD_TRAIT_TABLES_UNKNOWN) != 0)
            plan->tables_known = false;
        plan->tables_delta += script->statements[i].tables_delta;
    }
}

/* By migration, whether the ledger has a statement of it that was begun; NULL: of none. */
static const bool *find_begun(pd_arena *arena, const pd_set *set, const pd_ledger *ledger)
{
    if (ledger->unfinished_count == 0)
        return NULL;
    bool *begun = pd_arena_array(arena, set->count + 1, sizeof *begun);
    pd_names names = pd_names_of_set(arena, set);
    for (size_t i = 0; i < ledger->unfinished_count; i++) {
        ptrdiff_t at = pd_names_find(&names, ledger->unfinished[i].migration);
        if (at >= 0 && !ledger->unfinished[i].down)
            begun[at] = true;
    }
    return begun;
}

/* What was begun outside of a transaction is gone on with by its rows, also when its text does not
 * ask for that any more: what is done is not done again. The rest is then one transaction, as it
 * would be where nothing of it was begun. */
static void plan_alone(pd_step *step, bool asked, bool begun)
{
    const pd_script *script = step->script;
    pd_plan_alone(step, asked);
    if (begun && script != NULL && script->state == PD_SCRIPT_OK && script->count > 0)
        step->alone = true;
}

void pd_plan_deploy(pd_arena *arena, const pd_set *set, const pd_comparison *comparison,
                    pd_plan *out)
{
    const bool *begun = find_begun(arena, set, &comparison->ledger);
    /* What is half in has made some of its tables already. */
    *out = (pd_plan){.tables_known = comparison->ledger.unfinished_count == 0};
    for (size_t i = 0; i < set->count; i++)
        if (comparison->states[i] == PD_APPLIED_FOREIGN)
            add_adoption(arena, out, &set->migrations[i], comparison->rows[i]);
    for (size_t i = 0; i < set->count; i++) {
        if (comparison->states[i] != PD_PENDING)
            continue;
        add_step(arena, out, PD_STEP_APPLY, &set->migrations[i], comparison->scripts[i]);
        plan_alone(&out->steps[out->count - 1], set->migrations[i].no_transaction,
                   begun != NULL && begun[i]);
        count_tables(out, comparison->scripts[i]);
        out->pending++;
    }
}

void pd_plan_adopt(pd_arena *arena, const pd_set *set, const bool *wanted,
                   const pd_drizzle_row *const *rows, pd_plan *out)
{
    *out = (pd_plan){.tables_known = true};
    for (size_t i = 0; i < set->count; i++) {
        if (wanted[i] && rows != NULL)
            add_adoption(arena, out, &set->migrations[i], rows[i]);
        else if (wanted[i])
            add_step(arena, out, PD_STEP_ADOPT, &set->migrations[i], NULL);
    }
}

int64_t pd_plan_tables(const pd_plan *plan, const pd_set *set, const pd_ledger *ledger,
                       const pd_settings *settings)
{
    if (!plan->tables_known)
        return -1;
    bool makes_drizzle_table = pd_set_is_drizzle(set) &&
                               ledger->drizzle_shape == PD_DRIZZLE_ABSENT &&
                               pd_streq(settings->ledger_schema, settings->verify_schema);
    return ledger->tables + plan->tables_delta + (makes_drizzle_table ? 1 : 0);
}
