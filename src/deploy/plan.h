/* Plans: what is to be done, as data. Pure. */
#ifndef PD_DEPLOY_PLAN_H
#define PD_DEPLOY_PLAN_H

#include "deploy/run.h"
#include "domain/plan.h"

/* Adoptions, then the pending migrations in order. */
void pd_plan_deploy(pd_arena *arena, const pd_set *set, const pd_comparison *comparison,
                    pd_plan *out);

/* Rows for what is applied already: of the migrations that are wanted. rows has their rows of
 * Drizzle's table, NULL outside of its layouts. */
void pd_plan_adopt(pd_arena *arena, const pd_set *set, const bool *wanted,
                   const pd_drizzle_row *const *rows, pd_plan *out);

/* Says whether the step runs outside of a transaction, by its script. `asked`: a marker in its text
 * asks for that. */
void pd_plan_alone(pd_step *step, bool asked);

/* The table count after the plan, by what its statements say; -1 when it cannot be told. */
int64_t pd_plan_tables(const pd_plan *plan, const pd_set *set, const pd_ledger *ledger,
                       const pd_settings *settings);

#endif
